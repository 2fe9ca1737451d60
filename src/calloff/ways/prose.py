"""
Plain text, as a terminal shows it, read as headings, paragraphs and lists.

The words stay as they are; only what indentation and blank lines say is put into the structure of a page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

BULLET = "- "
ASSUMED = "assumed: "
SOURCED = re.compile(r"\[([A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*(?:, [A-Z][A-Z0-9-]*)*)\]$")
NUMBERED = re.compile(r"(\d{1,3})\. ")


@dataclass
class Item:
    """
    One item of a list, with those that stand deeper under it.

    `number` is the text's own, 0 where it has none; `source` the keys in brackets at its end; `assumed` whether it
    says of itself that it is.
    """

    text: str
    number: int = 0
    source: str = ""
    assumed: bool = False
    items: list[Item] = field(default_factory=list)


@dataclass
class Block:
    """A `heading`, a `paragraph` or a `list`; a list has items, the others have text."""

    kind: str
    text: str = ""
    items: list[Item] = field(default_factory=list)


def blocks_of(text: str) -> list[Block]:
    """
    The blocks of a text.

    A line at the margin is a heading where set-in lines follow it and a paragraph elsewhere; lines that are set in
    are items, deeper ones items under them. A rule of dashes or equals signs is left out.
    """
    lines = [line.rstrip() for line in text.splitlines() if set(line.strip()) - set("=-")]
    blocks: list[Block] = []
    above: list[tuple[int, list[Item]]] = []
    for place, line in enumerate(lines):
        depth = depth_of(line)
        if not depth:
            # "Council: East Lothian" is a fact with its label, whatever follows.
            heads = place + 1 < len(lines) and depth_of(lines[place + 1]) > 0 and ": " not in line
            blocks.append(Block("heading", line.rstrip(":")) if heads else Block("paragraph", line))
            above = []
            continue
        if not above:
            blocks.append(Block("list"))
            above = [(depth, blocks[-1].items)]
        while len(above) > 1 and above[-1][0] > depth:
            above.pop()
        if depth > above[-1][0] and above[-1][1]:
            above.append((depth, above[-1][1][-1].items))
        above[-1][1].append(_item(line.strip()))
    return blocks


def _item(text: str) -> Item:
    numbered, sourced = NUMBERED.match(text), SOURCED.search(text)
    number = int(numbered[1]) if numbered else 0
    text = text[numbered.end() :] if numbered else text.removeprefix(BULLET)
    text = text.removesuffix(sourced[0]) if sourced else text
    assumed = text.startswith(ASSUMED)
    return Item(text.removeprefix(ASSUMED).strip(), number, sourced[1] if sourced else "", assumed)


def depth_of(line: str) -> int:
    """How far a line is set in; a bullet at the margin sets it in as well."""
    spaces = len(line) - len(line.lstrip(" "))
    return spaces + line.lstrip(" ").startswith(BULLET)
