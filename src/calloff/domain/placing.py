"""What a part of a package comes to: which visits an enrolment's minutes hold, what they take and what they cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from calloff.domain.batching import PackageLot
from calloff.domain.contracts import Enrolment
from calloff.domain.decisions import Part
from calloff.domain.facts import spare_in, stale_before
from calloff.domain.ground import Ground
from calloff.domain.market import minutes_by_pool
from calloff.domain.packages import Package, Visit
from calloff.domain.purchasing_model import Step
from calloff.domain.question import Question
from calloff.domain.tables import PackageColumn


def covered(question: Question, row: int, visits: Sequence[int]) -> tuple[int, ...]:
    """Those visits that a row's spare minutes hold, band by band through the week, no day's band divided."""
    spare = spare_by_pool(question, row)
    if _fits(question, spare, minutes_taken(question, row, visits), visits):
        return tuple(sorted(visits))
    groups: dict[tuple[int, int], list[int]] = {}
    for number in visits:
        visit = question.package.visits[number]
        groups.setdefault((visit.band, visit.day), []).append(number)
    kept: list[int] = []
    for _, numbers in sorted(groups.items()):
        taken = minutes_taken(question, row, numbers)
        if _fits(question, spare, taken, numbers):
            for pool, minutes in taken:
                spare[pool] -= minutes
            kept += numbers
    return tuple(sorted(kept))


def _fits(
    question: Question, spare: Mapping[int, int], taken: Sequence[tuple[int, int]], visits: Sequence[int]
) -> bool:
    """Whether the pools have room for what some visits take, and none of these lies in a band that no pool covers."""
    wanted = sum(question.package.visits[number].worker_minutes for number in visits)
    return sum(minutes for _, minutes in taken) == wanted and all(minutes <= spare[pool] for pool, minutes in taken)


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
    return priced(question.ground, question.package, row, [question.package.visits[number] for number in visits])


def priced(ground: Ground, package: Package, row: int, visits: Sequence[Visit]) -> tuple[int, tuple[str, ...]]:
    """What a row charges for some of a package's visits a week, unrounded, and the price lines it comes from."""
    cost, lines = 0, set()
    for cell, (minutes, count) in ground.cells(package, visits).items():
        rates = ground.rates(cell, package.required_start_on)
        cost += rates.hourly[row] * minutes + rates.per_visit[row] * 60 * count
        lines.add(rates.line_ids[row])
    return cost, tuple(sorted(lines - {""}))


def parts_of_members(ground: Ground, lot: PackageLot, part: Part) -> list[Part]:
    """
    A lot's call-off divided among its packages, in their order: to each its own visits and what they take and cost.

    The rates are those of the lot; the costs of the parts add up to the lot's, also where the provider bid a price.
    """
    standing, row = ground.standing, ground.standing.row_of[part.enrolment]
    deliverer = standing.row_of[part.delivered_by] if part.delivered_by else row
    shares = lot.shares(part.visits)
    chosen = [[member.visits[number] for number in share] for member, share in zip(lot.members, shares, strict=True)]
    minutes = [sum(visit.worker_minutes for visit in visits) for visits in chosen]
    prices = [priced(ground, lot.package, row, visits) for visits in chosen]
    if sum(cost for cost, _ in prices) != part.cost:
        costs = by_minutes(part.cost, minutes)
        prices = [(cost, lines) for cost, (_, lines) in zip(costs, prices, strict=True)]
    moved = dict(part.moved)
    return [
        replace(
            part,
            visits=share,
            cost=cost,
            line_ids=lines,
            takes=tuple(sorted(minutes_by_pool(standing, deliverer, lot.package.locality, visits).items())),
            full_cost=standing.enrolments[row].full_cost_centipence_per_hour * own,
            moved=tuple((number, moved[first + number]) for number in share if first + number in moved),
        )
        for share, visits, own, (cost, lines), first in zip(
            shares, chosen, minutes, prices, lot.first_visits, strict=True
        )
    ]


def by_minutes(cost: int, minutes: Sequence[int]) -> list[int]:
    """A cost divided in proportion to minutes; what does not divide goes to the later ones, so that the sum stays."""
    total, ends = sum(minutes), accumulate(minutes, initial=0)
    upto = [cost * end // total for end in ends]
    return [end - start for start, end in pairwise(upto)]


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
