"""Up to which weekly price each role may approve: data of the council, where nobody stated it an assumption."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date

from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders
from calloff.web.accounts.services.rights import roles_held
from calloff.web.directory.models import Council

APPROVE = "approve_request"


@dataclass(frozen=True)
class Limit:
    """The greatest weekly price in pence, and why it is assumed where no rule of the council states it."""

    pence_per_week: int
    assumed: str = ""


NO_LIMIT = Limit(0)


def limits_of(council: Council) -> dict[str, Limit]:
    """By role: `{"approver": {"pence_per_week": 60000, "assumed": "why"}}`."""
    return {
        role: Limit(int(one["pence_per_week"]), str(one.get("assumed", "")))
        for role, one in json.loads(council.limits).items()
    }


def limit_for(user: User, council: Council, on: date) -> Limit:
    """The highest limit among the roles that a user holds in a council; nothing where none of them has one."""
    known = limits_of(council)
    held = [known[one.role] for one in roles_held(user, on) if one.council_id == council.pk and one.role in known]
    return max(held, key=lambda limit: limit.pence_per_week, default=NO_LIMIT)


def who_may_approve(council: Council, pence_per_week: int, on: date) -> list[tuple[User, Limit]]:
    """Those whose limit reaches a weekly price, the lowest limit first, so that nobody higher is troubled."""
    found = [(user, limit_for(user, council, on)) for user in holders(APPROVE, council_id=council.pk, on=on)]
    able = [(user, limit) for user, limit in found if limit.pence_per_week >= pence_per_week]
    return sorted(able, key=lambda one: (one[1].pence_per_week, one[0].identity.name))
