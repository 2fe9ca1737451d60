"""Figures of week after week as a drawing: bars or steps, with the line that they should reach or keep below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from django.utils.translation import gettext as _

from calloff.web.config.look.tables import Cell, Column, Table

WIDTH, HEIGHT = 640, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 14, 16, 34
LABEL_WIDTH = 64


@dataclass(frozen=True, slots=True)
class Point:
    """One week: its label, its value in the ledger's unit as a whole number of `scale` parts, and how it is read."""

    label: str
    value: int
    words: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the drawing; `over` when it passes a target that is a limit."""

    x: int
    y: int
    width: int
    height: int
    over: bool


@dataclass(frozen=True, slots=True)
class Mark:
    """A word or a line of the drawing, at its place."""

    x: int
    y: int
    text: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """
    A weekly ledger. Values are whole numbers; `scale` of them make one unit of the axis (60 minutes are an hour).

    `shape` is "bars" or "steps"; `target` is in the same whole numbers. ValueError for values below nothing or another
    shape.
    """

    title: str
    unit: str
    points: Sequence[Point]
    target: int | None = None
    target_label: str = ""
    scale: int = 1
    shape: str = "bars"
    target_is_limit: bool = True

    def __post_init__(self) -> None:
        if self.shape not in ("bars", "steps"):
            raise ValueError(f"{self.shape!r} is neither bars nor steps")
        if any(point.value < 0 for point in self.points):
            raise ValueError("a ledger shows nothing below zero")

    @property
    def width(self) -> int:
        return WIDTH

    @property
    def height(self) -> int:
        return HEIGHT

    @property
    def left(self) -> int:
        return LEFT

    @property
    def right(self) -> int:
        return WIDTH - RIGHT

    @property
    def base(self) -> int:
        return HEIGHT - BOTTOM

    @property
    def in_words(self) -> str:
        """The ledger in a sentence, for who does not see the drawing."""
        if not self.points:
            return _("No week is counted yet.")
        low = min(self.points, key=lambda point: point.value)
        high = max(self.points, key=lambda point: point.value)
        said = _("%(count)d weeks, from %(low)s (%(low_week)s) to %(high)s (%(high_week)s).") % {
            "count": len(self.points),
            "low": low.words,
            "low_week": low.label,
            "high": high.words,
            "high_week": high.label,
        }
        return f"{said} {self.target_label}." if self.target_label else said

    @property
    def ticks(self) -> list[Mark]:
        """Round numbers at the left, four or five of them."""
        step = self._step()
        return [
            Mark(LEFT, self._y(step * number), f"{step * number // self.scale:,}")
            for number in range(self._top() // step + 1)
        ]

    @property
    def bars(self) -> list[Bar]:
        gap = max(1, self._slot() // 5)
        return [
            Bar(
                self._x(place) + gap // 2,
                self._y(point.value),
                max(1, self._x(place + 1) - self._x(place) - gap),
                self.base - self._y(point.value),
                self.target is not None and self.target_is_limit and point.value > self.target,
            )
            for place, point in enumerate(self.points)
        ]

    @property
    def path(self) -> str:
        """The line of steps, as the path of a drawing."""
        parts = [
            f"{'M' if place == 0 else 'L'}{self._x(place)} {self._y(point.value)}H{self._x(place + 1)}"
            for place, point in enumerate(self.points)
        ]
        return "".join(parts)

    @property
    def labels(self) -> list[Mark]:
        """The weeks below, as many as there is room for."""
        every = max(1, -(-LABEL_WIDTH // max(1, self._slot())))
        return [
            Mark((self._x(place) + self._x(place + 1)) // 2, self.base + 20, point.label)
            for place, point in enumerate(self.points)
            if place % every == 0
        ]

    @property
    def target_y(self) -> int | None:
        return None if self.target is None else self._y(self.target)

    @property
    def target_at_left(self) -> bool:
        """Whether the words of the target stand at the left: where the last third rises into them, not the first."""
        if self.target is None or len(self.points) < 3:
            return False
        third = len(self.points) // 3
        first, last = (max(point.value for point in some) for some in (self.points[:third], self.points[-third:]))
        return last > self.target >= first

    @property
    def table(self) -> Table:
        """The same as a table."""
        return Table(
            self.title,
            [Column(_("Week"), names_row=True), Column(self.unit.capitalize(), number=True)],
            [[Cell(point.label), Cell(point.words)] for point in self.points],
            empty=_("No week is counted yet."),
        )

    def _slot(self) -> int:
        return (WIDTH - LEFT - RIGHT) // max(1, len(self.points))

    def _x(self, place: int) -> int:
        return LEFT + (WIDTH - LEFT - RIGHT) * place // max(1, len(self.points))

    def _y(self, value: int) -> int:
        return self.base - (self.base - TOP) * value // self._top()

    def _greatest(self) -> int:
        return max([point.value for point in self.points] + [self.target or 0, self.scale])

    def _step(self) -> int:
        """A round step of 1, 2 or 5 times a power of ten units, so that four or five cover the greatest value."""
        wanted = Fraction(self._greatest(), self.scale * 4)
        power = 1
        while power * 10 <= wanted:
            power *= 10
        factor = next((one for one in (1, 2, 5, 10) if one * power >= wanted), 10)
        return factor * power * self.scale

    def _top(self) -> int:
        step = self._step()
        return -(-self._greatest() // step) * step
