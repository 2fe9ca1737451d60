"""What the log may hold: what happened, where and when; never who a person is, nor what anybody wrote."""

from __future__ import annotations

import logging
import re
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType

REQUEST: ContextVar[str] = ContextVar("calloff_request", default="-")
"""The number of the request that is being answered."""

QUERY = re.compile(r"\?\S*")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
LONGEST = 500


class CarefulFormatter(logging.Formatter):
    """
    One line: moment, level, number of the request, logger, message.

    Whatever follows a question mark in an address is left out, a line break is written as a space, so that nobody
    forges a line, and of an error stand its kind and its places in our code alone: what it says may be a person's name.
    """

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        line = f"{at} {record.levelname} {REQUEST.get()} {record.name}: {told(record.getMessage())}"
        if record.exc_info and record.exc_info[0] is not None:
            line += f" | {_error(record.exc_info[0], record.exc_info[2])}"
        return line


def told(message: str) -> str:
    """A message without queries and control characters, cut at 500 characters."""
    return CONTROL.sub(" ", QUERY.sub("?...", message))[:LONGEST]


def _error(kind: type[BaseException], trace: TracebackType | None) -> str:
    places = [f"{frame.filename.rpartition('/src/')[2]}:{frame.lineno}" for frame in traceback.extract_tb(trace)]
    return f"{kind.__module__}.{kind.__qualname__} at {' > '.join(places[-12:])}"
