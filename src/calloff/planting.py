"""
Plants a bug: applies a unified diff to a copy of Calloff's sources, so that a check can show that it would see it.

Plain Python, since whoever runs a check has Python and may have neither `patch` nor git.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from calloff.domain.errors import BadInputError

_HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")


@dataclass(frozen=True)
class Hunk:
    """One place of a diff: about which line of the file it stands, and the lines before and after."""

    line: int
    before: tuple[str, ...]
    after: tuple[str, ...]


def plant(patch: Path, sources: Path, copy: Path) -> None:
    """
    Copy the folder `sources` (the one above `calloff`) to `copy/src` and apply the patch there.

    Paths in the patch begin with `a/src/` and `b/src/`. BadInputError when a place of the patch is not found in the
    sources as they stand now, or is found twice: the bug must then be planted anew.
    """
    # With what Python has compiled of them: files keep their times, so only what the patch changes is compiled anew.
    shutil.copytree(sources, copy / "src")
    for name, hunks in hunks_by_file(patch.read_text(encoding="utf-8").splitlines()).items():
        path = copy / name
        if not path.is_file():
            raise BadInputError(f"{patch.name} does not apply any more: there is no file {name}")
        lines = path.read_text(encoding="utf-8").splitlines()
        for hunk in hunks:
            place = place_of(lines, hunk)
            if place is None:
                raise BadInputError(f"{patch.name} does not apply any more to {name} near line {hunk.line}")
            lines[place : place + len(hunk.before)] = hunk.after
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def hunks_by_file(lines: Sequence[str]) -> dict[str, list[Hunk]]:
    """The places of a unified diff by the file they change, from the last to the first of each file."""
    found: dict[str, list[Hunk]] = {}
    name = ""
    for position, line in enumerate(lines):
        if line.startswith("+++ "):
            name = line.removeprefix("+++ ").split("\t")[0].removeprefix("b/")
        heading = _HUNK.match(line)
        if heading:
            body = list(_body(lines[position + 1 :]))
            before = tuple(text[1:] for text in body if text[0] in " -")
            after = tuple(text[1:] for text in body if text[0] in " +")
            found.setdefault(name, []).insert(0, Hunk(int(heading[1]), before, after))
    if not found:
        raise BadInputError("this is no unified diff: it has no line that begins with @@")
    return found


def _body(lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        if line.startswith(("@@", "--- ", "diff ")):
            return
        if line == "" or line[0] in " -+":
            # Editors strip the blank that stands for an empty line.
            yield line or " "


def place_of(lines: Sequence[str], hunk: Hunk) -> int | None:
    """Where the lines before stand: at the very line that the diff names, else at the only place that holds them."""
    size = len(hunk.before)
    places = [place for place in range(len(lines) - size + 1) if tuple(lines[place : place + size]) == hunk.before]
    if hunk.line - 1 in places:
        return hunk.line - 1
    return places[0] if len(places) == 1 else None
