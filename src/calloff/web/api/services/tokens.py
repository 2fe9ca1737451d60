"""Keys of programs: made for one branch, shown once, counted, ended at once."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db.models import Case, F, Value, When
from django.utils.translation import gettext as _

from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError
from calloff.domain.records import sha256
from calloff.web.accounts.models import User
from calloff.web.accounts.services import branches_of
from calloff.web.api.models import Token
from calloff.web.audit.services import HOUSE, act
from calloff.web.directory.models import Branch
from calloff.web.directory.services import draw

MAKE = "make_tokens"
"""Who may make a key; whoever no longer may has none that works."""
BEGINNING = "calloff_"
"""How every key begins, so that one that was left lying about is known for what it is."""
SECRET_BYTES = 32
LONGEST_DAYS = 365
USES_A_MINUTE = 120


class TokenRefusedError(CalloffError):
    """A key that cannot be made or ended; its text says what to do instead."""


def make_token(*, branch: Branch, name: str, days: int, by: User, at: datetime) -> tuple[Token, str]:
    """
    Make a key for a branch; the row, and the key itself, which nobody can be shown again.

    It counts for 1 to 365 days. Raises TokenRefusedError for another length, for no name, and for somebody who may make
    none in this branch.
    """
    _refuse_stranger(by, branch, at)
    if not name.strip():
        raise TokenRefusedError(_("Write for which program the key is. Nothing was made."))
    if not 1 <= days <= LONGEST_DAYS:
        raise TokenRefusedError(_("A key counts for a year at most. Nothing was made."))
    secret = BEGINNING + secrets.token_urlsafe(SECRET_BYTES)
    with act(council=HOUSE, by=by, at=at) as doing:
        token = Token.objects.create(
            reference=draw(),
            branch=branch,
            name=name.strip()[:60],
            hash=sha256(secret.encode()),
            made_by=by,
            made_at=doing.at,
            expires_at=doing.at + timedelta(days=days),
        )
        doing.record("token_made", f"token-{token.reference}", {"branch": branch.reference, "days": days})
    return token, secret


def revoke_token(*, token: Token, by: User, at: datetime) -> Token:
    """
    End a key at once; whoever may make keys for the branch may end any of them.

    Raises TokenRefusedError for one that is ended already, and for somebody who may not.
    """
    _refuse_stranger(by, token.branch, at)
    with act(council=HOUSE, by=by, at=at) as doing:
        again = Token.objects.select_for_update().get(pk=token.pk)
        if again.revoked_at is not None:
            raise TokenRefusedError(_("This key has ended already."))
        again.revoked_by, again.revoked_at = by, doing.at
        again.save(update_fields=("revoked_by", "revoked_at"))
        doing.record("token_revoked", f"token-{again.reference}", {"branch": token.branch.reference})
    return again


def _refuse_stranger(by: User, branch: Branch, at: datetime) -> None:
    if branch.pk not in branches_of(by, MAKE, on=local(at).date()):
        raise TokenRefusedError(_("You may not make or end keys for this branch."))


def token_of(secret: str, at: datetime) -> Token | None:
    """
    The key that somebody shows, if it counts at this moment; None for any other.

    It counts while it is neither ended nor past its last moment, while its maker's account is open, and while they may
    make keys for this branch: nothing of that is remembered between two requests.
    """
    found = Token.objects.select_related("branch", "made_by").filter(hash=sha256(secret.encode())).first()
    if found is None or found.revoked_at is not None or at >= found.expires_at:
        return None
    return found if may(found, MAKE, at) else None


def may(token: Token, permission: str, at: datetime) -> bool:
    """Whether the maker of a key may do something in its branch today."""
    return token.branch_id in branches_of(token.made_by, permission, on=local(at).date())


def seconds_to_wait(token: Token, at: datetime) -> int:
    """Count one use of a key; 0 while it is used no more than 120 times in this minute, else when the next begins."""
    minute = at.replace(second=0, microsecond=0)
    # One statement, so that uses at the same moment are all counted.
    Token.objects.filter(pk=token.pk).update(
        uses=Case(When(minute_at=minute, then=F("uses") + 1), default=Value(1)),
        minute_at=minute,
        used_at=at.replace(microsecond=0),
    )
    uses = Token.objects.values_list("uses", flat=True).get(pk=token.pk)
    return 0 if uses <= USES_A_MINUTE else 60 - at.second
