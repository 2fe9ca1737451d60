"""An acceptance looked at again before it is called off, and a sealed competition decided on its answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from calloff.domain import allocation
from calloff.domain.calendar import local
from calloff.domain.decisions import CallOff, Ending, Part
from calloff.domain.evidence import answer
from calloff.domain.ordering import put_candidates_in_order
from calloff.domain.placing import covered, floor_of, part_of, price_of
from calloff.domain.question import Question
from calloff.domain.story import PART, Turn, one_too_many
from calloff.domain.subcontracting import why_not_subcontractor
from calloff.domain.tables import SCORE, Fact


def weigh_offer(question: Question, turn: Turn, row: int) -> tuple[Part | None, str]:
    """What an acceptance would be called off as, gates, minutes and price run again; or none, and the code why not."""
    offer = turn.offer
    assert offer is not None  # noqa: S101 - an acceptance has an answer
    deliverer, problem = row, why_not_now(question, row)
    if not problem and offer.delivered_by:
        deliverer = question.market.standing.row_of.get(offer.delivered_by, -1)
        problem = why_not_subcontractor(question, row, deliverer)
    if problem:
        return None, problem
    visits = covered(question, deliverer, turn.visits)
    splits = question.model.splitting is not None and not question.sealed(turn)
    if not visits or (
        visits != turn.visits and (not splits or one_too_many(question.model, question.story.called_off, turn.invited))
    ):
        return None, "capacity_gone"
    cost, line_ids = price_of(question, row, visits)
    if offer.centipence_per_hour:
        offered = offer.centipence_per_hour * sum(question.package.visits[number].worker_minutes for number in visits)
        if offered > cost:
            return None, "price_above_line"
        if offered < floor_of(question, row, visits):
            return None, "price_below_floor"
        cost = offered
    moved = tuple((number, visit) for number, visit in turn.moved if number in visits)
    part = part_of(question, row, deliverer, visits, turn.invited.step, cost, line_ids)
    return replace(part, moved=moved, start_on=offer.start_on, delivered_by=offer.delivered_by), ""


def why_not_now(question: Question, row: int) -> str:
    """The code of the gate that an acceptance no longer passes; empty when it does (settled reading 3)."""
    failed = question.failed[row] & question.tables.enforced & ~question.tables.capacity_lines
    return question.code_of(failed) if failed else ""


def award(question: Question, turns: Sequence[Turn]) -> CallOff | None:
    """
    Decide a sealed competition after its deadline: the best score of those that still qualify.

    Gates, minutes, price and the minimum quality come first, and the scores are made among those left (settled
    reading 6). None when nobody is left; everybody else is told where it stood.
    """
    bids: dict[int, Part] = {}
    for turn in turns:
        row = question.market.standing.row_of[turn.invited.enrolment]
        part, problem = (None, "part_in_competition") if turn.state == PART else weigh_offer(question, turn, row)
        if part is not None and below_minimum_quality(question, row):
            part, problem = None, "below_minimum_quality"
        if part is None:
            question.ends.append(Ending(turn.invited.enrolment, problem))
            question.status[row] = allocation.BARRED
        else:
            bids[row] = part
    if not bids:
        return None
    name = turns[0].invited.step
    question.step = next(number for number, step in enumerate(question.model.steps) if step.name == name)
    put_bids_in_order(question, bids)
    best = question.chosen[0]
    ends = question.end_all("lower_score", but=bids[best].enrolment)
    return answer(question, CallOff, name, parts=(bids[best],), ends=ends)


def below_minimum_quality(question: Question, row: int) -> bool:
    scoring = question.model.scoring
    score = question.facts[Fact.QUALITY_SCORE * question.rows + row]
    return scoring is not None and score < scoring.minimum_quality


def put_bids_in_order(question: Question, bids: dict[int, Part]) -> None:
    """Score what was offered, its price and its start, and put the bidders in the step's order."""
    rows, facts, tables = question.rows, question.facts, question.tables
    required = max(question.package.required_start_on, local(question.at).date())
    for place, (row, part) in enumerate(bids.items()):
        facts[Fact.COST * rows + row] = part.cost
        facts[Fact.DAYS_LATE * rows + row] = max(0, (part.start_on - required).days) if part.start_on else 0
        question.chosen[place] = row
    if tables.scores:
        question.reckoner.score(question.ground.flat.scores, facts, rows, question.chosen, len(bids))
        columns = [Fact.SCORE, *(Fact.POINTS + line for line in range(len(tables.scores) // SCORE))]
        question.body["scores"] = [[row, *(facts[column * rows + row] for column in columns)] for row in bids]
    question.found[0] = len(bids)
    put_candidates_in_order(question)
