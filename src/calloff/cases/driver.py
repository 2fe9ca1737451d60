"""Carries the kernel's decisions out in memory, one package at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

from calloff.domain.decisions import CallOff, Decision, Invite
from calloff.domain.history import CalledOff, Ended, Event, Invited, Offered
from calloff.domain.market import Counters, Market, Standing
from calloff.domain.next_step import next_step
from calloff.domain.packages import Package
from calloff.domain.purchasing_model import PurchasingModel
from calloff.domain.records import Ledger
from calloff.domain.story import read_story


@dataclass
class Run:
    """One package on its way: what has happened to it, and the minutes kept for those it asks."""

    model: PurchasingModel
    package: Package
    standing: Standing
    counters: Counters
    history: list[Event] = field(default_factory=list)
    held: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, model: PurchasingModel, package: Package, standing: Standing) -> Self:
        return cls(model, package, standing, Counters.at_start(standing, model.takes_turns))

    def ask(self, at: datetime) -> Decision:
        """The kernel's answer, after giving back what was kept for those who no longer may answer."""
        self.settle(at)
        return next_step(self.model, self.package, Market(self.standing, self.counters), self.history, at)

    def settle(self, at: datetime) -> None:
        story = read_story(self.model, self.package, self.history, at)
        live = {turn.invited.enrolment for turn in story.live}
        for enrolment in [one for one in self.held if one not in live]:
            self.counters.release(self.held.pop(enrolment))

    def refer(self, enrolment: str, visits: Sequence[int], accepted: bool) -> None:
        """Count hours towards the quota: when they are accepted, or whenever they are referred, as the model says."""
        if self.model.counts_for_quota(accepted):
            row = self.standing.row_of[enrolment]
            self.counters.referred[row] += sum(self.package.visits[number].worker_minutes for number in visits)

    def carry_out(self, decision: Decision, at: datetime) -> None:
        """Do what was decided: end, then invite or call off, with an event for each."""
        for ending in decision.ends:
            self.counters.release(self.held.pop(ending.enrolment, ()))
            self.history.append(Ended(ending.enrolment, at, ending.reason))
        if isinstance(decision, Invite):
            for one in decision.invitations:
                self.counters.hold(one.holds)
                self.refer(one.enrolment, one.visits, accepted=False)
                self.held[one.enrolment] = one.holds
                self.history.append(
                    Invited(
                        one.enrolment,
                        one.provider,
                        decision.step,
                        decision.wave,
                        one.rank,
                        at,
                        one.deadline_at,
                        one.visits,
                        one.holds,
                        one.subcontractors,
                    )
                )
        if isinstance(decision, CallOff):
            for part in decision.parts:
                self.counters.release(self.held.pop(part.enrolment, ()))
                self.counters.use(part.takes)
                self.refer(part.enrolment, part.visits, accepted=True)
                self.history.append(CalledOff(part.enrolment, at, part.visits, part.delivered_by))
                if any(step.takes_turns and step.name == decision.step for step in self.model.steps):
                    self.counters.take_turn(self.standing.row_of[part.enrolment])

    def answer(self, offer: Offered) -> None:
        self.history.append(offer)


def record_of(decision: Decision) -> bytes:
    return decision.record(Ledger()).content
