"""
A purchasing model in plain words, so that a commissioner can read every rule and agree or object.

Each rule is a sentence with its source in brackets, what the paper says where that is short, and what is assumed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from calloff.documents.papers import papers, sources
from calloff.documents.purchasing_models import Document
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
LONGEST_QUOTE = 170
"""Facts of a paper up to this length are quoted; of a longer one the id alone is told."""
PRIORITIES_SAID = (
    "P1 is a crisis, P2 a hospital discharge, P3 a provider that failed, P4 the end of reablement, "
    "P5 a new package, P6 a change of one that there is."
)
Lines = list[str]


def model_in_words(document: Document) -> str:
    """The whole document as text: what it is, its rules, its tiers and its steps in order."""
    words = Words(document)
    sections = [words.heading(), words.rules(), words.tiers(), words.steps()]
    return "\n\n".join("\n".join(section) for section in sections)


class Words:
    """Words one document, rule by rule; the tree gives sources and assumptions, the model gives the values."""

    def __init__(self, document: Document) -> None:
        self.document, self.model, self.entries = document, document.model, document.tree.entries

    def heading(self) -> Lines:
        model = self.model
        council = self.entries.get("council")
        lines = [
            f"{model.title} ({model.id}, version {model.version})",
            f"Council: {council.text}" if isinstance(council, Scalar) else "Council: none named",
            f"Way of buying: {say('patterns', model.pattern)}",
        ]
        if self.document.parent:
            lines.append(f"Stands on: {self.document.parent}, whose rules hold where this document has none of its own")
        return [*lines, *self.told("term", term_words(model)), *self.succession(), *self.baseline()]

    def succession(self) -> Lines:
        node = self.entries.get("succeeds")
        if not isinstance(node, Table):
            return []
        days = text_of(node, "uncovered_days", "0")
        gap = f"; {days} days between the two are covered by neither" if days != "0" else ""
        return ruled(f"It follows {text_of(node, 'model')}{gap}.", node)

    def baseline(self) -> Lines:
        node = self.entries.get("baseline")
        if not isinstance(node, Table):
            return []
        people = f" for {text_of(node, 'people')} people" if "people" in node.entries else ""
        cost = f" at £{int(text_of(node, 'yearly_cost_gbp')):,} a year" if "yearly_cost_gbp" in node.entries else ""
        hours = f"{int(text_of(node, 'hours')):,} hours a {text_of(node, 'period')}"
        return ruled(f"It buys about {hours}{people}{cost}.", node)

    # -- the rules

    def rules(self) -> Lines:
        model = self.model
        lines = ["Rules"]
        lines += self.told("scope", scope_words(model))
        lines += self.listed_rule("lots", [lot_words(lot) for lot in model.lots])
        lines += ruled(LOTS) if model.lots else []
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

    def locality_rules(self) -> Lines:
        """The rules that only prime providers and contracts of earlier times need."""
        model, lines = self.model, Lines()
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

    def listed_rule(self, key: str, texts: Sequence[str]) -> Lines:
        """A rule whose items have a sentence and a ground each; nothing where the document has none."""
        node = self.entries.get(key)
        items = node.items if isinstance(node, Items) else ()
        pairs = zip(texts, items, strict=True)
        return [line for text, one in pairs for line in self.ruled(text, one)]

    def told(self, key: str, text: str) -> Lines:
        """A rule with its ground; a rule that the document leaves out is told as the standing one."""
        if not text:
            return []
        if key in self.entries:
            return self.ruled(text, self.entries[key])
        return ruled(f"{text} (This document is silent; it is what holds then.)")

    def ruled(self, text: str, node: Node) -> Lines:
        """A rule, marked where it stands in the parent's text and not in this document's own."""
        inherited = node.path != self.document.texts[-1][0]
        return ruled(f"{text} (From {node.path}.)" if inherited else text, node)

    def prices(self) -> Lines:
        node = self.entries.get("price")
        if not isinstance(node, Table):
            return ruled("No price rule stands in this document.")
        lines = node.entries.get("lines")
        if not isinstance(lines, Items):
            return self.ruled(price_words(self.model.prices[0]), node)
        told = self.ruled("Prices:", node)
        for rule, one in zip(self.model.prices, lines.items, strict=True):
            told += [f"  {line}" for line in ruled(price_words(rule), one)]
        return told

    def admission(self) -> Lines:
        node = self.entries.get("admission")
        if not isinstance(node, Items) or not node.items:
            return ruled("No grade is asked for.")
        pairs = zip(self.model.grades, node.items, strict=True)
        return [line for rule, one in pairs for line in self.ruled(grade_words(rule), one)]

    # -- tiers and steps

    def tiers(self) -> Lines:
        nodes = self.entries.get("tiers")
        items = nodes.items if isinstance(nodes, Items) else ()
        lines = ["Who takes part"]
        for tier, node in zip(self.model.tiers, items, strict=True):
            lines += self.ruled(tier_words(tier), node)
        return lines

    def steps(self) -> Lines:
        nodes = self.entries.get("steps")
        items = nodes.items if isinstance(nodes, Items) else ()
        lines = ["Steps, in order; the next is taken when nobody is left in the one before", f"  {PRIORITIES_SAID}"]
        for number, (step, node) in enumerate(zip(self.model.steps, items, strict=True), 1):
            lines.append(f"  {number}. {sentence(f'{spaced(step.name)}: {self.whom(step)}')}")
            lines += [f"     {line}" for line in self.step(step)]
            lines += [f"     {line}" for line in ground_lines(node)]
        last = len(self.model.steps) + 1
        lines.append(f"  {last}. Nobody is left: the package goes back to a person, with the proof.")
        return lines

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


# -- the ground of a rule ----------------------------------------------------------------------------------


def ruled(text: str, node: Node | None = None) -> Lines:
    """A rule as a list entry, its source behind it, and below it what the paper says and what is assumed."""
    keys = sources_named(node)
    named = f" [{', '.join(keys)}]" if keys else ""
    return [f"  - {text}{named}", *(f"      {line}" for line in ground_lines(node, named=False))]


def ground_lines(node: Node | None, named: bool = True) -> Lines:
    """The source, a short fact in the paper's sense, and each assumption, a line for each."""
    keys = sources_named(node)
    lines = [f"[{', '.join(keys)}]"] if keys and named else []
    facts = {fact.id: fact.fact for fact in papers()} | {source.key: source.title for source in sources()}
    lines += [f"{key} says: {facts[key]}" for key in keys if len(facts.get(key, " " * 999)) <= LONGEST_QUOTE]
    return [*lines, *(f"assumed: {text}" for text in assumptions(node))]


def sources_named(node: Node | None) -> list[str]:
    source = node.entries.get("source") if isinstance(node, Table) else None
    if isinstance(source, Scalar):
        return [source.text]
    return [one.text for one in source.items if isinstance(one, Scalar)] if isinstance(source, Items) else []


def assumptions(node: Node | None) -> list[str]:
    """What a rule assumes: one text, or a text for each of its parts, with the part's name before it."""
    assumed = node.entries.get("assumed") if isinstance(node, Table) else None
    if isinstance(assumed, Scalar):
        return [assumed.text]
    if isinstance(assumed, Table):
        parts = assumed.entries.items()
        return [f"({spaced(part)}) {text.text}" for part, text in parts if isinstance(text, Scalar)]
    return []


def text_of(table: Table, key: str, default: str = "") -> str:
    node = table.entries.get(key)
    return node.text if isinstance(node, Scalar) else default
