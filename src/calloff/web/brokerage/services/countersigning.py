"""Two people: what one of them recorded is done only when the second, signed in as themselves, agrees."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime

from django.db import models

from calloff.domain.calendar import moment_text, parse_moment
from calloff.domain.records import canonical, plain, revive
from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders, may
from calloff.web.audit.services import Act, act, whole_second
from calloff.web.brokerage.models import Countersignature, Invitation, Package
from calloff.web.brokerage.services.answering import (
    Answer,
    check,
    check_heard,
    enter_answer,
    refuse_after_next_step,
)
from calloff.web.brokerage.services.columns import ask_quietly, refresh
from calloff.web.brokerage.services.confirming import Outside, check_outside, enter_outside
from calloff.web.brokerage.services.refusals import RefusedError, SamePersonError
from calloff.web.brokerage.services.sourcing import fresh_desk
from calloff.web.directory.models import Branch
from calloff.web.jobs import services as jobs

SECOND = "second_override"


def seconds_for(by: User, council_id: int, on: date) -> models.QuerySet[User]:
    """Those who may be the second person: they hold the right, and are another human being."""
    return holders(SECOND, council_id=council_id, on=on).exclude(identity=by.identity_id)


def ask_for_late_answer(
    *,
    invitation: Invitation,
    answer: Answer,
    received_at: datetime,
    channel: str,
    answered_by: str,
    words: str,
    late_reason: str,
    second: User,
    by: User,
    at: datetime,
) -> Countersignature:
    """
    Put down an answer that was in time and is recorded late; it counts when `second` has signed.

    Raises RefusedError for an answer that is not late (record it), TooLateError once the next step is open.
    """
    check(answer)
    received_at = whole_second(received_at)
    if not check_heard(invitation, received_at, channel, answered_by, whole_second(at)):
        raise RefusedError("The deadline is still to come: record the answer without a second person.")
    if not late_reason.strip():
        raise RefusedError("Write why it is recorded late. Nothing was recorded.")
    refuse_after_next_step(invitation)
    content = {
        "answer": plain(answer),
        "received_at": moment_text(received_at),
        "channel": channel,
        "answered_by": answered_by,
        "words": words,
        "late_reason": late_reason,
    }
    return _ask(Countersignature.LATE_ANSWER, invitation.package, content, second, by, at, invitation)


def ask_for_outside(*, package: Package, made: Outside, second: User, by: User, at: datetime) -> Countersignature:
    """Put down a call-off that was made outside the model; it counts when `second` has signed."""
    content = {
        "branch": made.branch.reference,
        "visits": list(made.visits),
        "centipence_per_hour": made.centipence_per_hour,
        "made_at": moment_text(whole_second(made.made_at)),
        "made_by": made.made_by,
        "reason": made.reason,
        "words": made.words,
        "start_on": made.start_on.isoformat(),
    }
    return _ask(Countersignature.OUTSIDE, package, content, second, by, at, made=made)


def _ask(
    kind: str,
    package: Package,
    content: dict[str, object],
    second: User,
    by: User,
    at: datetime,
    invitation: Invitation | None = None,
    made: Outside | None = None,
) -> Countersignature:
    with act(council=package.council_id, by=by, at=at) as doing:
        if second.identity_id == by.identity_id:
            raise SamePersonError("The second person must be somebody else. Nothing was recorded.")
        if not may(second, SECOND, council_id=package.council_id, on=doing.at.date()):
            raise RefusedError("This person may not be the second one. Nothing was recorded.")
        if Countersignature.objects.filter(package=package, state=Countersignature.WAITING).exists():
            raise RefusedError("Something waits for a second person already. Nothing was recorded.")
        desk = fresh_desk(package, doing.at)
        if made is not None:
            check_outside(desk, made)
        row = Countersignature.objects.create(
            council_id=package.council_id,
            package=package,
            invitation=invitation,
            kind=kind,
            content=canonical(content).decode(),
            asked_by=by,
            asked_identity=by.identity_id,
            asked_at=doing.at,
            second=second,
        )
        refresh(desk, ask_quietly(desk))
        jobs.tell(
            second,
            "countersign",
            package.reference,
            council=package.council_id,
            key=f"countersign-{row.pk}",
            at=doing.at,
            package=package.reference,
            link=f"/packages/{package.token}/second",
        )
        doing.record("countersignature_asked", package.reference, {"kind": kind, "second": second.pk})
    return row


def late_answer_of(row: Countersignature) -> Answer:
    """The answer that waits to be signed."""
    found: Answer = revive(Answer, json.loads(row.content)["answer"])
    return found


@dataclass(frozen=True)
class Heard:
    """When, how and from whom a late answer came, in what words, and why it is recorded late."""

    received_at: datetime
    channel: str
    answered_by: str
    words: str
    late_reason: str


def heard_of(row: Countersignature) -> Heard:
    """How the late answer that waits to be signed was heard."""
    told = json.loads(row.content)
    return Heard(
        parse_moment(told["received_at"]), told["channel"], told["answered_by"], told["words"], told["late_reason"]
    )


def outside_of(row: Countersignature) -> Outside:
    """The call-off that waits to be signed."""
    told = json.loads(row.content)
    return Outside(
        branch=Branch.objects.get(reference=told["branch"]),
        visits=tuple(told["visits"]),
        centipence_per_hour=told["centipence_per_hour"],
        made_at=parse_moment(told["made_at"]),
        made_by=told["made_by"],
        reason=told["reason"],
        words=told["words"],
        start_on=date.fromisoformat(told["start_on"]),
    )


def sign(*, row: Countersignature, by: User, at: datetime) -> None:
    """
    The second person agrees: only now is it recorded, by who asked and with who signed.

    Only whom the first person chose may sign; what has changed meanwhile is refused as if it were recorded now.
    """
    with act(council=row.council_id, by=by, at=at) as doing:
        again = _waiting(row)
        if again.asked_identity == by.identity_id:
            raise SamePersonError("The second person must be somebody else. Nothing was recorded.")
        if again.second_id != by.pk:
            raise RefusedError("Somebody else was asked to agree. Nothing was recorded.")
        _decide(again, Countersignature.SIGNED, by, doing.at)
        if again.kind == Countersignature.LATE_ANSWER:
            _enter_late(doing, again, by)
        else:
            enter_outside(doing, again.package, outside_of(again), by, again.asked_by)


def _enter_late(doing: Act, row: Countersignature, second: User) -> None:
    if row.invitation is None:
        raise RefusedError("The invitation is gone. Nothing was recorded.")
    refuse_after_next_step(row.invitation)
    heard = heard_of(row)
    enter_answer(
        doing,
        row.invitation,
        late_answer_of(row),
        received_at=heard.received_at,
        by=row.asked_by,
        channel=heard.channel,
        answered_by=heard.answered_by,
        words=heard.words,
        second=second,
        late_reason=heard.late_reason,
    )


def refuse_to_sign(*, row: Countersignature, by: User, at: datetime) -> None:
    """The second person does not agree, or whoever asked takes it back: nothing of it is recorded."""
    with act(council=row.council_id, by=by, at=at) as doing:
        again = _waiting(row)
        if by.identity_id != again.asked_identity and again.second_id != by.pk:
            raise RefusedError("Only who asked, or who was asked, can end this. Nothing was changed.")
        _decide(again, Countersignature.REFUSED, by, doing.at)
        desk = fresh_desk(again.package, doing.at)
        refresh(desk, ask_quietly(desk))
        doing.record("countersignature_refused", again.package.reference, {"kind": again.kind})


def _waiting(row: Countersignature) -> Countersignature:
    rows = Countersignature.objects.select_related("package", "invitation__package", "asked_by__identity")
    again = rows.get(pk=row.pk)
    if again.state != Countersignature.WAITING:
        raise RefusedError("This was decided already.")
    return again


def _decide(row: Countersignature, state: str, by: User, at: datetime) -> None:
    row.state, row.decided_by, row.decided_identity, row.decided_at = state, by, by.identity_id, at
    row.save(update_fields=("state", "decided_by", "decided_identity", "decided_at"))
