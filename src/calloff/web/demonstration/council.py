"""One council from its first day with Calloff until now: its market, and those who had care before the last days."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db.models import F

from calloff.domain.calendar import local, to_utc, week_begins
from calloff.domain.records import plain
from calloff.simulator.keyed_draws import Draws
from calloff.web.brokerage.models import Package
from calloff.web.brokerage.services.ending import end_package
from calloff.web.contracts.models import Enrolment, Pool
from calloff.web.contracts.services.publishing import approve, propose, texts_of
from calloff.web.contracts.services.spare_minutes import declare_spare
from calloff.web.demonstration.brought import bring
from calloff.web.demonstration.councils import Shape
from calloff.web.demonstration.market import enrolment_of, seats_of
from calloff.web.demonstration.needs import PRIORITIES
from calloff.web.demonstration.paid import plan_pay
from calloff.web.demonstration.people import cast_of, share
from calloff.web.demonstration.stories import tell_stories
from calloff.web.demonstration.work import ENDS_PERCENT, Script, Team
from calloff.web.directory.models import Area, Council, Locality
from calloff.web.directory.services import drawn_from
from calloff.web.jobs.models import Notice
from calloff.web.jobs.services import without_letters

SEED = 2026
WEEKS = 5
"""So long ago the council began with Calloff."""
QUIET_DAYS = 7
"""Those who had care before asked for it no later than so many days ago; what came since is told one by one."""
DECLARED_EVERY_DAYS = 10
MORE_PERCENT = 15
"""Of what is declared again, so much is more than before (assumed)."""
BEGINS_MINUTE = 8 * 60 + 30
READ_AFTER = timedelta(hours=4)
NEWS = timedelta(hours=20)
"""Notices of so long ago have been read; no letters were written of them."""


def found(shape: Shape) -> Council:
    """The council with its places, before anybody works for it."""
    council = Council.objects.create(
        code=shape.code,
        name=shape.name,
        nation=shape.nation,
        seed=f"{shape.name}, lots of the demonstration",
        unmet_target_hours=shape.unmet_target_hours,
        beds_target=shape.beds_target,
        limits=json.dumps(
            {"approver": {"pence_per_week": shape.approval_limit_pence, "assumed": "the demonstration's own figure"}}
        ),
    )
    draws = Draws(SEED)
    for place in shape.localities:
        locality = Locality.objects.create(council=council, code=place.code, name=place.name)
        for number, (name, band) in enumerate(place.areas.items(), 1):
            Area.objects.create(
                council=council,
                code=f"{place.code}-{number}",
                name=name,
                locality=locality,
                area_band=band,
                easting=place.centre[0] + draws.between(-2_500, 2_500, "easting", name),
                northing=place.centre[1] + draws.between(-2_500, 2_500, "northing", name),
            )
    return council


def live_through(shape: Shape, now: datetime) -> Team:
    """
    Let a council with its staff and register live through its weeks with Calloff, until now.

    Everything is done by the services that do it for real people, at moments of a made-up clock.
    """
    council = Council.objects.get(code=shape.code)
    today = local(now).date()
    begins_on = week_begins(today - timedelta(weeks=WEEKS))
    with drawn_from(f"{SEED} {shape.code} {today}"):
        draws = Draws(SEED * 10_000 + today.toordinal() % 10_000)
        team = Team(shape, council, cast_of(shape), draws, to_utc(begins_on, BEGINS_MINUTE), now)
        with without_letters():
            open_market(team)
            team.council.refresh_from_db()
            bring(team, shape.brought)
        plan_declarations(team)
        plan_settled(team)
        tell_stories(team)
        plan_pay(team)
        team.days.go_by(now - NEWS)
        forget_old_news(team)
    return team


def open_market(team: Team) -> None:
    """Publish the ways of buying and enrol the providers, each drafted by one person and approved by another."""
    first_on, seats = local(team.begins_at).date(), seats_of(team.shape)
    for number, buying in enumerate(team.shape.buying):
        at = team.begins_at + timedelta(minutes=60 * number)
        document = buying.terms(team.shape.name, team.today)
        by = team.cast["commissioner"]
        draft = propose(
            council=team.council,
            kind="model",
            title=document.model.title,
            content=texts_of(document),
            starts_on=first_on,
            note="As agreed by the council.",
            by=by,
            at=at,
        )
        approve(draft=draft, by=team.cast.approving(by), at=at + timedelta(minutes=20))
        enrolments = [enrolment_of(seat, buying.id, at, team.today) for seat in seats[buying.id]]
        by = team.cast["contracts"]
        draft = propose(
            council=team.council,
            kind="enrolments",
            title=f"Providers of {document.model.title}",
            content=json.dumps([plain(one) for one in enrolments]),
            starts_on=None,
            note="",
            by=by,
            at=at + timedelta(minutes=30),
        )
        approve(draft=draft, by=team.cast.approving(by), at=at + timedelta(minutes=50))


def plan_declarations(team: Team) -> None:
    """Providers say again what they have to spare before it grows old, sometimes a little more than before."""
    for place, enrolment in enumerate(Enrolment.objects.filter(council=team.council).order_by("reference")):
        if not enrolment.pools.filter(declared_at__isnull=False).exists():
            continue
        since = local(team.begins_at).date() + timedelta(days=3 + place % (DECLARED_EVERY_DAYS - 3))
        for day in team.office.days(since, team.today):
            if (day - since).days % DECLARED_EVERY_DAYS < _length_of_rest(team, day):
                minute = 9 * 60 + team.draws.between(0, 420, "declares at", enrolment.reference, str(day))
                team.days.plan(to_utc(day, minute), _declaring(team, enrolment))
                continue


def _length_of_rest(team: Team, day: date) -> int:
    """1 on most days; more after days without work, so that a turn that fell on one of them is made up for."""
    rest = 1
    while not team.office.works_on(day - timedelta(days=rest)):
        rest += 1
    return rest


def _declaring(team: Team, enrolment: Enrolment) -> Callable[[datetime], None]:
    def declare(at: datetime) -> None:
        if enrolment.reference in team.silent:
            return
        pools = Pool.objects.filter(enrolment=enrolment, declared_at__isnull=False).order_by("number")
        more = 60 if team.draws.chance(MORE_PERCENT, "more to spare", enrolment.reference, str(at)) else 0
        spare = {pool.number: max(0, pool.spare + more) for pool in pools}
        declare_spare(enrolment=enrolment, spare=spare, by=team.manager(enrolment.branch_id), at=at)

    return declare


def plan_settled(team: Team) -> None:
    """Those who had care before the last days: asked for, called off, begun, and for some of them ended."""
    first = local(team.begins_at).date() + timedelta(days=1)
    days = team.office.days(first, team.today - timedelta(days=QUIET_DAYS))
    for number in range(team.shape.settled):
        key = f"settled {number}"
        day = days[number * len(days) // team.shape.settled]
        at = to_utc(day, 9 * 60 + team.draws.between(0, 330, "asks at", key))
        priority = int(share(PRIORITIES, team.draws, "priority", key))
        owner = team.pick(("broker", "broker", "broker2"), "owner", key)
        ends = team.draws.chance(ENDS_PERCENT, "ends", key)
        then = (("none", 60 * 8 * team.draws.between(3, 12, "ends after", key), _ending(team, key)),) if ends else ()
        team.need(key, at, Script(owner=owner, then=then), priority=priority)


def _ending(team: Team, key: str) -> Callable[[Package, datetime], None]:
    def end(package: Package, at: datetime) -> None:
        reason = team.pick(("died", "care_home", "own_choice", "needs_met", "moved"), "end", key)
        if package.state == Package.STARTED:
            end_package(package=package, last_day_on=local(at).date(), reason=reason, by=team.owner(package), at=at)

    return end


def forget_old_news(team: Team) -> None:
    """What was told before the last day has been read."""
    old = Notice.objects.filter(council=team.council.pk, created_at__lt=team.now - NEWS, read_at=None)
    old.update(read_at=F("created_at") + READ_AFTER)
