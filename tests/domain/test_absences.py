"""What stops a planned visit and how it is paid then: hospital, short notice, retainer, council, provider, death."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from calloff.documents.payment_rules import load
from calloff.domain.absences import Absence, Stop, stop_of, stopped_by, stopped_under
from calloff.domain.calendar import to_utc
from calloff.domain.payment_rule import PaymentRule, Retainer
from calloff.domain.visits import Reason, Stopped, reason_of

MONDAY = date(2026, 11, 23)
NOON = to_utc(MONDAY, 12 * 60)
LEEDS = Retainer(14, 100)
PLAIN, KEPT = PaymentRule("plain", 1, "plain"), PaymentRule("kept", 1, "kept", retainer=LEEDS)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return to_utc(MONDAY + timedelta(days=day), hour * 60 + minute)


def absence(kind: str = "hospital", **more) -> Absence:
    return Absence(kind, more.pop("from_at", NOON), more.pop("until_at", None), more.pop("told_at", NOON), **more)


def under(rule: PaymentRule, start_at: datetime, *absences: Absence) -> Stopped:
    return stopped_under(stop_of("visit", start_at, absences), start_at, rule)


def test_a_visit_before_the_admission_is_made_and_one_from_the_return_on_again():
    away = absence(until_at=at(10, 8))

    assert stop_of("visit", at(0, 8), [away]) is None
    assert stop_of("visit", NOON, [away]) == Stop("hospital", NOON, 1)
    assert stop_of("visit", at(9, 20), [away]) == Stop("hospital", NOON, 10)
    assert stop_of("visit", at(10, 8), [away]) is None


@pytest.mark.parametrize(
    ("day", "hour", "plain", "kept"),
    [
        (0, 20, Stopped.SHORT_NOTICE, Stopped.RETAINER),
        (1, 8, Stopped.SUSPENDED, Stopped.RETAINER),
        (13, 20, Stopped.SUSPENDED, Stopped.RETAINER),
        (14, 8, Stopped.SUSPENDED, Stopped.SUSPENDED),
    ],
)
def test_in_hospital_short_notice_is_the_day_of_admission_and_a_retainer_covers_both(day, hour, plain, kept):
    away = absence(staff_paid=True, restarts=True)

    assert under(PLAIN, at(day, hour), away) is plain
    assert under(KEPT, at(day, hour), away) is kept


@pytest.mark.parametrize(("staff_paid", "restarts"), [(True, False), (False, True), (False, False)])
def test_a_retainer_whose_conditions_are_not_met_is_none(staff_paid, restarts):
    away = absence(staff_paid=staff_paid, restarts=restarts)

    assert under(KEPT, at(0, 20), away) is Stopped.SHORT_NOTICE
    assert under(KEPT, at(1, 8), away) is Stopped.SUSPENDED
    without = replace(KEPT, retainer=Retainer(14, 100, staff_paid=False, restart_at_once=False))
    assert under(without, at(1, 8), away) is Stopped.RETAINER


@pytest.mark.parametrize(
    ("notice", "stopped"),
    [
        (timedelta(hours=24), Stopped.SUSPENDED),
        (timedelta(hours=24) - timedelta(seconds=1), Stopped.SHORT_NOTICE),
        (timedelta(hours=-1), Stopped.SHORT_NOTICE),
        (timedelta(days=7), Stopped.SUSPENDED),
    ],
)
@pytest.mark.parametrize("kind", ["care_home", "holiday", "refused", "person"])
def test_notice_of_the_person_is_elapsed_time_and_exactly_a_day_is_not_short(kind, notice, stopped):
    assert under(KEPT, NOON, absence(kind, told_at=NOON - notice)) is stopped


def test_notice_across_a_change_of_clocks_is_elapsed_hours():
    # Clocks go back on 25 October 2026: from 12:00 to 12:00 are 25 hours.
    start = to_utc(date(2026, 10, 25), 12 * 60)
    told = to_utc(date(2026, 10, 24), 12 * 60)
    away = absence("person", from_at=start, told_at=told)
    assert under(PLAIN, start, away) is Stopped.SUSPENDED
    assert under(PLAIN, start, replace(away, told_at=told + timedelta(hours=1, seconds=1))) is Stopped.SHORT_NOTICE


@pytest.mark.parametrize("kind", ["safeguarding", "council"])
def test_the_council_stops_visits_from_its_notice_on_and_never_behind_it(kind):
    away = absence(kind, from_at=at(-7, 8), told_at=NOON)

    assert under(PLAIN, at(0, 8), away) is Stopped.NO
    assert under(PLAIN, at(0, 12, 1), away) is Stopped.SUSPENDED


def test_what_a_provider_cannot_deliver_stays_planned_and_is_missed():
    stop = stop_of("visit", NOON, [absence("provider")])

    assert stop == Stop("provider", NOON, 1)
    assert stopped_by(stop) is stopped_under(stop, NOON, KEPT) is Stopped.NO


def test_a_death_at_its_hour_and_one_of_which_only_the_day_is_known():
    died = absence("death", from_at=NOON)
    assert [under(KEPT, moment, died) for moment in (at(0, 8), at(0, 20), at(1, 8))] == [
        Stopped.NO,
        Stopped.DEATH,
        Stopped.DEATH,
    ]
    some_time = absence("death", from_at=at(0, 0), by_day=True)
    assert [under(KEPT, moment, some_time) for moment in (at(-1, 23), at(0, 8), at(0, 20), at(1, 0))] == [
        Stopped.NO,
        Stopped.PARKED,
        Stopped.PARKED,
        Stopped.DEATH,
    ]


def test_one_visit_alone_is_cancelled():
    one = absence("person", visit="this", told_at=NOON - timedelta(days=2))

    assert stop_of("this", NOON, [one]) is not None
    assert stop_of("that", NOON, [one]) is None


def test_of_several_the_death_stands_then_what_was_told_first():
    holiday = absence("holiday", from_at=at(-3, 8), told_at=NOON - timedelta(days=14))
    hospital = absence("hospital", told_at=NOON)
    assert under(PLAIN, at(0, 20), hospital, holiday) is Stopped.SUSPENDED
    died = absence("death", from_at=at(0, 13), told_at=NOON + timedelta(days=30))
    assert under(PLAIN, at(0, 20), hospital, holiday, died) is Stopped.DEATH


def test_nothing_stops_a_visit_that_no_absence_covers():
    assert stop_of("visit", NOON, []) is None
    assert stopped_under(None, NOON, KEPT) is stopped_by(None) is Stopped.NO


def test_the_shipped_rule_of_leeds_asks_for_both_conditions():
    assert load("leeds_2010_lines").retainer == Retainer(14, 100, staff_paid=True, restart_at_once=True)


@pytest.mark.parametrize("attended", [0, 1])
def test_a_parked_visit_waits_whoever_came(attended):
    assert reason_of(int(Stopped.PARKED), attended, 0, 0, 1) == Reason.WAITING


def test_moments_are_utc():
    assert datetime(2026, 11, 23, 12, tzinfo=UTC) == NOON
