"""
SEC-13: a second factor at every way in, without a way around it.

For each role: a session with a password alone at every address; a code that is wrong, used or somebody else's; recovery
codes twice; a second authenticator set up by whoever knows the password alone; what an administrator's reset leaves.
"""

from __future__ import annotations

from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 12, 2: 12}
"""So many roles."""
PASSWORD = "three words and a lamp"
SIGN_IN, CODE, AGAIN, SET_UP = "/sign-in/", "/sign-in/code/", "/sign-in/code/again/", "/sign-in/set-up/"
OPEN_TO_A_PASSWORD = {
    "account_login",
    "account_logout",
    "account_reauthenticate",
    "health",
    "mfa_activate_totp",
    "mfa_authenticate",
    "mfa_reauthenticate",
}

DESCRIBED = {"api_openapi": ("200",)}
"""What anybody may read: the description of the interface, which holds nothing of anybody's."""


def check(size: int) -> Result:
    """So many roles on each engine."""
    tally = Tally()
    on_each_engine(tally, "sec_13", "ways_in", size, SIZES[0])
    return tally.result


def ways_in(tally: Tally, size: int) -> None:
    from django.test.utils import override_settings
    from web.filled_world import filled_world

    from calloff.web.accounts.services import roles

    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        filled = filled_world()
        for role in list(roles())[-size:]:
            user = filled.users[role]
            user.demo = True
            user.set_password(PASSWORD)
            user.save()
            password_alone(tally, user)
            with_authenticator(tally, user, filled.users["broker" if role != "broker" else "auditor"])
            password_alone(tally, user)
            after_reset(tally, user, filled)


def knock(client: Any, method: str, address: str, **form: Any) -> str:
    """Where an answer leads, or its status."""
    answer = client.get(address) if method == "GET" else client.post(address, form)
    return str(answer["Location"]).partition("?")[0] if answer.status_code == 302 else str(answer.status_code)


def is_in(client: Any) -> bool:
    return knock(client, "GET", "/account/") == "200"


def password_alone(tally: Tally, user: Any) -> None:
    """A session of Django's own, without a second factor: no address but those of signing in."""
    from allauth.mfa.models import Authenticator
    from django.test import Client
    from web.routes import routes

    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(user)
    has = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
    for route in routes():
        if route.name in OPEN_TO_A_PASSWORD:
            continue
        for method in ("GET", "POST"):
            tally.n += 1
            led = knock(client, method, route.address({name: 1 for _, _, name in route.arguments}))
            # The door of programs knows no session at all: it takes a key, which was made behind the second factor.
            shut = ("401", "405", *DESCRIBED.get(route.name, ())) if route.text.startswith("api/v") else ()
            here = led in (AGAIN if has else SET_UP, *shut)
            tally.expect(here, f"{user.name}, password alone, {method} {route.name}: {led}")


def with_authenticator(tally: Tally, user: Any, other: Any) -> None:
    """Signing in by the pages, with every code that should not open."""
    from allauth.mfa.models import Authenticator
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from django.core.cache import cache
    from django.test import Client
    from django.utils import timezone

    from calloff.web.accounts import services
    from calloff.web.accounts.models import User

    now = timezone.now()
    User.objects.filter(pk=other.pk).update(demo=True)
    # Whoever was "somebody else" of an earlier role has one already.
    Authenticator.objects.filter(user__in=(user, other)).delete()
    for one in (user, other):
        services.give_demo_authenticator(user=one, by=None, at=now)
    recovery = RecoveryCodes.activate(user).get_unused_codes()

    def come_in(code: str) -> bool:
        # The tries are counted; what is looked at here is the code.
        tally.n += 1
        client = Client(SERVER_NAME="127.0.0.1")
        led = knock(client, "POST", SIGN_IN, login=user.name, password=PASSWORD)
        tally.expect(led == CODE, f"{user.name}: the password leads to {led}")
        tally.expect(not is_in(client), f"{user.name} is in with a password alone")
        knock(client, "POST", CODE, code=code)
        return is_in(client)

    code, theirs = services.demo_code(user.name, now), services.demo_code(other.name, now)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for text in (wrong, theirs if theirs != code else wrong, "", "x" * 19):
        tally.expect(not come_in(text), f"{user.name} came in with a code that is none")
    cache.clear()
    tally.expect(come_in(code), f"{user.name} did not come in with a good code")
    tally.expect(not come_in(code), f"{user.name} came in twice with one code")
    tally.expect(come_in(recovery[0]), f"{user.name} did not come in with a recovery code")
    tally.expect(not come_in(recovery[0]), f"{user.name} came in twice with one recovery code")
    cache.clear()
    second = Client(SERVER_NAME="127.0.0.1")
    second.force_login(user)
    before = set(Authenticator.objects.filter(user=user).values_list("pk", flat=True))
    for method in ("GET", "POST"):
        tally.n += 1
        knock(second, method, SET_UP, code="000000")
    after = set(Authenticator.objects.filter(user=user).values_list("pk", flat=True))
    tally.expect(before == after and not is_in(second), f"{user.name} set up another authenticator by password alone")


def after_reset(tally: Tally, user: Any, filled: Any) -> None:
    """A lost telephone: the sessions end, and the next sign-in opens nothing but the setting up."""
    from django.core.cache import cache
    from django.test import Client
    from django.utils import timezone
    from web.filled import browser

    from calloff.web.accounts import services
    from calloff.web.accounts.models import Identity, User

    keeper, _made = User.objects.get_or_create(
        name="keeper", defaults={"identity": Identity.objects.create(name="Keeper", email="keeper@example.org")}
    )
    open_one = browser(user)
    tally.n += 3
    tally.expect(is_in(open_one), f"{user.name} is not in")
    services.reset_second_factor(user=user, by=keeper, at=timezone.now())
    tally.expect(not is_in(open_one), f"{user.name}'s session outlived the reset")
    cache.clear()
    client = Client(SERVER_NAME="127.0.0.1")
    knock(client, "POST", SIGN_IN, login=user.name, password=PASSWORD)
    tally.expect(knock(client, "GET", "/account/") == SET_UP, f"{user.name} came in after the reset without a factor")
