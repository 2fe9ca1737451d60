"""What somebody is typing, kept every few seconds for them alone, so that a time-out loses nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from calloff.web.accounts.models import User
from calloff.web.brokerage.models import SavedForm
from calloff.web.brokerage.services.refusals import RefusedError

LONGEST = 60_000
Typed = Mapping[str, Sequence[str]]


def keep_typed(*, user: User, form: str, about: str, fields: Typed, at: datetime) -> None:
    """Keep what stands in a form, in place of what was kept before. It is no act: nothing was decided or sent."""
    text = json.dumps({name: list(values) for name, values in fields.items()})
    if len(text) > LONGEST:
        raise RefusedError(_("This is too long to be kept."))
    with transaction.atomic():
        SavedForm.objects.update_or_create(user=user, form=form, about=about, defaults={"fields": text, "saved_at": at})


def typed(*, user: User, form: str, about: str, since: datetime) -> tuple[dict[str, list[str]], datetime] | None:
    """What was typed after a moment and never sent, and when; only ever one's own."""
    row = SavedForm.objects.filter(user=user, form=form, about=about, saved_at__gt=since).first()
    return (json.loads(row.fields), row.saved_at) if row is not None else None


def forget_typed(*, user: User, form: str, about: str) -> None:
    """What was sent need not be kept."""
    SavedForm.objects.filter(user=user, form=form, about=about).delete()
