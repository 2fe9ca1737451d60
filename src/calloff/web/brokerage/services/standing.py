"""How far requests are, as a code and a day, for people who see neither prices nor offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from calloff.web.brokerage.models import CallOff, Package, Request

DRAFT, WAITING, REFUSED, TAKEN_BACK = "draft", "waiting", "refused", "taken_back"
LOOKING, PART_FOUND, FOUND, STARTED, ENDED, GIVEN_UP = "looking", "part_found", "found", "started", "ended", "given_up"
BEFORE_APPROVAL = {
    Request.DRAFT: DRAFT,
    Request.WAITING: WAITING,
    Request.REFUSED: REFUSED,
    Request.WITHDRAWN: TAKEN_BACK,
}


@dataclass(frozen=True)
class Standing:
    """How far one request is; `on` is the day on which the care starts, started or ended."""

    code: str
    on: date | None = None
    package: Package | None = None


def standings(requests: Iterable[Request]) -> Mapping[int, Standing]:
    """How far each request is, by its number, in two queries however many there are."""
    rows = list(requests)
    approved = [row for row in rows if row.state == Request.APPROVED]
    found: dict[int, Standing] = {
        row.pk: Standing(BEFORE_APPROVAL[row.state]) for row in rows if row.state != Request.APPROVED
    }
    if not approved:
        return found
    councils = {row.council_id for row in approved}
    changed = {row.changes_package for row in approved if row.changes_package}
    by_request = {one.request_id: one for one in Package.objects.filter(request__in=[row.pk for row in approved])}
    by_reference = {
        (one.council_id, one.reference): one
        for one in (Package.objects.filter(council__in=councils, reference__in=changed) if changed else ())
    }
    packages = {
        row.pk: by_reference.get((row.council_id, row.changes_package))
        if row.changes_package
        else by_request.get(row.pk)
        for row in approved
    }
    every = {one.pk for one in packages.values() if one is not None}
    days: dict[int, list[CallOff]] = {}
    for call_off in CallOff.objects.filter(package__in=every, ended_on__isnull=True):
        days.setdefault(call_off.package_id, []).append(call_off)
    for row in approved:
        package = packages[row.pk]
        found[row.pk] = of_package(package, days.get(package.pk, [])) if package else Standing(LOOKING)
    return found


def of_package(package: Package, call_offs: Iterable[CallOff]) -> Standing:
    """How far a package is, by what is called off of it."""
    placed = list(call_offs)
    starts = [one.start_on or package.required_start_on for one in placed]
    if package.state == Package.WITHDRAWN:
        return Standing(GIVEN_UP, None, package)
    if package.state == Package.ENDED:
        return Standing(ENDED, package.ended_on, package)
    if package.state == Package.STARTED:
        begun = [one.first_visit_on for one in placed if one.first_visit_on is not None]
        return Standing(STARTED, min(begun, default=None), package)
    if package.state == Package.CALLED_OFF:
        return Standing(FOUND, max(starts, default=None), package)
    return Standing(PART_FOUND if placed else LOOKING, None, package)
