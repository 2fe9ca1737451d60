"""A made-up city, every visit of which is known: settled from files, it comes to the truth in every cell."""

from __future__ import annotations

import ast
import csv
from collections import Counter
from pathlib import Path

import pytest
from city import made, worth
from typer.testing import CliRunner

from calloff.cli import app
from calloff.formats.settled_visits import read_amount

VISITS = 6_000


@pytest.fixture(scope="module")
def city():
    return made.made(seed=5, visits=VISITS)


@pytest.fixture(scope="module")
def folder(city, tmp_path_factory):
    found = tmp_path_factory.mktemp("city")
    made.write_planned(found / "planned.csv", city)
    for number, (mode, rows) in enumerate(made.files(city, 5)):
        made.write_rows(found / f"file{number:02d}.csv", rows, mode)
    return found


def settled(folder, terms, out):
    rule = out / "rule.yaml"
    rule.write_text(terms.text)
    actual = [part for one in sorted(folder.glob("file*.csv")) for part in ("--actual", str(one))]
    known = ["--as-of", f"{made.KNOWN_AT:%Y-%m-%d}"]
    command = [
        "pay",
        "--rules",
        str(rule),
        "--planned",
        str(folder / "planned.csv"),
        *actual,
        "--out",
        str(out),
        *known,
    ]
    answer = CliRunner().invoke(app, command)
    assert answer.exit_code == 0, answer.output
    with (out / "settled.csv").open(encoding="utf-8") as stream:
        visits = list(csv.DictReader(stream))
    with (out / "logs.csv").open(encoding="utf-8") as stream:
        return visits, list(csv.DictReader(stream))


@pytest.mark.parametrize("terms", worth.EVERY, ids=lambda terms: terms.name)
def test_every_visit_of_the_city_is_what_it_was_made_to_be(city, folder, terms, tmp_path):
    visits, logs = settled(folder, terms, tmp_path)

    found = {
        one["visit"]: (
            one["reason"],
            frozenset(one["marks"].split("; ")) - {""},
            int(one["worked_minutes"] or 0),
            int(one["paid_minutes"] or 0),
            read_amount(one["amount"]),
        )
        for one in visits
    }
    wrong = []
    for one in made.truth(city, lambda _: terms):
        told = (one["reason"], one["marks"], one["worked_minutes"], one["paid_minutes"], one["pence"])
        if found.pop(one["visit"]) != told:
            wrong.append((one["visit"], told))
    assert not wrong, wrong[:5]
    assert not found
    assert all(one["why"].endswith(".") for one in visits)
    became = Counter((one["row"], one["is_a"]) for one in logs)
    expected = Counter({(told.row, told.is_a) for told in made.rows_of(city) if told.is_a not in ("", "withdrawn")})
    assert became == expected


def test_the_city_holds_everything_that_happens(city):
    kinds = city.kinds
    assert set(kinds) >= {*made.KINDS, "withdrawn", "in_two_homes", "death", "retainer", "suspended", "short_notice"}


def test_the_city_knows_nothing_of_how_visits_are_settled():
    for path in sorted(Path(made.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            assert not [one for one in names if one.startswith("calloff")], path
