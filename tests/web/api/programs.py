"""A provider's program: what it sends, with its key, and what it is told."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.test import Client
from world import World

from calloff.web.api.services.tokens import make_token

API = "/api/v1"


@dataclass
class Program:
    """A key and the requests that are sent with it."""

    secret: str

    def __post_init__(self) -> None:
        self.client = Client(SERVER_NAME="127.0.0.1")

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}

    def get(self, path: str, **query: Any) -> Any:
        asked = f"?{urlencode(query)}" if query else ""
        return self.client.get(f"{API}{path}{asked}", headers=self.headers)

    def post(self, path: str, body: Any, key: str | None = "", raw: bytes | None = None) -> Any:
        """Send a command under a key: one that is drawn, one that is given, or (None) none at all."""
        headers = self.headers
        if key is not None:
            headers |= {"Idempotency-Key": key or secrets.token_hex(16)}
        data = json.dumps(body).encode() if raw is None else raw
        return self.client.post(f"{API}{path}", data, content_type="application/json", headers=headers)

    def read(self, path: str, **query: Any) -> Any:
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def all_of(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """Every item of a list, page after page."""
        page = self.read(path, **query)
        items = page["items"]
        while page["next"] and page.get("more", True):
            page = self.read(path, **query, **{"since" if "more" in page else "cursor": page["next"]})
            items += page["items"]
        return items


def program_of(world: World, provider: str, days: int = 365) -> Program:
    """A program with a key that the provider's manager made."""
    manager = world.manager(provider)
    return Program(make_token(branch=world.branch(provider), name="Rostering", days=days, by=manager, at=world.at)[1])


def refused(answer: Any, status: int, kind: str) -> dict[str, Any]:
    """A problem object of a kind, as it must look."""
    assert answer.status_code == status, (answer.status_code, answer.content)
    assert answer["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "errors"}
    assert (problem["type"], problem["status"]) == (f"/api#{kind}", status)
    assert problem["title"]
    assert problem["detail"]
    return problem
