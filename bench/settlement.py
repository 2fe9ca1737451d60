"""
How quickly settlement prices visits by the million, beside the plain read of its files and three peers.

Four made-up weeks, the same for the same seed. Every engine runs in a process of its own, on one thread, warm, in turn
with the others; seconds are processor time, median of the rounds, with nothing written. Every peer must answer alike,
row by row. Above ten million visits the peers stop, and settlement goes on part by part.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

BENCH = Path(__file__).resolve().parent
ROOT = BENCH.parent
sys.path.insert(0, str(BENCH))

# Found only now that the folder is on the path: the benchmark is loaded from its file, not as part of a package.
from month import made  # noqa: E402

KEPT = ROOT / "var" / "bench"
SEED = 2026
VISITS, PEERS_STOP_AT, WARM = 1_000_000, 10_000_000, 20_000
PEERS = ("polars", "duckdb", "pandas")
BASES = ("planned", "actual", "tolerance", "banded", "rounded", "stepped")
ROUNDS, FEW_ROUNDS = 5, 2
GROWTH = (100, 10, 1)
MOST_BYTES, MOST_TIMES_READ, AIM_TIMES_READ, LEAST_TIMES_PEER, MOST_TIMES_READ_ARRIVAL = 15, 3.0, 1.5, 10.0, 6.0
MOST_TIMES_BASIS, MOST_MIB, MOST_GROWTH = 1.5, 4_096, 1.2
OURS, READ, ARRIVAL, PARTITIONED = "calloff", "plain read", "arrival", "partitioned"


def measure(tell: Callable[[str], None], visits: int = VISITS) -> tuple[dict[str, Any], bool]:
    """Make the files and measure every engine on them; the figures, and whether every limit was kept."""
    from calloff.domain.errors import BadInputError

    if visits < WARM:
        raise BadInputError(f"--visits {visits} are too few to measure; write {WARM} or more")
    beside = min(visits, PEERS_STOP_AT)
    folder = files(beside, tell)
    figures: dict[str, Any] = {"visits": beside, "seed": SEED}
    kept = [sized(folder, beside, figures, tell)]
    with tempfile.TemporaryDirectory(prefix="calloff-bench-") as scratch:
        figures["engines"] = raced(folder, beside, Path(scratch), tell)
        kept.append(judged(figures["engines"], tell))
        figures["differing_rows"], well = differing(Path(scratch), tell)
        kept.append(well)
    figures["bases"], well = bases(folder, tell)
    kept.append(well)
    figures["compiling_anew_seconds"] = compiling_anew(tell)
    figures["growth"], well = growth(visits, tell)
    kept.append(well)
    return figures, all(kept)


# The files


def files(visits: int, tell: Callable[[str], None]) -> Path:
    """The folder of so many visits, made once for its seed and the sources that make it."""
    from calloff.settlement import archive

    sources = "".join(inspect.getsource(one) for one in (made, archive, write_arrival))
    name = f"month-{SEED}-{visits}-{hashlib.sha256(sources.encode()).hexdigest()[:12]}"
    folder = KEPT / name
    if not folder.is_dir():
        KEPT.mkdir(parents=True, exist_ok=True)
        for old in KEPT.glob(f"month-{SEED}-{visits}-*"):
            shutil.rmtree(old)
        tell(f"making {visits:,} planned visits and their logs")
        with tempfile.TemporaryDirectory(dir=KEPT) as scratch:
            archive.write_parts(Path(scratch), made.ZERO, made.parts(visits, SEED))
            if visits <= PEERS_STOP_AT:
                write_arrival(Path(scratch))
            shutil.copytree(scratch, folder)
    return folder


def write_arrival(folder: Path) -> None:
    """The same logs in the order in which providers might send them: up to three days late, each day's in any order."""
    import numpy as np
    import pyarrow
    import pyarrow.parquet

    logs = pyarrow.parquet.read_table(folder / "logs.parquet")
    came, chance = logs.column("came").to_numpy(), np.random.default_rng(SEED)
    order = np.lexsort((chance.random(len(came)), came // made.DAY + chance.integers(0, 4, len(came))))
    mixed = logs.append_column("keys", pyarrow.array(np.arange(len(came), dtype=np.int32))).take(pyarrow.array(order))
    pyarrow.parquet.write_table(mixed, folder / "arrival.parquet", compression="zstd", row_group_size=1 << 20)


def sized(folder: Path, visits: int, figures: dict[str, Any], tell: Callable[[str], None]) -> bool:
    """Tell how large the files are; whether small enough."""
    import pyarrow.parquet

    sizes = {name: (folder / f"{name}.parquet").stat().st_size / visits for name in ("planned", "logs")}
    logs = pyarrow.parquet.read_metadata(folder / "logs.parquet").num_rows
    total = sum(sizes.values())
    figures |= {"logs": logs, "bytes_a_visit": round(total, 2)}
    tell(
        f"{visits:,} planned visits, {logs:,} logs; zstd Parquet of {total:.2f} bytes a visit "
        f"(planned {sizes['planned']:.2f}, logs {sizes['logs']:.2f})"
    )
    return said(f"at most {MOST_BYTES} bytes a visit", total <= MOST_BYTES, tell)


# The engines


class Engine:
    """A process that settles when told to."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.began = self._answer()

    def told(self, words: str) -> dict[str, float]:
        """What the process answers to a command."""
        assert self.process.stdin is not None
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, float]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the engine ended: {self.process.args}")
        return json.loads(line)


@contextmanager
def running(name: str, folder: Path) -> Iterator[Engine]:
    """An engine, started and warm; it ends with the block."""
    command = [sys.executable, str(BENCH / "month" / "engines.py"), name, str(folder)]
    command += [str(files(WARM, lambda _line: None)), str(made.AS_OF)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield Engine(process)
    finally:
        process.stdin.close()
        process.wait()


def raced(folder: Path, visits: int, keep_in: Path, tell: Callable[[str], None]) -> dict[str, dict[str, float]]:
    """
    Every engine in turn, round by round: seconds, memory, and what start-up and compiling took.

    Each round has a process of its own, so that no two engines hold memory at once; in its last an engine keeps its
    answers.
    """
    of_peers = FEW_ROUNDS if visits >= PEERS_STOP_AT else ROUNDS
    rounds = {name: of_peers if name in PEERS else ROUNDS for name in (OURS, READ, *PEERS, ARRIVAL)}
    told: dict[str, list[dict[str, float]]] = {name: [] for name in rounds}
    for number in range(ROUNDS):
        for name in [name for name in rounds if number < rounds[name]]:
            with running(name, folder) as one:
                told[name].append(one.began | one.told("run") | one.told("peak"))
                if number == rounds[name] - 1 and name != READ:
                    one.told(f"keep {keep_in / name}")
    found = {
        name: {
            "seconds": median(one["seconds"] for one in each),
            "least": min(one["seconds"] for one in each),
            "most": max(one["seconds"] for one in each),
            "rounds": len(each),
            "peak_mib": max(one["mib"] for one in each),
            "start_up_seconds": median(one["start_up"] for one in each),
            "compile_seconds": median(one["compiled"] for one in each),
        }
        for name, each in told.items()
    }
    read, ours = found[READ]["seconds"], found[OURS]["seconds"]
    tell(
        f"\n{'engine':<12}{'CPU s':>9}{'least':>9}{'most':>9}{'M/s':>8}{'x read':>8}{'x ours':>8}{'peak MiB':>10}"
        f"{'start-up s':>12}{'JIT s':>7}"
    )
    for name, one in found.items():
        tell(
            f"{name:<12}{one['seconds']:>9.3f}{one['least']:>9.3f}{one['most']:>9.3f}"
            f"{visits / one['seconds'] / 1e6:>8.2f}{one['seconds'] / read:>8.2f}{one['seconds'] / ours:>8.1f}"
            f"{one['peak_mib']:>10,.0f}{one['start_up_seconds']:>12.2f}{one['compile_seconds']:>7.2f}"
        )
    tell("processor seconds on one thread, read included, nothing written; JIT: what loading kept machine code took")
    return {name: {key: round(value, 4) for key, value in one.items()} for name, one in found.items()}


def judged(found: dict[str, dict[str, float]], tell: Callable[[str], None]) -> bool:
    """Whether settlement is as quick as it must be beside the plain read and the best peer."""
    ours, read, arrival = (found[name]["seconds"] for name in (OURS, READ, ARRIVAL))
    best = min(PEERS, key=lambda name: found[name]["seconds"])
    times = found[best]["seconds"] / ours
    kept = [
        said(
            f"settlement is {ours / read:.2f} times the plain read, at most {MOST_TIMES_READ} (aim {AIM_TIMES_READ})",
            ours / read <= MOST_TIMES_READ,
            tell,
        ),
        said(
            f"the best peer, {best}, takes {times:.1f} times as long, at least {LEAST_TIMES_PEER:.0f}",
            times >= LEAST_TIMES_PEER,
            tell,
        ),
        said(
            f"in arrival order it is {arrival / read:.2f} times the plain read, at most {MOST_TIMES_READ_ARRIVAL:.0f}",
            arrival / read <= MOST_TIMES_READ_ARRIVAL,
            tell,
        ),
        said(
            f"it holds {found[OURS]['peak_mib']:,.0f} MiB, at most {MOST_MIB:,}",
            found[OURS]["peak_mib"] <= MOST_MIB,
            tell,
        ),
    ]
    return all(kept)


def bases(folder: Path, tell: Callable[[str], None]) -> tuple[dict[str, float], bool]:
    """Seconds under each basis beside those of the reference rule, in turn with it."""
    with running(OURS, folder) as ours:
        rounds = [{basis: ours.told(f"run {basis}".strip())["seconds"] for basis in ("", *BASES)} for _ in range(3)]
    seconds = {basis: median(one[basis] for one in rounds) for basis in rounds[0]}
    times = {basis: round(seconds[basis] / seconds[""], 3) for basis in BASES}
    told = ", ".join(f"{basis} {value:.2f}" for basis, value in times.items())
    kept = said(
        f"\ntimes the reference rule: {told}; at most {MOST_TIMES_BASIS}", max(times.values()) <= MOST_TIMES_BASIS, tell
    )
    return times, kept


def differing(kept_in: Path, tell: Callable[[str], None]) -> tuple[dict[str, int], bool]:
    """How many rows of each engine's answers differ from settlement's: visits, logs and totals."""
    import numpy as np

    found = {}
    for name in (*PEERS, ARRIVAL):
        kinds = ("visits", "logs", "totals")
        both = [[np.load(kept_in / one / f"{kind}.npy", mmap_mode="r") for one in (name, OURS)] for kind in kinds]
        found[name] = sum(_rows_that_differ(theirs, ours) for theirs, ours in both)
    told = ", ".join(f"{name} {count:,}" for name, count in found.items())
    return found, said(f"differing rows (visits, logs, totals): {told}", not any(found.values()), tell)


def _rows_that_differ(theirs: Any, ours: Any) -> int:
    if theirs.shape != ours.shape:
        return max(len(theirs), len(ours))
    differs = theirs != ours
    return int((differs.any(axis=1) if differs.ndim > 1 else differs).sum())


def compiling_anew(tell: Callable[[str], None]) -> float:
    """Processor seconds that compiling takes where nothing is kept: once after each change of the sources."""
    script = (
        "import sys; sys.path[:0] = sys.argv[1:3]; import calloff.compiled as c; c.is_kept = lambda: False; "
        "from pathlib import Path; from month import engines; one = engines.engine('calloff'); import time; "
        "began = time.process_time(); one.settle(Path(sys.argv[3]), '', int(sys.argv[4])); "
        "print(time.process_time() - began)"
    )
    about = [str(BENCH), str(ROOT / "src"), str(files(WARM, tell)), str(made.AS_OF)]
    done = subprocess.run([sys.executable, "-c", script, *about], capture_output=True, text=True, check=True)
    seconds = round(float(done.stdout), 2)
    tell(f"compiling anew, where no machine code is kept: {seconds:.1f} s, once after each change of the sources")
    return seconds


# Growth


def growth(visits: int, tell: Callable[[str], None]) -> tuple[dict[str, dict[str, float]], bool]:
    """Seconds a million visits, and memory, part by part, at a hundredth, a tenth and all of the visits."""
    found: dict[str, dict[str, float]] = {}
    tell("\npart by part, with nothing kept but totals:")
    sizes = [size for size in (visits // by for by in GROWTH) if size >= WARM]
    for size in sizes:
        rounds = ROUNDS if size <= PEERS_STOP_AT else 1
        with running(PARTITIONED, files(size, tell)) as one:
            seconds = median(one.told("run")["seconds"] for _ in range(rounds))
            mib = one.told("peak")["mib"]
        a_million = seconds / size * 1e6
        found[f"{size:,}"] = {"seconds": round(seconds, 3), "seconds_a_million": round(a_million, 4), "mib": round(mib)}
        tell(f"  {size:>12,} visits {seconds:>9.3f} s {a_million:>8.3f} s a million {mib:>8,.0f} MiB (n = {rounds})")
    each = [one["seconds_a_million"] for one in found.values()]
    times = each[-1] / each[-2] if len(each) > 1 else 1.0
    kept = said(
        f"a visit takes {times:.2f} times as long among ten times as many, at most {MOST_GROWTH}",
        times <= MOST_GROWTH,
        tell,
    )
    most = max(one["mib"] for one in found.values())
    return found, said(f"it holds at most {most:,.0f} MiB, at most {MOST_MIB:,}", most <= MOST_MIB, tell) and kept


def said(what: str, well: bool, tell: Callable[[str], None]) -> bool:
    """Tell a limit and whether it was kept; whether it was."""
    tell(f"{what}  {'PASS' if well else 'FAIL'}")
    return well
