"""What brokerage refuses, in words for the person who asked: what happened, what was kept, what to do."""

from __future__ import annotations

from collections.abc import Sequence

from calloff.domain.errors import CalloffError


class RefusedError(CalloffError):
    """An act that cannot be done as things stand; nothing was changed."""


class DecisionChangedError(RefusedError):
    """What was shown is no longer what the kernel says; the text tells what changed."""


class AlreadyCalledOffError(RefusedError):
    """Somebody else was first; the text says who and when."""


class TooLateError(RefusedError):
    """The deadline is past; the text says when it was."""


class ApprovalNeededError(RefusedError):
    """The price is above what was approved, or above what this person may approve."""


class SamePersonError(RefusedError):
    """A second human being is needed, however many accounts the first one has."""


class IdentityInTextError(RefusedError):
    """Words that may name the person, before the call-off; `found` are the words, as they stand in the text."""

    def __init__(self, message: str, found: Sequence[str]) -> None:
        super().__init__(message)
        self.found = tuple(found)
