"""Acts: one transaction, one event, added to the council's chain; and the proof that the chain is whole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models, transaction

from calloff.domain.calendar import moment_text
from calloff.domain.errors import CalloffError
from calloff.domain.records import canonical, sha256
from calloff.web.accounts.models import User
from calloff.web.audit.models import BEGINNING, Chain, Event, Look

HOUSE = 0
"""The chain of what belongs to no council: accounts and roles."""


class NothingRecordedError(CalloffError):
    """An act that changes something must record one event, and one only."""


@dataclass
class Act:
    """One act while it is carried out; `record` says what it was."""

    council: int
    by: User | None
    at: datetime
    chain: Chain
    events: list[Event] = field(default_factory=list)
    idle: bool = False

    def nothing(self) -> None:
        """Say that nothing had to be done: the act ends without an event, and must have written nothing."""
        self.idle = True

    def record_each(
        self, kind: str, told: Sequence[tuple[str, Mapping[str, Any], Sequence[Mapping[str, Any]]]]
    ) -> None:
        """
        Add an event for each of many things that the act brought in at once: about what, data, history.

        They stand in the chain before the one event by which `record` says what the act was.
        """
        made = []
        for about, data, history in told:
            event = self._next(kind, about, data, history)
            self.chain.length, self.chain.hash = event.number, event.hash
            made.append(event)
        Event.objects.bulk_create(made, batch_size=2000)

    def record(
        self, kind: str, about: str, data: Mapping[str, Any] | None = None, history: Sequence[Mapping[str, Any]] = ()
    ) -> Event:
        """Add the event: plain values in `data`; `history` holds the kernel's events in their plain form."""
        if self.events:
            raise NothingRecordedError(f"{kind}: this act has recorded {self.events[0].kind} already")
        event = self._next(kind, about, data or {}, history)
        event.save(force_insert=True)
        self.chain.length, self.chain.hash = event.number, event.hash
        self.chain.save(update_fields=("length", "hash"))
        self.events.append(event)
        return event

    def _next(self, kind: str, about: str, data: Mapping[str, Any], history: Sequence[Mapping[str, Any]]) -> Event:
        event = Event(
            council=self.council,
            number=self.chain.length + 1,
            kind=kind,
            by=self.by,
            at=self.at,
            about=about,
            data=canonical(dict(data)).decode(),
            history=canonical(list(history)).decode(),
            previous=self.chain.hash,
        )
        event.hash = hash_of(event)
        return event


@contextmanager
def act(*, council: int, by: User | None, at: datetime) -> Iterator[Act]:
    """
    One act of one person (or of the worker): all of it or nothing.

    It waits for any other act of the same council, so that what it reads stays true until it commits. Raises
    NothingRecordedError when it ends without an event.
    """
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone names no moment")
    at = whole_second(at)
    with transaction.atomic():
        doing = Act(council, by, at, _locked_chain(council))
        yield doing
        if not doing.events and not doing.idle:
            raise NothingRecordedError("an act ended without an event; nothing was changed")


@contextmanager
def in_turn(council: int) -> Iterator[int]:
    """
    One transaction of what is no act and yet must not happen beside one, such as looking who waits for free minutes.

    It waits for any act of the council, so that it sees what that did, and of two who do it the second sees the first.
    Yields how many events the council's acts have made: while it stays the same, nothing that acts alone change has.
    """
    with transaction.atomic():
        yield _locked_chain(council).length


def whole_second(at: datetime) -> datetime:
    """The moment in whole seconds of UTC, a begun second counting as full: half a second late is late."""
    at = at.astimezone(UTC)
    return at.replace(microsecond=0) + timedelta(seconds=at.microsecond > 0)


def _locked_chain(council: int) -> Chain:
    chain = Chain.objects.select_for_update().filter(council=council).first()
    if chain is None:
        Chain.objects.get_or_create(council=council)
        chain = Chain.objects.select_for_update().get(council=council)
    return chain


def hash_of(event: Event) -> str:
    """The hash of an event, over all it says and the hash of the one before."""
    told = {
        "about": event.about,
        "at": moment_text(event.at.astimezone(UTC)),
        "by": event.by_id or 0,
        "council": event.council,
        "data": event.data,
        "history": event.history,
        "kind": event.kind,
        "number": event.number,
        "previous": event.previous,
    }
    return sha256(canonical(told))


def history_of(council: int, about: str) -> models.QuerySet[Event]:
    """The events about one thing, in order."""
    return Event.objects.filter(council=council, about=about).order_by("number")


def faults_in_chain(council: int, checkpoint: tuple[int, str] | None = None) -> Iterator[str]:
    """
    Whatever is wrong with a council's chain, in plain words; nothing when it is whole.

    `checkpoint` is a length and hash that were kept elsewhere: only with one can it be seen that the whole database was
    put back to an earlier day.
    """
    previous, number, known = BEGINNING, 0, checkpoint
    for event in Event.objects.filter(council=council).order_by("number").iterator(chunk_size=2000):
        number += 1
        if event.number != number:
            yield f"event {number} is missing: the next one is {event.number}"
            number = event.number
        if event.previous != previous:
            yield f"event {event.number} does not follow the one before it"
        if hash_of(event) != event.hash:
            yield f"event {event.number} was changed: its hash does not fit what it says"
        previous = event.hash
        if known and known[0] == event.number:
            if known[1] != event.hash:
                yield f"event {event.number} is not the one that the checkpoint knows"
            known = None
    chain = Chain.objects.filter(council=council).first()
    end = (chain.length, chain.hash) if chain else (0, BEGINNING)
    if end != (number, previous):
        yield f"the chain should end with event {end[0]}, and ends with event {number}"
    if known:
        yield f"the checkpoint knows event {known[0]}, and the chain ends with event {number}"


def saw(*, council: int, user: User, about: str, screen: str, at: datetime) -> None:
    """Note that somebody looked at a record that names a person."""
    saw_all(council=council, user=user, about=(about,), screen=screen, at=at)


def saw_all(*, council: int, user: User, about: Iterable[str], screen: str, at: datetime) -> None:
    """Note that somebody looked at records that name people, all of them on one page."""
    looks = [Look(council=council, user=user, about=one, screen=screen, at=at) for one in about]
    # A transaction of its own: on SQLite it waits for its turn in the queue of those who write.
    with transaction.atomic():
        Look.objects.bulk_create(looks)


def record_account(sender: object, *, kind: str, by: User | None, at: datetime, about: str, **told: Any) -> None:
    """Add what was done to an account to the chain of the house, in the transaction in which it was done."""
    with act(council=HOUSE, by=by, at=at) as doing:
        doing.record(kind, about, told.get("data") or {})
