"""What every test may rely on: no network but this machine's own, and Chromium or a skip that says so."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Iterator

import django
import pytest
from django.conf import settings as django_settings
from hypothesis import settings

# The website is tried as the demonstration, with the demonstration's key. What a live council's settings say and refuse
# is tried on its own (tests/web/config). DATABASE_URL, where it is given, names the engine.
os.environ.setdefault("CALLOFF_DEMO", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "calloff.web.config.settings")

# Set up here: pytest-django by itself would do it before the settings are named, or after a conftest that needs it.
django.setup()
if "sqlite" in django_settings.DATABASES["default"]["ENGINE"]:
    # Said aloud: beside Django's own engine, pytest-django would take the name of the file for that of a database.
    django_settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = ":memory:"

# The same run everywhere: the cases come from the test itself, and a busy machine fails nothing.
settings.register_profile("calloff", derandomize=True, deadline=None)
settings.load_profile("calloff")

# A browser that asks nobody for anything: no update, no look-up, no other machine than this one.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NO_CHROMIUM = "no Chromium: apt-get install chromium"


def is_this_machine(host: str | bytes | None) -> bool:
    """Whether `host`, a name or an address, can only be this machine."""
    name = host.decode() if isinstance(host, bytes) else host
    if name in (None, "", "localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class NetworkRefusedError(AssertionError):
    """A test tried to reach another machine."""

    def __init__(self, host: object) -> None:
        super().__init__(f"a test may reach no other machine, and this one tried {host!r}")


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Refuse to look up or to call any other machine, for as long as the tests run."""

    def guarded(act):
        def call(self, *arguments):
            # The address is the last argument of connect, connect_ex and sendto alike.
            address = arguments[-1]
            internet = self.family in (socket.AF_INET, socket.AF_INET6)
            if internet and isinstance(address, tuple) and not is_this_machine(address[0]):
                raise NetworkRefusedError(address[0])
            return act(self, *arguments)

        return call

    look_up = socket.getaddrinfo

    def guarded_look_up(host, *arguments, **options):
        if not is_this_machine(host):
            raise NetworkRefusedError(host)
        return look_up(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


# First of all: whoever hands tests out to processes reads the groups at the same moment.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one process run all tests of the demonstration: its four councils are then made once."""
    for item in items:
        if "demonstration" in item.path.parent.parts:
            item.add_marker(pytest.mark.xdist_group("demonstration"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a browser test by name where there is no Chromium, or fail it where one is required."""
    if item.get_closest_marker("browser") is None or CHROMIUM:
        return
    if os.environ.get("REQUIRE_BROWSER"):
        pytest.fail(f"{NO_CHROMIUM} (REQUIRE_BROWSER is set)", pytrace=False)
    pytest.skip(NO_CHROMIUM)


@pytest.fixture(scope="session")
def chromium():
    """The system's own Chromium, started once, for tests marked `browser`."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()
