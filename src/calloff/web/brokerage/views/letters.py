"""Letters to providers, as the council's people open them."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.audit.services import saw
from calloff.web.brokerage.models import CallOff, Invitation
from calloff.web.brokerage.services.letters import call_off_letter, not_selected_letter
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.views.package import package_of


def as_pdf(content: bytes, name: str) -> HttpResponse:
    """A letter to read or keep; its name holds nothing but a random reference."""
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'}
    )


@allowed("see_person")
@require_safe
def call_off(request: SignedIn, token: str, placed: str) -> HttpResponse:
    """The letter of a call-off; it names the person, so the look is noted."""
    package = package_of(request, token)
    rows = CallOff.objects.select_related(
        "council", "branch", "package__council", "package__person", "package__model_version"
    )
    found = get_object_or_404(rows, package=package, token=placed)
    person = package.cared_for.reference
    saw(council=package.council_id, user=request.user, about=person, screen="call_off_letter", at=timezone.now())
    return as_pdf(call_off_letter(found, prices="see_prices" in permissions_at(request)), f"call-off-{found.token}")


@allowed("see_decisions")
@require_safe
def not_selected(request: SignedIn, token: str, asked: str) -> HttpResponse:
    """Why an offer was not selected, as its provider reads it; not found where nobody has such a letter."""
    package = package_of(request, token)
    rows = Invitation.objects.select_related("council", "branch", "enrolment", "package__model_version")
    found = get_object_or_404(rows, package=package, token=asked)
    try:
        letter = not_selected_letter(found, prices="see_prices" in permissions_at(request))
    except RefusedError as nothing:
        raise Http404 from nothing
    return as_pdf(letter, f"invitation-{found.token}")
