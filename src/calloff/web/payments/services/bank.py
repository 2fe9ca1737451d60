"""
Where providers are paid: proposed by one person, agreed by another who has just proved who they are, and then a while
in which the provider, told through the contact it had before, can object.

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
    *, council: Council, branch: Branch, sort_code: str, account: str, name: str, by: User, at: datetime
) -> BankDetail:
    """Propose where a provider is paid; the people whom the provider already has here are told at once."""
    digits, number = re.sub(r"[\s-]", "", sort_code), re.sub(r"\s", "", account)
    if not re.fullmatch(r"\d{6}", digits) or not re.fullmatch(r"\d{8}", number) or not int(digits) or not int(number):
        raise BankError("A sort code has six digits and an account number eight. Nothing was proposed.")
    checked = verdict(digits, number)
    if checked is Verdict.WRONG:
        raise BankError(f"{WRONG} Compare both with the provider's letter. Nothing was proposed.")
    if not name.strip():
        raise BankError("Write the name of the account. Nothing was proposed.")
    with act(council=council.pk, by=by, at=at) as doing:
        if BankDetail.objects.filter(council=council, branch=branch, state=BankDetail.PROPOSED).exists():
            raise BankError("A change of its bank details waits already. Decide on that first. Nothing was proposed.")
        made = BankDetail.objects.create(
            council=council,
            token=draw(),
            branch=branch,
            sort_code=digits,
            account=number,
            name=name.strip()[:18],
            proposed_by=by,
            proposed_identity=by.identity_id,
            proposed_at=doing.at,
        )
        for user in holders("portal_pay", branch_id=branch.pk, on=local(doing.at).date()):
            jobs.tell(
                user,
                "bank_changed",
                branch.name,
                council=council.pk,
                key=f"bank-{made.pk}",
                at=doing.at,
                link="/provider/pay",
            )
        # The numbers themselves stand in no event: whoever reads the chain need not know them.
        doing.record("bank_proposed", branch.reference, {"ends_with": number[-2:], "checked": checked.value})
    return made


def decide(*, detail: BankDetail, approved: bool, by: User, at: datetime) -> BankDetail:
    """Agree to bank details or refuse them, as another person than who proposed them; they count after a while."""
    with act(council=detail.council_id, by=by, at=at) as doing:
        again = BankDetail.objects.select_for_update().select_related("branch").get(pk=detail.pk)
        if again.state != BankDetail.PROPOSED:
            raise BankError("These details were decided already. Nothing was changed.")
        if again.proposed_identity == by.identity_id:
            raise BankError("You proposed them, so another person must decide. Nothing was changed.")
        checked = verdict(again.sort_code, again.account)
        if approved and checked is Verdict.WRONG:
            raise BankError(f"{WRONG} Refuse them, and have others proposed. Nothing was changed.")
        again.state = BankDetail.APPROVED if approved else BankDetail.REFUSED
        again.decided_by, again.decided_identity, again.decided_at = by, by.identity_id, doing.at
        again.counts_from = doing.at + COOLING_OFF if approved else None
        again.save()
        kind = "bank_agreed" if approved else "bank_refused"
        doing.record(kind, again.branch.reference, {"checked": checked.value})
    return again


def stop(*, detail: BankDetail, by: User, at: datetime) -> BankDetail:
    """Stop details that do not count yet: the provider objects, or somebody has doubts."""
    with act(council=detail.council_id, by=by, at=at) as doing:
        again = BankDetail.objects.select_for_update().select_related("branch").get(pk=detail.pk)
        counts = again.counts_from is not None and again.counts_from <= doing.at
        if again.state not in (BankDetail.PROPOSED, BankDetail.APPROVED) or counts:
            raise BankError("These details count already, or were stopped before. Propose others instead.")
        again.state, again.counts_from = BankDetail.REFUSED, None
        again.save(update_fields=("state", "counts_from"))
        doing.record("bank_stopped", again.branch.reference)
    return again


def account_of(council: Council, branch: Branch, at: datetime) -> Account | None:
    """The account to which a provider is paid at a moment; None where none counts yet."""
    rows = BankDetail.objects.filter(council=council, branch=branch, state=BankDetail.APPROVED, counts_from__lte=at)
    last = rows.order_by("counts_from", "pk").last()
    return Account(last.name, last.sort_code, last.account) if last else None
