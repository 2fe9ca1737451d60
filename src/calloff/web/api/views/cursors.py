"""Cursors: where a program has read to, signed, so that it can only be given back as it was."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.utils.translation import gettext as _

from calloff.web.api.views.problems import ProblemError

SALT = "calloff.api.cursor"


def cursor(kind: str, branch: str, place: Any) -> str:
    """
    A place in a list of a branch, as a program keeps it. Whoever has one can read it: the branch is its drawn token.
    """
    return signing.Signer(salt=SALT).sign_object([kind, branch, place])


def place_in(kind: str, branch: str, text: str | None, beginning: Any) -> Any:
    """The place that a cursor stands for; ProblemError for one of another list or branch, or that nobody gave out."""
    if not text:
        return beginning
    try:
        of, whose, place = signing.Signer(salt=SALT).unsign_object(text)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise _unknown() from error
    if (of, whose) != (kind, branch):
        raise _unknown()
    return place


def _unknown() -> ProblemError:
    return ProblemError("unreadable", _("This is no cursor of this list. Begin without one."))
