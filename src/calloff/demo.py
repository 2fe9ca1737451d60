"""The command `demo`: the website with four invented councils, made for today and served on this machine alone."""

from __future__ import annotations

import functools
from typing import Annotated

import typer

demo = typer.Typer(invoke_without_command=True, help="Show Calloff with four invented councils on this machine.")


@demo.callback()
def run(
    context: typer.Context,
    fresh: Annotated[bool, typer.Option("--fresh", help="Make the councils anew, even if they are today's.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Go on with those of an earlier day, as they are.")] = False,
    port: Annotated[
        int, typer.Option(min=1, max=65_535, envvar="PORT", help="Where to listen; a taken one is told.")
    ] = 8000,
) -> None:
    """
    Make four invented councils as they stand today, and serve them on 127.0.0.1 until Ctrl-C.

    `./calloff demo code NAME` tells the code with which somebody of them signs in.
    """
    if context.invoked_subcommand is not None:
        return
    if fresh and keep:
        raise typer.BadParameter("choose one of --fresh and --keep", param_hint="--keep")
    _serve(fresh, keep, port)


def _serve(fresh: bool, keep: bool, port: int) -> None:
    import signal
    import time

    from calloff.stages import ROOT
    from calloff.web.config import serving
    from calloff.web.demonstration.keeping import Place, keep_or_make
    from calloff.web.demonstration.telling import how_to_sign_in

    # Whoever watches through a pipe sees each line when it is said.
    tell = functools.partial(print, flush=True)
    # Whoever stops a service ends it as Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began, place, made = time.monotonic(), Place.under(ROOT), False
    try:
        with keep_or_make(place, fresh=fresh, keep=keep, tell=tell):
            made = True
            listener = serving.listen(port, tell)
            port = listener.getsockname()[1]
            with serving.started(listener, place.environment(port), place.logs) as children:
                listener.close()
                serving.wait_until_well(children, port)
                tell(how_to_sign_in(port, time.monotonic() - began))
                serving.watch(children)
    except KeyboardInterrupt:
        tell("\nthe demonstration has stopped" if made else "\nstopped; nothing of the new demonstration was kept")
        raise typer.Exit(0 if made else 130) from None


@demo.command()
def code(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As it is typed to sign in: rutwell.broker")],
) -> None:
    """The code that the authenticator of somebody invented shows now; nobody else's is told."""
    from calloff.stages import ROOT
    from calloff.web.demonstration.keeping import Place, code_now

    typer.echo(code_now(Place.under(ROOT), name))
