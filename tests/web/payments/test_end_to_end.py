"""From call-offs to a released pay run: files, match, price, draft, approve, remittance."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, transaction
from web.paying import TWO_WEEKS, Paying, contract_of

from calloff.domain.units import pence_of
from calloff.formats.delivered_visits import LoggedAt, write_visits
from calloff.web.payments.models import Entitlement, PayLine, PayRun, Posting, Seal
from calloff.web.payments.services import ledger, runs
from calloff.web.payments.services.entitling import latest
from calloff.web.payments.services.remittance import remittance_of
from calloff.web.visits.models import VisitFile, VisitRow
from calloff.web.visits.services.files import FileRefusedError
from calloff.web.visits.services.rows import key_text, standing_rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def paying(tmp_path):
    return Paying(tmp_path)


def test_from_a_file_to_a_released_run_every_penny_is_told_and_balanced(paying):
    rows = paying.delivered()
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
    rows = paying.delivered()
    paying.send(rows)
    run = paying.pay()

    again = paying.send(rows, "again.csv")

    assert (again.new_rows, again.known_rows) == (0, len(rows))
    with pytest.raises(runs.PayRunError, match="Nothing is new"):
        paying.pay(paying.at + timedelta(days=1))
    assert PayLine.objects.count() == run.lines.count() == Entitlement.objects.filter(on__lte=TWO_WEEKS).count()


def test_a_correction_after_the_run_is_a_line_of_its_own_and_comes_to_the_same_as_a_fresh_run(paying, tmp_path):
    rows = paying.delivered()
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
    paying.send(paying.delivered())
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
    rows = paying.delivered()
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
    rows = paying.delivered()
    strange = [replace(rows[0], row="S1", person="P-NOBODY"), replace(rows[1], row="S2", contract="E-NOWHERE")]

    file = paying.send([*rows[2:], *strange])

    assert file.parked_rows == 2
    assert sorted(VisitRow.objects.exclude(parked="").values_list("parked", flat=True)) == [
        "unknown_contract",
        "unknown_person",
    ]


def standing_minutes(paying):
    return {one.anchor: one.worked_minutes for one in latest(Entitlement.objects.all()).values()}


def test_a_row_that_turns_out_to_be_of_somebody_else_leaves_the_first_person(paying):
    rows = paying.delivered()
    paying.send(rows)
    before = standing_minutes(paying)
    mine, other = paying.packages[0].reference, paying.packages[1].reference
    first = next(row for row in rows if row.person == mine)
    later = paying.at + timedelta(days=1)

    paying.send([replace(first, version=later, person=other)], "other.csv", at=later)

    after = standing_minutes(paying)
    fewer = {anchor for anchor in before if after[anchor] < before[anchor]}
    assert len(fewer) == 1
    assert next(iter(fewer)).startswith(mine)


def test_a_row_that_is_moved_to_another_week_leaves_the_first_one(paying):
    rows = paying.delivered()
    paying.send(rows)
    before = standing_minutes(paying)
    row, later = rows[0], paying.at + timedelta(days=1)
    moved = replace(
        row,
        version=later,
        came=LoggedAt(row.came.at + timedelta(days=11)),
        left=LoggedAt(row.left.at + timedelta(days=11)),
    )

    paying.send([moved], "moved.csv", at=later)

    after = standing_minutes(paying)
    assert [before[anchor] - after[anchor] for anchor in before if after[anchor] < before[anchor]] == [row.minutes]


def test_a_file_that_replaces_its_weeks_pays_what_it_holds_whenever_it_arrives(paying):
    rows = paying.delivered()
    first_week = [row for row in rows if row.came.at < datetime(2026, 12, 6, 23, 59, tzinfo=UTC)]
    kept = first_week[::2]
    last = kept[-1]
    whole = [*kept[:-1], replace(last, version=paying.at + timedelta(hours=1))]
    path = paying.folder / "whole.csv"
    write_visits(path, whole, mode="replace")

    paying.send(rows)
    before = standing_minutes(paying)
    file = paying.send_file(path)
    after = standing_minutes(paying)

    gone = {row.row for row in first_week} - {row.row for row in kept}
    assert (file.mode, file.rows, file.new_rows) == ("replace", len(whole), 1)
    assert {row.key for row in standing_rows(VisitRow.objects.all())} == {
        key_text(("row", row.row)) for row in rows if row.row not in gone
    }
    lost = sum(row.minutes for row in first_week if row.row in gone)
    assert 0 < sum(before.values()) - sum(after.values()) <= lost
    # A row of that week that arrives afterwards, and was changed before the file was made, stays withdrawn.
    paying.send([replace(first_week[1], row="LATE")], "late.csv")
    assert standing_minutes(paying) == after


def test_a_service_delivery_file_is_paid_as_our_own_and_its_reference_is_used_once(paying):
    from formats.test_service_delivery import csv_file, visit

    reference = contract_of(paying)
    told = {"ServiceUserRef": paying.packages[0].reference, "WeekEnding": "06/12/2026", "ContractNumber": reference}
    monday = visit("01/12/2026", "08:00:00", "08:05:00", "00:30:00")
    path = csv_file(paying.folder, [monday], Created="2026-12-07T09:00:00", **told)

    file = paying.send_file(path)
    again = paying.send_file(path)

    assert (file.new_rows, file.parked_rows, again.new_rows) == (1, 0, 0)
    paid = Entitlement.objects.filter(reason="delivered")
    assert [(one.worked_minutes, one.pence) for one in paid] == [(30, 950)]
    other = csv_file(paying.folder, [monday | {"ActualDuration": "00:20:00"}], Created="2026-12-08T09:00:00", **told)
    with pytest.raises(FileRefusedError, match="was used before"):
        paying.send_file(other)
    assert VisitRow.objects.count() == 1


def test_what_a_provider_said_is_never_changed(paying):
    paying.send(paying.delivered())

    for change in (lambda: VisitRow.objects.update(person="x"), lambda: VisitRow.objects.all().delete()):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_what_was_logged_of_a_visit_that_is_not_due_and_is_gone_again_is_not_yet_worth_anything(paying):
    early = paying.planned()[0]
    row = replace(paying.delivered()[0], person=early.package.reference)
    row = replace(row, row="EARLY", came=LoggedAt(early.start_at), left=LoggedAt(early.ends_at))
    before = early.start_at - timedelta(days=1)
    paying.send([row], at=before)
    elsewhere = replace(row, version=row.version + timedelta(hours=1), contract="E-NOWHERE")

    paying.send([elsewhere], "elsewhere.csv", at=before)

    found = latest(Entitlement.objects.filter(anchor=early.reference))[early.reference, "care"]
    assert (found.number, found.reason, found.pence) == (2, "not_yet", 0)
    assert found.why == "The visit is not due yet."
