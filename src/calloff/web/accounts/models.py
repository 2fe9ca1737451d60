"""Human beings, the names they sign in with, and the roles they hold from one day to another."""

from __future__ import annotations

import secrets
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

EVERYWHERE = "system_admin"
"""The one role that belongs to no council and to no branch."""
LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No letter or figure that is easily taken for another, read aloud or written down."""


def draw_token() -> str:
    """What an account is called in addresses: by chance, so that no number tells how many there are."""
    return "".join(secrets.choice(LETTERS) for _ in range(12))


class Identity(models.Model):
    """One human being. Whoever must be a second person is another identity, not another account."""

    name = models.CharField(max_length=120)
    email = models.EmailField(max_length=254)

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Finds a user by the name under which they sign in."""


class User(AbstractBaseUser):
    """
    An account: the name and password with which one human being signs in.

    `token` is what its addresses on the web are called. `sessions_end_at` ends every session that began before it.
    `demo` marks those of the demonstration, whose passwords are printed: no live council starts while there is one.
    """

    name = models.CharField(max_length=60, unique=True)
    token = models.CharField(max_length=16, unique=True, default=draw_token)
    identity = models.ForeignKey(Identity, on_delete=models.PROTECT, related_name="users")
    is_active = models.BooleanField(default=True)
    sessions_end_at = models.DateTimeField(null=True)
    demo = models.BooleanField(default=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "name"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.name


class RoleHeld(models.Model):
    """
    A role that a user holds in a council or in a branch of a provider, from a day to a day, both included.

    `to_on` is empty while nobody has ended it; one that was ended with a day before its first was never in force. What
    a role may do stands in roles.yaml.
    """

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="roles")
    role = models.CharField(max_length=30)
    council_id = models.PositiveIntegerField(null=True)
    branch_id = models.PositiveIntegerField(null=True)
    from_on = models.DateField()
    to_on = models.DateField(null=True)
    granted_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    granted_at = models.DateTimeField()
    ended_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "user",
                "role",
                Coalesce("council_id", 0),
                Coalesce("branch_id", 0),
                "from_on",
                condition=Q(ended_at=None),
                name="role_held_once",
            ),
            models.CheckConstraint(
                condition=Q(role=EVERYWHERE, council_id=None, branch_id=None)
                | (~Q(role=EVERYWHERE) & Q(council_id__isnull=False, branch_id=None))
                | (~Q(role=EVERYWHERE) & Q(council_id=None, branch_id__isnull=False)),
                name="role_held_in_one_place",
            ),
            models.CheckConstraint(
                condition=Q(to_on=None) | Q(to_on__gte=F("from_on")) | Q(ended_at__isnull=False),
                name="role_held_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(ended_by=None, ended_at=None) | Q(ended_at__isnull=False),
                name="role_ended_at_a_moment",
            ),
        )
        indexes = (
            models.Index(fields=("council_id", "role"), name="role_in_council"),
            models.Index(fields=("branch_id", "role"), name="role_in_branch"),
        )

    def __str__(self) -> str:
        return self.role
