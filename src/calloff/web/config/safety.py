"""What a live council is not started with."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.utils import DatabaseError

from calloff.web.accounts.models import User
from calloff.web.config.environment import DEMO_KEY

FULL = 2


def refuse_unsafe() -> None:
    """
    Raise ImproperlyConfigured for a live council with DEBUG, with the demonstration's key or users, or on an SQLite
    that may lose a commit in a power cut. The demonstration is never refused.
    """
    if settings.CALLOFF_DEMO:
        return
    if settings.DEBUG:
        raise ImproperlyConfigured("DEBUG is on. A live council is not started with it.")
    if settings.SECRET_KEY == DEMO_KEY:
        raise ImproperlyConfigured("The key is the demonstration's. Set CALLOFF_SECRET_KEY.")
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            (synchronous,) = cursor.execute("PRAGMA synchronous").fetchone()
        if synchronous < FULL:
            raise ImproperlyConfigured(
                "SQLite runs without synchronous=FULL: a power cut could lose a call-off that was confirmed. "
                "Start Calloff with its own settings."
            )
    try:
        invented = User.objects.filter(demo=True).count()
    except DatabaseError as error:
        raise ImproperlyConfigured("The database has no tables of ours yet. Run the migrations first.") from error
    if invented:
        raise ImproperlyConfigured(
            f"The database holds {invented} users of the demonstration, whose passwords everybody can read. "
            "A live council has a database of its own: set CALLOFF_DATABASE or DATABASE_URL."
        )
