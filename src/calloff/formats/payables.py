"""
payables.csv: what a pay run owes, line by line under the codes of the council's own ledger, with control totals.

The last record counts the lines and adds them up, so that a file that was cut off, or changed, is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from calloff.domain.errors import BadInputError
from calloff.formats.cells import CHOICE, DAY, SHOWN, number
from calloff.formats.settled_visits import AMOUNT
from calloff.formats.tables import Column, Table, read_table, table_text

LINE, CONTROL = "line", "control"
VAT = ("exempt", "zero", "standard", "outside")

PAYABLES = Table(
    name="payables.csv",
    about="What a pay run owes: one line for each provider, contract, account and code, then one record that adds up.",
    key=(),
    columns=(
        Column("record", CHOICE, "A line, or the control record at the end.", required=True, allowed=(LINE, CONTROL)),
        Column("run", SHOWN, "The pay run.", required=True, example="PAY-12"),
        Column("invoice", SHOWN, "Number of the self-billed invoice.", example="SB-12-ACORN"),
        Column("invoiced_on", DAY, "Day of the invoice."),
        Column("due_on", DAY, "Day by which it must be paid."),
        Column("supplier", SHOWN, "Reference of the provider.", example="ACORN"),
        Column("contract", SHOWN, "Reference of the enrolment."),
        Column("purchase_order", SHOWN, "Number of the purchase order."),
        Column("account", SHOWN, "Account that bears it, or what is brought forward from earlier runs."),
        Column("cost_centre", SHOWN, "Cost centre of the council's ledger."),
        Column("subjective", SHOWN, "Subjective code of the council's ledger."),
        Column("funder", SHOWN, "Who bears it."),
        Column("vat", CHOICE, "VAT code.", allowed=VAT),
        Column("amount", AMOUNT, "The amount; of the control record the sum of all lines.", "£", required=True),
        Column("lines", number(0, 10_000_000), "Of the control record: how many lines there are."),
    ),
)


def payables_text(run: str, lines: Iterable[dict[str, Any]]) -> str:
    """The file of a run: its lines, and the record that counts them and adds them up."""
    rows = [{**one, "record": LINE, "run": run} for one in lines]
    total = sum(int(one["amount"]) for one in rows)
    return table_text(PAYABLES, [*rows, {"record": CONTROL, "run": run, "amount": total, "lines": len(rows)}])


def read_payables(path: Path) -> list[dict[str, Any]]:
    """The lines of a file; BadInputError where the control record is missing or says something else."""
    rows = list(read_table(path, PAYABLES, lambda row: {column.name: row[column.name] for column in PAYABLES.columns}))
    lines = [one for one in rows if one["record"] == LINE]
    _refuse_wrong_control(path, rows, lines)
    return lines


def _refuse_wrong_control(path: Path, rows: Sequence[dict[str, Any]], lines: Sequence[dict[str, Any]]) -> None:
    control = [one for one in rows if one["record"] == CONTROL]
    if len(control) != 1 or rows[-1] is not control[0]:
        raise BadInputError(f"{path.name} does not end with one control record: it was cut off. Ask for it again.")
    total = sum(one["amount"] for one in lines)
    if (control[0]["lines"], control[0]["amount"]) != (len(lines), total):
        raise BadInputError(
            f"{path.name} has {len(lines)} lines of {total} pence, and its control record says "
            f"{control[0]['lines']} of {control[0]['amount']}. Ask for it again."
        )
