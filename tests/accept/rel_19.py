"""
REL-19: care after a death or an end is flagged at the next run and never paid in silence.

People have been cared for and their visits paid for more than a year. Then each is found to have died, or to have
moved away, so many days ago, from none to 400. The next run must take back what was paid for every later visit, line by
line, and say so among its checks; visits before stay as they were; and a provider that goes on sending rows is paid
nothing for them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 3, 1: 101, 2: 401}
"""People, whose deaths are told from 0 to 400 days late, evenly."""
MOST_DAYS, DAYS = 400, 420
LATER_DAYS = 14


def check(size: int) -> Result:
    """So many people, on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_19", "told_late", size, SIZES[0])
    return tally.result


def told_late(tally: Tally, size: int) -> None:
    world, packages = cared_for(size)
    first = pay_run(world)
    paid = {line.entitlement.anchor: line.pence for line in first.lines.select_related("entitlement")}
    tally.expect(min(paid.values(), default=0) > 0, "somebody was paid nothing before anybody died")
    lasts = {}
    for number, package in enumerate(packages):
        days = number * MOST_DAYS // max(1, size - 1)
        lasts[package.reference] = world.at.date() - timedelta(days=days)
        # One in five moves away; the others have died.
        ends(world, package, lasts[package.reference], "moved" if number % 5 == 4 else "died")
    world.later(minutes=5)
    world.work()
    look(tally, world, paid, lasts)
    still_sending(tally, world, packages, lasts)


def cared_for(size: int) -> tuple[Any, list[Any]]:
    """A council whose people have had a visit a week for more than a year, all delivered as planned."""
    from world import made_world

    from calloff.documents.payment_rules import shipped_folder
    from calloff.domain.packages import Visit
    from calloff.web.brokerage.models import CallOff
    from calloff.web.payments.models import RuleVersion
    from calloff.web.visits.models import PlanningStart
    from calloff.web.visits.services.planning import plan_ahead

    world = made_world()
    now = world.at
    world.at, begins = now - timedelta(days=DAYS), now.date() - timedelta(days=DAYS - 1)
    world.provider("acorn", 19, 6_000_000)
    packages = []
    for number in range(size):
        package = world.started(visits=(Visit(number % 7, 480, 30),))
        world.declared("acorn")
        world.answer(package, "acorn")
        world.confirm(package)
        packages.append(world.again(package))
    CallOff.objects.update(start_on=begins)
    text = (shipped_folder() / "isle_of_wight_2021_fixed.yaml").read_text(encoding="utf-8")
    told = {"rule": "isle_of_wight_2021_fixed", "version": 1, "title": "fixed", "text": text, "starts_on": begins}
    RuleVersion.objects.create(council=world.council, model="*", published_at=world.at, **told)
    PlanningStart.objects.create(council=world.council, on=begins)
    plan_ahead(world.council.pk, world.at, DAYS)
    world.at = now
    send(world, "visits.csv", begins, now.date() - timedelta(days=1))
    return world, packages


def send(world: Any, name: str, first: date, last: date, packages: Sequence[Any] = ()) -> None:
    """The provider's file of every visit that was ever planned in some days."""
    from calloff.formats.delivered_visits import DeliveredVisit, LoggedAt, write_visits
    from calloff.web.visits.models import PlannedVisit
    from calloff.web.visits.services.files import receive

    planned = PlannedVisit.objects.filter(on__range=(first, last)).select_related("package", "call_off__enrolment")
    if packages:
        planned = planned.filter(package__in=packages)
    once = {one.reference: one for one in planned.order_by("pk")}
    rows = [
        DeliveredVisit(
            0,
            one.reference,
            world.at,
            one.call_off.enrolment.reference,
            one.package.reference,
            f"W{one.package_id}",
            LoggedAt(one.start_at),
            LoggedAt(one.ends_at),
        )
        for one in once.values()
    ]
    told = {"council": world.council, "branch": world.branch("acorn")}
    with tempfile.TemporaryDirectory(prefix="calloff-after-death-") as folder:
        path = Path(folder) / name
        write_visits(path, rows)
        receive(path=path, name=name, by=world.manager("acorn"), at=world.at, **told)
    world.later(minutes=1)
    world.work()


def pay_run(world: Any) -> Any:
    """A run of everything up to yesterday, drafted, approved and released."""
    from calloff.web.payments.services import runs

    run = runs.draft(
        council=world.council, to_on=world.at.date() - timedelta(days=1), by=world.user("payer"), at=world.at
    )
    runs.approve(run=run, shown_pence=runs.total(run), by=world.user("second"), at=world.at)
    return runs.release(run=run, by=world.user("payer"), at=world.at)


def ends(world: Any, package: Any, last_day_on: date, reason: str) -> None:
    from calloff.web.brokerage.services.ending import end_package

    end_package(package=package, last_day_on=last_day_on, reason=reason, by=world.broker, at=world.at)


def look(tally: Tally, world: Any, paid: dict[str, int], lasts: dict[str, date]) -> None:
    """The next run: each visit behind the last day is taken back whole and told, nobody's before it is touched."""
    from calloff.web.payments.services import runs
    from calloff.web.payments.services.checks import checks_of

    try:
        run = pay_run(world)
    except runs.PayRunError as none:
        tally.fault(f"after {len(lasts)} last days: {none}")
        return
    lines = {line.entitlement.anchor: line for line in run.lines.select_related("entitlement")}
    dead = 0
    for anchor, pence in paid.items():
        package, _line, day, _number = anchor.split("/")
        last, line = lasts[package], lines.get(anchor)
        tally.n += 1
        if date.fromisoformat(day) > last:
            found = None if line is None else line.pence
            tally.expect(found == -pence, f"{anchor}, after {last}: {pence} were paid and {found} are taken back")
            dead += line is not None and line.entitlement.reason == "death"
        elif date.fromisoformat(day) < last:
            tally.expect(line is None, f"{anchor}, before {last}, was changed")
    tally.expect(runs.total(run) <= 0, f"the run pays {runs.total(run)}")
    said = [one.says for one in checks_of(run) if not one.is_well]
    tally.expect(not dead or any(text.startswith(f"{dead} ") for text in said), f"{dead} visits, and no check: {said}")
    tally.notes.append(f"{len(lines)} lines take back what was paid after {len(lasts)} last days, {dead} after a death")


def still_sending(tally: Tally, world: Any, packages: Sequence[Any], lasts: dict[str, date]) -> None:
    """The provider corrects every row and goes on: not a penny is paid for a day after the last."""
    from calloff.web.payments.models import Entitlement
    from calloff.web.payments.services import runs

    world.later(days=LATER_DAYS)
    today = world.at.date()
    send(world, "again.csv", today - timedelta(days=DAYS), today, packages)
    try:
        run = runs.draft(council=world.council, to_on=today, by=world.user("payer"), at=world.at)
    except runs.PayRunError:
        run = None
    lines = [] if run is None else list(run.lines.select_related("entitlement"))
    after = [one for one in lines if one.entitlement.on > lasts[one.entitlement.anchor.split("/")[0]] and one.pence > 0]
    tally.expect(not after, f"{len(after)} visits after the last day are paid when their rows are sent again")
    last: dict[str, Any] = {}
    for one in Entitlement.objects.order_by("number"):
        last[one.anchor] = one
    silent = [one for one in last.values() if one.on > lasts[one.anchor.split("/")[0]] and one.pence]
    tally.n += len(last)
    tally.expect(not silent, f"{len(silent)} visits after the last day are still worth something")
