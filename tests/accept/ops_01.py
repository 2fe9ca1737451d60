"""
OPS-01: the README's commands, typed as they stand, lead to the first page in minutes.

A clean clone, in a bare environment with an empty home: its first command is typed as the README has it, and the
address that it prints is opened in minutes. Then somebody signs in with the password and the code that are told, and
the README's other commands are typed one after another. At the smallest size the packages that this folder has
installed already are used, and councils without anybody in them lie ready.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from accept.engines import empty_database
from accept.tally import Tally

import calloff
from calloff.acceptance import Result, SkippedError
from calloff.domain.calendar import local
from calloff.ways.build import version_of_code

SIZES = {0: 1, 1: 99, 2: 99}
"""So many of the README's commands are typed."""
ROOT = Path(__file__).resolve().parents[2]
SOURCES = Path(calloff.__file__).resolve().parent
MINUTES = 5
OPENED = re.compile(r"open (http://127\.0\.0\.1:\d+/)")
NOT_TYPED = ("./calloff test",)
"""That runs this very check."""
SERVED = ("./calloff demo", "./calloff ways")
"""What goes on until it is stopped."""


def check(size: int) -> Result:
    """Type so many of the README's commands in a clean clone."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="calloff-clone-") as made:
        clone, home = Path(made) / "calloff", Path(made) / "home"
        home.mkdir()
        copy_tracked(clone)
        if size == SIZES[0]:
            borrow(clone)
        for command in commands(clone)[:size]:
            type_it(tally, clone, home, command, signs_in=size > SIZES[0])
    return tally.result


# The clone


def copy_tracked(clone: Path) -> None:
    """What a clone would hold, and the sources that are tried: nothing that only this folder has."""
    told = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=False)
    if told.returncode:
        raise SkippedError("git is needed to know what a clone would hold; get it, and a clone of Calloff")
    for name in told.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            source = SOURCES / Path(name).relative_to("src/calloff") if name.startswith("src/calloff/") else ROOT / name
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, clone / name)


def borrow(clone: Path) -> None:
    """Let a clone use what is installed here, and find a demonstration of today, by its own sources, of nobody."""
    locks = [ROOT / "requirements" / name for name in ("uv.lock.txt", "build.lock.txt", "run.lock", "run.lock")]
    held = hashlib.sha256(b"\0".join(one.read_bytes() for one in locks)).hexdigest()
    stamp = f"{held} {platform.python_version()}"
    ready = ROOT / ".venv" / ".ready-run"
    if not ready.is_file() or ready.read_text().strip() != stamp:
        raise SkippedError("this folder is not set up; type ./calloff first")
    (clone / ".venv").symlink_to(ROOT / ".venv")
    folder = clone / "var"
    folder.mkdir()
    shutil.copy(empty_database(), folder / "demo.sqlite3")
    today = local(datetime.now(UTC)).date().isoformat()
    made = {"made_on": today, "version": version_of_code(clone / "src" / "calloff")}
    (folder / "demo.json").write_text(json.dumps(made))


def commands(clone: Path) -> list[str]:
    """The README's commands in its order, each once, what continues over lines joined; `ways` where it is told of."""
    text = (clone / "README.md").read_text(encoding="utf-8")
    # What stands in the middle of a sentence is typed too, before the block that needs its files.
    text = text.replace("\n`./calloff ways` makes", "\n```\n./calloff ways\n```\n`./calloff ways` makes", 1)
    blocks = re.findall(r"^```\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.replace("\\\n", " ").splitlines()]
    typed = [re.sub(r"\s+#.*$", "", line).strip() for line in lines if line.startswith("./calloff")]
    return [one for one in dict.fromkeys(typed) if one not in NOT_TYPED]


# Typing


def type_it(tally: Tally, clone: Path, home: Path, command: str, *, signs_in: bool) -> None:
    """One command, as it stands but for a reference that the reader is told to put in."""
    tally.n += 1
    if command in SERVED:
        with served(tally, clone, home, command) as address:
            if address and command == "./calloff demo" and signs_in:
                sign_in(tally, clone, home, address)
        return
    if "REF" in command:
        rows = (clone / "var" / "ways" / "packages.csv").read_text(encoding="utf-8").splitlines()
        command = command.replace("REF", rows[1].split(",")[rows[0].split(",").index("reference")])
    done = bare(clone, home, command)
    tally.expect(done.returncode == 0, f"{command} ended with {done.returncode}: {done.stderr.strip()[-200:]}")


def environment(home: Path) -> dict[str, str]:
    """Of a newcomer: no more than a login gives, and a port that is likely free."""
    port = str(20_000 + os.getpid() % 20_000)
    return {"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "PORT": port}


def bare(clone: Path, home: Path, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", command],
        cwd=clone,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@contextmanager
def served(tally: Tally, clone: Path, home: Path, command: str) -> Iterator[str]:
    """A command that serves pages; the address that it told, whose first page answers, or nothing."""
    began = time.monotonic()
    log = clone.parent / "log"
    with log.open("wb") as said:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {command}"],
            cwd=clone,
            env=environment(home),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    try:
        address = ""
        while not address and process.poll() is None and time.monotonic() - began < MINUTES * 60:
            found = OPENED.search(log.read_text(errors="replace"))
            address = found[1] if found else ""
            time.sleep(0.1)
        said_last = log.read_text(errors="replace").strip()[-300:]
        tally.expect(bool(address), f"{command} told no address in {MINUTES} minutes: {said_last}")
        page = fetch(address) if address else ""
        tally.expect("<h1" in page, f"{command}: the first page does not answer at {address}")
        tally.notes.append(f"{command}: first page after {time.monotonic() - began:.0f} s")
        yield address if page else ""
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


def fetch(address: str) -> str:
    """A page as a browser without a past gets it; nothing where there is none."""
    try:
        return str(build_opener(ProxyHandler({})).open(address, timeout=30).read().decode())
    except OSError:
        return ""


def sign_in(tally: Tally, clone: Path, home: Path, address: str) -> None:
    """The broker of the README signs in with what is told, and sees the queue."""
    tally.n += 1
    told = bare(clone, home, "./calloff demo code rutwell.broker").stdout.strip()
    tally.expect(bool(re.fullmatch(r"\d{6}", told)), f"the code of rutwell.broker is told as {told!r}")
    cookies = CookieJar()
    browser = build_opener(ProxyHandler({}), HTTPCookieProcessor(cookies))
    page = browser.open(address, timeout=30).read().decode()
    password = re.search(r"password of all:\s+(\S+)", (clone.parent / "log").read_text(errors="replace"))
    for fields in ({"login": "rutwell.broker", "password": password[1] if password else ""}, {"code": told}):
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        action = "sign-in/" if "login" in fields else "sign-in/code/"
        asked = Request(address + action, urlencode(hidden | fields).encode(), {"Referer": address})
        page = browser.open(asked, timeout=30).read().decode()
    queue = browser.open(f"{address}queue", timeout=30)
    tally.expect("/queue" in queue.geturl() and b"<table" in queue.read(), "rutwell.broker does not get to the queue")
