"""
Providers from the Care Inspectorate's monthly register of services in Scotland (its "datastore").

Its columns change every year, so they are found by name, and a file whose names are not known is refused. Grades are
those given in inspections (see care_inspectorate_grades); the derived columns beside them (MinGrade, GradeSpread,
Comb_Eval_ ...) are never read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from calloff.domain.errors import BadInputError
from calloff.domain.providers import Provider
from calloff.formats.care_inspectorate_grades import (
    GRADE_COLUMNS,
    NOTHING,
    difference,
    grade_lines,
    grades_of,
    read_grades,
    refuse_other_shapes,
)
from calloff.formats.cells import read_day, read_postcode
from calloff.formats.tables import Row, records_of, refuse_bad, rows_of

NEEDED = (
    "CSNumber",
    "CareService",
    "Subtype",
    "ServiceName",
    "Service_Postcode",
    "SP_number",
    "Provided_by_Local_Authority",
    "ServiceStatus",
    "DateReg",
    "Council_Area_Name",
)
COMBINED, PARTNER, GRADED_ON = "Combined_Service_", "CaseNumber_Combined", "Publication_of_Latest_Grading"
OPTIONAL = (COMBINED, PARTNER, GRADED_ON, *GRADE_COLUMNS)
"""Columns that not every year has: they are read where they are."""
DATES = ("DateReg", GRADED_ON, "Last_inspection_Date")

NUMBER, OLDER_NUMBER = "CSNumber", "CaseNumber"
"""The column of a service's number; the oldest files name it as the second."""
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

CARE, HOUSING = "care_at_home", "housing_support"


@dataclass(frozen=True)
class _Candidate:
    """One service, or a pair that is inspected and works as one: `row` is its care at home where it has any."""

    row: Row
    partner: Row | None = None

    @property
    def service_types(self) -> frozenset[str]:
        return frozenset({_kind(row) for row in (self.row, self.partner) if row})


def import_register(path: Path | str, council: str) -> tuple[list[Provider], list[str]]:
    """
    Read the services of one council that give care at home or housing support.

    Parameters
    ----------
    council
        As in Council_Area_Name, capitals apart.

    Returns
    -------
    providers
        One for each candidate, in the order of their references: a service, or a combined pair under the number
        of its care-at-home service. Grades not given are 0.
    report
        Lines to print.

    Raises
    ------
    BadInputError, RowErrors
        When the file is of another kind, of a year whose columns are not known here, or has no such council; when
        any cell that is used is bad.
    """
    rows = _rows(path)
    relevant = [row for row in rows if _kind(row)]
    _refuse_repeated(relevant)
    refuse_bad(relevant)
    own = [row for row in relevant if _council(row) == council.casefold()]
    if not own:
        known = ", ".join(sorted({row.texts["Council_Area_Name"] for row in relevant})) or "none"
        raise BadInputError(f"{path}: no service of the council {council!r}; its councils are: {known}")

    unjoined: list[str] = []
    joined = _candidates(rows, unjoined)
    candidates = [candidate for candidate in joined if _council(candidate.row) == council.casefold()]
    for candidate in joined:
        if candidate.partner in own and candidate not in candidates:
            number, partner = candidate.row.texts["CSNumber"], candidate.partner.texts["CSNumber"]
            elsewhere = candidate.row.texts["Council_Area_Name"]
            unjoined.append(f"{partner} is one with {number} of {elsewhere}: left out here, a candidate there")
    used = [row for candidate in candidates for row in (candidate.row, candidate.partner) if row]
    for row in used:
        _read(row)
    refuse_bad(used)
    ended_on = _extracted_on(Path(path).name, rows) - timedelta(days=1)
    providers = sorted((_provider(c, ended_on) for c in candidates), key=lambda provider: provider.reference)
    return providers, [
        *_counts(len(rows), own, candidates, providers),
        *([] if COMBINED in rows[0].texts else ["the file does not say which services are combined: all single"]),
        *_status_lines(candidates, ended_on),
        *grade_lines([candidate.row for candidate in candidates]),
        *(difference(one.row, one.partner) for one in candidates if one.partner and difference(one.row, one.partner)),
        *(line for line in unjoined if any(row.texts["CSNumber"] in line for row in own)),
    ]


# --- the file of one year or another


def _rows(path: Path | str) -> list[Row]:
    """The rows under the names of NEEDED, however the year of the file has written them."""
    records = records_of(path)
    # In some months of 2017 a line stands above the heading.
    above = int(not _holds(records[0][1], NEEDED[1:]) and any(_holds(cells, NEEDED[1:]) for _, cells in records[1:2]))
    heading = records[above][1]
    number = OLDER_NUMBER if _holds(heading, [OLDER_NUMBER]) and not _holds(heading, [NUMBER]) else NUMBER
    known = (number, *NEEDED[1:], *(name for name in OPTIONAL if _holds(heading, [name])))
    rows = rows_of(path, "a register of the Care Inspectorate", known, heading)[above + 1 :]
    refuse_other_shapes(path, known)
    refuse_bad(rows)
    for row in rows:
        row.texts[NUMBER], row.lines[NUMBER] = row.texts[number], row.lines[number]
    return rows


def _holds(heading: Sequence[str], names: Iterable[str]) -> bool:
    """Whether a heading has these columns, capitals and underscores at the end overlooked."""
    held = {name.strip().lower().rstrip("_") for name in heading}
    return all(name.lower().rstrip("_") in held for name in names)


# --- which services, and which of them are one


def _kind(row: Row) -> str:
    """The service type, blank for a service that is neither care at home nor housing support."""
    if row.texts["CareService"] == "Housing Support Service":
        return HOUSING
    at_home = "care at home" in row.texts["Subtype"].casefold()
    return CARE if row.texts["CareService"] == "Support Service" and at_home else ""


def _council(row: Row) -> str:
    return row.texts["Council_Area_Name"].casefold()


def _active(row: Row) -> bool:
    return row.texts["ServiceStatus"].casefold() == "active"


def _candidates(rows: Sequence[Row], report: list[str]) -> list[_Candidate]:
    """Join each care-at-home service with its combined housing support; what cannot be joined stays single."""
    by_number = {row.texts["CSNumber"]: row for row in rows}
    relevant = [row for row in rows if _kind(row)]
    partner_of: dict[str, Row] = {}
    taken: set[str] = set()
    for row in relevant:
        named = _partner_named(row)
        if not named:
            continue
        partner = by_number.get(named)
        number = row.texts["CSNumber"]
        if partner is None:
            report.append(f"{number} is combined with {named}, which is not in the file: kept as single")
            continue
        if {_kind(row), _kind(partner)} != {CARE, HOUSING}:
            report.append(f"{number} is combined with {named}, whose kind makes no pair with it: kept as single")
            continue
        care, housing = (row, partner) if _kind(row) == CARE else (partner, row)
        earlier = partner_of.get(care.texts["CSNumber"])
        if earlier is housing:
            continue
        if earlier is not None or housing.texts["CSNumber"] in taken:
            report.append(f"{number} is combined with {named}, which is in another pair: kept as it was")
            continue
        partner_of[care.texts["CSNumber"]] = housing
        taken.add(housing.texts["CSNumber"])
    return [
        _Candidate(row, partner_of.get(row.texts["CSNumber"])) for row in relevant if row.texts["CSNumber"] not in taken
    ]


def _partner_named(row: Row) -> str:
    combined = row.texts.get(COMBINED, "").casefold() == "yes"
    named = row.texts.get(PARTNER, "")
    return named if combined and named not in NOTHING else ""


def _refuse_repeated(rows: Iterable[Row]) -> None:
    seen: dict[str, int] = {}
    for row in rows:
        first = seen.setdefault(row.texts["CSNumber"], row.line)
        if first != row.line:
            row.refuse("CSNumber", f"each number once; line {first} has it already")


# --- what a row says


def read_register_day(text: str) -> date:
    """A day written 31/03/2025, 2025-03-31 or, as some years have it, 31-Mar-25."""
    match = re.fullmatch(r"([0-9]{2})/([0-9]{2})/([0-9]{4})", text)
    short = re.fullmatch(r"([0-9]{2})-([A-Z][a-z]{2})-([0-9]{2})", text)
    try:
        if short and short[2] in MONTHS:
            # Services of this kind have been registered since 2002: no year is of the century before.
            return read_day(f"20{short[3]}-{MONTHS.index(short[2]) + 1:02d}-{short[1]}")
        return read_day(f"{match[3]}-{match[2]}-{match[1]}" if match else text)
    except ValueError as error:
        raise ValueError("a day such as 31/03/2025 or 2025-03-31") from error


def _read_optional_postcode(text: str) -> str:
    return "" if text in NOTHING else read_postcode(text)


def _read(row: Row) -> None:
    for column in ("CSNumber", "ServiceName", "SP_number"):
        if row.texts[column] in NOTHING:
            row.refuse(column, "a value")
    if row.texts["Provided_by_Local_Authority"].casefold() not in ("yes", "no"):
        row.refuse("Provided_by_Local_Authority", "Yes or No")
    row.read("DateReg", read_register_day)
    row.read("Service_Postcode", _read_optional_postcode)
    read_grades(row)
    if row.texts.get(GRADED_ON, "") not in NOTHING:
        row.read(GRADED_ON, read_register_day)


def _extracted_on(name: str, rows: Iterable[Row]) -> date:
    """The day of the extract: it is in the file's name, else the latest day that the file holds."""
    match = re.search(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", name)
    texts = [match[0]] if match else [row.texts.get(column, "") for row in rows for column in DATES]
    days = []
    for text in texts:
        try:
            days.append(read_register_day(text))
        except ValueError:
            # A blank or bad date elsewhere in the file says nothing of the day on which it was made.
            continue
    return max(days)


def _provider(candidate: _Candidate, ended_on: date) -> Provider:
    row = candidate.row
    return Provider(
        reference=row.texts["CSNumber"],
        name=row.texts["ServiceName"],
        organisation=row.texts["SP_number"],
        nation="scotland",
        service_types=candidate.service_types,
        in_house=row.texts["Provided_by_Local_Authority"].casefold() == "yes",
        registered_from=row["DateReg"],
        registered_to=None if _active(row) else max(ended_on, row["DateReg"]),
        scale="care_inspectorate",
        grades=grades_of(row),
        graded_on=row[GRADED_ON],
        postcode=row["Service_Postcode"],
    )


# --- what to say of it


def _counts(
    read: int, own: Sequence[Row], candidates: Sequence[_Candidate], providers: Sequence[Provider]
) -> list[str]:
    organisations = {row.texts["SP_number"] for row in own}
    kinds = Counter(candidate.service_types for candidate in candidates)
    return [
        f"{read} rows read; {len(own)} services of {len(organisations)} providers in "
        f"{own[0].texts['Council_Area_Name']} give care at home or housing support",
        f"{len(candidates)} candidates: {kinds[frozenset({CARE, HOUSING})]} combined pairs, "
        f"{kinds[frozenset({CARE})]} care at home only, {kinds[frozenset({HOUSING})]} housing support only",
        f"{len(providers)} kept, {sum(provider.in_house for provider in providers)} of them run by a council",
    ]


def _status_lines(candidates: Sequence[_Candidate], ended_on: date) -> list[str]:
    lines = []
    for candidate in candidates:
        number, status = candidate.row.texts["CSNumber"], candidate.row.texts["ServiceStatus"]
        if not _active(candidate.row):
            end = f"registered to {ended_on}, the eve of the extract (assumed)"
            lines.append(f"{number} is {status or 'of no status'}: {end}")
        if candidate.partner and _active(candidate.partner) != _active(candidate.row):
            both = f"{number} and its partner {candidate.partner.texts['CSNumber']}"
            lines.append(f"{both} differ in status; that of the care-at-home service stands")
    return lines
