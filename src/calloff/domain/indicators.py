"""
Sums behind the indicators (DOMAIN 7): a share with both its numbers, and how long a wait is when some still wait.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

HALF, NINE_TENTHS = Fraction(1, 2), Fraction(9, 10)
SECONDS_A_DAY = 86_400


@dataclass(frozen=True)
class Share:
    """A part of a whole, both kept; of nothing there is no share."""

    part: int
    whole: int

    @property
    def of_one(self) -> Fraction | None:
        """The share from 0 to 1; None where there is nothing to share."""
        return Fraction(self.part, self.whole) if self.whole else None


@dataclass(frozen=True)
class Wait:
    """How long one case waited, in whole units; `over` is False while it still waits, or when it ended otherwise."""

    length: int
    over: bool


def waited(waits: Sequence[Wait], share: Fraction) -> int | None:
    """
    The shortest length within which at least `share` of the cases are over.

    Those that still wait count for as long as they have waited (the estimate of Kaplan and Meier), so that the
    slowest are not left out because nobody knows yet how slow they are. None where too many still wait to tell, or
    where there is no case. Without open cases it is the smallest value that the share of cases does not pass.
    """
    ends = Counter(one.length for one in waits if one.over)
    leaves = Counter(one.length for one in waits)
    at_risk, surviving = len(waits), Fraction(1)
    for length in sorted(leaves):
        if ends[length]:
            surviving *= Fraction(at_risk - ends[length], at_risk)
            if 1 - surviving >= share:
                return length
        at_risk -= leaves[length]
    return None


@dataclass(frozen=True)
class Continuity:
    """
    How few workers a person's visits are made by (K11): `visits` are attendances, two workers of a visit two of them.

    `top_three` is the share of the three who came most often; `index` is that of Bice and Boxerman, 1 where one worker
    makes all visits, None where there are fewer than two.
    """

    workers: int
    visits: int
    top_three: Share
    index: Fraction | None


def continuity(comings: Sequence[int]) -> Continuity:
    """The continuity of one person's care, from how often each worker came."""
    counts = sorted((one for one in comings if one > 0), reverse=True)
    visits = sum(counts)
    pairs = visits * (visits - 1)
    index = Fraction(sum(one * one for one in counts) - visits, pairs) if pairs else None
    return Continuity(len(counts), visits, Share(sum(counts[:3]), visits), index)


def ranked(values: Sequence[int], share: Fraction) -> int | None:
    """The smallest value that at least a share of the cases does not pass; None of no case."""
    every = sorted(values)
    if not every:
        return None
    return every[max(0, -(-share.numerator * len(every) // share.denominator) - 1)]


def spread_seconds(count: int, cosines: float, sines: float) -> int:
    """
    How far the moments of a call lie apart (K13), in whole seconds: the circular standard deviation of their clock.

    Of `count` moments the cosines and sines of their angles on a clock of one day are summed; so five to midnight and
    five past it lie ten minutes apart (settled reading 14: sqrt(-2 ln R)). At most a day, where they lie all around.
    ValueError of no moment.
    """
    if count < 1:
        raise ValueError("no moment has no spread")
    length = min(1.0, math.hypot(cosines, sines) / count)
    if length < 1e-12:
        return SECONDS_A_DAY
    radians = math.sqrt(max(0.0, -2 * math.log(length)))
    return min(SECONDS_A_DAY, round(radians * SECONDS_A_DAY / math.tau))
