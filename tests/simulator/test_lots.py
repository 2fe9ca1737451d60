"""Packages that can wait are collected, offered as one lot, called off whole, or asked for one by one after all."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from small_market import BEGINS_AT, AllBut, by_reference, enrolment, framework, inputs_of, package, run_whole, table

from calloff.domain.calendar import parse_moment
from calloff.domain.contracts import PriceLine
from calloff.domain.errors import ReplayError
from calloff.domain.history import Offered
from calloff.domain.packages import Visit
from calloff.domain.records import canonical
from calloff.simulator.allocate import LOG, SUMMARY, adapted, arrive, sides_of
from calloff.simulator.explain import explain
from calloff.simulator.keyed_draws import Draws
from calloff.simulator.log import DecisionLog, lines_of
from calloff.simulator.replay import replay
from calloff.simulator.responders import AllAccept, Seeded
from calloff.simulator.run import Run

SPLITS = "splitting: {most_providers: 2, assumed: an example}\n"
BATCHED = framework("batched", more=f"{SPLITS}batching: {{hours: 24, assumed: an example}}")
PLAIN = framework("batched", more=SPLITS)
TURNS = framework(
    "turns",
    rank_by="rotation",
    more="ties: {order: [quality], assumed: an example}\nbatching: {hours: 24, assumed: an example}",
)
HERE = {"easting": 400_100, "northing": 100_100}
SHORT, LONG = (Visit(0, 480, 30), Visit(3, 480, 30)), tuple(Visit(day, 450, 45, workers=2) for day in range(5))


def three(**more):
    """Of one small area, approved an hour apart."""
    shapes = (SHORT, LONG, SHORT)
    return [
        package(f"P-{number}", BEGINS_AT + timedelta(hours=number), visits=visits, **more)
        for number, visits in enumerate(shapes)
    ]


def willing(name="Alder", **more):
    return enrolment(name, capabilities=frozenset({"double_handed"}), **more)


class WholeLots(AllAccept):
    """Takes single packages, and of a lot a part."""

    def answers(self, package, invitation, wave, sent_at):
        if not package.lot_of:
            return super().answers(package, invitation, wave, sent_at)
        return [Offered(invitation.enrolment, sent_at + timedelta(hours=1), "part", visits=package.visits[:1])]


def decisions(folder):
    return [line["record"] for line in lines_of(folder / "out" / LOG) if line["line"] == "decision"]


def kinds(folder):
    return [record["result"]["kind"] for record in decisions(folder)]


def test_a_lot_is_offered_a_day_after_its_first_package_and_called_off_whole(tmp_path):
    found = run_whole(tmp_path, [BATCHED], [willing()], three())
    assert set(by_reference(found, "outcome").values()) == {"called_off"}
    assert set(by_reference(found, "settled_at").values()) == {"2021-01-26T09:30:00Z"}
    assert set(by_reference(found, "asked").values()) == {"1"}
    assert kinds(tmp_path) == ["invite", "call_off"]
    (lot,) = set(by_reference(found, "lot").values())
    assert lot.startswith("LOT-")
    assert by_reference(found, "hours_per_week") == {"P-0": "1", "P-1": "7.5", "P-2": "1"}
    assert by_reference(found, "gbp_per_week") == {"P-0": "15.00", "P-1": "112.50", "P-2": "15.00"}


@pytest.mark.parametrize("priority", [1, 2])
def test_the_urgent_never_wait(priority, tmp_path):
    packages = [*three(), package("P-now", BEGINS_AT, priority=priority, visits=SHORT)]
    found = run_whole(tmp_path, [BATCHED], [willing()], packages)
    urgent = next(one for one in found if one["reference"] == "P-now")
    assert (urgent["lot"], urgent["settled_at"]) == ("", "2021-01-25T09:30:00Z")


def test_who_has_no_company_goes_on_alone_when_the_hours_are_over(tmp_path):
    found = run_whole(tmp_path, [BATCHED], [willing()], [package("P-1", visits=SHORT)])
    assert (found[0]["lot"], found[0]["settled_at"]) == ("", "2021-01-26T09:30:00Z")


def test_a_part_of_a_lot_is_no_answer_and_its_packages_are_asked_for_alone(tmp_path):
    found = run_whole(tmp_path, [BATCHED], [willing()], three(), WholeLots())
    assert kinds(tmp_path) == ["invite", "refer", "invite", "invite", "invite", "call_off", "call_off", "call_off"]
    assert set(by_reference(found, "outcome").values()) == {"called_off"}
    assert set(by_reference(found, "asked").values()) == {"2"}
    assert all(one["lot"] for one in found)
    assert set(by_reference(found, "settled_at").values()) == {"2021-01-26T10:30:00Z"}
    figures = {(one["section"], one["name"]): one["count"] for one in table(tmp_path / "out" / SUMMARY)}
    assert (figures["lot", "called_off"], figures["lot", "dissolved"]) == ("0", "1")


def test_what_a_lot_may_not_take_its_packages_may(tmp_path):
    """Each fits into one provider's minutes, both together do not; whom one excludes is not asked for the lot."""
    packages = three()
    packages[0] = replace(packages[0], exclusions=frozenset({"Alder"}))
    contracts = [willing(), willing("Birch", pounds=16, minutes=460)]
    found = run_whole(tmp_path, [BATCHED], contracts, packages)
    assert by_reference(found, "providers") == {"P-0": "Birch", "P-1": "Alder", "P-2": "Alder"}


def test_a_lot_is_one_turn(tmp_path):
    names = ("Alder", "Birch", "Cedar")
    packages = [*three(), package("P-now", BEGINS_AT + timedelta(days=3), priority=2, visits=SHORT)]
    found = run_whole(tmp_path, [TURNS], [willing(name) for name in names], packages)
    assert by_reference(found, "providers") == {"P-0": "Alder", "P-1": "Alder", "P-2": "Alder", "P-now": "Birch"}


def carried_out(document, contracts, packages, responder):
    """A run in memory, with its counters at the end."""

    class Nothing:
        def write(self, _):
            pass

    inputs = inputs_of([document], contracts, packages, responder)
    documents, _ = adapted(inputs)
    arrived = [arrive(inputs, row) for row in inputs.packages]
    sides = sides_of(inputs, documents, [one for one, _ in arrived])
    run = Run(sides, responder, DecisionLog(Nothing(), documents), BEGINS_AT)
    run.carry_out(arrived)
    return run


def many(count):
    draws = Draws(5)
    return [
        package(
            f"P-{number}",
            BEGINS_AT + timedelta(minutes=draws.between(0, 6_000, "approved", str(number))),
            visits=(SHORT, LONG, SHORT[:1])[draws.between(0, 2, "visits", str(number))],
            priority=draws.between(1, 6, "priority", str(number)),
            needs=frozenset({"medication"}) if draws.chance(30, "medication", str(number)) else frozenset(),
            exclusions=frozenset({"Alder"}) if draws.chance(20, "exclusion", str(number)) else frozenset(),
        )
        for number in range(count)
    ]


def several(**more):
    bands = tuple(PriceLine("", rate * 10_000, workers=workers) for rate, workers in ((15, 1), (28, 2)))
    able = {"capabilities": frozenset({"double_handed", "medication"}), "full_cost_centipence_per_hour": 201_234}
    contracts = [enrolment(name, minutes=1_500, **able) for name in ("Alder", "Birch", "Cedar")]
    return [replace(one, price_lines=bands, **more) for one in contracts]


@pytest.mark.parametrize("responder", [AllAccept(), Seeded(Draws(3)), WholeLots()], ids=["all", "drawn", "no lots"])
def test_minutes_and_pounds_of_lots_are_those_of_their_packages(responder):
    run = carried_out(BATCHED, several(), many(60), responder)
    side = run.sides[0]
    assert run.lots
    members = [name for lot in run.lots.values() for name in lot.package.lot_of]
    assert len(members) == len(set(members))
    used = [0] * len(side.counters.used)
    for case in run.cases.values():
        numbers = [number for _, _, part in case.parts for number in part.visits]
        assert len(numbers) == len(set(numbers))
        for _, _, part in case.parts:
            for pool, minutes in part.takes:
                used[pool] += minutes
            assert sum(minutes for _, minutes in part.takes) == sum(
                case.package.visits[n].worker_minutes for n in part.visits
            )
            single = sum(case.package.visits[n].minutes for n in part.visits if case.package.visits[n].workers == 1)
            double = sum(case.package.visits[n].minutes for n in part.visits if case.package.visits[n].workers == 2)
            assert part.cost == 150_000 * single + 280_000 * double
            assert part.full_cost == 201_234 * (single + 2 * double)
    assert used == side.counters.used
    assert not any(side.counters.held)
    for lot in run.lots.values():
        own = [part for name in lot.package.lot_of for _, _, part in run.cases[name].parts]
        if lot.state == "called_off":
            (whole,) = [part for _, _, part in lot.parts]
            for name in ("cost", "full_cost"):
                assert getattr(whole, name) == sum(getattr(part, name) for part in own)
            assert len(whole.visits) == sum(len(part.visits) for part in own)
    assert sum(side.counters.referred_packages) == sum(len(case.parts) for case in run.cases.values())


def test_a_bid_for_a_lot_is_divided_by_minutes(tmp_path):
    class Bids(AllAccept):
        def answers(self, package, invitation, wave, sent_at):
            return [
                replace(one, centipence_per_hour=143_333) for one in super().answers(package, invitation, wave, sent_at)
            ]

    run = carried_out(BATCHED, [willing()], three(), Bids())
    costs = {name: case.parts[0][2].cost for name, case in run.cases.items()}
    assert costs == {"P-0": 143_333 * 60, "P-1": 143_333 * 450, "P-2": 143_333 * 60}


def test_dissolved_lots_come_to_what_would_have_come_without_them_but_later():
    contracts = [
        replace(one, pools=(replace(one.pools[0], minutes=60_000),), price_lines=(PriceLine("", rate * 10_000),))
        for rate, one in zip((17, 15, 16), several(), strict=True)
    ]

    def with_minutes_left(document):
        run = carried_out(document, contracts, [replace(one, priority=5) for one in many(30)], WholeLots())
        return {
            name: (case.state, [(part.provider, part.visits, part.cost, part.takes) for _, _, part in case.parts])
            for name, case in run.cases.items()
        }, run

    batched, run = with_minutes_left(BATCHED)
    plain, before = with_minutes_left(PLAIN)
    assert {lot.state for lot in run.lots.values()} == {"dissolved"}
    assert batched == plain
    for name, case in run.cases.items():
        if case.settled_at:
            assert case.settled_at >= before.cases[name].settled_at


def test_the_order_of_the_files_is_nothing(tmp_path):
    packages = many(40)
    run_whole(tmp_path / "one", [BATCHED], several(), packages, Seeded(Draws(3)))
    run_whole(tmp_path / "two", [BATCHED], several()[::-1], packages[::-1], Seeded(Draws(3)))
    one, two = ((tmp_path / name / "out" / LOG).read_bytes() for name in ("one", "two"))
    assert one == two


def test_a_collected_package_is_not_asked_for_when_somebody_joins(tmp_path):
    contracts = [willing(), willing("Birch", from_on=(BEGINS_AT + timedelta(days=1)).date())]
    found = run_whole(tmp_path, [BATCHED], contracts, three())
    assert kinds(tmp_path) == ["invite", "call_off"]
    assert all(parse_moment(one["settled_at"]) > BEGINS_AT + timedelta(days=1) for one in found)


def test_a_package_in_a_lot_is_told_with_its_company_and_its_share(tmp_path):
    run_whole(tmp_path, [BATCHED], [willing()], three())
    story = explain(tmp_path / "out" / LOG, "P-1")
    assert "In a lot with P-0 and P-2 of the same small area (LOT-" in story
    assert "Of this, £112.50 a week is for package P-1." in story
    assert "Called off: 5 visits to Alder Care, £112.50 a week." in story
    assert "Not placed" not in story


def test_a_dissolved_lot_is_told_and_then_the_package_alone(tmp_path):
    run_whole(tmp_path, [BATCHED], [willing(), willing("Birch", pounds=16)], three(), WholeLots())
    story = explain(tmp_path / "out" / LOG, "P-1")
    assert story.index("In a lot with") < story.index("Nobody took the lot") < story.index("Called off: 5 visits")
    assert story.count("Those who could be asked, in order") == 2


def test_a_lot_that_is_not_the_sum_of_its_packages_is_seen(tmp_path):
    run_whole(tmp_path, [BATCHED], [willing()], three())
    log = tmp_path / "out" / LOG
    lines = list(lines_of(log))
    for line in lines:
        if line["line"] == "lot":
            line["members"].pop()
    log.write_bytes(b"".join(canonical(line) + b"\n" for line in lines))
    with pytest.raises(ReplayError, match="is not the sum of its packages"):
        list(replay(log))
    log.write_bytes(b"".join(canonical(line) + b"\n" for line in lines if line["line"] != "lot"))
    assert {one.difference for one in replay(log)} == {"the log does not say of which packages the lot is made"}


def test_the_log_holds_each_package_of_a_lot_once(tmp_path):
    run_whole(tmp_path, [BATCHED], [willing()], three())
    lines = [json.loads(line) for line in (tmp_path / "out" / LOG).read_text("utf-8").splitlines()]
    packages = [
        line["fact"]["body"]["reference"]
        for line in lines
        if line["line"] == "fact" and line["fact"]["kind"] == "package"
    ]
    assert sorted(packages)[:-3] == [packages[-1]]
    assert sorted(packages)[-3:] == ["P-0", "P-1", "P-2"]


def test_unwilling_providers_refuse_the_lot_and_may_take_its_packages(tmp_path):
    responder = AllBut(frozenset({"Alder"}))
    found = run_whole(tmp_path, [BATCHED], [willing(), willing("Birch", pounds=16)], three(), responder)
    assert set(by_reference(found, "providers").values()) == {"Birch"}
    assert kinds(tmp_path) == ["invite", "invite", "call_off"]


def test_packages_beside_a_lot_may_still_be_divided(tmp_path):
    packages = [*three(), package("P-now", BEGINS_AT + timedelta(days=3), priority=2, visits=SHORT)]
    contracts = [willing(minutes=600), willing("Birch", pounds=16, minutes=30)]
    found = run_whole(tmp_path, [BATCHED], contracts, packages)
    assert by_reference(found, "providers")["P-now"] == "Alder; Birch"
