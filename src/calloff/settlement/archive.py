"""
Columns of settlement in Parquet: visits by the million, for archives and for measuring.

A folder holds planned.parquet and logs.parquet. Both lie in the same parts, one row group each: whole groups, in order,
and no care worker has logs in two parts, so that a part is settled by itself. Columns are as narrow as what they hold.
Moments count seconds from the `zero` that the files name; a visit that a log names is its row in planned.parquet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from calloff.domain.errors import BadInputError
from calloff.settlement.columns import Logs, Planned

PLANNED_FILE, LOGS_FILE = "planned.parquet", "logs.parquet"
ZERO = b"zero"
MOMENTS = {"starts", "windows_from", "windows_to", "begins", "ends", "came", "left"}
"""Columns that hold nearly as many numbers as rows, kept as differences; the others repeat a few numbers."""
PLANNED_BITS = {
    "groups": 32,
    "starts": 32,
    "windows_from": 32,
    "windows_to": 32,
    "begins": 32,
    "ends": 32,
    "weeks": 32,
    "minutes": 32,
    "workers": 8,
    "extra_minutes": 32,
    "stopped": 8,
    "rates": 32,
    "pair_rates": 32,
    "per_visit": 8,
    "rule_of": 16,
    "contracts": 32,
}
LOGS_BITS = {"groups": 32, "came": 32, "left": 32, "workers": 32, "named": 32, "met": 8}


@dataclass(frozen=True)
class Part:
    """Some whole groups: their planned visits, the contract of each, their logs."""

    planned: Planned
    contracts: Any
    logs: Logs


def write_parts(folder: Path, zero: datetime, parts: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> None:
    """
    Write parts, each the columns of planned visits (`contracts` among them) and of logs, as they are read.

    OverflowError where a number does not fit its column.
    """
    with (
        _writer(folder / PLANNED_FILE, PLANNED_BITS, zero) as planned,
        _writer(folder / LOGS_FILE, LOGS_BITS, zero) as logs,
    ):
        for of_visits, of_logs in parts:
            planned.write_table(_table(of_visits, PLANNED_BITS), row_group_size=1 << 30)
            logs.write_table(_table(of_logs, LOGS_BITS), row_group_size=1 << 30)


def _writer(path: Path, bits: Mapping[str, int], zero: datetime) -> Any:
    import pyarrow
    import pyarrow.parquet

    schema = pyarrow.schema(
        [pyarrow.field(name, getattr(pyarrow, f"int{width}")(), nullable=False) for name, width in bits.items()],
        {ZERO: zero.astimezone(UTC).isoformat()},
    )
    return pyarrow.parquet.ParquetWriter(
        path,
        schema,
        compression="zstd",
        compression_level=9,
        use_dictionary=[name for name in bits if name not in MOMENTS],
        column_encoding={name: "DELTA_BINARY_PACKED" for name in bits if name in MOMENTS},
        write_statistics=False,
    )


def _table(columns: Mapping[str, Any], bits: Mapping[str, int]) -> Any:
    import numpy as np
    import pyarrow

    arrays = []
    for name, width in bits.items():
        held = np.asarray(columns[name])
        most = (1 << width - 1) - 1
        if len(held) and (held.max() > most or held.min() < -most):
            raise OverflowError(f"the column {name} holds a number of more than {width} bits")
        arrays.append(pyarrow.array(held.astype(f"int{width}")))
    fields_ = [pyarrow.field(name, one.type, nullable=False) for name, one in zip(bits, arrays, strict=True)]
    return pyarrow.Table.from_arrays(arrays, schema=pyarrow.schema(fields_))


def read_parts(folder: Path) -> Iterator[Part]:
    """The parts of a folder, one after another; BadInputError where its two files do not belong together."""
    planned, logs = _opened(folder / PLANNED_FILE), _opened(folder / LOGS_FILE)
    if planned.num_row_groups != logs.num_row_groups:
        raise BadInputError(
            f"{folder}: {PLANNED_FILE} has {planned.num_row_groups} parts and {LOGS_FILE} {logs.num_row_groups}; "
            "they were not written together"
        )
    first = 0
    for number in range(planned.num_row_groups):
        of_visits, of_logs = _columns(planned, number), _columns(logs, number)
        contracts = of_visits.pop("contracts")
        of_logs["named"] = _within(of_logs["named"], first, len(contracts), folder)
        first += len(contracts)
        yield Part(Planned(**of_visits), contracts, Logs(**of_logs))


def _within(named: Any, first: int, count: int, folder: Path) -> Any:
    """Named visits as places within their part; below 0 there is none."""
    import numpy as np

    places = np.where(named >= 0, named - np.int32(first), named)
    if len(places) and (places.max() >= count or (first and (places[named >= 0] < 0).any())):
        raise BadInputError(f"{folder / LOGS_FILE}: a log names a visit of another part")
    return places


def zero_of(folder: Path) -> datetime:
    """The moment from which the files of a folder count."""
    told = _opened(folder / PLANNED_FILE).schema_arrow.metadata or {}
    if ZERO not in told:
        raise BadInputError(f"{folder / PLANNED_FILE} does not say from which moment it counts")
    return datetime.fromisoformat(told[ZERO].decode())


def _opened(path: Path) -> Any:
    import pyarrow.parquet

    return pyarrow.parquet.ParquetFile(path)


def _columns(file: Any, number: int) -> dict[str, Any]:
    table = file.read_row_group(number, use_threads=False)
    return {name: table.column(name).chunk(0).to_numpy() for name in table.column_names}
