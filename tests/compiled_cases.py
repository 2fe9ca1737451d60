"""
Drawn questions to the rule of call-off, put to its plain and to its compiled form, and which branches they reach.

Every number a document or a file may hold is drawn up to its bound, since only there do 64 bits come to an end.
"""

from __future__ import annotations

import dis
import random
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from types import CodeType, FrameType
from typing import Any

import numpy as np

from calloff.compiled import compiled, numbers
from calloff.domain import allocation, serving
from calloff.domain.tables import (
    FACT_COLUMNS,
    KEY,
    MOST_WEIGHTS,
    STEP,
    Comparison,
    Fact,
    Method,
    PackageColumn,
    StepColumn,
)
from calloff.domain.units import MOST_COST, MOST_MINUTES

RULES: dict[str, Callable[..., Any]] = {
    "conditions_hold": allocation.conditions_hold,
    "mark_failures": allocation.mark_failures,
    "candidates_of": allocation.candidates_of,
    "put_in_order": allocation.put_in_order,
    "first_in_order": allocation.first_in_order,
    "score": allocation.score,
    "decide": allocation.decide,
    "advance": allocation.advance,
    "band_fit": allocation.band_fit,
    "cheapest_pair": allocation.cheapest_pair,
    "first_waiting": serving.first_waiting,
}
"""Every rule, as it was when this module was loaded: a test may put something else in its place."""
MOST_METRES = 10_000_000
MOST_BITS = (1 << 62) - 1
FAR_DAY = 10_000_000
MOST_SCORE = 10_000 * 1_000_000
MOST_FACTS = {
    **dict.fromkeys((Fact.COST, Fact.CEILING_COST, *range(Fact.BAND_COST, Fact.BAND_COST + 5)), MOST_COST),
    **dict.fromkeys((Fact.SHORT, Fact.COVERABLE, Fact.CAPACITY, Fact.MINUTES_IN_28_DAYS), 5 * MOST_MINUTES),
    **dict.fromkeys(range(Fact.POOL_SPARE, Fact.POOL_SPARE + 5), MOST_MINUTES),
    **dict.fromkeys((Fact.DISTANCE, Fact.DAYS_LATE, Fact.TURN), MOST_METRES),
    **dict.fromkeys((Fact.REGISTERED_FROM, Fact.REGISTERED_TO, Fact.CONTRACT_FROM, Fact.CONTRACT_TO), FAR_DAY),
    **dict.fromkeys((Fact.SCORE, *range(Fact.POINTS, Fact.POINTS + MOST_WEIGHTS)), MOST_SCORE),
    **dict.fromkeys((Fact.QUALITY, Fact.QUALITY_SCORE, Fact.TIER), 100),
}
MOST = np.array([MOST_FACTS.get(column, MOST_BITS) for column in range(FACT_COLUMNS)])
"""The greatest value of each column; a bit set or a draw where nothing else is said."""
PAIRED = slice(Fact.BAND_POOL, Fact.BAND_POOL + 5)
KEY_COLUMNS = (Fact.COST, Fact.CAPACITY, Fact.QUALITY, Fact.DISTANCE, Fact.TIER, Fact.SCORE, Fact.TURN, Fact.DRAW)
SCORE_COLUMNS = (Fact.COST, Fact.QUALITY_SCORE, Fact.QUALITY, Fact.DAYS_LATE, Fact.DISTANCE)


def compile_rules() -> dict[str, Callable[..., Any]]:
    return {name: compiled(rule) for name, rule in RULES.items()}


# One question


class Both:
    """Puts each call to the plain and to the compiled rule, and collects where they differ."""

    def __init__(self) -> None:
        self.compiled = compile_rules()
        self.calls = 0
        self.differences: list[str] = []

    def __call__(self, name: str, *arguments: Any) -> Any:
        """What the plain rule answers; whatever it writes is written into the arguments."""
        twins = [one if isinstance(one, int) else numbers(one) for one in arguments]
        answer = RULES[name](*arguments)
        twin_answer = self.compiled[name](*twins)
        self.calls += 1
        same = answer == twin_answer and all(
            one == twin if isinstance(one, int) else list(one) == twin.tolist()
            for one, twin in zip(arguments, twins, strict=True)
        )
        if not same:
            self.differences.append(f"{name} answers {answer}, compiled {twin_answer}, to {arguments}")
        return answer


@contextmanager
def in_place_of_the_rule(both: Both) -> Iterator[None]:
    """Whoever calls the rule meanwhile, through its module or through the plain reckoner, calls both forms of it."""

    def twin(name: str) -> Callable[..., Any]:
        return lambda *arguments: both(name, *arguments)

    reckoner = sys.modules.get("calloff.domain.reckoner")
    holders = [vars(one) for one in (allocation, getattr(reckoner, "PLAIN", None)) if one is not None]
    # Through their names alone: an reckoner's own fields cannot be set.
    held = [(holder, name) for holder in holders for name in RULES if holder.get(name) is RULES[name]]
    for holder, name in held:
        holder[name] = twin(name)
    try:
        yield
    finally:
        for holder, name in held:
            holder[name] = RULES[name]


@dataclass
class Drawn:
    """A question's numbers: `decide`'s tables, facts, package and status, with room for its answers."""

    rng: random.Random
    rows: int = 0
    facts: list[int] = field(default_factory=list)
    package: list[int] = field(default_factory=list)
    conditions: list[int] = field(default_factory=list)

    def below(self, most: int) -> int:
        return int(self.rng.random() * most)

    def flip(self, percent: int) -> int:
        return int(self.rng.random() * 100 < percent)

    def some(self, values: Sequence[int], count: int) -> list[int]:
        return self.rng.choices(values, k=count)

    def mixed(self, count: int) -> list[int]:
        """The numbers below `count` in any order."""
        return self.rng.sample(range(count), count)


def drawn(seed: int, number: int) -> Drawn:
    """The question of a number: facts and package, each column small, anywhere up to its bound, or at its edges."""
    rng = np.random.default_rng([seed, number])
    case = Drawn(random.Random(f"{seed} {number}"))
    case.rows = case.some([1, 2, 3, 4, 5, 8, 13], 1)[0]
    shape = (FACT_COLUMNS, case.rows)
    kinds = np.array([0, 0, 0, 1, 2])[rng.integers(0, 5, (FACT_COLUMNS, 1))]
    most = np.broadcast_to(MOST[:, None], shape)
    wide = rng.integers(0, most + 1)
    edge = np.array([0, 1, 2])[rng.integers(0, 3, shape)]
    edges = np.where(rng.integers(0, 2, shape) == 1, most - edge, edge)
    facts = np.where(kinds == 0, np.minimum(rng.integers(0, 4, shape), most), np.where(kinds == 1, wide, edges))
    facts[PAIRED] = rng.integers(-1, 3, (5, case.rows))
    case.facts = facts.reshape(-1).tolist()
    case.package = case.some([0, 1, 2, 3, 4, 7, 15, MOST_BITS, MOST_BITS - 1], len(PackageColumn))
    case.package[PackageColumn.MINUTES] = case.some([1, 2, 60, 630, MOST_MINUTES], 1)[0]
    for _ in range(case.below(5)):
        operand = case.some([0, 1, 2, 3, MOST_BITS], 1)[0]
        case.conditions += [case.below(len(PackageColumn)), case.below(len(Comparison)), operand]
    return case


def lines_of(case: Drawn, count: int) -> list[int]:
    lines: list[int] = []
    for _ in range(count):
        first = case.below(len(case.conditions) // 3 + 1)
        last = min(first + case.flip(30), len(case.conditions) // 3)
        of_package = case.flip(50)
        operand = case.below(len(PackageColumn)) if of_package else case.some([0, 1, 2, 3, MOST_COST, MOST_BITS], 1)[0]
        tiers = case.some([0, 0, 1, 3], 1)[0]
        lines += [1, first, last, tiers, case.below(FACT_COLUMNS), case.below(len(Comparison)), of_package, operand]
    return lines


def steps_of(case: Drawn, lines: int, keys: int) -> list[int]:
    steps: list[int] = []
    for _ in range(1 + case.below(3)):
        row = [0] * STEP
        row[StepColumn.CONDITIONS_TO] = min(case.flip(30), len(case.conditions) // 3)
        row[StepColumn.LINES_FROM] = case.below(lines + 1)
        row[StepColumn.LINES_TO] = min(row[StepColumn.LINES_FROM] + case.flip(40), lines)
        row[StepColumn.KEYS_FROM] = case.below(2)
        row[StepColumn.KEYS_TO] = case.below(keys - 1) + 2
        row[StepColumn.PARTS], row[StepColumn.PAIRS] = case.flip(50), case.flip(50)
        row[StepColumn.SEALED] = case.flip(20)
        steps += row
    return steps


def keys_of(case: Drawn) -> list[int]:
    keys: list[int] = []
    for column in case.some(KEY_COLUMNS, 2 + case.below(4)):
        width = case.some([1, 5_000, 10_000_000], 1)[0] if column == Fact.COST and case.flip(60) else 0
        keys += [column, case.some([1, -1], 1)[0], width]
    return keys


def scores_of(case: Drawn) -> list[int]:
    scores: list[int] = []
    for _ in range(1 + case.below(MOST_WEIGHTS)):
        method = case.below(len(Method))
        column = Fact.COST if method in (Method.LOWEST, Method.BELOW) else case.some(SCORE_COLUMNS[1:], 1)[0]
        scores += [column, method, case.below(10_001), case.some([0, 1, 5, 100, MOST_METRES], 1)[0]]
    return scores


def ask(case: Drawn, both: Both) -> None:
    """Put the question to every rule, each on what the one before left."""
    rows, facts, package, conditions = case.rows, case.facts, case.package, case.conditions
    gates, lines, keys = lines_of(case, case.below(9)), lines_of(case, case.below(5)), keys_of(case)
    steps = steps_of(case, len(lines) // 8, len(keys) // KEY)
    enforced = case.some([0, 1, 5, MOST_BITS], 1)[0]
    status = [one if case.flip(30) else 0 for one in case.some(range(5), rows)]
    needs = case.some([0, 0, 1, 2, MOST_MINUTES], 5)
    failed, chosen, scratch = [0] * rows, [0] * rows, [0] * rows
    pools, found = [0] * 5, [0] * 4
    tables = (gates, conditions, lines, steps, enforced)
    both("mark_failures", gates, 0, len(gates) // 8, conditions, facts, rows, package, failed)
    both("conditions_hold", conditions, 0, len(conditions) // 3, package)
    step = both("decide", *tables, facts, rows, package, needs, status, failed, chosen, scratch, pools, found)
    count = found[0]
    if count == 0:
        # Nobody can be asked: the order and the scores of some rows all the same.
        chosen[:] = case.mixed(rows)
        count, step = 1 + case.below(rows), 0
    asked = (lines, conditions, enforced, facts, rows, package, failed, status, scratch, list(chosen))
    both("candidates_of", steps, step, *asked)
    if case.flip(50):
        both("score", scores_of(case), facts, rows, chosen, count)
    at = step * STEP
    first, last = steps[at + StepColumn.KEYS_FROM], steps[at + StepColumn.KEYS_TO]
    both("first_in_order", keys, first, last, facts, rows, package, chosen, count)
    both("put_in_order", keys, first, last, facts, rows, package, chosen, count, [0] * (rows * (last - first)), scratch)
    both("band_fit", facts, rows, chosen[0], needs, case.below(32), pools)
    both("cheapest_pair", facts, rows, needs, chosen, count, pools, found)
    ranks = list(accumulate(case.some([0, 1], count)))
    both("advance", chosen, ranks, count, case.some(range(5), rows), found)
    packages = 1 + case.below(5)
    waiting = case.mixed(packages)
    both("first_waiting", case.some(range(2), 4 * packages), packages, waiting, case.below(packages + 1))


def ask_until_every_branch(both: Both, seed: int, most: int) -> tuple[int, list[str]]:
    """Watch a seed's questions until every branch was tried: how many it took, and what is left after `most`."""
    branches = Branches(RULES.values())
    number = 0
    while branches.untried and number < most:
        with branches.watched():
            ask(drawn(seed, number), both)
        number += 1
    return number, branches.untried


# Branches


class Branches:
    """
    Which ways each conditional jump of the plain rules has gone, so that no side of any condition is left untried.

    Jumps are those of the byte code: every operand of `and` and `or`, and the end of every loop, count.
    """

    def __init__(self, rules: Iterable[Callable[..., Any]]) -> None:
        self.jumps: dict[CodeType, dict[int, int]] = {}
        self.lines: dict[tuple[CodeType, int], int] = {}
        for rule in rules:
            jumps = self.jumps[rule.__code__] = {}
            line, begins_at = 0, -1
            for one in dis.get_instructions(rule):
                line = one.line_number if sys.version_info >= (3, 13) else one.starts_line or line
                begins_at = one.offset if begins_at < 0 else begins_at
                if one.opname == "EXTENDED_ARG":
                    # Part of the instruction after it: a jump is told under either place.
                    continue
                if "_IF_" in one.opname or one.opname == "FOR_ITER":
                    jumps[begins_at] = jumps[one.offset] = one.offset
                    self.lines[rule.__code__, one.offset] = line
                begins_at = -1
        self.ways: dict[tuple[CodeType, int], set[int]] = {}

    @contextmanager
    def watched(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            yield
        finally:
            sys.settrace(before)

    def _enter(self, frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code not in self.jumps:
            return None
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        code, jumps, last = frame.f_code, self.jumps[frame.f_code], -1

        def step(frame: FrameType, event: str, _: Any) -> Any:
            nonlocal last
            if event == "opcode":
                if last in jumps and jumps.get(frame.f_lasti) != jumps[last]:
                    self.ways.setdefault((code, jumps[last]), set()).add(frame.f_lasti)
                last = frame.f_lasti
            return step

        return step

    @property
    def untried(self) -> list[str]:
        """The function and line of every jump that has not gone both ways."""
        return [
            f"{code.co_name}, line {line}"
            for (code, jump), line in self.lines.items()
            if len(self.ways.get((code, jump), ())) < 2
        ]
