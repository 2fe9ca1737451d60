"""
The kernel's one question: given this model, this package, what has happened so far and the time, what is next?

Pure: values in, decision out. It never waits, reads a clock, draws a random number or touches a database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from calloff.domain import allocation
from calloff.domain.accepting import award, weigh_offer
from calloff.domain.calendar import deadline, working_days_after
from calloff.domain.decisions import Basis, CallOff, Decision, Ending, Invitation, Invite, Refer, Wait
from calloff.domain.errors import NothingToPlaceError, UnknownEnrolmentError
from calloff.domain.evidence import answer, passed_over, proof
from calloff.domain.history import Event
from calloff.domain.market import Market
from calloff.domain.ordering import put_candidates_in_order, unranked, wave_of
from calloff.domain.packages import Package
from calloff.domain.placing import covered, minutes_taken, part_of, price_of
from calloff.domain.purchasing_model import DIRECT, PurchasingModel, Step, obstacle
from calloff.domain.question import Question
from calloff.domain.story import OPEN, Turn, read_story
from calloff.domain.subcontracting import let_primes_subcontract, subcontractors_to_name
from calloff.domain.tables import STEP, Fact

ONE_SECOND = timedelta(seconds=1)
"""Moments are whole seconds; a deadline is inclusive, so that the first moment after it is a second later."""


def next_step(
    model: PurchasingModel, package: Package, market: Market, history: Sequence[Event], at: datetime
) -> Decision:
    """
    What to do next for a package: Invite, Wait, CallOff or Refer, with the invitations that end and the record.

    `history` are the package's events in the order they happened, `at` a whole second. Counters that the package's
    own living invitations hold count as spare for it. A package that the model does not govern is referred before
    anybody is asked. Raises NothingToPlaceError when all is called off.
    """
    model = model.terms_for(package)
    story = read_story(model, package, history, at)
    question = Question(model, package, market, tuple(history), at, story)
    if not story.left:
        raise NothingToPlaceError(f"every visit of package {package.reference} is called off already")
    if story.withdrawn:
        return answer(question, Refer, "", reason="withdrawn", ends=question.end_all("withdrawn"))
    if not history and (found := obstacle(model, package)):
        question.body["obstacle"] = list(found)
        return answer(question, Refer, "", reason="outside_model")
    question.weigh()
    let_primes_subcontract(question)
    if story.override is not None:
        return override(question)
    return live_wave(question) or open_step(question)


def live_wave(question: Question) -> Decision | None:
    """Take the first acceptance nobody above can still beat, or wait; None when nobody is left in the wave."""
    turns = sorted(question.story.live, key=lambda turn: (turn.invited.wave, turn.invited.rank))
    if turns and all(question.sealed(turn) and turn.state != OPEN for turn in turns):
        return award(question, turns)
    row_of = question.market.standing.row_of
    wave = question.reckoner.numbers(row_of[turn.invited.enrolment] for turn in turns)
    ranks = question.reckoner.numbers(turn.invited.rank for turn in turns)
    while True:
        move = question.reckoner.advance(wave, ranks, len(wave), question.status, question.found)
        if move == allocation.WAIT:
            deadlines = [turn.invited.deadline_at for turn in turns if turn.state == OPEN]
            reason, until = "answers_due", min(deadlines) + ONE_SECOND
            return answer(question, Wait, turns[0].invited.step, reason=reason, until=until)
        if move == allocation.MOVE_ON:
            return None
        turn, row = turns[question.found[0]], wave[question.found[0]]
        decision = take(question, turn, row)
        if decision is not None:
            return decision
        question.status[row] = allocation.BARRED


def take(question: Question, turn: Turn, row: int) -> CallOff | None:
    """The call-off of an acceptance, gates and minutes run again; None when it ends instead, with its reason."""
    part, problem = weigh_offer(question, turn, row)
    if part is None:
        question.ends.append(Ending(turn.invited.enrolment, problem))
        return None
    whole = set(part.visits) == set(question.story.left)
    ends = question.end_all("placed_elsewhere", but=part.enrolment) if whole else tuple(question.ends)
    return answer(question, CallOff, turn.invited.step, parts=(part,), ends=ends)


def open_step(question: Question) -> Decision:
    """Open the next wave of the step in force, call off unasked where it says so, or refer with the proof."""
    if question.ends:
        # An acceptance that failed its gate may have been the step's last candidate: look again without it.
        question.step = question.decide()
    if question.step == len(question.tables.steps) // STEP:
        question.body["proof"] = proof(question)
        routes = question.routes()
        return answer(question, Refer, "", reason="no_step_left", passed_over=passed_over(question), routes=routes)
    step = question.model.steps[question.step]
    opens = opens_at(question, step)
    if opens > question.at:
        return answer(question, Wait, step.name, reason="step_opens_later", until=opens)
    if question.story.on_hold:
        return answer(question, Wait, step.name, reason="on_hold")
    if step.sealed:
        places = unranked(question)
    else:
        count = put_candidates_in_order(question)
        size = step.ask[question.package.priority - 1]
        if size == DIRECT:
            return call_off_unasked(question, step, count)
        places = wave_of(question, count, size)
    return answer(
        question,
        Invite,
        step.name,
        wave=question.story.last_wave + 1,
        invitations=tuple(invitation_of(question, step, row, rank) for row, rank in places),
    )


def opens_at(question: Question, step: Step) -> datetime:
    """When a step opens: at once, or when the package has waited so many hours, or working days, since its approval."""
    if step.opens_after_hours:
        return max(question.at, question.package.approved_at + timedelta(hours=step.opens_after_hours))
    if step.opens_after_working_days == 0:
        return question.at
    calendar = question.market.standing.calendars[question.package.nation]
    return working_days_after(question.package.approved_at, step.opens_after_working_days, calendar)


def invitation_of(question: Question, step: Step, row: int, rank: int) -> Invitation:
    """
    The invitation of one enrolment: what is left of the package, until the clock of its priority runs down.

    A sealed one holds no minutes and is for all that is left.
    """
    enrolment = question.market.standing.enrolments[row]
    visits = question.story.left
    calendar = question.market.standing.calendars[question.package.nation]
    able, quota = subcontractors_to_name(question, row)
    covers = visits if able or step.sealed else covered(question, row, visits)
    holds = () if able or step.sealed else minutes_taken(question, row, covers)
    return Invitation(
        enrolment=enrolment.reference,
        provider=enrolment.provider,
        rank=rank,
        deadline_at=deadline(question.at, step.reply_within[question.package.priority - 1], calendar),
        visits=visits,
        covers=covers,
        holds=holds,
        subcontractors=able,
        quota=quota,
    )


def call_off_unasked(question: Question, step: Step, count: int) -> CallOff:
    """A block, an in-house team or a binding offer takes the package without being asked."""
    whole = [row for row in question.chosen[:count] if question.facts[Fact.SHORT * question.rows + row] == 0]
    best = question.facts[Fact.COST * question.rows + whole[0]] if whole else -1
    pair_cost = -1
    if step.kind == "book" and question.model.splitting:
        pair_cost = question.reckoner.cheapest_pair(
            question.facts, question.rows, question.needs, question.chosen, count, question.pools, question.found
        )
    if pair_cost >= 0 and (best < 0 or pair_cost < best):
        one, other, bands = question.found[1:4]
        question.body["pair"] = {"cost": pair_cost, "single": best}
        first = tuple(n for n in question.story.left if bands >> question.package.visits[n].band & 1)
        second = tuple(n for n in question.story.left if n not in first)
        shares = [(one, first), (other, second)]
        reason = "cheapest_pair"
    else:
        shares, reason = [(whole[0], question.story.left)], ""
    parts = tuple(
        replace(part_of(question, row, row, visits, step.name, *price_of(question, row, visits)), reason=reason)
        for row, visits in shares
    )
    return answer(question, CallOff, step.name, parts=parts, ends=question.end_all("placed_elsewhere"))


def override(question: Question) -> Decision:
    """What a named person ordered, if gates 1 to 6 and 8 allow it, with the kernel's own answer beside it."""
    order = question.story.override
    assert order is not None  # noqa: S101 - asked only where there is one
    question.story.override = None
    own = live_wave(question) or open_step(question)
    own_body = own.basis.body
    question.body["own_answer"] = own.result
    question.ends.clear()
    row = question.market.standing.row_of.get(order.enrolment, -1)
    if row < 0:
        raise UnknownEnrolmentError(
            f"the order names {order.enrolment!r}, which is no enrolment of {question.model.id}"
        )
    failed = question.failed[row] & ~question.tables.capacity_lines
    if failed:
        question.body["override_refused"] = question.code_of(failed)
        return replace(own, basis=Basis({**own_body, **question.body}, own.basis.inputs))
    enrolment = question.market.standing.enrolments[row]
    step = next((one for one in question.model.steps if enrolment.tier in one.tiers), question.model.steps[-1])
    invitation = invitation_of(question, step, row, 1)
    return answer(
        question,
        Invite,
        step.name,
        wave=question.story.last_wave + 1,
        invitations=(invitation,),
        override=order.reason,
        ends=question.end_all("overridden"),
    )
