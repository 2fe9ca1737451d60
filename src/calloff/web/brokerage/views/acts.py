"""What brokers do with one package: each act a page with a form, or a button; one service call behind each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from calloff.domain.errors import CalloffError
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.brokerage.forms import package as asked
from calloff.web.brokerage.forms import words as codes
from calloff.web.brokerage.models import CallOff, Handback, Package
from calloff.web.brokerage.services import ending, handing_back, living, lots, messaging, sourcing
from calloff.web.brokerage.services.refusals import IdentityInTextError
from calloff.web.brokerage.views.package import heading, look_at, note_look, package_of

READ_OR_SEND = ["GET", "POST"]
TEXTS = ("text", "words")
"""What a form calls the words that are sent or kept."""


def form_page(
    request: SignedIn,
    package: Package,
    form: forms.Form,
    *,
    title: str,
    button: str,
    carry_out: Callable[[datetime], Any],
    done: str,
    lead: str = "",
    warning: bool = False,
    template: str = "brokerage/package_act.html",
    after: str = "",
    **more: Any,
) -> HttpResponse:
    """
    A page with one form: shown, put right, or carried out and left for the package.

    What is refused is said above the form, and what was typed stays.
    """
    now = timezone.now()
    if request.method == "POST" and form.is_valid():
        try:
            carry_out(now)
        except IdentityInTextError as refused:
            form.add_error(next(name for name in TEXTS if name in form.fields), str(refused))
            more["found"] = refused.found
        except CalloffError as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, done)
            return redirect(after or reverse("package", args=(package.token,)))
    may = permissions_at(request)
    note_look(request, package, may, now)
    told = {
        **heading(look_at(package, now), may),
        "form": form,
        "title": title,
        "button": button,
        "lead": lead,
        "warning": warning,
        "now": now,
        "back": after or reverse("package", args=(package.token,)),
        **more,
    }
    return render(request, template, told)


def press(request: SignedIn, package: Package, carry_out: Callable[[datetime], Any], done: str) -> HttpResponse:
    """A button of the package's page: carried out, or refused in plain words."""
    try:
        carry_out(timezone.now())
    except CalloffError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    return redirect("package", package.token)


@allowed("start_step")
@require_POST
def start(request: SignedIn, token: str) -> HttpResponse:
    """Send the first invitations."""
    package = package_of(request, token)
    return press(
        request,
        package,
        lambda now: sourcing.start_step(package=package, by=request.user, at=now),
        _("The first step is open: the invitations are out."),
    )


@allowed("hold_package")
@require_http_methods(READ_OR_SEND)
def hold(request: SignedIn, token: str) -> HttpResponse:
    """Open nothing new for a while."""
    package, form = package_of(request, token), asked.HoldForm(request.POST or None)

    def carry_out(now: datetime) -> None:
        review_at = form.review_at() or now
        if review_at <= now:
            raise CalloffError(_("Look at it again later than now. Nothing was changed."))
        reason = form.cleaned_data["reason"]
        sourcing.hold(package=package, reason=reason, review_at=review_at, by=request.user, at=now)

    return form_page(
        request,
        package,
        form,
        title=_("Put the package on hold"),
        button=_("Put on hold"),
        lead=_("Nothing new is opened until you end the hold. Deadlines that run still stand."),
        carry_out=carry_out,
        done=_("The package is on hold."),
    )


@allowed("hold_package")
@require_POST
def end_hold(request: SignedIn, token: str) -> HttpResponse:
    """Go on."""
    package = package_of(request, token)
    return press(
        request,
        package,
        lambda now: sourcing.end_hold(package=package, by=request.user, at=now),
        _("The hold has ended; what is due opens by itself."),
    )


@allowed("withdraw_package")
@require_POST
def take_apart(request: SignedIn, token: str) -> HttpResponse:
    """Let the packages of a lot go on alone."""
    package = package_of(request, token)
    return press(
        request,
        package,
        lambda now: lots.take_apart(lot=package, by=request.user, at=now),
        _("The lot is taken apart: its packages go on alone."),
    )


@allowed("withdraw_package")
@require_http_methods(READ_OR_SEND)
def withdraw(request: SignedIn, token: str) -> HttpResponse:
    """The package is no longer wanted."""
    package, form = package_of(request, token), asked.WithdrawForm(request.POST or None)
    return form_page(
        request,
        package,
        form,
        title=_("Withdraw the package"),
        button=_("Withdraw"),
        lead=_("Every open invitation ends and nobody else is asked. This cannot be undone; a new request would be."),
        warning=True,
        carry_out=lambda now: sourcing.withdraw(package=package, **form.told(), by=request.user, at=now),
        done=_("The package is withdrawn."),
    )


@allowed("work_package")
@require_http_methods(READ_OR_SEND)
def note(request: SignedIn, token: str) -> HttpResponse:
    """Write a contact note."""
    package, form = package_of(request, token), asked.NoteForm(request.POST or None)
    return form_page(
        request,
        package,
        form,
        title=_("Write a contact note"),
        button=_("Save the note"),
        lead=_("A note is the council's own. It is no answer of a provider: record that as an answer."),
        carry_out=lambda now: sourcing.write_note(
            package=package,
            text=form.cleaned_data["text"],
            next_action_at=form.next_at(),
            by=request.user,
            at=now,
        ),
        done=_("The note is saved."),
    )


@allowed("work_package")
@require_http_methods(READ_OR_SEND)
def message(request: SignedIn, token: str) -> HttpResponse:
    """Write to a branch that was asked."""
    package = package_of(request, token)
    form = asked.MessageForm(request.POST or None, branches=messaging.branches_spoken_to(package))

    def carry_out(now: datetime) -> None:
        branch = form.branches[form.cleaned_data["branch"]]
        messaging.write_to_branch(
            package=package, branch=branch, text=form.cleaned_data["text"], by=request.user, at=now
        )

    return form_page(
        request,
        package,
        form,
        title=_("Write to a provider"),
        button=_("Send"),
        carry_out=carry_out,
        done=_("The message is sent."),
    )


@allowed("work_package")
@require_http_methods(READ_OR_SEND)
def first_visit(request: SignedIn, token: str, call_off: str) -> HttpResponse:
    """Enter the day of the first visit."""
    package = package_of(request, token)
    placed = get_object_or_404(CallOff.objects.select_related("branch"), package=package, token=call_off)
    form = asked.FirstVisitForm(request.POST or None)
    return form_page(
        request,
        package,
        form,
        title=_("Enter the first visit of %(name)s") % {"name": placed.branch.name},
        button=_("Save"),
        carry_out=lambda now: living.enter_start(
            call_off=placed, first_visit_on=form.cleaned_data["first_visit_on"], by=request.user, at=now
        ),
        done=_("The first visit is entered."),
    )


@allowed("work_package")
@require_http_methods(READ_OR_SEND)
def bridge(request: SignedIn, token: str) -> HttpResponse:
    """Enter care that stands in."""
    package, form = package_of(request, token), asked.BridgeForm(request.POST or None)
    return form_page(
        request,
        package,
        form,
        title=_("Enter care that stands in"),
        button=_("Save"),
        lead=_("Its hours still count as unmet, and are shown apart."),
        carry_out=lambda now: living.bridge(package=package, **form.cleaned_data, by=request.user, at=now),
        done=_("The care that stands in is entered."),
    )


@allowed("withdraw_package")
@require_http_methods(READ_OR_SEND)
def end(request: SignedIn, token: str) -> HttpResponse:
    """End the care with its last day."""
    package, form = package_of(request, token), asked.EndForm(request.POST or None)
    return form_page(
        request,
        package,
        form,
        title=_("End the care"),
        button=_("End the care"),
        lead=_("Every call-off of the package ends with its last day and the providers' hours come free."),
        warning=True,
        carry_out=lambda now: ending.end_package(package=package, **form.told(), by=request.user, at=now),
        done=_("The care has its last day."),
    )


@allowed("work_package")
@require_http_methods(READ_OR_SEND)
def handback(request: SignedIn, token: str, call_off: str) -> HttpResponse:
    """Answer a provider that gives the package back."""
    package = package_of(request, token)
    given = get_object_or_404(
        Handback.objects.select_related("call_off__branch"), call_off__package=package, call_off__token=call_off
    )
    form = asked.HandbackForm(request.POST or None)
    lead = _("%(name)s gives the package back because of %(reason)s. Its last day is %(day)s.") % {
        "name": given.call_off.branch.name,
        "reason": codes.HANDBACK_REASONS.get(given.reason, given.reason),
        "day": f"{given.last_day_on.day} {given.last_day_on:%B %Y}",
    }
    if given.words:
        lead += " " + _("It writes: “%(words)s”") % {"words": given.words}
    return form_page(
        request,
        package,
        form,
        title=_("Answer the handback"),
        button=_("Answer"),
        lead=lead,
        carry_out=lambda now: handing_back.answer_handback(
            handback=given, agreed=form.cleaned_data["agreed"] == "yes", by=request.user, at=now
        ),
        done=_("The handback is answered; the package waits for a provider again."),
    )
