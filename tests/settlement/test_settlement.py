"""Settlement: the compiled loop answers as the plain one, and what must hold of every answer does."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import pytest
from settlement.drawn_weeks import AS_OF, drawn

from calloff.domain.payment import Basis, RuleColumn
from calloff.domain.visits import NOWHERE, LogIs, Mark, Reason
from calloff.settlement.engine import settle
from calloff.settlement.large import settle_large

WEEKS = 400


def columns_of(settled):
    return {name: [int(one) for one in column] for name, column in vars(settled).items()}


def test_the_compiled_loop_answers_as_the_plain_one():
    reached = Counter()
    for seed in range(WEEKS):
        planned, logs, rules = drawn(seed)
        if not planned.starts:
            continue
        plain = columns_of(settle(planned, logs, rules, AS_OF))
        assert columns_of(settle_large(planned, logs, rules, AS_OF)) == plain
        reached.update(Reason(one) for one in plain["reasons"])
        reached.update(LogIs(one) for one in plain["log_is"])
        reached.update(mark for one in plain["marks"] for mark in Mark if one & mark)
    # Every answer was drawn, but for those that no settlement of delivered visits gives.
    every = {*Reason, *LogIs, *Mark} - {Reason.PROVISION, Reason.UNPLANNED}
    assert every - set(reached) == set()


@pytest.mark.parametrize("seed", range(0, WEEKS, 4))
def test_no_worker_counts_twice_and_none_beyond_those_planned(seed):
    planned, logs, rules = drawn(seed)
    found = settle(planned, logs, rules, AS_OF)

    counted = defaultdict(list)
    for log, is_a in enumerate(found.log_is):
        if is_a == LogIs.COUNTED:
            counted[found.visit_of[log]].append(logs.workers[log])
    for visit, workers in counted.items():
        assert visit != NOWHERE
        assert len(workers) <= planned.workers[visit]
        assert len(set(workers)) == len(workers)


@pytest.mark.parametrize("seed", range(1, WEEKS, 4))
def test_kept_stretches_of_a_worker_never_lie_over_each_other(seed):
    planned, logs, rules = drawn(seed)
    found = settle(planned, logs, rules, AS_OF)

    kept = defaultdict(list)
    for log, is_a in enumerate(found.log_is):
        if is_a in (LogIs.COUNTED, LogIs.STRETCH):
            kept[found.visit_of[log], logs.workers[log]].append((logs.came[log], logs.left[log]))
    for stretches in kept.values():
        ordered = sorted(stretches)
        # A stretch without length lies over nothing.
        real = [one for one in ordered if one[0] < one[1]]
        assert all(first[1] <= second[0] for first, second in pairwise(real))


@pytest.mark.parametrize("seed", range(2, WEEKS, 4))
def test_a_capped_rule_never_pays_more_than_was_planned_and_approved(seed):
    planned, logs, rules = drawn(seed)
    found = settle(planned, logs, rules, AS_OF)

    width = len(RuleColumn)
    for visit, minutes in enumerate(found.paid_minutes):
        rule = rules.numbers[planned.rule_of[visit] * width : (planned.rule_of[visit] + 1) * width]
        is_capped = rule[RuleColumn.CAPPED] or rule[RuleColumn.BASIS] in (Basis.PLANNED, Basis.BANDED, Basis.STEPPED)
        if is_capped:
            most = planned.minutes[visit] + planned.extra_minutes[visit]
            assert 0 <= minutes <= most * planned.workers[visit]
        assert found.pence[visit] >= 0
        if found.reasons[visit] in (Reason.MISSED, Reason.DEATH, Reason.SUSPENDED, Reason.WAITING, Reason.NOT_YET):
            assert (minutes, found.pence[visit]) == (0, 0)
