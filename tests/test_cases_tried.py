"""`models try`: a council holds a document of its own to cases of its own, without code."""

from __future__ import annotations

from pathlib import Path

import pytest
from kernel_cases import FOLDER
from typer.testing import CliRunner

from calloff.cases.trying import try_cases
from calloff.cli import app
from calloff.domain.errors import BadInputError

CASES = """\
model: own
package: {approved: Mon 1 June 2026 09:30, start: 8 June 2026, visits: ['mon-sun 08:00 30m']}
providers:
  A: {lot: valley, spare: 20 h}
  B: {lot: valley, spare: 20 h}
cases:
  - name: the first in turn
    story:
      - {at: Mon 1 June 2026 09:30, then: {invite: {A: Mon 1 June 2026 13:30}, order: [A, B]}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own.yaml").write_text((FOLDER / "models" / "rotation.yaml").read_text("utf-8"), encoding="utf-8")
    return tmp_path


def written(folder: Path, text: str) -> Path:
    path = folder / "own-cases.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_cases_beside_a_document_are_tried(folder: Path):
    result = CliRunner().invoke(app, ["models", "try", str(written(folder, CASES))])

    assert result.exit_code == 0
    assert result.output.splitlines() == ["ok: the first in turn", "1 case tried, 0 answered otherwise than written"]


@pytest.mark.parametrize(
    ("instead_of", "write", "told"),
    [
        ("{A: Mon 1 June 2026 13:30}", "{B: Mon 1 June 2026 13:30}", "invite is {'A': 'Mon 1 June 2026 13:30'}, not"),
        ("order: [A, B]", "order: [B, A]", "order is ['A', 'B'], not ['B', 'A']"),
        ("order:", "oder:", "the answer tells no `oder`"),
        (", then: {invite: {A: Mon 1 June 2026 13:30}, order: [A, B]}", "", "the story asks nothing"),
    ],
)
def test_what_is_answered_otherwise_is_told(folder: Path, instead_of: str, write: str, told: str):
    report, good = try_cases(written(folder, CASES.replace(instead_of, write)))

    assert not good
    assert told in report


@pytest.mark.parametrize(
    ("instead_of", "write", "told"),
    [
        ("package:", "pakage:", "`pakage` is no key of a case"),
        ("providers:", "# providers:", "line 4, column 3"),
        ("Mon 1 June 2026 09:30,", "Tue 1 June 2026 09:30,", "Tue 1 June 2026 09:30 is no moment"),
        ("mon-sun 08:00 30m", "daily at eight", "'daily at eight' is no visit"),
        ("model: own", "model: owm", "there is no purchasing model 'owm'"),
        ("model: own\n", "", "`model` is missing"),
        ("spare: 20 h", "spare: lots", "cannot be read"),
        ("cases:", "kind: documents\ncases:", "not of the kind `decisions`"),
        (CASES, "- a list\n", "is no file of cases"),
        (CASES, "a: [", "is no YAML"),
    ],
)
def test_a_file_that_cannot_be_read_says_where_and_why(folder: Path, instead_of: str, write: str, told: str):
    with pytest.raises(BadInputError) as refused:
        try_cases(written(folder, CASES.replace(instead_of, write)))

    assert told in str(refused.value)
