"""An invented council drawn from a seed: its register, places and packages, as big as asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from calloff.documents.purchasing_models import Document, shipped, shipped_ids
from calloff.domain.contracts import Enrolment
from calloff.domain.packages import AGE_GROUPS, CLIENT_GROUPS, Package, Visit
from calloff.domain.providers import Provider
from calloff.formats.contracts import write_contracts
from calloff.formats.packages import NO_DAY, NO_MOMENT, PackageRow, write_packages
from calloff.formats.places import Place, write_places
from calloff.formats.providers import write_providers
from calloff.simulator.allocate import Inputs
from calloff.simulator.enrol import enrol
from calloff.simulator.keyed_draws import Draws
from calloff.simulator.responders import Responder, Seeded

BEGINS_AT = datetime(2025, 3, 31, 8, tzinfo=UTC)
LOCALITIES = ("Ash", "Birch", "Cedar", "Elder", "Fir", "Hazel")
PATTERNS = (
    ((480, 30),),
    ((480, 45), (1200, 30)),
    ((480, 30), (720, 30), (1000, 30), (1200, 30)),
    ((540, 60), (1000, 45)),
    ((450, 45), (750, 30), (1230, 45)),
)


def buying_documents() -> tuple[str, ...]:
    """The ids of the shipped documents by which a council buys: all but the parents that others stand on."""
    return tuple(name for name in shipped_ids() if shipped(name).model.pattern != "parent_framework")


@dataclass(frozen=True)
class Council:
    """What its files hold, before anybody is enrolled."""

    seed: int
    providers: tuple[Provider, ...]
    places: tuple[Place, ...]
    packages: tuple[PackageRow, ...]

    def contracts(self, document: Document, spare_percent: int = 100) -> list[Enrolment]:
        """Who is enrolled in a document, with so many percent of the minutes that would be drawn."""
        drawn, _ = enrol(document, self.providers, self.places, self.packages, self.seed)
        return [_with_spare(one, spare_percent) for one in drawn]

    def inputs(
        self, document: Document, contracts: list[Enrolment], seed: int, responder: Responder | None = None
    ) -> Inputs:
        """A run of all its packages, answered by seeded draws unless told otherwise."""
        answers = responder or Seeded(Draws(seed))
        return Inputs([document], self.providers, contracts, self.packages, self.places, answers, BEGINS_AT, seed)

    def write(self, folder: Path, document: Document | None = None) -> None:
        """Its files as a person would have them; contracts where a document is given."""
        write_providers(folder / "providers.csv", self.providers)
        write_places(folder / "places.csv", self.places)
        write_packages(folder / "packages.csv", self.packages)
        if document is not None:
            write_contracts(folder / "contracts.csv", self.contracts(document))


def _with_spare(enrolment: Enrolment, percent: int) -> Enrolment:
    pools = tuple(replace(pool, minutes=pool.minutes * percent // 100) for pool in enrolment.pools)
    return replace(enrolment, pools=pools, block_minutes=enrolment.block_minutes * percent // 100)


def a_council(seed: int, packages: int, providers: int = 20) -> Council:
    """The council of a seed."""
    draws = Draws(seed)
    register = tuple(_provider(draws, number, number < 2) for number in range(providers))
    places = tuple(_place(number) for number in range(len(LOCALITIES) * 8))
    names = [one.reference for one in register if not one.in_house]
    return Council(seed, register, places, tuple(_row(draws, number, names) for number in range(packages)))


def _provider(draws: Draws, number: int, in_house: bool) -> Provider:
    reference = f"PR{number:04d}"
    return Provider(
        reference=reference,
        name=f"Invented Service {number}",
        organisation=f"OR{number:04d}",
        nation="scotland",
        service_types=frozenset({"care_at_home"}),
        in_house=in_house,
        registered_from=date(2010, 1, 1),
        registered_to=None,
        scale="care_inspectorate",
        grades=tuple(draws.between(3, 6, "grade", reference, str(area)) for area in range(4)),
        easting=300_000 + draws.between(0, 20_000, "easting", reference),
        northing=600_000 + draws.between(0, 20_000, "northing", reference),
    )


def _place(number: int) -> Place:
    easting, northing = 300_000 + number % 6 * 4000 + number * 13, 600_000 + number // 6 * 2000
    band = ("urban", "suburban", "rural")[number % 3]
    return Place(f"ZZ{number // 9 + 1} {number % 9 + 1}ZZ", easting, northing, LOCALITIES[number % 6], band, "scotland")


def _row(draws: Draws, number: int, names: list[str]) -> PackageRow:
    reference = f"P-{draws.number('reference', str(number)) >> 32:08x}"

    def pick(most: int, purpose: str) -> int:
        return draws.between(0, most - 1, purpose, reference)

    workers = 2 if pick(10, "workers") == 0 else 1
    days = 7 if pick(3, "days") else 5
    pattern = PATTERNS[pick(len(PATTERNS), "pattern")]
    visits = tuple(Visit(day, start, minutes, workers) for day in range(days) for start, minutes in pattern)
    package = Package(
        reference=reference,
        approved_at=NO_MOMENT,
        required_start_on=NO_DAY,
        priority=(2, 4, 5, 5, 5, 6)[pick(6, "priority")],
        nation="scotland",
        locality="",
        visits=visits,
        client_group=CLIENT_GROUPS[pick(5, "client")],
        age_group=AGE_GROUPS[pick(4, "age")],
        needs=frozenset({"medication"} if pick(2, "needs") else set()),
        current_provider=names[pick(len(names), "current")] if pick(5, "has current") == 0 else "",
        chosen_provider=names[pick(len(names), "chosen")] if pick(8, "has chosen") == 0 else "",
        exclusions=frozenset({names[pick(len(names), "excluded")]} if pick(6, "has excluded") == 0 else set()),
    )
    return PackageRow(line=number + 2, package=package)
