"""The door of programs: a key in the header Authorization and nothing else, neither a cookie nor an address."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja.security import HttpBearer

from calloff.web.api.models import Token
from calloff.web.api.services.tokens import may, seconds_to_wait, token_of
from calloff.web.api.views.problems import BY_STATUS, MEDIA_TYPE, ProblemError, TooManyError, told

PREFIX = "/api/v1/"

Answer = Callable[[HttpRequest], HttpResponse]


def programs_alone(answer: Answer) -> Answer:
    """
    Keep browsers' sessions out of the interface, and see to it that whatever it refuses is a problem object.

    A cookie is taken away before anybody reads it, so no page of another site can act through somebody's session, and
    no form needs a token of its own.
    """

    def guarded(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return answer(request)
        request.META.pop("HTTP_COOKIE", None)
        request.COOKIES.clear()
        response = answer(request)
        response.cookies.clear()
        if response.status_code < 400 or response["Content-Type"].startswith(MEDIA_TYPE):
            return response
        return _as_problem(response)

    return guarded


def _as_problem(response: HttpResponse) -> HttpResponse:
    """What Django itself refused (an unknown address, a method, a body too large), or what broke."""
    kind = BY_STATUS.get(response.status_code, "broken" if response.status_code >= 500 else "unreadable")
    plain = told(ProblemError(kind, _("Nothing was done.")))
    if response.has_header("Allow"):
        plain["Allow"] = response["Allow"]
    return plain


class Key(HttpBearer):
    """A provider's manager makes keys under "Keys" in the portal; each counts for one branch and for a year at most."""

    def authenticate(self, request: HttpRequest, token: str) -> Token | None:
        """The key's row; its use is counted. None for one that does not count, whatever the reason."""
        at = timezone.now()
        found = token_of(token, at)
        if found is None:
            return None
        # What the log says of who it was: the number of the user, never the key.
        request.user_number = found.made_by_id  # type: ignore[attr-defined]
        wait = seconds_to_wait(found, at)
        if wait:
            raise TooManyError(wait)
        return found


def key_of(request: HttpRequest, permission: str) -> Token:
    """The key of a request, if its maker holds a permission in its branch; ProblemError otherwise."""
    key: Token = request.auth  # type: ignore[attr-defined]
    if not may(key, permission, timezone.now()):
        raise ProblemError("not-allowed", _("Whoever made this key may not do it in this branch."))
    return key
