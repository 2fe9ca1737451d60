"""Asking for support, step by step, and deciding on it, as the people of a council see it."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from asking import LIMITS, WEEK, begun, council_that_asks, errors_of, needs, ok, sent, someone, text_of, written
from django.utils import timezone
from world import EVERY_MORNING, World

from calloff.domain.packages import Visit
from calloff.web.audit.models import Event, Look
from calloff.web.audit.services import faults_in_chain
from calloff.web.brokerage.models import CallOff, Package, Person, Request, SavedForm
from calloff.web.brokerage.services.desk import facts_of
from calloff.web.brokerage.services.requests import raise_request
from calloff.web.brokerage.services.wanted import Wanted, wanted_of
from calloff.web.contracts.models import ModelVersion
from calloff.web.jobs.models import Notice

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
def approver(world, signed_in):
    return signed_in(world.approver)


@pytest.fixture
def hub(world, signed_in):
    return signed_in(world.user("hub", "discharge_hub"))


# -- from a name to a package


def test_a_request_from_the_person_to_the_package(world, assessor, approver):
    where = ok(assessor.post("/people/add", someone(world)))
    person = Person.objects.get(name="Bea Sample")
    assert where == f"/people/{person.reference}"
    assert "Bea Sample" in text_of(assessor.get(where))
    reference = written(world, assessor, person=person)
    text = text_of(assessor.get(f"/requests/{reference}/check"))
    assert "3.5 hours a week" in text
    assert "Help with medicines" in text

    ok(assessor.post(f"/requests/{reference}/check"), f"/requests/{reference}")
    assert "waiting for approval" in text_of(assessor.get(f"/requests/{reference}"))
    assert list(Notice.objects.filter(kind="approval_waits").values_list("user__name", flat=True)) == ["approver"]

    assert reference in text_of(approver.get("/requests"))
    text = text_of(approver.get(f"/requests/{reference}/approval"))
    assert "£52.50 to £56.00 a week" in text
    assert "2 providers pass the gates today" in text
    assert "up to £500.00 a week" in text
    assert "assumed an example" in text
    ok(
        approver.post(f"/requests/{reference}/approval", {"decision": "approve", "most": "56.00"}),
        f"/requests/{reference}",
    )

    package = Package.objects.get()
    assert (package.person, package.price_ceiling_pence, package.minutes_per_week) == (person, 5600, 210)
    assert facts_of(package).needs == {"medication"}
    assert "looking for a provider" in text_of(assessor.get(f"/requests/{reference}"))
    assert list(Notice.objects.filter(kind="request_decided").values_list("user__name", flat=True)) == ["assessor"]
    assert list(faults_in_chain(world.council.pk)) == []


def test_rows_are_added_and_taken_out_without_a_script(world, assessor):
    reference = begun(world, assessor)
    at = f"/requests/{reference}/week"

    ok(assessor.post(at, WEEK | {"act": "add"}), f"{at}#visit-2")
    page = assessor.get(at).content.decode()
    assert 'name="start_2"' in page
    assert page.count('<option value="30" selected>30 minutes</option>') == 2
    assert 'value="8:00"' in page

    two = WEEK | {"rows": "2", "days_2": ["0", "6"], "start_2": "19.30", "minutes_2": "45", "workers_2": "2"}
    ok(assessor.post(at, two | {"act": "show"}), f"{at}#the-week")
    text = text_of(assessor.get(at))
    assert "6.5 hours a week" in text
    assert "9 visits, 6.5 hours a week. 2 need two workers." in text

    ok(assessor.post(at, two | {"act": "take_out_1"}), f"{at}#visits")
    typed = json.loads(Request.objects.get(reference=reference).form)["week"]
    assert (typed["rows"], typed["start_1"], typed["days_1"]) == (["1"], ["19.30"], ["0", "6"])
    assert "start_2" not in typed


def test_a_window_and_a_time_critical_visit(world, assessor):
    week = WEEK | {
        "rows": "2",
        "until_1": "10:00",
        "days_2": ["0"],
        "start_2": "18:00",
        "minutes_2": "30",
        "workers_2": "1",
        "critical_2": "on",
        "tasks_2": ["medicines"],
    }

    wanted = wanted_of(sent(world, assessor, week))

    assert [(line.start_minute, line.until_minute, line.critical) for line in wanted.lines] == [
        (480, 600, False),
        (1080, 0, True),
    ]
    assert sum(visit.critical for visit in wanted.visits) == 1
    assert wanted.tasks == {"washing", "dressing", "medicines"}


def test_two_workers_need_a_provider_who_sends_two(world, assessor):
    wanted = wanted_of(sent(world, assessor, WEEK | {"workers_1": "2"}))

    assert "double_handed" in wanted.needs
    assert wanted.minutes_per_week == 420


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"days_1": []}, "id_days_1", "Tick the days of visit 1"),
        ({"start_1": ""}, "id_start_1", "Enter the time of visit 1"),
        ({"start_1": "25:00"}, "id_start_1", "The start of visit 1 must be a time, such as 7:30"),
        ({"until_1": "late"}, "id_until_1", "The latest start of visit 1 must be a time"),
        ({"until_1": "7:00"}, "id_until_1", "The latest start of visit 1 must be after the first"),
        (
            {"until_1": "9:00", "critical_1": "on"},
            "id_until_1",
            "Visit 1 is time-critical: enter one time only",
        ),
        ({"days_1": [], "start_1": "", "tasks_1": []}, "id_days_1", "Enter at least one visit: tick its days"),
        ({"minutes_1": "15", "tasks_1": []}, "id_short_visit_reason", "Say why a visit is shorter than 30 minutes"),
        (
            {"minutes_1": "15", "tasks_1": []},
            "id_short_visits_agreed",
            "Confirm that the person agreed to visits shorter than 30 minutes",
        ),
        (
            {"minutes_1": "15", "short_visit_reason": "Tablets only", "short_visits_agreed": "on"},
            "id_short_visit_warning_seen",
            "Tick that you have seen the warning about short visits",
        ),
    ],
)
def test_each_error_of_the_week_is_said_and_what_was_typed_stays(world, assessor, changes, field, message):
    reference = begun(world, assessor)
    answer = assessor.post(f"/requests/{reference}/week", WEEK | changes)

    assert (field, message) in errors_of(answer)
    page = answer.content.decode()
    for name, value in (WEEK | changes).items():
        if isinstance(value, str) and value and name not in ("rows",) and value != "on":
            assert value in page, name
    assert json.loads(Request.objects.get(reference=reference).form)["week"]["rows"] == ["1"]


def test_a_short_visit_for_washing_must_be_seen_and_then_goes(world, assessor, approver):
    hurried = WEEK | {"minutes_1": "15", "short_visit_reason": "Only a wash", "short_visits_agreed": "on"}
    reference = begun(world, assessor)
    answer = assessor.post(f"/requests/{reference}/week", hurried)
    assert "A visit shorter than 30 minutes is asked for washing and dressing" in text_of(answer)

    request = sent(world, assessor, hurried | {"short_visit_warning_seen": "on"})

    at = f"/requests/{request.reference}/approval"
    assert "that is rarely enough time" in text_of(approver.get(at))
    answer = approver.post(at, {"decision": "approve", "most": "50"})
    assert errors_of(answer) == [("id_seen", "Tick that you have seen the warnings")]
    ok(approver.post(at, {"decision": "approve", "most": "50", "seen": "on"}))


def test_a_short_visit_for_a_tablet_beside_a_long_one_for_washing_brings_no_warning(world, assessor):
    week = WEEK | {
        "rows": "2",
        "days_2": ["0"],
        "start_2": "12:00",
        "minutes_2": "15",
        "workers_2": "1",
        "tasks_2": ["medicines"],
        "short_visit_reason": "One tablet",
        "short_visits_agreed": "on",
    }

    assert wanted_of(sent(world, assessor, week)).hurried_tasks == ()


def test_visits_close_together_bring_a_warning_and_no_refusal(world, assessor):
    near = WEEK | {"rows": "2", "days_2": ["0"], "start_2": "10:00", "minutes_2": "30", "workers_2": "1"}

    reference = written(world, assessor, near)

    warning = "Two visits of one day are 90 minutes apart; usual is 2 hours at least (assumed)."
    assert warning in text_of(assessor.get(f"/requests/{reference}/week"))
    assert warning in text_of(assessor.get(f"/requests/{reference}/check"))
    ok(assessor.post(f"/requests/{reference}/check"))


NAMED = "Take out what may say who the person is: "


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"required_start_on_day": ""}, "id_required_start_on_day", "The date must include a day"),
        ({"required_start_on_year": "2020"}, "id_required_start_on_day", "The start must be today or later"),
        ({"required_start_on_year": "2030"}, "id_required_start_on_day", "The start must be within a year"),
        ({"priority": ""}, "id_priority", "Answer “Why now?”"),
        ({"care_type": ""}, "id_care_type", "Choose kind of care"),
        (
            {"client_group": "cats"},
            "id_client_group",
            "Select a valid choice. cats is not one of the available choices",
        ),
        ({"outcomes": ""}, "id_outcomes", "Answer “What should the care achieve?”"),
        ({"outcomes": "Ada walks again"}, "id_outcomes", NAMED + "Ada"),
        ({"outcomes": "Ring Mrs Jones on 01632 960001"}, "id_outcomes", NAMED + "Mrs Jones, 01632 960001"),
        ({"preferences": "Lives at ZZ9 9ZZ"}, "id_preferences", NAMED + "ZZ9 9ZZ"),
        ({"chosen_provider": "token"}, "id_choice_words", "Write who chose the provider, and in what words"),
        ({"excluded_1": "token"}, "id_why_1", "Choose why provider 1 is not to be asked"),
        ({"why_1": "other"}, "id_excluded_1", "Choose provider 1, or no reason"),
        (
            {"chosen_provider": "token", "choice_words": "Her son", "excluded_1": "token", "why_1": "other"},
            "id_excluded_1",
            "This provider is the one that was chosen",
        ),
    ],
)
def test_each_error_of_the_needs_is_said_and_what_was_typed_stays(world, assessor, changes, field, message):
    reference = begun(world, assessor)
    token = world.branch("acorn").token
    changes = {name: token if value == "token" else value for name, value in changes.items()}

    answer = assessor.post(f"/requests/{reference}/needs", needs(world, **changes))

    assert (field, message) in errors_of(answer)
    assert "Likes a quiet start." in answer.content.decode() or "preferences" in changes


def test_choice_and_exclusions_reach_the_kernel(world, assessor):
    acorn, beech = world.branch("acorn"), world.branch("beech")
    request = sent(
        world,
        assessor,
        chosen_provider=beech.token,
        choice_words="She said: beech, please.",
        excluded_1=acorn.token,
        why_1="earlier_breakdown",
    )

    wanted = wanted_of(request)

    assert (wanted.chosen_provider, wanted.exclusions) == ("beech", {"acorn"})
    assert wanted.exclusion_reasons == (("acorn", "earlier_breakdown"),)
    assert "acorn Care (their care broke down before)" in text_of(assessor.get(f"/requests/{request.reference}"))


def test_a_further_provider_not_to_be_asked_without_a_script(world, assessor):
    reference = begun(world, assessor)
    at = f"/requests/{reference}/needs"

    ok(assessor.post(at, needs(world, act="add")), f"{at}#exclusion-2")

    assert 'name="excluded_2"' in assessor.get(at).content.decode()


def test_sending_too_early_says_what_is_missing_and_keeps_all(world, assessor):
    reference = begun(world, assessor)

    text = text_of(assessor.post(f"/requests/{reference}/check"))

    assert "The request cannot go yet. Everything is kept." in text
    assert "Enter at least one visit" in text
    assert Request.objects.get().state == Request.DRAFT


# -- drafts


def test_what_is_typed_is_kept_and_stands_there_again_after_signing_in(world, assessor, signed_in):
    reference = begun(world, assessor)
    at = f"/requests/{reference}/week"
    world.later(minutes=1)

    answer = assessor.post(f"/drafts-of-forms/request_week/{reference}", WEEK | {"start_1": "9:4"})
    assert answer.status_code == 204
    assessor.logout()
    assert assessor.get(at).status_code == 302
    page = signed_in(world.assessor).get(at)

    assert 'value="9:4"' in page.content.decode()
    assert "What you had typed until today, 09:01 stands here again." in text_of(page)


def test_an_older_draft_gives_way_to_what_was_sent(world, assessor):
    reference = begun(world, assessor)
    world.later(minutes=1)
    assessor.post(f"/drafts-of-forms/request_week/{reference}", WEEK | {"start_1": "11:11"})
    world.later(minutes=1)
    ok(assessor.post(f"/requests/{reference}/week", WEEK))

    assert "11:11" not in assessor.get(f"/requests/{reference}/week").content.decode()
    assert not SavedForm.objects.exists()


def test_a_draft_is_its_writers_alone(world, assessor, approver, signed_in):
    reference = begun(world, assessor)
    other = signed_in(world.user("second", "assessor"))

    for client in (other, approver):
        assert client.get(f"/requests/{reference}").status_code in (403, 404)
        assert client.get(f"/requests/{reference}/week").status_code in (403, 404)
        assert client.post(f"/drafts-of-forms/request_week/{reference}", WEEK).status_code in (403, 404)
    assert reference not in text_of(approver.get("/requests"))
    assert assessor.post(f"/drafts-of-forms/other/{reference}", WEEK).status_code == 404


def test_too_much_is_not_kept(world, assessor):
    reference = begun(world, assessor)

    answer = assessor.post(f"/drafts-of-forms/request_week/{reference}", {"x": "y" * 70_000})

    assert answer.status_code == 413


def test_a_draft_that_was_sent_in_another_window_is_not_changed(world, assessor):
    reference = written(world, assessor)
    ok(assessor.post(f"/requests/{reference}/check"))

    assert assessor.post(f"/requests/{reference}/week", WEEK).status_code == 404
    assert assessor.post(f"/requests/{reference}/check").status_code == 404
    assert Event.objects.filter(kind="request_raised").count() == 1


def test_save_for_later_then_my_list(world, assessor):
    reference = begun(world, assessor)

    ok(assessor.post(f"/requests/{reference}/week", WEEK | {"start_1": "", "act": "later"}), "/requests")

    text = text_of(assessor.get("/requests"))
    assert f"{reference}" in text
    assert "draft" in text
    assert "Ada Example" in text


def test_take_back_and_copy(world, assessor):
    request = sent(world, assessor)

    ok(assessor.post(f"/requests/{request.reference}/take-back"), "/requests")
    request.refresh_from_db()
    assert request.state == Request.WITHDRAWN
    where = ok(assessor.post(f"/requests/{request.reference}/copy"))
    copied = Request.objects.exclude(pk=request.pk).get()

    assert where == f"/requests/{copied.reference}/week"
    assert 'value="08:00"' in assessor.get(where).content.decode()
    typed = json.loads(copied.form)["needs"]
    assert typed["outcomes"] == ["Stay at home and get dressed every day."]
    assert "required_start_on_day" not in typed


def test_a_draft_that_was_thrown_away_is_nowhere_any_more(world, assessor):
    reference = begun(world, assessor)
    assert "Throw this draft away" in text_of(assessor.get(f"/requests/{reference}/week"))

    ok(assessor.post(f"/requests/{reference}/take-back"), "/requests")

    assert reference not in text_of(assessor.get("/requests"))
    assert reference not in text_of(assessor.get(f"/people/{world.person().reference}"))
    assert assessor.get(f"/requests/{reference}").status_code == 404
    assert assessor.get(f"/requests/{reference}/week").status_code == 404
    assert assessor.post(f"/requests/{reference}/copy").status_code == 404


def test_what_was_decided_is_not_taken_back(world, assessor, approver):
    request = sent(world, assessor)
    approver.post(f"/requests/{request.reference}/approval", {"decision": "approve", "most": "60"})

    assessor.post(f"/requests/{request.reference}/take-back")

    request.refresh_from_db()
    assert request.state == Request.APPROVED


# -- approval


def test_a_refusal_needs_a_reason_which_goes_back(world, assessor, approver):
    request = sent(world, assessor)
    at = f"/requests/{request.reference}/approval"

    assert errors_of(approver.post(at, {"decision": "refuse"})) == [("id_reason", "Write why")]
    ok(approver.post(at, {"decision": "refuse", "reason": "Ask reablement first."}), "/requests")

    assert "Ask reablement first." in text_of(assessor.get(f"/requests/{request.reference}"))


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({}, ("id_decision", "Choose whether you approve it")),
        ({"decision": "approve"}, ("id_most", "Enter the greatest weekly cost")),
        ({"decision": "approve", "most": "a lot"}, ("id_most", "Enter an amount in pounds, such as 271.60")),
    ],
)
def test_each_error_of_the_decision(world, assessor, approver, typed, error):
    request = sent(world, assessor)

    assert errors_of(approver.post(f"/requests/{request.reference}/approval", typed)) == [error]


def test_above_the_limit_it_says_who_may(world, assessor, approver):
    request = sent(world, assessor)
    head = world.user("head", "approver")
    world.council.limits = json.dumps(LIMITS | {"commissioner": {"pence_per_week": 90_000}})
    world.council.save()
    from calloff.web.accounts.models import RoleHeld

    RoleHeld.objects.create(
        user=head, role="commissioner", council_id=world.council.pk, from_on=world.at.date(), granted_at=world.at
    )

    answer = approver.post(f"/requests/{request.reference}/approval", {"decision": "approve", "most": "600"})

    text = text_of(answer)
    assert "You may approve up to £500.00 a week; this needs somebody with a higher limit." in text
    assert "Head, up to £900.00 a week" in text
    assert 'value="600"' in answer.content.decode()
    assert Request.objects.get().state == Request.WAITING


def test_nobody_decides_on_their_own_request_under_any_account(world, assessor, signed_in):
    request = sent(world, assessor)
    twin = signed_in(world.user("twin", "approver", identity=world.assessor.identity))
    at = f"/requests/{request.reference}/approval"

    assert "You asked for this yourself, so somebody else decides." in text_of(twin.get(at))
    for typed in ({"decision": "approve", "most": "60"}, {"decision": "refuse", "reason": "No"}):
        twin.post(at, typed)
        request.refresh_from_db()
        assert request.state == Request.WAITING
    assert "Nobody approves what they asked for themselves" in text_of(
        twin.post(at, {"decision": "approve", "most": "60"})
    )


def test_no_model_is_said_plainly_and_nothing_is_half_done(world, assessor, approver):
    request = sent(world, assessor)
    ModelVersion.objects.all().update(starts_on=world.at.date() + timedelta(days=900))
    at = f"/requests/{request.reference}/approval"
    plain = "No purchasing model that is in force covers this request"

    assert plain in text_of(approver.get(at))
    assert plain in text_of(approver.post(at, {"decision": "approve", "most": "60"}))

    request.refresh_from_db()
    assert (request.state, Package.objects.count()) == (Request.WAITING, 0)


def test_several_models_are_said_plainly(world, assessor, approver):
    from small_market import framework

    from calloff.web.contracts.services.publishing import publish, texts_of

    request = sent(world, assessor)
    other = framework("other", "2020-01-01", "2030-12-31")
    publish(council=world.council, texts=texts_of(other), starts_on=world.at.date(), at=world.at)

    text = text_of(approver.post(f"/requests/{request.reference}/approval", {"decision": "approve", "most": "60"}))

    assert "More than one purchasing model covers this request" in text
    assert (Request.objects.get().state, Package.objects.count()) == (Request.WAITING, 0)


def test_two_approvers_and_the_second_is_told_who_was_first(world, assessor, approver):
    request = sent(world, assessor)
    at = f"/requests/{request.reference}/approval"
    approver.post(at, {"decision": "approve", "most": "60"})

    ok(approver.post(at, {"decision": "refuse", "reason": "No"}), f"/requests/{request.reference}")
    assert Request.objects.get().state == Request.APPROVED


# -- the hub


def test_the_hub_asks_with_priority_two_and_sees_how_far_it_is_and_no_more(world, hub, approver, signed_in):
    person = world.person()
    reference = begun(world, hub, person)
    assert 'name="priority"' not in hub.get(f"/requests/{reference}/needs").content.decode()
    ok(hub.post(f"/requests/{reference}/week", WEEK))
    ok(hub.post(f"/requests/{reference}/needs", needs(world, priority="1")))
    ok(hub.post(f"/requests/{reference}/check"))
    request = Request.objects.get()
    assert (request.priority, request.from_hub) == (2, True)

    assert "waiting for approval" in text_of(hub.get("/requests"))
    ok(approver.post(f"/requests/{reference}/approval", {"decision": "approve", "most": "77.77"}))
    assert "looking for a provider" in text_of(hub.get("/requests"))
    package = Package.objects.get()
    from calloff.web.brokerage.services.sourcing import start_step

    start_step(package=package, by=world.broker, at=world.at)
    world.answer(package, "acorn")
    assert "looking for a provider" in text_of(hub.get(f"/requests/{reference}"))
    world.confirm(package)
    text = text_of(hub.get(f"/requests/{reference}"))
    assert "found, starts on Monday 30 November" in text
    for secret in ("£", "acorn", "Acorn", "77.77"):
        assert secret not in text
    assert hub.get(f"/packages/{package.token}").status_code == 403
    assert hub.get(f"/requests/{reference}/approval").status_code == 403
    # A colleague of the hub sees it too; an assessor does not.
    assert reference in text_of(signed_in(world.user("night", "discharge_hub")).get("/requests?tab=hub"))
    assert signed_in(world.assessor).get(f"/requests/{reference}").status_code == 404


def test_the_hub_does_not_see_what_others_asked_for(world, hub, assessor):
    request = sent(world, assessor)

    assert hub.get(f"/requests/{request.reference}").status_code == 404
    assert request.reference not in text_of(hub.get("/requests?tab=hub"))


# -- a change of need


@pytest.fixture
def care(world):
    package = world.started()
    world.answer(package, "acorn")
    world.confirm(package)
    return world.again(package)


def test_a_change_of_need_from_the_package_to_its_new_version(world, assessor, approver, care):
    text = text_of(assessor.get(f"/people/{care.person.reference}"))
    assert f"Care at home, {care.reference}" in text
    where = ok(assessor.post(f"/requests/change/{care.token}"))
    reference = where.split("/")[2]
    page = assessor.get(where)
    assert f"Change of package {care.reference}" in text_of(page)
    assert 'value="08:00"' in page.content.decode()
    more = WEEK | {"rows": "2", "days_2": ["0"], "start_2": "19:00", "minutes_2": "30", "workers_2": "1"}

    ok(assessor.post(where, more))
    ok(assessor.post(f"/requests/{reference}/needs", needs(world, priority="6")))
    text = text_of(assessor.get(f"/requests/{reference}/check"))
    assert "30 minutes a week more: 4.0 hours instead of 3.5." in text
    assert "This is not significantly different: at most 25 % of the hours last called off (3.5)" in text
    assert "assumed" in text
    assert "7 visits stay as they are." in text
    ok(assessor.post(f"/requests/{reference}/check"))

    assert "waits for approval" in text_of(assessor.get(f"/people/{care.person.reference}"))
    text = text_of(approver.get(f"/requests/{reference}/approval"))
    assert "Monday 19:00, 30 min" in text
    ok(approver.post(f"/requests/{reference}/approval", {"decision": "approve", "most": "90"}))

    care.refresh_from_db()
    assert (care.version, care.minutes_per_week, care.minutes_to_place) == (2, 240, 30)
    assert Package.objects.count() == 1
    assert CallOff.objects.get().ended_on is None
    assert "found in part, looking for the rest" in text_of(assessor.get(f"/requests/{reference}"))
    assert list(faults_in_chain(world.council.pk)) == []


def test_a_pending_change_shows_on_the_package(world, assessor, signed_in, care):
    request = raise_request(
        council=world.council,
        person=care.person,
        wanted=Wanted((*EVERY_MORNING, Visit(0, 1140, 30)), world.at.date(), 6),
        by=world.assessor,
        at=world.at,
        changes=care,
    )

    text = text_of(signed_in(world.broker).get(f"/packages/{care.token}"))

    assert f"A change of need, {request.reference}, waits for approval" in text
    assert assessor.post(f"/requests/change/{care.token}")["Location"] == f"/people/{care.person.reference}"


def test_a_change_above_the_limit_or_of_ones_own_changes_nothing(world, assessor, approver, care):
    request = raise_request(
        council=world.council,
        person=care.person,
        wanted=Wanted((*EVERY_MORNING, Visit(0, 1140, 30)), world.at.date(), 6),
        by=world.assessor,
        at=world.at,
        changes=care,
    )

    text = text_of(approver.post(f"/requests/{request.reference}/approval", {"decision": "approve", "most": "501"}))

    assert "You may approve up to £500.00" in text
    care.refresh_from_db()
    assert care.version == 1


# -- other councils, lists


def test_another_council_sees_nothing(world, assessor, signed_in):
    request = sent(world, assessor)
    from calloff.web.accounts.models import Identity, RoleHeld, User
    from calloff.web.directory.models import Council

    other = Council.objects.create(code="other", name="Other", nation="england", seed="s")
    for role in ("assessor", "approver", "discharge_hub"):
        user = User.objects.create(name=f"far-{role}", identity=Identity.objects.create(name=role, email="x@y.zz"))
        RoleHeld.objects.create(user=user, role=role, council_id=other.pk, from_on=world.at.date(), granted_at=world.at)
        client = signed_in(user)
        for place in (f"/requests/{request.reference}", f"/people/{request.person.reference}"):
            assert client.get(place).status_code in (403, 404)
        for place in (
            f"/requests/begin/{request.person.reference}",
            f"/requests/{request.reference}/copy",
            f"/requests/{request.reference}/take-back",
            f"/requests/{request.reference}/approval",
        ):
            assert client.post(place, {"decision": "refuse", "reason": "x"}).status_code in (403, 404)
        assert request.reference not in text_of(client.get("/requests"))


@pytest.mark.parametrize("tab", ["mine", "waiting", "all"])
def test_lists_take_as_many_queries_for_ten_times_the_rows(world, signed_in, tab, django_assert_max_num_queries):
    both = world.user("both", "assessor")
    from calloff.web.accounts.models import RoleHeld

    RoleHeld.objects.create(
        user=both, role="approver", council_id=world.council.pk, from_on=world.at.date(), granted_at=world.at
    )
    client = signed_in(both)
    counts = []
    for _ in range(2):
        for _row in range(3 if not counts else 27):
            wanted = Wanted(EVERY_MORNING, (world.at + timedelta(days=7)).date(), 5)
            raise_request(council=world.council, person=world.person(), wanted=wanted, by=both, at=world.at)
        with django_assert_max_num_queries(40) as counted:
            client.get(f"/requests?tab={tab}")
        counts.append(len(counted))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_list_as_a_file_names_nobody(world, assessor, kind):
    request = sent(world, assessor)

    answer = assessor.get(f"/requests.{kind}?tab=mine")

    content = b"".join(answer.streaming_content)
    assert answer.status_code == 200
    assert b"Ada" not in content
    if kind == "csv":
        assert request.reference in content.decode()


def test_each_look_at_somebody_is_kept_and_no_address_or_title_names_them(world, assessor, approver):
    request = sent(world, assessor)
    Look.objects.all().delete()
    places = (
        (assessor, "/requests", "requests"),
        (assessor, f"/requests/{request.reference}", "request"),
        (assessor, f"/people/{request.person.reference}", "person"),
        (approver, f"/requests/{request.reference}/approval", "approval"),
    )
    for client, place, screen in places:
        page = client.get(place).content.decode()
        title = page[page.index("<title>") : page.index("</title>")]
        assert "Ada" not in title
        assert Look.objects.filter(screen=screen, about=request.person.reference).count() == 1
    found = assessor.post("/people", {"words": "ada exa"})
    assert "Ada Example" in text_of(found)
    assert Look.objects.filter(screen="people").count() == 1
