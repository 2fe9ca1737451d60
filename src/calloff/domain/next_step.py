"""
The kernel's one question: given this model, this package, what has happened so far and the time, what is next?

Pure: values in, decision out. It never waits, reads a clock, draws a random number or touches a database.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from calloff.domain import allocation
from calloff.domain.calendar import add_months, deadline, local, moment_text, working_days_after
from calloff.domain.contracts import Enrolment
from calloff.domain.decisions import Basis, CallOff, Decision, Ending, Invitation, Invite, Part, Refer, Wait
from calloff.domain.errors import NothingToPlaceError
from calloff.domain.facts import band_facts, candidate_facts, package_columns
from calloff.domain.history import Event
from calloff.domain.market import Ground, Market, minutes_by_pool, seconds
from calloff.domain.packages import Package, Visit, minutes_by_band
from calloff.domain.purchasing_model import DIRECT, EVERYONE, PurchasingModel, Step
from calloff.domain.records import RECORD_FORMAT
from calloff.domain.story import ACCEPTED, ENDED, OPEN, PART, Story, Turn, read_story
from calloff.domain.tables import KEY, LINE, STEP, Fact, GateCode, PackageColumn, StepColumn

D = TypeVar("D", bound=Decision)
BARRING = ("price_above_line", "subcontractor_not_approved", "subcontractor_fails_gate", "capacity_gone")
"""Reasons for which an ended acceptance counts as an answer: the provider is not asked again."""
ONE_SECOND = timedelta(seconds=1)
"""Moments are whole seconds; a deadline is inclusive, so that the first moment after it is a second later."""


def next_step(
    model: PurchasingModel, package: Package, market: Market, history: Sequence[Event], at: datetime
) -> Decision:
    """
    What to do next for a package: Invite, Wait, CallOff or Refer, with the invitations that end and the record.

    `history` are the package's events in the order they happened, `at` a whole second. Counters that the package's
    own living invitations hold count as spare for it. Raises NothingToPlaceError when all is called off.
    """
    story = read_story(model, package, history, at)
    question = Question(model, package, market, tuple(history), at, story)
    if not story.left:
        raise NothingToPlaceError(f"every visit of package {package.reference} is called off already")
    if story.withdrawn:
        return question.answer(Refer, "", reason="withdrawn", ends=question.end_all("withdrawn"))
    question.weigh()
    if story.override is not None:
        return question.override()
    return question.live_wave() or question.open_step()


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

    def weigh(self) -> None:
        """Fill the columns, evaluate every gate and find the step in force."""
        self.ground: Ground = self.market.standing.ground(self.model)
        self.tables = self.ground.tables
        rows = self.rows = self.ground.rows
        self.visits = [self.package.visits[number] for number in self.story.left]
        self.needs = minutes_by_band(self.visits)
        self.columns = package_columns(self.ground, self.package, self.visits, self.at)
        counters = self.market.counters
        self.facts = candidate_facts(self.ground, counters, self.package, self.visits, self.story.own_holds(), self.at)
        if self._two_more_may_come() and any(step.kind == "book" for step in self.model.steps):
            band_facts(self.ground, self.facts, counters, self.package, self.visits, self.at)
        self.status = self._status()
        self.failed, self.chosen, self.scratch = [0] * rows, [0] * rows, [0] * rows
        self.found, self.pools = [0] * 4, [0] * 5
        self.values = [0] * (rows * max(1, len(self.tables.keys) // KEY))
        self.step = self._decide()

    def _two_more_may_come(self) -> bool:
        """Whether a pair of offers would leave the person with no more providers than the model allows."""
        splitting = self.model.splitting
        return splitting is not None and len(self.story.providers) + 2 <= splitting.most_providers

    def _decide(self) -> int:
        tables = self.tables
        return allocation.decide(
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
        of its declarations has grown since; an invitation that the council ended bars nobody.
        """
        status = [allocation.ASKABLE] * self.rows
        standing = self.market.standing
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
        for part in self.story.called_off:
            status[standing.row_of[part.enrolment]] = allocation.BARRED
        return status

    def _declared_more(self, row: int, turn: Turn) -> bool:
        since = seconds(turn.settled_at) if turn.settled_at else 0
        raised = self.market.counters.raised_at
        pools = self.market.standing.pools_in[self.package.locality][row]
        return any(raised[pool] > since for pool, _ in pools)

    # -- answers -------------------------------------------------------------------------------------------

    def answer(self, kind: type[D], step: str, **data: Any) -> D:
        """The decision with its basis: inputs, gates, order and what else the record must hold."""
        ends = data.pop("ends", tuple(self.ends))
        body = {"format": RECORD_FORMAT, "at": moment_text(self.at), **self.body}
        if hasattr(self, "failed"):
            body["gates"] = self._gates()
        inputs = (self.model, self.package, self.market, self.history, self.at)
        return kind(step=step, ends=ends, basis=Basis(body, inputs), **data)

    def _gates(self) -> dict[str, Any]:
        """Every gate of every enrolment: a bit for each line failed, and the figures on which it failed."""
        gates, facts, rows = self.tables.gates, self.facts, self.rows
        lines = [
            (gates[at + 4] * rows, self.columns[gates[at + 7]] if gates[at + 6] else gates[at + 7])
            for at in range(0, len(gates), LINE)
        ]
        evidence = []
        for row, failed in enumerate(self.failed):
            if failed:
                evidence.append(
                    [
                        row,
                        [
                            [line, facts[start + row], operand]
                            for line, (start, operand) in enumerate(lines)
                            if failed >> line & 1
                        ],
                    ]
                )
        numbers = [gates[at] for at in range(0, len(gates), LINE)]
        return {"codes": list(self.tables.codes), "numbers": numbers, "failed": evidence}

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

    # -- the wave that is out ------------------------------------------------------------------------------

    def live_wave(self) -> Decision | None:
        """Take the first acceptance nobody above can still beat, or wait; None when nobody is left in the wave."""
        turns = sorted(self.story.live, key=lambda turn: (turn.invited.wave, turn.invited.rank))
        row_of = self.market.standing.row_of
        wave = [row_of[turn.invited.enrolment] for turn in turns]
        ranks = [turn.invited.rank for turn in turns]
        while True:
            move = allocation.advance(wave, ranks, len(wave), self.status, self.found)
            if move == allocation.WAIT:
                deadlines = [turn.invited.deadline_at for turn in turns if turn.state == OPEN]
                reason, until = "answers_due", min(deadlines) + ONE_SECOND
                return self.answer(Wait, turns[0].invited.step, reason=reason, until=until)
            if move == allocation.MOVE_ON:
                return None
            turn, row = turns[self.found[0]], wave[self.found[0]]
            decision = self.take(turn, row)
            if decision is not None:
                return decision
            self.status[row] = allocation.BARRED

    def take(self, turn: Turn, row: int) -> CallOff | None:
        """The call-off of an acceptance, gates and minutes run again; None when it ends instead, with its reason."""
        offer = turn.offer
        assert offer is not None  # noqa: S101 - an acceptance has an answer
        problem = self.why_not_now(row, turn)
        deliverer = row
        if not problem and offer.delivered_by:
            deliverer = self.market.standing.row_of.get(offer.delivered_by, -1)
            problem = self.why_not_subcontractor(row, deliverer)
        visits = tuple(turn.visits)
        if not problem:
            visits = self.covered(deliverer, visits)
            problem = "" if visits else "capacity_gone"
            if visits != turn.visits and (not self.model.splitting or self.would_be_too_many(turn)):
                problem = "capacity_gone"
        cost, line_ids = self.price(row, visits)
        if not problem and offer.centipence_per_hour:
            offered = offer.centipence_per_hour * sum(self.package.visits[number].worker_minutes for number in visits)
            problem = "price_above_line" if offered > cost else ""
            cost = offered
        if problem:
            self.ends.append(Ending(turn.invited.enrolment, problem))
            return None
        moved = tuple((number, visit) for number, visit in turn.moved if number in visits)
        part = self.part(row, deliverer, visits, turn.invited.step, cost, line_ids)
        part = replace(part, moved=moved, start_on=offer.start_on, delivered_by=offer.delivered_by)
        whole = set(visits) == set(self.story.left)
        ends = self.end_all("placed_elsewhere", but=part.enrolment) if whole else tuple(self.ends)
        return self.answer(CallOff, turn.invited.step, parts=(part,), ends=ends)

    def would_be_too_many(self, turn: Turn) -> bool:
        most = self.model.splitting.most_providers if self.model.splitting else 1
        return len(self.story.providers | {turn.invited.enrolment}) >= most

    def why_not_now(self, row: int, turn: Turn) -> str:
        """The code of the gate that an acceptance no longer passes; empty when it does (settled reading 3)."""
        failed = self.failed[row] & self.tables.enforced & ~self.capacity_bits
        if failed:
            return self.tables.codes[(failed & -failed).bit_length() - 1]
        return ""

    @property
    def capacity_bits(self) -> int:
        gates = self.tables.gates
        return sum(1 << line for line in range(len(gates) // LINE) if gates[line * LINE] == GateCode.CAPACITY)

    def why_not_subcontractor(self, prime: int, row: int) -> str:
        """Why a named subcontractor cannot deliver: not approved, or failing a gate of its own."""
        enrolments = self.market.standing.enrolments
        if row < 0 or enrolments[row].provider not in enrolments[prime].subcontractors:
            return "subcontractor_not_approved"
        if self.failed[row] & self.tables.enforced & ~self.capacity_bits:
            return "subcontractor_fails_gate"
        return ""

    def covered(self, row: int, visits: Sequence[int]) -> tuple[int, ...]:
        """Those visits that a row's spare minutes hold, band by band through the week, no day's band divided."""
        spare = self.spare_by_pool(row)
        groups: dict[tuple[int, int], list[int]] = {}
        for number in visits:
            visit = self.package.visits[number]
            groups.setdefault((visit.band, visit.day), []).append(number)
        kept: list[int] = []
        for _, numbers in sorted(groups.items()):
            taken = self.minutes(row, numbers)
            wanted = sum(self.package.visits[number].worker_minutes for number in numbers)
            fits = all(minutes <= spare[pool] for pool, minutes in taken) and sum(m for _, m in taken) == wanted
            if fits:
                for pool, minutes in taken:
                    spare[pool] -= minutes
                kept += numbers
        return tuple(sorted(kept))

    def spare_by_pool(self, row: int) -> dict[int, int]:
        counters, own = self.market.counters, self.story.own_holds()
        oldest = seconds(self.at) - self.model.declaration_days * 86_400
        return {
            pool: counters.declared[pool] - counters.used[pool] - counters.held[pool] + own.get(pool, 0)
            if counters.declared_at[pool] >= oldest
            else 0
            for pool, _ in self.market.standing.pools_in[self.package.locality][row]
        }

    def minutes(self, row: int, visits: Sequence[int]) -> tuple[tuple[int, int], ...]:
        """Minutes a week that these visits take from each of a row's pools."""
        chosen = [self.package.visits[number] for number in visits]
        return tuple(sorted(minutes_by_pool(self.market.standing, row, self.package.locality, chosen).items()))

    def price(self, row: int, visits: Sequence[int]) -> tuple[int, tuple[str, ...]]:
        """Weekly cost, unrounded, and the price lines it comes from."""
        cost, lines = 0, set()
        chosen: list[Visit] = [self.package.visits[number] for number in visits]
        for cell, (minutes, count) in self.ground.cells(self.package, chosen).items():
            rates = self.ground.rates(cell, self.package.required_start_on)
            cost += rates.hourly[row] * minutes + rates.per_visit[row] * 60 * count
            lines.add(rates.line_ids[row])
        return cost, tuple(sorted(lines - {""}))

    def part(
        self, row: int, deliverer: int, visits: tuple[int, ...], step: str, cost: int, line_ids: tuple[str, ...]
    ) -> Part:
        enrolment = self.market.standing.enrolments[row]
        minutes = sum(self.package.visits[number].worker_minutes for number in visits)
        return Part(
            enrolment=enrolment.reference,
            provider=enrolment.provider,
            kind=self.kind_of(self.step_named(step), enrolment),
            visits=visits,
            cost=cost,
            line_ids=line_ids,
            takes=self.minutes(deliverer, visits),
            full_cost=enrolment.full_cost_centipence_per_hour * minutes,
        )

    def step_named(self, name: str) -> Step | None:
        return next((step for step in self.model.steps if step.name == name), None)

    def kind_of(self, step: Step | None, enrolment: Enrolment) -> str:
        """New, a variation of what the provider has, the person's choice, drawn from a block, or in-house."""
        if enrolment.role in ("block", "in_house"):
            return enrolment.role
        if step is not None and step.whom == "current_provider" and not self.columns[PackageColumn.SIGNIFICANT]:
            return "variation"
        if step is not None and step.whom == "chosen_provider":
            return "chosen"
        return "new"

    # -- the next wave -------------------------------------------------------------------------------------

    def open_step(self) -> Decision:
        """Open the next wave of the step in force, call off unasked where it says so, or refer with the proof."""
        if self.ends:
            # An acceptance that failed its gate may have been the step's last candidate: look again without it.
            self.step = self._decide()
        if self.step == len(self.tables.steps) // STEP:
            self.body["proof"] = self.proof()
            return self.answer(Refer, "", reason="no_step_left", passed_over=self.passed_over())
        step = self.model.steps[self.step]
        opens_at = self.opens_at(step)
        if opens_at > self.at:
            return self.answer(Wait, step.name, reason="step_opens_later", until=opens_at)
        if self.story.on_hold:
            return self.answer(Wait, step.name, reason="on_hold")
        count = self.in_order()
        size = step.ask[self.package.priority - 1]
        if size == DIRECT:
            return self.call_off_unasked(step, count)
        places = self.wave_of(count, size)
        return self.answer(
            Invite,
            step.name,
            wave=self.story.last_wave + 1,
            invitations=tuple(self.invitation(step, row, rank) for row, rank in places),
        )

    def opens_at(self, step: Step) -> datetime:
        if step.opens_after_working_days == 0:
            return self.at
        calendar = self.market.standing.calendars[self.package.nation]
        return working_days_after(self.package.approved_at, step.opens_after_working_days, calendar)

    def in_order(self) -> int:
        """Put the step's candidates in order; what is equal in every published criterion is drawn."""
        count, tables = self.found[0], self.tables
        at = self.step * STEP
        keys_from, keys_to = tables.steps[at + StepColumn.KEYS_FROM], tables.steps[at + StepColumn.KEYS_TO]

        def sort() -> int:
            return allocation.put_in_order(
                tables.keys,
                keys_from,
                keys_to,
                self.facts,
                self.rows,
                self.columns,
                self.chosen,
                count,
                self.values,
                self.scratch,
            )

        depth = keys_to - keys_from
        draws = []
        if sort():
            for row in self.tied(count, depth):
                draw = draw_of(self.market.standing.seed, self.package.reference, self.step, self.provider(row))
                self.facts[Fact.DRAW * self.rows + row] = draw
                draws.append([row, draw])
            sort()
        self.depth = depth
        self.body["order"] = [
            [row, *(self.values[key * self.rows + row] for key in range(depth))] for row in self.chosen[:count]
        ]
        self.body["draws"] = sorted(draws)
        return count

    def provider(self, row: int) -> str:
        return self.market.standing.enrolments[row].provider

    def tied(self, count: int, depth: int) -> list[int]:
        """The rows that equal a neighbour on every key."""
        keys = [tuple(self.values[key * self.rows + row] for key in range(depth)) for row in self.chosen[:count]]
        return [self.chosen[place] for place, key in enumerate(keys) if keys.count(key) > 1]

    def wave_of(self, count: int, size: int) -> list[tuple[int, int]]:
        """The next rows to ask with their rank, one for each provider; equal before the draw is equal rank."""
        asked: list[tuple[int, int]] = []
        providers: set[str] = set()
        rank, before = 0, None
        for place in range(count):
            row = self.chosen[place]
            key = tuple(self.values[key * self.rows + row] for key in range(self.depth - 1))
            rank, before = (rank, before) if key == before else (place + 1, key)
            provider = self.market.standing.enrolments[row].provider
            if provider in providers:
                continue
            providers.add(provider)
            asked.append((row, rank))
            if size != EVERYONE and len(asked) == size:
                break
        return asked

    def invitation(self, step: Step, row: int, rank: int) -> Invitation:
        enrolment = self.market.standing.enrolments[row]
        visits = self.story.left
        calendar = self.market.standing.calendars[self.package.nation]
        able, quota = self.subcontractors(row)
        covers = visits if able else self.covered(row, visits)
        holds = () if able else self.minutes(row, covers)
        return Invitation(
            enrolment=enrolment.reference,
            provider=enrolment.provider,
            rank=rank,
            deadline_at=deadline(self.at, step.reply_within[self.package.priority - 1], calendar),
            visits=visits,
            covers=covers,
            holds=holds,
            subcontractors=able,
            quota=quota,
        )

    def subcontractors(self, row: int) -> tuple[tuple[str, ...], str]:
        """
        The approved subcontractors of which a prime's answer must name one, and why (settled reading 8).

        Past the grace period, where own delivery would leave the share below the minimum; or where the person
        chose one of them. Nobody able: own delivery is allowed, with that reason.
        """
        enrolment = self.market.standing.enrolments[row]
        if enrolment.role != "prime":
            return (), ""
        able = tuple(
            other.reference
            for number, other in enumerate(self.market.standing.enrolments)
            if self.may_deliver_for(enrolment, number, other)
        )
        chosen = tuple(one for one in able if self.enrolment(one).provider == self.package.chosen_provider)
        if chosen:
            return chosen, "persons_choice"
        quota, counters = self.model.quota, self.market.counters
        if quota is None or self.in_grace(enrolment, quota.grace_months):
            return (), ""
        minutes = sum(visit.worker_minutes for visit in self.visits)
        share_kept = counters.subcontracted[row] * 100 >= quota.minimum_percent * (counters.referred[row] + minutes)
        if share_kept:
            return (), ""
        return (able, "below_minimum") if able else ((), "none_able")

    def enrolment(self, reference: str) -> Enrolment:
        standing = self.market.standing
        return standing.enrolments[standing.row_of[reference]]

    def may_deliver_for(self, prime: Enrolment, row: int, other: Enrolment) -> bool:
        return (
            other.role == "subcontractor"
            and other.provider in prime.subcontractors
            and other.local
            and not (other.ultimate_parent and other.ultimate_parent == prime.ultimate_parent)
            and self.failed[row] & self.tables.enforced == 0
            and self.facts[Fact.SHORT * self.rows + row] == 0
        )

    def in_grace(self, enrolment: Enrolment, months: int) -> bool:
        begun = enrolment.from_on or self.model.term.from_on
        return local(self.at).date() < add_months(begun, months)

    def call_off_unasked(self, step: Step, count: int) -> CallOff:
        """A block, an in-house team or a binding offer takes the package without being asked."""
        whole = [row for row in self.chosen[:count] if self.facts[Fact.SHORT * self.rows + row] == 0]
        best = self.facts[Fact.COST * self.rows + whole[0]] if whole else -1
        pair_cost = -1
        if step.kind == "book" and self.model.splitting:
            pair_cost = allocation.cheapest_pair(
                self.facts, self.rows, self.needs, self.chosen, count, self.pools, self.found
            )
        if pair_cost >= 0 and (best < 0 or pair_cost < best):
            one, other, bands = self.found[1:4]
            self.body["pair"] = {"cost": pair_cost, "single": best}
            first = tuple(n for n in self.story.left if bands >> self.package.visits[n].band & 1)
            second = tuple(n for n in self.story.left if n not in first)
            shares = [(one, first), (other, second)]
            reason = "cheapest_pair"
        else:
            shares, reason = [(whole[0], self.story.left)], ""
        parts = tuple(
            replace(self.part(row, row, visits, step.name, *self.price(row, visits)), reason=reason)
            for row, visits in shares
        )
        return self.answer(CallOff, step.name, parts=parts, ends=self.end_all("placed_elsewhere"))

    # -- overrides, and when nothing is left ---------------------------------------------------------------

    def override(self) -> Decision:
        """What a named person ordered, if gates 1 to 6 and 8 allow it, with the kernel's own answer beside it."""
        order = self.story.override
        assert order is not None  # noqa: S101 - asked only where there is one
        self.story.override = None
        own = self.live_wave() or self.open_step()
        self.body["own_answer"] = own.result
        self.ends.clear()
        row = self.market.standing.row_of[order.enrolment]
        failed = self.failed[row] & ~self.capacity_bits
        if failed:
            self.body["override_refused"] = self.tables.codes[(failed & -failed).bit_length() - 1]
            return replace(own, basis=Basis({**own.basis.body, **self.body}, own.basis.inputs))
        enrolment = self.market.standing.enrolments[row]
        step = next((one for one in self.model.steps if enrolment.tier in one.tiers), self.model.steps[-1])
        invitation = self.invitation(step, row, 1)
        return self.answer(
            Invite,
            step.name,
            wave=self.story.last_wave + 1,
            invitations=(invitation,),
            override=order.reason,
            ends=self.end_all("overridden"),
        )

    def passed_over(self) -> tuple[str, ...]:
        """Enrolments of some step that lack nothing but declared minutes."""
        rows = {
            row
            for entry in self.body["proof"]
            for row, code in entry["candidates"]
            if code in ("capacity_short_at_turn", "capacity_short")
        }
        return tuple(self.market.standing.enrolments[row].reference for row in sorted(rows))

    def proof(self) -> list[dict[str, Any]]:
        """For each step, why none of its enrolments can be asked."""
        return [self.proof_of(number, step) for number, step in enumerate(self.model.steps)]

    def proof_of(self, number: int, step: Step) -> dict[str, Any]:
        tables, at = self.tables, number * STEP
        first, last = tables.steps[at + StepColumn.CONDITIONS_FROM], tables.steps[at + StepColumn.CONDITIONS_TO]
        if not allocation.conditions_hold(tables.conditions, first, last, self.columns):
            return {"step": step.name, "condition": "not_met", "candidates": []}
        members = [0] * self.rows
        lines_from, lines_to = tables.steps[at + StepColumn.LINES_FROM], tables.steps[at + StepColumn.LINES_TO]
        allocation.mark_failures(
            tables.lines, lines_from, lines_to, tables.conditions, self.facts, self.rows, self.columns, members
        )
        candidates = [[row, self.why_not_asked(row)] for row in range(self.rows) if members[row] == 0]
        return {"step": step.name, "candidates": candidates}

    def why_not_asked(self, row: int) -> str:
        failed = self.failed[row] & self.tables.enforced
        if failed & ~self.capacity_bits:
            failed &= ~self.capacity_bits
            return self.tables.codes[(failed & -failed).bit_length() - 1]
        if self.status[row] != allocation.ASKABLE:
            provider = self.market.standing.enrolments[row].provider
            reasons = [t.reason or t.state for t in self.story.invitations if t.invited.provider == provider]
            return reasons[-1] if reasons else "has_a_part"
        return "capacity_short" if failed else "capacity_short_at_turn"


def draw_of(seed: str, package: str, step: int, provider: str) -> int:
    """The number drawn for a provider in a tie: SHA-256 of seed, package, step and provider, its first 62 bits."""
    digest = hashlib.sha256(f"{seed}|{package}|{step}|{provider}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 2
