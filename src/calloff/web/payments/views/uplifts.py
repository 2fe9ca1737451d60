"""Bulk uplifts: what one person proposes, another decides, and may undo until it is paid."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.config.look import words
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.views.pages import READ_OR_SEND, form_page, press
from calloff.web.jobs.services import long
from calloff.web.payments.forms import UpliftForm
from calloff.web.payments.models import Uplift
from calloff.web.payments.services import uplifts
from calloff.web.payments.views.proposed import STATES, whose


def _by_how_much(one: Uplift) -> str:
    parts = []
    if one.share:
        parts.append(f"{one.share / 1000:+.3f} %".replace(".000", ""))
    if one.flat_centipence:
        parts.append(_("%(amount)s an hour") % {"amount": words.rate(one.flat_centipence)})
    return " + ".join(parts)


@allowed("see_ledger")
@require_safe
def uplift_list(request: SignedIn) -> HttpResponse:
    """Every uplift, the latest first."""
    rows = []
    found = Uplift.objects.filter(council=request.council_id).select_related("proposed_by__identity")
    for one in found.order_by("-pk"):
        state, tone = STATES[one.state]
        url = reverse("uplift", args=(one.token,))
        rows.append(
            Row(
                [
                    Cell(one.title, url=url),
                    Cell(whose(one.model)),
                    Cell(_by_how_much(one)),
                    Cell(f"{one.from_on:%-d %B %Y}"),
                    Cell(tag=str(state), tone=tone),
                    Cell(one.proposed_by.identity.name),
                ],
                url=url,
            )
        )
    columns = [Column(_("Uplift"), names_row=True), Column(_("Whose prices")), Column(_("By how much"))]
    columns += [Column(_("From")), Column(_("State")), Column(_("Proposed by"))]
    empty = _("No uplift was proposed. One raises every price in force from a day on, once another person approves it.")
    table = Table(_("Uplifts"), columns, rows, empty=empty, quiet_caption=True)
    return render(request, "payments/uplifts.html", {"table": table, "may": permissions_at(request)})


@allowed("draft_enrolment")
@require_http_methods(READ_OR_SEND)
def propose_uplift(request: SignedIn) -> HttpResponse:
    """Propose an uplift; it is rehearsed on the next page, with no effect."""
    form = UpliftForm(request.council, request.POST or None)

    def carry_out(at: datetime) -> str:
        said = form.cleaned_data
        made = uplifts.propose(
            council=request.council,
            title=said["title"],
            model=said["model"],
            from_on=said["from_on"],
            share=int(said["percent"] * 1000),
            flat_centipence=said["flat"] or 0,
            by=request.user,
            at=at,
        )
        return reverse("uplift", args=(made.token,))

    return form_page(
        request,
        form,
        title=_("Propose an uplift"),
        button=_("Rehearse it"),
        back=reverse("uplifts"),
        lead=_("You see what it would come to before anybody approves it. Each new price is a whole penny."),
        carry_out=carry_out,
        done=_("This is what it would come to. Nothing is priced by it until another person approves it."),
    )


def _uplift_of(request: SignedIn, uplift: str) -> Uplift:
    rows = Uplift.objects.filter(council=request.council_id).select_related(
        "proposed_by__identity", "decided_by__identity", "council"
    )
    return get_object_or_404(rows, token=uplift)


@allowed("see_ledger")
@require_safe
def uplift(request: SignedIn, uplift: str) -> HttpResponse:
    """An uplift: what it would come to, price by price, and what one can do."""
    found, may = _uplift_of(request, uplift), permissions_at(request)
    rows = [
        Row(
            [
                Cell(one.enrolment.branch.name, below=one.enrolment.reference),
                Cell(one.line_id),
                Cell(words.rate(one.before)),
                Cell(words.rate(one.after), strong=True),
            ]
        )
        for one in found.lines.select_related("enrolment__branch").order_by("enrolment__branch__name", "line_id")
    ]
    columns = [Column(_("Provider"), names_row=True), Column(_("Price")), Column(_("Before"), number=True)]
    columns += [Column(_("After"), number=True)]
    own = found.proposed_identity == request.user.identity_id
    state, tone = STATES[found.state]
    told = {
        "uplift": found,
        "how": _by_how_much(found),
        "whose": whose(found.model),
        "state": state,
        "tone": tone,
        "rehearsed": uplifts.rehearse(found),
        "table": Table(_("Prices"), columns, rows),
        "decides": "approve_enrolment" in may and found.state == Uplift.PROPOSED and not own,
        "waits": found.state == Uplift.PROPOSED and own,
        "undoes": "approve_enrolment" in may and found.state == Uplift.APPROVED,
        "work": long.progress_of("price_anew", uplifts.keys_of(found), found.council_id, may),
    }
    return render(request, "payments/uplift.html", told)


@allowed("approve_enrolment")
@require_POST
def decide_uplift(request: SignedIn, uplift: str) -> HttpResponse:
    """Approve or refuse an uplift."""
    found, approved = _uplift_of(request, uplift), request.POST.get("decision") == "approve"
    return press(
        request,
        lambda at: uplifts.decide(uplift=found, approved=approved, by=request.user, at=at),
        _("Approved. Visits from its day on are priced anew.") if approved else _("Refused. Nothing changes."),
        reverse("uplift", args=(uplift,)),
    )


@allowed("approve_enrolment")
@require_POST
def undo_uplift(request: SignedIn, uplift: str) -> HttpResponse:
    """Take an approved uplift back."""
    found = _uplift_of(request, uplift)
    return press(
        request,
        lambda at: uplifts.undo(uplift=found, by=request.user, at=at),
        _("Undone. The earlier prices count again."),
        reverse("uplift", args=(uplift,)),
    )
