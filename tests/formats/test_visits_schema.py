"""The published JSON Schema of delivered visits says what the reader takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calloff.domain.errors import RowErrors
from calloff.formats.delivered_visits import VISITS, read_told
from calloff.formats.visits_schema import schema, schema_text

PUBLISHED = Path(__file__).parents[2] / "docs" / "reference" / "visits.schema.json"
ROW = schema()["properties"]["rows"]["items"]
GOOD = {
    "row": "V-1",
    "version": "2026-03-02T21:00Z",
    "contract": "E-1",
    "person": "P-1",
    "worker": "W1",
    "came": "2026-03-02T08:00:00",
    "left": "2026-03-02T08:30:00Z",
}


def fits(row):
    """Whether a row is what the schema says, cell by cell."""
    if not set(ROW["required"]) <= set(row) or not set(row) <= set(ROW["properties"]):
        return False
    for name, text in row.items():
        told = ROW["properties"][name]
        if "enum" in told and text not in told["enum"]:
            return False
        if "pattern" in told and not re.search(told["pattern"], text):
            return False
        if len(text) < told.get("minLength", 0):
            return False
    return True


def is_taken(row):
    try:
        read_told([row], (1, 30), "add")
    except RowErrors as errors:
        # The total is not the row's fault.
        return {one.column for one in errors.rows} <= {"minutes"}
    return True


def test_the_published_schema_is_made_from_the_columns():
    assert PUBLISHED.read_text("utf-8") == schema_text()
    assert json.loads(PUBLISHED.read_text("utf-8"))["$schema"].endswith("2020-12/schema")
    assert set(ROW["properties"]) == {column.name for column in VISITS.columns}


@pytest.mark.parametrize("name", [column.name for column in VISITS.columns if column.example])
def test_each_example_of_a_column_fits(name):
    example = next(column.example for column in VISITS.columns if column.name == name)
    assert fits({**GOOD, name: example})


@given(
    st.dictionaries(
        st.sampled_from([column.name for column in VISITS.columns]),
        st.sampled_from(
            ["app", "let_in", "x", "\x01", "2026-03-02", "2026-03-02T08:05:00", "2026-03-02T08:20:00+00:00"]
        ),
        max_size=3,
    )
)
def test_what_the_reader_takes_fits_the_schema_and_what_fits_is_refused_for_its_meaning_alone(changes):
    row = {**GOOD, **changes}

    if is_taken(row):
        assert fits(row)
    elif fits(row):
        with pytest.raises(RowErrors) as refused:
            read_told([row], (1, 30), "add")
        # A shape cannot say that leaving comes after coming, or that manual needs a code.
        assert {one.column for one in refused.value.rows} <= {"left", "code", "minutes"}
