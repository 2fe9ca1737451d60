"""The register of other years: made-up files in the shapes of 2018 (themes only) and of 2019 (both schemes)."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from calloff.domain.errors import BadInputError, RowErrors
from calloff.formats.care_inspectorate import import_register

DATA = Path(__file__).parent / "data"
OF_2018 = DATA / "register_2018-03-31_invented.csv"
OF_2019 = DATA / "register_2019-06-30_invented.csv"
OF_2025 = DATA / "register_2025-03-31_invented.csv"


def imported(path: Path, council: str = "Eastmoor"):
    """The providers by the last three digits of their number, and the report as one text."""
    providers, report = import_register(path, council)
    return {provider.reference[-3:]: provider for provider in providers}, "\n".join(report)


def changed(source: Path, folder: Path, *changes: tuple[str, str]) -> Path:
    """A copy under its own name in which each text is replaced everywhere."""
    text = source.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    copy = folder / source.name
    copy.write_text(text, encoding="utf-8")
    return copy


# --- before the key questions


def test_a_register_of_themes_alone_is_read_with_care_and_support_for_two_areas():
    providers, report = imported(OF_2018)

    grades = {number: provider.grades for number, provider in providers.items()}
    assert grades == {
        "201": (5, 5, 4, 5),
        "202": (4, 4, 4, 4),
        "203": (4, 4, 4, 3),
        "204": (4, 4, 2, 4),
        "205": (0, 0, 0, 0),
        "206": (4, 4, 4, 0),
    }
    assert "5 are graded by the older themes (CS2099000201, CS2099000202, " in report
    assert "1 have no grade yet (CS2099000205)" in report
    assert "1 lack a grade in some areas: CS2099000206 (leadership)" in report
    assert "1 have a grade of 2 (weak) or lower: CS2099000204 (staff 2)" in report


def test_the_environment_of_the_older_themes_is_never_read():
    # Thyme has a 1 there, and nowhere else.
    assert imported(OF_2018)[0]["202"].grades == (4, 4, 4, 4)


def test_the_oldest_names_and_days_are_read():
    sorrel = imported(OF_2018)[0]["201"]

    assert (sorrel.reference, sorrel.organisation) == ("CS2099000201", "SP2099000101")
    assert (sorrel.registered_from, sorrel.graded_on) == (date(2011, 4, 1), date(2017, 3, 9))


def test_a_line_above_the_heading_is_passed_over(tmp_path):
    copy = tmp_path / OF_2018.name
    copy.write_text("Datastore as at 31 March 2018\n" + OF_2018.read_text(encoding="utf-8"), encoding="utf-8")

    assert imported(copy)[0] == imported(OF_2018)[0]


def test_a_bad_cell_below_such_a_line_is_told_with_the_line_an_editor_shows(tmp_path):
    text = OF_2018.read_text(encoding="utf-8").replace("ZZ8 1ZZ", "nowhere")
    copy = tmp_path / OF_2018.name
    copy.write_text("Datastore as at 31 March 2018\n" + text, encoding="utf-8")

    with pytest.raises(RowErrors) as refused:
        import_register(copy, "Eastmoor")
    assert [(row.line, row.column) for row in refused.value.rows] == [(3, "Service_Postcode")]


# --- when both schemes stood side by side


def test_each_service_is_judged_by_the_scheme_it_was_graded_in():
    providers, report = imported(OF_2019)

    assert providers["101"].grades == (5, 4, 4, 4)
    assert providers["102"].grades == (4, 4, 4, 4)
    assert providers["103"].grades == (4, 4, 4, 2)
    assert "2 are graded by the older themes (CS2099000102, CS2099000103)" in report
    assert "leadership 2" in report


def test_key_questions_are_never_filled_up_from_the_older_themes():
    providers, report = imported(OF_2019)

    assert providers["104"].grades == (5, 0, 4, 5)
    assert "1 are graded under both schemes (CS2099000104): the key questions stand, unmixed" in report
    assert "CS2099000104 (care planning)" in report


def test_a_pair_graded_under_two_schemes_has_the_grades_of_its_care_at_home():
    providers, report = imported(OF_2019)

    assert providers["106"].grades == (5, 5, 5, 5)
    assert "CS2099000106" in report
    assert "CS2099000107" in report
    assert "differ in grades" in report


def test_columns_are_found_by_name_in_whatever_order(tmp_path):
    lines = [line.split(",") for line in OF_2019.read_text(encoding="utf-8").splitlines()]
    copy = tmp_path / OF_2019.name
    copy.write_text("\n".join(",".join(reversed(cells)) for cells in lines), encoding="utf-8")

    assert import_register(copy, "Eastmoor") == import_register(OF_2019, "Eastmoor")


def test_capitals_and_a_last_underscore_of_any_column_are_overlooked(tmp_path):
    copy = changed(
        OF_2019,
        tmp_path,
        ("KQ_Leadership", "kq_leadership_"),
        ("Combined_Service_", "combined_service"),
        ("SP_n", "sp_N"),
    )

    assert import_register(copy, "Eastmoor") == import_register(OF_2019, "Eastmoor")


# --- shapes that nobody knows


@pytest.mark.parametrize(
    ("source", "renamed", "scheme"),
    [
        (OF_2025, "KQ_Leadership", "key questions"),
        (OF_2019, "KQ_Staff_Team", "key questions"),
        (OF_2019, "Quality_of_Staffing", "older quality themes"),
        (OF_2018, "Quality_of_Mgmt_and_Lship", "older quality themes"),
    ],
)
def test_a_scheme_that_lacks_a_column_is_refused_and_named(source, renamed, scheme, tmp_path):
    copy = changed(source, tmp_path, (renamed, "Key_Question_9"))

    with pytest.raises(BadInputError, match=f"of the {scheme} it lacks the columns {renamed}: an unknown shape"):
        import_register(copy, "Eastmoor")


def test_a_register_without_any_grades_is_refused_not_taken_for_one_of_new_services(tmp_path):
    copy = changed(OF_2018, tmp_path, ("Quality_of_", "Standard_of_"))

    with pytest.raises(BadInputError, match="it holds no grades under a name known here: neither KQ_Support_Wellbeing"):
        import_register(copy, "Eastmoor")


def test_a_register_without_the_number_of_its_services_is_refused(tmp_path):
    copy = changed(OF_2018, tmp_path, ("CaseNumber", "Case"))

    with pytest.raises(BadInputError, match="it lacks the columns CSNumber"):
        import_register(copy, "Eastmoor")
