"""What settlement runs on for millions of visits: the same loop as machine code, over columns of numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from calloff.compiled import compiled, compiler, numbers
from calloff.settlement.columns import Logs, Planned, Rules, Settled
from calloff.settlement.engine import settle


def settle_large(planned: Planned, logs: Logs, rules: Rules, as_of: int) -> Settled:
    """As `settle`, compiled; columns are numpy's int64, others are copied into them. CompilerMissingError without."""
    compiler()
    return settle(
        Planned(**{name: _column(column) for name, column in vars(planned).items()}),
        Logs(**{name: _column(column) for name, column in vars(logs).items()}),
        Rules(_column(rules.numbers), _column(rules.steps or [0])),
        as_of,
        stage=compiled,
        zeros=_zeros,
        order=_by_worker,
    )


def _column(values: Sequence[int]) -> Any:
    import numpy as np

    return np.ascontiguousarray(values, dtype=np.int64) if isinstance(values, np.ndarray) else numbers(values)


def _zeros(count: int) -> Any:
    import numpy as np

    return np.zeros(count, dtype=np.int64)


def _by_worker(workers: Sequence[int], came: Sequence[int]) -> Any:
    import numpy as np

    return np.lexsort((came, workers)).astype(np.int64)
