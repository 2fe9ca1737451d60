"""
The journal of a branch: each change in what it may see of its invitations gets the branch's next number.

Numbers are given under a lock on the branch's own row, in the transaction that commits them. So whoever has read up to
a number has read everything below it for good: no change can come up later under a smaller one. A number of the
database's (a key, a moment) promises no such thing, since acts of two councils commit in another order than they begin.

It is brought up to date when somebody asks, from what is shown and from nothing else: what only the clock changes is
in it too (a deadline that is past), and another provider's answer is not, since nothing that is shown moves with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet

from calloff.domain.records import canonical, sha256
from calloff.web.api.models import Journal, Told
from calloff.web.api.services.shown import invitation_shown
from calloff.web.brokerage.models import Invitation
from calloff.web.provider_portal.services.asked import NEEDS_ANSWER, Card, cards_of
from calloff.web.provider_portal.services.scope import Scope

FINISHED = (Invitation.DECLINED, Invitation.ENDED, Invitation.CALLED_OFF)
"""States that nothing leaves again. One that ran out may still be recorded as answered in time."""


def bring_up_to_date(branch: int, scope: Scope, at: datetime) -> int:
    """Number what has changed for a branch since somebody last asked; how many changes its journal holds now."""
    if _changed(branch, scope, at):
        with transaction.atomic():
            journal = _locked(branch)
            for card, told, digest in _changed(branch, scope, at):
                _write(journal, card, told, digest)
            journal.save(update_fields=("length",))
    return Journal.objects.filter(branch=branch).values_list("length", flat=True).first() or 0


def _locked(branch: int) -> Journal:
    journal = Journal.objects.select_for_update().filter(branch=branch).first()
    if journal is None:
        Journal.objects.get_or_create(branch_id=branch)
        journal = Journal.objects.select_for_update().get(branch=branch)
    return journal


def _changed(branch: int, scope: Scope, at: datetime) -> list[tuple[Card, Told | None, str]]:
    """What is shown otherwise than when it was last told, the oldest first."""
    moved = Q(told__isnull=True) | Q(told__settled=False) | ~Q(told__state=F("state"))
    rows = scope.invitations().filter(moved, branch=branch).select_related("told", "council", "branch")
    rows = rows.prefetch_related("offers").order_by("sent_at", "token")
    found = []
    for card in cards_of(list(rows), at, scope):
        told: Told | None = getattr(card.invitation, "told", None)
        digest = sha256(canonical(invitation_shown(card)))
        if told is None or (told.hash, told.state, told.settled) != (digest, card.invitation.state, settled(card)):
            found.append((card, told, digest))
    return found


def settled(card: Card) -> bool:
    """Whether only another state could change what is shown: it is finished, and nothing of it is to be read."""
    return card.invitation.state in FINISHED and card.asked is None


def _write(journal: Journal, card: Card, told: Told | None, digest: str) -> None:
    """Keep what is shown now; it gets the next number where it is shown otherwise."""
    one = card.invitation
    if told is None or told.hash != digest:
        journal.length += 1
    row = told or Told(branch_id=journal.branch_id, invitation=one, place=journal.length, number=0)
    if row.hash != digest:
        row.number = journal.length
    row.status, row.hash, row.state, row.settled = card.status, digest, one.state, settled(card)
    row.save()


def by_place(branch: int, status: str, after: int, most: int) -> list[int]:
    """The invitations of a status first told after a place, the oldest first: their keys."""
    rows = Told.objects.filter(branch=branch, place__gt=after)
    if status != "all":
        rows = rows.filter(status=NEEDS_ANSWER if status == "needs_answer" else status)
    return list(rows.order_by("place").values_list("invitation", flat=True)[:most])


def by_number(branch: int, after: int, most: int) -> list[tuple[int, int]]:
    """The invitations that changed after a number, in the order of their last change: number and key of each."""
    rows = Told.objects.filter(branch=branch, number__gt=after).order_by("number")
    return list(rows.values_list("number", "invitation")[:most])


def place_of(invitation: int) -> int:
    """Where an invitation stands among those of its branch."""
    return Told.objects.values_list("place", flat=True).get(invitation=invitation)


def cards(scope: Scope, keys: Sequence[int], at: datetime) -> list[Card]:
    """These invitations with what may be read of them, in this order."""
    rows: QuerySet[Invitation] = scope.invitations().filter(pk__in=keys).prefetch_related("offers")
    found = {row.pk: row for row in rows}
    return cards_of([found[key] for key in keys if key in found], at, scope)
