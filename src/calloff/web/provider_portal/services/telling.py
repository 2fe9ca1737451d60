"""Messages between a provider's people and a council."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Max, Q

from calloff.web.brokerage.models import CallOff, Invitation, Message, Package
from calloff.web.brokerage.services.explaining import standing_offer
from calloff.web.directory.models import Branch
from calloff.web.provider_portal.services.asked import ANSWERED, NEEDS_ANSWER, readable, status_of
from calloff.web.provider_portal.services.placed import has_ended
from calloff.web.provider_portal.services.scope import Scope


@dataclass(frozen=True)
class Thread:
    """What a branch and a council wrote to each other about one package, and where it is read."""

    package: Package
    branch: Branch
    call_off: CallOff | None
    invitation: Invitation | None
    open: bool

    @property
    def token(self) -> str:
        return self.call_off.token if self.call_off else self.invitation.token if self.invitation else ""


def thread_of(scope: Scope, token: str, at: datetime) -> Thread | None:
    """The thread of a call-off or an invitation of these branches; None for any other address."""
    call_off = scope.call_offs().filter(token=token).first()
    if call_off is not None:
        live = not has_ended(call_off, at.date())
        return Thread(call_off.package, call_off.branch, call_off, call_off.invitation, live)
    invitation = scope.invitations().prefetch_related("offers").filter(token=token).first()
    if invitation is None:
        return None
    status = status_of(invitation, standing_offer(invitation.offers.all(), invitation.deadline_at), at)
    return Thread(invitation.package, invitation.branch, None, invitation, readable(invitation, status, at))


def messages_in(thread: Thread) -> list[Message]:
    """What was written, the latest first; nothing once the branch may no longer read what was asked."""
    if not thread.open:
        return []
    rows = Message.objects.filter(package=thread.package, branch=thread.branch).select_related("by__identity")
    return list(rows.order_by("-at", "-pk")[:100])


@dataclass(frozen=True)
class Talk:
    """One line of the list of messages."""

    thread: Thread
    last: Message
    unread: int


def talks(scope: Scope, at: datetime) -> list[Talk]:
    """The threads of these branches that may be read, the latest message first."""
    latest = (
        Message.objects.filter(branch__in=scope.branches)
        .values("package", "branch")
        .annotate(last=Max("pk"))
        .values_list("last", flat=True)
    )
    rows = list(
        Message.objects.filter(pk__in=list(latest)).select_related("branch", "package__council").order_by("-at")
    )
    packages = {row.package_id for row in rows}
    call_offs = {
        (one.package_id, one.branch_id): one for one in scope.call_offs().filter(package__in=packages).order_by("pk")
    }
    asked = scope.invitations().filter(package__in=packages).prefetch_related("offers").order_by("pk")
    invitations = {(one.package_id, one.branch_id): one for one in asked}
    unread: dict[tuple[int, int], int] = {}
    for key in Message.objects.filter(
        Q(branch__in=scope.branches), from_council=True, read_at__isnull=True
    ).values_list("package", "branch"):
        unread[key] = unread.get(key, 0) + 1
    told = []
    for row in rows:
        key = (row.package_id, row.branch_id)
        thread = _thread(row, call_offs.get(key), invitations.get(key), at)
        if thread is not None:
            told.append(Talk(thread, row, unread.get(key, 0)))
    return told


def _thread(row: Message, call_off: CallOff | None, invitation: Invitation | None, at: datetime) -> Thread | None:
    if call_off is not None:
        return None if has_ended(call_off, at.date()) else Thread(row.package, row.branch, call_off, invitation, True)
    if invitation is None:
        return None
    status = status_of(invitation, standing_offer(invitation.offers.all(), invitation.deadline_at), at)
    open_ = status in (NEEDS_ANSWER, ANSWERED) or readable(invitation, status, at)
    return Thread(row.package, row.branch, None, invitation, open_) if open_ else None
