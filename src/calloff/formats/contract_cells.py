"""
The grammars of contracts.csv: price lines, spare minutes, suspensions and scores, several of each in one cell.

    15.20 care_type=personal_care workers=2 from=2024-04-01; 16.10 day_type=weekend
    */*=360@2025-03-30T09:00Z; North+South/morning+bed=1200@2025-03-30T09:00Z
    2025-01-06..2025-02-28; 2025-05-01.. step_in
    2025-04-01=82; 2025-10-01=85
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any, TypeVar

from calloff.domain.contracts import (
    ANY,
    BASES,
    DAY_TYPES,
    INCLUDES,
    UNITS,
    Pool,
    PriceLine,
    Suspension,
    overlapping,
)
from calloff.domain.packages import AREA_BANDS, BANDS, CARE_TYPES
from calloff.domain.units import MOST_MINUTES, rate_text
from calloff.formats.cells import Kind, check_allowed, number, read_day, read_moment, read_rate, write_moment

T = TypeVar("T")

_CHOICES: dict[str, tuple[str, ...]] = {
    "care_type": CARE_TYPES,
    "area_band": AREA_BANDS,
    "time_band": BANDS,
    "day_type": DAY_TYPES,
    "unit": UNITS,
    "basis": BASES,
}
_KEYS = (
    "care_type",
    "area_band",
    "time_band",
    "day_type",
    "workers",
    "unit",
    "basis",
    "includes",
    "from",
    "to",
)
MOST_SCORE = 10**9
_POOL = re.compile(r"(?P<areas>[^/=@]+)/(?P<bands>[^/=@]+)=(?P<minutes>[0-9]{1,9})(?:@(?P<declared>\S+))?")
_SUSPENSION = re.compile(r"(?P<first>\S{10})\.\.(?P<last>\S{10})?(?P<step_in>\s+step_in)?")


def _each(read: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    """Read the items of a cell, adding to what was expected which of them is wrong."""

    def read_all(text: str) -> tuple[T, ...]:
        values = []
        for item in text.split(";"):
            try:
                values.append(read(item.strip()))
            except ValueError as error:
                raise ValueError(f"{error}; not {item.strip()!r}") from error
        return tuple(values)

    return read_all


def _set_of(text: str, allowed: Sequence[str]) -> frozenset[str]:
    """Items joined by `+`, each once; `*` is all of them, which is the empty set."""
    if text.strip() == ANY:
        return frozenset()
    items = [item.strip() for item in text.split("+")]
    if "" in items or ANY in items or len(set(items)) < len(items):
        raise ValueError("items joined by +, each once, or * alone")
    return frozenset(check_allowed(item, allowed) for item in items)


def _set_text(items: Iterable[str], order: Sequence[str] = ()) -> str:
    """Items joined by `+`, in the order of their closed list where there is one."""
    return "+".join(sorted(items, key=lambda item: (order.index(item) if item in order else 0, item))) or ANY


def _price_line(item: str) -> PriceLine:
    rates = [word for word in item.split() if "=" not in word]
    parts = [word.split("=", 1) for word in item.split() if "=" in word]
    if len(rates) != 1:
        raise ValueError("one rate in pounds and any number of key=value, such as 15.20 workers=2")
    keys = [key for key, _ in parts]
    if len(set(keys)) < len(keys) or not set(keys) <= set(_KEYS):
        raise ValueError(f"each key once, of {', '.join(_KEYS)}")
    values = {key: _part(key, text) for key, text in parts}
    terms = {f"{end}_on": values.pop(end) for end in ("from", "to") if end in values}
    line = PriceLine(line_id="", centipence=read_rate(rates[0]), **values, **terms)
    if line.from_on and line.to_on and line.from_on > line.to_on:
        raise ValueError("a first day (from) that is not after the last (to)")
    return line


def _part(key: str, text: str) -> Any:
    if key in _CHOICES:
        return check_allowed(text, _CHOICES[key])
    if key == "workers":
        return int(check_allowed(text, ("1", "2")))
    if key == "includes":
        return _set_of(text, INCLUDES)
    return read_day(text)


def _price_line_text(line: PriceLine) -> str:
    default = PriceLine("", 0)
    words = [rate_text(line.centipence)]
    for key in _KEYS:
        name = {"from": "from_on", "to": "to_on"}.get(key, key)
        value = getattr(line, name)
        if value != getattr(default, name):
            words.append(f"{key}={_set_text(value, INCLUDES) if key == 'includes' else value}")
    return " ".join(words)


def _check_prices(lines: Sequence[PriceLine]) -> None:
    """Refuse lines that price one visit twice, and days between two alike lines that neither prices."""
    pair = overlapping(lines)
    if pair:
        both = " and ".join(repr(_price_line_text(line)) for line in pair)
        raise ValueError(f"lines that do not overlap; {both} price the same visit on the same day")
    alike: dict[PriceLine, list[PriceLine]] = {}
    for line in lines:
        kind = PriceLine("", 0, line.care_type, line.area_band, line.time_band, line.day_type, line.workers)
        alike.setdefault(kind, []).append(line)
    for dated in alike.values():
        # Alike lines that do not overlap have a first day, unless they are the first: so it sorts them.
        dated.sort(key=lambda line: line.from_on or date.min)
        for before, after in pairwise(dated):
            if before.to_on and after.from_on and after.from_on > before.to_on + timedelta(days=1):
                raise ValueError(f"no gap between alike lines; none prices {before.to_on} to {after.from_on}")


def read_price_lines(text: str) -> tuple[PriceLine, ...]:
    """Price lines, not yet numbered; ValueError with what was expected."""
    lines = _each(_price_line)(text)
    _check_prices(lines)
    return lines


def numbered(reference: str, lines: Sequence[PriceLine]) -> tuple[PriceLine, ...]:
    """The lines of one enrolment with their ids: its reference, `#`, and 1 for the first."""
    return tuple(replace(line, line_id=f"{reference}#{place}") for place, line in enumerate(lines, 1))


def unnumbered(lines: Sequence[PriceLine]) -> tuple[PriceLine, ...]:
    """The lines without their ids, as a cell holds them."""
    return tuple(replace(line, line_id="") for line in lines)


def _pool(item: str) -> Pool:
    match = _POOL.fullmatch(item)
    if not match:
        raise ValueError("areas/bands=minutes@moment, such as */morning+bed=360@2025-03-30T09:00Z")
    return Pool(
        minutes=int(number(0, MOST_MINUTES).read(match["minutes"])),
        declared_at=read_moment(match["declared"]) if match["declared"] else None,
        areas=_set_of(match["areas"], ()),
        bands=_set_of(match["bands"], BANDS),
    )


def _pool_text(pool: Pool) -> str:
    declared = f"@{write_moment(pool.declared_at)}" if pool.declared_at else ""
    return f"{_set_text(pool.areas)}/{_set_text(pool.bands, BANDS)}={pool.minutes}{declared}"


def _meet(one: frozenset[str], other: frozenset[str]) -> bool:
    return not one or not other or bool(one & other)


def read_pools(text: str) -> tuple[Pool, ...]:
    """Spare minutes; ValueError with what was expected, also when an area and band are offered twice."""
    pools = _each(_pool)(text)
    for place, one in enumerate(pools):
        for other in pools[place + 1 :]:
            if _meet(one.areas, other.areas) and _meet(one.bands, other.bands):
                shared = f"{_pool_text(one)!r} and {_pool_text(other)!r}"
                raise ValueError(f"each area and band offered once, not both by {shared}")
    return pools


def _suspension(item: str) -> Suspension:
    match = _SUSPENSION.fullmatch(item)
    if not match:
        raise ValueError("first..last day, or first.. until lifted, then step_in where it is one")
    first, last = read_day(match["first"]), read_day(match["last"]) if match["last"] else None
    if last and first > last:
        raise ValueError("a first day that is not after the last")
    return Suspension(first, last, step_in=bool(match["step_in"]))


def _suspension_text(suspension: Suspension) -> str:
    term = f"{suspension.from_on.isoformat()}..{suspension.to_on.isoformat() if suspension.to_on else ''}"
    return f"{term} step_in" if suspension.step_in else term


def read_scores(text: str) -> tuple[tuple[date, int], ...]:
    """Quality scores by the day from which each counts; ValueError when a day has two."""
    scores = _each(_score)(text)
    if len({day for day, _ in scores}) < len(scores):
        raise ValueError("each day once")
    return scores


def _score(item: str) -> tuple[date, int]:
    day, equals, points = item.partition("=")
    if not equals:
        raise ValueError("day=points, such as 2025-04-01=82")
    return read_day(day.strip()), int(number(0, MOST_SCORE).read(points.strip()))


def _score_text(score: tuple[date, int]) -> str:
    return f"{score[0].isoformat()}={score[1]}"


def _joined(write: Callable[[Any], str]) -> Callable[[Iterable[Any]], str]:
    return lambda values: "; ".join(map(write, values))


PRICE_LINES = Kind("price lines", read_price_lines, _joined(_price_line_text))
POOLS = Kind("spare minutes", read_pools, _joined(_pool_text))
SCORES = Kind("scores", read_scores, _joined(_score_text))
SUSPENSIONS = Kind("suspensions", _each(_suspension), _joined(_suspension_text))
