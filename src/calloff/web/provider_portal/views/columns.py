"""A table of a provider's own columns: which is which, how it is read, and sending it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from calloff.formats.column_mapping import FIELDS
from calloff.formats.delivered_visits import DeliveredVisit
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.config.look import words
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.models import Enrolment
from calloff.web.provider_portal.forms.sending import MEANINGS, ColumnsForm
from calloff.web.provider_portal.services.scope import scope
from calloff.web.provider_portal.views.page import READ_OR_SEND, show
from calloff.web.provider_portal.views.visits import VISITS
from calloff.web.visits.models import SentTable
from calloff.web.visits.services import large, tables
from calloff.web.visits.services.files import FileRefusedError

MOST_SHOWN, MOST_PROBLEMS = 10, 50


@allowed(VISITS)
@require_http_methods(READ_OR_SEND)
def columns(request: SignedIn, token: str) -> HttpResponse:
    """Name the columns of a table: look at how its rows are read, then send it."""
    mine = scope(request, VISITS)
    table = get_object_or_404(
        SentTable.objects.select_related("council", "branch"), token=token, branch__in=mine.branches
    )
    form = _form(request, table)
    told: dict[str, Any] = {"table": table, "form": form, "now": timezone.now()}
    if request.method == "POST" and form.is_valid():
        if "send" in request.POST:
            return _send(request, table, form)
        told["preview"] = seen = tables.preview(table, form.mapping, form.moment())
        told["read_rows"], told["rows_in_all"] = f"{seen.read_rows:,}", f"{seen.rows:,}"
        told["problems"], told["more"] = seen.problems[:MOST_PROBLEMS], max(0, len(seen.problems) - MOST_PROBLEMS)
        if seen.file is not None:
            told["rows"] = _shown(seen.file.rows)
    return show(request, "columns", told)


def _form(request: SignedIn, table: SentTable) -> ColumnsForm:
    heading, texts = tables.columns_of(table)
    known, likely = tables.put_forward(table.branch, heading)
    chosen = _chosen(request.POST) if request.method == "POST" else dict(likely)
    initial: dict[str, Any] = {f"column_{name}": column for name, column in likely.items()}
    found = tables.words_asked(chosen, texts)
    if known is not None:
        initial["always_contract"] = known.always.get("contract", "")
        for name, own in found.items():
            initial |= {f"{name}_{number}": known.words.get(name, {}).get(word) for number, word in enumerate(own)}
    contracts = Enrolment.objects.filter(council=table.council_id, branch=table.branch_id)
    return ColumnsForm(
        request.POST or None,
        heading=heading,
        contracts=sorted(contracts.values_list("reference", flat=True)),
        found_words=found,
        initial=initial,
    )


def _chosen(sent: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(sent[f"column_{name}"]) for name in FIELDS if sent.get(f"column_{name}")}


def _send(request: SignedIn, table: SentTable, form: ColumnsForm) -> HttpResponse:
    now, counts = timezone.now(), form.counts() if form.replaces() else None
    told: dict[str, Any] = {"table": table, "by": request.user, "at": now}
    with tables.table_file(table) as path:
        if large.is_large(path):
            sending = large.Sending(form.replaces(), counts, form.mapping, form.moment())
            large.take_later(**told, sending=sending)
            return redirect("portal_receipt", table.token)
    try:
        file = tables.take_table(**told, mapping=form.mapping, made_at=form.moment(), counts=counts)
    except FileRefusedError as refused:
        return redirect("portal_receipt", refused.file.receipt)
    messages.success(request, _("The file is accepted, and its columns are remembered."))
    return redirect("portal_receipt", file.receipt)


def _shown(rows: tuple[DeliveredVisit, ...]) -> Table:
    """The first visits of a table, as they are read."""
    now = timezone.now()
    told = [
        Row(
            [
                Cell(one.person, below=one.row),
                Cell(one.worker),
                Cell(words.moment(one.came.at, now)),
                Cell(words.moment(one.left.at, now) if one.left else _("not logged")),
                Cell(f"{one.minutes}"),
                Cell(str(MEANINGS[one.met])),
            ]
        )
        for one in rows[:MOST_SHOWN]
    ]
    heading = [Column(_("Person"), names_row=True), Column(_("Care worker")), Column(_("Came")), Column(_("Left"))]
    heading += [Column(_("Minutes"), number=True), Column(_("What the worker met"))]
    return Table(_("The first visits, as they are read"), heading, told)
