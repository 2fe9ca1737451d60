"""Which branches a user of a provider sees, and in which of them they may do what: every query begins here."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from calloff.web.accounts.services.roles import roles_with
from calloff.web.accounts.views import SignedIn
from calloff.web.brokerage.models import CallOff, Invitation
from calloff.web.contracts.models import Enrolment
from calloff.web.directory.models import Branch


@dataclass(frozen=True)
class Scope:
    """The branches of one request in which a permission is held, and those in which prices may be seen."""

    branches: tuple[int, ...]
    priced: frozenset[int]

    def invitations(self) -> QuerySet[Invitation]:
        """The invitations of these branches."""
        return Invitation.objects.filter(branch__in=self.branches).select_related(
            "council", "branch", "package__model_version", "enrolment"
        )

    def call_offs(self) -> QuerySet[CallOff]:
        """What was called off to these branches."""
        return _with_all(CallOff.objects.filter(branch__in=self.branches))

    def delivered(self) -> QuerySet[CallOff]:
        """What was called off to these branches, and what they deliver as the subcontractors of a prime provider."""
        return _with_all(
            CallOff.objects.filter(Q(branch__in=self.branches) | Q(delivered_by__branch__in=self.branches))
        )

    def delivers_for_another(self, call_off: CallOff) -> bool:
        """Whether a call-off was made to another provider, for whom a branch of these delivers it."""
        return call_off.branch_id not in self.branches

    def enrolments(self) -> QuerySet[Enrolment]:
        """The places of these branches in purchasing models."""
        return Enrolment.objects.filter(branch__in=self.branches).select_related("council", "branch")

    def sees_prices(self, branch_id: int) -> bool:
        """Whether prices of a branch may be seen."""
        return branch_id in self.priced

    def names(self) -> list[Branch]:
        """The branches by name."""
        return list(Branch.objects.filter(pk__in=self.branches).order_by("name"))

    def narrowed(self, token: str) -> Scope:
        """The same for one branch, where the token is that of one of them; else unchanged."""
        found = [one.pk for one in self.names() if one.token == token] if token else []
        return Scope(tuple(found), self.priced) if found else self


def _with_all(rows: QuerySet[CallOff]) -> QuerySet[CallOff]:
    return rows.select_related(
        "council", "branch", "package__person", "package__model_version", "enrolment", "delivered_by__branch"
    )


def scope(request: SignedIn, permission: str) -> Scope:
    """What a request may touch with a permission; nothing outside `request.provider`."""
    return Scope(_held(request, permission), frozenset(_held(request, "portal_prices")))


def _held(request: SignedIn, permission: str) -> tuple[int, ...]:
    codes = roles_with(permission)
    own = set(request.provider)
    branches = {held.branch_id for held in request.roles_held if held.role in codes and held.branch_id is not None}
    return tuple(sorted(branches & own))


def may_in(request: SignedIn, permission: str, branch_id: int) -> bool:
    """Whether the user may do something in one branch."""
    return branch_id in _held(request, permission)
