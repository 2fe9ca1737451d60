"""
The tables of how things stand and may come to stand otherwise: `states.yaml` in each room that has such things.

    PYTHONPATH=src .venv/bin/python -m calloff.documents.states      writes docs/reference/states.md
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from calloff.documents.reader import Reader
from calloff.documents.tree import Table, read_tree

ROOMS = Path(__file__).resolve().parents[1] / "web"
PAGE = Path("docs/reference/states.md")


@dataclass(frozen=True)
class Transition:
    """From one state to another, and when that happens."""

    before: str
    after: str
    when: str


@dataclass(frozen=True)
class StateTable:
    """One kind of thing: how it may begin, what each state means, and every way from one to another."""

    name: str
    title: str
    begins: tuple[str, ...]
    states: dict[str, str]
    transitions: tuple[Transition, ...]

    def allows(self, before: str, after: str) -> bool:
        """Whether a thing may go from one state to another; `before` is empty for one that is made."""
        if not before:
            return after in self.begins
        return any((one.before, one.after) == (before, after) for one in self.transitions)


def state_tables() -> dict[str, StateTable]:
    """Every table there is, by the name of its thing. Raises DocumentErrors naming each line that is wrong."""
    found: dict[str, StateTable] = {}
    for path in sorted(ROOMS.glob("*/states.yaml")):
        found |= {one.name: one for one in read_states(path.read_text(encoding="utf-8"), str(path.relative_to(ROOMS)))}
    return found


def read_states(text: str, path: str) -> Iterator[StateTable]:
    """The tables of one file."""
    reader, tree = Reader(), read_tree(text, path)
    names = tuple(tree.entries) if isinstance(tree, Table) else ()
    keys = ("title", "begins", "states", "transitions")
    made = []
    for name, node in reader.table(tree, names).entries.items():
        entries = reader.table(node, keys, keys).entries
        written = entries.get("states")
        known = tuple(written.entries) if isinstance(written, Table) else ()
        states = {code: reader.text(one) for code, one in reader.table(written, known).entries.items()}
        begins = reader.words(entries.get("begins"), known)
        ways = []
        for item in reader.items(entries.get("transitions")):
            way = reader.table(item, ("from", "to", "when"), ("from", "to", "when")).entries
            first = known[0] if known else ""
            ways.append(
                Transition(
                    reader.word(way.get("from"), known, first),
                    reader.word(way.get("to"), known, first),
                    reader.text(way.get("when")),
                )
            )
        made.append(StateTable(name, reader.text(entries.get("title")), tuple(begins), states, tuple(ways)))
    reader.finish()
    yield from made


def page(tables: Iterable[StateTable]) -> str:
    """The page of states as it stands in docs/reference/states.md."""
    lines = [
        "# States",
        "",
        "How things stand, and every way in which they may come to stand otherwise. Made from the tables `states.yaml`",
        "in `src/calloff/web` by `python -m calloff.documents.states`; SEC-37 tries every act in every state,"
        " as each role, and finds no other way.",
    ]
    for one in tables:
        lines += ["", f"## {one.title}", "", "```mermaid", "stateDiagram-v2"]
        lines += [f"    [*] --> {code}" for code in one.begins]
        lines += [f"    {way.before} --> {way.after}" for way in one.transitions]
        ends = [code for code in one.states if not any(way.before == code for way in one.transitions)]
        lines += [f"    {code} --> [*]" for code in ends]
        lines += ["```", "", "| state | means |", "| --- | --- |"]
        lines += [f"| `{code}` | {means} |" for code, means in one.states.items()]
        lines += ["", "| from | to | when |", "| --- | --- | --- |"]
        lines += [f"| `{way.before}` | `{way.after}` | {way.when} |" for way in one.transitions]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(state_tables().values()), encoding="utf-8")
