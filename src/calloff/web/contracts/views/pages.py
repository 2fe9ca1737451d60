"""What the pages of this room share: a form that is carried out or refused, a list that is also a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from calloff.domain.errors import CalloffError
from calloff.formats.sheets import NotReadError
from calloff.web.accounts.views import SignedIn
from calloff.web.config.look.exports import KINDS, Value, export

READ_OR_SEND = ["GET", "POST"]
MOST_SHOWN = 200
"""So many bad cells are shown; the rest is counted."""


def form_page(
    request: SignedIn,
    form: forms.Form,
    *,
    title: str,
    button: str,
    back: str,
    carry_out: Callable[[datetime], str],
    done: str,
    lead: str = "",
    template: str = "contracts/form.html",
    **more: Any,
) -> HttpResponse:
    """
    A page with one form: shown, put right, or carried out and left for the address that `carry_out` gives.

    What is refused is said above the form, and what was typed stays.
    """
    if request.method == "POST" and form.is_valid():
        try:
            after = carry_out(timezone.now())
        except NotReadError as refused:
            form.add_error(None, str(refused))
            more |= {"bad_cells": refused.cells[:MOST_SHOWN], "more_bad_cells": max(0, len(refused.cells) - MOST_SHOWN)}
        except CalloffError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, done)
            return redirect(after)
    told = {"form": form, "title": title, "button": button, "back": back, "lead": lead, **more}
    return render(request, template, {**told, "with_file": form.is_multipart()})


def press(request: SignedIn, carry_out: Callable[[datetime], Any], done: str, after: str) -> HttpResponse:
    """A button: carried out, or refused in plain words."""
    try:
        carry_out(timezone.now())
    except CalloffError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    return redirect(after)


def counted(numbers: Iterable[tuple[str, int]]) -> list[tuple[str, str]]:
    """Names with their numbers, those without any left out."""
    return [(name, f"{number:,}") for name, number in numbers if number]


def as_file(
    request: HttpRequest, name: str, columns: Sequence[str], rows: Callable[[], Iterable[Sequence[Value]]]
) -> HttpResponseBase | None:
    """The list as the file that the address asks for (`as=csv`, `as=xlsx`); None where it asks for a page."""
    kind = request.GET.get("as", "")
    return export(rows(), columns, name, kind) if kind in KINDS else None
