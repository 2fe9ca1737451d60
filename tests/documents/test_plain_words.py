"""A document in plain words: every rule once, with its source and what it assumes."""

from __future__ import annotations

import re

import pytest
from small_document import SMALL

from calloff.documents.plain_words import model_in_words
from calloff.documents.purchasing_models import load, parse, shipped, shipped_ids, sources_of
from calloff.documents.tree import Scalar, Table, walk


@pytest.fixture(scope="module")
def words() -> str:
    return model_in_words(parse([("small.yaml", SMALL)]))


@pytest.mark.parametrize(
    "sentence",
    [
        "A small framework (small, version 2)",
        "Council: A council",
        "Way of buying: tiers one after the other, then spot purchase",
        "In force from 1 April 2017 to 31 March 2022, with 2 optional years, 1 of them used, so that the last day is "
        "31 March 2023. [EL18-17]",
        "It is for care given as a managed service, people aged 75 to 84 or 85 and over.",
        "Providers set their price, and £15.95 an hour is the most, for the tier framework. [EL18-14]",
        "The council pays a fixed £18.50 an hour, for the tier spot, from 1 January 2018.",
        "A provider needs at least grade 4 (good) from the Care Inspectorate in every area that matters, where the "
        "care is given as a personal budget. One that is not graded yet passes. [EL18-19]",
        "Who has not declared enough spare hours is not a candidate; a declaration holds for 7 days.",
        "An offer may cover a part of the visits; one person may have at most 3 providers.",
        "Visits are taken only at the times asked for. (This document is silent; it is what holds then.)",
        "Framework: providers in the contract, 15 in all. [EL18-20]",
        "P1 is a crisis, P2 a hospital discharge, P3 a provider that failed, P4 the end of reablement, P5 a new "
        "package, P6 a change of one that there is.",
    ],
)
def test_each_rule_is_a_sentence_with_its_source(words: str, sentence: str):
    assert words.count(sentence) == 1


def test_the_paper_is_quoted_where_it_is_short(words: str):
    assert "EL18-14 says: The Procurement Board set a highest price of £15.95 an hour" in words


def test_steps_are_numbered_with_whom_when_how_many_in_which_order_and_how_long(words: str):
    steps = words[words.index("Steps, in order") :]
    first, second, third, last, nobody = re.split(r"\n  \d\. ", steps)[1:]

    assert first.startswith("Continuity: the provider that cares for the person now, or did within 28 days.")
    assert "It is asked alone." in first
    assert (
        "P1: All of them are asked at once, and of those who accept the one in the lowest band of price an hour is "
        "chosen." in second
    )
    assert "P2 to P6: They are asked 3 at a time; when all of these say no or their time runs out" in second
    assert "Order: the lowest band of price an hour first (bands of £0.50), then the most spare hours first." in second
    assert "Time to answer: P1: 30 minutes (counted 08:00 to 20:00 on all days); P2 to P6: 2 working days." in second
    assert "assumed: (ask) the paper does not say" in second
    assert "Only where minutes of care a week are at least 600." in third
    assert (
        "It opens 2 working days after the package was approved, not before. Even then those before come first, while "
        "one of them can be asked or has time to answer." in third
    )
    assert last.startswith("Team: the council's own service.")
    assert "takes the package without being asked" in last
    assert "Time to answer" not in last
    assert nobody.startswith("Nobody is left")


LOTS = """\
lots:
  - {name: north, when: {locality: [Hill]}, assumed: an example}
  - {name: south, when: {locality: [Shore]}, assumed: an example}
"""
IN_TURN = SMALL.replace("rank_by: [{price_band_gbp_per_hour: 0.50}, capacity]", "rank_by: [rotation]")
TURNS = (
    "They take turns: the first turn is with the first by reference. The turn passes on only when a package is called "
    "off, to the provider after the one that took it; a refusal does not move it."
)


def test_a_document_without_a_scope_is_for_every_package():
    text = SMALL.replace("scope: {delivery_models: [managed], age_groups: [75-84, 85+], assumed: an example}\n", "")

    told = model_in_words(parse([("small.yaml", text)]))

    assert "  - It is for every package that the council buys. (This document is silent" in told


def test_turns_and_lots_are_told_whole():
    in_lots = IN_TURN.replace("count: 15", "count: 3, per_lot: yes") + LOTS
    alone, with_lots = (model_in_words(parse([("small.yaml", text)])) for text in (IN_TURN, in_lots))

    assert f"     {TURNS}\n" in alone
    assert f"     {TURNS} Each lot has turns of its own.\n" in with_lots
    asked = "A provider is asked only for the lot of its contract, and one whose contract names no lot for all of them."
    assert asked in with_lots
    assert asked not in alone
    assert "Framework: providers in the contract, 3 in each lot. [EL18-20]" in with_lots


@pytest.mark.parametrize(
    ("rank_by", "best"),
    [
        ("rank_by: [price]", "the cheapest"),
        ("rank_by: [quality, price]", "the one with the highest sum of grades"),
        ("rank_by: [distance]", "the nearest"),
        # Without an order of its own that for equals decides, of which the grades come first.
        ("note: none", "the one with the highest sum of grades"),
    ],
)
def test_who_is_chosen_of_those_who_accept_is_named(rank_by: str, best: str):
    text = SMALL.replace("rank_by: [{price_band_gbp_per_hour: 0.50}, capacity]", rank_by)

    assert f"and of those who accept {best} is chosen." in model_in_words(parse([("small.yaml", text)]))


@pytest.mark.parametrize("model_id", shipped_ids())
def test_every_source_and_every_assumption_of_a_shipped_document_is_told(model_id: str):
    document = shipped(model_id)
    words = model_in_words(document)

    assert [key for key, _ in sources_of(document.tree) if key not in words] == []
    tables = [node for node in walk(document.tree) if isinstance(node, Table)]
    assumed = [node.entries["assumed"] for node in tables if "assumed" in node.entries]
    texts = [one.text for node in assumed for one in walk(node) if isinstance(one, Scalar)]
    assert [text for text in texts if f"{text}" not in words] == []


@pytest.mark.parametrize("model_id", shipped_ids())
def test_a_shipped_document_in_words_holds_no_code(model_id: str):
    words = model_in_words(shipped(model_id))
    for known in shipped_ids():
        words = words.replace(known, "")
    words = words.replace("purchasing_models/", "")

    assert re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", words) == []


def test_a_rule_of_its_own_is_marked_where_the_others_are_the_parents():
    words = model_in_words(load("east_lothian_2024_locality_block"))

    assert "Stands on: scotland_excel_flexible_framework" in words
    assert "£23.87 an hour is the most.\n" in words
    assert "(Its own rule.)" in words
    assert "It follows east_lothian_2017_framework; 91 days between the two are covered by neither." in words
