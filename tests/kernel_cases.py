"""The cases of `tests/cases/kernel`, in which a commissioner can check the kernel by hand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from calloff.cases import playing
from calloff.cases.trying import cases_in
from calloff.documents.cases_page import read_cases
from calloff.domain.purchasing_model import PurchasingModel

FOLDER = Path(__file__).parent / "cases" / "kernel"


@cache
def files() -> tuple[dict[str, Any], ...]:
    """Every file, in the order of their names."""
    return tuple({**read_cases(path), "file": path.name} for path in sorted(FOLDER.glob("*.yaml")))


def cases_of(kind: str) -> list[dict[str, Any]]:
    """Every case of one kind, with what its file says for all of its cases."""
    return [case for file in files() if file["kind"] == kind for case in cases_in(file)]


def case_id(case: Mapping[str, Any]) -> str:
    return f"{case['file'].removesuffix('.yaml')}: {case['name']}"


def start(case: Mapping[str, Any]) -> playing.CaseRun:
    """The situation of a case."""
    return playing.CaseRun.start(case, FOLDER)


def model_of(written: str | Mapping[str, Any]) -> PurchasingModel:
    """The model that a case names."""
    return playing.document_of(written, FOLDER).model


def document_text(case: Mapping[str, Any]) -> str:
    """The text of a case of the kind `documents`: the base with one place rewritten, and lines added at its end."""
    text = case["base"]
    if "instead_of" in case:
        assert text.count(case["instead_of"]) == 1, "the place to rewrite is not told apart"
        write = case["write"]
        text = text.replace(case["instead_of"], f"\n  {write}" if case.get("block") else write)
    return text + case["add"] + "\n" if "add" in case else text
