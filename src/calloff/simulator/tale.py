"""
What a log holds about one package, read without holding the log in memory.

The lines of a log are canonical, so that kind and hash of a fact are read from its end without reading the fact.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from calloff.documents.purchasing_models import Document, parse
from calloff.documents.wording import listed
from calloff.domain.errors import BadInputError, ReplayError
from calloff.domain.records import canonical, sha256
from calloff.simulator.log import BROKEN_LINE, REMEDY, raw_lines_of
from calloff.simulator.replay import Facts

STANDING_KINDS = (b"standing", b"enrolment", b"provider", b"calendar")
FACT_ENDS = re.compile(rb'"kind":"([a-z]+)"\},"hash":"([0-9a-f]{64})","line":"fact"\}\s*$')
REFERENCE = re.compile(rb'"reference":("(?:[^"\\]|\\.)*")')
NAMES_PACKAGE = re.compile(rb'"package":"([0-9a-f]{64})"')
SHOWN_REFERENCES = 5
SHORT_HASH = 12


@dataclass
class Tale:
    """
    What a log holds about one package: its decisions with their hashes, also those on a lot that it was in, the facts
    they name, and the log's documents by hash.

    `own` is the hash of the package itself; `lots` are the packages of each lot, by the lot's hash.
    """

    path: Path
    reference: str
    documents: dict[str, Document] = field(default_factory=dict)
    decisions: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    facts: Facts = field(default_factory=Facts)
    own: str = ""
    lots: dict[str, list[str]] = field(default_factory=dict)


def read_tale(path: Path, reference: str) -> Tale:
    """
    Read a log twice: for the package, its decisions and who is enrolled; then for the events they name.

    ReplayError when the file is no decision log, or a line that is needed is not as a run writes it.
    """
    try:
        return _read_tale(path, reference)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise ReplayError(f"{path}: a line is not as a run writes it ({error!r}): it was altered or cut") from error


def _read_tale(path: Path, reference: str) -> Tale:
    tale, mine, others = Tale(path, reference), set[str](), list[str]()
    quoted = json.dumps(reference, ensure_ascii=False).encode()
    for number, line in enumerate(raw_lines_of(path), 1):
        if line.startswith(b'{"fact":'):
            kind, digest = _fact_of(path, number, line)
            if kind in STANDING_KINDS:
                tale.facts.add(json.loads(line))
            elif kind == b"package":
                found = REFERENCE.search(line)
                if found and found[1] == quoted:
                    tale.facts.add(json.loads(line))
                    mine.add(digest)
                    tale.own = digest
                elif b'"lot_of":[' in line and reference in json.loads(line)["fact"]["body"].get("lot_of", ()):
                    tale.facts.add(json.loads(line))
                    mine.add(digest)
                elif found and len(others) < SHOWN_REFERENCES:
                    others.append(str(json.loads(found[1])))
        elif line.startswith(b'{"line":"lot"'):
            lot = json.loads(line)
            if lot["lot"] in mine:
                tale.lots[lot["lot"]] = lot["members"]
        elif line.startswith(b'{"hash":') and b'"line":"document"' in line[:120]:
            document = parse([(name, text) for name, text in json.loads(line)["texts"]], alone=True)
            tale.documents[document.model.document_hash] = document
        elif line.startswith(b'{"hash":'):
            named = NAMES_PACKAGE.search(line)
            if named and named[1].decode() in mine:
                tale.decisions.append(_checked(path, json.loads(line)))
        elif not line.startswith(b'{"decisions":'):
            raise _broken(path, number)
    if not tale.decisions:
        raise BadInputError(_unknown(path, reference, others))
    _read_what_they_name(tale)
    return tale


def _broken(path: Path, number: int) -> ReplayError:
    return ReplayError(f"{path}:{number}: {BROKEN_LINE}; {REMEDY}")


def _fact_of(path: Path, number: int, line: bytes) -> tuple[bytes, str]:
    """Kind and hash of a fact's line, read from its end without reading the fact."""
    ends = FACT_ENDS.search(line, max(0, len(line) - 200))
    if ends is None:
        raise _broken(path, number)
    return ends[1], ends[2].decode()


def _checked(path: Path, line: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    record: dict[str, Any] = line["record"]
    if sha256(canonical(record)) != line["hash"]:
        raise ReplayError(f"{path}: the record {line['hash'][:SHORT_HASH]} does not have its hash: it was altered")
    return line["hash"], record


def _read_what_they_name(tale: Tale) -> None:
    needed = {digest for _, record in tale.decisions for digest in record["history"]}
    needed |= {member for members in tale.lots.values() for member in members}
    for number, line in enumerate(raw_lines_of(tale.path), 1):
        if needed and line.startswith(b'{"fact":') and _fact_of(tale.path, number, line)[1] in needed:
            tale.facts.add(json.loads(line))


def _unknown(path: Path, reference: str, others: Sequence[str]) -> str:
    known = f"It holds for instance {listed(others)}" if others else "It holds no package at all"
    return f"{path} holds no decision about package {reference!r}. {known}"
