"""Acts on accounts, roles, authenticators and the keys of programs, ready to be done once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Any

from accept.acts import Act, of

PASSWORD = "three invented hedges by a canal"


def acts_of_accounts(world: Any) -> dict[str, Callable[[], Act]]:
    """What an administrator does to accounts, what users do to their own, and keys of programs made and ended."""
    from calloff.web.accounts.services import administering, demo, users

    at, admin = world.at, administrator(world)
    numbers = count(1)

    def account() -> Any:
        return world.user(f"account-{next(numbers)}")

    def named() -> dict[str, Any]:
        number = next(numbers)
        said = {"name": f"new-{number}", "identity_name": "Somebody New", "email": f"new-{number}@example.org"}
        return {**said, "at": at}

    def closed() -> Any:
        return users.deactivate(user=account(), by=admin, at=at)

    def granted() -> Any:
        return users.grant_role(
            user=account(), role="broker", from_on=at.date(), council_id=world.council.pk, by=admin, at=at
        )

    def broker(user: Any) -> Any:
        return users.grant_role(
            user=user, role="broker", from_on=at.date(), council_id=world.council.pk, by=admin, at=at
        )

    def with_role(said: dict[str, Any]) -> Any:
        return administering.add_user_with_role(
            password=PASSWORD, role="broker", from_on=at.date(), council_id=world.council.pk, by=admin, **said
        )

    return {
        "users.add_user": of(named, lambda said: users.add_user(password=PASSWORD, by=admin, **said)),
        "users.new_account": of(named, lambda said: users.new_account(password=PASSWORD, by=admin, **said)),
        "users.grant_role": of(account, broker),
        "users.end_role": of(
            granted, lambda held: users.end_role(held=held, last_on=at.date() + timedelta(days=3), by=admin, at=at)
        ),
        "users.deactivate": of(account, lambda user: users.deactivate(user=user, by=admin, at=at)),
        "users.reactivate": of(closed, lambda user: users.reactivate(user=user, by=admin, at=at)),
        "users.sign_out_everywhere": of(account, lambda user: users.sign_out_everywhere(user=user, by=admin, at=at)),
        "users.set_password": of(
            account, lambda user: users.set_password(user=user, password=PASSWORD, by=admin, at=at)
        ),
        "users.change_own_password": of(
            account, lambda user: users.change_own_password(user=user, password=PASSWORD, at=at)
        ),
        "users.reset_second_factor": of(account, lambda user: users.reset_second_factor(user=user, by=admin, at=at)),
        "administering.add_user_with_role": of(named, with_role),
        "demo.add_demo_user": of(named, lambda said: demo.add_demo_user(hashed="!", **said)),
        "demo.give_demo_authenticator": of(
            account, lambda user: demo.give_demo_authenticator(user=user, by=None, at=at)
        ),
        **_acts_of_keys(world),
    }


def _acts_of_keys(world: Any) -> dict[str, Callable[[], Act]]:
    from calloff.web.api.services import repeats, tokens
    from calloff.web.brokerage.services.answering import Answer, answer_invitation

    at, manager, branch = world.at, world.manager("acorn"), world.branch("acorn")

    def make() -> Any:
        return tokens.make_token(branch=branch, name="Rostering", days=30, by=manager, at=at)

    def answer(package: Any) -> Any:
        invitation = world.invitation(package, "acorn")

        def do() -> tuple[int, dict[str, Any]]:
            answer_invitation(invitation=invitation, answer=Answer("accept"), by=manager, at=at, channel="api")
            return 201, {}

        return repeats.once(
            user=manager, key=package.token, command={"of": package.token}, at=at, do=do, refused=lambda _: (409, {})
        )

    return {
        "tokens.make_token": lambda: make,
        "tokens.revoke_token": of(make, lambda made: tokens.revoke_token(token=made[0], by=manager, at=at)),
        "repeats.once": of(world.started, answer),
    }


def administrator(world: Any) -> Any:
    """Whoever looks after accounts."""
    from calloff.web.accounts.models import Identity, RoleHeld, User

    identity = Identity.objects.create(name="An Administrator", email="administrator@example.org")
    user = User.objects.create(name="administrator", identity=identity)
    RoleHeld.objects.create(user=user, role="system_admin", from_on=world.at.date(), granted_at=world.at)
    return user
