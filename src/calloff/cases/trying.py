"""A file of cases held against the kernel: what each says beside what was answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from yaml import YAMLError

from calloff.cases.playing import CaseRun
from calloff.documents.cases_page import read_cases
from calloff.documents.wording import count_words
from calloff.domain.errors import BadInputError

SHARED = ("model", "providers", "package", "base")
"""What a file may say once for all of its cases."""
FILE_KEYS = ("title", "about", "kind", "cases", "file", *SHARED)
CASE_KEYS = ("name", "shows", "source", "story", "seed", "localities", "turns_taken", "file", *SHARED)


def cases_in(file: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The cases of a file, each with what the file says for all of them."""
    shared = {key: value for key, value in file.items() if key in SHARED}
    return [{**shared, **case, "file": file["file"]} for case in file["cases"]]


def try_cases(path: Path) -> tuple[str, bool]:
    """
    Play every case of a file; a line for each with what differs below it, and whether all were answered as written.

    Raises BadInputError where the file is no file of cases, or a case cannot be read.
    """
    file = _read(path)
    lines, failed = [], 0
    for number, case in enumerate(cases_in(file), 1):
        where = f"{path}, case {number}"
        _refuse_unknown(where, case, CASE_KEYS, ("name", "model", "package", "providers", "story"))
        try:
            differences = list(differences_of(case, path.parent))
        except (KeyError, ValueError, AttributeError, TypeError, StopIteration) as error:
            raise BadInputError(f"{where}, `{case['name']}`, cannot be read: {error!r}") from error
        failed += bool(differences)
        lines.append(f"{'differs' if differences else 'ok'}: {case['name']}")
        lines += [f"  {line}" for line in differences]
    tried = count_words(len(file["cases"]), "case")
    told = f"{tried} tried, {failed} answered otherwise than written"
    return "\n".join([*lines, told]), failed == 0


def differences_of(case: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """What the kernel answered otherwise than the case says, question by question."""
    asked = 0
    for entry, found in CaseRun.start(case, folder).play(case["story"]):
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
    try:
        file = read_cases(path)
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise BadInputError(f"{path} is no YAML that can be read: {error}") from error
    if not isinstance(file, dict) or not isinstance(file.get("cases"), list):
        raise BadInputError(f"{path} is no file of cases: it needs a list under `cases`")
    _refuse_unknown(f"{path}", file, FILE_KEYS, ())
    if file.get("kind", "decisions") != "decisions":
        raise BadInputError(f"{path} holds cases of the kind `{file['kind']}`, not of the kind `decisions`")
    return {**file, "file": path.name}


def _refuse_unknown(where: str, found: Mapping[str, Any], known: tuple[str, ...], needed: tuple[str, ...]) -> None:
    unknown = [key for key in found if key not in known]
    missing = [key for key in needed if key not in found]
    if unknown:
        raise BadInputError(f"{where}: `{unknown[0]}` is no key of a case; write one of: {', '.join(known)}")
    if missing:
        raise BadInputError(f"{where}: `{missing[0]}` is missing; nothing was tried")
