"""Invitations: those that need an answer, one of them, the answer, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from calloff.domain.units import half_up
from calloff.web.accounts.views import SignedIn, allowed
from calloff.web.brokerage.forms.words import CHANNELS, DECLINE_REASONS
from calloff.web.brokerage.models import CallOff, Invitation, Offer
from calloff.web.brokerage.services.answering import answer_invitation
from calloff.web.brokerage.services.answering import dispute as dispute_answer
from calloff.web.brokerage.services.explaining import COPY_KEPT, why_not_selected
from calloff.web.config.look import words
from calloff.web.config.look.exports import Value
from calloff.web.config.look.lists import Paging
from calloff.web.config.look.parts import Fact
from calloff.web.config.look.week import Week
from calloff.web.contracts.views.pages import as_file
from calloff.web.provider_portal.forms.answering import AnswerForm, DisputeForm
from calloff.web.provider_portal.services import asked as told
from calloff.web.provider_portal.services.scope import Scope, scope
from calloff.web.provider_portal.services.telling import messages_in, thread_of
from calloff.web.provider_portal.views.page import READ_OR_SEND, branch_tabs, carried_out, done, show

ANSWER = "portal_answer"


def _own(request: SignedIn, token: str) -> tuple[Invitation, Scope]:
    """The invitation of this address, if it was sent to a branch of theirs; anything else is not found."""
    mine = scope(request, ANSWER)
    rows = mine.invitations().prefetch_related("offers__recorded_by__identity")
    return get_object_or_404(rows, token=token), mine


@allowed(ANSWER)
@require_safe
def home(request: SignedIn) -> HttpResponseBase:
    """What needs an answer, first; then what was answered, then what is closed."""
    now, every = timezone.now(), scope(request, ANSWER)
    chosen = request.GET.get("branch", "")
    mine = every.narrowed(chosen)
    cards = told.living(mine, now)
    if file := as_file(request, "invitations", *_in_file(lambda: [*cards, *_closed(mine, now)], mine, now)):
        return file
    query = f"?branch={chosen}" if mine.branches != every.branches else "?"
    context = {
        "query": query,
        "waiting": [one for one in cards if one.status == told.NEEDS_ANSWER],
        "answered": [_answered(one, now) for one in cards if one.status == told.ANSWERED],
        "decided": _closed(mine, now, slice(0, 10)),
        "more": _closed_rows(mine, now).count() > 10,
        "tabs": branch_tabs(every, chosen, reverse("portal_invitations")),
        "several": len(every.branches) > 1,
    }
    return show(request, "home", context)


@allowed(ANSWER)
@require_safe
def closed(request: SignedIn) -> HttpResponseBase:
    """Every invitation that is closed or decided."""
    now, every = timezone.now(), scope(request, ANSWER)
    chosen = request.GET.get("branch", "")
    mine = every.narrowed(chosen)
    if file := as_file(request, "closed-invitations", *_in_file(lambda: _closed(mine, now), mine, now)):
        return file
    query = f"?branch={chosen}" if mine.branches != every.branches else "?"
    paging = Paging.asked_for(request.GET.get("page"), _closed_rows(mine, now).count(), query)
    context = {
        "decided": _closed(mine, now, paging.rows),
        "paging": paging,
        "query": query,
        "tabs": branch_tabs(every, chosen, reverse("portal_closed")),
        "several": len(every.branches) > 1,
    }
    return show(request, "closed", context)


def _closed_rows(mine: Scope, now: datetime) -> Any:
    """Those that nobody can answer any more, the latest sent first: their order tells nothing of anybody else."""
    over = ~Q(state__in=Invitation.LIVE) | Q(state=Invitation.OPEN, deadline_at__lt=now)
    return mine.invitations().filter(over).order_by("-sent_at", "token")


def _closed(mine: Scope, now: datetime, rows: slice = slice(None)) -> list[told.Card]:
    found = list(_closed_rows(mine, now).prefetch_related("offers")[rows])
    return [one for one in told.cards_of(found, now, mine) if one.status not in (told.NEEDS_ANSWER, told.ANSWERED)]


STATES = {
    told.NEEDS_ANSWER: gettext_lazy("needs an answer"),
    told.ANSWERED: gettext_lazy("answered"),
    told.NOT_SELECTED: gettext_lazy("not selected"),
    told.CALLED_OFF: gettext_lazy("called off to you"),
    told.CLOSED: gettext_lazy("closed"),
}
"""How an invitation stands, in the words of its page."""


def _in_file(
    cards: Callable[[], Sequence[told.Card]], mine: Scope, now: datetime
) -> tuple[list[str], Callable[[], Iterator[list[Value]]]]:
    """Invitations as columns and rows of a file: what the pages show, and no more of those that are closed."""
    columns = [_("Reference"), _("Council"), _("Branch"), _("State"), _("Sent"), _("Answer by"), _("Area")]
    columns += [_("Hours a week"), _("When"), _("Skills"), _("Begins")]
    columns += [_("Price a week in pounds")] if mine.priced else []

    def rows() -> Iterator[list[Value]]:
        for card in cards():
            one, asked = card.invitation, card.asked
            pence = asked.pence_per_week if asked else None
            yield [
                card.reference,
                one.council.name,
                one.branch.name,
                str(STATES[card.status]),
                one.sent_at,
                one.deadline_at,
                asked.area if asked else "",
                half_up(asked.minutes, 6) / 10 if asked else None,
                asked.when if asked else "",
                asked.skills if asked else "",
                asked.start_on if asked else None,
                *([None if pence is None else pence / 100] if mine.priced else []),
                said_words(card, now),
            ]

    return [*columns, _("What you answered")], rows


def _answered(card: told.Card, now: datetime) -> dict[str, Any]:
    """An invitation that was answered, with what was said in a sentence."""
    return {"card": card, "said": said_words(card, now)}


def said_words(card: told.Card, now: datetime) -> str:
    """What the standing answer says: "You offered all 17.5 hours a week, to begin on Monday 30 November"."""
    standing, asked = card.standing, card.asked
    if standing is None or asked is None:
        return ""
    if standing.answer == "decline":
        return _("You said no: %(reason)s.") % {"reason": _reason(standing)}
    said = told.said_in(standing)
    minutes = told.offered_minutes(standing, asked.minutes)
    start = words.day(said.start_on or asked.start_on, told.day_of(now))
    figures = {"hours": words.hours(minutes), "all": words.hours(asked.minutes), "start": start}
    if minutes < asked.minutes:
        return _("You offered %(hours)s of %(all)s hours a week, to begin on %(start)s.") % figures
    if said.visits:
        return _("You offered all %(all)s hours a week, some at other times, to begin on %(start)s.") % figures
    return _("You offered all %(all)s hours a week, to begin on %(start)s.") % figures


def _reason(offer: Offer) -> str:
    reason = str(DECLINE_REASONS.get(offer.reason, offer.reason)).split("\n")[0]
    return reason[:1].lower() + reason[1:]


@allowed(ANSWER)
@require_safe
def invitation(request: SignedIn, token: str) -> HttpResponse:
    """One invitation as it stands for its provider; closed ones say so and nothing else."""
    one, mine = _own(request, token)
    now = timezone.now()
    prices = mine.sees_prices(one.branch_id)
    card = told.card_of(one, now, prices=prices)
    context: dict[str, Any] = {
        "card": card,
        "heard": [] if card.status == told.NEEDS_ANSWER else _heard(one, now),
    }
    if card.status == told.CLOSED:
        return show(request, "invitation_closed", context)
    if card.status == told.CALLED_OFF:
        placed = CallOff.objects.filter(invitation=one, branch__in=mine.branches).first()
        return show(request, "invitation_called_off", {**context, "placed": placed})
    if card.status == told.NOT_SELECTED:
        return _lost(request, card, context, prices)
    thread = thread_of(mine, token, now)
    context |= {
        "facts": _facts(card, now, prices),
        "week": Week(card.asked.visits, card.reference) if card.asked else None,
        "said": said_words(card, now),
        "answers": _answers(one, now),
        "heard": _heard(one, now),
        "talk": messages_in(thread)[:3] if thread else [],
    }
    return show(request, "invitation", context)


def _lost(request: SignedIn, card: told.Card, context: dict[str, Any], prices: bool) -> HttpResponse:
    """What was offered and was not selected: the rule, one's own figures, what decided."""
    why = why_not_selected(card.invitation)
    figures = [] if why is None else [*why.offered, *why.inputs, *(why.priced if prices else ())]
    context |= {
        "why": why,
        "figures": [Fact(name, value) for name, value in figures],
        "week": Week(card.asked.visits, card.reference) if card.asked else None,
        "until": (card.invitation.settled_at or card.invitation.deadline_at) + COPY_KEPT,
        "facts": _facts(card, timezone.now(), prices) if card.asked else [],
    }
    return show(request, "invitation_lost", context)


def _facts(card: told.Card, now: datetime, prices: bool) -> list[Fact]:
    """What is asked, line by line."""
    asked = card.asked
    if asked is None:
        return []
    together = _("%(count)d people near one another, all or none") % {"count": asked.people}
    facts = [
        *([Fact(_("For"), together)] if asked.people > 1 else []),
        Fact(_("Area"), asked.area),
        Fact(_("Care"), _("%(hours)s hours a week") % {"hours": words.hours(asked.minutes)}),
        Fact(_("When"), asked.when[:1].upper() + asked.when[1:]),
        Fact(_("Care workers"), _("two at once") if asked.workers > 1 else _("one")),
        Fact(_("Age"), asked.age_band),
        Fact(_("Skills"), ", ".join(asked.needs) or _("none beyond the visits")),
    ]
    if asked.risks:
        facts.append(Fact(_("Also"), ", ".join(asked.risks)))
    facts.append(Fact(_("Begins"), words.day(asked.start_on, told.day_of(now))))
    if prices and asked.pence_per_week is not None and asked.centipence_per_hour is not None:
        price = _("%(week)s a week, %(hour)s an hour") % {
            "week": words.money(asked.pence_per_week),
            "hour": words.rate(asked.centipence_per_hour),
        }
        facts.append(Fact(_("Your price"), price))
    return [*facts, Fact(_("Reference"), card.reference)]


def _answers(one: Invitation, now: datetime) -> list[dict[str, str]]:
    """Every answer of the branch's own people, the one that stands first, with who gave it."""
    offers = [offer for offer in one.offers.all() if offer.channel in ("portal", "api")]
    return [
        {
            "what": _kind(offer),
            "who": offer.recorded_by.identity.name if offer.recorded_by else _("your own system"),
            "when": words.moment(offer.received_at, now),
            "receipt": offer.receipt,
        }
        for offer in sorted(offers, key=lambda offer: -offer.pk)
    ]


def _kind(offer: Offer) -> str:
    if offer.answer == "decline":
        return _("No: %(reason)s") % {"reason": _reason(offer)}
    return _("All of it") if offer.answer == "accept" else _("Some of it, or other times")


def _heard(one: Invitation, now: datetime) -> list[dict[str, Any]]:
    """What the council recorded for the branch, in whose words, and whether it was disputed."""
    return [
        {
            "what": _kind(offer),
            "how": CHANNELS[offer.channel],
            "who": offer.answered_by,
            "words": offer.words,
            "when": words.moment(offer.received_at, now),
            "receipt": offer.receipt,
            "dispute": offer.dispute,
        }
        for offer in told.heard_by_council(one.offers.all())
    ]


@allowed(ANSWER)
@require_http_methods(READ_OR_SEND)
def answer(request: SignedIn, token: str) -> HttpResponse:
    """The one form of an answer."""
    one, mine = _own(request, token)
    now = timezone.now()
    prices = mine.sees_prices(one.branch_id)
    card = told.card_of(one, now, prices=prices)
    if not card.changeable or card.asked is None:
        if request.method == "POST":
            closed_words = _("This invitation closed at %(deadline)s. Nothing was sent.")
            late = now > one.deadline_at
            text = closed_words % {"deadline": words.moment(one.deadline_at, now)}
            messages.error(request, text if late else _("This invitation is closed. Nothing was sent."))
        return redirect("portal_invitation", token)
    form = AnswerForm(
        request.POST or None,
        asked=card.asked,
        terms=told.terms_of(one),
        prices=prices,
        today=told.day_of(now),
    )
    context: dict[str, Any] = {
        "card": card,
        "form": form,
        "answers": _answers(one, now) + _heard(one, now),
    }

    def carry_out(at: datetime) -> None:
        answer_invitation(invitation=one, answer=form.said(), by=request.user, at=at)

    if carried_out(request, form, carry_out, context, text_field="message"):
        return redirect("portal_thanks", token)
    return show(request, "answer", context)


@allowed(ANSWER)
@require_safe
def thanks(request: SignedIn, token: str) -> HttpResponse:
    """The receipt of the answer that stands, and the way to the next invitation."""
    one, mine = _own(request, token)
    now = timezone.now()
    offers = sorted(one.offers.all(), key=lambda offer: offer.pk)
    if not offers:
        return redirect("portal_invitation", token)
    card = told.card_of(one, now, prices=mine.sees_prices(one.branch_id))
    said = said_words(card, now) if offers[-1] == card.standing and card.asked else ""
    if not said and offers[-1].answer == "decline":
        said = _("You said no: %(reason)s.") % {"reason": _reason(offers[-1])}
    context = {"card": card, "receipt": offers[-1].receipt, "said": said, "next": told.next_open(mine, now, one)}
    return show(request, "thanks", context)


@allowed(ANSWER)
@require_http_methods(READ_OR_SEND)
def dispute(request: SignedIn, token: str, receipt: str) -> HttpResponse:
    """Say that what the council recorded is not what was answered."""
    one, _mine = _own(request, token)
    offer = next((each for each in told.heard_by_council(one.offers.all()) if each.receipt == receipt), None)
    if offer is None or offer.disputed_at is not None:
        raise Http404
    form = DisputeForm(request.POST or None)
    context: dict[str, Any] = {"form": form, "token": token, "recorded": _heard_one(offer), "now": timezone.now()}

    def carry_out(at: datetime) -> None:
        dispute_answer(offer=offer, words=form.cleaned_data["words"], by=request.user, at=at)

    if carried_out(request, form, carry_out, context):
        return done(request, _("The council is told that you dispute it."), "portal_invitation", token)
    return show(request, "dispute", context)


def _heard_one(offer: Offer) -> str:
    how = str(CHANNELS[offer.channel])
    return _("%(what)s, %(how)s, said by %(who)s") % {"what": _kind(offer), "how": how, "who": offer.answered_by}
