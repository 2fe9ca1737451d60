"""How regular care is and how few workers bring it, provider by provider: K13, with K11 in all its four measures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from calloff.domain.calendar import local
from calloff.domain.units import half_up
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.config.look.exports import Value, export
from calloff.web.config.look.ledger import Ledger
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.performance import services
from calloff.web.performance.services.regularity import Regularity, fortnight, regular_by_week
from calloff.web.performance.services.regularity import regularity as regularity_of
from calloff.web.performance.views.figures import in_percent, numbers_of, pages, percent, week_points, with_decimals
from calloff.web.performance.views.visits import WEEKS


def heading() -> list[str]:
    """What each column is, on the page and in the file."""
    return [
        _("Provider"),
        _("Regular calls"),
        _("Spread, median"),
        _("Spread, 90%"),
        _("People"),
        _("Workers, median"),
        _("Workers, 90%"),
        _("Workers for ten visits"),
        _("Visits by three"),
        _("Continuity"),
    ]


@allowed("see_ledger")
@require_safe
def regularity(request: SignedIn) -> HttpResponse:
    """Every provider's regularity over the last fourteen days, the least regular first."""
    today = local(timezone.now()).date()
    ends = services.weeks_until(today)[-WEEKS:]
    shares = regular_by_week(request.council, ends)
    drawing = Ledger(_("Calls that come at the same time"), _("per cent"), week_points(ends, shares))
    context = {
        "pages": pages(request),
        "term": fortnight(today),
        "drawing": drawing,
        "table": table_of(regularity_of(request.council, today)),
        "csv": reverse("unmet_regularity_csv"),
        "xlsx": reverse("unmet_regularity_xlsx"),
    }
    return render(request, "performance/regularity.html", context)


def table_of(every: Sequence[Regularity]) -> Table:
    """One row for each provider."""
    names = heading()
    columns = [Column(names[0], names_row=True), *(Column(name, number=True) for name in names[1:])]
    rows = [Row([Cell(one.branch.name), *cells_of(one)]) for one in every]
    empty = _("Nobody came twice for the same call in these days. The figures appear once files of visits come in.")
    return Table(_("Providers"), columns, rows, empty=empty, quiet_caption=True, wide=True)


def cells_of(one: Regularity) -> list[Cell]:
    """A provider's figures as the page shows them."""
    spreads = [Cell(spread_words(seconds)) for seconds in (one.spread, one.most_spread)]
    workers = [Cell("–" if number is None else f"{number}") for number in (one.workers, one.most_workers)]
    return [
        Cell(percent(one.regular), below=numbers_of(one.regular)),
        *spreads,
        Cell(f"{one.people:,}"),
        *workers,
        Cell(with_decimals(one.per_ten, 10)),
        Cell("–" if one.top_three is None else f"{with_decimals(one.top_three, 10)}%"),
        Cell(with_decimals(one.index, 100)),
    ]


def spread_words(seconds: int | None) -> str:
    """ "12 min"; halves of a minute go up."""
    return "–" if seconds is None else _("%(minutes)d min") % {"minutes": half_up(seconds, 60)}


@allowed("see_ledger")
@require_safe
def regularity_file(request: SignedIn, kind: str) -> HttpResponseBase:
    """The same rows as a file: spreads in minutes with one decimal, shares in per cent."""
    today: date = local(timezone.now()).date()
    told = (in_file(one) for one in regularity_of(request.council, today))
    return export(told, heading(), "regularity-by-provider", kind)


def in_file(one: Regularity) -> list[Value]:
    """One provider's figures as values."""
    spreads = [None if seconds is None else half_up(seconds, 6) / 10 for seconds in (one.spread, one.most_spread)]
    per_ten = None if one.per_ten is None else one.per_ten / 10
    top_three = None if one.top_three is None else one.top_three / 10
    index = None if one.index is None else one.index / 100
    counts = [one.people, one.workers, one.most_workers]
    return [one.branch.name, in_percent(one.regular), *spreads, *counts, per_ten, top_three, index]
