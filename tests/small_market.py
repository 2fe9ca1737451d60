"""A small invented market for tests of a run: documents in a few lines, providers, contracts and packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from calloff.documents.purchasing_models import Document, parse
from calloff.domain.contracts import Enrolment, Pool, PriceLine
from calloff.domain.packages import Package, Visit
from calloff.domain.providers import Provider
from calloff.formats.packages import PackageRow

BEGINS_AT = datetime(2021, 1, 25, 9, tzinfo=UTC)
"""A Monday, in winter time."""
EVERY_MORNING = tuple(Visit(day, 480, 30) for day in range(7))
FRAMEWORK = """\
id: {id}
version: 1
title: {id} of a made-up council
nation: england
pattern: ranked_framework
term: {{from: {first}, to: {last}, assumed: an example}}
price: {{set_by: provider, ceiling_gbp_per_hour: 30.00, assumed: an example}}
tiers:
  - {{name: framework, role: member, assumed: an example}}
steps:
  - {{name: framework, whom: framework, rank_by: [{rank_by}], ask: in_turn, reply_within: by_priority,
      assumed: an example}}
{more}
"""


def framework(
    name: str = "framework", first: str = "2020-01-01", last: str = "2023-12-31", rank_by: str = "price", more: str = ""
) -> Document:
    """A framework of one tier, asked in turn; `more` are further rules as a document writes them."""
    return parse([(f"{name}.yaml", FRAMEWORK.format(id=name, first=first, last=last, rank_by=rank_by, more=more))])


def provider(name: str) -> Provider:
    return Provider(
        reference=name,
        name=f"{name} Care",
        organisation=name,
        nation="england",
        service_types=frozenset({"care_at_home"}),
        in_house=False,
        registered_from=date(2010, 1, 1),
        registered_to=None,
        scale="cqc",
        grades=(3, 3, 3, 3),
    )


def enrolment(name: str, pounds: int = 15, minutes: int = 6_000, **more: Any) -> Enrolment:
    """A provider's place in the tier `framework`, with so many minutes a week to spare everywhere."""
    about: dict[str, Any] = {"provider": name, "tier": "framework", "role": "member"} | more
    return Enrolment(
        reference=about.pop("reference", name),
        price_lines=(PriceLine(f"{name}#1", pounds * 10_000),),
        pools=(Pool(minutes, None),) if minutes else (),
        **about,
    )


def package(reference: str, approved_at: datetime = BEGINS_AT, **more: Any) -> Package:
    about: dict[str, Any] = {
        "required_start_on": date(2021, 2, 8),
        "priority": 5,
        "nation": "england",
        "locality": "Ash",
        "visits": EVERY_MORNING,
    }
    return Package(reference=reference, approved_at=approved_at, **(about | more))


def rows(packages: Sequence[Package]) -> list[PackageRow]:
    """Packages as their file states them."""
    return [
        PackageRow(number, one, one.approved_at, one.required_start_on, area_band=one.area_band)
        for number, one in enumerate(packages, 2)
    ]


def by_reference(outcomes: Sequence[Mapping[str, str]], column: str) -> dict[str, str]:
    return {one["reference"]: one[column] for one in outcomes}
