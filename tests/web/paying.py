"""Care called off, planned and paid for tests: a world whose visits are sent as files and paid by runs."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

from web.world import made_world

from calloff.documents.payment_rules import shipped_folder
from calloff.domain.packages import Visit
from calloff.formats.delivered_visits import DeliveredVisit, LoggedAt, write_visits
from calloff.web.brokerage.models import CallOff
from calloff.web.payments.models import RuleVersion
from calloff.web.payments.services import runs
from calloff.web.visits.models import PlannedVisit, PlanningStart
from calloff.web.visits.services.files import receive
from calloff.web.visits.services.planning import plan_ahead

TWO_WEEKS = date(2026, 12, 13)
MORNINGS_AND_BED = tuple(Visit(day, 480, 30) for day in range(7)) + tuple(Visit(day, 1_200, 45, 2) for day in range(7))


class Paying:
    """A world with care called off to Acorn, planned ahead, under a payment rule."""

    def __init__(self, folder, packages=3, rule="isle_of_wight_2021_fixed", visits=MORNINGS_AND_BED, pounds=19):
        self.world, self.folder = made_world(), folder
        world = self.world
        world.provider("Acorn", pounds=pounds, minutes=60_000, capabilities=frozenset({"double_handed"}))
        self.packages = [world.started(visits=visits) for _ in range(packages)]
        for package in self.packages:
            world.declared("Acorn")
            world.answer(package, "Acorn")
            world.confirm(package)
        text = (shipped_folder() / f"{rule}.yaml").read_text(encoding="utf-8")
        RuleVersion.objects.create(
            council=world.council,
            model="framework",
            rule=rule,
            version=1,
            title=rule,
            text=text,
            starts_on=date(2020, 1, 1),
            published_at=world.at,
        )
        PlanningStart.objects.create(council=world.council, on=date(2026, 11, 23))
        plan_ahead(world.council.pk, world.at)
        self.at = datetime(2026, 12, 15, 9, tzinfo=UTC)

    @property
    def payer(self):
        return self.world.user("payer")

    @property
    def approver(self):
        return self.world.user("pay-approver")

    def planned(self):
        rows = PlannedVisit.objects.filter(on__lte=TWO_WEEKS, superseded_at=None).select_related("package")
        return list(rows.order_by("start_at", "reference"))

    def delivered(self, seed=1):
        """Everything that was planned up to two weeks, now and then short, late, missed or by one worker of two."""
        chance, rows, contract = random.Random(seed), [], contract_of(self)
        for one in self.planned():
            for worker in range(one.workers):
                if chance.random() < 0.08:
                    continue
                came = one.start_at + timedelta(seconds=chance.randrange(-300, 2_400))
                left = came + timedelta(minutes=max(1, one.minutes - chance.choice((0, 0, 0, 5, 12))))
                rows.append(
                    DeliveredVisit(
                        0,
                        f"R{len(rows)}",
                        self.at,
                        contract,
                        one.package.reference,
                        f"W{worker}",
                        LoggedAt(came),
                        LoggedAt(left),
                    )
                )
        return rows

    def send(self, rows, name="visits.csv", by=None, at=None):
        path = self.folder / name
        write_visits(path, rows)
        return self.send_file(path, at or self.at)

    def send_file(self, path, at=None):
        branch = self.world.branch("Acorn")
        file = receive(
            council=self.world.council,
            branch=branch,
            path=path,
            name=path.name,
            by=self.world.manager("Acorn"),
            at=at or self.at,
        )
        self.world.at = at or self.at
        self.world.work()
        return file

    def pay(self, at=None):
        at = at or self.at
        run = runs.draft(council=self.world.council, to_on=TWO_WEEKS, by=self.payer, at=at)
        runs.approve(run=run, shown_pence=runs.total(run), by=self.approver, at=at)
        return runs.release(run=run, by=self.payer, at=at)


def contract_of(paying):
    return CallOff.objects.first().enrolment.reference
