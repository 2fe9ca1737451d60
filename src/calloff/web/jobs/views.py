"""Notices: what somebody was told, what of it is new, and that it was read."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from calloff.web.config.look import words
from calloff.web.config.look.exports import KINDS, export
from calloff.web.config.look.lists import Paging
from calloff.web.config.look.parts import Tab
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.jobs.models import Notice
from calloff.web.jobs.services import SUBJECTS, mark_read, notices_of, unread

NEW, ALL = "new", "all"


@require_safe
def notices(request: HttpRequest) -> HttpResponseBase:
    """What one was told, the latest first; the new ones unless all are asked for."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    user, now = request.user, timezone.now()
    tab = ALL if request.GET.get("show") == ALL else NEW
    rows, new = notices_of(user), unread(user)
    shown = rows if tab == ALL else rows.filter(read_at=None, withdrawn_at=None)
    if (kind := request.GET.get("as", "")) in KINDS:
        told = ([one.created_at, str(SUBJECTS.get(one.kind, one.kind)), one.about, one.read_at] for one in shown)
        return export(told, [_("When"), _("What"), _("About"), _("Read")], "notices", kind)
    paging = Paging.asked_for(request.GET.get("page"), shown.count(), f"?show={tab}")
    context = {
        "query": f"?show={tab}",
        "tabs": [
            Tab(_("New"), f"?show={NEW}", tab == NEW, new),
            Tab(_("All"), f"?show={ALL}", tab == ALL),
        ],
        "table": table_of(list(shown[paging.rows]), now, tab),
        "paging": paging,
        "new": new,
        "until": now.isoformat(),
    }
    return render(request, "jobs/notices.html", context)


def table_of(page: list[Notice], now: datetime, tab: str) -> Table:
    """One row for each notice; its words lead to what it is about."""
    columns = [Column(_("When")), Column(_("What"), names_row=True), Column(_("About")), Column(_("By e-mail"))]
    mail = {
        Notice.WAITING: _("on its way"),
        Notice.SENT: _("sent"),
        Notice.FAILED: _("did not arrive"),
        Notice.QUIET: _("not sent"),
    }
    rows = [
        Row(
            [
                Cell(words.moment(one.created_at, now)),
                Cell(
                    str(SUBJECTS.get(one.kind, one.kind)),
                    url=one.link,
                    tag=_("no longer so") if one.withdrawn_at else "" if one.read_at else _("new"),
                    tone="grey" if one.withdrawn_at else "blue",
                ),
                Cell(one.about),
                Cell(mail[one.email_state]),
            ],
            url=one.link,
        )
        for one in page
    ]
    empty = _("Nothing new. What needs you, or changes what you wait for, is told here and by e-mail.")
    if tab == ALL:
        empty = _("You were told nothing yet. What needs you is told here and by e-mail.")
    return Table(_("Notices"), columns, rows, empty=empty, quiet_caption=True)


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark as read what was there when the page was shown; what came since stays new."""
    if not request.user.is_authenticated:
        return redirect_to_login("/notices")
    until = parse_datetime(request.POST.get("until", ""))
    if until is None or until.tzinfo is None:
        raise BadRequest("the moment up to which notices were read is missing")
    mark_read(user=request.user, until=until, at=timezone.now())
    return redirect("notices")
