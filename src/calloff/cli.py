"""
The commands of `./calloff`.

A command imports what it needs inside its own function, so that each starts without loading the others.
"""

from __future__ import annotations

import typer

from calloff import backup_commands, commands, demo, visit_commands

app = typer.Typer(
    name="calloff",
    help="Buy and run home care: every way of buying as a document, every call-off explained.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback()
def calloff() -> None:
    """Buy and run home care: every way of buying as a document, every call-off explained."""


# Whatever follows `test` is pytest's, its --help included.
@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True}, add_help_option=False)
def test(context: typer.Context) -> None:
    """
    Check the house, then run every test.

    Arguments go to pytest: `./calloff test tests/test_house.py -k door`.
    """
    from calloff import stages

    raise typer.Exit(stages.run_all(with_tests=True, pytest_arguments=context.args))


@app.command()
def check() -> None:
    """
    Check the house without running the tests.

    Style, format, types and the contracts about who may import whom.
    """
    from calloff import stages

    raise typer.Exit(stages.run_all(with_tests=False))


app.add_typer(demo.demo, name="demo")
app.add_typer(commands.models, name="models")
app.add_typer(commands.imports, name="import")
app.add_typer(commands.accounts, name="accounts")
app.add_typer(visit_commands.visits, name="visits")
app.add_typer(visit_commands.rules, name="rules")
for command in (
    commands.ways,
    commands.allocate,
    commands.replay,
    commands.explain,
    commands.papers,
    commands.accept,
    commands.bench,
    commands.mutants,
    visit_commands.pay,
    backup_commands.backup,
    backup_commands.restore,
    backup_commands.state_hash,
):
    app.command()(command)
