"""
A purchasing model: the rules by which packages are called off, as a published document states them.

These are the values; `documents` reads them from YAML, `tables` lowers them to whole numbers, `next_step` asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from calloff.domain.calendar import Clock, add_months
from calloff.domain.contracts import PriceCell, PriceLine, Term
from calloff.domain.errors import NoApplicableModelError, SeveralModelsError
from calloff.domain.packages import BOUGHT_BY_COUNCIL, Package, SignificantChange, serving_order
from calloff.domain.serving import first_waiting

PATTERNS = (
    "ranked_framework",
    "tiers_then_spot",
    "capacity_book",
    "locality_prime",
    "locality_block",
    "in_house_first",
    "parent_framework",
    "mini_competition",
    "dynamic_market",
    "ranked_price_quality",
    "personal_budget",
)
DIRECT = -1
"""Ways of asking are wave sizes: 1 in turn, n waves of n, 0 everyone at once, DIRECT called off unasked."""
EVERYONE = 0
IN_TURN = 1
CRITERIA = (
    "price",
    "price_band",
    "capacity",
    "quality",
    "distance",
    "hours_in_28_days",
    "tier_order",
    "score",
    "rotation",
)
STANDARD_TIES = ("quality", "capacity", "distance", "hours_in_28_days")
"""The published list when a document has none (assumed); what is still equal is drawn."""


@dataclass(frozen=True)
class Condition:
    """
    A condition on the package: `fact` compared (`at_least`, `at_most`, `one_of`) with numbers or words.
    """

    fact: str
    comparison: str
    values: tuple[str | int, ...]


@dataclass(frozen=True)
class GradeRule:
    """Gate 3: at least this grade in every relevant area, on one regulator's scale."""

    scale: str
    grade: int
    unrated: str = "fails"
    when: tuple[Condition, ...] = ()
    tiers: tuple[str, ...] = ()


@dataclass(frozen=True)
class PriceRule:
    """
    What an hour may cost for one kind of care: a ceiling and floor on the provider's price, or a fixed fee.

    No tiers means all of them. `line` says which visits it speaks of and, under a fixed fee, the fee. Under `bid` a
    provider without a price of its own may name any up to the ceiling, package by package.
    """

    line: PriceLine
    fixed: bool
    floor_centipence: int = 0
    tiers: tuple[str, ...] = ()
    bid: bool = False


@dataclass(frozen=True)
class Splitting:
    """Whether an offer may cover some of the visits, and how many providers one person may have."""

    most_providers: int = 2


@dataclass(frozen=True)
class Quota:
    """
    A prime provider's duty to place a share of what is referred to it with independent local providers.

    `denominator` is `accepted` (referred and accepted) or `referred`: the paper does not say which.
    """

    minimum_percent: int
    grace_months: int
    denominator: str = "accepted"


@dataclass(frozen=True)
class Weight:
    """
    One criterion of a score: what is looked at, the method that makes points of it, and its share in basis points.

    `span` is what the method measures by: the best quality score, or how many days late or metres away earn nothing.
    """

    criterion: str
    method: str
    basis_points: int
    span: int = 0


@dataclass(frozen=True)
class Scoring:
    """
    How providers are scored: in a sealed step on their answers, else on what stood at the last refresh.

    `minimum_quality` (0 to 100) bars an answer. With `refreshed_from` the ranks are made on that day and again
    every so many months; between two such days no change of price or quality moves them.
    """

    weights: tuple[Weight, ...]
    minimum_quality: int = 0
    refreshed_from: date | None = None
    every_months: int = 0

    def refreshed_on(self, day: date) -> date | None:
        """The last day on or before `day` on which the ranks were made; None where they are not kept, or not yet."""
        first = self.refreshed_from
        if first is None or day < first:
            return None
        times = ((day.year - first.year) * 12 + day.month - first.month) // self.every_months
        latest = add_months(first, times * self.every_months)
        return latest if latest <= day else add_months(first, (times - 1) * self.every_months)


@dataclass(frozen=True)
class Lot:
    """A part of the contract that a provider bids for on its own: its name and the packages that fall into it."""

    name: str
    when: tuple[Condition, ...]


@dataclass(frozen=True)
class Route:
    """A way in which the person leads (an individual service fund, a direct payment) and for which packages."""

    name: str
    when: tuple[Condition, ...]


@dataclass(frozen=True)
class Batching:
    """Collect packages that can wait for some hours, and offer those of one small area and time band as one lot."""

    hours: int
    least: int
    most: int


@dataclass(frozen=True)
class Joining:
    """Providers may apply at any time and are decided on within so many working days; members alone are asked."""

    decide_within_working_days: int


@dataclass(frozen=True)
class Tier:
    """A named group of enrolments: their role, and how many there are in all, in each locality or in each lot."""

    name: str
    role: str
    count: int = 0
    per_locality: bool = False
    per_lot: bool = False


@dataclass(frozen=True)
class Key:
    """One criterion of rank: cheapest, largest, best or nearest first; a width makes bands of the price."""

    criterion: str
    width_centipence: int = 0


@dataclass(frozen=True)
class Step:
    """
    One way of asking: whom, when, how many at once, in which order and how long they have.

    `ask` and `reply_within` are by priority P1 to P6. `whom` is `tier`, `current_provider` or
    `chosen_provider`; `within_days` bounds how long ago the current provider's care ended. A `sealed` step asks all
    at once, opens no answer before its deadline and holds no minutes. It opens when the package has waited so many
    working days or hours since its approval.
    """

    name: str
    whom: str
    tiers: tuple[str, ...]
    kind: str
    ask: tuple[int, ...]
    reply_within: tuple[Clock, ...]
    rank_by: tuple[Key, ...]
    when: tuple[Condition, ...] = ()
    within_days: int = 0
    opens_after_working_days: int = 0
    opens_after_hours: int = 0
    sealed: bool = False

    @property
    def opens_later(self) -> bool:
        """Whether a package must have waited before this step opens."""
        return bool(self.opens_after_working_days or self.opens_after_hours)

    @property
    def takes_turns(self) -> bool:
        """Whether its providers are asked in rotation."""
        return any(key.criterion == "rotation" for key in self.rank_by)


@dataclass(frozen=True)
class Scope:
    """
    Which packages the model is for; an empty set means all.

    By `delivery_models` a model for those who lead stands beside one for packages that the council manages. Where none
    is named it is for what the council buys: never for money that the person or the person's fund holds.
    """

    service_types: frozenset[str] = frozenset()
    care_types: frozenset[str] = frozenset()
    client_groups: frozenset[str] = frozenset()
    age_groups: frozenset[str] = frozenset()
    localities: frozenset[str] = frozenset()
    delivery_models: frozenset[str] = frozenset()

    def covers(self, package: Package) -> bool:
        return not self.broken_by(package)

    def broken_by(self, package: Package) -> str:
        """The first limit that a package does not meet; empty when it meets them all."""
        limits = {
            "service_type": (self.service_types, package.service_type),
            "delivery_model": (self.delivery_models or BOUGHT_BY_COUNCIL, package.delivery_model),
            "care_type": (self.care_types, package.care_type),
            "client_group": (self.client_groups, package.client_group),
            "age_group": (self.age_groups, package.age_group),
            "locality": (self.localities, package.locality),
        }
        return next((name for name, (allowed, value) in limits.items() if allowed and value not in allowed), "")

    @property
    def narrowness(self) -> int:
        """How many ways the scope is limited; the narrower of two models applies."""
        groups = (self.client_groups, self.age_groups, self.localities)
        return sum(bool(limit) for limit in (self.service_types, self.delivery_models, self.care_types, *groups))


@dataclass(frozen=True)
class PurchasingModel:
    """One version of one council's way of buying; `document_hash` is that of the text it was read from."""

    id: str
    version: int
    title: str
    pattern: str
    nation: str
    document_hash: str
    term: Term
    scope: Scope
    tiers: tuple[Tier, ...]
    steps: tuple[Step, ...]
    grades: tuple[GradeRule, ...] = ()
    prices: tuple[PriceRule, ...] = ()
    groups_chosen_by_provider: bool = False
    localities_apply: bool = True
    capacity: str = "turn"
    declaration_days: int = 14
    splitting: Splitting | None = None
    other_times: str = "refused"
    ties: tuple[Key, ...] = ()
    quota: Quota | None = None
    step_in: bool = False
    threshold: SignificantChange | None = None
    term_applies: bool = True
    scoring: Scoring | None = None
    lots: tuple[Lot, ...] = ()
    routes: tuple[Route, ...] = ()
    batching: Batching | None = None
    joining: Joining | None = None

    def tier(self, name: str) -> Tier:
        return next(tier for tier in self.tiers if tier.name == name)

    def counts_for_quota(self, accepted: bool) -> bool:
        """Whether hours count as referred when they are accepted, or whenever a prime is asked (settled reading 8)."""
        return accepted == (self.quota is None or self.quota.denominator == "accepted")

    @property
    def takes_turns(self) -> bool:
        """Whether some step asks in rotation."""
        return any(step.takes_turns for step in self.steps)

    def terms_for(self, package: Package) -> PurchasingModel:
        """The rules as they hold for a package: a lot is never divided between providers."""
        return replace(self, splitting=None) if package.lot_of and self.splitting is not None else self


def applicable_model(models: Sequence[PurchasingModel], package: Package) -> PurchasingModel:
    """
    The document that governs a package: in force on its required start and for its kind, the narrowest first.

    Raises NoApplicableModelError, saying why each does not apply, or SeveralModelsError.
    """
    fitting = [model for model in models if not why_not_applicable(model, package)]
    if not fitting:
        reasons = "; ".join(f"{model.id}: {why_not_applicable(model, package)}" for model in models)
        raise NoApplicableModelError(f"no purchasing model covers package {package.reference}: {reasons}")
    narrowest = max(model.scope.narrowness for model in fitting)
    fitting = [model for model in fitting if model.scope.narrowness == narrowest]
    if len(fitting) > 1:
        names = " and ".join(model.id for model in fitting)
        raise SeveralModelsError(f"{names} both cover package {package.reference}; give one a narrower scope")
    return fitting[0]


def obstacle(model: PurchasingModel, package: Package) -> tuple[str, str] | None:
    """
    Why a model does not govern a package, as a code and what it turns on; None when it does.

    `not_in_force_yet` and `no_longer_in_force` with the first or last day, `outside_scope` with the limit it breaks.
    """
    start = package.required_start_on
    if model.term_applies and start < model.term.from_on:
        return "not_in_force_yet", str(model.term.from_on)
    if model.term_applies and start > model.term.last_on:
        return "no_longer_in_force", str(model.term.last_on)
    limit = model.scope.broken_by(package)
    return ("outside_scope", limit) if limit else None


def why_not_applicable(model: PurchasingModel, package: Package) -> str:
    """Why a model does not govern a package, in a few words; empty when it does."""
    found = obstacle(model, package)
    if found is None:
        return ""
    code, about = found
    if code == "outside_scope":
        return f"the package is outside its scope: {about.replace('_', ' ')}"
    word = "in force from" if code == "not_in_force_yet" else "ended on"
    return f"{word} {about}, the package starts on {package.required_start_on}"


def next_package(model: PurchasingModel, packages: Iterable[Package], at: datetime) -> Package | None:
    """
    Which of the model's waiting packages is served next: priority, required start, waiting since, reference.

    Packages approved after `at`, or outside the model, do not wait for it; None when nobody waits. Priority
    changes the order of work, never the order of providers.
    """
    waiting = [one for one in packages if one.approved_at <= at and not why_not_applicable(model, one)]
    served = first_waiting(serving_numbers(waiting), len(waiting), range(len(waiting)), len(waiting))
    return waiting[served] if served >= 0 else None


def serving_numbers(packages: Sequence[Package]) -> list[int]:
    """
    The keys of `serving_order`, key by key, each as the place of its value among those of all the packages.

    What `first_waiting` reads: `numbers[key * packages + package]`. A run works them out once for all its packages.
    """
    numbers: list[int] = []
    for values in zip(*map(serving_order, packages), strict=True):
        place_of = {value: place for place, value in enumerate(sorted(set(values)))}
        numbers.extend(place_of[value] for value in values)
    return numbers


def price_rule_for(model: PurchasingModel, tier: str, cell: PriceCell, on: date) -> PriceRule | None:
    """The most precise ceiling or fee for this tier, kind of visit and day; None when there is none."""
    fitting = [rule for rule in model.prices if (not rule.tiers or tier in rule.tiers) and rule.line.covers(cell, on)]
    return max(fitting, key=lambda rule: (bool(rule.tiers), rule.line.precision), default=None)
