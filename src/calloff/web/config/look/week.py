"""A person's week as a drawing: days across, time down, one bar for each worker of a visit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from calloff.domain.packages import Visit
from calloff.web.config.look import words
from calloff.web.config.look.tables import Cell, Column, Table

# All lengths are those of the drawing, 400 across; a screen of 320 points shows it at three quarters.
WIDTH = 400
LEFT, RIGHT, TOP = 48, 60, 34
DAY = (WIDTH - LEFT - RIGHT) // 7
HOUR = 24
LEAST_HEIGHT = 7
LABEL_HEIGHT = 17


@dataclass(frozen=True, slots=True)
class Bar:
    """One worker's part of a visit; `kind` is "one" or "two"."""

    x: int
    y: int
    width: int
    height: int
    kind: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A word or a line of the drawing, at its place."""

    x: int
    y: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Week:
    """
    The weekly pattern of one package.

    Two bars beside each other are two workers at once; a mark stands by each visit whose time is critical.
    """

    visits: Sequence[Visit]
    name: str

    @property
    def title(self) -> str:
        return _("The week of %(name)s") % {"name": self.name}

    @property
    def in_words(self) -> str:
        """The week in a sentence, for who does not see the drawing."""
        minutes = sum(visit.worker_minutes for visit in self.visits)
        double = sum(visit.workers > 1 for visit in self.visits)
        critical = sum(visit.critical for visit in self.visits)
        count = len(self.visits)
        return " ".join(
            [
                ngettext("%(count)d visit, %(hours)s.", "%(count)d visits, %(hours)s.", count)
                % {"count": count, "hours": words.hours_a_week(minutes)},
                ngettext("%d needs two workers.", "%d need two workers.", double) % double if double else "",
                ngettext("%d is time-critical.", "%d are time-critical.", critical) % critical if critical else "",
            ]
        ).strip()

    @property
    def first_hour(self) -> int:
        return min((visit.start_minute for visit in self.visits), default=8 * 60) // 60

    @property
    def last_hour(self) -> int:
        return -(-max((visit.start_minute + visit.minutes for visit in self.visits), default=9 * 60) // 60)

    @property
    def height(self) -> int:
        return TOP + (self.last_hour - self.first_hour) * HOUR + 8

    @property
    def width(self) -> int:
        return WIDTH

    @property
    def right(self) -> int:
        return WIDTH - RIGHT

    @property
    def bars(self) -> list[Bar]:
        return [
            Bar(x, self._y(visit.start_minute), width, self._tall(visit), "two" if visit.workers > 1 else "one")
            for visit in self.visits
            for x, width in self._sides(visit)
        ]

    @property
    def critical(self) -> list[Mark]:
        """Where the mark of a time-critical visit stands: above the right end of its bars."""
        return [
            Mark(LEFT + visit.day * DAY + DAY - 8, self._y(visit.start_minute) - 3, "!")
            for visit in self.visits
            if visit.critical
        ]

    @property
    def days(self) -> list[Mark]:
        return [Mark(LEFT + day * DAY + DAY // 2, 18, name) for day, name in enumerate(day_names(short=True))]

    @property
    def columns(self) -> list[int]:
        """Where the lines between the days stand."""
        return [LEFT + day * DAY for day in range(8)]

    @property
    def starts(self) -> list[Mark]:
        """The times at which visits start, and at the right how long they are, as far as there is room."""
        return [Mark(LEFT - 6, y, _clock(minute)) for minute, y in self._rows()]

    @property
    def lengths(self) -> list[Mark]:
        found = []
        for minute, y in self._rows():
            lengths = {visit.minutes for visit in self.visits if visit.start_minute == minute}
            text = _("%d min") % lengths.pop() if len(lengths) == 1 else _("varies")
            found.append(Mark(self.right + 6, y, text))
        return found

    @property
    def any_double(self) -> bool:
        return any(visit.workers > 1 for visit in self.visits)

    @property
    def any_critical(self) -> bool:
        return any(visit.critical for visit in self.visits)

    @property
    def table(self) -> Table:
        """The same as a table: each kind of visit with the days on which it comes."""
        names = day_names(short=True)
        rows = []
        for (start, minutes, workers, calm), same in groupby(sorted(self.visits, key=_kind), key=_kind):
            days = sorted(visit.day for visit in same)
            every = [_("every day")] if days == list(range(7)) else [names[day] for day in days]
            tag = "" if calm else _("time-critical")
            rows.append(
                [
                    Cell(_clock(start), tag=tag, tone="orange"),
                    Cell(", ".join(every)),
                    Cell(_("%d min") % minutes),
                    Cell(str(workers)),
                ]
            )
        return Table(
            self.title,
            [
                Column(_("Starts"), names_row=True),
                Column(_("Days")),
                Column(_("Length"), number=True),
                Column(_("Workers"), number=True),
            ],
            rows,
            empty=_("No visit is agreed yet."),
        )

    def _rows(self) -> list[tuple[int, int]]:
        rows: list[tuple[int, int]] = []
        for minute in sorted({visit.start_minute for visit in self.visits}):
            y = self._y(minute) + 11
            if not rows or y - rows[-1][1] >= LABEL_HEIGHT:
                rows.append((minute, y))
        return rows

    def _y(self, minute: int) -> int:
        return TOP + (minute - self.first_hour * 60) * HOUR // 60

    def _tall(self, visit: Visit) -> int:
        return max(LEAST_HEIGHT, visit.minutes * HOUR // 60)

    def _sides(self, visit: Visit) -> list[tuple[int, int]]:
        left = LEFT + visit.day * DAY + 4
        room = DAY - 8
        count = max(1, visit.workers)
        each = (room - 3 * (count - 1)) // count
        return [(left + place * (each + 3), each) for place in range(count)]


def day_names(*, short: bool = False) -> list[str]:
    """Monday to Sunday, or Mon to Sun."""
    if short:
        return [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]
    return [_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")]


def _kind(visit: Visit) -> tuple[int, int, int, bool]:
    """What makes two visits of different days the same line of the table."""
    return visit.start_minute, visit.minutes, visit.workers, not visit.critical


def _clock(minute: int) -> str:
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"
