"""
What stops a planned visit, and how it is then paid (DOMAIN 3.5, 4.5; settled readings of section 11).

An absence says from when to when no visits are to be made, whose doing it is, and since when anybody knew. What of
it matters for one visit is a `Stop`; how the visit is paid for follows from that and from the payment rule, which may
change afterwards without a visit being planned anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from calloff.domain.calendar import local
from calloff.domain.payment_rule import PaymentRule, Retainer
from calloff.domain.visits import Stopped

HOSPITAL, DEATH = "hospital", "death"
OF_THE_PERSON = (HOSPITAL, "care_home", "holiday", "refused", "person")
"""In hospital, in a care home for a while, away with family, refusing care, or cancelled by the person."""
OF_THE_COUNCIL = ("safeguarding", "council")
"""From the moment of the notice: what was made before it is paid (DOMAIN 4.5)."""
OF_THE_PROVIDER = ("provider",)
KINDS = (*OF_THE_PERSON, *OF_THE_COUNCIL, *OF_THE_PROVIDER, DEATH)
RESTART_HOURS = 24
"""So soon after the notice of a return the same provider makes the same visits again (DOMAIN 3.5, assumed)."""


@dataclass(frozen=True)
class Absence:
    """
    From `from_at` to before `until_at`, or until nobody knows when, no visits are made; `told_at` is the notice.

    `by_day` where only the days are known. One that names a `visit` stops that one alone. The provider pays its
    `staff` and `restarts` at once, where that was confirmed: a retainer may ask for it.
    """

    kind: str
    from_at: datetime
    until_at: datetime | None
    told_at: datetime
    by_day: bool = False
    visit: str = ""
    staff_paid: bool = False
    restarts: bool = False

    def covers(self, reference: str, start_at: datetime) -> bool:
        """Whether a visit is not to be made because of it: on the return it is made again."""
        if self.visit not in ("", reference):
            return False
        begins = max(self.from_at, self.told_at) if self.kind in OF_THE_COUNCIL else self.from_at
        return begins <= start_at and (self.until_at is None or start_at < self.until_at)


@dataclass(frozen=True)
class Stop:
    """What stops one visit: the `day` of the absence is 1 on its first local day."""

    kind: str
    told_at: datetime
    day: int
    by_day: bool = False
    staff_paid: bool = False
    restarts: bool = False


def stop_of(reference: str, start_at: datetime, absences: Sequence[Absence]) -> Stop | None:
    """
    What stops a visit, None where nothing does.

    Of several a death stands before all else, then what was told first: a visit that is off already is not stopped
    again at shorter notice (assumed).
    """
    covering = [one for one in absences if one.covers(reference, start_at)]
    if not covering:
        return None
    first = min(covering, key=lambda one: (one.kind != DEATH, one.told_at, one.from_at))
    day = (local(start_at).date() - local(first.from_at).date()).days + 1
    return Stop(first.kind, first.told_at, day, first.by_day, first.staff_paid, first.restarts)


def stopped_by(stop: Stop | None) -> Stopped:
    """
    How far a visit is stopped, whatever its payment rule says.

    Of a death whose hour nobody knows the visits of that day are parked, later ones are not to be made. What a
    provider cannot deliver stays planned: it was missed, and counts as missed.
    """
    if stop is None or stop.kind in OF_THE_PROVIDER:
        return Stopped.NO
    if stop.kind == DEATH:
        return Stopped.PARKED if stop.by_day and stop.day == 1 else Stopped.DEATH
    return Stopped.SUSPENDED


def stopped_under(stop: Stop | None, start_at: datetime, rule: PaymentRule) -> Stopped:
    """
    How a stopped visit is paid for under a rule: as kept by the retainer, as cancelled at short notice, or not at all.

    In hospital short notice covers the day of the admission alone, and a retainer whose conditions are met covers
    that day too. Notice is elapsed time; exactly so many hours are not short.
    """
    found = stopped_by(stop)
    if found is not Stopped.SUSPENDED or stop is None or stop.kind not in OF_THE_PERSON:
        return found
    if stop.kind == HOSPITAL and rule.retainer is not None and keeps_the_place(stop, rule.retainer):
        return Stopped.RETAINER if stop.day <= rule.retainer.days else Stopped.SUSPENDED
    is_short = start_at - stop.told_at < timedelta(hours=rule.short_notice_hours)
    return Stopped.SHORT_NOTICE if is_short and (stop.kind != HOSPITAL or stop.day == 1) else Stopped.SUSPENDED


def keeps_the_place(stop: Stop, retainer: Retainer) -> bool:
    """Whether the provider does what the retainer is paid for."""
    return (stop.staff_paid or not retainer.staff_paid) and (stop.restarts or not retainer.restart_at_once)
