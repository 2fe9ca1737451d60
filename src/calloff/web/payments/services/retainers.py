"""For how many days a place is kept during a stay in hospital, as the payment rule of its call-off says."""

from __future__ import annotations

from datetime import date

from calloff.web.brokerage.models import CallOff
from calloff.web.brokerage.services.releasing import knows_kept_days
from calloff.web.payments.services.in_force import rule_on


@knows_kept_days
def kept_days(call_off: CallOff, admitted_on: date) -> int | None:
    """The days of the retainer in force on the day of the admission; None without a retainer, or without a rule."""
    model = call_off.enrolment.model if call_off.enrolment is not None else "*"
    found = rule_on(call_off.council_id, model, admitted_on)
    if found is None or found[1].retainer is None:
        return None
    return found[1].retainer.days
