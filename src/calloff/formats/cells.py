"""
What may stand in one cell of a CSV file: how its text is read, how a value is written, what to expect.

Every kind refuses rather than guesses: a `ValueError` says what was expected, in words that fit after
"expected". A value written by a kind is read back by it as the same value, or `tables` refuses to write it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from calloff.domain.units import MOST_CENTIPENCE, centipence_of, rate_text

NATIONS = ("england", "northern_ireland", "scotland", "wales")

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_POSTCODE = re.compile(r"([A-Z]{1,2}[0-9][0-9A-Z]?)\s*([0-9][A-Z]{2})")


@dataclass(frozen=True)
class Kind:
    """
    One kind of cell.

    `name` is what the reference page prints; `read` turns stripped, non-blank text into a value or raises
    ValueError with what was expected; `write` is its opposite.
    """

    name: str
    read: Callable[[str], Any]
    write: Callable[[Any], str]


def check_allowed(item: str, allowed: Sequence[str]) -> str:
    """The item itself when the closed list is empty or holds it; ValueError naming the list otherwise."""
    if allowed and item not in allowed:
        raise ValueError(f"one of {', '.join(allowed)}")
    return item


def read_text(text: str) -> str:
    """Text on one line or several; control characters are a sign of a damaged file."""
    if any(unicodedata.category(char) == "Cc" and char not in "\n\r\t" for char in text):
        raise ValueError("text without control characters")
    return text


def read_day(text: str) -> date:
    """A calendar day written YYYY-MM-DD."""
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError("a day such as 2025-03-31")


def read_moment(text: str) -> datetime:
    """A moment in ISO 8601 with its offset, in UTC."""
    try:
        if _MOMENT.fullmatch(text):
            return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError("a moment with its offset, such as 2025-03-30T09:00Z or 2025-03-30T10:00+01:00")


def write_moment(moment: datetime) -> str:
    """A moment in UTC, without seconds when there are none; ValueError when it carries no offset."""
    if moment.tzinfo is None:
        raise ValueError("a moment with its offset")
    utc = moment.astimezone(UTC)
    whole = utc.second == 0 and utc.microsecond == 0
    return utc.replace(tzinfo=None).isoformat(timespec="minutes" if whole else "auto") + "Z"


def read_yes_no(text: str) -> bool:
    """The words yes and no, and no others: 1, true and y are refused."""
    if text not in ("yes", "no"):
        raise ValueError("yes or no")
    return text == "yes"


def read_rate(text: str) -> int:
    """A rate in pounds, such as 15.95, in centipence; held exactly or refused."""
    try:
        return centipence_of(text)
    except ValueError as error:
        raise ValueError(
            f"pounds with at most four decimals, such as 15.95, at most {rate_text(MOST_CENTIPENCE)}"
        ) from error


DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that a spreadsheet may run."""


def would_run(text: str) -> bool:
    """Whether a spreadsheet may take a text for a formula; it passes over blanks and what cannot be printed."""
    return re.sub("^[ \n\x00-\x08\x0b\x0c\x0e-\x1f\ufeff]+", "", text).startswith(DANGEROUS)


def write_shown(text: str) -> str:
    """A text with an apostrophe before it where a spreadsheet would run it."""
    return f"'{text}" if would_run(text) else text


def read_shown(text: str) -> str:
    """The reverse: an apostrophe before what a spreadsheet would run is none of the text."""
    return read_text(text[1:] if text.startswith("'") and would_run(text[1:]) else text)


def read_list(text: str) -> tuple[str, ...]:
    """Items separated by semicolons; an empty item or one that stands twice is refused."""
    items = tuple(read_text(item.strip()) for item in text.split(";"))
    if not all(items):
        raise ValueError("items separated by '; ', none of them empty")
    if len(set(items)) < len(items):
        raise ValueError("each item once")
    return items


def write_list(items: Iterable[str]) -> str:
    """Items in alphabetical order, so that equal sets are written alike."""
    return "; ".join(sorted(items))


def read_postcode(text: str) -> str:
    """A postcode in capitals with one space before its last three characters."""
    match = _POSTCODE.fullmatch(text.upper())
    if not match:
        raise ValueError("a postcode such as ZZ9 9ZZ")
    return f"{match[1]} {match[2]}"


def number(least: int, most: int) -> Kind:
    """A whole number between two bounds, both allowed."""

    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,15}", text) or not least <= int(text) <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return int(text)

    return Kind("whole number", read, str)


TEXT = Kind("text", read_text, str)
SHOWN = Kind("text", read_shown, write_shown)
"""Text of files that people open in a spreadsheet."""
CHOICE = Kind("one of a list", read_text, str)
LIST = Kind("list, separated by `; `", lambda text: frozenset(read_list(text)), write_list)
DAY = Kind("day, YYYY-MM-DD", read_day, lambda day: str(day.isoformat()))
MOMENT = Kind("moment, ISO 8601 with offset", read_moment, write_moment)
YES_NO = Kind("yes or no", read_yes_no, lambda value: "yes" if value else "no")
RATE = Kind("pounds", read_rate, rate_text)
POSTCODE = Kind("postcode", read_postcode, str)
