"""Who is asked for a package, worked out live by the kernel's own columns: the order, those passed over, the gates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from calloff.documents.wording import has_wording, listed, say
from calloff.domain import allocation
from calloff.domain.decisions import Decision, Invite, Wait
from calloff.domain.errors import NothingToPlaceError
from calloff.domain.evidence import gates_evidence
from calloff.domain.history import CalledOff, Offered
from calloff.domain.market import Counters, Market
from calloff.domain.next_step import next_step
from calloff.domain.ordering import put_candidates_in_order, unranked
from calloff.domain.placing import price_of, spare_by_pool
from calloff.domain.purchasing_model import Step
from calloff.domain.question import Question
from calloff.domain.story import ACCEPTED, OPEN, PART, PLACED, Turn, read_story
from calloff.domain.subcontracting import let_primes_subcontract
from calloff.domain.tables import LINE, STEP, Fact
from calloff.domain.units import pence_per_week
from calloff.simulator.replay import Facts
from calloff.simulator.scene import Scene
from calloff.simulator.tale import Tale
from calloff.web.brokerage.models import Package
from calloff.web.brokerage.services.desk import Desk
from calloff.web.brokerage.services.records import scenes_of
from calloff.web.contracts.services.market import document_of

NEXT = "next"


@dataclass(frozen=True)
class Place:
    """
    One enrolment in the order of its step.

    `number` is its place (0 in a sealed step, where nobody stands before another), `why` the reason for it in one
    sentence. `state` is that of its invitation, `next`, or nothing; `words` tell a decline or an ending.
    """

    number: int
    token: str
    name: str
    pence_per_week: int | None
    spare_minutes: int
    why: str
    state: str = ""
    at: datetime | None = None
    deadline_at: datetime | None = None
    words: str = ""


@dataclass(frozen=True)
class AskedStep:
    """A step of the model with its candidates in order."""

    name: str
    sealed: bool
    places: tuple[Place, ...]


ONE_TOO_MANY = 0
"""Beside the eight gates: whoever passes them all, and would be one provider more than the person may have."""


@dataclass(frozen=True)
class GateGroup:
    """
    Those who failed one gate, the first that stops each, with a sentence that holds the figures; under ONE_TOO_MANY
    their names.
    """

    number: int
    who: tuple[str, ...]


@dataclass(frozen=True)
class WhoIsAsked:
    """Everybody enrolled: in the order of a step, passed over for lack of spare hours, or stopped by a gate."""

    steps: tuple[AskedStep, ...] = ()
    passed_over: tuple[str, ...] = ()
    gates: tuple[GateGroup, ...] = ()

    @property
    def not_asked(self) -> int:
        return sum(len(gate.who) for gate in self.gates)


def who_is_asked(desk: Desk, upcoming: Sequence[str], *, prices: bool) -> WhoIsAsked:
    """
    The order as if nobody had been asked yet, with what became of each invitation beside it.

    `upcoming` are the enrolments that the kernel asks next. Without `prices` no sentence names one. Nothing is written.
    """
    return _Asking(desk, upcoming, prices).told()


def following(desk: Desk) -> Decision | None:
    """What the kernel would say if everybody who has not answered yet said no; None when nobody is waited for."""
    turns = [turn for turn in desk.story().live if turn.state == OPEN]
    if not turns:
        return None
    counters = _copied(desk.course.counters)
    for turn in turns:
        counters.release(desk.course.held.get(turn.invited.enrolment, ()))
    history = [*desk.course.history, *(Offered(turn.invited.enrolment, desk.at, "decline", "other") for turn in turns)]
    try:
        return next_step(desk.model, desk.facts, Market(desk.standing, counters), history, desk.at)
    except NothingToPlaceError:
        return None


def asked_by(decision: Decision | None) -> tuple[str, ...]:
    """The enrolments that a decision asks."""
    return tuple(one.enrolment for one in decision.invitations) if isinstance(decision, Invite) else ()


def upcoming(desk: Desk, decision: Decision | None) -> tuple[str, ...]:
    """Whom the kernel asks next: now, or once those who are asked have all said no."""
    if isinstance(decision, Wait) and decision.reason == "answers_due":
        return asked_by(following(desk))
    return asked_by(decision)


def _copied(counters: Counters) -> Counters:
    return Counters(**{name: list(column) for name, column in vars(counters).items()})


class _Asking:
    """One look at who may be asked: the kernel's question put as if no invitation had gone out."""

    def __init__(self, desk: Desk, upcoming: Sequence[str], prices: bool) -> None:
        self.desk, self.upcoming, self.prices = desk, upcoming, prices
        self.turns: dict[str, Turn] = {turn.invited.enrolment: turn for turn in desk.story().invitations}
        history = [event for event in desk.course.history if isinstance(event, CalledOff)]
        counters = _copied(desk.course.counters)
        for holds in desk.course.held.values():
            counters.release(holds)
        model = desk.model.terms_for(desk.facts)
        story = read_story(model, desk.facts, history, desk.at)
        market = Market(desk.standing, counters)
        self.question = Question(model, desk.facts, market, tuple(history), desk.at, story)
        self.question.weigh()
        let_primes_subcontract(self.question)
        self.failed = [int(one) for one in self.question.failed]
        self.scene = scene_of(desk, {"gates": gates_evidence(self.question)}, history)
        self.reasons = why_asked(desk.package, prices=prices) if self.turns else {}

    def told(self) -> WhoIsAsked:
        steps = tuple(self._steps())
        question, tables = self.question, self.question.tables
        chosen = {question.provider(row) for _, rows in self.ordered for row in rows}
        chosen |= {question.enrolment(part.enrolment).provider for part in question.story.called_off if part.enrolment}
        chosen |= {turn.invited.provider for turn in self.turns.values()}
        tiers = {tier for step in question.model.steps if step.whom == "tier" for tier in step.tiers}
        groups: dict[int, list[str]] = {}
        passed_over = []
        known = question.has_as_many_as_allowed()
        for row, failed in enumerate(self.failed):
            stops = failed & tables.enforced & ~tables.capacity_lines
            if stops:
                line = (stops & -stops).bit_length() - 1
                groups.setdefault(tables.gates[line * LINE], []).append(self._why_not(row))
            elif known is not None and question.provider(row) not in known:
                groups.setdefault(ONE_TOO_MANY, []).append(self.scene.name(row))
            elif self._short(row) and question.provider(row) not in chosen and self._tier(row) in tiers:
                passed_over.append(self.scene.passed_over(row))
        gates = tuple(GateGroup(number, tuple(sorted(who))) for number, who in sorted(groups.items()))
        return WhoIsAsked(steps, tuple(sorted(passed_over)), gates)

    def _tier(self, row: int) -> str:
        return self.desk.standing.enrolments[row].tier

    def _short(self, row: int) -> bool:
        return bool(self.question.facts[Fact.SHORT * self.question.rows + row])

    def _why_not(self, row: int) -> str:
        codes = [code for code, _, _ in self.scene.enforced(row)]
        if not self.prices and "outside_price_limits" in codes:
            return say("gates", "outside_price_limits", **self.scene.figures_of(row))
        return self.scene.why_not(row)

    def _steps(self) -> list[AskedStep]:
        """
        Each step with those it has asked, in the order in which they were, then those it would ask now.

        Who has been asked stays in the order of that day, whatever has become of its hours since.
        """
        question = self.question
        asked: dict[str, list[int]] = {}
        for turn in sorted(self.turns.values(), key=lambda one: (one.invited.wave, one.invited.rank)):
            asked.setdefault(turn.invited.step, []).append(self.desk.standing.row_of[turn.invited.enrolment])
        for rows in asked.values():
            self._bar(rows)
        question.step = question.decide()
        self.ordered: list[tuple[Step, list[int]]] = []
        found = []
        orders: dict[str, list[list[int]]] = {}
        while question.step < len(question.tables.steps) // STEP:
            step = question.model.steps[question.step]
            if step.sealed:
                rows = [row for row, _rank in unranked(question)]
            else:
                count = put_candidates_in_order(question)
                rows = [int(row) for row in question.chosen[:count]]
            if not rows or step.name in orders:
                break
            orders[step.name] = [list(one) for one in question.body["order"]]
            self.ordered.append((step, rows))
            self._bar(rows)
            question.step = question.decide()
        rows_of = {step.name: rows for step, rows in self.ordered}
        for step in question.model.steps:
            if step.name in rows_of or step.name in asked:
                places = self._places(
                    step, asked.get(step.name, []), rows_of.get(step.name, []), orders.get(step.name, [])
                )
                found.append(AskedStep(step.name, step.sealed, places))
        return found

    def _bar(self, rows: Sequence[int]) -> None:
        for row in rows:
            for same in self.desk.standing.rows_of_provider[self.question.provider(row)]:
                self.question.status[same] = allocation.BARRED

    def _places(
        self, step: Step, asked: Sequence[int], coming: Sequence[int], order: Sequence[Sequence[int]]
    ) -> tuple[Place, ...]:
        places: list[Place] = []
        for row in asked:
            why = self.reasons.get(self.desk.standing.enrolments[row].reference, "")
            places.append(self._place(step, len(places) + 1, row, why))
        for place, row in enumerate(coming):
            why = why_here(self.scene, step, order, place, prices=self.prices)
            if place == 0 and asked and step.rank_by and not step.sealed:
                why = _of_those_left(step)
            places.append(self._place(step, len(places) + 1, row, why))
        return tuple(places)

    def _place(self, step: Step, number: int, row: int, why: str) -> Place:
        question, enrolment = self.question, self.desk.standing.enrolments[row]
        cost, lines = price_of(question, row, question.story.left)
        turn = self.turns.get(enrolment.reference)
        # What is left to place is none of the business of who has its part already.
        placed = turn is not None and turn.state == PLACED
        told: dict[str, Any] = {}
        if turn is not None and not (step.sealed and turn.invited.deadline_at >= self.desk.at):
            told = self._state(turn, row)
        elif turn is None and enrolment.reference in self.upcoming:
            told = {"state": NEXT}
        return Place(
            number=0 if step.sealed else number,
            token=self.desk.market.rows[row].token,
            name=self.scene.name(row),
            pence_per_week=pence_per_week(cost) if lines and self.prices and not placed else None,
            spare_minutes=sum(spare_by_pool(question, row).values()),
            why="" if step.sealed else why,
            **told,
        )

    def _state(self, turn: Turn, row: int) -> dict[str, Any]:
        words, who = "", self.scene.figures_of(row)
        if turn.state not in (OPEN, ACCEPTED, PART) and turn.reason:
            section = next((one for one in ("declines", "endings") if has_wording(one, turn.reason)), "")
            words = say(section, turn.reason, most=self.scene.most_providers, **who) if section else ""
        at = turn.invited.at if turn.state == OPEN else turn.settled_at
        return {"state": turn.state, "at": at, "deadline_at": turn.invited.deadline_at, "words": words}


def why_here(scene: Scene, step: Step, order: Sequence[Sequence[int]], place: int, *, prices: bool) -> str:
    """Why somebody stands in a place of an order, against whoever stands before."""
    if step.sealed or not step.rank_by or len(order[place]) < 2:
        return ""
    keys = scene.keys(step)
    if place == 0:
        return _("first: %(best)s") % {"best": say("bests", step.rank_by[0].criterion)}
    above, below = order[place - 1], order[place]
    differ = next((number for number, _key in enumerate(keys) if above[number + 1] != below[number + 1]), None)
    equal = listed(dict.fromkeys(say("criterion_names", key.criterion) for key in keys[:differ]))
    name = scene.name(above[0])
    if differ is None:
        return _("equal to %(name)s in %(equal)s; the lot drew it after") % {"name": name, "equal": equal}
    if not prices and keys[differ].criterion.startswith("price"):
        figures = say("criterion_names", keys[differ].criterion)
    else:
        figures = _("%(has)s against %(other)s") % {
            "has": scene.figure(keys[differ], below[differ + 1]),
            "other": scene.figure(keys[differ], above[differ + 1]),
        }
    if differ == 0:
        return _("after %(name)s: %(figures)s") % {"name": name, "figures": figures}
    told = {"name": name, "equal": equal, "figures": figures}
    return _("equal to %(name)s in %(equal)s, then %(figures)s") % told


def why_asked(package: Package, *, prices: bool) -> dict[str, str]:
    """By enrolment, why it stood where it stood when it was asked, from the record of that decision."""
    found: dict[str, str] = {}
    before: list[tuple[Scene, Step, list[list[int]]]] = []
    for record, scene in scenes_of(package, "invite"):
        result, order = record["result"], record.get("order", [])
        _number, step = scene.step(result["step"])
        for one in result["invitations"]:
            name = one["enrolment"]
            if result["override"]:
                found[name] = _("ordered by a person, agreed by a second")
                continue
            place = _place_in(scene, order, name)
            if place == 0 and before and step.rank_by and not step.sealed:
                # Those before it have answered and stand in this order no more: the one before still knows them.
                found[name] = _as_before(before, step, name, found, prices) or _of_those_left(step)
            elif place is not None:
                found[name] = why_here(scene, step, order, place, prices=prices)
        before.append((scene, step, order))
    return found


def _place_in(scene: Scene, order: Sequence[Sequence[int]], enrolment: str) -> int | None:
    row = scene.standing.row_of[enrolment]
    return next((place for place, entry in enumerate(order) if entry[0] == row), None)


def _as_before(
    before: Sequence[tuple[Scene, Step, list[list[int]]]],
    step: Step,
    enrolment: str,
    asked: Iterable[str],
    prices: bool,
) -> str:
    """The reason from the last order in which somebody who has been asked stood just before."""
    for scene, same, order in reversed(before):
        place = _place_in(scene, order, enrolment) if same.name == step.name else None
        if place and scene.standing.enrolments[order[place - 1][0]].reference in asked:
            return why_here(scene, step, order, place, prices=prices)
    return ""


def _of_those_left(step: Step) -> str:
    return _("of those left, %(best)s") % {"best": say("bests", step.rank_by[0].criterion)}


def scene_of(desk: Desk, record: dict[str, Any], history: Sequence[Any]) -> Scene:
    """The kernel's values as they stand now, so that sentences can be made of their figures."""
    facts = Facts()
    events = {f"event {number}": event for number, event in enumerate(history)}
    facts.values |= {"package": desk.facts, "standing": desk.standing, **events}
    version = desk.package.model_version
    if version is None:
        raise ValueError(f"package {desk.package.reference} is governed by no model")
    document = document_of(version)
    tale = Tale(Path("live"), desk.facts.reference, {document.model.document_hash: document}, facts=facts)
    named = {"hash": document.model.document_hash, "id": document.model.id}
    at = desk.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    told = {"model": named, "package": "package", "standing": "standing", "history": list(events), "at": at}
    return Scene(tale, {**record, **told})


def is_governed(package: Package) -> bool:
    """Whether a model says who is asked for a package; an imported one may have none."""
    return package.model_version_id is not None
