"""
Replays logs in a process of its own, given only the logs: run as a script by REL-13, far from where they were made.

Prints, for each log, how many decisions there are, which differ, and the stories of the packages asked for.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from calloff.domain.errors import CalloffError
from calloff.simulator.explain import explain
from calloff.simulator.replay import replay


def main() -> None:
    found = {}
    for log, packages in json.load(sys.stdin).items():
        replayed = list(replay(Path(log)))
        differ = [f"decision {one.number}: {one.difference}" for one in replayed if one.differs]
        stories = [told_of(Path(log), package) for package in packages]
        found[log] = {"count": len(replayed), "differ": differ, "stories": stories}
    json.dump(found, sys.stdout)


def told_of(log: Path, package: str) -> str:
    try:
        return explain(log, package)
    except CalloffError as error:
        return str(error)


if __name__ == "__main__":
    main()
