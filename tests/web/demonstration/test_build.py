"""Making the demonstration: the same at the same moment, at any hour of the week, and only where it may be made."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from calloff.web.accounts.services import NotTheDemoError
from calloff.web.audit.models import Chain
from calloff.web.audit.services import faults_in_chain
from calloff.web.brokerage.models import Invitation, Package
from calloff.web.demonstration import build
from calloff.web.demonstration.council import live_through
from calloff.web.demonstration.councils import WIGHTSEA
from calloff.web.directory.models import Council
from calloff.web.directory.services import draw, drawn_from

ROOT = Path(__file__).resolve().parents[3]
SUNDAY_NIGHT = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_a_sunday_night_makes_a_council_whose_deadlines_are_ahead():
    build.people_and_places(SUNDAY_NIGHT)

    live_through(WIGHTSEA, SUNDAY_NIGHT)

    here = Council.objects.get(code="wightsea")
    assert list(faults_in_chain(here.pk)) == []
    out = Invitation.objects.filter(council=here, state=Invitation.OPEN)
    assert out.count() >= 5
    assert not out.filter(deadline_at__lte=SUNDAY_NIGHT).exists()
    found = set(Package.objects.filter(council=here).values_list("next_action", flat=True))
    assert found >= {"start_step", "await_answers", "confirm", "approve_price", "second_override", "enter_start"}


def test_the_same_moment_makes_the_same_council(demo, tmp_path):
    here = Council.objects.get(code="wightsea")
    chain = Chain.objects.get(council=here.pk)

    again = made_again(tmp_path / "again.sqlite3", "wightsea", demo)

    assert again == (chain.length, chain.hash)


def made_again(database: Path, code: str, now: datetime) -> tuple[int, str]:
    """The end of a council's chain when it is made a second time, in a file of its own."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    environment |= {"CALLOFF_DEMO": "1", "CALLOFF_DATABASE": str(database), "PYTHONPATH": str(ROOT / "src")}
    for kind in (["ground", now.isoformat()], ["part", now.isoformat(), code]):
        if kind[0] == "part":
            build.number_from(database, 2 * build.FIRST_NUMBER)
        subprocess.run([sys.executable, "-P", "-m", build.__name__, *kind], env=environment, check=True)
    with closing(sqlite3.connect(database)) as reader:
        here = "SELECT id FROM directory_council WHERE code = ?"
        return reader.execute(f"SELECT length, hash FROM audit_chain WHERE council = ({here})", (code,)).fetchone()


@pytest.mark.django_db
def test_a_live_council_is_no_place_for_it(settings):
    settings.CALLOFF_DEMO = False

    with pytest.raises(NotTheDemoError, match="CALLOFF_DEMO=1"):
        build.lay_ground(SUNDAY_NIGHT)
    with pytest.raises(RuntimeError, match="demonstration only"), drawn_from("a seed"):
        draw()


@pytest.mark.django_db
def test_a_database_that_holds_accounts_is_no_place_for_it(add_user):
    add_user("anna")

    with pytest.raises(NotTheDemoError, match="holds accounts already"):
        build.lay_ground(SUNDAY_NIGHT)


def test_references_are_drawn_the_same_from_the_same_seed_and_by_chance_otherwise():
    with drawn_from("a seed"):
        first = [draw(), draw()]
    with drawn_from("a seed"):
        again = [draw(), draw()]

    assert first == again
    assert len({*first, draw(), draw()}) == 4
