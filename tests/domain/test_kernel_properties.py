"""Whatever the council, the market and what happens: what may never be decided, and what always is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernel_worlds import CEILING, LEAST_QUALITY, World, band_name, gates_failed, packages, rate_of, room_for, worlds

from calloff.cases.driver import Run, record_of
from calloff.domain.decisions import CallOff, Decision, Invite, Refer, Wait
from calloff.domain.history import CalledOff, Ended, Event, Held, Invited, Offered, Overridden, Released, Withdrawn
from calloff.domain.market import Market, seconds
from calloff.domain.next_step import next_step
from calloff.domain.packages import Package, Visit
from calloff.domain.records import plain, revive
from calloff.domain.story import read_story

SECOND = timedelta(seconds=1)
ASKING = {"in_turn": 1, "waves_of(2)": 2, "all_then_rank": 99}
MOST_QUESTIONS = 60
"""With at most five providers, two of them raising their declaration once each and four acts of the council."""


@dataclass
class Journey:
    """One package from its approval to its end, with every question and what was answered."""

    world: World
    data: st.DataObject
    run: Run
    at: datetime
    acts: int = 4
    raises: int = 2
    asked: list[str] = field(default_factory=list)
    withdrawn: bool = False
    referral: Refer | None = None

    @property
    def visits_left(self) -> list[Visit]:
        story = read_story(self.run.model, self.world.package, self.run.history, self.at)
        return [self.world.package.visits[number] for number in story.left]

    def draw(self, *choices):
        return self.data.draw(st.sampled_from(choices))

    # -- what happens

    def happens(self, decision: Wait) -> None:
        """Somebody answers, the council acts, a declaration is raised, or time passes."""
        story = read_story(self.run.model, self.world.package, self.run.history, self.at)
        open_ones = [turn.invited for turn in story.live]
        what = self.draw("answer", "answer", "answer", "act", "act", "time", "raise")
        if what == "answer" and open_ones:
            return self.answers(self.draw(*open_ones))
        if what == "act" and self.acts:
            return self.council_acts(open_ones)
        if what == "raise" and self.raises:
            return self.declares_more()
        if decision.until is None:
            self.run.history.append(Released(self.at))
        elif decision.until > self.at:
            self.at = decision.until
        return None

    def answers(self, invited: Invited) -> None:
        asked = [self.world.package.visits[number] for number in invited.visits]
        answer = self.draw("accept", "part", "part", "decline", "late", "moved", "dear")
        if answer == "late":
            self.at = max(self.at, invited.deadline_at + SECOND)
        if answer == "part":
            parts = sorted({(visit.day, visit.band) for visit in asked})
            kept = self.data.draw(st.sets(st.sampled_from(parts)))
            offered = [visit for visit in asked if (visit.day, visit.band) in kept]
            offered += [visit for visit in asked[:1] if self.draw(True, False)]
        elif answer == "moved":
            offered = [Visit(one.day, one.start_minute + 5, one.minutes, one.workers) for one in asked]
        else:
            offered = []
        rate = self.draw(1, 140_000, 160_000, 200_000) if answer == "dear" else 0
        kind = {"late": "accept", "moved": "accept", "dear": "accept"}.get(answer, answer)
        reason = "skills" if kind == "decline" else ""
        self.run.answer(Offered(invited.enrolment, self.at, kind, reason, tuple(offered), rate))

    def council_acts(self, open_ones: list[Invited]) -> None:
        self.acts -= 1
        act = self.draw("order", "order", "hold", "release", "end", "withdraw")
        if act == "hold":
            self.run.history.append(Held(self.at, "person_in_hospital"))
        elif act == "release":
            self.run.history.append(Released(self.at))
        elif act == "end" and open_ones:
            self.run.history.append(Ended(self.draw(*open_ones).enrolment, self.at, "wrong_information"))
        elif act == "order":
            chosen = self.draw(*[row.reference for row in self.world.enrolments])
            self.run.history.append(Overridden(self.at, chosen, "a manager", "person_at_risk"))
        elif act == "withdraw" and self.draw(False, False, False, True):
            self.withdrawn = True
            self.run.history.append(Withdrawn(self.at, "person_died"))

    def declares_more(self) -> None:
        self.raises -= 1
        counters = self.run.counters
        pool = self.draw(*range(len(counters.declared)))
        counters.declared[pool] += 60
        counters.declared_at[pool] = counters.raised_at[pool] = seconds(self.at)

    # -- what is true of every answer

    def spare_of(self, row: int) -> list[int]:
        """Spare minutes of a row's pools, those held for this package's own living invitations counting as spare."""
        counters, standing = self.run.counters, self.run.standing
        story = read_story(self.run.model, self.world.package, self.run.history, self.at)
        own: dict[int, int] = {}
        for turn in story.live:
            for pool, minutes in turn.invited.holds:
                own[pool] = own.get(pool, 0) + minutes
        return [
            counters.declared[pool] - counters.used[pool] - counters.held[pool] + own.get(pool, 0)
            for pool, about in enumerate(standing.pools)
            if about.row == row
        ]

    def room(self, reference: str) -> str:
        """As `room_for`, by today's counters."""
        row = self.run.standing.row_of[reference]
        enrolment = self.run.standing.enrolments[row]
        counters = self.run.counters
        numbers = [pool for pool, about in enumerate(self.run.standing.pools) if about.row == row]
        fresh = tuple(
            one.__class__(
                one.minutes, datetime.fromtimestamp(counters.declared_at[pool], self.at.tzinfo), one.areas, one.bands
            )
            for one, pool in zip(enrolment.pools, numbers, strict=True)
        )
        return room_for(
            replace(enrolment, pools=fresh), self.spare_of(row), self.visits_left, self.world.package.locality, self.at
        )

    def failed(self, reference: str, visits: list[Visit]) -> set[int]:
        enrolment = next(row for row in self.world.enrolments if row.reference == reference)
        return gates_failed(self.world, enrolment, visits, self.at)

    def check(self, decision: Decision) -> None:
        self.check_records(decision)
        if isinstance(decision, Invite):
            self.check_invitations(decision)
        if isinstance(decision, CallOff):
            self.check_call_off(decision)
        if isinstance(decision, Wait) and decision.until is not None:
            assert decision.until > self.at
        if isinstance(decision, Refer) and decision.reason == "no_step_left":
            self.check_nobody_was_left_out()

    def check_invitations(self, decision: Invite) -> None:
        parts = self.world.terms.splitting and self.world.terms.capacity == "turn"
        asked = [one.provider for one in decision.invitations]
        assert len(asked) == len(set(asked)), "a provider is asked once in a wave"
        sealed = self.world.terms.sealed and decision.step == "first"
        if decision.step == "first" and not decision.override and not sealed:
            assert len(asked) <= ASKING[self.world.terms.ask]
        for one in decision.invitations:
            assert self.failed(one.enrolment, self.visits_left) == set()
            assert one.deadline_at > self.at
            if sealed:
                assert (one.rank, one.holds) == (1, ()), "a sealed step ranks nobody and holds nothing"
            elif not decision.override:
                room = self.room(one.enrolment)
                assert room == "all" or (parts and room == "some")
            if not decision.override:
                assert not self.barred(one.provider), "who answered is asked again only after declaring more"

    def barred(self, provider: str) -> bool:
        """Whether a provider has answered, or let its time run out, and has declared no more since."""
        story = read_story(self.run.model, self.world.package, self.run.history, self.at)
        standing, counters = self.run.standing, self.run.counters
        settled = [
            turn.settled_at
            for turn in story.invitations
            if turn.invited.provider == provider and turn.state in ("declined", "expired", "placed") and turn.settled_at
        ]
        rows = [row for row, one in enumerate(standing.enrolments) if one.provider == provider]
        raised = [counters.raised_at[pool] for pool, about in enumerate(standing.pools) if about.row in rows]
        return bool(settled) and max(raised, default=0) <= seconds(max(settled))

    def check_call_off(self, decision: CallOff) -> None:
        package, story = self.world.package, read_story(self.run.model, self.world.package, self.run.history, self.at)
        taken = [number for part in decision.parts for number in part.visits]
        assert taken
        assert sorted(taken) == sorted(set(taken))
        assert set(taken) <= set(story.left)
        for part in decision.parts:
            row = next(one for one in self.world.enrolments if one.reference == part.enrolment)
            visits = [package.visits[number] for number in part.visits]
            assert self.failed(part.enrolment, self.visits_left) == set()
            rates = [rate_of(self.world, row, visit) or 0 for visit in visits]
            own = sum(rate * visit.worker_minutes for rate, visit in zip(rates, visits, strict=True))
            assert 0 < part.cost <= own
            if self.world.terms.price == "ceiling" and row.tier in CEILING:
                assert part.cost <= CEILING[row.tier] * sum(visit.worker_minutes for visit in visits)
            divided = {(visit.day, band_name(visit)) for visit in visits}
            others = [package.visits[number] for number in story.left if number not in part.visits]
            assert not divided & {(visit.day, band_name(visit)) for visit in others}, "a band of a day is never divided"
        if self.world.terms.sealed and decision.step == "first":
            self.check_competition(decision)
        providers = story.providers | {part.enrolment for part in decision.parts}
        assert len(providers) <= max(1, self.world.terms.splitting)

    def check_competition(self, decision: CallOff) -> None:
        """After every deadline, of good enough quality, whole, and nobody whom the time or price bars stands above."""
        story = read_story(self.run.model, self.world.package, self.run.history, self.at)
        asked = [turn.invited for turn in story.live if turn.invited.step == "first"]
        assert all(self.at > one.deadline_at for one in asked), "nothing is opened before the deadline"
        (part,) = decision.parts
        assert part.visits == story.left
        row = next(one for one in self.world.enrolments if one.reference == part.enrolment)
        assert row.quality_score >= LEAST_QUALITY
        scores = {row: total for row, total, *_ in decision.basis.body["scores"]}
        assert scores[self.run.standing.row_of[part.enrolment]] == max(scores.values())

    def check_nobody_was_left_out(self) -> None:
        """The proof, worked out again: each enrolment of each open step has answered, fails a gate or has no room."""
        terms, package = self.world.terms, self.world.package
        ended = package.current_ended_on
        within = ended is None or (self.at.date() - ended).days <= 28
        wanted = {"first", "team"} | ({"second"} if not terms.urgent_second or package.priority <= 2 else set())
        story = read_story(self.run.model, package, self.run.history, self.at)
        for row in self.world.enrolments:
            person = (row.provider == package.current_provider and within) or row.provider == package.chosen_provider
            if not (row.tier in wanted or person) or self.failed(row.reference, self.visits_left):
                continue
            answered = any(turn.invited.provider == row.provider for turn in story.invitations)
            has_part = row.reference in story.providers
            assert answered or has_part or self.room(row.reference) != "all"

    def check_records(self, decision: Decision) -> None:
        """Rows in another order, values written down and read back: the same record, byte for byte."""
        world, run = self.world, self.run
        written = record_of(decision)
        history = [revive(type(event), plain(event)) for event in run.history]
        package = revive(Package, plain(world.package))
        assert history == run.history
        assert package == world.package
        backwards = Market(world.standing(backwards=True), run.counters)
        again = next_step(run.model, package, backwards, history, self.at)
        assert record_of(again) == written
        assert again.result == decision.result

    def check_counters(self) -> None:
        counters = self.run.counters
        for declared, used, held in zip(counters.declared, counters.used, counters.held, strict=True):
            assert used >= 0
            assert held >= 0
            assert used + held <= declared

    def go_on(self) -> bool:
        """Ask once and do what is decided; whether the package has come to its end."""
        self.at += self.draw(timedelta(0), timedelta(minutes=7))
        if not self.visits_left:
            return True
        assert len(self.asked) < MOST_QUESTIONS, f"no end after {self.asked}"
        decision = self.run.ask(self.at)
        self.asked.append(type(decision).__name__)
        self.check(decision)
        if isinstance(decision, CallOff) and self.draw(False, False, False, True):
            self.at += timedelta(minutes=3)  # the person who confirms takes another look
            decision = self.run.ask(self.at)
            self.check(decision)
        self.run.carry_out(decision, self.at)
        self.check_counters()
        if isinstance(decision, Refer):
            self.referral = decision
        if isinstance(decision, Wait):
            self.happens(decision)
        return self.referral is not None

    def check_end(self) -> None:
        """Every visit is called off exactly once, or the package is referred with its reason."""
        if self.referral is None:
            placed = [number for event in self.run.history for number in placed_by(event)]
            assert sorted(placed) == list(range(len(self.world.package.visits)))
        else:
            assert self.referral.reason == ("withdrawn" if self.withdrawn else "no_step_left")
            assert not self.run.held, "who was asked for a package that is referred holds nothing for it"


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=400, suppress_health_check=SLOW)
@given(worlds(), st.data())
def test_every_package_ends_and_nothing_forbidden_is_decided_on_the_way(world, data):
    run = Run.of(world.terms.model, world.package, world.standing())
    journey = Journey(world, data, run, world.package.approved_at)

    while not journey.go_on():
        pass

    journey.check_end()


@settings(max_examples=100, suppress_health_check=SLOW)
@given(worlds(), st.data())
def test_two_packages_that_are_served_side_by_side_never_take_the_same_minutes(world, data):
    names = sorted(world.providers)
    other = replace(world, package=replace(data.draw(packages(names)), reference="P-8"))
    run = Run.of(world.terms.model, world.package, world.standing())
    beside = Run(run.model, other.package, run.standing, run.counters)
    journeys = [Journey(one, data, way, world.package.approved_at) for one, way in ((world, run), (other, beside))]
    under_way = list(journeys)

    while under_way:
        journey = data.draw(st.sampled_from(under_way))
        journey.at = max(one.at for one in journeys)
        if journey.go_on():
            under_way.remove(journey)

    for journey in journeys:
        journey.check_end()


def placed_by(event: Event) -> tuple[int, ...]:
    return event.visits if isinstance(event, CalledOff) else ()
