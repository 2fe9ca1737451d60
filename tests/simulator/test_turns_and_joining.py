"""A run gives turns to those who accept in rotation, and looks again when a provider joins."""

from datetime import UTC, date, datetime, timedelta

import pytest
from small_market import BEGINS_AT, AllBut, by_reference, enrolment, framework, package, run_whole

from calloff.simulator.allocate import LOG

A_WEEK_BEFORE = datetime(2021, 3, 22, 9, tzinfo=UTC)
NAMES = ("Alder", "Birch", "Cedar")
IN_TURNS = framework("turns", rank_by="rotation", more="ties: {order: [quality], assumed: an example}")


def one_an_hour(count):
    return [package(f"P-{number}", BEGINS_AT + timedelta(hours=number)) for number in range(count)]


def test_who_accepts_in_rotation_stands_last_at_the_next_package(tmp_path):
    found = run_whole(tmp_path, [IN_TURNS], [enrolment(name) for name in NAMES], one_an_hour(5))
    assert list(by_reference(found, "providers").values()) == ["Alder", "Birch", "Cedar", "Alder", "Birch"]


def test_who_declines_does_not_move_the_pointer(tmp_path):
    found = run_whole(
        tmp_path, [IN_TURNS], [enrolment(name) for name in NAMES], one_an_hour(4), AllBut(frozenset({"Birch"}))
    )
    assert list(by_reference(found, "providers").values()) == ["Alder", "Cedar", "Alder", "Cedar"]
    assert list(by_reference(found, "asked").values()) == ["1", "2", "1", "2"]


@pytest.mark.parametrize(
    ("joins_on", "start_on", "settled"),
    [
        (date(2021, 2, 1), date(2021, 1, 29), "2021-02-01T00:30:00Z"),
        (date(2021, 2, 1), date(2021, 2, 8), "2021-01-25T09:30:00Z"),
    ],
    ids=["asked once it has joined", "asked before, for care that begins after"],
)
def test_whoever_waits_is_looked_at_again_when_a_provider_joins(joins_on, start_on, settled, tmp_path):
    contracts = [enrolment("Alder", from_on=joins_on)]
    found = run_whole(tmp_path, [framework()], contracts, [package("P-1", required_start_on=start_on)])
    assert by_reference(found, "outcome") == {"P-1": "called_off"}
    assert by_reference(found, "settled_at") == {"P-1": settled}


def test_joining_is_at_local_midnight_and_wakes_nobody_who_has_not_come(tmp_path):
    joins_on = date(2021, 3, 29)  # the day after the clocks go forward
    packages = [
        package("P-1", datetime(2021, 3, 25, 9, tzinfo=UTC), required_start_on=date(2021, 3, 26), priority=2),
        package("P-2", datetime(2021, 3, 30, 9, tzinfo=UTC), required_start_on=date(2021, 3, 31), priority=2),
    ]
    run_whole(tmp_path, [framework()], [enrolment("Alder", from_on=joins_on)], packages, begins_at=A_WEEK_BEFORE)
    lines = (tmp_path / "out" / LOG).read_text("utf-8").splitlines()
    asked = [line.split('"at":"', 1)[1][:20] for line in lines if '"kind":"invite"' in line]
    assert asked == ["2021-03-28T23:00:00Z", "2021-03-30T09:00:00Z"]
