"""
One engine in a process of its own: it warms up, then answers one command a line until its input ends.

`run BASIS` settles everything once and tells its processor seconds; `keep FOLDER` keeps the answers of the last run
there, row by row; `peak` tells the most memory the process ever had. Answers are lines of JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
for name in ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[name] = "1"
# The second statement of settlement lives with the tests that hold settlement against it.
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests" / "settlement"), str(ROOT / "src")]

STEPS = ((15, 700), (30, 1_200), (45, 1_650), (60, 2_000))
VISITS, LOGS = "planned.parquet", "logs.parquet"


def rule_of(basis: str) -> Any:
    """The reference rule, with another basis where one is named."""
    from calloff.documents.payment_rules import load
    from calloff.domain.payment import BASES, Basis

    rule = load(str(ROOT / "bench" / "month" / "reference.yaml"))
    if not basis:
        return rule
    return replace(rule, basis=Basis(BASES.index(basis)), steps=STEPS if basis == "stepped" else ())


class Calloff:
    """Our own engine over the clustered parts; `keeps` what each visit was worth in memory, as its peers do."""

    name, keeps = "calloff", True

    def __init__(self) -> None:
        import pyarrow

        from calloff.settlement import large  # noqa: F401 (loaded now, so that it is start-up)

        pyarrow.set_cpu_count(1)
        pyarrow.set_io_thread_count(1)

    def settle(self, folder: Path, basis: str, as_of: int) -> Any:
        from calloff.domain.payment_rule import numbers_of
        from calloff.settlement.archive import read_parts
        from calloff.settlement.columns import Rules
        from calloff.settlement.large import settle_parts

        totals: dict[tuple[int, int], int] = {}
        found, first = [], 0
        for part, settled in settle_parts(read_parts(folder), Rules(*numbers_of([rule_of(basis)])), as_of, totals):
            if self.keeps:
                found.append((first, settled))
            first += len(part.contracts)
        return found, totals

    def answers(self, found: Any) -> dict[str, Any]:
        import numpy as np

        settled, totals = found
        logs = [
            (np.where(one.visit_of >= 0, one.visit_of + np.int64(first), one.visit_of), one.log_is)
            for first, one in settled
        ]
        return {
            "visits": np.concatenate([_columns(one) for _, one in settled]),
            "logs": np.concatenate([np.stack([visit, is_a.astype("int64")], axis=1) for visit, is_a in logs]),
            "totals": np.array([totals[key] for key in sorted(totals)]),
        }


class Partitioned(Calloff):
    """The same, with nothing kept of a part but its totals: memory for one part, however many there are."""

    name, keeps = "partitioned", False


class Arrival(Calloff):
    """The same over logs as they arrived, which are put in order first."""

    name = "arrival"

    def settle(self, folder: Path, basis: str, as_of: int) -> Any:
        from calloff.domain.payment_rule import numbers_of
        from calloff.settlement.archive import Part
        from calloff.settlement.columns import Logs, Planned, Rules
        from calloff.settlement.large import in_group_order, settle_parts

        planned, logs = _whole(folder / VISITS), _whole(folder / "arrival.parquet")
        contracts, keys = planned.pop("contracts"), logs.pop("keys")
        ordered, order = in_group_order(Logs(**logs), keys)
        totals: dict[tuple[int, int], int] = {}
        part = Part(Planned(**planned), contracts, ordered)
        rules = Rules(*numbers_of([rule_of(basis)]))
        return [(0, one) for _, one in settle_parts([part], rules, as_of, totals)], totals, keys[order]

    def answers(self, found: Any) -> dict[str, Any]:
        settled, totals, _keys = found
        return super().answers((settled, totals))


class Read:
    """Nothing but the plain read of both files."""

    name = "plain read"

    def __init__(self) -> None:
        import pyarrow
        import pyarrow.parquet

        pyarrow.set_cpu_count(1)
        pyarrow.set_io_thread_count(1)

    def settle(self, folder: Path, basis: str, as_of: int) -> Any:
        import pyarrow.parquet

        return [pyarrow.parquet.read_table(folder / name, use_threads=False) for name in (VISITS, LOGS)]


class Frames:
    """A peer over data frames."""

    def __init__(self, name: str) -> None:
        import importlib

        self.name, self.module = name, importlib.import_module(f"month.by_{name}")

    def settle(self, folder: Path, basis: str, as_of: int) -> Any:
        from restated import RULE_COLUMNS

        from calloff.domain.payment_rule import numbers_of

        numbers, _steps = numbers_of([rule_of(basis)])
        return self.module.settle(folder, dict(zip(RULE_COLUMNS, numbers, strict=True)), as_of)

    def answers(self, found: Any) -> dict[str, Any]:
        return found


class DuckDB:
    """The second statement of settlement, in SQL: the one that the tests hold settlement against."""

    name = "duckdb"

    def __init__(self) -> None:
        import restated

        self.restated = restated

    def settle(self, folder: Path, basis: str, as_of: int) -> Any:
        import duckdb

        from calloff.domain.payment_rule import numbers_of

        database = duckdb.connect(config={"threads": 1, "preserve_insertion_order": False})
        for table, name in (("planned", VISITS), ("logs", LOGS)):
            database.execute(
                f"create table {table} as select columns(*)::bigint, file_row_number as id "
                f"from read_parquet('{folder / name}', file_row_number = true)"
            )
        database.execute('alter table logs rename "left" to lefts')
        self.restated.restate(database, *numbers_of([rule_of(basis)]), as_of)
        totals = database.execute(
            "select sum(a.pence) from visit_answers a join planned p on p.id = a.visit "
            "group by p.contracts, p.weeks order by p.contracts, p.weeks"
        ).fetchnumpy()
        return database, totals

    def answers(self, found: Any) -> dict[str, Any]:
        import numpy as np

        database, totals = found
        visits = database.execute(
            "select reason, marks, worked, paid_minutes, pence from visit_answers order by visit"
        ).fetchnumpy()
        logs = database.execute("select visit, is_a from log_answers order by log").fetchnumpy()
        return {
            "visits": np.stack([one.astype("int64") for one in visits.values()], axis=1),
            "logs": np.stack([one.astype("int64") for one in logs.values()], axis=1),
            "totals": next(iter(totals.values())).astype("int64"),
        }


def _columns(settled: Any) -> Any:
    import numpy as np

    names = ("reasons", "marks", "worked_minutes", "paid_minutes", "pence")
    return np.stack([getattr(settled, name).astype("int64") for name in names], axis=1)


def _whole(path: Path) -> dict[str, Any]:
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path, use_threads=False)
    return {name: table.column(name).to_numpy() for name in table.column_names}


def engine(name: str) -> Any:
    """The engine of a name."""
    ours = {one.name: one for one in (Calloff, Partitioned, Arrival, Read, DuckDB)}
    return ours[name]() if name in ours else Frames(name)


def main(name: str, folder: Path, warm: Path, as_of: int) -> None:
    """Start, warm up on a small folder, then obey."""
    one = engine(name)
    start_up = time.process_time()
    one.settle(warm, "", as_of)
    first = time.process_time() - start_up
    began = time.process_time()
    one.settle(warm, "", as_of)
    tell = {"start_up": start_up, "compiled": max(0.0, first - (time.process_time() - began))}
    print(json.dumps(tell), flush=True)
    found: Any = None
    for line in sys.stdin:
        word, _, about = line.strip().partition(" ")
        if word == "run":
            if about:
                # What is compiled anew for a basis is not part of what it costs.
                one.settle(warm, about, as_of)
            if found is None:
                # A process's first run of a size pays for the memory that it then keeps.
                one.settle(folder, about, as_of)
            found = []
            began = time.process_time()
            found = one.settle(folder, about, as_of)
            answer = {"seconds": time.process_time() - began}
        elif word == "keep":
            _keep(one.answers(found), Path(about))
            answer = {}
        else:
            answer = {"mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024}
        print(json.dumps(answer), flush=True)


def _keep(answers: dict[str, Any], folder: Path) -> None:
    import numpy as np

    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in answers.items():
        np.save(folder / f"{name}.npy", rows)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
