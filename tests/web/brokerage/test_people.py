"""Finding and adding people, and what the hospital hub records of them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from asking import council_that_asks, day, errors_of, ok, someone, text_of
from django.utils import timezone
from world import World

from calloff.web.audit.models import Event, Look
from calloff.web.brokerage.models import CareHomeWait, Person, Stay

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch, settings) -> World:
    settings.SESSION_COOKIE_AGE = 10**8
    made = council_that_asks()
    monkeypatch.setattr(timezone, "now", lambda: made.at)
    return made


@pytest.fixture
def assessor(world, signed_in):
    return signed_in(world.assessor)


@pytest.fixture
def hub(world, signed_in):
    return signed_in(world.user("hub", "discharge_hub"))


# -- people


def test_nobody_is_looked_for_without_letters(assessor):
    assert errors_of(assessor.post("/people", {"words": ""})) == [
        ("id_words", "Enter a name, a case number or a postcode")
    ]
    assert errors_of(assessor.post("/people", {"words": "a b"[:2]})) == [
        ("id_words", "Enter at least three letters or figures")
    ]


@pytest.mark.parametrize("words", ["exAMple ada", "C-77", "zz99zz", "ZZ9 9ZZ"])
def test_somebody_is_found_by_name_case_number_or_postcode(world, assessor, words):
    person = world.person()
    person.case_number, person.postcode = "C-77", "ZZ9 9ZZ"
    person.save()
    world.person("Somebody Else")

    answer = assessor.post("/people", {"words": words})

    assert f'href="/people/{person.reference}"' in answer.content.decode()
    assert "Somebody Else" not in text_of(answer)
    assert "?" not in answer.request["PATH_INFO"]


def test_nobody_is_found_and_the_page_says_what_to_do(world, assessor):
    assert "Look for another spelling, or add the person." in text_of(assessor.post("/people", {"words": "Nobody"}))


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"name": ""}, "id_name", "Enter full name"),
        ({"name": "Bea"}, "id_name", "Enter the first and the last name"),
        ({"born_on_day": ""}, "id_born_on_day", "The date must include a day"),
        ({"born_on_year": "1841"}, "id_born_on_day", "The date of birth must be in the past"),
        ({"sex": ""}, "id_sex", "Choose sex"),
        ({"address": ""}, "id_address", "Enter address"),
        ({"postcode": "hill"}, "id_postcode", "Enter a full postcode, such as ZZ9 1AA"),
        ({"area": ""}, "id_area", "Choose published area of the home"),
    ],
)
def test_each_error_of_a_new_person_is_said_and_what_was_typed_stays(world, assessor, changes, field, message):
    answer = assessor.post("/people/add", someone(world, **changes))

    assert errors_of(answer) == [(field, message)]
    assert "1 Invented Way" in answer.content.decode() or "address" in changes
    assert not Person.objects.exists()


def test_somebody_alike_is_shown_before_a_second_one_is_added(world, assessor):
    ok(assessor.post("/people/add", someone(world)))
    twin = someone(world, name="Bee Sample", case_number="")

    answer = assessor.post("/people/add", twin)

    assert errors_of(answer) == [("id_another", "Look whether it is somebody below, or tick that it is somebody else")]
    assert "Bea Sample" in text_of(answer)
    ok(assessor.post("/people/add", twin | {"another": "on"}))
    assert Person.objects.count() == 2


def test_one_case_number_is_one_person(world, assessor):
    ok(assessor.post("/people/add", someone(world)))

    answer = assessor.post("/people/add", someone(world, name="Cy Other", born_on_day="1", another="on"))

    assert errors_of(answer) == [("id_case_number", "Somebody has this case number already. Nobody was added")]


def test_who_was_added_stands_in_no_event_and_no_log(world, assessor, caplog):
    ok(assessor.post("/people/add", someone(world)))
    person = Person.objects.get()
    assessor.get(f"/people/{person.reference}")

    assert (person.postcode, person.address) == ("ZZ9 9ZZ", "1 Invented Way, Hilltown")
    for event in Event.objects.all():
        assert "Sample" not in event.data + event.about
    assert "Sample" not in caplog.text


def test_for_who_has_died_nothing_can_be_asked(world, assessor):
    person = world.person()
    person.died_on = world.at.date()
    person.save()

    text = text_of(assessor.get(f"/people/{person.reference}"))

    assert "The person has died; no care can be asked for." in text
    assert "Ask for support" not in text


# -- the hub's records


def test_a_stay_from_admission_to_discharge(world, hub):
    package = world.package()
    person = package.person
    at = f"/stays/{person.reference}"

    ok(hub.post(at, day(world, "admitted_on", -5) | {"waits_for": "home"}), "/stays")
    package.refresh_from_db()
    assert (package.in_hospital, package.clinically_ready_on) == (True, None)
    assert "not ready" in text_of(hub.get("/stays"))

    ok(hub.post(at, day(world, "admitted_on", -5) | day(world, "ready_on", -3) | {"waits_for": "care_home"}))
    package.refresh_from_db()
    assert (package.clinically_ready_on, package.waits_for) == (world.at.date() - timedelta(days=3), "care_home")
    text = text_of(hub.get("/stays"))
    assert "Ada Example" in text
    assert "a care home" in text
    assert "Ready, waiting for a care home 1" in text
    assert "In hospital since Wednesday 18 November, ready to leave since Friday 20 November" in text_of(
        hub.get(f"/people/{person.reference}")
    )

    gone = day(world, "admitted_on", -5) | day(world, "ready_on", -3) | day(world, "discharged_on")
    ok(hub.post(at, gone | {"waits_for": "home"}))
    package.refresh_from_db()
    assert not package.in_hospital
    assert Stay.objects.count() == 1
    assert "Nobody is written down as being in hospital." in text_of(hub.get("/stays"))


@pytest.mark.parametrize(
    ("admitted", "ready", "gone", "field", "message"),
    [
        (None, None, None, "id_admitted_on_day", "Enter a date"),
        (1, None, None, "id_admitted_on_day", "The day must be today or earlier"),
        (-3, -4, None, "id_ready_on_day", "Ready to leave cannot be before the first day in hospital"),
        (-3, -1, -2, "id_discharged_on_day", "The discharge cannot be before the other days"),
        (-3, 1, None, "id_ready_on_day", "The day must be today or earlier"),
    ],
)
def test_each_error_of_a_stay(world, hub, admitted, ready, gone, field, message):
    typed = {"waits_for": "home"}
    for name, days in (("admitted_on", admitted), ("ready_on", ready), ("discharged_on", gone)):
        typed |= {} if days is None else day(world, name, days)

    assert errors_of(hub.post(f"/stays/{world.person().reference}", typed)) == [(field, message)]
    assert not Stay.objects.exists()


def test_what_is_waited_for_must_be_chosen(world, hub):
    answer = hub.post(f"/stays/{world.person().reference}", day(world, "admitted_on"))

    assert errors_of(answer) == [("id_waits_for", "Answer “What is waited for?”")]


def test_the_daily_count_is_typed_and_a_second_one_replaces_it(world, hub):
    assert "not yet" in text_of(hub.get("/stays"))

    for people in ("7", "8"):
        ok(hub.post("/stays/count", day(world, "on") | {"people": people}), "/stays")

    assert list(CareHomeWait.objects.values_list("people", flat=True)) == [8]
    text = text_of(hub.get("/stays"))
    assert "For a care home, typed today 8" in text
    assert "today 8" in text
    counted = Event.objects.filter(kind="care_home_waits_counted")
    assert [json.loads(one.data)["people"] for one in counted] == [7, 8]


@pytest.mark.parametrize(
    ("typed", "field", "message"),
    [
        ({"people": "seven"}, "id_people", "Enter a whole number, such as 7"),
        ({"people": "-1"}, "id_people", "Enter a whole number from 0 on"),
        ({"people": "1000"}, "id_people", "Enter a number below 1,000"),
        ({"people": ""}, "id_people", "Enter people who wait in hospital for a care home"),
        ({"people": "7", "on_year": "2030"}, "id_on_day", "The day must be today or earlier"),
    ],
)
def test_each_error_of_the_count(world, hub, typed, field, message):
    answer = hub.post("/stays/count", day(world, "on") | typed)

    assert errors_of(answer) == [(field, message)]
    assert typed["people"] in answer.content.decode()


def test_only_the_hub_records(world, assessor):
    person = world.person()

    for place in ("/stays", "/stays.csv", "/stays/count", f"/stays/{person.reference}"):
        assert assessor.get(place).status_code == 403


def test_a_look_at_the_list_is_kept_for_each_person(world, hub):
    people = [world.person(name) for name in ("Ada Example", "Bea Example")]
    for person in people:
        ok(hub.post(f"/stays/{person.reference}", day(world, "admitted_on", -1) | {"waits_for": "home"}))
    Look.objects.all().delete()

    hub.get("/stays")

    assert sorted(Look.objects.values_list("about", flat=True)) == sorted(person.reference for person in people)
    names_nobody = b"".join(hub.get("/stays.csv").streaming_content).decode()
    assert "Example" not in names_nobody
    assert names_nobody.count("care at home") == 2


def test_the_list_takes_as_many_queries_for_ten_times_the_rows(world, hub, django_assert_max_num_queries):
    counts = []
    for rows in (3, 27):
        for _ in range(rows):
            Stay.objects.create(council=world.council, person=world.person(), admitted_on=world.at.date())
        with django_assert_max_num_queries(40) as counted:
            hub.get("/stays")
        counts.append(len(counted))
    assert counts[0] == counts[1]
