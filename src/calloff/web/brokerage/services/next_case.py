"""Which case a broker turns to next."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from calloff.web.accounts.models import User
from calloff.web.brokerage.models import Package

AT_ONCE = ("start_step", "confirm", "decide", "answer_handback")
"""What the package's owner does at once."""
WHEN_DUE = ("on_hold", "await_minutes", "enter_start")
"""What the owner looks at again on its day."""


def next_case(*, council_id: int | None, owner: User, besides: Package, at: datetime) -> Package | None:
    """The package of a broker's own queue that needs them first, another than `besides`; None when none does."""
    needs = Q(next_action__in=AT_ONCE) | Q(next_action__in=WHEN_DUE, next_action_at__lte=at)
    mine = Package.objects.filter(needs, council=council_id, owner=owner).exclude(pk=besides.pk)
    return mine.order_by("next_action_at", "reference").first()
