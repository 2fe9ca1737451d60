"""Other councils and other years, from a register to call-offs, by the commands that a person would type."""

from __future__ import annotations

import csv
import os
from dataclasses import replace
from pathlib import Path

import pytest
from made_up_register import MORNING_AND_BED, a_row
from typer.testing import CliRunner

from calloff.cli import app
from calloff.formats.care_inspectorate import import_register
from calloff.formats.packages import write_packages
from calloff.formats.providers import read_providers

DATA = Path(__file__).parents[1] / "formats" / "data"
OPEN_DATA = Path(os.environ.get("CALLOFF_OPENDATA", ""))
real = pytest.mark.skipif("CALLOFF_OPENDATA" not in os.environ, reason="CALLOFF_OPENDATA names no folder")
EAST_LOTHIAN = "east_lothian_2017_framework"
MANAGED = [a_row(number, MORNING_AND_BED) for number in range(12)]
BUDGETS = [a_row(number, MORNING_AND_BED, delivery_model="personal_budget") for number in range(12, 24)]


def command(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def run(register: Path, council: str, folder: Path, begins: str, model: str = EAST_LOTHIAN, packages=MANAGED + BUDGETS):
    """Import, enrol and allocate; what enrolling said, and the providers of each package by its reference."""
    providers, rows, contracts = (folder / f"{name}.csv" for name in ("providers", "packages", "contracts"))
    write_packages(rows, [replace(row, line=line) for line, row in enumerate(packages, 2)])
    command("import", "care-inspectorate", register, "--council", council, "--out", providers)
    given = ("--providers", providers, "--packages", rows, "--seed", 1)
    told = command("models", "enrol", model, *given, "--out", contracts)
    answers = ("--from", begins, "--respond", "all-accept")
    command("allocate", "--model", model, *given, "--contracts", contracts, *answers, "--out", folder / "out")
    with (folder / "out" / "packages.csv").open(encoding="utf-8", newline="") as stream:
        return told, {row["reference"]: row["providers"].split("; ") for row in csv.DictReader(stream)}


def called_off(outcomes, packages):
    """The last three digits of who got any of these packages."""
    return {name[-3:] for row in packages for name in outcomes[row.package.reference] if name}


def test_a_register_of_2018_decides_by_its_themes_who_may_have_which_package(tmp_path):
    told, outcomes = run(DATA / "register_2018-03-31_invented.csv", "Eastmoor", tmp_path, "2018-04-03T09:00+01:00")

    # Violet has a 3 for management and leadership, Willow a 2 for staffing, Yarrow no grade at all.
    assert called_off(outcomes, MANAGED) <= {"201", "202", "203"}
    assert called_off(outcomes, BUDGETS) <= {"201", "202"}
    assert "203" in called_off(outcomes, MANAGED)
    assert called_off(outcomes, BUDGETS)
    assert "so not asked for any package while it stands: CS2099000204 (staff 2)." in told
    assert (
        "so not asked for such packages while it stands: CS2099000203 (leadership 3), CS2099000204 (staff 2)." in told
    )
    assert "CS2099000205 (none in any area)" in told


def test_a_register_of_2019_decides_by_the_scheme_each_service_was_graded_in(tmp_path):
    told, outcomes = run(DATA / "register_2019-06-30_invented.csv", "Eastmoor", tmp_path, "2019-07-01T09:00+01:00")

    # Larch and Quince by key questions and Maple by themes; Nettle's themes have a 2, Oak's key questions a blank.
    assert called_off(outcomes, MANAGED + BUDGETS) <= {"101", "102", "106"}
    assert called_off(outcomes, MANAGED) >= {"101", "102"}
    assert "CS2099000103 (leadership 2)" in told
    assert "CS2099000104 (care planning none), CS2099000105 (none in any area)" in told


@real
@pytest.mark.parametrize(("council", "enrolled"), [("East Lothian", 20), ("Midlothian", 18), ("Scottish Borders", 22)])
def test_the_real_register_runs_for_each_council_in_it_by_the_same_commands(council, enrolled, tmp_path):
    (register,) = (OPEN_DATA / "fetched" / "care_inspectorate").glob("datastore_2025-03-31_*.csv")
    told, outcomes = run(register, council, tmp_path, "2025-03-31T09:00+01:00")
    grades = {one.reference: one.grades for one in read_providers(tmp_path / "providers.csv")}

    assert f"seed 1: {enrolled} enrolments of {enrolled} providers" in told
    assert len(import_register(register, council)[0]) == len(grades)
    for rows, least in ((MANAGED, 3), (BUDGETS, 4)):
        names = {name for row in rows for name in outcomes[row.package.reference] if name}
        assert names
        assert all(min(grades[name]) >= least for name in names)
