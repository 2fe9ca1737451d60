"""Which payment rule counts for a visit, or on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from calloff.documents.payment_rules import parse
from calloff.domain.errors import CalloffError
from calloff.domain.payment_rule import PaymentRule
from calloff.web.directory.models import Council
from calloff.web.payments.models import RuleVersion
from calloff.web.visits.models import PlannedVisit


@lru_cache(maxsize=64)
def read_rule(text: str, name: str) -> PaymentRule:
    """The payment rule of a published text, read once."""
    return parse(text, name)


class NoPaymentRuleError(CalloffError):
    """The council has not said how visits of a model are paid on a day."""


class Rules:
    """The payment rules of a council, and which counts for a planned visit: the last of its model that has begun."""

    def __init__(self, versions: Sequence[RuleVersion]) -> None:
        self.versions = versions
        self.values: list[PaymentRule] = [read_rule(one.text, one.rule) for one in versions]

    def place(self, visit: PlannedVisit) -> int:
        """
        The place of the rule of a visit; NoPaymentRuleError where the council has published none for its model.

        What was called off outside every model is paid by the rule under the model `*`.
        """
        enrolment = visit.call_off.enrolment
        model = enrolment.model if enrolment is not None else "*"
        fitting = [
            (one.model == model, one.starts_on, place)
            for place, one in enumerate(self.versions)
            if one.model in (model, "*") and one.starts_on <= visit.on
        ]
        if not fitting:
            raise NoPaymentRuleError(
                f"No payment rule is published for visits under {model} on {visit.on}. Publish one first; "
                "nothing was done."
            )
        return max(fitting)[2]


def rules_of(council: Council) -> Rules:
    return Rules(list(RuleVersion.objects.filter(council=council).order_by("starts_on", "pk")))


def rule_on(council: int, model: str, on: date) -> tuple[RuleVersion, PaymentRule] | None:
    """The payment rule of a model in force on a day, before that of every model; None where none is published."""
    rows = RuleVersion.objects.filter(council=council, model__in=(model, "*"), starts_on__lte=on)
    best = max(rows, key=lambda one: (one.model == model, one.starts_on), default=None)
    return None if best is None else (best, read_rule(best.text, best.rule))
