"""The house itself: its door, its locks, its two commands, and what may not stand in any room."""

from __future__ import annotations

import ast
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from calloff.cli import app

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "calloff"
LOCKS = sorted(ROOT.glob("requirements/*.lock*"))
LISTS = sorted(ROOT.glob("requirements/*.in"))
NOT_COMMITTED = {".git", ".venv", "var", "__pycache__"}


def committed_files() -> list[Path]:
    """Every file that git keeps; in a copy without git, every file that is not made by running Calloff."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
        # git refuses a folder that belongs to somebody else; then we look for ourselves.
        if listed.returncode == 0:
            return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and not is_made(path.relative_to(ROOT))]


def is_made(path: Path) -> bool:
    """Whether a path within Calloff is made by running it."""
    return any(part in NOT_COMMITTED or part.endswith("_cache") for part in path.parts)


# The two commands


@pytest.mark.parametrize("command", ["./calloff demo", "./calloff test"])
def test_readme_names_the_two_commands(command):
    assert command in (ROOT / "README.md").read_text()


def test_ci_runs_the_readme_test_command_and_nothing_else():
    assert (ROOT / ".ci" / "run").read_text() == (
        '#!/bin/bash\nset -euo pipefail\ncd "$(dirname "$0")/.."\nREQUIRE_BROWSER=1 ./calloff test\n'
    )


@pytest.mark.parametrize("name", ["calloff", ".ci/run", "requirements/compile"])
def test_scripts_can_be_run(name):
    assert os.access(ROOT / name, os.X_OK)


def test_every_command_is_in_the_docs():
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    text = "\n".join(page.read_text() for page in pages)
    commands = typer.main.get_command(app).commands

    assert [name for name in commands if f"./calloff {name}" not in text] == []


# The locks


def test_there_is_a_lock_for_each_list():
    assert [path.name.partition(".")[0] for path in LOCKS] == [path.stem for path in LISTS]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_locks_name_no_address(path):
    text = path.read_text()

    assert "://" not in text
    assert re.findall(r"[\w-]+\.(?:org|com|net|io|dev|uk)\b", text) == []


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_locks_pin_and_hash_every_requirement(path):
    entries = re.split(r"\n(?=\S)", path.read_text().strip())

    for entry in filter(None, entries):
        assert re.match(r"[a-z0-9][a-z0-9._-]*==\S+( ; [^\n]+)? \\\n +--hash=sha256:[0-9a-f]{64}\b", entry), entry


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.name)
def test_each_dependency_says_what_it_is_for_and_its_licence(path):
    above = ""
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            assert re.match(r"# .+\. (MIT|BSD-[23]-Clause|Apache-2\.0|MPL-2\.0|LGPL-3\.0)", above), line
        above = line


# The rooms


def imported_by(path: Path) -> Iterator[str]:
    """The full name of every module that a file imports, relative ones with their leading dot."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


@pytest.mark.parametrize("path", sorted(SOURCE.glob("domain/**/*.py")), ids=lambda path: path.stem)
def test_domain_imports_only_itself_and_the_standard_library(path):
    foreign = [
        name
        for name in imported_by(path)
        if not name.startswith((".", "calloff.domain")) and name.partition(".")[0] not in sys.stdlib_module_names
    ]

    assert foreign == []


def test_no_room_for_odds_and_ends():
    odds_and_ends = {"utils", "util", "common", "core", "helpers", "misc"}

    assert [path for path in SOURCE.rglob("*") if path.stem in odds_and_ends] == []


def test_nothing_committed_names_this_machine_or_a_package_registry():
    # Put together here, so that this file does not contain what it looks for.
    folders = "|".join(["wo" + "rk", "ro" + "ot"])
    hosts = "|".join(
        name + r"\." + ending
        for name, ending in [
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "org"),
            ("npmjs", "com"),
            ("crates", "io"),
            ("golang", "org"),
            ("deb.debian", "org"),
        ]
    )
    forbidden = re.compile(rf"(?<![\w.~-])/(?:{folders})/|\b(?:{hosts})\b")
    found = {}
    for path in committed_files():
        match = forbidden.search(path.read_bytes().decode(errors="ignore"))
        if match:
            found[str(path.relative_to(ROOT))] = match.group()

    assert found == {}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "GLOSSARY.md"])
def test_links_to_files_lead_somewhere(name):
    targets = re.findall(r"\]\(([^)#\s]+)", (ROOT / name).read_text())
    local = [target for target in targets if "://" not in target]

    assert [target for target in local if not (ROOT / target).exists()] == []


def test_decision_records_are_numbered_without_a_gap():
    records = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))

    assert [path.name[:4] for path in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    for record in records:
        for heading in ("## Context", "## Decision", "## Consequences"):
            assert heading in record.read_text(), record.name


# The network guard of conftest.py


def test_a_test_cannot_call_another_machine():
    with socket.socket() as caller, pytest.raises(AssertionError, match=r"192\.0\.2\.1"):
        caller.connect(("192.0.2.1", 80))


def test_a_test_cannot_look_up_another_machine():
    with pytest.raises(AssertionError, match="elsewhere"):
        socket.getaddrinfo("elsewhere.example", 80)


def test_a_test_can_call_its_own_machine():
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as caller,
    ):
        assert caller.getpeername() == server.getsockname()


# Chromium


@pytest.mark.browser
def test_chromium_opens_a_page_and_axe_finds_what_is_wrong_with_it(chromium):
    from axe_playwright_python.sync_playwright import Axe

    page = chromium.new_page()
    page.set_content("<html><title>Calloff</title><main><h1>Packages</h1><img src=''></main></html>")

    found = {violation["id"] for violation in Axe().run(page).response["violations"]}

    assert page.title() == "Calloff"
    assert {"html-has-lang", "image-alt"} <= found
