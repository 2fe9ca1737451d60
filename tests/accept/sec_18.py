"""
SEC-18: the framework's own deployment check has nothing to say.

`check --deploy --fail-level WARNING` on the settings of a live council, as they are shipped, in each of the ways in
which one may run Calloff; and no check is silenced.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from accept.live import live, start
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 5, 2: 5}
"""So many ways of running it."""
WAYS: tuple[dict[str, str | None], ...] = (
    {},
    {"CALLOFF_PROXIES": "1"},
    {"CALLOFF_DATABASE": None, "DATABASE_URL": "postgresql://calloff@127.0.0.1:5432/calloff"},
    {"CALLOFF_MAIL": "smtps://calloff:secret@mail.council.example"},
    {"CALLOFF_HOSTS": "calloff.council.example,calloff.other.example"},
)
CODE = """
import django
from django.conf import settings
from django.core.management import call_command
django.setup()
assert not settings.SILENCED_SYSTEM_CHECKS, settings.SILENCED_SYSTEM_CHECKS
assert not settings.DEBUG and not settings.CALLOFF_DEMO
call_command("check", deploy=True, fail_level="WARNING")
"""


def check(size: int) -> Result:
    """So many ways of running a live council."""
    tally = Tally()
    for way in WAYS[:size]:
        with tempfile.TemporaryDirectory(prefix="calloff-live-") as folder:
            done = start(CODE, live(Path(folder), **way))
        tally.n += 1
        said = f"{done.stdout} {done.stderr}".strip().splitlines()
        quiet = done.returncode == 0 and "no issues (0 silenced)" in done.stdout
        warnings = [line for line in said if line.startswith("?: ")] or said[-1:]
        tally.expect(quiet, f"{way or 'as shipped'}: {' '.join(warnings)[:500]}")
    return tally.result
