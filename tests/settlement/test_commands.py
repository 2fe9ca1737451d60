"""The commands about visits and pay, as somebody types them."""

from __future__ import annotations

import re
from pathlib import Path

from typer.testing import CliRunner

from calloff.cli import app

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "price-delivered-visits.md"
PLANNED = """\
reference,contract,person,start_at,ends_at,minutes,rate
P-3F9C1A/1,E-PV001,P-3F9C1A,2026-03-02T08:00Z,2026-03-02T08:30Z,30,19.00
"""


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_the_example_of_the_page_is_worth_what_the_page_says(tmp_path):
    [example] = re.findall(r"```\n(row,version.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    planned, visits, out = tmp_path / "planned.csv", tmp_path / "visits.csv", tmp_path / "settled"
    planned.write_text(PLANNED)
    visits.write_text(example)

    checked = run("visits", "check", visits)
    paid = run("pay", "--rules", "hounslow_spot", "--planned", planned, "--actual", visits, "--out", out)

    assert "1 rows, 20 minutes" in checked.output
    assert paid.exit_code == 0
    assert paid.output.splitlines()[-2] == "in all £6.33"
    [row] = (out / "settled.csv").read_text().splitlines()[1:]
    assert row.startswith("P-3F9C1A/1,E-PV001,P-3F9C1A,2026-03-02,delivered,short,20,20,6.33,")
    assert "20 minutes were delivered of 30 minutes planned" in row


def test_the_rules_that_are_shipped_are_sound_and_a_wrong_one_is_told_with_its_line(tmp_path):
    listed, checked = run("rules", "list"), run("rules", "check")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("id: a\nversion: 1\ntitle: A\nbasis: {pay: by_the_smile, assumed: no}\n")

    assert checked.exit_code == 0
    assert len(listed.output.splitlines()) == len(checked.output.splitlines())
    told = run("rules", "check", wrong)
    assert told.exit_code == 1
    assert "wrong.yaml:4: `by_the_smile` is not known here" in told.output


def test_a_rule_that_is_not_there_is_told_with_those_that_are():
    told = run("rules", "check", "nowhere")

    assert told.exit_code == 1
    assert "hounslow_spot" in told.output
