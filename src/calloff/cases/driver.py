"""Carries the kernel's decisions out in memory, one package at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from calloff.domain.carrying_out import Course
from calloff.domain.decisions import Decision
from calloff.domain.history import Offered
from calloff.domain.market import Counters, Market, Standing
from calloff.domain.next_step import next_step
from calloff.domain.packages import Package
from calloff.domain.purchasing_model import PurchasingModel
from calloff.domain.records import Ledger


class Run(Course):
    """One package on its way through a written case."""

    @classmethod
    def of(cls, model: PurchasingModel, package: Package, standing: Standing) -> Self:
        return cls(model, package, standing, Counters.at_start(standing, model.takes_turns))

    def ask(self, at: datetime) -> Decision:
        """The kernel's answer, after giving back what was kept for those who no longer may answer."""
        self.release_spent(at)
        return next_step(self.model, self.package, Market(self.standing, self.counters), self.history, at)

    def answer(self, offer: Offered) -> None:
        self.history.append(offer)


def record_of(decision: Decision) -> bytes:
    return decision.record(Ledger()).content
