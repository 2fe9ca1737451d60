"""A provider makes a visit longer or shorter for a few days: at once within the limits, refused beyond them."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta

import pytest
from django.utils import timezone
from world import made_world

from calloff.domain.packages import Visit
from calloff.web.audit.models import Event
from calloff.web.brokerage.models import CallOff, TemporaryChange
from calloff.web.brokerage.services import temporary
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.jobs.models import Job, Notice

pytestmark = pytest.mark.django_db
MORNINGS = tuple(Visit(day, 480, 60) for day in range(7))
"""Seven hours a week: at most 42 minutes of a week change without approval."""
FIRST = date(2026, 12, 7)


@pytest.fixture
def world(db):
    made = made_world()
    made.provider("acorn", 15, 60_000)
    made.provider("beech", 16, 60_000)
    return made


def placed(world):
    package = world.started(visits=MORNINGS)
    world.answer(package, "acorn")
    world.confirm(package)
    return CallOff.objects.get(package=package)


def vary(world, call_off, **more):
    told = {"line": "morning/1", "from_on": FIRST, "to_on": FIRST + timedelta(days=1), "more_minutes": 10}
    told |= {"reason": "a bath", "by": world.manager("acorn"), "at": world.at}
    return temporary.vary(call_off=call_off, **(told | more))


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_within_the_limits_it_counts_at_once_and_the_council_is_told(world):
    call_off = placed(world)

    row = vary(world, call_off)

    assert (row.more_minutes, row.net_minutes, row.reason) == (10, 20, "a bath")
    event = Event.objects.get(kind="changed_by_provider")
    assert (event.by, event.about) == (world.manager("acorn"), call_off.package.reference)
    assert "bath" not in event.data
    assert Job.objects.filter(kind="plan_package", key=f"{call_off.package.reference}/{FIRST.isoformat()}").exists()
    assert Notice.objects.filter(kind="visit_varied").count() == 1


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"more_minutes": 22}, "a week changes by at most 42 minutes"),
        ({"to_on": FIRST + timedelta(days=14), "more_minutes": 1}, "at most 14 days"),
        ({"more_minutes": -56}, "at least 5 minutes"),
        ({"from_on": date(2026, 11, 22)}, "from today on"),
        ({"reason": " "}, "Write why"),
        ({"line": "bed/1"}, "no such visit"),
        ({"more_minutes": 0}, "by how many minutes"),
    ],
)
def test_beyond_the_limits_it_is_refused_with_the_reason(world, more, says):
    call_off = placed(world)

    with pytest.raises(RefusedError, match=says):
        vary(world, call_off, **more)

    assert not TemporaryChange.objects.exists()
    assert not Notice.objects.filter(kind="visit_varied").exists()


def test_what_another_provider_makes_on_some_of_the_days_is_not_theirs_to_change(world):
    call_off = placed(world)
    other = CallOff.objects.get(pk=call_off.pk)
    # Beech makes the visits of the weekend from now on.
    visits = call_off.visits
    other.pk, other.token = None, "OTHERCALLOFF"
    other.branch, other.enrolment = world.branch("beech"), world.declared("beech")
    every = json.loads(visits)
    other.visits = json.dumps(every[5:])
    other.save(force_insert=True)
    CallOff.objects.filter(pk=call_off.pk).update(visits=json.dumps(every[:5]))
    call_off.refresh_from_db()

    assert list(temporary.visits_by_line(call_off.package, other)["morning/1"]) == [5, 6]
    with pytest.raises(RefusedError, match="another provider makes"):
        vary(world, call_off, to_on=FIRST + timedelta(days=5), more_minutes=1)
    assert vary(world, call_off, to_on=FIRST + timedelta(days=4), more_minutes=1).net_minutes == 5


def test_a_change_by_the_council_is_told_to_the_provider(world):
    call_off = placed(world)
    told = {"line": "morning/1", "from_on": FIRST, "to_on": FIRST, "more_minutes": 5, "reason": "a bath"}

    row = temporary.change_for_a_while(package=call_off.package, **told, by=world.broker, at=world.at)
    temporary.take_back(change=row, by=world.broker, at=world.at)

    rows = Notice.objects.filter(kind="visit_changed", user=world.manager("acorn"))
    assert rows.count() == 2
    assert not Notice.objects.filter(kind="visit_varied").exists()


def test_the_page_takes_a_change_tells_a_refusal_and_shows_what_stands_without_the_councils_words(world, signed_in):
    world.at = timezone.now().replace(microsecond=0) - timedelta(minutes=10)
    call_off, client = placed(world), signed_in(world.manager("acorn"))
    page, first = f"/provider/packages/{call_off.token}/for-a-while", world.at.date() + timedelta(days=10)
    told = {"line": "morning/1", "from_on": first, "to_on": first, "more_minutes": 5, "reason": "the councils words"}
    temporary.change_for_a_while(package=call_off.package, **told, by=world.broker, at=world.at)
    form = {"line": "morning/1", "more_or_less": "more", "minutes": "10", "reason": "a bath"}
    for name in ("from_on", "to_on"):
        form |= {f"{name}_day": first.day, f"{name}_month": first.month, f"{name}_year": first.year}

    shown = client.get(page)
    refused = client.post(page, {**form, "minutes": "40"})
    done = client.post(page, form, follow=True)

    assert "at most 42 minutes in all" in text_of(shown)
    assert "+5" in text_of(shown)
    assert "councils words" not in text_of(shown)
    assert "a week changes by at most 42 minutes" in text_of(refused)
    assert "The visit is changed for these days" in text_of(done)
    assert TemporaryChange.objects.count() == 2
    stranger = signed_in(world.manager("beech"))
    assert stranger.get(page).status_code == 404
    assert stranger.post(page, form).status_code == 404
