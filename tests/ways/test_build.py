"""Making the comparison: whole or not at all, kept for the day and the code, rebuilt when asked."""

from __future__ import annotations

import shutil
from datetime import date, timedelta

import pytest
from typer.testing import CliRunner

from calloff import stages
from calloff.cli import app
from calloff.domain.errors import BadInputError
from calloff.ways import build, serve
from calloff.ways.build import Made, Size, make, ready, version_of_code
from calloff.ways.job import ways_shipped

TODAY = date(2026, 11, 25)
TOMORROW = TODAY + timedelta(days=1)
ONE_WAY = ways_shipped()[:1]


def test_the_folder_holds_the_files_of_the_five_minutes_and_every_run(made):
    folder, _, lines = made
    names = {path.name for path in folder.iterdir()}

    assert {"providers.csv", "packages.csv", "places.csv", "page.html", "made.json"} <= names
    for document in ways_shipped():
        assert f"contracts-{document.model.id}.csv" in names
        assert (folder / document.model.id / "decisions.jsonl").is_file()
    assert len(lines) == 1 + len(ways_shipped())


def test_nothing_is_left_beside_the_folder(made):
    assert [path.name for path in made[0].parent.iterdir()] == ["ways"]


def test_what_was_made_today_by_this_code_is_shown_again(made):
    folder, first, _ = made

    assert ready(folder, TODAY, "version 1", keep=False) == first
    assert first.stamp["begins_on"] == "2026-11-23"


def test_another_day_or_other_code_makes_it_anew_and_keep_overlooks_the_day_alone(made):
    folder, first, _ = made

    assert ready(folder, TOMORROW, "version 1", keep=False) is None
    assert ready(folder, TODAY, "version 2", keep=False) is None
    assert ready(folder, TOMORROW, "version 1", keep=True) == first
    assert ready(folder, TOMORROW, "version 2", keep=True) is None


@pytest.mark.parametrize("stamp", ["", "[]", "{}", '{"version": "version 1"}'])
def test_a_stamp_that_cannot_be_read_makes_it_anew(tmp_path, stamp):
    (tmp_path / "made.json").write_text(stamp)
    (tmp_path / "page.html").write_text("a page")

    assert ready(tmp_path, TODAY, "version 1", keep=False) is None


def test_an_earlier_comparison_is_exchanged_and_one_broken_off_leaves_it(made, tmp_path):
    folder = tmp_path / "ways"
    shutil.copytree(made[0], folder)

    def stop(line):
        raise KeyboardInterrupt

    lines = []
    with pytest.raises(KeyboardInterrupt):
        make(folder, TOMORROW, "2", lambda line: stop(line) if lines else lines.append(line), size=Size(8, 3))
    assert (folder / "page.html").read_text() == made[1].page

    make(folder, TOMORROW, "2", lines.append, size=Size(8, 3), documents=ONE_WAY)
    assert (folder / "page.html").read_text() != made[1].page
    assert [path.name for path in tmp_path.iterdir()] == ["ways"]


def test_a_folder_of_somebody_else_is_not_touched(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(BadInputError, match="something else than a comparison"):
        make(tmp_path, TODAY, "1", print)


def test_the_version_of_the_code_changes_with_a_template_and_not_with_a_cache(tmp_path):
    (tmp_path / "page.html").write_text("one")
    before = version_of_code(tmp_path)
    (tmp_path / "page.pyc").write_text("compiled")
    assert version_of_code(tmp_path) == before

    (tmp_path / "page.html").write_text("two")
    assert version_of_code(tmp_path) != before


@pytest.fixture
def run_ways(monkeypatch, tmp_path):
    """Run the command with a build and a server that end at once; returns what it said and how often it built."""
    builds = []

    def made_at_once(folder, today, version, tell):
        builds.append(today)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "made.json").write_text(f'{{"version": "{version}", "made_on": "{today}"}}')
        (folder / "page.html").write_text("a page")
        return Made("a page", {})

    monkeypatch.setattr(stages, "ROOT", tmp_path)
    monkeypatch.setattr(build, "make", made_at_once)
    monkeypatch.setattr(serve, "serve", lambda server, tell: server.server_close())

    def run(*arguments, port=""):
        result = CliRunner().invoke(app, ["ways", *arguments], env={"PORT": port})
        return result, len(builds)

    return run


def test_ways_says_where_its_files_lie_and_what_to_open(run_ways, tmp_path):
    result, _ = run_ways()

    assert result.exit_code == 0
    assert str(tmp_path / "var" / "ways") in result.output
    assert "open http://127.0.0.1:" in result.output


def test_ways_is_made_once_a_day_and_anew_with_fresh(run_ways):
    assert run_ways()[1] == 1
    assert run_ways()[1] == 1
    assert run_ways("--keep")[1] == 1
    assert run_ways("--fresh")[1] == 2


def test_ways_refuses_fresh_with_keep_and_a_port_that_is_none(run_ways):
    assert run_ways("--fresh", "--keep")[0].exit_code == 2
    assert "write a whole number from 1 to 65535" in str(run_ways(port="eighty")[0].exception)
