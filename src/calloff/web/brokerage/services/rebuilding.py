"""A check of what lists are read from: each live package's columns worked out again from its rows and its events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from calloff.domain.unmet_need import unmet
from calloff.web.brokerage.models import Package, UnmetStretch
from calloff.web.brokerage.services.asking import is_governed
from calloff.web.brokerage.services.columns import ask_quietly, columns_of, history_now, refresh, stretches_of
from calloff.web.brokerage.services.desk import desk_for
from calloff.web.directory.models import Council


@dataclass(frozen=True)
class Difference:
    """A column of a package that says something else than follows from what happened."""

    package: str
    column: str
    stored: object
    found: object


def rebuild_columns(council: Council, at: datetime) -> list[Difference]:
    """
    Every difference between the stored columns of live packages and what follows from their events, at a moment.

    Nothing is changed. What fell due and no worker has written down yet differs too: let the worker finish first.
    """
    live = Package.objects.filter(council=council).exclude(state__in=Package.OVER)
    rows = live.select_related("council", "model_version", "locality", "area", "owner").order_by("reference")
    return [one for package in rows.iterator(chunk_size=500) for one in differences(package, at)]


def differences(package: Package, at: datetime) -> list[Difference]:
    """The same of one package."""
    if not is_governed(package):
        return []
    stored = dict(columns_of(package))
    with transaction.atomic():
        desk = desk_for(package, at)
        # What stands in the columns must not help to find them.
        package.next_action, package.minutes_started, package.step = "", 0, ""
        refresh(desk, ask_quietly(desk))
        found = dict(columns_of(package))
        # The need is that of the packages in it.
        stretches = (
            set()
            if package.is_lot
            else {
                (one.minutes, one.whole, one.from_on, one.until)
                for one in unmet(*stretches_of(package, history_now(desk)))
            }
        )
        transaction.set_rollback(True)
    kept = set(UnmetStretch.objects.filter(package=package).values_list("minutes", "whole", "from_on", "until"))
    told = [
        Difference(package.reference, name, stored[name], found[name]) for name in stored if stored[name] != found[name]
    ]
    if kept != stretches:
        told.append(Difference(package.reference, "unmet", sorted(kept), sorted(stretches)))
    return told
