"""What components make of values: escaping, forms, lists, drawings, and what no page may show."""

from __future__ import annotations

import re
from datetime import date, time
from pathlib import Path

import pytest
from django.template import engines
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st
from web.look.gallery import LEDGER, PAGES, WRONG, AnswerForm, EveryForm, her_week, page

from calloff.web.config.look import forms, govuk
from calloff.web.config.look.fields import ClockField, DayField
from calloff.web.config.look.ledger import Ledger, Point
from calloff.web.config.look.lists import Choice, Filter, FilterState, Paging
from calloff.web.config.look.parts import tone_of
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.config.look.week import Week

STATIC = Path(__file__).resolve().parents[3] / "src" / "calloff" / "web" / "config" / "static"


# GOV.UK's components


@pytest.mark.parametrize("option", ["text", "html"])
def test_what_is_not_marked_safe_is_escaped(option):
    html = govuk.render("button", {option: "<b>&", "attributes": {"data-x": '"><i>'}, "value": '"'})

    assert "&lt;b&gt;&amp;" in html
    assert 'data-x="&#34;&gt;&lt;i&gt;"' in html
    assert "<b>" not in html
    assert "<i>" not in html


def test_what_is_marked_safe_stands():
    assert "<em>now</em>" in govuk.render("button", {"html": mark_safe("<em>now</em>")})


def test_lazy_words_are_spoken():
    assert "Save" in govuk.render("button", {"text": gettext_lazy("Save")})


def test_unknown_component_is_refused():
    with pytest.raises(govuk.UnknownComponentError, match="no component 'carousel'"):
        govuk.render("carousel", {})


def test_options_of_a_tag_become_those_of_a_component():
    assert govuk.nested({"label__is_page_heading": True, "attributes__data_row": 1, "title_text": "T"}) == {
        "label": {"isPageHeading": True},
        "attributes": {"data-row": 1},
        "titleText": "T",
    }


# Forms


def test_errors_say_the_same_above_and_beside_and_lead_to_the_field():
    form = AnswerForm(WRONG)
    above = forms.error_summary([form])
    beside = forms.form_fields(form)

    links = re.findall(r'href="#([^"]+)"[^>]*>\s*([^<]+?)\s*</a>', above)
    assert [target for target, _ in links] == ["id_answer", "id_starts_on_day", "id_starts_at"]
    for target, words in links:
        assert f'id="{target}"' in beside
        assert words in beside


def test_input_is_kept_and_escaped():
    html = forms.form_fields(AnswerForm(WRONG))

    assert 'value="31"' in html
    assert 'value="half eight"' in html
    assert "From &lt;b&gt;today&lt;/b&gt; &amp; gladly" in html


def test_nothing_answered_is_said_with_the_question():
    assert [words for bound in EveryForm({}) for words in forms.said(bound)] == [
        "Enter name",
        "Enter email address",
        "Enter password",
        "Enter care workers",
        "Enter rate for an hour",
        "Choose locality",
        "Tick “I have read the support plan”",
        "Enter where",
    ]


def test_password_is_never_sent_back():
    assert "secret" not in forms.form_fields(EveryForm({"password": "secret"}))


def test_further_questions_stand_below_their_answer_and_need_no_script():
    html = forms.form_fields(AnswerForm())

    assert html.index('value="part"') < html.index('name="hours"') < html.index('value="no"')
    assert html.count('name="hours"') == 1
    assert "aria-controls" not in html
    assert "conditional--hidden" not in html


@given(st.dates())
def test_day_field_reads_what_its_boxes_say(on):
    if on.year >= 1000:
        assert DayField().clean([str(on.day), f" {on.month} ", str(on.year)]) == on


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        (["31", "2", "2026"], "real date"),
        (["x", "2", "2026"], "real date"),
        (["1", "2", "26"], "real date"),
        (["1", "", ""], "must include a month, year"),
        (["", "", ""], "Enter a date"),
    ],
)
def test_day_field_refuses_with_words(boxes, message):
    with pytest.raises(Exception, match=message):
        DayField().clean(boxes)


def test_day_field_may_be_empty_and_knows_a_change():
    field = DayField(required=False)

    assert field.clean(["", "", ""]) is None
    assert field.has_changed(date(2026, 11, 26), ["26", "11", "2026"]) is False
    assert field.has_changed(date(2026, 11, 26), ["", "x", ""]) is True


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("20:00", time(20)),
        ("8.30", time(8, 30)),
        ("2000", time(20)),
        ("8pm", time(20)),
        ("12 am", time(0)),
        ("7", time(7)),
        ("", None),
    ],
)
def test_clock_field_reads_times_as_people_write_them(text, read):
    assert ClockField(required=False).clean(text) == read


@pytest.mark.parametrize("text", ["half eight", "25:00", "13pm", "8:75", "0am"])
def test_clock_field_refuses_what_is_no_time(text):
    with pytest.raises(Exception, match="time of day"):
        ClockField().clean(text)


# Lists


def test_filters_take_codes_only():
    filters = [Filter("priority", "Priority", [Choice("p1", "Crisis"), Choice("p2", "Hospital")])]
    state = FilterState(filters, {"priority": "Mrs Smith", "tab": "team", "name": "Smith"}, {"tab": ["team"]})

    assert state.active is False
    assert state.address() == "?tab=team"
    assert state.address(priority="p2") == "?tab=team&priority=p2"


def test_filters_say_what_is_in_force_and_how_to_clear_it():
    filters = [Filter("priority", "Priority", [Choice("p1", "Crisis")])]
    state = FilterState(filters, {"priority": "p1", "tab": "team"}, {"tab": ["team"]})

    assert state.chosen == [("Priority", "Crisis", "?tab=team")]
    assert state.clear == "?tab=team"
    assert state.active is True


@given(st.integers(0, 5000), st.text(max_size=6))
def test_paging_never_leaves_the_list(total, asked):
    paging = Paging.asked_for(asked, total)

    assert 1 <= paging.page <= paging.pages
    assert paging.rows.start <= total
    numbers = [item["number"] for item in paging.options()["items"] if "number" in item]
    assert numbers == sorted(set(numbers))
    assert {1, paging.page, paging.pages} <= set(numbers)


def test_paging_says_which_rows_it_shows():
    assert Paging(2, 412).in_words == "Showing 101 to 200 of 412"
    assert Paging(5, 412).in_words == "Showing 401 to 412 of 412"
    assert Paging(1, 1).in_words == "1 row"
    assert Paging(2, 412, "?tab=team").options()["next"]["href"] == "?tab=team&page=3"


def test_table_refuses_a_row_of_another_length():
    with pytest.raises(ValueError, match="1 cells under 2 columns"):
        Table("Packages", [Column("A"), Column("B")], [["one"]])


def test_unknown_tone_is_refused():
    with pytest.raises(ValueError, match="is no tone"):
        tone_of("pink")


# Drawings


def test_week_draws_one_bar_for_each_worker():
    week = Week(her_week(), "P-7K2M")

    assert len(week.bars) == sum(visit.workers for visit in her_week())
    assert len(week.critical) == 5
    assert week.in_words == "28 visits, 17.5 hours a week. 14 need two workers. 5 are time-critical."
    assert [mark.text for mark in week.starts] == ["07:00", "12:00", "17:00", "20:00"]


def test_week_as_a_table_says_the_same():
    rows = [[cell.text for cell in row.cells] for row in Week(her_week(), "P-7K2M").table.laid_out]

    assert rows == [
        ["07:00", "Mon, Tue, Wed, Thu, Fri", "30 min", "2"],
        ["07:00", "Sat, Sun", "30 min", "2"],
        ["12:00", "every day", "15 min", "1"],
        ["17:00", "every day", "15 min", "1"],
        ["20:00", "every day", "30 min", "2"],
    ]


@given(st.lists(st.integers(0, 10**6), max_size=60), st.none() | st.integers(0, 10**6), st.sampled_from([1, 10, 60]))
def test_ledger_stays_within_its_drawing(values, target, scale):
    ledger = Ledger("L", "hours", [Point(str(v), v, str(v)) for v in values], target=target, scale=scale)

    assert all(bar.y >= 16 and bar.height >= 0 and bar.x + bar.width <= ledger.right for bar in ledger.bars)
    assert 2 <= len(ledger.ticks) <= 6
    assert target is None or 16 <= ledger.target_y <= ledger.base


def test_ledger_marks_what_passes_its_limit():
    assert [bar.over for bar in LEDGER.bars].count(True) == 2


def test_ledger_refuses_what_it_cannot_show():
    with pytest.raises(ValueError, match="below zero"):
        Ledger("L", "hours", [Point("1", -1, "-1")])
    with pytest.raises(ValueError, match="neither bars nor steps"):
        Ledger("L", "hours", [], shape="pie")


# What no page may show


@pytest.mark.parametrize("name", PAGES)
def test_page_shows_no_crown_and_holds_no_inline_script_or_style(name):
    html = page(name)

    assert re.findall(r"crest|GDS Transport|govuk-logotype|Crown copyright|tudor", html, re.IGNORECASE) == []
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", html) == []
    assert re.findall(r"<html lang=\"en-GB\"", html) != []


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.*")), ids=lambda path: path.name)
def test_static_file_has_no_crown_and_asks_for_nothing(path):
    text = path.read_text()

    assert re.findall(r"crest|GDS Transport|govuk-logotype|Crown copyright|@font-face", text, re.IGNORECASE) == []
    assert "sourceMappingURL" not in text
    assert re.findall(r"url\(|@import", text) == []


def test_titles_name_page_product_and_council_and_say_error_first():
    assert "<title>Your queue - " not in page("queue")
    assert "<title>Queue - Calloff - Eastmoor Council</title>" in page("queue")
    assert "<title>Error: Answer the invitation - Calloff - Eastmoor Council</title>" in page("wrong")


def test_demonstration_says_so_and_only_then():
    assert "Invented people and providers." in page("components")
    assert "Invented people and providers." not in page("queue")


def test_sizes_stay_small():
    import gzip

    sizes = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in STATIC.iterdir()}

    assert sizes["govuk.css"] <= 12_000
    assert (STATIC / "calloff.js").stat().st_size <= 6_000
    assert sum(sizes.values()) <= 40_000


def test_our_green_can_be_read_on_white():
    def light(part):
        share = part / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    for green in ("0b4f3c", "0a5c43", "083b2d"):
        red, middle, blue = (light(int(green[at : at + 2], 16)) for at in (0, 2, 4))
        assert 1.05 / (0.2126 * red + 0.7152 * middle + 0.0722 * blue + 0.05) >= 7
        assert green in (STATIC / "govuk.css").read_text()


def test_static_files_are_hashed_and_compressed_by_gzip_alone(tmp_path):
    from calloff.web.config.storage import GzipManifestStorage

    names = {path.name for path in STATIC.iterdir()}
    storage = GzipManifestStorage(location=str(tmp_path), base_url="/static/")
    for path in STATIC.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    found = list(storage.post_process({name: (storage, name) for name in names}))

    assert [error for *_, error in found if isinstance(error, Exception)] == []
    assert sorted(path.suffix for path in tmp_path.iterdir() if path.suffix == ".br") == []
    assert len([path for path in tmp_path.iterdir() if path.suffix == ".gz"]) >= 3


def test_cells_are_escaped_whatever_they_hold():
    bad = '<i>"&'
    table = Table(bad, [Column(bad, unit=bad)], [Row([Cell(bad, bad, bad, bad, strong=True)], url=bad, marked=True)])
    html = engines["django"].from_string("{% load look %}{% data_table table %}").render({"table": table})

    assert "<i>" not in html
    assert html.count("&lt;i&gt;&quot;&amp;") == 9
    assert "data-open" in html
