"""
I28: a command that fails at any call leaves the earlier result whole, or nothing, and no half-made file or folder.

Each command that writes is run again and again on invented files, and broken off at another call each time: before or
after every call that touches a file, and at drawn calls of everything else that Calloff calls or is called by. Where
a result stood before, it must stand there byte for byte; a failure after the new one was put in place may leave that.

Removing is not broken off: what cannot be removed stays, whatever the code does.
"""

from __future__ import annotations

import contextlib
import io
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from accept.made_up_council import a_council
from accept.tally import Tally

import calloff
from calloff.acceptance import Result
from calloff.cli import app
from calloff.documents.purchasing_models import shipped
from calloff.simulator.keyed_draws import Draws

SIZES = {0: 4, 1: 160, 2: 2_000}
"""How often each command is broken off at calls that touch files, and again at other calls."""
SMALL, COMMANDS_WHEN_SMALL = 4, 2
SOURCES = str(Path(calloff.__file__).parent)
INVENTED = Path(__file__).resolve().parents[1] / "formats" / "data"
MODEL = "east_lothian_2017_framework"
TOUCHES_FILES = {"open", "write", "mkdir", "rename", "replace", "write_text", "close", "touch"}
AT_FILES = ("pathlib.py", "shutil.py", "posix", "_io")
"""Where these must belong: texts and values have a `replace` too."""
REMOVES = {"rmtree", "unlink", "rmdir", "remove"}
KINDS = (OSError, RuntimeError, KeyboardInterrupt)
"""A full disk, a fault of ours, a person who presses Ctrl-C."""
BEFORE, AFTER = ("call", "c_call"), ("return", "c_return")


@dataclass
class Breaker:
    """
    Counts the calls across Calloff's border while a command runs, and breaks it off at one of them.

    A call counts when it is made by Calloff's sources or made to them. `files` says whether only calls that touch
    files count; nothing is raised where `at` is past the last.
    """

    files: bool
    at: int = -1
    kind: type[BaseException] = RuntimeError
    count: int = 0
    where: str = ""

    def profile(self, frame: FrameType, event: str, argument: Any) -> None:
        if not is_border(frame, event):
            return
        if event in ("call", "return"):
            name, home = frame.f_code.co_name, Path(frame.f_code.co_filename).name
        else:
            owner = getattr(argument, "__self__", None)
            name, home = argument.__name__, argument.__module__ or type(owner).__module__
        if name in REMOVES or (self.files and not (name in TOUCHES_FILES and home in AT_FILES)):
            return
        self.count += 1
        if self.count - 1 == self.at:
            sys.setprofile(None)
            self.where = f"{'before' if event in BEFORE else 'after'} {name} in {Path(frame.f_code.co_filename).name}"
            raise self.kind(f"broken off {self.where}")

    def run(self, command: Callable[[], None]) -> BaseException | None:
        """Run the command; what ended it, if anything did."""
        sys.setprofile(self.profile)
        try:
            command()
        except BaseException as error:
            return error
        finally:
            sys.setprofile(None)
        return None


def is_border(frame: FrameType, event: str) -> bool:
    """Whether the call is made by Calloff's sources or to them."""
    if is_ours(frame.f_code.co_filename):
        return True
    caller = frame.f_back if event in ("call", "return") else None
    return caller is not None and is_ours(caller.f_code.co_filename)


@cache
def is_ours(file: str) -> bool:
    return file.startswith(SOURCES)


@dataclass(frozen=True)
class Command:
    """A command line that writes `out` within a folder of its own; `{seed}` makes its result another."""

    name: str
    words: tuple[str, ...]
    out: str

    def run(self, folder: Path, seed: int = 1) -> None:
        words = [word.format(seed=seed) for word in self.words]
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            app([*words, "--out", str(folder / self.out)], standalone_mode=False)


def commands(folder: Path) -> Iterator[Command]:
    """Every command that writes a result, on invented files in a folder."""
    a_council(28, 3, providers=6).write(folder, shipped(MODEL))
    given = [f"--{name}={folder / f'{name}.csv'}" for name in ("providers", "packages", "places")]
    moment = "2025-03-31T09:00+01:00"
    allocate = ("allocate", f"--model={MODEL}", *given, f"--contracts={folder / 'contracts.csv'}", f"--from={moment}")
    yield Command("allocate", (*allocate, "--seed={seed}"), "result")
    yield Command("models enrol", ("models", "enrol", MODEL, *given, "--seed={seed}"), "contracts.csv")
    register = str(INVENTED / "register_2025-03-31_invented.csv")
    yield Command("import register", ("import", "care-inspectorate", register, "--council=Eastmoor"), "providers.csv")
    survey = str(INVENTED / "survey_invented.csv")
    yield Command("import survey", ("import", "social-care-survey", survey, "--seed={seed}"), "packages.csv")
    postcodes = str(INVENTED / "codepoint_invented.csv")
    yield Command("import postcodes", ("import", "postcodes", postcodes), "places.csv")


def check(size: int) -> Result:
    """Break every command off at all calls that touch files and at so many others."""
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="calloff-broken-") as name:
        folder = Path(name)
        every = list(commands(folder))
        for command in every[:COMMANDS_WHEN_SMALL] if size <= SMALL else every:
            before = tally.n
            break_off(tally, command, folder / "work", size)
            tally.notes.append(f"{command.name}: broken off {tally.n - before} times")
    return tally.result


def break_off(tally: Tally, command: Command, folder: Path, size: int) -> None:
    fresh(folder, {})
    command.run(folder, seed=2)
    earlier = state_of(folder)
    command.run(folder)
    new = state_of(folder)
    for files in (True, False):
        counter = Breaker(files)
        fresh(folder, earlier)
        counter.run(lambda: command.run(folder))
        places = some_of(counter.count, size, command.name)
        for number, place in enumerate(places):
            stood = earlier if number % 2 else {}
            fresh(folder, stood)
            breaker = Breaker(files, place, KINDS[(number // 2 + number) % len(KINDS)])
            ended = breaker.run(lambda: command.run(folder))
            judge(tally, f"{command.name} {breaker.where}", ended, state_of(folder), (stood, new))


def some_of(count: int, size: int, name: str) -> list[int]:
    """All places where there are no more than asked for; else the last half of that, where results end, and others."""
    if count <= size:
        return list(range(count))
    draws = Draws(28)
    last = size // 2
    others = [draws.between(0, count - last - 1, "place", name, str(one)) for one in range(size - last)]
    return [*others, *range(count - last, count)]


State = dict[str, bytes | None]


def judge(tally: Tally, about: str, ended: BaseException | None, found: State, allowed: tuple[State, State]) -> None:
    """What must be left: what stood before or the whole new result, and the latter where the command says it ended."""
    stood, new = allowed
    tally.n += 1
    if ended is None and found != new:
        tally.fault(f"{about}: it ended as if all were well, and the result is not there")
    elif found not in (stood, new):
        strange = sorted({*found} - {*stood, *new})
        left = f"left behind: {', '.join(strange)}" if strange else "the earlier result is gone or altered"
        tally.fault(f"{about}: {left}")


def state_of(folder: Path) -> State:
    """Every file with its bytes, and every folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


def fresh(folder: Path, state: State) -> None:
    """Make a folder hold this state and nothing else."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    folder.mkdir(exist_ok=True)
    for name, content in state.items():
        path = folder / name
        path.mkdir() if content is None else path.write_bytes(content)
