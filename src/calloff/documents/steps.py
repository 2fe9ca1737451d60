"""What a document says about asking: whom, when, how many at once, in which order, and how long they have."""

from __future__ import annotations

import re
from collections.abc import Sequence

from calloff.documents.reader import GROUND, Reader
from calloff.documents.tree import Node, Scalar, Table
from calloff.domain.calendar import Clock, ClockUnit, CountingDays, standing_clocks
from calloff.domain.packages import PRIORITIES
from calloff.domain.purchasing_model import CRITERIA, DIRECT, EVERYONE, IN_TURN, Condition, Key, Step, Tier
from calloff.domain.tables import CONDITION_FACTS
from calloff.domain.units import centipence_of

STEP_KEYS = (
    "name",
    "whom",
    "tiers",
    "when",
    "sealed",
    "ask",
    "reply_within",
    "rank_by",
    "within_days",
    "opens_after",
    "kind",
)
NAMES = tuple(f"P{number}" for number in PRIORITIES)
YES_OR_NO = ("legacy", "significantly_different")
_WAVES = re.compile(r"waves_of\((\d{1,3})\)")


def read_step(reader: Reader, node: Node, tiers: Sequence[Tier]) -> Step:
    """One step; a tier it names must stand in the document."""
    table = reader.table(node, (*STEP_KEYS, *GROUND), ["name", "whom"])
    reader.ground(table, f"the step `{reader.text(table.entries.get('name'))}`")
    entries = table.entries
    whom = reader.text(entries.get("whom"), "tier")
    names = reader.words(entries.get("tiers"), tuple(tier.name for tier in tiers))
    if whom == "tiers":
        if len(names) < 2:
            reader.refuse(
                entries["whom"], "asking tiers at the same time needs two of them", "Add `tiers: [one, other]`"
            )
        whom = "tier"
    elif whom not in ("current_provider", "chosen_provider"):
        if entries.get("whom") is not None and whom not in {tier.name for tier in tiers}:
            known = ", ".join(["current_provider", "chosen_provider", "tiers", *(tier.name for tier in tiers)])
            reader.refuse(entries["whom"], f"`{whom}` is no tier of this document", f"Write one of: {known}")
        if names:
            reader.refuse(entries["tiers"], "`tiers` goes with a provider, not with a tier", "Leave it out")
        names, whom = (whom,), "tier"
    return Step(
        name=reader.text(entries.get("name"), "step"),
        whom=whom,
        tiers=names,
        kind=reader.word(entries.get("kind"), ("new", "book"), "new"),
        ask=_by_priority(reader, entries.get("ask"), read_ask, EVERYONE),
        reply_within=_clocks(reader, entries.get("reply_within")),
        rank_by=read_keys(reader, entries.get("rank_by")),
        when=read_conditions(reader, entries.get("when")),
        within_days=reader.whole(entries.get("within_days"), 0, 1, 366),
        opens_after_working_days=_opens_after(reader, entries.get("opens_after"), "working_days"),
        opens_after_hours=_opens_after(reader, entries.get("opens_after"), "hours"),
        sealed=reader.yes(entries.get("sealed"), False),
    )


def read_ask(reader: Reader, node: Node | None) -> int:
    """A way of asking as a wave size: in turn, waves of n, all at once, or called off unasked."""
    text = reader.text(node)
    waves = _WAVES.fullmatch(text)
    if waves and int(waves[1]) > 0:
        return int(waves[1])
    sizes = {"in_turn": IN_TURN, "all_then_rank": EVERYONE, "unasked": DIRECT}
    if text not in sizes and node is not None:
        reader.refuse(node, f"`{text}` is no way of asking", "Write in_turn, waves_of(3), all_then_rank or unasked")
    return sizes.get(text, EVERYONE)


def _by_priority(reader: Reader, node: Node | None, read: object, default: int) -> tuple[int, ...]:
    if node is None:
        return (default,) * len(NAMES)
    if isinstance(node, Scalar):
        return (read_ask(reader, node),) * len(NAMES)
    table = reader.table(node, (*NAMES, "otherwise"))
    otherwise = table.entries.get("otherwise")
    if otherwise is None and any(name not in table.entries for name in NAMES):
        reader.refuse(node, "some priorities have no way of asking", "Add `otherwise: in_turn`")
    return tuple(read_ask(reader, table.entries.get(name, otherwise)) for name in NAMES)


def _clocks(reader: Reader, node: Node | None) -> tuple[Clock, ...]:
    """Reply windows P1 to P6: `by_priority` for the standing clocks, one clock, or one for each priority."""
    standing = standing_clocks()
    if node is None:
        return (Clock(1, ClockUnit.WORKING_DAYS),) * len(NAMES)
    if isinstance(node, Scalar):
        reader.word(node, ("by_priority",), "by_priority")
        return tuple(standing[name] for name in NAMES)
    if isinstance(node, Table) and set(node.entries) & {*NAMES, "otherwise"}:
        table = reader.table(node, (*NAMES, "otherwise"))
        otherwise = table.entries.get("otherwise")
        return tuple(_clock_of(reader, table.entries.get(name, otherwise), standing[name]) for name in NAMES)
    return (read_clock(reader, node) or standing["P5"],) * len(NAMES)


def _clock_of(reader: Reader, node: Node | None, standing: Clock) -> Clock:
    """The window of one priority: its standing clock where nothing is said, or `by_priority`."""
    if isinstance(node, Scalar) and node.text == "by_priority":
        return standing
    return read_clock(reader, node) or standing


def read_clock(reader: Reader, node: Node | None) -> Clock | None:
    """`{working_days: 1}` or `{hours: 4, between: 09:00-17:00, on: working_days}`."""
    if node is None:
        return None
    table = reader.table(node, ("hours", "minutes", "working_days", "between", "on"))
    entries = table.entries
    if "working_days" in entries:
        return Clock(reader.whole(entries["working_days"], 1, 1, 260), ClockUnit.WORKING_DAYS)
    minutes = reader.whole(entries.get("hours"), 0, 1, 1000) * 60 or reader.whole(entries.get("minutes"), 0, 1, 60_000)
    if not minutes:
        reader.refuse(table, "a clock needs a length", "Write {hours: 4}, {minutes: 30} or {working_days: 1}")
        return None
    opens, closes = reader.value(entries.get("between"), _between, (0, 1440), "09:00-17:00")
    days = CountingDays(reader.word(entries.get("on"), tuple(CountingDays), CountingDays.WORKING_DAYS))
    return Clock(minutes, ClockUnit.MINUTES, opens, closes, days)


def _between(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-2]\d):([0-5]\d)-([0-2]\d):([0-5]\d)", text, re.ASCII)
    if not match:
        raise ValueError(f"{text!r} is not a span such as 09:00-17:00")
    first, last = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if not 0 <= first < last <= 1440:
        raise ValueError(f"{text!r} does not run forward within one day")
    return first, last


def _opens_after(reader: Reader, node: Node | None, unit: str) -> int:
    """How long a package must have waited, in one unit: `{hours: 48}` (every hour counts) or `{working_days: 1}`."""
    if node is None:
        return 0
    table = reader.table(node, ("working_days", "hours"))
    if len(table.entries) != 1:
        reader.refuse(node, "a step opens after hours or working days", "Write {hours: 48} or {working_days: 1}")
    return reader.whole(table.entries.get(unit), 0, 1, 1_000)


def read_keys(reader: Reader, node: Node | None) -> tuple[Key, ...]:
    """Criteria of rank, the weightiest first; `{price_band_gbp_per_hour: 0.50}` makes bands of the price."""
    keys = []
    for one in reader.items(node):
        if isinstance(one, Table):
            table = reader.table(one, ("price_band_gbp_per_hour",), ["price_band_gbp_per_hour"])
            width = reader.value(table.entries.get("price_band_gbp_per_hour"), centipence_of, 0, "0.50")
            if width == 0:
                reader.refuse(one, "a price band needs a width", "Write {price_band_gbp_per_hour: 0.50}")
            keys.append(Key("price_band", max(1, width)))
        else:
            words = [word for word in CRITERIA if word != "price_band"]
            keys.append(Key(reader.word(one, words, "price")))
    return tuple(keys)


def read_conditions(reader: Reader, node: Node | None) -> tuple[Condition, ...]:
    """Conditions on the package, all of which must hold."""
    if node is None:
        return ()
    table = reader.table(node, tuple(CONDITION_FACTS))
    known = [(fact, value) for fact, value in table.entries.items() if fact in CONDITION_FACTS]
    return tuple(one for fact, value in known for one in _conditions(reader, fact, value))


def _conditions(reader: Reader, fact: str, node: Node) -> tuple[Condition, ...]:
    """The conditions on one fact: a number may have both a least and a most."""
    if fact in YES_OR_NO:
        return (Condition(fact, "equal", (int(reader.yes(node, True)),)),)
    words = CONDITION_FACTS[fact]
    if words or fact == "locality":
        if isinstance(node, Scalar):
            return (Condition(fact, "one_of", (reader.word(node, words, words[0]) if words else node.text,)),)
        return (Condition(fact, "one_of", reader.words(node, words)),)
    table = reader.table(node, ("at_least", "at_most"))
    compared = [name for name in ("at_least", "at_most") if name in table.entries]
    if not compared:
        reader.refuse(node, f"`{fact}` needs a comparison", f"Write {fact}: {{at_least: 3}}")
    return tuple(Condition(fact, name, (reader.whole(table.entries[name], 0),)) for name in compared)
