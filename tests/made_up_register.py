"""A made-up register, places and packages to enrol, and how to add up what is offered."""

from __future__ import annotations

from collections import Counter
from datetime import date

from calloff.documents.purchasing_models import shipped_ids
from calloff.domain.packages import Package, Visit
from calloff.domain.providers import Provider
from calloff.formats.packages import NO_DAY, NO_MOMENT, PackageRow
from calloff.formats.places import Place

MODELS = shipped_ids()
WEEK_OF_EL18_06 = 18_985 * 60


def a_provider(number, **facts):
    given = {
        "reference": f"CS{number:04d}",
        "name": f"Service {number}",
        "organisation": f"SP{number:04d}",
        "nation": "scotland",
        "service_types": frozenset({"care_at_home"}),
        "in_house": False,
        "registered_from": date(2010, 1, 1),
        "registered_to": None,
        "scale": "care_inspectorate",
        "grades": (4, 4, 4, 4),
    }
    return Provider(**given | facts)


def a_place(number, locality, easting):
    return Place(f"ZZ{number % 90 + 10} {number // 90}ZZ", easting, 600_000, locality, "urban", "scotland")


def a_row(number, visits, locality="", place="", **facts):
    package = Package(f"P-{number}", NO_MOMENT, NO_DAY, 5, "scotland", locality, visits, **facts)
    return PackageRow(line=number + 2, package=package, place=place)


REGISTER = [a_provider(number) for number in range(60)] + [a_provider(number, in_house=True) for number in (90, 91)]
PLACES = [a_place(number, f"W{number % 6}", 300_000 + number % 6 * 1000) for number in range(90)]
MORNING_AND_BED = tuple(Visit(day, start, 30) for day in range(7) for start in (450, 1200))
PACKAGES = [a_row(number, MORNING_AND_BED, place=PLACES[number % 90].postcode) for number in range(120)]


def offered(enrolments, localities):
    """Spare minutes by locality and band; a pool of no area is one of the only locality."""
    minutes = Counter()
    for enrolment in enrolments:
        for pool in enrolment.pools:
            assert len(pool.areas or localities) == 1, "this enrolment has a pool over several localities"
            (locality,) = pool.areas or localities
            (band,) = pool.bands
            minutes[locality, band] += pool.minutes
    return minutes


def in_all(enrolments):
    return sum(sum(pool.minutes for pool in one.pools) + one.block_minutes for one in enrolments)
