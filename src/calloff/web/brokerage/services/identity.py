"""Words that may give the person away before the call-off: stopped, with the words marked."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

from calloff.web.brokerage.models import Package, Person
from calloff.web.brokerage.services.refusals import IdentityInTextError
from calloff.web.directory.models import Area

POSTCODE = re.compile(r"\b[A-Z]{1,2}[0-9][A-Z0-9]?\s*[0-9][A-Z]{2}\b", re.IGNORECASE)
PHONE = re.compile(r"(?<![\w£.])(?:\+44\s?|0)(?:[\d][\s()-]?){8,10}\d\b")
EMAIL = re.compile(r"\b[\w.+-]+@[\w-]+\.[\w.]+\b")
NHS_NUMBER = re.compile(r"\b\d{3}[ -]?\d{3}[ -]?\d{4}\b")
TITLED = re.compile(r"\b(?:Mr|Mrs|Miss|Ms|Mx|Dr|Sir|Lady)\.?\s+[A-Z][\w'-]+")
WORD = re.compile(r"[^\W\d_][\w'-]*")
NAME_PAIR = re.compile(r"\b[A-Z][a-z'-]+\s+[A-Z][a-z'-]+\b")
SHORTEST_NAME = 3


def identifying(text: str, package: Package, knows_person: bool) -> list[str]:
    """
    The words of a text that may name the person: a postcode, a number, an address, a titled name, or the person's own.

    In the order in which they stand. The person's own words are looked for only in what somebody writes who knows them:
    to anybody else a mark would tell that a guess was right.
    """
    if knows_person:
        return list(dict.fromkeys(word for one in people_of(package) for word in _naming(text, one, package.area)))
    found = _patterns_in(text)
    for match in NAME_PAIR.finditer(text):
        found.setdefault(match.start(), match.group())
    return [found[place] for place in sorted(found)]


def people_of(package: Package) -> list[Person]:
    """The person whose package it is, or everybody of a lot."""
    return [package.person] if package.person else list(Person.objects.filter(packages__lot=package))


def naming(text: str, person: Person) -> list[str]:
    """The same words in a text of somebody who knows the person and still writes the request."""
    return _naming(text, person, person.area)


def _patterns_in(text: str) -> dict[int, str]:
    return {
        match.start(): match.group()
        for pattern in (POSTCODE, PHONE, EMAIL, NHS_NUMBER, TITLED)
        for match in pattern.finditer(text)
    }


def _naming(text: str, person: Person, area: Area) -> list[str]:
    found = _patterns_in(text)
    own = {word.casefold() for word in WORD.findall(f"{person.name} {person.address}") if len(word) >= SHORTEST_NAME}
    known = {word.casefold() for word in WORD.findall(f"{area.name} {area.locality.name}")} | COMMON
    for match in WORD.finditer(text):
        if match.group().casefold() in own - known:
            found.setdefault(match.start(), match.group())
    return [found[place] for place in sorted(found)]


COMMON = frozenset(
    {"road", "street", "lane", "close", "avenue", "house", "flat", "court", "the", "and", "drive", "place"}
)
"""Words of many addresses, which name nobody."""


def refuse_in_note(text: str, packages: Iterable[Package]) -> None:
    """
    Raise IdentityInTextError when a note on one of these packages may name its person before a call-off.

    A note is the council's own, and yet it is read by whoever has the package next, copied and handed over: the person
    stands in one place alone until somebody cares for them.
    """
    if not text:
        return
    for package in packages:
        if package.call_offs.filter(ended_on__isnull=True).exists():
            continue
        if found := identifying(text, package, knows_person=True):
            raise IdentityInTextError(
                _("Nothing was kept, since these words may say who the person is: %(words)s. Take them out.")
                % {"words": ", ".join(found)},
                found,
            )


def refuse_identity(text: str, package: Package, *, knows_person: bool) -> None:
    """Raise IdentityInTextError when a text may name the person."""
    found = identifying(text, package, knows_person)
    if found:
        raise IdentityInTextError(
            _("Nothing was sent, since these words may say who the person is: %(words)s. Take them out and send again.")
            % {"words": ", ".join(found)},
            found,
        )
