"""Notices: what somebody was told, what of it is new, and that it was read. And what the system works at."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from calloff.web.accounts.services import passing
from calloff.web.accounts.views import SignedIn, permissions_at, to_second_factor
from calloff.web.config.look import words
from calloff.web.config.look.exports import KINDS, export
from calloff.web.config.look.lists import Paging
from calloff.web.config.look.parts import Tab
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.jobs.models import Job, Notice
from calloff.web.jobs.services import SUBJECTS, long, long_kinds, mark_read, notices_of, unread

NEW, ALL = "new", "all"
NUMBER = re.compile("[0-9]{1,18}")


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


# What the system works at

Desk = Callable[[SignedIn], HttpResponseBase]


def at_desk(view: Desk) -> Callable[[HttpRequest], HttpResponseBase]:
    """For whoever has signed in with both factors: which jobs they see and may end hangs on their rights about each."""

    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path() if request.method == "GET" else reverse("work"))
        if not passing.second_factor(request):
            return to_second_factor(request)
        return view(cast(SignedIn, request))

    return guarded


@require_safe
@at_desk
def work(request: SignedIn) -> HttpResponseBase:
    """The long jobs of one's council about which one has a right: how far each is."""
    council, rights = request.council_id, permissions_at(request)
    found = long.in_hand(council, rights, timezone.now()) if council is not None else []
    return render(request, "jobs/work.html", {"work": found})


def _carry_out(request: SignedIn, act: Callable[..., None], done: str) -> HttpResponseBase:
    """Something done with a job of one's council, by whoever has a right about its kind; then what is in hand."""
    number, council = request.POST.get("job", ""), request.council_id
    if council is None or not NUMBER.fullmatch(number):
        raise Http404
    job = Job.objects.filter(pk=int(number), council=council).first()
    kind = long_kinds().get(job.kind) if job is not None else None
    if kind is None or not set(kind.rights) & permissions_at(request):
        raise Http404
    try:
        act(job=job, by=request.user, at=timezone.now())
    except long.LongJobError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    return redirect("work")


@require_POST
@at_desk
def cancel(request: SignedIn) -> HttpResponseBase:
    """Cancel a long job, or put off what is left of it."""
    return _carry_out(request, long.cancel, _("It ends where nothing is half done."))


@require_POST
@at_desk
def go_on(request: SignedIn) -> HttpResponseBase:
    """Go on with a job that was put off."""
    return _carry_out(request, long.go_on, _("It goes on."))
