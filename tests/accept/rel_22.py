"""
REL-22: an import takes every row or none, and lists every bad one.

Sheets of packages, enrolments and services of the register come in as somebody would bring them, as CSV and as a
workbook, with rows spoilt first, last, in the middle, here and there, or everywhere: each bad row must be told by its
number in the sheet, no good one with them, and nothing of the sheet may be there. Then sound sheets are carried out and
the process dies at one of its statements, the commit among them: nothing of them may be there, and carried out again
all of them must be, once. And what no longer fits when it is carried out leaves nothing behind either. Files of
delivered visits are looked at the same way.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from accept.engines import on_each_engine
from accept.rel_08 import DIED, MOST_STATEMENTS, in_child
from accept.rel_22_visits import visit_files
from accept.state import differing, state
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 8, 1: 80, 2: 800}
"""So many spoilt sheets of each kind."""
EVERY = {8: 23, 80: 1, 800: 1}
"""At each size the process dies at every so manieth statement."""
MOST_ROWS = 12
BESIDE = ("contracts_draft", "contracts_upload", "jobs_job", "jobs_notice", "audit_chain", "audit_event")
"""Where it is written down that a sheet came, and what was wrong with it."""
PLACES: dict[str, Callable[[int], Sequence[int]]] = {
    "first": lambda count: [0],
    "last": lambda count: [count - 1],
    "middle": lambda count: [count // 2],
    "last but one": lambda count: [count - 2],
    "second": lambda count: [1],
    "first and last": lambda count: [0, count - 1],
    "every other": lambda count: range(0, count, 2),
    "all": range,
}
Row = dict[str, str]


@dataclass(frozen=True)
class Kind:
    """A kind of import: a good row by number, what spoils one by column, and how a sheet is read, kept and counted."""

    row: Callable[[int], Row]
    spoils: Mapping[str, str]
    bad_rows: Callable[[str, bytes], list[int] | None]
    keep: Callable[[str, bytes], Any]
    there: Callable[[], int]


def check(size: int) -> Result:
    """So many spoilt sheets of each kind on each engine, and sound ones whose carrying out dies."""
    tally = Tally()
    on_each_engine(tally, "rel_22", "imports", size, SIZES[0])
    return tally.result


def imports(tally: Tally, size: int) -> None:
    from world import made_world

    world = made_world()
    for name in ("acorn", "beech"):
        world.provider(name, 15, 6_000_000)
    commissioner, manager = world.user("commissioner", "commissioner"), world.user("contracts", "contract_manager")
    chance, numbers = random.Random(22), Numbers()
    for name, kind in kinds(world, commissioner).items():
        for number in range(size):
            spoilt(tally, name, kind, chance, numbers, list(PLACES)[number % len(PLACES)])
        carried_out(tally, name, kind, world, numbers, (commissioner, manager), EVERY[size])
    no_longer_fits(tally, world, numbers, (commissioner, manager))
    visit_files(tally, world, size, EVERY[size], PLACES)


class Numbers:
    """Numbers of rows that were never used before."""

    def __init__(self) -> None:
        self.last = 0

    def __call__(self, count: int) -> list[int]:
        self.last += count
        return list(range(self.last - count, self.last))


# Spoilt sheets


def spoilt(tally: Tally, name: str, kind: Kind, chance: random.Random, numbers: Numbers, place: str) -> None:
    rows = [kind.row(number) for number in numbers(chance.randint(3, MOST_ROWS))]
    bad = sorted(PLACES[place](len(rows)))
    for one in bad:
        column = chance.choice(sorted(kind.spoils))
        rows[one][column] = kind.spoils[column]
    ending = chance.choice(("csv", "xlsx"))
    before = state()
    found = kind.bad_rows(f"sheet.{ending}", (csv_of if ending == "csv" else workbook_of)(rows))
    tally.n += 1
    # The heading is the sheet's first row.
    expected = [one + 2 for one in bad]
    tally.expect(found == expected, f"{name}, {ending}, bad {place}: rows {found} were told, not {expected}")
    left = set(differing(before, state())) - set(BESIDE)
    tally.expect(not left, f"{name}, bad {place}: left behind {', '.join(sorted(left))}")


def csv_of(rows: Sequence[Row]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def workbook_of(rows: Sequence[Row]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate([dict.fromkeys(rows[0]) | {name: name for name in rows[0]}, *rows]):
        for place, cell in enumerate(row.values()):
            sheet.write_string(number, place, cell)
    book.close()
    return out.getvalue()


# Sound ones that die


def carried_out(
    tally: Tally, name: str, kind: Kind, world: Any, numbers: Numbers, people: tuple[Any, Any], every: int
) -> None:
    """The process dies at a statement of the carrying out, at a later one, and so on until it gets through."""
    rows = [kind.row(number) for number in numbers(5)]
    act = carrying(world, kind.keep("sheet.csv", csv_of(rows)), people)
    before, there = state(without=PROGRESS), kind.there()
    for number in range(1, MOST_STATEMENTS, every):
        code = in_child(act, number)
        tally.n += 1
        if code == 0:
            tally.expect(kind.there() == there + len(rows), f"{name}: {kind.there() - there} of {len(rows)} came in")
            again = state()
            in_child(act, MOST_STATEMENTS)
            tally.expect(not differing(again, state()), f"{name}: carried out again, it came in again")
            return
        changed = differing(before, state(without=PROGRESS))
        tally.expect(code == DIED, f"{name} broke off with exit code {code} before statement {number}")
        tally.expect(not changed, f"{name}, ended at statement {number}, left behind: {', '.join(changed)}")
    tally.fault(f"{name} has no end")


PROGRESS = ("jobs_job.done", "jobs_job.size", "jobs_job.lease_until")
"""How far a long import is, told while it goes on."""


def carrying(world: Any, draft: Any, people: tuple[Any, Any]) -> Callable[[], object]:
    """What brings an approved draft in: a job where it may take long, else the approval itself."""
    from calloff.web.brokerage.services.day_one import carry_draft_job
    from calloff.web.contracts.services.publishing import approve, put_forward
    from calloff.web.jobs.services import Task

    commissioner, manager = people
    put_forward(draft=draft, starts_on=None, note="", by=commissioner, at=world.at)
    if draft.kind != "packages":
        return lambda: approve(draft=draft, by=manager, at=world.at)
    approve(draft=draft, by=manager, at=world.at)
    return lambda: carry_draft_job(Task(world.council.pk, draft.reference, {"draft": draft.pk}), world.at)


def no_longer_fits(tally: Tally, world: Any, numbers: Numbers, people: tuple[Any, Any]) -> None:
    """What was sound when it was read and is not when it is carried out leaves nothing behind, and says so."""
    from calloff.web.contracts.models import Upload
    from calloff.web.directory.models import Area

    made = kinds(world, people[0])
    drafts = {
        name: kind.keep("sheet.csv", csv_of([kind.row(one) for one in numbers(4)])) for name, kind in made.items()
    }
    clash = made["enrolments"].row(numbers(1)[0])
    later = made["enrolments"].keep("later.csv", csv_of([made["enrolments"].row(numbers(1)[0]), clash]))
    earlier = made["enrolments"].keep("earlier.csv", csv_of([clash | {"provider": "acorn"}]))
    carrying(world, earlier, people)()
    bring_in = carrying(world, drafts["packages"], people)
    approve = carrying(world, later, people)
    Area.objects.update(code="elsewhere")
    before = state()
    bring_in()
    tally.n += 2
    tally.expect(bool(Upload.objects.get(draft=drafts["packages"]).problem), "nobody is told that nothing came in")
    tally.expect(_is_refused(approve), "an enrolment that another draft made otherwise was changed in silence")
    left = set(differing(before, state())) - set(BESIDE)
    tally.expect(not left, f"what no longer fits left behind {', '.join(sorted(left))}")
    Area.objects.update(code="hill")


def _is_refused(act: Callable[[], object]) -> bool:
    from calloff.web.contracts.services.publishing import DraftError

    try:
        act()
    except DraftError:
        return True
    return False


# The kinds


def kinds(world: Any, commissioner: Any) -> dict[str, Kind]:
    """Packages of day one and later, enrolments, services of the register."""
    from calloff.formats.sheets import NotReadError
    from calloff.web.brokerage.models import Package
    from calloff.web.brokerage.services.day_one import keep_sheet, read_draft_job
    from calloff.web.contracts.models import Draft, Enrolment
    from calloff.web.contracts.services.enrolling import keep_enrolments, read_enrolments
    from calloff.web.contracts.services.register import keep_register, read_register
    from calloff.web.directory.models import Branch
    from calloff.web.jobs.services import Task

    common: dict[str, Any] = {"council": world.council, "by": commissioner, "at": world.at}

    def kept_sheet(name: str, data: bytes) -> Any:
        draft = keep_sheet(name=name, data=data, **common)
        read_draft_job(Task(world.council.pk, draft.reference, {"draft": draft.pk}), world.at)
        return Draft.objects.select_related("council", "upload").get(pk=draft.pk)

    def faults_of_sheet(name: str, data: bytes) -> list[int] | None:
        draft = kept_sheet(name, data)
        if draft.state != Draft.FAULTY:
            return None
        return sorted({row for row, *_ in json.loads(draft.upload.summary)["faults"]})

    def told(read: Callable[[str, bytes], object]) -> Callable[[str, bytes], list[int] | None]:
        def rows(name: str, data: bytes) -> list[int] | None:
            try:
                read(name, data)
            except NotReadError as error:
                return sorted({one.row for one in error.cells})
            return None

        return rows

    def register(name: str, data: bytes) -> Any:
        return read_register("providers", name, data, "")

    return {
        "packages": Kind(package_row, SPOILT_PACKAGES, faults_of_sheet, kept_sheet, Package.objects.count),
        "enrolments": Kind(
            enrolment_row,
            SPOILT_ENROLMENTS,
            told(read_enrolments),
            lambda name, data: keep_enrolments(enrolments=read_enrolments(name, data), file=None, **common),
            Enrolment.objects.count,
        ),
        "register": Kind(
            service_row,
            SPOILT_SERVICES,
            told(register),
            lambda name, data: keep_register(providers=register(name, data), name=name, data=data, **common),
            Branch.objects.count,
        ),
    }


def package_row(number: int) -> Row:
    """Every other one waits, every other one is delivered."""
    from first_day import HEADING, LIVE, OPEN

    row = dict(zip(HEADING, LIVE if number % 2 else OPEN, strict=True))
    names = {"case_number": f"C{number}", "reference": f"SP-{number}", "approved_at": "2025-03-30"}
    return row | names | ({"provider": "acorn"} if number % 2 else {})


def enrolment_row(number: int) -> Row:
    return {
        "reference": f"E-{number}",
        "provider": "beech",
        "model": "framework",
        "tier": "framework",
        "role": "member",
        "price_lines": "15.95; 31.50 day_type=weekend",
        "spare_minutes": "*/*=600@2026-11-20T09:00Z",
        "from": "2026-04-01",
        "to": "2027-03-31",
    }


def service_row(number: int) -> Row:
    grades = dict.fromkeys(("wellbeing", "care_planning", "staff", "leadership"), "3")
    return {
        "reference": f"N-{number}",
        "name": "Newly Registered",
        "organisation": f"O-{number}",
        "nation": "england",
        "service_types": "care_at_home",
        "registered_from": "2026-10-01",
        "scale": "cqc",
        **grades,
        "graded_on": "2026-11-05",
    }


SPOILT_PACKAGES = {
    "area": "nowhere",
    "born_on": "yesterday",
    "name": "",
    "priority": "P99",
    "provider": "nobody",
    "required_start": "31/02/2026",
    "visits": "mon 25:00 30m",
}
SPOILT_ENROLMENTS = {"from": "soon", "price_lines": "dear", "role": "chief", "spare_minutes": "*/*=many", "tier": ""}
SPOILT_SERVICES = {"name": "", "nation": "atlantis", "registered_from": "2026-13-01", "wellbeing": "9"}
