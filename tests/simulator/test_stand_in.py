"""Packages of one council that stand in for another's, and the census week that says how many hours it needs."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_register import MORNING_AND_BED, PLACES, a_row
from typer.testing import CliRunner

from calloff.cli import app
from calloff.domain.errors import BadInputError, RowErrors
from calloff.domain.packages import Visit
from calloff.formats.home_care_census import CensusWeek, read_census_week
from calloff.formats.packages import read_packages, write_packages
from calloff.simulator.demand import stand_in

OPEN_DATA = Path(os.environ.get("CALLOFF_OPENDATA", ""))
real = pytest.mark.skipif("CALLOFF_OPENDATA" not in os.environ, reason="CALLOFF_OPENDATA names no folder")

HEADING = "time_period,financial_quarter,sending_location,age_group,measure,value,scotland_value\n"
WEEKS = """\
Census Week,2018/19,Westmoor,All Ages,Number of People,400,59875
Census Week,2018/19,Westmoor,All Ages,Number of Hours,4100,686130
Census Week,2019/20,Westmoor,All Ages,Number of Hours,5205,721265
Census Week,2019/20,Westmoor,All Ages,"Rate per 1,000 Population",9.4,11
Census Week,2019/20,Westmoor,All Ages,Number of People,415,59000
Census Week,2019/20,Westmoor,85+ years,Number of Hours,2100,300000
Census Week,2020/21,Westmoor,All Ages,Number of People,420,59960
Financial Quarter,2020/21 Q4,Westmoor,All Ages,Number of Hours,71000,8957025
Financial Quarter,2020/21 Q4,Westmoor,All Ages,Number of People,430,67835
Census Week,2020/21,Eastmoor,All Ages,Number of Hours,9000,733505
"""
HALF_HOURS = tuple(Visit(day, 540, 30) for day in range(7))
"""3.5 hours a week; MORNING_AND_BED is 7."""
PACKAGES = [a_row(number, MORNING_AND_BED if number % 2 else HALF_HOURS) for number in range(100)]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "home_care.csv"
    path.write_text(HEADING + WEEKS, encoding="utf-8")
    return path


# --- the census week


def test_the_latest_week_with_people_and_hours_of_all_ages_is_read(table):
    assert read_census_week(table, "westmoor") == CensusWeek("2019/20", people=415, hours=5205)


def test_the_command_writes_packages_that_stand_in_and_says_whose_they_are(table, tmp_path):
    write_packages(tmp_path / "packages.csv", PACKAGES)
    table.write_text(HEADING + WEEKS.replace("5205", "70"), encoding="utf-8")
    words = ["import", "home-care-census", table, "--council", "Westmoor", "--packages", tmp_path / "packages.csv"]

    result = CliRunner().invoke(app, [*map(str, words), "--seed", "1", "--out", str(tmp_path / "out.csv")])

    assert result.exit_code == 0, result.output
    minutes = sum(row.package.minutes_per_week for row in read_packages(tmp_path / "out.csv"))
    assert abs(minutes - 70 * 60) <= 7 * 60 / 2
    assert "packages of another council stand in" in result.output
    assert "for the week counted in 2019/20" in result.output


def test_a_council_without_such_a_week_is_refused_and_the_councils_are_named(table):
    for council in ("Eastmoor", "Northmoor"):
        with pytest.raises(BadInputError, match=rf"no census week of '{council}' has.*: Eastmoor, Westmoor$"):
            read_census_week(table, council)


def test_a_figure_that_is_no_whole_number_is_refused(table):
    table.write_text(HEADING + WEEKS.replace("5205", "5205.5"), encoding="utf-8")

    with pytest.raises(RowErrors) as refused:
        read_census_week(table, "Westmoor")
    assert [(row.line, row.column, row.found) for row in refused.value.rows] == [(4, "value", "5205.5")]


def test_another_file_is_no_table_of_home_care(table):
    table.write_text("a,b\n1,2\n", encoding="utf-8")

    with pytest.raises(BadInputError, match="not a table of home care from Public Health Scotland"):
        read_census_week(table, "Westmoor")


# --- the packages


def minutes(rows):
    return sum(row.package.minutes_per_week for row in rows)


@pytest.mark.parametrize("hours", [0, 5, 100, 345, 525])
def test_they_come_as_near_to_the_hours_as_whole_packages_can(hours):
    rows, _ = stand_in(PACKAGES, hours, 1)

    # The next package drawn has 3.5 or 7 hours: half of that is the most by which they can miss.
    assert abs(minutes(rows) - hours * 60) <= 210
    assert {row.package for row in rows} <= {row.package for row in PACKAGES}
    assert len({row.package.reference for row in rows}) == len(rows)


def test_the_seed_decides_and_the_order_of_the_rows_does_not():
    assert stand_in(PACKAGES, 200, 1) == stand_in(PACKAGES[::-1], 200, 1)
    assert stand_in(PACKAGES, 200, 1)[0] != stand_in(PACKAGES, 200, 2)[0]


def test_nobody_lives_where_the_other_council_is():
    there = replace(a_row(1, HALF_HOURS, "W1", PLACES[0].postcode, area_band="rural"), area_band="rural")
    (row,), report = stand_in([there], 3, 1)

    assert (row.package.locality, row.package.area_band, row.place, row.area_band) == ("", "urban", "", "")
    assert report == [
        "assumed: 1 of 1 packages of another council stand in, drawn by seed 1: 3.5 hours a week beside the 3 asked "
        "for; where the people live is not known."
    ]


def test_more_hours_than_there_are_is_refused():
    with pytest.raises(BadInputError, match="packages of 525 hours a week cannot stand in for 526 hours"):
        stand_in(PACKAGES, 526, 1)


def test_they_survive_their_file(tmp_path):
    rows, _ = stand_in(PACKAGES, 100, 1)
    write_packages(tmp_path / "packages.csv", rows)

    assert list(read_packages(tmp_path / "packages.csv")) == rows


@real
@pytest.mark.parametrize(
    ("council", "week"),
    [
        ("Midlothian", CensusWeek("2020/21", 855, 15_205)),
        ("Scottish Borders", CensusWeek("2020/21", 1_335, 10_295)),
        ("East Lothian", CensusWeek("2020/21", 1_260, 21_165)),
    ],
)
def test_real_census_weeks(council, week):
    assert read_census_week(OPEN_DATA / "fetched" / "scotland" / "phs_data_homecare_hscp.csv", council) == week
