"""What base.html needs on every page, beside what the apps give it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from calloff.web.accounts.models import User
from calloff.web.config.look.navigation import navigation
from calloff.web.jobs.services import unread

SHORTCUTS_COOKIE = "calloff_shortcuts"


def look(request: HttpRequest) -> dict[str, Any]:
    """Where one can go from here, whose desk it is, and how this browser likes its pages."""
    held = getattr(request, "roles_held", None) or []
    at_desk = getattr(request, "council_id", None)
    council = getattr(request, "council", None)
    user = getattr(request, "user", None)
    new = unread(user) if held and isinstance(user, User) else 0
    nav = navigation(held, at_desk, request.path, new) if held else []
    return {
        "nav": nav,
        "search_url": next((one["url"] for one in nav if one["name"] == "package_search"), ""),
        "council_name": council.name if council else "",
        "account_name": user.identity.name if held and user is not None and user.is_authenticated else "",
        "demo": bool(getattr(settings, "CALLOFF_DEMO", False)),
        "shortcuts": request.COOKIES.get(SHORTCUTS_COOKIE) == "on",
    }
