"""
Packages from the Scottish Government's Social Care Survey: one anonymised client of home care a row.

The survey (2010) gives hours a week in bands and says who is helped; when visits are made, by how many workers, for
which needs and how urgently is drawn here by seed, and the report says so.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path

from calloff.domain.packages import Package
from calloff.formats.packages import NO_DAY, NO_MOMENT, PackageRow
from calloff.formats.tables import Row, records_of, refuse_bad, rows_of
from calloff.formats.weekly_pattern import (
    DOUBLE_HANDED_FROM,
    DOUBLE_HANDED_PERCENT,
    Draws,
    weekly_pattern,
)

NEEDED = ("LAcode", "clientID", "AgeGRP", "ClientGRP")
TOTAL, PARTS = "bandHRSTT", ("bandHRSLA", "bandHRSpri", "bandHRSvol", "bandHRSPC")
MINUTES_OF_BAND = (0, 30, 90, 180, 300, 420, 540, 750, 1050, 1500, 2100, 2700, 3600)
"""The middle of each band of hours a week: none, under 1, 1-2, 2-4 ... 40-50, and 60 hours for the open last one."""
CLIENT_GROUP_OF = {
    "1": "dementia_mental_health",
    "2": "learning_disability",
    "3": "physical_disability",
    "4": "older_people",
    "5": "other",
}
AGE_GROUP_OF = {"1": "18-64", "2": "65-74", "3": "75-84", "4": "85+"}
UNKNOWN = ("", ".", "NA")
UNKNOWN_AGE = (*UNKNOWN, "5")
"""The survey's 5 is an age not known."""

PRIORITY_PERCENT = {2: 25, 4: 10, 5: 55, 6: 10}
MEDICATION_PERCENT = 40
DEMENTIA_PERCENT = 50
COMPLEXITY_PERCENT = {"chc_funded": 2, "delegated_health": 3, "end_of_life": 2}

EAST_LOTHIAN = "210"
PAPER_HOURS = "18,985 hours a week were bought by East Lothian in 2015/16 (EL18-06)"


def import_survey(path: Path | str, seed: int | str) -> tuple[list[PackageRow], list[str]]:
    """
    Make a package of every client who has home care.

    Parameters
    ----------
    seed
        What the draws depend on, besides each client.

    Returns
    -------
    rows
        In the order of their references, which tell nothing of the client; `line` is the one each will have in
        packages.csv. When the wait began, when care must start and where the person lives are left to the run.
    report
        Lines to print.

    Raises
    ------
    BadInputError, RowErrors
        When the file is of another kind; when any cell that is used is bad.
    """
    rows = rows_of(path, "a social care survey", NEEDED + _columns_of_hours(path))
    for row in rows:
        if not row.bad:
            _read(row)
    refuse_bad(rows)

    kept = [row for row in rows if row["minutes"] and row.texts.get("HCclient") != "0"]
    clients = _keys(kept)
    references = references_of(str(seed), list(clients))
    packages = [_package(row, references[key], Draws(str(seed), key)) for key, row in clients.items()]
    packages.sort(key=lambda package: package.reference)
    # The heading is line 1.
    result = [PackageRow(line, package) for line, package in enumerate(packages, 2)]
    return result, _report(rows, kept, packages, seed)


def references_of(seed: str, keys: Sequence[str]) -> dict[str, str]:
    """References that look random, by key: eight hexadecimal digits, and more for those that would be alike."""
    digests = {key: hashlib.sha256(f"{seed}\0{key}".encode()).hexdigest() for key in keys}
    length, lengths = 8, dict.fromkeys(keys, 8)
    while True:
        shown = {key: f"P-{digests[key][: lengths[key]]}" for key in keys}
        counts = Counter(shown.values())
        alike = [key for key in keys if counts[shown[key]] > 1]
        if not alike:
            return shown
        length += 4
        lengths |= dict.fromkeys(alike, length)


def _columns_of_hours(path: Path | str) -> tuple[str, ...]:
    """The total where the file has it, else its parts; a file with neither lacks the total."""
    _, heading = records_of(path)[0]
    names = {name.strip().lower() for name in heading}
    parts = tuple(part for part in PARTS if part.lower() in names)
    return (TOTAL,) if TOTAL.lower() in names or not parts else parts


def _read_band(text: str) -> int | None:
    if text in UNKNOWN:
        return None
    if not text.isascii() or not text.isdigit() or int(text) >= len(MINUTES_OF_BAND):
        raise ValueError(f"a band of hours from 0 to {len(MINUTES_OF_BAND) - 1}")
    return MINUTES_OF_BAND[int(text)]


def _read(row: Row) -> None:
    """Read a client's hours, and who the client is where there are any."""
    if row.texts["clientID"] in UNKNOWN:
        row.refuse("clientID", "the client's number in the survey")
    for column in (TOTAL, *PARTS):
        if column in row.texts:
            row.read(column, _read_band)
    total = row[TOTAL]
    row.values["minutes"] = total if total is not None else sum(row[part] or 0 for part in PARTS)
    if not row["minutes"]:
        return
    for column, known, unknown in (
        ("AgeGRP", AGE_GROUP_OF, UNKNOWN_AGE),
        ("ClientGRP", CLIENT_GROUP_OF, UNKNOWN),
    ):
        if row.texts[column] not in (*known, *unknown):
            row.refuse(column, f"one of {', '.join(known)}")


def _keys(rows: Sequence[Row]) -> dict[str, Row]:
    """
    Each client's row by the key of its draws: the number in the survey.

    A number that stands twice is two clients, told apart by what else is said of them, never by their order.
    """
    clients: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: list(row.texts.values())):
        number, times = row.texts["clientID"], 1
        while (key := number if times == 1 else f"{number}/{times}") in clients:
            times += 1
        clients[key] = row
    return clients


def _package(row: Row, reference: str, draws: Draws) -> Package:
    visits = weekly_pattern(row["minutes"], draws)
    group = CLIENT_GROUP_OF.get(row.texts["ClientGRP"], "other")
    needs = {
        "double_handed": visits[0].workers > 1,
        "moving_and_handling": visits[0].workers > 1,
        "medication": draws.percent(MEDICATION_PERCENT, "medication"),
        "dementia": group == "dementia_mental_health" and draws.percent(DEMENTIA_PERCENT, "dementia"),
    }
    return Package(
        reference=reference,
        approved_at=NO_MOMENT,
        required_start_on=NO_DAY,
        priority=_drawn_share(PRIORITY_PERCENT, draws.below(100, "priority")),
        nation="scotland",
        locality="",
        visits=visits,
        client_group=group,
        age_group=AGE_GROUP_OF.get(row.texts["AgeGRP"], "75-84"),
        needs=frozenset(need for need, needed in needs.items() if needed),
        complexity=frozenset(fact for fact, share in COMPLEXITY_PERCENT.items() if draws.percent(share, fact)),
    )


def _drawn_share(shares: Mapping[int, int], drawn: int) -> int:
    """The key in whose share a number from 0 to 99 falls."""
    return next(key for key, reached in zip(shares, accumulate(shares.values()), strict=True) if drawn < reached)


def _report(rows: Sequence[Row], kept: Sequence[Row], packages: Sequence[Package], seed: int | str) -> list[str]:
    codes = sorted({row.texts["LAcode"] for row in rows})
    total = sum(package.minutes_per_week for package in packages)
    hours = f"{len(packages):,} clients with {hours_of(total)} hours a week in all, from middles of bands"
    if codes == [EAST_LOTHIAN]:
        hours += f"; {PAPER_HOURS}"
    return [
        f"{len(rows):,} clients read, of council {', '.join(codes)} in the survey's numbering",
        f"{len(rows) - len(kept)} left out: no home care",
        hours,
        *_unknown_lines(kept),
        *_assumed_lines(packages, seed),
    ]


def hours_of(minutes: int) -> str:
    """Minutes as hours, thousands apart: 1086630 is 18,110.5."""
    return f"{minutes / 60:,.1f}".removesuffix(".0")


def _unknown_lines(kept: Sequence[Row]) -> list[str]:
    ages = sum(row.texts["AgeGRP"] in UNKNOWN_AGE for row in kept)
    groups = sum(row.texts["ClientGRP"] in UNKNOWN for row in kept)
    numbers = len(kept) - len({row.texts["clientID"] for row in kept})
    unmeasured = sum(TOTAL in row.texts and row[TOTAL] is None for row in kept)
    lines = {
        f"{ages} of unknown age: taken to be 75-84 (assumed)": ages,
        f"{groups} of unknown group: taken to be other (assumed)": groups,
        f"{numbers} numbers of clients stand twice: taken to be two people (assumed)": numbers,
        f"{unmeasured} without a total: the sum of the parts taken (assumed)": unmeasured,
    }
    if kept and TOTAL not in kept[0].texts:
        lines[f"the file has no {TOTAL}: the sum of the parts' middles taken (assumed)"] = 1
    return [line for line, count in lines.items() if count]


def _assumed_lines(packages: Sequence[Package], seed: int | str) -> list[str]:
    double = sum(package.most_workers > 1 for package in packages)
    priorities = Counter(package.priority for package in packages)
    needs = Counter(need for package in packages for need in package.needs)
    facts = Counter(fact for package in packages for fact in package.complexity)
    return [
        f"drawn by seed {seed} (assumed), which nothing in the survey says:",
        "- visits of 30 to 180 minutes, 1 to 4 a day, mornings first; 60 hours for the open band of over 50; none "
        "critical in time",
        f"- two workers at every visit of {double} packages: {DOUBLE_HANDED_PERCENT} % of those from "
        f"{DOUBLE_HANDED_FROM // 60} hours a week",
        "- priority: "
        + _shares({f"P{key}": share for key, share in PRIORITY_PERCENT.items()})
        + " gave "
        + ", ".join(f"{priorities[key]} P{key}" for key in PRIORITY_PERCENT),
        f"- needs: medication {MEDICATION_PERCENT} %, dementia {DEMENTIA_PERCENT} % of the group dementia and "
        "mental health, moving and handling where two workers come, gave "
        + ", ".join(f"{needs[need]} {need}" for need in ("medication", "dementia", "moving_and_handling")),
        f"- complexity: {_shares(COMPLEXITY_PERCENT)} gave "
        + ", ".join(f"{facts[fact]} {fact}" for fact in COMPLEXITY_PERCENT),
    ]


def _shares(shares: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {share} %" for name, share in shares.items())
