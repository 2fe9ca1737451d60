"""What needs somebody before money goes out: lines that wait, payments that came back, files that did not come."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Max

from calloff.domain.calendar import local, week_begins
from calloff.domain.payment import late_interest
from calloff.domain.visits import Mark
from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders
from calloff.web.audit.services import act
from calloff.web.directory.models import Branch, Council
from calloff.web.jobs import services as jobs
from calloff.web.payments.models import Advance, Entitlement, Hold, Payment, PayRun
from calloff.web.payments.services import ledger
from calloff.web.payments.services.terms import TermsBook
from calloff.web.visits.models import PlannedVisit, VisitFile


@dataclass(frozen=True)
class Line:
    """An unpaid version of what a visit is worth, and what it would add."""

    entitlement: Entitlement
    hold: Hold | None


@dataclass(frozen=True)
class Silent:
    """A provider with planned visits in a week, of which it has sent nothing."""

    branch: Branch
    visits: int
    last_sent_at: datetime | None


def open_holds(council: Council) -> dict[str, int]:
    """How many lines wait, by reason."""
    rows = Hold.objects.filter(council=council, state=Hold.OPEN).values("reason").annotate(count=Count("pk"))
    return {row["reason"]: row["count"] for row in rows.order_by("-count", "reason")}


def overdue(council: Council, now: datetime) -> int:
    """How many disputes should have been answered by now."""
    return Hold.objects.filter(council=council, state=Hold.OPEN, kind=Hold.DISPUTE, reply_by__lt=now).count()


def silent(council: Council, now: datetime) -> list[Silent]:
    """Who has sent nothing of the last whole week, though visits of it were planned."""
    monday = week_begins(local(now).date()) - timedelta(days=7)
    planned = PlannedVisit.objects.filter(
        council=council, on__range=(monday, monday + timedelta(days=6)), superseded_at=None, cancelled=False
    )
    counts = {row["branch"]: row["count"] for row in planned.values("branch").annotate(count=Count("pk"))}
    files = VisitFile.objects.filter(council=council, state=VisitFile.ACCEPTED, branch__in=list(counts))
    last = {row["branch"]: row["last"] for row in files.values("branch").annotate(last=Max("sent_at"))}
    branches = Branch.objects.in_bulk(list(counts))
    found = [
        Silent(branches[branch], count, last.get(branch))
        for branch, count in counts.items()
        if branch not in last or local(last[branch]).date() <= monday
    ]
    return sorted(found, key=lambda one: one.branch.name)


def chase(*, council: Council, branch: Branch, by: User, at: datetime) -> int:
    """Remind a provider's people that nothing of last week has come; how many were told, each once a day."""
    with act(council=council.pk, by=by, at=at) as doing:
        day = local(doing.at).date()
        people = list(holders("portal_visits", branch_id=branch.pk, on=day))
        for user in people:
            key = f"file-missing-{branch.pk}-{day.isoformat()}"
            jobs.tell(
                user, "file_missing", council.name, council=council.pk, key=key, at=doing.at, link="/provider/visits"
            )
        doing.record("file_chased", branch.reference, {"people": len(people)})
    return len(people)


def queried(council: Council) -> int:
    """How many unpaid visits are paid as planned though little was delivered."""
    bits = F("marks").bitand(int(Mark.QUERY))
    rows = Entitlement.objects.filter(council=council, line__isnull=True).annotate(has=bits)
    return rows.filter(has__gt=0).count()


def returned(council: Council) -> list[Payment]:
    """Payments that a bank sent back and that nothing has replaced yet."""
    rows = Payment.objects.filter(council=council, state=Payment.RETURNED).select_related("branch", "run")
    owed = {branch for (branch, _), pence in ledger.owed(council.pk).items() if pence > 0}
    return [one for one in rows.order_by("-returned_at") if one.branch_id in owed]


def asked_advances(council: Council) -> list[Advance]:
    """Part-payments that wait for a second person."""
    rows = Advance.objects.filter(council=council, state=Advance.ASKED).select_related("branch", "asked_by__identity")
    return list(rows.order_by("asked_at"))


def stopped_run(council: Council) -> PayRun | None:
    """The last run, where it could not be prepared."""
    last = PayRun.objects.filter(council=council).order_by("-number").first()
    return last if last is not None and last.problem else None


@dataclass(frozen=True)
class PaidIn:
    """How long a payment took, and what its lateness costs."""

    payment: Payment
    days: int
    late_days: int
    interest_pence: int


def days_to_pay(council: Council, payments: Iterable[Payment]) -> list[PaidIn]:
    """Of each payment the days from the end of its period, those beyond the term, and the interest that is due."""
    book, found = TermsBook(council.pk), []
    for one in payments:
        sent_on = local(one.sent_at).date()
        late = max(0, (sent_on - one.due_on).days)
        rate = book.of(None, one.run.to_on).interest_basis_points
        days = (sent_on - one.run.to_on).days
        found.append(PaidIn(one, days, late, late_interest(one.pence, late, rate)))
    return found


def expected(council: Council | None, branches: Iterable[int]) -> list[Line]:
    """What some branches will be paid next, line by line, with whatever makes a line wait."""
    rows = Entitlement.objects.filter(branch__in=list(branches), line__isnull=True).select_related(
        "enrolment", "council"
    )
    if council is not None:
        rows = rows.filter(council=council)
    holds = {
        (one.council_id, one.anchor, one.component): one
        for one in Hold.objects.filter(branch__in=list(branches), state=Hold.OPEN)
    }
    return [
        Line(one, holds.get((one.council_id, one.anchor, one.component)))
        for one in rows.order_by("on", "anchor", "component", "number")
    ]
