"""Who bears the price of a package: shares in basis points, each split in force from a day on (DOMAIN 3.7, 3.8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from calloff.domain.errors import CalloffError
from calloff.domain.payment import BASIS_POINTS

KINDS = ("council", "chc", "joint", "s117", "reablement")
"""
Social care of the council, continuing healthcare of the NHS, jointly funded care, aftercare under section 117, and
reablement, which is free.
"""
CHARGEABLE = ("council",)
"""Only of these a person may be charged a part (DOMAIN 3.8)."""
COUNCIL = "council"


class WrongSplitError(CalloffError):
    """Shares that do not make up the whole, or that name a funder twice."""


@dataclass(frozen=True)
class Share:
    """
    What one funder bears of a package, in basis points, from a day on; `funder` is a short code of the council's.

    The council's own aftercare or reablement is its money under another kind: nobody is charged a part of it.
    """

    funder: str
    kind: str
    basis_points: int
    from_on: date = date.min

    @property
    def is_the_councils(self) -> bool:
        """Whether the council bears it itself, so that nobody owes it anything."""
        return COUNCIL in (self.funder, self.kind)


WHOLLY_THE_COUNCILS = (Share(COUNCIL, COUNCIL, BASIS_POINTS),)


def whole(shares: Sequence[Share]) -> tuple[Share, ...]:
    """The shares, if they make up the whole; WrongSplitError says what is wrong with them."""
    named = [one.funder for one in shares]
    if not shares or not all(named) or len(set(named)) != len(named):
        raise WrongSplitError("Each share needs a funder of its own. Nothing was kept.")
    wrong = [one.kind for one in shares if one.kind not in KINDS]
    if wrong:
        raise WrongSplitError(f"There is no kind of funding called {wrong[0]!r}. Nothing was kept.")
    total = sum(one.basis_points for one in shares)
    if total != BASIS_POINTS or min(one.basis_points for one in shares) < 1:
        raise WrongSplitError(
            f"The shares come to {percent(total)} per cent. Let them come to 100, each above nothing; nothing was kept."
        )
    return tuple(shares)


def percent(basis_points: int) -> str:
    """Basis points as per cent in figures: 3,333 are 33.33, 5,000 are 50."""
    full, rest = divmod(abs(basis_points), 100)
    text = f"{full}.{rest:02}".rstrip("0").rstrip(".") if rest else str(full)
    return f"-{text}" if basis_points < 0 else text


def in_force(shares: Iterable[Share], day: date) -> tuple[Share, ...]:
    """
    The split that counts on a day, in the order of the table: that of the last day from which one was agreed.

    Before the first, and where nothing was agreed, the council bears all.
    """
    begun = [one for one in shares if one.from_on <= day]
    if not begun:
        return WHOLLY_THE_COUNCILS
    last = max(one.from_on for one in begun)
    return tuple(one for one in begun if one.from_on == last)
