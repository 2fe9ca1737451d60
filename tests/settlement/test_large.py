"""Settlement by the million: narrow columns, parts, arrival order; refusals before machine code runs."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from datetime import UTC, datetime

import numpy as np
import pytest
from settlement.drawn_weeks import AS_OF, drawn

from calloff.domain.errors import BadInputError
from calloff.domain.visits import NOWHERE
from calloff.settlement import large
from calloff.settlement.archive import LOGS_BITS, PLANNED_BITS, read_parts, write_parts, zero_of
from calloff.settlement.columns import Logs, Planned
from calloff.settlement.engine import by_worker, settle
from calloff.settlement.large import in_group_order, settle_large, settle_parts
from calloff.settlement.pay import NO_GROUP

ZERO = datetime(2026, 3, 2, tzinfo=UTC)
GROUPS, A_PART = 30, 6
"""Neighbours in threes share care workers, so that a part of six groups has its own."""


def as_arrays(columns):
    return {name: np.array(column, dtype=np.int64) for name, column in vars(columns).items()}


def in_parts(planned, logs):
    """The drawn columns in parts, with three groups to a contract."""
    visits, told = as_arrays(planned), as_arrays(logs)
    visits["contracts"] = visits["groups"] // 3
    for first in range(0, GROUPS, A_PART):
        yield tuple(
            {name: column[columns["groups"] // A_PART == first // A_PART] for name, column in columns.items()}
            for columns in (visits, told)
        )


def answers(settled):
    return {name: [int(one) for one in column] for name, column in vars(settled).items()}


def test_an_archive_has_a_column_for_each_of_settlement():
    assert {*PLANNED_BITS} == {one.name for one in fields(Planned)} | {"contracts"}
    assert {*LOGS_BITS} == {one.name for one in fields(Logs)}


@pytest.mark.parametrize("seed", range(5))
def test_parts_from_parquet_answer_as_the_plain_loop_over_all(seed, tmp_path):
    planned, logs, rules = drawn(seed, GROUPS)
    whole = answers(settle(planned, logs, rules, AS_OF))
    write_parts(tmp_path, ZERO, in_parts(planned, logs))

    totals, found, first = {}, {name: [] for name in whole}, 0
    for part, settled in settle_parts(read_parts(tmp_path), rules, AS_OF, totals):
        one = answers(settled)
        one["visit_of"] = [visit + first if visit >= 0 else visit for visit in one["visit_of"]]
        first += len(part.contracts)
        for name, column in one.items():
            found[name] += column

    assert zero_of(tmp_path) == ZERO
    assert found == whole
    expected = {}
    for group, week, pence in zip(planned.groups, planned.weeks, whole["pence"], strict=True):
        expected[group // 3, week] = expected.get((group // 3, week), 0) + pence
    assert {key: pence for key, pence in totals.items() if pence} == {key: one for key, one in expected.items() if one}


@pytest.mark.parametrize("near_rows", [1, 50, 1 << 17])
@pytest.mark.parametrize(("seed", "most_slots"), [(0, 1 << 20), (1, 1 << 20), (2, -1)])
def test_logs_in_arrival_order_are_put_in_order_by_range_counted_or_sorted(seed, most_slots, near_rows, monkeypatch):
    monkeypatch.setattr(large, "MOST_SLOTS", most_slots)
    monkeypatch.setattr(large, "NEAR_ROWS", near_rows)
    planned, logs, rules = drawn(seed, GROUPS)
    if most_slots < 0:
        # Somebody whom nobody knows lies behind all others.
        logs = replace(logs, groups=[*logs.groups[:-1], NO_GROUP])
    order = random.Random(seed).sample(range(len(logs.came)), len(logs.came))
    mixed = Logs(**{name: column[order].astype(np.int32) for name, column in as_arrays(logs).items()})

    ordered, lay = in_group_order(mixed, np.array(order, dtype=np.int32))

    assert all((as_arrays(mixed)[name][lay] == column).all() for name, column in as_arrays(ordered).items())
    assert answers(settle_large(planned, ordered, rules, AS_OF)) == answers(settle(planned, logs, rules, AS_OF))


@pytest.mark.parametrize("most_slots", [1 << 20, -1])
def test_logs_are_put_by_worker_whether_counted_or_sorted(most_slots, monkeypatch):
    monkeypatch.setattr(large, "MOST_SLOTS", most_slots)
    chance = random.Random(1)
    workers = [chance.randrange(5, 9) for _ in range(300)]
    came = [chance.randrange(7, 300_000) for _ in range(300)]
    # Closely numbered workers are counted, those far apart sorted.
    spread = [one * (1 if most_slots > 0 else 10_000) for one in workers]

    found = large.by_worker(np.array(spread), np.array(came))

    assert list(found) == list(by_worker(spread, came))
    assert len(large.by_worker(np.array([], dtype=int), np.array([], dtype=int))) == 0


@pytest.mark.parametrize(
    ("which", "column", "value", "told"),
    [
        ("planned", "starts", -(10**6), "in order first"),
        ("planned", "groups", 10**6, "in order first"),
        ("logs", "came", 10**9, "in order first"),
        ("planned", "rule_of", 10**4, "payment rule that is not there"),
        ("planned", "rule_of", -1, "payment rule that is not there"),
        ("logs", "named", 10**6, "planned visit that is not there"),
    ],
)
def test_what_machine_code_would_stumble_over_is_refused(which, column, value, told):
    planned, logs, rules = drawn(3, GROUPS)
    both = {"planned": planned, "logs": logs}
    wrong = list(getattr(both[which], column))
    wrong[len(wrong) // 2 if value != 10**9 else 0] = value
    both[which] = replace(both[which], **{column: wrong})

    with pytest.raises(BadInputError, match=told):
        settle_large(both["planned"], both["logs"], rules, AS_OF)


def test_a_care_worker_or_a_group_in_two_parts_is_refused(tmp_path):
    planned, logs, rules = drawn(3, GROUPS)
    parts = list(in_parts(planned, logs))
    parts[1][1]["workers"][0] = 0
    write_parts(tmp_path, ZERO, parts)

    with pytest.raises(BadInputError, match="care worker 0 is in two parts"):
        list(settle_parts(read_parts(tmp_path), rules, AS_OF, {}))

    parts[0][1]["named"][:] = NOWHERE
    write_parts(tmp_path, ZERO, [parts[0], parts[0]])
    with pytest.raises(BadInputError, match="group 0 is in two parts"):
        list(settle_parts(read_parts(tmp_path), rules, AS_OF, {}))


def test_files_that_do_not_belong_together_and_numbers_too_large_are_refused(tmp_path):
    planned, logs, _rules = drawn(3, GROUPS)
    parts = list(in_parts(planned, logs))
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, some in ((one, parts), (other, parts[:2])):
        folder.mkdir()
        write_parts(folder, ZERO, some)
    (one / "logs.parquet").write_bytes((other / "logs.parquet").read_bytes())

    with pytest.raises(BadInputError, match="not written together"):
        list(read_parts(one))
    parts[0][0]["workers"][0] = 300
    with pytest.raises(OverflowError, match="workers holds a number of more than 8 bits"):
        write_parts(other, ZERO, parts)


def test_a_log_that_names_a_visit_of_another_part_is_refused(tmp_path):
    planned, logs, _rules = drawn(3, GROUPS)
    parts = list(in_parts(planned, logs))
    parts[1][1]["named"][0] = 0
    write_parts(tmp_path, ZERO, parts)

    with pytest.raises(BadInputError, match="a visit of another part"):
        list(read_parts(tmp_path))
