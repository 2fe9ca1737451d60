"""What a provider says to an invitation, put as the answer that it may give."""

from __future__ import annotations

import json
from collections.abc import Sequence

from calloff.domain.history import Invited
from calloff.domain.packages import Visit
from calloff.web.brokerage.models import Invitation
from calloff.web.brokerage.services.answering import Answer
from calloff.web.brokerage.services.desk import facts_of, history_of
from calloff.web.contracts.services.market import facts_of as facts_of_enrolment


def worded(invitation: Invitation, said: str) -> Answer:
    """What is said as an answer: a part where the minutes hold no more, a subcontractor where one must be named."""
    word, _, reason = said.partition(":")
    if word == "decline":
        return Answer("decline", reason=reason or "no_capacity")
    facts = facts_of(invitation.package, invitation.version)
    asked = [facts.visits[number] for number in json.loads(invitation.visits)]
    invited = next(
        one
        for one in reversed(history_of(invitation.package))
        if isinstance(one, Invited) and one.enrolment == invitation.enrolment.reference
    )
    deliverer = invited.subcontractors[0] if invited.subcontractors else ""
    if word == "mornings":
        return Answer("part", visits=tuple(visit for visit in asked if visit.start_minute < 12 * 60))
    held = [visit for visit in asked if deliverer or invitation.sealed]
    kept = held or covered(invitation, asked)
    if len(kept) == len(asked):
        return Answer("accept", delivered_by=deliverer)
    return Answer("part", visits=tuple(kept)) if kept else Answer("decline", reason="no_capacity_in_band")


def covered(invitation: Invitation, asked: Sequence[Visit]) -> list[Visit]:
    """The visits that the minutes kept for an invitation hold, no day's band divided."""
    left = dict(json.loads(invitation.holds))
    pools = facts_of_enrolment(invitation.enrolment).pools
    groups: dict[tuple[int, int], list[Visit]] = {}
    for visit in asked:
        groups.setdefault((visit.band, visit.day), []).append(visit)
    kept: list[Visit] = []
    for (_, _), visits in sorted(groups.items()):
        name = visits[0].band.name.lower()
        pool = next((number for number, one in enumerate(pools) if not one.bands or name in one.bands), -1)
        minutes = sum(visit.worker_minutes for visit in visits)
        if 0 < minutes <= left.get(pool, 0):
            left[pool] -= minutes
            kept += visits
    return kept
