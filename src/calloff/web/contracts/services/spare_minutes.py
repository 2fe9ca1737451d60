"""What a provider says it has to spare, by its own word or as a broker heard it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from calloff.domain.errors import CalloffError
from calloff.domain.units import MOST_MINUTES
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.contracts.models import Declaration, Enrolment, Pool
from calloff.web.contracts.services.market import minutes_came_free


class SpareMinutesError(CalloffError):
    """A declaration that cannot be taken; nothing was changed."""


def declare_spare(
    *,
    enrolment: Enrolment,
    spare: Mapping[int, int],
    by: User,
    at: datetime,
    told_by: str = "",
    channel: str = "portal",
) -> None:
    """
    Say how many minutes a week are free now, by the number of the pool, beside what is called off or kept already.

    Whoever waits for minutes is looked at again where more is free than before. It counts for steps opened afterwards:
    who is asked already stays in the order of that moment. What somebody of the council heard names who said it.
    """
    if channel not in Declaration.CHANNELS:
        raise SpareMinutesError("Choose how the provider told you. Nothing was changed.")
    if channel not in ("portal", "api") and not told_by.strip():
        raise SpareMinutesError("Write who told you. Nothing was changed.")
    with act(council=enrolment.council_id, by=by, at=at) as doing:
        pools = {pool.number: pool for pool in Pool.objects.filter(enrolment=enrolment)}
        before, raised = {}, False
        for number, minutes in spare.items():
            pool = pools.get(number)
            if pool is None or pool.declared_at is None or not 0 <= minutes <= MOST_MINUTES:
                raise SpareMinutesError("Enter the hours a week that are free, from 0 on. Nothing was changed.")
            before[str(number)] = pool.spare
            if minutes > pool.spare:
                pool.raised_at, raised = doing.at, True
            pool.declared, pool.declared_at = pool.used + pool.held + minutes, doing.at
            pool.save(update_fields=("declared", "declared_at", "raised_at"))
        if raised:
            minutes_came_free(enrolment.pk, enrolment.council_id, doing.at)
        after = {str(number): minutes for number, minutes in spare.items()}
        Declaration.objects.create(
            council_id=enrolment.council_id,
            enrolment=enrolment,
            spare=json.dumps(after),
            by=by,
            at=doing.at,
            channel=channel,
            told_by=told_by.strip()[:120],
        )
        data = {"enrolment": enrolment.reference, "before": before, "after": after, "channel": channel}
        doing.record("spare_declared", enrolment.reference, {**data, "told_by": bool(told_by)})
