"""
Each shipped purchasing model at work on one made-up market: every package as its case says, every rule with an effect.

The cases and how to change them: `tests/cases/models`; what runs them: `tests/model_cases.py`.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import model_cases
import pytest

from calloff.documents.models_page import tier_words
from calloff.documents.purchasing_models import read_model, shipped, shipped_ids
from calloff.documents.rules import rules, without
from calloff.domain.purchasing_model import Tier, applicable_model

DOCUMENTS = [name for name in shipped_ids() if shipped(name).model.pattern != "parent_framework"]
RULES = [(name, rule.path) for name in DOCUMENTS for rule in rules(shipped(name).tree)]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_package_comes_out_as_the_case_says(name):
    found = {reference: str(outcome) for reference, outcome in model_cases.whole(name).items()}

    assert found == model_cases.read(name)["outcomes"]


@pytest.mark.parametrize(("name", "path"), RULES, ids=[f"{name} {path}" for name, path in RULES])
def test_taking_a_rule_away_changes_what_comes_of_a_package(name, path):
    assert model_cases.effect(name, path), f"{name}: no package shows the rule {path}; give the market one that does"


def test_every_document_that_a_council_buys_under_has_a_case_on_the_same_market():
    market = model_cases.read("market")

    assert model_cases.case_names() == DOCUMENTS
    assert (len(market["providers"]), len(market["packages"])) == (12, 40)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_answer_stands_in_a_case_for_nothing(name):
    assert model_cases.CaseOf(name).answers_of_nobody() == []


def test_page_of_models_is_made_from_the_cases_as_they_are():
    assert model_cases.PAGE.read_text("utf-8") == model_cases.page(), (
        "write it anew: PYTHONPATH=src:tests .venv/bin/python tests/model_cases.py"
    )


@pytest.mark.shows("IW21-22")
def test_wight_runs_eight_years_and_two_more_once_the_council_says_so():
    term = shipped("isle_of_wight_2021_locality_prime").model.term

    assert term.last_on == date(2029, 1, 31)
    assert term.extend(2).last_on == date(2031, 1, 31)


@pytest.mark.shows("EL18-19", "LE14-18")
@pytest.mark.parametrize("path", ["", *(rule.path for rule in rules(shipped("personal_budget").tree))])
def test_where_the_person_leads_nobody_is_asked_whom_the_person_did_not_choose(path):
    """Under the whole document and under it less any rule."""
    name = "personal_budget"
    chosen = {one.reference: one.chosen_provider for one in model_cases.CaseOf(name).packages}
    found = (
        model_cases.whole(name)
        if not path
        else {key: after for key, (_, after) in model_cases.effect(name, path).items()}
    )

    for reference, outcome in found.items():
        asked = re.sub(r" \(.*?\)", "", outcome.asked).removeprefix("asked ")
        assert asked in ("", "nobody asked", chosen[reference]), f"{reference}: {outcome}"


def test_one_council_has_a_document_for_those_who_lead_beside_the_one_for_all_others():
    models = [shipped("east_lothian_2017_framework").model, shipped("personal_budget").model]
    package = next(one for one in model_cases.CaseOf("personal_budget").packages if one.reference == "P-12")

    governed = {
        way: applicable_model(models, replace(package, delivery_model=way)).id
        for way in ("managed", "personal_budget", "individual_service_fund", "direct_payment")
    }

    assert governed.pop("managed") == "east_lothian_2017_framework"
    assert set(governed.values()) == {"personal_budget"}


# Rules one by one


def test_rules_are_told_apart_and_stand_where_they_were_written():
    found = rules(shipped("east_lothian_2024_locality_block").tree)

    assert len({rule.path for rule in found}) == len(found)
    written = {rule.path: (rule.document, rule.line) for rule in found}
    assert written["price"][0] == "purchasing_models/scotland_excel_flexible_framework.yaml"
    assert written["term"][0] == "purchasing_models/east_lothian_2024_locality_block.yaml"


def test_every_rule_has_a_source_or_says_what_it_assumes():
    every = [(name, rule) for name in shipped_ids() for rule in rules(shipped(name).tree)]

    assert [(name, rule.path) for name, rule in every if not (rule.source or rule.assumed)] == []


def test_an_aspect_assumes_what_its_step_says_of_it():
    found = {rule.path: rule for rule in rules(shipped("east_lothian_2017_framework").tree)}

    assert found["steps.framework.rank_by"].assumed == 'reads "capacity to deliver" as spare hours a week, most first'
    assert found["steps.framework.rank_by"].source == ("EL18-18",)
    assert found["steps.continuity.within_days"].assumed == found["steps.continuity"].assumed


@pytest.mark.parametrize("name", shipped_ids())
def test_a_document_less_one_rule_is_another_document_that_can_be_read(name):
    document = shipped(name)
    whole = read_model(document.tree, "", partial=True)

    for rule in rules(document.tree):
        assert read_model(without(document.tree, rule), "", partial=True) != whole, rule.path


def test_taking_one_line_of_the_price_away_leaves_the_other():
    tree = shipped("rutland_2013_two_tier").tree
    spot = next(rule for rule in rules(tree) if rule.path == "price.lines.2")

    assert [rule.tiers for rule in read_model(without(tree, spot), "", partial=True).prices] == [
        ("framework", "second_tier")
    ]


CONTRARIES = {
    "capacity": "{test: gate, declaration_days: 366, assumed: see what the rule does}",
    "scope": "{service_types: [care_at_home], assumed: see what the rule does}",
    "ties": "{order: [], assumed: see what the rule does}",
    "steps.continuity.ask": "unasked",
}


def test_a_rule_that_says_what_silence_means_gives_way_to_its_contrary():
    found = {rule.path: rule.instead for rule in rules(shipped("east_lothian_2017_framework").tree) if rule.instead}

    assert found == CONTRARIES


def test_a_step_that_is_not_there_has_no_rules():
    document = shipped("east_lothian_2017_framework")
    rule = next(one for one in rules(document.tree) if one.path == "steps.council_team")

    assert not [one for one in rules(without(document.tree, rule)) if one.path.startswith("steps.council_team")]


@pytest.mark.parametrize(
    ("tier", "words"),
    [
        (Tier("rota", "member", 6), "rota (member, 6)"),
        (Tier("rota", "member", 3, per_lot=True), "rota (member, 3 in each lot)"),
        (Tier("primes", "prime", 1, per_locality=True), "primes (prime, 1 in each locality)"),
    ],
)
def test_a_tier_is_counted_as_its_document_counts_it(tier: Tier, words: str):
    assert tier_words(tier) == words
