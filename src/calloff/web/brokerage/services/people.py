"""The people who need care: found by who already knows something of them, added once, each look at them kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from calloff.web.accounts.models import User
from calloff.web.audit.models import Look
from calloff.web.audit.services import act
from calloff.web.brokerage.models import Person
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.directory.models import Area, Council
from calloff.web.directory.services import draw

SHORTEST_SEARCH = 3
MOST_FOUND = 50


@dataclass(frozen=True)
class Known:
    """What is written down of somebody: identity stands here and in no request."""

    name: str
    born_on: date
    sex: str
    address: str
    postcode: str
    phone: str
    case_number: str


def find_people(council: Council, words: str) -> list[Person]:
    """
    Those whose name has every word, or whose case number or postcode it is; at most fifty, by name.

    Raises RefusedError for too few letters: nobody leafs through everybody.
    """
    words = " ".join(words.split())
    if len(words) < SHORTEST_SEARCH:
        raise RefusedError(_("Enter at least three letters or figures"))
    named = Q()
    for word in words.split():
        named &= Q(name__icontains=word)
    compact = words.replace(" ", "")
    postcode = f"{compact[:-3]} {compact[-3:]}"
    known = Q(case_number__iexact=words) | Q(postcode__iexact=compact) | Q(postcode__iexact=postcode)
    rows = Person.objects.filter(named | known, council=council).select_related("area__locality")
    return list(rows.order_by("name", "born_on", "pk")[:MOST_FOUND])


def same_as(council: Council, known: Known) -> list[Person]:
    """Who may be the same human being: born on the same day with the same last name, or of the same case number."""
    last = known.name.split()[-1]
    alike = Q(born_on=known.born_on, name__iendswith=last)
    if known.case_number:
        alike |= Q(case_number__iexact=known.case_number)
    return list(
        Person.objects.filter(alike, council=council).select_related("area").order_by("name", "pk")[:MOST_FOUND]
    )


def add_person(*, council: Council, known: Known, area: Area, by: User, at: datetime) -> Person:
    """Write somebody down. The event names nobody: only the reference that was drawn."""
    with act(council=council.pk, by=by, at=at) as doing:
        if known.case_number and Person.objects.filter(council=council, case_number__iexact=known.case_number).exists():
            raise RefusedError(_("Somebody has this case number already. Nobody was added."))
        person = Person.objects.create(council=council, reference=draw(), area=area, **asdict(known))
        doing.record("person_added", person.reference)
    return person


def saw_each(people: Iterable[Person], *, council: Council, user: User, screen: str, at: datetime) -> None:
    """Note that somebody saw a list that names these people."""
    references = {person.reference for person in people}
    Look.objects.bulk_create(
        Look(council=council.pk, user=user, about=reference, screen=screen, at=at) for reference in sorted(references)
    )
