"""Pages that belong to no room: is the machine well, and forms that came too late."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.views import redirect_to_login
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from calloff.web.accounts.services import rights
from calloff.web.accounts.views import SignedIn
from calloff.web.config.look.navigation import navigation
from calloff.web.config.middleware import COUNCIL
from calloff.web.directory.models import Council
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


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """To the first place of whoever has signed in: the queue of those who see it."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    signed_in = cast(SignedIn, request)
    places = navigation(signed_in.roles_held, signed_in.council_id, request.path)
    return redirect(places[0]["url"] if places else "account")


@require_http_methods(["GET", "POST"])
def choose_council(request: HttpRequest) -> HttpResponse:
    """Let staff of several councils say at whose desk they sit; every page of theirs is that council's from then on."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    councils = Council.objects.filter(pk__in=rights.councils_in(cast(SignedIn, request).roles_held)).order_by("name")
    if request.method == "POST":
        # The code, never the number: no address and no form of ours counts councils.
        request.session[COUNCIL] = get_object_or_404(councils, code=request.POST.get("council", "")).pk
        back = request.POST.get("next", "")
        safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
        return redirect(back if safe else "/")
    chosen = cast(SignedIn, request).council_id
    told = {"councils": councils, "chosen": chosen, "next": request.GET.get("next", "")}
    return render(request, "accounts/council.html", told)


def form_too_old(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page for a form that was not ours, or was opened before its user signed in again."""
    return render(request, "403_csrf.html", status=403)
