"""
DAY-01: a day on Eastmoor in the browser, from the first request to the last notice, while servers are killed.

Requests arrive through the form; two brokers, an approver and six services work them on the real pages, under a clock
that the day moves. Answers come by telephone, offers are joined into a split, everybody declines, a service is
suspended between its yes and the confirmation, somebody is asked out of turn, somebody dies while an invitation is
out, a package is given back, and a broker hands over. Website and worker are each killed on the way.

At the end every request is called off, waits or was withdrawn, with owner, next act and reason; the indicators are
those that a recount of the events alone comes to; replay finds no difference; and each sink holds the notices that the
events must have caused, no other, and nobody's identity. Whatever a page said was done stands in the chain.
"""

from __future__ import annotations

import email
import email.policy
import os
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result, SkippedError

SIZES = {0: 4, 1: 40, 2: 40}


def check(size: int) -> Result:
    """A day of so many requests on each engine."""
    from conftest import CHROMIUM, NO_CHROMIUM

    if not CHROMIUM:
        raise SkippedError(NO_CHROMIUM)
    tally = Tally()
    on_each_engine(tally, "day_01", "one_day", size, SIZES[0])
    return tally.result


def one_day(tally: Tally, size: int) -> None:
    from accept.day_desk import Clock, Desk, House, close
    from accept.day_story import MORNING, needs_of, play
    from conftest import CHROMIUM, CHROMIUM_ARGUMENTS
    from playwright.sync_api import sync_playwright

    # Playwright leaves a loop running in this thread; nobody else uses it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    began = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="calloff-day-")))
        clock = Clock(MORNING, folder)
        council = eastmoor(MORNING)
        house = House(clock)
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        desk = Desk(house, clock, browser, council)
        close(stack, desk)
        house.start()
        needs = needs_of(size)
        day = play(desk, needs, full=size > SIZES[0])
        tally.n += len(needs)
        look(tally, day, clock.now())
        tally.notes.append(
            f"{len(desk.acknowledged)} acts that a page called done, {desk.repeated} done again after a kill of "
            f"{', '.join(house.kills)}"
        )
        tally.notes.append(f"{day.looked_again} call-offs looked at again, since something had changed meanwhile")
    tally.notes.append(f"{time.monotonic() - began:.0f} s")


def eastmoor(morning: datetime) -> Any:
    """The demonstration's Eastmoor with its people, services and ways of buying, before anybody asked for anything."""
    from calloff.simulator.keyed_draws import Draws
    from calloff.web.demonstration.council import WEEKS, found, open_market
    from calloff.web.demonstration.councils import EASTMOOR
    from calloff.web.demonstration.market import register
    from calloff.web.demonstration.people import add_providers, add_staff, adding, cast_of
    from calloff.web.demonstration.work import Team
    from calloff.web.jobs.services import without_letters

    council = found(EASTMOOR)
    before = morning - timedelta(weeks=WEEKS)
    add = adding(Draws(1), before)
    add_staff(add, EASTMOOR, council)
    add_providers(add, list(register([EASTMOOR], before).values()))
    with without_letters():
        open_market(Team(EASTMOOR, council, cast_of(EASTMOOR), Draws(2), before, morning))
    council.refresh_from_db()
    return council


# What must hold at the end


def look(tally: Tally, day: Any, at: datetime) -> None:
    from accept.day_recount import count

    counted = count(day.desk.council, at)
    ended(tally, day)
    indicators(tally, day, counted, at)
    replayed(tally, day)
    notices(tally, day, counted)
    acknowledged(tally, day)
    killed(tally, day)


def ended(tally: Tally, day: Any) -> None:
    """Every request is called off, waits with owner and next act, or was withdrawn with its reason."""
    found: Counter[str] = Counter()
    for need in day.needs:
        package = day.again(need.number)
        what = f"{need.course} {package.reference}"
        if package.state == "withdrawn":
            tally.expect(bool(package.end_reason), f"{what} was withdrawn without a reason")
        elif package.state == "sourcing":
            tally.expect(bool(package.next_action and package.next_action_at), f"{what} waits for nothing")
        else:
            tally.expect(package.state in ("called_off", "started"), f"{what} is {package.state}")
            tally.expect(package.minutes_to_place == 0, f"{what} is called off and not whole")
        tally.expect(package.owner_id is not None, f"{what} has no owner")
        if package.state in ("sourcing", "withdrawn"):
            text = day.desk.reads(package.owner.name, f"/packages/{package.token}")
            tally.expect("What next" in text, f"the page of {what} does not say what is next")
        found[package.state if package.state != "sourcing" else f"waits ({package.next_action})"] += 1
        tally.expect(found_as_told(need.course, package), f"{what} came out as {package.state} {package.next_action}")
    tally.notes.append(", ".join(f"{number} {state}" for state, number in sorted(found.items())))


def found_as_told(course: str, package: Any) -> bool:
    """Whether a story came out as it is told."""
    placed = package.state in ("called_off", "started")
    rows = list(package.call_offs.select_related("enrolment"))
    return {
        "death": package.state == "withdrawn" and package.end_reason == "died",
        "left": package.next_action == "await_answers",
        "not begun": package.next_action == "start_step",
        "handback": package.state == "sourcing" and len(rows) == 1 and rows[0].end_reason == "handback",
        "split": placed and len(rows) == 2,
        "chain": placed and rows[-1].enrolment.tier == "council_team",
        "override": placed and rows[-1].override_reason == "person_at_risk",
        "block": placed and rows[-1].kind == "block",
        "suspended": placed and package.invitations.filter(state="ended").count() == 1,
        "silent": placed and package.invitations.filter(state="expired").count() == 1,
        "second": placed and package.invitations.filter(state="declined").count() == 1,
    }.get(course, placed)


def indicators(tally: Tally, day: Any, counted: Any, at: datetime) -> None:
    """K1 to K4, K6, K9 and K10 as the product tells them, beside those of the events."""
    from calloff.web.performance import services as performance

    council, today = day.desk.council, at.date()
    unmet = performance.unmet_need(council, today)
    told = {
        "K1 minutes": unmet.minutes,
        "K1 people with nothing": unmet.whole_people,
        "K1 people with a part": unmet.partial_people,
        "K2 in the community": unmet.in_community,
        "K3 in hospital": unmet.in_hospital,
    }
    tally.expect(told == counted.unmet(today), f"{told}, and by the events {counted.unmet(today)}")
    beds = performance.beds_on(council, today)
    tally.expect(beds == counted.beds(today), f"K4 is {beds}, and by the events {counted.beds(today)}")
    rows = performance.waits(council, today, today, at).values()
    waited = tuple(
        sorted((one.length, one.over) for row in rows for one in getattr(row, which)) for which in ("award", "start")
    )
    tally.expect(waited == counted.waits(at), f"K6 is {waited}, and by the events {counted.waits(at)}")
    bought = performance.bought(council, today, today)
    shares = {"K9": bought.on_framework, "K10": bought.overridden}
    for name, share in shares.items():
        of = (share.part, share.whole)
        tally.expect(of == counted.shares()[name], f"{name} is {of}, and by the events {counted.shares()[name]}")
    tally.notes.append(f"{told}, K4 {beds}, K9 and K10 {counted.shares()}, K6 of {len(waited[0])} and {len(waited[1])}")


def replayed(tally: Tally, day: Any) -> None:
    """Every decision of the day comes out the same from its own log."""
    from calloff.web.brokerage.services.records import replayed as replay

    number = 0
    for package in day.packages.values():
        for one in replay(package):
            number += 1
            tally.expect(not one.differs, f"{package.reference}, decision {one.number}: {one.difference}")
    tally.notes.append(f"{number} decisions replayed")


def notices(tally: Tally, day: Any, counted: Any) -> None:
    """Each recipient's sink holds what the events must have caused and nothing else; nobody is named in any."""
    from django.conf import settings

    from calloff.web.jobs.services import SUBJECTS

    kinds = {str(subject): kind for kind, subject in SUBJECTS.items()}
    secrets = [text for need in day.needs for text in (need.name, need.address, need.phone, need.case_number)]
    secrets += [need.postcode for need in day.needs] + [need.name.split()[-1] for need in day.needs]
    due = Counter(counted.notices)
    for (to, about), number in day.told_to_decide.items():
        due[to, "decide", about] += number
    sent: Counter[tuple[str, str, str]] = Counter()
    for path in sorted(Path(settings.EMAIL_FILE_PATH).glob("*.eml")):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        text = str(message.get_content())
        about = text.split("\n")[0].rpartition(": ")[2].rstrip(".")
        kind = kinds[str(message["Subject"])]
        sent[str(message["To"]).partition("@")[0], kind, about if about[:2] in ("P-", "R-") else ""] += 1
        everything = f"{message.as_string()} {text}".casefold()
        for secret in secrets:
            tally.expect(secret.casefold() not in everything, f"{path.name} names {secret!r}")
    for key in sorted(set(due) | set(sent)):
        tally.expect(due[key] == sent[key], f"{key}: {sent[key]} in the sink, {due[key]} due")
    tally.notes.append(f"{sum(sent.values())} e-mails to {len({to for to, _, _ in sent})} people")


def acknowledged(tally: Tally, day: Any) -> None:
    """Whatever a page said was done stands in the chain, and the chain is whole."""
    from calloff.web.audit.services import faults_in_chain

    last: dict[tuple[str, str], int] = {}
    for name, kind, number in day.desk.acknowledged:
        tally.expect(number > last.get((name, kind), 0), f"{name} was told that {kind} is done, and it is not there")
        last[name, kind] = number
    for (name, kind), number in last.items():
        stands = day.desk.recorded(name, kind)
        tally.expect(stands >= number, f"{number - stands} {kind} of {name} were acknowledged and are gone")
    for council in (0, day.desk.council.pk):
        for fault in faults_in_chain(council):
            tally.fault(fault)


def killed(tally: Tally, day: Any) -> None:
    """The day had its kills, and was the day that it is meant to be."""
    due = Counter({"website": 2, "worker": 2} if day.full else {"website": 1, "worker": 1})
    tally.expect(Counter(day.desk.house.kills) == due, f"killed were {', '.join(day.desk.house.kills)}")
    tally.expect("changed since you looked" in day.refused, f"after a suspension the page said: {day.refused}")
    for fault in day.faults:
        tally.fault(fault)
