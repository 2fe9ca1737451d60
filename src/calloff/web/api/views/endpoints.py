"""What programs may ask and do: each is what the portal shows and does, for the branch of the key."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Path, Query

from calloff.domain.calendar import local, moment_text, parse_moment
from calloff.web.api.forms import Said, answer_form, faults, misplaced
from calloff.web.api.models import Token
from calloff.web.api.services import journal
from calloff.web.api.services.repeats import Answered
from calloff.web.api.services.shown import call_off_shown, invitation_shown, spare_shown, terms_shown
from calloff.web.api.views import delivered, schemas
from calloff.web.api.views.cursors import cursor, place_in
from calloff.web.api.views.door import key_of
from calloff.web.api.views.interface import (
    A_PAGE,
    REFUSED_DECLARING,
    REFUSED_DOING,
    REFUSED_ONE,
    REFUSED_PAGING,
    REFUSED_READING,
    CommandKey,
    Id,
    Limit,
    answered_once,
    api,
    findable,
    scope_of,
)
from calloff.web.api.views.problems import NotTakenError
from calloff.web.brokerage.models import CallOff, Invitation
from calloff.web.brokerage.services.answering import answer_invitation
from calloff.web.brokerage.services.explaining import why_not_selected
from calloff.web.brokerage.services.refusals import RefusedError, TooLateError
from calloff.web.contracts.services.spare_minutes import declare_spare
from calloff.web.provider_portal.services.asked import NOT_SELECTED, Card, card_of, terms_of
from calloff.web.provider_portal.services.scope import Scope
from calloff.web.provider_portal.services.spare import SpareTold, spare_told

__all__ = ["api", "delivered"]
"""The interface with all its endpoints: whoever takes it from here has read them."""

ANSWER, CAPACITY, PACKAGES = "portal_answer", "portal_capacity", "portal_packages"


# Invitations


@api.get(
    "/invitations",
    response={200: schemas.Invitations, **REFUSED_PAGING},
    operation_id="list_invitations",
    url_name="api_invitations",
    summary="List invitations, the oldest first",
)
def invitations(
    request: HttpRequest,
    status: Annotated[schemas.Listed, Query(description="How they stand for you.")] = "needs_answer",
    cursor_: Annotated[str | None, Query(alias="cursor", description="The cursor of the next page.")] = None,
    limit: Limit = A_PAGE,
) -> dict[str, Any]:
    """
    Those that need an answer, unless another status is asked for. Pages stay where they are while rows change: each
    invitation has its fixed place, and is listed once at most. What changes meanwhile stands in the changes from the
    first page's cursor on.
    """
    at = timezone.now()
    key = key_of(request, ANSWER)
    own = scope_of(key, at)
    after = place_in(f"invitations {status}", key.branch.token, cursor_, 0)
    length = journal.bring_up_to_date(key.branch_id, own, at)
    keys = journal.by_place(key.branch_id, status, after, limit + 1)
    more = len(keys) > limit
    last = journal.place_of(keys[limit - 1]) if more else 0
    return {
        "items": [invitation_shown(card) for card in journal.cards(own, keys[:limit], at)],
        "next": cursor(f"invitations {status}", key.branch.token, last) if more else None,
        "changes": cursor("changes", key.branch.token, length),
    }


@api.get(
    "/changes",
    response={200: schemas.Changes, **REFUSED_PAGING},
    operation_id="list_changes",
    url_name="api_changes",
    summary="List invitations that changed",
)
def changes(
    request: HttpRequest,
    since: Annotated[str | None, Query(description="The cursor to which you have read.")] = None,
    limit: Limit = A_PAGE,
) -> dict[str, Any]:
    """
    Every invitation whose shown state changed after a cursor, each once, as it stands now. None is ever skipped: a
    change is numbered in the transaction that makes it visible, one after another, so nothing comes up later under a
    number that you have passed. What the clock alone changes is there too.
    """
    at = timezone.now()
    key = key_of(request, ANSWER)
    own = scope_of(key, at)
    after = place_in("changes", key.branch.token, since, 0)
    journal.bring_up_to_date(key.branch_id, own, at)
    rows = journal.by_number(key.branch_id, after, limit + 1)
    shown = rows[:limit]
    last = shown[-1][0] if shown else after
    return {
        "items": [invitation_shown(card) for card in journal.cards(own, [one for _number, one in shown], at)],
        "next": cursor("changes", key.branch.token, last),
        "more": len(rows) > limit,
    }


def _own(key: Token, own: Scope, reference: str) -> Invitation:
    """The branch's own invitation of this reference; anything else is not found."""
    found = own.invitations().prefetch_related("offers").filter(token=findable(reference)).first()
    if found is None:
        raise Http404
    return found


@api.get(
    "/invitations/{reference}",
    response={200: schemas.OneInvitation, **REFUSED_ONE},
    operation_id="read_invitation",
    url_name="api_invitation",
    summary="Read one invitation",
)
def invitation(request: HttpRequest, reference: Id) -> dict[str, Any]:
    """One invitation as it stands, with what an answer may be."""
    at = timezone.now()
    key = key_of(request, ANSWER)
    own = scope_of(key, at)
    one = _own(key, own, reference)
    card = card_of(one, at, prices=own.sees_prices(key.branch_id))
    return {
        **invitation_shown(card),
        "can_answer": card.changeable,
        "terms": terms_shown(terms_of(one)) if card.changeable else None,
        "why_not_selected": _why(card),
    }


def _why(card: Card) -> str | None:
    why = why_not_selected(card.invitation) if card.status == NOT_SELECTED else None
    return None if why is None else why.decided


@api.post(
    "/invitations/{reference}/answer",
    response={201: schemas.Receipt, **REFUSED_DOING},
    operation_id="answer_invitation",
    url_name="api_answer",
    summary="Answer an invitation",
)
def answer(request: HttpRequest, reference: Id, body: schemas.Answer, idempotency_key: CommandKey) -> HttpResponse:
    """
    Say whether you can do all of it, some of it, or none. The council's clock says when it came; whatever you send
    later, before the deadline, stands in its place. You act as the user who made the key.
    """
    at = timezone.now()
    key = key_of(request, ANSWER)
    own = scope_of(key, at)
    one = _own(key, own, reference)

    def do() -> Answered:
        card = card_of(one, at, prices=own.sees_prices(key.branch_id))
        said = _said(body)
        offer = answer_invitation(
            invitation=one,
            answer=_form(said, card, at, prices=own.sees_prices(key.branch_id)).said(),
            by=key.made_by,
            at=at,
            channel="api",
        )
        receipt = {
            "receipt": offer.receipt,
            "invitation": one.token,
            "answer": offer.answer,
            "received_at": moment_text(offer.received_at),
            "changeable_until": moment_text(one.deadline_at),
        }
        return 201, schemas.Receipt(**receipt).model_dump(mode="json")  # type: ignore[arg-type]

    return answered_once(request, key, idempotency_key, body, do, at)


def _said(body: schemas.Answer) -> Said:
    visits = None if body.visits is None else tuple((one.number, one.start) for one in body.visits)
    return Said(
        body.answer,
        body.reason,
        visits,
        body.start_on,
        body.centipence_per_hour,
        body.subcontractor,
        body.message,
    )


def _form(said: Said, card: Card, at: datetime, *, prices: bool) -> Any:
    """The portal's form with this answer; a CalloffError where it cannot be taken."""
    one = card.invitation
    if at > one.deadline_at:
        raise TooLateError(_("The deadline is past: no answer can be taken any more."))
    if not card.changeable or card.asked is None:
        raise RefusedError(_("This invitation is closed. Nothing was sent."))
    terms = terms_of(one)
    found = list(misplaced(said, card.asked, terms, prices=prices))
    if found:
        raise NotTakenError(found)
    form = answer_form(said, card.asked, terms, prices=prices, today=local(at).date())
    if not form.is_valid():
        raise NotTakenError(faults(form))
    return form


# Spare minutes


@api.get(
    "/spare-minutes",
    response={200: schemas.Spares, **REFUSED_READING},
    operation_id="list_spare_minutes",
    url_name="api_spare",
    summary="Read what you have to spare",
)
def spare(request: HttpRequest) -> dict[str, Any]:
    """Every contract in force under which you declare minutes, with what you said last and until when it counts."""
    at = timezone.now()
    key = key_of(request, CAPACITY)
    return {"items": spare_shown(_spare(key, scope_of(key, at), at))}


def _spare(key: Token, own: Scope, at: datetime, **only: str) -> list[SpareTold]:
    rows = own.enrolments().filter(**only).order_by("council__name", "tier", "token")
    return spare_told(list(rows), local(at).date())


@api.post(
    "/spare-minutes/{reference}",
    response={200: schemas.Spare, **REFUSED_DECLARING},
    operation_id="declare_spare_minutes",
    url_name="api_declare",
    summary="Say what you have to spare",
)
def declare(
    request: HttpRequest,
    reference: Annotated[str, Path(description="The reference of your place in the contract.", example="4NCR7VDPX2KH")],
    body: schemas.Declaration,
    idempotency_key: CommandKey,
) -> HttpResponse:
    """
    Say how many minutes a week are free now, beside what is called off to you and what you have offered. It counts for
    steps that open afterwards. To confirm what stands, send the same again under a new Idempotency-Key.
    """
    at = timezone.now()
    key = key_of(request, CAPACITY)
    own = scope_of(key, at)
    found = _spare(key, own, at, token=findable(reference))
    if not found:
        raise Http404

    def do() -> Answered:
        numbers = [one.number for one in body.pools]
        known = {pool.number for pool in found[0].pools}
        errors = [] if len(set(numbers)) == len(numbers) else [_pool(_("A pool is named twice"))]
        errors += [_pool(_("There is no pool %(number)d") % {"number": one}) for one in numbers if one not in known]
        if errors:
            raise NotTakenError(errors)
        declare_spare(
            enrolment=found[0].enrolment,
            spare={one.number: one.minutes_per_week for one in body.pools},
            by=key.made_by,
            at=at,
            channel="api",
        )
        (now,) = spare_shown(_spare(key, own, at, token=reference))
        return 200, schemas.Spare(**now).model_dump(mode="json")

    return answered_once(request, key, idempotency_key, body, do, at)


def _pool(detail: str) -> Mapping[str, str]:
    return {"field": "pools", "detail": detail}


# Packages


@api.get(
    "/packages",
    response={200: schemas.CalledOffs, **REFUSED_PAGING},
    operation_id="list_packages",
    url_name="api_packages",
    summary="List packages called off to you, the latest first",
)
def packages(
    request: HttpRequest,
    ended: Annotated[bool, Query(description="Those whose last day is past, instead of those that go on.")] = False,
    cursor_: Annotated[str | None, Query(alias="cursor", description="The cursor of the next page.")] = None,
    limit: Limit = A_PAGE,
) -> dict[str, Any]:
    """What you deliver now, or what has ended. Whom it is for is read in the portal, where each look is noted."""
    at = timezone.now()
    key = key_of(request, PACKAGES)
    own = scope_of(key, at)
    kind = f"packages {ended}"
    place = place_in(kind, key.branch.token, cursor_, None)
    rows = own.call_offs().select_related("invitation")
    today: date = local(at).date()
    rows = rows.filter(ended_on__lt=today) if ended else rows.exclude(ended_on__lt=today)
    if place is not None:
        rows = rows.filter(after_in_list(place))
    found: list[CallOff] = list(rows.order_by("-confirmed_at", "token")[: limit + 1])
    last = found[limit - 1] if len(found) > limit else None
    return {
        "items": [call_off_shown(one, prices=own.sees_prices(key.branch_id)) for one in found[:limit]],
        "next": cursor(kind, key.branch.token, [moment_text(last.confirmed_at), last.token]) if last else None,
    }


def after_in_list(place: list[str]) -> Q:
    """Those called off before a moment, or at it with a greater reference."""
    at, token = parse_moment(place[0]), place[1]
    return Q(confirmed_at__lt=at) | Q(confirmed_at=at, token__gt=token)
