"""Pages that belong to no room: is the machine well, and forms that came too late."""

from __future__ import annotations

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from calloff.web.jobs.services import worker_lives


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Whether the database answers and the worker lives, for whoever watches the machine: 200, or 503 when not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        database, worker = True, worker_lives()
    except DatabaseError:
        database = worker = False
    well = database and worker
    return JsonResponse({"ok": well, "database": database, "worker": worker}, status=200 if well else 503)


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form that was not ours, or was opened before its user signed in again."""
    return render(request, "403_csrf.html", status=403)
