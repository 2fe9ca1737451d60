"""
REL-10: every job, run twice or by two workers at once, has the effect of one.

For each kind of job that the system knows, one is made as the system makes it. Its effect when it is done once is the
state that its second run, and two runs at the same moment, must leave as it is.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from accept.contenders import Contenders
from accept.engines import on_each_engine
from accept.state import differing, state
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 5, 2: 50}


def check(size: int) -> Result:
    """Each kind of job so many times, on each engine."""
    tally = Tally()
    on_each_engine(tally, "rel_10", "twice", size, SIZES[0])
    return tally.result


def twice(tally: Tally, size: int) -> None:
    from world import made_world

    from calloff.web.jobs import services as jobs

    world = made_world()
    world.provider("acorn", 15, 6_000_000)
    world.provider("beech", 16, 60_000)
    _ = world.broker, world.senior, world.assessor, world.approver, world.manager("acorn"), world.manager("beech")
    made = makers(world)
    for kind in jobs.kinds():
        if kind not in made:
            tally.fault(f"nobody looks at jobs of the kind {kind}")
    contenders = Contenders(2, do)
    try:
        for _ in range(size):
            for kind, make in made.items():
                one_kind(tally, world, contenders, kind, make())
    finally:
        contenders.end()


def one_kind(tally: Tally, world: Any, contenders: Contenders, kind: str, data: dict[str, Any]) -> None:
    """Two workers at once, then a third time: the state after the first must not move."""
    before = state()
    task = (kind, world.council.pk, json.dumps(data), world.at)
    found = contenders.race([task, task])
    once = state()
    tally.n += 1
    tally.expect(bool(differing(before, once)), f"{kind} had no effect at all")
    tally.expect(all(what == "done" for what, _ in found), f"{kind}, twice at once: {found}")
    effects(tally, kind, council=world.council.pk, data=data)
    do(task)
    tally.expect(not differing(once, state()), f"{kind}, again, changed {', '.join(differing(once, state()))}")


def effects(tally: Tally, kind: str, council: int, data: dict[str, Any]) -> None:
    """What no job may do twice: an event that opens a step, an invitation that lives, a chain that breaks."""
    from django.db.models import Count

    from calloff.web.audit.services import faults_in_chain
    from calloff.web.brokerage.models import Invitation
    from calloff.web.contracts.models import Upload

    twice_out = Invitation.objects.filter(state="open").values("package", "enrolment").annotate(n=Count("pk"))
    tally.expect(not twice_out.filter(n__gt=1).exists(), f"{kind} invited somebody twice")
    for chain in (0, council):
        tally.expect(not list(faults_in_chain(chain)), f"{kind} broke the chain")
    if kind == "carry_draft":
        problem = Upload.objects.get(draft=data["draft"]).problem
        tally.expect(not problem, f"{kind} brought nothing in: {problem}")


def do(task: tuple[str, int, str, Any]) -> str:
    """What a worker does with a job, its lease apart."""
    from calloff.web.jobs import services as jobs

    kind, council, data, at = task
    jobs._handlers[kind](jobs.Task(council, "key", json.loads(data)), at)
    return "did it"


def makers(world: Any) -> dict[str, Any]:
    """By kind: what makes a job of it due, and its data."""
    from calloff.web.brokerage.models import Package
    from calloff.web.brokerage.services.ending import end_package
    from calloff.web.brokerage.services.sourcing import start_step
    from calloff.web.contracts.models import Pool
    from calloff.web.jobs.models import Job, Notice

    def advance() -> dict[str, Any]:
        Pool.objects.update(declared=6_000_000, declared_at=world.at)
        package = world.started()
        world.answer(package, "acorn", "decline", reason="no_capacity")
        return {"package": package.pk}

    def reopen() -> dict[str, Any]:
        Package.objects.update(waits_for_minutes=False)
        enrolment = world.declared("acorn")
        pool = Pool.objects.get(enrolment=enrolment)
        Pool.objects.filter(pk=pool.pk).update(declared=pool.used + pool.held + 210)
        Pool.objects.exclude(enrolment=enrolment).update(declared_at=world.at - timedelta(days=60))
        first = world.started()
        world.answer(first, "acorn")
        world.confirm(first)
        waiting = world.package()
        type(waiting).objects.filter(pk=waiting.pk).update(step_started=True)
        end_package(package=first, last_day_on=world.at.date(), reason="moved", by=world.broker, at=world.at)
        Pool.objects.exclude(enrolment=enrolment).update(declared_at=world.at)
        Job.objects.filter(kind__in=("advance", "reopen")).delete()
        return {"enrolment": enrolment.pk}

    def email() -> dict[str, Any]:
        package = world.package()
        start_step(package=package, by=world.broker, at=world.at)
        return {"notice": Notice.objects.filter(package=package.reference).latest("pk").pk}

    return {"advance": advance, "reopen": reopen, "email": email, **_makers_of_rest(world), **_makers_of_visits(world)}


def _makers_of_rest(world: Any) -> dict[str, Any]:
    """A sheet to read and to bring in, a market that changed, and a package without an owner."""
    from itertools import count

    from first_day import LIVE, OPEN, csv_of

    from calloff.web.brokerage.models import GATHERS, Package
    from calloff.web.brokerage.services import day_one
    from calloff.web.brokerage.services.sourcing import assign, start_step
    from calloff.web.contracts.models import Draft
    from calloff.web.contracts.services.publishing import approve, put_forward
    from calloff.web.jobs import services as jobs
    from calloff.web.jobs.models import Job

    numbers = count(1)
    commissioner = world.user("commissioner", "commissioner")
    contracts = world.user("contracts", "contract_manager")

    def kept() -> Draft:
        number = next(numbers)
        rows = [[f"{number}-{row[0]}", f"{number}-{row[1]}", *row[2:]] for row in (OPEN, LIVE)]
        # The world's providers are written small, and no approval may come after this machine's own today.
        fitting = {"Acorn": "acorn", "2026-11-02": "2025-03-31"}
        data = csv_of(*([fitting.get(cell, cell) for cell in row] for row in rows))
        return day_one.keep_sheet(council=world.council, name="day one.csv", data=data, by=commissioner, at=world.at)

    def read_draft() -> dict[str, Any]:
        return {"draft": kept().pk}

    def carry_draft() -> dict[str, Any]:
        draft = kept()
        day_one.read_draft_job(jobs.Task(world.council.pk, "key", {"draft": draft.pk}), world.at)
        put_forward(draft=draft, starts_on=None, note="", by=commissioner, at=world.at)
        approve(draft=draft, by=contracts, at=world.at)
        return {"draft": draft.pk}

    def market_changed() -> dict[str, Any]:
        package = world.package()
        start_step(package=package, by=world.broker, at=world.at)
        Job.objects.filter(kind="advance").delete()
        Package.objects.filter(pk=package.pk).update(next_action="decide")
        return {"model": "framework"}

    def nobodys() -> dict[str, Any]:
        package = world.package()
        Package.objects.filter(pk=package.pk).update(assign_by=world.at - timedelta(minutes=1))
        return {"package": package.pk}

    def owner_leaves() -> dict[str, Any]:
        leaver = world.user(f"leaver-{next(numbers)}", "broker")
        package = world.package()
        assign(package=package, to=leaver, by=world.senior, at=world.at)
        type(leaver).objects.filter(pk=leaver.pk).update(is_active=False)
        return {"user": leaver.pk}

    def form_lots() -> dict[str, Any]:
        package = world.package()
        Package.objects.filter(pk=package.pk).update(with_others=GATHERS)
        return {"version": package.model_version_id}

    return {
        "form_lots": form_lots,
        "owner_leaves": owner_leaves,
        "read_draft": read_draft,
        "carry_draft": carry_draft,
        "market_changed": market_changed,
        "nobodys": nobodys,
    }


def _makers_of_visits(world: Any) -> dict[str, Any]:
    """Visits to plan ahead, and a file of delivered ones to settle."""
    import tempfile
    from datetime import date
    from itertools import count
    from pathlib import Path

    from calloff.documents.payment_rules import shipped_folder
    from calloff.formats.delivered_visits import DeliveredVisit, LoggedAt, write_visits
    from calloff.web.brokerage.models import Package
    from calloff.web.contracts.models import Pool
    from calloff.web.jobs.models import Job
    from calloff.web.payments.models import RuleVersion
    from calloff.web.visits.models import PlannedVisit, PlanningStart
    from calloff.web.visits.services.files import receive
    from calloff.web.visits.services.large import Sending, keep_large
    from calloff.web.visits.services.planning import plan_ahead
    from calloff.web.visits.services.tables import keep_table

    numbers, since = count(1), date(2020, 1, 1)
    text = (shipped_folder() / "hounslow_spot.yaml").read_text(encoding="utf-8")

    def plan_visits() -> dict[str, Any]:
        PlanningStart.objects.get_or_create(council=world.council, defaults={"on": world.at.date()})
        Pool.objects.update(declared=6_000_000, declared_at=world.at)
        package = world.started()
        world.answer(package, "acorn")
        world.confirm(package)
        return {}

    def settle_file() -> dict[str, Any]:
        plan_visits()
        told = {"rule": "hounslow_spot", "version": 1, "title": "Minutes delivered", "text": text, "starts_on": since}
        told["published_at"] = world.at
        RuleVersion.objects.get_or_create(council=world.council, model="*", defaults=told)
        plan_ahead(world.council.pk, world.at)
        visit = PlannedVisit.objects.latest("pk")
        came, left = LoggedAt(visit.start_at), LoggedAt(visit.ends_at)
        row = DeliveredVisit(0, f"V{next(numbers)}", world.at, "acorn", visit.package.reference, "W1", came, left)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "visits.csv"
            write_visits(path, [row])
            file = receive(
                council=world.council,
                branch=world.branch("acorn"),
                path=path,
                name="visits.csv",
                by=world.manager("acorn"),
                at=world.at,
            )
        Job.objects.filter(kind="settle_file").delete()
        return {"file": file.pk}

    def forget_table() -> dict[str, Any]:
        table = keep_table(
            council=world.council,
            branch=world.branch("acorn"),
            name="own.csv",
            data=b"Client,Carer,In\n",
            by=world.manager("acorn"),
            at=world.at,
        )
        Job.objects.filter(kind="forget_table").delete()
        return {"table": table.pk}

    def take_file() -> dict[str, Any]:
        rows = f"V{next(numbers)},2026-03-02T21:00Z,acorn,P-NOBODY,W1,2026-03-02T08:00Z,2026-03-02T08:30Z"
        data = f"row,version,contract,person,worker,came,left\n{rows}\nTOTAL,1,30,,,,\n".encode()
        told = {"council": world.council, "branch": world.branch("acorn"), "by": world.manager("acorn"), "at": world.at}
        table = keep_large(**told, name="visits.csv", data=data, sending=Sending())
        Job.objects.filter(kind="take_file").delete()
        return {"table": table.pk, **Sending().told()}

    def plan_package() -> dict[str, Any]:
        plan_visits()
        package = Package.objects.latest("pk")
        Job.objects.filter(kind="plan_package").delete()
        return {"package": package.pk, "since": str(world.at.date())}

    made = (plan_visits, plan_package, settle_file, forget_table, take_file)
    return {make.__name__: make for make in made} | _makers_of_pay(world, settle_file)


def _makers_of_pay(world: Any, settle_file: Any) -> dict[str, Any]:
    """A pay run to prepare, a contract whose price has changed, and a second rule to run in shadow."""
    from dataclasses import replace

    from calloff.domain.records import canonical, plain
    from calloff.web.contracts.models import Enrolment
    from calloff.web.contracts.services.market import facts_of
    from calloff.web.jobs import services as jobs
    from calloff.web.jobs.models import Job
    from calloff.web.payments.models import PayRun, RuleVersion
    from calloff.web.payments.services import rules, runs
    from calloff.web.payments.services.entitling import settle_file as settle
    from calloff.web.visits.models import VisitRow

    payer = world.user("payer", "finance_payer")

    def settled() -> Any:
        data = settle_file()
        settle(jobs.Task(world.council.pk, "key", data), world.at)
        return VisitRow.objects.get(file=data["file"])

    def dearer() -> Any:
        """A visit that is settled, and whose price is another one since."""
        log, row = settled(), Enrolment.objects.get(reference="acorn")
        facts = facts_of(row)
        lines = tuple(replace(one, centipence=one.centipence + 100) for one in facts.price_lines)
        Enrolment.objects.filter(pk=row.pk).update(facts=canonical(plain(replace(facts, price_lines=lines))).decode())
        return log

    def settle_person() -> dict[str, Any]:
        log = dearer()
        on = str(log.came_at.date())
        return {"person": log.who_id, "since": on, "until": on}

    def price_anew() -> dict[str, Any]:
        log = dearer()
        return {"enrolment": log.enrolment_id, "since": str(log.came_at.date())}

    def prepare_run() -> dict[str, Any]:
        on = settled().came_at.date()
        for one in PayRun.objects.filter(state__in=PayRun.OPEN):
            runs.drop(run=one, by=payer, at=world.at)
        run = runs.start(council=world.council, to_on=on, by=payer, at=world.at)
        Job.objects.filter(kind="prepare_run").delete()
        return {"run": run.pk}

    def run_shadow() -> dict[str, Any]:
        on = settled().came_at.date()
        text = RuleVersion.objects.latest("pk").text
        shadow = rules.ask_for_shadow(
            council=world.council, model="*", text=text, from_on=on, to_on=on, by=payer, at=world.at
        )
        Job.objects.filter(kind="run_shadow").delete()
        return {"shadow": shadow.pk}

    return {make.__name__: make for make in (settle_person, prepare_run, price_anew, run_shadow)}
