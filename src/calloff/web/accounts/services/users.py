"""What is done to accounts. Each act is one transaction and tells `changed`, which the audit room listens to."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.dispatch import Signal
from django.utils.translation import gettext as _

from calloff.domain.errors import CalloffError
from calloff.web.accounts.models import EVERYWHERE, Identity, RoleHeld, User
from calloff.web.accounts.services.roles import Side, roles

changed = Signal()
"""
Sent inside the transaction of each act, with `kind`, `by`, `at`, `about` (user-NUMBER) and `data`, plain values without
a name, an address or a secret. A receiver that raises undoes the act.
"""


class AccountRefusedError(CalloffError):
    """An act on an account that cannot be; its text says what to do instead."""


def _tell(kind: str, user: User, by: User | None, at: datetime, **data: Any) -> None:
    _refuse_naive(at)
    changed.send(User, kind=kind, by=by, at=at, about=f"user-{user.pk}", data=data)


def _refuse_naive(at: datetime) -> None:
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone names no moment")


def _refuse_weak(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise AccountRefusedError(" ".join(error.messages)) from error


@transaction.atomic
def add_user(
    *,
    name: str,
    password: str,
    by: User | None,
    at: datetime,
    identity: Identity | None = None,
    identity_name: str = "",
    email: str = "",
) -> User:
    """
    Add an account for a human being: a known one (`identity`), or a new one of that name and e-mail address.

    The second factor is set up by the user at the first sign-in, before anything else. `by` is empty for the very first
    account alone. Raises AccountRefusedError for a name that is taken or a password that is too weak.
    """
    if by is None and not settings.CALLOFF_DEMO and User.objects.exists():
        raise AccountRefusedError(_("Only the first account is added by nobody."))
    return new_account(
        name=name, password=password, by=by, at=at, identity=identity, identity_name=identity_name, email=email
    )


@transaction.atomic
def new_account(
    *,
    name: str,
    password: str,
    by: User | None,
    at: datetime,
    identity: Identity | None = None,
    identity_name: str = "",
    email: str = "",
) -> User:
    """As `add_user`, whoever asks: for `first_administrator`, which asks its own question first."""
    if not name.strip() or name != name.strip():
        raise AccountRefusedError(_("Write a name to sign in with, without spaces around it."))
    if identity is None:
        if not identity_name or not email:
            raise AccountRefusedError(_("Say who will use the account: a name and an e-mail address."))
        identity = Identity.objects.create(name=identity_name, email=email)
    user = User(name=name, identity=identity, demo=settings.CALLOFF_DEMO)
    _refuse_weak(password, user)
    user.set_password(password)
    if User.objects.filter(name__iexact=name).exists():
        raise AccountRefusedError(_("This name is taken. Choose another one to sign in with."))
    user.save(force_insert=True)
    _tell("user_added", user, by, at, identity=identity.pk)
    return user


@transaction.atomic
def grant_role(
    *,
    user: User,
    role: str,
    from_on: date,
    by: User | None,
    at: datetime,
    council_id: int | None = None,
    branch_id: int | None = None,
    to_on: date | None = None,
) -> RoleHeld:
    """
    Give a user a role in a council or in a branch, from a day (to a day), both included.

    Raises AccountRefusedError for an unknown role, for a place that does not fit its side, for a term that ends before
    it begins, and for a role that is granted from that day already. Nobody grants a role to the human being they are.
    """
    known = roles().get(role)
    if known is None:
        raise AccountRefusedError(_("There is no such role."))
    place = "everywhere" if role == EVERYWHERE else "council" if known.side is Side.STAFF else "branch"
    given = [kind for kind, one in (("council", council_id), ("branch", branch_id)) if one is not None]
    if given != ([] if place == "everywhere" else [place]):
        raise AccountRefusedError(
            {
                "everywhere": _("This role is held everywhere: name no council and no branch."),
                "council": _("This role is held in a council: name one, and no branch."),
                "branch": _("This role is held in a branch of a provider: name one, and no council."),
            }[place]
        )
    if to_on is not None and to_on < from_on:
        raise AccountRefusedError(_("The last day comes before the first. Put the days right."))
    if by is not None and by.identity_id == user.identity_id:
        raise AccountRefusedError(_("Nobody grants a role to themselves. Ask another administrator."))
    try:
        with transaction.atomic():
            held = RoleHeld.objects.create(
                user=user,
                role=role,
                council_id=council_id,
                branch_id=branch_id,
                from_on=from_on,
                to_on=to_on,
                granted_by=by,
                granted_at=at,
            )
    except IntegrityError as error:
        raise AccountRefusedError(_("This role is granted from that day already.")) from error
    _tell("role_granted", user, by, at, **_said(held))
    return held


@transaction.atomic
def end_role(*, held: RoleHeld, last_on: date, by: User | None, at: datetime) -> RoleHeld:
    """
    End a role with a last day, which is included. A day that is past ends it at once, one before its first for ever.

    Raises AccountRefusedError where it ended before that day already, since history is not made longer afterwards, and
    where somebody asks it for the human being they are: one administrator must always be left.
    """
    held = RoleHeld.objects.select_for_update().get(pk=held.pk)
    if by is not None and by.identity_id == held.user.identity_id:
        raise AccountRefusedError(_("Nobody ends a role of their own. Ask another administrator."))
    if held.to_on is not None and held.to_on < last_on:
        raise AccountRefusedError(_("This role ended before that day already. Grant it anew if it is needed."))
    held.to_on, held.ended_by, held.ended_at = last_on, by, at
    held.save(update_fields=("to_on", "ended_by", "ended_at"))
    _tell("role_ended", held.user, by, at, **_said(held))
    return held


def _said(held: RoleHeld) -> dict[str, Any]:
    return {
        "role": held.role,
        "council": held.council_id or 0,
        "branch": held.branch_id or 0,
        "from": held.from_on.isoformat(),
        "to": held.to_on.isoformat() if held.to_on else "",
    }


@transaction.atomic
def deactivate(*, user: User, by: User | None, at: datetime) -> User:
    """
    Close an account: nobody signs in with it any more, and what is open under it ends with its next request.

    Raises AccountRefusedError where somebody asks it for the human being they are: one administrator must be left.
    """
    if by is not None and by.identity_id == user.identity_id:
        raise AccountRefusedError(_("Nobody closes their own account. Ask another administrator."))
    _end_sessions(user, at)
    user.is_active = False
    user.save(update_fields=("is_active",))
    _tell("user_deactivated", user, by, at)
    return user


@transaction.atomic
def reactivate(*, user: User, by: User, at: datetime) -> User:
    """
    Open a closed account again, with the roles that are still in force.

    Raises AccountRefusedError where somebody asks it for the human being they are.
    """
    if by.identity_id == user.identity_id:
        raise AccountRefusedError(_("Nobody opens their own account again. Ask another administrator."))
    user.is_active = True
    user.save(update_fields=("is_active",))
    _tell("user_reactivated", user, by, at)
    return user


@transaction.atomic
def sign_out_everywhere(*, user: User, by: User | None, at: datetime) -> User:
    """End every session of a user at once, the one from which it is asked included."""
    _end_sessions(user, at)
    _tell("signed_out_everywhere", user, by, at)
    return user


@transaction.atomic
def set_password(*, user: User, password: str, by: User | None, at: datetime) -> User:
    """
    Give a user a new password and end their sessions; the second factor stays.

    Raises AccountRefusedError for a password that is too weak.
    """
    _refuse_weak(password, user)
    user.set_password(password)
    user.save(update_fields=("password",))
    _end_sessions(user, at)
    _tell("password_set", user, by, at)
    return user


@transaction.atomic
def change_own_password(*, user: User, password: str, at: datetime) -> User:
    """
    Change one's own password. Sessions elsewhere end, since each holds a hash of the former one; this one goes on.

    Raises AccountRefusedError for a password that is too weak.
    """
    _refuse_weak(password, user)
    user.set_password(password)
    user.save(update_fields=("password",))
    _tell("password_changed", user, user, at)
    return user


@transaction.atomic
def reset_second_factor(*, user: User, by: User, at: datetime) -> User:
    """
    Take a lost authenticator and its recovery codes away, and end the sessions: the next sign-in sets up a new one.

    Raises AccountRefusedError where somebody asks it for the human being they are: whoever has stolen a session could
    otherwise keep it.
    """
    if by.identity_id == user.identity_id:
        raise AccountRefusedError(_("Nobody resets their own second factor. Ask another administrator."))
    Authenticator.objects.filter(user=user).delete()
    _end_sessions(user, at)
    _tell("second_factor_reset", user, by, at)
    return user


def _end_sessions(user: User, at: datetime) -> None:
    _refuse_naive(at)
    # A session that began in the very moment ends too: sessions are compared by "not after".
    user.sessions_end_at = at
    user.save(update_fields=("sessions_end_at",))
    for session in UserSession.objects.filter(user=user):
        session.end()


def begins_after(user: User, began_at: float) -> bool:
    """Whether a session that began then (seconds since 1970) is not ended by an act on its account."""
    return user.sessions_end_at is None or began_at > user.sessions_end_at.timestamp()


ABSOLUTE = timedelta(hours=12)
"""So long a session lasts at most, however busy."""
IDLE = timedelta(minutes=30)
"""So long a session waits for its user."""
