"""What happens to every request: a number, careful headers, a session in time, the second factor, a desk."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from calloff.web.accounts.services import passing, rights
from calloff.web.accounts.views import to_second_factor
from calloff.web.config.logs import REQUEST
from calloff.web.directory.models import Council

log = logging.getLogger("calloff.request")

Answer = Callable[[HttpRequest], HttpResponse]

COUNCIL = "calloff_council"
"""Where a session keeps the council that a user of several has chosen."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""What the log calls by its name; whatever else was sent in its place is somebody's own words."""

WITHOUT_SECOND_FACTOR = frozenset(
    {
        "account_login",
        "account_logout",
        "account_reauthenticate",
        "mfa_activate_totp",
        "mfa_authenticate",
        "mfa_reauthenticate",
        "health",
    }
)
"""The pages for somebody who has shown a password only."""


def request_number(answer: Answer) -> Answer:
    """Give each request a random number, told in its answer and in every line of the log that belongs to it."""

    def numbered(request: HttpRequest) -> HttpResponse:
        number, began = secrets.token_hex(8), time.perf_counter()
        # Not put back: Django itself logs after the last of us has answered. The next request brings its own.
        REQUEST.set(number)
        response = answer(request)
        response["X-Request-ID"] = number
        _log(request, response, began)
        return response

    return numbered


def _log(request: HttpRequest, response: HttpResponse, began: float) -> None:
    """The route by its name, never the address: that may hold a reference. A method is one of the few there are."""
    route = request.resolver_match.view_name if request.resolver_match else "-"
    user = getattr(request, "user_number", "-")
    milliseconds = round((time.perf_counter() - began) * 1000)
    method = request.method if request.method in METHODS else "OTHER"
    log.info("%s %s %s user %s %s ms", method, route, response.status_code, user, milliseconds)


def careful_headers(answer: Answer) -> Answer:
    """What Django has no setting for: nothing is kept by a cache, and the browser lends us no device."""

    def careful(request: HttpRequest) -> HttpResponse:
        response = answer(request)
        response.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
        response.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        # Static files come with a Cache-Control of their own and with nothing of anybody's.
        if request.resolver_match is not None or "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response

    return careful


def sessions_end(answer: Answer) -> Answer:
    """End a session that is past its time or was ended by an act on its account; the user comes back to this page."""

    def timed(request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        if user.is_authenticated:
            if passing.over(request, user):
                back = page_of(request)
                logout(request)
                return redirect_to_login(back)
            passing.used(request)
        return answer(request)

    return timed


def page_of(request: HttpRequest) -> str:
    """The page to come back to: this one, or the one from which a form was sent."""
    if request.method in ("GET", "HEAD"):
        return request.get_full_path()
    came_from = urlsplit(request.headers.get("referer", ""))
    if came_from.netloc != request.get_host() or not came_from.path.startswith("/"):
        return "/"
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")


def second_factor(answer: Answer) -> Answer:
    """Open no page but those of signing in to somebody who has shown a password only."""

    def proved(request: HttpRequest) -> HttpResponse:
        return answer(request)

    def process_view(request: HttpRequest, _view: object, _arguments: object, _options: object) -> HttpResponse | None:
        if not request.user.is_authenticated or passing.second_factor(request):
            return None
        route = request.resolver_match.view_name if request.resolver_match else ""
        return None if route in WITHOUT_SECOND_FACTOR else to_second_factor(request)

    proved.process_view = process_view  # type: ignore[attr-defined]
    return proved


def desk(answer: Answer) -> Answer:
    """Say at which council's desk a user sits (`council_id`, `council`), and whose people they are (`provider`)."""

    def seated(request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        held = rights.roles_held(user, rights.today()) if user.is_authenticated else []
        councils = rights.councils_in(held)
        chosen = request.session.get(COUNCIL)
        sits_at = chosen if chosen in councils else councils[0] if len(councils) == 1 else None
        request.council_id = sits_at  # type: ignore[attr-defined]
        request.council = (  # type: ignore[attr-defined]
            None if sits_at is None else SimpleLazyObject(lambda: Council.objects.filter(pk=sits_at).first())
        )
        request.provider = rights.branches_in(held)  # type: ignore[attr-defined]
        request.roles_held = held  # type: ignore[attr-defined]
        request.user_number = user.pk or "-"  # type: ignore[attr-defined]
        return answer(request)

    return seated
