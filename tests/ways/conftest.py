"""A small comparison, made once for all tests: a dozen providers, forty packages, every way of buying."""

from __future__ import annotations

from datetime import date

import pytest

from calloff.ways.build import SEED, Size, make
from calloff.ways.job import carry_out, monday_of, ways_shipped
from calloff.ways.register import eastmoor

TODAY = date(2026, 11, 25)
SMALL = Size(providers=12, packages=40)


@pytest.fixture(scope="session")
def council():
    return eastmoor(SEED, monday_of(TODAY), SMALL.providers, SMALL.packages)


@pytest.fixture(scope="session")
def ways(council, tmp_path_factory):
    return carry_out(council, ways_shipped(), tmp_path_factory.mktemp("runs"), lambda line: None)


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """The folder and what `make` said of it, with the lines of progress."""
    folder, lines = tmp_path_factory.mktemp("made") / "ways", []
    return folder, make(folder, TODAY, "version 1", lines.append, size=SMALL), lines
