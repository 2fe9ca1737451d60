"""The register of providers as this council sees it, its import, and the contracts that end soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from calloff.documents.wording import has_wording, say, spaced, worded
from calloff.domain.calendar import local
from calloff.domain.providers import RELEVANT_AREAS, SCALES
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.config.look import words
from calloff.web.config.look.lists import Choice, Filter, FilterState, Paging
from calloff.web.config.look.parts import Fact
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.contracts.forms.drafts import RegisterForm
from calloff.web.contracts.models import Draft, Enrolment, Pool, Suspension
from calloff.web.contracts.services import enrolling, register
from calloff.web.contracts.services.market import facts_of
from calloff.web.contracts.views.drafts import shows
from calloff.web.contracts.views.enrolments import (
    MOST_PREVIEWED,
    age_words,
    call_off_table,
    pool_name,
    suspensions_of,
    term_words,
    title_of,
)
from calloff.web.contracts.views.pages import READ_OR_SEND, as_file, counted, form_page
from calloff.web.directory.models import Branch, Grading

SOON_DAYS = 90


@dataclass
class Here:
    """A branch in this council: its enrolments, what it can spare, whether new work is stopped, its last grades."""

    branch: Branch
    enrolments: list[Enrolment] = field(default_factory=list)
    localities: set[str] = field(default_factory=set)
    spare: int = 0
    suspended: bool = False
    grading: Grading | None = None


def here(council: int | None, branches: Sequence[Branch], on: date) -> list[Here]:
    """What the council knows of some branches; as many queries whatever their number."""
    found = {branch.pk: Here(branch) for branch in branches}
    rows = {
        row.pk: row for row in Enrolment.objects.filter(council=council, branch__in=list(found)).order_by("reference")
    }
    for row in rows.values():
        one = found[row.branch_id]
        one.enrolments.append(row)
        one.localities |= facts_of(row).localities or {"*"}
    for pool in Pool.objects.filter(enrolment__in=list(rows)):
        found[rows[pool.enrolment_id].branch_id].spare += pool.spare
    for stop in suspended_on(on).filter(enrolment__in=list(rows)):
        found[rows[stop.enrolment_id].branch_id].suspended = True
    for grading in Grading.objects.filter(branch__in=list(found)).order_by("graded_on"):
        found[grading.branch_id].grading = grading
    return list(found.values())


def suspended_on(on: date) -> Any:
    """The suspensions that hold on a day."""
    held = Suspension.objects.filter(from_on__lte=on).filter(Q(to_on__isnull=True) | Q(to_on__gte=on))
    return held.filter(Q(lifted_on__isnull=True) | Q(lifted_on__gte=on))


@allowed("see_register")
@require_http_methods(["GET", "HEAD", "POST"])
def providers(request: SignedIn) -> HttpResponseBase:
    """Every branch of the register, the council's own first; a name is looked for by POST."""
    on = local(timezone.now()).date()
    state, rows = narrowed(request, on)
    columns = [
        _("Reference"), _("Name"), _("Organisation"), _("Registered"), _("Closed"), _("Enrolled as"), _("Localities"),
        *(str(spaced(area)) for area in RELEVANT_AREAS), _("Graded on"), _("Spare hours a week"), _("Suspended"),
    ]  # fmt: skip

    def values() -> Any:
        every = list(rows)
        for first in range(0, len(every), 500):
            for one in here(request.council_id, every[first : first + 500], on):
                yield _values(one)

    if file := as_file(request, "providers", columns, values):
        return file
    paging = Paging.asked_for(request.GET.get("page"), rows.count(), state.address())
    found = here(request.council_id, list(rows[paging.rows]), on)
    names = dict(request.council.localities.values_list("code", "name"))
    table = Table(
        _("Providers"),
        [
            Column(_("Provider"), names_row=True),
            Column(_("Enrolled as")),
            Column(_("Localities")),
            Column(_("Grades")),
            Column(_("Spare"), number=True, unit=_("hours a week")),
        ],
        [_row(one, names, on) for one in found],
        empty=_("No provider is found. The register is filled from the regulator's file."),
        quiet_caption=True,
    )
    told = {
        "table": table,
        "filters": state,
        "paging": paging,
        "may": permissions_at(request),
        "looked_for": request.POST.get("name", "")[:80],
    }
    return render(request, "contracts/providers.html", told)


def narrowed(request: SignedIn, on: date) -> tuple[FilterState, Any]:
    """The list as the address and the search narrow it."""
    localities = [Choice(row.code, row.name) for row in request.council.localities.order_by("name")]
    grades = [
        Choice(f"{scale}-{number}", f"{say('scales', scale)}: {say('grades', word)}")
        for scale, of in SCALES.items()
        for word, number in of.items()
    ]
    state = FilterState(
        [
            Filter("enrolled", _("Enrolled"), [Choice("yes", _("here")), Choice("no", _("not here"))]),
            Filter("locality", _("Locality"), localities),
            Filter("grade", _("Lowest grade"), grades),
            Filter("suspended", _("Suspended"), [Choice("yes", _("now"))]),
        ],
        request.GET,
    )
    own = Enrolment.objects.filter(council=request.council_id)
    rows = Branch.objects.select_related("organisation")
    if state.code("enrolled"):
        among = Q(pk__in=own.values("branch"))
        rows = rows.filter(among if state.code("enrolled") == "yes" else ~among)
    if code := state.code("locality"):
        fitting = [row.branch_id for row in own if not (places := facts_of(row).localities) or code in places]
        rows = rows.filter(pk__in=fitting)
    if state.code("suspended"):
        stopped = suspended_on(on).filter(council=request.council_id)
        rows = rows.filter(pk__in=stopped.values("enrolment__branch"))
    if code := state.code("grade"):
        rows = rows.filter(pk__in=graded_so(code))
    if request.method == "POST" and (name := request.POST.get("name", "").strip()[:80]):
        rows = rows.filter(Q(name__icontains=name) | Q(reference__iexact=name) | Q(organisation__name__icontains=name))
    # The council's own stand first: whom it looks for most.
    ours = Q(pk__in=own.values("branch"))
    return state, rows.annotate(ours=ExpressionWrapper(ours, BooleanField())).order_by("-ours", "name", "reference")


def graded_so(code: str) -> list[int]:
    """The branches whose latest lowest grade is this one of this scale."""
    scale, _dash, number = code.rpartition("-")
    latest: dict[int, str] = {}
    rows = Grading.objects.filter(branch__scale=scale).order_by("graded_on")
    for branch, grades in rows.values_list("branch", "grades"):
        latest[branch] = grades
    return [branch for branch, grades in latest.items() if _lowest(grades) == int(number)]


def _lowest(grades: str) -> int:
    given = [int(one) for one in grades.split() if one != "0"]
    return min(given, default=0)


def _values(one: Here) -> list[Any]:
    branch = one.branch
    grades = one.grading.grades.split() if one.grading else [""] * len(RELEVANT_AREAS)
    return [
        branch.reference,
        branch.name,
        branch.organisation.name,
        branch.registered_from,
        branch.registered_to,
        "; ".join(f"{row.model}: {row.tier}" for row in one.enrolments),
        "; ".join(sorted(one.localities)),
        *(int(grade) if grade not in ("", "0") else None for grade in grades),
        one.grading.graded_on if one.grading else None,
        round(one.spare / 60, 2) if one.enrolments else None,
        _("yes") if one.suspended else "",
    ]


def _row(one: Here, names: dict[str, str], on: date) -> Row:
    branch = one.branch
    url = reverse("provider", args=(branch.token,))
    closed = branch.registered_to is not None and branch.registered_to < on
    tag = _("closed") if closed else _("suspended") if one.suspended else ""
    places = _("all") if "*" in one.localities else ", ".join(names.get(code, code) for code in sorted(one.localities))
    return Row(
        [
            Cell(branch.name, url=url, below=branch.reference, tag=tag, tone="grey" if closed else "red"),
            Cell(", ".join(dict.fromkeys(spaced(row.tier) for row in one.enrolments))),
            Cell(places),
            Cell(grades_words(branch, one.grading), below=_graded(one.grading, on)),
            Cell(words.hours(one.spare) if one.enrolments else ""),
        ],
        url=url,
    )


def grades_words(branch: Branch, grading: Grading | None) -> str:
    """The overall rating of a CQC service, or the four grades in their order."""
    if grading is None or not _lowest(grading.grades):
        return _("not graded yet")
    grades = grading.grades.split()
    if branch.scale == "cqc":
        return grade_word(branch.scale, int(grades[0]))
    return ", ".join(grade if grade != "0" else "-" for grade in grades)


def grade_word(scale: str, grade: int) -> str:
    """The word for a grade of a scale: `good`."""
    word = next((name for name, number in SCALES.get(scale, {}).items() if number == grade), "")
    return say("grades", word) if word and has_wording("grades", word) else "-"


def _graded(grading: Grading | None, on: date) -> str:
    if grading is None:
        return ""
    return _("%(day)s, %(age)s ago") % {"day": words.day(grading.graded_on, on), "age": age_of(grading.graded_on, on)}


def age_of(since: date, on: date) -> str:
    """How long ago a day was: `2 years 3 months`, `5 months`, `12 days`."""
    months = (on.year - since.year) * 12 + on.month - since.month - (on.day < since.day)
    if months < 1:
        days = max(0, (on - since).days)
        return ngettext("%d day", "%d days", days) % days
    years, rest = divmod(months, 12)
    parts = [ngettext("%d year", "%d years", years) % years] if years else []
    parts += [ngettext("%d month", "%d months", rest) % rest] if rest else []
    return " ".join(parts)


@allowed("see_register")
@require_safe
def provider(request: SignedIn, token: str) -> HttpResponse:
    """A branch: registration, grades by date, and all that this council has with it."""
    branch = get_object_or_404(Branch.objects.select_related("organisation"), token=token)
    rights, now = permissions_at(request), timezone.now()
    on = local(now).date()
    own = list(Enrolment.objects.filter(council=request.council_id, branch=branch).order_by("reference"))
    call_offs = branch.call_offs.filter(council=request.council_id, ended_on__isnull=True).select_related(
        "package__area"
    )
    told = {
        "branch": branch,
        "suspended": suspended_on(on).filter(enrolment__in=own).exists(),
        "closed": branch.registered_to is not None and branch.registered_to < on,
        "registration": registration(branch, on),
        "gradings": gradings_of(branch, on),
        "enrolments": enrolments_of(own, on),
        "spare": spare_of(own, now),
        "suspensions": suspensions_of(own, rights, now),
        "packages": call_off_table(call_offs.order_by("-confirmed_at")[:100], rights),
        "may": rights,
    }
    return render(request, "contracts/provider.html", told)


def registration(branch: Branch, on: date) -> list[Fact]:
    """What the regulator's register says."""
    told = [
        Fact(_("Reference"), branch.reference),
        Fact(_("Registered body"), f"{branch.organisation.name} ({branch.organisation.reference})"),
        Fact(_("For"), worded("service_types", sorted(branch.service_types.split()))),
        Fact(_("Registered since"), words.day(branch.registered_from, on)),
    ]
    told += [Fact(_("Registered until"), words.day(branch.registered_to, on))] if branch.registered_to else []
    told += [Fact(_("Office"), branch.postcode)] if branch.postcode else []
    told += [Fact(_("Run by"), _("the council itself"))] if branch.in_house else []
    return told


def gradings_of(branch: Branch, on: date) -> Table:
    """Every grading, the latest first, with its age."""
    rows = []
    for grading in branch.gradings.order_by("-graded_on"):
        grades = [int(one) for one in grading.grades.split()]
        cells = [Cell(f"{grade} {grade_word(branch.scale, grade)}" if grade else "") for grade in grades]
        rows.append(
            Row(
                [
                    Cell(
                        words.day(grading.graded_on, on),
                        below=_("%(age)s ago") % {"age": age_of(grading.graded_on, on)},
                    ),
                    *cells,
                ]
            )
        )
    columns = [Column(_("Graded"), names_row=True), *(Column(spaced(area).capitalize()) for area in RELEVANT_AREAS)]
    scale = say("scales", branch.scale)
    empty = _("Not graded by %(scale)s yet.") % {"scale": scale}
    return Table(_("Grades from %(scale)s") % {"scale": scale}, columns, rows, empty=empty, quiet_caption=True)


def enrolments_of(own: Sequence[Enrolment], on: date) -> Table:
    """Where the branch has a place with this council."""
    rows = []
    for row in own:
        url = reverse("enrolment", args=(row.token,))
        ended = row.to_on is not None and row.to_on < on
        state = Cell(tag=_("ended"), tone="grey") if ended else Cell(tag=_("enrolled"), tone="green")
        rows.append(
            Row(
                [
                    Cell(title_of(row.council_id, row.model), url=url, below=row.reference),
                    Cell(spaced(row.tier), below=say("roles", row.role)),
                    Cell(term_words(row.from_on, row.to_on)),
                    state,
                ],
                url=url,
            )
        )
    columns = [Column(_("Enrolment"), names_row=True), Column(_("Tier")), Column(_("Term")), Column(_("State"))]
    empty = _("It has no place in a model of this council.")
    return Table(_("Enrolments"), columns, rows, empty=empty, quiet_caption=True)


def spare_of(own: Sequence[Enrolment], now: datetime) -> Table:
    """What it can take on, by area and part of the day, and how long ago it said so."""
    facts = {row.pk: facts_of(row) for row in own}
    pools = (
        Pool.objects.filter(enrolment__in=list(facts))
        .select_related("enrolment")
        .order_by("enrolment__reference", "number")
    )
    rows = []
    for pool in pools:
        said = (
            Cell(words.moment(pool.declared_at, now), below=age_words(pool.declared_at, now))
            if pool.declared_at
            else Cell(_("bought in advance"))
        )
        rows.append(
            Row(
                [
                    Cell(
                        pool_name(facts[pool.enrolment_id], pool.number),
                        below=pool.enrolment.reference if len(facts) > 1 else "",
                    ),
                    Cell(words.hours(pool.spare)),
                    said,
                ]
            )
        )
    columns = [
        Column(_("For"), names_row=True),
        Column(_("Spare"), number=True, unit=_("hours a week")),
        Column(_("Declared")),
    ]
    return Table(_("Spare hours"), columns, rows, empty=_("No hours are declared."), quiet_caption=True)


# Contracts that end soon


@allowed("see_register")
@require_safe
def expiring(request: SignedIn) -> HttpResponseBase:
    """The enrolments whose last day lies within ninety days."""
    now = timezone.now()
    on = local(now).date()
    found = enrolling.expiring(request.council, on, SOON_DAYS)
    columns = [_("Provider"), _("Enrolment"), _("Model"), _("Tier"), _("Last day"), _("Days left")]

    def values() -> Any:
        for one in found:
            left = (one.to_on - on).days if one.to_on else None
            yield [one.branch.name, one.reference, one.model, one.tier, one.to_on, left]

    if file := as_file(request, "contracts that end", columns, values):
        return file
    titles = {model: title_of(request.council_id, model) for model in {one.model for one in found}}
    rows = []
    for one in found:
        url = reverse("enrolment", args=(one.token,))
        left = (one.to_on - on).days if one.to_on else 0
        rows.append(
            Row(
                [
                    Cell(one.branch.name, url=url, below=one.reference),
                    Cell(spaced(one.tier), below=titles[one.model]),
                    Cell(words.day(one.to_on, on) if one.to_on else ""),
                    Cell(str(left), strong=left <= 30),
                ],
                url=url,
            )
        )
    table = Table(
        _("Contracts that end within 90 days"),
        [
            Column(_("Provider"), names_row=True),
            Column(_("Tier")),
            Column(_("Last day")),
            Column(_("Days left"), number=True),
        ],
        rows,
        empty=_("No enrolment ends within 90 days."),
        quiet_caption=True,
    )
    return render(request, "contracts/expiring.html", {"table": table})


# Import


@allowed("draft_import")
@require_http_methods(READ_OR_SEND)
def new_register(request: SignedIn) -> HttpResponse:
    """The register brought up to date from a file."""
    form = RegisterForm(request.POST or None, request.FILES or None, initial={"area": request.council.name})

    def carry_out(now: datetime) -> str:
        told = form.cleaned_data
        sheet = told["sheet"]
        data = sheet.read()
        found = register.read_register(told["shape"], sheet.name, data, told["area"].strip())
        draft = register.keep_register(
            council=request.council, providers=found, name=sheet.name, data=data, by=request.user, at=now
        )
        return reverse("draft", args=(draft.reference,))

    return form_page(
        request,
        form,
        title=_("Bring the register up to date"),
        button=_("Check the file"),
        back=reverse("providers"),
        carry_out=carry_out,
        done=_("The file is sound. Look it through, then put it forward."),
        lead=_("New services, changed ones and new grades are shown before anything is written."),
    )


@shows("register")
def register_preview(request: SignedIn, found: Draft) -> tuple[str, dict[str, Any]]:
    """What is new, what changes and how many rows stand as they are."""
    told = register.compared(register.providers_in(found), local(timezone.now()).date())
    decided = found.state == Draft.APPROVED
    news = told if decided else [one for one in told if one.kind != register.SAME]
    kinds = {"new": (_("new"), "green"), "changed": (_("changed"), "blue"), "same": (_("as it is"), "grey")}
    rows = []
    for one in news[:MOST_PREVIEWED]:
        kind, tone = kinds[one.kind]
        provider = one.provider
        changes = "; ".join(
            _("%(what)s: %(was)s, now %(now)s")
            % {"what": spaced(name), "was": was or _("nothing"), "now": now or _("nothing")}
            for name, was, now in one.changes
        )
        grades = " ".join(str(grade or "-") for grade in provider.grades) if any(provider.grades) else ""
        graded = provider.graded_on.isoformat() if provider.graded_on and grades else ""
        rows.append(
            Row(
                [
                    Cell(provider.name, below=provider.reference),
                    Cell("" if decided else changes, tag="" if decided else kind, tone=tone),
                    Cell(grades, below=graded),
                    Cell(worded("service_types", sorted(provider.service_types))),
                ]
            )
        )
    columns = [Column(_("Service"), names_row=True), Column(_("Draft")), Column(_("Grades")), Column(_("For"))]
    return "contracts/draft_rows.html", {
        "table": Table(_("What would be written"), columns, rows, quiet_caption=True),
        "counts": counted(
            [
                (_("new"), sum(one.kind == "new" for one in told)),
                (_("changed"), sum(one.kind == "changed" for one in told)),
                (_("newly graded"), sum(one.newly_graded for one in told)),
                (_("as they are"), sum(one.kind == "same" for one in told)),
            ]
        ),
        "left_out": max(0, len(news) - MOST_PREVIEWED),
        "decided": decided,
    }
