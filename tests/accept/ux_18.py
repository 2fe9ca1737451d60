"""
UX-18: every rank, price and exclusion has its reason in one sentence, the one replay gives.

Random councils of providers with prices, spare hours, suspensions and skills of their own; packages with needs, some
answered. The page of each package is read as a broker sees it. Every place in an order must have one sentence, and its
figures must be those by which the decision record, replayed byte for byte, puts the two neighbours in that order;
every price must be the provider's rate times the hours of the package, worked out here; everybody enrolled who stands
in no order must be told in exactly one sentence with their name, and fail in the record what that sentence is under.
"""

from __future__ import annotations

import html
import json
import random
import re
from datetime import timedelta
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 6, 1: 120, 2: 500}
"""So many packages on each engine."""
PROVIDERS = ("acorn", "beech", "cedar", "dogwood", "elder", "fern", "gorse", "hazel")

UNDER = {"suspension": "no new work", "does not offer": "lack what is needed", "spare hours": "no spare hours"}
"""What a sentence says, and the heading under which it must stand."""


def check(size: int) -> Result:
    """So many packages."""
    tally = Tally()
    on_each_engine(tally, "ux_18", "reasons", size, SIZES[0])
    return tally.result


def reasons(tally: Tally, size: int) -> None:
    from django.utils import timezone
    from web.filled import browser
    from world import made_world

    from calloff.web.brokerage.services.sourcing import WITHDRAW_REASONS, withdraw
    from calloff.web.contracts.services import market

    market._kept.clear()
    draw, world = random.Random(18), made_world()
    world.at = timezone.now() - timedelta(minutes=5)
    pounds = {name: draw.randint(14, 17) for name in PROVIDERS}
    for name in PROVIDERS:
        skills = frozenset({"dementia"}) if draw.random() < 0.7 else frozenset()
        world.provider(name, pounds[name], draw.choice((60, 3_000, 3_000, 9_000)), capabilities=skills)
    suspended(world, PROVIDERS[draw.randrange(len(PROVIDERS))])
    client = browser(world.broker)
    for number in range(size):
        needs = frozenset({"dementia"}) if number % 2 else frozenset()
        package = world.started(needs=needs)
        first = package.invitations.select_related("branch").first()
        if number % 3 == 1 and first is not None:
            world.answer(package, first.branch.reference, "decline", reason="no_capacity")
        look_at(tally, world, client, world.again(package), pounds)
        # What it keeps comes free for the next: so many packages would find nobody in the end.
        withdraw(package=world.again(package), reason=WITHDRAW_REASONS[1], words="", by=world.broker, at=world.at)


def suspended(world: Any, name: str) -> None:
    from calloff.web.contracts.models import Enrolment
    from calloff.web.contracts.services.suspensions import suspend

    suspend(
        enrolment=Enrolment.objects.get(reference=name),
        from_on=world.at.date(),
        to_on=None,
        step_in=False,
        reason="an inquiry",
        by=world.user("contracts", "contract_manager"),
        at=world.at,
    )


def look_at(tally: Tally, world: Any, client: Any, package: Any, pounds: dict[str, int]) -> None:
    """One package: its page, its record, and what was worked out here."""
    from calloff.web.brokerage.services.records import replayed

    told = html.unescape(client.get(f"/packages/{package.token}").content.decode())
    what = package.reference
    tally.expect(not any(one.differs for one in replayed(package)), f"{what}: replay differs")
    content = json.loads(package.decisions.order_by("number").first().content)
    rows, stopped = read(told)
    tally.expect(bool(rows), f"{what}: nobody stands in an order")
    for name, price, _why in rows:
        tally.n += 1
        due = pounds[name] * 100 * package.minutes_per_week // 60
        tally.expect(price == due, f"{what}: {name} costs {price} pence on the page and {due} by its rate")
    ranks(tally, package, content, rows)
    exclusions(tally, what, rows, stopped)


Rows = list[tuple[str, int, str]]


def read(told: str) -> tuple[Rows, dict[str, list[str]]]:
    """The rows of the order (provider, pence a week, why), and the sentences under each gate or reason."""
    section = told.partition('aria-labelledby="asked"')[2].partition("</section>")[0]
    rows = []
    for row in re.findall(r"<tr.*?</tr>", section.partition("<tbody")[2], re.DOTALL):
        cells = [" ".join(re.sub(r"<[^>]+>", "\n", one).split("\n")) for one in re.findall(r"<t[hd].*?</t[hd]>", row)]
        first = re.search(r"\d+\. (\w+) Care\s*(.*)", cells[0])
        if first is not None:
            why = " ".join(first[2].split())
            pence = int(re.sub(r"[^0-9]", "", cells[1].strip()) or 0)
            rows.append((first[1], pence, why))
    stopped = {}
    for summary, listed in re.findall(r"<summary.*?>(.*?)</summary>(.*?)</details>", section, re.DOTALL):
        said = [" ".join(one.split()) for one in re.findall(r"<li>(.*?)</li>", listed, re.DOTALL)]
        stopped[" ".join(re.sub(r"<[^>]+>", "", summary).split())] = said
    return rows, stopped


def ranks(tally: Tally, package: Any, content: dict[str, Any], rows: Rows) -> None:
    """Each place: one sentence, with the figures of the first key on which the record tells the neighbours apart."""
    from calloff.web.brokerage.services.records import recorded

    scene = recorded(package, 1).scene
    order = content["order"]
    _number, step = scene.step(content["result"]["step"])
    keys = scene.keys(step)
    names = [scene.name(entry[0]).removesuffix(" Care") for entry in order]
    what = package.reference
    tally.expect([name for name, _, _ in rows] == names, f"{what}: the page's order is not the record's: {names}")
    for place, (name, _price, why) in enumerate(rows):
        tally.n += 1
        tally.expect(bool(why) and ". " not in why, f"{what}: {name} has no reason of one sentence but {why!r}")
        if place == 0 or name not in names or names.index(name) == 0 or why.startswith("of those left"):
            continue
        below, above = order[names.index(name)], order[names.index(name) - 1]
        apart = next((key for key in range(len(keys)) if above[key + 1] != below[key + 1]), None)
        if apart is None:
            tally.expect("lot" in why, f"{what}: {name} is where the lot put it, but {why!r}")
            continue
        figures = [scene.figure(keys[apart], one[apart + 1]) for one in (below, above)]
        versus = " against ".join(figures)
        tally.expect(versus in why, f"{what}: {name} is told {why!r}, and the record says {versus}")
        tally.expect(scene.name(above[0]) in why, f"{what}: {name} is told {why!r}, not against {scene.name(above[0])}")


def exclusions(tally: Tally, what: str, rows: Rows, stopped: dict[str, list[str]]) -> None:
    """Everybody enrolled stands in the order or is told in exactly one sentence why not, under what stops them."""
    for name in PROVIDERS:
        tally.n += 1
        in_order = any(name == one for one, _, _ in rows)
        said = [(under, one) for under, every in stopped.items() for one in every if f"{name} care" in one.lower()]
        tally.expect(in_order != bool(said), f"{what}: {name} is in the order {in_order} and told {said}")
        tally.expect(len(said) <= 1, f"{what}: {name} is told more than once: {said}")
        for under, one in said:
            tally.expect(one.endswith(".") and ". " not in one, f"{what}: {one!r} is no sentence")
            for clause, heading in UNDER.items():
                tally.expect(clause not in one or heading in under, f"{what}: {one!r} stands under {under!r}")
