"""
The registers of what Calloff stands on: the five founding papers and the sources of its rules.

`papers.yaml` holds one fact for each id (`EL18-14`), `sources.yaml` the public pages (`ESX-PERF`) and the
settled readings (`READING-01`). A document's `source` is one of these keys; a test that shows a fact at work
says so by `pytest.mark.shows` (see `marks.py`). From the two comes `docs/reference/papers.md`, which tells
for every fact whether it works yet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from calloff.documents.marks import FAST_LOADER, not_yaml, shown_facts
from calloff.domain.errors import DocumentError

PAPERS_FILE = Path(__file__).with_name("papers.yaml")
SOURCES_FILE = Path(__file__).with_name("sources.yaml")
PAGE = Path("docs/reference/papers.md")

_PAPER_KEY = re.compile(r"[A-Z]{2}\d{2}")
_SOURCE_KEY = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)*")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True)
class Fact:
    """One thing that a founding paper says, in our words; `paragraph` is empty where it numbers none."""

    id: str
    paper: str
    fact: str
    paragraph: str = ""


@dataclass(frozen=True)
class Paper:
    """A founding paper; `key` begins the id of each of its facts, `date` is written year-month-day."""

    key: str
    title: str
    council: str
    date: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class Source:
    """
    A public page, or a settled reading (which has no page), that a rule or a figure may name.

    `title` says in our words what it was read for; `mirror` that it was seen only through somebody's copy.
    """

    key: str
    title: str
    pages: tuple[str, ...] = ()
    mirror: bool = False


@cache
def papers() -> tuple[Fact, ...]:
    """Return every fact of the founding papers, in the order of the papers and of their ids."""
    return tuple(fact for paper in founding_papers() for fact in paper.facts)


@cache
def founding_papers() -> tuple[Paper, ...]:
    """Return the founding papers in the order of their register; DocumentError says where it is wrong."""
    return read_papers(PAPERS_FILE)


@cache
def sources() -> tuple[Source, ...]:
    """Return the public pages and the settled readings; DocumentError says where the register is wrong."""
    return read_sources(SOURCES_FILE)


@cache
def source_keys() -> frozenset[str]:
    """Return all that a document may name as `source`: ids of facts, keys of pages, settled readings."""
    return frozenset(fact.id for fact in papers()) | frozenset(source.key for source in sources())


def read_papers(path: Path) -> tuple[Paper, ...]:
    """
    Read a register of papers.

    Raises
    ------
    DocumentError
        When a field is missing, unknown, empty or given twice, a key is used twice, or the ids of a paper
        do not run from 01 without a hole: a hole would be a fact that nobody can miss.
    """
    found: dict[str, Paper] = {}
    for item in _items(path, _root(path)):
        paper = _paper(path, item)
        if paper.key in found:
            raise _wrong(path, item, f"the paper {paper.key} stands here twice", "Give each paper one entry.")
        found[paper.key] = paper
    return tuple(found.values())


def read_sources(path: Path) -> tuple[Source, ...]:
    """
    Read a register of sources.

    Raises
    ------
    DocumentError
        When a field is missing, unknown or empty, or a key is ill formed or given twice, also when once
        among the pages and once among the readings.
    """
    root = _fields(path, _root(path), needed=("sources", "readings"))
    pages = _mapping(path, root["sources"])
    readings = _mapping(path, root["readings"])
    for key, node in [*pages.items(), *readings.items()]:
        if not _SOURCE_KEY.fullmatch(key):
            raise _wrong(path, node, f"{key!r} is no key of a source", "Write capitals, figures and hyphens.")
    for key in sorted(pages.keys() & readings.keys()):
        raise _wrong(path, readings[key], f"{key} is a page and a reading", "Give each its own key.")
    return (
        *(_source(path, key, node) for key, node in pages.items()),
        *(Source(key, _text(path, node)) for key, node in readings.items()),
    )


def _paper(path: Path, node: yaml.Node) -> Paper:
    fields = _fields(path, node, needed=("key", "title", "council", "date", "facts"))
    key, date = _text(path, fields["key"]), _text(path, fields["date"])
    if not _PAPER_KEY.fullmatch(key):
        raise _wrong(path, fields["key"], f"{key!r} is no key of a paper", "Write it like EL18.")
    if not _DATE.fullmatch(date):
        raise _wrong(path, fields["date"], f"{date!r} is no date", "Write year-month-day: 2018-06-04.")
    entries = _mapping(path, fields["facts"])
    for number, (entry, where) in enumerate(entries.items(), start=1):
        if entry != f"{key}-{number:02}":
            raise _wrong(path, where, f"{entry} stands where {key}-{number:02} is due", "Leave no hole.")
    return Paper(
        key=key,
        title=_text(path, fields["title"]),
        council=_text(path, fields["council"]),
        date=date,
        facts=tuple(_fact(path, key, entry, where) for entry, where in entries.items()),
    )


def _fact(path: Path, paper: str, key: str, node: yaml.Node) -> Fact:
    fields = _fields(path, node, needed=("fact",), allowed=("paragraph",))
    paragraph = _text(path, fields["paragraph"]) if "paragraph" in fields else ""
    return Fact(key, paper, _text(path, fields["fact"]), paragraph)


def _source(path: Path, key: str, node: yaml.Node) -> Source:
    fields = _fields(path, node, needed=("title", "pages"), allowed=("mirror",))
    pages = tuple(_text(path, page) for page in _items(path, fields["pages"]))
    for page, where in zip(pages, _items(path, fields["pages"]), strict=True):
        if not page.startswith(("https://", "http://")):
            raise _wrong(path, where, f"{page!r} is no address of a page", "Begin with https://.")
    if "mirror" in fields and _text(path, fields["mirror"]) != "true":
        raise _wrong(path, fields["mirror"], "mirror can only be true", "Leave the field out instead.")
    return Source(key, _text(path, fields["title"]), pages, "mirror" in fields)


# The nodes are read, not the values, because only a node knows its line, and because PyYAML lets the second
# of two equal keys win in silence.


def _root(path: Path) -> yaml.Node:
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=FAST_LOADER)
    except yaml.YAMLError as error:
        raise not_yaml(str(path), error) from error
    if root is None:
        raise DocumentError(str(path), 1, "the register is empty", "Write its first entry.")
    return root


def _mapping(path: Path, node: yaml.Node) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise _wrong(path, node, "fields are due here", "Write `name: value`, one to a line.")
    found: dict[str, yaml.Node] = {}
    for key_node, value in node.value:
        key = _text(path, key_node)
        if key in found:
            raise _wrong(path, key_node, f"{key} stands here twice", "Keep one of them.")
        found[key] = value
    return found


def _fields(path: Path, node: yaml.Node, *, needed: Sequence[str], allowed: Sequence[str] = ()) -> dict[str, yaml.Node]:
    fields = _mapping(path, node)
    for name in needed:
        if name not in fields:
            raise _wrong(path, node, f"the field {name} is missing", f"Write `{name}:` and its value.")
    for name, value in fields.items():
        if name not in {*needed, *allowed}:
            raise _wrong(path, value, f"no field is called {name}", f"Use {', '.join((*needed, *allowed))}.")
    return fields


def _items(path: Path, node: yaml.Node) -> list[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise _wrong(path, node, "a list is due here", "Write `- value`, one to a line.")
    return list(node.value)


def _text(path: Path, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
        raise _wrong(path, node, "a text is due here", "Write one, in quotes if it is a number.")
    return str(node.value)


def _wrong(path: Path, node: yaml.Node, problem: str, remedy: str) -> DocumentError:
    return DocumentError(str(path), node.start_mark.line + 1, problem, remedy)


def papers_page(shown: Mapping[str, Sequence[str]]) -> str:
    """
    Word the page that tells which facts work.

    Parameters
    ----------
    shown
        For an id the tests that show it, as `marks.shown_facts` collects them; an id without is open.
    """
    facts = papers()
    lines = [
        "# The founding papers and what works of them",
        "",
        "<!-- Made by `./calloff papers --write`; a test compares it. Do not edit it here. -->",
        "",
        f"**{sum(bool(shown.get(fact.id)) for fact in facts)} of {len(facts)} work.**",
        "",
        "Calloff began with five papers in which councils say how they buy care at home. Each line below",
        "is one thing that a paper says, in our words, with the paragraph where the paper numbers them.",
        "It *works* when the tests named beside it show it at work; until then it is *open*.",
    ]
    for paper in founding_papers():
        lines += ["", *_table(paper, shown)]
    return "\n".join(lines) + "\n"


def _table(paper: Paper, shown: Mapping[str, Sequence[str]]) -> list[str]:
    working = sum(bool(shown.get(fact.id)) for fact in paper.facts)
    return [
        f"## {paper.key}: {paper.council}, {paper.date}",
        "",
        f"{paper.title}. {working} of {len(paper.facts)} work.",
        "",
        "| id | fact | state |",
        "| --- | --- | --- |",
        *(f"| {fact.id} | {_cell(fact)} | {_state(shown.get(fact.id, ()))} |" for fact in paper.facts),
    ]


def _cell(fact: Fact) -> str:
    where = f" ({fact.paragraph})" if fact.paragraph else ""
    return f"{fact.fact}{where}".replace("|", "\\|")


def _state(tests: Sequence[str]) -> str:
    return f"*works*: {', '.join(f'`{test}`' for test in tests)}" if tests else "*open*"


def current_page(root: Path) -> str:
    """
    Word the page from the marks of the tests under `root`, the folder of the repository.

    Raises DocumentErrors as `report` does.
    """
    return papers_page(_shown(root))


def write_papers_page(root: Path) -> None:
    """Write the page of `current_page` where it belongs under `root`."""
    page = root / PAGE
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(current_page(root), encoding="utf-8")


def _shown(root: Path) -> dict[str, list[str]]:
    return shown_facts(root, frozenset(fact.id for fact in papers()))


def report(root: Path, write: bool) -> str:
    """
    Return what `./calloff papers` prints: for each paper and in all, how many facts work and are open.

    Parameters
    ----------
    root
        The folder of the repository, in which `tests` and `docs` lie.
    write
        Whether to write the page anew; otherwise the last line only says whether it is up to date.

    Raises
    ------
    DocumentErrors
        When a mark names no known fact or cannot be read, each with its file and line.
    """
    shown = _shown(root)
    rows = [(paper.key, paper.facts, f"{paper.council}, {paper.date}") for paper in founding_papers()]
    rows.append(("all", papers(), ""))
    lines = [f"{'':5} {'facts':>5} {'work':>5} {'open':>5}"]
    for name, facts, title in rows:
        working = sum(bool(shown.get(fact.id)) for fact in facts)
        lines.append(f"{name:5} {len(facts):5} {working:5} {len(facts) - working:5}  {title}".rstrip())
    return "\n".join([*lines, "", _said_of_page(root, write)])


def _said_of_page(root: Path, write: bool) -> str:
    page = root / PAGE
    if page.is_file() and page.read_text(encoding="utf-8") == current_page(root):
        return f"{PAGE} is up to date."
    if not write:
        return f"{PAGE} is out of date: run ./calloff papers --write"
    write_papers_page(root)
    return f"{PAGE} is written anew."
