"""One question to the kernel while it is worked out: the columns, who stands where, what was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from calloff.domain import allocation
from calloff.domain.contracts import Enrolment
from calloff.domain.decisions import Ending
from calloff.domain.facts import asked_of
from calloff.domain.ground import Ground, ground_of
from calloff.domain.history import Event
from calloff.domain.market import Market, seconds
from calloff.domain.packages import Package
from calloff.domain.purchasing_model import PurchasingModel, Splitting, Step
from calloff.domain.story import ACCEPTED, ENDED, OPEN, PART, Story, Turn
from calloff.domain.tables import KEY, Fact

BARRING = (
    "price_above_line",
    "price_below_floor",
    "subcontractor_not_approved",
    "subcontractor_fails_gate",
    "capacity_gone",
    "below_minimum_quality",
    "part_in_competition",
    "lower_score",
)
"""Reasons for which an ended acceptance counts as an answer: the provider is not asked again."""


@dataclass
class Question:
    """One question to the kernel while it is worked out: the columns, who stands where, what is found."""

    model: PurchasingModel
    package: Package
    market: Market
    history: tuple[Event, ...]
    at: datetime
    story: Story
    ends: list[Ending] = field(default_factory=list)
    body: dict[str, Any] = field(default_factory=dict)
    through_subcontractor: set[int] = field(default_factory=set)
    depth: int = 0
    weighed: bool = False

    def weigh(self) -> None:
        """Fill the columns, evaluate every gate and find the step in force."""
        self.ground: Ground = ground_of(self.market.standing, self.model)
        self.tables, self.reckoner = self.ground.tables, self.ground.reckoner
        numbers = self.reckoner.numbers
        rows = self.rows = self.ground.rows
        asked = asked_of(self.ground, self.package, self.story.left)
        self.visits, self.needs = asked.visits, numbers(asked.needs)
        self.columns = asked.columns_at(self.at)
        counters = self.market.counters
        self.facts = asked.facts_at(counters, self.story.own_holds(), self.at)
        if not self._two_more_may_come():
            self.facts[Fact.COVERABLE * rows : (Fact.COVERABLE + 1) * rows] = numbers([0] * rows)
        elif any(step.kind == "book" for step in self.model.steps):
            asked.add_bands(self.facts, counters, self.at)
        self.status = numbers(self._status())
        self.failed, self.chosen, self.scratch = (numbers([0] * rows) for _ in range(3))
        self.found, self.pools = numbers([0] * 4), numbers([0] * 5)
        self.values = numbers([0] * (rows * max(1, len(self.tables.keys) // KEY)))
        self.step = self.decide()
        self.weighed = True

    def _two_more_may_come(self) -> bool:
        """Whether a part and its rest, or a pair of offers, would bring no more providers than the model allows."""
        splitting = self.model.splitting
        return splitting is not None and len(self.story.providers) + 2 <= splitting.most_providers

    def decide(self) -> int:
        """Gates for every enrolment and the step in force, from the columns as they stand."""
        tables = self.ground.flat
        return self.reckoner.decide(
            tables.gates,
            tables.conditions,
            tables.lines,
            tables.steps,
            tables.enforced,
            self.facts,
            self.rows,
            self.columns,
            self.needs,
            self.status,
            self.failed,
            self.chosen,
            self.scratch,
            self.pools,
            self.found,
        )

    def _status(self) -> list[int]:
        """
        Where each enrolment stands. A provider that answered, or let its time run out, is not asked again unless one
        of its declarations has grown since; an invitation that the council ended bars nobody. A provider that would be
        one too many for the person is not asked at all.
        """
        standing = self.market.standing
        known = self.has_as_many_as_allowed()
        status = [
            allocation.ASKABLE if known is None or enrolment.provider in known else allocation.BARRED
            for enrolment in standing.enrolments
        ]
        for part in self.story.called_off:
            if part.enrolment and not part.carried:
                status[standing.row_of[part.enrolment]] = allocation.BARRED
        for turn in self.story.invitations:
            row = standing.row_of[turn.invited.enrolment]
            if turn.state == ENDED and turn.reason not in BARRING:
                continue
            for same in standing.rows_of_provider[turn.invited.provider]:
                if turn.lives or not self._declared_more(same, turn):
                    status[same] = allocation.BARRED
            if turn.lives:
                state = {OPEN: allocation.OPEN, ACCEPTED: allocation.ACCEPTED, PART: allocation.PART}
                status[row] = state[turn.state]
        return status

    def has_as_many_as_allowed(self) -> set[str] | None:
        """
        The person's providers, where something is left to place and no further one may come; else None.

        That happens once a need has grown, or another part came back: what is left is asked of those who are there
        (DOMAIN 2.1: at most two providers per person, unless the document says another number).
        """
        standing = self.market.standing
        known = {standing.enrolments[standing.row_of[one]].provider if one else "" for one in self.story.providers}
        most = (self.model.splitting or Splitting()).most_providers
        return known if self.story.left and len(known) >= most else None

    def _declared_more(self, row: int, turn: Turn) -> bool:
        since = seconds(turn.settled_at) if turn.settled_at else 0
        raised = self.market.counters.raised_at
        pools = self.market.standing.pools_in[self.package.locality][row]
        return any(raised[pool] > since for pool, _ in pools)

    def end_all(self, reason: str, but: str = "") -> tuple[Ending, ...]:
        """Endings for every living invitation, except one enrolment's, after those already decided."""
        ended = {ending.enrolment for ending in self.ends}
        return (
            *self.ends,
            *(
                Ending(turn.invited.enrolment, reason)
                for turn in self.story.live
                if turn.invited.enrolment not in {but, *ended}
            ),
        )

    def code_of(self, failed: int) -> str:
        """The code of the first of the failed lines."""
        return self.tables.codes[(failed & -failed).bit_length() - 1]

    def step_named(self, name: str) -> Step | None:
        return next((step for step in self.model.steps if step.name == name), None)

    def sealed(self, turn: Turn) -> bool:
        """Whether an invitation went out in a sealed step."""
        step = self.step_named(turn.invited.step)
        return step is not None and step.sealed

    def routes(self) -> tuple[str, ...]:
        """The ways in which the person may lead, where the model has any for this package."""
        conditions = self.tables.conditions
        return tuple(
            route.name
            for route, (first, last) in zip(self.model.routes, self.tables.routes, strict=True)
            if allocation.conditions_hold(conditions, first, last, self.columns)
        )

    def provider(self, row: int) -> str:
        return self.market.standing.enrolments[row].provider

    def enrolment(self, reference: str) -> Enrolment:
        standing = self.market.standing
        return standing.enrolments[standing.row_of[reference]]
