"""
Where each provider works, and under which name: its enrolments before prices and minutes.

A prime or block has its group of localities, a secondary an adjoining one, a capacity-book offer a locality or two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from calloff.domain.packages import BANDS
from calloff.domain.providers import Provider
from calloff.domain.purchasing_model import PurchasingModel, Tier
from calloff.simulator.enrolment_prices import care_types_by_lot
from calloff.simulator.keyed_draws import Draws
from calloff.simulator.membership import Membership, choose_subcontractors, secondaries
from calloff.simulator.profiles import Profile

EVERYWHERE_PERCENT = 50
"""How many ordinary members work everywhere; the others in at least half of the localities (assumed)."""
OTHER_LOT_PERCENT = 33
"""How many members also serve a lot that is not personal care (assumed)."""
MOST_OFFERS = 3

Groups = Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Seat:
    """One enrolment to be: no localities or bands means all; `offer` marks one offer of a capacity book."""

    provider: Provider
    tier: Tier
    localities: frozenset[str] = frozenset()
    lot: str = ""
    suffix: str = ""
    bands: frozenset[str] = frozenset()
    offer: bool = False
    subcontractors: frozenset[str] = frozenset()

    @property
    def reference(self) -> str:
        parts = ("C", self.provider.reference, self.tier.name, self.lot, self.suffix)
        return "-".join(part for part in parts if part)


@dataclass(frozen=True)
class Hall:
    """What seats are given out by: the model, its localities in groups, who was drawn, and the seed."""

    model: PurchasingModel
    localities: tuple[str, ...]
    groups: Groups
    members: Membership
    profiles: Mapping[str, Profile]
    draws: Draws

    @property
    def primes(self) -> list[Provider]:
        """The prime of each group; one may have several where too few could be drawn."""
        drawn = [self.members.of_tier[tier.name] for tier in self.model.tiers if tier.role == "prime"]
        first = next((tier for tier in drawn if tier), ())
        return [first[place % len(first)] for place in range(len(self.groups))] if first else []


def seats_of(hall: Hall, external: Sequence[Provider]) -> list[Seat]:
    """Every enrolment to be, tier by tier; `external` are those a prime may subcontract to."""
    model = hall.model
    approved = _approved(hall, external) if any(tier.role == "subcontractor" for tier in model.tiers) else {}
    booked = {name for step in model.steps if step.kind == "book" for name in step.tiers}
    seats: list[Seat] = []
    for tier in model.tiers:
        if tier.role == "subcontractor":
            of_tier = _subcontractors(hall, tier, approved)
        elif tier.role in ("prime", "block"):
            of_tier = _by_group(hall, tier, approved)
        elif tier.role == "secondary" and not hall.members.of_tier[tier.name]:
            of_tier = _neighbours(hall, tier)
        else:
            of_tier = _members(hall, tier)
        if tier.role == "member":
            of_tier = _lots(hall, tier, of_tier)
        seats += offers(hall, of_tier) if tier.name in booked and tier.role != "in_house" else of_tier
    return seats


def _approved(hall: Hall, external: Sequence[Provider]) -> dict[str, list[Provider]]:
    """The approved subcontractors of each prime, by the prime's reference."""
    primes = {prime.reference: prime for prime in hall.primes}
    others = [one for one in external if one.reference not in primes]
    parents = {reference: profile.parent for reference, profile in hall.profiles.items()}
    local = frozenset(reference for reference, profile in hall.profiles.items() if profile.local)
    return {
        reference: choose_subcontractors(prime, others, parents, local, hall.draws)
        for reference, prime in primes.items()
    }


def _subcontractors(hall: Hall, tier: Tier, approved: Mapping[str, Sequence[Provider]]) -> list[Seat]:
    """One seat for each, in the localities of every prime that may name it."""
    where: dict[str, set[str]] = {}
    found: dict[str, Provider] = {}
    for prime, group in zip(hall.primes, hall.groups, strict=False):
        for provider in approved[prime.reference]:
            found[provider.reference] = provider
            where.setdefault(provider.reference, set()).update(group)
    return [Seat(found[reference], tier, frozenset(where[reference])) for reference in sorted(found)]


def _by_group(hall: Hall, tier: Tier, approved: Mapping[str, Sequence[Provider]]) -> list[Seat]:
    drawn = hall.members.of_tier[tier.name]
    seats = []
    for place, provider in enumerate(drawn[: len(hall.groups)]):
        # With fewer than there are groups, the first have a second one: no locality is without.
        localities = frozenset(one for group in hall.groups[place :: len(drawn)] for one in group)
        names = approved.get(provider.reference, []) if tier.role == "prime" else []
        seats.append(Seat(provider, tier, localities, subcontractors=frozenset(one.reference for one in names)))
    return seats


def _neighbours(hall: Hall, tier: Tier) -> list[Seat]:
    """
    The primes that stand in for others: those of the adjoining groups.

    Where several tiers stand in, each has one prime for each group, the nearest first, so that nobody is asked twice.
    """
    primes, tiers = hall.primes, secondaries(hall.model)
    seats = []
    for place, group in enumerate(hall.groups if primes else ()):
        others = [other for other in range(len(hall.groups)) if primes[other] != primes[place]]
        others.sort(key=lambda other: (abs(other - place), -other))
        if len(tiers) == 1:
            chosen = [other for other in others if abs(other - place) == 1]
        else:
            chosen = others[tiers.index(tier) : tiers.index(tier) + 1]
        seats += [Seat(primes[other], tier, frozenset(group), suffix=f"group{place + 1}") for other in chosen]
    return seats


def _members(hall: Hall, tier: Tier) -> list[Seat]:
    """In-house teams everywhere, unless counted; members of a tier by locality group by group; others as drawn."""
    if tier.role == "in_house" and tier.count and hall.model.localities_apply:
        return _teams(hall, tier)
    seats = []
    for place, provider in enumerate(hall.members.of_tier[tier.name]):
        if tier.role == "in_house":
            localities: frozenset[str] = frozenset()
        elif tier.per_locality:
            localities = frozenset(hall.groups[place % len(hall.groups)])
        else:
            localities = _drawn_localities(hall, tier, provider, first=place == 0)
        seats.append(Seat(provider, tier, localities))
    return seats


def _teams(hall: Hall, tier: Tier) -> list[Seat]:
    """So many teams of the council's own as the document counts, each for one locality drawn for it: a small area."""
    own = {one.reference: one for one in hall.members.of_tier[tier.name]}
    teams = hall.draws.order(own, "team", tier.name)[: tier.count]
    areas = hall.draws.order(hall.localities, "team's locality", tier.name)
    return [Seat(own[team], tier, frozenset({areas[place % len(areas)]})) for place, team in enumerate(teams)]


def _drawn_localities(hall: Hall, tier: Tier, provider: Provider, first: bool) -> frozenset[str]:
    key = (tier.name, provider.reference)
    number = len(hall.localities)
    # The first of each tier works everywhere, so that no locality is left without the tier.
    everywhere = first or number == 1 or hall.draws.chance(EVERYWHERE_PERCENT, "everywhere", *key)
    if everywhere or not hall.model.localities_apply:
        return frozenset()
    count = hall.draws.between(-(-number // 2), number, "localities", *key)
    return frozenset(hall.draws.order(hall.localities, "locality", *key)[:count])


def _lots(hall: Hall, tier: Tier, seats: Sequence[Seat]) -> list[Seat]:
    """
    A seat for each lot that a member serves: personal care all of them, every other lot about a third.

    Where the document itself writes lots, a tier of a certain count is dealt out over them; of any other all are in
    its first lot, and about a third in every one: one seat either way.
    """
    if hall.model.lots:
        return [replace(seat, lot=_own_lot(hall, tier, place, seat)) for place, seat in enumerate(seats)]
    lots = care_types_by_lot(hall.model, tier.name)
    if not lots:
        return list(seats)
    main = "personal_care" if "personal_care" in lots else lots[0]
    return [
        replace(seat, lot=lot)
        for lot in lots
        for place, seat in enumerate(seats)
        if lot == main
        or place == 0
        or hall.draws.chance(OTHER_LOT_PERCENT, "lot", tier.name, lot, seat.provider.reference)
    ]


def _own_lot(hall: Hall, tier: Tier, place: int, seat: Seat) -> str:
    """Its lot, or no name at all, which is every lot; where they are not dealt out the first drawn is in every one."""
    if tier.count:
        return hall.model.lots[place % len(hall.model.lots)].name
    every = place == 0 or hall.draws.chance(OTHER_LOT_PERCENT, "every lot", tier.name, seat.provider.reference)
    return "" if every else hall.model.lots[0].name


def offers(hall: Hall, seats: Sequence[Seat]) -> list[Seat]:
    """
    The offers of a capacity book: one to three for each seat, over two to five bands and a locality or two.

    In each lot every locality is offered in every band by somebody: the first offer there is for the whole day, and
    where there are fewer offers than localities some hold more than two.
    """
    return [offer for lot in sorted({seat.lot for seat in seats}) for offer in _offers_of_lot(hall, seats, lot)]


def _offers_of_lot(hall: Hall, seats: Sequence[Seat], lot: str) -> list[Seat]:
    draws = hall.draws
    posted = {}
    for seat in (one for one in seats if one.lot == lot):
        for number in range(1, 1 + draws.between(1, MOST_OFFERS, "offers", seat.reference)):
            offer = replace(seat, offer=True, suffix=f"{number}" if number > 1 else "")
            posted[offer.reference] = offer
    order = draws.order(posted, "offer order")
    areas = draws.order(hall.localities, "offered localities", lot)
    made = []
    for place, reference in enumerate(order):
        # Dealt out like cards: the first offers go to each locality once, those after begin again.
        own = set(areas[place :: len(order)] or [areas[place % len(areas)]])
        if len(own) == 1 and draws.chance(50, "second locality", reference):
            own.add(areas[draws.between(0, len(areas) - 1, "which second", reference)])
        count = len(BANDS) if place < len(areas) else draws.between(2, len(BANDS), "bands", reference)
        bands = frozenset(draws.order(BANDS, "band", reference)[:count])
        made.append(replace(posted[reference], localities=frozenset(own), bands=bands))
    return made
