"""Whoever can no longer work on packages owns none: what they owned comes back to the duty team."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from calloff.domain.calendar import local, to_utc
from calloff.web.accounts.models import User
from calloff.web.accounts.services import may
from calloff.web.audit.services import act
from calloff.web.brokerage.models import Package
from calloff.web.brokerage.services.owning import OWNED, give_to_duty_team
from calloff.web.jobs import services as jobs


def account_changed(
    sender: object, *, kind: str, at: datetime, about: str, data: Mapping[str, Any], **_told: Any
) -> None:
    """Let the worker look after the packages of somebody whose account was closed, or whose role ends on a day."""
    user = int(about.removeprefix("user-"))
    if kind == "user_deactivated":
        for council in Package.objects.filter(owner=user, state__in=OWNED).values_list("council", flat=True).distinct():
            _look_at(user, council, at)
    elif kind in ("role_granted", "role_ended") and data["council"] and data["to"]:
        last_on = date.fromisoformat(data["to"])
        # The last day is included; one that is past ended it at once.
        _look_at(user, data["council"], max(at, to_utc(last_on + timedelta(days=1), 0)))


def _look_at(user: int, council: int, due_at: datetime) -> None:
    key = f"{user} {council} {local(due_at).date()}"
    jobs.add("owner_leaves", key, council=council, due_at=due_at, data={"user": user})


@jobs.handles("owner_leaves")
def give_back(task: jobs.Task, at: datetime) -> None:
    """Give the packages of somebody who may work on none any more to the duty team; whoever still may keeps them."""
    owner = User.objects.get(pk=task.data["user"])
    with act(council=task.council, by=None, at=at) as doing:
        left = not owner.is_active or not may(owner, "work_package", council_id=task.council, on=local(at).date())
        rows = Package.objects.filter(council=task.council, owner=owner, state__in=OWNED).select_related("council")
        packages = list(rows.order_by("reference")) if left else []
        if not packages:
            doing.nothing()
            return
        for package in packages:
            give_to_duty_team(package, doing.at)
            package.save(update_fields=("owner", "assign_by"))
        references = [package.reference for package in packages]
        doing.record("handed_over", "", {"to": 0, "packages": references, "left": owner.pk})
