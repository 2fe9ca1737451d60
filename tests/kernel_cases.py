"""
Reads and runs the cases of `tests/cases/kernel`, in which a commissioner can check the kernel by hand.

A case names a model (a shipped document or one of `models/`, with changes), providers, a package and a story: what
happened when, and at each question what the kernel must answer. `outcome` words an answer as a case does; only what
a case mentions is compared.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from kernel_answers import DAYS, moment_words, outcome
from kernel_driver import Run, record_of

from calloff.documents.bank_holidays import calendar_for
from calloff.documents.purchasing_models import Document, load, parse
from calloff.domain.calendar import local, to_utc
from calloff.domain.contracts import Enrolment, Pool, PriceLine, Suspension
from calloff.domain.history import Ended, Held, Offered, Overridden, Released, Withdrawn
from calloff.domain.market import Standing, seconds
from calloff.domain.packages import Package, Visit
from calloff.domain.providers import Provider
from calloff.domain.purchasing_model import PurchasingModel
from calloff.domain.units import centipence_of

FOLDER = Path(__file__).parent / "cases" / "kernel"


def files_of(kind: str) -> list[dict[str, Any]]:
    """The files of one kind, in the order of their names."""
    every = [read_cases(path) for path in sorted(FOLDER.glob("*.yaml"))]
    return [one for one in every if one["kind"] == kind]


def cases_of(kind: str) -> list[dict[str, Any]]:
    """Every case of one kind, with what its file says for all of its cases."""
    cases = []
    for file in files_of(kind):
        shared = {key: value for key, value in file.items() if key in ("model", "providers", "package", "base")}
        cases += [{**shared, **case, "file": file["file"]} for case in file["cases"]]
    return cases


@cache
def _text(path: Path) -> str:
    return path.read_text("utf-8")


def read_cases(path: Path) -> dict[str, Any]:
    """One file; amounts stay the text that was written, so that 163.80 is no number to be rounded."""
    content = yaml.load(_text(path), Loader=yaml.BaseLoader)
    return {**content, "file": path.name}


def case_id(case: Mapping[str, Any]) -> str:
    return f"{case['file'].removesuffix('.yaml')}: {case['name']}"


# --- What is written, as values


def moment(text: str) -> datetime:
    """`Mon 5 March 2018 09:30`, local; seconds where they matter."""
    pattern = "%a %d %B %Y %H:%M:%S" if text.count(":") == 2 else "%a %d %B %Y %H:%M"
    wall = datetime.strptime(text, pattern)
    at = to_utc(wall.date(), wall.hour * 60 + wall.minute) + timedelta(seconds=wall.second)
    assert moment_words(at) == text, f"{text} is {moment_words(at)}"
    return at


def day(text: str) -> date:
    return datetime.strptime(text, "%d %B %Y").date()


def minutes(text: str) -> int:
    """`6 h`, `4.5 h` or `30 m`."""
    number, unit = text.split()
    found = float(number) * {"h": 60, "m": 1}[unit]
    assert found == int(found)
    return int(found)


def names(text: str | Sequence[str]) -> list[str]:
    return [one.strip() for one in text.split(",")] if isinstance(text, str) else list(text)


VISIT = re.compile(r"(\w{3})(?:-(\w{3}))? (\d\d):(\d\d) (\d+)m( x2)?( time-critical)?")


def visits(lines: Iterable[str]) -> tuple[Visit, ...]:
    """`mon-sun 08:00 30m`, with ` x2` for two care workers and ` time-critical`; day by day, as a pattern is read."""
    found = []
    for line in lines:
        match = VISIT.fullmatch(line)
        assert match, f"{line!r} is no visit; write mon-sun 08:00 30m"
        first, last, hour, minute, length, pair, critical = match.groups()
        for number in range(DAYS.index(first), DAYS.index(last or first) + 1):
            start = int(hour) * 60 + int(minute)
            found.append(Visit(number, start, int(length), 2 if pair else 1, bool(critical)))
    return tuple(sorted(found, key=lambda visit: (visit.day, visit.start_minute)))


def pools(written: str | Sequence[str], declared_at: datetime) -> tuple[Pool, ...]:
    """`14 h` for all parts of the day, or `morning 10 h`, `morning+bed 20 h`; a list for several."""
    found = []
    for one in [written] if isinstance(written, str) else written:
        *bands, number, unit = one.split()
        chosen = frozenset(bands[0].split("+")) if bands else frozenset()
        found.append(Pool(minutes(f"{number} {unit}"), declared_at, bands=chosen))
    return tuple(found)


def provider(name: str, about: Mapping[str, Any], nation: str) -> Provider:
    scale = about.get("scale", "care_inspectorate" if nation == "scotland" else "cqc")
    graded = about.get("grades", "4 4 4 4" if scale == "care_inspectorate" else "3 3 3 3").split()
    easting, northing = (int(one) for one in about.get("address", "0 0").split())
    return Provider(
        reference=name,
        name=name,
        organisation=name,
        nation=nation,
        service_types=frozenset(names(about.get("services", "care_at_home"))),
        in_house=about.get("role") == "in_house",
        registered_from=day(about.get("registered", "1 January 2010")),
        registered_to=day(about["registered_until"]) if "registered_until" in about else None,
        scale=scale,
        grades=tuple(int(one) for one in graded),  # type: ignore[arg-type]
        easting=easting,
        northing=northing,
    )


def enrolment(name: str, about: Mapping[str, Any], model: PurchasingModel, at: datetime) -> Enrolment:
    tier = about.get("tier", model.tiers[0].name)
    declared_at = moment(about["declared"]) if "declared" in about else at - timedelta(days=1)
    lines = [PriceLine(f"{name}#1", centipence_of(about["rate"]))] if "rate" in about else []
    for number, line in enumerate(about.get("lines", ()), 1):
        keys: dict[str, Any] = {key: value for key, value in line.items() if key != "rate"}
        keys |= {key: day(keys[key]) for key in ("from_on", "to_on") if key in keys}
        workers = int(keys.pop("workers", 0))
        lines.append(PriceLine(f"{name}#{number}", centipence_of(line["rate"]), workers=workers, **keys))
    optional = {
        key: day(about[key]) if key.endswith("_on") else frozenset(names(about[key]))
        for key in ("localities", "capabilities", "client_groups", "age_groups", "subcontractors", "from_on", "to_on")
        if key in about
    }
    return Enrolment(
        reference=name,
        provider=about.get("provider", name),
        tier=tier,
        role=about.get("role", model.tier(tier).role),
        lot=about.get("lot", ""),
        price_lines=tuple(lines),
        pools=pools(about["spare"], declared_at) if "spare" in about else (),
        block_minutes=minutes(about["block"]) if "block" in about else 0,
        ultimate_parent=about.get("parent", ""),
        local=about.get("local", "no") == "yes",
        suspensions=suspensions(about),
        quality_score=int(about.get("quality", "0")),
        later_scores=tuple((day(since), int(score)) for since, score in about.get("later_quality", {}).items()),
        past_referred_minutes=minutes(about.get("past_referred", "0 h")),
        past_subcontracted_minutes=minutes(about.get("past_subcontracted", "0 h")),
        **optional,
    )


def suspensions(about: Mapping[str, Any]) -> tuple[Suspension, ...]:
    """`suspended` and `stepped_in`: from a day on, or `3 March 2018 to 9 March 2018`."""
    found = []
    for word in ("suspended", "stepped_in"):
        if word in about:
            first, _, last = about[word].partition(" to ")
            found.append(Suspension(day(first), day(last) if last else None, word == "stepped_in"))
    return tuple(found)


def package(about: Mapping[str, Any], model: PurchasingModel) -> Package:
    plain = {
        key: about[key]
        for key in (
            "area_band",
            "service_type",
            "care_type",
            "delivery_model",
            "client_group",
            "age_group",
            "current_provider",
            "current_care_type",
            "chosen_provider",
        )
        if key in about
    }
    lists = {key: frozenset(names(about[key])) for key in ("needs", "complexity", "exclusions") if key in about}
    current = {key: day(about[key]) for key in ("current_ended_on", "current_since") if key in about}
    easting, northing = (int(one) for one in about.get("place", "0 0").split())
    return Package(
        reference=about.get("reference", "P-1"),
        approved_at=moment(about["approved"]),
        required_start_on=day(about["start"]),
        priority=int(about.get("priority", "P5")[1:]),
        nation=about.get("nation", model.nation),
        locality=about.get("locality", "North"),
        visits=visits(about["visits"]),
        current_minutes_per_week=minutes(about.get("current_hours", "0 h")),
        current_workers=int(about.get("current_workers", "1")),
        easting=easting,
        northing=northing,
        **plain,
        **lists,
        **current,
    )


# --- The model, and the run


def model_of(written: str | Mapping[str, Any]) -> PurchasingModel:
    """A shipped document, one of `models/`, or either with changes (`steps.framework.ask: waves_of(2)`)."""
    if isinstance(written, str):
        written = {"document": written}
    return _document(written["document"], yaml.safe_dump(written.get("changes", {}), sort_keys=False)).model


@cache
def _document(name: str, changes: str) -> Document:
    path = FOLDER / "models" / f"{name}.yaml"
    if not yaml.safe_load(changes):
        return load(str(path) if path.exists() else name)
    text = path.read_text("utf-8") if path.exists() else load(name).texts[-1][1]
    tree = yaml.load(text, Loader=yaml.BaseLoader)
    for where, value in yaml.safe_load(changes).items():
        change(tree, where.split("."), copy.deepcopy(value))
    return parse([(f"{name} with changes", yaml.safe_dump(tree, sort_keys=False))])


def change(tree: Any, where: Sequence[str], value: Any) -> None:
    """Replace what stands at a place; `none` takes it away; a step or tier is found by its name."""
    for key in where[:-1]:
        tree = next(one for one in tree if one["name"] == key) if isinstance(tree, list) else tree[key]
    if value == "none":
        del tree[where[-1]]
    else:
        tree[where[-1]] = value


def document_text(case: Mapping[str, Any]) -> str:
    """The text of a case of the kind `documents`: the base with one place rewritten, and lines added at its end."""
    text = case["base"]
    if "instead_of" in case:
        assert text.count(case["instead_of"]) == 1, "the place to rewrite is not told apart"
        write = case["write"]
        text = text.replace(case["instead_of"], f"\n  {write}" if case.get("block") else write)
    return text + case["add"] + "\n" if "add" in case else text


class CaseRun(Run):
    """A case on its way."""

    @classmethod
    def start(cls, case: Mapping[str, Any]) -> CaseRun:
        model = model_of(case["model"])
        asked = package(case["package"], model)
        about = {name: one or {} for name, one in case["providers"].items()}
        at = asked.approved_at
        rows = tuple(enrolment(name, one, model, at) for name, one in about.items())
        services = {one.provider: provider(one.provider, about[one.reference], asked.nation) for one in reversed(rows)}
        standing = Standing(
            rows,
            services,
            {asked.nation: calendar_for(asked.nation)},
            tuple({asked.locality, *names(case.get("localities", "North, South"))}),
            case.get("seed", "a seed published before the year"),
        )
        run = cls.of(model, asked, standing)
        for name in names(case.get("turns_taken", [])):
            run.counters.take_turn(standing.row_of[name])
        return run

    def play(self, story: Sequence[Mapping[str, Any]]) -> Iterable[tuple[Mapping[str, Any], dict[str, Any]]]:
        """Play a story; at each question what is expected beside what was answered."""
        for entry in story:
            at = moment(entry["at"])
            if "event" in entry:
                self.happen(at, entry["event"].split(), entry)
            if "then" in entry:
                yield entry["then"], self.question(at, entry)

    def question(self, at: datetime, entry: Mapping[str, Any]) -> dict[str, Any]:
        decision = self.ask(at)
        assert record_of(decision) == record_of(self.ask(at)), "the same question, another record"
        found = outcome(decision, self)
        if entry.get("confirmed", "yes") == "yes":
            self.carry_out(decision, at)
        return {key: found.get(key, "nothing") for key in entry["then"]}

    def happen(self, at: datetime, words: Sequence[str], entry: Mapping[str, Any]) -> None:
        self.settle(at)
        who, does, *rest = words
        if who == "council":
            self.council(at, does, rest)
        elif does == "declares":
            self.declare(at, who, minutes(" ".join(rest)))
        elif does in ("loses", "regains"):
            sign = 1 if does == "loses" else -1
            self.counters.used[self.pool(who)] += sign * minutes(" ".join(rest))
        else:
            answer = {"accepts": "accept", "offers": "part", "declines": "decline"}[does]
            self.answer(
                Offered(
                    who,
                    at,
                    answer,
                    reason=rest[0] if rest else "",
                    visits=visits(entry.get("visits", ())),
                    centipence_per_hour=centipence_of(entry.get("rate", "0")),
                    start_on=day(entry["start"]) if "start" in entry else None,
                    delivered_by=entry.get("delivered_by", ""),
                )
            )

    def council(self, at: datetime, does: str, rest: Sequence[str]) -> None:
        if does == "suspends":
            rows = [
                replace(one, suspensions=(Suspension(local(at).date()),)) if one.reference == rest[0] else one
                for one in self.standing.enrolments
            ]
            self.standing = replace(self.standing, enrolments=tuple(rows))
            return
        event = {
            "holds": lambda: Held(at, rest[0]),
            "releases": lambda: Released(at),
            "withdraws": lambda: Withdrawn(at, rest[0]),
            "ends": lambda: Ended(rest[0], at, rest[1]),
            "orders": lambda: Overridden(at, rest[0], "a named team manager", rest[1]),
        }[does]()
        self.history.append(event)

    def declare(self, at: datetime, who: str, spare: int) -> None:
        pool = self.pool(who)
        if spare > self.counters.declared[pool]:
            self.counters.raised_at[pool] = seconds(at)
        self.counters.declared[pool] = spare
        self.counters.declared_at[pool] = seconds(at)

    def pool(self, who: str) -> int:
        return next(number for number, pool in enumerate(self.standing.pools) if self.name(pool.row) == who)

    def name(self, row: int) -> str:
        return self.standing.enrolments[row].reference


def fits(expected: Mapping[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """What was found, less the details of a call-off that the case does not mention."""
    if not isinstance(found.get("call_off"), Mapping) or not isinstance(expected.get("call_off"), Mapping):
        return found
    parts = {
        who: {key: value for key, value in part.items() if key in expected["call_off"].get(who, ())}
        for who, part in found["call_off"].items()
    }
    return {**found, "call_off": parts}
