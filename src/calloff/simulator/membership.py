"""
Which providers of the register are drawn into which tier of a purchasing model.

Grades are not looked at: the model's gates do that in the run, on the day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from calloff.domain.providers import Provider
from calloff.domain.purchasing_model import PurchasingModel, Tier
from calloff.formats.packages import PackageRow
from calloff.simulator.keyed_draws import Draws, apportion

UNCOUNTED_MEMBERS = 10
"""How many a tier of members has where the document gives no count (assumed)."""
JOINING_PERCENT = 15
JOINING_DAYS = (1, 21)
"""Where anybody may join at any time: how many members are decided on only later, and days until then (assumed)."""


@dataclass(frozen=True)
class Candidates:
    """The register's providers by what they can be for a model, each list by reference."""

    external: tuple[Provider, ...]
    in_house: tuple[Provider, ...]
    ended: tuple[Provider, ...]
    other_services: tuple[Provider, ...]


def candidates(model: PurchasingModel, providers: Sequence[Provider], on: date) -> Candidates:
    """
    Who may be enrolled on a day: of a service type in the model's scope, and with a registration that has not ended.

    A scope that names no service type means care at home.
    """
    wanted = model.scope.service_types or frozenset({"care_at_home"})
    every = sorted(providers, key=lambda provider: provider.reference)
    standing = [one for one in every if one.registered_to is None or one.registered_to >= on]
    able = [one for one in standing if one.service_types & wanted]
    return Candidates(
        external=tuple(one for one in able if not one.in_house),
        in_house=tuple(one for one in able if one.in_house),
        ended=tuple(one for one in every if one.registered_to is not None and one.registered_to < on),
        other_services=tuple(one for one in standing if not one.service_types & wanted),
    )


@dataclass(frozen=True)
class Membership:
    """By tier its providers in the drawn order, how many it should have, and who is in none."""

    of_tier: Mapping[str, tuple[Provider, ...]]
    wanted: Mapping[str, int]
    left_over: tuple[Provider, ...]


def choose_members(
    model: PurchasingModel, groups: int, found: Candidates, packages: Sequence[PackageRow], draws: Draws
) -> Membership:
    """
    Draw the members of every tier but the subcontractors, who depend on their primes.

    Each external provider sits in one tier only, apart from `legacy`. With fewer than the tiers want together, each
    has its share and at least one while there are any; with more, those left over go to the first tier that is open
    to anybody, or to the first spot tier, if any.
    """
    by_reference = {one.reference: one for one in found.external}
    ranked = [by_reference[reference] for reference in draws.order(by_reference, "member")]
    wanted = {tier.name: _wanted(model, tier, groups) for tier in model.tiers}
    of_tier: dict[str, tuple[Provider, ...]] = {}
    position = 0
    for name, number in zip(wanted, _shared(list(wanted.values()), len(ranked)), strict=True):
        of_tier[name] = tuple(ranked[position : position + number])
        position += number
    left_over = tuple(ranked[position:])
    for tier in model.tiers:
        if tier.role == "in_house":
            of_tier[tier.name] = found.in_house
        elif tier.role == "spot" or open_to_anybody(model, tier):
            of_tier[tier.name], left_over = (*of_tier[tier.name], *left_over), ()
        elif tier.role == "legacy":
            of_tier[tier.name] = _legacy(tier, ranked, packages)
    return Membership(of_tier, wanted, left_over)


def _wanted(model: PurchasingModel, tier: Tier, groups: int) -> int:
    """How many of the register's external providers the tier asks for, of those that sit nowhere else."""
    if tier.role in ("prime", "block"):
        return groups
    if tier.role == "spot":
        return max(1, tier.count)
    if tier.role == "member":
        times = (groups if tier.per_locality else 1) * (len(model.lots) if tier.per_lot else 1)
        return (tier.count or (1 if tier.per_locality else UNCOUNTED_MEMBERS)) * times
    if tier.role == "secondary":
        # The primes of the adjoining groups are the secondaries, where there are enough groups.
        primes = groups if any(one.role == "prime" for one in model.tiers) else 0
        return 0 if primes - 1 > secondaries(model).index(tier) else max(1, tier.count)
    return 0


def open_to_anybody(model: PurchasingModel, tier: Tier) -> bool:
    """Whether every provider that meets the conditions becomes a member, so that none can be left over."""
    return model.joining is not None and tier.role == "member" and not tier.count


def secondaries(model: PurchasingModel) -> list[Tier]:
    """The tiers that stand in for a prime, the first to be asked first."""
    return [tier for tier in model.tiers if tier.role == "secondary"]


def _shared(wanted: Sequence[int], available: int) -> list[int]:
    """As many as wanted, or in proportion where there are fewer: first one for each tier, in the document's order."""
    if sum(wanted) <= available:
        return list(wanted)
    first = [0] * len(wanted)
    for place, number in enumerate(wanted):
        if number and sum(first) < available:
            first[place] = 1
    more = [number - one if one else 0 for number, one in zip(wanted, first, strict=True)]
    rest = apportion(available - sum(first), more, more)
    return [one + part for one, part in zip(first, rest, strict=True)]


def _legacy(tier: Tier, ranked: Sequence[Provider], packages: Sequence[PackageRow]) -> tuple[Provider, ...]:
    """Those whom packages name as their current provider; drawn where none is named."""
    named = {row.package.current_provider for row in packages}
    serving = tuple(one for one in ranked if one.reference in named)
    return serving or tuple(ranked[: tier.count or UNCOUNTED_MEMBERS])


def choose_subcontractors(
    prime: Provider, others: Sequence[Provider], parents: Mapping[str, str], local: frozenset[str], draws: Draws
) -> list[Provider]:
    """
    Four to six providers to whom a prime may subcontract: of no common group, and local ones first.

    The paper gives the share to be subcontracted (IW21-25), not the number of subcontractors (assumed).
    """
    own = parents[prime.reference]
    independent = {one.reference: one for one in others if not own or parents[one.reference] != own}
    number = draws.between(4, 6, "subcontractors", prime.reference)
    drawn = draws.order(independent, "subcontractor", prime.reference)
    # Only who has a branch in the area counts for the quota, so these come first.
    drawn.sort(key=lambda reference: reference not in local)
    return [independent[reference] for reference in drawn[:number]]
