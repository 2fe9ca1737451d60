"""
An invitation as the provider that was asked sees it: only what DOMAIN 10.2 lets anybody see before a call-off.

No reference of the council, no name, no age but its band, no priority, no rank, and nobody else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from calloff.documents.wording import say
from calloff.domain.calendar import local
from calloff.domain.history import Invited, Offered
from calloff.domain.packages import Band, Visit
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.records import revive
from calloff.domain.units import half_up
from calloff.web.brokerage.models import Invitation, Offer, PackageVersion
from calloff.web.brokerage.services.desk import facts_of, history_of
from calloff.web.brokerage.services.explaining import COPY_KEPT, not_selected, standing_offer
from calloff.web.brokerage.services.letters import spoken
from calloff.web.config.look import words
from calloff.web.contracts.models import Enrolment
from calloff.web.contracts.services.market import document_of
from calloff.web.provider_portal.services.scope import Scope

NEEDS_ANSWER, ANSWERED, NOT_SELECTED, CALLED_OFF, CLOSED = "open", "answered", "not_selected", "called_off", "closed"
ESSENTIAL_RISKS = ("delegated_health", "behaviour_support", "end_of_life")
"""Of what makes care complex, what a care worker must be ready for; who pays and what failed before is left out."""
AGE_BANDS = {"18-64": "18-64", "65-74": "65-84", "75-84": "65-84", "85+": "85+"}
"""The three bands of DOMAIN 10.2."""


@dataclass(frozen=True)
class Asked:
    """
    What is asked, as it may be read before a call-off. Money is None for whoever sees no prices.

    `people` is how many packages are asked for together, all or none. `need_codes` and `risk_codes` are `needs` and
    `risks` for programs, in the same order.
    """

    visits: tuple[Visit, ...]
    numbers: tuple[int, ...]
    area: str
    age_band: str
    needs: tuple[str, ...]
    risks: tuple[str, ...]
    start_on: date
    pence_per_week: int | None
    centipence_per_hour: int | None
    people: int = 1
    need_codes: tuple[str, ...] = ()
    risk_codes: tuple[str, ...] = ()

    @property
    def minutes(self) -> int:
        return sum(visit.worker_minutes for visit in self.visits)

    @property
    def workers(self) -> int:
        return max((visit.workers for visit in self.visits), default=1)

    @property
    def when(self) -> str:
        """ "mornings and bedtimes"."""
        names = {
            Band.MORNING: _("mornings"),
            Band.LUNCH: _("lunchtimes"),
            Band.TEA: _("teatimes"),
            Band.BED: _("bedtimes"),
            Band.NIGHT: _("nights"),
        }
        told = [names[band] for band in sorted({visit.band for visit in self.visits})]
        if len(told) < 2:
            return "".join(told)
        return _("%(first)s and %(last)s") % {"first": ", ".join(told[:-1]), "last": told[-1]}

    @property
    def skills(self) -> str:
        return ", ".join([*self.needs, *self.risks])


@dataclass(frozen=True)
class Card:
    """One invitation on the screen: how it stands for its provider, and what is asked where that may be read."""

    invitation: Invitation
    status: str
    asked: Asked | None
    standing: Offer | None
    changeable: bool
    at: datetime

    @property
    def due(self) -> str:
        """By when, as people say it: "10:30 today"."""
        deadline = self.invitation.deadline_at
        return f"{words.clock(deadline)} {words.day(day_of(deadline), day_of(self.at))}"

    @property
    def reference(self) -> str:
        return spoken(self.invitation.token)


def status_of(invitation: Invitation, standing: Offer | None, at: datetime) -> str:
    """How an invitation stands for its provider; whoever declined or was silent is told `closed` and no more."""
    if invitation.state == Invitation.CALLED_OFF:
        return CALLED_OFF
    if not_selected(invitation, standing):
        return NOT_SELECTED
    if invitation.state not in Invitation.LIVE:
        return CLOSED
    in_time = at <= invitation.deadline_at
    answered = standing is not None and (invitation.sealed or invitation.state != Invitation.OPEN)
    if in_time:
        return ANSWERED if answered else NEEDS_ANSWER
    return ANSWERED if answered and standing is not None and standing.answer != "decline" else CLOSED


def may_answer(invitation: Invitation, at: datetime) -> bool:
    """Whether an answer would be taken now, the first or another one."""
    return invitation.state in Invitation.LIVE and at <= invitation.deadline_at


def readable(invitation: Invitation, status: str, at: datetime) -> bool:
    """Whether the provider may still read what was asked: while it lives, and 30 days after it was not selected."""
    if status in (NEEDS_ANSWER, ANSWERED):
        return True
    ended_at = invitation.settled_at or invitation.deadline_at
    return status == NOT_SELECTED and at <= ended_at + COPY_KEPT


def asked_of(invitation: Invitation, facts: KernelPackage, *, prices: bool) -> Asked:
    """What an invitation asks, of the facts of its package's version."""
    numbers = tuple(json.loads(invitation.visits))
    visits = tuple(facts.visits[number] for number in numbers)
    minutes = sum(visit.worker_minutes for visit in visits)
    pence = invitation.pence_per_week if prices else None
    return Asked(
        visits=visits,
        numbers=numbers,
        area=invitation.area_shown,
        age_band=say("age_groups", "85+") if facts.age_group == "85+" else AGE_BANDS[facts.age_group].replace("-", "–"),
        needs=tuple(say("capabilities", one) for one in sorted(facts.needs)),
        risks=tuple(say("complexity", one) for one in ESSENTIAL_RISKS if one in facts.complexity),
        start_on=facts.required_start_on,
        pence_per_week=pence,
        centipence_per_hour=None if pence is None or not minutes else half_up(pence * 100 * 60, minutes),
        people=len(facts.lot_of) or 1,
        need_codes=tuple(sorted(facts.needs)),
        risk_codes=tuple(one for one in ESSENTIAL_RISKS if one in facts.complexity),
    )


def card_of(invitation: Invitation, at: datetime, *, prices: bool) -> Card:
    """One invitation with what may be read of it."""
    standing = standing_offer(invitation.offers.all(), invitation.deadline_at)
    status = status_of(invitation, standing, at)
    asked = None
    if readable(invitation, status, at):
        asked = asked_of(invitation, facts_of(invitation.package, invitation.version), prices=prices)
    return Card(invitation, status, asked, standing, may_answer(invitation, at), at)


def cards_of(invitations: Sequence[Invitation], at: datetime, scope: Scope) -> list[Card]:
    """Several invitations at once, with so many questions for one as for a hundred."""
    facts = {
        (row.package_id, row.number): row.facts
        for row in PackageVersion.objects.filter(package__in={one.package_id for one in invitations})
    }
    cards = []
    for one in invitations:
        standing = standing_offer(one.offers.all(), one.deadline_at)
        status, asked = status_of(one, standing, at), None
        if readable(one, status, at):
            kernel: KernelPackage = revive(KernelPackage, json.loads(facts[one.package_id, one.version]))
            asked = asked_of(one, kernel, prices=scope.sees_prices(one.branch_id))
        cards.append(Card(one, status, asked, standing, may_answer(one, at), at))
    return cards


def living(scope: Scope, at: datetime) -> list[Card]:
    """What needs an answer, the first deadline first, then what was answered."""
    rows = (
        scope.invitations()
        .filter(state__in=Invitation.LIVE)
        .prefetch_related("offers")
        .order_by("deadline_at", "token")
    )
    cards = cards_of(list(rows), at, scope)
    return [one for one in cards if one.status in (NEEDS_ANSWER, ANSWERED)]


def next_open(scope: Scope, at: datetime, but: Invitation) -> Invitation | None:
    """The next invitation that needs an answer."""
    cards = [one for one in living(scope, at) if one.status == NEEDS_ANSWER and one.invitation.pk != but.pk]
    return cards[0].invitation if cards else None


@dataclass(frozen=True)
class Terms:
    """What the published model lets an answer to this invitation be."""

    parts: bool
    moving: bool
    bids: bool
    subcontractors: tuple[tuple[str, str, str], ...] = ()
    """Of whom the answer must name one: token, reference and name."""


def terms_of(invitation: Invitation) -> Terms:
    """Parts, other times and prices as the model in force for the package takes them."""
    version = invitation.package.model_version
    if version is None:
        return Terms(parts=False, moving=False, bids=False)
    model = document_of(version).model
    return Terms(
        parts=model.splitting is not None and not invitation.sealed and not invitation.package.is_lot,
        moving=model.other_times == "same_band",
        bids=invitation.sealed,
        subcontractors=subcontractors(invitation),
    )


def subcontractors(invitation: Invitation) -> tuple[tuple[str, str, str], ...]:
    """The approved subcontractors of whom the answer must name one: token, reference, name of the branch."""
    own = [
        event
        for event in history_of(invitation.package)
        if isinstance(event, Invited) and event.enrolment == invitation.enrolment.reference
    ]
    if not own or not own[-1].subcontractors:
        return ()
    rows = Enrolment.objects.filter(council=invitation.council_id, reference__in=own[-1].subcontractors)
    found = rows.values_list("token", "reference", "branch__name")
    return tuple(sorted(found, key=lambda one: (one[2], one[0])))


def said_in(offer: Offer) -> Offered:
    """An answer as the kernel reads it."""
    offered: Offered = revive(Offered, json.loads(offer.facts))
    return offered


def offered_minutes(offer: Offer, asked_minutes: int) -> int:
    """The worker minutes a week that an answer offers: all that was asked where it names no visits."""
    visits = said_in(offer).visits
    return sum(visit.worker_minutes for visit in visits) if visits else asked_minutes


def heard_by_council(offers: Iterable[Offer]) -> list[Offer]:
    """The answers that the council recorded for the provider."""
    return [one for one in offers if one.channel not in ("portal", "api")]


def day_of(at: datetime) -> date:
    """The day of a moment in London."""
    return local(at).date()
