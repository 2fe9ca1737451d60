"""
Django forms in the markup of GOV.UK Frontend.

A field's help text is its hint. Its widget chooses the component, and the widget's `attrs` may name what HTML has no
attribute for: `width` (2, 3, 4, 5, 10, 20 characters), `prefix`, `suffix`, `legend_size` (s, m, l, xl), `inline`.
A form says which answers open further questions: `reveals = {"answer": {"part": ["hours", "message"]}}`. The style
sheet folds them until the answer is chosen; no script is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django import forms
from django.forms import BaseForm, BoundField
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from calloff.web.config.look import govuk
from calloff.web.config.look.fields import PARTS, DayInput

_FOLDED_BY_SCRIPT = re.compile(r' data-aria-controls="[^"]*"| govuk-(?:radios|checkboxes)__conditional--hidden')
OWN_ATTRIBUTES = ("width", "prefix", "suffix", "legend_size", "inline")
Options = dict[str, Any]


def form_fields(form: BaseForm) -> SafeString:
    """Every field of a form in its order, hidden ones included; those that an answer opens stand below it."""
    opened = {name for answers in _reveals(form).values() for names in answers.values() for name in names}
    return format_html_join("\n", "{}", ((field(form[name]),) for name in form.fields if name not in opened))


def field(bound: BoundField, **changes: Any) -> SafeString:
    """One field with its label, hint, error and input; `changes` are options laid over its component's."""
    widget = bound.field.widget
    if widget.is_hidden:
        return SafeString(str(bound))
    for kind, component, write in COMPONENTS:
        if isinstance(widget, kind):
            return _folded_by_style(govuk.render(component, write(bound) | changes))
    raise TypeError(f"{type(widget).__name__} of {bound.name!r} has no component; add it to COMPONENTS")


def _folded_by_style(html: SafeString) -> SafeString:
    """
    The same component with nothing left for a script to fold.

    Upstream's script says on each radio that it is expanded or not, which a radio may not say (axe finds it). Our
    style sheet folds a further question by the state of its answer, with scripts or without.
    """
    return SafeString(_FOLDED_BY_SCRIPT.sub("", html))


def error_summary(all_forms: Iterable[BaseForm]) -> SafeString:
    """What must be put right, in the words shown beside each field, each a link to it; nothing without errors."""
    errors = [error for form in all_forms if form.is_bound for error in _errors(form)]
    if not errors:
        return SafeString("")
    return govuk.render("error-summary", {"titleText": _("There is a problem"), "errorList": errors})


def _errors(form: BaseForm) -> Iterator[Options]:
    for message in form.non_field_errors():
        yield {"text": message}
    # In the order of the page, which is that of the fields.
    for name in form.fields:
        for message in said(form[name]):
            yield {"text": message, "href": f"#{first_id(form[name])}"}


def said(bound: BoundField) -> list[str]:
    """
    What must be put right first in one field: the words of its own error message, without a full stop.

    Where nothing was answered and the field has no words of its own for it, they name the question.
    """
    unsaid = str(forms.Field.default_error_messages["required"])
    # One thing at a time: what else is wrong is told once this is put right.
    return [(_missing(bound) if str(one) == unsaid else str(one)).removesuffix(".") for one in [*bound.errors][:1]]


def _missing(bound: BoundField) -> str:
    question = str(bound.label or "")
    widget = bound.field.widget
    if question.endswith("?"):
        return _("Answer “%(question)s”") % {"question": question}
    if isinstance(widget, forms.CheckboxInput):
        return _("Tick “%(question)s”") % {"question": question}
    # A word in capitals keeps them; an ordinary one begins small within a sentence.
    inside = question if question[1:2].isupper() else question[:1].lower() + question[1:]
    if isinstance(widget, forms.Select | forms.RadioSelect | forms.CheckboxSelectMultiple):
        return _("Choose %(question)s") % {"question": inside}
    return _("Enter %(question)s") % {"question": inside}


def first_id(bound: BoundField) -> str:
    """The id of the input to which an error's link leads."""
    if isinstance(bound.field.widget, DayInput):
        data = bound.value()
        empty = [not str(part or "").strip() for part in data] if isinstance(data, list) else []
        return f"{_id(bound)}_{PARTS[empty.index(True)] if True in empty else PARTS[0]}"
    return _id(bound)


def _id(bound: BoundField) -> str:
    return bound.auto_id or bound.html_name


def _reveals(form: BaseForm) -> Mapping[str, Mapping[str, list[str]]]:
    reveals: Mapping[str, Mapping[str, list[str]]] = getattr(form, "reveals", {})
    return reveals


def _around(bound: BoundField) -> Options:
    """What every component takes: hint, error, name."""
    errors = said(bound)
    return {
        "name": bound.html_name,
        "hint": {"text": bound.help_text} if bound.help_text else None,
        "errorMessage": {"text": ". ".join(errors)} if errors else None,
    }


def _label(bound: BoundField) -> str:
    text = str(bound.label or "")
    # What one answer of the form asks for and another does not is not called optional.
    asked = bound.field.required or bound.name in getattr(bound.form, "asked_with_answer", ())
    return text if asked else _("%(question)s (optional)") % {"question": text}


def _attributes(bound: BoundField, *left_out: str) -> Options:
    taken = (*OWN_ATTRIBUTES, "class", *left_out)
    attributes = {name: value for name, value in bound.field.widget.attrs.items() if name not in taken}
    return {name: "" if value is True else value for name, value in attributes.items() if value is not False}


def _own(bound: BoundField, name: str) -> Any:
    return bound.field.widget.attrs.get(name)


def _written(bound: BoundField) -> str | None:
    """What stands in the box: what the person wrote, else the initial value as its widget words it."""
    value = bound.field.widget.format_value(bound.value())
    return None if value is None else str(value)


def _one_box(bound: BoundField) -> Options:
    classes = str(_own(bound, "class") or "")
    if width := _own(bound, "width"):
        classes += f" govuk-input--width-{width}"
    return _around(bound) | {
        "id": _id(bound),
        "label": {"text": _label(bound)},
        "classes": classes.strip() or None,
        "value": _written(bound),
        "attributes": _attributes(bound, "autocomplete", "inputmode", "spellcheck", "type", "rows"),
        "autocomplete": _own(bound, "autocomplete"),
        "spellcheck": _own(bound, "spellcheck"),
    }


def _input(bound: BoundField) -> Options:
    kind = str(bound.field.widget.input_type)
    return _one_box(bound) | {
        "type": kind if kind in ("email", "tel", "url", "search") else "text",
        "inputmode": _own(bound, "inputmode"),
        "prefix": {"text": _own(bound, "prefix")} if _own(bound, "prefix") else None,
        "suffix": {"text": _own(bound, "suffix")} if _own(bound, "suffix") else None,
    }


def _number(bound: BoundField) -> Options:
    # A text box: a wheel or an arrow never changes a number by accident, and what was written comes back as it was.
    whole = isinstance(bound.field, forms.IntegerField) and not isinstance(
        bound.field, forms.DecimalField | forms.FloatField
    )
    options = _input(bound) | {"inputmode": "numeric" if whole else "decimal"}
    if not _own(bound, "width"):
        options["classes"] = f"{options['classes'] or ''} govuk-input--width-5".strip()
    options["attributes"] = _attributes(bound, "inputmode", "type", "min", "max", "step", "autocomplete")
    return options


def _time(bound: BoundField) -> Options:
    options = _input(bound)
    if not _own(bound, "width"):
        options["classes"] = f"{options['classes'] or ''} govuk-input--width-5".strip()
    return options


def _password(bound: BoundField) -> Options:
    words = {
        "showPasswordText": _("Show"),
        "hidePasswordText": _("Hide"),
        "showPasswordAriaLabelText": _("Show password"),
        "hidePasswordAriaLabelText": _("Hide password"),
    }
    # A password is never sent back to the page.
    return _one_box(bound) | {"value": None} | words


def _textarea(bound: BoundField) -> Options:
    return _one_box(bound) | {
        "rows": str(_own(bound, "rows") or 5),
        "attributes": _attributes(bound, "rows", "cols", "autocomplete", "spellcheck"),
    }


def _file(bound: BoundField) -> Options:
    return _one_box(bound) | {"value": None}


def _choices(bound: BoundField) -> Iterator[tuple[str, str, bool]]:
    """Every choice as its code, its words and whether it is chosen; groups are laid flat."""
    widget = bound.field.widget
    chosen = {str(one) for one in widget.format_value(bound.value())}
    for value, words in widget.choices:
        for code, label in words if isinstance(words, list | tuple) else [(value, words)]:
            yield "" if code is None else str(code), str(label), ("" if code is None else str(code)) in chosen


def _select(bound: BoundField) -> Options:
    items = [{"value": code, "text": label, "selected": chosen} for code, label, chosen in _choices(bound)]
    return _one_box(bound) | {"items": items, "value": None}


def _legend(bound: BoundField) -> Options:
    size = _own(bound, "legend_size") or "s"
    return {"legend": {"text": _label(bound), "classes": f"govuk-fieldset__legend--{size}"}}


def _group(bound: BoundField, kind: str) -> Options:
    reveals = _reveals(bound.form).get(bound.name, {})
    items: list[Options] = []
    for code, label, chosen in _choices(bound):
        # An empty choice is what Django adds where nothing is chosen; radios need none.
        if code == "" and kind == "radios":
            continue
        text, _line, hint = label.partition("\n")
        inside = format_html_join("\n", "{}", ((field(bound.form[name]),) for name in reveals.get(code, ())))
        items.append(
            {
                "value": code,
                "text": text,
                "checked": chosen,
                "hint": {"text": hint} if hint else None,
                "conditional": {"html": inside} if inside else None,
                "attributes": _attributes(bound),
            }
        )
    return _around(bound) | {
        "idPrefix": _id(bound),
        "fieldset": _legend(bound),
        "classes": f"govuk-{kind}--small" if _own(bound, "inline") == "small" else _inline(bound, kind),
        "items": items,
    }


def _inline(bound: BoundField, kind: str) -> str | None:
    return f"govuk-{kind}--inline" if _own(bound, "inline") else None


def _radios(bound: BoundField) -> Options:
    return _group(bound, "radios")


def _checkboxes(bound: BoundField) -> Options:
    return _group(bound, "checkboxes")


def _one_checkbox(bound: BoundField) -> Options:
    inside = format_html_join(
        "\n", "{}", ((field(bound.form[name]),) for name in _reveals(bound.form).get(bound.name, {}).get("on", ()))
    )
    box = {
        "id": _id(bound),
        "value": "on",
        "text": str(bound.label),
        "checked": bool(bound.field.widget.check_test(bound.value())),
        "hint": {"text": bound.help_text} if bound.help_text else None,
        "conditional": {"html": inside} if inside else None,
        "attributes": _attributes(bound),
    }
    return _around(bound) | {"hint": None, "idPrefix": _id(bound), "items": [box]}


def _day(bound: BoundField) -> Options:
    widget = bound.field.widget
    value = bound.value()
    texts = value if isinstance(value, list) else widget.decompress(value)
    names = {"day": _("Day"), "month": _("Month"), "year": _("Year")}
    wrong = _wrong_parts(bound, texts)
    items = [
        {
            "name": f"{bound.html_name}_{part}",
            "id": f"{_id(bound)}_{part}",
            "label": names[part],
            "value": "" if text is None else str(text),
            "classes": f"govuk-input--width-{4 if part == 'year' else 2}"
            + (" govuk-input--error" if part in wrong else ""),
            "autocomplete": f"bday-{part}" if _own(bound, "autocomplete") == "bday" else None,
        }
        for part, text in zip(PARTS, texts, strict=True)
    ]
    return _around(bound) | {"id": _id(bound), "fieldset": _legend(bound), "items": items}


def _wrong_parts(bound: BoundField, texts: list[Any]) -> set[str]:
    if not bound.errors:
        return set()
    empty = {part for part, text in zip(PARTS, texts, strict=True) if not str(text or "").strip()}
    return empty if empty and len(empty) < len(PARTS) else set(PARTS)


COMPONENTS: tuple[tuple[type[forms.Widget], str, Callable[[BoundField], Options]], ...] = (
    (DayInput, "date-input", _day),
    (forms.CheckboxSelectMultiple, "checkboxes", _checkboxes),
    (forms.RadioSelect, "radios", _radios),
    (forms.Select, "select", _select),
    (forms.CheckboxInput, "checkboxes", _one_checkbox),
    (forms.Textarea, "textarea", _textarea),
    (forms.FileInput, "file-upload", _file),
    (forms.PasswordInput, "password-input", _password),
    (forms.TimeInput, "input", _time),
    (forms.NumberInput, "input", _number),
    (forms.widgets.Input, "input", _input),
)
