"""What base.html needs on every page, beside what the apps give it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

SHORTCUTS_COOKIE = "calloff_shortcuts"


def look(request: HttpRequest) -> dict[str, Any]:
    """Whether this is the demonstration, and whether this browser asked for keyboard shortcuts."""
    return {
        "demo": bool(getattr(settings, "CALLOFF_DEMO", False)),
        "shortcuts": request.COOKIES.get(SHORTCUTS_COOKIE) == "on",
    }
