"""A YAML document as a tree that remembers its lines, so that every refusal can name one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from calloff.domain.errors import DocumentError


@dataclass(frozen=True)
class Scalar:
    """One value as it was written: numbers stay text, so that an amount is never rounded by the reader."""

    text: str
    path: str
    line: int


@dataclass(frozen=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    path: str
    line: int


@dataclass(frozen=True)
class Table:
    """A mapping, in the order it was written."""

    entries: dict[str, Node] = field(hash=False)
    path: str
    line: int

    def without(self, key: str) -> Table:
        """The same table less one entry."""
        return Table({name: node for name, node in self.entries.items() if name != key}, self.path, self.line)

    def with_entry(self, key: str, node: Node) -> Table:
        """The same table with one entry added or replaced, which keeps its place."""
        return Table({**self.entries, key: node}, self.path, self.line)


Node = Scalar | Items | Table
MOST_NODES = 50_000
"""More than any document needs: a few lines of anchors within anchors would otherwise fill the memory."""


def read_tree(text: str, path: str) -> Table:
    """The document as a tree; DocumentError where it is not YAML, not a mapping, or says a key twice."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it cannot be read"
        line = mark.line + 1 if mark else 1
        raise DocumentError(path, line, f"this is not YAML: {problem}", "Check indents, colons and quotes") from error
    except RecursionError as error:
        raise DocumentError(path, 1, "this is not a document: it is nested too deeply", "Begin with `id:`") from error
    if root is None:
        raise DocumentError(path, 1, "the document is empty", "Begin with `id:`")
    try:
        if _size(root, {}) > MOST_NODES:
            raise DocumentError(path, 1, "the document is too large", "Write less, and out what `*` stands for")
        tree = _node(root, path)
    except RecursionError as error:
        raise DocumentError(path, 1, "an anchor stands within itself", "Write out what `*` stands for") from error
    if not isinstance(tree, Table):
        raise DocumentError(path, tree.line, "the document is not a mapping", "Begin with `id:`")
    return tree


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many nodes there are with every `*` written out, counted without writing them."""
    if id(node) not in known:
        below = []
        if isinstance(node, yaml.SequenceNode):
            below = node.value
        elif isinstance(node, yaml.MappingNode):
            below = [one for pair in node.value for one in pair]
        known[id(node)] = 1 + sum(_size(one, known) for one in below)
    return known[id(node)]


def _node(node: yaml.Node, path: str) -> Node:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return Scalar(node.value, path, line)
    if isinstance(node, yaml.SequenceNode):
        return Items(tuple(_node(one, path) for one in node.value), path, line)
    entries: dict[str, Node] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise DocumentError(path, line, "a key is not plain text", "Write one word and a colon")
        if key.value in entries:
            where = key.start_mark.line + 1
            raise DocumentError(path, where, f"`{key.value}` stands twice", "Keep one of the two")
        entries[key.value] = _node(value, path)
    return Table(entries, path, line)


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it, in order."""
    yield node
    below = node.items if isinstance(node, Items) else tuple(node.entries.values()) if isinstance(node, Table) else ()
    for one in below:
        yield from walk(one)


def plain(node: Node) -> object:
    """The tree as ordinary text, lists and mappings."""
    if isinstance(node, Scalar):
        return node.text
    if isinstance(node, Items):
        return [plain(one) for one in node.items]
    return {key: plain(one) for key, one in node.entries.items()}
