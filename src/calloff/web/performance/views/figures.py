"""What the pages of the ledger share: its weeks, its localities, and how figures are written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from calloff.domain.indicators import Share
from calloff.domain.units import half_up
from calloff.web.accounts.views import SignedIn, permissions_at
from calloff.web.config.look.ledger import Point
from calloff.web.config.look.lists import Choice, Filter
from calloff.web.config.look.parts import Tab
from calloff.web.directory.models import Locality
from calloff.web.performance import services

ONE_WEEK, SIX_DAYS = timedelta(days=7), timedelta(days=6)


def places_of(request: SignedIn) -> list[tuple[str, str]]:
    """The council's localities, by code and name, in the order of the ledger."""
    rows = Locality.objects.filter(council=request.council_id).order_by("name", "code")
    return list(rows.values_list("code", "name"))


def by_place(request: SignedIn) -> Filter:
    """The filter by locality."""
    return Filter("locality", _("Locality"), [Choice(code, name) for code, name in places_of(request)])


def term(today: date) -> tuple[date, date]:
    """The weeks of the ledger, as days."""
    return services.weeks_until(today)[0] - SIX_DAYS, today


def week_of(day: date, today: date) -> date:
    """The day on which the ledger's week of a day ends: its Sunday, or today where that is still to come."""
    return min(day + timedelta(days=6 - day.weekday()), today)


def days_of(week: date) -> tuple[date, date]:
    """The days of a week of the ledger, by the day on which it ends."""
    return week - timedelta(days=week.weekday()), week


def week_words(week: date, today: date) -> str:
    """ "Sunday 22 November 2026", and that a week is not over yet."""
    if week == today and today.weekday() != 6:
        return _("today, so far")
    return _("Sunday %(day)s") % {"day": f"{week.day} {week:%B %Y}"}


def by_week(today: date) -> Filter:
    """The filter by week, the latest first."""
    weeks = reversed(services.weeks_until(today))
    return Filter("week", _("Week to"), [Choice(one.isoformat(), week_words(one, today)) for one in weeks])


def opens_packages(request: SignedIn) -> bool:
    """Whether whoever looks may open packages."""
    return "see_queue" in permissions_at(request)


def pages(request: SignedIn) -> list[Tab]:
    """The pages of the ledger, the one that is shown marked."""
    told = (
        (_("Unmet need"), "unmet_need"),
        (_("Time to call-off and start"), "unmet_waits"),
        (_("Answers"), "unmet_answers"),
        (_("How care was bought"), "unmet_call_offs"),
        (_("How visits were made"), "unmet_visits"),
        (_("How regular they are"), "unmet_regularity"),
        (_("How they are logged"), "unmet_logged"),
        (_("How providers were paid"), "unmet_paid"),
    )
    return [Tab(label, reverse(name), active=request.path == reverse(name)) for label, name in told]


def percent(share: Share) -> str:
    """A share in per cent with one decimal, halves up; a dash of nothing."""
    if share.of_one is None:
        return "–"
    tenths = half_up(share.part * 1000, share.whole)
    return f"{tenths // 10}.{tenths % 10}%"


def in_percent(share: Share) -> float | None:
    """A share in per cent with one decimal, for a file; nothing of nothing."""
    return half_up(share.part * 1000, share.whole) / 10 if share.whole else None


def numbers_of(share: Share) -> str:
    """ "48 of 50"; nothing of nothing."""
    if not share.whole:
        return ""
    return _("%(part)s of %(whole)s") % {"part": f"{share.part:,}", "whole": f"{share.whole:,}"}


def with_decimals(value: int | None, of_one: int) -> str:
    """A whole number of tenths or hundredths as a number with so many decimals; a dash of nothing."""
    if value is None:
        return "–"
    return f"{value // of_one}.{value % of_one:0{len(str(of_one)) - 1}d}"


def week_points(ends: Sequence[date], shares: Sequence[Share]) -> list[Point]:
    """Shares week by week as points of a drawing, in per cent; weeks of nothing are left out."""
    return [
        Point(f"{end.day} {end:%b}", half_up(share.part * 100, share.whole), percent(share))
        for end, share in zip(ends, shares, strict=True)
        if share.whole
    ]


def hours(minutes: int) -> float:
    """Minutes as hours, a number with one decimal for a file."""
    return half_up(minutes, 6) / 10


def tenths(share: Share) -> str:
    """A share as a number with one decimal, halves up; a dash of nothing."""
    if share.of_one is None:
        return "–"
    found = half_up(share.part * 10, share.whole)
    return f"{found // 10}.{found % 10}"


def day_asked(wanted: str, today: date) -> date:
    """A day of the address, never before the year 2000 nor after today; today where it names none."""
    try:
        return min(max(date.fromisoformat(wanted), date(2000, 1, 1)), today)
    except ValueError:
        return today
