"""Price lines, terms and suspensions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calloff.domain.calendar import days_uncovered
from calloff.domain.contracts import (
    PriceCell,
    PriceLine,
    Suspension,
    Term,
    overlapping,
    priced_otherwise_from,
    resolve,
    years_after,
)
from calloff.domain.errors import NoOptionLeftError

CELL = PriceCell("personal_care", "rural", "bed", "weekend", 2)
ON = date(2018, 3, 12)


@pytest.mark.shows("RU18-28")
def test_extend_beyond_the_last_option_is_refused_and_says_what_it_would_take():
    term = Term(date(2013, 6, 1), date(2018, 5, 31), extension_years=1)
    extended = term.extend(1)

    with pytest.raises(NoOptionLeftError) as refusal:
        extended.extend(1)

    assert extended.last_on == date(2019, 5, 31)
    assert str(refusal.value) == (
        "the term has 0 option years left, not 1: it ends on 2019-05-31. An out-of-contract extension needs a "
        "reason, legal advice, the risk, an approver and a notice"
    )


@pytest.mark.shows("EL18-17", "EL24-13")
def test_five_years_and_two_from_april_2017_leave_91_days_before_july_2024():
    term = Term(date(2017, 4, 1), date(2022, 3, 31), extension_years=2)

    assert term.last_on == date(2022, 3, 31), "options not yet exercised do not count"
    assert term.extend(1).extend(1).last_on == date(2024, 3, 31)
    assert days_uncovered(term.extend(2).last_on, date(2024, 7, 1)) == 91


def test_years_after_a_leap_day_is_the_last_of_february():
    assert years_after(date(2020, 2, 29), 1) == date(2021, 2, 28)
    assert years_after(date(2020, 2, 29), 4) == date(2024, 2, 29)


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ({"day_type": "special_day"}, {"day_type": "bank_holiday"}),
        ({"day_type": "bank_holiday"}, {"day_type": "weekend"}),
        ({"day_type": "weekend"}, {"time_band": "bed", "area_band": "rural", "workers": 2}),
        ({"time_band": "bed"}, {"area_band": "rural", "workers": 2}),
        ({"area_band": "rural"}, {"workers": 2}),
        ({"workers": 2}, {"care_type": "personal_care"}),
        ({"care_type": "personal_care"}, {}),
    ],
)
def test_precision_goes_by_day_then_band_then_area_then_workers_then_care(more, less):
    precise, plain = PriceLine("precise", 2, **more), PriceLine("plain", 1, **less)

    assert precise.precision > plain.precision
    if more.get("day_type", "weekend") == "weekend":
        assert resolve([plain, precise], CELL, ON) is precise
        assert resolve([precise, plain], CELL, ON) is precise


@pytest.mark.parametrize(
    "other",
    [
        {"care_type": "complex"},
        {"area_band": "urban"},
        {"time_band": "lunch"},
        {"day_type": "weekday"},
        {"workers": 1},
        {"from_on": date(2018, 3, 13)},
        {"to_on": date(2018, 3, 11)},
    ],
)
def test_a_line_for_something_else_prices_nothing(other):
    assert resolve([PriceLine("other", 1, **other)], CELL, ON) is None


def test_a_line_holds_on_both_ends_of_its_term():
    assert resolve([PriceLine("that day", 1, from_on=ON, to_on=ON)], CELL, ON) is not None


@pytest.mark.parametrize(
    ("one", "other", "overlap"),
    [
        ({}, {}, True),
        ({"to_on": date(2018, 3, 31)}, {"from_on": date(2018, 3, 31)}, True),
        ({"to_on": date(2018, 3, 31)}, {"from_on": date(2018, 4, 1)}, False),
        ({"area_band": "rural"}, {"area_band": "urban"}, False),
        ({"area_band": "rural"}, {}, False),
        ({"time_band": "bed"}, {"day_type": "weekday"}, True),
        ({"workers": 1}, {"workers": 2}, False),
    ],
)
def test_lines_overlap_when_equally_precise_ones_price_one_visit_on_one_day(one, other, overlap):
    lines = (PriceLine("one", 1, **one), PriceLine("other", 2, **other))

    assert overlapping(lines) == (lines if overlap else None)


def test_a_suspension_covers_both_its_days_and_without_an_end_every_later_one():
    limited, open_ended = Suspension(ON, date(2018, 3, 14)), Suspension(ON)

    assert [limited.covers(date(2018, 3, day)) for day in (11, 12, 14, 15)] == [False, True, True, False]
    assert [open_ended.covers(day) for day in (date(2018, 3, 11), date(2030, 1, 1))] == [False, True]


DAYS = [ON + timedelta(days=number) for number in range(9)]
ENDS = st.none() | st.sampled_from(DAYS[1:-1])
LINES = st.lists(
    st.builds(
        PriceLine,
        line_id=st.sampled_from(("A#1", "A#2")),
        centipence=st.sampled_from((190_000, 195_000)),
        time_band=st.sampled_from(("*", "bed")),
        from_on=ENDS,
        to_on=ENDS,
    ),
    max_size=3,
)


@given(LINES, LINES)
def test_prices_differ_from_the_first_day_on_which_another_set_of_them_is_in_force(before, after):
    def in_force(lines, on):
        standing = [one for one in lines if (one.from_on or on) <= on <= (one.to_on or on)]
        return {(one.centipence, one.time_band) for one in standing}

    differing = [on for on in DAYS if in_force(before, on) != in_force(after, on)]
    found = priced_otherwise_from(before, after)

    assert (found is None) == (not differing)
    if found is not None:
        assert max(found, DAYS[0]) == differing[0]


def test_lines_that_are_only_called_otherwise_change_no_price():
    line = PriceLine("A#1", 190_000)
    ended, begun = replace(line, to_on=ON), replace(line, line_id="A#2", from_on=ON + timedelta(days=1))

    assert priced_otherwise_from([line], [replace(line, line_id="B#7")]) is None
    assert priced_otherwise_from([line], [ended, begun]) is None
