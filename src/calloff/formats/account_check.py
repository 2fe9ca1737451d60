"""
Whether a sort code and an account number can belong together, by the banks' own modulus check (STANDARDS 2.7).

Two checkers that were written apart are asked, over the same tables of VocaLink, which one of them ships. They are of
2017: sort codes that came later are unknown to them, and then nobody can check. That a pair passes proves no account;
it shows a slip of the pen.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from functools import lru_cache
from importlib import resources
from typing import Any

TABLES_OF = date(2017, 11, 29)
"""The day on which the tables were published with the checker that ships them."""


class Verdict(StrEnum):
    """What both checkers say together; the last two mean that nobody could check."""

    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    DISAGREE = "disagree"

    @property
    def is_sure(self) -> bool:
        """Whether somebody could check at all."""
        return self in (Verdict.RIGHT, Verdict.WRONG)


def verdict(sort_code: str, account: str) -> Verdict:
    """What both checkers say of a sort code of six digits and an account number of eight."""
    first, second = _checkers()
    found = second(int(sort_code), int(account))
    return agreed(first(sort_code, account), found.result, known=found.known_sort_code)


def agreed(first: bool, second: bool, *, known: bool) -> Verdict:
    """What two answers come to: an unknown sort code passes each checker in silence, and is nobody's yes."""
    if not known:
        return Verdict.UNKNOWN
    if first is not second:
        return Verdict.DISAGREE
    return Verdict.RIGHT if first else Verdict.WRONG


@lru_cache(maxsize=1)
def _checkers() -> tuple[Callable[[str, str], bool], Callable[[int, int], Any]]:
    # Loaded when they are first asked: the tables take a moment, and few people ever pay direct.
    import ukmodulus
    from uk_modulus_check import SortCodeSubstitutionTable, UKModulusChecker, WeightTable

    weights, substitutes = WeightTable(), SortCodeSubstitutionTable()
    weights.reload(_lines("valacdos.txt"))
    substitutes.reload(_lines("scsubtab.txt"))
    return ukmodulus.validate_number, UKModulusChecker(weights, substitutes).validate


def _lines(name: str) -> list[str]:
    text = resources.files("ukmodulus").joinpath(name).read_text(encoding="ascii")
    return [line for line in text.splitlines() if line.strip()]
