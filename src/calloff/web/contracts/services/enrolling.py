"""Enrolments as drafts: read from a file or a form, held against what there is, and carried out when approved."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from calloff.documents.wording import count_words
from calloff.domain.calendar import local
from calloff.domain.contracts import ANY, PRICED_ROLES, PriceLine, priced_otherwise_from
from calloff.domain.contracts import Enrolment as KernelEnrolment
from calloff.domain.purchasing_model import PriceRule, PurchasingModel
from calloff.domain.records import canonical, plain, revive
from calloff.domain.units import half_up, pounds
from calloff.formats.contracts import CONTRACTS, read_contracts
from calloff.formats.sheets import read_upload
from calloff.web.accounts.models import User
from calloff.web.audit.services import whole_second
from calloff.web.contracts.models import Draft, Enrolment, ModelVersion, Pool, Suspension
from calloff.web.contracts.services.market import document_of, facts_of, market_changes, minutes_came_free
from calloff.web.contracts.services.publishing import DraftError, FileRead, carries, enrol, keep
from calloff.web.directory.models import Branch, Council
from calloff.web.directory.services import touch_standing
from calloff.web.jobs import services as jobs

NEW, CHANGED, SAME = "new", "changed", "same"
YEAR = timedelta(days=365)
"""Over which a prime's share is counted (settled reading 8)."""


@dataclass(frozen=True)
class PriceCheck:
    """A price line beside the limits of its model; `problem` says where it breaks one."""

    line: PriceLine
    ceiling_centipence: int | None
    floor_centipence: int | None
    problem: str


@dataclass(frozen=True)
class Proposed:
    """
    One enrolment of a draft: `kind` is new, changed or same beside what there is.

    `problems` keep it from being carried out; `doubts` (a price over the ceiling) only from being asked.
    """

    enrolment: KernelEnrolment
    kind: str
    name: str
    new_provider_here: bool
    prices: tuple[PriceCheck, ...]
    changes: tuple[str, ...]
    problems: tuple[str, ...]

    @property
    def doubts(self) -> tuple[str, ...]:
        return tuple(one.problem for one in self.prices if one.problem)


def read_enrolments(name: str, data: bytes) -> tuple[KernelEnrolment, ...]:
    """
    The enrolments of a file, CSV or XLSX in the columns of contracts.csv.

    Raises NotReadError for what is no such file, and with every bad cell by its row and column.
    """
    return read_upload(name, data, read_contracts, CONTRACTS.name)


def keep_enrolments(
    *, council: Council, enrolments: Sequence[KernelEnrolment], file: FileRead | None, by: User, at: datetime
) -> Draft:
    """Keep enrolments as a draft; DraftError names whatever could never be carried out, or that nothing is new."""
    enrolments = [_declared(one, at) for one in with_models(council, enrolments)]
    told = proposed(council, enrolments, local(at).date())
    problems = [f"{one.enrolment.reference}: {text}" for one in told for text in one.problems]
    if problems:
        raise DraftError("; ".join(problems) + ". Nothing was kept.")
    if all(one.kind == SAME for one in told):
        raise DraftError("Every row is as it stands already: there is nothing to approve. Nothing was kept.")
    content = canonical([plain(one) for one in enrolments]).decode()
    title = title_of([(NEW, "enrolment"), (CHANGED, "enrolment")], [one.kind for one in told])
    return keep(council=council, kind="enrolments", title=title, content=content, file=file, by=by, at=at)


def title_of(kinds: Sequence[tuple[str, str]], found: Sequence[str]) -> str:
    """`2 new enrolments, 1 changed enrolment`."""
    counted = [(found.count(kind), kind, what) for kind, what in kinds]
    return ", ".join(count_words(number, f"{kind} {what}") for number, kind, what in counted if number)


def _declared(one: KernelEnrolment, at: datetime) -> KernelEnrolment:
    """Hours without a moment are taken as said now: else nobody could say other hours later."""
    pools = tuple(replace(pool, declared_at=pool.declared_at or whole_second(at)) for pool in one.pools)
    return replace(one, pools=pools)


def with_models(council: Council, enrolments: Sequence[KernelEnrolment]) -> list[KernelEnrolment]:
    """Where no model is named, the council's own, if it has one only."""
    models = sorted(set(ModelVersion.objects.filter(council=council).values_list("model", flat=True)))
    if len(models) == 1:
        return [replace(one, model=one.model or models[0]) for one in enrolments]
    return list(enrolments)


def enrolments_of(draft: Draft) -> list[KernelEnrolment]:
    """What a draft would enrol."""
    return [revive(KernelEnrolment, one) for one in json.loads(draft.content)]


def proposed(council: Council, enrolments: Sequence[KernelEnrolment], on: date) -> list[Proposed]:
    """Each enrolment beside what stands today: the model's limits, the register and what is enrolled already."""
    models = newest_models(council)
    branches = {row.reference: row for row in Branch.objects.filter(reference__in={one.provider for one in enrolments})}
    rows = {
        row.reference: row
        for row in Enrolment.objects.filter(council=council, reference__in=[one.reference for one in enrolments])
    }
    here = set(Enrolment.objects.filter(council=council).values_list("branch__reference", flat=True))
    found = []
    for one in enrolments:
        row, branch, model = rows.get(one.reference), branches.get(one.provider), models.get(one.model)
        changes = tuple(_changes(facts_of(row), one)) if row else ()
        problems = [*_problems(one, model, branch), *(_no_change(row, one) if row else ())]
        kind = NEW if row is None else CHANGED if changes else SAME
        prices = tuple(price_check(model, one, line) for line in one.price_lines) if model else ()
        name = branch.name if branch else one.provider
        found.append(Proposed(one, kind, name, one.provider not in here, prices, changes, tuple(problems)))
    return found


def newest_models(council: Council) -> dict[str, PurchasingModel]:
    """Of each model the version that begins last, by its id."""
    rows = ModelVersion.objects.filter(council=council).order_by("starts_on", "version")
    return {row.model: document_of(row).model for row in rows}


def _problems(one: KernelEnrolment, model: PurchasingModel | None, branch: Branch | None) -> Iterator[str]:
    if branch is None:
        yield f"the provider {one.provider} is not in the register; import it first"
    if model is None:
        yield f"the council has no model {one.model or '(none is named)'}"
    elif one.tier not in [tier.name for tier in model.tiers]:
        yield f"{model.title} has no tier {one.tier}"
    if len(one.reference) > 60:
        yield "its reference is longer than 60 characters"


def price_check(model: PurchasingModel, one: KernelEnrolment, line: PriceLine) -> PriceCheck:
    """A price line beside the most and the least that the model's rules allow for any visit it prices."""
    if one.role not in PRICED_ROLES or line.unit == "visit":
        return PriceCheck(line, None, None, "")
    rules = [rule for rule in model.prices if (not rule.tiers or one.tier in rule.tiers) and _meet(rule, line)]
    own = [rule for rule in rules if rule.tiers]
    limits = [rule for rule in (own or rules) if not rule.fixed]
    if not limits:
        return PriceCheck(line, None, None, "")
    # A line for two workers prices both together; a rule limits each of them, unless it speaks of pairs itself.
    each = [_pair(rule, line) for rule in limits]
    ceiling = min(most for most, _ in each)
    floor = max(least for _, least in each)
    problem = ""
    if line.centipence > ceiling:
        problem = f"{_rate(line.centipence)} is above the ceiling of {_rate(ceiling)}"
    elif line.centipence < floor:
        problem = f"{_rate(line.centipence)} is below the floor of {_rate(floor)}"
    return PriceCheck(line, ceiling, floor or None, problem)


def _pair(rule: PriceRule, line: PriceLine) -> tuple[int, int]:
    times = 2 if line.workers == 2 and rule.line.workers != 2 else 1
    return rule.line.centipence * times, rule.floor_centipence * times


def _meet(rule: PriceRule, line: PriceLine) -> bool:
    """Whether some visit is limited by the rule and priced by the line."""
    kinds = [
        (getattr(rule.line, name), getattr(line, name)) for name in ("care_type", "area_band", "time_band", "day_type")
    ]
    workers = rule.line.workers in (0, line.workers) or line.workers == 0
    first = max(rule.line.from_on or date.min, line.from_on or date.min)
    last = min(rule.line.to_on or date.max, line.to_on or date.max)
    return workers and first <= last and all(a == b or ANY in (a, b) for a, b in kinds)


def _rate(centipence: int) -> str:
    return pounds(half_up(centipence, 100))


# What changes in an enrolment that stands

CHANGEABLE = (
    "price_lines",
    "pools",
    "localities",
    "capabilities",
    "client_groups",
    "age_groups",
    "lot",
    "local",
    "ultimate_parent",
    "subcontractors",
    "quality_score",
    "later_scores",
    "from_on",
    "to_on",
    "full_cost_centipence_per_hour",
)
"""What a new draft may change. Another provider, model, tier, role or block is another enrolment."""


def _changes(standing: KernelEnrolment, wanted: KernelEnrolment) -> Iterator[str]:
    """The names of what differs; pools that stand keep the minutes that were declared since."""
    for name in CHANGEABLE:
        old, new = getattr(standing, name), getattr(wanted, name)
        if name == "pools":
            if len(new) > len(old):
                yield name
        elif old != new:
            yield name


def _no_change(row: Enrolment, wanted: KernelEnrolment) -> Iterator[str]:
    """What cannot be changed in an enrolment: it would be another one."""
    standing = facts_of(row)
    for name in ("provider", "model", "tier", "role", "block_minutes"):
        if getattr(standing, name) != getattr(wanted, name):
            yield f"{name.replace('_', ' ')} cannot be changed; end this enrolment and make another"
    kept = [(pool.areas, pool.bands) for pool in wanted.pools[: len(standing.pools)]]
    if kept != [(pool.areas, pool.bands) for pool in standing.pools]:
        yield "pools that stand cannot be changed, only another added after them"
    if len(wanted.pools) > len(standing.pools) and standing.block_minutes:
        yield "an enrolment with a block takes no further pool; make another enrolment"


@carries("enrolments")
def enrol_draft(draft: Draft, by: User, at: datetime) -> None:
    """Enrol those whom a draft names and change those whom it changes; DraftError when something stands in the way."""
    council, wanted = draft.council, enrolments_of(draft)
    told = proposed(council, wanted, local(at).date())
    problems = [f"{one.enrolment.reference}: {text}" for one in told for text in one.problems]
    if problems:
        raise DraftError("; ".join(problems) + ". Nobody was enrolled.")
    new = [one.enrolment for one in told if one.kind == NEW]
    if new:
        made = enrol(council, [replace(one, suspensions=()) for one in new], at)
        _suspend(council, made, new, draft, at)
    changed = [one.enrolment for one in told if one.kind == CHANGED]
    rows = {row.reference: row for row in Enrolment.objects.filter(council=council)} if changed else {}
    for one in changed:
        change(rows[one.reference], one, at)
    if changed:
        touch_standing(council)
        for model in {one.model for one in changed}:
            market_changes(council, model, at)


def change(row: Enrolment, wanted: KernelEnrolment, at: datetime) -> None:
    """
    Give an enrolment the prices, places, days and further pools of an approved draft; what is used stays used.

    Visits that lie behind and have another price now are left for the worker to be priced anew.
    """
    standing = facts_of(row)
    pools = (*standing.pools, *wanted.pools[len(standing.pools) :])
    values = {name: getattr(wanted, name) for name in CHANGEABLE if name != "pools"}
    row.facts = canonical(plain(replace(standing, **values, pools=pools, suspensions=()))).decode()
    row.from_on, row.to_on = wanted.from_on, wanted.to_on
    row.save(update_fields=("facts", "from_on", "to_on"))
    added = [
        Pool(
            council_id=row.council_id,
            enrolment=row,
            number=number,
            declared=pool.minutes,
            declared_at=pool.declared_at,
            raised_at=pool.declared_at,
        )
        for number, pool in enumerate(pools)
        if number >= len(standing.pools)
    ]
    Pool.objects.bulk_create(added)
    if added:
        minutes_came_free(row.pk, row.council_id, at)
    since = priced_otherwise_from(standing.price_lines, wanted.price_lines)
    if since is not None and since <= local(at).date():
        price_anew(row, since, at)


def priced_anew_key(contract: str, since: date) -> str:
    """Under which key a contract's visits are priced anew from a day on."""
    return f"{contract}/{since.isoformat()}"


def price_anew(row: Enrolment, since: date, at: datetime) -> None:
    """Leave for the worker that a contract's visits are priced anew from a day on; within the act that changes it."""
    data = {"enrolment": row.pk, "since": since.isoformat()}
    key = priced_anew_key(row.reference, since)
    jobs.add("price_anew", key, council=row.council_id, due_at=jobs.at_once(at), data=data)


def _suspend(
    council: Council, made: Sequence[Enrolment], facts: Sequence[KernelEnrolment], draft: Draft, at: datetime
) -> None:
    """Suspensions that a contract came with, as whoever drafted it wrote them."""
    rows = {row.reference: row for row in made}
    Suspension.objects.bulk_create(
        Suspension(
            council=council,
            enrolment=rows[one.reference],
            from_on=told.from_on,
            to_on=told.to_on,
            step_in=told.step_in,
            reason=f"Came with the contract (draft {draft.reference})",
            suspended_by=draft.drafted_by,
            suspended_identity=draft.drafted_identity,
            suspended_at=at,
        )
        for one in facts
        for told in one.suspensions
    )


# Contracts that end


def expiring(council: Council, on: date, within_days: int = 90) -> list[Enrolment]:
    """Enrolments whose last day lies within so many days, the first to end first."""
    last = date.fromordinal(on.toordinal() + within_days)
    rows = Enrolment.objects.filter(council=council, to_on__gte=on, to_on__lte=last).select_related("branch")
    return list(rows.order_by("to_on", "reference"))
