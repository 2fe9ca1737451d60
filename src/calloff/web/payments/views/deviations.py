"""Visits that were missed, late or short: the lists, one of them with what both sides said, and saying it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from calloff.domain.deviations import Cause, Stands, counts_against_provider
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.config.look import words
from calloff.web.config.look.exports import Value
from calloff.web.config.look.lists import Choice, Filter, FilterState, Paging
from calloff.web.config.look.parts import Happening, Tab
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.views.pages import READ_OR_SEND, as_file, form_page, press
from calloff.web.directory.models import Branch
from calloff.web.payments.forms.deviations import CAUSES, KINDS, SAYS, STANDS, AlertLimitForm, AnswerForm, SayForm
from calloff.web.payments.models import Deviation
from calloff.web.payments.services import alerting
from calloff.web.payments.services import deviations as services
from calloff.web.visits.services import codes

SEE, EXPLAIN, SET = "see_ledger", "explain_visits", "set_codes"
TABS = {
    "answer": gettext_lazy("To answer"),
    "contested": gettext_lazy("Contested"),
    "unsaid": gettext_lazy("Nobody said why"),
    "waiting": gettext_lazy("Answer awaited"),
    "agreed": gettext_lazy("Agreed"),
}


def tabs_of(rows: QuerySet[Deviation], *, provider: bool) -> dict[str, int]:
    """How many deviations each list of a side holds."""
    counts = dict.fromkeys(TABS, 0)
    for row in rows.order_by().values("stands", "said_by_provider").annotate(count=Count("pk")):
        counts[_tab(row["stands"], row["said_by_provider"], provider=provider)] += row["count"]
    return counts


def _tab(stands: str, said_by_provider: bool, *, provider: bool) -> str:
    if stands == Stands.SAID:
        return "waiting" if said_by_provider == provider else "answer"
    return stands


def of_tab(rows: QuerySet[Deviation], tab: str, *, provider: bool) -> QuerySet[Deviation]:
    """The deviations of one list of a side."""
    if tab in ("answer", "waiting"):
        return rows.filter(stands="said", said_by_provider=provider == (tab == "waiting"))
    return rows.filter(stands=tab)


def state_of(request: SignedIn, rows: QuerySet[Deviation], filters: Iterable[Filter]) -> FilterState:
    """What the address asks for: a list, what a visit was, and perhaps the package that a notice was about."""
    wanted = str(request.GET.get("package", ""))
    known = [wanted] if wanted and rows.filter(package__reference=wanted).exists() else []
    kinds = Filter("kind", _("What it was"), [Choice(code, str(KINDS[code])) for code in KINDS], anything=_("all"))
    return FilterState([kinds, *filters], request.GET, {"show": list(TABS), "package": known})


def narrowed(rows: QuerySet[Deviation], state: FilterState) -> QuerySet[Deviation]:
    """The deviations that the address asks for, whatever their list."""
    for name, column in (("kind", "kind"), ("package", "package__reference"), ("provider", "branch__token")):
        if state.code(name):
            rows = rows.filter(**{column: state.code(name)})
    return rows


def shown_tab(state: FilterState, counts: Mapping[str, int]) -> str:
    """The list that is asked for, else the first that has anything in it."""
    return state.code("show") or next((tab for tab, count in counts.items() if count), "answer")


def listed(state: FilterState, counts: Mapping[str, int], tab: str, url: str) -> list[Tab]:
    """The lists as tabs."""
    return [
        Tab(str(label), url + state.address(show=code), active=code == tab, count=counts[code])
        for code, label in TABS.items()
    ]


def what_it_was(one: Deviation) -> str:
    """ "late by 12 minutes"."""
    if one.kind == "missed" or not one.minutes:
        return str(KINDS[one.kind])
    return _("%(kind)s by %(length)s") % {"kind": KINDS[one.kind], "length": words.duration(one.minutes)}


def table_of(shown: Iterable[Deviation], now: datetime, address: str, *, provider: bool) -> Table:
    """Deviations as a table, each leading to its page; a provider is not told who of the council looks."""
    rows = []
    for one in shown:
        url = reverse(address, args=(one.token,))
        label, tone = STANDS[one.stands]
        cells = [Cell(words.moment(one.start_at, now), url=url, below=one.visit)]
        cells += [] if provider else [Cell(one.branch.name)]
        cells += [Cell(what_it_was(one)), Cell(str(CAUSES.get(one.cause, "")), tag=str(label), tone=tone)]
        cells += [] if provider else [Cell(one.owner.identity.name if one.owner else "")]
        rows.append(Row(cells, url=url))
    columns = [Column(_("Planned for"), names_row=True), *([] if provider else [Column(_("Provider"))])]
    columns += [Column(_("What it was")), Column(_("Whose doing"))]
    columns += [] if provider else [Column(_("Owner"))]
    empty = _("No visit stands in this list. Missed, late and short ones show up as files of visits come in.")
    return Table(_("Missed, late and short visits"), columns, rows, empty=empty, quiet_caption=True)


def deviations_of(request: SignedIn) -> QuerySet[Deviation]:
    """The council's deviations."""
    rows = Deviation.objects.filter(council=request.council_id)
    return rows.select_related("branch", "package", "owner__identity")


@allowed(SEE)
@require_safe
def deviations(request: SignedIn) -> HttpResponseBase:
    """The missed, late and short visits by what both sides said of them, the latest first."""
    every, now = deviations_of(request).filter(withdrawn_at=None), timezone.now()
    held = Branch.objects.filter(pk__in=every.order_by().values("branch")).order_by("name")
    providers = Filter("provider", _("Provider"), [Choice(one.token, one.name) for one in held], anything=_("all"))
    state = state_of(request, every, [providers])
    found = narrowed(every, state)
    counts = tabs_of(found, provider=False)
    tab = shown_tab(state, counts)
    shown = of_tab(found, tab, provider=False).order_by("-start_at", "pk")
    if file := as_file(request, "deviations", COLUMNS, lambda: in_file(shown)):
        return file
    paging = Paging.asked_for(request.GET.get("page"), counts[tab], state.address(show=tab))
    told = {
        "table": table_of(shown[paging.rows], now, "deviation", provider=False),
        "tabs": listed(state, counts, tab, reverse("deviations")),
        "state": state,
        "package": state.code("package"),
        "paging": paging,
        "csv": state.address(show=tab) + "&as=csv",
        "xlsx": state.address(show=tab) + "&as=xlsx",
        "limit": alerting.late_limit(request.council.pk),
        "sets": SET in permissions_at(request),
    }
    return render(request, "payments/deviations.html", told)


COLUMNS = ("visit", "on", "provider", "what", "minutes", "cause", "stands", "counts_against_provider")


def in_file(rows: QuerySet[Deviation]) -> Iterator[list[Value]]:
    """Deviations as rows of a file."""
    for one in rows.iterator(chunk_size=1_000):
        counts = "yes" if counts_against(one) else "no"
        yield [one.visit, one.on, one.branch.name, one.kind, one.minutes, one.cause, one.stands, counts]


def counts_against(one: Deviation) -> bool:
    """Whether the provider's own figures count it."""
    return counts_against_provider(Stands(one.stands), Cause(one.cause) if one.cause else None)


def told_of(one: Deviation, *, provider: bool) -> dict[str, Any]:
    """What a page says of a deviation, and what its side may do."""
    texts, label = codes.words_of(one.council_id), STANDS[one.stands]
    stands = one.withdrawn_at is None
    others = one.said_by_provider != provider
    return {
        "one": one,
        "what": what_it_was(one),
        "cause": CAUSES.get(one.cause, ""),
        "label": label[0],
        "tone": label[1],
        "counts": counts_against(one),
        "said": told_words(one, texts),
        "answers": stands and one.stands in ("said", "contested") and others,
        "says": stands,
        "now": timezone.now(),
    }


def told_words(one: Deviation, texts: Mapping[str, str]) -> list[Happening]:
    """What both sides said of a deviation, in order; a code in the words it has now, archived or not."""
    found = []
    for said in one.words.select_related("by__identity").order_by("at", "pk"):
        text = str(SAYS[said.says]) % {"cause": CAUSES[said.cause]}
        side = _("The provider") if said.from_provider else _("The council")
        code = texts.get(said.code, said.code)
        why = ". ".join(part.rstrip(".") for part in (code, said.text) if part)
        found.append(Happening(said.at, f"{side} {text}.", by=said.by.identity.name, why=why))
    return found


def deviation_of(request: SignedIn, token: str) -> Deviation:
    """The council's deviation of this address; anything else is not found."""
    return get_object_or_404(deviations_of(request), token=token)


@allowed(SEE)
@require_safe
def deviation(request: SignedIn, token: str) -> HttpResponse:
    """One missed, late or short visit: what was said of it, and what one can say."""
    one, may = deviation_of(request, token), EXPLAIN in permissions_at(request)
    told = told_of(one, provider=False)
    told |= {"answers": told["answers"] and may, "says": told["says"] and may}
    told["takes"] = told["says"] and one.owner_id != request.user.pk
    return render(request, "payments/deviation.html", told)


@allowed(EXPLAIN)
@require_http_methods(READ_OR_SEND)
def say(request: SignedIn, token: str) -> HttpResponse:
    """Say whose doing it was, as the council."""
    one, here = deviation_of(request, token), reverse("deviation", args=(token,))
    form = SayForm(request.POST or None, codes=codes.choices(one.council_id, one.kind))

    def carry_out(at: datetime) -> str:
        told = {"cause": form.cleaned_data["cause"], "code": form.code(), "text": form.cleaned_data["words"]}
        services.say(deviation=one, from_provider=False, by=request.user, at=at, **told)
        return here

    return form_page(
        request,
        form,
        title=_("Say whose doing it was"),
        button=_("Send"),
        back=here,
        lead=_("The provider agrees or contests. What it is paid does not change."),
        carry_out=carry_out,
        done=_("The provider can answer it now."),
    )


@allowed(EXPLAIN)
@require_http_methods(READ_OR_SEND)
def answer(request: SignedIn, token: str) -> HttpResponse:
    """Agree with what the provider said, or contest it."""
    one, here = deviation_of(request, token), reverse("deviation", args=(token,))
    form = AnswerForm(request.POST or None, contested=one.stands == "contested")

    def carry_out(at: datetime) -> str:
        answering(one, form, from_provider=False, by=request.user, at=at)
        return here

    return form_page(
        request,
        form,
        title=_("Answer the provider"),
        button=_("Send"),
        back=here,
        lead=asked(one, provider=False),
        carry_out=carry_out,
        done=_("Your answer stands."),
    )


def asked(one: Deviation, *, provider: bool) -> str:
    """What the other side said, in a sentence."""
    said = _("The council says that it was %(cause)s.") if provider else _("The provider says that it was %(cause)s.")
    return said % {"cause": CAUSES.get(one.cause, _("nobody's doing"))}


def answering(one: Deviation, form: AnswerForm, *, from_provider: bool, by: Any, at: datetime) -> None:
    """Carry an answer out as it was filled in."""
    act = services.agree if form.cleaned_data["answer"] == "agree" else services.contest
    act(deviation=one, text=str(form.cleaned_data.get("words", "")), from_provider=from_provider, by=by, at=at)


@allowed(EXPLAIN)
@require_POST
def take(request: SignedIn, token: str) -> HttpResponse:
    """Become the owner of a deviation."""
    one = deviation_of(request, token)
    return press(
        request,
        lambda at: services.take(deviation=one, by=request.user, at=at),
        _("It is yours now."),
        reverse("deviation", args=(token,)),
    )


@allowed(SET)
@require_http_methods(READ_OR_SEND)
def limit(request: SignedIn) -> HttpResponse:
    """Say how late a visit must be for people to be told at once."""
    here = reverse("deviations")
    form = AlertLimitForm(request.POST or None, initial={"minutes": alerting.late_limit(request.council.pk)})

    def carry_out(at: datetime) -> str:
        told = {"minutes": form.cleaned_data["minutes"], "by": request.user, "at": at}
        alerting.set_late_limit(council=request.council, **told)
        return here

    return form_page(
        request,
        form,
        title=_("When people are told of a late visit"),
        button=_("Save it"),
        back=here,
        lead=_("Contract managers, senior brokers, the package's owner and the provider are told as files come in."),
        carry_out=carry_out,
        done=_("It counts for whatever comes in from now on."),
    )
