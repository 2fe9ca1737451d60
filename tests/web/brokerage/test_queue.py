"""The broker's queue, who owns what, search, and what everybody was told."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from world import MONDAY, World, made_world

from calloff.domain.packages import Visit
from calloff.web.accounts.models import Identity, User
from calloff.web.audit.models import Look
from calloff.web.brokerage.models import Note, Package
from calloff.web.brokerage.services import queue as queues
from calloff.web.brokerage.services.living import record_stay
from calloff.web.brokerage.services.owning import may_give
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.services.searching import find, one_letter_off, people_called
from calloff.web.brokerage.services.sourcing import assign, hand_over
from calloff.web.contracts.services import market
from calloff.web.directory.models import Council
from calloff.web.directory.services import draw
from calloff.web.jobs.models import Notice

pytestmark = pytest.mark.django_db

TWO_WORKERS = tuple(Visit(day, 480, 30, workers=2) for day in range(7))


@pytest.fixture
def world(monkeypatch, settings) -> World:
    settings.SESSION_COOKIE_AGE = 10**8
    market._kept.clear()
    made = made_world()
    made.provider("acorn", 15)
    made.provider("beech", 16)
    monkeypatch.setattr(timezone, "now", lambda: made.at)
    return made


@pytest.fixture
def broker(world, signed_in):
    return signed_in(world.broker)


@pytest.fixture
def senior(world, signed_in):
    return signed_in(world.senior)


def text_of(answer):
    """What a page says, without its tags."""
    assert answer.status_code == 200, answer.status_code
    html = answer.content.decode()
    main = html[html.index("<main") : html.index("</main>")]
    plain = re.sub(r"<[^>]+>", " ", main)
    return re.sub(r"\s+", " ", plain).replace("&#x27;", "'").replace("&#39;", "'").replace("&quot;", '"')


def references(answer):
    """The packages of a page, in its order."""
    return list(dict.fromkeys(re.findall(r"P-[2-9A-Z]{6}", text_of(answer))))


# -- the list


def test_what_is_due_first_stands_first_and_says_what_to_do(world, broker):
    later = world.started()
    first = world.package(visits=TWO_WORKERS, priority=1)
    Package.objects.filter(pk=first.pk).update(next_action_at=world.at - timedelta(minutes=12))

    page = broker.get("/queue?tab=team")

    assert references(page) == [first.reference, later.reference]
    text = text_of(page)
    assert "overdue 12 min" in text
    assert "Ready to start" in text
    assert "7.0 2 workers" in text
    assert "acorn Care, due" in text
    assert f'href="/packages/{first.token}" data-open' in page.content.decode()
    assert page.content.decode().count("data-row") == 2


def test_the_tabs_are_mine_the_teams_and_nobodys(world, broker):
    mine, nobodys, hers = world.package(), world.package(), world.package()
    assign(package=mine, to=world.broker, by=world.senior, at=world.at)
    assign(package=hers, to=world.senior, by=world.senior, at=world.at)

    assert references(broker.get("/queue")) == [mine.reference]
    assert set(references(broker.get("/queue?tab=team"))) == {mine.reference, nobodys.reference, hers.reference}
    assert references(broker.get("/queue?tab=nobodys")) == [nobodys.reference]
    assert "Mine 1" in text_of(broker.get("/queue"))
    assert "Team 3" in text_of(broker.get("/queue"))


def test_what_needs_nobody_is_not_in_the_queue(world, broker):
    package = world.started()
    world.answer(package, "acorn")
    world.confirm(package)
    assert "Enter the first visit" in text_of(broker.get("/queue?tab=team"))
    call_off = package.call_offs.get()
    call_off.first_visit_on = world.at.date()
    call_off.save()
    Package.objects.filter(pk=package.pk).update(next_action="none", state=Package.STARTED)

    assert references(broker.get("/queue?tab=team")) == []
    assert "No package needs anybody" in text_of(broker.get("/queue?tab=team"))


def test_filters_are_codes_and_what_is_no_code_is_left_out(world, broker):
    urgent, other = world.package(priority=1), world.started()
    record_stay(
        person=urgent.person,
        admitted_on=world.at.date(),
        ready_on=None,
        waits_for="home",
        discharged_on=None,
        by=world.user("hub", "discharge_hub"),
        at=world.at,
    )

    assert references(broker.get("/queue?tab=team&priority=1")) == [urgent.reference]
    assert references(broker.get("/queue?tab=team&hospital=yes")) == [urgent.reference]
    assert references(broker.get("/queue?tab=team&hospital=no")) == [other.reference]
    assert references(broker.get("/queue?tab=team&action=await_answers")) == [other.reference]
    Package.objects.filter(pk=other.pk).update(step="spot")
    assert references(broker.get("/queue?tab=team&step=spot")) == [other.reference]
    assert references(broker.get("/queue?tab=team&locality=north&due=hour")) == [urgent.reference]
    assert references(broker.get("/queue?tab=team&locality=north&due=overdue")) == [urgent.reference]
    assert len(references(broker.get("/queue?tab=team&priority=Ada+Example"))) == 2
    assert "Ada" not in broker.get("/queue?tab=team&priority=Ada").content.decode().partition("<main")[2]
    assert "No package fits these filters" in text_of(broker.get("/queue?tab=team&priority=6"))
    page = broker.get("/queue?tab=team&priority=1").content.decode()
    assert 'href="?tab=team">Clear' in page


def test_a_package_in_hospital_is_marked(world, broker):
    package = world.package()
    record_stay(
        person=package.person,
        admitted_on=world.at.date(),
        ready_on=world.at.date(),
        waits_for="home",
        discharged_on=None,
        by=world.user("hub", "discharge_hub"),
        at=world.at,
    )

    assert re.search(rf"{package.reference} hospital", text_of(broker.get("/queue?tab=team")))


def test_the_tiles_count_and_each_opens_its_rows(world, broker):
    world.council.unmet_target_hours = 1
    world.council.save()
    package = world.started()
    world.later(days=8)

    page = broker.get("/queue?tab=team")
    text, html = text_of(page), page.content.decode()

    assert "Unmet hours a week 3.5 of at most 1" in text
    assert "People waiting 1 0 in hospital, 1 in the community" in text
    assert "Invitations out 0" in text
    assert re.search(r"Due within the hour \d+ \d+ overdue", text)
    for url in re.findall(r'class="tile[^"]*" href="([^"]+)"', html):
        assert broker.get(url.replace("&amp;", "&")).status_code == 200
    assert package.reference in text_of(broker.get("/unmet-need/packages"))


def test_invitations_out_are_listed_with_their_deadlines(world, broker):
    package = world.started()

    text = text_of(broker.get("/queue/invitations"))

    assert package.reference in text
    assert "acorn Care" in text
    assert re.search(r"in \d", text)
    assert "Invitations out 1" in text_of(broker.get("/queue"))


def test_home_leads_to_the_queue_of_those_who_see_it(world, broker, signed_in, client):
    assert broker.get("/")["Location"] == "/queue"
    assert client.get("/")["Location"].startswith("/sign-in/")
    world.user("audit", "auditor")
    auditor = signed_in(world.users["audit"])
    package = world.package()
    page = text_of(auditor.get("/queue"))
    assert package.reference in page
    assert "Assign" not in page
    assert "Mine" not in page


def test_another_council_is_not_there(world, signed_in, broker):
    package = world.package()
    other = Council.objects.create(code="elsewhere", name="Elsewhere", nation="england", seed="s")
    identity = Identity.objects.create(name="Else", email="else@example.org")
    stranger = User.objects.create(name="else", identity=identity)
    stranger.roles.create(role="senior_broker", council_id=other.pk, from_on=MONDAY.date(), granted_at=MONDAY)
    client = signed_in(stranger)

    assert references(client.get("/queue?tab=team")) == []
    assert client.get(f"/packages/{package.token}/give").status_code == 404
    assert package.reference.encode() not in b"".join(client.get("/queue.csv?tab=team").streaming_content)
    client.post("/search", {"q": package.reference})
    assert package.reference not in text_of(client.get("/search"))


def test_the_same_number_of_queries_for_ten_times_the_rows(world, broker, django_assert_max_num_queries):
    def fill(number):
        for _ in range(number):
            world.started()

    fill(2)
    broker.get("/queue?tab=team")
    with django_assert_max_num_queries(25) as few:
        broker.get("/queue?tab=team")
    fill(18)
    with django_assert_max_num_queries(len(few)):
        assert len(references(broker.get("/queue?tab=team"))) == 20


def test_a_hundred_a_page(world, broker):
    first = world.package()
    rows = []
    for number in range(120):
        one = world.again(first)
        one.pk, one.reference, one.token = None, f"P-{number:06d}", draw()
        rows.append(one)
    Package.objects.bulk_create(rows)

    assert broker.get("/queue?tab=team").content.decode().count("data-row") == 100
    assert broker.get("/queue?tab=team&page=2").content.decode().count("data-row") == 21
    assert "Showing 1 to 100 of 121" in text_of(broker.get("/queue?tab=team"))


# -- the same as files


def test_the_queue_as_csv_and_workbook(world, broker):
    package = world.package()
    Package.objects.filter(pk=package.pk).update(step="=1+1")

    csv = b"".join(broker.get("/queue.csv?tab=team").streaming_content).decode("utf-8-sig")
    assert csv.splitlines()[0].startswith("Next action,Due,Package")
    assert package.reference in csv
    assert ",'=1+1," in csv
    book = b"".join(broker.get("/queue.xlsx?tab=team").streaming_content)
    sheet = zipfile.ZipFile(io.BytesIO(book)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<v>3.5</v>" in sheet


# -- owners


def test_a_broker_takes_what_is_nobodys_and_hands_their_own_over(world, broker, signed_in):
    package = world.package()
    me, she = world.broker, world.senior
    assert "assign by today" not in text_of(broker.get("/queue?tab=nobodys"))
    assert "assign by 09:30" in text_of(broker.get("/queue?tab=nobodys"))

    page = broker.get(f"/packages/{package.token}/give")
    assert "Me, Broker" in text_of(page)
    answer = broker.post(f"/packages/{package.token}/give", {"packages": [package.token], "to": me.token})
    assert answer["Location"] == f"/packages/{package.token}"
    again = world.again(package)
    assert (again.owner, again.assign_by) == (me, None)

    text = {"packages": [package.token], "to": she.token, "note": "On leave from tomorrow."}
    broker.post("/queue/give?tab=mine", text)
    assert world.again(package).owner == she
    assert Note.objects.get().text == "On leave from tomorrow."
    assert Notice.objects.filter(user=she, kind="assigned").exists()


def test_what_is_somebody_elses_is_not_a_brokers_to_give_and_is_a_seniors(world, broker, senior):
    package, other = world.package(), world.package()
    hand_over(packages=[package, other], to=world.senior, note="", by=world.senior, at=world.at)
    third = world.user("third", "broker")

    sent = {"packages": [package.token, other.token], "to": third.token, "note": ""}
    refused = broker.post(f"/packages/{package.token}/give", {**sent, "packages": [package.token]})
    assert "Not yours" in text_of(refused)
    assert world.again(package).owner == world.senior
    assert broker.get("/queue/give?tab=team").status_code == 302

    page = senior.get(f"/queue/give?tab=team&owner={world.senior.token}").content.decode()
    assert page.count(" checked") == 2
    assert senior.post(f"/queue/give?tab=team&owner={world.senior.token}", sent).status_code == 302
    assert {one.owner for one in Package.objects.all()} == {third}


def test_back_to_the_duty_team_the_time_to_assign_begins_again(world, senior):
    package = world.package()
    assign(package=package, to=world.broker, by=world.senior, at=world.at)
    world.later(hours=3)

    senior.post(f"/packages/{package.token}/give", {"packages": [package.token], "to": "duty_team"})

    assert world.again(package).assign_by == datetime(2026, 11, 23, 12, 30, tzinfo=UTC)


def test_only_who_works_on_packages_here_can_own_one(world):
    package = world.package()
    with pytest.raises(RefusedError, match="works on no packages here"):
        hand_over(
            packages=[package],
            to=world.assessor,
            note="",
            by=world.senior,
            at=world.at,
            rights=frozenset({"assign_package"}),
        )
    assert not may_give(package, world.senior, world.broker, {"work_package", "hand_over"})


def test_seniors_are_told_once_of_a_package_that_had_no_owner_for_too_long(world):
    senior = world.senior
    package, owned = world.package(), world.package()
    assign(package=owned, to=world.broker, by=senior, at=world.at)
    world.later(minutes=30)
    world.work()
    assert not Notice.objects.filter(kind="nobodys").exists()
    world.later(minutes=1)
    world.work()
    world.later(hours=5)
    world.work()

    told = Notice.objects.filter(kind="nobodys")
    assert [(one.user, one.package) for one in told] == [(senior, package.reference)]


def test_the_time_to_assign_counts_working_hours(world):
    world.at = datetime(2026, 11, 27, 16, 50, tzinfo=UTC)
    package = world.package()
    assert package.assign_by == datetime(2026, 11, 30, 9, 20, tzinfo=UTC)


def test_a_package_that_was_owned_meanwhile_has_its_time_anew(world):
    package = world.package()
    senior = world.senior
    world.later(minutes=20)
    assign(package=package, to=world.broker, by=senior, at=world.at)
    assign(package=package, to=None, by=senior, at=world.at)
    world.later(minutes=11)
    world.work()
    assert not Notice.objects.filter(kind="nobodys").exists()
    world.later(minutes=20)
    world.work()
    assert Notice.objects.filter(kind="nobodys").count() == 1


# -- search


def people(world, *names):
    return [world.person(name) for name in names]


def test_what_was_typed_never_stands_in_an_address(world, broker):
    package = world.package()

    answer = broker.post("/search", {"q": "Ada Example"})
    assert answer["Location"] == "/search"
    text = text_of(broker.get("/search"))

    assert "Ada Example" in text
    assert package.reference in text
    assert Look.objects.filter(about=package.person.reference, screen="package_search", user=world.broker).exists()
    assert broker.get("/search?q=Ada").status_code == 200


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Margaret Featherstone", "Margaret Featherstone"),
        ("fetherstone", "Margaret Featherstone"),
        ("Featherston Margret", "Margaret Featherstone"),
        ("Jhon O'Neill", "John O'Neill"),
        ("oneil", "John O'Neill"),
        ("Zoe Nunez", "Zoë Núñez"),
        ("smiht", "Agnes Smith"),
        ("agn", "Agnes Smith"),
        ("smith a", "Agnes Smith"),
        ("Zoë", "Zoë Núñez"),
    ],
)
def test_the_right_person_is_among_the_first_three(world, typed, name):
    people(world, "Margaret Featherstone", "John O'Neill", "Zoë Núñez", "Agnes Smith", "Margaret Feather")
    people(world, "Jon Oates", "Zola Nunn", "Agatha Smythe", "Marge Stone", "John Neal", "Smita Shah")
    from calloff.web.brokerage.models import Person

    found = find(council_id=world.council.pk, text=typed, people=True).people[:3]

    assert name in [Person.objects.get(pk=one).name for one in found]


def test_what_is_merely_like_a_name_is_looked_for_only_when_no_name_begins_so(world, django_assert_num_queries):
    people(world, "Agnes Smith", "Smita Shah")
    case_number_and_names, and_what_is_like_them = 2, 3

    with django_assert_num_queries(case_number_and_names):
        assert len(people_called(world.council.pk, "Smith")) == 1
    with django_assert_num_queries(and_what_is_like_them):
        assert len(people_called(world.council.pk, "Smiht")) == 1


def test_a_reference_is_found_with_one_wrong_letter(world):
    package = world.package()
    letters = package.reference[2:]
    wrong = letters[:2] + ("9" if letters[2] != "9" else "8") + letters[3:]
    swapped = letters[1] + letters[0] + letters[2:]

    for typed in (package.reference, letters.lower(), f"p {letters}", wrong, swapped, letters[:-1], letters[:4]):
        assert package.pk in find(council_id=world.council.pk, text=typed, people=False).packages[:3], typed
    assert letters not in one_letter_off(letters)


def test_a_provider_is_found_by_a_misspelt_name(world, broker):
    broker.post("/search", {"q": "acron care"})
    text = text_of(broker.get("/search"))
    assert "acorn Care" in text
    assert text.index("acorn Care") < text.index("beech Care") if "beech Care" in text else True


def test_who_may_not_see_a_name_cannot_try_one(world, signed_in):
    package = world.package()
    world.user("audit", "auditor")
    auditor = signed_in(world.users["audit"])

    auditor.post("/search", {"q": "Ada Example"})
    assert "Nothing here is like that" in text_of(auditor.get("/search"))
    auditor.post("/search", {"q": package.reference})
    text = text_of(auditor.get("/search"))
    assert package.reference in text
    assert "Ada" not in text
    assert not Look.objects.exists()


def test_nothing_typed_is_an_error_and_nothing_found_says_so(world, broker):
    assert "Enter a reference or a name" in text_of(broker.post("/search", {"q": " "}))
    broker.post("/search", {"q": "Zzyzx"})
    assert "Nothing here is like that" in text_of(broker.get("/search"))


# -- notices


def test_everybody_reads_what_they_were_told_and_marks_it_read(world, broker):
    package = world.package()
    assign(package=package, to=world.broker, by=world.senior, at=world.at)
    assert "Notices (1)" in broker.get("/queue").content.decode()

    page = broker.get("/notices")
    assert "A package is yours now" in text_of(page)
    assert f'href="/packages/{package.token}"' in page.content.decode()
    until = re.search(r'name="until" value="([^"]+)"', page.content.decode())[1]
    world.later(minutes=1)
    assign(package=package, to=world.senior, by=world.senior, at=world.at)
    assign(package=package, to=world.broker, by=world.senior, at=world.at)
    assert broker.post("/notices/read", {"until": until.replace("&#x2B;", "+")})["Location"] == "/notices"

    assert Notice.objects.filter(user=world.broker, read_at=None).count() == 1
    broker.post("/notices/read", {"until": world.at.isoformat()})
    assert "Nothing new" in text_of(broker.get("/notices"))
    assert "A package is yours now" in text_of(broker.get("/notices?show=all"))
    assert broker.post("/notices/read", {"until": "soon"}).status_code == 400
    assert broker.get("/notices/read").status_code == 405


def test_nobody_reads_the_notices_of_another(world, broker):
    package = world.package()
    assign(package=package, to=world.senior, by=world.senior, at=world.at)
    assert package.reference not in text_of(broker.get("/notices?show=all"))
    broker.post("/notices/read", {"until": world.at.isoformat()})
    assert Notice.objects.filter(user=world.senior, read_at=None).exists()


def test_the_queue_counts_each_tab_without_the_kernel(world, monkeypatch):
    package = world.package()
    monkeypatch.setattr("calloff.web.brokerage.services.desk.next_step", None)
    counted = queues.counts(world.council.pk, world.broker, world.at)
    assert counted.tabs == {"mine": 0, "team": 1, "nobodys": 1}
    assert [one.pk for one in queues.queue(world.council.pk, world.broker, queues.Narrowed(), world.at)] == [package.pk]
