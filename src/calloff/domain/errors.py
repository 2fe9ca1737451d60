"""
Every error Calloff raises on purpose.

    CalloffError
    ├── BadInputError            a file, a row or an argument that a person can mend
    │   ├── DocumentError        one place in a document: file, line, what is wrong, what to write
    │   ├── DocumentErrors       all of them at once
    │   ├── RowErrors            all bad rows of a file at once
    │   └── BadBackupError       a backup that is not whole, or not for this key, Calloff or database
    ├── NoApplicableModelError   no purchasing model in force covers the package
    ├── SeveralModelsError       more than one does, and none is more specific
    ├── UnknownEnrolmentError    an order names an enrolment that the market does not hold
    ├── NothingToPlaceError      the package is wholly called off already
    ├── NoOptionLeftError        an extension beyond the contract's last option
    ├── ReplayError              a decision record that cannot be read back
    └── CapacityError            a call-off would take more minutes than are spare
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class CalloffError(Exception):
    """Anything Calloff refuses; its text is written for the person who asked."""


class BadInputError(CalloffError):
    """A file, a row or an argument that a person can mend."""


class DocumentError(BadInputError):
    """One place in a document: where, what is wrong, and what to write instead."""

    def __init__(self, path: str, line: int, problem: str, remedy: str) -> None:
        super().__init__(f"{path}:{line}: {problem}. {remedy}")
        self.path, self.line, self.problem, self.remedy = path, line, problem, remedy


class DocumentErrors(BadInputError):
    """All that is wrong with one document, in the order of its lines."""

    def __init__(self, errors: Sequence[DocumentError]) -> None:
        super().__init__("\n".join(str(error) for error in errors))
        self.errors = tuple(errors)


@dataclass(frozen=True)
class BadRow:
    """One cell that cannot be read: `line` as a text editor counts, the heading being line 1."""

    path: str
    line: int
    column: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.column}: found {self.found!r}, expected {self.expected}"


class RowErrors(BadInputError):
    """Every bad row of a file, told at once, so that one correction is enough."""

    def __init__(self, rows: Sequence[BadRow]) -> None:
        count = f"{len(rows)} bad cell{'s' if len(rows) != 1 else ''}; nothing was written"
        super().__init__("\n".join([*(str(row) for row in rows), count]))
        self.rows = tuple(rows)


class BadBackupError(BadInputError):
    """A backup that is not whole, or not made for this key, this Calloff or this database; nothing was restored."""


class NoApplicableModelError(CalloffError):
    """No purchasing model in force covers the package; the text says which came near and why not."""


class SeveralModelsError(CalloffError):
    """More than one purchasing model covers the package and none is more specific."""


class UnknownEnrolmentError(CalloffError):
    """An order names an enrolment that the market does not hold."""


class NothingToPlaceError(CalloffError):
    """The package is wholly called off already."""


class NoOptionLeftError(CalloffError):
    """An extension beyond the contract's last option."""


class ReplayError(CalloffError):
    """A decision record that cannot be read back, or whose facts are missing or altered."""


class CapacityError(CalloffError):
    """A call-off would take more minutes than the provider has spare."""
