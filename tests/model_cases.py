"""
Runs the cases of `tests/cases/models`: one made-up market through each purchasing model, whole and less one rule.

`market.yaml` holds twelve invented providers and forty packages; a file for each document enrols the providers, says
who answers what, what it adds to the facts of a package (`packages`: that the person leads, that the need is
complex), and what must come of every package, one line each. `effects` runs the document again without each of its
rules. From here the page of models is made:

    PYTHONPATH=src:tests .venv/bin/python tests/model_cases.py             writes docs/reference/models.md
    PYTHONPATH=src:tests .venv/bin/python tests/model_cases.py --outcomes  writes the lines `outcomes:` of every case

The second is for whoever changes a rule or the market on purpose; each line it changes must be checked by hand.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from model_outcomes import Outcome, difference, kind_of_change, outcome

from calloff.cases.written import day, minutes, moment, names, visits
from calloff.documents.bank_holidays import calendar_for
from calloff.documents.models_page import Effect, Shown, models_page
from calloff.documents.purchasing_models import Document, read_model, shipped
from calloff.documents.rules import Rule, rules, without
from calloff.domain.calendar import local, to_utc
from calloff.domain.contracts import Enrolment, Pool, PriceLine, Suspension
from calloff.domain.decisions import Invitation
from calloff.domain.history import Offered
from calloff.domain.market import Standing
from calloff.domain.packages import Package
from calloff.domain.providers import SCALES, Provider
from calloff.domain.units import centipence_of
from calloff.simulator.allocate import START_TARGET_DAYS
from calloff.simulator.log import DecisionLog
from calloff.simulator.responders import PROMPT_REPLY, taken
from calloff.simulator.run import Run, Side

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "cases" / "models"
PAGE = ROOT / "docs" / "reference" / "models.md"
LOCALITIES = ("Harbour", "Vale", "Moor", "Quay")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")


@cache
def read(name: str) -> dict[str, Any]:
    """One file; amounts stay the text that was written."""
    content: dict[str, Any] = yaml.load((FOLDER / f"{name}.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)
    return content


def case_names() -> list[str]:
    """The documents that have a case, by id."""
    return sorted(path.stem for path in FOLDER.glob("*.yaml") if path.stem != "market")


# --- What is written, as values


def provider(name: str, about: Mapping[str, Any], nation: str) -> Provider:
    """A provider on its nation's scale: four grades, or one rating for all areas, which is `none` for a new one."""
    scale = "care_inspectorate" if nation == "scotland" else "cqc"
    grades = tuple(int(one) for one in about["grades"].split())
    easting, northing = (int(one) for one in about["address"].split())
    return Provider(
        reference=name,
        name=name,
        organisation=name,
        nation=nation,
        service_types=frozenset(names(about.get("services", "care_at_home"))),
        in_house=about.get("own") == "yes",
        registered_from=date(2010, 1, 1),
        registered_to=None,
        scale=scale,
        grades=grades if scale == "care_inspectorate" else (SCALES["cqc"].get(about["rated"], 0),) * 4,
        easting=easting,
        northing=northing,
    )


SPARE = re.compile(r"([\d.]+ h)(?: ([a-z+]+))?(?: in ([\w+]+))?(?:, declared (\d+) days ago)?")


def pool(written: str, begins_at: datetime) -> Pool:
    """`200 h`, `7 h in Quay`, `3.5 h morning in Vale+Moor`, `7 h in Quay, declared 20 days ago`."""
    match = SPARE.fullmatch(written)
    assert match, f"{written!r} is no declaration; write 7 h morning in Quay"
    hours, bands, areas, ago = match.groups()
    declared_at = begins_at - timedelta(days=int(ago or 0))
    return Pool(minutes(hours), declared_at, frozenset(names_in(areas)), frozenset(names_in(bands)))


def names_in(joined: str | None) -> list[str]:
    return joined.split("+") if joined else []


def enrolment(name: str, tier: str, reference: str, about: Mapping[str, Any], case: CaseOf) -> Enrolment:
    """A provider's place in a tier; what it can do and whom it serves is the market's, where the case is silent."""
    from_market = case.providers[name]
    both = {**from_market, **about}
    sets = {
        key: frozenset(names(both[key]))
        for key in ("localities", "capabilities", "client_groups", "age_groups", "subcontractors")
        if key in both
    }
    lines = [PriceLine(f"{reference}#1", centipence_of(about["rate"]))] if "rate" in about else []
    for care_type in ("personal_care", "independent_living"):
        if care_type in about:
            lines.append(PriceLine(f"{reference}#{care_type}", centipence_of(about[care_type]), care_type=care_type))
    since = local(case.begins_at).date()
    spare = about.get("spare", [])
    return Enrolment(
        reference=reference,
        provider=name,
        tier=tier,
        role=case.document.model.tier(tier).role,
        price_lines=tuple(lines),
        pools=tuple(pool(one, case.begins_at) for one in ([spare] if isinstance(spare, str) else spare)),
        block_minutes=minutes(about.get("block", "0 h")),
        local=about.get("local") == "yes",
        past_referred_minutes=minutes(about.get("past_referred", "0 h")),
        past_subcontracted_minutes=minutes(about.get("past_subcontracted", "0 h")),
        quality_score=int(about.get("quality", "0")),
        later_scores=tuple((day(on), int(score)) for on, score in about.get("later_quality", {}).items()),
        lot=about.get("lot", ""),
        from_on=since + timedelta(days=WEEKDAYS.index(about["joins"])) if "joins" in about else None,
        suspensions=(Suspension(since, step_in=True),) if about.get("stepped_in") == "yes" else (),
        **sets,
    )


def package(reference: str, about: Mapping[str, Any], case: CaseOf) -> Package:
    """A package of the market, its days counted from the case's beginning."""
    place = case.market["places"][about["lives"]]
    easting, northing = (int(one) for one in place["at"].split())
    weekday, clock = about.get("approved", "Mon 09:30").split()
    begins_on = local(case.begins_at).date()
    hour, minute = (int(one) for one in clock.split(":"))
    approved_on = begins_on + timedelta(days=WEEKDAYS.index(weekday))
    priority = int(about["priority"][1:])
    start = approved_on + timedelta(days=START_TARGET_DAYS[priority])
    if about.get("wanted") == "the day after the term":
        start = case.document.model.term.last_on + timedelta(days=1)
    current: dict[str, Any] = {}
    if "ended_days_ago" in about:
        current["current_ended_on"] = begins_on - timedelta(days=int(about["ended_days_ago"]))
    if about.get("legacy") == "yes":
        current["current_since"] = case.document.model.term.from_on - timedelta(days=365)
    plain = ("service_type", "care_type", "delivery_model", "client_group", "age_group", "chosen_provider")
    return Package(
        reference=reference,
        approved_at=to_utc(approved_on, hour * 60 + minute),
        required_start_on=start,
        priority=priority,
        nation=case.document.model.nation,
        locality=about["lives"],
        area_band=place["area"],
        visits=visits(about["visits"].split("; ")),
        needs=frozenset(names(about.get("needs", []))),
        complexity=frozenset(names(about.get("complexity", []))),
        exclusions=frozenset(names(about.get("exclusions", []))),
        current_provider=about.get("current_provider", ""),
        current_minutes_per_week=minutes(about.get("current_hours", "0 h")),
        easting=easting,
        northing=northing,
        **{key: about[key] for key in plain if key in about},
        **current,
    )


BID = r"(?: at ([\d.]+))?(?: starting (\d+) days late)?"
ANSWER = re.compile(rf"(accepts|declines|offers|silent)(?: (.*?))??{BID}(?: through (\w+))?(?: after (.+))?")


@dataclass
class FromCase:
    """Answers as a case writes them; who is not named accepts after half an hour what its spare minutes hold.

    The first line that names a provider counts, so that `everyone else` stands last. Packages that are offered
    together are answered together, as `P-34 + P-35`. `bids` are what a provider's
    yes says of price and start, ` at 22.40 starting 2 days late`, where the line itself says nothing of them.
    """

    written: Mapping[str, Mapping[str, str]]
    bids: Mapping[str, str] = field(default_factory=dict)
    used: set[tuple[str, str]] = field(default_factory=set)

    def answers(self, package: Package, invitation: Invitation, wave: int, sent_at: datetime) -> list[Offered]:
        found = self.given(package, invitation, sent_at)
        return [self.with_bid(package, one, self.bids.get(invitation.provider, "")) for one in found]

    def given(self, package: Package, invitation: Invitation, sent_at: datetime) -> list[Offered]:
        reference = " + ".join(package.lot_of) or package.reference
        for who, answer in self.written.get(reference, {}).items():
            if who == "everyone else" or invitation.provider in names(who):
                self.used.add((reference, who if who == "everyone else" else invitation.provider))
                return self.answer(package, invitation, answer, sent_at)
        return [taken(package, invitation, invitation.covers, min(sent_at + PROMPT_REPLY, invitation.deadline_at))]

    @staticmethod
    def with_bid(package: Package, offered: Offered, bid: str) -> Offered:
        """An offer with a bid's price and start, unless it has its own or refuses; in a crisis nobody starts late."""
        match = re.fullmatch(BID, bid)
        assert match, f"{bid!r} is no bid; write at 22.40 starting 2 days late"
        if offered.answer == "decline" or offered.centipence_per_hour or offered.start_on:
            return offered
        late = int(match[2] or 0) if package.priority > 2 else 0
        start = package.required_start_on + timedelta(days=late) if late else None
        return replace(offered, centipence_per_hour=centipence_of(match[1] or "0"), start_on=start)

    def of_nobody(self) -> list[tuple[str, str]]:
        """The answers, by package and provider, that no invitation asked for."""
        given = {
            (reference, name)
            for reference, lines in self.written.items()
            for who in lines
            for name in ([who] if who == "everyone else" else names(who))
        }
        return sorted(given - self.used)

    def unused(self) -> int:
        return len(self.of_nobody())

    @classmethod
    def answer(cls, package: Package, invitation: Invitation, written: str, sent_at: datetime) -> list[Offered]:
        """`accepts at 21.50 after 2 h`, `declines location`, `offers mon-sun 08:30 30m after 1 h`, `silent`."""
        match = ANSWER.fullmatch(written)
        assert match, f"{written!r} is no answer; write declines location after 1 h"
        does, detail, rate, late, through, after = match.groups()
        if does == "silent":
            return []
        at = sent_at + (timedelta(minutes=minutes(after)) if after else PROMPT_REPLY)
        named = next((one for one in invitation.subcontractors if through and through in one), "")
        if does == "accepts":
            offer = taken(package, invitation, invitation.covers, at)
            bid = (f" at {rate}" if rate else "") + (f" starting {late} days late" if late else "")
            return [cls.with_bid(package, replace(offer, delivered_by=named or offer.delivered_by), bid)]
        if does == "declines":
            return [Offered(invitation.enrolment, at, "decline", detail)]
        return [Offered(invitation.enrolment, at, "part", visits=visits(detail.split("; ")), delivered_by=named)]


# --- A case, and its runs


@dataclass
class CaseOf:
    """The market as one document buys from it."""

    name: str
    market: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.market = read("market")
        self.about = read(self.name)
        self.document = shipped(self.name)
        self.begins_at = moment(self.about["begins"])

    @property
    def providers(self) -> dict[str, dict[str, Any]]:
        """The market's providers, where the case says otherwise of one (a new one is not rated) with that."""
        otherwise = self.about.get("providers", {})
        return {name: {**about, **otherwise.get(name, {})} for name, about in self.market["providers"].items()}

    @property
    def packages(self) -> list[Package]:
        """The market's packages; what the case says of one stands over what the market says."""
        own = self.about.get("packages", {})
        assert set(own) <= set(self.market["packages"]), "a case speaks of a package that the market does not have"
        every = self.market["packages"].items()
        return [package(reference, {**about, **own.get(reference, {})}, self) for reference, about in every]

    @property
    def enrolments(self) -> tuple[Enrolment, ...]:
        found: dict[str, Enrolment] = {}
        for tier, members in self.about["enrolled"].items():
            for name, about in members.items():
                reference = name if name not in found else f"{name} as {tier}"
                found[reference] = enrolment(name, tier, reference, about, self)
        return tuple(found.values())

    def standing(self) -> Standing:
        nation = self.document.model.nation
        return Standing(
            self.enrolments,
            {name: provider(name, about, nation) for name, about in self.providers.items()},
            {nation: calendar_for(nation)},
            LOCALITIES,
            self.about["seed"],
        )

    def run(self, rule: Rule | None = None) -> dict[str, Outcome]:
        """What comes of every package, under the whole document or less one rule."""
        document = self.document
        if rule is not None:
            model = read_model(without(document.tree, rule), f"without {rule.path}", partial=True)
            document = Document(model, document.texts, document.tree)
        log = DecisionLog(io.StringIO(), [document]) if rule is None else NoLog()
        standing = self.standing()
        bids = {name: f" {bid}" for name, bid in self.about.get("bids", {}).items()}
        self.responder = FromCase(self.about.get("answers", {}), bids)
        run = Run([Side.of(document.model, standing)], self.responder, log, self.begins_at)
        run.carry_out([(one, one.approved_at) for one in self.packages])
        return {reference: outcome(run, case) for reference, case in sorted(run.cases.items())}

    def answers_of_nobody(self) -> list[tuple[str, str]]:
        """Answers that the case gives and nobody was asked for, under the whole document."""
        self.run()
        return self.responder.of_nobody()


@dataclass
class NoLog:
    """Counts decisions and writes none: what a run without a rule decided is compared by its outcomes alone."""

    count: int = 0

    def add(self, decision: Any) -> None:
        self.count += 1

    def add_lot(self, lot: Any, model: Any) -> None:
        """Whose sum a lot is, is nothing that is counted."""


# --- What each rule does


@cache
def whole(name: str) -> dict[str, Outcome]:
    """The outcomes under the whole document."""
    return CaseOf(name).run()


@cache
def effect(name: str, path: str) -> dict[str, tuple[Outcome, Outcome]]:
    """The packages whose outcome differs when the rule is taken away, with and without it."""
    case = CaseOf(name)
    rule = next(one for one in rules(case.document.tree) if one.path == path)
    before, after = whole(name), case.run(rule)
    return {one: (before[one], after[one]) for one in before if before[one] != after[one]}


def told(name: str) -> Shown:
    """
    The document as the page shows it: each rule by the package that fewest other rules touch.

    A rule about time is best shown where only the moment moves, any other where the person gets another provider.
    """
    document = shipped(name)
    found = {rule.path: effect(name, rule.path) for rule in rules(document.tree)}
    touched = [reference for changed in found.values() for reference in changed]
    effects = []
    for rule in rules(document.tree):
        changed = found[rule.path]
        assert changed, f"{name}: taking {rule.path} away changes nothing"
        sign = -1 if rule.path.endswith(("reply_within", "opens_after")) else 1
        kinds = {one: sign * kind_of_change(*changes) for one, changes in changed.items()}
        reference = min(changed, key=lambda one: (kinds[one], touched.count(one), one))
        effects.append(Effect(rule, reference, *difference(*changed[reference]), len(changed)))
    return Shown(document, f"tests/cases/models/{name}.yaml", tuple(effects))


def page() -> str:
    """The page of models as it must stand in docs/reference/models.md."""
    return models_page([told(name) for name in case_names()], read("market"))


def write_models_page(root: Path = ROOT) -> None:
    """Make docs/reference/models.md anew."""
    (root / "docs" / "reference" / "models.md").write_text(page(), encoding="utf-8")


def write_outcomes(name: str) -> None:
    """Write the lines of a case anew, which stand at its end."""
    path = FOLDER / f"{name}.yaml"
    head = path.read_text("utf-8").partition("\noutcomes:\n")[0]
    lines = "".join(f"  {reference}: '{line}'\n" for reference, line in whole(name).items())
    path.write_text(f"{head}\noutcomes:\n{lines}", encoding="utf-8")


if __name__ == "__main__":
    if "--outcomes" in sys.argv:
        for one in case_names():
            write_outcomes(one)
    else:
        write_models_page()
