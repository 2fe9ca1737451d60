"""A provider's missed, late and short visits: what the council says of each, and what the provider says to it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.config.look.lists import Paging
from calloff.web.contracts.views.pages import as_file
from calloff.web.payments.forms.deviations import AnswerForm, SayForm
from calloff.web.payments.models import Deviation
from calloff.web.payments.services import deviations as services
from calloff.web.payments.views import deviations as shared
from calloff.web.provider_portal.services.scope import Scope, scope
from calloff.web.provider_portal.views.page import READ_OR_SEND, branch_tabs, carried_out, done, show
from calloff.web.provider_portal.views.visits import VISITS
from calloff.web.visits.services import codes


def deviations_of(mine: Scope) -> QuerySet[Deviation]:
    """The deviations of these branches."""
    return Deviation.objects.filter(branch__in=mine.branches).select_related("council", "branch", "package")


@allowed(VISITS)
@require_safe
def deviations(request: SignedIn) -> HttpResponseBase:
    """The missed, late and short visits by what both sides said of them, the latest first."""
    mine, now, here = scope(request, VISITS), timezone.now(), reverse("portal_deviations")
    chosen = request.GET.get("branch", "")
    every = deviations_of(mine.narrowed(chosen)).filter(withdrawn_at=None)
    state = shared.state_of(request, every, [])
    found = shared.narrowed(every, state)
    counts = shared.tabs_of(found, provider=True)
    tab = shared.shown_tab(state, counts)
    shown = shared.of_tab(found, tab, provider=True).order_by("-start_at", "pk")
    if file := as_file(request, "deviations", shared.COLUMNS, lambda: shared.in_file(shown)):
        return file
    paging = Paging.asked_for(request.GET.get("page"), counts[tab], state.address(show=tab))
    told = {
        "table": shared.table_of(shown[paging.rows], now, "portal_deviation", provider=True),
        "lists": shared.listed(state, counts, tab, here),
        "tabs": branch_tabs(mine, chosen, here),
        "state": state,
        "package": state.code("package"),
        "paging": paging,
        "csv": state.address(show=tab) + "&as=csv",
        "xlsx": state.address(show=tab) + "&as=xlsx",
    }
    return show(request, "deviations", told)


@allowed(VISITS)
@require_safe
def deviation(request: SignedIn, token: str) -> HttpResponse:
    """One missed, late or short visit: what was said of it, and what one can say."""
    one = get_object_or_404(deviations_of(scope(request, VISITS)), token=token)
    return show(request, "deviation", {**shared.told_of(one, provider=True), "portal": True})


@allowed(VISITS)
@require_http_methods(READ_OR_SEND)
def say(request: SignedIn, token: str) -> HttpResponse:
    """Say whose doing it was, as the provider."""
    one = get_object_or_404(deviations_of(scope(request, VISITS)), token=token)
    form = SayForm(request.POST or None, codes=codes.choices(one.council_id, one.kind))
    told = {
        "one": one,
        "form": form,
        "title": _("Say whose doing it was"),
        "about": _("The council agrees or contests. What you are paid does not change."),
    }

    def carry_out(at: datetime) -> None:
        said = {"cause": form.cleaned_data["cause"], "code": form.code(), "text": form.cleaned_data["words"]}
        services.say(deviation=one, from_provider=True, by=request.user, at=at, **said)

    if carried_out(request, form, carry_out, told):
        return done(request, _("The council can answer it now."), "portal_deviation", one.token)
    return show(request, "deviation_act", told)


@allowed(VISITS)
@require_http_methods(READ_OR_SEND)
def answer(request: SignedIn, token: str) -> HttpResponse:
    """Agree with what the council said, or contest it."""
    one = get_object_or_404(deviations_of(scope(request, VISITS)), token=token)
    form = AnswerForm(request.POST or None, contested=one.stands == "contested")
    told = {
        "one": one,
        "form": form,
        "title": _("Answer the council"),
        "about": shared.asked(one, provider=True),
    }

    def carry_out(at: datetime) -> None:
        shared.answering(one, form, from_provider=True, by=request.user, at=at)

    if carried_out(request, form, carry_out, told):
        return done(request, _("Your answer stands."), "portal_deviation", one.token)
    return show(request, "deviation_act", told)
