"""Blocks paid ahead, outcomes, and changes to periods that are closed."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from calloff.domain.calendar import local
from calloff.domain.pay_calendar import Period
from calloff.web.accounts.views import SignedIn, allowed, permissions_at, prove_again
from calloff.web.config.look import words
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.views.pages import READ_OR_SEND, form_page, press
from calloff.web.payments.forms import BlockForm, OutcomeForm, SettleBlockForm
from calloff.web.payments.models import BlockYear, Outcome, Retro
from calloff.web.payments.services import on_plan, periods
from calloff.web.payments.services.terms import TermsBook


@allowed("see_pay")
@require_safe
def overview(request: SignedIn) -> HttpResponse:
    """Changes to closed periods first, then blocks and outcomes."""
    may = permissions_at(request)
    told = {
        "retros": _retros(request, "approve_pay" in may),
        "blocks": _blocks(request),
        "outcomes": _outcomes(request, "draft_pay" in may),
        "may": may,
    }
    return render(request, "payments/periods.html", told)


def _retros(request: SignedIn, decides: bool) -> Table:
    rows, now = [], timezone.now()
    found = Retro.objects.filter(council=request.council_id, state=Retro.FOUND).select_related("entitlement__branch")
    for one in found.order_by("found_at"):
        before = one.entitlement
        rows.append(
            Row(
                [
                    Cell(words.day(before.on, local(now).date()), below=one.anchor),
                    Cell(before.branch.name),
                    Cell(words.money(before.pence)),
                    Cell(words.money(one.pence), strong=True),
                    Cell(one.why),
                    Cell(
                        _("Decide") if decides else _("waits for an approver"),
                        url=reverse("pay_retro", args=(one.token,)) if decides else "",
                    ),
                ]
            )
        )
    columns = [Column(_("Visit"), names_row=True), Column(_("Provider")), Column(_("Paid"), number=True)]
    columns += [Column(_("Would be"), number=True), Column(_("Why")), Column(_("Decision"))]
    empty = _("No closed period would change. What arrives after the second reconciliation shows up here.")
    return Table(_("Changes to closed periods"), columns, rows, empty=empty)


def _blocks(request: SignedIn) -> Table:
    rows, book = [], TermsBook(request.council.pk)
    found = BlockYear.objects.filter(council=request.council_id).select_related("enrolment__branch")
    for one in found.order_by("-from_on", "enrolment__reference"):
        state = Cell(tag=_("approved"), tone="green") if one.approved_at else Cell(tag=_("proposed"), tone="yellow")
        parts = [pence for _period, pence in periods.parts_of(one, book)]
        each = (
            _("%(count)d parts of %(amount)s") % {"count": len(parts), "amount": words.money(parts[-1])}
            if parts
            else ""
        )
        rows.append(
            Row(
                [
                    Cell(
                        one.enrolment.branch.name,
                        url=reverse("pay_block", args=(one.token,)),
                        below=one.enrolment.reference,
                    ),
                    Cell(f"{one.from_on:%-d %B %Y} – {one.to_on:%-d %B %Y}"),
                    Cell(words.money(one.pence), below=each),
                    Cell(words.hours(one.agreed_minutes)),
                    Cell("" if one.delivered_minutes is None else words.hours(one.delivered_minutes)),
                    state,
                ]
            )
        )
    columns = [Column(_("Provider"), names_row=True), Column(_("Time")), Column(_("Amount"), number=True)]
    columns += [Column(_("Hours agreed"), number=True), Column(_("Hours delivered"), number=True), Column(_("State"))]
    return Table(_("Blocks"), columns, rows, empty=_("No block is agreed. One is paid ahead, in equal parts."))


def _outcomes(request: SignedIn, judges: bool) -> Table:
    rows, today = [], local(timezone.now()).date()
    found = Outcome.objects.filter(council=request.council_id).select_related("enrolment__branch", "person")
    for one in found.order_by("due_on", "pk"):
        if one.met is None:
            url = reverse("pay_outcome", args=(one.token,)) if judges else ""
            state = Cell(_("Judge it") if url else _("not judged yet"), url=url)
        else:
            state = Cell(tag=_("met") if one.met else _("not met"), tone="green" if one.met else "orange")
        rows.append(
            Row(
                [
                    Cell(one.person.reference),
                    Cell(one.enrolment.branch.name),
                    Cell(words.money(one.pence)),
                    Cell(words.day(one.due_on, today)),
                    state,
                ]
            )
        )
    columns = [Column(_("Person"), names_row=True), Column(_("Provider")), Column(_("Worth"), number=True)]
    columns += [Column(_("To be met by")), Column(_("Verdict"))]
    return Table(_("Outcomes"), columns, rows, empty=_("No outcome is agreed. Part of one is paid ahead."))


@allowed("set_pay")
@require_http_methods(READ_OR_SEND)
def propose_block(request: SignedIn) -> HttpResponse:
    """Propose a block."""
    form = BlockForm(request.council, request.POST or None)

    def carry_out(at: datetime) -> str:
        said = form.cleaned_data
        made = periods.propose_block(
            enrolment=said["enrolment"],
            period=Period(said["from_on"], said["to_on"]),
            pence=said["amount"],
            agreed_minutes=said["agreed_hours"] * 60,
            centipence=said["rate"],
            by=request.user,
            at=at,
        )
        return reverse("pay_block", args=(made.token,))

    return form_page(
        request,
        form,
        title=_("Propose a block"),
        button=_("Propose it"),
        back=reverse("pay_periods"),
        carry_out=carry_out,
        done=_("It waits for another person to approve it."),
    )


def _block_of(request: SignedIn, block: str) -> BlockYear:
    rows = BlockYear.objects.filter(council=request.council_id).select_related(
        "enrolment__branch", "proposed_by__identity"
    )
    return get_object_or_404(rows, token=block)


@allowed("see_pay")
@require_safe
def block(request: SignedIn, block: str) -> HttpResponse:
    """A block with its parts, and what one can do about it."""
    found, may = _block_of(request, block), permissions_at(request)
    rows = [
        Row([Cell(f"{period.from_on:%-d %B %Y} – {period.to_on:%-d %B %Y}"), Cell(words.money(pence))])
        for period, pence in periods.parts_of(found, TermsBook(request.council.pk))
    ]
    columns = [Column(_("Period"), names_row=True), Column(_("Amount"), number=True)]
    foot = [Cell(_("Together")), Cell(words.money(found.pence), strong=True)]
    own = found.proposed_identity == request.user.identity_id
    told = {
        "agreed": found,
        "table": Table(_("Parts"), columns, rows, foot=foot if rows else (), empty=_("No pay period begins in it.")),
        "approves": "approve_pay" in may and not found.approved_at and not own,
        "waits": not found.approved_at and own,
        "settles": "set_pay" in may and bool(found.approved_at),
    }
    return render(request, "payments/block.html", told)


@allowed("approve_pay")
@require_http_methods(READ_OR_SEND)
def approve_block(request: SignedIn, block: str) -> HttpResponse:
    """Approve a block that somebody else proposed, after proving again who one is."""
    found = _block_of(request, block)
    prove_again(request)
    here = reverse("pay_block", args=(block,))
    if request.method == "POST":
        return press(
            request,
            lambda at: periods.approve_block(block=found, by=request.user, at=at),
            _("The block is approved. Runs pay its parts ahead."),
            here,
        )
    return render(request, "payments/approve_block.html", {"agreed": found})


@allowed("set_pay")
@require_http_methods(READ_OR_SEND)
def settle_block(request: SignedIn, block: str) -> HttpResponse:
    """Settle a block with what was delivered."""
    found, form = _block_of(request, block), SettleBlockForm(request.POST or None)
    here = reverse("pay_block", args=(block,))

    def carry_out(at: datetime) -> str:
        said = form.cleaned_data
        minutes, gates = said["delivered_hours"] * 60, said["gates_met"]
        periods.settle_block(block=found, delivered_minutes=minutes, gates_met=gates, by=request.user, at=at)
        return here

    return form_page(
        request,
        form,
        title=_("Settle the block"),
        button=_("Settle it"),
        back=here,
        lead=_("Within its corridor nothing changes; beyond it the payment rule says who bears or keeps what."),
        carry_out=carry_out,
        done=_("It is settled. What changes is a line of the next run."),
    )


@allowed("set_pay")
@require_http_methods(READ_OR_SEND)
def agree_outcome(request: SignedIn) -> HttpResponse:
    """Agree on what a person's outcomes are worth."""
    form = OutcomeForm(request.council, request.POST or None)

    def carry_out(at: datetime) -> str:
        said = dict(form.cleaned_data)
        periods.agree_outcome(pence=said.pop("amount"), by=request.user, at=at, **said)
        return reverse("pay_periods")

    return form_page(
        request,
        form,
        title=_("Agree on an outcome"),
        button=_("Agree on it"),
        back=reverse("pay_periods"),
        carry_out=carry_out,
        done=_("It is agreed. The next run pays its part ahead."),
    )


@allowed("draft_pay")
@require_http_methods(READ_OR_SEND)
def judge_outcome(request: SignedIn, outcome: str) -> HttpResponse:
    """Record whether the person says that the outcomes are met."""
    rows = Outcome.objects.filter(council=request.council_id).select_related("enrolment__branch", "person")
    found = get_object_or_404(rows, token=outcome)
    if request.method == "POST":
        met = request.POST.get("met") == "yes"
        return press(
            request,
            lambda at: periods.judge_outcome(outcome=found, met=met, by=request.user, at=at),
            _("It is recorded. The next run pays what follows from it."),
            reverse("pay_periods"),
        )
    return render(request, "payments/outcome.html", {"outcome": found})


@allowed("approve_pay")
@require_http_methods(READ_OR_SEND)
def retro(request: SignedIn, retro: str) -> HttpResponse:
    """Approve or refuse a change to a closed period, after proving again who one is."""
    rows = Retro.objects.filter(council=request.council_id).select_related("entitlement__branch")
    found = get_object_or_404(rows, token=retro)
    prove_again(request)
    if request.method == "POST":
        approved = request.POST.get("decision") == "approve"
        return press(
            request,
            lambda at: on_plan.decide_retro(retro=found, approved=approved, by=request.user, at=at),
            _("It is approved, and a line of the next run.") if approved else _("It is refused. Nothing changes."),
            reverse("pay_periods"),
        )
    return render(request, "payments/retro.html", {"retro": found, "adds": found.pence - found.entitlement.pence})
