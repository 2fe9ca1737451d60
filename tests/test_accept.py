"""The acceptance checks at their smallest size, each with its planted bug, and the machinery that runs them."""

from __future__ import annotations

import os
from collections import Counter

import pytest
from accept.chi_square import p_of_even, p_value
from typer.testing import CliRunner

from calloff import acceptance
from calloff.acceptance import SMALL, catalogue, chosen, run_check, run_checks
from calloff.benchmarks import benchmark
from calloff.cli import app
from calloff.domain.errors import BadInputError
from calloff.planting import plant

WORKING = [one for one in catalogue() if one.state == "works" and one.module.stem == one.id.lower().replace("-", "_")]
NEEDS_REAL_DATA = ("REAL-01",)


IN_BROWSER = tuple(one.id for one in WORKING if "in_chromium(" in one.module.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "entry",
    [pytest.param(one, id=one.id, marks=[pytest.mark.browser] if one.id in IN_BROWSER else []) for one in WORKING],
)
def test_check_passes_and_catches_its_planted_bug(entry):
    if entry.id in NEEDS_REAL_DATA and not (os.environ.get("CALLOFF_OPENDATA") and os.environ.get("CALLOFF_SLOW")):
        pytest.skip(f"{entry.id} needs CALLOFF_OPENDATA, and CALLOFF_SLOW=1")

    outcome = run_check(entry, SMALL)

    assert (outcome.outcome, outcome.planted_bug) == ("PASS", "caught"), "\n".join(outcome.notes)


# The catalogue


def test_catalogue_holds_every_check_of_the_four_kinds_once():
    ids = [entry.id for entry in catalogue()]

    kinds = Counter(name.partition("-")[0] for name in ids)
    assert len(set(ids)) == len(ids)
    assert [kinds[kind] for kind in ("REL", "SEC", "UX", "OPS")] == [32, 38, 24, 8]
    assert set(ids) >= {"I2", "I9", "I10", "I28", "REAL-01"}


def test_list_counts_what_works_by_the_modules_there_are():
    printed = CliRunner().invoke(app, ["accept", "--list"]).output.splitlines()

    works = [line for line in printed if line.split()[1] == "works"]
    assert printed[-1] == f"{len(printed) - 1} checks: {len(works)} work, {len(printed) - 1 - len(works)} are open"
    assert any(line.startswith("REL-13") for line in works)


def test_unknown_check_is_refused_by_name():
    with pytest.raises(BadInputError, match="there is no check REL-99"):
        chosen(["REL-13", "REL-99"])


def test_open_check_counts_as_failed():
    told = []
    still_open = next(entry for entry in catalogue() if entry.state == "open")

    assert not run_checks([still_open], SMALL, told.append)
    assert told == [f"{still_open.id} SKIP this check is not written yet"]


def test_every_working_check_has_its_planted_bug():
    assert [entry.id for entry in WORKING if not entry.patch.exists()] == []


def test_check_that_misses_its_planted_bug_counts_as_failed(tmp_path, monkeypatch):
    monkeypatch.setattr(acceptance, "PLANTED", tmp_path)
    sources = acceptance.ROOT / "src" / "calloff" / "domain" / "units.py"
    first = sources.read_text(encoding="utf-8").splitlines()[0]
    (tmp_path / "REL-14.patch").write_text(
        f"--- a/src/calloff/domain/units.py\n+++ b/src/calloff/domain/units.py\n@@ -1 +1,2 @@\n {first}\n+\n"
    )

    outcome = run_check(chosen(["REL-14"])[0], SMALL)

    assert (outcome.outcome, outcome.violations, outcome.planted_bug) == ("FAIL", 0, "missed")


# Planting


SOURCE = "one\ntwo\nthree\nfour\ntwo\nthree\nfive\n"
HEAD = "A bug.\n--- a/src/calloff/room.py\n+++ b/src/calloff/room.py\n"


def planted(tmp_path, patch):
    folder = tmp_path / "src" / "calloff"
    folder.mkdir(parents=True)
    (folder / "room.py").write_text(SOURCE)
    (tmp_path / "X.patch").write_text(HEAD + patch)
    plant(tmp_path / "X.patch", tmp_path / "src", tmp_path / "copy")
    assert (folder / "room.py").read_text() == SOURCE
    return (tmp_path / "copy" / "src" / "calloff" / "room.py").read_text()


def test_patch_is_applied_to_the_copy_alone(tmp_path):
    assert planted(tmp_path, "@@ -3,2 +3,2 @@\n three\n-four\n+4\n") == SOURCE.replace("four", "4")


def test_patch_still_applies_after_lines_moved(tmp_path):
    assert planted(tmp_path, "@@ -40,2 +40,2 @@\n three\n-four\n+4\n") == SOURCE.replace("four", "4")


def test_patch_of_two_places_changes_both(tmp_path):
    changed = planted(tmp_path, "@@ -1,1 +1,2 @@\n one\n+more\n@@ -7,1 +8,1 @@\n-five\n+5\n")

    assert changed == SOURCE.replace("one\n", "one\nmore\n").replace("five", "5")


@pytest.mark.parametrize("patch", ["@@ -1,2 +1,2 @@\n one\n-four\n+4\n", "@@ -9,2 +9,1 @@\n two\n-three\n"])
def test_patch_that_fits_nowhere_or_twice_is_refused(tmp_path, patch):
    with pytest.raises(BadInputError, match="does not apply any more"):
        planted(tmp_path, patch)


# What the checks and benchmarks reckon with


@pytest.mark.parametrize(
    ("statistic", "degrees", "p"),
    [(3.841459, 1, 0.05), (6.634897, 1, 0.01), (9.487729, 4, 0.05), (24.724970, 11, 0.01), (0.710723, 4, 0.95)],
)
def test_p_value_is_that_of_the_printed_tables(statistic, degrees, p):
    assert p_value(statistic, degrees) == pytest.approx(p, abs=1e-6)


def test_p_value_tells_even_counts_from_uneven_ones():
    assert p_of_even([100, 100, 100]) == 1
    assert p_of_even([100, 100, 160]) < 0.001


def test_kernel_benchmark_runs_and_its_two_rules_agree():
    times = benchmark("kernel").of_size(20, batches=1)

    assert all(taken > 0 for taken in times.values())


def test_unknown_benchmark_is_refused_with_those_there_are():
    with pytest.raises(BadInputError, match="write one of: kernel"):
        benchmark("nothing")
