"""Delivered visits that a program sends, and its receipts: what the portal takes as a file."""

from __future__ import annotations

import json
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from calloff.domain.calendar import moment_text
from calloff.domain.errors import BadRow
from calloff.domain.records import canonical
from calloff.formats.delivered_visits import DeliveredFile, read_told
from calloff.web.api.models import Token
from calloff.web.api.services.repeats import Answered
from calloff.web.api.views import schemas
from calloff.web.api.views.door import key_of
from calloff.web.api.views.interface import (
    REFUSED_DECLARING,
    REFUSED_ONE,
    CommandKey,
    Id,
    answered_once,
    api,
    findable,
    scope_of,
)
from calloff.web.api.views.problems import KINDS, problem
from calloff.web.directory.models import Council
from calloff.web.visits.models import VisitFile, VisitRow
from calloff.web.visits.services.files import MOST_PROBLEMS, FileRefusedError, receive

VISITS = "portal_visits"
FIRST_LINE = 2
"""The line on which the first row stands where rows are counted as in a file."""


@api.post(
    "/visit-files",
    response={201: schemas.VisitsReceipt, **REFUSED_DECLARING},
    operation_id="send_visits",
    url_name="api_send_visits",
    summary="Send delivered visits",
)
def send_visits(request: HttpRequest, body: schemas.VisitsTold, idempotency_key: CommandKey) -> HttpResponse:
    """
    Send what was delivered: all of it is taken, or none, where a row is malformed. A row that fits nothing is taken and
    parked. Of the versions of a row the latest stands, by its own `version`, whatever comes when.
    """
    at = timezone.now()
    key = key_of(request, VISITS)
    council = _council(key, at, body.council)
    rows = [one.model_dump() for one in body.rows]
    total = (body.total.rows, body.total.minutes)

    def read(_path: Path) -> DeliveredFile:
        return read_told(rows, total, body.mode)

    def do() -> Answered:
        with tempfile.TemporaryDirectory(prefix="calloff-visits-") as folder:
            path = Path(folder) / "visits.json"
            path.write_bytes(canonical(body.model_dump(mode="json")))
            try:
                file = receive(
                    council=council, branch=key.branch, path=path, name="visits.json", by=key.made_by, at=at, read=read
                )
            except FileRefusedError as refused:
                # The refusal is kept with its receipt, so it is no error that undoes what was done.
                return KINDS["not-valid"].status, _refusal(refused)
        return 201, schemas.VisitsReceipt(**receipt_shown(file)).model_dump(mode="json")

    return answered_once(request, key, idempotency_key, body, do, at)


def _council(key: Token, at: datetime, code: str) -> Council:
    """A council in which the branch of a key is enrolled; anything else is not found."""
    for one in scope_of(key, at).enrolments():
        if one.council.code == code:
            return one.council
    raise Http404


def _refusal(refused: FileRefusedError) -> dict[str, Any]:
    errors = [{"field": field_of(one), "detail": f"must be {one.expected}"} for one in refused.cells[:MOST_PROBLEMS]]
    errors = errors or [{"field": "rows", "detail": one} for one in refused.problems]
    said = _("Nothing was taken. Receipt %(receipt)s says so, too.") % {"receipt": refused.file.receipt}
    return problem("not-valid", said, errors)


def field_of(cell: BadRow) -> str:
    """Where a bad cell stands in what was sent: `rows.4.came`, or `total.minutes`."""
    if cell.column in ("rows", "minutes"):
        return f"total.{cell.column}"
    return "mode" if cell.column == "mode" else f"rows.{cell.line - FIRST_LINE}.{cell.column}"


@api.get(
    "/visit-files/{reference}",
    response={200: schemas.VisitsReceipt, **REFUSED_ONE},
    operation_id="read_visit_file",
    url_name="api_visit_file",
    summary="Read the receipt of visits that were sent",
)
def visit_file(request: HttpRequest, reference: Id) -> dict[str, Any]:
    """A receipt, whether the visits came through the portal or from a program."""
    key = key_of(request, VISITS)
    found = VisitFile.objects.filter(branch=key.branch_id, receipt=findable(reference)).select_related("council")
    file = found.first()
    if file is None:
        raise Http404
    return receipt_shown(file)


def receipt_shown(file: VisitFile) -> dict[str, Any]:
    """A receipt as programs read it."""
    parked = VisitRow.objects.filter(file=file).exclude(parked="").order_by("came_at", "pk")[:MOST_PROBLEMS]
    return {
        "receipt": file.receipt,
        "council": file.council.name,
        "state": file.state,
        "mode": file.mode,
        "received_at": moment_text(file.sent_at),
        "rows": file.rows,
        "new_rows": file.new_rows,
        "known_rows": file.known_rows,
        "parked": [{"row": one.row, "why": one.parked} for one in parked],
        "problems": json.loads(file.problems),
    }
