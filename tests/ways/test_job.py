"""The job and its figures: every way of buying is carried out and replayed, and its figures add up."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest

from calloff.documents.purchasing_models import shipped_ids
from calloff.ways.figures import (
    duration_text,
    figures_of,
    hours_words,
    percent_text,
    typical_wait,
    whole_hours,
    whole_pounds,
)
from calloff.ways.job import carry_out, monday_of, ways_shipped


@pytest.mark.parametrize(
    ("day", "monday"),
    [
        (date(2026, 11, 23), date(2026, 11, 23)),
        (date(2026, 11, 29), date(2026, 11, 23)),
        (date(2027, 1, 1), date(2026, 12, 28)),
    ],
)
def test_a_run_begins_on_the_most_recent_monday(day, monday):
    assert monday_of(day) == monday


def test_every_shipped_way_of_buying_is_carried_out_but_no_parent_alone():
    names = [document.model.id for document in ways_shipped()]

    assert set(names) == set(shipped_ids()) - {"scotland_excel_flexible_framework"}
    assert [document.model.term.from_on for document in ways_shipped()] == sorted(
        document.model.term.from_on for document in ways_shipped()
    )


def test_every_decision_is_replayed_and_none_differs(ways):
    for way in ways:
        end = json.loads(way.log.read_text().splitlines()[-1])
        assert (way.replayed, way.differ) == (end["decisions"], 0)


def test_the_same_council_gives_the_same_decisions_to_the_byte(council, ways, tmp_path):
    again = carry_out(council, [ways[0].document], tmp_path, lambda line: None)

    assert again[0].log.read_bytes() == ways[0].log.read_bytes()


def test_what_became_of_the_hours_adds_up_to_the_hours_wanted(council, ways):
    wanted = sum(row.package.minutes_per_week for row in council.packages)

    for way in ways:
        figures = figures_of(way)
        assert sum(figures.shares.values()) == figures.wanted == wanted
        assert sum(figures.packages.values()) == len(council.packages)
        assert figures.minutes == wanted - figures.unmet - figures.shares["outside"] - figures.shares["person"]


def test_the_hours_of_a_block_are_told_apart_from_what_has_a_price(ways):
    blocks = {way.document.model.id: figures_of(way).block_minutes for way in ways}

    assert blocks.pop("east_lothian_2024_locality_block") > 0
    assert set(blocks.values()) == {0}


def test_the_typical_wait_is_the_median_of_what_was_called_off_whole():
    def row(outcome, settled_at):
        return {"outcome": outcome, "approved_at": "2026-11-23T09:00:00Z", "settled_at": settled_at}

    rows = [row("called_off", f"2026-11-23T{hour}:00:00Z") for hour in (10, 12, 20)]

    assert typical_wait([*rows, row("referred", "")]) == timedelta(hours=3)
    assert typical_wait([row("referred", "")]) is None


@pytest.mark.parametrize(
    ("minutes", "text"),
    [
        (0, "at once"),
        (1, "1 minute"),
        (60, "1 hour"),
        (426, "7 hours 6 minutes"),
        (1440, "1 day"),
        (3130, "2 days 4 hours"),
    ],
)
def test_durations_are_words(minutes, text):
    assert duration_text(timedelta(minutes=minutes)) == text


def test_no_duration_is_said_so():
    assert duration_text(None) == "none"


def test_hours_pounds_and_shares_are_written_as_people_read_them():
    assert hours_words(147_090) == "2,451.5"
    assert whole_hours(147_090) == "2,452"
    assert whole_pounds(3_723_414) == "£37,234"
    assert [percent_text(part, 1000) for part in (0, 4, 5, 754)] == ["0 %", "under 1 %", "1 %", "75 %"]
