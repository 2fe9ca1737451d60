"""Jobs are added with what causes them, leased by a worker, done once in effect; notices go out the same way."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from calloff.domain.errors import CalloffError
from calloff.domain.records import canonical
from calloff.web.accounts.models import User
from calloff.web.audit.services import whole_second
from calloff.web.jobs.models import Job, Notice, Pulse

LEASE = timedelta(seconds=60)
"""So long a worker may take for one job before another thinks that it died."""
MOST_ATTEMPTS = 6
LAST = "~"
"""The rank of what may wait until nothing else is due."""
A_WORD = 5
"""After so many people or packages a job says again how far it is (assumed): each time is a transaction of its own."""
BEATS_EVERY = timedelta(seconds=5)
ALIVE_FOR = timedelta(seconds=30)

log = logging.getLogger("calloff.jobs")

Thing = TypeVar("Thing")


class JobCancelledError(CalloffError):
    """Somebody cancelled the job that says how far it is; whatever is not done yet shall not be."""


@dataclass(frozen=True)
class Task:
    """A job as its handler sees it."""

    council: int
    key: str
    data: Mapping[str, Any]
    kind: str = ""

    def tell(self, done: int, size: int, lasts: timedelta = LEASE) -> None:
        """Say that `done` of `size` are done; see `tell_progress`."""
        tell_progress(self.kind, self.key, done, size, lasts)

    def through(
        self, every: Iterable[Thing], size: int, steps: Callable[[Thing], int] = lambda _one: 1
    ) -> Iterator[Thing]:
        """Each of some things in turn, saying on the way how many of `size` steps are done; each may be several."""
        done, told = 0, -A_WORD
        for one in every:
            if done - told >= A_WORD:
                self.tell(done, size)
                told = done
            yield one
            done += steps(one)


@dataclass(frozen=True)
class Long:
    """
    A kind of job that may take longer than two seconds: what it does, what it counts, which rights may cancel it.

    Cancelled, one that `ends` leaves nothing behind. Another one follows from what was done already: what is left of
    it is put off, and must be gone on with.
    """

    says: Any
    counts: Any
    rights: tuple[str, ...]
    ends: bool = False


Handler = Callable[[Task, datetime], None]
_handlers: dict[str, Handler] = {}
_long: dict[str, Long] = {}


def handles(kind: str, long: Long | None = None) -> Callable[[Handler], Handler]:
    """
    Name the function that does the jobs of a kind. It must do no harm when it runs twice.

    One that may be `long` tells how far it is between any two acts, outside of transactions.
    """

    def named(handler: Handler) -> Handler:
        _handlers[kind] = handler
        if long is not None:
            _long[kind] = long
        return handler

    return named


def kinds() -> tuple[str, ...]:
    """The kinds of jobs that somebody can do."""
    return tuple(sorted(_handlers))


def long_kinds() -> Mapping[str, Long]:
    """The kinds of jobs that may take long."""
    return _long


def tell_progress(kind: str, key: str, done: int, size: int, lasts: timedelta = LEASE) -> None:
    """
    Say, from within a long job, how far it is; for `lasts` no other worker thinks that this one died.

    JobCancelledError where somebody has cancelled it since: what was done stands, and the rest is left.
    """
    running = Job.objects.filter(kind=kind, key=key, state=Job.RUNNING)
    running.update(done=done, size=size, lease_until=timezone.now() + lasts)
    if running.filter(cancel_asked_at__isnull=False).exists():
        raise JobCancelledError(_("It was cancelled, so nothing came of it."))


def add(
    kind: str, key: str, *, council: int, due_at: datetime, data: Mapping[str, Any] | None = None, rank: str = LAST
) -> None:
    """
    Add a job in the running transaction; one that waits under the same key is moved to the earlier moment.

    Of those that are due together the lowest `rank` is done first.

    Must be called inside a transaction: a job without its cause, or a cause without its job, would be a loss.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("a job is added in the transaction of what causes it")
    due_at, text = whole_second(due_at), canonical(dict(data or {})).decode()
    waiting = Job.objects.filter(kind=kind, key=key, state=Job.WAITING).first()
    if waiting is None:
        Job.objects.create(council=council, kind=kind, key=key, data=text, due_at=due_at, rank=rank)
    elif due_at < waiting.due_at:
        Job.objects.filter(pk=waiting.pk).update(due_at=due_at, data=text, rank=rank)


def at_once(at: datetime) -> datetime:
    """
    When a job is due that follows at once from an act of this moment, in which a begun second counts as full.

    A chain of such jobs would wait for the next full second at each link.
    """
    return at - timedelta(seconds=1)


def claim(worker: str, at: datetime) -> Job | None:
    """The first job that is due, leased to a worker: one that waits, or one whose worker let its lease run out."""
    due = Q(state=Job.WAITING, due_at__lte=at) | Q(state=Job.RUNNING, lease_until__lt=at)
    with transaction.atomic():
        rows = Job.objects.filter(due).order_by("rank", "due_at", "pk")
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True)
        job = rows.first()
        if job is None:
            return None
        job.state, job.leased_by, job.lease_until = Job.RUNNING, worker, at + LEASE
        job.attempts += 1
        job.save(update_fields=("state", "leased_by", "lease_until", "attempts"))
    return job


def work_once(worker: str, at: datetime) -> bool:
    """Do the next job that is due; False when there is none."""
    job = claim(worker, at)
    if job is None:
        return False
    try:
        handler = _handlers[job.kind]
        handler(Task(job.council, job.key, json.loads(job.data), job.kind), at)
    except JobCancelledError:
        _leave(job, worker, at)
        return True
    except Exception as error:
        _put_back(job, worker, at, error)
        return True
    Job.objects.filter(pk=job.pk, state=Job.RUNNING, leased_by=worker).update(state=Job.DONE, done_at=at)
    return True


def _leave(job: Job, worker: str, at: datetime) -> None:
    """End a job that was cancelled: nothing comes of it, or what is left of it is put off."""
    state = Job.CANCELLED if job.kind in _long and _long[job.kind].ends else Job.PUT_OFF
    Job.objects.filter(pk=job.pk, state=Job.RUNNING, leased_by=worker).update(state=state, done_at=at)


def _put_back(job: Job, worker: str, at: datetime, error: Exception) -> None:
    """Try again later, each time twice as late; after the last attempt the job is failed and says why."""
    # What an error says may name a person: the log keeps its kind and the job's number alone.
    log.error("job %s (%s) broke off at attempt %s: %s", job.pk, job.kind, job.attempts, type(error).__name__)
    failed = job.attempts >= MOST_ATTEMPTS
    problem = str(error)[:200] if isinstance(error, CalloffError) else type(error).__name__
    with transaction.atomic():
        twin = Job.objects.filter(kind=job.kind, key=job.key, state=Job.WAITING).exclude(pk=job.pk).exists()
        state = Job.FAILED if failed or twin else Job.WAITING
        due_at = at + timedelta(seconds=2**job.attempts)
        Job.objects.filter(pk=job.pk, leased_by=worker).update(state=state, due_at=due_at, problem=problem)


def beat(worker: str, at: datetime) -> None:
    """Say that this worker lives."""
    Pulse.objects.update_or_create(worker=worker, defaults={"at": at})


def worker_lives(at: datetime | None = None) -> bool:
    """Whether some worker gave a sign in the last half minute."""
    return Pulse.objects.filter(at__gte=(at or timezone.now()) - ALIVE_FOR).exists()


# Notices

_without_letters: ContextVar[bool] = ContextVar("calloff_without_letters", default=False)


@contextmanager
def without_letters() -> Iterator[None]:
    """Put notices on screens alone for a while: what the demonstration tells of past weeks is no news to anybody."""
    token = _without_letters.set(True)
    try:
        yield
    finally:
        _without_letters.reset(token)


def tell(
    user: User,
    kind: str,
    about: str,
    *,
    council: int,
    key: str,
    at: datetime,
    package: str = "",
    link: str = "",
    by_email: bool = True,
) -> None:
    """Put a notice on somebody's screen and, as a job, into their mail; a second one of the same key is not made."""
    by_email = by_email and not _without_letters.get()
    # Acts of a council go one by one, so that nobody else makes the same notice meanwhile.
    if Notice.objects.filter(user=user, key=key).exists():
        return
    notice = Notice.objects.create(
        user=user,
        key=key,
        council=council,
        kind=kind,
        about=about,
        package=package,
        link=link,
        created_at=at,
        email_state=Notice.WAITING if by_email else Notice.QUIET,
    )
    if by_email:
        told = canonical({"notice": notice.pk}).decode()
        Job.objects.create(council=council, kind="email", key=f"notice-{notice.pk}", data=told, due_at=at, rank=LAST)


def withdraw(*, council: int, key: str, at: datetime) -> int:
    """
    Withdraw what people were told under a key, since it proved to be wrong; how many of them were.

    A letter that has not left is not sent any more. Somebody who is told under the same key again is told anew.
    """
    wrong = Notice.objects.filter(council=council, key=key, withdrawn_at=None)
    letters = wrong.filter(email_state=Notice.WAITING)
    letters.update(email_state=Notice.QUIET, email_at=at)
    return wrong.update(withdrawn_at=at, key=f"{key} withdrawn {at:%Y%m%d%H%M%S}"[:160])


def notices_of(user: User) -> QuerySet[Notice]:
    """What somebody was told, the latest first."""
    return Notice.objects.filter(user=user).order_by("-created_at", "-pk")


def unread(user: User) -> int:
    """How many notices somebody has not read."""
    return Notice.objects.filter(user=user, read_at=None, withdrawn_at=None).count()


def mark_read(*, user: User, until: datetime, at: datetime) -> int:
    """Mark what somebody was told up to a moment as read; how many that were."""
    return Notice.objects.filter(user=user, read_at=None, created_at__lte=until).update(read_at=at)


SUBJECTS = {
    "invited": gettext_lazy("An invitation to offer care needs an answer"),
    "closed": gettext_lazy("An invitation is closed"),
    "not_selected": gettext_lazy("A letter about your offer"),
    "called_off": gettext_lazy("A package was called off to you"),
    "called_off_ended": gettext_lazy("A package you deliver ends"),
    "called_off_changed": gettext_lazy("Some visits of a package you deliver are no longer wanted"),
    "answer_recorded": gettext_lazy("The council recorded an answer of yours"),
    "message": gettext_lazy("A message about a package"),
    "assigned": gettext_lazy("A package is yours now"),
    "nobodys": gettext_lazy("A package has had no owner for too long"),
    "decide": gettext_lazy("A package needs you"),
    "override_waits": gettext_lazy("An override waits for a second person"),
    "countersign": gettext_lazy("Something waits for your signature as a second person"),
    "late_answer_closed": gettext_lazy("An answer that nobody signed can no longer be recorded: the next step is open"),
    "handback": gettext_lazy("A provider gives a package back"),
    "approval_waits": gettext_lazy("Something waits for your approval"),
    "draft_decided": gettext_lazy("Your draft was decided"),
    "request_decided": gettext_lazy("A request was decided"),
    "file_missing": gettext_lazy("A file of delivered visits has not come yet"),
    "deviations": gettext_lazy("Visits were missed or late"),
    "bank_changed": gettext_lazy("Somebody wants your pay to go to another account"),
    "visits_stopped": gettext_lazy("Visits of a package you deliver are stopped"),
    "visits_restart": gettext_lazy("Visits of a package you deliver are wanted again"),
    "visit_changed": gettext_lazy("A visit of a package you deliver changes for a few days"),
    "visit_varied": gettext_lazy("A provider changed a visit for a few days"),
    "suspended": gettext_lazy("New work is stopped for a while"),
    "lifted": gettext_lazy("New work is open again"),
}
"""What an e-mail says: never who it is about."""


def message_id(notice: int) -> str:
    """
    What a notice's e-mail is called: always the same, so that mail that goes out twice after a crash is known again.

    A hash, since from a plain number whoever gets two of them could count what others were told in between.
    """
    return f"<notice-{salted_hmac('calloff.notice', str(notice)).hexdigest()[:20]}@calloff.invalid>"


@handles("email")
def send_email(task: Task, at: datetime) -> None:
    """Send a notice by e-mail: one recipient, a subject from the closed list, a link and no identity."""
    notice = Notice.objects.select_related("user__identity").get(pk=task.data["notice"])
    if notice.email_state == Notice.SENT or notice.withdrawn_at is not None:
        return
    if not notice.user.is_active:
        Notice.objects.filter(pk=notice.pk).update(email_state=Notice.QUIET, email_at=at)
        return
    address = notice.user.identity.email
    text = _("%(subject)s: %(about)s.\n\nSign in to read it: %(link)s\n") % {
        "subject": SUBJECTS[notice.kind],
        "about": notice.about,
        "link": f"{settings.SITE_URL}{notice.link}",
    }
    headers = {"Message-ID": message_id(notice.pk)}
    message = EmailMessage(str(SUBJECTS[notice.kind]), text, settings.DEFAULT_FROM_EMAIL, [address], headers=headers)
    try:
        if not message.send():
            raise OSError("nobody took the letter, or there is no address")
    except (OSError, ValueError) as error:
        # A server that is away or refuses, and an address or a heading that cannot be written in a letter.
        Notice.objects.filter(pk=notice.pk).update(
            email_state=Notice.FAILED, email_problem=type(error).__name__, email_at=at
        )
        raise
    Notice.objects.filter(pk=notice.pk).update(email_state=Notice.SENT, email_problem="", email_at=at)
