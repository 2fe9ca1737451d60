"""Visits that a subcontractor makes: its logs are the prime's, who is paid for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from web.paying import Paying

from calloff.formats.delivered_visits import write_visits
from calloff.web.brokerage.models import CallOff
from calloff.web.contracts.models import Enrolment
from calloff.web.payments.models import Entitlement
from calloff.web.visits.models import LooseRow, VisitRow
from calloff.web.visits.services import loose
from calloff.web.visits.services.files import receive

pytestmark = pytest.mark.django_db


@pytest.fixture
def paying(tmp_path):
    made = Paying(tmp_path, packages=1)
    made.world.provider("Beech", pounds=17, minutes=60_000, capabilities=frozenset({"double_handed"}))
    CallOff.objects.update(delivered_by=Enrolment.objects.get(reference="Beech"))
    made.rows = [replace(row, contract="Beech") for row in made.delivered()]
    return made


def sent_by(paying, provider, rows):
    path = paying.folder / "visits.csv"
    write_visits(path, rows)
    world = paying.world
    told = {"council": world.council, "branch": world.branch(provider), "path": path, "name": path.name}
    file = receive(**told, by=world.manager(provider), at=paying.at)
    world.at = paying.at
    world.work()
    return file


def test_what_a_subcontractor_logs_is_paid_to_its_prime(paying):
    file = sent_by(paying, "Beech", paying.rows)

    assert file.parked_rows == 0
    paid = Entitlement.objects.filter(reason="delivered")
    assert paid.count() > 10
    assert set(Entitlement.objects.values_list("branch__reference", flat=True)) == {"Acorn"}
    assert sum(paid.values_list("worked_minutes", flat=True)) > 0
    assert not LooseRow.objects.filter(state=LooseRow.OPEN, row__branch__reference="Acorn").exists()


def test_what_it_logs_beside_the_plan_is_approved_as_a_visit_of_the_prime(paying):
    small_hours = [
        replace(row, row="night", came=replace(row.came, at=row.came.at - timedelta(hours=5)), left=None)
        for row in paying.rows[:1]
    ]
    small_hours = [replace(row, left=replace(row.came, at=row.came.at + timedelta(minutes=30))) for row in small_hours]
    sent_by(paying, "Beech", [*paying.rows, *small_hours])
    [row] = VisitRow.objects.filter(row="night")
    [open_row] = LooseRow.objects.filter(row=row)

    visit = loose.approve(loose=open_row, minutes=30, by=paying.payer, at=paying.at)
    paying.world.work()

    assert visit.branch.reference == "Acorn"
    [worth] = Entitlement.objects.filter(anchor=visit.reference)
    assert (worth.reason, worth.branch.reference, worth.pence > 0) == ("unplanned", "Acorn", True)


def test_nobody_else_may_log_for_the_prime(paying):
    paying.world.provider("Cedar", pounds=18)

    file = sent_by(paying, "Cedar", [replace(row, contract="Cedar") for row in paying.rows])

    assert file.parked_rows == len(paying.rows)
