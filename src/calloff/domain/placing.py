"""What a part of a package comes to: which visits an enrolment's minutes hold, what they take and what they cost."""

from __future__ import annotations

from collections.abc import Sequence

from calloff.domain.contracts import Enrolment
from calloff.domain.decisions import Part
from calloff.domain.facts import spare_in, stale_before
from calloff.domain.market import minutes_by_pool
from calloff.domain.packages import Visit
from calloff.domain.purchasing_model import Step
from calloff.domain.question import Question
from calloff.domain.tables import PackageColumn


def covered(question: Question, row: int, visits: Sequence[int]) -> tuple[int, ...]:
    """Those visits that a row's spare minutes hold, band by band through the week, no day's band divided."""
    spare = spare_by_pool(question, row)
    groups: dict[tuple[int, int], list[int]] = {}
    for number in visits:
        visit = question.package.visits[number]
        groups.setdefault((visit.band, visit.day), []).append(number)
    kept: list[int] = []
    for _, numbers in sorted(groups.items()):
        taken = minutes_taken(question, row, numbers)
        wanted = sum(question.package.visits[number].worker_minutes for number in numbers)
        fits = all(minutes <= spare[pool] for pool, minutes in taken) and sum(m for _, m in taken) == wanted
        if fits:
            for pool, minutes in taken:
                spare[pool] -= minutes
            kept += numbers
    return tuple(sorted(kept))


def spare_by_pool(question: Question, row: int) -> dict[int, int]:
    """Spare minutes of each of a row's pools in the package's locality, its own holds counted as spare."""
    counters, own = question.market.counters, question.story.own_holds()
    oldest = stale_before(question.ground, question.at)
    return {
        pool: spare_in(counters, pool, oldest, own.get(pool, 0))
        for pool, _ in question.market.standing.pools_in[question.package.locality][row]
    }


def minutes_taken(question: Question, row: int, visits: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Minutes a week that these visits take from each of a row's pools."""
    chosen = [question.package.visits[number] for number in visits]
    return tuple(sorted(minutes_by_pool(question.market.standing, row, question.package.locality, chosen).items()))


def price_of(question: Question, row: int, visits: Sequence[int]) -> tuple[int, tuple[str, ...]]:
    """Weekly cost, unrounded, and the price lines it comes from."""
    cost, lines = 0, set()
    chosen: list[Visit] = [question.package.visits[number] for number in visits]
    for cell, (minutes, count) in question.ground.cells(question.package, chosen).items():
        rates = question.ground.rates(cell, question.package.required_start_on)
        cost += rates.hourly[row] * minutes + rates.per_visit[row] * 60 * count
        lines.add(rates.line_ids[row])
    return cost, tuple(sorted(lines - {""}))


def floor_of(question: Question, row: int, visits: Sequence[int]) -> int:
    """The least that these visits may cost a week, unrounded."""
    chosen: list[Visit] = [question.package.visits[number] for number in visits]
    return sum(
        question.ground.rates(cell, question.package.required_start_on).floor[row] * minutes
        for cell, (minutes, _) in question.ground.cells(question.package, chosen).items()
    )


def part_of(
    question: Question,
    row: int,
    deliverer: int,
    visits: tuple[int, ...],
    step: str,
    cost: int,
    line_ids: tuple[str, ...],
) -> Part:
    """The visits as called off to a row, their minutes taken from whoever delivers."""
    enrolment = question.market.standing.enrolments[row]
    minutes = sum(question.package.visits[number].worker_minutes for number in visits)
    return Part(
        enrolment=enrolment.reference,
        provider=enrolment.provider,
        kind=kind_of(question, question.step_named(step), enrolment),
        visits=visits,
        cost=cost,
        line_ids=line_ids,
        takes=minutes_taken(question, deliverer, visits),
        full_cost=enrolment.full_cost_centipence_per_hour * minutes,
    )


def kind_of(question: Question, step: Step | None, enrolment: Enrolment) -> str:
    """New, a variation of what the provider has, the person's choice, drawn from a block, or in-house."""
    if enrolment.role in ("block", "in_house"):
        return enrolment.role
    if step is not None and step.whom == "current_provider" and not question.columns[PackageColumn.SIGNIFICANT]:
        return "variation"
    if step is not None and step.whom == "chosen_provider":
        return "chosen"
    return "new"
