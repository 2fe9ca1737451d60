"""One decision of a log with the values it looked at, and the sentences that the figures of its record make."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from calloff.documents.wording import (
    VOCABULARY_OF,
    day_words,
    has_wording,
    hours_words,
    listed,
    pattern_words,
    possessive,
    rate_words,
    say,
    sentence,
    spaced,
    visits_words,
    worded,
)
from calloff.domain.batching import PackageLot
from calloff.domain.calendar import local, parse_moment
from calloff.domain.decisions import Part
from calloff.domain.errors import ReplayError
from calloff.domain.ground import ground_of
from calloff.domain.history import Event, Invited, Offered
from calloff.domain.market import Standing
from calloff.domain.packages import AGE_GROUPS, CAPABILITIES, CARE_TYPES, CLIENT_GROUPS, SERVICE_TYPES, Package, Visit
from calloff.domain.providers import SCALES
from calloff.domain.purchasing_model import Key, Step
from calloff.domain.story import ENDED, match_visits, read_story
from calloff.domain.tables import GateCode
from calloff.domain.units import half_up, pence_per_week, pounds
from calloff.simulator.tale import Tale

VOCABULARIES = {
    "other_service_type": ("service_types", SERVICE_TYPES),
    "other_care_type": ("care_types", CARE_TYPES),
    "other_client_group": ("client_groups", CLIENT_GROUPS),
    "other_age_group": ("age_groups", AGE_GROUPS),
}
DAY_GATES = ("not_registered_yet", "registration_ended", "contract_not_begun", "contract_ended", "not_a_member_yet")


class Scene:
    """One decision with the values it looked at, and the sentences that its figures make."""

    def __init__(self, tale: Tale, record: dict[str, Any]) -> None:
        named, facts = record["model"], tale.facts
        if named["hash"] not in tale.documents:
            raise ReplayError(f"{tale.path}: the document {named['id']} is missing, which a log begins with")
        self.record, self.document = record, tale.documents[named["hash"]]
        self.model = self.document.model
        self.package: Package = facts.value(record["package"], Package)
        members = tale.lots.get(record["package"], ())
        self.lot = PackageLot.of([facts.value(one, Package) for one in members]) if members else None
        self.standing: Standing = facts.value(record["standing"], Standing)
        self.at = parse_moment(record["at"])
        self.events: list[Any] = [facts.value(one, Event) for one in record["history"]]
        self.story = read_story(self.model, self.package, self.events, self.at)
        gates = record.get("gates", {"codes": [], "numbers": [], "failed": []})
        self.codes, self.numbers = gates["codes"], gates["numbers"]
        self.failed: dict[int, list[list[int]]] = dict(gates["failed"])

    @property
    def left(self) -> list[Visit]:
        """The visits still to place when the decision was taken."""
        return [self.package.visits[number] for number in self.story.left]

    @property
    def asked_minutes(self) -> int:
        return max(1, sum(visit.worker_minutes for visit in self.left))

    def visits(self, numbers: Sequence[int]) -> list[Visit]:
        return [self.package.visits[number] for number in numbers]

    def step(self, name: str) -> tuple[int, Step]:
        """A step with its number, counted from 1."""
        return next((number, one) for number, one in enumerate(self.model.steps, 1) if one.name == name)

    def name(self, row: int) -> str:
        """The provider's name, and in brackets what tells it apart where the name alone would not."""
        enrolment = self.standing.enrolments[row]
        provider = self.standing.providers[enrolment.provider]
        same_name = [one for one in self.standing.providers.values() if one.name == provider.name]
        rows = [self.standing.enrolments[one] for one in self.standing.rows_of_provider[enrolment.provider]]
        same_tier = [one for one in rows if one.tier == enrolment.tier]
        marks = [provider.reference] if len(same_name) > 1 else []
        if len(same_tier) > 1:
            marks.append(f"contract {enrolment.reference}")
        elif len(rows) > 1:
            marks.append(spaced(enrolment.tier))
        return f"{provider.name} ({', '.join(marks)})" if marks else provider.name

    def named(self, enrolment: str) -> str:
        row = self.standing.row_of.get(enrolment)
        return enrolment if row is None else self.name(row)

    def figures_of(self, row: int) -> dict[str, str]:
        return {"provider": self.name(row), "provider_s": possessive(self.name(row))}

    def may_be_chosen(self) -> list[str] | None:
        """Whom the person may choose: of a step of choice, past every gate, not asked yet; None where none is open."""
        open_steps = [self.step(one["step"])[1] for one in self.record.get("proof", ()) if "condition" not in one]
        choices = [step for step in open_steps if step.whom == "chosen_provider"]
        if not choices or not self.model.routes:
            return None
        tiers = {name for step in choices for name in step.tiers or [tier.name for tier in self.model.tiers]}
        rows = [row for row, one in enumerate(self.standing.enrolments) if one.tier in tiers]
        asked = {turn.invited.provider for turn in self.story.invitations}
        past = [row for row in rows if not self.enforced(row) and self.standing.enrolments[row].provider not in asked]
        return sorted({self.name(row) for row in past})

    # -- why somebody cannot be asked

    def enforced(self, row: int) -> list[tuple[str, int, int]]:
        """Code, figure and operand of each gate that an enrolment failed and that removes a candidate."""
        return [
            (self.codes[line], value, operand)
            for line, value, operand in self.failed.get(row, ())
            if self.numbers[line] != GateCode.CAPACITY or self.model.capacity == "gate"
        ]

    def why_not(self, row: int, only: str = "") -> str:
        """One sentence on the gates that an enrolment failed; empty when it failed none."""
        failures = self.enforced(row)
        if any(code == "other_scale" for code, _, _ in failures):
            # Grades on another regulator's scale mean nothing beside this rule.
            failures = [one for one in failures if not one[0].startswith("grade_")]
        if any(code == "no_price_line" for code, _, _ in failures):
            # What has no price is neither above nor below a limit.
            failures = [one for one in failures if one[0] != "outside_price_limits"]
        grades = [one for one in failures if one[0].startswith("grade_")]
        clauses, who = [], self.figures_of(row)
        for code, value, operand in failures:
            if code.startswith("grade_"):
                texts = self._grades(grades, row, who) if (code, value, operand) == grades[0] else []
            else:
                texts = [self._gate(code, value, operand, row, who)]
            if only in ("", code) or (only.startswith("grade_") and code.startswith("grade_")):
                clauses += [text for text in texts if text not in clauses]
                who = {"provider": "it", "provider_s": "its"}
        return sentence("; ".join(clause.rstrip(".") for clause in clauses)) if clauses else ""

    def _grades(self, failures: list[tuple[str, int, int]], row: int, who: dict[str, str]) -> list[str]:
        """The grades below the strictest rule that was failed."""
        least = max(operand for _, _, operand in failures)
        scale = self.standing.providers[self.standing.enrolments[row].provider].scale
        words = {number: worded("grades", [word]) for word, number in SCALES[scale].items()}
        wanted = words[least] if scale == "cqc" else str(least)
        below = {code: value for code, value, operand in failures if operand == least}
        graded = {code: value for code, value in below.items() if value}
        none = [code for code in below if code not in graded]
        texts = []
        if none:
            texts.append(say("gates_with_more", "ungraded", areas=worded("areas", none), wanted=wanted, **who))
        if graded and scale == "cqc":
            texts.append(say("gates_with_more", "rating", has=words[min(graded.values())], wanted=wanted, **who))
        elif len(graded) == 1:
            texts += [say("gates", code, has=value, wanted=wanted, **who) for code, value in graded.items()]
        elif graded:
            areas, has = worded("areas", graded), listed(str(value) for value in graded.values())
            texts.append(say("gates_with_more", "grades", areas=areas, has=has, wanted=wanted, **who))
        return texts

    def _gate(self, code: str, value: int, operand: int, row: int, who: dict[str, str]) -> str:
        if code == "suspended":
            return self._suspension(row, who)
        if code == "outside_price_limits":
            return self._price_limit(row, who)
        return say("gates", code, **who, **self._gate_figures(code, value, operand))

    def _gate_figures(self, code: str, value: int, operand: int) -> dict[str, object]:
        """The figures of a failed gate in words, from the two numbers that its line compared."""
        if code in DAY_GATES:
            return {"has": day_words(date.fromordinal(value)), "wanted": day_words(date.fromordinal(operand))}
        if code in VOCABULARIES:
            section, names = VOCABULARIES[code]
            return {
                "has": worded(section, of_bits(value, names), nothing="nothing that is listed"),
                "wanted": worded(section, of_bits(operand, names)),
            }
        if code == "other_lot":
            lots = [spaced(lot.name) for lot in self.model.lots]
            return {
                "has": f"the lot {listed(of_bits(value, lots), nothing='of nobody')}",
                "wanted": listed((f"the lot {name}" for name in of_bits(operand, lots)), nothing="no lot"),
            }
        if code == "other_locality":
            names = self.standing.localities
            return {"has": listed(of_bits(value, names), nothing="no place here"), "wanted": self.package.locality}
        if code == "other_scale":
            scales = list(SCALES)
            return {"has": say("scales", scales[value]), "wanted": say("scales", scales[operand])}
        if code == "capability_missing":
            missing = of_bits(operand & ~value, CAPABILITIES)
            return {"missing": worded("capabilities", missing, "or")}
        if code == "capacity_short":
            return self._spare(value)
        return {"wanted": day_words(self.package.required_start_on)}

    def _spare(self, short: int) -> dict[str, object]:
        covered = max(0, self.asked_minutes - short)
        return {
            "covered": hours_words(covered) if covered else "none",
            "asked": hours_words(self.asked_minutes),
        }

    def _suspension(self, row: int, who: dict[str, str]) -> str:
        today = local(self.at).date()
        for one in self.standing.enrolments[row].suspensions:
            if one.covers(today) and not one.step_in:
                since = day_words(one.from_on)
                if one.to_on is None:
                    return say("gates_with_more", "suspended_since", since=since, **who)
                return say("gates_with_more", "suspended_until", since=since, until=day_words(one.to_on), **who)
        return say("gates", "suspended", **who)

    def _price_limit(self, row: int, who: dict[str, str]) -> str:
        """The first kind of visit whose price lies outside what the document allows, per worker and hour."""
        ground = ground_of(self.standing, self.model)
        for cell in ground.cells(self.package, self.left):
            rates = ground.rates(cell, self.package.required_start_on)
            price, least, most = (half_up(one[row], cell.workers) for one in (rates.hourly, rates.floor, rates.ceiling))
            if price > most:
                return say("gates_with_more", "above_ceiling", has=rate_words(price), wanted=rate_words(most), **who)
            if price < least:
                return say("gates_with_more", "below_floor", has=rate_words(price), wanted=rate_words(least), **who)
        return say("gates", "outside_price_limits", **who)

    # -- why somebody who may be asked is passed over or not asked again

    def passed_over(self, row: int) -> str:
        """The sentence on an enrolment that only lacked spare hours at its turn."""
        short = next((value for line, value, _ in self.failed.get(row, ()) if self.codes[line] == "capacity_short"), 0)
        return say("proof", "capacity_short_at_turn", **self.figures_of(row), **self._spare(short))

    def why_not_asked(self, row: int, code: str) -> str:
        """The sentence for one code of a referral's proof."""
        if code == "capacity_short_at_turn":
            return self.passed_over(row)
        provider = self.standing.enrolments[row].provider
        turns = [turn for turn in self.story.invitations if turn.invited.provider == provider]
        gate = self.why_not(row, code)
        if gate:
            return gate
        figures = {**self.figures_of(row), "most": self.most_providers}
        if turns and turns[-1].state == ENDED:
            return self.ending(row, code)
        section = next((one for one in ("declines", "states", "proof") if has_wording(one, code)), "declines")
        return say(section, code, **figures)

    def obstacle(self, code: str, about: str) -> str:
        """Why the document does not govern the package."""
        start = day_words(self.package.required_start_on)
        if code != "outside_scope":
            return say("obstacles", code, day=day_words(date.fromisoformat(about)), start=start)
        section = VOCABULARY_OF.get(about)
        value = getattr(self.package, about)
        what = say(section, value) if section else f"homes in {value}"
        return say("obstacles", code, what=f"people aged {what}" if about == "age_group" else what)

    @property
    def most_providers(self) -> int:
        return self.model.splitting.most_providers if self.model.splitting else 1

    def ending(self, row: int, code: str) -> str:
        """Why the council ended an invitation, or why it could not take an acceptance."""
        if has_wording("endings", code):
            return say("endings", code, **self.figures_of(row))
        failed = say("endings", "gate_failed", **self.figures_of(row))
        return f"{failed.rstrip('.')}: {self.why_not(row, code) or say('endings', 'gate_since')}"

    # -- the order

    def keys(self, step: Step) -> tuple[Key, ...]:
        """The published criteria of a step, those for ties last."""
        return (*step.rank_by, *self.model.ties)

    def figure(self, key: Key, value: int) -> str:
        """What one provider has on one criterion, from the number by which it was sorted."""
        if key.criterion == "price":
            rate = rate_words(half_up(value, self.asked_minutes))
            return say("figures", "price", pounds=pounds(pence_per_week(value)), rate=rate)
        if key.criterion == "price_band":
            start, end = value * key.width_centipence, (value + 1) * key.width_centipence
            return say("figures", "price_band", **{"from": rate_words(start), "below": rate_words(end)})
        if key.criterion == "distance" and value == 0:
            return say("figures", "distance_unknown")
        return say(
            "figures",
            key.criterion,
            hours=hours_words(abs(value)),
            sum=-value,
            km=f"{half_up(value, 100) / 10:.1f}",
            tier=spaced(self.model.tiers[abs(value)].name) if key.criterion == "tier_order" else "",
            score=f"{half_up(abs(value), 1_000_000) / 100:.2f}",
            turn=value + 1,
        )

    # -- offers and call-offs

    def offered(self, offer: Offered, invited: Invited) -> str:
        wanted = self.visits(invited.visits)
        taken, moved = match_visits(self.package, invited.visits, offer.visits, True)
        if len(taken) == len(invited.visits):
            text = "accepted all that was asked" if not moved else "accepted all visits"
        else:
            text = f"offered {visits_words(self.visits(taken))} of the {len(wanted)}"
            text += f": {'; '.join(pattern_words(offer.visits))}" if taken else ""
        if moved:
            text += f", {len(moved)} of them at another time ({'; '.join(pattern_words([one for _, one in moved]))})"
        text += f", at £{offer.centipence_per_hour / 10_000:.2f} an hour" if offer.centipence_per_hour else ""
        text += f", delivered by {self.named(offer.delivered_by)}" if offer.delivered_by else ""
        return text + (f", to begin on {day_words(offer.start_on)}" if offer.start_on else "")

    def part(self, part: Part) -> str:
        which = self.which_visits(part.visits)
        price = f"for {pounds(pence_per_week(part.cost))} a week" if part.cost else "at no price of its own"
        full = f" ({pounds(pence_per_week(part.full_cost))} with overheads)" if part.full_cost else ""
        lines = f", {listed(price_line_words(part.line_ids))}" if part.line_ids else ""
        kind = say("kinds", part.kind)
        return f"Called off to {self.named(part.enrolment)}: {which}, {price}{full}; {kind}{lines}."

    def which_visits(self, numbers: Sequence[int]) -> str:
        visits: list[Visit] = self.visits(numbers)
        if len(visits) == len(self.package.visits):
            return f"all {visits_words(visits)}"
        return f"{visits_words(visits)}: {'; '.join(pattern_words(visits))}"

    def more_of(self, part: Part) -> list[str]:
        lines = []
        if part.delivered_by:
            lines.append(f"It is delivered by its subcontractor {self.named(part.delivered_by)}.")
        for number, visit in part.moved:
            asked, agreed = (pattern_words([one])[0] for one in (self.package.visits[number], visit))
            lines.append(f"Moved: asked for {asked}, agreed {agreed}.")
        if part.start_on:
            lines.append(f"It begins on {day_words(part.start_on)}.")
        return lines


def of_bits(mask: int, names: Sequence[str]) -> list[str]:
    """The names whose bits a mask has."""
    return [name for place, name in enumerate(names) if mask >> place & 1]


def price_line_words(line_ids: Sequence[str]) -> list[str]:
    """The price lines of a call-off, which are numbered in the document or in the provider's enrolment."""
    numbered = [line_id.rpartition("#") for line_id in line_ids]
    own, fixed = "by price line {} of its enrolment", "by price {} of the document"
    return [(fixed if owner == "document" else own).format(number) for owner, _hash, number in numbered]
