"""Search for a package, a person or a provider. What was typed never stands in an address: it lives in the session."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from calloff.domain.calendar import local
from calloff.web.accounts.views import SignedIn, allowed, permissions_at
from calloff.web.audit.services import saw_all
from calloff.web.brokerage.forms import words as codes
from calloff.web.brokerage.forms.queue import SearchForm
from calloff.web.brokerage.models import Package, Person
from calloff.web.brokerage.services.searching import Found, find
from calloff.web.config.look.tables import Cell, Column, Row, Table
from calloff.web.directory.models import Branch

FOUND = "calloff_found"
"""Where a session keeps what was looked for last, and what was found."""


@allowed("see_queue")
@require_http_methods(["GET", "POST"])
def search(request: SignedIn) -> HttpResponse:
    """Look for something, or show what was found."""
    may = permissions_at(request)
    if request.method == "POST":
        form = SearchForm(request.POST)
        if not form.is_valid():
            request.session.pop(FOUND, None)
            return render(request, "brokerage/search.html", {"form": form})
        text = form.cleaned_data["q"]
        found = find(council_id=request.council.pk, text=text, people="see_person" in may)
        request.session[FOUND] = {
            "council": request.council_id,
            "text": text,
            "packages": found.packages,
            "people": found.people,
            "branches": found.branches,
        }
        return redirect("package_search")
    kept: dict[str, Any] | None = request.session.get(FOUND)
    if not kept or kept["council"] != request.council_id:
        return render(request, "brokerage/search.html", {"form": SearchForm()})
    found = Found(
        tuple(kept["packages"]), tuple(kept["people"]) if "see_person" in may else (), tuple(kept["branches"])
    )
    form = SearchForm(initial={"q": kept["text"]})
    told = {"form": form, "searched": True, "tables": tables_of(request, found, may)}
    return render(request, "brokerage/search.html", told)


def tables_of(request: SignedIn, found: Found, may: frozenset[str]) -> list[Table]:
    """What was found, packages first; whoever is shown a person's name is noted."""
    shown: list[Person] = []
    made = [
        _packages(request, found.packages, shown if "see_person" in may else None),
        _people(request, found.people, shown),
        _branches(request, found.branches, "see_register" in may),
    ]
    if shown:
        about = dict.fromkeys(person.reference for person in shown)
        saw_all(council=request.council.pk, user=request.user, about=about, screen="package_search", at=timezone.now())
    return [one for one in made if one.rows]


def _packages(request: SignedIn, numbers: Sequence[int], shown: list[Person] | None) -> Table:
    """The packages found; whose name is told is added to `shown`, None where no name may be."""
    rows = Package.objects.filter(council=request.council_id, pk__in=numbers).select_related("area", "person__area")
    columns = [Column(_("Package"), names_row=True), Column(_("Person")), Column(_("Where")), Column(_("State"))]
    told = []
    for one in _in_order(rows, numbers):
        url = reverse("package", args=(one.token,))
        if shown is not None and one.person is not None:
            shown.append(one.person)
            who = one.person.name
        else:
            who = codes.whose(one, local(timezone.now()).date(), named=False)
        told.append(Row([Cell(one.reference, url=url), Cell(who), Cell(one.area.name), _state(one)], url=url))
    return Table(_("Packages"), columns, told)


def _people(request: SignedIn, numbers: Sequence[int], shown: list[Person]) -> Table:
    rows = Person.objects.filter(council=request.council_id, pk__in=numbers).select_related("area")
    packages: dict[int, list[Package]] = {}
    theirs = Package.objects.filter(council=request.council_id, person__in=numbers).select_related("person")
    for package in theirs.order_by("-approved_at"):
        packages.setdefault(package.cared_for.pk, []).append(package)
    columns = [
        Column(_("Person"), names_row=True),
        Column(_("Born")),
        Column(_("Where")),
        Column(_("Package")),
        Column(_("State")),
    ]
    told = []
    for one in _in_order(rows, numbers):
        shown.append(one)
        born = f"{one.born_on.day} {one.born_on:%B %Y}"
        cells = [Cell(one.name), Cell(born), Cell(one.area.name)]
        for its in packages.get(one.pk, ()):
            url = reverse("package", args=(its.token,))
            told.append(Row([*cells, Cell(its.reference, url=url), _state(its)], url=url))
        if one.pk not in packages:
            told.append(Row([*cells, Cell(_("no package yet")), Cell()]))
    return Table(_("People"), columns, told)


def _branches(request: SignedIn, numbers: Sequence[int], linked: bool) -> Table:
    rows = Branch.objects.filter(pk__in=numbers, enrolments__council=request.council_id).select_related("organisation")
    told = []
    for one in _in_order(rows.distinct(), numbers):
        url = _address_of(one) if linked else ""
        told.append(Row([Cell(one.name, url=url), Cell(one.organisation.name)], url=url))
    return Table(_("Providers"), [Column(_("Provider"), names_row=True), Column(_("Organisation"))], told)


def _address_of(branch: Branch) -> str:
    """The provider's page, where there is one."""
    try:
        return reverse("provider", args=(branch.token,))
    except NoReverseMatch:
        return ""


def _state(package: Package) -> Cell:
    state, tone = codes.PACKAGE_STATES[package.state]
    return Cell(tag=str(state), tone=tone)


def _in_order(rows: Any, numbers: Sequence[int]) -> list[Any]:
    found = {one.pk: one for one in rows}
    return [found[number] for number in numbers if number in found]
