"""Adding users and what is done to them: passwords, and what the audit room is told."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from web.conftest import NOW, PASSWORD

from calloff.web.accounts import services
from calloff.web.accounts.models import Identity, User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("password", "says"),
    [("fourteen chars", "at least 15"), ("yfdbufnjh10305070", "too common"), ("x" * 201, "at most 200")],
)
def test_a_password_is_refused(password, says):
    with pytest.raises(services.AccountRefusedError, match=says):
        services.add_user(name="a", identity_name="A", email="a@example.org", password=password, by=None, at=NOW)
    assert not User.objects.exists()
    assert not Identity.objects.exists()


@pytest.mark.parametrize("password", ["fifteen letters", "999999999999998", "ä" * 200, " spaces around them "])
def test_a_password_needs_length_and_nothing_else(password):
    user = services.add_user(name="a", identity_name="A", email="a@example.org", password=password, by=None, at=NOW)

    assert user.check_password(password)


@pytest.mark.parametrize("name", ["anna", "ANNA"])
def test_a_name_is_given_once_however_it_is_spelt(add_user, name):
    add_user("anna")

    with pytest.raises(services.AccountRefusedError, match="is taken"):
        add_user(name)


@pytest.mark.parametrize("name", ["", "  ", " anna"])
def test_a_name_is_something(add_user, name):
    with pytest.raises(services.AccountRefusedError, match="Write a name"):
        add_user(name)


def test_outside_the_demonstration_only_the_first_account_is_added_by_nobody(add_user, settings):
    settings.CALLOFF_DEMO = False
    first = add_user("first")
    assert not first.demo

    with pytest.raises(services.AccountRefusedError, match="first account"):
        add_user("second")


def test_one_human_being_may_have_two_accounts_and_stays_one(add_user):
    one = add_user("anna")
    two = add_user("anna-audit", identity=one.identity)

    assert one.identity_id == two.identity_id


def test_a_lost_authenticator_is_reset_by_another_human_being(add_user):
    anna, root = add_user("anna"), add_user("root", "system_admin")
    services.give_demo_authenticator(user=anna, by=None, at=NOW)

    with pytest.raises(services.AccountRefusedError, match="their own"):
        services.reset_second_factor(user=anna, by=anna, at=NOW)
    services.reset_second_factor(user=anna, by=root, at=NOW)
    assert not Authenticator.objects.filter(user=anna).exists()


def test_each_act_is_told_once_with_who_and_when_and_no_personal_data(add_user):
    told = []

    def hear(sender, signal, **what):
        told.append(what)

    services.changed.connect(hear)
    try:
        root = add_user("root", "system_admin")
        anna = services.add_user(
            name="anna", identity_name="Anna Secret", email="anna@example.org", password=PASSWORD, by=root, at=NOW
        )
        held = services.grant_role(user=anna, role="broker", council_id=1, from_on=NOW.date(), by=root, at=NOW)
        services.end_role(held=held, last_on=NOW.date(), by=root, at=NOW)
        services.set_password(user=anna, password="another four words here", by=root, at=NOW)
        services.sign_out_everywhere(user=anna, by=root, at=NOW)
        services.reset_second_factor(user=anna, by=root, at=NOW)
        services.deactivate(user=anna, by=root, at=NOW)
    finally:
        services.changed.disconnect(hear)

    assert [one["kind"] for one in told[2:]] == [
        "user_added",
        "role_granted",
        "role_ended",
        "password_set",
        "signed_out_everywhere",
        "second_factor_reset",
        "user_deactivated",
    ]
    for one in told[2:]:
        assert (one["by"], one["at"], one["about"]) == (root, NOW, f"user-{anna.pk}")
        assert "anna" not in str(one["data"]).casefold()


def test_a_receiver_that_fails_undoes_the_act(add_user):
    def refuse(sender, **what):
        raise RuntimeError("no chain")

    services.changed.connect(refuse)
    try:
        with pytest.raises(RuntimeError):
            add_user("anna")
    finally:
        services.changed.disconnect(refuse)

    assert not User.objects.exists()


def test_a_moment_without_a_time_zone_names_no_moment(add_user):
    with pytest.raises(ValueError, match="time zone"):
        services.deactivate(user=add_user(), by=None, at=NOW.replace(tzinfo=None))
