"""The ledger of unmet need, and the rows behind each of its numbers."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, URLResolver, path

from calloff.web.performance.views import (
    answers,
    behind,
    bought,
    lacking,
    ledger,
    logged,
    paid,
    regularity,
    visits,
    waits,
)


def listed(place: str, name: str, page: Callable[..., Any], file: Callable[..., Any]) -> list[URLPattern]:
    """A list, and the same rows as CSV and as a workbook."""
    return [
        path(place, page, name=name),
        path(f"{place}.csv", file, {"kind": "csv"}, name=f"{name}_csv"),
        path(f"{place}.xlsx", file, {"kind": "xlsx"}, name=f"{name}_xlsx"),
    ]


urlpatterns: list[URLPattern | URLResolver] = [
    *listed("unmet-need", "unmet_need", ledger.unmet_need, ledger.unmet_need_file),
    *listed("unmet-need/packages", "unmet_packages", lacking.packages, lacking.packages_file),
    *listed("unmet-need/beds", "unmet_beds", behind.beds, behind.beds_file),
    *listed("unmet-need/standing-in", "unmet_bridges", behind.bridges, behind.bridges_file),
    *listed("unmet-need/waits", "unmet_waits", waits.waits, waits.waits_file),
    *listed("unmet-need/waits/packages", "unmet_waits_packages", waits.packages, waits.packages_file),
    *listed("unmet-need/answers", "unmet_answers", answers.answers, answers.answers_file),
    *listed("unmet-need/answers/invitations", "unmet_invitations", answers.invitations, answers.invitations_file),
    *listed("unmet-need/visits", "unmet_visits", visits.visits, visits.visits_file),
    *listed("unmet-need/regularity", "unmet_regularity", regularity.regularity, regularity.regularity_file),
    *listed("unmet-need/logging", "unmet_logged", logged.logged, logged.logged_file),
    *listed("unmet-need/paid", "unmet_paid", paid.paid, paid.paid_file),
    *listed("unmet-need/call-offs", "unmet_call_offs", bought.call_offs, bought.call_offs_file),
]
