"""What people are charged, from the same visits by rules of their own; uplifts; and statements before and after."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, transaction
from web.paying import TWO_WEEKS, Paying

from calloff.domain.calendar import week_begins
from calloff.domain.funding import Share
from calloff.domain.payment import uplifted
from calloff.domain.units import pence_of
from calloff.formats.delivered_visits import LoggedAt
from calloff.web.brokerage.services import funding
from calloff.web.contracts.services import enrolling, publishing
from calloff.web.contracts.services.market import facts_of
from calloff.web.payments.models import Charge, ChargeLine, Entitlement, FunderLine, Payment, Uplift
from calloff.web.payments.services import changes, charging, ledger, parity, runs, statement, terms, uplifts

pytestmark = pytest.mark.django_db
WEEK = date(2026, 11, 30)
CHARGED_FROM = date(2026, 11, 23)


@pytest.fixture
def paying(tmp_path):
    made = Paying(tmp_path, packages=1)
    made.rows = made.delivered()
    return made


def person_of(paying):
    return paying.packages[0].person


def assessed(paying, pence, on=CHARGED_FROM, at=None):
    charging.assess(person=person_of(paying), pence_per_week=pence, from_on=on, by=paying.payer, at=at or paying.at)


def charges(week=WEEK):
    return list(Charge.objects.filter(week=week).order_by("number"))


def delivered_worth(week=WEEK):
    """What the delivered visits of a week are worth, by their last versions."""
    last = {}
    for one in Entitlement.objects.filter(on__range=(week, week + timedelta(days=6))).order_by("number"):
        last[one.anchor] = one.pence if one.reason == "delivered" else 0
    return sum(last.values())


def test_a_week_is_charged_at_most_what_was_assessed_and_at_most_its_care(paying):
    paying.send(paying.rows)
    assessed(paying, 5_620)

    paying.pay()

    [first] = charges()
    assert (first.pence, first.chargeable_pence) == (5_620, delivered_worth())
    balances = ledger.balances(paying.world.council.pk)
    assert balances["contribution_income"] == -2 * 5_620
    assert balances["person_receivable"] == 2 * 5_620
    assert parity.faults(paying.world.council.pk) == []


def test_f10_little_care_is_charged_as_it_is_and_a_missed_week_is_free(paying):
    assessed(paying, 100_000_00)
    kept = [row for row in paying.rows if week_begins(row.came.at.date()) == WEEK]
    paying.send([*kept, paying.rows[-1]])

    paying.pay()

    [first] = charges()
    assert first.pence == delivered_worth() < 100_000_00
    [second] = charges(WEEK + timedelta(days=7))
    assert second.pence == delivered_worth(WEEK + timedelta(days=7))


def test_under_a_net_contract_the_charge_is_taken_off_what_the_provider_is_sent(paying):
    paying.send(paying.rows)
    assessed(paying, 1_500)
    terms.set_terms(
        council=paying.world.council, enrolment=None, from_on=CHARGED_FROM, net=True, by=paying.payer, at=paying.at
    )

    run = paying.pay()

    assert Payment.objects.get(run=run).pence == runs.total(run) - 2 * 1_500
    balances = ledger.balances(paying.world.council.pk)
    assert "person_receivable" not in balances
    assert balances["care_cost"] == runs.total(run)
    assert all(line.net for line in ChargeLine.objects.all())
    assert parity.faults(paying.world.council.pk) == []


@pytest.mark.parametrize("kind", ["s117", "reablement"])
def test_only_the_councils_share_is_charged_and_neither_aftercare_nor_reablement(paying, kind):
    paying.send(paying.rows)
    assessed(paying, 100_000_00)
    half = (Share("council", "council", 5_000), Share("icb", "joint", 5_000))
    package, broker = paying.packages[0], paying.world.broker
    funding.split(package=package, shares=half, from_on=WEEK, by=broker, at=paying.at)
    after = (Share("council", kind, 10_000),)
    funding.split(package=package, shares=after, from_on=WEEK + timedelta(days=7), by=broker, at=paying.at)

    paying.pay()

    [first] = charges()
    assert abs(2 * first.pence - delivered_worth()) <= 28
    assert charges(WEEK + timedelta(days=7)) == []
    # It is the council's money all the same: nobody else owes it.
    owed = FunderLine.objects.filter(entitlement__on__gte=WEEK + timedelta(days=7))
    assert not owed.exists()
    assert set(FunderLine.objects.values_list("funder", flat=True)) == {"icb"}


def test_a_later_correction_or_assessment_is_charged_as_a_difference(paying):
    paying.send(paying.rows)
    assessed(paying, 100_000_00)
    paying.pay()
    later = paying.at + timedelta(days=7)
    short = [replace(row, version=later, left=LoggedAt(row.came.at + timedelta(minutes=10))) for row in paying.rows]
    paying.send(short, "short.csv", at=later)

    run = runs.draft(council=paying.world.council, to_on=TWO_WEEKS, by=paying.payer, at=later)
    runs.approve(run=run, shown_pence=runs.total(run), by=paying.approver, at=later)

    before, now = charges()
    assert now.pence == delivered_worth() < before.pence
    assert ChargeLine.objects.get(charge=now).pence == now.pence - before.pence
    total = sum(one.pence for one in Charge.objects.filter(number=2))
    assert ledger.balances(paying.world.council.pk)["contribution_income"] == -total

    runs.release(run=run, by=paying.payer, at=later)
    assessed(paying, 1_000, at=later)
    again = runs.draft(council=paying.world.council, to_on=TWO_WEEKS, by=paying.payer, at=later)
    runs.approve(run=again, shown_pence=runs.total(again), by=paying.approver, at=later)
    assert ledger.balances(paying.world.council.pk)["contribution_income"] == -2_000
    assert parity.faults(paying.world.council.pk) == []


def test_charging_as_planned_credits_what_the_provider_missed(paying):
    charging.set_charge_rule(
        council=paying.world.council,
        from_on=CHARGED_FROM,
        basis="planned",
        centipence_per_hour=100_000,
        no_access=False,
        short_notice=False,
        by=paying.payer,
        at=paying.at,
    )
    # Nobody came on Wednesday morning.
    paying.send([row for row in paying.rows if not (row.came.at.date() == date(2026, 12, 2) and row.came.at.hour < 12)])
    assessed(paying, 100_000_00)

    paying.pay()

    [first] = charges()
    visits = charging.Charging(paying.world.council).visits(person_of(paying).pk, WEEK)
    made = [one for one in visits if one.entitlement.reason == "delivered"]
    assert first.pence == sum(one.planned.minutes * one.planned.workers * 1_000 // 60 for one in made)
    assert len(made) < len(visits)


def test_a_statement_names_the_person_and_no_care_worker_and_adds_up(paying):
    paying.send(paying.rows)
    assessed(paying, 100_000_00)
    paying.pay()
    person, council = person_of(paying), paying.world.council

    letter = statement.told_of_week(council, person, WEEK, paying.at)

    [rows] = [part["rows"] for part in letter.parts if "rows" in part]
    assert sum(pence_of(row[3].lstrip("£")) for row in rows) == charges()[0].pence
    assert letter.to[0] == person.name
    told = str(letter)
    assert not any(row.worker in told for row in paying.rows)
    assert "If something is wrong" in told
    assert statement.letter_of(council, person, WEEK, paying.at).startswith(b"%PDF")


def test_last_weeks_corrections_stand_in_this_weeks_statement(paying):
    paying.send(paying.rows)
    assessed(paying, 100_000_00)
    paying.pay()
    later = paying.at + timedelta(days=7)
    first_week = [row for row in paying.rows if week_begins(row.came.at.date()) == WEEK]
    paying.send([replace(row, version=later, left=LoggedAt(row.came.at)) for row in first_week], "late.csv", at=later)
    runs.draft(council=paying.world.council, to_on=TWO_WEEKS, by=paying.payer, at=later)

    parts = statement.corrections(paying.world.council, person_of(paying), WEEK + timedelta(days=7))

    before, now = charges()
    assert parts[0]["rows"][0][1:3] == [f"£{before.pence / 100:.2f}", f"£{now.pence / 100:.2f}"]


# Uplifts


def proposed(paying, **more):
    told = {"title": "Annual", "model": "*", "from_on": date(2026, 12, 7), "share": 4_007, "flat_centipence": 0}
    commissioner = paying.world.user("commissioner", "commissioner")
    return uplifts.propose(council=paying.world.council, by=commissioner, at=paying.at, **(told | more))


def decided(paying, uplift, **more):
    manager = paying.world.user("contracts", "contract_manager")
    return uplifts.decide(uplift=uplift, approved=True, by=manager, at=paying.at, **more)


def test_an_uplift_is_rehearsed_without_effect_then_prices_what_was_paid_by_differences(paying):
    paying.send(paying.rows)
    first = paying.pay()
    since = [line for line in first.lines.all() if line.entitlement.on >= date(2026, 12, 7)]
    uplift = proposed(paying)

    shown = uplifts.rehearse(uplift)

    assert shown.before_pence == sum(line.pence for line in since)
    assert not Entitlement.objects.filter(number=2).exists()
    decided(paying, uplift)
    paying.world.at = paying.at
    paying.world.work()
    second = runs.draft(council=paying.world.council, to_on=TWO_WEEKS, by=paying.payer, at=paying.at)
    new = uplifted(190_000, 4_007, 0)
    again = {one.anchor: one for one in Entitlement.objects.filter(number=2)}
    assert all(one.centipence == new and one.on >= date(2026, 12, 7) for one in again.values())
    assert len(again) == sum(line.pence > 0 for line in since)
    assert abs(runs.total(second) - (shown.after_pence - shown.before_pence)) <= len(since)
    rows = list(csv.DictReader(io.StringIO(changes.statement_text(second))))
    assert sum(pence_of(one["difference"]) for one in rows) == runs.total(second)
    assert {one["paid_in"] for one in rows} == {f"PAY-{first.number}"}


def test_a_price_put_right_in_the_contract_prices_what_was_paid_by_differences(paying):
    paying.send(paying.rows)
    paying.pay()
    row = paying.world.declared("Acorn")
    standing = facts_of(row)
    [line] = standing.price_lines
    since = date(2026, 12, 9)
    dearer = replace(line, line_id=f"{line.line_id}b", centipence=line.centipence + 6_000, from_on=since)
    wanted = replace(standing, price_lines=(replace(line, to_on=since - timedelta(days=1)), dearer))
    commissioner, approver = paying.world.user("commissioner", "commissioner"), paying.world.approver
    told = {"council": paying.world.council, "enrolments": [wanted], "file": None}
    draft = enrolling.keep_enrolments(**told, by=commissioner, at=paying.at)
    publishing.put_forward(draft=draft, starts_on=None, note="put right", by=commissioner, at=paying.at)

    publishing.approve(draft=draft, by=approver, at=paying.at)
    paying.world.at = paying.at
    paying.world.work()

    assert {one.on >= since for one in Entitlement.objects.filter(number=2)} == {True}
    last = {one.anchor: one for one in Entitlement.objects.order_by("number")}
    paid = [one for one in last.values() if one.pence]
    assert {(one.on >= since, one.centipence) for one in paid} == {(False, 190_000), (True, 196_000)}


def test_an_uplift_needs_two_people_and_can_be_undone_until_anything_is_paid_at_it(paying):
    paying.send(paying.rows)
    uplift = proposed(paying)
    before = facts_of(paying.world.declared("Acorn")).price_lines

    with pytest.raises(uplifts.UpliftError, match="another person"):
        uplifts.decide(uplift=uplift, approved=True, by=paying.world.user("commissioner"), at=paying.at)
    with pytest.raises(DatabaseError), transaction.atomic():
        Uplift.objects.filter(pk=uplift.pk).update(state="approved", decided_identity=uplift.proposed_identity)
    decided(paying, uplift)
    paying.world.at = paying.at
    paying.world.work()
    assert {one.centipence for one in Entitlement.objects.filter(number=2)} == {uplifted(190_000, 4_007, 0)}
    uplifts.undo(uplift=uplift, by=paying.world.user("contracts"), at=paying.at)
    paying.world.work()
    assert facts_of(paying.world.declared("Acorn")).price_lines == before
    last = {}
    for one in Entitlement.objects.order_by("number"):
        last[one.anchor] = one.centipence
    assert set(last.values()) == {190_000}

    again = decided(paying, proposed(paying, title="Again"))
    paying.world.work()
    paying.pay()
    with pytest.raises(uplifts.UpliftError, match="pays at these prices"):
        uplifts.undo(uplift=again, by=paying.world.user("contracts"), at=paying.at)
