"""Packages: parts of the day, weekly minutes, and what makes one significantly different."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from calloff.domain.packages import (
    Band,
    Package,
    SignificantChange,
    Visit,
    band_of,
    minutes_by_band,
    minutes_by_day_and_band,
    significantly_different,
)

QUARTER = SignificantChange(25)


def a_package(visits: tuple[Visit, ...], **about) -> Package:
    return Package("P-1", datetime(2018, 3, 5, tzinfo=UTC), date(2018, 3, 12), 5, "england", "North", visits, **about)


def hours(number: float) -> tuple[Visit, ...]:
    return (Visit(0, 480, int(number * 60)),)


@pytest.mark.parametrize(
    ("minute", "band"),
    [
        (0, Band.NIGHT),
        (419, Band.NIGHT),
        (420, Band.MORNING),
        (629, Band.MORNING),
        (630, Band.LUNCH),
        (839, Band.LUNCH),
        (840, Band.TEA),
        (1079, Band.TEA),
        (1080, Band.BED),
        (1319, Band.BED),
        (1320, Band.NIGHT),
        (1439, Band.NIGHT),
    ],
)
def test_a_start_between_two_bands_belongs_to_the_next(minute, band):
    assert band_of(minute) is band


def test_minutes_count_every_worker():
    visits = (Visit(0, 480, 30, 2), Visit(0, 1200, 15), Visit(1, 480, 45))

    package = a_package(visits)

    assert package.minutes_per_week == 120
    assert package.most_workers == 2
    assert package.double_handed_visits_a_day == 1
    assert minutes_by_band(visits) == (105, 0, 0, 15, 0)
    assert minutes_by_day_and_band(visits) == {(0, 0): 60, (0, 3): 15, (1, 0): 45}


def test_a_package_without_visits_has_no_double_handed_ones():
    assert (a_package(()).most_workers, a_package(()).double_handed_visits_a_day) == (1, 0)


@pytest.mark.shows("IW21-27", "F5")
@pytest.mark.parametrize(
    ("now", "different"), [(16, False), (17.5, False), (18, True), (10.5, False), (10, True), (14, False)]
)
def test_more_than_a_quarter_either_way_is_significant_and_a_quarter_is_not(now, different):
    package = a_package(hours(now), current_provider="Old", current_minutes_per_week=14 * 60)

    assert significantly_different(package, QUARTER) is different


@pytest.mark.shows("IW21-27", "F5")
def test_one_worker_to_two_and_another_care_type_are_significant_unless_the_document_says_no():
    pair = a_package((Visit(0, 480, 60, 2),), current_provider="Old", current_minutes_per_week=120)
    other = a_package(hours(2), current_provider="Old", current_minutes_per_week=120, current_care_type="complex")

    assert significantly_different(pair, QUARTER)
    assert not significantly_different(pair, replace(QUARTER, workers=False))
    assert significantly_different(other, QUARTER)
    assert not significantly_different(other, replace(QUARTER, care_type=False))


def test_who_has_no_care_has_nothing_to_differ_from():
    assert not significantly_different(a_package(hours(40)), QUARTER)
