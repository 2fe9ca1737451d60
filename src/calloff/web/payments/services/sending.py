"""
What leaves for the bank: with a run what each provider is owed, in need a part-payment, and what a bank returns.

A provider is sent what the ledger owes it and no more, so that less than nothing carries forward by itself, and a
part-payment is netted with the next run.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Max, Sum

from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.directory.models import Branch, Council
from calloff.web.directory.services import draw
from calloff.web.payments.models import Advance, Payment, PayRun, Posting, Recovery
from calloff.web.payments.services import ledger
from calloff.web.payments.services.ledger import Entry
from calloff.web.payments.services.terms import TermsBook

RETURN_REASONS = ("account_closed", "no_such_account", "refused", "other")


class SendingError(CalloffError):
    """Money that cannot go out or come back as asked; nothing was changed."""


def send(run: PayRun, at: datetime) -> list[Payment]:
    """Post what leaves with a run, and keep what each provider is sent; within the act that releases it."""
    _take_instalments(run, at)
    book, sent = TermsBook(run.council_id), []
    sums = run.lines.values("entitlement__branch").annotate(sum=Sum("pence"))
    of_run = {row["entitlement__branch"]: row["sum"] for row in sums}
    owed = _by_branch(ledger.owed(run.council_id, run))
    branches = Branch.objects.in_bulk(list(owed))
    for branch, contracts in sorted(owed.items()):
        pence = sum(contracts.values())
        if pence <= 0:
            continue
        name = f"PAID-{run.number}/{branches[branch].reference}"
        entries = [Entry(ledger.PROVIDER_PAYABLE, part, branch, enrolment) for enrolment, part in contracts.items()]
        entries.append(Entry(ledger.BANK_CLEARING, -pence, branch))
        ledger.post(council=run.council_id, journal=name, entries=entries, at=at, kind="released", run=run)
        terms = book.of(next(iter(contracts)), run.to_on)
        sent.append(
            Payment(
                council_id=run.council_id,
                run=run,
                branch_id=branch,
                invoice=f"SB-{run.number}-{branches[branch].reference}"[:40],
                pence=pence,
                brought_pence=pence - of_run.get(branch, 0),
                due_on=run.to_on + timedelta(days=terms.due_days),
                sent_at=at,
            )
        )
    return Payment.objects.bulk_create(sent)


def _by_branch(owed: Mapping[tuple[int, int | None], int]) -> dict[int, dict[int | None, int]]:
    found: dict[int, dict[int | None, int]] = {}
    for (branch, enrolment), pence in sorted(owed.items(), key=str):
        found.setdefault(branch, {})[enrolment] = pence
    return found


def bank_returned(*, payment: Payment, reason: str, by: User, at: datetime) -> Payment:
    """A bank sent a payment back: it is owed again, and goes out with the next run."""
    if reason not in RETURN_REASONS:
        raise SendingError("Choose why the bank returned it. Nothing was changed.")
    with act(council=payment.council_id, by=by, at=at) as doing:
        again = Payment.objects.select_for_update().select_related("run", "branch").get(pk=payment.pk)
        if again.state != Payment.SENT:
            raise SendingError("This payment came back already. Nothing was changed.")
        place = f"{again.run.number}/{again.branch.reference}"
        ledger.reverse(
            council=again.council_id, journal=f"PAID-{place}", name=f"BACK-{place}", at=doing.at, kind="returned"
        )
        again.state, again.returned_at, again.return_reason = Payment.RETURNED, doing.at, reason
        again.save(update_fields=("state", "returned_at", "return_reason"))
        doing.record("payment_returned", again.invoice, {"pence": again.pence, "reason": reason})
    return again


# In need


def ask_for_advance(*, council: Council, branch: Branch, pence: int, reason: str, by: User, at: datetime) -> Advance:
    """Ask for a part-payment to a provider that cannot wait; another person approves it."""
    if reason not in Advance.REASONS:
        raise SendingError("Choose a reason of the list. Nothing was asked for.")
    if pence <= 0:
        raise SendingError("A part-payment is above nothing. Nothing was asked for.")
    with act(council=council.pk, by=by, at=at) as doing:
        made = Advance.objects.create(
            council=council,
            token=draw(),
            branch=branch,
            pence=pence,
            reason=reason,
            asked_by=by,
            asked_identity=by.identity_id,
            asked_at=doing.at,
        )
        doing.record("advance_asked", branch.reference, {"pence": pence, "reason": reason})
    return made


def decide_advance(*, advance: Advance, approved: bool, by: User, at: datetime) -> Advance:
    """Approve or refuse a part-payment as another person than who asked; an approved one is paid at once."""
    with act(council=advance.council_id, by=by, at=at) as doing:
        again = Advance.objects.select_for_update().select_related("branch").get(pk=advance.pk)
        if again.state != Advance.ASKED:
            raise SendingError("This part-payment was decided already. Nothing was changed.")
        if again.asked_identity == by.identity_id:
            raise SendingError("You asked for it, so another person must decide. Nothing was changed.")
        again.state = Advance.PAID if approved else Advance.REFUSED
        again.decided_by, again.decided_identity, again.decided_at = by, by.identity_id, doing.at
        again.save()
        if approved:
            entries = [
                Entry(ledger.PROVIDER_PAYABLE, again.pence, again.branch_id),
                Entry(ledger.BANK_CLEARING, -again.pence, again.branch_id),
            ]
            ledger.post(
                council=again.council_id, journal=f"ADV-{again.token}", entries=entries, at=doing.at, kind="advance"
            )
        doing.record("advance_paid" if approved else "advance_refused", again.branch.reference, {"pence": again.pence})
    return again


# What comes back


def recover(*, council: Council, branch: Branch, instalment_pence: int, by: User, at: datetime) -> Recovery:
    """
    Let a provider that owes more than it is owed pay it back so much a run, instead of all at once.

    SendingError where it owes nothing.
    """
    if instalment_pence <= 0:
        raise SendingError("An instalment is above nothing. Nothing was changed.")
    return _move_to_receivable(council, branch, instalment_pence, False, by, at)


def provider_left(*, council: Council, branch: Branch, by: User, at: datetime) -> Recovery:
    """A provider that owes something has left: it is invoiced for it, since no later run can take it off."""
    return _move_to_receivable(council, branch, 0, True, by, at)


def _move_to_receivable(
    council: Council, branch: Branch, instalment: int, has_left: bool, by: User, at: datetime
) -> Recovery:
    with act(council=council.pk, by=by, at=at) as doing:
        contracts = _by_branch(ledger.owed(council.pk)).get(branch.pk, {})
        owes = -sum(contracts.values())
        if owes <= 0:
            raise SendingError(f"{branch.name} owes nothing. Nothing was changed.")
        last = Recovery.objects.filter(council=council).aggregate(last=Max("number"))["last"] or 0
        made = Recovery.objects.create(
            council=council,
            branch=branch,
            number=last + 1,
            pence=owes,
            instalment_pence=instalment,
            left_on=local(doing.at).date() if has_left else None,
            agreed_by=by,
            agreed_at=doing.at,
        )
        entries = [
            Entry(ledger.PROVIDER_PAYABLE, pence, branch.pk, enrolment) for enrolment, pence in contracts.items()
        ]
        entries.append(Entry(ledger.PROVIDER_RECEIVABLE, owes, branch.pk))
        kind = "left" if has_left else "recovery"
        ledger.post(council=council.pk, journal=f"REC-{made.number}", entries=entries, at=doing.at, kind=kind)
        event = "provider_left" if has_left else "recovery_agreed"
        doing.record(event, branch.reference, {"pence": owes, "instalment_pence": instalment})
    return made


def _take_instalments(run: PayRun, at: datetime) -> None:
    """Take this run's instalment off what each provider that pays back is owed, never more than that."""
    owed = _by_branch(ledger.owed(run.council_id, run))
    for one in Recovery.objects.filter(council=run.council_id, left_on=None, instalment_pence__gt=0).order_by("number"):
        contracts = owed.get(one.branch_id, {})
        pence = min(one.instalment_pence, left_of(one), max(0, sum(contracts.values())))
        if pence:
            entries = [
                Entry(ledger.PROVIDER_PAYABLE, pence, one.branch_id, next(iter(contracts))),
                Entry(ledger.PROVIDER_RECEIVABLE, -pence, one.branch_id),
            ]
            name = f"REC-{one.number}/PAY-{run.number}"
            ledger.post(council=run.council_id, journal=name, entries=entries, at=at, kind="instalment", run=run)


def left_of(recovery: Recovery) -> int:
    """What a provider has still to pay back of what was agreed, in pence."""
    rows = Posting.objects.filter(council=recovery.council_id, account=ledger.PROVIDER_RECEIVABLE)
    own = rows.filter(journal=f"REC-{recovery.number}") | rows.filter(journal__startswith=f"REC-{recovery.number}/")
    return int(own.aggregate(sum=Sum("pence"))["sum"] or 0)
