"""What the tests of the website share: cheap passwords, people with roles, and clients that are signed in."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime

import pytest

# Playwright leaves a running loop behind, and Django would take every query after it for one from inside that loop.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

PASSWORD = "three words and a lamp"
NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _cheap_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _market_read_anew():
    """A council of this test may have the number of another test's council, and what is kept of that market."""
    from calloff.web.contracts.services import market

    market._kept.clear()


@pytest.fixture
def add_user(db):
    """A function that adds a user: add_user("anna", role="broker", council_id=1)."""
    from calloff.web.accounts import services

    def add(name="anna", role="", *, council_id=None, branch_id=None, from_on=date(2020, 1, 1), to_on=None, **options):
        user = services.add_user(
            name=name,
            password=PASSWORD,
            by=None,
            at=NOW,
            **({"identity_name": name.title(), "email": f"{name}@example.org"} | options),
        )
        if role:
            services.grant_role(
                user=user,
                role=role,
                council_id=council_id,
                branch_id=branch_id,
                from_on=from_on,
                to_on=to_on,
                by=None,
                at=NOW,
            )
        return user

    return add


@pytest.fixture
def signed_in(client):
    """A function that signs a user in with password and second factor, and gives the client back."""
    from django.test import Client

    from calloff.web.accounts.services import passing

    def sign_in(user, with_client: Client | None = None):
        chosen = with_client or Client()
        chosen.force_login(user)
        session = chosen.session
        session[passing.FACTOR] = user.pk
        session.save()
        return chosen

    return sign_in
