"""The council's purchasing models: which there are, what each says with its sources, and what a version changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from calloff.documents.plain_words import NOBODY_LEFT, PRIORITIES_SAID, ModelTold, tell
from calloff.documents.purchasing_models import Document
from calloff.documents.told import Told
from calloff.documents.versions import Change, changes
from calloff.documents.wording import say, sentence, spaced
from calloff.domain.calendar import local
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.config.look import words
from calloff.web.config.look.parts import Asked
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.forms.drafts import ModelForm
from calloff.web.contracts.models import Draft, ModelVersion
from calloff.web.contracts.services.documents import Fault, check, keep_model
from calloff.web.contracts.services.market import document_of
from calloff.web.contracts.views.pages import READ_OR_SEND, as_file, form_page

STATES = {
    "in_force": (gettext_lazy("in force"), "green"),
    "coming": (gettext_lazy("coming"), "blue"),
    "past": (gettext_lazy("past"), "grey"),
}
KINDS = {
    "new": (gettext_lazy("new"), "green"),
    "gone": (gettext_lazy("gone"), "red"),
    "changed": (gettext_lazy("changed"), "blue"),
    "ground": (gettext_lazy("other grounds"), "grey"),
}


def today() -> date:
    """The day in London."""
    return local(timezone.now()).date()


@dataclass(frozen=True)
class Shelf:
    """All versions of one model, the first first, and which of them counts on a day."""

    versions: tuple[ModelVersion, ...]
    on: date

    @property
    def in_force(self) -> ModelVersion | None:
        begun = [one for one in self.versions if one.starts_on <= self.on]
        return begun[-1] if begun else None

    @property
    def coming(self) -> tuple[ModelVersion, ...]:
        return tuple(one for one in self.versions if one.starts_on > self.on)

    @property
    def past(self) -> tuple[ModelVersion, ...]:
        return tuple(one for one in self.versions if one.starts_on <= self.on and one != self.in_force)

    def state(self, version: ModelVersion) -> str:
        """`in_force`, `coming` or `past`."""
        return "coming" if version in self.coming else "in_force" if version == self.in_force else "past"


def shelves(council: Any, on: date, model: str = "") -> dict[str, Shelf]:
    """The council's models with all their versions, by id; one query."""
    rows: dict[str, list[ModelVersion]] = {}
    of_council = ModelVersion.objects.filter(council=council).order_by("starts_on", "version")
    for row in of_council.filter(model=model) if model else of_council:
        rows.setdefault(row.model, []).append(row)
    return {name: Shelf(tuple(versions), on) for name, versions in sorted(rows.items())}


@allowed("see_models")
@require_safe
def models(request: SignedIn) -> HttpResponseBase:
    """Every model of the council."""
    on = today()
    found = shelves(request.council_id, on)
    columns = [_("Model"), _("Id"), _("Way of buying"), _("Version"), _("State"), _("First day"), _("Last day of term")]

    def rows() -> Any:
        for shelf in found.values():
            for one in shelf.versions:
                state, last = str(STATES[shelf.state(one)][0]), document_of(one).model.term.last_on
                yield [one.title, one.model, one.pattern, one.version, state, one.starts_on, last]

    if file := as_file(request, "purchasing models", columns, rows):
        return file
    table = Table(
        _("Purchasing models"),
        [
            Column(_("Model"), names_row=True),
            Column(_("Way of buying")),
            Column(_("In force")),
            Column(_("Coming")),
            Column(_("Earlier versions"), number=True),
        ],
        [_model_row(shelf, on) for shelf in found.values()],
        empty=_("The council has published no purchasing model. A commissioner drafts the first one."),
        quiet_caption=True,
    )
    return render(request, "contracts/models.html", {"table": table, "may": permissions_at(request)})


def _model_row(shelf: Shelf, on: date) -> Row:
    shown = shelf.in_force or shelf.versions[0]
    url = reverse("model_version", args=(shown.model, shown.version))
    coming = shelf.coming[0] if shelf.coming else None
    return Row(
        [
            Cell(shown.title, url=url, below=shown.model),
            Cell(say("patterns", shown.pattern)),
            Cell(_version(shelf.in_force, on)) if shelf.in_force else Cell(_("none yet")),
            Cell(_version(coming, on), url=reverse("model_version", args=(coming.model, coming.version)))
            if coming
            else Cell(),
            Cell(str(len(shelf.past))),
        ],
        url=url,
    )


def _version(version: ModelVersion, on: date) -> str:
    told = {"number": version.version, "day": words.day(version.starts_on, on)}
    return _("version %(number)s from %(day)s") % told


def version_of(request: SignedIn, model: str, version: int) -> tuple[ModelVersion, Shelf]:
    """A version of the council's with its fellows; anything else is not found."""
    shelf = shelves(request.council_id, today(), model).get(model)
    found = next((one for one in shelf.versions if one.version == version), None) if shelf else None
    if found is None or shelf is None:
        raise Http404
    return found, shelf


@allowed("see_models")
@require_safe
def model(request: SignedIn, model: str) -> HttpResponse:
    """To the version in force, else the next one."""
    shelf = shelves(request.council_id, today(), model).get(model)
    if shelf is None:
        raise Http404
    return redirect("model_version", model, (shelf.in_force or shelf.versions[0]).version)


@allowed("see_models")
@require_safe
def model_version(request: SignedIn, model: str, version: int) -> HttpResponse:
    """One version, read as the paper it came from."""
    found, shelf = version_of(request, model, version)
    document = document_of(found)
    state, tone = STATES[shelf.state(found)]
    told = {
        "version": found,
        "state": str(state),
        "tone": tone,
        "versions": _versions(found, shelf),
        "draft": found.draft,
        "today": shelf.on,
        "may": permissions_at(request),
        "files": [(number, name) for number, (name, _text) in enumerate(document.texts, 1)],
        **reading(document),
    }
    return render(request, "contracts/model.html", told)


def reading(document: Document) -> dict[str, Any]:
    """A document as its page reads it."""
    told = tell(document)
    return {
        "document": document,
        "told": told,
        "sections": [
            (_("Term"), "term", told.term),
            (_("Rules"), "rules", told.rules),
            (_("Who takes part"), "tiers", told.tiers),
        ],
        "order": order_of(told, document),
        "priorities": PRIORITIES_SAID,
    }


def order_of(told: ModelTold, document: Document) -> list[Asked]:
    """Who is asked in which order, drawn from the document."""
    asked = []
    for step, one in zip(document.model.steps, told.steps, strict=True):
        _name, _colon, whom = one.text.partition(": ")
        asked.append(
            Asked(
                title=spaced(step.name)[:1].upper() + spaced(step.name)[1:],
                how=[sentence(whom), *one.more],
                onward=_("when nobody is left here"),
                source=_grounds(one),
                assumed="; ".join(one.assumed),
            )
        )
    return [*asked, Asked(_("Nobody is left"), [sentence(NOBODY_LEFT.partition(": ")[2])])]


def _grounds(one: Told) -> str:
    return "; ".join([*one.says, *(key for key in one.sources if not any(said.startswith(key) for said in one.says))])


def _versions(found: ModelVersion, shelf: Shelf) -> Table:
    rows = []
    for before, one in zip((None, *shelf.versions), shelf.versions, strict=False):
        state, tone = STATES[shelf.state(one)]
        here = one == found
        url = "" if here else reverse("model_version", args=(one.model, one.version))
        text = _("Version %(number)s") % {"number": one.version}
        changed = (
            Cell(_("what changed"), url=reverse("model_changes", args=(one.model, before.version, one.version)))
            if before
            else Cell(_("the first"))
        )
        published = words.moment(one.published_at, timezone.now())
        rows.append(
            Row(
                [
                    Cell(text, url=url, below=_("this page") if here else ""),
                    Cell(words.day(one.starts_on, shelf.on), tag=str(state), tone=tone),
                    Cell(published),
                    changed,
                ],
                marked=here,
            )
        )
    columns = [
        Column(_("Version"), names_row=True),
        Column(_("From")),
        Column(_("Published")),
        Column(_("Against the one before")),
    ]
    return Table(_("All versions"), columns, list(reversed(rows)), quiet_caption=True)


@allowed("see_models")
@require_safe
def model_changes(request: SignedIn, model: str, before: int, after: int) -> HttpResponse:
    """What one version changed against another, rule by rule."""
    old, _shelf = version_of(request, model, before)
    new, _shelf = version_of(request, model, after)
    told = {"old": old, "new": new, "changes": changes_told(document_of(old), document_of(new))}
    return render(request, "contracts/model_changes.html", told)


@dataclass(frozen=True)
class ChangeTold:
    """A change for the page: the rule's name, its kind in words and colour, and both sides."""

    name: str
    kind: str
    tone: str
    before: Told | None
    after: Told | None


def changes_told(before: Document, after: Document) -> list[ChangeTold]:
    """Every rule that two documents tell differently."""
    return [_change(one) for one in changes(before, after)]


def _change(one: Change) -> ChangeTold:
    kind, tone = KINDS[one.kind]
    name = spaced(one.key.removeprefix("about.")).replace(".", ", ")
    return ChangeTold(name[:1].upper() + name[1:], str(kind), tone, one.before, one.after)


@allowed("see_models")
@require_safe
def model_document(request: SignedIn, model: str, version: int, number: int) -> HttpResponse:
    """The document itself, as it was published."""
    found, _shelf = version_of(request, model, version)
    return text_file(document_of(found), number)


def text_file(document: Document, number: int) -> HttpResponse:
    """One of a document's texts as a file; 404 for a number that it does not have."""
    if not 1 <= number <= len(document.texts):
        raise Http404
    own = number == len(document.texts)
    name = document.model.id if own else document.parent or f"parent-{number}"
    answer = HttpResponse(document.texts[number - 1][1], content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.yaml"'
    return answer


@allowed("draft_model")
@require_http_methods(READ_OR_SEND)
def new_model(request: SignedIn) -> HttpResponse:
    """Upload a document: every fault with its line, or a draft to look at."""
    form = ModelForm(request.POST or None, request.FILES or None)
    faults: tuple[Fault, ...] = ()
    if request.method == "POST" and form.is_valid():
        files = form.files_in_order()
        checked = check(request.council, files)
        faults = checked.faults
        if checked.document is not None:
            document = checked.document
            return form_page(
                request,
                form,
                title=_("Draft a purchasing model"),
                button=_("Check the document"),
                back=reverse("models"),
                carry_out=lambda now: _kept(request, document, files[-1][0], now),
                done=_("The document is sound. Read it through, then put it forward."),
            )
        form.add_error("document", _("The document has %(count)d faults; nothing was kept") % {"count": len(faults)})
    told = {
        "form": form,
        "title": _("Draft a purchasing model"),
        "button": _("Check the document"),
        "back": reverse("models"),
        "lead": _("The document is checked at once. Nobody else sees it until you put it forward for approval."),
        "faults": faults,
        "with_file": True,
    }
    return render(request, "contracts/form.html", told)


def _kept(request: SignedIn, document: Document, name: str, now: Any) -> str:
    draft = keep_model(council=request.council, document=document, name=name, by=request.user, at=now)
    return reverse("draft", args=(draft.reference,))


def draft_of(request: SignedIn, reference: str) -> Draft:
    """A draft of the council's that this user may see: one's own, or one that was put forward."""
    rows = Draft.objects.select_related("council", "drafted_by__identity", "decided_by__identity")
    found = get_object_or_404(rows, council=request.council_id, reference=reference)
    if found.state in Draft.OWN and found.drafted_identity != request.user.identity_id:
        raise Http404
    return found
