"""What the people of the demonstration need: a week of visits, and all that a request says about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from calloff.domain.packages import Band, Visit, band_of
from calloff.formats.weekly_pattern import Draws as PatternDraws
from calloff.formats.weekly_pattern import weekly_pattern
from calloff.simulator.keyed_draws import Draws
from calloff.web.brokerage.services.wanted import Line, Wanted, lines_of
from calloff.web.demonstration.councils import Shape
from calloff.web.demonstration.people import share

CRITICAL_PERCENT = 10
PRIORITIES = {2: 26, 4: 10, 5: 64}
"""Of those who had care before the last days: from hospital, after reablement, new (assumed)."""
TASKS = {
    Band.MORNING: frozenset({"washing", "dressing"}),
    Band.LUNCH: frozenset({"meals"}),
    Band.TEA: frozenset({"meals", "company"}),
    Band.BED: frozenset({"dressing", "toilet"}),
    Band.NIGHT: frozenset({"toilet", "welfare_check"}),
}
"""What is done at each part of the day (assumed)."""
OUTCOMES = (
    "To stay in her or his own home and be ready for the day by nine.",
    "To get the strength back that was lost in hospital.",
    "To eat two warm meals a day and take all medicines.",
    "To be safe on the stairs and in the bathroom.",
)
PREFERENCES = (
    "Would rather have the same few people.",
    "Likes a quiet start and a cup of tea before anything else.",
    "Hard of hearing: ring twice.",
    "The daughter visits on Sundays.",
)


def wanted(draws: Draws, shape: Shape, key: str, *, starts_on: date, priority: int, minutes: int = 0) -> Wanted:
    """What somebody needs; so many worker minutes a week, or a size of the council's usual ones."""
    minutes = minutes or int(share(shape.minutes, draws, "minutes", key))
    visits = weekly_pattern(minutes, PatternDraws(str(draws.seed), f"{shape.code}-{key}"))
    if draws.chance(CRITICAL_PERCENT, "critical", key):
        visits = tuple(replace(visit, critical=visit.start_minute < 12 * 60) for visit in visits)
    dementia = draws.chance(12, "dementia", key)
    living = shape.code == "aireford" and draws.chance(8, "independent living", key)
    place = draws.between(0, len(OUTCOMES) - 1, "outcomes", key)
    needs = _needs(draws, key, visits, dementia)
    return Wanted(
        visits,
        starts_on,
        priority,
        needs=needs,
        care_type="independent_living" if living else "personal_care",
        client_group="dementia_mental_health" if dementia else "older_people",
        outcomes=OUTCOMES[place],
        preferences=PREFERENCES[draws.between(0, len(PREFERENCES) - 1, "preferences", key)],
        lines=rows_of(visits, medicines="medication" in needs),
    )


def rows_of(visits: tuple[Visit, ...], *, medicines: bool = False) -> tuple[Line, ...]:
    """A week as the rows of a request, each with what is done in it."""
    more = frozenset({"medicines"} if medicines else ())
    return tuple(replace(line, tasks=TASKS[band_of(line.start_minute)] | more) for line in lines_of(visits))


def _needs(draws: Draws, key: str, visits: tuple[Visit, ...], dementia: bool) -> frozenset[str]:
    pair = any(visit.workers > 1 for visit in visits)
    found = {
        "double_handed": pair,
        "moving_and_handling": pair,
        "medication": draws.chance(40, "medication", key),
        "dementia": dementia,
        "gender_female": draws.chance(6, "gender", key),
    }
    return frozenset(need for need, needed in found.items() if needed)
