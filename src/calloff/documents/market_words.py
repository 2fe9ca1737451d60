"""Lots, joining, batching, scores and person-led routes in plain words."""

from __future__ import annotations

from calloff.documents.wording import condition_words, count_words, day_words, listed, say, sentence, spaced
from calloff.domain.purchasing_model import Lot, PurchasingModel, Route, Weight


def lot_words(lot: Lot) -> str:
    return sentence(f"the lot {spaced(lot.name)}: {listed(condition_words(one) for one in lot.when)}")


LOTS = "A provider is asked only for the lot of its contract, and one whose contract names no lot for all of them."


def rotation_words(model: PurchasingModel) -> str:
    own = " Each lot has turns of its own." if model.lots else ""
    return (
        "They take turns: the first turn is with the first by reference. The turn passes on only when a package is "
        f"called off, to the provider after the one that took it; a refusal does not move it.{own}"
    )


def route_words(route: Route) -> str:
    when = f", where {listed(condition_words(one) for one in route.when)}" if route.when else ""
    return sentence(f"when nobody is left whom the council could ask, {say('routes', route.name)}{when}")


def joining_words(model: PurchasingModel) -> str:
    days = count_words(model.joining.decide_within_working_days, "working day") if model.joining else ""
    return (
        "Any provider that meets the conditions may join at any time, however many there are; "
        f"it is decided on within {days}, and only members are asked."
    )


def batching_words(model: PurchasingModel) -> str:
    batching = model.batching
    if batching is None:
        return ""
    hours = count_words(batching.hours, "hour")
    return (
        f"Packages that can wait (P3 to P6) are collected for {hours}; {batching.least} to {batching.most} of one "
        "small area and part of the day are offered together as a lot, each whole. A lot that nobody takes dissolves, "
        "each package to its old place."
    )


def scoring_words(model: PurchasingModel) -> str:
    scoring = model.scoring
    if scoring is None:
        return ""
    text = f"Score out of 100: {'; '.join(weight_words(weight) for weight in scoring.weights)}."
    if scoring.minimum_quality:
        text += f" Below a quality score of {scoring.minimum_quality} an answer is not scored."
    if scoring.refreshed_from is not None:
        months = count_words(scoring.every_months, "month")
        text += f" The scores are made on {day_words(scoring.refreshed_from)} and every {months} from then on."
    return text


def weight_words(weight: Weight) -> str:
    unit = {"start": "day", "travel": "metre"}.get(weight.criterion)
    span = count_words(weight.span, unit) if unit else str(weight.span)
    method = say("methods", weight.method, span=span)
    return f"{weight.basis_points / 100:g} for {say('weights', weight.criterion)} ({method})"
