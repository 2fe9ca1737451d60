"""
Changes the rules of pay one small step at a time, and shows that a test notices each change.

A *mutant* is a module of the rules in which one comparison, operator, number, condition, answer or statement is
another. Each is run, interpreted, against the tests that belong to the rules, in a process of its own with a limit of
time. One that no test kills must stand in `tests/mutants/equivalent.yaml` with the proof that it can change no answer.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import json
import os
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from calloff.domain.errors import BadInputError
from calloff.formats.tables import write_whole
from calloff.stages import ROOT

SOURCES = ROOT / "src"
MODULES = (
    "calloff.domain.visits",
    "calloff.domain.payment",
    "calloff.domain.fees",
    "calloff.settlement.matching",
    "calloff.settlement.pricing",
)
"""Where the rules of pay stand, and the loop that calls them; one that is not built yet is passed over."""
TESTS = (
    "tests/domain/test_visits.py",
    "tests/domain/test_payment.py",
    "tests/domain/test_payment_cases.py",
    "tests/settlement/test_edges.py",
    "tests/settlement/test_stages.py",
)
"""The tests that belong to them, the quickest first; none of them compiles anything."""
EQUIVALENT = ROOT / "tests" / "mutants" / "equivalent.yaml"
STATE = ROOT / "var" / "mutants.json"
SECONDS = 6
"""A mutant that takes more processor time never ends, and is killed by that; the rules as they stand take two."""
COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
RECKONED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}
REMOVED = (ast.Assign, ast.AugAssign, ast.Expr, ast.Continue, ast.Break)
KILLED, SURVIVED, NEVER_ENDED = "killed", "survived", "never ended"


@dataclass(frozen=True)
class Mutant:
    """
    One change of a module, in words that stay the same as long as the rule does.

    `place` is that of the changed node among those that may be, `way` that of the change among the node's; `rule_hash`
    is that of the whole rule's text, so that what was found of a mutant is forgotten with it.
    """

    module: str
    change: str
    line: int
    place: int
    way: int
    rule_hash: str

    def tree(self) -> ast.Module:
        """The module with its change."""
        tree = ast.parse(_text(self.module))
        node = list(_nodes(tree))[self.place][1]
        list(_changes(node))[self.way](node)
        return ast.fix_missing_locations(tree)

    @property
    def name(self) -> str:
        """What the mutant is known by."""
        return f"{self.module.removeprefix('calloff.')} {self.change}"

    @property
    def key(self) -> str:
        """What it is known by as long as its rule stays as it is."""
        return f"{self.name} #{self.rule_hash}"


# Making them


def mutants() -> list[Mutant]:
    """Every mutant of every module, in their order."""
    return [one for module in MODULES if _path(module).is_file() for one in mutants_of(module, _text(module))]


def mutants_of(module: str, text: str) -> list[Mutant]:
    """Every mutant of a module's text."""
    tree = ast.parse(text)
    told: Counter[str] = Counter()
    found = []
    for place, (where, node) in enumerate(_nodes(tree)):
        for way, change in enumerate(_changes(node)):
            twin = copy.deepcopy(node)
            before = _words(twin)
            change(twin)
            words = f"{where}: `{before}` becomes `{_words(twin)}`"
            told[words] += 1
            # The same text may stand twice in a function.
            if told[words] > 1:
                words += f" (place {told[words]})"
            line = getattr(node, "lineno", 0)
            found.append(Mutant(module, words, line, place, way, _rule_hash(tree, line)))
    return found


def _rule_hash(tree: ast.Module, line: int) -> str:
    """The hash of the function, class or statement in which a line stands."""
    rule = next(one for one in tree.body if one.lineno <= line <= (one.end_lineno or one.lineno))
    return hashlib.sha256(ast.unparse(rule).encode()).hexdigest()[:12]


def _nodes(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Every node that may be changed, with the function or class it stands in: no docstring, no annotation."""

    def walk(node: ast.AST, where: str) -> Iterator[tuple[str, ast.AST]]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            where = node.name
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_comment"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST) and not _is_text(child):
                    yield where, child
                    yield from walk(child, where)

    yield from walk(tree, "module")


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _changes(node: ast.AST) -> Iterator[Callable[[Any], None]]:
    """The ways in which a node is changed, each to be done to a copy of it."""
    if isinstance(node, ast.Compare):
        for place, operator in enumerate(node.ops):
            if type(operator) in COMPARED:
                yield _compared_otherwise(place)
    elif isinstance(node, ast.BinOp | ast.AugAssign) and type(node.op) in RECKONED:
        yield lambda twin: setattr(twin, "op", RECKONED[type(twin.op)]())
    elif isinstance(node, ast.BoolOp):
        yield lambda twin: setattr(twin, "op", ast.Or() if isinstance(twin.op, ast.And) else ast.And())
    elif isinstance(node, ast.Constant) and type(node.value) is int:
        yield lambda twin: setattr(twin, "value", twin.value + 1)
        yield lambda twin: setattr(twin, "value", twin.value - 1)
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield lambda twin: setattr(twin, "value", not twin.value)
    elif isinstance(node, ast.If | ast.While | ast.IfExp):
        yield lambda twin: setattr(twin, "test", ast.UnaryOp(ast.Not(), twin.test))
    elif isinstance(node, ast.Return) and node.value is not None:
        is_nothing = isinstance(node.value, ast.Constant) and node.value.value == 0
        yield lambda twin: setattr(twin, "value", ast.Constant(1 if is_nothing else 0))
    if isinstance(node, REMOVED) and node.col_offset:
        # In place of the statement stands one that does nothing.
        yield _remove


def _compared_otherwise(place: int) -> Callable[[Any], None]:
    def change(twin: Any) -> None:
        twin.ops[place] = COMPARED[type(twin.ops[place])]()

    return change


def _remove(twin: Any) -> None:
    twin.__class__, twin.__dict__ = ast.Pass, {name: twin.__dict__[name] for name in ("lineno", "col_offset")}


def _words(node: ast.AST) -> str:
    """The first line of a node's text."""
    return ast.unparse(node).splitlines()[0]


def _path(module: str) -> Path:
    return SOURCES / f"{module.replace('.', '/')}.py"


def _text(module: str) -> str:
    return _path(module).read_text(encoding="utf-8")


# Trying them


class _Changed(MetaPathFinder, Loader):
    """Lets one module be loaded from a changed tree."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(self, name: str, _path: Any = None, _target: Any = None) -> ModuleSpec | None:
        return ModuleSpec(name, self, origin=str(_path_of(self.mutant))) if name == self.mutant.module else None

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self.mutant.tree(), str(_path_of(self.mutant)), "exec"), module.__dict__)  # noqa: S102 (our text)


def _path_of(mutant: Mutant) -> Path:
    return _path(mutant.module)


def tried(mutant: Mutant | None) -> str:
    """What the tests make of a mutant, or of the rules as they stand: KILLED, SURVIVED or NEVER_ENDED."""
    child = os.fork()
    if child == 0:
        # Whatever happens, this process ends here and tells what the tests said.
        code = 2
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            code = _run_tests(mutant)
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    # A negative code is the signal that ended it.
    return SURVIVED if code == 0 else NEVER_ENDED if code < 0 else KILLED


def _run_tests(mutant: Mutant | None) -> int:
    import pytest
    from hypothesis import settings

    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    # Two copies of a module must never meet: all of ours are loaded anew, the changed one among them.
    for name in [name for name in sys.modules if name.partition(".")[0] in ("calloff", "domain", "settlement")]:
        del sys.modules[name]
    if mutant is not None:
        sys.meta_path.insert(0, _Changed(mutant))
    sys.path[:0] = [str(SOURCES), str(ROOT / "tests")]
    settings.register_profile("mutants", derandomize=True, deadline=None, database=None)
    settings.load_profile("mutants")
    plain = ["-x", "-q", "--noconftest", "--import-mode=importlib", "-c", os.devnull, "--rootdir", str(ROOT)]
    without = [f"-pno:{name}" for name in ("cacheprovider", "django", "xdist", "cov", "faulthandler")]
    return int(pytest.main([*plain, *without, *(str(ROOT / one) for one in TESTS)]))


def _load_what_is_not_ours() -> None:
    """Load, once and for all processes to come, what the tests need of others."""
    import duckdb  # noqa: F401
    import hypothesis  # noqa: F401
    import numpy  # noqa: F401
    import pytest  # noqa: F401
    import yaml  # noqa: F401


# The whole


def run(resume: bool, tell: Callable[[str], None], only: str = "") -> bool:
    """
    Try every mutant and tell those that no test killed and nobody proved equivalent; whether there is none.

    What was found is kept as it is found; with `resume` only that is tried which was not killed yet, or whose rule has
    changed since. `only` names those whose name holds it.

    BadInputError when the tests fail on the rules as they stand, or a proof is of no mutant.
    """
    every = [one for one in mutants() if only in one.name]
    proven = proofs()
    unknown = sorted(set(proven) - {one.name for one in mutants()})
    if unknown:
        raise BadInputError(f"{EQUIVALENT}: no mutant is called {unknown[0]!r} any more; look at its rule again")
    _load_what_is_not_ours()
    if tried(None) != SURVIVED:
        raise BadInputError("the tests fail on the rules as they stand; run ./calloff test first")
    found = _kept() if resume or only else {}
    began = time.monotonic()
    open_ones = [one for one in every if not resume or found.get(one.key) not in (KILLED, NEVER_ENDED)]
    before = len(every) - len(open_ones)
    tell(f"{len(every):,} mutants, {before:,} of them killed before, {len(proven)} proven equivalent")
    for number, one in enumerate(open_ones, 1):
        found[one.key] = tried(one)
        if found[one.key] == SURVIVED and one.name not in proven:
            tell(f"survived, line {one.line}: {one.name}")
        if number % 25 == 0 or number == len(open_ones):
            _keep(found)
            left = (time.monotonic() - began) / number * (len(open_ones) - number)
            tell(f"{number:,} of {len(open_ones):,} tried, about {left / 60:.0f} min to go")
    return _judged(every, found, proven, tell)


def _judged(
    every: Sequence[Mutant], found: Mapping[str, str], proven: Mapping[str, str], tell: Callable[[str], None]
) -> bool:
    survived = [one for one in every if found[one.key] == SURVIVED]
    left = [one for one in survived if one.name not in proven]
    wrong = [one for one in every if found[one.key] != SURVIVED and one.name in proven]
    for one in wrong:
        tell(f"killed although proven equivalent, line {one.line}: {one.name}")
    for one in left:
        tell(f"survived, line {one.line}: {one.name}")
    killed = len(every) - len(survived)
    excused = len(survived) - len(left)
    tell(f"{len(every):,} mutants: {killed:,} killed, {excused:,} proven equivalent, {len(left):,} left")
    return not left and not wrong


def proofs() -> dict[str, str]:
    """Why each mutant that no test can kill changes no answer, by its name; BadInputError where a proof is missing."""
    import yaml

    told = yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8")) if EQUIVALENT.is_file() else []
    proofs_: dict[str, str] = {}
    for one in told or []:
        for name in one.get("mutants") or [""]:
            if not name or len(str(one.get("because", ""))) < 20 or name in proofs_:
                raise BadInputError(f"{EQUIVALENT}: {name or one!r} needs one proof, in words")
            proofs_[name] = one["because"]
    return proofs_


def _kept() -> dict[str, str]:
    return cast(dict[str, str], json.loads(STATE.read_text(encoding="utf-8"))) if STATE.is_file() else {}


def _keep(found: Mapping[str, str]) -> None:
    STATE.parent.mkdir(parents=True, exist_ok=True)
    write_whole(STATE, json.dumps(found, indent=1) + "\n")
