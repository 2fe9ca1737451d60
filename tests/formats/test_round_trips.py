"""What is written to a file is read back the same, to the last field."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calloff.domain.contracts import (
    BASES,
    DAY_TYPES,
    INCLUDES,
    ROLES,
    UNITS,
    Enrolment,
    Pool,
    PriceLine,
    Suspension,
)
from calloff.domain.history import ANSWERS, DECLINE_REASONS
from calloff.domain.packages import (
    AGE_GROUPS,
    AREA_BANDS,
    BANDS,
    CAPABILITIES,
    CARE_TYPES,
    CLIENT_GROUPS,
    COMPLEXITY_FACTS,
    DELIVERY_MODELS,
    PRIORITIES,
    SERVICE_TYPES,
    Package,
    Visit,
)
from calloff.domain.providers import Provider
from calloff.formats.cells import NATIONS
from calloff.formats.contracts import read_contracts, write_contracts
from calloff.formats.packages import NO_DAY, NO_MOMENT, PackageRow, read_packages, write_packages
from calloff.formats.places import Place, read_places, write_places
from calloff.formats.providers import read_providers, write_providers
from calloff.formats.responses import Response, read_responses, write_responses
from calloff.formats.weekly_visits import read_visits, visit_order, write_visits

# Hypothesis runs one test function many times in one temporary folder; each run overwrites the file.
anew = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)

texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\r\t"), min_size=1, max_size=12
).map(str.strip)
names = texts.filter(bool)
items = names.filter(lambda text: ";" not in text)
item_sets = st.frozensets(items, max_size=3)
days = st.dates()
moments = st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.sampled_from([UTC, timezone(timedelta(hours=1))]))
minutes = st.integers(0, 100_000)
rates = st.integers(0, 10_000_000)
postcodes = st.from_regex(r"[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}", fullmatch=True)


def some(values, least=0):
    return st.frozensets(st.sampled_from(values), min_size=least)


visits = st.builds(
    Visit,
    day=st.integers(0, 6),
    start_minute=st.integers(0, 1439),
    minutes=st.integers(5, 720),
    workers=st.sampled_from([1, 2]),
    critical=st.booleans(),
)
weeks = st.sets(visits, min_size=1, max_size=12).map(lambda week: tuple(sorted(week, key=visit_order)))

providers = st.builds(
    Provider,
    reference=names,
    name=names,
    organisation=names,
    nation=st.sampled_from(NATIONS),
    service_types=some(SERVICE_TYPES, least=1),
    in_house=st.booleans(),
    registered_from=st.dates(max_value=date(2010, 1, 1)),
    registered_to=st.none() | st.dates(min_value=date(2010, 1, 1)),
    scale=st.sampled_from(["care_inspectorate", "cqc"]),
    grades=st.tuples(*[st.integers(0, 4)] * 4),
    graded_on=st.none() | days,
    postcode=st.just("") | postcodes,
    easting=st.integers(0, 700_000),
    northing=st.integers(0, 1_300_000),
)
places = st.builds(
    Place,
    postcode=postcodes,
    easting=st.integers(0, 700_000),
    northing=st.integers(0, 1_300_000),
    locality=names,
    area_band=st.sampled_from(AREA_BANDS),
    nation=st.sampled_from(NATIONS),
)
packages = st.builds(
    Package,
    reference=names,
    approved_at=st.just(NO_MOMENT),
    required_start_on=st.just(NO_DAY),
    priority=st.sampled_from(PRIORITIES),
    nation=st.sampled_from(NATIONS),
    locality=texts,
    visits=weeks,
    service_type=st.sampled_from(SERVICE_TYPES),
    care_type=st.sampled_from(CARE_TYPES),
    delivery_model=st.sampled_from(DELIVERY_MODELS),
    client_group=st.sampled_from(CLIENT_GROUPS),
    age_group=st.sampled_from(AGE_GROUPS),
    needs=some(CAPABILITIES),
    complexity=some(COMPLEXITY_FACTS),
    exclusions=item_sets,
    current_provider=texts,
    current_ended_on=st.none() | days,
    current_minutes_per_week=minutes,
    current_workers=st.sampled_from([1, 2]),
    current_care_type=st.sampled_from(["", *CARE_TYPES]),
    current_since=st.none() | days,
    chosen_provider=texts,
)
package_rows = st.builds(
    PackageRow,
    line=st.just(0),
    package=packages,
    approved_at=st.none() | moments,
    required_start_on=st.none() | days,
    place=st.just("") | postcodes,
    area_band=st.sampled_from(["", *AREA_BANDS]),
)


def with_what_is_known(row: PackageRow) -> PackageRow:
    """The package of a row holds what the row states, and a placeholder for what it leaves to the run."""
    package = replace(
        row.package,
        approved_at=row.approved_at or NO_MOMENT,
        required_start_on=row.required_start_on or NO_DAY,
        area_band=row.area_band or "urban",
    )
    return replace(row, package=package)


@st.composite
def price_lines(draw, reference):
    """Lines of unlike care types, so that no two overlap, some of them cut in two adjoining terms."""
    lines = []
    for care_type in draw(st.lists(st.sampled_from(CARE_TYPES), unique=True, max_size=3)):
        line = PriceLine(
            line_id="",
            centipence=draw(rates),
            care_type=care_type,
            area_band=draw(st.sampled_from(["*", *AREA_BANDS])),
            time_band=draw(st.sampled_from(["*", *BANDS])),
            day_type=draw(st.sampled_from(["*", *DAY_TYPES])),
            workers=draw(st.sampled_from([0, 1, 2])),
            unit=draw(st.sampled_from(UNITS)),
            basis=draw(st.sampled_from(BASES)),
            includes=draw(some(INCLUDES)),
        )
        cut = draw(st.none() | st.dates(date(2000, 1, 1), date(2100, 1, 1)))
        if cut:
            lines.append(replace(line, to_on=cut - timedelta(days=1)))
            line = replace(line, from_on=cut, centipence=draw(rates))
        lines.append(line)
    return tuple(replace(line, line_id=f"{reference}#{place}") for place, line in enumerate(lines, 1))


@st.composite
def pools(draw):
    """Pools of unlike areas or of all areas, so that none is offered twice."""
    areas = st.text("abc ", min_size=1, max_size=4).map(str.strip).filter(bool)
    declared = st.none() | moments
    if draw(st.booleans()):
        return (Pool(draw(minutes), draw(declared), bands=draw(some(BANDS))),)
    return tuple(
        Pool(draw(minutes), draw(declared), frozenset({area}), draw(some(BANDS)))
        for area in draw(st.lists(areas, unique=True, max_size=3))
    )


suspensions = st.builds(
    Suspension,
    from_on=st.dates(max_value=date(2010, 1, 1)),
    to_on=st.none() | st.dates(date(2010, 1, 1)),
    step_in=st.booleans(),
)


@st.composite
def enrolments(draw):
    reference = draw(names)
    return Enrolment(
        reference=reference,
        provider=draw(names),
        tier=draw(names),
        role=draw(st.sampled_from(ROLES)),
        lot=draw(texts),
        localities=draw(item_sets),
        price_lines=draw(price_lines(reference)),
        pools=draw(pools()),
        block_minutes=draw(minutes),
        capabilities=draw(some(CAPABILITIES)),
        client_groups=draw(some(CLIENT_GROUPS)),
        age_groups=draw(some(AGE_GROUPS)),
        ultimate_parent=draw(texts),
        local=draw(st.booleans()),
        subcontractors=draw(item_sets),
        suspensions=tuple(draw(st.lists(suspensions, max_size=2))),
        quality_score=draw(st.integers(0, 10**9)),
        from_on=draw(st.none() | st.dates(max_value=date(2010, 1, 1))),
        to_on=draw(st.none() | st.dates(min_value=date(2010, 1, 1))),
        full_cost_centipence_per_hour=draw(rates),
        past_referred_minutes=draw(st.integers(0, 10**10)),
        past_subcontracted_minutes=draw(st.integers(0, 10**10)),
        later_scores=tuple(draw(st.dictionaries(days, st.integers(0, 10**9), max_size=2)).items()),
        model=draw(texts),
    )


@st.composite
def responses(draw):
    answer = draw(st.sampled_from(ANSWERS))
    declines = answer == "decline"
    reasons = {"decline": tuple(DECLINE_REASONS), "part": ("", *DECLINE_REASONS), "accept": ("",)}[answer]
    offered = st.just(()) if declines else weeks if answer == "part" else st.just(()) | weeks
    return Response(
        package=draw(names),
        provider=draw(names),
        answered_at=draw(moments),
        answer=answer,
        reason=draw(st.sampled_from(reasons)),
        visits=draw(offered),
        centipence_per_hour=None if declines else draw(st.none() | rates),
        start_on=None if declines else draw(st.none() | days),
        delivered_by="" if declines else draw(texts),
    )


def lists_of(values, key):
    return st.lists(values, max_size=4, unique_by=key)


@anew
@given(values=lists_of(providers, lambda provider: provider.reference))
def test_providers_come_back_the_same(values, tmp_path):
    write_providers(tmp_path / "providers.csv", values)
    assert read_providers(tmp_path / "providers.csv") == tuple(values)


@anew
@given(values=lists_of(places, lambda place: place.postcode))
def test_places_come_back_the_same(values, tmp_path):
    write_places(tmp_path / "places.csv", values)
    assert read_places(tmp_path / "places.csv") == tuple(values)


@anew
@given(values=lists_of(package_rows.map(with_what_is_known), lambda row: row.package.reference))
def test_packages_come_back_the_same(values, tmp_path):
    write_packages(tmp_path / "packages.csv", values)
    back = read_packages(tmp_path / "packages.csv")
    assert tuple(replace(row, line=0) for row in back) == tuple(values)


@anew
@given(values=lists_of(enrolments(), lambda enrolment: enrolment.reference))
def test_contracts_come_back_the_same(values, tmp_path):
    write_contracts(tmp_path / "contracts.csv", values, {value.reference: "drawn" for value in values})
    assert read_contracts(tmp_path / "contracts.csv") == tuple(values)


@anew
@given(values=lists_of(responses(), lambda answer: (answer.package, answer.provider, answer.answered_at)))
def test_responses_come_back_the_same(values, tmp_path):
    write_responses(tmp_path / "responses.csv", values)
    assert read_responses(tmp_path / "responses.csv") == tuple(values)


@given(week=weeks)
def test_visits_come_back_the_same_and_their_text_is_the_only_one(week):
    text = write_visits(week)
    assert read_visits(text) == week
    assert write_visits(read_visits(text)) == text


@pytest.mark.parametrize(
    ("text", "shortest"),
    [
        ("mon-tue 07:30 30m", "mon,tue 07:30 30m"),
        ("sun,mon,wed,tue 07:30 30m x1", "mon-wed,sun 07:30 30m"),
        ("sat 19:00 30m !; fri 19:00 30m !; mon 09:00 30m x2", "mon 09:00 30m x2; fri,sat 19:00 30m !"),
        ("mon,tue,wed,thu,fri,sat,sun   08:05   5m", "mon-sun 08:05 5m"),
    ],
)
def test_visits_are_written_as_shortly_as_can_be(text, shortest):
    assert write_visits(read_visits(text)) == shortest


@anew
@given(values=lists_of(providers, lambda provider: provider.reference))
def test_a_spreadsheet_reads_the_same_cells(values, tmp_path):
    path = tmp_path / "providers.csv"
    write_providers(path, values)
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, strict=True))
    assert [(row["reference"], row["name"]) for row in rows] == [(value.reference, value.name) for value in values]


def test_lines_end_with_lf_alone(tmp_path):
    write_places(tmp_path / "places.csv", [Place("ZZ9 9ZZ", 1, 2, "North", "rural", "scotland")])
    assert (tmp_path / "places.csv").read_bytes() == (
        b"postcode,easting,northing,locality,area_band,nation\nZZ9 9ZZ,1,2,North,rural,scotland\n"
    )


@pytest.mark.parametrize("name", ["providers", "places", "packages", "contracts", "responses"])
def test_an_empty_table_is_its_heading(name, tmp_path):
    module = __import__(f"calloff.formats.{name}", fromlist=[name])
    getattr(module, f"write_{name}")(tmp_path / "file.csv", [])
    assert getattr(module, f"read_{name}")(tmp_path / "file.csv") == ()
