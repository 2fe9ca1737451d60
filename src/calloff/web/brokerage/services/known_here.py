"""What a council knows already, against which the rows of its first day are held: areas, people, enrolments, models."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils import timezone

from calloff.domain.calendar import local
from calloff.domain.errors import NoApplicableModelError, SeveralModelsError
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.purchasing_model import PurchasingModel, applicable_model
from calloff.formats.day_one import DayOneRow
from calloff.formats.tables import Row
from calloff.web.brokerage.models import BroughtIn, Person
from calloff.web.brokerage.services.price_ranges import age_group
from calloff.web.contracts.models import Enrolment, ModelVersion
from calloff.web.contracts.services.market import document_of, versions_in_force
from calloff.web.directory.models import Area, Branch, Council

BATCH = 2_000


@dataclass(frozen=True)
class Giver:
    """Who gives the care of a row: a branch, and its enrolment where it has one that counts."""

    branch: Branch
    enrolment: Enrolment | None


@dataclass
class Known:
    """Areas, people, enrolments and models of a council, read once for a whole file."""

    council: Council
    today: date
    areas: dict[str, Area]
    people: dict[str, Person]
    enrolments: dict[str, Enrolment]
    of_branch: dict[str, list[Enrolment]]
    branches: dict[str, Branch]
    versions: dict[str, ModelVersion]
    models: list[PurchasingModel]
    here: set[tuple[str, str]] = field(default_factory=set)
    seen: dict[str, tuple[int, str, date]] = field(default_factory=dict)

    @staticmethod
    def of(council: Council) -> Known:
        rows = list(Enrolment.objects.filter(council=council).select_related("branch"))
        of_branch: dict[str, list[Enrolment]] = {}
        for row in rows:
            of_branch.setdefault(row.branch.reference, []).append(row)
        today = local(timezone.now()).date()
        versions = {row.model: row for row in versions_in_force(council, today)}
        people = Person.objects.filter(council=council).exclude(case_number="")
        return Known(
            council=council,
            today=today,
            areas={row.code: row for row in Area.objects.filter(council=council).select_related("locality")},
            people={row.case_number: row for row in people.iterator(chunk_size=BATCH)},
            enrolments={row.reference: row for row in rows},
            of_branch=of_branch,
            branches={row.reference: row for row in Branch.objects.all().iterator(chunk_size=BATCH)},
            versions=versions,
            models=[document_of(row).model for row in versions.values()],
            here=set(BroughtIn.objects.filter(council=council).values_list("case_number", "reference")),
        )

    def check(self, row: Row, one: DayOneRow) -> None:
        """Refuse the cells of a row that do not fit what the council knows."""
        if (one.case_number, one.reference) in self.here:
            # It came in already: what it says now is looked at by nobody.
            return
        area = self.areas.get(one.area)
        if area is None:
            row.refuse("area", f"the code of an area of {self.council.name}")
            return
        if local(one.approved_at).date() > self.today:
            row.refuse("approved_at", "a day that has come")
        self._check_person(row, one)
        if one.live:
            self._check_giver(row, one)
        elif self.model_for(one) is None:
            row.refuse("required_start", f"a need that a purchasing model covers ({self.why_no_model(one)})")

    def _check_person(self, row: Row, one: DayOneRow) -> None:
        named = (" ".join(one.name.casefold().split()), one.born_on)
        known = self.people.get(one.case_number)
        if known is not None and (" ".join(known.name.casefold().split()), known.born_on) != named:
            row.refuse(
                "case_number", "a case number that is nobody else's: name or date of birth differ from those here"
            )
        first = self.seen.setdefault(one.case_number, (one.row, *named))
        if first[1:] != named:
            row.refuse("case_number", f"one person for a case number: name or date of birth differ from row {first[0]}")

    def _check_giver(self, row: Row, one: DayOneRow) -> None:
        if one.enrolment:
            found = self.enrolments.get(one.enrolment)
            if found is None:
                row.refuse("enrolment", "the reference of an enrolment here")
            elif one.provider and found.branch.reference != one.provider:
                row.refuse("provider", f"the provider of the enrolment, {found.branch.reference}")
            return
        if one.provider not in self.branches:
            row.refuse("provider", "a provider of the register; import it first")
        elif self.giver(one) is None and len(self.of_branch.get(one.provider, ())) > 1:
            names = ", ".join(sorted(found.reference for found in self.of_branch[one.provider]))
            row.refuse("enrolment", f"which of its enrolments: {names}"[:200])

    def giver(self, one: DayOneRow) -> Giver | None:
        """Who gives the care: the enrolment that is named, or the only one that its provider has for such a need."""
        if not one.live:
            return None
        if one.enrolment:
            found = self.enrolments[one.enrolment]
            return Giver(found.branch, found)
        mine = self.of_branch.get(one.provider, [])
        if len(mine) > 1:
            model = self.model_for(one)
            mine = [row for row in mine if model is not None and row.model == model.id]
        if len(mine) == 1:
            return Giver(mine[0].branch, mine[0])
        return Giver(self.branches[one.provider], None) if not self.of_branch.get(one.provider) else None

    def facts(self, one: DayOneRow, reference: str = "") -> KernelPackage:
        """A row as the kernel's package."""
        area = self.areas[one.area]
        wanted: dict[str, Any] = {**one.wanted}
        return KernelPackage(
            reference=reference or one.reference,
            approved_at=one.approved_at,
            required_start_on=one.required_start_on,
            nation=self.council.nation,
            locality=area.locality.code,
            area_band=area.area_band,
            age_group=age_group(one.born_on, local(one.approved_at).date()),
            easting=area.easting,
            northing=area.northing,
            **wanted,
        )

    def model_for(self, one: DayOneRow) -> PurchasingModel | None:
        """The model in force that covers a row's need; None where none does, or several do."""
        try:
            return applicable_model(self.models, self.facts(one))
        except (NoApplicableModelError, SeveralModelsError):
            return None

    def why_no_model(self, one: DayOneRow) -> str:
        """Why none covers it."""
        try:
            applicable_model(self.models, self.facts(one))
        except (NoApplicableModelError, SeveralModelsError) as error:
            return str(error).partition(": ")[2][:200] or str(error)[:200]
        return ""
