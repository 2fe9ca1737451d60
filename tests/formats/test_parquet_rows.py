"""Planned and delivered visits from Parquet: the same values as from CSV, and the same refusals."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pyarrow
import pyarrow.parquet
import pytest

from calloff.domain.errors import BadInputError, RowErrors
from calloff.formats.delivered_visits import read_visits
from calloff.formats.parquet_rows import delivered_of, planned_of
from calloff.formats.planned_visits import read_planned

PLANNED = """\
reference,contract,person,start_at,ends_at,minutes,rate,stopped
V-1,E-1,P-1,2026-03-02T08:00Z,2026-03-02T08:30Z,30,19.28,
V-2,E-1,P-1,2026-03-02T12:00Z,2026-03-02T12:45Z,45,20.00,retainer
"""
VISITS = """\
row,version,contract,person,worker,came,left
A,2026-03-02T21:00Z,E-1,P-1,W1,2026-03-02T08:00:10Z,2026-03-02T08:30Z
B,2026-03-02T21:00Z,E-1,P-1,W1,2026-10-25T01:30:00,
TOTAL,2,30,,,,
"""


def at(hour, minute, second=0, day=2):
    return datetime(2026, 3, day, hour, minute, second, tzinfo=UTC)


def planned_columns():
    return {
        "reference": ["V-1", "V-2"],
        "contract": pyarrow.array(["E-1", "E-1"]).dictionary_encode(),
        "person": ["P-1", "P-1"],
        "start_at": [at(8, 0), at(12, 0)],
        "ends_at": [at(8, 30), at(12, 45)],
        "minutes": pyarrow.array([30, 45], pyarrow.int16()),
        "rate": pyarrow.array([Decimal("19.2800"), Decimal("20.0000")], pyarrow.decimal128(12, 4)),
        "stopped": [None, "retainer"],
    }


def visit_columns():
    return {
        "row": ["A", "B"],
        "version": [at(21, 0), at(21, 0)],
        "contract": ["E-1", "E-1"],
        "person": ["P-1", "P-1"],
        "worker": ["W1", "W1"],
        "came": ["2026-03-02T08:00:10Z", "2026-10-25T01:30:00"],
        "left": [at(8, 30), None],
    }


def written(path, columns):
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


def test_both_kinds_of_file_hold_the_same_values(tmp_path):
    texts = {"planned": PLANNED, "visits": VISITS}
    for name, text in texts.items():
        (tmp_path / f"{name}.csv").write_text(text)
    planned = written(tmp_path / "planned.parquet", planned_columns())
    visits = written(tmp_path / "visits.parquet", visit_columns())

    assert planned_of(planned) == planned_of(tmp_path / "planned.csv") == read_planned(tmp_path / "planned.csv")
    assert delivered_of(visits) == delivered_of(tmp_path / "visits.csv") == read_visits(tmp_path / "visits.csv")


def test_a_time_without_offset_is_local(tmp_path):
    wall = [datetime(2026, 7, 1, 9), datetime(2026, 7, 1, 10)]

    rows = delivered_of(written(tmp_path / "v", visit_columns() | {"came": wall, "left": pyarrow.nulls(2)})).rows

    assert [row.came.at for row in rows] == [datetime(2026, 7, 1, 8, tzinfo=UTC), datetime(2026, 7, 1, 9, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"minutes": [0, 45]}, "minutes: found '0', expected a whole number from 1 to"),
        ({"rate": [Decimal("19.28123"), Decimal("20")]}, "pounds with at most four decimals"),
        ({"rate": [19.28, 20.0]}, "rate holds a float, expected text"),
        ({"ends_at": [at(7, 0), at(12, 45)]}, "a moment after the planned start"),
        ({"minuts": [1, 1]}, r"is it minutes\?"),
        ({"person": [True, False]}, "person holds a bool"),
    ],
)
def test_what_a_csv_file_may_not_say_is_refused(changed, told, tmp_path):
    with pytest.raises((BadInputError, RowErrors), match=told):
        planned_of(written(tmp_path / "planned.parquet", planned_columns() | changed))


def test_a_file_that_was_cut_off_is_refused_at_every_byte_and_so_is_another_file(tmp_path):
    whole = written(tmp_path / "visits.parquet", visit_columns()).read_bytes()
    cut = tmp_path / "cut.parquet"
    for kept in range(4, len(whole), 97):
        cut.write_bytes(whole[:kept])
        with pytest.raises(BadInputError, match="cut off or not sound Parquet"):
            delivered_of(cut)

    with pytest.raises(BadInputError, match=r"not a visits\.csv file: it lacks"):
        delivered_of(written(tmp_path / "planned.parquet", planned_columns()))


def test_more_rows_than_are_made_into_values_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("calloff.formats.parquet_rows.MOST_ROWS", 1)

    with pytest.raises(BadInputError, match="2 rows; give at most 1 at once"):
        planned_of(written(tmp_path / "planned.parquet", planned_columns()))
