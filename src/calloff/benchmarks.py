"""Finds and runs the benchmarks of `bench/`: each measures Calloff beside a limit or a peer in the same run."""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from calloff.domain.errors import BadInputError
from calloff.formats.tables import write_whole
from calloff.stages import ROOT

BENCH = ROOT / "bench"


def benchmark(name: str) -> Any:
    """The module of a benchmark; BadInputError names those there are."""
    path = BENCH / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"bench_{name}", path) if path.is_file() else None
    if spec is None or spec.loader is None:
        known = ", ".join(sorted(one.stem for one in BENCH.glob("*.py")))
        raise BadInputError(f"there is no benchmark {name!r}; write one of: {known}")
    module = importlib.util.module_from_spec(spec)
    # Dataclasses look their module up by name.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run_benchmark(name: str, write_to: Path | None, tell: Callable[[str], None], visits: int | None = None) -> bool:
    """
    Measure, tell the tables and, if asked, write the figures as JSON; whether every limit was kept.

    `visits` is how many a benchmark of settlement makes; BadInputError for another benchmark.
    """
    measure = benchmark(name).measure
    if visits is not None and "visits" not in inspect.signature(measure).parameters:
        raise BadInputError(f"the benchmark {name!r} makes no visits; leave out --visits")
    figures, kept = measure(tell) if visits is None else measure(tell, visits)
    about = {"benchmark": name, "python": platform.python_version(), "cpus": os.cpu_count()}
    if write_to is not None:
        write_whole(write_to, json.dumps(about | {"limits_kept": kept, "figures": figures}, indent=2) + "\n")
    return bool(kept)
