"""
I12: an offer is in time or late by the server's clock, to the millisecond; the deadline itself is still in time.

Invitations whose deadlines lie on ordinary days and around the four nights when clocks change are answered some
milliseconds before, at and after their deadline: by the provider itself, and by a broker who wrote down what was heard.
What was in time is taken and has a receipt that nobody else has; what was late is refused with the deadline in words,
and leaves nothing behind; and the kernel, asked afterwards, counts the one and not the other.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from accept.engines import on_each_engine
from accept.state import differing, state
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 12, 1: 240, 2: 2_400}
OFFSETS = (-2_000, -1, 0, 1, 999, 2_000)
"""Milliseconds after the deadline."""
DAYS = tuple(
    datetime(*day, 8, tzinfo=UTC)
    for day in ((2026, 11, 23), (2026, 3, 27), (2026, 10, 23), (2027, 3, 26), (2027, 10, 29), (2028, 2, 28))
)
"""Mornings from which a deadline may run over a night on which clocks change, or over 29 February."""


def check(size: int) -> Result:
    """So many answers on each engine."""
    tally = Tally()
    on_each_engine(tally, "i12", "answers", size, SIZES[0])
    return tally.result


def answers(tally: Tally, size: int) -> None:
    from world import made_world

    world = made_world()
    world.provider("acorn", 15, 6_000_000)
    _ = world.broker, world.senior, world.assessor, world.approver, world.manager("acorn")
    chance = random.Random(12)
    for number in range(size):
        world.at = DAYS[number // len(OFFSETS) % len(DAYS)] + timedelta(minutes=chance.randrange(600))
        world.declared("acorn")
        one_answer(tally, world, OFFSETS[number % len(OFFSETS)], ("portal", "api", "broker")[number % 3])
    _receipts_differ(tally)


def one_answer(tally: Tally, world: Any, offset: int, by_whom: str) -> None:
    """One answer, so many milliseconds after the deadline."""
    from calloff.web.brokerage.models import Offer
    from calloff.web.brokerage.services.desk import desk_for
    from calloff.web.brokerage.services.refusals import TooLateError

    package = world.started()
    invitation = world.invitation(package, "acorn")
    deadline = invitation.deadline_at
    before, told = state(), ""
    try:
        give(world, invitation, deadline + timedelta(milliseconds=offset), by_whom)
    except TooLateError as refusal:
        told = str(refusal)
    tally.n += 1
    about = f"{offset} ms after {deadline}, by {by_whom}"
    if offset <= 0:
        offer = Offer.objects.filter(invitation=invitation).first()
        tally.expect(offer is not None and bool(offer.receipt), f"{about}: no receipt ({told or 'nothing was said'})")
    else:
        tally.expect("deadline" in told, f"{about}: it was taken")
        left = differing(before, state())
        tally.expect(not left, f"{about}: refused, it left behind {', '.join(left)}")
    turn = desk_for(world.again(package), deadline + timedelta(seconds=5)).story().invitations[-1]
    tally.expect(turn.state == ("accepted" if offset <= 0 else "expired"), f"{about}: the kernel says {turn.state}")


def give(world: Any, invitation: Any, at: datetime, by_whom: str) -> None:
    """The provider answers by itself, or a broker hears it at that moment and writes it down a little later."""
    from calloff.web.brokerage.services.answering import Answer, answer_invitation, record_answer

    if by_whom != "broker":
        manager = world.manager("acorn")
        answer_invitation(invitation=invitation, answer=Answer("accept"), by=manager, at=at, channel=by_whom)
        return
    record_answer(
        invitation=invitation,
        answer=Answer("accept"),
        received_at=at,
        channel="phone",
        answered_by="A Manager",
        words="yes",
        by=world.broker,
        at=at + timedelta(minutes=3),
        second=world.senior,
        late_reason="the line was down",
    )


def _receipts_differ(tally: Tally) -> None:
    from calloff.web.brokerage.models import Offer

    receipts = list(Offer.objects.values_list("receipt", flat=True))
    tally.expect(len(receipts) == len(set(receipts)) > 0, "two offers have one receipt")
