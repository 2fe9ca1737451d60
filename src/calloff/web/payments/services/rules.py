"""Payment rules: proposed, read in plain words, published by a second person from a day on; and run in shadow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from calloff.documents.payment_rules import parse
from calloff.documents.payment_words import counted
from calloff.documents.wording import length_words, say
from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError
from calloff.domain.payment import Basis
from calloff.domain.payment_rule import PaymentRule
from calloff.domain.units import pounds
from calloff.web.accounts.models import User
from calloff.web.accounts.services import holders
from calloff.web.audit.services import act
from calloff.web.directory.models import Branch, Council
from calloff.web.directory.services import draw
from calloff.web.jobs import services as jobs
from calloff.web.payments.models import Entitlement, RuleProposal, RuleVersion, Shadow
from calloff.web.payments.services.entitling import latest
from calloff.web.payments.services.in_force import Rules
from calloff.web.payments.services.pay_book import PayBook
from calloff.web.payments.services.pricing import Priced, Weeks, people_in, priced, together
from calloff.web.visits.models import PlannedVisit

EVERY_MODEL = "*"


class RuleError(CalloffError):
    """A payment rule that cannot be proposed, published or compared; nothing was changed."""


def in_words(rule: PaymentRule) -> list[str]:
    """A payment rule as sentences that provider and finance read."""
    if rule.period_basis == "block":
        said = ["A block is paid ahead, in equal parts; single visits are worth nothing by themselves."]
    elif rule.period_basis == "outcome":
        said = [f"{rule.advance_percent} % is paid ahead, the rest once the person says that the outcomes are met."]
    else:
        said = [f"Of a visit that was made {counted(rule)}."]
    if rule.basis is Basis.STEPPED:
        prices = ", ".join(f"{length_words(minutes)} {pounds(pence)}" for minutes, pence in rule.steps)
        said.append(f"Prices by length: {prices}.")
    if rule.no_pay_below_minutes > 1:
        said.append(f"Below {length_words(rule.no_pay_below_minutes)} nothing is paid.")
    if rule.least_minutes:
        said.append(f"At least {length_words(rule.least_minutes)} are paid, never more than was planned.")
    double = {"each_worker": "Of two workers each is paid for their own minutes."}
    said.append(double.get(rule.count, "Of two workers the time is paid for which both were there, twice."))
    once = rule.rounding == "per_visit"
    said.append("Each visit is rounded to the penny." if once else "The minutes of a price and week are priced once.")
    if rule.pays_on == "plan":
        often = {1: "once", 2: "twice"}.get(rule.adjustments, f"{rule.adjustments} times")
        said.append(f"The plan is paid, and settled {often} later; then the period is closed.")
    said.append(
        f"Called off less than {rule.short_notice_hours} hours before: {rule.short_notice_percent} % is paid. Nobody "
        f"could be let in: {rule.no_access_percent} %, at most {rule.no_access_a_week} times a week."
    )
    if rule.retainer is not None:
        said.append(f"In hospital the place is kept for {rule.retainer.days} days at {rule.retainer.percent} %.")
    if rule.corridor is not None:
        how = "gain and loss are shared" if rule.corridor.is_gain_share else "the difference is shared"
        edge, share = rule.corridor.basis_points // 100, rule.corridor.share_percent
        said.append(f"Beyond {edge} % either side of what was agreed {how}: {share} %.")
    if rule.held_for:
        marks = " ".join(say("pay_marks", name) for name in sorted(rule.held_for))
        said.append(f"A line waits until somebody has looked where: {marks}")
    return said


def propose(*, council: Council, model: str, text: str, starts_on: date, by: User, at: datetime) -> RuleProposal:
    """
    Propose how visits under a model are paid from a day on; DocumentErrors tell every fault of the text with its line.

    RuleError for a day that is over, or on which a rule of the model begins already.
    """
    rule = parse(text, "rule.yaml")
    with act(council=council.pk, by=by, at=at) as doing:
        _refuse_day(council, model, starts_on, doing.at)
        made = RuleProposal.objects.create(
            council=council,
            token=draw(),
            model=model,
            rule=rule.id,
            title=rule.title,
            text=text,
            starts_on=starts_on,
            proposed_by=by,
            proposed_identity=by.identity_id,
            proposed_at=doing.at,
        )
        for user in holders("approve_model", council_id=council.pk, on=local(doing.at).date()):
            if user.identity_id != by.identity_id:
                link, key = f"/payment-rules/proposals/{made.token}", f"rule-{made.pk}"
                jobs.tell(user, "approval_waits", rule.id, council=council.pk, key=key, at=doing.at, link=link)
        doing.record("payment_rule_proposed", rule.id, {"model": model, "starts_on": starts_on.isoformat()})
    return made


def _refuse_day(council: Council, model: str, starts_on: date, at: datetime) -> None:
    if starts_on < local(at).date():
        raise RuleError("A payment rule begins today or later: what was paid under another stays as it was.")
    if RuleVersion.objects.filter(council=council, model=model, starts_on=starts_on).exists():
        raise RuleError(f"A payment rule of {model} begins on {starts_on:%-d %B %Y} already. Choose another day.")


def decide(*, proposal: RuleProposal, approved: bool, by: User, at: datetime) -> RuleVersion | None:
    """Publish a proposed rule or refuse it, as another person than who proposed it."""
    with act(council=proposal.council_id, by=by, at=at) as doing:
        again = RuleProposal.objects.select_for_update().select_related("council").get(pk=proposal.pk)
        if again.state != RuleProposal.PROPOSED:
            raise RuleError("This rule was decided already. Nothing was changed.")
        if again.proposed_identity == by.identity_id:
            raise RuleError("You proposed this rule, so another person must decide. Nothing was changed.")
        again.state = RuleProposal.APPROVED if approved else RuleProposal.REFUSED
        again.decided_by, again.decided_identity, again.decided_at = by, by.identity_id, doing.at
        again.save(update_fields=("state", "decided_by", "decided_identity", "decided_at"))
        made = _publish(again, doing.at) if approved else None
        data = {"model": again.model, "starts_on": again.starts_on.isoformat()}
        doing.record("payment_rule_published" if approved else "payment_rule_refused", again.rule, data)
    return made


def _publish(proposal: RuleProposal, at: datetime) -> RuleVersion:
    _refuse_day(proposal.council, proposal.model, proposal.starts_on, at)
    earlier = RuleVersion.objects.filter(council=proposal.council, model=proposal.model).count()
    return RuleVersion.objects.create(
        council=proposal.council,
        model=proposal.model,
        rule=proposal.rule,
        version=earlier + 1,
        title=proposal.title,
        text=proposal.text,
        starts_on=proposal.starts_on,
        published_at=at,
    )


# In shadow


@dataclass(frozen=True)
class Compared:
    """What a second rule comes to for a provider, beside what visits are worth under the rule in force."""

    branch: Branch
    visits: int
    differing: int
    live_pence: int
    shadow_pence: int


def ask_for_shadow(
    *, council: Council, model: str, text: str, from_on: date, to_on: date, by: User, at: datetime
) -> Shadow:
    """Let the worker price the visits of some days under a second rule, with no effect on anything that is paid."""
    rule = parse(text, "rule.yaml")
    if to_on < from_on or (to_on - from_on).days > 400:
        raise RuleError("Choose a first and a last day, at most 400 days apart. Nothing is compared.")
    with act(council=council.pk, by=by, at=at) as doing:
        made = Shadow.objects.create(
            council=council,
            token=draw(),
            model=model,
            rule=rule.id,
            title=rule.title,
            text=text,
            from_on=from_on,
            to_on=to_on,
            asked_by=by,
            asked_at=doing.at,
        )
        due_at = jobs.at_once(doing.at)
        jobs.add("run_shadow", made.token, council=council.pk, due_at=due_at, data={"shadow": made.pk})
        doing.record("shadow_asked", made.rule, {"from_on": from_on.isoformat(), "to_on": to_on.isoformat()})
    return made


COMPARING = jobs.Long(_("A second payment rule is compared"), _("people"), ("draft_pay", "draft_model"), ends=True)


@jobs.handles("run_shadow", COMPARING)
def run_shadow(task: jobs.Task, at: datetime) -> None:
    """Price every visit of the days under the second rule, and keep both sums for each provider; nothing else."""
    shadow = Shadow.objects.select_related("council").get(pk=task.data["shadow"])
    if shadow.state != Shadow.WAITING:
        return
    try:
        told = {"summary": json.dumps(_sums(shadow, task, at), sort_keys=True), "state": Shadow.DONE}
    except CalloffError as refused:
        failed = {"problem": str(refused)[:300], "state": Shadow.FAILED}
        Shadow.objects.filter(pk=shadow.pk, state=Shadow.WAITING).update(**failed, done_at=at)
        if isinstance(refused, jobs.JobCancelledError):
            raise
        return
    Shadow.objects.filter(pk=shadow.pk, state=Shadow.WAITING).update(**told, done_at=at)


def _sums(shadow: Shadow, task: jobs.Task, at: datetime) -> dict[str, list[int]]:
    """By provider: visits, how many differ, pence under the rule in force, pence under the second rule."""
    rows = PlannedVisit.objects.filter(
        council=shadow.council, on__range=(shadow.from_on, shadow.to_on), superseded_at=None, cancelled=False
    )
    book, rules = PayBook(shadow.council), _with(shadow)
    sums: dict[str, list[int]] = {}
    people = list(rows.values_list("person", flat=True).distinct().order_by("person"))
    weeks = Weeks.around([shadow.from_on, shadow.to_on])
    for _weeks, some in task.through(together(dict.fromkeys(people, weeks)), len(people), people_in):
        with book.turn():
            for one in priced(book, some, weeks, rules, at):
                _add_person(shadow, one, sums)
    return sums


def _with(shadow: Shadow) -> Rules:
    """The council's rules as if the second one had always been that of the model."""
    every = list(RuleVersion.objects.filter(council=shadow.council).order_by("starts_on", "pk"))
    second = RuleVersion(
        council=shadow.council,
        model=shadow.model,
        rule=shadow.rule,
        version=0,
        title=shadow.title,
        text=shadow.text,
        starts_on=date.min,
    )
    covered = [one for one in every if shadow.model not in (EVERY_MODEL, one.model)]
    return Rules([*covered, second])


def _add_person(shadow: Shadow, found: Priced, sums: dict[str, list[int]]) -> None:
    """Add a person's visits, and what their weeks' minutes come to otherwise where a rule prices them once a week."""
    rows = Entitlement.objects.filter(council=shadow.council, person=found.person)
    live = latest(rows.filter(on__range=(shadow.from_on, shadow.to_on)))
    by_reference = {one.reference: one for one in found.planned}
    for one in found.paid.visits:
        visit = by_reference[one.planned.reference]
        before = live.get((visit.reference, Entitlement.CARE))
        if before is None or not shadow.from_on <= visit.on <= shadow.to_on:
            continue
        row = sums.setdefault(str(visit.branch_id), [0, 0, 0, 0])
        row[0] += 1
        row[1] += before.pence != one.pence
        row[2] += before.pence
        row[3] += one.pence
    for before in live.values():
        if before.component == Entitlement.ROUNDING:
            sums.setdefault(str(before.branch_id), [0, 0, 0, 0])[2] += before.pence
    for line in found.paid.roundings:
        if shadow.from_on <= line.week <= shadow.to_on:
            sums.setdefault(line.contract, [0, 0, 0, 0])[3] += line.pence


def compared(shadow: Shadow) -> list[Compared]:
    """What was compared, provider by provider, those first where most changes."""
    sums: Mapping[str, Any] = json.loads(shadow.summary)
    branches = Branch.objects.in_bulk([int(one) for one in sums])
    found = [Compared(branches[int(one)], *numbers) for one, numbers in sums.items()]
    return sorted(found, key=lambda one: (-abs(one.shadow_pence - one.live_pence), one.branch.name))
