"""The remittance of a run: what a provider is paid, line by line with its reason, as a CSV that adds up."""

from __future__ import annotations

from calloff.domain.visits import Reason
from calloff.formats.cells import CHOICE, DAY, TEXT, number
from calloff.formats.settled_visits import AMOUNT
from calloff.formats.tables import Column, Table, table_text
from calloff.web.directory.models import Branch
from calloff.web.payments.models import PayRun

OF_PERIODS = ("rounding", "block", "corridor", "advance", "outcome")
"""What a line is for that is no visit's."""
REMITTANCE = Table(
    name="remittance.csv",
    about="One line of a pay run a row; the amounts add up to what the provider is paid.",
    key=(),
    columns=(
        Column("run", TEXT, "The pay run.", required=True, example="PAY-12"),
        Column(
            "visit", TEXT, "Reference of the planned visit, or of the week that a rounding line is for.", required=True
        ),
        Column("on", DAY, "Local day of the visit.", required=True),
        Column("contract", TEXT, "Reference of the enrolment."),
        Column(
            "version", number(1, 1_000_000), "Version of what the visit is worth; above 1 a correction.", required=True
        ),
        Column("reason", CHOICE, "What the visit was.", allowed=(*(one.name.lower() for one in Reason), *OF_PERIODS)),
        Column("worked_minutes", number(0, 1_000_000), "Minutes of all workers who count.", "min"),
        Column("paid_minutes", number(0, 1_000_000), "Minutes that are paid.", "min"),
        Column("amount", AMOUNT, "What this line pays.", "£", required=True),
        Column("why", TEXT, "The reason in a sentence.", required=True),
    ),
)


def remittance_of(run: PayRun, branch: Branch) -> str:
    """The remittance of one provider as the text of a CSV file."""
    lines = run.lines.filter(entitlement__branch=branch).select_related("entitlement__enrolment")
    return table_text(
        REMITTANCE,
        (
            {
                "run": f"PAY-{run.number}",
                "visit": line.entitlement.anchor,
                "on": line.entitlement.on,
                "contract": line.entitlement.enrolment.reference if line.entitlement.enrolment else "",
                "version": line.entitlement.number,
                "reason": line.entitlement.reason,
                "worked_minutes": line.entitlement.worked_minutes,
                "paid_minutes": line.entitlement.paid_minutes,
                "amount": line.pence,
                "why": line.entitlement.why,
            }
            for line in lines.order_by("entitlement__on", "entitlement__anchor", "entitlement__number")
        ),
    )
