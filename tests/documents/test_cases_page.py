"""The page of the cases: current, whole, and worded from what the cases say."""

from pathlib import Path

from calloff.documents.cases_page import PAGE, cases_page, current_page, read_cases, write_cases_page

ROOT = Path(__file__).parents[2]

A_FILE = {
    "title": "A theme, with a comma",
    "about": "What it\nis about.",
    "kind": "decisions",
    "cases": [
        {
            "name": "somebody is asked",
            "source": "F1",
            "shows": ["EL18-14"],
            "model": {"document": "ranked", "changes": {"splitting": "none", "ties.order": ["quality", "capacity"]}},
            "package": {"visits": ["mon 08:00 30m"], "approved": "today", "start": "tomorrow", "needs": "nights"},
            "providers": {"Acorn": {"rate": "15.20"}, "Beech_wood": {"spare": "4 h"}},
            "seed": "a seed",
            "story": [
                {"at": "09:30", "then": {"invite": {"Acorn": "10:30"}, "ends": {}, "because": "on_hold"}},
                {"at": "09:40", "event": "Acorn declines no_capacity", "visits": ["mon 08:00 30m"]},
                {
                    "at": "09:50",
                    "then": {"call_off": {"Beech_wood": {"visits": "1", "weekly": "£7.60"}}},
                    "confirmed": "no",
                },
            ],
        }
    ],
}


def test_the_page_is_current():
    assert (ROOT / PAGE).read_text("utf-8") == current_page(ROOT), "write it with write_cases_page"


def test_every_case_is_on_the_page():
    page = current_page(ROOT)

    for path in [*(ROOT / "tests/cases/kernel").glob("*.yaml"), ROOT / "tests/cases/deadlines.yaml"]:
        for case in read_cases(path)["cases"]:
            name = " ".join(case["name"].split())
            assert name[0].upper() + name[1:] in page


def test_a_case_is_worded_from_what_it_says():
    page = cases_page([A_FILE], {"ranked": "id: ranked\n"})

    assert "- [A theme, with a comma](#a-theme-with-a-comma)" in page
    assert "### Somebody is asked\n\nShows EL18-14. Source: F1.\n" in page
    assert "Model: `ranked`, in which `splitting` is taken out; `ties.order` is `[quality, capacity]`." in page
    assert "Package: mon 08:00 30m; approved today; to start on tomorrow; P5; needs nights." in page
    assert "| provider | rate | spare |" in page
    assert "| **Beech wood** |  | 4 h |" in page
    assert "| 09:30 |  | Asks **Acorn** until 10:30; waits, since the package is on hold. |" in page
    assert "| 09:40 | Acorn declines no capacity; visits mon 08:00 30m |  |" in page
    assert "| Calls off **Beech wood**: 1 visit, £7.60 a week. (not carried out) |" in page
    assert "### `ranked`\n\n```yaml\nid: ranked\n```" in page


def test_the_page_is_written_where_it_belongs(tmp_path: Path):
    for path in (ROOT / "tests/cases").rglob("*.yaml"):
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    (tmp_path / PAGE).parent.mkdir(parents=True)

    write_cases_page(tmp_path)

    assert (tmp_path / PAGE).read_text("utf-8") == current_page(tmp_path)
