"""The compiled rule of call-off: the same answers as the plain one, and never those of an older text."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from accept.made_up_council import a_council
from compiled_cases import Both, Branches, ask, ask_until_every_branch, drawn, in_place_of_the_rule

from calloff import compiled as machine_code
from calloff.benchmarks import benchmark
from calloff.compiled import CompilerMissingError, compiled, numbers, reckoner, sources_hash
from calloff.documents.purchasing_models import shipped, shipped_ids
from calloff.domain import allocation
from calloff.domain.packages import serving_order
from calloff.simulator.allocate import allocate

SOURCES = Path(machine_code.__file__).parents[1]


@pytest.mark.parametrize("name", shipped_ids())
def test_compiled_rule_answers_as_the_plain_one_on_a_run_of_each_document(name, tmp_path):
    both, document, council = Both(), shipped(name), a_council(seed=3, packages=5)
    inputs = council.inputs(document, council.contracts(document, spare_percent=60), seed=3)

    with in_place_of_the_rule(both):
        allocate(inputs, tmp_path / "run")

    assert both.differences == []
    assert both.calls > 10


@pytest.mark.parametrize("name", shipped_ids())
def test_a_run_by_the_compiled_rule_writes_the_same_bytes(name, tmp_path):
    document, council = shipped(name), a_council(seed=3, packages=12)
    inputs = council.inputs(document, council.contracts(document, spare_percent=60), seed=3)

    allocate(inputs, tmp_path / "plain")
    allocate(replace(inputs, reckoner=reckoner()), tmp_path / "compiled")

    files = sorted(path.name for path in (tmp_path / "plain").iterdir())
    assert files == ["decisions.jsonl", "packages.csv", "summary.csv"]
    for file in files:
        assert (tmp_path / "compiled" / file).read_bytes() == (tmp_path / "plain" / file).read_bytes()


def test_compiled_rule_answers_as_the_plain_one_on_drawn_questions_that_reach_every_branch():
    both = Both()

    watched, untried = ask_until_every_branch(both, seed=2026, most=1_000)
    for number in range(watched, 1_000):
        ask(drawn(2026, number), both)

    assert untried == []
    assert both.differences == []


def test_branches_left_untried_are_told():
    branches = Branches([allocation.advance])

    with branches.watched():
        allocation.advance([0], [0], 1, [allocation.OPEN], [0])

    first = allocation.advance.__code__.co_firstlineno
    assert branches.untried
    assert all(one.startswith("advance, line ") for one in branches.untried)
    assert all(int(one.rpartition(" ")[2]) > first for one in branches.untried)


@pytest.mark.parametrize("odd", [[1, 2, 3], numbers([1, 2, 3]).astype("int32"), numbers([1, 2, 3]).astype("float64")])
def test_compiled_rule_takes_nothing_but_whole_numbers_of_64_bits(odd):
    with pytest.raises(TypeError, match="No matching definition"):
        compiled(allocation.conditions_hold)(odd, 0, 1, numbers([1, 2]))


def test_number_of_more_than_64_bits_is_refused():
    with pytest.raises(OverflowError):
        numbers([1 << 63])


def test_function_of_other_things_than_numbers_is_not_compiled():
    with pytest.raises(TypeError, match="serving_order cannot be compiled: it takes Package"):
        compiled(serving_order)


def test_without_numba_it_says_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)

    with pytest.raises(CompilerMissingError, match=r"run \./calloff once to install it"):
        machine_code.compiler.__wrapped__()


# What the benchmark measures


def test_kernel_benchmark_measures_the_compiled_rule_which_agrees_with_the_plain_one():
    times = benchmark("kernel").compiled_of_size(20, batches=1)

    assert len(times) == 4
    assert all(taken > 0 for taken in times.values())


def test_point_of_growth_that_would_take_too_long_is_run_on_a_sample_and_says_so(monkeypatch):
    kernel, told = benchmark("kernel"), []
    monkeypatch.setattr(kernel, "run_seconds", lambda packages, providers: packages * providers / 2_000)

    found = kernel.growth(told.append)

    assert found["packages x10"] == {"packages": 1_000, "providers": 20, "seconds": 10}
    # At worst it takes a hundred times the ten seconds of the point before; six hundred are allowed.
    assert found["packages x100"] == {"packages": 6_000, "providers": 20, "seconds": 60}
    assert told[3].endswith("10.0 ms a package (n = 6,000, a sample of 10,000)")
    assert found["providers x100"] == {"packages": 60, "providers": 2_000, "seconds": 60}


# What is kept


CHILD = """
import json
from calloff.compiled import compiled, numbers
from calloff.domain.allocation import AT_LEAST, mark_failures
from calloff.domain.tables import LINE

# One line, under the condition that the package's first column is at least 5; the column it reads is the first.
arguments = [0, 0, 1, 0, 0, AT_LEAST, 0, 7], 0, 1, [0, AT_LEAST, 5], [6, 7, 8], 3, [5]
plain = [0, 0, 0]
mark_failures(*arguments, plain)
rule = compiled(mark_failures)
fast = numbers([0, 0, 0])
rule(*(one if isinstance(one, int) else numbers(one) for one in arguments), fast)
hits, misses = sum(rule.stats.cache_hits.values()), sum(rule.stats.cache_misses.values())
print(json.dumps([plain, fast.tolist(), hits, misses]))
"""


class Copy:
    """A copy of the sources, whose rule is run compiled in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        shutil.copytree(SOURCES, folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.yaml"))

    def run(self) -> tuple[list[int], int, int]:
        """What the compiled rule marks, and how often its code was found and not found among the kept."""
        environment = {**os.environ, "PYTHONPATH": str(self.root / "src")}
        command = [sys.executable, "-P", "-W", "error", "-c", CHILD]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        plain, fast, hits, misses = json.loads(done.stdout)
        assert plain == fast
        return fast, hits, misses

    def edit(self, before: str, after: str) -> None:
        path = self.root / "src" / "calloff" / "domain" / "allocation.py"
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1, f"{before!r} does not stand in the rule once"
        path.write_text(text.replace(before, after), encoding="utf-8")

    def kept(self) -> dict[Path, int]:
        """Every file of compiled code, wherever it was put, and when it was written."""
        return {path: path.stat().st_mtime_ns for path in self.root.rglob("*.nb[ci]")}


def test_kept_code_is_found_again_and_an_edited_rule_or_helper_is_compiled_anew(tmp_path):
    copy = Copy(tmp_path)

    assert copy.run() == ([1, 0, 0], 0, 1)
    kept = copy.kept()
    assert copy.run() == ([1, 0, 0], 1, 0)
    assert copy.kept() == kept
    assert all(tmp_path / ".venv" / "compiled" in path.parents for path in kept)

    copy.edit("if facts[start + row] < operand:", "if facts[start + row] <= operand:")
    assert copy.run() == ([1, 1, 0], 0, 1)
    # In a helper alone: the rule that calls it stands as it was.
    copy.edit("if value < operand:", "if value <= operand:")
    assert copy.run() == ([0, 0, 0], 0, 1)
    assert len({path.parents[1] for path in copy.kept()}) == 3


def test_where_nothing_can_be_kept_the_rule_is_compiled_all_the_same(tmp_path):
    copy = Copy(tmp_path)
    (tmp_path / ".venv").write_text("a file where the folder would be")

    assert copy.run()[0] == [1, 0, 0]
    assert copy.kept() == {}


def test_every_source_of_the_domain_counts_by_name_and_content(tmp_path):
    package = tmp_path / "calloff"
    (package / "domain").mkdir(parents=True)
    (package / "compiled.py").write_text("1")
    (package / "domain" / "allocation.py").write_text("2")

    found = [sources_hash(package)]
    (package / "domain" / "tables.py").write_text("3")
    found.append(sources_hash(package))
    (package / "domain" / "tables.py").write_text("4")
    found.append(sources_hash(package))
    (package / "domain" / "tables.py").rename(package / "domain" / "other.py")
    found.append(sources_hash(package))
    (package / "compiled.py").write_text("5")
    found.append(sources_hash(package))

    assert len(set(found)) == 5


def test_code_of_other_sources_is_removed_after_a_week(tmp_path):
    names = {"this": 30, "younger": 6, "older": 8}
    for name, days in names.items():
        (tmp_path / name).mkdir()
        at = time.time() - days * 86_400
        os.utime(tmp_path / name, (at, at))

    machine_code._forget_others(tmp_path / "this")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["this", "younger"]
