"""A provider's own figures beside those of all, how regular it is, how it logs and how it was paid: counted by hand."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta

import pytest
from web.paying import Paying
from web.payments.test_loose import ordinary, without
from web.payments.test_pages import text_of

from calloff.domain.indicators import Share
from calloff.formats.delivered_visits import LoggedAt
from calloff.web.payments.models import Deviation, Entitlement
from calloff.web.payments.services import deviations, holds
from calloff.web.performance.services.logged import logged_between, logged_by_week
from calloff.web.performance.services.paid import days_by_week, paid_between
from calloff.web.performance.services.regularity import regular_by_week, regularity
from calloff.web.performance.services.visits import visits_between
from calloff.web.visits.services.codes import archive_code

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2026, 11, 30), date(2026, 12, 13)


@pytest.fixture
def paying(tmp_path):
    """Two people, a morning visit of half an hour and a bed visit of two workers a day, for two weeks."""
    return Paying(tmp_path, packages=2)


def file_of(response):
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def at(row, came, left=None):
    moved = row.came.at + came
    return replace(row, came=LoggedAt(moved), left=LoggedAt(row.left.at + came if left is None else moved + left))


def agreed(paying, kind, cause="weather"):
    world, one = paying.world, Deviation.objects.get(kind=kind)
    told = {"cause": cause, "code": "", "text": "a word", "from_provider": True}
    deviations.say(deviation=one, by=world.manager("Acorn"), at=paying.at, **told)
    deviations.agree(deviation=one, text="", from_provider=False, by=world.broker, at=paying.at)


def test_what_is_agreed_to_be_anothers_doing_is_left_out_of_the_own_figures(paying, signed_in, monkeypatch):
    from calloff.web.performance.views import visits as page

    late, short, lost = [number for number, one in enumerate(paying.planned()) if one.workers == 1][:3]
    rows = without(ordinary(paying), lost)
    rows = [at(row, timedelta(hours=3)) if row.row == f"V{late}-0" else row for row in rows]
    rows = [at(row, timedelta(0), timedelta(minutes=20)) if row.row == f"V{short}-0" else row for row in rows]
    paying.send(rows)
    visits, minutes = 2 * 14 * 2, 2 * 14 * 120

    (before,) = visits_between(paying.world.council, FIRST, LAST)
    assert before.punctual == before.own.punctual == Share(visits - 2, visits - 1)
    assert before.missed == before.own.missed == Share(1, visits)

    for kind, cause in (("late", "weather"), ("short", "person"), ("missed", "council")):
        agreed(paying, kind, cause)
    (after,) = visits_between(paying.world.council, FIRST, LAST)

    assert (after.punctual, after.own.punctual) == (Share(visits - 2, visits - 1), Share(visits - 1, visits - 1))
    assert (after.long_enough, after.own.long_enough) == (Share(visits - 2, visits - 1), Share(visits - 1, visits - 1))
    assert (after.missed, after.own.missed) == (Share(1, visits), Share(0, visits))
    assert after.minutes == Share(minutes - 30 - 10, minutes - 30)
    assert after.own.minutes == Share(minutes - 60, minutes - 60)
    monkeypatch.setattr(page, "term", lambda today: (FIRST, LAST))
    client = signed_in(paying.world.user("finance", "finance_payer"))
    assert "1 of 56; own 0.0%" in text_of(client.get("/unmet-need/visits"))
    (row,) = file_of(client.get("/unmet-need/visits.csv"))
    assert (float(row["Missed"]), float(row["Missed, provider only"])) == (1.8, 0.0)


def test_what_is_agreed_to_be_the_providers_or_only_said_counts(paying):
    late, lost = [number for number, one in enumerate(paying.planned()) if one.workers == 1][:2]
    rows = without(ordinary(paying), lost)
    paying.send([at(row, timedelta(hours=3)) if row.row == f"V{late}-0" else row for row in rows])
    agreed(paying, "late", "provider")
    told = {"cause": "weather", "code": "", "text": "a word", "from_provider": True}
    manager = paying.world.manager("Acorn")
    deviations.say(deviation=Deviation.objects.get(kind="missed"), by=manager, at=paying.at, **told)

    (found,) = visits_between(paying.world.council, FIRST, LAST)

    assert found.own.punctual == found.punctual
    assert found.own.missed == found.missed == Share(1, 56)


def test_a_call_is_regular_where_its_arrivals_lie_close_together(paying, signed_in, monkeypatch):
    from calloff.web.performance.views import regularity as page

    rows, first = ordinary(paying), paying.packages[0].reference

    def wandering(row):
        # Every other morning of one person an hour and a quarter later: 37.5 minutes about the mean.
        later = row.person == first and row.came.at.hour == 8 and row.came.at.day % 2 == 0
        return at(row, timedelta(minutes=75)) if later else row

    paying.send([wandering(row) for row in rows])
    (found,) = regularity(paying.world.council, LAST)

    assert found.regular == Share(3, 4)
    assert found.spread == 0
    assert found.most_spread == pytest.approx(37.5 * 60, rel=0.01)
    assert (found.people, found.workers, found.most_workers) == (2, 2, 2)
    # One worker comes 28 times, the other 14 times, of 42: two workers for 42 visits, and (28*27 + 14*13) / (42*41).
    assert (found.per_ten, found.top_three, found.index) == (5, 1000, 54)
    assert regular_by_week(paying.world.council, [LAST, FIRST - timedelta(days=1)]) == [Share(3, 4), Share(0, 0)]

    monkeypatch.setattr(page, "local", lambda moment: paying.at.replace(day=13))
    client = signed_in(paying.world.user("finance", "finance_payer"))
    assert "Acorn Care 75.0% 3 of 4 0 min 38 min 2 2 2 0.5 100.0% 0.54" in text_of(client.get("/unmet-need/regularity"))
    (row,) = file_of(client.get("/unmet-need/regularity.csv"))
    assert (row["Regular calls"], row["Spread, 90%"], row["Continuity"]) == ("75.0", "37.6", "0.54")


def test_logging_is_told_with_the_reasons_of_what_was_entered_by_hand(paying, signed_in, monkeypatch):
    from calloff.web.performance.views import logged as page

    rows = ordinary(paying)
    by_hand = [replace(row, left_by="manual", code="no_signal") for row in rows[:3]]
    by_hand += [replace(rows[3], came_by="manual", code="TAXI"), replace(rows[4], left=None)]
    paying.send([*by_hand, *rows[5:]])
    contracts = paying.world.user("contracts", "contract_manager")
    archive_code(council=paying.world.council, code="no_signal", archived=True, by=contracts, at=paying.at)

    (found,) = logged_between(paying.world.council, FIRST, LAST)

    assert found.share == Share(84 - 5, 84)
    assert [(one.code, one.words, one.count) for one in found.reasons] == [
        ("no_signal", "The telephone had no signal", 3),
        ("", "", 1),
        ("TAXI", "", 1),
    ]
    assert logged_by_week(paying.world.council, [(FIRST, date(2026, 12, 6)), (date(2026, 12, 7), LAST)]) == [
        Share(42 - 5, 42),
        Share(42, 42),
    ]
    monkeypatch.setattr(page, "term", lambda today: (FIRST, LAST))
    client = signed_in(contracts)
    shown = text_of(client.get("/unmet-need/logging"))
    assert "1 Acorn Care 94.0%" in shown
    assert "no signal (3); a leaving that nobody logged (1); TAXI, which is on no list of yours" in shown
    told = file_of(client.get("/unmet-need/logging.csv"))
    assert [(row["Code"], row["By hand"]) for row in told] == [("no_signal", "3"), ("", "1"), ("TAXI", "1")]


def test_payment_is_told_by_days_disputes_and_adjustments(paying, signed_in, monkeypatch):
    from calloff.web.performance.views import paid as page

    paying.send(ordinary(paying))
    line = Entitlement.objects.filter(anchor=paying.planned()[0].reference).get()
    told = {"reason": "length", "words": "a word", "claimed_minutes": 40}
    holds.dispute(entitlement=line, by=paying.world.manager("Acorn"), at=paying.at, **told)
    run = paying.pay()
    days = (paying.at.date() - run.to_on).days
    whole = sum(one.pence for one in Entitlement.objects.all())

    (found,) = paid_between(paying.world.council, FIRST, paying.at.date())

    assert (found.payments, found.days, found.most_days, found.late, found.interest_pence) == (1, days, days, 0, 0)
    assert found.disputed == Share(line.pence, whole)
    assert found.adjusted == Share(0, 0)
    assert days_by_week(paying.world.council, [(FIRST, LAST), (date(2026, 12, 14), paying.at.date())]) == [None, days]
    monkeypatch.setattr(page, "term", lambda today: (FIRST, paying.at.date()))
    client = signed_in(paying.world.user("finance", "finance_payer"))
    assert f"Acorn Care 1 {days} {days} 0" in text_of(client.get("/unmet-need/paid"))
    (row,) = file_of(client.get("/unmet-need/paid.csv"))
    assert (float(row["Disputed (£)"]), float(row["Claimed (£)"])) == (line.pence / 100, whole / 100)


def test_what_is_paid_ahead_took_no_days(paying):
    paying.send(ordinary(paying))
    paying.pay(at=paying.at - timedelta(days=5))

    (found,) = paid_between(paying.world.council, FIRST, paying.at.date())

    assert (found.days, found.most_days) == (0, 0)
    assert days_by_week(paying.world.council, [(date(2026, 12, 7), LAST)]) == [0]


def test_a_provision_is_adjusted_by_what_came_of_it_in_either_direction(paying):
    paying.send(ordinary(paying))
    first, second = Entitlement.objects.order_by("pk")[:2]

    def version(one, **told):
        values = {field.attname: getattr(one, field.attname) for field in Entitlement._meta.concrete_fields}
        return Entitlement(**{**values, "id": None, **told})

    made = [
        version(first, anchor="a/1", reason="provision", pence=1_000),
        version(first, anchor="a/1", number=2, pence=700),
        version(second, anchor="a/2", reason="provision", pence=1_000),
        version(second, anchor="a/2", number=2, pence=900),
        version(second, anchor="a/2", number=3, pence=1_100),
        version(second, anchor="a/3", reason="provision", pence=500),
    ]
    Entitlement.objects.bulk_create(made)
    (found,) = paid_between(paying.world.council, FIRST, LAST)
    assert found.adjusted == Share(300 + 100, 2_500)
