"""
What a council brought with it on its first day: the care that people had already, as one sheet.

It comes in as any council's does: kept and read as a draft, put forward by one person, approved by another, and carried
out by the worker.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError
from calloff.domain.ground import ground_of
from calloff.domain.market import minutes_by_pool
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.placing import priced
from calloff.formats.day_one import DAY_ONE
from calloff.formats.tables import write_table
from calloff.web.brokerage.services.day_one import keep_sheet
from calloff.web.brokerage.services.price_ranges import age_group
from calloff.web.contracts.models import ModelVersion, Pool, Upload
from calloff.web.contracts.services.market import Enrolled, document_of, enrolled, pools_of
from calloff.web.contracts.services.publishing import approve, put_forward
from calloff.web.demonstration.days import WORKER
from calloff.web.demonstration.needs import PRIORITIES, wanted
from calloff.web.demonstration.people import at_home, share
from calloff.web.demonstration.work import Team
from calloff.web.directory.models import Area, Council
from calloff.web.jobs import services as jobs

ONCE_OPEN = timedelta(hours=3)
"""So long after the first morning began the providers are enrolled, and what they do already can come in."""
WEEKS_BEFORE = (3, 52)
"""So many weeks before the first day such care began (assumed)."""
FULL_PERCENT = 88
"""Nobody has more than so much of its minutes in this way, so that there is something left to call off (assumed)."""
TAKERS = ("member", "prime", "legacy", "block")
"""The roles that had care before."""


@dataclass
class Market:
    """The enrolments of one published model with their pools, filled one package after another."""

    version: ModelVersion
    council: Council

    def __post_init__(self) -> None:
        self.document = document_of(self.version)
        self.enrolled: Enrolled = enrolled(self.council, self.document.model)
        self.pools: list[Pool] = pools_of(self.enrolled)
        self.ground = ground_of(self.enrolled.standing, self.document.model)

    def takers(self, facts: KernelPackage) -> Iterator[tuple[int, dict[int, int]]]:
        """The rows that could have taken a package, with the minutes that it takes from each of their pools."""
        needs = facts.needs | ({"double_handed"} if facts.most_workers > 1 else frozenset())
        for row, one in enumerate(self.enrolled.standing.enrolments):
            if one.role not in TAKERS or (one.localities and facts.locality not in one.localities):
                continue
            taken = minutes_by_pool(self.enrolled.standing, row, facts.locality, facts.visits)
            percent = 100 if one.role == "block" else FULL_PERCENT
            fits = all(
                (self.pools[pool].used + minutes) * 100 <= self.pools[pool].declared * percent
                for pool, minutes in taken.items()
            )
            if fits and needs <= one.capabilities and sum(taken.values()) == facts.minutes_per_week:
                yield row, taken

    def take(self, row: int, taken: dict[int, int], facts: KernelPackage) -> int:
        """Give a package to a row; what an hour of it costs, in centipence."""
        for pool, minutes in taken.items():
            self.pools[pool].used += minutes
        cost, _lines = priced(self.ground, facts, row, facts.visits)
        return cost // facts.minutes_per_week


def bring(team: Team, people: int) -> None:
    """Bring in everybody who had care on the council's first day."""
    at = team.begins_at + ONCE_OPEN
    with tempfile.TemporaryDirectory(prefix="calloff-sheet-") as folder:
        path = Path(folder) / DAY_ONE.name
        write_table(path, DAY_ONE, rows_of(team, people))
        data = path.read_bytes()
    by = team.cast["contracts"]
    draft = keep_sheet(council=team.council, name=f"present-care-{team.shape.code}.csv", data=data, by=by, at=at)
    let_work(at)
    put_forward(draft=draft, starts_on=None, note="From the present system.", by=by, at=at + timedelta(minutes=20))
    approve(draft=draft, by=team.cast.approving(by), at=at + timedelta(minutes=40))
    let_work(at + timedelta(minutes=40))
    upload = Upload.objects.get(draft=draft)
    if upload.carried_at is None:
        raise CalloffError(f"the sheet of {team.shape.name} did not come in: {upload.problem or upload.summary}")


def let_work(at: datetime) -> None:
    """Let the worker do what is due."""
    while jobs.work_once(WORKER, at):
        pass


def rows_of(team: Team, people: int) -> Iterator[dict[str, Any]]:
    """The rows of the sheet: who it is, what was agreed, by whom it is given and since when."""
    markets = [Market(version, team.council) for version in ModelVersion.objects.filter(council=team.council)]
    for number in range(1, people + 1):
        key = f"brought {number}"
        area, home = team.area(key), at_home(team.draws, team.shape, team.area(key), key, team.today)
        weeks = team.draws.between(*WEEKS_BEFORE, "began", key)
        facts = facts_of(team, key, area, home["born_on"], local(team.begins_at).date() - timedelta(weeks=weeks))
        market = next(one for one in markets if one.document.model.scope.covers(facts))
        able = dict(market.takers(facts))
        if not able:
            continue
        row = int(team.pick([str(one) for one in able], "had by", key))
        yield {
            **{name: home[name] for name in ("name", "born_on", "address", "postcode", "phone", "case_number")},
            "reference": facts.reference,
            "area": area.code,
            "approved_at": facts.approved_at,
            "required_start": facts.required_start_on,
            "visits": facts.visits,
            "priority": facts.priority,
            "needs": facts.needs,
            "care_type": facts.care_type,
            "client_group": facts.client_group,
            "enrolment": market.enrolled.rows[row].reference,
            "price_gbp_per_hour": market.take(row, able[row], facts),
            "since": facts.required_start_on,
        }


def facts_of(team: Team, key: str, area: Area, born_on: date, began_on: date) -> KernelPackage:
    """What somebody had been approved for, as the kernel knows it, under the name that it has so far."""
    priority = int(share(PRIORITIES, team.draws, "priority", key))
    need = wanted(team.draws, team.shape, key, starts_on=began_on, priority=priority)
    return KernelPackage(
        reference=f"{team.shape.code[:2].upper()}-{key.rpartition(' ')[2].zfill(4)}",
        approved_at=team.office.before(team.office.window(began_on)[0], 60 * 24),
        required_start_on=began_on,
        priority=priority,
        nation=team.council.nation,
        locality=area.locality.code,
        visits=tuple(sorted(need.visits, key=lambda visit: (visit.day, visit.start_minute))),
        area_band=area.area_band,
        client_group=need.client_group,
        age_group=age_group(born_on, began_on),
        needs=need.needs,
        easting=area.easting,
        northing=area.northing,
    )
