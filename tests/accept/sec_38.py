"""
SEC-38: a disabled user's sessions, tokens and links end with the next request.

For each role somebody leaves, or their role ends, while they are signed in twice and a letter to them is on its way:
the first request after it opens nothing, by any door; the link of the letter leads to the sign-in page; the password
fails as a wrong one does; and the letter is not sent.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 2, 1: 12, 2: 12}
"""So many roles."""
PASSWORD = "three words and a lamp"


def check(size: int) -> Result:
    """So many roles on each engine."""
    tally = Tally()
    on_each_engine(tally, "sec_38", "leavers", size, SIZES[0])
    return tally.result


def leavers(tally: Tally, size: int) -> None:
    from django.test.utils import override_settings
    from web.filled_world import filled_world

    from calloff.web.accounts.models import Identity, User

    keeper = User.objects.create(name="keeper", identity=Identity.objects.create(name="K", email="k@example.org"))
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        filled = filled_world()
        filled.world.work()
        # From the end, where those are who make keys.
        for role in list(reversed(filled.users))[:size]:
            a_role_ends(tally, filled, role, keeper)
            somebody_leaves(tally, filled, role, keeper)


def doors_of(filled: Any, role: str) -> list[str]:
    """The addresses that a role may read."""
    from web.doors import listed
    from web.routes import PUBLIC, SIGNED_IN, holders_of

    return [
        route.address(filled.values_of(route)[0])
        for route, one in listed()
        if one.permission not in (PUBLIC, SIGNED_IN) and role in holders_of(one.permission) and "GET" in one.methods
    ]


def opens(client: Any, address: str) -> bool:
    """Whether an address shows anything, or leads to anything but the doors."""
    from web.doors import THROUGH, passed

    return passed(client.get(address)) == THROUGH


def a_role_ends(tally: Tally, filled: Any, role: str, keeper: Any) -> None:
    """The role's last day is past: its doors are shut to the live session, though one is still signed in."""
    from datetime import timedelta

    from django.utils import timezone

    from calloff.web.accounts import services

    user, doors = filled.users[role], doors_of(filled, role)
    client = filled.client(role)
    for address in doors:
        tally.expect(opens(client, address), f"{role} does not get into {address}: nothing is shown here")
    held = user.roles.get()
    now = timezone.now()
    services.end_role(held=held, last_on=now.date() - timedelta(days=2), by=keeper, at=now)
    for address in doors:
        tally.n += 1
        tally.expect(not opens(client, address), f"{role}: {address} opens after the role ended")
    place = {"council_id": held.council_id, "branch_id": held.branch_id}
    services.grant_role(user=user, role=role, from_on=now.date(), by=keeper, at=now, **place)


def key_of(filled: Any, user: Any) -> str:
    """A key that the user made for a program; "" for somebody who may make none."""
    from django.utils import timezone
    from web.filled import PEOPLE_OF

    from calloff.web.accounts.services import branches_of
    from calloff.web.api.services.tokens import make_token

    if not branches_of(user, "make_tokens"):
        return ""
    branch = filled.world.branch(PEOPLE_OF)
    return make_token(branch=branch, name="rostering", days=30, by=user, at=timezone.now())[1]


def takes(key: str) -> bool:
    """Whether the interface for programs takes a key."""
    from django.test import Client

    client = Client(SERVER_NAME="127.0.0.1")
    answer = client.get("/api/v1/invitations", headers={"authorization": f"Bearer {key}"})
    return bool(answer.status_code == 200)


def somebody_leaves(tally: Tally, filled: Any, role: str, keeper: Any) -> None:
    """The account is closed: sessions, links, password and letters."""
    from django.conf import settings
    from django.core.cache import cache
    from django.db import transaction
    from django.test import Client
    from django.utils import timezone

    from calloff.web.accounts import services
    from calloff.web.jobs import services as jobs
    from calloff.web.jobs.models import Notice

    user, doors = filled.users[role], doors_of(filled, role)
    user.refresh_from_db()
    user.set_password(PASSWORD)
    user.save()
    clients = [filled.client(role), filled.client(role)]
    tally.expect(all(one.get("/account/").status_code == 200 for one in clients), f"{role} is not signed in")
    now = timezone.now()
    link = doors[0] if doors else "/account/"
    with transaction.atomic():
        jobs.tell(user, "message", "P-LEAVER", council=filled.world.council.pk, key=f"leave-{role}", at=now, link=link)
    key = key_of(filled, user)
    tally.expect(not key or takes(key), f"{role}: the key of a program opens nothing: nothing is shown here")
    services.deactivate(user=user, by=keeper, at=timezone.now())
    tally.n += bool(key)
    tally.expect(not key or not takes(key), f"{role}: the key of a program outlived its maker's account")
    for client in clients:
        tally.n += 1
        for address in ["/account/", *doors]:
            tally.expect(not opens(client, address), f"{role}: {address} opens to somebody who left")
    tally.n += 3
    answer = Client(SERVER_NAME="127.0.0.1").get(link)
    tally.expect(answer.status_code == 302 and answer["Location"].startswith("/sign-in/"), f"{role}: the link opens")
    cache.clear()
    said = {}
    for name, word in ((user.name, PASSWORD), ("nobody at all", "not a password at all")):
        client = Client(SERVER_NAME="127.0.0.1")
        answer = client.post("/sign-in/", {"login": name, "password": word})
        said[name] = (answer.status_code, "The name or the password is wrong. Try again." in answer.content.decode())
    tally.expect(set(said.values()) == {(200, True)}, f"{role}: signing in after leaving says {said}")
    folder = Path(settings.EMAIL_FILE_PATH)
    before = set(folder.glob("*.eml"))
    while jobs.work_once("worker", timezone.now()):
        pass
    sent = [one for one in set(folder.glob("*.eml")) - before if user.identity.email in one.read_text()]
    tally.expect(not sent, f"{role}: a letter went out to somebody who left")
    notice = Notice.objects.get(key=f"leave-{role}")
    tally.expect(notice.email_state != Notice.WAITING, f"{role}: the letter to somebody who left still waits")
