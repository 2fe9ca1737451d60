"""What an act leaves for the worker: a package whose visits are planned anew, or are only worth something else."""

from __future__ import annotations

from datetime import date, datetime

from calloff.web.brokerage.models import Package, Person
from calloff.web.jobs import services as jobs


def visits_changed(package: Package, since: date, at: datetime) -> None:
    """
    The visits of a package are planned anew from a day on, and the weeks that this touches are settled anew.

    Called within the act that changes its call-offs, its version, or what stops its visits: the job commits with it.
    """
    if package.is_lot:
        return
    data = {"package": package.pk, "since": since.isoformat()}
    key = f"{package.reference}/{since.isoformat()}"
    jobs.add("plan_package", key, council=package.council_id, due_at=jobs.at_once(at), data=data)


def visits_of_person_changed(person: Person, since: date, at: datetime) -> None:
    """The same for every package of a person."""
    for package in person.packages.order_by("pk"):
        visits_changed(package, since, at)


def worth_changed(package: Package, since: date, at: datetime) -> None:
    """The visits of a package stay as they are, but what they are worth, or who bears it, changes from a day on."""
    person = package.cared_for
    data = {"person": person.pk, "since": since.isoformat()}
    key = f"{person.reference}/{since.isoformat()}"
    jobs.add("settle_person", key, council=package.council_id, due_at=jobs.at_once(at), data=data)
