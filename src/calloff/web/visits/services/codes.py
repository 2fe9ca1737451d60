"""
A council's exception codes: the one home of which may be chosen for what, and of what each says or once said.

Until a council changes anything its list is the one that Calloff carries. A code is never taken away, only archived.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Count

from calloff.documents.exception_codes import CODE, EXPLAINED, exception_codes
from calloff.domain.errors import CalloffError
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.directory.models import Council
from calloff.web.visits.models import ExceptionCode, VisitFile, VisitRow

MOST_WORDS = 120


class CodeError(CalloffError):
    """A code that cannot be chosen, added or changed as asked; nothing was changed."""


def codes_of(council: int) -> list[ExceptionCode]:
    """The last version of each of a council's codes, by code; unsaved ones where it has changed none yet."""
    last: dict[str, ExceptionCode] = {}
    for one in ExceptionCode.objects.filter(council=council).order_by("code", "number"):
        last[one.code] = one
    return list(last.values()) or [
        ExceptionCode(council_id=council, code=one.code, number=1, words=one.words, explains=" ".join(one.explains))
        for one in sorted(exception_codes(), key=lambda one: one.code)
    ]


def choices(council: int, explains: str) -> list[tuple[str, str]]:
    """The codes that may be chosen for something of EXPLAINED, each with its words, by these."""
    found = [one for one in codes_of(council) if not one.archived and explains in one.explains.split()]
    return sorted(((one.code, one.words) for one in found), key=lambda pair: pair[1].casefold())


def chosen(council: int, code: str, explains: str) -> str:
    """A code as it was chosen; CodeError where the council's list has it not, or not any more, for this."""
    if code not in dict(choices(council, explains)):
        raise CodeError("Choose an exception code of the council's list. Nothing was changed.")
    return code


def words_of(council: int) -> Mapping[str, str]:
    """What each code says now, archived ones included: what once was chosen stays readable."""
    return {one.code: one.words for one in codes_of(council)}


def unlisted(file: VisitFile) -> list[tuple[str, int]]:
    """The codes of a file that are not on the council's list, each with how many rows hold it; archived ones are."""
    rows = VisitRow.objects.filter(file=file).exclude(code="").order_by("code")
    counts = rows.values_list("code").annotate(count=Count("pk"))
    known = words_of(file.council_id)
    return [(code, count) for code, count in counts if code not in known]


def versions_of(council: int, code: str) -> list[ExceptionCode]:
    """Every version of a code, the first first; one that is unsaved where the council has changed none yet."""
    found = list(ExceptionCode.objects.filter(council=council, code=code).select_related("by__identity"))
    return sorted(found, key=lambda one: one.number) or [one for one in codes_of(council) if one.code == code]


# What people do


def add_code(
    *, council: Council, code: str, words: str, explains: tuple[str, ...], by: User, at: datetime
) -> ExceptionCode:
    """Add a code to the council's list; CodeError where it has one so called, archived or not."""
    if CODE.fullmatch(code) is None:
        raise CodeError(
            "A code has at most 40 letters, digits, dots, hyphens and underscores. Write others. Nothing was changed."
        )
    with act(council=council.pk, by=by, at=at) as doing:
        if any(one.code.casefold() == code.casefold() for one in codes_of(council.pk)):
            raise CodeError(f"The list has {code} already. Reword it, or take another. Nothing was changed.")
        _begin(council, doing.at)
        made = _next(ExceptionCode(council=council, code=code, number=0), words, explains, False, by, doing.at)
        doing.record("code_added", made.code, {"explains": explains})
    return made


def reword_code(
    *, council: Council, code: str, words: str, explains: tuple[str, ...], by: User, at: datetime
) -> ExceptionCode:
    """Word a code anew, as its next version; rows that hold it keep the code."""
    with act(council=council.pk, by=by, at=at) as doing:
        last = _last(council, code)
        if (last.words, set(last.explains.split())) == (words.strip(), set(explains)):
            raise CodeError("It says just that already. Nothing was changed.")
        _begin(council, doing.at)
        made = _next(last, words, explains, last.archived, by, doing.at)
        doing.record("code_reworded", made.code, {"version": made.number, "explains": explains})
    return made


def archive_code(*, council: Council, code: str, archived: bool, by: User, at: datetime) -> ExceptionCode:
    """Archive a code, so that nobody chooses it any more, or take it into use again."""
    with act(council=council.pk, by=by, at=at) as doing:
        last = _last(council, code)
        if last.archived == archived:
            raise CodeError("Somebody has done that meanwhile. Nothing was changed.")
        _begin(council, doing.at)
        made = _next(last, last.words, tuple(last.explains.split()), archived, by, doing.at)
        doing.record("code_archived" if archived else "code_taken_back", made.code, {"version": made.number})
    return made


def _begin(council: Council, at: datetime) -> None:
    """Keep the list that the council began with, so that it is its own from now on."""
    unsaved = [one for one in codes_of(council.pk) if one.pk is None]
    for one in unsaved:
        one.at = at
    ExceptionCode.objects.bulk_create(unsaved)


def _last(council: Council, code: str) -> ExceptionCode:
    found = [one for one in codes_of(council.pk) if one.code == code]
    if not found:
        raise CodeError("The list has no such code. Nothing was changed.")
    return found[0]


def _next(
    last: ExceptionCode, words: str, explains: tuple[str, ...], archived: bool, by: User, at: datetime
) -> ExceptionCode:
    words = words.strip()
    if not words or len(words) > MOST_WORDS:
        raise CodeError(f"Say in at most {MOST_WORDS} letters what the code means. Nothing was changed.")
    if not explains or not set(explains) <= set(EXPLAINED):
        raise CodeError("Choose what the code may stand beside. Nothing was changed.")
    return ExceptionCode.objects.create(
        council_id=last.council_id,
        code=last.code,
        number=last.number + 1,
        words=words,
        explains=" ".join(one for one in EXPLAINED if one in explains),
        archived=archived,
        by=by,
        at=at,
    )
