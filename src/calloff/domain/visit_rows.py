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


class VersionConflictError(BadInputError):
    """A row and its version are known already, with other content: nobody can say which of the two is right."""


@dataclass(frozen=True)
class VisitRow(Generic[Content]):
    """One row of a file: what it is known by, when it was last changed, and what it says; None withdraws it."""

    key: Key
    version: datetime
    content: Content | None


def row_keys(names: Sequence[str], described: Sequence[Key]) -> list[Key]:
    """
    What each row of one file is known by: its own name, else its description with its number among equal ones.

    A name and a description can never be the same key.
    """
    numbers: dict[Key, int] = {}
    keys: list[Key] = []
    for name, description in zip(names, described, strict=True):
        if name:
            keys.append(("row", name))
            continue
        numbers[description] = numbers.get(description, 0) + 1
        keys.append(("at", *description, str(numbers[description])))
    return keys


def standing(rows: Iterable[VisitRow[Content]]) -> Mapping[Key, VisitRow[Content]]:
    """The row that stands for each key: the latest version. VersionConflictError for two contents of one version."""
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
    return found
