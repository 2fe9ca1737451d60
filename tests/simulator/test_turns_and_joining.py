"""A run gives turns to those who accept in rotation, and looks again when a provider joins."""

from datetime import UTC, date, datetime, timedelta

import pytest
from small_market import BEGINS_AT, by_reference, enrolment, framework, package, provider, rows

from calloff.domain.decisions import Invitation
from calloff.domain.history import Offered
from calloff.simulator.allocate import LOG, OUTCOMES, Inputs, allocate
from calloff.simulator.replay import replay
from calloff.simulator.responders import AllAccept

NAMES = ("Alder", "Birch", "Cedar")
IN_TURNS = framework("turns", rank_by="rotation", more="ties: {order: [quality], assumed: an example}")


class Declines(AllAccept):
    """Everybody takes what it is asked, save one provider that declines everything."""

    def __init__(self, name):
        object.__setattr__(self, "name", name)

    def answers(self, package, invitation: Invitation, wave, sent_at):
        if invitation.provider == self.name:
            return [Offered(invitation.enrolment, sent_at + timedelta(minutes=5), "decline", "location")]
        return super().answers(package, invitation, wave, sent_at)


def outcomes(folder, document, contracts, packages, responder=None):
    """What came of each package, after every decision came out again."""
    names = {one.provider for one in contracts}
    inputs = Inputs(
        document,
        [provider(one) for one in names],
        contracts,
        rows(packages),
        (),
        responder or AllAccept(),
        BEGINS_AT,
        7,
    )
    allocate(inputs, folder / "out")
    assert [one.difference for one in replay(folder / "out" / LOG) if one.differs] == []
    lines = (folder / "out" / OUTCOMES).read_text("utf-8").splitlines()
    heading = lines[0].split(",")
    return [dict(zip(heading, line.split(","), strict=True)) for line in lines[1:]]


def one_an_hour(count):
    return [package(f"P-{number}", BEGINS_AT + timedelta(hours=number)) for number in range(count)]


def test_who_accepts_in_rotation_stands_last_at_the_next_package(tmp_path):
    found = outcomes(tmp_path, IN_TURNS, [enrolment(name) for name in NAMES], one_an_hour(5))
    assert list(by_reference(found, "providers").values()) == ["Alder", "Birch", "Cedar", "Alder", "Birch"]


def test_who_declines_does_not_move_the_pointer(tmp_path):
    found = outcomes(tmp_path, IN_TURNS, [enrolment(name) for name in NAMES], one_an_hour(4), Declines("Birch"))
    assert list(by_reference(found, "providers").values()) == ["Alder", "Cedar", "Alder", "Cedar"]
    assert list(by_reference(found, "asked").values()) == ["1", "2", "1", "2"]


@pytest.mark.parametrize(
    ("joins_on", "start_on", "settled"),
    [
        (date(2021, 2, 1), date(2021, 1, 29), "2021-02-01T00:30:00Z"),
        (date(2021, 2, 1), date(2021, 2, 8), "2021-01-25T09:30:00Z"),
    ],
    ids=["asked once it has joined", "asked before, for care that begins after"],
)
def test_whoever_waits_is_looked_at_again_when_a_provider_joins(joins_on, start_on, settled, tmp_path):
    contracts = [enrolment("Alder", from_on=joins_on)]
    found = outcomes(tmp_path, framework(), contracts, [package("P-1", required_start_on=start_on)])
    assert by_reference(found, "outcome") == {"P-1": "called_off"}
    assert by_reference(found, "settled_at") == {"P-1": settled}


def test_joining_is_at_local_midnight_and_wakes_nobody_who_has_not_come(tmp_path):
    joins_on = date(2021, 3, 29)  # the day after the clocks go forward
    packages = [
        package("P-1", datetime(2021, 3, 25, 9, tzinfo=UTC), required_start_on=date(2021, 3, 26), priority=2),
        package("P-2", datetime(2021, 3, 30, 9, tzinfo=UTC), required_start_on=date(2021, 3, 31), priority=2),
    ]
    document = framework()
    contracts = [enrolment("Alder", from_on=joins_on)]
    inputs = Inputs(
        document,
        [provider("Alder")],
        contracts,
        rows(packages),
        (),
        AllAccept(),
        datetime(2021, 3, 22, 9, tzinfo=UTC),
        7,
    )
    allocate(inputs, tmp_path / "out")
    lines = (tmp_path / "out" / LOG).read_text("utf-8").splitlines()
    asked = [line.split('"at":"', 1)[1][:20] for line in lines if '"kind":"invite"' in line]
    assert asked == ["2021-03-28T23:00:00Z", "2021-03-30T09:00:00Z"]
