"""
Who leads, for a document that is for those who lead, where no package of the files says that anybody does.

Files of other councils and surveys of earlier years tell the hours that people have, not who holds the money and who
chose the provider. Rather than run such a document on nothing, both are drawn, and said to be: a scenario.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from calloff.documents.wording import listed, spaced
from calloff.domain.contracts import Enrolment
from calloff.domain.packages import DELIVERY_MODELS, Package
from calloff.domain.providers import Provider
from calloff.domain.purchasing_model import PurchasingModel, Step
from calloff.formats.packages import PackageRow
from calloff.simulator.keyed_draws import Draws

WEIGHTS = {"personal_budget": 40, "individual_service_fund": 20, "direct_payment": 40}
"""How many of a hundred lead in each way (assumed)."""
CHOSEN_PERCENT = 90
"""Of those who may choose among the enrolled: how many have chosen when the package is approved (assumed)."""


def ways_of_leading(model: PurchasingModel) -> list[str]:
    """The ways in which people lead under a document that is for nobody else; none where it is for others too."""
    ways = [way for way in DELIVERY_MODELS if way in model.scope.delivery_models]
    return [] if "managed" in ways else ways


def with_ways_of_leading(
    model: PurchasingModel, rows: Sequence[PackageRow], draws: Draws
) -> tuple[list[PackageRow], list[str]]:
    """
    The packages as a document for those who lead needs them, and a line on what was drawn.

    Where the document is for others too, or some package is led in one of its ways, all stay as they are, and there
    is no line.
    """
    ways = ways_of_leading(model)
    if not ways or not rows or any(row.package.delivery_model in ways for row in rows):
        return list(rows), []
    drawn = [replace(row, package=replace(row.package, delivery_model=_way(row.package, ways, draws))) for row in rows]
    counts = Counter(row.package.delivery_model for row in drawn)
    told = listed(f"{counts[way]:,} {spaced(way)}" for way in ways)
    return drawn, [f"who leads: no package of the file says so; drawn by seed (assumed): {told}"]


def with_choices(
    model: PurchasingModel,
    packages: Sequence[Package],
    enrolled: Sequence[Enrolment],
    providers: Sequence[Provider],
    draws: Draws,
) -> tuple[list[Package], list[str]]:
    """
    The packages of those who lead with whom they chose, where somebody enrolled may be chosen, and a line on that.

    Where the document is for others too, or somebody who leads has a provider named, all stay as they are. Drawn
    among those whom the person may choose, who are registered for the service and serve the locality, whatever their
    grades, prices and hours: whether the choice can be met is for the document to say.
    """
    ways = ways_of_leading(model)
    leading = [package for package in packages if package.delivery_model in ways]
    if not leading or any(package.chosen_provider for package in leading):
        return list(packages), []
    services = {one.reference: one.service_types for one in providers}
    able = {
        service: [one for one in enrolled if service in services.get(one.provider, ())]
        for service in {package.service_type for package in packages}
    }
    chosen = [
        _choosing(model, package, able[package.service_type], draws) if package.delivery_model in ways else package
        for package in packages
    ]
    count = sum(bool(package.chosen_provider) for package in chosen if package.delivery_model in ways)
    return chosen, [
        f"whom they chose: no package of the file says so; drawn by seed (assumed) for {count:,}, among those enrolled "
        "where they live"
    ]


def _way(package: Package, ways: Sequence[str], draws: Draws) -> str:
    drawn = draws.between(1, sum(WEIGHTS[way] for way in ways), "way of leading", package.reference)
    return next(way for place, way in enumerate(ways) if drawn <= sum(WEIGHTS[one] for one in ways[: place + 1]))


def _choosing(model: PurchasingModel, package: Package, enrolled: Sequence[Enrolment], draws: Draws) -> Package:
    steps = [step for step in model.steps if step.whom == "chosen_provider" and _is_for(step, package)]
    there = {
        one.provider
        for one in enrolled
        if any(not step.tiers or one.tier in step.tiers for step in steps)
        and (not one.localities or package.locality in one.localities)
    }
    if not there or not draws.chance(CHOSEN_PERCENT, "has chosen", package.reference):
        return package
    return replace(package, chosen_provider=draws.order(there, "chosen provider", package.reference)[0])


def _is_for(step: Step, package: Package) -> bool:
    """Whether no condition of a step on the way of leading speaks against a package."""
    return all(package.delivery_model in one.values for one in step.when if one.fact == "delivery_model")
