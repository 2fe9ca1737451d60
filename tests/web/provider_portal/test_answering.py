"""From an invitation to a receipt: what is shown, what may be answered, until when."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from web.provider_portal.reading import day, ok, text_of
from world import EVERY_MORNING

from calloff.domain.packages import Visit
from calloff.web.accounts.models import RoleHeld
from calloff.web.brokerage.models import Invitation, Offer
from calloff.web.brokerage.services.answering import Answer, record_answer
from calloff.web.brokerage.services.sourcing import withdraw
from calloff.web.contracts.models import Enrolment
from calloff.web.provider_portal.services import asked

pytestmark = pytest.mark.django_db
MOVABLE = "other_times: {within: same_band, assumed: an example}"


def at(invitation, rest=""):
    return f"/provider/invitations/{invitation.token}{rest}"


def test_home_shows_what_needs_an_answer_by_when_and_nothing_of_the_council(world, signed_in):
    world.provider("cedar", 15, capabilities=frozenset({"gender_female", "medication"}))
    package = world.started(needs=frozenset({"gender_female", "medication"}), complexity=frozenset({"chc_funded"}))
    page = signed_in(world.manager("cedar")).get("/provider")

    said = text_of(page)
    assert "1 invitation needs an answer" in said
    assert "by 09:00 tomorrow" in said
    assert "1 day" in said
    assert "Testshire Council" in said
    assert "3.5 hours a week" in said
    assert "mornings" in said
    assert "a woman as care worker" in said
    assert "£15.00 an hour" in said
    assert "£52.50 a week" in said
    for secret in (package.reference, package.token, "Ada", "Example", "Continuing", "rank", "1940", "beech"):
        assert secret not in page.content.decode()


def test_home_and_an_invitation_never_ask_the_kernel(world, acorn, monkeypatch):
    package = world.started()
    monkeypatch.setattr("calloff.web.brokerage.services.desk.next_step", None)

    assert acorn.get("/provider").status_code == 200
    assert acorn.get(at(world.invitation(package, "acorn"))).status_code == 200


def test_all_of_it_in_three_screens_with_a_receipt(world, acorn):
    invitation = world.invitation(world.started(), "acorn")

    assert "We can do all of it" in text_of(acorn.get(at(invitation, "/answer")))
    ok(acorn.post(at(invitation, "/answer"), {"answer": "accept"}), at(invitation, "/thanks"))

    offer, said = Offer.objects.get(), text_of(acorn.get(at(invitation, "/thanks")))
    assert (offer.answer, offer.channel) == ("accept", "portal")
    assert "You offered all 3.5 hours a week, to begin on Monday 30 November" in said
    assert offer.receipt in said
    assert "You can change your answer until 09:00 tomorrow" in said
    assert "Answered" in text_of(acorn.get("/provider"))


def test_some_of_it_with_a_start_of_ones_own(world, acorn):
    invitation = world.invitation(world.started(), "acorn")
    ticked = {f"visit_{number}": "on" for number in range(5)}
    start = (world.at + timedelta(days=9)).date()

    ok(
        acorn.post(at(invitation, "/answer"), {"answer": "part", **ticked, **day(start, "start_on")}),
        at(invitation, "/thanks"),
    )

    said = text_of(acorn.get(at(invitation)))
    assert "You offered 2.5 of 3.5 hours a week, to begin on Wednesday 2 December" in said
    invitation.refresh_from_db()
    assert invitation.state == Invitation.PART


def test_times_move_only_within_their_part_of_the_day_and_only_where_the_model_lets_them(make_world, signed_in):
    world = make_world(more=MOVABLE)
    client = signed_in(world.manager("acorn"))
    critical = Visit(0, 1200, 30, critical=True)
    invitation = world.invitation(world.started(visits=(*EVERY_MORNING, critical)), "acorn")
    form = client.get(at(invitation, "/answer"))
    assert form.content.count(b'name="visit_') == 8
    assert form.content.count(b'name="time_') == 7
    every = {f"visit_{number}": "on" for number in range(8)}

    wrong = client.post(at(invitation, "/answer"), {"answer": "part", **every, "time_0": "12:00"})
    assert "within the same part of the day" in text_of(wrong)
    assert b'value="12:00"' in wrong.content
    assert not Offer.objects.exists()

    ok(client.post(at(invitation, "/answer"), {"answer": "part", **every, "time_0": "9:15"}), at(invitation, "/thanks"))
    assert "some at other times" in text_of(client.get(at(invitation)))


def test_no_part_is_offered_where_the_model_takes_none(make_world, signed_in):
    world = make_world(splitting=False)
    client = signed_in(world.manager("acorn"))
    invitation = world.invitation(world.started(), "acorn")

    assert b'value="part"' not in client.get(at(invitation, "/answer")).content
    refused = client.post(at(invitation, "/answer"), {"answer": "part", "visit_0": "on"})
    assert refused.status_code == 200
    assert not Offer.objects.exists()


def test_no_needs_a_reason_and_shows_only_closed_afterwards(world, acorn):
    invitation = world.invitation(world.started(), "acorn")

    said = text_of(acorn.post(at(invitation, "/answer"), {"answer": "decline"}))
    assert said.count("Choose a reason for saying no") == 2
    assert "[" not in said
    ok(acorn.post(at(invitation, "/answer"), {"answer": "decline", "reason": "skills"}), at(invitation, "/thanks"))

    assert "You said no: care workers lack the skills" in text_of(acorn.get(at(invitation, "/thanks")))
    said = text_of(acorn.get(at(invitation)))
    assert "This invitation is closed." in said
    assert "Hill" not in said
    assert "skills" not in said
    assert acorn.get(at(invitation, "/letter")).status_code == 404


def test_an_answer_may_change_until_the_deadline_and_both_names_are_kept(world, acorn, signed_in):
    package = world.started()
    invitation = world.invitation(package, "acorn")
    acorn.post(at(invitation, "/answer"), {"answer": "accept"})
    other = world.user("cleo", "scheduler", branch=world.branch("acorn"))
    colleague = signed_in(other)
    world.later(minutes=5)

    assert "Manager-Acorn answered" in text_of(colleague.get(at(invitation, "/answer")))
    colleague.post(at(invitation, "/answer"), {"answer": "part", "visit_0": "on"})

    said = text_of(acorn.get(at(invitation)))
    assert said.index("Cleo") < said.index("Manager-Acorn")
    assert "(stands)" in said
    assert "0.5 of 3.5" in said

    world.later(days=2)
    late = acorn.post(at(invitation, "/answer"), {"answer": "accept"}, follow=True)
    assert "Nothing was sent" in text_of(late)
    assert Offer.objects.count() == 2


def test_after_the_deadline_or_the_councils_end_it_is_closed_and_nothing_else(world, acorn, beech):
    silent, withdrawn = world.started(), world.started()
    ended = world.invitation(withdrawn, "beech")
    world.answer(withdrawn, "beech")
    withdraw(package=withdrawn, reason="own_choice", words="", by=world.broker, at=world.at)
    world.later(days=2)

    for client, invitation in ((acorn, world.invitation(silent, "acorn")), (beech, ended)):
        said = text_of(client.get(at(invitation)))
        assert "This invitation is closed." in said
        assert "hours" not in said
        assert "Hill" not in said
        assert "withdrawn" not in said
        assert "closed" in text_of(client.get("/provider"))


def test_a_scheduler_sees_no_price(world, signed_in):
    package = world.started()
    scheduler = signed_in(world.user("sam", "scheduler", branch=world.branch("acorn")))
    invitation = world.invitation(package, "acorn")
    world.answer(package, "acorn")
    pages = ["/provider", at(invitation), at(invitation, "/answer")]
    world.confirm(package)
    call_off = package.call_offs.get()
    pages += ["/provider/packages", f"/provider/packages/{call_off.token}"]

    for page in pages:
        found = scheduler.get(page)
        assert found.status_code in (200, 302)
        assert "£" not in found.content.decode(), page


def test_words_that_may_name_the_person_are_marked_and_nothing_is_sent(world, acorn):
    invitation = world.invitation(world.started(), "acorn")
    typed = {"answer": "accept", "message": "Is this Mrs Smith of LS1 4AB?"}

    refused = acorn.post(at(invitation, "/answer"), typed)

    assert b"<mark>Mrs Smith</mark>" in refused.content
    assert b"<mark>LS1 4AB</mark>" in refused.content
    assert not Offer.objects.exists()
    assert b"Is this Mrs Smith" in refused.content
    # A guess at the person's own name is neither marked nor told apart from any other word.
    told = {"text": "Is it for ada, who lives there?"}
    ok(acorn.post(f"/provider/messages/{invitation.token}", told), f"/provider/messages/{invitation.token}")


def test_what_a_broker_recorded_is_shown_and_may_be_disputed_even_when_closed(world, acorn):
    package = world.started()
    invitation = world.invitation(package, "acorn")
    record_answer(
        invitation=invitation,
        answer=Answer("decline", reason="skills"),
        received_at=world.at,
        channel="phone",
        answered_by="Pat",
        words="We cannot.",
        by=world.broker,
        at=world.at,
    )
    offer = Offer.objects.get()
    where = at(invitation, f"/dispute/{offer.receipt}")

    assert "said by Pat: “We cannot.”" in text_of(acorn.get(at(invitation)))
    ok(acorn.post(where, {"words": "We said yes."}), at(invitation))

    assert "You dispute it: “We said yes.”" in text_of(acorn.get(at(invitation)))
    assert acorn.get(where).status_code == 404
    offer.refresh_from_db()
    assert offer.disputed_at is not None


def test_branches_and_councils_of_one_user_are_named_and_chosen(world, acorn, signed_in):
    user = world.manager("acorn")
    branch = world.branch("beech")
    RoleHeld.objects.create(
        user=user, role="scheduler", branch_id=branch.pk, from_on=world.at.date(), granted_at=world.at
    )
    world.started()

    every = text_of(acorn.get("/provider"))
    assert "acorn Care" in every
    assert "beech Care" in every
    assert "2 invitations need an answer" in every
    # In the one she is the manager and sees the price, in the other a scheduler and does not.
    assert "£15.00" in every
    assert "£16.00" not in every
    one = text_of(acorn.get(f"/provider?branch={branch.token}"))
    assert "1 invitation needs an answer" in one
    assert "£" not in one


def test_home_asks_the_database_as_often_for_thirty_as_for_three(world, acorn, django_assert_max_num_queries):
    for _ in range(3):
        world.started(visits=EVERY_MORNING[:1])
    acorn.get("/provider")
    with django_assert_max_num_queries(20) as few:
        acorn.get("/provider")
    for _ in range(27):
        world.started(visits=EVERY_MORNING[:1])
    with django_assert_max_num_queries(len(few)):
        acorn.get("/provider")


def test_the_whole_journey_weighs_no_more_than_150_kilobytes(make_world, signed_in):
    """Home, answer and thanks with an empty cache, without scripts and without compression: 28 visits, all movable."""
    world = make_world(ask="all_then_rank", more=MOVABLE)
    client = signed_in(world.manager("acorn"))
    times = (450, 735, 1020, 1215)
    invitation = world.invitation(
        world.started(visits=[Visit(d, start, 30) for d in range(7) for start in times]), "acorn"
    )

    pages = [client.get("/provider"), client.get(at(invitation, "/answer"))]
    client.post(at(invitation, "/answer"), {"answer": "accept"})
    pages.append(client.get(at(invitation, "/thanks")))
    styles = {one for page in pages for one in re.findall(r'href="/static/([a-z/.]+)"', page.content.decode())}
    files = [Path(str(finders.find(name))) for name in styles if not name.endswith(".js")]

    assert sum(len(page.content) for page in pages) + sum(one.stat().st_size for one in files) < 150_000


def test_a_prime_provider_names_one_of_its_approved_subcontractors(world, acorn, monkeypatch):
    package = world.started()
    invitation = world.invitation(package, "acorn")
    named = Enrolment.objects.get(reference="beech")
    monkeypatch.setattr(asked, "subcontractors", lambda one: ((named.token, named.reference, named.branch.name),))
    where = at(invitation, "/answer")

    said = text_of(acorn.get(where))
    assert "name one of your approved subcontractors" in said
    assert "delivers it? (optional)" not in said
    assert "Choose the subcontractor" in text_of(acorn.post(where, {"answer": "accept"}))
    ok(acorn.post(where, {"answer": "accept", "delivered_by": named.token}), at(invitation, "/thanks"))

    assert '"delivered_by": "beech"' in Offer.objects.get().facts
