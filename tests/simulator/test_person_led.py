"""Runs of a document for those who lead: who leads, whom they chose, and what they are told when nobody cares."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import replace

import pytest
from made_up_register import PACKAGES, PLACES, REGISTER
from small_market import BEGINS_AT

from calloff.documents.purchasing_models import shipped
from calloff.simulator.allocate import LOG, OUTCOMES, Inputs, allocate
from calloff.simulator.enrol import enrol
from calloff.simulator.explain import explain
from calloff.simulator.keyed_draws import Draws
from calloff.simulator.person_led import with_choices, with_ways_of_leading
from calloff.simulator.replay import replay
from calloff.simulator.responders import AllAccept

BUDGET = shipped("personal_budget")
FRAMEWORK = shipped("east_lothian_2017_framework")


def enrolled(document):
    """Who is enrolled, each with the name of its document."""
    found, _ = enrol(document, REGISTER, PLACES, PACKAGES, 1)
    return [replace(one, model=document.model.id, suspensions=()) for one in found]


def run(folder, documents, rows, responder=None):
    contracts = [one for document in documents for one in enrolled(document)]
    inputs = Inputs(documents, REGISTER, contracts, rows, PLACES, responder or AllAccept(), BEGINS_AT, 1)
    summary = allocate(inputs, folder / "out")
    assert not any(one.differs for one in replay(folder / "out" / LOG))
    with (folder / "out" / OUTCOMES).open(encoding="utf-8", newline="") as stream:
        return summary, {row["reference"]: row for row in csv.DictReader(stream)}


def led(row, way, chosen=""):
    return replace(row, package=replace(row.package, delivery_model=way, chosen_provider=chosen))


def test_where_no_package_says_who_leads_that_is_drawn_and_said():
    rows, lines = with_ways_of_leading(BUDGET.model, PACKAGES, Draws(1))
    counts = Counter(row.package.delivery_model for row in rows)

    assert set(counts) == {"personal_budget", "individual_service_fund", "direct_payment"}
    assert lines == [
        f"who leads: no package of the file says so; drawn by seed (assumed): {counts['personal_budget']} personal "
        f"budget, {counts['individual_service_fund']} individual service fund and {counts['direct_payment']} direct "
        "payment"
    ]


@pytest.mark.parametrize(
    ("document", "rows"),
    [
        (FRAMEWORK, PACKAGES),
        (BUDGET, [led(PACKAGES[0], "direct_payment"), *PACKAGES[1:]]),
        (BUDGET, []),
    ],
    ids=["a document for all", "one person leads", "nobody at all"],
)
def test_nothing_is_drawn_of_who_leads_where_nothing_needs_it(document, rows):
    assert with_ways_of_leading(document.model, rows, Draws(1)) == (rows, [])


def test_a_choice_is_drawn_among_those_who_may_be_chosen_and_never_for_a_direct_payment():
    rows, _ = with_ways_of_leading(BUDGET.model, PACKAGES, Draws(1))
    members = enrolled(BUDGET)

    chosen, lines = with_choices(BUDGET.model, [row.package for row in rows], members, REGISTER, Draws(1))

    tiers = {one.provider: one.tier for one in members}
    by_way = {way: [one for one in chosen if one.delivery_model == way] for way in BUDGET.model.scope.delivery_models}
    assert {tiers[one.chosen_provider] for one in by_way["personal_budget"] if one.chosen_provider} == {"framework"}
    of_funds = {tiers[one.chosen_provider] for one in by_way["individual_service_fund"] if one.chosen_provider}
    assert of_funds == {"framework", "fund_holders"}
    assert {one.chosen_provider for one in by_way["direct_payment"]} == {""}
    assert f"for {sum(bool(one.chosen_provider) for one in chosen)}," in lines[0]


@pytest.mark.parametrize(
    ("document", "way", "chosen"),
    [(BUDGET, "personal_budget", "CS0001"), (BUDGET, "managed", ""), (FRAMEWORK, "personal_budget", "")],
    ids=["a choice that the file holds", "nobody leads", "a document for all"],
)
def test_no_choice_is_drawn_where_the_file_holds_one_or_nobody_needs_one(document, way, chosen):
    packages = [led(PACKAGES[0], way, chosen).package, led(PACKAGES[1], way).package]

    assert with_choices(document.model, packages, enrolled(document), REGISTER, Draws(1)) == (packages, [])


def test_only_who_is_registered_for_the_service_is_chosen():
    packages = [replace(led(PACKAGES[0], "personal_budget").package, service_type="housing_support")]

    chosen, _ = with_choices(BUDGET.model, packages, enrolled(BUDGET), REGISTER, Draws(1))

    assert chosen == packages


def test_a_run_of_people_who_lead_asks_only_whom_they_chose_and_tells_the_others_how_they_may_lead(tmp_path):
    summary, rows = run(tmp_path, [BUDGET], PACKAGES)

    assert summary.states["called_off"].packages > 0
    assert {row["kinds"] for row in rows.values() if row["outcome"] == "called_off"} == {"chosen"}
    assert {row["asked"] for row in rows.values()} == {"0", "1"}
    left = summary.states["referred"].packages
    assert summary.routes["direct_payment"] == left
    assert f"  {'direct_payment':<40} {left:>9,}" in summary.table()
    assert [text.partition(":")[0] for text in summary.mapped] == ["who leads", "whom they chose"]


def test_a_council_buys_under_its_framework_what_it_manages_and_leaves_the_rest_to_those_who_lead(tmp_path):
    budget = [one.provider for one in enrolled(BUDGET) if one.tier == "framework"]
    rows = [
        PACKAGES[0],
        led(PACKAGES[1], "personal_budget", budget[0]),
        led(PACKAGES[2], "direct_payment", budget[0]),
    ]

    summary, outcomes = run(tmp_path, [FRAMEWORK, BUDGET], rows)

    steps = {reference: set(row["steps"].split("; ")) for reference, row in outcomes.items()}
    assert steps == {"P-0": {"framework"}, "P-1": {"persons_choice"}, "P-2": {""}}
    assert summary.mapped == []


def test_who_has_not_chosen_is_told_whom_there_is_to_choose_from_and_how_else_to_lead(tmp_path):
    waiting = [led(PACKAGES[0], "personal_budget"), led(PACKAGES[1], "direct_payment")]
    run(tmp_path, [BUDGET], [*waiting, led(PACKAGES[2], "personal_budget", "CS0001")])

    told = explain(tmp_path / "out" / LOG, "P-0")
    direct = explain(tmp_path / "out" / LOG, "P-1")

    assert "Past every gate, for the person to choose from: Service " in told
    assert "The person may choose one of the providers that may deliver on a personal budget." in told
    assert "The person may buy the care with a direct payment, from any provider, listed here or not." in direct
    assert "to choose from" not in direct


class NobodyAnswers(AllAccept):
    def answers(self, *args):
        return []


def test_who_chose_in_vain_is_not_told_to_choose_the_same_again(tmp_path):
    chosen = next(one.provider for one in enrolled(BUDGET) if one.tier == "framework")
    name = next(one.name for one in REGISTER if one.reference == chosen)
    rows = [led(PACKAGES[0], "personal_budget", chosen), led(PACKAGES[1], "personal_budget")]

    run(tmp_path, [BUDGET], rows, NobodyAnswers())

    choices = {
        reference: line.partition("to choose from: ")[2].rstrip(".")
        for reference in ("P-0", "P-1")
        for line in explain(tmp_path / "out" / LOG, reference).splitlines()
        if "to choose from: " in line
    }
    told = {reference: set(re.split(", | and ", names)) for reference, names in choices.items()}
    assert told["P-1"] - told["P-0"] == {name}
