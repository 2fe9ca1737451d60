"""What every page of the portal shares: whose page it is, its form, and words that must go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from calloff.domain.errors import CalloffError
from calloff.web.accounts.views import SignedIn
from calloff.web.brokerage.services.refusals import IdentityInTextError
from calloff.web.config.look.parts import Tab
from calloff.web.directory.models import Branch
from calloff.web.provider_portal.services.scope import Scope

READ_OR_SEND = ["GET", "POST"]


def show(request: SignedIn, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page of the portal, with the name of the branch where there is but one."""
    return render(request, f"provider_portal/{template}.html", {**_around(request), **context}, status=status)


def _around(request: SignedIn) -> dict[str, Any]:
    branches = list(Branch.objects.filter(pk__in=request.provider).order_by("name")[:2])
    return {
        "council_name": branches[0].name if len(branches) == 1 else "",
        "account_links": [{"label": _("Your account"), "url": reverse("account")}],
        "now": timezone.now(),
    }


def branch_tabs(scope: Scope, chosen: str, url: str) -> list[Tab]:
    """For whoever belongs to several branches: all of them, or one."""
    branches = scope.names()
    if len(branches) < 2:
        return []
    known = {one.token for one in branches}
    every = Tab(_("All branches"), url, active=chosen not in known)
    return [every, *(Tab(one.name, f"{url}?branch={one.token}", active=one.token == chosen) for one in branches)]


def marked(text: str, found: Sequence[str]) -> list[tuple[str, bool]]:
    """A text in pieces, each with whether it is one of the words found."""
    pieces: list[tuple[str, bool]] = []
    for one in found:
        before, same, text = text.partition(one)
        if not same:
            text = before
            continue
        pieces += [(before, False), (same, True)]
    return [(piece, mark) for piece, mark in [*pieces, (text, False)] if piece]


def carried_out(
    request: SignedIn,
    form: forms.Form,
    carry_out: Callable[[datetime], Any],
    told: dict[str, Any],
    *,
    text_field: str = "",
) -> bool:
    """
    Whether a form that was sent is right and was carried out; a refusal is put on the form, and what was typed stays.

    Words that may name a person are put into `told`, marked in their text.
    """
    if request.method != "POST" or not form.is_valid():
        return False
    typed = str(form.cleaned_data.get(text_field, ""))
    try:
        carry_out(timezone.now())
    except IdentityInTextError as refused:
        form.add_error(text_field or None, str(refused))
        told["marked"] = marked(typed, refused.found)
        return False
    except CalloffError as refused:
        form.add_error(None, str(refused))
        return False
    return True


def done(request: SignedIn, words: str, route: str, *arguments: str) -> HttpResponse:
    """Back to a page, with a word of what was done."""
    messages.success(request, words)
    return redirect(route, *arguments)
