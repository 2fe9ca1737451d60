"""What the kernel answered, in the words of a case."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from calloff.cases.driver import Run
from calloff.domain.calendar import local
from calloff.domain.decisions import CallOff, Decision, Invite, Refer, Wait
from calloff.domain.units import hours_text, pence_per_week, pounds

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def moment_words(at: datetime) -> str:
    shown = local(at)
    return f"{shown:%a} {shown.day} {shown:%B %Y %H:%M}" + (f":{shown:%S}" if shown.second else "")


def name_of(run: Run, row: int) -> str:
    return run.standing.enrolments[row].reference


def outcome(decision: Decision, run: Run) -> dict[str, Any]:
    """An answer in the words of a case."""
    body = decision.basis.body
    found: dict[str, Any] = {"ends": {one.enrolment: one.reason for one in decision.ends}, "step": decision.step}
    minutes = zip(run.standing.enrolments, run.counters.referred, strict=True)
    found["referred"] = {one.reference: f"{hours_text(counted)} h" for one, counted in minutes if counted}
    if "gates" in body:
        found["gates"] = gates(body["gates"], run)
    if "order" in body:
        found["order"] = [name_of(run, row[0]) for row in body["order"]]
        found["drawn"] = sorted(name_of(run, row) for row, _ in body["draws"])
    if "scores" in body:
        found["scores"] = {name_of(run, row): hundredths(total, 100_000_000) for row, total, *_ in body["scores"]}
        found["points"] = {
            name_of(run, row): " ".join(hundredths(one, 10_000) for one in points) for row, _, *points in body["scores"]
        }
    if "override_refused" in body:
        found["refused"] = body["override_refused"]
    if "own_answer" in body:
        found["own_answer"] = own_answer(body["own_answer"])
    found |= {
        Invite: invite_words,
        Wait: wait_words,
        CallOff: call_off_words,
        Refer: refer_words,
    }[type(decision)](decision, run)
    return found


def hundredths(number: int, unit: int) -> str:
    """A whole number of so many a unit with two decimals, half up: points and scores out of 100."""
    whole = (number * 100 * 2 + unit) // (2 * unit)
    return f"{whole // 100}.{whole % 100:02}"


def gates(body: Mapping[str, Any], run: Run) -> dict[str, str]:
    """Every enrolment that failed a gate: `3 grade_leadership`, several by commas."""
    codes, numbers = body["codes"], body["numbers"]
    return {
        name_of(run, row): ", ".join(f"{numbers[line]} {codes[line]}" for line, _, _ in lines)
        for row, lines in body["failed"]
    }


def own_answer(result: Mapping[str, Any]) -> str:
    who = [one["enrolment"] for one in result.get("invitations", result.get("parts", ()))]
    return " ".join([result["kind"], *who])


def invite_words(decision: Any, run: Run) -> dict[str, Any]:
    asked = decision.invitations
    found: dict[str, Any] = {
        "invite": {one.enrolment: moment_words(one.deadline_at) for one in asked},
        "rank": {one.enrolment: str(one.rank) for one in asked},
        "holds": {one.enrolment: f"{hours_text(sum(held for _, held in one.holds))} h" for one in asked},
        "visits": {one.enrolment: str(len(one.visits)) for one in asked},
        "quota": {one.enrolment: one.quota for one in asked if one.quota},
        "must_name": {one.enrolment: list(one.subcontractors) for one in asked if one.subcontractors},
    }
    return found | ({"override": decision.override} if decision.override else {})


def wait_words(decision: Any, run: Run) -> dict[str, Any]:
    until = moment_words(decision.until) if decision.until else "something happens"
    return {"wait_until": until, "because": decision.reason}


def call_off_words(decision: Any, run: Run) -> dict[str, Any]:
    def of(part: Any) -> dict[str, str]:
        chosen = [run.package.visits[number] for number in part.visits]
        hours = hours_text(sum(visit.worker_minutes for visit in chosen))
        words = {
            "visits": str(len(chosen)),
            "hours": hours,
            "weekly": pounds(pence_per_week(part.cost)),
            "kind": part.kind,
            "reason": part.reason,
            "delivered_by": part.delivered_by,
            "moved": ", ".join(
                f"{DAYS[visit.day]} {visit.start_minute // 60:02}:{visit.start_minute % 60:02}"
                for _, visit in part.moved
            ),
        }
        return {key: value for key, value in words.items() if value}

    parts = decision.parts
    return {
        "call_off": {part.enrolment: of(part) for part in parts},
        "total": pounds(pence_per_week(sum(part.cost for part in parts))),
        "spare_afterwards": {part.enrolment: spare_after(part, run) for part in parts},
    }


def spare_after(part: Any, run: Run) -> str:
    counters = run.counters
    left = sum(counters.declared[pool] - counters.used[pool] - taken for pool, taken in part.takes)
    return f"{hours_text(left)} h"


def refer_words(decision: Any, run: Run) -> dict[str, Any]:
    proof = {
        entry["step"]: {name_of(run, row): code for row, code in entry["candidates"]}
        for entry in decision.basis.body.get("proof", ())
    }
    return {"refer": decision.reason, "passed_over": list(decision.passed_over), "proof": proof} | (
        {"routes": list(decision.routes)} if decision.routes else {}
    )
