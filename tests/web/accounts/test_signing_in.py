"""Signing in with name, password and code, through the pages themselves."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from web.conftest import NOW, PASSWORD

from calloff.web.accounts import services
from calloff.web.accounts.services import passing
from calloff.web.audit.models import Event

pytestmark = pytest.mark.django_db

SIGN_IN, CODE, SET_UP = "/sign-in/", "/sign-in/code/", "/sign-in/set-up/"


@pytest.fixture
def anna(add_user):
    """A broker with an authenticator."""
    user = add_user("anna", "broker", council_id=1)
    services.give_demo_authenticator(user=user, by=None, at=NOW)
    return user


def code_now(name="anna"):
    return services.demo_code(name, timezone.now())


def send_password(client, name="anna", password=PASSWORD, **options):
    return client.post(SIGN_IN, {"login": name, "password": password}, **options)


def is_signed_in(client):
    return client.get("/account/").status_code == 200


def test_password_then_code_leads_back_to_the_page_that_was_asked(client, anna):
    asked = client.get("/account/sessions/")
    assert (asked.status_code, asked["Location"]) == (302, "/sign-in/?next=/account/sessions/")

    after_password = client.post(
        asked["Location"], {"login": "anna", "password": PASSWORD, "next": "/account/sessions/"}
    )
    assert (after_password.status_code, after_password["Location"].partition("?")[0]) == (302, CODE)
    assert not is_signed_in(client)

    after_code = client.post(CODE, {"code": code_now()})
    assert (after_code.status_code, after_code["Location"]) == (302, "/account/sessions/")
    assert is_signed_in(client)


def test_the_session_gets_a_new_key_with_the_sign_in(client, anna):
    client.get(SIGN_IN)
    send_password(client)
    before = client.session.session_key
    client.post(CODE, {"code": code_now()})

    assert client.session.session_key != before


def test_a_wrong_code_opens_nothing(client, anna):
    send_password(client)
    answer = client.post(CODE, {"code": "000000"})

    assert answer.status_code == 200
    assert "The code is wrong or was used already" in answer.content.decode()
    assert not is_signed_in(client)


def test_a_code_is_good_once_even_while_it_is_still_shown(client, anna, monkeypatch):
    moment = time.time()
    code = code_now()
    send_password(client)
    client.post(CODE, {"code": code})
    other = Client()
    send_password(other)
    # Past the period in which allauth itself remembers the code, and within its tolerance.
    monkeypatch.setattr(time, "time", lambda: moment + 31)
    other.post(CODE, {"code": code})

    assert is_signed_in(client)
    assert not is_signed_in(other)


def test_whoever_has_no_authenticator_sets_one_up_before_anything_else(client, add_user, monkeypatch):
    # allauth tells of the authenticator when its transaction commits, and a test's never does.
    monkeypatch.setattr(transaction, "on_commit", lambda act, **options: act())
    add_user("anna", "broker", council_id=1)
    send_password(client)

    for path in ("/account/", "/account/sessions/", "/account/password/", "/sign-in/recovery-codes/"):
        answer = client.get(path)
        assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, SET_UP), path

    page = client.get(SET_UP)
    assert page.status_code == 200
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    answer = client.post(SET_UP, {"code": code})
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/recovery-codes/")

    codes = client.get("/sign-in/recovery-codes/")
    shown = codes.context["unused_codes"]
    assert len(shown) == 10
    assert all(one in codes.content.decode() for one in shown)
    assert not any(one in client.get("/sign-in/recovery-codes/").content.decode() for one in shown)
    assert is_signed_in(client)

    # The codes serve for a telephone that is lost, each once.
    for expected in (True, False):
        other = Client()
        send_password(other)
        other.post(CODE, {"code": shown[0]})
        assert is_signed_in(other) is expected


def test_no_page_opens_to_a_password_alone_though_the_user_has_an_authenticator(client, anna):
    # A session of Django's with no second factor in it, however it came about.
    client.force_login(anna)

    answer = client.get("/account/")
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/sign-in/code/again/")
    answer = client.post(answer["Location"], {"code": code_now(), "next": "/account/"})
    assert answer["Location"] == "/account/"
    assert is_signed_in(client)


def test_the_second_factor_of_one_user_is_not_that_of_the_next_in_the_same_browser(client, anna, add_user):
    send_password(client)
    client.post(CODE, {"code": code_now()})
    client.force_login(add_user("beth"))

    assert not is_signed_in(client)


@pytest.mark.parametrize("name", ["anna", "nobody", "closed"])
def test_every_failure_says_the_same(client, anna, add_user, name):
    services.deactivate(user=add_user("closed"), by=None, at=NOW)
    password = PASSWORD if name == "closed" else "not the password at all"
    answer = send_password(client, name, password)

    text = answer.content.decode().replace(name, "NAME")
    assert "The name or the password is wrong. Try again." in text
    assert "inactive" not in text
    assert "_auth_user_id" not in client.session


def test_ten_tries_in_a_quarter_of_an_hour_and_no_more(client, anna):
    for _ in range(10):
        assert "is wrong" in send_password(client, password="wrong").content.decode()

    assert "Too many tries failed" in send_password(client).content.decode()
    # Another spelling is no other name.
    assert "Too many tries failed" in send_password(client, "ANNA").content.decode()


def test_guessing_elsewhere_locks_nobody_out_here(client, anna):
    for _ in range(12):
        send_password(client, password="wrong", REMOTE_ADDR="192.0.2.1")

    assert send_password(client, REMOTE_ADDR="192.0.2.2")["Location"].partition("?")[0] == CODE


def test_tries_are_forgotten_after_a_quarter_of_an_hour(client, anna, monkeypatch):
    for _ in range(11):
        send_password(client, password="wrong")
    moment = time.time()
    monkeypatch.setattr(time, "time", lambda: moment + 15 * 60 + 1)

    assert send_password(client)["Location"].partition("?")[0] == CODE


def test_one_guess_on_each_of_many_names_is_counted_by_source(client, anna):
    for number in range(100):
        send_password(client, f"name-{number}", "the same guess on all")

    assert "Too many tries failed" in send_password(client, "name-100").content.decode()
    assert send_password(Client(), REMOTE_ADDR="192.0.2.9")["Location"].partition("?")[0] == CODE


def test_codes_are_counted_by_source_too(client, anna):
    send_password(client)
    for _ in range(10):
        client.post(CODE, {"code": "000000"})
    assert "Too many tries failed" in client.post(CODE, {"code": code_now()}).content.decode()

    elsewhere = Client(REMOTE_ADDR="192.0.2.2")
    send_password(elsewhere)
    elsewhere.post(CODE, {"code": code_now()})
    assert is_signed_in(elsewhere)


def test_a_very_long_password_is_not_even_tried(client, anna):
    assert "at most 200 characters" in send_password(client, password="x" * 201).content.decode()


def test_the_password_field_takes_a_paste_and_helps_a_password_manager(client):
    text = client.get(SIGN_IN).content.decode()

    assert 'autocomplete="current-password"' in text
    assert 'autocomplete="username"' in text
    assert "onpaste" not in text


@pytest.mark.parametrize("path", ["/sign-up/", "/signup/", "/accounts/password/reset/", "/password/reset/", "/email/"])
def test_there_is_no_sign_up_no_reset_and_no_email_page(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("name", ["account_signup", "account_reset_password", "account_email", "account_set_password"])
def test_allauths_other_pages_have_no_address(name):
    from django.urls import NoReverseMatch

    with pytest.raises(NoReverseMatch):
        reverse(name)


def test_nobody_takes_their_own_authenticator_away(client, anna, signed_in):
    signed_in(anna, client)
    client.post("/account/authenticator/")

    assert Authenticator.objects.filter(user=anna, type="totp").exists()


def test_the_secret_is_not_stored_as_it_is(anna, settings):
    held = Authenticator.objects.get(user=anna)
    code = code_now()
    assert code.isdigit()
    assert held.data["secret"].startswith("gAAAA")

    # A new key, while the former one is kept, still reads it.
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key altogether, for a test of changing keys 0123456789"
    assert code_now() == code


def test_demo_codes_are_given_out_in_the_demonstration_only(anna, settings):
    settings.CALLOFF_DEMO = False

    with pytest.raises(services.NotTheDemoError, match="demonstration only"):
        services.demo_code("anna", NOW)
    with pytest.raises(services.NotTheDemoError):
        services.give_demo_authenticator(user=anna, by=None, at=NOW)


def test_signing_out_is_a_post(client, anna, signed_in):
    signed_in(anna, client)
    assert client.get("/sign-out/").status_code == 200
    assert is_signed_in(client)
    client.post("/sign-out/")

    assert not is_signed_in(client)


# What a session lives through


def later(monkeypatch, seconds):
    moment = time.time()
    monkeypatch.setattr(passing.time, "time", lambda: moment + seconds)


@pytest.mark.parametrize(("minutes", "signed"), [(29, True), (31, False)])
def test_a_session_waits_half_an_hour(client, anna, signed_in, monkeypatch, minutes, signed):
    signed_in(anna, client)
    later(monkeypatch, minutes * 60)

    assert is_signed_in(client) is signed


def test_a_session_lasts_twelve_hours_however_busy(client, anna, signed_in, monkeypatch):
    signed_in(anna, client)
    began = time.time()
    for minutes in range(20, 12 * 60 + 1, 20):
        monkeypatch.setattr(passing.time, "time", lambda minutes=minutes: began + minutes * 60 - 1)
        assert is_signed_in(client), minutes
    monkeypatch.setattr(passing.time, "time", lambda: began + 12 * 3600 + 2)

    answer = client.get("/account/sessions/?page=2")
    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/account/sessions/%3Fpage%3D2")


def test_a_form_sent_too_late_leads_back_to_its_page(client, anna, signed_in, monkeypatch):
    signed_in(anna, client)
    later(monkeypatch, 3600)

    here = client.post("/account/sessions/", headers={"referer": "http://testserver/account/"})
    assert here["Location"] == "/sign-in/?next=/account/"


def test_a_form_sent_from_another_site_leads_to_the_first_page(client, anna, signed_in, monkeypatch):
    signed_in(anna, client)
    later(monkeypatch, 3600)

    answer = client.post("/account/sessions/", headers={"referer": "https://elsewhere.example/account/"})
    assert answer["Location"] == "/sign-in/?next=/"


@pytest.mark.parametrize("act", [services.deactivate, services.sign_out_everywhere])
def test_an_act_on_the_account_ends_its_live_sessions_with_the_next_request(anna, signed_in, act):
    clients = [signed_in(anna), signed_in(anna)]
    assert all(is_signed_in(one) for one in clients)

    act(user=anna, by=None, at=timezone.now())

    assert not any(is_signed_in(one) for one in clients)


def test_a_session_that_outlived_its_row_is_ended_all_the_same(anna, signed_in):
    client = signed_in(anna)
    anna.sessions_end_at = timezone.now()
    anna.save()

    assert not is_signed_in(client)


def test_a_new_password_ends_the_sessions_and_keeps_the_second_factor(anna, signed_in):
    client = signed_in(anna)
    services.set_password(user=anna, password="another four words here", by=None, at=timezone.now())

    assert not is_signed_in(client)
    assert Authenticator.objects.filter(user=anna).exists()


def test_sign_out_everywhere_from_the_page(anna, signed_in):
    here, there = Client(), signed_in(anna)
    send_password(here)
    here.post(CODE, {"code": code_now()})
    page = here.get("/account/sessions/").content.decode()
    assert page.count("127.0.0.1") == page.count("this one") == 1

    here.post("/account/sessions/")

    assert not is_signed_in(here)
    assert not is_signed_in(there)


def test_changing_ones_password_signs_out_elsewhere_only(anna, signed_in):
    here, there = signed_in(anna), signed_in(anna)
    new = "a lamp and three words"
    answer = here.post("/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    assert answer.status_code == 302
    assert is_signed_in(here)
    assert not is_signed_in(there)


def test_changing_ones_password_is_told_where_such_acts_are_kept(anna, signed_in):
    new = "a lamp and three words"
    signed_in(anna).post("/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})

    event = Event.objects.latest("pk")
    assert (event.council, event.kind, event.by_id, event.about) == (0, "password_changed", anna.pk, f"user-{anna.pk}")
    assert new not in event.data
