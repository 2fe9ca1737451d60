"""Settles columns: every stage of the loop, one after another."""

from __future__ import annotations

from array import array
from collections.abc import Callable, MutableSequence, Sequence
from typing import Any

from calloff.settlement import matching, pricing
from calloff.settlement.columns import Logs, Planned, Rules, Settled

Stage = Callable[[Callable[..., None]], Callable[..., None]]


def as_it_stands(stage: Callable[..., None]) -> Callable[..., None]:
    """A stage of the loop, interpreted."""
    return stage


def settle(
    planned: Planned,
    logs: Logs,
    rules: Rules,
    as_of: int,
    *,
    stage: Stage = as_it_stands,
    zeros: Callable[[int, int], MutableSequence[int]] | None = None,
    order: Callable[[Sequence[int], Sequence[int]], Sequence[int]] | None = None,
) -> Settled:
    """
    What each log and visit was, as known at a moment, and what each visit is worth.

    `stage` turns a stage of the loop into what is run, `zeros` makes a column of so many numbers of at most so many
    bits, `order` puts logs in the order of their worker and coming: for large runs these are
    `calloff.settlement.large`'s.
    """
    zeros, order = zeros or _zeros, order or by_worker
    visits, many = len(planned.starts), len(logs.came)
    visit_of, next_log, seconds = (zeros(many, 32) for _ in range(3))
    log_is, at_once = (zeros(many, 8) for _ in range(2))
    first_log, worked, paid = (zeros(visits, 32) for _ in range(3))
    waits, reasons, in_hospital = (zeros(visits, 8) for _ in range(3))
    marks, percents = (zeros(visits, 16) for _ in range(2))
    costs, pence = (zeros(visits, 64) for _ in range(2))

    def run(one: Callable[..., None], *columns: Any) -> None:
        stage(one)(*columns)

    run(
        matching.pair,
        *(planned.groups, planned.starts, planned.begins, planned.ends),
        *(logs.groups, logs.came, logs.named, visit_of, log_is),
    )
    run(matching.chain, planned.starts, logs.came, visit_of, first_log, next_log)
    run(matching.count, planned.workers, logs.came, logs.left, logs.workers, first_log, next_log, log_is, seconds)
    run(matching.wait, planned.groups, planned.starts, logs.groups, logs.came, log_is, waits)
    run(
        matching.elsewhere,
        *(order(logs.workers, logs.came), logs.workers, logs.groups, logs.came, logs.left, at_once),
    )
    run(
        pricing.happen,
        *(planned.windows_from, planned.windows_to, planned.ends, planned.minutes, planned.workers, planned.stopped),
        *(planned.rule_of, rules.numbers, logs.came, logs.met, at_once, log_is, seconds, first_log, next_log),
        *(waits, as_of, reasons, marks, in_hospital, worked),
    )
    run(
        pricing.bear,
        *(planned.groups, planned.weeks, planned.rule_of, rules.numbers, reasons, in_hospital, percents),
    )
    run(
        pricing.price,
        *(planned.minutes, planned.workers, planned.extra_minutes, planned.rates, planned.pair_rates),
        *(planned.per_visit, planned.rule_of, rules.numbers, rules.steps),
        *(logs.came, logs.left, logs.workers, logs.met, log_is, seconds, first_log, next_log),
        *(reasons, percents, paid, costs, pence),
    )
    return Settled(visit_of, log_is, reasons, marks, worked, paid, costs, pence)


def _zeros(count: int, _bits: int) -> MutableSequence[int]:
    return array("q", bytes(8 * count))


def by_worker(workers: Sequence[int], came: Sequence[int]) -> Sequence[int]:
    """The logs in the order of their worker, then of coming."""
    return sorted(range(len(came)), key=lambda log: (workers[log], came[log]))
