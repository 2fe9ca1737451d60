"""
SEC-03: what a provider sees does not depend on another provider's secret.

Pairs of runs, drawn from a seed: the same story for acorn, another secret of beech's, such that the kernel gives acorn
the same history. All that acorn is told is compared byte for byte: pages, lists and files, letters, notices, e-mails,
refusals, and what its program reads.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 2, 1: 60, 2: 10_000}
"""So many pairs on each engine."""
CHANNELS = ("/provider", "/notices", "POST", "API", "e-mail", "/provider?as=xlsx", "/provider/packages/", "/queue")
"""What must have been compared, or the check has not looked."""
EVERY = 4
"""One pair in so many is of a sealed step, one of prices that lose, one of prices that win."""


def check(size: int) -> Result:
    """So many pairs on each engine."""
    tally = Tally()
    on_each_engine(tally, "sec_03", "pairs", size, SIZES[0])
    return tally.result


def pairs(tally: Tally, size: int) -> None:
    from web.provider_portal.two_runs import differing

    channels: set[str] = set()
    compared = 0
    for number in range(size):
        name, once, again = drawn(number, random.Random(number))
        one, other = once(), again()
        tally.n += 1
        compared += len(one)
        channels |= set(one)
        found = differing(one, other)
        tally.expect(not found, f"{name}: {len(found)} differ: {', '.join(found)[:300]}")
    missed = [name for name in CHANNELS if size > SIZES[0] and not any(one.startswith(name) for one in channels)]
    tally.expect(not missed, f"never compared: {', '.join(missed)}")
    tally.notes.append(f"{compared} answers of each side compared in {size} pairs")


def drawn(number: int, chance: random.Random) -> tuple[str, Callable[[], Any], Callable[[], Any]]:
    """A pair: what it is called, and its two runs."""
    from web.provider_portal import two_runs as runs

    work = chance.random() < 0.5
    kind = number % EVERY
    if kind == 1:
        story = chance.choice([runs.called_off, runs.asked, runs.accepted, runs.ran_out])
        low, high = sorted(chance.sample(range(151_000, 160_000), 2))
        name = f"a sealed step, {story.__name__}, {low} or {high}"

        def sealed(bid: int) -> Any:
            return runs.play(story, runs.bids(bid), sealed=True, work=work)

        return name, lambda: sealed(low), lambda: sealed(high)
    if kind in (2, 3):
        story = runs.lost if kind == 2 else chance.choice(runs.STORIES)
        one, other = chance.sample(range(7, 15) if kind == 2 else range(16, 26), 2)
        name = f"{story.__name__}, accepts, {one} or {other} pounds an hour, work: {work}"
        return (
            name,
            lambda: runs.play(story, runs.accepts, one, work=work),
            lambda: runs.play(story, runs.accepts, other, work=work),
        )
    story, secrets = chance.choice((*runs.STORIES, runs.first)), chance.sample([runs.silent, *runs.SECRETS], 2)
    if number == 0:
        # The plainest of all, so that the smallest run has it.
        story, secrets = runs.accepted, [runs.silent, runs.accepts]
    name = f"{story.__name__}, {secrets[0].__name__} or {secrets[1].__name__}, work: {work}"
    return name, lambda: runs.play(story, secrets[0], work=work), lambda: runs.play(story, secrets[1], work=work)
