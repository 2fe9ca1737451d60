"""
What the visits of a person are worth now, as new versions of their entitlements where anything has changed.

The database is the record: the touched weeks are read into columns, settled, and what differs from the last version is
stored. Nothing here matches or prices.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from django.db.models import Max, QuerySet
from django.utils.translation import gettext_lazy as _

from calloff.documents.payment_words import why
from calloff.documents.wording import say
from calloff.domain.calendar import ONE_DAY, local
from calloff.domain.visits import Reason
from calloff.settlement.pay import Paid, PaidVisit, RoundingLine, as_planned
from calloff.web.directory.models import Council
from calloff.web.jobs import services as jobs
from calloff.web.payments.models import Entitlement, RuleVersion
from calloff.web.payments.services import deviations
from calloff.web.payments.services.alerting import tell_of, unheard_of
from calloff.web.payments.services.in_force import NoPaymentRuleError, Rules
from calloff.web.payments.services.on_plan import OnPlan, Settling
from calloff.web.payments.services.pay_book import PayBook
from calloff.web.payments.services.pricing import (
    ELSEWHERE,
    Priced,
    Weeks,
    deliverer_of,
    named_row,
    people_in,
    priced,
    together,
)
from calloff.web.visits.models import PlannedVisit, VisitFile, VisitRow
from calloff.web.visits.services.loose import Found, note_found
from calloff.web.visits.services.rows import touched_rows

GONE = "The visit is no longer planned, so nothing is paid."
TOLD = ("reason", "marks", "worked_minutes", "paid_minutes", "line_id", "centipence", "pence", "rule_id")


def entitle(
    book: PayBook, *, people: Collection[int], weeks: Weeks, at: datetime, settling: Settling | None = None
) -> list[Entitlement]:
    """
    The new versions for some people's visits in some weeks; called in a turn of the book.

    `settling` are the periods paid on plan that are settled now; others of them stay as they are.
    """
    council, on_plan = book.council, book.on_plan(settling)
    found = priced(book, people, weeks, book.rules, at)
    told: list[Entitlement] = []
    seen: list[tuple[PlannedVisit, PaidVisit]] = []
    for one in found:
        note_found(council.pk, one.person, one.loose, found_in(one.paid, weeks), at)
        worth, known = _worth(one, book, weeks, on_plan, at)
        told += worth
        seen += known
    deviations.note(council, people, weeks, seen, [log for one in found for log in one.paid.logs], at)
    # Where nothing is planned any more, what was worth something before is worth nothing now.
    still_planned = {visit.reference for one in found for visit in one.planned}
    return _store_new(council, people, weeks, told, at, on_plan, still_planned)


def _worth(
    found: Priced, book: PayBook, weeks: Weeks, on_plan: OnPlan, at: datetime
) -> tuple[list[Entitlement], list[tuple[PlannedVisit, PaidVisit]]]:
    """What a person's visits in some weeks are worth now, and those of them of which somebody can say."""
    rules, by_reference = book.rules, {one.reference: one for one in found.planned}
    told: list[Entitlement | None] = []
    seen: list[tuple[PlannedVisit, PaidVisit]] = []
    for one in found.paid.visits:
        visit, rule = by_reference[one.planned.reference], rules.values[one.planned.rule]
        if not weeks.hold(visit.on):
            continue
        actual = _of_visit(visit, one, rules, at)
        unheard = _is_unheard(visit, one.reason, book)
        seen += [] if unheard else [(visit, one)]
        if on_plan.is_provision(visit, rule, unheard=unheard, on=local(at).date()):
            told.append(actual if visit.stopped else _of_visit(visit, as_planned(one, rule), rules, at))
        elif not unheard or rule.pays_on == "plan":
            told.append(actual)
    roundings = [line for line in found.paid.roundings if weeks.hold(line.week)]
    told += [_of_rounding(line, found.planned, rules, at) for line in roundings]
    return [one for one in told if one is not None], seen


def found_in(paid: Paid, weeks: Weeks) -> list[Found]:
    """What became of the rows of some weeks; those beside them are looked at with their own."""
    return [
        Found(*named_row(one.row.row), one.is_a)
        for one in paid.logs
        if one.row.contract and one.row.person != ELSEWHERE and weeks.hold(local(one.row.came.at).date())
    ]


def _is_unheard(visit: PlannedVisit, reason: Reason, book: PayBook) -> bool:
    """Whether nobody can say yet that a visit was missed: who makes it has sent nothing of that day or later."""
    return reason in (Reason.NOT_YET, Reason.MISSED) and visit.on > book.heard_until(deliverer_of(visit))


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
    people: Collection[int],
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
        Entitlement.objects.filter(council=council, person__in=people, on__range=(weeks.first_on, weeks.last_on))
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


def silent_weeks(unheard: Mapping[int, Iterable[date]], touched: Mapping[int, Weeks]) -> Mapping[int, Weeks]:
    """The weeks of each person in which no file says anything of a visit, beside those that are looked at anyway."""
    beside = {
        person: [on for on in days if person not in touched or not touched[person].hold(on)]
        for person, days in unheard.items()
    }
    return {person: Weeks.around(days) for person, days in beside.items() if days}


WORTH = jobs.Long(_("What delivered visits are worth is worked out"), _("people"), ("draft_pay",))


@jobs.handles("settle_file", WORTH)
def settle_file(task: jobs.Task, at: datetime) -> None:
    """
    Work out anew what the visits of everybody are worth whom a file touches, and of whom it should have said something.

    Then those are told who look after visits that were missed or late.
    """
    council = Council.objects.get(pk=task.council)
    book = PayBook(council)
    file = VisitFile.objects.get(council=council, pk=task.data["file"])
    touched = touched_weeks(touched_rows(file))
    silent = silent_weeks(unheard_of(council, file.branch_id, book.heard_until(file.branch_id)), touched)
    settled = [(*one, entitle_in_turn) for one in together(touched)]
    settled += [(*one, entitle_silent) for one in together(silent)]
    for weeks, people, settle in task.through(settled, len(touched) + len(silent), people_in):
        settle(book, people, weeks, at)
    tell_of(council, {*touched, *silent}, file.receipt, at)


def entitle_in_turn(book: PayBook, people: Collection[int], weeks: Weeks, at: datetime) -> None:
    """Work out what some people's visits are worth, beside no act."""
    with book.turn():
        entitle(book, people=people, weeks=weeks, at=at)


def entitle_all(
    council: Council, visits: QuerySet[PlannedVisit], at: datetime, task: jobs.Task, steps_after: int = 0
) -> int:
    """
    Work out what everybody's visits are worth in the weeks of some of them, a few people in a turn; of how many people.

    `steps_after` follow when all of them are done.
    """
    days: dict[int, list[date]] = {}
    for person, on in visits.values_list("person", "on"):
        days.setdefault(person, []).append(on)
    book, wanted = PayBook(council), {person: Weeks.around(every) for person, every in days.items()}
    for weeks, people in task.through(together(wanted), len(wanted) + steps_after, people_in):
        entitle_in_turn(book, people, weeks, at)
    return len(wanted)


def entitle_silent(book: PayBook, people: Collection[int], weeks: Weeks, at: datetime) -> None:
    """Work out what visits of some people are worth of which a file says nothing: they are missed."""
    try:
        entitle_in_turn(book, people, weeks, at)
    except NoPaymentRuleError:
        # Nobody has said how some of them are paid: the next run says so, and the others are settled without them.
        for person in people if len(people) > 1 else ():
            entitle_silent(book, [person], weeks, at)


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
    entitle_in_turn(PayBook(council), [person], Weeks.around([since, last]), at)
    tell_of(council, [person], task.key[:60], at)
