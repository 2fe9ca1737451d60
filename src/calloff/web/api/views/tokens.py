"""Where a provider's manager makes keys for programs, sees when each was last used, and ends them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from calloff.domain.errors import CalloffError
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.api.forms import TokenForm
from calloff.web.api.models import Token
from calloff.web.api.services.tokens import MAKE, make_token, revoke_token
from calloff.web.api.services.tokens import may as maker_may
from calloff.web.config.look import words
from calloff.web.config.look.exports import Value
from calloff.web.config.look.lists import Paging
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.views.pages import as_file
from calloff.web.provider_portal.services.scope import Scope, scope
from calloff.web.provider_portal.views.page import READ_OR_SEND


def _show(request: SignedIn, template: str, mine: Scope, context: dict[str, Any]) -> HttpResponse:
    branches = mine.names()
    around = {
        "council_name": branches[0].name if len(branches) == 1 else "",
        "account_links": [{"label": _("Your account"), "url": reverse("account")}],
        "may_make": bool(branches),
    }
    return render(request, f"api/{template}.html", {**around, **context})


def _own(mine: Scope) -> QuerySet[Token]:
    """The keys of these branches; those that count first, the latest made first."""
    rows = Token.objects.filter(branch__in=mine.branches).select_related("branch", "made_by__identity")
    return rows.order_by(F("revoked_at").asc(nulls_first=True), "-made_at", "reference")


@allowed(MAKE)
@require_safe
def tokens(request: SignedIn) -> HttpResponseBase:
    """Every key of these branches."""
    mine, now = scope(request, MAKE), timezone.now()
    rows = _own(mine)
    columns = [_("For"), _("Branch"), _("Made by"), _("Made"), _("Last used"), _("Counts until"), _("State")]

    def in_file() -> Iterator[list[Value]]:
        for one in rows:
            state, _tone = _state(one, now)
            maker = one.made_by.identity.name
            yield [one.name, one.branch.name, maker, one.made_at, one.used_at, one.expires_at, state or _("counts")]

    if file := as_file(request, "keys", columns, in_file):
        return file
    paging = Paging.asked_for(request.GET.get("page"), rows.count(), "?")
    several = len(mine.branches) > 1
    return _show(request, "tokens", mine, {"table": _table(list(rows[paging.rows]), several, now), "paging": paging})


def _table(rows: list[Token], several: bool, now: datetime) -> Table:
    columns = [Column(_("For"), names_row=True), Column(_("Made by")), Column(_("Last used"))]
    columns += [Column(_("Counts until")), Column(_("What you can do"))]
    told = []
    for one in rows:
        text, tone = _state(one, now)
        end = "" if text else reverse("portal_token_end", args=(one.reference,))
        cells = [
            Cell(one.name, below=one.branch.name if several else ""),
            Cell(one.made_by.identity.name, below=words.moment(one.made_at, now)),
            Cell(words.moment(one.used_at, now) if one.used_at else _("never")),
            Cell(words.moment(one.expires_at, now) if not text else "", tag=text, tone=tone),
            Cell(_("End it") if end else "", url=end),
        ]
        told.append(Row(cells))
    empty = _("No key was made yet. A program needs one to read and answer invitations.")
    return Table(_("Keys"), columns, told, empty=empty)


def _state(one: Token, now: datetime) -> tuple[str, str]:
    """Why a key no longer counts; nothing while it does."""
    if one.revoked_at is not None:
        return _("ended"), "grey"
    if now >= one.expires_at:
        return _("run out"), "grey"
    if not maker_may(one, MAKE, now):
        return _("its maker may not any more"), "orange"
    return "", ""


@allowed(MAKE)
@require_http_methods(READ_OR_SEND)
def make(request: SignedIn) -> HttpResponse:
    """Make a key; it is shown in the answer to this form, and never again."""
    mine = scope(request, MAKE)
    branches = mine.names()
    if not branches:
        return redirect("portal_tokens")
    form = TokenForm(request.POST or None, branches=branches)
    if request.method == "POST" and form.is_valid():
        try:
            token, secret = make_token(
                branch=form.chosen(),
                name=form.cleaned_data["name"],
                days=form.cleaned_data["days"],
                by=request.user,
                at=timezone.now(),
            )
        except CalloffError as refused:
            form.add_error(None, str(refused))
        else:
            # No page to come back to: the key is kept nowhere.
            return _show(request, "token_made", mine, {"token": token, "secret": secret, "now": timezone.now()})
    return _show(request, "token_make", mine, {"form": form})


@allowed(MAKE)
@require_http_methods(READ_OR_SEND)
def end(request: SignedIn, reference: str) -> HttpResponse:
    """End a key at once."""
    mine = scope(request, MAKE)
    token = get_object_or_404(_own(mine), reference=reference)
    form = forms.Form(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            revoke_token(token=token, by=request.user, at=timezone.now())
        except CalloffError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The key has ended. Whatever program still sends it is refused."))
            return redirect("portal_tokens")
    return _show(request, "token_end", mine, {"form": form, "token": token, "now": timezone.now()})
