"""`models try`: a council holds a document of its own to cases of its own, without code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from kernel_cases import FOLDER
from typer.testing import CliRunner

from calloff.cases.trying import try_cases
from calloff.cli import app
from calloff.domain.errors import BadInputError

CASES = """\
model: own
package: {approved: Mon 1 June 2026 09:30, start: 8 June 2026, visits: ['mon-sun 08:00 30m']}
providers:
  A: {lot: valley, spare: 20 h}
  B: {lot: valley, spare: 20 h}
cases:
  - name: the first in turn
    story:
      - {at: Mon 1 June 2026 09:30, then: {invite: {A: Mon 1 June 2026 13:30}, order: [A, B]}}
"""
STORY_LINES = CASES[CASES.index("    story:") :]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own.yaml").write_text((FOLDER / "models" / "rotation.yaml").read_text("utf-8"), encoding="utf-8")
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "own-cases.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_cases_beside_a_document_are_tried(folder: Path):
    result = CliRunner().invoke(app, ["models", "try", str(written(folder, CASES))])

    assert result.exit_code == 0
    assert result.output.splitlines() == ["ok: the first in turn", "1 case tried, 0 answered otherwise than written"]


@pytest.mark.parametrize(
    ("instead_of", "write", "told"),
    [
        ("{A: Mon 1 June 2026 13:30}", "{B: Mon 1 June 2026 13:30}", "invite is {'A': 'Mon 1 June 2026 13:30'}, not"),
        ("order: [A, B]", "order: [B, A]", "order is ['A', 'B'], not ['B', 'A']"),
        ("order: [A, B]", "refer: no_step_left", "the answer tells no `refer`"),
        (STORY_LINES, "    story: []", "the story asks nothing"),
    ],
)
def test_what_is_answered_otherwise_is_told(folder: Path, instead_of: str, write: str, told: str):
    report, good = try_cases(written(folder, CASES.replace(instead_of, write)))

    assert not good
    assert told in report


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CASES.replace("cases:", "kind: documents\ncases:"), "not of the kind `decisions`"),
        (CASES.replace("providers:", "# providers:"), "own-cases.yaml:4: this is not YAML"),
        (CASES.replace("model: own", "modle: own"), "own-cases.yaml: `modle` is not known here; write one of: title"),
        ("- a list\n", "this is not a file of cases"),
        ("a: [", "own-cases.yaml:1: this is not YAML"),
        ("cases: " + "[" * 3_000, "own-cases.yaml: this is nested too deeply"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_why(folder: Path, text: str, told: str):
    with pytest.raises(BadInputError) as refused:
        try_cases(written(folder, text))

    assert told in str(refused.value)


# What of a case cannot be read


STORY = """\
      - {at: Mon 1 June 2026 09:30, then: {invite: {A: Mon 1 June 2026 13:30}, order: [A, B]}}
      - {at: Mon 1 June 2026 10:00, event: A declines location}
      - {at: Mon 1 June 2026 10:00, then: {invite: {B: Mon 1 June 2026 14:00}}}
"""
LONG = CASES[: CASES.index("      - {at:")] + STORY
A = "A: {lot: valley, spare: 20 h}"
EVENT = "event: A declines location"
FOUR = (
    "write four numbers from 1 to 4 (0 is not graded yet), for wellbeing, care planning, staff and leadership, or one"
)


def provider(more: str) -> tuple[str, str]:
    return A, A.replace("}", f", {more}}}")


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (provider("tier: membres"), "provider A: `membres` is no tier of the document; write one of: members, spot"),
        (
            ("A: {lot: valley", "A: {lot: vallley"),
            "provider A: `vallley` is no lot of the document; write one of: valley",
        ),
        (provider("localty: North"), "provider A: `localty` is not known here; write one of: tier, lot, localities"),
        (provider("grades: splendid"), f"provider A: `splendid` are no grades of cqc; {FOUR}"),
        (provider("grades: '2'"), f"provider A: `2` are no grades of cqc; {FOUR}"),
        (provider("grades: 3 3 3 3 3"), f"provider A: `3 3 3 3 3` are no grades of cqc; {FOUR}"),
        (provider("grades: 5 5 5 5"), f"provider A: `5 5 5 5` are no grades of cqc; {FOUR}"),
        (provider("grades: 3 3 3 -1"), "provider A: `3 3 3 -1` are no grades of cqc"),
        (provider("grades: very good"), "one word for all: inadequate, requires improvement, good, outstanding, none"),
        (provider("capabilities: doubled"), "provider A: `doubled` is not known here; write one of: double_handed"),
        (provider("rate: '23,00'"), "provider A: `23,00` is no rate; write pounds an hour, for instance 23.50"),
        (provider("lines: [{rat: 23.00}]"), "provider A: `rat` is not known here; write one of: rate, care_type"),
        (
            provider("from_on: 2026-04-20"),
            "provider A: `2026-04-20` is no day as a case writes it; write 20 April 2026",
        ),
        (provider("address: Leeds"), "provider A: `Leeds` is no place; write easting and northing in metres"),
        (
            ("spare: 20 h", "spare: '60'"),
            "provider A: `60` is no number of hours; write 30 h, or [morning 10 h, bed 8 h]",
        ),
        (("spare: 20 h", "spare: dawn 20 h"), "provider A: `dawn` is no part of the day; write one of: morning"),
        (("  A: {lot: valley, spare: 20 h}", "  A: everywhere"), "provider A: `everywhere` stands where keys"),
        (
            ("start: 8 June 2026", "start: 2026-06-08"),
            "package: `2026-06-08` is no day as a case writes it; write 8 June",
        ),
        (("start: 8 June 2026", "start: soon"), "write for instance 5 March 2018"),
        (("start: 8 June 2026, ", ""), "package: `start` is missing"),
        (("{approved:", "{localty: North, approved:"), "package: `localty` is not known here; write one of: locality"),
        (
            ("{approved:", "{locality: Nroth, approved:"),
            "package: the locality `Nroth` is named by no lot, contract or",
        ),
        (("{approved:", "{priority: P9, approved:"), "package: `P9` is no priority; write one of: P1, P2"),
        (("approved: Mon 1", "approved: Tue 1"), "package: Tue 1 June 2026 09:30 is no moment: it would be Mon 1 June"),
        (("approved: Mon 1 June 2026 09:30", "approved: today"), "package: `today` is no moment; write for instance"),
        (("mon-sun 08:00 30m", "daily at eight"), "package: 'daily at eight' is no visit; write mon-sun 08:00 30m"),
        (("mon-sun 08:00 30m", "sat-mon 08:00 30m"), "package: 'sat-mon 08:00 30m' runs backwards; write two lines"),
        (("mon-sun 08:00 30m", "mon-sun 28:00 30m"), "is no visit"),
        (("at: Mon 1 June 2026 09:30", "at: Mon 1 June 09:30"), "story, entry 1: `Mon 1 June 09:30` is no moment"),
        ((EVENT, "evnt: A declines location"), "story, entry 2: `evnt` is not known here; write one of: at, event"),
        ((f", {EVENT}", ""), "Mon 1 June 2026 10:00: there is neither an `event` nor a `then`"),
        ((EVENT, "event: A refuses"), "`refuses` is nothing that a provider does here; write one of: accepts, offers"),
        ((EVENT, "event: A"), "Mon 1 June 2026 10:00: `A` is no event; write who does what, as in Acorn accepts"),
        ((EVENT, "event: Oak declines location"), "`Oak` is no provider of this case; write one of: A, B"),
        (
            (EVENT, "event: A declines"),
            "`nothing` is no reason to decline; write one of: no_capacity_in_band, no_capacity",
        ),
        ((EVENT, "event: A declines whim"), "`whim` is no reason to decline; write one of: no_capacity_in_band"),
        (
            (EVENT, "event: A accepts 21.00"),
            "nothing follows `accepts`: `21.00` belongs beside it, as in `rate: 21.00`",
        ),
        ((EVENT, f"{EVENT}, rate: 21.00"), "`rate` stands only beside `accepts` or `offers`"),
        ((EVENT, "event: A accepts, rate: much"), "Mon 1 June 2026 10:00: `much` is no rate"),
        ((EVENT, "event: B declines location"), "B was not asked before, so that its answer would count for nothing"),
        ((EVENT, "event: A declares much"), "Mon 1 June 2026 10:00: `much` is no number of hours"),
        (
            (EVENT, "event: council sleeps"),
            "`sleeps` is nothing that a council does here; write one of: suspends, holds",
        ),
        ((EVENT, "event: council holds"), "`council holds` is followed by a reason"),
        ((EVENT, "event: council orders B whim"), "`whim` is no reason for an order; write one of: person_at_risk"),
        (
            ("order:", "oder:"),
            "Mon 1 June 2026 09:30: `oder` is not known here; write one of: step, invite, rank, order",
        ),
        (("    story:", "    turns_taken: [Oak]\n    story:"), "turns_taken: `Oak` is no provider of this case"),
        (("    story:", "    stroy:"), "`stroy` is not known here; write one of: name, shows"),
        (("model: own\n", ""), "`model` is missing"),
        (("model: own", "model: owm"), "there is no purchasing model 'owm'"),
        (
            ("model: own", "model: {document: own, changes: {tiers.x.y: none}}"),
            "`tiers.x.y` is no place in the document",
        ),
    ],
)
def test_what_cannot_be_read_names_the_file_the_case_and_what_to_write(folder: Path, place: tuple[str, str], told: str):
    before, after = place
    assert LONG.count(before) >= 1
    path = written(folder, LONG.replace(before, after, 1))

    report, good = try_cases(path)

    assert not good
    assert f"  {path}, case 1, `the first in turn`: " in report
    assert told in report
    assert "1 could not be read" in report
    assert not re.search("Error|Exception|not in list|object|NoneType|invalid literal", report)


def test_a_case_that_cannot_be_read_does_not_keep_the_others_from_being_tried(folder: Path):
    more = """\
  - name: misspelt
    package: {approved: Mon 1 June 2026 09:30, start: someday, visits: [mon 08:00 30m]}
    story: []
  - name: misspelt alike
    package: {approved: Mon 1 June 2026 09:30, start: someday, visits: [mon 08:00 30m]}
    story: []
  - only a word
  - name: the last
    story:
      - {at: Mon 1 June 2026 09:30, then: {order: [A, B]}}
"""
    path = written(folder, LONG + more)

    result = CliRunner().invoke(app, ["models", "try", str(path)])

    someday = "`misspelt`: package: `someday` is no day as a case writes it; write for instance 5 March 2018"
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "ok: the first in turn",
        "cannot be read: misspelt",
        f"  {path}, case 2, {someday}",
        "cannot be read: misspelt alike",
        f"  {path}, case 3, `misspelt alike`: as case 2",
        "cannot be read: case 4",
        f"  {path}, case 4, `case 4`: `only a word` is no case; write name, story and the like below one another",
        "ok: the last",
        "5 cases tried, 0 answered otherwise than written, 3 could not be read",
    ]


@pytest.mark.parametrize(
    ("grades", "gates"),
    [
        ("good", "{}"),
        ("Outstanding", "{}"),
        ("requires improvement", "all"),
        ("none", "all"),
        ("0 3 3 3", "{A: 3 grade_wellbeing}"),
        ("3 3 2 3", "{A: 3 grade_staff}"),
    ],
)
def test_grades_may_be_numbers_or_one_word_for_all(folder: Path, grades: str, gates: str):
    document = folder / "own.yaml"
    rule = "admission: [{rule: minimum_grade, scale: cqc, grade: good, assumed: an example}]\n"
    document.write_text(document.read_text("utf-8") + rule, encoding="utf-8")
    areas = ("wellbeing", "care_planning", "staff", "leadership")
    every = f"{{A: '{', '.join(f'3 grade_{area}' for area in areas)}'}}"
    text = CASES.replace(A, A.replace("}", f", grades: {grades}}}"))
    text = text[: text.index("{invite")] + f"{{gates: {every if gates == 'all' else gates}}}}}\n"

    report, good = try_cases(written(folder, text))

    assert good, report


def test_a_locality_that_nobody_names_is_taken_where_the_case_says_that_it_is_meant(folder: Path):
    text = LONG.replace("{approved:", "{locality: Moor, approved:").replace(STORY, "")
    story = "      - {at: Mon 1 June 2026 09:30, then: {refer: no_step_left}}\n"

    assert "locality `Moor` is named by no lot" in try_cases(written(folder, text + story))[0]
    told, _ = try_cases(
        written(folder, text.replace("    story:", "    localities: [North, Moor]\n    story:") + story)
    )
    assert "could not be read" not in told
