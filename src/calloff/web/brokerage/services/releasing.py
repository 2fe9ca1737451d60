"""
A place that a provider kept for somebody in hospital, given free after the retainer (DOMAIN 3.5).

While a retainer runs the same provider makes the same visits again on the return. Once it is over and nobody knows
when the person comes back, the provider may give the place away: the package ends, or waits without payment.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from calloff.domain.absences import HOSPITAL
from calloff.domain.calendar import local
from calloff.domain.history import Held
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.brokerage.models import CallOff, Package
from calloff.web.brokerage.services import absences, lots
from calloff.web.brokerage.services.carrying import end_invitations
from calloff.web.brokerage.services.columns import refresh
from calloff.web.brokerage.services.ending import end_call_off
from calloff.web.brokerage.services.new_versions import new_version, refuse_unfinished
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.services.sourcing import fresh_desk

KEPT_DAYS = 14
"""So long a place is kept from the day of the admission on where no retainer says how long (LDS-HOSP: two weeks)."""
ENDED, HELD = "ended", "held"
Knows = Callable[[CallOff, date], int | None]
_know: list[Knows] = []


def knows_kept_days(function: Knows) -> Knows:
    """
    Name the function that knows for how many days the payment rule of a call-off keeps its place from an admission on.

    None where its rule has no retainer. Payment rules are no business of this room, and are told to it.
    """
    _know.append(function)
    return function


def kept_days(package: Package, admitted_on: date) -> int:
    """For how many days from an admission on the place of a package is kept: the longest of its providers' rules."""
    living = CallOff.objects.filter(package=package, ended_on__isnull=True).select_related("enrolment")
    said = [days for one in living for knows in _know if (days := knows(one, admitted_on)) is not None]
    return max(said, default=KEPT_DAYS)


def kept_until(package: Package) -> date | None:
    """The last day for which the place is kept; None where nobody is in hospital without a day of return."""
    away = [one for one in absences.standing(package) if one.kind == HOSPITAL and one.until_at is None]
    if not away:
        return None
    admitted_on = local(away[0].from_at).date()
    return admitted_on + timedelta(days=kept_days(package, admitted_on) - 1)


def release_place(*, package: Package, then: str, by: User, at: datetime) -> None:
    """
    The provider gives the place away: the package is `ended`, or `held` without payment until the person is back.

    Its call-offs end with the last day for which the place was kept. Held, it goes on under a new version, for which
    the same provider is the current one. RefusedError while the place is still kept.
    """
    if then not in (ENDED, HELD):
        raise RefusedError(_("Choose what becomes of the package. Nothing was changed."))
    with act(council=package.council_id, by=by, at=at) as doing:
        lots.leave(doing, package)
        desk = fresh_desk(package, doing.at)
        refuse_unfinished(desk)
        last = kept_until(desk.package)
        if last is None:
            raise RefusedError(_("The person is not in hospital, or is expected back. Nothing was changed."))
        if local(doing.at).date() <= last:
            raise RefusedError(
                _("The place is kept until %(day)s. Nothing was changed.") % {"day": f"{last.day} {last:%B %Y}"}
            )
        living = list(CallOff.objects.filter(package=package, ended_on__isnull=True).select_related("branch"))
        if not living:
            raise RefusedError(_("No provider keeps a place for this package. Nothing was changed."))
        end_invitations(desk, "package_ended")
        for call_off in living:
            end_call_off(desk, call_off, max(last, call_off.start_on or last), HOSPITAL)
        history = []
        if then == ENDED:
            desk.package.state, desk.package.ended_on, desk.package.end_reason = Package.ENDED, last, HOSPITAL
            refresh(desk, None)
        else:
            desk.package.on_hold = "in_hospital"
            desk.course.history.append(Held(doing.at, "in_hospital"))
            main = max(living, key=lambda one: (one.minutes_per_week, -one.pk))
            facts = replace(desk.facts, current_provider=main.branch.reference)
            history = new_version(desk, facts, "released", {})
        data = {"then": then, "last_day_on": str(last), "call_offs": [one.token for one in living]}
        doing.record("place_released", package.reference, data, history)
