"""The cases of `tests/cases/payment`: what a visit is worth under each payment rule, to the penny."""

from __future__ import annotations

from pathlib import Path

import pytest

from calloff.cases.paying import settled, situation
from calloff.documents.cases_page import read_cases
from calloff.domain.visits import Mark

FOLDER = Path(__file__).parents[1] / "cases" / "payment"
FILES = [(path, read_cases(path)) for path in sorted(FOLDER.glob("*.yaml"))]
CASES = [
    (path.stem, {**{k: v for k, v in told.items() if k in ("rate", "rules")}, **case})
    for path, told in FILES
    for case in told["cases"]
]


@pytest.mark.parametrize(("file", "case"), CASES, ids=[f"{file}: {case['name']}" for file, case in CASES])
def test_a_visit_is_worth_what_its_case_says(file, case):
    one = situation(case)

    for worth in one.worths:
        found = settled(one, worth.rule)
        query = int(Mark.QUERY) if worth.is_queried else 0
        assert (found.pence[0], found.marks[0] & int(Mark.QUERY)) == (worth.pence, query), worth.rule
        assert found.marks[0] & ~int(Mark.QUERY) == one.marks
        assert found.reasons[0] == one.reason
