"""
A council with something of everything, so that each page has something to show, and a user for each role.

`values_of` gives the arguments of a route: things that exist, wherever their kind is known. A new kind of thing is made
known in KINDS; until then its pages are asked for something that is not there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import product
from typing import Any

from web.routes import Route, routes
from world import EVERY_MORNING, World, another_version, made_world

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


def filled_world(now: Any = None, person: str = "Ada Example") -> Filled:
    """Make it: the moment of its acts is a little before now, since pages look at the clock."""
    from django.utils import timezone

    from calloff.web.accounts.models import Identity, RoleHeld, User
    from calloff.web.accounts.services import Side, roles
    from calloff.web.contracts.services import market

    market._kept.clear()
    world = made_world()
    world.at = (now or timezone.now()).replace(microsecond=0) - timedelta(minutes=10)
    if person != "Ada Example":
        one_of = world.person
        world.person = lambda name=person: one_of(name)  # type: ignore[method-assign]
    for name, pounds in (("acorn", 15), ("beech", 16), ("cedar", 17)):
        world.provider(name, pounds, 60_000)
    filled = Filled(world)
    for code, role in roles().items():
        staff = role.side is Side.STAFF
        if code == "system_admin":
            identity = Identity.objects.create(name="System Admin", email="system_admin@example.org")
            user = world.users[code] = User.objects.create(name=code, identity=identity)
            RoleHeld.objects.create(user=user, role=code, from_on=world.at.date(), granted_at=world.at)
        else:
            user = world.user(code, code, branch=None if staff else world.branch(PEOPLE_OF))
        filled.users[code] = user
    for name, package in _packages(world):
        filled.packages[name] = package
    _others(world, filled)
    # Found now, while each thing is as it was made: what is asked for afterwards may end some of them.
    for route in routes():
        filled.values_of(route)
    return filled


def _packages(world: World) -> Iterator[tuple[str, Any]]:
    from calloff.web.brokerage.services import confirming, ending, handing_back, living, sourcing
    from calloff.web.brokerage.services.countersigning import ask_for_outside
    from calloff.web.contracts.models import Enrolment

    def ready() -> Any:
        package = world.started()
        world.answer(package, "acorn")
        return world.again(package)

    def placed() -> Any:
        package = ready()
        world.confirm(package)
        return world.again(package)

    yield "ready", ready()
    yield "asked", world.started()
    yield "new", world.package()
    yield "called off", placed()
    begun = placed()
    living.enter_start(call_off=begun.call_offs.get(), first_visit_on=world.at.date(), by=world.broker, at=world.at)
    yield "begun", begun
    given = placed()
    handing_back.hand_back(
        call_off=given.call_offs.get(),
        last_day_on=world.at.date() + timedelta(days=20),
        reason="travel",
        words="",
        by=world.manager("acorn"),
        at=world.at,
    )
    yield "given back", given
    held = world.started()
    sourcing.hold(package=held, reason="other", review_at=world.at + timedelta(days=1), by=world.broker, at=world.at)
    yield "held", held
    ordered = world.started()
    beech = Enrolment.objects.get(reference="beech")
    confirming.order_override(
        package=ordered, enrolment=beech, reason="person_at_risk", words="", by=world.broker, at=world.at
    )
    yield "ordered", ordered
    outside = world.package()
    made = confirming.Outside(
        branch=world.branch("beech"),
        visits=(0, 1),
        centipence_per_hour=200_000,
        made_at=world.at,
        made_by="the night team",
        reason="emergency_at_night",
        words="",
        start_on=world.at.date(),
    )
    ask_for_outside(package=outside, made=made, second=world.senior, by=world.broker, at=world.at)
    yield "outside", outside
    ended = placed()
    ending.end_package(package=ended, last_day_on=world.at.date(), reason="died", by=world.broker, at=world.at)
    yield "ended", ended
    withdrawn = world.started()
    sourcing.withdraw(package=withdrawn, reason="moved", words="", by=world.broker, at=world.at)
    yield "withdrawn", withdrawn


def _others(world: World, filled: Filled) -> None:
    from calloff.web.api.services.tokens import make_token
    from calloff.web.brokerage.models import Person
    from calloff.web.brokerage.services import living, requests
    from calloff.web.brokerage.services import wanted as wanting
    from calloff.web.contracts.models import Enrolment
    from calloff.web.contracts.services import publishing, suspensions

    wanted = wanting.Wanted(EVERY_MORNING, (world.at + timedelta(days=7)).date(), 5)
    assessor = filled.users["assessor"]
    requests.raise_request(council=world.council, person=world.person(), wanted=wanted, by=assessor, at=world.at)
    requests.save_draft(
        request=None, council=world.council, person=world.person(), form={"outcomes": "typed"}, by=assessor, at=world.at
    )
    publishing.propose(
        council=world.council,
        kind="model",
        title="a version",
        content=another_version(),
        starts_on=(world.at + timedelta(days=30)).date(),
        note="",
        by=filled.users["commissioner"],
        at=world.at,
    )
    suspensions.suspend(
        enrolment=Enrolment.objects.get(reference="cedar"),
        from_on=world.at.date(),
        to_on=None,
        step_in=False,
        reason="an inquiry",
        by=filled.users["contract_manager"],
        at=world.at,
    )
    living.record_stay(
        person=Person.objects.latest("pk"),
        admitted_on=world.at.date(),
        ready_on=None,
        waits_for="home",
        discharged_on=None,
        by=filled.users["discharge_hub"],
        at=world.at,
    )
    _lived(world, filled)
    _paid(world, filled)
    make_token(
        branch=world.branch(PEOPLE_OF), name="rostering", days=30, by=filled.users["provider_manager"], at=world.at
    )


def _lived(world: World, filled: Filled) -> None:
    """A package with visits that are stopped, one that is longer for a few days, and two funders."""
    from calloff.domain.funding import Share
    from calloff.web.brokerage.services import absences, funding, temporary

    package, broker, today = filled.packages["begun"], world.broker, world.at.date()
    away = absences.Told("holiday", world.at + timedelta(days=20), world.at + timedelta(days=22), world.at)
    absences.stop_visits(package=package, told=away, by=broker, at=world.at)
    temporary.change_for_a_while(
        package=package,
        line="morning/1",
        from_on=today + timedelta(days=8),
        to_on=today + timedelta(days=9),
        more_minutes=5,
        reason="a bath",
        by=broker,
        at=world.at,
    )
    shares = [Share("ICB", "joint", 4_000), Share("council", "council", 6_000)]
    funding.split(package=package, shares=shares, from_on=today, by=broker, at=world.at)


def _paid(world: World, filled: Filled) -> None:
    """A file of visits with a parked row, one that was refused, and two pay runs: one released, one a draft."""
    import tempfile
    from pathlib import Path

    from calloff.documents.payment_rules import shipped_folder
    from calloff.formats.delivered_visits import DeliveredVisit, LoggedAt, write_visits
    from calloff.web.payments.models import RuleVersion
    from calloff.web.payments.services import runs
    from calloff.web.visits.models import PlannedVisit, PlanningStart
    from calloff.web.visits.services.files import FileRefusedError, receive
    from calloff.web.visits.services.planning import plan_ahead
    from calloff.web.visits.services.tables import keep_table

    first = world.at.date()
    text = (shipped_folder() / "hounslow_spot.yaml").read_text(encoding="utf-8")
    RuleVersion.objects.create(
        council=world.council,
        model="*",
        rule="hounslow_spot",
        version=1,
        title="Minutes delivered",
        text=text,
        starts_on=first,
        published_at=world.at,
    )
    PlanningStart.objects.create(council=world.council, on=first)
    plan_ahead(world.council.pk, world.at)
    planned = PlannedVisit.objects.filter(package=filled.packages["begun"]).order_by("start_at")[:8]
    rows = [
        DeliveredVisit(
            0,
            f"V{number}",
            world.at,
            PEOPLE_OF,
            one.package.reference,
            "W1",
            LoggedAt(one.start_at),
            LoggedAt(one.ends_at),
        )
        for number, one in enumerate(planned)
    ]
    strange = DeliveredVisit(0, "V9", world.at, PEOPLE_OF, "P-NOBODY", "W1", rows[0].came, rows[0].left)
    unfinished = DeliveredVisit(0, "V10", world.at, PEOPLE_OF, rows[0].person, "W9", rows[0].came, None)
    told = {"council": world.council, "branch": world.branch(PEOPLE_OF)}
    told |= {"by": filled.users["provider_manager"], "at": world.at}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "visits.csv"
        write_visits(path, [*rows[:4], strange, unfinished])
        receive(path=path, name="visits.csv", **told)
        settle(world)
        run = runs.draft(council=world.council, to_on=planned[3].on, by=filled.users["finance_payer"], at=world.at)
        runs.approve(run=run, shown_pence=runs.total(run), by=filled.users["pay_approver"], at=world.at)
        runs.release(run=run, by=filled.users["finance_payer"], at=world.at)
        # One of them came late, and one was left too early.
        rows[5] = replace(rows[5], came=LoggedAt(rows[5].came.at + timedelta(minutes=170)), left=None)
        rows[5] = replace(rows[5], left=LoggedAt(rows[5].came.at + timedelta(minutes=30)))
        rows[6] = replace(rows[6], left=LoggedAt(rows[6].came.at + timedelta(minutes=5)), left_by="manual", code="taxi")
        write_visits(path, rows[4:])
        receive(path=path, name="later.csv", **told)
        settle(world)
        runs.draft(council=world.council, to_on=planned[7].on, by=filled.users["finance_payer"], at=world.at)
        _money_matters(world, filled)
        _explained(world, filled)
        _periods(world, filled)
        _proposed(world, filled)
        path.write_text("a,b\n1,2\n")
        with suppress(FileRefusedError):
            receive(path=path, name="wrong.csv", **told)
    keep_table(name="own.csv", data=b"Client,Carer,Time in,Outcome\nP-NOBODY,W1,2026-03-02 08:00,ok\n", **told)


def _money_matters(world: World, filled: Filled) -> None:
    """A line that waits, a part-payment that waits for a second person, terms of pay and codes of the ledger."""
    from calloff.web.payments.models import Entitlement
    from calloff.web.payments.services import holds, sending, terms

    payer, branch = filled.users["finance_payer"], world.branch(PEOPLE_OF)
    line = Entitlement.objects.filter(branch=branch, line__run__state="draft").latest("pk")
    holds.dispute(
        entitlement=line,
        reason="length",
        words="a word",
        claimed_minutes=40,
        by=filled.users["provider_manager"],
        at=world.at,
    )
    sending.ask_for_advance(
        council=world.council, branch=branch, pence=5_000, reason="wages_due", by=payer, at=world.at
    )
    first = world.at.date()
    terms.set_terms(council=world.council, enrolment=None, from_on=first, purchase_order="PO-1", by=payer, at=world.at)
    codes = terms.Codes("CC1", "4711")
    terms.set_code(council=world.council, enrolment=None, funder="", from_on=first, codes=codes, by=payer, at=world.at)


def _explained(world: World, filled: Filled) -> None:
    """A visit that was late, as the provider explains it, and one that was short, as the council does."""
    from calloff.web.payments.models import Deviation
    from calloff.web.payments.services import deviations
    from calloff.web.visits.services.codes import add_code

    told = {"words": "The lift was out of order", "explains": ("late",), "by": filled.users["contract_manager"]}
    add_code(council=world.council, code=OWN_CODE, at=world.at, **told)
    manager, contracts = filled.users["provider_manager"], filled.users["contract_manager"]
    for kind, cause, by in (("late", "weather", manager), ("short", "provider", contracts)):
        one = Deviation.objects.filter(kind=kind).latest("pk")
        told = {"cause": cause, "code": "", "text": "a word", "from_provider": by == manager}
        deviations.say(deviation=one, by=by, at=world.at, **told)


def _periods(world: World, filled: Filled) -> None:
    """A block that waits for approval, an outcome, and a change to a period that is closed."""
    from calloff.domain.pay_calendar import Period
    from calloff.web.contracts.models import Enrolment
    from calloff.web.directory.services import draw
    from calloff.web.payments.models import Entitlement, Retro
    from calloff.web.payments.services import periods

    payer, first = filled.users["finance_payer"], world.at.date()
    enrolment = Enrolment.objects.get(reference=PEOPLE_OF)
    periods.propose_block(
        enrolment=enrolment,
        period=Period(first, first + timedelta(days=364)),
        pence=1_000_000,
        agreed_minutes=60_000,
        centipence=200_000,
        by=payer,
        at=world.at,
    )
    told = {"starts_on": first + timedelta(days=60), "due_on": first + timedelta(days=90)}
    person = filled.packages["begun"].person
    periods.agree_outcome(enrolment=enrolment, person=person, pence=9_900, by=payer, at=world.at, **told)
    one = Entitlement.objects.latest("pk")
    Retro.objects.create(
        council=world.council,
        token=draw(),
        entitlement=one,
        anchor=one.anchor,
        pence=one.pence + 100,
        why="It was longer.",
        found_at=world.at,
    )


def _proposed(world: World, filled: Filled) -> None:
    """What one person proposed and another is to decide: an uplift, a payment rule, bank details; and a shadow."""
    from calloff.documents.payment_rules import shipped_folder
    from calloff.web.payments.services import bank, charging, rules, uplifts

    commissioner, council, at = filled.users["commissioner"], world.council, world.at
    text = (shipped_folder() / "hull_planned.yaml").read_text(encoding="utf-8")
    first = at.date()
    told = {"council": council, "model": "*", "by": commissioner, "at": at}
    uplifts.propose(title="Annual", from_on=first, share=4_000, flat_centipence=0, **told)
    rules.propose(text=text, starts_on=first + timedelta(days=30), **told)
    rules.ask_for_shadow(text=text, from_on=first, to_on=first + timedelta(days=7), **told)
    payer = filled.users["finance_payer"]
    account = {"sort_code": "401276", "account": "02345671", "name": "Acorn Care"}
    bank.propose(council=council, branch=world.branch(PEOPLE_OF), by=payer, at=at, **account)
    # No table of the checkers knows this sort code.
    unknown = {"sort_code": "123456", "account": "12345678", "name": "Beech Care"}
    bank.propose(council=council, branch=world.branch("beech"), by=payer, at=at, **unknown)
    charging.assess(person=filled.packages["begun"].person, pence_per_week=2_500, from_on=first, by=payer, at=at)


def settle(world: World) -> None:
    """What the worker does with files, and nothing else of what waits for it."""
    from calloff.web.jobs.models import Job
    from calloff.web.jobs.services import Task
    from calloff.web.payments.services.entitling import settle_file

    for job in Job.objects.filter(kind="settle_file", state=Job.WAITING):
        settle_file(Task(job.council, job.key, json.loads(job.data)), world.at)
        Job.objects.filter(pk=job.pk).update(state=Job.DONE, done_at=world.at)
