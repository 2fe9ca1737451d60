"""What is agreed about a package beside its call-off: a visit changed for a few days, and who bears the price."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from calloff.domain.calendar import local
from calloff.domain.funding import percent
from calloff.domain.packages import Visit
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.brokerage.forms import life
from calloff.web.brokerage.forms import words as codes
from calloff.web.brokerage.models import Package, TemporaryChange
from calloff.web.brokerage.services import funding, temporary
from calloff.web.brokerage.views.acts import READ_OR_SEND, form_page, press
from calloff.web.brokerage.views.package import package_of
from calloff.web.config.look import words
from calloff.web.config.look.tables import Cell, Column, Row, Table

PAGE = "brokerage/package_agreed.html"


@allowed("work_package")
@require_http_methods(READ_OR_SEND)
def for_a_while(request: SignedIn, token: str) -> HttpResponse:
    """Make a visit longer or shorter for a few days, within the limits that need no approval."""
    package = package_of(request, token)
    lines = temporary.visits_by_line(package)
    named = [(line, line_words(line, visits)) for line, visits in lines.items()]
    form = life.TemporaryForm(request.POST or None, lines=named)
    return form_page(
        request,
        package,
        form,
        title=_("Change a visit for a few days"),
        button=_("Change it"),
        lead=limits_in_words(lines),
        carry_out=lambda at: temporary.change_for_a_while(package=package, **form.asked(), by=request.user, at=at),
        done=_("The visit is changed for these days; the plan follows in a moment."),
        template=PAGE,
        table=changes_table(package, lines),
        take_back=list(package.temporary_changes.filter(superseded_at=None).order_by("from_on", "pk")),
    )


def limits_in_words(lines: temporary.ByLine) -> str:
    """How far a visit may change without approval, in the minutes of this package."""
    limits = temporary.LIMITS
    return _(
        "Without approval a visit changes for at most %(days)d days, and a week by at most %(minutes)d minutes in all, "
        "%(percent)d per cent of it (assumed). Anything more is a change of need."
    ) % {
        "days": limits.days,
        "minutes": limits.in_a_week(temporary.weekly_minutes(lines)),
        "percent": limits.percent,
    }


def line_words(line: str, visits: dict[int, Visit]) -> str:
    """A visit in words: its part of the day, when it begins and how long it takes."""
    band, _slash, number = line.partition("/")
    visit = next(iter(visits.values()))
    told = _("%(part)s %(at)s, %(minutes)d minutes") % {
        "part": codes.PARTS_OF_THE_DAY[band],
        "at": f"{visit.start_minute // 60:02}:{visit.start_minute % 60:02}",
        "minutes": visit.minutes,
    }
    return told if number == "1" else _("%(told)s (visit %(number)s)") % {"told": told, "number": number}


def changes_table(package: Package, lines: dict[str, dict[int, Visit]], *, reasons: bool = True) -> Table:
    """The changes of these visits that stand; why is the council's to read."""
    today = local(timezone.now()).date()
    columns = [Column(_("Visit"), names_row=True), Column(_("From")), Column(_("To"))]
    columns += [Column(_("Minutes more"), number=True), Column(_("In all"), number=True)]
    columns += [Column(_("Why"))] if reasons else []
    rows = []
    for one in package.temporary_changes.filter(superseded_at=None).order_by("from_on", "pk"):
        if one.line not in lines and not reasons:
            continue
        cells = [
            Cell(line_words(one.line, lines[one.line]) if one.line in lines else one.line),
            Cell(words.day(one.from_on, today)),
            Cell(words.day(one.to_on, today)),
            Cell(f"{one.more_minutes:+d}"),
            Cell(f"{one.net_minutes:+d}"),
        ]
        rows.append(Row([*cells, Cell(one.reason)] if reasons else cells))
    return Table(_("Changes for a few days"), columns, rows, empty=_("No visit is changed for a few days."))


@allowed("work_package")
@require_POST
def take_back(request: SignedIn, token: str, change: str) -> HttpResponse:
    """The visits are again as agreed."""
    package = package_of(request, token)
    row = get_object_or_404(TemporaryChange, package=package, token=change, superseded_at=None)
    return press(
        request,
        package,
        lambda now: temporary.take_back(change=row, by=request.user, at=now),
        _("The change is taken back: the visits are as agreed."),
    )


@allowed("work_package")
@require_http_methods(READ_OR_SEND)
def who_pays(request: SignedIn, token: str) -> HttpResponse:
    """Who bears the price of a package, from a day on."""
    package, today = package_of(request, token), local(timezone.now()).date()
    now = funding.split_on(package, today)
    form = life.FundingForm(request.POST or None, shares=now)
    return form_page(
        request,
        package,
        form,
        title=_("Who pays for this package"),
        button=_("Save"),
        lead=_("The shares come to 100 per cent and count from their day on. Past days are settled anew."),
        carry_out=lambda at: funding.split(
            package=package, shares=form.shares(), from_on=form.cleaned_data["from_on"], by=request.user, at=at
        ),
        done=_("The split is saved."),
        after=reverse("package_funding", args=(package.token,)),
        template=PAGE,
        table=splits_table(package),
    )


def splits_table(package: Package) -> Table:
    """Every split that stands, in the order of its days."""
    today = local(timezone.now()).date()
    columns = [Column(_("From"), names_row=True), Column(_("Funder")), Column(_("Pays as"))]
    columns.append(Column(_("Share"), number=True))
    rows = [
        Row(
            [
                Cell(words.day(day, today)),
                Cell(one.funder),
                Cell(str(codes.FUNDING_KINDS[one.kind])),
                Cell(f"{percent(one.basis_points)} %"),
            ]
        )
        for day, shares in funding.splits_of(package)
        for one in shares
    ]
    return Table(_("Who pays"), columns, rows, empty=_("Nothing is agreed: the council bears all of it."))
