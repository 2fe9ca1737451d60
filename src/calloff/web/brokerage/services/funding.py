"""Who bears the price of a package: a split that counts from a day on, and the one that counts on a day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from calloff.domain.calendar import local
from calloff.domain.funding import Share, in_force, percent, whole
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.brokerage.models import FunderSplit, Package
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.services.replanning import settle_anew


def split_on(package: Package, day: date, known_at: datetime | None = None) -> tuple[Share, ...]:
    """The shares of a package's funders on a day, in the order of the table, as known now or at an earlier moment."""
    rows = FunderSplit.objects.filter(council=package.council_id, package=package)
    if known_at is None:
        rows = rows.filter(superseded_at=None)
    else:
        rows = rows.filter(Q(superseded_at=None) | Q(superseded_at__gt=known_at), known_from__lte=known_at)
    return in_force([share_of(row) for row in rows.order_by("pk")], day)


def share_of(row: FunderSplit) -> Share:
    return Share(row.funder, row.kind, row.basis_points, row.from_on)


def splits_of(package: Package) -> list[tuple[date, tuple[Share, ...]]]:
    """Every split of a package that stands, the earliest first."""
    rows = [
        share_of(row)
        for row in FunderSplit.objects.filter(package=package, superseded_at=None).order_by("from_on", "pk")
    ]
    return [(day, in_force(rows, day)) for day in sorted({row.from_on for row in rows})]


def split(*, package: Package, shares: Sequence[Share], from_on: date, by: User, at: datetime) -> None:
    """
    Who bears the price of a package from a day on; one agreed from the same day before is superseded.

    Raises WrongSplitError where the shares do not come to the whole, RefusedError where nothing would change.
    """
    agreed = [replace(one, from_on=from_on) for one in whole(shares)]
    with act(council=package.council_id, by=by, at=at) as doing:
        standing = FunderSplit.objects.filter(package=package, from_on=from_on, superseded_at=None)
        before = [share_of(row) for row in standing.order_by("pk")]
        if before == agreed:
            raise RefusedError(_("This split is agreed from that day already. Nothing was changed."))
        standing.update(superseded_at=doing.at)
        FunderSplit.objects.bulk_create(
            FunderSplit(
                council_id=package.council_id,
                package=package,
                funder=one.funder,
                kind=one.kind,
                basis_points=one.basis_points,
                from_on=from_on,
                known_from=doing.at,
            )
            for one in agreed
        )
        if from_on <= local(doing.at).date():
            settle_anew(package, from_on, None, doing.at)
        data = {"from_on": str(from_on), "before": told(before), "after": told(agreed)}
        doing.record("funding_split", package.reference, data)


def told(shares: Sequence[Share]) -> list[str]:
    """Shares in plain words, as an event keeps them."""
    return [f"{one.funder} ({one.kind}) {percent(one.basis_points)} %" for one in shares]
