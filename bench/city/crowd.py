"""Sixty people at work, and what each does next: the shares of the day by kind, drawn by a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from calloff.domain.errors import BadInputError
from city.load import Errand, Visitor

SHARES = {
    "queue": 30,
    "package": 25,
    "who is asked": 15,
    "provider home": 10,
    "record an answer": 7,
    "search": 5,
    "ledger": 5,
    "confirm": 3,
}
WRITES = ("record an answer", "confirm")
QUEUES = ("", "?tab=team", "?tab=nobodys", "?tab=team&priority=2")
EMPTY_PAGE = "/account/"


class TooFewError(BadInputError):
    """Whatever waited to be answered or confirmed has been."""


class Crowd:
    """Sixty people at work: brokers and providers' managers, each with a session; what is answered is answered once."""

    def __init__(self, people: Mapping[str, Any]) -> None:
        self.brokers = [Visitor(key) for key in people["brokers"]]
        self.managers = [Visitor(key) for key in people["managers"]]
        self.people = people
        self.to_answer, self.to_confirm = iter(people["to_answer"]), iter(people["to_confirm"])

    def empty(self, chance: random.Random) -> Errand:
        """The page that shows nothing but who is signed in."""
        return Errand("empty", chance.choice(self.brokers), EMPTY_PAGE)

    def errand(self, chance: random.Random) -> Errand:
        """Draw what somebody does next."""
        return self.errand_of(chance.choices(list(SHARES), list(SHARES.values()))[0], chance)

    def errand_of(self, kind: str, chance: random.Random) -> Errand:
        """Draw something of a kind."""
        broker, people = chance.choice(self.brokers), self.people
        if kind == "queue":
            return Errand(kind, broker, f"/queue{chance.choice(QUEUES)}")
        if kind in ("package", "who is asked"):
            token = chance.choice(people["packages" if kind == "package" else "open"])
            return Errand(kind, broker, f"/packages/{token}")
        if kind == "provider home":
            return Errand(kind, chance.choice(self.managers), "/provider")
        if kind == "search":
            return Errand(kind, broker, "/search", {"q": chance.choice(people["names"])}, follows=True)
        if kind == "ledger":
            return Errand(kind, broker, "/unmet-need")
        return self.confirmed(broker) if kind == "confirm" else self.answered(broker)

    def confirmed(self, broker: Visitor) -> Errand:
        """The call-off that was shown is confirmed: it leads on to another case, or to the queue."""
        token, shown = self.next_of(self.to_confirm)
        own = f"/packages/{token}"
        return Errand("confirm", broker, f"{own}/confirm", {"decision": shown}, lambda place: not place.startswith(own))

    def answered(self, broker: Visitor) -> Errand:
        """A provider's no is recorded, heard by telephone just now: it leads back to the package."""
        token, invitation = self.next_of(self.to_answer)
        now = datetime.now(ZoneInfo("Europe/London"))
        fields = {
            "answer": "decline",
            "reason": "no_capacity",
            "answered_by": "A Manager",
            "channel": "phone",
            "received_on_day": str(now.day),
            "received_on_month": str(now.month),
            "received_on_year": str(now.year),
            "received_time": f"{now:%H:%M}",
            "words": "no workers",
        }
        address = f"/packages/{token}"
        return Errand("record an answer", broker, f"{address}/answers/{invitation}", fields, address.__eq__)

    def next_of(self, waiting: Iterator[Any]) -> Any:
        found = next(waiting, None)
        if found is None:
            raise TooFewError("the city has too few packages to answer or confirm for so long a load")
        return found
