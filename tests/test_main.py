"""How a command ends: exit codes, and refusals told as plain text."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from calloff import __main__ as program
from calloff import stages
from calloff.domain.errors import CalloffError

ROOT = Path(__file__).resolve().parents[1]


def test_refusal_is_plain_text_and_exit_code_1(monkeypatch, capsys):
    def refuse(**_):
        raise CalloffError("no purchasing model covers package K-7")

    monkeypatch.setattr(program, "app", refuse)

    with pytest.raises(SystemExit) as ending:
        program.main()

    assert ending.value.code == 1
    assert capsys.readouterr().err == "no purchasing model covers package K-7\n"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [([], 2, "Commands:"), (["--help"], 0, "Commands:"), (["dance"], 2, "No such command 'dance'")],
)
def test_help_and_miswritten_commands(arguments, code, says):
    done = subprocess.run(
        [sys.executable, "-m", "calloff", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
    )

    assert done.returncode == code
    assert says in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def codes_of_stages(monkeypatch, failing: str) -> list[str]:
    """Let the stage called `failing` fail; returns the names of those that were run."""
    names = []

    def run(stage):
        names.append(stage.name)
        return 3 if stage.name == failing else 0

    monkeypatch.setattr(stages, "run", run)
    monkeypatch.setattr(stages, "install_chromium_when_root", lambda: None)
    monkeypatch.setattr(stages, "no_postgres_at", lambda address: "")
    return names


def test_tests_come_last(monkeypatch):
    names = codes_of_stages(monkeypatch, failing="none")

    assert stages.run_all(with_tests=True) == 0
    assert names == ["style", "format", "types", "house contracts", "tests on PostgreSQL", "tests"]


def test_stages_stop_at_the_first_that_fails(monkeypatch):
    names = codes_of_stages(monkeypatch, failing="types")

    assert stages.run_all(with_tests=True) == 3
    assert names == ["style", "format", "types"]


def test_check_runs_no_tests(monkeypatch):
    names = codes_of_stages(monkeypatch, failing="none")

    assert stages.run_all(with_tests=False) == 0
    assert "tests" not in names


@pytest.mark.parametrize(("required", "code", "outcome"), [("", 0, "skipped"), ("1", 1, "failed")])
def test_tests_on_postgres_are_skipped_by_name_or_fail_where_they_are_required(
    monkeypatch, capsys, required, code, outcome
):
    monkeypatch.setenv("CALLOFF_TEST_POSTGRES", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("REQUIRE_POSTGRES", required)
    monkeypatch.setattr(stages, "run", lambda stage: pytest.fail(f"{stage.name} was run"))

    assert stages.run_on_postgres() == code
    assert f"== tests on PostgreSQL: {outcome}" in capsys.readouterr().out


def test_tests_that_are_named_are_run_once(monkeypatch):
    names = codes_of_stages(monkeypatch, failing="none")

    assert stages.run_all(with_tests=True, pytest_arguments=["-k", "tie"]) == 0
    assert "tests on PostgreSQL" not in names


def test_pytest_arguments_name_files_from_the_callers_folder(monkeypatch, tmp_path):
    (tmp_path / "test_a.py").touch()
    monkeypatch.chdir(tmp_path)

    assert stages.from_root(["-k", "tie", "test_a.py::test_b"]) == [
        "-k",
        "tie",
        f"{tmp_path / 'test_a.py'}::test_b",
    ]
