"""What settlement runs on for millions of visits: the same loop as machine code, over columns of numpy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from calloff.compiled import compiler, over_columns
from calloff.domain.errors import BadInputError
from calloff.domain.payment import RULE
from calloff.settlement import pricing
from calloff.settlement.archive import Part
from calloff.settlement.columns import Logs, Planned, Rules, Settled
from calloff.settlement.engine import settle
from calloff.settlement.ordering import DAY, begin_ranges, out_of_order, put_by_group, put_by_range, put_by_worker

Totals = dict[tuple[int, int], int]
"""Pence by contract and week."""

MOST_SLOTS = 1 << 20
"""Places to count in, whatever the number of logs; beyond so many, and four for each log, logs are sorted instead."""
NEAR_ROWS = 1 << 17
"""So many logs are put in order at a time: their columns are some megabytes, which stay near the processor."""


def settle_large(planned: Planned, logs: Logs, rules: Rules, as_of: int) -> Settled:
    """
    As `settle`, compiled; columns are numpy's whole numbers of 8 to 64 bits, others are copied into 64.

    CompilerMissingError without a compiler, BadInputError where rows are not in order or name what is not there:
    machine code would read beyond its columns.
    """
    compiler()
    planned = Planned(**{name: _column(column) for name, column in vars(planned).items()})
    logs = Logs(**{name: _column(column) for name, column in vars(logs).items()})
    _refuse_what_cannot_be(planned, logs, rules)
    return settle(
        planned,
        logs,
        Rules(_column(rules.numbers), _column(rules.steps or [0])),
        as_of,
        stage=over_columns,
        zeros=_zeros,
        order=by_worker,
    )


def settle_parts(parts: Iterable[Part], rules: Rules, as_of: int, totals: Totals) -> Iterator[tuple[Part, Settled]]:
    """
    Settle parts one after another, in memory for one, and add what each contract's weeks come to.

    Raises as `settle_large` does, and BadInputError where a group or a care worker is in two parts.
    """
    last_group = last_worker = -1
    for part in parts:
        if len(part.contracts):
            last_group = _after(part.planned.groups, last_group, "group")
        if len(part.logs.workers):
            last_worker = _after(part.logs.workers, last_worker, "care worker")
        settled = settle_large(part.planned, part.logs, rules, as_of)
        _add(part, settled, totals)
        yield part, settled


def in_group_order(logs: Logs, keys: Sequence[int]) -> tuple[Logs, Any]:
    """Logs that lie as they arrived, by group, coming and source key, and the place where each lay."""
    import numpy as np

    columns = {**vars(logs), "keys": keys, "lay": np.arange(len(keys), dtype=np.int32)}
    ends = [0, len(keys)]
    if len(keys) > 2 * NEAR_ROWS:
        columns, ends = _by_range(columns)
    put = {name: np.empty_like(columns[name]) for name in (*vars(logs), "lay")}
    for first, end in pairwise(ends):
        near = {name: column[first:end] for name, column in columns.items()}
        order = _order_near(near["groups"], near["came"], near["keys"])
        for name, column in put.items():
            column[first:end] = near[name][order]
    lay = put.pop("lay")
    return replace(logs, **put), lay


def _by_range(columns: Mapping[str, Any]) -> tuple[dict[str, Any], list[int]]:
    """The same rows by ranges of groups, each of about NEAR_ROWS of them, and where the ranges begin and end."""
    import numpy as np

    groups = columns["groups"]
    least, slots = int(np.min(groups)), int(np.max(groups)) - int(np.min(groups)) + 1
    shift = max(0, (slots * NEAR_ROWS // len(groups)).bit_length() - 1)
    begins = _zeros(((slots - 1) >> shift) + 2, 64)
    over_columns(begin_ranges)(groups, least, shift, begins)
    put = {name: np.empty_like(column) for name, column in columns.items()}
    for name, column in columns.items():
        over_columns(put_by_range)(groups, least, shift, begins.copy(), column, put[name])
    return put, begins.tolist()


def _order_near(groups: Any, came: Any, keys: Any) -> Any:
    """The order of few enough logs that they are near one another in memory."""
    import numpy as np

    if not len(keys):
        return np.zeros(0, dtype=np.int32)
    least, slots = int(np.min(groups)), int(np.max(groups)) - int(np.min(groups)) + 2
    if slots > max(MOST_SLOTS, 4 * len(keys)):
        return np.lexsort((keys, came, groups)).astype(np.int32)
    order = _zeros(len(keys), 32)
    over_columns(put_by_group)(groups, came, keys, least, _zeros(slots, 32), order)
    return order


def _refuse_what_cannot_be(planned: Planned, logs: Logs, rules: Rules) -> None:
    import numpy as np

    check = over_columns(out_of_order)
    if check(planned.groups, planned.starts) or check(logs.groups, logs.came):
        raise BadInputError("visits and logs must lie by group and by moment; put them in order first")
    many = len(rules.numbers) // RULE
    if len(planned.rule_of) and not 0 <= np.min(planned.rule_of) <= np.max(planned.rule_of) < many:
        raise BadInputError("a planned visit names a payment rule that is not there")
    if len(logs.named) and np.max(logs.named) >= len(planned.starts):
        raise BadInputError("a log names a planned visit that is not there")


def _after(numbers: Sequence[int], last: int, what: str) -> int:
    import numpy as np

    if np.min(numbers) <= last:
        raise BadInputError(f"{what} {int(np.min(numbers))} is in two parts, or parts are not in order")
    return int(np.max(numbers))


def _add(part: Part, settled: Settled, totals: Totals) -> None:
    """Add up a part by contract and week."""
    import numpy as np

    if not len(part.contracts):
        return
    contract, week = int(np.min(part.contracts)), int(np.min(part.planned.weeks))
    weeks = int(np.max(part.planned.weeks)) - week + 1
    found = _zeros((int(np.max(part.contracts)) - contract + 1) * weeks, 64)
    over_columns(pricing.add_up)(part.contracts, part.planned.weeks, settled.pence, contract, week, weeks, found)
    for place, pence in enumerate(found.tolist()):
        key = (contract + place // weeks, week + place % weeks)
        totals[key] = totals.get(key, 0) + pence


def _column(values: Sequence[int]) -> Any:
    import numpy as np

    return np.ascontiguousarray(values) if isinstance(values, np.ndarray) else np.array(values, dtype=np.int64)


def _zeros(count: int, bits: int) -> Any:
    import numpy as np

    return np.zeros(count, dtype=f"int{bits}")


def by_worker(workers: Sequence[int], came: Sequence[int]) -> Any:
    """The logs in the order of their worker, then of coming: counted where workers are numbered closely."""
    import numpy as np

    if not len(came):
        return np.zeros(0, dtype=np.int32)
    least, first = int(np.min(workers)), int(np.min(came))
    days = (int(np.max(came)) - first) // DAY + 1
    slots = (int(np.max(workers)) - least + 1) * days + 1
    if slots > max(MOST_SLOTS, 4 * len(came)):
        return np.lexsort((came, workers)).astype(np.int32)
    order = _zeros(len(came), 32)
    over_columns(put_by_worker)(workers, came, least, first, days, _zeros(slots, 32), order)
    return order
