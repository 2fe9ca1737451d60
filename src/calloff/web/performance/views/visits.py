"""How visits were made, provider by provider: on time, long enough, missed, logged, and by how many workers."""

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
from calloff.domain.indicators import Share
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.config.look.exports import Value, export
from calloff.web.config.look.ledger import Ledger
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.performance import services
from calloff.web.performance.services.visits import Visits, punctual_by_week, visits_between
from calloff.web.performance.views.figures import days_of, in_percent, numbers_of, pages, percent, week_points

TARGET_PERCENT = 90
"""Visits that begin on time, of a hundred (Devon's target)."""


WEEKS = 5
"""So many weeks are shown, the current one included."""


def term(today: date) -> tuple[date, date]:
    """The weeks that are counted, as days."""
    return days_of(services.weeks_until(today)[-WEEKS])[0], today


def heading() -> list[str]:
    """What each column of the page is."""
    return [
        _("Provider"),
        _("On time"),
        _("Long enough"),
        _("Missed"),
        _("Minutes kept"),
        _("Logged"),
        _("Workers, median"),
        _("Workers, 90%"),
        _("Many workers"),
    ]


def file_heading() -> list[str]:
    """What each column of the file is: beside the figures of all stand those of the provider alone."""
    names = heading()
    own = [_("%(figure)s, provider only") % {"figure": name} for name in names[1:5]]
    return [names[0], *(name for pair in zip(names[1:5], own, strict=True) for name in pair), *names[5:]]


@allowed("see_ledger")
@require_safe
def visits(request: SignedIn) -> HttpResponse:
    """Every provider's visits in the ledger's weeks, the least punctual first."""
    today = local(timezone.now()).date()
    context = {
        "pages": pages(request),
        "term": term(today),
        "drawing": drawing(request, today),
        "table": table_of(visits_between(request.council, *term(today))),
        "csv": reverse("unmet_visits_csv"),
        "xlsx": reverse("unmet_visits_xlsx"),
    }
    return render(request, "performance/visits.html", context)


def drawing(request: SignedIn, today: date) -> Ledger:
    """The visits that began on time, week by week, beside the target."""
    ends = services.weeks_until(today)
    shares = punctual_by_week(request.council, [days_of(end) for end in ends])
    points = week_points(ends, shares)
    return Ledger(
        _("Visits that began on time"),
        _("per cent"),
        points,
        target=TARGET_PERCENT,
        target_label=_("target 90%"),
        target_is_limit=False,
    )


def table_of(every: Sequence[Visits]) -> Table:
    """One row for each provider."""
    names = heading()
    columns = [Column(names[0], names_row=True), *(Column(name, number=True) for name in names[1:])]
    rows = [Row([Cell(one.branch.name), *cells_of(one)]) for one in every]
    empty = _("No visit was settled in these weeks. They appear once providers send what they delivered.")
    return Table(_("Providers"), columns, rows, empty=empty, quiet_caption=True, wide=True)


def cells_of(one: Visits) -> list[Cell]:
    """A provider's figures, each share with its numbers below it and, where it differs, the provider's own."""
    told = [Cell(percent(share), below=_numbers(share, own)) for share, own in pairs_of(one)]
    people = [Cell("–" if number is None else f"{number}") for number in (one.workers, one.most_workers)]
    logged = Cell(percent(one.logged), below=_numbers(one.logged, one.logged))
    return [*told, logged, *people, Cell(f"{one.many}" if one.many else "")]


def pairs_of(one: Visits) -> list[tuple[Share, Share]]:
    """The shares of all that know whose doing it was, each with the provider's own."""
    own = one.own
    return [
        (one.punctual, own.punctual),
        (one.long_enough, own.long_enough),
        (one.missed, own.missed),
        (one.minutes, own.minutes),
    ]


def _numbers(share: Share, own: Share) -> str:
    numbers = numbers_of(share)
    return numbers if own == share else _("%(numbers)s; own %(own)s") % {"numbers": numbers, "own": percent(own)}


@allowed("see_ledger")
@require_safe
def visits_file(request: SignedIn, kind: str) -> HttpResponseBase:
    """The same rows as a file, shares in per cent with one decimal."""
    today = local(timezone.now()).date()
    told = (in_file(one) for one in visits_between(request.council, *term(today)))
    return export(told, file_heading(), "visits-by-provider", kind)


def in_file(one: Visits) -> list[Value]:
    """One provider's figures as values."""
    shares = [share for pair in pairs_of(one) for share in pair]
    return [one.branch.name, *map(in_percent, shares), in_percent(one.logged), one.workers, one.most_workers, one.many]
