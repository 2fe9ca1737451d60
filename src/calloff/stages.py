"""
The stages of `./calloff test`: style, format, types, house contracts and, last, the tests.

They run one after another, each with its name and the seconds it took, until one fails. The tests of the website run
on PostgreSQL first, where a server answers. pytest on everything comes last, so that its count of passed and failed
tests is the last thing printed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# import-linter has no `python -m`, and its script names the folder in which it was installed: it would break
# when Calloff is moved.
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"

POSTGRES = "postgresql://postgres@127.0.0.1:5432/test"
"""Where a PostgreSQL for tests is looked for, unless CALLOFF_TEST_POSTGRES names another."""

EVERY_CORE = ("-n", "auto", "--maxprocesses", "8", "--dist", "loadgroup")
"""How all tests are run. Tests that somebody names run in one process, which a debugger can stop."""

CHROMIUM_PACKAGES = ("chromium", "fonts-liberation")


@dataclass(frozen=True)
class Stage:
    """
    One check: its name, and what the Python of Calloff is told to run, from Calloff's own folder.

    `environment` is added to what the caller's environment says.
    """

    name: str
    arguments: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)


CHECKS = (
    Stage("style", ("-m", "ruff", "check", ".")),
    Stage("format", ("-m", "ruff", "format", "--check", ".")),
    # The plugin for Django's types starts the website, which runs with no settings but the demonstration's.
    Stage("types", ("-m", "mypy"), {"CALLOFF_DEMO": "1"}),
    Stage("house contracts", ("-c", LINT_IMPORTS, "--no-logo")),
)


def run_all(*, with_tests: bool, pytest_arguments: Sequence[str] = ()) -> int:
    """
    Run the checks and, if asked, the tests; stop at the first stage that fails.

    Returns the exit code of that stage, or 0. Arguments for pytest may name files as seen from the caller's
    folder.
    """
    for stage in CHECKS:
        if code := run_and_tell(stage):
            return code
    if not with_tests:
        return 0
    # Whoever names tests wants those, once.
    if not pytest_arguments and (code := run_on_postgres()):
        return code
    install_chromium_when_root()
    # pytest tells its own seconds, in the line that closes everything.
    return run(Stage("tests", ("-m", "pytest", *(from_root(pytest_arguments) or EVERY_CORE))))


def run_and_tell(stage: Stage) -> int:
    """Run one stage and say how it ended and how long it took; returns its exit code."""
    began = time.monotonic()
    code = run(stage)
    outcome = "passed" if code == 0 else f"failed (exit code {code})"
    print(f"== {stage.name}: {outcome} in {time.monotonic() - began:.1f} s", flush=True)
    return code


def run(stage: Stage) -> int:
    """Run one stage under its name; returns its exit code."""
    print(f"== {stage.name}", flush=True)
    command = [sys.executable, *stage.arguments]
    environment = {**os.environ, **stage.environment}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode  # noqa: S603 (our own words)


def run_on_postgres() -> int:
    """
    Run the tests of the website on PostgreSQL, browser tests apart; returns the exit code.

    Where no server answers they are skipped, and the name of the stage says so; where REQUIRE_POSTGRES is set, that is
    a failure. The server's own databases stay as they are: the tests make one whose name begins with test_.
    """
    name = "tests on PostgreSQL"
    address = os.environ.get("CALLOFF_TEST_POSTGRES", POSTGRES)
    if problem := no_postgres_at(address):
        required = bool(os.environ.get("REQUIRE_POSTGRES"))
        outcome = "failed (REQUIRE_POSTGRES is set)" if required else "skipped"
        print(f"== {name}: {outcome}: {problem}", flush=True)
        return int(required)
    arguments = ("-m", "pytest", "-q", *EVERY_CORE, "-m", "not browser", "tests/web")
    # A file named for SQLite would be a second database, and two are refused.
    return run_and_tell(Stage(name, arguments, {"DATABASE_URL": address, "CALLOFF_DATABASE": ""}))


def no_postgres_at(address: str) -> str:
    """Why the tests cannot run on a PostgreSQL at an address, in a few words; empty where they can."""
    import psycopg

    try:
        psycopg.connect(address, connect_timeout=3).close()
    except psycopg.Error as error:
        told = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return f"no PostgreSQL answers ({told}); name one with CALLOFF_TEST_POSTGRES"
    return ""


def from_root(arguments: Sequence[str]) -> list[str]:
    """Make the files that arguments name absolute: stages run in Calloff's folder, not in the caller's."""
    absolute = []
    for argument in arguments:
        path, mark, case = argument.partition("::")
        absolute.append(f"{Path(path).resolve()}{mark}{case}" if Path(path).exists() else argument)
    return absolute


def install_chromium_when_root() -> None:
    """
    Install Chromium for the browser tests where that can be done without asking: as root, with apt-get.

    A failure is told and no more: the tests that need Chromium then skip by name, or fail where
    REQUIRE_BROWSER is set.
    """
    if shutil.which("chromium") or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print("installing Chromium for the browser tests (about 400 MB)", file=sys.stderr, flush=True)
    quiet_apt = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for act in (["update"], ["install", "--yes", "--no-install-recommends", *CHROMIUM_PACKAGES]):
        command = [*quiet_apt, *act]
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)  # noqa: S603
        if done.returncode != 0:
            reason = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
            print(f"Chromium could not be installed: {reason}", file=sys.stderr, flush=True)
            return
