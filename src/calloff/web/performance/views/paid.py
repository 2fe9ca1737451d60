"""How providers were paid: days to pay, what was disputed of what was claimed, and adjustments of provisions: K29."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from calloff.domain.calendar import local
from calloff.domain.indicators import Share
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.config.look import words
from calloff.web.config.look.exports import Value, export
from calloff.web.config.look.ledger import Ledger, Point
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.performance import services
from calloff.web.performance.services.paid import Paid, days_by_week, paid_between
from calloff.web.performance.views.figures import days_of, in_percent, pages, percent

WEEKS = 13
"""So many weeks are counted, the current one included: a provider may be paid but once a month."""


def term(today: date) -> tuple[date, date]:
    """The weeks that are counted, as days."""
    return days_of(services.weeks_until(today)[-WEEKS])[0], today


@allowed("see_ledger")
@require_safe
def paid(request: SignedIn) -> HttpResponse:
    """How every provider was paid in the ledger's last weeks, whoever waited longest first."""
    today = local(timezone.now()).date()
    context = {
        "pages": pages(request),
        "term": term(today),
        "drawing": drawing(request, today),
        "table": table_of(paid_between(request.council, *term(today))),
        "csv": reverse("unmet_paid_csv"),
        "xlsx": reverse("unmet_paid_xlsx"),
    }
    return render(request, "performance/paid.html", context)


def drawing(request: SignedIn, today: date) -> Ledger:
    """Days to pay, week by week."""
    ends = services.weeks_until(today)[-WEEKS:]
    days = days_by_week(request.council, [days_of(end) for end in ends])
    points = [
        Point(f"{end.day} {end:%b}", number, _("%(days)d days") % {"days": number})
        for end, number in zip(ends, days, strict=True)
        if number is not None
    ]
    return Ledger(_("Days from the last visit until half of the payments had left"), _("days"), points)


def table_of(every: Sequence[Paid]) -> Table:
    """One row for each provider."""
    columns = [Column(_("Provider"), names_row=True), Column(_("Payments"), number=True)]
    columns += [Column(_("Days to pay, median"), number=True), Column(_("Days to pay, 90%"), number=True)]
    columns += [Column(_("Too late"), number=True), Column(_("Disputed"), number=True)]
    columns += [Column(_("Adjusted"), number=True)]
    rows = []
    for one in every:
        days = [Cell("–" if number is None else f"{number}") for number in (one.days, one.most_days)]
        interest = _("interest %(money)s") % {"money": words.money(one.interest_pence)} if one.interest_pence else ""
        late = Cell(f"{one.late}" if one.payments else "–", below=interest)
        shares = [Cell(percent(share), below=_money(share)) for share in (one.disputed, one.adjusted)]
        rows.append(Row([Cell(one.branch.name), Cell(f"{one.payments}"), *days, late, *shares]))
    empty = _("Nothing was paid and nothing claimed in these weeks.")
    return Table(_("Providers"), columns, rows, empty=empty, quiet_caption=True, wide=True)


def _money(share: Share) -> str:
    if not share.whole:
        return ""
    return _("%(part)s of %(whole)s") % {"part": words.money(share.part), "whole": words.money(share.whole)}


@allowed("see_ledger")
@require_safe
def paid_file(request: SignedIn, kind: str) -> HttpResponseBase:
    """The same rows as a file, amounts in pounds and shares in per cent."""
    columns = [_("Provider"), _("Payments"), _("Days to pay, median"), _("Days to pay, 90%"), _("Too late")]
    columns += [_("Interest (£)"), _("Disputed (£)"), _("Claimed (£)"), _("Disputed"), _("Adjusted (£)")]
    columns += [_("Provided for (£)"), _("Adjusted")]
    today = local(timezone.now()).date()
    told = (in_file(one) for one in paid_between(request.council, *term(today)))
    return export(told, columns, "payment-by-provider", kind)


def in_file(one: Paid) -> list[Value]:
    """One provider's figures as values."""
    found: list[Value] = [one.branch.name, one.payments, one.days, one.most_days, one.late, one.interest_pence / 100]
    for share in (one.disputed, one.adjusted):
        found += [share.part / 100, share.whole / 100, in_percent(share)]
    return found
