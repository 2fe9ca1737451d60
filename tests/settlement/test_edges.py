"""The loop at its edges, where a second or an equal distance decides: what drawn weeks rarely meet."""

from __future__ import annotations

import random

import pytest
from settlement.drawn_weeks import AS_OF, drawn

from calloff.domain.payment import Basis
from calloff.domain.payment_rule import PaymentRule, Retainer, numbers_of
from calloff.domain.visits import NOT_LEFT, NOWHERE, LogIs, Mark, Reason
from calloff.formats.delivered_visits import MET
from calloff.settlement import matching, pricing
from calloff.settlement.columns import Logs, Planned, Rules
from calloff.settlement.engine import by_worker, settle

HOUR = 3_600
NINE = 9 * HOUR
RULE = PaymentRule("edges", 1, "edges", retainer=Retainer(14, 60))
USUAL = {
    "groups": 0,
    "windows_from": NINE - 1_800,
    "windows_to": NINE + 1_800,
    "begins": 0,
    "ends": 23 * HOUR,
    "weeks": 0,
    "minutes": 30,
    "workers": 1,
    "extra_minutes": 0,
    "stopped": 0,
    "rates": 228_000,
    "pair_rates": 0,
    "per_visit": 0,
    "rule_of": 0,
}


def planned(*visits):
    """Visits by what differs from one of half an hour at nine, in reach all day."""
    rows = [{"starts": NINE, **USUAL, **visit} for visit in visits]
    return Planned(**{name: [row[name] for row in rows] for name in Planned.__dataclass_fields__})


def logs(*rows):
    """Group, coming, leaving, worker; then the visit named and what was met, where they are not the usual ones."""
    full = [(*row, *(NOWHERE, 0)[len(row) - 4 :]) for row in rows]
    columns = list(zip(*full, strict=True)) if full else [()] * 6
    return Logs(*(list(column) for column in columns))


def settled(visits, rows, rule=RULE, as_of=100 * HOUR):
    return settle(planned(*visits), logs(*rows), Rules(*numbers_of([rule])), as_of)


def test_no_answer_depends_on_what_a_column_held_before():
    for seed in range(6):
        visits, told, rules = drawn(seed, groups=12)
        for filler in (-9, 1, 2, 77):
            found = settle(visits, told, rules, AS_OF, zeros=lambda count, _bits, filler=filler: [filler] * count)
            assert vars(found) == {
                name: list(column) for name, column in vars(settle(visits, told, rules, AS_OF)).items()
            }


def test_what_a_worker_met_is_told_by_the_numbers_that_files_give_it():
    met = {"let_in": pricing.CAME_IN, "no_access": pricing.AT_THE_DOOR, "in_hospital": pricing.IN_HOSPITAL}

    assert [MET[met[name]] for name in met] == list(met)


def is_a(*names):
    return [int(LogIs[name]) for name in names]


def test_of_two_workers_as_near_the_one_who_came_first_counts():
    found = settled([{}], [(0, NINE - 60, NINE + 900, 1), (0, NINE + 60, NINE + 900, 2)])

    assert list(found.log_is) == is_a("COUNTED", "SURPLUS")


def test_the_nearer_counts_whoever_came_first():
    found = settled([{}], [(0, NINE - 61, NINE + 900, 1), (0, NINE + 60, NINE + 900, 2), (0, NINE + 90, NINE + 900, 3)])

    assert list(found.log_is) == is_a("SURPLUS", "COUNTED", "SURPLUS")


def test_stretches_that_touch_are_added_and_those_that_lie_over_each_other_by_a_second_are_not():
    ends = NINE + 600
    touching = settled([{}], [(0, NINE, ends, 1), (0, ends, ends + 300, 1)])
    over = settled([{}], [(0, NINE, ends, 1), (0, ends - 1, ends + 300, 1)])

    assert list(touching.log_is) == is_a("COUNTED", "STRETCH")
    assert (touching.worked_minutes[0], touching.paid_minutes[0]) == (15, 15)
    assert list(over.log_is) == is_a("COUNTED", "REPEATED")
    assert over.worked_minutes[0] == 10


def test_a_stretch_is_held_against_every_earlier_one_that_is_kept():
    # The third lies over the second, which is kept; the fourth only over the third, which is not.
    rows = [
        (0, NINE, NINE + 60, 1),
        (0, NINE + 120, NINE + 240, 1),
        (0, NINE + 180, NINE + 400, 1),
        (0, NINE + 300, NINE + 360, 1),
    ]
    found = settled([{}], rows)

    assert list(found.log_is) == is_a("COUNTED", "STRETCH", "REPEATED", "STRETCH")
    assert found.worked_minutes[0] == 4


def test_a_log_without_a_leaving_counts_for_nobody_and_the_visit_waits():
    found = settled([{}], [(0, NINE, NOT_LEFT, 1)])
    beside = settled([{}], [(0, NINE, NOT_LEFT, 1), (0, NINE + 60, NINE + 960, 1)])

    assert (found.reasons[0], found.marks[0]) == (Reason.WAITING, Mark.NOT_LEFT)
    assert list(beside.log_is) == is_a("NOT_LEFT", "COUNTED")
    assert (beside.reasons[0], beside.worked_minutes[0]) == (Reason.DELIVERED, 15)


@pytest.mark.parametrize(
    ("away", "reason"),
    [
        (3 * HOUR, Reason.WAITING),
        (3 * HOUR + 1, Reason.MISSED),
        (-3 * HOUR, Reason.WAITING),
        (-3 * HOUR - 1, Reason.MISSED),
    ],
)
def test_a_visit_waits_while_a_parked_log_lies_within_three_hours_of_it(away, reason):
    came = NINE + away
    parked = settled([{}], [(0, came, came + 900, 1, NOWHERE - 1)])
    unplanned = settled([{"begins": NINE, "ends": NINE}], [(0, came, came + 900, 1)])

    assert [one.reasons[0] for one in (parked, unplanned)] == [reason, reason]
    assert [list(one.log_is) for one in (parked, unplanned)] == [is_a("PARKED"), is_a("UNPLANNED")]


def test_nobody_waits_for_a_log_of_another_group_or_for_one_that_counts():
    others = settled([{}, {"groups": 1}], [(0, NINE, NINE + 900, 1, NOWHERE - 1)])
    counted = settled([{}, {"starts": NINE + HOUR}], [(0, NINE, NINE + 900, 1)])
    twice = settled([{}, {"starts": NINE + HOUR}], [(0, NINE, NINE + 900, 1), (0, NINE + 1, NINE + 900, 1)])

    assert list(others.reasons) == [Reason.WAITING, Reason.MISSED]
    assert list(counted.reasons) == list(twice.reasons) == [Reason.DELIVERED, Reason.MISSED]


def test_every_visit_near_a_parked_log_waits_and_none_before_or_behind():
    starts = [NINE + hours * HOUR for hours in range(-4, 5)]
    visits = [{"starts": start, "begins": start, "ends": start} for start in starts]
    found = settled(visits, [(0, NINE + 1, NINE + 900, 1), (0, NINE + HOUR + 1, NINE + HOUR + 900, 1)])

    waits = [one == Reason.WAITING for one in found.reasons]
    assert waits == [False, False, True, True, True, True, True, True, True]


def test_a_group_without_logs_and_one_without_visits_stand_between_others():
    visits = [{"groups": 0}, {"groups": 2}, {"groups": 5}]
    rows = [(group, NINE, NINE + 900, group) for group in (0, 1, 3, 5, 7)]
    found = settled(visits, rows)

    assert list(found.visit_of) == [0, NOWHERE, NOWHERE, 2, NOWHERE]
    assert list(found.reasons) == [Reason.DELIVERED, Reason.MISSED, Reason.DELIVERED]


def test_a_named_visit_is_taken_however_far_away():
    ten = NINE + HOUR
    found = settled([{}, {"starts": ten}], [(0, NINE, NINE + 900, 1, 1), (0, ten, ten + 900, 2, 0)])

    assert list(found.visit_of) == [1, 0]
    assert list(found.log_is) == is_a("COUNTED", "COUNTED")


def elsewhere(rows):
    """By the loop, over group, coming, leaving, worker."""
    told = logs(*rows)
    at_once = [7] * len(rows)
    matching.elsewhere(by_worker(told.workers, told.came), told.workers, told.groups, told.came, told.left, at_once)
    return at_once


def test_whoever_is_in_two_homes_at_once_is_marked_in_both_and_touching_is_not_at_once():
    assert elsewhere([(0, 0, 100, 1), (1, 99, 200, 1)]) == [1, 1]
    assert elsewhere([(0, 0, 100, 1), (1, 100, 200, 1)]) == [0, 0]
    assert elsewhere([(0, 0, 100, 1), (0, 50, 200, 1)]) == [0, 0]
    assert elsewhere([(0, 0, 100, 1), (1, 50, 200, 2)]) == [0, 0]
    assert elsewhere([(0, 0, 100, 1), (1, 50, 50, 1)]) == [0, 0]
    assert elsewhere([(0, 0, NOT_LEFT, 1), (1, 0, 100, 1)]) == [0, 0]


@pytest.mark.parametrize("seed", range(12))
def test_being_in_two_homes_at_once_is_what_looking_at_every_pair_finds(seed):
    chance = random.Random(seed)
    for _ in range(60):
        rows = sorted(
            (chance.randrange(3), came, came + chance.randrange(-1, 7), chance.randrange(2))
            for came in (chance.randrange(12) for _ in range(chance.randrange(2, 9)))
        )
        expected = [
            int(
                any(
                    worker == other_worker and group != other_group and max(came, begin) < min(left, end)
                    for other_group, begin, end, other_worker in rows
                )
            )
            for group, came, left, worker in rows
        ]
        assert elsewhere(rows) == expected


def test_a_visit_is_missed_only_when_the_moment_has_passed_by_which_somebody_could_come():
    ends = 23 * HOUR
    assert settled([{}], [], as_of=ends).reasons[0] == Reason.NOT_YET
    assert settled([{}], [], as_of=ends + 1).reasons[0] == Reason.MISSED


def test_the_first_who_is_let_in_decides_whether_a_visit_is_late_and_the_shortest_whether_it_is_short():
    visits = [{"workers": 2}]
    found = settled(visits, [(0, NINE, NINE + 1_800, 1), (0, NINE + 1_900, NINE + 2_200, 2)])
    assert found.marks[0] == Mark.SHORT | Mark.VERY_SHORT
    # Who was not let in neither makes it punctual nor short.
    late = settled(visits, [(0, NINE, NINE + 60, 1, NOWHERE, 1), (0, NINE + 1_801, NINE + 3_601, 2)])
    assert late.marks[0] == Mark.LATE | Mark.FEWER_WORKERS
    assert (late.reasons[0], late.worked_minutes[0]) == (Reason.DELIVERED, 30)


def test_a_hospital_stay_found_at_the_door_is_paid_beyond_the_closed_doors_of_a_week():
    rule = PaymentRule("doors", 1, "doors", no_access_percent=50, no_access_a_week=1)
    starts = [NINE + hours * HOUR for hours in range(4)]
    visits = [{"starts": start, "ends": start + HOUR, "weeks": int(place == 3)} for place, start in enumerate(starts)]
    met = (1, 1, 2, 1)
    rows = [(0, start, start + 60, 1, NOWHERE, one) for start, one in zip(starts, met, strict=True)]

    found = settled(visits, rows, rule)

    assert list(found.reasons) == [Reason.NO_ACCESS] * 4
    # 38p a minute: half of £11.40 for the first of each week and for the admission.
    assert list(found.pence) == [570, 0, 570, 570]


def test_a_hospital_stay_found_at_the_door_is_no_closed_door():
    rule = PaymentRule("doors", 1, "doors", no_access_percent=50, no_access_a_week=1)
    visits = [{"starts": NINE + hours * HOUR, "ends": NINE + (hours + 1) * HOUR} for hours in range(3)]
    rows = [(0, one["starts"], one["starts"] + 60, 1, NOWHERE, met) for one, met in zip(visits, (2, 1, 1), strict=True)]

    assert list(settled(visits, rows, rule).pence) == [570, 570, 0]


def test_another_persons_closed_doors_are_counted_apart():
    rule = PaymentRule("doors", 1, "doors", no_access_a_week=1)
    visits = [{"groups": group} for group in (0, 1)]
    rows = [(group, NINE, NINE + 60, 1, NOWHERE, 1) for group in (0, 1)]

    assert list(settled(visits, rows, rule).pence) == [1_140, 1_140]


def test_a_visit_that_hardly_was_is_queried_where_the_plan_or_a_band_is_paid():
    for basis in Basis:
        steps = ((30, 1_600), (60, 2_400)) if basis is Basis.STEPPED else ()
        rule = PaymentRule("query", 1, "query", basis=basis, steps=steps)
        marks = settled([{}], [(0, NINE, NINE + 14 * 60, 1)], rule).marks[0]
        assert bool(marks & Mark.QUERY) == (basis in (Basis.PLANNED, Basis.BANDED))
        assert not settled([{}], [(0, NINE, NINE + 15 * 60, 1)], rule).marks[0] & Mark.QUERY


def test_minutes_together_stop_at_the_plan_and_those_alone_at_what_was_approved():
    rule = PaymentRule("overlap", 1, "overlap", count="overlap")

    def paid(first_minutes, second_minutes, extra):
        rows = [
            (0, NINE, NINE + round(60 * minutes), one) for one, minutes in enumerate((first_minutes, second_minutes))
        ]
        return settled([{"workers": 2, "extra_minutes": extra}], rows, rule).paid_minutes[0]

    assert paid(20, 24, 10) == 2 * 20 + 4
    assert paid(20, 24, 3) == 2 * 20 + 3
    assert paid(20, 24, 0) == 2 * 20
    assert paid(24, 24, 10) == 2 * 24
    # Half a minute together counts as one, a second less does not.
    assert [paid(seconds / 60, seconds / 60, 0) for seconds in (749, 750)] == [2 * 12, 2 * 13]
    # Together they stayed longer than planned; what is approved is for the minutes alone.
    assert paid(33, 37, 10) == 2 * 30 + 4


def test_a_price_for_two_together_is_for_the_minutes_together():
    rule = PaymentRule("overlap", 1, "overlap", count="overlap")
    visit = {"workers": 2, "pair_rates": 400_000}

    def pence(seconds):
        return settled([visit], [(0, NINE, NINE + seconds, 1), (0, NINE, NINE + seconds, 2)], rule).pence[0]

    # £40 an hour of both; half a minute counts as one, a second less does not.
    assert [pence(seconds) for seconds in (749, 750)] == [800, 867]


def test_minutes_together_are_those_of_all_stretches_of_both():
    rule = PaymentRule("overlap", 1, "overlap", count="overlap")
    rows = [
        (0, NINE, NINE + 600, 1),
        (0, NINE + 300, NINE + 900, 2),
        (0, NINE + 700, NINE + 1_200, 1),
        (0, NINE + 1_000, NINE + 1_500, 2),
    ]
    visits = [{"workers": 2, "extra_minutes": 10}]

    # Together 300 + 200 + 200 seconds, rounded to 12 minutes; each alone for the rest, of which ten are approved.
    assert settled(visits, rows, rule).paid_minutes[0] == 2 * 12 + 10


def test_a_price_by_the_visit_is_nothing_where_no_minute_is_paid():
    nothing = settled([{"per_visit": 1}], [(0, NINE, NINE + 29, 1)])
    minute = settled([{"per_visit": 1}], [(0, NINE, NINE + 30, 1)])

    assert (nothing.costs[0], nothing.pence[0]) == (0, 0)
    assert (minute.costs[0], minute.pence[0]) == (228_000 * 60 * 100, 2_280)


def test_what_visits_are_worth_is_added_up_by_contract_and_week():
    totals = [100, 0, 0, 0, 0, 7]
    pricing.add_up([4, 4, 5, 6, 6], [21, 20, 21, 20, 21], [1, 20, 300, 4_000, 50_000], 4, 20, 2, totals)

    assert totals == [120, 1, 0, 300, 4_000, 50_007]
