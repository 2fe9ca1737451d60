"""The smaller parts of a page: tiles, tabs, tags, the story of a package, who is asked in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

TONES = ("grey", "green", "blue", "yellow", "orange", "red", "purple", "teal")
"""Colours of a tag. Never the only sign: a tag's words say it all."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A number that opens the rows behind it. `warn` is for one that somebody must act on."""

    number: str
    label: str
    url: str
    below: str = ""
    warn: bool = False


@dataclass(frozen=True, slots=True)
class Tab:
    """One of several lists, each an address of its own; `count` is how many rows it has."""

    label: str
    url: str
    active: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Happening:
    """One thing in a story: when, what in a sentence, by whom, why. `tone` is "done", "now" or "next"."""

    at: datetime | None
    text: str
    by: str = ""
    why: str = ""
    url: str = ""
    tone: str = "done"


@dataclass(frozen=True, slots=True)
class Asked:
    """
    One step of a purchasing model: who is asked, how, and what leads on to the next one.

    `onward` stands beside the arrow below, such as "when all declined or 2 hours have passed".
    """

    title: str
    how: Sequence[str] = ()
    onward: str = ""
    source: str = ""
    assumed: str = ""
    here: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of a summary: what it is, its value, and a way to change or to see it."""

    name: str
    value: str
    url: str = ""
    act: str = ""


def tone_of(tone: str) -> str:
    """The class of a tag's tone; ValueError for one that we do not have."""
    if tone not in TONES:
        raise ValueError(f"{tone!r} is no tone; there are {', '.join(TONES)}")
    return f"govuk-tag--{tone}"
