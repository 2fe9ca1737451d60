"""What is committed by budget and funder: what call-offs cost a week, what was posted, what the year still takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, Sum

from calloff.domain.calendar import ONE_DAY, to_utc
from calloff.domain.funding import COUNCIL, in_force
from calloff.domain.payment import shares
from calloff.domain.units import half_up
from calloff.web.brokerage.models import CallOff
from calloff.web.directory.models import Council
from calloff.web.payments.models import Posting
from calloff.web.payments.services import ledger
from calloff.web.payments.services.bearing import Bearing
from calloff.web.payments.services.terms import TermsBook

DAYS_A_WEEK = 7


@dataclass(frozen=True)
class Committed:
    """A budget and a funder: call-offs, pence a week, pence posted in the year, pence still committed in it."""

    cost_centre: str
    funder: str
    call_offs: int
    week_pence: int
    posted_pence: int
    left_pence: int


def year_of(on: date) -> tuple[date, date]:
    """The financial year in which a day lies, from 1 April to 31 March."""
    first = on.year if (on.month, on.day) >= (4, 1) else on.year - 1
    return date(first, 4, 1), date(first + 1, 3, 31)


def committed(council: Council, on: date) -> list[Committed]:
    """What is committed on a day, by budget and funder; a call-off without an end lasts until the year's."""
    book, bearing = TermsBook(council.pk), Bearing(council.pk)
    first, last = year_of(on)
    week: dict[tuple[str, str], list[int]] = {}
    rows = CallOff.objects.filter(council=council, start_on__lte=last).filter(Q(ended_on=None) | Q(ended_on__gt=on))
    for one in rows.select_related("package"):
        begins = max(one.start_on or on, on)
        ends = min(one.ended_on or last, last)
        left = half_up(one.pence_per_week * max(0, (ends - begins).days), DAYS_A_WEEK)
        split = in_force(bearing.of_package.get(one.package.reference, ()), on)
        points = [share.basis_points for share in split]
        parts = zip(split, shares(one.pence_per_week, points), shares(left, points), strict=True)
        for share, a_week, to_come in parts:
            funder = COUNCIL if share.is_the_councils else share.funder
            centre = book.code(one.enrolment_id, funder, on).cost_centre
            row = week.setdefault((centre, funder), [0, 0, 0])
            row[0], row[1], row[2] = row[0] + 1, row[1] + a_week, row[2] + to_come
    posted = _posted(council, first, last)
    return [_row(place, week.get(place, [0, 0, 0]), posted.get(place, 0)) for place in sorted({*week, *posted})]


def _row(place: tuple[str, str], live: list[int], posted: int) -> Committed:
    return Committed(*place, call_offs=live[0], week_pence=live[1], posted_pence=posted, left_pence=live[2])


def _posted(council: Council, first: date, last: date) -> dict[tuple[str, str], int]:
    """What was posted as cost or to other funders in a year, by budget and funder."""
    accounts = (ledger.CARE_COST, ledger.FUNDER_RECEIVABLE)
    rows = Posting.objects.filter(
        council=council, account__in=accounts, at__gte=to_utc(first, 0), at__lt=to_utc(last + ONE_DAY, 0)
    )
    sums = rows.values("cost_centre", "funder").annotate(sum=Sum("pence"))
    return {(row["cost_centre"], row["funder"] or COUNCIL): row["sum"] for row in sums if row["sum"]}
