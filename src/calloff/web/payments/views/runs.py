"""Pay runs for finance: the list, a draft, a run with what each provider is paid, and its approval by another."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Q, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calloff.domain.calendar import local
from calloff.domain.funding import COUNCIL
from calloff.web.accounts.views import SignedIn, allowed, permissions_at, prove_again
from calloff.web.config.look import words
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.views.pages import READ_OR_SEND, form_page, press
from calloff.web.directory.models import Branch
from calloff.web.jobs.services import long
from calloff.web.payments.forms import HOLD_REASONS, DraftRunForm
from calloff.web.payments.models import PayRun
from calloff.web.payments.services import runs, waiting
from calloff.web.payments.services.bearing import by_funder
from calloff.web.payments.services.checks import checks_of
from calloff.web.payments.services.remittance import remittance_of

STATES = {
    PayRun.PREPARING: (gettext_lazy("being prepared"), "grey"),
    PayRun.DRAFT: (gettext_lazy("draft"), "yellow"),
    PayRun.APPROVED: (gettext_lazy("approved"), "blue"),
    PayRun.RELEASED: (gettext_lazy("released"), "green"),
    PayRun.DROPPED: (gettext_lazy("dropped"), "grey"),
}


@allowed("see_pay")
@require_safe
def pay_runs(request: SignedIn) -> HttpResponse:
    """What needs somebody, then every pay run, the latest first, with what it pays."""
    rows = PayRun.objects.filter(council=request.council_id).select_related(
        "made_by__identity", "approved_by__identity"
    )
    told = []
    today = local(timezone.now()).date()
    for one in rows.annotate(pence=Sum("lines__pence"), count=Count("lines")).order_by("-number"):
        state, tone = STATES[one.state]
        url = reverse("pay_run", args=(one.token,))
        told.append(
            Row(
                [
                    Cell(f"PAY-{one.number}", url=url),
                    Cell(tag=str(state), tone=tone),
                    Cell(words.day(one.to_on, today)),
                    Cell(f"{one.count:,}"),
                    Cell(words.money(one.pence or 0)),
                    Cell(one.made_by.identity.name),
                    Cell(one.approved_by.identity.name if one.approved_by else ""),
                ],
                url=url,
            )
        )
    columns = [Column(_("Run"), names_row=True), Column(_("State")), Column(_("Visits up to"))]
    columns += [Column(_("Lines"), number=True), Column(_("Amount"), number=True)]
    columns += [Column(_("Drafted by")), Column(_("Approved by"))]
    empty = _("Nothing was paid yet. A draft gathers what is new for visits up to a day.")
    table = Table(_("Pay runs"), columns, told, empty=empty)
    shown = {"table": table, "needs": needs_of(request), "may": permissions_at(request)}
    return render(request, "payments/pay_runs.html", shown)


@allowed("draft_pay")
@require_http_methods(READ_OR_SEND)
def draft(request: SignedIn) -> HttpResponse:
    """Draft a run of everything that is new."""
    form = DraftRunForm(request.POST or None)

    def carry_out(at: datetime) -> str:
        run = runs.start(council=request.council, to_on=form.cleaned_data["to_on"], by=request.user, at=at)
        return reverse("pay_run", args=(run.token,))

    return form_page(
        request,
        form,
        title=_("Draft a pay run"),
        button=_("Draft it"),
        back=reverse("pay_runs"),
        lead=_("It gathers what is new: visits that nobody was paid for yet, and corrections of those that were."),
        carry_out=carry_out,
        done=_("The run is being prepared. Look it through once it is drafted; another person approves it."),
    )


def run_of(request: SignedIn, token: str) -> PayRun:
    """The council's pay run of this address; anything else is not found."""
    rows = PayRun.objects.filter(council=request.council_id).select_related(
        "made_by__identity", "approved_by__identity"
    )
    return get_object_or_404(rows, token=token)


@allowed("see_pay")
@require_safe
def pay_run(request: SignedIn, token: str) -> HttpResponse:
    """One run: what was checked, and what each provider is paid."""
    run, may = run_of(request, token), permissions_at(request)
    state, tone = STATES[run.state]
    told = {
        "run": run,
        "state": state,
        "tone": tone,
        "total": runs.total(run),
        "table": _by_provider(run),
        "checks": checks_of(run),
        "now": timezone.now(),
        "approves": "approve_pay" in may
        and run.state == PayRun.DRAFT
        and run.made_identity != request.user.identity_id,
        "waits_for_another": run.state == PayRun.DRAFT and run.made_identity == request.user.identity_id,
        "releases": "draft_pay" in may and run.state == PayRun.APPROVED,
        "drops": "draft_pay" in may and run.state in PayRun.OPEN,
        "prepares": run.state == PayRun.PREPARING,
        "funders": _by_funder(run),
        "drafts": "draft_pay" in may,
        "work": long.progress_of("prepare_run", [run.token], run.council_id, may),
    }
    return render(request, "payments/pay_run.html", told)


def _by_provider(run: PayRun) -> Table:
    is_correction = Q(entitlement__number__gt=1)
    sums = run.lines.values("entitlement__branch").annotate(
        amount=Sum("pence"), count=Count("pk"), corrected=Sum("pence", filter=is_correction)
    )
    branches = {one.pk: one for one in Branch.objects.filter(pk__in=[row["entitlement__branch"] for row in sums])}
    rows = []
    for row in sorted(sums, key=lambda row: branches[row["entitlement__branch"]].name):
        branch = branches[row["entitlement__branch"]]
        url = reverse("pay_run_remittance", args=(run.token, branch.token))
        rows.append(
            Row(
                [
                    Cell(branch.name, url=reverse("pay_run_lines", args=(run.token, branch.token))),
                    Cell(f"{row['count']:,}"),
                    Cell(words.money(row["corrected"]) if row["corrected"] else ""),
                    Cell(words.money(row["amount"]), strong=True),
                    Cell(_("Remittance (CSV)"), url=url),
                    Cell(_("Letter (PDF)"), url=reverse("pay_run_remittance_letter", args=(run.token, branch.token))),
                ]
            )
        )
    columns = [Column(_("Provider"), names_row=True), Column(_("Lines"), number=True)]
    columns += [Column(_("Corrections"), number=True), Column(_("Amount"), number=True)]
    columns += [Column(_("File")), Column(_("Letter"))]
    return Table(_("What each provider is paid"), columns, rows)


def _by_funder(run: PayRun) -> Table | None:
    """Who bears what a run pays, where others than the council bear any of it."""
    sums = by_funder(run)
    if len(sums) < 2:
        return None
    names = {COUNCIL: _("the council")}
    rows = [Row([Cell(names.get(one, one)), Cell(words.money(pence))]) for one, pence in sums.items()]
    return Table(_("Who bears it"), [Column(_("Funder"), names_row=True), Column(_("Amount"), number=True)], rows)


def needs_of(request: SignedIn) -> list[tuple[str, str]]:
    """What needs somebody before money goes out, each a sentence and the way to it."""
    council, now = request.council, timezone.now()
    found: list[tuple[str, str]] = []
    stopped = waiting.stopped_run(council)
    if stopped is not None:
        found.append((f"PAY-{stopped.number}: {stopped.problem}", reverse("pay_run", args=(stopped.token,))))
    if long.put_off(council.pk):
        found.append(
            (_("What some visits are worth was put off: no run is drafted until it is gone on with."), reverse("work"))
        )
    held = waiting.open_holds(council)
    if held:
        count = sum(held.values())
        says = ngettext("%(count)d line needs you: ", "%(count)d lines need you: ", count) % {"count": count}
        says += ", ".join(f"{str(HOLD_REASONS[reason]).lower()} ({number})" for reason, number in held.items())
        found.append((says + ".", reverse("pay_waiting")))
    late = waiting.overdue(council, now)
    if late:
        says = ngettext("%d dispute should have been answered.", "%d disputes should have been answered.", late) % late
        found.append((says, reverse("pay_waiting")))
    for payment in waiting.returned(council):
        says = _("The bank returned %(amount)s to %(name)s.")
        told = {"amount": words.money(payment.pence), "name": payment.branch.name}
        found.append((says % told, reverse("pay_payments")))
    for advance in waiting.asked_advances(council):
        says = _("A part-payment of %(amount)s to %(name)s waits for a second person.")
        told = {"amount": words.money(advance.pence), "name": advance.branch.name}
        found.append((says % told, reverse("pay_owing")))
    for one in waiting.silent(council, now):
        says = _("%(name)s has sent nothing of last week: %(count)d visits were planned.")
        url = reverse("pay_chase", args=(one.branch.token,)) if "draft_pay" in permissions_at(request) else ""
        found.append((says % {"name": one.branch.name, "count": one.visits}, url))
    return found


@allowed("approve_pay")
@require_http_methods(READ_OR_SEND)
def approve(request: SignedIn, token: str) -> HttpResponse:
    """Approve a run as another person, who has just proved who they are, at the total that is shown."""
    run = run_of(request, token)
    prove_again(request)
    if request.method == "POST":
        shown = request.POST.get("shown", "")
        pence = int(shown) if shown.lstrip("-").isdecimal() else -1
        return press(
            request,
            lambda at: runs.approve(run=run, shown_pence=pence, by=request.user, at=at),
            _("The run is approved, and posted to the ledger."),
            reverse("pay_run", args=(token,)),
        )
    return render(request, "payments/approve.html", {"run": run, "total": runs.total(run)})


@allowed("draft_pay")
@require_POST
def release(request: SignedIn, token: str) -> HttpResponse:
    """Release an approved run to be paid."""
    run = run_of(request, token)
    return press(
        request,
        lambda at: runs.release(run=run, by=request.user, at=at),
        _("The run is released to be paid."),
        reverse("pay_run", args=(token,)),
    )


@allowed("draft_pay")
@require_POST
def drop(request: SignedIn, token: str) -> HttpResponse:
    """Drop a draft."""
    run = run_of(request, token)
    return press(
        request,
        lambda at: runs.drop(run=run, by=request.user, at=at),
        _("The draft is dropped. What was in it is new again."),
        reverse("pay_runs"),
    )


@allowed("see_pay")
@require_safe
def remittance(request: SignedIn, token: str, branch: str) -> HttpResponse:
    """What one provider is paid, line by line, as a file."""
    run = run_of(request, token)
    found = get_object_or_404(Branch, token=branch, pk__in=run.lines.values("entitlement__branch"))
    return remittance_file(run, found)


def remittance_file(run: PayRun, branch: Branch) -> HttpResponse:
    """A remittance as an answer."""
    answer = HttpResponse(remittance_of(run, branch), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="remittance-PAY-{run.number}.csv"'
    return answer
