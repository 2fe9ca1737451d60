"""What was called off to a provider: the full plan while it delivers, no identity once the care has ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from calloff.documents.wording import say
from calloff.domain.packages import Visit
from calloff.web.brokerage.models import CallOff, Handback, Person
from calloff.web.brokerage.services.desk import facts_of
from calloff.web.brokerage.services.letters import agreed_visits


@dataclass(frozen=True)
class Placed:
    """
    A call-off as its provider sees it on a day.

    `person` is None once the care has ended. `by_subcontractor` is the branch that delivers for a prime provider.
    """

    call_off: CallOff
    person: Person | None
    visits: tuple[Visit, ...]
    needs: tuple[str, ...]
    handback: Handback | None

    @property
    def ended(self) -> bool:
        return self.person is None

    @property
    def by_subcontractor(self) -> str:
        deliverer = self.call_off.delivered_by
        return deliverer.branch.name if deliverer is not None else ""


def has_ended(call_off: CallOff, today: date) -> bool:
    """Whether the last day of the care is past."""
    return call_off.ended_on is not None and call_off.ended_on < today


def placed(call_off: CallOff, today: date) -> Placed:
    """One call-off with all that may be read of it on a day."""
    ended = has_ended(call_off, today)
    facts = facts_of(call_off.package, call_off.version)
    return Placed(
        call_off=call_off,
        person=None if ended else call_off.package.person,
        visits=() if ended else agreed_visits(call_off),
        needs=() if ended else tuple(say("capabilities", one) for one in sorted(facts.needs)),
        handback=Handback.objects.filter(call_off=call_off).first(),
    )
