"""
Batching: packages of one small area that can wait are offered together, as a lot that somebody takes whole or not.

Against packages scattered over a broad area, each too small to plan a round with. Pure, as the kernel is: packages
and a moment in, lots out; who waits when, and what came of a lot, is the caller's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

from calloff.domain.allocation import conditions_hold
from calloff.domain.packages import Package, serving_order
from calloff.domain.purchasing_model import Condition, PurchasingModel, obstacle
from calloff.domain.tables import CONDITION, PackageColumn, lower_condition
from calloff.domain.units import MOST_MINUTES

LAST_URGENT = 2
"""P1 and P2 never wait for others."""
SMALL_AREA_METRES = {"urban": 1_000, "suburban": 2_000, "rural": 5_000}
"""Side of the square of the National Grid that is one small area (assumed)."""
SUMMED = {
    "minutes_per_week": PackageColumn.MINUTES,
    "double_handed_visits_a_day": PackageColumn.DOUBLE_HANDED_A_DAY,
}
"""Facts of conditions that are larger for a lot than for any of its packages."""
Key = tuple[object, ...]


@dataclass(frozen=True)
class PackageLot:
    """
    Whole packages offered as one: `package` is their sum, `members` tell whose its visits are.

    The visits of the members follow one another, in the order of their references.
    """

    package: Package
    members: tuple[Package, ...]

    @staticmethod
    def of(members: Iterable[Package]) -> PackageLot:
        """
        The lot of packages that agree in all that decides who may be asked (`batch` sees to that).

        It needs what any of them needs, is closed to whom any of them is closed, and is as urgent as the most urgent.
        """
        ordered = tuple(sorted(members, key=lambda one: one.reference))
        first, names = ordered[0], tuple(one.reference for one in ordered)
        eastings, northings = [one.easting for one in ordered], [one.northing for one in ordered]
        package = Package(
            reference=f"LOT-{hashlib.sha256(chr(10).join(names).encode()).hexdigest()[:12]}",
            approved_at=min(one.approved_at for one in ordered),
            required_start_on=min(one.required_start_on for one in ordered),
            priority=min(one.priority for one in ordered),
            nation=first.nation,
            locality=first.locality,
            visits=tuple(visit for one in ordered for visit in one.visits),
            area_band=first.area_band,
            service_type=first.service_type,
            care_type=first.care_type,
            delivery_model=first.delivery_model,
            client_group=first.client_group,
            age_group=first.age_group,
            needs=frozenset().union(*(one.needs for one in ordered)),
            complexity=first.complexity,
            exclusions=frozenset().union(*(one.exclusions for one in ordered)),
            easting=sum(eastings) // len(ordered) if all(eastings) else 0,
            northing=sum(northings) // len(ordered) if all(eastings) else 0,
            lot_of=names,
        )
        return PackageLot(package, ordered)

    def shares(self, visits: Iterable[int]) -> list[tuple[int, ...]]:
        """By member, its own numbers of those of the lot's visits."""
        wanted = set(visits)
        return [
            tuple(number for number in range(len(member.visits)) if first + number in wanted)
            for member, first in zip(self.members, self.first_visits, strict=True)
        ]

    @property
    def first_visits(self) -> tuple[int, ...]:
        """By member, the number of its first visit among those of the lot."""
        return tuple(accumulate((len(one.visits) for one in self.members[:-1]), initial=0))


@dataclass(frozen=True)
class Batch:
    """
    What becomes of waiting packages at a moment: lots to offer, and packages to ask for one by one.

    Whoever is in neither is still collected; `until` is when the first of them has been for long enough.
    """

    lots: tuple[PackageLot, ...] = ()
    alone: tuple[Package, ...] = ()
    until: datetime | None = None


def batch(model: PurchasingModel, packages: Iterable[Package], at: datetime) -> Batch:
    """
    Form lots of the model's waiting packages, of which none was in a lot before.

    Those of one small area and part of the day that agree in all that decides who may be asked are collected for the
    model's hours, from the approval of the first of them on. Then they are put into lots in the order in which they
    would be served; those left over, and whoever cannot wait, go on alone. Packages approved after `at`, or outside
    the model, are nobody's affair here.
    """
    lots: list[PackageLot] = []
    alone: list[Package] = []
    closings: list[datetime] = []
    groups: dict[Key, list[Package]] = {}
    for package in packages:
        if package.approved_at > at or obstacle(model, package):
            continue
        if can_wait(model, package):
            groups.setdefault(likeness(model, package), []).append(package)
        else:
            alone.append(package)
    for group in groups.values():
        for collected, closes_at in collections(model, group):
            if closes_at > at:
                closings.append(closes_at)
                continue
            formed, rest = in_lots(model, collected)
            lots += formed
            alone += rest
    return Batch(
        tuple(sorted(lots, key=lambda lot: serving_order(lot.package))),
        tuple(sorted(alone, key=serving_order)),
        min(closings, default=None),
    )


def can_wait(model: PurchasingModel, package: Package) -> bool:
    """
    Whether a package may be collected: not urgent, and nobody stands before the others for it.

    Who cares for the person already, or was chosen, is asked for that person alone.
    """
    own = package.current_provider or package.chosen_provider or package.current_since
    return model.batching is not None and package.priority > LAST_URGENT and not own and not package.lot_of


def collected_until(model: PurchasingModel, package: Package) -> datetime:
    """When a package has been collected for long enough, if it is the first of its group."""
    return package.approved_at + timedelta(hours=model.batching.hours if model.batching else 0)


def likeness(model: PurchasingModel, package: Package) -> Key:
    """All in which the packages of one lot agree: place, part of the day, and what gates, prices and steps look at."""
    named = {condition.fact for condition in conditions_of(model)}
    return (
        package.nation,
        package.locality,
        small_area(package),
        tuple(sorted({visit.band for visit in package.visits})),
        package.area_band,
        package.service_type,
        package.care_type,
        package.delivery_model,
        package.client_group,
        package.age_group,
        tuple(sorted(package.complexity)),
        package.priority if "priority" in named else 0,
        (tuple(sorted(package.needs)), package.most_workers) if "needs" in named else (),
        meets(model, package),
    )


def small_area(package: Package) -> tuple[int, int]:
    """The square of the National Grid in which the person lives; where that is not known, the locality is one area."""
    side = SMALL_AREA_METRES[package.area_band]
    return package.easting // side, package.northing // side


def conditions_of(model: PurchasingModel) -> Iterator[Condition]:
    """Every condition on the package in the document."""
    for rules in (model.steps, model.grades, model.lots, model.routes):
        for rule in rules:
            yield from rule.when


def meets(model: PurchasingModel, package: Package) -> tuple[int, ...]:
    """For each condition on how much care there is, whether the package meets it."""
    columns = [0] * len(PackageColumn)
    columns[PackageColumn.MINUTES] = package.minutes_per_week
    columns[PackageColumn.DOUBLE_HANDED_A_DAY] = package.double_handed_visits_a_day
    lines = [number for one in conditions_of(model) if one.fact in SUMMED for number in lower_condition(one, ())]
    return tuple(conditions_hold(lines, place, place + 1, columns) for place in range(len(lines) // CONDITION))


def collections(model: PurchasingModel, group: Sequence[Package]) -> Iterator[tuple[list[Package], datetime]]:
    """A group as it is collected: the first and all approved within its hours, then the next first, and so on."""
    left = sorted(group, key=lambda one: (one.approved_at, one.reference))
    while left:
        closes_at = collected_until(model, left[0])
        collected = [one for one in left if one.approved_at <= closes_at]
        left = left[len(collected) :]
        yield collected, closes_at


def in_lots(model: PurchasingModel, collected: Sequence[Package]) -> tuple[list[PackageLot], list[Package]]:
    """
    As few lots as hold everybody, as equal as can be, and who is left over, the last to be served.

    A lot that would meet a condition which its packages do not meet, or is larger than a week can be, is none.
    """
    ordered = sorted(collected, key=serving_order)
    lots: list[PackageLot] = []
    rest: list[Package] = []
    first = 0
    for size in sizes(model, len(ordered)):
        lot = PackageLot.of(ordered[first : first + size])
        first += size
        alike = meets(model, lot.package) == meets(model, lot.members[0])
        if alike and lot.package.minutes_per_week <= MOST_MINUTES:
            lots.append(lot)
        else:
            rest += lot.members
    return lots, [*rest, *ordered[first:]]


def sizes(model: PurchasingModel, count: int) -> list[int]:
    """How many packages each lot has: all of them where that can be divided so, else full lots and a rest too small."""
    if model.batching is None:
        return []
    least, most = model.batching.least, model.batching.most
    number = -(-count // most)
    if count < number * least:
        return [most] * (number - 1)
    small, larger = divmod(count, number)
    return [small + (place < larger) for place in range(number)]
