"""The indicators on cases worked out by hand, and the pages that show them with the rows behind."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from django.utils import timezone
from world import MONDAY, World, made_world

from calloff.domain.indicators import HALF, NINE_TENTHS, Share, Wait, waited
from calloff.domain.packages import Visit
from calloff.web.brokerage.models import CareHomeWait, Package, Stay
from calloff.web.brokerage.services.approving import approve_request
from calloff.web.brokerage.services.confirming import Outside, record_outside
from calloff.web.brokerage.services.living import bridge, enter_start, record_stay
from calloff.web.brokerage.services.requests import raise_request
from calloff.web.brokerage.services.sourcing import hold, start_step
from calloff.web.brokerage.services.wanted import Wanted
from calloff.web.contracts.services import market
from calloff.web.directory.models import Area, Locality
from calloff.web.performance import services

pytestmark = pytest.mark.django_db
TODAY = MONDAY.date()


@pytest.fixture
def world(monkeypatch, settings) -> World:
    settings.SESSION_COOKIE_AGE = 10**8
    market._kept.clear()
    made = made_world()
    made.provider("acorn", 15, minutes=60_000)
    made.provider("beech", 16, minutes=60_000)
    monkeypatch.setattr(timezone, "now", lambda: made.at)
    return made


@pytest.fixture
def commissioner(world, signed_in):
    return signed_in(world.user("commissioner", "commissioner"))


def week_of(minutes):
    """A week of visits of half an hour that add up to so many minutes."""
    starts = [480, 540, 600, 660, 720, 780, 840, 900]
    return tuple(Visit(number % 7, starts[number // 7], 30) for number in range(minutes // 30))


def package(world, name, minutes, required_on, priority=5):
    """An approved package of somebody of this name, required on a day."""
    wanted = Wanted(week_of(minutes), required_on, priority)
    asked = raise_request(
        council=world.council, person=world.person(name), wanted=wanted, by=world.assessor, at=world.at
    )
    return approve_request(
        request=asked, pence_per_week_at_most=100_000, limit_pence=200_000, by=world.approver, at=world.at
    )


def text_of(answer):
    """What a page says, without its tags."""
    assert answer.status_code == 200, answer.status_code
    html = answer.content.decode()
    plain = re.sub(r"<[^>]+>", " ", html[html.index("<main") : html.index("</main>")])
    return re.sub(r"\s+", " ", plain).replace("&#x27;", "'").replace("&#39;", "'")


# -- K1 to K4


def fixture_f8(world):
    """R1 10.5 h not started; R2 14 h with 6 h started; R3 7 h required tomorrow; R4 12 h, suspended in hospital."""
    first_week, yesterday = TODAY - timedelta(days=7), TODAY - timedelta(days=1)
    world.at = MONDAY - timedelta(days=8)
    r1 = package(world, "R One", 630, yesterday)
    r2 = package(world, "R Two", 840, first_week)
    r3 = package(world, "R Three", 420, TODAY + timedelta(days=1))
    r4 = package(world, "R Four", 720, first_week)
    made = Outside(
        world.branch("acorn"), tuple(range(12)), 150_000, world.at, "Pat", "emergency_at_night", "", first_week
    )
    record_outside(package=r2, made=made, second=world.senior, by=world.broker, at=world.at)
    world.later(days=1)
    start_step(package=r2, by=world.broker, at=world.at)
    enter_start(call_off=r2.call_offs.get(), first_visit_on=first_week, by=world.broker, at=world.at)
    record_stay(
        person=r4.person,
        admitted_on=first_week,
        ready_on=None,
        waits_for="home",
        discharged_on=None,
        by=world.broker,
        at=world.at,
    )
    hold(package=r4, reason="in_hospital", review_at=world.at + timedelta(days=30), by=world.broker, at=world.at)
    world.at = MONDAY
    return r1, r2, r3, r4


def test_f8_unmet_need_today(world):
    fixture_f8(world)

    need = services.unmet_need(world.council, TODAY)
    tomorrow = services.unmet_need(world.council, TODAY + timedelta(days=1))

    assert (need.minutes, need.people, need.whole_people, need.partial_people) == (1110, 2, 1, 1)
    assert (need.in_hospital, need.in_community, need.bridged_minutes) == (0, 2, 0)
    assert (tomorrow.minutes, tomorrow.people) == (1110 + 420, 3)
    assert services.recount(world.council, TODAY).unmet_need() == need
    assert services.recount(world.council, tomorrow.on).unmet_need() == tomorrow


def test_bridged_hours_are_counted_and_shown_apart(world):
    r1, r2, *_ = fixture_f8(world)
    for kind in ("reablement", "in_house"):
        bridge(package=r1, kind=kind, from_on=TODAY, to_on=None, by=world.broker, at=world.at)
    bridge(package=r2, kind="residential", from_on=TODAY, to_on=TODAY, by=world.broker, at=world.at)

    need = services.unmet_need(world.council, TODAY)
    tomorrow = services.unmet_need(world.council, TODAY + timedelta(days=1))

    assert (need.minutes, need.bridged_minutes) == (1110, 1110)
    assert need.bridged == {"reablement": 630, "in_house": 630, "residential": 480}
    assert (tomorrow.bridged_minutes, tomorrow.bridged) == (630, {"reablement": 630, "in_house": 630})


def test_who_waits_in_hospital_is_counted_by_day(world):
    one = package(world, "Ada", 420, TODAY)
    days = {"admitted_on": TODAY, "ready_on": TODAY, "waits_for": "home"}
    record_stay(person=one.person, **days, discharged_on=TODAY + timedelta(days=2), by=world.broker, at=world.at)

    found = [services.unmet_need(world.council, TODAY + timedelta(days=day)) for day in range(3)]
    assert [(one.in_hospital, one.in_community) for one in found] == [(1, 0), (1, 0), (0, 1)]


def test_beds_are_nights_from_ready_to_discharge_and_what_the_hub_typed(world):
    first = date(2026, 11, 1)
    for number, (ready, left) in enumerate([(2, 5), (20, None), (None, None), (1, 2)]):
        Stay.objects.create(
            council=world.council,
            person=world.person(f"Person {number}"),
            admitted_on=date(2026, 10, 20),
            ready_on=date(2026, 11, ready) if ready else None,
            discharged_on=date(2026, 11, left) if left else None,
        )
    CareHomeWait.objects.create(council=world.council, on=date(2026, 11, 3), people=2)

    beds = services.daily_beds(world.council, first, date(2026, 11, 30))

    assert (beds.stay_nights, beds.typed_nights, beds.typed_days) == (3 + 11 + 1, 2, 1)
    assert beds.daily_average == Share(17, 30)
    assert services.beds_on(world.council, date(2026, 11, 3)) == 3
    assert services.beds_on(world.council, date(2026, 11, 5)) == 0


# -- K6


def test_how_long_half_of_them_waited():
    done = [Wait(length, True) for length in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)]
    assert (waited(done, HALF), waited(done, NINE_TENTHS)) == (5, 9)
    assert waited([], HALF) is None


def test_those_who_still_wait_count_for_as_long_as_they_have():
    """By hand: of 4 at risk one ends at 1 (3/4 left); one leaves at 2; of 2 one ends at 3 (3/8 left)."""
    waits = [Wait(1, True), Wait(2, False), Wait(3, True), Wait(9, False)]
    assert waited(waits, Fraction(1, 4)) == 1
    assert waited(waits, HALF) == 3
    assert waited(waits, NINE_TENTHS) is None
    only_done = [one for one in waits if one.over]
    assert waited(only_done, HALF) == 1


def test_time_to_award_and_to_start_by_priority(world):
    one = package(world, "Ada", 420, TODAY, priority=3)
    start_step(package=one, by=world.broker, at=world.at)
    package(world, "Bob", 420, TODAY, priority=5)
    world.later(minutes=90)
    world.answer(one, "acorn")
    world.confirm(one)
    world.later(days=2)
    enter_start(call_off=one.call_offs.get(), first_visit_on=TODAY + timedelta(days=2), by=world.broker, at=world.at)

    found = services.waits(world.council, TODAY, TODAY, world.at)

    assert (found[3].award_median, found[3].start_median, found[3].still_waiting) == (90, 2, 0)
    assert (found[5].award_median, found[5].start_ninetieth, found[5].still_waiting) == (None, None, 1)
    assert found[5].award == (Wait(2 * 24 * 60 + 90, False),)
    assert services.recount(world.council, TODAY).waits(TODAY, TODAY, world.at) == found


# -- K7, K9, K10


def test_answers_are_counted_once_their_deadline_is_past(world):
    accepted, slow, declined, excused, silent = [world.started() for _ in range(5)]
    world.later(hours=1)
    world.answer(accepted, "acorn")
    world.answer(declined, "acorn", "decline", reason="price")
    world.answer(excused, "acorn", "decline", reason="wrong_information")
    world.later(hours=6)
    world.answer(slow, "acorn")
    before = services.answers(world.council, TODAY, TODAY, world.at)
    world.later(days=1)

    found = services.answers(world.council, TODAY, TODAY, world.at)

    assert before.counted == 0
    assert silent.call_offs.count() == 0
    # Who declined lets the model ask the second one; the worker did not run, so nobody was.
    assert (found.counted, found.accepted, found.quickly, found.expired) == (4, 2, 1, 1)
    assert found.acceptance == Share(2, 4)
    assert found.expiry == Share(1, 4)
    assert services.recount(world.council, TODAY).answers(TODAY, TODAY, world.at) == found


def test_what_is_bought_off_the_framework_and_against_the_model(world):
    inside, outside = world.started(), world.package()
    world.answer(inside, "acorn")
    world.confirm(inside)
    made = Outside(
        world.branch("beech"), tuple(range(7)), 150_000, world.at, "Pat", "emergency_at_night", "At night.", TODAY
    )
    record_outside(package=outside, made=made, second=world.senior, by=world.broker, at=world.at)

    found = services.bought(world.council, TODAY, TODAY)

    assert found.on_framework == Share(210, 420)
    assert found.overridden == Share(0, 2)
    assert services.recount(world.council, TODAY).bought(TODAY, TODAY) == found
    assert (
        services.bought(world.council, TODAY - timedelta(days=1), TODAY - timedelta(days=1)).on_framework.of_one is None
    )


# -- the ledger


def test_weeks_end_on_sundays_and_the_last_is_today():
    days = services.weeks_until(TODAY)
    assert (len(days), days[-1], days[-2]) == (26, TODAY, date(2026, 11, 22))
    sunday = services.weeks_until(date(2026, 11, 22))
    assert (len(sunday), sunday[-1], sunday[-2]) == (26, date(2026, 11, 22), date(2026, 11, 15))


def test_the_ledger_is_k1_of_each_locality_on_each_day(world):
    other = Locality.objects.create(council=world.council, code="south", name="South")
    area = Area.objects.create(council=world.council, code="dale", name="Dale", locality=other)
    fixture_f8(world)
    world.area = area
    package(world, "R Five", 300, TODAY)

    weeks = services.ledger(world.council, services.weeks_until(TODAY))

    assert weeks[-1].minutes == {"north": 1110, "south": 300}
    assert weeks[-2].minutes == {"north": 630 + 480, "south": 0}
    for week in weeks:
        assert week.total == services.unmet_need(world.council, week.on).minutes
        for code, minutes in week.minutes.items():
            assert services.unmet_need(world.council, week.on, code).minutes == minutes


def test_the_ledger_page_shows_target_and_table_and_each_number_opens_its_rows(world, commissioner):
    world.council.unmet_target_hours = 10
    world.council.save()
    r1, r2, r3, r4 = fixture_f8(world)

    page = commissioner.get("/unmet-need")
    text, html = text_of(page), page.content.decode()

    assert "Unmet hours a week 18.5 of at most 10" in text
    assert "1 for all of it, 1 for a part" in text
    assert "ledger__target" in html
    assert "Outside the council, numbers below 5 are left out" in text
    urls = [one.replace("&amp;", "&") for one in re.findall(r'href="(/unmet-need/[^"]+)"', html)]
    assert f"/unmet-need/packages?on={TODAY}&locality=north" in urls
    for url in dict.fromkeys(urls):
        assert commissioner.get(url).status_code == 200, url
    rows = text_of(commissioner.get(f"/unmet-need/packages?on={TODAY}"))
    assert r1.reference in rows
    assert r2.reference in rows
    assert r3.reference not in rows
    assert r4.reference not in rows
    assert "18.5 hours a week, 2 people" in rows
    assert "1 asked, 1 open" in rows
    assert "Ready to start" in rows
    assert "nobody asked yet" in rows
    assert "Sunday 22 November 2026" in text


def test_rows_are_narrowed_by_codes_alone(world, commissioner):
    r1, r2, *_ = fixture_f8(world)
    record_stay(
        person=r1.person,
        admitted_on=TODAY,
        ready_on=None,
        waits_for="home",
        discharged_on=None,
        by=world.broker,
        at=world.at,
    )
    bridge(package=r2, kind="in_house", from_on=TODAY, to_on=None, by=world.broker, at=world.at)

    def shown(query):
        return set(re.findall(r"P-[2-9A-Z]{6}", text_of(commissioner.get(f"/unmet-need/packages?{query}"))))

    assert shown("where=hospital") == {r1.reference}
    assert shown("where=community") == {r2.reference}
    assert shown("bridged=yes") == {r2.reference}
    assert shown("bridged=no") == {r1.reference}
    assert shown("locality=nowhere&on=tomorrow") == {r1.reference, r2.reference}
    assert shown(f"on={TODAY - timedelta(days=30)}") == set()


def test_files_hold_numbers_as_numbers(world, commissioner):
    fixture_f8(world)
    csv = b"".join(commissioner.get("/unmet-need.csv").streaming_content).decode("utf-8-sig")
    assert csv.splitlines()[-1] == "2026-11-23,18.5,18.5"
    csv = b"".join(commissioner.get("/unmet-need/packages.csv").streaming_content).decode("utf-8-sig")
    assert len(csv.splitlines()) == 3
    csv = b"".join(commissioner.get("/unmet-need/call-offs.csv").streaming_content).decode("utf-8-sig")
    assert csv.splitlines()[1].endswith("6.0,outside the model,no,An emergency at night")
    assert b"".join(commissioner.get("/unmet-need.xlsx").streaming_content).startswith(b"PK")


def test_the_same_number_of_queries_for_ten_times_the_rows(world, commissioner, django_assert_max_num_queries):
    def fill(number):
        for _ in range(number):
            world.started(priority=1)

    world.at = MONDAY - timedelta(days=20)
    fill(2)
    world.at = MONDAY
    for url in ("/unmet-need", "/unmet-need/packages", "/unmet-need/call-offs"):
        commissioner.get(url)
    counts = {}
    for url in ("/unmet-need", "/unmet-need/packages", "/unmet-need/call-offs"):
        with django_assert_max_num_queries(30) as few:
            commissioner.get(url)
        counts[url] = len(few)
    world.at = MONDAY - timedelta(days=20)
    fill(18)
    world.at = MONDAY
    for url, number in counts.items():
        with django_assert_max_num_queries(number):
            commissioner.get(url)


def test_a_broker_without_the_ledger_is_not_let_in(world, signed_in):
    world.user("raiser", "assessor")
    assert signed_in(world.users["raiser"]).get("/unmet-need").status_code == 403


def test_another_councils_need_is_not_counted(world):
    from calloff.web.directory.models import Council

    fixture_f8(world)
    other = Council.objects.create(code="elsewhere", name="Elsewhere", nation="england", seed="s")
    assert services.unmet_need(other, TODAY).minutes == 0
    assert services.recount(other, TODAY).unmet_need().minutes == 0
    assert Package.objects.count() == 4
    assert datetime(2026, 11, 23, tzinfo=UTC).date() == TODAY


# -- K2 to K7 by week and locality, each number with its rows


def people_of(text):
    return set(re.findall(r"P-[2-9A-Z]{6}", text))


def test_people_by_week_are_those_of_each_day_and_each_number_opens_them(world, commissioner):
    r1, r2, *_ = fixture_f8(world)
    days = services.weeks_until(TODAY)
    for what, attribute in (("people", "people"), ("community", "in_community"), ("hospital", "in_hospital")):
        for one in services.counted(world.council, days, what):
            need = services.unmet_need(world.council, one.on)
            assert one.total == getattr(need, attribute), (what, one)
            assert sum(one.people.values()) == one.total
    assert [one.total for one in services.counted(world.council, days, "people")][-2:] == [2, 2]

    page = commissioner.get("/unmet-need?of=community").content.decode()

    behind = f"/unmet-need/packages?on={TODAY}&amp;locality=north&amp;where=community"
    assert f'<a class="govuk-link" href="{behind}">2</a>' in page
    assert people_of(text_of(commissioner.get(behind.replace("&amp;", "&")))) == {r1.reference, r2.reference}


def test_beds_by_week_are_nights_of_who_is_ready_and_whom_the_hub_counted(world, commissioner):
    world.council.beds_target = 3
    world.council.save()
    r1, r2, _r3, _r4 = fixture_f8(world)
    Stay.objects.all().delete()
    sunday = TODAY - timedelta(days=1)
    for one, ready, left in ((r1, sunday, None), (r2, sunday - timedelta(days=3), sunday), (r2, sunday, None)):
        Stay.objects.create(
            council=world.council,
            person=one.person,
            admitted_on=sunday - timedelta(days=9),
            ready_on=ready,
            discharged_on=left,
        )
    CareHomeWait.objects.create(council=world.council, on=sunday, people=2)

    weeks = services.counted(world.council, services.weeks_until(TODAY), "beds")

    assert [(one.total, one.people["north"], one.typed) for one in weeks[-3:]] == [(0, 0, 0), (4, 2, 2), (2, 2, 0)]
    for one in weeks:
        assert one.total == services.beds_on(world.council, one.on)
    text = text_of(commissioner.get("/unmet-need?of=beds"))
    assert "Beds awaiting care 2 of at most 3" in text
    assert "at most 3 beds" in text
    rows = text_of(commissioner.get(f"/unmet-need/beds?on={sunday}"))
    assert people_of(rows) == {r1.reference, r2.reference}
    assert "The hub counted 2 more people" in rows
    csv = b"".join(commissioner.get("/unmet-need.csv?of=beds").streaming_content).decode("utf-8-sig")
    assert csv.splitlines()[-2] == f"{sunday},4,2,2"


def test_care_homes_that_stand_in_by_week_and_for_how_many_they_became_permanent(world, commissioner):
    r1, *_ = fixture_f8(world)
    bridge(package=r1, kind="residential", from_on=TODAY - timedelta(days=3), to_on=None, by=world.broker, at=world.at)
    weeks = services.counted(world.council, services.weeks_until(TODAY), "care_home")
    # It lacks care from yesterday on only, so the week before holds yesterday and no week before that.
    assert [one.total for one in weeks[-3:]] == [0, 1, 1]
    rows = text_of(commissioner.get(f"/unmet-need/standing-in?on={TODAY}&kind=residential"))
    assert r1.reference in rows
    assert people_of(text_of(commissioner.get(f"/unmet-need/standing-in?on={TODAY}&kind=in_house"))) == set()

    long_ago = TODAY - timedelta(weeks=13)
    ends = {"stays": None, "left": long_ago + timedelta(days=20), "just": long_ago + timedelta(weeks=12)}
    for name, to_on in ends.items():
        one = package(world, name, 420, long_ago)
        bridge(package=one, kind="residential", from_on=long_ago, to_on=to_on, by=world.broker, at=world.at)
    began = package(world, "Began", 420, long_ago)
    bridge(package=began, kind="residential", from_on=long_ago, to_on=None, by=world.broker, at=world.at)
    branch = world.branch("acorn")
    made = Outside(
        branch, tuple(range(14)), 150_000, world.at - timedelta(weeks=14), "Pat", "emergency_at_night", "", long_ago
    )
    record_outside(package=began, made=made, second=world.senior, by=world.broker, at=world.at)
    began.call_offs.update(first_visit_on=long_ago + timedelta(days=30))
    gone = package(world, "Gone", 420, long_ago)
    bridge(
        package=gone,
        kind="residential",
        from_on=long_ago,
        to_on=long_ago + timedelta(days=9),
        by=world.broker,
        at=world.at,
    )
    Package.objects.filter(pk=gone.pk).update(end_reason="care_home", ended_on=long_ago + timedelta(days=10))

    placed = services.placements(world.council, TODAY - timedelta(weeks=26), TODAY)

    share = services.permanent(placed)
    assert (share.part, share.whole) == (3, 5)
    assert "Still there after twelve weeks 3 of 5 (60.0%)" in text_of(commissioner.get("/unmet-need"))


def test_waits_by_priority_and_week_open_their_packages(world, commissioner):
    world.at = MONDAY - timedelta(days=10)
    quick, slow = world.started(priority=5), world.package(priority=3)
    world.answer(quick, "acorn")
    world.later(hours=2)
    world.confirm(quick)
    world.at = MONDAY

    text = text_of(commissioner.get("/unmet-need/waits"))

    assert "P5 1 1 0 2 h 2 h" in text
    assert "P3 1 0 1 not yet not yet" in text
    assert "All 2 1 1" in text
    week = (MONDAY - timedelta(days=8)).date()
    assert people_of(text_of(commissioner.get(f"/unmet-need/waits/packages?week={week}"))) == {
        quick.reference,
        slow.reference,
    }
    waiting = text_of(commissioner.get("/unmet-need/waits/packages?how=waiting"))
    assert people_of(waiting) == {slow.reference}
    assert "10 d" in waiting
    assert people_of(text_of(commissioner.get("/unmet-need/waits/packages?priority=5"))) == {quick.reference}
    csv = b"".join(commissioner.get("/unmet-need/waits.csv").streaming_content).decode("utf-8-sig")
    assert csv.splitlines()[-3].startswith(f"{week},2,1,120,")


def test_answers_by_week_and_provider_open_their_invitations_and_no_deadline_to_come(world, commissioner):
    world.at = MONDAY - timedelta(days=10)
    package = world.started()
    world.later(hours=5)
    world.answer(package, "acorn", "decline", reason="price")
    world.work()
    world.later(days=4)
    world.work()
    still_out = world.started()
    world.answer(still_out, "acorn")

    text = text_of(commissioner.get("/unmet-need/answers"))

    assert "Accepted in full 0.0% 0 of 2 invitations" in text
    assert "No answer 50.0% 1 of 2 invitations" in text
    assert "acorn Care 1 0 0.0% 0 0.0% 0 1 0 0.0% 0" in text
    silent = text_of(commissioner.get("/unmet-need/answers/invitations?how=silent"))
    assert "beech Care" in silent
    assert "acorn Care no answer" not in silent
    everything = text_of(commissioner.get("/unmet-need/answers/invitations"))
    assert package.reference in everything
    assert still_out.reference not in everything
    token = world.branch("acorn").token
    declined = text_of(commissioner.get(f"/unmet-need/answers/invitations?provider={token}"))
    assert "declined" in declined
    assert "5 h" in declined
    csv = b"".join(commissioner.get("/unmet-need/answers/invitations.csv").streaming_content).decode("utf-8-sig")
    assert len(csv.splitlines()) == 3


PAGES = (
    "/unmet-need?of=people",
    "/unmet-need?of=hospital",
    "/unmet-need?of=beds",
    "/unmet-need?of=care_home",
    "/unmet-need/beds",
    "/unmet-need/standing-in",
    "/unmet-need/waits",
    "/unmet-need/waits/packages",
    "/unmet-need/answers",
    "/unmet-need/answers/invitations",
)


@pytest.mark.parametrize("address", PAGES)
def test_as_many_queries_for_ten_times_the_rows(world, commissioner, django_assert_max_num_queries, address):
    def fill(number):
        for _ in range(number):
            one = world.started(priority=1)
            bridge(package=one, kind="residential", from_on=TODAY, to_on=None, by=world.broker, at=world.at)
            ready = world.at.date()
            Stay.objects.create(council=world.council, person=one.person, admitted_on=ready, ready_on=ready)

    world.at = MONDAY - timedelta(days=20)
    fill(2)
    world.at = MONDAY
    commissioner.get(address)
    with django_assert_max_num_queries(40) as few:
        commissioner.get(address)
    world.at = MONDAY - timedelta(days=20)
    fill(18)
    world.at = MONDAY
    with django_assert_max_num_queries(len(few)):
        assert commissioner.get(address).status_code == 200
