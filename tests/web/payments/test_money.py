"""Holds, disputes, part-payments, recoveries, bank returns, funders, period ends, and the parity of the books."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from web.paying import TWO_WEEKS, Paying

from calloff.domain.funding import Share
from calloff.domain.visits import Mark
from calloff.formats.delivered_visits import LoggedAt
from calloff.web.brokerage.services import funding
from calloff.web.payments.models import (
    Advance,
    Entitlement,
    FunderLine,
    Hold,
    PayLine,
    Payment,
    PayRun,
    Posting,
    RuleVersion,
    Seal,
)
from calloff.web.payments.services import holds, ledger, parity, period_end, runs, sending, terms

pytestmark = pytest.mark.django_db


@pytest.fixture
def paying(tmp_path):
    made = Paying(tmp_path, packages=1)
    made.rows = made.delivered()
    return made


def sent(paying):
    paying.send(paying.rows)
    return paying


def drafted(paying, at=None, to_on=TWO_WEEKS):
    return runs.draft(council=paying.world.council, to_on=to_on, by=paying.payer, at=at or paying.at)


def approved(paying, run, at=None):
    return runs.approve(run=run, shown_pence=runs.total(run), by=paying.approver, at=at or paying.at)


def balance(paying, account):
    return ledger.balances(paying.world.council.pk).get(account, 0)


def later(paying, days=7):
    return paying.at + timedelta(days=days)


def shortened(paying, at, minutes):
    """Every row again, so many minutes shorter, as of a later moment."""
    rows = [
        replace(row, version=at, left=LoggedAt(max(row.came.at, row.left.at - timedelta(minutes=minutes))))
        for row in paying.rows
    ]
    paying.send(rows, f"late-{at:%d}.csv", at=at)


# Held and disputed lines


def test_a_disputed_line_alone_waits_and_posts_when_it_is_closed(paying):
    sent(paying)
    run = drafted(paying)
    whole = runs.total(run)
    line = run.lines.filter(pence__gt=0).first()

    dispute = holds.dispute(
        entitlement=line.entitlement,
        reason="length",
        words="We stayed longer.",
        claimed_minutes=45,
        by=paying.world.manager("Acorn"),
        at=paying.at,
    )
    approved(paying, run)

    assert runs.total(run) == whole - line.pence
    assert balance(paying, "care_cost") == whole - line.pence
    assert dispute.reply_by == paying.at + timedelta(days=10)
    runs.release(run=run, by=paying.payer, at=paying.at)
    with pytest.raises(runs.PayRunError, match="Nothing is new"):
        drafted(paying, later(paying))
    with pytest.raises(holds.HoldError, match="answer in words"):
        holds.release(hold=dispute, outcome="stands", words=" ", by=paying.payer, at=paying.at)
    holds.release(hold=dispute, outcome="stands", words="The log says 30.", by=paying.payer, at=paying.at)
    second = approved(paying, drafted(paying, later(paying)), later(paying))
    assert runs.total(second) == line.pence
    assert balance(paying, "care_cost") == whole


def test_a_correction_of_a_held_visit_waits_with_it_and_its_lines_go_together(paying):
    sent(paying)
    run = drafted(paying)
    first = run.lines.filter(pence__gt=0).order_by("pk").first().entitlement
    hold = holds.hold(entitlement=first, reason="time", words="Odd.", by=paying.payer, at=paying.at)
    approved(paying, run)
    shortened(paying, later(paying), 4)

    second = drafted(paying, later(paying))

    assert not second.lines.filter(entitlement__anchor=first.anchor).exists()
    assert second.lines.filter(entitlement__number=2).exists()
    runs.drop(run=second, by=paying.payer, at=later(paying))
    holds.release(hold=hold, outcome="corrected", words="", by=paying.payer, at=later(paying))
    third = drafted(paying, later(paying))
    waited = third.lines.filter(entitlement__anchor=first.anchor)
    assert sorted(waited.values_list("entitlement__number", flat=True)) == [1, 2]
    assert sum(line.pence for line in waited) == Entitlement.objects.get(anchor=first.anchor, number=2).pence


def test_a_line_waits_once_and_the_database_says_so_too(paying):
    sent(paying)
    one = Entitlement.objects.filter(pence__gt=0).first()
    hold = holds.hold(entitlement=one, reason="time", words="Odd.", by=paying.payer, at=paying.at)

    with pytest.raises(holds.HoldError, match="waits already"):
        holds.hold(entitlement=one, reason="time", words="Odd.", by=paying.payer, at=paying.at)
    with pytest.raises(DatabaseError), transaction.atomic():
        Hold.objects.create(
            **{
                f.attname: getattr(hold, f.attname) for f in Hold._meta.concrete_fields if f.name not in ("id", "token")
            },
            token="ANOTHER",
        )


def test_what_a_rule_holds_waits_by_itself(tmp_path):
    paying = Paying(tmp_path, packages=1)
    version = RuleVersion.objects.get()
    text = version.text + "\nheld_for: {marks: [fewer_workers], assumed: an example}\n"
    RuleVersion.objects.filter(pk=version.pk).update(text=text)
    rows = paying.delivered(seed=3)
    paying.send(rows)

    run = drafted(paying)

    marked = {one.anchor for one in Entitlement.objects.filter(pence__gt=0) if one.marks & Mark.FEWER_WORKERS}
    held = set(Hold.objects.values_list("anchor", flat=True))
    assert held == marked
    assert held
    assert not run.lines.filter(entitlement__anchor__in=held).exists()
    assert run.lines.exists()


# Less than nothing, need, and paying back


def test_less_than_nothing_carries_forward_and_the_next_run_nets_it(paying):
    sent(paying)
    first = paying.pay()
    paid = Payment.objects.get(run=first).pence
    shortened(paying, later(paying), 20)

    second = drafted(paying, later(paying))
    approved(paying, second, later(paying))
    runs.release(run=second, by=paying.payer, at=later(paying))

    assert runs.total(second) < 0
    assert not Payment.objects.filter(run=second).exists()
    assert balance(paying, "provider_payable") == -runs.total(second)
    back = [replace(row, version=later(paying, 14)) for row in paying.rows]
    paying.send(back, "back.csv", at=later(paying, 14))
    third = drafted(paying, later(paying, 14))
    approved(paying, third, later(paying, 14))
    runs.release(run=third, by=paying.payer, at=later(paying, 14))
    assert not Payment.objects.filter(run=third).exists()
    assert (balance(paying, "provider_payable"), balance(paying, "bank_clearing")) == (0, -paid)
    assert parity.faults(paying.world.council.pk) == []


def test_a_part_payment_needs_two_people_and_the_next_run_nets_it(paying):
    branch = paying.world.branch("Acorn")
    asked = sending.ask_for_advance(
        council=paying.world.council, branch=branch, pence=10_000, reason="wages_due", by=paying.payer, at=paying.at
    )
    with pytest.raises(sending.SendingError, match="another person"):
        sending.decide_advance(advance=asked, approved=True, by=paying.payer, at=paying.at)
    with pytest.raises(DatabaseError), transaction.atomic():
        Advance.objects.filter(pk=asked.pk).update(state="paid", decided_identity=asked.asked_identity)
    sending.decide_advance(advance=asked, approved=True, by=paying.approver, at=paying.at)
    sent(paying)

    run = paying.pay()

    [payment] = Payment.objects.filter(run=run)
    assert payment.pence == runs.total(run) - 10_000
    assert payment.brought_pence == -10_000
    assert balance(paying, "bank_clearing") == -runs.total(run)
    assert balance(paying, "provider_payable") == 0


def test_an_overpayment_is_paid_back_by_instalments_and_never_beyond_what_is_owed(paying):
    sent(paying)
    paying.pay()
    branch, council = paying.world.branch("Acorn"), paying.world.council
    shortened(paying, later(paying), 20)
    second = approved(paying, drafted(paying, later(paying)), later(paying))
    runs.release(run=second, by=paying.payer, at=later(paying))
    owes = -runs.total(second)

    plan = sending.recover(council=council, branch=branch, instalment_pence=1_000, by=paying.payer, at=later(paying))

    assert (plan.pence, sending.left_of(plan), balance(paying, "provider_payable")) == (owes, owes, 0)
    back = [replace(row, version=later(paying, 14)) for row in paying.rows]
    paying.send(back, "back.csv", at=later(paying, 14))
    third = approved(paying, drafted(paying, later(paying, 14)), later(paying, 14))
    runs.release(run=third, by=paying.payer, at=later(paying, 14))
    assert Payment.objects.get(run=third).pence == runs.total(third) - 1_000
    assert sending.left_of(plan) == owes - 1_000
    with pytest.raises(sending.SendingError, match="owes nothing"):
        sending.recover(council=council, branch=branch, instalment_pence=1, by=paying.payer, at=later(paying, 14))


def test_a_provider_that_left_is_invoiced_for_what_it_owes(paying):
    sent(paying)
    paying.pay()
    shortened(paying, later(paying), 20)
    second = approved(paying, drafted(paying, later(paying)), later(paying))
    runs.release(run=second, by=paying.payer, at=later(paying))

    left = sending.provider_left(
        council=paying.world.council, branch=paying.world.branch("Acorn"), by=paying.payer, at=later(paying)
    )

    assert balance(paying, "provider_receivable") == left.pence == -runs.total(second)
    assert balance(paying, "provider_payable") == 0
    assert parity.faults(paying.world.council.pk) == []


def test_what_a_bank_returns_is_owed_again_once_and_goes_out_with_the_next_run(paying):
    sent(paying)
    run = paying.pay()
    [payment] = Payment.objects.filter(run=run)

    sending.bank_returned(payment=payment, reason="account_closed", by=paying.payer, at=paying.at)

    assert (balance(paying, "bank_clearing"), balance(paying, "provider_payable")) == (0, -payment.pence)
    with pytest.raises(sending.SendingError, match="came back already"):
        sending.bank_returned(payment=payment, reason="refused", by=paying.payer, at=paying.at)
    with pytest.raises(DatabaseError), transaction.atomic():
        ledger.reverse(
            council=paying.world.council.pk, journal=f"PAID-{run.number}/Acorn", name="X", at=paying.at, kind="x"
        )
    shortened(paying, later(paying), 1)
    again = approved(paying, drafted(paying, later(paying)), later(paying))
    runs.release(run=again, by=paying.payer, at=later(paying))
    assert Payment.objects.get(run=again).pence == payment.pence + runs.total(again)
    assert parity.faults(paying.world.council.pk) == []


# Who bears it, and under which codes


def test_a_joint_package_is_borne_by_both_and_a_later_split_moves_it_without_a_pay_line(paying):
    sent(paying)
    package, council = paying.packages[0], paying.world.council
    monday = date(2026, 11, 23)
    half = (Share("council", "council", 5_000), Share("icb", "joint", 5_000))
    funding.split(package=package, shares=half, from_on=monday, by=paying.world.broker, at=paying.at)
    terms.set_code(
        council=council,
        enrolment=None,
        funder="icb",
        from_on=monday,
        codes=terms.Codes("CC-NHS", "4711"),
        by=paying.payer,
        at=paying.at,
    )
    run = paying.pay()

    bearing = {row.funder: row.pence for row in Posting.objects.filter(account__in=("care_cost", "funder_receivable"))}
    assert sum(bearing.values()) == runs.total(run)
    each = [(line.pence + 1) // 2 for line in run.lines.all()]
    assert bearing["council"] == sum(each)
    nhs = Posting.objects.get(account="funder_receivable")
    assert (nhs.cost_centre, nhs.subjective, nhs.funder) == ("CC-NHS", "4711", "icb")

    whole = (Share("icb", "chc", 10_000),)
    funding.split(package=package, shares=whole, from_on=monday, by=paying.world.broker, at=later(paying))
    shortened(paying, later(paying), 1)
    second = approved(paying, drafted(paying, later(paying)), later(paying))

    balances = ledger.balances(council.pk)
    assert balances["funder_receivable"] == runs.total(run) + runs.total(second)
    assert balances.get("care_cost", 0) == 0
    moved = FunderLine.objects.filter(run=second)
    assert sum(line.pence for line in moved) == bearing["council"] + runs.total(second)
    assert PayLine.objects.filter(run=second).count() < moved.values("entitlement").distinct().count() * 2
    assert parity.faults(council.pk) == []


# The end of a period


def test_a_period_end_accrues_what_is_unpaid_and_takes_it_back_the_next_day(paying):
    sent(paying)
    council = paying.world.council
    worth = sum(Entitlement.objects.filter(on__lte=date(2026, 12, 6)).values_list("pence", flat=True))

    made, back = period_end.end_period(council=council, on=date(2026, 12, 6), by=paying.payer, at=paying.at)

    accrued = {one.account: one.pence for one in ledger.entries_in(council.pk, made.journal)}
    assert accrued == {"accruals": -worth, "care_cost": worth}
    assert (made.on, back.on) == (date(2026, 12, 6), date(2026, 12, 7))
    assert all(pence == 0 for pence in ledger.balances(council.pk).values())
    with pytest.raises(period_end.PeriodEndError, match="ended already"):
        period_end.end_period(council=council, on=date(2026, 12, 6), by=paying.payer, at=paying.at)
    run = paying.pay()
    again, _ = period_end.end_period(council=council, on=date(2026, 12, 5), by=paying.payer, at=later(paying))
    ahead = sum(line.pence for line in run.lines.filter(entitlement__on__gt=date(2026, 12, 5)))
    posted = {one.account: one.pence for one in ledger.entries_in(council.pk, again.journal)}
    assert posted == {"prepayments": ahead, "care_cost": -ahead}


# The books agree with their lines


CORRUPTIONS = {
    "a posting": "UPDATE payments_posting SET pence = pence + 1 WHERE id = (SELECT MIN(id) FROM payments_posting)",
    "its code": "UPDATE payments_posting SET subjective = 'X' WHERE id = (SELECT MIN(id) FROM payments_posting)",
    "a posting gone": "DELETE FROM payments_posting WHERE id = (SELECT MAX(id) FROM payments_posting)",
    "a seal gone": "DELETE FROM payments_seal WHERE id = (SELECT MIN(id) FROM payments_seal)",
    "a line": "UPDATE payments_payline SET pence = pence - 1 WHERE id = (SELECT MIN(id) FROM payments_payline)",
    "a line gone": "DELETE FROM payments_payline WHERE id = (SELECT id FROM payments_payline WHERE pence > 0 LIMIT 1)",
    "a version": "UPDATE payments_entitlement SET pence = 7 WHERE id = (SELECT MIN(id) FROM payments_entitlement)",
    "a payment": "UPDATE payments_payment SET pence = pence + 1",
}


def without_triggers():
    """Take every trigger away, as somebody would who alters the database behind everybody's back."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'payments%'")
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP TRIGGER "{name}"')
        else:
            cursor.execute("SET LOCAL session_replication_role = replica")


@pytest.mark.parametrize("what", CORRUPTIONS)
def test_one_altered_row_is_found_and_stops_the_next_run(paying, what):
    sent(paying)
    paying.pay()
    assert parity.faults(paying.world.council.pk) == []
    shortened(paying, later(paying), 2)

    without_triggers()
    with connection.cursor() as cursor:
        cursor.execute(CORRUPTIONS[what])

    assert parity.faults(paying.world.council.pk)
    with pytest.raises(runs.PayRunError, match="do not agree"):
        drafted(paying, later(paying))
    assert PayRun.objects.latest("pk").state == PayRun.DROPPED


def test_the_database_refuses_to_change_lines_of_an_approved_run(paying):
    sent(paying)
    run = approved(paying, drafted(paying))

    for change in (
        lambda: run.lines.update(pence=0),
        lambda: run.lines.all().delete(),
        lambda: Seal.objects.update(on=date(2026, 1, 1)),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_run_is_prepared_by_the_worker_and_a_second_time_nothing_happens(paying):
    sent(paying)
    run = runs.start(council=paying.world.council, to_on=TWO_WEEKS, by=paying.payer, at=paying.at)

    paying.world.work()

    run.refresh_from_db()
    assert (run.state, run.lines.count() > 0) == ("draft", True)
    lines = run.lines.count()
    runs.prepare(run, paying.at)
    assert run.lines.count() == lines
