"""
Bulk uplifts: rehearsed, looked at, approved by a second person, undoable until anything is paid at the new prices.

An uplift ends each price line on the day before it and adds another from its first day on; visits that lie behind are
priced anew, as after every change of a contract's prices, and what was paid for them is corrected by difference lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from calloff.domain.contracts import Enrolment as KernelEnrolment
from calloff.domain.contracts import PriceLine
from calloff.domain.errors import CalloffError
from calloff.domain.payment import uplifted
from calloff.domain.units import half_up
from calloff.web.accounts.models import User
from calloff.web.audit.services import act
from calloff.web.contracts.models import Enrolment
from calloff.web.contracts.services.enrolling import change, priced_anew_key
from calloff.web.contracts.services.market import facts_of
from calloff.web.directory.models import Council
from calloff.web.directory.services import draw, touch_standing
from calloff.web.jobs import services as jobs
from calloff.web.payments.models import Entitlement, PayLine, Uplift, UpliftLine
from calloff.web.payments.services.entitling import entitle_all
from calloff.web.visits.models import PlannedVisit

ONE_DAY = timedelta(days=1)


class UpliftError(CalloffError):
    """An uplift that cannot be proposed, approved or undone; nothing was changed."""


@dataclass(frozen=True)
class Rehearsed:
    """What an uplift would come to: prices that change, contracts, and what was delivered since, before and after."""

    lines: int
    contracts: int
    minutes: int
    before_pence: int
    after_pence: int


def propose(
    *, council: Council, title: str, model: str, from_on: date, share: int, flat_centipence: int, by: User, at: datetime
) -> Uplift:
    """Propose an uplift of every price in force on a day; nothing is priced by it until another person approves it."""
    if not share and not flat_centipence:
        raise UpliftError("An uplift changes something. Nothing was proposed.")
    with act(council=council.pk, by=by, at=at) as doing:
        made = Uplift.objects.create(
            council=council,
            token=draw(),
            title=title,
            model=model,
            from_on=from_on,
            share=share,
            flat_centipence=flat_centipence,
            proposed_by=by,
            proposed_identity=by.identity_id,
            proposed_at=doing.at,
        )
        lines = list(_lines(made))
        if not lines:
            raise UpliftError("No price is in force on that day that it would change. Nothing was proposed.")
        UpliftLine.objects.bulk_create(lines)
        doing.record("uplift_proposed", made.token, {"lines": len(lines), "share": share, "flat": flat_centipence})
    return made


def _lines(uplift: Uplift) -> Iterator[UpliftLine]:
    rows = Enrolment.objects.filter(council=uplift.council_id)
    if uplift.model != "*":
        rows = rows.filter(model=uplift.model)
    for row in rows.order_by("reference"):
        for line in facts_of(row).price_lines:
            if (line.from_on or date.min) < uplift.from_on <= (line.to_on or date.max):
                yield UpliftLine(
                    council_id=uplift.council_id,
                    uplift=uplift,
                    enrolment=row,
                    line_id=line.line_id,
                    new_line_id=f"{line.line_id}@{uplift.from_on:%Y%m%d}"[-60:],
                    old_to_on=line.to_on,
                    before=line.centipence,
                    after=uplifted(line.centipence, uplift.share, uplift.flat_centipence),
                )


def rehearse(uplift: Uplift) -> Rehearsed:
    """What an uplift comes to on the visits that were delivered since its first day, with no effect on any."""
    lines = list(uplift.lines.all())
    rate = {(one.enrolment_id, one.line_id): one for one in lines}
    minutes = before = after = 0
    rows = Entitlement.objects.filter(
        council=uplift.council_id, on__gte=uplift.from_on, enrolment__in={one.enrolment_id for one in lines}
    )
    latest: dict[tuple[str, str], tuple[int | None, str, int, int]] = {}
    for one in rows.order_by("number").iterator(chunk_size=2_000):
        latest[one.anchor, one.component] = (one.enrolment_id, one.line_id, one.paid_minutes, one.pence)
    for enrolment, line_id, paid_minutes, pence in latest.values():
        found = rate.get((enrolment or 0, line_id))
        if found is not None and found.before:
            minutes, before = minutes + paid_minutes, before + pence
            after += half_up(pence * found.after, found.before)
    return Rehearsed(len(lines), len({one.enrolment_id for one in lines}), minutes, before, after)


def decide(*, uplift: Uplift, approved: bool, by: User, at: datetime) -> Uplift:
    """Approve or refuse an uplift as another person than who proposed it; approved, it counts at once."""
    with act(council=uplift.council_id, by=by, at=at) as doing:
        again = Uplift.objects.select_for_update().select_related("council").get(pk=uplift.pk)
        if again.state != Uplift.PROPOSED:
            raise UpliftError("This uplift was decided already. Nothing was changed.")
        if again.proposed_identity == by.identity_id:
            raise UpliftError("You proposed it, so another person must decide. Nothing was changed.")
        again.state = Uplift.APPROVED if approved else Uplift.REFUSED
        again.decided_by, again.decided_identity, again.decided_at = by, by.identity_id, doing.at
        again.save(update_fields=("state", "decided_by", "decided_identity", "decided_at"))
        if approved:
            _carry_out(again, doing.at)
        doing.record("uplift_approved" if approved else "uplift_refused", again.token)
    return again


def _carry_out(uplift: Uplift, at: datetime) -> None:
    for row, lines in _by_contract(uplift):
        standing = facts_of(row)
        new = {one.line_id: one for one in lines}
        missing = sorted(set(new) - {line.line_id for line in standing.price_lines})
        changed = [
            one for one in standing.price_lines if one.line_id in new and one.centipence != new[one.line_id].before
        ]
        if missing or changed:
            raise UpliftError(
                f"The prices of {row.reference} have changed since. Propose it again; nothing was changed."
            )
        ended = [
            replace(one, to_on=uplift.from_on - ONE_DAY) if one.line_id in new else one for one in standing.price_lines
        ]
        added = [
            replace(
                one, line_id=new[one.line_id].new_line_id, centipence=new[one.line_id].after, from_on=uplift.from_on
            )
            for one in standing.price_lines
            if one.line_id in new
        ]
        _give(row, standing, (*ended, *added), at)
    touch_standing(uplift.council)


def undo(*, uplift: Uplift, by: User, at: datetime) -> Uplift:
    """Take an approved uplift back; UpliftError once anything was paid at the new prices."""
    with act(council=uplift.council_id, by=by, at=at) as doing:
        again = Uplift.objects.select_for_update().select_related("council").get(pk=uplift.pk)
        if again.state != Uplift.APPROVED:
            raise UpliftError("Only an uplift that is approved can be undone. Nothing was changed.")
        ids = list(again.lines.values_list("new_line_id", flat=True))
        paid = PayLine.objects.filter(council=again.council_id, entitlement__line_id__in=ids)
        if paid.exclude(run__state="dropped").exists():
            raise UpliftError("A run pays at these prices already, so they stay. Propose another uplift instead.")
        again.state = Uplift.UNDONE
        again.save(update_fields=("state",))
        for row, lines in _by_contract(again):
            standing = facts_of(row)
            back = {one.line_id: one.old_to_on for one in lines}
            added = {one.new_line_id for one in lines}
            kept = [
                replace(one, to_on=back[one.line_id]) if one.line_id in back else one
                for one in standing.price_lines
                if one.line_id not in added
            ]
            _give(row, standing, tuple(kept), doing.at)
        touch_standing(again.council)
        doing.record("uplift_undone", again.token)
    return again


def _give(row: Enrolment, standing: KernelEnrolment, lines: tuple[PriceLine, ...], at: datetime) -> None:
    change(row, replace(standing, price_lines=lines, from_on=row.from_on, to_on=row.to_on), at)


def _by_contract(uplift: Uplift) -> Iterator[tuple[Enrolment, list[UpliftLine]]]:
    found: dict[int, list[UpliftLine]] = {}
    for one in uplift.lines.order_by("pk"):
        found.setdefault(one.enrolment_id, []).append(one)
    rows = Enrolment.objects.select_related("council").in_bulk(list(found))
    for enrolment, lines in sorted(found.items()):
        yield rows[enrolment], lines


def keys_of(uplift: Uplift) -> list[str]:
    """The keys under which the contracts of an uplift are priced anew."""
    contracts = uplift.lines.order_by().values_list("enrolment__reference", flat=True).distinct()
    return [priced_anew_key(one, uplift.from_on) for one in contracts]


PRICING = jobs.Long(
    _("Visits of a contract are priced anew"), _("people"), ("draft_pay", "draft_enrolment", "approve_enrolment")
)


@jobs.handles("price_anew", PRICING)
def price_anew(task: jobs.Task, at: datetime) -> None:
    """Work out anew what a contract's visits are worth from a day on."""
    council, since = Council.objects.get(pk=task.council), date.fromisoformat(task.data["since"])
    rows = PlannedVisit.objects.filter(council=council, call_off__enrolment=task.data["enrolment"], on__gte=since)
    entitle_all(council, rows.filter(superseded_at=None, cancelled=False), at, task)
