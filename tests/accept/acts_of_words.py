"""Acts by which something is said, written down of a person, or signed by a second one, ready to be done once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from accept.acts import Act, of, outside

WITHIN = timedelta(minutes=1)


def acts_of_words(world: Any) -> dict[str, Callable[[], Act]]:
    """Messages, people, notices read, what is typed, and countersignatures."""
    from calloff.web.brokerage.services import countersigning, drafts, messaging, people
    from calloff.web.jobs import services as jobs
    from calloff.web.jobs.services import long

    _ = world.user("payer", "finance_payer")
    at, broker, senior, branch = world.at, world.broker, world.senior, world.branch("acorn")
    manager = world.manager("acorn")

    def written() -> Any:
        package = world.started()
        messaging.write_to_branch(package=package, branch=branch, text="Could it be earlier?", by=broker, at=at)
        return package

    def late() -> Any:
        return _late_answer(world, world.started())

    def put_down() -> Any:
        package = world.package()
        return countersigning.ask_for_outside(package=package, made=outside(world), second=senior, by=broker, at=at)

    known = people.Known("Zoe Example", date(1944, 2, 29), "", "1 High Street", "", "", "")
    return {
        "messaging.write_to_branch": of(
            world.started,
            lambda p: messaging.write_to_branch(
                package=p, branch=branch, text="Could it be earlier?", by=broker, at=at
            ),
        ),
        "messaging.write_to_council": of(
            world.started,
            lambda p: messaging.write_to_council(package=p, branch=branch, text="It could.", by=manager, at=at),
        ),
        "messaging.mark_read": of(written, lambda p: messaging.mark_read(package=p, branch=branch, by=manager, at=at)),
        "people.add_person": of(
            lambda: world.area,
            lambda area: people.add_person(council=world.council, known=known, area=area, by=world.assessor, at=at),
        ),
        "drafts.keep_typed": of(
            world.package,
            lambda p: drafts.keep_typed(user=broker, form="note", about=p.token, fields={"text": ["half a"]}, at=at),
        ),
        "jobs.mark_read": of(
            world.started, lambda _: jobs.mark_read(user=manager, until=at + timedelta(days=1), at=at)
        ),
        "long.cancel": of(
            lambda: _long_job(world), lambda job: long.cancel(job=job, by=world.user("payer", "finance_payer"), at=at)
        ),
        "long.go_on": of(
            lambda: _long_job(world, state="put_off"),
            lambda job: long.go_on(job=job, by=world.user("payer", "finance_payer"), at=at),
        ),
        "countersigning.ask_for_late_answer": of(world.started, lambda package: _late_answer(world, package)),
        "countersigning.ask_for_outside": of(
            world.package,
            lambda p: countersigning.ask_for_outside(package=p, made=outside(world), second=senior, by=broker, at=at),
        ),
        "countersigning.sign": of(put_down, lambda row: countersigning.sign(row=row, by=senior, at=at)),
        "countersigning.sign, a late answer": of(
            late, lambda row: countersigning.sign(row=row, by=senior, at=row.asked_at + WITHIN)
        ),
        "countersigning.refuse_to_sign": of(
            put_down, lambda row: countersigning.refuse_to_sign(row=row, by=senior, at=at)
        ),
    }


def _long_job(world: Any, state: str = "waiting") -> Any:
    """A job that plans visits, as it waits or was put off."""
    import calloff.web.visits.services.planning  # noqa: F401 - that the kind is known
    from calloff.web.jobs.models import Job

    told = {"council": world.council.pk, "kind": "plan_visits", "key": f"key-{Job.objects.count()}"}
    return Job.objects.create(**told, due_at=world.at, state=state)


def _late_answer(world: Any, package: Any) -> Any:
    """An answer heard in time and put down after the deadline, while no later step is open."""
    from calloff.web.brokerage.services.answering import Answer
    from calloff.web.brokerage.services.countersigning import ask_for_late_answer

    invitation = world.invitation(package, "acorn")
    return ask_for_late_answer(
        invitation=invitation,
        answer=Answer("accept"),
        received_at=invitation.sent_at + WITHIN,
        channel="phone",
        answered_by="A Manager",
        words="yes",
        late_reason="the line was down",
        second=world.senior,
        by=world.broker,
        at=invitation.deadline_at + WITHIN,
    )
