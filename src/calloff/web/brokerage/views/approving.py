"""The approver's page: what is asked, what it would cost, what to look out for, and the decision."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError
from calloff.domain.units import pounds
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.audit.services import saw
from calloff.web.brokerage.forms.approval import DecisionForm
from calloff.web.brokerage.models import Package, Request
from calloff.web.brokerage.services import approving as deciding
from calloff.web.brokerage.services import new_versions
from calloff.web.brokerage.services import price_ranges as ranging
from calloff.web.brokerage.services import wanted as wanting
from calloff.web.brokerage.services.changing import difference
from calloff.web.brokerage.services.limits import limit_for, who_may_approve
from calloff.web.brokerage.services.refusals import ApprovalNeededError
from calloff.web.brokerage.views.request_steps import difference_words
from calloff.web.brokerage.views.requests import person_line, providers, request_of, told_of
from calloff.web.config.look import words
from calloff.web.config.look.week import Week


@allowed("approve_request")
@require_http_methods(["GET", "POST"])
def approval(request: SignedIn, reference: str) -> HttpResponse:
    """Approve weekly hours up to a greatest weekly cost, or refuse with a reason."""
    found, now = request_of(request, reference), timezone.now()
    if found.state != Request.WAITING:
        return redirect("request", reference)
    own = found.raised_identity == request.user.identity_id
    wanted = wanting.wanted_of(found)
    warned = wanting.warnings(wanted)
    prices = ranging.price_range(found, now)
    form = DecisionForm(
        request.POST if request.method == "POST" else None,
        approve_words=_("Approve %(hours)s") % {"hours": words.hours_a_week(wanted.minutes_per_week)},
        warned=bool(warned),
        initial={"most": pounds(prices.highest_pence).lstrip("£") if prices.highest_pence is not None else ""},
    )
    above = None
    if request.method == "POST" and form.is_valid():
        try:
            return decide(request, found, form, now)
        except CalloffError as refused:
            form.add_error(None, ranging.plainly(refused))
            if isinstance(refused, ApprovalNeededError):
                above = form.cleaned_data["most"]
    if found.person is not None:
        saw(council=found.council_id, user=request.user, about=found.person.reference, screen="approval", at=now)
    limit = limit_for(request.user, request.council, local(now).date())
    if above is None and prices.highest_pence is not None and prices.highest_pence > limit.pence_per_week:
        above = prices.highest_pence
    told = {
        "found": found,
        "person": person_line(found.person, "see_person" in permissions_at(request), local(now).date()),
        "own": own,
        "form": form,
        "week": Week(wanted.visits, found.reference),
        "facts": told_of(wanted, names_of(found), local(now).date()),
        "warnings": warned,
        "prices": prices,
        "limit": limit,
        "above": above,
        "able": able(found, request, above, now),
        "difference": changed(found, now),
        "now": now,
    }
    return render(request, "brokerage/approval.html", told)


def names_of(found: Request) -> dict[str, str]:
    """Providers by their references."""
    return {branch.reference: branch.name for branch in providers(found.council_id)}


def package_of(found: Request) -> Package | None:
    """The package whose need a request changes."""
    if not found.changes_package:
        return None
    rows = Package.objects.select_related("model_version", "council")
    return rows.get(council=found.council_id, reference=found.changes_package)


def changed(found: Request, now: datetime) -> Any:
    """What a change of need changes."""
    package = package_of(found)
    if package is None:
        return None
    return difference_words(difference(package, ranging.facts_for(found, package.reference, now)))


def able(found: Request, request: SignedIn, above: int | None, now: datetime) -> list[tuple[str, Any]]:
    """Who may approve what is above one's own limit; never whoever asked for it."""
    if above is None:
        return []
    who = who_may_approve(request.council, above, local(now).date())
    return [(user.identity.name, limit) for user, limit in who if user.identity_id != found.raised_identity]


def decide(request: SignedIn, found: Request, form: DecisionForm, now: datetime) -> HttpResponse:
    """Carry the decision out; a package, a changed package, or a reason that goes back."""
    answer, reference = form.cleaned_data, found.reference
    if answer["decision"] == "refuse":
        deciding.refuse_request(request=found, reason=answer["reason"], by=request.user, at=now)
        messages.success(request, _("Request %(reference)s is refused. %(name)s is told why.") % _told(found))
        return redirect("requests")
    package = package_of(found)
    limit = limit_for(request.user, request.council, local(now).date()).pence_per_week
    if package is not None:
        new_versions.change_need(
            package=package,
            request=found,
            pence_per_week_at_most=answer["most"],
            limit_pence=limit,
            by=request.user,
            at=now,
        )
        messages.success(request, _("The change of package %(package)s is approved.") % {"package": package.reference})
        return redirect("request", reference)
    made = deciding.approve_request(
        request=found, pence_per_week_at_most=answer["most"], limit_pence=limit, by=request.user, at=now
    )
    messages.success(
        request,
        _("Request %(reference)s is approved and is package %(package)s now.")
        % {"reference": reference, "package": made.reference},
    )
    return redirect("request", reference)


def _told(found: Request) -> dict[str, str]:
    return {"reference": found.reference, "name": found.raised_by.identity.name}
