"""Try a purchasing model on a package: the kernel's answer of this moment, and nothing written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from calloff.documents.wording import spaced
from calloff.domain.calendar import local
from calloff.domain.decisions import CallOff as KernelCallOff
from calloff.domain.decisions import Invite, Refer, Wait
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.purchasing_model import why_not_applicable
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.brokerage.forms.trial import TrialForm
from calloff.web.brokerage.services import trying
from calloff.web.brokerage.services.desk import Desk
from calloff.web.brokerage.views.package import Asking, asking_of
from calloff.web.config.look import words
from calloff.web.config.look.week import Week
from calloff.web.contracts.models import ModelVersion
from calloff.web.contracts.services.market import document_of
from calloff.web.contracts.views.purchasing import version_of


@dataclass(frozen=True)
class Answer:
    """What the kernel says, in a sentence, with what would follow it, and everybody in their order."""

    text: str
    below: str
    asking: Asking | None
    week: Week


@allowed("see_models")
@require_http_methods(["GET", "HEAD", "POST"])
def model_trial(request: SignedIn, model: str, version: int) -> HttpResponse:
    """Choose a package or make a need up; the answer stands on the same page."""
    found, _shelf = version_of(request, model, version)
    now = timezone.now()
    form = TrialForm(request.council, local(now).date(), request.POST or None)
    answer = None
    if request.method == "POST" and form.is_valid():
        may = permissions_at(request)
        answer = answer_to(request, found, facts_in(form, now), now, prices="see_prices" in may)
    return render(request, "brokerage/model_trial.html", {"version": found, "form": form, "answer": answer, "now": now})


def facts_in(form: TrialForm, now: datetime) -> KernelPackage:
    """The need that was chosen or made up."""
    told = form.cleaned_data
    if told["what"] == "package":
        return trying.as_if_new(told["row"])
    return trying.made_up(
        area=form.areas[told["area"]],
        visits=told["pattern"],
        required_start_on=told["starts_on"],
        priority=int(told["priority"] or 5),
        care_type=told["care_type"] or "personal_care",
        client_group=told["client_group"] or "older_people",
        age_group=told["age_group"] or "75-84",
        delivery_model=told["delivery_model"] or "managed",
        needs=frozenset(told["needs"]),
        at=now.replace(microsecond=0),
    )


def answer_to(request: SignedIn, version: ModelVersion, facts: KernelPackage, now: datetime, *, prices: bool) -> Answer:
    """The kernel's answer under a version, in words."""
    week = Week(facts.visits, facts.reference)
    outside = why_not_applicable(document_of(version).model, facts)
    if outside:
        told = {"why": outside}
        return Answer(_("This version is not for this need: %(why)s.") % told, "", None, week)
    desk = trying.desk_to_try(request.council, version, facts, now)
    decision = trying.ask(desk)
    text, below = in_words(desk, decision, prices)
    return Answer(text, below, asking_of(desk, decision, prices), week)


def in_words(desk: Desk, decision: object, prices: bool) -> tuple[str, str]:
    """The decision as a sentence, and what follows it."""
    if isinstance(decision, Invite):
        who = trying.names(desk, [one.enrolment for one in decision.invitations])
        until = words.moment(min(one.deadline_at for one in decision.invitations), desk.at)
        told = {"who": who, "step": spaced(decision.step)}
        return _("%(who)s would be asked, under the step %(step)s.") % told, _("Time to answer: until %(at)s.") % {
            "at": until
        }
    if isinstance(decision, KernelCallOff):
        who, pence = trying.called_off_to(desk, decision)
        below = _("It would cost %(price)s a week.") % {"price": pence} if prices else ""
        return _("It would be called off to %(who)s without asking, once a broker confirms.") % {"who": who}, below
    if isinstance(decision, Wait):
        at = words.moment(decision.until, desk.at) if decision.until else ""
        told = {"step": spaced(decision.step), "at": at}
        return _("Nobody is asked yet: the step %(step)s opens %(at)s.") % told, ""
    if isinstance(decision, Refer) and decision.passed_over:
        who = trying.names(desk, list(decision.passed_over))
        return _("Nobody can be asked now."), _("These would be, had they the hours: %(who)s.") % {"who": who}
    return _("Nobody can be asked: every provider fails a rule, or none is enrolled."), ""
