"""What people write to sign in: a name, a password, a code."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.core import context, ratelimit
from allauth.core.internal.ratelimit import get_ip
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as codes
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import validate_totp_code
from django import forms
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from calloff.web.accounts.services.users import change_own_password

MOST_CHARACTERS = 200
CODE_CHARACTERS = 20


def _password(field: forms.Field, label: Any) -> None:
    # No placeholder, no help of allauth's, and nothing that would stop a password manager or a paste.
    field.label, field.help_text = label, ""
    field.max_length = MOST_CHARACTERS  # type: ignore[attr-defined]
    field.validators.append(forms.fields.validators.MaxLengthValidator(MOST_CHARACTERS))  # type: ignore[attr-defined]
    field.widget.attrs.pop("placeholder", None)
    field.error_messages["required"] = _("Write your password.")


class SignInForm(LoginForm):  # type: ignore[misc]
    """Name and password."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        name = self.fields["login"]
        name.label = _("Name")
        name.widget.attrs = {"autocomplete": "username", "spellcheck": "false", "autocapitalize": "none"}
        name.error_messages["required"] = _("Write the name with which you sign in.")
        _password(self.fields["password"], _("Password"))


class PasswordAgainForm(ReauthenticateForm):  # type: ignore[misc]
    """The password, asked for again before something that matters."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _password(self.fields["password"], _("Password"))


class NewPasswordForm(ChangePasswordForm):  # type: ignore[misc]
    """The present password and a new one, twice."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _password(self.fields["oldpassword"], _("Present password"))
        _password(self.fields["password1"], _("New password"))
        _password(self.fields["password2"], _("New password again"))
        self.fields["password1"].help_text = _("At least 15 characters. Three or four words are easy to remember.")

    def save(self) -> None:
        """Change it, and say so where such acts are kept."""
        change_own_password(user=self.user, password=self.cleaned_data["password1"], at=timezone.now())


def _code(field: forms.Field, label: Any) -> None:
    field.label = label
    field.widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false", "width": 10}
    field.validators.append(forms.fields.validators.MaxLengthValidator(CODE_CHARACTERS))  # type: ignore[attr-defined]
    field.error_messages["required"] = _("Write the code.")


class _Counted:
    """
    A code whose tries are counted: ten in a quarter of an hour from one source, sixty from everywhere.

    Only whoever knows the password gets so far. The second count is what stops a guess from many sources at once.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        _code(self.fields["code"], self.label)  # type: ignore[attr-defined]

    label: Any = _("Code")

    def _count(self) -> str:
        request, user = context.request, str(self.user.pk)  # type: ignore[attr-defined]
        source = f"{get_ip(request)}:{user}"
        here = ratelimit.consume(request, action="code_failed", key=source)
        if not here or not ratelimit.consume(request, action="code_failed_anywhere", key=user):
            raise get_adapter().validation_error("rate_limited")
        return source

    def _clear(self, source: str) -> None:
        ratelimit.clear(context.request, action="code_failed", key=source)


class _Shown(_Counted):
    """A code of an authenticator, or one of the recovery codes. Each is good once."""

    def clean_code(self) -> str:
        source = self._count()
        code: str = self.cleaned_data["code"]  # type: ignore[attr-defined]
        user = self.user  # type: ignore[attr-defined]
        for held in Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN):
            if held.wrap().validate_code(code) and _first_use(held, code):
                held.user = user
                self.authenticator = held
                self._clear(source)
                return code
        raise get_adapter().validation_error("incorrect_code")


def _first_use(held: Authenticator, code: str) -> bool:
    """
    Whether an authenticator's code is used for the first time while it is good.

    allauth forgets a used code after one period; with a tolerance of one it is good for three.
    """
    if held.type != Authenticator.Type.TOTP:
        return True
    seconds = settings.MFA_TOTP_PERIOD * (2 * settings.MFA_TOTP_TOLERANCE + 1)
    return cache.add(f"calloff.code.{held.pk}.{''.join(code.split())}", True, timeout=seconds)


class CodeForm(_Shown, codes.AuthenticateForm):  # type: ignore[misc]
    """The code that is asked for after the password."""


class CodeAgainForm(_Shown, codes.ReauthenticateForm):  # type: ignore[misc]
    """The code, asked for again before something that matters."""


class SetUpForm(_Counted, ActivateTOTPForm):  # type: ignore[misc]
    """The first code of an authenticator, which proves that it was set up rightly."""

    label = _("Code that the app shows")

    def clean_code(self) -> str:
        source = self._count()
        code: str = self.cleaned_data["code"]
        if not validate_totp_code(self.secret, code):
            raise get_adapter().validation_error("incorrect_code")
        self._clear(source)
        return code
