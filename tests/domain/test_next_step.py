"""What the cases do not say: refusals, draws, the numbers behind a quota, minutes held, what a record holds."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from itertools import combinations, permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_cases import FOLDER, cases_of
from kernel_worlds import Terms, World, band_name, gates_failed, rate_of, room_for, worlds

from calloff.cases.driver import Run, record_of
from calloff.cases.playing import CaseRun
from calloff.cases.written import moment
from calloff.domain.contracts import PriceLine
from calloff.domain.decisions import CallOff, Invite, Refer
from calloff.domain.errors import CapacityError, NothingToPlaceError
from calloff.domain.history import DECLINE_REASONS, CalledOff, Invited, Offered, Withdrawn
from calloff.domain.packages import Visit
from calloff.domain.records import Ledger

MONDAY = moment("Mon 5 March 2018 09:30")
PACKAGE = {"approved": "Mon 5 March 2018 09:30", "start": "12 March 2018", "visits": ["mon-sun 08:00 30m"]}
ONE = {"Acorn": {"rate": "15.00", "spare": "20 h"}}


def a_case(**about) -> CaseRun:
    return CaseRun.start({"model": "ranked", "providers": ONE, "package": PACKAGE, **about}, FOLDER)


def play(run: CaseRun, *events: str) -> None:
    for event in events:
        run.happen(MONDAY, event.split(), {})


# --- Refusals


def test_a_package_that_is_wholly_called_off_asks_for_nothing():
    run = a_case()
    run.carry_out(run.ask(MONDAY), MONDAY)
    play(run, "Acorn accepts")
    run.carry_out(run.ask(MONDAY), MONDAY)

    with pytest.raises(NothingToPlaceError, match="every visit of package P-1 is called off already"):
        run.ask(MONDAY)


@pytest.mark.parametrize("act", ["hold", "use"])
def test_no_more_minutes_are_taken_than_are_spare_and_then_none(act):
    run = a_case(providers={"Acorn": {"rate": "15.00", "spare": ["morning 2 h", "bed 1 h"]}})
    take = getattr(run.counters, act)

    with pytest.raises(CapacityError, match="pool 1 has fewer than 61 minutes spare"):
        take([(0, 60), (1, 61)])

    assert (run.counters.used, run.counters.held) == ([0, 0], [0, 0])
    take([(0, 120), (1, 60)])
    assert getattr(run.counters, {"hold": "held", "use": "used"}[act]) == [120, 60]


def test_minutes_held_for_another_package_are_not_spare():
    run = a_case(providers={"Acorn": {"rate": "15.00", "spare": "3.5 h"}})
    run.counters.hold([(0, 1)])

    decision = run.ask(MONDAY)

    assert isinstance(decision, Refer)
    assert decision.passed_over == ("Acorn",)


@pytest.mark.parametrize("carried", [True, False])
def test_who_has_visits_of_the_need_as_it_was_is_asked_for_the_new_ones(carried):
    run = a_case()
    run.history.append(CalledOff("Acorn", MONDAY, (0, 1, 2), carried=carried))

    decision = run.ask(MONDAY)

    assert isinstance(decision, Invite if carried else Refer)
    if isinstance(decision, Invite):
        assert [(one.enrolment, one.visits) for one in decision.invitations] == [("Acorn", (3, 4, 5, 6))]


def test_a_package_withdrawn_without_a_word_is_withdrawn():
    run = a_case()
    run.history.append(Withdrawn(MONDAY, ""))

    decision = run.ask(MONDAY)

    assert isinstance(decision, Refer)
    assert decision.reason == "withdrawn"


# --- Declines


@pytest.mark.parametrize("reason", DECLINE_REASONS)
def test_every_reason_of_the_closed_list_is_told_in_the_proof(reason):
    run = a_case()
    run.carry_out(run.ask(MONDAY), MONDAY)
    play(run, f"Acorn declines {reason}")

    decision = run.ask(MONDAY)

    assert decision.basis.body["proof"] == [{"step": "framework", "candidates": [[0, reason]]}]


def test_only_what_the_council_caused_is_not_counted_against_a_provider():
    assert [reason for reason, counted in DECLINE_REASONS.items() if not counted] == ["wrong_information", "withdrawn"]


def test_a_decline_without_a_reason_is_told_as_other():
    run = a_case()
    run.carry_out(run.ask(MONDAY), MONDAY)
    play(run, "Acorn declines")

    assert run.ask(MONDAY).basis.body["proof"][0]["candidates"] == [[0, "other"]]


# --- Ties


EQUAL = {name: {"rate": "15.00", "spare": "20 h"} for name in ("Acorn", "Beech", "Cedar")}


@pytest.mark.parametrize("order", list(permutations(EQUAL)))
def test_a_draw_is_the_hash_of_seed_package_step_and_provider_whatever_the_order_of_the_rows(order):
    seed = "published on 1 March"
    run = a_case(providers={name: EQUAL[name] for name in order}, seed=seed)

    def drawn(name: str) -> int:
        return int(hashlib.sha256(f"{seed}|P-1|0|{name}".encode()).hexdigest(), 16) >> (256 - 62)

    decision = run.ask(MONDAY)

    expected = sorted(EQUAL, key=drawn)
    assert [run.name(row[0]) for row in decision.basis.body["order"]] == expected
    assert decision.basis.body["draws"] == [[run.standing.row_of[name], drawn(name)] for name in sorted(EQUAL)]


def test_draws_favour_nobody():
    firsts = Counter()
    for number in range(600):
        run = a_case(providers=EQUAL, package={**PACKAGE, "reference": f"P-{number}"})
        decision = run.ask(MONDAY)
        assert isinstance(decision, Invite)
        firsts[decision.invitations[0].enrolment] += 1

    # 200 are due to each; six standard deviations are about 70.
    assert all(130 < firsts[name] < 270 for name in EQUAL)


def test_hours_called_off_in_28_days_come_last_of_the_published_list():
    run = a_case(providers=EQUAL)
    run.counters.called_off_28[:] = [60, 0, 30]

    order = [run.name(row[0]) for row in run.ask(MONDAY).basis.body["order"]]

    assert order == ["Beech", "Cedar", "Acorn"]


# --- The quota's two measures


@pytest.mark.shows("IW21-25", "F2")
def test_hours_decide_though_the_share_by_packages_would_pass():
    file = next(case for case in cases_of("decisions") if case["file"].startswith("09") and "F2" in case["shows"])
    run = CaseRun.start(file, FOLDER)
    prime = run.standing.row_of["Prime"]
    counters = run.counters
    counters.referred_packages[prime], counters.subcontracted_packages[prime] = 110, 36

    decision = run.ask(run.package.approved_at)

    assert isinstance(decision, Invite)
    assert decision.invitations[0].quota == "below_minimum"
    assert counters.subcontracted[prime] / counters.referred[prime] == pytest.approx(0.28)
    assert counters.subcontracted_packages[prime] / counters.referred_packages[prime] == pytest.approx(
        0.327, abs=0.0005
    )


# --- Prices


def test_a_price_by_the_visit_is_compared_with_prices_by_the_hour_as_a_weekly_cost():
    providers = {"By_hour": {"rate": "15.00", "spare": "20 h"}, "By_visit": {"spare": "20 h"}}
    run = a_case(providers=providers)
    rows = {
        row.reference: replace(row, price_lines=(PriceLine("visit", 70_000, unit="visit"),))
        if row.reference == "By_visit"
        else row
        for row in run.standing.enrolments
    }
    run = CaseRun.of(run.model, run.package, replace(run.standing, enrolments=tuple(rows.values())))

    decision = run.ask(MONDAY)

    assert isinstance(decision, Invite)
    assert decision.invitations[0].enrolment == "By_visit"  # £7.00 for half an hour is £14.00 an hour
    run.carry_out(decision, MONDAY)
    play(run, "By_visit accepts")
    called_off = run.ask(MONDAY)
    assert isinstance(called_off, CallOff)
    assert called_off.parts[0].cost == 7 * 70_000 * 60


@pytest.mark.parametrize(("rate", "passes"), [(300_000, True), (319_000, True), (319_001, False)])
def test_a_line_for_a_pair_prices_both_and_is_held_to_twice_the_ceiling(rate, passes):
    run = a_case(
        providers={"Acorn": {"spare": "20 h", "capabilities": "double_handed"}},
        package={**PACKAGE, "visits": ["mon-sun 08:00 30m x2"]},
    )
    pair = replace(run.standing.enrolments[0], price_lines=(PriceLine("pair", rate, workers=2),))
    run = CaseRun.of(run.model, run.package, replace(run.standing, enrolments=(pair,)))

    decision = run.ask(MONDAY)

    assert isinstance(decision, Invite) is passes


# --- The record


def test_a_record_names_what_it_was_worked_out_from():
    run = a_case()
    ledger = Ledger()

    record = run.ask(MONDAY).record(ledger)

    text = record.content.decode()
    assert '"at":"2018-03-05T09:30:00Z"' in text
    assert f'"hash":"{run.model.document_hash}"' in text
    assert {digest for digest, _ in ledger.take_new()} >= {
        digest for digest in ledger.hashes if f'"{digest}"' in text
    }, "each fact that the record names lies in the ledger"


def test_another_moment_seed_or_declaration_is_another_record():
    records = [
        record_of(a_case().ask(MONDAY)),
        record_of(a_case().ask(moment("Mon 5 March 2018 09:31"))),
        record_of(a_case(seed="another").ask(MONDAY)),
        record_of(a_case(providers={"Acorn": {"rate": "15.00", "spare": "21 h"}}).ask(MONDAY)),
    ]

    assert len(set(records)) == len(records)


def test_an_offer_that_names_no_invitation_changes_nothing():
    run = a_case()
    run.history.append(Offered("Acorn", MONDAY, "accept"))

    assert isinstance(run.ask(MONDAY), Invite)


def test_the_second_of_two_invitations_is_answered_by_what_came_after_it():
    run = a_case()
    run.carry_out(run.ask(MONDAY), MONDAY)
    play(run, "Acorn accepts", "council ends Acorn wrong_information")
    run.carry_out(run.ask(MONDAY), MONDAY)

    invitations = [event for event in run.history if isinstance(event, Invited)]
    assert len(invitations) == 2
    assert type(run.ask(MONDAY)).__name__ == "Wait"


# --- The capacity book, all of it worked out again


@st.composite
def books(draw):
    world = draw(worlds())
    days = draw(st.lists(st.integers(0, 6), min_size=1, max_size=3, unique=True))
    starts = draw(st.sampled_from([[480, 1200], [480, 720, 1200], [480, 720, 1000]]))
    visits = tuple(Visit(day, start, 30) for day in sorted(days) for start in starts)
    rates = st.sampled_from([150_000, 151_000, 152_000, 155_000])
    rows = tuple(
        replace(row, price_lines=(PriceLine(f"{row.reference}#1", draw(rates)),), tier="first", role="member")
        for row in world.enrolments
    )
    terms = Terms("in_turn", 2, "turn", "ceiling", "price", False, False, True, False)
    package = replace(world.package, visits=visits, current_provider="", chosen_provider="", needs=frozenset())
    return World(terms, rows, world.providers, package)


@settings(max_examples=150)
@given(books())
def test_a_book_calls_off_the_cheapest_offer_or_pair_that_covers_the_need(world):
    visits, at = world.package.visits, world.package.approved_at
    able = [row for row in world.enrolments if not gates_failed(world, row, visits, at)]

    def cost(row, chosen):
        return sum((rate_of(world, row, visit) or 0) * visit.worker_minutes for visit in chosen)

    def covers(row, chosen):
        spare = [pool.minutes for pool in row.pools]
        return room_for(row, spare, chosen, world.package.locality, at) == "all"

    offers = [cost(row, visits) for row in able if covers(row, visits)]
    bands = {band_name(visit) for visit in visits}
    for size in range(1, len(bands)):
        for share in combinations(sorted(bands), size):
            first = [visit for visit in visits if band_name(visit) in share]
            second = [visit for visit in visits if band_name(visit) not in share]
            offers += [
                cost(one, first) + cost(other, second)
                for one, other in permutations(able, 2)
                if covers(one, first) and covers(other, second)
            ]

    decision = Run.of(world.terms.model, world.package, world.standing()).ask(at)

    if offers:
        assert isinstance(decision, CallOff)
        assert sum(part.cost for part in decision.parts) == min(offers)
        assert sorted(number for part in decision.parts for number in part.visits) == list(range(len(visits)))
        assert all((part.reason == "cheapest_pair") is (len(decision.parts) == 2) for part in decision.parts)
    else:
        assert isinstance(decision, Refer)


# --- A prime's quota, said once more


@st.composite
def primes(draw):
    kinds = ["member", "stranger", "far", "sister", "suspended", "full", "able", "able"]
    subcontractors = {f"S{number}": draw(st.sampled_from(kinds)) for number in range(draw(st.integers(0, 3)))}
    providers = {
        "Prime": {
            "tier": "primes",
            "spare": draw(st.sampled_from(["9 h", "10 h", "100 h"])),
            "subcontractors": ["nobody", *(name for name, kind in subcontractors.items() if kind != "stranger")],
            "parent": "Group",
            "past_referred": draw(st.sampled_from(["0 h", "90 h", "1000 h"])),
            "past_subcontracted": draw(st.sampled_from(["0 h", "30 h", "302 h", "303 h"])),
        }
    }
    for name, kind in subcontractors.items():
        about = {"tier": "subcontractors", "local": "yes", "spare": "10 h", "parent": "Another"}
        about |= {
            "far": {"local": "no"},
            "sister": {"parent": "Group"},
            "suspended": {"suspended": "1 June 2021"},
            "full": {"spare": "9 h"},
        }.get(kind, {})
        providers[name] = about
    day = draw(st.sampled_from(["Thu 30 September 2021", "Fri 1 October 2021"]))
    visits = ["mon-fri 08:00 60m", "mon-fri 18:00 60m"]
    package = {"approved": f"{day} 09:30", "start": "4 October 2021", "visits": visits}
    if subcontractors and draw(st.booleans()):
        package["chosen_provider"] = draw(st.sampled_from(sorted(subcontractors)))
    return providers, subcontractors, package


@settings(max_examples=150)
@given(primes())
def test_a_primes_invitation_asks_for_a_name_exactly_when_the_quota_or_the_person_does(drawn):
    providers, subcontractors, package = drawn
    about = providers["Prime"]
    able = sorted(name for name, kind in subcontractors.items() if kind in ("able", "member"))
    referred, placed = (int(about[key].split()[0]) for key in ("past_referred", "past_subcontracted"))
    in_grace = package["approved"].startswith("Thu")
    short = about["spare"] == "9 h"
    if package.get("chosen_provider") in able:
        expected = "persons_choice", [package["chosen_provider"]]
    elif short:
        expected = "own_minutes_short", able
    elif in_grace or placed * 100 >= 30 * (referred + 10):
        expected = "", []
    else:
        expected = ("below_minimum", able) if able else ("none_able", [])

    run = CaseRun.start({"model": "prime", "providers": providers, "package": package}, FOLDER)
    decision = run.ask(run.package.approved_at)

    if short and not able:
        assert isinstance(decision, Refer)
    else:
        assert isinstance(decision, Invite)
        (invitation,) = decision.invitations
        assert (invitation.quota, list(invitation.subcontractors)) == expected
        assert bool(invitation.holds) is not bool(invitation.subcontractors)
