"""Who bears what is paid: the shares of funders, booked as differences to what they bore before (DOMAIN 3.7, 3.8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Sum

from calloff.domain.funding import COUNCIL, Share, in_force
from calloff.domain.payment import shares
from calloff.web.brokerage.models import FunderSplit, Package
from calloff.web.brokerage.services.funding import share_of
from calloff.web.payments.models import Entitlement, FunderLine, PayLine, PayRun


class Bearing:
    """The funder splits of a council's packages, read once; most packages have none, and are the council's alone."""

    def __init__(self, council: int) -> None:
        rows = FunderSplit.objects.filter(council=council, superseded_at=None).select_related("package")
        self.of_package: dict[str, list[Share]] = {}
        for row in rows.order_by("pk"):
            self.of_package.setdefault(row.package.reference, []).append(share_of(row))
        people = Package.objects.filter(council=council, reference__in=list(self.of_package))
        self.of_person = {one.person_id: one.reference for one in people.order_by("-pk")}

    def split(self, one: Entitlement) -> tuple[Share, ...]:
        """
        The split that counts for an entitlement on its day.

        A visit's identity begins with its package. A week's rounding follows the package of its person.
        """
        package = one.anchor.partition("/")[0]
        if package not in self.of_package:
            package = self.of_person.get(one.person_id, "") if one.component == Entitlement.ROUNDING else ""
        return in_force(self.of_package.get(package, ()), one.on)

    def borne(self, one: Entitlement) -> dict[str, int]:
        """What each funder but the council bears of all that an entitlement is worth."""
        split = self.split(one)
        parts = shares(one.pence, [share.basis_points for share in split])
        return {share.funder: pence for share, pence in zip(split, parts, strict=True) if not share.is_the_councils}


def gather_funder_lines(run: PayRun) -> list[FunderLine]:
    """
    What funders bear more or less than was booked: of what this run pays, and of what was paid before under a split
    that has changed since.
    """
    bearing = Bearing(run.council_id)
    every = FunderSplit.objects.filter(council=run.council_id).values_list("package__reference", flat=True).distinct()
    lines: list[FunderLine] = []
    for reference in every.order_by("package__reference"):
        lines += _of_package(run, bearing, _posted(run, reference))
    people = list(bearing.of_person)
    lines += _of_package(run, bearing, _posted_roundings(run, people))
    return FunderLine.objects.bulk_create(lines, batch_size=1_000)


def _posted(run: PayRun, package: str) -> list[Entitlement]:
    """Of each visit of a package the last version that is paid, by this run or an earlier one."""
    rows = Entitlement.objects.filter(council=run.council_id, anchor__startswith=f"{package}/", line__isnull=False)
    return _last(rows.order_by("anchor", "component", "number"))


def _posted_roundings(run: PayRun, people: Sequence[int | None]) -> list[Entitlement]:
    rows = Entitlement.objects.filter(
        council=run.council_id, component=Entitlement.ROUNDING, person__in=people, line__isnull=False
    )
    return _last(rows.order_by("anchor", "component", "number"))


def _last(rows: Iterable[Entitlement]) -> list[Entitlement]:
    return list({(one.anchor, one.component): one for one in rows}.values())


def _of_package(run: PayRun, bearing: Bearing, posted: Sequence[Entitlement]) -> list[FunderLine]:
    booked = _booked(run.council_id, [one.anchor for one in posted])
    lines = []
    for one in posted:
        wanted = bearing.borne(one)
        before = booked.get((one.anchor, one.component), {})
        for funder in sorted({*wanted, *before}):
            pence = wanted.get(funder, 0) - before.get(funder, 0)
            if pence:
                lines.append(
                    FunderLine(council_id=run.council_id, run=run, entitlement=one, funder=funder, pence=pence)
                )
    return lines


def _booked(council: int, anchors: Sequence[str]) -> dict[tuple[str, str], dict[str, int]]:
    found: dict[tuple[str, str], dict[str, int]] = {}
    for first in range(0, len(anchors), 500):
        rows = FunderLine.objects.filter(council=council, entitlement__anchor__in=anchors[first : first + 500])
        sums = rows.values("entitlement__anchor", "entitlement__component", "funder").annotate(sum=Sum("pence"))
        for row in sums:
            place = (row["entitlement__anchor"], row["entitlement__component"])
            found.setdefault(place, {})[row["funder"]] = row["sum"]
    return found


def by_funder(run: PayRun) -> dict[str, int]:
    """What a run comes to for each funder, the council's own share included, in pence."""
    others = {row["funder"]: row["sum"] for row in run.funder_lines.values("funder").annotate(sum=Sum("pence"))}
    whole = PayLine.objects.filter(run=run).aggregate(sum=Sum("pence"))["sum"] or 0
    return {COUNCIL: whole - sum(others.values()), **others}
