"""A visit that the provider makes longer or shorter for a few days, within the limits that need no approval."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.brokerage.forms.life import TemporaryForm
from calloff.web.brokerage.services import temporary
from calloff.web.brokerage.views.agreed import changes_table, limits_in_words, line_words
from calloff.web.provider_portal.services.scope import scope
from calloff.web.provider_portal.views.page import READ_OR_SEND, carried_out, done, show

SEE = "portal_packages"


@allowed(SEE)
@require_http_methods(READ_OR_SEND)
def for_a_while(request: SignedIn, token: str) -> HttpResponse:
    """Change a visit for a few days: at once within the limits, refused with the reason beyond them."""
    found = get_object_or_404(scope(request, SEE).delivered(), token=token)
    if found.ended_on is not None:
        raise Http404
    package = found.package
    own = temporary.visits_by_line(package, found)
    form = TemporaryForm(request.POST or None, lines=[(line, line_words(line, days)) for line, days in own.items()])
    context: dict[str, Any] = {
        "form": form,
        "title": _("Change a visit for a few days"),
        "button": _("Change it"),
        "lead": limits_in_words(temporary.visits_by_line(package))
        + " "
        + _("Within that it counts at once, and the council is told."),
        "back": reverse("portal_package", args=(token,)),
        "about": package.reference,
        "table": changes_table(package, own, reasons=False),
    }

    def carry_out(at: datetime) -> None:
        temporary.vary(call_off=found, **form.asked(), by=request.user, at=at)

    if carried_out(request, form, carry_out, context):
        return done(
            request, _("The visit is changed for these days, and the council is told."), "portal_package", token
        )
    return show(request, "for_a_while", context)
