"""Two versions of a document side by side: what is new, gone or changed, and nothing else."""

from __future__ import annotations

import pytest
from small_document import SMALL

from calloff.documents.plain_words import tell
from calloff.documents.purchasing_models import parse, shipped, shipped_ids
from calloff.documents.versions import changes


def document(text: str):
    return parse([("small.yaml", text)])


def found(text: str) -> list[tuple[str, str]]:
    return [(change.key, change.kind) for change in changes(document(SMALL), document(text))]


def test_a_version_differs_in_nothing_from_itself():
    assert found(SMALL) == []


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("ceiling_gbp_per_hour: 15.95", "ceiling_gbp_per_hour: 16.45", [("price.1", "changed")]),
        ("splitting: {most_providers: 3, assumed: an example}\n", "", [("splitting", "changed")]),
        ("{test: gate, declaration_days: 7, assumed: an example}", "{test: gate, declaration_days: 7, source: EL18-18}",
         [("capacity", "ground")]),
        ("  - {name: team, whom: team, ask: unasked, assumed: an example}\n", "", None),
        ("title: A small framework", "title: A smaller framework", [("title", "changed")]),
        ("rank_by: [price], when", "rank_by: [capacity], when", [("steps.spot", "changed")]),
    ],
)  # fmt: skip
def test_one_change_is_told_once(old: str, new: str, told: list[tuple[str, str]] | None):
    text = SMALL.replace(old, new)
    if told is None:
        text = text.replace("  - {name: team, role: in_house, assumed: an example}\n", "")
        told = [("tiers.team", "gone"), ("steps.team", "gone")]

    assert found(text) == told


def test_another_order_of_the_same_steps_is_a_change():
    lines = SMALL.splitlines()
    place = next(number for number, line in enumerate(lines) if "name: team, whom" in line)
    step = lines.pop(place)
    first = next(number for number, line in enumerate(lines) if "name: continuity" in line)
    lines.insert(first, step)

    [change] = changes(document(SMALL), document("\n".join(lines) + "\n"))

    assert change.key == "steps"
    assert change.before is not None
    assert change.before.text == "continuity, then framework, then spot, then team"
    assert change.after is not None
    assert change.after.text == "team, then continuity, then framework, then spot"


@pytest.mark.parametrize("model_id", shipped_ids())
def test_every_rule_has_a_key(model_id: str):
    assert all(rule.key for rule in tell(shipped(model_id)).every)
