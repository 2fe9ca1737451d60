"""Whose doing a missed, late or short visit was: the cases of `tests/cases/deviations`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from calloff.domain.deviations import (
    Attribution,
    Cause,
    Deviation,
    OutOfTurnError,
    Says,
    attributed,
    counts_against_provider,
    deviations_of,
    is_told,
    late_minutes,
)
from calloff.domain.visits import Mark, Reason

FILE = yaml.safe_load((Path(__file__).parents[1] / "cases" / "deviations" / "whose.yaml").read_text("utf-8"))


def after(said):
    found = Attribution()
    for words in said:
        side, says, *cause = words.split()
        told = Cause(cause[0]) if cause else None
        found = attributed(found, Says(says), by_provider=side == "provider", cause=told)
    return found


@pytest.mark.parametrize("case", FILE["cases"], ids=lambda case: case["name"])
def test_what_was_said_last_stands(case):
    expect = case["expect"]
    if expect.get("refused"):
        after(case["said"][:-1])
        with pytest.raises(OutOfTurnError, match="Nothing was changed"):
            after(case["said"])
        return
    found = after(case["said"])
    assert (found.stands, found.cause) == (expect["stands"], expect.get("cause"))
    assert counts_against_provider(found.stands, found.cause) is expect["counts"]


def test_a_cause_is_said_with_a_cause():
    with pytest.raises(OutOfTurnError, match="Choose whose doing"):
        attributed(Attribution(), Says.SAY, by_provider=True)


@pytest.mark.parametrize("case", FILE["found"], ids=str)
def test_how_a_visit_did_not_keep_to_its_plan(case):
    marks = sum(Mark[name.upper()] for name in case["marks"])
    assert [one.value for one in deviations_of(Reason[case["reason"].upper()], marks)] == case["expect"]


@pytest.mark.parametrize("case", FILE["told"], ids=str)
def test_who_is_told_at_once(case):
    assert is_told(Deviation(case["deviation"]), case["minutes"], case["limit"]) is case["expect"]


def test_whole_minutes_after_the_window():
    closes = datetime(2026, 11, 26, 8, 30, tzinfo=UTC)
    assert late_minutes(closes - timedelta(minutes=5), closes) == 0
    assert late_minutes(closes + timedelta(seconds=59), closes) == 0
    assert late_minutes(closes + timedelta(minutes=12, seconds=59), closes) == 12
