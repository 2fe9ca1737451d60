"""K6: how long it takes to call off and to start, by priority and by week of approval, and the packages behind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlencode

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
from calloff.web.brokerage.models import Package
from calloff.web.config.look import words
from calloff.web.config.look.exports import Value, export
from calloff.web.config.look.lists import Choice, Filter, FilterState, Paging
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.performance import services
from calloff.web.performance.services.waiting import Course
from calloff.web.performance.views.figures import (
    by_place,
    by_week,
    days_of,
    opens_packages,
    pages,
    term,
    week_of,
    week_words,
)

MOST_BATCHED = 500
PRIORITIES = range(1, 7)


def _state(request: SignedIn) -> FilterState:
    return FilterState([by_place(request)], request.GET)


def _courses(request: SignedIn, locality: str, now: datetime) -> list[Course]:
    return services.courses(request.council, *term(local(now).date()), now, locality)


@allowed("see_ledger")
@require_safe
def waits(request: SignedIn) -> HttpResponse:
    """How long it takes, those that still wait included."""
    now = timezone.now()
    today, state = local(now).date(), _state(request)
    rows = _courses(request, state.code("locality"), now)
    context = {
        "now": now,
        "pages": pages(request),
        "term": term(today),
        "state": state,
        "by_priority": _priorities(rows, now, state),
        "by_week": _weeks(rows, now, today, state),
        "csv": reverse("unmet_waits_csv") + state.address(),
        "xlsx": reverse("unmet_waits_xlsx") + state.address(),
    }
    return render(request, "performance/waits.html", context)


def _columns(first: str) -> list[Column]:
    return [
        Column(first, names_row=True),
        Column(_("Approved"), number=True),
        Column(_("Called off"), number=True),
        Column(_("Not called off"), number=True),
        Column(_("To call-off"), number=True, unit=_("half within")),
        Column(_("To call-off"), number=True, unit=_("nine in ten within")),
        Column(_("To first visit"), number=True, unit=_("half within")),
        Column(_("To first visit"), number=True, unit=_("nine in ten within")),
    ]


def _cells(name: str, rows: Sequence[Course], now: datetime, query: Mapping[str, str]) -> list[Cell]:
    """One line: how many, and how long; each number opens its packages."""
    told = services.waits_in(rows, now)
    waiting = told.still_waiting

    def opens(number: str, **more: str) -> Cell:
        address = f"{reverse('unmet_waits_packages')}?{urlencode(dict(query) | more)}"
        return Cell(number, url=address if rows and number not in ("0", "–") else "")

    return [
        Cell(name),
        opens(f"{len(rows):,}"),
        opens(f"{len(rows) - waiting:,}", how="called_off"),
        opens(f"{waiting:,}", how="waiting"),
        opens(_long(told.award_median, rows)),
        opens(_long(told.award_ninetieth, rows)),
        opens(_days(told.start_median, rows)),
        opens(_days(told.start_ninetieth, rows)),
    ]


def _long(minutes: int | None, rows: Sequence[Course]) -> str:
    if minutes is not None:
        return words.duration(minutes, brief=True)
    return _("not yet") if rows else "–"


def _days(days: int | None, rows: Sequence[Course]) -> str:
    if days is None:
        return _("not yet") if rows else "–"
    if days < 0:
        return ngettext("%d day early", "%d days early", -days) % -days
    return ngettext("%d day", "%d days", days) % days


def _priorities(rows: Sequence[Course], now: datetime, state: FilterState) -> Table:
    kept = {"locality": state.code("locality")} if state.code("locality") else {}
    by: dict[int, list[Course]] = defaultdict(list)
    for one in rows:
        by[one.priority].append(one)
    lines = [
        _cells(f"P{priority}", by[priority], now, kept | {"priority": str(priority)})
        for priority in PRIORITIES
        if by[priority]
    ]
    lines.append(_cells(_("All"), rows, now, kept))
    return Table(_("By priority"), _columns(_("Priority")), lines, wide=True)


def _weeks(rows: Sequence[Course], now: datetime, today: date, state: FilterState) -> Table:
    kept = {"locality": state.code("locality")} if state.code("locality") else {}
    by: dict[date, list[Course]] = defaultdict(list)
    for one in rows:
        by[week_of(local(one.approved_at).date(), today)].append(one)
    lines = [
        _cells(week_words(week, today), by[week], now, kept | {"week": week.isoformat()})
        for week in reversed(services.weeks_until(today))
    ]
    return Table(_("By the week in which they were approved"), _columns(_("Week to")), lines, wide=True)


@allowed("see_ledger")
@require_safe
def waits_file(request: SignedIn, kind: str) -> HttpResponseBase:
    """The figures by week as a file."""
    now = timezone.now()
    today = local(now).date()
    by: dict[date, list[Course]] = defaultdict(list)
    for one in _courses(request, _state(request).code("locality"), now):
        by[week_of(local(one.approved_at).date(), today)].append(one)

    def told() -> Iterator[list[Value]]:
        for week in services.weeks_until(today):
            found = services.waits_in(by[week], now)
            yield [
                week,
                len(by[week]),
                found.still_waiting,
                found.award_median,
                found.award_ninetieth,
                found.start_median,
                found.start_ninetieth,
            ]

    columns = [
        _("Week to"),
        _("Approved"),
        _("Not called off"),
        _("Minutes to call-off, half within"),
        _("Minutes to call-off, nine in ten within"),
        _("Days to first visit, half within"),
        _("Days to first visit, nine in ten within"),
    ]
    return export(told(), columns, "time-to-call-off", kind)


# The packages behind


@dataclass(frozen=True)
class Behind:
    """What the packages are narrowed to, and their courses, the longest wait for a call-off first."""

    state: FilterState
    rows: list[Course]


def _behind(request: SignedIn, now: datetime) -> Behind:
    today = local(now).date()
    state = FilterState(
        [
            by_place(request),
            by_week(today),
            Filter("priority", _("Priority"), [Choice(str(one), f"P{one}") for one in PRIORITIES]),
            Filter("how", _("Called off"), [Choice("called_off", _("yes")), Choice("waiting", _("no"))]),
        ],
        request.GET,
    )
    first, last = days_of(date.fromisoformat(state.code("week"))) if state.code("week") else term(today)
    rows = services.courses(request.council, first, last, now, state.code("locality"))
    if state.code("priority"):
        rows = [one for one in rows if one.priority == int(state.code("priority"))]
    if state.code("how"):
        rows = [one for one in rows if one.award(now).over == (state.code("how") == "called_off")]
    return Behind(state, sorted(rows, key=lambda one: (-one.award(now).length, one.package)))


@allowed("see_ledger")
@require_safe
def packages(request: SignedIn) -> HttpResponse:
    """Which packages waited how long, and for what."""
    now = timezone.now()
    behind = _behind(request, now)
    paging = Paging.asked_for(request.GET.get("page"), len(behind.rows), behind.state.address())
    context = {
        "title": _("How long packages waited"),
        "back": "unmet_waits",
        "state": behind.state,
        "paging": paging,
        "table": _packages_table(behind.rows[paging.rows], now, opens_packages(request)),
        "csv": reverse("unmet_waits_packages_csv") + behind.state.address(),
        "xlsx": reverse("unmet_waits_packages_xlsx") + behind.state.address(),
    }
    return render(request, "performance/behind.html", context)


def _rows_of(page: Sequence[Course]) -> dict[int, Package]:
    return Package.objects.select_related("area", "locality").in_bulk([one.package for one in page])


def _packages_table(page: Sequence[Course], now: datetime, opens: bool) -> Table:
    found, today = _rows_of(page), local(now).date()
    columns = [
        Column(_("Package"), names_row=True),
        Column(_("Where")),
        Column(_("Approved")),
        Column(_("To call-off"), number=True),
        Column(_("Start required")),
        Column(_("To first visit"), number=True),
    ]
    rows = []
    for one in page:
        package, award, start = found[one.package], one.award(now), one.start(now)
        url = reverse("package", args=(package.token,)) if opens else ""
        left = str(codes.PACKAGE_STATES[package.state][0]) if one.left_at else _("still waits")
        begun = "" if start is None or start.over else _("not begun")
        cells = [
            Cell(package.reference, url=url, below=f"P{one.priority}"),
            Cell(package.area.name, below=package.locality.name),
            Cell(words.moment(one.approved_at, now)),
            Cell(words.duration(award.length, brief=True), below="" if award.over else left),
            Cell(words.day(one.required_on, today)),
            Cell(_("not due yet") if start is None else _days(start.length, page), below=begun),
        ]
        rows.append(Row(cells, url=url))
    empty = _("No package was approved like this. What is approved in these weeks comes here.")
    return Table(_("How long packages waited"), columns, rows, empty=empty, quiet_caption=True, wide=True)


@allowed("see_ledger")
@require_safe
def packages_file(request: SignedIn, kind: str) -> HttpResponseBase:
    """The same rows as a file."""
    now = timezone.now()
    rows = _behind(request, now).rows
    columns = [
        _("Package"),
        _("Priority"),
        _("Locality"),
        _("Approved"),
        _("Called off"),
        _("Minutes to call-off"),
        _("Start required"),
        _("First visit"),
        _("Days to first visit"),
    ]
    return export(_file_rows(rows, now), columns, "waits", kind)


def _file_rows(rows: Sequence[Course], now: datetime) -> Iterator[list[Value]]:
    for first in range(0, len(rows), MOST_BATCHED):
        page = rows[first : first + MOST_BATCHED]
        found = _rows_of(page)
        for one in page:
            package, start = found[one.package], one.start(now)
            yield [
                package.reference,
                one.priority,
                package.locality.name,
                one.approved_at,
                one.called_off_at,
                one.award(now).length,
                one.required_on,
                one.began_on,
                None if start is None else start.length,
            ]
