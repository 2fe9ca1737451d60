"""The door of every view, and the pages for whom it does not open."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ReauthenticationRequired
from allauth.mfa.models import Authenticator
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render

from calloff.web.accounts.models import RoleHeld, User
from calloff.web.accounts.services import passing
from calloff.web.accounts.services.rights import permissions_among
from calloff.web.accounts.services.roles import roles_with

log = logging.getLogger("calloff.refused")

P = ParamSpec("P")


class SignedIn(HttpRequest):
    """
    What a view behind `allowed` is given.

    `council_id` is the council at whose desk the user sits (None for a provider's people, and for staff of several
    councils who have not chosen), `council` its row; `provider` the branches whose people the user belongs to. In the
    provider portal every query starts from `provider`. `roles_held` are the roles in force today.
    """

    user: User
    council_id: int | None
    council: Any
    provider: tuple[int, ...]
    roles_held: list[RoleHeld]


SignedInView = Callable[Concatenate[SignedIn, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def allowed(permission: str) -> Callable[[SignedInView[P]], View[P]]:
    """
    Let a view be used by whoever holds a permission at the council's desk, in one of their branches, or everywhere.

    Nobody signed in: to the sign-in page and back. Without the second factor: to where it is set up or asked for. Held
    only in councils of which none is chosen: to where one is chosen. Without the permission: a plain page, 403. The
    view still starts from what the user may see of one thing. The permission is kept on the view as `permission`, so
    that all of them can be listed.
    """
    codes = roles_with(permission)

    def door(view: SignedInView[P]) -> View[P]:
        @wraps(view)
        def guarded(request: HttpRequest, *arguments: P.args, **options: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            if not passing.second_factor(request):
                return to_second_factor(request)
            signed_in = cast(SignedIn, request)
            if not _holds(signed_in, codes):
                if signed_in.council_id is None and any(one.role in codes for one in signed_in.roles_held):
                    return redirect_to_login(request.get_full_path(), "choose_council")
                log.warning("user %s may not %s", signed_in.user.pk, permission)
                return not_allowed(request)
            return view(signed_in, *arguments, **options)

        guarded.permission = permission  # type: ignore[attr-defined]
        return cast(View[P], guarded)

    return door


def prove_again(request: SignedIn) -> None:
    """
    Go on only for whoever proved within the last minutes who they are; others prove it first, and come back.

    For what must not be done at a desk that somebody left: approving what is paid, changing where it goes. Called once
    the view knows that there is such a thing, so that nobody is asked for a thing that is not theirs.
    """
    if get_adapter(request).is_reauthentication_required(app=""):
        raise ReauthenticationRequired


def permissions_at(request: SignedIn) -> frozenset[str]:
    """What the user may do at this council's desk, by the roles that this request found."""
    return permissions_among(request.roles_held, council_id=request.council_id)


def _holds(request: SignedIn, codes: frozenset[str]) -> bool:
    for held in request.roles_held:
        here = held.council_id is None or held.council_id == request.council_id
        if held.role in codes and here:
            return True
    return False


def to_second_factor(request: HttpRequest) -> HttpResponseRedirect:
    """To where the second factor is asked for, or set up by whoever has none; then back to the page that was asked."""
    has_one = Authenticator.objects.filter(user_id=request.user.pk, type=Authenticator.Type.TOTP).exists()
    return redirect_to_login(request.get_full_path(), "mfa_reauthenticate" if has_one else "mfa_activate_totp")


def not_allowed(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """The page for what a role does not allow; it says nothing of what lies behind it."""
    return render(request, "403.html", status=403)


def too_many(request: HttpRequest) -> HttpResponse:
    """The page for whoever asks too often."""
    return render(request, "429.html", status=429)
