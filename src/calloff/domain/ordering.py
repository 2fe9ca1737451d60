"""The order of a step's candidates: the published criteria, then the draw; and whom the next wave asks."""

from __future__ import annotations

import hashlib
from collections import Counter

from calloff.domain.purchasing_model import EVERYONE
from calloff.domain.question import Question
from calloff.domain.tables import STEP, Fact, StepColumn


def put_candidates_in_order(question: Question) -> int:
    """Put the step's candidates in order; what is equal in every published criterion is drawn."""
    count, tables = question.found[0], question.ground.flat
    at = question.step * STEP
    steps = question.tables.steps
    keys_from, keys_to = steps[at + StepColumn.KEYS_FROM], steps[at + StepColumn.KEYS_TO]

    def sort() -> int:
        return question.reckoner.put_in_order(
            tables.keys,
            keys_from,
            keys_to,
            question.facts,
            question.rows,
            question.columns,
            question.chosen,
            count,
            question.values,
            question.scratch,
        )

    question.depth = keys_to - keys_from
    draws = []
    if sort():
        standing, package = question.market.standing, question.package.reference
        for row in tied(question, count):
            draw = draw_of(standing.seed, package, question.step, question.provider(row))
            question.facts[Fact.DRAW * question.rows + row] = draw
            draws.append([row, draw])
        sort()
    question.body["order"] = [[row, *key_of(question, row)] for row in question.chosen[:count]]
    question.body["draws"] = sorted(draws)
    return count


def key_of(question: Question, row: int, less: int = 0) -> tuple[int, ...]:
    """A candidate's figures under the step's criteria, the draw last; `less` leaves out so many of the last."""
    return tuple(question.values[key * question.rows + row] for key in range(question.depth - less))


def tied(question: Question, count: int) -> list[int]:
    """The rows that equal another on every published criterion."""
    often = Counter(key_of(question, row) for row in question.chosen[:count])
    return [row for row in question.chosen[:count] if often[key_of(question, row)] > 1]


def wave_of(question: Question, count: int, size: int) -> list[tuple[int, int]]:
    """The next rows to ask with their rank, one for each provider; equal before the draw is equal rank."""
    asked: list[tuple[int, int]] = []
    providers: set[str] = set()
    rank, before = 0, None
    for place in range(count):
        row = question.chosen[place]
        key = key_of(question, row, less=1)
        rank, before = (rank, before) if key == before else (place + 1, key)
        provider = question.market.standing.enrolments[row].provider
        if provider in providers:
            continue
        providers.add(provider)
        asked.append((row, rank))
        if size != EVERYONE and len(asked) == size:
            break
    return asked


def unranked(question: Question) -> list[tuple[int, int]]:
    """Everybody of a sealed step, one for each provider, by reference: nobody stands before another yet."""
    first: dict[str, int] = {}
    for row in question.chosen[: question.found[0]]:
        first.setdefault(question.provider(row), row)
    question.body["order"], question.body["draws"] = [[row] for row in first.values()], []
    return [(row, 1) for row in first.values()]


def draw_of(seed: str, package: str, step: int, provider: str) -> int:
    """The number drawn for a provider in a tie: SHA-256 of seed, package, step and provider, its first 62 bits."""
    digest = hashlib.sha256(f"{seed}|{package}|{step}|{provider}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 2
