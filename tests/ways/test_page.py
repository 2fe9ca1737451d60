"""The page: it says what it must, hides nothing behind a script, and escapes what it is given."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from calloff.domain.tables import lower
from calloff.ways.chart import WIDTH, chart_of
from calloff.ways.figures import figures_of
from calloff.ways.page import NUMBERS, page_of, refusal_of
from calloff.ways.prose import blocks_of
from calloff.ways.stories import stories_of
from calloff.ways.words import REASONS, asked_in_words


@pytest.fixture(scope="module")
def page(council, ways):
    return page_of(council, ways, "var/ways")


def test_the_page_says_what_it_is_and_what_it_is_not(page, ways):
    counted = NUMBERS.get(len(ways), str(len(ways))).capitalize()
    assert f"<h1>{counted} ways of buying care at home, for the same 40 people</h1>" in page
    assert "A scenario, not a forecast." in page
    assert "made-up people" in page


def test_each_way_of_buying_has_its_part_with_steps_rules_and_what_was_assumed(page, ways):
    for way in ways:
        assert f'id="{way.document.model.id.replace("_", "-")}"' in page
        assert way.document.model.title in page
        for step in way.document.model.steps:
            assert f"{step.name.replace('_', ' ').capitalize()}</th>" in page
    assert page.count("in words, with its source</summary>") == len(ways)
    assert '<span class="tag">assumed</span>' in page
    assert "begun outside it" in page


def test_the_page_tells_the_replay_and_how_to_do_the_same(page, ways):
    assert f"{sum(way.replayed for way in ways):,} decisions replayed, 0 differ." in page
    for command in ("models show", "models enrol", "allocate", "replay", "explain"):
        assert f"./calloff {command} " in page


def test_the_page_has_no_script_no_inline_style_and_nothing_from_elsewhere(page):
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", page)
    assert not re.search(r'(?:src|href)="(?!/|#)', page)


def test_the_page_uses_nothing_that_belongs_to_the_government(page):
    assert not re.search("crest|GDS Transport|govuk-logotype|Crown copyright", page)


def test_the_page_names_no_folder_in_which_it_was_made(page, ways):
    assert str(ways[0].log.parent.parent) not in page
    assert "var/ways" in page


def test_names_are_escaped(council, ways):
    def renamed(way):
        if not way.summary.providers:
            return way
        ((_, line), *others) = way.summary.providers.items()
        return replace(way, summary=replace(way.summary, providers={"<b>Q & A</b>": line, **dict(others)}))

    providers = (replace(council.providers[0], name="<b>Q & A</b>"), *council.providers[1:])
    every = {provider.name: provider for provider in (*providers, *council.providers)}

    page = page_of(replace(council, providers=tuple(every.values())), list(map(renamed, ways)), "var/<ways>")

    assert "<b>" not in page
    assert "&lt;b&gt;Q &amp; A&lt;/b&gt;" in page
    assert "var/&lt;ways&gt;" in page


def test_a_refusal_is_escaped():
    assert "&lt;script&gt;" in refusal_of("<script>", "no")


def test_the_chart_has_a_bar_as_long_as_the_hours_wanted_and_says_each_in_words(ways):
    figures = [figures_of(way) for way in ways]
    chart = chart_of(figures)

    for bar, one in zip(chart.bars, figures, strict=True):
        assert WIDTH - 4 <= max(part.x + part.width for part in bar.parts) <= WIDTH
        assert f"{one.short}: " in chart.description


def test_stories_are_of_each_kind_and_chosen_by_the_rule(ways):
    stories = stories_of(ways, "var/ways")

    assert [story.kind for story in stories] == ["ordinary", "split", "referred"]
    assert len({story.package for story in stories}) == 3
    for story in stories:
        rows = {row["reference"]: row for way in ways if way.document.model.id == story.model for row in way.outcomes}
        assert rows[story.package]["outcome"] == ("referred" if story.kind == "referred" else "called_off")
        assert len(set(rows[story.package]["providers"].split("; "))) == (2 if story.kind == "split" else 1)
        assert story.blocks[0].kind == "heading"


def test_every_gate_of_a_document_has_words(ways):
    codes = {code for way in ways for code in lower(way.document.model, ()).codes}

    assert codes - set(REASONS) == set()


def test_every_step_is_worded(ways):
    words = {step.name: asked_in_words(step) for way in ways for step in way.document.model.steps}

    assert (
        words["framework"]
        == "Lowest price, then most spare hours first; asked one at a time; opens 1 working day after approval."
    )
    assert words["rural_in_house"] == "Called off without asking; only where area band is rural."
    assert words["capacity_book"] == (
        "Lowest price first; standing offers, alone or two together, taken without asking again."
    )


def test_prose_reads_headings_lists_numbers_sources_and_what_is_assumed():
    text = (
        "Title\nCouncil: Leeds\n\nRules:\n  - A rule. [EL18-14, EL18-15]\n      assumed: ours\n  2. Second\n-----\nEnd"
    )

    title, council, heading, rules, end = blocks_of(text)

    assert [title.kind, council.kind, heading.kind, end.kind] == ["paragraph", "paragraph", "heading", "paragraph"]
    assert heading.text == "Rules"
    rule, second = rules.items
    assert (rule.text.strip(), rule.source, second.number, second.text) == ("A rule.", "EL18-14, EL18-15", 2, "Second")
    assert (rule.items[0].text, rule.items[0].assumed) == ("ours", True)
