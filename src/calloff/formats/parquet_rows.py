"""
Rows of a Parquet file, as the cells of a CSV file of the same columns: what planned.csv and visits.csv hold, from a
warehouse. Each cell is then read by the same words as a cell of the CSV file, and refused for the same reasons.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from calloff.domain.errors import BadInputError
from calloff.formats.cells import MOMENT
from calloff.formats.delivered_visits import VISITS, DeliveredFile, delivered_row
from calloff.formats.planned_visits import PLANNED, PlannedRow, planned_row, read_planned
from calloff.formats.tables import read_records
from calloff.formats.visit_files import read_visit_file

MAGIC = b"PAR1"
"""What a Parquet file begins and ends with."""
MOST_ROWS = 2_000_000
"""Rows are made into values one by one; more are settled from columns (`calloff.settlement.archive`)."""


def planned_of(path: Path | str) -> tuple[PlannedRow, ...]:
    """The planned visits of planned.csv or of the same as Parquet; raises as `read_planned` does."""
    if not is_parquet(path):
        return read_planned(path)
    return read_records(path, parquet_records(path), PLANNED, planned_row)


def delivered_of(path: Path | str) -> DeliveredFile:
    """
    The delivered visits of a file of any kind that tells its columns, or of visits.csv as Parquet.

    Raises as its reader does.

    A Parquet file counts its own rows, and one that was cut off cannot be read: it has no last row for either.
    """
    if not is_parquet(path):
        return read_visit_file(path)
    return DeliveredFile(read_records(path, parquet_records(path), VISITS, delivered_row))


def is_parquet(path: Path | str) -> bool:
    """Whether a file is, or was, a Parquet file: by its first bytes, whatever its name."""
    try:
        with open(path, "rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        # Whoever reads it as text says what is wrong.
        return False


def parquet_records(path: Path | str) -> list[tuple[int, list[str]]]:
    """
    The rows of a Parquet file as text, its column names first, each with the line it would have in a CSV file.

    BadInputError, in one line, where the file is cut off or damaged, has too many rows, or a cell holds what no CSV
    cell could say.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        file = pyarrow.parquet.ParquetFile(path)
        if file.metadata.num_rows > MOST_ROWS:
            many = f"{file.metadata.num_rows:,}"
            raise BadInputError(f"{path}: the file has {many} rows; give at most {MOST_ROWS:,} at once")
        table = file.read(use_threads=False)
    except (pyarrow.ArrowException, OSError) as error:
        raise BadInputError(f"{path}: the file is cut off or not sound Parquet. Send it again, whole") from error
    names = [str(name) for name in table.column_names]
    records = [(1, names)]
    for line, cells in enumerate(zip(*(column.to_pylist() for column in table.columns), strict=True), 2):
        records.append((line, [_cell(str(path), line, *one) for one in zip(names, cells, strict=True)]))
    return records


def _cell(path: str, line: int, name: str, value: Any) -> str:
    """A value as a CSV cell says it: moments with their offset in UTC, those without as local times."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.isoformat() if value.tzinfo is None else MOMENT.write(value)
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if type(value) is int:
        return str(value)
    raise BadInputError(f"{path}:{line}: {name} holds a {type(value).__name__}, expected text, a moment or a number")
