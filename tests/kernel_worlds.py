"""
Drawn councils for Hypothesis: a document with varying rules, a market, a package; and the gates said once more.

`gates_failed` and `room_for` are written from the trade's own list of gates, on the providers as they stand in their
contracts. They know nothing of the tables and columns of the kernel, which they are the witness against.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import yaml
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from calloff.documents.bank_holidays import calendar_for
from calloff.documents.purchasing_models import parse
from calloff.domain.calendar import local
from calloff.domain.contracts import Enrolment, Pool, PriceLine, Suspension
from calloff.domain.market import Standing
from calloff.domain.packages import Package, Visit
from calloff.domain.providers import Provider
from calloff.domain.purchasing_model import PurchasingModel

APPROVED_AT = datetime(2018, 3, 5, 9, 30, tzinfo=UTC)
START_ON = date(2018, 3, 12)
CEILING = {"first": 160_000, "second": 165_000}
FEE = 155_000
GRADE = 3
SPARE_DAYS = 14
LEAST_QUALITY = 30
LOT_OF = {"urban": "personal_care", "rural": "complex"}
"""Under a document with lots: two names that are care types, so that a lot has to be told from one."""


@dataclass(frozen=True)
class Terms:
    """What varies in the document."""

    ask: str
    splitting: int
    capacity: str
    price: str
    rank_by: str
    other_times: bool
    groups: bool
    book: bool
    urgent_second: bool
    sealed: bool = False
    lots: bool = False
    joining: bool = False

    @property
    def model(self) -> PurchasingModel:
        return _model(self)


@cache
def _model(terms: Terms) -> PurchasingModel:
    told = {"assumed": "an example"}
    step = {"reply_within": "by_priority", **told}
    if terms.price == "fixed":
        price: dict[str, Any] = {"set_by": "council", "gbp_per_hour": "15.50", **told}
    else:
        lines = [{"ceiling_gbp_per_hour": f"{CEILING[tier] / 10_000:.2f}", "tiers": [tier], **told} for tier in CEILING]
        price = {"set_by": "provider", "lines": lines, **told}
    rank: list[Any] = {
        "price": ["price"],
        "price then capacity": ["price", "capacity"],
        "bands then capacity": [{"price_band_gbp_per_hour": "0.50"}, "capacity"],
    }[terms.rank_by]
    first = {"name": "first", "whom": "first", "rank_by": rank, "ask": terms.ask, **step}
    if terms.sealed:
        first = {"name": "first", "whom": "first", "sealed": "yes", "rank_by": ["score"], **step}
    elif terms.book:
        first |= {"kind": "book", "ask": "unasked"}
    second = {"name": "second", "whom": "second", "rank_by": rank, "ask": "all_then_rank", **step}
    second |= {"opens_after": {"working_days": 1}}
    if terms.urgent_second:
        second |= {"when": {"priority": ["P1", "P2"]}}
    document = {
        "id": "drawn",
        "version": 1,
        "title": "A drawn document",
        "nation": "scotland",
        "pattern": "tiers_then_spot",
        "term": {"from": "2017-04-01", "to": "2022-03-31", **told},
        "price": price,
        "admission": [{"rule": "minimum_grade", "scale": "care_inspectorate", "grade": GRADE, **told}],
        "capacity": {"test": terms.capacity, "declaration_days": SPARE_DAYS, **told},
        "tiers": [
            {"name": "first", "role": "member", **told},
            {"name": "second", "role": "member", **told},
            {"name": "team", "role": "in_house", **told},
        ],
        "steps": [
            {"name": "continuity", "whom": "current_provider", "within_days": 28, "ask": "in_turn", **step},
            {"name": "choice", "whom": "chosen_provider", "ask": "in_turn", **step},
            first,
            second,
            {"name": "team", "whom": "team", "ask": "unasked", **told},
        ],
    }
    if terms.splitting:
        document["splitting"] = {"most_providers": terms.splitting, **told}
    if terms.other_times:
        document["other_times"] = {"within": "same_band", **told}
    if terms.sealed:
        weights = {"price": {"percent": "60"}, "quality": {"best": "100", "percent": "40"}}
        document["scoring"] = {"weights": weights, "minimum_quality": str(LEAST_QUALITY), **told}
    if terms.lots:
        lots = [{"name": name, "when": {"area_band": area}, **told} for area, name in LOT_OF.items()]
        document["lots"] = lots
    if terms.joining:
        document["joining"] = {"decide_within_working_days": "20", **told}
    if terms.groups:
        document["groups"] = {"chosen_by": "provider", **told}
    return parse([("drawn.yaml", yaml.safe_dump(document, sort_keys=False))]).model


@dataclass(frozen=True)
class World:
    """One council, one package."""

    terms: Terms
    enrolments: tuple[Enrolment, ...]
    providers: dict[str, Provider]
    package: Package

    def standing(self, backwards: bool = False) -> Standing:
        """Who is enrolled; `backwards` the same rows in the other order."""
        rows = self.enrolments[::-1] if backwards else self.enrolments
        names = sorted(self.providers, reverse=backwards)
        localities = ("South", "North") if backwards else ("North", "South")
        calendars = {"scotland": calendar_for("scotland")}
        return Standing(rows, {name: self.providers[name] for name in names}, calendars, localities, "seed of 2018")


# --- Drawing


Pick = Callable[..., Any]


def oddities(draw: DrawFn, *names: str) -> Pick:
    """Draw which few of the named attributes are odd: `pick(name, usual, *others)` is the usual one otherwise."""
    few = st.sampled_from([0, 0, 0, 0, 0, 1, 1, 2])
    odd = draw(few.flatmap(lambda most: st.frozensets(st.sampled_from(names), min_size=most, max_size=most)))

    def pick(name: str, usual: Any, *others: Any) -> Any:
        assert name in names
        return draw(st.sampled_from(others)) if name in odd else usual

    return pick


@st.composite
def terms(draw: DrawFn) -> Terms:
    pick = oddities(draw, "capacity", "price", "urgent_second", "lots", "joining")
    return Terms(
        ask=draw(st.sampled_from(["in_turn", "waves_of(2)", "all_then_rank"])),
        splitting=draw(st.sampled_from([0, 2, 2, 3])),
        capacity=pick("capacity", "turn", "gate"),
        price=pick("price", "ceiling", "fixed"),
        rank_by=draw(st.sampled_from(["price", "price then capacity", "bands then capacity"])),
        other_times=draw(st.booleans()),
        groups=draw(st.booleans()),
        book=draw(st.sampled_from([False, False, False, True])),
        sealed=draw(st.sampled_from([False, False, True])),
        lots=pick("lots", False, True),
        joining=pick("joining", False, True),
        urgent_second=pick("urgent_second", False, True),
    )


DAY = timedelta(days=1)
JUST_FRESH = APPROVED_AT - SPARE_DAYS * DAY
PARTS = (frozenset(), frozenset({"morning"}), frozenset({"lunch", "bed"}), frozenset({"night", "tea"}))


def pools(draw: DrawFn, pick: Pick) -> tuple[Pool, ...]:
    declared_at = pick("declared", APPROVED_AT - DAY, JUST_FRESH, JUST_FRESH - timedelta(seconds=1))
    bands = draw(st.sampled_from([PARTS[:1], PARTS[:1], PARTS[1:2], PARTS[2:3], PARTS[1:]]))
    areas = pick("areas", frozenset(), frozenset({"North"}), frozenset({"South"}))
    minutes = st.sampled_from([600, 600, 600, 29, 30, 60, 120, 210])
    return tuple(Pool(draw(minutes), declared_at, areas, part) for part in bands)


def price_lines(draw: DrawFn, pick: Pick, name: str) -> tuple[PriceLine, ...]:
    rates = st.sampled_from([150_000, 150_000, 155_000, 155_000, 155_100, 160_000])
    lines = [PriceLine(f"{name}#1", pick("rate", draw(rates), 160_001, 165_000, 165_001))]
    if pick("weekend", False, True):
        lines.append(PriceLine(f"{name}#2", draw(rates) + 10_000, day_type="weekend"))
    if pick("rural", False, True):
        lines.append(PriceLine(f"{name}#3", draw(rates), area_band="rural"))
    return tuple(lines[pick("no_plain_line", 0, 1) :])


@st.composite
def enrolments(draw: DrawFn, name: str, owner: str) -> Enrolment:
    tier = draw(st.sampled_from(["first", "first", "first", "second", "second", "team"]))
    able = {"double_handed", "nights", "medication"}
    today = local(APPROVED_AT).date()
    odd = "declared areas rate weekend rural no_plain_line lot locality able clients ages suspended from to"
    pick = oddities(draw, *odd.split())
    return Enrolment(
        reference=name,
        provider=owner,
        tier=tier,
        role="in_house" if tier == "team" else "member",
        lot=pick("lot", "", "personal_care", "complex"),
        localities=pick("locality", frozenset(), frozenset({"North"}), frozenset({"South"})),
        price_lines=price_lines(draw, pick, name),
        pools=pools(draw, pick),
        capabilities=frozenset(able - pick("able", set(), {"double_handed"}, {"nights"}, {"medication"})),
        client_groups=pick("clients", frozenset(), frozenset({"other"}), frozenset({"older_people", "other"})),
        age_groups=pick("ages", frozenset(), frozenset({"85+"}), frozenset({"75-84"})),
        suspensions=pick(
            "suspended",
            (),
            (Suspension(today),),
            (Suspension(today - DAY, today),),
            (Suspension(today - DAY, today - DAY),),
            (Suspension(today + DAY),),
        ),
        from_on=pick("from", None, today, START_ON, START_ON + DAY),
        to_on=pick("to", None, START_ON, START_ON - DAY),
        quality_score=draw(st.sampled_from([0, LEAST_QUALITY - 1, LEAST_QUALITY, 60, 60, 90])),
    )


@st.composite
def providers(draw: DrawFn, name: str) -> Provider:
    pick = oddities(draw, "scale", "service", "from", "to", "grades", "address", "better")
    return Provider(
        reference=name,
        name=name,
        organisation=name,
        nation="scotland",
        service_types=pick("service", frozenset({"care_at_home"}), frozenset({"housing_support"})),
        in_house=False,
        registered_from=pick("from", date(2010, 1, 1), START_ON, START_ON + DAY),
        registered_to=pick("to", None, START_ON, START_ON - DAY),
        scale=pick("scale", "care_inspectorate", "cqc"),
        grades=pick("grades", (4, 4, 4, 4), (3, 3, 3, 3), (5, 4, 4, 4), (4, 2, 4, 4), (4, 4, 4, 0)),
        easting=pick("address", 1000, 2000, 0),
        northing=1000,
    )


@st.composite
def packages(draw: DrawFn, names: Sequence[str]) -> Package:
    starts = draw(st.lists(st.sampled_from([480, 540, 720, 1000, 1200]), min_size=1, max_size=3, unique=True))
    days = draw(st.lists(st.integers(0, 6), min_size=1, max_size=3, unique=True))
    pick = oddities(draw, "workers", "night", "locality", "rural", "needs", "excluded", "current", "ended", "chosen")
    workers = pick("workers", 1, 2)
    critical = draw(st.booleans())
    starts += pick("night", [], [1380])
    pattern = [Visit(one, start, 30, workers, critical) for one in sorted(days) for start in sorted(starts)]
    return Package(
        reference="P-7",
        approved_at=APPROVED_AT,
        required_start_on=START_ON,
        priority=draw(st.sampled_from([1, 2, 5])),
        nation="scotland",
        locality=pick("locality", "North", "South"),
        visits=tuple(pattern),
        area_band=pick("rural", "urban", "rural"),
        needs=pick("needs", frozenset(), frozenset({"medication"})),
        exclusions=frozenset({pick("excluded", "", *names)} - {""}),
        current_provider=pick("current", draw(st.sampled_from(["", "", names[0]])), *names),
        current_ended_on=pick("ended", None, date(2018, 2, 5), date(2018, 2, 4)),
        chosen_provider=pick("chosen", "", *names),
        easting=1000,
        northing=1000,
    )


@st.composite
def worlds(draw: DrawFn) -> World:
    names = [f"provider_{letter}" for letter in "abcde"[: draw(st.integers(2, 5))]]
    rows = [draw(enrolments(f"{name}_1", name)) for name in names]
    if draw(st.sampled_from([False, False, True])):
        rows.append(draw(enrolments(f"{names[0]}_2", names[0])))
    return World(
        draw(terms()),
        tuple(draw(st.permutations(rows))),
        {name: draw(providers(name)) for name in names},
        draw(packages(names)),
    )


# --- The gates, said once more


def rate_of(world: World, row: Enrolment, visit: Visit) -> int | None:
    """What the provider charges an hour of one worker: the line of the day, else of the area, else the plain one."""
    if world.terms.price == "fixed" and row.role == "member":
        return FEE
    by_kind = {(line.day_type, line.area_band): line.centipence for line in row.price_lines}
    if visit.day >= 5 and ("weekend", "*") in by_kind:
        return by_kind["weekend", "*"]
    return by_kind.get(("*", world.package.area_band), by_kind.get(("*", "*")))


def gates_failed(world: World, row: Enrolment, visits: Iterable[Visit], at: datetime) -> set[int]:
    """The numbers of the gates, the capacity gate apart, at which an enrolment fails for these visits."""
    visits = list(visits)
    provider, package = world.providers[row.provider], world.package
    failed = set()
    start = package.required_start_on
    if provider.registered_from > start or (provider.registered_to and provider.registered_to < start):
        failed.add(1)
    contract_live = (row.from_on or start) <= start <= (row.to_on or start)
    right_group = not world.terms.groups or (
        package.client_group in (row.client_groups or {package.client_group})
        and package.age_group in (row.age_groups or {package.age_group})
    )
    right_lot = row.lot in ("", LOT_OF[package.area_band] if world.terms.lots else package.care_type)
    joined = not world.terms.joining or row.from_on is None or row.from_on <= local(at).date()
    if not (
        contract_live
        and joined
        and package.service_type in provider.service_types
        and right_lot
        and package.locality in (row.localities or {package.locality})
        and right_group
    ):
        failed.add(2)
    if provider.scale != "care_inspectorate" or min(provider.grades) < GRADE:
        failed.add(3)
    today = local(at).date()
    if any(one.from_on <= today <= (one.to_on or today) for one in row.suspensions):
        failed.add(4)
    needs = set(package.needs)
    needs |= {"double_handed" for visit in visits if visit.workers == 2}
    needs |= {"nights" for visit in visits if visit.start_minute >= 22 * 60}
    if not needs <= row.capabilities:
        failed.add(5)
    rates = [rate_of(world, row, visit) for visit in visits]
    ceiling = CEILING.get(row.tier) if world.terms.price == "ceiling" else None
    if None in rates or (ceiling and any(rate > ceiling for rate in rates if rate)):
        failed.add(6)
    if row.provider in package.exclusions:
        failed.add(8)
    return failed


def band_name(visit: Visit) -> str:
    hours = {"morning": 10.5, "lunch": 14, "tea": 18, "bed": 22, "night": 24}
    return next(name for name, end in hours.items() if visit.start_minute < end * 60)


def room_for(row: Enrolment, spare: Sequence[int], visits: Sequence[Visit], locality: str, at: datetime) -> str:
    """`all`, `some` or `none` of the visits: whole parts of a day, each within a pool that is spare and not too old."""

    def pool_of(visit: Visit) -> int | None:
        for number, pool in enumerate(row.pools):
            fresh = pool.declared_at is not None and at - pool.declared_at <= SPARE_DAYS * DAY
            if (
                fresh
                and locality in (pool.areas or {locality})
                and band_name(visit) in (pool.bands or {band_name(visit)})
            ):
                return number
        return None

    groups: dict[tuple[int, str], int] = {}
    needs: dict[int | None, int] = {}
    pool_of_group = {}
    for visit in visits:
        place = (visit.day, band_name(visit))
        groups[place] = groups.get(place, 0) + visit.worker_minutes
        pool_of_group[place] = pool_of(visit)
        needs[pool_of(visit)] = needs.get(pool_of(visit), 0) + visit.worker_minutes
    if None not in needs and all(need <= spare[pool] for pool, need in needs.items() if pool is not None):
        return "all"
    for place, need in groups.items():
        pool = pool_of_group[place]
        if pool is not None and need <= spare[pool]:
            return "some"
    return "none"
