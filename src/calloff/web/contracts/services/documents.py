"""Purchasing models as files: an upload, read by the one reader with the parent that it stands on, kept as a draft."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from calloff.documents.checks import remarks
from calloff.documents.purchasing_models import Document, parse, shipped, shipped_ids
from calloff.documents.tree import Node, Scalar, Table, read_tree
from calloff.domain.errors import BadInputError, DocumentError, DocumentErrors
from calloff.web.accounts.models import User
from calloff.web.contracts.models import Draft, ModelVersion
from calloff.web.contracts.services.market import document_of
from calloff.web.contracts.services.publishing import DraftError, FileRead, keep, texts_of
from calloff.web.directory.models import Council
from calloff.wrong_kinds import wrong_kind

MOST_BYTES = 300_000
"""The longest document is a tenth of this."""
_ID = re.compile(r"[a-z0-9][a-z0-9_]{0,79}")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with a document: file, line (0: the file as a whole), what, and what to write instead."""

    file: str
    line: int
    problem: str
    remedy: str


@dataclass(frozen=True)
class Checked:
    """A document that was read, or everything that is wrong with it."""

    document: Document | None
    faults: tuple[Fault, ...] = ()


def check(council: Council, files: Sequence[tuple[str, bytes]]) -> Checked:
    """
    Read uploaded files as one document: the document itself last, a parent before it.

    A parent that was not uploaded is looked for among the council's own published models, then among the shipped ones.
    """
    texts, faults = [], []
    for name, data in files:
        text, fault = _text_of(name, data)
        texts.append((name, text))
        faults += [fault] if fault else []
    if faults:
        return Checked(None, tuple(faults))
    try:
        document = parse(_with_parent(council, texts))
    except DocumentErrors as errors:
        return Checked(None, tuple(_fault(error) for error in errors.errors))
    except DocumentError as error:
        return Checked(None, (_fault(error),))
    except BadInputError as error:
        return Checked(None, (Fault(texts[-1][0], 0, str(error), ""),))
    if not _ID.fullmatch(document.model.id):
        line = document.tree.entries["id"].line
        problem, remedy = "the id is no plain name", "Write small letters, figures and _, such as our_framework_2026"
        return Checked(None, (Fault(texts[-1][0], line, problem, remedy),))
    return Checked(document)


def _fault(error: DocumentError) -> Fault:
    return Fault(error.path, error.line, error.problem, error.remedy)


def _text_of(name: str, data: bytes) -> tuple[str, Fault | None]:
    if len(data) > MOST_BYTES:
        return "", Fault(name, 0, "the file is too large for a purchasing model", "Upload the document alone")
    kind = wrong_kind(data)
    if kind is not None:
        return "", Fault(name, 0, f"this is {kind.name}, not a document", "Upload the document as a YAML text file")
    try:
        # However an editor ends the lines, the text and so its hash are the same.
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n"), None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return "", Fault(name, line, "this line is not text in UTF-8", "Save the file as UTF-8")


def _with_parent(council: Council, texts: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The texts with the parent that the first of them names before it."""
    trees = [read_tree(text, name) for name, text in texts]
    for tree in trees:
        _refuse_paths(tree)
    parent = trees[0].entries.get("parent")
    if not isinstance(parent, Scalar):
        return list(texts)
    if len(texts) > 1:
        raise DocumentError(parent.path, parent.line, "the parent has a parent of its own", "Upload it as one document")
    own = ModelVersion.objects.filter(council=council, model=parent.text).order_by("starts_on", "version").last()
    if own is not None:
        return [*document_of(own).texts, *texts]
    if parent.text in shipped_ids():
        return [*shipped(parent.text).texts, *texts]
    remedy = "Upload the parent too, or write the id of a published model"
    raise DocumentError(parent.path, parent.line, f"there is no model `{parent.text}` here", remedy)


def _refuse_paths(tree: Table) -> None:
    """A document names others by their ids alone: a path would be looked for on the server's disk."""
    succeeds = tree.entries.get("succeeds")
    named: list[Node | None] = [tree.entries.get("parent")]
    named += [succeeds.entries.get("model")] if isinstance(succeeds, Table) else []
    for node in named:
        if isinstance(node, Scalar) and not _ID.fullmatch(node.text):
            raise DocumentError(node.path, node.line, "another model is named by its id alone", "Write its id")


def keep_model(*, council: Council, document: Document, name: str, by: User, at: datetime) -> Draft:
    """Keep a sound document as a draft, to be looked at and put forward; DraftError when nothing in it is new."""
    if ModelVersion.objects.filter(council=council, document_hash=document.model.document_hash).exists():
        raise DraftError("This very document is published already. Nothing was kept.")
    file = FileRead(name, document.model.document_hash)
    title, content = document.model.title[:160], texts_of(document)
    return keep(council=council, kind="model", title=title, content=content, file=file, by=by, at=at)


def remarks_on(document: Document, today: date) -> list[str]:
    """What whoever approves should know: warnings, and how long asking can take."""
    return [line.strip() for line in remarks(document, today) if line.strip()]


def before(council: Council, model: str, on: date) -> ModelVersion | None:
    """The version that a version beginning on a day follows; None for the first."""
    earlier = ModelVersion.objects.filter(council=council, model=model, starts_on__lt=on)
    return earlier.order_by("starts_on", "version").last()
