"""A provider's answers: its own by the portal, and those that a broker records for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from calloff.documents.wording import moment_words
from calloff.domain.history import ANSWERS, DECLINE_REASONS, Offered
from calloff.domain.packages import Visit
from calloff.domain.records import plain
from calloff.domain.story import Turn
from calloff.web.accounts.models import User
from calloff.web.audit.services import Act, act, whole_second
from calloff.web.brokerage.models import Invitation, Offer, Package
from calloff.web.brokerage.services.carrying import look_again, reopen_after, tell_branch
from calloff.web.brokerage.services.columns import ask_quietly, refresh
from calloff.web.brokerage.services.desk import Desk, told
from calloff.web.brokerage.services.identity import refuse_identity
from calloff.web.brokerage.services.refusals import RefusedError, SamePersonError, TooLateError
from calloff.web.brokerage.services.sourcing import fresh_desk, tell_owner
from calloff.web.directory.services import draw

OFFER_REASONS = tuple(reason for reason, by_provider in DECLINE_REASONS.items() if by_provider)


@dataclass(frozen=True)
class Answer:
    """What a provider says: `accept`, `part` (some visits, or other times) or `decline` with a reason of the list."""

    answer: str
    reason: str = ""
    visits: tuple[Visit, ...] = ()
    centipence_per_hour: int = 0
    start_on: date | None = None
    delivered_by: str = ""
    message: str = ""

    def offered(self, enrolment: str, at: datetime) -> Offered:
        """As the kernel reads it."""
        return Offered(
            enrolment,
            at,
            self.answer,
            self.reason,
            self.visits,
            self.centipence_per_hour,
            self.start_on,
            self.delivered_by,
        )


def check(answer: Answer) -> None:
    """Refuse what is no answer: an unknown word, a decline without a reason, a part without its visits."""
    if answer.answer not in ANSWERS:
        raise RefusedError("Choose whether you can do all of it, some of it, or none. Nothing was sent.")
    if answer.answer == "decline" and answer.reason not in DECLINE_REASONS:
        raise RefusedError("Choose a reason for saying no. Nothing was sent.")
    if answer.answer == "part" and not answer.visits:
        raise RefusedError("Choose the visits that you can do. Nothing was sent.")


def answer_invitation(
    *, invitation: Invitation, answer: Answer, by: User, at: datetime, channel: str = "portal"
) -> Offer:
    """
    A provider answers, by the server's own clock; a later answer before the deadline stands in its place.

    Raises TooLateError after the deadline, RefusedError when the invitation is closed.
    """
    check(answer)
    refuse_identity(answer.message, invitation.package, knows_person=False)
    with act(council=invitation.council_id, by=by, at=at) as doing:
        return enter_answer(doing, invitation, answer, received_at=doing.at, by=by, channel=channel)


def record_answer(
    *,
    invitation: Invitation,
    answer: Answer,
    received_at: datetime,
    channel: str,
    answered_by: str,
    words: str,
    by: User,
    at: datetime,
    second: User | None = None,
    late_reason: str = "",
) -> Offer:
    """
    A broker records what a provider answered by telephone, e-mail or letter; the provider is told and may dispute it.

    `received_at` is when the council had it: not before the invitation went out and not in the future. What was in
    time but is recorded after the deadline needs a reason and a second person, and is refused once the next step is
    open. A sealed answer is only ever entered by the provider.
    """
    check(answer)
    received_at = whole_second(received_at)
    late = check_heard(invitation, received_at, channel, answered_by, whole_second(at))
    if late:
        _check_second(by, second, late_reason)
    with act(council=invitation.council_id, by=by, at=at) as doing:
        if late:
            refuse_after_next_step(invitation)
        offer = enter_answer(
            doing,
            invitation,
            answer,
            received_at=received_at,
            by=by,
            channel=channel,
            answered_by=answered_by,
            words=words,
            second=second if late else None,
            late_reason=late_reason if late else "",
        )
    return offer


def check_heard(invitation: Invitation, received_at: datetime, channel: str, answered_by: str, now: datetime) -> bool:
    """Whether an answer heard by a broker is recorded late; refused where it was not heard in time, or is sealed."""
    if not answered_by.strip():
        raise RefusedError("Write who answered. Nothing was recorded.")
    if received_at < invitation.sent_at or received_at > now:
        raise RefusedError("An answer is received after the invitation went out and not in the future.")
    if received_at > invitation.deadline_at:
        raise TooLateError(_too_late(invitation))
    if invitation.sealed and channel != "mailbox":
        raise RefusedError("Answers of a sealed step are entered by the provider alone. Nothing was recorded.")
    if invitation.sealed and now <= invitation.deadline_at:
        raise RefusedError("The sealed mailbox is opened after the deadline. Nothing was recorded.")
    return now > invitation.deadline_at


def refuse_after_next_step(invitation: Invitation) -> None:
    """A late answer is refused once somebody else was asked in the next step."""
    if _next_step_is_open(invitation):
        raise TooLateError("The next step is open already: this answer can no longer be recorded.")


def _check_second(by: User, second: User | None, reason: str) -> None:
    if second is None or not reason.strip():
        raise RefusedError("The deadline is past: a reason and a second person are needed. Nothing was recorded.")
    if second.identity_id == by.identity_id:
        raise SamePersonError("The second person must be somebody else. Nothing was recorded.")


def _next_step_is_open(invitation: Invitation) -> bool:
    later = Invitation.objects.filter(package=invitation.package_id, version=invitation.version)
    return later.filter(wave__gt=invitation.wave).exists()


def _too_late(invitation: Invitation) -> str:
    return f"The deadline was {moment_words(invitation.deadline_at)}: no answer can be taken any more."


def enter_answer(
    doing: Act,
    invitation: Invitation,
    answer: Answer,
    *,
    received_at: datetime,
    by: User,
    channel: str,
    answered_by: str = "",
    words: str = "",
    second: User | None = None,
    late_reason: str = "",
) -> Offer:
    """Write an answer down within an act, as it was received; who calls has checked who may do that, and when."""
    desk = fresh_desk(invitation.package, doing.at)
    again = Invitation.objects.select_related("enrolment", "branch").get(pk=invitation.pk)
    recorded_late = received_at < doing.at and doing.at > again.deadline_at
    if received_at > again.deadline_at:
        raise TooLateError(_too_late(again))
    if again.state not in Invitation.LIVE and not (recorded_late and again.state == Invitation.EXPIRED):
        raise RefusedError("This invitation is closed. Nothing was sent.")
    happened = answer.offered(again.enrolment.reference, received_at)
    offer = Offer.objects.create(
        council_id=again.council_id,
        invitation=again,
        receipt=draw(),
        answer=answer.answer,
        reason=answer.reason,
        facts=json.dumps(plain(happened)),
        message=answer.message,
        channel=channel,
        answered_by=answered_by,
        words=words,
        received_at=received_at,
        recorded_at=doing.at,
        recorded_by=by,
        recorded_identity=by.identity_id,
        second_identity=second.identity_id if second else None,
        late_reason=late_reason,
    )
    desk.course.history.append(happened)
    settle(desk, again, received_at)
    before = desk.package.next_action
    refresh(desk, ask_quietly(desk))
    look_again(desk.package, doing.at)
    tell_owner(desk, before)
    if channel not in ("portal", "api"):
        tell_branch(again.branch, "answer_recorded", again, desk)
    data = {"invitation": again.token, "offer": offer.receipt, "channel": channel}
    doing.record("answered", desk.package.reference, data, told(desk.package.version, happened))
    return offer


def settle(desk: Desk, invitation: Invitation, answered_at: datetime) -> None:
    """Write how an invitation stands after an answer; one that declines gives back its minutes at once."""
    if invitation.sealed and desk.at <= invitation.deadline_at:
        # Closed until the deadline: not even that somebody answered may be read from a row.
        return
    turn = turn_of(desk, invitation)
    invitation.state, invitation.reason = turn.state, turn.reason
    invitation.settled_at = answered_at if turn.state != Invitation.OPEN else None
    invitation.save(update_fields=("state", "reason", "settled_at"))
    desk.course.release_spent(desk.at)
    reopen_after(desk, desk.store())


def turn_of(desk: Desk, invitation: Invitation) -> Turn:
    """The kernel's reading of an invitation."""
    return next(
        turn for turn in reversed(desk.story().invitations) if turn.invited.enrolment == invitation.enrolment.reference
    )


def dispute(*, offer: Offer, words: str, by: User, at: datetime) -> None:
    """The provider says that what a broker recorded for it is not what it answered."""
    if not words.strip():
        raise RefusedError("Write what you answered instead. Nothing was sent.")
    with act(council=offer.council_id, by=by, at=at) as doing:
        Offer.objects.filter(pk=offer.pk).update(disputed_at=doing.at, dispute=words)
        package = Package.objects.get(pk=offer.invitation.package_id)
        doing.record("answer_disputed", package.reference, {"offer": offer.receipt})


def offered_visits(invitation: Invitation, package_visits: Sequence[Visit], chosen: Sequence[int]) -> tuple[Visit, ...]:
    """The visits of an invitation that a provider ticked, by their places in the package."""
    asked = json.loads(invitation.visits)
    return tuple(package_visits[number] for number in chosen if number in asked)
