"""
The four councils as data: their places, the documents by which they buy, and how much of each there is.

They are shaped like those of the founding papers and bear other names. Nothing here is real: the map lies in the sea,
the postcodes in an area that was never given out (ZZ), and each figure that no paper states is assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import yaml

from calloff.documents.purchasing_models import Document, parse, shipped
from calloff.domain.contracts import years_after

WHY_TERM = "the term is moved to the days of the demonstration"
EARLIER_DAYS = 420
"""So long ago the contracts of the demonstration began, past every period of grace (assumed)."""


@dataclass(frozen=True)
class Locality:
    """Where hours are bought; `areas` are its smallest published places with their band."""

    code: str
    name: str
    centre: tuple[int, int]
    areas: Mapping[str, str]


@dataclass(frozen=True)
class Buying:
    """A document that a council has published, with what it says otherwise than the one that Calloff ships."""

    document: str
    id: str
    title: str
    ends_in_days: int
    localities: tuple[str, ...] = ()

    def terms(self, council: str, today: date) -> Document:
        """The document under the council's own name, in force today."""
        first = today - timedelta(days=EARLIER_DAYS)
        last = min(today + timedelta(days=self.ends_in_days), years_after(first, 10))
        local: dict[str, Any] = {
            "id": self.id,
            "title": self.title,
            "council": council,
            "succeeds": "none",
            "term": {"from": str(first), "to": str(last), "assumed": WHY_TERM},
        }
        original = shipped(self.document)
        if "succeeds" not in original.tree.entries:
            del local["succeeds"]
        if self.localities:
            local["scope"] = {
                "service_types": ["care_at_home", "housing_support"],
                "localities": list(self.localities),
                "assumed": "the two ways of buying stand side by side, each in its own localities",
            }
        overlay = yaml.safe_dump(local, sort_keys=True, allow_unicode=True)
        return parse([*original.texts, (f"local terms of {council}", overlay)])


@dataclass(frozen=True)
class Shape:
    """
    A council. So many people were `brought` from before Calloff, so many `settled` since, before the last days.

    `minutes` are the sizes of their weeks in percent.

    An hour is approved at `approved_pence_per_hour` if nothing else is said, and never above the dearest.
    """

    code: str
    name: str
    nation: str
    localities: tuple[Locality, ...]
    buying: tuple[Buying, ...]
    brought: int
    settled: int
    minutes: Mapping[int, int]
    approved_pence_per_hour: int
    dearest_pence_per_hour: int
    approval_limit_pence: int = 150_000
    unmet_target_hours: int = 0
    beds_target: int = 0
    ages: Mapping[str, int] = field(default_factory=lambda: {"18-64": 10, "65-74": 20, "75-84": 38, "85+": 32})

    def locality(self, code: str) -> Locality:
        return next(one for one in self.localities if one.code == code)


MANY_SMALL = {210: 14, 420: 26, 630: 22, 840: 18, 1050: 10, 1260: 6, 1680: 4}
"""Worker minutes a week, the middles of bands (assumed)."""
FEWER_LARGER = {420: 18, 630: 16, 840: 18, 1050: 18, 1260: 14, 1470: 10, 1680: 6}
"""About 15.6 hours a person and week: 72,000 hours a year to 89 people (RU18-08)."""

RUTWELL = Shape(
    code="rutwell",
    name="Rutwell County Council",
    nation="england",
    localities=(
        Locality("RW1", "Quillham", (660_000, 352_000), {"Quillham Market": "suburban", "Cold Barrow": "rural"}),
        Locality("RW2", "Tanselby", (671_000, 358_000), {"Tanselby Green": "suburban", "Nether Tansel": "rural"}),
        Locality("RW3", "Harrowmead", (664_000, 341_000), {"Harrowmead": "suburban", "Dunmarsh": "rural"}),
    ),
    buying=(Buying("rutland_2013_two_tier", "rutwell_two_tiers", "Homecare framework and second tier, Rutwell", 76),),
    brought=80,
    settled=9,
    minutes=FEWER_LARGER,
    approved_pence_per_hour=1_900,
    dearest_pence_per_hour=1_900,
    unmet_target_hours=40,
    beds_target=3,
    ages={"65-74": 20, "75-84": 40, "85+": 40},
)

WIGHTSEA = Shape(
    code="wightsea",
    name="Wightsea Council",
    nation="england",
    localities=(
        Locality("WS1", "Northhaven", (448_000, 62_000), {"Northhaven Quay": "urban", "Ferrygate Hill": "suburban"}),
        Locality("WS2", "Saltmere", (459_000, 57_000), {"Saltmere Bay": "urban", "Gullscombe": "suburban"}),
        Locality("WS3", "Chalkdown", (438_000, 54_000), {"Chalkdown": "suburban", "Undertor": "rural"}),
    ),
    buying=(
        Buying(
            "isle_of_wight_2021_locality_prime", "wightsea_locality_prime", "Locality prime providers, Wightsea", 2_300
        ),
    ),
    brought=64,
    settled=6,
    minutes=MANY_SMALL,
    approved_pence_per_hour=2_100,
    dearest_pence_per_hour=2_100,
    unmet_target_hours=60,
    beds_target=6,
)

EASTMOOR = Shape(
    code="eastmoor",
    name="Eastmoor Council",
    nation="scotland",
    localities=(
        Locality("EM1", "Haughside", (612_000, 664_000), {"Haughside Cross": "urban", "Millhaugh": "suburban"}),
        Locality("EM2", "Linkshore", (620_000, 668_000), {"Linkshore": "urban", "Whinlinks": "suburban"}),
        Locality("EM3", "Seatoun", (627_000, 661_000), {"Seatoun Harbour": "suburban", "Kelpie Braes": "suburban"}),
    ),
    buying=(
        Buying(
            "east_lothian_2017_framework", "eastmoor_framework", "Care at Home Framework, Eastmoor", 830, ("EM1", "EM2")
        ),
        Buying("east_lothian_2024_locality_block", "seatoun_block", "Locality block contract, Seatoun", 700, ("EM3",)),
    ),
    brought=90,
    settled=7,
    minutes=MANY_SMALL,
    approved_pence_per_hour=2_000,
    dearest_pence_per_hour=3_400,
    unmet_target_hours=80,
    beds_target=8,
)

AIREFORD = Shape(
    code="aireford",
    name="Aireford City Council",
    nation="england",
    localities=(
        Locality("AF1", "Weirside", (672_000, 468_000), {"Weirside North": "urban", "Tenterbank": "urban"}),
        Locality("AF2", "Millheights", (679_000, 474_000), {"Millheights": "urban", "Staithegate": "suburban"}),
    ),
    buying=(
        Buying(
            "leeds_2010_framework", "aireford_capacity_book", "Home care framework with capacity book, Aireford", 510
        ),
    ),
    brought=112,
    settled=10,
    minutes=MANY_SMALL,
    approved_pence_per_hour=1_600,
    dearest_pence_per_hour=2_900,
    unmet_target_hours=120,
    beds_target=12,
)

COUNCILS = (RUTWELL, WIGHTSEA, EASTMOOR, AIREFORD)


def council_named(code: str) -> Shape:
    """The shape of a council by its code."""
    return next(one for one in COUNCILS if one.code == code)
