"""The price of a planned visit on its day, from the price lines of whoever makes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from calloff.domain.calendar import Calendar
from calloff.domain.contracts import PriceCell, PriceLine, resolve_on_day
from calloff.domain.packages import BANDS, Package, band_of
from calloff.domain.units import half_up

SPECIAL_DAYS = ((12, 25), (1, 1))
"""Christmas Day and New Year's Day are priced as special days where a price line names them (assumed)."""
SATURDAY = 5


@dataclass(frozen=True)
class Rate:
    """What a visit is priced at: centipence a unit and worker, or for a pair together where there is such a line."""

    centipence: int
    pair_centipence: int = 0
    unit: str = "hour"
    line_id: str = ""


def day_types(on: date, calendar: Calendar) -> list[str]:
    """What a day is to a price line: several things on a bank holiday at a weekend."""
    found = ["weekend" if on.weekday() >= SATURDAY else "weekday"]
    if on in calendar.bank_holidays or on in calendar.local_holidays:
        found.append("bank_holiday")
    if (on.month, on.day) in SPECIAL_DAYS:
        found.append("special_day")
    return found


def rate_of(
    lines: tuple[PriceLine, ...], package: Package, start_minute: int, workers: int, on: date, calendar: Calendar
) -> Rate | None:
    """
    The price of a visit that starts at a minute of a local day (settled reading 12); None where no line prices it.
    """
    types = day_types(on, calendar)
    cell = PriceCell(package.care_type, package.area_band, BANDS[band_of(start_minute)], types[0], 1)
    single = resolve_on_day(lines, cell, types, on)
    if workers == 1:
        return None if single is None else Rate(single.centipence, 0, single.unit, single.line_id)
    double = resolve_on_day(lines, PriceCell(cell.care_type, cell.area_band, cell.time_band, types[0], 2), types, on)
    if double is None:
        return None
    if double.workers == 0:
        return Rate(double.centipence, 0, double.unit, double.line_id)
    # One worker who comes alone is priced by the single line or, without one, at half the pair's price.
    alone = single.centipence if single is not None else half_up(double.centipence, 2)
    return Rate(alone, double.centipence, double.unit, double.line_id)


def rate_as_called_off(centipence_minutes: int, minutes_per_week: int) -> Rate:
    """The price an hour at which visits were called off, where no price line prices them: bid, or outside the model."""
    return Rate(half_up(centipence_minutes, minutes_per_week) if minutes_per_week else 0)
