"""What a council has said of pay, read once for as many people as are settled one after another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

from calloff.domain.calendar import local
from calloff.web.audit.services import in_turn
from calloff.web.contracts.models import Enrolment
from calloff.web.directory.models import Council
from calloff.web.payments.services.in_force import Rules, rules_of
from calloff.web.payments.services.on_plan import OnPlan, Settling
from calloff.web.payments.services.terms import TermsBook
from calloff.web.visits.models import VisitRow
from calloff.web.visits.services.rows import WholeWeeks


class PayBook:
    """
    The payment rules, terms and contracts of a council, and how far each provider has sent, each read when first asked.

    All of it changes by acts alone: what was read in one turn stands in the next, unless an act came between them.
    """

    def __init__(self, council: Council) -> None:
        self.council = council
        self._acts = -1
        self._forget()

    def _forget(self) -> None:
        self._rules: Rules | None = None
        self._terms = TermsBook(self.council.pk)
        self._heard: dict[int, date] = {}
        self._enrolments: dict[int, Enrolment] = {}
        self.wholes = WholeWeeks()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A turn in which some people are settled beside no act: few at a time, so that none waits long."""
        with in_turn(self.council.pk) as acts:
            if acts != self._acts:
                self._forget()
                self._acts = acts
            yield

    @property
    def rules(self) -> Rules:
        """The payment rules that the council has published."""
        if self._rules is None:
            self._rules = rules_of(self.council)
        return self._rules

    def enrolment(self, key: int | None) -> Enrolment | None:
        """A contract; none where a call-off was made outside every model."""
        if key is None:
            return None
        if key not in self._enrolments:
            self._enrolments[key] = Enrolment.objects.get(pk=key)
        return self._enrolments[key]

    def on_plan(self, settling: Settling | None) -> OnPlan:
        """How far the periods are that the rules pay on plan; it changes without an act, so it is read anew."""
        values = {one.pk: value for one, value in zip(self.rules.versions, self.rules.values, strict=True)}
        return OnPlan(self._terms, values, settling)

    def heard_until(self, branch: int) -> date:
        """The last local day of which a provider has sent anything; long ago where it has sent nothing."""
        if branch not in self._heard:
            # The end of an index, and not a sum over all that was ever sent.
            rows = VisitRow.objects.filter(council=self.council, branch=branch).order_by("-came_at")
            last = rows.values_list("came_at", flat=True).first()
            self._heard[branch] = date.min if last is None else local(last).date()
        return self._heard[branch]
