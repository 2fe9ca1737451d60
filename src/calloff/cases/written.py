"""What a case writes, as values: moments, visits, pools, providers with their contracts, and the package."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from calloff.cases.answers import DAYS, moment_words
from calloff.domain.calendar import to_utc
from calloff.domain.contracts import Enrolment, Pool, PriceLine, Suspension
from calloff.domain.errors import BadInputError
from calloff.domain.packages import Package, Visit
from calloff.domain.providers import Provider
from calloff.domain.purchasing_model import PurchasingModel
from calloff.domain.units import centipence_of


def moment(text: str) -> datetime:
    """`Mon 5 March 2018 09:30`, local; seconds where they matter."""
    pattern = "%a %d %B %Y %H:%M:%S" if text.count(":") == 2 else "%a %d %B %Y %H:%M"
    wall = datetime.strptime(text, pattern)
    at = to_utc(wall.date(), wall.hour * 60 + wall.minute) + timedelta(seconds=wall.second)
    if moment_words(at) != text:
        raise BadInputError(f"{text} is no moment: it would be {moment_words(at)}")
    return at


def day(text: str) -> date:
    """`5 March 2018`."""
    return datetime.strptime(text, "%d %B %Y").date()


def minutes(text: str) -> int:
    """`6 h`, `4.5 h` or `30 m`."""
    number, unit = text.split()
    found = Decimal(number) * {"h": 60, "m": 1}[unit]
    if found != int(found):
        raise BadInputError(f"{text} is no whole number of minutes")
    return int(found)


def names(text: str | Sequence[str]) -> list[str]:
    """A list, or names with commas between them."""
    return [one.strip() for one in text.split(",")] if isinstance(text, str) else list(text)


VISIT = re.compile(r"(\w{3})(?:-(\w{3}))? (\d\d):(\d\d) (\d+)m( x2)?( time-critical)?")


def visits(lines: Iterable[str]) -> tuple[Visit, ...]:
    """`mon-sun 08:00 30m`, with ` x2` for two care workers and ` time-critical`; day by day, as a pattern is read."""
    found = []
    for line in lines:
        match = VISIT.fullmatch(line)
        if not match:
            raise BadInputError(f"{line!r} is no visit; write mon-sun 08:00 30m")
        first, last, hour, minute, length, pair, critical = match.groups()
        for number in range(DAYS.index(first), DAYS.index(last or first) + 1):
            start = int(hour) * 60 + int(minute)
            found.append(Visit(number, start, int(length), 2 if pair else 1, bool(critical)))
    return tuple(sorted(found, key=lambda visit: (visit.day, visit.start_minute)))


def pools(written: str | Sequence[str], declared_at: datetime) -> tuple[Pool, ...]:
    """`14 h` for all parts of the day, or `morning 10 h`, `morning+bed 20 h`; a list for several."""
    found = []
    for one in [written] if isinstance(written, str) else written:
        *bands, number, unit = one.split()
        chosen = frozenset(bands[0].split("+")) if bands else frozenset()
        found.append(Pool(minutes(f"{number} {unit}"), declared_at, bands=chosen))
    return tuple(found)


def grades_of(written: Sequence[str]) -> tuple[int, int, int, int]:
    """Grades for wellbeing, care planning, staff and leadership."""
    wellbeing, care_planning, staff, leadership = (int(one) for one in written)
    return wellbeing, care_planning, staff, leadership


def provider(name: str, about: Mapping[str, Any], nation: str) -> Provider:
    """A provider as a case writes it; what it leaves out is an ordinary one."""
    scale = about.get("scale", "care_inspectorate" if nation == "scotland" else "cqc")
    graded = about.get("grades", "4 4 4 4" if scale == "care_inspectorate" else "3 3 3 3").split()
    easting, northing = (int(one) for one in about.get("address", "0 0").split())
    return Provider(
        reference=name,
        name=name,
        organisation=name,
        nation=nation,
        service_types=frozenset(names(about.get("services", "care_at_home"))),
        in_house=about.get("role") == "in_house",
        registered_from=day(about.get("registered", "1 January 2010")),
        registered_to=day(about["registered_until"]) if "registered_until" in about else None,
        scale=scale,
        grades=grades_of(graded),
        easting=easting,
        northing=northing,
    )


def enrolment(name: str, about: Mapping[str, Any], model: PurchasingModel, at: datetime) -> Enrolment:
    """Its contract as a case writes it: of the first tier and able to do everything a case does not take away."""
    tier = about.get("tier", model.tiers[0].name)
    declared_at = moment(about["declared"]) if "declared" in about else at - timedelta(days=1)
    lines = [PriceLine(f"{name}#1", centipence_of(about["rate"]))] if "rate" in about else []
    for number, line in enumerate(about.get("lines", ()), 1):
        keys: dict[str, Any] = {key: value for key, value in line.items() if key != "rate"}
        keys |= {key: day(keys[key]) for key in ("from_on", "to_on") if key in keys}
        workers = int(keys.pop("workers", 0))
        lines.append(PriceLine(f"{name}#{number}", centipence_of(line["rate"]), workers=workers, **keys))
    optional: dict[str, Any] = {
        key: day(about[key]) if key.endswith("_on") else frozenset(names(about[key]))
        for key in ("localities", "capabilities", "client_groups", "age_groups", "subcontractors", "from_on", "to_on")
        if key in about
    }
    return Enrolment(
        reference=name,
        provider=about.get("provider", name),
        tier=tier,
        role=about.get("role", model.tier(tier).role),
        lot=about.get("lot", ""),
        price_lines=tuple(lines),
        pools=pools(about["spare"], declared_at) if "spare" in about else (),
        block_minutes=minutes(about["block"]) if "block" in about else 0,
        ultimate_parent=about.get("parent", ""),
        local=about.get("local", "no") == "yes",
        suspensions=suspensions(about),
        quality_score=int(about.get("quality", "0")),
        later_scores=tuple((day(since), int(score)) for since, score in about.get("later_quality", {}).items()),
        past_referred_minutes=minutes(about.get("past_referred", "0 h")),
        past_subcontracted_minutes=minutes(about.get("past_subcontracted", "0 h")),
        **optional,
    )


def suspensions(about: Mapping[str, Any]) -> tuple[Suspension, ...]:
    """`suspended` and `stepped_in`: from a day on, or `3 March 2018 to 9 March 2018`."""
    found = []
    for word in ("suspended", "stepped_in"):
        if word in about:
            first, _, last = about[word].partition(" to ")
            found.append(Suspension(day(first), day(last) if last else None, word == "stepped_in"))
    return tuple(found)


def package(about: Mapping[str, Any], model: PurchasingModel) -> Package:
    """The package of a case."""
    plain: dict[str, Any] = {
        key: about[key]
        for key in (
            "area_band",
            "service_type",
            "care_type",
            "delivery_model",
            "client_group",
            "age_group",
            "current_provider",
            "current_care_type",
            "chosen_provider",
        )
        if key in about
    }
    lists: dict[str, Any] = {
        key: frozenset(names(about[key])) for key in ("needs", "complexity", "exclusions") if key in about
    }
    current: dict[str, Any] = {key: day(about[key]) for key in ("current_ended_on", "current_since") if key in about}
    easting, northing = (int(one) for one in about.get("place", "0 0").split())
    return Package(
        reference=about.get("reference", "P-1"),
        approved_at=moment(about["approved"]),
        required_start_on=day(about["start"]),
        priority=int(about.get("priority", "P5")[1:]),
        nation=about.get("nation", model.nation),
        locality=about.get("locality", "North"),
        visits=visits(about["visits"]),
        current_minutes_per_week=minutes(about.get("current_hours", "0 h")),
        current_workers=int(about.get("current_workers", "1")),
        easting=easting,
        northing=northing,
        **plain,
        **lists,
        **current,
    )
