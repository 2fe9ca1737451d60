"""
Numbers drawn from a seed and a key, and from nothing else.

What is drawn for one provider does not depend on who else is drawn, nor in which order: so the order of a file's
rows never changes a run, and a provider that joins leaves the others as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from calloff.domain.records import canonical, sha256

_SPAN = 1 << 64


@dataclass(frozen=True)
class Draws:
    """The draws of one seed. A key is a purpose and whatever the draw is for, such as a provider's reference."""

    seed: int

    def number(self, purpose: str, *key: str) -> int:
        """A whole number below 2^64: the first 64 bits of the SHA-256 of seed, purpose and key."""
        return int(sha256(canonical([self.seed, purpose, *key]))[:16], 16)

    def between(self, least: int, most: int, purpose: str, *key: str) -> int:
        """A whole number from `least` to `most`, both included, each as likely."""
        return least + self.number(purpose, *key) * (most - least + 1) // _SPAN

    def chance(self, percent: int, purpose: str, *key: str) -> bool:
        """Yes in so many of a hundred cases."""
        return self.between(1, 100, purpose, *key) <= percent

    def order(self, items: Iterable[str], purpose: str, *key: str) -> list[str]:
        """Different items in a drawn order, whatever order they came in."""
        return sorted(items, key=lambda item: (self.number(purpose, *key, item), item))


def apportion(total: int, weights: Sequence[int], room: Sequence[int] | None = None) -> list[int]:
    """
    Divide a whole number in proportion to weights, by largest remainder; the earlier has it in a tie.

    No share passes its `room`: what does not fit goes to the others, and is missing from the sum only when all are
    full. Weights that are all 0 count alike.
    """
    shares = [0] * len(weights)
    limits = [total] * len(weights) if room is None else list(room)
    while True:
        left = total - sum(shares)
        places = [place for place, most in enumerate(limits) if shares[place] < most]
        if left <= 0 or not places:
            return shares
        if any(weights[place] for place in places):
            places = [place for place in places if weights[place]]
        for place, part in zip(places, _largest_remainder(left, [weights[place] for place in places]), strict=True):
            shares[place] += min(part, limits[place] - shares[place])


def _largest_remainder(total: int, weights: Sequence[int]) -> list[int]:
    counted = list(weights) if any(weights) else [1] * len(weights)
    whole = sum(counted)
    parts = [total * weight // whole for weight in counted]
    by_remainder = sorted(range(len(counted)), key=lambda place: (-(total * counted[place] % whole), place))
    for place in by_remainder[: total - sum(parts)]:
        parts[place] += 1
    return parts
