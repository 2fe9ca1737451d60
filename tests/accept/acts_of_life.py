"""The acts on a package after its call-off: what stops its visits, what changes for a few days, and who pays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from accept.acts import Act, of


def acts_of_life(world: Any, placed: Callable[[], Any]) -> dict[str, Callable[[], Act]]:
    """By service: what prepares it and gives the call."""
    from calloff.domain.funding import Share
    from calloff.web.brokerage.services import absences, funding, releasing, temporary

    at, broker = world.at, world.broker
    later = at + timedelta(days=10)

    def told(kind: str = "holiday", since: Any = later) -> absences.Told:
        return absences.Told(kind, since, None, min(since, at))

    def stopped(kind: str = "holiday", since: Any = later) -> Any:
        return absences.stop_visits(package=placed(), told=told(kind, since), by=broker, at=at)

    def kept() -> Any:
        # The place was kept for the two weeks that it is kept at most; a stay in hospital is of no package.
        package = placed()
        absences.stop_visits(package=package, told=told("hospital", at - timedelta(days=20)), by=broker, at=at)
        return world.again(package)

    def changed() -> Any:
        return change(placed())

    told_of: dict[str, Any] = {"line": "morning/1", "more_minutes": 5, "reason": "a bath"}
    told_of |= {"from_on": date(2026, 12, 7), "to_on": date(2026, 12, 8)}

    def change(package: Any) -> Any:
        return temporary.change_for_a_while(package=package, **told_of, by=broker, at=at)

    shares = [Share("council", "council", 6_000, at.date()), Share("ICB", "joint", 4_000, at.date())]
    return {
        "absences.stop_visits": of(placed, lambda p: absences.stop_visits(package=p, told=told(), by=broker, at=at)),
        "absences.end_absence": of(
            stopped,
            lambda one: absences.end_absence(
                absence=one, until_at=later + timedelta(days=2), told_at=at, by=broker, at=at
            ),
        ),
        "absences.put_right": of(
            stopped,
            lambda one: absences.put_right(absence=one, told=told(since=later + timedelta(days=1)), by=broker, at=at),
        ),
        "absences.take_back": of(stopped, lambda one: absences.take_back(absence=one, by=broker, at=at)),
        "funding.split": of(
            placed, lambda p: funding.split(package=p, shares=shares, from_on=date(2026, 12, 1), by=broker, at=at)
        ),
        "releasing.release_place": of(
            kept, lambda p: releasing.release_place(package=p, then="ended", by=broker, at=at)
        ),
        "temporary.change_for_a_while": of(placed, change),
        "temporary.vary": of(
            lambda: placed().call_offs.get(),
            lambda one: temporary.vary(call_off=one, **told_of, by=world.manager("acorn"), at=at),
        ),
        "temporary.take_back": of(changed, lambda one: temporary.take_back(change=one, by=broker, at=at)),
    }
