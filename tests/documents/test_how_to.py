"""The page on adding a purchasing model: what it shows works, and it leaves no key out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer
import yaml

from calloff.cases import written
from calloff.cases.trying import CASE_KEYS, try_cases
from calloff.cli import app
from calloff.documents import market_rules, prices, purchasing_models, steps
from calloff.documents.checks import check_report
from calloff.documents.wording import clock_words, wording
from calloff.domain.calendar import standing_clocks
from calloff.domain.contracts import ROLES
from calloff.domain.history import DECLINE_REASONS
from calloff.domain.purchasing_model import CRITERIA, PATTERNS
from calloff.domain.tables import CONDITION_FACTS

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "add-a-purchasing-model.md").read_text("utf-8")
WHOLE, PART, CASES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_what_the_page_shows_passes_both_commands(tmp_path: Path):
    document, cases = (tmp_path / name for name in ("our-council.yaml", "our-council-cases.yaml"))
    for path, text in zip((document, cases), (WHOLE, CASES), strict=True):
        path.write_text(text, encoding="utf-8")

    report, sound = check_report([str(document)])
    told, good = try_cases(cases)

    assert sound, report
    assert good, told


def test_the_part_with_lines_lots_and_turns_stands_in_the_place_of_the_first(tmp_path: Path):
    path = tmp_path / "our-council.yaml"
    first, part = (yaml.load(text, Loader=yaml.BaseLoader) for text in (WHOLE, PART))
    path.write_text(yaml.safe_dump({**first, **part}), encoding="utf-8")

    report, sound = check_report([str(path)])

    assert sound, report
    assert "rota (3 members, 3 waves)" in report


def test_the_commands_of_the_page_have_the_options_that_they_need():
    (shown,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    program = typer.main.get_command(app)
    commands = [line.split() for line in shown.replace("\\\n", " ").strip().splitlines()]
    assert [words[1] for words in commands] == ["models", "allocate"]
    for words in commands:
        command = program
        while hasattr(command, "commands"):
            words = words[1:]
            command = command.commands[words[0]]
        options = {option for one in command.params if one.param_type_name == "option" for option in one.opts}
        needed = {one.opts[0] for one in command.params if one.param_type_name == "option" and one.required}
        given = {word for word in words if word.startswith("--")}
        assert needed <= given <= options


def test_the_standing_clocks_are_told_as_they_are():
    told = {name: clock_words(clock) for name, clock in standing_clocks().items()}

    assert told == {
        "P1": "1 hour (counted 08:00 to 20:00 on all days)",
        "P2": "2 hours (counted 08:00 to 20:00 on all days)",
        "P3": "4 hours (counted 09:00 to 17:00 on working days)",
        "P4": "4 hours (counted 09:00 to 17:00 on working days)",
        "P5": "1 working day",
        "P6": "1 working day",
    }
    prose = " ".join(PAGE.split())
    assert (
        "P1 one hour and P2 two hours, counted 08:00 to 20:00 every day; P3 and P4 four hours, counted 09:00 to 17:00 "
        "on working days; P5 and P6 one working day." in prose
    )


@pytest.mark.parametrize(
    "keys",
    [
        purchasing_models.KNOWN,
        purchasing_models.SCOPES,
        steps.STEP_KEYS,
        prices.AMOUNTS,
        tuple(CONDITION_FACTS),
        tuple(market_rules.METHODS),
        market_rules.METHODS["price"],
        market_rules.ROUTES,
        ("count", "per_locality", "per_lot"),
        tuple(wording().sections["gates"]),
        tuple(wording().sections["waits"]),
        tuple(wording().sections["refers"]),
        tuple(DECLINE_REASONS),
        written.PACKAGE_KEYS,
        written.PROVIDER_KEYS,
        tuple(word for word in CRITERIA if word != "price_band"),
        PATTERNS,
        ROLES,
        tuple(key for key in CASE_KEYS if key not in ("shows", "source", "seed", "file", "base")),
    ],
)
def test_the_page_leaves_nothing_out(keys: tuple[str, ...]):
    words = set(re.findall(r"[a-z_0-9]+", PAGE))

    assert [key for key in keys if key not in words] == []
