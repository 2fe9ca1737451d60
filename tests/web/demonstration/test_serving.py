"""Web and worker as children of one process: both answer, either's end ends it, and nobody is left behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from calloff.domain.errors import BadInputError
from calloff.web.config import serving
from calloff.web.config.serving import ChildEndedError, answers, listen, refuse_ended, started, wait_until_well
from calloff.web.demonstration.keeping import Place

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def place(made, tmp_path) -> Place:
    """The demonstration of these tests, lying as the command leaves it."""
    lying = Place(tmp_path / "var")
    lying.folder.mkdir()
    shutil.copyfile(made, lying.database)
    lying.stamp.write_text('{"made_on": "2026-11-26", "version": "of the tests"}')
    return lying


@pytest.fixture
def environment(place, monkeypatch) -> dict[str, str]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    return place.environment(8000)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with listen(free_port(), print) as listening:
        yield listening


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as other:
        return int(other.getsockname()[1])


def wait_for(question, seconds: float = 60) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if question():
            return True
        time.sleep(0.05)
    return False


def is_alive(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_both_answer_and_both_have_ended_afterwards(place, environment, listener):
    port = listener.getsockname()[1]

    with started(listener, environment, place.logs) as children:
        listener.close()
        wait_until_well(children, port)
        assert answers(port)

    assert [child.process.returncode for child in children] == [0, 0]
    assert not answers(port)


@pytest.mark.parametrize(("number", "name"), [(0, "the website"), (1, "the worker")])
def test_the_end_of_either_is_told_with_its_reason(place, environment, listener, number, name):
    with started(listener, environment, place.logs) as children:
        wait_until_well(children, listener.getsockname()[1])
        children[number].process.kill()

        assert wait_for(lambda: children[number].process.poll() is not None)
        with pytest.raises(ChildEndedError, match=f"^{name} was ended by SIGKILL; all that it said is in .*log"):
            refuse_ended(children)

    assert children[1 - number].process.returncode == 0


def test_what_keeps_a_child_from_starting_is_told(place, environment, listener):
    broken = environment | {"CALLOFF_DATABASE": "", "DATABASE_URL": "nonsense"}

    with (
        pytest.raises(ChildEndedError, match="DATABASE_URL"),
        started(listener, broken, place.logs) as children,
    ):
        wait_until_well(children, listener.getsockname()[1])


def test_a_taken_port_is_named_and_the_next_free_one_used():
    lines = []
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with listen(port, lines.append) as listening:
            used = listening.getsockname()[1]

    assert lines == [f"port {port} is taken by another program; using {used} instead"]


def test_ports_that_are_all_taken_are_told(monkeypatch):
    monkeypatch.setattr(serving, "PORTS_TRIED", 1)
    with (
        socket.create_server(("127.0.0.1", 0)) as other,
        pytest.raises(BadInputError, match="are all taken; choose a free one"),
    ):
        listen(other.getsockname()[1], print)


# The command

COMMAND = """
import sys
from pathlib import Path
from calloff.web.demonstration import keeping
keeping.Place.under = classmethod(lambda cls, root: cls(Path({folder!r})))
from calloff.__main__ import main
sys.argv = ["calloff", "demo", *{arguments!r}]
main()
"""


def command(place: Place, *arguments: str) -> subprocess.Popen[str]:
    text = COMMAND.format(folder=str(place.folder), arguments=arguments)
    return subprocess.Popen(
        [sys.executable, "-P", "-c", text],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_ctrl_c_stops_both_and_says_so(place):
    port = free_port()
    process = command(place, "--keep", "--port", str(port))
    said = process.stdout.readline()
    # All of it is said at once, when both are well.
    while "Ctrl-C" not in said and process.poll() is None:
        said += process.stdout.readline()

    os.killpg(process.pid, signal.SIGINT)
    with process.stdout:
        said += process.stdout.read()
    process.wait(timeout=60)

    assert process.returncode == 0
    assert f"open http://127.0.0.1:{port}/ in a browser" in said
    for told in ("rutwell | wightsea | eastmoor | aireford", "calloff-by-demo", "./calloff demo code rutwell.broker"):
        assert told in said
    assert said.endswith("the demonstration has stopped\n")
    assert not answers(port)


def test_children_end_when_their_parent_is_killed(place):
    port = free_port()
    process = command(place, "--keep", "--port", str(port))
    assert wait_for(lambda: answers(port) or process.poll() is not None)
    children = [int(one) for one in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    assert len(children) == 2

    process.kill()
    process.communicate()

    assert wait_for(lambda: not any(is_alive(one) for one in children))


def test_the_death_of_a_child_ends_the_command_with_the_reason(place):
    port = free_port()
    process = command(place, "--keep", "--port", str(port))
    assert wait_for(lambda: answers(port) or process.poll() is not None)
    children = [int(one) for one in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]

    os.kill(children[1], signal.SIGKILL)
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "the worker was ended by SIGKILL" in said
    assert "Traceback" not in said


def test_fresh_and_keep_are_not_asked_for_together(place):
    process = command(place, "--keep", "--fresh")
    said, _ = process.communicate(timeout=60)

    assert process.returncode == 2
    assert "choose one of --fresh and --keep" in said


def test_a_code_is_told_for_a_name_and_for_nobody_else(place):
    told, _ = command(place, "code", "rutwell.broker").communicate(timeout=60)
    refused = command(place, "code", "nobody")
    said, _ = refused.communicate(timeout=60)

    assert told.strip().isdigit()
    assert len(told.strip()) == 6
    assert refused.returncode == 1
    assert "there is no user 'nobody'" in said
