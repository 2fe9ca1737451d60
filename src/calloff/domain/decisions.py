"""What the kernel answers: invite, wait, call off or refer, each with the invitations it ends and its record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import Any

from calloff.domain.packages import Visit
from calloff.domain.records import DecisionRecord, Ledger, plain


@dataclass(frozen=True)
class Ending:
    """An invitation that this decision ends, and why; an ending by the council is not a decline."""

    enrolment: str
    reason: str


@dataclass(frozen=True)
class Invitation:
    """
    One enrolment to ask: for which visits, by when, which minutes are held for it meanwhile.

    `covers` are those of the visits that its declared minutes hold, all of them or a part.
    `subcontractors` are those of which the answer must name one; `quota` says why: `below_minimum`,
    `persons_choice`, `none_able` (own delivery is allowed though below the minimum) or nothing.
    """

    enrolment: str
    provider: str
    rank: int
    deadline_at: datetime
    visits: tuple[int, ...]
    covers: tuple[int, ...] = ()
    holds: tuple[tuple[int, int], ...] = ()
    subcontractors: tuple[str, ...] = ()
    quota: str = ""


@dataclass(frozen=True)
class Part:
    """
    Visits called off to one enrolment.

    `cost` is their weekly cost unrounded (centipence an hour times minutes); `full_cost` the same with overheads,
    where the contract knows it. `delivered_by` is a subcontractor's enrolment. `takes` are the minutes taken from
    each pool.
    """

    enrolment: str
    provider: str
    kind: str
    visits: tuple[int, ...]
    cost: int
    line_ids: tuple[str, ...] = ()
    takes: tuple[tuple[int, int], ...] = ()
    full_cost: int = 0
    moved: tuple[tuple[int, Visit], ...] = ()
    delivered_by: str = ""
    start_on: date | None = None
    reason: str = ""


class Basis:
    """
    What a decision was worked out from, kept so that its record can be written when somebody wants it.

    `told` is what the record says beside the gates; `gates`, where they were looked at, is worked out only when the
    record is wanted, since most waits are never written down.
    """

    def __init__(
        self, told: dict[str, Any], inputs: tuple[Any, ...], gates: Callable[[], dict[str, Any]] | None = None
    ) -> None:
        self.told, self.inputs, self._gates = told, inputs, gates

    @property
    def body(self) -> dict[str, Any]:
        """All that the record says of how the decision came about."""
        if self._gates is not None:
            self.told = {**self.told, "gates": self._gates()}
            self._gates = None
        return self.told


def event_fact(ledger: Ledger, event: Any) -> str:
    """The hash of one event of the history, its kind beside its data."""
    if ledger.knows(event):
        return ledger.add("event", event)
    return ledger.add("event", event, {"event": type(event).__name__, "data": plain(event)})


def standing_fact(ledger: Ledger, standing: Any) -> str:
    """The hash of who is enrolled, each enrolment, provider and calendar being a fact of its own."""
    if ledger.knows(standing):
        return ledger.add("standing", standing)
    providers, calendars = standing.providers, standing.calendars
    body = {
        "enrolments": [ledger.add("enrolment", one) for one in standing.enrolments],
        "providers": [ledger.add("provider", providers[name]) for name in sorted(providers)],
        "calendars": [ledger.add("calendar", calendars[name]) for name in sorted(calendars)],
        "localities": list(standing.localities),
        "seed": standing.seed,
    }
    return ledger.add("standing", standing, body)


@dataclass(frozen=True)
class Decision:
    """The common part of every answer: the step it belongs to and the invitations it ends."""

    step: str
    ends: tuple[Ending, ...]
    basis: Basis = field(repr=False, compare=False)

    @property
    def result(self) -> dict[str, Any]:
        """Kind and data, as the record holds them."""
        kind = {"Invite": "invite", "Wait": "wait", "CallOff": "call_off", "Refer": "refer"}[type(self).__name__]
        own = {one.name: plain(getattr(self, one.name)) for one in fields(self) if one.name != "basis"}
        if not own.get("routes", True):
            # Records made before routes were known of stay as they are.
            del own["routes"]
        return {"kind": kind, **own}

    def record(self, ledger: Ledger) -> DecisionRecord:
        """
        The record of this decision; the facts it names are stored in the ledger.

        Canonical, so that working it out again from the same facts gives the same bytes. To be asked for before the
        decision is carried out: the counters are those of the market as it stands.
        """
        model, package, market, history, _ = self.basis.inputs
        named = {
            "model": {"id": model.id, "version": model.version, "hash": model.document_hash},
            "package": ledger.add("package", package),
            "history": [event_fact(ledger, event) for event in history],
            "standing": standing_fact(ledger, market.standing),
            "counters": ledger.add_columns("counters", market.counters.columns),
        }
        return DecisionRecord.of({**self.basis.body, **named, "result": self.result})


@dataclass(frozen=True)
class Invite(Decision):
    """Ask these, all at once."""

    wave: int
    invitations: tuple[Invitation, ...]
    override: str = ""


@dataclass(frozen=True)
class Wait(Decision):
    """Nothing to do before `until` (none: until something happens); the reason says for what."""

    reason: str
    until: datetime | None = None


@dataclass(frozen=True)
class CallOff(Decision):
    """A proposal, until a person confirms it: these visits to these enrolments."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Refer(Decision):
    """
    No step is left, or the package is no longer wanted; the proof stands in the record.

    `passed_over` are enrolments that only lacked declared minutes at their turn: minutes coming free there
    re-open the package. `routes` are the ways in which the person may lead instead.
    """

    reason: str
    passed_over: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
