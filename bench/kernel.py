"""
How long the kernel takes to decide, step by step, beside its limits and beside the same rule written by hand; the
same rule compiled; and how a run grows with its packages and its providers.

The market is invented and seeded; the rules are those of East Lothian's framework of 2017. All times are processor
time of this process, the median of many warm runs: on a busy machine wall time says little.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from math import isqrt
from pathlib import Path
from statistics import median
from typing import Any

from calloff.compiled import compiled, compiler, is_kept, numbers
from calloff.documents.bank_holidays import calendar_for
from calloff.documents.purchasing_models import load
from calloff.domain import allocation
from calloff.domain.contracts import Enrolment, Pool, PriceLine, Suspension
from calloff.domain.decisions import Decision
from calloff.domain.facts import Asked
from calloff.domain.ground import ground_of
from calloff.domain.market import Counters, Market, Standing
from calloff.domain.next_step import next_step
from calloff.domain.packages import BANDS, Package, Visit, minutes_by_band
from calloff.domain.providers import Provider
from calloff.domain.records import Ledger
from calloff.domain.tables import KEY, STEP, StepColumn
from calloff.formats.packages import NO_DAY, NO_MOMENT, PackageRow
from calloff.simulator.allocate import Inputs, allocate
from calloff.simulator.keyed_draws import Draws
from calloff.simulator.responders import Seeded

MODEL = "east_lothian_2017_framework"
SEED = 2017
SIZES = (20, 200, 2_000)
PACKAGES, PROVIDERS, GROWTH = 100, 20, (1, 10, 100)
"""A run's size, and how many times as large its packages and then its providers are made."""
MOST_SECONDS = 600
"""A point of growth that would take longer is run with fewer packages, and says with how many."""
AT = datetime(2018, 3, 5, 9, 30, tzinfo=UTC)
START_ON = date(2018, 3, 12)
CEILING, GRADE, CARE = 159_500, 3, frozenset({"moving_and_handling", "medication"})
VISITS = tuple(Visit(day, start, minutes) for day in range(7) for start, minutes in ((480, 45), (750, 30), (1230, 30)))
"""21 visits a week, in three parts of the day."""
BATCH_SECONDS = 0.01
BATCHES = 15
COLUMNS, NEXT, ORDER, RECORD, WHOLE, BY_HAND = (
    "columns",
    "gates and next candidate",
    "full order adds",
    "record and hash add",
    "the whole next_step",
    "the same rule by hand",
)
LIMITS = {
    (NEXT, 200): 1_000,
    (NEXT, 2_000): 10_000,
    (ORDER, 200): 3_000,
    (ORDER, 2_000): 40_000,
    (RECORD, 200): 2_000,
    (RECORD, 2_000): 20_000,
}
"""Microseconds, by stage and number of providers."""
NEXT_IN_LOOP, ORDER_IN_LOOP, NEXT_CALLED, ORDER_CALLED = (
    "gates and next candidate",
    "gates and full order",
    "gates and next, from Python",
    "gates and order, from Python",
)
"""Compiled: called by a compiled loop, as a simulation does, and by Python, which hands over every array each time."""
COMPILED_LIMITS = {(NEXT_IN_LOOP, 200): 5, (ORDER_IN_LOOP, 200): 25}
LOOPS = 50


# The invented market


def providers(number: int) -> tuple[Provider, ...]:
    """So many services, about an eighth of them below the grade that the document asks for."""
    draws = Draws(SEED)

    def one(reference: str) -> Provider:
        grades = tuple(draws.between(3, 6, "grade", reference, str(area)) for area in range(4))
        grades = (2, *grades[1:]) if draws.chance(12, "weak", reference) else grades
        return Provider(
            reference,
            f"Invented Service {reference}",
            reference,
            "scotland",
            frozenset({"care_at_home"}),
            in_house=False,
            registered_from=date(2010, 1, 1),
            registered_to=None,
            scale="care_inspectorate",
            grades=grades,
            easting=300_000 + draws.between(0, 30_000, "easting", reference),
            northing=600_000 + draws.between(0, 30_000, "northing", reference),
        )

    return tuple(one(f"PR{place:05d}") for place in range(number))


def enrolments(register: tuple[Provider, ...], most_minutes: int = 2_400) -> tuple[Enrolment, ...]:
    """Each provider's place: a price up to a little above the ceiling, a pool for each part of the day."""
    draws = Draws(SEED)

    def one(provider: Provider) -> Enrolment:
        key = provider.reference
        name = f"E-{key}"
        pools = tuple(
            Pool(draws.between(0, most_minutes, "minutes", key, band), AT - timedelta(days=1), bands=frozenset({band}))
            for band in BANDS[:4]
        )
        able = {name for name in (*CARE, "double_handed", "nights") if draws.chance(85, "able", key, name)}
        return Enrolment(
            reference=name,
            provider=key,
            tier="framework",
            role="member",
            price_lines=(PriceLine(f"{name}#1", draws.between(1_350, 1_620, "price", key) * 100),),
            pools=pools,
            capabilities=frozenset(able),
            client_groups=frozenset({"older_people"} if draws.chance(80, "group", key) else {"other"}),
            suspensions=(Suspension(date(2018, 3, 1)),) if draws.chance(3, "suspended", key) else (),
        )

    return tuple(one(provider) for provider in register)


def market(number: int) -> Market:
    register = providers(number)
    calendars = {"scotland": calendar_for("scotland")}
    names = {one.reference: one for one in register}
    standing = Standing(enrolments(register), names, calendars, ("all",), str(SEED))
    return Market(standing, Counters.at_start(standing))


def package(number: int = 0) -> Package:
    reference = f"P-{Draws(SEED).number('package', str(number)) >> 32:08x}"
    needs = frozenset({"medication"})
    return Package(
        reference, AT, START_ON, 5, "scotland", "all", VISITS, needs=needs, easting=312_000, northing=612_000
    )


# The kernel, stage by stage


class Stages:
    """One market and package, with what each stage leaves for the next."""

    def __init__(self, number: int) -> None:
        self.model = load(MODEL).model
        self.market = market(number)
        self.ground = ground_of(self.market.standing, self.model)
        self.tables, self.rows = self.ground.tables, self.ground.rows
        self.package = package()
        self.ledger, self.count = Ledger(), 0
        self.decision = self.next_step()
        self.decision.record(self.ledger)
        self.columns()
        self.gates_and_next()

    def columns(self) -> None:
        asked = Asked(self.ground, self.package, range(len(VISITS)))
        self.of_package, self.facts = asked.columns_at(AT), asked.facts_at(self.market.counters, {}, AT)

    def forget(self) -> None:
        """As before the first question about a package: everybody lives elsewhere."""
        self.ground.distances.clear()
        self.ground.asked.clear()

    def gates_and_next(self) -> int:
        tables, rows = self.tables, self.rows
        self.failed, self.chosen, self.scratch = [0] * rows, [0] * rows, [0] * rows
        self.found = [0] * 4
        self.step = allocation.decide(
            tables.gates,
            tables.conditions,
            tables.lines,
            tables.steps,
            tables.enforced,
            self.facts,
            rows,
            self.of_package,
            minutes_by_band(VISITS),
            [allocation.ASKABLE] * rows,
            self.failed,
            self.chosen,
            self.scratch,
            [0] * 5,
            self.found,
        )
        first, last = self.keys
        best = allocation.first_in_order(
            tables.keys, first, last, self.facts, rows, self.of_package, self.chosen, self.found[0]
        )
        return self.chosen[best]

    @property
    def keys(self) -> tuple[int, int]:
        at = self.step * STEP
        return self.tables.steps[at + StepColumn.KEYS_FROM], self.tables.steps[at + StepColumn.KEYS_TO]

    def order(self) -> list[int]:
        """The candidates in full order; `chosen` stays as it is, so that each run sorts the same rows."""
        tables, (first, last) = self.tables, self.keys
        chosen = list(self.chosen)
        values = [0] * (self.rows * (len(tables.keys) // KEY))
        count = self.found[0]
        allocation.put_in_order(
            tables.keys, first, last, self.facts, self.rows, self.of_package, chosen, count, values, self.scratch
        )
        return chosen[:count]

    def next_step(self) -> Decision:
        return next_step(self.model, self.package, self.market, (), AT)

    def record(self) -> None:
        self.decision.record(self.ledger)

    def as_after_another_call_off(self) -> None:
        """Another package's decision, after minutes were called off elsewhere: what a record finds in real use."""
        self.count += 1
        self.package = package(self.count)
        pools = len(self.market.counters.used)
        for band in range(3):
            self.market.counters.used[(self.count * 4 + band) % pools] += 1
        self.decision = self.next_step()


# The same rule by hand


@dataclass
class Row:
    """What a programmer would keep of a provider, were this rule the only one."""

    provider: str
    centipence: int
    spare: tuple[int, ...]
    grades: tuple[int, ...]
    quality: int
    capabilities: frozenset[str]
    client_groups: frozenset[str]
    services: frozenset[str]
    registered_from: date
    registered_to: date | None
    suspensions: tuple[Suspension, ...]
    x: int
    y: int


def rows_by_hand(market: Market) -> list[Row]:
    rows = []
    for one in market.standing.enrolments:
        provider = market.standing.providers[one.provider]
        rows.append(
            Row(
                one.provider,
                one.price_lines[0].centipence,
                tuple(pool.minutes for pool in one.pools),
                provider.grades,
                provider.quality,
                one.capabilities,
                one.client_groups,
                provider.service_types,
                provider.registered_from,
                provider.registered_to,
                one.suspensions,
                provider.easting,
                provider.northing,
            )
        )
    return rows


def order_by_hand(rows: list[Row], package: Package) -> list[str]:
    """Who would be asked, in order: gates as ifs over the providers, then a sort by a tuple."""
    needs, smallest = [0] * 5, [0] * 5
    for visit in package.visits:
        needs[visit.band] += visit.minutes
        smallest[visit.band] = visit.minutes
    total = sum(needs)
    keyed = []
    for row in rows:
        if row.registered_from > START_ON or (row.registered_to and row.registered_to < START_ON):
            continue
        if package.service_type not in row.services or package.client_group not in row.client_groups:
            continue
        if min(row.grades) < GRADE or row.centipence > CEILING or not package.needs <= row.capabilities:
            continue
        if row.provider in package.exclusions or any(one.covers(AT.date()) for one in row.suspensions):
            continue
        covered = capacity = 0
        for need, least, spare in zip(needs, smallest, row.spare, strict=False):
            if need and spare > 0:
                capacity += spare
                covered += need if need <= spare else spare if least <= spare else 0
        if covered == 0:
            continue
        metres = isqrt((row.x - package.easting) ** 2 + (row.y - package.northing) ** 2)
        keyed.append(((row.centipence * total, -capacity, -row.quality, metres), row.provider))
    keyed.sort()
    for place in range(1, len(keyed)):
        if keyed[place][0] == keyed[place - 1][0]:
            keyed.sort(key=lambda one: (one[0], draw_by_hand(package.reference, one[1])))
            break
    return [provider for _, provider in keyed]


def draw_by_hand(package: str, provider: str) -> int:
    digest = hashlib.sha256(f"{SEED}|{package}|1|{provider}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 2


# Measuring


def microseconds(act: Callable[[], Any], before: Callable[[], None] | None = None, batches: int = BATCHES) -> float:
    """Processor time of one call: the median over batches, each long enough for the clock, after a warm one."""
    act()
    times = []
    for _ in range(batches):
        spent = calls = 0.0
        while spent < BATCH_SECONDS:
            if before is not None:
                before()
            began = time.process_time()
            act()
            spent += time.process_time() - began
            calls += 1
        times.append(spent / calls * 1e6)
    return median(times)


def of_size(number: int, batches: int = BATCHES) -> dict[str, float]:
    """Microseconds of each stage in a market of so many providers; the two rules must agree."""
    stages = Stages(number)
    rows = rows_by_hand(stages.market)
    by_hand = order_by_hand(rows, stages.package)
    standing = stages.market.standing.enrolments
    by_kernel = [standing[row].provider for row, *_ in stages.decision.basis.body["order"]]
    if by_kernel != by_hand or standing[stages.gates_and_next()].provider != by_hand[0]:
        raise AssertionError(f"the kernel and the rule by hand differ among {number} providers")
    times = {
        COLUMNS: microseconds(stages.columns, stages.forget, batches),
        NEXT: microseconds(stages.gates_and_next, batches=batches),
        ORDER: microseconds(stages.order, batches=batches),
        RECORD: microseconds(stages.record, stages.as_after_another_call_off, batches),
    }
    stages.package = package()
    times[WHOLE] = microseconds(stages.next_step, stages.forget, batches)
    times[BY_HAND] = microseconds(lambda: order_by_hand(rows, stages.package), batches=batches)
    return times


# The same rule compiled


class CompiledStages:
    """The market and package of some stages as flat arrays, and the compiled rule that decides on them."""

    def __init__(self, stages: Stages) -> None:
        tables, rows, self.rows = stages.tables, stages.rows, stages.rows
        self.stages = stages
        self.first, self.last = stages.keys
        self.decide, self.first_in_order, self.put_in_order = map(
            compiled, (allocation.decide, allocation.first_in_order, allocation.put_in_order)
        )
        self.keys = numbers(tables.keys)
        self.facts, self.package = numbers(stages.facts), numbers(stages.of_package)
        self.failed, self.chosen, self.scratch = (numbers([0] * rows) for _ in range(3))
        self.values, self.found = numbers([0] * (rows * (self.last - self.first))), numbers([0] * 4)
        self.asked = (
            *map(numbers, (tables.gates, tables.conditions, tables.lines, tables.steps)),
            tables.enforced,
            self.facts,
            rows,
            self.package,
            numbers(minutes_by_band(VISITS)),
            numbers([allocation.ASKABLE] * rows),
            self.failed,
            self.chosen,
            self.scratch,
            numbers([0] * 5),
            self.found,
        )
        self.loop_next, self.loop_order = self.loops()

    def called_next(self) -> int:
        self.decide(*self.asked)
        ranked = (self.keys, self.first, self.last, self.facts, self.rows, self.package, self.chosen)
        return int(self.chosen[self.first_in_order(*ranked, self.found[0])])

    def called_order(self) -> list[int]:
        self.decide(*self.asked)
        ranked = (self.keys, self.first, self.last, self.facts, self.rows, self.package, self.chosen)
        self.put_in_order(*ranked, self.found[0], self.values, self.scratch)
        return self.chosen

    def loops(self) -> tuple[Callable[[int], None], Callable[[int], None]]:
        """So many decisions one after the other within compiled code, whose types numba works out for itself."""
        decide, first_in_order, put_in_order = self.decide, self.first_in_order, self.put_in_order
        njit = compiler().njit

        @njit
        def next_ones(times, asked, keys, first, last, facts, rows, package, chosen, found):  # noqa: ANN001, ANN202
            total = 0
            for _ in range(times):
                decide(*asked)
                total += first_in_order(keys, first, last, facts, rows, package, chosen, found[0])
            return total

        @njit
        def orders(times, asked, keys, first, last, facts, rows, package, chosen, found, values, scratch):  # noqa: ANN001, ANN202
            total = 0
            for _ in range(times):
                decide(*asked)
                total += put_in_order(keys, first, last, facts, rows, package, chosen, found[0], values, scratch)
            return total

        about = (self.asked, self.keys, self.first, self.last, self.facts, self.rows, self.package, self.chosen)
        about = (*about, self.found)
        return (
            lambda times: next_ones(times, *about),
            lambda times: orders(times, *about, self.values, self.scratch),
        )

    def agree(self) -> None:
        """AssertionError unless gates, next candidate and order are those of the plain rule."""
        stages = self.stages
        best, order = stages.gates_and_next(), stages.order()
        same = self.called_next() == best and self.failed.tolist() == stages.failed
        self.loop_order(1)
        if (
            not same
            or self.chosen[: len(order)].tolist() != order
            or self.called_order()[: len(order)].tolist() != order
        ):
            raise AssertionError(f"the compiled rule and the plain one differ among {stages.rows} providers")


def compiled_of_size(number: int, batches: int = BATCHES) -> dict[str, float]:
    """Microseconds of one compiled decision in a market of so many providers; plain and compiled must agree."""
    stages = CompiledStages(Stages(number))
    stages.agree()
    return {
        NEXT_IN_LOOP: microseconds(lambda: stages.loop_next(LOOPS), batches=batches) / LOOPS,
        ORDER_IN_LOOP: microseconds(lambda: stages.loop_order(LOOPS), batches=batches) / LOOPS,
        NEXT_CALLED: microseconds(stages.called_next, batches=batches),
        ORDER_CALLED: microseconds(stages.called_order, batches=batches),
    }


# Growth


def run_seconds(packages: int, number: int = PROVIDERS) -> float:
    """Processor seconds of `allocate` for so many packages among so many providers with enough minutes."""
    register = providers(number)
    blank = {"approved_at": NO_MOMENT, "required_start_on": NO_DAY}
    rows = [PackageRow(at + 2, replace(package(at), **blank)) for at in range(packages)]
    draws = Draws(SEED)
    contracts = enrolments(register, most_minutes=packages * 60)
    inputs = Inputs([load(MODEL)], register, contracts, rows, (), Seeded(draws), AT, SEED)
    with tempfile.TemporaryDirectory(prefix="calloff-bench-") as folder:
        began = time.process_time()
        allocate(inputs, Path(folder) / "run")
        return time.process_time() - began


def growth(tell: Callable[[str], None], times: Sequence[int] = GROWTH) -> dict[str, dict[str, float]]:
    """Seconds of a run whose packages, and then whose providers, grow; `packages` says how many were really run."""
    found: dict[str, dict[str, float]] = {}
    tell("\nallocate, seeded answers: packages and providers grown one at a time")
    for kind in ("packages", "providers"):
        taken = 0.0
        for place, by in enumerate(times):
            wanted = PACKAGES * by if kind == "packages" else PACKAGES
            number = PROVIDERS * by if kind == "providers" else PROVIDERS
            # At worst as the square of what grows.
            expected = taken * (by / times[place - 1]) ** 2 if place else 0.0
            run = wanted if expected <= MOST_SECONDS else max(1, int(wanted * MOST_SECONDS / expected))
            seconds = run_seconds(run, number)
            taken = seconds * wanted / run
            found[f"{kind} x{by}"] = {"packages": run, "providers": number, "seconds": round(seconds, 2)}
            sample = f", a sample of {wanted:,}" if run < wanted else ""
            each = f"{seconds / run * 1000:.1f} ms a package (n = {run:,}{sample})"
            tell(f"  {kind:<10}{by:>4} x {wanted:>8,} packages {number:>6,} providers {seconds:>8.2f} s  {each}")
    return found


# All


def table(tell: Callable[[str], None], times: dict[int, dict[str, float]], decimals: int) -> None:
    """A line for each stage, a column for each number of providers, and how the last two stand to each other."""
    for stage in times[SIZES[0]]:
        cells = "".join(f"{times[number][stage]:>22,.{decimals}f}" for number in SIZES)
        tell(f"{stage:<28}{cells}{times[2_000][stage] / times[200][stage]:>13.1f} x")


def within(
    tell: Callable[[str], None], limits: dict[tuple[str, int], int], times: dict[int, dict[str, float]], decimals: int
) -> bool:
    """Tell each limit with what was measured; whether all were kept."""
    for (stage, number), limit in limits.items():
        taken = times[number][stage]
        verdict = "PASS" if taken <= limit else "over"
        tell(f"  {stage:<28}{number:>6,} providers {taken:>10,.{decimals}f} of {limit:>7,} us  {verdict}")
    return all(times[number][stage] <= limit for (stage, number), limit in limits.items())


def measure(tell: Callable[[str], None]) -> tuple[dict[str, Any], bool]:
    """Measure all, tell the tables, and return the figures with whether every limit was kept."""
    times = {number: of_size(number) for number in SIZES}
    tell("processor time of one decision, microseconds (median, warm)\n")
    tell(f"{'':<28}" + "".join(f"{number:>12,} providers" for number in SIZES) + f"{'200 to 2,000':>15}")
    table(tell, times, 0)
    fast = {number: compiled_of_size(number) for number in SIZES}
    tell("\nthe same rule compiled" + ("" if is_kept() else " (anew, since nothing can be kept in .venv/compiled)"))
    table(tell, fast, 2)
    tell("\nlimits")
    kept = within(tell, LIMITS, times, 0)
    tell("limits, compiled")
    kept = within(tell, COMPILED_LIMITS, fast, 2) and kept
    runs = growth(tell)
    figures = {
        "microseconds": rounded(times, 1),
        "compiled_microseconds": rounded(fast, 2),
        "limits_microseconds": limits_by_name(LIMITS),
        "compiled_limits_microseconds": limits_by_name(COMPILED_LIMITS),
        "allocate_seconds": runs,
    }
    return figures, kept


def rounded(times: dict[int, dict[str, float]], decimals: int) -> dict[str, dict[str, float]]:
    return {
        str(number): {stage: round(taken, decimals) for stage, taken in one.items()} for number, one in times.items()
    }


def limits_by_name(limits: dict[tuple[str, int], int]) -> dict[str, int]:
    return {f"{stage}, {number} providers": limit for (stage, number), limit in limits.items()}
