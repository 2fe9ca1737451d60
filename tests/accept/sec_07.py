"""
SEC-07: what providers see before a call-off names no person and no small area.

A census of every field that a provider is shown of an invitation, in pages, files, programs, notices and e-mails, each
of which must be on the list of what may be seen; no word of the person stands anywhere. Then somebody who means to
find out who it is joins the invitations with a list of everybody in the council, as neighbours and registers would
have it: the area that was shown must leave at least k people, or be the whole council.
"""

from __future__ import annotations

import html
import random
import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from unittest import mock

from accept.engines import on_each_engine
from accept.tally import Tally

from calloff.acceptance import Result

SIZES = {0: 12, 1: 60, 2: 600}
"""So many people, one package each."""
IN_AREA = {"hill": 0.05, "dale": 0.55, "glen": 0.3, "isle": 0.1}
LOCALITY = {"hill": "north", "dale": "north", "glen": "north", "isle": "far"}
HEADINGS = {"Area", "Care", "When", "Care workers", "Age", "Skills", "Also", "Begins", "Your price", "Reference"}
COLUMNS = {
    *(
        "Reference",
        "Council",
        "Branch",
        "State",
        "Sent",
        "Answer by",
        "Area",
        "Hours a week",
        "When",
        "Skills",
        "Begins",
    ),
    *("Price a week in pounds", "What you answered"),
}
PROGRAM = {
    *("id", "council", "status", "sealed", "sent_at", "deadline_at", "answer", "asked", "asked.area", "asked.age_band"),
    "asked.people",
    *("asked.minutes_per_week", "asked.visits", "asked.needs", "asked.risks", "asked.start_on", "asked.pence_per_week"),
    *("asked.centipence_per_hour", "asked.visits.number", "asked.visits.day", "asked.visits.start"),
    *("asked.visits.minutes", "asked.visits.workers", "asked.visits.time_critical"),
    *("asked.needs.code", "asked.needs.name", "asked.risks.code", "asked.risks.name"),
    *("can_answer", "why_not_selected", "terms", "terms.some_visits", "terms.other_times", "terms.own_price"),
    "terms.subcontractors",
}
THIS_YEAR = 2026
"""Of the clock of the made-up council."""
NOTICE = re.compile(r"An invitation to offer care needs an answer")
FIRST, LAST = ("Zyxwina", "Quorlan", "Vexia", "Jubrick"), ("Quibblethwaite", "Oxlong", "Wobbleton", "Krimpet")


def check(size: int) -> Result:
    """So many people on each engine."""
    tally = Tally()
    on_each_engine(tally, "sec_07", "anonymity", size, SIZES[0])
    return tally.result


def anonymity(tally: Tally, size: int) -> None:
    from django.utils import timezone
    from web.provider_portal.two_runs import the_same_outside

    with the_same_outside():
        world = _a_council(size)
        with mock.patch.object(timezone, "now", lambda: world.at):  # noqa: PT008 (its clock moves)
            secrets = _secrets()
            for door, said in _shown(tally, world):
                tally.n += 1
                plain = html.unescape(said)
                for secret, whose in secrets.items():
                    tally.expect(secret not in plain, f"{door}: {whose} {secret!r} is seen")
            intruder(tally)


def _a_council(size: int) -> Any:
    """People spread over areas, some of which hold hardly anybody; everybody's package is out to two providers."""
    from world import made_world

    from calloff.web.brokerage.models import Person
    from calloff.web.directory.models import Area, Locality

    world = made_world(ask="all_then_rank")
    world.provider("acorn", 15, 600_000)
    world.provider("beech", 16, 600_000)
    world.manager("acorn")
    localities = {"north": Locality.objects.get(code="north")}
    localities["far"] = Locality.objects.create(council=world.council, code="far", name="Far Shore")
    areas = {"hill": world.area}
    for code in ("dale", "glen", "isle"):
        areas[code] = Area.objects.create(
            council=world.council, code=code, name=code.title(), locality=localities[LOCALITY[code]]
        )
    chance, one_of = random.Random(7), world.person

    def person(_name: str = "") -> Any:
        number = Person.objects.count()
        made = one_of(f"{chance.choice(FIRST)} {chance.choice(LAST)}")
        made.area = areas[chance.choices(list(IN_AREA), list(IN_AREA.values()))[0]]
        made.born_on = made.born_on.replace(year=chance.randint(1925, 1990), day=1 + number % 27)
        made.address, made.postcode = f"{number + 101} Xylophone Mews", f"ZQ{number % 10} 7Q{'ABDEFGHJ'[number % 8]}"
        made.phone, made.case_number = f"07700 9{number:05d}", f"CASE-QZ-{number}"
        made.save()
        return made

    world.person = person
    # All are there before the first is asked for, as in a council that has been at it for long.
    packages = [world.package() for _ in range(size)]
    from calloff.web.brokerage.services.sourcing import start_step

    for package in packages:
        start_step(package=package, by=world.broker, at=world.at)
    world.work()
    return world


def _secrets() -> dict[str, str]:
    """Whatever points at somebody, and what it is."""
    from calloff.web.brokerage.models import Package, Request

    found = {}
    for package in Package.objects.select_related("person"):
        one = package.person
        found |= {one.address: "the address", one.postcode: "the postcode", one.phone: "the telephone number"}
        found |= {one.case_number: "the case number", one.reference: "the person's reference"}
        found |= {one.born_on.isoformat(): "the birthday", f"{one.born_on:%d %B %Y}".lstrip("0"): "the birthday"}
        found |= {package.reference: "the package's reference", package.token: "the package's address"}
        found |= dict.fromkeys(one.name.split(), "the name")
    return found | dict.fromkeys(Request.objects.values_list("reference", flat=True), "the request's reference")


def _shown(tally: Tally, world: Any) -> Iterator[tuple[str, str]]:
    """All that acorn is told before any call-off; each field that is not on a list is a fault."""
    from django.core import mail
    from web.api.programs import program_of
    from web.filled import browser

    from calloff.web.brokerage.models import Invitation
    from calloff.web.jobs.models import Notice

    client, program = browser(world.manager("acorn")), program_of(world, "acorn")
    for one in Invitation.objects.filter(branch__reference="acorn").order_by("token"):
        for rest in ("", "/answer"):
            page = client.get(f"/provider/invitations/{one.token}{rest}").content.decode()
            yield f"an invitation{rest}", page
        told = client.get(f"/provider/invitations/{one.token}").content.decode()
        terms = {" ".join(term.split()) for term in re.findall(r"<dt[^>]*>\s*([^<]*?)\s*</dt>", told)}
        tally.expect("Area" in terms, "the page of an invitation has no list of facts")
        tally.expect(terms <= HEADINGS, f"a page shows {sorted(terms - HEADINGS)}")
        answer = program.get(f"/invitations/{one.token}")
        keys = set(_keys(answer.json()))
        tally.expect(keys <= PROGRAM, f"a program is given {sorted(keys - PROGRAM)}")
        yield "a program's invitation", answer.content.decode()
    for place in ("/provider", "/provider/closed", "/provider/messages", "/provider/packages", "/notices?show=all"):
        yield place, client.get(place).content.decode()
        file = client.get(place + ("&" if "?" in place else "?") + "as=csv")
        yield f"{place} as a file", file.getvalue().decode() if file.streaming else file.content.decode()
    columns = client.get("/provider?as=csv").getvalue().decode("utf-8-sig").splitlines()[0].split(",")
    tally.expect(set(columns) <= COLUMNS, f"a file shows {sorted(set(columns) - COLUMNS)}")
    for path in ("/invitations", "/changes", "/packages"):
        yield f"a program's {path}", program.get(path, limit=100).content.decode()
    areas = set(Invitation.objects.values_list("area_shown", flat=True))
    names = areas | {f"{area}, {world.council.name}" for area in areas}
    for notice in Notice.objects.filter(user=world.manager("acorn")):
        tally.n += 1
        tally.expect(notice.about in names, f"a notice is about {notice.about!r}")
    sent = [one for one in mail.outbox if world.manager("acorn").identity.email in one.recipients()]
    tally.expect(len(sent) > 0, "no e-mail was sent")
    for one in sent:
        lines = [line for line in one.body.splitlines() if line]
        tally.expect(len(lines) == 2 and bool(NOTICE.match(lines[0])), f"an e-mail says {lines}")
        yield "an e-mail", one.message().as_string()


def _keys(value: Any, before: str = "") -> Iterator[str]:
    """The names of all fields of an answer, those within others by their path."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield before + name
            yield from _keys(one, f"{before}{name}.")
    elif isinstance(value, list):
        for one in value:
            yield from _keys(one, before)


def intruder(tally: Tally) -> None:
    """Join what was shown with a list of everybody: how many it can be at least."""
    from calloff.web.brokerage.models import Invitation, Package

    everybody = [
        (one.person_id, {one.area.name, one.area.locality.name, one.council.name}, _band(one.person.born_on))
        for one in Package.objects.select_related("area__locality", "council", "person")
    ]
    fewest, narrowest = 10**9, 10**9
    for one in Invitation.objects.select_related("council", "package__person"):
        tally.n += 1
        fitting = [(who, band) for who, places, band in everybody if one.area_shown in places]
        people, own = {who for who, _band in fitting}, _band(one.package.person.born_on)
        k = one.council.k
        wide = one.area_shown == one.council.name
        tally.expect(len(people) >= k or wide, f"{one.area_shown} leaves {len(people)} people, fewer than {k}")
        fewest = min(fewest, len(people))
        narrowest = min(narrowest, len({who for who, band in fitting if band == own}))
    shown = sorted(set(Invitation.objects.values_list("area_shown", flat=True)))
    tally.notes.append(
        f"areas shown: {', '.join(shown)}; the smallest leaves {fewest} people, with the age band {narrowest}; "
        "there is no override of k, so none is recorded"
    )


def _band(born_on: date) -> int:
    """Which of the three bands of age somebody is in, about as it is shown."""
    age = THIS_YEAR - born_on.year
    return (age >= 65) + (age >= 85)
