"""What carrying a decision out does: the events it adds, the minutes it keeps, gives back or takes, who had a turn."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from calloff.domain.decisions import CallOff, Decision, Invite
from calloff.domain.history import CalledOff, Ended, Event, Invited
from calloff.domain.market import Counters, Standing
from calloff.domain.packages import Package
from calloff.domain.purchasing_model import PurchasingModel
from calloff.domain.story import read_story

Holds = tuple[tuple[int, int], ...]


@dataclass
class Course:
    """One package on its way under a model: what has happened to it, and the minutes kept for those it asks."""

    model: PurchasingModel
    package: Package
    standing: Standing
    counters: Counters
    history: list[Event] = field(default_factory=list)
    held: dict[str, Holds] = field(default_factory=dict)

    def release_spent(self, at: datetime) -> list[str]:
        """Give back what is kept for invitations that no longer live; the enrolments for which it was."""
        if not self.held:
            return []
        story = read_story(self.model, self.package, self.history, at)
        live = {turn.invited.enrolment for turn in story.live}
        spent = [enrolment for enrolment in self.held if enrolment not in live]
        for enrolment in spent:
            self.counters.release(self.held.pop(enrolment))
        return spent

    def carry_out(self, decision: Decision, at: datetime) -> list[Event]:
        """End, invite or call off as decided; the events that are thereby added to the history."""
        before = len(self.history)
        for ending in decision.ends:
            self.counters.release(self.held.pop(ending.enrolment, ()))
            self.history.append(Ended(ending.enrolment, at, ending.reason))
        if isinstance(decision, Invite):
            self._invite(decision, at)
        elif isinstance(decision, CallOff):
            self._call_off(decision, at)
        return self.history[before:]

    def _invite(self, decision: Invite, at: datetime) -> None:
        for one in decision.invitations:
            self.counters.hold(one.holds)
            self.held[one.enrolment] = one.holds
            self._count_for_quota(one.enrolment, one.visits, accepted=False)
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

    def _call_off(self, decision: CallOff, at: datetime) -> None:
        takes_turns = any(step.takes_turns and step.name == decision.step for step in self.model.steps)
        for part in decision.parts:
            self.counters.release(self.held.pop(part.enrolment, ()))
            self.counters.use(part.takes)
            self._count_for_quota(part.enrolment, part.visits, accepted=True)
            self.history.append(CalledOff(part.enrolment, at, part.visits, part.delivered_by))
            if takes_turns:
                self.counters.take_turn(self.standing.row_of[part.enrolment])

    def _count_for_quota(self, enrolment: str, visits: tuple[int, ...], accepted: bool) -> None:
        """Count hours as referred: when they are accepted, or whenever somebody is asked, as the model says."""
        if self.model.counts_for_quota(accepted):
            minutes = sum(self.package.visits[number].worker_minutes for number in visits)
            self.counters.referred[self.standing.row_of[enrolment]] += minutes
