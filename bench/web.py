"""
How quick the website's pages are over a city's ten years: an open loop of 20 requests a second, on both engines.

The database is built once for its seed and the sources, and copied for each run. Client, server, worker and database
share the machine. Beside the figures stands the same server's empty signed-in page, asked for as often; all seconds are
wall time from the moment at which a request was due. To try a change on less, CALLOFF_BENCH_PACKAGES names the size of
the city and CALLOFF_BENCH_SECONDS how long the load lasts: such figures say so, and keep no limit.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
sys.path.insert(0, str(BENCH))

# Found only now that the folder is on the path: the benchmark is loaded from its file, not as part of a package.
from city.crowd import SHARES, WRITES, Crowd, TooFewError  # noqa: E402
from city.load import Found, run  # noqa: E402

SERVER = os.environ.get("CALLOFF_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
KEPT = ROOT / "var" / "bench"
SEED = 1
WHOLE_CITY, WHOLE_SECONDS = 60_000, 180.0
PACKAGES = int(os.environ.get("CALLOFF_BENCH_PACKAGES", WHOLE_CITY))
SECONDS = float(os.environ.get("CALLOFF_BENCH_SECONDS", WHOLE_SECONDS))
RATE, WARMING_SECONDS = 20.0, SECONDS / 3
PAGE_LIMITS, WRITE_LIMITS = (0.200, 0.500), (0.300, 0.800)
FREED_SECONDS = 5.0
GROWTH = (100, 10, 1)
FEW_QUERIES = 3
"""A package drawn by chance may have a call-off, a stay or an owner that another lacks."""
RAMP_SECONDS = 20.0
MOST_RATE, FASTER = 120.0, 1.25


def measure(tell: Callable[[str], None]) -> tuple[dict[str, Any], bool]:
    """Build, load and measure on each engine; the figures, and whether every limit was kept."""
    figures, kept = {}, True
    for engine in ("SQLite", "PostgreSQL"):
        if engine == "PostgreSQL" and not _server_answers():
            tell("PostgreSQL: no server answers; not measured")
            continue
        found, well = on_engine(engine, tell)
        figures[engine], kept = found, kept and well
    if (PACKAGES, SECONDS) != (WHOLE_CITY, WHOLE_SECONDS):
        tell(f"\na trial with {PACKAGES:,} packages for {SECONDS:.0f} s: not the benchmark")
        kept = False
    return figures, kept


def on_engine(engine: str, tell: Callable[[str], None]) -> tuple[dict[str, Any], bool]:
    """One engine's figures."""
    with tempfile.TemporaryDirectory(prefix="calloff-bench-") as scratch:
        folder = Path(scratch)
        with database(engine, folder, tell) as (said, built):
            people = json.loads(_child("prepare", said))
            with serving(said, folder) as port:
                crowd = Crowd(people)
                loads = loaded(port, crowd)
                rate = ceiling(port, crowd)
    figures, kept = told(engine, loads, rate, built, tell)
    figures["alone"], constant = grown(engine, tell)
    figures["freed"], soon = freed(engine, tell)
    return figures, kept and constant and soon


def grown(engine: str, tell: Callable[[str], None]) -> tuple[dict[str, Any], bool]:
    """What a page costs that is asked for alone, in a city of a hundredth, a tenth and all; whether queries stay."""
    found: dict[int, dict[str, dict[str, float]]] = {}
    for part in GROWTH:
        size = PACKAGES // part
        with (
            tempfile.TemporaryDirectory(prefix="calloff-bench-") as scratch,
            database(engine, Path(scratch), tell, size) as (said, _built),
        ):
            found[size] = json.loads(_child("alone", said))
    tell(f"\n{'alone, queries and ms at':<28}" + "".join(f"{size:>13,}" for size in found) + " packages")
    constant = True
    for kind in found[PACKAGES]:
        each = [row[kind] for row in found.values()]
        same = each[0]["queries"] + FEW_QUERIES >= each[-1]["queries"]
        constant = constant and same
        row = "".join(f"{one['queries']:>5.0f} {one['ms']:>7.1f}" for one in each)
        tell(f"{kind:<28}{row}  {'PASS' if same else 'FAIL'}")
    return {kind: {f"{size:,}": row[kind] for size, row in found.items()} for kind in found[PACKAGES]}, constant


def freed(engine: str, tell: Callable[[str], None]) -> tuple[dict[str, Any], bool]:
    """How soon the worker asks about the right packages when minutes come free; whether soon enough."""
    with tempfile.TemporaryDirectory(prefix="calloff-bench-") as scratch:
        folder = Path(scratch)
        with database(engine, folder, tell) as (said, _built), serving(said, folder):
            found = json.loads(_child("freed", said))
    soon = found["right"] and found["seconds"] <= FREED_SECONDS
    told = f"the right {found['asked']}" if found["right"] else "the wrong"
    tell(
        f"minutes that come free while {found['waiting']:,} wait: {told} packages are asked about after "
        f"{found['seconds']:.1f} s, at most {FREED_SECONDS:.0f}  {'PASS' if soon else 'FAIL'}"
    )
    return found, soon


def loaded(port: int, crowd: Crowd) -> tuple[Found, Found]:
    """The load itself, after its warming, and the empty page asked for alone as often a second."""
    run(port, crowd.errand, RATE, WARMING_SECONDS, SEED)
    found = run(port, crowd.errand, RATE, SECONDS, SEED + 1)
    return found, run(port, crowd.empty, RATE, RAMP_SECONDS, SEED + 2)


def ceiling(port: int, crowd: Crowd) -> tuple[float, float]:
    """
    The rate, in steps of a quarter, at which the 95th percentile of all kinds passes half a second, and that one.

    It ends below that where nothing is left to answer or to confirm.
    """
    rate, high = RATE, 0.0
    while rate < MOST_RATE:
        try:
            found = run(port, crowd.errand, rate, RAMP_SECONDS, SEED + int(rate))
        except TooFewError:
            break
        every = sorted(second for seconds in found.seconds.values() for second in seconds)
        high = every[int(0.95 * len(every))]
        if high > PAGE_LIMITS[1]:
            break
        rate *= FASTER
    return rate, high


def told(
    engine: str, loads: tuple[Found, Found], rate: tuple[float, float], built: str, tell: Callable[[str], None]
) -> tuple[dict[str, Any], bool]:
    """The table of an engine, its figures, and whether every limit was kept."""
    found, empty = loads
    tell(f"\n{engine}: {built}")
    tell(f"{RATE:.0f} requests a second for {SECONDS:.0f} s; {len(found.problems)} problems")
    tell(f"{'seconds from the due moment':<28}{'n':>7}{'median':>9}{'95 %':>9}   limits")
    figures: dict[str, Any] = {
        "built": built,
        "requests": sum(len(seconds) for seconds in found.seconds.values()),
        "problems": {one: found.problems.count(one) for one in sorted(set(found.problems))},
    }
    kept = not found.problems
    for kind in SHARES:
        middle, high = found.at(kind, 0.5), found.at(kind, 0.95)
        limits = WRITE_LIMITS if kind in WRITES else PAGE_LIMITS
        well = middle <= limits[0] and high <= limits[1]
        kept = kept and well
        figures[kind] = {"n": len(found.seconds[kind]), "median": round(middle, 3), "95 %": round(high, 3)}
        tell(
            f"{kind:<28}{len(found.seconds[kind]):>7}{middle:>9.3f}{high:>9.3f}   {limits[0]:.1f} and {limits[1]:.1f}"
            f"  {'PASS' if well else 'FAIL'}"
        )
    middle, high, asked = empty.at("empty", 0.5), empty.at("empty", 0.95), len(empty.seconds["empty"])
    figures["empty signed-in page, alone"] = {"n": asked, "median": round(middle, 3), "95 %": round(high, 3)}
    tell(f"{'empty signed-in page, alone':<28}{asked:>7}{middle:>9.3f}{high:>9.3f}")
    figures["rate"] = {"a_second": round(rate[0], 1), "95 %": round(rate[1], 3)}
    if rate[1]:
        tell(f"at {rate[0]:.0f} requests a second the 95th percentile of all is {rate[1]:.3f} s")
    else:
        tell("the rate was not raised: too few wait to be answered or confirmed in so small a city")
    for problem, times in figures["problems"].items():
        tell(f"  wrong: {problem} ({times} times)")
    return figures, kept


# The database


@contextmanager
def database(
    engine: str, folder: Path, tell: Callable[[str], None], packages: int = PACKAGES
) -> Iterator[tuple[dict[str, str], str]]:
    """A copy of the city's database on an engine, as the environment names it, and how it was built."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in _sources())).hexdigest()[:12]
    if engine == "SQLite":
        kept = KEPT / f"city-{packages}-{digest}.sqlite3"
        note = kept.with_suffix(".txt")
        if not note.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.unlink(missing_ok=True)
            note.write_text(
                _built(engine, {"CALLOFF_DATABASE": str(kept)}, packages, lambda: kept.stat().st_size, tell)
            )
        copy_of_it = folder / f"city-{time.monotonic_ns()}.sqlite3"
        shutil.copy(kept, copy_of_it)
        yield {"CALLOFF_DATABASE": str(copy_of_it)}, note.read_text()
        return
    import psycopg

    kept_name, copy = f"calloff_city_{packages}_{digest}", f"calloff_city_copy_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        exists = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", (kept_name,)).fetchone()
        note = KEPT / f"city-{packages}-{digest}.postgresql.txt"
        if not exists or not note.exists():
            server.execute(f'DROP DATABASE IF EXISTS "{kept_name}" WITH (FORCE)')
            server.execute(f'CREATE DATABASE "{kept_name}"')
            size = lambda: server.execute("SELECT pg_database_size(%s)", (kept_name,)).fetchone()[0]  # noqa: E731
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(_built(engine, {"DATABASE_URL": _url(kept_name)}, packages, size, tell))
        server.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{kept_name}"')
        # As the server does by itself within a minute or so of such a change.
        with psycopg.connect(_url(copy), autocommit=True) as own:
            own.execute("VACUUM (ANALYZE)")
        try:
            yield {"DATABASE_URL": _url(copy)}, note.read_text()
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')


def _url(name: str) -> str:
    return f"{SERVER.rpartition('/')[0]}/{name}"


def _sources() -> list[Path]:
    return sorted([*(ROOT / "src" / "calloff" / "web").rglob("migrations/*.py"), BENCH / "city" / "rows.py"])


def _built(
    engine: str, said: dict[str, str], packages: int, size: Callable[[], int], tell: Callable[[str], None]
) -> str:
    began = time.monotonic()
    tell(f"{engine}: building a city of {packages:,} packages (once for these sources)")
    counts = json.loads(_child("build", said | {"CALLOFF_BENCH_PACKAGES": str(packages)}))
    seconds = time.monotonic() - began
    rows = ", ".join(f"{count:,} {table}" for table, count in counts.items())
    return f"{rows}; built in {seconds:.0f} s, {size() / 1e6:,.0f} MB"


def _server_answers() -> bool:
    import psycopg

    try:
        with psycopg.connect(SERVER, connect_timeout=3):
            return True
    except psycopg.OperationalError:
        return False


# In child processes, since settings are read once


def _environment(said: Mapping[str, str]) -> dict[str, str]:
    outside = {name: value for name, value in os.environ.items() if name not in ("CALLOFF_DATABASE", "DATABASE_URL")}
    return {
        **outside,
        **said,
        "CALLOFF_DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "calloff.web.config.settings",
        "CALLOFF_MAIL": str(KEPT / "mail"),
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(BENCH)]),
    }


def _child(what: str, said: Mapping[str, str]) -> str:
    command = [sys.executable, "-P", "-c", f"from city.child import {what}; {what}()"]
    done = subprocess.run(command, env=_environment(said), check=True, stdout=subprocess.PIPE)
    return done.stdout.decode().strip().splitlines()[-1]


@contextmanager
def serving(said: Mapping[str, str], folder: Path) -> Iterator[int]:
    """The website and its worker on a free port, while the block runs."""
    from calloff.web.config.serving import listen, started, wait_until_well

    listener = listen(18_000 + os.getpid() % 2_000, lambda _text: None)
    with started(listener, _environment(said), folder / "logs") as children:
        port = listener.getsockname()[1]
        wait_until_well(children, port)
        yield port
