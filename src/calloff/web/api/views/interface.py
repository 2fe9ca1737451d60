"""The interface as a whole: its door, what every endpoint shares, and how each refusal is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Header, NinjaAPI, Path, Query, Schema
from ninja.errors import AuthenticationError, HttpError
from ninja.errors import ValidationError as NotValidError

from calloff.domain.errors import CalloffError
from calloff.web.api.models import Token
from calloff.web.api.services.repeats import AnotherCommandError, Answered, once
from calloff.web.api.services.tokens import may
from calloff.web.api.views import schemas
from calloff.web.api.views.door import Key
from calloff.web.api.views.problems import BY_STATUS, ProblemError, as_json, of_refusal, told
from calloff.web.provider_portal.services.scope import Scope

PRICES = "portal_prices"
A_PAGE = 100

api = NinjaAPI(
    title="Calloff for providers' programs",
    version="1",
    description=(
        "Read the invitations of your branch, answer them, say what you have to spare, list what was called off to "
        "you, and send what you delivered. Everything here is what the portal shows and does; who a person is, the "
        "portal alone shows. Moments are UTC, amounts whole pence, rates whole hundredths of a penny an hour."
    ),
    openapi_url=None,
    docs_url=None,
    auth=Key(),
)


def refusals(*more: int) -> dict[int, type[schemas.Problem]]:
    """Every refusal of an endpoint: those of the door, and more."""
    return dict.fromkeys(sorted((401, 403, 429, *more)), schemas.Problem)


REFUSED_READING = refusals()
REFUSED_ONE = refusals(404)
REFUSED_PAGING = refusals(400, 422)
REFUSED_DECLARING = refusals(400, 404, 422)
REFUSED_DOING = refusals(400, 404, 409, 410, 422)

CommandKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=r"^[\x21-\x7e]{1,80}$",
        description="Drawn anew for each command, 1 to 80 characters. The same key and body bring the same answer.",
        example="6f1c2a8e-7f0b-4a86-9f0e-5a2c1c0d6b1e",
    ),
]
Limit = Annotated[int, Query(ge=1, le=A_PAGE, description="How many at most.")]
Id = Annotated[str, Path(description="The reference.", example="9W94NVJS375W")]


def scope_of(key: Token, at: datetime) -> Scope:
    """What a key may touch: its own branch."""
    priced = frozenset([key.branch_id]) if may(key, PRICES, at) else frozenset[int]()
    return Scope((key.branch_id,), priced)


def findable(reference: str) -> str:
    """A reference as it could be one; nothing else is looked for."""
    return reference if reference.isascii() and reference.isalnum() and len(reference) <= 16 else "-"


def answered_once(
    request: HttpRequest, key: Token, command: str, body: Schema, do: Callable[[], Answered], at: datetime
) -> HttpResponse:
    """Do a command of a key's maker under its Idempotency-Key, or give back the answer of the first time."""
    sent = {"method": request.method, "path": request.path_info, "body": body.model_dump(mode="json")}
    try:
        done = once(user=key.made_by, key=command, command=sent, at=at, do=do, refused=of_refusal)
    except AnotherCommandError as error:
        raise ProblemError("another-body", _("Nothing was done: the key belongs to another request.")) from error
    response = as_json(done.status, done.body)
    if done.again:
        response["Idempotency-Replayed"] = "true"
    return response


# Refusals


@api.exception_handler(ProblemError)
def _problem(request: HttpRequest, error: Any) -> HttpResponse:
    return told(error)


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Any) -> HttpResponse:
    return told(ProblemError("not-found", _("It does not exist, or it is not your branch's.")))


@api.exception_handler(AuthenticationError)
def _no_key(request: HttpRequest, error: Any) -> HttpResponse:
    return told(ProblemError("no-key", _("No key was sent, or it does not count, or no longer.")))


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: Any) -> HttpResponse:
    return told(
        ProblemError(BY_STATUS.get(error.status_code, "unreadable"), _("The body is no JSON. Nothing was done."))
    )


@api.exception_handler(NotValidError)
def _not_valid(request: HttpRequest, error: Any) -> HttpResponse:
    """What does not fit the schema. It tells where and why, and gives nothing back of what was sent."""
    errors = [{"field": field_of(one["loc"]), "detail": str(one["msg"])} for one in error.errors]
    if any(one["loc"][0] == "header" for one in error.errors):
        return told(ProblemError("unreadable", _("The header Idempotency-Key is missing or not right."), errors))
    return told(ProblemError("not-valid", _("Nothing was done."), errors))


def field_of(place: tuple[Any, ...]) -> str:
    """Where something is, without the names that only we know: `visits.0.start`."""
    inside = place[2:] if place[0] == "body" else place[1:]
    return ".".join(str(one).removesuffix("_") for one in inside) or "body"


@api.exception_handler(CalloffError)
def _refused(request: HttpRequest, error: Any) -> HttpResponse:
    return as_json(*of_refusal(error))
