"""
The last two weeks of care as providers logged it, and the pay run that came of them.

Care workers of the demonstration are invented and known by a letter and a number; what they do wrong is drawn: late,
short, missed, or forgetting to log that they leave (shares assumed).
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from calloff.documents.payment_rules import shipped, shipped_folder
from calloff.domain.calendar import local, to_utc, week_begins
from calloff.formats.delivered_visits import DeliveredVisit, LoggedAt, write_visits
from calloff.web.brokerage.models import Person
from calloff.web.demonstration.work import Team
from calloff.web.directory.models import Branch
from calloff.web.payments.models import Deviation, Entitlement, PayRun, RuleVersion
from calloff.web.payments.services import charging, deviations, holds, runs, terms
from calloff.web.visits.models import PlannedVisit, PlanningStart
from calloff.web.visits.services.files import receive
from calloff.web.visits.services.planning import plan_ahead

WEEKS = 2
SENT_MINUTE = 9 * 60
DAYS_AHEAD = 7
"""The worker plans on from there; nobody looks further while the demonstration is made."""
RULES = {
    "rutwell": "rutland_2013_fixed_fee",
    "wightsea": "isle_of_wight_2021_fixed",
    "eastmoor": "east_lothian_2017_time_and_task",
    "aireford": "leeds_2010_lines",
}
"""Whose payment rule each council of the demonstration took over."""
MISSED, NOT_LEFT, LATE, SHORT = 2, 1, 7, 9
"""In a hundred visits (assumed)."""
EVERY_MODEL = "*"
ASSESSED = 6
"""So many people were assessed for a charge."""
EXPLAINED = 24
"""Of so many missed, late and short visits the provider said why (assumed)."""
EXPLANATIONS = {
    "weather": "The road was under water until noon.",
    "person": "We were asked to come at another time that day.",
    "provider": "The worker was held up, and nobody else was free.",
}


def plan_pay(team: Team) -> None:
    """Plan that the visits of two whole weeks are planned, sent as files, and the first of them paid."""
    # All of it lies at least a day back, on whatever day the demonstration is made.
    monday = week_begins(local(team.now - timedelta(hours=33)).date())
    first = monday - timedelta(weeks=WEEKS)
    at = to_utc(monday, SENT_MINUTE)
    team.days.plan(at, lambda at: open_planning(team, first, at))
    team.days.plan(at + timedelta(minutes=30), lambda at: send_files(team, first, at))
    runs_of_it: list[PayRun] = []
    team.days.plan(at + timedelta(hours=2), lambda at: runs_of_it.append(_draft(team, first, at)))
    team.days.plan(at + timedelta(hours=4), lambda at: _approve(team, runs_of_it[0], at))
    team.days.plan(at + timedelta(hours=5), lambda at: _release(team, runs_of_it[0], at))
    team.days.plan(at + timedelta(hours=1), lambda at: set_books(team, first, at))
    team.days.plan(at + timedelta(hours=5, minutes=30), lambda at: explain_visits(team, at))
    team.days.plan(at + timedelta(hours=6), lambda at: dispute_a_line(team, first + timedelta(weeks=1), at))


def open_planning(team: Team, first: date, at: datetime) -> None:
    """The council publishes how it pays, and its visits are planned from a day on."""
    name = RULES[team.shape.code]
    text = (shipped_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    RuleVersion.objects.create(
        council=team.council,
        model=EVERY_MODEL,
        rule=name,
        version=1,
        title=shipped(name).title,
        text=text,
        starts_on=first,
        published_at=at,
    )
    PlanningStart.objects.create(council=team.council, on=first)
    plan_ahead(team.council.pk, at, DAYS_AHEAD)


def set_books(team: Team, first: date, at: datetime) -> None:
    """Finance says how contracts are paid and posted, and what some people can afford."""
    payer, council = team.cast["payer"], team.council
    terms.set_terms(council=council, enrolment=None, from_on=first, interest_basis_points=800, by=payer, at=at)
    codes = terms.Codes("CC-4100", "R-2510")
    terms.set_code(council=council, enrolment=None, funder="", from_on=first, codes=codes, by=payer, at=at)
    visits = PlannedVisit.objects.filter(council=council, on=first, superseded_at=None).order_by("reference")
    people = Person.objects.filter(pk__in=visits.values("person")).order_by("pk")[:ASSESSED]
    for number, person in enumerate(people):
        pence = team.draws.between(20, 95, "can afford", str(number)) * 100
        charging.assess(person=person, pence_per_week=pence, from_on=first, by=payer, at=at)


def dispute_a_line(team: Team, monday: date, at: datetime) -> None:
    """A provider says that a short visit of the week that is not paid yet was longer."""
    rows = Entitlement.objects.filter(
        council=team.council, on__gte=monday, line__isnull=True, reason="delivered", branch__in=list(team.cast.managers)
    )
    line = rows.order_by("paid_minutes", "anchor", "number").first()
    if line is not None:
        words = "The worker stayed until the relief came. The log at the door is wrong."
        by = team.cast.managers[line.branch_id]
        holds.dispute(entitlement=line, reason="length", words=words, claimed_minutes=None, by=by, at=at)


def explain_visits(team: Team, at: datetime) -> None:
    """Providers say of some missed, late and short visits whose doing it was; the council agrees with most of it."""
    rows = Deviation.objects.filter(council=team.council, withdrawn_at=None, branch__in=list(team.cast.managers))
    for one in rows.order_by("visit", "kind")[:EXPLAINED]:
        cause = team.pick(("weather", "person", "person", "provider"), "cause", one.visit)
        said: dict[str, Any] = {"cause": cause, "code": "", "text": EXPLANATIONS[cause]}
        deviations.say(deviation=one, from_provider=True, by=team.cast.managers[one.branch_id], at=at, **said)
        answer: dict[str, Any] = {"deviation": one, "from_provider": False, "by": team.cast["contracts"], "at": at}
        if team.draws.chance(50, "agrees", one.visit):
            deviations.agree(text="", **answer)
        elif team.draws.chance(40, "contests", one.visit):
            deviations.contest(text="The road was open all day, and the next visit was on time.", **answer)


def _draft(team: Team, first: date, at: datetime) -> PayRun:
    return runs.draft(council=team.council, to_on=first + timedelta(days=6), by=team.cast["payer"], at=at)


def _approve(team: Team, run: PayRun, at: datetime) -> None:
    runs.approve(run=run, shown_pence=runs.total(run), by=team.cast["payer2"], at=at)


def _release(team: Team, run: PayRun, at: datetime) -> None:
    runs.release(run=run, by=team.cast["payer"], at=at)


def send_files(team: Team, begins: date, at: datetime) -> None:
    """Each provider's file of the last weeks."""
    last = begins + timedelta(weeks=WEEKS, days=-1)
    planned = PlannedVisit.objects.filter(
        council=team.council, on__range=(begins, last), superseded_at=None, cancelled=False
    )
    of_branch: dict[int, list[PlannedVisit]] = defaultdict(list)
    for visit in planned.select_related("package", "call_off__enrolment").order_by("start_at", "reference"):
        of_branch[visit.branch_id].append(visit)
    branches = Branch.objects.in_bulk(list(of_branch))
    with tempfile.TemporaryDirectory(prefix="calloff-demonstration-") as folder:
        for number, visits in sorted(of_branch.items()):
            path = Path(folder) / "visits.csv"
            write_visits(path, [row for visit in visits for row in logged(team, visit, at)])
            receive(
                council=team.council,
                branch=branches[number],
                path=path,
                name=f"visits-{last.isoformat()}.csv",
                by=team.cast.managers.get(number),
                at=at,
            )


def logged(team: Team, visit: PlannedVisit, at: datetime) -> list[DeliveredVisit]:
    """What the care workers of a visit logged; nothing where it was missed or stopped."""
    draws, key = team.draws, visit.reference
    if visit.stopped or draws.chance(MISSED, "missed", key) or visit.ends_at > at:
        return []
    rows = []
    for worker in range(visit.workers):
        late = draws.between(20, 95, "late", key) if draws.chance(LATE, "is late", key) else 0
        came = visit.start_at + timedelta(minutes=late, seconds=draws.between(-240, 420, "comes", key, str(worker)))
        minutes = visit.minutes + draws.between(-2, 2, "stays", key, str(worker))
        if draws.chance(SHORT, "is short", key):
            minutes = max(3, visit.minutes * draws.between(35, 78, "short", key) // 100)
        left = None if draws.chance(NOT_LEFT, "forgets", key, str(worker)) else came + timedelta(minutes=minutes)
        enrolment = visit.call_off.enrolment
        rows.append(
            DeliveredVisit(
                line=0,
                row=f"{visit.reference}-{worker + 1}",
                version=at,
                contract=enrolment.reference if enrolment else "",
                person=visit.package.reference,
                worker=f"W{draws.between(1, 9, 'who', key[:20], str(worker)):02d}",
                came=LoggedAt(came),
                left=None if left is None else LoggedAt(left),
            )
        )
    return [row for row in rows if row.contract]
