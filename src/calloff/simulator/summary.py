"""What came of a run: called off, part, waiting and referred; by step and provider; hours, pounds, reasons."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard

from calloff.domain.calendar import moment_text
from calloff.domain.history import DECLINE_REASONS, Event, Invited
from calloff.domain.packages import Package
from calloff.domain.purchasing_model import PurchasingModel, Step
from calloff.domain.story import DECLINED, ENDED, EXPIRED, read_story
from calloff.domain.units import half_up, hours_text, pence_per_week, pounds
from calloff.formats.tables import write_whole
from calloff.simulator.run import CALLED_OFF, DISSOLVED, NO_MODEL, REFERRED, WAITING, Case, Run, Side

STATES = (CALLED_OFF, "part", WAITING, REFERRED, NO_MODEL)
STATE_WORDS = {
    CALLED_OFF: "called off",
    "part": "called off in part",
    WAITING: "waiting for an answer or a step",
    REFERRED: "referred: no step left",
    NO_MODEL: "referred: outside the model",
}
LOT_WORDS = {
    CALLED_OFF: "called off whole",
    DISSOLVED: "dissolved: nobody took it",
    WAITING: "waiting for an answer or a step",
}
ASSUMED = (
    "packages without an approval arrive in office hours of the first 14 days",
    "packages without a place live at a postcode drawn by the seed",
    "packages without a required start are wanted 0, 1, 1, 2, 7 or 7 days after approval, by priority P1 to P6",
    "providers confirm their spare minutes every 7 days, and nobody declares more during the run",
)


DIRECT_PAYMENT = "direct_payment"
SMALL_AREA = "a small area is a square of the National Grid, of 1, 2 or 5 km where it is urban, suburban or rural"


@dataclass
class Line:
    """Packages (or parts), worker minutes a week and pence a week under one heading."""

    packages: int = 0
    minutes: int = 0
    cost: int = 0
    full_cost: int = 0

    def add(self, minutes: int, cost: int = 0, full_cost: int = 0) -> None:
        self.packages += 1
        self.minutes += minutes
        self.cost += cost
        self.full_cost += full_cost


@dataclass
class Summary:
    """The figures of a run, ready for a table or a file."""

    states: dict[str, Line] = field(default_factory=dict)
    models: dict[str, dict[str, Line]] = field(default_factory=dict)
    lots: dict[str, Line] = field(default_factory=dict)
    steps: dict[str, Line] = field(default_factory=dict)
    providers: dict[str, Line] = field(default_factory=dict)
    dealings: dict[str, Counter[str]] = field(default_factory=dict)
    exclusions: Counter[str] = field(default_factory=Counter)
    unmet_minutes: int = 0
    direct_payment_minutes: int = 0
    decisions: int = 0
    late_answers: int = 0
    mapped: list[str] = field(default_factory=list)
    ungraded: int = 0
    quotas: dict[str, tuple[int, int]] = field(default_factory=dict)
    routes: Counter[str] = field(default_factory=Counter)
    quiet: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    model: str = ""

    def most_excluding(self) -> list[tuple[str, int]]:
        """Gate codes with how often each excluded somebody, the most often first."""
        return sorted(self.exclusions.items(), key=lambda pair: (-pair[1], pair[0]))

    def rows(self) -> list[dict[str, str]]:
        """The summary as rows of a file: section, name, packages, hours and pounds a week."""
        rows = []
        for model, states in self.models.items():
            rows += [_row("model", f"{model}: {state}", line) for state, line in states.items()]
        rows += [_row("lot", state, line) for state, line in self.lots.items()]
        for section, lines in (("outcome", self.states), ("step", self.steps), ("provider", self.providers)):
            for name, line in lines.items():
                rows.append(_row(section, name, line))
        rows.append(_row("unmet", "hours not called off", Line(0, self.unmet_minutes)))
        for code, count in self.most_excluding():
            rows.append(_row("excluded", code, Line(count)))
        for provider, counts in sorted(self.dealings.items()):
            rows += [_row("answers", f"{provider} {kind}", Line(count)) for kind, count in sorted(counts.items())]
        for prime, (referred, subcontracted) in self.quotas.items():
            rows.append(_row("quota", f"{prime} referred", Line(0, referred)))
            rows.append(_row("quota", f"{prime} subcontracted", Line(0, subcontracted)))
        rows += [_row("open to the person", route, Line(count)) for route, count in sorted(self.routes.items())]
        rows += [_row("without effect", f"{step}: {why}", Line()) for step, why in self.quiet.items()]
        rows += [_row("noted", text, Line()) for text in self.notes]
        rows += [_row("mapped", text, Line()) for text in self.mapped]
        rows += [_row("assumed", text, Line()) for text in self.assumed]
        return rows

    def table(self) -> str:
        """The table that a run ends with."""
        out = [f"{self.model}", "", _heading("outcome", "packages")]
        out += [_print(STATE_WORDS[name], line) for name, line in self.states.items()]
        for model, states in self.models.items():
            out += ["", _heading(f"under {model}"[:42], "packages")]
            out += [_print(STATE_WORDS[name], line) for name, line in states.items()]
        if self.lots:
            out += ["", _heading("packages offered together", "lots")]
            out += [_print(LOT_WORDS[name], line) for name, line in self.lots.items()]
        out += ["", _heading("called off by step", "parts")]
        out += [_print(name, line) for name, line in self.steps.items()]
        out += ["", _heading("called off by provider (the ten largest)", "parts")]
        largest = sorted(self.providers.items(), key=lambda pair: (-pair[1].minutes, pair[0]))[:10]
        out += [_print(name, line) for name, line in largest]
        out += ["", f"unmet hours a week: {hours_text(self.unmet_minutes)}"]
        if self.quotas:
            out += ["", "subcontracted of the hours referred and accepted"]
            for prime, (referred, subcontracted) in self.quotas.items():
                percent = half_up(subcontracted * 1000, referred) / 10 if referred else 0.0
                out.append(f"  {prime:<40} {hours_text(subcontracted)} of {hours_text(referred)} h = {percent:.1f} %")
        out += ["", "why enrolments were excluded (package and enrolment pairs, first look)"]
        out += [f"  {code:<40} {count:>9,}" for code, count in self.most_excluding()[:8]]
        if self.routes:
            out += ["", "packages with no step left in which the person may lead by"]
            out += [f"  {route:<40} {count:>9,}" for route, count in sorted(self.routes.items())]
        if self.quiet:
            out += ["", "steps that called nothing off", *(f"  {name}: {why}" for name, why in self.quiet.items())]
        if self.notes:
            out += ["", "noted", *(f"  {text}" for text in self.notes)]
        out += ["", "mapped", *(f"  {text}" for text in self.mapped)] if self.mapped else []
        out += ["", "assumed", *(f"  {text}" for text in self.assumed)]
        return "\n".join(out)


def _row(section: str, name: str, line: Line) -> dict[str, str]:
    return {
        "section": section,
        "name": name,
        "count": str(line.packages),
        "hours_per_week": hours_text(line.minutes),
        "gbp_per_week": f"{pence_per_week(line.cost) / 100:.2f}",
        "full_cost_gbp_per_week": f"{pence_per_week(line.full_cost) / 100:.2f}",
    }


def _heading(title: str, unit: str) -> str:
    return f"{title:<42} {unit:>9} {'hours/week':>12} {'price paid/week':>16} {'full cost/week':>16}"


def _print(name: str, line: Line) -> str:
    paid, full = pounds(pence_per_week(line.cost)), pounds(pence_per_week(line.full_cost))
    return f"  {name[:40]:<40} {line.packages:>9,} {hours_text(line.minutes):>12} {paid:>16} {full:>16}"


def summarise(run: Run, mapped: Sequence[str], notes: Sequence[str] = ()) -> Summary:
    """Count a run that has ended; `notes` are what its files gave cause to say."""
    summary = Summary(mapped=list(mapped), decisions=run.log.count, late_answers=run.late_answers)
    models = [side.model for side in run.sides]
    summary.model = "\n".join(f"{model.title} ({model.id}, version {model.version})" for model in models)
    summary.states = {state: Line() for state in STATES}
    if len(models) > 1:
        # Outside every model is no model's own affair.
        summary.models = {model.id: {state: Line() for state in STATES if state != NO_MODEL} for model in models}
    summary.steps = {step_name(run, model, step.name): Line() for model in models for step in model.steps}
    for case in run.cases.values():
        _count_case(summary, run, case)
    if batches(run):
        summary.lots = {state: Line() for state in LOT_WORDS}
    for lot in run.lots.values():
        cost, full = (sum(getattr(part, name) for _, _, part in lot.parts) for name in ("cost", "full_cost"))
        summary.lots[lot.state].add(lot.package.minutes_per_week, cost, full)
        _count_dealings(summary, run, lot)
    summary.exclusions = run.exclusions
    for side in run.sides:
        for step in side.model.steps:
            name = step_name(run, side.model, step.name)
            if not summary.steps[name].packages:
                summary.quiet[name] = why_quiet(run, side, step)
        for row, enrolment in enumerate(side.standing.enrolments):
            if enrolment.role == "prime":
                counters = side.counters
                summary.quotas[enrolment.reference] = (counters.referred[row], counters.subcontracted[row])
    answers = run.responder.assumed()
    summary.assumed = [*ASSUMED, *([SMALL_AREA] if batches(run) else []), *([answers] if answers else [])]
    summary.notes = [*notes, *_about_answers(run)]
    return summary


def batches(run: Run) -> bool:
    """Whether some model of the run offers packages together."""
    return any(side.model.batching is not None for side in run.sides)


def step_name(run: Run, model: PurchasingModel, step: str) -> str:
    """A step as the figures call it: with its model where there are several, since two may have a step of one name."""
    return step if len(run.sides) == 1 else f"{model.id} {step}"


def why_quiet(run: Run, side: Side, step: Step) -> str:
    """Why a step called nothing off in this run, in a few words."""
    cases = [case for case in run.cases.values() if case.side is side and case.governed]
    packages = [case.package for case in cases]
    if step.whom == "current_provider" and not any(package.current_provider for package in packages):
        return "no package names a provider that the person has or had"
    if step.whom == "chosen_provider" and not any(package.chosen_provider for package in packages):
        return "no package names a provider that the person chose"
    if not any(enrolment.tier in step.tiers for enrolment in side.standing.enrolments) and step.whom == "tier":
        return f"nobody is enrolled in {', '.join(step.tiers)}"
    cases += [case for case in run.lots.values() if case.side is side]
    asked = sum(event.step == step.name for case in cases for event in case.history if _is_asked(event))
    if asked:
        return f"{asked} were asked and none was called off"
    return "no package met its conditions with anybody left to ask"


def _is_asked(event: Event) -> TypeGuard[Invited]:
    return isinstance(event, Invited)


def _about_answers(run: Run) -> list[str]:
    lines = []
    if run.late_answers:
        lines.append(f"{run.late_answers} answers came after their deadline and were refused")
    unused = run.responder.unused()
    if unused:
        lines.append(f"{unused} rows of the responses file answered no invitation that was out at that moment")
    return lines


def _count_case(summary: Summary, run: Run, case: Case) -> None:
    side, minutes, cost, full = case.side, case.minutes_called_off, 0, 0
    for _, step, part in case.parts:
        taken = sum(case.package.visits[number].worker_minutes for number in part.visits)
        summary.steps[step_name(run, side.model, step)].add(taken, part.cost, part.full_cost)
        name = side.standing.providers[part.provider].name
        summary.providers.setdefault(name, Line()).add(taken, part.cost, part.full_cost)
        cost, full = cost + part.cost, full + part.full_cost
    state = "part" if case.state != CALLED_OFF and case.parts else case.state
    summary.states[state].add(minutes if case.parts else case.package.minutes_per_week, cost, full)
    if state in summary.models.get(side.model.id, ()):
        summary.models[side.model.id][state].add(minutes if case.parts else case.package.minutes_per_week, cost, full)
    if case.last_refer is not None and case.state != CALLED_OFF:
        summary.routes.update(case.last_refer.routes)
        if case.package.delivery_model == DIRECT_PAYMENT and DIRECT_PAYMENT in case.last_refer.routes:
            # Not called off, and yet not unmet: the person has the money and buys the care.
            summary.direct_payment_minutes += case.package.minutes_per_week - minutes
    summary.unmet_minutes += case.package.minutes_per_week - minutes
    _count_dealings(summary, run, case)


def _count_dealings(summary: Summary, run: Run, case: Case) -> None:
    """What each provider answered to its invitations."""
    for turn in read_story(case.side.model, case.package, case.history, run.ended_at).invitations:
        kind = turn.state
        if turn.state == DECLINED and turn.reason in DECLINE_REASONS:
            kind = "declined" if DECLINE_REASONS[turn.reason] else "declined, not counted"
        elif turn.state in (EXPIRED, ENDED):
            kind = {EXPIRED: "silent", ENDED: "ended by the council"}[turn.state]
        summary.dealings.setdefault(turn.invited.provider, Counter())[kind] += 1


def outcome_rows(run: Run) -> list[dict[str, str]]:
    """One row for each package: what came of it."""
    return [_outcome(run, run.cases[reference]) for reference in sorted(run.cases)]


def _outcome(run: Run, case: Case) -> dict[str, str]:
    package: Package = case.package
    lot = run.lots.get(case.offered_in)
    asked = sum(isinstance(event, Invited) for event in (*case.history, *(lot.history if lot else ())))
    cost = sum(part.cost for _, _, part in case.parts)
    left = package.minutes_per_week - case.minutes_called_off
    model = {"model": case.side.model.id if case.governed else ""} if len(run.sides) > 1 else {}
    return {
        "reference": package.reference,
        **model,
        **({"lot": case.offered_in} if batches(run) else {}),
        "outcome": "part" if case.state != CALLED_OFF and case.parts else case.state,
        "steps": "; ".join(step for _, step, _ in case.parts),
        "providers": "; ".join(part.provider for _, _, part in case.parts),
        "contracts": "; ".join(part.enrolment for _, _, part in case.parts),
        "kinds": "; ".join(part.kind for _, _, part in case.parts),
        "delivered_by": "; ".join(part.delivered_by for _, _, part in case.parts if part.delivered_by),
        "approved_at": moment_text(package.approved_at),
        "required_start": package.required_start_on.isoformat(),
        "locality": package.locality,
        "priority": f"P{package.priority}",
        "asked": str(asked),
        "settled_at": moment_text(case.settled_at) if case.settled_at else "",
        "hours_per_week": hours_text(package.minutes_per_week),
        "unmet_hours_per_week": hours_text(left),
        "gbp_per_week": f"{pence_per_week(cost) / 100:.2f}",
        "why": case.model_text,
    }


def write_rows(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """Rows of text as a CSV file with LF line ends."""
    every = list(rows)
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(every[0]) if every else ["reference"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(every)
    write_whole(path, stream.getvalue())
