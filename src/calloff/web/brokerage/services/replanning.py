"""What an act leaves for the worker: a package whose visits are planned anew, or weeks that are settled anew."""

from __future__ import annotations

from datetime import date, datetime

from calloff.web.brokerage.models import Package, Person
from calloff.web.jobs import services as jobs


def visits_changed(package: Package, since: date, at: datetime) -> None:
    """
    The visits of a package are planned anew from a day on, and the weeks that this touches are settled anew.

    Called within the act that changes its call-offs, its version, or what stops its visits: the job commits with it.
    """
    data = {"package": package.pk, "since": since.isoformat()}
    key = f"{package.reference}/{since.isoformat()}"
    jobs.add("plan_package", key, council=package.council_id, due_at=jobs.at_once(at), data=data)


def visits_of_person_changed(person: Person, since: date, at: datetime) -> None:
    """The same for every package of a person."""
    for package in person.packages.order_by("pk"):
        visits_changed(package, since, at)


def many_changed(council: int, at: datetime) -> None:
    """Many packages have care at once: all of the council's visits are planned ahead now, not tomorrow."""
    jobs.add("plan_visits", f"plan-{council}", council=council, due_at=jobs.at_once(at))


def settle_anew(package: Package, since: date, until: date | None, at: datetime) -> None:
    """What the person's visits are worth, or who bears it, changes from a day to a day, or for all planned ones."""
    person = package.cared_for
    data = {"person": person.pk, "since": since.isoformat(), "until": until.isoformat() if until else ""}
    key = f"{person.reference}/{since.isoformat()}/{data['until']}"
    jobs.add("settle_person", key, council=package.council_id, due_at=jobs.at_once(at), data=data)
