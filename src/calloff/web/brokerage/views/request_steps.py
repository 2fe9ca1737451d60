"""Writing a request in three steps, each kept as it is typed: the week, the needs, and a last look before it goes."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.audit.services import saw
from calloff.web.brokerage.forms import words as codes
from calloff.web.brokerage.forms.requests import NeedsForm, one_exclusion_more
from calloff.web.brokerage.forms.typed import as_typed, posted, without_errors
from calloff.web.brokerage.forms.week import EMPTY_WEEK, WeekForm, one_row_more, without_row
from calloff.web.brokerage.models import Package, Request
from calloff.web.brokerage.services import drafts
from calloff.web.brokerage.services import price_ranges as ranging
from calloff.web.brokerage.services import requests as requesting
from calloff.web.brokerage.services import wanted as wanting
from calloff.web.brokerage.services.changing import Difference, difference, earliest_start
from calloff.web.brokerage.services.wanted import Wanted
from calloff.web.brokerage.views.requests import own_draft, providers, told_of
from calloff.web.config.look import words
from calloff.web.config.look.forms import said
from calloff.web.config.look.week import Week

READ_OR_SEND = ["GET", "POST"]
STEPS = ("week", "needs", "check")
FORMS = {"request_week": "week", "request_needs": "needs"}


@dataclass
class Draft:
    """One's own draft at one moment, with what was typed into each step."""

    row: Request
    typed: dict[str, dict[str, list[str]]]
    now: datetime
    hub: bool

    @property
    def person(self) -> Any:
        return self.row.person

    @property
    def changes(self) -> Package | None:
        if not self.row.changes_package:
            return None
        rows = Package.objects.select_related("model_version", "council")
        return rows.get(council=self.row.council_id, reference=self.row.changes_package)

    def week(self) -> WeekForm:
        return WeekForm(posted(self.typed.get("week", EMPTY_WEEK)))

    def needs(self) -> NeedsForm:
        return NeedsForm(
            posted(self.typed.get("needs", {})),
            person=self.person,
            branches=providers(self.row.council_id),
            today=local(self.now).date(),
            earliest=earliest_start(self.changes, local(self.now).date()),
            hub=self.hub,
        )


def draft_at(request: SignedIn, reference: str) -> Draft:
    """The draft of this address; whoever reads it sees who it is for."""
    row, now = own_draft(request, reference), timezone.now()
    if row.person is None:
        raise Http404
    saw(council=row.council_id, user=request.user, about=row.person.reference, screen="draft", at=now)
    hub = "record_discharge_facts" in permissions_at(request)
    return Draft(row, json.loads(row.form), now, hub)


def page(request: SignedIn, draft: Draft, step: str, form: forms.Form, **more: Any) -> HttpResponse:
    """One step, with what every step shows."""
    told = {
        "draft": draft.row,
        "person": codes.person_with_name(draft.person),
        "step": step,
        "number": STEPS.index(step) + 1,
        "steps": len(STEPS),
        "form": form,
        "kept_at": reverse("saved_form", args=(f"request_{step}", draft.row.reference)) if step != "check" else "",
        "changes": draft.row.changes_package,
        "now": draft.now,
        **more,
    }
    return render(request, f"brokerage/request_{step}.html", told)


def keep(request: SignedIn, draft: Draft, step: str, typed: dict[str, list[str]]) -> bool:
    """Keep a step as it was sent; what was typed meanwhile is older now. False when it could not be kept."""
    try:
        requesting.save_draft(
            request=draft.row,
            council=request.council,
            person=draft.person,
            form={**draft.typed, step: typed},
            by=request.user,
            at=draft.now,
        )
    except CalloffError as refused:
        messages.error(request, str(refused))
        return False
    drafts.forget_typed(user=request.user, form=f"request_{step}", about=draft.row.reference)
    draft.typed[step] = typed
    return True


def take_up(request: SignedIn, draft: Draft, step: str) -> datetime | None:
    """Put what was typed after the last sending back into the draft, and say when that was."""
    found = drafts.typed(
        user=request.user, form=f"request_{step}", about=draft.row.reference, since=draft.row.touched_at
    )
    if found is None:
        return None
    draft.typed[step], at = found
    return at


@allowed("raise_request")
@require_http_methods(READ_OR_SEND)
def week(request: SignedIn, reference: str) -> HttpResponse:
    """The weekly pattern. Every button keeps what is typed; "add a visit" works without a script."""
    draft = draft_at(request, reference)
    here = reverse("request_week", args=(reference,))
    if request.method != "POST":
        again = take_up(request, draft, "week")
        form = draft.week()
        shown = week_shown(form, draft)
        without_errors(form)
        return page(request, draft, "week", form, again=again, **shown)
    typed, act = as_typed(request.POST), request.POST.get("act", "next")
    at = ""
    if act == "add":
        typed = one_row_more(typed)
        at = f"#visit-{typed['rows'][0]}"
    elif act.startswith("take_out_") and act[9:].isdecimal():
        typed = without_row(typed, int(act[9:]))
        at = "#visits"
    if not keep(request, draft, "week", typed):
        return redirect("request", reference)
    if at:
        return redirect(f"{here}{at}")
    if act == "later":
        return later(request, reference)
    form = draft.week()
    if not form.is_valid():
        return page(request, draft, "week", form)
    if act == "show":
        return redirect(f"{here}#the-week")
    return redirect("request_needs", reference)


def week_shown(form: WeekForm, draft: Draft) -> dict[str, Any]:
    """The drawing, the hours and the warnings of a week that can be drawn; nothing of one that cannot."""
    form.is_valid()
    if not form.lines or any(not name.startswith("short_visit") for name in form.errors):
        return {}
    wanted = form.wanted_week(form.cleaned_data)
    return {
        "week": Week(wanted.visits, draft.row.reference),
        "hours": words.hours_a_week(wanted.minutes_per_week),
        "warnings": wanting.warnings(wanted),
    }


def later(request: SignedIn, reference: str) -> HttpResponse:
    """Everything is kept; go on another time."""
    messages.success(request, _("Draft %(reference)s is kept. Nobody else sees it.") % {"reference": reference})
    return redirect("requests")


@allowed("raise_request")
@require_http_methods(READ_OR_SEND)
def needs(request: SignedIn, reference: str) -> HttpResponse:
    """What the person needs and wants."""
    draft = draft_at(request, reference)
    if request.method != "POST":
        again = take_up(request, draft, "needs")
        form = draft.needs()
        if draft.typed.get("needs"):
            without_errors(form)
        else:
            form.is_bound, form.data = False, {}
        return page(request, draft, "needs", form, again=again)
    typed, act = as_typed(request.POST), request.POST.get("act", "next")
    if act == "add":
        typed = one_exclusion_more(typed)
    if not keep(request, draft, "needs", typed):
        return redirect("request", reference)
    if act == "add":
        return redirect(f"{reverse('request_needs', args=(reference,))}#exclusion-{typed['exclusions'][0]}")
    if act == "back":
        return redirect("request_week", reference)
    if act == "later":
        return later(request, reference)
    form = draft.needs()
    return redirect("request_check", reference) if form.is_valid() else page(request, draft, "needs", form)


@allowed("raise_request")
@require_http_methods(READ_OR_SEND)
def check(request: SignedIn, reference: str) -> HttpResponse:
    """A last look, then it goes to the approvers."""
    draft = draft_at(request, reference)
    week_form, needs_form = draft.week(), draft.needs()
    whole = week_form.is_valid() & needs_form.is_valid()
    wanted = needs_form.wanted(week_form) if whole else None
    form = forms.Form(request.POST if request.method == "POST" else None)
    package = draft.changes
    if request.method == "POST" and wanted is not None:
        try:
            requesting.raise_request(
                council=request.council,
                person=draft.person,
                wanted=wanted,
                by=request.user,
                at=draft.now,
                from_hub=draft.hub,
                draft=draft.row,
                changes=package,
            )
        except CalloffError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Request %(reference)s is sent for approval.") % {"reference": reference})
            return redirect("request", reference)
    return page(request, draft, "check", form, **checked(draft, wanted, package, week_form, needs_form))


def checked(
    draft: Draft,
    wanted: Wanted | None,
    package: Package | None,
    week_form: WeekForm,
    needs_form: NeedsForm,
) -> dict[str, Any]:
    """What is looked at before sending; or what is still missing, step by step."""
    if wanted is None:
        steps = (("request_week", _("The week"), week_form), ("request_needs", _("Needs and wishes"), needs_form))
        missing = [
            (
                label,
                reverse(route, args=(draft.row.reference,)),
                [one for name in form.errors for one in said(form[name])],
            )
            for route, label, form in steps
            if form.errors
        ]
        return {"missing": missing}
    names = {branch.reference: branch.name for branch in needs_form.branches.values()}
    told = {
        "week": Week(wanted.visits, draft.row.reference),
        "facts": told_of(wanted, names, local(draft.now).date()),
        "warnings": wanting.warnings(wanted),
    }
    if package is not None:
        facts = ranging.facts_from(wanted, draft.person, package.reference, draft.now)
        told["difference"] = difference_words(difference(package, facts))
    return told


@dataclass(frozen=True)
class ChangeWords:
    """A change of need in words."""

    summary: str
    verdict: str
    significant: bool
    assumed: bool
    dropped: list[str]
    added: list[str]
    kept: int


def difference_words(one: Difference) -> ChangeWords:
    """How much more or less, and whether that is a new package under the model."""
    told = {
        "before": words.hours(one.minutes_before),
        "after": words.hours(one.minutes_after),
        "minutes": abs(one.minutes),
    }
    if one.minutes > 0:
        summary = _("%(minutes)d minutes a week more: %(after)s hours instead of %(before)s.") % told
    elif one.minutes < 0:
        summary = _("%(minutes)d minutes a week less: %(after)s hours instead of %(before)s.") % told
    else:
        summary = _("As many hours as before: %(after)s a week.") % told
    percent = one.threshold.more_than_percent
    if not one.last_minutes:
        verdict = _("Nothing is called off yet, so there is nothing to differ from.")
    elif one.significant:
        verdict = _(
            "This is significantly different: more than %(percent)d % of the hours last called off (%(hours)s), "
            "another number of care workers, or another kind of care. The contract of today applies to what is new."
        )
    else:
        verdict = _(
            "This is not significantly different: at most %(percent)d % of the hours last called off (%(hours)s), "
            "with as many care workers and the same kind of care."
        )
    verdict = verdict.replace("%(percent)d", str(percent)).replace("%(hours)s", words.hours(one.last_minutes))
    return ChangeWords(
        summary,
        verdict,
        one.significant,
        one.assumed,
        [codes.visit_words(visit) for visit in one.dropped],
        [codes.visit_words(visit) for visit in one.added],
        len(one.kept),
    )


@allowed("raise_request")
@require_POST
def saved_form(request: SignedIn, form: str, about: str) -> HttpResponse:
    """Keep what is being typed into a step of one's own draft; a script sends it every five seconds."""
    if form not in FORMS:
        raise Http404
    draft = own_draft(request, about)
    try:
        drafts.keep_typed(
            user=request.user,
            form=form,
            about=draft.reference,
            fields=as_typed(request.POST),
            at=timezone.now(),
        )
    except CalloffError:
        return HttpResponse(status=413)
    return HttpResponse(status=204)
