"""
The page of purchasing models: each rule of each shipped document with its source, and a package that shows it.

Here the page is only worded. What a rule does is found out by running the cases of `tests/cases/models` with and
without it, which `tests/model_cases.py` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from calloff.documents.purchasing_models import Document
from calloff.documents.rules import Rule
from calloff.domain.purchasing_model import Tier

HEAD = """\
# The purchasing models and what each of their rules does

<!-- Made by `tests/model_cases.py`; a test compares it. Do not edit it here. -->

Every document below buys from one made-up market of {providers} providers and {packages} packages
(`tests/cases/models/market.yaml`); its case says what must come of each package. Each rule of a document stands in
a line with the ids of its sources (`docs/reference/papers.md`, or a page named in `sources.yaml`), what it assumes,
and one package that shows it: what comes of the package with the rule, and what would come of it without. Where
leaving a rule out would say the same as the rule, its contrary is put in place instead, and the line says so.
A test fails when taking a rule away changes nothing.
"""


@dataclass(frozen=True)
class Effect:
    """A rule, a package that shows it, its outcome with and without the rule, and how many packages it touches."""

    rule: Rule
    package: str
    kept: str
    removed: str
    touched: int


@dataclass(frozen=True)
class Shown:
    """A document with the case that shows it and the effect of each rule."""

    document: Document
    case: str
    effects: tuple[Effect, ...]


def models_page(shown: Sequence[Shown], market: Mapping[str, Any]) -> str:
    """The page in Markdown; `market` is the made-up one, of which providers and packages are counted."""
    head = HEAD.format(providers=len(market["providers"]), packages=len(market["packages"]))
    return "\n".join([head, *(section(one) for one in shown)])


def section(shown: Shown) -> str:
    """One document: title, term, tiers, and the table of its rules."""
    model = shown.document.model
    term = f"In force from {model.term.from_on} to {model.term.last_on}"
    parent = f", with local terms over `{shown.document.parent}`" if shown.document.parent else ""
    lines = [
        f"## {model.title}",
        "",
        f"`{model.id}`, version {model.version}. {term}{parent}. Case: `{shown.case}`.",
        "",
        f"Tiers: {'; '.join(tier_words(tier) for tier in model.tiers)}.",
        "",
        "| rule | what it says | source | assumed | package | with the rule | without it | packages touched |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
        *(row(effect) for effect in shown.effects),
        "",
    ]
    return "\n".join(lines)


def tier_words(tier: Tier) -> str:
    """`framework (member, 15)`."""
    count = f", {tier.count}" if tier.count else ""
    each = f"{' in each lot' if tier.per_lot else ''}{' in each locality' if tier.per_locality else ''}"
    return f"{tier.name} ({tier.role.replace('_', ' ')}{count}{each})"


def row(effect: Effect) -> str:
    """One line of the table."""
    rule = effect.rule
    instead = f" (instead: {instead_words(rule.instead)})" if rule.instead else ""
    cells = [
        rule.name,
        rule.says,
        ", ".join(rule.source),
        rule.assumed,
        effect.package,
        effect.kept,
        effect.removed + instead,
        str(effect.touched),
    ]
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def instead_words(instead: str) -> str:
    """A contrary as it would stand in the document, without the ground that the reader asks of every rule."""
    return f"`{instead.replace(', assumed: see what the rule does', '')}`"
