"""
Every address of the website, with the way it may be called and the right that opens it, as access.yaml says.

`permission` is one of roles.yaml, `signed_in` for whoever has signed in, or `public` for the pages of signing in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ACCESS = Path(__file__).with_name("access.yaml")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")
PUBLIC, SIGNED_IN = "public", "signed_in"


@dataclass(frozen=True)
class Route:
    """One address: `text` as the urlconf writes it, its name, and the view behind it."""

    name: str
    text: str
    view: Callable[..., Any]

    @property
    def arguments(self) -> list[tuple[str, str, str]]:
        """Each argument: what stands before it, its converter, its name."""
        return [(self.text[: one.start()], one[1] or "str", one[2]) for one in ARGUMENT.finditer(self.text)]

    def address(self, values: dict[str, object]) -> str:
        """The address with its arguments filled in."""
        return "/" + ARGUMENT.sub(lambda one: str(values[one[2]]), self.text)


@dataclass(frozen=True)
class Access:
    """How a route may be called, and by whom."""

    methods: tuple[str, ...]
    permission: str


def routes(patterns: Iterable[Any] | None = None, before: str = "") -> Iterator[Route]:
    """Every address of the urlconf in force."""
    if patterns is None:
        from django.urls import get_resolver

        patterns = get_resolver().url_patterns
    for one in patterns:
        text = before + str(one.pattern).removeprefix("^").removesuffix("$")
        if hasattr(one, "url_patterns"):
            yield from routes(one.url_patterns, text)
        else:
            yield Route(one.name or "", text, one.callback)


def access() -> dict[str, Access]:
    """What access.yaml says of each route, by name."""
    stored = yaml.safe_load(ACCESS.read_text(encoding="utf-8"))
    return {name: Access(tuple(one["methods"]), one["permission"]) for name, one in stored.items()}


def holders_of(permission: str) -> frozenset[str]:
    """The roles whose people get through a door."""
    from calloff.web.accounts.services import roles

    if permission in (PUBLIC, SIGNED_IN):
        return frozenset(roles())
    return frozenset(code for code, role in roles().items() if permission in role.permissions)


def listing_faults() -> list[str]:
    """What differs between the urlconf and access.yaml, in plain words."""
    from calloff.web.accounts.services import permissions

    there, said, faults = list(routes()), access(), []
    names = [one.name for one in there]
    faults += [f"/{one.text} has no name" for one in there if not one.name]
    faults += [f"two addresses are called {name}" for name in sorted({one for one in names if names.count(one) > 1})]
    faults += [f"{name} is not in {ACCESS.name}" for name in sorted(set(names) - set(said) - {""})]
    faults += [f"{name} of {ACCESS.name} has no address" for name in sorted(set(said) - set(names))]
    for route in there:
        if (one := said.get(route.name)) is None:
            continue
        if one.permission not in (*permissions(), PUBLIC, SIGNED_IN):
            faults.append(f"{route.name}: there is no permission {one.permission}")
        guard = getattr(route.view, "permission", None)
        if one.permission not in (PUBLIC, SIGNED_IN, guard):
            faults.append(f"{route.name}: {one.permission} is written, the door asks for {guard}")
        if one.permission in (PUBLIC, SIGNED_IN) and guard:
            faults.append(f"{route.name}: {one.permission} is written, the door asks for {guard}")
    return faults
