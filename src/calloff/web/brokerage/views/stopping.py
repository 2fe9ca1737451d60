"""Visits that are not to be made: what stops them, what was told of it, and the return."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calloff.domain.absences import DEATH
from calloff.domain.calendar import local, to_utc
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.brokerage.forms import life
from calloff.web.brokerage.forms import words as codes
from calloff.web.brokerage.models import Absence, Package
from calloff.web.brokerage.services import absences, releasing
from calloff.web.brokerage.services.absences import Told
from calloff.web.brokerage.views.acts import READ_OR_SEND, form_page, press
from calloff.web.brokerage.views.package import heading, look_at, note_look, package_of
from calloff.web.config.look import words
from calloff.web.config.look.tables import Cell, Column, Row, Table


@allowed("work_package")
@require_safe
def stops(request: SignedIn, token: str) -> HttpResponse:
    """What stops the visits of a package, now and before, each to be ended or put right."""
    package, now = package_of(request, token), timezone.now()
    may = permissions_at(request)
    note_look(request, package, may, now)
    kept = None if package.is_over or "withdraw_package" not in may else releasing.kept_until(package)
    told = {
        **heading(look_at(package, now), may),
        "table": table_of(package, now),
        "now": now,
        "over": package.is_over,
        "kept": words.day(kept, local(now).date()) if kept else "",
        "releases": kept is not None and kept < local(now).date(),
    }
    return render(request, "brokerage/package_stops.html", told)


def table_of(package: Package, now: datetime) -> Table:
    """The absences that stand, the latest first."""
    columns = [Column(_("Why"), names_row=True), Column(_("No visits from")), Column(_("Visits again from"))]
    columns += [Column(_("We were told")), Column(_("What to do"))]
    rows = []
    for one in reversed(absences.standing(package)):
        change = reverse("package_stop", args=(package.token, one.token))
        again = "" if one.until_at is None else edge(one.until_at, now, by_day=one.by_day)
        back = one.until_at is None and one.kind != DEATH
        url = reverse("package_return", args=(package.token, one.token)) if back else change
        rows.append(
            Row(
                [
                    Cell(why(one), url=change, below=one.visit),
                    Cell(edge(one.from_at, now, by_day=one.by_day)),
                    Cell(again or ("" if one.kind == DEATH else _("nobody knows yet"))),
                    Cell(words.moment(one.told_at, now)),
                    Cell(_("Enter the return") if back else _("Put it right"), url=url),
                ]
            )
        )
    empty = _("Nothing stops the visits of this package.")
    return Table(_("What stops visits"), columns, rows, empty=empty, quiet_caption=True)


def why(one: Absence) -> str:
    """Why there are no visits, in words."""
    return str(_("The person has died") if one.kind == DEATH else codes.ABSENCES[one.kind])


def edge(at: datetime, now: datetime, *, by_day: bool) -> str:
    """The beginning or the end: a day where only that is known."""
    return words.day(local(at).date(), local(now).date()) if by_day else words.moment(at, now)


def absence_of(package: Package, token: str) -> Absence:
    """The absence of this address that stands; anything else is not found."""
    if package.person_id is None:
        raise Http404
    rows = Absence.objects.filter(Q(package=None) | Q(package=package), person=package.person_id, superseded_at=None)
    return get_object_or_404(rows.select_related("package", "person"), token=token)


def day_of(line: str, on: str) -> date:
    """The day of a visit that an address names; not found where it is none, or the part of the day is unknown."""
    try:
        day = date.fromisoformat(on)
    except ValueError as error:
        raise Http404 from error
    if line not in codes.PARTS_OF_THE_DAY:
        raise Http404
    return day


@allowed("work_package")
@require_http_methods(READ_OR_SEND)
def stop(request: SignedIn, token: str) -> HttpResponse:
    """Stop the visits of a package from a moment on."""
    package, now = package_of(request, token), timezone.now()
    form = life.StopForm(request.POST or None, now=now)
    return form_page(
        request,
        package,
        form,
        title=_("Stop the visits"),
        button=_("Stop them"),
        lead=_("The provider is told. What a visit is worth then follows from the notice and from the contract."),
        carry_out=lambda at: absences.stop_visits(package=package, told=form.told(), by=request.user, at=at),
        done=_("The visits are stopped; the plan follows in a moment."),
        after=reverse("package_stops", args=(package.token,)),
    )


@allowed("work_package")
@require_http_methods(READ_OR_SEND)
def cancel(request: SignedIn, token: str, line: str, on: str, ordinal: int) -> HttpResponse:
    """Cancel one visit, named by its part of the day, its day and its number."""
    package, now = package_of(request, token), timezone.now()
    day = day_of(line, on)
    form = life.CancelForm(request.POST or None, now=now)

    def carry_out(at: datetime) -> None:
        told = Told(
            kind=form.cleaned_data["kind"],
            from_at=to_utc(day, 0),
            until_at=None,
            told_at=form.told_at(),
            by_day=True,
            visit=f"{package.reference}/{line}/{day.isoformat()}/{ordinal}",
            words=form.cleaned_data["words"],
        )
        absences.stop_visits(package=package, told=told, by=request.user, at=at)

    return form_page(
        request,
        package,
        form,
        title=_("Cancel one visit"),
        button=_("Cancel the visit"),
        lead=_("%(part)s visit %(number)d on %(day)s. All other visits are made as planned.")
        % {"part": codes.PARTS_OF_THE_DAY[line], "number": ordinal, "day": words.day(day)},
        carry_out=carry_out,
        done=_("The visit is cancelled; the plan follows in a moment."),
        after=reverse("package_stops", args=(package.token,)),
    )


@allowed("work_package")
@require_http_methods(READ_OR_SEND)
def come_back(request: SignedIn, token: str, absence: str) -> HttpResponse:
    """Enter the return: the same provider makes the same visits again."""
    package, now = package_of(request, token), timezone.now()
    row = absence_of(package, absence)
    form = life.ReturnForm(request.POST or None, now=now)
    return form_page(
        request,
        package,
        form,
        title=_("Enter the return"),
        button=_("Visits again"),
        lead=_(
            "The same provider makes the same visits again, within 24 hours of our notice (assumed). "
            "Where the need has changed, ask for a change of need as well."
        ),
        carry_out=lambda at: absences.end_absence(
            absence=row, until_at=form.until_at(), told_at=form.told_at(), by=request.user, at=at
        ),
        done=_("The return is entered, and the provider is told."),
        after=reverse("package_stops", args=(package.token,)),
    )


@allowed("work_package")
@require_http_methods(READ_OR_SEND)
def change(request: SignedIn, token: str, absence: str) -> HttpResponse:
    """Put right what was told of an absence, or of a death."""
    package, now = package_of(request, token), timezone.now()
    row = absence_of(package, absence)
    kind = life.DeathForm if row.kind == DEATH else life.StopForm
    form = kind(request.POST or None, now=now, initial=life.as_written(row))
    return form_page(
        request,
        package,
        form,
        title=_("Put it right"),
        button=_("Save"),
        lead=_("What was known before is kept. Visits and what they are worth follow by themselves."),
        carry_out=lambda at: absences.put_right(absence=row, told=form.told(), by=request.user, at=at),
        done=_("It is put right; the plan follows in a moment."),
        after=reverse("package_stops", args=(package.token,)),
        template="brokerage/package_stop.html",
        absence=row.token,
    )


@allowed("withdraw_package")
@require_http_methods(READ_OR_SEND)
def release(request: SignedIn, token: str) -> HttpResponse:
    """Let the provider give the place away that it kept during a stay in hospital."""
    package = package_of(request, token)
    form, kept = life.ReleaseForm(request.POST or None), releasing.kept_until(package)
    return form_page(
        request,
        package,
        form,
        title=_("Release the place"),
        button=_("Release it"),
        lead=_(
            "The place is kept until %(day)s. After that, and while nobody knows when the person comes back, the "
            "provider may give it to somebody else. This cannot be undone."
        )
        % {"day": words.day(kept, local(timezone.now()).date())}
        if kept is not None
        else _("The person is not in hospital, or is expected back, so no place is kept and none is released."),
        warning=True,
        carry_out=lambda at: releasing.release_place(package=package, **form.cleaned_data, by=request.user, at=at),
        done=_("The place is released."),
    )


@allowed("work_package")
@require_POST
def take_back(request: SignedIn, token: str, absence: str) -> HttpResponse:
    """It was entered by mistake."""
    package = package_of(request, token)
    row = absence_of(package, absence)
    return press(
        request,
        package,
        lambda now: absences.take_back(absence=row, by=request.user, at=now),
        _("It is taken back: the visits are made again."),
    )
