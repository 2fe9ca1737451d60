"""The prices that are drawn for an enrolment, inside the limits that its purchasing model sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from calloff.domain.contracts import ANY, PriceLine, overlapping
from calloff.domain.packages import CARE_TYPES
from calloff.domain.purchasing_model import PriceRule, PurchasingModel, Tier
from calloff.domain.units import MOST_CENTIPENCE, half_up
from calloff.simulator.keyed_draws import Draws

PENNY = 100
"""Centipence: prices are drawn in whole pence, as they are tendered."""
MEMBER_PERCENT = (85, 100)
"""Of the ceiling (assumed)."""
SPOT_PERCENT = (100, 120)
"""Of the members' ceiling or fee, where the document says nothing of the spot price (assumed)."""
IN_HOUSE_TENTHS = 21
"""An hour of the council's own team costs over two external hours (EL24-10): 2.1 times the ceiling (assumed)."""
OVERHEAD_PERCENT = {"in_house": 10}
CLIENT_SIDE_PERCENT = 15
"""What the council spends on brokerage, contracts and review for an external hour, beside its price (assumed)."""


def rules_for(model: PurchasingModel, tier: str) -> list[PriceRule]:
    """The price rules of a tier: its own, and the general ones of which its own leave something to say."""
    own = [rule for rule in model.prices if tier in rule.tiers]
    rules = list(own)
    for rule in (one for one in model.prices if not one.tiers):
        said = any(_covers(one.line, rule.line) for one in own)
        if not said and not overlapping([*(one.line for one in rules), rule.line]):
            rules.append(rule)
    return rules


def _covers(one: PriceLine, other: PriceLine) -> bool:
    """Whether a line speaks of every visit that the other speaks of."""
    pairs = (
        (one.care_type, other.care_type),
        (one.area_band, other.area_band),
        (one.time_band, other.time_band),
        (one.day_type, other.day_type),
        (str(one.workers or ANY), str(other.workers or ANY)),
    )
    return all(mine in (ANY, theirs) for mine, theirs in pairs) and (one.from_on, one.to_on) in (
        (None, None),
        (other.from_on, other.to_on),
    )


def member_rules(model: PurchasingModel) -> list[PriceRule]:
    """The price rules of the first ordinary tier that has any: what the spot and the in-house price start from."""
    ordinary = [tier for tier in model.tiers if tier.role not in ("spot", "in_house")]
    for tier in (*ordinary, *model.tiers):
        rules = rules_for(model, tier.name)
        if rules:
            return rules
    return []


def care_types_by_lot(model: PurchasingModel, tier: str) -> tuple[str, ...]:
    """The kinds of care that a tier is priced by, each of which is a lot; none where one price serves any kind."""
    named = {rule.line.care_type for rule in rules_for(model, tier)}
    return () if ANY in named else tuple(sorted(named))


def draw_lines(
    model: PurchasingModel, tier: Tier, lot: str, draws: Draws, *key: str, offer: bool = False
) -> list[PriceLine]:
    """
    The price lines of one enrolment, not yet numbered; none where the document's own fee stands, or nobody is
    paid by the hour.

    Parameters
    ----------
    lot
        What it is for; a kind of care has the prices of its own, any other lot all prices.
    key
        What the draw is for. Every line stands at the same place between its limits: who is dear is dear throughout.
    offer
        In a capacity book the price is anywhere between the document's floor and ceiling.
    """
    if tier.role in ("block", "subcontractor"):
        return []
    rules = rules_for(model, tier.name)
    named = [rule.line for rule in rules if tier.name in rule.tiers]
    if tier.role == "in_house" and named:
        return [replace(line, line_id="", basis="fixed") for line in named]
    if tier.role in ("in_house", "legacy") or (tier.role == "spot" and not rules):
        rules = member_rules(model)
    elif any(rule.fixed for rule in rules):
        return []
    if lot in CARE_TYPES:
        rules = [rule for rule in rules if rule.line.care_type in (ANY, lot)]
    if tier.role == "in_house":
        return [_unit_cost(rule) for rule in rules]
    free = tier.role == "spot" and not rules_for(model, tier.name)
    basis = "negotiated" if free or tier.role == "legacy" else "tendered"
    return [
        replace(rule.line, line_id="", basis=basis, centipence=_price(rule, free, offer, draws, key)) for rule in rules
    ]


def _unit_cost(rule: PriceRule) -> PriceLine:
    cost = half_up(rule.line.centipence * IN_HOUSE_TENTHS, 10 * PENNY) * PENNY
    return replace(rule.line, line_id="", centipence=min(cost, MOST_CENTIPENCE), basis="fixed")


def _price(rule: PriceRule, free: bool, offer: bool, draws: Draws, key: Sequence[str]) -> int:
    ceiling, floor = rule.line.centipence, rule.floor_centipence
    low, high = SPOT_PERCENT if free else MEMBER_PERCENT
    least = floor if offer and floor else max(-(-ceiling * low // 100), floor)
    return _between(least, min(ceiling * high // 100, MOST_CENTIPENCE), draws, key)


def _between(least: int, most: int, draws: Draws, key: Sequence[str]) -> int:
    """A price in whole pence from `least` to `most` centipence; `most` where no whole penny lies between."""
    first, last = -(-least // PENNY), most // PENNY
    return draws.between(first, last, "price", *key) * PENNY if first <= last else most


def full_cost(model: PurchasingModel, tier: Tier, lines: Sequence[PriceLine]) -> int:
    """
    What an hour costs the council with its overheads, in centipence: the plainest line and a share on top.

    0 (not known) where nothing is paid by the hour: blocks and subcontractors.
    """
    if tier.role in ("block", "subcontractor"):
        return 0
    priced = lines or [rule.line for rule in rules_for(model, tier.name) if rule.fixed]
    hourly = [line for line in priced if line.workers != 2 and line.unit == "hour"]
    if not hourly:
        return 0
    plainest = min(hourly, key=lambda line: (sum(line.precision), line.precision))
    percent = 100 + OVERHEAD_PERCENT.get(tier.role, CLIENT_SIDE_PERCENT)
    return min(half_up(plainest.centipence * percent, 100), MOST_CENTIPENCE)
