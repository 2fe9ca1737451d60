"""Where each bar, part and figure of the chart stands; the template draws it as SVG, the table beside it says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from calloff.ways.figures import SHARES, Figures, percent_text, whole_hours

WIDTH, BAR_HEIGHT, ROW_HEIGHT, TOP = 760, 36, 82, 4
"""Units of the drawing: a row is its label, then its bar."""
LEAST_FOR_TEXT = 46
"""A part narrower than this has no room for its per cent; the table has it."""
GAP = 2


@dataclass(frozen=True)
class Part:
    """One coloured part of a bar; `text` is blank where it would not fit."""

    share: str
    x: int
    width: int
    text: str


@dataclass(frozen=True)
class Bar:
    """One way of buying: all hours wanted, by what became of them."""

    name: str
    about: str
    reading: str
    y: int
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Chart:
    """The chart and its description in one sentence for each way of buying."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    shares: tuple[tuple[str, str], ...]
    description: str


def chart_of(ways: Sequence[Figures]) -> Chart:
    """A bar for each way of buying, all of the length of the hours wanted."""
    bars = tuple(_bar(figures, TOP + place * ROW_HEIGHT) for place, figures in enumerate(ways))
    present = tuple((share, words) for share, words in SHARES.items() if any(one.shares[share] for one in ways))
    description = " ".join(f"{bar.name}: {bar.reading}" for bar in bars)
    return Chart(WIDTH, TOP + len(bars) * ROW_HEIGHT, bars, present, description)


def _bar(figures: Figures, y: int) -> Bar:
    parts, before = [], 0
    for share, minutes in figures.shares.items():
        # Both ends are rounded alike, so that parts meet and the last one ends where the bar does.
        start, end = (WIDTH * reached // max(1, figures.wanted) for reached in (before, before + minutes))
        before += minutes
        width = end - start - GAP
        if width > 0:
            text = percent_text(minutes, figures.wanted) if width >= LEAST_FOR_TEXT else ""
            parts.append(Part(share, start, width, text))
    called, wanted = whole_hours(figures.minutes), whole_hours(figures.wanted)
    reading = f"{called} of {wanted} hours a week called off, {whole_hours(figures.unmet)} unmet."
    return Bar(figures.short, figures.pattern, reading, y, tuple(parts))
