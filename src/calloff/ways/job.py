"""
The whole job on the invented council: enrol, call off and replay under every way of buying that Calloff ships.

It is the job that `./calloff models enrol`, `allocate` and `replay` do on anybody's files, with the same functions.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from calloff.documents.purchasing_models import Document, shipped, shipped_ids
from calloff.domain.calendar import to_utc
from calloff.formats.contracts import write_contracts
from calloff.formats.packages import PackageRow
from calloff.simulator.allocate import LOG, OUTCOMES, Inputs, allocate
from calloff.simulator.enrol import assumed_of, enrol
from calloff.simulator.keyed_draws import Draws
from calloff.simulator.person_led import ways_of_leading
from calloff.simulator.replay import replay
from calloff.simulator.responders import Seeded
from calloff.simulator.summary import Summary
from calloff.ways.register import Council

NINE = 9 * 60
"""Runs begin at 09:00 local time, when an office opens."""
Tell = Callable[[str], None]


@dataclass(frozen=True)
class WayOfBuying:
    """
    One purchasing model carried out on the council.

    `outcomes` has a row of text for each package, as the run's packages.csv; `enrolled` are the lines that say how
    contracts were drawn; `replayed` decisions were worked out again, of which `differ` came out otherwise.
    """

    document: Document
    summary: Summary
    outcomes: Sequence[Mapping[str, str]]
    enrolled: Sequence[str]
    log: Path
    replayed: int
    differ: int


def monday_of(day: date) -> date:
    """The most recent Monday, the day itself included."""
    return day - timedelta(days=day.weekday())


def ways_shipped() -> list[Document]:
    """The documents under which a council can buy, the oldest first; a national parent alone is none."""
    documents = [shipped(name) for name in shipped_ids()]
    buying = [one for one in documents if one.model.pattern != "parent_framework"]
    return sorted(buying, key=lambda one: (one.model.term.from_on, one.model.id))


def carry_out(council: Council, documents: Sequence[Document], folder: Path, tell: Tell) -> list[WayOfBuying]:
    """
    Write the council's files into a folder, buy its care once under each document, and replay every decision.

    Each run lies in a folder of the document's name; `tell` is given a line as each is done.
    """
    council.write(folder)
    return [_told(*_buy(council, document, folder), tell) for document in documents]


def _told(way: WayOfBuying, seconds: float, tell: Tell) -> WayOfBuying:
    done = f"{len(way.outcomes)} packages, {way.replayed:,} decisions replayed, {way.differ} differ"
    tell(f"  {way.document.model.title}: {done} ({seconds:.1f} s)")
    return way


def _buy(council: Council, document: Document, folder: Path) -> tuple[WayOfBuying, float]:
    """One way of buying, and the seconds it took."""
    began = time.monotonic()
    name, seed = document.model.id, council.seed
    begins_at = to_utc(council.begins_on, NINE)
    packages = as_the_document_needs(document, council.packages)
    contracts, enrolled = enrol(document, council.providers, council.places, packages, seed, begins_at)
    write_contracts(folder / f"contracts-{name}.csv", contracts, assumed_of(contracts))
    known = (council.providers, contracts, packages, council.places)
    inputs = Inputs([document], *known, Seeded(Draws(seed)), begins_at, seed)
    summary = allocate(inputs, folder / name)
    log = folder / name / LOG
    again = [one.differs for one in replay(log)]
    outcomes = read_outcomes(folder / name / OUTCOMES)
    way = WayOfBuying(document, summary, outcomes, enrolled, log, len(again), sum(again))
    return way, time.monotonic() - began


def as_the_document_needs(document: Document, rows: Sequence[PackageRow]) -> Sequence[PackageRow]:
    """
    The council's packages; for a document that is only for people who lead, as if all of them did.

    The few who do would leave next to nothing to show: how each leads, and whom it chose, is left to the run to draw.
    """
    if not ways_of_leading(document.model):
        return rows
    return [replace(row, package=replace(row.package, delivery_model="managed", chosen_provider="")) for row in rows]


def read_outcomes(path: Path) -> list[dict[str, str]]:
    """A run's packages.csv as rows of text."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
