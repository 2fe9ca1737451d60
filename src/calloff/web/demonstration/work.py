"""
How a council's people and providers go about a package: whoever has something to do next does it, in working hours.

A `Script` says how one package is to go; without one, everything is drawn from the seed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from calloff.domain.calendar import local, to_utc
from calloff.domain.units import half_up
from calloff.simulator.keyed_draws import Draws
from calloff.web.accounts.models import User
from calloff.web.brokerage.models import CallOff, Invitation, Package, Person, Request, Stay
from calloff.web.brokerage.services.answering import answer_invitation, record_answer
from calloff.web.brokerage.services.approving import approve_request
from calloff.web.brokerage.services.confirming import approve_price, confirm_call_off, proposal
from calloff.web.brokerage.services.living import enter_start, record_stay
from calloff.web.brokerage.services.refusals import ApprovalNeededError
from calloff.web.brokerage.services.requests import raise_request
from calloff.web.brokerage.services.sourcing import assign, start_step
from calloff.web.brokerage.services.wanted import Wanted
from calloff.web.demonstration.councils import Shape
from calloff.web.demonstration.days import Days, Hours, duty
from calloff.web.demonstration.needs import rows_of, wanted
from calloff.web.demonstration.offering import worded
from calloff.web.demonstration.people import Cast, add_person
from calloff.web.directory.models import Area, Council
from calloff.web.directory.services import calendar_of
from calloff.web.jobs.models import Job

HOSPITAL = 2
DECLINES = ("no_capacity", "no_capacity_in_band", "location", "double_handed", "skills", "start_date")
ACCEPT_PERCENT, DECLINE_PERCENT = 72, 20
"""Of invitations that no script speaks of; the rest stay without an answer (assumed)."""
BY_PHONE_PERCENT = 8
BY_PHONE = "phone "
"""What an answer begins with that a broker heard on the telephone."""
ENDS_PERCENT = 7


@dataclass(frozen=True)
class Script:
    """
    How a package is to go. Minutes are minutes of work; None means that it is not done before the demonstration begins.

    `answers` are those of the providers in the order in which they are asked, each with its delay; after the last one
    everybody is silent. Without any, answers are drawn. `owner` empty leaves the package with the duty team.
    """

    owner: str = "broker"
    starts_after: int | None = 12
    answers: tuple[tuple[str, int], ...] | None = None
    confirms_after: int | None = 15
    enters_start: bool = True
    pence_per_hour: int = 0
    then: tuple[tuple[str, int, Callable[[Package, datetime], None]], ...] = ()
    """Acts by the next action at which they are done, once, with their delay."""


USUAL = Script()


@dataclass
class Team:
    """One council at work under its made-up clock."""

    shape: Shape
    council: Council
    cast: Cast
    draws: Draws
    begins_at: datetime
    now: datetime
    scripts: dict[int, Script] = field(default_factory=dict)
    named: dict[str, int] = field(default_factory=dict)
    """Packages by the key of their story, once they are approved."""
    silent: set[str] = field(default_factory=set)
    """Enrolments that no longer say by themselves what they have to spare."""
    _awaited: dict[int, str] = field(default_factory=dict)
    _asked: set[int] = field(default_factory=set)
    _done: set[tuple[int, int]] = field(default_factory=set)
    _place: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.office = Hours(calendar_of(self.council))
        self.duty = duty(calendar_of(self.council))
        self.days = Days(self.now, self.after_job)
        self.areas = {area.name: area for area in Area.objects.filter(council=self.council).select_related("locality")}

    @property
    def today(self) -> date:
        return local(self.now).date()

    def ago(self, minutes: int) -> datetime:
        """So many minutes of office work before now."""
        return self.office.before(self.now, minutes)

    def lately(self, minutes: int) -> datetime:
        """So many minutes of the duty desk's work before now: for people in hospital, on any day."""
        return self.duty.before(self.now, minutes)

    def pick(self, names: Sequence[str], purpose: str, key: str) -> str:
        """One of some words, drawn."""
        return names[self.draws.between(0, len(names) - 1, purpose, key)]

    def area(self, key: str, locality: str = "") -> Area:
        """An area of the council, or of one locality, drawn; a rural one seldom."""
        names = sorted(name for name, area in self.areas.items() if not locality or area.locality.code == locality)
        likely = [name for name in names if self.areas[name].area_band != "rural"]
        return self.areas[self.pick(likely * 3 + names, "area", key)]

    # From somebody's need to an approved package

    def person(self, key: str, area: Area) -> Person:
        return add_person(self.draws, self.shape, area, key, self.today)

    def need(
        self,
        key: str,
        at: datetime,
        script: Script = USUAL,
        *,
        priority: int = 5,
        locality: str = "",
        minutes: int = 0,
        approves_after: int = 25,
        **more: Any,
    ) -> None:
        """Plan a request at a moment, and its approval; what follows, follows from the package's next action."""

        def ask(moment: datetime) -> None:
            area = self.area(key, locality)
            person = self.person(key, area)
            starts_on = self.start_for(priority, moment)
            need = wanted(self.draws, self.shape, key, starts_on=starts_on, priority=priority, minutes=minutes)
            need = replace(need, **more)
            need = replace(need, lines=rows_of(need.visits, medicines="medication" in need.needs))
            request = self.raise_for(person, need, moment)
            hours = self.duty if priority == HOSPITAL else self.office
            self.days.plan(hours.after(moment, approves_after), lambda then: self.approve(key, request, script, then))

        self.days.plan(at, ask)

    def start_for(self, priority: int, at: datetime) -> date:
        """The day from which care is needed."""
        return local(at).date() + timedelta(days={1: 0, 2: 1, 3: 2, 4: 3}.get(priority, 6))

    def raise_for(self, person: Person, need: Wanted, at: datetime, changes: Package | None = None) -> Request:
        """The assessor asks; for somebody in hospital it is the hub, which knows of the stay."""
        from_hub = need.priority == HOSPITAL
        if from_hub:
            admitted_on = local(at).date() - timedelta(days=self.draws.between(4, 21, "admitted", person.reference))
            self.stay(person, admitted_on, local(at).date(), at)
        by = self.cast["hub" if from_hub else "assessor"]
        return raise_request(
            council=self.council, person=person, wanted=need, by=by, at=at, from_hub=from_hub, changes=changes
        )

    def stay(
        self, person: Person, admitted_on: date, ready_on: date | None, at: datetime, waits_for: str = "home"
    ) -> Stay:
        """The hub records a stay in hospital."""
        return record_stay(
            person=person,
            admitted_on=admitted_on,
            ready_on=ready_on,
            waits_for=waits_for,
            discharged_on=None,
            by=self.cast["hub"],
            at=at,
        )

    def approve(self, key: str, request: Request, script: Script, at: datetime) -> None:
        """The approver agrees to the hours and a greatest price; then somebody has to do with the package."""
        hourly = script.pence_per_hour or self.shape.approved_pence_per_hour
        package = approve_request(
            request=request,
            pence_per_week_at_most=half_up(hourly * request.minutes_per_week, 60),
            limit_pence=self.shape.approval_limit_pence,
            by=self.cast["approver"],
            at=at,
        )
        self.scripts[package.pk] = script
        self.named[key] = package.pk
        if script.owner:
            self.days.plan(at + timedelta(minutes=2), lambda then: self.give(package.pk, script.owner, then))
        self.look(package.pk, at)

    def give(self, number: int, owner: str, at: datetime) -> None:
        """A senior broker gives a package to its owner."""
        assign(package=self.package(number), to=self.cast[owner], by=self.cast["senior"], at=at)

    # Whoever is next

    def after_job(self, job: Job, at: datetime) -> None:
        """The worker did something: whoever is next for that package plans it."""
        if job.kind == "advance":
            self.look(json.loads(job.data)["package"], at)

    def look(self, number: int, at: datetime) -> None:
        """Plan what somebody does next about a package."""
        package = self.package(number)
        script = self.scripts.get(number, USUAL)
        action = package.next_action
        if action == "await_answers":
            for invitation in package.invitations.filter(state=Invitation.OPEN).select_related("branch").order_by("pk"):
                if invitation.pk in self._asked:
                    continue
                self._asked.add(invitation.pk)
                self.plan_answer(package, script, invitation)
        planned = f"{action} {package.version} {package.minutes_to_place}"
        if self._awaited.get(number) == planned:
            return
        self._awaited[number] = planned
        for place, (name, delay, act) in enumerate(script.then):
            if name == action and (number, place) not in self._done:
                self._done.add((number, place))
                self.in_office(package, at, delay, self.doing(number, act))
                return
        if action == "start_step" and script.starts_after is not None:
            self.in_office(package, at, script.starts_after, lambda then: self.start(number, then))
        elif action == "confirm" and script.confirms_after is not None:
            self.in_office(package, at, script.confirms_after, lambda then: self.confirm(number, then))
        elif action == "approve_price" and script.confirms_after is not None:
            self.in_office(package, at, 45, lambda then: self.allow_price(number, then))
        elif action == "enter_start" and script.enters_start:
            for call_off in package.call_offs.filter(ended_on__isnull=True, first_visit_on__isnull=True):
                if call_off.start_on is not None:
                    minute = 11 * 60 + self.draws.between(0, 240, "first visit", package.reference)
                    moment = max(to_utc(call_off.start_on, minute), at)
                    self.days.plan(moment, lambda then, found=call_off: self.begin(found, then))  # type: ignore[misc]

    def doing(self, number: int, act: Callable[[Package, datetime], None]) -> Callable[[datetime], None]:
        """An act on a package as it then is, after which whoever is next plans anew."""

        def done(at: datetime) -> None:
            act(self.package(number), at)
            self.look(number, at)

        return done

    def on(self, key: str, at: datetime, act: Callable[[Package, datetime], None]) -> None:
        """Plan an act on the package of a story, if there is one by then."""

        def done(then: datetime) -> None:
            if key in self.named:
                self.doing(self.named[key], act)(then)

        self.days.plan(at, done)

    def in_office(self, package: Package, at: datetime, minutes: int, act: Callable[[datetime], None]) -> None:
        """Plan an act of the council's after so many minutes of its work; the duty desk's for people in hospital."""
        hours = self.duty if package.priority <= HOSPITAL else self.office
        self.days.plan(hours.after(at, minutes), act)

    def package(self, number: int) -> Package:
        return Package.objects.select_related("council", "model_version", "owner").get(pk=number)

    def owner(self, package: Package) -> User:
        """Whoever works on a package: its owner, or the broker on duty."""
        return package.owner or self.cast["broker2"]

    def start(self, number: int, at: datetime) -> None:
        package = self.package(number)
        if package.next_action == "start_step":
            start_step(package=package, by=self.owner(package), at=at)
            self.look(number, at)

    def confirm(self, number: int, at: datetime) -> None:
        package = self.package(number)
        shown = proposal(package, at)
        if shown is None or shown.above_ceiling:
            return
        confirm_call_off(package=package, shown=shown.hash, by=self.owner(package), at=at)
        self.look(number, at)

    def allow_price(self, number: int, at: datetime) -> None:
        """The approver raises the greatest price to what the proposal costs, where the limit reaches so far."""
        package = self.package(number)
        if package.next_action != "approve_price":
            return
        most = half_up(package.minutes_per_week * self.shape.dearest_pence_per_hour, 60)
        try:
            approve_price(
                package=package,
                pence_per_week_at_most=most,
                limit_pence=self.shape.approval_limit_pence,
                by=self.cast["approver"],
                at=at,
            )
        except ApprovalNeededError:
            return
        self.look(number, at)

    def begin(self, call_off: CallOff, at: datetime) -> None:
        """The provider enters the first visit; whoever was in hospital is home."""
        again = CallOff.objects.select_related("package__person").get(pk=call_off.pk)
        if again.ended_on is not None or again.first_visit_on is not None:
            return
        enter_start(call_off=again, first_visit_on=local(at).date(), by=self.manager(again.branch_id), at=at)
        package = again.package
        if package.in_hospital:
            self.discharge(package.cared_for, local(at).date(), at)

    def discharge(self, person: Person, on: date, at: datetime) -> None:
        """The hub records that somebody went home."""
        stay = Stay.objects.filter(person=person, discharged_on__isnull=True).first()
        if stay is not None:
            record_stay(
                person=person,
                admitted_on=stay.admitted_on,
                ready_on=stay.ready_on,
                waits_for=stay.waits_for,
                discharged_on=on,
                by=self.cast["hub"],
                at=at,
            )

    def manager(self, branch: int) -> User:
        return self.cast.managers[branch]

    # How providers answer

    def plan_answer(self, package: Package, script: Script, invitation: Invitation) -> None:
        """Plan what a provider says to an invitation, if it says anything."""
        key = f"{package.reference}-{invitation.branch.reference}-{invitation.wave}"
        if script.answers is None:
            answer, delay = self.drawn_answer(key), self.draws.between(10, 200, "delay", key)
        else:
            place = self._place.get(package.pk, 0)
            self._place[package.pk] = place + 1
            if place >= len(script.answers):
                return
            answer, delay = script.answers[place]
        hours = self.duty if package.priority <= HOSPITAL else self.office
        at = hours.after(invitation.sent_at, delay)
        if answer and at <= invitation.deadline_at:
            self.days.plan(at, lambda then: self.answer(package.pk, invitation, answer, then))

    def drawn_answer(self, key: str) -> str:
        drawn = self.draws.between(0, 99, "answer", key)
        if drawn < ACCEPT_PERCENT:
            return "accept"
        return f"decline:{self.pick(DECLINES, 'reason', key)}" if drawn < ACCEPT_PERCENT + DECLINE_PERCENT else ""

    def answer(self, number: int, invitation: Invitation, said: str, at: datetime) -> None:
        """A provider answers: `accept`, `mornings` (a part) or `decline:REASON`; by telephone now and then."""
        related = ("package__person", "package__area", "package__locality", "enrolment")
        again = Invitation.objects.select_related(*related).get(pk=invitation.pk)
        if again.state != Invitation.OPEN or at > again.deadline_at:
            return
        word = said.removeprefix(BY_PHONE)
        answer = worded(again, word)
        drawn = self.draws.chance(BY_PHONE_PERCENT, "by phone", again.package.reference, again.branch.reference)
        if said != word or (drawn and not again.sealed):
            record_answer(
                invitation=again,
                answer=answer,
                received_at=at,
                channel="phone",
                answered_by=self.manager(again.branch_id).identity.name,
                words="Rang back after looking at next week's rounds.",
                by=self.owner(again.package),
                at=at,
            )
        else:
            answer_invitation(invitation=again, answer=answer, by=self.manager(again.branch_id), at=at)
        self.look(number, at)
