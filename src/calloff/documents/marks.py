"""
Which tests show which facts of the founding papers, read without running a test.

A Python test says so by `@pytest.mark.shows("EL18-14")` on a function or a class, or by `pytestmark` for a
class or a whole file; a YAML case by `shows: [EL18-14]`, for the file or for one case of it. A test that is
skipped outright or expected to fail shows nothing, so its marks do not count. Beside facts a mark may name a
worked fixture (`F12`) or an invariant (`I16`); these are not facts of a paper and are not counted here.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from calloff.domain.errors import DocumentError, DocumentErrors

# One `skip` or `xfail` silences a test; `skipif` does not, since the test does run where its tool is there.
_SILENCING = frozenset({"skip", "xfail"})

_FIXTURE_OR_INVARIANT = re.compile(r"[FI]\d{1,2}")

FAST_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Our own long tables and registers: read them in C where PyYAML has that."""

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Mark:
    """One id that a test names: `line` counts from 1, `test` is the name under which pytest knows it."""

    id: str
    path: str
    line: int
    test: str


def shown_facts(root: Path, known: frozenset[str]) -> dict[str, list[str]]:
    """
    Collect, for each fact, the tests that show it, each once and in the order of their names.

    Parameters
    ----------
    root
        The folder of the repository; the tests are `tests/**/*.py`, the cases `tests/cases/**/*.yaml`.
    known
        The ids that a mark may name.

    Raises
    ------
    DocumentErrors
        All marks at once that name an id nobody knows, or that stand where they are not counted.
    """
    marks: list[Mark] = []
    errors: list[DocumentError] = []
    for path in sorted((root / "tests").rglob("*.py")):
        _gather(_marks_of_tests(path, path.relative_to(root).as_posix()), marks, errors)
    for path in sorted((root / "tests" / "cases").rglob("*.yaml")):
        _gather(_marks_of_cases(path, path.relative_to(root).as_posix()), marks, errors)
    marks = [mark for mark in marks if not _FIXTURE_OR_INVARIANT.fullmatch(mark.id)]
    errors += [_unknown(mark, known) for mark in marks if mark.id not in known]
    if errors:
        raise DocumentErrors(sorted(errors, key=lambda error: (error.path, error.line)))

    shown: dict[str, list[str]] = {}
    for mark in sorted(set(marks), key=lambda mark: (mark.id, mark.test)):
        tests = shown.setdefault(mark.id, [])
        if mark.test not in tests:
            tests.append(mark.test)
    return shown


def _gather(found: Iterable[Mark | DocumentError], marks: list[Mark], errors: list[DocumentError]) -> None:
    for one in found:
        if isinstance(one, Mark):
            marks.append(one)
        else:
            errors.append(one)


def _unknown(mark: Mark, known: frozenset[str]) -> DocumentError:
    paper = mark.id.split("-")[0]
    near = sorted(fact for fact in known if fact.split("-")[0] == paper)
    remedy = f"Write one of {near[0]} to {near[-1]}." if near else "Write an id of papers.yaml, as EL18-14."
    return DocumentError(mark.path, mark.line, f"no fact of the papers is called {mark.id!r}", remedy)


def _marks_of_tests(path: Path, name: str) -> Iterator[Mark | DocumentError]:
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"))
    except SyntaxError as error:
        yield DocumentError(name, error.lineno or 1, f"no Python: {error.msg}", "Mend the file.")
        return
    seen: set[int] = set()
    yield from _marks_in(tree, name, name, seen)
    # A mark anywhere else, say on one value of a parametrised test, would be lost in silence.
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _mark_called(node) == "shows" and id(node) not in seen:
            yield DocumentError(
                name,
                node.lineno,
                "a mark `shows` stands where it is not counted",
                "Put it with its ids on the test function, on its class, or in `pytestmark`.",
            )


def _marks_in(scope: ast.Module | _Definition, path: str, test: str, seen: set[int]) -> Iterator[Mark | DocumentError]:
    """Yield the marks of a file, class or function and of all tests in it; `seen` gathers the nodes read."""
    expressions = list(_own_marks(scope))
    seen.update(id(part) for expression in expressions for part in ast.walk(expression))
    if _SILENCING & {_mark_called(expression) for expression in expressions}:
        seen.update(id(node) for node in ast.walk(scope))
        return
    for expression in expressions:
        if _mark_called(expression) == "shows":
            yield from _ids(expression, path, test)
    if isinstance(scope, ast.Module | ast.ClassDef):
        for node in scope.body:
            if isinstance(node, _Definition):
                yield from _marks_in(node, path, f"{test}::{node.name}", seen)


def _own_marks(scope: ast.Module | _Definition) -> Iterator[ast.expr]:
    """Yield the decorators of a definition and what `pytestmark` holds in a file or a class."""
    if isinstance(scope, _Definition):
        yield from scope.decorator_list
    if isinstance(scope, ast.Module | ast.ClassDef):
        for node in scope.body:
            if isinstance(node, ast.Assign):
                targets, value = node.targets, node.value
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                targets, value = [node.target], node.value
            else:
                continue
            if any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in targets):
                yield from value.elts if isinstance(value, ast.List | ast.Tuple) else [value]


def _mark_called(node: ast.AST) -> str:
    """Return NAME of `pytest.mark.NAME`, called or not, or of `mark.NAME`; empty for all else."""
    if isinstance(node, ast.Call):
        node = node.func
    if not isinstance(node, ast.Attribute):
        return ""
    owner = node.value
    is_mark = (isinstance(owner, ast.Name) and owner.id == "mark") or (
        isinstance(owner, ast.Attribute) and owner.attr == "mark"
    )
    return node.attr if is_mark else ""


def _ids(expression: ast.expr, path: str, test: str) -> Iterator[Mark | DocumentError]:
    given = expression.args if isinstance(expression, ast.Call) else []
    if not given:
        yield DocumentError(path, expression.lineno, "a mark `shows` names no fact", 'Write ("EL18-14").')
    for value in given:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield Mark(value.value, path, value.lineno, test)
        else:
            yield DocumentError(
                path, value.lineno, "a mark `shows` is not written out", 'Write each id as text: "EL18-14".'
            )


def _marks_of_cases(path: Path, name: str) -> Iterator[Mark | DocumentError]:
    try:
        documents = list(yaml.compose_all(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader))
    except yaml.YAMLError as error:
        yield not_yaml(name, error)
        return
    for document in documents:
        yield from _marks_of_node(document, name)


def _marks_of_node(node: yaml.Node | None, path: str) -> Iterator[Mark | DocumentError]:
    """Yield the ids of `shows` at any depth: the word is kept for this in all case files."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _marks_of_node(item, path)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "shows":
                yield from _ids_of_case(value, path)
            else:
                yield from _marks_of_node(value, path)


def _ids_of_case(node: yaml.Node, path: str) -> Iterator[Mark | DocumentError]:
    items = node.value if isinstance(node, yaml.SequenceNode) else [node]
    for item in items:
        line = item.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode) and isinstance(item, yaml.ScalarNode):
            yield Mark(str(item.value), path, line, path)
        else:
            yield DocumentError(path, line, "`shows` is no list of ids", "Write `shows: [EL18-14]`.")


def not_yaml(path: str, error: yaml.YAMLError) -> DocumentError:
    """Word for `path` what the YAML parser could not read; line 1 where the parser names none."""
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or "unreadable"
    return DocumentError(path, mark.line + 1 if mark else 1, f"no YAML: {problem}", "Mend the punctuation.")
