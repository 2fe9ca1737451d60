"""The comparison's one page: what the runs came to, worded for a council's director and written as HTML."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from calloff.documents.plain_words import model_in_words
from calloff.documents.wording import spaced
from calloff.domain.calendar import moment_text, to_utc
from calloff.domain.units import pence_per_week
from calloff.ways import figures as words
from calloff.ways.chart import chart_of
from calloff.ways.figures import Figures, figures_of
from calloff.ways.job import NINE, WayOfBuying
from calloff.ways.prose import Block, blocks_of
from calloff.ways.register import COUNCIL, LOCALITIES, Council
from calloff.ways.stories import stories_of
from calloff.ways.words import REASONS, asked_in_words

_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
NUMBERS = dict(enumerate(_WORDS, 1))
EXAMPLE = "east_lothian_2017_framework"
"""The document that the page's commands name, as the README does."""
MARK = "assumed:"
MOST_PROVIDERS, MOST_REASONS = 8, 6
"""How many lines the tables of providers and reasons have at most."""


@dataclass(frozen=True)
class Section:
    """One document's part of the page, in words ready to be printed."""

    figures: Figures
    anchor: str
    id: str
    rules: Sequence[Block]
    steps: Sequence[dict[str, str]]
    providers: Sequence[dict[str, str]]
    more_providers: int
    reasons: Sequence[tuple[str, str]]
    quotas: Sequence[str]
    mapped: Sequence[str]
    drawn: Sequence[str]
    assumed: Sequence[str]


def page_of(council: Council, ways: Sequence[WayOfBuying], root: str) -> str:
    """
    The whole page as HTML.

    `root` is the folder of the files as a reader would type it, such as var/ways.
    """
    figures = [figures_of(way) for way in ways]
    stories = stories_of(ways, root)
    packages = [row.package for row in council.packages]
    wanted = sum(package.minutes_per_week for package in packages)
    return (
        environment()
        .get_template("page.html")
        .render(
            council=COUNCIL,
            seed=council.seed,
            begins=words.day_text(council.begins_on),
            people=len(packages),
            hours=words.whole_hours(wanted),
            provider_count=len(council.providers),
            localities=[f"{name} ({code}, {band})" for code, (name, band) in LOCALITIES.items()],
            rows=comparison(figures),
            ways=figures,
            chart=chart_of(figures),
            sections=[_section(council, way, one) for way, one in zip(ways, figures, strict=True)],
            stories=stories,
            replayed=f"{sum(way.replayed for way in ways):,}",
            differ=sum(way.differ for way in ways),
            in_block=any(one.block_minutes for one in figures),
            root=root,
            first=EXAMPLE if EXAMPLE in [way.document.model.id for way in ways] else ways[0].document.model.id,
            told=NUMBERS.get(len(stories), str(len(stories))),
            begins_at=moment_text(to_utc(council.begins_on, NINE)),
            counted=NUMBERS.get(len(ways), str(len(ways))),
            share_rows=share_rows(figures),
            example=packages[0].reference,
        )
    )


def refusal_of(heading: str, text: str) -> str:
    """The small page for what is not there or may not be asked."""
    return environment().get_template("refused.html").render(heading=heading, text=text)


def environment() -> Environment:
    """Templates in which everything is escaped, and a name that is missing is a fault."""
    return Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def comparison(ways: Sequence[Figures]) -> list[dict[str, Any]]:
    """The rows of the table side by side: a heading, a unit or remark, and a cell for each way of buying."""
    rows: list[tuple[str, str, list[str]]] = [
        ("Packages called off whole", "", [f"{one.packages['called_off']:,}" for one in ways]),
        ("Called off in part", "", [f"{one.packages['part']:,}" for one in ways]),
        ("Still waiting at the end", "", [f"{one.packages['waiting']:,}" for one in ways]),
        ("Referred back: no step left", "", [f"{one.packages['referred']:,}" for one in ways]),
        ("Outside the document’s scope", "", [f"{one.packages['no_model']:,}" for one in ways]),
        ("Hours called off", "a week", [words.hours_words(one.minutes) for one in ways]),
        ("Unmet hours", "a week, in scope", [words.hours_words(one.unmet) for one in ways]),
        ("Price paid", "a week", [_price(one) for one in ways]),
        ("From approval to call-off", "median", [words.duration_text(one.typical_wait) for one in ways]),
        ("Invitations for a package", "mean", [_hundredths(one.invitations_per_hundred) for one in ways]),
    ]
    return [{"heading": heading, "unit": unit, "cells": cells} for heading, unit, cells in rows]


def share_rows(ways: Sequence[Figures]) -> list[dict[str, Any]]:
    """The rows on what became of all hours wanted, as the chart shows them."""
    present = {share: heading for share, heading in words.SHARES.items() if any(one.shares[share] for one in ways)}
    return [
        {"heading": heading, "cells": [words.percent_text(one.shares[share], one.wanted) for one in ways]}
        for share, heading in present.items()
    ]


def _price(one: Figures) -> str:
    return words.whole_pounds(one.pence) + (" and the blocks" if one.block_minutes else "")


def _hundredths(number: int) -> str:
    return f"{number // 100}.{number % 100:02d}"


def _section(council: Council, way: WayOfBuying, figures: Figures) -> Section:
    summary = way.summary
    reasons = words.most_common(list(summary.exclusions.items()), MOST_REASONS)
    return Section(
        figures=figures,
        anchor=way.document.model.id.replace("_", "-"),
        id=way.document.model.id,
        rules=blocks_of(model_in_words(way.document)),
        steps=_steps(way, figures),
        providers=_providers(council, way),
        more_providers=max(0, len(summary.providers) - MOST_PROVIDERS),
        reasons=[(REASONS.get(code, code.replace("_", " ")), f"{count:,}") for code, count in reasons],
        quotas=[_quota(council, name, *pair) for name, pair in summary.quotas.items()],
        mapped=summary.mapped,
        drawn=[spaced(line.strip()) for line in way.enrolled if not line.startswith(MARK)],
        assumed=[
            *summary.assumed,
            *(spaced(line.removeprefix(MARK).strip()) for line in way.enrolled if line.startswith(MARK)),
        ],
    )


def _steps(way: WayOfBuying, figures: Figures) -> list[dict[str, str]]:
    model, lines = way.document.model, way.summary.steps
    return [
        {
            "name": step.name.replace("_", " ").capitalize(),
            "how": asked_in_words(step),
            "parts": f"{lines[step.name].packages:,}",
            "hours": words.hours_words(lines[step.name].minutes),
            "share": words.percent_text(lines[step.name].minutes, figures.wanted),
            "price": _step_price(way, words.is_block(model, step), step.name),
        }
        for step in model.steps
    ]


def _step_price(way: WayOfBuying, block: bool, step: str) -> str:
    return "by the block" if block else words.whole_pounds(pence_per_week(way.summary.steps[step].cost))


def _providers(council: Council, way: WayOfBuying) -> list[dict[str, str]]:
    """The providers with most hours, and how they answered."""
    references = {provider.name: provider.reference for provider in council.providers}
    largest = sorted(way.summary.providers.items(), key=lambda pair: (-pair[1].minutes, pair[0]))
    rows = []
    for name, line in largest[:MOST_PROVIDERS]:
        answers: Counter[str] = way.summary.dealings.get(references[name], Counter())
        declined = sum(count for kind, count in answers.items() if kind.startswith("declined"))
        rows.append(
            {
                "name": name,
                "parts": f"{line.packages:,}",
                "hours": words.hours_words(line.minutes),
                "invited": f"{sum(answers.values()):,}",
                "declined": f"{declined:,}",
                "silent": f"{answers['silent']:,}",
            }
        )
    return rows


def _quota(council: Council, prime: str, referred: int, subcontracted: int) -> str:
    name = next((one.name for one in council.providers if one.reference in prime), prime)
    share = words.percent_text(subcontracted, referred)
    done, total = words.hours_words(subcontracted), words.hours_words(referred)
    return f"{name} passed on {done} of the {total} hours it accepted: {share}."
