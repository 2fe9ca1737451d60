"""The packages behind a number of unmet need: what each lacks, since when, and why nobody is found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

from calloff.documents.wording import say
from calloff.domain.calendar import local
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.brokerage.forms import words as codes
from calloff.web.brokerage.models import Package
from calloff.web.config.look import words
from calloff.web.config.look.exports import Value, export
from calloff.web.config.look.lists import Choice, Filter, FilterState, Paging
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.performance import services
from calloff.web.performance.services.ledger import since_when
from calloff.web.performance.services.reasons import Asking, asking_of
from calloff.web.performance.views.figures import by_place, day_asked, hours, opens_packages

MOST_BATCHED = 500


@dataclass(frozen=True)
class Asked:
    """Which rows the address asks for."""

    on: date
    state: FilterState

    @property
    def query(self) -> str:
        return self.state.address()


def asked_of(request: SignedIn, today: date) -> Asked:
    """The day, the locality and who is meant, from the address; nothing else is read from it."""
    on = day_asked(request.GET.get("on", ""), today)
    filters = [
        by_place(request),
        Filter("where", _("Waiting"), [Choice("hospital", _("in hospital")), Choice("community", _("at home"))]),
        Filter("bridged", _("Bridged"), [Choice("yes", _("yes")), Choice("no", _("no"))]),
    ]
    return Asked(on, FilterState(filters, request.GET, {"on": [on.isoformat()]}))


def rows_of(request: SignedIn, asked: Asked) -> Any:
    """The stretches of unmet need that are asked for."""
    return services.stretches_on(
        request.council,
        asked.on,
        locality=asked.state.code("locality"),
        where=asked.state.code("where"),
        bridged=asked.state.code("bridged"),
    )


@allowed("see_ledger")
@require_safe
def packages(request: SignedIn) -> HttpResponse:
    """Which packages lack what on a day, since when, and why nobody is found."""
    now = timezone.now()
    today = local(now).date()
    asked = asked_of(request, today)
    rows = rows_of(request, asked)
    told = services.sum_of(rows)
    paging = Paging.asked_for(request.GET.get("page"), told.rows, asked.query)
    page = list(rows[paging.rows])
    context = {
        "now": now,
        "on": asked.on,
        "today": today,
        "minutes": told.minutes,
        "people": told.people,
        "state": asked.state,
        "paging": paging,
        "table": packages_table(page, asked.on, today, opens_packages(request)),
        "csv": reverse("unmet_packages_csv") + asked.query,
        "xlsx": reverse("unmet_packages_xlsx") + asked.query,
    }
    return render(request, "performance/packages.html", context)


def packages_table(page: Sequence[Any], on: date, today: date, opens: bool) -> Table:
    """One row for each package, the longest wait first."""
    numbers = [one.package_id for one in page]
    since, asking = since_when(numbers, on), asking_of(numbers)
    columns = [
        Column(_("Package"), names_row=True),
        Column(_("Where")),
        Column(_("Lacks"), number=True, unit=_("hours a week")),
        Column(_("Since")),
        Column(_("Invitations")),
        Column(_("Why")),
    ]
    rows = []
    for one in page:
        package = one.package
        url = reverse("package", args=(package.token,)) if opens else ""
        days = (on - since[package.pk]).days
        hospital = _("hospital") if package.in_hospital and on == today else ""
        rows.append(
            Row(
                [
                    Cell(package.reference, url=url, below=f"P{package.priority}", tag=hospital, tone="purple"),
                    Cell(package.area.name, below=one.locality.name),
                    Cell(words.hours(one.minutes), below="" if one.whole else _("a part")),
                    Cell(words.day(since[package.pk], today), below=ngettext("%d day", "%d days", days) % days),
                    Cell(invited_words(asking[package.pk]), below=declined_words(asking[package.pk])),
                    Cell(why_words(package, on, today), below=referred_words(package, asking[package.pk], on, today)),
                ],
                url=url,
            )
        )
    empty = _("Nothing is unmet here on this day. What is approved, due and not begun comes here.")
    return Table(_("Packages that lack care"), columns, rows, empty=empty, quiet_caption=True, wide=True)


def invited_words(asking: Asking) -> str:
    """How many were asked and what they said."""
    if not asking.made:
        return _("nobody asked yet")
    parts = [ngettext("%d asked", "%d asked", asking.made) % asking.made]
    said = {
        "declined": _("%d declined"),
        "expired": _("%d silent"),
        "accepted": _("%d accepted"),
        "part": _("%d for a part"),
        "called_off": _("%d called off"),
        "open": _("%d open"),
        "ended": _("%d ended"),
    }
    return ", ".join(parts + [text % asking.states[state] for state, text in said.items() if asking.states[state]])


def declined_words(asking: Asking) -> str:
    """The reasons of those who said no, the commonest first."""
    told = [f"{number} × {_decline(reason)}" for reason, number in asking.declines.most_common(2)]
    return "; ".join(told)


def _decline(reason: str) -> str:
    if not reason:
        return _("no reason")
    return str(codes.DECLINE_REASONS.get(reason, reason.replace("_", " "))).splitlines()[0]


def why_words(package: Package, on: date, today: date) -> str:
    """What has to be done about it now; how it stands now where a past day is shown."""
    if package.state in (Package.ENDED, Package.WITHDRAWN, Package.STARTED):
        return str(codes.PACKAGE_STATES[package.state][0])
    told = codes.action_words(package.next_action)
    return told if on == today else _("now: %(action)s") % {"action": told}


def referred_words(package: Package, asking: Asking, on: date, today: date) -> str:
    """What the model said when it had nobody left."""
    if asking.referred:
        return say("refers", asking.referred)
    if on == today and package.waits_for_minutes:
        return _("Somebody passes every gate and lacks only the hours.")
    return ""


@allowed("see_ledger")
@require_safe
def packages_file(request: SignedIn, kind: str) -> HttpResponseBase:
    """The same rows as a file."""
    today = local(timezone.now()).date()
    asked = asked_of(request, today)
    columns = [
        _("Package"),
        _("Priority"),
        _("Locality"),
        _("Area"),
        _("Hours a week lacking"),
        _("All of it"),
        _("Since"),
        _("Invitations made"),
        _("Declined"),
        _("Silent"),
        _("Next action"),
    ]
    return export(_file_rows(list(rows_of(request, asked)), asked.on), columns, "unmet-need-packages", kind)


def _file_rows(rows: Sequence[Any], on: date) -> Iterator[list[Value]]:
    for first in range(0, len(rows), MOST_BATCHED):
        page = rows[first : first + MOST_BATCHED]
        numbers = [one.package_id for one in page]
        since, asking = since_when(numbers, on), asking_of(numbers)
        for one in page:
            told = asking[one.package_id]
            yield [
                one.package.reference,
                one.package.priority,
                one.locality.name,
                one.package.area.name,
                hours(one.minutes),
                _("yes") if one.whole else _("no"),
                since[one.package_id],
                told.made,
                told.states["declined"],
                told.states["expired"],
                codes.action_words(one.package.next_action),
            ]
