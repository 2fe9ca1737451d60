"""`allocate`: files in, a run, and a folder of results out, all of it or nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from calloff.documents.bank_holidays import calendar_for
from calloff.documents.purchasing_models import Document
from calloff.domain.calendar import SATURDAY, Nation, local, to_utc
from calloff.domain.contracts import PRICED_ROLES, Enrolment
from calloff.domain.errors import BadInputError
from calloff.domain.market import Standing
from calloff.domain.packages import CARE_TYPES, Package
from calloff.domain.providers import Provider
from calloff.domain.purchasing_model import PurchasingModel
from calloff.domain.reckoner import PLAIN, Reckoner
from calloff.formats.packages import PackageRow
from calloff.formats.places import Place
from calloff.formats.tables import writing_to
from calloff.simulator.adapt import adapt
from calloff.simulator.keyed_draws import Draws
from calloff.simulator.log import DecisionLog
from calloff.simulator.person_led import with_choices, with_ways_of_leading
from calloff.simulator.responders import Responder
from calloff.simulator.run import Run, Side
from calloff.simulator.summary import Summary, outcome_rows, summarise, write_rows

ARRIVAL_DAYS = 14
OFFICE_HOURS = (9 * 60, 17 * 60)
START_TARGET_DAYS = {1: 0, 2: 1, 3: 1, 4: 2, 5: 7, 6: 7}
"""Days from approval to the required start, by priority, where a package gives none (assumed)."""
EVERYWHERE = "all"
LOG, SUMMARY, OUTCOMES = "decisions.jsonl", "summary.csv", "packages.csv"


@dataclass(frozen=True)
class Inputs:
    """
    What a run is made of; `arrivals` is `spread` over 14 days or `all-at-once`.

    Under several documents each contract names its own, and each package falls under the one that governs it. Places
    are kept in the order of their postcodes, whatever order they came in. `reckoner` changes nothing but the time.
    """

    documents: Sequence[Document]
    providers: Sequence[Provider]
    contracts: Sequence[Enrolment]
    packages: Sequence[PackageRow]
    places: Sequence[Place]
    responder: Responder
    begins_at: datetime
    seed: int
    arrivals: str = "spread"
    reckoner: Reckoner = PLAIN

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", tuple(sorted(self.places, key=lambda one: one.postcode)))


def allocate(inputs: Inputs, out: Path, tell: Callable[[Run, datetime], None] | None = None) -> Summary:
    """
    Run the packages through the models and write decisions, summary and outcomes into `out`.

    The folder appears whole or not at all; one that holds anything else than an earlier run is refused.
    """
    with writing_to(out):
        refuse_foreign(out)
        return _run_whole(inputs, out, tell)


def _run_whole(inputs: Inputs, out: Path, tell: Callable[[Run, datetime], None] | None) -> Summary:
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    before = out.with_name(f".{out.name}.{os.getpid()}.before")
    try:
        partial.mkdir(parents=True)
        summary = _run_into(inputs, partial, tell)
        if out.exists():
            out.rename(before)
        partial.rename(out)
    finally:
        # Whatever broke the run off: the earlier result stands again, or the new one does, and nothing else is left.
        if before.exists() and not out.exists():
            before.rename(out)
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(before, ignore_errors=True)
    return summary


def refuse_foreign(out: Path) -> None:
    """Refuse a folder that is not empty and not an earlier run's."""
    if out.exists() and not out.is_dir():
        raise BadInputError(f"{out} is a file; give a folder that does not exist yet")
    if out.is_dir() and {path.name for path in out.iterdir()} - {LOG, SUMMARY, OUTCOMES}:
        raise BadInputError(f"{out} holds other files than an earlier run's; give another folder")


def _run_into(inputs: Inputs, folder: Path, tell: Callable[[Run, datetime], None] | None) -> Summary:
    documents, mapped = adapted(inputs)
    named = sorted({name for one in inputs.contracts for name in one.localities}) or [EVERYWHERE]
    packages = arrivals(inputs, documents, named, mapped)
    sides = sides_of(inputs, documents, [package for package, _ in packages])
    with (folder / LOG).open("w", encoding="utf-8", newline="\n") as stream:
        log = DecisionLog(stream, documents)
        run = Run(sides, inputs.responder, log, inputs.begins_at, tell)
        run.carry_out(packages)
        log.finish()
    summary = summarise(run, mapped, stale_declarations(sides, inputs.begins_at))
    write_rows(folder / SUMMARY, summary.rows())
    write_rows(folder / OUTCOMES, outcome_rows(run))
    return summary


def adapted(inputs: Inputs) -> tuple[list[Document], list[str]]:
    """
    The documents as this run needs them, and a line for each thing that was mapped.

    The term of a document is mapped only where it stands alone: of several, the term says which one governs.
    """
    alone = len(inputs.documents) == 1
    documents, mapped = [], []
    for given in inputs.documents:
        document, lines = adapt(given, inputs.providers, local(inputs.begins_at).date() if alone else None)
        documents.append(document)
        mapped += lines if alone else [f"{document.model.id}: {line}" for line in lines]
    return documents, mapped


def sides_of(inputs: Inputs, documents: Sequence[Document], packages: Sequence[Package]) -> list[Side]:
    """
    Each document with who is enrolled under it, after every cross-reference between the files has been looked at.

    Raises BadInputError naming every contract that does not fit, or whose document is not told.
    """
    models = {document.model.id: document.model for document in documents}
    if len(models) < len(documents):
        raise BadInputError("a purchasing model is given twice; give each once")
    providers = {provider.reference: provider for provider in inputs.providers}
    problems = [problem for one in inputs.contracts for problem in _problems(models, providers, one)]
    if problems:
        raise BadInputError("\n".join([*problems, f"{len(problems)} contracts do not fit; nothing was run"]))
    return [
        Side.of(
            model, standing_of(inputs, model, packages, [one for one in inputs.contracts if one.model in ("", name)])
        )
        for name, model in models.items()
    ]


def standing_of(
    inputs: Inputs, model: PurchasingModel, packages: Sequence[Package], enrolled: Sequence[Enrolment]
) -> Standing:
    """Who is enrolled under one model; BadInputError when the council has more localities than a run holds."""
    providers = {provider.reference: provider for provider in inputs.providers}
    contracts = tuple(_declared(one, inputs.begins_at) for one in enrolled)
    localities = {package.locality for package in packages}
    localities |= {place.locality for place in inputs.places}
    localities |= {name for one in inputs.contracts for name in one.localities}
    if len(localities) > 60:
        raise BadInputError(f"there are {len(localities)} localities; a run holds at most 60: join some in places.csv")
    nations = {package.nation for package in packages} | {model.nation}
    return Standing(
        contracts,
        {one.provider: providers[one.provider] for one in contracts},
        {nation: calendar_for(Nation(nation)) for nation in nations},
        tuple(localities),
        str(inputs.seed),
        inputs.reckoner,
    )


def stale_declarations(sides: Sequence[Side], begins_at: datetime) -> list[str]:
    """A line for each model where spare minutes were declared too long before the beginning to count."""
    lines = []
    for side in sides:
        days = side.model.declaration_days
        oldest = begins_at - timedelta(days=days)
        pools = [pool for one in side.standing.enrolments for pool in one.pools]
        stale = sum(pool.declared_at is not None and pool.declared_at < oldest for pool in pools)
        under = f" under {side.model.id}" if len(sides) > 1 else ""
        if stale:
            lines.append(
                f"{stale} of {len(pools)} declarations of minutes{under} are over {days} days old when the run begins; "
                "none counts"
            )
    return lines


def _problems(
    models: Mapping[str, PurchasingModel], providers: Mapping[str, Provider], enrolment: Enrolment
) -> list[str]:
    name = enrolment.reference
    if not enrolment.model and len(models) > 1:
        return [f"contract {name}: its model is not told; write one of {', '.join(models)} in the column model"]
    if enrolment.model and enrolment.model not in models:
        return [f"contract {name}: the run has no model {enrolment.model!r}; it has {', '.join(models)}"]
    model = models[enrolment.model] if enrolment.model else next(iter(models.values()))
    problems = []
    if enrolment.provider not in providers:
        problems.append(f"contract {name}: the provider {enrolment.provider} is not in the providers file")
    tiers = {tier.name: tier for tier in model.tiers}
    if enrolment.tier not in tiers:
        problems.append(f"contract {name}: {model.id} has no tier {enrolment.tier!r}; it has {', '.join(tiers)}")
    elif tiers[enrolment.tier].role != enrolment.role:
        role = tiers[enrolment.tier].role
        problems.append(f"contract {name}: the role of tier {enrolment.tier} is {role}, not {enrolment.role}")
    lots = [lot.name for lot in model.lots]
    # A care type narrows a contract without naming a lot of the document; no lot at all is every lot.
    if lots and enrolment.lot not in ("", *lots, *CARE_TYPES):
        problems.append(f"contract {name}: {model.id} has no lot {enrolment.lot!r}; it has {', '.join(lots)}")
    fixed = any(rule.fixed and enrolment.tier in (rule.tiers or (enrolment.tier,)) for rule in model.prices)
    if fixed and enrolment.price_lines and enrolment.role in PRICED_ROLES:
        problems.append(
            f"contract {name}: the council sets the price of tier {enrolment.tier}; leave price_lines empty"
        )
    return problems


def _declared(enrolment: Enrolment, begins_at: datetime) -> Enrolment:
    """Pools without a moment count as declared when the run begins."""
    pools = tuple(pool if pool.declared_at else replace(pool, declared_at=begins_at) for pool in enrolment.pools)
    return replace(enrolment, pools=pools)


def arrivals(
    inputs: Inputs, documents: Sequence[Document], localities: Sequence[str], mapped: list[str]
) -> list[tuple[Package, datetime]]:
    """
    Every package with when it comes.

    Under one document alone that is for people who lead, how they lead and whom they chose is drawn where no package
    tells it, and added to what was `mapped`.
    """
    if len(documents) > 1:
        return [arrive(inputs, row, localities) for row in inputs.packages]
    model, draws = documents[0].model, Draws(inputs.seed)
    rows, ways = with_ways_of_leading(model, inputs.packages, draws)
    every = [arrive(inputs, row, localities) for row in rows]
    packages = [package for package, _ in every]
    chosen, choices = with_choices(model, packages, inputs.contracts, inputs.providers, draws)
    mapped += [*ways, *choices]
    return [(package, at) for package, (_, at) in zip(chosen, every, strict=True)]


def arrive(inputs: Inputs, row: PackageRow, localities: Sequence[str] = (EVERYWHERE,)) -> tuple[Package, datetime]:
    """A package with place, approval and start filled in where the file leaves them to the run, and when it comes."""
    package, draws = row.package, Draws(inputs.seed)
    arrives_at = inputs.begins_at
    if row.approved_at is not None:
        arrives_at = max(row.approved_at, inputs.begins_at)
    elif inputs.arrivals == "spread":
        arrives_at = drawn_arrival(inputs.begins_at, draws, package.reference)
    approved_at = row.approved_at or arrives_at
    target = timedelta(days=START_TARGET_DAYS[package.priority])
    start = row.required_start_on or local(approved_at).date() + target
    package = replace(package, approved_at=approved_at, required_start_on=start)
    return settle_place(package, row, inputs.places, localities, draws), arrives_at


def drawn_arrival(begins_at: datetime, draws: Draws, reference: str) -> datetime:
    """A minute of office hours on a weekday of the first 14 days, after the beginning (assumed)."""
    first = local(begins_at).date()
    days = [first + timedelta(days=number) for number in range(ARRIVAL_DAYS)]
    weekdays = [day for day in days if day.weekday() < SATURDAY]
    day: date = weekdays[draws.between(0, len(weekdays) - 1, "arrival day", reference)]
    opens, closes = OFFICE_HOURS
    minute = draws.between(opens, closes - 1, "arrival minute", reference)
    return max(to_utc(day, minute), begins_at)


def settle_place(
    package: Package, row: PackageRow, places: Sequence[Place], localities: Sequence[str], draws: Draws
) -> Package:
    """
    The package with its locality, area and coordinates: those of its postcode, or of one drawn (assumed).

    Without places a locality is drawn from those that the contracts name.
    """
    place: Place | None = None
    if row.place:
        place = next((one for one in places if one.postcode == row.place), None)
        if place is None and not package.locality:
            raise BadInputError(f"package {package.reference}: the place {row.place} is not in the places file")
    elif places and not package.locality:
        place = places[draws.between(0, len(places) - 1, "place", package.reference)]
    if place is None:
        drawn = localities[draws.between(0, len(localities) - 1, "locality", package.reference)]
        return replace(package, locality=package.locality or drawn)
    return replace(
        package,
        locality=package.locality or place.locality,
        area_band=row.area_band or place.area_band,
        easting=place.easting,
        northing=place.northing,
    )
