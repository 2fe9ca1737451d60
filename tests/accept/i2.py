"""
I2: a provider's minutes are never called off twice, nor more of them than it declared.

Packages of an invented council compete for less than half of the minutes they want, under every way of buying;
providers answer with many parts, and now and then declare less than they hold for others.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from accept.made_up_council import Council, a_council, buying_documents
from accept.tally import Tally

from calloff.acceptance import Result
from calloff.documents.purchasing_models import shipped
from calloff.domain.decisions import Decision, Invitation, Invite
from calloff.domain.errors import CapacityError
from calloff.domain.history import Offered
from calloff.domain.market import Counters
from calloff.domain.packages import BANDS, Package
from calloff.simulator.allocate import Inputs, adapted, arrive, sides_of
from calloff.simulator.keyed_draws import Draws
from calloff.simulator.responders import half_of, taken
from calloff.simulator.run import Case, Run

SIZES = {0: 330, 1: 2_600, 2: 52_000}
"""Packages in all, over the five documents; enough at tier 1 for 2,000 call-offs."""
PACKAGES_OF_A_RUN = 260
SPARE_PERCENT = 45
CUT_PERCENT = 8
"""After how many of a hundred moments of a run some pool is cut."""
BAND_ENDS = (("morning", 630), ("lunch", 840), ("tea", 1080), ("bed", 1320), ("night", 1440))


@dataclass(frozen=True)
class PartlyWilling:
    """Half accept, a third offer a part, the others decline, each within two hours."""

    draws: Draws

    def answers(self, package: Package, invitation: Invitation, wave: int, sent_at):
        key = (package.reference, invitation.provider, str(wave))
        seconds = int((invitation.deadline_at - sent_at).total_seconds())
        at = sent_at + (invitation.deadline_at - sent_at) * self.draws.between(0, min(60, seconds), "delay", *key) / 120
        share = self.draws.between(0, 99, "answer", *key)
        if share < 50:
            return [taken(package, invitation, invitation.covers, at.replace(microsecond=0))]
        if share < 83:
            return [taken(package, invitation, half_of(package, invitation.covers), at.replace(microsecond=0))]
        return [Offered(invitation.enrolment, at.replace(microsecond=0), "decline", "no_capacity")]


class Watcher:
    """Stands where the log stands: looks at each decision and writes nothing."""

    def __init__(self, tally: Tally, splitting: bool):
        self.tally, self.splitting, self.count = tally, splitting, 0

    def add_lot(self, lot, model) -> None:
        """Its decisions are looked at like any other."""

    def add(self, decision: Decision) -> None:
        self.count += 1
        if not isinstance(decision, Invite):
            return
        for one in decision.invitations:
            enough = one.covers if self.splitting else set(one.covers) == set(one.visits)
            self.tally.expect(bool(enough), f"{one.enrolment} was asked for minutes that are all held for others")


def watched(tally: Tally) -> type[Counters]:
    """Counters that are looked at after each change; the class holds what it needs, since its fields are recorded."""

    class Watched(Counters):
        def hold(self, holds):
            super().hold(holds)
            look(self, holds, "held")

        def release(self, holds):
            super().release(holds)
            look(self, (), "released")

        def use(self, minutes_by_pool):
            super().use(minutes_by_pool)
            look(self, minutes_by_pool, "called off")

    def look(counters: Counters, taken_now, act: str) -> None:
        for pool, _ in taken_now:
            over = counters.used[pool] + counters.held[pool] - counters.declared[pool]
            tally.expect(over <= 0, f"pool {pool}: {over} minutes more than declared were {act}")
        least = min(*counters.used, *counters.held, 0)
        tally.expect(least == 0, f"a counter is below nothing ({least}) after minutes were {act}")

    return Watched


def check(size: int) -> Result:
    """Runs over every document until so many packages were on their way."""
    tally = Tally()
    documents = buying_documents()
    each = min(PACKAGES_OF_A_RUN, size // len(documents))
    for number in range(size // each):
        one_run(tally, a_council(number, each), documents[number % len(documents)], number)
    return tally.result


def one_run(tally: Tally, council: Council, name: str, seed: int) -> None:
    document = shipped(name)
    draws = Draws(seed)
    inputs = council.inputs(document, council.contracts(document, SPARE_PERCENT), seed, PartlyWilling(draws))
    run = prepared(inputs, tally)
    packages = [arrive(inputs, row) for row in inputs.packages]

    def cut(run: Run, at) -> None:
        counters, key = run.sides[0].counters, at.isoformat()
        if draws.chance(CUT_PERCENT, "cut", key):
            pool = draws.between(0, len(counters.declared) - 1, "pool", key)
            # A provider may say less than it keeps for others, never less than what was called off.
            counters.declared[pool] = draws.between(counters.used[pool], counters.declared[pool], "to", key)

    run.tell = cut
    try:
        run.carry_out(packages)
    except CapacityError as refusal:
        tally.fault(f"{name}, seed {seed}: only the last guard kept minutes from being sold twice: {refusal}")
        return
    at_the_end(tally, run, f"{name}, seed {seed}")


def prepared(inputs: Inputs, tally: Tally) -> Run:
    documents, _ = adapted(inputs)
    packages = [arrive(inputs, row)[0] for row in inputs.packages]
    (side,) = sides_of(inputs, documents, packages)
    side.counters = watched(tally)(**vars(side.counters))
    log = Watcher(tally, side.model.splitting is not None)
    return Run([side], inputs.responder, log, inputs.begins_at)


def at_the_end(tally: Tally, run: Run, about: str) -> None:
    """What is used is what was called off, worked out again from the visits; nothing was called off twice."""
    expected: Counter[int] = Counter()
    for case in run.cases.values():
        placed = [number for _, _, part in case.parts for number in part.visits]
        tally.n += len(case.parts)
        tally.expect(len(placed) == len(set(placed)), f"{about}: a visit of {case.package.reference} was placed twice")
        for _, _, part in case.parts:
            row = case.side.row(part.delivered_by or part.enrolment)
            for number in part.visits:
                expected[pool_of(case, row, number)] += case.package.visits[number].worker_minutes
    counters = run.sides[0].counters
    for pool, used in enumerate(counters.used):
        tally.expect(used == expected[pool], f"{about}: pool {pool} counts {used} minutes, visits {expected[pool]}")
        tally.expect(used <= counters.declared[pool], f"{about}: pool {pool} was oversold")


def pool_of(case: Case, row: int, number: int) -> int:
    """The pool of an enrolment that holds a visit's part of the day in the package's locality."""
    package, standing = case.package, case.side.standing
    start = package.visits[number].start_minute
    band = "night" if start < 420 else next(name for name, end in BAND_ENDS if start < end)
    return next(
        place
        for place, pool in enumerate(standing.pools)
        if pool.row == row
        and (not pool.areas or package.locality in pool.areas)
        and band in [BANDS[one] for one in pool.bands]
    )
