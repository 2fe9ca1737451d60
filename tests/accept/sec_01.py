"""
SEC-01: every page and method against every role, as the checked-in matrix says.

Each address of the urlconf is written down in tests/web/access.yaml; each role, and nobody, knocks at each door by each
method: exactly those get through whose list in roles.yaml holds the right.
"""

from __future__ import annotations

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 2, 2: 5}
"""At the smallest size three at each door; else every role by so many of the five methods."""


def check(size: int) -> Result:
    """The matrix on each engine."""
    tally = Tally()
    on_each_engine(tally, "sec_01", "matrix", size, SIZES[0])
    return tally.result


def matrix(tally: Tally, size: int) -> None:
    from web.doors import faults, few_faults
    from web.filled_world import filled_world
    from web.routes import METHODS, listing_faults

    from calloff.web.accounts.services import roles

    for fault in listing_faults():
        tally.fault(fault)
    filled, everybody = filled_world(), list(roles())
    tried = few_faults(filled, everybody) if size == 1 else faults(filled, [None, *everybody], METHODS[:size])
    for what, fault in tried:
        tally.n += 1
        tally.expect(not fault, f"{what}: {fault}")
    tally.expect(tally.n > 100, f"only {tally.n} tries")
