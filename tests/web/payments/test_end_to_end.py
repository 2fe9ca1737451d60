"""From call-offs to a released pay run: files, match, price, draft, approve, remittance."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from web.paying import TWO_WEEKS, Paying, contract_of

from calloff.domain.units import pence_of
from calloff.formats.delivered_visits import LoggedAt, write_visits
from calloff.web.payments.models import Entitlement, PayLine, PayRun, Posting, Seal
from calloff.web.payments.services import ledger, runs
from calloff.web.payments.services.remittance import remittance_of
from calloff.web.visits.models import VisitFile, VisitRow
from calloff.web.visits.services.files import FileRefusedError

pytestmark = pytest.mark.django_db


@pytest.fixture
def paying(tmp_path):
    return Paying(tmp_path)


def test_from_a_file_to_a_released_run_every_penny_is_told_and_balanced(paying):
    rows = [replace(row, contract=contract_of(paying)) for row in paying.delivered()]
    file = paying.send(rows)

    run = paying.pay()

    assert (file.state, file.rows, file.new_rows, file.parked_rows) == ("accepted", len(rows), len(rows), 0)
    told = list(csv.DictReader(io.StringIO(remittance_of(run, paying.world.branch("Acorn")))))
    assert len(told) == len(paying.planned()) == 3 * 14 * 2
    assert sum(pence_of(one["amount"]) for one in told) == runs.total(run) > 0
    assert all(one["why"].endswith(".") for one in told)
    balances = ledger.balances(paying.world.council.pk)
    assert balances == {"care_cost": runs.total(run), "provider_payable": 0, "bank_clearing": -runs.total(run)}
    # Delivered minutes at £19.00 an hour, each visit rounded once.
    for one in Entitlement.objects.filter(reason="delivered"):
        assert one.pence == (one.paid_minutes * 190_000 * 2 + 6_000) // 12_000


def test_the_same_file_again_and_the_same_run_again_pay_nothing_twice(paying):
    rows = [replace(row, contract=contract_of(paying)) for row in paying.delivered()]
    paying.send(rows)
    run = paying.pay()

    again = paying.send(rows, "again.csv")

    assert (again.new_rows, again.known_rows) == (0, len(rows))
    with pytest.raises(runs.PayRunError, match="Nothing is new"):
        paying.pay(paying.at + timedelta(days=1))
    assert PayLine.objects.count() == run.lines.count() == Entitlement.objects.filter(on__lte=TWO_WEEKS).count()


def test_a_correction_after_the_run_is_a_line_of_its_own_and_comes_to_the_same_as_a_fresh_run(paying, tmp_path):
    rows = [replace(row, contract=contract_of(paying)) for row in paying.delivered()]
    paying.send(rows)
    first = paying.pay()
    paid = {line.pk: line.pence for line in first.lines.all()}
    later = paying.at + timedelta(days=7)
    late = [replace(row, version=later, left=LoggedAt(row.left.at + timedelta(minutes=3))) for row in rows[::5]]

    paying.send(late, "late.csv", at=later)
    second = paying.pay(later)

    assert {line.pk: line.pence for line in first.lines.all()} == paid
    assert all(line.entitlement.number == 2 for line in second.lines.all())
    final = {}
    for one in Entitlement.objects.order_by("number"):
        final[one.anchor, one.component] = one.pence
    assert runs.total(first) + runs.total(second) == sum(final.values())
    assert ledger.balances(paying.world.council.pk)["care_cost"] == sum(final.values())


def test_nobody_approves_their_own_run_and_the_database_refuses_it_too(paying):
    paying.send([replace(row, contract=contract_of(paying)) for row in paying.delivered()])
    run = runs.draft(council=paying.world.council, to_on=TWO_WEEKS, by=paying.payer, at=paying.at)

    with pytest.raises(runs.PayRunError, match="another person"):
        runs.approve(run=run, shown_pence=runs.total(run), by=paying.payer, at=paying.at)
    twin = paying.world.user("payer-again", identity=paying.payer.identity)
    with pytest.raises(runs.PayRunError, match="another person"):
        runs.approve(run=run, shown_pence=runs.total(run), by=twin, at=paying.at)
    with pytest.raises(DatabaseError), transaction.atomic():
        PayRun.objects.filter(pk=run.pk).update(state="approved", approved_identity=run.made_identity)
    with pytest.raises(runs.PayRunError, match="total has changed"):
        runs.approve(run=run, shown_pence=runs.total(run) + 1, by=paying.approver, at=paying.at)


def test_the_database_refuses_an_unbalanced_journal_a_line_behind_a_seal_and_any_change(paying):
    council = paying.world.council.pk
    entries = [ledger.Entry(ledger.CARE_COST, 100), ledger.Entry(ledger.PROVIDER_PAYABLE, -99)]

    with pytest.raises(DatabaseError), transaction.atomic():
        ledger.post(council=council, journal="X", entries=entries, at=paying.at)
    assert not Posting.objects.exists()
    with transaction.atomic():
        ledger.post(
            council=council,
            journal="X",
            at=paying.at,
            entries=[ledger.Entry(ledger.CARE_COST, 100), ledger.Entry(ledger.PROVIDER_PAYABLE, -100)],
        )
    for change in (
        lambda: Posting.objects.update(pence=1),
        lambda: Posting.objects.all().delete(),
        lambda: Seal.objects.update(lines=1),
        lambda: Posting.objects.create(council_id=council, journal="X", account="care_cost", pence=0, at=paying.at),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_malformed_row_refuses_the_whole_file_with_its_line_and_leaves_nothing(paying):
    rows = [replace(row, contract=contract_of(paying)) for row in paying.delivered()]
    path = paying.folder / "bad.csv"
    write_visits(path, rows)
    lines = path.read_text().splitlines(keepends=True)
    lines[7] = lines[7].replace("2026-", "26-", 1)
    path.write_text("".join(lines))

    with pytest.raises(FileRefusedError) as refused:
        paying.send_file(path)

    assert any("bad.csv:8:" in one for one in refused.value.problems)
    assert refused.value.file.state == VisitFile.REFUSED
    assert not VisitRow.objects.exists()


def test_a_row_of_an_unknown_person_or_contract_is_accepted_and_parked(paying):
    rows = [replace(row, contract=contract_of(paying)) for row in paying.delivered()]
    strange = [replace(rows[0], row="S1", person="P-NOBODY"), replace(rows[1], row="S2", contract="E-NOWHERE")]

    file = paying.send([*rows[2:], *strange])

    assert file.parked_rows == 2
    assert sorted(VisitRow.objects.exclude(parked="").values_list("parked", flat=True)) == [
        "unknown_contract",
        "unknown_person",
    ]
