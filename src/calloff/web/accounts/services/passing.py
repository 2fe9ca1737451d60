"""What a session knows of how its user came in: when, and whether with the second factor."""

from __future__ import annotations

import time
from typing import Any

from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in
from django.core.management import call_command
from django.http import HttpRequest

from calloff.web.accounts.models import User
from calloff.web.accounts.services.users import ABSOLUTE, IDLE, begins_after

BEGAN, SEEN, FACTOR = "calloff_began_at", "calloff_seen_at", "calloff_second_factor"
SEEN_EVERY_SECONDS = 60
"""How exactly it is noted when a session was last used: not with every request, since each note is a write."""


def listen() -> None:
    """Note the beginning of each session and its second factor."""
    user_logged_in.connect(_began, dispatch_uid="calloff_began")
    signals.authenticator_used.connect(_proved, dispatch_uid="calloff_proved")
    signals.authenticator_added.connect(_set_up, dispatch_uid="calloff_set_up")


def _began(request: HttpRequest, **_told: Any) -> None:
    request.session[BEGAN] = request.session[SEEN] = time.time()


def _proved(request: HttpRequest, user: User, **_told: Any) -> None:
    request.session[FACTOR] = user.pk


def _set_up(request: HttpRequest, user: User, authenticator: Authenticator, **_told: Any) -> None:
    # Setting an authenticator up asks for its code. The recovery codes that come with it ask for nothing.
    if authenticator.type == Authenticator.Type.TOTP:
        request.session[FACTOR] = user.pk


def second_factor(request: HttpRequest) -> bool:
    """Whether the user of this session has shown the second factor in it."""
    return request.user.is_authenticated and request.session.get(FACTOR) == request.user.pk


def over(request: HttpRequest, user: User) -> bool:
    """Whether a session is past its time (12 hours, or 30 minutes unused) or was ended by an act on its account."""
    now, began, seen = time.time(), request.session.get(BEGAN), request.session.get(SEEN)
    if not isinstance(began, float) or not isinstance(seen, float) or not begins_after(user, began):
        return True
    return now - began > ABSOLUTE.total_seconds() or now - seen > IDLE.total_seconds()


def used(request: HttpRequest) -> None:
    """Note that a session is in use."""
    if time.time() - request.session.get(SEEN, 0.0) > SEEN_EVERY_SECONDS:
        request.session[SEEN] = time.time()


def make_cache_table(using: str = "default", **_told: Any) -> None:
    """Make the table of the cache, which no migration knows of; nothing where it exists."""
    call_command("createcachetable", database=using, verbosity=0)
