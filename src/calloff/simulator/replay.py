"""Work every decision of a log out again from its own facts, and compare byte for byte."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from calloff.documents.purchasing_models import parse
from calloff.domain.batching import PackageLot
from calloff.domain.calendar import Calendar, parse_moment
from calloff.domain.contracts import Enrolment
from calloff.domain.errors import CalloffError, ReplayError
from calloff.domain.history import Event
from calloff.domain.market import Counters, Market, Standing
from calloff.domain.next_step import next_step
from calloff.domain.packages import Package
from calloff.domain.providers import Provider
from calloff.domain.purchasing_model import PurchasingModel
from calloff.domain.records import apply_changes, canonical, columns_hash, revive, sha256
from calloff.simulator.log import BEGINNING, lines_of, link

EVENTS: dict[str, type] = {kind.__name__: kind for kind in get_args(Event)}
NAMED = ("model", "package", "history", "standing", "counters")


@dataclass
class Facts:
    """
    The facts of a log, read back as values; each is checked against its hash.

    What moves is told by what changed since the last decision under the same document: each reads its own `values`,
    while the `bodies` are shared.
    """

    bodies: dict[str, tuple[str, Any]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, line: dict[str, Any]) -> None:
        fact, digest = line["fact"], line["hash"]
        # A fact of changes alone has the hash of the whole, which is checked once it is put together.
        if "since" not in fact["body"] and sha256(canonical(fact)) != digest:
            raise ReplayError(f"the fact {digest[:12]} does not have the hash it is stored under: it was altered")
        self.bodies[digest] = (fact["kind"], fact["body"])

    def value(self, digest: str, kind: Any) -> Any:
        """The value of a fact; read once."""
        if digest not in self.values:
            if digest not in self.bodies:
                raise ReplayError(f"the fact {digest[:12]} is missing from the log")
            self.values[digest] = self._read(digest, kind)
        return self.values[digest]

    def _read(self, digest: str, kind: Any) -> Any:
        stored, body = self.bodies[digest]
        if kind is Event:
            return revive(event_kind(body), body["data"])
        if kind is Standing:
            return self._standing(body)
        if kind is Counters:
            return self._counters(digest, body)
        if stored != kind.__name__.lower():
            raise ReplayError(f"the fact {digest[:12]} is a {stored}, not a {kind.__name__.lower()}")
        return revive(kind, body)

    def _standing(self, body: dict[str, Any]) -> Standing:
        providers = [self.value(one, Provider) for one in body["providers"]]
        calendars = [self.value(one, Calendar) for one in body["calendars"]]
        return Standing(
            tuple(self.value(one, Enrolment) for one in body["enrolments"]),
            {provider.reference: provider for provider in providers},
            {str(calendar.nation): calendar for calendar in calendars},
            tuple(body["localities"]),
            body["seed"],
        )

    def _counters(self, digest: str, body: dict[str, Any]) -> Counters:
        if "whole" in body:
            return Counters(**body["whole"])
        before: Counters = self.value(body["since"], Counters)
        # Later decisions name later counters only; keeping each state would fill the memory of a long run.
        self.values.pop(body["since"])
        columns = apply_changes(before.columns, body["changes"])
        if columns_hash("counters", columns) != digest:
            raise ReplayError(f"the counters {digest[:12]} do not come out of those before them: a fact was altered")
        return Counters(**columns)


def event_kind(body: dict[str, Any]) -> type:
    if body.get("event") not in EVENTS:
        raise ReplayError(f"there is no event {body.get('event')!r}")
    return EVENTS[body["event"]]


@dataclass(frozen=True)
class Replayed:
    """One decision as stored and as it comes out now."""

    number: int
    record: dict[str, Any]
    difference: str

    @property
    def differs(self) -> bool:
        return bool(self.difference)


def replay(path: Path) -> Iterator[Replayed]:
    """
    Every decision of a log in order, worked out again.

    A decision whose facts are missing or altered, whose hash or chain is broken, or that comes out otherwise, differs
    and says how. ReplayError when the file is no decision log, or when its end is missing.
    """
    try:
        yield from _replayed(path)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ReplayError(f"{path}: a line is not as a run writes it ({error!r}): it was altered") from error


def _replayed(path: Path) -> Iterator[Replayed]:
    bodies: dict[str, tuple[str, Any]] = {}
    every, sides, previous, count = Facts(bodies), dict[str, tuple[PurchasingModel, Facts]](), BEGINNING, 0
    ended, lots = False, set[str]()
    for line in lines_of(path):
        kind = line["line"]
        if kind == "document":
            model = parse([(name, text) for name, text in line["texts"]], alone=True).model
            if model.document_hash != line["hash"]:
                raise ReplayError(f"{path}: the document does not have the hash it is stored under: it was altered")
            sides[model.document_hash] = model, Facts(bodies)
        elif kind == "fact":
            every.add(line)
        elif kind == "lot":
            _check_lot(path, every, line)
            lots.add(line["lot"])
        elif kind == "decision":
            if not sides:
                raise ReplayError(f"{path}: a decision stands before its document")
            count += 1
            difference = "" if line["previous"] == previous else "the chain is broken before it"
            difference = difference or _difference(sides, lots, line)
            previous = link(previous, line["hash"])
            yield Replayed(count, line["record"], difference)
        elif kind == "end":
            ended = True
            if line["decisions"] != count or line["last"] != previous:
                raise ReplayError(f"{path}: the last line counts {line['decisions']} decisions, the file holds {count}")
    if not ended:
        raise ReplayError(f"{path}: the last line is missing; decisions may have been cut off")


def _check_lot(path: Path, facts: Facts, line: Mapping[str, Any]) -> None:
    """A lot is the sum of its packages, each visit, need and exclusion of theirs and no other."""
    members = [facts.value(one, Package) for one in line["members"]]
    if PackageLot.of(members).package != facts.value(line["lot"], Package):
        raise ReplayError(f"{path}: the lot {line['lot'][:12]} is not the sum of its packages: it was altered")


def _difference(sides: Mapping[str, tuple[PurchasingModel, Facts]], lots: Collection[str], line: dict[str, Any]) -> str:
    stored = line["record"]
    content = canonical(stored)
    if sha256(content) != line["hash"]:
        return "the record does not have the hash it is stored under"
    try:
        model, facts = _side_of(sides, stored["model"])
        if facts.value(stored["package"], Package).lot_of and stored["package"] not in lots:
            return "the log does not say of which packages the lot is made"
        again = worked_out_again(model, facts, stored)
    except CalloffError as error:
        return str(error)
    if canonical(again) == content:
        return ""
    parts = sorted(key for key in {*again, *stored} if again.get(key) != stored.get(key))
    return f"it comes out otherwise in: {', '.join(parts)}"


def _side_of(
    sides: Mapping[str, tuple[PurchasingModel, Facts]], named: Mapping[str, Any]
) -> tuple[PurchasingModel, Facts]:
    """The document that a record names, with the facts read under it."""
    found = sides.get(named["hash"])
    if found is None or (found[0].id, found[0].version) != (named["id"], named["version"]):
        raise ReplayError(f"the record names the model {named}, the log holds another")
    return found


def worked_out_again(model: PurchasingModel, facts: Facts, stored: dict[str, Any]) -> dict[str, Any]:
    """The record that the kernel gives now for the facts which a stored record names."""
    package = facts.value(stored["package"], Package)
    market = Market(facts.value(stored["standing"], Standing), facts.value(stored["counters"], Counters))
    events = [facts.value(one, Event) for one in stored["history"]]
    decision = next_step(model, package, market, events, parse_moment(stored["at"]))
    return {**decision.basis.body, **{name: stored[name] for name in NAMED}, "result": decision.result}
