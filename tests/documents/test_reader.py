"""What the reader of purchasing models refuses: with the line, what is wrong there and what to write instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kernel_cases import case_id, cases_of, document_text

from calloff.documents.purchasing_models import load, parse, shipped, shipped_ids, sources_of
from calloff.documents.tree import plain, read_tree
from calloff.domain.calendar import standing_clocks
from calloff.domain.errors import BadInputError, DocumentError, DocumentErrors
from calloff.domain.purchasing_model import EVERYONE, Condition

CASES = cases_of("documents")
BASE = CASES[0]["base"]


def faults(text: str, path: str = "council.yaml") -> list[DocumentError]:
    with pytest.raises(BadInputError) as refusal:
        parse([(path, text)])
    error = refusal.value
    return list(error.errors) if isinstance(error, DocumentErrors) else [error]


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_document_of_the_case_is_refused(case: dict[str, Any]):
    found = faults(document_text(case))

    told = [(fault.line, fault.problem, fault.remedy) for fault in found]
    assert [line for line, _, _ in told] == [int(expected["line"]) for expected in case["refused"]], told
    for fault, expected in zip(found, case["refused"], strict=True):
        assert expected["problem"] in fault.problem
        assert expected["remedy"] in fault.remedy
        assert str(fault) == f"council.yaml:{fault.line}: {fault.problem}. {fault.remedy}"


def test_the_base_of_the_cases_is_read():
    model = parse([("council.yaml", BASE)]).model

    assert (model.id, model.steps[0].ask) == ("a_framework", (1,) * 6)
    assert model.ties, "a document without a list of ties has the standard one"


# --- Documents on a parent


OVERLAY = """\
id: a_council
version: 1
title: A council's terms
parent: a_framework
price: {set_by: provider, ceiling_gbp_per_hour: 16.25, assumed: local terms}
"""


def written(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_an_overlay_replaces_the_parents_rule_whole_and_keeps_its_others(tmp_path: Path):
    written(tmp_path, a_framework=BASE, a_council=OVERLAY)

    document = load(str(tmp_path / "a_council.yaml"))

    model = document.model
    assert (model.id, document.parent) == ("a_council", "a_framework")
    assert [rule.line.centipence for rule in model.prices] == [162_500]
    assert [step.name for step in model.steps] == ["members"]
    assert [Path(path).name for path, _ in document.texts] == ["a_framework.yaml", "a_council.yaml"]
    assert model.document_hash != load(str(tmp_path / "a_framework.yaml")).model.document_hash


def test_a_fault_of_a_parent_is_told_with_the_parents_name_and_line(tmp_path: Path):
    written(tmp_path, a_framework=BASE.replace("source: EL18-17", "source: EL18-99"), a_council=OVERLAY)

    with pytest.raises(DocumentErrors) as refusal:
        load(str(tmp_path / "a_council.yaml"))

    (fault,) = refusal.value.errors
    assert (Path(fault.path).name, fault.line) == ("a_framework.yaml", 6)


def test_a_document_that_is_its_own_parent_is_refused(tmp_path: Path):
    written(tmp_path, a_framework=BASE + "parent: a_framework\n")

    with pytest.raises(DocumentError, match="the document is its own parent"):
        load(str(tmp_path / "a_framework.yaml"))


def test_two_documents_that_are_each_others_parents_are_refused(tmp_path: Path):
    written(tmp_path, one=BASE + "parent: two\n", two=BASE + "parent: one\n")

    with pytest.raises(DocumentError, match="its own parent"):
        load(str(tmp_path / "one.yaml"))


def test_a_parent_that_nobody_has_is_refused_with_those_there_are(tmp_path: Path):
    written(tmp_path, a_council=OVERLAY)

    with pytest.raises(BadInputError, match=r"there is no purchasing model .a_framework."):
        load(str(tmp_path / "a_council.yaml"))


def test_a_parent_is_looked_for_among_the_shipped_too(tmp_path: Path):
    text = OVERLAY.replace("parent: a_framework", "parent: east_lothian_2017_framework")
    written(tmp_path, a_council=text)

    document = load(str(tmp_path / "a_council.yaml"))

    assert document.texts[0][0] == "purchasing_models/east_lothian_2017_framework.yaml"


def test_what_is_no_text_is_refused(tmp_path: Path):
    (tmp_path / "a_council.yaml").write_bytes(b"id: \xff")

    with pytest.raises(BadInputError, match="cannot be read as text"):
        load(str(tmp_path / "a_council.yaml"))


# --- What is no document at all


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "the document is empty"),
        ("- a\n- list\n", "the document is not a mapping"),
        ("just words\n", "the document is not a mapping"),
        ("id: a\n? [b]\n: c\n", "a key is not plain text"),
        ("id: a\n\tversion: 1\n", "this is not YAML"),
        ("id: \x00\n", "this is not YAML: it cannot be read"),
        ("id: a\n---\nid: b\n", "this is not YAML"),
        ("id: &a [*a]\n", "an anchor stands within itself"),
    ],
)
def test_what_is_no_document_is_refused_in_words(text: str, problem: str):
    (fault,) = faults(text)

    assert fault.problem.startswith(problem)
    assert fault.line >= 1


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("tiers:\n  - {name: members, role: member, source: EL18-20}\n", "tiers: members\n", "a list is expected here"),
        ("title: A framework", "title: [A framework]", "plain text is expected here"),
        ("term: {from: 2017-04-01, to: 2022-03-31, source: EL18-17}", "term: always", "a mapping is expected here"),
        ("from: 2017-04-01", "from: 20170401", "'20170401' is not a day"),
        ("from: 2017-04-01", "from: 2017-02-30", "'2017-02-30' is not a day"),
        ("version: 1", "version: 1_0", "'1_0' is not a whole number"),
        ("version: 1", "version: -1", "'-1' is not a whole number"),
        ("version: 1", "version: 9999999999999999999999", "is not between 1 and 100000"),
        (
            "ask: in_turn",
            "ask: in_turn, reply_within: {hours: 2, between: '09:75-17:00'}",
            "'09:75-17:00' is not a span",
        ),
        ("from: 2017-04-01", "from: April 2017", "'April 2017' is not a day"),
        ("ask: in_turn", "ask: in_turn, when: {minutes_per_week: {}}", "`minutes_per_week` needs a comparison"),
        ("ask: in_turn", "ask: in_turn, when: {weather: fine}", "`weather` is not known here"),
        ("ask: in_turn", "ask: in_turn, when: {legacy: perhaps}", "`perhaps` is not known here"),
        ("ask: in_turn", "ask: in_turn, reply_within: {on: all_days}", "a clock needs a length"),
        ("ask: in_turn", "ask: in_turn, reply_within: {hours: 2, between: 9-17}", "'9-17' is not a span"),
        ("ask: in_turn", "ask: in_turn, reply_within: {hours: 2, between: '17:00-09:00'}", "does not run forward"),
        ("ask: in_turn", "ask: in_turn, reply_within: soon", "`soon` is not known here"),
        ("rank_by: [price]", "rank_by: [{price_band_gbp_per_hour: 0}]", "a price band needs a width"),
        ("rank_by: [price]", "rank_by: [beauty]", "`beauty` is not known here"),
        ("set_by: provider", "set_by: provider, from: 2019-01-02, to: 2019-01-01", "the line begins on 2019-01-02"),
        ("set_by: provider", "set_by: provider, workers: 3", "'3' is not between 1 and 2"),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused_in_words(before: str, after: str, problem: str):
    assert BASE.count(before) == 1

    found = faults(BASE.replace(before, after))

    assert any(problem in fault.problem for fault in found), [str(fault) for fault in found]
    assert [fault.line for fault in found] == sorted(fault.line for fault in found)


def test_every_fault_has_a_remedy_and_is_told_once():
    found = faults(BASE.replace("source", "sauce"))

    assert all(fault.remedy for fault in found)
    assert len({str(fault) for fault in found}) == len(found)


# --- What is read


def test_conditions_of_every_kind_are_read():
    when = (
        "when: {priority: [P1, P2], locality: North, legacy: no, minutes_per_week: {at_least: 60, at_most: 600}, "
        "care_type: personal_care}"
    )
    model = parse([("council.yaml", BASE.replace("ask: in_turn", f"ask: in_turn, {when}"))]).model

    assert model.steps[0].when == (
        Condition("priority", "one_of", ("P1", "P2")),
        Condition("locality", "one_of", ("North",)),
        Condition("legacy", "equal", (0,)),
        Condition("minutes_per_week", "at_least", (60,)),
        Condition("minutes_per_week", "at_most", (600,)),
        Condition("care_type", "one_of", ("personal_care",)),
    )


def test_whom_the_person_chose_may_be_of_any_tier_unless_the_step_names_some():
    tiers = "tiers:\n  - {name: reserve, role: member, source: EL18-20}"
    choice = "  - {name: choice, whom: chosen_provider, ask: in_turn, source: EL18-18}"
    text = BASE.replace("tiers:", tiers) + choice

    assert [step.whom for step in parse([("council.yaml", text)]).model.steps] == ["tier", "chosen_provider"]
    named = text.replace("chosen_provider,", "chosen_provider, tiers: [members],")
    assert [fault.problem for fault in faults(named)] == ["nobody can reach the tier `reserve`"]


def test_lines_that_each_say_who_sets_them_need_it_said_nowhere_else():
    lines = (
        "{source: EL18-14, lines: [{set_by: council, gbp_per_hour: 15.95, to: 2019-03-31, source: EL18-14}, "
        "{set_by: bid, ceiling_gbp_per_hour: 16.45, from: 2019-04-01, source: EL18-14}]}"
    )
    text = BASE.replace("{set_by: provider, ceiling_gbp_per_hour: 15.95, source: EL18-14}", lines)

    rules = parse([("council.yaml", text)]).model.prices

    assert [(rule.fixed, rule.bid, rule.line.centipence) for rule in rules] == [
        (True, False, 159_500),
        (False, True, 164_500),
    ]


def test_one_priority_may_be_given_its_standing_clock_by_name():
    within = "{P1: by_priority, P2: {hours: 3}, otherwise: by_priority}"
    model = parse([("council.yaml", BASE.replace("ask: in_turn", f"ask: in_turn, reply_within: {within}"))]).model

    standing = list(standing_clocks().values())
    assert [*model.steps[0].reply_within[:1], *model.steps[0].reply_within[2:]] == [standing[0], *standing[2:]]
    assert model.steps[0].reply_within[1].length == 180


def test_a_grade_may_be_written_as_its_word():
    text = BASE + "admission: [{rule: minimum_grade, scale: cqc, grade: good, source: EL18-15}]\n"

    assert parse([("council.yaml", text)]).model.grades[0].grade == 3


def test_who_says_nothing_of_asking_asks_all_at_once_within_a_working_day():
    model = parse([("council.yaml", BASE.replace("ask: in_turn, ", ""))]).model

    assert model.steps[0].ask == (EVERYONE,) * 6
    assert {(clock.length, clock.unit) for clock in model.steps[0].reply_within} == {(1, "working_days")}


@pytest.mark.parametrize("model_id", shipped_ids())
def test_every_shipped_document_is_read_and_names_its_sources(model_id: str):
    document = shipped(model_id)

    assert document.model.id == model_id
    assert sources_of(document.tree)
    assert [path for path, _ in document.texts][-1] == f"purchasing_models/{model_id}.yaml"


def test_a_tree_keeps_lines_and_reads_back_as_it_was_written():
    tree = read_tree("a: 15.90\nb: [x, {c: yes}]\n", "council.yaml")

    assert plain(tree) == {"a": "15.90", "b": ["x", {"c": "yes"}]}
    assert tree.entries["b"].line == 2
    assert plain(tree.without("a")) == {"b": ["x", {"c": "yes"}]}
    assert plain(tree.with_entry("a", tree.entries["b"])) == {"a": ["x", {"c": "yes"}], "b": ["x", {"c": "yes"}]}


def test_more_lots_or_gates_than_a_number_has_bits_are_refused():
    lots = "".join(f"  - {{name: lot_{n}, when: {{locality: [Place{n}]}}, assumed: x}}\n" for n in range(63))
    rules = "  - {rule: minimum_grade, scale: cqc, grade: good, assumed: x}\n" * 12
    base = cases_of("documents")[0]["base"]

    told = [fault.problem for fault in faults(f"{base}lots:\n{lots}admission:\n{rules}")]

    assert told == ["there are 63 lots, and at most 62", "there are 74 lines of gates, and at most 62"]
