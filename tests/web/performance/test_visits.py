"""How visits were made: every share with both its numbers, as one counts them by hand."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, timedelta

import pytest
from web.paying import Paying
from web.payments.test_loose import ordinary
from web.payments.test_pages import text_of

from calloff.domain.indicators import Share
from calloff.formats.delivered_visits import LoggedAt
from calloff.web.performance.services.visits import punctual_by_week, visits_between

pytestmark = pytest.mark.django_db
FIRST, LAST = date(2026, 11, 30), date(2026, 12, 13)


@pytest.fixture
def paying(tmp_path):
    """Three people, a morning visit of half an hour and a bed visit of two workers a day, for two weeks."""
    return Paying(tmp_path)


def test_each_share_is_counted_with_both_its_numbers(paying):
    rows, planned = ordinary(paying), paying.planned()
    late, short, lost, by_hand = [number for number, one in enumerate(planned) if one.workers == 1][:4]
    sent = []
    for row in rows:
        number = int(row.row[1:].split("-")[0])
        if number == lost:
            continue
        if number == late:
            move = timedelta(hours=3)
            row = replace(row, came=LoggedAt(row.came.at + move), left=LoggedAt(row.left.at + move))
        if number == short:
            row = replace(row, left=LoggedAt(row.came.at + timedelta(minutes=20)))
        if number == by_hand:
            row = replace(row, left_by="manual", code="no_signal")
        sent.append(row)
    paying.send(sent)

    (found,) = visits_between(paying.world.council, FIRST, LAST)

    visits, attendances = 3 * 14 * 2, 3 * 14 * 3
    assert found.branch.name == "Acorn Care"
    assert found.punctual == Share(visits - 2, visits - 1)
    assert found.long_enough == Share(visits - 2, visits - 1)
    assert found.missed == Share(1, visits)
    assert found.minutes == Share(3 * 14 * 120 - 30 - 10, 3 * 14 * 120 - 30)
    assert found.logged == Share(attendances - 2, attendances - 1)
    # Everybody saw the same two workers.
    assert (found.workers, found.most_workers, found.many) == (2, 2, 0)


def test_people_with_many_workers_are_told_from_nine_on_and_28_visits(paying):
    rows = ordinary(paying)
    mine = paying.packages[0].reference

    def many(count):
        own = [row for row in rows if row.person == mine]
        return [replace(row, worker=f"W{number % count}") for number, row in enumerate(own)]

    paying.send([*many(8), *(row for row in rows if row.person != mine)])
    assert visits_between(paying.world.council, FIRST, LAST)[0].many == 0
    later = paying.at + timedelta(days=1)
    paying.send([replace(row, version=later) for row in many(9)], "nine.csv", at=later)
    (found,) = visits_between(paying.world.council, FIRST, LAST)
    assert (found.workers, found.most_workers, found.many) == (2, 9, 1)


def test_weeks_are_counted_apart(paying):
    rows = ordinary(paying)
    paying.send([row for row in rows if row.came.at.date() <= date(2026, 12, 6)])

    first, second = punctual_by_week(paying.world.council, [(FIRST, date(2026, 12, 6)), (date(2026, 12, 7), LAST)])

    assert first == Share(42, 42)
    assert second == Share(0, 0)


def test_the_page_and_its_file_say_the_same(paying, signed_in, monkeypatch):
    from calloff.web.performance.views import visits as page

    paying.send(ordinary(paying))
    monkeypatch.setattr(page, "term", lambda today: (FIRST, LAST))
    client = signed_in(paying.world.user("finance", "finance_payer"))

    shown = text_of(client.get("/unmet-need/visits"))
    file = b"".join(client.get("/unmet-need/visits.csv").streaming_content).decode("utf-8-sig")
    (row,) = list(csv.DictReader(io.StringIO(file)))

    assert "Acorn Care 100.0% 84 of 84" in shown
    assert (row["Provider"], float(row["On time"]), float(row["Missed"])) == ("Acorn Care", 100.0, 0.0)
    assert b"".join(client.get("/unmet-need/visits.xlsx").streaming_content).startswith(b"PK")
