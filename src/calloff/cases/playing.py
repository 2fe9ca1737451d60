"""A case on its way: its model, its situation, what happens in it, and what the kernel answers to each question."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Self

import yaml

from calloff.cases.answers import outcome
from calloff.cases.driver import Run, record_of
from calloff.cases.reading import entries, mapping, names, text, within, word, yes
from calloff.cases.written import day, enrolment, minutes, moment, package, provider, rate, visits
from calloff.documents.bank_holidays import calendar_for
from calloff.documents.purchasing_models import Document, load, parse
from calloff.domain.calendar import Nation, local
from calloff.domain.contracts import Enrolment, Suspension
from calloff.domain.errors import BadInputError
from calloff.domain.history import (
    DECLINE_REASONS,
    OVERRIDE_REASONS,
    Ended,
    Event,
    Held,
    Offered,
    Overridden,
    Released,
    Withdrawn,
)
from calloff.domain.market import Standing, seconds
from calloff.domain.packages import Package
from calloff.domain.purchasing_model import PurchasingModel


def document_of(written: str | Mapping[str, Any], folder: Path) -> Document:
    """
    The document that a case names: a document beside it or in `models/` there, or a shipped one; or such a one with
    changes (`steps.framework.ask: waves_of(2)`).
    """
    if isinstance(written, str):
        written = {"document": written}
    mapping(written, ("document", "changes"), ["document"])
    return _document(written["document"], yaml.safe_dump(written.get("changes", {}), sort_keys=False), folder)


@cache
def _document(name: str, changes: str, folder: Path) -> Document:
    stem = name.removesuffix(".yaml")
    places = (folder / "models" / f"{stem}.yaml", folder / f"{stem}.yaml")
    path = next((one for one in places if one.is_file()), None)
    if not yaml.safe_load(changes):
        return load(str(path) if path else name)
    text = path.read_text("utf-8") if path else load(name).texts[-1][1]
    tree = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - it makes nothing but texts
    for where, value in yaml.safe_load(changes).items():
        try:
            change(tree, where.split("."), copy.deepcopy(value))
        except (KeyError, TypeError, StopIteration) as error:
            raise BadInputError(f"changes: `{where}` is no place in the document {name}") from error
    return parse([(f"{name} with changes", yaml.safe_dump(tree, sort_keys=False))])


def change(tree: Any, where: Sequence[str], value: Any) -> None:
    """Replace what stands at a place; `none` takes it away; a step or tier is found by its name."""
    for key in where[:-1]:
        tree = next(one for one in tree if one["name"] == key) if isinstance(tree, list) else tree[key]
    if value == "none":
        del tree[where[-1]]
    else:
        tree[where[-1]] = value


COUNCIL: dict[str, Callable[[datetime, Sequence[str]], Event]] = {
    "holds": lambda at, rest: Held(at, rest[0]),
    "releases": lambda at, _: Released(at),
    "withdraws": lambda at, rest: Withdrawn(at, rest[0]),
    "ends": lambda at, rest: Ended(rest[0], at, rest[1]),
    "orders": lambda at, rest: Overridden(at, rest[0], "a named team manager", rest[1]),
}
"""What a council may do in a case, beside suspending somebody: `council holds person_in_hospital`."""
COUNCIL_WORDS = {
    "suspends": ("a provider",),
    "holds": ("a reason",),
    "releases": (),
    "withdraws": ("a reason",),
    "ends": ("a provider", "a reason"),
    "orders": ("a provider", "a reason"),
}
"""What follows each verb of the council."""
ANSWERS = {"accepts": "accept", "offers": "part", "declines": "decline"}
VERBS = (*ANSWERS, "declares", "loses", "regains")
OF_AN_OFFER = ("rate", "visits", "start", "delivered_by")
"""What stands beside an acceptance or an offer."""
STORY_KEYS = ("at", "event", "then", "confirmed", *OF_AN_OFFER)
THEN_KEYS = (
    "step",
    "invite",
    "rank",
    "order",
    "drawn",
    "because",
    "wait_until",
    "call_off",
    "total",
    "ends",
    "gates",
    "scores",
    "points",
    "refer",
    "proof",
    "passed_over",
    "routes",
    "holds",
    "visits",
    "quota",
    "must_name",
    "referred",
    "spare_afterwards",
    "override",
    "refused",
    "own_answer",
)
"""What an answer can tell."""


class CaseRun(Run):
    """A case on its way."""

    @classmethod
    def start(cls, case: Mapping[str, Any], folder: Path) -> Self:
        """The situation of a case, before anything has happened; `folder` is where its document may lie."""
        model = document_of(case["model"], folder).model
        asked = package(case["package"], model)
        about = case["providers"]
        if not isinstance(about, Mapping) or not about:
            raise BadInputError("`providers` holds nobody; write {Acorn: {spare: 30 h}}")
        rows, services = [], {}
        for name, one in about.items():
            with within(f"provider {name}"):
                rows.append(enrolment(name, one, model, asked.approved_at))
        for row in reversed(rows):
            with within(f"provider {row.reference}"):
                services[row.provider] = provider(row.provider, about[row.reference], asked.nation)
        refuse_locality_of_nobody(case, model, asked, rows)
        standing = Standing(
            tuple(rows),
            services,
            {asked.nation: calendar_for(Nation(asked.nation))},
            tuple({asked.locality, *names(case.get("localities", "North, South"))}),
            text(case.get("seed", "a seed published before the year"), "any words"),
        )
        run = cls.of(model, asked, standing)
        with within("turns_taken"):
            for name in names(case.get("turns_taken", [])):
                run.counters.take_turn(standing.row_of[run.somebody(name)])
        return run

    def play(self, story: Sequence[Mapping[str, Any]]) -> Iterable[tuple[Mapping[str, Any], dict[str, Any]]]:
        """Play a story; each moment with a `then`, and what the kernel answered to it."""
        for number, entry in enumerate(entries(story, "- {at: Mon 5 March 2018 09:30, then: {step: first}}"), 1):
            with within(f"story, entry {number}"):
                mapping(entry, STORY_KEYS, ["at"])
                at = moment(entry["at"])
            with within(f"{entry['at']}"):
                if "event" in entry:
                    said = text(entry["event"], "Acorn accepts").split()
                    self.refuse_misread(said, entry)
                    self.happen(at, said, entry)
                elif "then" not in entry:
                    raise BadInputError("there is neither an `event` nor a `then`")
                if "then" in entry:
                    mapping(entry["then"], THEN_KEYS)
                    yield entry, self.question(at, entry)

    def question(self, at: datetime, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Ask, and carry out what is decided unless the case says that nobody confirms it."""
        decision = self.ask(at)
        if record_of(decision) != record_of(self.ask(at)):
            raise RuntimeError("the same question asked twice has two records: Calloff is broken, please report it")
        found = outcome(decision, self)
        if yes(entry.get("confirmed", "yes")):
            self.carry_out(decision, at)
        return found

    def refuse_misread(self, said: Sequence[str], entry: Mapping[str, Any]) -> None:
        """An event of which a word would be passed over is refused aloud."""
        if len(said) < 2:
            raise BadInputError(f"`{' '.join(said)}` is no event; write who does what, as in Acorn accepts")
        who, does, *rest = said
        if who == "council":
            wanted = COUNCIL_WORDS[word(does, COUNCIL_WORDS, "nothing that a council does here")]
            if len(rest) != len(wanted):
                raise BadInputError(f"`council {does}` is followed by {' and '.join(wanted) or 'nothing'}")
            if "a provider" in wanted:
                self.somebody(rest[0])
            if does == "orders":
                word(rest[1], OVERRIDE_REASONS, "no reason for an order")
            return
        self.somebody(who)
        word(does, VERBS, "nothing that a provider does here")
        beside = [key for key in OF_AN_OFFER if key in entry]
        if beside and does not in ("accepts", "offers"):
            raise BadInputError(f"`{beside[0]}` stands only beside `accepts` or `offers`")
        if does == "declines":
            word(" ".join(rest) or "nothing", DECLINE_REASONS, "no reason to decline")
        elif does in ANSWERS and rest:
            raise BadInputError(f"nothing follows `{does}`: `{' '.join(rest)}` belongs beside it, as in `rate: 21.00`")
        if "delivered_by" in entry:
            self.somebody(entry["delivered_by"])

    def somebody(self, name: Any) -> str:
        """A provider of the case."""
        return word(name, sorted(self.standing.row_of), "no provider of this case")

    def happen(self, at: datetime, words: Sequence[str], entry: Mapping[str, Any]) -> None:
        self.release_spent(at)
        who, does, *rest = words
        if who == "council":
            self.council(at, does, rest)
        elif does == "declares":
            self.declare(at, who, minutes(" ".join(rest)))
        elif does in ("loses", "regains"):
            sign = 1 if does == "loses" else -1
            self.counters.used[self.pool(who)] += sign * minutes(" ".join(rest))
        else:
            self.answer(
                Offered(
                    who,
                    at,
                    ANSWERS[does],
                    reason=rest[0] if rest else "",
                    visits=visits(entry.get("visits", [])),
                    centipence_per_hour=rate(entry.get("rate", "0")),
                    start_on=day(entry["start"]) if "start" in entry else None,
                    delivered_by=entry.get("delivered_by", ""),
                )
            )

    def council(self, at: datetime, does: str, rest: Sequence[str]) -> None:
        if does == "suspends":
            rows = [
                replace(one, suspensions=(Suspension(local(at).date()),)) if one.reference == rest[0] else one
                for one in self.standing.enrolments
            ]
            self.standing = replace(self.standing, enrolments=tuple(rows))
            return
        self.history.append(COUNCIL[does](at, rest))

    def declare(self, at: datetime, who: str, spare: int) -> None:
        pool = self.pool(who)
        if spare > self.counters.declared[pool]:
            self.counters.raised_at[pool] = seconds(at)
        self.counters.declared[pool] = spare
        self.counters.declared_at[pool] = seconds(at)

    def pool(self, who: str) -> int:
        found = [number for number, pool in enumerate(self.standing.pools) if self.name(pool.row) == who]
        if not found:
            raise BadInputError(f"{who} has no `spare` that could change")
        return found[0]

    def name(self, row: int) -> str:
        return self.standing.enrolments[row].reference


def refuse_locality_of_nobody(
    case: Mapping[str, Any], model: PurchasingModel, asked: Package, rows: Sequence[Enrolment]
) -> None:
    """
    A home where the document, no contract and not the case itself knows a place is a slip of the pen.

    North and South are known without being named, save where the lots or the scope of the document name places.
    """
    conditions = [one for lot in model.lots for one in lot.when if one.fact == "locality"]
    in_document = {str(value) for one in conditions for value in one.values} | model.scope.localities
    named = {*in_document, *(place for row in rows for place in row.localities)}
    named |= set(names(case["localities"])) if "localities" in case else set()
    named |= set() if in_document else {"North", "South"}
    if asked.locality not in named:
        raise BadInputError(
            f"package: the locality `{asked.locality}` is named by no lot, contract or `localities` beside the case; "
            f"they name: {', '.join(sorted(named))}"
        )
