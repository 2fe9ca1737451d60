"""
Acceptance checks: larger than the tests, and each must catch a bug that is planted in a copy of the sources.

The checks stand in `tests/accept/`, one module each, named in `catalogue.yaml`; the bugs in `tests/planted/`. A check
that was skipped, or whose planted bug goes unseen, counts as failed. Results are kept in `docs/evidence/`.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from calloff.domain.errors import BadInputError
from calloff.domain.records import sha256
from calloff.planting import plant
from calloff.stages import ROOT

CHECKS = ROOT / "tests" / "accept"
PLANTED = ROOT / "tests" / "planted"
EVIDENCE = ROOT / "docs" / "evidence"
CHILD = "from calloff.acceptance import check_here; check_here()"
SMALL = 0
"""The size of every test run; the planted bug must be caught at this size already."""
FIRST_FAULT = "CALLOFF_FIRST_FAULT"
"""Set where the first violation is enough: a planted bug is then caught, however many more there are."""


class FaultSeen(BaseException):
    """A violation was counted where one is enough: no error, so nothing on the way may take it for one."""


class SkippedError(Exception):
    """What the check needs is not here; the text says what to get."""


@dataclass(frozen=True)
class Result:
    """What a check found: how many cases it looked at, how many were wrong, and what to tell about them."""

    n: int
    violations: int
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Entry:
    """One check of the catalogue; `module` is the file that holds it, which may serve several ids."""

    id: str
    title: str
    module: Path

    @property
    def state(self) -> str:
        return "works" if self.module.exists() else "open"

    @property
    def patch(self) -> Path:
        """The bug that the check must catch."""
        return PLANTED / f"{self.module.stem.upper().replace('_', '-')}.patch"


@dataclass(frozen=True)
class Outcome:
    """A check as it was run: PASS, FAIL or SKIP, and what became of the planted bug."""

    outcome: str
    n: int
    violations: int
    planted_bug: str
    seconds: int
    notes: Sequence[str]

    def line(self, name: str) -> str:
        if self.outcome == "SKIP":
            return f"{name} SKIP {self.planted_bug}"
        return (
            f"{name} {self.outcome} n={self.n} violations={self.violations} "
            f"planted_bug={self.planted_bug} seconds={self.seconds}"
        )


# The catalogue


def catalogue() -> list[Entry]:
    """Every check there is or shall be, in the order of the catalogue."""
    stored = yaml.safe_load((CHECKS / "catalogue.yaml").read_text(encoding="utf-8"))
    return [
        Entry(one["id"], one["title"], CHECKS / f"{one.get('shown_by', one['id']).lower().replace('-', '_')}.py")
        for one in stored
    ]


def listing() -> str:
    """Id, state and title of every check, and the counts."""
    entries = catalogue()
    works = sum(entry.state == "works" for entry in entries)
    lines = [f"{entry.id:<8} {entry.state:<6} {entry.title}" for entry in entries]
    return "\n".join([*lines, f"{len(entries)} checks: {works} work, {len(entries) - works} are open"])


def chosen(ids: Sequence[str]) -> list[Entry]:
    """The entries of these ids, or all that work; BadInputError when there is no such id."""
    entries = {entry.id: entry for entry in catalogue()}
    unknown = [name for name in ids if name.upper() not in entries]
    if unknown:
        raise BadInputError(f"there is no check {', '.join(unknown)}; ./calloff accept --list shows them all")
    return [entries[name.upper()] for name in ids] or [one for one in entries.values() if one.state == "works"]


# Running


def run_checks(entries: Iterable[Entry], tier: int, tell: Callable[[str], None]) -> bool:
    """Run checks at a tier's size, tell a line for each, keep evidence of all they show; whether all passed."""
    outcomes: dict[Path, Outcome] = {}
    for entry in entries:
        if entry.module not in outcomes:
            outcomes[entry.module] = run_check(entry, tier)
            if tier > SMALL and outcomes[entry.module].outcome != "SKIP":
                for shown in (one for one in catalogue() if one.module == entry.module):
                    keep(shown, tier, outcomes[entry.module])
        outcome = outcomes[entry.module]
        tell("\n  ".join([outcome.line(entry.id), *outcome.notes]))
    return all(outcome.outcome == "PASS" for outcome in outcomes.values())


def run_check(entry: Entry, tier: int) -> Outcome:
    """Run one check on the sources, and beside it at its smallest size on a copy with the bug planted."""
    if entry.state == "open":
        return Outcome("SKIP", 0, 0, "this check is not written yet", 0, ())
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="calloff-accept-") as folder:
        scratch = Path(folder)
        honest = _start(entry, tier, ROOT / "src", scratch / "honest.json")
        try:
            plant(entry.patch, ROOT / "src", scratch / "copy")
            planted = _start(entry, SMALL, scratch / "copy" / "src", scratch / "planted.json", {FIRST_FAULT: "1"})
            found = _finish(planted, scratch / "planted.json")
            caught = "caught" if found.get("violations") else "crashed" if "error" in found else "missed"
        except (BadInputError, OSError) as error:
            found, caught = {"error": str(error)}, "not_planted"
        result = _finish(honest, scratch / "honest.json")
    if "skipped" in result:
        return Outcome("SKIP", 0, 0, str(result["skipped"]), 0, ())
    notes = [*map(str, result.get("notes", ()))]
    notes += [f"the check broke off: {result['error']}"] if "error" in result else []
    notes += [f"the planted bug: {found.get('error', 'no violation was seen')}"] if caught != "caught" else []
    sound = result.get("n", 0) > 0 and result.get("violations") == 0 and caught == "caught"
    seconds = round(time.monotonic() - began)
    return Outcome("PASS" if sound else "FAIL", result.get("n", 0), result.get("violations", 0), caught, seconds, notes)


def _start(
    entry: Entry, tier: int, sources: Path, out: Path, said: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    path = os.pathsep.join([str(sources), str(ROOT / "tests")])
    # One hash seed, so that the same check at the same size always does the same.
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= said or {}
    command = [sys.executable, "-P", "-c", CHILD, entry.module.stem, str(tier), str(out)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)  # noqa: S603 (our own words)


def _finish(child: subprocess.Popen[bytes], out: Path) -> dict[str, Any]:
    code = child.wait()
    if not out.exists():
        return {"error": f"it ended without a result, exit code {code}"}
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def check_here() -> None:
    """In a child process: run the check named on the command line and write what it found."""
    stem, tier, out = sys.argv[1:4]
    module = importlib.import_module(f"accept.{stem}")
    found: dict[str, Any]
    try:
        result = module.check(module.SIZES[int(tier)])
        found = {"n": result.n, "violations": result.violations, "notes": list(result.notes)}
    except SkippedError as reason:
        found = {"skipped": str(reason)}
    except FaultSeen:
        found = {"n": 1, "violations": 1}
    except Exception as error:  # A check that breaks off is told as failed, with its reason.
        found = {"error": f"{type(error).__name__}: {error}"}
    Path(out).write_text(json.dumps(found), encoding="utf-8")


# Evidence


def keep(entry: Entry, tier: int, outcome: Outcome) -> None:
    """Write what a check found to docs/evidence, with the hash of the sources it was found in."""
    EVIDENCE.mkdir(parents=True, exist_ok=True)
    python = platform.python_version()
    about = {"id": entry.id, "title": entry.title, "tier": tier, "python": python, "sources": sources_hash()}
    text = json.dumps(about | asdict(outcome), indent=2, ensure_ascii=False) + "\n"
    (EVIDENCE / f"{entry.id}.json").write_text(text, encoding="utf-8")


def sources_hash() -> str:
    """The SHA-256 of every source and document of Calloff, names included."""
    folder = ROOT / "src"
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".py", ".yaml"))
    names = (f"{path.relative_to(folder).as_posix()} {sha256(path.read_bytes())}\n" for path in paths)
    return sha256("".join(names).encode())
