"""What visits take from upload to an approved run: the services themselves, stage by stage, in one process."""

from __future__ import annotations

import csv
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from calloff.documents.payment_rules import shipped_folder
from calloff.domain.calendar import local, week_begins

RULE = "hounslow_spot"
AUTOVACUUM_SECONDS = 60
WEEKS = 4


@dataclass
class Paid:
    """Seconds by stage, of so many rows and visits."""

    rows: int
    visits: int
    seconds: dict[str, float]
    pence: int

    def timed(self, stage: str, do: Callable[[], Any]) -> Any:
        began = time.monotonic()
        found = do()
        self.seconds[stage] = round(time.monotonic() - began, 2)
        return found


def plan_rows(council: Any, rows: int, last_on: date, at: datetime) -> Any:
    """Plan the visits of as many packages as make so many rows in four weeks, and publish how they are paid."""
    from calloff.web.brokerage.models import Package
    from calloff.web.payments.models import RuleVersion
    from calloff.web.visits.models import PlannedVisit, PlanningStart
    from calloff.web.visits.services.planning import plan

    first_on = last_on - timedelta(days=7 * WEEKS - 1)
    PlanningStart.objects.get_or_create(council=council, defaults={"on": first_on})
    text = (shipped_folder() / f"{RULE}.yaml").read_text(encoding="utf-8")
    told = {"rule": RULE, "version": 1, "title": RULE, "text": text, "starts_on": first_on, "published_at": at}
    RuleVersion.objects.get_or_create(council=council, model="*", defaults=told)
    made, next_statistics = 0, 1_000
    packages = Package.objects.filter(council=council, call_offs__ended_on=None, call_offs__isnull=False).distinct()
    for package in packages.select_related("person").order_by("pk").iterator(chunk_size=500):
        made += sum(one.workers for one in plan(package, first_on, last_on, at))
        if made >= rows:
            break
        if made >= next_statistics:
            take_statistics()
            next_statistics = 4 * made
    return PlannedVisit.objects.filter(council=council, superseded_at=None, cancelled=False, stopped=0)


def files_of(visits: Any, folder: Path, at: datetime) -> Iterator[tuple[Any, Path, int]]:
    """A file for each provider: every worker of every visit, a few minutes off, one of twenty somewhat short."""
    chance, streams = random.Random(5), {}
    for one in visits.select_related("branch", "package", "call_off__enrolment").order_by("branch", "start_at", "pk"):
        if one.branch_id not in streams:
            path = folder / f"{one.branch_id}.csv"
            streams[one.branch_id] = (one.branch, path, [])
        _branch, _path, rows = streams[one.branch_id]
        for worker in range(one.workers):
            came = one.start_at + timedelta(seconds=chance.randrange(-240, 600))
            stayed = max(3, one.minutes - (12 if chance.random() < 0.05 else chance.choice((0, 0, 1, 2))))
            moments = [f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (came, came + timedelta(minutes=stayed))]
            contract = one.call_off.enrolment.reference
            named = [f"{one.reference}#{worker}", f"{at:%Y-%m-%dT%H:%MZ}", contract, one.package.reference]
            rows.append([*named, f"W{one.person_id}-{worker}", *moments, stayed])
    for branch, path, rows in streams.values():
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(["row", "version", "contract", "person", "worker", "came", "left"])
            writer.writerows(row[:-1] for row in rows)
            writer.writerow(["TOTAL", len(rows), sum(row[-1] for row in rows), "", "", "", ""])
        yield branch, path, len(rows)


def take_statistics() -> None:
    """What a running PostgreSQL's autovacuum does within a minute; without it, plans are those of empty tables."""
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def pay(rows: int) -> Paid:
    """From the upload of so many rows to an approved run, and one person's week priced again."""
    from django.db.models import Sum
    from django.utils import timezone

    from calloff.web.accounts.models import User
    from calloff.web.directory.models import Council
    from calloff.web.jobs import services as jobs
    from calloff.web.payments.models import Entitlement
    from calloff.web.payments.services import runs
    from calloff.web.payments.services.entitling import entitle
    from calloff.web.payments.services.pay_book import PayBook
    from calloff.web.payments.services.pricing import Weeks
    from calloff.web.visits.models import VisitFile
    from calloff.web.visits.services.files import receive

    at = timezone.now().replace(microsecond=0)
    council = Council.objects.order_by("pk").first()
    last_on = week_begins(local(at).date()) - timedelta(days=1)
    payer, approver = User.objects.filter(name__startswith="broker-").order_by("pk")[:2]
    visits = plan_rows(council, rows, last_on, at)
    told = Paid(0, visits.count(), {}, 0)
    with tempfile.TemporaryDirectory(prefix="calloff-bench-") as name:
        sent = list(files_of(visits, Path(name), at))
        told.rows = sum(count for _, _, count in sent)

        def upload() -> None:
            for branch, path, _count in sent:
                receive(council=council, branch=branch, path=path, name=path.name, by=payer, at=at)

        take_statistics()
        told.timed("upload", upload)
    take_statistics()
    assert VisitFile.objects.filter(state=VisitFile.ACCEPTED).count() == len(sent)
    while_due = timezone.now() + timedelta(minutes=1)

    def settle() -> None:
        """File by file, and statistics every minute as a running server takes them: both are in the time."""
        taken = time.monotonic()
        while jobs.work_once("bench", while_due):
            if time.monotonic() - taken > AUTOVACUUM_SECONDS:
                take_statistics()
                taken = time.monotonic()

    told.timed("match and price", settle)
    run = told.timed("draft", lambda: runs.draft(council=council, to_on=last_on, by=payer, at=while_due))
    pence = runs.total(run)
    told.timed("approve", lambda: runs.approve(run=run, shown_pence=pence, by=approver, at=while_due))
    told.pence = Entitlement.objects.filter(council=council).aggregate(pence=Sum("pence"))["pence"]
    assert told.pence == pence
    one = Entitlement.objects.filter(council=council).order_by("pk").first()
    weeks = Weeks.around([one.on])
    told.timed(
        "one person's week again",
        lambda: entitle(PayBook(council), people=[one.person_id], weeks=weeks, at=while_due),
    )
    return told
