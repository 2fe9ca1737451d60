"""Long lists: pages of a hundred, and filters that live in the address as codes only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a filter: its code in the address, and its words."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Filter:
    """One question by which a list is narrowed: its name in the address, its label, its choices."""

    name: str
    label: str
    choices: Sequence[Choice]
    anything: str = ""


class FilterState:
    """
    What a list is narrowed to, read from the address.

    A code that no filter offers is left out, so nothing that a person typed is ever shown or searched by. `kept` are
    further names of the address, such as "tab", that the filters leave as they are; their values are codes too.
    """

    def __init__(
        self, filters: Sequence[Filter], query: Mapping[str, Any], kept: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self.filters = filters
        codes = {one.name: {choice.code for choice in one.choices} for one in filters}
        allowed = codes | {name: set(values) for name, values in (kept or {}).items()}
        self._values = {name: str(query[name]) for name, known in allowed.items() if query.get(name) in known}
        self._names = set(codes)

    def code(self, name: str) -> str:
        """The chosen code, or "" where anything will do."""
        return self._values.get(name, "")

    @property
    def active(self) -> bool:
        """Whether anything is narrowed."""
        return any(name in self._values for name in self._names)

    @property
    def kept(self) -> dict[str, str]:
        """What is in the address beside the filters."""
        return {name: value for name, value in self._values.items() if name not in self._names}

    def address(self, **changes: str) -> str:
        """The address of this list with other codes; an empty one takes its name out."""
        return "?" + urlencode([(name, value) for name, value in (self._values | changes).items() if value])

    @property
    def clear(self) -> str:
        """The address of the whole list."""
        return "?" + urlencode(self.kept)

    @property
    def chosen(self) -> list[tuple[str, str, str]]:
        """Each filter in force: its label, the words of its choice, the address without it."""
        return [
            (one.label, choice.words, self.address(**{one.name: ""}))
            for one in self.filters
            for choice in one.choices
            if self.code(one.name) == choice.code
        ]


@dataclass(frozen=True, slots=True)
class Paging:
    """
    Where one stands in a list of `total` things, from page 1 on.

    `query` is the address's own part without the page, as `FilterState.address` gives it.
    """

    page: int
    total: int
    query: str = "?"
    per_page: int = PER_PAGE

    @classmethod
    def asked_for(cls, page: str | None, total: int, query: str = "?", per_page: int = PER_PAGE) -> Paging:
        """The page that the address names; the nearest there is where it names none of them."""
        last = max(1, -(-total // per_page))
        number = int(page) if page and page.isdecimal() and len(page) < 9 else 1
        return cls(min(max(number, 1), last), total, query, per_page)

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))

    @property
    def rows(self) -> slice:
        """The rows of this page, to cut them out of the list."""
        return slice((self.page - 1) * self.per_page, self.page * self.per_page)

    @property
    def in_words(self) -> str:
        """ "Showing 101 to 200 of 412"."""
        if self.pages == 1:
            return ngettext("%(total)s row", "%(total)s rows", self.total) % {"total": f"{self.total:,}"}
        first = self.rows.start + 1
        last = min(self.rows.stop, self.total)
        return _("Showing %(first)s to %(last)s of %(total)s") % {
            "first": f"{first:,}",
            "last": f"{last:,}",
            "total": f"{self.total:,}",
        }

    def options(self) -> dict[str, Any]:
        """What the pagination component takes: first, last, this page and its neighbours, gaps between them."""
        shown = sorted({1, self.pages, *range(max(1, self.page - 1), min(self.pages, self.page + 1) + 1)})
        items: list[dict[str, Any]] = []
        for before, number in zip([0, *shown], shown, strict=False):
            if number - before > 1:
                items.append({"ellipsis": True})
            items.append({"number": number, "href": self._address(number), "current": number == self.page})
        options: dict[str, Any] = {"items": items, "landmarkLabel": _("Pages")}
        if self.page > 1:
            options["previous"] = {"href": self._address(self.page - 1), "text": _("Previous page")}
        if self.page < self.pages:
            options["next"] = {"href": self._address(self.page + 1), "text": _("Next page")}
        return options

    def _address(self, number: int) -> str:
        joint = "" if self.query.endswith("?") else "&"
        return f"{self.query}{joint}page={number}"
