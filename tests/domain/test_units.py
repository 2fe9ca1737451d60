"""Pounds as text, centipence and pence as whole numbers, and the one rounding."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calloff.domain.units import centipence_of, half_up, hours_text, pence_of, pence_per_week, pounds, rate_text


@pytest.mark.parametrize(
    ("text", "centipence"),
    [
        ("15.95", 159_500),
        ("15.9525", 159_525),
        ("15", 150_000),
        ("0.0001", 1),
        ("1000.00", 10_000_000),
        ("1.50000", 15_000),
    ],
)
def test_centipence_of_a_rate_in_pounds(text, centipence):
    assert centipence_of(text) == centipence


@pytest.mark.parametrize("text", ["15.95001", "1000.0001", "£15.95", "15,95", "", "-1", ".5", "1e3", "fifteen"])
def test_centipence_refuses_what_it_cannot_hold_exactly(text):
    with pytest.raises(ValueError, match=r"is not an amount|decimals|greatest rate"):
        centipence_of(text)


@pytest.mark.parametrize(("text", "pence"), [("163.80", 16_380), ("0.01", 1), ("10000000.00", 1_000_000_000)])
def test_pence_of_an_amount_in_pounds(text, pence):
    assert pence_of(text) == pence


@pytest.mark.parametrize("text", ["0.001", "10000000.01", "x"])
def test_pence_refuses_what_it_cannot_hold_exactly(text):
    with pytest.raises(ValueError, match=r"is not an amount|decimals|greatest amount"):
        pence_of(text)


@given(st.integers(0, 10_000_000))
def test_a_rate_reads_back_as_it_was_written(centipence):
    assert centipence_of(rate_text(centipence)) == centipence


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_half_up_is_the_nearest_whole_number_and_the_larger_of_two(numerator, denominator):
    rounded = half_up(numerator, denominator)
    off = abs(Fraction(numerator, denominator)) - abs(rounded)

    assert Fraction(-1, 2) <= off < Fraction(1, 2)
    assert half_up(-numerator, denominator) == -rounded


@pytest.mark.shows("F1", "F3")
@pytest.mark.parametrize(
    ("centipence", "minutes", "text"),
    [(156_000, 630, "£163.80"), (152_000, 360, "£91.20"), (156_000, 270, "£70.20"), (128_000, 840, "£179.20")],
)
def test_weekly_pounds_of_the_worked_fixtures(centipence, minutes, text):
    assert pounds(pence_per_week(centipence * minutes)) == text


def test_pounds_part_thousands_and_keep_the_sign():
    assert [pounds(0), pounds(5), pounds(-123_456_789)] == ["£0.00", "£0.05", "-£1,234,567.89"]


def test_hours_have_at_most_two_decimals():
    assert [hours_text(minutes) for minutes in (630, 600, 20, 0)] == ["10.5", "10", "0.33", "0"]
