"""Finding or adding the person a request is for; every look at somebody is kept. No address names anybody."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.audit.services import saw
from calloff.web.brokerage.forms.people import FindForm, PersonForm
from calloff.web.brokerage.models import CallOff, Package, Person
from calloff.web.brokerage.services import people as known
from calloff.web.brokerage.services import requests as requesting
from calloff.web.brokerage.services import standing
from calloff.web.brokerage.views.requests import readable, standing_words
from calloff.web.config.look import words
from calloff.web.config.look.parts import Fact
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.directory.models import Area

READ_OR_SEND = ["GET", "POST"]


@allowed("raise_request")
@require_http_methods(READ_OR_SEND)
def people(request: SignedIn) -> HttpResponse:
    """Find somebody; what is searched for stands in no address."""
    form, table = FindForm(request.POST if request.method == "POST" else None), None
    if request.method == "POST" and form.is_valid():
        try:
            found = known.find_people(request.council, form.cleaned_data["words"])
        except CalloffError as refused:
            form.add_error("words", str(refused))
        else:
            now = timezone.now()
            known.saw_each(found, council=request.council, user=request.user, screen="people", at=now)
            table = table_of(found)
    return render(request, "brokerage/people.html", {"form": form, "table": table, "most": known.MOST_FOUND})


def table_of(found: list[Person]) -> Table:
    """People that were found, each opening the person."""
    columns = [Column(_("Name"), names_row=True), Column(_("Born")), Column(_("Where")), Column(_("Case number"))]
    rows = []
    for one in found:
        url = reverse("person", args=(one.reference,))
        where = Cell(one.address or one.area.name, below=one.postcode)
        rows.append(Row([Cell(one.name, url=url), Cell(born(one)), where, Cell(one.case_number)], url=url))
    empty = _("Nobody is written down under this. Look for another spelling, or add the person.")
    return Table(_("Who was found"), columns, rows, empty=empty, quiet_caption=True)


def born(one: Person) -> str:
    """The day of birth in words."""
    return f"{one.born_on.day} {one.born_on:%B %Y}"


@allowed("raise_request")
@require_http_methods(READ_OR_SEND)
def add(request: SignedIn) -> HttpResponse:
    """Write somebody down who is not there yet."""
    now = timezone.now()
    areas = list(Area.objects.filter(council=request.council_id).select_related("locality").order_by("name", "pk"))
    form = PersonForm(request.POST if request.method == "POST" else None, areas=areas, today=local(now).date())
    alike: list[Person] = []
    if request.method == "POST" and form.is_valid():
        wanted = form.known()
        alike = known.same_as(request.council, wanted)
        if alike and not form.cleaned_data["another"]:
            known.saw_each(alike, council=request.council, user=request.user, screen="person_add", at=now)
            form.add_error("another", _("Look whether it is somebody below, or tick that it is somebody else"))
        else:
            try:
                made = known.add_person(
                    council=request.council, known=wanted, area=form.chosen_area, by=request.user, at=now
                )
            except CalloffError as refused:
                form.add_error("case_number", str(refused))
            else:
                messages.success(request, _("The person is added."))
                return redirect("person", made.reference)
    told = {
        "form": form,
        "alike": table_of(alike) if alike else None,
        "asks": bool(alike) or request.POST.get("another"),
    }
    return render(request, "brokerage/person_add.html", told)


@allowed("raise_request")
@require_safe
def person(request: SignedIn, reference: str) -> HttpResponse:
    """Somebody: who they are, what was asked for them, and what can be asked."""
    found = get_object_or_404(
        Person.objects.select_related("area__locality"), council=request.council_id, reference=reference
    )
    may, now = permissions_at(request), timezone.now()
    saw(council=found.council_id, user=request.user, about=found.reference, screen="person", at=now)
    told = {
        "person": found,
        "facts": facts_of(found),
        "requests": requests_of(request, found, may, now),
        "care": care_of(found, now) if "see_own_requests" in may else [],
        "stay": stay_words(found, now),
        "records": "record_discharge_facts" in may,
        "now": now,
    }
    return render(request, "brokerage/person.html", told)


def facts_of(found: Person) -> list[Fact]:
    """The identity of somebody."""
    sexes = {"female": _("Woman"), "male": _("Man")}
    told = [
        Fact(_("Name"), found.name),
        Fact(_("Born"), born(found)),
        Fact(_("Sex"), sexes.get(found.sex, _("Another, or not known"))),
        Fact(_("Address"), ", ".join(part for part in (found.address, found.postcode) if part) or _("not known")),
        Fact(_("Published area"), f"{found.area.name}, {found.area.locality.name}"),
        Fact(_("Telephone"), found.phone or _("not known")),
        Fact(_("Case number"), found.case_number or _("none")),
    ]
    if found.died_on is not None:
        told.append(Fact(_("Died"), words.day(found.died_on)))
    return told


def requests_of(request: SignedIn, found: Person, may: frozenset[str], now: datetime) -> Table:
    """The requests for somebody that one may read."""
    rows = list(readable(request, may).filter(person=found).order_by("-touched_at", "-pk")[:50])
    far, today = standing.standings(rows), local(now).date()
    told = []
    for row in rows:
        text, tone = standing_words(far[row.pk], today)
        draft = row.state == "draft"
        url = reverse("request_week" if draft else "request", args=(row.reference,))
        cells = [
            Cell(row.reference, url=url, below=_("change of need") if row.changes_package else ""),
            Cell("" if draft else words.hours(row.minutes_per_week)),
            Cell(tag=text, tone=tone),
            Cell(words.moment(row.touched_at, now)),
        ]
        told.append(Row(cells, url=url))
    columns = [
        Column(_("Request"), names_row=True),
        Column(_("Hours"), number=True, unit=_("a week")),
        Column(_("How far")),
        Column(_("Last changed")),
    ]
    return Table(
        _("Requests"), columns, told, empty=_("You have asked for nothing for this person yet."), quiet_caption=True
    )


def care_of(found: Person, now: datetime) -> list[dict[str, Any]]:
    """The care that somebody has or waits for, each with the way to change it."""
    rows = found.packages.exclude(state__in=Package.OVER).order_by("pk")
    told = []
    for package in rows:
        live = CallOff.objects.filter(package=package, ended_on__isnull=True)
        text, tone = standing_words(standing.of_package(package, live), local(now).date())
        pending = requesting.pending_change(package)
        told.append(
            {
                "package": package,
                "hours": words.hours_a_week(package.minutes_per_week),
                "standing": text,
                "tone": tone,
                "pending": pending,
                "url": reverse("request_change", args=(package.token,)),
            }
        )
    return told


def stay_words(found: Person, now: datetime) -> str:
    """Where the person is, if that is in hospital."""
    stay = found.stays.filter(discharged_on__isnull=True).first()
    if stay is None:
        return ""
    today = local(now).date()
    told = [_("In hospital since %(day)s") % {"day": words.day(stay.admitted_on, today)}]
    if stay.ready_on:
        told.append(_("ready to leave since %(day)s") % {"day": words.day(stay.ready_on, today)})
    told.append(_("waits for a care home") if stay.waits_for == "care_home" else _("waits for care at home"))
    return ", ".join(told)
