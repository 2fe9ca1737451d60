"""
The door, `./calloff`: what it sets up, when it begins anew, and what it says where something is lacking.

No test here installs anything: a made-up Python and a made-up uv note what they are asked to do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Stands in for the system's Python: makes an environment whose Python and uv note in the log what they do.
MADE_UP_PYTHON = """\
#!/bin/sh
case "$1 $2" in
    "-m venv")
        echo "venv" >>"$LOG"
        rm -rf "$4" && mkdir -p "$4/bin" && cp "$0" "$4/bin/python" && cp "$UV" "$4/bin/uv" ;;
    "-m pip")
        [ "$3" = --version ] || echo "pip" >>"$LOG" ;;
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
    code, _, told = door.open("test", UV_FAILS="yes")
    door.steps()

    assert code == 1
    assert "fetching the packages failed: no connection (all of it: " in told.splitlines()[-1]
    assert "the cable is out" in (door.root / ".venv" / "set-up.log").read_text()
    assert door.open("models")[0] == 0
    assert door.steps() == ["venv", "pip", "uv run.lock test.lock"]


def test_environment_whose_python_is_gone_is_made_again(door):
    door.open("models")
    door.steps()
    (door.root / ".venv" / "bin" / "python").unlink()

    assert door.open("models")[0] == 0
    assert door.steps() == ["venv", "pip", "uv run.lock"]


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

    assert "this Python is 3.9; get Python 3.11 or newer" in refusal(door)


def test_no_venv_module(door):
    door.write_program("python3", LACKING_PYTHON.format(lack='sys.modules["ensurepip"] = None'))

    assert "no venv module; get it (Debian: apt-get install python3-venv)" in refusal(door)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the authorities are no files")
def test_no_certificate_authorities(door, tmp_path):
    lacking = {
        "SSL_CERT_FILE": str(tmp_path / "none"),
        "SSL_CERT_DIR": str(door.programs.parent / "no folder"),
    }

    assert "get them (Debian: apt-get install ca-certificates)" in refusal(door, **lacking)


def test_read_only_folder():
    # Root may write anywhere, so root calls as nobody, who cannot see into pytest's own folders.
    nobody = 65534 if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        door = Door(Path(folder))
        door.write_program("python3", "#!/bin/sh\n")
        door.root.chmod(0o555)

        assert "is read-only; get permission to write there" in refusal(door, user=nobody)
        door.root.chmod(0o755)
