"""The door of programs: a key and nothing else, ended at once, counted, and never written down."""

from __future__ import annotations

import logging
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from web.api.programs import API, Program, program_of, refused
from web.routes import routes

from calloff.web.accounts.models import RoleHeld
from calloff.web.accounts.services import deactivate, end_role
from calloff.web.api.models import Token
from calloff.web.api.services.tokens import TokenRefusedError, make_token, revoke_token
from calloff.web.api.views import schemas
from calloff.web.audit.models import Event
from calloff.web.audit.services import faults_in_chain

pytestmark = pytest.mark.django_db

ENDPOINTS = [
    ("GET", "/invitations"),
    ("GET", "/invitations/ABC"),
    ("POST", "/invitations/ABC/answer"),
    ("GET", "/changes"),
    ("GET", "/spare-minutes"),
    ("POST", "/spare-minutes/ABC"),
    ("GET", "/packages"),
    ("POST", "/visit-files"),
    ("GET", "/visit-files/ABC"),
]


def test_every_address_of_the_interface_is_tried_here():
    texts = {one.text.replace("<reference>", "ABC") for one in routes() if one.text.startswith("api/v1/")}
    assert texts == {f"api/v1{path}" for _method, path in ENDPOINTS} | {"api/v1/openapi.json"}


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_nobody_gets_in_without_a_key_that_counts(world, signed_in, method, path):
    browser = signed_in(world.manager("acorn"))
    key = program_of(world, "acorn").secret
    for client in (Client(), browser):
        for header in ("", "Basic abc", "Bearer", "Bearer ", "Bearer nothing", f"Bearer {key}x", f"Token {key}", "é"):
            headers = {"Authorization": header} if header else {}
            answer = client.generic(method, f"{API}{path}", headers=headers)
            refused(answer, 401, "no-key")
            assert answer["WWW-Authenticate"].startswith("Bearer")
            assert not answer.cookies
        refused(client.generic(method, f"{API}{path}?access_token={key}&key={key}"), 401, "no-key")


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_each_address_takes_its_method_alone(world, acorn, method, path):
    for other in {"GET", "POST", "PUT", "PATCH", "DELETE"} - {method}:
        answer = acorn.client.generic(other, f"{API}{path}", headers=acorn.headers)
        refused(answer, 405, "wrong-method")
        assert answer["Allow"] == method


def test_what_is_not_there_is_a_problem_too(world, acorn):
    for path in ("", "/", "/nothing", "/invitations/", "/docs"):
        refused(acorn.get(path) if path else acorn.client.get(f"{API}/"), 404, "not-found")


def test_a_cookie_neither_helps_nor_harms_nor_is_set(world, acorn, signed_in):
    other = signed_in(world.manager("beech"))
    mine = world.invitation(world.started(), "acorn").token

    answer = other.get(f"{API}/invitations", headers=acorn.headers)

    assert [one["id"] for one in answer.json()["items"]] == [mine]
    assert not answer.cookies
    half = Client()
    half.force_login(world.manager("acorn"))
    assert half.get(f"{API}/invitations", headers=acorn.headers).status_code == 200


def test_no_form_token_is_asked_for(world, acorn):
    strict = Client(enforce_csrf_checks=True)
    own = world.invitation(world.started(), "acorn").token
    answer = strict.post(
        f"{API}/invitations/{own}/answer",
        b'{"answer": "accept"}',
        content_type="application/json",
        headers=acorn.headers | {"Idempotency-Key": "one"},
    )
    assert answer.status_code == 201


def test_a_key_ends_at_once(world, acorn):
    token = Token.objects.get()
    assert acorn.get("/invitations").status_code == 200
    revoke_token(token=token, by=world.manager("acorn"), at=world.at)
    refused(acorn.get("/invitations"), 401, "no-key")
    with pytest.raises(TokenRefusedError):
        revoke_token(token=token, by=world.manager("acorn"), at=world.at)


def test_a_key_runs_out(world):
    short = program_of(world, "acorn", days=30)
    world.later(days=29, hours=23)
    assert short.get("/invitations").status_code == 200
    world.later(hours=1)
    refused(short.get("/invitations"), 401, "no-key")


def test_a_closed_account_or_an_ended_role_stops_its_keys_with_the_next_request(world, add_user):
    admin = world.user("admin")
    first, second, third = (program_of(world, "acorn"), program_of(world, "beech"), program_of(world, "beech"))
    assert {one.get("/packages").status_code for one in (first, second, third)} == {200}

    deactivate(user=world.manager("acorn"), by=admin, at=world.at)
    refused(first.get("/packages"), 401, "no-key")
    assert second.get("/packages").status_code == 200

    held = RoleHeld.objects.get(user=world.manager("beech"))
    end_role(held=held, last_on=(world.at - timedelta(days=1)).date(), by=admin, at=world.at)
    refused(second.get("/packages"), 401, "no-key")
    RoleHeld.objects.create(
        user=world.manager("beech"),
        role="scheduler",
        branch_id=world.branch("beech").pk,
        from_on=date(2020, 1, 1),
        granted_at=world.at,
    )
    refused(third.get("/packages"), 401, "no-key")


def test_a_role_in_another_branch_does_not_help(world, acorn):
    world.provider("cedar", 17)
    RoleHeld.objects.filter(user=world.manager("acorn")).update(branch_id=world.branch("cedar").pk)
    refused(acorn.get("/packages"), 401, "no-key")


def test_what_its_maker_may_not_do_a_key_may_not_either(world, acorn, monkeypatch):
    from calloff.web.api.views import door

    monkeypatch.setattr(door, "may", lambda token, permission, at: False)
    for method, path in ENDPOINTS:
        answer = acorn.get(path) if method == "GET" else acorn.post(path, BODIES[path.partition("/A")[0]])
        refused(answer, 403, "not-allowed")


BODIES = {
    "/invitations": {"answer": "accept"},
    "/spare-minutes": {"pools": [{"number": 0, "minutes_per_week": 1}]},
    "/visit-files": schemas.VisitsTold.model_config["json_schema_extra"]["examples"][0],
}


def test_a_key_has_120_requests_a_minute(world, acorn, beech):
    world.at = world.at.replace(second=12)
    Token.objects.filter(branch__reference="acorn").update(minute_at=world.at.replace(second=0), uses=118)
    assert [acorn.get("/packages").status_code for _ in range(2)] == [200, 200]

    answer = acorn.get("/packages")

    refused(answer, 429, "too-many")
    assert answer["Retry-After"] == "48"
    assert beech.get("/packages").status_code == 200
    world.later(seconds=48)
    assert acorn.get("/packages").status_code == 200
    assert Token.objects.get(branch__reference="acorn").used_at == world.at


def test_only_its_hash_is_kept_and_nothing_of_it_is_logged(world, caplog):
    caplog.set_level(logging.DEBUG)
    program = program_of(world, "acorn")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM api_token")
        kept = repr(cursor.fetchall())
    program.get("/invitations")
    program.post("/invitations/ABC/answer", {"answer": "accept"})
    Program(program.secret + "x").get("/invitations")

    assert program.secret.startswith("calloff_")
    assert program.secret not in kept
    assert program.secret[8:] not in caplog.text
    assert not Event.objects.filter(data__contains=program.secret[8:20]).exists()
    assert "user " in caplog.text


def test_making_and_ending_a_key_are_events_of_the_house(world):
    manager, branch = world.manager("acorn"), world.branch("acorn")
    token, _secret = make_token(branch=branch, name=" Rostering ", days=365, by=manager, at=world.at)
    revoke_token(token=token, by=manager, at=world.at)

    assert [(one.kind, one.by, one.about) for one in Event.objects.filter(council=0)] == [
        ("token_made", manager, f"token-{token.reference}"),
        ("token_revoked", manager, f"token-{token.reference}"),
    ]
    assert not list(faults_in_chain(0))
    assert token.name == "Rostering"


def test_who_may_make_a_key_and_for_how_long(world):
    manager, branch = world.manager("acorn"), world.branch("acorn")
    for by, where, name, days in (
        (manager, world.branch("beech"), "A", 30),
        (world.broker, branch, "A", 30),
        (manager, branch, " ", 30),
        (manager, branch, "A", 366),
        (manager, branch, "A", 0),
    ):
        with pytest.raises(TokenRefusedError):
            make_token(branch=where, name=name, days=days, by=by, at=world.at)
    token, _secret = make_token(branch=branch, name="A", days=30, by=manager, at=world.at)
    with pytest.raises(TokenRefusedError):
        revoke_token(token=token, by=world.manager("beech"), at=world.at)


# The pages


def test_a_manager_makes_sees_and_ends_a_key(world, signed_in):
    browser = signed_in(world.manager("acorn"))
    assert b"No key was made yet" in browser.get("/provider/tokens").content

    page = browser.post("/provider/tokens/make", {"name": "Rostering", "days": "91"})

    token = Token.objects.get()
    secret = page.content.decode().partition('<code class="secret">')[2].partition("<")[0]
    assert page["Cache-Control"] == "no-store"
    assert Program(secret).get("/invitations").status_code == 200
    assert token.expires_at - token.made_at == timedelta(days=91)
    listed = browser.get("/provider/tokens").content.decode()
    assert "Rostering" in listed
    assert "today, 09:00" in listed
    assert secret not in listed
    where = f"/provider/tokens/{token.reference}/end"
    assert b"cannot be undone" in browser.get(where).content
    assert browser.post(where)["Location"] == "/provider/tokens"
    refused(Program(secret).get("/invitations"), 401, "no-key")
    assert b"has ended already" in browser.post(where).content


def test_a_key_is_not_made_without_its_program_nor_for_longer_than_a_year(world, signed_in):
    browser = signed_in(world.manager("acorn"))
    page = browser.post("/provider/tokens/make", {"name": "", "days": "400"})
    assert b"There is a problem" in page.content
    assert not Token.objects.exists()


def test_a_manager_of_two_branches_chooses_one(world, signed_in):
    manager = world.manager("acorn")
    beech = world.branch("beech")
    RoleHeld.objects.create(
        user=manager, role="provider_manager", branch_id=beech.pk, from_on=date(2020, 1, 1), granted_at=world.at
    )
    browser = signed_in(manager)
    assert b"Choose a branch" in browser.get("/provider/tokens/make").content
    assert b"There is a problem" in browser.post("/provider/tokens/make", {"name": "A", "days": "30"}).content
    browser.post("/provider/tokens/make", {"name": "A", "days": "30", "branch": beech.token})
    assert Token.objects.get().branch == beech


def test_keys_of_another_branch_are_not_there(world, signed_in):
    program_of(world, "beech")
    token = Token.objects.get()
    browser = signed_in(world.manager("acorn"))
    assert b"Rostering" not in browser.get("/provider/tokens").content
    assert browser.post(f"/provider/tokens/{token.reference}/end").status_code == 404
    scheduler = signed_in(world.user("scheduler", "scheduler", branch=world.branch("beech")))
    assert scheduler.get("/provider/tokens").status_code == 403
