"""What a contract's period is worth: blocks paid ahead, their corridor or gain-share, outcomes, and pay on plan."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

from django.db.models import Min

from calloff.domain.errors import CalloffError
from calloff.domain.pay_calendar import Period, due_stage, following, instalments, periods_in
from calloff.domain.payment import beyond_corridor, corridor_adjustment, gain_share
from calloff.domain.payment_rule import PaymentRule
from calloff.domain.units import half_up, hours_text
from calloff.web.accounts.models import User
from calloff.web.audit.services import act, in_turn
from calloff.web.brokerage.models import Person
from calloff.web.contracts.models import Enrolment
from calloff.web.directory.models import Council
from calloff.web.directory.services import draw
from calloff.web.payments.models import BlockYear, Entitlement, Outcome, Reconciliation, RuleVersion
from calloff.web.payments.services.entitling import entitle
from calloff.web.payments.services.in_force import read_rule, rule_on
from calloff.web.payments.services.pay_book import PayBook
from calloff.web.payments.services.pricing import Weeks, together
from calloff.web.payments.services.terms import TermsBook


class PeriodError(CalloffError):
    """A block or an outcome that cannot be agreed, approved or settled; nothing was changed."""


def propose_block(
    *,
    enrolment: Enrolment,
    period: Period,
    pence: int,
    agreed_minutes: int,
    centipence: int,
    by: User,
    at: datetime,
) -> BlockYear:
    """Propose what a contract is paid ahead for a year; another person approves it."""
    if pence <= 0 or period.to_on <= period.from_on:
        raise PeriodError("A block is above nothing, and ends after it begins. Nothing was proposed.")
    with act(council=enrolment.council_id, by=by, at=at) as doing:
        if BlockYear.objects.filter(council=enrolment.council_id, enrolment=enrolment, from_on=period.from_on).exists():
            raise PeriodError("A block of this contract begins on that day already. Nothing was proposed.")
        made = BlockYear.objects.create(
            council_id=enrolment.council_id,
            token=draw(),
            enrolment=enrolment,
            from_on=period.from_on,
            to_on=period.to_on,
            pence=pence,
            agreed_minutes=agreed_minutes,
            centipence=centipence,
            proposed_by=by,
            proposed_identity=by.identity_id,
            proposed_at=doing.at,
        )
        doing.record("block_proposed", enrolment.reference, {"pence": pence, "from_on": str(period.from_on)})
    return made


def approve_block(*, block: BlockYear, by: User, at: datetime) -> BlockYear:
    """Approve a block as another person than who proposed it; runs pay its parts ahead from then on."""
    with act(council=block.council_id, by=by, at=at) as doing:
        again = BlockYear.objects.select_for_update().select_related("enrolment").get(pk=block.pk)
        if again.approved_identity is not None:
            raise PeriodError("This block is approved already. Nothing was changed.")
        if again.proposed_identity == by.identity_id:
            raise PeriodError("You proposed this block, so another person must approve it. Nothing was changed.")
        again.approved_by, again.approved_identity, again.approved_at = by, by.identity_id, doing.at
        again.save(update_fields=("approved_by", "approved_identity", "approved_at"))
        doing.record("block_approved", again.enrolment.reference, {"pence": again.pence})
    return again


def settle_block(
    *, block: BlockYear, delivered_minutes: int, gates_met: bool, by: User, at: datetime
) -> Entitlement | None:
    """
    Settle a block with what was delivered: within its corridor nothing changes, beyond it its rule says what does.

    Entered again, it is a correction of its own. PeriodError while nobody has approved the block.
    """
    with act(council=block.council_id, by=by, at=at) as doing:
        again = BlockYear.objects.select_for_update().select_related("enrolment").get(pk=block.pk)
        if again.approved_identity is None:
            raise PeriodError("This block is not approved yet. Nothing was changed.")
        again.delivered_minutes, again.gates_met = delivered_minutes, gates_met
        again.save(update_fields=("delivered_minutes", "gates_met"))
        version, rule = _rule_of(again.council_id, again.enrolment, again.from_on)
        pence = adjustment(rule, again, delivered_minutes, gates_met=gates_met)
        why = (
            f"{hours_text(delivered_minutes)} hours were delivered of {hours_text(again.agreed_minutes)} agreed; "
            "beyond the corridor the payment rule shares the difference."
        )
        made = _store(
            again.enrolment, f"block/{again.token}/settled", again.to_on, "corridor", pence, why, version, doing.at
        )
        data = {"delivered_minutes": delivered_minutes, "gates_met": gates_met, "pence": pence}
        doing.record("block_settled", again.enrolment.reference, data)
    return made


def adjustment(rule: PaymentRule, block: BlockYear, delivered_minutes: int, *, gates_met: bool) -> int:
    """What a block is changed by, in pence, under its rule (DOMAIN 4.8; settled reading 10)."""
    if rule.corridor is None:
        return 0
    corridor = rule.corridor
    beyond = beyond_corridor(delivered_minutes, block.agreed_minutes, corridor.basis_points)
    if not corridor.is_gain_share:
        return corridor_adjustment(beyond, block.centipence, corridor.share_percent)
    return gain_share(
        beyond,
        block.centipence,
        corridor.share_percent,
        gates_met=gates_met,
        block_pence=block.pence,
        most_loss_percent=corridor.most_loss_percent,
    )


def _rule_of(council: int, enrolment: Enrolment, on: date) -> tuple[RuleVersion, PaymentRule]:
    found = rule_on(council, enrolment.model, on)
    if found is None:
        raise PeriodError(f"No payment rule is published for {enrolment.model} on {on}. Publish one first.")
    return found


def parts_of(block: BlockYear, book: TermsBook) -> Iterator[tuple[Period, int]]:
    """The parts of a block, period by period; odd pennies go to the first of them."""
    terms = book.of(block.enrolment_id, block.from_on)
    periods = list(periods_in(terms.period, terms.anchor_on, block.from_on, block.to_on))
    return zip(periods, instalments(block.pence, len(periods)) if periods else (), strict=True)


def entitle_periods(council: Council, to_on: date, at: datetime) -> None:
    """What blocks and outcomes are worth that begin up to a day, and are not entitled yet; each in its own turn."""
    book = TermsBook(council.pk)
    blocks = BlockYear.objects.filter(council=council, approved_identity__isnull=False, from_on__lte=to_on)
    for block in blocks.select_related("enrolment"):
        with in_turn(council.pk):
            version, _rule = _rule_of(council.pk, block.enrolment, block.from_on)
            for period, pence in parts_of(block, book):
                if period.from_on <= to_on:
                    anchor = f"block/{block.token}/{period.from_on.isoformat()}"
                    why = f"The part of the block from {period.from_on:%-d %B} to {period.to_on:%-d %B %Y}, paid ahead."
                    _store(block.enrolment, anchor, period.from_on, "block", pence, why, version, at)
    for outcome in Outcome.objects.filter(council=council, starts_on__lte=to_on).select_related("enrolment"):
        with in_turn(council.pk):
            _entitle_outcome(outcome, at)


def agree_outcome(
    *, enrolment: Enrolment, person: Person, pence: int, starts_on: date, due_on: date, by: User, at: datetime
) -> Outcome:
    """Agree on what a person's outcomes are worth under a contract."""
    if pence <= 0 or due_on < starts_on:
        raise PeriodError("An outcome is worth something, and due after it begins. Nothing was agreed.")
    with act(council=enrolment.council_id, by=by, at=at) as doing:
        made = Outcome.objects.create(
            council_id=enrolment.council_id,
            token=draw(),
            enrolment=enrolment,
            person=person,
            pence=pence,
            starts_on=starts_on,
            due_on=due_on,
            set_by=by,
            set_at=doing.at,
        )
        doing.record("outcome_agreed", enrolment.reference, {"pence": pence, "due_on": str(due_on)})
    return made


def judge_outcome(*, outcome: Outcome, met: bool, by: User, at: datetime) -> Entitlement | None:
    """Record whether the person says that the outcomes are met: then the rest is paid, else it is not."""
    with act(council=outcome.council_id, by=by, at=at) as doing:
        again = Outcome.objects.select_for_update().select_related("enrolment").get(pk=outcome.pk)
        if again.met is not None:
            raise PeriodError("This outcome was judged already. Nothing was changed.")
        again.met, again.judged_by, again.judged_at = met, by, doing.at
        again.save(update_fields=("met", "judged_by", "judged_at"))
        _entitle_outcome(again, doing.at)
        rows = Entitlement.objects.filter(council=again.council_id, anchor=f"outcome/{again.token}")
        made = rows.order_by("-number").first()
        doing.record("outcome_judged", again.enrolment.reference, {"met": met})
    return made


def _entitle_outcome(outcome: Outcome, at: datetime) -> None:
    version, rule = _rule_of(outcome.council_id, outcome.enrolment, outcome.starts_on)
    ahead = half_up(outcome.pence * rule.advance_percent, 100)
    anchor, on = f"outcome/{outcome.token}", outcome.starts_on
    why = f"{rule.advance_percent} % of what the outcomes are worth, paid ahead."
    last = _store(outcome.enrolment, anchor, on, "advance", ahead, why, version, at, person=outcome.person_id, only=1)
    if outcome.met and last is not None:
        _store(
            outcome.enrolment,
            anchor,
            on,
            "outcome",
            outcome.pence,
            "The person says that the outcomes are met, so all of it is paid.",
            version,
            at,
            person=outcome.person_id,
        )


def _store(
    enrolment: Enrolment,
    anchor: str,
    on: date,
    reason: str,
    pence: int,
    why: str,
    rule: RuleVersion,
    at: datetime,
    *,
    person: int | None = None,
    only: int = 0,
) -> Entitlement | None:
    """The next version of what a period is worth, where it differs; `only` keeps it to versions up to a number."""
    component = Entitlement.CARE if person else Entitlement.BLOCK
    rows = Entitlement.objects.filter(council=enrolment.council_id, anchor=anchor, component=component)
    last = rows.order_by("-number").first()
    if last is not None and (last.pence == pence or (only and last.number >= only)):
        return last
    if last is None and not pence:
        return None
    return Entitlement.objects.create(
        council_id=enrolment.council_id,
        anchor=anchor,
        component=component,
        number=1 if last is None else last.number + 1,
        person_id=person,
        branch_id=enrolment.branch_id,
        enrolment=enrolment,
        on=on,
        reason=reason,
        pence=pence,
        rule=rule,
        why=why,
        known_at=at,
    )


# Pay on plan


def reconcile(council: Council, to_on: date, at: datetime) -> int:
    """Settle every period that was paid on plan and is due by a day; how many were. Each person in their own turn."""
    versions = {one.pk: read_rule(one.text, one.rule) for one in RuleVersion.objects.filter(council=council)}
    on_plan = {pk: rule for pk, rule in versions.items() if rule.pays_on == "plan"}
    if not on_plan:
        return 0
    book, settled = TermsBook(council.pk), 0
    rows = Entitlement.objects.filter(council=council, rule__in=list(on_plan), enrolment__isnull=False)
    for row in rows.values("enrolment", "rule").annotate(first=Min("on")).order_by("enrolment", "rule"):
        rule = on_plan[row["rule"]]
        for period, stage in _due(council, row["enrolment"], row["first"], to_on, rule, book):
            _settle_period(council, row["enrolment"], period, stage, at)
            settled += 1
    return settled


def _due(
    council: Council, enrolment: int, first: date, to_on: date, rule: PaymentRule, book: TermsBook
) -> Iterator[tuple[Period, int]]:
    terms = book.of(enrolment, first)
    reached = {
        row.from_on: row.stage
        for row in Reconciliation.objects.filter(council=council, enrolment=enrolment).order_by("stage")
    }
    period = book.period(enrolment, first)
    while period.to_on <= to_on:
        stage = due_stage(terms.period, terms.anchor_on, period.from_on, to_on, rule.adjustments)
        if stage > reached.get(period.from_on, 0):
            yield period, stage
        period = following(terms.period, terms.anchor_on, period)


def _settle_period(council: Council, enrolment: int, period: Period, stage: int, at: datetime) -> None:
    rows = Entitlement.objects.filter(
        council=council, enrolment=enrolment, on__range=(period.from_on, period.to_on), person__isnull=False
    )
    weeks = Weeks.around([period.from_on, period.to_on])
    settling: dict[tuple[int | None, date], int] = {(enrolment, period.from_on): stage}
    book = PayBook(council)
    wanted = dict.fromkeys(rows.values_list("person", flat=True).distinct(), weeks)
    for _weeks, people in together(wanted):
        with book.turn():
            entitle(book, people=people, weeks=weeks, at=at, settling=settling)
    with in_turn(council.pk):
        Reconciliation.objects.get_or_create(
            council=council,
            enrolment_id=enrolment,
            from_on=period.from_on,
            stage=stage,
            defaults={"to_on": period.to_on, "at": at},
        )
