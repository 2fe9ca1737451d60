"""Which of a worker's several logs of one visit are kept: few, so that data frames leave them to plain Python."""

from __future__ import annotations

from collections.abc import Iterable


def kept_of(rows: Iterable[tuple[int, int, int, int]]) -> list[bool]:
    """Whether each of some rows, visit, worker, coming, leaving, lies over none kept before it of the same worker."""
    kept: list[bool] = []
    spans: list[tuple[int, int]] = []
    last = None
    for visit, worker, came, left in rows:
        if (visit, worker) != last:
            last, spans = (visit, worker), []
        is_kept = all(min(left, end) <= max(came, begin) for begin, end in spans)
        if is_kept:
            spans.append((came, left))
        kept.append(is_kept)
    return kept
