"""What an enrolment says of grades: whom the gates will bar and why, in words, and that a run then does so."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path

import pytest
from made_up_register import PACKAGES, PLACES, a_provider

from calloff.documents.purchasing_models import load, parse
from calloff.formats.care_inspectorate import import_register
from calloff.simulator.enrol import enrol

OPEN_DATA = Path(os.environ.get("CALLOFF_OPENDATA", ""))
real = pytest.mark.skipif("CALLOFF_OPENDATA" not in os.environ, reason="CALLOFF_OPENDATA names no folder")

GOOD = [a_provider(number) for number in range(20)]
WEAK = a_provider(70, grades=(3, 3, 4, 2))
ENDED = a_provider(71, grades=(3, 3, 4, 2), registered_to=date(2025, 3, 30))
BLANK = a_provider(72, grades=(0, 0, 0, 0))
PARTLY = a_provider(73, grades=(5, 0, 5, 5))
COUNCIL = a_provider(90, in_house=True)
EAST_LOTHIAN = "east_lothian_2017_framework"
RULE_3 = "  - {rule: minimum_grade, scale: care_inspectorate, grade: 3, assumed: 'for a test'}"


def told(model, register):
    """The lines about grades, by the rule that they stand under."""
    document = load(model) if isinstance(model, str) else model
    _, report = enrol(document, register, PLACES, PACKAGES, 1)
    rules, lines = [], {}
    for line in report:
        if line.startswith("Grades:"):
            rules.append(line)
            lines[line] = []
        elif rules and line.startswith("  "):
            lines[rules[-1]].append(line.strip())
        elif rules:
            break
    return lines


def one_line(model, register, words):
    """The only line under a rule that has these words."""
    (found,) = [line for lines in told(model, register).values() for line in lines if words in line]
    return found


def document_with(admission):
    document = load(EAST_LOTHIAN)
    return parse([*document.texts, ("terms for a test", f"admission:\n{admission}")])


# --- a grade too low, and none


def test_a_weak_grade_is_named_with_its_area_and_what_it_means():
    line = one_line(document_with(RULE_3), [*GOOD[:4], WEAK, COUNCIL], "too low")

    assert line == "too low, so not asked for any package while it stands: CS0070 (leadership 2)."


def test_one_whose_registration_ended_is_named_with_its_grade_and_its_end():
    line = one_line(document_with(RULE_3), [*GOOD[:4], ENDED, COUNCIL], "too low")

    assert line.endswith("CS0071 (leadership 2; not enrolled: registration ended on 30 March 2025).")


def test_a_blank_grade_cannot_be_judged_and_that_is_said():
    (lines,) = told(document_with(RULE_3), [*GOOD[:4], BLANK, PARTLY, COUNCIL]).values()

    assert lines == [
        "no grade published, so it cannot be judged and is not asked for any package until it has one: "
        "CS0072 (none in any area), CS0073 (care planning none)."
    ]


def test_a_blank_grade_passes_where_the_document_says_so_and_that_is_said():
    rule = RULE_3.replace("grade: 3", "grade: 3, unrated: passes")

    line = one_line(document_with(rule), [*GOOD[:4], BLANK, COUNCIL], "no grade published")

    assert line == "no grade published, which this document lets pass: CS0072 (none in any area)."


def test_a_document_without_a_rule_names_low_and_blank_grades_all_the_same():
    lines = told("leeds_2010_framework", [*GOOD, WEAK, BLANK, COUNCIL])

    assert lines == {
        "Grades: the document has no rule on grades, so none keeps anybody from being asked.": [
            "grade 2 or lower: CS0070 (leadership 2).",
            "no grade published: CS0072 (none in any area).",
        ]
    }


def test_where_nobody_falls_short_that_is_said():
    assert one_line(document_with(RULE_3), [*GOOD, COUNCIL], "nobody") == "nobody falls short of it."


def test_those_left_over_are_named_as_not_enrolled():
    every = [a_provider(number, grades=(2, 4, 4, 4)) for number in range(20)]
    enrolments, _ = enrol(document_with(RULE_3), every, PLACES, PACKAGES, 1)
    line = one_line(document_with(RULE_3), every, "too low")

    left_over = {one.reference for one in every} - {one.provider for one in enrolments}
    assert len(left_over) == 5
    for one in every:
        assert (f"{one.reference} (wellbeing 2; not enrolled)" in line) == (one.reference in left_over)


# --- rules for some packages, some tiers, another regulator


def test_the_second_rule_of_east_lothian_asks_for_4_in_all_areas_for_personal_budgets():
    adequate = a_provider(74, grades=(4, 4, 3, 4))
    lines = told(EAST_LOTHIAN, [*GOOD[:4], adequate, COUNCIL])
    first, second = lines

    assert "at least grade 3" in first
    assert lines[first] == ["nobody falls short of it."]
    assert "at least grade 4" in second
    assert "personal budget" in second
    assert lines[second] == ["too low, so not asked for such packages while it stands: CS0074 (staff 3)."]


def test_who_is_of_another_tier_is_not_said_to_be_barred():
    every = [a_provider(number, grades=(3, 4, 4, 4)) for number in range(8)]
    enrolments, _ = enrol(load("rutland_2013_two_tier"), every, PLACES, PACKAGES, 1)
    spot = {one.provider for one in enrolments if one.tier == "spot"}
    barred = one_line("rutland_2013_two_tier", every, "too low")
    beside = one_line("rutland_2013_two_tier", every, "of another tier")

    assert {one.reference for one in every if one.reference in barred} == spot
    assert {one.reference for one in every if one.reference in beside} == {one.reference for one in every} - spot


def test_a_rule_of_another_regulator_is_read_as_a_run_reads_it():
    lines = told("rutland_2013_two_tier", [*GOOD, WEAK])
    (rule,) = lines

    assert "at least grade 4 (good) from the Care Inspectorate" in rule
    assert "grades: good on the scale of cqc is read as 4 on that of care_inspectorate (assumed)" in lines[rule]


def test_where_two_regulators_grade_each_rule_bars_those_of_the_other():
    english = a_provider(75, scale="cqc", grades=(2, 2, 2, 2))

    (lines,) = told(document_with(RULE_3), [*GOOD[:4], english, COUNCIL]).values()

    assert lines == ["graded by another regulator, so not asked for any package: CS0075."]


# --- the real register


@real
@pytest.mark.parametrize(
    ("council", "enrolled", "words"),
    [
        (
            "Scottish Borders",
            22,
            "too low, so not asked for any package while it stands: "
            "CS2004079576 (leadership 2; not enrolled: registration ended on 30 March 2025).",
        ),
        ("East Lothian", 20, "until it has one: CS2024000463 (none in any area)."),
        (
            "Midlothian",
            18,
            "until it has one: CS2007163765 (care planning none), CS2018371778 (leadership none), "
            "CS2024000167 (none in any area), CS2024000478 (none in any area).",
        ),
    ],
)
def test_real_registers_tell_the_grade_of_2_and_the_blanks(council, enrolled, words):
    (path,) = (OPEN_DATA / "fetched" / "care_inspectorate").glob("datastore_2025-03-31_*.csv")
    providers, _ = import_register(path, council)
    enrolments, report = enrol(load(EAST_LOTHIAN), providers, [], PACKAGES, 1)

    assert len({one.provider for one in enrolments}) == enrolled
    assert any(line.endswith(words) for line in report)
