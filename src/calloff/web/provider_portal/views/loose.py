"""A provider's rows that belong to no visit: what the council asks about them, and a leaving that nobody logged."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from calloff.documents.exception_codes import NOT_LEFT
from calloff.domain.calendar import LONDON
from calloff.domain.visits import LogIs
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.config.look.lists import Paging
from calloff.web.provider_portal.forms.sending import LeavingForm, RowWordsForm
from calloff.web.provider_portal.services.scope import Scope, scope
from calloff.web.provider_portal.views.page import READ_OR_SEND, branch_tabs, carried_out, done, show
from calloff.web.provider_portal.views.visits import VISITS
from calloff.web.visits.models import LooseRow
from calloff.web.visits.services import codes
from calloff.web.visits.services import loose as services
from calloff.web.visits.views.loose import KINDS, OUTCOMES, table_of, told_words, why


def loose_of(mine: Scope) -> Any:
    """The loose rows of these branches."""
    rows = LooseRow.objects.filter(branch__in=mine.branches)
    return rows.select_related("council", "branch", "row", "owner__identity")


@allowed(VISITS)
@require_safe
def rows(request: SignedIn) -> HttpResponse:
    """Every row that still belongs to no visit, the oldest first."""
    every, now = scope(request, VISITS), timezone.now()
    chosen = request.GET.get("branch", "")
    found = loose_of(every.narrowed(chosen)).filter(state=LooseRow.OPEN).order_by("opened_at", "pk")
    paging = Paging.asked_for(request.GET.get("page"), found.count(), f"?branch={chosen}" if chosen else "?")
    table = table_of(found[paging.rows], now, "portal_loose_row")
    tabs = branch_tabs(every, chosen, reverse("portal_loose_rows"))
    return show(request, "loose_rows", {"table": table, "paging": paging, "tabs": tabs})


@allowed(VISITS)
@require_http_methods(READ_OR_SEND)
def row(request: SignedIn, row: str) -> HttpResponse:
    """One row: why it belongs to nothing, what was written, and an answer to the council."""
    loose: LooseRow = get_object_or_404(loose_of(scope(request, VISITS)), token=row)
    form = RowWordsForm(request.POST or None)
    told: dict[str, Any] = {
        "loose": loose,
        "kind": KINDS[LogIs(loose.is_a)],
        "why": why(loose),
        "outcome": OUTCOMES.get(loose.outcome, ""),
        "said": told_words(loose),
        "form": form,
        "leaves": loose.state == LooseRow.OPEN and loose.row.left_at is None,
    }

    def carry_out(at: datetime) -> None:
        text = form.cleaned_data["words"]
        services.write(loose=loose, text=text, from_provider=True, by=request.user, at=at)

    if carried_out(request, form, carry_out, told):
        return done(request, _("The council can read it now."), "portal_loose_row", loose.token)
    return show(request, "loose_row", told)


@allowed(VISITS)
@require_http_methods(READ_OR_SEND)
def leaving(request: SignedIn, row: str) -> HttpResponse:
    """Say when a worker left whose leaving nobody logged."""
    loose: LooseRow = get_object_or_404(loose_of(scope(request, VISITS)), token=row)
    if loose.state != LooseRow.OPEN or loose.row.left_at is not None:
        raise Http404
    form = LeavingForm(request.POST or None, codes=codes.choices(loose.council_id, NOT_LEFT))
    told: dict[str, Any] = {"loose": loose, "form": form}

    def carry_out(at: datetime) -> None:
        said = form.cleaned_data
        left_at = datetime.combine(said["left_on"], said["left_at"], LONDON)
        services.log_leaving(loose=loose, left_at=left_at, code=said["code"], by=request.user, at=at)

    if carried_out(request, form, carry_out, told):
        return done(request, _("The leaving is saved, and the visit is worked out anew."), "portal_loose_rows")
    return show(request, "leaving", told)
