"""Files of delivered visits: sent, each with its receipt, and what became of them."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calloff.domain.errors import BadInputError
from calloff.formats.delivered_visits import REPLACE
from calloff.formats.sheets import NotReadError
from calloff.formats.visit_files import OWN, TABLE, as_plain_file, kind_of
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.config.look import words
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.jobs.models import Job
from calloff.web.jobs.services import long
from calloff.web.payments.models import Deviation
from calloff.web.provider_portal.forms.sending import SendVisitsForm
from calloff.web.provider_portal.services.scope import Scope, scope
from calloff.web.provider_portal.views.page import READ_OR_SEND, branch_tabs, show
from calloff.web.visits.models import LooseRow, SentTable, VisitFile, VisitRow
from calloff.web.visits.services import codes, large
from calloff.web.visits.services.files import FileRefusedError, receive
from calloff.web.visits.services.large import Sending, is_large, keep_large
from calloff.web.visits.services.tables import keep_table

VISITS = "portal_visits"
STATES = {
    VisitFile.ACCEPTED: (gettext_lazy("accepted"), "green"),
    VisitFile.REFUSED: (gettext_lazy("refused"), "red"),
}
MOST_FILES, MOST_ROWS = 100, 200


def files_of(mine: Scope) -> Any:
    """The files that these branches sent."""
    rows = VisitFile.objects.filter(branch__in=mine.branches)
    return rows.select_related("council", "branch", "sent_by__identity")


@allowed(VISITS)
@require_safe
def files(request: SignedIn) -> HttpResponse:
    """Every file that was sent, the latest first."""
    every, now = scope(request, VISITS), timezone.now()
    chosen = request.GET.get("branch", "")
    rows = []
    for one in files_of(every.narrowed(chosen)).order_by("-sent_at", "-pk")[:MOST_FILES]:
        state, tone = STATES[one.state]
        url = reverse("portal_receipt", args=(one.receipt,))
        rows.append(
            Row(
                [
                    Cell(one.name, url=url, below=one.council.name),
                    Cell(tag=str(state), tone=tone),
                    Cell(f"{one.rows:,}"),
                    Cell(f"{one.parked_rows:,}" if one.parked_rows else ""),
                    Cell(words.moment(one.sent_at, now)),
                ],
                url=url,
            )
        )
    columns = [Column(_("File"), names_row=True), Column(_("State")), Column(_("Rows"), number=True)]
    columns += [Column(_("Parked"), number=True), Column(_("Sent"))]
    empty = _("Nothing was sent yet. A file of delivered visits is checked whole before any of it counts.")
    table = Table(_("Files"), columns, rows, empty=empty, quiet_caption=True)
    tabs = branch_tabs(every, chosen, reverse("portal_visits"))
    loose = LooseRow.objects.filter(branch__in=every.narrowed(chosen).branches, state=LooseRow.OPEN).count()
    said = Deviation.objects.filter(branch__in=every.narrowed(chosen).branches, withdrawn_at=None, stands="said")
    answers = said.filter(said_by_provider=False).count()
    return show(request, "visits", {"table": table, "tabs": tabs, "loose": loose, "answers": answers})


@allowed(VISITS)
@require_http_methods(READ_OR_SEND)
def send(request: SignedIn) -> HttpResponse:
    """Send a file: accepted with a receipt, refused whole with every bad row, or asked what its columns are."""
    mine = scope(request, VISITS)
    form = SendVisitsForm(request.POST or None, request.FILES or None, enrolments=list(mine.enrolments()))
    if request.method == "POST" and form.is_valid():
        try:
            return _take(request, form)
        except NotReadError as error:
            form.add_error("file", capfirst(str(error)))
        except MissingCountError:
            form.add_error("rows", _("Enter how many visits and minutes the file has"))
    return show(request, "send_visits", {"form": form})


class MissingCountError(BadInputError):
    """A file replaces what was sent before, and neither it nor its sender says how much it holds."""


def _take(request: SignedIn, form: SendVisitsForm) -> HttpResponse:
    """Take a file that can be read as it is; keep a table of other columns until they are named."""
    council, branch = form.chosen()
    sent = form.cleaned_data["file"]
    now = timezone.now()
    with tempfile.TemporaryDirectory(prefix="calloff-visits-") as folder:
        path = as_plain_file(sent.name, sent.read(), Path(folder))
        kind, data = kind_of(path), path.read_bytes()
        if kind == TABLE:
            table = keep_table(council=council, branch=branch, name=sent.name, data=data, by=request.user, at=now)
            return redirect("portal_columns", table.token)
        counts = form.counts() if form.replaces() else None
        if form.replaces() and counts is None and kind != OWN:
            raise MissingCountError("the file does not say how much it holds")

        sending = Sending(form.replaces(), counts)
        told: dict[str, Any] = {"council": council, "branch": branch, "name": sent.name, "by": request.user, "at": now}
        if is_large(path):
            return redirect("portal_receipt", keep_large(**told, data=data, sending=sending).token)
        try:
            file = receive(**told, path=path, read=sending.reader())
        except FileRefusedError as refused:
            return redirect("portal_receipt", refused.file.receipt)
    messages.success(request, _("The file is accepted."))
    return redirect("portal_receipt", file.receipt)


@allowed(VISITS)
@require_safe
def receipt(request: SignedIn, receipt: str) -> HttpResponse:
    """The receipt of a file: what was in it, what was wrong, and which rows are parked; before that how far it is."""
    mine = scope(request, VISITS)
    file: VisitFile | None = files_of(mine).filter(receipt=receipt).first()
    if file is None:
        return _being_taken(request, mine, receipt)
    state, tone = STATES[file.state]
    parked = VisitRow.objects.filter(file=file).exclude(parked="").order_by("came_at", "pk")[:MOST_ROWS]
    told = {
        "file": file,
        "state": state,
        "tone": tone,
        "problems": json.loads(file.problems),
        "not_read": file.not_read.splitlines(),
        "replaced": file.mode == REPLACE,
        "unlisted": codes.unlisted(file),
        "parked": [(row, _why_parked(row)) for row in parked],
        "now": timezone.now(),
        "work": long.progress_of("settle_file", [file.receipt], file.council_id),
    }
    return show(request, "receipt", told)


def _kept(mine: Scope, receipt: str) -> tuple[SentTable, Job]:
    """A large file of these branches that is kept, and the job that takes it; anything else is not found."""
    rows = SentTable.objects.select_related("council").defer("data")
    table = get_object_or_404(rows, token=receipt, branch__in=mine.branches)
    job = Job.objects.filter(kind=large.KIND, key=receipt, council=table.council_id).order_by("-pk").first()
    if job is None:
        raise Http404
    return table, job


def _being_taken(request: SignedIn, mine: Scope, receipt: str) -> HttpResponse:
    table, job = _kept(mine, receipt)
    work = long.progress_of(large.KIND, [receipt], table.council_id)
    told = {"table": table, "work": work, "cancelled": job.state == Job.CANCELLED, "failed": job.state == Job.FAILED}
    return show(request, "being_taken", {**told, "now": timezone.now()})


@allowed(VISITS)
@require_POST
def cancel(request: SignedIn, receipt: str) -> HttpResponse:
    """Cancel a large file that is not taken yet; nothing of it is taken then."""
    _table, job = _kept(scope(request, VISITS), receipt)
    try:
        long.cancel(job=job, by=request.user, at=timezone.now())
    except long.LongJobError as refused:
        messages.error(request, str(refused))
    return redirect("portal_receipt", receipt)


def _why_parked(row: VisitRow) -> str:
    return {
        "unknown_contract": _("No contract of yours has the reference %(reference)s.") % {"reference": row.contract},
        "unknown_person": _("Nobody whom you care for has the reference %(reference)s.") % {"reference": row.person},
    }.get(row.parked, "")
