"""Letters as the provider opens them."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from calloff.domain.calendar import local
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.audit.services import saw
from calloff.web.brokerage.services.letters import call_off_letter, not_selected_letter
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.views.letters import as_pdf
from calloff.web.provider_portal.services.placed import has_ended
from calloff.web.provider_portal.services.scope import scope


@allowed("portal_answer")
@require_safe
def not_selected(request: SignedIn, token: str) -> HttpResponse:
    """Why an offer was not selected; not found for whoever has no such letter."""
    mine = scope(request, "portal_answer")
    one = get_object_or_404(mine.invitations().prefetch_related("offers"), token=token)
    try:
        letter = not_selected_letter(one, prices=mine.sees_prices(one.branch_id))
    except RefusedError as nothing:
        raise Http404 from nothing
    return as_pdf(letter, f"invitation-{one.token}")


@allowed("portal_packages")
@require_safe
def call_off(request: SignedIn, token: str) -> HttpResponse:
    """The call-off while the care lasts; it names the person, so the look is noted."""
    mine = scope(request, "portal_packages")
    found = get_object_or_404(mine.call_offs(), token=token)
    now = timezone.now()
    if has_ended(found, local(now).date()):
        raise Http404
    person = found.package.cared_for.reference
    saw(council=found.council_id, user=request.user, about=person, screen="call_off_letter", at=now)
    return as_pdf(call_off_letter(found, prices=mine.sees_prices(found.branch_id)), f"call-off-{found.token}")
