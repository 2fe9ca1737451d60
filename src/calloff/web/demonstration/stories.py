"""
What happened in the last days, package by package, so that each thing that can be to do is there to be done.

Minutes are minutes of work before now: whenever the demonstration is made, at night or on a Sunday, its last acts lie
in the last hours of work, and its deadlines follow the council's own clocks.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from calloff.domain.calendar import to_utc
from calloff.domain.packages import Visit
from calloff.web.brokerage.models import CallOff
from calloff.web.contracts.models import Enrolment
from calloff.web.demonstration import doing
from calloff.web.demonstration.days import DAY
from calloff.web.demonstration.market import POLISH
from calloff.web.demonstration.work import Script, Team

NIGHTS = tuple(Visit(day, 23 * 60, 60) for day in range(7))
"""Visits that no book of capacity holds."""
NOBODY_SPEAKS = frozenset({"language_punjabi"})


def tell_stories(team: Team) -> None:
    """Plan everything."""
    _queue(team)
    _answers(team)
    _hospital(team)
    _no_way_on(team)
    _overrides(team)
    _living(team)
    _requests(team)
    _market(team)


def _asked(team: Team) -> dict[str, Any]:
    """A need for which the council's document asks providers: by night in Aireford, in two localities of Eastmoor."""
    by_council: dict[str, dict[str, Any]] = {
        "aireford": {"visits": NIGHTS, "needs": frozenset({"medication"})},
        "eastmoor": {"locality": "EM1"},
    }
    return by_council.get(team.shape.code, {})


def _queue(team: Team) -> None:
    """Packages to start, one nobody's for too long; asked and silent; declined or run out, and the next asked."""
    asked = _asked(team)
    team.need("fresh", team.ago(70), Script(owner="", starts_after=None), approves_after=12, **asked)
    team.need("fresh too", team.ago(38), Script(starts_after=None), approves_after=14, **asked)
    team.need("fresh senior", team.ago(120), Script(owner="senior", starts_after=None), priority=4, **asked)
    team.need("silent", team.ago(150), Script(answers=()), **asked)
    team.need("silent too", team.ago(420), Script(owner="broker2", answers=()), **asked)
    team.need("nearly due", team.ago(245), Script(owner="broker2", answers=()), priority=4, **asked)
    team.need("declined", team.ago(300), Script(answers=(("decline:no_capacity_in_band", 40),)), **asked)
    team.need("ran out", team.ago(500), Script(owner="broker2", answers=()), priority=4, **asked)
    if team.shape.code == "wightsea":
        oldquay = Enrolment.objects.get(council=team.council, tier="legacy").branch.reference
        since = team.today - timedelta(days=900)
        team.need("legacy", team.ago(330), Script(answers=()), current_provider=oldquay, current_since=since)
    if team.shape.code == "eastmoor":
        for number in range(3):
            team.need(f"block {number}", team.ago(90 + 80 * number), Script(), locality="EM3")


def _answers(team: Team) -> None:
    """Call-offs to confirm, one of them above the price approved; packages for two providers, done and half done."""
    asked = _asked(team)
    yes = (("accept", 60),)
    team.need("accepted", team.ago(420), Script(answers=yes, confirms_after=None), **asked)
    second = (("decline:location", 50), ("phone accept", 100))
    team.need("accepted too", team.ago(700), Script("broker2", answers=second, confirms_after=None), **asked)
    dear = Script(answers=yes, confirms_after=None, pence_per_hour=900)
    team.need("dear", team.ago(480), dear, **{"minutes": 210} | asked)
    large = {key: value for key, value in asked.items() if key != "visits"} | {"minutes": 840}
    half = Script(answers=(("mornings", 45),), confirms_after=20)
    team.need("half placed", team.ago(640), half, **large)
    both = Script(answers=(("mornings", 45), ("accept", 60), ("accept", 60)), confirms_after=20)
    team.need("two providers", team.ago(4 * DAY), both, **large)
    team.need("starts soon", team.ago(3 * DAY), Script(answers=yes * 3), **asked)
    team.need("start not entered", team.ago(8 * DAY), Script(answers=yes * 3, enters_start=False), **asked)
    team.need("disputed", team.ago(2 * DAY), Script(answers=(("phone decline:price", 60),)), **asked)
    team.on("disputed", team.ago(2 * DAY - 330), doing.disputing(team))
    team.on(
        "silent",
        team.ago(60),
        doing.writing(team, "Could you start two days earlier if we find the evenings elsewhere?"),
    )
    team.on(
        "accepted too", team.ago(200), doing.writing(team, "Thank you for ringing back. We confirm this afternoon.")
    )


def _hospital(team: Team) -> None:
    """People in hospital: to be asked for, asked, answered, held; others who wait for a care home."""
    asked, first = _asked(team), Script(owner="senior", starts_after=4)
    team.need("ward 1", team.lately(60), replace(first, answers=()), priority=2, approves_after=8, **asked)
    team.need("ward 2", team.lately(50), replace(first, starts_after=None), priority=2, approves_after=12, **asked)
    answered = replace(first, answers=(("accept", 35),), confirms_after=None)
    team.need("ward 3", team.lately(150), answered, priority=2, approves_after=10, **asked)
    held = replace(first, then=(("start_step", 30, doing.holding(team, "in_hospital", 2)),))
    team.need("ward 4", team.lately(1_500), held, priority=2, **asked)
    team.need("ward 5", team.lately(1_900), first, priority=2, needs=NOBODY_SPEAKS)
    team.on("ward 5", team.lately(1_400), doing.bridging(team, "reablement"))
    for number in range(2):
        key, at = f"care home {number}", team.lately(2_000 + 700 * number)
        team.days.plan(at, doing.staying(team, key))
    for back in range(12, -1, -1):
        day = team.today - timedelta(days=back)
        team.days.plan(to_utc(day, 10 * 60), doing.counting(team, 2 + team.draws.between(0, 4, "care home", str(day))))


def _no_way_on(team: Team) -> None:
    """Nobody left to ask, nobody with hours, a person who has not decided; bought outside the model, or about to be."""
    everybody_busy = Enrolment.objects.filter(council=team.council, facts__contains=POLISH)
    for enrolment in everybody_busy:
        team.silent.add(enrolment.reference)
        team.days.plan(team.ago(6 * DAY), doing.declaring_nothing(team, enrolment))
    team.need("no hours", team.ago(2 * DAY), Script(), needs=frozenset({POLISH}))
    team.need("no hours too", team.ago(380), Script(owner="broker2"), needs=frozenset({POLISH, "medication"}))
    team.on(
        "no hours", team.ago(DAY), doing.noting(team, "Rang all three with a Polish speaker; nobody before next month.")
    )
    team.need("nobody", team.ago(3 * DAY), Script(owner="senior2"), needs=NOBODY_SPEAKS)
    team.on(
        "nobody",
        team.ago(2 * DAY),
        doing.noting(team, "The son can help until Sunday. Asked the neighbouring council."),
    )
    team.need(
        "outside", team.ago(7 * DAY), Script(then=(("decide", 90, doing.buying_outside(team)),)), needs=NOBODY_SPEAKS
    )
    waits = Script(owner="broker2", then=(("decide", 60, doing.asking_outside(team)),))
    team.need("outside waits", team.ago(200), waits, needs=NOBODY_SPEAKS)
    undecided = Script(then=(("start_step", 25, doing.holding(team, "person_undecided", 1)),))
    team.need("undecided", team.ago(900), undecided, **_asked(team))


def _overrides(team: Team) -> None:
    """Somebody else than the model says: waiting for a second person, agreed, refused."""
    asked = _asked(team)
    order, agree, no = doing.ordering(team), doing.agreeing(team), doing.refusing(team)
    waits = Script(answers=(("decline:skills", 30),), then=(("await_answers", 110, order),))
    team.need("order waits", team.ago(460), waits, **asked)
    agreed = Script(answers=(("accept", 40),) * 3, then=(("start_step", 20, order), ("second_override", 45, agree)))
    team.need("order agreed", team.ago(9 * DAY), agreed, **asked)
    refused = Script(answers=(("accept", 40),) * 3, then=(("start_step", 20, order), ("second_override", 45, no)))
    team.need("order refused", team.ago(6 * DAY), refused, **asked)


def _living(team: Team) -> None:
    """Packages that were handed back, changed, withdrawn or have ended."""
    having = list(
        CallOff.objects.filter(council=team.council, enrolment__role__in=("member", "prime", "block"))
        .select_related("package")
        .order_by("-minutes_per_week", "pk")[3:24:3]
    )
    for number, call_off in enumerate(having):
        team.named[f"had {number}"] = call_off.package_id
    team.on("had 0", team.ago(190), doing.handing_back(team, "no_workers", 21))
    team.on("had 1", team.ago(3 * DAY), doing.handing_back(team, "travel", 14))
    team.on("had 1", team.ago(3 * DAY - 120), doing.answering_handback(team))
    team.on("had 2", team.ago(4 * DAY), doing.changing(team, approved=True))
    team.on("had 3", team.ago(240), doing.changing(team, approved=False))
    for number, (reason, days) in enumerate((("died", 6), ("care_home", 10), ("needs_met", 15)), 4):
        team.on(f"had {number}", team.ago(days * DAY), doing.ending(team, reason))
    early = Script(then=(("start_step", 60, doing.withdrawing(team, "own_choice")),))
    team.need("withdrawn", team.ago(3 * DAY), early, **_asked(team))
    later = Script(answers=(), then=(("await_answers", 100, doing.withdrawing(team, "needs_met")),))
    team.need("withdrawn too", team.ago(5 * DAY), later, **_asked(team))


def _requests(team: Team) -> None:
    """Requests that wait for the approver, drafts as somebody left them, and one that was refused."""
    for number, minutes in enumerate((25, 110, 410)):
        team.days.plan(team.ago(minutes), doing.raising(team, f"request {number}", 2 if number == 1 else 5))
    team.days.plan(team.ago(2 * DAY), doing.raising(team, "request refused", 5, refused_after=80))
    for number, name in enumerate(("assessor", "hub")):
        team.days.plan(team.ago(50 + 200 * number), doing.drafting(team, f"draft {number}", name))


def _market(team: Team) -> None:
    """New work stopped for one provider and open again for another; drafts that wait, and one that was refused."""
    enrolments = list(
        Enrolment.objects.filter(council=team.council, role__in=("member", "subcontractor"))
        .exclude(facts__contains=POLISH)
        .order_by("reference")
    )
    stopped, opened = enrolments[4], enrolments[1]
    team.days.plan(
        team.ago(3 * DAY), doing.suspending(team, stopped, "Four missed evening visits in a fortnight; plan asked for.")
    )
    team.days.plan(team.ago(16 * DAY), doing.suspending(team, opened, "Asked for a pause while the office moved."))
    team.days.plan(team.ago(12 * DAY), doing.lifting(team, opened))
    team.days.plan(team.ago(310), doing.proposing_newcomer(team, "contracts"))
    team.days.plan(team.ago(7 * DAY), doing.proposing_newcomer(team, "contracts2", refused_after=200))
    team.days.plan(team.ago(2 * DAY), doing.proposing_model(team))
