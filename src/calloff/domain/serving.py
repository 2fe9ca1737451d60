"""Who is served next when several packages wait, on whole numbers alone, so that it can also run compiled."""

from __future__ import annotations

from collections.abc import Sequence

SERVING_KEYS = 4
"""Priority, required start, waiting since and reference, each as a number: the smallest is served first."""


def first_waiting(orders: Sequence[int], packages: int, waiting: Sequence[int], count: int) -> int:
    """
    The place in `waiting` of the package that is served next, or -1 when nobody waits; the earliest of equals.

    `orders[key * packages + package]` are the keys, the weightiest first; `waiting` holds `count` of the packages.
    """
    best = -1
    for place in range(count):
        if best < 0:
            best = place
            continue
        for key in range(SERVING_KEYS):
            difference = orders[key * packages + waiting[place]] - orders[key * packages + waiting[best]]
            if difference != 0:
                if difference < 0:
                    best = place
                break
    return best
