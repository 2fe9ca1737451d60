"""
A package's whole story in plain English, told from a log of decisions alone.

The figures are those that the records hold; the sentences come from the versioned table of wordings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from calloff.documents.wording import (
    condition_words,
    count_words,
    day_words,
    listed,
    moment_words,
    pattern_words,
    say,
    sentence,
    spaced,
    visits_words,
    worded,
    wording,
)
from calloff.domain.decisions import Ending, Invitation, Part
from calloff.domain.ground import ground_of
from calloff.domain.history import CalledOff, Held, Invited, Offered, Overridden, Released, Withdrawn
from calloff.domain.packages import Package
from calloff.domain.placing import parts_of_members
from calloff.domain.purchasing_model import Step
from calloff.domain.records import revive
from calloff.domain.story import DECLINED, EXPIRED, Turn
from calloff.domain.units import pence_per_week, pounds
from calloff.simulator.order_told import order_told, scores_told
from calloff.simulator.scene import Scene
from calloff.simulator.tale import SHORT_HASH, Tale, read_tale

Lines = list[str]


def explain(log: Path, package: str) -> str:
    """
    The story of one package of a log, from what was asked to how to check it.

    Raises BadInputError naming a few references when the log does not hold the package, ReplayError when the
    file is no decision log or what it holds of this package was altered.
    """
    tale = read_tale(log, package)
    teller = Teller(tale)
    return "\n".join([*teller.asked_for(), *teller.document(), *teller.story(), *teller.end(), *teller.check()])


class Teller:
    """Tells a tale section by section; `parts` and `last` gather what the end needs while the story is told."""

    def __init__(self, tale: Tale) -> None:
        self.tale = tale
        self.scenes = [Scene(tale, record) for _, record in tale.decisions]
        self.last = self.scenes[-1]
        self.package: Package = tale.facts.value(tale.own, Package)
        self.parts: list[Part] = []
        self.ordered: set[str] = set()
        self.passed: set[tuple[str, int]] = set()
        self.told: set[tuple[int, str]] = set()

    # -- before the story

    def asked_for(self) -> Lines:
        package = self.package
        needs = worded("capabilities", sorted(package.needs), nothing="none beyond the visits")
        lines = [
            f"Package {package.reference}",
            "",
            "What was asked for",
            *indented([f"{visits_words(package.visits)}:", *bulleted(pattern_words(package.visits))]),
            f"    priority: P{package.priority}, {say('priorities', f'P{package.priority}')}",
            f"    approved: {moment_words(package.approved_at)}; to begin on {day_words(package.required_start_on)}",
            f"    care: {self._care()}",
            f"    needs: {needs}",
            f"    place: {package.locality}, {say('area_bands', package.area_band)}",
        ]
        return [*lines, *self._persons_facts()]

    def _care(self) -> str:
        package = self.package
        service, care = say("service_types", package.service_type), say("care_types", package.care_type)
        way = say("delivery_models", package.delivery_model)
        group, age = say("client_groups", package.client_group), say("age_groups", package.age_group)
        return f"{service} ({care}) as {way}, for {group}, aged {age}"

    def _persons_facts(self) -> Lines:
        """What else decides who may be asked, where there is any."""
        package, names, lines = self.package, self._provider_name, []
        if package.complexity:
            lines.append(f"    complex because of: {worded('complexity', sorted(package.complexity))}")
        if package.current_provider:
            ended = package.current_ended_on
            until = f", until {day_words(ended)}" if ended else ""
            lines.append(f"    cared for by: {names(package.current_provider)}{until}")
        if package.chosen_provider:
            lines.append(f"    the person chose: {names(package.chosen_provider)}")
        if package.exclusions:
            lines.append(f"    not to be asked: {listed(names(one) for one in sorted(package.exclusions))}")
        return lines

    def _provider_name(self, reference: str) -> str:
        provider = self.last.standing.providers.get(reference)
        return provider.name if provider else reference

    def document(self) -> Lines:
        """The document that governs the package, or each of those that turned it away."""
        used = {scene.model.document_hash: scene.document for scene in self.scenes}
        lines = ["", "Under which document" if len(used) == 1 else "Under which document: none of these governs it"]
        for document in used.values():
            model, texts = document.model, [name for name, _ in document.texts]
            lines += [
                f"    {model.title}, version {model.version}",
                f"    in force from {day_words(model.term.from_on)} to {day_words(model.term.last_on)}",
                f"    read from {', then '.join(texts)}",
            ]
        others = [one.model.title for key, one in self.tale.documents.items() if key not in used]
        if others:
            lines.append(f"    It governs this package, and not {listed(others, 'or')}, which the council has as well.")
        return lines

    # -- the story

    def story(self) -> Lines:
        lines = ["", "What happened (times in London)"]
        seen, heading = 0, ""
        for place, scene in enumerate(self.scenes):
            asked_anew = place == 0 or scene.package != self.scenes[place - 1].package
            if asked_anew:
                seen = 0
                self.ordered, self.passed, self.told = set(), set(), set()
            blocks = sorted(self.happened(scene, seen), key=lambda block: block[0])
            seen = len(scene.events)
            blocks.append((scene.at, [*(self.as_a_lot(scene) if asked_anew else []), *self.decided(scene, place)]))
            for at, block in blocks:
                # What happens at one moment stands under one heading.
                head = f"  {moment_words(at)}"
                lines += [*([head] if head != heading else []), *indented(block)]
                heading = head
        return lines

    def as_a_lot(self, scene: Scene) -> Lines:
        """In which company a package is offered, where it is; that it was in vain, where it is asked for alone."""
        if scene.lot is not None:
            others = [one.reference for one in scene.lot.members if one.reference != self.package.reference]
            what = f"offered whole, {visits_words(scene.package.visits)}"
            return [f"In a lot with {listed(others)} of the same small area ({scene.package.reference}), {what}."]
        if scene is not self.scenes[0]:
            return ["Nobody took the lot, so that each of its packages is asked for by itself."]
        return []

    def happened(self, scene: Scene, seen: int) -> Iterator[tuple[datetime, Lines]]:
        """What came in since the decision before: answers, silence, holds, orders."""
        for place, event in enumerate(scene.events):
            if place < seen:
                continue
            if isinstance(event, Offered):
                yield event.at, [self.answer(scene, event, place)]
            elif isinstance(event, Held):
                yield event.at, [f"The package was put on hold ({spaced(event.reason)})."]
            elif isinstance(event, Released):
                yield event.at, ["The hold ended."]
            elif isinstance(event, Withdrawn):
                yield event.at, [f"The package was withdrawn ({spaced(event.reason)})."]
            elif isinstance(event, Overridden):
                reason = say("overrides", event.reason)
                who = scene.named(event.enrolment)
                yield event.at, [f"{event.by} ordered that {who} be asked, because {reason}."]
        yield from self.settled(scene)

    def settled(self, scene: Scene) -> Iterator[tuple[datetime, Lines]]:
        """Invitations that ran out, and answers that the document turns down, each told once."""
        for place, turn in enumerate(scene.story.invitations):
            by_rule = turn.state == DECLINED and turn.offer is not None and turn.offer.answer != "decline"
            if (turn.state == EXPIRED or by_rule) and (place, turn.state) not in self.told and turn.settled_at:
                self.told.add((place, turn.state))
                yield turn.settled_at, [self.turned_down(scene, turn)]

    def turned_down(self, scene: Scene, turn: Turn) -> str:
        row = scene.standing.row_of[turn.invited.enrolment]
        return say("declines", turn.reason, most=scene.most_providers, **scene.figures_of(row))

    def answer(self, scene: Scene, offer: Offered, place: int) -> str:
        """What a provider answered, and whether it came in time."""
        asked = [one for one in scene.events[:place] if isinstance(one, Invited) and one.enrolment == offer.enrolment]
        if not asked:
            return f"{scene.named(offer.enrolment)} answered without having been asked, which does not count."
        invited, row = asked[-1], scene.standing.row_of[offer.enrolment]
        if offer.answer == "decline":
            text = say("declines", offer.reason or "other", **scene.figures_of(row))
        else:
            text = f"{scene.name(row)} {scene.offered(offer, invited)}."
        late = offer.at > invited.deadline_at
        return f"{text} This came after its deadline and does not count." if late else text

    def decided(self, scene: Scene, place: int) -> Lines:
        result, lines = scene.record["result"], Lines()
        for one in result["ends"]:
            ending = revive(Ending, one)
            lines.append(scene.ending(scene.standing.row_of[ending.enrolment], ending.reason))
        # A referral at the first look says why at the end, step by step.
        if place == 0 and "gates" in scene.record and (result["kind"] != "refer" or len(self.scenes) > 1):
            lines += self.could_not_be_asked(scene)
        if "order" in scene.record:
            lines += self.order(scene)
        tell = {"invite": self.invited, "call_off": self.called_off, "wait": self.waits, "refer": self.referred}
        return [*lines, *tell[result["kind"]](scene, result), *self.beside_an_order(scene)]

    def could_not_be_asked(self, scene: Scene) -> Lines:
        reasons = [scene.why_not(row) for row in range(len(scene.standing.enrolments))]
        could_not = [reason for reason in reasons if reason]
        if not could_not:
            return ["First look: everybody enrolled passed every gate."]
        count = f"{len(could_not)} of the {len(reasons)} enrolled could not be asked:"
        return [f"First look: {count}", *bulleted(could_not)]

    # -- the order

    def order(self, scene: Scene) -> Lines:
        """The order at a step, told when the step is first reached, its scores, and who was passed over at any time."""
        number, step = scene.step(scene.record["result"]["step"])
        lines = Lines()
        if step.name not in self.ordered:
            self.ordered.add(step.name)
            lines += order_told(scene, step, number)
        if "scores" in scene.record:
            lines += scores_told(scene, step)
        return [*lines, *self.passed_over(scene, step)]

    def passed_over(self, scene: Scene, step: Step) -> Lines:
        """Those of the step who pass every gate and have no answer yet, but too few spare hours: told once a step."""
        if step.whom != "tier":
            return []
        placed = {entry[0] for entry in scene.record["order"]}
        busy = {turn.invited.provider for turn in scene.story.invitations}
        busy |= {scene.standing.enrolments[scene.standing.row_of[part.enrolment]].provider for part in self.parts}
        lines = []
        for row, enrolment in enumerate(scene.standing.enrolments):
            of_step = enrolment.tier in step.tiers and row not in placed and enrolment.provider not in busy
            if of_step and not scene.enforced(row) and (step.name, row) not in self.passed:
                self.passed.add((step.name, row))
                lines.append(f"Passed over: {scene.passed_over(row)}")
        return lines

    # -- the four answers

    def invited(self, scene: Scene, result: dict[str, Any]) -> Lines:
        invitations = [revive(Invitation, one) for one in result["invitations"]]
        names = listed(scene.named(one.enrolment) for one in invitations)
        by = listed(dict.fromkeys(moment_words(one.deadline_at) for one in invitations))
        all_of_it = len(invitations[0].visits) == len(scene.package.visits)
        what = "all visits" if all_of_it else f"the {visits_words(scene.visits(invitations[0].visits))} still to place"
        lines = [f"Asked for {what}: {names}, to answer by {by}."]
        for one in invitations:
            whom = f"{scene.named(one.enrolment)}: " if len(invitations) > 1 else ""
            if one.covers != one.visits and one.covers:
                lines.append(f"{whom}Its spare hours hold {visits_words(scene.visits(one.covers))} of them.")
            if one.quota:
                able = listed((scene.named(sub) for sub in one.subcontractors), "or")
                percent = scene.model.quota.minimum_percent if scene.model.quota else 0
                lines.append(whom + say("quotas", one.quota, able=able, percent=percent))
        return lines

    def called_off(self, scene: Scene, result: dict[str, Any]) -> Lines:
        lines = []
        for one in result["parts"]:
            part: Part = revive(Part, one)
            lines += [scene.part(part), *scene.more_of(part)]
            if scene.lot is not None and self.package in scene.lot.members:
                ground = ground_of(scene.standing, scene.model)
                part = parts_of_members(ground, scene.lot, part)[scene.lot.members.index(self.package)]
                lines.append(f"Of this, {per_week(part.cost)} is for package {self.package.reference}.")
            self.parts.append(part)
        reasons = dict.fromkeys(one["reason"] for one in result["parts"] if one.get("reason"))
        return [*(say("part_reasons", reason) for reason in reasons), *lines]

    @staticmethod
    def waits(scene: Scene, result: dict[str, Any]) -> Lines:
        until = moment_words(revive(datetime, result["until"])) if result["until"] else ""
        return [say("waits", result["reason"], until=until)]

    def referred(self, scene: Scene, result: dict[str, Any]) -> Lines:
        lines = [say("refers", result["reason"])]
        if "obstacle" in scene.record:
            lines.append(scene.obstacle(*scene.record["obstacle"]))
        waits_for = [scene.named(one) for one in result.get("passed_over", ())]
        if waits_for:
            lines.append(f"The search opens again when hours come free at {listed(waits_for, 'or')}.")
        lines += [sentence(say("routes", route)) for route in result.get("routes", ())]
        choice = scene.may_be_chosen()
        if choice is not None:
            lines.append(f"Past every gate, for the person to choose from: {listed(choice, nothing='nobody')}.")
        return lines

    @staticmethod
    def beside_an_order(scene: Scene) -> Lines:
        """What the rules alone would have done, and why an order was refused."""
        lines, own = Lines(), scene.record.get("own_answer")
        if own is not None:
            asked = [scene.named(one["enrolment"]) for one in (*own.get("invitations", ()), *own.get("parts", ()))]
            lines.append(say("own_answers", own["kind"], providers=listed(asked)))
        refused = scene.record.get("override_refused")
        if refused:
            order = next(one for one in reversed(scene.events) if isinstance(one, Overridden))
            reason = scene.why_not(scene.standing.row_of[order.enrolment], refused)
            lines.append(f"The order was refused, since no order sets this gate aside: {reason}")
        return lines

    # -- after the story

    def end(self) -> Lines:
        scene, lines = self.last, ["", "How it stands at the end of the log"]
        own = scene.events if scene.package == self.package else ()
        placed = {number for event in own if isinstance(event, CalledOff) for number in event.visits}
        placed |= {number for part in self.parts for number in part.visits}
        left = [visit for number, visit in enumerate(self.package.visits) if number not in placed]
        if self.parts:
            cost = sum(part.cost for part in self.parts)
            names = listed(dict.fromkeys(scene.named(part.enrolment) for part in self.parts))
            lines.append(f"    Called off: {count_words(len(placed), 'visit')} to {names}, {per_week(cost)}.")
        if left:
            lines.append(f"    Not placed: {visits_words(left)}.")
        if scene.record["result"]["kind"] == "invite" and left:
            lines.append("    Answers to the last invitations are not in the log; it ends before the next decision.")
        if "proof" in scene.record:
            lines += ["    Why no step is left:", *indented(self.proof(scene))]
        return lines

    def proof(self, scene: Scene) -> Lines:
        lines = Lines()
        for number, entry in enumerate(scene.record["proof"], 1):
            _, step = scene.step(entry["step"])
            if entry.get("condition") == "not_met":
                conditions = [condition_words(one) for one in step.when]
                if step.within_days:
                    conditions.append(say("conditions", "within_days", days=step.within_days))
                why = [say("proof", "not_met", condition=listed(conditions))]
            else:
                why = bulleted(scene.why_not_asked(row, code) for row, code in entry["candidates"])
                why = why or [say("proof", "nobody")]
            lines += [f"Step {number}, “{spaced(step.name)}”:", *(f"  {one}" for one in why)]
        return lines

    def check(self) -> Lines:
        hashes = [digest[:SHORT_HASH] for digest, _ in self.tale.decisions]
        return [
            "",
            "How to check it",
            f"    ./calloff replay {self.tale.path}",
            "    works every decision of the log out again from its own facts and must find none that differs.",
            f"    Records of this package (first {SHORT_HASH} of 64 characters): {', '.join(hashes)}",
            f"    Document {self.last.model.document_hash[:SHORT_HASH]}, wordings version {wording().version}",
        ]


def per_week(cost: int) -> str:
    return f"{pounds(pence_per_week(cost))} a week"


def indented(lines: Iterable[str]) -> Lines:
    return [f"    {line}" for line in lines]


def bulleted(lines: Iterable[str]) -> Lines:
    return [f"  - {line}" for line in lines]
