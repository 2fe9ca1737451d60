"""Every door against every role; the desk at which a user sits; headers, logs and health."""

from __future__ import annotations

import logging
import re

import pytest
from django.conf import settings as configured
from django.test import Client
from web.config.addresses import KINDS

from calloff.web.accounts import services
from calloff.web.accounts.services import permissions, roles
from calloff.web.config import logs, urls, views
from calloff.web.config.middleware import COUNCIL, WITHOUT_SECOND_FACTOR
from calloff.web.directory.models import Council

pytestmark = [pytest.mark.django_db, pytest.mark.urls("web.config.addresses")]


def place_of(role):
    if role == "system_admin":
        return {}
    return {"branch_id": 4} if roles()[role].side is services.Side.PROVIDER else {"council_id": 4}


@pytest.mark.parametrize("role", sorted(roles()))
def test_each_door_opens_to_the_roles_of_the_matrix_alone(add_user, signed_in, role):
    client = signed_in(add_user("anna", role, **place_of(role)))

    opened = {one for one in permissions() if client.get(f"/may/{one}/").status_code == 200}

    assert opened == roles()[role].permissions


def test_no_door_opens_to_anybody_unknown_nor_to_a_password_alone(client, add_user):
    for permission in permissions():
        assert client.get(f"/may/{permission}/?a=1")["Location"] == f"/sign-in/?next=/may/{permission}/%3Fa%3D1"

    client.force_login(add_user("anna"))
    for permission in permissions():
        assert client.get(f"/may/{permission}/")["Location"] == f"/sign-in/set-up/?next=/may/{permission}/"


def addresses(patterns, before=""):
    """Every address of ours with its name; what stands for an argument is something of its kind."""
    samples = {"int": "1", "uuid": "00000000-0000-0000-0000-000000000001"}
    for one in patterns:
        route = re.sub(r"<(?:(\w+):)?\w+>", lambda found: samples.get(found[1], "x"), before + str(one.pattern))
        if hasattr(one, "url_patterns"):
            yield from addresses(one.url_patterns, route)
        else:
            yield "/" + route, one.name


def test_no_address_of_ours_but_those_of_signing_in_opens_to_a_password_alone(client, add_user):
    client.force_login(add_user("anna", "broker", council_id=4))
    closed = [
        (path, name)
        for path, name in addresses(urls.urlpatterns)
        # Programs pass by a token of their own, and by no session.
        if name not in WITHOUT_SECOND_FACTOR and not path.startswith("/api/v1/")
    ]
    assert ("/account/", "account") in closed

    for path, _name in closed:
        for act in (client.get, client.post):
            answer = act(path)
            assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/sign-in/set-up/"), path


def test_a_closed_door_says_so_on_a_page_of_ours_and_in_the_log(add_user, signed_in, caplog):
    user = add_user("anna", "auditor", council_id=4)
    with caplog.at_level(logging.WARNING, "calloff.refused"):
        answer = signed_in(user).get("/may/see_person/")

    assert answer.status_code == 403
    assert "You may not do this" in answer.content.decode()
    assert [one.getMessage() for one in caplog.records if one.name == "calloff.refused"] == [
        f"user {user.pk} may not see_person"
    ]


def test_staff_of_one_council_sit_at_its_desk(add_user, signed_in):
    client = signed_in(add_user("anna", "broker", council_id=4))

    assert client.get("/may/see_queue/").json() == {"council": 4, "provider": []}


def test_staff_of_two_councils_choose_one_and_may_there_what_their_role_there_says(add_user, signed_in):
    user = add_user("anna", "broker", council_id=4)
    services.grant_role(user=user, role="auditor", council_id=5, from_on=user.roles.get().from_on, by=None, at=_now())
    client = signed_in(user)
    back = client.get("/may/see_queue/")["Location"]
    assert back == "/account/council/?next=/may/see_queue/"
    Council.objects.create(pk=4, code="four", name="Four", nation="scotland", seed="s")
    page = client.get(back).content.decode()
    assert 'value="four"' in page
    assert client.post(back, {"council": "five", "next": "/may/see_queue/"}).status_code == 404
    assert client.post(back, {"council": "four", "next": "/may/see_queue/"})["Location"] == "/may/see_queue/"
    assert client.get("/may/see_queue/").json()["council"] == 4
    assert client.post(back, {"council": "four", "next": "https://elsewhere.example/"})["Location"] == "/"

    for council, expected in ((4, 200), (5, 403), (6, 302)):
        session = client.session
        session[COUNCIL] = council
        session.save()
        assert client.get("/may/start_step/").status_code == expected, council


def test_a_providers_people_bring_their_branches_and_no_council(add_user, signed_in):
    user = add_user("anna", "scheduler", branch_id=9)
    services.grant_role(
        user=user, role="provider_manager", branch_id=3, from_on=user.roles.get().from_on, by=None, at=_now()
    )

    assert signed_in(user).get("/may/portal_answer/").json() == {"council": None, "provider": [3, 9]}


def test_a_role_that_ends_closes_its_doors_to_the_live_session(add_user, signed_in):
    user = add_user("anna", "broker", council_id=4)
    client = signed_in(user)
    assert client.get("/may/see_queue/").status_code == 200
    held = user.roles.get()
    services.end_role(held=held, last_on=held.from_on, by=None, at=_now())

    assert client.get("/may/see_queue/").status_code == 403


def _now():
    from django.utils import timezone

    return timezone.now()


# Headers


EXPECTED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains; preload",
    "Cache-Control": "no-store",
}
POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'none'",
    "connect-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
}
PATHS = {f"/kinds/{kind}/": 200 for kind in KINDS} | {
    "/sign-in/": 200,
    "/account/": 302,
    "/nowhere/": 404,
    "/missing/": 404,
    "/breaks/P-7K2M/": 500,
    "/health": 503,
}


@pytest.mark.parametrize(("path", "status"), PATHS.items())
def test_every_kind_of_answer_has_the_headers(path, status):
    answer = Client(raise_request_exception=False).get(path, secure=True)

    assert answer.status_code == status
    assert {name: answer.get(name) for name in EXPECTED} == EXPECTED
    assert set(answer["Content-Security-Policy"].split("; ")) == POLICY
    assert "camera=()" in answer["Permissions-Policy"]
    assert len(answer["X-Request-ID"]) == 16


def test_pages_of_a_signed_in_user_are_kept_nowhere_and_forms_without_a_token_change_nothing(add_user, signed_in):
    client = signed_in(add_user("anna", "broker", council_id=4), Client(enforce_csrf_checks=True))
    assert client.get("/account/")["Cache-Control"] == "no-store"

    refused = client.post("/account/sessions/")
    assert refused.status_code == 403
    assert "This form is too old" in refused.content.decode()
    assert client.get("/account/").status_code == 200


def test_a_static_file_may_be_kept_and_is_no_less_careful(client):
    answer = client.get("/static/govuk.css")

    assert answer.status_code == 200
    assert "no-store" not in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert b"".join(answer.streaming_content)
    answer.close()


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(client):
    client.get("/sign-in/")
    cookie = client.cookies[configured.CSRF_COOKIE_NAME]

    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


# Logs


def line(message, *values, error=None):
    record = logging.LogRecord("calloff", logging.ERROR, "here", 1, message, values, error)
    return logs.CarefulFormatter().format(record)


def test_a_line_holds_no_query_and_nobody_forges_another():
    said = line("Not Found: %s", "/find?name=Margaret\r\n2026 INFO forged")

    assert "Margaret" not in said
    assert "\n" not in said
    assert "\r" not in said
    assert said.endswith("/find?... 2026 INFO forged") or said.endswith("/find?...  2026 INFO forged")


def test_an_error_says_its_kind_and_place_and_not_its_words(client, caplog):
    client.raise_request_exception = False
    with caplog.at_level(logging.ERROR, "django.request"):
        logging.getLogger("django.request").addHandler(caplog.handler)
        try:
            client.get("/breaks/P-7K2M/?name=Margaret")
        finally:
            logging.getLogger("django.request").removeHandler(caplog.handler)

    said = [logs.CarefulFormatter().format(record) for record in caplog.records if record.exc_info]
    assert said
    assert not any("Margaret" in one for one in said)
    assert "builtins.RuntimeError at" in said[0]
    assert "addresses.py" in said[0]


def test_the_log_names_the_route_not_the_address(client, caplog):
    client.raise_request_exception = False
    with caplog.at_level(logging.INFO, "calloff.request"):
        client.get("/breaks/P-7K2M/?name=Margaret")

    (said,) = [one.getMessage() for one in caplog.records if one.name == "calloff.request"]
    assert said.startswith("GET breaks 500 user - ")


# Health


@pytest.mark.parametrize(("lives", "status"), [(True, 200), (False, 503)])
def test_health_says_whether_the_worker_lives(client, monkeypatch, lives, status):
    monkeypatch.setattr(views, "worker_lives", lambda: lives)
    answer = client.get("/health")

    assert (answer.status_code, answer.json()) == (status, {"ok": lives, "database": True, "worker": lives})


def test_health_says_when_the_database_does_not_answer(client, monkeypatch):
    def gone():
        raise views.DatabaseError("gone")

    monkeypatch.setattr(views, "worker_lives", gone)

    assert client.get("/health").json() == {"ok": False, "database": False, "worker": False}
    assert client.post("/health").status_code == 405
