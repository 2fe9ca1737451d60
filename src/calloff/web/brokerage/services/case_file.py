"""The rows about one package, each kind read once, for as long as nothing is written."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from django.db.models import F

from calloff.domain import history as happenings
from calloff.domain.history import Event as Happening
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.records import revive
from calloff.web.audit.models import Event
from calloff.web.audit.services import history_of as events_about
from calloff.web.brokerage.models import CallOff, Invitation, Package, PackageVersion
from calloff.web.directory.models import Council

KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        happenings.Invited,
        happenings.Offered,
        happenings.Ended,
        happenings.CalledOff,
        happenings.Held,
        happenings.Released,
        happenings.Withdrawn,
        happenings.Overridden,
    )
}


class CaseFile:
    """What is on file about a package; whoever writes to it opens a new one afterwards."""

    def __init__(self, package: Package, council: Council | None = None) -> None:
        """`council` is the package's, where it has been read in this very act or look."""
        self.package = package
        self.council = council or Council.objects.get(pk=package.council_id)

    @cached_property
    def version(self) -> PackageVersion:
        """What is agreed now."""
        return PackageVersion.objects.get(package=self.package, number=self.package.version)

    @property
    def first_version(self) -> PackageVersion:
        """What was agreed at first."""
        if self.package.version == 1:
            return self.version
        return PackageVersion.objects.get(package=self.package, number=1)

    @cached_property
    def facts(self) -> KernelPackage:
        """The package as the kernel knows it, in its current version."""
        return facts_in(self.version)

    @cached_property
    def events(self) -> list[Event]:
        """All that happened, in order, with who did it."""
        rows = events_about(self.package.council_id, self.package.reference)
        return list(rows.select_related("by__identity"))

    @cached_property
    def invitations(self) -> list[Invitation]:
        """Everybody who was asked, the first first, with their branch."""
        return list(self.package.invitations.select_related("branch").order_by("pk"))

    @cached_property
    def call_offs(self) -> list[CallOff]:
        """Every call-off, the living first, with its branch and who confirmed it."""
        rows = self.package.call_offs.select_related("branch", "confirmed_by__identity")
        return list(rows.order_by(F("ended_on").asc(nulls_first=True), "-pk"))

    @property
    def versioned_history(self) -> list[tuple[int, Happening]]:
        """What happened in the kernel's words, each with the version of the package that it belongs to."""
        told = (one for event in self.events for one in json.loads(event.history))
        return [(one["version"], revive(KINDS[one["kind"]], one["data"])) for one in told]

    @property
    def history(self) -> list[Happening]:
        """What has happened to the current version of the package, in the kernel's words, in order."""
        return [event for version, event in self.versioned_history if version == self.package.version]


def facts_in(version: PackageVersion) -> KernelPackage:
    """A package as the kernel knows it, as one of its versions has it."""
    facts: KernelPackage = revive(KernelPackage, json.loads(version.facts))
    return facts
