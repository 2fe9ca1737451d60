"""A council's exception codes: the list, one code with everything it said, and adding, rewording and archiving one."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.config.look.parts import Happening, Tab
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.views.pages import READ_OR_SEND, form_page, press
from calloff.web.visits.forms import EXPLAINS, CodeForm, CodeWordsForm
from calloff.web.visits.models import ExceptionCode
from calloff.web.visits.services import codes as services

SEE, KEEP = "see_ledger", "set_codes"


def explained(one: ExceptionCode) -> str:
    """What a code may stand beside, as words."""
    return ", ".join(str(EXPLAINS[kind]) for kind in one.explains.split())


@allowed(SEE)
@require_safe
def code_list(request: SignedIn) -> HttpResponse:
    """The codes in use, or those that are archived."""
    archived, every = request.GET.get("show") == "archived", services.codes_of(request.council.pk)
    url = reverse("exception_codes")
    counts = [sum(one.archived is kind for one in every) for kind in (False, True)]
    tabs = [
        Tab(_("In use"), url, active=not archived, count=counts[0]),
        Tab(_("Archived"), f"{url}?show=archived", active=archived, count=counts[1]),
    ]
    rows = []
    for one in every:
        if one.archived is archived:
            here = reverse("exception_code", args=(one.code,))
            rows.append(Row([Cell(one.words), Cell(one.code, url=here), Cell(explained(one))], url=here))
    columns = [Column(_("What it means"), names_row=True), Column(_("Code")), Column(_("May stand beside"))]
    empty = _("No code is archived.") if archived else _("No code is in use. Add one, or nobody can give a reason.")
    table = Table(_("Exception codes"), columns, rows, empty=empty, quiet_caption=True)
    told = {"table": table, "tabs": tabs, "keeps": KEEP in permissions_at(request)}
    return render(request, "visits/codes.html", told | {"began": all(one.pk is None for one in every)})


def _versions(request: SignedIn, code: str) -> list[ExceptionCode]:
    found = services.versions_of(request.council.pk, code)
    if not found:
        raise Http404
    return found


@allowed(SEE)
@require_safe
def code(request: SignedIn, code: str) -> HttpResponse:
    """One code, and every version of it."""
    versions = _versions(request, code)
    story = [
        Happening(
            one.at,
            _("%(words)s (%(explains)s)") % {"words": one.words, "explains": explained(one)},
            by=one.by.identity.name if one.by else "",
            why=_("archived") if one.archived else "",
        )
        for one in versions
        if one.at is not None
    ]
    told = {"one": versions[-1], "explains": explained(versions[-1]), "story": story, "now": timezone.now()}
    return render(request, "visits/code.html", told | {"keeps": KEEP in permissions_at(request)})


@allowed(KEEP)
@require_http_methods(READ_OR_SEND)
def add(request: SignedIn) -> HttpResponse:
    """Add a code to the list."""
    form = CodeForm(request.POST or None)

    def carry_out(at: datetime) -> str:
        said = form.cleaned_data
        told = {"code": said["code"], "words": said["words"], "explains": tuple(said["explains"])}
        made = services.add_code(council=request.council, by=request.user, at=at, **told)
        return reverse("exception_code", args=(made.code,))

    return form_page(
        request,
        form,
        title=_("Add an exception code"),
        button=_("Add it"),
        back=reverse("exception_codes"),
        lead=_("Providers choose it from now on. A code can be reworded and archived, but never taken away."),
        carry_out=carry_out,
        done=_("The code is on the list."),
    )


@allowed(KEEP)
@require_http_methods(READ_OR_SEND)
def reword(request: SignedIn, code: str) -> HttpResponse:
    """Word a code anew."""
    last, here = _versions(request, code)[-1], reverse("exception_code", args=(code,))
    form = CodeWordsForm(request.POST or None, initial={"words": last.words, "explains": last.explains.split()})

    def carry_out(at: datetime) -> str:
        said = form.cleaned_data
        told = {"code": code, "words": said["words"], "explains": tuple(said["explains"])}
        services.reword_code(council=request.council, by=request.user, at=at, **told)
        return here

    return form_page(
        request,
        form,
        title=_("Reword %(code)s") % {"code": code},
        button=_("Save it"),
        back=here,
        lead=_("It is the next version of the code. Rows that hold the code keep it, and what it said stays readable."),
        carry_out=carry_out,
        done=_("The code is reworded."),
    )


@allowed(KEEP)
@require_POST
def archive(request: SignedIn, code: str) -> HttpResponse:
    """Archive a code, or take an archived one into use again."""
    last = _versions(request, code)[-1]
    wanted = request.POST.get("archived") == "yes"
    done = (
        _("Nobody chooses the code any more. Rows that hold it keep it.") if wanted else _("The code is in use again.")
    )
    return press(
        request,
        lambda at: services.archive_code(
            council=request.council, code=last.code, archived=wanted, by=request.user, at=at
        ),
        done,
        reverse("exception_code", args=(code,)),
    )
