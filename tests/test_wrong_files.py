"""
A file of the wrong kind, given to every command that reads one: a plain refusal, and nothing written.

The kinds are those that a newcomer gives by mistake: a workbook where CSV is expected, a picture, the page that a
failed download leaves behind, the right file in another encoding.
"""

from __future__ import annotations

import functools
import gzip
import io
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
import typer

from calloff import __main__ as program
from calloff.cli import app
from calloff.documents import purchasing_models

INVENTED = Path(__file__).parent / "formats" / "data"
MODEL = "leeds_2010_framework"
TEXT = "reference,name\nA-1,Café\n"


def a_workbook() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as workbook:
        workbook.writestr("xl/workbook.xml", TEXT)
    return stream.getvalue()


NAMED = {
    "a workbook": (a_workbook(), "this is a workbook or archive"),
    "an empty archive": (b"PK\x05\x06" + bytes(18), "this is a workbook or archive"),
    "an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "this is a workbook or archive"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), "this is a picture"),
    "a photograph": (b"\xff\xd8\xff\xe0\x10JFIF" + bytes(range(1, 256)), "this is a picture"),
    "a PDF": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "this is a PDF"),
    "a letter": (b"{\\rtf1\\ansi Dear all}\n", "this is a word processor's document"),
    "a compressed file": (gzip.compress(TEXT.encode()), "this is a compressed file"),
    "the page of an error": (b"<!DOCTYPE html>\n<html><p>404: not found, sorry</p></html>\n", "this is a web page"),
    "UTF-16": (TEXT.encode("utf-16"), "this is text in UTF-16"),
    "UTF-16 without its mark": (TEXT.replace("\n", ";").encode("utf-16-le"), "this is text in UTF-16"),
    "a program": (b"\x7fELF" + bytes(range(256)), "this is a binary file"),
    "nothing": (b"", "is empty"),
}
"""What each kind of file holds, and what every refusal of it says."""
TEXTS = {
    "Latin-1": TEXT.encode("latin-1"),
    "prose": b"Dear all,\nhere is the list.\n",
    "JSON": b'{"providers": [1, 2]}\n',
    "a number": b"7\n",
    "brackets": b"[\n" * 1_500,
    "one long line": b"a" * 300_000,
    "another CSV": b"colour,size\nred,2\n",
    "a broken Parquet file": b"PAR1" + bytes(range(1, 256)),
    "a heading for semicolons": TEXT.replace(",", ";").encode(),
}
CONTENTS = {**{kind: content for kind, (content, _) in NAMED.items()}, **TEXTS}

CENSUS = """\
time_period,financial_quarter,sending_location,age_group,measure,value
Census Week,2019/20,Eastmoor,All Ages,Number of Hours,5
Census Week,2019/20,Eastmoor,All Ages,Number of People,1
"""

PLANNED = """\
reference,contract,person,start_at,ends_at,minutes,rate
V-1,E-1,P-1,2026-03-02T08:00Z,2026-03-02T08:30Z,30,19.00
"""
VISITS = """\
row,version,contract,person,worker,came,left
A,2026-03-02T21:00Z,E-1,P-1,W1,2026-03-02T08:00Z,2026-03-02T08:30Z
TOTAL,1,30,,,,
"""

Words = Callable[[Path, Path, Path], list[object]]
"""The words of a command, from the wrong file, the folder of good ones and the folder to write in."""


def enrol(option: str) -> Words:
    def words(wrong: Path, good: Path, out: Path) -> list[object]:
        given = {name: good / f"{name}.csv" for name in ("providers", "places", "packages")} | {option: wrong}
        model = given.pop("MODEL", MODEL)
        options = [f"--{name}={path}" for name, path in given.items()]
        return ["models", "enrol", model, *options, "--seed=1", f"--out={out / 'contracts.csv'}"]

    return words


def allocate(option: str) -> Words:
    def words(wrong: Path, good: Path, out: Path) -> list[object]:
        names = ("providers", "contracts", "packages", "places")
        given = {"model": MODEL, **{name: good / f"{name}.csv" for name in names}, option: wrong}
        options = [f"--{name}={path}" for name, path in given.items()]
        return ["allocate", *options, "--from=2025-03-31T09:00+01:00", "--seed=1", f"--out={out / 'run'}"]

    return words


def pay(option: str) -> Words:
    def words(wrong: Path, good: Path, out: Path) -> list[object]:
        given = {"planned": good / "planned.csv", "actual": good / "visits.csv", option: wrong}
        options = [f"--{name}={path}" for name, path in given.items()]
        return ["pay", "--rules=hounslow_spot", *options, f"--out={out / 'settled'}"]

    return words


def importing(command: str, *options: str) -> Words:
    return lambda wrong, _, out: ["import", command, wrong, *options, f"--out={out / 'imported.csv'}"]


def stand_in(which: str) -> Words:
    def words(wrong: Path, good: Path, out: Path) -> list[object]:
        given = {"file": good / "census.csv", "packages": good / "packages.csv", which: wrong}
        options = ["--council=Eastmoor", f"--packages={given['packages']}", "--seed=1"]
        return ["import", "home-care-census", given["file"], *options, f"--out={out / 'imported.csv'}"]

    return words


KEY = "a key of tests 0123456789 abcdefghijklmnopqrstuvwxyz ABC"


def restore(wrong: Path, good: Path, out: Path) -> list[object]:
    return ["restore", wrong, f"--key-file={good / 'good.key'}"]


READERS: dict[str, dict[str, Words]] = {
    ".csv": {
        **{f"models enrol {option}": enrol(option) for option in ("providers", "places", "packages")},
        "import care-inspectorate file": importing("care-inspectorate", "--council=Eastmoor"),
        "import social-care-survey file": importing("social-care-survey", "--seed=1"),
        "import postcodes file": importing("postcodes"),
        "import home-care-census file": stand_in("file"),
        "import home-care-census packages": stand_in("packages"),
        "visits check file": lambda wrong, *_: ["visits", "check", wrong],
        **{f"pay {option}": pay(option) for option in ("planned", "actual")},
        **{
            f"allocate {option}": allocate(option)
            for option in ("providers", "contracts", "packages", "places", "responses")
        },
    },
    ".jsonl": {
        "replay log": lambda wrong, *_: ["replay", wrong],
        "explain log": lambda wrong, *_: ["explain", wrong, "--package=P-1"],
    },
    ".key": {
        "backup key_file": lambda wrong, _, out: ["backup", f"--out={out / 'all.backup'}", f"--key-file={wrong}"],
        "restore key_file": lambda wrong, good, _: ["restore", good / "good.backup", f"--key-file={wrong}"],
    },
    ".backup": {"restore file": restore},
    ".yaml": {
        "models check paths": lambda wrong, *_: ["models", "check", wrong],
        "models show model": lambda wrong, *_: ["models", "show", wrong],
        "models try cases": lambda wrong, *_: ["models", "try", wrong],
        "models enrol model": enrol("MODEL"),
        "rules check paths": lambda wrong, *_: ["rules", "check", wrong],
        "allocate model": allocate("model"),
    },
}
"""Every command and the argument by which it is given a file, by the ending of a right file's name."""
WRITES_NOTHING = ("allocate responses", "visits check file")
CHECKS = ("models check paths", "rules check paths")
EVERY = [(ending, reader) for ending, readers in READERS.items() for reader in readers]


def run(*words: object) -> int:
    """Run a command as a person does; its exit code. Any exception but the end of the program is a fault."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["calloff", *map(str, words)])
        with pytest.raises(SystemExit) as ending:
            program.main()
    return int(ending.value.code or 0)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """A folder with a good file of each kind, made as a newcomer makes them; shipped models are read once."""
    folder = tmp_path_factory.mktemp("good")
    given = [f"--{name}={folder}/{name}.csv" for name in ("providers", "places", "packages")]
    register, survey, postcodes = (
        INVENTED / f"{name}_invented.csv" for name in ("register_2025-03-31", "survey", "codepoint")
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(purchasing_models, "load", functools.cache(purchasing_models.load))
        assert run("import", "care-inspectorate", register, "--council=Eastmoor", f"--out={folder}/providers.csv") == 0
        assert run("import", "postcodes", postcodes, f"--out={folder}/places.csv") == 0
        assert run("import", "social-care-survey", survey, "--seed=1", f"--out={folder}/packages.csv") == 0
        (folder / "census.csv").write_text(CENSUS, encoding="utf-8")
        (folder / "planned.csv").write_text(PLANNED, encoding="utf-8")
        (folder / "visits.csv").write_text(VISITS, encoding="utf-8")
        (folder / "good.key").write_text(KEY, encoding="utf-8")
        # With another key no more than the beginning of it is read.
        (folder / "good.backup").write_bytes(b"Calloff backup 1\n" + bytes(100))
        assert run("models", "enrol", MODEL, *given, "--seed=1", f"--out={folder}/contracts.csv") == 0
        yield folder


@pytest.fixture
def give(good, tmp_path, capsys):
    """Give a command a file; it writes nothing. Returns its exit code and what it said."""

    def give(ending: str, reader: str, wrong: Path) -> tuple[int, str]:
        out = tmp_path / "out"
        out.mkdir()
        capsys.readouterr()
        code = run(*READERS[ending][reader](wrong, good, out))
        printed, told = capsys.readouterr()
        assert list(out.iterdir()) == []
        # The report that a check of documents is asked for is a list of faults; whatever else is wrong is told apart.
        return code, told or (printed if reader in CHECKS else "")

    return give


@pytest.mark.parametrize("kind", CONTENTS)
@pytest.mark.parametrize(("ending", "reader"), EVERY, ids=[reader for _, reader in EVERY])
def test_a_file_of_the_wrong_kind_is_refused_in_plain_words(ending, reader, kind, give, tmp_path):
    wrong = tmp_path / f"wrong{ending}"
    wrong.write_bytes(CONTENTS[kind])

    code, told = give(ending, reader, wrong)

    assert code == 1
    assert str(wrong) in told
    assert NAMED.get(kind, ("", "not"))[1] in told
    assert not re.search("codec|Errno|Error:|char [0-9]", told)
    # A mapping that is no purchasing model has many faults, and a report on documents has a heading.
    if reader not in CHECKS and kind != "JSON":
        assert len(told.splitlines()) == 1


@pytest.mark.parametrize(("ending", "reader"), EVERY, ids=[reader for _, reader in EVERY])
def test_a_folder_in_the_place_of_a_file_is_refused(ending, reader, give, tmp_path):
    wrong = tmp_path / f"wrong{ending}"
    wrong.mkdir()

    code, told = give(ending, reader, wrong)

    # 2 where the command line itself says that a file is wanted.
    assert code == (1 if ending == ".yaml" else 2)
    assert str(wrong) in told
    assert re.search("is a directory|this is a folder|this folder holds no purchasing model", told)


@pytest.mark.parametrize(("ending", "reader"), EVERY, ids=[reader for _, reader in EVERY])
def test_a_file_that_is_not_there_is_refused(ending, reader, give, tmp_path):
    code, told = give(ending, reader, tmp_path / f"nowhere{ending}")

    assert code == (1 if ending == ".yaml" else 2)
    assert f"nowhere{ending}" in told
    assert re.search("does not exist|there is no (purchasing model|payment rule)", told)


# Files that come near


@pytest.mark.parametrize("reader", [reader for reader in READERS[".yaml"] if reader != "models try cases"])
def test_a_model_under_another_name_is_not_said_to_be_missing(reader, give, tmp_path):
    wrong = tmp_path / "model.txt"
    wrong.write_text("id: a_council\n")

    code, told = give(".yaml", reader, wrong)

    assert code == 1
    kind = "payment rule" if reader.startswith("rules") else "purchasing model"
    assert f"{wrong}: the name of a {kind}'s file ends in .yaml, and this one does not" in told


@pytest.mark.parametrize("option", ["places", "packages", "contracts", "responses"])
def test_another_of_our_own_files_is_told_in_one_line(option, give, good):
    code, told = give(".csv", f"allocate {option}", good / "providers.csv")

    assert code == 1
    assert f"providers.csv: this is not a {option}.csv file: it lacks " in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("reader", READERS[".csv"])
def test_semicolons_are_told_where_there_are_any(reader, give, tmp_path):
    told = []
    for content in ("one;two\n1;2\n", "one\ttwo\n1\t2\n", "one two\n1 2\n"):
        wrong = tmp_path / "wrong.csv"
        wrong.write_text(content)
        told.append(give(".csv", reader, wrong)[1])
        (tmp_path / "out").rmdir()

    semicolons = [text.endswith("; its columns are separated by semicolons or tabs, not commas\n") for text in told]
    assert semicolons == [True, True, False]


@pytest.mark.parametrize("reader", READERS[".jsonl"])
def test_a_log_nested_too_deeply_is_refused(reader, give, tmp_path):
    wrong = tmp_path / "decisions.jsonl"
    wrong.write_text("[" * 100_000)

    assert "not of a decision log" in give(".jsonl", reader, wrong)[1]


@pytest.mark.parametrize("reader", READERS[".jsonl"])
@pytest.mark.parametrize(
    ("content", "line"),
    [('{"fact":{"body":{},"ki', 1), ('{"decisions":0,"line":"end","last":"%s"}\n\n' % ("0" * 64), 2)],
)
def test_the_broken_line_of_a_log_is_named(content, line, reader, give, tmp_path):
    wrong = tmp_path / "decisions.jsonl"
    wrong.write_text(content)

    code, told = give(".jsonl", reader, wrong)

    assert code == 1
    assert f"{wrong}:{line}: this line is broken off or not of a decision log; give the decisions.jsonl" in told


@pytest.mark.parametrize(
    "content", ['{"hash":"00","line":"document","texts":[["a', '{"hash":"00","line":"document"}\n']
)
def test_a_log_whose_document_is_cut_is_refused(content, give, tmp_path):
    for reader in READERS[".jsonl"]:
        wrong = tmp_path / "decisions.jsonl"
        wrong.write_text(content)

        code, told = give(".jsonl", reader, wrong)
        (tmp_path / "out").rmdir()

        assert code == 1
        assert "line is" in told


# Results that cannot be written


@pytest.mark.parametrize("reader", [reader for reader in READERS[".csv"] if reader not in WRITES_NOTHING])
def test_a_result_that_cannot_be_written_is_told(reader, good, tmp_path, capsys):
    # Nobody can make anything below a file, not even root, who may write in any read-only folder.
    below_a_file = tmp_path / "a file"
    below_a_file.write_text("mine")
    files = {"care-inspectorate": "register_2025-03-31", "social-care-survey": "survey", "postcodes": "codepoint"}
    command, name = reader.split()[:2]
    kept = {"home-care-census file": "census", "home-care-census packages": "packages"}
    known = reader.removeprefix("import ")
    if command == "import" and known not in kept:
        right = INVENTED / f"{files[name]}_invented.csv"
    else:
        right = good / f"{({'pay actual': 'visits'} | kept).get(known, reader.split()[-1])}.csv"

    code = run(*READERS[".csv"][reader](right, good, below_a_file))
    told = capsys.readouterr().err

    assert code == 1
    assert told.startswith(f"{below_a_file}/")
    assert ": cannot be written: Not a directory\n" in told
    assert below_a_file.read_text() == "mine"


# Whether no command is forgotten


def arguments_of_files(within: typer.Typer, before: str = "") -> set[str]:
    """Every argument that is a path or names a model, as `command argument`."""
    found = set()
    for group in within.registered_groups:
        found |= arguments_of_files(group.typer_instance, f"{before}{group.name} ")
    for command in within.registered_commands:
        name = command.name or command.callback.__name__
        hints = get_type_hints(command.callback)
        paths = {argument for argument, hint in hints.items() if Path in (hint, *get_args(hint))}
        found |= {f"{before}{name} {argument}" for argument in paths | ({"model", "paths"} & set(hints))}
    return found


def test_every_command_that_reads_a_file_is_tried_here():
    found = arguments_of_files(app)
    results = {name for name in found if name.split()[-1] in ("out", "write_to")}

    assert found - results == {reader for _, reader in EVERY}
