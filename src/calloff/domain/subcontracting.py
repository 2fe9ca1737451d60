"""A prime provider and its subcontractors: who may deliver for it, and when its answer must name one."""

from __future__ import annotations

from calloff.domain.calendar import add_months, local
from calloff.domain.contracts import Enrolment
from calloff.domain.question import Question
from calloff.domain.tables import Fact


def let_primes_subcontract(question: Question) -> None:
    """A prime short of minutes of its own may still be asked, where an approved subcontractor has them."""
    short = Fact.SHORT * question.rows
    for row, approved in enumerate(question.ground.subcontractors):
        if approved and question.facts[short + row] > 0 and able_subcontractors(question, row):
            question.through_subcontractor.add(row)
    for row in question.through_subcontractor:
        question.facts[short + row] = 0
    if question.through_subcontractor:
        question.step = question.decide()


def subcontractors_to_name(question: Question, row: int) -> tuple[tuple[str, ...], str]:
    """
    The approved subcontractors of which a prime's answer must name one, and why (settled reading 8).

    Past the grace period, where own delivery would leave the share below the minimum; or where the person
    chose one of them. Nobody able: own delivery is allowed, with that reason.
    """
    enrolment = question.market.standing.enrolments[row]
    if enrolment.role != "prime":
        return (), ""
    able = able_subcontractors(question, row)
    chosen = tuple(one for one in able if question.enrolment(one).provider == question.package.chosen_provider)
    if chosen:
        return chosen, "persons_choice"
    if row in question.through_subcontractor:
        return able, "own_minutes_short"
    quota, counters = question.model.quota, question.market.counters
    if quota is None or in_grace(question, enrolment, quota.grace_months):
        return (), ""
    minutes = sum(visit.worker_minutes for visit in question.visits)
    share_kept = counters.subcontracted[row] * 100 >= quota.minimum_percent * (counters.referred[row] + minutes)
    if share_kept:
        return (), ""
    return (able, "below_minimum") if able else ((), "none_able")


def able_subcontractors(question: Question, prime: int) -> tuple[str, ...]:
    """The approved subcontractors of a prime's row that pass every gate and have the minutes."""
    enrolments = question.market.standing.enrolments
    short = Fact.SHORT * question.rows
    return tuple(
        enrolments[row].reference
        for row in question.ground.subcontractors[prime]
        if question.failed[row] & question.tables.enforced == 0 and question.facts[short + row] == 0
    )


def in_grace(question: Question, enrolment: Enrolment, months: int) -> bool:
    begun = enrolment.from_on or question.model.term.from_on
    return local(question.at).date() < add_months(begun, months)


def why_not_subcontractor(question: Question, prime: int, row: int) -> str:
    """Why a named subcontractor cannot deliver: not approved, or failing a gate of its own."""
    enrolments = question.market.standing.enrolments
    if row < 0 or enrolments[row].provider not in enrolments[prime].subcontractors:
        return "subcontractor_not_approved"
    if question.failed[row] & question.tables.enforced & ~question.tables.capacity_lines:
        return "subcontractor_fails_gate"
    return ""
