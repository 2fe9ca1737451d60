"""What the tests of the broker's desk share."""

from __future__ import annotations

import pytest

from calloff.web.contracts.services import market


@pytest.fixture(autouse=True)
def _market_read_anew():
    """A council of this test may have the number of another test's council, and what is kept of that market."""
    market._kept.clear()
