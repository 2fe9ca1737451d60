"""What was called off to the provider: the plan, the first visit, the handback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from calloff.domain.calendar import local
from calloff.domain.units import half_up
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.audit.services import saw
from calloff.web.brokerage.models import CallOff
from calloff.web.brokerage.services import handing_back, living
from calloff.web.brokerage.services.letters import spoken
from calloff.web.config.look import words
from calloff.web.config.look.exports import Value
from calloff.web.config.look.lists import Paging
from calloff.web.config.look.parts import Fact, Tab
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.config.look.week import Week
from calloff.web.contracts.views.pages import as_file
from calloff.web.provider_portal.forms.answering import FirstVisitForm, HandbackForm
from calloff.web.provider_portal.services.placed import Placed, has_ended, placed
from calloff.web.provider_portal.services.scope import Scope, may_in, scope
from calloff.web.provider_portal.services.telling import messages_in, thread_of
from calloff.web.provider_portal.views.page import READ_OR_SEND, branch_tabs, carried_out, done, show

SEE, HAND_BACK = "portal_packages", "portal_handback"


@allowed(SEE)
@require_safe
def packages(request: SignedIn) -> HttpResponseBase:
    """Everything called off to these branches: what is delivered now, or what has ended."""
    every, today = scope(request, SEE), local(timezone.now()).date()
    chosen, ended = request.GET.get("branch", ""), request.GET.get("list") == "ended"
    mine = every.narrowed(chosen)
    rows = mine.delivered()
    rows = rows.filter(ended_on__lt=today) if ended else rows.exclude(ended_on__lt=today)
    kept = f"branch={chosen}" if mine.branches != every.branches else ""
    query = "?" + "&".join(one for one in ("list=ended" if ended else "", kept) if one)
    rows = rows.order_by("-confirmed_at", "token")
    if file := as_file(request, "packages", *_in_file(rows, mine)):
        return file
    paging = Paging.asked_for(request.GET.get("page"), rows.order_by().count(), query)
    found = list(rows[paging.rows])
    own = [one for one in found if one.delivered_by_id is None]
    for_others = [one for one in found if mine.delivers_for_another(one)]
    passed_on = [one for one in found if one.delivered_by_id is not None and one not in for_others]
    lists = (
        (own, _("Packages that ended") if ended else _("Packages that you deliver")),
        (passed_on, _("Delivered by your subcontractors")),
        (for_others, _("Delivered for a prime provider")),
    )
    context = {
        "tables": [
            _table(some, mine, today, caption) for some, caption in lists if some or (some is own and not found)
        ],
        "tabs": branch_tabs(every, chosen, reverse("portal_packages")),
        "lists": [
            Tab(_("Now"), f"?{kept}", active=not ended),
            Tab(_("Ended"), "?list=ended" + (f"&{kept}" if kept else ""), active=ended),
        ],
        "paging": paging,
        "query": query,
    }
    return show(request, "packages", context)


def _in_file(rows: QuerySet[CallOff], mine: Scope) -> tuple[list[str], Callable[[], Iterator[list[Value]]]]:
    """The same as columns and rows of a file; nobody is named, and a price stands where it may be seen."""
    columns = [_("Package"), _("Council"), _("Branch"), _("Hours a week")]
    priced = bool(mine.priced)
    columns += [_("Price a week in pounds")] if priced else []
    columns += [_("Begins"), _("First visit"), _("Last day"), _("Delivered by a subcontractor")]

    def told() -> Iterator[list[Value]]:
        for one in rows:
            cost = one.pence_per_week / 100 if mine.sees_prices(one.branch_id) else None
            yield [
                one.package.reference,
                one.council.name,
                one.branch.name,
                half_up(one.minutes_per_week, 6) / 10,
                *([cost] if priced else []),
                one.start_on or one.package.required_start_on,
                one.first_visit_on,
                one.ended_on,
                one.delivered_by.branch.name if one.delivered_by else "",
            ]

    return columns, told


def _table(rows: list[CallOff], mine: Scope, today: date, caption: str) -> Table:
    """Call-offs, each a link; no name of a person stands in a list."""
    priced = any(mine.sees_prices(one.branch_id) for one in rows)
    columns = [
        Column(_("Package"), names_row=True),
        Column(_("Council")),
        Column(_("Hours"), number=True, unit=_("a week")),
    ]
    columns += [Column(_("Price"), number=True, unit=_("a week"))] if priced else []
    columns += [Column(_("Begins")), Column(_("First visit")), Column(_("Last day"))]
    told = []
    for one in rows:
        url = reverse("portal_package", args=(one.token,))
        cells = [
            Cell(one.package.reference, url=url, below=_whose(one, mine)),
            Cell(one.council.name),
            Cell(words.hours(one.minutes_per_week)),
        ]
        if priced:
            cells.append(Cell(words.money(one.pence_per_week) if mine.sees_prices(one.branch_id) else ""))
        missing = one.first_visit_on is None and one.ended_on is None
        late = missing and (one.start_on or one.package.required_start_on) < today
        cells += [
            Cell(_day(one.start_on or one.package.required_start_on, today)),
            Cell(_day(one.first_visit_on, today), tag=_("enter it") if late else "", tone="orange"),
            Cell(_day(one.ended_on, today)),
        ]
        told.append(Row(cells, url=url))
    empty = _("Nothing is here. What a council calls off to you comes here once it is confirmed.")
    return Table(caption, columns, told, empty=empty)


def _whose(one: CallOff, mine: Scope) -> str:
    """The subcontractor who delivers, the prime provider for whom it is delivered, or the branch among several."""
    if one.delivered_by is not None:
        return one.branch.name if mine.delivers_for_another(one) else one.delivered_by.branch.name
    return one.branch.name if len(mine.branches) > 1 else ""


def _day(on: date | None, today: date) -> str:
    return words.day(on, today) if on else ""


def _own(request: SignedIn, token: str) -> CallOff:
    """The call-off of this address, if a branch of theirs holds or delivers it; anything else is not found."""
    return get_object_or_404(scope(request, SEE).delivered(), token=token)


@allowed(SEE)
@require_safe
def package(request: SignedIn, token: str) -> HttpResponse:
    """The full plan and who it is for, while the care lasts; each look is noted."""
    found, now = _own(request, token), timezone.now()
    today = local(now).date()
    one = placed(found, today)
    if one.person is not None:
        saw(council=found.council_id, user=request.user, about=one.person.reference, screen="portal_package", at=now)
    mine = scope(request, SEE)
    thread = thread_of(mine, token, now)
    for_another = mine.delivers_for_another(found)
    context = {
        "one": one,
        "person": _person(one),
        "facts": _facts(one, mine.sees_prices(found.branch_id), today, for_another=for_another),
        "week": Week(one.visits, found.package.reference) if one.visits else None,
        "ended": has_ended(found, today),
        "for_another": for_another,
        "may_hand_back": one.handback is None
        and found.ended_on is None
        and may_in(request, HAND_BACK, found.branch_id),
        "may_enter_start": found.ended_on is None,
        "may_vary": found.ended_on is None,
        "talk": messages_in(thread)[:3] if thread else [],
    }
    return show(request, "package", context)


def _person(one: Placed) -> list[Fact]:
    person = one.person
    if person is None:
        return []
    lines = [
        (_("Name"), person.name),
        (_("Born"), f"{person.born_on.day} {person.born_on:%B %Y}"),
        (_("Address"), person.address),
        (_("Postcode"), person.postcode),
        (_("Telephone"), person.phone),
    ]
    return [Fact(name, value) for name, value in lines if value]


def _facts(one: Placed, prices: bool, today: date, *, for_another: bool) -> list[Fact]:
    found = one.call_off
    facts = [
        Fact(_("Council"), found.council.name),
        Fact(_("Care"), _("%(hours)s hours a week") % {"hours": words.hours(found.minutes_per_week)}),
        Fact(_("Begins"), words.day(found.start_on or found.package.required_start_on, today)),
    ]
    if for_another:
        facts.append(Fact(_("For"), found.branch.name))
    elif one.by_subcontractor:
        facts.append(Fact(_("Delivered by"), one.by_subcontractor))
    if found.first_visit_on:
        facts.append(Fact(_("First visit"), words.day(found.first_visit_on, today)))
    if found.ended_on:
        facts.append(Fact(_("Last day"), words.day(found.ended_on, today)))
    if not one.ended:
        facts.append(Fact(_("Skills"), ", ".join(one.needs) or _("none beyond the visits")))
    if prices:
        hour = found.centipence_minutes // max(found.minutes_per_week, 1)
        price = _("%(week)s a week, %(hour)s an hour") % {
            "week": words.money(found.pence_per_week),
            "hour": words.rate(hour),
        }
        facts.append(Fact(_("Price"), price))
    return [*facts, Fact(_("Call-off"), spoken(found.token))]


@allowed(SEE)
@require_http_methods(READ_OR_SEND)
def first_visit(request: SignedIn, token: str) -> HttpResponse:
    """Enter the day of the first visit."""
    found = _own(request, token)
    if has_ended(found, local(timezone.now()).date()):
        raise Http404
    form = FirstVisitForm(request.POST or None)
    context: dict[str, Any] = {
        "form": form,
        "title": _("Enter the first visit"),
        "button": _("Save"),
        "back": reverse("portal_package", args=(token,)),
        "about": found.package.reference,
    }

    def carry_out(at: datetime) -> None:
        day = form.cleaned_data["first_visit_on"]
        living.enter_start(call_off=found, first_visit_on=day, by=request.user, at=at)

    if carried_out(request, form, carry_out, context):
        return done(request, _("The first visit is entered."), "portal_package", token)
    return show(request, "act", context)


@allowed(HAND_BACK)
@require_http_methods(READ_OR_SEND)
def hand_back(request: SignedIn, token: str) -> HttpResponse:
    """Give a package back, with notice: whoever holds it, also where a subcontractor delivers it."""
    found = get_object_or_404(scope(request, HAND_BACK).call_offs(), token=token)
    if has_ended(found, local(timezone.now()).date()):
        raise Http404
    form = HandbackForm(request.POST or None)
    context: dict[str, Any] = {
        "form": form,
        "title": _("Give the package back"),
        "button": _("Give it back"),
        "warning": _(
            "%(who)s delivers until the day that you name. The council is told now and looks for another provider. "
            "This cannot be undone here."
        )
        % {"who": found.delivered_by.branch.name}
        if found.delivered_by
        else _(
            "You deliver until the day that you name. The council is told now and looks for another provider. "
            "This cannot be undone here."
        ),
        "back": reverse("portal_package", args=(token,)),
        "about": found.package.reference,
    }

    def carry_out(at: datetime) -> None:
        handing_back.hand_back(call_off=found, **form.cleaned_data, by=request.user, at=at)

    if carried_out(request, form, carry_out, context):
        return done(request, _("The council is told. Deliver until your last day."), "portal_package", token)
    return show(request, "act", context)
