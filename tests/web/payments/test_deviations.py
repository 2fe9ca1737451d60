"""Missed, late and short visits: noted as files come in, told once, taken back, and explained by both sides."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.core import mail
from django.db import DatabaseError, transaction
from web.paying import Paying
from web.payments.test_loose import ordinary, without
from web.payments.test_pages import text_of

from calloff.domain.deviations import OutOfTurnError
from calloff.formats.delivered_visits import LoggedAt
from calloff.web.audit.models import Event
from calloff.web.jobs.models import Notice
from calloff.web.payments.models import AlertLimit, Arrival, Deviation, DeviationWord
from calloff.web.payments.services import alerting
from calloff.web.payments.services import deviations as services
from calloff.web.visits.models import PlannedVisit
from calloff.web.visits.services.codes import CodeError, archive_code

pytestmark = pytest.mark.django_db
LATE = timedelta(hours=3)


@pytest.fixture
def paying(tmp_path):
    """Two people, a morning visit of half an hour and a bed visit of two workers a day, for two weeks."""
    found = Paying(tmp_path, packages=2)
    found.contracts = found.world.user("contracts", "contract_manager")
    found.manager = found.world.manager("Acorn")
    return found


def singles(paying):
    """The numbers of the visits of one worker, in order, of the days about which people are told."""
    return [number for number, one in enumerate(paying.planned()) if one.workers == 1 and one.on >= date(2026, 12, 2)]


def moved(row, by):
    return replace(row, came=LoggedAt(row.came.at + by), left=LoggedAt(row.left.at + by))


def changed(rows, number, change):
    return [change(row) if row.row == f"V{number}-0" else row for row in rows]


def found():
    return {(one.visit, one.kind): one for one in Deviation.objects.filter(withdrawn_at=None)}


def told(user):
    return list(Notice.objects.filter(user=user, kind="deviations", withdrawn_at=None))


def say(one, by, cause="weather", *, provider=True, **more):
    words = {"text": "The road was closed.", "code": ""} | more
    return services.say(deviation=one, cause=cause, from_provider=provider, by=by, at=one.found_at, **words)


def lose_one(paying):
    """Everything as planned, but for one visit of one worker that was missed: its deviation."""
    paying.send(without(ordinary(paying), singles(paying)[0]))
    return Deviation.objects.get()


def test_missed_late_and_short_visits_are_noted_with_their_minutes(paying):
    planned, (lost, late, short, early) = paying.planned(), singles(paying)[:4]
    rows = without(ordinary(paying), lost)
    rows = changed(rows, late, lambda row: moved(row, LATE))
    rows = changed(rows, short, lambda row: replace(row, left=LoggedAt(row.came.at + timedelta(minutes=20))))
    rows = changed(rows, early, lambda row: moved(row, -timedelta(minutes=55)))

    paying.send(rows)

    after = (planned[late].start_at + LATE - planned[late].window_to_at) // timedelta(minutes=1)
    assert {place: one.minutes for place, one in found().items()} == {
        (planned[lost].reference, "missed"): 0,
        (planned[late].reference, "late"): after,
        (planned[short].reference, "short"): 10,
    }


def test_a_later_row_takes_a_deviation_back_and_another_brings_it_again(paying):
    rows, lost = ordinary(paying), singles(paying)[0]
    one = lose_one(paying)
    say(one, paying.manager)

    paying.send([row for row in rows if row.row == f"V{lost}-0"], "found.csv")
    one.refresh_from_db()
    assert one.withdrawn_at is not None
    with pytest.raises(services.DeviationError, match="was kept"):
        services.agree(deviation=one, text="", from_provider=False, by=paying.contracts, at=paying.at)

    later = paying.at + timedelta(hours=1)
    gone = replace(next(row for row in rows if row.row == f"V{lost}-0"), version=later, visit="P-ELSEWHERE/x/1")
    paying.send([gone], "gone.csv", at=later)
    again = found()
    assert list(again) == []  # a parked row nearby may still be it, so the visit waits
    assert Deviation.objects.count() == 1
    assert Deviation.objects.get().cause == "weather"


def test_people_are_told_once_of_a_file_and_its_package_without_a_name(paying):
    one = lose_one(paying)

    for user, link in ((paying.contracts, "/deviations"), (paying.manager, "/provider/visits/deviations")):
        (notice,) = told(user)
        assert (notice.about, notice.link) == (one.package.reference, f"{link}?package={one.package.reference}")
    paying.world.at = paying.at + timedelta(minutes=1)
    paying.world.work()
    (letter,) = [one for one in mail.outbox if one.to == [paying.contracts.identity.email]]
    assert "missed or late" in letter.subject
    assert one.person.name not in letter.body + letter.subject
    # Neither the same file again nor another one tells it a second time.
    paying.send(without(ordinary(paying), singles(paying)[0])[:5], "again.csv", at=paying.at + timedelta(hours=1))
    later = paying.at + timedelta(hours=2)
    same = [row for row in ordinary(paying) if row.person == one.package.reference and row.row.startswith("V")]
    other = next(row for row in same if not row.row.startswith(f"V{singles(paying)[0]}-"))
    paying.send([replace(other, version=later)], "other.csv", at=later)
    assert len(told(paying.contracts)) == 1


def test_a_notice_is_withdrawn_when_every_visit_of_it_was_made(paying):
    rows, (first, second) = ordinary(paying), singles(paying)[:2]
    mine = [row for row in rows if row.row in (f"V{first}-0", f"V{second}-0")]
    paying.send(without(without(rows, first), second))
    packages = {one.package_id for one in found().values()}
    assert len(told(paying.contracts)) == len(packages) == 2

    paying.send(mine[:1], "one.csv", at=paying.at + timedelta(hours=1))
    assert len(told(paying.contracts)) == 1
    paying.send(mine[1:], "two.csv", at=paying.at + timedelta(hours=2))
    assert told(paying.contracts) == []
    gone = Notice.objects.filter(user=paying.contracts, kind="deviations")
    assert gone.count() == 2
    assert not gone.filter(email_state=Notice.WAITING).exists()


def test_of_many_packages_there_is_one_notice(paying, monkeypatch):
    monkeypatch.setattr(alerting, "MOST_PACKAGES", 1)
    first, second = singles(paying)[:2]
    rows = ordinary(paying)
    paying.send(without(without(rows, first), second))

    (notice,) = told(paying.contracts)
    assert (notice.about, notice.link) == ("2 packages", "/deviations")
    mine = [row for row in rows if row.row in (f"V{first}-0", f"V{second}-0")]
    paying.send(mine, "two.csv", at=paying.at + timedelta(hours=1))
    assert told(paying.contracts) == []


def test_of_late_visits_people_are_told_from_the_councils_limit_on_and_of_short_ones_never(paying):
    planned, (near, far, short) = paying.planned(), singles(paying)[:3]
    closes = planned[far].window_to_at - planned[far].start_at
    alerting.set_late_limit(council=paying.world.council, minutes=30, by=paying.contracts, at=paying.at)
    rows = changed(ordinary(paying), near, lambda row: moved(row, closes + timedelta(minutes=29, seconds=59)))
    rows = changed(rows, short, lambda row: replace(row, left=LoggedAt(row.came.at + timedelta(minutes=5))))
    paying.send(rows)
    assert {kind for _, kind in found()} == {"late", "short"}
    assert told(paying.contracts) == []

    later = paying.at + timedelta(hours=1)
    row = next(row for row in ordinary(paying) if row.row == f"V{far}-0")
    paying.send([replace(moved(row, closes + timedelta(minutes=30)), version=later)], "far.csv", at=later)
    assert [notice.package for notice in told(paying.contracts)] == [planned[far].package.reference]


def test_what_lies_long_back_is_listed_and_told_to_nobody(paying):
    old = next(number for number, one in enumerate(paying.planned()) if one.workers == 1 and one.on.month == 11)
    late = paying.at + timedelta(days=30)
    paying.send(without(ordinary(paying), old), at=late)
    assert len(found()) == 1
    assert told(paying.contracts) == []


def test_whoever_the_files_forget_altogether_was_missed(paying):
    forgotten, sent = (one.reference for one in paying.packages)
    mine = [row for row in ordinary(paying) if row.person == sent]
    first = mine[0].came.at.date()

    # Of a day that was begun something may still come.
    paying.send([row for row in mine if row.came.at.date() == first], "first.csv")
    assert found() == {}
    paying.send([row for row in mine if row.came.at.date() != first], at=paying.at + timedelta(hours=1))

    assert {(one.package.reference, one.kind) for one in found().values()} == {(forgotten, "missed")}
    assert [notice.about for notice in told(paying.contracts)] == [forgotten]


def test_the_packages_owner_is_told_and_another_provider_is_not(paying):
    package = paying.packages[0]
    type(package).objects.filter(pk=package.pk).update(owner=paying.world.broker)
    paying.world.provider("Beech", pounds=19, minutes=600)
    stranger = paying.world.manager("Beech")
    number = next(n for n in singles(paying) if paying.planned()[n].package_id == package.pk)
    paying.send(without(ordinary(paying), number))
    assert [notice.about for notice in told(paying.world.broker)] == [package.reference]
    assert told(stranger) == []


def test_one_side_says_and_the_other_agrees_or_contests(paying):
    one = lose_one(paying)
    say(one, paying.manager, code="weather")
    with pytest.raises(OutOfTurnError, match="other side answers"):
        services.agree(deviation=one, text="", from_provider=True, by=paying.manager, at=paying.at)
    services.contest(deviation=one, text="It was mild.", from_provider=False, by=paying.contracts, at=paying.at)
    one.refresh_from_db()
    assert (one.stands, one.cause, one.owner) == ("contested", "weather", paying.contracts)

    say(one, paying.contracts, "person", provider=False, text="She was out.")
    services.agree(deviation=one, text="", from_provider=True, by=paying.manager, at=paying.at)

    one.refresh_from_db()
    assert (one.stands, one.cause) == ("agreed", "person")
    said = [(word.says, word.cause, word.from_provider) for word in DeviationWord.objects.order_by("pk")]
    assert said == [
        ("say", "weather", True),
        ("contest", "weather", False),
        ("say", "person", False),
        ("agree", "person", True),
    ]
    assert Event.objects.filter(kind="deviation_spoken").count() == 4


def test_what_the_provider_contests_belongs_to_whoever_said_it(paying):
    one = lose_one(paying)
    say(one, paying.contracts, "provider", provider=False)
    services.contest(deviation=one, text="The door was shut.", from_provider=True, by=paying.manager, at=paying.at)
    one.refresh_from_db()
    assert one.owner == paying.contracts
    services.take(deviation=one, by=paying.world.senior, at=paying.at)
    one.refresh_from_db()
    assert one.owner == paying.world.senior


def test_what_cannot_be_said_is_refused(paying):
    one = lose_one(paying)
    with pytest.raises(services.DeviationError, match="Choose whose"):
        say(one, paying.manager, "nobody")
    with pytest.raises(services.DeviationError, match="Write it in a few words"):
        say(one, paying.manager, text="  ")
    with pytest.raises(CodeError, match="council's list"):
        say(one, paying.manager, code="no_signal")
    archive_code(council=paying.world.council, code="weather", archived=True, by=paying.contracts, at=paying.at)
    with pytest.raises(CodeError, match="council's list"):
        say(one, paying.manager, code="weather")
    assert not DeviationWord.objects.exists()
    with pytest.raises(services.DeviationError, match="from 0 to 1440"):
        alerting.set_late_limit(council=paying.world.council, minutes=1441, by=paying.contracts, at=paying.at)
    assert not AlertLimit.objects.exists()


def test_what_was_said_is_never_changed(paying):
    one = lose_one(paying)
    word = say(one, paying.manager)
    for change in (
        lambda: DeviationWord.objects.filter(pk=word.pk).update(text="other"),
        lambda: DeviationWord.objects.filter(pk=word.pk).delete(),
        lambda: Deviation.objects.filter(pk=one.pk).update(kind="late"),
        lambda: Deviation.objects.filter(pk=one.pk).update(stands="contested"),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_arrivals_follow_what_stands(paying):
    rows, number = ordinary(paying), singles(paying)[0]
    visit = paying.planned()[number]
    paying.send(rows)
    one = Arrival.objects.get(visit=visit.reference)
    assert one.came_at == visit.start_at
    assert one.call == f"{visit.package.reference}/morning/1"
    assert one.came_second == 8 * 3_600
    later = paying.at + timedelta(hours=1)
    mine = next(row for row in rows if row.row == f"V{number}-0")
    paying.send([replace(moved(mine, timedelta(minutes=7)), version=later)], "later.csv", at=later)
    assert Arrival.objects.get(visit=visit.reference).came_second == 8 * 3_600 + 420
    assert Arrival.objects.count() == PlannedVisit.objects.filter(pk__in=[one.pk for one in paying.planned()]).count()


def test_both_sides_speak_on_their_pages(paying, signed_in):
    one = lose_one(paying)
    mine, staff = f"/provider/visits/deviations/{one.token}", f"/deviations/of/{one.token}"
    said = {"cause": "weather", "code": "weather", "words": "The road was closed."}

    provider = signed_in(paying.manager)
    assert one.visit in text_of(provider.get("/provider/visits/deviations"))
    assert provider.post(f"{mine}/say", {**said, "code": "no_signal"}).status_code == 200
    assert provider.post(f"{mine}/say", said).status_code == 302
    page = text_of(provider.get(mine))
    assert "The provider says it was the weather" in page
    assert "Snow, flood or storm. The road was closed" in page

    council = signed_in(paying.contracts)
    assert one.visit in text_of(council.get("/deviations?show=answer"))
    refused = council.post(f"{staff}/answer", {"answer": "contest", "words": ""})
    assert "Enter why you contest it" in text_of(refused)
    assert council.post(f"{staff}/answer", {"answer": "contest", "words": "It was mild."}).status_code == 302
    assert "contested" in text_of(council.get(staff))
    assert council.post(f"{staff}/answer", {"answer": "agree", "words": ""}).status_code == 302
    assert "leave it out" in text_of(council.get(staff))
    file = b"".join(council.get("/deviations?show=agreed&as=csv").streaming_content).decode("utf-8-sig")
    assert file.splitlines()[1].endswith("missed,0,weather,agreed,no")


def test_one_package_alone_can_be_looked_at(paying, signed_in):
    first, second = singles(paying)[:2]
    paying.send(without(without(ordinary(paying), first), second))
    client, planned = signed_in(paying.contracts), paying.planned()
    mine, other = planned[first], planned[second]
    page = text_of(client.get(f"/deviations?package={mine.package.reference}"))
    assert mine.reference in page
    assert other.reference not in page
    assert other.reference in text_of(client.get("/deviations?package=P-NOBODY"))


def test_finance_and_other_branches_are_refused(paying, signed_in):
    one = lose_one(paying)
    payer = signed_in(paying.world.user("finance", "finance_payer"))
    assert payer.get(f"/deviations/of/{one.token}").status_code == 200
    assert payer.get(f"/deviations/of/{one.token}/say").status_code == 403
    paying.world.provider("Beech", pounds=19, minutes=600)
    assert signed_in(paying.world.manager("Beech")).get(f"/provider/visits/deviations/{one.token}").status_code == 404


def test_the_limit_is_set_on_a_page(paying, signed_in):
    client = signed_in(paying.contracts)
    assert "every missed and every late visit" in text_of(client.get("/deviations"))
    assert client.post("/deviations/limit", {"minutes": "-1"}).status_code == 200
    assert client.post("/deviations/limit", {"minutes": "15"}).status_code == 302
    assert "15 min or more after its window" in text_of(client.get("/deviations"))
