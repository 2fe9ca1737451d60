"""
The door, `./calloff`: what it sets up, when it begins anew, and what it says where something is lacking.

No test here installs anything: a made-up Python and a made-up uv note what they are asked to do.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import pytest

from calloff import __main__ as program
from calloff.domain.errors import BadInputError
from calloff.ways import build, serve

ROOT = Path(__file__).resolve().parents[1]

# Stands in for the system's Python: makes an environment whose Python and uv note in the log what they do.
MADE_UP_PYTHON = """\
#!/bin/sh
case "$1 $2" in
    "-m venv")
        echo "venv" >>"$LOG"
        rm -rf "$4" && mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && cp "$UV" "$4/bin/uv" ;;
    "-m pip")
        [ "$3" = --version ] && exit
        echo "pip" >>"$LOG"
        if [ -n "${PIP_FAILS:-}" ]; then printf '%s\n' "$PIP_FAILS" >&2; exit 1; fi ;;
    "-P -m")
        shift 3; echo "ran $*" ;;
    *)
        exec "$REAL" "$@" ;;
esac
"""
MADE_UP_UV = """\
#!/bin/sh
for argument; do case $argument in *.lock) set="$set ${argument##*/}" ;; esac; done
echo "uv$set" >>"$LOG"
sleep "${PAUSE:-0}"
if [ -n "${UV_FAILS:-}" ]; then
    echo "error: no connection" >&2
    echo "  cause: the cable is out" >&2
    exit 2
fi
"""
# Runs a program as if this Python lacked what `{lack}` takes away.
LACKING_PYTHON = """\
#!/bin/sh
exec "$REAL" -c 'import sys; {lack}; exec(sys.argv[1])' "$2"
"""


class Door:
    """A copy of the door in a folder with a space in its name, on a machine whose Python is made up."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "care at home"
        self.programs = folder / "programs"
        self.log = folder / "log"
        (self.root / "src").mkdir(parents=True)
        self.programs.mkdir()
        self.log.touch()
        shutil.copy(ROOT / "calloff", self.root / "calloff")
        shutil.copytree(ROOT / "requirements", self.root / "requirements")
        self.write_program("python3", MADE_UP_PYTHON)
        self.write_program("uv", MADE_UP_UV)

    def write_program(self, name: str, text: str) -> None:
        (self.programs / name).write_text(text)
        (self.programs / name).chmod(0o755)

    def start(self, *arguments: str, user: int | None = None, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.root / "calloff"), *arguments],
            env={
                "PATH": f"{self.programs}:/usr/bin:/bin",
                "REAL": sys.executable,
                "UV": str(self.programs / "uv"),
                "LOG": str(self.log),
                **environment,
            },
            cwd="/",
            user=user,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def open(self, *arguments: str, user: int | None = None, **environment: str) -> tuple[int, str, str]:
        """Run the door; returns its exit code, what it printed and what it told on standard error."""
        process = self.start(*arguments, user=user, **environment)
        printed, told = process.communicate(timeout=30)
        return process.returncode, printed, told

    def steps(self) -> list[str]:
        """What has been installed since this was last asked."""
        steps = self.log.read_text().splitlines()
        self.log.write_text("")
        return steps


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path)


def test_door_is_plain_shell():
    subprocess.run(["sh", "-n", str(ROOT / "calloff")], check=True)


# Setting up

NOT_FINISHED = "was not finished; beginning anew"


def begins_anew(door: Door, because: str) -> list[str]:
    """Call the door, which must say why it sets up again, and then carry the command out; returns its steps."""
    code, printed, told = door.open("models")

    assert (code, printed) == (0, "ran models\n")
    assert [line for line in told.splitlines() if line.endswith(f"{door.root / '.venv'} {because}")]
    return door.steps()


def test_first_call_sets_up_and_runs_the_command(door):
    code, printed, told = door.open("models", "list")

    assert (code, printed) == (0, "ran models list\n")
    assert all(line.startswith("calloff: ") for line in told.splitlines())
    assert door.steps() == ["venv", "pip", "uv run.lock"]


def test_second_call_installs_and_says_nothing(door):
    door.open("models")
    door.steps()

    assert door.open("models") == (0, "ran models\n", "")
    assert door.steps() == []


def test_sets_join_and_never_undo_each_other(door):
    for command in ("models", "test", "bench", "check", "models", "bench"):
        door.open(command)

    assert door.steps() == [
        *("venv", "pip", "uv run.lock"),
        *("pip", "uv run.lock test.lock"),
        *("pip", "uv run.lock test.lock bench.lock"),
    ]


def test_changed_lock_is_installed_for_the_sets_that_hold_it(door):
    door.open("test")
    door.steps()
    with (door.root / "requirements" / "test.lock").open("a") as lock:
        lock.write("# changed\n")

    door.open("models")
    assert door.steps() == []
    door.open("test")
    assert door.steps() == ["pip", "uv run.lock test.lock"]


def test_broken_off_installation_is_begun_anew(door):
    code, printed, told = door.open("test", UV_FAILS="yes")
    door.steps()

    assert (code, printed) == (1, "")
    assert "fetching the packages failed: no connection: the cable is out (all of it: " in told.splitlines()[-1]
    assert "the cable is out" in (door.root / ".venv" / "set-up.log").read_text()
    assert begins_anew(door, NOT_FINISHED) == ["venv", "pip", "uv run.lock test.lock"]


def test_killed_installation_is_begun_anew(door):
    process = door.start("models", PAUSE="0.5")
    while "uv" not in door.log.read_text():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.communicate(timeout=30)
    door.steps()

    assert begins_anew(door, NOT_FINISHED) == ["venv", "pip", "uv run.lock"]


def test_environment_without_its_stamp_is_begun_anew(door):
    door.open("models")
    door.steps()
    (door.root / ".venv" / ".ready-run").unlink()

    assert begins_anew(door, NOT_FINISHED) == ["venv", "pip", "uv run.lock"]


def test_environment_whose_python_is_gone_is_made_again(door):
    door.open("models")
    door.steps()
    (door.root / ".venv" / "bin" / "python").unlink()

    assert begins_anew(door, "does not work any more; beginning anew") == ["venv", "pip", "uv run.lock"]


def test_two_calls_at_once_install_once(door):
    first, second = (door.start("models", PAUSE="0.3") for _ in range(2))
    told = [process.communicate(timeout=30)[1] for process in (first, second)]

    assert (first.returncode, second.returncode) == (0, 0)
    assert door.steps() == ["venv", "pip", "uv run.lock"]
    assert sum("waiting for it" in text for text in told) == 1


def test_files_are_named_from_the_callers_folder(door):
    door.write_program("python3", MADE_UP_PYTHON.replace('echo "ran $*"', "pwd"))

    assert door.open("models")[1] == "/\n"


# What a machine may lack


def refusal(door: Door, user: int | None = None, **environment: str) -> str:
    """The one line with which the door refuses."""
    code, printed, told = door.open("models", user=user, **environment)

    assert (code, printed) == (1, "")
    assert len(told.splitlines()) == 1
    assert door.steps() == []
    return told


def test_no_python(door):
    assert "get Python 3.11 or newer (Debian: apt-get install python3 python3-venv)" in refusal(
        door, PYTHON="no-such-python"
    )


def test_old_python(door):
    door.write_program("python3", LACKING_PYTHON.format(lack="sys.version_info = (3, 9, 2)"))

    assert f"{door.programs / 'python3'} is Python 3.9; get Python 3.11 or newer and name it: PYTHON=" in refusal(door)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("#!/bin/sh\n", "it says nothing"), ("#!/bin/sh\necho no library >&2\nexit 127\n", "no library")],
)
def test_python_that_does_not_start(text, reason, door):
    door.write_program("python3", text)

    assert f"python3 does not start as a Python ({reason}); get Python 3.11 or newer" in refusal(door)


@pytest.mark.parametrize("module", ["venv", "ensurepip"])
def test_no_venv_module(module, door):
    lack = f'sys.modules["{module}"] = None; sys.version_info = (3, 12, 1)'
    door.write_program("python3", LACKING_PYTHON.format(lack=lack))

    assert "python3 has no venv module; get it (Debian: apt-get install python3.12-venv)" in refusal(door)


def test_no_ssl_module(door):
    door.write_program("python3", LACKING_PYTHON.format(lack='sys.modules["ssl"] = None'))

    assert "python3 has no working ssl module; get a Python that has" in refusal(door)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the authorities are no files")
@pytest.mark.parametrize("empty", [False, True], ids=["neither is there", "both are empty"])
def test_no_certificate_authorities(empty, door):
    file, folder = door.programs.parent / "authorities.pem", door.programs.parent / "authorities"
    if empty:
        file.touch()
        (folder / "java").mkdir(parents=True)

    told = refusal(door, SSL_CERT_FILE=str(file), SSL_CERT_DIR=str(folder))

    assert f"no certificate authorities are installed (none in {file} or {folder})" in told
    assert "get them (Debian: apt-get install ca-certificates)" in told


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the authorities are no files")
def test_a_folder_of_certificate_authorities_is_enough(door):
    folder = door.programs.parent / "authorities"
    folder.mkdir()
    (folder / "0123abcd.0").touch()

    assert door.open("models", SSL_CERT_FILE=str(folder / "none"), SSL_CERT_DIR=str(folder))[0] == 0


@pytest.mark.parametrize(
    ("warning", "reason"),
    [
        ("", "no such version"),
        (
            "connection broken by 'NewError('<it>: no route: [Errno 111] refused')': /uv/",
            "no connection: [Errno 111] refused",
        ),
        ("connection broken by 'ReadTimeoutError(\"Read timed out.\")': /uv/", "no connection"),
    ],
)
def test_pip_that_cannot_connect_is_not_said_to_lack_a_version(warning, reason, door):
    code, _, told = door.open("models", PIP_FAILS=f"WARNING: Retrying after {warning}\nERROR: no such version")

    assert code == 1
    assert told.splitlines()[-1].startswith(f"calloff: fetching uv failed: {reason} (all of it: ")


@pytest.mark.parametrize("link", [False, True], ids=["a file", "a link to nowhere"])
def test_something_else_in_the_place_of_the_environment(link, door):
    place = door.root / ".venv"
    if link:
        place.symlink_to("nowhere")
    else:
        place.write_text("mine")

    assert f"{place} is no folder, and one of that name is needed; move it away" in refusal(door)


def test_read_only_folder():
    # Root may write anywhere, so root calls as nobody, who cannot see into pytest's own folders.
    nobody = 65534 if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        door = Door(Path(folder))
        door.write_program("python3", "#!/bin/sh\ncase $2 in *version*) echo 3.11 True ;; esac\n")
        door.root.chmod(0o555)

        told = refusal(door, user=nobody)

        assert f"{door.root.resolve()} is read-only; get permission to write there, or copy Calloff to a folder" in told
        assert not (door.root / ".venv").exists()
        door.root.chmod(0o755)


def test_comparison_that_cannot_be_written_is_told(tmp_path):
    # Nobody can make anything below a file, not even root, who may write in any read-only folder.
    folder = tmp_path / "a file" / "ways"
    folder.parent.touch()

    with pytest.raises(BadInputError, match=f"^{re.escape(str(folder))}: cannot be written: ") as refused:
        build.make(folder, date(2025, 6, 2), "a version", print, size=build.Size(packages=1))

    assert len(str(refused.value).splitlines()) == 1


# A taken port


@pytest.fixture
def run_ways(monkeypatch, capsys):
    """Call `ways` as if it had been made already and were stopped at once; returns exit code, output and refusal."""

    def call(port: int) -> tuple[int, str, str]:
        monkeypatch.setenv("PORT", str(port))
        monkeypatch.setattr(sys, "argv", ["calloff", "ways"])
        with pytest.raises(SystemExit) as ending:
            program.main()
        return int(ending.value.code or 0), *capsys.readouterr()

    handler = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(build, "ready", lambda *_: build.Made("<p>the page</p>", {}))
    monkeypatch.setattr(serve, "serve", lambda server, tell: server.server_close())
    yield call
    signal.signal(signal.SIGTERM, handler)


def test_taken_port_is_told_and_the_next_free_one_used(run_ways):
    with socket.create_server((serve.HOST, 0)) as other:
        port = other.getsockname()[1]
        code, printed, told = run_ways(port)

    used = re.search(f"^port {port} is taken by another program; using ([0-9]+) instead$", printed, re.MULTILINE)
    assert used
    assert f"open http://127.0.0.1:{used[1]}/ in a browser" in printed
    assert (code, told) == (0, "")


def test_ports_that_are_all_taken_are_told(run_ways, monkeypatch):
    monkeypatch.setattr(serve, "PORTS_TRIED", 1)
    with socket.create_server((serve.HOST, 0)) as other:
        port = other.getsockname()[1]

        assert run_ways(port) == (1, "", f"ports {port} to {port} are all taken; set PORT to a free one\n")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (errno.EACCES, "port 80 needs permission; set PORT to one from 1024\n"),
        (errno.EADDRNOTAVAIL, f"127.0.0.1:80 cannot be listened on: {os.strerror(errno.EADDRNOTAVAIL)}\n"),
    ],
)
def test_port_that_cannot_be_used_is_told(error, told, run_ways, monkeypatch):
    def refuse(*_):
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(serve, "Server", refuse)

    assert run_ways(80) == (1, "", told)
