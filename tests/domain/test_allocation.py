"""The rule of call-off on whole numbers, against plain re-statements of what each function promises."""

from __future__ import annotations

from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calloff.domain import allocation
from calloff.domain.allocation import (
    ACCEPTED,
    ASKABLE,
    BARRED,
    MOVE_ON,
    OPEN,
    PART,
    TAKE,
    WAIT,
    advance,
    band_fit,
    cheapest_pair,
    conditions_hold,
    first_in_order,
    mark_failures,
    put_in_order,
)
from calloff.domain.tables import FACT_COLUMNS, Comparison, Fact, PackageColumn

SOME_COLUMNS = (Fact.COST, Fact.CAPACITY, Fact.QUALITY, Fact.DRAW)
small = st.integers(0, 4)


def columns(rows: int, **values: list[int]) -> list[int]:
    """Facts in which every column is nothing but those named."""
    facts = [0] * (FACT_COLUMNS * rows)
    for name, column in values.items():
        at = Fact[name] * rows
        facts[at : at + rows] = column
    return facts


def package(minutes: int = 60) -> list[int]:
    about = [0] * len(PackageColumn)
    about[PackageColumn.MINUTES] = minutes
    return about


# --- Order


@st.composite
def queues(draw):
    rows = draw(st.integers(1, 9))
    facts = [0] * (FACT_COLUMNS * rows)
    for column in SOME_COLUMNS:
        facts[column * rows : (column + 1) * rows] = draw(st.lists(st.integers(-3, 9), min_size=rows, max_size=rows))
    keys = draw(
        st.lists(st.tuples(st.sampled_from(SOME_COLUMNS), st.sampled_from([1, -1]), st.just(0)), min_size=1, max_size=4)
    )
    if draw(st.booleans()):
        keys.insert(draw(st.integers(0, len(keys))), (Fact.COST, 1, draw(st.integers(1, 3))))
    chosen = draw(st.permutations(range(rows)))[: draw(st.integers(1, rows))]
    return rows, facts, keys, chosen


def key_of(row, rows, facts, keys, minutes):
    return tuple(
        facts[column * rows + row] // (width * minutes) if width else sign * facts[column * rows + row]
        for column, sign, width in keys
    )


@given(queues(), st.integers(1, 3))
def test_put_in_order_is_a_stable_sort_by_the_keys(queue, minutes):
    rows, facts, keys, chosen = queue
    expected = sorted(chosen, key=lambda row: key_of(row, rows, facts, keys, minutes))
    flat = [number for key in keys for number in key]
    order, scratch = [*chosen, *[0] * (rows - len(chosen))], [0] * rows
    values = [0] * (rows * len(keys))

    ties = put_in_order(flat, 0, len(keys), facts, rows, package(minutes), order, len(chosen), values, scratch)

    assert order[: len(chosen)] == expected
    found = [key_of(row, rows, facts, keys, minutes) for row in expected]
    assert ties == sum(one == other for one, other in pairwise(found))
    assert [tuple(values[k * rows + row] for k in range(len(keys))) for row in expected] == found


@given(queues(), st.integers(1, 3))
def test_put_in_order_may_begin_at_any_key_of_a_table(queue, minutes):
    rows, facts, keys, chosen = queue
    flat = [number for key in [(Fact.CAPACITY, 1, 0), *keys] for number in key]
    order, values = list(chosen), [0] * (rows * len(keys))

    put_in_order(flat, 1, 1 + len(keys), facts, rows, package(minutes), order, len(chosen), values, [0] * rows)

    assert order == sorted(chosen, key=lambda row: key_of(row, rows, facts, keys, minutes))


@given(queues(), st.integers(1, 3))
def test_first_in_order_is_the_one_that_put_in_order_puts_first(queue, minutes):
    rows, facts, keys, chosen = queue
    flat = [number for key in keys for number in key]

    best = first_in_order(flat, 0, len(keys), facts, rows, package(minutes), chosen, len(chosen))

    assert chosen[best] == min(chosen, key=lambda row: key_of(row, rows, facts, keys, minutes))


# --- A wave


def best_of(statuses: list[int], ranks: list[int]) -> tuple[int, int]:
    """The rule said plainly: the best rank that still counts decides; in it a whole offer beats a part."""
    alive = [place for place, status in enumerate(statuses) if status in (OPEN, ACCEPTED, PART)]
    if not alive:
        return MOVE_ON, -1
    first = alive[0]
    if statuses[first] == OPEN:
        return WAIT, -1
    if statuses[first] == ACCEPTED:
        return TAKE, first
    for place in alive[1:]:
        if ranks[place] == ranks[first] and statuses[place] == OPEN:
            return WAIT, -1
        if ranks[place] == ranks[first] and statuses[place] == ACCEPTED:
            return TAKE, place
    return TAKE, first


@given(st.data())
def test_advance_takes_whom_nobody_above_can_still_beat(data):
    count = data.draw(st.integers(0, 5))
    statuses = data.draw(
        st.lists(st.sampled_from([OPEN, ACCEPTED, PART, BARRED, ASKABLE]), min_size=count, max_size=count)
    )
    ranks = sorted(data.draw(st.lists(st.integers(1, 3), min_size=count, max_size=count)))
    found = [-1] * 4

    move = advance(list(range(count)), ranks, count, statuses, found)

    assert (move, found[0]) == best_of(statuses, ranks)


@pytest.mark.parametrize(
    ("statuses", "ranks", "move", "place"),
    [
        ([ACCEPTED, OPEN], [1, 2], TAKE, 0),
        ([OPEN, ACCEPTED], [1, 2], WAIT, -1),
        ([BARRED, ACCEPTED], [1, 2], TAKE, 1),
        ([PART, ACCEPTED], [1, 1], TAKE, 1),
        ([PART, ACCEPTED], [1, 2], TAKE, 0),
        ([PART, OPEN], [1, 1], WAIT, -1),
        ([PART, OPEN], [1, 2], TAKE, 0),
        ([BARRED, BARRED], [1, 2], MOVE_ON, -1),
    ],
)
def test_advance_in_the_cases_worked_by_hand(statuses, ranks, move, place):
    found = [-1] * 4

    assert advance([0, 1], ranks, 2, statuses, found) == move
    assert found[0] == place


# --- Pairs


@st.composite
def books(draw):
    rows = draw(st.integers(2, 4))
    needs = [draw(st.sampled_from([0, 30, 60])) for _ in range(5)]
    facts = [0] * (FACT_COLUMNS * rows)
    for row in range(rows):
        for band in range(5):
            facts[(Fact.BAND_POOL + band) * rows + row] = draw(st.sampled_from([-1, 0, 1]))
            facts[(Fact.BAND_COST + band) * rows + row] = needs[band] * draw(st.integers(1, 3))
        for pool in range(5):
            facts[(Fact.POOL_SPARE + pool) * rows + row] = draw(st.sampled_from([0, 30, 60, 90, 300]))
    return rows, needs, facts


def cost_of(row: int, bands: tuple[int, ...], rows: int, needs: list[int], facts: list[int]) -> int | None:
    taken: dict[int, int] = {}
    for band in bands:
        pool = facts[(Fact.BAND_POOL + band) * rows + row]
        taken[pool] = taken.get(pool, 0) + needs[band]
    fits = all(pool >= 0 and need <= facts[(Fact.POOL_SPARE + pool) * rows + row] for pool, need in taken.items())
    return sum(facts[(Fact.BAND_COST + band) * rows + row] for band in bands) if fits else None


@given(books())
def test_cheapest_pair_is_the_cheapest_of_all_pairs(book):
    rows, needs, facts = book
    wanted = [band for band in range(5) if needs[band]]
    costs = {}
    for shares in product((0, 1), repeat=len(wanted)):
        one_bands = tuple(band for band, share in zip(wanted, shares, strict=True) if share)
        other_bands = tuple(band for band in wanted if band not in one_bands)
        for one, other in product(range(rows), repeat=2):
            if one != other and one_bands and other_bands:
                parts = cost_of(one, one_bands, rows, needs, facts), cost_of(other, other_bands, rows, needs, facts)
                if None not in parts:
                    costs[one, other, sum(1 << band for band in one_bands)] = sum(parts)
    found = [0] * 4

    cost = cheapest_pair(facts, rows, needs, list(range(rows)), rows, [0] * 5, found)

    assert cost == min(costs.values(), default=-1)
    if costs:
        assert costs[found[1], found[2], found[3]] == cost


@given(books(), st.integers(0, 31))
def test_band_fit_is_the_cost_of_the_bands_that_the_pools_hold(book, bands):
    rows, needs, facts = book
    chosen = tuple(band for band in range(5) if bands >> band & 1)
    expected = cost_of(0, chosen, rows, needs, facts)

    assert band_fit(facts, rows, 0, needs, bands, [9] * 5) == (-1 if expected is None else expected)


# --- Lines


@pytest.mark.parametrize(
    ("comparison", "operand", "passing", "failing"),
    [
        (Comparison.AT_LEAST, 3, [3, 4], [2, 0]),
        (Comparison.AT_MOST, 3, [3, 0], [4]),
        (Comparison.EQUAL, 3, [3], [2, 4]),
        (Comparison.HAS_ALL_BITS, 0b101, [0b101, 0b111], [0b100, 0]),
        (Comparison.HAS_ANY_BIT, 0b101, [0b100, 0b001], [0b010, 0]),
        (Comparison.AT_LEAST_OR_NONE, 3, [3, 0], [2, 1]),
    ],
)
def test_a_line_compares_inclusively(comparison, operand, passing, failing):
    values = passing + failing
    rows = len(values)
    line = [3, 0, 0, 0, Fact.STAFF, comparison, 0, operand]
    failed = [7] * rows

    mark_failures(line, 0, 1, [], columns(rows, STAFF=values), rows, package(), failed)

    assert failed == [0] * len(passing) + [1] * len(failing)


def test_a_line_speaks_of_its_tiers_alone():
    line = [3, 0, 0, 0b10, Fact.STAFF, Comparison.AT_LEAST, 0, 3]
    facts = columns(2, STAFF=[1, 1], TIER_BIT=[0b01, 0b10])
    failed = [0, 0]

    mark_failures(line, 0, 1, [], facts, 2, package(), failed)

    assert failed == [0, 1]


@pytest.mark.parametrize(
    ("comparison", "operand", "holds"),
    [
        (Comparison.AT_LEAST, 5, 1),
        (Comparison.AT_LEAST, 6, 0),
        (Comparison.AT_MOST, 5, 1),
        (Comparison.AT_MOST, 4, 0),
        (Comparison.EQUAL, 5, 1),
        (Comparison.EQUAL, 4, 0),
        (Comparison.HAS_ANY_BIT, 0b100, 1),
        (Comparison.HAS_ANY_BIT, 0b010, 0),
    ],
)
def test_a_condition_compares_inclusively(comparison, operand, holds):
    about = package()
    about[PackageColumn.PRIORITY] = 5

    assert conditions_hold([PackageColumn.PRIORITY, comparison, operand], 0, 1, about) == holds


def test_a_line_whose_condition_does_not_hold_fails_nobody():
    line = [3, 0, 1, 0, Fact.STAFF, Comparison.AT_LEAST, 0, 3]
    failed = [0]

    mark_failures(line, 0, 1, [PackageColumn.PRIORITY, Comparison.EQUAL, 1], columns(1), 1, package(), failed)

    assert failed == [0]


def test_statuses_are_told_apart():
    assert len({ASKABLE, OPEN, ACCEPTED, PART, BARRED}) == 5
    assert allocation.PACKAGE_MINUTES == PackageColumn.MINUTES
