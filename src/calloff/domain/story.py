"""How a package stands, read from its history: which invitations live, what was answered, what is still to place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from calloff.domain.history import (
    CalledOff,
    Ended,
    Event,
    Held,
    Invited,
    Offered,
    Overridden,
    Released,
    Withdrawn,
)
from calloff.domain.packages import Package, Visit
from calloff.domain.purchasing_model import PurchasingModel

OPEN, ACCEPTED, PART, DECLINED, EXPIRED, ENDED, PLACED = (
    "open",
    "accepted",
    "part",
    "declined",
    "expired",
    "ended",
    "placed",
)


Moved = tuple[tuple[int, Visit], ...]
"""Visits at other times than asked, each with its place in the package."""


@dataclass(frozen=True)
class Turn:
    """
    One invitation as it stands: its state, the visits it would take (by place), and why it was turned down.

    `settled_at` is when it was answered or ran out; `moved` are the visits at other times than asked.
    """

    invited: Invited
    state: str
    visits: tuple[int, ...] = ()
    reason: str = ""
    settled_at: datetime | None = None
    offer: Offered | None = None
    moved: Moved = ()

    @property
    def lives(self) -> bool:
        return self.state in (OPEN, ACCEPTED, PART)


@dataclass
class Story:
    """A package's history as the next decision needs it."""

    invitations: list[Turn] = field(default_factory=list)
    called_off: list[CalledOff] = field(default_factory=list)
    left: tuple[int, ...] = ()
    on_hold: bool = False
    withdrawn: str = ""
    override: Overridden | None = None

    @property
    def providers(self) -> set[str]:
        """The enrolments that already have a part of the package."""
        return {part.enrolment for part in self.called_off}

    @property
    def live(self) -> list[Turn]:
        return [turn for turn in self.invitations if turn.lives]

    @property
    def last_wave(self) -> int:
        return max((turn.invited.wave for turn in self.invitations), default=0)

    def own_holds(self) -> dict[int, int]:
        """Minutes that this package's own living invitations hold, by pool."""
        holds: dict[int, int] = {}
        for turn in self.live:
            for pool, minutes in turn.invited.holds:
                holds[pool] = holds.get(pool, 0) + minutes
        return holds


def read_story(model: PurchasingModel, package: Package, history: Sequence[Event], at: datetime) -> Story:
    """The story up to a moment; an offer received after its deadline is no offer."""
    model, story = model.terms_for(package), Story()
    for event in history:
        if isinstance(event, CalledOff):
            story.called_off.append(event)
            story.override = None
        elif isinstance(event, Held):
            story.on_hold = True
        elif isinstance(event, Released):
            story.on_hold = False
        elif isinstance(event, Withdrawn):
            story.withdrawn = event.reason or "withdrawn"
        elif isinstance(event, Overridden):
            story.override = event
        elif isinstance(event, Invited):
            story.override = None
    placed = {visit for part in story.called_off for visit in part.visits}
    story.left = tuple(number for number in range(len(package.visits)) if number not in placed)
    sealed = {step.name for step in model.steps if step.sealed}
    for invited, later, parts in invitations_in(history):
        closed = invited.step in sealed and at <= invited.deadline_at
        story.invitations.append(_turn_of(model, package, story, invited, later, parts, at, closed))
    return story


def invitations_in(
    history: Sequence[Event],
) -> list[tuple[Invited, list[tuple[int, Event]], list[tuple[int, CalledOff]]]]:
    """
    Each invitation with what happened to it later, until the same enrolment is asked again, and all call-offs; both
    with their place in the history.
    """
    found: list[tuple[Invited, list[tuple[int, Event]], list[tuple[int, CalledOff]]]] = []
    latest: dict[str, list[tuple[int, Event]]] = {}
    parts: list[tuple[int, CalledOff]] = []
    for place, event in enumerate(history):
        if isinstance(event, Invited):
            latest[event.enrolment] = []
            found.append((event, latest[event.enrolment], parts))
        elif isinstance(event, Ended | CalledOff | Offered) and event.enrolment in latest:
            latest[event.enrolment].append((place, event))
        if isinstance(event, CalledOff):
            parts.append((place, event))
    return found


def _turn_of(
    model: PurchasingModel,
    package: Package,
    story: Story,
    invited: Invited,
    later: Sequence[tuple[int, Event]],
    parts: Sequence[tuple[int, CalledOff]],
    at: datetime,
    closed: bool,
) -> Turn:
    """How an invitation stands now; a closed one is sealed and its deadline still to come, so that nobody looks."""
    offer, answered = None, 0
    for place, event in later:
        if isinstance(event, Ended):
            return Turn(invited, ENDED, reason=event.reason, settled_at=event.at, offer=offer)
        if isinstance(event, CalledOff):
            return Turn(invited, PLACED, event.visits, settled_at=event.at, offer=offer)
        if isinstance(event, Offered) and event.at <= min(invited.deadline_at, at) and not closed:
            offer, answered = event, place
    if offer is None or _unnamed_subcontractor(invited, offer):
        if at > invited.deadline_at:
            reason = "no_subcontractor_named" if offer else "no_answer"
            return Turn(invited, EXPIRED, reason=reason, settled_at=invited.deadline_at, offer=offer)
        return Turn(invited, OPEN, offer=offer)
    parts_then = [part for place, part in parts if place < answered]
    return still_good(model, story, read_offer(model, package, parts_then, invited, offer))


def still_good(model: PurchasingModel, story: Story, turn: Turn) -> Turn:
    """An offer as it stands now: what others took since it came in is no longer offered; nothing left ends it."""
    if not turn.lives:
        return turn
    visits = tuple(number for number in turn.visits if number in story.left)
    if not visits:
        return replace(turn, state=ENDED, visits=(), reason="placed_elsewhere")
    whole = all(number in visits for number in turn.invited.visits if number in story.left)
    if not whole and one_too_many(model, story.called_off, turn.invited):
        return replace(turn, state=DECLINED, visits=(), reason="too_many_providers")
    state = ACCEPTED if whole else PART
    return turn if (turn.state, turn.visits) == (state, visits) else replace(turn, state=state, visits=visits)


def one_too_many(model: PurchasingModel, parts: Sequence[CalledOff], invited: Invited) -> bool:
    """Whether a part for this provider would leave no room for the provider of the rest."""
    most = model.splitting.most_providers if model.splitting else 1
    return len({part.enrolment for part in parts} | {invited.enrolment}) >= most


def _unnamed_subcontractor(invited: Invited, offer: Offered) -> bool:
    return (
        offer.answer != "decline" and bool(invited.subcontractors) and offer.delivered_by not in invited.subcontractors
    )


def read_offer(
    model: PurchasingModel, package: Package, parts: Sequence[CalledOff], invited: Invited, offer: Offered
) -> Turn:
    """
    What an answer amounted to when it came in, `parts` being called off by then, under the model's rules.

    A part is turned down where the model allows none or the person would have too many providers; visits of one
    band on one day are never divided, so that a share of them is not taken.
    """
    placed = {number for part in parts for number in part.visits}
    wanted = [number for number in invited.visits if number not in placed]

    def turn(state: str, reason: str = "", visits: Sequence[int] = (), moved: Moved = ()) -> Turn:
        return Turn(invited, state, tuple(visits), reason, offer.at, offer, moved)

    if offer.answer == "decline":
        return turn(DECLINED, offer.reason or "other")
    taken, moved = match_visits(package, wanted, offer.visits, model.other_times == "same_band")
    if set(taken) == set(wanted):
        return turn(ACCEPTED, "", taken, moved)
    taken = whole_bands(package, wanted, taken)
    if not taken:
        return turn(DECLINED, "times_not_allowed")
    if model.splitting is None:
        return turn(DECLINED, "parts_not_allowed")
    if one_too_many(model, parts, invited):
        return turn(DECLINED, "too_many_providers")
    return turn(PART, "", taken, tuple((number, visit) for number, visit in moved if number in taken))


def match_visits(
    package: Package, wanted: Sequence[int], offered: Sequence[Visit], other_times: bool
) -> tuple[list[int], tuple[tuple[int, Visit], ...]]:
    """
    Which of the wanted visits an offer covers, and which at another time.

    No visits offered means all of them. Another time counts only where the model allows it, in the same band of
    the same day, for as long and as many workers, and never for a time-critical visit.
    """
    if not offered:
        return list(wanted), ()
    left = list(wanted)
    taken: list[int] = []
    moved: list[tuple[int, Visit]] = []
    rest: list[Visit] = []
    for visit in offered:
        same = next((one for one in left if _same(package.visits[one], visit, True)), None)
        if same is None:
            rest.append(visit)
        else:
            left.remove(same)
            taken.append(same)
    for visit in rest if other_times else ():
        near = next((one for one in left if _same(package.visits[one], visit, False)), None)
        if near is not None:
            left.remove(near)
            taken.append(near)
            moved.append((near, visit))
    return sorted(taken), tuple(sorted(moved, key=lambda pair: pair[0]))


def _same(wanted: Visit, offered: Visit, to_the_minute: bool) -> bool:
    alike = (wanted.day, wanted.minutes, wanted.workers) == (offered.day, offered.minutes, offered.workers)
    if to_the_minute:
        return alike and wanted.start_minute == offered.start_minute
    return alike and wanted.band == offered.band and not wanted.critical


def whole_bands(package: Package, wanted: Sequence[int], taken: Sequence[int]) -> list[int]:
    """Those taken whose band of the day is taken whole."""
    place = {number: (package.visits[number].day, package.visits[number].band) for number in wanted}
    broken = {place[number] for number in wanted if number not in taken}
    return [number for number in taken if place[number] not in broken]
