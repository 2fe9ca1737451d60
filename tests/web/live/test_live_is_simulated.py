"""
Live decides as the simulation does: each shipped document, a made-up council, the same answers at the same moments.

The run of `allocate` writes its log; the services are then led through the same moments, a broker confirming at once
what is proposed. Invitations and call-offs must be the same, one by one, package by package, lot by lot.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from accept.made_up_council import BEGINS_AT, Council, a_council, buying_documents
from simulator_council import Live

from calloff.documents.purchasing_models import shipped
from calloff.domain.packages import Band
from calloff.simulator.allocate import LOG, allocate
from calloff.simulator.keyed_draws import Draws
from calloff.simulator.responders import Seeded
from calloff.web.brokerage.models import ALONE, Package
from calloff.web.brokerage.services.lots import DISSOLVED, GIVEN_OUT

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


@pytest.mark.parametrize("name", buying_documents())
def test_live_decides_as_the_simulation(name, tmp_path):
    council = a_council(7, packages=10, providers=12)
    document = shipped(name)
    inputs = council.inputs(document, council.contracts(document, 60), 7, Seeded(Draws(7)))
    allocate(inputs, tmp_path / "run")
    simulated = decided(tmp_path / "run" / LOG)
    assert bool(simulated) == (name not in LEAD_THEMSELVES)

    live = Live(inputs)
    live.run()

    for reference in sorted(set(simulated) | set(live.results)):
        assert live.results.get(reference) == simulated.get(reference), reference


def neighbours(seed: int, packages: int) -> Council:
    """A council whose packages are alike, live in two places and were approved on one day: many of them make lots."""
    council = a_council(seed, packages, providers=24)
    rows = []
    for number, row in enumerate(council.packages):
        package = replace(
            row.package,
            current_provider="",
            chosen_provider="",
            visits=tuple(visit for visit in row.package.visits if visit.band == Band.MORNING),
            client_group="older_people",
            age_group="75-84",
            needs=frozenset(),
        )
        rows.append(replace(row, package=package, approved_at=BEGINS_AT + number * timedelta(minutes=20)))
    return replace(council, places=council.places[:2], packages=tuple(rows))


@pytest.mark.parametrize(("spare_percent", "ending"), [(100, DISSOLVED), (5000, GIVEN_OUT)])
def test_lots_are_given_out_and_dissolved_as_in_the_simulation(spare_percent, ending, tmp_path):
    council = neighbours(7, packages=20)
    document = shipped("mini_competition")
    inputs = council.inputs(document, council.contracts(document, spare_percent), 7, Seeded(Draws(7)))
    allocate(inputs, tmp_path / "run")
    simulated = decided(tmp_path / "run" / LOG)

    live = Live(inputs)
    live.run()

    assert sum(reference.startswith("LOT-") for reference in simulated) > 1
    for reference in sorted(set(simulated) | set(live.results)):
        assert live.results.get(reference) == simulated.get(reference), reference
    assert set(Package.objects.filter(is_lot=True).values_list("end_reason", flat=True)) == {ending}
    assert not Package.objects.exclude(with_others=ALONE).exists()
