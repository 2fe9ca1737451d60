"""Each role at each door: what the matrix of access.yaml and roles.yaml lets through, and nobody else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from web.filled import Filled
from web.routes import METHODS, PUBLIC, SIGNED_IN, Access, Route, access, holders_of, routes

THROUGH, REFUSED, SIGN_IN, ELSEWHERE = "through", "refused", "sign in", "choose a council"


def passed(answer: Any) -> str:
    """What a door did."""
    if answer.status_code == 403:
        return REFUSED
    if answer.status_code == 302:
        leads, _, asked = answer["Location"].partition("?")
        if leads == "/sign-in/" and asked.startswith("next="):
            return SIGN_IN
        if leads == "/account/council/":
            return ELSEWHERE
    return THROUGH


def faults(filled: Filled, roles: Iterable[str | None], methods: Iterable[str] = METHODS) -> Iterator[tuple[str, str]]:
    """
    Every try, and what was wrong with it ("" where nothing was): each role, or nobody, at each door by each method.
    """
    clients = {role: filled.client(role) for role in roles}
    for route, one in listed():
        for role in clients:
            yield from at_door(filled, clients, route, one, role, methods)


def few_faults(filled: Filled, roles: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The same at each door for nobody, one role that gets through and one that does not, by its first method alone."""
    clients = {role: filled.client(role) for role in (None, *roles)}
    for number, (route, one) in enumerate(listed()):
        holders = [role for role in roles if role in holders_of(one.permission)]
        others = [role for role in roles if role not in holders]
        chosen = {None, *holders[number % len(holders) :][:1]}
        chosen |= {others[number % len(others)]} if others else set()
        for role in sorted(chosen, key=str):
            yield from at_door(filled, clients, route, one, role, one.methods[:1])


def listed() -> list[tuple[Route, Access]]:
    """Each route that access.yaml knows, with what it says; `listing_faults` tells the others."""
    said = access()
    return [(route, said[route.name]) for route in routes() if route.name in said]


def at_door(
    filled: Filled, clients: dict[Any, Any], route: Route, one: Access, role: str | None, methods: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """One role at one door."""
    address = route.address(filled.values_of(route)[0])
    for method in methods:
        answer = clients[role].generic(method, address)
        if answer.streaming:
            # A file stays open until it is read to its end.
            answer.getvalue()
        yield f"{role or 'nobody'} {method} {route.name}", _fault(route, one, role, method, answer)
        if role and method in one.methods and method != "GET" and one.permission in (PUBLIC, SIGNED_IN):
            # Some of these end the session in which they are asked for.
            clients[role] = filled.client(role)


def _fault(route: Route, one: Access, role: str | None, method: str, answer: Any) -> str:
    did, status = passed(answer), answer.status_code
    if status >= 500 and route.name != "health":
        return f"the page broke: {status}"
    if one.permission == PUBLIC:
        if did == REFUSED:
            return "refused, and it is open to everybody"
        return "" if role is None else _method_fault(one, method, status)
    if role is None:
        return "" if did == SIGN_IN or status == 405 else f"{did} ({status}) without signing in"
    if role not in holders_of(one.permission):
        return "" if did == REFUSED else f"{did} ({status}) without {one.permission}"
    if did != THROUGH:
        return f"{did} ({status}) in spite of {one.permission}"
    return _method_fault(one, method, status)


def _method_fault(one: Access, method: str, status: int) -> str:
    if method in one.methods:
        return f"{method} is written, and not taken" if status == 405 else ""
    return "" if status == 405 else f"{method} is not written, and taken ({status})"
