"""
What the visits of a person are worth now, as new versions of their entitlements where anything has changed.

The database is the record: the touched weeks are read into columns, settled, and what differs from the last version is
stored. Nothing here matches or prices.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.db.models import Max, Q
from django.utils import timezone

from calloff.documents.payment_rules import parse
from calloff.documents.payment_words import why
from calloff.documents.wording import say
from calloff.domain.calendar import ONE_DAY, local, to_utc, week_begins
from calloff.domain.errors import CalloffError
from calloff.domain.payment import PERCENT, amount, planned_cost, stepped_cost
from calloff.domain.payment_rule import PaymentRule
from calloff.domain.visits import Reason, Stopped
from calloff.formats.delivered_visits import DeliveredFile, DeliveredVisit, LoggedAt
from calloff.formats.planned_visits import PlannedRow
from calloff.settlement.pay import Paid, PaidVisit, RoundingLine, pay
from calloff.web.audit.services import in_turn
from calloff.web.brokerage.models import CallOff
from calloff.web.brokerage.services.desk import facts_of as package_facts
from calloff.web.contracts.services.market import facts_of as enrolment_facts
from calloff.web.directory.models import Council
from calloff.web.directory.services import calendar_of
from calloff.web.jobs import services as jobs
from calloff.web.payments.models import Entitlement, RuleVersion
from calloff.web.payments.services.on_plan import OnPlan, Settling
from calloff.web.payments.services.rates import Rate, rate_as_called_off, rate_of
from calloff.web.visits.models import LooseRow, PlannedVisit, VisitFile, VisitRow
from calloff.web.visits.services.loose import Found, decisions_for, note_found
from calloff.web.visits.services.planning import stopped_as
from calloff.web.visits.services.rows import standing_rows, touched_rows

PEOPLE_A_LEASE = 50
"""After so many people the job says that it is alive."""
MARGIN = timedelta(days=2)
"""Visits and logs so near to the touched weeks are matched with them: no reach is longer."""
GONE = "The visit is no longer planned, so nothing is paid."
TOLD = ("reason", "marks", "worked_minutes", "paid_minutes", "line_id", "centipence", "pence", "rule_id")


@dataclass(frozen=True)
class Weeks:
    """From the Monday of the first touched week to the Sunday of the last."""

    first_on: date
    last_on: date

    @classmethod
    def around(cls, days: Iterable[date]) -> Weeks:
        """The whole weeks in which some days lie."""
        every = sorted(days)
        return cls(week_begins(every[0]), week_begins(every[-1]) + timedelta(days=6))


def entitle(
    *, council: Council, person: int, weeks: Weeks, at: datetime, settling: Settling | None = None
) -> list[Entitlement]:
    """
    The new versions for a person's visits in some weeks; called within an act, or by the worker.

    `settling` are the periods paid on plan that are settled now; others of them stay as they are.
    """
    rules = _rules(council)
    planned, paid, _book = priced(council, person, weeks, rules, at)
    note_found(council.pk, person, found_in(paid, weeks), at)
    # Where nothing is planned any more, what was worth something before is worth nothing now.
    by_reference = {one.reference: one for one in planned}
    heard = heard_until(council, {one.branch_id for one in planned})
    on_plan = on_plan_of(council, rules, settling)
    found: list[Entitlement | None] = []
    for one in paid.visits:
        visit, rule = by_reference[one.planned.reference], rules.values[one.planned.rule]
        if not weeks.first_on <= visit.on <= weeks.last_on:
            continue
        actual = _of_visit(visit, one, rules, at)
        unheard = _is_unheard(visit, one.reason, heard)
        if on_plan.is_provision(visit, rule, unheard=unheard, on=local(at).date()):
            found.append(_provision(visit, one, rules, at) if not visit.stopped else actual)
        elif not unheard or rule.pays_on == "plan":
            found.append(actual)
    found += [
        _of_rounding(line, planned, rules, at)
        for line in paid.roundings
        if weeks.first_on <= line.week <= weeks.last_on
    ]
    told = [one for one in found if one is not None]
    return _store_new(council, person, weeks, told, at, on_plan, still_planned=by_reference)


def found_in(paid: Paid, weeks: Weeks) -> list[Found]:
    """What became of the rows of some weeks; those beside them are looked at with their own."""
    return [
        Found(int(one.row.contract), one.row.row, one.is_a)
        for one in paid.logs
        if one.row.contract and weeks.first_on <= local(one.row.came.at).date() <= weeks.last_on
    ]


def on_plan_of(council: Council, rules: Rules, settling: Settling | None) -> OnPlan:
    """What is known of the periods that the rules pay on plan."""
    values = {one.pk: value for one, value in zip(rules.versions, rules.values, strict=True)}
    return OnPlan(council.pk, values, settling)


def priced(
    council: Council, person: int, weeks: Weeks, rules: Rules, at: datetime
) -> tuple[list[PlannedVisit], Paid, RateBook]:
    """A person's planned visits around some weeks, and what each is worth under some rules; nothing is stored."""
    planned = _planned(council, person, weeks)
    book = RateBook(council, planned)
    if not planned:
        return planned, Paid((), (), ()), book
    places = [rules.place(one) for one in planned]
    rows = [
        book.row(one, place, stopped_as(one, rules.values[place])) for one, place in zip(planned, places, strict=True)
    ]
    sent = DeliveredFile(tuple(_logs(council, person, weeks)))
    return planned, pay(rules.values, rows, [sent], at), book


def heard_until(council: Council, branches: Iterable[int]) -> dict[int, date]:
    """The last local day of which each provider has sent anything."""
    rows = VisitRow.objects.filter(council=council, branch__in=list(branches)).values("branch")
    return {row["branch"]: local(row["at"]).date() for row in rows.annotate(at=Max("came_at"))}


def _is_unheard(visit: PlannedVisit, reason: Reason, heard: Mapping[int, date]) -> bool:
    """Whether nobody can say yet that a visit was missed: its provider has sent nothing of that day or later."""
    return reason in (Reason.NOT_YET, Reason.MISSED) and visit.on > heard.get(visit.branch_id, date.min)


def _planned(council: Council, person: int, weeks: Weeks) -> list[PlannedVisit]:
    first, last = to_utc(weeks.first_on, 0) - MARGIN, to_utc(weeks.last_on, 0) + MARGIN + timedelta(days=1)
    rows = PlannedVisit.objects.filter(
        council=council, person=person, start_at__gte=first, start_at__lt=last, superseded_at=None, cancelled=False
    )
    found = list(rows.order_by("start_at", "reference"))
    # A contract's facts are long: each call-off is read once, not with every visit.
    call_offs = CallOff.objects.select_related("enrolment", "package").in_bulk({one.call_off_id for one in found})
    for one in found:
        one.call_off = call_offs[one.call_off_id]
    return found


def _logs(council: Council, person: int, weeks: Weeks) -> list[DeliveredVisit]:
    first, last = to_utc(weeks.first_on, 0) - MARGIN, to_utc(weeks.last_on, 0) + MARGIN + timedelta(days=1)
    said = decisions_for(council.pk, person)
    # Rows of which somebody said whose they are, though they name nobody that is known.
    others = Q(who=None, key__in=[key for _, key in said])
    rows = VisitRow.objects.filter(Q(who=person) | others, council=council, came_at__gte=first, came_at__lt=last)
    standing = [(row, said.get((row.branch_id, row.key))) for row in standing_rows(rows)]
    return [
        _delivered(row, person, decision.visit if decision else "")
        for row, decision in standing
        if (row.who_id == person or decision is not None)
        and (decision is None or decision.outcome != LooseRow.SET_ASIDE)
    ]


def _delivered(row: VisitRow, person: int, decided: str) -> DeliveredVisit:
    """A row as settlement reads it; `decided` is the visit to which somebody said that it belongs."""
    left = None if row.left_at is None else LoggedAt(row.left_at, row.left_other)
    return DeliveredVisit(
        line=0,
        row=row.key,
        version=row.version,
        # A contract that nobody knows belongs to no group of visits, so the row is parked.
        contract="" if row.parked and not decided else str(row.branch_id),
        person=str(person),
        worker=row.worker,
        came=LoggedAt(row.came_at, row.came_other),
        left=left,
        visit=decided or row.visit,
        met=row.met,
        came_by=row.came_by,
        left_by=row.left_by,
        code=row.code,
    )


@lru_cache(maxsize=64)
def read_rule(text: str, name: str) -> PaymentRule:
    """The payment rule of a published text, read once."""
    return parse(text, name)


class NoPaymentRuleError(CalloffError):
    """The council has not said how visits of a model are paid on a day."""


class Rules:
    """The payment rules of a council, and which counts for a planned visit: the last of its model that has begun."""

    def __init__(self, versions: Sequence[RuleVersion]) -> None:
        self.versions = versions
        self.values: list[PaymentRule] = [read_rule(one.text, one.rule) for one in versions]

    def place(self, visit: PlannedVisit) -> int:
        """
        The place of the rule of a visit; NoPaymentRuleError where the council has published none for its model.

        What was called off outside every model is paid by the rule under the model `*`.
        """
        enrolment = visit.call_off.enrolment
        model = enrolment.model if enrolment is not None else "*"
        fitting = [
            (one.model == model, one.starts_on, place)
            for place, one in enumerate(self.versions)
            if one.model in (model, "*") and one.starts_on <= visit.on
        ]
        if not fitting:
            raise NoPaymentRuleError(
                f"No payment rule is published for visits under {model} on {visit.on}. Publish one first; "
                "nothing was done."
            )
        return max(fitting)[2]


def _rules(council: Council) -> Rules:
    return Rules(list(RuleVersion.objects.filter(council=council).order_by("starts_on", "pk")))


class RateBook:
    """The prices of planned visits, each call-off's lines read once."""

    def __init__(self, council: Council, planned: Sequence[PlannedVisit]) -> None:
        self.calendar = calendar_of(council)
        self.lines = {
            one.pk: enrolment_facts(one).price_lines
            for one in {visit.call_off.enrolment_id: visit.call_off.enrolment for visit in planned}.values()
            if one is not None
        }
        self.packages = {
            (call_off.package_id, call_off.version): package_facts(call_off.package, call_off.version)
            for call_off in {(one.package_id, one.call_off.version): one.call_off for one in planned}.values()
        }

    def rate(self, visit: PlannedVisit) -> Rate:
        """The rate at the planned local start, for the whole visit (settled reading 12)."""
        call_off: CallOff = visit.call_off
        start = local(visit.start_at)
        found = None
        if call_off.enrolment_id is not None:
            found = rate_of(
                self.lines[call_off.enrolment_id],
                self.packages[visit.package_id, call_off.version],
                start.hour * 60 + start.minute,
                visit.workers,
                visit.on,
                self.calendar,
            )
        return found or rate_as_called_off(call_off.centipence_minutes, call_off.minutes_per_week)

    def row(self, visit: PlannedVisit, rule: int, stopped: Stopped) -> PlannedRow:
        rate = self.rate(visit)
        return PlannedRow(
            line=0,
            reference=visit.reference,
            contract=str(visit.branch_id),
            person=str(visit.person_id),
            start_at=visit.start_at,
            ends_at=visit.ends_at,
            window_from_at=visit.window_from_at,
            window_to_at=visit.window_to_at,
            minutes=visit.minutes,
            workers=visit.workers,
            rate=rate.centipence,
            pair_rate=rate.pair_centipence,
            unit=rate.unit,
            price_line=rate.line_id,
            stopped=stopped.name.lower() if stopped else "",
            approved_extra=visit.extra_minutes,
            rule=rule,
        )


def _provision(visit: PlannedVisit, paid: PaidVisit, rules: Rules, at: datetime) -> Entitlement:
    """A visit at what it is planned to be, until what was delivered is settled."""
    value, row = rules.values[paid.planned.rule], paid.planned
    minutes = visit.minutes * visit.workers
    if value.steps:
        flat = [number for step in value.steps for number in step]
        one = stepped_cost(visit.minutes, flat, 0, len(value.steps), value.hour_pence)
        pence = amount(one * visit.workers * PERCENT, value.steps[0][0])
    else:
        pence = amount(planned_cost(visit.minutes, visit.workers, row.rate, row.pair_rate, row.unit == "visit"), 1)
    told = replace(paid, reason=Reason.PROVISION, marks=0, worked_minutes=0, paid_minutes=minutes, pence=pence)
    made = _of_visit(visit, told, rules, at)
    if made is None:
        raise ValueError(f"{visit.reference} is a provision and worth nothing that can be told")
    return made


def _of_visit(visit: PlannedVisit, paid: PaidVisit, rules: Rules, at: datetime) -> Entitlement | None:
    if paid.reason is Reason.NOT_YET:
        return None
    rule = rules.versions[paid.planned.rule]
    if visit.unplanned and paid.reason is Reason.DELIVERED:
        paid = replace(paid, reason=Reason.UNPLANNED)
    return Entitlement(
        council_id=visit.council_id,
        anchor=visit.reference,
        component=Entitlement.CARE,
        person_id=visit.person_id,
        branch_id=visit.branch_id,
        enrolment_id=visit.call_off.enrolment_id,
        on=visit.on,
        reason=paid.reason.name.lower(),
        marks=paid.marks,
        worked_minutes=paid.worked_minutes,
        paid_minutes=paid.paid_minutes,
        line_id=paid.planned.price_line,
        centipence=paid.planned.rate,
        pence=paid.pence,
        rule=rule,
        why=why(
            rules.values[paid.planned.rule],
            paid.reason,
            planned_minutes=visit.minutes,
            workers=visit.workers,
            worked_minutes=paid.worked_minutes,
            paid_minutes=paid.paid_minutes,
            centipence=paid.planned.rate,
            unit=paid.planned.unit,
        ),
        known_at=at,
    )


def _of_rounding(line: RoundingLine, planned: Sequence[PlannedVisit], rules: Rules, at: datetime) -> Entitlement | None:
    visit = next(one for one in planned if str(one.branch_id) == line.contract and one.on >= line.week)
    return Entitlement(
        council_id=visit.council_id,
        anchor=f"{line.person}/{line.contract}/{line.price_line}/{line.week.isoformat()}"[-60:],
        component=Entitlement.ROUNDING,
        person_id=visit.person_id,
        branch_id=visit.branch_id,
        enrolment_id=visit.call_off.enrolment_id,
        on=line.week,
        reason="rounding",
        line_id=line.price_line,
        pence=line.pence,
        rule=rules.versions[rules.place(visit)],
        why="The week's minutes at this price are priced once; this is the difference to its visits, each rounded.",
        known_at=at,
    )


def _store_new(
    council: Council,
    person: int,
    weeks: Weeks,
    found: Sequence[Entitlement],
    at: datetime,
    on_plan: OnPlan,
    still_planned: Container[str],
) -> list[Entitlement]:
    """
    Store what differs from the last version; what is no more, or not due any more, is worth nothing from now on.

    What is paid on plan changes only while its period is settled; of a closed period a change waits for approval.
    """
    before = latest(
        Entitlement.objects.filter(council=council, person=person, on__range=(weeks.first_on, weeks.last_on))
    )
    new = []
    for one in found:
        last = before.pop((one.anchor, one.component), None)
        if last is not None and on_plan.keeps(last, one.pence, one.why, at):
            continue
        if last is not None and all(getattr(last, name) == getattr(one, name) for name in TOLD):
            continue
        if last is None and not one.pence and one.component == Entitlement.ROUNDING:
            continue
        one.number = 1 if last is None else last.number + 1
        new.append(one)
    for last in before.values():
        if last.pence and not on_plan.keeps(last, 0, GONE, at):
            new.append(worth_nothing(last, at, still_planned=last.anchor in still_planned))
    return Entitlement.objects.bulk_create(new, batch_size=1_000)


def worth_nothing(last: Entitlement, at: datetime, *, still_planned: bool) -> Entitlement:
    """The version that takes back what a visit was worth: it is planned no more, or what was logged of it is gone."""
    told = {field.attname: getattr(last, field.attname) for field in Entitlement._meta.concrete_fields}
    told |= {"id": None, "number": last.number + 1, "pence": 0, "worked_minutes": 0, "paid_minutes": 0, "marks": 0}
    reason, words = ("not_yet", say("pay_reasons", "not_yet")) if still_planned else ("suspended", GONE)
    told |= {"reason": reason, "known_at": at, "why": words}
    return Entitlement(**told)


def latest(rows: Iterable[Entitlement]) -> dict[tuple[str, str], Entitlement]:
    """The last version of each entitlement, by anchor and component."""
    found: dict[tuple[str, str], Entitlement] = {}
    for row in rows:
        before = found.get((row.anchor, row.component))
        if before is None or before.number < row.number:
            found[row.anchor, row.component] = row
    return found


def touched_weeks(rows: Iterable[VisitRow]) -> Mapping[int, Weeks]:
    """The weeks of each person that some rows of files touch, with the days beside them."""
    days: dict[int, list[date]] = {}
    for row in rows:
        if row.who_id is not None:
            on = local(row.came_at).date()
            days.setdefault(row.who_id, []).extend((on - ONE_DAY, on, on + ONE_DAY))
    return {person: Weeks.around(every) for person, every in days.items()}


@jobs.handles("settle_file")
def settle_file(task: jobs.Task, at: datetime) -> None:
    """Work out anew what the visits of everybody are worth whom a file touches."""
    council = Council.objects.get(pk=task.council)
    rows = touched_rows(VisitFile.objects.get(council=council, pk=task.data["file"]))
    for number, (person, weeks) in enumerate(sorted(touched_weeks(rows).items())):
        if number % PEOPLE_A_LEASE == 0:
            jobs.keep_lease("settle_file", task.key, timezone.now() + jobs.LEASE)
        # Each person for themselves, so that no act of the council waits long.
        with in_turn(council.pk):
            entitle(council=council, person=person, weeks=weeks, at=at)


@jobs.handles("settle_person")
def settle_person(task: jobs.Task, at: datetime) -> None:
    """
    Work out anew what a person's visits are worth from a day on, as the plan, what stops them or a funder has changed.

    Days to come are looked at only so far as anything was worked out for them before.
    """
    council, person = Council.objects.get(pk=task.council), int(task.data["person"])
    since, until = date.fromisoformat(task.data["since"]), date.fromisoformat(task.data["until"] or "9999-12-31")
    worked_out = Entitlement.objects.filter(council=council, person=person).aggregate(last=Max("on"))["last"]
    last = min(until, max(local(at).date(), worked_out or date.min))
    if last < since or not RuleVersion.objects.filter(council=council).exists():
        # All of it is still to come, or nobody has said how visits are paid: what is sent later is settled then.
        return
    with in_turn(council.pk):
        entitle(council=council, person=person, weeks=Weeks.around([since, last]), at=at)
