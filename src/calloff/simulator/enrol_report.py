"""What `enrol` tells: who was drawn against what the paper says, from which demand, and all that is assumed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from calloff.domain.contracts import Enrolment
from calloff.domain.providers import Provider
from calloff.domain.purchasing_model import PurchasingModel, Tier
from calloff.domain.units import hours_text, rate_text
from calloff.formats.cells import write_moment
from calloff.simulator import enrolment_prices as prices
from calloff.simulator import profiles, seats, spare_minutes
from calloff.simulator.demand import EVERYWHERE, GROUPS, Demand
from calloff.simulator.membership import JOINING_DAYS, JOINING_PERCENT, UNCOUNTED_MEMBERS, Candidates
from calloff.simulator.seats import Hall
from calloff.simulator.spare_minutes import SpareMinutes


def report_of(
    hall: Hall,
    found: Candidates,
    demand: Demand,
    enrolments: Sequence[Enrolment],
    spare: SpareMinutes,
    moment: datetime,
    told: bool,
    grades: Sequence[str],
) -> list[str]:
    """The report, a line for each fact; lines that begin with `assumed:` are ours and nobody's paper."""
    model = hall.model
    return [
        f"{model.id} version {model.version}, seed {hall.draws.seed}: {len(enrolments)} enrolments of "
        f"{len({one.provider for one in enrolments})} providers. Everything beside the register is drawn.",
        *_about_register(model, found, hall.members.left_over),
        *(_about_tier(hall, tier, enrolments) for tier in model.tiers),
        *grades,
        *_about_localities(hall),
        *demand.about,
        *_about_lots(model, demand),
        *_about_spare(demand, spare),
        *_about_prices(model, enrolments),
        _about_moment(model, moment, told),
        *_assumptions(model, enrolments),
    ]


def _names(providers: Iterable[Provider]) -> str:
    return ", ".join(sorted(provider.reference for provider in providers)) or "none"


def _about_register(model: PurchasingModel, found: Candidates, left_over: Sequence[Provider]) -> list[str]:
    lines = [
        f"Register: {len(found.external)} external and {len(found.in_house)} council-run providers can be enrolled. "
        f"Not enrolled: {_names(found.ended)} (registration ended); {_names(found.other_services)} (other service "
        f"types); {_names(left_over)} (left over: no tier has a place for them)."
    ]
    if not found.in_house and any(tier.role == "in_house" for tier in model.tiers):
        lines.append("The register has no council-run provider: the in-house tier stays empty.")
    return lines


def _about_tier(hall: Hall, tier: Tier, enrolments: Sequence[Enrolment]) -> str:
    of_tier = [one for one in enrolments if one.tier == tier.name]
    drawn = len({one.provider for one in of_tier})
    paper = "no count in the document"
    if tier.count:
        by_locality = tier.per_locality and (tier.count == 1 or tier.role not in ("prime", "block"))
        each = " for each group of localities" * by_locality + " in each lot" * tier.per_lot
        paper = f"{tier.count} in the document{each}"
    wanted = hall.members.wanted[tier.name]
    short = f"; {wanted} were wanted, the register has too few" if drawn < wanted else ""
    rows = f" in {len(of_tier)} enrolments" if len(of_tier) != drawn else ""
    return f"Tier {tier.name} ({tier.role}): {paper}, {drawn} drawn{rows}{short}."


def _about_localities(hall: Hall) -> list[str]:
    if hall.localities == (EVERYWHERE,):
        return [f'No places: everything is one locality, "{EVERYWHERE}".']
    if len(hall.groups) == 1:
        return [f"Localities: {', '.join(hall.localities)}."]
    lines = [
        f"assumed: localities are put into {len(hall.groups)} groups from west to east, of near-equal demand "
        f"({GROUPS} where the document does not say how many primes or blocks there are, as IW21-21 has):"
    ]
    blocks = [name for tier in hall.model.tiers if tier.role == "block" for name in hall.members.of_tier[tier.name]]
    for place, group in enumerate(hall.groups):
        holders = [f"prime {hall.primes[place].reference}"] if hall.primes else []
        holders += [f"block {blocks[place % len(blocks)].reference}"] if blocks else []
        who = f" ({', '.join(holders)})" if holders else ""
        lines += [f"  {locality} -> group {place + 1}{who}" for locality in group]
    return lines


def _about_lots(model: PurchasingModel, demand: Demand) -> list[str]:
    """Kinds of care that are wanted and that a tier with lots by care type has no lot for."""
    lines = []
    for tier in model.tiers:
        lots = prices.care_types_by_lot(model, tier.name) if tier.role == "member" else ()
        missing = sorted(kind for kind, wanted in demand.care_types.items() if wanted and lots and kind not in lots)
        if missing:
            lines.append(f"Demand includes {', '.join(missing)}, for which {tier.name} has no lot.")
    return lines


def _about_spare(demand: Demand, spare: SpareMinutes) -> list[str]:
    total = sum(demand.spare.values())
    unshared = sum(spare.unshared.values())
    lines = [f"assumed: spare minutes are 110 % of demand in each locality and band: {hours_text(total)} hours a week."]
    if unshared:
        cells = ", ".join(f"{locality}/{band}" for locality, band in sorted(spare.unshared))
        lines.append(
            f"Of these {hours_text(unshared)} hours could not be enrolled, since nobody serves there or a pool holds "
            f"no more: {cells}."
        )
    first = ", ".join(f"{role} {percent} %" for role, percent in spare_minutes.FIRST_PERCENT.items())
    rest = ", ".join(f"{role} {share}" for role, share in spare_minutes.REST_SHARES.items())
    lines.append(f"assumed: of each cell {first}; the other roles divide the rest as {rest}; then by drawn size.")
    return lines


def _about_prices(model: PurchasingModel, enrolments: Sequence[Enrolment]) -> list[str]:
    lines = []
    for tier in model.tiers:
        rates = [line.centipence for one in enrolments if one.tier == tier.name for line in one.price_lines]
        if rates:
            lines.append(f"Prices drawn in {tier.name}: £{rate_text(min(rates))} to £{rate_text(max(rates))} an hour.")
        elif any(rule.fixed for rule in prices.rules_for(model, tier.name)) and tier.role in ("member", "prime"):
            lines.append(f"Prices in {tier.name}: the document's own fee.")
    return lines


def _about_moment(model: PurchasingModel, moment: datetime, told: bool) -> str:
    if told:
        return f"Spare minutes are declared at {write_moment(moment)} (as asked)."
    return "Spare minutes name no moment: they count as declared when the run begins (assumed)."


def _assumptions(model: PurchasingModel, enrolments: Sequence[Enrolment]) -> list[str]:
    skills = ", ".join(f"{name} {percent} %" for name, percent in profiles.CAPABILITY_PERCENT.items())
    booked = any(step.kind == "book" for step in model.steps)
    joining = sum(one.from_on is not None for one in enrolments)
    groups = f"{profiles.ALL_GROUPS_PERCENT} % serve all client and age groups, the others a drawn part"
    subcontracting = any(tier.role == "subcontractor" for tier in model.tiers)
    texts = {
        f"a tier of members without a count has {UNCOUNTED_MEMBERS}": any(
            tier.role == "member" and not tier.count and not tier.per_locality for tier in model.tiers
        )
        and not model.joining,
        f"whoever can be enrolled is a member, {JOINING_PERCENT} % of them not from the first day: {joining} join "
        f"within the {JOINING_DAYS[1]} days after it": model.joining is not None,
        f"about {seats.EVERYWHERE_PERCENT} % of ordinary members work everywhere, the others in half the localities "
        "or more": model.localities_apply,
        f"tendered prices are {prices.MEMBER_PERCENT[0]} to {prices.MEMBER_PERCENT[1]} % of the ceiling, in whole "
        "pence": any(not rule.fixed for rule in model.prices),
        f"spot prices without a rule are {prices.SPOT_PERCENT[0]} to {prices.SPOT_PERCENT[1]} % of the members' "
        "ceiling or fee": any(tier.role == "spot" and not prices.rules_for(model, tier.name) for tier in model.tiers),
        "a price still bought under an earlier contract is drawn as a tendered one": any(
            tier.role == "legacy" for tier in model.tiers
        ),
        "an in-house hour costs 2.1 times the ceiling or fee (EL24-10: over twice), with 10 % overhead": any(
            one.role == "in_house" for one in enrolments
        ),
        f"an external hour's full cost is its price and {prices.CLIENT_SIDE_PERCENT} % on the council's side": True,
        f"capabilities: {skills}, each language {profiles.LANGUAGE_PERCENT} %; in each tier and locality somebody "
        f"has {', '.join(profiles.ESSENTIAL)}": True,
        groups: model.groups_chosen_by_provider,
        "each counted team of the council's own works in one locality, drawn": model.localities_apply
        and any(tier.role == "in_house" and tier.count for tier in model.tiers),
        f"{profiles.LOCAL_PERCENT} % are local; about {profiles.PARENT_PERCENT} % of bodies share an owner; quality "
        f"scores are {profiles.LEAST_SCORE} to {profiles.MOST_SCORE}; sizes differ by up to six times": True,
        "a prime may subcontract to four to six independent local providers": subcontracting,
        "3 % of members have a suspension near the declaration": True,
        f"members serve personal care, {seats.OTHER_LOT_PERCENT} % also another lot": not model.lots
        and any(one.lot for one in enrolments),
        f"members are in the document's first lot, {seats.OTHER_LOT_PERCENT} % in every one": bool(model.lots)
        and any(tier.role == "member" and not tier.count for tier in model.tiers),
        "a tier of a certain number of members is dealt out over the lots": bool(model.lots)
        and any(tier.role == "member" and tier.count for tier in model.tiers),
        "each provider posts one to three offers, each one pool over two to five bands and a locality or two, at its "
        "own price": booked,
    }
    drawn = [f"assumed: {text}." for text, applies in texts.items() if applies]
    blank = "From and to are blank" + (", but for those who join later" if joining else "")
    return [*drawn, f"{blank}: the document's own term is checked elsewhere."]
