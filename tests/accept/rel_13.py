"""
REL-13: every call-off is worked out again byte for byte with later data changed; tampering is seen.

Each way of buying is run on an invented council. Then grades, prices and contracts change in its files, the shipped
documents and bank holidays vanish from a copy of the sources, and the logs are replayed there, in a process with
other hashes, another time zone and another working folder. What is told of packages must be the same there too.
Afterwards a log is altered, cut and reordered in many ways, and every way must be reported.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from accept import tampering
from accept.made_up_council import Council, a_council, buying_documents
from accept.tally import Tally

import calloff
from calloff.acceptance import Result
from calloff.documents.purchasing_models import load, shipped
from calloff.domain.errors import CalloffError
from calloff.simulator.allocate import LOG, allocate
from calloff.simulator.explain import explain
from calloff.simulator.replay import replay

SIZES = {0: 60, 1: 2_000, 2: 20_000}
"""Packages in all, over the five documents; half as many tamperings."""
PACKAGES_OF_A_RUN = 200
TOLD = 3
"""Packages of each run whose story is told."""
SEED = 13
GONE = ("purchasing_models", "parameters/bank_holidays.yaml")


def check(size: int) -> Result:
    """Runs over every document until so many packages were bought for, then the tamperings."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="calloff-replay-") as name:
        folder = Path(name)
        stories = runs(tally, folder, size)
        later = changed_sources(folder / "later")
        elsewhere(tally, stories, later, folder)
        tamper(tally, folder, size // 2)
    return tally.result


def runs(tally: Tally, folder: Path, size: int) -> dict[str, dict[str, str]]:
    """Run every document, from files that change afterwards; by log, what is told of a few packages."""
    documents = buying_documents()
    each = min(PACKAGES_OF_A_RUN, size // len(documents))
    stories = {}
    for number in range(size // each):
        document = shipped(documents[number % len(documents)])
        council = a_council(SEED + number, each)
        out = folder / f"run-{number}"
        out.mkdir()
        council.write(out, document)
        allocate(council.inputs(document, council.contracts(document), SEED), out / "out")
        change(out, council)
        log = out / "out" / LOG
        text = log.read_text(encoding="utf-8")
        # A package outside the document's scope is never decided on.
        told = [one.package.reference for one in council.packages if f'"{one.package.reference}"' in text][:TOLD]
        stories[str(log)] = {package: told_of(tally, log, package) for package in told}
    return stories


def told_of(tally: Tally, log: Path, package: str) -> str:
    """The story of a package; one that cannot be told is a violation."""
    try:
        return explain(log, package)
    except CalloffError as error:
        tally.fault(f"{package} cannot be told of: {error}")
        return str(error)


def change(out: Path, council: Council) -> None:
    """What happens later: worse grades, dearer contracts, other packages, in the files the run was made from."""
    worse = tuple(replace(one, grades=(1, 1, 1, 1), name=f"{one.name} (renamed)") for one in council.providers)
    Council(council.seed + 1, worse, council.places, council.packages[::-1]).write(out)
    (out / "contracts.csv").write_text("reference,provider\n", encoding="utf-8")


def changed_sources(folder: Path) -> Path:
    """A copy of Calloff from which the shipped documents are gone: a log must not need them."""
    shutil.copytree(Path(calloff.__file__).parent, folder / "calloff", ignore=shutil.ignore_patterns("__pycache__"))
    for name in GONE:
        path = folder / "calloff" / "documents" / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return folder


def elsewhere(tally: Tally, stories: dict[str, dict[str, str]], sources: Path, folder: Path) -> None:
    """Replay the logs in another process, which must find every decision and every word again."""
    script = Path(__file__).with_name("replay_elsewhere.py")
    other = {"PYTHONPATH": str(sources), "PYTHONHASHSEED": "4711", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"}
    done = subprocess.run(
        [sys.executable, "-P", str(script)],
        input=json.dumps({log: list(told) for log, told in stories.items()}).encode(),
        env={**os.environ, **other},
        cwd=folder,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        tally.fault(f"the replay broke off: {done.stderr.decode().strip().splitlines()[-1]}")
        return
    for log, found in json.loads(done.stdout).items():
        tally.n += found["count"]
        for text in found["differ"]:
            tally.fault(text)
        same = found["stories"] == list(stories[log].values())
        tally.expect(same, f"{Path(log).parts[-3]}: what is told of a package is worded otherwise elsewhere")
    words = sum(len(told) for told in stories.values())
    tally.notes.append(f"{tally.n} decisions of {len(stories)} runs replayed, {words} stories told again")


def tamper(tally: Tally, folder: Path, most: int) -> None:
    """Alter a short log in so many ways; each must be reported in words, by the replay."""
    council = a_council(SEED, 6)
    document = load("east_lothian_2017_framework")
    allocate(council.inputs(document, council.contracts(document), SEED), folder / "short")
    lines = (folder / "short" / LOG).read_bytes().splitlines(keepends=True)
    path = folder / "tampered.jsonl"
    for number in range(most):
        what, altered = tampering.alter(lines, number)
        path.write_bytes(b"".join(altered))
        tally.n += 1
        try:
            seen = any(one.differs for one in replay(path))
        except CalloffError:
            seen = True
        except Exception as error:  # A traceback reports nothing to an auditor.
            tally.fault(f"{what}: the replay broke off with {type(error).__name__}: {error}")
            continue
        tally.expect(seen, f"{what}: nothing was reported")
    tally.notes.append(f"{most} tamperings of a log of {len(lines)} lines")
