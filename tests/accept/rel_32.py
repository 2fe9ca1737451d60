"""
REL-32: each invariant has a planted bug, and every one is caught.

For each invariant that must hold there is a check whose planted bug breaks it. Each check is run at its smallest size
on a copy of the sources with that bug: a violation must be seen, and one that is not written, cannot be planted or sees
nothing counts here as a fault.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from accept.tally import Tally

import calloff
from calloff.acceptance import CHILD, FIRST_FAULT, SMALL, Result
from calloff.domain.errors import BadInputError
from calloff.planting import hunks_by_file, place_of, plant

SIZES = {0: 1, 1: 99, 2: 99}
"""So many checks are run with their bug; of the others it is seen that the bug can still be planted."""
SOURCES = Path(calloff.__file__).resolve().parents[1]
TESTS = Path(__file__).resolve().parents[1]
PATIENCE_SECONDS = 600

SHOWN_BY = {
    "I12 an offer's deadline": "I12",
    "I1 a visit is called off once": "REL-01",
    "I2 minutes are never called off twice": "REL-02",
    "I2 the same under every way of buying": "I2",
    "I6 nothing acknowledged is lost": "REL-07",
    "I6 an act is done whole or not at all": "REL-08",
    "I7 no job is lost": "REL-09",
    "I7 no job has its effect twice": "REL-10",
    "I9 a call-off can be worked out again": "REL-13",
    "I10 ties are fair": "REL-14",
    "I13 nothing of a competitor is seen": "SEC-03",
    "I14 the person is anonymous before the call-off": "SEC-07",
    "I20 nobody approves their own": "REL-03",
    "I21 an altered event is seen": "REL-23",
    "I23 a command sent twice is done once": "REL-21",
    "I24 an import is whole or nothing": "REL-22",
    "I26 a backup restores to the same state": "REL-24",
    "I28 what fails changes nothing": "I28",
    "I30 no package without an owner": "I30",
    "I30 no package without a next act": "UX-20",
}
"""By invariant the check whose planted bug breaks it; the first is the quickest."""


def check(size: int) -> Result:
    """Each invariant once."""
    tally = Tally()
    for number, (invariant, name) in enumerate(SHOWN_BY.items()):
        tally.n += 1
        told = caught(name) if number < size else plantable(name)
        tally.expect(told == "caught", f"{invariant} ({name}): {told}")
        if number < size:
            tally.notes.append(f"{invariant}: {name}, {told}")
    return tally.result


def patch_of(name: str) -> Path:
    return TESTS / "planted" / f"{name}.patch"


def stem_of(name: str) -> str:
    return name.lower().replace("-", "_")


def plantable(name: str) -> str:
    """`caught` where the check is there and its bug's places are found in the sources, else what is wrong."""
    if not (TESTS / "accept" / f"{stem_of(name)}.py").exists():
        return "its check is not written yet"
    if not patch_of(name).exists():
        return "it has no bug"
    for path, hunks in hunks_by_file(patch_of(name).read_text(encoding="utf-8").splitlines()).items():
        source = SOURCES.parent / path
        lines = source.read_text(encoding="utf-8").splitlines() if source.is_file() else []
        if any(place_of(lines, hunk) is None for hunk in hunks):
            return f"its bug cannot be planted in {path}"
    return "caught"


def caught(name: str) -> str:
    """`caught` where the check sees its bug, else what is wrong."""
    found = plantable(name)
    if found != "caught":
        return found
    with tempfile.TemporaryDirectory(prefix="calloff-bug-") as folder:
        return seen(name, Path(folder))


def seen(name: str, folder: Path) -> str:
    """Run the check on a copy with its bug."""
    try:
        plant(patch_of(name), SOURCES, folder)
    except (BadInputError, OSError) as error:
        return f"its bug cannot be planted: {error}"
    out = folder / "found.json"
    path = os.pathsep.join([str(folder / "src"), str(TESTS)])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    environment[FIRST_FAULT] = "1"
    command = [sys.executable, "-P", "-c", CHILD, stem_of(name), str(SMALL), str(out)]
    subprocess.run(command, env=environment, check=False, timeout=PATIENCE_SECONDS, stdout=subprocess.DEVNULL)
    if not out.exists():
        return "its check ended without a result"
    found = json.loads(out.read_text(encoding="utf-8"))
    if "violations" not in found:
        return f"its check broke off: {found.get('error') or found.get('skipped')}"
    return "caught" if found["violations"] else "its bug is not seen"
