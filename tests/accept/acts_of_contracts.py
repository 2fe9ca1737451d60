"""Acts on models, enrolments, the register, files and minutes to spare, ready to be done once."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any

from accept.acts import Act, of


def acts_of_contracts(world: Any) -> dict[str, Callable[[], Act]]:
    """Drafts of each kind kept, put forward, approved and refused; suspensions; declared minutes."""
    from calloff.web.contracts.models import Enrolment
    from calloff.web.contracts.services import publishing, spare_minutes, suspensions

    at = world.at
    manager = world.user("contracts", "contract_manager")
    other = world.user("other", "contract_manager")
    commissioner = world.user("commissioner", "commissioner")
    months = count(1)

    def suspended() -> Any:
        return suspensions.suspend(
            enrolment=Enrolment.objects.get(reference="beech"),
            from_on=at.date(),
            to_on=at.date() + timedelta(days=20),
            step_in=False,
            reason="an inquiry",
            by=manager,
            at=at,
        )

    def proposed() -> Any:
        from world import another_version

        return publishing.propose(
            council=world.council,
            kind="model",
            title="a version",
            content=another_version(),
            # Two versions never begin on one day.
            starts_on=(at + timedelta(days=30 * next(months))).date(),
            note="",
            by=commissioner,
            at=at,
        )

    def forward(draft: Any) -> Any:
        return publishing.put_forward(draft=draft, starts_on=None, note="", by=commissioner, at=at)

    def approval(kept: Callable[[], Any]) -> Callable[[], Act]:
        return of(lambda: forward(kept()), lambda draft: publishing.approve(draft=draft, by=manager, at=at))

    keeping = _keeping(world, commissioner)
    return {
        "spare_minutes.declare_spare": of(
            lambda: world.declared("acorn"),
            lambda row: spare_minutes.declare_spare(enrolment=row, spare={0: 70_000}, by=world.manager("acorn"), at=at),
        ),
        "suspensions.suspend": lambda: suspended,
        "suspensions.lift": of(
            suspended, lambda one: suspensions.lift(suspension=one, reason="cleared", by=other, at=at)
        ),
        "publishing.propose": lambda: proposed,
        "publishing.approve": of(proposed, lambda draft: publishing.approve(draft=draft, by=manager, at=at)),
        "publishing.approve, enrolments": approval(keeping["enrolling.keep_enrolments"]),
        "publishing.approve, the register": approval(keeping["register.keep_register"]),
        "publishing.refuse": of(proposed, lambda draft: publishing.refuse(draft=draft, reason="no", by=manager, at=at)),
        "publishing.put_forward": of(keeping["enrolling.keep_enrolments"], forward),
        **{name: (lambda keep=keep: keep) for name, keep in keeping.items()},
    }


def _keeping(world: Any, commissioner: Any) -> dict[str, Callable[[], Any]]:
    """Each way to keep a draft, with something new at every call."""
    from first_day import LIVE, OPEN, csv_of
    from small_market import enrolment
    from world import another_version

    from calloff.documents.purchasing_models import parse
    from calloff.web.brokerage.services.day_one import keep_sheet
    from calloff.web.contracts.services.documents import keep_model
    from calloff.web.contracts.services.enrolling import keep_enrolments
    from calloff.web.contracts.services.publishing import keep
    from calloff.web.contracts.services.register import keep_register

    common: dict[str, Any] = {"council": world.council, "by": commissioner, "at": world.at}
    numbers = count(1)

    def model() -> Any:
        # What is published already would be refused.
        texts = [(name, text.replace("2031-12-31", "2032-12-31")) for name, text in json.loads(another_version())]
        document = parse(texts)
        return keep_model(document=document, name="framework.yaml", **common)

    def enrolments() -> Any:
        new = replace(enrolment("acorn", 14, 600, model="framework"), reference=f"acorn again {next(numbers)}")
        return keep_enrolments(enrolments=[new], file=None, **common)

    def register() -> Any:
        return keep_register(providers=_services(next(numbers)), name="register.csv", data=b"", **common)

    return {
        "publishing.keep": lambda: keep(kind="model", title="a version", content=another_version(), **common),
        "documents.keep_model": model,
        "enrolling.keep_enrolments": enrolments,
        "register.keep_register": register,
        "day_one.keep_sheet": lambda: keep_sheet(name="day one.csv", data=csv_of(OPEN, LIVE), **common),
    }


def _services(number: int) -> list[Any]:
    """A service that is new to the register, and one that changes its name."""
    from calloff.domain.providers import Provider

    new = Provider(
        reference=f"NEW-{number}",
        name="Newly Registered",
        organisation=f"NEW-{number}",
        nation="england",
        service_types=frozenset({"care_at_home"}),
        in_house=False,
        registered_from=date(2026, 10, 1),
        registered_to=None,
        scale="cqc",
        grades=(3, 3, 3, 3),
    )
    return [new, replace(new, reference="beech", organisation="beech", name=f"Beech Care {number}")]
