"""What is learnt afterwards, of care that was paid already: a new need from a past day, and the day it began."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from web.paying import TWO_WEEKS, Paying

from calloff.domain.packages import Visit
from calloff.formats.delivered_visits import LoggedAt
from calloff.web.brokerage.models import CallOff
from calloff.web.brokerage.services.living import enter_start
from calloff.web.brokerage.services.new_versions import change_need
from calloff.web.brokerage.services.requests import raise_request
from calloff.web.brokerage.services.sourcing import start_step
from calloff.web.brokerage.services.wanted import Wanted
from calloff.web.payments.models import Entitlement
from calloff.web.payments.services import runs

pytestmark = pytest.mark.django_db
MORNINGS = tuple(Visit(day, 480, 30) for day in range(7))
LONGER = tuple(Visit(day, 480, 60) for day in range(7))
SINCE = date(2026, 12, 9)


@pytest.fixture
def paying(tmp_path):
    made = Paying(tmp_path, packages=1, rule="isle_of_wight_2021_fixed", visits=MORNINGS)
    made.send([replace(row, left=stayed(row)) for row in made.delivered()])
    made.pay()
    return made


def stayed(row):
    """From a day on the worker stays for an hour, whatever is planned."""
    return LoggedAt(row.came.at + timedelta(minutes=60)) if row.came.at.date() >= SINCE else row.left


def worth():
    """Pence of the last version of each visit, by day."""
    last = {one.anchor: one for one in Entitlement.objects.order_by("number")}
    return {one.on: one.pence for one in last.values()}


def changed_since(paying, since):
    world, [package] = paying.world, paying.packages
    request = raise_request(
        council=world.council,
        person=package.person,
        wanted=Wanted(LONGER, since, 6),
        by=world.assessor,
        at=world.at,
        changes=world.again(package),
    )
    told = {"pence_per_week_at_most": 90_000, "limit_pence": 100_000, "by": world.approver, "at": world.at}
    change_need(package=world.again(package), request=request, **told)
    world.work()


def placed_anew(paying):
    world, [package] = paying.world, paying.packages
    world.declared("Acorn")
    start_step(package=world.again(package), by=world.broker, at=world.at)
    world.answer(package, "Acorn")
    world.confirm(package)
    world.work()


def test_a_new_need_with_hindsight_pays_the_difference_once_it_is_called_off(paying):
    before = worth()

    changed_since(paying, SINCE)

    assert worth() == before
    placed_anew(paying)
    run = runs.draft(council=paying.world.council, to_on=TWO_WEEKS, by=paying.payer, at=paying.at)
    after = worth()
    assert all(after[on] == pence * (2 if on >= SINCE else 1) for on, pence in before.items())
    assert runs.total(run) == sum(after.values()) - sum(before.values()) > 0


def test_care_that_began_later_than_was_planned_is_taken_back_for_the_days_before(paying):
    [call_off] = CallOff.objects.all()
    began_on = call_off.start_on + timedelta(days=4)
    before = worth()

    enter_start(call_off=call_off, first_visit_on=began_on, by=paying.world.broker, at=paying.at)
    paying.world.work()

    run = runs.draft(council=paying.world.council, to_on=TWO_WEEKS, by=paying.payer, at=paying.at)
    assert runs.total(run) == -sum(pence for on, pence in before.items() if on < began_on)
    assert sum(pence for on, pence in before.items() if on < began_on) > 0
