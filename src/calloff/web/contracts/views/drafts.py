"""What waits for approval: the list, a draft with all that it would do, and the second person's yes or no."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calloff.documents.wording import sentence
from calloff.domain.calendar import local
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.config.look import words
from calloff.web.config.look.lists import Choice, Filter, FilterState, Paging
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.forms.drafts import ForwardForm, NoteForm, RefuseForm
from calloff.web.contracts.models import Draft, ModelVersion
from calloff.web.contracts.services.documents import before, remarks_on
from calloff.web.contracts.services.market import document_of
from calloff.web.contracts.services.publishing import (
    approve,
    approving,
    document_in,
    drafting,
    put_forward,
    refuse,
    without_tier,
)
from calloff.web.contracts.views.pages import READ_OR_SEND, as_file, form_page, press
from calloff.web.contracts.views.purchasing import changes_told, draft_of, reading, text_file

KINDS = {
    "model": gettext_lazy("Purchasing model"),
    "enrolments": gettext_lazy("Enrolments"),
    "packages": gettext_lazy("Packages of day one"),
    "register": gettext_lazy("Register of providers"),
}
STATES = {
    Draft.READING: (gettext_lazy("being read"), "grey"),
    Draft.FAULTY: (gettext_lazy("faulty"), "red"),
    Draft.CHECKED: (gettext_lazy("not put forward"), "yellow"),
    Draft.WAITING: (gettext_lazy("waits for approval"), "blue"),
    Draft.APPROVED: (gettext_lazy("approved"), "green"),
    Draft.REFUSED: (gettext_lazy("refused"), "red"),
    Draft.WITHDRAWN: (gettext_lazy("taken back"), "grey"),
}

Preview = Callable[[SignedIn, Draft], tuple[str, dict[str, Any]]]
_previews: dict[str, Preview] = {}


def shows(kind: str) -> Callable[[Preview], Preview]:
    """Name what shows a draft of a kind: the template of its preview, and what that is given."""

    def named(preview: Preview) -> Preview:
        _previews[kind] = preview
        return preview

    return named


@allowed("see_models")
@require_safe
def drafts(request: SignedIn) -> HttpResponseBase:
    """What waits, first; then what was decided."""
    filters = FilterState(
        [
            Filter("state", _("State"), [Choice(code, str(text)) for code, (text, _tone) in STATES.items()]),
            Filter("kind", _("Kind"), [Choice(code, str(text)) for code, text in KINDS.items()]),
        ],
        request.GET,
    )
    rows = visible(request).select_related("drafted_by__identity", "decided_by__identity").defer("content")
    if filters.code("state"):
        rows = rows.filter(state=filters.code("state"))
    if filters.code("kind"):
        rows = rows.filter(kind=filters.code("kind"))
    rows = rows.order_by("-drafted_at", "-pk")
    columns = [
        _("Reference"),
        _("Kind"),
        _("Title"),
        _("State"),
        _("Drafted by"),
        _("Drafted"),
        _("Decided by"),
        _("Decided"),
    ]
    if file := as_file(request, "drafts", columns, lambda: map(_values, rows.iterator(chunk_size=500))):
        return file
    paging = Paging.asked_for(request.GET.get("page"), rows.count(), filters.address())
    now = timezone.now()
    table = Table(
        _("Drafts"),
        [
            Column(_("Draft"), names_row=True),
            Column(_("Kind")),
            Column(_("State")),
            Column(_("Drafted")),
            Column(_("Decided")),
        ],
        [_row(one, now) for one in rows[paging.rows]],
        empty=_("Nothing is drafted. What a commissioner drafts waits here for a contract manager."),
        quiet_caption=True,
    )
    told = {"table": table, "filters": filters, "paging": paging, "may": permissions_at(request)}
    return render(request, "contracts/drafts.html", told)


def visible(request: SignedIn) -> Any:
    """The council's drafts, without what others have not put forward."""
    rows = Draft.objects.filter(council=request.council_id)
    others = rows.exclude(drafted_identity=request.user.identity_id).filter(state__in=Draft.OWN)
    return rows.exclude(pk__in=others.values("pk"))


def _values(one: Draft) -> list[Any]:
    decided = one.decided_by.identity.name if one.decided_by else ""
    state = str(STATES[one.state][0])
    kind, drafter = str(KINDS[one.kind]), one.drafted_by.identity.name
    return [one.reference, kind, one.title, state, drafter, one.drafted_at, decided, one.decided_at]


def _row(one: Draft, now: datetime) -> Row:
    url = reverse("draft", args=(one.reference,))
    state, tone = STATES[one.state]
    decided = Cell()
    if one.decided_by and one.decided_at:
        decided = Cell(words.moment(one.decided_at, now), below=one.decided_by.identity.name)
    return Row(
        [
            Cell(one.title, url=url, below=one.reference),
            Cell(str(KINDS[one.kind])),
            Cell(tag=str(state), tone=tone),
            Cell(words.moment(one.drafted_at, now), below=one.drafted_by.identity.name),
            decided,
        ],
        url=url,
        marked=one.state == Draft.WAITING,
    )


@allowed("see_models")
@require_safe
def draft(request: SignedIn, reference: str) -> HttpResponse:
    """One draft, with all that it would do."""
    found = draft_of(request, reference)
    rights, own = permissions_at(request), found.drafted_identity == request.user.identity_id
    template, preview = "", dict[str, Any]()
    if own or {drafting(found.kind), approving(found.kind)} & rights or found.kind == "model":
        template, preview = _previews[found.kind](request, found)
    state, tone = STATES[found.state]
    waiting = found.state == Draft.WAITING
    told = {
        "draft": found,
        "kind": str(KINDS[found.kind]),
        "state": str(state),
        "tone": tone,
        "own": own,
        "now": timezone.now(),
        "today": local(timezone.now()).date(),
        "upload": getattr(found, "upload", None),
        "forward": own and found.state == Draft.CHECKED and drafting(found.kind) in rights,
        "throw_away": own and found.state in (*Draft.OWN, Draft.WAITING) and drafting(found.kind) in rights,
        "decide": waiting and not own and approving(found.kind) in rights,
        "waits_for_others": waiting and own,
        "preview": template,
        "forward_route": approving(found.kind).replace("approve_", "forward_"),
        "approve_route": approving(found.kind),
        "refuse_route": approving(found.kind).replace("approve_", "refuse_"),
        "take_back_route": approving(found.kind).replace("approve_", "take_back_"),
        **preview,
    }
    return render(request, "contracts/draft.html", told)


@shows("model")
def model_preview(request: SignedIn, found: Draft) -> tuple[str, dict[str, Any]]:
    """The document as it will read, what it changes, and what whoever approves should know."""
    document = document_in(found)
    on = found.starts_on or local(timezone.now()).date()
    if found.state == Draft.APPROVED:
        version = ModelVersion.objects.filter(draft=found).first()
        on = version.starts_on if version else on
    earlier = before(request.council, document.model.id, on)
    lost = without_tier(request.council, document, on) if found.state in (Draft.CHECKED, Draft.WAITING) else []
    remarks = remarks_on(document, on)
    return "contracts/draft_model.html", {
        **reading(document),
        "earlier": earlier,
        "changes": changes_told(document_of(earlier), document) if earlier else [],
        "warnings": [one.removeprefix("WARNING ") for one in remarks if one.startswith("WARNING")],
        "remarks": [one for one in remarks if not one.startswith("WARNING")],
        "lost": lost,
        "example": next((sentence(one.rstrip(":")) for one in remarks if one.startswith("longest time")), ""),
        "files": [(number, name) for number, (name, _text) in enumerate(document.texts, 1)],
    }


@allowed("see_models")
@require_safe
def draft_document(request: SignedIn, reference: str, number: int) -> HttpResponse:
    """The document that a draft holds."""
    found = draft_of(request, reference)
    if found.kind != "model":
        raise Http404
    return text_file(document_in(found), number)


def _of_kind(request: SignedIn, reference: str, area: str) -> Draft:
    """A draft that this door is for."""
    found = draft_of(request, reference)
    if approving(found.kind) != f"approve_{area}":
        raise Http404
    return found


def _address(found: Draft) -> str:
    return reverse("draft", args=(found.reference,))


def forwarding(area: str) -> Callable[..., HttpResponseBase]:
    """The page on which a drafter of this area puts a draft forward."""

    @allowed(f"draft_{area}")
    @require_http_methods(READ_OR_SEND)
    def forward(request: SignedIn, reference: str) -> HttpResponse:
        found = _of_kind(request, reference, area)
        today = local(timezone.now()).date()
        form = (
            ForwardForm(request.POST or None, initial={"starts_on": today})
            if found.kind == "model"
            else NoteForm(request.POST or None)
        )

        def carry_out(now: datetime) -> str:
            told = form.cleaned_data
            put_forward(draft=found, starts_on=told.get("starts_on"), note=told["note"], by=request.user, at=now)
            return _address(found)

        return form_page(
            request,
            form,
            title=_("Put forward: %(title)s") % {"title": found.title},
            button=_("Put forward"),
            back=_address(found),
            carry_out=carry_out,
            done=_("It waits for a contract manager. They were told."),
            lead=_("A contract manager who is somebody else looks at it and approves or refuses it."),
        )

    return forward


def deciding(area: str) -> tuple[Callable[..., HttpResponseBase], Callable[..., HttpResponseBase]]:
    """The button that approves and the page that refuses a draft of this area."""

    @allowed(f"approve_{area}")
    @require_POST
    def agree(request: SignedIn, reference: str) -> HttpResponse:
        found = _of_kind(request, reference, area)
        return press(
            request,
            lambda now: approve(draft=found, by=request.user, at=now),
            _("Approved."),
            _address(found),
        )

    @allowed(f"approve_{area}")
    @require_http_methods(READ_OR_SEND)
    def disagree(request: SignedIn, reference: str) -> HttpResponse:
        found, form = _of_kind(request, reference, area), RefuseForm(request.POST or None)

        def carry_out(now: datetime) -> str:
            refuse(draft=found, reason=form.cleaned_data["reason"], by=request.user, at=now)
            return _address(found)

        return form_page(
            request,
            form,
            title=_("Refuse: %(title)s") % {"title": found.title},
            button=_("Refuse"),
            back=_address(found),
            carry_out=carry_out,
            done=_("Refused. Whoever drafted it was told."),
        )

    return agree, disagree


def taking_back(area: str) -> Callable[..., HttpResponseBase]:
    """The button with which a drafter takes a draft of this area back."""

    @allowed(f"draft_{area}")
    @require_POST
    def take_back(request: SignedIn, reference: str) -> HttpResponse:
        found = _of_kind(request, reference, area)
        if found.drafted_identity != request.user.identity_id:
            raise Http404
        return press(
            request,
            lambda now: refuse(draft=found, reason="", by=request.user, at=now),
            _("Taken back. Nothing of it was carried out."),
            reverse("drafts"),
        )

    return take_back


AREAS = ("model", "enrolment", "import")
"""Each kind of draft belongs to one of these: who may draft there may not approve."""
