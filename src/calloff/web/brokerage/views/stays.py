"""What the hospital hub records: who is in hospital and ready to leave, and how many wait for a care home."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.audit.services import saw
from calloff.web.brokerage.forms.people import CountForm, StayForm
from calloff.web.brokerage.models import CareHomeWait, Person, Stay
from calloff.web.brokerage.services import living
from calloff.web.brokerage.services.people import saw_each
from calloff.web.config.look import words
from calloff.web.config.look.exports import export
from calloff.web.config.look.lists import Paging
from calloff.web.config.look.parts import Tile
from calloff.web.config.look.tables import Cell, Column, Row, Table

READ_OR_SEND = ["GET", "POST"]
DAYS_SHOWN = 14


@allowed("record_discharge_facts")
@require_safe
def stays_file(request: SignedIn, kind: str) -> HttpResponseBase:
    """Who is in hospital as a file, which names nobody."""
    today = local(timezone.now()).date()
    columns = [_("In hospital since"), _("Ready since"), _("Nights ready"), _("Waits for")]
    told = (
        [one.admitted_on, one.ready_on, nights(one, today), waits_words(one)]
        for one in in_hospital(request).iterator(chunk_size=500)
    )
    return export(told, columns, "hospital", kind)


def in_hospital(request: SignedIn) -> QuerySet[Stay]:
    """Who is in hospital, those first who are ready for the longest, then those who are not."""
    rows = Stay.objects.filter(council=request.council_id, discharged_on__isnull=True)
    return rows.order_by(F("ready_on").asc(nulls_last=True), "admitted_on", "pk")


@allowed("record_discharge_facts")
@require_safe
def stays(request: SignedIn) -> HttpResponse:
    """Who is in hospital, those who wait longest first; and the daily count."""
    now = timezone.now()
    today, rows = local(now).date(), in_hospital(request)
    paging = Paging.asked_for(request.GET.get("page"), rows.count())
    shown = list(rows.select_related("person")[paging.rows])
    saw_each([one.person for one in shown], council=request.council, user=request.user, screen="stays", at=now)
    counts = list(CareHomeWait.objects.filter(council=request.council_id).order_by("-on")[:DAYS_SHOWN])
    page = {
        "table": table_of(shown, today),
        "paging": paging,
        "tiles": tiles_of(request, counts, today),
        "counts": counts_table(counts, today),
        "today": today,
    }
    return render(request, "brokerage/stays.html", page)


def tiles_of(request: SignedIn, counts: list[CareHomeWait], today: date) -> list[Tile]:
    """How many wait: entered one by one for care at home and for a care home, and the number typed today."""
    rows = in_hospital(request).filter(ready_on__isnull=False)
    home, care_home = rows.filter(waits_for="home").count(), rows.filter(waits_for="care_home").count()
    target = request.council.beds_target
    below = _("target: at most %(target)d beds, with those for a care home") % {"target": target} if target else ""
    typed = next((one for one in counts if one.on == today), None)
    return [
        Tile(str(home), _("Ready, waiting for care at home"), "#in-hospital", below),
        Tile(str(care_home), _("Ready, waiting for a care home"), "#in-hospital", _("entered one by one")),
        Tile(
            str(typed.people) if typed else _("not yet"),
            _("For a care home, typed today"),
            "#count",
            _("all of them, entered or not"),
            warn=typed is None,
        ),
    ]


def nights(one: Stay, today: date) -> int | None:
    """Nights since somebody was ready to leave: the delayed bed days so far."""
    return (today - one.ready_on).days if one.ready_on is not None else None


def waits_words(one: Stay) -> str:
    """What is waited for."""
    return _("a care home") if one.waits_for == "care_home" else _("care at home")


def table_of(rows: list[Stay], today: date) -> Table:
    """People in hospital, each opening what is known of the stay."""
    columns = [
        Column(_("Person"), names_row=True),
        Column(_("In hospital since")),
        Column(_("Ready since")),
        Column(_("Nights ready"), number=True),
        Column(_("Waits for")),
    ]
    told = []
    for one in rows:
        url = reverse("stay", args=(one.person.reference,))
        late = nights(one, today)
        told.append(
            Row(
                [
                    Cell(one.person.name, url=url),
                    Cell(words.day(one.admitted_on, today)),
                    Cell(words.day(one.ready_on, today) if one.ready_on else _("not ready")),
                    Cell("" if late is None else str(late)),
                    Cell(waits_words(one)),
                ],
                url=url,
            )
        )
    empty = _("Nobody is written down as being in hospital. Find the person and record the stay.")
    return Table(_("In hospital"), columns, told, empty=empty, quiet_caption=True)


def counts_table(counts: list[CareHomeWait], today: date) -> Table:
    """The numbers typed on the last days."""
    columns = [Column(_("Day"), names_row=True), Column(_("People"), number=True)]
    rows = [[words.day(one.on, today), str(one.people)] for one in counts]
    return Table(_("Counted"), columns, rows, empty=_("No number was typed yet."), quiet_caption=True)


@allowed("record_discharge_facts")
@require_http_methods(READ_OR_SEND)
def count(request: SignedIn) -> HttpResponse:
    """Type how many people in hospital wait for a care home; a second number of a day replaces the first."""
    now = timezone.now()
    today = local(now).date()
    form = CountForm(request.POST if request.method == "POST" else None, today=today, initial={"on": today})
    if request.method == "POST" and form.is_valid():
        try:
            living.count_care_home_waits(council=request.council, by=request.user, at=now, **form.cleaned_data)
        except CalloffError as refused:
            form.add_error(None, str(refused))
        else:
            day = words.day(form.cleaned_data["on"], today)
            messages.success(request, _("The number for %(day)s is kept.") % {"day": day})
            return redirect("stays")
    return render(request, "brokerage/stay_count.html", {"form": form})


@allowed("record_discharge_facts")
@require_http_methods(READ_OR_SEND)
def stay(request: SignedIn, reference: str) -> HttpResponse:
    """Record a stay in hospital, or what has changed of it."""
    person = get_object_or_404(Person, council=request.council_id, reference=reference)
    now = timezone.now()
    saw(council=person.council_id, user=request.user, about=person.reference, screen="stay", at=now)
    live = person.stays.filter(discharged_on__isnull=True).first()
    names = ("admitted_on", "ready_on", "waits_for")
    initial = {name: getattr(live, name) for name in names} if live is not None else {}
    form = StayForm(request.POST if request.method == "POST" else None, today=local(now).date(), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            living.record_stay(person=person, by=request.user, at=now, **form.told())
        except CalloffError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The stay is recorded."))
            return redirect("stays")
    return render(request, "brokerage/stay.html", {"form": form, "person": person, "known": live is not None})
