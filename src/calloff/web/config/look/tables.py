"""Tables of rows, each cell a text, a link, a tag or a few of them; on a narrow screen each row becomes a card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, and whether it holds numbers (to the right) or names its row."""

    heading: str
    number: bool = False
    names_row: bool = False
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """
    What stands in one cell: a text, which may be a link, a smaller line below it, a tag, or nothing at all.

    `tone` is that of the tag (see `TONES`); `strong` is for what is late or greatest.
    """

    text: str = ""
    url: str = ""
    below: str = ""
    tag: str = ""
    tone: str = "grey"
    strong: bool = False

    @property
    def empty(self) -> bool:
        return not (self.text or self.below or self.tag)


@dataclass(frozen=True, slots=True)
class Row:
    """One row. Plain texts become cells; with `url` the keyboard can open it, `marked` tints it."""

    cells: Sequence[Cell | str]
    url: str = ""
    marked: bool = False


@dataclass(frozen=True)
class Table:
    """
    A table with its caption; `empty` is the sentence shown instead of it when it has no row.

    ValueError for a row that has more or fewer cells than there are columns.
    """

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row | Sequence[Cell | str]]
    empty: str = ""
    quiet_caption: bool = False
    wide: bool = False
    foot: Sequence[Cell | str] = field(default=())

    def __post_init__(self) -> None:
        for row in self.laid_out:
            self._check(row.cells)
        if self.foot:
            self._check(self.foot)

    @property
    def laid_out(self) -> list[Row]:
        """The rows, all of one kind."""
        return [row if isinstance(row, Row) else Row(row) for row in self.rows]

    def pairs(self, cells: Sequence[Cell | str]) -> list[tuple[Column, Cell]]:
        """Each cell beside its column."""
        whole = [cell if isinstance(cell, Cell) else Cell(str(cell)) for cell in cells]
        return list(zip(self.columns, whole, strict=True))

    def _check(self, cells: Sequence[Cell | str]) -> None:
        if len(cells) != len(self.columns):
            raise ValueError(f"{len(cells)} cells under {len(self.columns)} columns in the table {self.caption!r}")
