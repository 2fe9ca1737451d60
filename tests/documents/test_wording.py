"""Every code that a record or a document can hold has its words, and no words stand for a code that is gone."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import calloff.domain
from calloff.documents.market_rules import METHODS, ROUTES
from calloff.documents.purchasing_models import parse
from calloff.documents.wording import (
    WordingError,
    condition_words,
    days_words,
    has_wording,
    listed,
    pattern_words,
    possessive,
    read_wording,
    say,
    wording,
)
from calloff.domain import contracts, history, packages, providers, purchasing_model, question, story, tables
from calloff.domain.packages import Visit
from calloff.domain.payment import BASES
from calloff.domain.purchasing_model import Condition
from calloff.domain.tables import CONDITION_FACTS, lower
from calloff.domain.visits import LogIs, Mark, Reason

DOMAIN = Path(calloff.domain.__file__).parent
SOURCE = DOMAIN.parent
STATES = (story.OPEN, story.ACCEPTED, story.PART, story.DECLINED, story.EXPIRED, story.ENDED, story.PLACED)

EVERY_RULE = """\
id: every_rule
version: 1
title: A document with every gate
nation: scotland
pattern: ranked_framework
term: {from: 2017-04-01, to: 2022-03-31, assumed: an example}
price: {set_by: provider, ceiling_gbp_per_hour: 15.95, assumed: an example}
groups: {chosen_by: provider, assumed: an example}
step_in: {redirects: new_referrals, assumed: an example}
joining: {decide_within_working_days: 20, assumed: an example}
lots: [{name: north, when: {locality: North}, assumed: an example}]
admission: [{rule: minimum_grade, scale: care_inspectorate, grade: 3, assumed: an example}]
tiers: [{name: framework, role: member, assumed: an example}]
steps: [{name: framework, whom: framework, assumed: an example}]
"""

# Sections whose codes are a closed list somewhere; the rest is worded only for `wording.py`'s own use.
CLOSED = {
    "gates": lower(parse([("every_rule.yaml", EVERY_RULE)]).model, ["North"]).codes,
    "states": STATES,
    "overrides": history.OVERRIDE_REASONS,
    "criteria": purchasing_model.CRITERIA,
    "criterion_names": purchasing_model.CRITERIA,
    "patterns": purchasing_model.PATTERNS,
    "service_types": packages.SERVICE_TYPES,
    "care_types": packages.CARE_TYPES,
    "delivery_models": packages.DELIVERY_MODELS,
    "client_groups": packages.CLIENT_GROUPS,
    "age_groups": packages.AGE_GROUPS,
    "area_bands": packages.AREA_BANDS,
    "capabilities": packages.CAPABILITIES,
    "complexity": packages.COMPLEXITY_FACTS,
    "bands": packages.BANDS,
    "priorities": tuple(f"P{number}" for number in packages.PRIORITIES),
    "roles": contracts.ROLES,
    "day_types": contracts.DAY_TYPES,
    "includes": contracts.INCLUDES,
    "scales": tuple(providers.SCALES),
    "grades": tuple(word for scale in providers.SCALES.values() for word in scale),
    "areas": tuple(f"grade_{area}" for area in providers.RELEVANT_AREAS),
    "conditions": (*CONDITION_FACTS, "not_legacy", "not_significantly_different", "within_days"),
    "weights": tuple(METHODS),
    "methods": tuple(method for methods in METHODS.values() for method in methods),
    "routes": ROUTES,
    "figures": (*purchasing_model.CRITERIA, "distance_unknown"),
    "bests": purchasing_model.CRITERIA,
    "pay_reasons": (*(one.name.lower() for one in Reason), "no_access_too_often"),
    "pay_bases": (*BASES, "actual_uncapped", "rounded_uncapped", "at_least", "overlap"),
    "pay_marks": tuple(one.name.lower() for one in Mark),
    "pay_logs": tuple(one.name.lower() for one in LogIs),
}
REASONS = ("declines", "endings", "waits", "refers", "part_reasons", "quotas", "proof", "kinds", "obstacles")


def decided(tree: ast.AST) -> set[str]:
    """The texts that the kernel gives as a reason: by keyword, by name, by `Ending` or a turn, or as an answer."""
    found: set[str] = set()
    for node in ast.walk(tree):
        values: list[ast.AST] = []
        if isinstance(node, ast.Call):
            values += [one.value for one in node.keywords if one.arg == "reason"]
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            values += node.args[-1:] if called in ("Ending", "end_all", "turn") else []
        elif isinstance(node, ast.Assign):
            names = {one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)}
            values += [node.value] if names & {"problem", "reason"} else []
        elif isinstance(node, ast.FunctionDef) and node.name in ANSWERING:
            values += [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value]
        found |= {text for value in values for text in texts_of(value)}
    return found


ANSWERING = (
    "why_not_now",
    "weigh_offer",
    "why_not_subcontractor",
    "why_not_asked",
    "subcontractors_to_name",
    "kind_of",
    "obstacle",
)
"""Functions that answer with a code."""


def texts_of(value: ast.AST) -> set[str]:
    """The codes that an expression may give; what it only compares with or calls on is none."""
    if isinstance(value, ast.Constant):
        is_code = isinstance(value.value, str) and re.fullmatch(r"[a-z]+(_[a-z]+)*", value.value)
        return {str(value.value)} if is_code else set()
    below: list[ast.expr] = []
    if isinstance(value, ast.IfExp):
        below = [value.body, value.orelse]
    elif isinstance(value, ast.Tuple):
        below = value.elts
    elif isinstance(value, ast.BoolOp):
        below = value.values
    return {text for one in below for text in texts_of(one)}


def kernel_reasons() -> set[str]:
    trees = [ast.parse(path.read_text("utf-8")) for path in sorted(DOMAIN.glob("*.py"))]
    return {text for tree in trees for text in decided(tree)}


@pytest.mark.parametrize("section", sorted(CLOSED))
def test_each_code_of_a_closed_list_has_words_and_no_words_are_left_over(section: str):
    assert set(wording().sections[section]) == set(CLOSED[section])


def test_every_reason_that_the_kernel_gives_has_a_sentence():
    reasons = kernel_reasons() | set(history.DECLINE_REASONS) | set(question.BARRING)

    assert {"no_step_left", "capacity_short_at_turn", "too_many_providers", "cheapest_pair", "none_able"} <= reasons
    sections = (*REASONS, "states", "gates")
    assert [one for one in sorted(reasons) if not any(has_wording(section, one) for section in sections)] == []


def test_no_sentence_stands_for_a_reason_that_nobody_gives():
    given = kernel_reasons() | set(history.DECLINE_REASONS) | set(question.BARRING) | set(contracts.ROLES)
    by_the_teller = {"not_met", "nobody", "gate_failed", "gate_since"}

    worded = {code for section in REASONS for code in wording().sections[section]}
    assert sorted(worded - given - by_the_teller) == []


def test_every_other_wording_is_asked_for_somewhere():
    said = {
        one.value
        for path in (*SOURCE.glob("documents/*.py"), *SOURCE.glob("simulator/*.py"))
        for one in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(one, ast.Constant) and isinstance(one.value, str)
    }
    closed = {*CLOSED, *REASONS}

    assert sorted(set(wording().sections) - said) == []
    rest = {name: section for name, section in wording().sections.items() if name not in closed}
    assert [(name, code) for name, section in rest.items() for code in section if code not in said] == []


def test_every_sentence_is_one_sentence_with_an_end():
    for section in ("gates", "gates_with_more", "declines", "endings", "states", "waits", "refers", "quotas"):
        for code, text in wording().sections[section].items():
            assert re.fullmatch(r"[^.]*\.|[^.]*(?:\{[^}]*\}[^.]*)*\.", text), (section, code)
            assert not re.search(r"\b[a-z]+_[a-z]+\b", re.sub(r"\{\w+\}", "", text)), (section, code)


def test_say_fills_the_figures_in():
    text = say("gates", "grade_staff", provider_s="Acorn's", has=2, wanted=3)

    assert text == "Acorn's grade for staff was 2, and 3 is the least."


def test_say_refuses_a_code_it_does_not_know_and_a_figure_it_lacks():
    with pytest.raises(WordingError, match="no wording for 'moonlight' among gates"):
        say("gates", "moonlight")
    with pytest.raises(WordingError, match="needs the figure 'wanted'"):
        say("gates", "grade_staff", provider_s="Acorn's", has=2)


def test_read_wording_refuses_what_is_no_table():
    with pytest.raises(WordingError, match="no version"):
        read_wording("gates: {suspended: It is suspended.}")
    with pytest.raises(WordingError, match="something else than codes and texts"):
        read_wording("version: 1\ngates: {suspended: 3}")


def test_listed_joins_as_print_does():
    assert [listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"], "or")] == [
        "nothing",
        "a",
        "a and b",
        "a, b or c",
    ]


def test_possessive_stands_before_the_bracket():
    assert [possessive(name) for name in ("Acorn", "Rivers", "Acorn (spot)", "Acorn (East) Care")] == [
        "Acorn's",
        "Rivers'",
        "Acorn's (spot)",
        "Acorn (East) Care's",
    ]


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (range(7), "every day"),
        (range(5), "Monday to Friday"),
        ((5, 6), "Saturday and Sunday"),
        ((0, 2, 4), "Monday, Wednesday and Friday"),
        ((0, 1, 2, 6), "Monday to Wednesday and Sunday"),
    ],
)
def test_days_words(days: range, words: str):
    assert days_words(days) == words


def test_pattern_words_keep_apart_what_differs():
    visits = [Visit(day, 480, 30) for day in range(7)] + [Visit(5, 480, 90, 2, True)]

    assert pattern_words(visits) == [
        "every day at 08:00 for 30 minutes",
        "Saturday at 08:00 for 1 hour and 30 minutes, two care workers, time-critical",
    ]


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Condition("priority", "one_of", ("P1", "P2")), "the priority is P1 or P2"),
        (Condition("area_band", "one_of", ("rural",)), "the home lies in rural parts"),
        (Condition("minutes_per_week", "at_least", (1200,)), "minutes of care a week are at least 1,200"),
        (Condition("legacy", "equal", (0,)), "the care was not first bought under an earlier contract"),
    ],
)
def test_condition_words(condition: Condition, words: str):
    assert condition_words(condition) == words


def test_every_condition_can_be_worded():
    for fact, words in CONDITION_FACTS.items():
        yes_or_no = fact in ("legacy", "significantly_different")
        number = not words and fact != "locality"
        comparison = "equal" if yes_or_no else "at_most" if number else "one_of"
        values: tuple[str | int, ...] = (1,) if number else (words or ("North",))

        assert condition_words(Condition(fact, comparison, values))


def test_the_codes_of_the_gates_are_those_of_the_tables():
    numbers = {one.value for one in tables.GateCode}

    assert numbers == set(range(1, 9))
