"""
Turns a function of the domain into machine code, for runs of many packages: the same text, compiled as it stands.

What is compiled is kept in `.venv/compiled/`, in a folder named after the hash of every source it may come from:
numba's own cache looks only at the file of the function that is called, and would go on running a helper's old rule.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import tempfile
import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import cache, partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, TypeVar, cast

from calloff.domain import allocation
from calloff.domain.errors import CalloffError
from calloff.domain.reckoner import Reckoner

Rule = TypeVar("Rule", bound=Callable[..., Any])

PACKAGE = Path(__file__).resolve().parent
KEPT = PACKAGE.parents[1] / ".venv" / "compiled"
FORGOTTEN_AFTER = 7 * 86_400
"""Seconds after which the code of other sources is removed; younger code may be in use by another run."""
ROOMS = ("domain", "settlement")
"""Where functions that are compiled lie; code is kept only as long as none of their sources changes."""
COMPILED_WITH_IT = tuple(f"calloff.{room}." for room in ROOMS)
KINDS = {"int": "int64", "Sequence[int]": "int64[::1]", "MutableSequence[int]": "int64[::1]"}
"""How a parameter's annotation is compiled: a whole number of 64 bits, or a flat array of them."""
WIDTHS = ("int8", "int16", "int32", "int64")
"""How narrow a column may be."""

_compiled: dict[FunctionType, Any] = {}
_over_widths: dict[tuple[FunctionType, tuple[str, ...]], Any] = {}
_twins: dict[FunctionType, Any] = {}


class CompilerMissingError(CalloffError):
    """numba is not here, or does not start; the text says what to do. Everything also runs without it, slower."""


def compiled(rule: Rule) -> Rule:
    """
    The very same function as machine code, with each function of the domain that it names.

    It takes whole numbers and, for every sequence, a flat numpy array of int64 (`numbers` makes one); anything else is
    a TypeError. Raises CompilerMissingError without numba, and TypeError for a function that takes something else.
    """
    function = cast(FunctionType, rule)
    if function not in _compiled:
        made = _to_compile(function)
        made.compile(_signature(compiler(), function))
        made.disable_compile()
        _compiled[function] = made
    return cast(Rule, _compiled[function])


def over_columns(rule: Rule) -> Rule:
    """
    The very same function as machine code for columns as narrow as those it is given: 8, 16, 32 or 64 bits.

    Arithmetic is of 64 bits whatever the columns' width, and columns that are only read may be read-only. It is
    compiled once for each set of widths. Raises as `compiled` does.
    """
    function = cast(FunctionType, rule)

    def over(*values: Any) -> Any:
        widths = tuple(getattr(getattr(one, "dtype", None), "name", "int64") for one in values)
        if (function, widths) not in _over_widths:
            made = _fresh(function)
            made.compile(_signature(compiler(), function, widths))
            made.disable_compile()
            _over_widths[function, widths] = made
        return _over_widths[function, widths](*values)

    return cast(Rule, over)


def _fresh(function: FunctionType) -> Any:
    """As `_to_compile`, one of its own: what is compiled for one set of widths takes no other."""
    names = dict(_to_compile(function).py_func.__globals__)
    twin = FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
    twin.__qualname__, twin.__annotations__ = function.__qualname__, function.__annotations__
    return compiler().njit(cache=is_kept())(twin)


def _to_compile(function: FunctionType) -> Any:
    """
    A function over names of its own, so that each helper it names means its namesake to compile.

    What is kept of a rule holds its helpers: they are compiled only where the rule itself is.
    """
    if function not in _twins:
        names = dict(function.__globals__)
        twin = FunctionType(function.__code__, names, function.__name__, function.__defaults__, function.__closure__)
        twin.__qualname__, twin.__annotations__ = function.__qualname__, function.__annotations__
        _twins[function] = compiler().njit(cache=is_kept())(twin)
        for name in function.__code__.co_names:
            helper = names.get(name)
            if isinstance(helper, FunctionType) and helper.__module__.startswith(COMPILED_WITH_IT):
                names[name] = _to_compile(helper)
    return _twins[function]


def numbers(values: Iterable[int]) -> Any:
    """A new flat array of int64, as compiled rules take it; OverflowError for a number of more than 64 bits."""
    compiler()
    import numpy as np

    return np.array(values if isinstance(values, (list, tuple)) else list(values), dtype=np.int64)


def _signature(numba: ModuleType, function: FunctionType, widths: Sequence[str] = ()) -> tuple[Any, ...]:
    """
    The types of its parameters; TypeError where one is neither a whole number nor a flat sequence of them.

    Where `widths` names those of its columns, a column that is only read is taken read-only.
    """
    count = function.__code__.co_argcount
    wanted = [str(function.__annotations__.get(name)) for name in function.__code__.co_varnames[:count]]
    odd = [one for one in wanted if one not in KINDS]
    odd += [one for one in widths if one not in WIDTHS]
    if odd:
        raise TypeError(f"{function.__name__} cannot be compiled: it takes {', '.join(odd)}")
    types = [getattr(numba, one) for one in widths or ["int64"] * count]
    return tuple(
        numba.int64
        if KINDS[one] == "int64"
        else numba.types.Array(of, 1, "C", readonly=bool(widths) and one == "Sequence[int]")
        for one, of in zip(wanted, types, strict=True)
    )


# What is kept


@cache
def compiler() -> ModuleType:
    """numba, told where to keep what it compiles before it is first imported; CompilerMissingError without it."""
    folder = kept_folder()
    # A variable that somebody else has set would lead to code of other sources.
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    try:
        import numba
    except ImportError as error:
        raise CompilerMissingError(
            f"numba, which compiles the rule, is not here ({error}); run ./calloff once to install it, with a Python "
            "for which it is published, or do without --compiled"
        ) from error
    # Somebody may have imported it before, and it reads the variable but once.
    settings: Any = numba.config
    settings.CACHE_DIR = str(folder)
    if is_kept():
        _forget_others(folder)
    return numba


@cache
def is_kept() -> bool:
    """Whether compiled code can be kept; if not (a read-only folder), each process compiles anew, some seconds long."""
    folder = kept_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError:
        # numba would look for another place, beside the sources, where a stale rule could be found again.
        return False
    return True


@cache
def kept_folder() -> Path:
    """Where code of these sources is kept, under this Python and numba; the folder need not exist."""
    return KEPT / hashlib.sha256(f"{SOURCES}\n{sys.version}\n{_version_of_numba()}".encode()).hexdigest()


def sources_hash(package: Path) -> str:
    """SHA-256 of every source of the rooms whose functions are compiled and of this file, names included."""
    digest = hashlib.sha256()
    rooms = [path for room in ROOMS for path in sorted((package / room).rglob("*.py"))]
    for path in [*rooms, package / "compiled.py"]:
        digest.update(f"{path.relative_to(package).as_posix()} ".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


SOURCES = sources_hash(PACKAGE)
"""Taken when this process loads them: an edit made later must not keep the old rule under the new one's name."""


def _version_of_numba() -> str:
    """As installed, without importing it; empty when it is not."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"numba {version('numba')}, llvmlite {version('llvmlite')}"
    except PackageNotFoundError:
        return ""


def _forget_others(folder: Path) -> None:
    """Remove the code of other sources that nobody has used for a week."""
    for other in folder.parent.iterdir():
        with contextlib.suppress(OSError):
            if other != folder and time.time() - other.stat().st_mtime > FORGOTTEN_AFTER:
                shutil.rmtree(other)


# The whole rule


@cache
def reckoner() -> Reckoner:
    """The rule of call-off compiled, over `array`s, whose places read as plain numbers; CompilerMissingError."""
    compiler()
    names = ("decide", "advance", "put_in_order", "score", "cheapest_pair")
    rules = {name: _over_arrays(getattr(allocation, name)) for name in names}
    return Reckoner(partial(array, "q"), numbers, **rules)


def _over_arrays(rule: Rule) -> Rule:
    """
    A rule, compiled when it is first asked, that takes `array`s of 64 bits where it needs numpy's: the same memory.
    """
    import numpy as np

    view, whole = np.frombuffer, np.dtype(np.int64)

    def over(*values: Any) -> Any:
        return compiled(rule)(*[view(one, whole) if type(one) is array else one for one in values])

    return cast(Rule, over)
