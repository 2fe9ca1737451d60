"""
What the grades of the register mean under a document: whom its gates will bar, and who cannot be judged.

Nobody is left out of an enrolment for a grade: the gates decide that in the run, on the day. This only says
beforehand what they will say while the grades stand as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from calloff.documents.plain_words import grade_words
from calloff.documents.purchasing_models import Document
from calloff.documents.wording import day_words, listed, spaced
from calloff.domain.contracts import Enrolment
from calloff.domain.providers import RELEVANT_AREAS, Provider
from calloff.domain.purchasing_model import GradeRule, PurchasingModel
from calloff.simulator.adapt import adapt
from calloff.simulator.membership import Candidates

LOW = 2
"""Where a document asks for no grade, those of this grade or lower are told of all the same."""


def grades_told(document: Document, found: Candidates, enrolments: Sequence[Enrolment], on: date) -> list[str]:
    """
    For each rule on grades, who fails it and why: a line for the rule and one for each kind of failure.

    Ended registrations are named too, for whom a grade may be the reason; other service types are not. A rule on the
    scale of another regulator is read as a run reads it, and that is said.
    """
    providers = sorted((*found.external, *found.in_house, *found.ended), key=lambda one: one.reference)
    model, mapped = _as_run(document, providers, on)
    lines = [line for rule in model.grades for line in _under(rule, providers, enrolments, on)]
    if model.grades:
        return [*lines, *mapped]
    standing = _standing(providers, enrolments, on)
    return [
        "Grades: the document has no rule on grades, so none keeps anybody from being asked.",
        *_line(f"grade {LOW} or lower", _between(providers, 1, LOW), standing),
        *_line("no grade published", _between(providers, 0, 0), standing),
    ]


def _as_run(document: Document, providers: Sequence[Provider], on: date) -> tuple[PurchasingModel, list[str]]:
    """The document as a run reads it; parsed anew only where a rule is on a scale that no provider has."""
    held = {provider.scale for provider in providers}
    if all(rule.scale in held for rule in document.model.grades):
        return document.model, []
    adapted, lines = adapt(document, providers, on)
    return adapted.model, [f"  {line}" for line in lines if line.startswith("grades:")]


def _under(rule: GradeRule, providers: Sequence[Provider], enrolments: Sequence[Enrolment], on: date) -> list[str]:
    standing = _standing(providers, enrolments, on)
    touched = {one.provider for one in enrolments if not rule.tiers or one.tier in rule.tiers}
    elsewhere = {one.provider for one in enrolments} - touched
    judged = [one for one in providers if one.reference not in elsewhere]
    same = [one for one in judged if one.scale == rule.scale]
    others = {one.reference: "" for one in judged if one.scale != rule.scale}
    what = "such packages" if rule.when else "any package"
    ungraded = f"no grade published, so it cannot be judged and is not asked for {what} until it has one"
    if rule.unrated == "passes":
        ungraded = "no grade published, which this document lets pass"
    told = [
        *_line(f"too low, so not asked for {what} while it stands", _between(same, 1, rule.grade - 1), standing),
        *_line(ungraded, _between(same, 0, 0), standing),
        *_line(f"graded by another regulator, so not asked for {what}", others, standing),
    ]
    beside = [one for one in providers if one.reference in elsewhere]
    return [
        f"Grades: {grade_words(rule)}",
        *(told or ["  nobody falls short of it."]),
        *_line("below it, but of another tier, which it is not for", _between(beside, 0, rule.grade - 1), standing),
    ]


def _between(providers: Sequence[Provider], least: int, most: int) -> dict[str, str]:
    """By reference the areas, each with its grade, in which a provider's grade lies between two bounds."""
    found = {}
    for provider in providers:
        graded = dict(zip(RELEVANT_AREAS, provider.grades, strict=True))
        areas = [area for area, grade in graded.items() if least <= grade <= most]
        if len(areas) == len(RELEVANT_AREAS) and not most:
            found[provider.reference] = "none in any area"
        elif areas:
            found[provider.reference] = listed(f"{spaced(area)} {graded[area] or 'none'}" for area in areas)
    return found


def _standing(providers: Sequence[Provider], enrolments: Sequence[Enrolment], on: date) -> dict[str, str]:
    """By reference why a provider will not be asked, grade or no grade; empty where it may be."""
    enrolled = {one.provider for one in enrolments}
    told = {}
    for provider in providers:
        told[provider.reference] = "" if provider.reference in enrolled else "not enrolled"
        if provider.registered_to is not None and provider.registered_to < on:
            told[provider.reference] = f"not enrolled: registration ended on {day_words(provider.registered_to)}"
    return told


def _line(what: str, areas: Mapping[str, str], standing: Mapping[str, str]) -> list[str]:
    """A line that names the providers, none where there is nobody to name."""
    named = []
    for reference, words in areas.items():
        notes = [note for note in (words, standing[reference]) if note]
        named.append(f"{reference} ({'; '.join(notes)})" if notes else reference)
    return [f"  {what}: {', '.join(named)}."] if named else []
