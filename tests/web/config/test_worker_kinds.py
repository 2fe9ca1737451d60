"""The worker knows every kind of job that anything adds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).parents[3] / "src"
WHAT_THE_WORKER_LOADS = """
import django
django.setup()
import calloff.web.config.worker
from calloff.web.jobs import services
print(*services.kinds())
"""


def test_the_worker_knows_every_kind_of_job():
    # In a process of its own: here the pages have loaded every service long ago.
    said = {"PYTHONPATH": str(SOURCES), "CALLOFF_DEMO": "1", "DJANGO_SETTINGS_MODULE": "calloff.web.config.settings"}
    command = [sys.executable, "-c", WHAT_THE_WORKER_LOADS]
    done = subprocess.run(command, env={**os.environ, **said}, capture_output=True, text=True, check=True)
    known = done.stdout.split()
    files = (path.read_text("utf-8") for path in SOURCES.rglob("*.py"))
    named = {kind for text in files for kind in re.findall(r'^@(?:jobs\.)?handles\("(\w+)"[,)]', text, re.MULTILINE)}

    assert named - set(known) == set()
    assert len(named) > 10
