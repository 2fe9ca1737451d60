"""The page on using the interface: every request that it shows is sent, in its order, and taken."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from web.api.programs import refused

from calloff.web.api.views.problems import KINDS

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "use-the-api.md").read_text("utf-8")
REQUESTS = re.findall(r"```http\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.django_db
def test_every_request_of_the_page_is_taken(world, acorn):
    own = world.invitation(world.started(), "acorn")
    names = {
        "KEY": acorn.secret,
        "CURSOR": acorn.read("/invitations")["changes"],
        "INVITATION": own.token,
        "CONTRACT": world.declared("acorn").token,
        "TOMORROW": (world.at + timedelta(days=1)).date().isoformat(),
        "COUNCIL": world.council.code,
        "PLACE": "acorn",
        "PACKAGE": own.package.reference,
    }
    statuses = []
    for request in REQUESTS:
        answer = send(acorn, request, names)
        statuses.append(answer.status_code)
        names["RECEIPT"] = answer.json().get("receipt", "")

    assert len(REQUESTS) == 11
    assert statuses == [200, 200, 200, 201, 201, 201, 200, 200, 200, 201, 200]
    assert own.offers.count() == 3


def send(program, text, names):
    for name, value in names.items():
        text = re.sub(rf"\b{name}\b", value, text)
    head, _, body = text.partition("\n\n")
    first, *rest = head.splitlines()
    method, address = first.split()
    headers = dict(line.split(": ", 1) for line in rest)
    return program.client.generic(method, address, body, content_type="application/json", headers=headers)


def test_the_page_tells_each_status_that_a_program_meets():
    told = {int(status) for status in re.findall(r"^\| (\d{3}) \|", PAGE, re.MULTILINE)}
    assert told == {kind.status for kind in KINDS.values()} - {405, 413}


@pytest.mark.django_db
def test_a_moment_of_the_programs_own_is_refused(world, acorn):
    own = world.invitation(world.started(), "acorn")
    body = {"answer": "accept", "received_at": "2026-11-23T09:00:00Z"}
    refused(acorn.post(f"/invitations/{own.token}/answer", body), 422, "not-valid")
