"""A package's page and every act on it, as the people of the council see them."""

from __future__ import annotations

import json
import re
from datetime import UTC, timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from django.core.mail import EmailMessage
from django.utils import timezone
from small_market import FRAMEWORK
from world import MONDAY, World, made_world

from calloff.documents.purchasing_models import parse
from calloff.domain.packages import Visit
from calloff.web.audit.models import Look
from calloff.web.brokerage.models import CallOff, Countersignature, Message, Note, Offer, Override, Package
from calloff.web.brokerage.services.confirming import proposal
from calloff.web.brokerage.services.handing_back import hand_back
from calloff.web.contracts.models import Enrolment, Pool
from calloff.web.contracts.services import market
from calloff.web.contracts.services.publishing import publish, texts_of
from calloff.web.jobs.models import Notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(monkeypatch, settings) -> World:
    # The world's clock runs for days within a test, and its council may have the number of another test's.
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


def at(package, rest=""):
    return f"/packages/{package.token}{rest}"


def text_of(answer):
    """What a page says, without its tags."""
    assert answer.status_code == 200, answer.status_code
    html = answer.content.decode()
    main = html[html.index("<main") : html.index("</main>")]
    plain = re.sub(r"<[^>]+>", " ", main)
    return re.sub(r"\s+", " ", plain).replace("&#x27;", "'").replace("&#39;", "'").replace("&quot;", '"')


def ok(answer, where):
    """The form was taken: the answer leads there."""
    if answer.status_code == 200:
        raise AssertionError(text_of(answer))
    assert (answer.status_code, answer["Location"]) == (302, where)


def day(world, name, days=0):
    on = (world.at + timedelta(days=days)).date()
    return {f"{name}_day": on.day, f"{name}_month": on.month, f"{name}_year": on.year}


def heard(world, answer="accept", **more):
    """The form of an answer that came at this moment."""
    clock = f"{world.at.astimezone(UTC):%H:%M}"
    told = {"answer": answer, "answered_by": "Pat", "channel": "phone", "received_time": clock, "words": "Yes."}
    return told | day(world, "received_on") | more


# -- the page


def test_before_anybody_is_asked_the_page_says_whom_the_model_asks_first(world, broker):
    package = world.package()

    text = text_of(broker.get(at(package)))

    assert "The model asks acorn Care first" in text
    assert "1. acorn Care first: the cheapest" in text
    assert "£52.50" in text
    assert "2. beech Care after acorn Care: £56.00 a week" in text
    assert "Ada Example, born 1 May 1940" in text
    assert list(Look.objects.values_list("about", "screen")) == [(package.person.reference, "package")]


def test_start_then_the_page_says_who_has_it_until_when_and_who_is_next(world, broker):
    package = world.package()

    ok(broker.post(at(package, "/start")), at(package))
    text = text_of(broker.get(at(package)))

    assert "Invitation 1 is with acorn Care until" in text
    assert "If acorn Care declines or is silent, the model asks beech Care next." in text
    assert re.search(r"2\. beech Care .* next", text)
    assert "acorn Care asked, to answer by" in text


def test_an_auditor_sees_no_name_and_no_button(world, signed_in):
    world.user("audit", "auditor")
    package = world.package()

    text = text_of(signed_in(world.users["audit"]).get(at(package)))

    assert "Ada" not in text
    assert "person, 80s, Hill" in text
    assert "Ask acorn" not in text
    assert not Look.objects.exists()


def test_who_may_not_see_the_queue_sees_no_package(world, signed_in):
    world.user("hub", "discharge_hub")

    assert signed_in(world.users["hub"]).get(at(world.package())).status_code == 403


def test_a_package_of_another_council_is_not_found(world, broker, add_user, signed_in):
    package = world.package()
    other = add_user("other", "broker", council_id=world.council.pk + 1)

    for rest in ("", "/confirm", "/records", "/replay", "/decisions.jsonl", "/sheet", "/hold"):
        assert signed_in(other).get(at(package, rest)).status_code == 404, rest


def test_passed_over_stands_apart_from_not_asked_with_the_figures(world, broker):
    world.provider("cedar", 14, minutes=20)
    world.provider("dear", 40)
    package = world.package()

    text = text_of(broker.get(at(package)))

    assert "Passed over for now: 1, no spare hours at 09:00" in text
    assert "cedar Care had spare hours for none of the 3.5 h a week" in text
    assert "Not asked: 1" in text
    assert "1: no price, or outside the limits" in text
    assert "Dear Care charges £40.00 an hour, and £30.00 is the most" in text


BROKEN = {
    "the server is away": ConnectionRefusedError("nobody listens"),
    "the server is silent": TimeoutError("no answer"),
    "the address is refused": SMTPRecipientsRefused({"x": (550, b"no such user")}),
    "the address cannot be written": UnicodeEncodeError("ascii", "x", 0, 1, "no"),
    "nobody took it": None,
}


@pytest.mark.parametrize("broken", BROKEN)
def test_an_e_mail_that_failed_stands_on_the_package_within_five_minutes_and_goes_out_later(
    world, broker, monkeypatch, broken
):
    def fails(self, fail_silently=False):
        if BROKEN[broken] is not None:
            raise BROKEN[broken]
        return 0

    monkeypatch.setattr(EmailMessage, "send", fails)
    world.manager("acorn")
    package = world.started()
    before = text_of(broker.get(at(package)))
    assert "did not arrive" not in before

    world.later(minutes=4)
    while world.work():
        continue
    assert "did not arrive: Manager-Acorn (manager-acorn@example.org)" in text_of(broker.get(at(package)))

    monkeypatch.setattr(EmailMessage, "send", lambda self, fail_silently=False: 1)
    world.later(minutes=4)
    world.work()
    assert "did not arrive" not in text_of(broker.get(at(package)))
    assert not Notice.objects.exclude(email_state=Notice.SENT).exists()


def test_an_e_mail_that_no_worker_took_up_stands_there_too(world, broker):
    world.manager("acorn")
    package = world.started()
    world.later(minutes=4, seconds=59)

    assert "did not arrive: Manager-Acorn" in text_of(broker.get(at(package)))


def test_each_notice_about_a_package_is_kept_with_it(world, broker):
    world.manager("acorn")
    package = world.started()
    world.answer(package, "acorn")
    world.confirm(package)

    assert set(Notice.objects.values_list("kind", flat=True)) >= {"invited", "called_off"}
    for one in Notice.objects.all():
        assert one.package == package.reference, one.kind


def test_the_page_takes_as_many_questions_for_many_providers(world, broker, django_assert_max_num_queries):
    package = world.started()
    broker.get(at(package))
    with django_assert_max_num_queries(70):
        broker.get(at(package))
    for number in range(20):
        world.provider(f"more{number}", 17)
    broker.get(at(package))
    with django_assert_max_num_queries(70):
        broker.get(at(package))


def test_who_was_asked_stays_in_the_order_when_its_hours_have_gone_to_others(world, broker):
    package = world.started()
    world.answer(package, "acorn", "decline", reason="location")
    world.work()
    Pool.objects.filter(enrolment__reference="acorn").update(declared=0)

    text = text_of(broker.get(at(package)))

    assert "1. acorn Care first: the cheapest £52.50 0.0 declined" in text
    assert "2. beech Care after acorn Care: £56.00 a week (£16.00 an hour) against £52.50" in text


# -- answers


def test_an_answer_heard_on_the_telephone_is_recorded(world, broker):
    package = world.started()
    url = at(package, f"/answers/{world.invitation(package, 'acorn').token}")
    assert "Record what acorn Care answered" in text_of(broker.get(url))

    ok(broker.post(url, heard(world)), at(package))

    offer = Offer.objects.get()
    assert (offer.answer, offer.channel, offer.answered_by, offer.recorded_by) == (
        "accept",
        "phone",
        "Pat",
        world.broker,
    )
    assert "Ready to call off: 3.5 hours a week to acorn Care at £52.50 a week." in text_of(broker.get(at(package)))


def test_a_part_ticks_visits_and_gives_other_times(world, broker):
    package = world.started()
    url = at(package, f"/answers/{world.invitation(package, 'acorn').token}")

    ok(broker.post(url, heard(world, "part", visit_0="on", visit_1="on", time_1="9.15")), at(package))

    told = json.loads(Offer.objects.get().facts)["visits"]
    assert [(one["day"], one["start_minute"]) for one in told] == [(0, 480), (1, 555)]


def test_a_no_needs_its_reason_and_what_was_typed_stays(world, broker):
    package = world.started()
    url = at(package, f"/answers/{world.invitation(package, 'acorn').token}")

    answer = broker.post(url, heard(world, "decline"))
    assert "Choose a reason for the no" in text_of(answer)
    assert 'value="Pat"' in answer.content.decode()
    ok(broker.post(url, heard(world, "decline", reason="no_capacity")), at(package))
    world.work()

    text = text_of(broker.get(at(package)))
    assert "acorn Care declined: it has no capacity at all." in text
    assert "Invitation 2 is with beech Care" in text


def late(world, package):
    """The address and form of an answer that came in time and is recorded a minute after the deadline."""
    invitation = world.invitation(package, "acorn")
    form = heard(world, late_reason="The telephone line was down", second="senior")
    world.at = invitation.deadline_at + timedelta(minutes=1)
    return at(package, f"/answers/{invitation.token}"), form


def test_a_late_answer_counts_only_when_the_second_person_has_agreed(world, broker, senior, signed_in):
    world.user("other", "senior_broker")
    package = world.started()
    url, form = late(world, package)

    assert "Choose the second person" in text_of(broker.post(url, form | {"second": ""}))
    ok(broker.post(url, form), at(package))
    assert not Offer.objects.exists()
    assert "put down a late answer of acorn Care. It counts once Senior agrees." in text_of(broker.get(at(package)))
    assert Notice.objects.filter(user=world.senior, kind="countersign").exists()

    assert broker.get(at(package, "/second")).status_code == 403
    text = text_of(signed_in(world.users["other"]).get(at(package, "/second")))
    assert "Senior was asked to agree." in text
    assert "Do you agree?" not in text
    assert "The telephone line was down" in text_of(senior.get(at(package, "/second")))
    ok(senior.post(at(package, "/second"), {"decision": "agree"}), at(package))

    offer = Offer.objects.get()
    assert offer.recorded_by == world.broker
    assert offer.second_identity == world.senior.identity_id
    assert world.again(package).next_action == "confirm"


def test_a_late_answer_can_be_refused_or_taken_back(world, broker, senior):
    package = world.started()
    url, form = late(world, package)
    ok(broker.post(url, form), at(package))

    ok(senior.post(at(package, "/second"), {"decision": "refuse"}), at(package))
    ok(broker.post(url, form), at(package))
    ok(broker.post(at(package, "/take-back")), at(package))

    assert list(Countersignature.objects.values_list("state", flat=True)) == ["refused", "refused"]
    assert not Offer.objects.exists()
    assert world.again(package).next_action != "second_override"


def test_once_the_next_step_is_open_a_late_answer_is_refused(world, broker, senior):
    package = world.started()
    url, form = late(world, package)
    world.work()

    assert "The next step is open already" in text_of(broker.post(url, form))


# -- the call-off


def test_the_call_off_reads_as_a_sentence_and_the_next_case_opens(world, broker):
    package, other = world.started(), world.package()
    Package.objects.filter(pk=other.pk).update(owner=world.broker)
    world.answer(package, "acorn")

    answer = broker.get(at(package, "/confirm"))
    text = text_of(answer)
    assert (
        f"Call off 3.5 hours a week for {package.reference} to acorn Care at £15.00 an hour, £52.50 a week, "
        "from Monday 30 November, 08:00, under framework of a made-up council."
    ) in text
    assert "acorn Care is number 1 in the model's order (first: the cheapest)." in text
    shown = re.search(r'name="decision" value="(\w+)"', answer.content.decode())[1]
    ok(broker.post(at(package, "/confirm"), {"decision": shown}), at(other))

    assert CallOff.objects.get().confirmed_by == world.broker
    assert "This is your next case." in text_of(broker.get(at(other)))


def test_after_a_decline_the_sentence_says_who_declined(world, broker):
    package = world.started()
    world.answer(package, "acorn", "decline", reason="no_capacity")
    world.work()
    world.answer(package, "beech")

    assert "beech Care is number 2 in the model's order" in text_of(broker.get(at(package, "/confirm")))
    assert "before it acorn Care declined or was silent." in text_of(broker.get(at(package, "/confirm")))


def test_a_proposal_that_changed_is_refused_and_shown_anew(world, broker):
    package = world.started()
    world.answer(package, "acorn")

    text = text_of(broker.post(at(package, "/confirm"), {"decision": "0" * 64}))

    assert "Something changed since you looked: it would now be called off to acorn Care at £52.50 a week" in text
    assert "Call off 3.5 hours a week" in text
    assert not CallOff.objects.exists()


def test_who_is_second_to_confirm_is_told_who_was_first(world, broker, senior):
    package = world.started()
    world.answer(package, "acorn")
    shown = proposal(world.again(package), world.at).hash
    broker.post(at(package, "/confirm"), {"decision": shown})

    answer = senior.post(at(package, "/confirm"), {"decision": shown}, follow=True)

    assert "Already called off to acorn Care by Broker" in text_of(answer)
    assert CallOff.objects.count() == 1


def test_above_the_ceiling_an_approver_with_the_limit_raises_it(world, broker, signed_in):
    limits = {"approver": {"pence_per_week": 6_000, "assumed": "no paper states it"}}
    world.council.limits = json.dumps(limits)
    world.council.save()
    package = world.started()
    Package.objects.filter(pk=package.pk).update(price_ceiling_pence=5_000)
    world.answer(package, "acorn")

    assert "above the price approved" in text_of(broker.get(at(package)))
    text = text_of(broker.get(at(package, "/confirm")))
    assert "The package would cost £52.50 a week; up to £50.00 is approved." in text
    assert "Approver, up to £60.00 a week assumed no paper states it" in text
    ok(broker.post(at(package, "/price/ask")), at(package))
    assert Notice.objects.filter(user=world.approver, link=at(package, "/price")).exists()

    approver = signed_in(world.approver)
    assert "You may approve up to £60.00 a week" in text_of(approver.get(at(package, "/price")))
    assert "needs somebody with a higher limit" in text_of(approver.post(at(package, "/price"), {"most": "60.01"}))
    ok(approver.post(at(package, "/price"), {"most": "52.50"}), at(package, "/price"))
    assert world.again(package).next_action == "confirm"
    assert broker.get(at(package, "/price")).status_code == 403


def test_every_page_that_names_the_person_notes_who_looked(world, broker):
    package = world.started()
    world.answer(package, "acorn")

    for rest in ("", "/sheet", "/confirm", "/note"):
        assert "Ada Example" in text_of(broker.get(at(package, rest))), rest

    screens = ["package", "package_sheet", "package_confirm", "package_note"]
    assert list(Look.objects.order_by("pk").values_list("screen", flat=True)) == screens


# -- two people


def test_an_override_is_asked_only_when_the_second_person_agrees(world, broker, senior):
    package = world.started()
    token = Enrolment.objects.get(reference="beech").token
    form = {"enrolment": token, "reason": "court_order", "words": "Order of 20 November"}

    ok(broker.post(at(package, "/override"), form), at(package))
    assert "Broker orders that beech Care be asked. A second person must agree." in text_of(broker.get(at(package)))
    assert "Order of 20 November" in text_of(senior.get(at(package, "/second")))
    ok(senior.post(at(package, "/second"), {"decision": "agree"}), at(package))

    assert Override.objects.get().decided_by == world.senior
    assert "Invitation 2 is with beech Care" in text_of(broker.get(at(package)))


def test_who_orders_cannot_agree(world, senior):
    package = world.started()
    token = Enrolment.objects.get(reference="beech").token
    ok(senior.post(at(package, "/override"), {"enrolment": token, "reason": "court_order", "words": "x"}), at(package))

    assert "You ordered this yourself" in text_of(senior.get(at(package, "/second")))
    assert "must be somebody else" in text_of(senior.post(at(package, "/second"), {"decision": "agree"}))
    ok(senior.post(at(package, "/take-back")), at(package))
    assert Override.objects.get().state == Override.REFUSED


def test_a_call_off_outside_the_model_counts_only_when_the_second_person_agrees(world, broker, senior):
    package = world.package()
    form = {
        "branch": world.branch("beech").token,
        "visits": [str(number) for number in range(7)],
        "price": "21.40",
        "made_time": "08:30",
        "made_by": "The night team",
        "reason": "emergency_at_night",
        "words": "Nobody answered",
        "second": "senior",
    }
    form |= day(world, "made_on") | day(world, "start_on")

    ok(broker.post(at(package, "/outside"), form), at(package))
    assert not CallOff.objects.exists()
    assert "put down a call-off outside the model" in text_of(broker.get(at(package)))
    text = text_of(senior.get(at(package, "/second")))
    assert "A call-off outside the model to beech Care" in text
    assert "£21.40" in text
    ok(senior.post(at(package, "/second"), {"decision": "agree"}), at(package))

    call_off = CallOff.objects.get()
    assert (call_off.on_framework, call_off.centipence_minutes, call_off.confirmed_by) == (
        False,
        214_000 * 210,
        world.broker,
    )
    assert call_off.second_identity == world.senior.identity_id
    assert "off framework" in text_of(broker.get(at(package)))


# -- sealed


SCORING = """
scoring:
  weights:
    price: {method: lowest_proportional, percent: 60}
    start: {method: none_beyond, days: 10, percent: 40}
  assumed: an example
"""


@pytest.fixture
def sealed(world):
    """The same council, which now decides by a competition on sealed answers."""
    text = FRAMEWORK.format(id="framework", first="2020-01-01", last="2030-12-31", rank_by="score", more=SCORING)
    document = parse([("framework.yaml", text.replace("ask: in_turn, ", "sealed: yes, "))])
    publish(council=world.council, texts=texts_of(document), starts_on=MONDAY.date(), at=MONDAY)
    return world


def test_before_the_deadline_of_a_sealed_step_nothing_tells_whether_anybody_answered(sealed, broker):
    package = sealed.package()
    assert "asks everybody of its step at once, sealed" in text_of(broker.get(at(package)))
    ok(broker.post(at(package, "/start")), at(package))
    broker.get(at(package))
    empty = text_of(broker.get(at(package)))
    sheet = text_of(broker.get(at(package, "/sheet")))
    sealed.answer(package, "acorn")
    sealed.answer(package, "beech", "decline", reason="no_capacity")
    sealed.work()

    assert text_of(broker.get(at(package))) == empty
    assert text_of(broker.get(at(package, "/sheet"))) == sheet
    assert "Invitations are out until" in empty
    assert "nobody at the council is shown what was answered" in empty
    assert "Record an answer" not in empty
    for rest in ("/records", "/replay", "/explanation", "/decisions.jsonl", "/records/1", "/records/1.json"):
        assert "This is kept by control of access" in text_of(broker.get(at(package, rest))), rest


def test_after_the_deadline_of_a_sealed_step_all_of_it_is_open(sealed, broker):
    package = sealed.started()
    sealed.answer(package, "acorn")
    sealed.answer(package, "beech", "decline", reason="no_capacity")
    sealed.at = sealed.invitation(package, "acorn").deadline_at + timedelta(seconds=1)
    sealed.work()

    text = text_of(broker.get(at(package)))
    assert "Ready to call off: 3.5 hours a week to acorn Care" in text
    assert "beech Care declined: it has no capacity at all." in text
    assert "acorn Care scored highest of the answers that were compared." in text_of(
        broker.get(at(package, "/confirm"))
    )
    sealed.confirm(package)
    assert "the same, byte for byte" in text_of(broker.get(at(package, "/replay")))
    assert "a score of" in text_of(broker.get(at(package, "/records/2")))


# -- everything else


def test_hold_and_end_of_hold(world, broker):
    package = world.started()
    form = {"reason": "family_asked", "review_time": "10:00"}

    assert "later than now" in text_of(broker.post(at(package, "/hold"), form | day(world, "review_on", -1)))
    ok(broker.post(at(package, "/hold"), form | day(world, "review_on", 2)), at(package))
    assert "On hold: the family asked for it. Look again: Wednesday 25 November, 10:00." in text_of(
        broker.get(at(package))
    )
    ok(broker.post(at(package, "/hold/end")), at(package))
    assert world.again(package).on_hold == ""


def test_withdraw(world, broker):
    package = world.started()

    ok(broker.post(at(package, "/withdraw"), {"reason": "moved", "words": "To Leeds"}), at(package))

    assert world.again(package).state == Package.WITHDRAWN
    text = text_of(broker.get(at(package)))
    assert "Nothing is to be done." in text
    assert "To Leeds" in text


def test_a_note_with_when_to_look_again(world, broker):
    package = world.package()

    assert "Enter both a day and a time, or neither" in text_of(
        broker.post(at(package, "/note"), {"text": "Rang the daughter", "next_time": "9"})
    )
    ok(
        broker.post(at(package, "/note"), {"text": "Rang the daughter", "next_time": "9"} | day(world, "next_on", 1)),
        at(package),
    )
    assert Note.objects.get().next_action_at is not None
    assert "Rang the daughter" in text_of(broker.get(at(package)))


def test_a_message_that_names_the_person_before_the_call_off_is_stopped_with_the_words_marked(world, broker):
    package = world.started()
    form = {"branch": world.branch("acorn").token, "text": "Mrs Example likes tea at seven"}

    answer = broker.post(at(package, "/message"), form)
    assert "<mark>Mrs Example</mark>" in answer.content.decode()
    assert not Message.objects.exists()
    ok(broker.post(at(package, "/message"), form | {"text": "Tea at seven, please"}), at(package))
    assert "Broker to acorn Care" in text_of(broker.get(at(package)))
    assert Notice.objects.filter(user=world.manager("acorn"), kind="message").count() == 0


STOPPED = (
    ("Ada likes tea at seven", "Ada"),
    ("Ring 07700 900123 after six", "07700 900123"),
    ("She lives at ZZ99 9ZZ", "ZZ99 9ZZ"),
)


@pytest.mark.parametrize(("text", "word"), STOPPED)
def test_a_note_that_names_the_person_before_the_call_off_is_stopped_with_the_words_marked(world, broker, text, word):
    package = world.started()

    for where, form in (
        ("/note", {"text": text}),
        ("/withdraw", {"reason": "moved", "words": text}),
        ("/give", {"packages": [package.token], "to": world.user("colleague", "broker").token, "note": text}),
    ):
        assert f"<mark>{word}</mark>" in broker.post(at(package, where), form).content.decode(), where
    assert not Note.objects.exists()
    assert world.again(package).state == package.state
    ok(broker.post(at(package, "/note"), {"text": "Rang about the tea"}), at(package))


def test_a_note_may_name_the_person_once_the_package_is_called_off(world, broker):
    package = world.started()
    world.answer(package, "acorn")
    world.confirm(package)

    ok(broker.post(at(package, "/note"), {"text": "Ada likes tea at seven"}), at(package))

    assert Note.objects.get().text == "Ada likes tea at seven"


def test_first_visit_bridge_handback_and_end(world, broker):
    package = world.started()
    world.answer(package, "acorn")
    world.confirm(package)
    call_off = CallOff.objects.get()

    ok(broker.post(at(package, "/bridge"), {"kind": "reablement"} | day(world, "from_on")), at(package))
    assert "Reablement team since today" in text_of(broker.get(at(package)))
    assert "cannot be before the call-off" in text_of(
        broker.post(at(package, f"/first-visit/{call_off.token}"), day(world, "first_visit_on", -3))
    )
    ok(broker.post(at(package, f"/first-visit/{call_off.token}"), day(world, "first_visit_on")), at(package))
    hand_back(
        call_off=call_off,
        last_day_on=(MONDAY + timedelta(days=20)).date(),
        reason="travel",
        words="Too far",
        by=world.manager("acorn"),
        at=world.at,
    )
    assert "acorn Care gives it back: the journey." in text_of(broker.get(at(package)))
    assert "Too far" in text_of(broker.get(at(package, f"/handback/{call_off.token}")))
    ok(broker.post(at(package, f"/handback/{call_off.token}"), {"agreed": "no"}), at(package))
    assert world.again(package).version == 2
    ok(broker.post(at(package, "/end"), {"reason": "moved"} | day(world, "last_day_on")), at(package))
    assert world.again(package).state == Package.ENDED


def test_records_replay_explanation_and_log(world, broker):
    package = world.started()
    world.provider("dear", 40)
    world.answer(package, "acorn")
    world.confirm(package)

    assert "Decision 2" in text_of(broker.get(at(package, "/records")))
    text = text_of(broker.get(at(package, "/records/1")))
    assert "Asked for all visits: acorn Care" in text
    assert "1 acorn Care £52.50 a week (£15.00 an hour)" in text
    text = text_of(broker.get(at(package, "/records/2")))
    assert "dear Care passed passed passed passed failed Dear Care charges £40.00 an hour" in text
    assert broker.get(at(package, "/records/3")).status_code == 404
    assert "2 decisions were worked out again just now from their stored facts: the same, byte for byte." in text_of(
        broker.get(at(package, "/replay"))
    )
    assert "Called off to acorn Care" in text_of(broker.get(at(package, "/explanation")))
    log = broker.get(at(package, "/decisions.jsonl"))
    assert f"{package.reference}-decisions.jsonl" in log["Content-Disposition"]
    assert log.content.decode().rstrip().endswith('"line":"end"}')
    assert json.loads(broker.get(at(package, "/records/2.json")).content)["result"]["kind"] == "call_off"


def test_the_sheet(world, broker):
    package = world.package(visits=tuple(Visit(day, 480, 30, 2) for day in range(7)))

    text = text_of(broker.get(at(package, "/sheet")))

    assert "keep it safe, and shred it afterwards" in text
    assert "7 visits with 2 workers" in text


def test_nothing_changes_by_looking_and_foreign_methods_are_refused(world, broker):
    package = world.package()

    assert broker.post(at(package)).status_code == 405
    for rest in ("/start", "/hold/end", "/take-back", "/price/ask"):
        assert broker.get(at(package, rest)).status_code == 405, rest
