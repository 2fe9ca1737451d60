"""What people are charged: assessments, the rule, and the statement of a person's week."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from calloff.domain.calendar import local, week_begins
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.audit.services import saw
from calloff.web.brokerage.models import Person
from calloff.web.brokerage.views.letters import as_pdf
from calloff.web.config.look import words
from calloff.web.config.look.lists import Paging
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.views.pages import READ_OR_SEND, form_page
from calloff.web.payments.forms import AssessmentForm, ChargeRuleForm
from calloff.web.payments.models import Assessment, Charge, ChargeRule
from calloff.web.payments.services import charging, statement

BASES = {
    ChargeRule.ACTUAL: gettext_lazy("What was delivered is charged, as it is paid."),
    ChargeRule.PLANNED: gettext_lazy("What was planned is charged, unless it was missed."),
}


@allowed("see_pay")
@require_safe
def charges(request: SignedIn) -> HttpResponse:
    """Whoever is assessed, what they were charged last, and the rule in force."""
    rows = Assessment.objects.filter(council=request.council_id, superseded_at=None).select_related("person")
    paging, today = Paging.asked_for(request.GET.get("page"), rows.count()), local(timezone.now()).date()
    shown = list(rows.order_by("person__reference", "-from_on")[paging.rows])
    last = week_begins(today) - timedelta(days=7)
    told = []
    for one in shown:
        found = Charge.objects.filter(person=one.person, week__lte=last).order_by("-week").first()
        week = found.week if found else last
        pence = sum(_charged(one.person, week).values()) if found else 0
        url = reverse("pay_statement", args=(one.person.reference, week.isoformat()))
        told.append(
            Row(
                [
                    Cell(one.person.reference, url=url),
                    Cell(words.money(one.pence_per_week), below=f"{one.from_on:%-d %B %Y}"),
                    Cell(words.money(pence) if found else "", below=f"{week:%-d %B %Y}" if found else ""),
                ],
                url=url,
            )
        )
    columns = [Column(_("Person"), names_row=True), Column(_("Can afford a week, from"), number=True)]
    columns += [Column(_("Charged last, week of"), number=True)]
    empty = _("Nobody is assessed, so nobody is charged.")
    table = Table(_("Assessments"), columns, told, empty=empty)
    rule = charging.Charging(request.council).rule(today)
    shown_rule = [str(BASES[rule.basis])]
    rate = words.rate(rule.centipence_per_hour)
    shown_rule.append(
        _("At %(rate)s an hour.") % {"rate": rate} if rule.centipence_per_hour else _("At the price paid.")
    )
    shown_rule.append(_("No access is charged.") if rule.no_access else _("No access is free."))
    shown_rule.append(_("Short notice is charged.") if rule.short_notice else _("Short notice is free."))
    context = {"table": table, "paging": paging, "rule": " ".join(shown_rule), "may": permissions_at(request)}
    return render(request, "payments/charges.html", context)


def _charged(person: Person, week: date) -> dict[str, int]:
    rows = Charge.objects.filter(person=person, week=week).order_by("number")
    return {one.contract: one.pence for one in rows}


@allowed("set_pay")
@require_http_methods(READ_OR_SEND)
def assess(request: SignedIn) -> HttpResponse:
    """Keep what a person can afford."""
    form = AssessmentForm(request.council, request.POST or None)

    def carry_out(at: datetime) -> str:
        said = form.cleaned_data
        charging.assess(
            person=said["person"], pence_per_week=said["amount"], from_on=said["from_on"], by=request.user, at=at
        )
        return reverse("pay_charges")

    return form_page(
        request,
        form,
        title=_("What a person can afford"),
        button=_("Keep it"),
        back=reverse("pay_charges"),
        lead=_("Weeks that were charged already are charged anew; the difference is a line of the next run."),
        carry_out=carry_out,
        done=_("It is kept. The next run charges by it."),
    )


@allowed("set_pay")
@require_http_methods(READ_OR_SEND)
def set_rule(request: SignedIn) -> HttpResponse:
    """Say how care is charged from a day on."""
    form = ChargeRuleForm(request.POST or None, initial={"basis": "actual"})

    def carry_out(at: datetime) -> str:
        said = dict(form.cleaned_data)
        rate = said.pop("rate") or 0
        charging.set_charge_rule(council=request.council, centipence_per_hour=rate, by=request.user, at=at, **said)
        return reverse("pay_charges")

    return form_page(
        request,
        form,
        title=_("How care is charged"),
        button=_("Set it"),
        back=reverse("pay_charges"),
        carry_out=carry_out,
        done=_("The rule is set."),
    )


def _week(text: str) -> date:
    try:
        return week_begins(date.fromisoformat(text))
    except ValueError:
        raise Http404 from None


def _person(request: SignedIn, person: str) -> Person:
    return get_object_or_404(Person, council=request.council_id, reference=person)


@allowed("see_pay")
@require_safe
def person_statement(request: SignedIn, person: str, week: str) -> HttpResponse:
    """A person's week without their name: every visit, and what of it they are charged for."""
    found, monday = _person(request, person), _week(week)
    visits = charging.Charging(request.council).visits(found.pk, monday)
    rows = [Row([Cell(text) for text in statement.row_of(one)]) for one in visits]
    charged = _charged(found, monday)
    columns = [Column(_("Day and time"), names_row=True), Column(_("Planned")), Column(_("Done"))]
    columns += [Column(_("Counts for the charge"), number=True), Column(_("Why"))]
    told = {
        "person": found,
        "monday": monday,
        "sunday": monday + charging.SUNDAY,
        "table": Table(
            _("Visits"), columns, rows, empty=_("No visit of this week is settled yet."), quiet_caption=True
        ),
        "pence": sum(charged.values()),
        "assessed": charging.assessed_on(found.pk, monday),
        "before": (monday - timedelta(days=7)).isoformat(),
        "after": (monday + timedelta(days=7)).isoformat(),
        "names": "see_person" in permissions_at(request),
    }
    return render(request, "payments/statement.html", told)


@allowed("see_person")
@require_safe
def statement_letter(request: SignedIn, person: str, week: str) -> HttpResponse:
    """The statement as the letter that the person gets; it names them, so the look is noted."""
    found, monday, now = _person(request, person), _week(week), timezone.now()
    saw(council=found.council_id, user=request.user, about=found.reference, screen="statement_letter", at=now)
    content = statement.letter_of(request.council, found, monday, now)
    return as_pdf(content, f"statement-{found.reference}-{monday.isoformat()}")
