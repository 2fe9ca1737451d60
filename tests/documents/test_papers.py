"""The registers of papers and sources, the marks of the tests, and the page made from both."""

from itertools import groupby
from pathlib import Path

import pytest

from calloff.documents import papers as registers
from calloff.documents.marks import shown_facts
from calloff.domain.errors import DocumentError, DocumentErrors

ROOT = Path(__file__).parents[2]
KNOWN = frozenset({"EL18-14", "EL18-15", "RU18-01"})

A_PAPER = """\
- key: EL18
  council: A council
  title: A report
  date: 2018-06-04
  facts:
    EL18-01:
      fact: Something is said.
"""

A_SOURCE = """\
sources:
  HOUN:
    title: A protocol
    pages: [https://example.org/protocol]
readings:
  READING-01: A rule is read so.
"""


def test_papers_are_the_153_facts_numbered_without_a_hole():
    facts = registers.papers()

    counts = {paper: [fact.id for fact in of_paper] for paper, of_paper in groupby(facts, lambda f: f.paper)}
    assert {paper: len(ids) for paper, ids in counts.items()} == {
        "EL18": 27,
        "RU18": 31,
        "EL24": 35,
        "IW21": 30,
        "LE14": 30,
    }
    for paper, ids in counts.items():
        assert ids == [f"{paper}-{number:02}" for number in range(1, len(ids) + 1)]
    assert len(facts) == 153


def test_papers_say_each_fact_in_a_sentence_of_its_own():
    sentences = [fact.fact for fact in registers.papers()]

    assert len(set(sentences)) == len(sentences)
    assert all(sentence.endswith((".", ".”")) and "\n" not in sentence for sentence in sentences)


def test_source_keys_are_unique_across_facts_pages_and_readings():
    assert len(registers.source_keys()) == len(registers.papers()) + len(registers.sources())
    assert {"EL18-14", "ESX-PERF", "HOUN", "READING-01", "READING-18"} <= registers.source_keys()


def test_sources_are_pages_with_an_address_or_one_of_the_18_readings():
    without_page = [source.key for source in registers.sources() if not source.pages]

    assert without_page == [f"READING-{number:02}" for number in range(1, 19)]


@pytest.mark.parametrize(
    ("before", "after", "line", "problem"),
    [
        ("    EL18-01:", "    EL18-02:", 7, "EL18-02 stands where EL18-01 is due"),
        ("      fact: Something is said.", "      fakt: Something is said.", 7, "the field fact is missing"),
        ("      fact: Something is said.", "      fact: ''", 7, "a text is due here"),
        ("  title: A report", "  title: A report\n  titel: A report", 4, "no field is called titel"),
        ("  title: A report", "  title: A report\n  title: A report", 4, "title stands here twice"),
        ("- key: EL18", "- key: East", 1, "'East' is no key of a paper"),
        ("2018-06-04", "June 2018", 4, "'June 2018' is no date"),
        ("- key: EL18", "- key: [EL18", 2, "no YAML"),
        (A_PAPER, A_PAPER + A_PAPER, 8, "the paper EL18 stands here twice"),
        (A_PAPER, "", 1, "the register is empty"),
        (A_PAPER, "key: EL18\n", 1, "a list is due here"),
        (A_PAPER, "- EL18\n", 1, "fields are due here"),
    ],
)
def test_read_papers_says_where_the_register_is_wrong(tmp_path: Path, before: str, after: str, line: int, problem: str):
    register = tmp_path / "papers.yaml"
    register.write_text(A_PAPER.replace(before, after), encoding="utf-8")

    with pytest.raises(DocumentError) as refusal:
        registers.read_papers(register)

    assert refusal.value.problem.startswith(problem)
    assert refusal.value.line == line


@pytest.mark.parametrize(
    ("before", "after", "line", "problem"),
    [
        ("  HOUN:", "  Houn:", 3, "'Houn' is no key of a source"),
        ("  HOUN:", "  READING-01:", 6, "READING-01 is a page and a reading"),
        ("https://example.org", "example.org", 4, "'example.org/protocol' is no address of a page"),
        ("    title: A protocol", "    title: A protocol\n    mirror: perhaps", 4, "mirror can only be true"),
        (
            "  READING-01: A rule",
            "  READING-01: A rule\n  READING-01: A rule",
            7,
            "READING-01 stands here twice",
        ),
    ],
)
def test_read_sources_says_where_the_register_is_wrong(
    tmp_path: Path, before: str, after: str, line: int, problem: str
):
    register = tmp_path / "sources.yaml"
    register.write_text(A_SOURCE.replace(before, after), encoding="utf-8")

    with pytest.raises(DocumentError) as refusal:
        registers.read_sources(register)

    assert refusal.value.problem == problem
    assert refusal.value.line == line


def a_test_file(root: Path, text: str, name: str = "tests/test_a.py") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return root


def test_shown_facts_reads_marks_of_functions_classes_and_files(tmp_path: Path):
    a_test_file(
        tmp_path,
        "import pytest\n"
        'pytestmark = [pytest.mark.browser, pytest.mark.shows("RU18-01")]\n'
        '@pytest.mark.shows("EL18-14", "EL18-15")\n'
        "def test_one(): ...\n"
        '@pytest.mark.shows("EL18-14")\n'
        "class TestTwo:\n"
        '    pytestmark: list = [pytest.mark.shows("RU18-01")]\n'
        "    @staticmethod\n"
        '    @pytest.mark.shows("EL18-15")\n'
        "    async def test_three(): ...\n",
    )

    assert shown_facts(tmp_path, KNOWN) == {
        "EL18-14": ["tests/test_a.py::TestTwo", "tests/test_a.py::test_one"],
        "EL18-15": ["tests/test_a.py::TestTwo::test_three", "tests/test_a.py::test_one"],
        "RU18-01": ["tests/test_a.py", "tests/test_a.py::TestTwo"],
    }


def test_shown_facts_reads_cases_each_file_once(tmp_path: Path):
    a_test_file(
        tmp_path,
        "shows: [EL18-14]\ncases:\n  - shows: [EL18-14, EL18-15]\n---\n- shows:\n  - RU18-01\n",
        "tests/cases/payment/x.yaml",
    )

    assert shown_facts(tmp_path, KNOWN) == {
        fact: ["tests/cases/payment/x.yaml"] for fact in ("EL18-14", "EL18-15", "RU18-01")
    }


def test_shown_facts_passes_over_fixtures_and_invariants(tmp_path: Path):
    a_test_file(tmp_path, "shows: [F12, I16, EL18-14]\n", "tests/cases/x.yaml")

    assert shown_facts(tmp_path, KNOWN) == {"EL18-14": ["tests/cases/x.yaml"]}


@pytest.mark.parametrize("silencing", ["skip", 'skip(reason="not yet")', "xfail"])
def test_shown_facts_leaves_out_a_test_that_is_skipped_or_expected_to_fail(tmp_path: Path, silencing: str):
    a_test_file(
        tmp_path,
        f"from pytest import mark\n@mark.{silencing}\nclass TestA:\n"
        '    @mark.shows("EL18-14")\n    def test_a(self): ...\n',
    )

    assert shown_facts(tmp_path, KNOWN) == {}


def test_shown_facts_counts_a_test_that_needs_a_tool(tmp_path: Path):
    text = '@pytest.mark.skipif(True, reason="no tool")\n@pytest.mark.shows("EL18-14")\ndef test_a(): ...\n'

    assert shown_facts(a_test_file(tmp_path, text), KNOWN) == {"EL18-14": ["tests/test_a.py::test_a"]}


def test_shown_facts_refuses_every_unknown_id_with_its_file_and_line(tmp_path: Path):
    a_test_file(tmp_path, '@pytest.mark.shows(\n    "EL18-14",\n    "EL18-99",\n)\ndef test_a(): ...\n')
    a_test_file(tmp_path, "shows: [XX99-01]\n", "tests/cases/x.yaml")

    with pytest.raises(DocumentErrors) as refusal:
        shown_facts(tmp_path, KNOWN)

    assert str(refusal.value).splitlines() == [
        "tests/cases/x.yaml:1: no fact of the papers is called 'XX99-01'. Write an id of papers.yaml, as EL18-14.",
        "tests/test_a.py:3: no fact of the papers is called 'EL18-99'. Write one of EL18-14 to EL18-15.",
    ]


@pytest.mark.parametrize(
    ("name", "text", "line", "problem"),
    [
        ("test_a.py", "@pytest.mark.shows\ndef test_a(): ...\n", 1, "a mark `shows` names no fact"),
        (
            "test_a.py",
            "@pytest.mark.shows(*IDS)\ndef test_a(): ...\n",
            1,
            "a mark `shows` is not written out",
        ),
        (
            "test_a.py",
            'CASES = [\n    pytest.param(1, marks=pytest.mark.shows("EL18-14")),\n]\n',
            2,
            "a mark `shows` stands where it is not counted",
        ),
        ("test_a.py", "def test_a(:\n", 1, "no Python: invalid syntax"),
        ("cases/x.yaml", "name: x\nshows: EL18-14\n", 2, "`shows` is no list of ids"),
        ("cases/x.yaml", "name: [x\n", 2, "no YAML: expected ',' or ']', but got '<stream end>'"),
    ],
)
def test_shown_facts_refuses_a_mark_it_could_not_count(tmp_path: Path, name: str, text: str, line: int, problem: str):
    a_test_file(tmp_path, text, f"tests/{name}")

    with pytest.raises(DocumentErrors) as refusal:
        shown_facts(tmp_path, KNOWN)

    assert [(error.path, error.line, error.problem) for error in refusal.value.errors] == [
        (f"tests/{name}", line, problem)
    ]


def test_papers_page_counts_what_works_and_names_the_tests():
    page = registers.papers_page({"EL18-14": ["tests/test_a.py::test_a", "tests/test_b.py::test_b"]})

    assert "**1 of 153 work.**" in page
    (ceiling,) = [line for line in page.splitlines() if line.startswith("| EL18-14 |")]
    assert ceiling.endswith("| *works*: `tests/test_a.py::test_a`, `tests/test_b.py::test_b` |")
    (grade,) = [line for line in page.splitlines() if line.startswith("| EL18-15 |")]
    assert grade.endswith("| *open* |")


def test_report_counts_and_writes_only_when_told(tmp_path: Path):
    a_test_file(tmp_path, '@pytest.mark.shows("EL18-14")\ndef test_a(): ...\n')
    page = tmp_path / registers.PAGE

    looked = registers.report(tmp_path, write=False)
    assert "all     153     1   152" in looked.splitlines()
    assert looked.endswith("docs/reference/papers.md is out of date: run ./calloff papers --write")
    assert not page.exists()

    assert registers.report(tmp_path, write=True).endswith("docs/reference/papers.md is written anew.")
    assert page.read_text(encoding="utf-8") == registers.current_page(tmp_path)
    assert registers.report(tmp_path, write=False).endswith("docs/reference/papers.md is up to date.")


def test_papers_page_on_disk_is_the_generated_one():
    on_disk = (ROOT / registers.PAGE).read_text(encoding="utf-8")

    out_of_date = f"{registers.PAGE} is out of date: run ./calloff papers --write"
    assert on_disk == registers.current_page(ROOT), out_of_date
