"""The remittance of a run: what a provider is paid, as a CSV line by line that adds up, and as a letter."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _

from calloff.documents.wording import day_words
from calloff.domain.calendar import local, week_begins
from calloff.domain.units import hours_text, pounds
from calloff.domain.visits import Reason
from calloff.formats.cells import CHOICE, DAY, SHOWN, number
from calloff.formats.settled_visits import AMOUNT
from calloff.formats.tables import Column, Table, table_text
from calloff.web.brokerage.services.letters import Letter, pdf_of
from calloff.web.directory.models import Branch
from calloff.web.payments.models import Payment, PayRun
from calloff.web.payments.services.charging import net_of

OF_PERIODS = ("rounding", "block", "corridor", "advance", "outcome")
"""What a line is for that is no visit's."""
REMITTANCE = Table(
    name="remittance.csv",
    about="One line of a pay run a row; the amounts add up to what the provider is paid.",
    key=(),
    columns=(
        Column("run", SHOWN, "The pay run.", required=True, example="PAY-12"),
        Column(
            "visit", SHOWN, "Reference of the planned visit, or of the week that a rounding line is for.", required=True
        ),
        Column("on", DAY, "Local day of the visit.", required=True),
        Column("contract", SHOWN, "Reference of the enrolment."),
        Column(
            "version", number(1, 1_000_000), "Version of what the visit is worth; above 1 a correction.", required=True
        ),
        Column("reason", CHOICE, "What the visit was.", allowed=(*(one.name.lower() for one in Reason), *OF_PERIODS)),
        Column("worked_minutes", number(0, 1_000_000), "Minutes of all workers who count.", "min"),
        Column("paid_minutes", number(0, 1_000_000), "Minutes that are paid.", "min"),
        Column("amount", AMOUNT, "What this line pays.", "£", required=True),
        Column("why", SHOWN, "The reason in a sentence.", required=True),
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


def remittance_letter(run: PayRun, branch: Branch) -> bytes:
    """The remittance of one provider as a letter: what it is sent, week by week, and what makes up the sum."""
    lines = run.lines.filter(entitlement__branch=branch).select_related("entitlement")
    weeks: dict[date, list[int]] = {}
    for line in lines:
        row = weeks.setdefault(week_begins(line.entitlement.on), [0, 0, 0])
        row[0] += 1
        row[1] += line.entitlement.paid_minutes if line.entitlement.number == 1 else 0
        row[2] += line.pence
    rows = [[day_words(week), f"{row[0]:,}", hours_text(row[1]), pounds(row[2])] for week, row in sorted(weeks.items())]
    whole = sum(row[2] for row in weeks.values())
    facts = [(_("Visits and corrections"), pounds(whole))]
    charged = net_of(run).get(branch.pk, 0)
    if charged:
        facts.append((_("Charges that you collect"), pounds(-charged)))
    payment = Payment.objects.filter(run=run, branch=branch).first()
    if payment is not None:
        brought = payment.pence - whole + charged
        facts += [(_("From earlier runs"), pounds(brought))] if brought else []
        facts += [(_("Sent to you"), pounds(payment.pence)), (_("Self-billed invoice"), payment.invoice)]
    return pdf_of(
        Letter(
            title=_("What you are paid: PAY-%(number)d") % {"number": run.number},
            council=run.council.name,
            to=(branch.name,),
            date=day_words(local(run.released_at or run.approved_at or run.made_at).date()),
            reference=f"PAY-{run.number}",
            parts=(
                {"paragraphs": [_("VAT: exempt, unless your contract says otherwise.")], "facts": facts},
                {
                    "heading": _("Week by week"),
                    "columns": [_("Week from"), _("Lines"), _("Hours paid"), _("Amount")],
                    "rows": rows,
                },
                {
                    "heading": _("Every line"),
                    "paragraphs": [
                        _("Each line with its reason is in the portal, where you can say that one is wrong.")
                    ],
                },
            ),
        )
    )
