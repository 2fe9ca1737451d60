"""Which packages have their story told on the page: chosen by a rule, so that nobody picks the flattering ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from calloff.simulator.explain import explain
from calloff.simulator.run import CALLED_OFF, REFERRED
from calloff.ways.figures import short_name
from calloff.ways.job import WayOfBuying
from calloff.ways.prose import Block, blocks_of

Row = Mapping[str, str]


@dataclass(frozen=True)
class Kind:
    """A kind of story: its name, its heading, the rule by which the package is chosen, and what it must be."""

    name: str
    heading: str
    rule: str
    fits: Callable[[Row], bool]


@dataclass(frozen=True)
class Story:
    """One package's story; `way` is the short name of the way of buying it was bought under."""

    kind: str
    heading: str
    rule: str
    package: str
    way: str
    model: str
    blocks: Sequence[Block]


def _ordinary(row: Row) -> bool:
    return row["outcome"] == CALLED_OFF and len(_providers(row)) == 1 and int(row["asked"]) >= 2


def _split(row: Row) -> bool:
    return row["outcome"] == CALLED_OFF and len(_providers(row)) > 1


def _referred(row: Row) -> bool:
    return row["outcome"] == REFERRED and int(row["asked"]) >= 1


def _providers(row: Row) -> set[str]:
    """Those who have a part; one provider may hold several contracts, such as the offers of a capacity book."""
    return {name for name in row["providers"].split("; ") if name}


KINDS = (
    Kind("ordinary", "An ordinary package", "one provider, after more than one invitation", _ordinary),
    Kind("split", "Shared between two providers", "called off whole, to more than one provider", _split),
    Kind("referred", "Referred back to the council", "asked for, and no step was left", _referred),
)


def stories_of(ways: Sequence[WayOfBuying], root: str) -> list[Story]:
    """
    A story of each kind that any run has, of another package and, where that can be, another way of buying.

    Of the packages of a kind it is the one with the fewest invitations, then the first by reference. `root` is the
    folder of the runs as a reader would type it.
    """
    chosen: list[Story] = []
    for kind in KINDS:
        used, told = {story.model for story in chosen}, {story.package for story in chosen}
        for way in sorted(ways, key=lambda one: one.document.model.id in used):
            fitting = [row for row in way.outcomes if kind.fits(row) and row["reference"] not in told]
            if fitting:
                row = min(fitting, key=lambda one: (int(one["asked"]), one["reference"]))
                chosen.append(_told(kind, way, row["reference"], root))
                break
    return chosen


def _told(kind: Kind, way: WayOfBuying, package: str, root: str) -> Story:
    # The folder in which the runs are made is moved away from under its name before anybody reads the page.
    text = explain(way.log, package).replace(str(way.log.parent.parent), root)
    blocks = [block for block in blocks_of(text) if block.text != f"Package {package}"]
    return Story(kind.name, kind.heading, kind.rule, package, short_name(way), way.document.model.id, blocks)
