"""Pay in a council that has something of everything: files, runs, what waits and what is proposed."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from web.filled import OWN_CODE, PEOPLE_OF, Filled
from world import World


def paid(world: World, filled: Filled) -> None:
    """A file of visits with a parked row, one that was refused, and two pay runs: one released, one a draft."""
    import tempfile
    from pathlib import Path

    from calloff.documents.payment_rules import shipped_folder
    from calloff.formats.delivered_visits import DeliveredVisit, LoggedAt, write_visits
    from calloff.web.payments.models import RuleVersion
    from calloff.web.payments.services import runs
    from calloff.web.visits.models import PlannedVisit, PlanningStart
    from calloff.web.visits.services.files import FileRefusedError, receive
    from calloff.web.visits.services.planning import plan_ahead
    from calloff.web.visits.services.tables import keep_table

    first = world.at.date()
    text = (shipped_folder() / "hounslow_spot.yaml").read_text(encoding="utf-8")
    RuleVersion.objects.create(
        council=world.council,
        model="*",
        rule="hounslow_spot",
        version=1,
        title="Minutes delivered",
        text=text,
        starts_on=first,
        published_at=world.at,
    )
    PlanningStart.objects.create(council=world.council, on=first)
    plan_ahead(world.council.pk, world.at)
    planned = PlannedVisit.objects.filter(package=filled.packages["begun"]).order_by("start_at")[:8]
    rows = [
        DeliveredVisit(
            0,
            f"V{number}",
            world.at,
            PEOPLE_OF,
            one.package.reference,
            "W1",
            LoggedAt(one.start_at),
            LoggedAt(one.ends_at),
        )
        for number, one in enumerate(planned)
    ]
    strange = DeliveredVisit(0, "V9", world.at, PEOPLE_OF, "P-NOBODY", "W1", rows[0].came, rows[0].left)
    unfinished = DeliveredVisit(0, "V10", world.at, PEOPLE_OF, rows[0].person, "W9", rows[0].came, None)
    told = {"council": world.council, "branch": world.branch(PEOPLE_OF)}
    told |= {"by": filled.users["provider_manager"], "at": world.at}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "visits.csv"
        write_visits(path, [*rows[:4], strange, unfinished])
        receive(path=path, name="visits.csv", **told)
        settle(world)
        run = runs.draft(council=world.council, to_on=planned[3].on, by=filled.users["finance_payer"], at=world.at)
        runs.approve(run=run, shown_pence=runs.total(run), by=filled.users["pay_approver"], at=world.at)
        runs.release(run=run, by=filled.users["finance_payer"], at=world.at)
        # One of them came late, and one was left too early.
        rows[5] = replace(rows[5], came=LoggedAt(rows[5].came.at + timedelta(minutes=170)), left=None)
        rows[5] = replace(rows[5], left=LoggedAt(rows[5].came.at + timedelta(minutes=30)))
        rows[6] = replace(rows[6], left=LoggedAt(rows[6].came.at + timedelta(minutes=5)), left_by="manual", code="taxi")
        write_visits(path, rows[4:])
        receive(path=path, name="later.csv", **told)
        settle(world)
        runs.draft(council=world.council, to_on=planned[7].on, by=filled.users["finance_payer"], at=world.at)
        _money_matters(world, filled)
        _explained(world, filled)
        _periods(world, filled)
        _proposed(world, filled)
        path.write_text("a,b\n1,2\n")
        with suppress(FileRefusedError):
            receive(path=path, name="wrong.csv", **told)
    keep_table(name="own.csv", data=b"Client,Carer,Time in,Outcome\nP-NOBODY,W1,2026-03-02 08:00,ok\n", **told)


def _money_matters(world: World, filled: Filled) -> None:
    """A line that waits, a part-payment that waits for a second person, terms of pay and codes of the ledger."""
    from calloff.web.payments.models import Entitlement
    from calloff.web.payments.services import holds, sending, terms

    payer, branch = filled.users["finance_payer"], world.branch(PEOPLE_OF)
    line = Entitlement.objects.filter(branch=branch, line__run__state="draft").latest("pk")
    holds.dispute(
        entitlement=line,
        reason="length",
        words="a word",
        claimed_minutes=40,
        by=filled.users["provider_manager"],
        at=world.at,
    )
    sending.ask_for_advance(
        council=world.council, branch=branch, pence=5_000, reason="wages_due", by=payer, at=world.at
    )
    first = world.at.date()
    terms.set_terms(council=world.council, enrolment=None, from_on=first, purchase_order="PO-1", by=payer, at=world.at)
    codes = terms.Codes("CC1", "4711")
    terms.set_code(council=world.council, enrolment=None, funder="", from_on=first, codes=codes, by=payer, at=world.at)


def _explained(world: World, filled: Filled) -> None:
    """A visit that was late, as the provider explains it, and one that was short, as the council does."""
    from calloff.web.payments.models import Deviation
    from calloff.web.payments.services import deviations
    from calloff.web.visits.services.codes import add_code

    told = {"words": "The lift was out of order", "explains": ("late",), "by": filled.users["contract_manager"]}
    add_code(council=world.council, code=OWN_CODE, at=world.at, **told)
    manager, contracts = filled.users["provider_manager"], filled.users["contract_manager"]
    for kind, cause, by in (("late", "weather", manager), ("short", "provider", contracts)):
        one = Deviation.objects.filter(kind=kind).latest("pk")
        told = {"cause": cause, "code": "", "text": "a word", "from_provider": by == manager}
        deviations.say(deviation=one, by=by, at=world.at, **told)


def _periods(world: World, filled: Filled) -> None:
    """A block that waits for approval, an outcome, and a change to a period that is closed."""
    from calloff.domain.pay_calendar import Period
    from calloff.web.contracts.models import Enrolment
    from calloff.web.directory.services import draw
    from calloff.web.payments.models import Entitlement, Retro
    from calloff.web.payments.services import periods

    payer, first = filled.users["finance_payer"], world.at.date()
    enrolment = Enrolment.objects.get(reference=PEOPLE_OF)
    periods.propose_block(
        enrolment=enrolment,
        period=Period(first, first + timedelta(days=364)),
        pence=1_000_000,
        agreed_minutes=60_000,
        centipence=200_000,
        by=payer,
        at=world.at,
    )
    told = {"starts_on": first + timedelta(days=60), "due_on": first + timedelta(days=90)}
    person = filled.packages["begun"].person
    periods.agree_outcome(enrolment=enrolment, person=person, pence=9_900, by=payer, at=world.at, **told)
    one = Entitlement.objects.latest("pk")
    Retro.objects.create(
        council=world.council,
        token=draw(),
        entitlement=one,
        anchor=one.anchor,
        pence=one.pence + 100,
        why="It was longer.",
        found_at=world.at,
    )


def _proposed(world: World, filled: Filled) -> None:
    """What one person proposed and another is to decide: an uplift, a payment rule, bank details; and a shadow."""
    from calloff.documents.payment_rules import shipped_folder
    from calloff.web.payments.services import bank, charging, rules, uplifts

    commissioner, council, at = filled.users["commissioner"], world.council, world.at
    text = (shipped_folder() / "hull_planned.yaml").read_text(encoding="utf-8")
    first = at.date()
    told = {"council": council, "model": "*", "by": commissioner, "at": at}
    uplifts.propose(title="Annual", from_on=first, share=4_000, flat_centipence=0, **told)
    rules.propose(text=text, starts_on=first + timedelta(days=30), **told)
    rules.ask_for_shadow(text=text, from_on=first, to_on=first + timedelta(days=7), **told)
    payer = filled.users["finance_payer"]
    account = {"sort_code": "401276", "account": "02345671", "name": "Acorn Care"}
    bank.propose(council=council, branch=world.branch(PEOPLE_OF), by=payer, at=at, **account)
    # No table of the checkers knows this sort code.
    unknown = {"sort_code": "123456", "account": "12345678", "name": "Beech Care"}
    bank.propose(council=council, branch=world.branch("beech"), by=payer, at=at, **unknown)
    charging.assess(person=filled.packages["begun"].person, pence_per_week=2_500, from_on=first, by=payer, at=at)


def settle(world: World) -> None:
    """What the worker does with files, and nothing else of what waits for it."""
    from calloff.web.jobs.models import Job
    from calloff.web.jobs.services import Task
    from calloff.web.payments.services.entitling import settle_file

    for job in Job.objects.filter(kind="settle_file", state=Job.WAITING):
        settle_file(Task(job.council, job.key, json.loads(job.data)), world.at)
        Job.objects.filter(pk=job.pk).update(state=Job.DONE, done_at=world.at)
