"""
A purchasing model in plain words, so that a commissioner can read every rule and agree or object.

Each rule is a sentence with its source in brackets, what the paper says where that is short, and what is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeVar

from calloff.documents.market_words import (
    LOTS,
    batching_words,
    joining_words,
    lot_words,
    rotation_words,
    route_words,
    scoring_words,
)
from calloff.documents.purchasing_models import Document
from calloff.documents.told import Told, ruled, with_below
from calloff.documents.tree import Items, Node, Scalar, Table
from calloff.documents.wording import (
    clock_words,
    condition_words,
    count_words,
    day_words,
    listed,
    rate_words,
    say,
    sentence,
    spaced,
    worded,
)
from calloff.domain.contracts import ANY
from calloff.domain.packages import PRIORITIES
from calloff.domain.providers import SCALES
from calloff.domain.purchasing_model import (
    DIRECT,
    EVERYONE,
    IN_TURN,
    GradeRule,
    Key,
    PriceRule,
    PurchasingModel,
    Step,
    Tier,
)

T = TypeVar("T")
PRIORITIES_SAID = (
    "P1 is a crisis, P2 a hospital discharge, P3 a provider that failed, P4 the end of reablement, "
    "P5 a new package, P6 a change of one that there is."
)
STEPS_SAID = "Steps, in order; the next is taken when nobody is left in the one before"
NOBODY_LEFT = "Nobody is left: the package goes back to a person, with the proof."
Lines = list[str]
Rules = list[Told]


@dataclass(frozen=True)
class ModelTold:
    """A document told rule by rule: `about` are plain lines, everything else has its grounds."""

    title: str
    about: tuple[str, ...]
    term: tuple[Told, ...]
    rules: tuple[Told, ...]
    tiers: tuple[Told, ...]
    steps: tuple[Told, ...]

    @property
    def every(self) -> tuple[Told, ...]:
        """Every rule, in the order of the page."""
        return (*self.term, *self.rules, *self.tiers, *self.steps)


def tell(document: Document) -> ModelTold:
    """The whole document in words: what it is, its rules, its tiers and its steps in order."""
    words = Words(document)
    title, about, term = words.heading()
    return ModelTold(title, tuple(about), tuple(term), tuple(words.rules()), tuple(words.tiers()), tuple(words.steps()))


def model_in_words(document: Document) -> str:
    """The same as text."""
    told = tell(document)
    sections = [
        [told.title, *told.about, *_lines(told.term)],
        ["Rules", *_lines(told.rules)],
        ["Who takes part", *_lines(told.tiers)],
        [STEPS_SAID, f"  {PRIORITIES_SAID}", *_step_lines(told.steps)],
    ]
    return "\n\n".join("\n".join(section) for section in sections)


def _lines(rules: Iterable[Told]) -> Lines:
    return [line for rule in rules for line in rule.lines()]


def _step_lines(steps: Sequence[Told]) -> Lines:
    lines = []
    for number, step in enumerate(steps, 1):
        named = [f"[{', '.join(step.sources)}]"] if step.sources else []
        lines.append(f"  {number}. {step.text}")
        lines += [f"     {line}" for line in (*step.more, *named, *step.grounds)]
    return [*lines, f"  {len(steps) + 1}. {NOBODY_LEFT}"]


class Words:
    """Words one document, rule by rule; the tree gives sources and assumptions, the model gives the values."""

    def __init__(self, document: Document) -> None:
        self.document, self.model, self.entries = document, document.model, document.tree.entries

    def heading(self) -> tuple[str, Lines, Rules]:
        model = self.model
        council = self.entries.get("council")
        lines = [
            f"Council: {council.text}" if isinstance(council, Scalar) else "Council: none named",
            f"Way of buying: {say('patterns', model.pattern)}",
        ]
        if self.document.parent:
            lines.append(f"Stands on: {self.document.parent}, whose rules are all those not marked as its own")
        elif len(self.document.texts) > 1:
            lines.append("Its own rules are marked; the others are those of the document on which it stands")
        title = f"{model.title} ({model.id}, version {model.version})"
        return title, lines, [*self.told("term", term_words(model)), *self.succession(), *self.baseline()]

    def succession(self) -> Rules:
        node = self.entries.get("succeeds")
        if not isinstance(node, Table):
            return []
        days = text_of(node, "uncovered_days", "0")
        gap = f"; {days} days between the two are covered by neither" if days != "0" else ""
        return ruled(f"It follows {text_of(node, 'model')}{gap}.", node, "succeeds")

    def baseline(self) -> Rules:
        node = self.entries.get("baseline")
        if not isinstance(node, Table):
            return []
        people = f" for {text_of(node, 'people')} people" if "people" in node.entries else ""
        cost = f" at £{int(text_of(node, 'yearly_cost_gbp')):,} a year" if "yearly_cost_gbp" in node.entries else ""
        hours = f"{int(text_of(node, 'hours')):,} hours a {text_of(node, 'period')}"
        return ruled(f"It buys about {hours}{people}{cost}.", node, "baseline")

    # -- the rules

    def rules(self) -> Rules:
        model = self.model
        lines = self.told("scope", scope_words(model))
        lines += self.listed_rule("lots", [lot_words(lot) for lot in model.lots])
        lines += ruled(LOTS, key="lots") if model.lots else []
        lines += self.told("localities", localities_words(model))
        if model.groups_chosen_by_provider:
            lines += self.told("groups", "Each provider chooses which groups of people and ages it serves.")
        lines += self.told("joining", joining_words(model)) if model.joining else []
        lines += self.prices()
        lines += self.told("scoring", scoring_words(model)) if model.scoring else []
        lines += self.admission()
        lines += self.told("capacity", capacity_words(model))
        lines += self.told("splitting", splitting_words(model))
        same_band = "Visits may be offered at another time within the same part of the day, unless time-critical."
        exact = "Visits are taken only at the times asked for."
        lines += self.told("other_times", same_band if model.other_times == "same_band" else exact)
        lines += self.told("ties", f"Providers that are equal are ordered by {keys_words(model.ties)}; then they draw.")
        lines += self.told("batching", batching_words(model)) if model.batching else []
        lines += self.listed_rule("person_led", [route_words(route) for route in model.routes])
        return [*lines, *self.locality_rules()]

    def locality_rules(self) -> Rules:
        """The rules that only prime providers and contracts of earlier times need."""
        model, lines = self.model, Rules()
        if model.threshold is not None:
            lines += self.told("significantly_different", threshold_words(model))
        if model.quota is not None:
            quota = model.quota
            share = f"at least {quota.minimum_percent} % of the hours {say('denominators', quota.denominator)}"
            grace = f", from {count_words(quota.grace_months, 'month')} after its contract began"
            lines += self.told("quota", f"A prime provider places {share} with independent local providers{grace}.")
        if model.step_in:
            text = "The council may step in: new referrals then pass to the next in line, by a named decision."
            lines += self.told("step_in", text)
        return lines

    def listed_rule(self, key: str, texts: Sequence[str]) -> Rules:
        """A rule whose items have a sentence and a ground each; nothing where the document has none."""
        node = self.entries.get(key)
        items = node.items if isinstance(node, Items) else ()
        pairs = enumerate(zip(texts, items, strict=True), 1)
        return [rule for number, (text, one) in pairs for rule in self.ruled(text, one, _key_of(key, one, number))]

    def told(self, key: str, text: str) -> Rules:
        """A rule with its ground; a rule that the document leaves out is told as the standing one."""
        if not text:
            return []
        if key in self.entries:
            return self.ruled(text, self.entries[key], key)
        return ruled(f"{text} (This document is silent; it is what holds then.)", key=key)

    def ruled(self, text: str, node: Node, key: str) -> Rules:
        """A rule, marked where a document that stands on another says it itself."""
        texts = self.document.texts
        own = len(texts) > 1 and node.path == texts[-1][0]
        return ruled(f"{text} (Its own rule.)" if own else text, node, key)

    def prices(self) -> Rules:
        node = self.entries.get("price")
        if not isinstance(node, Table):
            return ruled("No price rule stands in this document.", key="price")
        lines = node.entries.get("lines")
        if not isinstance(lines, Items):
            return self.ruled(price_words(self.model.prices[0]), node, "price")
        pairs = enumerate(zip(self.model.prices, lines.items, strict=True), 1)
        below = [one for number, (rule, item) in pairs for one in ruled(price_words(rule), item, f"price.{number}")]
        return with_below(self.ruled("Prices:", node, "price"), below)

    def admission(self) -> Rules:
        if not self.model.grades:
            return ruled("No grade is asked for.", key="admission")
        return self.listed_rule("admission", [grade_words(rule) for rule in self.model.grades])

    # -- tiers and steps

    def tiers(self) -> Rules:
        return self.listed_rule("tiers", [tier_words(tier) for tier in self.model.tiers])

    def steps(self) -> Rules:
        nodes = self.entries.get("steps")
        items = nodes.items if isinstance(nodes, Items) else ()
        told = []
        for step, node in zip(self.model.steps, items, strict=True):
            text = sentence(f"{spaced(step.name)}: {self.whom(step)}")
            told += [replace(one, more=tuple(self.step(step))) for one in ruled(text, node, f"steps.{step.name}")]
        return told

    def whom(self, step: Step) -> str:
        tiers = listed((spaced(name) for name in step.tiers), "or")
        if step.whom == "tier":
            members = [self.model.tier(name) for name in step.tiers]
            in_house = all(tier.role == "in_house" for tier in members)
            several = f"those of the tiers {listed(map(spaced, step.tiers))}, at the same time"
            one = "the council's own service" if in_house else f"those of the tier {tiers}"
            kind = several if len(step.tiers) > 1 else one
            return say("whom", "tier", tiers=kind)
        code = "current_provider_within" if step.within_days else step.whom
        within = f", if it is of the tier {tiers}" if step.tiers else ""
        return say("whom", code, days=step.within_days) + within

    def step(self, step: Step) -> Lines:
        lines = []
        if step.when:
            lines.append(sentence(f"only where {listed(condition_words(one) for one in step.when)}"))
        if step.opens_later:
            wait = count_words(step.opens_after_working_days, "working day")
            wait = count_words(step.opens_after_hours, "hour") if step.opens_after_hours else wait
            first = step is self.model.steps[0]
            before = (
                ""
                if first
                else " Even then those before come first, while one of them can be asked or has time to answer."
            )
            lines.append(f"It opens {wait} after the package was approved, not before.{before}")
        for which, size in by_priority(step.ask):
            lines.append(which + self.way_of_asking(step, size))
        if step.rank_by:
            lines.append(f"Order: {keys_words(step.rank_by)}.")
        if step.takes_turns:
            lines.append(rotation_words(self.model))
        if any(size != DIRECT for size in step.ask):
            windows = [f"{which}{clock_words(clock)}" for which, clock in by_priority(step.reply_within)]
            lines.append(f"Time to answer: {'; '.join(windows)}.")
        return lines

    def way_of_asking(self, step: Step, size: int) -> str:
        if size == DIRECT:
            pairs = step.kind == "book" and self.model.splitting is not None
            return say("ways_of_asking", "unasked_pair" if pairs else "unasked")
        if step.sealed:
            return say("ways_of_asking", "sealed")
        if step.whom != "tier":
            return "It is asked alone."
        if size == IN_TURN:
            return say("ways_of_asking", "in_turn")
        if size != EVERYONE:
            return say("ways_of_asking", "waves", size=size)
        keys = step.rank_by or self.model.ties
        return say("ways_of_asking", "everyone", best=say("bests", keys[0].criterion) if keys else "one drawn by lot")


# -- sentences of single rules -----------------------------------------------------------------------------


def term_words(model: PurchasingModel) -> str:
    term = model.term
    text = f"In force from {day_words(term.from_on)} to {day_words(term.to_on)}"
    if not term.extension_years:
        return f"{text}, with no option to extend."
    options = count_words(term.extension_years, "optional year")
    used = f"{term.extended_years} of them used, so that the last day is {day_words(term.last_on)}"
    return f"{text}, with {options}, {used if term.extended_years else 'none of them used yet'}."


def scope_words(model: PurchasingModel) -> str:
    scope = model.scope
    limits = [
        worded(section, sorted(values), "or")
        for section, values in (
            ("service_types", scope.service_types),
            ("care_types", scope.care_types),
            ("client_groups", scope.client_groups),
        )
        if values
    ]
    led = worded("delivery_models", sorted(scope.delivery_models), "or", nothing="")
    limits += [f"care given as {led}"] if led else []
    limits += [f"people aged {worded('age_groups', sorted(scope.age_groups), 'or')}"] if scope.age_groups else []
    limits += [f"homes in {listed(sorted(scope.localities), 'or')}"] if scope.localities else []
    return f"It is for {', '.join(limits)}." if limits else "It is for every package that the council buys."


def localities_words(model: PurchasingModel) -> str:
    if model.localities_apply:
        return "A provider is asked only for homes in the localities of its contract."
    return "The area is not cut into zones: every provider may be asked for every home."


def price_words(rule: PriceRule) -> str:
    """`£15.95 an hour is the most a provider may charge, for the tier spot.`"""
    line = rule.line
    rate = rate_words(line.centipence)
    if rule.fixed:
        text = f"The council pays a fixed {rate} an hour"
    elif rule.bid:
        least = f", at least {rate_words(rule.floor_centipence)}" if rule.floor_centipence else ""
        text = f"Providers name a price for each package{least}, and {rate} an hour is the most"
    elif rule.floor_centipence:
        text = f"Providers set their price between {rate_words(rule.floor_centipence)} and {rate} an hour"
    else:
        text = f"Providers set their price, and {rate} an hour is the most"
    parts = [say("care_types", line.care_type)] if line.care_type != ANY else []
    parts += [f"{say('area_bands', line.area_band)} homes"] if line.area_band != ANY else []
    parts += [f"visits {say('bands', line.time_band)}"] if line.time_band != ANY else []
    parts += [f"visits {say('day_types', line.day_type)}"] if line.day_type != ANY else []
    parts += [f"visits of {count_words(line.workers, 'care worker')}"] if line.workers else []
    parts += [f"the tier {listed((spaced(name) for name in rule.tiers), 'or')}"] if rule.tiers else []
    text += f", for {', '.join(parts)}" if parts else ""
    text += f", from {day_words(line.from_on)}" if line.from_on else ""
    text += f", until {day_words(line.to_on)}" if line.to_on else ""
    text += f"; it includes {worded('includes', sorted(line.includes))}" if line.includes else ""
    return f"{text}."


def grade_words(rule: GradeRule) -> str:
    word = next(word for word, number in SCALES[rule.scale].items() if number == rule.grade)
    whom = (
        f"A provider of the tier {listed((spaced(name) for name in rule.tiers), 'or')}" if rule.tiers else "A provider"
    )
    grade = f"at least grade {rule.grade} ({say('grades', word)})"
    if rule.scale == "cqc":
        grade = f"a rating of at least {say('grades', word)}"
    when = f", where {listed(condition_words(one) for one in rule.when)}" if rule.when else ""
    unrated = "One that is not graded yet fails." if rule.unrated == "fails" else "One that is not graded yet passes."
    return f"{whom} needs {grade} from {say('scales', rule.scale)} in every area that matters{when}. {unrated}"


def capacity_words(model: PurchasingModel) -> str:
    days = count_words(model.declaration_days, "day")
    if model.capacity == "gate":
        return f"Who has not declared enough spare hours is not a candidate; a declaration holds for {days}."
    return f"Spare hours are looked at when a provider's turn comes; what it declared holds for {days}."


def splitting_words(model: PurchasingModel) -> str:
    if model.splitting is None:
        return "An offer must cover all visits that are still to place."
    most = model.splitting.most_providers
    return f"An offer may cover a part of the visits; one person may have at most {most} providers."


def threshold_words(model: PurchasingModel) -> str:
    threshold = model.threshold
    if threshold is None:
        return ""
    ways = [f"more than {threshold.more_than_percent} % of the weekly hours, either way"]
    ways += ["one care worker to two or back"] if threshold.workers else []
    ways += ["another care type"] if threshold.care_type else []
    return f"A need is significantly different from before by {listed(ways, 'or')}."


def tier_words(tier: Tier) -> str:
    each = [name for name, counted in (("lot", tier.per_lot), ("locality", tier.per_locality)) if counted]
    count = f", {tier.count or 'some'} in {f'each {listed(each)}' if each else 'all'}" if tier.count or each else ""
    return sentence(f"{spaced(tier.name)}: {say('roles', tier.role)}{count}")


def keys_words(keys: Iterable[Key]) -> str:
    """Criteria in order: `the lowest price first, then the most spare hours first`."""
    words = []
    for key in keys:
        width = f" (bands of {rate_words(key.width_centipence)})" if key.width_centipence else ""
        words.append(say("criteria", key.criterion) + width)
    return ", then ".join(words) or "no criterion"


def by_priority(values: Sequence[T]) -> list[tuple[str, T]]:
    """What differs by priority, those that follow each other and are alike together: `P1 to P2: ` and the value."""
    runs = []
    for value, group in groupby(zip(PRIORITIES, values, strict=True), key=lambda pair: pair[1]):
        numbers = [number for number, _ in group]
        span = f"P{numbers[0]}" if len(numbers) == 1 else f"P{numbers[0]} to P{numbers[-1]}"
        runs.append((f"{span}: ", value))
    return [("", runs[0][1])] if len(runs) == 1 else runs


def _key_of(key: str, node: Node, number: int) -> str:
    """What one rule of a list is called: by its name where it has one, else by its place."""
    name = text_of(node, "name") if isinstance(node, Table) else ""
    return f"{key}.{name or number}"


def text_of(table: Table, key: str, default: str = "") -> str:
    node = table.entries.get(key)
    return node.text if isinstance(node, Scalar) else default
