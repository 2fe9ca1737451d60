"""Form fields that ask as GOV.UK does: a day in three boxes, a time of day as people write it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

PARTS = ("day", "month", "year")
_TIME = re.compile(r"(\d{1,2})(?:[:.\s]?([0-5]\d))?\s*(am|pm)?", re.IGNORECASE)


class DayInput(forms.MultiWidget):
    """Three boxes for day, month and year; what was written stays in them, right or wrong."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({part: forms.TextInput() for part in PARTS}, attrs)

    def decompress(self, value: Any) -> list[Any]:
        if isinstance(value, date):
            return [value.day, value.month, value.year]
        return [None, None, None]


class DayField(forms.Field):
    """
    A day in three boxes, as a date.

    Empty boxes are no day; some empty, letters or 31 February are refused with words that say which.
    """

    widget = DayInput
    default_error_messages = {  # noqa: RUF012 - as Django declares them
        "required": _("Enter a date"),
        "incomplete": _("The date must include a %(missing)s"),
        "invalid": _("The date must be a real date, such as 27 11 2026"),
    }
    names: Mapping[str, Any] = {"day": _("day"), "month": _("month"), "year": _("year")}

    def to_python(self, value: Sequence[Any] | date | None) -> date | None:
        """The date of three texts; ValidationError where they make none."""
        if isinstance(value, date):
            return value
        texts = [str(part or "").strip() for part in value or ()]
        if not any(texts):
            return None
        missing = [str(self.names[part]) for part, text in zip(PARTS, texts, strict=True) if not text]
        if missing:
            message = self.error_messages["incomplete"]
            raise ValidationError(message, code="incomplete", params={"missing": ", ".join(missing)})
        try:
            day, month, year = (int(text) for text in texts)
            return date(year, month, day) if year >= 1000 else self._refuse()
        except ValueError:
            return self._refuse()

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial) != self.to_python(data))
        except ValidationError:
            return True

    def _refuse(self) -> date:
        raise ValidationError(self.error_messages["invalid"], code="invalid")


class ClockField(forms.Field):
    """A time of day as people write it: 20:00, 8.30, 2000, 8pm."""

    widget = forms.TimeInput
    default_error_messages = {  # noqa: RUF012 - as Django declares them
        "required": _("Enter a time"),
        "invalid": _("The time must be a time of day, such as 7:30 or 20:00"),
    }

    def to_python(self, value: str | time | None) -> time | None:
        """The time of a text; ValidationError where it is none."""
        if isinstance(value, time):
            return value
        text = (value or "").strip()
        if not text:
            return None
        match = _TIME.fullmatch(text)
        if match is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        hour, half = int(match[1]), (match[3] or "").lower()
        if hour > 23 or (half and not 1 <= hour <= 12):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if half:
            hour = hour % 12 + (12 if half == "pm" else 0)
        return time(hour, int(match[2] or 0))

    def prepare_value(self, value: Any) -> Any:
        return value.strftime("%H:%M") if isinstance(value, time) else value
