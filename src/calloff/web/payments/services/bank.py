"""
Where providers are paid, and from where the council pays: proposed by one person, agreed by another who has just proved
who they are, and then, for a provider, a while in which it can object, told through the contact it had before.

Two checkers say whether sort code and account number can belong together. What both call wrong is refused; where nobody
could check, both people are told so.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError
from calloff.formats.account_check import Verdict, verdict
from calloff.formats.pain001 import Account
from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders
from calloff.web.audit.services import act
from calloff.web.directory.models import Branch, Council
from calloff.web.directory.services import draw
from calloff.web.jobs import services as jobs
from calloff.web.payments.models import BankDetail

COOLING_OFF = timedelta(days=5)
"""So long the provider can object before its pay goes to another account (assumed)."""
WRONG = "Both account checkers say that no account of this sort code has this number."


class BankError(CalloffError):
    """Bank details that cannot be proposed, agreed or stopped; nothing was changed."""


def propose(
    *,
    council: Council,
    branch: Branch | None,
    sort_code: str,
    account: str,
    name: str,
    by: User,
    at: datetime,
    service_user: str = "",
) -> BankDetail:
    """
    Propose where a provider is paid; the people whom the provider already has here are told at once.

    Without a provider it is from where the council itself pays, and `service_user` its number with BACS.
    """
    digits, number = re.sub(r"[\s-]", "", sort_code), re.sub(r"\s", "", account)
    if not re.fullmatch(r"\d{6}", digits) or not re.fullmatch(r"\d{8}", number) or not int(digits) or not int(number):
        raise BankError("A sort code has six digits and an account number eight. Nothing was proposed.")
    checked = verdict(digits, number)
    if checked is Verdict.WRONG:
        raise BankError(f"{WRONG} Compare both with the letter. Nothing was proposed.")
    if not name.strip():
        raise BankError("Write the name of the account. Nothing was proposed.")
    if service_user and not re.fullmatch(r"\d{6}", service_user):
        raise BankError("A BACS service user number has six digits. Nothing was proposed.")
    with act(council=council.pk, by=by, at=at) as doing:
        if BankDetail.objects.filter(council=council, branch=branch, state=BankDetail.PROPOSED).exists():
            raise BankError("A change of these bank details waits already. Decide on that first. Nothing was proposed.")
        made = BankDetail.objects.create(
            council=council,
            token=draw(),
            branch=branch,
            sort_code=digits,
            account=number,
            name=name.strip()[:18],
            service_user=service_user,
            proposed_by=by,
            proposed_identity=by.identity_id,
            proposed_at=doing.at,
        )
        if branch is not None:
            _tell_its_people(made, branch, doing.at)
        # The numbers themselves stand in no event: whoever reads the chain need not know them.
        doing.record("bank_proposed", _subject(made), {"ends_with": number[-2:], "checked": checked.value})
    return made


def _tell_its_people(detail: BankDetail, branch: Branch, at: datetime) -> None:
    for user in holders("portal_pay", branch_id=branch.pk, on=local(at).date()):
        jobs.tell(
            user,
            "bank_changed",
            branch.name,
            council=detail.council_id,
            key=f"bank-{detail.pk}",
            at=at,
            link="/provider/pay",
        )


def _subject(detail: BankDetail) -> str:
    return detail.branch.reference if detail.branch else detail.council.code


def decide(*, detail: BankDetail, approved: bool, by: User, at: datetime) -> BankDetail:
    """Agree to bank details or refuse them, as another person than proposed them; a provider's count after a while."""
    with act(council=detail.council_id, by=by, at=at) as doing:
        again = _locked(detail)
        if again.state != BankDetail.PROPOSED:
            raise BankError("These details were decided already. Nothing was changed.")
        if again.proposed_identity == by.identity_id:
            raise BankError("You proposed them, so another person must decide. Nothing was changed.")
        checked = verdict(again.sort_code, again.account)
        if approved and checked is Verdict.WRONG:
            raise BankError(f"{WRONG} Refuse them, and have others proposed. Nothing was changed.")
        again.state = BankDetail.APPROVED if approved else BankDetail.REFUSED
        again.decided_by, again.decided_identity, again.decided_at = by, by.identity_id, doing.at
        # Nobody but the council could object to its own.
        wait = COOLING_OFF if again.branch else timedelta()
        again.counts_from = doing.at + wait if approved else None
        again.save()
        kind = "bank_agreed" if approved else "bank_refused"
        doing.record(kind, _subject(again), {"checked": checked.value})
    return again


def stop(*, detail: BankDetail, by: User, at: datetime) -> BankDetail:
    """Stop details that do not count yet: the provider objects, or somebody has doubts."""
    with act(council=detail.council_id, by=by, at=at) as doing:
        again = _locked(detail)
        counts = again.counts_from is not None and again.counts_from <= doing.at
        if again.state not in (BankDetail.PROPOSED, BankDetail.APPROVED) or counts:
            raise BankError("These details count already, or were stopped before. Propose others instead.")
        again.state, again.counts_from = BankDetail.REFUSED, None
        again.save(update_fields=("state", "counts_from"))
        doing.record("bank_stopped", _subject(again))
    return again


def _locked(detail: BankDetail) -> BankDetail:
    # PostgreSQL locks no row that may be missing, so the provider is read beside it.
    return BankDetail.objects.select_for_update().get(pk=detail.pk)


def counting(council: Council, branch: Branch | None, at: datetime) -> BankDetail | None:
    """What counts at a moment for a provider, or for the council itself; None where nothing does yet."""
    rows = BankDetail.objects.filter(council=council, branch=branch, state=BankDetail.APPROVED, counts_from__lte=at)
    return rows.order_by("counts_from", "pk").last()


def account(detail: BankDetail) -> Account:
    """The account of bank details."""
    return Account(detail.name, detail.sort_code, detail.account)
