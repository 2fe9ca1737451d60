"""
Live decides as the simulation does: each shipped document, a made-up council, the same answers at the same moments.

The run of `allocate` writes its log; the services are then led through the same moments, a broker confirming at once
what is proposed. Invitations and call-offs must be the same, one by one, package by package. Lots are not formed live
yet: what a document says of batching is left out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest
import yaml
from accept.made_up_council import a_council, buying_documents
from simulator_council import Live

from calloff.documents.purchasing_models import Document, parse, shipped
from calloff.simulator.allocate import LOG, allocate
from calloff.simulator.keyed_draws import Draws
from calloff.simulator.responders import Seeded

pytestmark = pytest.mark.django_db

WRITTEN = ("invite", "call_off")
LEAD_THEMSELVES = ("personal_budget",)
"""Documents under which nobody of the made-up council is asked: everybody leads, and is told how."""


def decided(log: Path) -> dict[str, list[dict[str, object]]]:
    """By package, the results of the decisions that asked somebody or called off."""
    facts: dict[str, dict[str, object]] = {}
    found: dict[str, list[dict[str, object]]] = defaultdict(list)
    for text in log.read_text().splitlines():
        line = json.loads(text)
        if line["line"] == "fact" and line["fact"]["kind"] == "package":
            facts[line["hash"]] = line["fact"]["body"]
        if line["line"] == "decision" and line["record"]["result"]["kind"] in WRITTEN:
            found[str(facts[line["record"]["package"]]["reference"])].append(line["record"]["result"])
    return dict(found)


def without_batching(name: str) -> Document:
    """A shipped document, its packages asked for one by one."""
    document = shipped(name)
    if document.model.batching is None:
        return document
    path, text = document.texts[-1]
    rules = yaml.safe_load(text)
    del rules["batching"]
    return parse([*document.texts[:-1], (path, yaml.safe_dump(rules, sort_keys=False))])


@pytest.mark.parametrize("name", buying_documents())
def test_live_decides_as_the_simulation(name, tmp_path):
    council = a_council(7, packages=10, providers=12)
    document = without_batching(name)
    inputs = council.inputs(document, council.contracts(document, 60), 7, Seeded(Draws(7)))
    allocate(inputs, tmp_path / "run")
    simulated = decided(tmp_path / "run" / LOG)
    assert bool(simulated) == (name not in LEAD_THEMSELVES)

    live = Live(inputs)
    live.run()

    for reference in sorted(set(simulated) | set(live.results)):
        assert live.results.get(reference) == simulated.get(reference), reference
