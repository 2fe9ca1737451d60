"""The ledger of unmet need: K1 to K5 by week and locality, with the targets, each number opening its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
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
from calloff.web.config.look import words
from calloff.web.config.look.exports import Value, export
from calloff.web.config.look.ledger import Ledger, Point
from calloff.web.config.look.parts import Fact, Tab, Tile
from calloff.web.config.look.tables import Cell, Column, Table
from calloff.web.performance import services
from calloff.web.performance.services.weekly import BEDS, CARE_HOME, COMMUNITY, COUNTED, HOSPITAL, PEOPLE
from calloff.web.performance.views.bought import bought_tiles
from calloff.web.performance.views.figures import hours, pages, percent, places_of, tenths, term, week_words

HOURS = "hours"


def measures() -> dict[str, tuple[str, str, str]]:
    """What the ledger counts, by its code: the words of its tab, of its table, and the unit of its drawing."""
    return {
        HOURS: (_("Hours"), _("Unmet hours a week by locality (K1)"), _("hours a week")),
        PEOPLE: (_("People"), _("People who lack care by locality (K1)"), _("people")),
        COMMUNITY: (_("At home"), _("People who wait in the community by locality (K2)"), _("people")),
        HOSPITAL: (_("In hospital"), _("People who wait in hospital by locality (K3)"), _("people")),
        BEDS: (_("Beds"), _("Beds awaiting care at home or a care home by locality (K4)"), _("beds")),
        CARE_HOME: (_("In a care home"), _("People in a care home for lack of care at home (K5)"), _("people")),
    }


def measure_asked(request: SignedIn) -> str:
    """Which of the measures the address asks for; hours where it names none."""
    wanted = request.GET.get("of", "")
    return wanted if wanted in COUNTED else HOURS


@allowed("see_ledger")
@require_safe
def unmet_need(request: SignedIn) -> HttpResponse:
    """Unmet need now and week by week."""
    now = timezone.now()
    today, council, what = local(now).date(), request.council, measure_asked(request)
    need = services.unmet_need(council, today)
    lines = lines_of(request, what, today)
    target = {HOURS: council.unmet_target_hours, BEDS: council.beds_target}.get(what)
    label, caption, unit = measures()[what]
    here = reverse("unmet_need")
    told = {
        "now": now,
        "pages": pages(request),
        "tiles": [*need_tiles(need, council.unmet_target_hours), bed_tile(request, today)],
        "measures": [
            Tab(words_, here if code == HOURS else f"{here}?of={code}", active=code == what)
            for code, (words_, _caption, _unit) in measures().items()
        ],
        "heading": label,
        "bought": bought_tiles(services.bought(council, *term(today))),
        "term": term(today),
        "beds": beds_words(request, today),
        "ledger": drawing(lines, what, today, target, caption, unit),
        "table": weeks_table(lines, what, places_of(request), today, caption),
        "bridged": bridged_facts(need),
        "care_homes": care_home_facts(request, today),
        "files": "" if what == HOURS else f"?of={what}",
    }
    return render(request, "performance/unmet_need.html", told)


# What stands in the ledger


@dataclass(frozen=True)
class Line:
    """One week of the ledger: its last day, its number for each locality and over all, and those counted unnamed."""

    on: date
    numbers: Mapping[str, int]
    total: int
    typed: int = 0


def lines_of(request: SignedIn, what: str, today: date) -> list[Line]:
    """The weeks of one measure, the first week first; hours are in minutes."""
    days = services.weeks_until(today)
    if what == HOURS:
        return [Line(one.on, one.minutes, one.total) for one in services.ledger(request.council, days)]
    return [Line(one.on, one.people, one.total, one.typed) for one in services.counted(request.council, days, what)]


def number_words(what: str, number: int) -> str:
    """A number of the ledger as it is read."""
    return words.hours(number) if what == HOURS else f"{number:,}"


def rows_behind(what: str, on: date, locality: str = "") -> str:
    """The address of the rows behind a number."""
    query = {"on": on.isoformat()} | ({"locality": locality} if locality else {})
    if what in (COMMUNITY, HOSPITAL):
        query["where"] = what
    if what == CARE_HOME:
        query["kind"] = "residential"
    name = {BEDS: "unmet_beds", CARE_HOME: "unmet_bridges"}.get(what, "unmet_packages")
    return f"{reverse(name)}?{urlencode(query)}"


def drawing(lines: Sequence[Line], what: str, today: date, target: int | None, title: str, unit: str) -> Ledger:
    """The ledger as a drawing, with the line below which it should stay."""
    scale = 60 if what == HOURS else 1
    points = [Point(_label(one.on, today), one.total, number_words(what, one.total)) for one in lines]
    label = _("at most %(target)s %(unit)s") % {"target": f"{target:,}", "unit": _unit(what)} if target else ""
    return Ledger(title, unit, points, target=target * scale if target else None, target_label=label, scale=scale)


def _unit(what: str) -> str:
    return _("hours") if what == HOURS else _("beds")


def _label(on: date, today: date) -> str:
    return _("today") if on == today and today.weekday() != 6 else f"{on.day} {on:%b}"


def weeks_table(
    lines: Sequence[Line], what: str, places: Sequence[tuple[str, str]], today: date, caption: str
) -> Table:
    """The latest week first, one column for each locality; each number opens its rows."""
    columns = [Column(_("Week to"), names_row=True), Column(_("All"), number=True)]
    columns += [Column(name, number=True) for _code, name in places]
    if what == BEDS:
        columns.append(Column(_("Counted by the hub"), number=True))
    rows = []
    for line in reversed(lines):
        cells = [Cell(week_words(line.on, today)), _number(what, line.on, line.total, "")]
        cells += [_number(what, line.on, line.numbers.get(code, 0), code) for code, _name in places]
        if what == BEDS:
            cells.append(_number(what, line.on, line.typed, ""))
        rows.append(cells)
    return Table(caption, columns, rows, wide=True)


def _number(what: str, on: date, number: int, locality: str) -> Cell:
    text = number_words(what, number)
    return Cell(text, url=rows_behind(what, on, locality)) if number else Cell(text)


@allowed("see_ledger")
@require_safe
def unmet_need_file(request: SignedIn, kind: str) -> HttpResponseBase:
    """The ledger as a file, of the measure that is shown."""
    places, what = places_of(request), measure_asked(request)
    lines = lines_of(request, what, local(timezone.now()).date())

    def number(value: int) -> Value:
        return hours(value) if what == HOURS else value

    rows: Iterator[list[Value]] = (
        [one.on, number(one.total), *(number(one.numbers.get(code, 0)) for code, _name in places)]
        + ([one.typed] if what == BEDS else [])
        for one in lines
    )
    columns = [_("Week to"), _("All"), *(name for _code, name in places)]
    columns += [_("Counted by the hub")] if what == BEDS else []
    return export(rows, columns, "unmet-need" if what == HOURS else f"unmet-need-{what}", kind)


# What stands above it


def need_tiles(need: services.UnmetNeed, target: int | None) -> list[Tile]:
    """What is unmet now, and who waits."""
    here = reverse("unmet_packages")
    people = people_words(need.people)
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


def bed_tile(request: SignedIn, today: date) -> Tile:
    """K4 now."""
    beds, target = services.beds_on(request.council, today), request.council.beds_target
    return Tile(
        f"{beds:,}",
        _("Beds awaiting care"),
        rows_behind(BEDS, today),
        _("of at most %(target)s") % {"target": f"{target:,}"} if target is not None else _("no target is set"),
        warn=target is not None and beds > target,
    )


def care_home_facts(request: SignedIn, today: date) -> list[Fact]:
    """K5 now, and for how many of those placed long enough ago the care home became permanent."""
    [now] = services.counted(request.council, [today], CARE_HOME)
    share = services.permanent(services.placements(request.council, *term(today)))
    stayed = _("nobody's first twelve weeks ended in these weeks")
    if share.whole:
        told = {"whole": share.whole, "part": share.part, "share": percent(share)}
        stayed = _("%(part)d of %(whole)d (%(share)s)") % told
    return [
        Fact(_("For lack of care at home"), people_words(now.total), rows_behind(CARE_HOME, today), _("Open")),
        Fact(_("Still there after twelve weeks"), stayed),
    ]


def people_words(number: int) -> str:
    """ "1 person", "1,200 people"."""
    return ngettext("%(number)s person", "%(number)s people", number) % {"number": f"{number:,}"}


def bridged_facts(need: services.UnmetNeed) -> list[Fact]:
    """By what the bridged hours are bridged."""
    return [
        Fact(
            str(codes.BRIDGES[kind]),
            words.hours_a_week(minutes),
            f"{reverse('unmet_bridges')}?{urlencode({'on': need.on.isoformat(), 'kind': kind})}",
            _("Open"),
        )
        for kind, minutes in sorted(need.bridged.items())
    ]


def beds_words(request: SignedIn, today: date) -> str:
    """K4 as a sentence: now, on the average of this month, and the target."""
    beds = services.daily_beds(request.council, today.replace(day=1), today)
    said = _("%(now)d beds await care at home or a care home today, %(average)s on an average day of this month.") % {
        "now": services.beds_on(request.council, today),
        "average": tenths(beds.daily_average),
    }
    if request.council.beds_target is not None:
        said += " " + _("The target is at most %d.") % request.council.beds_target
    typed = _("Of the month's %(days)d days the hub counted people who wait for a care home on %(typed)d.")
    return f"{said} {typed % {'days': beds.days, 'typed': beds.typed_days}}"
