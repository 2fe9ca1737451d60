"""What is written down and read back: the values of the domain, and the ledger of facts."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_worlds import worlds

from calloff.documents.bank_holidays import calendar_for
from calloff.domain.errors import ReplayError
from calloff.domain.history import Held, Invited, Offered
from calloff.domain.packages import Visit
from calloff.domain.records import DecisionRecord, Ledger, apply_changes, canonical, changed, plain, revive, sha256

AT = datetime(2018, 3, 5, 9, 30, tzinfo=UTC)


@given(worlds())
def test_what_is_written_reads_back_as_it_was(world):
    for value in (world.package, *world.enrolments, *world.providers.values()):
        stored = json.loads(canonical(plain(value)))
        assert revive(type(value), stored) == value


def test_events_and_calendars_read_back_as_they_were():
    invited = Invited("A", "Acorn", "first", 1, 2, AT, AT, (0, 2), ((3, 60),), ("S",))
    offered = Offered("A", AT, "part", visits=(Visit(0, 480, 30, 2, True),), start_on=date(2018, 3, 12))
    for value in (invited, offered, Held(AT, "in hospital"), calendar_for("scotland", [date(2018, 9, 17)])):
        assert revive(type(value), json.loads(canonical(plain(value)))) == value


def test_what_stands_at_its_default_is_left_out():
    assert plain(Visit(0, 480, 30)) == {"day": 0, "start_minute": 480, "minutes": 30}
    assert plain({"b": frozenset({"y", "x"}), 1: (None, True)}) == {"b": ["x", "y"], "1": [None, True]}


def test_what_has_no_place_in_a_record_is_refused():
    with pytest.raises(TypeError, match="float has no place in a record"):
        plain(1.5)


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        (Visit, {"day": 0}),
        (Visit, {"day": "Monday", "start_minute": 1, "minutes": 2}),
        (Visit, {"day": 0, "start_minute": 1, "minutes": 2, "colour": "red"}),
        (Visit, []),
        (Held, {"at": "2018-03-05", "reason": "x"}),
        (Offered, {"enrolment": "A", "at": "2018-03-05T09:30:00Z", "answer": "accept", "start_on": "soon"}),
    ],
)
def test_a_stored_fact_that_does_not_fit_is_refused(kind, stored):
    with pytest.raises(ReplayError, match=f"a stored fact does not read as {kind.__name__}"):
        revive(kind, stored)


def test_canonical_json_is_one_sequence_of_bytes():
    assert canonical({"b": 1, "a": "£"}) == '{"a":"£","b":1}'.encode()
    assert canonical({"a": "£", "b": 1}) == canonical({"b": 1, "a": "£"})


def test_a_fact_is_stored_once_however_often_it_is_named():
    ledger, visit = Ledger(), Visit(0, 480, 30)

    first = ledger.add("visit", visit)
    again = ledger.add("visit", visit)
    twin = ledger.add("visit", Visit(0, 480, 30))

    assert first == again == twin
    assert ledger.knows(visit)
    assert not ledger.knows(Visit(0, 480, 31))
    assert [digest for digest, _ in ledger.take_new()] == [first]
    assert ledger.take_new() == []


def test_a_fact_is_the_hash_of_its_bytes():
    ledger = Ledger()

    digest = ledger.add("visit", Visit(0, 480, 30))

    ((found, content),) = ledger.take_new()
    assert found == digest == sha256(content)
    assert json.loads(content) == {"kind": "visit", "body": plain(Visit(0, 480, 30))}


def test_a_fact_whose_plain_form_is_made_elsewhere_keeps_that_form():
    ledger = Ledger()

    ledger.add("visit", Visit(0, 480, 30), {"made": "elsewhere"})

    assert json.loads(ledger.take_new()[0][1])["body"] == {"made": "elsewhere"}


numbers = st.lists(st.integers(-5, 5), min_size=3, max_size=3)
states = st.fixed_dictionaries({"used": numbers, "held": numbers})


@given(
    st.fixed_dictionaries({"used": numbers, "held": numbers}), st.fixed_dictionaries({"used": numbers, "held": numbers})
)
def test_changes_lead_from_one_state_of_the_counters_to_the_next(before, after):
    changes = changed(before, after)

    assert apply_changes(before, changes) == after
    assert sum(map(len, changes.values())) == sum(
        old != new for name in before for old, new in zip(before[name], after[name], strict=True)
    )


def test_columns_are_stored_whole_once_and_then_by_what_changed():
    ledger = Ledger()
    columns = {"used": [1, 2], "held": [0, 0]}

    first = ledger.add_columns("counters", columns)
    same = ledger.add_columns("counters", columns)
    columns["held"][1] = 5
    after = ledger.add_columns("counters", columns)

    assert first == same != after
    bodies = [json.loads(content)["body"] for _, content in ledger.take_new()]
    assert bodies == [
        {"whole": {"used": [1, 2], "held": [0, 0]}},
        {"since": first, "changes": {"held": [[1, 5]]}},
    ]


def test_a_record_is_its_content_and_the_hash_of_it():
    record = DecisionRecord.of({"b": 1, "a": 2})

    assert record.content == b'{"a":2,"b":1}'
    assert record.hash == sha256(record.content)
