"""Why a package is not placed: what is to do next, whom the model asked, and what it said last when nobody was left."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import Count, OuterRef, Subquery

from calloff.web.brokerage.models import Decision, Invitation, Package


@dataclass
class Asking:
    """The invitations made for a package, by how they ended, and the reasons of those who said no."""

    made: int = 0
    states: Counter[str] = field(default_factory=Counter)
    declines: Counter[str] = field(default_factory=Counter)
    referred: str = ""


def asking_of(packages: Sequence[int]) -> dict[int, Asking]:
    """What was asked for each of some packages, and the reason of the last referral that was carried out."""
    found = {package: Asking() for package in packages}
    groups = Invitation.objects.filter(package__in=packages).values_list("package", "state", "reason")
    for package, state, reason, number in groups.annotate(number=Count("pk")).order_by():
        told = found[package]
        told.made += number
        told.states[state] += number
        if state == Invitation.DECLINED:
            told.declines[reason] += number
    last = Decision.objects.filter(package=OuterRef("pk"), kind="refer").order_by("-number").values("content")[:1]
    rows = Package.objects.filter(pk__in=packages).annotate(last=Subquery(last)).values_list("pk", "last")
    for package, content in rows:
        if content:
            found[package].referred = json.loads(content)["result"]["reason"]
    return found
