"""A case on its way: its model, its situation, what happens in it, and what the kernel answers to each question."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from calloff.cases.answers import outcome
from calloff.cases.driver import Run, record_of
from calloff.cases.written import day, enrolment, minutes, moment, names, package, provider, visits
from calloff.documents.bank_holidays import calendar_for
from calloff.documents.purchasing_models import Document, load, parse
from calloff.domain.calendar import Nation, local
from calloff.domain.contracts import Suspension
from calloff.domain.history import Ended, Event, Held, Offered, Overridden, Released, Withdrawn
from calloff.domain.market import Standing, seconds
from calloff.domain.units import centipence_of


def document_of(written: str | Mapping[str, Any], folder: Path) -> Document:
    """
    The document that a case names: a document beside it or in `models/` there, or a shipped one; or such a one with
    changes (`steps.framework.ask: waves_of(2)`).
    """
    if isinstance(written, str):
        written = {"document": written}
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
        change(tree, where.split("."), copy.deepcopy(value))
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


class CaseRun(Run):
    """A case on its way."""

    @classmethod
    def start(cls, case: Mapping[str, Any], folder: Path) -> CaseRun:
        """The situation of a case, before anything has happened; `folder` is where its document may lie."""
        model = document_of(case["model"], folder).model
        asked = package(case["package"], model)
        about = {name: one or {} for name, one in case["providers"].items()}
        at = asked.approved_at
        rows = tuple(enrolment(name, one, model, at) for name, one in about.items())
        services = {one.provider: provider(one.provider, about[one.reference], asked.nation) for one in reversed(rows)}
        standing = Standing(
            rows,
            services,
            {asked.nation: calendar_for(Nation(asked.nation))},
            tuple({asked.locality, *names(case.get("localities", "North, South"))}),
            case.get("seed", "a seed published before the year"),
        )
        run = cls.of(model, asked, standing)
        for name in names(case.get("turns_taken", [])):
            run.counters.take_turn(standing.row_of[name])
        return run

    def play(self, story: Sequence[Mapping[str, Any]]) -> Iterable[tuple[Mapping[str, Any], dict[str, Any]]]:
        """Play a story; each moment with a `then`, and what the kernel answered to it."""
        for entry in story:
            at = moment(entry["at"])
            if "event" in entry:
                self.happen(at, entry["event"].split(), entry)
            if "then" in entry:
                yield entry, self.question(at, entry)

    def question(self, at: datetime, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Ask, and carry out what is decided unless the case says that nobody confirms it."""
        decision = self.ask(at)
        if record_of(decision) != record_of(self.ask(at)):
            raise RuntimeError("the same question asked twice has two records: Calloff is broken, please report it")
        found = outcome(decision, self)
        if entry.get("confirmed", "yes") == "yes":
            self.carry_out(decision, at)
        return found

    def happen(self, at: datetime, words: Sequence[str], entry: Mapping[str, Any]) -> None:
        self.settle(at)
        who, does, *rest = words
        if who == "council":
            self.council(at, does, rest)
        elif does == "declares":
            self.declare(at, who, minutes(" ".join(rest)))
        elif does in ("loses", "regains"):
            sign = 1 if does == "loses" else -1
            self.counters.used[self.pool(who)] += sign * minutes(" ".join(rest))
        else:
            answer = {"accepts": "accept", "offers": "part", "declines": "decline"}[does]
            self.answer(
                Offered(
                    who,
                    at,
                    answer,
                    reason=rest[0] if rest else "",
                    visits=visits(entry.get("visits", ())),
                    centipence_per_hour=centipence_of(entry.get("rate", "0")),
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
        return next(number for number, pool in enumerate(self.standing.pools) if self.name(pool.row) == who)

    def name(self, row: int) -> str:
        return self.standing.enrolments[row].reference
