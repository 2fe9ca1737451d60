"""Terms of pay and codes of the council's ledger: which count for a contract on a day, and how they are set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any

from calloff.domain.errors import CalloffError
from calloff.domain.pay_calendar import Period, period_of
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.contracts.models import Enrolment
from calloff.web.directory.models import Council
from calloff.web.payments.models import LedgerCode, PayTerms

FIRST_MONDAY = date(2020, 1, 6)
"""Where nobody has set terms, weeks begin on Mondays, and four-week periods with this one."""


class TermsError(CalloffError):
    """Terms or codes that cannot be set; nothing was changed."""


@dataclass(frozen=True)
class Codes:
    """What a line is posted and invoiced under."""

    cost_centre: str = ""
    subjective: str = ""
    vat: str = LedgerCode.EXEMPT


class TermsBook:
    """Every term and code of a council that stands, each read once when first asked for."""

    def __init__(self, council: int) -> None:
        self.council = council

    @cached_property
    def terms(self) -> list[PayTerms]:
        return list(PayTerms.objects.filter(council=self.council, superseded_at=None))

    @cached_property
    def codes(self) -> list[LedgerCode]:
        return list(LedgerCode.objects.filter(council=self.council, superseded_at=None))

    def of(self, enrolment: int | None, on: date) -> PayTerms:
        """The terms of a contract on a day: its own before those of all; the usual ones where none are set."""
        fitting = [one for one in self.terms if one.enrolment_id in (None, enrolment) and one.from_on <= on]
        own = max(fitting, key=lambda one: (one.enrolment_id is not None, one.from_on), default=None)
        return own or PayTerms(from_on=FIRST_MONDAY, anchor_on=FIRST_MONDAY)

    def code(self, enrolment: int | None, funder: str, on: date) -> Codes:
        """The codes of a contract and a funder on a day: the most precise row; blank where there is none."""
        fitting = [
            one
            for one in self.codes
            if one.enrolment_id in (None, enrolment) and one.funder in ("", funder) and one.from_on <= on
        ]
        best = max(fitting, key=lambda one: (one.enrolment_id is not None, one.funder != "", one.from_on), default=None)
        return Codes() if best is None else Codes(best.cost_centre, best.subjective, best.vat)

    def period(self, enrolment: int | None, on: date) -> Period:
        """The pay period of a contract in which a day lies."""
        terms = self.of(enrolment, on)
        return period_of(terms.period, terms.anchor_on, on)

    def dates(self, enrolment: int | None, on: date) -> tuple[Period, date, date]:
        """The period in which a day lies, the day until which files count for it, and the day on which it is paid."""
        terms, period = self.of(enrolment, on), self.period(enrolment, on)
        return period, period.to_on + timedelta(days=terms.cut_off_days), period.to_on + timedelta(days=terms.pay_days)


def set_terms(
    *, council: Council, enrolment: Enrolment | None, from_on: date, by: User, at: datetime, **told: Any
) -> PayTerms:
    """Say how a contract, or every contract, is paid from a day on; what was said for that day is superseded."""
    with act(council=council.pk, by=by, at=at) as doing:
        if told.get("period", PayTerms.WEEKLY) not in PayTerms.PERIODS:
            raise TermsError("There is no such period. Nothing was changed.")
        standing = PayTerms.objects.filter(council=council, enrolment=enrolment, from_on=from_on, superseded_at=None)
        standing.update(superseded_at=doing.at)
        made = PayTerms.objects.create(
            council=council,
            enrolment=enrolment,
            from_on=from_on,
            anchor_on=told.pop("anchor_on", None) or FIRST_MONDAY,
            set_by=by,
            set_at=doing.at,
            **told,
        )
        doing.record("pay_terms_set", enrolment.reference if enrolment else "*", _plain(made, told, from_on))
    return made


def set_code(
    *, council: Council, enrolment: Enrolment | None, funder: str, from_on: date, codes: Codes, by: User, at: datetime
) -> LedgerCode:
    """Say under which codes a contract and a funder are posted from a day on."""
    with act(council=council.pk, by=by, at=at) as doing:
        if codes.vat not in LedgerCode.VAT:
            raise TermsError("There is no such VAT code. Nothing was changed.")
        LedgerCode.objects.filter(
            council=council, enrolment=enrolment, funder=funder, from_on=from_on, superseded_at=None
        ).update(superseded_at=doing.at)
        made = LedgerCode.objects.create(
            council=council,
            enrolment=enrolment,
            funder=funder,
            from_on=from_on,
            cost_centre=codes.cost_centre,
            subjective=codes.subjective,
            vat=codes.vat,
            set_by=by,
            set_at=doing.at,
        )
        told = {"cost_centre": codes.cost_centre, "subjective": codes.subjective, "vat": codes.vat, "funder": funder}
        doing.record("ledger_code_set", enrolment.reference if enrolment else "*", {**told, "from_on": str(from_on)})
    return made


def _plain(made: PayTerms, told: Iterable[str] | dict[str, Any], from_on: date) -> dict[str, Any]:
    names: Sequence[str] = sorted(told)
    return {"from_on": str(from_on), **{name: str(getattr(made, name)) for name in names}}
