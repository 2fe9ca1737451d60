"""
Files that leave with a released run: payables for the council's ledger, or payments for its bank.

Payables are the usual way. Payments go to the bank only where the council pays direct and has said from which account.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Sum

from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError
from calloff.formats.account_check import Verdict, verdict
from calloff.formats.bacs18 import bacs18
from calloff.formats.pain001 import Account, Credit, pain001
from calloff.formats.payables import payables_text
from calloff.web.contracts.models import Enrolment
from calloff.web.directory.models import Branch, Council
from calloff.web.payments.models import ChargeLine, Payment, PayRun, Posting
from calloff.web.payments.services import bank, ledger
from calloff.web.payments.services.terms import TermsBook

BORNE = (ledger.CARE_COST, ledger.FUNDER_RECEIVABLE, ledger.PREPAYMENTS)
"""Accounts that bear what a run pays."""
CHARGE, BROUGHT, CARRIED = "charge_collected", "brought_forward", "carried_forward"


class ExportError(CalloffError):
    """A file that cannot be made; the text says what is lacking."""


def payables_of(run: PayRun) -> str:
    """
    The accounts-payable file of a released run; what it adds up to is what its payments come to.

    ExportError before the run is released.
    """
    _refuse_unreleased(run)
    return payables_text(f"PAY-{run.number}", _lines(run))


def _lines(run: PayRun) -> Iterator[dict[str, Any]]:
    book = TermsBook(run.council_id)
    paid = {one.branch_id: one for one in Payment.objects.filter(run=run)}
    rows = Posting.objects.filter(council=run.council_id, run=run, journal__startswith=f"PAY-{run.number}/")
    branches = Branch.objects.in_bulk(set(rows.values_list("branch", flat=True)) | set(paid))
    enrolments = Enrolment.objects.in_bulk(set(rows.exclude(enrolment=None).values_list("enrolment", flat=True)))
    keys = ("branch", "enrolment", "account", "cost_centre", "subjective", "funder")
    sums: dict[int, int] = {}
    charged = _charged(run)
    for row in rows.filter(account__in=BORNE).values(*keys).annotate(sum=Sum("pence")).order_by(*keys):
        if row["sum"]:
            sums[row["branch"]] = sums.get(row["branch"], 0) + row["sum"]
            code = book.code(row["enrolment"], row["funder"], run.to_on)
            told = {name: row[name] for name in ("account", "cost_centre", "subjective", "funder")}
            told |= {"amount": row["sum"], "vat": code.vat}
            yield {
                **_head(run, branches[row["branch"]], paid),
                **_contract(book, run, enrolments, row["enrolment"]),
                **told,
            }
    for (branch, enrolment), pence in sorted(charged.items(), key=str):
        sums[branch] = sums.get(branch, 0) - pence
        yield {
            **_head(run, branches[branch], paid),
            **_contract(book, run, enrolments, enrolment),
            "account": CHARGE,
            "amount": -pence,
        }
    for branch in sorted({*sums, *paid}):
        left = (paid[branch].pence if branch in paid else 0) - sums.get(branch, 0)
        if left:
            account = BROUGHT if branch in paid else CARRIED
            yield {**_head(run, branches[branch], paid), "account": account, "amount": left}


def _charged(run: PayRun) -> dict[tuple[int, int | None], int]:
    """What providers collect of people's charges, by provider and contract: it is taken off what they are paid."""
    rows = ChargeLine.objects.filter(run=run, net=True).values("charge__branch", "charge__enrolment")
    found = rows.annotate(sum=Sum("pence"))
    return {(row["charge__branch"], row["charge__enrolment"]): row["sum"] for row in found if row["sum"]}


def _head(run: PayRun, branch: Branch, paid: dict[int, Payment]) -> dict[str, Any]:
    told: dict[str, Any] = {"supplier": branch.reference}
    if branch.pk in paid:
        payment = paid[branch.pk]
        told |= {"invoice": payment.invoice, "invoiced_on": local(payment.sent_at).date(), "due_on": payment.due_on}
    return told


def _contract(book: TermsBook, run: PayRun, enrolments: dict[int, Enrolment], enrolment: int | None) -> dict[str, Any]:
    if enrolment is None:
        return {}
    order = book.of(enrolment, run.to_on).purchase_order
    return {"contract": enrolments[enrolment].reference, "purchase_order": order}


# Direct to the bank


def payer_of(council: Council, at: datetime) -> tuple[Account, str]:
    """
    The council's own account and its BACS service user number; ExportError where it has not said, or both account
    checkers call it wrong.
    """
    said = bank.counting(council, None, at)
    if said is None:
        raise ExportError("The council has not said from which account it pays direct. Use the payables file.")
    account = bank.account(said)
    if _is_wrong(account):
        raise ExportError(f"{bank.WRONG} It is the council's own; no file was made.")
    return account, said.service_user


def _is_wrong(account: Account) -> bool:
    return verdict(account.sort_code, account.number) is Verdict.WRONG


def credits_of(run: PayRun, at: datetime) -> list[Credit]:
    """
    The payments of a run as the bank makes them; ExportError names every provider without bank details, or with some
    that both account checkers call wrong, as may have been agreed before anybody checked.
    """
    _refuse_unreleased(run)
    sent = list(Payment.objects.filter(run=run, state=Payment.SENT).select_related("branch").order_by("invoice"))
    counting = {one.branch_id: bank.counting(run.council, one.branch, at) for one in sent}
    accounts = {branch: bank.account(detail) for branch, detail in counting.items() if detail}
    missing = sorted(one.branch.name for one in sent if one.branch_id not in accounts)
    if missing:
        raise ExportError(f"No bank details count yet for {', '.join(missing)}. No file was made.")
    if not sent:
        raise ExportError("This run sends nothing to a bank.")
    wrong = sorted(one.branch.name for one in sent if _is_wrong(accounts[one.branch_id]))
    if wrong:
        raise ExportError(f"{bank.WRONG} It is that of {', '.join(wrong)}. No file was made.")
    return [Credit(accounts[one.branch_id], one.pence, one.invoice) for one in sent]


def pain001_of(run: PayRun, at: datetime) -> bytes:
    """The payments of a run as ISO 20022."""
    payer, _service_user = payer_of(run.council, at)
    message = f"{run.council.code}-PAY-{run.number}"
    return pain001(payer, credits_of(run, at), message=message, created_at=at, on=pay_day(run))


def bacs_of(run: PayRun, at: datetime) -> str:
    """The payments of a run as BACS Standard 18; ExportError where the council gave no service user number."""
    payer, service_user = payer_of(run.council, at)
    if not service_user:
        raise ExportError("The council's own account has no BACS service user number. Propose it anew with one.")
    return bacs18(
        payer,
        credits_of(run, at),
        service_user=service_user,
        serial=f"{run.number % 1_000_000:06d}",
        created_on=local(at).date(),
        processed_on=pay_day(run),
    )


def pay_day(run: PayRun) -> date:
    """The day on which a run is to be paid: that of its period's terms, or the next day where that is over."""
    _period, _cut_off, paid = TermsBook(run.council_id).dates(None, run.to_on)
    released = local(run.released_at).date() if run.released_at else run.to_on
    return max(paid, released + timedelta(days=1))


def _refuse_unreleased(run: PayRun) -> None:
    if run.state != PayRun.RELEASED:
        raise ExportError(f"PAY-{run.number} is not released yet, so no file leaves.")
