"""
Pay runs: prepared by the worker, gathered from what is new, looked at, approved by another person, released.

Each version of an entitlement is one line, in one run: what it adds to the version before. So a correction is a line of
its own, and whatever was paid stays as it was. What is held or disputed waits; everything else is paid.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import connection
from django.db.models import Exists, Max, Min, OuterRef, Sum
from django.utils.translation import gettext_lazy as _

from calloff.domain.errors import CalloffError
from calloff.web.accounts.models import User
from calloff.web.audit.services import Act, act
from calloff.web.directory.models import Council
from calloff.web.directory.services import draw
from calloff.web.jobs import services as jobs
from calloff.web.jobs.services import long
from calloff.web.payments.models import ChargeLine, Entitlement, PayRun
from calloff.web.payments.services import bearing, charging, holds, journals, parity, periods, sending
from calloff.web.payments.services.entitling import entitle_all
from calloff.web.visits.models import PlannedVisit

NO_LINE = """
    NOT EXISTS (SELECT 1 FROM payments_payline AS line WHERE line.entitlement_id = one.id)
    AND NOT EXISTS (
        SELECT 1 FROM payments_hold AS hold
        WHERE hold.council_id = one.council_id AND hold.anchor = one.anchor
        AND hold.component = one.component AND hold.state = 'open'
    )
"""
GATHER = f"""
    INSERT INTO payments_payline (council_id, run_id, entitlement_id, pence)
    SELECT one.council_id, %s, one.id, one.pence - COALESCE(before.pence, 0)
    FROM payments_entitlement AS one
    LEFT JOIN payments_entitlement AS before
        ON before.council_id = one.council_id AND before.anchor = one.anchor
        AND before.component = one.component AND before.number = one.number - 1
    WHERE one.council_id = %s AND one."on" <= %s AND {NO_LINE}
    ORDER BY one."on", one.id
"""  # noqa: S608 - our own names
"""
The lines of whatever is new, written by the database in one go: a council's month is too long to carry past here.

In order, so that all of them are found before the first is written: PostgreSQL would otherwise look for the line of
each among those that it is just writing.
"""


class PayRunError(CalloffError):
    """What cannot be done with a pay run as it stands; the text says why and what to do."""


def draft(*, council: Council, to_on: date, by: User, at: datetime) -> PayRun:
    """
    Draft a run of everything that is new for visits up to a day, at once; on the screen the worker does it.

    PayRunError where one is open, where nothing is new, or where the books do not agree with their lines.
    """
    run = start(council=council, to_on=to_on, by=by, at=at)
    prepare(run, at)
    run.refresh_from_db()
    if run.state == PayRun.DROPPED:
        raise PayRunError(run.problem)
    return run


def start(*, council: Council, to_on: date, by: User, at: datetime) -> PayRun:
    """Begin a run: the worker settles what nobody has looked at yet, then gathers what is new."""
    with act(council=council.pk, by=by, at=at) as doing:
        if PayRun.objects.filter(council=council, state__in=PayRun.OPEN).exists():
            raise PayRunError("A pay run is drafted already. Approve it or drop it first. Nothing was drafted.")
        last = PayRun.objects.filter(council=council).aggregate(number=Max("number"))["number"] or 0
        run = PayRun.objects.create(
            council=council,
            number=last + 1,
            token=draw(),
            from_on=to_on,
            to_on=to_on,
            state=PayRun.PREPARING,
            made_by=by,
            made_identity=by.identity_id,
            made_at=doing.at,
        )
        due_at = jobs.at_once(doing.at)
        jobs.add("prepare_run", run.token, council=council.pk, due_at=due_at, data={"run": run.pk})
        doing.record("pay_run_started", f"PAY-{run.number}", {"to_on": to_on.isoformat()})
    return run


PREPARING = jobs.Long(_("A pay run is prepared"), _("people and steps"), ("draft_pay",), ends=True)
STEPS_AFTER_PEOPLE = 3
"""Blocks and plans, charges, and whether the books agree; then it is gathered in one go."""


@jobs.handles("prepare_run", PREPARING)
def prepare_run(task: jobs.Task, at: datetime) -> None:
    """Settle and gather a run that somebody began."""
    prepare(PayRun.objects.get(pk=task.data["run"]), at, task)


def prepare(run: PayRun, at: datetime, task: jobs.Task | None = None) -> None:
    """
    Settle what no file has touched, look whether books and lines agree, then gather; a second time nothing is done.

    Each person is settled for themselves, so that no act of the council waits long.
    """
    if run.state != PayRun.PREPARING:
        return
    task = task or jobs.Task(run.council_id, run.token, {"run": run.pk})
    try:
        if long.put_off(run.council_id):
            raise PayRunError("What some visits are worth was put off. Go on with it under Work in hand, then draft.")
        people = settle_up_to(run.council, run.to_on, at, task)
        task.tell(people, people + STEPS_AFTER_PEOPLE)
        periods.entitle_periods(run.council, run.to_on, at)
        periods.reconcile(run.council, run.to_on, at)
        task.tell(people + 1, people + STEPS_AFTER_PEOPLE)
        charging.charge_up_to(run.council, run.to_on, at)
        task.tell(people + 2, people + STEPS_AFTER_PEOPLE)
        faults = parity.faults(run.council_id)
        if faults:
            raise PayRunError(f"The books do not agree with their lines, so nothing is paid: {faults[0]}")
        task.tell(people + STEPS_AFTER_PEOPLE, people + STEPS_AFTER_PEOPLE)
        gather(run, at)
    except CalloffError as refused:
        stop(run, str(refused), at)
        if isinstance(refused, jobs.JobCancelledError):
            raise


def settle_up_to(council: Council, to_on: date, at: datetime, task: jobs.Task) -> int:
    """
    Work out what every visit up to a day is worth that nobody has looked at yet, since those missed bring no file; of
    how many people.
    """
    known = Entitlement.objects.filter(council=council, anchor=OuterRef("reference"))
    open_still = PlannedVisit.objects.filter(
        council=council, on__lte=to_on, superseded_at=None, cancelled=False
    ).exclude(Exists(known))
    return entitle_all(council, open_still, at, task, STEPS_AFTER_PEOPLE)


def gather(run: PayRun, at: datetime) -> None:
    """Put whatever is new into a run; PayRunError where nothing is."""
    with act(council=run.council_id, by=run.made_by, at=at) as doing:
        if not _is_preparing(run, doing):
            return
        holds.hold_marked(run, doing.at)
        with connection.cursor() as cursor:
            cursor.execute(GATHER, [run.pk, run.council_id, run.to_on.isoformat()])
        charged = charging.gather(run)
        if not run.lines.exists() and not charged:
            raise PayRunError(f"Nothing is new for visits up to {run.to_on:%-d %B %Y}. Nothing was drafted.")
        funded = bearing.gather_funder_lines(run)
        run.state = PayRun.DRAFT
        run.from_on = run.lines.aggregate(first=Min("entitlement__on"))["first"] or run.to_on
        run.save(update_fields=("state", "from_on"))
        data = {"lines": run.lines.count(), "pence": total(run), "to_on": run.to_on.isoformat(), "funded": len(funded)}
        doing.record("pay_run_drafted", f"PAY-{run.number}", data)


def stop(run: PayRun, problem: str, at: datetime) -> None:
    """End a run that could not be prepared, and say why."""
    with act(council=run.council_id, by=run.made_by, at=at) as doing:
        if not _is_preparing(run, doing):
            return
        run.state, run.problem = PayRun.DROPPED, problem[:300]
        run.save(update_fields=("state", "problem"))
        doing.record("pay_run_stopped", f"PAY-{run.number}")


def _is_preparing(run: PayRun, doing: Act) -> bool:
    """Whether nobody else has prepared, stopped or dropped a run meanwhile; else the act ends without an event."""
    if PayRun.objects.filter(pk=run.pk, state=PayRun.PREPARING).exists():
        return True
    doing.nothing()
    return False


def total(run: PayRun) -> int:
    """What a run pays in all, in pence."""
    return run.lines.aggregate(pence=Sum("pence"))["pence"] or 0


def drop(*, run: PayRun, by: User, at: datetime) -> None:
    """Drop a draft: its lines go back to what is new."""
    with act(council=run.council_id, by=by, at=at) as doing:
        run = _locked(run, *PayRun.OPEN)
        run.lines.all().delete()
        run.funder_lines.all().delete()
        ChargeLine.objects.filter(run=run).delete()
        run.state = PayRun.DROPPED
        run.save(update_fields=("state",))
        doing.record("pay_run_dropped", f"PAY-{run.number}")


def approve(*, run: PayRun, shown_pence: int, by: User, at: datetime) -> PayRun:
    """
    Approve a run as another person than its maker, at the total that was shown; its journals are posted and sealed.

    PayRunError for one's own draft, or where the total is another by now.
    """
    with act(council=run.council_id, by=by, at=at) as doing:
        run = _locked(run, PayRun.DRAFT)
        if run.made_identity == by.identity_id:
            raise PayRunError("You drafted this run, so another person must approve it. Nothing was approved.")
        if total(run) != shown_pence:
            raise PayRunError("The total has changed since you looked. Look again. Nothing was approved.")
        run.state, run.approved_by, run.approved_identity = PayRun.APPROVED, by, by.identity_id
        run.approved_at = doing.at
        run.save()
        count = journals.post_run(run, doing.at)
        doing.record("pay_run_approved", f"PAY-{run.number}", {"pence": shown_pence, "journals": count})
    return run


def release(*, run: PayRun, by: User, at: datetime) -> PayRun:
    """Release an approved run to be paid: what each provider is owed is on its way to the bank."""
    with act(council=run.council_id, by=by, at=at) as doing:
        run = _locked(run, PayRun.APPROVED)
        sent = sending.send(run, doing.at)
        run.state, run.released_at = PayRun.RELEASED, doing.at
        run.save(update_fields=("state", "released_at"))
        doing.record("pay_run_released", f"PAY-{run.number}", {"pence": sum(one.pence for one in sent)})
    return run


def _locked(run: PayRun, *states: str) -> PayRun:
    again = PayRun.objects.select_for_update().select_related("council", "made_by").get(pk=run.pk)
    if again.state not in states:
        raise PayRunError(f"Pay run {again.number} is {again.state} by now, so nothing was done.")
    return again
