"""Who bears the price of a package: splits that come to the whole, each from its day on, none of them lost."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from world import made_world

from calloff.domain.funding import WHOLLY_THE_COUNCILS, Share, WrongSplitError
from calloff.web.audit.models import Event
from calloff.web.brokerage.models import FunderSplit
from calloff.web.brokerage.services.funding import split, split_on, splits_of
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.jobs.models import Job

pytestmark = pytest.mark.django_db
DECEMBER, JANUARY = date(2026, 12, 1), date(2027, 1, 1)


@pytest.fixture
def world():
    return made_world()


@pytest.fixture
def package(world):
    world.provider("Acorn")
    return world.package()


def shares(*each: tuple[str, str, int]) -> list[Share]:
    return [Share(funder, kind, points) for funder, kind, points in each]


def points_on(package, day: date, **more) -> dict[str, int]:
    return {one.funder: one.basis_points for one in split_on(package, day, **more)}


JOINT = (("ICB", "joint", 3_333), ("council", "council", 6_667))


def test_until_somebody_says_otherwise_the_council_bears_all(package):
    assert split_on(package, DECEMBER) == WHOLLY_THE_COUNCILS


def test_a_split_counts_from_its_day_until_the_next_one(world, package):
    split(package=package, shares=shares(*JOINT), from_on=DECEMBER, by=world.broker, at=world.at)
    split(package=package, shares=shares(("ICB", "chc", 10_000)), from_on=JANUARY, by=world.broker, at=world.at)

    assert points_on(package, DECEMBER - timedelta(days=1)) == {"council": 10_000}
    assert list(points_on(package, date(2026, 12, 31)).items()) == [("ICB", 3_333), ("council", 6_667)]
    assert points_on(package, JANUARY) == {"ICB": 10_000}
    assert [day for day, _ in splits_of(package)] == [DECEMBER, JANUARY]
    told = Event.objects.filter(kind="funding_split", about=package.reference)
    assert told.count() == 2
    assert "ICB (joint) 33.33 %" in told.earliest("pk").data


def test_one_put_right_is_kept_and_can_be_asked_as_it_was_known(world, package):
    split(package=package, shares=shares(*JOINT), from_on=DECEMBER, by=world.broker, at=world.at)
    then = world.at
    world.later(days=3)
    even = shares(("ICB", "joint", 5_000), ("council", "council", 5_000))
    split(package=package, shares=even, from_on=DECEMBER, by=world.broker, at=world.at)

    assert points_on(package, DECEMBER) == {"ICB": 5_000, "council": 5_000}
    assert points_on(package, DECEMBER, known_at=then) == {"ICB": 3_333, "council": 6_667}
    assert FunderSplit.objects.count() == 4
    with pytest.raises(RefusedError, match="already"):
        split(package=package, shares=even, from_on=DECEMBER, by=world.broker, at=world.at)


def test_a_split_of_past_days_is_settled_anew_and_one_of_days_to_come_is_not(world, package):
    split(package=package, shares=shares(*JOINT), from_on=JANUARY, by=world.broker, at=world.at)
    assert not Job.objects.filter(kind="settle_person").exists()

    split(package=package, shares=shares(*JOINT), from_on=world.at.date(), by=world.broker, at=world.at)
    assert Job.objects.filter(kind="settle_person").count() == 1


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ((), "of its own"),
        ((("ICB", "joint", 5_000), ("ICB", "council", 5_000)), "of its own"),
        ((("ICB", "joint", 3_333), ("council", "council", 6_666)), "come to 99.99 per cent"),
        ((("ICB", "joint", 10_000), ("council", "council", 0)), "above nothing"),
        ((("ICB", "gift", 10_000),), "no kind of funding"),
    ],
)
def test_shares_that_are_no_whole_are_refused_and_nothing_is_kept(world, package, wrong, says):
    with pytest.raises(WrongSplitError, match=says):
        split(package=package, shares=shares(*wrong), from_on=DECEMBER, by=world.broker, at=world.at)
    assert not FunderSplit.objects.exists()


def test_the_database_refuses_to_change_or_delete_a_share(world, package):
    split(package=package, shares=shares(*JOINT), from_on=DECEMBER, by=world.broker, at=world.at)
    rows = FunderSplit.objects.all()
    for change in (
        lambda: rows.update(basis_points=1),
        lambda: rows.delete(),
        lambda: (rows.update(superseded_at=world.at), rows.update(superseded_at=None)),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert points_on(package, DECEMBER) == {"ICB": 3_333, "council": 6_667}
