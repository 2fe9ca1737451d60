"""The story of a package, told from a log alone: small logs played here, and every case of the kernel."""

from __future__ import annotations

import io
import json
import re
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from kernel_cases import FOLDER, case_id, cases_of

from calloff.cases.driver import record_of
from calloff.cases.playing import CaseRun, document_of
from calloff.documents.purchasing_models import Document
from calloff.domain.decisions import Decision
from calloff.domain.errors import BadInputError, ReplayError
from calloff.domain.records import sha256
from calloff.simulator.explain import explain
from calloff.simulator.log import DecisionLog
from calloff.simulator.replay import replay

CODE = re.compile(r"\b[a-z]+(?:_[a-z]+)+\b")


class LoggedRun(CaseRun):
    """A case whose decisions are written to a log, each question once."""

    def log_to(self, document: Document) -> None:
        self.stream = io.StringIO()
        self.writer, self.before = DecisionLog(self.stream, [document]), b""

    def ask(self, at: datetime) -> Decision:
        decision = super().ask(at)
        if record_of(decision) != self.before:
            self.before = record_of(decision)
            self.writer.add(decision)
        return decision

    def log(self, folder: Path) -> Path:
        self.writer.finish()
        path = folder / "decisions.jsonl"
        path.write_text(self.stream.getvalue(), encoding="utf-8")
        return path


def played(folder: Path, case: Mapping[str, Any]) -> Path:
    """The log of a case."""
    run = LoggedRun.start(case, FOLDER)
    run.log_to(document_of(case["model"], FOLDER))
    for _ in run.play(case["story"]):
        pass
    return run.log(folder)


ASKED = {
    "approved": "Mon 5 March 2018 09:30",
    "start": "12 March 2018",
    "visits": ["mon-sun 08:00 30m", "mon-fri 18:30 45m x2"],
    "needs": "medication",
    "reference": "P-7",
}
ABLE = {"spare": "20 h", "capabilities": "medication, double_handed"}
PROVIDERS = {
    "Acorn": {"rate": "15.00", **ABLE},
    "Beech": {"rate": "15.00", **ABLE},
    "Cedar": {"rate": "15.50", **ABLE},
    "Dogwood": {"rate": "15.20", **ABLE, "grades": "4 2 2 4"},
    "Elm": {"rate": "15.96", **ABLE},
    "Fir": {"rate": "15.10", **ABLE, "suspended": "1 March 2018 to 30 March 2018"},
    "Gorse": {"rate": "15.10", "spare": "20 h"},
    "Hazel": {"rate": "14.00", **ABLE, "spare": "2 h"},
}


MONDAY = "Mon 5 March 2018 09:30"


def asks(at: str) -> dict[str, Any]:
    return {"at": at, "then": {}}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Two are tied, the first drawn declines, the other is silent, the third takes it."""
    folder = tmp_path_factory.mktemp("told")
    story = [
        asks("Mon 5 March 2018 09:30"),
        {"at": "Mon 5 March 2018 11:00", "event": "Acorn declines location"},
        asks("Mon 5 March 2018 11:00"),
        asks("Tue 6 March 2018 11:00:01"),
        {"at": "Tue 6 March 2018 12:15", "event": "Cedar accepts"},
        asks("Tue 6 March 2018 12:15"),
    ]
    log = played(folder, {"model": "ranked", "package": ASKED, "providers": PROVIDERS, "story": story})
    return explain(log, "P-7").replace(str(log), "LOG")


def test_explain_says_what_was_asked_for_and_under_which_document(told: str):
    assert "12 visits (11 h a week):" in told
    assert "- Monday to Friday at 18:30 for 45 minutes, two care workers" in told
    assert "priority: P5, new" in told
    assert "approved: Mon 5 March 2018 09:30; to begin on 12 March 2018" in told
    assert "needs: help with medicines" in told
    assert "A small ranked framework, version 1" in told
    assert "in force from 1 April 2017 to 31 March 2022" in told


@pytest.mark.parametrize(
    "reason",
    [
        "Dogwood's grades for care planning and staff were 2 and 2, and 3 is the least.",
        "Elm charges £15.96 an hour, and £15.95 is the most.",
        "Fir is under suspension from 1 March 2018 until 30 March 2018 and may be given no new work.",
        "Gorse does not offer two care workers at once or help with medicines.",
        "Passed over: Hazel had spare hours for 2 h of the 11 h a week when its turn came.",
    ],
)
def test_explain_says_who_could_not_be_asked_and_on_which_figures(told: str, reason: str):
    assert told.count(reason) == 1


def test_explain_gives_the_order_with_the_published_figures(told: str):
    assert "in order (the lowest price first, then the most spare hours first):" in told
    assert "1. Acorn: £165.00 a week (£15.00 an hour), 20 h spare" in told
    assert "3. Cedar: £170.50 a week (£15.50 an hour), 20 h spare" in told


def test_explain_says_how_a_tie_was_drawn(told: str):
    line = next(line for line in told.splitlines() if "Tie:" in line)

    assert "Acorn stands before Beech, equal on price, spare hours, grades, distance and hours called off" in line
    assert "seed “a seed published before the year”" in line
    first, second = (int(number) for number in re.findall(r"drew (\d+) and Beech (\d+)", line)[0])
    assert first < second


def test_explain_tells_each_answer_and_silence_when_it_came(told: str):
    after = told[told.index("What happened") :]
    moments = [
        after.index(text) for text in ("Acorn declined:", "Beech did not answer", "Cedar accepted", "Called off")
    ]

    assert moments == sorted(moments)
    assert "Mon 5 March 2018 11:00\n    Acorn declined: the home is too far or too hard to reach." in told
    assert "Tue 6 March 2018 11:00\n    Beech did not answer in time." in told
    called_off = "Called off to Cedar: all 12 visits (11 h a week), for £170.50 a week; a new call-off"
    assert f"{called_off}, by price line 1 of its enrolment." in told


def test_explain_ends_with_how_to_check_it(told: str):
    assert "./calloff replay LOG" in told
    assert len(re.findall(r"\b[0-9a-f]{12}\b", told[told.index("How to check it") :])) == 5


def test_explain_does_not_count_what_comes_late_or_unasked(tmp_path: Path):
    story = [
        asks(MONDAY),
        asks("Tue 6 March 2018 09:30:01"),
        {"at": "Tue 6 March 2018 10:00", "event": "Acorn accepts"},
        {"at": "Tue 6 March 2018 10:01", "event": "Cedar accepts"},
        {"at": "Tue 6 March 2018 10:02", "event": "Beech declines price"},
        asks("Tue 6 March 2018 10:02"),
    ]
    told = explain(
        played(tmp_path, {"model": "ranked", "package": ASKED, "providers": PROVIDERS, "story": story}), "P-7"
    )

    assert "Acorn accepted all that was asked. This came after its deadline and does not count." in told
    assert "Cedar answered without having been asked, which does not count." in told
    assert "Beech declined because of the price." in told


def test_explain_shows_summer_time(tmp_path: Path):
    asked = ASKED | {"approved": "Mon 4 June 2018 09:30", "start": "11 June 2018"}
    story = [asks("Mon 4 June 2018 09:30")]
    log = played(tmp_path, {"model": "ranked", "package": asked, "providers": PROVIDERS, "story": story})

    told = explain(log, "P-7")

    assert '"at":"2018-06-04T08:30:00Z"' in log.read_text("utf-8")
    assert "to answer by Tue 5 June 2018 09:30" in told
    assert "the last invitations are not in the log" in told


def test_explain_rounds_a_half_penny_up(tmp_path: Path):
    # 7 visits of 15 minutes at £15.90 an hour are £27.825 a week.
    asked = ASKED | {"visits": ["mon-sun 08:00 15m"]}
    providers = {"Acorn": {"rate": "15.90", **ABLE}}
    story = [asks("Mon 5 March 2018 09:30")]
    log = played(tmp_path, {"model": "ranked", "package": asked, "providers": providers, "story": story})

    assert "£27.83 a week (£15.90 an hour)" in explain(log, "P-7")


def test_explain_proves_a_referral_step_by_step(tmp_path: Path):
    providers = {"Gorse": PROVIDERS["Gorse"], "Hazel": PROVIDERS["Hazel"]}
    story = [asks("Mon 5 March 2018 09:30")]
    log = played(tmp_path, {"model": "ranked", "package": ASKED, "providers": providers, "story": story})

    told = explain(log, "P-7")

    assert "No step was left" in told
    assert "The search opens again when hours come free at Hazel." in told
    proof = told[told.index("Why no step is left") :]
    assert "Step 1, “framework”:" in proof
    assert "Gorse does not offer two care workers at once or help with medicines." in proof
    assert "Hazel had spare hours for 2 h of the 11 h a week when its turn came." in proof
    assert "Not placed: 12 visits (11 h a week)." in proof or "Not placed: 12 visits (11 h a week)." in told


@pytest.mark.parametrize(
    ("start", "scope", "reason"),
    [
        ("1 April 2022", {}, "The document ended on 31 March 2022, and the care is to begin on 1 April 2022."),
        ("12 March 2018", {"service_types": ["housing_support"]}, "The document is not for care at home."),
        ("12 March 2018", {"age_groups": ["85+"]}, "The document is not for people aged 75 to 84."),
    ],
)
def test_explain_says_why_a_document_does_not_govern_a_package(tmp_path: Path, start: str, scope: Any, reason: str):
    changes = {"scope": {**scope, "assumed": "an example"}} if scope else {}
    story = [asks("Mon 5 March 2018 09:30")]
    asked = ASKED | {"start": start}
    model = {"document": "ranked", "changes": changes}
    log = played(tmp_path, {"model": model, "package": asked, "providers": PROVIDERS, "story": story})

    assert reason in explain(log, "P-7")


# -- what a log may hold, and what it may not


def test_explain_names_a_few_packages_where_it_does_not_know_one(tmp_path: Path):
    log = played(tmp_path, {"model": "ranked", "package": ASKED, "providers": PROVIDERS, "story": [asks(MONDAY)]})

    with pytest.raises(BadInputError, match=r"no decision about package 'P-8'\. It holds for instance P-7"):
        explain(log, "P-8")


def altered(log: Path, old: str, new: str) -> Path:
    text = log.read_text("utf-8")
    assert old in text
    log.write_text(text.replace(old, new, 1), encoding="utf-8")
    return log


def test_explain_tells_nothing_from_an_altered_record(tmp_path: Path):
    log = played(tmp_path, {"model": "ranked", "package": ASKED, "providers": PROVIDERS, "story": [asks(MONDAY)]})

    with pytest.raises(ReplayError, match="was altered"):
        explain(altered(log, '"rank":1', '"rank":2'), "P-7")


def test_explain_tells_nothing_from_an_altered_fact(tmp_path: Path):
    log = played(tmp_path, {"model": "ranked", "package": ASKED, "providers": PROVIDERS, "story": [asks(MONDAY)]})

    with pytest.raises(ReplayError, match="was altered"):
        explain(altered(log, '"centipence":155000', '"centipence":154000'), "P-7")


def test_explain_refuses_another_file(tmp_path: Path):
    path = tmp_path / "packages.csv"
    path.write_text("reference,outcome\nP-7,called_off\n")

    with pytest.raises(ReplayError, match="not of a decision log"):
        explain(path, "P-7")
    with pytest.raises(ReplayError, match="cannot be read"):
        explain(tmp_path / "nowhere.jsonl", "P-7")


def test_explain_reads_a_long_log_within_three_seconds(tmp_path: Path):
    log = played(tmp_path, {"model": "ranked", "package": ASKED, "providers": PROVIDERS, "story": [asks(MONDAY)]})
    *lines, end = log.read_text("utf-8").splitlines(keepends=True)
    decision = next(line for line in lines if '"line":"decision"' in line)
    named = json.loads(decision)["record"]["package"]
    other = decision.replace(named, sha256(b"another package"))
    log.write_text("".join([*lines, other * (22_000_000 // len(other)), end]), encoding="utf-8")

    started = time.perf_counter()
    told = explain(log, "P-7")

    assert time.perf_counter() - started < 3
    assert "Asked for all visits: Acorn" in told


# -- every case of the kernel


@pytest.mark.parametrize("case", cases_of("decisions"), ids=case_id)
def test_every_case_of_the_kernel_can_be_explained_without_a_code(tmp_path: Path, case: dict[str, Any]):
    log = played(tmp_path, case)
    reference = case["package"].get("reference", "P-1")

    told = explain(log, reference)

    assert not any(one.differs for one in replay(log))
    for name in sorted(case["providers"], key=len, reverse=True):
        told = told.replace(name, "")
    told = "\n".join(line for line in told.splitlines() if "read from" not in line and "./calloff replay" not in line)
    assert CODE.findall(told) == []
    assert "None" not in told


def test_a_competition_is_told_with_every_score_and_what_it_was_made_of(tmp_path):
    case = next(one for one in cases_of("decisions") if one["name"] == "the dearer wins on quality and start")

    told = explain(played(tmp_path, case), "P-1")

    assert "Those who could be asked:\n      1. X\n      2. Y\n" in told
    assert (
        "The answers as they were scored, out of 100:\n"
        "      1. X: 90.26, from price 95.65 (counts 40 %), the quality score 80.00 (counts 40 %), how soon care "
        "begins 100.00 (counts 20 %)\n"
        "      2. Y: 74.00, from price 100.00 (counts 40 %), the quality score 60.00 (counts 40 %), how soon care "
        "begins 50.00 (counts 20 %)\n"
    ) in told
    assert "Y's answer was scored, and another scored higher." in told
