"""The cases of `tests/cases/kernel`: what the kernel answers, written so that a commissioner can sign it."""

from __future__ import annotations

from typing import Any

import pytest
from kernel_cases import CaseRun, case_id, cases_of, fits

DECISIONS = cases_of("decisions")


@pytest.mark.parametrize("case", DECISIONS, ids=case_id)
def test_case_of_the_kernel(case: dict[str, Any]):
    run = CaseRun.start(case)

    asked = 0
    for expected, found in run.play(case["story"]):
        assert fits(expected, found) == expected
        if isinstance(expected.get("order"), list):
            assert list(found["order"]) == expected["order"]
        for listed in ("invite", "call_off"):
            if isinstance(expected.get(listed), dict):
                assert list(found[listed]) == list(expected[listed]), "the same ones, in another order"
        asked += 1
    assert asked, "the case asks nothing"


def test_cases_are_told_apart_and_sourced():
    assert len({case_id(case) for case in DECISIONS}) == len(DECISIONS)
    assert [case_id(case) for case in DECISIONS if not case.get("source")] == []
