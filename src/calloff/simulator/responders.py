"""Who answers an invitation in a run: a file of answers, everybody at once, or a seeded draw (assumed shares)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from calloff.domain.decisions import Invitation
from calloff.domain.history import DECLINE_REASONS, Offered
from calloff.domain.packages import Package
from calloff.formats.responses import Response
from calloff.simulator.keyed_draws import Draws

ACCEPT_PERCENT, PART_PERCENT, DECLINE_PERCENT = 60, 10, 20
"""What is left, 10 %, is silence (assumed)."""
PROMPT_REPLY = timedelta(minutes=30)
"""How long a provider takes when everybody accepts (assumed)."""


class Responder(Protocol):
    """Gives the offers that will come in for an invitation, with the moment each is received."""

    def answers(self, package: Package, invitation: Invitation, wave: int, sent_at: datetime) -> list[Offered]:
        """The offers, in the order of their moments."""
        ...

    def unused(self) -> int:
        """How many answers were given that no invitation asked for."""
        ...

    def assumed(self) -> str:
        """What is assumed about the answers, in a sentence; empty when nothing is."""
        ...


@dataclass(frozen=True)
class AllAccept:
    """Everybody takes, half an hour after being asked, what its declared minutes hold."""

    def answers(self, package: Package, invitation: Invitation, wave: int, sent_at: datetime) -> list[Offered]:
        at = min(sent_at + PROMPT_REPLY, invitation.deadline_at)
        return [taken(package, invitation, invitation.covers, at)]

    def unused(self) -> int:
        return 0

    def assumed(self) -> str:
        return "everybody takes, half an hour after being asked, what its declared minutes hold"


@dataclass(frozen=True)
class Seeded:
    """60 % accept, 10 % offer a part, 20 % decline, 10 % stay silent, after a uniform delay (assumed)."""

    draws: Draws

    def answers(self, package: Package, invitation: Invitation, wave: int, sent_at: datetime) -> list[Offered]:
        key = (package.reference, invitation.provider, str(wave))
        minutes = int((invitation.deadline_at - sent_at).total_seconds()) // 60
        at = sent_at + timedelta(minutes=self.draws.between(0, minutes, "delay", *key))
        share = self.draws.between(0, 99, "answer", *key)
        if share < ACCEPT_PERCENT:
            return [taken(package, invitation, invitation.covers, at)]
        if share < ACCEPT_PERCENT + PART_PERCENT:
            return [taken(package, invitation, half_of(package, invitation.covers), at)]
        if share < ACCEPT_PERCENT + PART_PERCENT + DECLINE_PERCENT:
            reasons = sorted(DECLINE_REASONS)
            reason = reasons[self.draws.between(0, len(reasons) - 1, "reason", *key)]
            return [Offered(invitation.enrolment, at, "decline", reason)]
        return []

    def unused(self) -> int:
        return 0

    def assumed(self) -> str:
        silent = 100 - ACCEPT_PERCENT - PART_PERCENT - DECLINE_PERCENT
        return (
            f"of the invited {ACCEPT_PERCENT} % accept, {PART_PERCENT} % offer a part, {DECLINE_PERCENT} % decline and "
            f"{silent} % are silent, drawn by the seed, after a uniform delay; nobody accepts more than it declared"
        )


@dataclass
class FromFile:
    """The answers of a file; a provider without a row does not answer. `used` are the rows that were an answer."""

    rows: Mapping[tuple[str, str], list[Response]]
    used: set[Response] = field(default_factory=set)

    @staticmethod
    def of(responses: Iterable[Response]) -> FromFile:
        rows: dict[tuple[str, str], list[Response]] = {}
        for response in sorted(responses, key=lambda one: one.answered_at):
            rows.setdefault((response.package, response.provider), []).append(response)
        return FromFile(rows)

    def answers(self, package: Package, invitation: Invitation, wave: int, sent_at: datetime) -> list[Offered]:
        """Rows from the sending on; one after the deadline is recorded and refused by the kernel."""
        offers = []
        for row in self.rows.get((package.reference, invitation.provider), ()):
            if row.answered_at >= sent_at and row not in self.used:
                self.used.add(row)
                offers.append(
                    Offered(
                        invitation.enrolment,
                        row.answered_at,
                        row.answer,
                        row.reason,
                        row.visits,
                        row.centipence_per_hour or 0,
                        row.start_on,
                        self.deliverer(invitation, row.delivered_by),
                    )
                )
        return offers

    def assumed(self) -> str:
        return ""

    def unused(self) -> int:
        return sum(len(rows) for rows in self.rows.values()) - len(self.used)

    @staticmethod
    def deliverer(invitation: Invitation, named: str) -> str:
        """A subcontractor named by its provider's reference, as the enrolment the invitation knows."""
        return next((one for one in invitation.subcontractors if named and named in one), named)


def taken(package: Package, invitation: Invitation, visits: tuple[int, ...], at: datetime) -> Offered:
    """An acceptance of these visits, whole or a part; it names the first subcontractor where one is asked for."""
    delivered_by = invitation.subcontractors[0] if invitation.subcontractors else ""
    if set(visits) == set(invitation.visits):
        return Offered(invitation.enrolment, at, "accept", delivered_by=delivered_by)
    offered = tuple(package.visits[number] for number in visits)
    if not offered:
        return Offered(invitation.enrolment, at, "decline", "no_capacity")
    return Offered(invitation.enrolment, at, "part", visits=offered, delivered_by=delivered_by)


def half_of(package: Package, visits: tuple[int, ...]) -> tuple[int, ...]:
    """The first half of the bands of the days, each whole; everything where there is only one."""
    places = sorted({(package.visits[number].band, package.visits[number].day) for number in visits})
    kept = set(places[: max(1, len(places) // 2)])
    return tuple(number for number in visits if (package.visits[number].band, package.visits[number].day) in kept)
