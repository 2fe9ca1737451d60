"""
REL-18: versions of a package follow each other without gap or overlap.

Packages are edited at random, mostly backwards in time: visits stopped and wanted again, put right and taken back, a
new version from a day on, an end that is put off or brought forward, deaths with and without their hour, told and taken
back. A witness keeps, in plain days and minutes, what each package should be; after each edit the plan must say the
same of every day, and a day without its visit must have its reason. At last the database's own rows are looked at: of
no thing do two rows stand at one moment, no version is missing, and such a row is refused.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 40, 1: 100_000, 2: 400_000}
"""Edits in all, over the engines."""
EDITS_A_PACKAGE = 250
DAYS = 14
EARLY, LATE = 480, 510
"""When a version's visit begins, in minutes of the day: 08:00 or 08:30, in one part of the day."""
EDGES = (0, 480, 495, 510, 720)
"""At which minutes of the day an absence begins or ends."""
DEATHS = ("died", "died at")


def check(size: int) -> Result:
    """So many edits, half of them on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_18", "edited" if size == SIZES[0] else "edited_half", size, SIZES[0])
    return tally.result


def edited_half(tally: Tally, size: int) -> None:
    edited(tally, size // 2)


def edited(tally: Tally, size: int) -> None:
    from calloff.web.jobs.models import Job

    world = council()
    draws = random.Random(18)
    while tally.n < size:
        course = Course(world, draws)
        course.look(tally, "as it began")
        for _ in range(min(EDITS_A_PACKAGE, size - tally.n)):
            told = course.edit()
            course.plan()
            tally.n += 1
            course.look(tally, told)
        Job.objects.all().delete()
        refused(tally, course.package)
    rows_tile(tally)


def council() -> Any:
    """A council with one provider, whose visits are planned from its first day on."""
    from world import made_world

    world = made_world()
    world.provider("acorn", 15, 60_000_000)
    _ = world.broker
    return world


@dataclass
class Course:
    """One package with what the witness knows of it."""

    world: Any
    draws: random.Random
    package: Any = None
    first: date = date.min
    versions: list[tuple[date, int]] = field(default_factory=list)
    """From which day on the visit begins at which minute."""
    ended_on: date | None = None
    absences: dict[str, tuple[str, int, int | None]] = field(default_factory=dict)
    """By token: the kind, and from which to before which minute since the first day's midnight."""

    def __post_init__(self) -> None:
        from calloff.domain.packages import Visit
        from calloff.web.brokerage.models import CallOff

        self.world.declared("acorn")
        self.package = self.world.started(visits=[Visit(day, EARLY, 30) for day in range(7)])
        self.world.answer(self.package, "acorn")
        self.world.confirm(self.package)
        self.first = self.world.at.date() - timedelta(days=DAYS - 1)
        CallOff.objects.filter(package=self.package).update(start_on=self.first)
        self.versions = [(self.first, EARLY)]
        self.plan()

    def plan(self) -> None:
        """As the worker plans a package that has changed."""
        from django.db import transaction

        from calloff.web.brokerage.models import Package
        from calloff.web.visits.services.planning import plan

        self.world.later(seconds=1)
        with transaction.atomic():
            package = Package.objects.select_related("person").get(pk=self.package.pk)
            plan(package, self.first, self.first + timedelta(days=DAYS - 1), self.world.at)

    # -- edits

    def edit(self) -> str:
        """One random edit; what it was."""
        self.world.later(seconds=1)
        ways = [self.stop] * (3 if len(self.absences) < 4 else 0) + [self.version, self.end]
        ways += [self.put_right, self.put_right, self.take_back, self.take_back] if self.absences else []
        ways += [self.die] if not any(kind in DEATHS for kind, _, _ in self.absences.values()) else []
        return self.draws.choice(ways)()

    def moment(self, minute: int) -> Any:
        from calloff.domain.calendar import to_utc

        return to_utc(self.first + timedelta(days=minute // 1440), minute % 1440)

    def span(self) -> tuple[int, int | None]:
        """From when to when: days back, now and then with no end."""
        begins = self.draws.randrange(DAYS) * 1440 + self.draws.choice(EDGES)
        ends = begins + self.draws.randrange(1, 5) * 1440 + self.draws.choice(EDGES) - begins % 1440
        return begins, ends if self.draws.random() < 0.8 and ends > begins else None

    def told(self, kind: str, begins: int, ends: int | None) -> Any:
        from calloff.web.brokerage.services.absences import Told

        until = None if ends is None else self.moment(ends)
        return Told("death" if kind in DEATHS else kind, self.moment(begins), until, self.world.at, kind == "died")

    def stop(self) -> str:
        from calloff.web.brokerage.services import absences

        kind, (begins, ends) = self.draws.choice(("hospital", "holiday", "refused", "care_home")), self.span()
        told = self.told(kind, begins, ends)
        row = absences.stop_visits(package=self.package, told=told, by=self.world.broker, at=self.world.at)
        self.absences[row.token] = (kind, begins, ends)
        return f"{kind} from {begins} to {ends}"

    def die(self) -> str:
        from django.db import transaction

        from calloff.web.brokerage.models import Absence
        from calloff.web.brokerage.services import absences

        kind, day, minute = self.draws.choice(DEATHS), self.draws.randrange(DAYS), self.draws.choice(EDGES)
        hour = None if kind == "died" else minute
        with transaction.atomic():
            on = self.first + timedelta(days=day)
            absences.write_death(self.package.person, on, hour, self.world.at)
        row = Absence.objects.get(person=self.package.person, kind="death", superseded_at=None)
        self.absences[row.token] = (kind, day * 1440 + (hour or 0), None)
        return f"{kind} on {day}, {hour}"

    def chosen(self) -> Any:
        from calloff.web.brokerage.models import Absence

        token = self.draws.choice(sorted(self.absences))
        return Absence.objects.get(council=self.world.council, token=token, superseded_at=None)

    def put_right(self) -> str:
        from calloff.web.brokerage.services import absences
        from calloff.web.brokerage.services.refusals import RefusedError

        row = self.chosen()
        kind, (begins, ends) = self.absences[row.token][0], self.span()
        if kind in DEATHS:
            kind, ends = self.draws.choice(DEATHS), None
            begins -= begins % 1440 if kind == "died" else 0
        told = self.told(kind, begins, ends)
        try:
            absences.put_right(absence=row, told=told, by=self.world.broker, at=self.world.at)
        except RefusedError:
            return "put right with what is written down already"
        self.absences[row.token] = (kind, begins, ends)
        return f"{kind} put right: from {begins} to {ends}"

    def take_back(self) -> str:
        from calloff.web.brokerage.services import absences

        row = self.chosen()
        absences.take_back(absence=row, by=self.world.broker, at=self.world.at)
        return f"taken back: {self.absences.pop(row.token)}"

    def version(self) -> str:
        """From a day on the visit begins at another time: the call-off ends the day before, the next one follows."""
        from django.db import transaction

        from calloff.web.brokerage.models import CallOff, PackageVersion
        from calloff.web.brokerage.services.changing import placed_visits, visits_text
        from calloff.web.directory.services import draw

        last_from, before = self.versions[-1]
        day = self.draws.randrange(1, DAYS)
        on, minute = self.first + timedelta(days=day), LATE if before == EARLY else EARLY
        if on <= last_from or (self.ended_on is not None and on > self.ended_on):
            return self.end()
        with transaction.atomic():
            old = CallOff.objects.filter(package=self.package).latest("pk")
            new = CallOff.objects.get(pk=old.pk)
            CallOff.objects.filter(pk=old.pk).update(ended_on=on - timedelta(days=1), end_reason="changed")
            moved = [(number, type(one)(one.day, minute, 30)) for number, one in placed_visits(old)]
            new.pk, new.token, new.start_on, new.visits = None, draw(), on, visits_text(moved)
            new.ended_on, new.invitation, new.continues = self.ended_on, None, old
            new.version = len(self.versions) + 1
            new.save(force_insert=True)
            version = PackageVersion.objects.filter(package=self.package).latest("number")
            version.pk, version.number, version.from_at = None, version.number + 1, self.world.at
            version.save(force_insert=True)
        self.versions.append((on, minute))
        return f"version {len(self.versions)} from {on}"

    def end(self) -> str:
        """The care ends on a day of its last version, or goes on after all."""
        from calloff.web.brokerage.models import CallOff

        begins = (self.versions[-1][0] - self.first).days
        day = self.draws.choice([None, *range(begins, DAYS)])
        self.ended_on = None if day is None else self.first + timedelta(days=day)
        last = CallOff.objects.filter(package=self.package).latest("pk")
        CallOff.objects.filter(pk=last.pk).update(ended_on=self.ended_on, end_reason="moved" if self.ended_on else "")
        return f"ends {self.ended_on}"

    # -- the witness

    def expected(self) -> dict[date, tuple[int, str]]:
        """Of each day with a visit: its minute, and whether it is made, not made, dead or parked."""
        found = {}
        for day in range(DAYS):
            on = self.first + timedelta(days=day)
            if self.ended_on is not None and on > self.ended_on:
                continue
            minute = next(minute for begins, minute in reversed(self.versions) if begins <= on)
            found[on] = (minute, self.state(day * 1440 + minute))
        return found

    def state(self, at: int) -> str:
        states = {"made"}
        for kind, begins, ends in self.absences.values():
            if begins <= at and (ends is None or at < ends):
                parked = kind == "died" and at // 1440 == begins // 1440
                states.add("parked" if parked else "dead" if kind in DEATHS else "not made")
        return next(state for state in ("parked", "dead", "not made", "made") if state in states)

    def look(self, tally: Tally, told: str) -> None:
        """Whether the plan says of every day what the witness does."""
        from calloff.domain.calendar import local
        from calloff.web.visits.models import PlannedVisit

        names = {0: "made", 1: "not made", 4: "dead", 5: "parked"}
        rows = PlannedVisit.objects.filter(package=self.package, superseded_at=None, cancelled=False)
        found = {}
        for on, start_at, stopped in rows.values_list("on", "start_at", "stopped"):
            start = local(start_at)
            tally.expect(on not in found, f"{told}: two visits on {on}")
            found[on] = (start.hour * 60 + start.minute, names.get(stopped, str(stopped)))
        wanted = self.expected()
        wrong = {on: (found.get(on), wanted.get(on)) for on in found | wanted if found.get(on) != wanted.get(on)}
        first = next(iter(wrong), None)
        tally.expect(not wrong, f"{told}: on {first} there is, and should be, {wrong.get(first)}")


def refused(tally: Tally, package: Any) -> None:
    """Rows that overlap, skip a version, or change what was known are refused by the database itself."""
    from django.db import DatabaseError, transaction

    from calloff.web.brokerage.models import Absence, PackageVersion
    from calloff.web.visits.models import PlannedVisit

    def again(row: Any, **changes: Any) -> None:
        row.pk = None
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(force_insert=True)

    version = PackageVersion.objects.filter(package=package).latest("number")
    number, hour = version.number, timedelta(hours=1)
    visit = PlannedVisit.objects.filter(package=package, superseded_at=None).latest("pk")
    attempts = [
        lambda: again(version, number=number + 2),
        lambda: again(version, number=number + 1, from_at=version.from_at - 10_000 * hour),
        lambda: PackageVersion.objects.filter(package=package).update(from_at=version.from_at - hour),
        lambda: again(visit, known_from=visit.known_from - hour),
        lambda: PlannedVisit.objects.filter(package=package).update(known_from=visit.known_from - hour),
        lambda: PlannedVisit.objects.filter(package=package).delete(),
        lambda: Absence.objects.filter(person=package.person).update(from_at=version.from_at),
    ]
    for number_of, attempt in enumerate(attempts):
        try:
            with transaction.atomic():
                attempt()
        except DatabaseError:
            continue
        if number_of < len(attempts) - 1 or Absence.objects.filter(person=package.person).exists():
            tally.fault(f"attempt {number_of + 1} against the rows of {package.reference} was not refused")


def rows_tile(tally: Tally) -> None:
    """Of everything that was known at a time: each row ends where the next begins, and versions are numbered on."""
    from itertools import pairwise

    from calloff.web.brokerage.models import Absence, PackageVersion
    from calloff.web.visits.models import PlannedVisit

    rows = 0
    for model, name in ((PlannedVisit, "reference"), (Absence, "token")):
        told = model.objects.order_by(name, "known_from", "pk").values_list(name, "known_from", "superseded_at")
        for (thing, _, until), (next_thing, begins, _) in pairwise(told.iterator(chunk_size=10_000)):
            rows += 1
            if thing == next_thing:
                fits = until == begins if model is PlannedVisit else until is not None and until <= begins
                tally.expect(fits, f"{thing} is known until {until} and again from {begins}")
    versions = PackageVersion.objects.order_by("package", "number").values_list("package", "number", "from_at")
    for (package, number, begins), (following, next_number, next_begins) in pairwise(versions):
        if package == following:
            fits = next_number == number + 1 and begins <= next_begins
            tally.expect(fits, f"version {next_number} of a package does not follow version {number}")
    tally.notes.append(f"{rows} rows of what was known follow each other; {len(versions)} versions")
