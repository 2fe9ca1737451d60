"""A small council, two providers, and a program of each with its key."""

from __future__ import annotations

import pytest
from django.utils import timezone
from web.api.programs import Program, program_of
from world import World, made_world

from calloff.web.contracts.services import market


@pytest.fixture
def make_world(monkeypatch, settings):
    """A function that makes the world of a test; the website's clock is the world's."""
    settings.SESSION_COOKIE_AGE = 10**8

    def make(**more) -> World:
        market._kept.clear()
        made = made_world(**more)
        made.provider("acorn", 15)
        made.provider("beech", 16)
        monkeypatch.setattr(timezone, "now", lambda: made.at)
        return made

    return make


@pytest.fixture
def world(make_world) -> World:
    return make_world(ask="all_then_rank")


@pytest.fixture
def acorn(world) -> Program:
    return program_of(world, "acorn")


@pytest.fixture
def beech(world) -> Program:
    return program_of(world, "beech")
