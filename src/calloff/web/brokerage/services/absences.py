"""What stops a person's visits, for a while or for good: told, put right, ended by the return, taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from calloff.domain.absences import DEATH, HOSPITAL, KINDS, RESTART_HOURS
from calloff.domain.absences import Absence as Known
from calloff.domain.calendar import local, moment_text, to_utc
from calloff.web.accounts.models import User
from calloff.web.audit.services import act, whole_second
from calloff.web.brokerage.models import Absence, CallOff, Package, Person, Stay
from calloff.web.brokerage.services.carrying import who_see
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.services.replanning import visits_changed, visits_of_person_changed
from calloff.web.directory.services import draw
from calloff.web.jobs import services as jobs

OF_ALL_PACKAGES = (HOSPITAL, "care_home", "holiday", DEATH)
"""They stop whatever care a person has; the others stop one package's."""
STOPPABLE = tuple(kind for kind in KINDS if kind != DEATH)


@dataclass(frozen=True)
class Told:
    """What somebody said: from when to when there are no visits, since when they are known to say so, and why."""

    kind: str
    from_at: datetime
    until_at: datetime | None
    told_at: datetime
    by_day: bool = False
    visit: str = ""
    staff_paid: bool = False
    restarts: bool = False
    words: str = ""


def absences_of(package: Package) -> list[Known]:
    """What stops the visits of a package, as the rule of stops reads it."""
    rows = standing(package)
    return [
        Known(
            row.kind,
            row.from_at,
            row.until_at,
            row.told_at,
            by_day=row.by_day,
            visit=row.visit,
            staff_paid=row.staff_paid,
            restarts=row.restarts,
        )
        for row in rows
    ]


def standing(package: Package) -> list[Absence]:
    """The absences of a package that stand, those of its person among them, the earliest first."""
    rows = Absence.objects.filter(Q(package=None) | Q(package=package), person=package.person_id, superseded_at=None)
    return list(rows.order_by("from_at", "pk"))


def stop_visits(*, package: Package, told: Told, by: User, at: datetime) -> Absence:
    """
    No visits from a moment on, or of one visit alone; the providers are told.

    A notice cannot come from the future. RefusedError says what is wrong; then nothing is stopped.
    """
    check(told, at)
    if told.kind not in STOPPABLE:
        raise RefusedError(_("Choose why there are no visits. Nothing was stopped."))
    with act(council=package.council_id, by=by, at=at) as doing:
        again = Package.objects.select_related("person").get(pk=package.pk)
        if again.is_lot or again.is_over:
            raise RefusedError(_("Package %(reference)s has ended.") % {"reference": package.reference})
        row = write(row_of(again, told, draw()), doing.at)
        tell_providers(again, "visits_stopped", f"stopped-{row.pk}", doing.at)
        doing.record("visits_stopped", package.reference, plainly(row))
    return row


def end_absence(*, absence: Absence, until_at: datetime, told_at: datetime, by: User, at: datetime) -> Absence:
    """
    The person is back: the same provider makes the same visits again, within 24 hours of the notice (assumed).

    Changed needs are a change of need, which makes a new version of the package.
    """
    with act(council=absence.council_id, by=by, at=at) as doing:
        row = stands(absence)
        if row.kind == DEATH:
            raise RefusedError(_("A death has no end. Put it right if it was entered by mistake."))
        if told_at > doing.at:
            raise RefusedError(_("A notice cannot come from the future. Nothing was changed."))
        if until_at <= row.from_at:
            raise RefusedError(_("The return must be later than the beginning. Nothing was changed."))
        new = write(copy_of(row, until_at=until_at), doing.at)
        for package in packages_of(new):
            tell_providers(package, "visits_restart", f"restart-{new.pk}-{package.pk}", doing.at)
        restart_by = told_at + timedelta(hours=RESTART_HOURS)
        doing.record(
            "visits_restart", about(new), {**plainly(new), "restart_by": moment_text(whole_second(restart_by))}
        )
    return new


def put_right(*, absence: Absence, told: Told, by: User, at: datetime) -> Absence:
    """What was told of an absence was wrong, or more is known now: its row is superseded, its visits planned anew."""
    check(told, at)
    with act(council=absence.council_id, by=by, at=at) as doing:
        row = stands(absence)
        if (told.kind == DEATH) != (row.kind == DEATH):
            raise RefusedError(_("A death stays a death; take it back if nobody died. Nothing was changed."))
        changes = {name: getattr(told, name) for name in Told.__dataclass_fields__ if name != "visit"}
        if all(getattr(row, name) == value for name, value in changes.items()):
            raise RefusedError(_("This is what is written down already. Nothing was changed."))
        new = write(copy_of(row, **changes), doing.at)
        if new.kind == DEATH:
            Person.objects.filter(pk=new.person_id).update(died_on=local(new.from_at).date())
        doing.record("absence_put_right", about(new), {"before": plainly(row), "after": plainly(new)})
    return new


def take_back(*, absence: Absence, by: User, at: datetime) -> None:
    """It was entered by mistake: the visits are planned again as if nobody had said it."""
    with act(council=absence.council_id, by=by, at=at) as doing:
        row = stands(absence)
        supersede(row, doing.at)
        replan(row, local(row.from_at).date(), doing.at)
        if row.kind == DEATH:
            Person.objects.filter(pk=row.person_id).update(died_on=None)
        doing.record("absence_taken_back", about(row), plainly(row))


# Within another act


def write_death(person: Person, on: date, minute: int | None, at: datetime) -> None:
    """Within an act: a person has died, on a day, perhaps at a minute of it; one that stands is not told again."""
    Person.objects.filter(pk=person.pk, died_on__isnull=True).update(died_on=on)
    if Absence.objects.filter(person=person, kind=DEATH, superseded_at=None).exists():
        return
    row = Absence(
        council_id=person.council_id,
        token=f"death-{person.pk}",
        person=person,
        kind=DEATH,
        from_at=to_utc(on, minute or 0),
        by_day=minute is None,
        told_at=at,
    )
    write(row, at)


def write_stay(stay: Stay, admitted_minute: int | None, discharged_minute: int | None, at: datetime) -> None:
    """Within an act: what the hub knows of a stay in hospital stops the person's visits, from now on or no more."""
    token = f"stay-{stay.pk}"
    before = Absence.objects.filter(council=stay.council_id, token=token, superseded_at=None).first()
    from_at = to_utc(stay.admitted_on, admitted_minute or 0)
    by_day = admitted_minute is None
    if before is not None and by_day and local(before.from_at).date() == stay.admitted_on:
        # The hour that is known already is not forgotten by whoever tells the day alone.
        from_at, by_day = before.from_at, before.by_day
    until_at = None if stay.discharged_on is None else to_utc(stay.discharged_on, discharged_minute or 0)
    if until_at is not None and until_at <= from_at:
        if before is not None:
            supersede(before, at)
            replan(before, local(before.from_at).date(), at)
        return
    if before is None:
        row = Absence(council_id=stay.council_id, token=token, person=stay.person, kind=HOSPITAL, told_at=at)
        row.from_at, row.until_at, row.by_day = from_at, until_at, by_day
        write(row, at)
    elif (before.from_at, before.until_at, before.by_day) != (from_at, until_at, by_day):
        write(copy_of(before, from_at=from_at, until_at=until_at, by_day=by_day), at)


# Rows


def check(told: Told, at: datetime) -> None:
    if told.told_at > at:
        raise RefusedError(_("A notice cannot come from the future. Nothing was changed."))
    if told.until_at is not None and told.until_at <= told.from_at:
        raise RefusedError(_("The return must be later than the beginning. Nothing was changed."))


def stands(absence: Absence) -> Absence:
    """The row that stands now; RefusedError where it was taken back or put right meanwhile."""
    row = Absence.objects.filter(pk=absence.pk, superseded_at=None).select_related("person", "package").first()
    if row is None:
        raise RefusedError(_("Somebody changed this meanwhile. Open the package again; nothing was changed."))
    return row


def row_of(package: Package, told: Told, token: str) -> Absence:
    """A new absence, of the package or of all its person's."""
    of_all = told.kind in OF_ALL_PACKAGES and not told.visit
    return Absence(
        council_id=package.council_id,
        token=token,
        person=package.cared_for,
        package=None if of_all else package,
        **{name: getattr(told, name) for name in Told.__dataclass_fields__},
    )


def copy_of(row: Absence, **changes: Any) -> Absence:
    """The next row of the same absence."""
    told = {field.attname: getattr(row, field.attname) for field in Absence._meta.concrete_fields}
    return Absence(**{**told, **changes, "id": None, "superseded_at": None})


def write(row: Absence, at: datetime) -> Absence:
    """Keep a row, supersede the one before it, and have the visits planned anew from the earlier of their days."""
    before = Absence.objects.filter(council=row.council_id, token=row.token, superseded_at=None).first()
    days = [local(row.from_at).date()]
    if before is not None:
        supersede(before, at)
        days.append(local(before.from_at).date())
    row.known_from = at
    row.save(force_insert=True)
    replan(row, min(days), at)
    return row


def supersede(row: Absence, at: datetime) -> None:
    Absence.objects.filter(pk=row.pk).update(superseded_at=at)


def replan(row: Absence, since: date, at: datetime) -> None:
    if row.package is not None:
        visits_changed(row.package, since, at)
    else:
        visits_of_person_changed(row.person, since, at)


def packages_of(row: Absence) -> list[Package]:
    """The packages whose visits it stops."""
    if row.package is not None:
        return [row.package]
    return list(row.person.packages.exclude(state__in=Package.OVER).order_by("pk"))


def about(row: Absence) -> str:
    """What an event about it is about: its package, or the person's own reference."""
    return row.package.reference if row.package is not None else row.person.reference


def plainly(row: Absence) -> dict[str, Any]:
    """An absence as an event tells it: no words, which may say more than an event may keep."""
    return {
        "absence": row.token,
        "kind": row.kind,
        "visit": row.visit,
        "from_at": moment_text(whole_second(row.from_at)),
        "until_at": moment_text(whole_second(row.until_at)) if row.until_at else "",
        "by_day": row.by_day,
        "told_at": moment_text(whole_second(row.told_at)),
    }


def tell_providers(package: Package, kind: str, key: str, at: datetime) -> None:
    """A notice to everybody who sees the package in the branches that deliver it."""
    for call_off in CallOff.objects.filter(package=package, ended_on=None).select_related("delivered_by"):
        for user in who_see(call_off, at.date()):
            jobs.tell(
                user,
                kind,
                package.reference,
                council=package.council_id,
                key=f"{key}-{call_off.pk}",
                at=at,
                package=package.reference,
                link=f"/provider/packages/{call_off.token}",
            )


def last_known_day(package: Package) -> date | None:
    """The day on which a death became known: until then visits were made, or were to be; None where nobody died."""
    row = Absence.objects.filter(person=package.person_id, kind=DEATH, superseded_at=None).first()
    return None if row is None else local(row.told_at).date()
