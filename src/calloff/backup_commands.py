"""The commands that keep everything safe: backup, restore, state-hash; each imports what it needs when it is called."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

KeyFile = Annotated[
    Path | None,
    typer.Option("--key-file", exists=True, dir_okay=False, help="Holds the key; else CALLOFF_BACKUP_KEY does."),
]
OFTEN_SECONDS, SELDOM_SECONDS = 0.5, 10.0
"""So often progress is told to a person, and to a log."""


def backup(
    out: Annotated[Path, typer.Option(dir_okay=False, help="The file to write; none may be there.")],
    key_file: KeyFile = None,
) -> None:
    """
    Write everything that the database holds at this moment to one encrypted file, while everybody works on.

    Exit 1 also where a chain of events is broken: the backup is written, and the faults are told.
    """
    import os
    from datetime import UTC, datetime

    with _on_the_database("nothing was written") as progress:
        from calloff.web.backup.key import key_of
        from calloff.web.backup.writing import back_up

        written = back_up(out, key_of(os.environ, key_file), datetime.now(UTC).replace(microsecond=0), progress)
    typer.echo(f"{out}: {written.rows:,} rows, {written.bytes:,} bytes\nstate hash {written.state}")
    _tell_faults(written.faults)
    raise typer.Exit(1 if written.faults else 0)


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    key_file: KeyFile = None,
    although_broken: Annotated[
        bool, typer.Option("--although-broken", help="Even if its chain of events was broken when it was made.")
    ] = False,
) -> None:
    """Fill the empty database of the settings with a backup, and prove that it holds the same; all of it or nothing."""
    import os

    with _on_the_database("nothing was restored") as progress:
        from calloff.web.backup.key import key_of
        from calloff.web.backup.restoring import restore as fill

        restored = fill(file, key_of(os.environ, key_file), progress, although_broken=although_broken)
    typer.echo(f"{file} of {restored.made_at}: {restored.rows:,} rows\nstate hash {restored.state}")
    for council, length in restored.chains.items():
        typer.echo(f"the chain of {f'council {council}' if council else 'the house'} ends with event {length:,}")
    if not restored.website_key_known:
        typer.echo(
            "The website's key was another one: name it in CALLOFF_FORMER_KEYS, or nobody's authenticator is known."
        )
    _tell_faults(restored.faults)


def state_hash(
    by_table: Annotated[bool, typer.Option("--tables", help="Also the rows and the hash of each table.")] = False,
) -> None:
    """One hash over everything that the database holds: the same content has the same on SQLite and PostgreSQL."""
    with _on_the_database("nothing was changed") as progress:
        from calloff.web.backup import migrated
        from calloff.web.backup.state import hash_of_state, state
        from calloff.web.backup.writing import refuse_no_database

        refuse_no_database()
        migrated.refuse_other()
        found = state(progress)
    for name in sorted(found) if by_table else ():
        typer.echo(f"{found[name].hash} {found[name].rows:>12,} {name}")
    typer.echo(hash_of_state(found))


@contextmanager
def _on_the_database(otherwise: str) -> Iterator[_Progress]:
    """Set the website up, and tell progress; make one plain line of what it or its database refuses, and of Ctrl-C."""
    import os
    import signal

    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.db import DatabaseError

    from calloff.domain.errors import BadInputError

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "calloff.web.config.settings")
    # Whoever stops a service ends it as Ctrl-C does.
    before, progress = signal.signal(signal.SIGTERM, signal.default_int_handler), _Progress()
    try:
        django.setup()
        yield progress
    except ImproperlyConfigured as refusal:
        raise BadInputError(str(refusal)) from refusal
    except DatabaseError as error:
        raise BadInputError(
            f"the database does not answer as it should: {type(error).__name__}; {otherwise}"
        ) from error
    except KeyboardInterrupt:
        typer.echo(f"stopped; {otherwise}", err=True)
        raise typer.Exit(130) from None
    finally:
        progress.clear()
        signal.signal(signal.SIGTERM, before)


def _tell_faults(faults: tuple[str, ...]) -> None:
    if faults:
        typer.echo("\n".join(["the chain of events is broken:", *faults]), err=True)


class _Progress:
    """A line on standard error: renewed where a person looks, else a new one now and then."""

    def __init__(self) -> None:
        self._person = sys.stderr.isatty()
        self._next = time.monotonic() + (0 if self._person else SELDOM_SECONDS)

    def __call__(self, text: str) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + (OFTEN_SECONDS if self._person else SELDOM_SECONDS)
            sys.stderr.write(f"\r\x1b[K{text}" if self._person else f"{text}\n")
            sys.stderr.flush()

    def clear(self) -> None:
        """Leave a person an empty line."""
        if self._person:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
