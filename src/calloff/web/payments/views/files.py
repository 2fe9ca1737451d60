"""Files that leave with a run, its corrections before and after, what is committed, and where providers are paid."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError
from calloff.formats.account_check import TABLES_OF, Verdict, verdict
from calloff.web.accounts.views import SignedIn, allowed, permissions_at, prove_again
from calloff.web.brokerage.views.letters import as_pdf
from calloff.web.config.look import words
from calloff.web.config.look.lists import Paging
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.views.pages import READ_OR_SEND, form_page, press
from calloff.web.directory.models import Branch
from calloff.web.payments.forms import BankForm, OwnAccountForm
from calloff.web.payments.models import BankDetail, PayRun
from calloff.web.payments.services import bank, exports
from calloff.web.payments.services.changes import Change, changes_of, statement_text
from calloff.web.payments.services.commitment import committed, year_of
from calloff.web.payments.services.remittance import remittance_letter
from calloff.web.payments.views.runs import run_of

BESIDE_DETAILS = ("branch", "council", "proposed_by__identity")
BANK_STATES = {
    BankDetail.PROPOSED: (gettext_lazy("waits for another person"), "yellow"),
    BankDetail.APPROVED: (gettext_lazy("agreed"), "green"),
    BankDetail.REFUSED: (gettext_lazy("refused or stopped"), "grey"),
}


def as_download(text: str | bytes, name: str, kind: str) -> HttpResponse:
    """A text as a file to keep."""
    answer = HttpResponse(text, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _or_refused(request: SignedIn, run: PayRun, make: Callable[[], HttpResponse]) -> HttpResponse:
    """A file, or why there is none, on the page of its run."""
    try:
        return make()
    except CalloffError as refused:
        messages.error(request, str(refused))
        return redirect("pay_run", run.token)


@allowed("see_pay")
@require_safe
def payables(request: SignedIn, token: str) -> HttpResponse:
    """The accounts-payable file of a released run."""
    run = run_of(request, token)
    name = f"payables-PAY-{run.number}.csv"
    return _or_refused(request, run, lambda: as_download(exports.payables_of(run), name, "text/csv; charset=utf-8"))


@allowed("draft_pay")
@require_safe
def iso20022(request: SignedIn, token: str) -> HttpResponse:
    """The payments of a released run for the council's bank, as ISO 20022."""
    run, now = run_of(request, token), timezone.now()
    name = f"payments-PAY-{run.number}.xml"
    return _or_refused(request, run, lambda: as_download(exports.pain001_of(run, now), name, "application/xml"))


@allowed("draft_pay")
@require_safe
def bacs(request: SignedIn, token: str) -> HttpResponse:
    """The payments of a released run for BACS."""
    run, now = run_of(request, token), timezone.now()
    name = f"payments-PAY-{run.number}.bacs.txt"
    return _or_refused(request, run, lambda: as_download(exports.bacs_of(run, now), name, "text/plain; charset=ascii"))


@allowed("see_pay")
@require_safe
def remittance_pdf(request: SignedIn, token: str, branch: str) -> HttpResponse:
    """A provider's remittance as a letter."""
    run = run_of(request, token)
    found = get_object_or_404(Branch, token=branch, pk__in=run.lines.values("entitlement__branch"))
    return as_pdf(remittance_letter(run, found), f"remittance-PAY-{run.number}")


@allowed("see_pay")
@require_safe
def changes(request: SignedIn, token: str) -> HttpResponseBase:
    """What a run corrects, visit by visit, before and after; also as a file."""
    run = run_of(request, token)
    if request.GET.get("as") == "csv":
        return as_download(statement_text(run), f"changes-PAY-{run.number}.csv", "text/csv; charset=utf-8")
    found = list(changes_of(run))
    paging = Paging.asked_for(request.GET.get("page"), len(found))
    table = changes_table(found[paging.rows], sum(one.line.pence for one in found))
    return render(request, "payments/changes.html", {"run": run, "table": table, "paging": paging})


def changes_table(found: list[Change], pence: int) -> Table:
    """Corrections before and after."""
    rows = [
        Row(
            [
                Cell(words.day(one.after.on), below=one.after.anchor),
                Cell(one.after.branch.name),
                Cell(words.money(one.before.pence), below=f"PAY-{one.paid_in}"),
                Cell(words.money(one.after.pence)),
                Cell(words.money(one.line.pence), strong=True),
                Cell(one.after.why, below=one.before.why),
            ]
        )
        for one in found
    ]
    columns = [Column(_("Visit"), names_row=True), Column(_("Provider")), Column(_("Before"), number=True)]
    columns += [Column(_("After"), number=True), Column(_("Difference"), number=True), Column(_("Why now, why before"))]
    foot: list[Cell | str] = []
    if rows:
        foot = [Cell(_("Together")), "", "", "", Cell(words.money(pence), strong=True), ""]
    return Table(_("Before and after"), columns, rows, empty=_("This run corrects nothing."), foot=foot)


@allowed("see_pay")
@require_safe
def commitment(request: SignedIn) -> HttpResponse:
    """What is committed by budget and funder."""
    today = local(timezone.now()).date()
    found = committed(request.council, today)
    rows = [
        Row(
            [
                Cell(one.cost_centre or _("no cost centre")),
                Cell(_("the council") if one.funder == "council" else one.funder),
                Cell(f"{one.call_offs:,}"),
                Cell(words.money(one.week_pence)),
                Cell(words.money(one.posted_pence)),
                Cell(words.money(one.left_pence), strong=True),
            ]
        )
        for one in found
    ]
    columns = [Column(_("Budget"), names_row=True), Column(_("Funder")), Column(_("Call-offs"), number=True)]
    columns += [Column(_("A week"), number=True), Column(_("Posted this year"), number=True)]
    columns += [Column(_("Committed until the year's end"), number=True)]
    sums = [sum(getattr(one, name) for one in found) for name in ("week_pence", "posted_pence", "left_pence")]
    foot: list[Cell | str] = []
    if rows:
        foot = [Cell(_("Together")), "", "", *(Cell(words.money(pence), strong=True) for pence in sums)]
    empty = _("No call-off is live, so nothing is committed.")
    first, last = year_of(today)
    table = Table(_("Commitment"), columns, rows, empty=empty, foot=foot, quiet_caption=True)
    return render(request, "payments/commitment.html", {"table": table, "first": first, "last": last})


# Where providers are paid


def unchecked(detail: BankDetail) -> str:
    """Why nobody could check an account, for whoever proposes and whoever decides; blank where both checkers agree."""
    checked = verdict(detail.sort_code, detail.account)
    if checked.is_sure:
        return ""
    why = {
        Verdict.UNKNOWN: _("the checkers' tables of %(day)s do not know its sort code"),
        Verdict.DISAGREE: _("the two checkers disagree, over tables of %(day)s"),
    }[checked] % {"day": words.day(TABLES_OF, local(timezone.now()).date())}
    return _("Nobody could check this account: %(why)s.") % {"why": why}


@allowed("see_pay")
@require_safe
def bank_details(request: SignedIn) -> HttpResponse:
    """Where providers are paid, and from where, what waits first; of numbers only the end is shown."""
    may, now, rows = permissions_at(request), timezone.now(), []
    found = BankDetail.objects.filter(council=request.council_id).select_related(*BESIDE_DETAILS)
    for one in sorted(found, key=_waiting_then_own):
        state, tone = BANK_STATES[one.state]
        below = ""
        if one.counts_from is not None:
            begun = one.counts_from <= now
            below = (_("counts since %s") if begun else _("counts from %s")) % words.moment(one.counts_from, now)
        own = one.proposed_identity == request.user.identity_id
        act = Cell()
        if one.state == BankDetail.PROPOSED and "approve_pay" in may and not own:
            act = Cell(_("Decide"), url=reverse("pay_bank_decide", args=(one.token,)))
        elif one.counts_from is not None and one.counts_from > now and "draft_pay" in may:
            act = Cell(_("Stop"), url=reverse("pay_bank_stop", args=(one.token,)))
        rows.append(
            Row(
                [
                    Cell(_("The council itself") if one.branch is None else one.holder, below=one.name),
                    Cell(f"••{one.sort_code[-2:]} ••••••{one.account[-2:]}", below=unchecked(one)),
                    Cell(tag=str(state), tone=tone, below=below),
                    Cell(one.proposed_by.identity.name, below=words.moment(one.proposed_at, now)),
                    act,
                ]
            )
        )
    columns = [Column(_("Whose"), names_row=True), Column(_("Account")), Column(_("State"))]
    columns += [Column(_("Proposed by")), Column(_("What one can do"))]
    empty = _("No bank details are kept. They are needed only where the council pays direct.")
    table = Table(_("Bank details"), columns, rows, empty=empty, quiet_caption=True)
    return render(request, "payments/bank.html", {"table": table, "may": may})


def _waiting_then_own(detail: BankDetail) -> tuple[bool, bool, str, int]:
    """What waits first, then the council's own, then by provider, the latest first."""
    return detail.state != BankDetail.PROPOSED, detail.branch is not None, detail.holder, -detail.pk


@allowed("set_pay")
@require_http_methods(READ_OR_SEND)
def propose_own_account(request: SignedIn) -> HttpResponse:
    """Propose from where the council pays direct, after proving again who one is."""
    prove_again(request)
    form = OwnAccountForm(request.POST or None)

    def carry_out(at: datetime) -> str:
        bank.propose(council=request.council, branch=None, by=request.user, at=at, **form.cleaned_data)
        return reverse("pay_bank")

    return form_page(
        request,
        form,
        title=_("Propose from where the council pays"),
        button=_("Propose it"),
        back=reverse("pay_bank"),
        lead=_(
            "Needed only where the council pays direct, by files for its bank. What both account checkers call wrong "
            "is refused. Another person decides; then it counts at once."
        ),
        carry_out=carry_out,
        done=_("It waits for another person."),
    )


@allowed("set_pay")
@require_http_methods(READ_OR_SEND)
def propose_bank(request: SignedIn) -> HttpResponse:
    """Propose where a provider is paid, after proving again who one is."""
    prove_again(request)
    form = BankForm(request.council, request.POST or None)

    def carry_out(at: datetime) -> str:
        bank.propose(council=request.council, by=request.user, at=at, **form.cleaned_data)
        return reverse("pay_bank")

    return form_page(
        request,
        form,
        title=_("Propose bank details"),
        button=_("Propose them"),
        back=reverse("pay_bank"),
        lead=_(
            "Ring the provider at a number you had before. What both account checkers call wrong is refused. Another "
            "person decides; then the provider has five days to object."
        ),
        carry_out=carry_out,
        done=_("They wait for another person. The provider's people were told."),
    )


def _detail_of(request: SignedIn, detail: str) -> BankDetail:
    rows = BankDetail.objects.filter(council=request.council_id).select_related(*BESIDE_DETAILS)
    return get_object_or_404(rows, token=detail)


@allowed("approve_pay")
@require_http_methods(READ_OR_SEND)
def decide_bank(request: SignedIn, detail: str) -> HttpResponse:
    """Agree to bank details or refuse them, after proving again who one is."""
    found = _detail_of(request, detail)
    prove_again(request)
    if request.method == "POST":
        approved = request.POST.get("decision") == "approve"
        agreed = _("Agreed. They count in five days, unless somebody objects.") if found.branch else _("Agreed.")
        return press(
            request,
            lambda at: bank.decide(detail=found, approved=approved, by=request.user, at=at),
            agreed if approved else _("Refused."),
            reverse("pay_bank"),
        )
    return render(
        request, "payments/decide_bank.html", {"detail": found, "now": timezone.now(), "unchecked": unchecked(found)}
    )


@allowed("draft_pay")
@require_http_methods(READ_OR_SEND)
def stop_bank(request: SignedIn, detail: str) -> HttpResponse:
    """Stop bank details that do not count yet."""
    found = _detail_of(request, detail)
    if request.method == "POST":
        return press(
            request,
            lambda at: bank.stop(detail=found, by=request.user, at=at),
            _("They are stopped, and never count."),
            reverse("pay_bank"),
        )
    return render(request, "payments/stop_bank.html", {"detail": found})
