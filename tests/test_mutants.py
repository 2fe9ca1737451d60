"""Changing the rules one small step at a time: what is changed, what kills it, and that no proof is of nothing."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest

from calloff import mutants
from calloff.domain.errors import BadInputError

TEXT = '''
"""What it is about."""
LIMIT = 3

def rule(a: int, b: int = 1) -> int:
    """Not changed, and 5 neither."""
    while a < b and b != 0:
        a += 2
        if a % 2 == 1:
            continue
    return 0 if a in (b,) else a | b
'''
CHANGES = """
module: `3` becomes `4`
module: `3` becomes `2`
rule: `while a < b and b != 0:` becomes `while not (a < b and b != 0):`
rule: `a < b and b != 0` becomes `a < b or b != 0`
rule: `a < b` becomes `a <= b`
rule: `b != 0` becomes `b == 0`
rule: `0` becomes `1`
rule: `0` becomes `-1`
rule: `a += 2` becomes `a -= 2`
rule: `a += 2` becomes `pass`
rule: `2` becomes `3`
rule: `2` becomes `1`
rule: `if a % 2 == 1:` becomes `if not a % 2 == 1:`
rule: `a % 2 == 1` becomes `a % 2 != 1`
rule: `a % 2` becomes `a * 2`
rule: `2` becomes `3` (place 2)
rule: `2` becomes `1` (place 2)
rule: `1` becomes `2`
rule: `1` becomes `0`
rule: `continue` becomes `pass`
rule: `return 0 if a in (b,) else a | b` becomes `return 0`
rule: `0 if a in (b,) else a | b` becomes `0 if not a in (b,) else a | b`
rule: `a in (b,)` becomes `a not in (b,)`
rule: `0` becomes `1` (place 2)
rule: `0` becomes `-1` (place 2)
rule: `a | b` becomes `a & b`
"""


def test_every_kind_of_step_is_changed_and_nothing_that_is_only_said():
    found = [one.change for one in mutants.mutants_of("calloff.domain.made_up", TEXT)]

    assert sorted(set(CHANGES.strip().splitlines()) - set(found)) == []
    # The default of a parameter is the only other.
    assert sorted(set(found) - set(CHANGES.strip().splitlines())) == [
        "rule: `1` becomes `0` (place 2)",
        "rule: `1` becomes `2` (place 2)",
    ]


def test_a_mutant_differs_from_its_module_in_its_one_change():
    module = "calloff.domain.visits"
    plain = ast.unparse(ast.parse(mutants._text(module)))
    for one in mutants.mutants():
        if one.module == module:
            changed = ast.unparse(one.tree())
            assert changed != plain
            differ = [
                (a, b) for a, b in zip(plain.splitlines(), changed.splitlines(), strict=False) if a.strip() != b.strip()
            ]
            assert differ or len(plain.splitlines()) != len(changed.splitlines())


def test_every_proof_is_of_a_mutant_that_there_is():
    assert sorted(set(mutants.proofs()) - {one.name for one in mutants.mutants()}) == []


@pytest.mark.parametrize(
    "text", ["- mutants: [a]\n", "- mutants: [a]\n  because: no\n", "- because: it is so, as anybody can see\n"]
)
def test_a_mutant_is_not_excused_without_a_proof(text, tmp_path, monkeypatch):
    path = tmp_path / "equivalent.yaml"
    path.write_text(text)
    monkeypatch.setattr(mutants, "EQUIVALENT", path)

    with pytest.raises(BadInputError, match="needs one proof"):
        mutants.proofs()


def test_mutants_of_one_rule_are_tried_each_in_a_process_of_its_own(tmp_path):
    script = (
        "import sys; from pathlib import Path; from calloff import mutants as m; m.STATE = Path(sys.argv[1]); "
        "m.TESTS = m.TESTS[:1]; print(m.run(False, print, 'visits is_kept')); "
        "m.TESTS = ('tests/mutants/nothing.py',); print(m.run(True, print, 'visits is_kept'))"
    )
    environment = {**os.environ, "PYTHONPATH": str(mutants.SOURCES)}
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "state.json")], capture_output=True, text=True, env=environment
    )

    # What was killed before is not tried again; tests that cannot run kill nothing, they stop everything.
    assert "7 mutants: 7 killed, 0 proven equivalent, 0 left\nTrue" in done.stdout
    assert "the tests fail on the rules as they stand" in done.stderr
