"""
SEC-31: e-mails go to one person each and carry nothing personal.

Every act that tells somebody is done for a person with a name that occurs nowhere else, the worker sends what it has to
send, and each message in the sink is read: one recipient and no copies, a subject of the closed list, one link to this
site, and nothing of the person or of anybody's words.
"""

from __future__ import annotations

import email
import email.policy
import re
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from accept.acts import acts
from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 1, 1: 4, 2: 40}
"""So often is each act done, each time by other people in a council of its own."""
PERSON = {
    "name": "Zyxwina Quibblethwaite",
    "address": "77 Xylophone Mews",
    "postcode": "ZQ7 7QZ",
    "phone": "07700 900777",
    "case_number": "CASE-QZ-7777",
}
SECRETS = ("zyxwina", "quibblethwaite", "xylophone", "zq7 7qz", "zq77qz", "900777", "case-qz", "1940-05", "may 1940")
"""Each longer than what a drawn reference or a hash holds by chance."""


def check(size: int) -> Result:
    """Each act so often on each engine."""
    tally = Tally()
    for _ in range(size):
        on_each_engine(tally, "sec_31", "letters", size, SIZES[0])
    return tally.result


def letters(tally: Tally, _size: int) -> None:
    from django.conf import settings
    from world import made_world

    from calloff.web.accounts.models import Identity
    from calloff.web.brokerage.models import Person
    from calloff.web.jobs.models import Notice

    world = made_world()
    world.provider("acorn", 15, 600_000)
    world.provider("beech", 16, 600_000)
    of_name = world.person

    def person(name: str = "") -> Any:
        made = of_name(PERSON["name"])
        Person.objects.filter(pk=made.pk).update(**PERSON)
        return Person.objects.get(pk=made.pk)

    world.person = person  # type: ignore[method-assign]
    for prepare in acts(world).values():
        prepare()()
    world.later(hours=1)
    world.work()
    tell_the_rest(tally, world)
    world.work()
    found = sorted(Path(settings.EMAIL_FILE_PATH).glob("*.eml"))
    # The acts add accounts as well.
    users = set(Identity.objects.values_list("email", flat=True))
    for path in found:
        tally.n += 1
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        for fault in faults(message, users, settings.SITE_URL):
            tally.fault(f"{message['Subject']}: {fault}")
    sent = Notice.objects.filter(email_state=Notice.SENT).count()
    tally.expect(len(found) == sent, f"{sent} notices were sent, and {len(found)} messages are there")


def tell_the_rest(tally: Tally, world: Any) -> None:
    """Each kind of notice that no act has told is told by itself, so that every text is read."""
    from django.db import transaction

    from calloff.web.jobs import services as jobs
    from calloff.web.jobs.models import Notice

    told = set(Notice.objects.values_list("kind", flat=True))
    rest = sorted(set(jobs.SUBJECTS) - told)
    for kind in rest:
        with transaction.atomic():
            jobs.tell(world.broker, kind, "P-REST", council=world.council.pk, key=f"rest-{kind}", at=world.at, link="/")
    tally.expect(len(told) > len(rest), f"the acts told {len(told)} kinds only")
    tally.notes.append(f"{len(told)} kinds told by acts, {len(rest)} by themselves: {', '.join(rest) or 'none'}")


def faults(message: EmailMessage, users: set[str], site: str) -> list[str]:
    """What is wrong with a message."""
    from calloff.web.jobs import services as jobs

    found = []
    to = [address.addr_spec for header in message.get_all("To", []) for address in header.addresses]
    if len(to) != 1 or to[0] not in users:
        found.append(f"it goes to {to}")
    found += [f"it has {name}" for name in ("Cc", "Bcc", "Reply-To") if message[name]]
    subject = str(message["Subject"])
    if subject not in {str(one) for one in jobs.SUBJECTS.values()}:
        found.append("the subject is not of the closed list")
    if message.is_multipart() or message.get_content_type() != "text/plain":
        found.append(f"it is {message.get_content_type()}, with parts: {message.is_multipart()}")
        return found
    text = str(message.get_content())
    links = re.findall(r"https?://\S+", text)
    if len(links) != 1 or not links[0].startswith(site):
        found.append(f"its links are {links}")
    everything = f"{message.as_string()} {subject} {text}".casefold()
    found += [f"it holds {secret!r}" for secret in SECRETS if secret in everything]
    return found
