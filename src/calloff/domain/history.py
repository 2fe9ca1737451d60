"""
What has happened to one package: invitations, offers, endings, call-offs, holds, overrides. Added, never changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from calloff.domain.packages import Visit

DECLINE_REASONS = {
    "no_capacity_in_band": True,
    "no_capacity": True,
    "location": True,
    "double_handed": True,
    "skills": True,
    "language_or_gender": True,
    "price": True,
    "risk_to_staff": True,
    "start_date": True,
    "person_known_unsuitable": True,
    "other": True,
    "wrong_information": False,
    "withdrawn": False,
}
"""The closed list; False where the council caused it, so that it is not counted against the provider."""
ANSWERS = ("accept", "part", "decline")
OVERRIDE_REASONS = ("person_at_risk", "court_order", "correction_of_error", "other_authorised")


@dataclass(frozen=True)
class Invited:
    """
    The council asked one enrolment, for visits by their place in the package's pattern.

    `rank` is its rank in the wave: equal ranks were equal in every published criterion. `holds` are the minutes
    kept for it, by pool. `subcontractors` are the enrolments of which the answer must name one (the quota).
    """

    enrolment: str
    provider: str
    step: str
    wave: int
    rank: int
    at: datetime
    deadline_at: datetime
    visits: tuple[int, ...]
    holds: tuple[tuple[int, int], ...] = ()
    subcontractors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Offered:
    """
    A provider's answer to its invitation, `at` being when it was received.

    `visits` are those offered, with their times; none means all that were asked, at the times asked.
    """

    enrolment: str
    at: datetime
    answer: str
    reason: str = ""
    visits: tuple[Visit, ...] = ()
    centipence_per_hour: int = 0
    start_on: date | None = None
    delivered_by: str = ""


@dataclass(frozen=True)
class Ended:
    """The council ended an invitation, which is not a decline."""

    enrolment: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class CalledOff:
    """
    Some visits were called off: confirmed by a person, or by the run in simulation.

    No enrolment means outside the model, recorded afterwards: the visits are placed all the same. What is `carried`
    was called off for the need as it was before: who has it is asked for the new visits like anybody else.
    """

    enrolment: str
    at: datetime
    visits: tuple[int, ...]
    delivered_by: str = ""
    carried: bool = False


@dataclass(frozen=True)
class Held:
    """Nothing new opens from here on; running deadlines stand."""

    at: datetime
    reason: str


@dataclass(frozen=True)
class Released:
    """The hold ended."""

    at: datetime


@dataclass(frozen=True)
class Withdrawn:
    """The package is no longer wanted."""

    at: datetime
    reason: str


@dataclass(frozen=True)
class Overridden:
    """
    A named person chose another candidate, or brought a turn forward, with a reason from the closed list.

    It counts for the next decision only; gates 1 to 6 and 8 still hold.
    """

    at: datetime
    enrolment: str
    by: str
    reason: str


Event = Invited | Offered | Ended | CalledOff | Held | Released | Withdrawn | Overridden
