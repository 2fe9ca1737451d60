"""Tables of rows, each cell a text, a link, a tag or a few of them; on a narrow screen each row becomes a card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.html import escape
from django.utils.safestring import SafeString

from calloff.web.config.look.parts import tone_of


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

    @property
    def rows_html(self) -> SafeString:
        """
        The rows as HTML, all that was given escaped.

        Written here and not in the template: a list of a hundred rows takes a tenth of the time.
        """
        ends = [_ends(column) for column in self.columns]
        return SafeString("\n".join(self._row_html(row, ends) for row in self.laid_out))

    def _row_html(self, row: Row, ends: list[tuple[str, str, str]]) -> str:
        cells = "".join(
            f"{begin}{' nothing' if cell.empty else ''}{rest}{_inside(cell, row.url)}</span></{name}>"
            for (begin, rest, name), (_, cell) in zip(ends, self.pairs(row.cells), strict=True)
        )
        marked = ' class="marked"' if row.marked else ""
        return f'<tr role="row"{marked}{" data-row" if row.url else ""}>{cells}</tr>'


def _ends(column: Column) -> tuple[str, str, str]:
    """What stands around every cell of a column: up to its class, from there to its content, and its element."""
    name, role = ("th", 'rowheader" scope="row') if column.names_row else ("td", "cell")
    label = escape(f"{column.heading}, {column.unit}" if column.unit else column.heading)
    number = "number" if column.number else ""
    return f'<{name} role="{role}" class="{number}', f'" data-label="{label}"><span>', name


def _inside(cell: Cell, row_url: str) -> str:
    inside: str = escape(cell.text)
    if cell.url:
        opens = " data-open" if cell.url == row_url else ""
        inside = f'<a class="govuk-link" href="{escape(cell.url)}"{opens}>{inside}</a>'
    if cell.strong:
        inside = f"<strong>{inside}</strong>"
    if cell.tag:
        inside += f' <strong class="govuk-tag {tone_of(cell.tone)}">{escape(cell.tag)}</strong>'
    if cell.below:
        inside += f'<span class="below">{escape(cell.below)}</span>'
    return inside
