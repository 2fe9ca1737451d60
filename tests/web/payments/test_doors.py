"""Five thousand visits priced by the website and by `./calloff pay` from files: the same bytes for each visit."""

from __future__ import annotations

import csv
import os
import random
from datetime import UTC, date, datetime, timedelta

import pyarrow
import pyarrow.csv
import pyarrow.parquet
import pytest
from typer.testing import CliRunner
from web.world import made_world

from calloff.cli import app
from calloff.documents.payment_rules import shipped_folder
from calloff.domain.packages import Visit
from calloff.domain.units import pounds
from calloff.domain.visits import Mark, Stopped
from calloff.formats.delivered_visits import DeliveredVisit, LoggedAt, write_visits
from calloff.formats.planned_visits import PLANNED
from calloff.formats.tables import write_table
from calloff.web.payments.models import Entitlement, RuleVersion
from calloff.web.payments.services.entitling import latest
from calloff.web.payments.services.pricing import RateBook
from calloff.web.visits.models import PlannedVisit, PlanningStart
from calloff.web.visits.services.files import receive
from calloff.web.visits.services.planning import plan_ahead

pytestmark = [
    pytest.mark.django_db,
    # What both doors share is no engine's: PAY-02 holds each engine against the same truth.
    pytest.mark.skipif("postgresql" in os.environ.get("DATABASE_URL", ""), reason="shown on SQLite"),
]
RULE = "isle_of_wight_2021_fixed"
FOUR_A_DAY = tuple(
    Visit(day, start, minutes, workers)
    for day in range(7)
    for start, minutes, workers in ((480, 30, 1), (750, 45, 2), (1_020, 30, 1), (1_230, 60, 1))
)
PACKAGES, VISITS = 36, 5_000
AT = datetime(2027, 1, 12, 9, tzinfo=UTC)


def a_council_with_care_called_off():
    world = made_world()
    world.provider("Acorn", pounds=19, minutes=90_000, capabilities=frozenset({"double_handed"}))
    for _ in range(PACKAGES):
        package = world.started(visits=FOUR_A_DAY)
        world.declared("Acorn")
        world.answer(package, "Acorn")
        world.confirm(package)
    RuleVersion.objects.create(
        council=world.council,
        model="framework",
        rule=RULE,
        version=1,
        title=RULE,
        text=(shipped_folder() / f"{RULE}.yaml").read_text(encoding="utf-8"),
        starts_on=date(2020, 1, 1),
        published_at=world.at,
    )
    PlanningStart.objects.create(council=world.council, on=date(2026, 11, 23))
    plan_ahead(world.council.pk, world.at)
    return world


def logs_of(planned, contract_of, person_of):
    """What a provider sends, now and then short, late, twice, missed, or without a leaving."""
    chance = random.Random(5)
    for number, one in enumerate(planned):
        for worker in range(one.workers):
            came = one.start_at + timedelta(seconds=chance.randrange(-600, 2_400))
            left = came + timedelta(minutes=max(1, one.minutes - chance.choice((0, 0, 0, 5, 12, 25))))
            kind, name = chance.random(), f"R{number}-{worker}"
            if kind < 0.05:
                continue
            gone = None if kind < 0.08 else LoggedAt(left)
            about = (AT, contract_of(one), person_of(one), f"W{number}-{worker}", LoggedAt(came))
            yield DeliveredVisit(0, name, *about, gone)
            if kind > 0.97:
                yield DeliveredVisit(0, f"{name}-again", *about, gone)


def by_the_website(world, planned, folder):
    """A file of everything, uploaded; each visit's entitlement as a line."""
    path = folder / "uploaded.csv"
    write_visits(path, list(logs_of(planned, lambda one: one.call_off.enrolment.reference, _package)))
    branch, by = world.branch("Acorn"), world.manager("Acorn")
    file = receive(
        council=world.council, branch=branch, path=path, name=path.name, by=by, at=AT
    )  # fmt: skip
    world.at = AT
    world.work()
    file.refresh_from_db()
    assert (file.state, file.parked_rows) == ("accepted", 0)
    rows = latest(Entitlement.objects.filter(council=world.council, component=Entitlement.CARE)).values()
    return sorted(
        ",".join(
            map(
                str,
                (
                    one.anchor,
                    one.reason,
                    _marks(one.marks),
                    one.worked_minutes,
                    one.paid_minutes,
                    pounds(one.pence).strip("£").replace(",", ""),
                    one.why,
                ),
            )
        )
        for one in rows
    )


def _package(one):
    return one.package.reference


def _marks(bits):
    return " ".join(sorted(mark.name.lower() for mark in Mark if bits & mark))


def by_files(world, planned, folder):
    """The same facts as two Parquet files, priced by the command; each visit as a line."""
    book = RateBook(world.council, planned)
    rows = [book.row(one, 0, Stopped(one.stopped)) for one in planned]
    write_table(
        folder / "planned.csv",
        PLANNED,
        [{column.name: getattr(row, column.name) for column in PLANNED.columns} for row in rows],
    )
    write_visits(
        folder / "visits.csv",
        list(logs_of(planned, lambda one: str(one.branch_id), lambda one: str(one.person_id))),
    )
    for name, last in (("planned", None), ("visits", -1)):
        heading, *cells = list(csv.reader((folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()))
        columns = zip(heading, zip(*cells[:last], strict=True), strict=True)
        pyarrow.parquet.write_table(
            pyarrow.table({key: list(column) for key, column in columns}), folder / f"{name}.parquet"
        )
    words = ["pay", "--rules", RULE, "--planned", folder / "planned.parquet", "--actual", folder / "visits.parquet"]
    told = CliRunner().invoke(app, [str(one) for one in [*words, "--out", folder, "--as-of", f"{AT:%Y-%m-%d}"]])
    assert told.exit_code == 0, told.output
    with (folder / "settled.csv").open(encoding="utf-8", newline="") as file:
        settled = list(csv.DictReader(file))
    names = ("visit", "reason", "marks", "worked_minutes", "paid_minutes", "amount", "why")
    return sorted(
        ",".join(" ".join(sorted(one[name].split("; "))).strip() if name == "marks" else one[name] for name in names)
        for one in settled
    )


def test_the_website_and_the_command_price_five_thousand_visits_alike(tmp_path):
    world = a_council_with_care_called_off()
    planned = list(
        PlannedVisit.objects.filter(superseded_at=None)
        .select_related("call_off__enrolment", "package")
        .order_by("start_at", "reference")
    )
    assert len(planned) >= VISITS

    website, files = by_the_website(world, planned, tmp_path), by_files(world, planned, tmp_path)

    assert len(website) == len(planned)
    assert "\n".join(website).encode() == "\n".join(files).encode()
