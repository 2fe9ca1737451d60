"""A file of cases held against the kernel: what each says beside what was answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from yaml import YAMLError

from calloff.cases.playing import ANSWERS, CaseRun
from calloff.cases.reading import mapping, within
from calloff.documents.cases_page import read_cases
from calloff.documents.wording import count_words
from calloff.domain.errors import BadInputError
from calloff.domain.history import Invited
from calloff.wrong_kinds import wrong_kind

SHARED = ("model", "providers", "package", "base")
"""What a file may say once for all of its cases."""
FILE_KEYS = ("title", "about", "kind", "cases", "file", *SHARED)
COMPARE = "compare it with the one in docs/how-to/add-a-purchasing-model.md"
CHECK = "check indents, colons and quotes"
CASE_KEYS = ("name", "shows", "source", "story", "seed", "localities", "turns_taken", "file", *SHARED)


class TriedRun(CaseRun):
    """A case on its way in which an answer of somebody who was not asked is a slip of the pen."""

    def refuse_misread(self, said: Sequence[str], entry: Mapping[str, Any]) -> None:
        super().refuse_misread(said, entry)
        asked = {one.enrolment for one in self.history if isinstance(one, Invited)}
        if said[1] in ANSWERS and said[0] not in asked:
            raise BadInputError(f"{said[0]} was not asked before, so that its answer would count for nothing")


def cases_in(file: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The cases of a file, each with what the file says for all of them."""
    shared = {key: value for key, value in file.items() if key in SHARED}
    return [{**shared, **case, "file": file["file"]} for case in file["cases"]]


def try_cases(path: Path) -> tuple[str, bool]:
    """
    Play every case of a file; a line for each with what differs below it, and whether all were answered as written.

    A case that cannot be read is told and does not keep the others from being tried. Raises BadInputError where the
    file is no file of cases.
    """
    file = _read(path)
    lines, differing, unreadable, told = [], 0, 0, dict[str, int]()
    for number, case in enumerate(file["cases"], 1):
        name = _name_of(case, number)
        try:
            differences = _tried(file, case, path.parent)
        except BadInputError as error:
            unreadable += 1
            # What stands once for the file is told once for its cases.
            first = told.setdefault(str(error), number)
            problem = str(error) if first == number else f"as case {first}"
            lines += [f"cannot be read: {name}", f"  {path}, case {number}, `{name}`: {problem}"]
        else:
            differing += bool(differences)
            lines += [f"{'differs' if differences else 'ok'}: {name}", *(f"  {line}" for line in differences)]
    summary = f"{count_words(len(file['cases']), 'case')} tried, {differing} answered otherwise than written"
    summary += f", {unreadable} could not be read" if unreadable else ""
    return "\n".join([*lines, summary]), not (differing or unreadable)


def _name_of(case: Any, number: int) -> str:
    name = case.get("name") if isinstance(case, Mapping) else None
    return name if isinstance(name, str) and name else f"case {number}"


def _tried(file: Mapping[str, Any], case: Any, folder: Path) -> list[str]:
    """What one case of a file was answered otherwise; BadInputError where it cannot be read."""
    if not isinstance(case, Mapping):
        raise BadInputError(f"`{case}` is no case; write name, story and the like below one another")
    (whole,) = cases_in({**file, "cases": [case]})
    mapping(whole, CASE_KEYS, ("name", "model", "package", "providers", "story"))
    try:
        return list(differences_of(whole, folder))
    except (KeyError, ValueError, AttributeError, TypeError) as error:
        raise BadInputError(f"something in it has another form than a case has; {COMPARE}") from error


def differences_of(case: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """What the kernel answered otherwise than the case says, question by question."""
    asked = 0
    for entry, found in TriedRun.start(case, folder).play(case["story"]):
        asked += 1
        for key, expected in entry["then"].items():
            answered = mentioned(expected, found.get(key, {})) if key == "call_off" else found.get(key)
            if answered is None:
                known = ", ".join(sorted(found))
                yield f"{entry['at']}: the answer tells no `{key}`, which should be {expected}; it tells: {known}"
            elif answered != expected or in_order(key, answered) != in_order(key, expected):
                yield f"{entry['at']}: {key} is {answered}, not {expected}"
    if not asked:
        yield "the story asks nothing: give some moment a `then`"


def mentioned(expected: Any, found: Any) -> Any:
    """The parts of a call-off, less the details that the case does not mention."""
    if not isinstance(found, Mapping) or not isinstance(expected, Mapping):
        return found
    return {
        who: {key: value for key, value in part.items() if key in expected.get(who, ())} for who, part in found.items()
    }


def in_order(key: str, value: Any) -> list[str]:
    """Those asked or called off, in the order in which they stand."""
    return list(value) if key in ("invite", "call_off", "order") else []


def _read(path: Path) -> dict[str, Any]:
    """A file of cases; one plain line says what it is instead, or where it breaks off."""
    _refuse_wrong_kind(path)
    try:
        file = read_cases(path)
    except UnicodeDecodeError as error:
        raise BadInputError(f"{path}: cannot be read as text in UTF-8; save it so") from error
    except YAMLError as error:
        mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
        where = f"{path}:{mark.line + 1}" if mark else f"{path}"
        raise BadInputError(f"{where}: this is not YAML: {problem or 'it cannot be read'}; {CHECK}") from error
    except RecursionError as error:
        raise BadInputError(f"{path}: this is nested too deeply; it is not a file of cases") from error
    if not isinstance(file, dict) or not isinstance(file.get("cases"), list):
        raise BadInputError(f"{path}: this is not a file of cases: it needs a list under `cases`")
    with within(f"{path}"):
        mapping(file, FILE_KEYS)
    if file.get("kind", "decisions") != "decisions":
        raise BadInputError(f"{path} holds cases of the kind `{file['kind']}`, not of the kind `decisions`")
    return {**file, "file": path.name}


def _refuse_wrong_kind(path: Path) -> None:
    if path.is_dir():
        raise BadInputError(f"{path}: this is a folder; give a file of cases in it")
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise BadInputError(f"{path}: this file does not exist") from error
    except OSError as error:
        raise BadInputError(f"{path}: cannot be read: {error.strerror or error}") from error
    kind = wrong_kind(data)
    if kind is not None:
        remedy = "save it as text in UTF-8" if kind.saves_as_text else "give a file of cases as YAML"
        raise BadInputError(f"{path}: this is {kind.name}, not a file of cases; {remedy}")
    if not data.strip():
        raise BadInputError(f"{path}: this is empty; a file of cases needs a list under `cases`")
