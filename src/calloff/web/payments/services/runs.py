"""
Pay runs: drafted from what is new, looked at, approved by another person, released.

Each version of an entitlement is one line, in one run: what it adds to the version before. So a correction is a line of
its own, and whatever was paid stays as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import Exists, Max, OuterRef, Sum

from calloff.domain.errors import CalloffError
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.directory.models import Council
from calloff.web.directory.services import draw
from calloff.web.payments.models import Entitlement, PayLine, PayRun
from calloff.web.payments.services import ledger
from calloff.web.payments.services.entitling import Weeks, entitle
from calloff.web.payments.services.ledger import Entry
from calloff.web.visits.models import PlannedVisit


class PayRunError(CalloffError):
    """What cannot be done with a pay run as it stands; the text says why and what to do."""


def draft(*, council: Council, to_on: date, by: User, at: datetime) -> PayRun:
    """
    Draft a run of everything that is new for visits up to a day. PayRunError where one is drafted, or nothing is new.
    """
    with act(council=council.pk, by=by, at=at) as doing:
        if PayRun.objects.filter(council=council, state=PayRun.DRAFT).exists():
            raise PayRunError("A pay run is drafted already. Approve it or drop it first. Nothing was drafted.")
        settle_up_to(council, to_on, doing.at)
        new = list(unpaid(council, to_on))
        if not new:
            raise PayRunError(f"Nothing is new for visits up to {to_on:%-d %B %Y}. Nothing was drafted.")
        last = PayRun.objects.filter(council=council).aggregate(number=Max("number"))["number"] or 0
        run = PayRun.objects.create(
            council=council,
            number=last + 1,
            token=draw(),
            from_on=min(one.on for one in new),
            to_on=to_on,
            made_by=by,
            made_identity=by.identity_id,
            made_at=doing.at,
        )
        PayLine.objects.bulk_create(lines_of(run, new), batch_size=1_000)
        doing.record(
            "pay_run_drafted", f"PAY-{run.number}", {"lines": len(new), "pence": total(run), "to_on": to_on.isoformat()}
        )
    return run


def settle_up_to(council: Council, to_on: date, at: datetime) -> None:
    """Work out what every visit up to a day is worth that nobody has looked at yet: those missed bring no file."""
    known = Entitlement.objects.filter(council=council, anchor=OuterRef("reference"))
    open_still = PlannedVisit.objects.filter(
        council=council, on__lte=to_on, superseded_at=None, cancelled=False
    ).exclude(Exists(known))
    days: dict[int, list[date]] = {}
    for person, on in open_still.values_list("person", "on"):
        days.setdefault(person, []).append(on)
    for person, every in sorted(days.items()):
        entitle(council=council, person=person, weeks=Weeks.around(every), at=at)


def unpaid(council: Council, to_on: date) -> Sequence[Entitlement]:
    """The versions that stand in no run yet, of visits up to a day, in their order."""
    rows = Entitlement.objects.filter(council=council, on__lte=to_on, line__isnull=True)
    return list(rows.order_by("anchor", "component", "number"))


def lines_of(run: PayRun, new: Sequence[Entitlement]) -> list[PayLine]:
    """The lines of new versions: each what it adds to the version before."""
    anchors = {one.anchor for one in new}
    before: dict[tuple[str, str, int], int] = {}
    every = sorted(anchors)
    for first in range(0, len(every), 500):
        rows = Entitlement.objects.filter(council=run.council_id, anchor__in=every[first : first + 500])
        for anchor, component, number, pence in rows.values_list("anchor", "component", "number", "pence"):
            before[anchor, component, number] = pence
    return [
        PayLine(
            council_id=run.council_id,
            run=run,
            entitlement=one,
            pence=one.pence - before.get((one.anchor, one.component, one.number - 1), 0),
        )
        for one in new
    ]


def total(run: PayRun) -> int:
    """What a run pays in all, in pence."""
    return run.lines.aggregate(pence=Sum("pence"))["pence"] or 0


def drop(*, run: PayRun, by: User, at: datetime) -> None:
    """Drop a draft: its lines go back to what is new."""
    with act(council=run.council_id, by=by, at=at) as doing:
        run = _locked(run, PayRun.DRAFT)
        run.lines.all().delete()
        run.state = PayRun.DROPPED
        run.save(update_fields=("state",))
        doing.record("pay_run_dropped", f"PAY-{run.number}")


def approve(*, run: PayRun, shown_pence: int, by: User, at: datetime) -> PayRun:
    """
    Approve a run as another person than its maker, at the total that was shown; its journal is posted and sealed.

    PayRunError for one's own draft, or where the total is another by now.
    """
    with act(council=run.council_id, by=by, at=at) as doing:
        run = _locked(run, PayRun.DRAFT)
        if run.made_identity == by.identity_id:
            raise PayRunError("You drafted this run, so another person must approve it. Nothing was approved.")
        if total(run) != shown_pence:
            raise PayRunError("The total has changed since you looked. Look again. Nothing was approved.")
        run.state, run.approved_by, run.approved_identity = PayRun.APPROVED, by, by.identity_id
        run.approved_at = doing.at
        run.save()
        ledger.post(council=run.council_id, journal=f"PAY-{run.number}", entries=entries_of(run), at=doing.at, run=run)
        doing.record("pay_run_approved", f"PAY-{run.number}", {"pence": shown_pence})
    return run


def entries_of(run: PayRun) -> list[Entry]:
    """A run's journal: for each contract what its lines come to, as cost and as owed to the provider."""
    sums = run.lines.values("entitlement__branch", "entitlement__enrolment").annotate(pence=Sum("pence"))
    entries = []
    for row in sums.order_by("entitlement__branch", "entitlement__enrolment"):
        branch, enrolment = row["entitlement__branch"], row["entitlement__enrolment"]
        entries.append(Entry(ledger.CARE_COST, row["pence"], branch, enrolment))
        entries.append(Entry(ledger.PROVIDER_PAYABLE, -row["pence"], branch, enrolment))
    return entries


def release(*, run: PayRun, by: User, at: datetime) -> PayRun:
    """Release an approved run to be paid: what was owed is on its way to the bank."""
    with act(council=run.council_id, by=by, at=at) as doing:
        run = _locked(run, PayRun.APPROVED)
        run.state, run.released_at = PayRun.RELEASED, doing.at
        run.save(update_fields=("state", "released_at"))
        sums = run.lines.values("entitlement__branch", "entitlement__enrolment").annotate(pence=Sum("pence"))
        entries = [
            Entry(account, sign * row["pence"], row["entitlement__branch"], row["entitlement__enrolment"])
            for row in sums.order_by("entitlement__branch", "entitlement__enrolment")
            for account, sign in ((ledger.PROVIDER_PAYABLE, 1), (ledger.BANK_CLEARING, -1))
        ]
        ledger.post(council=run.council_id, journal=f"PAID-{run.number}", entries=entries, at=doing.at, run=run)
        doing.record("pay_run_released", f"PAY-{run.number}", {"pence": total(run)})
    return run


def _locked(run: PayRun, state: str) -> PayRun:
    again = PayRun.objects.select_for_update().get(pk=run.pk)
    if again.state != state:
        raise PayRunError(f"Pay run {again.number} is {again.state} by now, so nothing was done.")
    return again
