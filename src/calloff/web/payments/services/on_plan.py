"""
Pay on the plan, settled later: how far each period is, and what of it may change (DOMAIN 4.6.3; settled reading 13).

A period is paid as planned. At the end of the next one the difference to what was delivered is settled, late
corrections at the end of the one after, and then it is closed: a further change is shown and waits for approval.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cached_property

from calloff.domain.errors import CalloffError
from calloff.domain.payment_rule import PaymentRule
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.directory.services import draw
from calloff.web.payments.models import Entitlement, Reconciliation, Retro
from calloff.web.payments.services.terms import TermsBook
from calloff.web.visits.models import PlannedVisit

Settling = Mapping[tuple[int | None, date], int]
"""The periods that are settled now, by contract and first day, and for the which time."""
PROVISION = "provision"


class RetroError(CalloffError):
    """A change to a closed period that cannot be decided; nothing was changed."""


class OnPlan:
    """How far the periods of a council's contracts are that are paid on plan."""

    def __init__(self, book: TermsBook, rules: Mapping[int, PaymentRule], settling: Settling | None) -> None:
        self.council, self.book, self.rules, self.settling = book.council, book, rules, settling or {}

    @cached_property
    def reached(self) -> dict[tuple[int | None, date], int]:
        """By contract and period the last stage of its settling."""
        rows = Reconciliation.objects.filter(council=self.council).order_by("stage")
        return {(one.enrolment_id, one.from_on): one.stage for one in rows}

    def place(self, enrolment: int | None, on: date) -> tuple[int | None, date]:
        """The contract and the first day of the period in which a day lies."""
        return enrolment, self.book.period(enrolment, on).from_on

    def is_provision(self, visit: PlannedVisit, rule: PaymentRule, *, unheard: bool, on: date) -> bool:
        """Whether a visit is worth its plan for now: its rule pays on plan, or its file is late and its terms allow."""
        enrolment = visit.call_off.enrolment_id
        if rule.pays_on == "plan":
            place = self.place(enrolment, visit.on)
            return place not in self.settling and place not in self.reached
        if not unheard or not self.book.of(enrolment, visit.on).plan_when_late:
            return False
        _period, cut_off, _paid = self.book.dates(enrolment, visit.on)
        return on > cut_off

    def keeps(self, last: Entitlement, pence: int, why: str, at: datetime) -> bool:
        """
        Whether an entitlement stays as it is, whatever it would be worth now; of a closed period the change is noted.
        """
        rule = self.rules.get(last.rule_id)
        if rule is None or rule.pays_on != "plan" or last.component != Entitlement.CARE:
            return False
        place = self.place(last.enrolment_id, last.on)
        if place in self.settling:
            return False
        if self.reached.get(place, 0) >= rule.adjustments:
            self._note(last, pence, why, at)
        return True

    def _note(self, last: Entitlement, pence: int, why: str, at: datetime) -> None:
        every = Retro.objects.filter(council=self.council, anchor=last.anchor)
        found = every.filter(state=Retro.FOUND)
        if every.filter(state=Retro.REFUSED, pence=pence, entitlement=last).exists():
            return
        if pence == last.pence:
            found.update(state=Retro.GONE, decided_at=at)
        elif not found.filter(pence=pence).exists():
            found.update(state=Retro.GONE, decided_at=at)
            Retro.objects.create(
                council_id=self.council,
                token=draw(),
                entitlement=last,
                anchor=last.anchor,
                pence=pence,
                why=why,
                found_at=at,
            )


def decide_retro(*, retro: Retro, approved: bool, by: User, at: datetime) -> Entitlement | None:
    """Approve or refuse a change to a closed period; an approved one is a version of its own, in the next run."""
    with act(council=retro.council_id, by=by, at=at) as doing:
        again = Retro.objects.select_for_update().select_related("entitlement").get(pk=retro.pk)
        if again.state != Retro.FOUND:
            raise RetroError("This change was decided already, or is no more. Nothing was changed.")
        again.state = Retro.APPROVED if approved else Retro.REFUSED
        again.decided_by, again.decided_at = by, doing.at
        again.save(update_fields=("state", "decided_by", "decided_at"))
        made = _version(again, doing.at) if approved else None
        kind = "retro_approved" if approved else "retro_refused"
        doing.record(kind, again.anchor, {"from": again.entitlement.pence, "to": again.pence})
    return made


def _version(retro: Retro, at: datetime) -> Entitlement:
    last = retro.entitlement
    told = {field.attname: getattr(last, field.attname) for field in Entitlement._meta.concrete_fields}
    told |= {"id": None, "number": last.number + 1, "pence": retro.pence, "why": retro.why, "known_at": at}
    made = Entitlement(**told)
    made.save(force_insert=True)
    return made
