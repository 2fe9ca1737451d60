"""
REAL-01: eleven ways of buying on the real register, survey and postcodes of East Lothian.

The files are found through CALLOFF_OPENDATA and nothing of them is kept. For each document and each of three seeds,
fixed beforehand and never tuned: import, enrol, allocate and replay, by the commands that a person would type; then
the results are added up from the log and compared with what the commands say. Under the first seed each document is
run by the compiled rule too, which must write the same bytes. Two other councils of the same register
follow, with East Lothian's clients standing in for theirs up to the hours of their census week, since neither a survey
nor postcodes of theirs are to be had. A scenario, never a finding.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from accept.made_up_council import buying_documents
from accept.tally import Tally

from calloff.acceptance import Result, SkippedError
from calloff.cli import app
from calloff.compiled import reckoner
from calloff.documents.purchasing_models import shipped
from calloff.domain.calendar import local, parse_moment
from calloff.domain.contracts import ANY, Enrolment
from calloff.domain.purchasing_model import PurchasingModel
from calloff.formats.contracts import read_contracts
from calloff.formats.home_care_census import read_census_week
from calloff.formats.packages import read_packages, write_packages
from calloff.formats.providers import read_providers
from calloff.simulator.adapt import adapt
from calloff.simulator.demand import stand_in
from calloff.simulator.replay import replay

SIZES = {0: 1, 1: 3, 2: 3}
"""Seeds; size 1 runs one document only, the one with the most gates on grades."""
SEEDS = (1, 2, 3)
BEGINS = "2025-03-31T09:00+01:00"
MOST_SECONDS = 60
"""Of processor time for enrol and allocate together."""
PACKAGES, MINUTES, PAPER_HOURS = 1_560, 18_110 * 60, 18_985
FILES = {
    "register": "fetched/care_inspectorate/*.csv",
    "survey": "fetched/scotland/social_care_survey_2010_client_level_la210.csv",
    "postcodes": "packages/postcodes/codepoint_open_2025-05_east_lothian.csv",
    "weeks": "fetched/scotland/phs_data_homecare_hscp.csv",
}
AREAS = ("wellbeing", "care_planning", "staff", "leadership")


GRADED = "east_lothian_2017_framework"
"""The document with the most to say of grades."""


@dataclass(frozen=True)
class Council:
    """
    What is known of a council beforehand; `grades` is what enrolling by GRADED must say of its grades.

    `hours` are those of its census week and `documents` the ways in which it runs, both for the councils beside.
    """

    name: str
    services: int
    bodies: int
    grades: str
    hours: int = 0
    documents: tuple[str, ...] = ()


EAST_LOTHIAN = Council("East Lothian", 36, 20, "until it has one: CS2024000463 (none in any area).")
OTHERS = (
    Council(
        "Midlothian",
        32,
        13,
        "CS2024000167 (none in any area), CS2024000478 (none in any area).",
        15_205,
        (GRADED, "east_lothian_2024_locality_block"),
    ),
    # By the second document, which has no rule on grades, a service is enrolled from 2021 whose registration ends on
    # the eve of the run: only that keeps it from being asked.
    Council(
        "Scottish Borders",
        54,
        23,
        "CS2004079576 (leadership 2; not enrolled: registration ended on 30 March 2025).",
        10_295,
        (GRADED, "isle_of_wight_2021_locality_prime"),
    ),
)
"""Each under the first seed only."""


@dataclass
class Found:
    """What one document and seed came to."""

    council: str
    document: str
    seed: int
    line: str = ""
    faults: list[str] = field(default_factory=list)
    outcomes: dict[str, tuple[str, str]] = field(default_factory=dict)


def command(*words: object) -> str:
    """What a command prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        app([str(word) for word in words], standalone_mode=False)
    return out.getvalue()


def check(size: int) -> Result:
    """So many seeds over every document, two runs at a time."""
    root = os.environ.get("CALLOFF_OPENDATA")
    if not root:
        raise SkippedError("CALLOFF_OPENDATA is not set; name the folder of open data by it")
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="calloff-real-") as name:
        folder = Path(name)
        paths = found_in(Path(root))
        imported(tally, paths, folder)
        documents = buying_documents() if size > 1 else ("east_lothian_2024_locality_block",)
        tasks = [(str(folder), EAST_LOTHIAN, document, seed) for document in documents for seed in SEEDS[:size]]
        for council in OTHERS if size > 1 else ():
            imported_beside(tally, paths, folder, council)
            tasks += [(str(folder), council, document, SEEDS[0]) for document in council.documents]
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            every = list(pool.map(one_run, *zip(*tasks, strict=True)))
    for one in every:
        tally.n += 1
        tally.notes.append(one.line)
        for fault in one.faults:
            tally.fault(f"{one.council}, {one.document}, seed {one.seed}: {fault}")
    compare(tally, every)
    return tally.result


def found_in(root: Path) -> dict[str, Path]:
    """The files by what they are."""
    paths = {}
    for name, pattern in FILES.items():
        found = sorted(root.glob(pattern))
        if not found:
            raise SkippedError(f"CALLOFF_OPENDATA holds no {pattern}")
        paths[name] = found[0]
    return paths


def imported(tally: Tally, paths: dict[str, Path], folder: Path) -> None:
    """Import East Lothian's three files, and count what is known of them beforehand."""
    own = folder / EAST_LOTHIAN.name
    own.mkdir()
    bodies = registered(tally, paths, own, EAST_LOTHIAN)
    command("import", "social-care-survey", paths["survey"], "--seed", 1, "--out", own / "packages.csv")
    command("import", "postcodes", paths["postcodes"], "--out", own / "places.csv")
    packages = read_packages(own / "packages.csv")
    minutes = sum(row.package.minutes_per_week for row in packages)
    tally.expect(len(packages) == PACKAGES, f"{len(packages)} packages, not {PACKAGES}")
    tally.expect(minutes == MINUTES, f"{minutes / 60} hours a week, not {MINUTES // 60}")
    about = f"{len(packages):,} packages, {minutes / 60:,.0f} h a week beside {PAPER_HOURS:,} h (EL18-06)"
    tally.notes.append(f"register: {EAST_LOTHIAN.services} services, kept ones of {bodies} bodies; {about}")


def imported_beside(tally: Tally, paths: dict[str, Path], folder: Path, council: Council) -> None:
    """Import another council's services, and let East Lothian's packages stand in for its own."""
    own = folder / council.name
    own.mkdir()
    bodies = registered(tally, paths, own, council)
    week = read_census_week(paths["weeks"], council.name)
    tally.expect(
        week.hours == council.hours, f"{week.hours} hours in {council.name}'s census week, not {council.hours}"
    )
    packages, _ = stand_in(read_packages(folder / EAST_LOTHIAN.name / "packages.csv"), week.hours, SEEDS[0])
    write_packages(own / "packages.csv", packages)
    minutes = sum(row.package.minutes_per_week for row in packages)
    # No package has more than 60 hours: by half of that the last one drawn can miss.
    tally.expect(abs(minutes - week.hours * 60) <= 30 * 60, f"{minutes / 60} hours a week stand in for {week.hours}")
    about = f"{len(packages):,} packages stand in, {minutes / 60:,.2f} h beside {week.hours:,} h in {week.year}"
    tally.notes.append(f"{council.name}: {council.services} services, kept ones of {bodies} bodies; {about}")


def registered(tally: Tally, paths: dict[str, Path], own: Path, council: Council) -> int:
    """Import a council's part of the register; how many bodies are behind those kept."""
    out = own / "providers.csv"
    told = command("import", "care-inspectorate", paths["register"], "--council", council.name, "--out", out)
    counted = f"{council.services} services of {council.bodies} providers"
    tally.expect(counted in told, f"the register does not hold {counted} in {council.name}: {told}")
    return len({one.organisation for one in read_providers(out)})


def one_run(folder: str, council: Council, name: str, seed: int) -> Found:
    """Enrol, allocate and replay one document under one seed, and look at all that came of it."""
    base = Path(folder) / council.name
    work = base / f"{name}-{seed}"
    work.mkdir()
    found = Found(council.name, name, seed)
    files = [base / f"{one}.csv" for one in ("providers", "packages", "places")]
    given = [f"--{file.stem}={file}" for file in files if file.exists()]
    contracts = work / "contracts.csv"
    began = time.process_time()
    try:
        told = command("models", "enrol", name, *given, "--seed", seed, "--out", contracts)
        if name == GRADED and council.grades not in told:
            found.faults.append(f"enrolling does not say: {council.grades}")
        run = [
            "--contracts",
            contracts,
            "--from",
            BEGINS,
            "--seed",
            seed,
            "--arrivals",
            "spread",
            "--out",
            work / "out",
        ]
        command("allocate", "--model", name, *given, *run)
        seconds = time.process_time() - began
        differ = sum(one.differs for one in replay(work / "out" / "decisions.jsonl"))
        examine(found, base, work, differ, seconds)
        if seed == SEEDS[0]:
            run_compiled(found, work, ["--model", name, *given, *run[:-1], work / "compiled"])
    except Exception as error:  # The other documents are still worth looking at.
        found.faults.append(f"it broke off with {type(error).__name__}: {error}")
        found.line = f"{council.name}, {name} seed {seed}: broken off"
    return found


def run_compiled(found: Found, work: Path, run: Sequence[object]) -> None:
    """The same run by the compiled rule: every file the same to the byte."""
    reckoner()  # Loading the compiler, and compiling after an edit, is no part of a run.
    began = time.process_time()
    command("allocate", "--compiled", *run)
    found.line += f"; compiled the same in {time.process_time() - began:.1f} s"
    for path in sorted((work / "out").iterdir()):
        if path.read_bytes() != (work / "compiled" / path.name).read_bytes():
            found.faults.append(f"{path.name} of the compiled run is another")


@dataclass
class Log:
    """A log of decisions read as plain data."""

    packages: dict[str, dict[str, Any]]
    parts: list[tuple[str, dict[str, Any]]]
    refused: set[str]
    decisions: int

    @staticmethod
    def read(path: Path) -> Log:
        facts: dict[str, dict[str, Any]] = {}
        log = Log({}, [], set(), 0)
        with path.open(encoding="utf-8") as stream:
            for text in stream:
                line = json.loads(text)
                if line["line"] == "fact" and line["fact"]["kind"] == "package":
                    facts[line["hash"]] = line["fact"]["body"]
                elif line["line"] == "decision":
                    log.add(line["record"], facts)
        return log

    def add(self, record: dict[str, Any], facts: dict[str, dict[str, Any]]) -> None:
        self.decisions += 1
        package = facts[record["package"]]
        reference, result = package["reference"], record["result"]
        self.packages[reference] = package
        if result["kind"] == "call_off":
            self.parts += [(reference, part) for part in result["parts"]]
        if result["kind"] == "refer" and result["reason"]:
            self.refused.add(reference)


def examine(found: Found, base: Path, work: Path, differ: int, seconds: float) -> None:
    """Add the run up from its log, and hold that against its own files and against the document."""
    log = Log.read(work / "out" / "decisions.jsonl")
    with (work / "out" / "packages.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    # Visits of one part of the day may be moved, never lengthened: the minutes called off are those asked for.
    minutes = sum(minutes_of(log, reference, part) for reference, part in log.parts)
    unmet = sum(round(float(row["unmet_hours_per_week"]) * 60) for row in rows)
    found.outcomes = {row["reference"]: (row["outcome"], row["providers"]) for row in rows}
    faults = found.faults
    packages = read_packages(base / "packages.csv")
    wanted = sum(row.package.minutes_per_week for row in packages)
    if minutes + unmet != wanted:
        faults.append(f"{minutes} minutes called off and {unmet} unmet do not make {wanted}")
    if len(rows) != len(packages):
        faults.append(f"{len(rows)} packages came out, not {len(packages)}")
    for row in rows:
        known = row["outcome"] in ("called_off", "part") or row["reference"] in log.refused or row["why"]
        if row["outcome"] == "waiting" or not known:
            faults.append(f"{row['reference']} is left {row['outcome']} with no reason")
    if differ:
        faults.append(f"{differ} decisions differ when they are replayed")
    if seconds > MOST_SECONDS:
        faults.append(f"it took {seconds:.0f} s, more than {MOST_SECONDS}")
    providers = read_providers(base / "providers.csv")
    begins_on = local(parse_moment(BEGINS)).date()
    model = adapt(shipped(found.document), providers, begins_on)[0].model
    ended = {one.reference for one in providers if one.registered_to is not None and one.registered_to < begins_on}
    grades = {one.reference: one.grades for one in providers}
    contracts = {one.reference: one for one in read_contracts(work / "contracts.csv")}
    for reference, part in log.parts:
        enrolment = contracts[part["enrolment"]]
        faults += over_the_ceiling(model, enrolment, log, reference, part)
        if enrolment.provider in ended:
            faults.append(f"{reference}: {enrolment.reference} was called off after its registration had ended")
        faults += below_the_grade(model, enrolment, log.packages[reference], grades[enrolment.provider])
    counts = Counter(row["outcome"] for row in rows)
    pounds = sum(part["cost"] for _, part in log.parts) / 60 / 10_000
    found.line = (
        f"{found.council}, {found.document} seed {found.seed}: "
        f"called off {counts['called_off']}, part {counts['part']}, waiting "
        f"{counts['waiting']}, referred {counts['referred']}, outside {counts['no_model']}; {minutes / 60:,.2f} h and "
        f"£{pounds:,.2f} a week, unmet {unmet / 60:,.2f} h; {log.decisions:,} decisions, {differ} differ, "
        f"{seconds:.1f} s"
    )


def minutes_of(log: Log, reference: str, part: dict[str, Any]) -> int:
    visits = log.packages[reference]["visits"]
    return sum(visits[number]["minutes"] * visits[number].get("workers", 1) for number in part["visits"])


def over_the_ceiling(
    model: PurchasingModel, enrolment: Enrolment, log: Log, reference: str, part: dict[str, Any]
) -> list[str]:
    """A fault where the visits of a part cost more than the document's ceiling, or other than its fee."""
    if enrolment.role not in ("member", "prime", "secondary", "spot"):
        return []
    care = log.packages[reference].get("care_type", "personal_care")
    rules = [
        rule
        for rule in model.prices
        if (not rule.tiers or enrolment.tier in rule.tiers) and rule.line.care_type in (ANY, care)
    ]
    minutes = minutes_of(log, reference, part)
    if rules and part["cost"] > max(rule.line.centipence for rule in rules) * minutes:
        return [f"{reference}: {enrolment.reference} costs more than the ceiling"]
    if rules and all(rule.fixed for rule in rules) and part["cost"] != rules[0].line.centipence * minutes:
        return [f"{reference}: {enrolment.reference} does not cost the fee"]
    return []


def below_the_grade(
    model: PurchasingModel, enrolment: Enrolment, package: dict[str, Any], grades: Sequence[int]
) -> list[str]:
    """A fault where a provider was called off although a grade of its own is below what the document asks for."""
    for rule in model.grades:
        applies = not rule.tiers or enrolment.tier in rule.tiers
        for condition in rule.when:
            applies = applies and package.get(condition.fact, "managed") in condition.values
        worst = min(grades) if rule.unrated == "fails" else min((one for one in grades if one), default=rule.grade)
        if applies and worst < rule.grade:
            low = [area for area, grade in zip(AREAS, grades, strict=True) if grade < rule.grade]
            return [f"{package['reference']}: {enrolment.reference} has less than {rule.grade} in {', '.join(low)}"]
    return []


def compare(tally: Tally, every: Sequence[Found]) -> None:
    """No two documents may come to the same outcomes, or they would not be worth comparing."""
    for place, one in enumerate(every):
        for other in every[place + 1 :]:
            alike = (one.council, one.seed) == (other.council, other.seed) and one.outcomes == other.outcomes
            if alike and one.outcomes:
                tally.fault(
                    f"{one.document} and {other.document} have the same outcomes in {one.council}, seed {one.seed}"
                )
