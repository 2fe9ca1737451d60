"""
How long a council's visits take from upload to an approved pay run, through the application, on both engines.

The city's database is that of the website's benchmark, smaller. Each figure stands beside the limit that the purpose
sets; the stages tell where the time goes, and three sizes how it grows. Seconds are wall time.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(BENCH))

# Found only now that the folder is on the path.
import web  # noqa: E402

PACKAGES = 36_000
TO_DRAFT_ROWS, TO_DRAFT_SECONDS = 50_000, 60
TO_RUN_VISITS, TO_RUN_SECONDS = 200_000, 300
SIZES = (5_000, TO_DRAFT_ROWS, 265_000)
"""Rows; so many of the last are some 200,000 visits, of which every fourth has two workers."""
MOST_WEEK_SECONDS = 1.0


def measure(tell: Callable[[str], None]) -> tuple[dict[str, Any], bool]:
    """Each size on each engine; the figures, and whether every limit was kept."""
    figures: dict[str, Any] = {}
    kept = True
    for engine in ("SQLite", "PostgreSQL"):
        if engine == "PostgreSQL" and not web._server_answers():
            tell("PostgreSQL: no server answers; not measured")
            continue
        for rows in SIZES:
            with (
                tempfile.TemporaryDirectory(prefix="calloff-pay-") as folder,
                web.database(engine, Path(folder), tell, PACKAGES) as (said, _built),
            ):
                found = json.loads(web._child("paid", said | {"CALLOFF_BENCH_ROWS": str(rows)}))
            figures[f"{engine} {rows:,}"] = found
            kept = told(engine, rows, found, tell) and kept
    return figures, kept


def told(engine: str, rows: int, found: dict[str, Any], tell: Callable[[str], None]) -> bool:
    """Tell one run's stages, and whether its limits were kept."""
    seconds = found["seconds"]
    to_draft = seconds["upload"] + seconds["match and price"] + seconds["draft"]
    to_run = to_draft + seconds["approve"]
    stages = ", ".join(f"{name} {one:.1f} s" for name, one in seconds.items())
    tell(f"{engine}: {found['rows']:,} rows, {found['visits']:,} visits: {stages}")
    well = bool(seconds["one person's week again"] <= MOST_WEEK_SECONDS)
    if rows == TO_DRAFT_ROWS:
        well = well and to_draft <= TO_DRAFT_SECONDS
        tell(f"  upload to draft {to_draft:.1f} s (limit {TO_DRAFT_SECONDS})")
    if found["visits"] >= TO_RUN_VISITS:
        well = well and to_run <= TO_RUN_SECONDS
        tell(f"  upload to approved run {to_run:.1f} s (limit {TO_RUN_SECONDS})")
    return well
