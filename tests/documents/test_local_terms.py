"""Local terms over a parent document: what they replace, and what they take away."""

import pytest

from calloff.documents.purchasing_models import find, parse

PARENT = "east_lothian_2017_framework"
CHILD = """
id: eastmoor_framework
version: 1
title: The framework with local terms
nation: scotland
pattern: ranked_framework
parent: east_lothian_2017_framework
"""


def child(terms: str):
    return parse([("parent.yaml", find(PARENT).read_text(encoding="utf-8")), ("child.yaml", CHILD + terms)]).model


@pytest.mark.shows("EL24-13")
def test_a_child_replaces_the_rule_it_names_and_keeps_the_others():
    model = child("capacity: {test: gate, assumed: declared hours keep a provider off the list}")

    assert model.capacity == "gate"
    assert model.splitting is not None
    assert [step.name for step in model.steps] == ["continuity", "framework", "council_team"]


def test_a_child_takes_a_rule_away_by_writing_none():
    model = child("splitting: none\nother_times: none")

    assert model.splitting is None
    assert model.other_times == "refused"


def test_the_hash_is_that_of_both_texts():
    assert child("splitting: none").document_hash != child("other_times: none").document_hash
