"""What administrators do: an account with its first role, and the very first administrator of a live council."""

from __future__ import annotations

import secrets
from datetime import date, datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from calloff.web.accounts.models import EVERYWHERE, Identity, RoleHeld, User
from calloff.web.accounts.services.rights import today
from calloff.web.accounts.services.users import AccountRefusedError, add_user, grant_role, new_account

LETTERS = "23456789abcdefghjkmnpqrstvwxyz"
GROUPS, IN_GROUP = 5, 4


def generated_password() -> str:
    """A password by chance that can be read out: 20 characters in five groups, about 98 bits."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(IN_GROUP)) for _ in range(GROUPS))


def same_human_as(name: str) -> Identity | None:
    """The human being who has an account of this name, however it is spelt."""
    found = User.objects.select_related("identity").filter(name__iexact=name).first()
    return found.identity if found else None


@transaction.atomic
def add_user_with_role(
    *,
    name: str,
    password: str,
    role: str,
    from_on: date,
    by: User,
    at: datetime,
    identity: Identity | None = None,
    identity_name: str = "",
    email: str = "",
    council_id: int | None = None,
    branch_id: int | None = None,
    to_on: date | None = None,
) -> User:
    """Add an account and the first role of its user, both or neither. Raises AccountRefusedError as each does."""
    user = add_user(
        name=name, password=password, by=by, at=at, identity=identity, identity_name=identity_name, email=email
    )
    grant_role(
        user=user, role=role, from_on=from_on, to_on=to_on, council_id=council_id, branch_id=branch_id, by=by, at=at
    )
    return user


def administrators(on: date) -> list[User]:
    """Whoever may look after accounts on a day."""
    held = RoleHeld.objects.filter(Q(to_on=None) | Q(to_on__gte=on), role=EVERYWHERE, from_on__lte=on)
    return list(User.objects.filter(is_active=True, pk__in=held.values("user")).order_by("name"))


@transaction.atomic
def first_administrator(*, name: str, password: str, identity_name: str, email: str, at: datetime) -> User:
    """
    Make the first system administrator of a live council, from the machine's own command line.

    Raises AccountRefusedError where there is one, and in the demonstration, which has its own.
    """
    if settings.CALLOFF_DEMO:
        raise AccountRefusedError(_("The demonstration has an administrator of its own. Nobody was added."))
    _refuse_second()
    user = new_account(name=name, password=password, by=None, at=at, identity_name=identity_name, email=email)
    # Telling of the account has locked the chain of the house: of two commands at once the second sees the first.
    _refuse_second()
    grant_role(user=user, role=EVERYWHERE, from_on=today(), by=None, at=at)
    return user


def _refuse_second() -> None:
    others = administrators(today())
    if others:
        raise AccountRefusedError(
            _("There is an administrator already: %(name)s. Sign in as that one to add others. Nobody was added.")
            % {"name": others[0].name}
        )
