"""A death that ends a package before its care began, and how long a place is kept: what other care follows from it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from web.visits.test_replanning import FIRST, FOUR_A_DAY, Cared, on

from calloff.domain.visits import Stopped
from calloff.web.brokerage.models import Absence, Person
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.services.releasing import kept_until, release_place
from calloff.web.brokerage.services.sourcing import withdraw
from calloff.web.payments.models import RuleVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def cared() -> Cared:
    return Cared()


def another_package(cared):
    """A second package of the same person, for which providers are still asked."""
    package = cared.world.started(visits=FOUR_A_DAY)
    package.person = cared.package.person
    package.save(update_fields=("person",))
    return cared.world.again(package)


def test_a_package_withdrawn_because_of_a_death_stops_all_care_of_the_person(cared):
    world, package = cared.world, another_package(cared)
    world.at = on(3, 12)

    told = {"package": package, "reason": "died", "words": "", "by": world.broker, "at": world.at}
    withdraw(**told, died_on=FIRST + timedelta(days=2), died_at_minute=12 * 60)
    world.work()

    assert Person.objects.get(pk=cared.package.person_id).died_on == FIRST + timedelta(days=2)
    [death] = Absence.objects.filter(kind="death", superseded_at=None)
    assert (death.from_at, death.by_day) == (on(2, 12), False)
    assert set(cared.stops(on__lt=FIRST + timedelta(days=2))) == {Stopped.NO}
    assert cared.stops(on=FIRST + timedelta(days=2)) == [Stopped.NO, *[Stopped.DEATH] * 3]
    assert set(cared.stops(on__gt=FIRST + timedelta(days=2))) == {Stopped.DEATH}


def test_a_withdrawal_because_of_a_death_needs_its_day_which_is_not_to_come(cared):
    world, package = cared.world, another_package(cared)
    told = {"package": package, "reason": "died", "words": "", "by": world.broker, "at": world.at}

    with pytest.raises(RefusedError, match="on which day"):
        withdraw(**told)
    with pytest.raises(RefusedError, match="still to come"):
        withdraw(**told, died_on=FIRST + timedelta(days=1))

    assert world.again(package).state == "sourcing"
    assert not Absence.objects.exists()


def test_the_form_asks_for_the_day_of_a_death(cared, signed_in):
    package, client = another_package(cared), signed_in(cared.world.broker)

    answer = client.post(f"/packages/{package.token}/withdraw", {"reason": "died"})
    assert "Enter on which day the person died" in answer.content.decode()
    day = {"died_on_day": "23", "died_on_month": "11", "died_on_year": "2026"}
    client.post(f"/packages/{package.token}/withdraw", {"reason": "died", **day})

    assert cared.world.again(package).state == "withdrawn"
    assert Absence.objects.get(kind="death").by_day


def test_a_place_is_kept_for_as_many_days_as_the_payment_rule_says(cared):
    world = cared.world
    version = RuleVersion.objects.get()
    RuleVersion.objects.update(text=version.text.replace("days: 14", "days: 7"))
    cared.stop("hospital", on(0, 12), staff_paid=True, restarts=True, told_at=world.at)
    assert kept_until(cared.package) == FIRST + timedelta(days=6)
    world.at = on(6, 20)
    with pytest.raises(RefusedError, match="kept until 29 November 2026"):
        release_place(package=cared.package, then="ended", by=world.broker, at=world.at)

    world.at = on(7, 9)
    release_place(package=cared.package, then="ended", by=world.broker, at=world.at)

    assert world.again(cared.package).ended_on == FIRST + timedelta(days=6)


def test_where_the_rule_has_no_retainer_a_place_is_kept_for_two_weeks():
    cared = Cared(rule="hounslow_spot")
    cared.stop("hospital", on(0, 12), told_at=cared.world.at)

    assert kept_until(cared.package) == FIRST + timedelta(days=13)
