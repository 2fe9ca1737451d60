"""May this user do this, here, on this day?"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from web.conftest import NOW

from calloff.web.accounts.models import RoleHeld
from calloff.web.accounts.services import (
    AccountRefusedError,
    branches_of,
    council_ids_held,
    councils_of,
    deactivate,
    end_role,
    grant_role,
    holders,
    may,
    permissions_of,
    roles,
)
from calloff.web.accounts.services.rights import branch_ids_held

DAY = date(2026, 11, 26)
pytestmark = pytest.mark.django_db


def test_may_in_the_council_of_the_role_and_in_no_other(add_user):
    broker = add_user("anna", "broker", council_id=1)

    assert may(broker, "confirm_call_off", council_id=1, on=DAY)
    assert not may(broker, "confirm_call_off", council_id=2, on=DAY)
    assert not may(broker, "confirm_call_off", branch_id=1, on=DAY)
    assert not may(broker, "confirm_call_off", on=DAY)
    assert not may(broker, "approve_model", council_id=1, on=DAY)


def test_may_in_the_branch_of_the_role_though_a_council_has_its_number(add_user):
    scheduler = add_user("beth", "scheduler", branch_id=7)

    assert may(scheduler, "portal_answer", branch_id=7, on=DAY)
    assert not may(scheduler, "portal_answer", council_id=7, on=DAY)
    assert not may(scheduler, "portal_handback", branch_id=7, on=DAY)


def test_the_administrator_manages_accounts_everywhere_and_sees_no_package(add_user):
    administrator = add_user("root", "system_admin")

    assert may(administrator, "manage_accounts", on=DAY)
    assert may(administrator, "manage_accounts", council_id=3, on=DAY)
    assert not may(administrator, "see_queue", council_id=3, on=DAY)
    assert not may(administrator, "see_person", council_id=3, on=DAY)


def test_a_closed_account_may_nothing(add_user):
    broker = add_user("anna", "broker", council_id=1)
    deactivate(user=broker, by=None, at=NOW)

    assert not may(broker, "see_queue", council_id=1, on=DAY)
    assert permissions_of(broker, council_id=1, on=DAY) == frozenset()
    assert council_ids_held(broker, on=DAY) == ()
    assert list(holders("see_queue", council_id=1, on=DAY)) == []


def test_a_misspelt_permission_is_no_silent_refusal(add_user):
    with pytest.raises(KeyError, match="confirm_calloff"):
        may(add_user(), "confirm_calloff", council_id=1)


def test_a_place_is_one(add_user):
    with pytest.raises(ValueError, match="not in both"):
        may(add_user(), "see_queue", council_id=1, branch_id=1)
    with pytest.raises(ValueError, match="one council or in one branch"):
        holders("see_queue")


def test_holders_are_those_of_the_place_by_name_and_the_administrator_is_not_asked(add_user):
    add_user("root", "system_admin")
    senior, broker = add_user("zoe", "senior_broker", council_id=1), add_user("anna", "broker", council_id=1)
    add_user("eve", "broker", council_id=2)
    add_user("old", "broker", council_id=1, to_on=date(2025, 12, 31))

    assert list(holders("work_package", council_id=1, on=DAY)) == [broker, senior]
    assert list(holders("second_override", council_id=1, on=DAY)) == [senior]
    assert list(holders("make_tokens", council_id=1, on=DAY)) == []


def test_where_somebody_may_do_something(add_user):
    user = add_user("anna", "broker", council_id=1)
    grant_role(user=user, role="auditor", council_id=2, from_on=DAY, by=None, at=NOW)
    grant_role(user=user, role="scheduler", branch_id=9, from_on=DAY, by=None, at=NOW)

    assert councils_of(user, "see_queue", on=DAY) == {1, 2}
    assert councils_of(user, "start_step", on=DAY) == {1}
    assert branches_of(user, "portal_answer", on=DAY) == {9}
    assert council_ids_held(user, on=DAY) == (1, 2)
    assert branch_ids_held(user, on=DAY) == (9,)
    assert "see_person" not in permissions_of(user, council_id=2, on=DAY)


@given(
    first=st.integers(-400, 400),
    length=st.none() | st.integers(0, 400),
    asked=st.integers(-900, 900),
    role=st.sampled_from(sorted(code for code in roles() if code != "system_admin")),
    here=st.booleans(),
)
def test_a_role_counts_from_its_first_day_to_its_last_both_included(
    django_db_blocker, first, length, asked, role, here
):
    # One row, laid anew for each case inside a transaction that is undone.
    from calloff.web.accounts.models import Identity, User

    with transaction.atomic():
        user = User.objects.create(name="h", identity=Identity.objects.create(name="H", email="h@example.org"))
        kind = "branch_id" if any(one.startswith("portal_") for one in roles()[role].permissions) else "council_id"
        from_on = DAY + timedelta(days=first)
        to_on = None if length is None else from_on + timedelta(days=length)
        RoleHeld.objects.create(user=user, role=role, from_on=from_on, to_on=to_on, granted_at=NOW, **{kind: 5})
        on, permission = DAY + timedelta(days=asked), min(roles()[role].permissions)
        in_term = from_on <= on and (to_on is None or on <= to_on)

        assert may(user, permission, **{kind: 5 if here else 6}, on=on) == (in_term and here)
        transaction.set_rollback(True)


def test_a_role_that_is_ended_counts_no_more_at_once(add_user):
    broker = add_user("anna", "broker", council_id=1, from_on=DAY)
    (held,) = broker.roles.all()

    end_role(held=held, last_on=DAY - timedelta(days=1), by=None, at=NOW)

    assert not may(broker, "see_queue", council_id=1, on=DAY)
    again = grant_role(user=broker, role="broker", council_id=1, from_on=DAY, by=None, at=NOW)
    assert may(broker, "see_queue", council_id=1, on=DAY)
    assert again.pk != held.pk


def test_a_role_that_ended_is_not_made_longer(add_user):
    broker = add_user("anna", "broker", council_id=1, to_on=date(2025, 1, 1))
    (held,) = broker.roles.all()

    with pytest.raises(AccountRefusedError, match="Grant it anew"):
        end_role(held=held, last_on=DAY, by=None, at=NOW)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"role": "king", "council_id": 1}, "no such role"),
        ({"role": "broker"}, "in a council"),
        ({"role": "broker", "branch_id": 1}, "in a council"),
        ({"role": "broker", "council_id": 1, "branch_id": 1}, "in a council"),
        ({"role": "scheduler", "council_id": 1}, "in a branch"),
        ({"role": "system_admin", "council_id": 1}, "everywhere"),
        ({"role": "broker", "council_id": 1, "to_on": DAY - timedelta(days=1)}, "before the first"),
    ],
)
def test_a_role_is_held_where_its_side_is(add_user, options, says):
    with pytest.raises(AccountRefusedError, match=says):
        grant_role(user=add_user(), from_on=DAY, by=None, at=NOW, **options)


def test_a_role_is_granted_once_from_a_day(add_user):
    user = add_user("anna", "broker", council_id=1, from_on=DAY)

    with pytest.raises(AccountRefusedError, match="granted from that day already"):
        grant_role(user=user, role="broker", council_id=1, from_on=DAY, by=None, at=NOW)


def test_nobody_grants_a_role_to_the_human_being_they_are(add_user):
    anna = add_user("anna", "system_admin")
    other_account = add_user("anna2", identity=anna.identity)

    with pytest.raises(AccountRefusedError, match="to themselves"):
        grant_role(user=other_account, role="broker", council_id=1, from_on=DAY, by=anna, at=NOW)


@pytest.mark.parametrize(
    "place",
    [
        {"role": "broker"},
        {"role": "broker", "council_id": 1, "branch_id": 1},
        {"role": "system_admin", "council_id": 1},
        {"role": "broker", "council_id": 1, "to_on": DAY - timedelta(days=1)},
    ],
)
def test_the_database_itself_refuses_a_role_held_nowhere_or_twice(add_user, place):
    user = add_user()

    with pytest.raises(IntegrityError), transaction.atomic():
        RoleHeld.objects.create(user=user, from_on=DAY, granted_at=NOW, **place)
