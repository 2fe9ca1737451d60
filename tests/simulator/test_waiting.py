"""Who waits for minutes is looked at again when they come free, and looking at everybody would change nothing."""

import io
from datetime import UTC, datetime

import pytest

from calloff.documents.purchasing_models import shipped
from calloff.simulator.allocate import Inputs, arrive, sides_of
from calloff.simulator.enrol import enrol
from calloff.simulator.keyed_draws import Draws
from calloff.simulator.log import DecisionLog
from calloff.simulator.responders import Seeded
from calloff.simulator.run import Run
from calloff.simulator.summary import outcome_rows
from calloff.ways.register import eastmoor

BEGINS_AT = datetime(2025, 3, 31, 8, tzinfo=UTC)
SEED = 2


class WakesEverybody(Run):
    """The same run, in which every package that waits is served again whenever any minute comes free."""

    def _wake(self, freed_by, row):
        for reference in sorted(self.cases):
            waiting = self.cases[reference]
            if waiting is not freed_by and waiting.last_refer is not None:
                self._now_due(reference)


def outcomes(kind: type[Run], model: str):
    council = eastmoor(SEED, BEGINS_AT.date(), 14, 120)
    document = shipped(model)
    contracts, _ = enrol(document, council.providers, council.places, council.packages, SEED)
    responder = Seeded(Draws(SEED))
    inputs = Inputs(
        [document], council.providers, contracts, council.packages, council.places, responder, BEGINS_AT, SEED
    )
    packages = [arrive(inputs, row) for row in inputs.packages]
    sides = sides_of(inputs, [document], [package for package, _ in packages])
    run = kind(sides, responder, DecisionLog(io.StringIO(), [document]), BEGINS_AT)
    run.carry_out(packages)
    return outcome_rows(run)


@pytest.mark.parametrize("model", ["isle_of_wight_2021_locality_prime", "east_lothian_2024_locality_block"])
def test_looking_only_where_minutes_came_free_is_as_good_as_looking_everywhere(model):
    assert outcomes(Run, model) == outcomes(WakesEverybody, model)
