"""Letters to providers, and a package and its story on paper, as the council's people open them."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from calloff.documents.wording import day_words
from calloff.domain.calendar import local
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.audit.services import saw
from calloff.web.brokerage.models import CallOff, Invitation, Package
from calloff.web.brokerage.services.letters import (
    Letter,
    Part,
    call_off_letter,
    not_selected_letter,
    pdf_of,
    tree_of,
    week_part,
)
from calloff.web.brokerage.services.records import told
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.views import package as page
from calloff.web.brokerage.views.package import Looked, package_of
from calloff.web.brokerage.views.records import open_records, sections
from calloff.web.config.look import words
from calloff.web.config.look.week import Week


def as_pdf(content: bytes, name: str) -> HttpResponse:
    """A letter to read or keep; its name holds nothing but a random reference."""
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'}
    )


@allowed("see_person")
@require_safe
def call_off(request: SignedIn, token: str, placed: str) -> HttpResponse:
    """The letter of a call-off; it names the person, so the look is noted."""
    package = package_of(request, token)
    rows = CallOff.objects.select_related(
        "council", "branch", "package__council", "package__person", "package__model_version"
    )
    found = get_object_or_404(rows, package=package, token=placed)
    person = package.cared_for.reference
    saw(council=package.council_id, user=request.user, about=person, screen="call_off_letter", at=timezone.now())
    return as_pdf(call_off_letter(found, prices="see_prices" in permissions_at(request)), f"call-off-{found.token}")


@allowed("see_decisions")
@require_safe
def not_selected(request: SignedIn, token: str, asked: str) -> HttpResponse:
    """Why an offer was not selected, as its provider reads it; not found where nobody has such a letter."""
    package = package_of(request, token)
    rows = Invitation.objects.select_related("council", "branch", "enrolment", "package__model_version")
    found = get_object_or_404(rows, package=package, token=asked)
    try:
        letter = not_selected_letter(found, prices="see_prices" in permissions_at(request))
    except RefusedError as nothing:
        raise Http404 from nothing
    return as_pdf(letter, f"invitation-{found.token}")


@allowed("see_queue")
@require_safe
def sheet(request: SignedIn, token: str) -> HttpResponse:
    """The package on paper: what the sheet says, for whoever may open that."""
    found, may = package_of(request, token), permissions_at(request)
    looked = page.look_at(found, timezone.now())
    page.note_look(request, found, may, looked.now)
    return as_pdf(pdf_of(told_of_package(looked, may)), f"package-{found.reference}")


def told_of_package(looked: Looked, may: frozenset[str]) -> Letter:
    """A package as its sheet is worded."""
    package, today, prices = looked.package, looked.today, "see_prices" in may
    head = page.heading(looked, may)
    facts = [(_("For"), str(head["person"])), (_("State"), str(head["state"]))]
    facts += [(_("Where"), ", ".join(one.name for one in (package.area, package.locality) if one is not None))]
    facts += [(_("Care"), words.hours_a_week(sum(one.worker_minutes for one in looked.facts.visits)))]
    facts += [(_("Start by"), day_words(package.required_start_on)), (_("Needs"), str(head["needs"]))]
    if prices and package.price_ceiling_pence is not None:
        facts.append((_("Approved up to"), _("%(most)s a week") % {"most": words.money(package.price_ceiling_pence)}))
    placed = page.placed_in_words(looked.on_file, today, prices)
    parts: list[Part] = [
        {"facts": [(name, value) for name, value in facts if value]},
        week_part(_("The week"), Week(looked.facts.visits, package.reference)),
        {
            "heading": _("Called off"),
            "list": placed or [_("Nothing yet.")],
        },
    ]
    until = [*page.stays(package, today), *page.bridges(package, today)]
    parts += [{"heading": _("Until it begins"), "list": until}] if until else []
    if head["named"]:
        parts.append({"paragraphs": [_("This page names a person: keep it safe, and shred it afterwards.")]})
    return Letter(
        title=_("Package %(reference)s") % {"reference": package.reference},
        council=package.council.name,
        to=(),
        date=_("As it stood on %(day)s, %(time)s.") % {"day": day_words(today), "time": words.clock(looked.now)},
        reference=package.reference,
        parts=parts,
    )


@allowed("see_decisions")
@require_safe
@open_records
def report(request: SignedIn, package: Package) -> HttpResponse:
    """Why a package went to whom it went, from the records alone; not found while there is no record."""
    text = told(package)
    if not text:
        raise Http404
    parts = [{"heading": heading, "tree": tree_of(lines)} for heading, lines in sections(text)]
    letter = Letter(
        title=_("How package %(reference)s was called off") % {"reference": package.reference},
        council=package.council.name,
        to=(),
        date=day_words(local(timezone.now()).date()),
        reference=package.reference,
        parts=[{"paragraphs": [_("Told from the decision records alone, with the figures that they hold.")]}, *parts],
    )
    return as_pdf(pdf_of(letter), f"call-off-report-{package.reference}")
