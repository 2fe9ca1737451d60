"""Every stage of the loop, interpreted, held against its second statement: quick enough to try mutants by."""

from __future__ import annotations

import pytest
from settlement.drawn_weeks import AS_OF, drawn
from settlement.restated import answers

from calloff.settlement.engine import settle


@pytest.mark.parametrize("seed", range(4))
def test_no_visit_and_no_log_differs_from_the_sql(seed):
    planned, logs, rules = drawn(seed, groups=90)
    found = settle(planned, logs, rules, AS_OF)

    visits, told = answers(vars(planned), vars(logs), rules.numbers, rules.steps, AS_OF)

    of_visits = (found.reasons, found.marks, found.worked_minutes, found.paid_minutes, found.pence)
    assert list(zip(found.visit_of, found.log_is, strict=True)) == told
    assert list(zip(*of_visits, strict=True)) == visits
