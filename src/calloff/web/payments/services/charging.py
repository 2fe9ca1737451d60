"""
What people are charged for their care, from the same visits as pay, by rules of their own (DOMAIN 3.8).

A person's week goes from Monday to Sunday. They pay what they were assessed to afford, at most the chargeable care of
that week; only the council's own share counts, and never aftercare under section 117 or care that the NHS pays.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Max, Sum

from calloff.domain.calendar import week_begins
from calloff.domain.errors import CalloffError
from calloff.domain.funding import CHARGEABLE
from calloff.domain.payment import charge, shares
from calloff.domain.units import half_up
from calloff.web.accounts.models import User
from calloff.web.audit.services import act, in_turn
from calloff.web.brokerage.models import Person
from calloff.web.directory.models import Council
from calloff.web.payments.models import Assessment, Charge, ChargeLine, ChargeRule, Entitlement, PayRun
from calloff.web.payments.services.bearing import Bearing
from calloff.web.payments.services.entitling import latest
from calloff.web.payments.services.terms import TermsBook
from calloff.web.visits.models import PlannedVisit

SUNDAY = timedelta(days=6)
ALWAYS = ("delivered", "provision", "unplanned")
MINUTES_TIMES_CENTIPENCE = 6_000
"""So many centipence an hour times minutes are a penny."""


class ChargeError(CalloffError):
    """An assessment or a rule that cannot be set; nothing was changed."""


@dataclass(frozen=True)
class Charged:
    """A visit as its person's statement tells it: what was planned, what was done, and what of it counts."""

    entitlement: Entitlement
    planned: PlannedVisit | None
    pence: int


def assess(*, person: Person, pence_per_week: int, from_on: date, by: User, at: datetime) -> Assessment:
    """Keep what a person was assessed to afford a week from a day on; weeks charged before are charged anew."""
    if pence_per_week < 0:
        raise ChargeError("What somebody can afford is not below nothing. Nothing was changed.")
    with act(council=person.council_id, by=by, at=at) as doing:
        Assessment.objects.filter(person=person, from_on=from_on, superseded_at=None).update(superseded_at=doing.at)
        made = Assessment.objects.create(
            council_id=person.council_id,
            person=person,
            pence_per_week=pence_per_week,
            from_on=from_on,
            set_by=by,
            set_at=doing.at,
        )
        doing.record("charge_assessed", person.reference, {"pence_per_week": pence_per_week, "from_on": str(from_on)})
    return made


def set_charge_rule(
    *,
    council: Council,
    from_on: date,
    basis: str,
    centipence_per_hour: int,
    no_access: bool,
    short_notice: bool,
    by: User,
    at: datetime,
) -> ChargeRule:
    """Say how care is charged from a day on."""
    if basis not in (ChargeRule.ACTUAL, ChargeRule.PLANNED):
        raise ChargeError("Care is charged as delivered or as planned. Nothing was changed.")
    with act(council=council.pk, by=by, at=at) as doing:
        standing = ChargeRule.objects.filter(council=council, from_on=from_on, superseded_at=None)
        standing.update(superseded_at=doing.at)
        told = {"basis": basis, "centipence_per_hour": centipence_per_hour}
        told |= {"no_access": no_access, "short_notice": short_notice}
        made = ChargeRule.objects.create(council=council, from_on=from_on, set_by=by, set_at=doing.at, **told)
        doing.record("charge_rule_set", council.code, {**told, "from_on": str(from_on)})
    return made


class Charging:
    """The rules by which a council charges, its funder splits and its contracts, read once."""

    def __init__(self, council: Council) -> None:
        self.council = council
        self.rules = list(ChargeRule.objects.filter(council=council, superseded_at=None))
        self.bearing = Bearing(council.pk)

    def rule(self, on: date) -> ChargeRule:
        """The rule in force on a day: as delivered, at the price paid, where none is set."""
        begun = [one for one in self.rules if one.from_on <= on]
        return max(begun, key=lambda one: one.from_on, default=ChargeRule(from_on=on))

    def visits(self, person: int, week: date) -> list[Charged]:
        """The visits of a person's week with what of each is chargeable."""
        rows = Entitlement.objects.filter(
            council=self.council, person=person, on__range=(week, week + SUNDAY), component=Entitlement.CARE
        )
        last = latest(rows.select_related("branch", "enrolment"))
        planned = {
            one.reference: one
            for one in PlannedVisit.objects.filter(
                council=self.council, person=person, on__range=(week, week + SUNDAY), superseded_at=None
            )
        }
        found = [
            Charged(one, planned.get(one.anchor), self._worth(one, planned.get(one.anchor))) for one in last.values()
        ]
        return sorted(found, key=lambda one: (one.entitlement.on, one.entitlement.anchor))

    def _worth(self, one: Entitlement, planned: PlannedVisit | None) -> int:
        rule = self.rule(one.on)
        charged = one.reason in ALWAYS or (one.reason == "no_access" and rule.no_access)
        if not (charged or (one.reason == "short_notice" and rule.short_notice)):
            return 0
        minutes = one.paid_minutes
        if rule.basis == ChargeRule.PLANNED and planned is not None and one.reason in ALWAYS:
            minutes = planned.minutes * planned.workers
        if rule.centipence_per_hour:
            whole = half_up(minutes * rule.centipence_per_hour, MINUTES_TIMES_CENTIPENCE)
        elif minutes == one.paid_minutes:
            whole = one.pence
        else:
            whole = half_up(minutes * one.centipence, MINUTES_TIMES_CENTIPENCE)
        split = self.bearing.split(one)
        parts = shares(whole, [share.basis_points for share in split])
        return sum(pence for share, pence in zip(split, parts, strict=True) if share.kind in CHARGEABLE)

    def week(self, person: int, week: date, assessed: int, at: datetime) -> list[Charge]:
        """What a person's week comes to under each contract, as versions that are new; within a turn of the council."""
        costs: dict[str, int] = {}
        contract: dict[str, Entitlement] = {}
        for one in self.visits(person, week):
            name = (
                one.entitlement.enrolment.reference if one.entitlement.enrolment else one.entitlement.branch.reference
            )
            costs[name] = costs.get(name, 0) + one.pence
            contract[name] = one.entitlement
        before = self._before(person, week)
        names = sorted({*costs, *before})
        total = charge(assessed, sum(costs.values()))
        parts = shares(total, [costs.get(name, 0) for name in names]) if total else tuple(0 for _ in names)
        new = []
        for name, pence in zip(names, parts, strict=True):
            last, visit = before.get(name), contract.get(name)
            if (last.pence if last else 0) == pence:
                continue
            branch = visit.branch_id if visit else last.branch_id if last else 0
            enrolment = visit.enrolment_id if visit else last.enrolment_id if last else None
            new.append(
                Charge(
                    council=self.council,
                    person_id=person,
                    week=week,
                    branch_id=branch,
                    enrolment_id=enrolment,
                    contract=name,
                    number=last.number + 1 if last else 1,
                    chargeable_pence=costs.get(name, 0),
                    assessed_pence=assessed,
                    pence=pence,
                    known_at=at,
                )
            )
        return Charge.objects.bulk_create(new)

    def _before(self, person: int, week: date) -> dict[str, Charge]:
        rows = Charge.objects.filter(council=self.council, person=person, week=week).order_by("number")
        return {one.contract: one for one in rows}


def assessed_on(person: int, on: date) -> int | None:
    """What a person can afford a week on a day; None where nobody assessed it."""
    rows = Assessment.objects.filter(person=person, superseded_at=None, from_on__lte=on)
    last = rows.order_by("from_on").last()
    return last.pence_per_week if last else None


def charge_up_to(council: Council, to_on: date, at: datetime) -> int:
    """
    Charge every whole week up to a day of which anything is new: a visit, an assessment, a rule, a split.

    Each person in their own turn; how many versions are new.
    """
    charging, new = Charging(council), 0
    people = Assessment.objects.filter(council=council).values_list("person", flat=True).distinct().order_by("person")
    for person in people:
        with in_turn(council.pk):
            for week in _weeks(council, person, to_on):
                assessed = assessed_on(person, week)
                new += len(charging.week(person, week, assessed or 0, at))
    return new


def _weeks(council: Council, person: int, to_on: date) -> Iterable[date]:
    first = Assessment.objects.filter(person=person).order_by("from_on").values_list("from_on", flat=True)[0]
    days = Entitlement.objects.filter(
        council=council, person=person, on__gte=week_begins(first), component=Entitlement.CARE
    )
    weeks = {week_begins(on) for on in days.values_list("on", flat=True).distinct()}
    weeks |= set(Charge.objects.filter(council=council, person=person).values_list("week", flat=True))
    return sorted(week for week in weeks if week + SUNDAY <= to_on)


def gather(run: PayRun) -> int:
    """Put what is new of charges into a run; how many lines. Within the act that drafts it."""
    book = TermsBook(run.council_id)
    rows = Charge.objects.filter(council=run.council_id, week__lte=run.to_on - SUNDAY, line__isnull=True)
    last: dict[tuple[int, date, str], int] = {}
    paid = Charge.objects.filter(council=run.council_id, line__isnull=False).values("person", "week", "contract")
    for row in paid.annotate(sum=Sum("line__pence"), top=Max("number")):
        last[row["person"], row["week"], row["contract"]] = row["sum"]
    lines = []
    for one in rows.order_by("person", "week", "contract", "number"):
        key = (one.person_id, one.week, one.contract)
        before = last.get(key, 0)
        last[key] = one.pence
        net = book.of(one.enrolment_id, one.week).net
        lines.append(ChargeLine(council_id=run.council_id, run=run, charge=one, net=net, pence=one.pence - before))
    return len(ChargeLine.objects.bulk_create(lines, batch_size=1_000))


def net_of(run: PayRun) -> Mapping[int, int]:
    """What charges take off what each provider is paid by a run, in pence."""
    rows = ChargeLine.objects.filter(run=run, net=True).values("charge__branch").annotate(sum=Sum("pence"))
    return {row["charge__branch"]: row["sum"] for row in rows}
