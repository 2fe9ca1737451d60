"""The made-up clock of one council: its working hours, and acts that happen in order with the worker between them."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from calloff.domain.calendar import Calendar, local, to_utc
from calloff.web.jobs import services as jobs
from calloff.web.jobs.models import Job

ONE_DAY = timedelta(days=1)
OPENS, CLOSES = 8 * 60 + 30, 17 * 60 + 30
"""When an office works, in minutes of the local day (assumed)."""
DAY = CLOSES - OPENS
"""The minutes of a day of work."""
DUTY_OPENS, DUTY_CLOSES = 8 * 60, 20 * 60
"""When somebody is there for people in hospital, on every day (assumed)."""
WORKER = "made-up worker"


@dataclass(frozen=True)
class Hours:
    """Hours of work: of an office on its working days, or of a duty desk on every day."""

    calendar: Calendar
    opens: int = OPENS
    closes: int = CLOSES
    every_day: bool = False

    def works_on(self, day: date) -> bool:
        return self.every_day or self.calendar.is_working_day(day)

    def window(self, day: date) -> tuple[datetime, datetime]:
        """The first and last moment of a day's work."""
        return to_utc(day, self.opens), to_utc(day, self.closes)

    def before(self, moment: datetime, minutes: int) -> datetime:
        """The moment so many minutes of work earlier; the last of a day's work where none is under way."""
        day, left = local(moment).date(), timedelta(minutes=minutes)
        while True:
            if self.works_on(day):
                first, last = self.window(day)
                last = min(last, moment)
                if last - left >= first:
                    return last - left
                left -= max(last - first, timedelta())
            day -= ONE_DAY

    def after(self, moment: datetime, minutes: int) -> datetime:
        """The moment so many minutes of work later; the first of a day's work where none is under way."""
        day, left = local(moment).date(), timedelta(minutes=minutes)
        while True:
            if self.works_on(day):
                first, last = self.window(day)
                first = max(first, moment)
                if first + left <= last:
                    return first + left
                left -= max(last - first, timedelta())
            day += ONE_DAY

    def days(self, since: date, until: date) -> list[date]:
        """The days of work from one day to another, the last left out."""
        return [day for day in _days(since, until) if self.works_on(day)]


def _days(since: date, until: date) -> Iterator[date]:
    while since < until:
        yield since
        since += ONE_DAY


def duty(calendar: Calendar) -> Hours:
    """The hours of a duty desk."""
    return Hours(calendar, DUTY_OPENS, DUTY_CLOSES, every_day=True)


Act = Callable[[datetime], None]


@dataclass
class Days:
    """
    Acts in the order of their moments, up to `until`; what is planned for later does not happen.

    Between two acts the worker does what has fallen due, each job at its moment; letters wait until the end. Of each
    job `after_job` is told, and when it was done.
    """

    until: datetime
    after_job: Callable[[Job, datetime], None]
    _planned: list[tuple[datetime, int, Act]] = field(default_factory=list)
    _count: int = 0
    _now: datetime | None = None
    acts: int = 0

    def plan(self, at: datetime, act: Act) -> None:
        """Let something happen at a moment."""
        self._count += 1
        heapq.heappush(self._planned, (at.replace(microsecond=0), self._count, act))

    def go_by(self, news_since: datetime) -> None:
        """Let all of it happen; letters are written of what happens from a moment on."""
        with jobs.without_letters():
            self._go_by(news_since)
        self._go_by(self.until)

    def _go_by(self, until: datetime) -> None:
        while True:
            at = min(self._planned[0][0], until) if self._planned else until
            # What falls due may plan an act before the next one.
            if self._work_one(at):
                continue
            if not self._planned or self._planned[0][0] > until:
                return
            _, _, act = heapq.heappop(self._planned)
            self._now = at
            act(at)
            self.acts += 1

    def _work_one(self, until: datetime) -> bool:
        job = (
            Job.objects.filter(state=Job.WAITING, due_at__lte=until)
            .exclude(kind="email")
            .order_by("due_at", "rank", "pk")
            .first()
        )
        if job is None:
            return False
        # What follows an act at once is due before the act's own second is over: no clock goes back for it.
        self._now = max(job.due_at, self._now or job.due_at)
        jobs.work_once(WORKER, self._now)
        self.after_job(job, self._now)
        return True
