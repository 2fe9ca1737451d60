"""Acts on planned and delivered visits: files and tables that are received, and rows that belong to no visit."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

from accept.acts import Act, of
from accept.paid_world import PaidWorld

SMALL_HOURS = 3


def acts_of_visits(paid: PaidWorld) -> dict[str, Callable[[], Act]]:
    """By service: what prepares it and gives the call."""
    from calloff.domain.visits import LogIs
    from calloff.web.visits.models import LooseRow
    from calloff.web.visits.services import files, loose, planning

    at, payer, manager = paid.at, paid.payer, paid.manager
    days = count(1)

    def wrong() -> Any:
        path = paid.file(paid.rows(paid.shared))
        path.write_text(path.read_text(encoding="utf-8").replace("R", "R,"), encoding="utf-8")
        return path

    def refused(path: Any) -> None:
        # That it was refused is told with a receipt, which is what the act leaves.
        with suppress(files.FileRefusedError):
            files.receive(by=manager, **paid.told(path))

    def stray(**told: Any) -> Any:
        """A row that fits no visit."""
        row = replace(paid.rows(paid.shared)[0], **told)
        paid.sent([row])
        return LooseRow.objects.select_related("row").latest("pk")

    def of_nobody() -> Any:
        return stray(person="P-NOBODY")

    def unplanned() -> Any:
        row = paid.rows(paid.shared)[next(days) % 7]
        came, left = (replace(one, at=one.at.replace(hour=SMALL_HOURS)) for one in (row.came, row.left))
        found = stray(came=came, left=replace(left, at=came.at + timedelta(minutes=20)))
        assert found.is_a == LogIs.UNPLANNED
        return found

    def not_left() -> Any:
        return stray(left=None)

    return {
        "files.receive": of(
            lambda: paid.file(paid.rows(paid.package())), lambda path: files.receive(by=manager, **paid.told(path))
        ),
        "files.receive, refused": of(wrong, refused),
        "loose.take": of(of_nobody, lambda row: loose.take(loose=row, by=payer, at=at)),
        "loose.write": of(
            of_nobody, lambda row: loose.write(loose=row, text="Whose?", from_provider=False, by=payer, at=at)
        ),
        "loose.pair": of(
            of_nobody, lambda row: loose.pair(loose=row, visit=paid.planned(paid.shared)[0], by=payer, at=at)
        ),
        "loose.approve": of(unplanned, lambda row: loose.approve(loose=row, minutes=20, by=payer, at=at)),
        "loose.set_aside": of(of_nobody, lambda row: loose.set_aside(loose=row, words="Training.", by=payer, at=at)),
        "loose.log_leaving": of(
            not_left,
            lambda row: loose.log_leaving(
                loose=row, left_at=row.row.came_at + timedelta(minutes=25), code="no_signal", by=manager, at=at
            ),
        ),
        "planning.begin_planning": of(
            lambda: (paid.begun, paid.since - timedelta(days=next(days)))[1],
            lambda on: planning.begin_planning(council=paid.world.council, on=on, by=payer, at=at),
        ),
        **_tables(paid),
        **_codes(paid),
    }


def _codes(paid: PaidWorld) -> dict[str, Callable[[], Act]]:
    from calloff.web.visits.services import codes

    numbers = count(1)
    told = {"council": paid.world.council, "by": paid.payer, "at": paid.at}

    def new() -> str:
        return f"code-{next(numbers)}"

    def add(code: str) -> str:
        codes.add_code(code=code, words="The lift was out of order", explains=("late",), **told)
        return code

    return {
        "codes.add_code": of(new, add),
        "codes.reword_code": of(
            lambda: add(new()), lambda code: codes.reword_code(code=code, words="No lift", explains=("late",), **told)
        ),
        "codes.archive_code": of(lambda: add(new()), lambda code: codes.archive_code(code=code, archived=True, **told)),
    }


def _tables(paid: PaidWorld) -> dict[str, Callable[[], Act]]:
    from calloff.domain.calendar import local
    from calloff.formats.column_mapping import ColumnMapping
    from calloff.web.visits.services import large, tables

    told = {"council": paid.world.council, "branch": paid.world.branch("acorn"), "by": paid.manager, "at": paid.at}

    def text() -> bytes:
        lines = ["Client,Carer,Time in,Time out"]
        for row in paid.rows(paid.package()):
            came, left = (f"{local(one.at):%Y-%m-%d %H:%M}" for one in (row.came, row.left))
            lines.append(f"{row.person},{row.worker},{came},{left}")
        return "\n".join(lines).encode()

    def kept(data: bytes) -> Any:
        return tables.keep_table(name="own.csv", data=data, **told)

    columns = {"person": "Client", "worker": "Carer", "came": "Time in", "left": "Time out"}

    def take(table: Any) -> Any:
        mapping = ColumnMapping(columns, {"contract": paid.contract})
        at = {"made_at": paid.at, "counts": None, "by": paid.manager, "at": paid.at}
        return tables.take_table(table=table, mapping=mapping, **at)

    return {
        "large.keep_large": of(
            text, lambda data: large.keep_large(name="own.csv", data=data, sending=large.Sending(), **told)
        ),
        "large.take_later": of(
            lambda: kept(text()),
            lambda table: large.take_later(table=table, sending=large.Sending(), by=paid.manager, at=paid.at),
        ),
        "tables.keep_table": of(text, kept),
        "tables.take_table": of(lambda: (kept(text()), paid.contract)[0], take),
    }
