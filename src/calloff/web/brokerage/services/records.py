"""
A package's decision records read back: as the very log that a run writes, worked out again, and told in plain English.

Facts that are stored by what changed are put together whole, so that the log of one package replays alone.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import Q, QuerySet

from calloff.domain.batching import PackageLot
from calloff.domain.errors import ReplayError
from calloff.domain.records import Ledger, apply_changes, canonical, columns_hash
from calloff.simulator.explain import Teller
from calloff.simulator.log import BEGINNING, link
from calloff.simulator.replay import Replayed, replay
from calloff.simulator.scene import Scene
from calloff.simulator.tale import Tale, read_tale
from calloff.web.brokerage.models import Decision, Fact, Invitation, Package
from calloff.web.brokerage.services.desk import facts_of
from calloff.web.contracts.models import ModelVersion
from calloff.web.contracts.services.market import document_of

Columns = dict[str, list[int]]


class StoredFacts:
    """The facts of a council, read once each: as they are stored, or whole where they tell only what changed."""

    def __init__(self, council: int) -> None:
        self.council = council
        self._read: dict[str, str] = {}
        self._columns: dict[str, Columns] = {}

    def fetch(self, hashes: set[str]) -> None:
        """Read some facts at once."""
        wanted = hashes - set(self._read)
        rows = Fact.objects.filter(council=self.council, hash__in=wanted)
        self._read |= dict(rows.values_list("hash", "content"))

    def known(self) -> list[str]:
        """The facts that were read."""
        return list(self._read)

    def content(self, digest: str) -> str:
        """A fact as stored; ReplayError when it is missing."""
        if digest not in self._read:
            self.fetch({digest})
        if digest not in self._read:
            raise ReplayError(f"the fact {digest[:12]} is missing from the council's facts")
        return self._read[digest]

    def counters(self, digest: str) -> str:
        """Counters as a fact written whole; ReplayError when they do not come out of those before them."""
        columns = self.columns(digest)
        if columns_hash("counters", columns) != digest:
            raise ReplayError(f"the counters {digest[:12]} do not come out of those before them: a fact was altered")
        return canonical({"kind": "counters", "body": {"whole": columns}}).decode()

    def columns(self, digest: str) -> Columns:
        """The numbers of stored counters, put together from the last that were written whole."""
        chain: list[tuple[str, Any]] = []
        while digest not in self._columns:
            body = json.loads(self.content(digest))["body"]
            if "whole" in body:
                self._columns[digest] = body["whole"]
            else:
                chain.append((digest, body["changes"]))
                digest = body["since"]
        columns = self._columns[digest]
        for later, changes in reversed(chain):
            columns = self._columns[later] = apply_changes(columns, changes)
        return columns


def decision_log(package: Package) -> bytes:
    """
    The decisions of a package as `decisions.jsonl`: documents, facts, records in their chain, and the end.

    `./calloff replay` and `./calloff explain` read it. Raises ReplayError when a fact is missing or altered.
    """
    stream = io.StringIO()
    decisions = list(decisions_on(package).select_related("package").order_by("at", "package__is_lot", "number"))
    records = [json.loads(one.content) for one in decisions]
    facts = StoredFacts(package.council_id)
    facts.fetch(
        {digest for record in records for digest in (record["package"], record["standing"], *record["history"])}
    )
    written: set[str] = set()
    for version in _documents(package, records):
        texts = json.loads(version.texts)
        _line(stream, {"line": "document", "hash": version.document_hash, "texts": texts})
    previous = BEGINNING
    for decision, record in zip(decisions, records, strict=True):
        if decision.package.is_lot and record["package"] not in written:
            _lot(stream, decision.package, record["package"], written)
        for digest, content in _facts_of(facts, record):
            if digest not in written:
                written.add(digest)
                stream.write(f'{{"fact":{content},"hash":"{digest}","line":"fact"}}\n')
        head = f'{{"hash":"{decision.hash}","line":"decision","previous":"{previous}","record":'
        stream.write(f"{head}{decision.content}}}\n")
        previous = link(previous, decision.hash)
    _line(stream, {"line": "end", "decisions": len(decisions), "last": previous})
    return stream.getvalue().encode()


def decisions_on(package: Package) -> QuerySet[Decision]:
    """The decisions on a package, and on a lot that it was in: these are part of its own story."""
    return Decision.objects.filter(Q(package=package) | Q(package=package.lot_id))


def _lot(stream: io.StringIO, lot: Package, digest: str, written: set[str]) -> None:
    """Whose sum a lot is, before its first decision."""
    ledger = Ledger()
    members = list(lot.members.order_by("reference"))
    # A package is in a lot as it was approved: whatever changes it takes it out.
    facts = [facts_of(one, 1) for one in members]
    hashes = [ledger.add("package", one) for one in facts]
    ledger.add("package", PackageLot.of(facts).package)
    for one, content in ledger.take_new():
        if one not in written:
            written.add(one)
            stream.write(f'{{"fact":{content.decode()},"hash":"{one}","line":"fact"}}\n')
    _line(stream, {"line": "lot", "lot": digest, "members": hashes})


def _line(stream: io.StringIO, body: dict[str, Any]) -> None:
    stream.write(canonical(body).decode() + "\n")


def _documents(package: Package, records: list[dict[str, Any]]) -> list[ModelVersion]:
    """The published version behind each document that the records name, in the order in which they name them."""
    named = dict.fromkeys(record["model"]["hash"] for record in records)
    found = {
        version.document_hash: version
        for version in ModelVersion.objects.filter(council=package.council_id, document_hash__in=named)
    }
    return [found[digest] for digest in named if digest in found]


def _facts_of(facts: StoredFacts, record: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The facts that a record names, each before what is made of it."""
    yield record["package"], facts.content(record["package"])
    for digest in record["history"]:
        yield digest, facts.content(digest)
    standing = facts.content(record["standing"])
    body = json.loads(standing)["body"]
    parts = [*body["enrolments"], *body["providers"], *body["calendars"]]
    facts.fetch(set(parts))
    for digest in parts:
        yield digest, facts.content(digest)
    yield record["standing"], standing
    yield record["counters"], facts.counters(record["counters"])


@contextmanager
def log_file(package: Package) -> Iterator[Path]:
    """The log of a package as a file, for the readers that take one; it is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="calloff-log-") as folder:
        path = Path(folder) / "decisions.jsonl"
        path.write_bytes(decision_log(package))
        yield path


def replayed(package: Package) -> list[Replayed]:
    """Every decision of a package worked out again from its stored facts, and whether it comes out the same."""
    with log_file(package) as path:
        return list(replay(path))


def told(package: Package) -> str:
    """The story of a package in plain English, from its records alone; empty while there is no decision."""
    if not decisions_on(package).exists():
        return ""
    with log_file(package) as path:
        tale = read_tale(path, package.reference)
        tale.path = Path(log_name(package))
        teller = Teller(tale)
        return "\n".join([*teller.asked_for(), *teller.document(), *teller.story(), *teller.end(), *teller.check()])


def log_name(package: Package) -> str:
    """What the file of a package's log is called."""
    return f"{package.reference}-decisions.jsonl"


@dataclass(frozen=True)
class Recorded:
    """One decision with the values that it looked at, for reading: `scene` makes sentences of its figures."""

    decision: Decision
    record: dict[str, Any]
    scene: Scene
    tale: Tale


def recorded(package: Package, number: int) -> Recorded:
    """
    One decision of a package for reading.

    Raises Decision.DoesNotExist when there is none of that number, ReplayError when its facts cannot be read.
    """
    decision = Decision.objects.get(package=package, number=number)
    record = json.loads(decision.content)
    facts = StoredFacts(package.council_id)
    tale = Tale(Path(log_name(package)), package.reference)
    for digest, content in _facts_of(facts, record):
        tale.facts.add({"fact": json.loads(content), "hash": digest})
    for version in _documents(package, [record]):
        tale.documents[version.document_hash] = document_of(version)
    tale.decisions, tale.own = [(decision.hash, record)], record["package"]
    return Recorded(decision, record, Scene(tale, record), tale)


def scenes_of(package: Package, kind: str) -> list[tuple[dict[str, Any], Scene]]:
    """
    Every record of a kind with its scene, without counters: so many questions for one as for many.

    The records of a package name few standings, so each is read once.
    """
    rows = Decision.objects.filter(package=package, kind=kind).order_by("number").values_list("content", flat=True)
    records = [json.loads(text) for text in rows]
    facts = StoredFacts(package.council_id)
    named = {record["standing"] for record in records}
    facts.fetch(named | {one for record in records for one in (record["package"], *record["history"])})
    bodies = [json.loads(facts.content(digest))["body"] for digest in named]
    facts.fetch({one for body in bodies for kind in ("enrolments", "providers", "calendars") for one in body[kind]})
    tale = Tale(Path(log_name(package)), package.reference)
    for digest in facts.known():
        tale.facts.add({"fact": json.loads(facts.content(digest)), "hash": digest})
    for version in _documents(package, records):
        tale.documents[version.document_hash] = document_of(version)
    return [(record, Scene(tale, record)) for record in records]


def sealed_until(package: Package, at: datetime, asked: Iterable[Invitation] | None = None) -> datetime | None:
    """
    Until when the answers of a sealed step stay closed; None where none is. `asked` are its invitations, if read.

    While they are, nobody sees a record: its facts would tell who has answered. That is control of access, the answers
    themselves lie in the database like any other.
    """
    asked = package.invitations.filter(sealed=True) if asked is None else asked
    return max((one.deadline_at for one in asked if is_closed(one, package.version, at)), default=None)


def is_closed(one: Invitation, version: int, at: datetime) -> bool:
    """Whether the answer to an invitation of a sealed step is kept from everybody at this moment."""
    return one.sealed and one.state == Invitation.OPEN and one.version == version and one.deadline_at >= at
