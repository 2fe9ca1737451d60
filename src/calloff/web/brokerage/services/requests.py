"""A request for support: drafted, sent, changed while it waits, and withdrawn."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from calloff.domain.calendar import local
from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders
from calloff.web.audit.services import act
from calloff.web.brokerage.models import Package, Person, Request, SavedForm
from calloff.web.brokerage.services.desk import facts_of
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.services.wanted import Wanted, form_of, lines_of, plain_visits, problems, wanted_of
from calloff.web.directory.models import Council
from calloff.web.directory.services import spoken_reference
from calloff.web.jobs import services as jobs

CHANGE_PRIORITY = 6


def save_draft(
    *,
    request: Request | None,
    council: Council,
    person: Person | None,
    form: Mapping[str, Any],
    by: User,
    at: datetime,
    changes: Package | None = None,
) -> Request:
    """
    Keep a request as typed; whoever drafts it sends it, or throws it away.

    `changes` is the package whose need has changed, told once when the draft is begun.
    """
    with act(council=council.pk, by=by, at=at) as doing:
        if request is None:
            request = Request(
                council=council,
                reference=spoken_reference("R"),
                raised_by=by,
                raised_identity=by.identity_id,
                raised_at=doing.at,
                changes_package=changes.reference if changes else "",
            )
        else:
            # Another window may have sent it meanwhile.
            request = Request.objects.get(pk=request.pk)
        if request.state != Request.DRAFT or request.raised_identity != by.identity_id:
            raise RefusedError(_("Only your own drafts can be changed. Nothing was saved."))
        request.person, request.form, request.touched_at = person, json.dumps(dict(form)), doing.at
        request.save()
        doing.record("request_drafted", request.reference)
    return request


def raise_request(
    *,
    council: Council,
    person: Person,
    wanted: Wanted,
    by: User,
    at: datetime,
    from_hub: bool = False,
    draft: Request | None = None,
    changes: Package | None = None,
) -> Request:
    """Send a request for approval. Raises RefusedError naming everything that is missing."""
    missing = problems(wanted)
    if missing:
        raise RefusedError(
            _("%(problems)s. Nothing was sent.") % {"problems": "; ".join(text for _field, text in missing)}
        )
    if person.died_on is not None:
        raise RefusedError(_("The person has died; no care can be asked for. Nothing was sent."))
    with act(council=council.pk, by=by, at=at) as doing:
        if changes is not None:
            refuse_second_change(changes)
        # Another window may have sent the draft meanwhile.
        request = (Request.objects.get(pk=draft.pk) if draft else None) or Request(
            council=council,
            reference=spoken_reference("R"),
            raised_by=by,
            raised_identity=by.identity_id,
            raised_at=doing.at,
        )
        if request.state != Request.DRAFT:
            raise RefusedError(
                _("Request %(reference)s was sent or taken back already.") % {"reference": request.reference}
            )
        if request.raised_identity != by.identity_id:
            raise RefusedError(_("Only your own drafts can be sent. Nothing was sent."))
        request.person, request.form, request.state = person, form_of(wanted), Request.WAITING
        request.from_hub, request.touched_at, request.raised_at = from_hub, doing.at, doing.at
        request.minutes_per_week, request.priority = wanted.minutes_per_week, wanted.priority
        request.changes_package = changes.reference if changes else ""
        request.save()
        for user in holders("approve_request", council_id=council.pk, on=local(doing.at).date()):
            if user.identity_id != by.identity_id:
                jobs.tell(
                    user,
                    "approval_waits",
                    request.reference,
                    council=council.pk,
                    key=f"approval-{request.pk}",
                    at=doing.at,
                    package=request.changes_package,
                    link=f"/requests/{request.reference}",
                )
        SavedForm.objects.filter(about=request.reference).delete()
        data = {"minutes_per_week": request.minutes_per_week, "changes": request.changes_package}
        doing.record("request_raised", request.reference, data)
    return request


def wanted_now(package: Package) -> Wanted:
    """
    What somebody's care is today, as a change of it begins: the agreed week and needs, and what was written about them.

    Raises RefusedError where the care has ended or another change waits.
    """
    refuse_second_change(package)
    facts = facts_of(package)
    asked = Request.objects.filter(council=package.council_id, state=Request.APPROVED)
    last = asked.filter(changes_package=package.reference).order_by("decided_at", "pk").last() or (
        asked.filter(pk=package.request_id).first() if package.request_id is not None else None
    )
    told = wanted_of(last) if last is not None else Wanted(facts.visits, facts.required_start_on, CHANGE_PRIORITY)
    same_week = sorted(one for line in told.lines for one in plain_visits(line.visits)) == sorted(
        plain_visits(facts.visits)
    )
    return replace(
        told,
        visits=facts.visits,
        lines=told.lines if same_week else lines_of(facts.visits),
        priority=CHANGE_PRIORITY,
        needs=facts.needs,
        complexity=facts.complexity,
        care_type=facts.care_type,
        client_group=facts.client_group,
        delivery_model=facts.delivery_model,
        chosen_provider=facts.chosen_provider,
        exclusions=facts.exclusions,
    )


def pending_change(package: Package) -> Request | None:
    """The change of need that waits for approval, if one does."""
    return Request.objects.filter(
        council=package.council_id, changes_package=package.reference, state=Request.WAITING
    ).first()


def refuse_second_change(package: Package) -> None:
    """Raise RefusedError where a package has ended, or a change of it waits for approval already."""
    if Package.objects.get(pk=package.pk).is_over:
        raise RefusedError(_("This care has ended; ask for new care instead. Nothing was sent."))
    if pending_change(package) is not None:
        raise RefusedError(
            _(
                "Another change of this care waits for approval; let it be decided or taken back first. "
                "Nothing was sent."
            )
        )


def withdraw_request(*, request: Request, by: User, at: datetime) -> None:
    """Take a request back before it is decided, or throw a draft away."""
    with act(council=request.council_id, by=by, at=at) as doing:
        again = Request.objects.get(pk=request.pk)
        if again.state not in (Request.DRAFT, Request.WAITING) or again.raised_identity != by.identity_id:
            raise RefusedError(_("Only your own request can be taken back, before it is decided."))
        again.state = Request.THROWN_AWAY if again.state == Request.DRAFT else Request.WITHDRAWN
        again.touched_at = doing.at
        again.save()
        SavedForm.objects.filter(about=again.reference).delete()
        doing.record("request_withdrawn", again.reference)
