"""What is drawn for a provider itself, the same in every tier: its skills, groups, score, size and owner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from calloff.domain.packages import AGE_GROUPS, CAPABILITIES, CLIENT_GROUPS
from calloff.domain.providers import Provider
from calloff.simulator.keyed_draws import Draws

CAPABILITY_PERCENT = {
    "double_handed": 80,
    "medication": 95,
    "moving_and_handling": 85,
    "nights": 40,
    "dementia": 70,
    "live_in": 20,
    "gender_female": 95,
    "gender_male": 60,
}
"""How many of a hundred providers can do it (assumed); languages, which are not listed, LANGUAGE_PERCENT."""
LANGUAGE_PERCENT = 4
ESSENTIAL = ("double_handed", "medication", "moving_and_handling")
"""What somebody in every tier and locality can do, since most packages need one of them (assumed)."""
LOCAL_PERCENT = 70
PARENT_PERCENT = 10
ALL_GROUPS_PERCENT = 60
USUAL_PERCENT = 90
"""Of those who choose their groups: how many serve older people, and each age from 65 (assumed)."""
OTHER_PERCENT = 50
LEAST_SCORE, MOST_SCORE = 50, 95
SIZES = tuple(round(100 * 6 ** (step / 15)) for step in range(16))
"""From 100 to 600, each as likely and the next larger by the same factor, as firms are (assumed)."""


@dataclass(frozen=True)
class Profile:
    """A provider's drawn facts; no groups means all, as in an enrolment."""

    capabilities: frozenset[str]
    client_groups: frozenset[str]
    age_groups: frozenset[str]
    parent: str
    local: bool
    quality_score: int
    size: int


def draw_profiles(providers: Sequence[Provider], chooses_groups: bool, draws: Draws) -> dict[str, Profile]:
    """A profile for each provider, by reference. The council's own teams serve everybody and have no owner."""
    parents = _parents([one for one in providers if not one.in_house], draws)
    profiles = {}
    for provider in providers:
        key = provider.reference
        choosy = chooses_groups and not provider.in_house and not draws.chance(ALL_GROUPS_PERCENT, "all groups", key)
        profiles[key] = Profile(
            capabilities=frozenset(
                name
                for name in CAPABILITIES
                if draws.chance(CAPABILITY_PERCENT.get(name, LANGUAGE_PERCENT), "capability", name, key)
            ),
            client_groups=_groups(CLIENT_GROUPS, ("older_people",), key, draws) if choosy else frozenset(),
            age_groups=_groups(AGE_GROUPS, AGE_GROUPS[1:], key, draws) if choosy else frozenset(),
            parent=parents.get(key, ""),
            local=provider.in_house or draws.chance(LOCAL_PERCENT, "local", key),
            quality_score=draws.between(LEAST_SCORE, MOST_SCORE, "quality score", key),
            size=SIZES[draws.between(0, len(SIZES) - 1, "size", key)],
        )
    return profiles


def _groups(names: Sequence[str], usual: Sequence[str], key: str, draws: Draws) -> frozenset[str]:
    chosen = {
        name for name in names if draws.chance(USUAL_PERCENT if name in usual else OTHER_PERCENT, "group", name, key)
    }
    # An empty set would mean all of them; who chose none serves the usual ones.
    return frozenset(chosen or usual)


def _parents(providers: Sequence[Provider], draws: Draws) -> dict[str, str]:
    """
    The group that each provider belongs to in the end, by reference; left out where it stands alone.

    Services of one registered body are one group, as the register says. About PARENT_PERCENT of the bodies are
    drawn into groups of two or three.
    """
    bodies = Counter(provider.organisation for provider in providers)
    group_of = {body: body for body, services in bodies.items() if services > 1}
    ranked = draws.order(bodies, "parent")
    drawn = ranked[: max(2, len(ranked) * PARENT_PERCENT // 100)] if len(ranked) > 3 else []
    groups = max(1, len(drawn) // 3)
    group_of.update({body: f"group {place % groups + 1}" for place, body in enumerate(drawn)})
    return {one.reference: group_of[one.organisation] for one in providers if one.organisation in group_of}
