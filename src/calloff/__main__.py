"""Run Calloff as `python -m calloff`; people use the door, `./calloff`."""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import sys

from calloff.cli import app
from calloff.domain.errors import CalloffError

MADE_BEFORE_A_LOOK = 100_000
"""
So many values are made before Python looks for those that hold only each other. A run of packages keeps nearly all that
it makes; at Python's own 700 the looking takes a tenth of its time.
"""


def main() -> None:
    """
    Run the command named on the command line, then end the process.

    The exit code is 0 when all went well, 1 when Calloff refused (its reason stands alone on standard error)
    and 2 when the command itself was miswritten. A traceback therefore always means a fault in Calloff.
    """
    gc.set_threshold(MADE_BEFORE_A_LOOK, 20, 50)
    try:
        # People type the door, so the help names the door.
        app(prog_name="./calloff")
    except CalloffError as refusal:
        sys.stderr.write(f"{refusal}\n")
        sys.exit(1)


def leave(code: int) -> None:
    """End the process without taking everything apart that it made, which takes as long as a tenth of a long run."""
    atexit._run_exitfuncs()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    try:
        main()
    except SystemExit as end:
        leave(end.code if isinstance(end.code, int) else int(end.code is not None))
    leave(0)
