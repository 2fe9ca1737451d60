"""
Letters and reports as accessible PDF (PDF/UA-1); here those to providers: the call-off, and why an offer was not
selected.

What a letter says is data to its template, never markup. A letter is made when somebody opens it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.utils.translation import gettext as _

from calloff.documents.wording import day_words, worded
from calloff.domain.calendar import local
from calloff.domain.packages import Visit
from calloff.domain.records import revive
from calloff.domain.units import pounds
from calloff.web.brokerage.models import CallOff, Invitation
from calloff.web.brokerage.services.desk import facts_of
from calloff.web.brokerage.services.explaining import why_not_selected
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.config.look import words
from calloff.web.config.look.week import Week

TEMPLATE = Path(__file__).resolve().parents[1] / "templates" / "brokerage" / "letter.typ"
Part = dict[str, Any]


@dataclass(frozen=True)
class Letter:
    """
    What a letter says: `parts` have a heading and then paragraphs, a list, a tree, facts or rows under columns.

    A tree is a list whose lines, each a `text`, have lines `below` them. A report goes `to` nobody.
    """

    title: str
    council: str
    to: Sequence[str]
    date: str
    reference: str
    parts: Sequence[Part] = field(default=())


def spoken(token: str) -> str:
    """A random reference as it is read out, in fours: `9W94-NVJS-375W`."""
    return "-".join(token[place : place + 4] for place in range(0, len(token), 4))


def agreed_visits(call_off: CallOff) -> tuple[Visit, ...]:
    """The visits of a call-off, at the times agreed."""
    return tuple(revive(Visit, visit) for _number, visit in json.loads(call_off.visits))


@cache
def _template() -> bytes:
    return TEMPLATE.read_bytes()


def pdf_of(letter: Letter) -> bytes:
    """The letter as PDF/UA-1; the same letter is the same bytes."""
    told = {
        "title": letter.title,
        "council": letter.council,
        "to": list(letter.to),
        "date": letter.date,
        "reference": letter.reference,
        "page": _("page"),
        "parts": list(letter.parts),
    }
    made = typst.compile(
        _template(),
        format="pdf",
        sys_inputs={"letter": json.dumps(told, ensure_ascii=False)},
        pdf_standards=["ua-1"],
        ignore_system_fonts=True,
        timestamp=0,
    )
    if not isinstance(made, bytes):
        raise TypeError("a letter has one file")
    return made


def week_part(heading: str, week: Week) -> Part:
    """A person's week as a table: what the drawing shows by a mark stands there in words."""
    table = week.table
    rows = [
        [cell.text + (f", {cell.tag}" if cell.tag else "") for _c, cell in table.pairs(row.cells)]
        for row in table.laid_out
    ]
    return {"heading": heading, "columns": [one.heading for one in table.columns], "rows": rows}


def tree_of(lines: Sequence[tuple[int, str]]) -> list[Part]:
    """Lines, each with how deep it stands, as a tree: a line's are those below it until one stands as high again."""
    top: list[Part] = []
    open_at: list[tuple[int, list[Part]]] = [(0, top)]
    for deep, text in lines:
        while deep < open_at[-1][0]:
            open_at.pop()
        line: Part = {"text": text, "below": []}
        open_at[-1][1].append(line)
        open_at.append((deep + 1, line["below"]))
    return top


def call_off_letter(call_off: CallOff, *, prices: bool) -> bytes:
    """
    What was called off, for whom, from when, and at which price for whoever may see it.

    It names the person: who opens it is noted by the view that gives it out.
    """
    return pdf_of(told_of_call_off(call_off, prices=prices))


def told_of_call_off(call_off: CallOff, *, prices: bool) -> Letter:
    """The call-off letter as it is worded."""
    package, person = call_off.package, call_off.package.cared_for
    facts, visits = facts_of(package, call_off.version), agreed_visits(call_off)
    minutes = sum(visit.worker_minutes for visit in visits)
    start = day_words(call_off.start_on or package.required_start_on)
    says = _("%(council)s calls off %(hours)s hours a week to %(branch)s, to begin on %(start)s.") % {
        "council": package.council.name,
        "hours": words.hours(minutes),
        "branch": call_off.branch.name,
        "start": start,
    }
    about = [(_("Package"), package.reference), (_("Call-off"), spoken(call_off.token))]
    if prices:
        about.append((_("Price"), _("%(price)s a week") % {"price": pounds(call_off.pence_per_week)}))
    if package.model_version is not None and call_off.enrolment_id is not None:
        about.append((_("Under"), package.model_version.title))
    who = [(_("Name"), person.name), (_("Born"), day_words(person.born_on))]
    who += [
        (name, value)
        for name, value in (
            (_("Address"), person.address),
            (_("Postcode"), person.postcode),
            (_("Telephone"), person.phone),
        )
        if value
    ]
    needs = worded("capabilities", sorted(facts.needs), nothing=_("none beyond the visits"))
    return Letter(
        title=_("A package is called off to you"),
        council=package.council.name,
        to=(call_off.branch.name,),
        date=day_words(local(call_off.confirmed_at).date()),
        reference=package.reference,
        parts=(
            {"paragraphs": [says], "facts": about},
            {"heading": _("The person"), "facts": who},
            week_part(_("The visits of a week"), Week(visits, package.reference)),
            {"heading": _("What is needed"), "paragraphs": [needs]},
            {
                "heading": _("What happens next"),
                "paragraphs": [
                    _("Enter the day of the first visit when it was made."),
                    _("Write to us about anything that is not clear."),
                ],
            },
        ),
    )


def not_selected_letter(invitation: Invitation, *, prices: bool) -> bytes:
    """
    Why an offer was not selected, with nothing of anybody else.

    Raises RefusedError where there is nothing to explain: whoever declined or was silent is told that it is closed.
    """
    return pdf_of(told_of_loss(invitation, prices=prices))


def told_of_loss(invitation: Invitation, *, prices: bool) -> Letter:
    """The letter to whoever was not selected, as it is worded."""
    why = why_not_selected(invitation)
    if why is None:
        raise RefusedError(_("There is no letter about this invitation: nothing was offered that was not selected."))
    reference = spoken(invitation.token)
    model = _("%(model)s, version %(version)d") % {"model": why.model, "version": why.version}
    figures = [*why.offered, *why.inputs, *(why.priced if prices else ())]
    return Letter(
        title=_("Your offer was not selected"),
        council=invitation.council.name,
        to=(invitation.branch.name,),
        date=day_words(local(why.at).date()),
        reference=reference,
        parts=(
            {
                "paragraphs": [
                    _("Thank you for your offer on invitation %(reference)s. It was not selected.")
                    % {"reference": reference}
                ]
            },
            {"heading": _("What decided"), "paragraphs": [why.decided]},
            {"heading": _("Your own figures"), "facts": [list(pair) for pair in figures]},
            {"heading": _("The published rule"), "paragraphs": [model], "list": list(why.rule)},
            {
                "heading": _("If you think this is wrong"),
                "paragraphs": [
                    _(
                        "Write to us in the portal within 30 days. The decision is kept as a record that can be worked "
                        "out again; an auditor can check it."
                    )
                ],
            },
        ),
    )
