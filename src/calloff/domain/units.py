"""
Money, time and their bounds, as whole numbers.

Amounts are pence, rates centipence (1/10,000 of a pound) per stated unit, time worked minutes. Only
documents, files and screens write pounds; `centipence_of` and `pence_of` turn their text into whole numbers
exactly or refuse.
"""

from __future__ import annotations

import re

MOST_CENTIPENCE = 10_000_000
"""A rate is at most 1,000 pounds an hour, so that sums stay inside 64 bits."""
MOST_PENCE = 1_000_000_000
MOST_MINUTES = 100_000
MOST_COST = 1_000_000_000_000
"""A package's weekly cost, in centipence times minutes of the hour."""

_POUNDS = re.compile(r"(\d{1,9})(?:\.(\d{1,8}))?")


def _exact(text: str, places: int) -> int:
    match = _POUNDS.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not an amount in pounds, such as 15.95")
    decimals = (match[2] or "").rstrip("0")
    if len(decimals) > places:
        raise ValueError(f"{text!r} has more than {places} decimals and cannot be held exactly")
    return int(match[1]) * int(10**places) + int(decimals.ljust(places, "0") or "0")


def centipence_of(text: str) -> int:
    """A rate in pounds, as text, in centipence; ValueError when it cannot be held exactly or is too large."""
    centipence = _exact(text, 4)
    if centipence > MOST_CENTIPENCE:
        raise ValueError(f"{text!r} is above the greatest rate of 1000.00 pounds")
    return centipence


def pence_of(text: str) -> int:
    """An amount in pounds, as text, in pence; ValueError when it cannot be held exactly or is too large."""
    pence = _exact(text, 2)
    if pence > MOST_PENCE:
        raise ValueError(f"{text!r} is above the greatest amount of 10000000.00 pounds")
    return pence


def half_up(numerator: int, denominator: int) -> int:
    """
    The one rounding of the house: a quotient to the nearest whole number, halves up.

    A negative is minus the rounding of its positive (settled reading 13).
    """
    if numerator < 0:
        return -half_up(-numerator, denominator)
    return (2 * numerator + denominator) // (2 * denominator)


def pence_per_week(cost: int) -> int:
    """A weekly cost (centipence per hour times minutes) in pence: 60 minutes, 100 centipence a penny."""
    return half_up(cost, 6000)


def pounds(pence: int) -> str:
    """Pence as a person reads them: 16380 is £163.80."""
    sign = "-" if pence < 0 else ""
    return f"{sign}£{abs(pence) // 100:,}.{abs(pence) % 100:02d}"


def rate_text(centipence: int) -> str:
    """A rate as documents and files write it: 159500 is 15.95, 159525 is 15.9525."""
    whole, rest = divmod(centipence, 10_000)
    decimals = f"{rest:04d}".rstrip("0").ljust(2, "0")
    return f"{whole}.{decimals}"


def hours_text(minutes: int) -> str:
    """Minutes as hours, at most two decimals: 630 is 10.5."""
    hundredths = half_up(minutes * 100, 60)
    return f"{hundredths / 100:.2f}".rstrip("0").rstrip(".")
