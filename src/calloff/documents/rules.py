"""
The rules of a document one by one, and the document less one of them, to see what that rule does.

A rule is a top-level key of RULES (each line of `price`, each item of `admission`, each weight of a score beside the
score as a whole), a step as a whole, or an aspect of a step. A tier is none: it has its effect through the steps that
ask it. Some rules say what silence would mean anyway, so that leaving them out would show nothing; for these the
contrary is put in place (`Rule.instead`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from calloff.documents.purchasing_models import LISTS, RULES, SCOPES, read_model
from calloff.documents.tree import Items, Node, Scalar, Table, read_tree
from calloff.domain.errors import BadInputError
from calloff.domain.packages import AGE_GROUPS, CARE_TYPES, CLIENT_GROUPS, DELIVERY_MODELS, SERVICE_TYPES

ASPECTS = ("tiers", "when", "within_days", "opens_after", "kind", "sealed", "rank_by", "ask", "reply_within")
"""What can be taken away from a step on its own; its name and whom it asks cannot."""
ITEMISED = ("price", *LISTS)
WORDS = {
    "term": "the term",
    "scope": "what it is for",
    "lots": "lots",
    "groups": "whom a provider serves",
    "localities": "zones",
    "joining": "joining",
    "price": "price",
    "scoring": "how providers are scored",
    "admission": "admission",
    "capacity": "declared capacity",
    "splitting": "parts of a package",
    "other_times": "visits at other times",
    "ties": "ties",
    "significantly_different": "what is significantly different",
    "quota": "subcontracting quota",
    "step_in": "step-in",
    "batching": "packages offered together",
    "person_led": "where the person leads",
    "tiers": "of which tiers",
    "when": "for which packages",
    "within_days": "how many days after care ended",
    "opens_after": "when it opens",
    "sealed": "whether answers stay closed",
    "kind": "how offers are drawn on",
    "rank_by": "in which order",
    "ask": "how many at once",
    "reply_within": "time to reply",
}
INSTEAD = {
    "capacity": "{test: gate, declaration_days: 366, assumed: see what the rule does}",
    "localities": "{zones: none, assumed: see what the rule does}",
    "ties": "{order: [], assumed: see what the rule does}",
}
"""The contrary of a rule that says what silence would mean anyway."""
EVERY_WORD = {
    "service_types": SERVICE_TYPES,
    "delivery_models": DELIVERY_MODELS,
    "care_types": CARE_TYPES,
    "client_groups": CLIENT_GROUPS,
    "age_groups": AGE_GROUPS,
}


@dataclass(frozen=True)
class Rule:
    """
    One rule of a document.

    `path` tells it apart within the document (`price.lines.2`, `steps.framework.ask`); `source` are the keys it
    stands on and `assumed` what it assumes, for an aspect what its step says of it. `document` and `line` are where
    it was written, which may be the parent. `instead` is what is put in its place when it is taken away, if anything.
    """

    path: str
    name: str
    says: str
    source: tuple[str, ...]
    assumed: str
    document: str
    line: int
    instead: str = ""


def rules(tree: Table) -> tuple[Rule, ...]:
    """Every rule of a merged document: the top-level ones in the order of RULES, then step by step."""
    return tuple(_settled(tree, rule) for rule in (*_top_level(tree), *_of_steps(tree)))


def without(tree: Table, rule: Rule) -> Table:
    """The document less one rule, or with its contrary; to be read by `read_model(..., partial=True)`."""
    key, *rest = rule.path.split(".")
    if rule.instead:
        return _put(tree, [key, *rest], read_tree(f"it: {rule.instead}", rule.document).entries["it"])
    return _put(tree, [key, *rest], None)


def _top_level(tree: Table) -> Iterator[Rule]:
    for key in RULES:
        node = tree.entries.get(key)
        if not isinstance(node, Table | Items):
            continue
        items = node if isinstance(node, Items) else node.entries.get("lines")
        if key not in ITEMISED or not isinstance(items, Items):
            yield _rule(key, WORDS[key], node)
            yield from _of_scoring(node) if key == "scoring" and isinstance(node, Table) else ()
            continue
        word, place = ("line", "price.lines") if key == "price" else ("rule", key)
        for number, item in enumerate(items.items, 1):
            yield _rule(f"{place}.{number}", f"{WORDS[key]} {word} {number}", item)


def _of_scoring(scoring: Table) -> Iterator[Rule]:
    """What can be taken away from a score on its own: each weight, the least quality, the dates of its refresh."""
    weights = scoring.entries["weights"]
    parts = [("weights." + name, one) for name, one in weights.entries.items()] if isinstance(weights, Table) else []
    parts += [(key, scoring.entries[key]) for key in ("minimum_quality", "refresh") if key in scoring.entries]
    for path, node in parts:
        name = f"score: {path.rpartition('.')[2].replace('_', ' ')}"
        source, assumed = _sources(scoring), _assumed(scoring, "whom")
        yield Rule(f"scoring.{path}", name, _said(node), source, assumed, node.path, node.line)


def _of_steps(tree: Table) -> Iterator[Rule]:
    steps = tree.entries.get("steps")
    for step in steps.items if isinstance(steps, Items) else ():
        if not isinstance(step, Table):
            continue
        name = _text(step.entries["name"])
        whom = _said(step.entries["whom"])
        if whom == "tiers":
            whom = f"{_said(step.entries['tiers'])} at the same time"
        yield replace(_rule(f"steps.{name}", f"step {name}", step), says=f"asks {whom}")
        for aspect in ASPECTS:
            node = step.entries.get(aspect)
            # Several tiers asked at the same time are whom the step asks.
            if node is not None and not (aspect == "tiers" and _text(step.entries["whom"]) == "tiers"):
                yield Rule(
                    f"steps.{name}.{aspect}",
                    f"step {name}: {WORDS[aspect]}",
                    _said(node),
                    _sources(step),
                    _assumed(step, aspect),
                    node.path,
                    node.line,
                )


def _rule(path: str, name: str, node: Node) -> Rule:
    return Rule(path, name, _said(node), _sources(node), _assumed(node, "whom"), node.path, node.line)


def _text(node: Node | None) -> str:
    return node.text if isinstance(node, Scalar) else ""


def _sources(node: Node) -> tuple[str, ...]:
    source = node.entries.get("source") if isinstance(node, Table) else None
    if isinstance(source, Items):
        return tuple(_text(one) for one in source.items)
    return (_text(source),) if source is not None else ()


def _assumed(node: Node, aspect: str) -> str:
    """
    What a rule assumes: its one sentence, or that of the aspect.

    How long ago care may have ended is part of whom a step asks, so the sentence on `whom` speaks for it.
    """
    assumed = node.entries.get("assumed") if isinstance(node, Table) else None
    if isinstance(assumed, Table):
        return _text(assumed.entries.get("whom" if aspect == "within_days" else aspect))
    return _text(assumed)


def _said(node: Node) -> str:
    """What a rule says, in the words of the document: its values without its grounds."""
    if isinstance(node, Scalar):
        return node.text.replace("_", " ")
    if isinstance(node, Items):
        return ", ".join(_said(one) for one in node.items)
    entries = [(key, one) for key, one in node.entries.items() if key not in ("source", "assumed", "note", "rule")]
    return "; ".join(f"{key.replace('_', ' ')} {_said(one)}" for key, one in entries)


def _settled(tree: Table, rule: Rule) -> Rule:
    """The rule with its contrary, where leaving it out would say the same."""
    key, *rest = rule.path.split(".")
    if key == "scope" and _covers_everything(tree.entries[key]):
        return replace(rule, instead=f"{{service_types: [{SERVICE_TYPES[0]}], assumed: see what the rule does}}")
    if len(rest) == 2 and rest[1] == "ask":
        return replace(rule, instead=_other_way_of_asking(tree, rest[0], rule.says))
    if key in INSTEAD and read_model(tree, "", partial=True) == read_model(without(tree, rule), "", partial=True):
        return replace(rule, instead=INSTEAD[key])
    return rule


def _covers_everything(scope: Node) -> bool:
    """Whether a scope names every word there is, so that no package can lie outside."""
    entries = scope.entries if isinstance(scope, Table) else {}
    named = {key: node.items for key, node in entries.items() if key in SCOPES and isinstance(node, Items)}
    return all({_text(one) for one in items} == set(EVERY_WORD.get(key, ())) for key, items in named.items())


def _other_way_of_asking(tree: Table, name: str, says: str) -> str:
    """
    What stands in for a way of asking. Silence means everybody at once, so that this has one in turn for contrary;
    where only one provider can be asked, how many at once is no question, but whether it is asked at all is.
    """
    if says == "all then rank":
        return "in_turn"
    step, tiers = _step(tree, name), tree.entries["tiers"]
    whom = _text(step.entries["whom"])
    alone = {"current_provider", "chosen_provider"}
    for tier in tiers.items if isinstance(tiers, Items) else ():
        if isinstance(tier, Table) and "per_locality" in tier.entries and _text(tier.entries.get("count")) == "1":
            alone.add(_text(tier.entries["name"]))
    return "unasked" if whom in alone and says != "unasked" else ""


def _step(tree: Table, name: str) -> Table:
    steps = tree.entries["steps"]
    for step in steps.items if isinstance(steps, Items) else ():
        if isinstance(step, Table) and _text(step.entries["name"]) == name:
            return step
    raise BadInputError(f"the document has no step {name!r}")


def _put(node: Node, path: list[str], new: Node | None) -> Table:
    """A table with the node at a path replaced, or taken away; an item is found by its number or its name."""
    assert isinstance(node, Table)  # noqa: S101 - a path always leads through tables and the lists in them
    key, *rest = path
    below = node.entries[key]
    if not rest:
        return node.without(key) if new is None else node.with_entry(key, new)
    if isinstance(below, Table):
        return node.with_entry(key, _put(below, rest, new))
    assert isinstance(below, Items)  # noqa: S101
    items = []
    for number, one in enumerate(below.items, 1):
        if rest[0] not in (str(number), _text(one.entries.get("name")) if isinstance(one, Table) else ""):
            items.append(one)
        elif len(rest) > 1:
            items.append(_put(one, rest[1:], new))
        elif new is not None:
            items.append(new)
    return node.with_entry(key, Items(tuple(items), below.path, below.line))
