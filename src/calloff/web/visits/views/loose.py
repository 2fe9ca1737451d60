"""Rows that belong to no visit: the list, one row with what one can say of it, and saying it."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calloff.documents.payment_words import became
from calloff.domain.visits import LogIs
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.config.look import words
from calloff.web.config.look.lists import Paging
from calloff.web.config.look.parts import Happening, Tab
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.views.pages import READ_OR_SEND, form_page, press
from calloff.web.visits.forms import ApproveForm, PairForm, WordsForm
from calloff.web.visits.models import LooseRow, PlannedVisit
from calloff.web.visits.services import loose as services

SEE, DECIDE = "see_pay", "draft_pay"
KINDS = {
    LogIs.SURPLUS: gettext_lazy("one worker too many"),
    LogIs.UNPLANNED: gettext_lazy("not planned"),
    LogIs.NOT_LEFT: gettext_lazy("no leaving"),
    LogIs.PARKED: gettext_lazy("fits nobody"),
}
OUTCOMES = {
    LooseRow.PAIRED: gettext_lazy("paired with a visit"),
    LooseRow.APPROVED: gettext_lazy("approved"),
    LooseRow.SET_ASIDE: gettext_lazy("set aside"),
    LooseRow.SETTLED: gettext_lazy("put right by a later file"),
}


@allowed(SEE)
@require_safe
def rows(request: SignedIn) -> HttpResponse:
    """The rows that somebody must look at, those that wait longest first; or those that were decided."""
    now, closed = timezone.now(), request.GET.get("show") == "closed"
    every = LooseRow.objects.filter(council=request.council_id)
    counts = {state: every.filter(state=state).count() for state in (LooseRow.OPEN, LooseRow.CLOSED)}
    shown = every.filter(state=LooseRow.CLOSED if closed else LooseRow.OPEN)
    shown = shown.select_related("branch", "row", "owner__identity").order_by(
        "-closed_at" if closed else "opened_at", "pk"
    )
    paging = Paging.asked_for(request.GET.get("page"), shown.count(), "?show=closed" if closed else "?")
    url = reverse("loose_rows")
    tabs = [
        Tab(_("To look at"), url, active=not closed, count=counts[LooseRow.OPEN]),
        Tab(_("Decided"), f"{url}?show=closed", active=closed, count=counts[LooseRow.CLOSED]),
    ]
    table = table_of(shown[paging.rows], now, "loose_row")
    return render(request, "visits/loose_rows.html", {"table": table, "tabs": tabs, "paging": paging})


def table_of(shown: object, now: datetime, address: str) -> Table:
    """Loose rows as a table, each leading to its page."""
    told = []
    for one in shown:  # type: ignore[attr-defined]
        url = reverse(address, args=(one.token,))
        left = _("leaving not logged")
        if one.row.left_at:
            left = _("left %(at)s") % {"at": words.clock(one.row.left_at)}
        told.append(
            Row(
                [
                    Cell(words.moment(one.row.came_at, now), url=url, below=left),
                    Cell(one.branch.name, below=one.row.row),
                    Cell(one.row.person),
                    Cell(tag=str(KINDS[LogIs(one.is_a)]), tone="yellow"),
                    Cell(str(OUTCOMES[one.outcome]) if one.outcome else words.moment(one.opened_at, now)),
                    Cell(one.owner.identity.name if one.owner else _("nobody yet")),
                ],
                url=url,
            )
        )
    columns = [Column(_("Came"), names_row=True), Column(_("Provider")), Column(_("Person"))]
    columns += [Column(_("What it is")), Column(_("Since")), Column(_("Owner"))]
    empty = _("Every row that was sent belongs to a visit.")
    return Table(_("Rows that belong to no visit"), columns, told, empty=empty, quiet_caption=True)


def loose_of(request: SignedIn, row: str) -> LooseRow:
    """The council's loose row of this address; anything else is not found."""
    found = LooseRow.objects.filter(council=request.council_id).select_related(
        "branch", "row", "person", "owner__identity", "closed_by__identity"
    )
    return get_object_or_404(found, token=row)


def why(loose: LooseRow) -> str:
    """Why a row belongs to nothing, in a sentence."""
    said = {
        "unknown_person": _("Nobody for whom the provider cares has the reference %(name)s."),
        "unknown_contract": _("The provider has no contract %(name)s."),
    }.get(loose.why)
    name = loose.row.contract if loose.why == "unknown_contract" else loose.row.person
    return said % {"name": name} if said else became(LogIs(loose.is_a))


def told_words(loose: LooseRow) -> list[Happening]:
    """What was written about a row, in order."""
    said = loose.words.select_related("by__identity").order_by("at", "pk")
    return [Happening(one.at, one.text, by=one.by.identity.name) for one in said]


@allowed(SEE)
@require_safe
def row(request: SignedIn, row: str) -> HttpResponse:
    """One row: what the provider says, why it belongs to nothing, what is near, and what one can do."""
    loose, may, now = loose_of(request, row), permissions_at(request), timezone.now()
    acts = loose.state == LooseRow.OPEN and DECIDE in may
    told = {
        "loose": loose,
        "kind": KINDS[LogIs(loose.is_a)],
        "why": why(loose),
        "outcome": OUTCOMES.get(loose.outcome, ""),
        "claimed": services.claimed_minutes(loose.row),
        "near": near_table(loose, now),
        "said": told_words(loose),
        "acts": acts,
        "takes": acts and loose.owner_id != request.user.pk,
        "approves": acts and loose.person_id is not None and loose.row.left_at is not None,
        "now": now,
    }
    return render(request, "visits/loose_row.html", told)


def near_table(loose: LooseRow, now: datetime) -> Table:
    """The planned visits to which the row may belong, the nearest first."""
    told = [
        Row(
            [Cell(words.moment(one.start_at, now)), Cell(f"{one.minutes}"), Cell(f"{one.workers}"), Cell(one.reference)]
        )
        for one in services.visits_near(loose)
    ]
    columns = [Column(_("Planned for"), names_row=True), Column(_("Minutes"), number=True)]
    columns += [Column(_("Workers"), number=True), Column(_("Visit"))]
    empty = _("Nothing was planned with this provider on that day or the days beside it.")
    return Table(_("Visits near it"), columns, told, empty=empty)


@allowed(DECIDE)
@require_POST
def take(request: SignedIn, row: str) -> HttpResponse:
    """Become the owner of a row."""
    loose = loose_of(request, row)
    return press(
        request,
        lambda at: services.take(loose=loose, by=request.user, at=at),
        _("The row is yours now."),
        reverse("loose_row", args=(row,)),
    )


@allowed(DECIDE)
@require_http_methods(READ_OR_SEND)
def write(request: SignedIn, row: str) -> HttpResponse:
    """Ask the provider about a row."""
    loose, form = loose_of(request, row), WordsForm(request.POST or None)
    here = reverse("loose_row", args=(row,))

    def carry_out(at: datetime) -> str:
        text = form.cleaned_data["words"]
        services.write(loose=loose, text=text, from_provider=False, by=request.user, at=at)
        return here

    return form_page(
        request,
        form,
        title=_("Ask the provider"),
        button=_("Send"),
        back=here,
        carry_out=carry_out,
        done=_("The provider can read it now."),
    )


@allowed(DECIDE)
@require_http_methods(READ_OR_SEND)
def pair(request: SignedIn, row: str) -> HttpResponse:
    """Say to which planned visit a row belongs."""
    loose, now = loose_of(request, row), timezone.now()
    visits = {one.reference: one for one in services.visits_near(loose)}
    if not visits:
        raise Http404
    form = PairForm(request.POST or None, visits=[(name, _visit_words(one, now)) for name, one in visits.items()])
    here = reverse("loose_row", args=(row,))

    def carry_out(at: datetime) -> str:
        services.pair(loose=loose, visit=visits[form.cleaned_data["visit"]], by=request.user, at=at)
        return here

    return form_page(
        request,
        form,
        title=_("It belongs to a visit"),
        button=_("It is this visit"),
        back=here,
        lead=_("From now on the row counts for this visit, in every version that comes."),
        carry_out=carry_out,
        done=_("The row belongs to the visit. What it is worth is worked out anew."),
    )


def _visit_words(one: PlannedVisit, now: datetime) -> str:
    return _("%(when)s, %(minutes)d minutes, %(visit)s") % {
        "when": words.moment(one.start_at, now),
        "minutes": one.minutes,
        "visit": one.reference,
    }


@allowed(DECIDE)
@require_http_methods(READ_OR_SEND)
def approve(request: SignedIn, row: str) -> HttpResponse:
    """Approve a visit that was not planned."""
    loose = loose_of(request, row)
    form = ApproveForm(request.POST or None, initial={"minutes": services.claimed_minutes(loose.row)})
    here = reverse("loose_row", args=(row,))

    def carry_out(at: datetime) -> str:
        services.approve(loose=loose, minutes=form.cleaned_data["minutes"], by=request.user, at=at)
        return here

    return form_page(
        request,
        form,
        title=_("Approve the visit"),
        button=_("Approve it"),
        back=here,
        lead=_("It is paid as if these minutes had been planned, at the price of its hour."),
        carry_out=carry_out,
        done=_("The visit is approved. What it is worth is worked out anew."),
    )


@allowed(DECIDE)
@require_http_methods(READ_OR_SEND)
def set_aside(request: SignedIn, row: str) -> HttpResponse:
    """Say that a row counts for nothing, and why."""
    loose, form = loose_of(request, row), WordsForm(request.POST or None)
    here = reverse("loose_row", args=(row,))

    def carry_out(at: datetime) -> str:
        services.set_aside(loose=loose, words=form.cleaned_data["words"], by=request.user, at=at)
        return here

    return form_page(
        request,
        form,
        title=_("Set it aside"),
        button=_("It counts for nothing"),
        back=here,
        lead=_("Nothing is paid for it. The provider reads why, and can send a corrected row."),
        carry_out=carry_out,
        done=_("The row is set aside."),
    )
