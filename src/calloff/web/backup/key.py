"""The key of backups: a line of text in a file or in the environment, never in the database or in a backup."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from calloff.domain.errors import BadInputError
from calloff.web.config.environment import FEWEST_CHARACTERS, SHORTEST_KEY
from calloff.wrong_kinds import wrong_kind

NAME = "CALLOFF_BACKUP_KEY"
MAKE = "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
MOST_BYTES = 4_000


def key_of(said: Mapping[str, str], file: Path | None) -> str:
    """
    The key that a file holds or CALLOFF_BACKUP_KEY says: one line, hard to guess, and not the key of the website.

    Raises BadInputError that repeats nothing of it.
    """
    if file is not None:
        if said.get(NAME):
            raise BadInputError(f"{NAME} and --key-file both give a key. Take one of them out.")
        key, where = _in_file(file), str(file)
    else:
        key, where = said.get(NAME, "").strip(), NAME
        if not key:
            raise BadInputError(f"A backup is encrypted: give its key by --key-file FILE or as {NAME}. {MAKE}")
    if len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_CHARACTERS or len(key.splitlines()) > 1:
        raise BadInputError(
            f"{where}: this is not a key: it is one line of at least {SHORTEST_KEY} characters, {FEWEST_CHARACTERS} of "
            f"them different. {MAKE}"
        )
    if key in (said.get("CALLOFF_SECRET_KEY", ""), *said.get("CALLOFF_FORMER_KEYS", "").split()):
        raise BadInputError(f"{where}: this is the key of the website. Backups have one of their own. {MAKE}")
    return key


def _in_file(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(MOST_BYTES)
    except OSError as error:
        raise BadInputError(f"{file}: cannot be read: {error.strerror or error}") from error
    if not data.strip():
        raise BadInputError(f"{file} is empty, and a key is wanted. {MAKE}")
    kind = wrong_kind(data)
    if kind:
        raise BadInputError(f"{file}: this is {kind.name}, not a key. {MAKE}")
    try:
        return data.decode().strip()
    except UnicodeDecodeError as error:
        raise BadInputError(f"{file}: this is not a key: it is no text in UTF-8. {MAKE}") from error
