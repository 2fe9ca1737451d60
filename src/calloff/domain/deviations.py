"""
Where a visit was missed, late or short, whose doing it was, and against whom it counts (DOMAIN 4.3 and K14).

One side says a cause, the other agrees with it or contests it; what was said last stands. Nothing that is said changes
what a visit is worth: it decides only whether the provider's own figures count it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from calloff.domain.errors import CalloffError
from calloff.domain.visits import Mark, Reason

MADE = (Reason.DELIVERED, Reason.UNPLANNED)


class Deviation(StrEnum):
    """How a visit did not keep to its plan."""

    MISSED = "missed"
    LATE = "late"
    SHORT = "short"


class Cause(StrEnum):
    """Whose doing it was."""

    PROVIDER = "provider"
    PERSON = "person"
    COUNCIL = "council"
    WEATHER = "weather"


class Stands(StrEnum):
    """How far the two sides have come about a cause."""

    UNSAID = "unsaid"
    SAID = "said"
    AGREED = "agreed"
    CONTESTED = "contested"


class Says(StrEnum):
    """What a side does about a deviation."""

    SAY = "say"
    AGREE = "agree"
    CONTEST = "contest"


class OutOfTurnError(CalloffError):
    """Nobody agrees with or contests what they said themselves, or what nobody said, or said already."""


@dataclass(frozen=True)
class Attribution:
    """What stands about a deviation: the cause that was said last, and whether the provider said it."""

    stands: Stands = Stands.UNSAID
    cause: Cause | None = None
    by_provider: bool = False


def deviations_of(reason: Reason, marks: int) -> tuple[Deviation, ...]:
    """How a visit did not keep to its plan, from what settlement found it to be; of one that was kept, nothing."""
    if reason is Reason.MISSED:
        return (Deviation.MISSED,)
    if reason not in MADE:
        return ()
    late = (Deviation.LATE,) if marks & Mark.LATE else ()
    return (*late, Deviation.SHORT) if marks & Mark.SHORT else late


def attributed(before: Attribution, says: Says, *, by_provider: bool, cause: Cause | None = None) -> Attribution:
    """
    What stands after a side has spoken: the council and the provider are the two sides.

    Anybody may say another cause at any time, and the other side answers it anew. OutOfTurnError where a side answers
    its own words, or an answer was given already; a contested cause may still be agreed by whoever contested it.
    """
    if says is Says.SAY:
        if cause is None:
            raise OutOfTurnError("Choose whose doing it was. Nothing was changed.")
        return Attribution(Stands.SAID, cause, by_provider)
    if before.stands is Stands.UNSAID:
        raise OutOfTurnError("Nobody has said yet whose doing it was. Nothing was changed.")
    if before.by_provider == by_provider:
        raise OutOfTurnError("The other side answers what you said. Say another cause instead. Nothing was changed.")
    if before.stands is Stands.AGREED or (before.stands is Stands.CONTESTED and says is Says.CONTEST):
        raise OutOfTurnError("This was answered already. Say another cause instead. Nothing was changed.")
    return Attribution(Stands.AGREED if says is Says.AGREE else Stands.CONTESTED, before.cause, before.by_provider)


def counts_against_provider(stands: Stands, cause: Cause | None) -> bool:
    """
    Whether the figures of the provider alone count a deviation (K12, K14, K15 "provider-fault only").

    Only what both sides agree was somebody else's doing does not count; what nobody explained, what one side has said
    and what is contested counts until it is agreed (assumed: DOMAIN names the figure and not who bears a doubt).
    """
    return stands is not Stands.AGREED or cause is Cause.PROVIDER


def late_minutes(came_at: datetime, window_to_at: datetime) -> int:
    """Whole minutes by which somebody came after the window of the visit had closed; a begun minute is none."""
    return max(0, int((came_at - window_to_at).total_seconds()) // 60)


def is_told(deviation: Deviation, minutes: int, limit_minutes: int) -> bool:
    """Whether people are told at once: of every missed visit, and of one as late as the council's limit or later."""
    return deviation is Deviation.MISSED or (deviation is Deviation.LATE and minutes >= limit_minutes)
