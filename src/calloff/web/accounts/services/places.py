"""Where a role is held, by name. Councils and branches stand in a room above this one, which says how to find them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Place:
    """A council or a branch of a provider: its number for RoleHeld, its code as people write it, its name."""

    number: int
    code: str
    name: str


@dataclass(frozen=True)
class Named:
    """The names of some councils and branches, by number."""

    councils: Mapping[int, str] = field(default_factory=dict)
    branches: Mapping[int, str] = field(default_factory=dict)


class Directory(Protocol):
    """What the room of councils and providers says when it is asked."""

    def councils(self) -> Sequence[Place]:
        """Every council, by name."""

    def branch(self, code: str) -> Place | None:
        """The branch of a reference in the register."""

    def named(self, councils: Iterable[int], branches: Iterable[int]) -> Named:
        """The names of some of them."""


_known: list[Directory] = []


def known_by(directory: Directory) -> None:
    """Say who knows councils and branches."""
    _known[:] = [directory]


def directory() -> Directory:
    """Who knows councils and branches. Raises RuntimeError before anybody said so."""
    if not _known:
        raise RuntimeError("no room has said that it knows councils and branches")
    return _known[0]
