"""
Exports as LibreOffice opens them: what each cell is there, a number, a day, a text or a formula.

Beyond the smallest size root installs it where it is missing; who cannot is told what to get.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree.ElementTree import Element, iterparse

from calloff.acceptance import SkippedError

INSTALL = "apt-get -o DPkg::Lock::Timeout=600 install -y -q --no-install-recommends libreoffice-calc"
LONGEST_SECONDS = 600
COMMAS_AND_UTF8 = "CSV:44,34,76,1"
"""What LibreOffice is told of a CSV file: separated by commas, quoted, in UTF-8, from its first line on."""
MOST_COLUMNS = 400
TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"


@dataclass(frozen=True)
class OfficeCell:
    """A cell as LibreOffice has it: `kind` is float, date, string, boolean, currency, or nothing where it is empty."""

    kind: str
    value: str
    text: str
    formula: str


def program(*, needed: bool) -> str | None:
    """LibreOffice, where it is here; where it is `needed`, root gets it, and SkippedError says why it is not here."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    if found or not needed:
        return found
    if os.getuid() or not shutil.which("apt-get"):
        raise SkippedError("no LibreOffice is here: apt-get install libreoffice-calc")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ("apt-get update -q", INSTALL):
        done = subprocess.run(command.split(), env=environment, capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
            raise SkippedError(f"LibreOffice could not be installed ({command}): {last}")
    return shutil.which("soffice") or shutil.which("libreoffice")


def opened(soffice: str, files: Mapping[str, bytes]) -> dict[str, list[list[OfficeCell]]]:
    """Files by name, .csv or .xlsx, as LibreOffice opens them: the rows of the first sheet, blank ends left off."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="calloff-office-") as name:
        folder = Path(name)
        for kind, filters in ((".csv", [f"--infilter={COMMAS_AND_UTF8}"]), (".xlsx", [])):
            paths = []
            for number, (one, content) in enumerate(files.items()):
                if one.endswith(kind):
                    paths.append(folder / f"{number}{kind}")
                    paths[-1].write_bytes(content)
            if paths:
                profile = f"-env:UserInstallation=file://{folder}/profile"
                command = [soffice, "--headless", "--norestore", profile, *filters, "--convert-to", "fods"]
                command += ["--outdir", str(folder / kind[1:]), *map(str, paths)]
                subprocess.run(command, check=True, capture_output=True, timeout=LONGEST_SECONDS)
        for number, one in enumerate(files):
            kind = one.rpartition(".")[2]
            found[one] = list(_rows(folder / kind / f"{number}.fods"))
    return found


def _rows(path: Path) -> Iterator[list[OfficeCell]]:
    waiting: list[list[OfficeCell]] = []
    for _event, row in iterparse(path):
        if row.tag == f"{TABLE}table":
            return
        if row.tag != f"{TABLE}table-row":
            continue
        cells = [one for cell in row for one in _cells(cell)]
        while cells and not cells[-1].text and not cells[-1].kind:
            cells.pop()
        repeated = int(row.get(f"{TABLE}number-rows-repeated", "1"))
        row.clear()
        if not cells:
            # Blank rows count only where others come after them.
            waiting += [[]] * min(repeated, MOST_COLUMNS)
            continue
        yield from waiting
        waiting = []
        for _ in range(repeated):
            yield cells


def _cells(cell: Element) -> list[OfficeCell]:
    if cell.tag not in (f"{TABLE}table-cell", f"{TABLE}covered-table-cell"):
        return []
    kind = cell.get(f"{OFFICE}value-type", "")
    value = next(
        (
            cell.get(f"{OFFICE}{name}", "")
            for name in ("value", "date-value", "boolean-value", "time-value")
            if cell.get(f"{OFFICE}{name}") is not None
        ),
        "",
    )
    text = "\n".join("".join(one.itertext()) for one in cell if one.tag.endswith("}p"))
    found = OfficeCell(kind, value, text, cell.get(f"{TABLE}formula", ""))
    return [found] * min(int(cell.get(f"{TABLE}number-columns-repeated", "1")), MOST_COLUMNS)
