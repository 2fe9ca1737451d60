"""The one reader of payment rules: a YAML document in, a `PaymentRule` out, or every fault with its line."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from calloff.documents.reader import GROUND, Reader
from calloff.documents.shelf import Shelf
from calloff.documents.tree import Node, Table, read_tree
from calloff.domain.payment import BASES, Basis
from calloff.domain.payment_rule import (
    COUNTS,
    HELD_FOR,
    PAYS_ON,
    PERIOD_BASES,
    ROUNDINGS,
    Corridor,
    PaymentRule,
    Retainer,
)
from calloff.domain.units import pence_of

RULES = (
    "basis",
    "minimum",
    "double_handed",
    "rounding",
    "pays_on",
    "not_delivered",
    "retainer",
    "length",
    "held_for",
    "corridor",
    "gain_share",
    "outcome",
)
SHELF = Shelf("payment_rules", "payment rule")
ABOUT = ("id", "version", "title", "council", "about", "note")
LONGEST_STEP_MINUTES = 24 * 60


def shipped_folder() -> Path:
    """Where the payment rules that Calloff ships lie."""
    return SHELF.folder


def shipped_ids() -> tuple[str, ...]:
    """The ids of the payment rules that Calloff ships, in order."""
    return SHELF.ids


@cache
def shipped(rule_id: str) -> PaymentRule:
    """A shipped payment rule, read once."""
    return load(rule_id)


def load(id_or_path: str) -> PaymentRule:
    """The payment rule of an id, or at a path ending in .yaml; BadInputError where there is none."""
    path = SHELF.find(id_or_path)
    return parse(SHELF.text_of(path), SHELF.shown(path))


def parse(text: str, name: str) -> PaymentRule:
    """The payment rule that a text states; DocumentErrors with every fault and its line."""
    reader, tree = Reader(), read_tree(text, name)
    rule = _read(reader, tree)
    reader.finish()
    return rule


def _read(reader: Reader, tree: Table) -> PaymentRule:
    table = reader.table(tree, (*ABOUT, *RULES), ["id", "version", "title", "basis"])
    entries = table.entries
    for name in RULES:
        if name in entries:
            reader.ground(entries[name], f"`{name}`")
    told: dict[str, Any] = {
        **_basis(reader, entries.get("basis")),
        **_minimum(reader, entries.get("minimum")),
        **_pays_on(reader, entries.get("pays_on")),
        **_not_delivered(reader, entries.get("not_delivered")),
        **_length(reader, entries.get("length")),
    }
    told["count"] = _single(reader, entries.get("double_handed"), "count", COUNTS)
    told["rounding"] = _single(reader, entries.get("rounding"), "money", ROUNDINGS)
    told["retainer"] = _retainer(reader, entries.get("retainer"))
    told["corridor"] = _corridor(reader, entries.get("corridor"), entries.get("gain_share"))
    told["held_for"] = _held_for(reader, entries.get("held_for"))
    told["advance_percent"] = _advance(reader, entries.get("outcome"))
    rule = PaymentRule(
        id=reader.text(entries.get("id")),
        version=reader.whole(entries.get("version"), 1, 1, 10_000),
        title=reader.text(entries.get("title")),
        **told,
    )
    _refuse_contradictions(reader, table, rule)
    return rule


def _basis(reader: Reader, node: Node | None) -> dict[str, Any]:
    keys = ("pay", "capped", "tolerance_minutes", "round_to_minutes", "steps", *GROUND)
    entries = reader.table(node, keys, ["pay"]).entries
    pay = reader.word(entries.get("pay"), (*BASES, *PERIOD_BASES), "actual")
    steps = [
        (
            reader.whole(one.entries.get("minutes"), 30, 1, LONGEST_STEP_MINUTES),
            reader.value(one.entries.get("gbp"), pence_of, 0, "16.00"),
        )
        for one in (
            reader.table(item, ("minutes", "gbp"), ["minutes", "gbp"]) for item in reader.items(entries.get("steps"))
        )
    ]
    if [minutes for minutes, _ in steps] != sorted({minutes for minutes, _ in steps}):
        reader.refuse(entries["steps"], "the lengths do not rise", "Write the shortest first, each length once")
    return {
        "basis": None if pay in PERIOD_BASES else Basis(BASES.index(pay)),
        "period_basis": pay if pay in PERIOD_BASES else "",
        "capped": reader.yes(entries.get("capped"), True),
        "tolerance_minutes": reader.whole(entries.get("tolerance_minutes"), 5, 0, 60),
        "round_to_minutes": reader.whole(entries.get("round_to_minutes"), 5, 1, 60),
        "steps": tuple(steps),
    }


def _minimum(reader: Reader, node: Node | None) -> dict[str, Any]:
    if node is None:
        return {}
    entries = reader.table(node, ("no_pay_below_minutes", "least_minutes", *GROUND)).entries
    return {
        "no_pay_below_minutes": reader.whole(entries.get("no_pay_below_minutes"), 1, 0, 60),
        "least_minutes": reader.whole(entries.get("least_minutes"), 0, 0, 240),
    }


def _pays_on(reader: Reader, node: Node | None) -> dict[str, Any]:
    if node is None:
        return {}
    entries = reader.table(node, ("visits", "adjustments", *GROUND), ["visits"]).entries
    return {
        "pays_on": reader.word(entries.get("visits"), PAYS_ON, "delivered"),
        "adjustments": reader.whole(entries.get("adjustments"), 0, 0, 12),
    }


def _not_delivered(reader: Reader, node: Node | None) -> dict[str, Any]:
    if node is None:
        return {}
    most = {
        "short_notice_hours": (24, 168),
        "short_notice_percent": (100, 100),
        "no_access_percent": (100, 100),
        "no_access_a_week": (2, 100),
    }
    entries = reader.table(node, (*most, *GROUND)).entries
    return {name: reader.whole(entries.get(name), usual, 0, top) for name, (usual, top) in most.items()}


def _length(reader: Reader, node: Node | None) -> dict[str, Any]:
    if node is None:
        return {}
    entries = reader.table(node, ("short_percent", "very_short_percent", *GROUND)).entries
    return {
        "short_percent": reader.whole(entries.get("short_percent"), 80, 0, 100),
        "very_short_percent": reader.whole(entries.get("very_short_percent"), 50, 0, 100),
    }


def _single(reader: Reader, node: Node | None, key: str, words: tuple[str, ...]) -> str:
    """A rule that says one word of a closed list, the first where nothing is said."""
    if node is None:
        return words[0]
    return reader.word(reader.table(node, (key, *GROUND), [key]).entries.get(key), words, words[0])


def _retainer(reader: Reader, node: Node | None) -> Retainer | None:
    if node is None:
        return None
    keys = ("days", "percent", "staff_paid", "restart_at_once", *GROUND)
    entries = reader.table(node, keys, ["days", "percent"]).entries
    return Retainer(
        days=reader.whole(entries.get("days"), 14, 1, 366),
        percent=reader.whole(entries.get("percent"), 100, 0, 100),
        staff_paid=reader.yes(entries.get("staff_paid"), True),
        restart_at_once=reader.yes(entries.get("restart_at_once"), True),
    )


def _corridor(reader: Reader, corridor: Node | None, gain_share: Node | None) -> Corridor | None:
    """A corridor share or a gain-share; a document has one of them at most (DOMAIN 4.8)."""
    node = corridor or gain_share
    if node is None:
        return None
    if corridor and gain_share:
        reader.refuse(gain_share, "a block has a corridor share or a gain-share, never both", "Take one of them out")
    keys = ("edge_percent", "share_percent", *(("most_loss_percent",) if node is gain_share else ()), *GROUND)
    entries = reader.table(node, keys, ["edge_percent", "share_percent"]).entries
    return Corridor(
        basis_points=100 * reader.whole(entries.get("edge_percent"), 5, 0, 100),
        share_percent=reader.whole(entries.get("share_percent"), 50, 0, 100),
        is_gain_share=node is gain_share,
        most_loss_percent=reader.whole(entries.get("most_loss_percent"), 5, 0, 100) if node is gain_share else 0,
    )


def _held_for(reader: Reader, node: Node | None) -> frozenset[str]:
    if node is None:
        return frozenset()
    return frozenset(
        reader.words(reader.table(node, ("marks", *GROUND), ["marks"]).entries.get("marks"), tuple(HELD_FOR))
    )


def _advance(reader: Reader, node: Node | None) -> int:
    if node is None:
        return 0
    entries = reader.table(node, ("advance_percent", *GROUND), ["advance_percent"]).entries
    return reader.whole(entries.get("advance_percent"), 0, 0, 100)


def _refuse_contradictions(reader: Reader, table: Table, rule: PaymentRule) -> None:
    basis = table.entries.get("basis", table)
    if rule.basis is Basis.STEPPED and not rule.hour_pence:
        reader.refuse(basis, "prices by length need one for the hour", "Add {minutes: 60, gbp: 24.00} to `steps`")
    if rule.steps and rule.basis is not Basis.STEPPED:
        reader.refuse(basis, "steps go with `pay: stepped`", "Write `pay: stepped`, or leave the steps out")
    if rule.very_short_percent > rule.short_percent:
        reader.refuse(table.entries["length"], "very short is longer than short", "Exchange the two")
    if rule.corridor and rule.period_basis != "block":
        reader.refuse(basis, "a corridor goes with a block", "Write `pay: block`, or leave the corridor out")
    if (rule.period_basis == "outcome") != bool("outcome" in table.entries):
        reader.refuse(basis, "`pay: outcome` and `outcome` go together", "Write both, or neither")
    if rule.pays_on == "plan" and rule.period_basis:
        reader.refuse(basis, "only visits are paid on plan", "Leave out `pays_on`")
