"""Files that leave with a run, and where providers are paid: two people, and a while in which to object."""

from __future__ import annotations

import json
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from django.db import DatabaseError, transaction
from web.paying import Paying
from web.payments.test_pages import proved, text_of

from calloff.formats.pain001 import NAMESPACE
from calloff.formats.payables import read_payables
from calloff.web.audit.models import Event
from calloff.web.jobs.models import Notice
from calloff.web.payments.models import BankDetail, Payment
from calloff.web.payments.services import bank, charging, exports, sending, terms

pytestmark = pytest.mark.django_db


@pytest.fixture
def paying(tmp_path):
    made = Paying(tmp_path, packages=1)
    made.send(made.delivered())
    return made


def lines_of(paying, run):
    path = paying.folder / "payables.csv"
    path.write_text(exports.payables_of(run), encoding="utf-8")
    return read_payables(path)


def test_payables_come_to_what_is_sent_under_codes_order_charge_and_what_was_brought(paying):
    council, first, payer = paying.world.council, date(2026, 11, 23), paying.payer
    terms.set_terms(
        council=council, enrolment=None, from_on=first, net=True, purchase_order="PO-7", by=payer, at=paying.at
    )
    codes = terms.Codes("CC1", "4711", "zero")
    terms.set_code(council=council, enrolment=None, funder="", from_on=first, codes=codes, by=payer, at=paying.at)
    person = paying.packages[0].person
    charging.assess(person=person, pence_per_week=1_000, from_on=first, by=payer, at=paying.at)
    branch = paying.world.branch("Acorn")
    asked = sending.ask_for_advance(council=council, branch=branch, pence=300, reason="other", by=payer, at=paying.at)
    sending.decide_advance(advance=asked, approved=True, by=paying.approver, at=paying.at)

    run = paying.pay()

    lines = {one["account"]: one for one in lines_of(paying, run)}
    [payment] = Payment.objects.filter(run=run)
    assert sum(one["amount"] for one in lines.values()) == payment.pence
    assert (lines["charge_collected"]["amount"], lines["brought_forward"]["amount"]) == (-2_000, -300)
    cost = lines["care_cost"]
    told = ("cost_centre", "subjective", "vat", "purchase_order", "contract", "invoice")
    assert [cost[name] for name in told] == ["CC1", "4711", "zero", "PO-7", "Acorn", payment.invoice]


def agreed(paying, at=None, **more):
    told = {"sort_code": "40-12-76", "account": "0234 5671", "name": "Acorn Care"} | more
    council, branch = paying.world.council, paying.world.branch("Acorn")
    detail = bank.propose(council=council, branch=branch, by=paying.payer, at=at or paying.at, **told)
    return bank.decide(detail=detail, approved=True, by=paying.approver, at=at or paying.at)


def pays_direct(paying):
    said = {"name": "Testshire", "sort_code": "123456", "account": "12345678", "service_user": "654321"}
    council = paying.world.council
    detail = bank.propose(council=council, branch=None, by=paying.payer, at=paying.at, **said)
    bank.decide(detail=detail, approved=True, by=paying.approver, at=paying.at)


def test_a_run_goes_to_the_bank_only_where_the_council_pays_direct_and_details_count(paying):
    run = paying.pay()
    with pytest.raises(exports.ExportError, match="from which account"):
        exports.pain001_of(run, paying.at)
    pays_direct(paying)
    run.council.refresh_from_db()
    with pytest.raises(exports.ExportError, match="Acorn Care"):
        exports.pain001_of(run, paying.at)
    agreed(paying)
    with pytest.raises(exports.ExportError, match="Acorn Care"):
        exports.bacs_of(run, paying.at + bank.COOLING_OFF - timedelta(seconds=1))

    later = paying.at + bank.COOLING_OFF
    root = ElementTree.fromstring(exports.pain001_of(run, later))
    [payment] = Payment.objects.filter(run=run)
    amount = root.find(f".//{{{NAMESPACE}}}InstdAmt").text
    assert amount == f"{payment.pence // 100}.{payment.pence % 100:02d}"
    assert f"{payment.pence:011d}" in exports.bacs_of(run, later)


def test_the_councils_own_account_needs_two_people_counts_at_once_and_leaves_its_limits_alone(paying):
    council = paying.world.council
    told = {"council": council, "branch": None, "sort_code": "123456", "account": "12345678", "name": "Testshire"}
    with pytest.raises(bank.BankError, match="six digits"):
        bank.propose(**told, service_user="65432", by=paying.payer, at=paying.at)
    detail = bank.propose(**told, by=paying.payer, at=paying.at)
    with pytest.raises(bank.BankError, match="waits already"):
        bank.propose(**told, by=paying.payer, at=paying.at)
    with pytest.raises(bank.BankError, match="another person"):
        bank.decide(detail=detail, approved=True, by=paying.payer, at=paying.at)
    assert bank.counting(council, None, paying.at) is None
    bank.decide(detail=detail, approved=True, by=paying.approver, at=paying.at)
    assert bank.counting(council, None, paying.at) == detail
    run = paying.pay()
    agreed(paying)
    later = paying.at + bank.COOLING_OFF
    assert exports.pain001_of(run, later)
    with pytest.raises(exports.ExportError, match="no BACS service user number"):
        exports.bacs_of(run, later)


def test_nothing_leaves_before_a_run_is_released(paying):
    from calloff.web.payments.services import runs

    run = runs.draft(council=paying.world.council, to_on=date(2026, 12, 13), by=paying.payer, at=paying.at)

    with pytest.raises(exports.ExportError, match="not released"):
        exports.payables_of(run)


def test_bank_details_need_two_people_tell_the_old_contact_and_can_be_stopped_until_they_count(paying):
    council, branch = paying.world.council, paying.world.branch("Acorn")
    manager = paying.world.manager("Acorn")
    detail = bank.propose(
        council=council,
        branch=branch,
        sort_code="401276",
        account="02345671",
        name="Acorn",
        by=paying.payer,
        at=paying.at,
    )

    assert Notice.objects.filter(user=manager, kind="bank_changed").count() == 1
    with pytest.raises(bank.BankError, match="another person"):
        bank.decide(detail=detail, approved=True, by=paying.payer, at=paying.at)
    twin = paying.world.user("twin", identity=paying.payer.identity)
    with pytest.raises(bank.BankError, match="another person"):
        bank.decide(detail=detail, approved=True, by=twin, at=paying.at)
    with pytest.raises(DatabaseError), transaction.atomic():
        BankDetail.objects.filter(pk=detail.pk).update(state="approved", decided_identity=detail.proposed_identity)
    with pytest.raises(bank.BankError, match="waits already"):
        agreed(paying)
    bank.decide(detail=detail, approved=True, by=paying.approver, at=paying.at)
    bank.stop(detail=detail, by=paying.payer, at=paying.at + timedelta(days=1))
    assert bank.counting(council, branch, paying.at + timedelta(days=30)) is None
    counted = agreed(paying, account="99999906")
    with pytest.raises(bank.BankError, match="count already"):
        bank.stop(detail=counted, by=paying.payer, at=paying.at + timedelta(days=6))
    assert bank.counting(council, branch, paying.at + timedelta(days=6)).account == "99999906"


@pytest.mark.parametrize(
    ("sort_code", "account"), [("12345", "12345678"), ("000000", "12345678"), ("123456", "00000000")]
)
def test_bank_details_of_another_shape_are_refused(paying, sort_code, account):
    with pytest.raises(bank.BankError, match="six digits"):
        agreed(paying, sort_code=sort_code, account=account)


def test_what_both_checkers_call_wrong_is_refused_and_what_nobody_could_check_is_told(paying, signed_in):
    with pytest.raises(bank.BankError, match="Both account checkers"):
        agreed(paying, sort_code="203099", account="66831036")
    assert not BankDetail.objects.exists()
    council, branch = paying.world.council, paying.world.branch("Acorn")
    told = {"sort_code": "123456", "account": "12345678", "name": "Acorn"}
    detail = bank.propose(council=council, branch=branch, by=paying.payer, at=paying.at, **told)

    for role in ("finance_payer", "pay_approver"):
        listed = text_of(signed_in(paying.world.user(f"another-{role}", role)).get("/pay/bank"))
        assert "Nobody could check this account" in listed
        assert "tables of Wednesday 29 November 2017" in listed
    decider = proved(signed_in(paying.world.user("another-pay_approver")))
    assert "hangs on what you compare alone" in text_of(decider.get(f"/pay/bank/{detail.token}"))
    bank.decide(detail=detail, approved=True, by=paying.approver, at=paying.at)
    said = Event.objects.filter(kind__in=("bank_proposed", "bank_agreed")).values_list("data", flat=True)
    assert [json.loads(one)["checked"] for one in said] == ["unknown", "unknown"]


def test_details_agreed_before_anybody_checked_leave_in_no_file(paying):
    run = paying.pay()
    pays_direct(paying)
    run.council.refresh_from_db()
    detail = agreed(paying)
    later = paying.at + bank.COOLING_OFF
    assert exports.pain001_of(run, later)

    BankDetail.objects.filter(pk=detail.pk).update(account="02345678")

    with pytest.raises(exports.ExportError, match="It is that of Acorn Care"):
        exports.bacs_of(run, later)
