"""A provider's place in a model: drafted from a file or a form, shown with prices and hours, stopped and opened."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from calloff.documents.wording import listed, say, spaced, worded
from calloff.domain.calendar import local
from calloff.domain.contracts import ANY, PriceLine
from calloff.domain.contracts import Enrolment as KernelEnrolment
from calloff.domain.packages import BANDS
from calloff.domain.records import sha256
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.config.look import words
from calloff.web.config.look.parts import Fact
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.forms.dealing import LiftForm, SpareForm, SuspendForm
from calloff.web.contracts.forms.drafts import ChangeForm, EnrolmentForm, SheetForm
from calloff.web.contracts.models import Declaration, Draft, Enrolment, ModelVersion, Pool, Suspension
from calloff.web.contracts.services import enrolling
from calloff.web.contracts.services.market import facts_of
from calloff.web.contracts.services.publishing import FileRead
from calloff.web.contracts.services.spare_minutes import declare_spare
from calloff.web.contracts.services.suspensions import lift, suspend
from calloff.web.contracts.views.drafts import shows
from calloff.web.contracts.views.pages import READ_OR_SEND, counted, form_page

MOST_PREVIEWED = 500


def enrolment_of(request: SignedIn, token: str) -> Enrolment:
    """An enrolment of the council's; anything else is not found."""
    rows = Enrolment.objects.select_related("council", "branch__organisation")
    return get_object_or_404(rows, council=request.council_id, token=token)


# Drafting


@allowed("draft_enrolment")
@require_http_methods(READ_OR_SEND)
def new_enrolments(request: SignedIn) -> HttpResponse:
    """Enrolments from a file."""
    form = SheetForm(request.POST or None, request.FILES or None)

    def carry_out(now: datetime) -> str:
        sheet = form.cleaned_data["sheet"]
        data = sheet.read()
        read = enrolling.read_enrolments(sheet.name, data)
        file = FileRead(sheet.name, sha256(data), size=len(read))
        draft = enrolling.keep_enrolments(council=request.council, enrolments=read, file=file, by=request.user, at=now)
        return reverse("draft", args=(draft.reference,))

    return form_page(
        request,
        form,
        title=_("Enrol providers from a file"),
        button=_("Check the file"),
        back=reverse("providers"),
        carry_out=carry_out,
        done=_("The file is sound. Look it through, then put it forward."),
        lead=_("Every row is checked at once. Nobody is enrolled before a contract manager has approved it."),
    )


@allowed("draft_enrolment")
@require_http_methods(READ_OR_SEND)
def new_enrolment(request: SignedIn) -> HttpResponse:
    """One enrolment from a form."""
    places = [
        (f"{model.id} {tier.name}", f"{model.title}: {spaced(tier.name)}")
        for model in enrolling.newest_models(request.council).values()
        for tier in model.tiers
    ]
    form = EnrolmentForm(request.council, places, request.POST or None)
    return form_page(
        request,
        form,
        title=_("Enrol a provider"),
        button=_("Go on"),
        back=reverse("providers"),
        carry_out=lambda now: _keep_one(request, form.enrolment(), now),
        done=_("Look it through, then put it forward."),
        lead=_("Nobody is enrolled before a contract manager has approved it."),
    )


@allowed("draft_enrolment")
@require_http_methods(READ_OR_SEND)
def change_enrolment(request: SignedIn, token: str) -> HttpResponse:
    """Other prices, further hours or another last day, as a draft."""
    found = enrolment_of(request, token)
    standing = replace(facts_of(found), from_on=found.from_on, to_on=found.to_on)
    form = ChangeForm(standing, request.POST or None)
    return form_page(
        request,
        form,
        title=_("Change the enrolment of %(name)s") % {"name": found.branch.name},
        button=_("Go on"),
        back=reverse("enrolment", args=(token,)),
        carry_out=lambda now: _keep_one(request, form.enrolment(), now),
        done=_("Look it through, then put it forward."),
        lead=_("What is called off keeps its price. Everything else counts from the approval on."),
    )


def _keep_one(request: SignedIn, one: KernelEnrolment, now: datetime) -> str:
    draft = enrolling.keep_enrolments(council=request.council, enrolments=[one], file=None, by=request.user, at=now)
    return reverse("draft", args=(draft.reference,))


@shows("enrolments")
def enrolments_preview(request: SignedIn, found: Draft) -> tuple[str, dict[str, Any]]:
    """Who is new, who changes, and each price beside the ceiling."""
    wanted = enrolling.enrolments_of(found)
    told = enrolling.proposed(request.council, wanted, local(timezone.now()).date())
    decided = found.state == Draft.APPROVED
    kinds = {"new": (_("new"), "green"), "changed": (_("changed"), "blue"), "same": (_("as it is"), "grey")}
    rows = []
    for one in told[:MOST_PREVIEWED]:
        facts = one.enrolment
        kind, tone = kinds[one.kind]
        below = (
            facts.reference
            if decided or not one.new_provider_here
            else _("%(name)s, new to the council") % {"name": facts.reference}
        )
        prices = "; ".join(price_words(line) for line in facts.price_lines)
        doubts = "; ".join((*one.problems, *one.doubts))
        spare = sum(pool.minutes for pool in facts.pools) + facts.block_minutes
        changed = ", ".join(spaced(name.removesuffix("_on")) for name in one.changes)
        rows.append(
            Row(
                [
                    Cell(one.name, below=below),
                    Cell(spaced(facts.tier), below=title_of(request.council_id, facts.model)),
                    Cell("" if decided else changed, tag="" if decided else kind, tone=tone),
                    Cell(prices, below=doubts, strong=bool(doubts)),
                    Cell(words.hours(spare) if spare else ""),
                    Cell(", ".join(sorted(facts.localities)) or _("all")),
                    Cell(term_words(facts.from_on, facts.to_on)),
                ],
                marked=bool(doubts),
            )
        )
    columns = [
        Column(_("Provider"), names_row=True),
        Column(_("Tier")),
        Column(_("Draft")),
        Column(_("Prices")),
        Column(_("Hours"), number=True, unit=_("a week")),
        Column(_("Localities")),
        Column(_("Term")),
    ]
    return "contracts/draft_rows.html", {
        "table": Table(_("What would be enrolled"), columns, rows, quiet_caption=True),
        "counts": counted(
            [
                (_("new"), sum(one.kind == "new" for one in told)),
                (_("changed"), sum(one.kind == "changed" for one in told)),
                (_("as they are"), sum(one.kind == "same" for one in told)),
                (_("new to the council"), len({one.enrolment.provider for one in told if one.new_provider_here})),
                (_("outside the price limits"), sum(bool(one.doubts) for one in told)),
            ]
        ),
        "left_out": max(0, len(told) - MOST_PREVIEWED),
        "decided": decided,
    }


def price_words(line: PriceLine) -> str:
    """`£16.10 an hour, weekends, two care workers`."""
    unit = _("a visit") if line.unit == "visit" else _("an hour")
    parts = [f"{words.rate(line.centipence)} {unit}"]
    for name, section in (("care_type", "care_types"), ("area_band", "area_bands")):
        value = getattr(line, name)
        parts += [say(section, value)] if value != ANY else []
    parts += [say("bands", line.time_band)] if line.time_band != ANY else []
    parts += [say("day_types", line.day_type)] if line.day_type != ANY else []
    parts += [_("two care workers together")] if line.workers == 2 else [_("one care worker")] if line.workers else []
    parts += [_("with %(what)s") % {"what": worded("includes", sorted(line.includes))}] if line.includes else []
    parts += [_("from %(day)s") % {"day": words.day(line.from_on, date.min)}] if line.from_on else []
    parts += [_("until %(day)s") % {"day": words.day(line.to_on, date.min)}] if line.to_on else []
    return ", ".join(parts)


def term_words(first: date | None, last: date | None) -> str:
    """From which day to which, in words."""
    if first is None and last is None:
        return _("that of the model")
    begin = words.day(first, date.min) if first else _("the model's first day")
    end = words.day(last, date.min) if last else _("the model's last day")
    return _("%(first)s to %(last)s") % {"first": begin, "last": end}


# One enrolment


@allowed("see_register")
@require_safe
def enrolment(request: SignedIn, token: str) -> HttpResponse:
    """An enrolment: prices, hours, suspensions, share of a quota, packages."""
    found = enrolment_of(request, token)
    rights, now = permissions_at(request), timezone.now()
    facts = facts_of(found)
    told = {
        "enrolment": found,
        "facts": enrolment_facts(found, facts),
        "prices": prices_of(facts) if "see_prices" in rights else None,
        "pools": pools_table(found, facts, now),
        "suspensions": suspensions_of([found], rights, now),
        "declarations": declarations_of(found, now),
        "quota": quota_of(found) if found.role == "prime" else None,
        "packages": packages_of(found, rights),
        "can_declare": "record_spare" in rights and any(one.declared_at for one in found.pools.all()),
        "may": rights,
        "now": now,
    }
    return render(request, "contracts/enrolment.html", told)


def enrolment_facts(found: Enrolment, facts: KernelEnrolment) -> list[Fact]:
    """What the enrolment says, prices and hours apart."""
    told = [
        Fact(_("Reference"), found.reference),
        Fact(_("Model"), title_of(found.council_id, found.model), reverse("model", args=(found.model,)), _("Read it")),
        Fact(_("Tier"), f"{spaced(found.tier)}, {say('roles', found.role)}"),
        Fact(_("Term"), term_words(found.from_on, found.to_on)),
        Fact(_("Localities"), ", ".join(sorted(facts.localities)) or _("all")),
    ]
    told += [Fact(_("Lot"), spaced(facts.lot))] if facts.lot else []
    told += [Fact(_("Can do"), worded("capabilities", sorted(facts.capabilities)))] if facts.capabilities else []
    told += [Fact(_("Serves"), worded("client_groups", sorted(facts.client_groups)))] if facts.client_groups else []
    told += [Fact(_("Subcontractors"), ", ".join(sorted(facts.subcontractors)))] if facts.subcontractors else []
    told += [Fact(_("Quality score"), str(facts.quality_score))] if facts.quality_score else []
    return told


def title_of(council: int | None, model: str) -> str:
    """What a purchasing model is called, by its latest version; its id where none is published."""
    titles = ModelVersion.objects.filter(council=council, model=model).order_by("-version")
    return titles.values_list("title", flat=True).first() or model


def prices_of(facts: KernelEnrolment) -> list[str]:
    """Each price line in words."""
    return [price_words(line) for line in facts.price_lines]


def pool_name(facts: KernelEnrolment, number: int) -> str:
    """What a pool is for: its localities and parts of the day."""
    if number >= len(facts.pools):
        return _("The block")
    pool = facts.pools[number]
    areas = listed(sorted(pool.areas), nothing=_("every locality"))
    bands = worded("bands", sorted(pool.bands, key=BANDS.index), nothing=_("at any time of day"))
    return f"{areas}, {bands}"


def pools_table(found: Enrolment, facts: KernelEnrolment, now: datetime) -> Table:
    """Minutes a week by pool: declared, used, held and spare, with the age of the declaration."""
    rows = [_pool_row(one, facts, now) for one in found.pools.order_by("number")]
    columns = [
        Column(_("For"), names_row=True),
        Column(_("Declared"), number=True, unit=_("hours a week")),
        Column(_("Called off"), number=True, unit=_("hours a week")),
        Column(_("Held for open invitations"), number=True, unit=_("hours a week")),
        Column(_("Spare"), number=True, unit=_("hours a week")),
        Column(_("Declared at")),
    ]
    empty = _("No hours are declared: this model asks without looking at them, or nobody has said any.")
    return Table(_("Hours"), columns, rows, empty=empty, quiet_caption=True)


def _pool_row(one: Pool, facts: KernelEnrolment, now: datetime) -> Row:
    said = (
        Cell(words.moment(one.declared_at, now), below=age_words(one.declared_at, now)) if one.declared_at else Cell()
    )
    numbers = [Cell(words.hours(minutes)) for minutes in (one.declared, one.used, one.held, one.spare)]
    return Row([Cell(pool_name(facts, one.number)), *numbers, said])


def age_words(at: datetime, now: datetime) -> str:
    """`3 days 4 hours old`."""
    return _("%(age)s old") % {"age": words.lasted(at, now)}


def suspensions_of(rows: Iterable[Enrolment], rights: frozenset[str], now: datetime) -> Table:
    """Every suspension of some enrolments, the latest first."""
    today = local(now).date()
    found = (
        Suspension.objects.filter(enrolment__in=list(rows))
        .select_related("enrolment", "suspended_by__identity", "lifted_by__identity")
        .order_by("-from_on", "-pk")
    )
    told = [_suspension_row(one, rights, today, now) for one in found]
    columns = [
        Column(_("From"), names_row=True),
        Column(_("Until")),
        Column(_("State")),
        Column(_("Why")),
        Column(_("Lifted")),
    ]
    return Table(_("Suspensions"), columns, told, empty=_("New work was never stopped here."), quiet_caption=True)


def _suspension_row(one: Suspension, rights: frozenset[str], today: date, now: datetime) -> Row:
    over = one.lifted_at is not None or (one.to_on is not None and one.to_on < today)
    state = (_("over"), "grey") if over else (_("to come"), "blue") if one.from_on > today else (_("suspended"), "red")
    lifted = Cell()
    if one.lifted_at and one.lifted_by:
        lifted = Cell(words.moment(one.lifted_at, now), below=f"{one.lifted_by.identity.name}: {one.lift_reason}")
    elif not over and "lift_suspension" in rights:
        url = reverse("suspension_lift", args=(one.enrolment.token, one.suspended_at.strftime("%Y%m%dT%H%M%S")))
        lifted = Cell(_("Lift"), url=url)
    why = _("%(reason)s, step-in") % {"reason": one.reason} if one.step_in else one.reason
    return Row(
        [
            Cell(words.day(one.from_on, today), below=one.enrolment.reference),
            Cell(words.day(one.to_on, today) if one.to_on else _("lifted")),
            Cell(tag=state[0], tone=state[1]),
            Cell(why, below=one.suspended_by.identity.name),
            lifted,
        ]
    )


def declarations_of(found: Enrolment, now: datetime) -> Table:
    """The last twenty times that somebody said what is spare."""
    rows = Declaration.objects.filter(enrolment=found).select_related("by__identity").order_by("-at", "-pk")[:20]
    told = []
    for one in rows:
        minutes = sum(json.loads(one.spare).values())
        who = _("%(who)s told %(by)s") % {"who": one.told_by, "by": one.by.identity.name}
        who = who if one.told_by else one.by.identity.name
        told.append(Row([Cell(words.moment(one.at, now)), Cell(words.hours(minutes)), Cell(who, below=one.channel)]))
    columns = [
        Column(_("When"), names_row=True),
        Column(_("Spare"), number=True, unit=_("hours a week")),
        Column(_("By")),
    ]
    empty = _("Nobody has said anything since the enrolment.")
    return Table(_("What was said to be spare"), columns, told, empty=empty, quiet_caption=True)


def quota_of(found: Enrolment) -> str:
    """A prime's share with independent local providers in twelve months, as a sentence."""
    since = timezone.now() - enrolling.YEAR
    year = found.branch.call_offs.filter(enrolment=found, confirmed_at__gt=since)
    whole = (year.aggregate(minutes=Sum("minutes_per_week"))["minutes"] or 0) + found.past_referred_minutes
    passed = year.filter(delivered_by__isnull=False).aggregate(minutes=Sum("minutes_per_week"))["minutes"] or 0
    passed += found.past_subcontracted_minutes
    if not whole:
        return _("Nothing was called off to it in twelve months, so there is no share yet.")
    told = {"percent": f"{passed * 1000 // whole / 10:.1f}", "passed": words.hours(passed), "whole": words.hours(whole)}
    return (
        _("%(percent)s %%: %(passed)s of %(whole)s hours went to independent local providers in twelve months.") % told
    )


def packages_of(found: Enrolment, rights: frozenset[str]) -> Table:
    """What is called off here now."""
    rows = found.branch.call_offs.filter(enrolment=found, ended_on__isnull=True).select_related("package__area")
    return call_off_table(rows.order_by("-confirmed_at")[:100], rights)


def call_off_table(rows: Iterable[Any], rights: frozenset[str]) -> Table:
    """Call-offs that live, each with its package."""
    prices = "see_prices" in rights
    columns = [
        Column(_("Package"), names_row=True),
        Column(_("Area")),
        Column(_("Hours"), number=True, unit=_("a week")),
    ]
    columns += [Column(_("Price"), number=True, unit=_("a week"))] if prices else []
    columns.append(Column(_("Since")))
    told = []
    for one in rows:
        url = reverse("package", args=(one.package.token,)) if "see_queue" in rights else ""
        cells = [
            Cell(one.package.reference, url=url),
            Cell(one.package.area.name),
            Cell(words.hours(one.minutes_per_week)),
        ]
        cells += [Cell(words.money(one.pence_per_week))] if prices else []
        since = one.first_visit_on or one.start_on
        told.append(Row([*cells, Cell(words.day(since, local(timezone.now()).date()) if since else "")]))
    return Table(_("Packages"), columns, told, empty=_("Nothing is called off here now."), quiet_caption=True)


# Stopping and opening


@allowed("suspend_provider")
@require_http_methods(READ_OR_SEND)
def enrolment_suspend(request: SignedIn, token: str) -> HttpResponse:
    """No new work for an enrolment."""
    found = enrolment_of(request, token)
    form = SuspendForm(local(timezone.now()).date(), request.POST or None)
    back = reverse("enrolment", args=(token,))

    def carry_out(now: datetime) -> str:
        told = form.cleaned_data
        suspend(
            enrolment=found,
            from_on=told["from_on"],
            to_on=told["to_on"],
            step_in=told["step_in"],
            reason=told["reason"],
            by=request.user,
            at=now,
        )
        return back

    return form_page(
        request,
        form,
        title=_("Stop new work for %(name)s") % {"name": found.branch.name},
        button=_("Stop new work"),
        back=back,
        carry_out=carry_out,
        done=_("New work is stopped. The provider was told."),
        lead=_("What is called off goes on. Open invitations are tested again before anything is called off."),
    )


@allowed("lift_suspension")
@require_http_methods(READ_OR_SEND)
def suspension_lift(request: SignedIn, token: str, suspended: str) -> HttpResponse:
    """New work again; by somebody else than whoever stopped it."""
    found = enrolment_of(request, token)
    rows = [one for one in found.suspensions.all() if one.suspended_at.strftime("%Y%m%dT%H%M%S") == suspended]
    suspension = get_object_or_404(Suspension, pk=rows[0].pk if rows else None)
    form, back = LiftForm(request.POST or None), reverse("enrolment", args=(token,))

    def carry_out(now: datetime) -> str:
        lift(suspension=suspension, reason=form.cleaned_data["reason"], by=request.user, at=now)
        return back

    return form_page(
        request,
        form,
        title=_("Open new work for %(name)s again") % {"name": found.branch.name},
        button=_("Open new work"),
        back=back,
        carry_out=carry_out,
        done=_("New work is open again. The provider was told."),
        lead=_("Whoever stopped it cannot lift it: a second contract manager does."),
    )


@allowed("record_spare")
@require_http_methods(READ_OR_SEND)
def enrolment_spare(request: SignedIn, token: str) -> HttpResponse:
    """What a provider said by telephone that it has to spare."""
    found = enrolment_of(request, token)
    facts = facts_of(found)
    pools = [one for one in found.pools.order_by("number") if one.declared_at is not None]
    form = SpareForm([(one.number, pool_name(facts, one.number), one.spare) for one in pools], request.POST or None)
    back = reverse("enrolment", args=(token,))

    def carry_out(now: datetime) -> str:
        told = form.cleaned_data
        declare_spare(
            enrolment=found,
            spare=form.spare(),
            by=request.user,
            at=now,
            told_by=told["told_by"],
            channel=told["channel"],
        )
        return back

    return form_page(
        request,
        form,
        title=_("Spare hours of %(name)s") % {"name": found.branch.name},
        button=_("Write it down"),
        back=back,
        carry_out=carry_out,
        done=_("Written down. It counts for whoever is asked from now on."),
        lead=_("Hours a week that are free beside what is called off and held. It counts for steps opened afterwards."),
    )
