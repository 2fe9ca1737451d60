"""
A rule of a document as it is told: its sentence, where it stands, what it comes from and what is assumed in it.

The same value is printed as text, shown on a page with its sources at the margin, and compared between two versions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from calloff.documents.papers import papers, sources
from calloff.documents.tree import Items, Node, Scalar, Table
from calloff.documents.wording import spaced

LONGEST_QUOTE = 170
"""Facts of a paper up to this length are quoted; of a longer one the id alone is told."""


@dataclass(frozen=True)
class Told:
    """
    One rule in words.

    `key` is its place in the document (`price.2`, `steps.framework`), the same in every version. `says` is what each of
    its sources says, where that is short. `more` are further sentences about it, `below` rules that it consists of.
    """

    key: str
    text: str
    sources: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    below: tuple[Told, ...] = ()

    @property
    def sourced(self) -> tuple[tuple[str, str], ...]:
        """Each source with what it says, where that is short."""
        said = dict(line.split(" says: ", 1) for line in self.says)
        return tuple((key, said.get(key, "")) for key in self.sources)

    @property
    def grounds(self) -> tuple[str, ...]:
        """What the sources say and what is assumed, a line each."""
        return (*self.says, *(f"assumed: {text}" for text in self.assumed))

    def lines(self, indent: str = "  ") -> Iterator[str]:
        """The rule as a list entry, its sources behind it in brackets, its grounds below it."""
        named = f" [{', '.join(self.sources)}]" if self.sources else ""
        yield f"{indent}- {self.text}{named}"
        for line in self.grounds:
            yield f"{indent}    {line}"
        for one in self.below:
            yield from one.lines(f"{indent}  ")


def ruled(text: str, node: Node | None = None, key: str = "") -> list[Told]:
    """A rule with the ground that its place in the document names."""
    keys = tuple(sources_named(node))
    facts = {fact.id: fact.fact for fact in papers()} | {source.key: source.title for source in sources()}
    says = tuple(f"{one} says: {facts[one]}" for one in keys if len(facts.get(one, " " * 999)) <= LONGEST_QUOTE)
    return [Told(key, text, keys, says, tuple(assumptions(node)))]


def with_below(rules: list[Told], below: list[Told]) -> list[Told]:
    """The last of these rules with the rules that it consists of."""
    return [*rules[:-1], replace(rules[-1], below=tuple(below))]


def sources_named(node: Node | None) -> list[str]:
    """The keys of the sources that a rule names."""
    source = node.entries.get("source") if isinstance(node, Table) else None
    if isinstance(source, Scalar):
        return [source.text]
    return [one.text for one in source.items if isinstance(one, Scalar)] if isinstance(source, Items) else []


def assumptions(node: Node | None) -> list[str]:
    """What a rule assumes: one text, or a text for each of its parts, with the part's name before it."""
    assumed = node.entries.get("assumed") if isinstance(node, Table) else None
    if isinstance(assumed, Scalar):
        return [assumed.text]
    if isinstance(assumed, Table):
        parts = assumed.entries.items()
        return [f"({spaced(part)}) {text.text}" for part, text in parts if isinstance(text, Scalar)]
    return []
