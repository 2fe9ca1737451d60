"""Finding a package by its reference, a person or a provider, small mistakes forgiven; no extension of the database."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import add, or_
from typing import Any

from django.db.models import Case, Q, Value, When

from calloff.web.brokerage.models import Package, Person
from calloff.web.directory.models import Branch
from calloff.web.directory.services import ALPHABET

MOST_CANDIDATES = 300
MOST_FOUND = 10
GOOD_ENOUGH = 0.5
"""From here on two texts are alike enough to be shown (assumed)."""
REFERENCE_LETTERS = 6
LONGEST_SEARCH = 100


@dataclass(frozen=True)
class Found:
    """What a search brought, the most alike first: packages by reference, people, providers; each by its number."""

    packages: tuple[int, ...] = ()
    people: tuple[int, ...] = ()
    branches: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.packages or self.people or self.branches)


def find(*, council_id: int, text: str, people: bool) -> Found:
    """
    Look for a package, a person or a provider of a council by what somebody typed.

    Without `people` only references and providers are searched: who may not know a name cannot try one either.
    """
    text = text.strip()[:LONGEST_SEARCH]
    if not text:
        return Found()
    packages = packages_called(council_id, text)
    return Found(packages, people_called(council_id, text) if people else (), branches_called(council_id, text))


# References


def packages_called(council_id: int, text: str) -> tuple[int, ...]:
    """Packages whose reference is the text, begins with it, or differs from it by one letter."""
    letters = re.sub(r"[^A-Z0-9]", "", text.upper())
    if letters.startswith("LOT"):
        lots = Package.objects.filter(council=council_id, reference=f"LOT-{letters[3:].lower()}")
        return tuple(lots.values_list("pk", flat=True))
    if letters.startswith("P") and len(letters) > REFERENCE_LETTERS:
        letters = letters[1:]
    if not letters or len(letters) > REFERENCE_LETTERS + 1:
        return ()
    rows = Package.objects.filter(council=council_id)
    exact = list(rows.filter(reference=f"P-{letters}").values_list("pk", flat=True))
    wanted: list[int] = list(exact)
    if len(letters) >= REFERENCE_LETTERS - 1:
        near = [f"P-{one}" for one in one_letter_off(letters)]
        wanted += rows.filter(reference__in=near).order_by("reference").values_list("pk", flat=True)[:MOST_FOUND]
    if len(letters) >= 3:
        begins, ends = f"P-{letters}", f"P-{letters}~"
        early = rows.filter(reference__gte=begins, reference__lt=ends).order_by("reference")
        wanted += early.values_list("pk", flat=True)[:MOST_FOUND]
    return tuple(dict.fromkeys(wanted))[:MOST_FOUND]


def one_letter_off(letters: str) -> set[str]:
    """Every reference of the right length that one wrong, missing, extra or swapped letter makes of these."""
    cuts = [(letters[:place], letters[place:]) for place in range(len(letters) + 1)]
    near = {head + tail[1:] for head, tail in cuts if tail}
    near |= {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    near |= {head + one + tail[1:] for head, tail in cuts if tail for one in ALPHABET}
    near |= {head + one + tail for head, tail in cuts for one in ALPHABET}
    return {one for one in near if len(one) == REFERENCE_LETTERS} - {letters}


# Names


def plain_words(text: str) -> list[str]:
    """The words of a name in small letters, without accents."""
    bare = unicodedata.normalize("NFKD", text.casefold())
    return re.findall(r"[a-z0-9]+", "".join(one for one in bare if not unicodedata.combining(one)).replace("'", ""))


def grams(word: str) -> set[str]:
    """The pieces of a word by which two are compared: three letters each, its beginning and its end marked."""
    marked = f"  {word} "
    return {marked[place : place + 3] for place in range(len(marked) - 2)}


def alikeness(one: str, other: str) -> float:
    """How alike two words are, from 0 to 1: the same, begun the same, swapped letters, or sharing many pieces."""
    if one == other:
        return 1.0
    if other.startswith(one):
        return 0.9
    if len(one) > 3 and is_one_slip(one, other):
        return 0.85
    ours, theirs = grams(one), grams(other)
    return 2 * len(ours & theirs) / (len(ours) + len(theirs))


def is_one_slip(one: str, other: str) -> bool:
    """Whether one wrong, missing, extra or swapped letter makes one word of the other."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    first, second = one[start:], other[start:]
    if len(first) == len(second):
        return first[1:] == second[1:] or (first[:2] == second[:2][::-1] and first[2:] == second[2:])
    return first[1:] == second if len(first) > len(second) else first == second[1:]


def score(asked: Sequence[str], name: str) -> float:
    """How well a name fits the words that were typed: each is held against the word most like it."""
    known = plain_words(name)
    if not asked or not known:
        return 0.0
    fits = [max(alikeness(word, own) for own in known) for word in asked]
    # A name of which nothing is left over is the better of two that fit as well.
    return sum(fits) / len(fits) - 0.001 * abs(len(known) - len(asked))


def best(asked: Sequence[str], named: Iterable[tuple[int, str]]) -> tuple[int, ...]:
    """The numbers of the names that fit best, the best first."""
    scored = [(score(asked, name), name, number) for number, name in named]
    good = sorted((one for one in scored if one[0] >= GOOD_ENOUGH), key=lambda one: (-one[0], one[1], one[2]))
    return tuple(number for _, _, number in good[:MOST_FOUND])


def people_called(council_id: int, text: str) -> tuple[int, ...]:
    """People of a council by name or case number."""
    rows = Person.objects.filter(council=council_id)
    by_case = list(rows.filter(case_number=text).values_list("pk", flat=True)[:MOST_FOUND])
    asked = plain_words(text)
    by_name = best(asked, rows_as_typed(rows, text) or rows_like(rows, asked))
    return tuple(dict.fromkeys([*by_case, *by_name]))[:MOST_FOUND]


def rows_as_typed(rows: Any, text: str) -> list[tuple[int, str]]:
    """
    Candidates among people: those whose name has a word that begins with each word as it was typed.

    Nearly every search is one of these, and costs the database far less than looking for what is merely like it.
    """
    asked = plain_words(text)
    for typed in sorted(text.split(), key=len, reverse=True):
        rows = rows.filter(name__icontains=typed)
    found = rows.order_by("name", "pk").values_list("pk", "name")[:MOST_CANDIDATES] if asked else ()
    return [(pk, name) for pk, name in found if begins(asked, plain_words(name))]


def begins(asked: Sequence[str], known: Sequence[str]) -> bool:
    """Whether each of the words that were typed is the beginning of a word of a name."""
    return all(any(own.startswith(word) for own in known) for word in asked)


def rows_like(rows: Any, asked: Sequence[str]) -> list[tuple[int, str]]:
    """
    Candidates among people: those whose name shares most pieces with what was typed, read from the index of names.

    The database counts pieces of two or three letters that stand anywhere in a name; how alike the names are is
    worked out from the candidates alone.
    """
    pieces = sorted({piece for word in asked for piece in pieces_of(word)})
    if not pieces:
        return []
    holds = [Q(name__icontains=one) for one in pieces]
    shared = reduce(add, [Case(When(one, then=Value(1)), default=Value(0)) for one in holds])
    near = rows.filter(reduce(or_, holds)).order_by(shared.desc(), "name", "pk")
    return list(near.values_list("pk", "name")[:MOST_CANDIDATES])


def pieces_of(word: str) -> list[str]:
    """What of a word stands in a name like it: pairs of letters of a short one, also swapped, else threes."""
    if len(word) <= 4:
        swapped = [word[:place] + word[place + 1] + word[place] + word[place + 2 :] for place in range(len(word) - 1)]
        return ["".join(pair) for one in (word, *swapped) for pair in pairwise(one)] or [word]
    return [word[place : place + 3] for place in range(len(word) - 2)]


def branches_called(council_id: int, text: str) -> tuple[int, ...]:
    """Providers that are enrolled with a council, by the name of their branch or of their organisation."""
    asked = plain_words(text)
    rows = Branch.objects.filter(Q(enrolments__council=council_id)).distinct()
    found = {pk: f"{name} {body}" for pk, name, body in rows.values_list("pk", "name", "organisation__name")}
    return best(asked, found.items())
