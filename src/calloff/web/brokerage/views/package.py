"""A package on one page: what next, her week, who is asked, and all that happened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q, prefetch_related_objects
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from calloff.domain.calendar import local
from calloff.domain.decisions import Decision as KernelDecision
from calloff.domain.packages import Package as KernelPackage
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.audit.services import saw, whole_second
from calloff.web.brokerage.forms import words as codes
from calloff.web.brokerage.models import CallOff, Invitation, Package
from calloff.web.brokerage.services.asking import Place, WhoIsAsked, is_governed, upcoming, who_is_asked
from calloff.web.brokerage.services.case_file import CaseFile
from calloff.web.brokerage.services.columns import ask_quietly
from calloff.web.brokerage.services.desk import Desk, desk_for
from calloff.web.brokerage.services.explaining import not_selected, standing_offer
from calloff.web.brokerage.services.records import sealed_until
from calloff.web.brokerage.services.requests import pending_change
from calloff.web.brokerage.views.next_card import Act, Card, CardMaker, nothing_card, sealed_card
from calloff.web.brokerage.views.package_story import story_of
from calloff.web.config.look import words
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.config.look.week import Week
from calloff.web.jobs.models import Notice

LATE_MAIL = timedelta(minutes=4)
"""After so long an e-mail that has not gone out is shown as one that did not arrive: within five minutes, that is."""


def package_of(request: SignedIn, token: str) -> Package:
    """The package of this address, at the council's desk; anything else is not found."""
    # The rest is read where it is needed: PostgreSQL thinks longer about a join of ten tables than it takes to do it.
    rows = Package.objects.select_related("person", "locality", "area", "owner__identity")
    found = get_object_or_404(rows, council=request.council_id, token=token)
    found.council = request.council
    return found


def note_look(request: SignedIn, package: Package, may: frozenset[str], now: datetime) -> None:
    """Note who was shown the person's name, and on which page; nothing where the page shows none."""
    if "see_person" in may and package.person is not None:
        screen = request.resolver_match.url_name if request.resolver_match else ""
        saw(council=package.council_id, user=request.user, about=package.person.reference, screen=screen or "", at=now)


@dataclass(frozen=True)
class Looked:
    """A package as one look finds it: what is on file and, while a provider is sought, the kernel's answer."""

    on_file: CaseFile
    desk: Desk | None
    decision: KernelDecision | None
    sealed_until: datetime | None
    now: datetime

    @property
    def package(self) -> Package:
        return self.on_file.package

    @property
    def facts(self) -> KernelPackage:
        return self.on_file.facts

    @property
    def today(self) -> date:
        return local(self.now).date()


def look_at(package: Package, now: datetime) -> Looked:
    """Read a package and, unless nothing can happen to it any more, ask the kernel about it; nothing is written."""
    # As acts count it: what was done within this second has happened.
    now = whole_second(now)
    on_file = CaseFile(package, package.council)
    sealed = sealed_until(package, now, on_file.invitations)
    if not is_governed(package) or package.is_over:
        return Looked(on_file, None, None, sealed, now)
    desk = desk_for(package, now, on_file)
    return Looked(on_file, desk, ask_quietly(desk), sealed, now)


@allowed("see_queue")
@require_safe
def package(request: SignedIn, token: str) -> HttpResponse:
    """The page of one package."""
    found = package_of(request, token)
    may = permissions_at(request)
    looked = look_at(found, timezone.now())
    note_look(request, found, may, looked.now)
    return render(request, "brokerage/package.html", page_of(looked, may))


def page_of(looked: Looked, may: frozenset[str]) -> dict[str, Any]:
    """All that the page shows, for somebody who may do this."""
    found, facts, now = looked.package, looked.facts, looked.now
    prices = "see_prices" in may
    sealed = looked.sealed_until is not None
    placed, asked = looked.on_file.call_offs, looked.on_file.invitations
    prefetch_related_objects(asked, "offers__recorded_by__identity")
    return {
        **heading(looked, may),
        "now": now,
        "card": card_of(looked, may),
        "week": Week(facts.visits, found.reference),
        "asking": asking_of(looked.desk, looked.decision, prices),
        "failed_mail": failed_mail(found, now),
        "call_offs": call_offs(found, placed, looked.today, prices, may),
        "stays": stays(found, looked.today),
        "bridges": bridges(found, looked.today),
        "members": found.members.order_by("reference") if found.is_lot else [],
        "answers": [] if sealed else answers(asked, now),
        "messages_told": found.messages.select_related("branch", "by__identity").order_by("-at")[:50],
        "notes": found.notes.select_related("by__identity").order_by("-at")[:50],
        "story": story_of(looked.on_file, now, prices=prices, sealed=sealed),
        "letters": [] if sealed else letters(found, placed, asked, may),
        "others": other_acts(found, placed, asked, may),
    }


def heading(looked: Looked, may: frozenset[str]) -> dict[str, Any]:
    """What stands above every page about a package: who, how much, what is needed, from when."""
    found, facts = looked.package, looked.facts
    state, tone = codes.PACKAGE_STATES[found.state]
    named = "see_person" in may
    return {
        "package": found,
        "person": codes.whose(found, looked.today, named=named),
        "named": named,
        "needs": codes.coded_needs(facts.needs, facts.complexity),
        "double": sum(visit.workers > 1 for visit in facts.visits),
        "today": looked.today,
        "state": state,
        "tone": tone,
        "may": may,
        "prices": "see_prices" in may,
        "pending_change": pending_change(found),
    }


def card_of(looked: Looked, may: frozenset[str]) -> Card:
    """What next, for this user."""
    if looked.package.is_over:
        return nothing_card()
    if looked.desk is None:
        return Card(_("No model governs this package: it was taken over as it was."))
    if looked.sealed_until is not None:
        withdraw = Act(_("Withdraw"), reverse("package_withdraw", args=(looked.package.token,)), quiet=True)
        return sealed_card(looked.sealed_until, looked.now, [withdraw] if "withdraw_package" in may else [])
    return CardMaker(looked.desk, looked.decision, may, looked.on_file).card()


@dataclass(frozen=True)
class Asking:
    """Who is asked, as tables and lists."""

    model: str
    tables: tuple[Table, ...]
    passed_over: tuple[str, ...]
    not_asked: int
    gates: tuple[tuple[str, tuple[str, ...]], ...]
    sealed: bool


def asking_of(desk: Desk | None, decision: KernelDecision | None, prices: bool) -> Asking | None:
    """Who is asked while a provider is sought; None where nobody is."""
    if desk is None or desk.package.state != Package.SOURCING or not desk.story().left:
        return None
    told = who_is_asked(desk, upcoming(desk, decision), prices=prices)
    return Asking(
        model=_("%(title)s, version %(version)s") % {"title": desk.model.title, "version": desk.model.version},
        tables=tuple(_step_tables(told, desk.at, prices)),
        passed_over=told.passed_over,
        not_asked=told.not_asked,
        gates=tuple((str(codes.GATES[gate.number]), gate.who) for gate in told.gates),
        sealed=any(step.sealed for step in told.steps),
    )


def _step_tables(told: WhoIsAsked, now: datetime, prices: bool) -> list[Table]:
    columns = [Column(_("Provider"), names_row=True)]
    columns += [Column(_("Price"), number=True, unit=_("a week"))] if prices else []
    columns += [Column(_("Spare"), number=True, unit=_("hours a week")), Column(_("State"))]
    tables = []
    for number, step in enumerate(told.steps, 1):
        name = step.name.replace("_", " ")
        caption = _("Step %(number)d: %(name)s") % {"number": number, "name": name}
        if step.sealed:
            caption = _("Step %(number)d: %(name)s, sealed, in no order") % {"number": number, "name": name}
        rows = [Row(_cells(place, now, prices)) for place in step.places]
        tables.append(Table(caption, columns, rows, quiet_caption=len(told.steps) == 1))
    return tables


def _cells(place: Place, now: datetime, prices: bool) -> list[Cell]:
    name = f"{place.number}. {place.name}" if place.number else place.name
    price = "" if place.pence_per_week is None else words.money(place.pence_per_week)
    tag, tone = codes.STATES.get(place.state, ("", "grey"))
    cells = [Cell(name, below=place.why), Cell(price), Cell(words.hours(place.spare_minutes))]
    below = place.words
    if place.state == "open" and place.deadline_at is not None and place.at is not None:
        told = {"at": words.moment(place.at, now), "until": words.moment(place.deadline_at, now)}
        below = _("since %(at)s, until %(until)s") % told
    elif place.at is not None and not below:
        below = words.moment(place.at, now)
    elif place.at is not None:
        below = _("%(at)s: %(words)s") % {"at": words.moment(place.at, now), "words": below}
    cells.append(Cell(tag=str(tag), tone=tone, below=below))
    return cells if prices else [cells[0], *cells[2:]]


def failed_mail(found: Package, now: datetime) -> list[str]:
    """Who did not get an e-mail about this package: it failed, or has not gone out for some minutes."""
    late = Q(email_state=Notice.WAITING, created_at__lt=now - LATE_MAIL)
    rows = (
        Notice.objects.filter(late | Q(email_state=Notice.FAILED), council=found.council_id, package=found.reference)
        .select_related("user__identity")
        .order_by("-created_at", "-pk")
    )
    return [
        _("%(name)s (%(address)s)") % {"name": row.user.identity.name, "address": row.user.identity.email}
        for row in rows[:20]
    ]


def call_offs(found: Package, placed: Sequence[CallOff], today: date, prices: bool, may: frozenset[str]) -> Table:
    """The call-offs of the package, in this order."""
    columns = [Column(_("Provider"), names_row=True), Column(_("Hours"), number=True, unit=_("a week"))]
    columns += [Column(_("Price"), number=True, unit=_("a week"))] if prices else []
    columns += [Column(_("Begins")), Column(_("First visit")), Column(_("Ends")), Column(_("How"))]
    told = []
    for one in placed:
        cells = [Cell(one.branch.name), Cell(words.hours(one.minutes_per_week))]
        cells += [Cell(words.money(one.pence_per_week))] if prices else []
        cells += [
            Cell(_day(one.start_on, today)),
            _first_visit(found, one, today, may),
            Cell(_day(one.ended_on, today)),
        ]
        how = str(codes.KINDS.get(one.kind, one.kind))
        by = one.confirmed_by.identity.name if one.confirmed_by else ""
        below = _("confirmed by %(name)s") % {"name": by} if by else ""
        tag = _("override") if one.override_reason else _("off framework") if not one.on_framework else ""
        told.append(Row([*cells, Cell(how, below=below, tag=tag, tone="orange")]))
    return Table(_("Call-offs"), columns, told, empty=_("Nothing is called off yet."), quiet_caption=True)


def placed_in_words(on_file: CaseFile, today: date, prices: bool) -> list[str]:
    """The living call-offs, each as a sentence for the sheet."""
    told = []
    for one in sorted((one for one in on_file.call_offs if one.ended_on is None), key=lambda one: one.pk):
        parts = [
            _("%(name)s: %(hours)s") % {"name": one.branch.name, "hours": words.hours_a_week(one.minutes_per_week)}
        ]
        parts += [_("%(price)s a week") % {"price": words.money(one.pence_per_week)}] if prices else []
        if one.first_visit_on:
            parts.append(_("since %(day)s") % {"day": _day(one.first_visit_on, today)})
        elif one.start_on:
            parts.append(_("begins %(day)s") % {"day": _day(one.start_on, today)})
        told.append(", ".join(parts))
    return told


def _first_visit(found: Package, one: CallOff, today: date, may: frozenset[str]) -> Cell:
    if one.first_visit_on is not None:
        return Cell(_day(one.first_visit_on, today))
    if one.ended_on is not None or "work_package" not in may:
        return Cell()
    return Cell(_("Enter"), url=reverse("package_first_visit", args=(found.token, one.token)))


def _day(on: date | None, today: date) -> str:
    return words.day(on, today) if on else ""


def stays(found: Package, today: date) -> list[str]:
    """The person's stays in hospital, each as a sentence."""
    told: list[str] = []
    if found.person is None:
        return told
    for stay in found.person.stays.order_by("-admitted_on"):
        parts = [_("In hospital since %(day)s") % {"day": _day(stay.admitted_on, today)}]
        if stay.ready_on:
            parts.append(_("ready to go home since %(day)s") % {"day": _day(stay.ready_on, today)})
        if stay.waits_for != "home":
            parts.append(_("waits for a care home"))
        if stay.discharged_on:
            parts.append(_("went home %(day)s") % {"day": _day(stay.discharged_on, today)})
        told.append(", ".join(parts))
    return told


def bridges(found: Package, today: date) -> list[str]:
    """What stands in until the care begins."""
    told = []
    for one in found.bridges.order_by("-from_on"):
        kind = str(codes.BRIDGES[one.kind])
        if one.to_on:
            text = _("%(kind)s from %(from)s until %(to)s")
            told.append(text % {"kind": kind, "from": _day(one.from_on, today), "to": _day(one.to_on, today)})
        else:
            told.append(_("%(kind)s since %(from)s") % {"kind": kind, "from": _day(one.from_on, today)})
    return told


@dataclass(frozen=True)
class Heard:
    """One answer as it was taken down, and what the provider says of it."""

    text: str
    below: str
    disputed: str


def answers(asked: Sequence[Invitation], now: datetime) -> list[Heard]:
    """The answers that the council recorded for providers, in whose words, and those that are disputed."""
    told = []
    for invitation in sorted(asked, key=lambda one: -one.pk):
        for offer in invitation.offers.all():
            if offer.channel in ("portal", "api") and not offer.message and offer.disputed_at is None:
                continue
            by = offer.recorded_by.identity.name if offer.recorded_by else ""
            text = _("%(name)s, %(how)s, %(at)s") % {
                "name": invitation.branch.name,
                "how": codes.CHANNELS[offer.channel],
                "at": words.moment(offer.received_at, now),
            }
            heard = [_("answered by %(who)s") % {"who": offer.answered_by}] if offer.answered_by else []
            heard += (
                [_("“%(words)s”") % {"words": offer.words or offer.message}] if offer.words or offer.message else []
            )
            heard += [_("recorded by %(by)s") % {"by": by}] if offer.answered_by and by else []
            heard += [_("recorded late: %(why)s") % {"why": offer.late_reason}] if offer.late_reason else []
            told.append(Heard(text, ", ".join(heard), offer.dispute if offer.disputed_at else ""))
    return told


def letters(found: Package, placed: Sequence[CallOff], asked: Sequence[Invitation], may: frozenset[str]) -> list[Act]:
    """The letters to providers: of each call-off, and to whoever offered and was not selected."""
    told = []
    if "see_person" in may:
        for one in sorted(placed, key=lambda one: one.pk):
            text = _("Call-off to %(name)s (PDF)") % {"name": one.branch.name}
            told.append(Act(text, reverse("package_call_off_letter", args=(found.token, one.token))))
    if "see_decisions" in may:
        over = [one for one in asked if one.state not in (*Invitation.LIVE, Invitation.CALLED_OFF)]
        for lost in sorted(over, key=lambda one: one.pk):
            if not_selected(lost, standing_offer(lost.offers.all(), lost.deadline_at)):
                text = _("Why %(name)s was not selected (PDF)") % {"name": lost.branch.name}
                told.append(Act(text, reverse("package_loss_letter", args=(found.token, lost.token))))
    return told


def other_acts(
    found: Package, placed: Sequence[CallOff], asked: Sequence[Invitation], may: frozenset[str]
) -> list[Act]:
    """Everything else that can be done with the package, each a page of its own."""
    sourcing = found.state == Package.SOURCING
    open_still = not found.is_over
    living = any(one.ended_on is None for one in placed)
    alone = not found.is_lot
    offered: Sequence[tuple[bool, str, str, str]] = (
        (True, "work_package", _("Write a contact note"), "package_note"),
        (open_still, "work_package", _("Assign it or hand it over"), "package_give"),
        (bool(asked), "work_package", _("Write to a provider"), "package_message"),
        (sourcing and not found.on_hold, "hold_package", _("Put it on hold"), "package_hold"),
        (open_still and alone, "work_package", _("Enter care that stands in"), "package_bridge"),
        (sourcing, "order_override", _("Ask somebody else than the model says"), "package_override"),
        (sourcing and alone, "confirm_call_off", _("Record a call-off outside the model"), "package_outside"),
        (sourcing and alone and not living, "withdraw_package", _("Withdraw it"), "package_withdraw"),
        (alone and bool(placed), "work_package", _("Visits stopped"), "package_stops"),
        (living and alone, "work_package", _("Change a visit for a few days"), "package_temporary"),
        (alone and bool(placed), "see_queue", _("Planned visits"), "package_planned"),
        (alone, "work_package", _("Who pays"), "package_funding"),
        (living, "withdraw_package", _("End the care"), "package_end"),
    )
    return [
        Act(text, reverse(route, args=(found.token,)))
        for holds, permission, text, route in offered
        if holds and permission in may
    ]


@allowed("see_queue")
@require_safe
def sheet(request: SignedIn, token: str) -> HttpResponse:
    """The package on one page of paper."""
    found = package_of(request, token)
    may = permissions_at(request)
    looked = look_at(found, timezone.now())
    note_look(request, found, may, looked.now)
    prices = "see_prices" in may
    told = {
        **heading(looked, may),
        "now": looked.now,
        "week": Week(looked.facts.visits, found.reference),
        "card": card_of(looked, may),
        "placed": placed_in_words(looked.on_file, looked.today, prices),
        "stays": stays(found, looked.today),
        "bridges": bridges(found, looked.today),
    }
    return render(request, "brokerage/package_sheet.html", told)
