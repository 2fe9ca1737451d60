"""What settlement reads and what it answers, as columns of whole numbers."""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Planned:
    """
    Planned visits, by group (one person's with one provider), start and reference; moments in seconds.

    `begins` to `ends` is the reach of each; `weeks` tells the person's weeks apart; `extra_minutes` were approved
    beyond the planned ones. A `pair_rates` above 0 prices two workers together; `per_visit` is 1 where the rate is not
    by the hour. `rule_of` is the place of the visit's payment rule among the `Rules`.
    """

    groups: Sequence[int]
    starts: Sequence[int]
    windows_from: Sequence[int]
    windows_to: Sequence[int]
    begins: Sequence[int]
    ends: Sequence[int]
    weeks: Sequence[int]
    minutes: Sequence[int]
    workers: Sequence[int]
    extra_minutes: Sequence[int]
    stopped: Sequence[int]
    rates: Sequence[int]
    pair_rates: Sequence[int]
    per_visit: Sequence[int]
    rule_of: Sequence[int]


@dataclass(frozen=True)
class Logs:
    """
    Logs by group, coming and source key; `left` is NOT_LEFT where nobody logged it, `met` what the worker met.

    `named` is the planned visit that a log or a person names, NOWHERE without one, and less where the log is parked.
    """

    groups: Sequence[int]
    came: Sequence[int]
    left: Sequence[int]
    workers: Sequence[int]
    named: Sequence[int]
    met: Sequence[int]


@dataclass(frozen=True)
class Rules:
    """Payment rules, `RULE` numbers each in the order of `RuleColumn`, and the steps of prices by length."""

    numbers: Sequence[int]
    steps: Sequence[int]


@dataclass(frozen=True)
class Settled:
    """
    What became of each log and what each visit was and is worth.

    `visit_of` and `log_is` are by log, the rest by visit. Minutes are those of all its workers; `costs` are prices
    before rounding.
    """

    visit_of: MutableSequence[int]
    log_is: MutableSequence[int]
    reasons: MutableSequence[int]
    marks: MutableSequence[int]
    worked_minutes: MutableSequence[int]
    paid_minutes: MutableSequence[int]
    costs: MutableSequence[int]
    pence: MutableSequence[int]
