"""The cases of `tests/cases/kernel`: what the kernel answers, written so that a commissioner can sign it."""

from __future__ import annotations

from typing import Any

import pytest
from kernel_cases import FOLDER, case_id, cases_of

from calloff.cases.trying import differences_of

DECISIONS = cases_of("decisions")


@pytest.mark.parametrize("case", DECISIONS, ids=case_id)
def test_case_of_the_kernel(case: dict[str, Any]):
    assert list(differences_of(case, FOLDER)) == []


def test_cases_are_told_apart_and_sourced():
    assert len({case_id(case) for case in DECISIONS}) == len(DECISIONS)
    assert [case_id(case) for case in DECISIONS if not case.get("source")] == []
