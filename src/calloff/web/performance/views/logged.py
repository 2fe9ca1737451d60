"""How comings and leavings are logged, provider by provider, and what was entered by hand, by reason: K16."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from calloff.domain.calendar import local
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.config.look.exports import Value, export
from calloff.web.config.look.ledger import Ledger
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.performance import services
from calloff.web.performance.services.logged import TARGET_PERCENT, Logged, Reason, logged_between, logged_by_week
from calloff.web.performance.views.figures import days_of, in_percent, numbers_of, pages, percent, week_points
from calloff.web.performance.views.visits import WEEKS, term

MOST_REASONS = 3
"""So many reasons of a provider stand on the page; the file has all of them."""


@allowed("see_ledger")
@require_safe
def logged(request: SignedIn) -> HttpResponse:
    """Every provider's logging in the ledger's last weeks, whoever logs least first."""
    today = local(timezone.now()).date()
    ends = services.weeks_until(today)[-WEEKS:]
    shares = logged_by_week(request.council, [days_of(end) for end in ends])
    drawing = Ledger(
        _("Attendances logged at both ends"),
        _("per cent"),
        week_points(ends, shares),
        target=TARGET_PERCENT,
        target_label=_("target 85%"),
        target_is_limit=False,
    )
    context = {
        "pages": pages(request),
        "term": term(today),
        "drawing": drawing,
        "table": table_of(logged_between(request.council, *term(today))),
        "csv": reverse("unmet_logged_csv"),
        "xlsx": reverse("unmet_logged_xlsx"),
    }
    return render(request, "performance/logged.html", context)


def table_of(every: Sequence[Logged]) -> Table:
    """One row for each provider, numbered by its place."""
    columns = [Column(_("Place"), number=True), Column(_("Provider"), names_row=True)]
    columns += [Column(_("Logged"), number=True), Column(_("By hand"), number=True), Column(_("Most often because"))]
    rows = []
    for place, one in enumerate(every, 1):
        below_target = one.share.part * 100 < one.share.whole * TARGET_PERCENT
        tag = _("below target") if below_target else ""
        share = Cell(percent(one.share), below=numbers_of(one.share), tag=tag, tone="orange")
        by_hand = one.share.whole - one.share.part
        why = "; ".join(f"{said(reason)} ({reason.count:,})" for reason in one.reasons[:MOST_REASONS])
        rows.append(Row([Cell(f"{place}"), Cell(one.branch.name), share, Cell(f"{by_hand:,}"), Cell(why)]))
    empty = _("No attendance was sent for these weeks. They appear once providers send what they delivered.")
    return Table(_("Providers"), columns, rows, empty=empty, quiet_caption=True, wide=True)


def said(reason: Reason) -> str:
    """Why something was entered by hand, in words."""
    if not reason.code:
        return _("a leaving that nobody logged")
    return reason.words or _("%(code)s, which is on no list of yours") % {"code": reason.code}


@allowed("see_ledger")
@require_safe
def logged_file(request: SignedIn, kind: str) -> HttpResponseBase:
    """One row for each provider and reason; a provider that entered nothing by hand has one of no reason."""
    today = local(timezone.now()).date()
    columns = [_("Provider"), _("Attendances"), _("Logged"), _("Code"), _("Reason"), _("By hand")]
    return export(in_file(logged_between(request.council, *term(today))), columns, "logging-by-provider", kind)


def in_file(every: Sequence[Logged]) -> Iterator[list[Value]]:
    """Providers and their reasons as values."""
    for one in every:
        told: list[Value] = [one.branch.name, one.share.whole, in_percent(one.share)]
        for reason in one.reasons:
            yield [*told, reason.code, said(reason), reason.count]
        if not one.reasons:
            yield [*told, "", "", 0]
