"""Other people's files: made-up ones of the same shape here, the real ones where CALLOFF_OPENDATA names them."""

from __future__ import annotations

import hashlib
import os
import random
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calloff.domain.errors import BadInputError, RowErrors
from calloff.domain.packages import Band
from calloff.formats.care_inspectorate import import_register, read_register_day
from calloff.formats.care_inspectorate_grades import read_grade
from calloff.formats.packages import read_packages, write_packages
from calloff.formats.places import read_places, write_places
from calloff.formats.postcodes import area_band_of, import_postcodes
from calloff.formats.providers import read_providers, write_providers
from calloff.formats.social_care_survey import PRIORITY_PERCENT, hours_of, import_survey, references_of
from calloff.formats.weekly_pattern import Draws, weekly_pattern

DATA = Path(__file__).parent / "data"
REGISTER = DATA / "register_2025-03-31_invented.csv"
SURVEY = DATA / "survey_invented.csv"
CODE_POINT = DATA / "codepoint_invented.csv"

OPEN_DATA = Path(os.environ.get("CALLOFF_OPENDATA", ""))
real = pytest.mark.skipif("CALLOFF_OPENDATA" not in os.environ, reason="CALLOFF_OPENDATA names no folder")


def spoiled(source: Path, folder: Path, *changes: tuple[str, str]) -> Path:
    """A copy of a file, under its own name, in which each text is replaced once."""
    text = source.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    copy = folder / source.name
    copy.write_text(text, encoding="utf-8")
    return copy


def refusals(refused: pytest.ExceptionInfo[RowErrors]) -> list[tuple[int, str, str]]:
    return [(row.line, row.column, row.expected) for row in refused.value.rows]


def said(report: list[str], *words: str) -> bool:
    return any(all(word in line for word in words) for line in report)


# --- the register of the Care Inspectorate


@pytest.fixture(scope="module")
def register():
    providers, report = import_register(REGISTER, "Eastmoor")
    return {provider.reference[-2:]: provider for provider in providers}, report


def test_register_counts_services_providers_and_candidates(register):
    providers, report = register
    assert report[0] == ("13 rows read; 10 services of 4 providers in Eastmoor give care at home or housing support")
    assert report[1] == "9 candidates: 1 combined pairs, 6 care at home only, 2 housing support only"
    assert report[2] == "9 kept, 1 of them run by a council"
    assert list(providers) == ["01", "03", "04", "05", "06", "07", "08", "09", "10"]


def test_register_reads_grades_by_area_and_never_the_setting_or_a_derived_column(register):
    acorn = register[0]["01"]
    assert (acorn.name, acorn.organisation, acorn.nation) == ("Acorn Home Care", "SP2099000001", "scotland")
    assert (acorn.grades, acorn.graded_on) == ((5, 4, 4, 3), date(2024, 11, 5))
    assert (acorn.registered_from, acorn.registered_to, acorn.postcode) == (date(2015, 4, 1), None, "ZZ9 1ZZ")


def test_register_makes_one_candidate_of_a_combined_pair_and_tells_of_other_grades(register):
    providers, report = register
    assert providers["03"].name == "Beech Care at Home"
    assert providers["03"].service_types == {"care_at_home", "housing_support"}
    assert providers["03"].grades == (5, 5, 4, 5)
    assert said(report, "CS2099000003", "CS2099000002", "differ in grades")


def test_register_keeps_as_single_what_it_cannot_join(register):
    providers, report = register
    assert providers["04"].service_types == {"care_at_home"}
    assert said(report, "CS2099000004", "CS2099000090", "not in the file")
    assert providers["09"].service_types == {"care_at_home"}
    assert said(report, "CS2099000009", "CS2099000012", "makes no pair")
    assert providers["10"].service_types == {"housing_support"}
    assert said(report, "CS2099000010", "CS2099000003", "in another pair")


def test_register_knows_the_councils_own_services(register):
    assert register[0]["05"].in_house
    assert register[0]["05"].service_types == {"housing_support"}


def test_register_ends_an_inactive_service_the_day_before_the_extract(register):
    providers, report = register
    assert providers["06"].registered_to == date(2025, 3, 30)
    assert said(report, "CS2099000006", "Inactive", "2025-03-30")


def test_register_leaves_a_pair_to_the_council_of_its_care_at_home(tmp_path):
    # The care-at-home half of the Beech pair, on line 4, moves to the other council.
    lines = REGISTER.read_text(encoding="utf-8").splitlines()
    lines[3] = lines[3].replace("Eastmoor", "Westmoor")
    copy = tmp_path / REGISTER.name
    copy.write_text("\n".join(lines), encoding="utf-8")
    providers, report = import_register(copy, "Eastmoor")
    assert not {"CS2099000002", "CS2099000003"} & {provider.reference for provider in providers}
    assert said(report, "CS2099000002 is one with CS2099000003 of Westmoor")
    assert {"CS2099000003", "CS2099000011"} == {p.reference for p in import_register(copy, "Westmoor")[0]}


def test_register_tells_when_only_one_of_a_pair_is_active(tmp_path):
    copy = spoiled(REGISTER, tmp_path, ("SP2099000002,Body 2099000002,No,Active", "SP2099000002,B,No,Inactive"))
    providers, report = import_register(copy, "Eastmoor")
    assert next(p for p in providers if p.reference == "CS2099000003").registered_to is None
    assert said(report, "CS2099000003", "CS2099000002", "differ in status")


def test_register_takes_the_latest_day_in_a_file_whose_name_has_none(tmp_path):
    copy = tmp_path / "register.csv"
    copy.write_text(REGISTER.read_text(encoding="utf-8"), encoding="utf-8")
    providers, _ = import_register(copy, "Eastmoor")
    # CS2099000008 was registered on 12 December 2024, after the last inspection.
    assert {p.registered_to for p in providers if p.reference == "CS2099000006"} == {date(2024, 12, 11)}


def test_register_falls_back_on_the_older_themes(register):
    providers, report = register
    elder = providers["07"]
    assert elder.grades == (5, 5, 4, 3)
    assert (elder.registered_from, elder.graded_on) == (date(2004, 8, 31), date(2017, 5, 2))
    assert said(report, "1 are graded by the older themes")


def test_register_gives_no_grade_where_there_is_none(register):
    providers, report = register
    assert (providers["08"].grades, providers["08"].graded_on) == ((0, 0, 0, 0), None)
    assert said(report, "1 have no grade yet")


def test_register_without_the_columns_of_other_years_is_read(tmp_path):
    copy = spoiled(
        REGISTER,
        tmp_path,
        ("Combined_Service_", "Combined"),
        ("Last_inspection_Date", "Inspected"),
        ("ServiceStatus", "servicestatus_"),
    )
    providers, report = import_register(copy, "EASTMOOR")
    assert len(providers) == 10
    assert next(p for p in providers if p.reference == "CS2099000001").grades == (5, 4, 4, 3)
    assert said(report, "does not say which services are combined")


def test_register_of_another_council_or_kind_is_refused_plainly():
    with pytest.raises(BadInputError, match=r"no service of the council 'Northmoor'.*: Eastmoor, Westmoor$"):
        import_register(REGISTER, "Northmoor")
    with pytest.raises(BadInputError, match="this is not a register of the Care Inspectorate: it lacks the"):
        import_register(SURVEY, "Eastmoor")


def test_register_tells_every_bad_cell_at_once(tmp_path):
    copy = spoiled(
        REGISTER,
        tmp_path,
        ("5.0,4.0,1.0,4.0,3,", "5.5,4.0,1.0,7.0,3,"),
        ("ZZ9 4ZZ", "somewhere"),
        ("Yes,Active,01/04/2015", "Perhaps,Active,2015"),
        ("SP2099000001,Body 2099000001,No,Inactive", ",Body 2099000001,No,Inactive"),
    )
    with pytest.raises(RowErrors) as refused:
        import_register(copy, "Eastmoor")
    assert refusals(refused) == [
        (2, "KQ_Staff_Team", "a grade from 1 to 6, or blank"),
        (2, "KQ_Support_Wellbeing", "a grade from 1 to 6, or blank"),
        (5, "Service_Postcode", "a postcode such as ZZ9 9ZZ"),
        (6, "Provided_by_Local_Authority", "Yes or No"),
        (6, "DateReg", "a day such as 31/03/2025 or 2025-03-31"),
        (7, "SP_number", "a value"),
    ]


def test_register_with_a_column_twice_is_refused(tmp_path):
    with pytest.raises(BadInputError, match="the columns ServiceName stand twice in the heading"):
        import_register(spoiled(REGISTER, tmp_path, ("ServiceType", "servicename")), "Eastmoor")


def test_register_with_a_number_twice_is_refused(tmp_path):
    copy = spoiled(REGISTER, tmp_path, ("\nCS2099000005,", "\nCS2099000001,"))
    with pytest.raises(RowErrors) as refused:
        import_register(copy, "Eastmoor")
    assert refusals(refused) == [(6, "CSNumber", "each number once; line 2 has it already")]


@pytest.mark.parametrize(("text", "grade"), [("", 0), ("NA", 0), ("4", 4), ("4.0", 4), ("6.00", 6)])
def test_a_grade_is_a_whole_number_however_written(text, grade):
    assert read_grade(text) == grade


@pytest.mark.parametrize("text", ["0", "7", "4.5", "40", "-1", "good"])
def test_no_other_grade_is_read(text):
    with pytest.raises(ValueError, match="a grade from 1 to 6"):
        read_grade(text)


def test_a_day_is_read_in_three_ways_and_no_other():
    for text in ("02/03/2025", "2025-03-02", "02-Mar-25"):
        assert read_register_day(text) == date(2025, 3, 2)
    for text in ("2/3/2025", "31/02/2025", "02-03-2025", "31-Feb-25", "02-Mrz-25", ""):
        with pytest.raises(ValueError, match="a day such as"):
            read_register_day(text)


def test_register_goes_into_providers_csv(register, tmp_path):
    providers = tuple(register[0].values())
    write_providers(tmp_path / "providers.csv", providers)
    assert read_providers(tmp_path / "providers.csv") == providers


# --- the social care survey


def test_survey_makes_a_package_of_each_client_with_home_care():
    rows, report = import_survey(SURVEY, 7)
    minutes = sorted(row.package.minutes_per_week for row in rows)
    # The last but one client has no total: bands 2 and 3 of the parts are 1.5 and 3 hours.
    assert minutes == [30, 180, 270, 300, 750, 2100, 3600]
    assert said(report, "9 clients read, of council 999")
    assert said(report, "2 left out")
    assert said(report, "7 clients with 120.5 hours a week")
    assert not said(report, "18,985")


def test_survey_takes_the_middle_of_each_band_of_hours(tmp_path):
    path = tmp_path / "survey.csv"
    clients = "".join(f"999,C{band},1,1,{band}\n" for band in range(13))
    path.write_text(f"LAcode,clientID,AgeGRP,ClientGRP,bandHRSTT\n{clients}", encoding="utf-8")
    rows, _ = import_survey(path, 7)
    hours = sorted(row.package.minutes_per_week / 60 for row in rows)
    assert hours == [0.5, 1.5, 3, 5, 7, 9, 12.5, 17.5, 25, 35, 45, 60]


def test_survey_lets_a_total_of_none_stand_over_its_parts(tmp_path):
    rows, report = import_survey(spoiled(SURVEY, tmp_path, ("0,2,3,0,0,4,1", "0,2,3,0,0,0,1")), 7)
    assert len(rows) == 6
    assert said(report, "3 left out")


def test_survey_says_what_it_assumed_of_the_unknown():
    rows, report = import_survey(SURVEY, 7)
    (unknown,) = [row.package for row in rows if row.package.minutes_per_week == 30]
    assert (unknown.age_group, unknown.client_group) == ("75-84", "other")
    for words in ("1 of unknown age", "1 of unknown group", "1 numbers of clients stand twice", "1 without a"):
        assert said(report, words, "(assumed)")
    for words in ("P2 25 %", "medication 40 %", "chc_funded 2 %", "two workers"):
        assert said(report, words)


def test_survey_reads_groups():
    rows, _ = import_survey(SURVEY, 7)
    by_minutes = {row.package.minutes_per_week: row.package for row in rows}
    assert [(by_minutes[m].client_group, by_minutes[m].age_group) for m in (3600, 300, 180, 750)] == [
        ("learning_disability", "18-64"),
        ("older_people", "85+"),
        ("dementia_mental_health", "75-84"),
        ("physical_disability", "65-74"),
    ]


def test_survey_depends_on_the_seed_and_not_on_the_order_of_rows(tmp_path):
    heading, *lines = SURVEY.read_text(encoding="utf-8").splitlines()
    rows, _ = import_survey(SURVEY, 7)
    other = tmp_path / "survey.csv"
    # Backwards, so that the two clients of one number change places too.
    for order in (lines[::-1], random.Random(3).sample(lines, len(lines))):
        other.write_text("\n".join([heading, *order]) + "\n", encoding="utf-8")
        assert import_survey(other, "7")[0] == rows
    assert {row.package.reference for row in import_survey(SURVEY, 8)[0]}.isdisjoint(
        row.package.reference for row in rows
    )


def test_survey_never_shows_a_clients_number(tmp_path):
    rows, _ = import_survey(SURVEY, 7)
    write_packages(tmp_path / "packages.csv", rows)
    assert "AAAA" not in (tmp_path / "packages.csv").read_text(encoding="utf-8")
    assert read_packages(tmp_path / "packages.csv") == tuple(rows)


def test_survey_without_a_total_takes_the_sum_of_the_parts(tmp_path):
    rows, report = import_survey(spoiled(SURVEY, tmp_path, ("bandHRSTT", "total")), 7)
    assert sorted(row.package.minutes_per_week for row in rows) == [30, 180, 270, 270, 750, 2100, 3600]
    assert said(report, "no bandHRSTT")


def test_survey_without_any_hours_is_refused(tmp_path):
    changes = [(name, "x") for name in ("bandHRSTT", "bandHRSLA", "bandHRSpri", "bandHRSvol", "bandHRSPC")]
    with pytest.raises(BadInputError, match="this is not a social care survey: it lacks the columns bandHRSTT"):
        import_survey(spoiled(SURVEY, tmp_path, *changes), 7)


def test_survey_tells_every_bad_cell_at_once(tmp_path):
    copy = spoiled(SURVEY, tmp_path, ("AAAA1,1,2,", "AAAA1,9,8,"), ("0,4,1,9,0", "0,13,1,9,0"), ("999,AAAA3", "999,"))
    with pytest.raises(RowErrors) as refused:
        import_survey(copy, 7)
    assert refusals(refused) == [
        (2, "AgeGRP", "one of 1, 2, 3, 4"),
        (2, "ClientGRP", "one of 1, 2, 3, 4, 5"),
        (3, "bandHRSTT", "a band of hours from 0 to 12"),
        (4, "clientID", "the client's number in the survey"),
    ]


def test_survey_with_a_row_too_short_is_refused(tmp_path):
    with pytest.raises(RowErrors) as refused:
        import_survey(spoiled(SURVEY, tmp_path, ("999,AAAA3,3,", "999,AAAA3,")), 7)
    assert refusals(refused) == [(4, "(row)", "14 cells, as many as the heading has")]


def test_references_that_would_be_alike_are_longer():
    # Two keys whose SHA-256, after this seed, begins with the same eight digits.
    first, second = _alike("seed")
    references = references_of("seed", [first, second, "other"])
    assert references[first] != references[second]
    assert [len(references[key]) for key in (first, second, "other")] == [14, 14, 10]
    assert references_of("seed", ["other", second, first]) == references


def _alike(seed: str) -> tuple[str, str]:
    seen: dict[str, str] = {}
    for number in range(1_000_000):
        begins = hashlib.sha256(f"{seed}\0{number}".encode()).hexdigest()[:8]
        if begins in seen:
            return seen[begins], str(number)
        seen[begins] = str(number)
    raise AssertionError("no two keys are alike")


def test_shares_of_priorities_make_a_hundred():
    assert sum(PRIORITY_PERCENT.values()) == 100


def test_hours_are_shown_with_their_half():
    assert [hours_of(minutes) for minutes in (30, 60, 1_086_630)] == ["0.5", "1", "18,110.5"]


# --- hours into visits


@settings(max_examples=300)
@given(halves=st.integers(1, 480), seed=st.integers(0, 99))
def test_a_pattern_has_exactly_its_minutes_and_no_visit_runs_into_the_next(halves, seed):
    visits = weekly_pattern(halves * 30, Draws(str(seed), "person"))
    assert sum(visit.worker_minutes for visit in visits) == halves * 30
    assert 1 <= len(visits) <= 28
    for visit in visits:
        assert visit.minutes % 15 == 0
        assert 30 <= visit.minutes <= (180 if halves * 30 <= 10_000 else 300)
    for one, other in pairwise(visits):
        assert one.day < other.day or one.start_minute + one.minutes <= other.start_minute
    if halves * 30 < 600:
        assert all(visit.workers == 1 for visit in visits)


def test_every_day_with_visits_has_one_in_the_morning():
    for minutes in (30, 300, 1500, 3600):
        visits = weekly_pattern(minutes, Draws("seed", "person"))
        assert {visit.day for visit in visits} == {v.day for v in visits if v.band == Band.MORNING}


def test_about_fifteen_percent_of_the_larger_packages_are_double_handed():
    workers = [weekly_pattern(600, Draws("seed", str(person)))[0].workers for person in range(2000)]
    assert 0.12 < workers.count(2) / 2000 < 0.18


@pytest.mark.parametrize("minutes", [0, -30, 45])
def test_minutes_that_make_no_pattern_are_refused(minutes):
    with pytest.raises(ValueError, match="not a positive multiple of 30"):
        weekly_pattern(minutes, Draws("seed", "person"))


# --- Code-Point Open


def test_postcodes_are_places_with_their_ward_and_an_assumed_band(tmp_path):
    places, report = import_postcodes(CODE_POINT)
    bands = {place.locality: place.area_band for place in places}
    assert bands == {
        "S13009901": "rural",
        "S13009902": "suburban",
        "S13009903": "urban",
        "S12000099": "rural",
    }
    assert (places[0].easting, places[0].northing, places[0].nation) == (300000, 600000, "scotland")
    assert said(report, "221 rows read, 220 places kept in 4 localities")
    assert said(report, "1 rows left out", "quality 90")
    assert said(report, "160 urban, 30 suburban, 30 rural", "assumed", "fewer than 30", "fewer than 150")
    assert said(report, "1 places have no ward")
    write_places(tmp_path / "places.csv", places)
    assert list(read_places(tmp_path / "places.csv")) == places


def test_postcodes_without_their_heading_are_the_same(tmp_path):
    bare = tmp_path / "codepoint.csv"
    bare.write_text(CODE_POINT.read_text(encoding="utf-8").split("\n", 1)[1], encoding="utf-8")
    assert import_postcodes(bare)[0] == import_postcodes(CODE_POINT)[0]


def test_bands_turn_at_their_thresholds():
    assert [area_band_of(count) for count in (29, 30, 149, 150)] == ["rural", "suburban", "suburban", "urban"]


def test_postcodes_tell_every_bad_cell_at_once(tmp_path):
    first, second = CODE_POINT.read_text(encoding="utf-8").splitlines()[1:3]
    copy = spoiled(
        CODE_POINT,
        tmp_path,
        (first, first.replace("300000", "east").replace("S92000003", "S9")),
        (second, second.rsplit(",", 2)[0] + ',"",""'),
        (",10,300002,", ",10,300002,1,"),
    )
    with pytest.raises(RowErrors) as refused:
        import_postcodes(copy)
    assert refusals(refused) == [
        (2, "Eastings", "a whole number from 0 to 1300000"),
        (2, "Country_code", "one of E92000001, N92000002, S92000003, W92000004"),
        (3, "Admin_ward_code", "the code of a ward, or of a district"),
        (4, "(row)", "10 cells, as many as the heading has"),
    ]


def test_a_postcode_stands_once(tmp_path):
    lines = CODE_POINT.read_text(encoding="utf-8").splitlines()
    copy = tmp_path / "codepoint.csv"
    copy.write_text("\n".join([*lines, lines[1]]), encoding="utf-8")
    with pytest.raises(RowErrors) as refused:
        import_postcodes(copy)
    assert refusals(refused) == [(len(lines) + 1, "Postcode", "each postcode once; line 2 has it already")]


def test_another_file_is_not_code_point_open():
    with pytest.raises(BadInputError, match="this is not Code-Point Open: it lacks the columns Postcode"):
        import_postcodes(REGISTER)


# --- the real files


@real
@pytest.mark.parametrize(
    ("council", "services", "providers", "candidates", "grades"),
    [
        ("East Lothian", 36, 20, 26, ["1 have no grade yet (CS2024000463)"]),
        ("Midlothian", 32, 13, 21, ["CS2007163765 (care planning); CS2018371778 (leadership)"]),
        ("Scottish Borders", 54, 23, 36, ["1 have a grade of 2 (weak) or lower: CS2004079576 (leadership 2)"]),
    ],
)
def test_real_register(council, services, providers, candidates, grades, tmp_path):
    (path,) = (OPEN_DATA / "fetched" / "care_inspectorate").glob("datastore_2025-03-31_*.csv")
    kept, report = import_register(path, council)
    assert said(report, f"{services} services of {providers} providers in {council}")
    assert len(kept) == candidates
    assert said(report, *grades)
    write_providers(tmp_path / "providers.csv", kept)
    assert list(read_providers(tmp_path / "providers.csv")) == kept


@real
def test_real_survey(tmp_path):
    path = OPEN_DATA / "fetched" / "scotland" / "social_care_survey_2010_client_level_la210.csv"
    rows, report = import_survey(path, 1)
    assert len(rows) == 1560
    assert sum(row.package.minutes_per_week for row in rows) == 18_110 * 60
    assert said(report, "1,560 clients", "18,110 hours", "18,985", "EL18-06")
    assert said(report, "230 left out")
    write_packages(tmp_path / "packages.csv", rows)
    assert list(read_packages(tmp_path / "packages.csv")) == rows
    # Ten hours and more: 543 packages, of which about 15 % have two workers.
    larger = [row.package for row in rows if row.package.minutes_per_week >= 600]
    assert 0.11 < sum(package.most_workers == 2 for package in larger) / len(larger) < 0.19


@real
@pytest.mark.parametrize(
    ("name", "places", "localities", "nation", "bands"),
    [
        ("east_lothian", 3267, 6, "scotland", "2218 urban, 739 suburban, 310 rural"),
        ("rutland", 1273, 15, "england", "345 urban, 504 suburban, 424 rural"),
    ],
)
def test_real_postcodes(name, places, localities, nation, bands):
    path = OPEN_DATA / "packages" / "postcodes" / f"codepoint_open_2025-05_{name}.csv"
    kept, report = import_postcodes(path)
    assert len(kept) == places
    assert len({place.locality for place in kept}) == localities
    assert {place.nation for place in kept} == {nation}
    assert said(report, bands)
