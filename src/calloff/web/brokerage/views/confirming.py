"""The call-off on one page that reads as a sentence; above the approved price, who can raise it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from calloff.documents.wording import listed
from calloff.domain.calendar import local, to_utc
from calloff.domain.decisions import CallOff, Part
from calloff.domain.errors import CalloffError
from calloff.domain.packages import Visit
from calloff.domain.units import half_up, pence_per_week
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.audit.services import whole_second
from calloff.web.brokerage.forms.package import PriceForm
from calloff.web.brokerage.models import Package
from calloff.web.brokerage.services.asking import Place, who_is_asked
from calloff.web.brokerage.services.confirming import (
    Proposal,
    approve_price,
    ask_to_approve,
    confirm_call_off,
    proposal,
)
from calloff.web.brokerage.services.limits import limit_for, who_may_approve
from calloff.web.brokerage.services.next_case import next_case
from calloff.web.brokerage.services.refusals import AlreadyCalledOffError, DecisionChangedError
from calloff.web.brokerage.views.acts import READ_OR_SEND, form_page, press
from calloff.web.brokerage.views.package import heading, look_at, note_look, package_of
from calloff.web.config.look import words

GONE_BY = ("declined", "expired", "ended")


@dataclass(frozen=True)
class Told:
    """One part of a call-off as a sentence, and why it is this provider."""

    sentence: str
    why: str


@allowed("confirm_call_off")
@require_http_methods(READ_OR_SEND)
def confirm(request: SignedIn, token: str) -> HttpResponse:
    """Show the call-off that the model proposes, or confirm the one that was shown."""
    package = package_of(request, token)
    now, changed = timezone.now(), ""
    if request.method == "POST":
        try:
            confirm_call_off(package=package, shown=request.POST.get("decision", ""), by=request.user, at=now)
        except AlreadyCalledOffError as refused:
            messages.error(request, str(refused))
            return redirect("package", package.token)
        except DecisionChangedError as refused:
            changed = str(refused)
        except CalloffError as refused:
            messages.error(request, str(refused))
            return redirect("package_confirm", package.token)
        else:
            return _to_next_case(request, package, now)
    shown = proposal(package, whole_second(now))
    if shown is None:
        messages.error(request, changed or _("Nothing waits to be called off for this package now."))
        return redirect("package", package.token)
    return render(request, "brokerage/package_confirm.html", _confirm_page(request, package, shown, changed, now))


def _to_next_case(request: SignedIn, package: Package, now: datetime) -> HttpResponse:
    """After a call-off the next case of one's own queue opens, else the queue."""
    done = _("Package %(reference)s is called off.") % {"reference": package.reference}
    following = next_case(council_id=request.council_id, owner=request.user, besides=package, at=now)
    if following is None:
        messages.success(request, _("%(done)s Nothing else of yours needs you now.") % {"done": done})
        return redirect(queue_address() or reverse("package", args=(package.token,)))
    messages.success(request, _("%(done)s This is your next case.") % {"done": done})
    return redirect("package", following.token)


def queue_address() -> str:
    """Where the queue is."""
    try:
        return reverse("queue")
    except NoReverseMatch:
        return ""


def _confirm_page(request: SignedIn, package: Package, shown: Proposal, changed: str, now: datetime) -> dict[str, Any]:
    may = permissions_at(request)
    note_look(request, package, may, now)
    decision = shown.decision
    parts = decision.parts if isinstance(decision, CallOff) else ()
    able = []
    total = _total(package, parts)
    if shown.above_ceiling:
        able = [
            (user.identity.name, limit) for user, limit in who_may_approve(package.council, total, local(now).date())
        ]
    return {
        **heading(look_at(package, now), may),
        "told": sentences(shown, parts, "see_prices" in may),
        "shown": shown,
        "changed": changed,
        "able": able,
        "total": total,
        "now": now,
    }


def _total(package: Package, parts: tuple[Part, ...]) -> int:
    """What the package would cost a week with these parts, in pence."""
    live = package.call_offs.filter(version=package.version, ended_on__isnull=True)
    return sum(live.values_list("pence_per_week", flat=True)) + sum(pence_per_week(part.cost) for part in parts)


def sentences(shown: Proposal, parts: tuple[Part, ...], prices: bool) -> list[Told]:
    """The call-off as sentences, one for each provider."""
    asking = who_is_asked(shown.desk, (), prices=prices)
    places = {place.token: (place, step.places) for step in asking.steps for place in step.places}
    told = []
    for part in parts:
        row = shown.desk.row(part.enrolment)
        place, others = places.get(row.token, (None, ()))
        told.append(Told(_sentence(shown, part, row.branch.name, prices), _why(row.branch.name, place, others)))
    return told


def _sentence(shown: Proposal, part: Part, name: str, prices: bool) -> str:
    desk = shown.desk
    moved = dict(part.moved)
    visits = [moved.get(number, desk.facts.visits[number]) for number in part.visits]
    minutes = sum(visit.worker_minutes for visit in visits)
    start_on = part.start_on or desk.package.required_start_on
    told = {
        "hours": words.hours(minutes),
        "reference": desk.package.reference,
        "name": name,
        "rate": words.rate(half_up(part.cost, minutes)) if minutes else "",
        "price": words.money(pence_per_week(part.cost)),
        "start": _first_moment(visits, start_on, desk.at),
        "model": desk.model.title,
    }
    if not prices or not part.cost:
        text = _("Call off %(hours)s hours a week for %(reference)s to %(name)s, from %(start)s, under %(model)s.")
        return text % told
    text = _(
        "Call off %(hours)s hours a week for %(reference)s to %(name)s at %(rate)s an hour, %(price)s a week, "
        "from %(start)s, under %(model)s."
    )
    return text % told


def _first_moment(visits: list[Visit], start_on: date, now: datetime) -> str:
    """When the first visit from a day on is."""
    for day in (start_on + timedelta(days=later) for later in range(7)):
        starts = [visit.start_minute for visit in visits if visit.day == day.weekday()]
        if starts:
            return words.moment(to_utc(day, min(starts)), now)
    return words.day(start_on, local(now).date())


def _why(name: str, place: Place | None, others: tuple[Place, ...]) -> str:
    """Why this provider: its place in the order, and what became of those before it."""
    if place is None:
        return ""
    gone = [one.name for one in others if one.number < place.number and one.state in GONE_BY]
    if place.number == 0:
        return _("%(name)s scored highest of the answers that were compared.") % {"name": name}
    why = place.why or _("next in turn")
    if gone:
        text = ngettext(
            "%(name)s is number %(number)d in the model's order (%(why)s); before it %(gone)s declined or was silent.",
            "%(name)s is number %(number)d in the model's order (%(why)s); before it %(gone)s declined or were silent.",
            len(gone),
        )
        return text % {"name": name, "number": place.number, "why": why, "gone": listed(gone)}
    return _("%(name)s is number %(number)d in the model's order (%(why)s).") % {
        "name": name,
        "number": place.number,
        "why": why,
    }


@allowed("confirm_call_off")
@require_POST
def ask_approval(request: SignedIn, token: str) -> HttpResponse:
    """Tell those who may approve the price that it waits for them."""
    package = package_of(request, token)

    def carry_out(now: datetime) -> None:
        shown = proposal(package, whole_second(now))
        if shown is None or not isinstance(shown.decision, CallOff):
            raise CalloffError(_("Nothing waits to be called off for this package now. Nobody was told."))
        total = _total(package, shown.decision.parts)
        ask_to_approve(package=package, pence_per_week=total, by=request.user, at=now)

    return press(request, package, carry_out, _("The approvers who can agree to this price have been told."))


@allowed("approve_request")
@require_http_methods(READ_OR_SEND)
def price(request: SignedIn, token: str) -> HttpResponse:
    """Raise the greatest weekly price of a package, within one's own limit."""
    package = package_of(request, token)
    now = timezone.now()
    limit = limit_for(request.user, package.council, local(now).date())
    shown = proposal(package, whole_second(now))
    parts = shown.decision.parts if shown is not None and isinstance(shown.decision, CallOff) else ()
    total = _total(package, parts)
    form = PriceForm(request.POST or None, initial={"most": f"{total / 100:.2f}"} if parts else None)
    return form_page(
        request,
        package,
        form,
        title=_("Raise the greatest weekly price"),
        button=_("Approve"),
        carry_out=lambda at: approve_price(
            package=package,
            pence_per_week_at_most=form.cleaned_data["most"],
            limit_pence=limit.pence_per_week,
            by=request.user,
            at=at,
        ),
        done=_("The greatest weekly price is raised; the broker can confirm the call-off."),
        # An approver may have no desk of a broker to go back to.
        after="" if "see_queue" in permissions_at(request) else reverse("package_price", args=(package.token,)),
        template="brokerage/package_price.html",
        told=sentences(shown, parts, True) if shown is not None else [],
        limit=limit,
        total=total,
    )
