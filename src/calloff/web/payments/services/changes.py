"""Back-dated changes, before and after: what a run corrects, visit by visit, for provider, funder and finance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from calloff.formats.cells import DAY, SHOWN, number
from calloff.formats.settled_visits import AMOUNT
from calloff.formats.tables import Column, Table, table_text
from calloff.web.directory.models import Branch
from calloff.web.payments.models import Entitlement, PayLine, PayRun

CHANGES = Table(
    name="changes.csv",
    about="One line a visit that a pay run corrects: what it was worth before and after, and why.",
    key=(),
    columns=(
        Column("run", SHOWN, "The pay run that corrects it.", required=True, example="PAY-12"),
        Column("visit", SHOWN, "Reference of the planned visit.", required=True),
        Column("on", DAY, "Local day of the visit.", required=True),
        Column("paid_in", SHOWN, "The pay run in which it was paid before.", required=True, example="PAY-11"),
        Column("before_minutes", number(0, 1_000_000), "Minutes that were paid before.", "min"),
        Column("after_minutes", number(0, 1_000_000), "Minutes that are paid now.", "min"),
        Column("before", AMOUNT, "What it was worth before.", "£", required=True),
        Column("after", AMOUNT, "What it is worth now.", "£", required=True),
        Column("difference", AMOUNT, "What this run pays more or less.", "£", required=True),
        Column("why_before", SHOWN, "The reason before, in a sentence.", required=True),
        Column("why_after", SHOWN, "The reason now, in a sentence.", required=True),
    ),
)


@dataclass(frozen=True)
class Change:
    """A visit that a run corrects."""

    line: PayLine
    before: Entitlement
    paid_in: int

    @property
    def after(self) -> Entitlement:
        """The version that this run pays."""
        return self.line.entitlement


def changes_of(run: PayRun, branch: Branch | None = None) -> Iterator[Change]:
    """What a run corrects, in order; of one provider, or of all."""
    lines = run.lines.filter(entitlement__number__gt=1).select_related("entitlement__branch", "entitlement__enrolment")
    if branch is not None:
        lines = lines.filter(entitlement__branch=branch)
    found = list(lines.order_by("entitlement__on", "entitlement__anchor", "entitlement__number"))
    before: dict[tuple[str, str, int], Entitlement] = {}
    anchors = sorted({one.entitlement.anchor for one in found})
    for first in range(0, len(anchors), 500):
        rows = Entitlement.objects.filter(council=run.council_id, anchor__in=anchors[first : first + 500])
        for one in rows.select_related("line__run"):
            before[one.anchor, one.component, one.number] = one
    for line in found:
        one = line.entitlement
        earlier = before[one.anchor, one.component, one.number - 1]
        yield Change(line, earlier, earlier.line.run.number)


def statement_text(run: PayRun, branch: Branch | None = None) -> str:
    """The statement of a run's corrections as the text of a CSV file."""
    return table_text(
        CHANGES,
        (
            {
                "run": f"PAY-{run.number}",
                "visit": one.after.anchor,
                "on": one.after.on,
                "paid_in": f"PAY-{one.paid_in}",
                "before_minutes": one.before.paid_minutes,
                "after_minutes": one.after.paid_minutes,
                "before": one.before.pence,
                "after": one.after.pence,
                "difference": one.line.pence,
                "why_before": one.before.why,
                "why_after": one.after.why,
            }
            for one in changes_of(run, branch)
        ),
    )
