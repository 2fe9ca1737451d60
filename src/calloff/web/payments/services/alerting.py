"""
Missed and late visits are told as data arrives: to those who look after the package, to contract managers, and to the
branch, once for each visit, and taken back when a later row shows that the visit was kept (DOMAIN 4.3).

What one file brings is one notice a package; where it is many packages, one for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import ngettext

from calloff.domain.calendar import local
from calloff.domain.deviations import Deviation as Kind
from calloff.domain.deviations import is_told
from calloff.domain.visits import Stopped
from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders
from calloff.web.audit.services import act, in_turn
from calloff.web.brokerage.models import Package
from calloff.web.directory.models import Council
from calloff.web.jobs import services as jobs
from calloff.web.payments.models import AlertLimit, Deviation, Entitlement
from calloff.web.payments.services.deviations import DeviationError
from calloff.web.visits.models import PlannedVisit

TOLD_DAYS = 14
"""What lies longer back is listed and told to nobody: it is no alert any more (assumed)."""
MOST_PACKAGES = 20
"""Of more packages than these somebody is told in one notice for all of them (assumed)."""
MOST_LATE_MINUTES = 24 * 60
BATCH = 500
STAFF_LINK, PORTAL_LINK = "/deviations", "/provider/visits/deviations"


def late_limit(council: int) -> int:
    """How many minutes after its window a visit is so late that people are told: every late one until one is set."""
    last = AlertLimit.objects.filter(council=council).order_by("-pk").first()
    return last.late_minutes if last else 0


def set_late_limit(*, council: Council, minutes: int, by: User, at: datetime) -> AlertLimit:
    """Say how late a visit must be for people to be told at once; what was told before stays."""
    if not 0 <= minutes <= MOST_LATE_MINUTES:
        raise DeviationError(f"Enter from 0 to {MOST_LATE_MINUTES} minutes. Nothing was changed.")
    with act(council=council.pk, by=by, at=at) as doing:
        made = AlertLimit.objects.create(council=council, late_minutes=minutes, set_by=by, set_at=doing.at)
        doing.record("alert_limit_set", council.code, {"late_minutes": minutes})
    return made


def unheard_of(council: Council, branch: int, heard: date) -> dict[int, list[date]]:
    """
    By person the days of a branch's visits of which no file says anything, though it sent a later day: all missed.

    Only whole days before the last that was sent: whoever is not in what was sent of a day may come in its next file.
    """
    known = Entitlement.objects.filter(council=council, anchor=OuterRef("reference"))
    # A subcontractor makes the visits that are its prime's, and its own files tell of them.
    makes = Q(branch=branch, call_off__delivered_by=None) | Q(call_off__delivered_by__branch=branch)
    rows = PlannedVisit.objects.filter(
        makes,
        council=council,
        on__gte=heard - timedelta(days=TOLD_DAYS),
        on__lt=heard,
        superseded_at=None,
        cancelled=False,
        stopped=int(Stopped.NO),
    ).exclude(Exists(known))
    days: dict[int, list[date]] = {}
    for person, on in rows.values_list("person", "on"):
        days.setdefault(person, []).append(on)
    return days


def tell_of(council: Council, people: Iterable[int], arrived: str, at: datetime) -> None:
    """Tell what proved to be missed or late of some people's visits, and take back what proved not to be."""
    every = sorted(set(people))
    with in_turn(council.pk):
        new: list[Deviation] = []
        for first in range(0, len(every), BATCH):
            rows = Deviation.objects.filter(council=council, person__in=every[first : first + BATCH])
            _take_back(council, rows.exclude(withdrawn_at=None).exclude(told_in=""), at)
            new += _to_tell(council, rows, at)
        if new:
            _tell(council, new, arrived, at)
        for first in range(0, len(new), BATCH):
            some = [one.pk for one in new[first : first + BATCH]]
            Deviation.objects.filter(pk__in=some).update(told_in=arrived)


def _to_tell(council: Council, rows: QuerySet[Deviation], at: datetime) -> list[Deviation]:
    since, limit = local(at).date() - timedelta(days=TOLD_DAYS), late_limit(council.pk)
    fresh = rows.filter(withdrawn_at=None, told_in="", on__gte=since)
    return [one for one in fresh.exclude(kind="short") if is_told(Kind(one.kind), one.minutes, limit)]


def _take_back(council: Council, wrong: QuerySet[Deviation], at: datetime) -> None:
    """Of what was told and proved wrong: a notice all of whose visits were kept is withdrawn."""
    rows = list(wrong.values_list("told_in", "package").distinct())
    standing = Deviation.objects.filter(council=council, withdrawn_at=None)
    for arrived, package in rows:
        if not standing.filter(told_in=arrived, package=package).exists():
            jobs.withdraw(council=council.pk, key=_key(arrived, package), at=at)
    for arrived in {told_in for told_in, _package in rows}:
        if not standing.filter(told_in=arrived).exists():
            jobs.withdraw(council=council.pk, key=_key(arrived), at=at)
    if rows:
        wrong.update(told_in="")


def _key(arrived: str, package: int | None = None) -> str:
    return f"deviations-{arrived}" if package is None else f"deviations-{arrived}-{package}"


def _tell(council: Council, new: Sequence[Deviation], arrived: str, at: datetime) -> None:
    packages = Package.objects.select_related("owner").in_bulk({one.package_id for one in new})
    day = local(at).date()
    managers = list(holders("told_of_visits", council_id=council.pk, on=day))
    staff: dict[User, set[int]] = {}
    for key, package in packages.items():
        owner = [package.owner] if package.owner is not None and package.owner.is_active else []
        for user in {*owner, *managers}:
            staff.setdefault(user, set()).add(key)
    branches: dict[int, set[int]] = {}
    for one in new:
        branches.setdefault(one.branch_id, set()).add(one.package_id)
    of_branch: dict[User, set[int]] = {}
    for branch, held in branches.items():
        for user in holders("portal_visits", branch_id=branch, on=day):
            of_branch.setdefault(user, set()).update(held)
    for told, link in ((staff, STAFF_LINK), (of_branch, PORTAL_LINK)):
        for user, keys in sorted(told.items(), key=lambda pair: pair[0].pk):
            _tell_one(council, user, [packages[key] for key in sorted(keys)], arrived, link, at)


def _tell_one(council: Council, user: User, packages: Sequence[Package], arrived: str, link: str, at: datetime) -> None:
    if len(packages) > MOST_PACKAGES:
        about = ngettext("%(number)d package", "%(number)d packages", len(packages)) % {"number": len(packages)}
        jobs.tell(user, "deviations", about, council=council.pk, key=_key(arrived), at=at, link=link)
        return
    for package in packages:
        jobs.tell(
            user,
            "deviations",
            package.reference,
            council=council.pk,
            key=_key(arrived, package.pk),
            at=at,
            package=package.reference,
            link=f"{link}?package={package.reference}",
        )
