"""A bad file is refused whole, with every bad cell named by the line an editor shows."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from calloff.domain.errors import BadInputError, RowErrors
from calloff.domain.packages import Visit
from calloff.formats.contracts import read_contracts, write_contracts
from calloff.formats.packages import NO_DAY, NO_MOMENT, read_packages
from calloff.formats.places import Place, read_places, write_places
from calloff.formats.providers import read_providers
from calloff.formats.reference import TABLES, reference_page
from calloff.formats.responses import Response, read_responses, write_responses

PLACES_HEADING = "postcode,easting,northing,locality,area_band,nation\n"
GOOD_PLACE = "ZZ9 9ZZ,1,2,North,rural,scotland\n"


def a_file(folder: Path, text: str | bytes) -> Path:
    path = folder / "file.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def refusals(read, path: Path) -> list[tuple[int, str, str]]:
    """The line, column and expectation of every bad cell."""
    with pytest.raises(RowErrors) as refused:
        read(path)
    return [(row.line, row.column, row.expected) for row in refused.value.rows]


def one_row(folder: Path, **cells: str) -> Path:
    """A file of one row, each cell in quotes."""
    quoted = ",".join(f'"{cell}"' for cell in cells.values())
    return a_file(folder, f"{','.join(name.rstrip('_') for name in cells)}\n{quoted}\n")


# --- the file as a whole


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        (b"PK\x03\x04 and so on", "a workbook or archive"),
        (b"\xd0\xcf\x11\xe0 and so on", "a workbook or archive"),
        (b"\xff\xfep\x00o\x00", "UTF-16"),
        (b"postcode\x00", "a binary file"),
        (PLACES_HEADING.encode() + b"ZZ9 9ZZ,1,2,\xe9,rural,scotland\n", ":2: the text is not UTF-8"),
        ((PLACES_HEADING + 'ZZ9 9ZZ,1,2,"North,rural').encode(), ":2: this row is not CSV"),
        (b"colour,size\nred,2\n", "this is not a places.csv file: it lacks postcode"),
        (GOOD_PLACE.encode(), "this is not a places.csv file: it lacks postcode"),
        (PLACES_HEADING.replace(",", ";").encode(), "separated by semicolons or tabs"),
    ],
)
def test_a_file_of_the_wrong_kind_is_refused_in_one_plain_line(content, said, tmp_path):
    path = a_file(tmp_path, content)
    with pytest.raises(BadInputError) as refused:
        read_places(path)
    text = str(refused.value)
    assert said in text
    assert text.startswith(str(path))
    assert "\n" not in text


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(BadInputError, match="cannot be read"):
            read_places(path)


def test_a_byte_order_mark_windows_line_ends_and_blank_rows_are_read(tmp_path):
    text = "\ufeff" + (PLACES_HEADING + "\n" + GOOD_PLACE + ",,,,,\n").replace("\n", "\r\n")
    assert read_places(a_file(tmp_path, text)) == (Place("ZZ9 9ZZ", 1, 2, "North", "rural", "scotland"),)


def test_the_heading_is_checked(tmp_path):
    text = "postcode,easting,northing,localty,area_band,nation,nation\nZZ9 9ZZ,1,2,North,rural,scotland,wales\n"
    assert refusals(read_places, a_file(tmp_path, text)) == [
        (1, "locality", "the column in the heading"),
        (1, "localty", "a column of places.csv (is it locality?)"),
        (1, "nation", "each column once"),
    ]


def test_rows_without_their_key_column_are_not_said_to_be_alike(tmp_path):
    text = "easting,northing,locality,area_band,nation\n" + 2 * "1,2,North,rural,scotland\n"
    assert refusals(read_places, a_file(tmp_path, text)) == [(1, "postcode", "the column in the heading")]


def test_columns_may_stand_in_any_order(tmp_path):
    text = "nation,area_band,locality,northing,easting,postcode\nscotland,rural,North,2,1,zz99zz\n"
    assert read_places(a_file(tmp_path, text)) == (Place("ZZ9 9ZZ", 1, 2, "North", "rural", "scotland"),)


# --- cells


def test_every_bad_cell_is_told_at_once_with_its_line_also_after_line_breaks_in_cells(tmp_path):
    text = (
        PLACES_HEADING
        + "\n"
        + 'ZZ9 9ZZ,1,2,"North\nof the\r\nriver",countryside,scotland\n'
        + 'ZZ9 8ZZ,-1,two,South,rural,"scot\nland"\n'
        + "ZZ9 7ZZ,1,2,South\n"
    )
    assert refusals(read_places, a_file(tmp_path, text)) == [
        (5, "area_band", "one of urban, suburban, rural"),
        (6, "easting", "a whole number from 0 to 1300000"),
        (6, "northing", "a whole number from 0 to 1300000"),
        (6, "nation", "one of england, northern_ireland, scotland, wales"),
        (8, "(row)", "6 cells, as many as the heading has"),
    ]


def test_the_error_says_that_nothing_was_written(tmp_path):
    path = a_file(tmp_path, PLACES_HEADING + "ZZ9 9ZZ,x,2,North,rural,scotland\n")
    with pytest.raises(RowErrors) as refused:
        read_places(path)
    assert str(refused.value) == (
        f"{path}:2: easting: found 'x', expected a whole number from 0 to 1300000\n1 bad cell; nothing was written"
    )


def test_a_key_may_stand_once(tmp_path):
    text = PLACES_HEADING + GOOD_PLACE + GOOD_PLACE.replace("ZZ9 9ZZ", "zz99zz")
    assert refusals(read_places, a_file(tmp_path, text)) == [
        (3, "postcode", "each postcode once; line 2 has it already")
    ]


PROVIDER = {
    "reference": "A",
    "name": "Acorn",
    "organisation": "O",
    "nation": "scotland",
    "service_types": "care_at_home",
    "registered_from": "2015-04-01",
    "scale": "care_inspectorate",
}


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [
        ("reference", "", "a value, such as CS2099000001"),
        ("name", "Ac\x07orn", "text without control characters"),
        ("service_types", "care_at_home; ", "items separated by '; ', none of them empty"),
        ("service_types", "care_at_home; care_at_home", "each item once"),
        ("service_types", "care_home", "one of care_at_home, housing_support"),
        ("in_house", "Y", "yes or no"),
        ("registered_from", "01/04/2015", "a day such as 2025-03-31"),
        ("registered_from", "2015-02-30", "a day such as 2025-03-31"),
        ("registered_to", "2015-03-31", "a day not before 2015-04-01, when it was registered"),
        ("wellbeing", "7", "a whole number from 1 to 6"),
        ("wellbeing", "4.0", "a whole number from 1 to 6"),
        ("postcode", "EH1", "a postcode such as ZZ9 9ZZ"),
    ],
)
def test_providers_refuses(column, cell, expected, tmp_path):
    path = one_row(tmp_path, **(PROVIDER | {column: cell}))
    assert refusals(read_providers, path) == [(2, column, expected)]


def test_a_grade_must_be_on_its_own_scale(tmp_path):
    path = one_row(tmp_path, **(PROVIDER | {"scale": "cqc", "staff": "5"}))
    assert refusals(read_providers, path) == [(2, "staff", "a grade from 1 to 4 on the scale cqc")]


PACKAGE = {"reference": "P-1", "priority": "P2", "nation": "scotland", "visits": "mon-sun 07:30 30m"}


def test_a_package_takes_the_defaults_of_what_is_left_out(tmp_path):
    (row,) = read_packages(one_row(tmp_path, **PACKAGE))
    assert (row.line, row.approved_at, row.required_start_on, row.place) == (2, None, None, "")
    package = row.package
    assert (package.approved_at, package.required_start_on, package.locality) == (NO_MOMENT, NO_DAY, "")
    assert (package.priority, package.care_type, package.current_workers) == (2, "personal_care", 1)
    assert package.minutes_per_week == 210


def test_a_moment_is_held_in_utc(tmp_path):
    (row,) = read_packages(one_row(tmp_path, **PACKAGE, approved_at="2025-03-30T10:00+01:00"))
    assert row.package.approved_at.isoformat() == "2025-03-30T09:00:00+00:00"


def test_visits_of_a_week_are_written_in_one_cell(tmp_path):
    cell = "sat 19:00 30m !; mon,wed 12:30 45m x2; mon-tue 07:30 30m"
    (row,) = read_packages(one_row(tmp_path, **(PACKAGE | {"visits": cell})))
    assert row.package.visits == (
        Visit(0, 450, 30),
        Visit(0, 750, 45, workers=2),
        Visit(1, 450, 30),
        Visit(2, 750, 45, workers=2),
        Visit(5, 1140, 30, critical=True),
    )


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [
        ("priority", "2", "a priority from P1 to P6"),
        ("approved_at", "2025-03-30T10:00", "a moment with its offset"),
        ("approved_at", "2025-03-32T10:00Z", "a moment with its offset"),
        ("approved_at", "0001-01-01T00:00+01:00", "a moment with its offset"),
        ("visits", "", "a value, such as mon-sun 07:30 30m"),
        ("visits", "mon 07:30", "visits such as"),
        ("visits", "mon 07:30 30m x3", "visits such as"),
        ("visits", "mon 24:00 30m", "a start from 00:00 to 23:59"),
        ("visits", "mon 07:60 30m", "a start from 00:00 to 23:59"),
        ("visits", "mon 07:30 4m", "visits of 5 to 720 minutes"),
        ("visits", "mon 07:30 721m", "visits of 5 to 720 minutes"),
        ("visits", "sun-mon 07:30 30m", "days in the order mon to sun"),
        ("visits", "mon,mon-wed 07:30 30m", "each day once"),
        ("visits", "may 07:30 30m", "days such as mon-fri"),
        ("visits", "mon 07:30 30m; mon 07:30 30m", "visits that each stand once"),
        ("needs", "juggling", "one of double_handed, medication"),
        ("current_workers", "3", "a whole number from 1 to 2"),
    ],
)
def test_packages_refuses(column, cell, expected, tmp_path):
    (refusal,) = refusals(read_packages, one_row(tmp_path, **(PACKAGE | {column: cell})))
    assert refusal[:2] == (2, column)
    assert refusal[2].startswith(expected)


def test_a_week_beyond_the_bound_is_refused(tmp_path):
    cell = "; ".join(f"mon-sun {hour:02d}:00 720m x2" for hour in range(10))
    assert refusals(read_packages, one_row(tmp_path, **(PACKAGE | {"visits": cell}))) == [
        (2, "visits", "visits of at most 100000 minutes a week")
    ]


def test_more_visits_than_a_week_may_have_are_refused(tmp_path):
    cell = "; ".join(f"mon-sun {number // 60:02d}:{number % 60:02d} 5m" for number in range(229))
    assert refusals(read_packages, one_row(tmp_path, **(PACKAGE | {"visits": cell}))) == [
        (2, "visits", "at most 1600 visits a week")
    ]


CONTRACT = {"reference": "E1", "provider": "A", "tier": "framework", "role": "member"}


def test_price_lines_and_spare_minutes_are_read(tmp_path):
    path = one_row(
        tmp_path,
        **CONTRACT,
        price_lines="15.20 care_type=personal_care area_band=rural workers=2 includes=mileage+home_and_away "
        "from=2024-04-01 to=2025-03-31; "
        "16.1025 care_type=personal_care area_band=rural workers=2 from=2025-04-01",
        spare_minutes="North+South/morning+bed=1200@2025-03-30T09:00Z; North/lunch=0",
        suspensions="2025-01-06..2025-02-28; 2025-05-01.. step_in",
        assumed="spare_minutes drawn",
    )
    (enrolment,) = read_contracts(path)
    first, second = enrolment.price_lines
    assert (first.line_id, first.centipence, first.workers) == ("E1#1", 152000, 2)
    assert first.includes == {"mileage", "home_and_away"}
    assert (second.line_id, second.centipence, second.to_on) == ("E1#2", 161025, None)
    assert enrolment.pools[0].areas == {"North", "South"}
    assert enrolment.pools[0].bands == {"morning", "bed"}
    assert (enrolment.pools[1].minutes, enrolment.pools[1].declared_at) == (0, None)
    assert (enrolment.suspensions[1].to_on, enrolment.suspensions[1].step_in) == (None, True)


@pytest.mark.parametrize(
    ("column", "cell", "expected"),
    [
        ("role", "friend", "one of member, prime"),
        ("price_lines", "15.20001", "pounds with at most four decimals"),
        ("price_lines", "1000.01", "pounds with at most four decimals"),
        ("price_lines", "workers=2", "one rate in pounds"),
        ("price_lines", "15.20 16.20", "one rate in pounds"),
        ("price_lines", "15.20 unit=day", "one of hour, visit"),
        ("price_lines", "15.20 workers=3", "one of 1, 2"),
        ("price_lines", "15.20 colour=red", "each key once, of care_type"),
        ("price_lines", "15.20 workers=1 workers=2", "each key once, of care_type"),
        ("price_lines", "15.20 includes=mileage+mileage", "items joined by +"),
        ("price_lines", "15.20 includes=tea", "one of mileage"),
        ("price_lines", "15.20 from=2025-04-01 to=2025-03-31", "a first day (from) that is not after"),
        ("price_lines", "15.20 workers=1; 16.00 workers=1", "lines that do not overlap"),
        ("price_lines", "15.20 to=2025-04-01; 16.00 from=2025-04-01", "lines that do not overlap"),
        ("price_lines", "16.00 from=2025-04-02; 15.20 to=2025-03-31", "no gap between alike lines"),
        ("price_lines", "15.20;", "one rate in pounds"),
        ("spare_minutes", "*/*", "areas/bands=minutes@moment"),
        ("spare_minutes", "*/dawn=60", "one of morning, lunch"),
        ("spare_minutes", "*/*=100001", "a whole number from 0 to 100000"),
        ("spare_minutes", "*/*=60@today", "a moment with its offset"),
        ("spare_minutes", "North/*=60; */bed=60", "each area and band offered once"),
        ("spare_minutes", "North+South/bed=60; South/tea+bed=60", "each area and band offered once"),
        ("suspensions", "2025-01-06", "first..last day"),
        ("suspensions", "2025-01-06..2025-01-05", "a first day that is not after the last"),
        ("full_cost_gbp_per_hour", "£20", "pounds with at most four decimals"),
    ],
)
def test_contracts_refuses(column, cell, expected, tmp_path):
    (refusal,) = refusals(read_contracts, one_row(tmp_path, **(CONTRACT | {column: cell})))
    assert refusal[:2] == (2, column)
    assert refusal[2].startswith(expected)


def test_adjoining_terms_and_pools_of_other_areas_or_bands_are_no_conflict(tmp_path):
    path = one_row(
        tmp_path,
        **CONTRACT,
        price_lines="15.20 to=2025-03-31; 16.00 from=2025-04-01; 17.00 day_type=weekend from=2026-01-01",
        spare_minutes="North/bed=60; North/tea=60; South/*=60",
    )
    assert len(read_contracts(path)[0].pools) == 3


def test_an_enrolment_ends_after_it_begins(tmp_path):
    path = one_row(tmp_path, **CONTRACT, **{"from": "2025-04-01", "to": "2025-03-31"})
    assert refusals(read_contracts, path) == [(2, "to", "a day not before 2025-04-01, when the enrolment begins")]


ANSWER = {"package": "P-1", "provider": "A", "answered_at": "2025-03-30T09:00Z", "answer": "accept"}


@pytest.mark.parametrize(
    ("cells", "column", "expected"),
    [
        ({"answer": "perhaps"}, "answer", "one of accept, part, decline"),
        ({"answer": "decline"}, "reason", "a reason for declining: one of no_capacity_in_band"),
        ({"answer": "decline", "reason": "busy"}, "reason", "one of no_capacity_in_band"),
        ({"answer": "decline", "reason": "price", "price": "15.20"}, "price", "blank, since"),
        ({"answer": "accept", "reason": "price"}, "reason", "blank, since the answer is accept"),
        ({"answer": "part"}, "visits", "the visits offered, since the answer is part"),
        ({"price": "15.20001"}, "price", "pounds with at most four decimals"),
    ],
)
def test_responses_refuses(cells, column, expected, tmp_path):
    (refusal,) = refusals(read_responses, one_row(tmp_path, **(ANSWER | cells)))
    assert refusal[:2] == (2, column)
    assert refusal[2].startswith(expected)


def test_a_provider_may_answer_again_later_but_not_twice_at_once(tmp_path):
    row = "P-1,A,2025-03-30T09:00Z,accept\n"
    heading = "package,provider,answered_at,answer\n"
    later = row.replace("09:00Z", "09:01Z")
    assert len(read_responses(a_file(tmp_path, heading + row + later))) == 2
    same_moment = row.replace("09:00Z", "10:00+01:00")
    assert refusals(read_responses, a_file(tmp_path, heading + row + same_moment)) == [
        (3, "answered_at", "each package and provider and answered_at once; line 2 has it already")
    ]


# --- writing


def test_a_value_that_would_not_come_back_is_refused_and_the_old_file_stays(tmp_path):
    path = tmp_path / "places.csv"
    write_places(path, [Place("ZZ9 9ZZ", 1, 2, "North", "rural", "scotland")])
    before = path.read_bytes()
    for bad in (
        Place("ZZ9 9ZZ", -1, 2, "N", "rural", "wales"),
        Place("ZZ9 9ZZ", 1, 2, " N", "rural", "wales"),
    ):
        with pytest.raises(BadInputError, match="row 1: "):
            write_places(path, [bad])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_moment_without_its_offset_is_refused(tmp_path):
    naive = Response("P-1", "A", datetime(2025, 3, 30, 9), "accept")
    with pytest.raises(BadInputError, match=r"answered_at: .* it must be a moment with its offset"):
        write_responses(tmp_path / "responses.csv", [naive])


def test_a_semicolon_inside_a_list_is_refused(tmp_path):
    (enrolment,) = read_contracts(one_row(tmp_path, **CONTRACT))
    for name, value in (("subcontractors", frozenset({"A;B"})), ("localities", frozenset({""}))):
        spoiled = type(enrolment)("E1", "A", "framework", "member", **{name: value})
        with pytest.raises(BadInputError, match=f"row 1: {name}"):
            write_contracts(tmp_path / "out.csv", [spoiled])
    assert not (tmp_path / "out.csv").exists()


def test_price_lines_with_ids_of_their_own_are_refused(tmp_path):
    (enrolment,) = read_contracts(one_row(tmp_path, **CONTRACT, price_lines="15.20"))
    moved = type(enrolment)("E2", "A", "framework", "member", price_lines=enrolment.price_lines)
    with pytest.raises(BadInputError, match="price lines of E2 must be numbered"):
        write_contracts(tmp_path / "out.csv", [moved])


def test_a_folder_that_is_not_there_is_told(tmp_path):
    with pytest.raises(BadInputError, match="cannot be written"):
        write_places(tmp_path / "nowhere" / "places.csv", [])


# --- the reference page


def test_the_reference_page_is_current():
    page = Path(__file__).parents[2] / "docs" / "reference" / "files.md"
    assert page.read_text(encoding="utf-8") == reference_page(), (
        "run: python -m calloff.formats.reference > docs/reference/files.md"
    )


def test_every_example_of_the_page_can_be_read():
    for table in TABLES:
        for column in table.columns:
            if column.example:
                assert column.write(column.read(column.example)) == column.example


def test_the_page_names_every_column():
    page = reference_page()
    for table in TABLES:
        assert f"\n## {table.name}\n" in page
        assert all(re.search(rf"^\| `{column.name}` \|", page, re.MULTILINE) for column in table.columns)
