"""Several purchasing models in one council at once: by locality, by client group, and from one day to the next."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from small_market import (
    BEGINS_AT,
    AllBut,
    by_reference,
    enrolment,
    framework,
    inputs_of,
    package,
    provider,
    rows,
    run_whole,
    table,
)
from typer.testing import CliRunner

from calloff.cli import app
from calloff.documents.purchasing_models import shipped
from calloff.domain.contracts import PriceLine
from calloff.domain.errors import BadInputError, SeveralModelsError
from calloff.domain.records import canonical, sha256
from calloff.formats.contracts import write_contracts
from calloff.formats.packages import write_packages
from calloff.formats.providers import write_providers
from calloff.simulator.allocate import LOG, SUMMARY, allocate
from calloff.simulator.explain import explain
from calloff.simulator.log import BEGINNING, lines_of, link
from calloff.simulator.replay import replay
from calloff.simulator.responders import AllAccept

IN_ASH = framework("ash", more="scope: {localities: [Ash], assumed: an example}")
IN_BIRCH = framework("birch", more="scope: {localities: [Birch], assumed: an example}")
EVERYONE = framework("everyone")
LEARNING = framework("learning", more="scope: {client_groups: [learning_disability], assumed: an example}")
BEFORE = framework("before", last="2021-01-31")
PRIME = shipped("isle_of_wight_2021_locality_prime")
ON_THE_DAY = date(2021, 2, 1)


def under(model, name, **more):
    return enrolment(name, reference=f"{model}-{name}", model=model, **more)


def primes():
    """Oak is prime; Elm keeps the care it gave before, under its old contract."""
    about = {"model": PRIME.model.id}
    oak = replace(enrolment("Oak", reference="prime-Oak", tier="prime", role="prime", **about), price_lines=())
    return [oak, enrolment("Elm", reference="legacy-Elm", tier="legacy", role="legacy", **about)]


def change_over():
    """A framework until 31 January, primes from 1 February, and a person in care on both sides of the day."""
    has_elm = {"current_provider": "Elm", "current_since": date(2019, 6, 3), "current_minutes_per_week": 210}
    packages = [
        package("P-last", required_start_on=date(2021, 1, 31)),
        package("P-first", required_start_on=ON_THE_DAY),
        package("P-legacy", required_start_on=date(2021, 2, 8), **has_elm),
    ]
    return [BEFORE, PRIME], [under("before", "Alder"), under("before", "Elm", pounds=16), *primes()], packages


def test_each_locality_buys_by_its_own_model(tmp_path):
    contracts = [under("ash", "Alder"), under("birch", "Beech")]
    packages = [package("P-1", locality="Ash"), package("P-2", locality="Birch")]
    found = run_whole(tmp_path, [IN_ASH, IN_BIRCH], contracts, packages)
    assert by_reference(found, "model") == {"P-1": "ash", "P-2": "birch"}
    assert by_reference(found, "providers") == {"P-1": "Alder", "P-2": "Beech"}


def test_the_narrower_model_has_the_client_group_that_it_is_for(tmp_path):
    contracts = [under("everyone", "Alder"), under("learning", "Beech")]
    packages = [package("P-1"), package("P-2", client_group="learning_disability")]
    found = run_whole(tmp_path, [EVERYONE, LEARNING], contracts, packages)
    assert by_reference(found, "providers") == {"P-1": "Alder", "P-2": "Beech"}


def test_the_first_day_of_care_says_which_contract_governs_and_legacy_care_stays(tmp_path):
    """IW21-26, IW21-27: what is new from 1 February 2021 is under the new contract, what exists is unaffected."""
    found = run_whole(tmp_path, *change_over())
    assert by_reference(found, "model") == {"P-last": "before", "P-first": PRIME.model.id, "P-legacy": PRIME.model.id}
    assert by_reference(found, "contracts") == {
        "P-last": "before-Alder",
        "P-first": "prime-Oak",
        "P-legacy": "legacy-Elm",
    }
    assert by_reference(found, "steps")["P-legacy"] == "legacy_provider"


def test_a_search_that_runs_past_the_change_keeps_to_its_model(tmp_path):
    friday = datetime(2021, 1, 29, 15, tzinfo=UTC)
    packages = [package("P-late", friday, required_start_on=date(2021, 1, 30))]
    contracts = [under("before", "Alder"), under("before", "Birch", pounds=16), *primes()]

    class FridaysAreSilent(AllBut):
        def answers(self, package, invitation, wave, sent_at):
            return super().answers(package, invitation, wave, sent_at) if sent_at > friday else []

    responder = FridaysAreSilent(frozenset())
    found = run_whole(tmp_path, [BEFORE, PRIME], contracts, packages, responder)
    assert by_reference(found, "contracts") == {"P-late": "before-Birch"}
    assert found[0]["settled_at"] > "2021-02-01"


def test_nobody_buys_on_a_day_that_no_model_covers(tmp_path):
    after = framework("after", first="2021-03-01")
    packages = [
        package("P-gap", required_start_on=date(2021, 2, 15)),
        package("P-1", required_start_on=date(2021, 1, 29)),
    ]
    contracts = [under("before", "Alder"), under("after", "Alder")]
    found = run_whole(tmp_path, [BEFORE, after], contracts, packages)
    assert by_reference(found, "outcome") == {"P-1": "called_off", "P-gap": "no_model"}
    assert by_reference(found, "model")["P-gap"] == ""
    assert by_reference(found, "why")["P-gap"] == (
        "no purchasing model covers package P-gap: before: ended on 2021-01-31, the package starts on 2021-02-15; "
        "after: in force from 2021-03-01, the package starts on 2021-02-15"
    )
    story = explain(tmp_path / "out" / LOG, "P-gap")
    assert "none of these governs it" in story
    assert "before of a made-up council" in story
    assert "after of a made-up council" in story


@pytest.mark.parametrize(
    ("documents", "contracts", "packages", "error", "says"),
    [
        ([IN_ASH, IN_BIRCH], [enrolment("Alder")], [], BadInputError, "contract Alder: its model is not told"),
        (
            [IN_ASH, IN_BIRCH],
            [under("elm", "Alder")],
            [],
            BadInputError,
            "the run has no model 'elm'; it has ash, birch",
        ),
        ([IN_ASH], [under("elm", "Alder")], [], BadInputError, "the run has no model 'elm'; it has ash"),
        ([IN_ASH, IN_ASH], [under("ash", "Alder")], [], BadInputError, "given twice"),
        (
            [IN_ASH, LEARNING],
            [],
            [package("P-1", client_group="learning_disability")],
            SeveralModelsError,
            "both cover",
        ),
    ],
    ids=["not told", "unknown", "unknown to the only one", "twice", "both"],
)
def test_what_would_be_a_guess_is_refused_before_the_run(documents, contracts, packages, error, says, tmp_path):
    with pytest.raises(error, match=says):
        allocate(inputs_of(documents, contracts, packages), tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_one_model_need_not_be_told_and_may_be(tmp_path):
    run_whole(tmp_path / "one", [EVERYONE], [enrolment("Alder")], [package("P-1")])
    run_whole(tmp_path / "two", [EVERYONE], [enrolment("Alder", model="everyone")], [package("P-1")])
    one, two = (table(tmp_path / name / "out" / "packages.csv") for name in ("one", "two"))
    assert one == two
    assert "model" not in one[0]


def test_the_figures_are_told_by_model_too(tmp_path):
    run_whole(tmp_path, *change_over())
    figures = {(one["section"], one["name"]): one for one in table(tmp_path / "out" / SUMMARY)}
    assert figures["outcome", "called_off"]["count"] == "3"
    assert figures["model", "before: called_off"]["count"] == "1"
    assert figures["model", f"{PRIME.model.id}: called_off"]["count"] == "2"
    assert figures["model", f"{PRIME.model.id}: called_off"]["hours_per_week"] == "7"
    assert figures["step", f"{PRIME.model.id} legacy_provider"]["count"] == "1"


def test_what_moves_under_one_model_is_another_fact_than_under_the_other(tmp_path):
    """Two models alike to the last minute take turns in the log, and each decision comes out again."""
    contracts = [under("ash", "Alder", minutes=1_000), under("birch", "Alder", minutes=1_000)]
    packages = [
        package(f"P-{number}", BEGINS_AT + timedelta(minutes=7 * number), locality=("Ash", "Birch")[number % 2])
        for number in range(12)
    ]
    found = run_whole(tmp_path, [IN_ASH, IN_BIRCH], contracts, packages)
    assert [one["outcome"] for one in found].count("called_off") == 8  # 4 x 210 minutes fit into each 1,000


@pytest.mark.parametrize("name", ["hash", "id"])
def test_a_decision_moved_to_the_other_document_is_seen(name, tmp_path):
    run_whole(tmp_path, [IN_ASH, IN_BIRCH], [under("ash", "Alder")], [package("P-1")])
    log, previous = tmp_path / "out" / LOG, BEGINNING
    lines = list(lines_of(log))
    for line in lines:
        if line["line"] == "decision":
            line["record"]["model"][name] = {"hash": IN_BIRCH.model.document_hash, "id": "birch"}[name]
            line["hash"], line["previous"] = sha256(canonical(line["record"])), previous
            previous = link(previous, line["hash"])
    lines[-1]["last"] = previous
    log.write_bytes(b"".join(canonical(line) + b"\n" for line in lines))
    assert all(one.differs for one in replay(log))


def test_the_story_says_which_model_governs(tmp_path):
    run_whole(tmp_path, *change_over())
    story = explain(tmp_path / "out" / LOG, "P-legacy")
    assert PRIME.model.title in story
    assert "It governs this package, and not before of a made-up council, which the council has as well." in story


def test_the_command_takes_every_model_that_is_in_force(tmp_path):
    documents, contracts, packages = change_over()
    (tmp_path / "before.yaml").write_text(documents[0].texts[0][1], encoding="utf-8")
    write_providers(tmp_path / "providers.csv", [provider(name) for name in ("Alder", "Elm", "Oak")])
    numbered = [
        replace(one, price_lines=tuple(replace(line, line_id=f"{one.reference}#1") for line in one.price_lines))
        for one in contracts
    ]
    write_contracts(tmp_path / "contracts.csv", numbered)
    write_packages(tmp_path / "packages.csv", rows(packages))
    files = [
        part for name in ("providers", "contracts", "packages") for part in (f"--{name}", str(tmp_path / f"{name}.csv"))
    ]
    models = ["--model", str(tmp_path / "before.yaml"), "--model", PRIME.model.id]
    ends = ["--from", "2021-01-25T09:00Z", "--seed", "7", "--respond", "all-accept", "--out", str(tmp_path / "run")]
    result = CliRunner().invoke(app, ["allocate", *models, *files, *ends])
    assert result.exit_code == 0, result.output
    assert f"under {PRIME.model.id}" in result.output
    assert by_reference(table(tmp_path / "run" / "packages.csv"), "outcome") == dict.fromkeys(
        ("P-first", "P-last", "P-legacy"), "called_off"
    )
    assert AllAccept().assumed() in result.output


def test_each_model_may_have_a_file_of_contracts_that_need_not_name_it(tmp_path):
    documents, contracts, packages = change_over()
    (tmp_path / "before.yaml").write_text(documents[0].texts[0][1], encoding="utf-8")
    write_providers(tmp_path / "providers.csv", [provider(name) for name in ("Alder", "Elm", "Oak")])
    write_packages(tmp_path / "packages.csv", rows(packages))
    names = ["before", PRIME.model.id]
    for name in names:
        own = [replace(one, model="", price_lines=()) for one in contracts if one.model == name]
        priced = [replace(one, price_lines=(PriceLine(f"{one.reference}#1", 150_000),)) for one in own]
        write_contracts(tmp_path / f"{name}.csv", priced if name == "before" else own)
    models = ["--model", str(tmp_path / "before.yaml"), "--model", PRIME.model.id]
    files = ["--providers", str(tmp_path / "providers.csv"), "--packages", str(tmp_path / "packages.csv")]
    ends = ["--from", "2021-01-25T09:00Z", "--seed", "7", "--respond", "all-accept", "--out", str(tmp_path / "run")]
    given = ["--contracts", str(tmp_path / "before.csv"), "--contracts", str(tmp_path / f"{PRIME.model.id}.csv")]

    one_short = CliRunner().invoke(app, ["allocate", *models[:2], *files, *given, *ends])
    result = CliRunner().invoke(app, ["allocate", *models, *files, *given, *ends])

    assert one_short.exit_code == 2
    assert result.exit_code == 0, result.output
    outcomes = by_reference(table(tmp_path / "run" / "packages.csv"), "outcome")
    assert (outcomes["P-last"], outcomes["P-first"]) == ("called_off", "called_off")
