"""
The administrator's pages: who has an account, which roles they hold, and what is done when something is lost.

Nothing of any person's care is asked for or shown here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from calloff.domain.errors import CalloffError
from calloff.web.accounts.forms.users import AddForm, EndForm, FindForm, GrantForm
from calloff.web.accounts.models import RoleHeld, User
from calloff.web.accounts.services import places
from calloff.web.accounts.services.administering import add_user_with_role, generated_password
from calloff.web.accounts.services.rights import today
from calloff.web.accounts.services.roles import roles
from calloff.web.accounts.services.users import (
    deactivate,
    end_role,
    grant_role,
    reactivate,
    reset_second_factor,
    set_password,
    sign_out_everywhere,
)
from calloff.web.accounts.views.door import SignedIn, allowed
from calloff.web.config.look import words
from calloff.web.config.look.exports import KINDS, Value, export
from calloff.web.config.look.lists import Choice, Filter, FilterState, Paging
from calloff.web.config.look.tables import Cell, Column, Row, Table

READ_OR_SEND = ["GET", "POST"]
OPEN, CLOSED, WITHOUT = "open", "closed", "without"


def _titles() -> dict[str, str]:
    return {code: role.title for code, role in roles().items()}


# The list


@allowed("manage_accounts")
@require_GET
def listing(request: SignedIn) -> HttpResponseBase:
    """Every account by name, a hundred on a page; narrowed by role and by how the account stands."""
    state = FilterState(
        [
            Filter("role", _("Role"), [Choice(code, title) for code, title in _titles().items()]),
            Filter(
                "state",
                _("State"),
                [
                    Choice(OPEN, _("Open")),
                    Choice(CLOSED, _("Closed")),
                    Choice(WITHOUT, _("No second factor yet")),
                ],
            ),
        ],
        request.GET,
    )
    found = _narrowed(_accounts(), state)
    if (kind := request.GET.get("as", "")) in KINDS:
        columns = [_("Sign-in name"), _("Who"), _("E-mail address"), _("Roles today"), _("State")]
        return export(_in_file(list(found)), columns, "accounts", kind)
    return _list_page(request, found, state, FindForm())


def _in_file(users: list[User]) -> Iterator[list[Value]]:
    """Accounts as rows of a file: what their list shows."""
    for row in _rows(users):
        name, who, roles, state = (cell for cell in row.cells if isinstance(cell, Cell))
        yield [name.text, who.text, who.below, roles.text, state.tag]


@allowed("manage_accounts")
@require_http_methods(READ_OR_SEND)
def find(request: SignedIn) -> HttpResponse:
    """Accounts by name or e-mail address. What was typed is sent, and stands in no address and in no log."""
    form = FindForm(request.POST or None)
    if request.method != "POST" or not form.is_valid() or not form.cleaned_data["q"]:
        return redirect("accounts")
    text = form.cleaned_data["q"]
    found = _accounts().filter(
        Q(name__icontains=text) | Q(identity__name__icontains=text) | Q(identity__email__icontains=text)
    )
    return _list_page(request, found, None, form)


def _accounts() -> QuerySet[User]:
    return User.objects.select_related("identity").order_by("name")


def _factors() -> QuerySet[Authenticator]:
    factors: QuerySet[Authenticator] = Authenticator.objects.filter(type=Authenticator.Type.TOTP)
    return factors


def _narrowed(found: QuerySet[User], state: FilterState) -> QuerySet[User]:
    if role := state.code("role"):
        held = _in_force().filter(user=OuterRef("pk"), role=role)
        found = found.filter(Exists(held))
    stands = state.code("state")
    if stands == WITHOUT:
        return found.filter(~Exists(_factors().filter(user=OuterRef("pk"))), is_active=True)
    return found.filter(is_active=stands == OPEN) if stands else found


def _in_force() -> QuerySet[RoleHeld]:
    on = today()
    return RoleHeld.objects.filter(Q(to_on=None) | Q(to_on__gte=on), from_on__lte=on)


def _list_page(request: SignedIn, found: QuerySet[User], state: FilterState | None, form: FindForm) -> HttpResponse:
    total = found.count()
    paging = Paging.asked_for(request.GET.get("page"), total, state.address() if state else "?")
    # What was searched for is in no address, so a search has one page: the first hundred, and words that say so.
    rows = _rows(list(found[paging.rows]))
    table = Table(
        _("Accounts"),
        [
            Column(_("Sign-in name"), names_row=True),
            Column(_("Who")),
            Column(_("Roles today")),
            Column(_("State")),
        ],
        rows,
        empty=_("No account fits. Clear the filters, or add the user."),
        quiet_caption=True,
    )
    told = {"table": table, "paging": paging, "filters": state, "form": form, "searched": form.is_bound}
    return render(request, "accounts/users.html", told)


def _rows(users: list[User]) -> list[Row]:
    held: dict[int, list[RoleHeld]] = {}
    for one in _in_force().filter(user__in=users).order_by("pk"):
        held.setdefault(one.user_id, []).append(one)
    named = _named(one for many in held.values() for one in many)
    proved = set(_factors().filter(user__in=users).values_list("user", flat=True))
    return [_row(user, held.get(user.pk, []), named, user.pk in proved) for user in users]


def _row(user: User, held: Iterable[RoleHeld], named: places.Named, has_factor: bool) -> Row:
    url = reverse("accounts_user", args=(user.token,))
    cells = [
        Cell(user.name, url),
        Cell(user.identity.name, below=user.identity.email),
        Cell("; ".join(_role_words(one, named) for one in held)),
        _state_of(user, has_factor),
    ]
    return Row(cells, url)


def _state_of(user: User, has_factor: bool) -> Cell:
    if not user.is_active:
        return Cell(tag=_("closed"))
    if not has_factor:
        return Cell(tag=_("no second factor yet"), tone="yellow")
    return Cell(tag=_("open"), tone="green")


def _named(held: Iterable[RoleHeld]) -> places.Named:
    all_held = list(held)
    return places.directory().named(
        {one.council_id for one in all_held if one.council_id is not None},
        {one.branch_id for one in all_held if one.branch_id is not None},
    )


def _role_words(held: RoleHeld, named: places.Named) -> str:
    title, place = _titles().get(held.role, held.role), _place_of(held, named)
    return f"{title}, {place}" if place else title


def _place_of(held: RoleHeld, named: places.Named) -> str:
    if held.council_id is not None:
        return named.councils.get(held.council_id, "")
    return named.branches.get(held.branch_id, "") if held.branch_id is not None else ""


# One account


def _user_of(token: str) -> User:
    return get_object_or_404(_accounts(), token=token)


@allowed("manage_accounts")
@require_GET
def user(request: SignedIn, token: str) -> HttpResponse:
    """One account: whose it is, its roles from one day to another, and what can be done."""
    one = _user_of(token)
    held = list(one.roles.select_related("granted_by").order_by("pk"))
    told = {
        "one": one,
        "state": _state_of(one, _factors().filter(user=one).exists()),
        "own": request.user.identity_id == one.identity_id,
        "others": User.objects.filter(identity=one.identity_id).exclude(pk=one.pk).order_by("name"),
        "roles": _roles_table(one, held, own=request.user.identity_id == one.identity_id),
    }
    return render(request, "accounts/user.html", told)


def _roles_table(one: User, held: list[RoleHeld], *, own: bool) -> Table:
    now, named, titles = today(), _named(held), _titles()
    rows = []
    for number, role in enumerate(held, start=1):
        over = role.to_on is not None and role.to_on < now
        ends = reverse("accounts_end", args=(one.token, number))
        act = Cell() if over or own else Cell(_("End"), ends)
        to = words.day(role.to_on, now) if role.to_on else _("no end known")
        never = role.to_on is not None and role.to_on < role.from_on
        cells = [
            Cell(titles.get(role.role, role.role)),
            Cell(_place_of(role, named) or _("everywhere")),
            Cell(words.day(role.from_on, now)),
            Cell(_("never in force") if never else to),
            act,
        ]
        rows.append(Row(cells))
    columns = [
        Column(_("Role"), names_row=True),
        Column(_("Where")),
        Column(_("First day")),
        Column(_("Last day")),
        Column(_("Change")),
    ]
    return Table(_("Roles"), columns, rows, empty=_("No role was ever granted: this account opens no page of work."))


def _sent(
    request: SignedIn, form: forms.Form, carry_out: Callable[[datetime], Any], done: str, back: str
) -> HttpResponse | None:
    """Carry a form out and lead back; None where it must be shown (again), with what was refused above it."""
    if request.method != "POST" or not form.is_valid():
        return None
    try:
        carry_out(timezone.now())
    except CalloffError as refused:
        form.add_error(None, str(refused))
        return None
    messages.success(request, done)
    return redirect(back)


@allowed("manage_accounts")
@require_http_methods(READ_OR_SEND)
def add(request: SignedIn) -> HttpResponse:
    """Add an account with its first role; its password is shown once."""
    form = AddForm(request.POST or None, today=today())
    if request.method == "POST" and form.is_valid():
        password = generated_password()
        try:
            made = add_user_with_role(
                name=form.cleaned_data["name"],
                password=password,
                by=request.user,
                at=timezone.now(),
                **form.whose(),
                **form.granted(),
            )
        except CalloffError as refused:
            form.add_error(None, str(refused))
        else:
            return _password_page(request, made, password, _("The account is added"))
    told = {"form": form, "title": _("Add a user"), "button": _("Add the user"), "back": reverse("accounts")}
    return render(request, "accounts/user_act.html", told)


def _password_page(request: SignedIn, one: User, password: str, title: str) -> HttpResponse:
    # The answer to the form itself, and no page to come back to: the password is kept nowhere.
    return render(request, "accounts/user_password.html", {"one": one, "password": password, "title": title})


@allowed("manage_accounts")
@require_http_methods(READ_OR_SEND)
def grant(request: SignedIn, token: str) -> HttpResponse:
    """Give a user a further role."""
    one = _user_of(token)
    form, back = GrantForm(request.POST or None, today=today()), reverse("accounts_user", args=(token,))
    sent = _sent(
        request,
        form,
        lambda now: grant_role(user=one, **form.granted(), by=request.user, at=now),
        _("The role is granted."),
        back,
    )
    title = _("Grant a role to %(name)s") % {"name": one.name}
    told = {"form": form, "one": one, "title": title, "button": _("Grant the role"), "back": back}
    return sent or render(request, "accounts/user_act.html", told)


@allowed("manage_accounts")
@require_http_methods(READ_OR_SEND)
def end(request: SignedIn, token: str, number: int) -> HttpResponse:
    """End a role with its last day; `number` is its place among the user's roles, from 1 on."""
    one = _user_of(token)
    held = list(one.roles.order_by("pk")[number - 1 : number]) if number > 0 else []
    if not held:
        raise Http404
    form, back = EndForm(request.POST or None, today=today()), reverse("accounts_user", args=(token,))

    def carry_out(now: datetime) -> None:
        last_on: date = form.cleaned_data["last_on"]
        end_role(held=held[0], last_on=last_on, by=request.user, at=now)

    sent = _sent(request, form, carry_out, _("The role has its last day."), back)
    title = _("End a role of %(name)s") % {"name": one.name}
    lead = _role_words(held[0], _named(held))
    told = {"form": form, "one": one, "title": title, "lead": lead, "button": _("End the role"), "back": back}
    return sent or render(request, "accounts/user_act.html", told)


# What is done when something is lost, or somebody leaves


@allowed("manage_accounts")
@require_http_methods(READ_OR_SEND)
def password(request: SignedIn, token: str) -> HttpResponse:
    """Set a new password, drawn by chance and shown once; the user's sessions end."""
    one = _user_of(token)
    form, title = _pressed(request), _("Set a new password for %(name)s") % {"name": one.name}
    lead = _("A new one is made and shown to you once. The old one stops working and every session of theirs ends.")
    if request.method == "POST":
        drawn = generated_password()
        try:
            if one.identity_id == request.user.identity_id:
                raise CalloffError(_("Change your own password under “Your account”."))
            set_password(user=one, password=drawn, by=request.user, at=timezone.now())
        except CalloffError as refused:
            form.add_error(None, str(refused))
        else:
            return _password_page(request, one, drawn, _("The password is set"))
    return _confirm_page(request, one, form, title, lead, _("Set a new password"))


def _pressed(request: SignedIn) -> forms.Form:
    """A form of one button, which may say why nothing was done."""
    form = forms.Form(request.POST if request.method == "POST" else None)
    form.is_valid()
    return form


def _confirm_page(
    request: SignedIn, one: User, form: forms.Form, title: str, lead: str, button: str, *, warning: bool = True
) -> HttpResponse:
    told = {
        "form": form,
        "one": one,
        "title": title,
        "lead": lead,
        "button": button,
        "warning": warning,
        "back": reverse("accounts_user", args=(one.token,)),
    }
    return render(request, "accounts/user_act.html", told)


def _confirmed(
    act: Callable[..., object], title: Any, lead: Any, button: Any, done: Any, *, warning: bool = True
) -> Any:
    """A page that asks before an act on an account is carried out."""

    def view(request: SignedIn, token: str) -> HttpResponse:
        one, form = _user_of(token), _pressed(request)
        back = reverse("accounts_user", args=(token,))
        if request.method == "POST":
            try:
                act(user=one, by=request.user, at=timezone.now())
            except CalloffError as refused:
                form.add_error(None, str(refused))
            else:
                messages.success(request, str(done))
                return redirect(back)
        return _confirm_page(request, one, form, title % {"name": one.name}, str(lead), str(button), warning=warning)

    return allowed("manage_accounts")(require_http_methods(READ_OR_SEND)(view))


second_factor = _confirmed(
    reset_second_factor,
    gettext_lazy("Reset the second factor of %(name)s"),
    gettext_lazy(
        "For somebody who has lost their telephone. Make sure that it is them who asks: ring a number you know. Their "
        "authenticator and recovery codes stop working, and every session ends. At the next sign-in they set up "
        "a new one."
    ),
    gettext_lazy("Reset the second factor"),
    gettext_lazy("The second factor is reset: they set up a new one at the next sign-in."),
)
sign_out = _confirmed(
    sign_out_everywhere,
    gettext_lazy("Sign %(name)s out everywhere"),
    gettext_lazy("Every session of theirs ends with its next request. They can sign in again."),
    gettext_lazy("Sign out everywhere"),
    gettext_lazy("Every session of theirs is ended."),
)
close = _confirmed(
    deactivate,
    gettext_lazy("Close the account of %(name)s"),
    gettext_lazy(
        "For somebody who leaves. Nobody signs in with it any more, and what is open under it ends at once. What was "
        "done under it stays on record. Hand their packages over first."
    ),
    gettext_lazy("Close the account"),
    gettext_lazy("The account is closed."),
)
open_again = _confirmed(
    reactivate,
    gettext_lazy("Open the account of %(name)s again"),
    gettext_lazy("The roles that are still in force count again, with the password and second factor of before."),
    gettext_lazy("Open the account"),
    gettext_lazy("The account is open again."),
    warning=False,
)
