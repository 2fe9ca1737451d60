"""What a run came to, in the few figures by which ways of buying are laid side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from calloff.documents.tree import Scalar
from calloff.domain.calendar import parse_moment
from calloff.domain.purchasing_model import PurchasingModel, Step
from calloff.domain.units import half_up, pence_per_week, pounds
from calloff.simulator.run import CALLED_OFF, NO_MODEL, REFERRED, WAITING
from calloff.ways.job import WayOfBuying

PATTERN_WORDS = {
    "ranked_framework": "ranked framework",
    "tiers_then_spot": "two tiers, then spot",
    "capacity_book": "capacity book",
    "locality_prime": "locality prime providers",
    "locality_block": "locality blocks",
    "in_house_first": "in-house first",
    "mini_competition": "a competition for each package",
    "dynamic_market": "dynamic market",
    "ranked_price_quality": "ranked on price and quality",
    "personal_budget": "personal budgets",
}
SHARES = {
    "own": "Provider the person has or chose",
    "first": "First tier of the model",
    "later": "Later tiers",
    "spot": "Spot purchase",
    "team": "Council’s own team",
    "person": "Left to the person by a direct payment",
    "unmet": "Not called off (unmet)",
    "outside": "Outside the document’s scope",
}
"""What becomes of the hours wanted: by whom they were called off, or why they were not."""


@dataclass(frozen=True)
class Figures:
    """
    One way of buying in figures; minutes are worker minutes a week.

    `typical_wait` is the median from approval to call-off of packages called off whole, None where there are none.
    `unmet` leaves out what the document is not for, which is `shares["outside"]`, and what a person buys with a direct
    payment, `shares["person"]`. `block_minutes` are paid for by
    the block and not in `pence`.
    """

    short: str
    title: str
    pattern: str
    packages: dict[str, int]
    minutes: int
    wanted: int
    unmet: int
    pence: int
    block_minutes: int
    typical_wait: timedelta | None
    invitations_per_hundred: int
    shares: dict[str, int]


def figures_of(way: WayOfBuying) -> Figures:
    """Count a run; the five outcomes are those of its summary."""
    summary, model = way.summary, way.document.model
    states = {name: line.packages for name, line in summary.states.items()}
    minutes = sum(line.minutes for line in summary.steps.values())
    outside = summary.states[NO_MODEL].minutes
    person = summary.direct_payment_minutes
    unmet = summary.unmet_minutes - outside - person
    groups = groups_of(model)
    shares = dict.fromkeys(SHARES, 0)
    for step, line in summary.steps.items():
        shares[groups[step]] += line.minutes
    shares |= {"person": person, "unmet": unmet, "outside": outside}
    asked = sum(int(row["asked"]) for row in way.outcomes)
    inside = sum(states.values()) - states[NO_MODEL]
    return Figures(
        short=short_name(way),
        title=model.title,
        pattern=PATTERN_WORDS[model.pattern],
        packages={name: states[name] for name in (CALLED_OFF, "part", WAITING, REFERRED, NO_MODEL)},
        minutes=minutes,
        wanted=minutes + person + unmet + outside,
        unmet=unmet,
        pence=pence_per_week(sum(line.cost for line in summary.steps.values())),
        block_minutes=sum(summary.steps[step.name].minutes for step in model.steps if is_block(model, step)),
        typical_wait=typical_wait(way.outcomes),
        invitations_per_hundred=half_up(asked * 100, inside) if inside else 0,
        shares=shares,
    )


def short_name(way: WayOfBuying) -> str:
    """The council whose document it is, or that any might have it, and the year its term begins: Leeds 2010."""
    council = way.document.tree.entries.get("council")
    name = council.text if isinstance(council, Scalar) else "Any council"
    return f"{name} {way.document.model.term.from_on.year}"


def is_block(model: PurchasingModel, step: Step) -> bool:
    """Whether the step gives work to block contracts, whose hours have no price of their own."""
    return step.whom == "tier" and any(model.tier(name).role == "block" for name in step.tiers)


def groups_of(model: PurchasingModel) -> dict[str, str]:
    """By step, which of SHARES its hours count for."""
    groups: dict[str, str] = {}
    for step in model.steps:
        roles = {model.tier(name).role for name in step.tiers}
        if step.whom != "tier":
            groups[step.name] = "own"
        elif roles <= {"in_house"}:
            groups[step.name] = "team"
        elif roles <= {"spot"}:
            groups[step.name] = "spot"
        else:
            groups[step.name] = "later" if "first" in groups.values() else "first"
    return groups


def typical_wait(outcomes: Iterable[Mapping[str, str]]) -> timedelta | None:
    """The median time from approval to call-off of the packages called off whole."""
    seconds = [
        int((parse_moment(row["settled_at"]) - parse_moment(row["approved_at"])).total_seconds())
        for row in outcomes
        if row["outcome"] == CALLED_OFF
    ]
    return timedelta(seconds=int(median(seconds))) if seconds else None


def duration_text(duration: timedelta | None) -> str:
    """A duration in words, to the minute below a day and to the hour from there: 2 days 4 hours."""
    if duration is None:
        return "none"
    minutes = half_up(int(duration.total_seconds()), 60)
    if not minutes:
        return "at once"
    if minutes >= 24 * 60:
        days, hours = divmod(half_up(minutes, 60), 24)
        return " ".join([_counted(days, "day"), *([_counted(hours, "hour")] if hours else [])])
    hours, rest = divmod(minutes, 60)
    parts = ([_counted(hours, "hour")] if hours else []) + ([_counted(rest, "minute")] if rest or not hours else [])
    return " ".join(parts)


def _counted(number: int, unit: str) -> str:
    return f"{number} {unit}{'' if number == 1 else 's'}"


def day_text(day: date) -> str:
    """A day as a person says it: Monday 23 November 2026."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def hours_words(minutes: int) -> str:
    """Hours with one decimal and thousands apart, as screens show them: 2,451.5."""
    tenths = half_up(minutes, 6)
    return f"{tenths // 10:,}.{tenths % 10}"


def whole_hours(minutes: int) -> str:
    """Whole hours with thousands apart, for a sentence or a heading: 2,452."""
    return f"{half_up(minutes, 60):,}"


def whole_pounds(pence: int) -> str:
    """Pounds without pence, for a figure of thousands: £37,234."""
    return pounds(half_up(pence, 100) * 100).removesuffix(".00")


def percent_text(part: int, whole: int) -> str:
    """A share in whole per cent; less than half of one that is not nothing is said so."""
    if part and 200 * part < whole:
        return "under 1 %"
    return f"{half_up(100 * part, whole) if whole else 0} %"


def most_common(counts: Sequence[tuple[str, int]], number: int) -> list[tuple[str, int]]:
    """The largest counts, alike ones by name."""
    return sorted(counts, key=lambda pair: (-pair[1], pair[0]))[:number]
