"""Hours that a branch has to spare, council by council."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from calloff.domain.calendar import local
from calloff.domain.units import half_up
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.config.look.exports import Value
from calloff.web.contracts.services.spare_minutes import declare_spare
from calloff.web.contracts.views.pages import as_file
from calloff.web.provider_portal.forms.answering import SpareForm
from calloff.web.provider_portal.services.scope import scope
from calloff.web.provider_portal.services.spare import spare_told
from calloff.web.provider_portal.views.page import READ_OR_SEND, branch_tabs, carried_out, done, show

CAPACITY = "portal_capacity"


@allowed(CAPACITY)
@require_safe
def spare(request: SignedIn) -> HttpResponseBase:
    """What was declared to each council, and until when it counts."""
    now, every = timezone.now(), scope(request, CAPACITY)
    chosen = request.GET.get("branch", "")
    mine = every.narrowed(chosen)
    rows = mine.enrolments().order_by("council__name", "branch__name", "tier", "token")
    told = spare_told(list(rows), local(now).date())
    columns = [_("Council"), _("Branch"), _("Purchasing model"), _("Where and when"), _("Hours a week")]
    columns += [_("Last confirmed"), _("Counts until")]

    def in_file() -> Iterator[list[Value]]:
        for one in told:
            for pool in one.pools:
                whose = [one.enrolment.council.name, one.enrolment.branch.name, one.model, pool.name]
                yield [*whose, half_up(pool.spare, 6) / 10, pool.declared_at, pool.stale_at]

    if file := as_file(request, "spare-hours", columns, in_file):
        return file
    context = {
        "query": f"?branch={chosen}" if mine.branches != every.branches else "?",
        "told": [{"one": one, "stale": one.is_stale(now)} for one in told],
        "tabs": branch_tabs(every, chosen, reverse("portal_spare")),
        "several": len(every.branches) > 1,
    }
    return show(request, "spare", context)


@allowed(CAPACITY)
@require_http_methods(READ_OR_SEND)
def declare(request: SignedIn, token: str) -> HttpResponse:
    """Say how many hours a week are free now, or that they still are."""
    now = timezone.now()
    enrolment = get_object_or_404(scope(request, CAPACITY).enrolments(), token=token)
    told = spare_told([enrolment], local(now).date())
    if not told:
        raise Http404
    form = SpareForm(request.POST or None, pools=told[0].pools)
    context: dict[str, Any] = {"form": form, "one": told[0], "stale": told[0].is_stale(now)}

    def carry_out(at: datetime) -> None:
        declare_spare(enrolment=enrolment, spare=form.spare(), by=request.user, at=at)

    if carried_out(request, form, carry_out, context):
        return done(request, _("Your hours are saved, and count from now."), "portal_spare")
    return show(request, "declare", context)
