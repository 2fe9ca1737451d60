"""What changed between two versions of a purchasing model, rule by rule, in the words in which each is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from calloff.documents.plain_words import tell
from calloff.documents.purchasing_models import Document
from calloff.documents.told import Told


@dataclass(frozen=True)
class Change:
    """One rule that differs: told as it was (None where it is new) and as it is (None where it is gone)."""

    key: str
    before: Told | None
    after: Told | None

    @property
    def kind(self) -> str:
        """`new`, `gone`, `ground` (the same rule on other grounds) or `changed`."""
        if self.before is None or self.after is None:
            return "new" if self.before is None else "gone"
        same = (self.before.text, self.before.more) == (self.after.text, self.after.more)
        return "ground" if same else "changed"


def changes(before: Document, after: Document) -> list[Change]:
    """
    Every rule that the two tell differently, in the order of the later one, those that are gone at the end.

    The order of steps is a rule too: where steps that both have stand in another order, that is told once.
    """
    old, new = tell(before), tell(after)
    was, now = _by_key(_flat(old.every)), _by_key(_flat(new.every))
    was |= {key: Told(key, text) for key, text in _about(before, old.about).items()}
    now = {key: Told(key, text) for key, text in _about(after, new.about).items()} | now
    found = [Change(key, was.get(key), rule) for key, rule in now.items() if was.get(key) != rule]
    found += [Change(key, rule, None) for key, rule in was.items() if key not in now]
    return [*_order(before, after), *found]


def _about(document: Document, about: Iterable[str]) -> dict[str, str]:
    told = {"title": document.model.title}
    return told | {f"about.{text.partition(':')[0]}": text for text in about}


def _flat(rules: Iterable[Told]) -> Iterable[Told]:
    for rule in rules:
        yield rule
        yield from _flat(rule.below)


def _by_key(rules: Iterable[Told]) -> dict[str, Told]:
    """The rules by their keys; a second one of the same key is numbered, so that none is lost."""
    found: dict[str, Told] = {}
    for rule in rules:
        # What a rule consists of is told by itself.
        alone = Told(rule.key, rule.text, rule.sources, rule.says, rule.assumed, rule.more)
        key, number = rule.key, 1
        while key in found:
            number += 1
            key = f"{rule.key}.{number}"
        found[key] = alone
    return found


def _order(before: Document, after: Document) -> list[Change]:
    old, new = ([step.name for step in one.model.steps] for one in (before, after))
    shared = [[name for name in order if name in old and name in new] for order in (old, new)]
    if shared[0] == shared[1]:
        return []
    texts = [", then ".join(name.replace("_", " ") for name in order) for order in (old, new)]
    return [Change("steps", Told("steps", texts[0]), Told("steps", texts[1]))]
