"""
`decisions.jsonl`: the documents, then every fact before the first decision that names it, and the decisions, chained.

Each decision line names the hash of the one before; the last line counts them, so that a lost tail is seen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from calloff.documents.purchasing_models import Document
from calloff.domain.batching import PackageLot
from calloff.domain.decisions import Decision
from calloff.domain.errors import ReplayError
from calloff.domain.purchasing_model import PurchasingModel
from calloff.domain.records import DecisionRecord, Ledger, canonical, sha256
from calloff.wrong_kinds import wrong_kind

BEGINNING = "0" * 64
BROKEN_LINE = "this line is broken off or not of a decision log"
REMEDY = "give the decisions.jsonl of a run, as the run wrote it"


@dataclass
class DecisionLog:
    """
    Writes decisions as they are taken, under one document or several.

    What moves under each document is told by what changed since its own last decision, so that each has a ledger;
    all of them store a fact once.
    """

    stream: TextIO
    documents: Sequence[Document]
    ledgers: dict[str, Ledger] = field(default_factory=dict)
    previous: str = BEGINNING
    count: int = 0

    def __post_init__(self) -> None:
        stored: set[str] = set()
        for document in self.documents:
            digest, texts = document.model.document_hash, [list(pair) for pair in document.texts]
            self.ledgers[digest] = Ledger(stored)
            self._write({"line": "document", "hash": digest, "texts": texts})

    def add(self, decision: Decision) -> DecisionRecord:
        """Write a decision, and before it the facts it names for the first time."""
        ledger = self.ledgers[decision.basis.inputs[0].document_hash]
        record = decision.record(ledger)
        self._write_facts(ledger)
        line = f'{{"hash":"{record.hash}","line":"decision","previous":"{self.previous}","record":'
        self.stream.write(f"{line}{record.content.decode()}}}\n")
        self.previous, self.count = link(self.previous, record.hash), self.count + 1
        return record

    def add_lot(self, lot: PackageLot, model: PurchasingModel) -> None:
        """Write whose sum a lot is, before its first decision."""
        ledger = self.ledgers[model.document_hash]
        members = [ledger.add("package", member) for member in lot.members]
        digest = ledger.add("package", lot.package)
        self._write_facts(ledger)
        self._write({"line": "lot", "lot": digest, "members": members})

    def _write_facts(self, ledger: Ledger) -> None:
        for digest, content in ledger.take_new():
            self.stream.write(f'{{"fact":{content.decode()},"hash":"{digest}","line":"fact"}}\n')

    def finish(self) -> None:
        """Write the last line: how many decisions there are, and the end of their chain."""
        self._write({"line": "end", "decisions": self.count, "last": self.previous})

    def _write(self, body: dict[str, Any]) -> None:
        self.stream.write(canonical(body).decode() + "\n")


def link(previous: str, record_hash: str) -> str:
    """The next link of the chain."""
    return sha256(f"{previous}{record_hash}".encode())


def raw_lines_of(path: Path) -> Iterator[bytes]:
    """The lines of a log as they lie there; ReplayError when the file cannot be read or plainly is of another kind."""
    try:
        stream: BinaryIO = path.open("rb")
    except OSError as error:
        raise ReplayError(f"{path}: cannot be read: {error.strerror or error}; {REMEDY}") from error
    with stream:
        first = stream.readline()
        if not first:
            raise ReplayError(f"{path}: the file is empty; {REMEDY}")
        kind = wrong_kind(first)
        if kind is not None:
            raise ReplayError(f"{path}: this is {kind.name}, not a decision log; {REMEDY}")
        yield first
        yield from stream


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a log; ReplayError names the line that is not one."""
    for number, text in enumerate(raw_lines_of(path), 1):
        try:
            line = json.loads(text)
        except (ValueError, RecursionError):
            line = None
        if not isinstance(line, dict) or "line" not in line:
            raise ReplayError(f"{path}:{number}: {BROKEN_LINE}; {REMEDY}")
        yield line
