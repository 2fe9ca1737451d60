"""Counts what a check looks at and what was wrong, and keeps the first faults in words."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from calloff.acceptance import FIRST_FAULT, FaultSeen, Result

MOST_TOLD = 8


@dataclass
class Tally:
    """`n` cases looked at, `violations` among them; `notes` tell the first of these and what else is to tell."""

    n: int = 0
    violations: int = 0
    notes: list[str] = field(default_factory=list)
    told: int = 0

    def expect(self, holds: bool, otherwise: str) -> None:
        """Count a violation unless it holds."""
        if not holds:
            self.fault(otherwise)

    def fault(self, text: str) -> None:
        """Count a violation; FaultSeen where the first is enough, as with a planted bug."""
        self.violations += 1
        if self.told < MOST_TOLD:
            self.told += 1
            self.notes.append(text)
        self.end_if_seen()

    def end_if_seen(self) -> None:
        """FaultSeen where a violation was counted and one is enough."""
        if self.violations and os.environ.get(FIRST_FAULT):
            raise FaultSeen

    @property
    def result(self) -> Result:
        return Result(self.n, self.violations, tuple(self.notes))
