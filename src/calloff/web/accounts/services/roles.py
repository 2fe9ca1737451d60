"""The one reader of roles.yaml: each role, its side and what it may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from calloff.documents.reader import Reader
from calloff.documents.tree import Table, read_tree

ROLES = Path(__file__).resolve().parents[1] / "roles.yaml"


class Side(Enum):
    """Whose people hold a role: the council's, or those of a provider, who are each other's competitors."""

    STAFF = "staff"
    PROVIDER = "provider"


@dataclass(frozen=True)
class Role:
    """A role: its code, what people call it, its side, and the codes of what it may do."""

    code: str
    title: str
    side: Side
    permissions: frozenset[str]


@dataclass(frozen=True)
class Roles:
    """All roles by code; each permission by code, with what it lets one do."""

    roles: Mapping[str, Role]
    permissions: Mapping[str, str]


def read_roles(text: str, path: str) -> Roles:
    """
    The roles of a document. Raises DocumentErrors naming each line that is wrong: an unknown key, side or permission,
    a role without any, or a permission that no role has.
    """
    reader, tree = Reader(), read_tree(text, path)
    top = reader.table(tree, ("permissions", "roles"), ("permissions", "roles"))
    said = top.entries.get("permissions", Table({}, path, 1))
    known = {code: reader.text(node) for code, node in reader.table(said, _keys(said)).entries.items()}
    written = top.entries.get("roles", Table({}, path, 1))
    found: dict[str, Role] = {}
    for code, node in reader.table(written, _keys(written)).entries.items():
        role = reader.table(node, ("title", "side", "permissions"), ("title", "side", "permissions")).entries
        side = Side(reader.word(role.get("side"), [one.value for one in Side], Side.STAFF.value))
        words = reader.words(role.get("permissions"), known)
        if not words:
            reader.refuse(node, f"`{code}` may do nothing", "List what it may do")
        found[code] = Role(code, reader.text(role.get("title")), side, frozenset(words))
    held = {one for role in found.values() for one in role.permissions}
    for code in known:
        if code not in held and isinstance(said, Table):
            reader.refuse(said.entries[code], f"no role has `{code}`", "Give it to a role, or take it out")
    reader.finish()
    return Roles(found, known)


def _keys(node: object) -> tuple[str, ...]:
    return tuple(node.entries) if isinstance(node, Table) else ()


@cache
def _shipped() -> Roles:
    return read_roles(ROLES.read_text(encoding="utf-8"), ROLES.name)


def roles() -> Mapping[str, Role]:
    """Every role by its code, in the order of roles.yaml."""
    return _shipped().roles


def permissions() -> Mapping[str, str]:
    """Every permission by its code, with what it lets one do."""
    return _shipped().permissions


def roles_with(permission: str) -> frozenset[str]:
    """The codes of the roles that may do something. Raises KeyError for a permission that does not exist."""
    if permission not in permissions():
        raise KeyError(f"there is no permission {permission!r} in {ROLES.name}")
    return frozenset(code for code, role in roles().items() if permission in role.permissions)
