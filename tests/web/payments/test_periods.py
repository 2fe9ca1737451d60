"""Pay on plan with two reconciliations, blocks paid ahead, outcomes: the worked figures of the trade (F6, F7, 4.8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from web.paying import Paying, contract_of
from web.world import made_world

from calloff.documents.payment_rules import shipped_folder
from calloff.domain.packages import Visit
from calloff.domain.pay_calendar import Period
from calloff.formats.delivered_visits import DeliveredVisit, LoggedAt
from calloff.web.payments.models import BlockYear, Entitlement, Payment, Retro, RuleVersion
from calloff.web.payments.services import ledger, on_plan, parity, period_end, periods, runs, terms
from calloff.web.visits.models import PlannedVisit

pytestmark = pytest.mark.django_db
FOUR_HOURS = tuple(Visit(day, 480, 240, 2) for day in range(5))
"""A visit of four hours by two workers on five days: 40 hours a week."""
FIRST_WEEK = (date(2026, 11, 30), date(2026, 12, 6))


@pytest.fixture
def hampshire(tmp_path):
    """Ten packages of 40 hours a week at £22, paid on plan: 400 hours in a period of a week."""
    return Paying(tmp_path, packages=10, rule="hampshire_plan_then_reconcile", visits=FOUR_HOURS, pounds=22)


def at_day(day):
    return datetime(day.year, day.month, day.day, 9, tzinfo=UTC)


def week_rows(paying):
    """Each worker's log of every visit of the first week, whole."""
    planned = PlannedVisit.objects.filter(on__range=FIRST_WEEK, superseded_at=None).order_by("start_at", "reference")
    contract = contract_of(paying)
    return [
        DeliveredVisit(
            0,
            f"{one.reference}/{worker}",
            at_day(date(2026, 12, 7)),
            contract,
            one.package.reference,
            f"W{one.package.reference}{worker}",
            LoggedAt(one.start_at),
            LoggedAt(one.ends_at),
        )
        for one in planned
        for worker in range(one.workers)
    ]


def paid(paying, to_on, at):
    """What a run pays of the first week."""
    run = runs.draft(council=paying.world.council, to_on=to_on, by=paying.payer, at=at)
    runs.approve(run=run, shown_pence=runs.total(run), by=paying.approver, at=at)
    runs.release(run=run, by=paying.payer, at=at)
    lines = run.lines.filter(entitlement__on__range=FIRST_WEEK)
    return sum(line.pence for line in lines), run


def test_f7_a_period_is_paid_on_plan_settled_twice_and_then_closed(hampshire):
    rows = week_rows(hampshire)
    assert sum((row.left.at - row.came.at).seconds // 60 for row in rows) == 400 * 60

    provision, first = paid(hampshire, FIRST_WEEK[1], at_day(date(2026, 12, 7)))
    assert provision == 880_000
    assert {line.entitlement.reason for line in first.lines.all()} == {"provision"}

    # Fifteen workers leave an hour early; the file comes at once, and changes nothing before the next period's end.
    early = [
        replace(row, left=LoggedAt(row.left.at - timedelta(hours=1))) if n < 15 else row for n, row in enumerate(rows)
    ]
    hampshire.send(early, "in-time.csv", at=at_day(date(2026, 12, 8)))
    assert Entitlement.objects.filter(on__range=FIRST_WEEK, number=2).count() == 0

    settled, _run = paid(hampshire, date(2026, 12, 13), at_day(date(2026, 12, 14)))
    assert settled == -33_000

    # Four of them had stayed after all; it comes late.
    late = at_day(date(2026, 12, 16))
    hampshire.send([replace(row, version=late) for row in rows[:4]], "late.csv", at=late)
    assert not Entitlement.objects.filter(on__range=FIRST_WEEK, number=3).exists()
    again, _run = paid(hampshire, date(2026, 12, 20), at_day(date(2026, 12, 21)))
    assert again == 8_800

    # The period is closed: a further change is shown, and paid only once somebody approves it.
    after = at_day(date(2026, 12, 23))
    hampshire.send([replace(rows[4], version=after)], "too-late.csv", at=after)
    more, _run = paid(hampshire, date(2026, 12, 27), at_day(date(2026, 12, 28)))
    assert more == 0
    [retro] = Retro.objects.filter(state="found")
    assert retro.pence - retro.entitlement.pence == 2_200
    on_plan.decide_retro(retro=retro, approved=True, by=hampshire.approver, at=at_day(date(2026, 12, 29)))
    with pytest.raises(on_plan.RetroError, match="decided already"):
        on_plan.decide_retro(retro=retro, approved=True, by=hampshire.approver, at=at_day(date(2026, 12, 29)))
    last, _run = paid(hampshire, date(2027, 1, 3), at_day(date(2027, 1, 4)))
    assert last == 2_200
    assert provision + settled + again == 389 * 2_200
    assert parity.faults(hampshire.world.council.pk) == []


def test_a_refused_change_to_a_closed_period_does_not_come_back(hampshire):
    rows = week_rows(hampshire)
    hampshire.send(rows, "whole.csv", at=at_day(date(2026, 12, 8)))
    for week in range(4):
        day = FIRST_WEEK[1] + timedelta(weeks=week)
        paid(hampshire, day, at_day(day + timedelta(days=1)))
    after = at_day(date(2027, 1, 6))
    shorter = replace(rows[0], version=after, left=LoggedAt(rows[0].left.at - timedelta(hours=2)))
    hampshire.send([shorter], "late.csv", at=after)
    retro = Retro.objects.get(state="found")

    on_plan.decide_retro(retro=retro, approved=False, by=hampshire.approver, at=after)
    noise = replace(rows[1], version=after + timedelta(hours=1))
    hampshire.send([noise], "more.csv", at=after + timedelta(hours=1))

    assert list(Retro.objects.values_list("state", flat=True)) == ["refused"]


def test_a_late_file_is_bridged_by_the_plan_where_the_terms_allow_and_settled_when_it_comes(tmp_path):
    paying = Paying(tmp_path, packages=1)
    council, monday = paying.world.council, date(2026, 11, 23)
    to_on = date(2026, 12, 6)

    with pytest.raises(runs.PayRunError, match="Nothing is new"):
        runs.draft(council=council, to_on=to_on, by=paying.payer, at=paying.at)
    terms.set_terms(council=council, enrolment=None, from_on=monday, plan_when_late=True, by=paying.payer, at=paying.at)
    run = runs.draft(council=council, to_on=to_on, by=paying.payer, at=paying.at)
    planned = sum(one.minutes * one.workers for one in PlannedVisit.objects.filter(on__lte=to_on, superseded_at=None))
    assert abs(runs.total(run) - planned * 1900 // 60) <= run.lines.count()
    assert {line.entitlement.reason for line in run.lines.all()} == {"provision"}
    runs.approve(run=run, shown_pence=runs.total(run), by=paying.approver, at=paying.at)
    runs.release(run=run, by=paying.payer, at=paying.at)

    rows = paying.delivered()
    paying.send(rows)
    again = runs.draft(council=council, to_on=to_on, by=paying.payer, at=paying.at)
    worth = {}
    for one in Entitlement.objects.filter(on__lte=to_on).order_by("number"):
        worth[one.anchor, one.component] = one.pence
    assert runs.total(run) + runs.total(again) == sum(worth.values())
    assert not [one for one in Entitlement.objects.filter(number=2) if one.reason == "provision"]


# Blocks


@pytest.fixture
def block(tmp_path):
    world = made_world()
    world.provider("Acorn")
    return world


def published(world, rule, text=""):
    return RuleVersion.objects.create(
        council=world.council,
        model="framework",
        rule=rule,
        version=1,
        title=rule,
        text=text or (shipped_folder() / f"{rule}.yaml").read_text(encoding="utf-8"),
        starts_on=date(2020, 1, 1),
        published_at=world.at,
    )


def agreed(world, pence, minutes, centipence, year=None):
    block = periods.propose_block(
        enrolment=world.declared("Acorn"),
        period=year or Period(date(2026, 4, 1), date(2027, 3, 31)),
        pence=pence,
        agreed_minutes=minutes,
        centipence=centipence,
        by=world.user("payer", "finance_payer"),
        at=world.at,
    )
    return periods.approve_block(block=block, by=world.user("pay-approver", "pay_approver"), at=world.at)


def monthly(world):
    terms.set_terms(
        council=world.council,
        enrolment=None,
        from_on=date(2026, 1, 1),
        period="monthly",
        by=world.user("payer"),
        at=world.at,
    )


def test_f6_a_blocks_year_is_paid_a_month_at_a_time_to_the_penny(block):
    published(block, "east_lothian_2024_block")
    _ = block.user("payer", "finance_payer")
    monthly(block)
    year = 313_709_760
    agreed(block, year, 133_380 * 60, 240_000)

    run = runs.draft(council=block.council, to_on=date(2026, 6, 30), by=block.user("payer"), at=block.at)

    assert [line.pence for line in run.lines.order_by("entitlement__on")] == [26_142_480] * 3
    runs.approve(run=run, shown_pence=runs.total(run), by=block.user("pay-approver"), at=block.at)
    assert ledger.balances(block.council.pk) == {"prepayments": 78_427_440, "provider_payable": -78_427_440}
    period_end.end_period(council=block.council, on=date(2026, 5, 31), by=block.user("payer"), at=block.at)
    balances = ledger.balances(block.council.pk)
    assert (balances["prepayments"], balances["care_cost"]) == (26_142_480, 52_284_960)
    later = runs.draft(council=block.council, to_on=date(2027, 3, 31), by=block.user("payer"), at=block.at)
    assert runs.total(run) + runs.total(later) == year


def test_a_blocks_odd_pennies_go_to_its_first_months(block):
    published(block, "east_lothian_2024_block")
    _ = block.user("payer", "finance_payer")
    monthly(block)
    agreed(block, 100_000_07, 60, 1)

    parts = [pence for _period, pence in periods.parts_of(BlockYear.objects.get(), terms.TermsBook(block.council.pk))]

    assert sum(parts) == 100_000_07
    assert (parts[0] - parts[-1], len(parts)) == (1, 12)
    assert parts == sorted(parts, reverse=True)


GAIN = """
id: gain
version: 1
title: A block with a gain-share
basis: {pay: block, assumed: an example}
gain_share: {edge_percent: 5, share_percent: 50, assumed: an example}
"""


@pytest.mark.parametrize(
    ("hours", "gates", "pence"),
    [
        (36_000, True, -2_500_000),
        (36_000, False, -5_000_000),
        (38_000, True, None),
        (44_000, True, 2_500_000),
    ],
)
def test_a_gain_share_settles_a_block_to_the_worked_figures(block, hours, gates, pence):
    published(block, "gain", GAIN)
    _ = block.user("payer", "finance_payer")
    made = agreed(block, 100_000_000, 40_000 * 60, 250_000)

    found = periods.settle_block(
        block=made, delivered_minutes=hours * 60, gates_met=gates, by=block.user("payer"), at=block.at
    )

    assert (found and found.pence) == pence


def test_nobody_approves_their_own_block_and_the_database_says_so_too(block):
    published(block, "east_lothian_2024_block")
    payer = block.user("payer", "finance_payer")
    made = periods.propose_block(
        enrolment=block.declared("Acorn"),
        period=Period(date(2026, 4, 1), date(2027, 3, 31)),
        pence=1_000,
        agreed_minutes=60,
        centipence=1,
        by=payer,
        at=block.at,
    )

    with pytest.raises(periods.PeriodError, match="another person"):
        periods.approve_block(block=made, by=payer, at=block.at)
    with pytest.raises(DatabaseError), transaction.atomic():
        BlockYear.objects.filter(pk=made.pk).update(approved_identity=made.proposed_identity)
    with pytest.raises(runs.PayRunError, match="Nothing is new"):
        runs.draft(council=block.council, to_on=date(2026, 12, 1), by=payer, at=block.at)


def test_wiltshire_pays_a_fifth_ahead_and_the_rest_once_the_person_says_so(block):
    published(block, "wiltshire_outcomes")
    payer, approver = block.user("payer", "finance_payer"), block.user("pay-approver", "pay_approver")
    person = block.person()
    outcome = periods.agree_outcome(
        enrolment=block.declared("Acorn"),
        person=person,
        pence=123_457,
        starts_on=date(2026, 11, 1),
        due_on=date(2027, 1, 31),
        by=payer,
        at=block.at,
    )
    first = runs.draft(council=block.council, to_on=date(2026, 11, 30), by=payer, at=block.at)
    runs.approve(run=first, shown_pence=runs.total(first), by=approver, at=block.at)

    periods.judge_outcome(outcome=outcome, met=True, by=payer, at=block.at)
    second = runs.draft(council=block.council, to_on=date(2026, 11, 30), by=payer, at=block.at)

    assert (runs.total(first), runs.total(second)) == (24_691, 98_766)
    with pytest.raises(periods.PeriodError, match="judged already"):
        periods.judge_outcome(outcome=outcome, met=True, by=payer, at=block.at)
    assert not Payment.objects.exists()
