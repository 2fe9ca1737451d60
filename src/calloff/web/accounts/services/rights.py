"""May this user do this, here, on this day? One question, asked of roles held; nothing is remembered between two."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from django.db.models import Q, QuerySet
from django.utils import timezone

from calloff.domain.calendar import local
from calloff.web.accounts.models import EVERYWHERE, RoleHeld, User
from calloff.web.accounts.services.roles import Side, roles, roles_with


def today() -> date:
    """The day in Europe/London."""
    return local(timezone.now()).date()


def _in_force(on: date) -> Q:
    """Both ends of a term are included."""
    return Q(from_on__lte=on) & (Q(to_on=None) | Q(to_on__gte=on))


def _here(council_id: int | None, branch_id: int | None) -> Q:
    """A role held in exactly this place, or the one that is held everywhere."""
    if council_id is not None and branch_id is not None:
        raise ValueError("a right is asked for in a council or in a branch, not in both")
    return Q(role=EVERYWHERE) | Q(council_id=council_id, branch_id=branch_id)


def roles_held(user: User, on: date) -> list[RoleHeld]:
    """The roles that a user holds on a day; none when the account is closed."""
    if not user.is_active:
        return []
    return list(RoleHeld.objects.filter(_in_force(on), user=user, role__in=tuple(roles())).order_by("pk"))


def may(
    user: User, permission: str, *, council_id: int | None = None, branch_id: int | None = None, on: date | None = None
) -> bool:
    """
    Whether a user may do something in a council or in a branch on a day (today when none is given).

    Without a place only the role that is held everywhere counts. A right held in one council is none in another. Raises
    KeyError for a permission that does not exist, since a misspelt one would refuse everybody in silence.
    """
    allowed = roles_with(permission)
    held = RoleHeld.objects.filter(_in_force(on or today()), _here(council_id, branch_id), user=user)
    return user.is_active and held.filter(role__in=allowed).exists()


def permissions_of(
    user: User, *, council_id: int | None = None, branch_id: int | None = None, on: date | None = None
) -> frozenset[str]:
    """Everything that a user may do in one place on a day."""
    return permissions_among(roles_held(user, on or today()), council_id=council_id, branch_id=branch_id)


def permissions_among(
    held: Iterable[RoleHeld], *, council_id: int | None = None, branch_id: int | None = None
) -> frozenset[str]:
    """Everything that some roles allow in one place, for a page that shows only what can be done."""
    known = roles()
    here = (one for one in held if one.role == EVERYWHERE or (one.council_id, one.branch_id) == (council_id, branch_id))
    return frozenset(permission for one in here for permission in known[one.role].permissions)


def councils_of(user: User, permission: str, *, on: date | None = None) -> frozenset[int]:
    """The councils in which a user may do something on a day (today when none is given)."""
    allowed = roles_with(permission)
    return frozenset(
        held.council_id
        for held in roles_held(user, on or today())
        if held.council_id is not None and held.role in allowed
    )


def branches_of(user: User, permission: str, *, on: date | None = None) -> frozenset[int]:
    """The branches in which a user may do something on a day (today when none is given)."""
    allowed = roles_with(permission)
    return frozenset(
        held.branch_id
        for held in roles_held(user, on or today())
        if held.branch_id is not None and held.role in allowed
    )


def councils_in(held: Iterable[RoleHeld]) -> tuple[int, ...]:
    """The councils of some roles, in the order of their numbers."""
    return tuple(sorted({one.council_id for one in held if one.council_id is not None}))


def branches_in(held: Iterable[RoleHeld]) -> tuple[int, ...]:
    """The branches of some roles of a provider's people, in the order of their numbers."""
    known = roles()
    return tuple(
        sorted({one.branch_id for one in held if one.branch_id is not None and known[one.role].side is Side.PROVIDER})
    )


def council_ids_held(user: User, *, on: date | None = None) -> tuple[int, ...]:
    """The councils in which a user holds any role on a day, in the order of their numbers."""
    return councils_in(roles_held(user, on or today()))


def branch_ids_held(user: User, *, on: date | None = None) -> tuple[int, ...]:
    """The branches in which a user holds a role of a provider's people, in the order of their numbers."""
    return branches_in(roles_held(user, on or today()))


def holders(
    permission: str, *, council_id: int | None = None, branch_id: int | None = None, on: date | None = None
) -> QuerySet[User]:
    """
    The users who may do something in exactly one council or branch on a day, by name.

    Whoever holds it everywhere is not among them: they are asked to do nothing. Raises ValueError without a place.
    """
    if (council_id is None) == (branch_id is None):
        raise ValueError("holders are looked for in one council or in one branch")
    held = RoleHeld.objects.filter(
        _in_force(on or today()), council_id=council_id, branch_id=branch_id, role__in=roles_with(permission)
    )
    return User.objects.filter(is_active=True, pk__in=held.values("user")).select_related("identity").order_by("name")
