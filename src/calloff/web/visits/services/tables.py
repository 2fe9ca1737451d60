"""
Tables of a provider's own: kept until somebody has named their columns, then taken as any other file.

What was named is remembered for the branch and put forward when a table with the same columns comes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from calloff.domain.errors import BadInputError, RowErrors
from calloff.domain.records import sha256
from calloff.formats.column_mapping import WORDS, ColumnMapping, likely_mapping
from calloff.formats.delivered_visits import REPLACE, DeliveredFile
from calloff.formats.mapped_visits import counted, heading_of, read_mapped
from calloff.formats.tables import records_of
from calloff.web.accounts.models import User
from calloff.web.audit.services import Act, act
from calloff.web.directory.models import Branch, Council
from calloff.web.directory.services import draw
from calloff.web.jobs import services as jobs
from calloff.web.visits.models import NamedColumns, SentTable, VisitFile
from calloff.web.visits.services.files import receive

KEPT_FOR = timedelta(days=1)


MOST_PREVIEWED_ROWS = 2_000
"""So many rows are read for a page that shows how a table is read; all are when it is sent (assumed)."""


@dataclass(frozen=True)
class Preview:
    """How a table of so many rows is read by a mapping: its first visits, or all that is wrong among them."""

    rows: int
    file: DeliveredFile | None
    problems: tuple[str, ...]

    @property
    def read_rows(self) -> int:
        return min(self.rows, MOST_PREVIEWED_ROWS)

    @property
    def is_part(self) -> bool:
        """Whether there are more rows than were read."""
        return self.rows > self.read_rows


def keep_table(
    *,
    council: Council,
    branch: Branch,
    name: str,
    data: bytes,
    by: User,
    at: datetime,
    within: Callable[[Act, SentTable], None] | None = None,
) -> SentTable:
    """
    Keep a table for a day, so that its sender can name its columns.

    `data` is what the readers read: a workbook is read once, when it is sent, and kept as the plain table it became.
    `within` is what else is done in the same act.
    """
    with act(council=council.pk, by=by, at=at) as doing:
        table = SentTable.objects.create(
            council=council, branch=branch, token=draw(), name=name[:120], data=data, sent_by=by, sent_at=doing.at
        )
        if within is not None:
            within(doing, table)
        doing.record("table_kept", table.token, {"hash": sha256(data)})
        jobs.add("forget_table", table.token, council=council.pk, due_at=doing.at + KEPT_FOR, data={"table": table.pk})
    return table


@jobs.handles("forget_table")
def forget_table(task: jobs.Task, at: datetime) -> None:
    """A table that nobody named in time is forgotten, since it holds what is not needed."""
    SentTable.objects.filter(council=task.council, pk=task.data["table"]).delete()


@contextmanager
def table_file(table: SentTable) -> Iterator[Path]:
    """The table as a file that the readers read."""
    with tempfile.TemporaryDirectory(prefix="calloff-table-") as folder:
        path = Path(folder) / "visits.table"
        path.write_bytes(bytes(table.data))
        yield path


def columns_of(table: SentTable) -> tuple[list[str], Mapping[str, Sequence[str]]]:
    """The headings of a table, and by heading its different words, the most of a column's being what it can mean."""
    with table_file(table) as path:
        heading, records = heading_of(path), records_of(path)[1:]
    found: dict[str, dict[str, None]] = {name: {} for name in heading}
    for _, cells in records:
        for name, cell in zip(heading, cells, strict=False):
            if cell.strip():
                found[name].setdefault(cell.strip())
    return heading, {name: list(words) for name, words in found.items()}


def put_forward(branch: Branch, heading: Sequence[str]) -> tuple[ColumnMapping | None, Mapping[str, str]]:
    """What was named last for a table with these columns; without one, what they are likely to be."""
    for one in NamedColumns.objects.filter(branch=branch).order_by("-named_at", "-pk"):
        mapping = ColumnMapping.of_text(one.text)
        if mapping.fits(heading):
            return mapping, mapping.columns
    return None, likely_mapping(heading)


def words_asked(mapping: Mapping[str, str], words: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """The words of a table that are none of ours, by the field in whose column they stand."""
    return {
        name: [one for one in words.get(mapping[name], ()) if one.lower().replace(" ", "_") not in ours]
        for name, ours in WORDS.items()
        if name in mapping
    }


def preview(table: SentTable, mapping: ColumnMapping, made_at: datetime | None) -> Preview:
    """How a table is read, the first MOST_PREVIEWED_ROWS of it; nothing is taken."""
    with table_file(table) as path:
        rows = len(records_of(path)) - 1
        try:
            return Preview(rows, read_mapped(path, mapping, made_at, MOST_PREVIEWED_ROWS), ())
        except RowErrors as errors:
            problems = [str(one) for one in errors.rows]
        except BadInputError as error:
            problems = str(error).splitlines()
        return Preview(rows, None, tuple(one.replace(str(path), table.name) for one in problems))


def take_table(
    *,
    table: SentTable,
    mapping: ColumnMapping,
    made_at: datetime | None,
    counts: tuple[int, int] | None,
    by: User,
    at: datetime,
    **more: Any,
) -> VisitFile:
    """
    Take a table by a mapping, which is remembered; with its `counts` of rows and minutes it replaces its weeks.

    Raises FileRefusedError, with a receipt, where a row is malformed; the table is kept then, to be named otherwise.
    """

    def read(path: Path) -> DeliveredFile:
        found = read_mapped(path, mapping, made_at)
        return counted(found, path, REPLACE, *counts) if counts else found

    def remember(doing: Act, file: VisitFile) -> None:
        text = mapping.text()
        NamedColumns.objects.update_or_create(
            branch=table.branch,
            hash=sha256(text.encode()),
            defaults={"text": text, "named_by": by, "named_at": doing.at},
        )
        SentTable.objects.filter(pk=table.pk).delete()
        doing.record_each("columns_named", [(file.receipt, {"columns": sorted(mapping.columns)}, ())])

    with table_file(table) as path:
        told = {"council": table.council, "branch": table.branch, "path": path, "name": table.name, **more}
        return receive(**told, by=by, at=at, read=read, within=remember)
