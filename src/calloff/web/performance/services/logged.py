"""How comings and leavings are logged (K16): by provider over some days, and what was entered by hand, by reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count

from calloff.domain.indicators import Share
from calloff.web.directory.models import Branch, Council
from calloff.web.performance.services.visits import BY_HAND, logged_of, rows_between
from calloff.web.visits.services import codes

TARGET_PERCENT = 85
"""Of a hundred attendances so many shall be logged at both ends (Central Bedfordshire's target, CBEDS)."""


@dataclass(frozen=True)
class Reason:
    """Attendances entered by hand for one reason: its code, blank where none was given, its words, and how many."""

    code: str
    words: str
    count: int


@dataclass(frozen=True)
class Logged:
    """How one provider logs: attendances logged electronically at both ends, and the others by reason, most first."""

    branch: Branch
    share: Share
    reasons: tuple[Reason, ...]


def logged_between(council: Council, from_on: date, to_on: date) -> list[Logged]:
    """Of each provider how it logged in some days, whoever logs least first."""
    rows = rows_between(council, from_on, to_on)
    shares, reasons = logged_of(rows), _reasons(council, rows)
    branches = Branch.objects.filter(pk__in=list(shares))
    found = [Logged(one, shares[one.pk], tuple(reasons.get(one.pk, ()))) for one in branches]
    return sorted(found, key=lambda one: (one.share.of_one, one.branch.name))


def _reasons(council: Council, rows: Any) -> dict[int, list[Reason]]:
    texts = codes.words_of(council.pk)
    found: dict[int, list[Reason]] = {}
    by_code = rows.filter(BY_HAND).order_by().values("branch", "code").annotate(count=Count("pk"))
    for row in by_code.order_by("-count", "code"):
        code = row["code"]
        found.setdefault(row["branch"], []).append(Reason(code, texts.get(code, ""), row["count"]))
    return found


def logged_by_week(council: Council, weeks: Sequence[tuple[date, date]]) -> list[Share]:
    """The share of attendances that were logged at both ends, week by week, of the whole council (K16)."""
    found = []
    for from_on, to_on in weeks:
        shares = logged_of(rows_between(council, from_on, to_on)).values()
        found.append(Share(sum(one.part for one in shares), sum(one.whole for one in shares)))
    return found
