"""
REL-14: ties are drawn by the published seed, evenly, and never by the order of rows.

Packages with random references meet providers that are equal in every published criterion. Who is asked first must
follow from the seed alone: the same again when rows, references of contracts and registers stand the other way round,
others under another seed, and each provider as often as the others (chi-square, p > 0.01).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from accept.chi_square import p_of_even
from accept.made_up_council import a_council
from accept.tally import Tally

from calloff.acceptance import Result
from calloff.documents.bank_holidays import calendar_for
from calloff.documents.purchasing_models import shipped
from calloff.domain.contracts import Enrolment, Pool, PriceLine
from calloff.domain.decisions import Invite
from calloff.domain.market import Counters, Market, Standing
from calloff.domain.next_step import next_step
from calloff.domain.packages import Package, Visit
from calloff.simulator.keyed_draws import Draws

SIZES = {0: 1_800, 1: 10_000, 2: 100_000}
"""Ties in all, in three markets."""
MARKETS = (2, 5, 12)
"""How many providers are equal in each market."""
AT = datetime(2018, 3, 5, 9, 30, tzinfo=UTC)
LEAST_P = 0.01
EVERY = 10
"""One tie in so many is also drawn with the rows the other way round, and under another seed."""
VISITS = tuple(Visit(day, start, 30) for day in range(5) for start in (480, 1200))


def check(size: int) -> Result:
    """So many ties over the markets."""
    tally = Tally()
    for number in MARKETS:
        in_market(tally, number, size // len(MARKETS))
    return tally.result


def in_market(tally: Tally, number: int, ties: int) -> None:
    usual, turned, other = market(number, "2018"), market(number, "2018", backwards=True), market(number, "2019")
    won = {f"PR{place:04d}": 0 for place in range(number)}
    moved = asked_twice = 0
    for package in packages(ties, number):
        order = asked(usual, package)
        won[order[0]] += 1
        tally.n += 1
        if tally.n % EVERY == 0:
            asked_twice += 1
            tally.expect(asked(usual, package) == order, f"{package.reference}: the same seed drew twice otherwise")
            tally.expect(
                asked(turned, package) == order, f"{package.reference}: the order of rows decided between {number}"
            )
            moved += asked(other, package) != order
    # Two seeds agree by chance once in two for two providers, and hardly ever for twelve.
    tally.expect(moved * 5 > asked_twice, f"another seed changed {moved} of {asked_twice} ties of {number}")
    p = p_of_even(list(won.values()))
    tally.expect(p > LEAST_P, f"{number} providers were not drawn evenly: p = {p:.2g}, {list(won.values())}")
    tally.notes.append(f"{number} equal providers, {ties} ties: p = {p:.3f}")


def asked(market: Market, package: Package) -> Sequence[str]:
    """The providers in the order in which this package would ask them: the first, and the drawn order behind it."""
    decision = next_step(shipped("east_lothian_2017_framework").model, package, market, (), AT)
    if not isinstance(decision, Invite):
        return ("nobody",)
    enrolments = market.standing.enrolments
    behind = [enrolments[row].provider for row, *_ in decision.basis.body["order"]]
    return (decision.invitations[0].provider, *behind)


def market(number: int, seed: str, backwards: bool = False) -> Market:
    """So many providers that differ in nothing but their names; backwards, their contracts sort the other way."""
    alike = {"in_house": False, "easting": 0, "northing": 0, "grades": (4, 4, 4, 4)}
    register = [replace(one, **alike) for one in a_council(0, 0, number).providers]
    places = range(number)[::-1] if backwards else range(number)
    enrolments = [
        Enrolment(
            reference=f"E{place:02d}",
            provider=provider.reference,
            tier="framework",
            role="member",
            price_lines=(PriceLine(f"E{place:02d}#1", 150_000),),
            pools=(Pool(1_200, AT),),
        )
        for place, provider in zip(places, register, strict=True)
    ]
    calendars = {"scotland": calendar_for("scotland")}
    standing = Standing(tuple(enrolments), {one.reference: one for one in register}, calendars, ("all",), seed)
    return Market(standing, Counters.at_start(standing))


def packages(ties: int, number: int) -> list[Package]:
    """Packages alike in all but their references, which were drawn at approval."""
    draws = Draws(number)
    references = (f"P-{draws.number('reference', str(place)) >> 32:08x}" for place in range(ties))
    return [Package(one, AT, date(2018, 3, 12), 5, "scotland", "all", VISITS) for one in references]
