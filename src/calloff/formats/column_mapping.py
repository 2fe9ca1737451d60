"""
How the columns of a rostering system's own table are called: a mapping that a person made and can look at.

A mapping says under which heading each of our columns stands, what is the same for every row, and what the table's own
words mean. `likely_mapping` only puts forward what a person then confirms.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from calloff.domain.errors import BadInputError
from calloff.formats.cells import check_allowed
from calloff.formats.delivered_visits import MET, METHODS

NEEDED = ("contract", "person", "worker", "came")
FIELDS = {
    "row": "The row's own name, the same whenever it is sent",
    "version": "When the row was last changed",
    "contract": "The contract",
    "person": "The person or the package",
    "worker": "The care worker, without a name",
    "came_on": "The day, where it stands apart from the time",
    "came": "When the worker came",
    "left": "When the worker left",
    "minutes": "How long the worker stayed, where there is no leaving",
    "claimed": "The planned start, where rows have no name of their own",
    "visit": "The planned visit",
    "met": "What the worker met",
    "came_by": "How the coming was logged",
    "left_by": "How the leaving was logged",
    "code": "The exception code",
}
"""What may be mapped, in the order in which it is asked."""
WORDS = {"met": MET, "came_by": METHODS, "left_by": METHODS}
CONSTANTS = ("contract",)
"""What may be the same for a whole file that has no column for it."""
LIKELY = {
    "row": ("visit id", "visit ref", "visit reference", "id", "row"),
    "version": ("last changed", "modified", "updated", "last updated", "version"),
    "contract": ("contract", "contract number", "contract ref", "enrolment"),
    "person": ("person", "client", "client ref", "client id", "service user", "service user ref", "package", "ssref"),
    "worker": ("worker", "carer", "carer id", "carer ref", "care worker", "staff id", "employee", "employee id"),
    "came_on": ("date", "visit date", "day"),
    "came": ("came", "in", "actual start", "actual start time", "time in", "check in", "clock in", "arrived"),
    "left": ("left", "out", "actual end", "actual finish", "actual end time", "time out", "check out", "clock out"),
    "minutes": ("minutes", "duration", "actual duration", "length"),
    "claimed": ("planned start", "planned start time", "start time claimed", "scheduled start"),
    "visit": ("planned visit", "visit reference planned"),
    "met": ("outcome", "met", "visit outcome"),
    "came_by": ("login method", "in method", "came by"),
    "left_by": ("logout method", "out method", "left by"),
    "code": ("exception code", "reason code", "code"),
}
"""Headings by which such columns are often called (assumed): what is put forward, never what is taken."""


class MappingError(BadInputError):
    """A mapping that cannot be used for a file; the text says why."""


@dataclass(frozen=True)
class ColumnMapping:
    """
    How a table is read: `columns` gives the heading of each of our fields, `always` what is the same for every row.

    `words` says by field what the table's own words mean.
    """

    columns: Mapping[str, str]
    always: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = {*self.columns, *self.always}
        unknown = (
            sorted(given - set(FIELDS))
            + sorted(set(self.always) - set(CONSTANTS))
            + sorted(set(self.words) - set(WORDS))
        )
        if unknown:
            raise MappingError(f"the mapping names {', '.join(unknown)}, which nothing here is called")
        lacking = [name for name in NEEDED if name not in given]
        if lacking:
            raise MappingError(f"say which column holds: {', '.join(FIELDS[name].lower() for name in lacking)}")
        headings = list(self.columns.values())
        twice = sorted({one for one in headings if headings.count(one) > 1 and one})
        if twice:
            raise MappingError(f"one column cannot be two things: {', '.join(twice)}")
        for name, words in self.words.items():
            for meaning in words.values():
                check_allowed(meaning, WORDS[name])

    def text(self) -> str:
        """The mapping as JSON, to be kept."""
        told = {"columns": dict(self.columns), "always": dict(self.always)}
        return json.dumps(told | {"words": {name: dict(words) for name, words in self.words.items()}}, sort_keys=True)

    @classmethod
    def of_text(cls, text: str) -> ColumnMapping:
        """A mapping that was kept."""
        return cls(**json.loads(text))

    def fits(self, heading: Sequence[str]) -> bool:
        """Whether a table has every column that the mapping names."""
        return {called(name) for name in self.columns.values()} <= {called(name) for name in heading}


def called(name: str) -> str:
    """A heading without what changes in it over the years: capitals, and underscores at its end."""
    return name.strip().lower().rstrip("_")


def likely_mapping(heading: Sequence[str]) -> dict[str, str]:
    """Which column may hold which field, by how such columns are often called; each column for one field at most."""
    free = {_plain(name): name for name in heading if name.strip()}
    found: dict[str, str] = {}
    for name, often in LIKELY.items():
        usual = next((one for one in (name.replace("_", " "), *often) if one in free), None)
        if usual is not None:
            found[name] = free.pop(usual)
    return found


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip()
