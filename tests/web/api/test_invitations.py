"""Reading invitations and answering them: what the portal shows and does, and nothing of anybody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from web.api.programs import program_of, refused

from calloff.domain.packages import Visit
from calloff.web.audit.models import Event
from calloff.web.brokerage.models import Invitation, Offer
from calloff.web.brokerage.services.sourcing import withdraw

pytestmark = pytest.mark.django_db

TWO_VISITS = (Visit(0, 480, 30), Visit(1, 480, 30, critical=True))


def test_an_invitation_tells_what_the_portal_shows(world, acorn):
    package = world.started(visits=TWO_VISITS)
    own = world.invitation(package, "acorn")

    (found,) = acorn.read("/invitations")["items"]

    assert found == {
        "id": own.token,
        "council": "Testshire Council",
        "status": "needs_answer",
        "sealed": False,
        "sent_at": "2026-11-23T09:00:00Z",
        "deadline_at": found["deadline_at"],
        "asked": {
            "area": "Testshire Council",
            "people": 1,
            "age_band": "85 and over",
            "minutes_per_week": 60,
            "visits": [
                {
                    "day": day,
                    "start": "08:00",
                    "minutes": 30,
                    "workers": 1,
                    "time_critical": number == 1,
                    "number": number,
                }
                for number, day in enumerate(("monday", "tuesday"))
            ],
            "needs": [],
            "risks": [],
            "start_on": "2026-11-30",
            "pence_per_week": 1500,
            "centipence_per_hour": 150000,
        },
        "answer": None,
    }
    one = acorn.read(f"/invitations/{own.token}")
    assert one == {
        **found,
        "can_answer": True,
        "terms": {"some_visits": True, "other_times": False, "own_price": False, "subcontractors": []},
        "why_not_selected": None,
    }
    told = repr(one)
    for secret in (package.reference, package.token, "Ada", "Example", "acorn", "beech", "priority"):
        assert secret not in told


def test_all_of_it_is_accepted_in_the_name_of_whoever_made_the_key(world, acorn):
    package = world.started()
    own = world.invitation(package, "acorn")

    answer = acorn.post(f"/invitations/{own.token}/answer", {"answer": "accept", "start_on": "2026-12-01"})

    assert answer.status_code == 201, answer.content
    offer = Offer.objects.get(invitation=own)
    assert answer.json() == {
        "receipt": offer.receipt,
        "invitation": own.token,
        "answer": "accept",
        "received_at": "2026-11-23T09:00:00Z",
        "changeable_until": acorn.read(f"/invitations/{own.token}")["deadline_at"],
    }
    assert (offer.channel, offer.recorded_by) == ("api", world.manager("acorn"))
    assert offer.received_at == offer.recorded_at == world.at
    event = Event.objects.latest("pk")
    assert (event.kind, event.by) == ("answered", world.manager("acorn"))
    (found,) = acorn.read("/invitations", status="answered")["items"]
    assert found["answer"]["receipt"] == offer.receipt
    assert found["answer"]["start_on"] == "2026-12-01"
    assert acorn.read("/invitations")["items"] == []


def test_some_of_it_is_offered_and_then_declined(world, acorn):
    package = world.started()
    where = f"/invitations/{world.invitation(package, 'acorn').token}"

    part = acorn.post(f"{where}/answer", {"answer": "part", "visits": [{"number": 2}, {"number": 0}]})
    assert part.status_code == 201
    assert [one["day"] for one in acorn.read(where)["answer"]["visits"]] == ["monday", "wednesday"]
    assert acorn.read(where)["answer"]["answer"] == "part"

    no = acorn.post(f"{where}/answer", {"answer": "decline", "reason": "skills", "message": "Nobody is trained."})
    assert no.status_code == 201
    assert Offer.objects.count() == 2
    closed = acorn.read(where)
    assert (closed["status"], closed["asked"], closed["answer"], closed["can_answer"]) == ("closed", None, None, False)
    refused(acorn.post(f"{where}/answer", {"answer": "accept"}), 409, "closed")


def test_other_times_are_offered_within_the_part_of_the_day(make_world):
    world = make_world(ask="all_then_rank", more="other_times: {within: same_band, assumed: an example}")
    acorn = program_of(world, "acorn")
    package = world.started(visits=TWO_VISITS)
    where = f"/invitations/{world.invitation(package, 'acorn').token}"
    assert acorn.read(where)["terms"]["other_times"]

    def answer(first, second):
        visits = [{"number": 0, "start": first}, {"number": 1, "start": second}]
        return acorn.post(f"{where}/answer", {"answer": "part", "visits": visits})

    assert errors(refused(answer("12:00", "08:00"), 422, "not-valid")) == ["visits"]
    assert errors(refused(answer("08:30", "08:30"), 422, "not-valid")) == ["visits"]
    assert answer("08:30", "08:00").status_code == 201
    assert [one["start"] for one in acorn.read(where)["answer"]["visits"]] == ["08:30", "08:00"]


def errors(problem):
    return [one["field"] for one in problem["errors"]]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"answer": "decline"}, "reason"),
        ({"answer": "accept", "reason": "skills"}, "reason"),
        ({"answer": "decline", "reason": "withdrawn"}, "reason"),
        ({"answer": "part"}, "answer"),
        ({"answer": "part", "visits": []}, "answer"),
        ({"answer": "part", "visits": [{"number": 7}]}, "visits"),
        ({"answer": "part", "visits": [{"number": 1}, {"number": 1}]}, "visits"),
        ({"answer": "part", "visits": [{"number": 1, "start": "09:00"}]}, "visits"),
        ({"answer": "part", "visits": [{"number": 1, "start": "24:00"}]}, "visits.0.start"),
        ({"answer": "accept", "visits": [{"number": 1}]}, "visits"),
        ({"answer": "accept", "start_on": "2026-11-22"}, "start_on"),
        ({"answer": "accept", "start_on": "next week"}, "start_on"),
        ({"answer": "accept", "centipence_per_hour": 140000}, "centipence_per_hour"),
        ({"answer": "accept", "subcontractor": "ABC"}, "subcontractor"),
        ({"answer": "accept", "received_at": "2026-11-20T09:00:00Z"}, "received_at"),
        ({"answer": "accept", "message": "a\u0000b"}, "message"),
        ({"answer": "accept", "message": "\ud800"}, "message"),
        ({"answer": "accept", "message": "x" * 1001}, "message"),
        ({"answer": "accept", "message": "Is it Ada Example of AB1 2CD?"}, "message"),
        ({"answer": "perhaps"}, "answer"),
        ([], "body"),
    ],
)
def test_what_is_not_right_is_named_and_nothing_is_sent(world, acorn, body, field):
    own = world.invitation(world.started(), "acorn")

    problem = refused(acorn.post(f"/invitations/{own.token}/answer", body), 422, "not-valid")

    assert field in errors(problem)
    assert not Offer.objects.exists()


def test_the_servers_clock_alone_says_when_it_is_too_late(world, acorn):
    own = world.invitation(world.started(), "acorn")
    world.at = own.deadline_at + timedelta(seconds=1)

    refused(acorn.post(f"/invitations/{own.token}/answer", {"answer": "accept"}), 410, "too-late")

    found = acorn.read(f"/invitations/{own.token}")
    assert (found["status"], found["asked"]) == ("closed", None)
    assert not Offer.objects.exists()


def test_what_is_anothers_is_not_found(world, acorn, beech):
    others = world.invitation(world.started(), "beech")
    for reference in (others.token, others.token.lower(), "x", "%00", "a" * 300, "é"):
        refused(acorn.get(f"/invitations/{reference}"), 404, "not-found")
        refused(acorn.post(f"/invitations/{reference}/answer", {"answer": "accept"}), 404, "not-found")
    enrolment = world.branch("beech").enrolments.get().token
    refused(
        acorn.post(f"/spare-minutes/{enrolment}", {"pools": [{"number": 0, "minutes_per_week": 1}]}), 404, "not-found"
    )
    assert beech.get(f"/invitations/{others.token}").status_code == 200
    assert others.token not in repr(acorn.all_of("/invitations", status="all"))


def test_what_was_offered_and_lost_says_what_decided_and_who_won_is_not_told(world, acorn, beech):
    package = world.started()
    world.answer(package, "acorn")
    world.answer(package, "beech")
    world.later(days=2)
    world.confirm(package)

    lost = beech.read(f"/invitations/{world.invitation(package, 'beech').token}")
    assert lost["status"] == "not_selected"
    assert lost["asked"]
    assert lost["why_not_selected"]
    assert "acorn" not in repr(lost).lower()
    won = acorn.read(f"/invitations/{world.invitation(package, 'acorn').token}")
    assert (won["status"], won["can_answer"], won["terms"]) == ("called_off", False, None)

    world.later(days=31)
    assert beech.read(f"/invitations/{lost['id']}")["asked"] is None


def test_a_sealed_step_takes_a_price_and_is_changed_until_its_deadline(sealed):
    acorn = program_of(sealed, "acorn")
    package = sealed.started()
    own = sealed.invitation(package, "acorn")
    where = f"/invitations/{own.token}"
    assert acorn.read(where)["sealed"]
    assert acorn.read(where)["terms"] == {
        "some_visits": False,
        "other_times": False,
        "own_price": True,
        "subcontractors": [],
    }

    dear = acorn.post(f"{where}/answer", {"answer": "accept", "centipence_per_hour": 150001})
    assert errors(refused(dear, 422, "not-valid")) == ["centipence_per_hour"]
    part = acorn.post(f"{where}/answer", {"answer": "part", "visits": [{"number": 0}]})
    assert errors(refused(part, 422, "not-valid")) == ["answer"]
    assert acorn.post(f"{where}/answer", {"answer": "accept", "centipence_per_hour": 142050}).status_code == 201
    assert acorn.post(f"{where}/answer", {"answer": "decline", "reason": "price"}).status_code == 201
    assert acorn.post(f"{where}/answer", {"answer": "accept", "centipence_per_hour": 141000}).status_code == 201

    assert Invitation.objects.get(pk=own.pk).state == Invitation.OPEN
    assert acorn.read(where)["answer"]["centipence_per_hour"] == 141000
    event = Event.objects.filter(kind="answered").latest("pk")
    assert event.by == sealed.manager("acorn")


@pytest.fixture
def sealed(make_world):
    from small_market import FRAMEWORK
    from world import MONDAY

    from calloff.documents.purchasing_models import parse
    from calloff.web.contracts.services.publishing import publish, texts_of

    scoring = """\
scoring:
  weights: {price: {method: lowest_proportional, percent: 60}, quality: {method: out_of, best: 100, percent: 40}}
  assumed: an example
"""
    made = make_world()
    about = {"first": "2020-01-01", "last": "2031-12-31", "rank_by": "score", "more": scoring}
    text = FRAMEWORK.format(id="framework", **about).replace("ask: in_turn", "sealed: yes")
    text = text.replace("version: 1", "version: 2")
    publish(
        council=made.council, texts=texts_of(parse([("framework.yaml", text)])), starts_on=made.at.date(), at=MONDAY
    )
    return made


def test_where_the_quota_asks_for_it_a_subcontractor_is_named(world, acorn, monkeypatch):
    from calloff.web.api.views import endpoints
    from calloff.web.provider_portal.services.asked import Terms

    terms = Terms(parts=False, moving=False, bids=False, subcontractors=(("SUBTOKEN", "beech", "beech Care"),))
    monkeypatch.setattr(endpoints, "terms_of", lambda invitation: terms)
    own = world.invitation(world.started(), "acorn")
    where = f"/invitations/{own.token}"

    assert acorn.read(where)["terms"]["subcontractors"] == [{"id": "SUBTOKEN", "name": "beech Care"}]
    missing = acorn.post(f"{where}/answer", {"answer": "accept"})
    assert errors(refused(missing, 422, "not-valid")) == ["subcontractor"]
    unknown = acorn.post(f"{where}/answer", {"answer": "accept", "subcontractor": "NOBODY"})
    assert errors(refused(unknown, 422, "not-valid")) == ["subcontractor"]
    assert acorn.post(f"{where}/answer", {"answer": "accept", "subcontractor": "SUBTOKEN"}).status_code == 201
    assert "beech" in Offer.objects.get().facts


def test_what_the_council_withdraws_is_closed(world, acorn):
    package = world.started()
    withdraw(package=package, reason="moved", words="", by=world.broker, at=world.at)

    assert acorn.read("/invitations", status="closed")["items"][0]["asked"] is None
    own = world.invitation(package, "acorn")
    refused(acorn.post(f"/invitations/{own.token}/answer", {"answer": "accept"}), 409, "closed")


# Spare minutes and packages


def test_spare_minutes_are_read_and_declared(world, acorn):
    enrolment = world.declared("acorn")
    (told,) = acorn.read("/spare-minutes")["items"]
    assert told["id"] == enrolment.token
    assert told["pools"][0]["minutes_per_week"] == 6_000
    where = f"/spare-minutes/{enrolment.token}"

    answer = acorn.post(where, {"pools": [{"number": 0, "minutes_per_week": 1_200}]})

    assert answer.status_code == 200, answer.content
    assert answer.json()["pools"][0]["minutes_per_week"] == 1_200
    assert acorn.read("/spare-minutes")["items"] == [answer.json()]
    declared = enrolment.declarations.latest("pk")
    assert (declared.channel, declared.by) == ("api", world.manager("acorn"))
    for pools in (
        [],
        [{"number": 9, "minutes_per_week": 1}],
        [{"number": 0, "minutes_per_week": -1}],
        [{"number": 0, "minutes_per_week": 10**9}],
        [{"number": 0, "minutes_per_week": 1}, {"number": 0, "minutes_per_week": 2}],
    ):
        refused(acorn.post(where, {"pools": pools}), 422, "not-valid")
    assert enrolment.declarations.count() == 1


def test_packages_called_off_are_listed_without_the_person(world, acorn, beech):
    for _ in range(3):
        package = world.started()
        world.answer(package, "acorn")
        world.later(days=2)
        world.confirm(package)

    assert beech.read("/packages") == {"items": [], "next": None}
    every = acorn.all_of("/packages", limit=2)
    assert [one["called_off_at"] for one in every] == sorted((one["called_off_at"] for one in every), reverse=True)
    first = every[0]
    own = package.call_offs.get()
    assert first == {
        "id": own.token,
        "package": package.reference,
        "council": "Testshire Council",
        "invitation": world.invitation(package, "acorn").token,
        "called_off_at": first["called_off_at"],
        "minutes_per_week": 210,
        "pence_per_week": 5250,
        "start_on": first["start_on"],
        "first_visit_on": None,
        "last_day_on": None,
        "delivered_by": None,
    }
    assert len(every) == 3
    assert acorn.read("/packages", ended="true")["items"] == []


def test_whoever_sees_no_prices_is_told_none(world, acorn, monkeypatch):
    from calloff.web.api.views import interface

    before = interface.may
    monkeypatch.setattr(interface, "may", lambda key, right, at: right != "portal_prices" and before(key, right, at))
    world.started()

    asked = acorn.read("/invitations")["items"][0]["asked"]

    assert (asked["pence_per_week"], asked["centipence_per_hour"]) == (None, None)


def test_pages_ask_the_database_as_often_for_many_rows_as_for_few(world, acorn, django_assert_max_num_queries):
    def asked(path, most):
        with django_assert_max_num_queries(most):
            return len(acorn.read(path)["items"])

    for count in (2, 20):
        while Invitation.objects.filter(branch__reference="acorn").count() < count:
            world.started()
        acorn.read("/invitations")
        assert asked("/invitations", 20) == count
        assert asked("/changes", 20) == count
