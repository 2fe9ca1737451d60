"""K7: who is asked and what is answered, by week and by provider, and the invitations behind."""

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
from django.views.decorators.http import require_safe

from calloff.domain.calendar import local
from calloff.domain.indicators import Share
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.brokerage.forms import words as codes
from calloff.web.brokerage.models import Invitation
from calloff.web.config.look import words
from calloff.web.config.look.exports import Value, export
from calloff.web.config.look.lists import Choice, Filter, FilterState, Paging
from calloff.web.config.look.parts import Tile
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.directory.models import Branch
from calloff.web.performance import services
from calloff.web.performance.services.replies import ACCEPTED, DECLINED, HOW, NOT_COUNTED, PART, SILENT, Asked
from calloff.web.performance.views.figures import (
    by_place,
    by_week,
    days_of,
    opens_packages,
    pages,
    percent,
    term,
    week_of,
    week_words,
)

MOST_BATCHED = 500
QUICK = "quick"


def how_words() -> dict[str, str]:
    """What became of an invitation, in words."""
    return {
        ACCEPTED: _("all of it accepted"),
        PART: _("a part offered"),
        DECLINED: _("declined"),
        SILENT: _("no answer"),
        NOT_COUNTED: _("not counted"),
    }


def _state(request: SignedIn) -> FilterState:
    return FilterState([by_place(request)], request.GET)


@allowed("see_ledger")
@require_safe
def answers(request: SignedIn) -> HttpResponse:
    """How often all of it is accepted, how quickly, and how often nobody answers."""
    now = timezone.now()
    today, state = local(now).date(), _state(request)
    rows = services.asked_between(request.council, *term(today), now, state.code("locality"))
    context = {
        "now": now,
        "pages": pages(request),
        "term": term(today),
        "state": state,
        "tiles": _tiles(rows, state),
        "by_week": _weeks(rows, today, state),
        "by_provider": _providers(rows, state),
        "csv": reverse("unmet_answers_csv") + state.address(),
        "xlsx": reverse("unmet_answers_xlsx") + state.address(),
    }
    return render(request, "performance/answers.html", context)


def _kept(state: FilterState) -> dict[str, str]:
    return {"locality": state.code("locality")} if state.code("locality") else {}


def _address(query: Mapping[str, str], **more: str) -> str:
    found = urlencode(dict(query) | more)
    return reverse("unmet_invitations") + (f"?{found}" if found else "")


def _tiles(rows: Sequence[Asked], state: FilterState) -> list[Tile]:
    told, kept = services.answers_of(rows), _kept(state)
    of = _("%(part)s of %(whole)s invitations")

    def tile(share: Share, label: str, how: str) -> Tile:
        below = of % {"part": f"{share.part:,}", "whole": f"{share.whole:,}"}
        return Tile(percent(share), label, _address(kept, how=how), below)

    return [
        tile(told.acceptance, _("Accepted in full"), ACCEPTED),
        tile(told.within_four_hours, _("Accepted within 4 hours"), QUICK),
        tile(told.expiry, _("No answer"), SILENT),
    ]


def _columns(first: str) -> list[Column]:
    return [
        Column(first, names_row=True),
        Column(_("Counted"), number=True, unit=_("invitations")),
        Column(_("Accepted"), number=True, unit=_("in full")),
        Column(_("Within 4 hours"), number=True),
        Column(_("A part"), number=True),
        Column(_("Declined"), number=True),
        Column(_("No answer"), number=True),
        Column(_("Not counted"), number=True),
    ]


def _cells(name: str, rows: Sequence[Asked], query: Mapping[str, str]) -> list[Cell]:
    """One line: each number with its share, and its invitations behind."""
    told = services.answers_of(rows)
    number = {how: sum(one.how == how for one in rows) for how in HOW}

    def cell(count: int, how: str, share: Share | None = None) -> Cell:
        more = {"how": how} if how else {}
        url = _address(query, **more) if count else ""
        return Cell(f"{count:,}", url=url, below=percent(share) if share and share.whole else "")

    return [
        Cell(name),
        cell(told.counted, ""),
        cell(told.accepted, ACCEPTED, told.acceptance),
        cell(told.quickly, QUICK, told.within_four_hours),
        cell(number[PART], PART),
        cell(number[DECLINED], DECLINED),
        cell(told.expired, SILENT, told.expiry),
        cell(number[NOT_COUNTED], NOT_COUNTED),
    ]


def _weeks(rows: Sequence[Asked], today: date, state: FilterState) -> Table:
    by: dict[date, list[Asked]] = defaultdict(list)
    for one in rows:
        by[week_of(local(one.sent_at).date(), today)].append(one)
    lines = [
        _cells(week_words(week, today), by[week], _kept(state) | {"week": week.isoformat()})
        for week in reversed(services.weeks_until(today))
    ]
    return Table(_("By the week in which they were sent"), _columns(_("Week to")), lines, wide=True)


def _providers(rows: Sequence[Asked], state: FilterState) -> Table:
    by: dict[int, list[Asked]] = defaultdict(list)
    for one in rows:
        by[one.branch].append(one)
    found = Branch.objects.filter(pk__in=by).order_by("name", "reference")
    lines = [_cells(one.name, by[one.pk], _kept(state) | {"provider": one.token}) for one in found]
    empty = _("Nobody was asked in these weeks, or every deadline is still to come.")
    return Table(_("By provider"), _columns(_("Provider")), lines, empty=empty, wide=True)


@allowed("see_ledger")
@require_safe
def answers_file(request: SignedIn, kind: str) -> HttpResponseBase:
    """The figures by week as a file."""
    now = timezone.now()
    today = local(now).date()
    by: dict[date, list[Asked]] = defaultdict(list)
    for one in services.asked_between(request.council, *term(today), now, _state(request).code("locality")):
        by[week_of(local(one.sent_at).date(), today)].append(one)

    def told() -> Iterator[list[Value]]:
        for week in services.weeks_until(today):
            found = services.answers_of(by[week])
            number = {how: sum(one.how == how for one in by[week]) for how in HOW}
            counts = (number[PART], number[DECLINED], found.expired, number[NOT_COUNTED])
            yield [week, found.counted, found.accepted, found.quickly, *counts]

    columns = [_("Week to"), _("Counted"), _("Accepted in full"), _("Accepted within 4 hours"), _("A part offered")]
    return export(told(), [*columns, _("Declined"), _("No answer"), _("Not counted")], "answers", kind)


# The invitations behind


@dataclass(frozen=True)
class Behind:
    """What the invitations are narrowed to, and what was answered to each, the latest first."""

    state: FilterState
    rows: list[Asked]


def _behind(request: SignedIn, now: datetime) -> Behind:
    today = local(now).date()
    asked = Branch.objects.filter(invitations__council=request.council_id).distinct().order_by("name", "reference")
    names = {one.token: one for one in asked}
    hows = [Choice(QUICK, _("accepted within 4 hours")), *(Choice(code, text) for code, text in how_words().items())]
    state = FilterState(
        [
            by_place(request),
            by_week(today),
            Filter("provider", _("Provider"), [Choice(token, one.name) for token, one in names.items()]),
            Filter("how", _("Answer"), hows, anything=_("counted")),
        ],
        request.GET,
    )
    first, last = days_of(date.fromisoformat(state.code("week"))) if state.code("week") else term(today)
    rows = services.asked_between(request.council, first, last, now, state.code("locality"))
    how = state.code("how")
    if how == QUICK:
        rows = [one for one in rows if one.quickly]
    else:
        rows = [one for one in rows if (one.how == how if how else one.how != NOT_COUNTED)]
    if state.code("provider"):
        rows = [one for one in rows if one.branch == names[state.code("provider")].pk]
    return Behind(state, rows[::-1])


@allowed("see_ledger")
@require_safe
def invitations(request: SignedIn) -> HttpResponse:
    """Which providers were asked for what, and what they said when."""
    now = timezone.now()
    behind = _behind(request, now)
    paging = Paging.asked_for(request.GET.get("page"), len(behind.rows), behind.state.address())
    context = {
        "title": _("Invitations and their answers"),
        "back": "unmet_answers",
        "lead": _("Invitations whose deadline is past."),
        "state": behind.state,
        "paging": paging,
        "table": _invitations_table(behind.rows[paging.rows], now, opens_packages(request)),
        "csv": reverse("unmet_invitations_csv") + behind.state.address(),
        "xlsx": reverse("unmet_invitations_xlsx") + behind.state.address(),
    }
    return render(request, "performance/behind.html", context)


def _rows_of(page: Sequence[Asked]) -> dict[int, Invitation]:
    return Invitation.objects.select_related("branch", "package__locality").in_bulk([one.invitation for one in page])


def reason_words(one: Asked, row: Invitation) -> str:
    """Why a provider said no, or why the council ended the invitation."""
    reason = one.reason or (row.reason if one.how == NOT_COUNTED else "")
    return str(codes.DECLINE_REASONS.get(reason, reason.replace("_", " "))).splitlines()[0] if reason else ""


def _invitations_table(page: Sequence[Asked], now: datetime, opens: bool) -> Table:
    found, said = _rows_of(page), how_words()
    columns = [
        Column(_("Sent")),
        Column(_("Package"), names_row=True),
        Column(_("Provider")),
        Column(_("Deadline")),
        Column(_("Answer")),
        Column(_("After"), number=True),
    ]
    rows = []
    for one in page:
        row = found[one.invitation]
        url = reverse("package", args=(row.package.token,)) if opens else ""
        after = words.lasted(one.sent_at, one.answered_at, brief=True) if one.answered_at else ""
        cells = [
            Cell(words.moment(one.sent_at, now)),
            Cell(row.package.reference, url=url, below=row.package.locality.name),
            Cell(row.branch.name),
            Cell(words.moment(row.deadline_at, now)),
            Cell(said[one.how], below=reason_words(one, row)),
            Cell(after),
        ]
        rows.append(Row(cells, url=url))
    empty = _("No invitation is like this. Whoever is asked comes here once the deadline is past.")
    return Table(_("Invitations"), columns, rows, empty=empty, quiet_caption=True, wide=True)


@allowed("see_ledger")
@require_safe
def invitations_file(request: SignedIn, kind: str) -> HttpResponseBase:
    """The same rows as a file."""
    columns = [_("Sent"), _("Package"), _("Locality"), _("Provider"), _("Deadline"), _("Answer"), _("Reason")]
    rows = _behind(request, timezone.now()).rows
    return export(_file_rows(rows), [*columns, _("Answered")], "invitations", kind)


def _file_rows(rows: Sequence[Asked]) -> Iterator[list[Value]]:
    said = how_words()
    for first in range(0, len(rows), MOST_BATCHED):
        page = rows[first : first + MOST_BATCHED]
        found = _rows_of(page)
        for one in page:
            row = found[one.invitation]
            yield [
                one.sent_at,
                row.package.reference,
                row.package.locality.name,
                row.branch.name,
                row.deadline_at,
                said[one.how],
                reason_words(one, row),
                one.answered_at,
            ]
