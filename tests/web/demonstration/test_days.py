"""The made-up clock: minutes of work counted back and forth, and acts in their order with the worker between them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction

from calloff.documents.bank_holidays import calendar_for
from calloff.domain.calendar import Nation
from calloff.web.demonstration.days import DAY, Days, Hours, duty
from calloff.web.jobs import services as jobs

OFFICE = Hours(calendar_for(Nation.ENGLAND, ()))
DUTY = duty(OFFICE.calendar)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "minutes", "before"),
    [
        ("2026-11-26 14:20", 40, "2026-11-26 13:40"),
        ("2026-11-26 09:00", 40, "2026-11-25 17:20"),
        ("2026-11-26 03:00", 10, "2026-11-25 17:20"),
        ("2026-11-26 14:20", DAY, "2026-11-25 14:20"),
        ("2026-11-29 12:00", 30, "2026-11-27 17:00"),
        ("2026-11-30 08:40", 20, "2026-11-27 17:20"),
        ("2026-12-28 09:00", 60, "2026-12-24 16:30"),
    ],
)
def test_minutes_of_office_work_before_a_moment(moment, minutes, before):
    assert OFFICE.before(at(moment), minutes) == at(before)


@pytest.mark.parametrize(
    ("moment", "minutes", "after"),
    [
        ("2026-11-26 14:20", 40, "2026-11-26 15:00"),
        ("2026-11-26 17:20", 40, "2026-11-27 09:00"),
        ("2026-11-27 17:20", 40, "2026-11-30 09:00"),
        ("2026-11-29 12:00", 0, "2026-11-30 08:30"),
    ],
)
def test_minutes_of_office_work_after_a_moment(moment, minutes, after):
    assert OFFICE.after(at(moment), minutes) == at(after)


def test_the_duty_desk_works_on_every_day():
    assert DUTY.before(at("2026-11-29 12:00"), 60) == at("2026-11-29 11:00")
    assert DUTY.before(at("2026-11-29 03:00"), 60) == at("2026-11-28 19:00")
    assert DUTY.after(at("2026-11-28 19:30"), 60) == at("2026-11-29 08:30")


def test_days_of_work_leave_weekends_and_bank_holidays_out():
    assert OFFICE.days(date(2026, 12, 24), date(2026, 12, 30)) == [date(2026, 12, 24), date(2026, 12, 29)]


def test_acts_happen_in_the_order_of_their_moments_up_to_the_last_one(db):
    now, told = at("2026-11-26 12:00"), []
    days = Days(now, lambda job, then: None)
    for minutes in (5, -10, -30, 0):
        days.plan(now + timedelta(minutes=minutes), lambda then: told.append(then.minute))

    days.go_by(now)

    assert told == [30, 50, 0]
    assert days.acts == 3


def test_the_worker_does_what_falls_due_between_two_acts_and_letters_wait(db, monkeypatch):
    now, told = at("2026-11-26 12:00"), []
    days = Days(now, lambda job, then: told.append(job.kind))
    monkeypatch.setitem(jobs._handlers, "ring", lambda task, then: told.append(f"{task.key} {then:%H:%M}"))

    def add(then):
        with transaction.atomic():
            jobs.add("ring", "first", council=1, due_at=then + timedelta(minutes=5), rank="1")
            jobs.add("email", "a letter", council=1, due_at=then)
        told.append("added")

    days.plan(now - timedelta(minutes=30), add)
    days.plan(now - timedelta(minutes=10), lambda then: told.append("second act"))

    days.go_by(now)

    assert told == ["added", "first 11:35", "ring", "second act"]


def test_no_clock_goes_back_for_what_follows_an_act_at_once(db, monkeypatch):
    now, told = at("2026-11-26 12:00"), []
    days = Days(now, lambda job, then: told.append(f"{then:%H:%M:%S}"))
    monkeypatch.setitem(jobs._handlers, "ring", lambda task, then: told.append(f"rung {then:%H:%M:%S}"))

    def add(then):
        with transaction.atomic():
            jobs.add("ring", "first", council=1, due_at=jobs.at_once(then))

    days.plan(now - timedelta(minutes=30), add)

    days.go_by(now)

    assert told == ["rung 11:30:00", "11:30:00"]
