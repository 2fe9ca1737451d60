"""
The end of a period in the books: what was delivered and is unpaid is accrued, what is paid and not yet delivered is
prepaid, and both are taken back on the next day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError
from calloff.domain.funding import COUNCIL
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.directory.models import Council
from calloff.web.payments.models import Entitlement, PayLine, PayRun, Seal
from calloff.web.payments.services import ledger
from calloff.web.payments.services.bearing import Bearing
from calloff.web.payments.services.ledger import Entry
from calloff.web.payments.services.terms import TermsBook

POSTED = (PayRun.APPROVED, PayRun.RELEASED)


class PeriodEndError(CalloffError):
    """A period that cannot be ended in the books; nothing was posted."""


def end_period(*, council: Council, on: date, by: User, at: datetime) -> tuple[Seal, Seal]:
    """
    Post the accruals and prepayments of a day and, on the next, their reversal; PeriodEndError a second time.

    What is accrued is what each entitlement is worth now less what runs have posted of it, whoever bears it.
    """
    with act(council=council.pk, by=by, at=at) as doing:
        name = f"END-{on.isoformat()}"
        if Seal.objects.filter(council=council, journal=name).exists():
            raise PeriodEndError(f"The books of {on:%-d %B %Y} are ended already. Nothing was posted.")
        if on >= local(doing.at).date():
            raise PeriodEndError("A period ends once its last day is over. Nothing was posted.")
        bearing, book = Bearing(council.pk), TermsBook(council.pk)
        used = use_blocks(council, on, doing.at)
        entries = [*_accrued(council, on, bearing, book), *_prepaid(council, on, book)]
        made = ledger.post(council=council.pk, journal=name, entries=entries, at=doing.at, kind="period_end", on=on)
        back = ledger.reverse(
            council=council.pk,
            journal=name,
            name=f"{name}/back",
            at=doing.at,
            kind="reversal",
            on=on + timedelta(days=1),
        )
        pence = sum(one.pence for one in entries if one.account == ledger.ACCRUALS)
        doing.record("period_ended", name, {"accrued_pence": -pence, "lines": made.lines, "used_pence": used})
    return made, back


def _accrued(council: Council, on: date, bearing: Bearing, book: TermsBook) -> Iterable[Entry]:
    """What was delivered up to a day and stands in no approved run."""
    rows = Entitlement.objects.filter(council=council, on__lte=on).exclude(line__run__state__in=POSTED)
    # A block is paid ahead: what of it is used becomes cost by itself.
    rows = rows.exclude(component=Entitlement.BLOCK)
    posted = _posted_worth(council, on)
    latest: dict[tuple[str, str], Entitlement] = {}
    for one in rows.order_by("number").iterator(chunk_size=2_000):
        latest[one.anchor, one.component] = one
    for place, one in sorted(latest.items()):
        new = one.pence - posted.get(place, 0)
        if not new:
            continue
        yield Entry(ledger.ACCRUALS, -new, one.branch_id, one.enrolment_id)
        whole, before = bearing.borne(one), bearing.borne(_worth(one, posted.get(place, 0)))
        left = new
        for funder in sorted(whole):
            pence = whole[funder] - before.get(funder, 0)
            code = book.code(one.enrolment_id, funder, on)
            left -= pence
            yield Entry(
                ledger.FUNDER_RECEIVABLE,
                pence,
                one.branch_id,
                one.enrolment_id,
                None,
                code.cost_centre,
                code.subjective,
                funder,
            )
        code = book.code(one.enrolment_id, COUNCIL, on)
        yield Entry(
            ledger.CARE_COST, left, one.branch_id, one.enrolment_id, None, code.cost_centre, code.subjective, COUNCIL
        )


def _worth(one: Entitlement, pence: int) -> Entitlement:
    return Entitlement(anchor=one.anchor, component=one.component, person_id=one.person_id, on=one.on, pence=pence)


def use_blocks(council: Council, on: date, at: datetime) -> int:
    """What was paid ahead for block periods that are over by a day becomes cost; in pence. Within an act."""
    book, used = TermsBook(council.pk), 0
    rows = PayLine.objects.filter(council=council, entitlement__component=Entitlement.BLOCK, run__state__in=POSTED)
    done = set(Seal.objects.filter(council=council, kind="used").values_list("journal", flat=True))
    for line in rows.select_related("entitlement").order_by("pk"):
        one = line.entitlement
        name = f"USE-{one.anchor}/{one.number}"
        if name in done or book.period(one.enrolment_id, one.on).to_on > on or not line.pence:
            continue
        code = book.code(one.enrolment_id, COUNCIL, on)
        entries = [
            Entry(
                ledger.PREPAYMENTS,
                -line.pence,
                one.branch_id,
                one.enrolment_id,
                None,
                code.cost_centre,
                code.subjective,
                COUNCIL,
            ),
            Entry(
                ledger.CARE_COST,
                line.pence,
                one.branch_id,
                one.enrolment_id,
                None,
                code.cost_centre,
                code.subjective,
                COUNCIL,
            ),
        ]
        ledger.post(council=council.pk, journal=name, entries=entries, at=at, kind="used", on=on)
        used += line.pence
    return used


def _posted_worth(council: Council, on: date) -> dict[tuple[str, str], int]:
    rows = Entitlement.objects.filter(council=council, on__lte=on, line__run__state__in=POSTED)
    return {
        (anchor, component): pence
        for anchor, component, pence in rows.order_by("number").values_list("anchor", "component", "pence")
    }


def _prepaid(council: Council, on: date, book: TermsBook) -> Iterable[Entry]:
    """What approved runs pay of visits after a day: cost of the next period, not of this one."""
    rows = PayLine.objects.filter(council=council, entitlement__on__gt=on, run__state__in=POSTED)
    for line in rows.exclude(entitlement__component=Entitlement.BLOCK).select_related("entitlement"):
        one = line.entitlement
        code = book.code(one.enrolment_id, COUNCIL, on)
        yield Entry(ledger.PREPAYMENTS, line.pence, one.branch_id, one.enrolment_id)
        yield Entry(
            ledger.CARE_COST,
            -line.pence,
            one.branch_id,
            one.enrolment_id,
            None,
            code.cost_centre,
            code.subjective,
            COUNCIL,
        )
