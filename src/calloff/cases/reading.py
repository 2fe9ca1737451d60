"""How a case is read: what cannot be is refused in plain words, with where it stands and what to write."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from calloff.domain.errors import BadInputError


@contextmanager
def within(where: str) -> Iterator[None]:
    """Put a place before whatever is refused inside it."""
    try:
        yield
    except BadInputError as error:
        raise BadInputError(f"{where}: {error}") from error


def mapping(found: Any, known: Collection[str], needed: Sequence[str] = ()) -> Mapping[str, Any]:
    """A mapping with no key but the known ones and all of the needed; nothing written is an empty one."""
    found = found or {}
    if not isinstance(found, Mapping):
        raise BadInputError(f"`{found}` stands where keys with their values are wanted, of: {', '.join(known)}")
    for key in found:
        if key not in known:
            raise BadInputError(f"`{key}` is not known here; write one of: {', '.join(known)}")
    for key in needed:
        if key not in found:
            raise BadInputError(f"`{key}` is missing")
    return found


def text(written: Any, example: str) -> str:
    """One value; a list or a mapping in its place is refused with an example."""
    if not isinstance(written, str):
        raise BadInputError(f"`{written}` stands where one value is wanted; write for instance {example}")
    return written


def word(written: Any, words: Collection[str], what: str) -> str:
    """One of a closed list of words; `what` says what the words are, as in `no tier of the document`."""
    if not isinstance(written, str) or written not in words:
        raise BadInputError(f"`{written}` is {what}; write one of: {', '.join(words)}")
    return written


def names(written: Any) -> list[str]:
    """A list, or names with commas between them."""
    found = [one.strip() for one in written.split(",")] if isinstance(written, str) else written
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise BadInputError(f"`{written}` is no list of names; write [Acorn, Birch]")
    return found


def words(written: Any, known: Collection[str], what: str) -> frozenset[str]:
    """Several of a closed list of words."""
    return frozenset(word(one, known, what) for one in names(written))


def whole(written: Any, least: int = 0) -> int:
    """A whole number."""
    if not isinstance(written, str) or not (written.isascii() and written.isdigit()) or int(written) < least:
        raise BadInputError(f"`{written}` is no whole number; write {max(least, 1)} or more")
    return int(written)


def yes(written: Any) -> bool:
    """`yes` or `no`."""
    return word(written, ("yes", "no"), "neither yes nor no") == "yes"


def entries(written: Any, example: str) -> Sequence[Any]:
    """A list."""
    if not isinstance(written, list):
        raise BadInputError(f"`{written}` is no list; write for instance {example}")
    return written
