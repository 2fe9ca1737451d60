"""
The stages of `./calloff test`: style, format, types, house contracts and, last, the tests.

They run one after another, each with its name and the seconds it took, until one fails. pytest comes last, so
that its count of passed and failed tests is the last thing printed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# import-linter has no `python -m`, and its script names the folder in which it was installed: it would break
# when Calloff is moved.
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"

CHROMIUM_PACKAGES = ("chromium", "fonts-liberation")


@dataclass(frozen=True)
class Stage:
    """One check: its name, and what the Python of Calloff is told to run, from Calloff's own folder."""

    name: str
    arguments: Sequence[str]


CHECKS = (
    Stage("style", ("-m", "ruff", "check", ".")),
    Stage("format", ("-m", "ruff", "format", "--check", ".")),
    Stage("types", ("-m", "mypy")),
    Stage("house contracts", ("-c", LINT_IMPORTS, "--no-logo")),
)


def run_all(*, with_tests: bool, pytest_arguments: Sequence[str] = ()) -> int:
    """
    Run the checks and, if asked, the tests; stop at the first stage that fails.

    Returns the exit code of that stage, or 0. Arguments for pytest may name files as seen from the caller's
    folder.
    """
    for stage in CHECKS:
        began = time.monotonic()
        code = run(stage)
        outcome = "passed" if code == 0 else f"failed (exit code {code})"
        print(f"== {stage.name}: {outcome} in {time.monotonic() - began:.1f} s", flush=True)
        if code != 0:
            return code
    if not with_tests:
        return 0
    install_chromium_when_root()
    # pytest tells its own seconds, in the line that closes everything.
    return run(Stage("tests", ("-m", "pytest", *from_root(pytest_arguments))))


def run(stage: Stage) -> int:
    """Run one stage under its name; returns its exit code."""
    print(f"== {stage.name}", flush=True)
    command = [sys.executable, *stage.arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode  # noqa: S603 (our own words)


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
