"""What the demonstration prints once it is served: where to look, under which names, and how to get a code."""

from __future__ import annotations

from calloff.web.demonstration.councils import COUNCILS
from calloff.web.demonstration.names import ADMINISTRATOR, PASSWORD, PROVIDERS_SHOWN, STAFF


def how_to_sign_in(port: int, seconds: float) -> str:
    """The address, the names of everybody by council, the password, and the command for a code."""
    council = " | ".join(shape.code for shape in COUNCILS)
    staff = " | ".join(name for name, _ in STAFF)
    return f"""\
ready in {seconds:.0f} s: open http://127.0.0.1:{port}/ in a browser; Ctrl-C stops the demonstration

  Sign in as COUNCIL.ROLE, for example rutwell.broker
    COUNCIL   {council}
    ROLE      {staff}
  or for a provider: {", ".join(PROVIDERS_SHOWN)}
  or as {ADMINISTRATOR}, who adds accounts.
  The password of all:    {PASSWORD}
  The code of somebody:   ./calloff demo code rutwell.broker
"""
