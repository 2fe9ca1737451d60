"""Payments with their days, what providers owe, part-payments in need, the end of a period, and the books."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from calloff.domain.calendar import local
from calloff.web.accounts.views import SignedIn, allowed, permissions_at, prove_again
from calloff.web.config.look import words
from calloff.web.config.look.lists import Paging
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.views.pages import READ_OR_SEND, form_page, press
from calloff.web.directory.models import Branch
from calloff.web.payments.forms import (
    ADVANCE_REASONS,
    RETURNED,
    AdvanceForm,
    PeriodEndForm,
    RecoveryForm,
    ReturnedForm,
    providers_of,
)
from calloff.web.payments.models import ACCOUNTS, Advance, Payment, Recovery, Seal
from calloff.web.payments.services import ledger, period_end, sending, waiting
from calloff.web.payments.views.runs import run_of

ACCOUNT_WORDS = {
    "care_cost": gettext_lazy("Care cost, the council's share"),
    "funder_receivable": gettext_lazy("Owed by other funders"),
    "provider_payable": gettext_lazy("Owed to providers"),
    "bank_clearing": gettext_lazy("On its way through the bank"),
    "person_receivable": gettext_lazy("Owed by people for their charges"),
    "contribution_income": gettext_lazy("Income from charges"),
    "accruals": gettext_lazy("Delivered and not yet paid"),
    "prepayments": gettext_lazy("Paid and not yet delivered"),
    "provider_receivable": gettext_lazy("Owed by providers"),
}


@allowed("see_pay")
@require_safe
def payments(request: SignedIn) -> HttpResponse:
    """What providers were sent, how long it took, and what lateness costs."""
    rows = Payment.objects.filter(council=request.council_id).select_related("run", "branch")
    paging, now = Paging.asked_for(request.GET.get("page"), rows.count()), timezone.now()
    shown = waiting.days_to_pay(request.council, rows.order_by("-sent_at", "branch__name")[paging.rows])
    may, told = permissions_at(request), []
    for one in shown:
        paid = one.payment
        if paid.state == Payment.RETURNED:
            state = Cell(tag=_("returned"), tone="red", below=str(RETURNED[paid.return_reason]))
        else:
            url = reverse("pay_returned", args=(paid.run.token, paid.branch.token)) if "draft_pay" in may else ""
            state = Cell(_("The bank returned it") if url else "", url=url)
        brought = words.money(paid.brought_pence) if paid.brought_pence else ""
        told.append(
            Row(
                [
                    Cell(paid.branch.name, below=paid.invoice),
                    Cell(words.moment(paid.sent_at, now)),
                    Cell(words.money(paid.pence), strong=True),
                    Cell(brought),
                    Cell(ngettext("%d day", "%d days", one.days) % one.days),
                    Cell(
                        ngettext("%d day late", "%d days late", one.late_days) % one.late_days if one.late_days else "",
                        below=words.money(one.interest_pence) if one.interest_pence else "",
                        strong=bool(one.late_days),
                    ),
                    state,
                ]
            )
        )
    columns = [Column(_("Provider"), names_row=True), Column(_("Sent")), Column(_("Amount"), number=True)]
    columns += [Column(_("Of it from before"), number=True), Column(_("Took"), number=True)]
    columns += [Column(_("Late, and its interest")), Column(_("Returned"))]
    empty = _("Nothing was sent to a bank yet. That happens when an approved run is released.")
    table = Table(_("Payments"), columns, told, empty=empty, quiet_caption=True)
    return render(request, "payments/payments.html", {"table": table, "paging": paging})


@allowed("draft_pay")
@require_http_methods(READ_OR_SEND)
def returned(request: SignedIn, token: str, branch: str) -> HttpResponse:
    """A bank sent a payment back."""
    run = run_of(request, token)
    payment = get_object_or_404(Payment.objects.select_related("branch"), run=run, branch__token=branch)
    form = ReturnedForm(request.POST or None)

    def carry_out(at: datetime) -> str:
        sending.bank_returned(payment=payment, reason=form.cleaned_data["reason"], by=request.user, at=at)
        return reverse("pay_payments")

    return form_page(
        request,
        form,
        title=_("The bank returned a payment"),
        button=_("Take it back"),
        back=reverse("pay_payments"),
        lead=_("%(amount)s to %(name)s is owed again, and goes out with the next run.")
        % {"amount": words.money(payment.pence), "name": payment.branch.name},
        carry_out=carry_out,
        done=_("It is owed again. Put the bank details right before the next run is released."),
    )


@allowed("see_pay")
@require_safe
def owing(request: SignedIn) -> HttpResponse:
    """What each provider is owed or owes, part-payments that wait, and overpayments that are paid back."""
    may = permissions_at(request)
    told = {
        "balances": _balances(request, "draft_pay" in may),
        "advances": _advances(request, "approve_pay" in may),
        "recoveries": _recoveries(request),
        "may": may,
    }
    return render(request, "payments/owing.html", told)


def _balances(request: SignedIn, acts: bool) -> Table:
    sums: dict[int, int] = {}
    for (branch, _enrolment), pence in ledger.owed(request.council.pk).items():
        sums[branch] = sums.get(branch, 0) + pence
    rows = []
    for branch in providers_of(request.council).filter(pk__in=[key for key, pence in sums.items() if pence]):
        pence = sums[branch.pk]
        owes = pence < 0
        rows.append(
            Row(
                [
                    Cell(branch.name),
                    Cell(
                        _("it owes") if owes else _("it is owed"),
                        tag=_("carried forward") if owes else "",
                        tone="orange",
                    ),
                    Cell(words.money(abs(pence)), strong=True),
                    Cell(_("By instalments"), url=reverse("pay_recover", args=(branch.token,)))
                    if owes and acts
                    else Cell(),
                    Cell(_("It has left"), url=reverse("pay_left", args=(branch.token,))) if owes and acts else Cell(),
                ]
            )
        )
    columns = [Column(_("Provider"), names_row=True), Column(_("Balance")), Column(_("Amount"), number=True)]
    columns += [Column(_("Pay back")), Column(_("Invoice"))]
    empty = _("No provider is owed anything outside a run, and none owes anything.")
    return Table(_("Balances of providers"), columns, rows, empty=empty)


def _advances(request: SignedIn, decides: bool) -> Table:
    rows, now = [], timezone.now()
    for one in waiting.asked_advances(request.council):
        own = one.asked_identity == request.user.identity_id
        url = reverse("pay_advance", args=(one.token,)) if decides and not own else ""
        rows.append(
            Row(
                [
                    Cell(one.branch.name),
                    Cell(words.money(one.pence), strong=True),
                    Cell(str(ADVANCE_REASONS[one.reason])),
                    Cell(one.asked_by.identity.name, below=words.moment(one.asked_at, now)),
                    Cell(_("Decide") if url else _("waits for another person"), url=url),
                ]
            )
        )
    columns = [Column(_("Provider"), names_row=True), Column(_("Amount"), number=True), Column(_("Why"))]
    columns += [Column(_("Asked by")), Column(_("Decision"))]
    empty = _("Nobody asked for a part-payment. It is for a provider that cannot wait for the next run.")
    return Table(_("Part-payments that wait"), columns, rows, empty=empty)


def _recoveries(request: SignedIn) -> Table:
    rows, today = [], local(timezone.now()).date()
    found = Recovery.objects.filter(council=request.council_id).select_related("branch").order_by("-number")
    for one in found:
        how = _("by invoice: it left on %(day)s") % {"day": words.day(one.left_on, today)} if one.left_on else ""
        how = how or _("%(amount)s a run") % {"amount": words.money(one.instalment_pence)}
        rows.append(
            Row(
                [
                    Cell(one.branch.name, below=f"REC-{one.number}"),
                    Cell(how),
                    Cell(words.money(one.pence)),
                    Cell(words.money(sending.left_of(one)), strong=True),
                ]
            )
        )
    columns = [Column(_("Provider"), names_row=True), Column(_("How")), Column(_("In all"), number=True)]
    columns += [Column(_("Still to come"), number=True)]
    empty = _("No provider pays anything back.")
    return Table(_("Paid back bit by bit, or by invoice"), columns, rows, empty=empty)


@allowed("draft_pay")
@require_http_methods(READ_OR_SEND)
def ask_for_advance(request: SignedIn) -> HttpResponse:
    """Ask for a part-payment in need."""
    form = AdvanceForm(request.council, request.POST or None)

    def carry_out(at: datetime) -> str:
        said = form.cleaned_data
        sending.ask_for_advance(
            council=request.council,
            branch=said["branch"],
            pence=said["amount"],
            reason=said["reason"],
            by=request.user,
            at=at,
        )
        return reverse("pay_owing")

    return form_page(
        request,
        form,
        title=_("Ask for a part-payment"),
        button=_("Ask for it"),
        back=reverse("pay_owing"),
        lead=_("For a provider that cannot wait. Another person approves it, and the next run takes it off again."),
        carry_out=carry_out,
        done=_("It waits for another person to approve it."),
    )


@allowed("approve_pay")
@require_http_methods(READ_OR_SEND)
def advance(request: SignedIn, advance: str) -> HttpResponse:
    """Approve or refuse a part-payment that somebody else asked for, after proving again who one is."""
    rows = Advance.objects.filter(council=request.council_id).select_related("branch", "asked_by__identity")
    found = get_object_or_404(rows, token=advance)
    prove_again(request)
    if request.method == "POST":
        approved = request.POST.get("decision") == "approve"
        return press(
            request,
            lambda at: sending.decide_advance(advance=found, approved=approved, by=request.user, at=at),
            _("It is paid, and posted to the ledger.") if approved else _("It is refused."),
            reverse("pay_owing"),
        )
    told = {"advance": found, "reason": ADVANCE_REASONS[found.reason], "now": timezone.now()}
    return render(request, "payments/advance.html", told)


def _branch(request: SignedIn, branch: str) -> Branch:
    found: Branch = get_object_or_404(providers_of(request.council), token=branch)
    return found


@allowed("draft_pay")
@require_http_methods(READ_OR_SEND)
def recover(request: SignedIn, branch: str) -> HttpResponse:
    """Let a provider pay back by instalments what it owes."""
    found, form = _branch(request, branch), RecoveryForm(request.POST or None)

    def carry_out(at: datetime) -> str:
        pence = form.cleaned_data["instalment"]
        sending.recover(council=request.council, branch=found, instalment_pence=pence, by=request.user, at=at)
        return reverse("pay_owing")

    return form_page(
        request,
        form,
        title=_("%(name)s pays back by instalments") % {"name": found.name},
        button=_("Agree on it"),
        back=reverse("pay_owing"),
        lead=_("Each run takes so much off what it is owed, until everything has come back."),
        carry_out=carry_out,
        done=_("It is agreed. The next run takes the first instalment."),
    )


@allowed("draft_pay")
@require_http_methods(READ_OR_SEND)
def left(request: SignedIn, branch: str) -> HttpResponse:
    """A provider that owes something has left."""
    found = _branch(request, branch)
    if request.method == "POST":
        return press(
            request,
            lambda at: sending.provider_left(council=request.council, branch=found, by=request.user, at=at),
            _("It is to be invoiced: no later run can take it off."),
            reverse("pay_owing"),
        )
    return render(request, "payments/left.html", {"branch": found})


@allowed("draft_pay")
@require_http_methods(READ_OR_SEND)
def chase(request: SignedIn, branch: str) -> HttpResponse:
    """Remind a provider that nothing of last week has come."""
    found = _branch(request, branch)
    if request.method == "POST":
        return press(
            request,
            lambda at: waiting.chase(council=request.council, branch=found, by=request.user, at=at),
            _("Its people were reminded."),
            reverse("pay_runs"),
        )
    return render(request, "payments/chase.html", {"branch": found})


@allowed("draft_pay")
@require_http_methods(READ_OR_SEND)
def end_period(request: SignedIn) -> HttpResponse:
    """End a period in the books."""
    form = PeriodEndForm(request.POST or None)

    def carry_out(at: datetime) -> str:
        period_end.end_period(council=request.council, on=form.cleaned_data["on"], by=request.user, at=at)
        return reverse("pay_books")

    return form_page(
        request,
        form,
        title=_("End a period in the books"),
        button=_("Post it"),
        back=reverse("pay_books"),
        lead=_(
            "What was delivered and is not paid is accrued, what is paid ahead is prepaid; the next day takes it back."
        ),
        carry_out=carry_out,
        done=_("It is posted, and its reversal on the next day."),
    )


@allowed("see_pay")
@require_safe
def books(request: SignedIn) -> HttpResponse:
    """The balance of each account, and the latest journals."""
    sums = ledger.balances(request.council.pk)
    accounts = [Row([Cell(str(ACCOUNT_WORDS[one])), Cell(words.money(sums.get(one, 0)))]) for one in ACCOUNTS]
    foot = [Cell(_("Together")), Cell(words.money(sum(sums.values())), strong=True)]
    columns = [Column(_("Account"), names_row=True), Column(_("Balance"), number=True)]
    seals = Seal.objects.filter(council=request.council_id)
    paging = Paging.asked_for(request.GET.get("page"), seals.count())
    rows = [
        Row([Cell(one.journal, below=one.reverses), Cell(f"{one.on:%-d %B %Y}"), Cell(f"{one.lines:,}")])
        for one in seals.order_by("-pk")[paging.rows]
    ]
    journals = Table(
        _("Journals"),
        [Column(_("Journal"), names_row=True), Column(_("Counts on")), Column(_("Lines"), number=True)],
        rows,
        empty=_("Nothing is posted yet. Approving a run posts a journal for each contract."),
    )
    told = {
        "accounts": Table(_("Accounts"), columns, accounts, foot=foot),
        "journals": journals,
        "paging": paging,
        "may": permissions_at(request),
    }
    return render(request, "payments/books.html", told)
