"""
The people of the demonstration: who works for the councils and the providers, and who needs care.

Nobody is real. Surnames are put together from two halves that no register of names joins; telephone numbers lie in the
range kept for drama, postcodes in an area that was never given out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password

from calloff.simulator.keyed_draws import Draws
from calloff.web.accounts.models import User
from calloff.web.accounts.services import add_demo_user, give_demo_authenticator, grant_role, roles
from calloff.web.brokerage.models import Person
from calloff.web.demonstration.councils import Shape
from calloff.web.demonstration.market import WIGHTSEA_SERVICES
from calloff.web.demonstration.names import ADMINISTRATOR, PASSWORD, STAFF
from calloff.web.directory.models import Area, Branch, Council
from calloff.web.directory.services import draw

SINCE = timedelta(days=400)

SCHEDULERS = 2
"""So many services of each council have a scheduler beside their manager."""

# fmt: off
FIRST_NAMES = (
    "Ada", "Alun", "Beryl", "Bogdan", "Carys", "Cecil", "Deepa", "Doris", "Edna", "Emlyn", "Farida", "Frank", "Gita",
    "Gwen", "Harold", "Hilda", "Iris", "Ivor", "Jean", "Joyce", "Kamala", "Kenneth", "Lilian", "Lech", "Mabel",
    "Morag", "Nasreen", "Norman", "Olwen", "Oscar", "Pearl", "Percy", "Queenie", "Ravi", "Rhona", "Rita", "Shirin",
    "Stanley", "Thelma", "Tomasz", "Una", "Vera", "Victor", "Wilf", "Winnie", "Yasmin", "Zofia",
)
WOMEN = frozenset((
    "Ada", "Beryl", "Carys", "Deepa", "Doris", "Edna", "Farida", "Gita", "Gwen", "Hilda", "Iris", "Jean", "Joyce",
    "Kamala", "Lilian", "Mabel", "Morag", "Nasreen", "Olwen", "Pearl", "Queenie", "Rhona", "Rita", "Shirin", "Thelma",
    "Una", "Vera", "Winnie", "Yasmin", "Zofia",
))
FIRST_HALVES = (
    "Quill", "Thimble", "Lantern", "Candle", "Kettle", "Teasel", "Bobbin", "Marsh", "Pebble", "Sorrel", "Wicker",
    "Ember", "Thistle", "Plover", "Linnet", "Curlew", "Damson", "Hazel", "Juniper", "Mallow",
)
SECOND_HALVES = (
    "stead", "wright", "combe", "garth", "low", "mere", "shaw", "wick", "holt", "fold", "thorpe", "beck", "dale",
)
STREETS = (
    "Candlemaker Row", "Teasel Lane", "Old Ropewalk", "Plover Close", "Kettle Yard", "Lantern Street", "Sorrel Bank",
    "Wicker Court", "Linnet Rise", "Thimble Lane", "Damson Terrace", "Curlew View",
)
# fmt: on


def someone(draws: Draws, *key: str) -> str:
    """The name of somebody invented."""
    first = FIRST_NAMES[draws.between(0, len(FIRST_NAMES) - 1, "first name", *key)]
    half = FIRST_HALVES[draws.between(0, len(FIRST_HALVES) - 1, "surname", *key)]
    other = SECOND_HALVES[draws.between(0, len(SECOND_HALVES) - 1, "surname, second half", *key)]
    return f"{first} {half}{other}"


# Accounts


@dataclass
class Cast:
    """Whoever acts: the staff of a council by what follows its name, and the manager of each branch by its number."""

    staff: dict[str, User] = field(default_factory=dict)
    managers: dict[int, User] = field(default_factory=dict)

    def __getitem__(self, name: str) -> User:
        return self.staff[name]

    def approving(self, other_than: User) -> User:
        """The other of two who may approve."""
        pairs = (("commissioner", "commissioner2"), ("contracts", "contracts2"), ("senior", "senior2"))
        names = next(pair for pair in pairs if other_than in (self.staff[pair[0]], self.staff[pair[1]]))
        return next(self.staff[name] for name in names if self.staff[name] != other_than)


@dataclass(frozen=True)
class Adding:
    """Adds accounts under one hash of the one password."""

    draws: Draws
    hashed: str
    at: datetime

    def user(self, name: str, held: Iterable[tuple[str, int | None, int | None]]) -> User:
        """An account with an authenticator and roles, each in its council or its branch."""
        user = add_demo_user(
            name=name,
            hashed=self.hashed,
            identity_name=someone(self.draws, "user", name),
            email=f"{name}@calloff.invalid",
            at=self.at,
        )
        for role, council, branch in held:
            grant_role(
                user=user,
                role=role,
                from_on=self.at.date() - SINCE,
                by=None,
                at=self.at,
                council_id=council,
                branch_id=branch,
            )
        give_demo_authenticator(user=user, by=None, at=self.at)
        return user


def adding(draws: Draws, at: datetime) -> Adding:
    """Hash the password once, and add."""
    return Adding(draws, make_password(PASSWORD), at)


def add_staff(add: Adding, shape: Shape, council: Council) -> None:
    """Everybody who works for a council."""
    for name, role in STAFF:
        add.user(f"{shape.code}.{name}", [(role, council.pk, None)])


def add_providers(add: Adding, branches: Sequence[Branch]) -> None:
    """The manager of each service, and a scheduler of some; a manager of several services has one account."""
    primes = {one.reference for one in WIGHTSEA_SERVICES[:3]}
    bodies: dict[int, list[Branch]] = {}
    for branch in branches:
        bodies.setdefault(branch.organisation_id, []).append(branch)
    for place, owned in enumerate(bodies.values()):
        name = word_of(owned[0])
        role = "prime_provider" if owned[0].reference in primes else "provider_manager"
        add.user(f"{name}.manager", [(role, None, branch.pk) for branch in owned])
        if place % 8 < SCHEDULERS:
            add.user(f"{name}.scheduler", [("scheduler", None, owned[0].pk)])


def word_of(branch: Branch) -> str:
    """What the names of a service's people begin with: `larkspinney` for Larkspinney Care."""
    words = branch.name.lower().split()
    return words[0] if not branch.in_house else f"{words[0]}.team"


def add_administrator(add: Adding) -> None:
    """Whoever adds accounts, everywhere."""
    add.user(ADMINISTRATOR, [("system_admin", None, None)])


def cast_of(shape: Shape) -> Cast:
    """The accounts of a council's demonstration, found by their names."""
    staff = {user.name.partition(".")[2]: user for user in User.objects.filter(name__startswith=f"{shape.code}.")}
    cast = Cast({name: staff[name] for name, _ in STAFF})
    answering = [code for code, role in roles().items() if "portal_handback" in role.permissions]
    for user in User.objects.filter(roles__role__in=answering).prefetch_related("roles").distinct():
        for held in user.roles.all():
            if held.branch_id is not None:
                cast.managers[held.branch_id] = user
    return cast


# Those who need care


def at_home(draws: Draws, shape: Shape, area: Area, key: str, today: date) -> dict[str, Any]:
    """Who needs care, with a home in an area: what a person's row holds beside its reference."""
    name = someone(draws, "person", shape.code, key)
    group = share(shape.ages, draws, "age", key)
    least, most = {"18-64": (24, 63), "65-74": (67, 73), "75-84": (75, 83), "85+": (85, 99)}[group]
    number, letter = draws.between(1, 88, "house", key), "ABDEFGHJLN"[draws.between(0, 9, "postcode", key)]
    street = STREETS[draws.between(0, len(STREETS) - 1, "street", key)]
    return {
        "name": name,
        "born_on": today - timedelta(days=draws.between(least * 366, most * 365, "born", key)),
        "sex": "female" if name.split()[0] in WOMEN else "male",
        "address": f"{number} {street}, {area.name}",
        "postcode": f"ZZ{sum(map(ord, area.code)) % 90 + 1} {number % 9 + 1}{letter}Z",
        "phone": f"01632 960{draws.between(100, 999, 'phone', key)}",
        "case_number": f"{shape.code[:2].upper()}{draws.number('case', shape.code, key) % 1_000_000:06d}",
    }


def add_person(draws: Draws, shape: Shape, area: Area, key: str, today: date) -> Person:
    """Store somebody who needs care."""
    home = at_home(draws, shape, area, key, today)
    return Person.objects.create(council_id=area.council_id, reference=draw(), area=area, **home)


def share(percent: Mapping[str, int] | Mapping[int, int], draws: Draws, purpose: str, key: str) -> str:
    """The key, as text, in whose share of a hundred the draw falls."""
    drawn, reached = draws.between(0, 99, purpose, key), 0
    for one, part in percent.items():
        reached += part
        if drawn < reached:
            return str(one)
    raise ValueError(f"the shares of {purpose} come to {reached} in a hundred")
