"""What the environment says, read once and refused in plain sentences; settings.py lays it out for Django."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from calloff.web.config import sqlite
from calloff.web.config.sqlite.base import options

ROOT = Path(__file__).resolve().parents[4]
DEMO_KEY = "the key of the demonstration, printed here for everybody: it protects nothing but invented people"
SHORTEST_KEY = 50
FEWEST_CHARACTERS = 12
POSTGRES_WORDS = frozenset({"sslmode", "sslrootcert", "connect_timeout", "options"})


@dataclass(frozen=True)
class Mail:
    """Where letters go: a folder, or a server with its way of encrypting."""

    folder: str = ""
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False


@dataclass(frozen=True)
class Environment:
    """The choices of whoever runs this Calloff."""

    demo: bool
    debug: bool
    key: str
    former_keys: tuple[str, ...]
    hosts: tuple[str, ...]
    site: str
    proxies: int
    database: dict[str, Any]
    mail: Mail
    sender: str
    static: Path


def read_environment(said: Mapping[str, str]) -> Environment:
    """
    Read CALLOFF_DEMO, CALLOFF_DEBUG, CALLOFF_SECRET_KEY, CALLOFF_FORMER_KEYS, CALLOFF_HOSTS, CALLOFF_SITE,
    CALLOFF_PROXIES, CALLOFF_DATABASE or DATABASE_URL, CALLOFF_MAIL, CALLOFF_SENDER and CALLOFF_STATIC.

    Raises ImproperlyConfigured, saying which of them is wrong and what to write instead.
    """
    demo = _yes(said, "CALLOFF_DEMO")
    debug = _yes(said, "CALLOFF_DEBUG")
    if debug and not demo:
        raise ImproperlyConfigured(
            "CALLOFF_DEBUG=1 shows what the program holds to whoever meets an error, so it is refused outside the "
            "demonstration. Take it out."
        )
    hosts = ("127.0.0.1", "localhost") if demo else _hosts(said)
    return Environment(
        demo=demo,
        debug=debug,
        key=DEMO_KEY if demo else _key("CALLOFF_SECRET_KEY", said.get("CALLOFF_SECRET_KEY", "")),
        former_keys=tuple(_key("CALLOFF_FORMER_KEYS", one) for one in said.get("CALLOFF_FORMER_KEYS", "").split()),
        hosts=hosts,
        site=said.get("CALLOFF_SITE", "http://127.0.0.1:8000" if demo else f"https://{hosts[0]}").rstrip("/"),
        proxies=_proxies(said),
        database=_database(said, demo),
        mail=read_mail(said.get("CALLOFF_MAIL", str(ROOT / "var" / "mail"))),
        sender=said.get("CALLOFF_SENDER", f"calloff@{hosts[0] if not demo else 'calloff.invalid'}"),
        static=Path(said.get("CALLOFF_STATIC", ROOT / "var" / "static")),
    )


def _yes(said: Mapping[str, str], name: str) -> bool:
    value = said.get(name, "")
    if value not in ("", "0", "1"):
        raise ImproperlyConfigured(f"{name} is {value!r}. Write 1 for yes, or take it out.")
    return value == "1"


def _key(name: str, key: str) -> str:
    make = "Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
    if not key:
        raise ImproperlyConfigured(f"{name} is missing. Every council has a key of its own. {make}")
    if key == DEMO_KEY or key.startswith("django-insecure"):
        raise ImproperlyConfigured(f"{name} is one that everybody can read. {make}")
    if len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_CHARACTERS:
        raise ImproperlyConfigured(
            f"{name} is too easy to guess: it needs at least {SHORTEST_KEY} characters, "
            f"{FEWEST_CHARACTERS} of them different. {make}"
        )
    return key


def _hosts(said: Mapping[str, str]) -> tuple[str, ...]:
    hosts = tuple(one.strip() for one in said.get("CALLOFF_HOSTS", "").split(",") if one.strip())
    if not hosts:
        raise ImproperlyConfigured("CALLOFF_HOSTS is missing. Name the host of this site: calloff.council.example")
    if any("*" in one or "/" in one or one.startswith(".") for one in hosts):
        raise ImproperlyConfigured("CALLOFF_HOSTS names each host in full, with a comma between two: no * and no /.")
    return hosts


def _proxies(said: Mapping[str, str]) -> int:
    value = said.get("CALLOFF_PROXIES", "0")
    if not value.isdigit() or int(value) > 9:
        raise ImproperlyConfigured(
            f"CALLOFF_PROXIES is {value!r}. Write how many proxies stand before Calloff: 0 to 9."
        )
    return int(value)


def _database(said: Mapping[str, str], demo: bool) -> dict[str, Any]:
    path, address = said.get("CALLOFF_DATABASE", ""), said.get("DATABASE_URL", "")
    if path and address:
        raise ImproperlyConfigured("CALLOFF_DATABASE and DATABASE_URL both name a database. Take one of them out.")
    if address:
        return read_database_url(address)
    file = path or str(ROOT / "var" / ("demo.sqlite3" if demo else "calloff.sqlite3"))
    return {
        "ENGINE": sqlite.__name__,
        "NAME": file,
        "OPTIONS": options(synchronous="NORMAL" if demo else "FULL"),
    }


def read_database_url(address: str) -> dict[str, Any]:
    """
    The Django settings of a PostgreSQL database named as postgresql://user:password@host:port/name?sslmode=require.

    Raises ImproperlyConfigured without repeating the address, which may hold a password.
    """
    form = "Write postgresql://user:password@host:port/name"
    try:
        parts = urlsplit(address)
        port = parts.port or 5432
    except ValueError as error:
        raise ImproperlyConfigured(f"DATABASE_URL cannot be read. {form}") from error
    if parts.scheme not in ("postgresql", "postgres"):
        raise ImproperlyConfigured(f"DATABASE_URL names no PostgreSQL database. {form}, or use CALLOFF_DATABASE.")
    name = unquote(parts.path.removeprefix("/"))
    if not name or "/" in name:
        raise ImproperlyConfigured(f"DATABASE_URL names no database. {form}")
    if not parts.hostname or not parts.username or parts.fragment:
        missing = "host" if not parts.hostname else "user" if not parts.username else "database without a #"
        raise ImproperlyConfigured(f"DATABASE_URL names no {missing}. {form}")
    words = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(set(words) - POSTGRES_WORDS)
    if unknown:
        known = ", ".join(sorted(POSTGRES_WORDS))
        raise ImproperlyConfigured(f"DATABASE_URL asks for {', '.join(unknown)}; known are {known}.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname,
        "PORT": str(port),
        "OPTIONS": words,
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
    }


def read_mail(where: str) -> Mail:
    """
    Where letters go: a folder, smtp://user:password@host:port (encrypted by STARTTLS, but for this machine itself) or
    smtps://. Raises ImproperlyConfigured for anything else, without repeating it.
    """
    if "://" not in where:
        return Mail(folder=where)
    form = "Write a folder, smtp://user:password@host:port or smtps://user:password@host:port"
    try:
        parts = urlsplit(where)
        port = parts.port
    except ValueError as error:
        raise ImproperlyConfigured(f"CALLOFF_MAIL cannot be read. {form}") from error
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/") or parts.query:
        raise ImproperlyConfigured(f"CALLOFF_MAIL names no mail server. {form}")
    tls = parts.scheme == "smtps"
    return Mail(
        host=parts.hostname,
        port=port or (465 if tls else 587),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        starttls=not tls and parts.hostname not in ("127.0.0.1", "localhost"),
        tls=tls,
    )
