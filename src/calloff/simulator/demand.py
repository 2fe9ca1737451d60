"""
How many minutes a week are wanted in each locality and part of the day, and the localities put into groups.

The hours come from the packages of the run or, without them, from a paper.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from calloff.domain.errors import BadInputError
from calloff.domain.packages import BANDS, Package, minutes_by_band
from calloff.domain.purchasing_model import PurchasingModel
from calloff.domain.units import hours_text
from calloff.formats.packages import PackageRow
from calloff.formats.places import Place
from calloff.simulator.keyed_draws import Draws, apportion

Cell = tuple[str, str]
"""A locality and a band: the smallest part of the market in which minutes are counted."""
EVERYWHERE = "all"
"""The one locality of a run that knows none."""
HOURS_A_WEEK = 18_985
"""Purchased hours a week in East Lothian, 2015/16 (EL18-06)."""
BAND_PERCENT = {"morning": 35, "lunch": 20, "tea": 22, "bed": 20, "night": 3}
"""How a week's hours fall on the parts of the day where there are no packages to tell (assumed)."""
LOT_PERCENT = {"personal_care": 85, "independent_living": 15}
"""How they fall on kinds of care; others have none (assumed)."""
GROUPS = 3
"""How many primes or blocks there are where the document gives no number (assumed; three leads in IW21-21)."""


@dataclass(frozen=True)
class Demand:
    """Minutes a week by locality and band, and by kind of care; `about` says where they come from."""

    localities: tuple[str, ...]
    minutes: Mapping[Cell, int]
    care_types: Mapping[str, int]
    about: tuple[str, ...]

    def of_locality(self, locality: str) -> int:
        return sum(self.minutes[locality, band] for band in BANDS)

    @property
    def spare(self) -> dict[Cell, int]:
        """What is to be offered in all: 110 % of each cell, rounded up (assumed)."""
        return {cell: -(-wanted * 110 // 100) for cell, wanted in self.minutes.items()}


def demand_of(model: PurchasingModel, places: Sequence[Place], packages: Sequence[PackageRow]) -> Demand:
    """
    What the run's packages want, those outside the model's scope left out; without packages, EL18-06.

    A package's locality is its own, else that of its place; one that has neither is spread over all localities in
    proportion to their postcodes. Without any locality there is one, EVERYWHERE.
    """
    located = list(_located(places, packages))
    inside = [package for package in located if _in_scope(model, package)]
    localities = _localities(model, places, inside)
    postcodes = Counter(place.locality for place in places)
    weights = [postcodes[locality] for locality in localities]
    unplaced: Counter[str] = Counter()
    minutes = {(locality, band): 0 for locality in localities for band in BANDS}
    care_types: Counter[str] = Counter()
    if packages:
        for package in inside:
            care_types[package.care_type] += package.minutes_per_week
            for band, wanted in zip(BANDS, minutes_by_band(package.visits), strict=True):
                if package.locality:
                    minutes[package.locality, band] += wanted
                else:
                    unplaced[band] += wanted
        about = _about_packages(len(located), len(inside), sum(not package.locality for package in inside))
    else:
        unplaced.update(dict(zip(BANDS, apportion(HOURS_A_WEEK * 60, list(BAND_PERCENT.values())), strict=True)))
        care_types.update(LOT_PERCENT)
        about = _about_paper()
    for band in BANDS:
        for locality, part in zip(localities, apportion(unplaced[band], weights), strict=True):
            minutes[locality, band] += part
    return Demand(localities, minutes, care_types, (*about, _about_hours(minutes)))


def _located(places: Sequence[Place], packages: Sequence[PackageRow]) -> Iterator[Package]:
    where = {place.postcode: place.locality for place in places}
    for row in packages:
        yield replace(row.package, locality=row.package.locality or where.get(row.place, ""))


def _in_scope(model: PurchasingModel, package: Package) -> bool:
    # Who is still to be placed somewhere may turn out to live inside.
    scope = model.scope if package.locality else replace(model.scope, localities=frozenset())
    return scope.covers(package)


def _localities(model: PurchasingModel, places: Sequence[Place], inside: Sequence[Package]) -> tuple[str, ...]:
    found = {place.locality for place in places} | {package.locality for package in inside if package.locality}
    if model.scope.localities:
        found = (found & model.scope.localities) or set(model.scope.localities)
    return tuple(sorted(found)) or (EVERYWHERE,)


def _about_packages(rows: int, inside: int, unplaced: int) -> tuple[str, ...]:
    lines = [f"Demand: {inside} of {rows} packages (outside the document's scope and not counted: {rows - inside})."]
    if unplaced:
        lines.append(f"assumed: {unplaced} packages without a place are spread over localities by their postcodes.")
    return tuple(lines)


def _about_paper() -> tuple[str, ...]:
    bands = ", ".join(f"{band} {percent} %" for band, percent in BAND_PERCENT.items())
    kinds = ", ".join(f"{care_type} {percent} %" for care_type, percent in LOT_PERCENT.items())
    return (
        f"Demand: no packages; {HOURS_A_WEEK:,} hours a week (EL18-06).",
        f"assumed: of those hours {bands}; localities by their number of postcodes; in lots by care type {kinds}.",
    )


def _about_hours(minutes: Mapping[Cell, int]) -> str:
    by_band = {band: sum(wanted for (_, of), wanted in minutes.items() if of == band) for band in BANDS}
    parts = ", ".join(f"{band} {hours_text(wanted)}" for band, wanted in by_band.items())
    return f"Hours a week wanted: {hours_text(sum(by_band.values()))} ({parts})."


def groups_of(model: PurchasingModel, places: Sequence[Place], demand: Demand) -> tuple[tuple[str, ...], ...]:
    """
    The localities from west to east, cut into as many groups of near-equal demand as there are primes or blocks.

    A document without tiers by locality has one group of all. A tier of primes or blocks that counts several has
    one of them in each group; where the document gives no number there are GROUPS. Never more than localities.
    """
    by_locality = [tier for tier in model.tiers if tier.per_locality or tier.role in ("prime", "block")]
    if not by_locality:
        return (demand.localities,)
    told = [tier.count for tier in by_locality if tier.role in ("prime", "block") and tier.count > 1]
    count = min(max(told, default=GROUPS), len(demand.localities))
    ordered = west_to_east(demand.localities, places)
    weights = [demand.of_locality(locality) for locality in ordered]
    return _cut(ordered, weights if any(weights) else [1] * len(ordered), count)


def west_to_east(localities: Sequence[str], places: Sequence[Place]) -> list[str]:
    """Localities by the mean easting of their postcodes; those without any come last, by name."""
    eastings: dict[str, list[int]] = {}
    for place in places:
        eastings.setdefault(place.locality, []).append(place.easting)

    def key(locality: str) -> tuple[bool, int, str]:
        there = eastings.get(locality, [])
        return (not there, sum(there) // max(1, len(there)), locality)

    return sorted(localities, key=key)


def _cut(ordered: Sequence[str], weights: Sequence[int], count: int) -> tuple[tuple[str, ...], ...]:
    groups: list[tuple[str, ...]] = []
    current: list[str] = []
    reached, total = 0, sum(weights)
    for place, locality in enumerate(ordered):
        current.append(locality)
        reached += weights[place]
        to_fill, to_place = count - len(groups) - 1, len(ordered) - place - 1
        following = weights[place + 1] if to_place else 0
        # The cut stands where the sum is nearest to its share, unless the localities left are just enough.
        nearest = (2 * reached + following) * count >= 2 * total * (len(groups) + 1)
        if to_fill and (to_place == to_fill or nearest):
            groups.append(tuple(current))
            current = []
    return (*groups, tuple(current))


def stand_in(packages: Sequence[PackageRow], hours_a_week: int, seed: int) -> tuple[list[PackageRow], list[str]]:
    """
    Packages of one council that stand in for those of another, of whose people nothing is known but their hours.

    They are drawn by seed until they come as near to the hours as whole packages can. Where the people live is
    taken from them, since it is in the other council. The lines say that all this is assumed.

    Raises
    ------
    BadInputError
        When the packages have fewer hours than that.
    """
    wanted, held = hours_a_week * 60, sum(row.package.minutes_per_week for row in packages)
    if held < wanted:
        raise BadInputError(f"packages of {hours_text(held)} hours a week cannot stand in for {hours_a_week:,} hours")
    by_reference = {row.package.reference: row for row in packages}
    drawn, reached = [], 0
    for reference in Draws(seed).order(by_reference, "stands in"):
        minutes = by_reference[reference].package.minutes_per_week
        if abs(reached + minutes - wanted) >= abs(reached - wanted):
            break
        drawn.append(reference)
        reached += minutes
    # The heading is line 1 of the file that they go into.
    rows = [_elsewhere(by_reference[reference], line) for line, reference in enumerate(sorted(drawn), 2)]
    return rows, [
        f"assumed: {len(rows):,} of {len(packages):,} packages of another council stand in, drawn by seed {seed}: "
        f"{hours_text(reached)} hours a week beside the {hours_a_week:,} asked for; where the people live is not known."
    ]


def _elsewhere(row: PackageRow, line: int) -> PackageRow:
    # A blank band is read back as the one that a package has by default.
    package = replace(row.package, locality="", area_band=Package.area_band)
    return replace(row, line=line, package=package, place="", area_band="")
