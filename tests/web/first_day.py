"""The sheet of the first day: its columns, a package that waits, a package that is delivered, and how it comes in."""

from __future__ import annotations

from calloff.web.brokerage.services import day_one
from calloff.web.contracts.models import Draft
from calloff.web.contracts.services.publishing import approve, put_forward

HEADING = [
    "case_number", "reference", "name", "born_on", "address", "postcode", "phone", "area", "approved_at",
    "required_start", "priority", "visits", "provider", "price_gbp_per_hour", "since",
]  # fmt: skip
OPEN = [
    "100", "SP-1", "Ada Example", "1940-05-01", "1 High Street", "ZZ1 1ZZ", "01632 960001", "hill", "2026-11-02",
    "2026-11-30", "P5", "mon-sun 08:00 30m", "", "", "",
]  # fmt: skip
LIVE = [
    "101", "SP-2", "Bea Example", "1938-01-31", "2 High Street", "ZZ1 1ZZ", "", "hill", "2025-03-30 09:00",
    "2025-04-07", "P5", "mon-sun 12:30 30m x2", "Acorn", "15.20", "2025-04-09",
]  # fmt: skip


def csv_of(*rows: list[str], heading: list[str] | None = None) -> bytes:
    return "\n".join(",".join(f'"{cell}"' for cell in row) for row in (heading or HEADING, *rows)).encode()


def drafted(world, data: bytes, name: str = "day one.csv") -> Draft:
    commissioner = world.user("commissioner", "commissioner")
    draft = day_one.keep_sheet(council=world.council, name=name, data=data, by=commissioner, at=world.at)
    world.work()
    return Draft.objects.get(pk=draft.pk)


def brought_in(world, data: bytes, name: str = "day one.csv") -> Draft:
    draft = drafted(world, data, name)
    assert draft.state == Draft.CHECKED, draft.upload.summary
    put_forward(draft=draft, starts_on=None, note="", by=world.user("commissioner"), at=world.at)
    approve(draft=draft, by=world.user("contracts", "contract_manager"), at=world.at)
    world.work()
    return Draft.objects.get(pk=draft.pk)
