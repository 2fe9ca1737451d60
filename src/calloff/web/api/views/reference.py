"""The reference of the interface as a plain page, made from the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from calloff.web.api.views.document import document
from calloff.web.api.views.problems import KINDS
from calloff.web.config.look.tables import Cell, Column, Table

NAMES = {"header": "header", "query": "query", "path": "address"}
LEFT_OUT = frozenset({"FieldProblem"})


@dataclass(frozen=True)
class Operation:
    """One thing that a program can do."""

    anchor: str
    call: str
    summary: str
    text: str
    parameters: Table | None
    answers: Table
    body: str
    example: str


@dataclass(frozen=True)
class Thing:
    """One kind of thing that is sent or told: its fields, and an example."""

    name: str
    text: str
    fields: Table
    example: str


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """The reference, for everybody: it tells nothing of anybody."""
    made = document()
    context = {
        "about": made["info"]["description"],
        "operations": operations(),
        "things": things(),
        "problems": [(code, kind) for code, kind in KINDS.items()],
    }
    return render(request, "api/reference.html", context)


@cache
def operations() -> tuple[Operation, ...]:
    """What a program can do, in the order of the document."""
    return tuple(_operations(document()))


def _operations(made: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in made["paths"].items():
        for method, one in methods.items():
            sent = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            name = _target(sent)
            yield Operation(
                anchor=one["operationId"].replace("_", "-"),
                call=f"{method.upper()} {path}",
                summary=one["summary"],
                text=" ".join(one.get("description", "").split()),
                parameters=_parameters(one["parameters"]),
                answers=_answers(one["responses"]),
                body=name,
                example=_example(made["components"]["schemas"].get(name, {})),
            )


def _parameters(rows: list[dict[str, Any]]) -> Table | None:
    if not rows:
        return None
    columns = [Column(_("Name"), names_row=True), Column(_("Where")), Column(_("Kind")), Column(_("What it is"))]
    told = [
        [
            Cell(one["name"], below=_("needed") if one["required"] else ""),
            Cell(NAMES[one["in"]]),
            Cell(kind_of(one["schema"])),
            Cell(one.get("description", "")),
        ]
        for one in rows
    ]
    return Table(_("What is sent beside a body"), columns, told)


def _answers(found: dict[str, Any]) -> Table:
    columns = [Column(_("Status"), names_row=True), Column(_("What it means")), Column(_("Body"))]
    rows = []
    for status, one in found.items():
        schema = next(iter(one["content"].values()))["schema"]
        name = _target(schema)
        rows.append([Cell(status), Cell(one["description"]), Cell(name, url=f"#{name.lower()}")])
    return Table(_("Answers"), columns, rows)


@cache
def things() -> tuple[Thing, ...]:
    """Everything that is sent or told, by name."""
    found = document()["components"]["schemas"]
    return tuple(_thing(name, schema) for name, schema in sorted(found.items()) if name not in LEFT_OUT)


def _thing(name: str, schema: dict[str, Any]) -> Thing:
    columns = [Column(_("Field"), names_row=True), Column(_("Kind")), Column(_("What it is"))]
    needed = set(schema.get("required", ()))
    rows = []
    for field, one in schema["properties"].items():
        target = _target(one) or _target(one.get("items", {})) or _target(_first(one))
        rows.append(
            [
                Cell(field, below="" if field in needed else _("may be left out")),
                Cell(kind_of(one), url=f"#{target.lower()}" if target and target not in LEFT_OUT else ""),
                Cell(one.get("description", "")),
            ]
        )
    text = " ".join(schema.get("description", "").split())
    return Thing(name, text, Table(_("Fields of %(name)s") % {"name": name}, columns, rows), _example(schema))


def _first(schema: dict[str, Any]) -> dict[str, Any]:
    return next((one for one in schema.get("anyOf", ()) if one.get("type") != "null"), {})


def _target(schema: dict[str, Any]) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def kind_of(schema: dict[str, Any]) -> str:
    """What a value may be, in a few words."""
    if "anyOf" in schema:
        return _("%(kind)s or null") % {"kind": kind_of(_first(schema))}
    if "$ref" in schema:
        return _target(schema)
    if "enum" in schema:
        return ", ".join(str(one) for one in schema["enum"])
    kind = schema.get("type", "")
    if kind == "array":
        return _("list of %(kind)s") % {"kind": kind_of(schema["items"])}
    if kind == "string":
        return {"date": _("day"), "date-time": _("moment")}.get(schema.get("format", ""), _("text"))
    return {"integer": _("whole number"), "boolean": _("true or false")}.get(kind, str(kind))


def _example(schema: dict[str, Any]) -> str:
    shown = schema.get("examples")
    return json.dumps(shown[0], indent=2, ensure_ascii=False) if shown else ""
