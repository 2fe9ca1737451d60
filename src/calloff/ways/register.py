"""
Eastmoor, an invented council: its providers, its places and what its people have been approved to receive.

Nothing here is real. The names are compounds that nobody bears, the postcodes lie in an area that does not exist
(ZZ9), and the map lies in the sea east of Scotland. All shares are assumed, and every draw depends on the seed and on
what it is for, so that the same seed and first day always make the same council.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import accumulate
from pathlib import Path

from calloff.domain.packages import Package, Visit
from calloff.domain.providers import RELEVANT_AREAS, Provider
from calloff.formats.packages import NO_DAY, NO_MOMENT, PackageRow, write_packages
from calloff.formats.places import Place, write_places
from calloff.formats.providers import write_providers
from calloff.formats.weekly_pattern import Draws as PatternDraws
from calloff.formats.weekly_pattern import weekly_pattern
from calloff.simulator.keyed_draws import Draws

COUNCIL = "Eastmoor"
PROVIDERS, PACKAGES = 24, 300
"""How many of each the comparison has, the council's own team among the providers."""

LOCALITIES = {
    "EM1": ("Haughside", "urban"),
    "EM2": ("Linkshore", "urban"),
    "EM3": ("Seatoun", "suburban"),
    "EM4": ("Kirkbrae", "suburban"),
    "EM5": ("Muirfoot", "rural"),
    "EM6": ("Lammerdale", "rural"),
}
"""Name and band of each locality, by the code under which hours are bought there."""
PEOPLE_PERCENT = {"EM1": 24, "EM2": 22, "EM3": 18, "EM4": 16, "EM5": 12, "EM6": 8}
PLACES_EACH = 12
CENTRES = {
    "EM1": (612_000, 664_000),
    "EM2": (620_000, 668_000),
    "EM3": (627_000, 661_000),
    "EM4": (606_000, 656_000),
    "EM5": (617_000, 648_000),
    "EM6": (634_000, 645_000),
}
"""Metres east and north on the National Grid: open sea, so that no home is meant."""
SPREAD_METRES = {"urban": 1_500, "suburban": 3_000, "rural": 6_000}

# fmt: off
FIRST_WORDS = (
    "Acorn", "Beech", "Cedar", "Damson", "Elder", "Fern", "Gorse", "Hazel",
    "Ivy", "Juniper", "Kestrel", "Larch", "Maple", "Nettle", "Olive", "Plum",
    "Quince", "Rowan", "Sorrel", "Thistle", "Umber", "Vetch", "Willow",
)
# fmt: on
SECOND_WORDS = ("whistle", "lantern", "thimble", "quill")
LAST_WORDS = ("Homecare", "Care at Home", "Home Support")

GRADE_PERCENT = {3: 15, 4: 45, 5: 35, 6: 5}
MINUTES_PERCENT = {90: 7, 180: 14, 300: 17, 420: 16, 540: 12, 750: 16, 1050: 9, 1500: 5, 2100: 3, 2700: 1}
"""Worker minutes a week: middles of the bands of a survey of 2010, its many small packages and few large ones."""
PRIORITY_PERCENT = {1: 2, 2: 24, 3: 6, 4: 10, 5: 50, 6: 8}
AGE_PERCENT = {"18-64": 12, "65-74": 16, "75-84": 36, "85+": 36}
CLIENT_PERCENT = {
    "older_people": 68,
    "dementia_mental_health": 12,
    "physical_disability": 12,
    "learning_disability": 6,
    "other": 2,
}
CARE_PERCENT = {"personal_care": 86, "independent_living": 12, "specialist": 2}
CURRENT_PERCENT, CHOICE_PERCENT, EXCLUSION_PERCENT = 22, 8, 6
INCUMBENTS = 4
"""How many providers hold the care that people have at present: those of an earlier contract."""
PERSONAL_BUDGET_PERCENT, HOUSING_SUPPORT_PERCENT, CRITICAL_PERCENT = 8, 5, 10
COMPLEXITY_PERCENT = {"chc_funded": 2, "delegated_health": 3, "behaviour_support": 1, "end_of_life": 2}


@dataclass(frozen=True)
class Council:
    """The invented council's three files as values, and the seed and day they were made from."""

    seed: int
    begins_on: date
    providers: tuple[Provider, ...]
    places: tuple[Place, ...]
    packages: tuple[PackageRow, ...]

    def write(self, folder: Path) -> None:
        """Write providers.csv, places.csv and packages.csv as any council would give them."""
        write_providers(folder / "providers.csv", self.providers)
        write_places(folder / "places.csv", self.places)
        write_packages(folder / "packages.csv", self.packages)


def eastmoor(seed: int, begins_on: date, providers: int = PROVIDERS, packages: int = PACKAGES) -> Council:
    """
    The council as it stands on the first day of a run.

    Parameters
    ----------
    begins_on
        The day from which grades, registrations and present care are dated back.
    providers
        How many there are, from 8; the last is the council's own team.
    packages
        How many people have been approved for care.
    """
    draws = Draws(seed)
    places = _places(draws)
    register = _register(draws, places, begins_on, providers)
    waiting = sorted(
        (_package(draws, str(number), places, register, begins_on) for number in range(packages)),
        key=lambda row: row.package.reference,
    )
    # The heading of the file is line 1.
    rows = tuple(replace(row, line=line) for line, row in enumerate(waiting, 2))
    return Council(seed, begins_on, register, places, rows)


def share(percent: Mapping[str, int] | Mapping[int, int], draws: Draws, purpose: str, key: str) -> str:
    """The key, as text, in whose share of a hundred the draw falls."""
    drawn = draws.between(0, 99, purpose, key)
    return next(str(one) for one, reached in zip(percent, accumulate(percent.values()), strict=True) if drawn < reached)


def _places(draws: Draws) -> tuple[Place, ...]:
    places = []
    for number, (code, (_, band)) in enumerate(LOCALITIES.items(), 1):
        east, north = CENTRES[code]
        reach = SPREAD_METRES[band]
        for letter in range(PLACES_EACH):
            postcode = f"ZZ9 {number}{chr(ord('A') + letter)}A"
            easting = east + draws.between(-reach, reach, "easting", postcode)
            northing = north + draws.between(-reach, reach, "northing", postcode)
            places.append(Place(postcode, easting, northing, code, band, "scotland"))
    return tuple(places)


def _register(draws: Draws, places: tuple[Place, ...], on: date, count: int) -> tuple[Provider, ...]:
    external = [_provider(draws, places, on, number) for number in range(count - 1)]
    weak, ungraded, ended, sister = count - 2, count - 3, count - 4, count - 5
    # One of each kind that a gate is there for, whatever the seed: weak leadership, no grade yet, no longer registered.
    external[weak] = replace(external[weak], grades=(3, 3, 3, 2))
    external[ungraded] = replace(
        external[ungraded], grades=(0, 0, 0, 0), graded_on=None, registered_from=on - timedelta(days=90)
    )
    external[ended] = replace(external[ended], registered_to=on - timedelta(days=21))
    # Two services of one registered body count as one group.
    external[sister] = replace(external[sister], organisation=external[0].organisation)
    return (*external, _council_team(places, on))


def _provider(draws: Draws, places: tuple[Place, ...], on: date, number: int) -> Provider:
    reference = f"CS2099{number + 1:06d}"
    second, last = SECOND_WORDS[number % len(SECOND_WORDS)], LAST_WORDS[number % len(LAST_WORDS)]
    office = places[draws.between(0, len(places) - 1, "office", reference)]
    usual = int(share(GRADE_PERCENT, draws, "grade", reference))
    # Wellbeing as drawn; in the other areas sometimes one grade lower.
    lower = (draws.chance(20, "lower grade", area, reference) for area in RELEVANT_AREAS[1:])
    areas = (usual, *(usual - one for one in lower))
    supports = draws.chance(40, "housing support", reference)
    return Provider(
        reference=reference,
        name=f"{FIRST_WORDS[number % len(FIRST_WORDS)]}{second} {last}",
        organisation=f"SP2099{number + 1:06d}",
        nation="scotland",
        service_types=frozenset({"care_at_home", "housing_support"} if supports else {"care_at_home"}),
        in_house=False,
        registered_from=on - timedelta(days=draws.between(2 * 365, 14 * 365, "registered", reference)),
        registered_to=None,
        scale="care_inspectorate",
        grades=tuple(max(3, grade) for grade in areas),
        graded_on=on - timedelta(days=draws.between(60, 900, "graded", reference)),
        postcode=office.postcode,
        easting=office.easting,
        northing=office.northing,
    )


def _council_team(places: tuple[Place, ...], on: date) -> Provider:
    return Provider(
        reference="CS2099900001",
        name=f"{COUNCIL} Council Home Care Team",
        organisation="SP2099900001",
        nation="scotland",
        service_types=frozenset({"care_at_home", "housing_support"}),
        in_house=True,
        registered_from=on - timedelta(days=12 * 365),
        registered_to=None,
        scale="care_inspectorate",
        grades=(4, 4, 4, 4),
        graded_on=on - timedelta(days=300),
        postcode=places[0].postcode,
        easting=places[0].easting,
        northing=places[0].northing,
    )


def _package(
    draws: Draws, person: str, places: tuple[Place, ...], register: tuple[Provider, ...], on: date
) -> PackageRow:
    """One person's package; its moment of approval and its first day are left to the run."""
    external = [provider.reference for provider in register if not provider.in_house]
    code = share(PEOPLE_PERCENT, draws, "locality", person)
    homes = [place for place in places if place.locality == code]
    minutes = int(share(MINUTES_PERCENT, draws, "minutes", person))
    visits = _visits(draws, weekly_pattern(minutes, PatternDraws(str(draws.seed), person)), person)
    group = share(CLIENT_PERCENT, draws, "client group", person)
    budget = draws.chance(PERSONAL_BUDGET_PERCENT, "personal budget", person)
    chooses = draws.chance(CHOICE_PERCENT, "choice", person)
    excludes = draws.chance(EXCLUSION_PERCENT, "exclusion", person)
    package = Package(
        reference=f"P-{draws.number('reference', person):016x}"[:10],
        approved_at=NO_MOMENT,
        required_start_on=NO_DAY,
        priority=int(share(PRIORITY_PERCENT, draws, "priority", person)),
        nation="scotland",
        locality="",
        visits=visits,
        service_type="housing_support" if draws.chance(HOUSING_SUPPORT_PERCENT, "housing", person) else "care_at_home",
        care_type=share(CARE_PERCENT, draws, "care type", person),
        delivery_model="personal_budget" if budget else "managed",
        client_group=group,
        age_group=share(AGE_PERCENT, draws, "age", person),
        needs=_needs(draws, person, group, visits),
        complexity=frozenset(
            fact for fact, percent in COMPLEXITY_PERCENT.items() if draws.chance(percent, fact, person)
        ),
        exclusions=frozenset(draws.order(external, "excluded", person)[:1] if excludes else ()),
        chosen_provider=draws.order(external, "chosen", person)[0] if chooses else "",
    )
    home = homes[draws.between(0, len(homes) - 1, "home", person)]
    return PackageRow(0, _with_present_care(draws, person, package, external, on), place=home.postcode)


def _visits(draws: Draws, visits: tuple[Visit, ...], person: str) -> tuple[Visit, ...]:
    """The week's visits; for some people mornings must be punctual."""
    if not draws.chance(CRITICAL_PERCENT, "critical", person):
        return visits
    return tuple(replace(visit, critical=visit.start_minute < 12 * 60) for visit in visits)


def _needs(draws: Draws, person: str, group: str, visits: tuple[Visit, ...]) -> frozenset[str]:
    pair = any(visit.workers > 1 for visit in visits)
    needs = {
        "double_handed": pair,
        "moving_and_handling": pair,
        "medication": draws.chance(40, "medication", person),
        "dementia": group == "dementia_mental_health" and draws.chance(60, "dementia", person),
        "gender_female": draws.chance(8, "gender", person),
        "language_gaelic": draws.chance(1, "gaelic", person),
    }
    return frozenset(need for need, needed in needs.items() if needed)


def _with_present_care(draws: Draws, person: str, package: Package, external: list[str], on: date) -> Package:
    """For some, who cares for the person now or did until lately: a few of them much smaller, or years old."""
    if not draws.chance(CURRENT_PERCENT, "present care", person):
        return package
    minutes = package.minutes_per_week
    alike = draws.chance(70, "alike", person)
    ended = draws.chance(40, "ended", person)
    return replace(
        package,
        current_provider=draws.order(external[:INCUMBENTS], "present provider", person)[0],
        current_ended_on=on - timedelta(days=draws.between(1, 45, "ended on", person)) if ended else None,
        current_minutes_per_week=minutes if alike else minutes // 60 * 30,
        current_workers=package.most_workers,
        current_care_type=package.care_type,
        current_since=on - timedelta(days=draws.between(60, 12 * 365, "since", person)),
    )
