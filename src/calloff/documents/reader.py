"""Typed reading of a document's tree: each refusal names file and line and says what to write instead."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from typing import TypeVar

from calloff.documents.papers import source_keys
from calloff.documents.tree import Items, Node, Scalar, Table
from calloff.domain.errors import DocumentError, DocumentErrors
from calloff.domain.units import centipence_of

T = TypeVar("T")
GROUND = ("source", "assumed", "note")
"""Keys any rule may carry: where it comes from, what is assumed in it, a remark."""


def _says_something(node: Node | None) -> bool:
    """Whether a place in a document holds anything at all."""
    if isinstance(node, Scalar):
        return bool(node.text.strip())
    return bool(node and (node.items if isinstance(node, Items) else node.entries))


class Reader:
    """Gathers what is wrong while values are read; a wrong value reads as its default, so that all is told at once."""

    def __init__(self) -> None:
        self.errors: list[DocumentError] = []

    def refuse(self, node: Node, problem: str, remedy: str) -> None:
        told = DocumentError(node.path, node.line, problem, remedy)
        if str(told) not in map(str, self.errors):
            self.errors.append(told)

    def finish(self) -> None:
        """Raise DocumentErrors if anything was wrong."""
        if self.errors:
            raise DocumentErrors(sorted(self.errors, key=lambda error: (error.path, error.line)))

    def table(self, node: Node | None, allowed: Collection[str], required: Sequence[str] = ()) -> Table:
        """A mapping with no key but the allowed ones and all of the required."""
        if not isinstance(node, Table):
            where = node or Table({}, "", 0)
            self.refuse(where, "a mapping is expected here", f"Write {{{', '.join(sorted(allowed))}: ...}}")
            return Table({}, where.path, where.line)
        for key, value in node.entries.items():
            if key not in allowed:
                known = ", ".join(sorted(allowed))
                self.refuse(value, f"`{key}` is not known here", f"Known are: {known}")
        for key in required:
            if key not in node.entries:
                self.refuse(node, f"`{key}` is missing", f"Add `{key}:`")
        return node

    def items(self, node: Node | None) -> tuple[Node, ...]:
        if node is None:
            return ()
        if not isinstance(node, Items):
            self.refuse(node, "a list is expected here", "Write [one, two] or lines that begin with `- `")
            return ()
        return node.items

    def text(self, node: Node | None, default: str = "") -> str:
        if node is None:
            return default
        if not isinstance(node, Scalar):
            self.refuse(node, "plain text is expected here", "Write one value")
            return default
        return node.text

    def word(self, node: Node | None, words: Collection[str], default: str) -> str:
        """One of a closed list of words."""
        if node is None:
            return default
        text = self.text(node)
        if text not in words:
            self.refuse(node, f"`{text}` is not known here", f"Write one of: {', '.join(words)}")
            return default
        return text

    def words(self, node: Node | None, words: Collection[str] = ()) -> tuple[str, ...]:
        """A list of words, of a closed list where one is given."""
        found = tuple(self.text(one) for one in self.items(node))
        for one, item in zip(found, self.items(node), strict=True):
            if words and one not in words:
                self.refuse(item, f"`{one}` is not known here", f"Write one of: {', '.join(words)}")
        return found

    def value(self, node: Node | None, read: Callable[[str], T], default: T, example: str) -> T:
        """A value read from its text; `example` shows the unit and form."""
        if node is None:
            return default
        text = self.text(node)
        try:
            return read(text)
        except ValueError as error:
            problem = str(error) if repr(text) in str(error) else f"`{text}` cannot be read"
            self.refuse(node, problem, f"Write for instance {example}")
            return default

    def whole(self, node: Node | None, default: int, least: int = 0, most: int = 100_000) -> int:
        def read(text: str) -> int:
            if not (text.isascii() and text.isdigit()):
                raise ValueError(f"{text!r} is not a whole number")
            number = int(text) if len(text) < 20 else most + 1
            if not least <= number <= most:
                raise ValueError(f"{text!r} is not between {least} and {most}")
            return number

        return self.value(node, read, default, str(max(least, min(most, default or 1))))

    def yes(self, node: Node | None, default: bool) -> bool:
        words = {"yes": True, "no": False, "true": True, "false": False}
        return words[self.word(node, words, "yes" if default else "no")]

    def day(self, node: Node | None, default: date) -> date:
        def read(text: str) -> date:
            try:
                found = date.fromisoformat(text)
            except ValueError as error:
                raise ValueError(f"{text!r} is not a day") from error
            if found.isoformat() != text:
                raise ValueError(f"{text!r} is not a day")
            return found

        return self.value(node, read, default, "2024-07-01")

    def rate(self, node: Node | None) -> int:
        """A rate in pounds an hour, in centipence."""
        return self.value(node, centipence_of, 0, "15.95 (pounds an hour, at most four decimals)")

    def ground(self, node: Node, what: str) -> None:
        """A rule stands on a source or says what it assumes; an unknown source is refused."""
        if not isinstance(node, Table):
            return
        if not any(_says_something(node.entries.get(key)) for key in ("source", "assumed")):
            self.refuse(node, f"{what} has neither `source` nor `assumed`", "Add `source: ID`, or `assumed: why`")
        source = node.entries.get("source")
        if source is None:
            return
        keys = source.items if isinstance(source, Items) else (source,)
        for key in keys:
            if self.text(key) not in source_keys():
                self.refuse(key, f"`{self.text(key)}` is no known source", "Write an id of papers.yaml or sources.yaml")
