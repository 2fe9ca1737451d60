"""Processes that do the same thing at the same moment, each with its own connection to the database."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any

PATIENCE_SECONDS = 120


class Contenders:
    """So many processes that wait for a word and then begin together; `act` is what each does with its own task."""

    def __init__(self, most: int, act: Callable[[Any], Any]) -> None:
        from django.db import connections

        # A connection is never shared by two processes.
        connections.close_all()
        fork = multiprocessing.get_context("fork")
        self.barriers = {count: fork.Barrier(count) for count in range(1, most + 1)}
        self.lines: list[Connection] = []
        self.processes = []
        for _ in range(most):
            ours, theirs = fork.Pipe()
            process = fork.Process(target=_work, args=(theirs, self.barriers, act), daemon=True)
            process.start()
            self.lines.append(ours)
            self.processes.append(process)

    def race(self, tasks: Sequence[Any]) -> list[tuple[str, str]]:
        """One task for each contender, begun together; what each came to: `done` or the error's name, and its text."""
        for line, task in zip(self.lines, tasks, strict=False):
            line.send((len(tasks), task))
        found = []
        for line, _ in zip(self.lines, tasks, strict=False):
            found.append(line.recv() if line.poll(PATIENCE_SECONDS) else ("Silence", "no word within two minutes"))
        return found

    def end(self) -> None:
        for process in self.processes:
            process.terminate()
            process.join()


def _work(line: Connection, barriers: dict[int, Barrier], act: Callable[[Any], Any]) -> None:
    while True:
        count, task = line.recv()
        barriers[count].wait(PATIENCE_SECONDS)
        try:
            line.send(("done", str(act(task))))
        except Exception as error:
            line.send((type(error).__name__, str(error)))
