"""What a case writes, as values: moments, visits, pools, providers with their contracts, and the package."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from calloff.cases.answers import DAYS, moment_words
from calloff.cases.reading import entries, mapping, names, text, whole, within, word, words, yes
from calloff.domain.calendar import Nation, to_utc
from calloff.domain.contracts import DAY_TYPES, ROLES, UNITS, Enrolment, Pool, PriceLine, Suspension
from calloff.domain.errors import BadInputError
from calloff.domain.packages import (
    AGE_GROUPS,
    AREA_BANDS,
    BANDS,
    CAPABILITIES,
    CARE_TYPES,
    CLIENT_GROUPS,
    COMPLEXITY_FACTS,
    DELIVERY_MODELS,
    PRIORITIES,
    SERVICE_TYPES,
    Package,
    Visit,
)
from calloff.domain.providers import SCALES, Provider
from calloff.domain.purchasing_model import PurchasingModel
from calloff.domain.units import centipence_of

PROVIDER_KEYS = (
    "tier",
    "lot",
    "localities",
    "rate",
    "lines",
    "spare",
    "declared",
    "grades",
    "scale",
    "quality",
    "later_quality",
    "capabilities",
    "client_groups",
    "age_groups",
    "services",
    "suspended",
    "stepped_in",
    "registered",
    "registered_until",
    "from_on",
    "to_on",
    "address",
    "role",
    "provider",
    "parent",
    "local",
    "subcontractors",
    "past_referred",
    "past_subcontracted",
    "block",
)
PACKAGE_KEYS = (
    "locality",
    "approved",
    "start",
    "priority",
    "visits",
    "place",
    "area_band",
    "service_type",
    "care_type",
    "delivery_model",
    "client_group",
    "age_group",
    "needs",
    "complexity",
    "exclusions",
    "current_provider",
    "current_hours",
    "current_workers",
    "current_care_type",
    "current_since",
    "current_ended_on",
    "chosen_provider",
    "nation",
    "reference",
)
LINE_KEYS = ("rate", "care_type", "area_band", "time_band", "day_type", "workers", "unit", "from_on", "to_on")
WORDS: Mapping[str, tuple[str, ...]] = {
    "service_type": SERVICE_TYPES,
    "services": SERVICE_TYPES,
    "care_type": CARE_TYPES,
    "current_care_type": CARE_TYPES,
    "delivery_model": DELIVERY_MODELS,
    "client_group": CLIENT_GROUPS,
    "client_groups": CLIENT_GROUPS,
    "age_group": AGE_GROUPS,
    "age_groups": AGE_GROUPS,
    "area_band": AREA_BANDS,
    "time_band": BANDS,
    "day_type": DAY_TYPES,
    "unit": UNITS,
    "needs": CAPABILITIES,
    "capabilities": CAPABILITIES,
    "complexity": COMPLEXITY_FACTS,
}
"""The closed lists of words, by the keys that hold one or several of them."""
UNGRADED = ("none", "not_graded")


def moment(written: Any) -> datetime:
    """`Mon 5 March 2018 09:30`, local; seconds where they matter."""
    example = "Mon 5 March 2018 09:30"
    found = text(written, example)
    pattern = "%a %d %B %Y %H:%M:%S" if found.count(":") == 2 else "%a %d %B %Y %H:%M"
    wall = _parsed(found, pattern, f"`{found}` is no moment; write for instance {example}")
    at = to_utc(wall.date(), wall.hour * 60 + wall.minute) + timedelta(seconds=wall.second)
    if moment_words(at) != found:
        raise BadInputError(f"{found} is no moment: it would be {moment_words(at)}")
    return at


def day(written: Any) -> date:
    """`5 March 2018`."""
    found = text(written, "5 March 2018")
    try:
        other = date.fromisoformat(found)
    except ValueError:
        example = "for instance 5 March 2018"
    else:
        example = f"{other.day} {other:%B %Y}"
    return _parsed(found, "%d %B %Y", f"`{found}` is no day as a case writes it; write {example}").date()


def _parsed(written: str, pattern: str, problem: str) -> datetime:
    try:
        return datetime.strptime(written, pattern)
    except ValueError as error:
        raise BadInputError(problem) from error


HOURS = re.compile(r"(\d+(?:\.\d+)?) ([hm])", re.ASCII)
SPARE = re.compile(rf"(?:([a-z+]+) )?({HOURS.pattern})", re.ASCII)


def minutes(written: Any) -> int:
    """`6 h`, `4.5 h` or `30 m`."""
    match = HOURS.fullmatch(text(written, "6 h"))
    if not match:
        raise BadInputError(f"`{written}` is no number of hours; write for instance 6 h, 4.5 h or 30 m")
    found = Decimal(match[1]) * {"h": 60, "m": 1}[match[2]]
    if found != int(found):
        raise BadInputError(f"{written} is no whole number of minutes")
    return int(found)


def rate(written: Any) -> int:
    """Pounds an hour, in centipence."""
    try:
        return centipence_of(text(written, "23.50"))
    except ValueError as error:
        raise BadInputError(f"`{written}` is no rate; write pounds an hour, for instance 23.50") from error


def place(written: Any) -> tuple[int, int]:
    """Easting and northing in metres."""
    match = re.fullmatch(r"(\d{1,7}) (\d{1,7})", text(written, "400000 300000"), re.ASCII)
    if not match:
        raise BadInputError(f"`{written}` is no place; write easting and northing in metres, as in 400000 300000")
    return int(match[1]), int(match[2])


VISIT = re.compile(r"(\w{3})(?:-(\w{3}))? ([01]\d|2[0-3]):([0-5]\d) (\d{1,4})m( x2)?( time-critical)?", re.ASCII)


def visits(lines: Any) -> tuple[Visit, ...]:
    """`mon-sun 08:00 30m`, with ` x2` for two care workers and ` time-critical`; day by day, as a pattern is read."""
    found = []
    for line in entries(lines, "[mon-sun 08:00 30m]"):
        match = VISIT.fullmatch(line) if isinstance(line, str) else None
        if not match or match[1] not in DAYS or (match[2] or match[1]) not in DAYS or int(match[5]) == 0:
            raise BadInputError(f"{line!r} is no visit; write mon-sun 08:00 30m")
        first, last, hour, minute, length, pair, critical = match.groups()
        span = range(DAYS.index(first), DAYS.index(last or first) + 1)
        if not span:
            raise BadInputError(f"{line!r} runs backwards; write two lines, the second beginning with mon")
        for number in span:
            start = int(hour) * 60 + int(minute)
            found.append(Visit(number, start, int(length), 2 if pair else 1, bool(critical)))
    return tuple(sorted(found, key=lambda visit: (visit.day, visit.start_minute)))


def pools(written: Any, declared_at: datetime) -> tuple[Pool, ...]:
    """`14 h` for all parts of the day, or `morning 10 h`, `morning+bed 20 h`; a list for several."""
    found = []
    for one in [written] if isinstance(written, str) else entries(written, "[morning 10 h, bed 8 h]"):
        match = SPARE.fullmatch(text(one, "30 h"))
        if not match:
            raise BadInputError(f"`{one}` is no number of hours; write 30 h, or [morning 10 h, bed 8 h]")
        bands = match[1].split("+") if match[1] else []
        chosen = frozenset(word(band, BANDS, "no part of the day") for band in bands)
        found.append(Pool(minutes(match[2]), declared_at, bands=chosen))
    return tuple(found)


def grades_of(written: Any, scale: str) -> tuple[int, int, int, int]:
    """
    Grades for wellbeing, care planning, staff and leadership: four numbers, or one word for all of them.

    0 is an area that is not graded yet, and `none` says so of all.
    """
    known = SCALES[scale]
    found = text(written, "3 3 3 3").strip().replace(" ", "_").lower()
    if found in known or found in UNGRADED:
        number = known.get(found, 0)
        return number, number, number, number
    numbers = [int(one) for one in found.split("_") if one.isascii() and one.isdigit()]
    if len(numbers) != 4 or len(found.split("_")) != 4 or not all(0 <= one <= len(known) for one in numbers):
        spelt = ", ".join(one.replace("_", " ") for one in known)
        raise BadInputError(
            f"`{written}` are no grades of {scale}; write four numbers from 1 to {len(known)} (0 is not graded yet), "
            f"for wellbeing, care planning, staff and leadership, or one word for all: {spelt}, none"
        )
    wellbeing, care_planning, staff, leadership = numbers
    return wellbeing, care_planning, staff, leadership


def provider(name: str, found: Any, nation: str) -> Provider:
    """A provider as a case writes it; what it leaves out is an ordinary one."""
    about = mapping(found, PROVIDER_KEYS)
    scale = word(about.get("scale", "care_inspectorate" if nation == "scotland" else "cqc"), SCALES, "no scale")
    easting, northing = place(about.get("address", "0 0"))
    return Provider(
        reference=name,
        name=name,
        organisation=name,
        nation=nation,
        service_types=words(about.get("services", "care_at_home"), SERVICE_TYPES, "no service"),
        in_house=about.get("role") == "in_house",
        registered_from=day(about.get("registered", "1 January 2010")),
        registered_to=day(about["registered_until"]) if "registered_until" in about else None,
        scale=scale,
        grades=grades_of(about.get("grades", "4 4 4 4" if scale == "care_inspectorate" else "3 3 3 3"), scale),
        easting=easting,
        northing=northing,
    )


def enrolment(name: str, found: Any, model: PurchasingModel, at: datetime) -> Enrolment:
    """Its contract as a case writes it: of the first tier and able to do everything a case does not take away."""
    about = mapping(found, PROVIDER_KEYS)
    tier = word(about.get("tier", model.tiers[0].name), [one.name for one in model.tiers], "no tier of the document")
    declared_at = moment(about["declared"]) if "declared" in about else at - timedelta(days=1)
    own: Mapping[str, Callable[[Any], Any]] = {"from_on": day, "to_on": day, "localities": _set, "subcontractors": _set}
    optional: dict[str, Any] = {key: read(about[key]) for key, read in own.items() if key in about}
    optional |= {
        key: words(about[key], WORDS[key], "not known here")
        for key in ("capabilities", "client_groups", "age_groups")
        if key in about
    }
    return Enrolment(
        reference=name,
        provider=text(about.get("provider", name), "Acorn"),
        tier=tier,
        role=word(about.get("role", model.tier(tier).role), ROLES, "no role"),
        lot=_lot(about.get("lot", ""), model),
        price_lines=_price_lines(name, about),
        pools=pools(about["spare"], declared_at) if "spare" in about else (),
        block_minutes=minutes(about["block"]) if "block" in about else 0,
        ultimate_parent=text(about.get("parent", ""), "Group"),
        local=yes(about.get("local", "no")),
        suspensions=suspensions(about),
        quality_score=whole(about.get("quality", "0")),
        later_scores=_later_scores(about.get("later_quality", {})),
        past_referred_minutes=minutes(about.get("past_referred", "0 h")),
        past_subcontracted_minutes=minutes(about.get("past_subcontracted", "0 h")),
        **optional,
    )


def _later_scores(written: Any) -> tuple[tuple[date, int], ...]:
    if not isinstance(written, Mapping):
        raise BadInputError(f"`{written}` are no later scores; write for instance {{5 March 2018: 60}}")
    return tuple((day(since), whole(score)) for since, score in written.items())


def _set(written: Any) -> frozenset[str]:
    return frozenset(names(written))


def _lot(written: Any, model: PurchasingModel) -> str:
    """The lot of a contract; where the document has lots, one of them, or a care type."""
    lots = [lot.name for lot in model.lots]
    if lots and written and written not in CARE_TYPES:
        return word(written, lots, "no lot of the document")
    return text(written, "north")


def _price_lines(name: str, about: Mapping[str, Any]) -> tuple[PriceLine, ...]:
    """The price of a contract: one rate, or lines that say which visits each is for."""
    lines = [PriceLine(f"{name}#1", rate(about["rate"]))] if "rate" in about else []
    for number, found in enumerate(entries(about.get("lines", []), "[{rate: 23.50, day_type: weekend}]"), 1):
        line = mapping(found, LINE_KEYS, ["rate"])
        keys: dict[str, Any] = {key: day(line[key]) for key in ("from_on", "to_on") if key in line}
        keys |= {key: word(line[key], WORDS[key], "not known here") for key in line if key in WORDS}
        workers = whole(line.get("workers", "0"))
        lines.append(PriceLine(f"{name}#{number}", rate(line["rate"]), workers=workers, **keys))
    return tuple(lines)


def suspensions(about: Mapping[str, Any]) -> tuple[Suspension, ...]:
    """`suspended` and `stepped_in`: from a day on, or `3 March 2018 to 9 March 2018`."""
    found = []
    for kind in ("suspended", "stepped_in"):
        if kind in about:
            first, _, last = text(about[kind], "3 March 2018 to 9 March 2018").partition(" to ")
            found.append(Suspension(day(first), day(last) if last else None, kind == "stepped_in"))
    return tuple(found)


def package(found: Any, model: PurchasingModel) -> Package:
    """The package of a case."""
    with within("package"):
        about = mapping(found, PACKAGE_KEYS, ["approved", "start", "visits"])
        several = ("needs", "complexity")
        kept: dict[str, Any] = {
            key: word(about[key], WORDS[key], "not known here") for key in about if key in WORDS and key not in several
        }
        kept |= {key: words(about[key], WORDS[key], "not known here") for key in several if key in about}
        kept |= {key: day(about[key]) for key in ("current_ended_on", "current_since") if key in about}
        kept |= {key: text(about[key], "Acorn") for key in ("current_provider", "chosen_provider") if key in about}
        easting, northing = place(about.get("place", "0 0"))
        priorities = [f"P{number}" for number in PRIORITIES]
        return Package(
            reference=text(about.get("reference", "P-1"), "P-1"),
            approved_at=moment(about["approved"]),
            required_start_on=day(about["start"]),
            priority=int(word(about.get("priority", "P5"), priorities, "no priority")[1:]),
            nation=word(about.get("nation", model.nation), tuple(Nation), "no nation"),
            locality=text(about.get("locality", "North"), "North"),
            visits=visits(about["visits"]),
            exclusions=_set(about.get("exclusions", [])),
            current_minutes_per_week=minutes(about.get("current_hours", "0 h")),
            current_workers=whole(about.get("current_workers", "1"), 1),
            easting=easting,
            northing=northing,
            **kept,
        )
