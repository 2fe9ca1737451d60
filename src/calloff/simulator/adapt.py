"""
What a run must map before a document from elsewhere fits its data; each mapping is printed and kept in the log.

A document is run as it stands wherever it can be. Where the run begins outside the term of its only one, or its
grades are on the scale of another nation's regulator, local terms are laid over it: the same mechanism as a
council's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, cast

import yaml

from calloff.documents.purchasing_models import Document, parse
from calloff.documents.tree import plain
from calloff.domain.contracts import years_after
from calloff.domain.providers import RELEVANT_AREAS, SCALES, Provider
from calloff.domain.units import half_up

GRADES_ALIKE = {
    ("cqc", "care_inspectorate"): {"inadequate": 2, "requires_improvement": 3, "good": 4, "outstanding": 5},
    ("care_inspectorate", "cqc"): {
        "unsatisfactory": 1,
        "weak": 1,
        "adequate": 2,
        "good": 3,
        "very_good": 4,
        "excellent": 4,
    },
}
"""Which grade of one regulator stands for a grade of another (assumed)."""
WHY = "mapped for this run"


def adapt(document: Document, providers: Sequence[Provider], begins_on: date | None) -> tuple[Document, list[str]]:
    """
    The document as this run needs it, and a line for each thing that was mapped.

    Without the day on which the run begins, its term stands as it is.
    """
    terms: dict[str, Any] = {}
    lines: list[str] = []
    if begins_on is not None:
        _map_term(document, begins_on, terms, lines)
        _map_refresh(document, begins_on, terms, lines)
    _map_grades(document, providers, terms, lines)
    _map_scored_grades(document, providers, terms, lines)
    if not terms:
        return document, []
    overlay = yaml.safe_dump(terms, sort_keys=True, allow_unicode=True)
    return parse([*document.texts, ("local terms of the run", overlay)]), lines


def _map_term(document: Document, begins_on: date, terms: dict[str, Any], lines: list[str]) -> None:
    term = document.model.term
    if term.from_on <= begins_on <= term.last_on:
        return
    last = years_after(begins_on, 2)
    terms["term"] = {"from": str(begins_on), "to": str(last), "assumed": WHY}
    if "succeeds" in document.tree.entries:
        terms["succeeds"] = "none"
    lines.append(
        f"term: {term.from_on} to {term.last_on} in the document, {begins_on} to {last} in this run, begun outside it"
    )


def _map_refresh(document: Document, begins_on: date, terms: dict[str, Any], lines: list[str]) -> None:
    """A published list is first made with the term: where that is mapped, a list that would come later is, too."""
    scoring = document.model.scoring
    first = scoring.refreshed_from if scoring else None
    if "term" not in terms or first is None or first <= begins_on:
        return
    written = cast(dict[str, Any], plain(document.tree.entries["scoring"]))
    written["refresh"]["from"] = str(begins_on)
    terms["scoring"] = {**written, "assumed": WHY}
    lines.append(f"ranks: first made on {first} in the document, on {begins_on} in this run")


def _map_grades(document: Document, providers: Sequence[Provider], terms: dict[str, Any], lines: list[str]) -> None:
    held = {provider.scale for provider in providers}
    foreign = {rule.scale for rule in document.model.grades} - held
    if len(held) != 1 or not foreign:
        return
    scale = held.pop()
    admission = cast(list[dict[str, Any]], plain(document.tree.entries["admission"]))
    for rule in admission:
        before = str(rule["scale"])
        if before == scale:
            continue
        words = SCALES[before]
        name = next(word for word, number in words.items() if str(rule["grade"]) in (word, str(number)))
        grade = GRADES_ALIKE[before, scale][name]
        rule.update(scale=scale, grade=str(grade), assumed=WHY)
        lines.append(f"grades: {name} on the scale of {before} is read as {grade} on that of {scale} (assumed)")
    terms["admission"] = admission


def _map_scored_grades(
    document: Document, providers: Sequence[Provider], terms: dict[str, Any], lines: list[str]
) -> None:
    """Where the sum of grades is scored, its best is another one on the scale of another regulator."""
    scoring = document.model.scoring
    weight = next((one for one in scoring.weights if one.criterion == "grades"), None) if scoring else None
    held = {provider.scale for provider in providers}
    own = "care_inspectorate" if document.model.nation == "scotland" else "cqc"
    if weight is None or len(held) != 1 or held == {own}:
        return
    scale = held.pop()
    best = half_up(weight.span * max(SCALES[scale].values()), max(SCALES[own].values()))
    written = cast(dict[str, Any], terms.get("scoring") or plain(document.tree.entries["scoring"]))
    written["weights"]["grades"]["best"] = str(best)
    terms["scoring"] = {**written, "assumed": WHY}
    lines.append(
        f"scores: {weight.span} as the sum of the grades in {len(RELEVANT_AREAS)} areas is read as {best} on the scale "
        f"of {scale} (assumed)"
    )
