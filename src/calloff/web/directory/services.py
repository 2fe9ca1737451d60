"""Councils and providers as the kernel knows them; a change of grades is an act like any other."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import lru_cache

from django.conf import settings
from django.db.models import F

from calloff.documents.bank_holidays import calendar_for
from calloff.domain.calendar import Calendar, Nation
from calloff.domain.providers import Provider
from calloff.web.accounts.services.places import Named, Place
from calloff.web.directory.models import Branch, Council, Grading

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No letter or figure that is easily taken for another on the telephone."""


_chance: random.Random = random.SystemRandom()


def draw(length: int = 12) -> str:
    """A reference by chance: nobody learns from it how many there are."""
    return "".join(_chance.choice(ALPHABET) for _ in range(length))


@contextmanager
def drawn_from(seed: str) -> Iterator[None]:
    """
    Draw references from a seed for a while, so that a demonstration can be made again the same.

    Raises RuntimeError elsewhere: whoever knew a council's seed would know its references.
    """
    global _chance
    if not settings.CALLOFF_DEMO:
        raise RuntimeError("references are drawn from a seed in the demonstration only (CALLOFF_DEMO=1)")
    before, _chance = _chance, random.Random(seed)  # noqa: S311 - for invented people alone
    try:
        yield
    finally:
        _chance = before


def spoken_reference(prefix: str) -> str:
    """A short reference that can be read out: `P-7K2MQX`."""
    return f"{prefix}-{draw(6)}"


def touch_standing(council: Council) -> None:
    """Say that who may be asked has changed: what any process keeps of the market is read again."""
    Council.objects.filter(pk=council.pk).update(standing=F("standing") + 1)


def touch_standing_of_branch(branch: Branch) -> None:
    """As `touch_standing`, in every council that has the branch enrolled."""
    Council.objects.filter(enrolments__branch=branch).update(standing=F("standing") + 1)


@lru_cache(maxsize=64)
def _calendar(nation: str, holidays: str) -> Calendar:
    return calendar_for(Nation(nation), [date.fromisoformat(day) for day in json.loads(holidays)])


def calendar_of(council: Council) -> Calendar:
    """The council's working days."""
    return _calendar(council.nation, council.local_holidays)


def providers_of(branches: Iterable[Branch]) -> Mapping[str, Provider]:
    """Branches as the kernel's providers, each with its latest grading, by reference."""
    branches = list(branches)
    latest: dict[int, Grading] = {}
    for grading in Grading.objects.filter(branch__in=branches).order_by("graded_on"):
        latest[grading.branch_id] = grading
    return {branch.reference: provider_of(branch, latest.get(branch.pk)) for branch in branches}


def provider_of(branch: Branch, grading: Grading | None) -> Provider:
    """One branch as the kernel's provider; grades of 0 where it was never inspected."""
    grades = tuple(int(one) for one in grading.grades.split()) if grading else (0, 0, 0, 0)
    return Provider(
        reference=branch.reference,
        name=branch.name,
        organisation=branch.organisation.reference,
        nation=branch.nation,
        service_types=frozenset(branch.service_types.split()),
        in_house=branch.in_house,
        registered_from=branch.registered_from,
        registered_to=branch.registered_to,
        scale=branch.scale,
        grades=grades,
        graded_on=grading.graded_on if grading else None,
        postcode=branch.postcode,
        easting=branch.easting,
        northing=branch.northing,
    )


class RegisterPlaces:
    """Councils and branches by name, for the room of accounts, which stands below this one."""

    def councils(self) -> list[Place]:
        """Every council, by name."""
        return [Place(one.pk, one.code, one.name) for one in Council.objects.order_by("name")]

    def branch(self, code: str) -> Place | None:
        """The branch of a reference in the register."""
        found = Branch.objects.filter(reference__iexact=code).first()
        return Place(found.pk, found.reference, found.name) if found else None

    def named(self, councils: Iterable[int], branches: Iterable[int]) -> Named:
        """The names of some of them."""
        return Named(
            dict(Council.objects.filter(pk__in=set(councils)).values_list("pk", "name")),
            dict(Branch.objects.filter(pk__in=set(branches)).values_list("pk", "name")),
        )
