"""The check of documents: every fault, and how long asking can take beside the start target."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from calloff.documents.bank_holidays import calendar_for
from calloff.documents.checks import check_report, longest_asking
from calloff.documents.purchasing_models import shipped, shipped_ids
from calloff.domain.calendar import Nation, local

TODAY = date(2018, 3, 5)
SOUND = """\
id: small
version: 1
title: A small framework
nation: scotland
pattern: ranked_framework
term: {from: 2017-04-01, to: 2022-03-31, extension_years: 2, assumed: an example}
price: {set_by: provider, ceiling_gbp_per_hour: 15.95, assumed: an example}
tiers: [{name: framework, role: member, count: 4, assumed: an example}]
steps:
  - {name: framework, whom: framework, ask: in_turn, reply_within: by_priority, assumed: an example}
"""
IN_TERM = SOUND.replace("from: 2017-04-01, to: 2022-03-31", "from: 2024-04-01, to: 2029-03-31")
LOTS = """\
lots:
  - {name: north, when: {locality: [Hill]}, assumed: an example}
  - {name: south, when: {locality: [Shore]}, assumed: an example}
"""


def report(folder: Path, text: str, today: date = TODAY) -> str:
    path = folder / "small.yaml"
    path.write_text(text, encoding="utf-8")
    told, sound = check_report([str(path)], today)
    assert sound, told
    return told.replace(str(path), "small.yaml")


def test_without_an_argument_every_shipped_document_is_looked_at_and_sound():
    told, sound = check_report([], TODAY)

    assert sound
    assert [name for name in shipped_ids() if f"{name}: ok" not in told] == []
    assert told.endswith(f"{len(shipped_ids())} documents looked at, {len(shipped_ids())} sound, 0 not sound")


def test_every_fault_of_every_document_is_told_though_one_fails(tmp_path: Path):
    bad, good = tmp_path / "bad.yaml", tmp_path / "good.yaml"
    faulty = SOUND.replace("ask: in_turn", "ask: by_lot").replace("ceiling_gbp_per_hour: 15.95", "ceiling_gbp: 15.95")
    bad.write_text(faulty, encoding="utf-8")
    good.write_text(SOUND, encoding="utf-8")

    told, sound = check_report([str(bad), "nowhere", str(good)], TODAY)

    assert not sound
    assert f"{bad}:7: `ceiling_gbp` has no unit we hold prices in. Write ceiling_gbp_per_hour or gbp_per_hour" in told
    assert f"{bad}:10: `by_lot` is no way of asking. Write in_turn, waves_of(3), all_then_rank or unasked" in told
    assert "nowhere: not sound\n  there is no purchasing model 'nowhere'" in told
    assert f"{good}: ok" in told
    assert told.endswith("3 documents looked at, 1 sound, 2 not sound")


def test_a_folder_stands_for_its_documents(tmp_path: Path):
    (tmp_path / "small.yaml").write_text(SOUND, encoding="utf-8")

    assert check_report([str(tmp_path)], TODAY)[0].endswith("1 document looked at, 1 sound, 0 not sound")


@pytest.mark.parametrize(
    "line",
    [
        # Four hours of the clock 08:00 to 20:00 from 09:00.
        "P1: framework (4 members, 4 waves) Mon 2 June 2025 13:00",
        "P2: framework (4 members, 4 waves) Mon 2 June 2025 17:00",
        # Sixteen hours of the clock 09:00 to 17:00 on working days are two whole days.
        "P3: framework (4 members, 4 waves) Tue 3 June 2025 17:00",
        "WARNING P3: the step framework can last until Tue 3 June 2025 17:00, past the start target of 24 hours "
        "(Tue 3 June 2025 09:00), which is assumed",
        "P4: framework (4 members, 4 waves) Tue 3 June 2025 17:00",
        "P5: framework (4 members, 4 waves) Fri 6 June 2025 09:00",
    ],
)
def test_the_longest_time_is_waves_times_the_reply_window_by_the_calendar(tmp_path: Path, line: str):
    assert f"  {line}\n" in report(tmp_path, IN_TERM)


def test_only_what_passes_the_target_is_warned_of(tmp_path: Path):
    told = report(tmp_path, IN_TERM)

    assert [line.split(":")[0].strip() for line in told.splitlines() if "WARNING" in line] == ["WARNING P3"]


@pytest.mark.parametrize(
    ("instead_of", "write", "line"),
    [
        ("ask: in_turn", "ask: waves_of(3)", "P5: framework (4 members, 2 waves) Wed 4 June 2025 09:00"),
        ("ask: in_turn", "ask: all_then_rank", "P5: framework (4 members, 1 wave) Tue 3 June 2025 09:00"),
        ("count: 4, ", "", "P5: framework (10 members, 10 waves) Mon 16 June 2025 09:00"),
        ("count: 4, ", "", "the document gives no count for framework: 10 members assumed"),
        ("count: 4", "count: 5", "P5: framework (5 members, 5 waves) Mon 9 June 2025 09:00"),
        ("ask: in_turn", "when: {priority: [P1]}, ask: in_turn", "P5: nobody is asked"),
        ("ask: in_turn", "ask: unasked", "P5: nobody is asked"),
        (
            "ask: in_turn",
            "opens_after: {working_days: 3}, ask: all_then_rank",
            "P5: framework (4 members, 1 wave) Fri 6 June 2025 09:00",
        ),
        (
            "ask: in_turn",
            "opens_after: {hours: 48}, ask: all_then_rank",
            "P5: framework (4 members, 1 wave) Thu 5 June 2025 09:00",
        ),
        # Opening counts every hour, the reply only those of its clock.
        (
            "ask: in_turn",
            "opens_after: {hours: 58}, ask: all_then_rank",
            "P3: framework (4 members, 1 wave) Thu 5 June 2025 13:00",
        ),
        (
            "ask: in_turn",
            "sealed: yes, ask: {P1: in_turn, otherwise: all_then_rank}",
            "P1: framework (4 members, 1 wave) Mon 2 June 2025 10:00",
        ),
    ],
)
def test_the_way_of_asking_decides_how_long_it_takes(tmp_path: Path, instead_of: str, write: str, line: str):
    assert f"  {line}\n" in report(tmp_path, IN_TERM.replace(instead_of, write)) + "\n"


@pytest.mark.parametrize(
    ("term", "approved"),
    [
        ("from: 2025-06-02, to: 2029-03-31", "Mon 2 June 2025 09:00"),
        ("from: 2020-04-01, to: 2025-06-02", "Mon 2 June 2025 09:00"),
        ("from: 2025-06-03, to: 2029-03-31", "Mon 9 June 2025 09:00"),
        # Good Friday and Easter Monday lie within ten working days of 30 March and of 6 April 2026 alike.
        ("from: 2026-03-28, to: 2029-03-31", "Mon 13 April 2026 09:00"),
        # Too short for any such Monday, and beyond the known bank holidays: an example all the same.
        ("from: 2020-12-24, to: 2020-12-31", "Mon 2 June 2025 09:00"),
        ("from: 2990-01-01, to: 2999-12-31", "Mon 2 June 2025 09:00"),
    ],
)
def test_the_example_lies_in_the_term_on_a_monday_with_no_bank_holiday_near(tmp_path: Path, term: str, approved: str):
    told = report(tmp_path, SOUND.replace("from: 2017-04-01, to: 2022-03-31", term).replace("scotland", "england"))

    assert f"asking step is exhausted, approved {approved} (an example):" in told


def test_a_count_is_of_one_lot_where_the_tier_says_so(tmp_path: Path):
    hint = "framework counted over all lots; where each lot has so many of its own, write `per_lot: yes`"
    for_all, for_each = (
        report(tmp_path, IN_TERM.replace("count: 4", f"count: {count}") + LOTS) for count in ("6", "3, per_lot: yes")
    )

    assert hint in for_all
    assert "P5: framework (6 members, 6 waves) Tue 10 June 2025 09:00" in for_all
    assert hint not in for_each
    assert "P5: framework (3 members, 3 waves) Thu 5 June 2025 09:00" in for_each
    assert hint not in report(tmp_path, IN_TERM)


def test_a_count_of_each_lot_needs_lots(tmp_path: Path):
    path = tmp_path / "small.yaml"
    path.write_text(SOUND.replace("count: 4", "count: 4, per_lot: yes"), encoding="utf-8")

    assert "small.yaml:8: `framework` is counted by lot, and there are no lots" in check_report([str(path)], TODAY)[0]


def test_a_tier_that_was_asked_in_a_crisis_is_not_waited_for_again():
    told = check_report(["ranked_price_quality"], TODAY)[0].splitlines()
    crisis, new = (next(line for line in told if line.startswith(f"    P{number}:")) for number in (1, 5))

    assert "emergency (20 members, 1 wave)" in crisis
    assert "tier" not in crisis
    assert "tier 1 (10 members, 10 waves)" in new


def test_exactly_the_target_is_no_warning_and_one_wave_more_is(tmp_path: Path):
    five, six = (report(tmp_path, IN_TERM.replace("count: 4", f"count: {count}")) for count in (5, 6))

    assert "WARNING P5" not in five
    assert (
        "WARNING P5: the step framework can last until Tue 10 June 2025 09:00, past the start target of 5 working"
        in six
    )


@pytest.mark.parametrize(
    ("instead_of", "write", "today", "warning"),
    [
        ("", "", date(2022, 3, 31), ""),
        ("", "", date(2022, 4, 1), "the term ended on 31 March 2022"),
        ("extension_years: 2", "extension_years: 2, extended_years: 1", date(2023, 3, 31), ""),
        (
            "extension_years: 2",
            "extension_years: 2, extended_years: 2",
            TODAY,
            "every optional year is used (2 optional years): what follows 31 March 2024 needs a new contract",
        ),
        ("extension_years: 2, ", "", TODAY, ""),
    ],
)
def test_the_term_is_warned_of(tmp_path: Path, instead_of: str, write: str, today: date, warning: str):
    told = report(tmp_path, SOUND.replace(instead_of, write), today)

    if warning:
        assert f"WARNING {warning}" in told
    else:
        assert "WARNING the term" not in told
        assert "WARNING every" not in told


def test_the_gap_to_the_model_before_is_warned_of():
    told, sound = check_report(["east_lothian_2024_locality_block"], TODAY)

    assert sound
    assert "WARNING 91 days between east_lothian_2017_framework and this model are covered by neither (noted: " in told


def test_a_package_that_can_wait_is_collected_and_asked_for_with_others_before_it_is_asked_for_alone():
    model = shipped("mini_competition").model
    alone = replace(model, batching=None)
    calendar = calendar_for(Nation(model.nation))
    begins_at = datetime(2025, 6, 2, 8, tzinfo=UTC)

    urgent = [longest_asking(one, 2, calendar, begins_at) for one in (model, alone)]
    collected, at_once = ([one.at for one in longest_asking(m, 5, calendar, begins_at)] for m in (model, alone))

    assert urgent[0] == urgent[1]
    days = [[local(at).date().day for at in one] for one in (collected, at_once)]
    # A day of collecting, then the competition and spot for the lot; after that alone, a working day for each step.
    assert days == [[6, 9, 10, 11], [3, 4, 5, 6]]
