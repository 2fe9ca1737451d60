"""K7: who is asked and what is answered, of the invitations whose deadline is past."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from calloff.domain.history import DECLINE_REASONS
from calloff.domain.indicators import Share
from calloff.web.brokerage.models import Invitation, Offer
from calloff.web.directory.models import Council
from calloff.web.performance.services.indicators import in_days

QUICKLY = timedelta(hours=4)
ACCEPTED, PART, DECLINED, SILENT, NOT_COUNTED = "accepted", "part", "declined", "silent", "not_counted"
HOW = (ACCEPTED, PART, DECLINED, SILENT, NOT_COUNTED)


@dataclass(frozen=True)
class Answers:
    """
    K7 of the invitations sent in some days whose deadline is past.

    Counted are those that were answered or that ran out; not counted those that the council ended unanswered, or was
    the cause of refusing.
    """

    counted: int
    accepted: int
    quickly: int
    expired: int

    @property
    def acceptance(self) -> Share:
        """Accepted in full over counted invitations."""
        return Share(self.accepted, self.counted)

    @property
    def within_four_hours(self) -> Share:
        return Share(self.quickly, self.counted)

    @property
    def expiry(self) -> Share:
        return Share(self.expired, self.counted)


@dataclass(frozen=True)
class Asked:
    """One invitation whose deadline is past, and its last answer in time; `ended` by the council before that."""

    sent_at: datetime
    answer: str = ""
    reason: str = ""
    answered_at: datetime | None = None
    ended: bool = False
    invitation: int = 0
    branch: int = 0

    @property
    def how(self) -> str:
        """One of HOW."""
        if not self.answer:
            return NOT_COUNTED if self.ended else SILENT
        if self.answer == "decline":
            return DECLINED if DECLINE_REASONS.get(self.reason, True) else NOT_COUNTED
        return ACCEPTED if self.answer == "accept" else PART

    @property
    def quickly(self) -> bool:
        """Whether all of it was accepted within four hours."""
        return self.how == ACCEPTED and self.answered_at is not None and self.answered_at - self.sent_at <= QUICKLY


def answers_of(asked: Iterable[Asked]) -> Answers:
    """K7 of some invitations."""
    counted = [one for one in asked if one.how != NOT_COUNTED]
    return Answers(
        len(counted),
        sum(one.how == ACCEPTED for one in counted),
        sum(one.quickly for one in counted),
        sum(one.how == SILENT for one in counted),
    )


def answers(council: Council, from_on: date, to_on: date, at: datetime) -> Answers:
    """K7 of the invitations sent in some days whose deadline is past at a moment."""
    return answers_of(asked_between(council, from_on, to_on, at))


def asked_between(council: Council, from_on: date, to_on: date, at: datetime, locality: str = "") -> list[Asked]:
    """
    The invitations sent in some days whose deadline is past, for packages anywhere or in a locality by its code.

    Nothing of a sealed step is read before its deadline.
    """
    begins, ends = in_days(from_on, to_on)
    rows = Invitation.objects.filter(council=council, sent_at__gte=begins, sent_at__lt=ends, deadline_at__lt=at)
    if locality:
        rows = rows.filter(package__locality__code=locality)
    last: dict[int, tuple[str, str, datetime]] = {}
    offers = Offer.objects.filter(invitation__in=rows.values("pk")).order_by("received_at", "pk")
    for invitation, answer, reason, received_at in offers.values_list("invitation", "answer", "reason", "received_at"):
        last[invitation] = (answer, reason, received_at)
    told = []
    for pk, branch, sent_at, state in rows.order_by("sent_at", "pk").values_list("pk", "branch", "sent_at", "state"):
        answer, reason, answered_at = last.get(pk, ("", "", None))
        ended = state in (Invitation.ENDED, Invitation.CALLED_OFF)
        told.append(Asked(sent_at, answer, reason, answered_at, ended, pk, branch))
    return told
