"""What was agreed and called off, as events tell it: enough to work the indicators out from the chain alone."""

from __future__ import annotations

from typing import Any

from calloff.domain.packages import Package as KernelPackage
from calloff.web.brokerage.models import CallOff, Package


def agreed(package: Package, facts: KernelPackage) -> dict[str, Any]:
    """A version of a package in plain values: whose, where, how urgent, from when, the weekly minutes of each visit."""
    return {
        "person": package.cared_for.reference,
        "locality": facts.locality,
        "priority": facts.priority,
        "required_start_on": str(facts.required_start_on),
        "minutes": [visit.worker_minutes for visit in facts.visits],
    }


def called_off(rows: list[CallOff]) -> list[dict[str, Any]]:
    """Call-offs in plain values: their weekly minutes, and whether each kept to the framework and to the model."""
    return [
        {
            "call_off": one.token,
            "minutes": one.minutes_per_week,
            "on_framework": one.on_framework,
            "override": one.override_reason,
        }
        for one in rows
    ]


def standing(package: Package) -> list[dict[str, Any]]:
    """Every call-off of a package as it stands after a change of need: its minutes, first visit and last day."""
    return [as_it_stands(one) for one in CallOff.objects.filter(package=package).order_by("pk")]


def as_it_stands(one: CallOff) -> dict[str, Any]:
    """One call-off: its weekly minutes, the day of its first visit and its last day."""
    return {
        "call_off": one.token,
        "minutes": one.minutes_per_week,
        "first_visit_on": str(one.first_visit_on or ""),
        "last_day_on": str(one.ended_on or ""),
    }
