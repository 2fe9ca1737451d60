"""How the candidates of a step came to stand in their order: criteria, ties and draws, or a competition's scores."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, pairwise

from calloff.documents.wording import listed, say, spaced
from calloff.domain.purchasing_model import Step
from calloff.domain.units import half_up
from calloff.simulator.scene import Scene

Lines = list[str]
MILLION = 1_000_000


def order_told(scene: Scene, step: Step, number: int) -> Lines:
    """Who could be asked, in order, with each one's figures; nobody stands before another until a sealed step ends."""
    keys = () if step.sealed else step.rank_by
    rule = ", then ".join(say("criteria", key.criterion) for key in keys)
    in_order = f", in order ({rule})" if rule else ""
    lines = [f"Step {number}, “{spaced(step.name)}”. Those who could be asked{in_order}:"]
    lines += [f"  {place}. {figures_of(scene, step, entry)}" for place, entry in enumerate(scene.record["order"], 1)]
    return lines if step.sealed else [*lines, *ties_told(scene, step)]


def figures_of(scene: Scene, step: Step, entry: Sequence[int]) -> str:
    figures = [scene.figure(key, value) for key, value in zip(step.rank_by, entry[1:], strict=False)]
    name = scene.name(entry[0])
    return f"{name}: {', '.join(figures)}" if figures else name


def scores_told(scene: Scene, step: Step) -> Lines:
    """Every answer that was scored, the best first, with its points on each criterion; then how equals stand."""
    weights = scene.model.scoring.weights if scene.model.scoring else ()
    scores = {row: (total, points) for row, total, *points in scene.record["scores"]}
    lines = ["The answers as they were scored, out of 100:"]
    for place, (row, *_) in enumerate(scene.record["order"], 1):
        total, points = scores[row]
        told = [
            f"{say('weights', weight.criterion)} {hundredths(one, MILLION)} (counts {weight.basis_points / 100:g} %)"
            for weight, one in zip(weights, points, strict=True)
        ]
        lines.append(f"  {place}. {scene.name(row)}: {hundredths(total, MILLION * 10_000)}, from {', '.join(told)}")
    return [*lines, *ties_told(scene, step)]


def hundredths(number: int, whole: int) -> str:
    """A share of the whole as points out of 100, with two decimals."""
    shown = half_up(number * 10_000, whole)
    return f"{shown // 100}.{shown % 100:02}"


def ties_told(scene: Scene, step: Step) -> Lines:
    """How those who were equal on the criteria of rank came to stand in this order."""
    keys, rank = scene.keys(step), len(step.rank_by)
    lines, draws = Lines(), dict(scene.record.get("draws", ()))
    for _, tied in groupby(scene.record["order"], key=lambda entry: entry[1 : rank + 1]):
        for above, below in pairwise(tied):
            first, second = scene.name(above[0]), scene.name(below[0])
            differ = next((n for n, _ in enumerate(keys) if above[n + 1] != below[n + 1]), None)
            equal = [say("criterion_names", key.criterion) for key in keys[:differ]]
            alike = f", equal on {listed(dict.fromkeys(equal))}" if equal else ""
            begins = f"Tie: {first} stands before {second}{alike}: "
            if differ is None:
                numbers = f"it drew {draws.get(above[0])} and {second} {draws.get(below[0])}, the lowest first"
                lines.append(f"{begins}{numbers} (drawn from the council's seed “{scene.standing.seed}”).")
            else:
                figures = [scene.figure(keys[differ], entry[differ + 1]) for entry in (above, below)]
                lines.append(f"{begins}{figures[0]}, against {figures[1]}.")
    return lines
