"""Recording what a provider said, in time or late."""

from __future__ import annotations

import json
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError
from calloff.domain.history import Invited
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.brokerage.forms.answer import AnswerForm
from calloff.web.brokerage.forms.questions import Choices
from calloff.web.brokerage.models import Invitation
from calloff.web.brokerage.services.answering import record_answer
from calloff.web.brokerage.services.countersigning import ask_for_late_answer, seconds_for
from calloff.web.brokerage.services.desk import facts_of, history_of
from calloff.web.brokerage.views.acts import READ_OR_SEND, form_page
from calloff.web.brokerage.views.package import package_of
from calloff.web.config.look import words
from calloff.web.contracts.models import Enrolment


@allowed("record_answer")
@require_http_methods(READ_OR_SEND)
def answer(request: SignedIn, token: str, invitation: str) -> HttpResponse:
    """Record an answer; one recorded after the deadline waits until a second person agrees."""
    package = package_of(request, token)
    one = get_object_or_404(
        Invitation.objects.select_related("branch", "package", "enrolment"), package=package, token=invitation
    )
    now, facts = timezone.now(), facts_of(package, one.version)
    late = now > one.deadline_at
    form = AnswerForm(
        request.POST or None,
        visits={number: facts.visits[number] for number in json.loads(one.visits)},
        now=now,
        late=late,
        sealed=one.sealed,
        seconds=list(seconds_for(request.user, package.council_id, local(now).date())) if late else (),
        subcontractors=subcontractors(one),
    )

    def carry_out(at: datetime) -> None:
        received_at, found = form.received_at(), form.cleaned_data
        if received_at is None:
            raise CalloffError(_("Enter when the answer came. Nothing was recorded."))
        heard = {
            "invitation": one,
            "answer": form.said(),
            # A minute has no seconds: what came in the minute of asking did not come before it.
            "received_at": max(received_at, one.sent_at) if _same_minute(received_at, one.sent_at) else received_at,
            "channel": found["channel"],
            "answered_by": found["answered_by"],
            "words": found["words"],
        }
        if late:
            second = form.seconds[found["second"]]
            ask_for_late_answer(**heard, late_reason=found["late_reason"], second=second, by=request.user, at=at)
        else:
            record_answer(**heard, by=request.user, at=at)

    name = one.branch.name
    deadline = words.moment(one.deadline_at, now)
    if late:
        lead = _("The deadline was %(deadline)s. An answer that came before it counts once a second person agrees.")
        done = _("Put down. The answer counts once the second person, who has been told, agrees.")
    else:
        lead = _("The deadline is %(deadline)s. %(name)s is told what you record and may dispute it.")
        done = _("The answer is recorded.")
    return form_page(
        request,
        package,
        form,
        title=_("Record what %(name)s answered") % {"name": name},
        button=_("Ask the second person") if late else _("Record the answer"),
        lead=lead % {"deadline": deadline, "name": name},
        carry_out=carry_out,
        done=done,
        template="brokerage/package_answer.html",
    )


def _same_minute(one: datetime, other: datetime) -> bool:
    return one.replace(second=0, microsecond=0) == other.replace(second=0, microsecond=0)


def subcontractors(invitation: Invitation) -> Choices:
    """The subcontractors of whom a prime's answer must name one, by the name of their branch."""
    asked = [
        event
        for event in history_of(invitation.package)
        if isinstance(event, Invited) and event.enrolment == invitation.enrolment.reference
    ]
    if not asked or not asked[-1].subcontractors:
        return []
    rows = Enrolment.objects.filter(council=invitation.council_id, reference__in=asked[-1].subcontractors)
    return sorted(rows.values_list("reference", "branch__name"), key=lambda pair: pair[1])
