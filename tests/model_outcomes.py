"""What came of a package in a run, in one line that a commissioner can read and sign."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from calloff.cases.answers import moment_words
from calloff.domain.story import DECLINED, ENDED, EXPIRED, Turn, read_story
from calloff.domain.units import hours_text, pence_per_week, pounds
from calloff.simulator.run import DISSOLVED, NO_MODEL, WAITING, Case, Run


@dataclass(frozen=True)
class Outcome:
    """Who cares for the person and at what price, who was asked, and when it was settled."""

    placed: str
    asked: str
    settled: str

    def __str__(self) -> str:
        return "; ".join(one for one in (self.placed, self.asked, self.settled) if one)


def outcome(run: Run, case: Case) -> Outcome:
    settled = short_moment(case.settled_at) if case.settled_at and case.state != NO_MODEL else ""
    return Outcome(placed(run, case), asked(run, case), settled)


def placed(run: Run, case: Case) -> str:
    """`Cedar by framework, £49.70 a week`, in shares where there are several."""
    if case.state == NO_MODEL:
        return f"outside the model: {case.model_text}"
    cost = pounds(pence_per_week(sum(part.cost for _, _, part in case.parts)))
    shares = []
    for _, step, part in case.parts:
        hours = hours_text(sum(case.package.visits[number].worker_minutes for number in part.visits))
        words = [part.provider]
        if part.delivered_by:
            words.append(f"through {case.side.standing.enrolments[case.side.row(part.delivered_by)].provider}")
        if len(part.visits) < len(case.package.visits):
            words.append(f"{hours} h")
        if part.moved:
            words.append("at other times")
        words.append(f"by {step}" + (" as a variation" if part.kind == "variation" else ""))
        if part.start_on and part.start_on > case.package.required_start_on:
            words.append(f"from {part.start_on:%a} {part.start_on.day} {part.start_on:%B}")
        shares.append(" ".join(words))
    left = case.package.minutes_per_week - case.minutes_called_off
    if shares:
        rest = f", {hours_text(left)} h nobody" if left else ""
        block = all(part.kind == "block" for _, _, part in case.parts)
        return f"{' and '.join(shares)}{rest}, " + ("paid by the block" if block else f"{cost} a week")
    if case.state == WAITING:
        return "still waiting"
    routes = case.last_refer.routes if case.last_refer else ()
    lead = f"; the person may lead by {' or '.join(one.replace('_', ' ') for one in routes)}" if routes else ""
    return f"nobody: no step is left{lead}"


def asked(run: Run, case: Case) -> str:
    """Who was asked: for the lot it was offered in, if any, and for it alone where it was in none or nobody took it."""
    if not case.offered_in:
        return asked_for(run, case)
    lot = run.lots[case.offered_in]
    others = " + ".join(one for one in lot.package.lot_of if one != case.package.reference)
    together = f"offered with {others}, {asked_for(run, lot)}"
    return f"{together}, then alone, {asked_for(run, case)}" if lot.state == DISSOLVED else together


def asked_for(run: Run, case: Case) -> str:
    """Who was asked, wave by wave, and why they did not take it, unless somebody else was faster or better placed."""
    waves: dict[int, list[str]] = {}
    for turn in read_story(case.side.model, case.package, case.history, run.ended_at).invitations:
        turn = as_answered(run, case, turn)
        said = turn.reason if turn.state in (DECLINED, ENDED) else "silent" if turn.state == EXPIRED else ""
        said = "" if said == "placed_elsewhere" else said
        words = turn.invited.provider + (f" ({said.replace('_', ' ')})" if said else "")
        waves.setdefault(turn.invited.wave, []).append(words)
    if not waves:
        return "" if case.state == NO_MODEL else "nobody asked"
    return "asked " + ", ".join(" + ".join(wave) for wave in waves.values())


def as_answered(run: Run, case: Case, turn: Turn) -> Turn:
    """
    A turn as it stood when it was answered: read after the last call-off, when nothing is left to want, an offer
    that was turned down would pass for one of all that is left.
    """
    if turn.offer is None or not turn.lives:
        return turn
    told = case.history[: case.history.index(turn.offer) + 1]
    story = read_story(case.side.model, case.package, told, turn.offer.at)
    return next(one for one in story.invitations if one.invited == turn.invited)


def short_moment(at: datetime) -> str:
    """`Mon 5 March 11:30`: the year is the case's."""
    return re.sub(r" \d{4} ", " ", moment_words(at).removesuffix(":00") if at.second else moment_words(at))


def kind_of_change(before: Outcome, after: Outcome) -> int:
    """0 where the person gets another provider or price, 1 where others are asked, 2 where only the moment moves."""
    return 0 if before.placed != after.placed else 1 if before.asked != after.asked else 2


def difference(before: Outcome, after: Outcome) -> tuple[str, str]:
    """The part of an outcome that differs, with and without the rule."""
    kind = ("placed", "asked", "settled")[kind_of_change(before, after)]
    one, other = getattr(before, kind), getattr(after, kind)
    if kind == "asked" and before.settled != after.settled:
        one, other = f"{one}; {before.settled}", f"{other}; {after.settled}"
    return one, other
