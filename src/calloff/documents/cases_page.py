"""
The cases that a commissioner can check, as a page: what is the situation, what happens, what is the answer.

`cases_page` only formats what was read from the YAML of `tests/cases`, so that the rules people read are the rules
that run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

PAGE = Path("docs") / "reference" / "cases.md"
CASES = Path("tests") / "cases"
Case = Mapping[str, Any]

INTRODUCTION = """\
# Cases that anybody can check

<!-- Made from tests/cases; a test compares it. Do not edit it here. -->

Each case states a situation, what happens in it, and what Calloff must answer. The tests run every one of them, so
that the rules you read here are the rules that run. All names are invented, all times are local.

Letters and numbers beside a case are what it shows and where its rule comes from: facts of the
[founding papers](papers.md) (EL18-14), settled readings (READING-02) and fixtures worked by hand (F1).
"""


def cases_page(files: Sequence[Case], models: Mapping[str, str]) -> str:
    """
    The page of all cases.

    Parameters
    ----------
    files
        The files of cases as read from YAML with every value as text, in order.
    models
        The text of each small document that cases name, by its id.
    """
    sections = [_section(file) for file in files]
    contents = [f"- [{file['title']}](#{_anchor(file['title'])})" for file in files]
    contents.append("- [The small documents of the cases](#the-small-documents-of-the-cases)")
    appendix = ["## The small documents of the cases\n"]
    appendix += [f"### `{name}`\n\n{_yaml(text)}" for name, text in sorted(models.items())]
    return "\n".join([INTRODUCTION, "\n".join(contents) + "\n", *sections, *appendix])


def current_page(root: Path) -> str:
    """The page of the cases that lie under the repository's folder."""
    folder = root / CASES / "kernel"
    files = [read_cases(path) for path in sorted(folder.glob("*.yaml"))]
    deadlines = {
        "title": "When an answer is due",
        "about": "An invitation sent at a local time, under a clock, in a nation: the last moment at which an answer "
        "counts.",
        "kind": "deadlines",
        **read_cases(root / CASES / "deadlines.yaml"),
    }
    models = {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("models/*.yaml")}
    return cases_page([*files, deadlines], models)


def write_cases_page(root: Path) -> None:
    """Write the page of `current_page` where it belongs under `root`."""
    (root / PAGE).write_text(current_page(root), encoding="utf-8")


def read_cases(path: Path) -> dict[str, Any]:
    """One file of cases; every value stays the text that was written, so that 163.80 is no number to be rounded."""
    content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
    return content


def _section(file: Case) -> str:
    body = {"decisions": _decisions, "documents": _documents, "deadlines": _deadlines}[file["kind"]]
    return "\n".join([f"## {file['title']}\n", f"{_plain(file['about'])}\n", *body(file)])


# --- Cases of the kernel


def _decisions(file: Case) -> Iterable[str]:
    yield from _situation(file)
    for case in file["cases"]:
        yield f"### {_capital(case['name'])}\n"
        yield f"{_grounds(case)}\n"
        yield from _situation(case)
        yield _table(("when", "what happens", "what is answered"), [_line_of(entry) for entry in case["story"]])


def _situation(about: Case) -> Iterable[str]:
    """What a file or a case says of its model, package and providers; nothing for what it takes over."""
    if "model" in about:
        yield f"{_model(about['model'])}\n"
    if "package" in about:
        yield f"{_package(about['package'])}\n"
    if "seed" in about:
        yield f'Published seed: "{about["seed"]}".\n'
    if "providers" in about:
        yield _providers(about["providers"])


def _model(model: str | Case) -> str:
    if isinstance(model, str):
        return f"Model: `{model}`."
    changes = "; ".join(f"`{where}` {_change(value)}" for where, value in model["changes"].items())
    return f"Model: `{model['document']}`, in which {changes}."


def _change(value: Any) -> str:
    return "is taken out" if value == "none" else f"is `{_flow(value)}`"


def _flow(value: Any) -> str:
    """A value as YAML writes it on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(one) for one in value) + "]"
    return str(value)


def _package(package: Case) -> str:
    told = {"approved", "start", "visits", "priority"}
    others = [f"{_spaced(key)} {_flow(value)}" for key, value in package.items() if key not in told]
    words = [
        f"Package: {', '.join(package['visits'])}",
        f"approved {package['approved']}",
        f"to start on {package['start']}",
        package.get("priority", "P5"),
        *others,
    ]
    return "; ".join(words) + "."


def _providers(providers: Case) -> str:
    columns: list[str] = []
    for about in providers.values():
        columns += [key for key in about or () if key not in columns]
    rows = [
        [f"**{_spaced(name)}**", *(_cell(about.get(key, "")) for key in columns)] for name, about in providers.items()
    ]
    return _table(("provider", *(_spaced(key) for key in columns)), rows)


def _cell(value: Any) -> str:
    return ", ".join(_cell(one) for one in value) if isinstance(value, list) else _flow(value)


def _line_of(entry: Case) -> list[str]:
    extras = [
        f"{_spaced(key)} {_cell(value)}" for key, value in entry.items() if key in ("visits", "rate", "delivered_by")
    ]
    event = "; ".join([_spaced(entry["event"]), *extras]) if "event" in entry else ""
    answer = _answer(entry["then"]) if "then" in entry else ""
    if entry.get("confirmed") == "no":
        answer += " (not carried out)"
    return [entry["at"], event, answer]


def _answer(then: Case) -> str:
    told = [say(then[key]) for key, say in _ANSWERS.items() if key in then and then[key] not in ({}, [], "")]
    if "wait_until" not in then and "because" in then:
        told.append(f"waits, since {_because(then['because'])}")
    return _capital("; ".join(told) or "as before") + "."


def _each(values: Any) -> str:
    return ", ".join(f"**{_spaced(name)}** {_spaced(_flow(value))}" for name, value in values.items())


def _names(values: Sequence[str]) -> str:
    return ", ".join(_spaced(one) for one in values)


def _call_off(parts: Case) -> str:
    def words(part: Case) -> str:
        amounts = [
            f"{part['visits']} visit{'' if part['visits'] == '1' else 's'}" if "visits" in part else "",
            f"{part['hours']} h" if "hours" in part else "",
            f"{part['weekly']} a week" if "weekly" in part else "",
            _spaced(part.get("kind", "")),
            _spaced(part.get("reason", "")),
            f"delivered by {_spaced(part['delivered_by'])}" if "delivered_by" in part else "",
            f"moved to {part['moved']}" if "moved" in part else "",
        ]
        return ", ".join(one for one in amounts if one)

    return "calls off " + "; ".join(f"**{_spaced(name)}**: {words(part)}" for name, part in parts.items())


def _proof(proof: Case) -> str:
    steps = [f"{_spaced(step)}: {_each(reasons) or 'nobody'}" for step, reasons in proof.items()]
    return "proof: " + "; ".join(steps)


def _because(reason: str) -> str:
    known = {
        "answers_due": "answers are due",
        "on_hold": "the package is on hold",
        "step_opens_later": "the step opens later",
    }
    return known.get(reason, _spaced(reason))


_ANSWERS: dict[str, Callable[[Any], str]] = {
    "refused": lambda code: f"refuses the order: {_spaced(code)}",
    "ends": lambda ended: "ends " + ", ".join(f"**{_spaced(who)}** ({_spaced(why)})" for who, why in ended.items()),
    "invite": lambda asked: "asks " + ", ".join(f"**{_spaced(who)}** until {due}" for who, due in asked.items()),
    "call_off": _call_off,
    "total": lambda amount: f"in all {amount} a week",
    "wait_until": lambda until: f"waits until {until}",
    "refer": lambda reason: f"refers the package: {_spaced(reason)}",
    "step": lambda name: f"step {_spaced(name)}" if name else "",
    "order": lambda names: f"order {_names(names)}",
    "rank": lambda ranks: f"rank {_each(ranks)}",
    "drawn": lambda names: f"drawn by lot: {_names(names)}",
    "visits": lambda counts: f"visits asked for: {_each(counts)}",
    "holds": lambda held: f"holds {_each(held)}",
    "quota": lambda reasons: f"quota: {_each(reasons)}",
    "must_name": lambda named: f"must name {_each(named)}",
    "override": lambda reason: f"by order ({_spaced(reason)})",
    "own_answer": lambda answer: f"its own answer would be: {_spaced(answer)}",
    "spare_afterwards": lambda spare: f"spare afterwards: {_each(spare)}",
    "passed_over": lambda names: f"passed over for capacity: {_names(names)}",
    "gates": lambda failed: f"gates failed: {_each(failed)}",
    "proof": _proof,
}
"""How each part of an answer is worded, in the order in which a page tells them."""


# --- Cases of documents


def _documents(file: Case) -> Iterable[str]:
    yield f"Each case changes this document in one place, or adds lines at its end.\n\n{_yaml(file['base'])}"
    for case in file["cases"]:
        yield f"### {_capital(case['name'])}\n"
        yield f"{_grounds(case)}\n"
        if "instead_of" in case:
            yield f"Instead of `{_plain(case['instead_of'])}`:\n\n{_yaml(case['write'])}"
        if "add" in case:
            yield f"Added at the end:\n\n{_yaml(case['add'])}"
        rows = [[one["line"], one["problem"], one["remedy"]] for one in case["refused"]]
        yield _table(("line", "what is wrong", "what to write"), rows)


# --- Cases of the calendar


def _deadlines(file: Case) -> Iterable[str]:
    rows = [
        [_capital(case["name"]), case["sent"], case["clock"], case["nation"], case["expect"], _grounds(case)]
        for case in file["cases"]
    ]
    yield _table(("case", "sent", "clock", "nation", "due", "shows and source"), rows)


# --- Words


def _grounds(case: Case) -> str:
    shows = case.get("shows", [])
    parts = [f"Shows {', '.join(shows)}." if shows else "", f"Source: {_cell(case['source'])}."]
    return " ".join(part for part in parts if part)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_row(heads), _row(["---"] * len(heads)), *(_row(row) for row in rows)]
    return "\n".join(lines) + "\n"


def _yaml(text: str) -> str:
    return f"```yaml\n{text.strip()}\n```\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_plain(cell).replace("|", "\\|") for cell in cells) + " |"


def _plain(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split())


def _spaced(code: str) -> str:
    return code.replace("_", " ")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _anchor(title: str) -> str:
    kept = "".join(letter for letter in title.lower() if letter.isalnum() or letter in " -")
    return kept.replace(" ", "-")
