"""The commands about purchasing models, runs and accounts; each imports what it needs when it is called."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from calloff.domain.contracts import Enrolment
    from calloff.domain.reckoner import Reckoner
    from calloff.simulator.responders import Responder
    from calloff.simulator.run import Run

models = typer.Typer(no_args_is_help=True, help="List, check, show, try and enrol purchasing models.")
imports = typer.Typer(no_args_is_help=True, help="Read other people's files into Calloff's own.")
accounts = typer.Typer(no_args_is_help=True, help="Look after the accounts of a live council from its own machine.")
File = Annotated[Path, typer.Option(exists=True, dir_okay=False)]
MaybeFile = Annotated[Path | None, typer.Option(exists=True, dir_okay=False)]
Source = Annotated[Path, typer.Argument(exists=True, dir_okay=False)]


@models.command("list")
def list_models() -> None:
    """Every document that Calloff ships: id, title, term, and the parent it stands on."""
    from calloff.documents.purchasing_models import shipped, shipped_ids

    for name in shipped_ids():
        document = shipped(name)
        model = document.model
        parent = f", on {document.parent}" if document.parent else ""
        typer.echo(f"{name:<36} {model.title} ({model.term.from_on} to {model.term.last_on}{parent})")


@models.command("check")
def check_models(paths: Annotated[list[str] | None, typer.Argument(metavar="[PATH or ID]...")] = None) -> None:
    """Read documents and say every fault with its line; warn where asking can outlast the start target."""
    from calloff.documents.checks import check_report

    report, sound = check_report(paths or [])
    typer.echo(report)
    raise typer.Exit(0 if sound else 1)


@models.command("try")
def try_cases(cases: Annotated[list[Path], typer.Argument(metavar="CASES...")]) -> None:
    """Hold files of cases against the kernel: what each says beside what is answered."""
    from calloff.cases.trying import try_cases as tried

    reports = [tried(path) for path in cases]
    typer.echo("\n".join(report for report, _ in reports))
    raise typer.Exit(0 if all(good for _, good in reports) else 1)


@models.command()
def show(model: Annotated[str, typer.Argument(metavar="ID or PATH")]) -> None:
    """A document in plain words: every rule with its source and what is assumed."""
    from calloff.documents.plain_words import model_in_words
    from calloff.documents.purchasing_models import load

    typer.echo(model_in_words(load(model)))


@models.command()
def enrol(
    model: Annotated[str, typer.Argument(metavar="MODEL")],
    providers: File,
    seed: Annotated[int, typer.Option()],
    out: Annotated[Path, typer.Option()],
    places: MaybeFile = None,
    packages: MaybeFile = None,
) -> None:
    """Draw by seed what no register holds: who is enrolled where, at what price, with how many spare minutes."""
    from calloff.documents.purchasing_models import load
    from calloff.formats.contracts import write_contracts
    from calloff.formats.packages import read_packages
    from calloff.formats.places import read_places
    from calloff.formats.providers import read_providers
    from calloff.simulator.enrol import assumed_of
    from calloff.simulator.enrol import enrol as draw

    contracts, report = draw(
        load(model),
        read_providers(providers),
        read_places(places) if places else (),
        read_packages(packages) if packages else (),
        seed,
    )
    write_contracts(out, contracts, assumed_of(contracts))
    typer.echo("\n".join([*report, f"wrote {len(contracts)} contracts to {out}"]))


@imports.command("care-inspectorate")
def import_care_inspectorate(
    file: Source, council: Annotated[str, typer.Option()], out: Annotated[Path, typer.Option()]
) -> None:
    """The Care Inspectorate's datastore: a council's registered services with their real grades."""
    from calloff.formats.care_inspectorate import import_register
    from calloff.formats.providers import write_providers

    providers, report = import_register(file, council)
    write_providers(out, providers)
    typer.echo("\n".join([*report, f"wrote {len(providers)} providers to {out}"]))


@imports.command("social-care-survey")
def import_social_care_survey(
    file: Source, seed: Annotated[int, typer.Option()], out: Annotated[Path, typer.Option()]
) -> None:
    """The Scottish social care survey: each anonymised client's weekly hours as a pattern of visits."""
    from calloff.formats.packages import write_packages
    from calloff.formats.social_care_survey import import_survey

    packages, report = import_survey(file, seed)
    write_packages(out, packages)
    typer.echo("\n".join([*report, f"wrote {len(packages)} packages to {out}"]))


@imports.command("home-care-census")
def import_home_care_census(
    file: Source,
    council: Annotated[str, typer.Option()],
    packages: File,
    seed: Annotated[int, typer.Option()],
    out: Annotated[Path, typer.Option()],
) -> None:
    """Scotland's yearly count of home care hours: another council's packages stand in, up to a council's hours."""
    from calloff.formats.home_care_census import read_census_week
    from calloff.formats.packages import read_packages, write_packages
    from calloff.simulator.demand import stand_in

    week = read_census_week(file, council)
    rows, report = stand_in(read_packages(packages), week.hours, seed)
    write_packages(out, rows)
    typer.echo("\n".join([*report, f"wrote {len(rows)} packages to {out}, for the week counted in {week.year}"]))


@imports.command("postcodes")
def import_code_point(file: Source, out: Annotated[Path, typer.Option()]) -> None:
    """Code-Point Open: postcodes with their place on the map, ward and nation."""
    from calloff.formats.places import write_places
    from calloff.formats.postcodes import import_postcodes

    places, report = import_postcodes(file)
    write_places(out, places)
    typer.echo("\n".join([*report, f"wrote {len(places)} places to {out}"]))


def allocate(
    model: Annotated[list[str], typer.Option(metavar="ID or PATH", help="Once for each that is in force.")],
    providers: File,
    contracts: Annotated[
        list[Path], typer.Option(exists=True, dir_okay=False, help="One file, or one for each model in their order.")
    ],
    packages: File,
    begins: Annotated[str, typer.Option("--from", metavar="MOMENT", help="ISO 8601 with its offset.")],
    seed: Annotated[int, typer.Option()],
    out: Annotated[Path, typer.Option(file_okay=False)],
    places: MaybeFile = None,
    responses: MaybeFile = None,
    respond: Annotated[str, typer.Option(help="all-accept or seeded")] = "seeded",
    arrivals: Annotated[str, typer.Option(help="spread or all-at-once")] = "spread",
    compiled: Annotated[bool, typer.Option("--compiled", help="Decide by machine code: the same, sooner.")] = False,
) -> None:
    """Call packages off to providers under a model, or several at once, and write every decision."""
    from calloff.documents.purchasing_models import load
    from calloff.domain.calendar import parse_moment
    from calloff.formats.packages import read_packages
    from calloff.formats.places import read_places
    from calloff.formats.providers import read_providers
    from calloff.simulator.allocate import Inputs
    from calloff.simulator.allocate import allocate as run

    if arrivals not in ("spread", "all-at-once"):
        raise typer.BadParameter("write spread or all-at-once", param_hint="--arrivals")
    documents = [load(one) for one in model]
    inputs = Inputs(
        documents,
        read_providers(providers),
        _contracts(contracts, [document.model.id for document in documents]),
        read_packages(packages),
        read_places(places) if places else (),
        _responder(responses, respond, seed),
        parse_moment(begins),
        seed,
        arrivals,
        _reckoner(compiled),
    )
    summary = run(inputs, out, _progress())
    typer.echo(summary.table())
    typer.echo(f"\n{summary.decisions:,} decisions in {out / 'decisions.jsonl'}")


def _contracts(paths: list[Path], models: list[str]) -> list[Enrolment]:
    """Contracts of one file, or of a file for each model, whose rows need not say which it is."""
    from dataclasses import replace

    from calloff.formats.contracts import read_contracts

    if len(paths) == 1:
        return list(read_contracts(paths[0]))
    if len(paths) != len(models):
        raise typer.BadParameter("give one file, or one for each --model in the same order", param_hint="--contracts")
    return [
        replace(one, model=one.model or model)
        for path, model in zip(paths, models, strict=True)
        for one in read_contracts(path)
    ]


def _reckoner(compiled: bool) -> Reckoner:
    from calloff.domain.reckoner import PLAIN

    if not compiled:
        return PLAIN
    from calloff.compiled import reckoner

    return reckoner()


def _responder(responses: Path | None, respond: str, seed: int) -> Responder:
    from calloff.formats.responses import read_responses
    from calloff.simulator.keyed_draws import Draws
    from calloff.simulator.responders import AllAccept, FromFile, Seeded

    if responses is not None:
        return FromFile.of(read_responses(responses))
    if respond not in ("all-accept", "seeded"):
        raise typer.BadParameter("write all-accept or seeded", param_hint="--respond")
    return AllAccept() if respond == "all-accept" else Seeded(Draws(seed))


def _progress() -> Callable[[Run, datetime], None]:
    """A line on standard error, renewed at most once a second, where a person may be looking."""
    import sys
    import time

    last = [time.monotonic()]

    def tell(run: Run, at: datetime) -> None:
        if time.monotonic() - last[0] >= 1 and sys.stderr.isatty():
            last[0] = time.monotonic()
            sys.stderr.write(f"\r{at:%d %B %H:%M}: {run.settled:,} of {len(run.cases):,} packages settled   ")
            sys.stderr.flush()

    return tell


def replay(log: Source) -> None:
    """Work every decision of a run out again from its own facts; exit 1 if any differs."""
    from calloff.simulator.replay import replay as again

    count = differ = 0
    for one in again(log):
        count += 1
        if one.differs:
            differ += 1
            typer.echo(f"decision {one.number}: {one.difference}")
    typer.echo(f"{count} replayed, {differ} differ")
    raise typer.Exit(1 if differ else 0)


def explain(log: Source, package: Annotated[str, typer.Option(metavar="REFERENCE")]) -> None:
    """A package's whole story in plain English: who was asked, in which order and why, and what came of it."""
    from calloff.simulator.explain import explain as tell

    typer.echo(tell(log, package))


def papers(write: Annotated[bool, typer.Option("--write", help="Make the page of the papers anew.")] = False) -> None:
    """How many of the founding papers' facts work, by the tests that show them."""
    from calloff.documents.papers import report
    from calloff.stages import ROOT

    typer.echo(report(ROOT, write))


def accept(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...")] = None,
    tier: Annotated[int, typer.Option(min=1, max=2, help="1 before a piece of work is done, 2 before a release")] = 1,
    show_list: Annotated[bool, typer.Option("--list", help="Every check and whether it works yet.")] = False,
) -> None:
    """Run acceptance checks, all that work or those named; exit 1 unless each passes and catches its planted bug."""
    from calloff.acceptance import chosen, listing, run_checks

    if show_list:
        typer.echo(listing())
        return
    from calloff.stages import install_chromium_when_root

    install_chromium_when_root()
    raise typer.Exit(0 if run_checks(chosen(ids or ()), tier, typer.echo) else 1)


def bench(
    name: Annotated[str, typer.Argument(metavar="NAME", help="kernel, settlement or web")],
    visits: Annotated[int | None, typer.Option(min=1, help="How many visits to settle (settlement).")] = None,
    write_to: Annotated[
        Path | None, typer.Option("--json", dir_okay=False, help="Also write the figures here.")
    ] = None,
) -> None:
    """Measure speed beside limits and a plain restatement of the rule, in processor time."""
    from calloff.benchmarks import run_benchmark

    raise typer.Exit(0 if run_benchmark(name, write_to, typer.echo, visits) else 1)


def mutants(
    resume: Annotated[bool, typer.Option("--resume", help="Try only what was not killed before.")] = False,
    only: Annotated[str, typer.Option(metavar="TEXT", help="Those whose name holds this.")] = "",
) -> None:
    """Change the rules of pay one small step at a time: exit 1 unless tests kill each mutant or a proof excuses it."""
    from calloff.mutants import run

    raise typer.Exit(0 if run(resume, typer.echo, only) else 1)


@accounts.command("first-admin")
def first_admin(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What they type to sign in.")],
    person: Annotated[str, typer.Option(prompt="Full name", help="Who it is.")],
    email: Annotated[str, typer.Option(prompt="E-mail address", help="Where notices to them go.")],
) -> None:
    """Make the first administrator of a live council, and print the password once; refused where there is one."""
    import os
    from datetime import UTC, datetime

    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.db import DatabaseError

    from calloff.domain.errors import BadInputError

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "calloff.web.config.settings")
    try:
        django.setup()
        from calloff.web.accounts.services import administering
        from calloff.web.config.safety import refuse_unsafe

        refuse_unsafe()
        password = administering.generated_password()
        administering.first_administrator(
            name=name, password=password, identity_name=person, email=email, at=datetime.now(UTC)
        )
    except ImproperlyConfigured as refusal:
        raise BadInputError(str(refusal)) from refusal
    except DatabaseError as error:
        raise BadInputError(f"the database does not answer as it should: {type(error).__name__}") from error
    typer.echo(f"name:     {name}\npassword: {password}")
    typer.echo("It is shown this once. At the first sign-in an authenticator is set up; change the password then, too.")


def ways(
    fresh: Annotated[bool, typer.Option("--fresh", help="Make it anew, even if it was made today.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Show the one of an earlier day as it is.")] = False,
) -> None:
    """Buy a made-up council's care in every way there is, and show the result on this machine: 127.0.0.1 alone."""
    import os
    import signal
    from datetime import UTC, datetime

    from calloff.domain.calendar import local
    from calloff.stages import ROOT
    from calloff.ways.build import make, ready, version_of_code
    from calloff.ways.page import refusal_of
    from calloff.ways.serve import listen, port_of, serve, site_of

    if fresh and keep:
        raise typer.BadParameter("choose one of --fresh and --keep", param_hint="--keep")
    # Whoever watches through a pipe sees each line when it is said.
    tell = functools.partial(print, flush=True)
    folder, today, version = ROOT / "var" / "ways", local(datetime.now(UTC)).date(), version_of_code()
    port = port_of(os.environ.get("PORT"))
    # Whoever stops a service ends it as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    made = None if fresh else ready(folder, today, version, keep)
    try:
        made = made or make(folder, today, version, tell)
    except KeyboardInterrupt:
        tell("\nstopped before the comparison was made; nothing of it was kept")
        raise typer.Exit(130) from None
    server = listen(port, site_of(made.page, made.stamp, refusal_of), tell)
    tell(f"its files lie in {folder}: providers.csv, packages.csv, places.csv, contracts-*.csv and the runs")
    tell(f"open http://127.0.0.1:{server.server_port}/ in a browser; Ctrl-C stops the comparison")
    serve(server, tell)
