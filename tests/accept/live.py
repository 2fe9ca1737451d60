"""The environment of a live council, made up, and Python started in it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

KEY = "a key of a check, long enough and with many different characters 0123456789"


def live(folder: Path, **changes: str | None) -> dict[str, str]:
    """What a live council says, with changes; None takes a name out. What was said to the tests is not passed on."""
    ours = ("CALLOFF_", "DATABASE_URL", "DJANGO_")
    outside = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    said: dict[str, str | None] = {
        "DJANGO_SETTINGS_MODULE": "calloff.web.config.settings",
        "CALLOFF_SECRET_KEY": KEY,
        "CALLOFF_HOSTS": "calloff.council.example",
        "CALLOFF_DATABASE": str(folder / "calloff.sqlite3"),
        "CALLOFF_MAIL": str(folder / "mail"),
        "CALLOFF_STATIC": str(folder / "static"),
        **changes,
    }
    return outside | {name: value for name, value in said.items() if value is not None}


def start(code: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a few lines of Python in an environment."""
    command = [sys.executable, "-P", "-c", code]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
