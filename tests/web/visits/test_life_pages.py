"""The pages of a package's life: visits stopped and wanted again, changed for a while, who pays, what was planned."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from asking import day, errors_of, ok, text_of
from django.utils import timezone
from world import made_world

from calloff.web.brokerage.models import Absence, CallOff, FunderSplit, Package, TemporaryChange
from calloff.web.brokerage.services import ending
from calloff.web.visits.models import PlannedVisit, PlanningStart
from calloff.web.visits.services.planning import plan_ahead

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch, settings):
    settings.SESSION_COOKIE_AGE = 10**8
    made = made_world()
    made.provider("Acorn", 20, 60_000)
    monkeypatch.setattr(timezone, "now", lambda: made.at)
    return made


@pytest.fixture
def package(world) -> Package:
    found = world.started()
    world.answer(found, "Acorn")
    world.confirm(found)
    CallOff.objects.filter(package=found).update(start_on=world.at.date())
    PlanningStart.objects.create(council=world.council, on=world.at.date())
    plan_ahead(world.council.pk, world.at)
    return world.again(found)


@pytest.fixture
def broker(world, signed_in):
    return signed_in(world.broker)


def told_now(world) -> dict[str, str]:
    return day(world, "told_on", 0) | {"told_time": "9:00"}


def stop(world, **more) -> dict[str, str]:
    return {"kind": "holiday", "from_time": "", "until_time": ""} | day(world, "from_on", 3) | told_now(world) | more


def states(broker, package, on: date, **more) -> str:
    asked = {"on_day": on.day, "on_month": on.month, "on_year": on.year, **more}
    return text_of(broker.get(f"/packages/{package.token}/planned", asked))


def test_visits_are_stopped_wanted_again_and_put_right(world, package, broker):
    at = f"/packages/{package.token}/stops"
    assert "Nothing stops the visits of this package." in text_of(broker.get(at))

    ok(broker.post(f"{at}/add", stop(world)), at)
    world.work()
    text = text_of(broker.get(at))
    assert "Away, on holiday or with family" in text
    assert "nobody knows yet" in text
    assert "Thursday 26 November" in text
    row = Absence.objects.get()
    assert (row.by_day, row.package) == (True, None)
    assert "not to be made" in states(broker, package, world.at.date() + timedelta(days=3))

    back = day(world, "until_on", 5) | {"until_time": "12:00"} | told_now(world)
    ok(broker.post(f"{at}/{row.token}/return", back), at)
    assert "Saturday 28 November" in text_of(broker.get(at))

    world.later(hours=1)
    put = stop(world, from_time="10:00") | day(world, "until_on", 5)
    ok(broker.post(f"{at}/{row.token}", put), at)
    assert "Thursday 26 November, 10:00" in text_of(broker.get(at))
    assert "Visits stopped from" in text_of(broker.get(f"/packages/{package.token}"))

    ok(broker.post(f"{at}/{row.token}/take-back"))
    assert "Nothing stops the visits" in text_of(broker.get(at))
    assert broker.get(f"{at}/{row.token}").status_code == 404
    assert Absence.objects.count() == 3


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"kind": ""}, "id_kind", "Answer"),
        ({"from_on_day": ""}, "id_from_on_day", "must include a day"),
        ({"until_time": "9:00"}, "id_until_on_day", "Enter the day as well"),
        ({"told_time": "9:01"}, "", "cannot come from the future"),
        ({"until_on_day": "1", "until_on_month": "1", "until_on_year": "2020"}, "", "later than the beginning"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_stopped(world, package, broker, wrong, field, says):
    answer = broker.post(f"/packages/{package.token}/stops/add", stop(world, **wrong))

    assert says in text_of(answer)
    assert field in ("", *(where for where, _ in errors_of(answer)))
    assert not Absence.objects.exists()


def test_one_visit_is_cancelled_from_the_plan(world, package, broker):
    on = world.at.date() + timedelta(days=1)
    page = broker.get(f"/packages/{package.token}/planned")
    address = f"/packages/{package.token}/stops/visits/morning/{on.isoformat()}/1"
    assert f'href="{address}"' in page.content.decode()
    assert "Morning visit 1 on Tuesday 24 November" in text_of(broker.get(address))

    ok(broker.post(address, {"kind": "person"} | told_now(world)))
    world.work()

    assert [one.stopped_by for one in PlannedVisit.objects.filter(on=on, superseded_at=None)] == ["person"]
    for wrong in ("noon/2026-11-25/1", "morning/yesterday/1"):
        assert broker.get(f"/packages/{package.token}/stops/visits/{wrong}").status_code == 404


def test_the_plan_is_shown_as_it_was_known(world, package, broker):
    on = world.at.date() + timedelta(days=3)
    before = world.at.date()
    world.later(days=2)
    ok(broker.post(f"/packages/{package.token}/stops/add", stop(world) | day(world, "from_on", 1)))
    world.work()

    assert "not to be made" in states(broker, package, on)
    known = {"known_day": before.day, "known_month": before.month, "known_year": before.year}
    then = states(broker, package, on, **known)
    assert "not to be made" not in then
    assert "as it was known at the end of Monday 23 November" in then


def test_a_death_put_right_with_its_hour(world, package, broker):
    world.later(days=4)
    ended = {"reason": "died", "died_time": ""} | day(world, "last_day_on", -2)
    ok(broker.post(f"/packages/{package.token}/end", ended))
    world.work()
    row = Absence.objects.get(kind="death")
    assert row.by_day
    assert "waits for the hour" in states(broker, package, world.at.date() - timedelta(days=2))
    form = day(world, "from_on", -2) | {"from_time": "6:30"} | told_now(world)
    assert "On which day did the person die?" in text_of(broker.get(f"/packages/{package.token}/stops/{row.token}"))

    ok(broker.post(f"/packages/{package.token}/stops/{row.token}", form))
    world.work()

    assert "waits for the hour" not in states(broker, package, world.at.date() - timedelta(days=2))


def test_a_stay_with_its_hours_from_the_hub(world, package, signed_in):
    hub = signed_in(world.user("hub", "discharge_hub"))
    stay = day(world, "admitted_on", 0) | {"waits_for": "home", "admitted_time": "8:15"}
    ok(hub.post(f"/stays/{package.person.reference}", stay), "/stays")

    row = Absence.objects.get()
    assert (row.kind, row.by_day, row.from_at.hour, row.from_at.minute) == ("hospital", False, 8, 15)


def test_a_place_is_released_from_the_page_once_it_is_no_longer_kept(world, package, broker):
    at = f"/packages/{package.token}/stops"
    ok(broker.post(f"{at}/add", stop(world, kind="hospital") | day(world, "from_on", 0)))
    assert "The provider keeps the place until Sunday 6 December" in text_of(broker.get(at))
    assert "is kept until 6 December" in text_of(broker.post(f"{at}/release", {"then": "held"}))
    world.later(days=14)
    assert "Release the place" in text_of(broker.get(at))

    ok(broker.post(f"{at}/release", {"then": "held"}), f"/packages/{package.token}")

    assert "the package waits without payment" in text_of(broker.get(f"/packages/{package.token}"))


def test_a_visit_is_changed_for_a_few_days_and_back(world, package, broker):
    at = f"/packages/{package.token}/temporary"
    asked = {"line": "morning/1", "more_or_less": "more", "minutes": "5", "reason": "a bath"}
    asked |= day(world, "from_on", 2) | day(world, "to_on", 4)
    text = text_of(broker.get(at))
    assert "Morning 08:00, 30 minutes" in text
    assert "at most 21 minutes in all" in text

    refused = broker.post(at, asked | {"minutes": "20"})
    assert "Ask for a change of need instead" in text_of(refused)
    ok(broker.post(at, asked))
    row = TemporaryChange.objects.get()
    assert "+15" in text_of(broker.get(at))
    ok(broker.post(f"{at}/{row.token}/take-back"))
    assert broker.post(f"{at}/{row.token}/take-back").status_code == 404


def test_who_pays_from_a_day_on(world, package, broker):
    at = f"/packages/{package.token}/funding"
    asked = {"funder_1": "ICB", "kind_1": "joint", "percent_1": "33.33"}
    asked |= {"funder_2": "council", "kind_2": "council", "percent_2": "66.66"} | day(world, "from_on", 0)
    asked |= {f"{name}_{number}": "council" if name == "kind" else "" for number in (3, 4) for name in ("kind",)}
    assert "The shares come to 99.99 per cent" in text_of(broker.post(at, asked))

    ok(broker.post(at, asked | {"percent_2": "66.67"}), at)

    assert [(one.funder, one.basis_points) for one in FunderSplit.objects.order_by("pk")] == [
        ("ICB", 3_333),
        ("council", 6_667),
    ]
    assert "33.33 %" in text_of(broker.get(at))


def test_planning_begins_and_can_be_moved_back_but_not_on(world, package, signed_in):
    payer = signed_in(world.user("payer", "finance_payer"))
    ok(payer.post("/planning", day(world, "on", -7)), "/planning")
    assert "Enter an earlier day" in text_of(payer.post("/planning", day(world, "on", -3)))
    assert PlanningStart.objects.get().on == world.at.date() - timedelta(days=7)


def test_what_is_another_councils_is_not_found(world, package, broker):
    other = made_world_elsewhere(world)
    for address in ("stops", "stops/add", "temporary", "funding", "planned"):
        assert broker.get(f"/packages/{other.token}/{address}").status_code == 404


def made_world_elsewhere(world) -> Package:
    """A package of another council."""
    from calloff.web.directory.models import Area, Council, Locality

    council = Council.objects.create(code="elsewhere", name="Elsewhere", nation="england", seed="x")
    locality = Locality.objects.create(council=council, code="n", name="N")
    area = Area.objects.create(council=council, code="a", name="A", locality=locality, easting=1, northing=1)
    person = type(world.person()).objects.create(
        council=council, reference="X", name="Cy Other", born_on=date(1940, 1, 1), area=area
    )
    return Package.objects.create(
        council=council,
        reference="P-ELSE",
        token="elsewhere",
        person=person,
        locality=locality,
        area=area,
        priority=5,
        approved_at=world.at,
        required_start_on=world.at.date(),
        minutes_per_week=0,
        minutes_to_place=0,
        next_action_at=world.at,
        changed_at=world.at,
    )


def test_end_of_care_that_is_no_death_takes_no_hour(world, package, broker):
    ended = {"reason": "cost", "died_time": "9:00"} | day(world, "last_day_on", 1)
    ok(broker.post(f"/packages/{package.token}/end", ended))

    assert not Absence.objects.exists()
    assert Package.objects.get(pk=package.pk).end_reason == "cost"
    assert "cost" in ending.END_REASONS
