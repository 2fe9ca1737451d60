"""Requests as lists: one's own, those of the hub and all that were sent, how far each is, and the same as a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from calloff.documents.wording import say
from calloff.domain.calendar import local
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.brokerage.forms import words as codes
from calloff.web.brokerage.forms.typed import capital
from calloff.web.brokerage.models import Person, Request
from calloff.web.brokerage.services import standing
from calloff.web.brokerage.services.people import saw_each
from calloff.web.brokerage.views.requests import readable, standing_words
from calloff.web.config.look import words
from calloff.web.config.look.exports import export
from calloff.web.config.look.lists import Choice, Filter, FilterState, Paging
from calloff.web.config.look.parts import Tab
from calloff.web.config.look.tables import Cell, Column, Row, Table


@dataclass(frozen=True)
class Listed:
    """One list of requests: its rows, whether it names the people, and what fills it."""

    rows: QuerySet[Request]
    named: bool
    empty: str


def lists_for(request: SignedIn, may: frozenset[str]) -> dict[str, tuple[str, Listed]]:
    """The lists that a user has, by code, the first being what they work from."""
    rows = readable(request, may)
    found: dict[str, tuple[str, Listed]] = {}
    if "approve_request" in may:
        waiting = rows.filter(state=Request.WAITING).order_by("priority", "raised_at", "pk")
        empty = _("Nothing waits for approval. What somebody sends comes here.")
        found["waiting"] = (_("Waiting for approval"), Listed(waiting, False, empty))
    if "raise_request" in may:
        mine = rows.filter(raised_identity=request.user.identity_id).order_by("-touched_at", "-pk")
        empty = _("You have written no request. Find the person it is for, and begin.")
        found["mine"] = (_("My requests"), Listed(mine, True, empty))
    if "record_discharge_facts" in may:
        hub = rows.filter(from_hub=True).exclude(state=Request.DRAFT).order_by("-touched_at", "-pk")
        found["hub"] = (_("The hub’s requests"), Listed(hub, True, _("The hub has asked for nothing yet.")))
    if may & {"approve_request", "work_package"}:
        every = rows.exclude(state=Request.DRAFT).order_by("-touched_at", "-pk")
        found["all"] = (_("All"), Listed(every, False, _("Nobody has sent a request yet.")))
    return found


STATES = (Request.DRAFT, Request.WAITING, Request.APPROVED, Request.REFUSED, Request.WITHDRAWN)


def state_filter() -> Filter:
    """The one question by which the lists are narrowed."""
    names = {
        Request.DRAFT: _("draft"),
        Request.WAITING: _("waiting for approval"),
        Request.APPROVED: _("approved"),
        Request.REFUSED: _("refused"),
        Request.WITHDRAWN: _("taken back"),
    }
    return Filter("state", _("State"), [Choice(state, names[state]) for state in STATES], _("any"))


def chosen_list(
    request: SignedIn, lists: Mapping[str, tuple[str, Listed]]
) -> tuple[FilterState, str, QuerySet[Request]]:
    """The list that the address names, and its rows; not found for somebody who has none."""
    if not lists:
        raise Http404
    state = FilterState([state_filter()], request.GET, {"tab": tuple(lists)})
    tab = state.code("tab") or next(iter(lists))
    rows = lists[tab][1].rows
    return state, tab, rows.filter(state=state.code("state")) if state.code("state") else rows


@allowed("see_request_status")
@require_safe
def requests_file(request: SignedIn, kind: str) -> HttpResponseBase:
    """The list of the address as a file, which names nobody."""
    rows = chosen_list(request, lists_for(request, permissions_at(request)))[2]
    return export(exported(rows, timezone.now()), export_columns(), "requests", kind)


@allowed("see_request_status")
@require_safe
def requests(request: SignedIn) -> HttpResponse:
    """My requests, what waits for me, and all, as far as one may read them."""
    may, now = permissions_at(request), timezone.now()
    lists = lists_for(request, may)
    state, tab, rows = chosen_list(request, lists)
    listing = lists[tab][1]
    paging = Paging.asked_for(request.GET.get("page"), rows.count(), state.address())
    shown = list(rows[paging.rows])
    if listing.named:
        people = [row.person for row in shown if row.person is not None]
        saw_each(people, council=request.council, user=request.user, screen="requests", at=now)
    counted = {code: one.rows.count() for code, (_label, one) in lists.items()}
    told = {
        "tabs": [
            Tab(label, state.address(tab=code), active=code == tab, count=counted[code])
            for code, (label, _one) in lists.items()
        ],
        "state": state,
        "narrows": tab != "waiting",
        "paging": paging,
        "table": table_of(shown, lists[tab][0], listing, tab, now),
        "query": state.address(tab=tab),
        "may": may,
    }
    return render(request, "brokerage/requests.html", told)


def table_of(rows: Sequence[Request], caption: str, listing: Listed, tab: str, now: datetime) -> Table:
    """Requests as rows, each opening what is done with it next."""
    today, far = local(now).date(), standing.standings(rows)
    columns = [
        Column(_("Request"), names_row=True),
        Column(_("Person")),
        Column(_("Hours"), number=True, unit=_("a week")),
        Column(_("Why")),
        Column(_("How far")),
        Column(_("Raised by") if tab in ("waiting", "all") else _("Last changed")),
    ]
    told = []
    for row in rows:
        text, tone = standing_words(far[row.pk], today)
        who = _who(row.person, listing.named, today)
        draft, waiting = row.state == Request.DRAFT, tab == "waiting"
        url = reverse("request_week" if draft else "approval" if waiting else "request", args=(row.reference,))
        reference = Cell(row.reference, url=url, below=_("change of need") if row.changes_package else "")
        hours = words.hours(row.minutes_per_week) if not draft else ""
        why = "" if draft else capital(say("priorities", f"P{row.priority}"))
        last = Cell(words.moment(row.touched_at, now))
        if tab in ("waiting", "all"):
            last = Cell(row.raised_by.identity.name, below=words.moment(row.raised_at, now))
        told.append(Row([reference, Cell(who), Cell(hours), Cell(why), Cell(tag=text, tone=tone), last], url=url))
    empty = listing.empty if not rows else ""
    return Table(caption, columns, told, empty=empty, quiet_caption=True)


def _who(person: Person | None, named: bool, today: date) -> str:
    if person is None:
        return ""
    return person.name if named else codes.person_without_name(person, today)


def export_columns() -> list[str]:
    """The headings of the file, which names nobody."""
    return [
        _("Request"),
        _("Package"),
        _("Minutes a week"),
        _("Priority"),
        _("How far"),
        _("Day"),
        _("Raised at"),
        _("Decided at"),
    ]


def exported(rows: QuerySet[Request], now: datetime) -> Iterable[Sequence[Any]]:
    """The rows of the file, a few hundred at a time."""
    today, batch = local(now).date(), 500
    for first in range(0, rows.count(), batch):
        part = list(rows[first : first + batch])
        far = standing.standings(part)
        for row in part:
            one = far[row.pk]
            package = one.package.reference if one.package else row.changes_package
            text = standing_words(standing.Standing(one.code), today)[0]
            priority = "" if row.state == Request.DRAFT else f"P{row.priority}"
            yield [
                row.reference,
                package,
                row.minutes_per_week,
                priority,
                text,
                one.on,
                row.raised_at,
                row.decided_at,
            ]
