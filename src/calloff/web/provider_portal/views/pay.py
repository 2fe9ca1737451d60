"""What a branch is paid and will be paid next, line by line with its reason; and what it disputes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Sum
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from calloff.domain.calendar import local
from calloff.domain.pay_calendar import Period
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.brokerage.views.letters import as_pdf
from calloff.web.config.look import words
from calloff.web.config.look.exports import Value
from calloff.web.config.look.lists import Paging
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.views.pages import as_file
from calloff.web.directory.models import Branch
from calloff.web.payments.forms import HOLD_REASONS, OUTCOMES, WordForm
from calloff.web.payments.models import Entitlement, Hold, PayLine, PayRun
from calloff.web.payments.services import holds
from calloff.web.payments.services.remittance import remittance_letter
from calloff.web.payments.services.terms import TermsBook
from calloff.web.payments.services.waiting import Line, expected
from calloff.web.payments.views.lines import KINDS, line_name, lines_of, told_words
from calloff.web.payments.views.runs import remittance_file
from calloff.web.provider_portal.forms.disputing import DisputeLineForm
from calloff.web.provider_portal.services.scope import scope
from calloff.web.provider_portal.views.page import READ_OR_SEND, branch_tabs, carried_out, done, show

PAY = "portal_pay"
SHOWN = (PayRun.APPROVED, PayRun.RELEASED)


@allowed(PAY)
@require_safe
def remittances(request: SignedIn) -> HttpResponse:
    """Each approved run that pays one of these branches."""
    every, today = scope(request, PAY), local(timezone.now()).date()
    chosen = request.GET.get("branch", "")
    mine = every.narrowed(chosen)
    sums = (
        PayLine.objects.filter(entitlement__branch__in=mine.branches, run__state__in=SHOWN)
        .values("run", "entitlement__branch")
        .annotate(pence=Sum("pence"), count=Count("pk"))
        .order_by("-run__approved_at", "entitlement__branch")
    )
    runs = {one.pk: one for one in PayRun.objects.filter(pk__in=[row["run"] for row in sums]).select_related("council")}
    branches = {one.pk: one for one in Branch.objects.filter(pk__in=mine.branches)}
    rows = []
    for row in sums:
        run, branch = runs[row["run"]], branches[row["entitlement__branch"]]
        url = reverse("portal_remittance", args=(run.token, branch.token))
        rows.append(
            Row(
                [
                    Cell(run.council.name, below=branch.name if len(branches) > 1 else ""),
                    Cell(f"PAY-{run.number}"),
                    Cell(words.day(run.to_on, today)),
                    Cell(f"{row['count']:,}"),
                    Cell(words.money(row["pence"]), strong=True),
                    Cell(_("Look"), url=reverse("portal_pay_lines", args=(run.token, branch.token))),
                    Cell(_("Every line (CSV)"), url=url),
                    Cell(_("Letter (PDF)"), url=f"{url}/letter"),
                ]
            )
        )
    columns = [Column(_("Council"), names_row=True), Column(_("Run")), Column(_("Visits up to"))]
    columns += [Column(_("Lines"), number=True), Column(_("Amount"), number=True)]
    columns += [Column(_("Lines")), Column(_("File")), Column(_("Letter"))]
    empty = _("Nothing was paid through this system yet.")
    table = Table(_("Pay"), columns, rows, empty=empty, quiet_caption=True)
    return show(request, "pay", {"table": table, "tabs": branch_tabs(every, chosen, reverse("portal_pay"))})


@allowed(PAY)
@require_safe
def remittance(request: SignedIn, token: str, branch: str) -> HttpResponse:
    """Every line of a run for one of these branches, as a file."""
    return remittance_file(*_paid_by(request, token, branch))


@allowed(PAY)
@require_safe
def remittance_pdf(request: SignedIn, token: str, branch: str) -> HttpResponse:
    """What a run pays one of these branches, as a letter."""
    run, found = _paid_by(request, token, branch)
    return as_pdf(remittance_letter(run, found), f"remittance-PAY-{run.number}")


def _paid_by(request: SignedIn, token: str, branch: str) -> tuple[PayRun, Branch]:
    """An approved run that pays one of these branches, and the branch; anything else is not found."""
    found = get_object_or_404(Branch, token=branch, pk__in=scope(request, PAY).branches)
    run = get_object_or_404(PayRun, token=token, state__in=SHOWN)
    if not run.lines.filter(entitlement__branch=found).exists():
        raise Http404
    return run, found


@allowed(PAY)
@require_safe
def run_lines(request: SignedIn, token: str, branch: str) -> HttpResponse:
    """Every line of a run for one of these branches, with its reason; each can be disputed."""
    run, found = _paid_by(request, token, branch)
    lines = lines_of(run, found)
    paging = Paging.asked_for(request.GET.get("page"), lines.count())
    rows = [
        Row(
            [
                Cell(words.day(line.entitlement.on), below=line.entitlement.anchor),
                Cell(line.entitlement.why, tag=_("correction") if line.entitlement.number > 1 else "", tone="blue"),
                Cell(words.money(line.pence), strong=True),
                Cell(_("It is wrong"), url=_dispute_url(line.entitlement, found)),
            ]
        )
        for line in lines[paging.rows]
    ]
    columns = [Column(_("Visit"), names_row=True), Column(_("Why this amount"))]
    columns += [Column(_("Amount"), number=True), Column(_("Dispute"))]
    table = Table(f"PAY-{run.number}", columns, rows)
    return show(request, "pay_lines", {"table": table, "paging": paging, "run": run, "council": run.council.name})


def _dispute_url(one: Entitlement, branch: Branch) -> str:
    return reverse("portal_pay_dispute", args=(branch.token, one.on.isoformat(), line_name(one)))


@allowed(PAY)
@require_safe
def next_pay(request: SignedIn) -> HttpResponseBase:
    """What is delivered and not yet paid, line by line, until when files count for it and when it is paid."""
    every, today = scope(request, PAY), local(timezone.now()).date()
    chosen = request.GET.get("branch", "")
    mine = every.narrowed(chosen)
    lines, branches = expected(None, mine.branches), {one.pk: one for one in mine.names()}
    books: dict[int, TermsBook] = {}
    dates = {}
    for line in lines:
        one = line.entitlement
        book = books.setdefault(one.council_id, TermsBook(one.council_id))
        dates[one.pk] = book.dates(one.enrolment_id, one.on)
    if file := _next_as_file(request, lines):
        return file
    before = _before(lines)
    paging = Paging.asked_for(request.GET.get("page"), len(lines), f"?branch={chosen}" if chosen else "?")
    rows = [_next_row(line, before, dates[line.entitlement.pk], branches, today) for line in lines[paging.rows]]
    columns = [Column(_("Visit"), names_row=True), Column(_("Why this amount")), Column(_("Amount"), number=True)]
    columns += [Column(_("State")), Column(_("Files count until")), Column(_("Paid on")), Column(_("Dispute"))]
    empty = _("Nothing is delivered that is not paid yet. Lines show up here once your file of visits is in.")
    pence = sum(_adds(line, before) for line in lines if line.hold is None)
    told = {
        "table": Table(_("What you will be paid next"), columns, rows, empty=empty, quiet_caption=True),
        "tabs": branch_tabs(every, chosen, reverse("portal_next_pay")),
        "paging": paging,
        "pence": pence,
        "held": sum(line.hold is not None for line in lines),
    }
    return show(request, "next_pay", told)


def _before(lines: list[Line]) -> dict[tuple[int, str, str, int], int]:
    """What each earlier version of the entitlements of some lines was worth."""
    found = {}
    anchors = sorted({line.entitlement.anchor for line in lines if line.entitlement.number > 1})
    for first in range(0, len(anchors), 500):
        rows = Entitlement.objects.filter(anchor__in=anchors[first : first + 500])
        for one in rows:
            found[one.council_id, one.anchor, one.component, one.number] = one.pence
    return found


def _adds(line: Line, before: dict[tuple[int, str, str, int], int]) -> int:
    one = line.entitlement
    return one.pence - before.get((one.council_id, one.anchor, one.component, one.number - 1), 0)


def _next_row(
    line: Line,
    before: dict[tuple[int, str, str, int], int],
    dates: tuple[Period, date, date],
    branches: dict[int, Branch],
    today: date,
) -> Row:
    one, branch = line.entitlement, branches[line.entitlement.branch_id]
    state, dispute = Cell(tag=_("goes into the next run"), tone="green"), Cell(_("It is wrong"))
    if line.hold is not None:
        url = reverse("portal_hold", args=(line.hold.token,))
        state, dispute = Cell(tag=str(KINDS[line.hold.kind]), tone="orange"), Cell(_("What was written"), url=url)
    else:
        dispute = Cell(_("It is wrong"), url=_dispute_url(one, branch))
    _period, cut_off, paid = dates
    return Row(
        [
            Cell(words.day(one.on, today), below=one.anchor),
            Cell(one.why, tag=_("correction") if one.number > 1 else "", tone="blue"),
            Cell(words.money(_adds(line, before)), strong=True),
            state,
            Cell(words.day(cut_off, today)),
            Cell(words.day(paid, today)),
            dispute,
        ]
    )


def _next_as_file(request: SignedIn, lines: list[Line]) -> HttpResponseBase | None:
    before = _before(lines)

    def rows() -> Iterator[list[Value]]:
        for line in lines:
            one = line.entitlement
            state = line.hold.kind if line.hold else "next"
            contract = one.enrolment.reference if one.enrolment else ""
            pounds = _adds(line, before) / 100
            yield [one.anchor, one.on, contract, one.number, one.reason, one.paid_minutes, pounds, state, one.why]

    columns = ["visit", "on", "contract", "version", "reason", "paid_minutes", "amount", "state", "why"]
    return as_file(request, "next-pay", columns, rows)


@allowed(PAY)
@require_http_methods(READ_OR_SEND)
def dispute(request: SignedIn, branch: str, day: str, line: str) -> HttpResponse:
    """Say that a line is wrong: it alone waits, and the council answers within ten days."""
    found = get_object_or_404(Branch, token=branch, pk__in=scope(request, PAY).branches)
    try:
        on = date.fromisoformat(day)
    except ValueError:
        raise Http404 from None
    rows = Entitlement.objects.filter(branch=found, on=on).select_related("council")
    chosen = next((one for one in rows if line_name(one) == line), None)
    if chosen is None:
        raise Http404
    form, told = DisputeLineForm(request.POST or None), {"line": chosen}

    def carry_out(at: datetime) -> None:
        said = form.cleaned_data
        holds.dispute(
            entitlement=chosen,
            reason=said["reason"],
            words=said["words"],
            claimed_minutes=said["claimed_minutes"],
            by=request.user,
            at=at,
        )

    if carried_out(request, form, carry_out, told):
        made = Hold.objects.filter(anchor=chosen.anchor, component=chosen.component, state=Hold.OPEN).latest("pk")
        return done(request, _("The council has your dispute, and answers within ten days."), "portal_hold", made.token)
    return show(request, "dispute_line", {**told, "form": form, "back": reverse("portal_next_pay")})


def _hold_of(request: SignedIn, hold: str) -> Hold:
    rows = Hold.objects.filter(branch__in=scope(request, PAY).branches).select_related("council", "entitlement")
    return get_object_or_404(rows, token=hold)


@allowed(PAY)
@require_http_methods(READ_OR_SEND)
def hold(request: SignedIn, hold: str) -> HttpResponse:
    """A line that waits: what was written to it, by when the council answers, and what came of it."""
    found, form = _hold_of(request, hold), WordForm(request.POST or None)
    told: dict[str, Any] = {"hold": found, "kind": KINDS[found.kind], "said": told_words(found)}
    told |= {"reason": HOLD_REASONS[found.reason], "outcome": OUTCOMES.get(found.outcome, ""), "form": form}

    def carry_out(at: datetime) -> None:
        text = form.cleaned_data["text"]
        holds.write(hold=found, text=text, from_provider=True, by=request.user, at=at)

    if carried_out(request, form, carry_out, told):
        return done(request, _("The council can read it now."), "portal_hold", found.token)
    return show(request, "hold", told)
