"""The ledger of unmet need: week by week and locality by locality, each number with the rows behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from calloff.documents.wording import say
from calloff.domain.calendar import local
from calloff.domain.indicators import Share
from calloff.domain.units import half_up
from calloff.web.accounts.services import permissions_of
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.brokerage.forms import words as codes
from calloff.web.brokerage.models import Package
from calloff.web.config.look import words
from calloff.web.config.look.exports import Value, export
from calloff.web.config.look.ledger import Ledger, Point
from calloff.web.config.look.lists import Choice, Filter, FilterState, Paging
from calloff.web.config.look.parts import Tile
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.directory.models import Locality
from calloff.web.performance import services
from calloff.web.performance.services.ledger import Week, since_when
from calloff.web.performance.services.reasons import Asking, asking_of

WHERE = ("hospital", "community")
ONLY = ("off", "override")
EARLIEST = date(2000, 1, 1)
MOST_BATCHED = 500


def places_of(request: SignedIn) -> list[tuple[str, str]]:
    """The council's localities, by code and name, in the order of the ledger."""
    rows = Locality.objects.filter(council=request.council_id).order_by("name", "code")
    return list(rows.values_list("code", "name"))


@allowed("see_ledger")
@require_safe
def unmet_need(request: SignedIn) -> HttpResponse:
    """Unmet need now and week by week."""
    now = timezone.now()
    today, council = local(now).date(), request.council
    days = services.weeks_until(today)
    weeks = services.ledger(council, days)
    target, need = council.unmet_target_hours, services.unmet_need(council, today)
    told = {
        "now": now,
        "tiles": need_tiles(need, target),
        "bought": bought_tiles(services.bought(council, *term(today)), *term(today)),
        "term": term(today),
        "beds": beds_words(request, today),
        "ledger": drawing(weeks, today, target),
        "table": weeks_table(weeks, places_of(request), today),
        "bridged": bridged_words(need),
    }
    return render(request, "performance/unmet_need.html", told)


def term(today: date) -> tuple[date, date]:
    """The weeks of the ledger, as days."""
    return services.weeks_until(today)[0] - timedelta(days=6), today


def need_tiles(need: services.UnmetNeed, target: int | None) -> list[Tile]:
    """What is unmet now, and who waits."""
    here = reverse("unmet_packages")
    people = ngettext("%(number)s person", "%(number)s people", need.people) % {"number": f"{need.people:,}"}
    return [
        Tile(
            words.hours(need.minutes),
            _("Unmet hours a week"),
            here,
            _("of at most %(target)s") % {"target": f"{target:,}"} if target is not None else _("no target is set"),
            warn=target is not None and need.minutes > target * 60,
        ),
        Tile(
            f"{need.people:,}",
            _("People waiting"),
            here,
            _("%(whole)s for all of it, %(part)s for a part")
            % {"whole": need.whole_people, "part": need.partial_people},
        ),
        Tile(f"{need.in_hospital:,}", _("Waiting in hospital"), f"{here}?where=hospital", _("of %s") % people),
        Tile(f"{need.in_community:,}", _("Waiting in the community"), f"{here}?where=community", _("of %s") % people),
        Tile(
            words.hours(need.bridged_minutes),
            _("Bridged hours a week"),
            f"{here}?bridged=yes",
            _("something stands in; counted as unmet"),
        ),
    ]


def bridged_words(need: services.UnmetNeed) -> list[str]:
    """By what the bridged hours are bridged."""
    return [
        _("%(kind)s: %(hours)s") % {"kind": codes.BRIDGES[kind], "hours": words.hours_a_week(minutes)}
        for kind, minutes in sorted(need.bridged.items())
    ]


def percent(share: Share) -> str:
    """A share in per cent with one decimal, halves up; a dash of nothing."""
    if share.of_one is None:
        return "–"
    tenths = half_up(share.part * 1000, share.whole)
    return f"{tenths // 10}.{tenths % 10}%"


def bought_tiles(bought: services.Bought, from_on: date, to_on: date) -> list[Tile]:
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


def beds_words(request: SignedIn, today: date) -> str:
    """K4 as a sentence: now, on the average of this month, and the target."""
    beds = services.daily_beds(request.council, today.replace(day=1), today)
    average = beds.daily_average
    tenths = half_up(average.part * 10, average.whole)
    said = _("%(now)d beds await care at home or a care home today, %(average)s on an average day of this month.") % {
        "now": services.beds_on(request.council, today),
        "average": f"{tenths // 10}.{tenths % 10}",
    }
    if request.council.beds_target is not None:
        said += " " + _("The target is at most %d.") % request.council.beds_target
    typed = _("Of the month's %(days)d days the hub counted people who wait for a care home on %(typed)d.")
    return f"{said} {typed % {'days': beds.days, 'typed': beds.typed_days}}"


def drawing(weeks: Sequence[Week], today: date, target: int | None) -> Ledger:
    """The ledger as a drawing, with the line below which it should stay."""
    points = [Point(_label(one, today), one.total, words.hours(one.total)) for one in weeks]
    label = _("at most %(target)s hours") % {"target": f"{target:,}"} if target is not None else ""
    return Ledger(
        _("Unmet hours at the end of each week"),
        _("hours a week"),
        points,
        target=None if target is None else target * 60,
        target_label=label,
        scale=60,
    )


def _label(week: Week, today: date) -> str:
    return _("today") if week.so_far and week.on == today else f"{week.on.day} {week.on:%b}"


def weeks_table(weeks: Sequence[Week], places: Sequence[tuple[str, str]], today: date) -> Table:
    """The latest week first, one column for each locality; each number opens its rows."""
    columns = [Column(_("Week to"), names_row=True), Column(_("All"), number=True)]
    columns += [Column(name, number=True) for _code, name in places]
    rows = []
    for week in reversed(weeks):
        label = _("today, so far") if week.so_far else _("Sunday %(day)s") % {"day": f"{week.on.day} {week.on:%B %Y}"}
        cells = [Cell(label), _number(week.on, week.total, "")]
        cells += [_number(week.on, week.minutes[code], code) for code, _name in places]
        rows.append(cells)
    caption = _("Unmet hours a week by locality")
    return Table(caption, columns, rows, wide=True)


def _number(on: date, minutes: int, locality: str) -> Cell:
    if not minutes:
        return Cell(words.hours(0))
    query = {"on": on.isoformat()} | ({"locality": locality} if locality else {})
    return Cell(words.hours(minutes), url=f"{reverse('unmet_packages')}?{urlencode(query)}")


@allowed("see_ledger")
@require_safe
def unmet_need_file(request: SignedIn, kind: str) -> HttpResponseBase:
    """The ledger as a file."""
    places = places_of(request)
    weeks = services.ledger(request.council, services.weeks_until(local(timezone.now()).date()))
    rows: Iterator[list[Value]] = (
        [one.on, hours(one.total), *(hours(one.minutes[code]) for code, _name in places)] for one in weeks
    )
    return export(rows, [_("Week to"), _("All"), *(name for _code, name in places)], "unmet-need", kind)


def hours(minutes: int) -> float:
    """Minutes as hours, a number with one decimal for a file."""
    return half_up(minutes, 6) / 10


# The rows behind a number


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
    wanted = request.GET.get("on", "")
    try:
        on = min(max(date.fromisoformat(wanted), EARLIEST), today)
    except ValueError:
        on = today
    choices = [Choice(code, name) for code, name in places_of(request)]
    filters = [
        Filter("locality", _("Locality"), choices),
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
    opens = "see_queue" in permissions_of(request.user, council_id=request.council_id)
    context = {
        "now": now,
        "on": asked.on,
        "today": today,
        "minutes": told.minutes,
        "people": told.people,
        "state": asked.state,
        "paging": paging,
        "table": packages_table(page, asked.on, today, opens),
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


# What was bought


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
    opens = "see_queue" in permissions_of(request.user, council_id=request.council_id)
    context = {
        "now": now,
        "term": term(today),
        "bought": bought_tiles(services.bought(request.council, *term(today)), *term(today)),
        "state": state,
        "paging": paging,
        "table": call_offs_table(list(rows[paging.rows]), now, opens),
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
