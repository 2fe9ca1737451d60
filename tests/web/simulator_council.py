"""A run of the simulator led through the live services: the same market, packages, answers and moments."""

from __future__ import annotations

import heapq
import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from calloff.domain.decisions import Invitation as KernelInvitation
from calloff.domain.errors import CalloffError
from calloff.domain.market import Standing
from calloff.domain.packages import Package as KernelPackage
from calloff.domain.purchasing_model import why_not_applicable
from calloff.domain.records import canonical, plain, revive
from calloff.simulator.allocate import EVERYWHERE, Inputs, adapted, arrivals, sides_of
from calloff.web.accounts.models import Identity, User
from calloff.web.brokerage.models import Decision, Invitation, Package, PackageVersion, Person
from calloff.web.brokerage.services.answering import Answer, answer_invitation
from calloff.web.brokerage.services.carrying import look_again
from calloff.web.brokerage.services.confirming import confirm_call_off, proposal
from calloff.web.brokerage.services.lots import gather
from calloff.web.brokerage.services.sourcing import advance
from calloff.web.contracts.models import ModelVersion, Pool
from calloff.web.contracts.services.publishing import enrol, publish, texts_of
from calloff.web.directory.models import Area, Branch, Council, Grading, Locality, Organisation
from calloff.web.directory.services import draw
from calloff.web.jobs import services as jobs
from calloff.web.jobs.models import Job

LONGEST = timedelta(days=28)
DECLARED_EVERY = timedelta(days=7)


class Live:
    """One document's run, live; `results` are the decisions that asked or called off, by package."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        documents, mapped = adapted(inputs)
        named = sorted({name for one in inputs.contracts for name in one.localities}) or [EVERYWHERE]
        self.packages = arrivals(inputs, documents, named, mapped)
        side = sides_of(inputs, documents, [package for package, _ in self.packages])[0]
        self.model = side.model
        self.robot = User.objects.create(
            name="robot", identity=Identity.objects.create(name="A Robot", email="robot@example.org")
        )
        self.council = made_council(side.standing, documents[0], self.packages[0][0].nation, inputs.begins_at)
        self.events: list[tuple[datetime, int, str, Any]] = []
        self.count = 0
        self.results: dict[str, list[dict[str, object]]] = {}
        self.seen = 0

    def run(self) -> None:
        """Go through the moments until nothing is due."""
        ends_at = self.inputs.begins_at + LONGEST
        for package, at in sorted(self.packages, key=lambda pair: pair[0].reference):
            if not why_not_applicable(self.model, package):
                self.at(at, "arrival", package)
        self.at(self.inputs.begins_at + DECLARED_EVERY, "declare", None)
        while True:
            due = Job.objects.filter(state="waiting").order_by("due_at").values_list("due_at", flat=True).first()
            moments = [moment for moment in (due, self.events[0][0] if self.events else None) if moment is not None]
            if not moments or min(moments) > ends_at:
                return
            now = min(moments)
            while self.events and self.events[0][0] == now:
                self.take(heapq.heappop(self.events), now)
            self.serve(now)

    def at(self, moment: datetime, kind: str, about: Any) -> None:
        self.count += 1
        heapq.heappush(self.events, (moment, self.count, kind, about))

    def take(self, event: tuple[datetime, int, str, Any], now: datetime) -> None:
        _, _, kind, about = event
        if kind == "arrival":
            package = opened(self.council, about, now)
            with transaction.atomic():
                gather(package, about, now)
                look_again(package, now)
        elif kind == "declare":
            oldest = now - timedelta(days=self.model.declaration_days)
            Pool.objects.filter(declared_at__gte=oldest).update(declared_at=now)
            self.at(now + DECLARED_EVERY, "declare", None)
        else:
            package, enrolment, offer = about
            row = Invitation.objects.filter(package=package, enrolment__reference=enrolment).latest("pk")
            answer = Answer(
                offer.answer,
                offer.reason,
                offer.visits,
                offer.centipence_per_hour,
                offer.start_on,
                offer.delivered_by,
            )
            try:
                answer_invitation(invitation=row, answer=answer, by=self.robot, at=now)
            except CalloffError:
                return

    def serve(self, now: datetime) -> None:
        """All that is due, in the order in which packages are served; each is confirmed at once."""
        while True:
            job = Job.objects.filter(state="waiting", due_at__lte=now).order_by("rank", "due_at", "pk").first()
            if job is None:
                return
            if job.kind != "advance":
                assert jobs.work_once("worker", now)
                continue
            Job.objects.filter(pk=job.pk).update(state="done")
            package = Package.objects.get(pk=json.loads(job.data)["package"])
            advance(package=package, at=now)
            self.look()
            while (shown := proposal(Package.objects.get(pk=package.pk), now)) is not None:
                confirm_call_off(package=package, shown=shown.hash, by=self.robot, at=now)
                self.look()
                advance(package=package, at=now)
                self.look()

    def look(self) -> None:
        """Note what was decided since, and let those who were asked answer as the responder says."""
        for row in Decision.objects.filter(pk__gt=self.seen).order_by("pk").select_related("package"):
            self.seen = row.pk
            result = json.loads(row.content)["result"]
            if result["kind"] in ("invite", "call_off"):
                self.results.setdefault(row.package.reference, []).append(result)
            facts = revive(KernelPackage, json.loads(row.package.versions.get(number=1).facts))
            for told in result.get("invitations", ()):
                invitation = revive(KernelInvitation, told)
                for offer in self.inputs.responder.answers(facts, invitation, result["wave"], row.at):
                    self.at(offer.at, "answer", (row.package, invitation.enrolment, offer))


def made_council(standing: Standing, document: Any, nation: str, at: datetime) -> Council:
    """A council with the market of a run."""
    council = Council.objects.create(code="run", name="A Run", nation=nation, seed=standing.seed)
    for name in standing.localities:
        locality = Locality.objects.create(council=council, code=name, name=name)
        Area.objects.create(council=council, code=name, name=name, locality=locality)
    bodies: dict[str, Organisation] = {}
    for one in standing.providers.values():
        body = bodies.setdefault(
            one.organisation, Organisation.objects.get_or_create(reference=one.organisation, defaults={"name": "A"})[0]
        )
        branch = Branch.objects.create(
            reference=one.reference,
            token=draw(),
            organisation=body,
            name=one.name,
            nation=one.nation,
            service_types=" ".join(sorted(one.service_types)),
            in_house=one.in_house,
            registered_from=one.registered_from,
            registered_to=one.registered_to,
            scale=one.scale,
            postcode=one.postcode,
            easting=one.easting,
            northing=one.northing,
        )
        Grading.objects.create(
            branch=branch,
            graded_on=one.graded_on or date(2010, 1, 1),
            grades=" ".join(map(str, one.grades)),
            recorded_at=at,
        )
    publish(council=council, texts=texts_of(document), starts_on=date(2000, 1, 1), at=at)
    enrol(council, [replace(one, model=document.model.id) for one in standing.enrolments], at)
    return council


def opened(council: Council, facts: KernelPackage, at: datetime) -> Package:
    """An approved package of the run, whose first step the worker may open."""
    area = Area.objects.get(council=council, code=facts.locality)
    person = Person.objects.create(
        council=council, reference=draw(), name="A Person", born_on=date(1940, 1, 1), area=area
    )
    package = Package.objects.create(
        council=council,
        reference=facts.reference,
        token=draw(),
        person=person,
        model_version=ModelVersion.objects.get(council=council),
        locality=area.locality,
        area=area,
        priority=facts.priority,
        approved_at=facts.approved_at,
        required_start_on=facts.required_start_on,
        minutes_per_week=facts.minutes_per_week,
        minutes_to_place=facts.minutes_per_week,
        step_started=True,
        next_action_at=at,
        changed_at=at,
    )
    PackageVersion.objects.create(
        council=council,
        package=package,
        number=1,
        facts=canonical(plain(facts)).decode(),
        minutes_per_week=facts.minutes_per_week,
        from_at=at,
    )
    return package
