"""
The event loop of `allocate`: packages arrive, the kernel is asked, its answers are carried out, until all is settled.

Every rule is the kernel's. The loop only moves from moment to moment, keeps the counters and writes the log; the same
seed and files give the same bytes, whatever the order of their rows.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from calloff.domain.batching import PackageLot, batch, can_wait, collected_until
from calloff.domain.calendar import to_utc
from calloff.domain.decisions import CallOff, Decision, Invitation, Invite, Part, Refer, Wait
from calloff.domain.errors import NoApplicableModelError
from calloff.domain.ground import ground_of
from calloff.domain.history import CalledOff, Ended, Event, Invited, Offered
from calloff.domain.market import NEVER_STALE, Counters, Market, Standing, seconds
from calloff.domain.next_step import ONE_SECOND, next_step
from calloff.domain.packages import Package, serving_order
from calloff.domain.placing import parts_of_members
from calloff.domain.purchasing_model import PurchasingModel, applicable_model, why_not_applicable
from calloff.domain.story import read_story
from calloff.simulator.log import DecisionLog
from calloff.simulator.responders import Responder

LONGEST_RUN = timedelta(days=28)
DECLARED_EVERY = timedelta(days=7)
"""Providers say again every week what they have spare (assumed)."""
DECLARE, ANSWER, DUE, JOIN, BATCH = range(5)
"""
What happens at a moment, in this order: declarations, an answer, a package is due, a provider joins, lots are formed.
"""
CALLED_OFF, WAITING, REFERRED, NO_MODEL = "called_off", "waiting", "referred", "no_model"
DISSOLVED = "dissolved"
"""What became of a lot that nobody took."""


@dataclass
class Side:
    """
    One purchasing model's part of a run: who is enrolled under it, what moves there, and who waits for whom.

    `collected` are packages that wait to be put into lots.
    """

    model: PurchasingModel
    standing: Standing
    counters: Counters
    waiters: dict[int, set[str]] = field(default_factory=dict)
    collected: dict[str, Package] = field(default_factory=dict)

    @staticmethod
    def of(model: PurchasingModel, standing: Standing) -> Side:
        """A model at the beginning of a run, with nothing called off yet."""
        return Side(model, standing, Counters.at_start(standing, model.takes_turns))

    @property
    def market(self) -> Market:
        return Market(self.standing, self.counters)

    def row(self, enrolment: str) -> int:
        return self.standing.row_of[enrolment]

    def spare(self, pool: int) -> int:
        """Minutes a week of a pool that are neither called off nor held, however old the declaration."""
        counters = self.counters
        return counters.declared[pool] - counters.used[pool] - counters.held[pool]


@dataclass
class Case:
    """
    One package's course through the run, on the side of the model that governs it; a lot's is one of its own.

    A package that no model governs stands on the first side and is turned away by every one. While it is collected
    or in a lot, nothing is asked for it alone; `offered_in` is the reference of its lot, also afterwards.
    """

    package: Package
    arrives_at: datetime
    side: Side
    governed: bool = True
    lot: PackageLot | None = None
    offered_in: str = ""
    with_others: bool = False
    alone: bool = False
    history: list[Event] = field(default_factory=list)
    parts: list[tuple[datetime, str, Part]] = field(default_factory=list)
    holds: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    state: str = WAITING
    referred_first_at: datetime | None = None
    last_refer: Refer | None = None
    settled_at: datetime | None = None
    model_text: str = ""
    looked_at: bool = False
    seen: dict[int, dict[int, int]] = field(default_factory=dict)

    @property
    def packages(self) -> int:
        """How many packages it counts for."""
        return len(self.package.lot_of) or 1

    @property
    def minutes_called_off(self) -> int:
        return sum(self.package.visits[number].worker_minutes for _, _, part in self.parts for number in part.visits)


@dataclass
class Run:
    """
    A run in progress and its outcome, under one model or several at once.

    Each package keeps to the model that governs its required start, whatever comes into force during its search.
    `tell` is called after every moment, to show how far it is.
    """

    sides: Sequence[Side]
    responder: Responder
    log: DecisionLog
    begins_at: datetime
    tell: Callable[[Run, datetime], None] | None = None
    cases: dict[str, Case] = field(default_factory=dict)
    lots: dict[str, Case] = field(default_factory=dict)
    late_answers: int = 0
    exclusions: Counter[str] = field(default_factory=Counter)
    _events: list[tuple[int, int, str, int]] = field(default_factory=list)
    _offers: list[tuple[str, Offered]] = field(default_factory=list)
    _due: list[tuple[tuple[int, date, datetime, str], str]] = field(default_factory=list)
    _is_due: set[str] = field(default_factory=set)

    # -- time ----------------------------------------------------------------------------------------------

    def carry_out(self, packages: Iterable[tuple[Package, datetime]]) -> None:
        """
        Run until every package is called off or referred and nothing is due, or 28 days have passed.

        Raises SeveralModelsError, before anything is asked, when two models cover a package and none is narrower.
        """
        for package, arrives_at in sorted(packages, key=lambda pair: pair[0].reference):
            self.cases[package.reference] = self._case_of(package, arrives_at)
            self._at(arrives_at, DUE, package.reference)
        self._at(self.begins_at + DECLARED_EVERY, DECLARE)
        for number, side in enumerate(self.sides):
            for joins_at in self._joinings(side):
                self._at(joins_at, JOIN, number=number)
        while self._events and self._events[0][0] <= seconds(self.ended_at):
            moment = self._events[0][0]
            at = self._moment(moment)
            while self._events and self._events[0][0] == moment:
                self._take(heapq.heappop(self._events), at)
            self._serve(at)
            if self.tell is not None:
                self.tell(self, at)
        for case in self.cases.values():
            if case.state == WAITING and case.last_refer is not None and not case.holds:
                case.state = REFERRED

    @property
    def ended_at(self) -> datetime:
        """The last moment a run can reach."""
        return self.begins_at + LONGEST_RUN

    @property
    def settled(self) -> int:
        return sum(case.state in (CALLED_OFF, NO_MODEL) or case.last_refer is not None for case in self.cases.values())

    def _moment(self, moment: int) -> datetime:
        return self.begins_at + timedelta(seconds=moment - seconds(self.begins_at))

    def _case_of(self, package: Package, arrives_at: datetime) -> Case:
        try:
            model = applicable_model([side.model for side in self.sides], package)
        except NoApplicableModelError as nobody:
            case = Case(package, arrives_at, self.sides[0], governed=False)
            alone = len(self.sides) == 1
            case.model_text = why_not_applicable(self.sides[0].model, package) if alone else str(nobody)
            return case
        return Case(package, arrives_at, next(side for side in self.sides if side.model is model))

    def _joinings(self, side: Side) -> set[datetime]:
        """When enrolments begin after the run has: local midnight of their first day."""
        first_days = {enrolment.from_on for enrolment in side.standing.enrolments if enrolment.from_on}
        return {at for at in (to_utc(day, 0) for day in first_days) if at > self.begins_at}

    def _at(self, at: datetime, order: int, reference: str = "", number: int = -1) -> None:
        """Something happens at a moment to a package, or to the offer or side of a number."""
        heapq.heappush(self._events, (seconds(at), order, reference, number))

    def _take(self, event: tuple[int, int, str, int], at: datetime) -> None:
        _, order, reference, number = event
        if order == DECLARE:
            self._declare_again(at)
        elif order == JOIN:
            self._look_again(self.sides[number], at)
        elif order == ANSWER:
            name, offered = self._offers[number]
            case = self._case(name)
            if not stays_closed(case, offered):
                self._now_due(name)
            case.history.append(offered)
        elif order == BATCH:
            self._form_lots(self.sides[number], at)
        elif not self._collect(self._case(reference), at):
            self._now_due(reference)

    def _case(self, reference: str) -> Case:
        return self.cases[reference] if reference in self.cases else self.lots[reference]

    def _now_due(self, reference: str) -> None:
        case = self._case(reference)
        if reference not in self._is_due and case.state not in (CALLED_OFF, DISSOLVED) and not case.with_others:
            self._is_due.add(reference)
            heapq.heappush(self._due, (serving_order(case.package), reference))

    def _serve(self, at: datetime) -> None:
        """Everybody due, in the order in which waiting packages are served; minutes that come free re-open others."""
        while self._due:
            _, reference = heapq.heappop(self._due)
            self._is_due.discard(reference)
            self._serve_one(self._case(reference), at)

    def _declare_again(self, at: datetime) -> None:
        """Every provider whose declaration still holds says again what it has; nobody declares more."""
        for side in self.sides:
            oldest = seconds(at) - side.model.declaration_days * 86_400
            for pool, declared_at in enumerate(side.counters.declared_at):
                if oldest <= declared_at < NEVER_STALE:
                    side.counters.declared_at[pool] = seconds(at)
        self._at(at + DECLARED_EVERY, DECLARE)

    def _look_again(self, side: Side, at: datetime) -> None:
        """Somebody joins: whoever has come and is not settled may have a provider to ask that it had not before."""
        for case in (*self.cases.values(), *self.lots.values()):
            if case.side is side and case.arrives_at <= at and case.state == WAITING:
                self._now_due(case.package.reference)

    # -- lots ----------------------------------------------------------------------------------------------

    def _collect(self, case: Case, at: datetime) -> bool:
        """Let a package that can wait do so, until it has company or has waited for long enough; False otherwise."""
        side = case.side
        if case.alone or not case.governed or not can_wait(side.model, case.package):
            return False
        if not case.with_others:
            case.with_others = True
            side.collected[case.package.reference] = case.package
            closes_at = max(at, collected_until(side.model, case.package))
            self._at(closes_at, BATCH, number=self.sides.index(side))
        return True

    def _form_lots(self, side: Side, at: datetime) -> None:
        """Offer the lots of those who have been collected for long enough; whoever is left over goes on alone."""
        found = batch(side.model, side.collected.values(), at)
        for lot in found.lots:
            reference = lot.package.reference
            self.lots[reference] = Case(lot.package, at, side, lot=lot)
            for member in lot.members:
                del side.collected[member.reference]
                self.cases[member.reference].offered_in = reference
            self.log.add_lot(lot, side.model)
            self._now_due(reference)
        for package in found.alone:
            del side.collected[package.reference]
            self._goes_alone(package)

    def _goes_alone(self, package: Package) -> None:
        case = self.cases[package.reference]
        case.with_others, case.alone = False, True
        self._now_due(package.reference)

    def _dissolve(self, case: Case, lot: PackageLot, at: datetime) -> None:
        """Nobody takes the lot: each package goes to its old place in the order, asked for by itself."""
        case.state, case.settled_at = DISSOLVED, at
        for member in lot.members:
            self._goes_alone(member)

    def _give_out(self, case: Case, lot: PackageLot, at: datetime) -> None:
        """The lot is called off: to each package its own part."""
        ground = ground_of(case.side.standing, case.side.model)
        for called_off_at, step, whole in case.parts:
            for member, part in zip(lot.members, parts_of_members(ground, lot, whole), strict=True):
                own = self.cases[member.reference]
                own.parts.append((called_off_at, step, part))
                own.history.append(CalledOff(part.enrolment, called_off_at, part.visits, part.delivered_by))
                own.state, own.settled_at, own.with_others = CALLED_OFF, at, False

    # -- one package ---------------------------------------------------------------------------------------

    def _serve_one(self, case: Case, at: datetime) -> None:
        if case.state in (CALLED_OFF, NO_MODEL, DISSOLVED):
            return
        if not case.governed:
            self._turn_away(case, at)
            return
        while True:
            # A call-off may leave offers behind that can no longer be taken: what they held is free at once.
            self._release_spent(case, at)
            decision = self._ask(case, case.side, at)
            self._note(case, decision)
            for ending in decision.ends:
                case.history.append(Ended(ending.enrolment, at, ending.reason))
                self._release(case, ending.enrolment)
            if isinstance(decision, CallOff):
                for part in decision.parts:
                    self._call_off(case, part, decision.step, at)
                if case.minutes_called_off == case.package.minutes_per_week:
                    case.state, case.settled_at = CALLED_OFF, at
                    if case.lot is not None:
                        self._give_out(case, case.lot, at)
                    return
                continue
            if isinstance(decision, Invite):
                for invitation in decision.invitations:
                    self._invite(case, decision, invitation, at)
                self._at(min(one.deadline_at for one in decision.invitations) + ONE_SECOND, DUE, case.package.reference)
            elif isinstance(decision, Wait) and decision.until is not None:
                self._at(decision.until, DUE, case.package.reference)
            elif isinstance(decision, Refer) and case.lot is not None:
                self._dissolve(case, case.lot, at)
            return

    @staticmethod
    def _ask(case: Case, side: Side, at: datetime) -> Decision:
        """The kernel's one question."""
        return next_step(side.model, case.package, side.market, case.history, at)

    def _turn_away(self, case: Case, at: datetime) -> None:
        """No model governs the package: each says why, so that the log proves it."""
        for side in self.sides:
            self.log.add(self._ask(case, side, at))
        case.state, case.settled_at = NO_MODEL, at

    def _note(self, case: Case, decision: Decision) -> None:
        """Write the decision; a wait that ends nothing, and a referral that says nothing new, are not written again."""
        if isinstance(decision, Wait) and not decision.ends:
            return
        if not case.looked_at and "gates" in decision.basis.body:
            case.looked_at = True
            self.exclusions += first_failures(decision, ground_of(case.side.standing, case.side.model).tables.enforced)
        if isinstance(decision, Refer):
            before, case.last_refer = case.last_refer, decision
            for name in decision.passed_over if case.lot is None else ():
                self._wait_for(case, case.side.row(name))
            if before is not None and before.basis.told.get("proof") == decision.basis.told.get("proof"):
                return
        else:
            case.last_refer = None
        self.log.add(decision)

    def _invite(self, case: Case, decision: Invite, invitation: Invitation, at: datetime) -> None:
        side = case.side
        side.counters.hold(invitation.holds)
        case.holds[invitation.enrolment] = invitation.holds
        if side.model.counts_for_quota(accepted=False):
            minutes = sum(case.package.visits[number].worker_minutes for number in invitation.visits)
            self._refer_hours(case, invitation.enrolment, minutes)
        case.history.append(
            Invited(
                invitation.enrolment,
                invitation.provider,
                decision.step,
                decision.wave,
                invitation.rank,
                at,
                invitation.deadline_at,
                invitation.visits,
                invitation.holds,
                invitation.subcontractors,
            )
        )
        for offer in self.responder.answers(case.package, invitation, decision.wave, at):
            self.late_answers += offer.at > invitation.deadline_at
            self._offers.append((case.package.reference, offer))
            self._at(offer.at, ANSWER, case.package.reference, len(self._offers) - 1)

    @staticmethod
    def _refer_hours(case: Case, enrolment: str, minutes: int) -> None:
        counters, row = case.side.counters, case.side.row(enrolment)
        counters.referred[row] += minutes
        counters.referred_packages[row] += case.packages

    def _call_off(self, case: Case, part: Part, step: str, at: datetime) -> None:
        """Carry out a call-off: its hold goes, its minutes are used, the counters of its provider move."""
        side, counters, row = case.side, case.side.counters, case.side.row(part.enrolment)
        holds = case.holds.pop(part.enrolment, ())
        counters.release(holds)
        counters.use(part.takes)
        case.parts.append((at, step, part))
        case.history.append(CalledOff(part.enrolment, at, part.visits, part.delivered_by))
        minutes = sum(case.package.visits[number].worker_minutes for number in part.visits)
        for same in side.standing.rows_of_provider[part.provider]:
            counters.called_off_28[same] += minutes
        if any(one.name == step and one.takes_turns for one in side.model.steps):
            counters.take_turn(row)
        if side.model.counts_for_quota(accepted=True):
            self._refer_hours(case, part.enrolment, minutes)
        if sum(minutes for _, minutes in holds) > sum(minutes for _, minutes in part.takes) or part.delivered_by:
            self._wake(case, row)
        if part.delivered_by:
            counters.subcontracted[row] += minutes
            counters.subcontracted_packages[row] += case.packages

    def _release_spent(self, case: Case, at: datetime) -> None:
        """Give back the minutes of invitations that were declined or ran out."""
        if not case.holds:
            return
        story = read_story(case.side.model, case.package, case.history, at)
        live = {turn.invited.enrolment for turn in story.live}
        for enrolment in [name for name in case.holds if name not in live]:
            self._release(case, enrolment)

    def _release(self, case: Case, enrolment: str) -> None:
        """Give back what an invitation held; who waits for these minutes is looked at again."""
        holds = case.holds.pop(enrolment, ())
        if holds:
            case.side.counters.release(holds)
            self._wake(case, case.side.row(enrolment))

    def _wake(self, freed_by: Case, row: int) -> None:
        """Let the packages that were passed over at a row be served again, where it has more to spare than then."""
        side = freed_by.side
        for reference in sorted(side.waiters.get(row, ())):
            waiting = self.cases[reference]
            if waiting.state == CALLED_OFF or waiting.last_refer is None:
                side.waiters[row].discard(reference)
            elif waiting is not freed_by and any(side.spare(pool) > seen for pool, seen in waiting.seen[row].items()):
                side.waiters[row].discard(reference)
                self._now_due(reference)

    def _wait_for(self, case: Case, row: int) -> None:
        """Remember what a row had to spare when it could not take the package: less or as much is no reason to ask."""
        side = case.side
        pools = side.standing.pools_in[case.package.locality][row]
        case.seen[row] = {pool: side.spare(pool) for pool, _ in pools}
        side.waiters.setdefault(row, set()).add(case.package.reference)


def stays_closed(case: Case, offered: Offered) -> bool:
    """Whether an answer is sealed until its deadline, when the package is due anyway: nothing can come of it now."""
    sealed = {step.name for step in case.side.model.steps if step.sealed}
    asked = (event for event in reversed(case.history) if isinstance(event, Invited))
    invited = next((event for event in asked if event.enrolment == offered.enrolment), None)
    return invited is not None and invited.step in sealed and offered.at <= invited.deadline_at


def first_failures(decision: Decision, enforced: int) -> Counter[str]:
    """The gates that excluded enrolments in one decision, by code: the first enforced one that each fails."""
    gates = decision.basis.body["gates"]
    counts: Counter[str] = Counter()
    for _, failures in gates["failed"]:
        first = next((line for line, _, _ in failures if enforced >> line & 1), None)
        if first is not None:
            counts[gates["codes"][first]] += 1
    return counts
