"""Lines of a run, those that wait, and what is written to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calloff.domain.calendar import local
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.config.look import words
from calloff.web.config.look.lists import Paging
from calloff.web.config.look.parts import Happening, Tab
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.views.pages import READ_OR_SEND, form_page, press
from calloff.web.directory.models import Branch
from calloff.web.payments.forms import HOLD_REASONS, OUTCOMES, HoldForm, ReleaseForm, WordForm
from calloff.web.payments.models import Entitlement, Hold, PayLine, PayRun
from calloff.web.payments.services import holds
from calloff.web.payments.views.runs import run_of

KINDS = {Hold.HELD: gettext_lazy("held"), Hold.DISPUTE: gettext_lazy("disputed")}


def line_name(one: Entitlement) -> str:
    """What a line is called in an address: its hash, so that no number tells how many there are."""
    return hashlib.sha256(f"{one.anchor}/{one.component}/{one.number}".encode()).hexdigest()[:16]


def line_called(lines: Iterable[PayLine], name: str) -> PayLine:
    """The line of this name among some; anything else is not found."""
    for line in lines:
        if line_name(line.entitlement) == name:
            return line
    raise Http404


def lines_of(run: PayRun, branch: Branch) -> Any:
    """A provider's lines in a run, in their order."""
    lines = run.lines.filter(entitlement__branch=branch).select_related("entitlement", "entitlement__enrolment")
    return lines.order_by("entitlement__on", "entitlement__anchor", "entitlement__number")


def lines_table(lines: Iterable[PayLine], act: Any, caption: str) -> Table:
    """Lines with what each pays and why; `act` gives a cell with what one can do about a line."""
    rows = []
    for line in lines:
        one = line.entitlement
        what = _("correction") if one.number > 1 else ""
        rows.append(
            Row(
                [
                    Cell(words.day(one.on), below=one.anchor),
                    Cell(one.why, tag=what, tone="blue"),
                    Cell(words.money(line.pence), strong=True),
                    act(line),
                ]
            )
        )
    columns = [Column(_("Visit"), names_row=True), Column(_("Why this amount"))]
    columns += [Column(_("Amount"), number=True), Column(_("What one can do"))]
    return Table(caption, columns, rows, empty=_("There is no line."), quiet_caption=True)


@allowed("see_pay")
@require_safe
def run_lines(request: SignedIn, token: str, branch: str) -> HttpResponse:
    """Every line of a provider in a run, with the sentence that says why."""
    run = run_of(request, token)
    found = get_object_or_404(Branch, token=branch, pk__in=run.lines.values("entitlement__branch"))
    lines, may = lines_of(run, found), permissions_at(request)
    paging = Paging.asked_for(request.GET.get("page"), lines.count())

    def act(line: PayLine) -> Cell:
        if "draft_pay" not in may or run.state != PayRun.DRAFT:
            return Cell()
        return Cell(_("Hold"), url=reverse("pay_line_hold", args=(run.token, found.token, line_name(line.entitlement))))

    table = lines_table(lines[paging.rows], act, _("Lines"))
    told = {"run": run, "branch": found, "table": table, "paging": paging}
    return render(request, "payments/run_lines.html", told)


@allowed("draft_pay")
@require_http_methods(READ_OR_SEND)
def hold_line(request: SignedIn, token: str, branch: str, line: str) -> HttpResponse:
    """Take a line out of a draft until somebody has looked."""
    run = run_of(request, token)
    found = get_object_or_404(Branch, token=branch, pk__in=run.lines.values("entitlement__branch"))
    chosen = line_called(lines_of(run, found), line)
    form = HoldForm(request.POST or None)

    def carry_out(at: datetime) -> str:
        made = holds.hold(
            entitlement=chosen.entitlement,
            reason=form.cleaned_data["reason"],
            words=form.cleaned_data["words"],
            by=request.user,
            at=at,
        )
        return reverse("pay_hold", args=(made.token,))

    return form_page(
        request,
        form,
        title=_("Hold a line"),
        button=_("Hold it"),
        back=reverse("pay_run_lines", args=(run.token, found.token)),
        lead=_("This line alone waits; the rest is paid. When it is released it goes into the next run."),
        carry_out=carry_out,
        done=_("The line waits. The rest of the run is as it was."),
    )


@allowed("see_pay")
@require_safe
def waiting(request: SignedIn) -> HttpResponse:
    """The lines that wait, those due first; or those that were closed."""
    now, closed = timezone.now(), request.GET.get("show") == "closed"
    rows = Hold.objects.filter(council=request.council_id)
    counts = {state: rows.filter(state=state).count() for state in (Hold.OPEN, Hold.CLOSED)}
    shown = rows.filter(state=Hold.CLOSED if closed else Hold.OPEN)
    shown = shown.select_related("branch", "entitlement", "owner__identity").order_by(
        "-closed_at" if closed else "reply_by", "pk"
    )
    paging = Paging.asked_for(request.GET.get("page"), shown.count(), "?show=closed" if closed else "?")
    url = reverse("pay_waiting")
    tabs = [
        Tab(_("Waiting"), url, active=not closed, count=counts[Hold.OPEN]),
        Tab(_("Closed"), f"{url}?show=closed", active=closed, count=counts[Hold.CLOSED]),
    ]
    table = Table(
        _("Lines that wait"),
        [
            Column(_("Line"), names_row=True),
            Column(_("Provider")),
            Column(_("What is wrong")),
            Column(_("Worth"), number=True),
            Column(_("Answer by")),
            Column(_("Owner")),
        ],
        [_hold_row(one, now) for one in shown[paging.rows]],
        empty=_("No line waits. One is held in a draft, by a payment rule, or disputed by its provider."),
        quiet_caption=True,
    )
    return render(request, "payments/waiting.html", {"table": table, "tabs": tabs, "paging": paging})


def _hold_row(one: Hold, now: datetime) -> Row:
    url = reverse("pay_hold", args=(one.token,))
    if one.state == Hold.CLOSED:
        due = Cell(str(OUTCOMES[one.outcome]), below=words.moment(one.closed_at, now) if one.closed_at else "")
    else:
        due = Cell(words.moment(one.reply_by, now), below=words.due(one.reply_by, now), strong=one.reply_by < now)
    return Row(
        [
            Cell(words.day(one.entitlement.on, local(now).date()), url=url, below=one.anchor),
            Cell(one.branch.name),
            Cell(
                str(HOLD_REASONS[one.reason]),
                tag=str(KINDS[one.kind]),
                tone="orange" if one.kind == Hold.DISPUTE else "yellow",
            ),
            Cell(words.money(one.entitlement.pence)),
            due,
            Cell(one.owner.identity.name if one.owner else _("nobody yet")),
        ],
        url=url,
    )


def hold_of(request: SignedIn, hold: str) -> Hold:
    """The council's line that waits under this name; anything else is not found."""
    rows = Hold.objects.filter(council=request.council_id).select_related(
        "branch", "entitlement", "owner__identity", "opened_by__identity"
    )
    return get_object_or_404(rows, token=hold)


def told_words(hold: Hold) -> list[Happening]:
    """What was written to a line, in order; of a provider's people their name, of the council's theirs."""
    rows = hold.words.select_related("by__identity").order_by("at", "pk")
    return [Happening(one.at, one.text, by=one.by.identity.name) for one in rows]


@allowed("see_pay")
@require_safe
def hold(request: SignedIn, hold: str) -> HttpResponse:
    """A line that waits: what it is worth and why, what was written, and what one can do."""
    found, may = hold_of(request, hold), permissions_at(request)
    is_open = found.state == Hold.OPEN
    told = {
        "hold": found,
        "kind": KINDS[found.kind],
        "reason": HOLD_REASONS[found.reason],
        "outcome": OUTCOMES.get(found.outcome, ""),
        "said": told_words(found),
        "now": timezone.now(),
        "acts": is_open and "draft_pay" in may,
        "takes": is_open and "draft_pay" in may and found.owner_id != request.user.pk,
    }
    return render(request, "payments/hold.html", told)


@allowed("draft_pay")
@require_POST
def take(request: SignedIn, hold: str) -> HttpResponse:
    """Become the owner of a line that waits."""
    found = hold_of(request, hold)
    return press(
        request,
        lambda at: holds.take(hold=found, by=request.user, at=at),
        _("The line is yours now."),
        reverse("pay_hold", args=(hold,)),
    )


@allowed("draft_pay")
@require_http_methods(READ_OR_SEND)
def write(request: SignedIn, hold: str) -> HttpResponse:
    """Write to the provider about a line that waits."""
    found, form = hold_of(request, hold), WordForm(request.POST or None)
    here = reverse("pay_hold", args=(hold,))

    def carry_out(at: datetime) -> str:
        holds.write(hold=found, text=form.cleaned_data["text"], from_provider=False, by=request.user, at=at)
        return here

    return form_page(
        request,
        form,
        title=_("Write about this line"),
        button=_("Send"),
        back=here,
        carry_out=carry_out,
        done=_("The provider can read it now."),
    )


@allowed("draft_pay")
@require_http_methods(READ_OR_SEND)
def release(request: SignedIn, hold: str) -> HttpResponse:
    """Close a hold or dispute."""
    found, form = hold_of(request, hold), ReleaseForm(request.POST or None)
    here = reverse("pay_hold", args=(hold,))

    def carry_out(at: datetime) -> str:
        said = form.cleaned_data
        holds.release(hold=found, outcome=said["outcome"], words=said["words"], by=request.user, at=at)
        return here

    return form_page(
        request,
        form,
        title=_("Close it"),
        button=_("Close it"),
        back=here,
        lead=_("The line goes into the next run, as it is worth by then."),
        carry_out=carry_out,
        done=_("It is closed. The line goes into the next run."),
    )
