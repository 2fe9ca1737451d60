"""The broker's queue: what needs somebody next, who owns it, and how it is given to somebody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from calloff.documents.wording import say
from calloff.domain.calendar import local
from calloff.domain.errors import CalloffError
from calloff.domain.packages import PRIORITIES
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.brokerage.forms import words as codes
from calloff.web.brokerage.forms.queue import GiveForm
from calloff.web.brokerage.models import Invitation, Package
from calloff.web.brokerage.services import owning, sourcing
from calloff.web.brokerage.services import queue as queues
from calloff.web.brokerage.services.columns import NEXT_ACTIONS
from calloff.web.brokerage.services.refusals import IdentityInTextError
from calloff.web.brokerage.views.package import package_of
from calloff.web.config.look import words
from calloff.web.config.look.exports import Value, export
from calloff.web.config.look.lists import Choice, Filter, FilterState, Paging
from calloff.web.config.look.parts import Tab, Tile
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.directory.models import Locality

DISCHARGE = 2
"""The priority of whom a hospital discharges."""
MOST_GIVEN = 500
"""So many packages are offered at once to be handed over."""


def state_of(request: SignedIn, counted: queues.Counts) -> FilterState:
    """What the address narrows the queue to."""
    places = Locality.objects.filter(council=request.council_id).order_by("name").values_list("code", "name")
    people = [Choice(one.token, one.identity.name) for one in counted.owners]
    asked = [
        Filter("priority", _("Priority"), [Choice(str(one), priority_words(one)) for one in PRIORITIES]),
        Filter("locality", _("Locality"), [Choice(code, name) for code, name in places]),
        Filter(
            "action",
            _("Next action"),
            [Choice(one, codes.action_words(one)) for one in NEXT_ACTIONS if one != "none"],
        ),
        Filter("step", _("Step"), [Choice(one, step_words(one)) for one in counted.steps]),
        Filter("hospital", _("Hospital"), [Choice("yes", _("in hospital")), Choice("no", _("at home"))]),
        Filter("due", _("Due"), [Choice(queues.OVERDUE, _("overdue")), Choice(queues.HOUR, _("within the hour"))]),
        Filter("owner", _("Owner"), people, anything=_("anybody")),
    ]
    return FilterState(asked, request.GET, {"tab": queues.TABS})


def narrowed_of(state: FilterState, first_tab: str) -> queues.Narrowed:
    """The same for the service."""
    names = ("priority", "locality", "action", "step", "hospital", "due", "owner")
    return queues.Narrowed(tab=state.code("tab") or first_tab, **{name: state.code(name) for name in names})


def first_tab_of(may: frozenset[str]) -> str:
    """Who works packages begins with their own, everybody else with all of them."""
    return queues.MINE if "work_package" in may else queues.TEAM


@allowed("see_queue")
@require_safe
def queue(request: SignedIn) -> HttpResponse:
    """The queue, what is due first on top."""
    now, may = timezone.now(), permissions_at(request)
    counted = queues.counts(request.council.pk, request.user, now)
    state = state_of(request, counted)
    narrowed = narrowed_of(state, first_tab_of(may))
    rows = queues.queue(request.council.pk, request.user, narrowed, now)
    total = rows.count() if state.active else counted.tabs[narrowed.tab]
    paging = Paging.asked_for(request.GET.get("page"), total, state.address())
    page = queues.page_of(rows, paging.rows)
    told = {
        "now": now,
        "tiles": tiles_of(request, counted, now),
        "tabs": tabs_of(state, counted, narrowed.tab, may),
        "tab_words": str(TAB_WORDS[narrowed.tab]),
        "state": state,
        "paging": paging,
        "table": table_of(page, now, may, _empty(narrowed, state)),
        "give": reverse("queue_give") + state.address(tab=narrowed.tab) if "work_package" in may and page else "",
        "csv": reverse("queue_csv") + state.address(tab=narrowed.tab),
        "xlsx": reverse("queue_xlsx") + state.address(tab=narrowed.tab),
    }
    return render(request, "brokerage/queue.html", told)


TAB_WORDS = {
    queues.MINE: gettext_lazy("Mine"),
    queues.TEAM: gettext_lazy("Team"),
    queues.NOBODYS: gettext_lazy("Nobody's"),
}


def tabs_of(state: FilterState, counted: queues.Counts, chosen: str, may: frozenset[str]) -> list[Tab]:
    """Mine, the team's, nobody's; who works no package has none."""
    shown = queues.TABS if "work_package" in may else (queues.TEAM, queues.NOBODYS)
    return [Tab(str(TAB_WORDS[tab]), state.address(tab=tab), tab == chosen, counted.tabs[tab]) for tab in shown]


def tiles_of(request: SignedIn, counted: queues.Counts, now: datetime) -> list[Tile]:
    """Four numbers, each of which opens its rows."""
    council, today = request.council, local(now).date()
    unmet = queues.unmet_on(council, today)
    out = queues.invitations_out(council.pk, now).order_by().select_related(None).count()
    hours = words.hours(unmet.minutes)
    target = council.unmet_target_hours
    ledger, here = reverse("unmet_packages"), reverse("queue")
    return [
        Tile(
            hours,
            _("Unmet hours a week"),
            ledger,
            _("of at most %(target)s") % {"target": f"{target:,}"} if target is not None else _("no target is set"),
            warn=target is not None and unmet.minutes > target * 60,
        ),
        Tile(
            f"{unmet.in_hospital + unmet.in_community:,}",
            _("People waiting"),
            ledger,
            _("%(hospital)s in hospital, %(community)s in the community")
            % {"hospital": unmet.in_hospital, "community": unmet.in_community},
        ),
        Tile(f"{out:,}", _("Invitations out"), reverse("queue_invitations"), _("can still be answered")),
        Tile(
            f"{counted.due:,}",
            _("Due within the hour"),
            f"{here}?tab={queues.TEAM}&due={queues.HOUR}",
            _("%(number)s overdue") % {"number": f"{counted.overdue:,}"},
            warn=counted.overdue > 0,
        ),
    ]


def _empty(narrowed: queues.Narrowed, state: FilterState) -> str:
    if state.active:
        return _("No package fits these filters. Clear them to see the others.")
    if narrowed.tab == queues.MINE:
        return _("You own no package that needs you. Take one from “Nobody's”.")
    if narrowed.tab == queues.NOBODYS:
        return _("Every package has an owner. New ones come here when a request is approved.")
    return _("No package needs anybody. They come here when a request is approved.")


def table_of(page: Sequence[Package], now: datetime, may: frozenset[str], empty: str) -> Table:
    """One row for each package; the first cell says what to do and by when."""
    invited = queues.live_invitations(page)
    rows = []
    for package in page:
        url = reverse("package", args=(package.token,))
        rows.append(Row(_cells(package, invited.get(package.pk, []), url, now, may), url=url))
    columns = [
        Column(_("Next action")),
        Column(_("Package"), names_row=True),
        Column(_("Where")),
        Column(_("Week"), number=True, unit=_("hours")),
        Column(_("Start by")),
        Column(_("Waiting")),
        Column(_("Step")),
        Column(_("Owner")),
    ]
    return Table(_("Packages by what is due first"), columns, rows, empty=empty, quiet_caption=True, wide=True)


def _cells(package: Package, invited: list[Invitation], url: str, now: datetime, may: frozenset[str]) -> list[Cell]:
    today = local(now).date()
    late = package.next_action_at <= now
    hospital = _("hospital") if package.in_hospital else ""
    # The tag says already why somebody in hospital waits.
    why_now = "" if package.in_hospital and package.priority == DISCHARGE else priority_words(package.priority)
    return [
        Cell(when_due(package.next_action_at, now), below=codes.action_words(package.next_action), strong=late),
        Cell(package.reference, url=url, tag=hospital, tone="purple", below=why_now),
        Cell(package.area.name, below=place_below(package)),
        Cell(words.hours(package.minutes_per_week), below=_("2 workers") if package.two_workers else ""),
        Cell(words.day(package.required_start_on, today), strong=package.required_start_on < today),
        Cell(words.lasted(waits_since(package), now, brief=True)),
        Cell(asked_words(package, invited, now), below=step_words(package.step)),
        owner_cell(package, now, may),
    ]


def priority_words(priority: int) -> str:
    """A priority class by its words."""
    return say("priorities", f"P{priority}")


def place_below(package: Package) -> str:
    """The locality that stands below an area, where it has another name."""
    return package.locality.name if package.locality.name != package.area.name else ""


def when_due(at: datetime, now: datetime) -> str:
    """ "overdue 12 min", "10:30" today, "tomorrow, 09:00" and later; what is due with a day, as that day."""
    if at <= now:
        return words.due(at, now, brief=True)
    if words.clock(at) == "00:00":
        return words.day(local(at).date(), local(now).date())
    return words.clock(at) if local(at).date() == local(now).date() else words.moment(at, now)


def waits_since(package: Package) -> datetime:
    """The moment from which the package's present version waits."""
    since: datetime | None = getattr(package, "waits_since", None)
    return since or package.approved_at


def step_words(step: str) -> str:
    """A step of a purchasing model by its name."""
    return step.replace("_", " ")


def asked_words(package: Package, invited: Sequence[Invitation], now: datetime) -> str:
    """Who is asked and until when, or how many."""
    waiting = [one for one in invited if one.state == Invitation.OPEN and one.deadline_at >= now]
    if len(waiting) == 1 and package.asked == 1:
        told = {"name": waiting[0].branch.name, "due": when_due(waiting[0].deadline_at, now)}
        return _("%(name)s, due %(due)s") % told
    parts = []
    if package.asked:
        parts.append(_("%(number)d asked") % {"number": package.asked})
    if package.answered:
        parts.append(ngettext("%d answer in", "%d answers in", package.answered) % package.answered)
    if waiting:
        parts.append(_("due %(due)s") % {"due": when_due(waiting[0].deadline_at, now)})
    return ", ".join(parts)


def owner_cell(package: Package, now: datetime, may: frozenset[str]) -> Cell:
    """Who owns a package, or until when the duty team gives it an owner."""
    if package.owner is not None:
        return Cell(package.owner.identity.name)
    below = ""
    if package.assign_by is not None:
        late = package.assign_by <= now
        below = (
            words.due(package.assign_by, now, brief=True)
            if late
            else _("assign by %(when)s") % {"when": when_due(package.assign_by, now)}
        )
    if "work_package" in may:
        return Cell(_("Assign"), url=reverse("package_give", args=(package.token,)), below=below)
    return Cell(_("nobody"), below=below)


# The same as a file


@allowed("see_queue")
@require_safe
def queue_file(request: SignedIn, kind: str) -> HttpResponseBase:
    """The queue as it is narrowed, all of its rows."""
    now, may = timezone.now(), permissions_at(request)
    state = state_of(request, queues.counts(request.council.pk, request.user, now))
    rows = queues.queue(request.council.pk, request.user, narrowed_of(state, first_tab_of(may)), now)
    columns = [
        _("Next action"),
        _("Due"),
        _("Package"),
        _("Priority"),
        _("Locality"),
        _("Area"),
        _("Hours a week"),
        _("Two workers"),
        _("Start by"),
        _("Waiting since"),
        _("Step"),
        _("Asked"),
        _("Answers in"),
        _("In hospital"),
        _("Owner"),
    ]
    return export(_file_rows(queues.with_details(rows).iterator(chunk_size=1000)), columns, "queue", kind)


def _file_rows(rows: Iterator[Package]) -> Iterator[list[Value]]:
    yes = {True: _("yes"), False: _("no")}
    for one in rows:
        yield [
            codes.action_words(one.next_action),
            one.next_action_at,
            one.reference,
            one.priority,
            one.locality.name,
            one.area.name,
            round(one.minutes_per_week / 60, 1),
            yes[one.two_workers],
            one.required_start_on,
            waits_since(one),
            step_words(one.step),
            one.asked,
            one.answered,
            yes[one.in_hospital],
            one.owner.identity.name if one.owner else _("nobody"),
        ]


# Invitations that are out


@allowed("see_queue")
@require_safe
def invitations(request: SignedIn) -> HttpResponse:
    """Every invitation that can still be answered, the first deadline first."""
    now = timezone.now()
    rows = queues.invitations_out(request.council.pk, now)
    paging = Paging.asked_for(request.GET.get("page"), rows.order_by().select_related(None).count())
    columns = [
        Column(_("Due")),
        Column(_("Package"), names_row=True),
        Column(_("Where")),
        Column(_("Provider")),
        Column(_("Asked")),
        Column(_("Step")),
    ]
    told = []
    for one in rows[paging.rows]:
        url = reverse("package", args=(one.package.token,))
        soon = one.deadline_at <= now + timedelta(hours=1)
        cells = [
            Cell(words.moment(one.deadline_at, now), below=words.due(one.deadline_at, now, brief=True), strong=soon),
            Cell(one.package.reference, url=url),
            Cell(one.package.area.name, below=place_below(one.package)),
            Cell(one.branch.name),
            Cell(words.moment(one.sent_at, now)),
            Cell(step_words(one.step)),
        ]
        told.append(Row(cells, url=url))
    empty = _("No invitation waits for an answer. They come here when a package's first step is started.")
    table = Table(_("Invitations out"), columns, told, empty=empty, quiet_caption=True, wide=True)
    return render(request, "brokerage/queue_invitations.html", {"table": table, "paging": paging, "now": now})


# Owners


@allowed("work_package")
@require_http_methods(["GET", "POST"])
def give(request: SignedIn) -> HttpResponse:
    """Give several packages of the queue, as it is narrowed, to somebody else, to oneself or to the duty team."""
    now, may = timezone.now(), permissions_at(request)
    state = state_of(request, queues.counts(request.council.pk, request.user, now))
    narrowed = narrowed_of(state, first_tab_of(may))
    rows = queues.queue(request.council.pk, request.user, narrowed, now)
    rows = rows.select_related("area", "owner__identity")[:MOST_GIVEN]
    shown = [one for one in rows if owning.may_give(one, request.user, request.user, may)]
    back = reverse("queue") + state.address(tab=narrowed.tab)
    if not shown:
        messages.error(request, _("None of these packages is yours to hand over or free to take. Nothing was changed."))
        return redirect(back)
    ticked = [one.token for one in shown] if narrowed.owner else []
    return _give(request, shown, ticked, back, now, may)


@allowed("work_package")
@require_http_methods(["GET", "POST"])
def give_one(request: SignedIn, token: str) -> HttpResponse:
    """Give one package to oneself, to somebody else or to the duty team."""
    package, now, may = package_of(request, token), timezone.now(), permissions_at(request)
    return _give(request, [package], [token], reverse("package", args=(token,)), now, may)


def _give(
    request: SignedIn, shown: list[Package], ticked: list[str], back: str, now: datetime, may: frozenset[str]
) -> HttpResponse:
    others = queues.colleagues(request.council.pk, now)
    form = GiveForm(request.POST or None, shown, request.user, others, initial={"packages": ticked})
    found: tuple[str, ...] = ()
    if request.method == "POST" and form.is_valid():
        try:
            number = sourcing.hand_over(
                packages=form.chosen,
                to=form.owner,
                note=form.cleaned_data["note"],
                by=request.user,
                at=now,
                rights=may,
            )
        except IdentityInTextError as refused:
            form.add_error("note", str(refused))
            found = refused.found
        except CalloffError as refused:
            form.add_error(None, str(refused))
        else:
            who = form.owner.identity.name if form.owner else _("the duty team")
            said = ngettext("%(number)d package: %(who)s.", "%(number)d packages: %(who)s.", number)
            messages.success(request, said % {"number": number, "who": who})
            return redirect(back)
    told = {"form": form, "back": back, "one": len(shown) == 1, "found": found}
    return render(request, "brokerage/queue_give.html", told)
