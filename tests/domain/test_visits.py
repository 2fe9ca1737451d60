"""What was planned and what happened, function by function, at the edges that DOMAIN 4.2, 4.3 and 11.11 name."""

from __future__ import annotations

import pytest

from calloff.domain import visits
from calloff.domain.visits import (
    NOWHERE,
    LogIs,
    Mark,
    Reason,
    Stopped,
    is_kept,
    length_kept,
    nearest_in_reach,
    overlaps,
    punctuality,
    reach_begins,
    reach_ends,
    reason_of,
    whole_minutes,
)

HOUR, DAY = 3_600, 86_400


def test_what_is_stored_is_read_by_these_numbers():
    assert {one.name: int(one) for one in LogIs} == {
        "COUNTED": 0,
        "STRETCH": 1,
        "REPEATED": 2,
        "SURPLUS": 3,
        "UNPLANNED": 4,
        "NOT_LEFT": 5,
        "PARKED": 6,
    }
    assert {one.name: int(one) for one in Mark} == {
        "LATE": 1,
        "EARLY": 2,
        "SHORT": 4,
        "VERY_SHORT": 8,
        "FEWER_WORKERS": 16,
        "NOT_LEFT": 32,
        "ELSEWHERE": 64,
        "QUERY": 128,
    }
    assert {one.name: int(one) for one in Stopped} == {
        "NO": 0,
        "SUSPENDED": 1,
        "RETAINER": 2,
        "SHORT_NOTICE": 3,
        "DEATH": 4,
        "PARKED": 5,
    }
    assert {one.name: int(one) for one in Reason} == {
        "NOT_YET": 0,
        "PROVISION": 1,
        "DELIVERED": 2,
        "NO_ACCESS": 3,
        "SHORT_NOTICE": 4,
        "RETAINER": 5,
        "SUSPENDED": 6,
        "DEATH": 7,
        "WAITING": 8,
        "MISSED": 9,
        "UNPLANNED": 10,
    }
    assert (visits.NOT_LEFT, visits.NOWHERE) == (-1, -1)


def test_half_a_minute_counts_as_one():
    assert [whole_minutes(seconds) for seconds in (0, 29, 30, 89, 90, 1_830)] == [0, 0, 1, 1, 2, 31]


def test_a_visit_is_reached_an_hour_before_its_start_or_from_its_window_where_that_is_earlier():
    assert reach_begins(10 * HOUR, 10 * HOUR - 1_800) == 9 * HOUR
    assert reach_begins(10 * HOUR, 8 * HOUR) == 8 * HOUR
    assert reach_begins(10 * HOUR, 9 * HOUR) == 9 * HOUR


def test_a_visit_is_missed_at_the_next_start_or_at_eleven_and_a_night_visit_at_its_end():
    eleven = 23 * HOUR
    assert reach_ends(9 * HOUR, 12 * HOUR, eleven) == 12 * HOUR
    assert reach_ends(9 * HOUR, 30 * HOUR, eleven) == eleven
    assert reach_ends(eleven - 1, 22 * HOUR, eleven) == 22 * HOUR
    # Planned to end at eleven it is a night visit.
    assert reach_ends(eleven, 22 * HOUR, eleven) == eleven
    assert reach_ends(25 * HOUR, 24 * HOUR, eleven) == 25 * HOUR


def nearest(at, starts, begins=None, ends=None):
    """Among visits that are in reach at any time unless told otherwise."""
    begins = begins or [-DAY * 9] * len(starts)
    ends = ends or [DAY * 9] * len(starts)
    after = sum(start <= at for start in starts)
    return nearest_in_reach(at, 0, after, len(starts), starts, begins, ends)


def test_the_nearest_start_in_reach_is_taken_the_earlier_of_two_as_near():
    assert nearest(100, [40, 150]) == 1
    assert nearest(100, [60, 150]) == 0
    assert nearest(100, [50, 150]) == 0
    assert nearest(100, [100, 100]) == 0
    assert nearest(100, [99, 99, 102]) == 0
    assert nearest(100, [50, 150, 150]) == 0
    assert nearest(100, [40, 150, 150]) == 1


def test_the_edges_of_reach_belong_to_it():
    assert nearest(100, [90], begins=[100], ends=[100]) == 0
    assert nearest(100, [90], begins=[101]) == NOWHERE
    assert nearest(100, [90], ends=[99]) == NOWHERE
    assert nearest(100, [110], begins=[100], ends=[100]) == 0
    assert nearest(100, [110], begins=[101]) == NOWHERE
    assert nearest(100, [110], ends=[99]) == NOWHERE
    # What is nearer and out of reach hides nothing, on neither side.
    assert nearest(100, [50, 90, 110, 170], begins=[0, 101, 101, 0]) == 0
    assert nearest(100, [20, 90, 110, 170], begins=[0, 101, 101, 0]) == 3


def test_nothing_further_away_than_two_days_is_looked_at():
    assert nearest(2 * DAY, [0]) == 0
    assert nearest(2 * DAY + 1, [0]) == NOWHERE
    assert nearest(1, [2 * DAY]) == 0
    assert nearest(0, [2 * DAY]) == NOWHERE


def test_nobody_elses_visits_are_looked_at():
    starts, whenever = [0, 100, 200, 300], [-DAY] * 4
    assert nearest_in_reach(90, 1, 1, 3, starts, whenever, [DAY] * 4) == 1
    assert nearest_in_reach(10, 1, 1, 3, starts, whenever, [DAY] * 4) == 1
    assert nearest_in_reach(290, 1, 3, 3, starts, whenever, [DAY] * 4) == 2
    assert nearest_in_reach(290, 3, 3, 3, starts, whenever, [DAY] * 4) == NOWHERE


def test_a_first_and_a_further_stretch_are_kept():
    assert [is_kept(int(one)) for one in LogIs] == [1, 1, 0, 0, 0, 0, 0]


def test_stretches_lie_over_each_other_for_so_many_seconds():
    assert overlaps(0, 10, 4, 20) == 6
    assert overlaps(4, 20, 0, 10) == 6
    assert overlaps(0, 10, 10, 20) == 0
    assert overlaps(0, 10, 15, 20) == 0
    assert overlaps(0, 10, 2, 5) == 3


def test_the_edges_of_the_window_are_punctual():
    assert [punctuality(at, 100, 200) for at in (99, 100, 200, 201)] == [Mark.EARLY, 0, 0, Mark.LATE]


def test_exactly_the_share_is_not_short():
    short, very = int(Mark.SHORT), int(Mark.SHORT | Mark.VERY_SHORT)
    assert [length_kept(minutes, 100, 80, 50) for minutes in (81, 80, 79, 50, 49, 0)] == [
        0,
        0,
        short,
        short,
        very,
        very,
    ]
    # A minute of ten thousand tells, too.
    assert [length_kept(minutes, 10_000, 80, 50) for minutes in (8_000, 7_999, 5_000, 4_999)] == [0, short, short, very]
    # Whole shares of few minutes: four fifths of 33 are 26.4.
    assert [length_kept(minutes, 33, 80, 50) for minutes in (27, 26, 17, 16)] == [0, short, short, very]


@pytest.mark.parametrize("stopped", list(Stopped))
def test_a_visit_has_one_reason_and_this_is_their_order(stopped):
    by_stop = {
        Stopped.NO: None,
        Stopped.SUSPENDED: Reason.SUSPENDED,
        Stopped.RETAINER: Reason.RETAINER,
        Stopped.SHORT_NOTICE: Reason.SHORT_NOTICE,
    }
    for attended in (0, 1, 2):
        for no_access in (0, 1):
            for waits in (0, 1):
                for is_due in (0, 1):
                    found = reason_of(int(stopped), attended, no_access, waits, is_due)
                    if stopped is Stopped.DEATH:
                        expected = Reason.DEATH
                    elif stopped is Stopped.PARKED:
                        expected = Reason.WAITING
                    elif attended:
                        expected = Reason.DELIVERED
                    elif no_access:
                        expected = Reason.NO_ACCESS
                    elif by_stop[stopped] is not None:
                        expected = by_stop[stopped]
                    elif waits:
                        expected = Reason.WAITING
                    else:
                        expected = Reason.MISSED if is_due else Reason.NOT_YET
                    assert found == expected
