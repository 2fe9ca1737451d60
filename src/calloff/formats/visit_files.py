"""Which kind of file of delivered visits somebody has, told by what stands in it, and its one reader."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from calloff.domain.errors import BadInputError
from calloff.formats.column_mapping import ColumnMapping, MappingError
from calloff.formats.delivered_visits import VISITS, DeliveredFile, read_visits
from calloff.formats.mapped_visits import heading_of, read_mapped
from calloff.formats.service_delivery import is_service_delivery, read_service_delivery, read_service_delivery_xml
from calloff.formats.sheets import NotReadError, plain_csv
from calloff.wrong_kinds import wrong_kind

OWN, DELIVERY, DELIVERY_XML, TABLE = "visits", "service_delivery", "service_delivery_xml", "table"
LEAST_COLUMNS = 3
"""The person, the worker and when the worker came: a contract may be the same for all."""


def kind_of(path: Path | str) -> str:
    """Our own file, a service delivery file as CSV or XML, or some table whose columns must be mapped."""
    data = Path(path).read_bytes()
    if data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<") and wrong_kind(data) is None:
        return DELIVERY_XML
    heading = heading_of(path)
    if sum(bool(one) for one in heading) < LEAST_COLUMNS:
        # Its reader says what it is instead, such as a table whose columns semicolons separate.
        return OWN
    if is_service_delivery(heading):
        return DELIVERY
    needed = [column.name for column in VISITS.columns if column.required]
    return OWN if sum(name in heading for name in needed) * 2 > len(needed) else TABLE


def read_visit_file(
    path: Path | str, mapping: ColumnMapping | None = None, made_at: datetime | None = None
) -> DeliveredFile:
    """
    A file of delivered visits of whatever kind; a table by the mapping of its columns.

    Raises BadInputError or RowErrors as its reader does, MappingError for a table without a mapping.
    """
    kind = kind_of(path)
    if kind == DELIVERY_XML:
        return read_service_delivery_xml(path)
    if kind == DELIVERY:
        return read_service_delivery(path)
    if kind == OWN:
        return read_visits(path)
    if mapping is None:
        raise MappingError(
            f"{path}: this table's columns are not those of a known file; say which column is which, then send it"
        )
    return read_mapped(path, mapping, made_at)


def as_plain_file(name: str, data: bytes, folder: Path) -> Path:
    """
    An upload as a file that the readers read: a sheet as CSV with one line a row, XML as it is.

    NotReadError for anything else, an empty table included and one that is too narrow to tell of visits.
    """
    if data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<") and wrong_kind(data) is None:
        path = folder / "visits.xml"
        path.write_bytes(data)
        return path
    path = folder / "visits.csv"
    path.write_bytes(plain_csv(name, data))
    try:
        heading = heading_of(path)
    except BadInputError as error:
        raise NotReadError(str(error).replace(str(path), name)) from error
    if sum(bool(one) for one in heading) < LEAST_COLUMNS:
        raise NotReadError(f"{name}: this is no table of visits: it needs columns for the person, the worker and times")
    return path
