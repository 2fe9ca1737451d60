"""Two people: orders and records that count only when a second one, signed in as themselves, agrees."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.audit.services import whole_second
from calloff.web.brokerage.forms import words as codes
from calloff.web.brokerage.forms.package import OutsideForm, OverrideForm, SecondForm
from calloff.web.brokerage.models import Countersignature, Override, Package
from calloff.web.brokerage.services.confirming import agree_override, order_override, refuse_override
from calloff.web.brokerage.services.countersigning import (
    ask_for_outside,
    heard_of,
    late_answer_of,
    outside_of,
    refuse_to_sign,
    seconds_for,
    sign,
)
from calloff.web.brokerage.services.desk import desk_for, facts_of
from calloff.web.brokerage.views.acts import READ_OR_SEND, form_page, press
from calloff.web.brokerage.views.package import look_at, package_of
from calloff.web.config.look import words
from calloff.web.config.look.parts import Fact
from calloff.web.directory.models import Branch


@allowed("order_override")
@require_http_methods(READ_OR_SEND)
def override(request: SignedIn, token: str) -> HttpResponse:
    """Order somebody else than the model's next candidate, with a reason."""
    package = package_of(request, token)
    looked = look_at(package, timezone.now())
    rows = [] if looked.desk is None else sorted(looked.desk.market.rows, key=lambda row: row.branch.name)
    form = OverrideForm(request.POST or None, enrolments=rows)

    def carry_out(at: datetime) -> None:
        found = form.cleaned_data
        order_override(
            package=package,
            enrolment=form.enrolments[found["enrolment"]],
            reason=found["reason"],
            words=found["words"],
            by=request.user,
            at=at,
        )

    return form_page(
        request,
        package,
        form,
        title=_("Ask somebody else than the model says"),
        button=_("Ask the second person"),
        lead=_(
            "A second person must agree before anybody is asked. The model's own answer is kept beside yours. "
            "Registration, contract, grades, suspension, needs, price limits and exclusions cannot be set aside."
        ),
        carry_out=carry_out,
        done=_("Ordered. The model's order goes on until the second person agrees."),
    )


@allowed("confirm_call_off")
@require_http_methods(READ_OR_SEND)
def outside(request: SignedIn, token: str) -> HttpResponse:
    """Record a call-off that was made outside the model."""
    package, now = package_of(request, token), timezone.now()
    facts = facts_of(package)
    left = desk_for(package, whole_second(now)).story().left if package.model_version_id else ()
    form = OutsideForm(
        request.POST or None,
        branches=list(Branch.objects.filter(nation=package.council.nation).order_by("name")),
        visits={number: facts.visits[number] for number in left},
        seconds=list(seconds_for(request.user, package.council_id, local(now).date())),
        initial={"visits": [str(number) for number in left], "made_on": local(now).date()},
    )
    return form_page(
        request,
        package,
        form,
        title=_("Record a call-off outside the model"),
        button=_("Ask the second person"),
        lead=_("It counts, as off framework, once the second person agrees."),
        carry_out=lambda at: ask_for_outside(
            package=package,
            made=form.made(),
            second=form.seconds[form.cleaned_data["second"]],
            by=request.user,
            at=at,
        ),
        done=_("Put down. It counts once the second person, who has been told, agrees."),
    )


def waiting_of(package: Package) -> Override | Countersignature | None:
    """What waits for a second person: an order, or something recorded."""
    orders = Override.objects.select_related("enrolment__branch", "ordered_by__identity", "package")
    rows = Countersignature.objects.select_related(
        "invitation__branch", "asked_by__identity", "second__identity", "package"
    )
    order = orders.filter(package=package, state=Override.WAITING).first()
    return order or rows.filter(package=package, state=Countersignature.WAITING).first()


@allowed("second_override")
@require_http_methods(READ_OR_SEND)
def second(request: SignedIn, token: str) -> HttpResponse:
    """Agree, or not, as the second person."""
    package, now = package_of(request, token), timezone.now()
    waits = waiting_of(package)
    if waits is None:
        messages.error(request, _("Nothing waits for a second person here; it was decided already."))
        return redirect("package", package.token)
    form = SecondForm(request.POST or None)

    def carry_out(at: datetime) -> None:
        agreed = form.cleaned_data["decision"] == "agree"
        if isinstance(waits, Override):
            (agree_override if agreed else refuse_override)(order=waits, by=request.user, at=at)
        else:
            (sign if agreed else refuse_to_sign)(row=waits, by=request.user, at=at)

    return form_page(
        request,
        package,
        form,
        title=_("Agree as the second person"),
        button=_("Decide"),
        carry_out=carry_out,
        done=_("Your decision is recorded under your name."),
        template="brokerage/package_second.html",
        told=_told(waits, now),
        own=_own(request, waits),
    )


def _own(request: SignedIn, waits: Override | Countersignature) -> str:
    """Why this user cannot be the second person; empty where they can."""
    if isinstance(waits, Override):
        if waits.ordered_identity == request.user.identity_id:
            return _("You ordered this yourself: somebody else must agree.")
        return ""
    if waits.asked_identity == request.user.identity_id:
        return _("You put this down yourself: somebody else must agree.")
    if waits.second_id != request.user.pk:
        return _("%(name)s was asked to agree.") % {"name": waits.second.identity.name}
    return ""


def _told(waits: Override | Countersignature, now: datetime) -> list[Fact]:
    """What the second person agrees to."""
    if isinstance(waits, Override):
        return [
            Fact(_("Ordered"), _("Ask %(name)s") % {"name": waits.enrolment.branch.name}),
            Fact(_("By"), _by(waits.ordered_by.identity.name, waits.ordered_at, now)),
            Fact(_("Reason"), str(codes.OVERRIDE_REASONS[waits.reason])),
            *([Fact(_("More about it"), waits.words)] if waits.words else []),
        ]
    by = Fact(_("By"), _by(waits.asked_by.identity.name, waits.asked_at, now))
    facts = facts_of(waits.package)
    if waits.kind == Countersignature.OUTSIDE:
        made = outside_of(waits)
        visits = [codes.visit_words(facts.visits[number]) for number in made.visits]
        return [
            Fact(_("Put down"), _("A call-off outside the model to %(name)s") % {"name": made.branch.name}),
            by,
            Fact(_("Agreed by"), _by(made.made_by, made.made_at, now)),
            Fact(_("Price an hour"), words.rate(made.centipence_per_hour)),
            Fact(_("First day"), words.day(made.start_on, local(now).date())),
            Fact(_("Visits"), "\n".join(visits)),
            Fact(_("Reason"), str(codes.OUTSIDE_REASONS[made.reason])),
            Fact(_("More about it"), made.words),
        ]
    return [Fact(_("Put down"), _late(waits)), by, *_late_facts(waits, now)]


def _by(name: str, at: datetime, now: datetime) -> str:
    return _("%(name)s, %(when)s") % {"name": name, "when": words.moment(at, now)}


def _late(row: Countersignature) -> str:
    name = row.invitation.branch.name if row.invitation else ""
    return _("An answer of %(name)s that came in time and is recorded late") % {"name": name}


def _late_facts(row: Countersignature, now: datetime) -> list[Fact]:
    answer, heard = late_answer_of(row), heard_of(row)
    said = {"accept": _("They can do all of it"), "part": _("Some of it, or at other times"), "decline": _("No")}
    facts = [Fact(_("Answer"), said[answer.answer])]
    if answer.reason:
        facts.append(Fact(_("Why not"), str(codes.DECLINE_REASONS[answer.reason]).split("\n")[0]))
    if answer.visits:
        facts.append(Fact(_("Visits"), "\n".join(codes.visit_words(visit) for visit in answer.visits)))
    how = _("%(who)s, %(how)s, %(when)s") % {
        "who": heard.answered_by,
        "how": codes.CHANNELS[heard.channel],
        "when": words.moment(heard.received_at, now),
    }
    facts.append(Fact(_("Received from"), how))
    if row.invitation:
        facts.append(Fact(_("Deadline"), words.moment(row.invitation.deadline_at, now)))
    facts += [Fact(_("In their words"), heard.words)] if heard.words else []
    return [*facts, Fact(_("Why late"), heard.late_reason)]


@allowed("work_package")
@require_POST
def take_back(request: SignedIn, token: str) -> HttpResponse:
    """Whoever ordered or recorded it takes it back before the second person has decided."""
    package = package_of(request, token)
    waits = waiting_of(package)

    def carry_out(at: datetime) -> Any:
        if waits is None:
            raise CalloffError(_("Nothing waits for a second person; it was decided already."))
        identity = waits.ordered_identity if isinstance(waits, Override) else waits.asked_identity
        if identity != request.user.identity_id:
            raise CalloffError(_("Only who put it down can take it back. Nothing was changed."))
        if isinstance(waits, Override):
            return refuse_override(order=waits, by=request.user, at=at)
        return refuse_to_sign(row=waits, by=request.user, at=at)

    return press(request, package, carry_out, _("Taken back."))
