"""What next: one sentence and its buttons, from the next action of a package and what the kernel says of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from calloff.documents.wording import listed, say, sentence
from calloff.domain.calendar import local
from calloff.domain.decisions import CallOff, Decision, Invite, Refer, Wait
from calloff.domain.units import pence_per_week
from calloff.web.brokerage.forms import words as codes
from calloff.web.brokerage.models import Countersignature, Handback, Invitation, Override
from calloff.web.brokerage.services.asking import following
from calloff.web.brokerage.services.case_file import CaseFile
from calloff.web.brokerage.services.columns import next_action
from calloff.web.brokerage.services.desk import Desk
from calloff.web.config.look import words


@dataclass(frozen=True)
class Act:
    """A button: a link, or with `post` a form of its own. `key` is its shortcut."""

    text: str
    url: str
    post: bool = False
    quiet: bool = False
    key: str = ""


@dataclass
class Card:
    """The next action of a package as a sentence, further lines, a deadline that counts down, and buttons."""

    says: str
    acts: list[Act] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    deadline: datetime | None = None
    code: str = ""


class CardMaker:
    """Makes the card of one package for one user, who sees only what they may do."""

    def __init__(self, desk: Desk, decision: Decision | None, may: frozenset[str], on_file: CaseFile) -> None:
        self.desk, self.decision, self.may, self.on_file = desk, decision, may, on_file
        self.package, self.now = desk.package, desk.at
        self.prices = "see_prices" in may

    def card(self) -> Card:
        """The one thing to do next."""
        code, due_at = next_action(self.desk, self.decision)
        card: Card = getattr(self, f"_{code}")(due_at)
        card.code = code
        return card

    def _act(
        self, permission: str, text: str, route: str, *more: str, post: bool = False, quiet: bool = False, key: str = ""
    ) -> list[Act]:
        """A button, if the user may press it."""
        if permission not in self.may:
            return []
        return [Act(text, reverse(route, args=(self.package.token, *more)), post, quiet, key)]

    def _name(self, enrolment: str) -> str:
        return self.desk.row(enrolment).branch.name

    def _when(self, at: datetime) -> str:
        return words.moment(at, self.now)

    # -- with others

    def _await_others(self, due_at: datetime) -> Card:
        says = _("It waits for others nearby until %(when)s, and is then asked for with them, or alone.")
        return Card(says % {"when": self._when(due_at)}, self._withdraw())

    def _in_lot(self, _due_at: datetime) -> Card:
        lot = self.package.lot
        if lot is None:
            raise ValueError(f"package {self.package.reference} is in a lot that it does not name")
        says = _("It is asked for together with others nearby, in %(reference)s: somebody takes all of it or none.")
        opens = Act(_("Open the lot"), reverse("package", args=(lot.token,)))
        return Card(says % {"reference": lot.reference}, [opens, *self._withdraw()])

    # -- before anybody said yes

    def _start_step(self, _due_at: datetime) -> Card:
        decision = self.decision
        if not isinstance(decision, Invite):
            return Card(_("Nobody has been asked yet."))
        names = [self._name(one.enrolment) for one in decision.invitations]
        deadline = self._when(decision.invitations[0].deadline_at)
        if self._seals(decision.step):
            says = _("Nobody has been asked yet. The model asks everybody of its step at once, sealed.")
        else:
            says = _("Nobody has been asked yet. The model asks %(names)s first.") % {"names": listed(names)}
        text = _("Ask %(name)s") % {"name": names[0]} if len(names) == 1 else _("Ask %(count)d") % {"count": len(names)}
        lines = [_("They would have until %(deadline)s to answer.") % {"deadline": deadline}]
        acts = self._act("start_step", text, "package_start", post=True, key="s")
        return Card(says, [*acts, *self._withdraw()], lines)

    def _seals(self, name: str) -> bool:
        return any(step.name == name and step.sealed for step in self.desk.model.steps)

    def _withdraw(self) -> list[Act]:
        if self.package.is_lot:
            text = _("Take the lot apart")
            return self._act("withdraw_package", text, "package_take_apart", post=True, quiet=True)
        if any(one.ended_on is None for one in self.on_file.call_offs):
            return []
        return self._act("withdraw_package", _("Withdraw"), "package_withdraw", quiet=True)

    def _await_answers(self, due_at: datetime) -> Card:
        asked = [one for one in self.on_file.invitations if one.version == self.package.version]
        live = [one for one in asked if one.state in Invitation.LIVE]
        sealed = [one for one in live if one.sealed and one.deadline_at >= self.now]
        if sealed:
            until = max(one.deadline_at for one in sealed)
            return sealed_card(until, self.now, self._withdraw())
        waits = [one for one in live if one.state == Invitation.OPEN and one.deadline_at >= self.now]
        if not waits:
            return Card(_("Answers are in; the next step follows by itself."), self._withdraw())
        deadline = min(one.deadline_at for one in waits)
        names = listed([one.branch.name for one in waits])
        says = ngettext(
            "Invitation %(number)d is with %(names)s until %(deadline)s.",
            "Invitations are with %(names)s until %(deadline)s.",
            len(waits),
        ) % {"number": len(asked), "names": names, "deadline": self._when(deadline)}
        acts = [
            act
            for one in live
            for act in self._act(
                "record_answer",
                _("Record an answer")
                if len(live) == 1
                else _("Record an answer of %(name)s") % {"name": one.branch.name},
                "package_answer",
                one.token,
                quiet=one is not live[0],
                key="a" if one is live[0] else "",
            )
        ]
        lines = [self._if_they_say_no(names, len(waits))]
        return Card(says, [*acts, *self._withdraw()], lines, deadline)

    def _if_they_say_no(self, names: str, count: int) -> str:
        then = following(self.desk)
        if isinstance(then, Invite):
            told = {"names": names, "next": listed([self._name(one.enrolment) for one in then.invitations])}
            return (
                ngettext(
                    "If %(names)s declines or is silent, the model asks %(next)s next.",
                    "If %(names)s decline or are silent, the model asks %(next)s next.",
                    count,
                )
                % told
            )
        if isinstance(then, CallOff):
            name = listed([self._name(part.enrolment) for part in then.parts])
            return _("If the answer is no, it can be called off to %(name)s.") % {"name": name}
        if isinstance(then, Wait):
            return _("If the answer is no, the next step opens later.")
        return _("If the answer is no, the model has nobody else to ask.")

    def _await_step(self, due_at: datetime) -> Card:
        decision = self.decision
        if isinstance(decision, Invite):
            names = listed([self._name(one.enrolment) for one in decision.invitations])
            if self._seals(decision.step):
                names = _("everybody of the sealed step")
            return Card(_("The next step opens by itself: %(names)s is asked.") % {"names": names}, self._withdraw())
        return Card(_("The next step opens: %(when)s.") % {"when": self._when(due_at)}, self._withdraw())

    # -- somebody said yes

    def _proposed(self) -> str:
        if not isinstance(self.decision, CallOff):
            return ""
        parts = []
        for part in self.decision.parts:
            minutes = sum(self.desk.facts.visits[number].worker_minutes for number in part.visits)
            told = {"name": self._name(part.enrolment), "hours": words.hours_a_week(minutes)}
            price = words.money(pence_per_week(part.cost))
            parts.append(
                _("%(hours)s to %(name)s at %(price)s a week") % {**told, "price": price}
                if self.prices
                else _("%(hours)s to %(name)s") % told
            )
        return listed(parts)

    def _confirm(self, _due_at: datetime) -> Card:
        says = _("Ready to call off: %(what)s.") % {"what": self._proposed()}
        acts = self._act("confirm_call_off", _("Look at the call-off"), "package_confirm", key="c")
        other = self._act("order_override", _("Do something else"), "package_override", quiet=True)
        return Card(says, [*acts, *other])

    def _approve_price(self, _due_at: datetime) -> Card:
        says = _("Ready to call off: %(what)s. That is above the price approved.") % {"what": self._proposed()}
        acts = self._act("approve_request", _("Look at the price"), "package_price", key="c")
        acts += self._act("confirm_call_off", _("See who can approve it"), "package_confirm", key="c")
        other = self._act("order_override", _("Do something else"), "package_override", quiet=True)
        return Card(says, [*acts, *other])

    def _second_override(self, _due_at: datetime) -> Card:
        order = (
            Override.objects.filter(package=self.package, state=Override.WAITING)
            .select_related("enrolment__branch", "ordered_by__identity")
            .first()
        )
        acts = self._act("second_override", _("Look at it as the second person"), "package_second", key="c")
        back = self._act("work_package", _("Take it back"), "package_take_back", post=True, quiet=True)
        if order is not None:
            told = {"name": order.enrolment.branch.name, "by": order.ordered_by.identity.name}
            says = _("%(by)s orders that %(name)s be asked. A second person must agree.") % told
            return Card(says, [*acts, *back])
        row = (
            Countersignature.objects.filter(package=self.package, state=Countersignature.WAITING)
            .select_related("second__identity", "asked_by__identity", "invitation__branch")
            .first()
        )
        if row is None:
            return Card(_("A second person must agree."), acts)
        told = {"by": row.asked_by.identity.name, "second": row.second.identity.name}
        if row.kind == Countersignature.OUTSIDE:
            says = _("%(by)s put down a call-off outside the model. It counts once %(second)s agrees.") % told
        else:
            told["name"] = row.invitation.branch.name if row.invitation else ""
            says = _("%(by)s put down a late answer of %(name)s. It counts once %(second)s agrees.") % told
        return Card(says, [*acts, *back])

    # -- nothing goes on by itself

    def _on_hold(self, due_at: datetime) -> Card:
        reason = str(codes.HOLD_REASONS.get(self.package.on_hold, self.package.on_hold))
        says = _("On hold: %(reason)s. Look again: %(when)s.") % {
            "reason": reason.lower(),
            "when": self._when(due_at),
        }
        lines = [_("Deadlines that run still stand; nothing new is opened.")]
        return Card(
            says,
            [*self._act("hold_package", _("End the hold"), "package_end_hold", post=True), *self._withdraw()],
            lines,
        )

    def _others(self) -> list[Act]:
        return [
            *self._act("work_package", _("Write a note"), "package_note", key="n"),
            *self._act("order_override", _("Ask somebody else"), "package_override", quiet=True),
            *self._act("confirm_call_off", _("Record a call-off outside the model"), "package_outside", quiet=True),
            *self._withdraw(),
        ]

    def _await_minutes(self, due_at: datetime) -> Card:
        names = self.decision.passed_over if isinstance(self.decision, Refer) else ()
        says = _("Nobody who may take it has spare hours. It opens again by itself when hours come free at %(names)s.")
        told = says % {"names": listed([self._name(one) for one in names], "or")}
        return Card(told, self._others(), [_("Look at it again: %(when)s.") % {"when": self._when(due_at)}])

    def _decide(self, due_at: datetime) -> Card:
        reason = self.decision.reason if isinstance(self.decision, Refer) else "no_step_left"
        routes = self.decision.routes if isinstance(self.decision, Refer) else ()
        lines = [sentence(say("routes", route)) for route in routes]
        lines.append(_("Look at it again: %(when)s.") % {"when": self._when(due_at)})
        return Card(say("refers", reason), self._others(), lines)

    # -- after the call-off

    def _answer_handback(self, _due_at: datetime) -> Card:
        handback = (
            Handback.objects.filter(call_off__package=self.package, agreed__isnull=True)
            .select_related("call_off__branch")
            .first()
        )
        if handback is None:
            return Card(_("A provider gives it back."))
        told = {
            "name": handback.call_off.branch.name,
            "day": words.day(handback.last_day_on, local(self.now).date()),
            "reason": codes.HANDBACK_REASONS.get(handback.reason, handback.reason),
        }
        says = _("%(name)s gives it back: %(reason)s. Its last day is %(day)s.") % told
        return Card(says, self._act("work_package", _("Answer"), "package_handback", handback.call_off.token, key="c"))

    def _enter_start(self, due_at: datetime) -> Card:
        today = local(self.now).date()
        acts, lines = list[Act](), list[str]()
        for one in sorted(self.on_file.call_offs, key=lambda one: one.start_on or date.max):
            begins = one.version == self.package.version and one.ended_on is None and one.first_visit_on is None
            if not begins or one.start_on is None:
                continue
            told = {"name": one.branch.name, "day": words.day(one.start_on, today)}
            lines.append(_("%(name)s is to begin %(day)s.") % told)
            text = _("Enter the first visit of %(name)s") % told
            acts += self._act("work_package", text, "package_first_visit", one.token, quiet=bool(acts))
        return Card(_("Called off. Next: enter the day of the first visit, once it was made."), acts, lines)

    def _none(self, _due_at: datetime) -> Card:
        return nothing_card()


def nothing_card() -> Card:
    """The card of a package that needs nobody."""
    return Card(_("Nothing is to be done."), code="none")


def sealed_card(until: datetime, now: datetime, acts: Sequence[Act] = ()) -> Card:
    """All that anybody at the council is told of a sealed step before its deadline."""
    says = _("Invitations are out until %(until)s.") % {"until": words.moment(until, now)}
    lines = [
        _("The step is sealed: until then nobody at the council is shown what was answered, or whether anything was."),
        _("This is kept by control of access in this system; the answers are not encrypted."),
    ]
    return Card(says, list(acts), lines, until)
