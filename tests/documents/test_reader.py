"""What the reader of purchasing models refuses: with the line, what is wrong there and what to write instead."""

from __future__ import annotations

from typing import Any

import pytest
from kernel_cases import case_id, cases_of, document_text

from calloff.documents.purchasing_models import parse
from calloff.domain.errors import BadInputError, DocumentError, DocumentErrors

CASES = cases_of("documents")
BASE = CASES[0]["base"]


def faults(text: str, path: str = "council.yaml") -> list[DocumentError]:
    with pytest.raises(BadInputError) as refusal:
        parse([(path, text)])
    error = refusal.value
    return list(error.errors) if isinstance(error, DocumentErrors) else [error]


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_document_of_the_case_is_refused(case: dict[str, Any]):
    found = faults(document_text(case))

    told = [(fault.line, fault.problem, fault.remedy) for fault in found]
    assert [line for line, _, _ in told] == [int(expected["line"]) for expected in case["refused"]], told
    for fault, expected in zip(found, case["refused"], strict=True):
        assert expected["problem"] in fault.problem
        assert expected["remedy"] in fault.remedy
        assert str(fault) == f"council.yaml:{fault.line}: {fault.problem}. {fault.remedy}"


def test_the_base_of_the_cases_is_read():
    model = parse([("council.yaml", BASE)]).model

    assert (model.id, model.steps[0].ask) == ("a_framework", (1,) * 6)
    assert model.ties, "a document without a list of ties has the standard one"
