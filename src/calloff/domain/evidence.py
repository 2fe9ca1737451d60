"""What the record holds beside the answer: every gate of every enrolment, and the proof that no step is left."""

from __future__ import annotations

from functools import partial
from typing import Any, TypeVar

from calloff.domain import allocation
from calloff.domain.calendar import moment_text
from calloff.domain.decisions import Basis, Decision
from calloff.domain.purchasing_model import Step
from calloff.domain.question import Question
from calloff.domain.records import RECORD_FORMAT
from calloff.domain.tables import LINE, STEP, StepColumn

D = TypeVar("D", bound=Decision)


def answer(question: Question, kind: type[D], step: str, **data: Any) -> D:
    """The decision with its basis: the inputs, every gate, the order and what else the record must hold."""
    ends = data.pop("ends", tuple(question.ends))
    told = {"format": RECORD_FORMAT, "at": moment_text(question.at), **question.body}
    gates = partial(gates_evidence, question) if question.weighed else None
    inputs = (question.model, question.package, question.market, question.history, question.at)
    return kind(step=step, ends=ends, basis=Basis(told, inputs, gates), **data)


def gates_evidence(question: Question) -> dict[str, Any]:
    """Every gate of every enrolment: a bit for each line failed, and the figures on which it failed."""
    gates, facts, rows = question.tables.gates, question.facts, question.rows
    lines = [
        (gates[at + 4] * rows, question.columns[gates[at + 7]] if gates[at + 6] else gates[at + 7])
        for at in range(0, len(gates), LINE)
    ]
    evidence = []
    for row, failed in enumerate(question.failed):
        if failed:
            # Read from the lowest bit up, since few of the many lines fail.
            found, rest = [], int(failed)
            while rest:
                line = (rest & -rest).bit_length() - 1
                start, operand = lines[line]
                found.append([line, facts[start + row], operand])
                rest &= rest - 1
            evidence.append([row, found])
    numbers = [gates[at] for at in range(0, len(gates), LINE)]
    return {"codes": list(question.tables.codes), "numbers": numbers, "failed": evidence}


def passed_over(question: Question) -> tuple[str, ...]:
    """Enrolments of some step, and subcontractors of its primes, that lack nothing but declared minutes."""
    rows = {
        row
        for entry in question.body["proof"]
        for row, code in entry["candidates"]
        if code in ("capacity_short_at_turn", "capacity_short")
    }
    enrolments = question.market.standing.enrolments
    approved = {provider for row in rows for provider in enrolments[row].subcontractors}
    rows |= {
        row
        for row, enrolment in enumerate(enrolments)
        if enrolment.role == "subcontractor"
        and enrolment.provider in approved
        and question.failed[row] & question.tables.enforced == 0
    }
    return tuple(enrolments[row].reference for row in sorted(rows))


def proof(question: Question) -> list[dict[str, Any]]:
    """For each step, why none of its enrolments can be asked."""
    return [proof_of(question, number, step) for number, step in enumerate(question.model.steps)]


def proof_of(question: Question, number: int, step: Step) -> dict[str, Any]:
    tables, at = question.tables, number * STEP
    first, last = tables.steps[at + StepColumn.CONDITIONS_FROM], tables.steps[at + StepColumn.CONDITIONS_TO]
    if not allocation.conditions_hold(tables.conditions, first, last, question.columns):
        return {"step": step.name, "condition": "not_met", "candidates": []}
    members = [0] * question.rows
    lines_from, lines_to = tables.steps[at + StepColumn.LINES_FROM], tables.steps[at + StepColumn.LINES_TO]
    allocation.mark_failures(
        tables.lines, lines_from, lines_to, tables.conditions, question.facts, question.rows, question.columns, members
    )
    candidates = [[row, why_not_asked(question, row)] for row in range(question.rows) if members[row] == 0]
    return {"step": step.name, "candidates": candidates}


def why_not_asked(question: Question, row: int) -> str:
    failed = question.failed[row] & question.tables.enforced
    if failed & ~question.tables.capacity_lines:
        failed &= ~question.tables.capacity_lines
        return question.code_of(failed)
    if question.status[row] != allocation.ASKABLE:
        provider = question.market.standing.enrolments[row].provider
        reasons = [t.reason or t.state for t in question.story.invitations if t.invited.provider == provider]
        return reasons[-1] if reasons else "has_a_part"
    return "capacity_short" if failed else "capacity_short_at_turn"
