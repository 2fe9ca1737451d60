"""
SEC-15: sessions end when they should, everywhere at once.

The key changes with the sign-in and one that an attacker chose is never taken; half an hour unused and twelve hours in
all are the end; so is each act on the account, in every browser, with the next request; who signed out stays out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 2, 1: 12, 2: 120}
"""So many users, the roles in turn; each with three browsers."""
BROWSERS = 3
PASSWORD = "three words and a lamp"


def check(size: int) -> Result:
    """So many users on each engine."""
    tally = Tally()
    on_each_engine(tally, "sec_15", "lives", size, SIZES[0])
    return tally.result


def lives(tally: Tally, size: int) -> None:
    from django.test.utils import override_settings
    from web.filled_world import filled_world

    from calloff.web.accounts.models import Identity, User

    keeper = User.objects.create(name="keeper", identity=Identity.objects.create(name="K", email="k@example.org"))
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        users = list(filled_world().users.values())
        for number in range(size):
            user = users[number % len(users)]
            User.objects.filter(pk=user.pk).update(is_active=True, demo=True)
            user.refresh_from_db()
            user.set_password(PASSWORD)
            user.save()
            in_time(tally, user)
            ended_by_acts(tally, user, keeper)
            signing_in_and_out(tally, user)


@contextmanager
def at_second(moment: float) -> Iterator[None]:
    with mock.patch.object(time, "time", return_value=moment):
        yield


def is_in(client: Any) -> bool:
    return bool(client.get("/account/").status_code == 200)


def in_time(tally: Tally, user: Any) -> None:
    """Half an hour unused, twelve hours in all."""
    from web.filled import browser

    began = time.time()
    for minutes, lasts in ((29, True), (31, False), (12 * 60 + 1, False)):
        client = browser(user)
        tally.n += 1
        with at_second(began + minutes * 60):
            tally.expect(is_in(client) is lasts, f"{user.name}: unused for {minutes} minutes, in: {not lasts}")
        if not lasts:
            tally.expect(not is_in(client), f"{user.name}: a session that ended came to life again")
    client = browser(user)
    for minutes in range(25, 12 * 60, 25):
        with at_second(began + minutes * 60):
            if not is_in(client):
                tally.fault(f"{user.name}: a session in use ended after {minutes} minutes")
                break
    tally.n += 1
    with at_second(began + 12 * 3600 + 5):
        tally.expect(not is_in(client), f"{user.name}: a session in use lasts longer than twelve hours")


def ended_by_acts(tally: Tally, user: Any, keeper: Any) -> None:
    """Each act on the account ends all browsers at once."""
    from django.utils import timezone
    from web.filled import browser

    from calloff.web.accounts import services
    from calloff.web.accounts.models import User
    from calloff.web.accounts.services.users import reactivate

    acts = {
        "deactivate": lambda now: services.deactivate(user=user, by=keeper, at=now),
        "sign_out_everywhere": lambda now: services.sign_out_everywhere(user=user, by=keeper, at=now),
        "set_password": lambda now: services.set_password(user=user, password=PASSWORD, by=keeper, at=now),
        "reset_second_factor": lambda now: services.reset_second_factor(user=user, by=keeper, at=now),
    }
    for name, act in acts.items():
        clients = [browser(user) for _ in range(BROWSERS)]
        tally.expect(all(is_in(one) for one in clients), f"{user.name} is not in before {name}")
        act(timezone.now())
        for client in clients:
            tally.n += 1
            tally.expect(not is_in(client), f"{user.name}: a session outlived {name}")
        if name == "deactivate":
            reactivate(user=user, by=keeper, at=timezone.now())
            tally.expect(not any(is_in(one) for one in clients), f"{user.name}: an ended session came to life again")
        user = User.objects.get(pk=user.pk)


def signing_in_and_out(tally: Tally, user: Any) -> None:
    """By the pages: a new key, no key of somebody else's choice, and nothing left after signing out."""
    from django.conf import settings
    from django.core.cache import cache
    from django.test import Client
    from django.utils import timezone
    from web.filled import browser

    from calloff.web.accounts import services
    from calloff.web.accounts.models import User

    cache.clear()
    user = User.objects.get(pk=user.pk)
    now = timezone.now()
    services.give_demo_authenticator(user=user, by=None, at=now)
    name = settings.SESSION_COOKIE_NAME
    client = Client(SERVER_NAME="127.0.0.1")
    client.cookies[name] = "k" * 32
    client.get("/sign-in/")
    keys = {"k" * 32}
    for address, form in (
        ("/sign-in/", {"login": user.name, "password": PASSWORD}),
        ("/sign-in/code/", {"code": services.demo_code(user.name, now)}),
    ):
        client.post(address, form)
        keys.add(client.cookies[name].value)
    tally.n += 4
    tally.expect(is_in(client) and len(keys) == 3, f"{user.name}: the key did not change with the sign-in")
    cookie = client.cookies[name]
    tally.expect(bool(cookie["httponly"]) and cookie["samesite"] == "Lax", f"{user.name}: the cookie is within reach")
    thief = Client(SERVER_NAME="127.0.0.1")
    thief.cookies[name] = cookie.value
    tally.expect(is_in(thief), "the cookie does not carry the session: nothing is shown here")
    client.post("/sign-out/")
    tally.expect(not is_in(client) and not is_in(thief), f"{user.name}: the session outlived signing out")
    here, there = browser(user), browser(user)
    new = "a lamp and three words"
    here.post("/account/password/", {"oldpassword": PASSWORD, "password1": new, "password2": new})
    tally.n += 1
    tally.expect(is_in(here) and not is_in(there), f"{user.name}: a changed password did not end the other session")
