"""The same five thousand visits by every door, CSV, Parquet and columns: equal bytes."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest
from settlement.sent_weeks import delivered_rows, planned_rows
from typer.testing import CliRunner

from calloff.cli import app
from calloff.documents.payment_rules import load
from calloff.formats.delivered_visits import DeliveredFile, write_visits
from calloff.formats.planned_visits import PLANNED
from calloff.formats.settled_visits import write_settled
from calloff.formats.tables import write_table
from calloff.settlement.archive import MOMENTS, read_parts, write_parts
from calloff.settlement.columns import Settled
from calloff.settlement.large import settle_large, settle_parts
from calloff.settlement.pay import pay
from calloff.settlement.telling import log_row, visit_row

RULE = "leeds_2010_lines"
PEOPLE, VISITS = 179, 5_012
FILES = ("settled.csv", "logs.csv", "roundings.csv")
AS_OF = datetime(2026, 4, 16, tzinfo=UTC)
ZERO = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """planned.csv and visits.csv, the same two as Parquet, and their rows."""
    folder = tmp_path_factory.mktemp("sent")
    planned = [row for person in range(PEOPLE) for row in planned_rows(f"P-{person:03d}")]
    rows = delivered_rows(planned)
    # One person whom nobody knows.
    rows.append(replace(rows[0], row="X-1", person="P-999"))
    write_table(folder / "planned.csv", PLANNED, [_cells(row) for row in planned])
    write_visits(folder / "visits.csv", rows)
    for name, last in (("planned", None), ("visits", -1)):
        heading, *cells = list(csv.reader((folder / f"{name}.csv").read_text().splitlines()))
        columns = zip(*cells[:last], strict=True)
        # As a warehouse keeps it: text where it is text, moments where they are moments.
        table = pyarrow.table({key: list(column) for key, column in zip(heading, columns, strict=True)})
        for key in ("start_at", "ends_at", "version"):
            if key in heading:
                at = [datetime.fromisoformat(one) for one in table.column(key).to_pylist()]
                table = table.set_column(heading.index(key), key, pyarrow.array(at, pyarrow.timestamp("us", "UTC")))
        pyarrow.parquet.write_table(table, folder / f"{name}.parquet")
    return folder, planned, rows


def _cells(row):
    return {column.name: getattr(row, column.name) for column in PLANNED.columns}


def by_command(folder, kind, out):
    """What `./calloff pay` writes of files of a kind."""
    words = ["--planned", folder / f"planned.{kind}", "--actual", folder / f"visits.{kind}"]
    run = ["pay", "--rules", RULE, *words, "--out", out, "--as-of", f"{AS_OF:%Y-%m-%d}"]
    told = CliRunner().invoke(app, [str(word) for word in run])
    assert told.exit_code == 0, told.output
    return [(out / name).read_bytes() for name in FILES]


def by_columns(engine, planned, rows, out):
    """The same from an engine over columns."""
    rule = load(RULE)
    paid = pay([rule], planned, [DeliveredFile(tuple(rows))], AS_OF, engine)
    out.mkdir()
    write_settled(
        out,
        [visit_row(rule, one) for one in paid.visits],
        [log_row(one) for one in paid.logs],
        [{**vars(one), "amount": one.pence} for one in paid.roundings],
    )
    return [(out / name).read_bytes() for name in FILES]


def through_an_archive(folder):
    """An engine that first keeps its columns in Parquet, moments from a zero, in one part."""
    shift = int(ZERO.timestamp())

    def moved(columns):
        arrays = {name: np.asarray(column, dtype=np.int64) for name, column in vars(columns).items()}
        return {name: np.where(one < 0, one, one - shift) if name in MOMENTS else one for name, one in arrays.items()}

    def engine(planned, logs, rules, as_of):
        visits = moved(planned) | {"contracts": np.zeros(len(planned.starts), dtype=np.int64)}
        write_parts(folder, ZERO, [(visits, moved(logs))])
        [(_, settled)] = settle_parts(read_parts(folder), rules, as_of - shift, {})
        return Settled(**vars(settled))

    return engine


def test_five_thousand_visits_come_to_the_same_bytes_by_every_door(files, tmp_path):
    folder, planned, rows = files
    assert len(planned) == VISITS

    expected = by_command(folder, "csv", tmp_path / "csv")

    assert expected[0].count(b"\n") == VISITS + 1
    assert by_command(folder, "parquet", tmp_path / "parquet") == expected
    assert by_columns(settle_large, planned, rows, tmp_path / "columns") == expected
    assert by_columns(through_an_archive(tmp_path), planned, rows, tmp_path / "archive") == expected
