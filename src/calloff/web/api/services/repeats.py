"""
A command that is sent twice is done once: the key under which it came brings back the answer that was given.

The key is written in the very transaction of the effect. Whoever sends the same key at the same moment waits for that
transaction; a process that dies in it leaves neither, so that what is sent again is done then.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from calloff.domain.errors import CalloffError
from calloff.domain.records import canonical, sha256
from calloff.web.accounts.models import User
from calloff.web.brokerage.models import Repeat

Answered = tuple[int, dict[str, Any]]
"""A status and a body."""


class AnotherCommandError(CalloffError):
    """The key came with another command before."""


@dataclass(frozen=True)
class Done:
    """The answer to a command; `again` when it was given before and nothing was done now."""

    status: int
    body: dict[str, Any]
    again: bool


def once(
    *,
    user: User,
    key: str,
    command: Mapping[str, Any],
    at: datetime,
    do: Callable[[], Answered],
    refused: Callable[[CalloffError], Answered],
) -> Done:
    """
    Do a command under a key of a user, or give back what came of it.

    A refusal is an answer too: what it had begun is undone, and the key keeps it. Raises AnotherCommandError when the
    key came with another command.
    """
    digest = sha256(canonical(dict(command)))
    known = Repeat.objects.filter(user=user.pk, key=key).first()
    if known is not None:
        return _given(known, digest)
    with transaction.atomic():
        try:
            with transaction.atomic():
                kept = Repeat.objects.create(user=user.pk, key=key, body_hash=digest, status=0, answer="", at=at)
        except IntegrityError:
            # Somebody else was first; the database let us go on when that was committed.
            return _given(Repeat.objects.get(user=user.pk, key=key), digest)
        try:
            with transaction.atomic():
                status, body = do()
        except CalloffError as refusal:
            status, body = refused(refusal)
        # In the order in which it was given, so that it is given back byte for byte.
        kept.status, kept.answer = status, json.dumps(body)
        kept.save(update_fields=("status", "answer"))
    return Done(status, body, again=False)


def _given(known: Repeat, digest: str) -> Done:
    if known.body_hash != digest:
        raise AnotherCommandError
    return Done(known.status, json.loads(known.answer), again=True)
