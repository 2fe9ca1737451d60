"""How allauth signs people in here: no sign-up, one answer to every failure, secrets kept under the key."""

from __future__ import annotations

import base64
import hashlib
import time
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.core.internal.ratelimit import get_ip
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calloff.web.accounts.models import User

RECENT_SECONDS = 300
"""So long after the last proof who somebody is they may change how they prove it."""


class NameAndPassword(ModelBackend):
    """Django's own: a closed account answers as a wrong password does, and loses its sessions with the next request."""

    def get_user(self, user_id: Any) -> User | None:
        """The user of a session, with who that is: every page names them."""
        user = User.objects.select_related("identity").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None


class MaximumLengthValidator:
    """A password of at most so many characters, so that nobody keeps the machine busy with a very long one."""

    def __init__(self, max_length: int = 200) -> None:
        self.max_length = max_length

    def validate(self, password: str, user: object = None) -> None:
        """Raise ValidationError for a longer one."""
        if len(password) > self.max_length:
            raise ValidationError(
                _("The password is too long. Use at most %(most)d characters.") % {"most": self.max_length},
                code="password_too_long",
            )

    def get_help_text(self) -> str:
        return _("Use at most %(most)d characters.") % {"most": self.max_length}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Names and passwords: nobody signs themselves up, and a wrong name fails as a wrong password does."""

    # Each failure says the same, whether there is no such name, the password is wrong or the account is closed.
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": gettext_lazy("The name or the password is wrong. Try again."),
        "invalid_login": gettext_lazy("The name or the password is wrong. Try again."),
        "incorrect_password": gettext_lazy("The password is wrong. Try again."),
        "incorrect_code": gettext_lazy("The code is wrong or was used already. Wait for the next one and try again."),
        "too_many_login_attempts": gettext_lazy("Too many tries failed. Wait 15 minutes and try again."),
        "rate_limited": gettext_lazy("Too many tries failed. Wait 15 minutes and try again."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: accounts are added by an administrator."""
        return False

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Tries are counted for a name and a source together: who guesses elsewhere locks nobody out here."""
        return f"{get_ip(request)}:{str(credentials.get('username', '')).casefold()}"

    def is_reauthentication_required(self, *, app: str, **_options: Any) -> bool:
        """
        Whether the user must prove anew who they are; not so soon after they signed in.

        allauth counts only proofs that were asked for again; somebody who has just signed in need not do it twice.
        """
        records = get_authentication_records(context.request, context.request.user)
        return not records or time.time() - records[-1]["at"] > RECENT_SECONDS

    def send_notification_mail(self, *_what: Any, **_options: Any) -> None:
        """Nothing: allauth's own letters name the account, ours go through the jobs room and do not."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Authenticators: their secrets are encrypted under the council's key, and nobody takes their own away."""

    error_messages = DefaultMFAAdapter.error_messages | {
        code: AccountAdapter.error_messages[code] for code in ("incorrect_code", "rate_limited")
    }

    def encrypt(self, text: str) -> str:
        """A secret as it is stored."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """A stored secret; InvalidToken when no key of ours fits it."""
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def can_delete_authenticator(self, authenticator: object) -> bool:
        """Never by oneself: an administrator resets it."""
        return False

    def _get_user_identifier(self, user: User) -> str:
        return user.name


def _cipher() -> MultiFernet:
    """The present key encrypts; earlier ones, while they are kept, still decrypt."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet(
        [
            Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"calloff second factor\0" + key.encode()).digest()))
            for key in keys
        ]
    )
