"""The demonstration's accounts: one password, and codes for people who have no telephone because they are invented."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from allauth.mfa.utils import decrypt
from django.conf import settings
from django.db import transaction

from calloff.domain.errors import CalloffError
from calloff.web.accounts.models import Identity, User
from calloff.web.accounts.services.users import changed


class NotTheDemoError(CalloffError):
    """Something that only the demonstration may do."""


def _refuse_outside_demo() -> None:
    if not settings.CALLOFF_DEMO:
        raise NotTheDemoError("codes are given out in the demonstration only (CALLOFF_DEMO=1)")


@transaction.atomic
def add_demo_user(*, name: str, hashed: str, identity_name: str, email: str, at: datetime) -> User:
    """
    Add an invented user whose password was hashed once for all of them, since one hash takes as long as a page.

    Raises NotTheDemoError elsewhere.
    """
    _refuse_outside_demo()
    identity = Identity.objects.create(name=identity_name, email=email)
    user = User.objects.create(name=name, identity=identity, password=hashed, demo=True)
    changed.send(User, kind="user_added", by=None, at=at, about=f"user-{user.pk}", data={"identity": identity.pk})
    return user


@transaction.atomic
def give_demo_authenticator(*, user: User, by: User | None, at: datetime) -> Authenticator:
    """
    Give an invented user an authenticator whose codes `demo_code` knows. Raises NotTheDemoError elsewhere.
    """
    _refuse_outside_demo()
    drawn = hashlib.sha256(f"{settings.SECRET_KEY} {user.name}".encode()).digest()[:20]
    given: Authenticator = TOTP.activate(user, base64.b32encode(drawn).decode()).instance
    changed.send(User, kind="demo_authenticator_given", by=by, at=at, about=f"user-{user.pk}", data={})
    return given


def demo_code(name: str, at: datetime) -> str:
    """
    The code that the authenticator of a demonstration's user shows at a moment.

    Raises NotTheDemoError outside the demonstration, and for a name that it does not know.
    """
    _refuse_outside_demo()
    held = Authenticator.objects.filter(user__name=name, user__demo=True, type=Authenticator.Type.TOTP).first()
    if held is None:
        raise NotTheDemoError(f"there is no user {name!r} with an authenticator in the demonstration")
    counter = int(at.timestamp()) // settings.MFA_TOTP_PERIOD
    return str(format_hotp_value(hotp_value(decrypt(held.data["secret"]), counter)))
