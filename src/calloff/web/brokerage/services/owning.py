"""Who owns a package: the duty team gives each an owner in time, brokers hand theirs over, seniors give out any."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from calloff.domain.calendar import Clock, ClockUnit, deadline
from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders, may
from calloff.web.audit.services import in_turn, whole_second
from calloff.web.brokerage.models import Package
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.directory.services import calendar_of
from calloff.web.jobs import services as jobs

ASSIGN_WITHIN = Clock(30, ClockUnit.MINUTES, opens=9 * 60, closes=17 * 60)
"""Working time in which the duty team gives a package an owner (assumed)."""
OWNED = (Package.SOURCING, Package.CALLED_OFF, Package.STARTED)
ONE_SECOND = timedelta(seconds=1)


def give_to_duty_team(package: Package, at: datetime) -> None:
    """Start the time in which somebody of the duty team takes a package, or gives it to somebody; not yet saved."""
    package.owner = None
    package.assign_by = whole_second(deadline(at, ASSIGN_WITHIN, calendar_of(package.council)))
    jobs.add(
        "nobodys",
        package.reference,
        council=package.council_id,
        due_at=package.assign_by + ONE_SECOND,
        data={"package": package.pk},
    )


def give_to(package: Package, owner: User) -> None:
    """Make somebody the owner; not yet saved."""
    package.owner, package.assign_by = owner, None


@jobs.handles("nobodys")
def tell_seniors(task: jobs.Task, at: datetime) -> None:
    """Tell those who may give packages out, once, that one has had no owner for longer than it should."""
    with in_turn(task.council):
        package = Package.objects.select_related("council").get(pk=task.data["package"])
        if package.owner_id is not None or package.assign_by is None or package.state not in OWNED:
            return
        if at <= package.assign_by:
            # Somebody owned it meanwhile and gave it back: its time began again.
            jobs.add(
                "nobodys",
                f"{package.reference} again",
                council=task.council,
                due_at=package.assign_by + ONE_SECOND,
                data=task.data,
            )
            return
        for user in holders("assign_package", council_id=package.council_id, on=at.date()):
            jobs.tell(
                user,
                "nobodys",
                package.reference,
                council=package.council_id,
                key=f"nobodys-{package.pk}-{package.assign_by:%Y%m%d%H%M%S}",
                at=at,
                package=package.reference,
                link=f"/packages/{package.token}",
            )


def may_give(package: Package, to: User | None, by: User, rights: Collection[str]) -> bool:
    """
    Whether somebody with these rights may make `to` (None for the duty team) the owner of a package.

    Whoever may assign gives out any; whoever may hand over gives their own away; whoever works packages takes what is
    nobody's.
    """
    if "assign_package" in rights:
        return True
    if package.owner_id == by.pk:
        return "hand_over" in rights
    return package.owner_id is None and to == by and "work_package" in rights


def refuse_giving(packages: Sequence[Package], to: User | None, by: User, rights: Collection[str]) -> None:
    """Raise RefusedError when somebody with these rights may not give these packages to `to`, or `to` owns none."""
    for council in {package.council_id for package in packages}:
        if to is not None and not may(to, "work_package", council_id=council):
            raise RefusedError(_("This person works on no packages here. Nothing was handed over."))
    foreign = [package.reference for package in packages if not may_give(package, to, by, rights)]
    if foreign:
        raise RefusedError(
            _("You may hand over your own packages and take what is nobody's. Not yours: %(which)s. Nothing changed.")
            % {"which": ", ".join(foreign[:5])}
        )
