"""Long jobs as people see them: what is in hand, how far it is, cancelled, and gone on with."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from calloff.domain.errors import CalloffError
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.jobs.models import Job
from calloff.web.jobs.services import Long, at_once, long_kinds

IN_HAND = (Job.WAITING, Job.RUNNING)


class LongJobError(CalloffError):
    """A job that cannot be cancelled or gone on with as it stands; nothing was changed."""


@dataclass(frozen=True)
class Progress:
    """A long job with what is known of its kind, for somebody who may cancel it, or may not."""

    job: Job
    long: Long
    may_cancel: bool

    @property
    def number(self) -> int:
        return self.job.pk

    @property
    def says(self) -> str:
        return str(self.long.says)

    @property
    def is_begun(self) -> bool:
        return self.job.state == Job.RUNNING

    @property
    def is_stopping(self) -> bool:
        """Cancelled, and not yet at a place where nothing is half done."""
        return self.job.cancel_asked_at is not None and self.job.state in IN_HAND

    @property
    def is_put_off(self) -> bool:
        return self.job.state == Job.PUT_OFF

    @property
    def in_words(self) -> str:
        """How far it is: "12 of 40 people"."""
        if not self.job.size:
            return _("not begun yet") if self.job.state == Job.WAITING else _("just begun")
        told = {"done": f"{self.job.done:,}", "size": f"{self.job.size:,}", "what": str(self.long.counts)}
        return _("%(done)s of %(size)s %(what)s") % told


def in_hand(council: int, rights: Collection[str], at: datetime) -> list[Progress]:
    """The council's long jobs that are due, under way or put off, for whoever has some of the rights about them."""
    kinds = [kind for kind, long in long_kinds().items() if set(long.rights) & set(rights)]
    due = Q(state=Job.RUNNING) | Q(state=Job.PUT_OFF) | Q(state=Job.WAITING, due_at__lte=at)
    rows = Job.objects.filter(due, council=council, kind__in=kinds).select_related("cancelled_by__identity")
    return [_progress(one, rights) for one in rows.order_by("pk")]


def progress_of(kind: str, keys: Iterable[str], council: int, rights: Collection[str] = ()) -> list[Progress]:
    """How far the jobs of a kind under some keys are, as long as they are in hand or put off."""
    rows = Job.objects.filter(council=council, kind=kind, key__in=list(keys), state__in=(*IN_HAND, Job.PUT_OFF))
    return [_progress(one, rights) for one in rows.select_related("cancelled_by__identity").order_by("pk")]


def _progress(job: Job, rights: Collection[str]) -> Progress:
    long = long_kinds()[job.kind]
    return Progress(job, long, bool(set(long.rights) & set(rights)))


def put_off(council: int) -> bool:
    """Whether anything that follows from what was done is put off, so that not everything is worked out."""
    return Job.objects.filter(council=council, state=Job.PUT_OFF).exists()


def cancel(*, job: Job, by: User, at: datetime) -> None:
    """
    Cancel a long job: whoever does it ends at the next place where nothing is half done.

    LongJobError where it is done by now, or is no long one.
    """
    with act(council=job.council, by=by, at=at) as doing:
        again = Job.objects.select_for_update().get(pk=job.pk)
        if again.kind not in long_kinds() or again.state not in IN_HAND:
            raise LongJobError(_("This is done by now, so it can no longer be cancelled."))
        if again.cancel_asked_at is not None:
            doing.nothing()
            return
        told = {"cancel_asked_at": doing.at, "cancelled_by": by}
        # One that waits is taken up at once, only to say that nothing comes of it.
        due = {"due_at": min(again.due_at, at_once(doing.at))} if again.state == Job.WAITING else {}
        Job.objects.filter(pk=again.pk).update(**told, **due)
        doing.record("job_cancelled", again.key, {"kind": again.kind, "done": again.done, "size": again.size})


def go_on(*, job: Job, by: User, at: datetime) -> None:
    """Go on with a job that was put off. LongJobError for any other."""
    with act(council=job.council, by=by, at=at) as doing:
        again = Job.objects.select_for_update().get(pk=job.pk)
        if again.state != Job.PUT_OFF:
            raise LongJobError(_("This is not put off, so there is nothing to go on with."))
        waits = Job.objects.filter(kind=again.kind, key=again.key, state=Job.WAITING).exists()
        # Where the same waits anew already, that does what is left of this one.
        again.state = Job.DONE if waits else Job.WAITING
        again.due_at, again.attempts = at_once(doing.at), 0
        again.cancel_asked_at = again.cancelled_by = again.done_at = None
        again.save()
        doing.record("job_gone_on_with", again.key, {"kind": again.kind})
