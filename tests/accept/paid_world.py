"""
Care that was delivered last week, settled and ready to be paid: what the acts on visits and on money are done to.

Everything is made when it is first asked for and shared from then on, over one week only, so that a check that looks at
the whole database after each statement has little to look at.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

ONE_DAY, WEEK = timedelta(days=1), timedelta(days=7)


class PaidWorld:
    """
    A world whose packages began a week ago; `at` stays its clock.

    `since` and `until` are the days of which visits were planned and delivered, both included.
    """

    def __init__(self, world: Any) -> None:
        self.world, self.at = world, world.at
        self.since = (world.at - WEEK).date()
        self.until = self.since + timedelta(days=6)
        self.folder = tempfile.TemporaryDirectory(prefix="calloff-paid-")
        self.numbers = count(1)
        # Made beforehand, so that no act makes a user.
        self.payer, self.approver = world.user("payer", "finance_payer"), world.user("pay-approver", "pay_approver")
        self.manager = world.manager("acorn")

    # -- what is there

    @cached_property
    def begun(self) -> None:
        """The day from which visits are planned, and the rule by which they are paid."""
        from calloff.web.visits.models import PlanningStart

        self.publish("*", "hounslow_spot", self.since)
        PlanningStart.objects.create(council=self.world.council, on=self.since)

    def publish(self, model: str, rule: str, starts_on: date) -> None:
        """A shipped payment rule in force from a day on."""
        from calloff.documents.payment_rules import shipped_folder
        from calloff.web.payments.models import RuleVersion

        text = (shipped_folder() / f"{rule}.yaml").read_text(encoding="utf-8")
        told = {"council": self.world.council, "model": model, "published_at": self.at, "starts_on": starts_on}
        number = RuleVersion.objects.filter(council=self.world.council, model=model).count() + 1
        RuleVersion.objects.create(rule=rule, version=number, title=rule, text=text, **told)

    def package(self) -> Any:
        """A package called off to Acorn two weeks ago, with a planned visit on each day of the week that is over."""
        from calloff.web.visits.services.planning import plan

        _ = self.begun
        self.world.at = self.at - 2 * WEEK
        try:
            package = self.world.started()
            self.world.answer(package, "acorn")
            self.world.confirm(package)
        finally:
            self.world.at = self.at
        package = self.world.again(package)
        plan(package, self.since, self.until, self.at)
        return package

    @cached_property
    def shared(self) -> Any:
        """The package of whoever needs one and changes nothing of it."""
        return self.package()

    def planned(self, package: Any) -> list[Any]:
        """The planned visits of a package, in order."""
        from calloff.web.visits.models import PlannedVisit

        rows = PlannedVisit.objects.filter(package=package, superseded_at=None, unplanned=False)
        return list(rows.order_by("start_at"))

    @cached_property
    def contract(self) -> str:
        return str(self.shared.call_offs.get().enrolment.reference)

    # -- what was sent

    def rows(self, package: Any) -> list[Any]:
        """What its provider says of each visit of a package: as planned."""
        from calloff.formats.delivered_visits import DeliveredVisit, LoggedAt

        told = (0, "", self.at, package.call_offs.get().enrolment.reference, package.reference, "W1")
        return [
            replace(DeliveredVisit(*told, LoggedAt(one.start_at), LoggedAt(one.ends_at)), row=f"R{next(self.numbers)}")
            for one in self.planned(package)
        ]

    def file(self, rows: Sequence[Any]) -> Path:
        """A file of rows, as a provider sends it."""
        from calloff.formats.delivered_visits import write_visits

        path = Path(self.folder.name) / f"visits-{next(self.numbers)}.csv"
        write_visits(path, rows)
        return path

    def told(self, path: Path) -> dict[str, Any]:
        """With what a file is received."""
        branch = self.world.branch("acorn")
        return {"council": self.world.council, "branch": branch, "path": path, "name": path.name, "at": self.at}

    def sent(self, rows: Sequence[Any]) -> None:
        """Rows received and settled, as the worker would."""
        from web.filled_pay import settle

        from calloff.web.visits.services.files import receive

        receive(by=self.manager, **self.told(self.file(rows)))
        settle(self.world)

    # -- what it is worth

    def delivered(self) -> list[Any]:
        """What each visit of a new package is worth; nobody has paid any of them."""
        from calloff.web.payments.models import Entitlement

        package = self.package()
        self.sent(self.rows(package))
        return list(Entitlement.objects.filter(anchor__startswith=f"{package.reference}/").order_by("pk"))

    @cached_property
    def _every(self) -> Iterator[Any]:
        def found() -> Iterator[Any]:
            while True:
                yield from self.delivered()

        return found()

    def line(self) -> Any:
        """What a visit is worth of which no act has made anything yet."""
        return next(self._every)

    def draft(self) -> Any:
        """A draft run with something in it; whatever draft is open is dropped first."""
        from calloff.web.payments.services import runs

        self.no_draft()
        self.delivered()
        return runs.draft(council=self.world.council, to_on=self.until, by=self.payer, at=self.at)

    def no_draft(self) -> None:
        """No run is open."""
        from calloff.web.payments.models import PayRun
        from calloff.web.payments.services import runs

        _ = self.begun
        for run in PayRun.objects.filter(council=self.world.council, state__in=PayRun.OPEN):
            runs.drop(run=run, by=self.payer, at=self.at)

    def approved(self) -> Any:
        from calloff.web.payments.services import runs

        run = self.draft()
        return runs.approve(run=run, shown_pence=runs.total(run), by=self.approver, at=self.at)
