"""The invented council: the same from the same seed, nothing real in it, and something for every rule."""

from __future__ import annotations

import re
from datetime import date

from calloff.formats.packages import read_packages
from calloff.formats.places import read_places
from calloff.formats.providers import read_providers
from calloff.ways.register import LOCALITIES, eastmoor

MONDAY = date(2026, 11, 23)
EASTMOOR = eastmoor(2026, MONDAY)
PACKAGES = [row.package for row in EASTMOOR.packages]


def test_the_same_seed_and_day_make_the_same_council_and_another_seed_another():
    assert eastmoor(2026, MONDAY) == EASTMOOR
    assert eastmoor(2027, MONDAY).packages != EASTMOOR.packages


def test_a_larger_council_has_the_smaller_one_in_it():
    smaller = eastmoor(2026, MONDAY, packages=50)

    assert {row.package.reference for row in smaller.packages} < {one.reference for one in PACKAGES}


def test_its_files_read_back_as_what_was_written(tmp_path):
    EASTMOOR.write(tmp_path)

    assert read_providers(tmp_path / "providers.csv") == EASTMOOR.providers
    assert read_places(tmp_path / "places.csv") == EASTMOOR.places
    assert read_packages(tmp_path / "packages.csv") == EASTMOOR.packages


def test_postcodes_lie_in_no_area_and_homes_in_the_sea():
    assert all(re.fullmatch(r"ZZ9 [1-6][A-L]A", place.postcode) for place in EASTMOOR.places)
    # The whole of Scotland's mainland lies west of this line.
    assert min(place.easting for place in EASTMOOR.places) > 590_000


def test_references_of_providers_are_of_a_year_to_come():
    assert all(re.fullmatch(r"CS2099\d{6}", provider.reference) for provider in EASTMOOR.providers)
    assert len({provider.name for provider in EASTMOOR.providers}) == len(EASTMOOR.providers) == 24


def test_its_localities_are_those_it_names_and_every_band_is_lived_in():
    assert {place.locality for place in EASTMOOR.places} == set(LOCALITIES)
    bands = {place.postcode: place.area_band for place in EASTMOOR.places}
    assert {bands[row.place] for row in EASTMOOR.packages} == {"urban", "suburban", "rural"}


def test_providers_include_one_that_each_gate_is_there_for():
    external = [provider for provider in EASTMOOR.providers if not provider.in_house]

    assert sum(min(provider.grades) == 2 for provider in external) == 1
    assert sum(provider.grades == (0, 0, 0, 0) for provider in external) == 1
    assert sum(provider.registered_to is not None and provider.registered_to < MONDAY for provider in external) == 1
    assert len({provider.organisation for provider in external}) == len(external) - 1
    assert sum(provider.in_house for provider in EASTMOOR.providers) == 1


def test_packages_include_something_for_every_rule_of_the_documents():
    assert len({one.reference for one in PACKAGES}) == len(PACKAGES) == 300
    assert any(one.current_provider and one.current_ended_on is None for one in PACKAGES)
    assert any(one.current_ended_on for one in PACKAGES)
    assert any(one.current_since and one.current_since < date(2021, 2, 1) for one in PACKAGES)
    assert any(one.chosen_provider for one in PACKAGES)
    assert any(one.exclusions for one in PACKAGES)
    assert any(one.delivery_model == "personal_budget" for one in PACKAGES)
    assert any(one.service_type == "housing_support" for one in PACKAGES)
    assert any(one.care_type == "independent_living" for one in PACKAGES)
    assert any(one.most_workers == 2 for one in PACKAGES)
    assert any(visit.critical for one in PACKAGES for visit in one.visits)
    assert {one.priority for one in PACKAGES} == {1, 2, 3, 4, 5, 6}


def test_whoever_a_package_names_is_in_the_register():
    known = {provider.reference for provider in EASTMOOR.providers}
    named = {name for one in PACKAGES for name in (one.current_provider, one.chosen_provider, *one.exclusions) if name}

    assert named <= known


def test_days_are_relative_to_the_first_day_of_the_run():
    earlier = eastmoor(2026, date(2026, 11, 16))

    assert all(one.current_ended_on < MONDAY for one in PACKAGES if one.current_ended_on)
    assert all(
        row.package.current_ended_on < date(2026, 11, 16) for row in earlier.packages if row.package.current_ended_on
    )
