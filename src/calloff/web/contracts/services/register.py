"""
The register of providers, brought up to date from a regulator's file or our own, as a draft that another approves.

A branch belongs to no council: what one council's import changes is so for every council that has it enrolled.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from calloff.domain.calendar import local
from calloff.domain.providers import Provider
from calloff.domain.records import canonical, plain, revive, sha256
from calloff.formats.care_inspectorate import import_register
from calloff.formats.cqc import import_locations
from calloff.formats.providers import read_providers
from calloff.formats.sheets import read_upload
from calloff.web.accounts.models import User
from calloff.web.contracts.models import Draft, Enrolment, Upload
from calloff.web.contracts.services.enrolling import title_of
from calloff.web.contracts.services.market import market_changes
from calloff.web.contracts.services.publishing import DraftError, FileRead, carries, keep
from calloff.web.directory.models import Branch, Council, Grading, Organisation
from calloff.web.directory.services import draw, touch_standing

NEW, CHANGED, SAME = "new", "changed", "same"
SHAPES = ("providers", "care_inspectorate", "cqc")
ABOUT = ("name", "nation", "in_house", "registered_from", "scale")
"""What stands in a file as it stands in a branch; the rest is compared one by one."""


@dataclass(frozen=True)
class Listed:
    """One service of a file: `kind` beside what the register holds, `changes` field by field as (name, was, is)."""

    provider: Provider
    kind: str
    changes: tuple[tuple[str, str, str], ...] = ()
    newly_graded: bool = False


def read_register(shape: str, name: str, data: bytes, area: str) -> tuple[Provider, ...]:
    """
    The services of a file: providers.csv, or a regulator's own file of which one council's `area` is read.

    Raises NotReadError in plain words, with every bad cell by its row and column.
    """

    def care_inspectorate(path: Path) -> Sequence[Provider]:
        return import_register(path, area)[0]

    def cqc(path: Path) -> Sequence[Provider]:
        return import_locations(path, area)

    readers: dict[str, Callable[[Path], Sequence[Provider]]] = {
        "providers": read_providers,
        "care_inspectorate": care_inspectorate,
        "cqc": cqc,
    }
    return tuple(read_upload(name, data, readers[shape], "the register"))


def keep_register(
    *, council: Council, providers: Sequence[Provider], name: str, data: bytes, by: User, at: datetime
) -> Draft:
    """Keep the services of a file as a draft; DraftError when the register holds every one of them as it is."""
    told = compared(providers, local(at).date())
    if all(one.kind == SAME for one in told):
        earlier = Upload.objects.filter(council=council, hash=sha256(data), draft__state=Draft.APPROVED).first()
        text = f"This file was approved as draft {earlier.draft.reference}. " if earlier else ""
        raise DraftError(f"{text}The register holds every row as it stands in the file: nothing was kept.")
    title = title_of([(NEW, "service"), (CHANGED, "service")], [one.kind for one in told])
    file = FileRead(name, sha256(data), size=len(told))
    content = canonical([plain(one) for one in providers]).decode()
    return keep(council=council, kind="register", title=title, content=content, file=file, by=by, at=at)


def providers_in(draft: Draft) -> list[Provider]:
    """The services that a draft holds."""
    return [revive(Provider, one) for one in json.loads(draft.content)]


def compared(providers: Sequence[Provider], on: date) -> list[Listed]:
    """Each service beside what the register holds today."""
    rows = _branches(providers)
    gradings = _gradings(rows.values())
    return [_listed(one, rows.get(one.reference), gradings, on) for one in providers]


def _branches(providers: Sequence[Provider]) -> dict[str, Branch]:
    found: dict[str, Branch] = {}
    names = [one.reference for one in providers]
    for first in range(0, len(names), 500):
        rows = Branch.objects.filter(reference__in=names[first : first + 500]).select_related("organisation")
        found |= {row.reference: row for row in rows}
    return found


def _gradings(branches: Iterable[Branch]) -> dict[tuple[int, date], Grading]:
    found: dict[tuple[int, date], Grading] = {}
    keys = [branch.pk for branch in branches]
    for first in range(0, len(keys), 500):
        for row in Grading.objects.filter(branch__in=keys[first : first + 500]):
            found[row.branch_id, row.graded_on] = row
    return found


def _listed(one: Provider, row: Branch | None, gradings: Mapping[tuple[int, date], Grading], on: date) -> Listed:
    if row is None:
        return Listed(one, NEW, newly_graded=any(one.grades))
    changes = list(_differences(one, row))
    graded = _graded(one, row, gradings, on)
    if graded is not None:
        changes.append(("grades", *graded))
    return Listed(one, CHANGED if changes else SAME, tuple(changes), graded is not None)


def _differences(one: Provider, row: Branch) -> Iterator[tuple[str, str, str]]:
    for name in ABOUT:
        if getattr(row, name) != getattr(one, name):
            yield name, str(getattr(row, name)), str(getattr(one, name))
    if row.organisation.reference != one.organisation:
        yield "organisation", row.organisation.reference, one.organisation
    services = " ".join(sorted(one.service_types))
    if " ".join(sorted(row.service_types.split())) != services:
        yield "service_types", row.service_types, services
    # Of a service that is closed a file may only say that it is: the day that stands was nearer to it.
    told_again = row.registered_to is not None and one.registered_to is not None
    if row.registered_to != one.registered_to and not (
        told_again and _last(one.registered_to) > _last(row.registered_to)
    ):
        yield "registered_to", str(row.registered_to or ""), str(one.registered_to or "")
    for name in ("postcode", "easting", "northing"):
        # What the file does not say is not taken away.
        if getattr(one, name) and getattr(row, name) != getattr(one, name):
            yield name, str(getattr(row, name)), str(getattr(one, name))


def _last(day: date | None) -> date:
    return day or date.max


def _graded(
    one: Provider, row: Branch, gradings: Mapping[tuple[int, date], Grading], on: date
) -> tuple[str, str] | None:
    """The grades that stand and those of the file, where the file's are not known yet; None where nothing is new."""
    if not any(one.grades):
        return None
    new = _text(one.grades)
    of_branch = sorted((day, found.grades) for (pk, day), found in gradings.items() if pk == row.pk)
    if one.graded_on is None:
        # Without a day the grades count from the import on, if they are others than those that stand.
        last = of_branch[-1][1] if of_branch else ""
        return None if last == new else (last, new)
    known = gradings.get((row.pk, one.graded_on))
    if known is not None:
        return None if known.grades == new else (known.grades, new)
    return (of_branch[-1][1] if of_branch else "", new)


def _text(grades: Sequence[int]) -> str:
    return " ".join(map(str, grades))


@carries("register")
def take_register(draft: Draft, by: User, at: datetime) -> None:
    """Write what is new and changed; grades by their day, so that what stood before can still be seen."""
    today = local(at).date()
    told = compared(providers_in(draft), today)
    bodies = _organisations([one.provider for one in told])
    new = [one.provider for one in told if one.kind == NEW]
    made = Branch.objects.bulk_create(
        [Branch(token=draw(), organisation=bodies[one.organisation], **_values(one)) for one in new], batch_size=500
    )
    rows = {row.reference: row for row in made}
    standing = _branches([one.provider for one in told if one.kind == CHANGED])
    for listed in told:
        if listed.kind == CHANGED:
            _change(standing[listed.provider.reference], listed, bodies)
    rows |= standing
    for listed in told:
        if listed.newly_graded:
            one = listed.provider
            Grading.objects.update_or_create(
                branch=rows[one.reference],
                graded_on=one.graded_on or today,
                defaults={"grades": _text(one.grades), "recorded_at": at},
            )
    tell_councils([row.pk for row in standing.values()], at)
    Upload.objects.filter(draft=draft).update(carried_at=at)


def _organisations(providers: Sequence[Provider]) -> dict[str, Organisation]:
    names = {one.organisation for one in providers}
    found = {row.reference: row for row in Organisation.objects.all() if row.reference in names}
    made = Organisation.objects.bulk_create(
        Organisation(reference=name, name=name) for name in sorted(names - set(found))
    )
    return found | {row.reference: row for row in made}


def _values(one: Provider) -> dict[str, Any]:
    return {
        "reference": one.reference,
        "name": one.name,
        "nation": one.nation,
        "service_types": " ".join(sorted(one.service_types)),
        "in_house": one.in_house,
        "registered_from": one.registered_from,
        "registered_to": one.registered_to,
        "scale": one.scale,
        "postcode": one.postcode,
        "easting": one.easting,
        "northing": one.northing,
    }


def _change(row: Branch, listed: Listed, bodies: Mapping[str, Organisation]) -> None:
    values = _values(listed.provider)
    for name, _was, _is in listed.changes:
        if name == "organisation":
            row.organisation = bodies[listed.provider.organisation]
        elif name != "grades":
            setattr(row, name, values[name])
    row.save()


def tell_councils(branches: Sequence[int], at: datetime) -> None:
    """Let every council that has one of these branches enrolled read its market anew, and look at who waits."""
    pairs = set()
    for first in range(0, len(branches), 500):
        here = Enrolment.objects.filter(branch__in=branches[first : first + 500])
        pairs |= set(here.values_list("council", "model"))
    councils = {row.pk: row for row in Council.objects.filter(pk__in={council for council, _ in pairs})}
    for council in sorted(councils):
        touch_standing(councils[council])
    for council, model in sorted(pairs):
        market_changes(councils[council], model, at)
