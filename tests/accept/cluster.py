"""A PostgreSQL cluster of a check's own, which may be killed: made anew, on its own port, by an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FOLDER = "CALLOFF_CHECK_CLUSTER"
"""Where a child process of a check finds the cluster that it may kill: folder and port."""
HOST = "127.0.0.1"
PATIENCE_SECONDS = 60


def tools() -> Path | None:
    """Where `initdb` and `postgres` lie; None where they are not installed."""
    found = shutil.which("initdb")
    # Debian keeps them beside the versions, not on the path.
    places = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return next((place for place in reversed(places) if (place / "postgres").exists()), None)


@dataclass(frozen=True)
class Cluster:
    """The cluster in a folder, listening on a port of this machine alone."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://calloff@{HOST}:{self.port}/postgres"

    @property
    def postmaster(self) -> int:
        return int((self.folder / "postmaster.pid").read_text().splitlines()[0])

    def start(self) -> None:
        """Start it and wait until it takes connections; after a kill it first mends itself from its log."""
        place = tools()
        assert place is not None
        options = f"-h {HOST} -p {self.port} -k ''"
        words = [str(place / "pg_ctl"), "start", "-w", "-D", str(self.folder), "-l", str(self.folder / "log")]
        # It hangs on nobody, so that it is really gone when it is killed.
        subprocess.run([*words, "-o", options], check=True, stdout=subprocess.DEVNULL, cwd="/", **_unprivileged())

    def kill(self) -> None:
        """End all its processes at once and without a word; wait until they are gone."""
        first = self.postmaster
        # Stopped first, so that it starts no other while they are counted.
        os.kill(first, signal.SIGSTOP)
        every = [first, *_children(first)]
        for pid in every:
            os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + PATIENCE_SECONDS
        while any(_lives(pid) for pid in every) and time.monotonic() < until:
            time.sleep(0.01)


def _children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _unprivileged() -> dict[str, int | Sequence[int]]:
    """As whom it runs: PostgreSQL refuses the superuser of the machine."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": ()}


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    """A new cluster, running; gone afterwards."""
    place = tools()
    assert place is not None
    with tempfile.TemporaryDirectory(prefix="calloff-cluster-") as made:
        os.chmod(made, 0o755)
        folder = Path(made) / "data"
        folder.mkdir(0o700)
        if os.getuid() == 0:
            shutil.chown(folder, "nobody")
        words = [str(place / "initdb"), "-D", str(folder), "-U", "calloff", "-A", "trust", "-E", "UTF8", "--locale=C"]
        subprocess.run(words, check=True, capture_output=True, cwd="/", **_unprivileged())
        cluster = Cluster(folder, _free_port())
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.kill()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((HOST, 0))
        return int(one.getsockname()[1])


def cluster_here() -> Cluster:
    """In a child process of a check: the cluster that its parent made."""
    folder, _, port = os.environ[FOLDER].rpartition(":")
    return Cluster(Path(folder), int(port))
