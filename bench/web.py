"""
How quick the website's pages are over a city's ten years: an open loop of 20 requests a second, on both engines.

The database is built once for its seed and the sources, and copied for each run. Client, server and database share the
machine. Beside each figure stands the same server's empty signed-in page; all seconds are wall time from the moment at
which a request was due.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
sys.path.insert(0, str(BENCH))

from city.load import Errand, Found, Line, Visitor, run  # noqa: E402

SERVER = os.environ.get("CALLOFF_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test")
KEPT = ROOT / "var" / "bench"
SEED = 1
RATE, WARMING_SECONDS, SECONDS, SESSIONS = 20.0, 60.0, 180.0, 60
SHARES = {
    "queue": 30,
    "package": 25,
    "who is asked": 15,
    "provider home": 10,
    "record an answer": 7,
    "search": 5,
    "ledger": 5,
    "confirm": 3,
}
WRITES = ("record an answer", "confirm")
PAGE_LIMITS, WRITE_LIMITS = (0.200, 0.500), (0.300, 0.800)
RAMP_SECONDS = 20.0
MOST_RATE = 120.0


def measure(tell: Callable[[str], None]) -> tuple[dict[str, Any], bool]:
    """Build, load and measure on each engine; the figures, and whether every limit was kept."""
    figures, kept = {}, True
    for engine in ("SQLite", "PostgreSQL"):
        if engine == "PostgreSQL" and not _server_answers():
            tell("PostgreSQL: no server answers; not measured")
            continue
        found, well = on_engine(engine, tell)
        figures[engine], kept = found, kept and well
    return figures, kept


def on_engine(engine: str, tell: Callable[[str], None]) -> tuple[dict[str, Any], bool]:
    """One engine's figures."""
    with tempfile.TemporaryDirectory(prefix="calloff-bench-") as scratch:
        folder = Path(scratch)
        with database(engine, folder, tell) as (said, built):
            people = json.loads(_child("prepare", said))
            with serving(said, folder) as port:
                found, empty = loaded(port, people)
                rate = ceiling(port, people)
    return told(engine, found, empty, rate, built, tell)


def loaded(port: int, people: Mapping[str, Any]) -> tuple[Found, list[float]]:
    """The load itself, after its warming, and the empty page on the same quiet server."""
    crowd = Crowd(people)
    run(port, crowd.errand, RATE, WARMING_SECONDS, SEED)
    found = run(port, crowd.errand, RATE, SECONDS, SEED + 1)
    line, empty = Line(port), []
    for _ in range(100):
        began = time.monotonic()
        line.send(Errand("empty", crowd.brokers[0], "/account/"))
        empty.append(time.monotonic() - began)
    return found, empty


def ceiling(port: int, people: Mapping[str, Any]) -> float:
    """The rate, in steps, at which the 95th percentile of all pages passes half a second."""
    crowd, rate = Crowd(people, writes=False), RATE
    while rate < MOST_RATE:
        found = run(port, crowd.errand, rate, RAMP_SECONDS, SEED + int(rate))
        every = sorted(second for seconds in found.seconds.values() for second in seconds)
        if every[int(0.95 * len(every))] > PAGE_LIMITS[1]:
            return rate
        rate *= 1.25
    return rate


def told(
    engine: str, found: Found, empty: list[float], rate: float, built: str, tell: Callable[[str], None]
) -> tuple[dict[str, Any], bool]:
    """The table of an engine, its figures, and whether every limit was kept."""
    tell(f"\n{engine}: {built}")
    tell(f"{'seconds from the due moment':<28}{'n':>7}{'median':>9}{'95 %':>9}   limits")
    figures: dict[str, Any] = {"built": built, "problems": len(found.problems), "rate_at_half_a_second": round(rate, 1)}
    kept = not found.problems
    for kind in SHARES:
        middle, high = median(found.seconds[kind]), found.at(kind, 0.95)
        limits = WRITE_LIMITS if kind in WRITES else PAGE_LIMITS
        well = middle <= limits[0] and high <= limits[1]
        kept = kept and well
        figures[kind] = {"n": len(found.seconds[kind]), "median": round(middle, 3), "95 %": round(high, 3)}
        tell(
            f"{kind:<28}{len(found.seconds[kind]):>7}{middle:>9.3f}{high:>9.3f}   {limits[0]:.1f} and {limits[1]:.1f}"
            f"  {'PASS' if well else 'FAIL'}"
        )
    figures["empty signed-in page"] = {"n": len(empty), "median": round(median(empty), 3)}
    tell(f"{'empty signed-in page':<28}{len(empty):>7}{median(empty):>9.3f}")
    tell(
        f"the 95th percentile passes 0.5 s at {rate:.0f} requests a second" if rate < MOST_RATE else "no ceiling found"
    )
    for problem in sorted(set(found.problems))[:5]:
        tell(f"  wrong: {problem} ({found.problems.count(problem)} times)")
    return figures, kept


class Crowd:
    """Sixty people at work: brokers and providers' managers, each with a session."""

    def __init__(self, people: Mapping[str, Any], writes: bool = True) -> None:
        self.brokers = [Visitor(key) for key in people["brokers"]]
        self.managers = [Visitor(key) for key in people["managers"]]
        self.people = people
        self.to_answer, self.to_confirm = iter(people["to_answer"]), iter(people["to_confirm"])
        self.shares = {kind: share for kind, share in SHARES.items() if writes or kind not in WRITES}

    def errand(self, chance: random.Random) -> Errand:
        """Draw what somebody does next."""
        kind = chance.choices(list(self.shares), list(self.shares.values()))[0]
        broker = chance.choice(self.brokers)
        people = self.people
        if kind == "queue":
            tab = chance.choice(("", "?tab=team", "?tab=nobody", "?priority=2"))
            return Errand(kind, broker, f"/queue{tab}")
        if kind in ("package", "who is asked"):
            token = chance.choice(people["packages" if kind == "package" else "open"])
            return Errand(kind, broker, f"/packages/{token}")
        if kind == "provider home":
            return Errand(kind, chance.choice(self.managers), "/provider")
        if kind == "search":
            return Errand(kind, broker, "/search", {"q": chance.choice(people["names"])})
        if kind == "ledger":
            return Errand(kind, broker, "/unmet-need")
        if kind == "confirm":
            token, shown = next(self.to_confirm)
            return Errand(kind, broker, f"/packages/{token}/confirm", {"shown": shown})
        token, invitation = next(self.to_answer)
        return Errand(kind, broker, f"/packages/{token}/answers/{invitation}", answered())


def answered() -> dict[str, str]:
    """The fields of an answer that a broker records: no, by telephone, just now."""
    now = datetime.now(UTC)
    return {
        "answer": "decline",
        "reason": "no_capacity",
        "answered_by": "A Manager",
        "channel": "phone",
        "received_on_0": str(now.day),
        "received_on_1": str(now.month),
        "received_on_2": str(now.year),
        "received_time": f"{now:%H:%M}",
        "words": "no workers",
    }


# The database


@contextmanager
def database(engine: str, folder: Path, tell: Callable[[str], None]) -> Iterator[tuple[dict[str, str], str]]:
    """A copy of the city's database on an engine, as the environment names it, and how it was built."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in _sources())).hexdigest()[:12]
    if engine == "SQLite":
        kept = KEPT / f"city-{SEED}-{digest}.sqlite3"
        note = kept.with_suffix(".txt")
        if not note.exists():
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.unlink(missing_ok=True)
            note.write_text(_built(engine, {"CALLOFF_DATABASE": str(kept)}, lambda: kept.stat().st_size, tell))
        shutil.copy(kept, folder / "city.sqlite3")
        yield {"CALLOFF_DATABASE": str(folder / "city.sqlite3")}, note.read_text()
        return
    import psycopg

    kept_name, copy = f"calloff_city_{digest}", f"calloff_city_copy_{os.getpid()}"
    with psycopg.connect(SERVER, autocommit=True) as server:
        exists = server.execute("SELECT 1 FROM pg_database WHERE datname = %s", (kept_name,)).fetchone()
        note = KEPT / f"city-{SEED}-{digest}.postgresql.txt"
        if not exists or not note.exists():
            server.execute(f'DROP DATABASE IF EXISTS "{kept_name}" WITH (FORCE)')
            server.execute(f'CREATE DATABASE "{kept_name}"')
            size = lambda: server.execute("SELECT pg_database_size(%s)", (kept_name,)).fetchone()[0]  # noqa: E731
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(_built(engine, {"DATABASE_URL": _url(kept_name)}, size, tell))
        server.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{kept_name}"')
        try:
            yield {"DATABASE_URL": _url(copy)}, note.read_text()
        finally:
            server.execute(f'DROP DATABASE IF EXISTS "{copy}" WITH (FORCE)')


def _url(name: str) -> str:
    return f"{SERVER.rpartition('/')[0]}/{name}"


def _sources() -> list[Path]:
    return sorted([*(ROOT / "src" / "calloff" / "web").rglob("migrations/*.py"), BENCH / "city" / "rows.py"])


def _built(engine: str, said: dict[str, str], size: Callable[[], int], tell: Callable[[str], None]) -> str:
    began = time.monotonic()
    tell(f"{engine}: building the city (once for these sources)")
    counts = json.loads(_child("build", said))
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
