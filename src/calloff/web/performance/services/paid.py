"""
How providers were paid (K29): days to pay, what was disputed of what was claimed, and what was adjusted of provisions.

Assumed: days to pay run from the last day of the visits to the day on which the money left, of payments that left in
the days looked at and did not come back; what is paid ahead took none. A line is disputed once its provider said so,
whatever came of it, with what it is worth. Adjustments are differences of either sign between a visit's provision and
what it is worth now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Abs

from calloff.domain.calendar import local
from calloff.domain.indicators import HALF, NINE_TENTHS, Share, ranked
from calloff.web.directory.models import Branch, Council
from calloff.web.payments.models import Entitlement, Hold, Payment
from calloff.web.payments.services.waiting import PaidIn, days_to_pay
from calloff.web.performance.services.indicators import in_days


@dataclass(frozen=True)
class Paid:
    """
    How one provider was paid: days to pay, of half and of nine tenths of its payments, and how many left too late.

    `disputed` are pence of what was claimed, `adjusted` pence of what was provided for from the plan.
    """

    branch: Branch
    payments: int
    days: int | None
    most_days: int | None
    late: int
    interest_pence: int
    disputed: Share
    adjusted: Share


def paid_between(council: Council, from_on: date, to_on: date) -> list[Paid]:
    """Of each provider how it was paid in some days, whoever waited longest first."""
    sent, claimed = _sent(council, from_on, to_on), _claimed(council, from_on, to_on)
    adjusted = _adjusted(council, from_on, to_on)
    branches = Branch.objects.filter(pk__in={*sent, *claimed, *adjusted})
    nothing = Share(0, 0)
    found = [
        _of_provider(one, sent.get(one.pk, []), claimed.get(one.pk, nothing), adjusted.get(one.pk, nothing))
        for one in branches
    ]
    return sorted(found, key=lambda one: (one.days is None, -(one.days or 0), one.branch.name))


def _of_provider(branch: Branch, sent: Sequence[PaidIn], disputed: Share, adjusted: Share) -> Paid:
    days = [_days(one) for one in sent]
    return Paid(
        branch=branch,
        payments=len(sent),
        days=ranked(days, HALF),
        most_days=ranked(days, NINE_TENTHS),
        late=sum(one.late_days > 0 for one in sent),
        interest_pence=sum(one.interest_pence for one in sent),
        disputed=disputed,
        adjusted=adjusted,
    )


def _sent(council: Council, from_on: date, to_on: date) -> Mapping[int, list[PaidIn]]:
    since, until = in_days(from_on, to_on)
    rows = Payment.objects.filter(council=council, state=Payment.SENT, sent_at__gte=since, sent_at__lt=until)
    found: dict[int, list[PaidIn]] = defaultdict(list)
    for one in days_to_pay(council, rows.select_related("run")):
        found[one.payment.branch_id].append(one)
    return found


def _last(council: Council, from_on: date, to_on: date) -> QuerySet[Entitlement]:
    """The last version of whatever is worth something in some days."""
    later = Entitlement.objects.filter(
        council=OuterRef("council"),
        anchor=OuterRef("anchor"),
        component=OuterRef("component"),
        number__gt=OuterRef("number"),
    )
    return Entitlement.objects.filter(council=council, on__range=(from_on, to_on)).exclude(Exists(later))


def _claimed(council: Council, from_on: date, to_on: date) -> Mapping[int, Share]:
    """Of each provider the pence that were disputed, of all that was claimed."""
    last = _last(council, from_on, to_on)
    every = {row["branch"]: row["pence"] for row in last.values("branch").annotate(pence=Sum("pence"))}
    disputed = Hold.objects.filter(
        council=OuterRef("council"), anchor=OuterRef("anchor"), component=OuterRef("component"), kind=Hold.DISPUTE
    )
    said: Any = last.filter(Exists(disputed)).values("branch").annotate(pence=Sum("pence"))
    parts = {row["branch"]: row["pence"] for row in said}
    return {branch: Share(parts.get(branch, 0), pence) for branch, pence in every.items()}


def _adjusted(council: Council, from_on: date, to_on: date) -> Mapping[int, Share]:
    """Of each provider the pence by which provisions were adjusted, of all that was provided for."""
    versions = Entitlement.objects.filter(
        council=OuterRef("council"), anchor=OuterRef("anchor"), component=OuterRef("component")
    )
    first = Entitlement.objects.filter(council=council, on__range=(from_on, to_on), number=1, reason="provision")
    told = first.annotate(now=Subquery(versions.order_by("-number").values("pence")[:1]))
    sums: Any = told.values("branch").annotate(planned=Sum("pence"), moved=Sum(Abs(F("now") - F("pence"))))
    return {row["branch"]: Share(row["moved"], row["planned"]) for row in sums}


def days_by_week(council: Council, weeks: Sequence[tuple[date, date]]) -> list[int | None]:
    """Within how many days half of the payments of each week had left, of the whole council; None of no payment."""
    since, until = in_days(weeks[0][0], weeks[-1][1])
    rows = Payment.objects.filter(council=council, state=Payment.SENT, sent_at__gte=since, sent_at__lt=until)
    sent = days_to_pay(council, rows.select_related("run"))
    found = [(local(one.payment.sent_at).date(), _days(one)) for one in sent]
    return [ranked([days for on, days in found if first <= on <= last], HALF) for first, last in weeks]


def _days(one: PaidIn) -> int:
    return max(0, one.days)
