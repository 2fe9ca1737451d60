"""Every refusal as a problem object (RFC 9457): one table of what there is, for answers and for the reference."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calloff.domain.errors import CalloffError
from calloff.web.brokerage.services.refusals import IdentityInTextError, TooLateError
from calloff.web.contracts.services.spare_minutes import SpareMinutesError

MEDIA_TYPE = "application/problem+json"
REFERENCE = "/api"


@dataclass(frozen=True)
class Kind:
    """One kind of refusal: its status, its title, and what a program does then."""

    status: int
    title: Any
    remedy: Any


KINDS: Mapping[str, Kind] = {
    "unreadable": Kind(
        400,
        gettext_lazy("The request cannot be read"),
        gettext_lazy("The body is no JSON, the Idempotency-Key is missing or the cursor is not one of ours. Mend it."),
    ),
    "no-key": Kind(
        401,
        gettext_lazy("No key that counts"),
        gettext_lazy("Send Authorization: Bearer and a key that has not ended. Ask the manager who made it."),
    ),
    "not-allowed": Kind(
        403,
        gettext_lazy("This key may not do that"),
        gettext_lazy("Whoever made the key may not do it either. Ask your manager."),
    ),
    "not-found": Kind(
        404,
        gettext_lazy("There is nothing here"),
        gettext_lazy("It does not exist, or it is not your branch's. Read the list again."),
    ),
    "wrong-method": Kind(
        405,
        gettext_lazy("This address does not take that method"),
        gettext_lazy("See the reference for the one that it takes."),
    ),
    "closed": Kind(
        409,
        gettext_lazy("It cannot be done as things stand"),
        gettext_lazy("The invitation is closed, or something else stands against it. Read it again."),
    ),
    "too-late": Kind(
        410,
        gettext_lazy("The deadline is past"),
        gettext_lazy("The council's clock alone counts. No answer can be taken any more."),
    ),
    "too-large": Kind(413, gettext_lazy("The request is too large"), gettext_lazy("Send less at once.")),
    "not-valid": Kind(
        422,
        gettext_lazy("Something in it is not right"),
        gettext_lazy("errors says what, by the name of the field. Mend it and send it under a new Idempotency-Key."),
    ),
    "another-body": Kind(
        422,
        gettext_lazy("This Idempotency-Key came with another request"),
        gettext_lazy("Nothing was done. Draw a new key for each new command."),
    ),
    "too-many": Kind(
        429,
        gettext_lazy("Too many requests"),
        gettext_lazy("Wait for the seconds that Retry-After says. A key has 120 requests a minute."),
    ),
    "broken": Kind(
        500,
        gettext_lazy("Something went wrong on our side"),
        gettext_lazy("Send the same request again under the same Idempotency-Key: it is done once."),
    ),
}
BY_STATUS = {400: "unreadable", 401: "no-key", 403: "not-allowed", 404: "not-found", 405: "wrong-method"} | {
    413: "too-large",
    429: "too-many",
}


class ProblemError(Exception):
    """A refusal of the interface itself, by its kind."""

    def __init__(self, kind: str, detail: str, errors: Sequence[Mapping[str, str]] = ()) -> None:
        super().__init__(kind)
        self.kind, self.detail, self.errors = kind, detail, tuple(errors)


class NotTakenError(CalloffError):
    """A command whose fields do not fit what it is about; `errors` says which."""

    def __init__(self, errors: Sequence[Mapping[str, str]]) -> None:
        super().__init__(_("Nothing was sent."))
        self.errors = tuple(errors)


class TooManyError(ProblemError):
    """A key was used too often; `seconds` until it may be used again."""

    def __init__(self, seconds: int) -> None:
        super().__init__("too-many", _("This key was used 120 times in this minute."))
        self.seconds = seconds


def problem(kind: str, detail: str, errors: Sequence[Mapping[str, str]] = ()) -> dict[str, Any]:
    """A problem object. Its words are the same whenever it is asked for again."""
    known = KINDS[kind]
    return {
        "type": f"{REFERENCE}#{kind}",
        "title": str(known.title),
        "status": known.status,
        "detail": detail,
        "errors": [dict(one) for one in errors],
    }


def of_refusal(refusal: CalloffError) -> tuple[int, dict[str, Any]]:
    """Status and problem object of what a service refused."""
    errors: Sequence[Mapping[str, str]] = ()
    kind = "closed"
    if isinstance(refusal, TooLateError):
        kind = "too-late"
    elif isinstance(refusal, IdentityInTextError):
        kind, errors = "not-valid", [{"field": "message", "detail": ", ".join(refusal.found)}]
    elif isinstance(refusal, NotTakenError):
        kind, errors = "not-valid", refusal.errors
    elif isinstance(refusal, SpareMinutesError):
        kind = "not-valid"
    return KINDS[kind].status, problem(kind, str(refusal), errors)


def as_json(status: int, body: Mapping[str, Any]) -> HttpResponse:
    """A body as it is sent, a problem under its own media type."""
    kind = "application/json; charset=utf-8" if status < 400 else MEDIA_TYPE
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type=kind)


def told(error: ProblemError) -> HttpResponse:
    """The answer that says a problem."""
    answer = as_json(KINDS[error.kind].status, problem(error.kind, error.detail, error.errors))
    if isinstance(error, TooManyError):
        answer["Retry-After"] = str(error.seconds)
    if error.kind == "no-key":
        answer["WWW-Authenticate"] = 'Bearer realm="Calloff"'
    return answer
