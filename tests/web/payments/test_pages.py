"""The pages about visits and pay: a provider sends a file, finance drafts, another person approves."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from web.paying import Paying

from calloff.formats.delivered_visits import write_visits
from calloff.web.jobs.models import Notice
from calloff.web.payments.models import PayRun
from calloff.web.payments.services import waiting
from calloff.web.visits.models import VisitRow

pytestmark = pytest.mark.django_db


@pytest.fixture
def paying(tmp_path):
    return Paying(tmp_path)


@pytest.fixture
def provider(paying, signed_in):
    return signed_in(paying.world.manager("Acorn"))


def file_of(paying, rows):
    path = paying.folder / "sent.csv"
    write_visits(path, rows)
    return SimpleUploadedFile("march.csv", path.read_bytes(), content_type="text/csv")


def rows_of(paying):
    return paying.delivered()


def text_of(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def proved(client):
    """The client of somebody who has just proved who they are."""
    session = client.session
    session["account_authentication_methods_user"] = session["_auth_user_id"]
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session.save()
    return client


def test_a_provider_sends_a_file_and_reads_its_receipt(paying, provider):
    rows = rows_of(paying)

    sent = provider.post("/provider/visits/send", {"file": file_of(paying, rows)}, follow=True)

    assert "The file is accepted." in text_of(sent)
    assert f"{len(rows)} rows" in text_of(sent)
    assert "march.csv" in text_of(provider.get("/provider/visits"))
    assert VisitRow.objects.count() == len(rows)


def test_a_file_with_a_bad_row_is_refused_whole_and_every_bad_row_is_told(paying, provider):
    rows = rows_of(paying)
    good = file_of(paying, rows).read().decode()
    bad = good.replace("2026-11-30T", "30/11/2026 ", 2)

    sent = provider.post("/provider/visits/send", {"file": SimpleUploadedFile("bad.csv", bad.encode())}, follow=True)

    assert "Nothing of it was taken" in text_of(sent)
    assert text_of(sent).count("expected a local time") == 2
    assert not VisitRow.objects.exists()


def test_one_person_drafts_and_another_approves_after_proving_who_they_are(paying, provider, signed_in):
    provider.post("/provider/visits/send", {"file": file_of(paying, rows_of(paying))})
    paying.world.at = paying.at
    paying.world.work()
    payer = signed_in(paying.world.user("payer", "finance_payer"))
    approver = signed_in(paying.world.user("second", "pay_approver"))

    day = {"to_on_day": "13", "to_on_month": "12", "to_on_year": "2026"}
    drafted = payer.post("/pay/draft", day, follow=True)
    run = PayRun.objects.get()
    own = f"/pay/{run.token}"

    assert "The run is being prepared." in text_of(drafted)
    assert "settled first" in text_of(drafted)
    work_until_now(paying)
    drafted = payer.get(own)
    assert "waits for another person" in text_of(drafted)
    assert payer.get(f"{own}/approve").status_code == 403
    assert "sign-in" in approver.get(f"{own}/approve").headers["Location"]
    page = proved(approver).get(f"{own}/approve")
    [shown] = re.findall(r'name="shown" value="(\d+)"', page.content.decode())
    approved = approver.post(f"{own}/approve", {"shown": shown}, follow=True)
    assert "The run is approved" in text_of(approved)
    assert "The run is released" in text_of(payer.post(f"{own}/release", follow=True))
    remittance = provider.get(provider_link(provider))
    assert remittance.headers["Content-Type"].startswith("text/csv")
    assert f"PAY-{run.number}" in remittance.content.decode()


def work_until_now(paying):
    """Let the worker do what the pages have just asked for, which look at the real clock."""
    paying.world.at = max(timezone.now(), paying.at)
    paying.world.work()


def provider_link(provider):
    [address] = re.findall(
        r'href="(/provider/pay/[A-Z0-9]+/[A-Z0-9]+)"', provider.get("/provider/pay").content.decode()
    )
    return address


def test_another_provider_sees_neither_file_nor_pay(paying, provider, signed_in):
    paying.world.provider("Birch")
    provider.post("/provider/visits/send", {"file": file_of(paying, rows_of(paying))})
    paying.world.at = paying.at
    paying.world.work()
    run = paying.pay()
    [receipt] = re.findall(r'href="(/provider/visits/[A-Z0-9]+)"', provider.get("/provider/visits").content.decode())
    other = signed_in(paying.world.manager("Birch"))

    assert other.get(receipt).status_code == 404
    assert "march.csv" not in text_of(other.get("/provider/visits"))
    assert other.get(provider_link(provider)).status_code == 404
    assert f"PAY-{run.number}" not in text_of(other.get("/provider/pay"))


def test_a_draft_is_not_shown_to_the_provider_and_can_be_dropped(paying, provider, signed_in):
    provider.post("/provider/visits/send", {"file": file_of(paying, rows_of(paying))})
    paying.world.at = paying.at
    paying.world.work()
    payer = signed_in(paying.world.user("payer", "finance_payer"))
    payer.post("/pay/draft", {"to_on_day": "13", "to_on_month": "12", "to_on_year": "2026"})
    work_until_now(paying)
    run = PayRun.objects.get()

    assert "PAY-" not in text_of(provider.get("/provider/pay"))
    assert "The draft is dropped" in text_of(payer.post(f"/pay/{run.token}/drop", follow=True))
    assert not run.lines.exists()


def test_a_provider_sees_what_comes_next_disputes_a_line_and_reads_the_answer(paying, provider, signed_in):
    provider.post("/provider/visits/send", {"file": file_of(paying, rows_of(paying))})
    paying.world.at = paying.at
    paying.world.work()
    payer = signed_in(paying.world.user("payer", "finance_payer"))

    coming = provider.get("/provider/pay/next")
    address = re.findall(r'href="(/provider/pay/lines/[^"]+)"', coming.content.decode())[0]
    sent = provider.post(
        address, {"reason": "length", "claimed_minutes": "45", "words": "The log is short."}, follow=True
    )

    assert "goes into the next run" in text_of(coming)
    assert "visit,on,contract" in b"".join(provider.get("/provider/pay/next?as=csv").streaming_content).decode()
    assert "answers within ten days" in text_of(sent)
    assert "1 line waits and is not in it." in text_of(provider.get("/provider/pay/next"))
    assert "1 line needs you: the length is wrong (1)." in text_of(payer.get("/pay"))
    [waits] = re.findall(r'href="(/pay/waiting/[A-Z0-9]+)"', payer.get("/pay/waiting").content.decode())[:1]
    page = text_of(payer.get(waits))
    assert "The log is short." in page
    assert "claims 45 min" in page
    assert "The line is yours now." in text_of(payer.post(f"{waits}/take", follow=True))
    assert "in words" in text_of(payer.post(f"{waits}/close", {"outcome": "stands", "words": ""}))
    payer.post(f"{waits}/write", {"text": "We look at it."})
    payer.post(f"{waits}/close", {"outcome": "stands", "words": "The gate has the same time."})
    answer = text_of(provider.get(waits.replace("/pay/", "/provider/pay/")))
    assert "The gate has the same time." in answer
    assert "It stands as it is" in answer


def test_another_provider_reaches_no_line_nor_dispute(paying, provider, signed_in):
    paying.world.provider("Birch")
    provider.post("/provider/visits/send", {"file": file_of(paying, rows_of(paying))})
    paying.world.at = paying.at
    paying.world.work()
    address = re.findall(r'href="(/provider/pay/lines/[^"]+)"', provider.get("/provider/pay/next").content.decode())[0]
    sent = provider.post(address, {"reason": "length", "words": "Short."})
    other = signed_in(paying.world.manager("Birch"))

    assert other.get(address).status_code == 404
    assert other.get(sent.headers["Location"]).status_code == 404
    assert provider.get(sent.headers["Location"]).status_code == 200


def test_payments_balances_books_and_terms_have_their_pages(paying, signed_in):
    paying.send(rows_of(paying))
    run = paying.pay()
    payer = signed_in(paying.world.user("payer-2", "finance_payer"))
    acorn = paying.world.branch("Acorn")

    page = text_of(payer.get("/pay/payments"))
    assert "Acorn Care" in page
    assert "2 days" in page
    back = payer.post(f"/pay/{run.token}/returned/{acorn.token}", {"reason": "account_closed"}, follow=True)
    assert "It is owed again." in text_of(back)
    assert "The bank returned" in text_of(payer.get("/pay"))
    assert "it is owed" in text_of(payer.get("/pay/owing"))
    assert payer.get("/pay/books/end").status_code == 200
    assert "Together" in text_of(payer.get("/pay/books"))
    terms = {"from_on_day": "1", "from_on_month": "12", "from_on_year": "2026", "period": "four_weekly"}
    terms |= {"cut_off_days": "5", "pay_days": "12", "due_days": "30", "interest": "8.75", "purchase_order": "PO-77"}
    assert "The terms are set." in text_of(payer.post("/pay/terms/set", terms, follow=True))
    code = {"from_on_day": "1", "from_on_month": "12", "from_on_year": "2026", "cost_centre": "A1", "vat": "exempt"}
    assert "The codes are set." in text_of(payer.post("/pay/terms/code", code | {"subjective": "S1"}, follow=True))
    shown = text_of(payer.get("/pay/terms"))
    assert "PO-77" in shown
    assert "Every four weeks" in shown


def test_a_part_payment_is_decided_by_another_who_has_just_proved_who_they_are(paying, signed_in):
    payer = signed_in(paying.world.user("payer-2", "finance_payer"))
    approver = signed_in(paying.world.user("second", "pay_approver"))
    acorn = paying.world.branch("Acorn")
    asked = {"branch": acorn.token, "amount": "150.00", "reason": "wages_due"}

    payer.post("/pay/part-payments/ask", asked)

    [way] = re.findall(r'href="(/pay/part-payments/[A-Z0-9]+)"', approver.get("/pay/owing").content.decode())
    assert payer.get(way).status_code == 403
    assert "sign-in" in approver.get(way).headers["Location"]
    assert "asks for £150.00" in text_of(proved(approver).get(way))
    assert "It is paid" in text_of(approver.post(way, {"decision": "approve"}, follow=True))


def test_a_provider_that_sent_nothing_is_reminded_once_a_day(paying, signed_in):
    manager = paying.world.manager("Acorn")
    acorn = paying.world.branch("Acorn")
    payer = signed_in(paying.world.user("payer-2", "finance_payer"))

    for _ in range(2):
        assert "reminded" in text_of(payer.post(f"/pay/owing/{acorn.token}/chase", follow=True))

    assert Notice.objects.filter(user=manager, kind="file_missing").count() == 1
    assert payer.get("/pay/owing/NOBODY/chase").status_code == 404
    week = datetime(2026, 12, 8, 9, tzinfo=UTC)
    [silent] = waiting.silent(paying.world.council, week)
    assert (silent.branch, silent.visits) == (acorn, 42)
