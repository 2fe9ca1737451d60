"""The pay calendar, the terms of contracts, and the codes of the council's own ledger."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from calloff.domain.calendar import local
from calloff.domain.pay_calendar import following
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.config.look import words
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.views.pages import READ_OR_SEND, form_page
from calloff.web.payments.forms import PERIODS, VAT, CodeForm, TermsForm
from calloff.web.payments.models import LedgerCode, PayTerms
from calloff.web.payments.services.terms import Codes, TermsBook, set_code, set_terms

SHOWN_PERIODS = 6


def calendar_table(book: TermsBook, enrolment: int | None, now: datetime) -> Table:
    """The pay periods around a day: until when files count, and when each is paid."""
    today = local(now).date()
    terms = book.of(enrolment, today)
    period = book.period(enrolment, today - timedelta(days=28))
    rows = []
    for _number in range(SHOWN_PERIODS):
        cut_off = period.to_on + timedelta(days=terms.cut_off_days)
        paid = period.to_on + timedelta(days=terms.pay_days)
        rows.append(
            Row(
                [
                    Cell(
                        _("%(first)s to %(last)s")
                        % {"first": words.day(period.from_on, today), "last": words.day(period.to_on, today)}
                    ),
                    Cell(words.day(cut_off, today), strong=cut_off >= today > period.to_on),
                    Cell(words.day(paid, today)),
                ],
                marked=today in period,
            )
        )
        period = following(terms.period, terms.anchor_on, period)
    columns = [Column(_("Visits from, to"), names_row=True), Column(_("Files count until")), Column(_("Paid on"))]
    return Table(_("Pay calendar"), columns, rows)


@allowed("see_pay")
@require_safe
def terms(request: SignedIn) -> HttpResponse:
    """The calendar of most contracts, the terms of each, and the codes."""
    book, now = TermsBook(request.council.pk), timezone.now()
    told = {
        "calendar": calendar_table(book, None, now),
        "terms": _terms(request),
        "codes": _codes(request),
        "may": permissions_at(request),
    }
    return render(request, "payments/terms.html", told)


def _terms(request: SignedIn) -> Table:
    rows = []
    found = PayTerms.objects.filter(council=request.council_id, superseded_at=None).select_related("enrolment__branch")
    for one in found.order_by("enrolment__reference", "from_on"):
        contract = one.enrolment.reference if one.enrolment else _("Every contract")
        how = [str(PERIODS[one.period])]
        if one.net:
            how.append(_("charges are taken off"))
        if one.plan_when_late:
            how.append(_("paid as planned where a file is late"))
        rows.append(
            Row(
                [
                    Cell(contract, below=one.enrolment.branch.name if one.enrolment else ""),
                    Cell(f"{one.from_on:%-d %B %Y}"),
                    Cell(", ".join(how)),
                    Cell(
                        _("%(cut)d, %(pay)d, %(due)d")
                        % {"cut": one.cut_off_days, "pay": one.pay_days, "due": one.due_days}
                    ),
                    Cell(one.self_billing, below=one.purchase_order),
                ]
            )
        )
    columns = [Column(_("Contract"), names_row=True), Column(_("From")), Column(_("How"))]
    columns += [Column(_("Days to cut-off, pay, term")), Column(_("Self-billing, order"))]
    empty = _(
        "No terms are set: weeks from Monday, files until 3 days after, paid 9 days after, within 30 days (assumed)."
    )
    return Table(_("Terms of pay"), columns, rows, empty=empty)


def _codes(request: SignedIn) -> Table:
    rows = []
    found = LedgerCode.objects.filter(council=request.council_id, superseded_at=None).select_related(
        "enrolment__branch"
    )
    for one in found.order_by("enrolment__reference", "funder", "from_on"):
        contract = one.enrolment.reference if one.enrolment else _("Every contract")
        rows.append(
            Row(
                [
                    Cell(contract, below=one.enrolment.branch.name if one.enrolment else ""),
                    Cell(one.funder or _("every funder")),
                    Cell(f"{one.from_on:%-d %B %Y}"),
                    Cell(one.cost_centre),
                    Cell(one.subjective),
                    Cell(str(VAT[one.vat])),
                ]
            )
        )
    columns = [Column(_("Contract"), names_row=True), Column(_("Funder")), Column(_("From"))]
    columns += [Column(_("Cost centre")), Column(_("Subjective")), Column(_("VAT"))]
    empty = _("No codes are set, so what is posted has none, and VAT is exempt (assumed).")
    return Table(_("Codes of the ledger"), columns, rows, empty=empty)


@allowed("set_pay")
@require_http_methods(READ_OR_SEND)
def set_pay_terms(request: SignedIn) -> HttpResponse:
    """Say how a contract is paid from a day on."""
    usual = {"period": "weekly", "cut_off_days": 3, "pay_days": 9, "due_days": 30, "interest": 0}
    form = TermsForm(request.council, request.POST or None, initial=usual)

    def carry_out(at: datetime) -> str:
        set_terms(council=request.council, by=request.user, at=at, **form.told())
        return reverse("pay_terms")

    return form_page(
        request,
        form,
        title=_("Set terms of pay"),
        button=_("Set them"),
        back=reverse("pay_terms"),
        carry_out=carry_out,
        done=_("The terms are set."),
    )


@allowed("set_pay")
@require_http_methods(READ_OR_SEND)
def set_ledger_code(request: SignedIn) -> HttpResponse:
    """Say under which codes a contract and a funder are posted from a day on."""
    form = CodeForm(request.council, request.POST or None, initial={"vat": "exempt"})

    def carry_out(at: datetime) -> str:
        said = form.cleaned_data
        set_code(
            council=request.council,
            enrolment=said["enrolment"],
            funder=said["funder"],
            from_on=said["from_on"],
            codes=Codes(said["cost_centre"], said["subjective"], said["vat"]),
            by=request.user,
            at=at,
        )
        return reverse("pay_terms")

    return form_page(
        request,
        form,
        title=_("Set codes of the ledger"),
        button=_("Set them"),
        back=reverse("pay_terms"),
        carry_out=carry_out,
        done=_("The codes are set. Runs that are approved from now on are posted under them."),
    )
