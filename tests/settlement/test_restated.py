"""Settlement held against its second statement, in SQL: no visit and no log differs."""

from __future__ import annotations

import pytest
from settlement.drawn_weeks import AS_OF, drawn
from settlement.restated import answers

from calloff.settlement.engine import settle
from calloff.settlement.large import settle_large


def ours(planned, logs, rules, engine):
    found = engine(planned, logs, rules, AS_OF)
    visits = zip(found.reasons, found.marks, found.worked_minutes, found.paid_minutes, found.pence, strict=True)
    told = zip(found.visit_of, found.log_is, strict=True)
    return [tuple(map(int, one)) for one in visits], [tuple(map(int, one)) for one in told]


@pytest.mark.parametrize("seed", range(10))
def test_the_loop_and_the_sql_answer_alike(seed):
    planned, logs, rules = drawn(seed, groups=300)

    visits, told = answers(vars(planned), vars(logs), rules.numbers, rules.steps, AS_OF)

    assert ours(planned, logs, rules, settle) == (visits, told)


def test_compiled_and_sql_answer_alike_over_two_hundred_thousand_visits():
    planned, logs, rules = drawn(2026, groups=33_500)
    assert len(planned.starts) >= 200_000

    visits, told = answers(vars(planned), vars(logs), rules.numbers, rules.steps, AS_OF)

    assert ours(planned, logs, rules, settle_large) == (visits, told)
