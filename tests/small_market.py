"""A small invented market for tests of a run: documents in a few lines, providers, contracts and packages."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from calloff.documents.purchasing_models import Document, parse
from calloff.domain.contracts import Enrolment, Pool, PriceLine
from calloff.domain.decisions import Invitation
from calloff.domain.history import Offered
from calloff.domain.packages import Package, Visit
from calloff.domain.providers import Provider
from calloff.formats.packages import PackageRow
from calloff.simulator.allocate import LOG, OUTCOMES, Inputs, allocate
from calloff.simulator.replay import replay
from calloff.simulator.responders import AllAccept, Responder

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


def run_whole(
    folder: Path,
    documents: Sequence[Document],
    contracts: Sequence[Enrolment],
    packages: Sequence[Package],
    responder: Responder | None = None,
    begins_at: datetime = BEGINS_AT,
) -> list[dict[str, str]]:
    """Run, work every decision out again, and give what came of each package; the files lie in `out` of the folder."""
    inputs = inputs_of(documents, contracts, packages, responder, begins_at)
    allocate(inputs, folder / "out")
    assert [one.difference for one in replay(folder / "out" / LOG) if one.differs] == []
    return table(folder / "out" / OUTCOMES)


def inputs_of(
    documents: Sequence[Document],
    contracts: Sequence[Enrolment],
    packages: Sequence[Package],
    responder: Responder | None = None,
    begins_at: datetime = BEGINS_AT,
) -> Inputs:
    """A run in which everybody asked takes what its minutes hold, unless told otherwise."""
    providers = [provider(name) for name in sorted({one.provider for one in contracts})]
    return Inputs(documents, providers, contracts, rows(packages), (), responder or AllAccept(), begins_at, 7)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@dataclass(frozen=True)
class AllBut(AllAccept):
    """Everybody takes what it is asked, save those who decline everything."""

    unwilling: frozenset[str]

    def answers(self, package: Package, invitation: Invitation, wave: int, sent_at: datetime) -> list[Offered]:
        if invitation.provider in self.unwilling:
            return [Offered(invitation.enrolment, sent_at + timedelta(minutes=5), "decline", "location")]
        return super().answers(package, invitation, wave, sent_at)
