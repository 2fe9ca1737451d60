"""
The one reader of purchasing models: a YAML document in, a `PurchasingModel` out, or every fault with its line.

A document may stand on a parent (a national framework) whose top-level rules it replaces one by one with local
terms. `load` finds documents by id beside the shipped ones; `parse` reads texts that are already at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from calloff.documents.market_rules import (
    read_batching,
    read_joining,
    read_lots,
    read_routes,
    read_scoring,
    refuse_scores_without_ground,
)
from calloff.documents.prices import read_prices
from calloff.documents.reader import GROUND, Reader
from calloff.documents.shelf import Shelf
from calloff.documents.single_rules import (
    read_baseline,
    read_capacity,
    read_grade,
    read_localities,
    read_other_times,
    read_quota,
    read_splitting,
    read_step_in,
    read_term,
    read_threshold,
    read_tier,
    read_ties,
)
from calloff.documents.steps import read_step
from calloff.documents.tree import Items, Node, Scalar, Table, read_tree, walk
from calloff.domain.calendar import Nation, days_uncovered
from calloff.domain.errors import BadInputError, DocumentError
from calloff.domain.packages import AGE_GROUPS, CARE_TYPES, CLIENT_GROUPS, DELIVERY_MODELS, SERVICE_TYPES
from calloff.domain.purchasing_model import (
    PATTERNS,
    PurchasingModel,
    Scope,
)
from calloff.domain.records import sha256
from calloff.domain.tables import MOST_BITS, lower

RULES = (
    "term",
    "scope",
    "lots",
    "groups",
    "localities",
    "joining",
    "price",
    "scoring",
    "admission",
    "capacity",
    "splitting",
    "other_times",
    "ties",
    "significantly_different",
    "quota",
    "step_in",
    "batching",
    "person_led",
)
"""Top-level keys that are rules; steps and tiers are lists of rules."""
LISTS = ("admission", "lots", "person_led")
"""Rules that are lists, each item with a ground of its own."""
ABOUT = ("id", "version", "title", "council", "nation", "pattern", "parent", "succeeds", "baseline", "note")
SCOPES = ("service_types", "delivery_models", "care_types", "client_groups", "age_groups", "localities")
KNOWN = (*ABOUT, *RULES, "tiers", "steps")
SHELF = Shelf("purchasing_models", "purchasing model")


@dataclass(frozen=True)
class Document:
    """A purchasing model with the texts it was read from, the parent's first, and its tree."""

    model: PurchasingModel
    texts: tuple[tuple[str, str], ...]
    tree: Table

    @property
    def parent(self) -> str:
        node = self.tree.entries.get("parent")
        return node.text if node is not None and hasattr(node, "text") else ""


def shipped_folder() -> Path:
    """Where the documents that Calloff ships lie."""
    return SHELF.folder


def shipped_ids() -> tuple[str, ...]:
    """The ids of the documents that Calloff ships, parents included, in order."""
    return SHELF.ids


def load(id_or_path: str) -> Document:
    """The document of an id, or at a path; its parent is looked for beside it, then among the shipped ones."""
    path = find(id_or_path)
    return parse(_with_parents(path))


@cache
def shipped(model_id: str) -> Document:
    """A shipped document, read once."""
    return load(model_id)


def find(id_or_path: str, beside: Path | None = None) -> Path:
    """The file of a document; BadInputError names the ids there are."""
    return SHELF.find(id_or_path, beside)


def _with_parents(path: Path) -> list[tuple[str, str]]:
    texts: list[tuple[str, str]] = []
    current: Path | None = path
    while current is not None:
        text = SHELF.text_of(current)
        name = SHELF.shown(current)
        if any(name == seen for seen, _ in texts):
            raise DocumentError(name, 1, "the document is its own parent", "Remove `parent:`")
        texts.insert(0, (name, text))
        parent = read_tree(text, name).entries.get("parent")
        current = find(Reader().text(parent), current.parent) if parent is not None else None
    return texts


def parse(texts: Sequence[tuple[str, str]], alone: bool = False) -> Document:
    """
    The document in (path, text) pairs, the parent's first; raises DocumentErrors with everything wrong.

    `alone` reads one that was stored with a run: it is not held against other documents, which may have moved on.
    """
    tree = merged([read_tree(text, path) for path, text in texts])
    digest = sha256("\0".join(text for _, text in texts).encode())
    return Document(read_model(tree, digest, alone=alone), tuple(texts), tree)


def merged(trees: Sequence[Table]) -> Table:
    """
    Local terms over the parent's: each top-level key of the child replaces the parent's, and `none` takes it away.
    """
    tree = trees[0]
    for child in trees[1:]:
        entries = {**tree.entries, **child.entries}
        taken_away = [key for key in (*RULES, "succeeds", "baseline") if is_none(child.entries.get(key))]
        tree = Table({key: node for key, node in entries.items() if key not in taken_away}, child.path, child.line)
    return tree


def is_none(node: Node | None) -> bool:
    """Whether a child writes `none` in the place of a parent's rule."""
    return isinstance(node, Scalar) and node.text == "none"


def read_model(tree: Table, digest: str, partial: bool = False, alone: bool = False) -> PurchasingModel:
    """
    The model of a tree; `alone` looks at no other document.

    `partial` reads a document that lacks a rule on purpose, to see what the rule does.
    """
    reader = Reader()
    required = ["id", "version", "title", "nation", "pattern", "steps", "tiers"]
    reader.table(tree, KNOWN, required if partial else [*required, "term", "price"])
    entries = tree.entries
    for key in RULES:
        if key in entries and key not in LISTS:
            reader.ground(entries[key], f"the rule `{key}`")
    tiers = tuple(read_tier(reader, one) for one in reader.items(entries.get("tiers")))
    _refuse_twins(reader, entries.get("tiers"), [tier.name for tier in tiers])
    scope = reader.table(entries.get("scope", Table({}, tree.path, tree.line)), (*SCOPES, *GROUND))
    groups = reader.table(entries["groups"], ("chosen_by", *GROUND), ["chosen_by"]) if "groups" in entries else None
    steps = tuple(read_step(reader, one, tiers) for one in reader.items(entries.get("steps")))
    _refuse_twins(reader, entries.get("steps"), [step.name for step in steps])
    capacity, declaration_days = read_capacity(reader, entries.get("capacity"))
    model = PurchasingModel(
        id=reader.text(entries.get("id")),
        version=reader.whole(entries.get("version"), 1, 1),
        title=reader.text(entries.get("title")),
        pattern=reader.word(entries.get("pattern"), PATTERNS, PATTERNS[0]),
        nation=reader.word(entries.get("nation"), tuple(Nation), Nation.ENGLAND),
        document_hash=digest,
        term=read_term(reader, entries.get("term")),
        term_applies="term" in entries,
        scope=Scope(
            frozenset(reader.words(scope.entries.get("service_types"), SERVICE_TYPES)),
            frozenset(reader.words(scope.entries.get("care_types"), CARE_TYPES)),
            frozenset(reader.words(scope.entries.get("client_groups"), CLIENT_GROUPS)),
            frozenset(reader.words(scope.entries.get("age_groups"), AGE_GROUPS)),
            frozenset(reader.words(scope.entries.get("localities"))),
            frozenset(reader.words(scope.entries.get("delivery_models"), DELIVERY_MODELS)),
        ),
        tiers=tiers,
        steps=steps,
        grades=tuple(read_grade(reader, one, tiers) for one in reader.items(entries.get("admission"))),
        prices=read_prices(reader, entries.get("price"), tuple(tier.name for tier in tiers)),
        groups_chosen_by_provider=groups is not None
        and reader.word(groups.entries.get("chosen_by"), ("provider",), "provider") == "provider",
        localities_apply=read_localities(reader, entries.get("localities")),
        splitting=read_splitting(reader, entries.get("splitting")),
        other_times=read_other_times(reader, entries.get("other_times")),
        ties=read_ties(reader, entries.get("ties")),
        quota=read_quota(reader, entries.get("quota")),
        step_in=read_step_in(reader, entries.get("step_in")),
        threshold=read_threshold(reader, entries.get("significantly_different")),
        capacity=capacity,
        declaration_days=declaration_days,
        scoring=read_scoring(reader, entries.get("scoring"), partial),
        lots=read_lots(reader, entries.get("lots")),
        routes=read_routes(reader, entries.get("person_led")),
        batching=read_batching(reader, entries.get("batching")),
        joining=read_joining(reader, entries.get("joining")),
    )
    _refuse_twins(reader, entries.get("lots"), [lot.name for lot in model.lots])
    for tier, node in zip(tiers, reader.items(entries.get("tiers")), strict=True):
        if tier.per_lot and not model.lots and not partial:
            reader.refuse(
                node, f"`{tier.name}` is counted by lot, and there are no lots", "Add `lots`, or leave it out"
            )
    read_baseline(reader, entries.get("baseline"))
    _refuse_too_many(reader, tree, model)
    if not (partial or alone):
        refuse_scores_without_ground(reader, entries.get("steps"), model)
        _succeeds(reader, entries.get("succeeds"), model)
        _refuse_unreachable(reader, tree, model)
    reader.finish()
    return model


def _refuse_too_many(reader: Reader, tree: Table, model: PurchasingModel) -> None:
    """Tiers, lots and lines of the gates are bits of one number in the tables; a grade rule makes five lines."""
    numbers = {"tiers": len(model.tiers), "lots": len(model.lots), "admission": len(lower(model, ()).codes)}
    for key, number in numbers.items():
        if number > MOST_BITS:
            what = f"{number} lines of gates" if key == "admission" else f"{number} {key}"
            reader.refuse(tree.entries[key], f"there are {what}, and at most {MOST_BITS}", "Say it with fewer")


def _refuse_twins(reader: Reader, node: Node | None, names: Sequence[str]) -> None:
    for name, one in zip(names, reader.items(node), strict=True):
        if names.count(name) > 1:
            reader.refuse(one, f"the name `{name}` stands twice", "Give each its own name")


def _succeeds(reader: Reader, node: Node | None, model: PurchasingModel) -> None:
    """A model that follows another may not leave days uncovered, or cover them twice, in silence."""
    if node is None:
        return
    table = reader.table(node, ("model", "uncovered_days", *GROUND), ["model"])
    reader.ground(table, "the succession")
    name = reader.text(table.entries.get("model"))
    where = table.entries.get("model", table)
    try:
        path = find(name, Path(table.path).parent)
    except BadInputError:
        path = None
    if name == model.id or path is None:
        reader.refuse(where, f"there is no model `{name}`", "Write the id of a document here or among the shipped ones")
        return
    ended = parse(_with_parents(path), alone=True).model.term.last_on
    told = reader.whole(table.entries.get("uncovered_days"), 0, 0, 10_000)
    found = days_uncovered(ended, model.term.from_on)
    overlap = days_overlapping(ended, model.term.from_on)
    if overlap:
        reader.refuse(
            table, f"{name} runs until {ended}, {overlap} days into this model", "End one before the other begins"
        )
    elif found != told:
        problem = f"{name} ends on {ended} and this model begins on {model.term.from_on}: {found} days uncovered"
        reader.refuse(table, problem, f"Close the gap, or write `uncovered_days: {found}` and who covers them")


def days_overlapping(end_inclusive: date, next_start: date) -> int:
    """Days on which both of two terms are in force."""
    return max(0, (end_inclusive - next_start).days + 1)


def _refuse_unreachable(reader: Reader, tree: Table, model: PurchasingModel) -> None:
    """A tier that no step asks, and a step that can never be reached, are mistakes."""
    asked = {name for step in model.steps for name in step.tiers}
    # Whom the person chose may be of any tier, unless the step names some.
    anybody = any(step.whom == "chosen_provider" and not step.tiers for step in model.steps)
    # A step that names no tier of the document meant one of them: its own fault says so, where it stands.
    misspelt = bool(asked - {tier.name for tier in model.tiers})
    tiers = tree.entries.get("tiers")
    for tier, node in zip(model.tiers, tiers.items if isinstance(tiers, Items) else (), strict=False):
        if tier.name not in asked and tier.role != "subcontractor" and not (anybody or misspelt):
            reader.refuse(node, f"nobody can reach the tier `{tier.name}`", "Add a step with `whom: " + tier.name + "`")
    steps = tree.entries.get("steps")
    nodes = steps.items if isinstance(steps, Items) else ()
    for number, (step, node) in enumerate(zip(model.steps, nodes, strict=False)):
        earlier = [one for one in model.steps[:number] if one.whom == "tier" and set(one.tiers) >= set(step.tiers)]
        same = [one for one in earlier if set(one.when) <= set(step.when) and not one.opens_later]
        if step.whom == "tier" and same:
            problem = f"`{step.name}` asks whom `{same[0].name}` has already asked"
            reader.refuse(node, problem, "Remove it, or let it ask another tier")


def sources_of(tree: Table) -> list[tuple[str, int]]:
    """Every source key a document names, with its line."""
    found = []
    for node in walk(tree):
        if isinstance(node, Table) and "source" in node.entries:
            source = node.entries["source"]
            keys = source.items if isinstance(source, Items) else (source,)
            found += [(Reader().text(key), key.line) for key in keys]
    return found
