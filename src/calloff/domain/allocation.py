"""
The rule of call-off, on whole numbers alone: who passes the gates, which step is in force, in which order.

`facts` is flat and column by column (`facts[column * rows + row]`, a row an enrolment); `gates`, `lines`,
`conditions`, `keys` and `steps` are the tables of `tables.Tables`. Nothing here makes an object, raises or
passes a row on, so that the same text runs interpreted for one decision and compiled for a million.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence

from calloff.domain.tables import (
    CONDITION,
    KEY,
    LINE,
    STEP,
    Comparison,
    Fact,
    Method,
    PackageColumn,
    StepColumn,
)
from calloff.domain.tables import SCORE as SCORE_LINE

AT_LEAST, AT_MOST, EQUAL = int(Comparison.AT_LEAST), int(Comparison.AT_MOST), int(Comparison.EQUAL)
HAS_ALL, HAS_ANY = int(Comparison.HAS_ALL_BITS), int(Comparison.HAS_ANY_BIT)
AT_LEAST_OR_NONE = int(Comparison.AT_LEAST_OR_NONE)
TIER_BIT, SHORT, COVERABLE = int(Fact.TIER_BIT), int(Fact.SHORT), int(Fact.COVERABLE)
BAND_COST, BAND_POOL, POOL_SPARE = int(Fact.BAND_COST), int(Fact.BAND_POOL), int(Fact.POOL_SPARE)
PACKAGE_MINUTES = int(PackageColumn.MINUTES)
CONDITIONS_FROM, CONDITIONS_TO = int(StepColumn.CONDITIONS_FROM), int(StepColumn.CONDITIONS_TO)
LINES_FROM, LINES_TO = int(StepColumn.LINES_FROM), int(StepColumn.LINES_TO)
KEYS_FROM, KEYS_TO = int(StepColumn.KEYS_FROM), int(StepColumn.KEYS_TO)
PARTS, PAIRS, SEALED = int(StepColumn.PARTS), int(StepColumn.PAIRS), int(StepColumn.SEALED)
SCORE, POINTS, CEILING_COST = int(Fact.SCORE), int(Fact.POINTS), int(Fact.CEILING_COST)
LOWEST, BELOW, OUT_OF = int(Method.LOWEST), int(Method.BELOW), int(Method.OUT_OF)
MILLION = 1_000_000
NEVER_NEGATIVE = (1 << 62) - 1
"""Changes no place in a column, but tells a compiler that none counts from the end: it then reads four rows at once."""

ASKABLE, OPEN, ACCEPTED, PART, BARRED = 0, 1, 2, 3, 4
"""Where an enrolment stands with a package: BARRED has answered and not declared more since."""
WAIT, TAKE, MOVE_ON = 0, 1, 2
"""What a wave calls for: wait for someone, take the acceptance at a place, or nobody is left in it."""


def conditions_hold(conditions: Sequence[int], first: int, last: int, package: Sequence[int]) -> int:
    """1 when every condition from `first` to before `last` holds for the package, else 0."""
    for condition in range(first, last):
        at = condition * CONDITION
        value = package[conditions[at]]
        comparison = conditions[at + 1]
        operand = conditions[at + 2]
        if comparison == AT_LEAST:
            if value < operand:
                return 0
        elif comparison == AT_MOST:
            if value > operand:
                return 0
        elif comparison == EQUAL:
            if value != operand:
                return 0
        elif value & operand == 0:
            return 0
    return 1


def mark_failures(
    table: Sequence[int],
    first: int,
    last: int,
    conditions: Sequence[int],
    facts: Sequence[int],
    rows: int,
    package: Sequence[int],
    failed: MutableSequence[int],
) -> None:
    """Set bit k of `failed[row]` for each line `first + k` of the table that the row does not meet."""
    for row in range(rows):
        failed[row] = 0
    for line in range(first, last):
        at = line * LINE
        if conditions_hold(conditions, table[at + 1], table[at + 2], package) == 0:
            continue
        bit = 1 << (line - first)
        tiers = table[at + 3]
        start = table[at + 4] * rows & NEVER_NEGATIVE
        comparison = table[at + 5]
        operand = package[table[at + 7]] if table[at + 6] == 1 else table[at + 7]
        if comparison == AT_LEAST:
            for row in range(rows):
                if facts[start + row] < operand:
                    failed[row] |= bit
        elif comparison == AT_MOST:
            for row in range(rows):
                if facts[start + row] > operand:
                    failed[row] |= bit
        elif comparison == EQUAL:
            for row in range(rows):
                if facts[start + row] != operand:
                    failed[row] |= bit
        elif comparison == HAS_ALL:
            for row in range(rows):
                if facts[start + row] & operand != operand:
                    failed[row] |= bit
        elif comparison == HAS_ANY:
            for row in range(rows):
                if facts[start + row] & operand == 0:
                    failed[row] |= bit
        else:
            for row in range(rows):
                if 0 < facts[start + row] < operand:
                    failed[row] |= bit
        if tiers != 0:
            for row in range(rows):
                if facts[TIER_BIT * rows + row] & tiers == 0:
                    failed[row] &= ~bit


def candidates_of(
    steps: Sequence[int],
    step: int,
    lines: Sequence[int],
    conditions: Sequence[int],
    enforced: int,
    facts: Sequence[int],
    rows: int,
    package: Sequence[int],
    failed: Sequence[int],
    status: Sequence[int],
    scratch: MutableSequence[int],
    chosen: MutableSequence[int],
) -> int:
    """
    Write into `chosen` the rows that may be asked at a step now, and return how many.

    They are whom the step names, pass every enforced gate, have not answered, and at their turn have the
    declared minutes: all of them, or any where the step allows parts (settled reading 2). A sealed step asks
    whatever their minutes, which are looked at when it is called off.
    """
    at = step * STEP
    if conditions_hold(conditions, steps[at + CONDITIONS_FROM], steps[at + CONDITIONS_TO], package) == 0:
        return 0
    mark_failures(lines, steps[at + LINES_FROM], steps[at + LINES_TO], conditions, facts, rows, package, scratch)
    parts = steps[at + PARTS] | steps[at + PAIRS]
    sealed = steps[at + SEALED]
    count = 0
    for row in range(rows):
        if scratch[row] != 0 or status[row] != ASKABLE or failed[row] & enforced != 0:
            continue
        if sealed == 0 and facts[SHORT * rows + row] > 0 and (parts == 0 or facts[COVERABLE * rows + row] == 0):
            continue
        chosen[count] = row
        count += 1
    return count


def put_in_order(
    keys: Sequence[int],
    first: int,
    last: int,
    facts: Sequence[int],
    rows: int,
    package: Sequence[int],
    chosen: MutableSequence[int],
    count: int,
    values: MutableSequence[int],
    scratch: MutableSequence[int],
) -> int:
    """
    Sort the first `count` of `chosen` by the keys, the weightiest first; return how many equal the one before.

    `values[k * rows + row]` receives key k of a row, signed so that the smallest comes first. A width puts a
    weekly cost into bands of price an hour. Equal rows keep the order they came in; a merge sort, bottom up.
    """
    for key in range(first, last):
        start = keys[key * KEY] * rows
        sign = keys[key * KEY + 1]
        width = keys[key * KEY + 2]
        target = (key - first) * rows
        if width > 0:
            divisor = width * package[PACKAGE_MINUTES]
            for place in range(count):
                row = chosen[place]
                values[target + row] = facts[start + row] // divisor
        else:
            for place in range(count):
                row = chosen[place]
                values[target + row] = sign * facts[start + row]
    depth = last - first
    width = 1
    while width < count:
        for left in range(0, count, 2 * width):
            middle = min(left + width, count)
            right = min(left + 2 * width, count)
            one = left
            other = middle
            for place in range(left, right):
                take_other = other < right
                if take_other and one < middle:
                    a = chosen[one]
                    b = chosen[other]
                    take_other = False
                    for key in range(depth):
                        difference = values[key * rows + a] - values[key * rows + b]
                        if difference != 0:
                            take_other = difference > 0
                            break
                if take_other:
                    scratch[place] = chosen[other]
                    other += 1
                else:
                    scratch[place] = chosen[one]
                    one += 1
        for place in range(count):
            chosen[place] = scratch[place]
        width *= 2
    ties = 0
    for place in range(1, count):
        equal = 1
        for key in range(depth):
            if values[key * rows + chosen[place]] != values[key * rows + chosen[place - 1]]:
                equal = 0
                break
        ties += equal
    return ties


def first_in_order(
    keys: Sequence[int],
    first: int,
    last: int,
    facts: Sequence[int],
    rows: int,
    package: Sequence[int],
    chosen: MutableSequence[int],
    count: int,
) -> int:
    """The place in `chosen` of the row that the keys put first; the earliest of equals. One pass, no sort."""
    best = 0
    for place in range(1, count):
        row = chosen[place]
        leader = chosen[best]
        for key in range(first, last):
            start = keys[key * KEY] * rows
            width = keys[key * KEY + 2]
            if width > 0:
                divisor = width * package[PACKAGE_MINUTES]
                difference = facts[start + row] // divisor - facts[start + leader] // divisor
            else:
                difference = keys[key * KEY + 1] * (facts[start + row] - facts[start + leader])
            if difference != 0:
                if difference < 0:
                    best = place
                break
    return best


def score(scores: Sequence[int], facts: MutableSequence[int], rows: int, chosen: Sequence[int], count: int) -> None:
    """
    Give each of the first `count` of `chosen` its score: the sum of weight (basis points) times points (millionths).

    Points are whole millionths, half up, of unrounded figures, and stand in a column of their own for each criterion.
    Where the lowest price is the ceiling itself the points are full (settled reading 6).
    """
    for place in range(count):
        facts[SCORE * rows + chosen[place]] = 0
    for line in range(len(scores) // SCORE_LINE):
        at = line * SCORE_LINE
        start = scores[at] * rows
        method = scores[at + 1]
        weight = scores[at + 2]
        span = scores[at + 3]
        target = (POINTS + line) * rows
        lowest = facts[start + chosen[0]]
        for place in range(1, count):
            lowest = min(lowest, facts[start + chosen[place]])
        for place in range(count):
            row = chosen[place]
            part = facts[start + row]
            whole = span
            if method == LOWEST:
                whole = part
                part = lowest
            elif method == BELOW:
                whole = facts[CEILING_COST * rows + row] - lowest
                part = max(0, facts[CEILING_COST * rows + row] - part)
            elif method == OUT_OF:
                part = min(part, span)
            else:
                part = max(0, span - part)
            points = MILLION
            if whole > 0:
                points = (2 * part * MILLION + whole) // (2 * whole)
            facts[target + row] = points
            facts[SCORE * rows + row] += weight * points


def decide(
    gates: Sequence[int],
    conditions: Sequence[int],
    lines: Sequence[int],
    steps: Sequence[int],
    enforced: int,
    facts: Sequence[int],
    rows: int,
    package: Sequence[int],
    needs: Sequence[int],
    status: Sequence[int],
    failed: MutableSequence[int],
    chosen: MutableSequence[int],
    scratch: MutableSequence[int],
    pools: MutableSequence[int],
    found: MutableSequence[int],
) -> int:
    """
    Evaluate every gate for every row, then find the step in force: the first that still has someone to ask.

    `failed[row]` receives a bit for each gate line not met, `chosen` the candidates of that step in no order,
    `found[0]` how many. Returns the step's number, or the number of steps when none has anyone left. `needs` are
    the minutes by band still to place; a step that pairs offers needs a whole offer or a pair that covers them.
    """
    mark_failures(gates, 0, len(gates) // LINE, conditions, facts, rows, package, failed)
    found[0] = 0
    for step in range(len(steps) // STEP):
        count = candidates_of(
            steps, step, lines, conditions, enforced, facts, rows, package, failed, status, scratch, chosen
        )
        if count > 0 and steps[step * STEP + PAIRS] == 1:
            whole = 0
            for place in range(count):
                whole |= facts[SHORT * rows + chosen[place]] == 0
            if whole == 0 and cheapest_pair(facts, rows, needs, chosen, count, pools, found) < 0:
                count = 0
        if count > 0:
            found[0] = count
            return step
    return len(steps) // STEP


def advance(
    wave: Sequence[int], ranks: Sequence[int], count: int, status: Sequence[int], found: MutableSequence[int]
) -> int:
    """
    What the open wave calls for, `wave` being its rows in rank order and equal ranks being equal in all keys.

    Returns TAKE, with the place in `found[0]`, as soon as nobody ranked above an acceptance can still accept;
    a whole offer beats a part of equal rank. Returns WAIT while someone above may, MOVE_ON when nobody is left.
    """
    for place in range(count):
        standing = status[wave[place]]
        if standing == OPEN:
            return WAIT
        if standing == PART:
            for later in range(place + 1, count):
                if ranks[later] != ranks[place]:
                    break
                if status[wave[later]] == OPEN:
                    return WAIT
                if status[wave[later]] == ACCEPTED:
                    found[0] = later
                    return TAKE
        if standing in (PART, ACCEPTED):
            found[0] = place
            return TAKE
    return MOVE_ON


def band_fit(
    facts: Sequence[int], rows: int, row: int, needs: Sequence[int], bands: int, pools: MutableSequence[int]
) -> int:
    """The weekly cost of the bands in the bit set `bands` with this row, or -1 where its pools cannot hold them."""
    for pool in range(5):
        pools[pool] = 0
    cost = 0
    for band in range(5):
        if bands >> band & 1 == 1:
            pool = facts[(BAND_POOL + band) * rows + row]
            if pool < 0:
                return -1
            pools[pool] += needs[band]
            if pools[pool] > facts[(POOL_SPARE + pool) * rows + row]:
                return -1
            cost += facts[(BAND_COST + band) * rows + row]
    return cost


def cheapest_pair(
    facts: Sequence[int],
    rows: int,
    needs: Sequence[int],
    order: Sequence[int],
    count: int,
    pools: MutableSequence[int],
    found: MutableSequence[int],
) -> int:
    """
    The cheapest two offers that cover the needed bands between them, each band whole (settled reading 5).

    `needs` are minutes by band, `order` the rows in rank order, of which the first of equals is taken. Writes the
    rows and the bands (as bits) of the first into `found[1..3]`; returns the cost, or -1 when no pair covers.
    """
    wanted = 0
    for band in range(5):
        if needs[band] > 0:
            wanted |= 1 << band
    best = -1
    for bands in range(1, wanted):
        if bands & wanted != bands:
            continue
        for place in range(count):
            one = order[place]
            cost = band_fit(facts, rows, one, needs, bands, pools)
            if cost < 0 or (best >= 0 and cost >= best):
                continue
            for other_place in range(count):
                other = order[other_place]
                if other == one:
                    continue
                rest = band_fit(facts, rows, other, needs, wanted - bands, pools)
                if rest >= 0 and (best < 0 or cost + rest < best):
                    best = cost + rest
                    found[1] = one
                    found[2] = other
                    found[3] = bands
    return best
