"""How care was bought (K9 and K10): on the framework or not, by the model or not, and each call-off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from calloff.domain.calendar import local
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.brokerage.forms import words as codes
from calloff.web.config.look import words
from calloff.web.config.look.exports import export
from calloff.web.config.look.lists import Choice, Filter, FilterState, Paging
from calloff.web.config.look.parts import Tile
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.performance import services
from calloff.web.performance.views.figures import hours, opens_packages, pages, percent, term


def bought_tiles(bought: services.Bought) -> list[Tile]:
    """The share of hours bought on the framework, and how often somebody chose otherwise."""
    here = reverse("unmet_call_offs")
    inside, over = bought.on_framework, bought.overridden
    return [
        Tile(
            percent(inside),
            _("Called off on the framework"),
            here,
            _("%(part)s of %(whole)s hours a week")
            % {"part": words.hours(inside.part), "whole": words.hours(inside.whole)},
        ),
        Tile(
            percent(over),
            _("Overrides"),
            f"{here}?only=override",
            _("%(part)s of %(whole)s call-offs") % {"part": f"{over.part:,}", "whole": f"{over.whole:,}"},
        ),
    ]


def call_off_state(request: SignedIn) -> FilterState:
    """Which call-offs the address asks for."""
    choices = [Choice("off", _("off the framework")), Choice("override", _("with an override"))]
    return FilterState([Filter("only", _("Only"), choices, anything=_("all"))], request.GET)


def call_offs_of(request: SignedIn, state: FilterState, today: date) -> Any:
    """The call-offs of the ledger's weeks that are asked for."""
    return services.call_offs_between(request.council, *term(today), only=state.code("only"))


@allowed("see_ledger")
@require_safe
def call_offs(request: SignedIn) -> HttpResponse:
    """What was bought in the ledger's weeks: from whom, on the framework or not, by the model or not."""
    now = timezone.now()
    today = local(now).date()
    state = call_off_state(request)
    rows = call_offs_of(request, state, today)
    paging = Paging.asked_for(request.GET.get("page"), rows.order_by().count(), state.address())
    context = {
        "now": now,
        "pages": pages(request),
        "term": term(today),
        "bought": bought_tiles(services.bought(request.council, *term(today))),
        "state": state,
        "paging": paging,
        "table": call_offs_table(list(rows[paging.rows]), now, opens_packages(request)),
        "csv": reverse("unmet_call_offs_csv") + state.address(),
        "xlsx": reverse("unmet_call_offs_xlsx") + state.address(),
    }
    return render(request, "performance/call_offs.html", context)


def call_offs_table(page: Sequence[Any], now: datetime, opens: bool) -> Table:
    """One row for each call-off, the latest first."""
    columns = [
        Column(_("Confirmed")),
        Column(_("Package"), names_row=True),
        Column(_("Provider")),
        Column(_("Hours"), number=True, unit=_("a week")),
        Column(_("How")),
        Column(_("Why")),
    ]
    rows = []
    for one in page:
        url = reverse("package", args=(one.package.token,)) if opens else ""
        tag = _("override") if one.override_reason else "" if one.on_framework else _("off framework")
        cells = [
            Cell(words.moment(one.confirmed_at, now)),
            Cell(one.package.reference, url=url),
            Cell(one.branch.name),
            Cell(words.hours(one.minutes_per_week)),
            Cell(str(codes.KINDS.get(one.kind, one.kind)), tag=tag, tone="orange"),
            Cell(reason_words(one)),
        ]
        rows.append(Row(cells, url=url))
    empty = _("Nothing was called off like this in these weeks.")
    return Table(_("Call-offs"), columns, rows, empty=empty, quiet_caption=True, wide=True)


def reason_words(one: Any) -> str:
    """Why it was bought otherwise than the model says."""
    if one.override_reason:
        return str(codes.OVERRIDE_REASONS.get(one.override_reason, one.override_reason))
    return str(codes.OUTSIDE_REASONS.get(one.outside_reason, "")) if one.outside_reason else ""


@allowed("see_ledger")
@require_safe
def call_offs_file(request: SignedIn, kind: str) -> HttpResponseBase:
    """The same rows as a file."""
    state = call_off_state(request)
    columns = [
        _("Confirmed"),
        _("Package"),
        _("Provider"),
        _("Hours a week"),
        _("How"),
        _("On the framework"),
        _("Override or reason"),
    ]
    rows = call_offs_of(request, state, local(timezone.now()).date()).iterator(chunk_size=1000)
    told = (
        [
            one.confirmed_at,
            one.package.reference,
            one.branch.name,
            hours(one.minutes_per_week),
            str(codes.KINDS.get(one.kind, one.kind)),
            _("yes") if one.on_framework else _("no"),
            reason_words(one),
        ]
        for one in rows
    )
    return export(told, columns, "call-offs", kind)
