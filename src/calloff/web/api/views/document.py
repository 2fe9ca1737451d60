"""The OpenAPI document, made from the endpoints themselves."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from calloff.web.api.views.endpoints import api
from calloff.web.api.views.problems import KINDS, MEDIA_TYPE

PREFIX = "api/v1"


@cache
def document() -> dict[str, Any]:
    """The whole document as plain values: every refusal of an operation stands in it, as a problem object."""
    made: dict[str, Any] = json.loads(json.dumps(api.get_openapi_schema(path_prefix=PREFIX)))
    for path in made["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    answer["description"] = meaning(int(status))
                    answer["content"] = {MEDIA_TYPE: answer["content"].pop("application/json")}
    return made


def meaning(status: int) -> str:
    """What a status of a refusal means."""
    return "; ".join(str(kind.title) for kind in KINDS.values() if kind.status == status) + "."


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document, for whoever writes a program."""
    return JsonResponse(document(), json_dumps_params={"ensure_ascii": False, "indent": 1})
