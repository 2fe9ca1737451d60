"""The state: every table of ours in it, in a form of no engine, and a hash that any change changes."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from django.db import connection, models

from calloff.web.accounts.models import Identity, User
from calloff.web.audit.models import Look
from calloff.web.backup import state as states
from calloff.web.backup.state import LIVING, NoPlainFormError, counted, hash_of_state, lines_of, state, tables
from calloff.web.jobs.models import Pulse
from calloff.web.visits.models import SentTable

AT = datetime(2026, 11, 26, 10, 0, 1, tzinfo=UTC)


def table(name):
    return next(one for one in tables() if one.name == name)


def rows(name):
    kept = table(name)
    return [dict(zip([column for column, _ in kept.columns], json.loads(line), strict=True)) for line in lines_of(kept)]


@pytest.mark.django_db
def test_every_table_of_the_database_is_in_a_backup_or_left_out_for_a_reason():
    there = set(connection.introspection.table_names())

    assert there - {one.name for one in tables()} == {"django_migrations", "calloff_cache", *LIVING} & there
    assert {"audit_look", "mfa_authenticator", "visits_senttable"} <= {one.name for one in tables()}


@pytest.mark.django_db
def test_what_a_table_points_at_comes_before_it():
    places = {one.name: place for place, one in enumerate(tables())}

    assert places["directory_council"] < places["payments_payrun"] < places["payments_payline"]
    assert sorted(places.values()) == list(range(len(places)))


@pytest.mark.django_db
def test_any_change_changes_the_hash_and_reading_changes_nothing(add_user):
    user = add_user()
    before = hash_of_state(state())
    found = {before}

    assert hash_of_state(state()) == before
    Look.objects.create(council=1, user=user, at=AT, about="P-1", screen="person")
    found.add(hash_of_state(state()))
    Look.objects.update(at=AT.replace(microsecond=1))
    found.add(hash_of_state(state()))
    Look.objects.update(screen="person’s")
    found.add(hash_of_state(state()))
    assert len(found) == 4
    Pulse.objects.create(worker="w", at=AT)
    assert hash_of_state(state()) in found


@pytest.mark.django_db
def test_a_row_is_written_in_a_form_of_no_engine(add_user):
    from allauth.mfa.models import Authenticator

    user = add_user("zoë")
    Look.objects.create(council=1, user=user, at=AT, about="P-1", screen="person")
    Look.objects.create(council=1, user=user, at=AT.replace(microsecond=500), about="P-2", screen="person")
    Authenticator.objects.create(user=user, type="totp", data={"b": 1, "a": "é"})

    assert [row["at"] for row in rows("audit_look")] == ["2026-11-26 10:00:01", "2026-11-26 10:00:01.000500"]
    assert rows("mfa_authenticator")[0]["data"] == '{"a":"é","b":1}'
    assert (rows("accounts_user")[0]["name"], rows("accounts_user")[0]["demo"]) == ("zoë", int(user.demo))
    assert rows("accounts_roleheld") == []
    assert (Identity.objects.count(), User.objects.count()) == (counted(table("accounts_identity")).rows, 1)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("2026-11-26 10:00:01", "2026-11-26 10:00:01"),
        ("2026-11-26 10:00:01.000000", "2026-11-26 10:00:01"),
        ("2026-11-26 10:00:01.5", "2026-11-26 10:00:01.500000"),
        ("2026-11-26 10:00:01.000500", "2026-11-26 10:00:01.000500"),
    ],
)
def test_a_moment_has_one_form_whoever_wrote_it(text, plain):
    assert states._text_of_moment(text) == plain


def test_bytes_are_written_in_base64_whatever_the_engine_gives():
    assert states._base64(b"\x00\xff") == states._base64(memoryview(b"\x00\xff")) == "AP8="
    assert dict(table(SentTable._meta.db_table).columns)["data"] == "bytes"


def test_a_kind_of_column_without_a_plain_form_is_refused():
    field = models.FloatField()
    field.column, field.model = "share", SentTable

    with pytest.raises(NoPlainFormError, match=r"visits_senttable\.share: FloatField"):
        states._kind(field)
