"""Ways in which somebody may tamper with a log of decisions, drawn by number."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from calloff.domain.records import canonical, sha256
from calloff.simulator.keyed_draws import Draws

DRAWS = Draws(20_250_331)
Lines = list[bytes]


def alter(lines: Sequence[bytes], number: int) -> tuple[str, Lines]:
    """The number-th tampering: what was done, in words, and the lines after it."""
    way = WAYS[number % len(WAYS)]
    copy = list(lines)
    about = way(copy, number)
    assert copy != list(lines), about
    return f"tampering {number}, {about}", copy


def place_of(lines: Lines, kind: str, number: int, least: int = 0) -> int:
    """A drawn line of a kind."""
    places = [at for at, line in enumerate(lines) if f'"line":"{kind}"'.encode() in line][least:]
    return places[DRAWS.between(0, len(places) - 1, "line", str(number))]


def other_digit(text: bytes, number: int) -> bytes:
    """The text with one of its digits changed."""
    places = [at for at, byte in enumerate(text) if chr(byte).isdigit()]
    at = places[DRAWS.between(0, len(places) - 1, "digit", str(number))]
    # Never to or from a zero in front, which would only make the line unreadable.
    digit = "123456789"[(int(chr(text[at])) + DRAWS.between(1, 7, "new digit", str(number))) % 9]
    digit = digit if digit != chr(text[at]) else "123456789"[int(digit) % 9]
    return text[:at] + digit.encode() + text[at + 1 :]


def fact_altered(lines: Lines, number: int) -> str:
    at = place_of(lines, "fact", number)
    head, mark, tail = lines[at].partition(b'"hash":')
    lines[at] = other_digit(head, number) + mark + tail
    return f"a fact altered in line {at + 1}"


def fact_rehashed(lines: Lines, number: int) -> str:
    at = place_of(lines, "fact", number)
    fact = json.loads(lines[at])["fact"]
    fact["body"] = _one_more(fact["body"])
    digest = sha256(canonical(fact))
    lines[at] = canonical({"fact": fact, "hash": digest, "line": "fact"}) + b"\n"
    return f"a fact altered and its hash with it in line {at + 1}"


def record_altered(lines: Lines, number: int) -> str:
    at = place_of(lines, "decision", number)
    head, mark, tail = lines[at].partition(b'"record":')
    lines[at] = head + mark + other_digit(tail, number)
    return f"a byte of a record altered in line {at + 1}"


def record_rehashed(lines: Lines, number: int) -> str:
    at = place_of(lines, "decision", number)
    line = json.loads(lines[at])
    result = line["record"]["result"]
    result["step"] = f"{result['step']}x"
    line["hash"] = sha256(canonical(line["record"]))
    lines[at] = canonical(line) + b"\n"
    return f"a record altered and its hash with it in line {at + 1}"


def line_dropped(lines: Lines, number: int) -> str:
    at = DRAWS.between(0, len(lines) - 1, "dropped", str(number))
    del lines[at]
    return f"line {at + 1} dropped"


def decision_doubled(lines: Lines, number: int) -> str:
    at = place_of(lines, "decision", number)
    lines.insert(at, lines[at])
    return f"the decision of line {at + 1} stands twice"


def decisions_swapped(lines: Lines, number: int) -> str:
    at = place_of(lines, "decision", number, 1)
    before = max(place for place in range(at) if b'"line":"decision"' in lines[place])
    lines[before], lines[at] = lines[at], lines[before]
    return f"the decisions of lines {before + 1} and {at + 1} change places"


def tail_cut(lines: Lines, number: int) -> str:
    left = DRAWS.between(0, len(lines) - 1, "left", str(number))
    del lines[left:]
    return f"cut off after line {left}"


def tail_broken(lines: Lines, number: int) -> str:
    at = DRAWS.between(0, len(lines) - 1, "broken", str(number))
    lines[at:] = [lines[at][: DRAWS.between(1, len(lines[at]) - 2, "byte", str(number))]]
    return f"broken off within line {at + 1}"


def tail_recounted(lines: Lines, number: int) -> str:
    at = place_of(lines, "decision", number)
    end = json.loads(lines[-1])
    lines[at:] = [canonical({**end, "decisions": end["decisions"] - 1}) + b"\n"]
    return f"the decisions from line {at + 1} on dropped, and one fewer counted"


def document_altered(lines: Lines, number: int) -> str:
    lines[0] = other_digit(lines[0], number)
    return "the document altered"


def byte_altered(lines: Lines, number: int) -> str:
    at = DRAWS.between(0, len(lines) - 1, "altered line", str(number))
    place = DRAWS.between(0, len(lines[at]) - 2, "altered byte", str(number))
    new = b"x" if lines[at][place : place + 1] != b"x" else b"y"
    lines[at] = lines[at][:place] + new + lines[at][place + 1 :]
    return f"byte {place} of line {at + 1} altered"


def _one_more(body: Any) -> Any:
    """A body with its first number one larger, or its first text one letter longer."""
    if isinstance(body, dict):
        key = sorted(body)[0]
        return {**body, key: _one_more(body[key])}
    if isinstance(body, list):
        return [_one_more(body[0]), *body[1:]] if body else [1]
    return f"{body}x" if isinstance(body, str) else body + 1


WAYS: tuple[Callable[[Lines, int], str], ...] = (
    fact_altered,
    fact_rehashed,
    record_altered,
    record_rehashed,
    line_dropped,
    decision_doubled,
    decisions_swapped,
    tail_cut,
    tail_broken,
    tail_recounted,
    document_altered,
    byte_altered,
)
