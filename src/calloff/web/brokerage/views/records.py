"""Decision records for people: gates, order and result in words, the JSON itself, and the proof by replay."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from calloff.documents.wording import say, sentence, spaced
from calloff.domain.calendar import parse_moment
from calloff.domain.errors import ReplayError
from calloff.simulator.explain import Teller
from calloff.simulator.replay import Replayed
from calloff.simulator.scene import Scene
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.brokerage.models import Decision, Package
from calloff.web.brokerage.services.records import (
    Recorded,
    decision_log,
    log_name,
    recorded,
    replayed,
    sealed_until,
    told,
)
from calloff.web.brokerage.views.package import package_of
from calloff.web.config.look import words
from calloff.web.config.look.parts import Fact
from calloff.web.config.look.tables import Cell, Column, Row, Table

P = ParamSpec("P")
View = Callable[Concatenate[SignedIn, Package, P], HttpResponse]


def open_records(view: View[P]) -> Callable[Concatenate[SignedIn, str, P], HttpResponse]:
    """Open records only while no step is sealed; a fact that was altered is told on a page of its own."""

    @wraps(view)
    def guarded(request: SignedIn, token: str, *arguments: P.args, **options: P.kwargs) -> HttpResponse:
        package, now = package_of(request, token), timezone.now()
        until = sealed_until(package, now)
        base = {"package": package, "now": now, "may": permissions_at(request)}
        if until is not None:
            return render(request, "brokerage/package_sealed.html", {**base, "until": until})
        try:
            return view(request, package, *arguments, **options)
        except ReplayError as error:
            return render(request, "brokerage/package_altered.html", {**base, "problem": str(error)}, status=409)

    return cast(Callable[Concatenate[SignedIn, str, P], HttpResponse], guarded)


def kind_words(kind: str) -> str:
    """What a decision was, in a word or two."""
    return {
        "invite": _("somebody is asked"),
        "wait": _("wait"),
        "call_off": _("call off"),
        "refer": _("nobody is left"),
    }[kind]


@allowed("see_decisions")
@require_safe
@open_records
def records(request: SignedIn, package: Package) -> HttpResponse:
    """Every decision of a package that was carried out."""
    now = timezone.now()
    rows = []
    for one in Decision.objects.filter(package=package).order_by("number"):
        url = reverse("package_record", args=(package.token, one.number))
        step = spaced(json.loads(one.content)["result"]["step"])
        rows.append(
            Row(
                [
                    Cell(_("Decision %(number)d") % {"number": one.number}, url=url),
                    Cell(words.moment(one.at, now)),
                    Cell(kind_words(one.kind)),
                    Cell(step),
                    Cell(one.hash[:12]),
                ],
                url=url,
            )
        )
    columns = [Column(_("Record"), names_row=True), Column(_("When")), Column(_("What")), Column(_("Step"))]
    table = Table(
        _("Decisions that were carried out"),
        [*columns, Column(_("Hash"))],
        rows,
        empty=_("No decision was carried out yet: a record is made when somebody is asked."),
        quiet_caption=True,
    )
    return render(request, "brokerage/package_records.html", {"package": package, "table": table})


@allowed("see_decisions")
@require_safe
@open_records
def record(request: SignedIn, package: Package, number: int) -> HttpResponse:
    """One decision, readable."""
    found = _recorded(package, number)
    scene, now = found.scene, timezone.now()
    context = {
        "package": package,
        "number": number,
        "facts": _summary(found, now),
        "result": _result(found),
        "gates": gates_table(scene),
        "order": _order(scene),
        "later": Decision.objects.filter(package=package, number=number + 1).exists(),
        "json": json.dumps(found.record, indent=2, sort_keys=True, ensure_ascii=False),
    }
    return render(request, "brokerage/package_record.html", context)


def _recorded(package: Package, number: int) -> Recorded:
    try:
        return recorded(package, number)
    except Decision.DoesNotExist as missing:
        raise Http404 from missing


def _summary(found: Recorded, now: datetime) -> list[Fact]:
    named = found.record["model"]
    title = found.scene.model.title
    model = _("%(title)s, version %(version)s") % {"title": title, "version": named["version"]}
    return [
        Fact(_("When"), words.moment(parse_moment(found.record["at"]), now)),
        Fact(_("Under"), model),
        Fact(_("What"), kind_words(found.decision.kind)),
        Fact(_("Hash of the record"), found.decision.hash),
        Fact(_("Hash of the document"), named["hash"]),
    ]


def _result(found: Recorded) -> list[str]:
    """The result in sentences, as the explanation tells it."""
    teller = Teller(found.tale)
    scene = found.scene
    result = found.record["result"]
    tell = {
        "invite": teller.invited,
        "call_off": teller.called_off,
        "wait": teller.waits,
        "refer": teller.referred,
    }[result["kind"]]
    ends = [scene.ending(scene.standing.row_of[one["enrolment"]], one["reason"]) for one in result["ends"]]
    return [*ends, *tell(scene, result), *teller.beside_an_order(scene)]


def gates_table(scene: Scene) -> Table | None:
    """Every gate of every enrolment: passed, or the figure on which it failed."""
    if not scene.codes:
        return None
    gates = sorted(set(scene.numbers))
    columns = [Column(_("Provider"), names_row=True)]
    columns += [Column(_("Gate %(number)d") % {"number": number}, unit=gate_words(number)) for number in gates]
    rows = []
    for row, _enrolment in enumerate(scene.standing.enrolments):
        failed = {scene.numbers[line] for line, _value, _operand in scene.failed.get(row, ())}
        cells = [Cell(scene.name(row))]
        for number in gates:
            cells.append(_gate_cell(scene, row, number) if number in failed else Cell(_("passed")))
        rows.append(Row(cells))
    return Table(_("Every gate of everybody enrolled"), columns, rows, quiet_caption=True, wide=True)


def gate_words(number: int) -> str:
    """What a gate asks, in a word or two."""
    return {
        1: _("registration"),
        2: _("contract"),
        3: _("quality"),
        4: _("suspension"),
        5: _("capability"),
        6: _("price"),
        7: _("spare hours"),
        8: _("exclusion"),
    }[number]


def _gate_cell(scene: Scene, row: int, number: int) -> Cell:
    """Failed, with the figures; a gate that only reports is said to be looked at again at the candidate's turn."""
    lines = [line for line, _value, _operand in scene.failed[row] if scene.numbers[line] == number]
    if number == 7 and scene.model.capacity != "gate":
        return Cell(tag=_("short"), tone="yellow", below=scene.passed_over(row))
    told = dict.fromkeys(scene.why_not(row, scene.codes[line]) for line in lines)
    return Cell(tag=_("failed"), tone="red", below=" ".join(one for one in told if one))


@dataclass(frozen=True)
class Order:
    """The order of a step: the rule, who stood where with which figures, and how ties were decided."""

    step: str
    rule: str
    table: Table
    ties: tuple[str, ...]


def _order(scene: Scene) -> Order | None:
    entries = scene.record.get("order")
    if not entries:
        return None
    _number, step = scene.step(scene.record["result"]["step"])
    keys = () if step.sealed and "scores" not in scene.record else scene.keys(step)
    columns = [Column(_("Place"), number=True), Column(_("Provider"), names_row=True)]
    columns += [Column(say("criterion_names", key.criterion).capitalize()) for key in keys]
    drawn = dict(scene.record.get("draws", ()))
    columns += [Column(_("Lot drawn"), number=True)] if drawn else []
    rows = []
    for place, entry in enumerate(entries, 1):
        figures = [scene.figure(key, value) for key, value in zip(keys, entry[1:], strict=False)]
        figures += [""] * (len(keys) - len(figures))
        lot = [str(drawn.get(entry[0], ""))] if drawn else []
        rows.append(Row([Cell(str(place)), Cell(scene.name(entry[0])), *map(Cell, figures), *map(Cell, lot)]))
    rule = ", then ".join(say("criteria", key.criterion) for key in step.rank_by)
    seed = (
        (
            _("What is equal on every criterion is drawn from the council's seed “%(seed)s”.")
            % {"seed": scene.standing.seed},
        )
        if drawn
        else ()
    )
    table = Table(_("The order"), columns, rows, quiet_caption=True)
    return Order(spaced(step.name), sentence(rule) if rule else "", table, seed)


@allowed("see_decisions")
@require_safe
@open_records
def record_json(request: SignedIn, package: Package, number: int) -> HttpResponse:
    """The record itself, byte for byte as its hash was taken."""
    found = _recorded(package, number)
    return _file(found.decision.content.encode(), f"{package.reference}-{number}.json", "application/json")


@allowed("see_decisions")
@require_safe
@open_records
def log(request: SignedIn, package: Package) -> HttpResponse:
    """The log of the package, which `./calloff replay` and `./calloff explain` read anywhere."""
    return _file(decision_log(package), log_name(package), "application/x-ndjson")


def _file(content: bytes, name: str, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@allowed("see_decisions")
@require_safe
@open_records
def replay_page(request: SignedIn, package: Package) -> HttpResponse:
    """Every decision worked out again from its stored facts: the same, byte for byte, or what differs."""
    found, problem = list[Replayed](), ""
    try:
        found = replayed(package)
    except ReplayError as error:
        problem = str(error)
    hashes = dict(Decision.objects.filter(package=package).values_list("number", "hash"))
    columns = [Column(_("Record"), names_row=True), Column(_("What")), Column(_("Hash")), Column(_("Worked out again"))]
    rows = [
        Row(
            [
                Cell(_("Decision %(number)d") % {"number": one.number}, url=_address(package, one.number)),
                Cell(kind_words(one.record["result"]["kind"])),
                Cell(hashes[one.number][:12]),
                Cell(tag=_("differs"), tone="red", below=one.difference)
                if one.differs
                else Cell(tag=_("the same, byte for byte"), tone="green"),
            ],
            marked=one.differs,
        )
        for one in found
    ]
    context = {
        "package": package,
        "table": Table(
            _("Replay"), columns, rows, empty=_("There is no decision to work out again yet."), quiet_caption=True
        ),
        "count": len(found),
        "differ": sum(one.differs for one in found),
        "problem": problem,
        "name": log_name(package),
    }
    return render(request, "brokerage/package_replay.html", context)


def _address(package: Package, number: int) -> str:
    return reverse("package_record", args=(package.token, number))


def sections(text: str) -> list[tuple[str, list[tuple[int, str]]]]:
    """A story told as text, as headings with the lines below each; a line's number says how deep it stands."""
    found = list[tuple[str, list[tuple[int, str]]]]()
    for line in text.splitlines():
        deep = len(line) - len(line.lstrip())
        if line and not deep:
            found.append((line, []))
        elif line:
            found[-1][1].append((deep, line.strip().removeprefix("- ")))
    least = [(heading, lines, min(deep for deep, _line in lines)) for heading, lines in found if lines]
    return [(heading, [((deep - first) // 2, line) for deep, line in lines]) for heading, lines, first in least]


@allowed("see_decisions")
@require_safe
@open_records
def explanation(request: SignedIn, package: Package) -> HttpResponse:
    """The whole story in plain English, from the records alone."""
    context: dict[str, Any] = {"package": package, "text": sections(told(package))}
    return render(request, "brokerage/package_explanation.html", context)
