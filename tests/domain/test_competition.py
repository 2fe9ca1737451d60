"""Sealed competitions, turns and refreshed ranks against witnesses that know nothing of the kernel's tables."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kernel_cases import FOLDER

from calloff.cases.playing import CaseRun
from calloff.cases.written import moment
from calloff.domain.decisions import CallOff, Invite, Refer, Wait
from calloff.domain.history import Offered
from calloff.domain.purchasing_model import Scoring, Weight

APPROVED = "Mon 1 June 2026 09:30"
DEADLINE = moment("Tue 2 June 2026 09:30")
AFTER = DEADLINE + timedelta(seconds=1)
START_ON = date(2026, 6, 8)
CEILING = 2400
PACKAGE = {"approved": APPROVED, "start": "8 June 2026", "visits": ["mon-sun 08:00 30m"]}


def rate(pence: int) -> str:
    return f"{pence // 100}.{pence % 100:02}"


@st.composite
def bids(draw: st.DrawFn) -> list[dict[str, int]]:
    """Bidders: price (pence an hour, at most the ceiling), quality, days late and how it answers."""
    one = st.fixed_dictionaries(
        {
            "pence": st.sampled_from([2400, 2399, 2200, 2133, 1999, 1700]),
            "quality": st.integers(0, 100),
            "days_late": st.integers(-1, 12),
            "answer": st.sampled_from([0, 0, 0, 0, 1, 2]),
        }
    )
    return draw(st.lists(one, min_size=1, max_size=6))


def run_of(written: list[dict[str, int]], model: Any = "competition", **more: Any) -> CaseRun:
    providers = {
        f"B{number}": {"rate": rate(one["pence"]), "quality": str(one["quality"]), "spare": "20 h"}
        for number, one in enumerate(written)
    }
    return CaseRun.start({"model": model, "package": PACKAGE, "providers": providers, **more}, FOLDER)


def begin(run: CaseRun, written: list[dict[str, int]]) -> None:
    """Ask all and let them answer: 0 accepts, 1 declines, 2 says nothing."""
    asked = run.ask(run.package.approved_at)
    assert isinstance(asked, Invite)
    assert len(asked.invitations) == len(written)
    run.carry_out(asked, run.package.approved_at)
    for number, one in enumerate(written):
        if one["answer"] != 2:
            start = START_ON + timedelta(days=one["days_late"])
            said = ("accept", "decline")[one["answer"]]
            run.answer(Offered(f"B{number}", run.package.approved_at + timedelta(hours=1), said, start_on=start))


def half_up(number: Fraction) -> int:
    return floor(number + Fraction(1, 2))


@given(bids(), st.sampled_from(["lowest_proportional", "linear_to_ceiling"]))
def test_the_best_score_wins_as_worked_out_in_fractions(written: list[dict[str, int]], method: str):
    weights: dict[str, dict[str, str]] = {"price": {"method": method, "percent": "40"}}
    weights |= {"quality": {"best": "100", "percent": "40"}, "start": {"days": "10", "percent": "20"}}
    changes = {"scoring": {"weights": weights, "minimum_quality": "30", "assumed": "an example"}}
    run = run_of(written, {"document": "competition", "changes": changes})
    begin(run, written)

    found = run.ask(AFTER)

    left = {f"B{n}": one for n, one in enumerate(written) if one["answer"] == 0 and one["quality"] >= 30}
    if not left:
        assert not isinstance(found, CallOff)
        return
    lowest = min(one["pence"] for one in left.values())
    totals = {}
    for name, one in left.items():
        price = Fraction(lowest, one["pence"])
        if method == "linear_to_ceiling":
            price = Fraction(CEILING - one["pence"], CEILING - lowest) if lowest < CEILING else Fraction(1)
        start = max(Fraction(0), 1 - Fraction(max(0, one["days_late"]), 10))
        points = [half_up(one * 1_000_000) for one in (price, Fraction(one["quality"], 100), start)]
        totals[name] = sum(weight * point for weight, point in zip((4000, 4000, 2000), points, strict=True))
    assert isinstance(found, CallOff)
    scores = {run.standing.enrolments[row].reference: total for row, total, *_ in found.basis.body["scores"]}
    assert scores == totals
    assert totals[found.parts[0].enrolment] == max(totals.values())
    told = {one.enrolment: one.reason for one in found.ends}
    assert {name for name, reason in told.items() if reason == "lower_score"} == set(left) - {found.parts[0].enrolment}


@given(bids(), st.integers(1, 24 * 60 * 60))
def test_no_decision_before_the_deadline_knows_an_answer(written: list[dict[str, int]], before_seconds: int):
    answered, silent = run_of(written), run_of(written)
    begin(answered, written)
    begin(silent, [{**one, "answer": 2} for one in written])
    at = max(DEADLINE - timedelta(seconds=before_seconds - 1), answered.package.approved_at + timedelta(hours=1))

    one, other = answered.ask(at), silent.ask(at)

    assert isinstance(one, Wait)
    assert one.result == other.result
    assert one.basis.body == other.basis.body
    assert one.until == AFTER


@given(st.lists(st.integers(0, 7), min_size=1, max_size=12), st.integers(1, 4))
def test_the_turn_follows_who_accepted_last(refusals: list[int], members: int):
    """Each package is refused by the bits of a number; whoever is asked first after them takes it."""
    names = [f"M{number}" for number in range(members)]
    first = 0
    taken: list[str] = []
    for refused in refusals:
        providers = {name: {"lot": "valley", "spare": "100 h"} for name in names}
        run = CaseRun.start(
            {"model": "rotation", "package": PACKAGE, "providers": providers, "turns_taken": taken}, FOLDER
        )
        at = run.package.approved_at
        asked = []
        while isinstance(found := run.ask(at), Invite) and found.step == "in turn":
            run.carry_out(found, at)
            name = found.invitations[0].enrolment
            asked.append(name)
            says = "decline" if refused >> names.index(name) & 1 else "accept"
            run.answer(Offered(name, at, says, reason="location" if says == "decline" else ""))
        circle = [names[(first + place) % members] for place in range(members)]
        willing = [place for place, name in enumerate(circle) if not refused >> names.index(name) & 1]
        if willing:
            assert isinstance(found, CallOff)
            assert asked == circle[: willing[0] + 1]
            taken.append(asked[-1])
            first = (names.index(asked[-1]) + 1) % members
        else:
            assert isinstance(found, Refer)
            assert asked == circle


@pytest.mark.parametrize("every_months", [1, 5, 6, 12])
def test_ranks_are_those_of_the_last_refresh(every_months: int):
    first = date(2025, 1, 31)
    scoring = Scoring((Weight("price", "lowest_proportional", 10_000),), 0, first, every_months)
    months = [(2025 + n // 12, n % 12 + 1) for n in range(0, 48, every_months)]
    last = {2: 28, 4: 30, 6: 30, 9: 30, 11: 30}
    leap = {(2028, 2): 29}
    dates = [date(year, month, leap.get((year, month), last.get(month, 31))) for year, month in months]

    assert scoring.refreshed_on(first - timedelta(days=1)) is None
    for after in range(1000):
        day = first + timedelta(days=after)
        assert scoring.refreshed_on(day) == max(one for one in dates if one <= day)
