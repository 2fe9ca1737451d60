"""Makes the comparison once and keeps it: the files, the runs and the page, in one folder or not at all."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from calloff.documents.purchasing_models import Document
from calloff.domain.errors import BadInputError
from calloff.domain.records import sha256
from calloff.formats.tables import writing_to
from calloff.ways.job import Tell, carry_out, monday_of, ways_shipped
from calloff.ways.page import page_of
from calloff.ways.register import COUNCIL, PACKAGES, PROVIDERS, eastmoor

SEED = 2026
STAMP, PAGE = "made.json", "page.html"
SOURCE = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Size:
    """How large the invented council is."""

    providers: int = PROVIDERS
    packages: int = PACKAGES


@dataclass(frozen=True)
class Made:
    """A comparison that lies ready: its page, and what its stamp says of it."""

    page: str
    stamp: dict[str, Any]


def version_of_code(source: Path = SOURCE) -> str:
    """The SHA-256 of everything that a comparison is made by: the code, the documents, the templates."""
    digest = hashlib.sha256()
    for path in sorted(source.rglob("*")):
        if path.is_file() and path.suffix in (".py", ".yaml", ".html", ".css", ".svg"):
            digest.update(f"{path.relative_to(source).as_posix()}\0{sha256(path.read_bytes())}\n".encode())
    return digest.hexdigest()


def ready(folder: Path, today: date, version: str, keep: bool) -> Made | None:
    """What lies in the folder, if it was made on this day (with `keep`: on any) by this version of the code."""
    try:
        stamp = json.loads((folder / STAMP).read_text(encoding="utf-8"))
        page = (folder / PAGE).read_text(encoding="utf-8")
        fits = stamp["version"] == version and (keep or stamp["made_on"] == today.isoformat())
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Made(page, stamp) if fits else None


def make(
    folder: Path,
    today: date,
    version: str,
    tell: Tell,
    shown: str = "var/ways",
    size: Size | None = None,
    documents: Sequence[Document] | None = None,
) -> Made:
    """
    Make the comparison of a day and put it in the folder, in the place of an earlier one.

    Parameters
    ----------
    today
        The run begins on the most recent Monday.
    shown
        The folder as the page's commands name it.
    size, documents
        By default the whole council, and every shipped way of buying.

    Raises
    ------
    BadInputError
        When the folder holds something that no comparison put there, or cannot be written.
    """
    with writing_to(folder):
        return _make(folder, today, version, tell, shown, size or Size(), documents)


def _make(
    folder: Path, today: date, version: str, tell: Tell, shown: str, size: Size, documents: Sequence[Document] | None
) -> Made:
    if folder.exists() and not (folder / STAMP).is_file():
        raise BadInputError(f"{folder} holds something else than a comparison; move it away")
    council = eastmoor(SEED, monday_of(today), size.providers, size.packages)
    tell(f"{COUNCIL}, made up: {size.providers} providers, {size.packages} packages, from {council.begins_on}")

    def fill(partial: Path) -> Made:
        ways = carry_out(council, documents or ways_shipped(), partial, tell)
        decisions = sum(way.replayed for way in ways)
        stamp = {
            "made_on": today.isoformat(),
            "begins_on": council.begins_on.isoformat(),
            "version": version,
            "seed": SEED,
            "ways_of_buying": [way.document.model.id for way in ways],
            "decisions_replayed": decisions,
            "differ": sum(way.differ for way in ways),
        }
        page = page_of(council, ways, shown)
        (partial / PAGE).write_text(page, encoding="utf-8", newline="\n")
        (partial / STAMP).write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8", newline="\n")
        return Made(page, stamp)

    return _whole(folder, fill)


def _whole(folder: Path, fill: Callable[[Path], Made]) -> Made:
    """Fill a folder beside the one wanted, then exchange them: a build that is broken off leaves the earlier one."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    before = partial.with_name(f"{partial.name}.before")
    try:
        made = fill(partial)
        if folder.exists():
            folder.rename(before)
        partial.rename(folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    shutil.rmtree(before, ignore_errors=True)
    return made
