"""A provider: one registered service that may be asked, with its registration and its dated grades."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

RELEVANT_AREAS = ("wellbeing", "care_planning", "staff", "leadership")
"""Inspection areas that count for care at home; the setting never does (settled reading 3)."""

SCALES = {
    "care_inspectorate": {"unsatisfactory": 1, "weak": 2, "adequate": 3, "good": 4, "very_good": 5, "excellent": 6},
    "cqc": {"inadequate": 1, "requires_improvement": 2, "good": 3, "outstanding": 4},
}
"""What a grade is worth on its own scale; two scales are never compared."""


@dataclass(frozen=True)
class Provider:
    """
    One registered service (a combined care-at-home and housing-support pair is one).

    `organisation` is the registered body behind it; `grades` are in the order of RELEVANT_AREAS, 0 where the
    regulator has given none; a CQC service has the same overall rating in each.
    """

    reference: str
    name: str
    organisation: str
    nation: str
    service_types: frozenset[str]
    in_house: bool
    registered_from: date
    registered_to: date | None
    scale: str
    grades: tuple[int, ...] = (0, 0, 0, 0)
    graded_on: date | None = None
    postcode: str = ""
    easting: int = 0
    northing: int = 0

    @property
    def quality(self) -> int:
        """The sum of the relevant grades, by which ties are ordered."""
        return sum(self.grades)
