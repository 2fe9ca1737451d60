"""The rows behind beds (K4) and behind what stands in for care (K5, bridged hours)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from calloff.domain.calendar import local
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.brokerage.forms import words as codes
from calloff.web.brokerage.models import Bridge, Package
from calloff.web.config.look import words
from calloff.web.config.look.exports import Value, export
from calloff.web.config.look.lists import Choice, Filter, FilterState, Paging
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.performance import services
from calloff.web.performance.views.figures import by_place, day_asked, opens_packages


def waits_for() -> dict[str, str]:
    """What somebody in hospital waits for."""
    return {"home": _("care at home"), "care_home": _("a care home")}


@dataclass(frozen=True)
class Listed:
    """A day, what the list is narrowed to, and its rows."""

    on: date
    state: FilterState
    rows: Any


def _beds(request: SignedIn, today: date) -> Listed:
    on = day_asked(request.GET.get("on", ""), today)
    state = FilterState([by_place(request)], request.GET, {"on": [on.isoformat()]})
    return Listed(on, state, services.stays_on(request.council, on, state.code("locality")))


def packages_of(people: Iterable[int]) -> dict[int, Package]:
    """The latest package of each of some people."""
    rows = Package.objects.filter(person__in=list(people)).order_by("approved_at", "pk")
    return {one.person_id: one for one in rows if one.person_id is not None}


@allowed("see_ledger")
@require_safe
def beds(request: SignedIn) -> HttpResponse:
    """Who is ready to leave hospital and waits on a day, and how many the hub counted beside them."""
    today = local(timezone.now()).date()
    listed = _beds(request, today)
    paging = Paging.asked_for(request.GET.get("page"), listed.rows.count(), listed.state.address())
    page = list(listed.rows[paging.rows])
    typed = 0 if listed.state.active else services.typed_on(request.council, listed.on)
    counted = ngettext(
        "The hub counted %d more person who waits for a care home.",
        "The hub counted %d more people who wait for a care home.",
        typed,
    )
    context = {
        "title": _("Beds that await care"),
        "on": words.day(listed.on, today),
        "lead": counted % typed if typed else "",
        "state": listed.state,
        "paging": paging,
        "table": _beds_table(page, listed.on, today, opens_packages(request)),
        "csv": reverse("unmet_beds_csv") + listed.state.address(),
        "xlsx": reverse("unmet_beds_xlsx") + listed.state.address(),
    }
    return render(request, "performance/behind.html", context)


def _beds_table(page: Sequence[Any], on: date, today: date, opens: bool) -> Table:
    """One row for each person in a bed, by their package, the longest wait first; nobody is named."""
    found = packages_of(one.person_id for one in page)
    columns = [
        Column(_("Package"), names_row=True),
        Column(_("Where")),
        Column(_("In hospital since")),
        Column(_("Ready since")),
        Column(_("Nights"), number=True, unit=_("since ready")),
        Column(_("Waits for")),
    ]
    rows = []
    for one in page:
        package = found.get(one.person_id)
        url = reverse("package", args=(package.token,)) if package and opens else ""
        area = one.person.area
        cells = [
            Cell(package.reference if package else _("no package yet"), url=url),
            Cell(area.name if area else "", below=area.locality.name if area else ""),
            Cell(words.day(one.admitted_on, today)),
            Cell(words.day(one.ready_on, today)),
            Cell(f"{(on - max(one.ready_on, one.admitted_on)).days + 1:,}"),
            Cell(waits_for()[one.waits_for]),
        ]
        rows.append(Row(cells, url=url))
    empty = _("Nobody in hospital was ready to leave on this day. Whom the hub enters as ready comes here.")
    return Table(_("Beds that await care"), columns, rows, empty=empty, quiet_caption=True, wide=True)


@allowed("see_ledger")
@require_safe
def beds_file(request: SignedIn, kind: str) -> HttpResponseBase:
    """The same rows as a file."""
    listed = _beds(request, local(timezone.now()).date())
    rows = list(listed.rows)
    found = packages_of(one.person_id for one in rows)

    def told() -> Iterator[list[Value]]:
        for one in rows:
            package, area = found.get(one.person_id), one.person.area
            yield [
                package.reference if package else "",
                area.locality.name if area else "",
                area.name if area else "",
                one.admitted_on,
                one.ready_on,
                (listed.on - max(one.ready_on, one.admitted_on)).days + 1,
                waits_for()[one.waits_for],
            ]

    columns = [
        _("Package"),
        _("Locality"),
        _("Area"),
        _("In hospital since"),
        _("Ready since"),
        _("Nights since ready"),
    ]
    return export(told(), [*columns, _("Waits for")], "beds", kind)


# What stands in


def _bridges(request: SignedIn, today: date) -> Listed:
    on = day_asked(request.GET.get("on", ""), today)
    kinds = [Choice(kind, str(codes.BRIDGES[kind])) for kind in Bridge.KINDS]
    filters = [Filter("kind", _("What stands in"), kinds), by_place(request)]
    state = FilterState(filters, request.GET, {"on": [on.isoformat()]})
    rows = services.bridges_on_day(request.council, on, state.code("kind"), state.code("locality"))
    return Listed(on, state, rows)


@allowed("see_ledger")
@require_safe
def bridges(request: SignedIn) -> HttpResponse:
    """What stands in on a day for packages that lack care."""
    today = local(timezone.now()).date()
    listed = _bridges(request, today)
    paging = Paging.asked_for(request.GET.get("page"), listed.rows.count(), listed.state.address())
    context = {
        "title": _("What stands in meanwhile"),
        "on": words.day(listed.on, today),
        "lead": _("The hours of these packages are counted as unmet."),
        "state": listed.state,
        "paging": paging,
        "table": _bridges_table(list(listed.rows[paging.rows]), listed.on, today, opens_packages(request)),
        "csv": reverse("unmet_bridges_csv") + listed.state.address(),
        "xlsx": reverse("unmet_bridges_xlsx") + listed.state.address(),
    }
    return render(request, "performance/behind.html", context)


def _bridges_table(page: Sequence[Any], on: date, today: date, opens: bool) -> Table:
    """One row for each thing that stands in, the oldest first."""
    columns = [
        Column(_("Package"), names_row=True),
        Column(_("Where")),
        Column(_("What stands in")),
        Column(_("Since")),
        Column(_("Until")),
        Column(_("Days"), number=True),
    ]
    rows = []
    for one in page:
        url = reverse("package", args=(one.package.token,)) if opens else ""
        cells = [
            Cell(one.package.reference, url=url, below=f"P{one.package.priority}"),
            Cell(one.package.area.name, below=one.package.locality.name),
            Cell(str(codes.BRIDGES[one.kind])),
            Cell(words.day(one.from_on, today)),
            Cell(words.day(one.to_on, today) if one.to_on else _("open")),
            Cell(f"{(on - one.from_on).days + 1:,}"),
        ]
        rows.append(Row(cells, url=url))
    empty = _("Nothing stands in on this day. A broker enters it on the page of a package that waits.")
    return Table(_("What stands in meanwhile"), columns, rows, empty=empty, quiet_caption=True, wide=True)


@allowed("see_ledger")
@require_safe
def bridges_file(request: SignedIn, kind: str) -> HttpResponseBase:
    """The same rows as a file."""
    listed = _bridges(request, local(timezone.now()).date())
    columns = [_("Package"), _("Priority"), _("Locality"), _("Area"), _("What stands in"), _("Since"), _("Until")]
    rows: Iterator[list[Value]] = (
        [
            one.package.reference,
            one.package.priority,
            one.package.locality.name,
            one.package.area.name,
            str(codes.BRIDGES[one.kind]),
            one.from_on,
            one.to_on,
        ]
        for one in listed.rows
    )
    return export(rows, columns, "what-stands-in", kind)
