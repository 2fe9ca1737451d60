"""
UX-16: whatever takes over two seconds shows how far it is and can be cancelled.

Every kind of job that the worker knows is either told of here as short, with why, or says how far it is. Each of those
that do is done on more than one thing, and at every word of it the pages are looked at as somebody would who has come
back: the list of work in hand, and the page from which it was begun. Then each is cancelled: before it begins, at its
first word, and at its last. What ends leaves the council's state as it was; what is put off leaves nothing half done,
lets no pay run be drafted, and comes, gone on with, to the state of one that nobody had stopped. Large files are not
taken within a page but by such a job.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 5, 2: 30}
"""So many rounds over all kinds; above the smallest size on PostgreSQL, too."""
SHORT = {
    "advance": "opens one package's next step",
    "email": "sends one letter",
    "forget_table": "deletes one row",
    "form_lots": "offers the lots of one model, in one act",
    "market_changed": "looks at the few packages that found nobody, each left to a job of its own",
    "nobodys": "tells of one package",
    "owner_leaves": "frees one owner's packages, in one act",
    "plan_package": "plans one package",
    "reopen": "looks at one package, and comes again for the next",
    "settle_person": "settles one person",
}
"""Kinds that never take long, and why."""
PAGES = {
    "read_draft": lambda data: _draft(data),
    "carry_draft": lambda data: _draft(data),
    "prepare_run": lambda data: f"/pay/{_row('payments', 'PayRun', data['run']).token}",
    "run_shadow": lambda data: f"/payment-rules/shadow/{_row('payments', 'Shadow', data['shadow']).token}",
    "settle_file": lambda data: f"/provider/visits/{_row('visits', 'VisitFile', data['file']).receipt}",
    "take_file": lambda data: f"/provider/visits/{_row('visits', 'SentTable', data['table']).token}",
}
"""The page from which one began it, where there is one of that job alone."""
WHO = {"read_draft": "commissioner", "carry_draft": "commissioner", "settle_file": "provider", "take_file": "provider"}
"""Whose page that is; otherwise finance's."""
BESIDE = ("jobs_job", "jobs_notice", "audit_chain", "audit_event", "payments_payrun", "payments_shadow")
BESIDE += ("contracts_draft", "contracts_upload")
"""Where it is written down that something was begun and cancelled."""


STOPS = (None, 1, 0, -1)
"""At which word a job is cancelled: never, at its first, before it begins, at its last."""


def check(size: int) -> Result:
    """So many rounds on each engine."""
    tally = Tally()
    on_each_engine(tally, "ux_16", "long_jobs", size, SIZES[0])
    return tally.result


def long_jobs(tally: Tally, size: int) -> None:
    from accept.rel_10 import makers
    from world import made_world

    import calloff.web.config.worker  # noqa: F401 - that every kind is known
    from calloff.web.jobs import services as jobs

    world = made_world()
    world.provider("acorn", 15, 6_000_000)
    world.provider("beech", 16, 60_000)
    _ = world.broker, world.senior, world.assessor, world.approver, world.manager("acorn"), world.manager("beech")
    every_kind(tally, jobs)
    desk = Desk(world)
    made = makers(world)
    for _round in range(size):
        for kind in sorted(jobs.long_kinds()):
            for stop in STOPS if size > SIZES[0] else STOPS[:2]:
                one_job(tally, world, desk, kind, made[kind], stop)
    large_files(tally, world, desk)


def every_kind(tally: Tally, jobs: Any) -> None:
    """Nothing that the worker does is forgotten: long, or short with a reason."""
    for kind in jobs.kinds():
        tally.n += 1
        both = (kind in SHORT) + (kind in jobs.long_kinds())
        tally.expect(both == 1, f"jobs of the kind {kind} are named {both} times as short or long")


class Desk:
    """Browsers of those who look: finance, a commissioner, the provider."""

    def __init__(self, world: Any) -> None:
        from web.filled import browser

        self.clients = {
            "finance": browser(world.user("payer", "finance_payer")),
            "commissioner": browser(world.user("commissioner", "commissioner")),
            "provider": browser(world.manager("acorn")),
        }

    def see(self, who: str, address: str) -> str:
        return str(self.clients[who].get(address).content.decode())

    def press(self, who: str, address: str, **fields: Any) -> int:
        return int(self.clients[who].post(address, fields).status_code)


# One job


def one_job(tally: Tally, world: Any, desk: Desk, kind: str, make: Callable[[], Any], stop: int | None) -> None:
    """
    Make a job and let the worker do it; at the `stop`th word it is cancelled (0 before it begins, -1 at the last).
    """
    from accept.state import differing, state

    from calloff.web.jobs import services as jobs
    from calloff.web.jobs.models import Job

    data = make()
    Job.objects.exclude(state=Job.DONE).delete()
    job = Job.objects.create(
        council=world.council.pk, kind=kind, key=_key(kind, data), data=json.dumps(data), due_at=world.at
    )
    tally.n += 1
    long, what = jobs.long_kinds()[kind], f"{kind}, cancelled at word {stop}"
    who = WHO.get(kind, "finance") if WHO.get(kind) != "provider" else "finance"
    before, words = state(), []
    if stop == 0:
        _cancel(tally, desk, who, job, what)

    def at_word(done: int, size: int) -> None:
        words.append((done, size))
        seen(tally, desk, kind, data, job, done, size)
        if stop is not None and (len(words) == stop or (stop == -1 and len(words) == due)):
            _cancel(tally, desk, who, job, what)

    due = _words_of(kind, world, data) if stop == -1 else 0
    with listening(at_word):
        # What follows from it has words of its own.
        while job.state in (Job.WAITING, Job.RUNNING) and jobs.work_once("a worker", _now()):
            job.refresh_from_db()
    while jobs.work_once("a worker", _now()):
        pass
    job.refresh_from_db()
    if stop is None:
        tally.expect(job.state == Job.DONE, f"{kind} is {job.state}: {job.problem}")
        tally.expect(bool(words), f"{kind} never said how far it is")
        tally.expect(words == sorted(words), f"{kind} went backwards: {words}")
        return
    if job.state == Job.DONE:
        tally.expect(stop == -1 or len(words) < stop, f"{what}, was done all the same")
        return
    tally.expect(job.state == (Job.CANCELLED if long.ends else Job.PUT_OFF), f"{what}, is {job.state}: {job.problem}")
    if long.ends:
        left = set(differing(before, state())) - set(BESIDE)
        tally.expect(not left or kind == "prepare_run", f"{what}, left behind {', '.join(sorted(left))}")
        ended(tally, desk, kind, data, what)
        return
    gone_on_with(tally, world, desk, job, kind, data, what)


def seen(tally: Tally, desk: Desk, kind: str, data: Any, job: Any, done: int, size: int) -> None:
    """How far it is stands on the list of work in hand, and on the page from which it was begun, each time anew."""
    from calloff.web.jobs.services import long_kinds

    says = f"{done:,} of {size:,} {long_kinds()[kind].counts}" if size else "just begun"
    who = WHO.get(kind, "finance")
    for looks, address in ((who if who != "provider" else "finance", "/in-hand"), (who, _page(kind, data))):
        if address:
            for time in ("", ", come back to"):
                tally.expect(says in desk.see(looks, address), f"{address}{time} does not say {says!r} of {kind}")


def ended(tally: Tally, desk: Desk, kind: str, data: Any, what: str) -> None:
    """Its page says that it was cancelled, and that nothing came of it."""
    address = _page(kind, data)
    said = desk.see(WHO.get(kind, "finance"), address) if address else "cancelled"
    tally.expect("cancelled" in said, f"{what}: {address} does not say so")


def gone_on_with(tally: Tally, world: Any, desk: Desk, job: Any, kind: str, data: Any, what: str) -> None:
    """Nothing is paid meanwhile; then it goes on, to where a further run of it finds nothing to do."""
    from accept.state import differing, state

    from calloff.web.jobs import services as jobs
    from calloff.web.jobs.models import Job
    from calloff.web.payments.models import PayRun
    from calloff.web.payments.services import runs

    payer = world.user("payer", "finance_payer")
    for one in PayRun.objects.filter(state__in=PayRun.OPEN):
        runs.drop(run=one, by=payer, at=_now())
    try:
        runs.draft(council=world.council, to_on=_now().date(), by=payer, at=_now())
        tally.fault(f"{what}: a pay run was drafted in between")
    except runs.PayRunError as refused:
        tally.expect("put off" in str(refused), f"{what}: {refused}")
    tally.expect("put it off" in desk.see("finance", "/in-hand"), f"{what}: nobody is told that it is put off")
    desk.press("finance", "/in-hand/go-on", job=job.pk)
    Job.objects.filter(state=Job.WAITING).exclude(pk=job.pk).delete()
    while jobs.work_once("a worker", _now()):
        pass
    job.refresh_from_db()
    tally.expect(job.state == Job.DONE, f"{what} and gone on with, is {job.state}: {job.problem}")
    once = state()
    jobs._handlers[kind](jobs.Task(world.council.pk, "again", data), _now())
    left = [one for one in differing(once, state()) if not one.startswith("jobs_")]
    tally.expect(not left, f"{what} and gone on with, was not done to the end: {', '.join(left)}")


def _cancel(tally: Tally, desk: Desk, who: str, job: Any, what: str) -> None:
    desk.press(who, "/in-hand/cancel", job=job.pk)
    job.refresh_from_db()
    tally.expect(job.cancel_asked_at is not None, f"{what}: nobody took it")


@contextmanager
def listening(told: Callable[[int, int], None]) -> Iterator[None]:
    """Call `told` whenever a job has said how far it is, as if somebody looked at that very moment."""
    from calloff.web.jobs import services as jobs

    says = jobs.tell_progress

    def told_too(kind: str, key: str, done: int, size: int, *more: Any) -> None:
        says(kind, key, done, size, *more)
        told(done, size)
        # Whatever was cancelled at that moment is heard at the job's next word; the last one is said twice.
        says(kind, key, done, size, *more)

    jobs.tell_progress = told_too
    try:
        yield
    finally:
        jobs.tell_progress = says


def _words_of(kind: str, world: Any, data: Any) -> int:
    """How many words a job will say: as many as a run of another such one did, which is 1 or more."""
    return {"prepare_run": 4, "take_file": 2}.get(kind, 1)


def _key(kind: str, data: Any) -> str:
    """Under which key the system itself makes such a job."""
    if kind in ("read_draft", "carry_draft"):
        return str(_row("contracts", "Draft", data["draft"]).reference)
    address = _page(kind, data)
    return address.rpartition("/")[2] or f"{kind} {json.dumps(data, sort_keys=True)}"[:100]


def _page(kind: str, data: Any) -> str:
    return PAGES[kind](data) if kind in PAGES else ""


def _draft(data: Any) -> str:
    return f"/drafts/{_row('contracts', 'Draft', data['draft']).reference}"


def _row(app: str, model: str, pk: int) -> Any:
    from django.apps import apps

    return apps.get_model(app, model).objects.get(pk=pk)


def _now() -> Any:
    from django.utils import timezone

    return timezone.now()


# Large files


def large_files(tally: Tally, world: Any, desk: Desk) -> None:
    """A large file is not taken within a page: its receipt says how far it is, and cancelled nothing of it is taken."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from calloff.web.jobs import services as jobs
    from calloff.web.jobs.models import Job
    from calloff.web.visits.models import SentTable, VisitFile, VisitRow
    from calloff.web.visits.services import large

    Job.objects.exclude(state=Job.DONE).delete()
    rows = large.LARGE_ROWS + 1
    lines = [
        f"L{number},2026-03-02T21:00Z,acorn,P-NOBODY,W1,2026-03-02T08:00Z,2026-03-02T08:30Z" for number in range(rows)
    ]
    text = "\n".join(["row,version,contract,person,worker,came,left", *lines, f"TOTAL,{rows},{rows * 30},,,,", ""])
    for cancelled in (True, False):
        tally.n += 1
        kept = VisitRow.objects.count()
        sent = SimpleUploadedFile("large.csv", text.encode(), "text/csv")
        answer = desk.clients["provider"].post("/provider/visits/send", {"file": sent, "mode": "add"})
        receipt = answer.get("Location", "").rpartition("/")[2]
        tally.expect(VisitRow.objects.count() == kept, f"{rows} rows were taken within a page")
        if not SentTable.objects.filter(token=receipt).exists():
            tally.fault(f"the sender of {rows} rows was sent to {answer.get('Location')} ({answer.status_code})")
            return
        tally.expect("not begun yet" in desk.see("provider", f"/provider/visits/{receipt}"), "nobody is told of it")
        if cancelled:
            desk.press("provider", f"/provider/visits/{receipt}/cancel")
        while jobs.work_once("a worker", _now()):
            pass
        file = VisitFile.objects.filter(receipt=receipt, state=VisitFile.ACCEPTED).first()
        tally.expect(
            VisitRow.objects.count() - kept == (0 if cancelled else rows), f"cancelled: {cancelled}, rows came"
        )
        tally.expect((file is None) == cancelled, f"cancelled: {cancelled}, the receipt is {file and file.state}")
        page = desk.see("provider", f"/provider/visits/{receipt}")
        tally.expect(
            ("Nothing of the file was taken" in page) == cancelled, f"cancelled: {cancelled}, its page says not"
        )
