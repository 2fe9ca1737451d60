"""Rows that belong to no visit: found, looked at, decided by people, and settled as they said, in every version."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from web.paying import Paying
from web.payments.test_pages import text_of

from calloff.domain.visits import LogIs, Mark
from calloff.formats.delivered_visits import LoggedAt
from calloff.web.payments.models import Entitlement
from calloff.web.payments.services.entitling import latest
from calloff.web.visits.models import LooseRow, PlannedVisit
from calloff.web.visits.services import loose as services
from calloff.web.visits.services.planning import plan_ahead

pytestmark = pytest.mark.django_db


@pytest.fixture
def paying(tmp_path):
    return Paying(tmp_path)


def worth(paying, reference):
    return latest(Entitlement.objects.filter(anchor=reference))[reference, "care"]


def ordinary(paying):
    """Every visit of two weeks as planned, none of them made by anybody strange."""
    rows, row = [], paying.delivered()[0]
    for number, one in enumerate(paying.planned()):
        for worker in range(one.workers):
            told = {"row": f"V{number}-{worker}", "worker": f"W{worker}", "person": one.package.reference}
            told |= {"came": LoggedAt(one.start_at), "left": LoggedAt(one.ends_at)}
            rows.append(replace(row, **told))
    return rows


def without(rows, number):
    return [row for row in rows if not row.row.startswith(f"V{number}-")]


def work(paying, at=None):
    paying.world.at = at or paying.at + timedelta(hours=1)
    paying.world.work()


def only(**told):
    return LooseRow.objects.select_related("row").get(**told)


def test_a_row_of_nobody_is_paired_with_a_visit_and_paid_in_every_version(paying):
    rows, (first, *_) = ordinary(paying), paying.planned()
    lost = replace(rows[0], person="P-NOBODY")
    paying.send([lost, *without(rows, 0)])
    loose = only(state="open")

    assert (loose.is_a, loose.why, loose.person) == (LogIs.PARKED, "unknown_person", None)
    services.pair(loose=loose, visit=first, by=paying.payer, at=paying.at)
    work(paying)

    assert worth(paying, first.reference).reason == "delivered"
    assert only().outcome == "paired"
    later = paying.at + timedelta(days=1)
    shorter = replace(lost, version=later, left=LoggedAt(lost.came.at + timedelta(minutes=20)))
    paying.send([shorter], "shorter.csv", at=later)
    assert worth(paying, first.reference).worked_minutes == 20


def test_an_unplanned_visit_is_approved_for_so_many_minutes_and_stays_when_plans_change(paying):
    rows = ordinary(paying)
    small_hours = replace(
        rows[0],
        row="EXTRA",
        came=LoggedAt(rows[0].came.at.replace(hour=3)),
        left=LoggedAt(rows[0].came.at.replace(hour=3, minute=50)),
    )
    paying.send([*rows, small_hours])
    loose = only(state="open")
    assert loose.is_a == LogIs.UNPLANNED

    visit = services.approve(loose=loose, minutes=30, by=paying.payer, at=paying.at)
    work(paying)

    found = worth(paying, visit.reference)
    # Approved minutes stand for planned ones: thirty of the fifty are paid, at £19.00 an hour.
    assert (found.reason, found.worked_minutes, found.paid_minutes, found.pence) == ("unplanned", 50, 30, 950)
    assert "30 minutes were approved" in found.why
    plan_ahead(paying.world.council.pk, paying.at + timedelta(days=2))
    assert PlannedVisit.objects.get(reference=visit.reference, superseded_at=None).cancelled is False


def test_what_is_set_aside_counts_for_nothing_and_the_visit_near_it_waits_no_more(paying):
    rows, (first, *_) = ordinary(paying), paying.planned()
    wrong = replace(rows[0], visit="P-ELSEWHERE/morning/2026-12-01/1")
    paying.send([wrong, *without(rows, 0)])
    assert worth(paying, first.reference).reason == "waiting"

    with pytest.raises(services.LooseError, match="needs the reason"):
        services.set_aside(loose=only(state="open"), words=" ", by=paying.payer, at=paying.at)
    services.set_aside(loose=only(state="open"), words="A training visit.", by=paying.payer, at=paying.at)
    work(paying)

    assert worth(paying, first.reference).reason == "missed"
    with pytest.raises(services.LooseError, match="meanwhile"):
        services.take(loose=only(), by=paying.payer, at=paying.at)


def test_a_later_file_puts_a_row_right_and_nobody_need_look(paying):
    rows = ordinary(paying)
    paying.send([replace(rows[0], left=None), *rows[1:]])
    assert only(state="open").is_a == LogIs.NOT_LEFT
    later = paying.at + timedelta(days=1)

    paying.send([replace(rows[0], version=later)], "left.csv", at=later)

    assert (only().state, only().outcome) == ("closed", "settled")
    # And should it be loose again, somebody must look again.
    again = later + timedelta(days=1)
    paying.send([replace(rows[0], version=again, left=None)], "open.csv", at=again)
    assert only().state == "open"


def test_a_provider_enters_a_leaving_that_nobody_logged(paying, signed_in):
    rows, (first, *_) = ordinary(paying), paying.planned()
    paying.send([replace(rows[0], left=None), *without(rows, 0)])
    client, page = signed_in(paying.world.manager("Acorn")), f"/provider/visits/rows/{only().token}"
    left = first.start_at + timedelta(minutes=25)
    day = {"left_on_day": left.day, "left_on_month": left.month, "left_on_year": left.year}
    typed = {**day, "left_at": f"{left:%H:%M}", "code": "no_signal"}

    listed = client.get("/provider/visits/rows")
    early = client.post(f"{page}/leaving", {**typed, "left_at": "03:00"})
    services.log_leaving(loose=only(), left_at=left, code="no_signal", by=paying.world.manager("Acorn"), at=paying.at)
    work(paying)

    assert "no leaving" in text_of(listed)
    assert "Enter a moment after the worker came" in text_of(early)
    assert worth(paying, first.reference).worked_minutes == 25
    assert (only().state, only().outcome) == ("closed", "settled")
    assert client.get(f"{page}/leaving").status_code == 404


def test_the_council_decides_on_its_pages_and_talks_with_the_provider(paying, signed_in):
    rows, (first, *_) = ordinary(paying), paying.planned()
    paying.send([replace(rows[0], person="P-NOBODY"), *without(rows, 0)])
    finance, provider = (
        signed_in(paying.world.user("finance", "finance_payer")),
        signed_in(paying.world.manager("Acorn")),
    )
    page = f"/rows/{only().token}"

    listed = finance.get("/rows")
    finance.post(f"{page}/take")
    finance.post(f"{page}/write", {"words": "Whose visit was it?"})
    asked = provider.get(f"/provider{page.replace('/rows', '/visits/rows')}")
    provider.post(f"/provider{page.replace('/rows', '/visits/rows')}", {"words": "The first of that day."})
    shown = finance.get(page)
    chosen = finance.post(f"{page}/pair", {"visit": first.reference}, follow=True)

    assert "fits nobody" in text_of(listed)
    assert "Whose visit was it?" in text_of(asked)
    assert "The first of that day." in text_of(shown)
    assert first.reference in text_of(shown)
    assert "The row belongs to the visit" in text_of(chosen)
    assert only().outcome == "paired"
    assert "Every row that was sent belongs to a visit." in text_of(finance.get("/rows"))


def test_nobody_else_sees_or_decides(paying, signed_in):
    rows = ordinary(paying)
    paying.send([replace(rows[0], person="P-NOBODY"), *without(rows, 0)])
    paying.world.provider("Beech", pounds=19)
    beech, broker = signed_in(paying.world.manager("Beech")), signed_in(paying.world.user("broker-x", "broker"))

    assert beech.get(f"/provider/visits/rows/{only().token}").status_code == 404
    assert beech.post(f"/provider/visits/rows/{only().token}/leaving").status_code == 404
    assert broker.get("/rows").status_code == 403
    assert signed_in(paying.approver).post(f"/rows/{only().token}/set-aside", {"words": "x"}).status_code == 403


def test_a_worker_in_two_homes_at_once_is_noticed_in_both_whichever_comes_first(paying):
    rows, planned = ordinary(paying), paying.planned()
    first, second = [one for one in planned if one.workers == 1 and one.on == planned[0].on][:2]
    assert first.person_id != second.person_id
    mine, other = (next(row for row in rows if row.person == one.package.reference) for one in (first, second))
    paying.send([replace(mine, worker="W-BOTH")])
    assert not worth(paying, first.reference).marks & Mark.ELSEWHERE

    paying.send([replace(other, worker="W-BOTH")], "other.csv")

    assert worth(paying, first.reference).marks & Mark.ELSEWHERE
    assert worth(paying, second.reference).marks & Mark.ELSEWHERE
    assert not LooseRow.objects.exists()
    # Once one of them is corrected, neither is.
    later = paying.at + timedelta(days=1)
    paying.send([replace(other, worker="W-OTHER", version=later)], "right.csv", at=later)
    assert not worth(paying, first.reference).marks & Mark.ELSEWHERE
    assert not worth(paying, second.reference).marks & Mark.ELSEWHERE
