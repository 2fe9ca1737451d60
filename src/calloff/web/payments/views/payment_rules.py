"""Payment rules: in force, proposed and decided by two people, and a second rule in shadow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calloff.documents.payment_rules import parse, shipped_folder, shipped_ids
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.config.look import words
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.views.pages import READ_OR_SEND, form_page, press
from calloff.web.jobs.services import long
from calloff.web.payments.forms import RuleForm, ShadowForm
from calloff.web.payments.models import RuleProposal, RuleVersion, Shadow
from calloff.web.payments.services import rules
from calloff.web.payments.views.proposed import STATES, whose

SHADOWS = {
    Shadow.WAITING: (gettext_lazy("being compared"), "grey"),
    Shadow.DONE: (gettext_lazy("compared"), "green"),
    Shadow.FAILED: (gettext_lazy("not compared"), "red"),
}


@allowed("see_models")
@require_safe
def rule_list(request: SignedIn) -> HttpResponse:
    """The payment rules in force and to come, what waits, and what was compared."""
    told = {
        "rules": _versions(request),
        "proposals": _proposals(request),
        "shadows": _shadows(request),
        "may": permissions_at(request),
    }
    return render(request, "payments/rules.html", told)


def _versions(request: SignedIn) -> Table:
    rows = []
    for one in RuleVersion.objects.filter(council=request.council_id).order_by("model", "-starts_on"):
        url = reverse("payment_rule", args=(one.model, one.version))
        rows.append(
            Row(
                [
                    Cell(one.title, url=url, below=one.rule),
                    Cell(whose(one.model)),
                    Cell(f"{one.version}"),
                    Cell(f"{one.starts_on:%-d %B %Y}"),
                ],
                url=url,
            )
        )
    columns = [Column(_("Payment rule"), names_row=True), Column(_("For visits under"))]
    columns += [Column(_("Version"), number=True), Column(_("From"))]
    empty = _("No payment rule is published, so no visit is paid. A commissioner proposes one.")
    return Table(_("Published"), columns, rows, empty=empty)


def _proposals(request: SignedIn) -> Table:
    rows = []
    found = RuleProposal.objects.filter(council=request.council_id).select_related("proposed_by__identity")
    for one in found.order_by("-pk")[:20]:
        state, tone = STATES[one.state]
        rows.append(
            Row(
                [
                    Cell(one.title, url=reverse("rule_proposal", args=(one.token,))),
                    Cell(whose(one.model)),
                    Cell(f"{one.starts_on:%-d %B %Y}"),
                    Cell(tag=str(state), tone=tone),
                    Cell(one.proposed_by.identity.name),
                ]
            )
        )
    columns = [Column(_("Payment rule"), names_row=True), Column(_("For visits under")), Column(_("From"))]
    columns += [Column(_("State")), Column(_("Proposed by"))]
    return Table(_("Proposed"), columns, rows, empty=_("No payment rule was proposed."))


def _shadows(request: SignedIn) -> Table:
    rows, now = [], timezone.now()
    for one in Shadow.objects.filter(council=request.council_id).order_by("-pk")[:20]:
        state, tone = SHADOWS[one.state]
        rows.append(
            Row(
                [
                    Cell(one.title, url=reverse("shadow", args=(one.token,))),
                    Cell(whose(one.model)),
                    Cell(f"{one.from_on:%-d %B %Y} – {one.to_on:%-d %B %Y}"),
                    Cell(tag=str(state), tone=tone),
                    Cell(words.moment(one.asked_at, now)),
                ]
            )
        )
    columns = [Column(_("Second rule"), names_row=True), Column(_("For visits under")), Column(_("Days"))]
    columns += [Column(_("State")), Column(_("Asked"))]
    empty = _("Nothing was compared. A second rule can price visits of some days with no effect on what is paid.")
    return Table(_("In shadow"), columns, rows, empty=empty)


@allowed("see_models")
@require_safe
def rule(request: SignedIn, model: str, version: int) -> HttpResponse:
    """A published payment rule in plain words, and its document."""
    found = get_object_or_404(RuleVersion, council=request.council_id, model=model, version=version)
    said = rules.in_words(parse(found.text, found.rule))
    told: dict[str, Any] = {"title": found.title, "said": said, "text": found.text}
    told |= {"whose": whose(found.model), "starts_on": found.starts_on}
    return render(request, "payments/rule.html", told)


def _text_given(request: SignedIn) -> dict[str, Any]:
    """The text of a shipped rule, where the address asks for one to begin with."""
    name = request.GET.get("begin", "")
    if name not in shipped_ids():
        return {}
    return {"text": (shipped_folder() / f"{name}.yaml").read_text(encoding="utf-8")}


def _rule_page(
    request: SignedIn, form: Any, carry_out: Callable[[datetime], str], *, title: str, button: str, lead: str, done: str
) -> HttpResponse:
    return form_page(
        request,
        form,
        title=title,
        button=button,
        back=reverse("payment_rules"),
        lead=lead,
        carry_out=carry_out,
        done=done,
        template="payments/rule_form.html",
        shipped=shipped_ids(),
    )


@allowed("draft_model")
@require_http_methods(READ_OR_SEND)
def propose_rule(request: SignedIn) -> HttpResponse:
    """Propose a payment rule."""
    form = RuleForm(request.council, request.POST or None, initial=_text_given(request))

    def carry_out(at: datetime) -> str:
        made = rules.propose(council=request.council, by=request.user, at=at, **form.cleaned_data)
        return reverse("rule_proposal", args=(made.token,))

    return _rule_page(
        request,
        form,
        carry_out,
        title=_("Propose a payment rule"),
        button=_("Propose it"),
        lead=_("Another person reads it in plain words and publishes it. It counts from its day on."),
        done=_("This is how it reads. It waits for another person."),
    )


@allowed("see_models")
@require_safe
def rule_proposal(request: SignedIn, proposal: str) -> HttpResponse:
    """A proposed rule in plain words, with what it would replace."""
    rows = RuleProposal.objects.filter(council=request.council_id).select_related("proposed_by__identity")
    found, may = get_object_or_404(rows, token=proposal), permissions_at(request)
    own = found.proposed_identity == request.user.identity_id
    state, tone = STATES[found.state]
    earlier = RuleVersion.objects.filter(
        council=request.council_id, model__in=(found.model, "*"), starts_on__lt=found.starts_on
    )
    before = max(earlier, key=lambda one: (one.model == found.model, one.starts_on), default=None)
    told = {
        "proposal": found,
        "said": rules.in_words(parse(found.text, found.rule)),
        "before": rules.in_words(parse(before.text, before.rule)) if before else [],
        "before_title": before.title if before else "",
        "whose": whose(found.model),
        "state": state,
        "tone": tone,
        "decides": "approve_model" in may and found.state == RuleProposal.PROPOSED and not own,
        "waits": found.state == RuleProposal.PROPOSED and own,
    }
    return render(request, "payments/proposal.html", told)


@allowed("approve_model")
@require_POST
def decide_rule(request: SignedIn, proposal: str) -> HttpResponse:
    """Publish a proposed rule, or refuse it."""
    found = get_object_or_404(RuleProposal, council=request.council_id, token=proposal)
    approved = request.POST.get("decision") == "approve"
    return press(
        request,
        lambda at: rules.decide(proposal=found, approved=approved, by=request.user, at=at),
        _("Published. It pays visits from its day on.") if approved else _("Refused. Nothing changes."),
        reverse("rule_proposal", args=(proposal,)),
    )


@allowed("draft_model")
@require_http_methods(READ_OR_SEND)
def ask_for_shadow(request: SignedIn) -> HttpResponse:
    """Let a second rule run in shadow."""
    form = ShadowForm(request.council, request.POST or None, initial=_text_given(request))

    def carry_out(at: datetime) -> str:
        made = rules.ask_for_shadow(council=request.council, by=request.user, at=at, **form.cleaned_data)
        return reverse("shadow", args=(made.token,))

    return _rule_page(
        request,
        form,
        carry_out,
        title=_("Compare a second rule"),
        button=_("Compare"),
        lead=_("It prices the visits of some days as they were, with no effect on anything that is paid."),
        done=_("It is being compared. Look again in a moment."),
    )


@allowed("see_models")
@require_safe
def shadow(request: SignedIn, shadow: str) -> HttpResponse:
    """What a second rule would have paid, beside what was."""
    found = get_object_or_404(Shadow, council=request.council_id, token=shadow)
    rows, live, other = [], 0, 0
    for one in rules.compared(found):
        live, other = live + one.live_pence, other + one.shadow_pence
        rows.append(
            Row(
                [
                    Cell(one.branch.name),
                    Cell(f"{one.visits:,}"),
                    Cell(f"{one.differing:,}"),
                    Cell(words.money(one.live_pence)),
                    Cell(words.money(one.shadow_pence)),
                    Cell(words.money(one.shadow_pence - one.live_pence), strong=True),
                ]
            )
        )
    columns = [Column(_("Provider"), names_row=True), Column(_("Visits"), number=True)]
    columns += [Column(_("Other amount"), number=True), Column(_("In force"), number=True)]
    columns += [Column(_("Second rule"), number=True), Column(_("Difference"), number=True)]
    foot: list[Cell | str] = []
    if rows:
        sums = [Cell(words.money(pence), strong=True) for pence in (live, other, other - live)]
        foot = [Cell(_("Together")), "", "", *sums]
    state, tone = SHADOWS[found.state]
    empty = _("No visit of these days is worth anything yet.")
    told = {
        "shadow": found,
        "work": long.progress_of("run_shadow", [found.token], found.council_id, permissions_at(request)),
        "state": state,
        "tone": tone,
        "whose": whose(found.model),
        "said": rules.in_words(parse(found.text, found.rule)),
        "table": Table(_("In force and in shadow"), columns, rows, empty=empty, foot=foot),
    }
    return render(request, "payments/shadow.html", told)
