"""
The check of purchasing models: every fault with its line, and warnings about what is sound and yet may disappoint.

The chief warning is time: how long it can take until each step is exhausted, beside the time within which care is
to start. Both are assumed where no document or paper states them, and are shown so.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from calloff.documents.bank_holidays import calendar_for
from calloff.documents.purchasing_models import Document, load, shipped_ids
from calloff.documents.tree import Scalar, Table
from calloff.documents.wording import count_words, day_words, length_words, listed, moment_words, spaced
from calloff.domain.batching import LAST_URGENT
from calloff.domain.calendar import Calendar, Nation, deadline, local, to_utc, working_days_after
from calloff.domain.errors import BadInputError
from calloff.domain.packages import PRIORITIES
from calloff.domain.purchasing_model import DIRECT, EVERYONE, PurchasingModel, Step

REFERENCE_DAY = date(2025, 6, 2)
"""A Monday with no bank holiday near it in any nation; a package is approved at 09:00 (an example)."""
NEAR = (0, 1, 2, 3, 4, 7, 8, 9, 10, 11)
"""Days after a Monday on which no bank holiday may fall for it to stand in the example's place."""
NINE = 9 * 60
MEMBERS_ASSUMED = 10
"""How many members a tier has where its document gives no count."""
SAME_DAY = timedelta(0)
START_TARGETS = {1: SAME_DAY, 2: timedelta(hours=24), 3: timedelta(hours=24), 4: timedelta(hours=48)}
START_WORKING_DAYS = 5
"""Care is to start the same day (P1), within 24 h (P2, P3), 48 h (P4), five working days (P5, P6) (assumed)."""


def check_report(ids_or_paths: Sequence[str], today: date | None = None) -> tuple[str, bool]:
    """
    A report on the documents named, all that Calloff ships where none is, and whether every one is sound.

    A document that fails does not keep the others from being looked at; warnings leave it sound. `today` decides
    whether a term has ended; without it the day on which this is asked.
    """
    today = today or local(datetime.now().astimezone()).date()
    parts, faulty = [], 0
    names = list(_documents(ids_or_paths))
    for name in names:
        try:
            document = load(name)
        except BadInputError as error:
            faulty += 1
            parts.append("\n".join([f"{name}: not sound", *(f"  {line}" for line in str(error).splitlines())]))
        else:
            parts.append("\n".join([f"{name}: ok", *(f"  {line}" for line in remarks(document, today))]))
    parts.append(f"{count_words(len(names), 'document')} looked at, {len(names) - faulty} sound, {faulty} not sound")
    return "\n\n".join(parts), not faulty


def _documents(ids_or_paths: Sequence[str]) -> Iterator[str]:
    """The documents to look at; a folder stands for every document in it."""
    for name in ids_or_paths or shipped_ids():
        folder = Path(name)
        found = sorted(str(path) for path in folder.glob("*.yaml")) if folder.is_dir() else [name]
        # Otherwise a folder named by mistake would pass for one whose documents are all sound.
        if not found:
            raise BadInputError(f"{name}: this folder holds no purchasing model: no file in it ends in .yaml")
        yield from found


def remarks(document: Document, today: date) -> list[str]:
    """The times and the warnings for a sound document."""
    lines = [f"WARNING {text}" for text in (*term_warnings(document.model, today), *succession_warnings(document))]
    return [*lines, *asking_lines(document.model)]


def term_warnings(model: PurchasingModel, today: date) -> Iterator[str]:
    term = model.term
    if term.last_on < today:
        yield f"the term ended on {day_words(term.last_on)}: it governs no package that starts later"
    if term.extension_years and term.extended_years == term.extension_years:
        years = count_words(term.extension_years, "optional year")
        yield f"every optional year is used ({years}): what follows {day_words(term.last_on)} needs a new contract"


def succession_warnings(document: Document) -> Iterator[str]:
    """The gap to the model before, which the reader has compared with both terms already."""
    node = document.tree.entries.get("succeeds")
    days = node.entries.get("uncovered_days") if isinstance(node, Table) else None
    if isinstance(node, Table) and isinstance(days, Scalar) and days.text != "0":
        before = node.entries["model"]
        name = before.text if isinstance(before, Scalar) else "the model before"
        note = node.entries.get("assumed")
        noted = f" (noted: {note.text})" if isinstance(note, Scalar) else ""
        yield f"{days.text} days between {name} and this model are covered by neither{noted}"


# -- how long asking can take ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exhausted:
    """When the asking of one step is over at the latest, and how it comes to that."""

    step: Step
    waves: int
    at: datetime


def longest_asking(model: PurchasingModel, priority: int, calendar: Calendar, begins_at: datetime) -> list[Exhausted]:
    """
    The latest moment at which each asking step is exhausted, one after the other, for a package of a priority.

    Everybody lets the whole window pass, and the next wave goes out at that deadline (the second by which it comes
    later is left out, so that a figure can be checked by hand). Steps that take without asking, are not for this
    priority, or have only tiers that every package of it has asked before, cost no time. A package that can wait is
    collected with others first, and then asked for with them before it is asked for alone.
    """
    begun_at = begins_at
    if model.batching and priority > LAST_URGENT:
        collected_at = begins_at + timedelta(hours=model.batching.hours)
        # Nobody cares for all of them or was chosen for all: a lot goes to the tiers alone.
        of_tiers = [step for step in model.steps if step.whom == "tier"]
        together = _asking(model, of_tiers, priority, calendar, begins_at, collected_at)
        begun_at = together[-1].at if together else collected_at
    return _asking(model, model.steps, priority, calendar, begins_at, begun_at)


def _asking(
    model: PurchasingModel,
    steps: Sequence[Step],
    priority: int,
    calendar: Calendar,
    begins_at: datetime,
    at: datetime,
) -> list[Exhausted]:
    """The steps one after the other from a moment on, for a package approved at another."""
    course, asked = list[Exhausted](), set[str]()
    for step in steps:
        # No answer to a sealed step is opened before its deadline, which is one for all.
        size = EVERYONE if step.sealed else step.ask[priority - 1]
        if size == DIRECT or not open_to(step, priority) or (step.whom == "tier" and asked >= set(step.tiers)):
            continue
        if step.whom == "tier" and all(condition.fact == "priority" for condition in step.when):
            asked.update(step.tiers)
        if step.opens_after_working_days:
            at = max(at, working_days_after(begins_at, step.opens_after_working_days, calendar))
        at = max(at, begins_at + timedelta(hours=step.opens_after_hours))
        members = members_of(model, step)
        waves = 1 if size == EVERYONE else -(-members // size)
        for _ in range(waves):
            at = deadline(at, step.reply_within[priority - 1], calendar)
        course.append(Exhausted(step, waves, at))
    return course


def reference_day(model: PurchasingModel, calendar: Calendar) -> date:
    """
    The Monday of the example: the usual one, or where the term does not hold it the first in the term with ten
    ordinary working days from it on.
    """
    first, last = model.term.from_on, model.term.last_on
    if first <= REFERENCE_DAY <= last or first.year >= calendar.last_year:
        return REFERENCE_DAY
    monday = first + timedelta(days=-first.weekday() % 7)
    while monday <= last and monday.year < calendar.last_year:
        if all(calendar.is_working_day(monday + timedelta(days=after)) for after in NEAR):
            return monday
        monday += timedelta(days=7)
    return REFERENCE_DAY


def open_to(step: Step, priority: int) -> bool:
    """Whether a step's conditions on the priority, if any, let a package of this one through."""
    return all(f"P{priority}" in condition.values for condition in step.when if condition.fact == "priority")


def members_of(model: PurchasingModel, step: Step) -> int:
    """How many a step can ask for one package: one current or chosen provider, else the counts of its tiers."""
    if step.whom != "tier":
        return 1
    return sum(model.tier(name).count or MEMBERS_ASSUMED for name in step.tiers)


def start_target(priority: int, calendar: Calendar, begins_at: datetime) -> tuple[datetime, str]:
    """By when care is to start, and that target in words."""
    if priority not in START_TARGETS:
        at, length = working_days_after(begins_at, START_WORKING_DAYS, calendar), f"{START_WORKING_DAYS} working days"
        return at, f"{length} ({moment_words(at)})"
    span = START_TARGETS[priority]
    if span == SAME_DAY:
        return to_utc(local(begins_at).date(), 24 * 60), "the same day"
    at = begins_at + span
    return at, f"{length_words(int(span.total_seconds()) // 60)} ({moment_words(at)})"


def asking_lines(model: PurchasingModel) -> list[str]:
    """For each priority when each step is exhausted at the latest, and a warning where that is after the target."""
    calendar = calendar_for(Nation(model.nation))
    begins_at = to_utc(reference_day(model, calendar), NINE)
    lines = [f"longest time until each asking step is exhausted, approved {moment_words(begins_at)} (an example):"]
    lines += [*_assumed_members(model), *_counted_over_lots(model)]
    for priority in PRIORITIES:
        course = longest_asking(model, priority, calendar, begins_at)
        target_at, target = start_target(priority, calendar, begins_at)
        told = "; ".join(_told(model, one) for one in course) or "nobody is asked"
        lines.append(f"  P{priority}: {told}")
        late = next((one for one in course if one.at > target_at), None)
        if late is not None:
            lines.append(
                f"  WARNING P{priority}: the step {spaced(late.step.name)} can last until {moment_words(late.at)}, "
                f"past the start target of {target}, which is assumed"
            )
    return lines


def _assumed_members(model: PurchasingModel) -> list[str]:
    asked = {name for step in model.steps if set(step.ask) != {DIRECT} and step.whom == "tier" for name in step.tiers}
    unknown = [spaced(tier.name) for tier in model.tiers if tier.name in asked and not tier.count]
    if not unknown:
        return []
    return [f"  the document gives no count for {listed(unknown)}: {MEMBERS_ASSUMED} members assumed"]


def _counted_over_lots(model: PurchasingModel) -> list[str]:
    """A hint where a lot may hold fewer than the document counts, so that the time told is too long."""
    counted = [spaced(tier.name) for tier in model.tiers if tier.count and not (tier.per_lot or tier.per_locality)]
    if not model.lots or not counted:
        return []
    return [f"  {listed(counted)} counted over all lots; where each lot has so many of its own, write `per_lot: yes`"]


def _told(model: PurchasingModel, one: Exhausted) -> str:
    members = count_words(members_of(model, one.step), "member")
    waves = f"{members}, {count_words(one.waves, 'wave')}"
    return f"{spaced(one.step.name)} ({waves}) {moment_words(one.at)}"
