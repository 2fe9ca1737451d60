"""
Plain English for the codes of records and documents: `wording.yaml` and its one reader.

A record holds codes and figures, never sentences. `say` makes the sentence when somebody reads it, and the other
functions word values: moments, days, hours, visits, conditions, clocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

import yaml

from calloff.domain.calendar import Clock, ClockUnit, CountingDays, local
from calloff.domain.errors import BadInputError
from calloff.domain.packages import Visit
from calloff.domain.purchasing_model import Condition
from calloff.domain.units import half_up, hours_text, pounds

WORDING_FILE = Path(__file__).with_name("wording.yaml")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
VOCABULARY_OF = {
    "delivery_model": "delivery_models",
    "client_group": "client_groups",
    "age_group": "age_groups",
    "service_type": "service_types",
    "care_type": "care_types",
    "area_band": "area_bands",
    "complexity": "complexity",
    "needs": "capabilities",
}
"""Which section words the values of a condition's fact; the values of others stand for themselves."""


class WordingError(BadInputError):
    """A code without a wording, or a sentence without one of its figures."""


@dataclass(frozen=True)
class Wording:
    """The table as read: the sentence of each code, by section."""

    version: int
    sections: Mapping[str, Mapping[str, str]]


@cache
def wording() -> Wording:
    """The table that this version of Calloff carries."""
    return read_wording(WORDING_FILE.read_text(encoding="utf-8"))


def read_wording(text: str) -> Wording:
    """Read a table of wordings; WordingError where it has no version or an entry is not text."""
    table = yaml.safe_load(text)
    if not isinstance(table, dict) or type(table.get("version")) is not int:
        raise WordingError("the table of wordings has no version; begin it with `version: 1`")
    sections = {name: section for name, section in table.items() if name != "version"}
    for name, section in sections.items():
        if not isinstance(section, dict) or not all(isinstance(one, str) for pair in section.items() for one in pair):
            raise WordingError(f"wordings: the section {name} holds something else than codes and texts")
    return Wording(table["version"], sections)


def has_wording(section: str, code: str) -> bool:
    """Whether a section words this code."""
    return code in wording().sections[section]


def say(section: str, code: str, **figures: object) -> str:
    """The wording of a code with its figures filled in; WordingError when either is missing."""
    if not has_wording(section, code):
        raise WordingError(f"this version of Calloff has no wording for {code!r} among {section}")
    try:
        return wording().sections[section][code].format_map(figures)
    except KeyError as missing:
        raise WordingError(f"the wording of {code!r} among {section} needs the figure {missing}") from missing


def listed(names: Iterable[str], joint: str = "and", nothing: str = "nothing") -> str:
    """`a, b and c`."""
    every = list(names)
    if len(every) < 2:
        return every[0] if every else nothing
    return f"{', '.join(every[:-1])} {joint} {every[-1]}"


def worded(section: str, codes: Iterable[str], joint: str = "and", nothing: str = "nothing") -> str:
    """The words of several codes of one section as a list."""
    return listed((say(section, code) for code in codes), joint, nothing)


def spaced(name: str) -> str:
    """A name as a document writes it (`council_team`), for reading."""
    return name.replace("_", " ")


def sentence(text: str) -> str:
    """A clause with a capital letter at its beginning and a full stop at its end."""
    return text[:1].upper() + text[1:].rstrip(".") + "."


def possessive(name: str) -> str:
    """`Acorn's`, `Rivers'`, `Acorn's (spot)`."""
    plain, bracket, rest = name.rpartition(" (") if name.endswith(")") else (name, "", "")
    return f"{plain}'{'' if plain.endswith('s') else 's'}{bracket}{rest}"


# -- values ------------------------------------------------------------------------------------------------


def moment_words(moment: datetime) -> str:
    """A moment on a clock in London: `Mon 5 March 2018 09:30`; seconds where there are any."""
    shown = local(moment)
    clock = f"{shown:%H:%M:%S}" if shown.second else f"{shown:%H:%M}"
    return f"{shown:%a} {shown.day} {shown:%B %Y} {clock}"


def day_words(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def hours_words(minutes: int) -> str:
    """Minutes as hours: `10.5 h`."""
    return f"{hours_text(minutes)} h"


def rate_words(centipence: int) -> str:
    """A rate in centipence as pounds: `£13.60`; halves of a penny go up."""
    return pounds(half_up(centipence, 100))


def count_words(number: int, what: str) -> str:
    """`1 visit`, `12 visits`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def length_words(minutes: int) -> str:
    """`30 minutes`, `2 hours`, `1 hour and 30 minutes`."""
    hours, rest = divmod(minutes, 60)
    parts = ([count_words(hours, "hour")] if hours else []) + ([count_words(rest, "minute")] if rest else [])
    return listed(parts, nothing="no time")


def minute_of_day_words(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def days_words(days: Iterable[int]) -> str:
    """Days of the week, 0 being Monday: `every day`, `Monday to Friday`, `Monday, Wednesday and Friday`."""
    every = sorted(set(days))
    if len(every) == len(DAYS):
        return "every day"
    runs: list[list[int]] = []
    for day in every:
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    names = []
    for run in runs:
        names += [f"{DAYS[run[0]]} to {DAYS[run[-1]]}"] if len(run) > 2 else [DAYS[day] for day in run]
    return listed(names)


def pattern_words(visits: Sequence[Visit]) -> list[str]:
    """A weekly pattern, one phrase for each kind of visit: `every day at 08:00 for 30 minutes, two care workers`."""
    kinds: dict[tuple[int, int, int, bool], list[int]] = {}
    for visit in visits:
        kind = (visit.start_minute, visit.minutes, visit.workers, visit.critical)
        kinds.setdefault(kind, []).append(visit.day)
    phrases = []
    for (start, minutes, workers, critical), days in sorted(kinds.items()):
        pair = ", two care workers" if workers == 2 else f", {workers} care workers" if workers > 2 else ""
        exact = ", time-critical" if critical else ""
        phrases.append(f"{days_words(days)} at {minute_of_day_words(start)} for {length_words(minutes)}{pair}{exact}")
    return phrases


def visits_words(visits: Sequence[Visit]) -> str:
    """How many visits and hours a week: `28 visits (21 h a week)`."""
    return f"{count_words(len(visits), 'visit')} ({hours_words(sum(visit.worker_minutes for visit in visits))} a week)"


def condition_words(condition: Condition) -> str:
    """A condition on the package as a clause: `the home lies in rural parts`."""
    fact, values = condition.fact, condition.values
    if fact in ("legacy", "significantly_different"):
        return say("conditions", fact if values[0] else f"not_{fact}")
    if condition.comparison in ("at_least", "at_most"):
        return say("conditions", fact, values=f"{spaced(condition.comparison)} {values[0]:,}")
    section = VOCABULARY_OF.get(fact)
    names = [say(section, str(value)) if section else str(value) for value in values]
    return say("conditions", fact, values=listed(names, "or"))


def clock_words(clock: Clock) -> str:
    """How long somebody has: `2 hours (counted 08:00 to 20:00 on all days)`."""
    if clock.unit is ClockUnit.WORKING_DAYS:
        return count_words(clock.length, "working day")
    days = "on all days" if clock.days is CountingDays.ALL_DAYS else "on working days"
    span = f"{minute_of_day_words(clock.opens)} to {minute_of_day_words(clock.closes)}"
    return f"{length_words(clock.length)} (counted {span} {days})"
