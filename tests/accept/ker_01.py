"""
KER-01: the compiled rule of call-off answers exactly as the plain one.

Both are asked on whole runs of every shipped document, and on drawn questions in which every number goes up to its
bound and every branch of the rule is reached. Every answer, and every number that is written, must be the same.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from accept.made_up_council import a_council
from accept.tally import Tally
from compiled_cases import RULES, Both, ask, ask_until_every_branch, drawn, in_place_of_the_rule

from calloff.acceptance import Result
from calloff.documents.purchasing_models import shipped, shipped_ids
from calloff.simulator.allocate import allocate

SIZES = {0: 400, 1: 100_000, 2: 1_000_000}
"""Drawn questions; a package of each document's run for so many of them."""
QUESTIONS_A_PACKAGE = 2_000
SPARE_PERCENT = 60
SEED = 1
MOST_WATCHED = 5_000
"""Within so many questions every branch must have been reached."""


def check(size: int) -> Result:
    """Every document's run, then so many drawn questions."""
    tally, both = Tally(), Both()
    runs(tally, both, 4 + size // QUESTIONS_A_PACKAGE)
    on_documents = both.calls
    watched, untried = ask_until_every_branch(both, SEED, MOST_WATCHED)
    for where in untried:
        tally.fault(f"no question reached both sides of {where}")
    for number in range(watched, size):
        ask(drawn(SEED, number), both)
    tally.n += max(watched, size)
    for difference in both.differences:
        tally.fault(difference)
    tally.notes.append(
        f"{len(shipped_ids())} documents, {on_documents:,} calls in their runs; {tally.n:,} drawn questions, "
        f"{both.calls - on_documents:,} calls of {len(RULES)} rules; every branch reached after {watched}"
    )
    return tally.result


def runs(tally: Tally, both: Both, packages: int) -> None:
    """A run of each document, every call of the rule being made in both forms."""
    for number, name in enumerate(shipped_ids()):
        document, council = shipped(name), a_council(number, packages)
        inputs = council.inputs(document, council.contracts(document, SPARE_PERCENT), number)
        before = both.calls
        with tempfile.TemporaryDirectory(prefix="calloff-rule-") as folder, in_place_of_the_rule(both):
            allocate(inputs, Path(folder) / "run")
        tally.expect(both.calls > before, f"{name}: the rule was never asked")
