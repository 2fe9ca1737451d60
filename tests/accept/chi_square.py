"""How likely it is that an even draw gives counts as uneven as these, by the regularised gamma function."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log

SMALLEST = 1e-300


def p_of_even(counts: Sequence[int]) -> float:
    """The p-value of Pearson's test that every count was as likely as the others."""
    expected = sum(counts) / len(counts)
    statistic = sum((count - expected) ** 2 / expected for count in counts)
    return p_value(statistic, len(counts) - 1)


def p_value(statistic: float, degrees: int) -> float:
    """The chance that chi-square with so many degrees of freedom is at least the statistic."""
    shape, x = degrees / 2, statistic / 2
    if x <= 0:
        return 1.0
    scale = exp(shape * log(x) - x - lgamma(shape))
    # The series converges quickly below the mean, the continued fraction above it.
    return 1 - scale * _series(shape, x) if x < shape + 1 else scale * _fraction(shape, x)


def _series(shape: float, x: float) -> float:
    term = total = 1 / shape
    while abs(term) > abs(total) * 1e-15:
        shape += 1
        term *= x / shape
        total += term
    return total


def _fraction(shape: float, x: float) -> float:
    """Lentz's method for the continued fraction of the upper incomplete gamma function."""
    b = x + 1 - shape
    c, d = 1 / SMALLEST, 1 / b
    value = d
    for step in range(1, 10_000):
        a = -step * (step - shape)
        b += 2
        d = 1 / (a * d + b or SMALLEST)
        c = b + a / c or SMALLEST
        value *= d * c
        if abs(d * c - 1) < 1e-15:
            break
    return value
