"""Messages between a branch and a council."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.audit.services import saw
from calloff.web.brokerage.services.letters import spoken
from calloff.web.brokerage.services.messaging import knows_the_person, mark_read, write_to_council
from calloff.web.config.look.exports import Value
from calloff.web.config.look.lists import Paging
from calloff.web.contracts.views.pages import as_file
from calloff.web.provider_portal.forms.answering import MessageForm
from calloff.web.provider_portal.services.scope import scope
from calloff.web.provider_portal.services.telling import Thread, messages_in, talks, thread_of
from calloff.web.provider_portal.views.page import READ_OR_SEND, carried_out, done, show

MESSAGES = "portal_messages"


@allowed(MESSAGES)
@require_safe
def messages_list(request: SignedIn) -> HttpResponseBase:
    """Every thread that may be read, the latest first."""
    found = talks(scope(request, MESSAGES), timezone.now())
    columns = [_("About"), _("Council"), _("Branch"), _("Last message"), _("From"), _("Text"), _("Not read")]

    def in_file() -> Iterator[list[Value]]:
        for talk in found:
            last = talk.last
            council = last.package.council.name
            branch = talk.thread.branch.name
            writer = council if last.from_council else branch
            yield [name_of(talk.thread), council, branch, last.at, writer, last.text, talk.unread]

    if file := as_file(request, "messages", columns, in_file):
        return file
    paging = Paging.asked_for(request.GET.get("page"), len(found))
    told = [{"talk": talk, "name": name_of(talk.thread)} for talk in found[paging.rows]]
    return show(request, "messages", {"talks": told, "paging": paging})


def name_of(thread: Thread) -> str:
    """What a thread is about, as its branch knows it: the package once it is called off, else the invitation."""
    if thread.call_off is not None:
        return thread.package.reference
    return _("Invitation %(reference)s") % {"reference": spoken(thread.token)}


def _thread(request: SignedIn, token: str) -> Thread:
    found = thread_of(scope(request, MESSAGES), token, timezone.now())
    if found is None:
        raise Http404
    return found


@allowed(MESSAGES)
@require_http_methods(READ_OR_SEND)
def thread(request: SignedIn, token: str) -> HttpResponse:
    """What was written about one package, and a form to write more."""
    found = _thread(request, token)
    if not found.open:
        return show(request, "thread_closed", {"name": name_of(found)})
    knows = knows_the_person(found.package, found.branch)
    form = MessageForm(request.POST or None, knows_person=knows)
    context: dict[str, Any] = {"form": form, "thread": found, "name": name_of(found)}

    def carry_out(at: datetime) -> None:
        write_to_council(
            package=found.package, branch=found.branch, text=form.cleaned_data["text"], by=request.user, at=at
        )

    if carried_out(request, form, carry_out, context, text_field="text"):
        return done(request, _("The message is sent."), "portal_thread", token)
    if knows:
        person = found.package.cared_for.reference
        saw(
            council=found.package.council_id,
            user=request.user,
            about=person,
            screen="portal_messages",
            at=timezone.now(),
        )
    context["told"] = messages_in(found)
    context["unread"] = any(one.from_council and one.read_at is None for one in context["told"])
    return show(request, "thread", context)


@allowed(MESSAGES)
@require_POST
def read(request: SignedIn, token: str) -> HttpResponse:
    """What the council wrote has been read."""
    found = _thread(request, token)
    mark_read(package=found.package, branch=found.branch, by=request.user, at=timezone.now())
    return redirect("portal_thread", token)
