"""Day one on pages: the upload, and what its draft would bring in."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from django import forms
from django.db import connection
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from calloff.domain.calendar import local
from calloff.formats.day_one import DAY_ONE
from calloff.formats.sheets import BadCell
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.brokerage.services import day_one
from calloff.web.config.look import words
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.forms.drafts import SheetField
from calloff.web.contracts.models import Draft, Upload
from calloff.web.contracts.views.drafts import shows
from calloff.web.contracts.views.pages import READ_OR_SEND, form_page
from calloff.web.jobs.services import long

OTHERS_WAIT_FROM = 5_000
"""So many packages take the database a while to write, in which nobody else can save where it is one file."""


class DayOneForm(forms.Form):
    """The sheet with open and live packages."""

    sheet = SheetField(
        label=gettext_lazy("The file"),
        help_text=gettext_lazy("CSV or Excel (.xlsx) with the columns below, at most 10 MB and 100,000 rows."),
    )


@allowed("draft_import")
@require_http_methods(READ_OR_SEND)
def new_day_one(request: SignedIn) -> HttpResponse:
    """Upload the packages that the council brings with it."""
    form = DayOneForm(request.POST or None, request.FILES or None)

    def carry_out(now: datetime) -> str:
        sheet = form.cleaned_data["sheet"]
        data = sheet.read()
        draft = day_one.keep_sheet(council=request.council, name=sheet.name[:100], data=data, by=request.user, at=now)
        return reverse("draft", args=(draft.reference,))

    columns = Table(
        _("Columns"),
        [Column(_("Column"), names_row=True), Column(_("What it holds")), Column(_("Example"))],
        [
            [
                Cell(one.name, tag=_("needed") if one.required else "", tone="blue"),
                Cell(one.meaning, below=", ".join(one.allowed)),
                Cell(one.example),
            ]
            for one in DAY_ONE.columns
        ],
    )
    return form_page(
        request,
        form,
        title=_("Bring in packages"),
        button=_("Check the file"),
        back=reverse("drafts"),
        carry_out=carry_out,
        done=_("The file is being checked. You are told when that is done."),
        lead=_(
            "Today's open queue and the care that is given already. Nothing is written before somebody approved it."
        ),
        template="brokerage/day_one.html",
        columns=columns,
    )


@shows("packages")
def packages_preview(request: SignedIn, found: Draft) -> tuple[str, dict[str, Any]]:
    """What the file would bring in, in numbers, or all that is wrong with it; nobody's name."""
    upload = Upload.objects.get(draft=found)
    summary = json.loads(upload.summary)
    faults = [BadCell(*one) for one in summary.get("faults", ())]
    if found.drafted_identity != request.user.identity_id:
        faults = [BadCell(one.row, one.column, "", one.expected) for one in faults]
    now = timezone.now()
    may = permissions_at(request)
    kinds = ("read_draft", "carry_draft")
    work = [one for kind in kinds for one in long.progress_of(kind, [found.reference], found.council_id, may)]
    return "brokerage/draft_packages.html", {
        "work": work,
        "upload": upload,
        "reading": found.state == Draft.READING,
        "carrying": found.state == Draft.APPROVED and upload.carried_at is None and not upload.problem,
        "summary": summary,
        "counts": counts(summary),
        "others_wait": connection.vendor == "sqlite" and summary.get("new", 0) > OTHERS_WAIT_FROM,
        "bad_cells": faults,
        "more_bad_cells": max(0, summary.get("count", 0) - len(faults)),
        "table": sample(summary, local(now).date()),
        "now": now,
    }


def counts(summary: dict[str, Any]) -> list[tuple[str, str]]:
    """What a file would do, in numbers."""
    names = (
        ("new", _("new packages")),
        ("people", _("people")),
        ("open", _("still to place")),
        ("live", _("given already")),
        ("outside", _("given outside every enrolment")),
        ("ungoverned", _("under no model")),
        ("known", _("here already, left as they are")),
        ("changed", _("of these saying something else now")),
    )
    told = [(name, f"{summary[code]:,}") for code, name in names if summary.get(code)]
    return [*told, (_("hours a week"), words.hours(summary["minutes"]))] if summary.get("minutes") else told


def sample(summary: dict[str, Any], on: date) -> Table:
    """The first rows, without anybody's name."""
    rows = []
    for one in summary.get("sample", ()):
        since = words.day(date.fromisoformat(one["since"]), on) if one["since"] else ""
        rows.append(
            Row(
                [
                    Cell(one["case_number"], below=one["reference"]),
                    Cell(str(one["row"])),
                    Cell(one["area"]),
                    Cell(words.hours(one["minutes"])),
                    Cell(words.day(local(datetime.fromisoformat(one["approved_at"])).date(), on)),
                    Cell(one["provider"] or (_("nobody yet") if not one["since"] else "")),
                    Cell(words.rate(one["centipence"]) if one["centipence"] else ""),
                    Cell(since),
                ]
            )
        )
    columns = [
        Column(_("Case"), names_row=True),
        Column(_("Row"), number=True),
        Column(_("Area")),
        Column(_("Hours"), number=True, unit=_("a week")),
        Column(_("Approved")),
        Column(_("Given by")),
        Column(_("Price"), number=True, unit=_("an hour")),
        Column(_("Since")),
    ]
    return Table(_("The first rows"), columns, rows)
