"""
The components of GOV.UK Frontend, from their macros.

What is not marked safe is escaped, wherever a component takes it: text, attributes, and the options that end in
`html`, which upstream's macros would print as they stand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from django.utils.functional import Promise
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from jinja2 import ChainableUndefined, Environment, PackageLoader, PrefixLoader
from markupsafe import Markup

Macro = Callable[[Mapping[str, Any]], str]


class UnknownComponentError(LookupError):
    """There is no component of that name."""


@cache
def _environment() -> Environment:
    loader = PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")})
    return Environment(loader=loader, autoescape=True, undefined=ChainableUndefined)


@cache
def _macro(component: str) -> Macro:
    path = f"govuk_frontend_jinja/components/{component}/macro.html"
    environment = _environment()
    if path not in environment.list_templates():
        raise UnknownComponentError(f"GOV.UK Frontend has no component {component!r}")
    name = "govuk" + "".join(part.capitalize() for part in component.split("-"))
    macro: Macro = getattr(environment.get_template(path).module, name)
    return macro


def render(component: str, options: Mapping[str, Any]) -> SafeString:
    """
    The HTML of one component, such as "button" or "date-input".

    `options` are those of the component's own documentation, in camelCase; a None is left out.
    UnknownComponentError for a name that upstream does not have.
    """
    return SafeString(str(_macro(component)(_ready(options))).strip())


def _ready(value: Any, name: str = "") -> Any:
    """Options as the macros need them: lazy words spoken, and HTML escaped unless it is marked safe."""
    if isinstance(value, Mapping):
        return {str(key): _ready(one, str(key)) for key, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [_ready(one, name) for one in value if one is not None]
    if isinstance(value, Promise):
        value = str(value)
    if name.lower().endswith("html") and not isinstance(value, bool):
        return Markup(conditional_escape(value))  # noqa: S704 - escaped in the same breath
    return value


def nested(options: Mapping[str, Any]) -> dict[str, Any]:
    """
    The options of a template tag as those of a component.

    Two underscores go one level down and one joins words: `label__is_page_heading` is label.isPageHeading. Below
    `attributes` one underscore is a hyphen: `attributes__data_row` is the attribute data-row.
    """
    whole: dict[str, Any] = {}
    for name, value in options.items():
        *above, last = name.split("__")
        inner = whole
        for step in above:
            inner = inner.setdefault(_camel(step), {})
        inner[last.replace("_", "-") if "attributes" in above else _camel(last)] = value
    return whole


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)
