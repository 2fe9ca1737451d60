"""
The record that survives a legal challenge: codes and data, each fact stored once under its hash.

A fact is any value of the domain written as canonical JSON (sorted keys, no spaces, moments in UTC); its hash is
the SHA-256 of those bytes. `plain` writes a value, `revive` reads it back.
"""

from __future__ import annotations

import hashlib
import json
import types
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from functools import cache
from itertools import compress, count
from operator import attrgetter, ne
from typing import Any, Self, Union, cast, get_args, get_origin, get_type_hints

from calloff.domain.calendar import moment_text, parse_moment
from calloff.domain.errors import BadInputError, ReplayError

RECORD_FORMAT = 1

# Nothing that is written contains itself, so that nobody need look for that.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, check_circular=False)


def canonical(value: Any) -> bytes:
    """A plain value as the one sequence of bytes that is hashed and stored."""
    return _ENCODER.encode(value).encode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def plain(value: Any) -> Any:
    """A value of the domain as JSON knows it; what stands at its default is left out."""
    kind = type(value)
    if kind is str or kind is int or value is None or isinstance(value, bool | int | str):
        return value
    if kind is tuple or kind is list:
        return [plain(one) for one in value]
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(plain(one) for one in value)
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if is_dataclass(value):
        names, defaults, values_of = _fields(cast(Hashable, kind))
        return {
            name: plain(own)
            for name, default, own in zip(names, defaults, values_of(value), strict=True)
            if own is not default and own != default
        }
    raise TypeError(f"{type(value).__name__} has no place in a record")


@cache
def _fields(kind: Any) -> tuple[tuple[str, ...], tuple[Any, ...], Callable[[Any], tuple[Any, ...]]]:
    """The fields of a kind of value, what each is when nothing is said, and what reads them all of a value."""
    told = [one for one in fields(kind) if one.init]
    names = tuple(one.name for one in told)
    read = attrgetter(*names)
    return names, tuple(one.default for one in told), read if len(names) > 1 else lambda value: (read(value),)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def revive(kind: Any, stored: Any) -> Any:
    """The value that `plain` wrote; ReplayError when it does not fit the type."""
    try:
        return _revive(kind, stored)
    except (BadInputError, TypeError, KeyError, ValueError, AttributeError) as error:
        raise ReplayError(f"a stored fact does not read as {getattr(kind, '__name__', kind)}: {error}") from error


def _revive(kind: Any, stored: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return None if stored is None else _revive(next(one for one in get_args(kind) if one is not type(None)), stored)
    if origin in (tuple, frozenset):
        inner = get_args(kind)
        if origin is tuple and Ellipsis not in inner:
            return tuple(_revive(one, item) for one, item in zip(inner, stored, strict=True))
        return origin(_revive(inner[0], item) for item in stored)
    if kind is datetime:
        return parse_moment(stored)
    if kind is date:
        return date.fromisoformat(stored)
    if is_dataclass(kind):
        hints = _hints(kind)  # type: ignore[arg-type]  # is_dataclass also lets instances through
        return kind(**{name: _revive(hints[name], item) for name, item in stored.items()})  # type: ignore[operator]
    return kind(stored)


@dataclass
class Ledger:
    """
    Facts by their hash, each stored once, in the order in which they were first named.

    A value seen before is known by its identity, so that a standing fact is not hashed again.
    """

    hashes: set[str] = field(default_factory=set)
    _seen: dict[int, tuple[Any, str]] = field(default_factory=dict)
    _new: list[tuple[str, bytes]] = field(default_factory=list)
    _columns: dict[str, WrittenColumns] = field(default_factory=dict)

    def add(self, kind: str, value: Any, body: Any = None) -> str:
        """Store a value under its hash and return it; `body` when its plain form is made elsewhere."""
        known = self._seen.get(id(value))
        if known is not None and known[0] is value:
            return known[1]
        digest = self.add_plain(kind, plain(value) if body is None else body)
        self._seen[id(value)] = (value, digest)
        return digest

    def remember(self, value: Any, digest: str) -> None:
        """Take a value as stored elsewhere under its hash: it is named, and not written again."""
        self._seen[id(value)] = (value, digest)

    def knows(self, value: Any) -> bool:
        """Whether this very value is stored already."""
        known = self._seen.get(id(value))
        return known is not None and known[0] is value

    def add_plain(self, kind: str, body: Any) -> str:
        """Store a plain body under its hash and return it."""
        content = canonical({"kind": kind, "body": body})
        digest = sha256(content)
        if digest not in self.hashes:
            self.hashes.add(digest)
            self._new.append((digest, content))
        return digest

    def take_new(self) -> list[tuple[str, bytes]]:
        """The facts stored since this was last asked, in order."""
        new, self._new = self._new, []
        return new

    def add_columns(self, kind: str, columns: Mapping[str, list[int]]) -> str:
        """
        Store columns of numbers: the first time whole, then only what changed since, naming the fact before.

        The hash is always that of the whole, so that it says what the columns are and not how they came about.
        """
        written = self._columns.get(kind)
        if written is None:
            written = self._columns[kind] = WrittenColumns.of(kind, columns)
            body: dict[str, Any] = {"whole": dict(columns)}
        else:
            changes = changed(written.numbers, columns)
            if not changes:
                return written.hash
            body = {"since": written.hash, "changes": changes}
            written.apply(changes)
        # Columns that come back to an earlier state are written again, as changes to the state just before.
        self.hashes.add(written.hash)
        self._new.append((written.hash, canonical({"kind": kind, "body": body})))
        return written.hash


@dataclass
class WrittenColumns:
    """Columns as last written, with the text of every number: to hash the whole, none of them is written anew."""

    kind: str
    numbers: dict[str, list[int]]
    texts: dict[str, list[str]]
    joined: dict[str, str]
    hash: str = ""

    @classmethod
    def of(cls, kind: str, columns: Mapping[str, list[int]]) -> Self:
        numbers = {name: list(columns[name]) for name in sorted(columns)}
        texts = {name: [str(number) for number in column] for name, column in numbers.items()}
        written = cls(kind, numbers, texts, {})
        written._join(columns)
        return written

    def apply(self, changes: Mapping[str, list[list[int]]]) -> None:
        for name, places in changes.items():
            numbers, texts = self.numbers[name], self.texts[name]
            for place, number in places:
                numbers[place], texts[place] = number, str(number)
        self._join(changes)

    def _join(self, names: Iterable[str]) -> None:
        """The text of these columns anew, and the hash of all: as `columns_hash`, by another way."""
        for name in names:
            self.joined[name] = f"{canonical(name).decode()}:[{','.join(self.texts[name])}]"
        whole = ",".join(self.joined[name] for name in self.numbers)
        self.hash = sha256(f'{{"body":{{"whole":{{{whole}}}}},"kind":{canonical(self.kind).decode()}}}'.encode())


def columns_hash(kind: str, columns: Mapping[str, list[int]]) -> str:
    """The hash of columns as a fact written whole."""
    return sha256(canonical({"kind": kind, "body": {"whole": dict(columns)}}))


def changed(before: Mapping[str, list[int]], after: Mapping[str, list[int]]) -> dict[str, list[list[int]]]:
    """By column, the places whose number changed, with the new one."""
    changes = {
        name: [[place, column[place]] for place in compress(count(), map(ne, before[name], column))]
        for name, column in after.items()
        if before[name] != column
    }
    return changes


def apply_changes(columns: Mapping[str, list[int]], changes: Mapping[str, list[list[int]]]) -> dict[str, list[int]]:
    """The columns after the changes that `changed` found."""
    after = {name: list(column) for name, column in columns.items()}
    for name, places in changes.items():
        for place, number in places:
            after[name][place] = number
    return after


@dataclass(frozen=True)
class DecisionRecord:
    """One decision as canonical JSON, with its SHA-256."""

    content: bytes
    hash: str

    @staticmethod
    def of(body: Mapping[str, Any]) -> DecisionRecord:
        content = canonical(body)
        return DecisionRecord(content, sha256(content))
