"""An invitation, a call-off and spare minutes as a program reads them: what the portal shows, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from calloff.domain.calendar import moment_text
from calloff.domain.packages import Visit
from calloff.web.brokerage.models import CallOff
from calloff.web.provider_portal.services.asked import Asked, Card, Terms, said_in
from calloff.web.provider_portal.services.spare import SpareTold

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def clock_of(minute: int) -> str:
    """Minutes after midnight as `07:30`."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def visit_shown(visit: Visit) -> dict[str, Any]:
    """One visit of a week."""
    return {
        "day": DAYS[visit.day],
        "start": clock_of(visit.start_minute),
        "minutes": visit.minutes,
        "workers": visit.workers,
        "time_critical": visit.critical,
    }


def invitation_shown(card: Card) -> dict[str, Any]:
    """All that a branch may see of an invitation; `card` has left out already what it may not."""
    one = card.invitation
    return {
        "id": one.token,
        "council": one.council.name,
        "status": "needs_answer" if card.status == "open" else card.status,
        "sealed": one.sealed,
        "sent_at": moment_text(one.sent_at),
        "deadline_at": moment_text(one.deadline_at),
        "asked": None if card.asked is None else asked_shown(card.asked),
        "answer": None if card.asked is None else answer_shown(card),
    }


def asked_shown(asked: Asked) -> dict[str, Any]:
    """What is asked, before any call-off."""
    return {
        "area": asked.area,
        "people": asked.people,
        "age_band": asked.age_band,
        "minutes_per_week": asked.minutes,
        "visits": [
            {"number": number, **visit_shown(visit)} for number, visit in zip(asked.numbers, asked.visits, strict=True)
        ],
        "needs": [_named(*one) for one in zip(asked.need_codes, asked.needs, strict=True)],
        "risks": [_named(*one) for one in zip(asked.risk_codes, asked.risks, strict=True)],
        "start_on": asked.start_on.isoformat(),
        "pence_per_week": asked.pence_per_week,
        "centipence_per_hour": asked.centipence_per_hour,
    }


def _named(code: str, name: str) -> dict[str, str]:
    return {"code": code, "name": str(name)}


def answer_shown(card: Card) -> dict[str, Any] | None:
    """The branch's own answer that stands."""
    offer = card.standing
    if offer is None:
        return None
    said = said_in(offer)
    return {
        "receipt": offer.receipt,
        "answer": offer.answer,
        "reason": offer.reason or None,
        "visits": [visit_shown(visit) for visit in said.visits],
        "start_on": said.start_on.isoformat() if said.start_on else None,
        "centipence_per_hour": said.centipence_per_hour or None,
        "received_at": moment_text(offer.received_at),
        "recorded_by_council": offer.channel not in ("portal", "api"),
    }


def terms_shown(terms: Terms) -> dict[str, Any]:
    """What an answer to an invitation may be."""
    return {
        "some_visits": terms.parts,
        "other_times": terms.moving,
        "own_price": terms.bids,
        "subcontractors": [{"id": token, "name": name} for token, _reference, name in terms.subcontractors],
    }


def call_off_shown(one: CallOff, *, prices: bool) -> dict[str, Any]:
    """What was called off, without who it is for: a list names nobody."""

    def day(on: date | None) -> str | None:
        return on.isoformat() if on else None

    return {
        "id": one.token,
        "package": one.package.reference,
        "council": one.council.name,
        "invitation": one.invitation.token if one.invitation else None,
        "called_off_at": moment_text(one.confirmed_at),
        "minutes_per_week": one.minutes_per_week,
        "pence_per_week": one.pence_per_week if prices else None,
        "start_on": day(one.start_on or one.package.required_start_on),
        "first_visit_on": day(one.first_visit_on),
        "last_day_on": day(one.ended_on),
        "delivered_by": one.delivered_by.branch.name if one.delivered_by else None,
    }


def spare_shown(told: Sequence[SpareTold]) -> list[dict[str, Any]]:
    """What a branch has said it has to spare."""
    return [
        {
            "id": one.enrolment.token,
            "council": one.enrolment.council.name,
            "model": one.model,
            "binding": one.binding,
            "pools": [
                {
                    "number": pool.number,
                    "name": str(pool.name),
                    "minutes_per_week": pool.spare,
                    "declared_at": moment_text(pool.declared_at),
                    "counts_until": moment_text(pool.stale_at),
                }
                for pool in one.pools
            ],
        }
        for one in told
    ]
