"""What a document says about the market it buys in: lots, joining, batching, scores, and where the person leads."""

from __future__ import annotations

from datetime import date

from calloff.documents.reader import GROUND, Reader
from calloff.documents.steps import read_conditions
from calloff.documents.tree import Node, Scalar, Table
from calloff.domain.purchasing_model import (
    Batching,
    Joining,
    Lot,
    PurchasingModel,
    Route,
    Scoring,
    Weight,
)
from calloff.domain.tables import MOST_WEIGHTS
from calloff.domain.units import centipence_of

METHODS = {
    "price": ("lowest_proportional", "linear_to_ceiling"),
    "quality": ("out_of",),
    "grades": ("out_of",),
    "start": ("none_beyond",),
    "travel": ("none_beyond",),
}
"""What can be scored, and the methods that make points of it."""
SPANS = {"quality": ("best", 1_000), "grades": ("best", 100), "start": ("days", 366), "travel": ("metres", 1_000_000)}
"""What a method measures by, and the most it may be."""
PUBLISHED = ("price", "quality", "grades")
"""What stands still between two refreshes and can make a published rank."""
ROUTES = ("personal_budget", "individual_service_fund", "direct_payment")
WHOLE = 10_000
"""Basis points of the whole."""


def read_lots(reader: Reader, node: Node | None) -> tuple[Lot, ...]:
    """The lots that providers bid for, each with the packages that fall into it."""
    lots = []
    for one in reader.items(node):
        table = reader.table(one, ("name", "when", *GROUND), ["name", "when"])
        name = reader.text(table.entries.get("name"))
        reader.ground(table, f"the lot `{name}`")
        lots.append(Lot(name, read_conditions(reader, table.entries.get("when"))))
    return tuple(lots)


def read_routes(reader: Reader, node: Node | None) -> tuple[Route, ...]:
    """The ways in which a person may lead, offered when nobody is left whom the council could ask."""
    routes = []
    for one in reader.items(node):
        table = reader.table(one, ("route", "when", *GROUND), ["route"])
        name = reader.word(table.entries.get("route"), ROUTES, ROUTES[0])
        reader.ground(table, f"the route `{name}`")
        routes.append(Route(name, read_conditions(reader, table.entries.get("when"))))
    return tuple(routes)


def read_batching(reader: Reader, node: Node | None) -> Batching | None:
    if node is None:
        return None
    table = reader.table(node, ("hours", "least", "most", *GROUND), ["hours"])
    batching = Batching(
        reader.whole(table.entries.get("hours"), 24, 1, 168),
        reader.whole(table.entries.get("least"), 2, 2, 20),
        reader.whole(table.entries.get("most"), 6, 2, 20),
    )
    if batching.least > batching.most:
        reader.refuse(node, "a lot needs more packages than it may have", "Exchange `least` and `most`")
    return batching


def read_joining(reader: Reader, node: Node | None) -> Joining | None:
    if node is None:
        return None
    table = reader.table(node, ("decide_within_working_days", *GROUND), ["decide_within_working_days"])
    return Joining(reader.whole(table.entries.get("decide_within_working_days"), 20, 1, 260))


def read_scoring(reader: Reader, node: Node | None, partial: bool = False) -> Scoring | None:
    """
    Weights that add up to the whole, the least quality, and when published ranks are made anew.

    `partial` lets a weight be left out on purpose; it is the others' order that counts then.
    """
    if node is None:
        return None
    table = reader.table(node, ("weights", "minimum_quality", "refresh", *GROUND), ["weights"])
    refresh = table.entries.get("refresh")
    found = table.entries.get("weights")
    allowed = PUBLISHED if refresh is not None else tuple(METHODS)
    named = reader.table(found if found is not None else Table({}, table.path, table.line), allowed)
    weights = tuple(_weight(reader, name, one) for name, one in named.entries.items() if name in allowed)
    total = sum(weight.basis_points for weight in weights)
    if total != WHOLE and not partial:
        reader.refuse(named, f"the weights add up to {_percent(total)} %", "Let them add up to 100 %")
    if len(weights) > MOST_WEIGHTS:
        reader.refuse(named, f"a score has {len(weights)} criteria", f"Keep the {MOST_WEIGHTS} that matter most")
    least = reader.whole(table.entries.get("minimum_quality"), 0, 0, 1_000)
    if refresh is None:
        return Scoring(weights, least)
    dates = reader.table(refresh, ("from", "every_months"), ["from", "every_months"])
    first = reader.day(dates.entries.get("from"), date.min)
    return Scoring(weights, least, first, reader.whole(dates.entries.get("every_months"), 6, 1, 60))


def _weight(reader: Reader, name: str, node: Node) -> Weight:
    key, most = SPANS.get(name, ("", 0))
    known = ("percent", "method", key) if key else ("percent", "method")
    table = reader.table(node, known, [one for one in known if one != "method"])
    percent = reader.value(table.entries.get("percent"), _basis_points, 0, "40")
    method = reader.word(table.entries.get("method"), METHODS[name], METHODS[name][0])
    return Weight(name, method, percent, reader.whole(table.entries.get(key), 1, 1, most) if key else 0)


def _basis_points(text: str) -> int:
    """A percentage with at most two decimals as basis points."""
    points, rest = divmod(centipence_of(text), 100)
    if rest or not 0 < points <= WHOLE:
        raise ValueError(f"{text!r} is not a share of 100 with at most two decimals")
    return points


def _percent(basis_points: int) -> str:
    return f"{basis_points / 100:g}"


def refuse_scores_without_ground(reader: Reader, steps: Node | None, model: PurchasingModel) -> None:
    """A step may ask by score only where there is one: its own answers' if it is sealed, else a published one."""
    for step, node in zip(model.steps, reader.items(steps), strict=True):
        by_score = any(key.criterion == "score" for key in step.rank_by)
        where = node.entries.get("rank_by", node) if isinstance(node, Table) else node
        if by_score and model.scoring is None:
            reader.refuse(where, "`score` is no criterion without `scoring`", "Add the rule `scoring` with its weights")
        elif by_score and not step.sealed and model.scoring and model.scoring.refreshed_from is None:
            problem = f"`{step.name}` ranks by scores that only answers could make"
            reader.refuse(where, problem, "Add `sealed: yes`, or `refresh` to `scoring`")
        elif by_score and step.sealed and model.scoring and model.scoring.refreshed_from is not None:
            problem = f"`{step.name}` is sealed, but scores stand still until the next refresh"
            reader.refuse(where, problem, "Leave out `sealed`, or `refresh`")
        if step.sealed and isinstance(node, Table) and isinstance(node.entries.get("ask"), Scalar):
            ask = node.entries["ask"]
            if reader.text(ask) != "all_then_rank":
                reader.refuse(ask, "a sealed step asks everybody at once", "Write `ask: all_then_rank`")
    linear = model.scoring and any(weight.method == "linear_to_ceiling" for weight in model.scoring.weights)
    if linear and not any(not rule.fixed and not rule.tiers for rule in model.prices) and model.prices:
        assert steps is not None  # noqa: S101 - a document has steps
        reader.refuse(steps, "linear_to_ceiling needs a ceiling for every tier", "Use lowest_proportional")
