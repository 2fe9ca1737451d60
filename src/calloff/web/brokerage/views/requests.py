"""Requests one by one: how far each is, and what whoever may read it can do next."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
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
from calloff.web.brokerage.services.wanted import Wanted
from calloff.web.config.look import words
from calloff.web.config.look.parts import Fact
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
