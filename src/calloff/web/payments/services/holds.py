"""
Lines that wait: held by the council or its rule, or disputed by the provider, each with an owner and a clock.

Only that line waits. When it is closed, it goes into the next run with whatever it is worth by then.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from calloff.domain.errors import CalloffError
from calloff.domain.payment_rule import HELD_FOR
from calloff.web.accounts.models import User
from calloff.web.audit.services import Act, act
from calloff.web.directory.services import draw
from calloff.web.payments.models import Entitlement, Hold, HoldWord, PayRun
from calloff.web.payments.services.in_force import read_rule

REPLY_DAYS = 10
"""A dispute is answered within so many days (DOMAIN 4.6.6, assumed)."""
OF_MARK = {"query": "length", "fewer_workers": "workers", "elsewhere": "identity"}


class HoldError(CalloffError):
    """A line that cannot be held, disputed or released as it stands; nothing was changed."""


def hold(*, entitlement: Entitlement, reason: str, words: str, by: User, at: datetime) -> Hold:
    """Hold a visit's line until somebody has looked: it leaves a draft, and waits."""
    return _open(entitlement, Hold.HELD, reason, words, None, by, at, from_provider=False)


def dispute(
    *, entitlement: Entitlement, reason: str, words: str, claimed_minutes: int | None, by: User, at: datetime
) -> Hold:
    """A provider says that a line is wrong: it alone waits, and the council answers within ten days."""
    return _open(entitlement, Hold.DISPUTE, reason, words, claimed_minutes, by, at, from_provider=True)


def _open(
    one: Entitlement,
    kind: str,
    reason: str,
    words: str,
    claimed: int | None,
    by: User,
    at: datetime,
    *,
    from_provider: bool,
) -> Hold:
    if reason not in Hold.REASONS:
        raise HoldError("Choose a reason of the list. Nothing was changed.")
    if not words.strip():
        raise HoldError("Write what is wrong, so that somebody can look. Nothing was changed.")
    with act(council=one.council_id, by=by, at=at) as doing:
        if Hold.objects.filter(
            council=one.council_id, anchor=one.anchor, component=one.component, state=Hold.OPEN
        ).exists():
            raise HoldError("This line waits already. Write to it instead. Nothing was changed.")
        made = _made(one, kind, reason, claimed, by, doing.at)
        HoldWord.objects.create(
            council_id=one.council_id, hold=made, text=words, from_provider=from_provider, by=by, at=doing.at
        )
        _leave_draft(one)
        doing.record("line_disputed" if from_provider else "line_held", one.anchor, {"reason": reason})
    return made


def _made(one: Entitlement, kind: str, reason: str, claimed: int | None, by: User, at: datetime) -> Hold:
    return Hold.objects.create(
        council_id=one.council_id,
        token=draw(),
        entitlement=one,
        anchor=one.anchor,
        component=one.component,
        branch_id=one.branch_id,
        kind=kind,
        reason=reason,
        claimed_minutes=claimed,
        opened_by=by,
        opened_at=at,
        reply_by=at + timedelta(days=REPLY_DAYS),
    )


def _leave_draft(one: Entitlement) -> None:
    of_visit = {"entitlement__anchor": one.anchor, "entitlement__component": one.component}
    run = PayRun.objects.filter(council=one.council_id, state=PayRun.DRAFT).first()
    if run is not None:
        run.lines.filter(**of_visit).delete()
        run.funder_lines.filter(**of_visit).delete()


def hold_marked(run: PayRun, at: datetime) -> int:
    """Hold what a payment rule holds by itself until somebody has looked (DOMAIN 4.4); how many lines. In an act."""
    held = 0
    rows = Entitlement.objects.filter(
        council=run.council_id, on__lte=run.to_on, marks__gt=0, line__isnull=True, pence__gt=0
    )
    looked = set(Hold.objects.filter(council=run.council_id).values_list("anchor", "component"))
    for one in rows.select_related("rule").order_by("pk"):
        rule = read_rule(one.rule.text, one.rule.rule)
        marks = [name for name in sorted(rule.held_for) if one.marks & HELD_FOR[name]]
        if marks and (one.anchor, one.component) not in looked:
            _made(one, Hold.HELD, OF_MARK[marks[0]], None, run.made_by, at)
            looked.add((one.anchor, one.component))
            held += 1
    return held


def take(*, hold: Hold, by: User, at: datetime) -> None:
    """Become the owner of a line that waits."""
    with act(council=hold.council_id, by=by, at=at) as doing:
        again = _still_open(hold)
        again.owner = by
        again.save(update_fields=("owner",))
        doing.record("hold_taken", again.anchor)


def write(*, hold: Hold, text: str, from_provider: bool, by: User, at: datetime) -> HoldWord:
    """Write something to a line that waits."""
    if not text.strip():
        raise HoldError("Write something first. Nothing was sent.")
    with act(council=hold.council_id, by=by, at=at) as doing:
        again = _still_open(hold)
        made = HoldWord.objects.create(
            council_id=hold.council_id, hold=again, text=text, from_provider=from_provider, by=by, at=doing.at
        )
        doing.record("hold_written", again.anchor)
    return made


def release(*, hold: Hold, outcome: str, words: str, by: User, at: datetime) -> Hold:
    """Close a hold or dispute with what came of it: the line goes into the next run as it is worth then."""
    if outcome not in Hold.OUTCOMES:
        raise HoldError("Choose what came of it. Nothing was changed.")
    with act(council=hold.council_id, by=by, at=at) as doing:
        again = _still_open(hold)
        if words.strip():
            HoldWord.objects.create(
                council_id=hold.council_id, hold=again, text=words, from_provider=False, by=by, at=doing.at
            )
        elif again.kind == Hold.DISPUTE:
            raise HoldError("The provider needs an answer in words. Nothing was changed.")
        again.state, again.outcome, again.closed_by, again.closed_at = Hold.CLOSED, outcome, by, doing.at
        again.save(update_fields=("state", "outcome", "closed_by", "closed_at"))
        _record_release(doing, again, outcome)
    return again


def _record_release(doing: Act, hold: Hold, outcome: str) -> None:
    doing.record("dispute_closed" if hold.kind == Hold.DISPUTE else "hold_released", hold.anchor, {"outcome": outcome})


def _still_open(hold: Hold) -> Hold:
    again = Hold.objects.select_for_update().get(pk=hold.pk)
    if again.state != Hold.OPEN:
        raise HoldError("This was closed meanwhile. Nothing was changed.")
    return again
