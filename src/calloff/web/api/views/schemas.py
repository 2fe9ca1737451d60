"""What programs send and are told. Each field says its unit; each schema has an example, which the tests try."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import AfterValidator, ConfigDict, Field

from calloff.domain.units import MOST_CENTIPENCE, MOST_MINUTES
from calloff.formats.visits_schema import MOST_ROWS as MOST_VISITS
from calloff.web.brokerage.services.answering import OFFER_REASONS

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Status = Literal["needs_answer", "answered", "not_selected", "called_off", "closed"]
Listed = Literal["needs_answer", "answered", "not_selected", "called_off", "closed", "all"]
Clock = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Reference = Annotated[str, Field(pattern=r"^[0-9A-Z]{1,16}$")]


def _known_reason(code: str) -> str:
    if code not in OFFER_REASONS:
        raise ValueError(f"must be one of {', '.join(OFFER_REASONS)}")
    return code


def _without_control(text: str) -> str:
    if any(ord(one) < ord(" ") and one not in "\n\r\t" for one in text):
        raise ValueError("must hold no control characters")
    return text


Reason = Annotated[str, Field(json_schema_extra={"enum": list(OFFER_REASONS)}), AfterValidator(_known_reason)]
Text = Annotated[str, Field(max_length=1000), AfterValidator(_without_control)]


def example(shown: dict[str, Any]) -> ConfigDict:
    """The configuration of a schema with its example."""
    return ConfigDict(json_schema_extra={"examples": [shown]})


def sent(shown: dict[str, Any]) -> ConfigDict:
    """The same for what is sent: a field that is not known is refused, since it was meant to do something."""
    return ConfigDict(json_schema_extra={"examples": [shown]}, extra="forbid")


# Refusals


class FieldProblem(Schema):
    """One field that is not right."""

    field: str = Field(description="The field, as it was sent.")
    detail: str = Field(description="What is not right about it.")


class Problem(Schema):
    """A refusal (RFC 9457), sent as application/problem+json."""

    type: str = Field(description="The address at which this kind of problem is explained.")
    title: str = Field(description="The kind of problem, in words.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="What happened this time, and what was kept.")
    errors: list[FieldProblem] = Field(description="The fields that are not right; mostly empty.")
    model_config = example(
        {
            "type": "/api#too-late",
            "title": "The deadline is past",
            "status": 410,
            "detail": "The deadline was Thursday 26 November, 10:30: no answer can be taken any more.",
            "errors": [],
        }
    )


# Invitations


class Visit(Schema):
    """One visit of an ordinary week, in the local time of Europe/London."""

    day: Day = Field(description="The day of the week.")
    start: Clock = Field(description="When it begins, on the clock of 24 hours.")
    minutes: int = Field(description="Minutes of each care worker.")
    workers: int = Field(description="Care workers at once.")
    time_critical: bool = Field(description="Whether the time may not be moved.")


class VisitAsked(Visit):
    """A visit that is asked; `number` names it in an answer."""

    number: int = Field(description="Its number in this invitation.")


class Named(Schema):
    """A code and its words."""

    code: str = Field(description="For programs; never changes its meaning.")
    name: str = Field(description="For people.")


class Asked(Schema):
    """What is asked. Nothing of it names the person: who it is opens with the call-off, in the portal."""

    area: str = Field(description="The smallest area in which enough people receive care.")
    people: int = Field(description="How many people's visits are asked for together, all or none; mostly 1.")
    age_band: str = Field(description="18–64, 65–84 or 85 and over.")
    minutes_per_week: int = Field(description="Minutes of care workers in an ordinary week.")
    visits: list[VisitAsked] = Field(description="The visits.")
    needs: list[Named] = Field(description="What care workers must be able to do.")
    risks: list[Named] = Field(description="What they must be ready for.")
    start_on: date = Field(description="The day from which care is wanted.")
    pence_per_week: int | None = Field(description="Your price of an ordinary week, in pence.")
    centipence_per_hour: int | None = Field(description="Your price of an hour, in hundredths of a penny.")


class AnswerShown(Schema):
    """Your answer that stands."""

    receipt: str = Field(description="The receipt that you were given.")
    answer: Literal["accept", "part", "decline"] = Field(description="All of it, some of it or other times, or no.")
    reason: str | None = Field(description="Why not, for a decline.")
    visits: list[Visit] = Field(description="The visits offered; none means all, at the times asked.")
    start_on: date | None = Field(description="Your first day, where it is another than the council's.")
    centipence_per_hour: int | None = Field(description="Your own price of an hour, in hundredths of a penny.")
    received_at: datetime = Field(description="When the council had it.")
    recorded_by_council: bool = Field(description="Whether a broker wrote it down for you; you may dispute it.")


INVITATION: dict[str, Any] = {
    "id": "9W94NVJS375W",
    "council": "Eastmoor Council",
    "status": "needs_answer",
    "sealed": False,
    "sent_at": "2026-11-26T09:52:00Z",
    "deadline_at": "2026-11-26T10:30:00Z",
    "asked": {
        "area": "Seatoun",
        "people": 1,
        "age_band": "65–84",
        "minutes_per_week": 60,
        "visits": [
            {
                "day": "monday",
                "start": "08:00",
                "minutes": 30,
                "workers": 1,
                "time_critical": False,
                "number": 0,
            },
            {
                "day": "tuesday",
                "start": "08:00",
                "minutes": 30,
                "workers": 1,
                "time_critical": True,
                "number": 1,
            },
        ],
        "needs": [{"code": "medication", "name": "medication"}],
        "risks": [],
        "start_on": "2026-11-30",
        "pence_per_week": 1552,
        "centipence_per_hour": 155200,
    },
    "answer": None,
}


class Invitation(Schema):
    """An invitation as it stands for you. What closed without an offer of yours says no more than that."""

    id: str = Field(description="Its reference.")
    council: str = Field(description="The council that asks.")
    status: Status = Field(description="How it stands for you.")
    sealed: bool = Field(description="Whether nobody reads any answer before the deadline.")
    sent_at: datetime = Field(description="When it was sent.")
    deadline_at: datetime = Field(description="The last moment at which an answer is taken, by the council's clock.")
    asked: Asked | None = Field(description="What is asked, while you may read it.")
    answer: AnswerShown | None = Field(description="Your answer that stands, while you may read what was asked.")
    model_config = example(INVITATION)


class Subcontractor(Schema):
    """One of those approved by the council, of whom an answer must name one."""

    id: str = Field(description="Its reference, for the answer.")
    name: str = Field(description="Its name.")


class Terms(Schema):
    """What an answer may be, under the council's published way of buying."""

    some_visits: bool = Field(description="Whether some of the visits may be offered.")
    other_times: bool = Field(description="Whether visits may be offered at other times of the same part of the day.")
    own_price: bool = Field(description="Whether a price may be offered, at most that of the contract.")
    subcontractors: list[Subcontractor] = Field(description="Of whom the answer must name one; mostly none.")


class OneInvitation(Invitation):
    """An invitation with what may be done with it."""

    can_answer: bool = Field(description="Whether an answer, the first or another one, would be taken now.")
    terms: Terms | None = Field(description="What an answer may be, while one is taken.")
    why_not_selected: str | None = Field(description="What decided, where you offered and were not selected.")
    model_config = example(
        {
            **INVITATION,
            "can_answer": True,
            "terms": {"some_visits": True, "other_times": False, "own_price": False, "subcontractors": []},
            "why_not_selected": None,
        }
    )


class Invitations(Schema):
    """Some invitations of your branch, the oldest first."""

    items: list[Invitation] = Field(description="The invitations.")
    next: str | None = Field(description="The cursor of the next page; null on the last.")
    changes: str = Field(description="Where to go on in the changes once all pages are read; take the first page's.")


class Changes(Schema):
    """Invitations that changed, in the order of their last change."""

    items: list[Invitation] = Field(description="Each as it stands now.")
    next: str = Field(description="The cursor to ask with the next time.")
    more: bool = Field(description="Whether more is there already.")


class VisitOffered(Schema):
    """A visit that you can do."""

    number: int = Field(ge=0, le=1000, description="Its number in the invitation.")
    start: Clock | None = Field(None, description="Another time, where other times are taken.")
    model_config = sent({"number": 0, "start": "08:30"})


class Answer(Schema):
    """Your answer. A later one before the deadline stands in its place."""

    answer: Literal["accept", "part", "decline"] = Field(
        description="accept: all of it. part: the visits named, or other times. decline: no."
    )
    reason: Reason | None = Field(None, description="Why not: for a decline, and for nothing else.")
    visits: list[VisitOffered] | None = Field(
        None, max_length=200, description="What you can do: for part, and for nothing else."
    )
    start_on: date | None = Field(None, description="The day on which you can begin, where it is another.")
    centipence_per_hour: int | None = Field(
        None,
        ge=1,
        le=MOST_CENTIPENCE,
        description="Your price of an hour in hundredths of a penny, where one is taken.",
    )
    subcontractor: Reference | None = Field(None, description="Who delivers it, where the invitation says so.")
    message: Text = Field("", description="Words to the council. Never who you think the person is.")
    model_config = sent(
        {"answer": "part", "visits": [{"number": 0}, {"number": 1}], "message": "We can begin earlier."}
    )


class Receipt(Schema):
    """That the council has your answer."""

    receipt: str = Field(description="The receipt: keep it.")
    invitation: str = Field(description="The reference of the invitation.")
    answer: Literal["accept", "part", "decline"] = Field(description="What was taken down.")
    received_at: datetime = Field(description="When the council had it, by its own clock.")
    changeable_until: datetime = Field(description="Until then another answer may stand in its place.")
    model_config = example(
        {
            "receipt": "K7QM2X4VWT93",
            "invitation": "9W94NVJS375W",
            "answer": "part",
            "received_at": "2026-11-26T10:04:12Z",
            "changeable_until": "2026-11-26T10:30:00Z",
        }
    )


# Spare minutes


class Pool(Schema):
    """Minutes a week of one place and part of the day."""

    number: int = Field(description="Its number within the contract.")
    name: str = Field(description="Where and when its minutes are.")
    minutes_per_week: int = Field(description="Minutes that are free, beside what is called off or offered.")
    declared_at: datetime = Field(description="When you said so.")
    counts_until: datetime = Field(description="Until then it counts; say it again before.")


class Spare(Schema):
    """What you have to spare under one contract."""

    id: str = Field(description="The reference of your place in the contract.")
    council: str = Field(description="The council.")
    model: str = Field(description="Its published way of buying.")
    binding: bool = Field(description="Whether the council may call these minutes off without asking first.")
    pools: list[Pool] = Field(description="The minutes, pool by pool.")
    model_config = example(
        {
            "id": "4NCR7VDPX2KH",
            "council": "Eastmoor Council",
            "model": "Care at home framework",
            "binding": False,
            "pools": [
                {
                    "number": 0,
                    "name": "All areas of your contract, any time of day",
                    "minutes_per_week": 1440,
                    "declared_at": "2026-11-23T09:00:00Z",
                    "counts_until": "2026-12-07T09:00:00Z",
                }
            ],
        }
    )


class Spares(Schema):
    """Every contract of your branch that has minutes to declare."""

    items: list[Spare] = Field(description="The contracts.")


class PoolDeclared(Schema):
    """Minutes that are free now."""

    number: int = Field(ge=0, le=1000, description="The number of the pool.")
    minutes_per_week: int = Field(
        ge=0, le=MOST_MINUTES, description="Minutes that are free, beside what is called off or offered."
    )
    model_config = sent({"number": 0, "minutes_per_week": 1200})


class Declaration(Schema):
    """What is free now. A pool that is not named stays as it was."""

    pools: list[PoolDeclared] = Field(min_length=1, max_length=100, description="The pools.")
    model_config = sent({"pools": [{"number": 0, "minutes_per_week": 1200}]})


# Packages


class CalledOff(Schema):
    """A package called off to you. Whom it is for is read in the portal, where each look is noted."""

    id: str = Field(description="The reference of the call-off.")
    package: str = Field(description="The council's reference of the package.")
    council: str = Field(description="The council.")
    invitation: str | None = Field(description="The invitation that led to it.")
    called_off_at: datetime = Field(description="When it was confirmed.")
    minutes_per_week: int = Field(description="Minutes of care workers in an ordinary week.")
    pence_per_week: int | None = Field(description="The price of an ordinary week, in pence.")
    start_on: date = Field(description="The day from which care is wanted.")
    first_visit_on: date | None = Field(description="The day of the first visit, once it was entered.")
    last_day_on: date | None = Field(description="The last day, once the care ends.")
    delivered_by: str | None = Field(description="Your subcontractor who delivers it.")
    model_config = example(
        {
            "id": "QX3M8VKD27PT",
            "package": "P-7K2MQX",
            "council": "Eastmoor Council",
            "invitation": "9W94NVJS375W",
            "called_off_at": "2026-11-26T11:02:40Z",
            "minutes_per_week": 60,
            "pence_per_week": 1552,
            "start_on": "2026-11-30",
            "first_visit_on": None,
            "last_day_on": None,
            "delivered_by": None,
        }
    )


class CalledOffs(Schema):
    """Packages called off to your branch, the latest first."""

    items: list[CalledOff] = Field(description="The packages.")
    next: str | None = Field(description="The cursor of the next page; null on the last.")


# Delivered visits

Cell = Annotated[str, Field(max_length=200), AfterValidator(_without_control)]


class VisitTold(Schema):
    """One care worker's stretch in a home, as a row of visits.csv has it."""

    row: Cell | None = Field(None, description="Your own name of the row, the same whenever it is sent.")
    version: Cell = Field(description="When the row was last changed: a moment with its offset.")
    contract: Cell = Field(description="The council's reference of the contract.")
    person: Cell = Field(description="The council's reference of the person or the package.")
    worker: Cell = Field(description="Your own reference of the care worker; no name.")
    came: Cell = Field(description="When the worker came: a local time, or a moment with its offset.")
    left: Cell | None = Field(None, description="When the worker left; null where nobody logged it.")
    visit: Cell | None = Field(None, description="The planned visit, where you know it.")
    met: Cell | None = Field(None, description="What the worker met: let_in, no_access or in_hospital.")
    came_by: Cell | None = Field(None, description="How the coming was logged: app, tag, landline or manual.")
    left_by: Cell | None = Field(None, description="How the leaving was logged: app, tag, landline or manual.")
    code: Cell | None = Field(None, description="The council's exception code; needed beside manual.")
    model_config = sent(
        {
            "row": "V-100045",
            "version": "2026-03-02T21:00Z",
            "contract": "E-PV001",
            "person": "P-3F9C1A",
            "worker": "W17",
            "came": "2026-03-02T08:01:30Z",
            "left": "2026-03-02T08:31:10Z",
        }
    )


class VisitsTotal(Schema):
    """What the rows come to, so that a file that was cut off is told from a whole one."""

    rows: int = Field(ge=0, le=MOST_VISITS, description="How many rows there are.")
    minutes: int = Field(ge=0, description="The sum of their minutes, each rounded to whole minutes.")
    model_config = sent({"rows": 1, "minutes": 30})


class VisitsTold(Schema):
    """Delivered visits for one council, all taken or none."""

    council: str = Field(max_length=80, description="The council's code, as your contracts name it.")
    mode: Literal["add", "replace"] = Field("add", description="Whether the rows are all of their contracts' weeks.")
    rows: list[VisitTold] = Field(min_length=1, max_length=MOST_VISITS, description="The visits.")
    total: VisitsTotal = Field(description="What the rows come to.")
    model_config = sent(
        {
            "council": "testshire",
            "rows": [
                {
                    "row": "V-100045",
                    "version": "2026-03-02T21:00Z",
                    "contract": "E-PV001",
                    "person": "P-3F9C1A",
                    "worker": "W17",
                    "came": "2026-03-02T08:01:30Z",
                    "left": "2026-03-02T08:31:10Z",
                }
            ],
            "total": {"rows": 1, "minutes": 30},
        }
    )


class ParkedVisit(Schema):
    """A row that was taken and fits nothing yet; somebody of the council looks at it."""

    row: str = Field(description="Your own name of the row, blank where it has none.")
    why: Literal["unknown_contract", "unknown_person"] = Field(description="What it does not fit.")


class VisitsReceipt(Schema):
    """That the council has your visits, or why it took none of them."""

    receipt: str = Field(description="The receipt: keep it.")
    council: str = Field(description="The council.")
    state: Literal["accepted", "refused"] = Field(description="Whether they were taken.")
    mode: Literal["add", "replace"] = Field(description="What they were sent as.")
    received_at: datetime = Field(description="When the council had them, by its own clock.")
    rows: int = Field(description="How many rows there were; 0 where they were refused.")
    new_rows: int = Field(description="How many of them are new.")
    known_rows: int = Field(description="How many of them were known already.")
    parked: list[ParkedVisit] = Field(description="Those that fit nothing yet, the first 500.")
    problems: list[str] = Field(description="What was wrong, the first 500.")
    model_config = example(
        {
            "receipt": "R7QM2X4VWT93",
            "council": "Testshire Council",
            "state": "accepted",
            "mode": "add",
            "received_at": "2026-03-03T06:00:00Z",
            "rows": 1,
            "new_rows": 1,
            "known_rows": 0,
            "parked": [],
            "problems": [],
        }
    )
