"""Requests as lists and one by one: how far each is, and what whoever may read it can do next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from calloff.documents.wording import listed, say
from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.audit.services import saw
from calloff.web.brokerage.forms import words as codes
from calloff.web.brokerage.forms.requests import EXCLUSION_WORDS, typed_needs, typed_week
from calloff.web.brokerage.forms.typed import capital
from calloff.web.brokerage.forms.week import TASK_WORDS
from calloff.web.brokerage.models import Package, Person, Request
from calloff.web.brokerage.services import requests as requesting
from calloff.web.brokerage.services import standing
from calloff.web.brokerage.services import wanted as wanting
from calloff.web.brokerage.services.people import saw_each
from calloff.web.brokerage.services.wanted import Wanted
from calloff.web.config.look import words
from calloff.web.config.look.exports import export
from calloff.web.config.look.lists import Choice, Filter, FilterState, Paging
from calloff.web.config.look.parts import Fact, Tab
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.config.look.week import Week
from calloff.web.directory.models import Branch


def readable(request: SignedIn, may: frozenset[str]) -> QuerySet[Request]:
    """The requests that a user may read: one's own; the hub's, for the hub; every sent one, for who works on them."""
    own = Q(raised_identity=request.user.identity_id)
    sent = ~Q(state=Request.DRAFT)
    if may & {"approve_request", "work_package"}:
        own |= sent
    elif "record_discharge_facts" in may:
        own |= sent & Q(from_hub=True)
    rows = Request.objects.filter(own, council=request.council_id).exclude(state=Request.THROWN_AWAY)
    return rows.select_related("person__area__locality", "raised_by__identity", "decided_by__identity")


def request_of(request: SignedIn, reference: str) -> Request:
    """The request of this address, if the user may read it; anything else is not found."""
    return get_object_or_404(readable(request, permissions_at(request)), reference=reference)


def own_draft(request: SignedIn, reference: str) -> Request:
    """One's own draft; anything else is not found."""
    rows = Request.objects.filter(
        council=request.council_id, state=Request.DRAFT, raised_identity=request.user.identity_id
    )
    return get_object_or_404(rows.select_related("person__area__locality", "council"), reference=reference)


# How far a request is, in plain words


def standing_words(one: standing.Standing, today: date) -> tuple[str, str]:
    """How far a request is, and the tone of its tag: nothing of prices, nobody's name."""
    on = words.day(one.on, today) if one.on is not None else ""
    told = {
        standing.DRAFT: (_("draft"), "grey"),
        standing.WAITING: (_("waiting for approval"), "yellow"),
        standing.REFUSED: (_("refused"), "red"),
        standing.TAKEN_BACK: (_("taken back"), "grey"),
        standing.LOOKING: (_("looking for a provider"), "blue"),
        standing.PART_FOUND: (_("found in part, looking for the rest"), "blue"),
        standing.FOUND: (_("found, starts on %(day)s") % {"day": on} if on else _("found"), "green"),
        standing.STARTED: (_("care has begun") if not on else _("care began on %(day)s") % {"day": on}, "green"),
        standing.ENDED: (_("care has ended"), "grey"),
        standing.GIVEN_UP: (_("withdrawn by the council"), "grey"),
    }
    return told[one.code]


# The lists


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


# One request


def providers(council: int | None) -> list[Branch]:
    """The branches that the council knows, by name: whom a person may choose or refuse."""
    return list(Branch.objects.filter(enrolments__council=council).distinct().order_by("name", "pk"))


def told_of(wanted: Wanted, names: Mapping[str, str], today: date, *, own_words: bool = True) -> list[Fact]:
    """What a request asks for, as names and values; providers by the names that are given."""
    needs = codes.coded_needs(wanted.needs, wanted.complexity)
    told = [
        Fact(_("Hours"), words.hours_a_week(wanted.minutes_per_week)),
        Fact(_("Start by"), words.day(wanted.required_start_on, today)),
        Fact(_("Why now"), capital(say("priorities", f"P{wanted.priority}"))),
        Fact(_("Kind of care"), capital(say("care_types", wanted.care_type))),
        Fact(_("Who it is for"), capital(say("client_groups", wanted.client_group))),
        Fact(_("Bought as"), capital(say("delivery_models", wanted.delivery_model))),
        Fact(_("Needs"), capital(needs) if needs else _("nothing in particular")),
    ]
    if wanted.tasks:
        tasks = listed(str(TASK_WORDS.get(task, task)) for task in sorted(wanted.tasks))
        told.append(Fact(_("What is done"), capital(tasks)))
    if wanted.short_visits:
        agreed = _("agreed with the person") if wanted.short_visits_agreed else _("not agreed")
        told.append(Fact(_("Short visits"), _("%(why)s (%(agreed)s)") % _short(wanted, agreed)))
    if own_words:
        told.append(Fact(_("What it should achieve"), wanted.outcomes or _("nothing was written")))
        told.append(Fact(_("Wishes"), wanted.preferences or _("none were written")))
    if wanted.chosen_provider:
        chosen = names.get(wanted.chosen_provider, wanted.chosen_provider)
        told.append(Fact(_("Chosen provider"), f"{chosen}: {wanted.choice_words}" if wanted.choice_words else chosen))
    reasons = dict(wanted.exclusion_reasons)
    if wanted.exclusions:
        excluded = [
            _("%(name)s (%(why)s)") % {"name": names.get(one, one), "why": _because(reasons.get(one, "other"))}
            for one in sorted(wanted.exclusions)
        ]
        told.append(Fact(_("Not to be asked"), "; ".join(excluded)))
    return told


def _short(wanted: Wanted, agreed: str) -> dict[str, str]:
    return {"why": wanted.short_visit_reason, "agreed": agreed}


def _because(code: str) -> str:
    text = str(EXCLUSION_WORDS[code])
    return text[:1].lower() + text[1:]


@allowed("see_request_status")
@require_safe
def one(request: SignedIn, reference: str) -> HttpResponse:
    """One request: how far it is, what it asks for, and what can be done."""
    may, now = permissions_at(request), timezone.now()
    found = request_of(request, reference)
    if found.state == Request.DRAFT:
        return redirect("request_week", found.reference)
    today, own = local(now).date(), found.raised_identity == request.user.identity_id
    named = own or (found.from_hub and "record_discharge_facts" in may) or "see_person" in may
    if named and found.person is not None:
        saw(council=found.council_id, user=request.user, about=found.person.reference, screen="request", at=now)
    far = standing.standings([found])[found.pk]
    text, tone = standing_words(far, today)
    wanted = wanting.wanted_of(found)
    names = {branch.reference: branch.name for branch in providers(found.council_id)}
    told = {
        "found": found,
        "person": person_line(found.person, named, today),
        "standing": text,
        "tone": tone,
        "far": far,
        "next": what_next(far, found),
        "week": Week(wanted.visits, found.reference),
        "facts": told_of(wanted, names, today),
        "warnings": wanting.warnings(wanted),
        "now": now,
        "own": own,
        "prices": "see_prices" in may,
        "decides": "approve_request" in may and found.state == Request.WAITING,
        "takes_back": own and found.state == Request.WAITING,
        "copies": own and "raise_request" in may and not found.changes_package,
        "package": far.package if "see_queue" in may else None,
    }
    return render(request, "brokerage/request.html", told)


def person_line(person: Person | None, named: bool, today: date) -> str:
    """Who it is for."""
    if person is None:
        return ""
    return codes.person_with_name(person) if named else codes.person_without_name(person, today)


def what_next(far: standing.Standing, found: Request) -> str:
    """What happens next, for whoever asked."""
    return {
        standing.WAITING: _("An approver decides. You are told on your notices when they have."),
        standing.REFUSED: _("Read why below. You can copy it as a new request, put it right and send that."),
        standing.TAKEN_BACK: _("Nothing more happens with it."),
        standing.LOOKING: _("The brokers ask providers in the order of the council’s model."),
        standing.PART_FOUND: _("The brokers ask providers for the visits that nobody has yet."),
        standing.FOUND: _("The provider gets in touch with the person before the first visit."),
        standing.STARTED: _("If the need changes, ask for a change from the person’s page."),
        standing.ENDED: _("If care is needed again, copy it as a new request."),
        standing.GIVEN_UP: _("If care is needed after all, copy it as a new request."),
    }[far.code]


@allowed("raise_request")
@require_POST
def take_back(request: SignedIn, reference: str) -> HttpResponse:
    """Take one's own request back, before it is decided, or throw a draft away."""
    found = request_of(request, reference)
    try:
        requesting.withdraw_request(request=found, by=request.user, at=timezone.now())
    except CalloffError as refused:
        messages.error(request, str(refused))
        return redirect("request", found.reference)
    done = _("The draft is thrown away.") if found.state == Request.DRAFT else _("Request %(reference)s is taken back.")
    messages.success(request, done % {"reference": found.reference})
    return redirect("requests")


def tokens_of(council: int | None) -> dict[str, str]:
    """Providers as the form's choices know them."""
    return {branch.reference: branch.token for branch in providers(council)}


@allowed("raise_request")
@require_POST
def begin(request: SignedIn, person: str) -> HttpResponse:
    """Begin a request for somebody."""
    found = get_object_or_404(Person, council=request.council_id, reference=person)
    draft = requesting.save_draft(
        request=None, council=request.council, person=found, form={}, by=request.user, at=timezone.now()
    )
    return redirect("request_week", draft.reference)


@allowed("raise_request")
@require_POST
def copy(request: SignedIn, reference: str) -> HttpResponse:
    """Begin a new request from an old one of one's own: its week and needs, not its day."""
    found = request_of(request, reference)
    if found.raised_identity != request.user.identity_id or found.state == Request.DRAFT or found.changes_package:
        raise Http404
    wanted = wanting.wanted_of(found)
    lines = wanted.lines or wanting.lines_of(wanted.visits)
    draft = requesting.save_draft(
        request=None,
        council=request.council,
        person=found.person,
        form={
            "week": typed_week(wanted, lines),
            "needs": typed_needs(wanted, tokens_of(found.council_id), start=False),
        },
        by=request.user,
        at=timezone.now(),
    )
    messages.success(request, _("This is a copy of %(reference)s. Look at each step.") % {"reference": found.reference})
    return redirect("request_week", draft.reference)


@allowed("see_own_requests")
@require_POST
def change(request: SignedIn, token: str) -> HttpResponse:
    """Begin a change of need from the care that somebody has."""
    package = get_object_or_404(
        Package.objects.select_related("person", "request"), council=request.council_id, token=token, is_lot=False
    )
    try:
        wanted = requesting.wanted_now(package)
        draft = requesting.save_draft(
            request=None,
            council=request.council,
            person=package.person,
            form={
                "week": typed_week(wanted, wanted.lines),
                "needs": typed_needs(wanted, tokens_of(package.council_id), start=False),
            },
            changes=package,
            by=request.user,
            at=timezone.now(),
        )
    except CalloffError as refused:
        messages.error(request, str(refused))
        return redirect("person", package.cared_for.reference)
    return redirect("request_week", draft.reference)
