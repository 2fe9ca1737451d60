"""What a document says about prices: a ceiling on the provider's price, or the council's own fee."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

from calloff.documents.reader import GROUND, Reader
from calloff.documents.tree import Node, Table
from calloff.domain.contracts import ANY, DAY_TYPES, INCLUDES, PriceLine, overlapping
from calloff.domain.packages import AREA_BANDS, BANDS, CARE_TYPES
from calloff.domain.purchasing_model import PriceRule

WHICH = ("care_type", "area_band", "time_band", "day_type", "workers", "tiers", "includes", "from", "to")
AMOUNTS = ("ceiling_gbp_per_hour", "floor_gbp_per_hour", "gbp_per_hour")
SETTERS = ("provider", "council", "bid")
"""Who sets the price: the provider in its contract, the council as a fee, or the provider package by package."""
SHAPE = "Write {set_by: provider, ceiling_gbp_per_hour: 24.50}, or {lines: [...]} where there are several"
WRONG_UNITS = ("_pence", "_gbp", "_per_week", "_per_day", "_per_visit", "price", "ceiling", "rate", "fee")


def read_prices(reader: Reader, node: Node | None, tiers: Sequence[str] = ()) -> tuple[PriceRule, ...]:
    """The price rules: one line written at once, or a list of lines; a tier that one names must be among `tiers`."""
    if node is None:
        return ()
    if not isinstance(node, Table):
        reader.refuse(node, "`price` is no list and no single value", SHAPE)
        return ()
    table = reader.table(node, ("set_by", "lines", *AMOUNTS, *WHICH, *GROUND))
    refuse_units(reader, table)
    set_by = reader.word(table.entries.get("set_by"), SETTERS, "provider")
    lines = table.entries.get("lines")
    tables = [table] if lines is None else list(reader.items(lines))
    _refuse_no_setter(reader, table, tables)
    if lines is not None:
        _refuse_beside_lines(reader, table)
    rules = []
    for number, one in enumerate(tables, 1):
        if one is not table:
            refuse_units(reader, reader.table(one, ("set_by", *AMOUNTS, *WHICH, *GROUND)))
            reader.ground(one, "the price line")
        if isinstance(one, Table):
            own = reader.word(one.entries.get("set_by"), SETTERS, set_by)
            rules.append(replace(_rule(reader, one, own, number, tiers), bid=own == "bid"))
    _refuse_overlaps_and_gaps(reader, table, rules)
    return tuple(rules)


def _refuse_no_setter(reader: Reader, table: Table, tables: Sequence[Node]) -> None:
    """Somebody sets every price: said once for all lines, or in each of them."""
    if "set_by" in table.entries:
        return
    for one in tables:
        if isinstance(one, Table) and "set_by" not in one.entries:
            reader.refuse(one, "`set_by` is missing", f"Add `set_by:` with one of: {', '.join(SETTERS)}")


def _refuse_beside_lines(reader: Reader, table: Table) -> None:
    """An amount, or what one is for, that stands outside the lines would bind nobody."""
    for key, node in table.entries.items():
        if key in (*AMOUNTS, *WHICH):
            reader.refuse(node, f"`{key}` beside `lines` binds nobody", "Write it as a line of its own")


def refuse_units(reader: Reader, table: Table) -> None:
    """A key that looks like an amount in another unit gets told the right one."""
    for key, node in table.entries.items():
        if key not in AMOUNTS and any(key.endswith(unit) for unit in WRONG_UNITS):
            reader.refuse(node, f"`{key}` has no unit we hold prices in", "Write ceiling_gbp_per_hour or gbp_per_hour")


def _rule(reader: Reader, table: Table, set_by: str, number: int, tiers: Sequence[str]) -> PriceRule:
    entries, fixed = table.entries, set_by == "council"
    wanted = "gbp_per_hour" if fixed else "ceiling_gbp_per_hour"
    wrong = "ceiling_gbp_per_hour" if fixed else "gbp_per_hour"
    if wrong in entries:
        reader.refuse(entries[wrong], f"`{wrong}` does not go with set_by: {set_by}", f"Write `{wanted}`")
    elif wanted not in entries:
        reader.refuse(table, f"`{wanted}` is missing", f"Add `{wanted}: 15.95`")
    first = reader.day(entries["from"], date.min) if "from" in entries else None
    last = reader.day(entries["to"], date.max) if "to" in entries else None
    if first and last and first > last:
        reader.refuse(table, f"the line begins on {first}, after its end on {last}", "Exchange `from` and `to`")
    floor = reader.rate(entries.get("floor_gbp_per_hour"))
    centipence = reader.rate(entries.get(wanted))
    if fixed and floor:
        reader.refuse(entries["floor_gbp_per_hour"], "a fixed fee has no floor but itself", "Leave it out")
    elif floor > centipence:
        reader.refuse(table, "the floor is above the ceiling", "Exchange the two")
    line = PriceLine(
        line_id=f"document#{number}",
        centipence=centipence,
        care_type=reader.word(entries.get("care_type"), CARE_TYPES, ANY),
        area_band=reader.word(entries.get("area_band"), AREA_BANDS, ANY),
        time_band=reader.word(entries.get("time_band"), BANDS, ANY),
        day_type=reader.word(entries.get("day_type"), DAY_TYPES, ANY),
        workers=reader.whole(entries.get("workers"), 0, 1, 2),
        basis="fixed" if fixed else "ceiling_capped",
        includes=frozenset(reader.words(entries.get("includes"), INCLUDES)),
        from_on=first,
        to_on=last,
    )
    return PriceRule(line, fixed, floor, reader.words(entries.get("tiers"), tiers))


def _refuse_overlaps_and_gaps(reader: Reader, table: Table, rules: Sequence[PriceRule]) -> None:
    for tiers in sorted({rule.tiers for rule in rules}):
        lines = [rule.line for rule in rules if rule.tiers == tiers]
        pair = overlapping(lines)
        if pair:
            names = " and ".join(f"line {line.line_id.partition('#')[2]}" for line in pair)
            reader.refuse(table, f"{names} price the same visit", "Give one an end date or narrow what it is for")
        gap = date_gap(lines)
        if gap:
            reader.refuse(
                table, f"no price from {gap[0]} to {gap[1]}", "Let the later line begin the day after the earlier ends"
            )


def date_gap(lines: Sequence[PriceLine]) -> tuple[date, date] | None:
    """The first days without a price between lines that are alike but for their dates, both included."""
    alike: dict[tuple[object, ...], list[PriceLine]] = {}
    for line in lines:
        key = (line.care_type, line.area_band, line.time_band, line.day_type, line.workers, line.unit)
        alike.setdefault(key, []).append(line)
    for same in alike.values():
        ordered = sorted(same, key=lambda line: line.from_on or date.min)
        for one, following in pairwise(ordered):
            if one.to_on and following.from_on and following.from_on > one.to_on + timedelta(days=1):
                return one.to_on + timedelta(days=1), following.from_on - timedelta(days=1)
    return None
