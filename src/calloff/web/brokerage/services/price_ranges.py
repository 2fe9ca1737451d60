"""What a request may cost a week under the model that would buy it, and the facts that the model would ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError, NoApplicableModelError, SeveralModelsError
from calloff.domain.ground import ground_of
from calloff.domain.market import Market
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.placing import priced
from calloff.domain.question import Question
from calloff.domain.story import read_story
from calloff.domain.units import pence_per_week
from calloff.web.brokerage.models import Person, Request
from calloff.web.brokerage.services.desk import count_past
from calloff.web.brokerage.services.refusals import RefusedError
from calloff.web.brokerage.services.wanted import Wanted, wanted_of
from calloff.web.contracts.models import ModelVersion
from calloff.web.contracts.services.market import counters_of, document_of, enrolled, pools_of, version_for
from calloff.web.directory.models import Area, Council


@dataclass(frozen=True)
class PriceRange:
    """
    The lowest and highest weekly price, in pence, among candidates that pass the gates; None without any.

    `no_model` says why nobody can be asked at all.
    """

    lowest_pence: int | None
    highest_pence: int | None
    candidates: int
    no_model: str = ""


def price_range(request: Request, at: datetime) -> PriceRange:
    """What the care that is asked for would cost with those who pass the gates today."""
    council = Council.objects.get(pk=request.council_id)
    facts = facts_for(request, request.reference, at)
    try:
        version = version_for(council, facts, local(at).date())
    except (NoApplicableModelError, SeveralModelsError) as problem:
        return PriceRange(None, None, 0, no_model=plainly(problem))
    return range_for(council, version, facts, at)


def plainly(problem: CalloffError) -> str:
    """Why no model, or not only one, governs a request, for an approver; any other refusal in its own words."""
    if isinstance(problem, NoApplicableModelError):
        return _(
            "No purchasing model that is in force covers this request, so it cannot become a package. "
            "Tell a commissioner. Nothing was changed."
        )
    if isinstance(problem, SeveralModelsError):
        return _(
            "More than one purchasing model covers this request, so nobody can say whom to ask. "
            "Tell a commissioner. Nothing was changed."
        )
    return str(problem)


def range_for(council: Council, version: ModelVersion, facts: KernelPackage, at: datetime) -> PriceRange:
    """The same for a package that is not stored."""
    model = document_of(version).model
    market = enrolled(council, model)
    pools = pools_of(market)
    counters = counters_of(market, pools, model.takes_turns)
    count_past(council, model, market, counters, at)
    story = read_story(model, facts, [], at)
    question = Question(model, facts, Market(market.standing, counters), (), at, story)
    question.weigh()
    ground = ground_of(market.standing, model)
    prices = []
    for row in range(len(market.rows)):
        if question.failed[row] & question.tables.enforced == 0:
            cost, lines = priced(ground, facts, row, facts.visits)
            if lines:
                prices.append(pence_per_week(cost))
    return PriceRange(min(prices, default=None), max(prices, default=None), len(prices))


def facts_for(request: Request, reference: str, approved_at: datetime) -> KernelPackage:
    """A request as the kernel's package."""
    if request.person is None:
        raise RefusedError(_("The request names no person."))
    return facts_from(wanted_of(request), request.person, reference, approved_at)


def facts_from(wanted: Wanted, person: Person, reference: str, approved_at: datetime) -> KernelPackage:
    """What is wanted for somebody, as the kernel's package."""
    area = Area.objects.select_related("locality", "council").get(pk=person.area_id)
    return KernelPackage(
        reference=reference,
        approved_at=approved_at,
        required_start_on=wanted.required_start_on,
        priority=wanted.priority,
        nation=area.council.nation,
        locality=area.locality.code,
        visits=tuple(sorted(wanted.visits, key=lambda visit: (visit.day, visit.start_minute))),
        area_band=area.area_band,
        service_type=wanted.service_type,
        care_type=wanted.care_type,
        delivery_model=wanted.delivery_model,
        client_group=wanted.client_group,
        age_group=age_group(person.born_on, local(approved_at).date()),
        needs=wanted.needs,
        complexity=wanted.complexity,
        exclusions=wanted.exclusions,
        chosen_provider=wanted.chosen_provider,
        current_provider=wanted.current_provider,
        current_since=wanted.current_since,
        easting=area.easting,
        northing=area.northing,
    )


def age_group(born_on: date, today: date) -> str:
    """The published age group of somebody on a day."""
    age = today.year - born_on.year - ((today.month, today.day) < (born_on.month, born_on.day))
    return "85+" if age >= 85 else "75-84" if age >= 75 else "65-74" if age >= 65 else "18-64"
