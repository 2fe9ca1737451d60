"""
Day one: the care that a council already buys, and the people who wait, come in from one sheet.

A file is read and checked by a job, put forward by whoever drafted it and carried out by a job once another approved
it: every row or none, in one transaction. All that can be is worked out before it begins, so that it is short. The same
row never comes in twice, whatever file it stands in.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from django.db import models
from django.utils import timezone

from calloff.domain.calendar import local, to_utc
from calloff.domain.errors import CalloffError, NoApplicableModelError, SeveralModelsError
from calloff.domain.history import CalledOff
from calloff.domain.market import minutes_by_pool
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.purchasing_model import PurchasingModel, applicable_model
from calloff.domain.records import canonical, plain, sha256
from calloff.domain.units import pence_per_week
from calloff.domain.unmet_need import Stretch, unmet
from calloff.formats.day_one import DAY_ONE, DayOneRow, read_day_one
from calloff.formats.sheets import NotReadError, read_upload
from calloff.formats.tables import Row
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.brokerage.models import (
    BroughtIn,
    CallOff,
    Package,
    PackageVersion,
    Person,
    PlacedVisit,
    UnmetStretch,
)
from calloff.web.brokerage.services.carrying import look_again
from calloff.web.brokerage.services.desk import told
from calloff.web.brokerage.services.requests import age_group
from calloff.web.contracts.models import Draft, Enrolment, ModelVersion, Pool, Upload
from calloff.web.contracts.services.market import Enrolled, document_of, enrolled, facts_of, versions_in_force
from calloff.web.contracts.services.publishing import DraftError, FileRead, carries, keep
from calloff.web.directory.models import Area, Branch, Council
from calloff.web.directory.services import draw, spoken_reference
from calloff.web.jobs import services as jobs

T = TypeVar("T", bound=models.Model)
TELLS_EVERY = 1_000
"""After so many rows the page can see how far the job is."""
MOST_FAULTS = 500
SAMPLE = 50
BATCH = 2_000
LONGEST_CARRYING = timedelta(minutes=15)


class SheetRefusedError(CalloffError):
    """A sheet that cannot be brought in; nothing was written."""


# Keeping and reading a file


def keep_sheet(*, council: Council, name: str, data: bytes, by: User, at: datetime) -> Draft:
    """
    Keep an upload as a draft that a job reads and checks; DraftError where this very file came in already.

    The file is kept as it is, so that what is carried out is what was looked at.
    """
    digest = sha256(data)
    earlier = Upload.objects.filter(council=council, hash=digest, draft__kind="packages", carried_at__isnull=False)
    if (found := earlier.select_related("draft").first()) is not None:
        raise DraftError(f"This file came in already with draft {found.draft.reference}. Nothing was kept.")
    content = json.dumps({"name": name, "data": base64.b64encode(data).decode()})
    return keep(
        council=council,
        kind="packages",
        title=f"Packages from {name}"[:160],
        content=content,
        file=FileRead(name, digest),
        state=Draft.READING,
        by=by,
        at=at,
    )


@jobs.handles("read_draft")
def read_draft_job(task: jobs.Task, at: datetime) -> None:
    """Read and check the file of a draft; what it would do, or all that is wrong, is kept with it."""
    draft = Draft.objects.select_related("council").get(pk=task.data["draft"])
    if draft.state != Draft.READING:
        return
    tells = Progress(draft, "read_draft", task.key)
    try:
        rows = rows_of(draft, tells)
        summary, state = summary_of(draft, rows), Draft.CHECKED
        if not summary["new"]:
            summary["refused"], state = (
                "Every row of this file came in already: there is nothing to approve.",
                Draft.FAULTY,
            )
    except NotReadError as error:
        faults = [[one.row, one.column, one.found, one.expected] for one in error.cells[:MOST_FAULTS]]
        summary, state = {"refused": str(error), "faults": faults, "count": len(error.cells)}, Draft.FAULTY
    with act(council=draft.council_id, by=None, at=at) as doing:
        again = Draft.objects.only("state").get(pk=draft.pk)
        if again.state != Draft.READING:
            doing.nothing()
            return
        Draft.objects.filter(pk=draft.pk).update(state=state)
        Upload.objects.filter(draft=draft).update(summary=json.dumps(summary), done=tells.done, size=tells.done)
        doing.record("draft_read", draft.reference, {"state": state, "rows": tells.done})
        tell_drafter(draft, f"read-{draft.pk}", doing.at)


def tell_drafter(draft: Draft, key: str, at: datetime) -> None:
    """Tell whoever drafted it that something became of it."""
    address = f"/drafts/{draft.reference}"
    jobs.tell(
        draft.drafted_by, "draft_decided", draft.reference, council=draft.council_id, key=key, at=at, link=address
    )


@dataclass
class Progress:
    """How far a job is, told in the upload's row for the page, and that its worker lives."""

    draft: Draft
    kind: str
    key: str
    done: int = 0

    def one_more(self) -> None:
        """Another row is dealt with."""
        self.done += 1
        if self.done % TELLS_EVERY == 0:
            self.tell()

    def tell(self, lasts: timedelta = jobs.LEASE) -> None:
        """Write it down; for `lasts` nobody thinks that this worker died."""
        Upload.objects.filter(draft=self.draft).update(done=self.done)
        jobs.keep_lease(self.kind, self.key, timezone.now() + lasts)


def rows_of(draft: Draft, tells: Progress) -> tuple[DayOneRow, ...]:
    """The rows of a draft's file, held against what the council knows; NotReadError has all that do not fit."""
    stored = json.loads(draft.content)
    known = Known.of(draft.council)

    def check(row: Row, found: DayOneRow) -> None:
        known.check(row, found)
        tells.one_more()

    data = base64.b64decode(stored["data"])
    return read_upload(stored["name"], data, lambda path: read_day_one(path, check), DAY_ONE.name)


def summary_of(draft: Draft, rows: Sequence[DayOneRow]) -> dict[str, Any]:
    """What a file would do, in numbers, with its first rows; nobody's name is among them."""
    known = Known.of(draft.council)
    here = came_in_already(draft.council, rows)
    new = [one for one in rows if (one.case_number, one.reference) not in here]
    changed = sum(here.get((one.case_number, one.reference), "") not in ("", hash_of(one)) for one in rows)
    sample = []
    for one in new[:SAMPLE]:
        by = known.giver(one)
        sample.append(
            {
                "row": one.row,
                "case_number": one.case_number,
                "reference": one.reference,
                "area": known.areas[one.area].name,
                "minutes": sum(visit.worker_minutes for visit in one.visits),
                "approved_at": one.approved_at.isoformat(),
                "provider": by.branch.name if by else "",
                "centipence": one.centipence_per_hour,
                "since": one.since.isoformat() if one.since else "",
            }
        )
    return {
        "rows": len(rows),
        "new": len(new),
        "known": len(rows) - len(new),
        "changed": changed,
        "live": sum(one.live for one in new),
        "open": sum(not one.live for one in new),
        "outside": sum(one.live and known.giver(one) is None for one in new),
        "ungoverned": sum(known.model_for(one) is None for one in new),
        "minutes": sum(visit.worker_minutes for one in new for visit in one.visits),
        "people": len({one.case_number for one in new}),
        "sample": sample,
    }


def hash_of(row: DayOneRow) -> str:
    """The hash of all that a row says, its place apart."""
    return sha256(canonical(plain(row.said)))


def came_in_already(council: Council, rows: Sequence[DayOneRow]) -> dict[tuple[str, str], str]:
    """Which rows came in before, by case number and reference, each with the hash of what it said then."""
    wanted = {(one.case_number, one.reference) for one in rows}
    stored = BroughtIn.objects.filter(council=council).values_list("case_number", "reference", "row_hash")
    return {(case, name): digest for case, name, digest in stored.iterator(chunk_size=BATCH) if (case, name) in wanted}


# What the council knows, against which rows are held


@dataclass(frozen=True)
class Giver:
    """Who gives the care of a row: a branch, and its enrolment where it has one that counts."""

    branch: Branch
    enrolment: Enrolment | None


@dataclass
class Known:
    """Areas, people, enrolments and models of a council, read once for a whole file."""

    council: Council
    today: date
    areas: dict[str, Area]
    people: dict[str, Person]
    enrolments: dict[str, Enrolment]
    of_branch: dict[str, list[Enrolment]]
    branches: dict[str, Branch]
    versions: dict[str, ModelVersion]
    models: list[PurchasingModel]
    here: set[tuple[str, str]] = field(default_factory=set)
    seen: dict[str, tuple[int, str, date]] = field(default_factory=dict)

    @staticmethod
    def of(council: Council) -> Known:
        rows = list(Enrolment.objects.filter(council=council).select_related("branch"))
        of_branch: dict[str, list[Enrolment]] = {}
        for row in rows:
            of_branch.setdefault(row.branch.reference, []).append(row)
        today = local(timezone.now()).date()
        versions = {row.model: row for row in versions_in_force(council, today)}
        people = Person.objects.filter(council=council).exclude(case_number="")
        return Known(
            council=council,
            today=today,
            areas={row.code: row for row in Area.objects.filter(council=council).select_related("locality")},
            people={row.case_number: row for row in people.iterator(chunk_size=BATCH)},
            enrolments={row.reference: row for row in rows},
            of_branch=of_branch,
            branches={row.reference: row for row in Branch.objects.all().iterator(chunk_size=BATCH)},
            versions=versions,
            models=[document_of(row).model for row in versions.values()],
            here=set(BroughtIn.objects.filter(council=council).values_list("case_number", "reference")),
        )

    def check(self, row: Row, one: DayOneRow) -> None:
        """Refuse the cells of a row that do not fit what the council knows."""
        if (one.case_number, one.reference) in self.here:
            # It came in already: what it says now is looked at by nobody.
            return
        area = self.areas.get(one.area)
        if area is None:
            row.refuse("area", f"the code of an area of {self.council.name}")
            return
        if local(one.approved_at).date() > self.today:
            row.refuse("approved_at", "a day that has come")
        self._check_person(row, one)
        if one.live:
            self._check_giver(row, one)
        elif self.model_for(one) is None:
            row.refuse("required_start", f"a need that a purchasing model covers ({self.why_no_model(one)})")

    def _check_person(self, row: Row, one: DayOneRow) -> None:
        named = (" ".join(one.name.casefold().split()), one.born_on)
        known = self.people.get(one.case_number)
        if known is not None and (" ".join(known.name.casefold().split()), known.born_on) != named:
            row.refuse(
                "case_number", "a case number that is nobody else's: name or date of birth differ from those here"
            )
        first = self.seen.setdefault(one.case_number, (one.row, *named))
        if first[1:] != named:
            row.refuse("case_number", f"one person for a case number: name or date of birth differ from row {first[0]}")

    def _check_giver(self, row: Row, one: DayOneRow) -> None:
        if one.enrolment:
            found = self.enrolments.get(one.enrolment)
            if found is None:
                row.refuse("enrolment", "the reference of an enrolment here")
            elif one.provider and found.branch.reference != one.provider:
                row.refuse("provider", f"the provider of the enrolment, {found.branch.reference}")
            return
        if one.provider not in self.branches:
            row.refuse("provider", "a provider of the register; import it first")
        elif self.giver(one) is None and len(self.of_branch.get(one.provider, ())) > 1:
            names = ", ".join(sorted(found.reference for found in self.of_branch[one.provider]))
            row.refuse("enrolment", f"which of its enrolments: {names}"[:200])

    def giver(self, one: DayOneRow) -> Giver | None:
        """Who gives the care: the enrolment that is named, or the only one that its provider has for such a need."""
        if not one.live:
            return None
        if one.enrolment:
            found = self.enrolments[one.enrolment]
            return Giver(found.branch, found)
        mine = self.of_branch.get(one.provider, [])
        if len(mine) > 1:
            model = self.model_for(one)
            mine = [row for row in mine if model is not None and row.model == model.id]
        if len(mine) == 1:
            return Giver(mine[0].branch, mine[0])
        return Giver(self.branches[one.provider], None) if not self.of_branch.get(one.provider) else None

    def facts(self, one: DayOneRow, reference: str = "") -> KernelPackage:
        """A row as the kernel's package."""
        area = self.areas[one.area]
        wanted: dict[str, Any] = {**one.wanted}
        return KernelPackage(
            reference=reference or one.reference,
            approved_at=one.approved_at,
            required_start_on=one.required_start_on,
            nation=self.council.nation,
            locality=area.locality.code,
            area_band=area.area_band,
            age_group=age_group(one.born_on, local(one.approved_at).date()),
            easting=area.easting,
            northing=area.northing,
            **wanted,
        )

    def model_for(self, one: DayOneRow) -> PurchasingModel | None:
        """The model in force that covers a row's need; None where none does, or several do."""
        try:
            return applicable_model(self.models, self.facts(one))
        except (NoApplicableModelError, SeveralModelsError):
            return None

    def why_no_model(self, one: DayOneRow) -> str:
        """Why none covers it."""
        try:
            applicable_model(self.models, self.facts(one))
        except (NoApplicableModelError, SeveralModelsError) as error:
            return str(error).partition(": ")[2][:200] or str(error)[:200]
        return ""


# Carrying it out


@carries("packages")
def bring_in_later(draft: Draft, by: User, at: datetime) -> None:
    """Let a job bring in what was approved: a big file takes longer than a page may."""
    jobs.add("carry_draft", draft.reference, council=draft.council_id, due_at=at, data={"draft": draft.pk})


@jobs.handles("carry_draft")
def carry_draft_job(task: jobs.Task, at: datetime) -> None:
    """Bring in the rows of an approved draft, all of them or none; a second run finds it done."""
    draft = Draft.objects.select_related("council", "decided_by", "drafted_by").get(pk=task.data["draft"])
    upload = Upload.objects.get(draft=draft)
    if draft.state != Draft.APPROVED or upload.carried_at is not None or upload.problem:
        return
    tells = Progress(draft, "carry_draft", task.key)
    problem = ""
    try:
        bring_in(draft, tells, at)
    except NotReadError as error:
        first = "; ".join(f"row {one.row}, {one.column}: expected {one.expected}" for one in error.cells[:5])
        problem = f"The file no longer fits what the council knows: {first or error}. Nothing was brought in."
    except SheetRefusedError as error:
        problem = str(error)
    if not problem:
        return
    with act(council=draft.council_id, by=None, at=at) as doing:
        Upload.objects.filter(draft=draft).update(problem=problem[:1000])
        doing.record("import_failed", draft.reference, {"rows": tells.done})
        tell_drafter(draft, f"failed-{draft.pk}", doing.at)


def bring_in(draft: Draft, tells: Progress, at: datetime) -> int:
    """
    Bring in what is new in a draft's file; how many packages that were.

    Everything is read, checked and worked out first. The transaction only writes.
    """
    rows = rows_of(draft, tells)
    here = came_in_already(draft.council, rows)
    known = Known.of(draft.council)
    new = [one for one in rows if (one.case_number, one.reference) not in here]
    made = Made(draft, known, at)
    tells.done = 0
    for one in new:
        made.add(one)
        tells.one_more()
    # The writing is one transaction, from within which nobody can be told that the worker lives.
    tells.tell(LONGEST_CARRYING)
    with act(council=draft.council_id, by=draft.decided_by, at=at) as doing:
        if Upload.objects.get(draft=draft).carried_at is not None:
            doing.nothing()
            return 0
        if came_in_already(draft.council, new):
            raise SheetRefusedError("Some of these rows came in meanwhile with another file. Nothing was brought in.")
        made.store()
        doing.record_each("package_imported", made.events)
        for package in made.open_ones:
            look_again(package, doing.at)
        Upload.objects.filter(draft=draft).update(carried_at=doing.at, done=len(new), size=len(new))
        doing.record("packages_imported", draft.reference, {"packages": len(new), "known": len(here)})
    return len(new)


@dataclass
class Made:
    """The rows of the database that a file becomes, made one package after another and stored at once."""

    draft: Draft
    known: Known
    at: datetime
    people: dict[str, Person] = field(default_factory=dict)
    packages: list[Package] = field(default_factory=list)
    versions: list[PackageVersion] = field(default_factory=list)
    call_offs: list[CallOff] = field(default_factory=list)
    visits: list[PlacedVisit] = field(default_factory=list)
    unmet: list[UnmetStretch] = field(default_factory=list)
    marks: list[BroughtIn] = field(default_factory=list)
    events: list[tuple[str, Mapping[str, Any], Sequence[Mapping[str, Any]]]] = field(default_factory=list)
    open_ones: list[Package] = field(default_factory=list)
    used: dict[tuple[int, int], int] = field(default_factory=dict)
    references: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    markets: dict[str, Enrolled | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.at = self.at.replace(microsecond=0)
        self.references = set(Package.objects.filter(council=self.draft.council).values_list("reference", flat=True))
        self.tokens = set()

    def add(self, one: DayOneRow) -> None:
        """One row as a person, a package, its version and, where somebody gives the care, a call-off."""
        reference = self._fresh(self.references, lambda: spoken_reference("P"))
        facts = self.known.facts(one, reference)
        area, person = self.known.areas[one.area], self._person(one)
        model = self.known.model_for(one)
        minutes = facts.minutes_per_week
        begun = one.since is not None and one.since <= self.known.today
        package = Package(
            council=self.draft.council,
            reference=reference,
            token=draw(),
            person=person,
            model_version=self.known.versions[model.id] if model else None,
            locality=area.locality,
            area=area,
            priority=facts.priority,
            approved_at=one.approved_at,
            required_start_on=one.required_start_on,
            imported=True,
            state=Package.STARTED if begun else Package.CALLED_OFF if one.live else Package.SOURCING,
            minutes_per_week=minutes,
            minutes_to_place=0 if one.live else minutes,
            minutes_started=minutes if begun else 0,
            two_workers=facts.most_workers > 1,
            step_started=False,
            next_action="none" if begun else "enter_start" if one.live else "start_step",
            next_action_at=to_utc(one.since, 0) if one.since is not None and not begun else self.at,
            changed_at=self.at,
        )
        self.packages.append(package)
        self.versions.append(
            PackageVersion(
                council=self.draft.council,
                package=package,
                number=1,
                facts=canonical(plain(facts)).decode(),
                minutes_per_week=minutes,
                from_at=one.approved_at,
                reason="imported",
            )
        )
        self.marks.append(
            BroughtIn(
                council=self.draft.council,
                package=package,
                draft=self.draft,
                case_number=one.case_number,
                reference=one.reference,
                row_hash=hash_of(one),
            )
        )
        self._unmet(package, one, minutes)
        history: Sequence[Mapping[str, Any]] = ()
        data: dict[str, Any] = {"draft": self.draft.reference, "case_number": sha256(one.case_number.encode())[:16]}
        if one.live:
            call_off, happened = self._call_off(package, facts, one)
            data["call_off"] = call_off.token
            history = told(1, happened)
        else:
            self.open_ones.append(package)
        self.events.append((reference, data, history))

    @staticmethod
    def _fresh(taken: set[str], make: Callable[[], str]) -> str:
        while (found := make()) in taken:
            continue
        taken.add(found)
        return found

    def _person(self, one: DayOneRow) -> Person:
        known = self.known.people.get(one.case_number) or self.people.get(one.case_number)
        if known is None:
            known = self.people[one.case_number] = Person(
                council=self.draft.council,
                reference=draw(),
                name=one.name,
                born_on=one.born_on,
                address=one.address,
                postcode=one.postcode,
                phone=one.phone,
                case_number=one.case_number,
                area=self.known.areas[one.area],
            )
        return known

    def _unmet(self, package: Package, one: DayOneRow, minutes: int) -> None:
        started = [Stretch(minutes, one.since)] if one.since is not None and one.since <= self.known.today else []
        self.unmet += [
            UnmetStretch(
                council=self.draft.council,
                package=package,
                locality=package.locality,
                minutes=found.minutes,
                whole=found.whole,
                from_on=found.from_on,
                until=found.until,
            )
            for found in unmet([Stretch(minutes, one.required_start_on)], started, [])
        ]

    def _call_off(self, package: Package, facts: KernelPackage, one: DayOneRow) -> tuple[CallOff, CalledOff]:
        giver = self.known.giver(one)
        if giver is None or one.since is None:
            raise SheetRefusedError(f"Row {one.row} does not say who gives the care. Nothing was brought in.")
        enrolment = giver.enrolment
        minutes = facts.minutes_per_week
        cost = one.centipence_per_hour * minutes
        begun = one.since <= self.known.today
        confirmed_at = min(one.approved_at, to_utc(one.since, 0)) if begun else one.approved_at
        call_off = CallOff(
            council=self.draft.council,
            token=draw(),
            package=package,
            version=1,
            enrolment=enrolment,
            branch=giver.branch,
            kind="outside" if enrolment is None else "block" if enrolment.role == "block" else "new",
            step="",
            visits=json.dumps([[number, plain(visit)] for number, visit in enumerate(facts.visits)]),
            takes=json.dumps(self._takes(enrolment, facts) if enrolment else []),
            minutes_per_week=minutes,
            centipence_minutes=cost,
            pence_per_week=pence_per_week(cost),
            on_framework=enrolment is not None and enrolment.role != "spot",
            confirmed_at=confirmed_at,
            start_on=one.since,
            first_visit_on=one.since if begun else None,
        )
        self.call_offs.append(call_off)
        self.visits += [
            PlacedVisit(council=self.draft.council, package=package, version=1, visit=number, call_off=call_off)
            for number in range(len(facts.visits))
        ]
        name = enrolment.reference if enrolment else ""
        return call_off, CalledOff(name, confirmed_at, tuple(range(len(facts.visits))))

    def _takes(self, enrolment: Enrolment, facts: KernelPackage) -> list[list[int]]:
        """The minutes that the care takes from each of its enrolment's pools, by the pool's own number."""
        if enrolment.model not in self.markets:
            version = self.known.versions.get(enrolment.model)
            council = Council.objects.get(pk=self.draft.council_id)
            self.markets[enrolment.model] = enrolled(council, document_of(version).model) if version else None
        market = self.markets[enrolment.model]
        row = market.standing.row_of.get(enrolment.reference) if market else None
        if market is None or row is None or facts.locality not in market.standing.pools_in:
            return []
        found = []
        for pool, minutes in sorted(minutes_by_pool(market.standing, row, facts.locality, facts.visits).items()):
            key = market.pools[pool]
            self.used[key] = self.used.get(key, 0) + minutes
            found.append([key[1], minutes])
        return found

    def store(self) -> None:
        """Write all of it, parents first; within the act of the import."""
        _insert(Person, self.people.values())
        _insert(Package, self.packages)
        _insert(PackageVersion, self.versions)
        _insert(CallOff, self.call_offs)
        _insert(PlacedVisit, self.visits)
        _insert(UnmetStretch, self.unmet)
        _insert(BroughtIn, self.marks)
        rows = Pool.objects.filter(enrolment__in={one for one, _number in self.used}).select_related("enrolment")
        pools = {(row.enrolment_id, row.number): row for row in rows}
        for key, minutes in self.used.items():
            pool = pools[key]
            pool.used += minutes
            # What was declared is spare beside the care that is given already: that is added to it. A block stays as
            # large as it was bought, as long as it holds what it gives.
            is_block = key[1] >= len(facts_of(pool.enrolment).pools)
            pool.declared = max(pool.declared, pool.used + pool.held) if is_block else pool.declared + minutes
        Pool.objects.bulk_update(pools.values(), ("used", "declared"))


def _insert(model: type[T], rows: Iterable[T]) -> None:
    """Write new rows and take over their keys, which their children name; those point at unsaved parents until then."""
    made = list(rows)
    for row in made:
        for one in model._meta.concrete_fields:
            if one.is_relation and one.name in row._state.fields_cache:
                parent = row._state.fields_cache[one.name]
                setattr(row, one.attname, parent.pk if parent is not None else None)
    model._default_manager.bulk_create(made, batch_size=BATCH)
