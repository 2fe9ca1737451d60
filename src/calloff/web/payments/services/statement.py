"""
A person's week of care as a plain letter: each visit, what was planned, what was done, what they pay and why.

It names no care worker. What was put right in weeks before stands in it too, and how to ask about any line.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from calloff.documents.wording import day_words, length_words
from calloff.domain.calendar import local
from calloff.domain.units import pounds
from calloff.web.brokerage.models import Person
from calloff.web.brokerage.services.letters import Letter, Part, pdf_of
from calloff.web.directory.models import Council
from calloff.web.payments.models import Charge
from calloff.web.payments.services.charging import SUNDAY, Charged, Charging, assessed_on

CORRECTIONS_FOR = timedelta(days=7)


def letter_of(council: Council, person: Person, week: date, at: datetime) -> bytes:
    """The statement of a person's week as a letter; who opens it is noted by the view that gives it out."""
    return pdf_of(told_of_week(council, person, week, at))


def told_of_week(council: Council, person: Person, week: date, at: datetime) -> Letter:
    """The statement as it is worded."""
    visits = Charging(council).visits(person.pk, week)
    charges = _last(council, person, week)
    pence = sum(one.pence for one in charges.values())
    assessed = assessed_on(person.pk, week)
    pays = _("You pay %(amount)s for this week.") % {"amount": pounds(pence)}
    why = _("The care that may be charged came to %(care)s.") % {"care": pounds(sum(one.pence for one in visits))}
    if assessed is not None:
        why += " " + _("You were assessed to afford %(most)s a week at most.") % {"most": pounds(assessed)}
    parts: list[Part] = [
        {"paragraphs": [pays, why]},
        {
            "heading": _("Your visits"),
            "columns": [_("Day and time"), _("Planned"), _("Done"), _("Counts for your charge"), _("Why")],
            "rows": [row_of(one) for one in visits],
        },
    ]
    parts += corrections(council, person, week)
    parts.append(
        {
            "heading": _("If something is wrong"),
            "paragraphs": [
                _("Write or call us about any line, with its day and time. You need not pay it while we look.")
            ],
        }
    )
    return Letter(
        title=_("Your care from %(first)s to %(last)s") % {"first": day_words(week), "last": day_words(week + SUNDAY)},
        council=council.name,
        to=tuple(line for line in (person.name, person.address, person.postcode) if line),
        date=day_words(local(at).date()),
        reference=person.reference,
        parts=tuple(parts),
    )


def row_of(one: Charged) -> list[str]:
    """A visit as a row of the statement: when, planned, done, what counts, why."""
    visit, planned = one.entitlement, one.planned
    when = day_words(visit.on)
    if planned is not None:
        when += f", {local(planned.start_at):%H:%M}"
    length = "" if planned is None else length_words(planned.minutes * planned.workers)
    done = length_words(visit.worked_minutes) if visit.worked_minutes else _("nothing")
    return [when, length, done, pounds(one.pence), reason_words(visit.reason)]


def reason_words(reason: str) -> str:
    """What a visit was, as a person who had it reads it."""
    said = {
        "delivered": _("It was made."),
        "provision": _("It counts as planned until we know what was done."),
        "unplanned": _("It was made besides the plan."),
        "no_access": _("Nobody could be let in."),
        "short_notice": _("It was called off too late."),
        "retainer": _("Your place was kept while you were away. You pay nothing for it."),
        "suspended": _("It was called off."),
        "missed": _("It was missed. You pay nothing for it."),
        "waiting": _("We still look at what was done."),
    }
    return said.get(reason, _("It was not made."))


def _last(council: Council, person: Person, week: date) -> dict[str, Charge]:
    rows = Charge.objects.filter(council=council, person=person, week=week).order_by("number")
    return {one.contract: one for one in rows}


def corrections(council: Council, person: Person, week: date) -> list[Part]:
    """What was put right since in the week before, where anything was."""
    rows = Charge.objects.filter(council=council, person=person, week=week - CORRECTIONS_FOR, number__gt=1)
    told = []
    for one in rows.order_by("contract", "number"):
        before = Charge.objects.get(
            council=council, person=person, week=one.week, contract=one.contract, number=one.number - 1
        )
        told.append([day_words(one.week), pounds(before.pence), pounds(one.pence), pounds(one.pence - before.pence)])
    if not told:
        return []
    columns = [_("Week from"), _("Was"), _("Is now"), _("Difference")]
    return [{"heading": _("What was put right in the week before"), "columns": columns, "rows": told}]
