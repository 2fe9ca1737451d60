"""Short words for a step's way of asking, and for the reasons why a provider could not be asked."""

from __future__ import annotations

from calloff.domain.purchasing_model import DIRECT, EVERYONE, IN_TURN, Condition, Step

REASONS = {
    "not_registered_yet": "not registered yet on the first day of care",
    "registration_ended": "no longer registered",
    "contract_not_begun": "its contract had not begun",
    "contract_ended": "its contract had ended",
    "other_service_type": "not registered for this kind of service",
    "other_care_type": "does not offer this kind of care",
    "other_lot": "its contract is for another lot",
    "not_a_member_yet": "had not joined by then",
    "other_locality": "works in other localities",
    "other_client_group": "does not serve this group of people",
    "other_age_group": "does not serve this age group",
    "other_scale": "graded on another regulator’s scale",
    "grade_wellbeing": "grade for wellbeing too low, or none yet",
    "grade_care_planning": "grade for care planning too low, or none yet",
    "grade_staff": "grade for the staff team too low, or none yet",
    "grade_leadership": "grade for leadership too low, or none yet",
    "suspended": "suspended from new work",
    "stepped_in": "the council had passed its new referrals on",
    "capability_missing": "cannot do something the person needs",
    "no_price_line": "has no price for these visits",
    "outside_price_limits": "its price is outside the document’s limits",
    "capacity_short": "had too few spare hours",
    "excluded": "excluded for this person",
}
"""By the code of a gate; a code without words is shown as it is."""
RANKS = {
    "price": "lowest price",
    "price_band": "lowest price band",
    "capacity": "most spare hours",
    "quality": "best grades",
    "distance": "nearest office",
    "hours_in_28_days": "fewest hours called off in 28 days",
    "tier_order": "order of tiers",
    "score": "highest score",
    "rotation": "whose turn it is",
}


def asked_in_words(step: Step) -> str:
    """How a step asks, in one sentence: on which condition, whom, in which order, how many at once."""
    order = ", then ".join(RANKS[key.criterion] for key in step.rank_by)
    parts = [_whom(step), f"{order} first" if order else "", _ask(step), *map(_condition, step.when)]
    if step.opens_later:
        days, hours = step.opens_after_working_days, step.opens_after_hours
        wait = f"{hours} hour" if hours else f"{days} working day"
        parts.append(f"opens {wait}{'' if 1 in (days, hours) else 's'} after approval")
    sentence = "; ".join(part for part in parts if part)
    return f"{sentence[:1].upper()}{sentence[1:]}."


def _whom(step: Step) -> str:
    if step.whom == "current_provider":
        within = f", or did in the last {step.within_days} days" if step.within_days else ""
        return f"the provider who cares for the person now{within}"
    if step.whom == "chosen_provider":
        return "the provider the person chose"
    names = [name.replace("_", " ") for name in step.tiers]
    return f"the tiers {' and '.join(names)} at the same time" if len(names) > 1 else ""


def _ask(step: Step) -> str:
    if step.sealed:
        return "all asked at once, answers sealed until the deadline"
    if step.kind == "book":
        return "standing offers, alone or two together, taken without asking again"
    ways = set(step.ask)
    if ways == {DIRECT}:
        return "called off without asking"
    if ways == {EVERYONE}:
        return "all asked at once, answers opened together"
    if ways == {IN_TURN}:
        return "asked one at a time" if step.whom == "tier" else "asked alone"
    return "how many are asked at once depends on the priority"


def _condition(condition: Condition) -> str:
    values = " or ".join(str(value).replace("_", " ") for value in condition.values)
    comparison = {"at_least": "at least ", "at_most": "at most "}.get(condition.comparison, "")
    return f"only where {condition.fact.replace('_', ' ')} is {comparison}{values}"
