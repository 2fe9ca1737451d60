"""A purchasing model tried on a package, or on a made-up need: the kernel's answer, and nothing written."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from calloff.documents.wording import listed
from calloff.domain.carrying_out import Course
from calloff.domain.decisions import CallOff as KernelCallOff
from calloff.domain.decisions import Decision as KernelDecision
from calloff.domain.errors import NothingToPlaceError
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.packages import Visit
from calloff.domain.units import pence_per_week, pounds
from calloff.web.brokerage.models import Package
from calloff.web.brokerage.services.desk import Desk, count_past, facts_of
from calloff.web.contracts.models import ModelVersion
from calloff.web.contracts.services.market import counters_of, document_of, enrolled, pools_of
from calloff.web.directory.models import Area, Council

REFERENCE = "a made-up need"


def as_if_new(package: Package) -> KernelPackage:
    """What a package asks for, as if nobody had been asked yet."""
    return facts_of(package)


def made_up(
    *,
    area: Area,
    visits: tuple[Visit, ...],
    required_start_on: date,
    priority: int,
    care_type: str,
    client_group: str,
    age_group: str,
    delivery_model: str,
    needs: frozenset[str],
    at: datetime,
) -> KernelPackage:
    """A need that nobody has, in an area of the council."""
    return KernelPackage(
        reference=REFERENCE,
        approved_at=at,
        required_start_on=required_start_on,
        priority=priority,
        nation=area.council.nation,
        locality=area.locality.code,
        visits=tuple(sorted(visits, key=lambda visit: (visit.day, visit.start_minute))),
        area_band=area.area_band,
        care_type=care_type,
        client_group=client_group,
        age_group=age_group,
        delivery_model=delivery_model,
        needs=needs,
        easting=area.easting,
        northing=area.northing,
    )


def desk_to_try(council: Council, version: ModelVersion, facts: KernelPackage, at: datetime) -> Desk:
    """The market of today before the kernel, under a version that need not be in force; nothing of it is stored."""
    at = at.replace(microsecond=0)
    model = document_of(version).model
    market = enrolled(Council.objects.get(pk=council.pk), model)
    pools = pools_of(market)
    counters = counters_of(market, pools, model.takes_turns)
    count_past(council, model, market, counters, at)
    facts = replace(facts, approved_at=min(facts.approved_at, at))
    course = Course(model, facts, market.standing, counters, [], {})
    package = Package(council=council, reference=facts.reference, model_version=version, state=Package.SOURCING)
    return Desk(package, facts, model, market, pools, course, at)


def ask(desk: Desk) -> KernelDecision | None:
    """The kernel's answer; None when there is nothing to place."""
    try:
        return desk.ask()
    except NothingToPlaceError:
        return None


def names(desk: Desk, references: list[str]) -> str:
    """Enrolments by the names of their branches."""
    return listed(dict.fromkeys(desk.row(one).branch.name for one in references))


def called_off_to(desk: Desk, decision: KernelCallOff) -> tuple[str, str]:
    """To whom the kernel would call off, and for how much a week."""
    pence = sum(pence_per_week(part.cost) for part in decision.parts)
    return names(desk, [part.enrolment for part in decision.parts]), pounds(pence)
