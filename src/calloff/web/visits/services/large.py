"""
Large files of delivered visits: kept, then read and taken by a job, under the receipt that the sender was given.

A small file is taken at once. What both come to is the same: the same reader, the same act.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from calloff.domain.calendar import parse_moment
from calloff.domain.records import sha256
from calloff.formats.column_mapping import ColumnMapping
from calloff.formats.delivered_visits import REPLACE, DeliveredFile
from calloff.formats.mapped_visits import counted
from calloff.formats.visit_files import read_visit_file
from calloff.web.accounts.models import User
from calloff.web.audit.services import Act, act
from calloff.web.directory.models import Branch, Council
from calloff.web.jobs import services as jobs
from calloff.web.visits.models import SentTable, VisitFile
from calloff.web.visits.services.files import FileRefusedError, receive
from calloff.web.visits.services.tables import keep_table, table_file, take_table

LARGE_ROWS = 2_000
"""A file of more rows takes longer than a page should, which is two seconds (assumed)."""
TAKING = jobs.Long(_("A file of delivered visits is taken"), _("steps"), ("draft_pay",), ends=True)
KIND = "take_file"


@dataclass(frozen=True)
class Sending:
    """How a file is to be taken: whether it replaces its weeks, what it counts, and of a table how it is read."""

    replaces: bool = False
    counts: tuple[int, int] | None = None
    mapping: ColumnMapping | None = None
    made_at: datetime | None = None

    def reader(self) -> Callable[[Path], DeliveredFile]:
        """The reader of a file that is not a table of the sender's own columns."""

        def read(path: Path) -> DeliveredFile:
            found = read_visit_file(path)
            if not self.replaces:
                return found
            # Our own file ends with its count, so nothing more need be said of it.
            return counted(found, path, REPLACE, *(self.counts or (len(found.rows), found.minutes)))

        return read

    def told(self) -> dict[str, Any]:
        """The same as a job keeps it."""
        return {
            "replaces": self.replaces,
            "counts": list(self.counts) if self.counts else None,
            "mapping": self.mapping.text() if self.mapping else "",
            "made_at": self.made_at.isoformat() if self.made_at else "",
        }

    @classmethod
    def of(cls, told: Any) -> Sending:
        """The reverse of `told`."""
        return cls(
            told["replaces"],
            (told["counts"][0], told["counts"][1]) if told["counts"] else None,
            ColumnMapping.of_text(told["mapping"]) if told["mapping"] else None,
            parse_moment(told["made_at"]) if told["made_at"] else None,
        )


def is_large(path: Path) -> bool:
    """Whether a plain file has more rows than a page should wait for."""
    data = path.read_bytes()
    return max(data.count(b"\n"), data.count(b"</")) > LARGE_ROWS


def take_later(*, table: SentTable, sending: Sending, by: User, at: datetime) -> None:
    """Let the worker take a file that is kept; its receipt is the token under which it is kept."""
    with act(council=table.council_id, by=by, at=at) as doing:
        _leave_for_worker(table, sending, doing.at)
        doing.record("file_kept", table.token, {"hash": sha256(bytes(table.data))})


def _leave_for_worker(table: SentTable, sending: Sending, at: datetime) -> None:
    data = {"table": table.pk, **sending.told()}
    jobs.add(KIND, table.token, council=table.council_id, due_at=jobs.at_once(at), data=data)


def keep_large(
    *, council: Council, branch: Branch, name: str, data: bytes, sending: Sending, by: User, at: datetime
) -> SentTable:
    """Keep a large file and let the worker take it; what is kept of it."""

    def later(doing: Act, table: SentTable) -> None:
        _leave_for_worker(table, sending, doing.at)

    return keep_table(council=council, branch=branch, name=name, data=data, by=by, at=at, within=later)


@jobs.handles("take_file", TAKING)
def take_file(task: jobs.Task, at: datetime) -> None:
    """Take a large file, all of it or nothing; a second run finds its receipt."""
    table = SentTable.objects.select_related("council", "branch", "sent_by").filter(pk=task.data["table"]).first()
    if table is None or VisitFile.objects.filter(receipt=table.token).exists():
        return
    sending = Sending.of(task.data)
    told: dict[str, Any] = {"by": table.sent_by, "at": at, "receipt": table.token, "tell": task.tell}
    try:
        if sending.mapping is not None:
            take_table(table=table, mapping=sending.mapping, made_at=sending.made_at, counts=sending.counts, **told)
        else:
            with table_file(table) as path:
                told |= {"council": table.council, "branch": table.branch, "name": table.name}
                receive(**told, path=path, read=sending.reader())
    except FileRefusedError:
        # Its receipt says why.
        pass
    if sending.mapping is None:
        SentTable.objects.filter(pk=table.pk).delete()
