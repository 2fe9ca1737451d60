"""Planned visits of a package, as known on any day, and from which day on a council's visits are planned here."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from calloff.domain.calendar import ONE_DAY, local, to_utc, week_begins
from calloff.domain.visits import Stopped
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.brokerage.forms import words as codes
from calloff.web.brokerage.views.package import heading, look_at, note_look, package_of
from calloff.web.config.look import words
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.views.pages import READ_OR_SEND, form_page
from calloff.web.visits.forms import PlanningForm, WeekForm
from calloff.web.visits.models import PlannedVisit, PlanningStart
from calloff.web.visits.services.planning import HORIZON_DAYS, begin_planning, known_on

STOPPED = {
    Stopped.NO: (gettext_lazy("planned"), "blue"),
    Stopped.SUSPENDED: (gettext_lazy("not to be made"), "grey"),
    Stopped.DEATH: (gettext_lazy("not to be made"), "grey"),
    Stopped.PARKED: (gettext_lazy("waits for the hour"), "yellow"),
}
"""How a planned visit stands, and the tone of its tag."""


@allowed("see_queue")
@require_safe
def planned(request: SignedIn, token: str) -> HttpResponse:
    """The planned visits of a package in a week, as they are known now or were at the end of a day."""
    package, now, may = package_of(request, token), timezone.now(), permissions_at(request)
    today = local(now).date()
    form = WeekForm(request.GET if request.GET else None, initial={"on": today})
    asked = form.cleaned_data if form.is_valid() else {}
    monday, known = week_begins(asked.get("on") or today), asked.get("known")
    moment = None if known is None else to_utc(known + ONE_DAY, 0)
    note_look(request, package, may, now)
    cancels = "work_package" in may and not package.is_over
    table = table_of(token, package.pk, monday, moment, now, cancels=cancels)
    told = {
        **heading(look_at(package, now), may),
        "form": form,
        "cancels": any(pair.url for row in table.laid_out for pair in row.cells if isinstance(pair, Cell)),
        "table": table,
        "week": words.day(monday, today),
        "known": words.day(known, today) if known else "",
        "now": now,
        "begins": PlanningStart.objects.filter(council=request.council_id).first(),
    }
    return render(request, "visits/planned.html", told)


def table_of(token: str, package: int, monday: date, moment: datetime | None, now: datetime, *, cancels: bool) -> Table:
    """The visits of a week, by their start, each with what stops it."""
    rows = PlannedVisit.objects.filter(package=package, on__range=(monday, monday + timedelta(days=6)))
    columns = [Column(_("Visit"), names_row=True), Column(_("Until")), Column(_("Minutes"), number=True)]
    columns += [Column(_("Workers"), number=True), Column(_("Provider")), Column(_("State"))]
    told = []
    for one in known_on(rows, moment).select_related("branch").order_by("start_at", "reference"):
        state, tone = STOPPED[Stopped(one.stopped)]
        why = ""
        if one.stopped_by:
            why = str(_("The person has died") if one.stopped_by == "death" else codes.ABSENCES[one.stopped_by])
        url = ""
        if cancels and not one.stopped_by and one.start_at > now:
            _package, line, on, ordinal = one.reference.split("/")
            url = reverse("package_cancel_visit", args=(token, line, on, int(ordinal)))
        told.append(
            Row(
                [
                    Cell(words.moment(one.start_at, now), url=url),
                    Cell(words.clock(one.ends_at)),
                    Cell(str(one.minutes)),
                    Cell(str(one.workers)),
                    Cell(one.branch.name),
                    Cell(tag=str(state), tone=tone, below=why),
                ]
            )
        )
    empty = _("No visit of this week was planned then.")
    return Table(_("Planned visits"), columns, told, empty=empty, quiet_caption=True)


@allowed("draft_pay")
@require_http_methods(READ_OR_SEND)
def planning(request: SignedIn) -> HttpResponse:
    """From which day on visits are planned and paid here."""
    begins = PlanningStart.objects.filter(council=request.council_id).first()
    form = PlanningForm(request.POST or None, initial={"on": begins.on} if begins else {})
    lead = _(
        "Visits before this day are paid elsewhere. From it on they are planned here, %(days)d days ahead, and follow "
        "what is called off. The day can be moved back, not on."
    ) % {"days": HORIZON_DAYS}

    def carry_out(at: datetime) -> str:
        begin_planning(council=request.council, on=form.cleaned_data["on"], by=request.user, at=at)
        return reverse("planning")

    return form_page(
        request,
        form,
        title=_("From which day visits are planned here"),
        button=_("Save"),
        back=reverse("pay_runs"),
        lead=lead,
        carry_out=carry_out,
        done=_("Visits are planned from that day on."),
    )
