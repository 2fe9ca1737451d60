"""The OpenAPI document, its examples, whatever a wild program sends, and the page made from it."""

from __future__ import annotations

import json
import os
import re
import string
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from web.api.programs import API, Program, program_of
from world import EVERY_MORNING

from calloff.web.api.models import Token
from calloff.web.api.views import schemas
from calloff.web.api.views.document import document
from calloff.web.api.views.problems import KINDS, MEDIA_TYPE

MADE = document()
OPERATIONS = [(method.upper(), path, one) for path, methods in MADE["paths"].items() for method, one in methods.items()]
DOOR = {"401", "403", "429"}
REFUSALS = {
    "list_invitations": {"400", "422"},
    "list_changes": {"400", "422"},
    "read_invitation": {"404"},
    "answer_invitation": {"400", "404", "409", "410", "422"},
    "list_spare_minutes": set(),
    "declare_spare_minutes": {"400", "404", "422"},
    "list_packages": {"400", "422"},
    "send_visits": {"400", "404", "422"},
    "read_visit_file": {"404"},
}


def test_each_operation_tells_all_its_refusals_as_problems():
    assert {one["operationId"] for _method, _path, one in OPERATIONS} == set(REFUSALS)
    for method, path, one in OPERATIONS:
        assert path.startswith("/api/v1/")
        refused = {status: told for status, told in one["responses"].items() if status[0] == "4"}
        assert set(refused) == DOOR | REFUSALS[one["operationId"]], one["operationId"]
        for told in refused.values():
            assert told["description"] not in ("", ".")
            assert told["content"] == {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        assert one["security"] == [{"Key": []}]
        named = {row["name"]: row for row in one["parameters"]}
        assert ("Idempotency-Key" in named) == (method == "POST")
        assert all(row.get("description") for row in named.values())
    assert MADE["components"]["securitySchemes"]["Key"]["scheme"] == "bearer"


def test_each_field_says_what_it_is_and_each_unit_stands_in_its_name():
    for name, schema in MADE["components"]["schemas"].items():
        assert schema["description"], name
        for field, one in schema["properties"].items():
            assert one.get("description"), f"{name}.{field}"
            if one.get("format") == "date-time":
                assert field.endswith(("_at", "_until")), f"{name}.{field}"
            if one.get("format") == "date":
                assert field.endswith("_on"), f"{name}.{field}"


def examples() -> list[tuple[str, Any]]:
    return [(name, one) for name, schema in MADE["components"]["schemas"].items() for one in schema.get("examples", ())]


@pytest.mark.parametrize(("name", "example"), examples())
def test_each_example_is_what_its_schema_says(name, example):
    made = getattr(schemas, name).model_validate(example)
    assert json.loads(made.model_dump_json(exclude_unset=True)) == example


def test_the_examples_cover_what_is_sent_and_told():
    assert {name for name, _example in examples()} == {
        "Answer",
        "CalledOff",
        "Declaration",
        "Invitation",
        "OneInvitation",
        "PoolDeclared",
        "Problem",
        "Receipt",
        "Spare",
        "VisitOffered",
        "VisitTold",
        "VisitsReceipt",
        "VisitsTold",
        "VisitsTotal",
    }


@pytest.mark.django_db
def test_the_examples_of_bodies_are_taken(world, acorn):
    shown = dict(examples())
    own = world.invitation(world.started(), "acorn")
    answer = acorn.post(f"/invitations/{own.token}/answer", shown["Answer"])
    assert answer.status_code == 201, answer.content
    assert set(answer.json()) == set(shown["Receipt"])
    declared = acorn.post(f"/spare-minutes/{world.declared('acorn').token}", shown["Declaration"])
    assert declared.status_code == 200, declared.content
    assert set(declared.json()) == set(shown["Spare"])
    (found,) = acorn.read("/invitations", status="answered")["items"]
    assert set(found) == set(shown["Invitation"])
    assert set(found["asked"]) == set(shown["Invitation"]["asked"])


@pytest.mark.django_db
def test_the_document_is_there_for_everybody_and_holds_nobodys(client):
    answer = client.get(f"{API}/openapi.json")
    assert answer.json() == json.loads(json.dumps(MADE))
    assert MADE["openapi"] == "3.1.0"


# Whatever a program sends

WORDS = st.sampled_from(["accept", "part", "decline", "skills", "08:30", "24:61", "2026-12-01", "", "\x00", "é", "0"])
LEAVES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | WORDS | st.text(max_size=8)
ANYTHING = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
KEYS = st.sampled_from(["one", "two", "three"]) | st.text(string.printable, max_size=90)


def of_schema(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema allows, or nearly: now and then something else stands in their place."""
    if "$ref" in schema:
        return of_schema(MADE["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return st.one_of([of_schema(one) for one in schema["anyOf"]])
    kind = schema.get("type")
    if kind == "object":
        needed = set(schema.get("required", ()))
        fields = {name: mostly(of_schema(one)) for name, one in schema["properties"].items()}
        right = st.fixed_dictionaries(
            {name: one for name, one in fields.items() if name in needed},
            optional={name: one for name, one in fields.items() if name not in needed},
        )
        return right | st.tuples(right, st.dictionaries(st.text(max_size=5), LEAVES, max_size=2)).map(
            lambda both: both[1] | both[0]
        )
    if kind == "array":
        return st.lists(mostly(of_schema(schema["items"])), max_size=4)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if kind == "integer":
        least, most = schema.get("minimum", -5), schema.get("maximum", 10**6)
        return st.integers(least, most) | st.sampled_from([least - 1, most + 1, 0, 1])
    if kind == "string":
        return {"date": st.dates().map(str)}.get(schema.get("format", ""), WORDS | st.text(max_size=12))
    return {"boolean": st.booleans(), "null": st.none()}[kind]


def mostly(right: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Seldom anything at all."""
    return st.integers(0, 9).flatmap(lambda number: ANYTHING if number == 0 else right)


@st.composite
def requests(draw: Any) -> tuple[dict[str, Any], str, str, dict[str, Any], bytes, str]:
    method, path, one = draw(st.sampled_from(OPERATIONS))
    query = {
        row["name"]: draw(st.sampled_from(["", "1", "0", "101", "x", "needs_answer", "true", "W10:a"]) | WORDS)
        for row in one["parameters"]
        if row["in"] == "query" and draw(st.booleans())
    }
    reference = draw(st.sampled_from(["OWN", "OWN", "OWN", "FOREIGN", "ENROLMENT", "x", "é", "a b"]))
    sent = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    body = draw(mostly(of_schema(sent))) if sent else None
    raw = draw(st.binary(max_size=20)) if sent and draw(st.integers(0, 9)) == 0 else json.dumps(body).encode()
    return one, method, path.replace("{reference}", reference), query, raw, draw(KEYS)


@pytest.mark.django_db
@given(requests())
@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_is_answered_as_the_document_says(wild, sent):
    program, names = wild
    one, method, path, query, raw, key = sent
    Token.objects.update(uses=0)
    for name, reference in names.items():
        path = path.replace(name, reference)
    headers = program.headers | {"Idempotency-Key": key.replace("\r", "").replace("\n", "")}
    more = {"query_params": query} if query else {}
    if method == "GET":
        answer = program.client.get(path, headers=headers, **more)
    else:
        answer = program.client.post(path, raw, content_type="application/json", headers=headers)
    told = one["responses"].get(str(answer.status_code))
    assert told is not None, (answer.status_code, answer.content)
    ((kind, content),) = told["content"].items()
    assert answer["Content-Type"].partition(";")[0] == kind
    schema = getattr(schemas, content["schema"]["$ref"].rpartition("/")[2])
    assert set(schema.model_validate(answer.json()).model_dump()) == set(answer.json())


@pytest.fixture
def wild(world) -> tuple[Program, dict[str, str]]:
    package = world.started(visits=EVERY_MORNING[:3])
    names = {
        "OWN": world.invitation(package, "acorn").token,
        "FOREIGN": world.invitation(package, "beech").token,
        "ENROLMENT": world.declared("acorn").token,
    }
    return program_of(world, "acorn"), names


# The page


@pytest.mark.django_db
def test_the_reference_tells_each_operation_each_thing_and_each_problem(client):
    page = client.get("/api").content.decode()

    for method, path, one in OPERATIONS:
        assert f"<code>{method} {path}</code>" in page
        assert one["summary"] in page
    for name in MADE["components"]["schemas"]:
        assert name == "FieldProblem" or f'id="{name.lower()}"' in page
    for code in KINDS:
        assert f'id="{code}"' in page
    anchors = re.findall(r'id="([^"]+)"', page)
    assert len(anchors) == len(set(anchors))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(anchors)
    assert "<script" not in page.partition("</head>")[2]


RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
WIDTHS = {"desk": 1280, "phone": 320}


@pytest.mark.browser
@pytest.mark.django_db
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["reference", "keys", "no keys", "make", "wrong", "made", "end"])
def test_each_page_keeps_nobody_out_and_fits(world, signed_in, chromium, name, width):
    from axe_playwright_python.sync_playwright import Axe

    browser = signed_in(world.manager("acorn"))
    if name not in ("no keys", "reference"):
        program_of(world, "acorn").get("/packages")
        program_of(world, "acorn", days=30)
    token = Token.objects.first()
    addresses = {"reference": "/api", "make": "/provider/tokens/make", "wrong": "/provider/tokens/make"}
    addresses |= {"made": "/provider/tokens/make", "end": f"/provider/tokens/{token.reference}/end" if token else ""}
    address = addresses.get(name, "/provider/tokens")
    posted = {"wrong": {"name": ""}, "made": {"name": "Rostering", "days": "365"}}.get(name)
    first = browser.get(address) if posted is None else browser.post(address, posted)
    assert first.status_code == 200

    def answered(route):
        # The page was made beforehand: in here Django would open a connection of its own.
        path = "/" + route.request.url.split("/", 3)[3]
        if path == address:
            route.fulfill(status=200, headers=dict(first.items()), body=first.content)
        else:
            route.fulfill(path=finders.find(path.removeprefix("/static/")))

    context = chromium.new_context(viewport={"width": WIDTHS[width], "height": 800})
    page, complaints = context.new_page(), []
    page.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
    page.route("**/*", answered)
    page.goto(f"http://127.0.0.1:1{address}")
    page.wait_for_load_state("networkidle")
    found = Axe().run(page, options=RULES)
    if folder := os.environ.get("CALLOFF_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name.replace(' ', '-')}-{width}.png"), full_page=True)
    fits = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()

    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found.response["violations"]] == []
    assert fits
    assert complaints == []
