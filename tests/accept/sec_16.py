"""
SEC-16: grave acts ask for a fresh sign-in, changed bank details for two people.

Each act that pays, or changes where money goes, by somebody who may do it and signed in long ago: they are asked to
prove again who they are, and nothing happens. Having proved it, they get through. Bank details are proposed and decided
by every pair of people, one person's second account among them.
"""

from __future__ import annotations

import time
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 3, 2: 20}
GRAVE = (
    "pay_run_approve",
    "pay_advance",
    "pay_approve_block",
    "pay_retro",
    "pay_bank_propose",
    "pay_bank_own",
    "pay_bank_decide",
)
"""Addresses at which nobody gets anywhere with an old sign-in."""


def check(size: int) -> Result:
    """So many times each act on each engine."""
    tally = Tally()
    on_each_engine(tally, "sec_16", "acts", size, SIZES[0])
    return tally.result


def acts(tally: Tally, times: int) -> None:
    from accept.state import differing, state
    from django.conf import settings
    from django.urls import reverse
    from web.filled_world import filled_world
    from web.routes import access, holders_of, routes

    settings.ALLOWED_HOSTS = ["*"]
    filled = filled_world()
    found = {route.name: route for route in routes()}
    again = reverse("account_reauthenticate")
    for name in GRAVE:
        route, values = found[name], filled.values_of(found[name])
        for role in sorted(holders_of(access()[name].permission)):
            for one in values[:times]:
                client, address = filled.client(role), route.address(one)
                for method in ("get", "post"):
                    before = state()
                    answer = getattr(client, method)(address, {"shown": "0", "decision": "approve"})
                    tally.n += 1
                    asked = answer.status_code == 302 and answer.headers["Location"].startswith(again)
                    tally.expect(asked, f"{method} {name} by {role}: {answer.status_code} without a fresh sign-in")
                    moved = [what for what in differing(before, state()) if "session" not in what.lower()]
                    tally.expect(not moved, f"{method} {name} by {role} changed {', '.join(moved)}")
                tally.expect(proved(client).get(address).status_code == 200, f"{name} by {role} is shut for good")
    two_people(tally, filled, times)


def proved(client: Any) -> Any:
    """The client of somebody who has just proved who they are."""
    session = client.session
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session.save()
    return client


def two_people(tally: Tally, filled: Any, times: int) -> None:
    """Every pair of people proposes and decides: only two human beings change where money goes, and where from."""
    from calloff.web.payments.models import BankDetail
    from calloff.web.payments.services import bank

    world = filled.world
    BankDetail.objects.filter(state=BankDetail.PROPOSED).update(state=BankDetail.REFUSED)
    payer = world.user("payer-a", "finance_payer")
    people = [payer, world.user("payer-twin", "pay_approver", identity=payer.identity)]
    people.append(world.user("approver-b", "pay_approver"))
    account = {"sort_code": "401276", "account": "02345671", "name": "Acorn"}
    for branch in [world.branch("acorn"), None] * times:
        for proposer in people:
            for decider in people:
                known = bank.counting(world.council, branch, world.at)
                detail = bank.propose(council=world.council, branch=branch, by=proposer, at=world.at, **account)
                tally.n += 1
                try:
                    bank.decide(detail=detail, approved=True, by=decider, at=world.at)
                    agreed = True
                except bank.BankError:
                    agreed = False
                    bank.stop(detail=detail, by=proposer, at=world.at)
                same = proposer.identity_id == decider.identity_id
                tally.expect(agreed != same, f"{proposer.name} proposed, {decider.name} agreed: {agreed}")
                at_once = bank.counting(world.council, branch, world.at)
                counts = detail if agreed and branch is None else known
                tally.expect(at_once == counts, "details count before anybody could object, or without two people")
