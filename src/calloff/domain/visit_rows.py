"""
Which row of a provider's files stands for a stretch of care: the same whatever the order in which files arrive.

A row is known by the provider's own name of it or, where it has none, by contract, person, local day, claimed start and
worker; equal ones are told apart by their number. Of the versions of a row the latest stands, by the row's own word and
never by its arrival (TRUST I8).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from calloff.domain.errors import BadInputError

Content = TypeVar("Content", bound=Hashable)
Key = tuple[str, ...]
Place = tuple[Hashable, ...]


class VersionConflictError(BadInputError):
    """A row and its version are known already, with other content: nobody can say which of the two is right."""


@dataclass(frozen=True)
class VisitRow(Generic[Content]):
    """
    One row of a file: what it is known by, when it was last changed, and what it says; None withdraws it.

    `place` is the contract's week in which it lies.
    """

    key: Key
    version: datetime
    content: Content | None
    place: Place = ()


@dataclass(frozen=True)
class Whole:
    """All that a contract's week holds as of a moment: the keys of its rows."""

    place: Place
    version: datetime
    keys: frozenset[Key]

    def lacks(self, key: Key, version: datetime) -> bool:
        """Whether a row of the place is withdrawn by it: it is not among the keys, and was not changed later."""
        return version <= self.version and key not in self.keys


def row_keys(names: Sequence[str], described: Sequence[Key], told: Sequence[Key]) -> list[Key]:
    """
    What each row of one file is known by: its own name, else its description with its number among equal ones.

    Equal ones are numbered in the order of what else they have `told`, so that the order of the file changes nothing. A
    name and a description can never be the same key.
    """
    numbers: dict[Key, int] = {}
    keys: list[Key] = [("row", name) for name in names]
    for place in sorted((place for place, name in enumerate(names) if not name), key=lambda place: told[place]):
        description = described[place]
        numbers[description] = numbers.get(description, 0) + 1
        keys[place] = ("at", *description, str(numbers[description]))
    return keys


def standing(rows: Iterable[VisitRow[Content]], wholes: Iterable[Whole] = ()) -> Mapping[Key, VisitRow[Content]]:
    """
    The row that stands for each key: the latest version, if the last whole of its place does not lack it.

    VersionConflictError for two contents of one version, or two wholes of one place and version.
    """
    found: dict[Key, VisitRow[Content]] = {}
    said: dict[tuple[Key, datetime], Content | None] = {}
    for row in rows:
        if said.setdefault((row.key, row.version), row.content) != row.content:
            raise VersionConflictError(
                f"row {' '.join(row.key[1:])} of {row.version.isoformat()} is here already and says something else; "
                "give what was changed a later version"
            )
        before = found.get(row.key)
        if before is None or before.version < row.version:
            found[row.key] = row
    last = latest_wholes(wholes)
    return {
        key: row
        for key, row in found.items()
        if (whole := last.get(row.place)) is None or not whole.lacks(key, row.version)
    }


def latest_wholes(wholes: Iterable[Whole]) -> Mapping[Place, Whole]:
    """The last whole of each place. VersionConflictError where two of one version hold different rows."""
    found: dict[Place, Whole] = {}
    for one in wholes:
        before = found.get(one.place)
        if before is not None and before.version == one.version and before.keys != one.keys:
            raise VersionConflictError(
                f"two files of {one.version.isoformat()} say that they hold all of one contract's week, with other "
                "rows; give the later file a later version"
            )
        if before is None or before.version < one.version:
            found[one.place] = one
    return found
