"""
A council with something of everything, as its pages are asked for: a user for each role, and what each route leads to.

`values_of` gives the arguments of a route: things that exist, wherever their kind is known. A new kind of thing is made
known in KINDS; until then its pages are asked for something that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from web.routes import Route
from world import World

PEOPLE_OF = "acorn"
"""The provider whose branch the provider's users belong to."""
OWN_CODE = "lift_broken"
"""An exception code that this council alone has."""


@dataclass
class Filled:
    """The world, its users by role, and its packages by what is to be done with them."""

    world: World
    users: dict[str, Any] = field(default_factory=dict)
    packages: dict[str, Any] = field(default_factory=dict)
    known: dict[str, list[dict[str, object]]] = field(default_factory=dict)

    def client(self, role: str | None, **options: Any) -> Any:
        """A browser in which a role's user has signed in with the second factor; of nobody without a role."""
        return browser(self.users[role] if role else None, **options)

    def values_of(self, route: Route) -> list[dict[str, object]]:
        """
        The arguments with which a route can be asked for, the likeliest first: one for each package where it has one.
        """
        if route.text not in self.known:
            self.known[route.text] = self._values_of(route) if route.arguments else [{}]
        return self.known[route.text]

    def _values_of(self, route: Route) -> list[dict[str, object]]:
        of_package = any(before == "packages/" for before, _, _ in route.arguments)
        found: list[dict[str, object]] = []
        for package in self.packages.values() if of_package else [None]:
            known = [self._known(before, name, package) for before, _, name in route.arguments]
            if package is not None and not all(known):
                continue
            # Where a kind of thing is known nowhere, something that is not there is asked for.
            choices = [
                one or [{"int": 1}.get(converter, "x")]
                for one, (_, converter, _) in zip(known, route.arguments, strict=True)
            ]
            names = [name for _, _, name in route.arguments]
            found += [dict(zip(names, values, strict=True)) for values in product(*choices)]
        return found or [{name: {"int": 1}.get(converter, "x") for _, converter, name in route.arguments}]

    def _known(self, before: str, name: str, package: Any) -> list[object]:
        for pattern, arguments, find in KINDS:
            if name in arguments and re.search(pattern, before):
                found = find(self, package)
                return [*found] if isinstance(found, list) else [found] if found is not None else []
        return []


Find = Callable[[Filled, Any], object]


def _invitation(filled: Filled, package: Any) -> object:
    chosen = [filled.packages[name] for name in ("ready", "asked", "withdrawn")] if package is None else [package]
    rows = [one.invitations.filter(branch__reference=PEOPLE_OF).last() for one in chosen]
    return [row.token for row in rows if row is not None]


def _call_off(filled: Filled, package: Any) -> object:
    from calloff.web.brokerage.models import CallOff

    rows = CallOff.objects.filter(branch__reference=PEOPLE_OF) if package is None else package.call_offs
    row = rows.order_by("-pk").first()
    return row.token if row else None


def _request(filled: Filled, _package: Any) -> object:
    from calloff.web.brokerage.models import Request

    return [Request.objects.filter(state=state).latest("pk").reference for state in (Request.WAITING, Request.DRAFT)]


def _draft(filled: Filled, _package: Any) -> object:
    from calloff.web.contracts.models import Draft

    kinds = Draft.objects.order_by("kind").values_list("kind", flat=True).distinct()
    return [Draft.objects.filter(kind=kind).latest("pk").reference for kind in reversed(kinds)]


def _person(filled: Filled, _package: Any) -> object:
    from calloff.web.brokerage.models import Stay

    return Stay.objects.latest("pk").person.reference


def _receipt(filled: Filled, _package: Any) -> object:
    from calloff.web.brokerage.models import Offer

    offer = Offer.objects.filter(invitation__package=filled.packages["ready"]).first()
    return offer.receipt if offer else None


def _suspended(filled: Filled, _package: Any) -> object:
    from calloff.web.contracts.models import Suspension

    return f"{Suspension.objects.latest('pk').suspended_at:%Y%m%dT%H%M%S}"


def _key(filled: Filled, _package: Any) -> object:
    from calloff.web.api.models import Token

    row = Token.objects.first()
    return row.reference if row else None


def _enrolment(filled: Filled, _package: Any) -> object:
    from calloff.web.contracts.models import Enrolment

    # The last of them is suspended.
    return [Enrolment.objects.get(reference=one).token for one in (PEOPLE_OF, "cedar")]


def _branch(filled: Filled, _package: Any) -> object:
    return filled.world.branch(PEOPLE_OF).token


def _user(filled: Filled, _package: Any) -> object:
    # Whom an administrator signs out or closes: nobody who is still to try a door.
    return filled.world.user("colleague", "broker").token


def _pay_run(filled: Filled, _package: Any) -> object:
    from calloff.web.payments.models import PayRun

    # The draft first: it is what most pages do something with.
    return list(PayRun.objects.order_by("-number").values_list("token", flat=True))


def _absence(filled: Filled, package: Any) -> object:
    from calloff.web.brokerage.models import Absence

    chosen = package or filled.packages["begun"]
    return list(Absence.objects.filter(person=chosen.person_id, superseded_at=None).values_list("token", flat=True))


def _temporary(filled: Filled, package: Any) -> object:
    chosen = package or filled.packages["begun"]
    return list(chosen.temporary_changes.filter(superseded_at=None).values_list("token", flat=True))


def _visit_file(filled: Filled, _package: Any) -> object:
    from calloff.web.visits.models import VisitFile

    return list(VisitFile.objects.order_by("pk").values_list("receipt", flat=True))


def _sent_table(filled: Filled, _package: Any) -> object:
    from calloff.web.visits.models import SentTable

    return SentTable.objects.latest("pk").token


def _line(filled: Filled, _package: Any) -> object:
    from calloff.web.payments.models import PayLine
    from calloff.web.payments.views.lines import line_name

    return [line_name(one.entitlement) for one in PayLine.objects.order_by("-pk").select_related("entitlement")]


def _day_of_line(filled: Filled, _package: Any) -> object:
    from calloff.web.payments.models import PayLine

    return PayLine.objects.latest("pk").entitlement.on.isoformat()


def _tokens(name: str) -> Find:
    """The tokens of every row of a kind that belongs to pay."""

    def find(filled: Filled, _package: Any) -> object:
        from calloff.web.payments import models

        return list(getattr(models, name).objects.order_by("pk").values_list("token", flat=True))

    return find


def _someone(filled: Filled, _package: Any) -> object:
    return filled.packages["begun"].person.reference


def _loose(filled: Filled, _package: Any) -> object:
    from django.db.models import F

    from calloff.web.visits.models import LooseRow

    # One whose leaving nobody logged first, then one that fits nobody.
    first = F("row__left_at").asc(nulls_first=True)
    return list(LooseRow.objects.order_by(first, "pk").values_list("token", flat=True))


KINDS: tuple[tuple[str, tuple[str, ...], Find], ...] = (
    (r"^pay/$|^provider/pay/$", ("token",), _pay_run),
    (r"pay/waiting/$", ("hold",), _tokens("Hold")),
    (r"^pay/blocks/$", ("block",), _tokens("BlockYear")),
    (r"^pay/outcomes/$", ("outcome",), _tokens("Outcome")),
    (r"^pay/periods/changes/$", ("retro",), _tokens("Retro")),
    (r"^pay/bank/$", ("detail",), _tokens("BankDetail")),
    (r"^uplifts/$", ("uplift",), _tokens("Uplift")),
    (r"^payment-rules/proposals/$", ("proposal",), _tokens("RuleProposal")),
    (r"^payment-rules/shadow/$", ("shadow",), _tokens("Shadow")),
    (r"^payment-rules/$", ("model",), lambda filled, _: "*"),
    (r"^payment-rules/<str:model>/$", ("version",), lambda filled, _: 1),
    (r"^pay/statements/$", ("person",), _someone),
    (r"^pay/statements/<str:person>/$", ("week",), lambda filled, _: filled.world.at.date().isoformat()),
    (r"^pay/part-payments/$", ("advance",), _tokens("Advance")),
    (r"lines/<str:branch>/$|<str:day>/$", ("line",), _line),
    (r"^provider/pay/lines/<str:branch>/$", ("day",), _day_of_line),
    (r"^pay/owing/$|(lines|returned)/$", ("branch",), _branch),
    (r"^provider/visits/$", ("receipt",), _visit_file),
    (r"^provider/visits/columns/$", ("token",), _sent_table),
    (r"(^|provider/visits/)rows/$", ("row",), _loose),
    (r"(^|provider/visits/)deviations/(of/)?$", ("token",), _tokens("Deviation")),
    (r"^exception-codes/of/$", ("code",), lambda filled, _: OWN_CODE),
    (r"remittance/$|^provider/pay/<str:token>/$", ("branch",), _branch),
    (r"^packages/$", ("token",), lambda filled, package: package.token),
    (r"/stops/$", ("absence",), _absence),
    (r"/temporary/$", ("change",), _temporary),
    (r"stops/visits/$", ("line",), lambda filled, _: "morning"),
    (r"stops/visits/<str:line>/$", ("on",), lambda filled, _: filled.world.at.date().isoformat()),
    (r"(answers|invitations|not-selected|messages)/$", ("token", "invitation", "asked", "reference"), _invitation),
    (r"(first-visit|handback|call-off|call-offs|handbacks)/$", ("token", "call_off", "placed"), _call_off),
    (r"dispute/$", ("receipt",), _receipt),
    (r"^provider/packages/$", ("token",), _call_off),
    (r"requests/$", ("token", "reference"), _request),
    (r"drafts/$", ("token", "reference"), _draft),
    (
        r"(providers|branches)/$",
        ("token", "branch", "reference"),
        lambda filled, _: filled.world.branch(PEOPLE_OF).token,
    ),
    (r"(people|stays)/$", ("token", "reference"), _person),
    (r"/lift/$", ("suspended",), _suspended),
    (r"tokens/$", ("reference", "token"), _key),
    (r"(enrolments|hours|spare)/$", ("token", "enrolment"), _enrolment),
    (r"models/$", ("model", "name", "id"), lambda filled, _: "framework"),
    (r"^accounts/$", ("token",), _user),
    (r"^accounts/<str:token>/roles/$", ("number",), lambda filled, _: 1),
    (r"(records|versions)/$", ("number", "version"), lambda filled, _: 1),
)
"""What stands before an argument, what it may be called, and how one is found."""


def browser(user: Any, **options: Any) -> Any:
    """A test client in which somebody has signed in with the second factor; nobody where there is no user."""
    from django.test import Client

    from calloff.web.accounts.services import passing

    client = Client(SERVER_NAME="127.0.0.1", **options)
    if user is not None:
        client.force_login(user)
        session = client.session
        session[passing.FACTOR] = user.pk
        session.save()
    return client
