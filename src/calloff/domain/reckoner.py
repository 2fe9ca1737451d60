"""By what a rule is worked out: the functions of `allocation` as plain Python, or the same ones compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableSequence, Sequence
from dataclasses import dataclass

from calloff.domain import allocation


@dataclass(frozen=True)
class Reckoner:
    """
    The rule's functions, and what makes the flat sequences that they work on.

    A sequence reads and writes plain whole numbers by place, can be copied by `[:]`, and takes a slice of its own kind.
    `fixed` makes one that only the rule's functions read, and nobody writes.
    """

    numbers: Callable[[Iterable[int]], MutableSequence[int]] = list
    fixed: Callable[[Iterable[int]], Sequence[int]] = tuple
    decide: Callable[..., int] = allocation.decide
    advance: Callable[..., int] = allocation.advance
    put_in_order: Callable[..., int] = allocation.put_in_order
    score: Callable[..., None] = allocation.score
    cheapest_pair: Callable[..., int] = allocation.cheapest_pair


PLAIN = Reckoner()
