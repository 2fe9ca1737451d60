"""
PAY-01: a made-up city's four weeks, settled from the files of its providers, come to the truth in every cell.

The city is made by a generator that knows nothing of settlement: whatever happens to a visit says its own outcome. Rows
come repeated, corrected, withdrawn, late and out of order, over several files, some of them sent twice.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from accept.tally import Tally
from city import made, worth

from calloff.acceptance import Result
from calloff.formats.settled_visits import read_amount

SIZES = {0: 4_000, 1: 200_000, 2: 1_000_000}
LEAST_OF_EACH = 200
SEED = 20261012


def check(size: int) -> Result:
    """Every visit under each way of paying by the visit; at the smallest size under one."""
    tally = Tally()
    city = made.made(SEED, size)
    for kind, count in sorted(city.kinds.items()):
        tally.expect(size < SIZES[1] or count >= LEAST_OF_EACH, f"only {count} visits of the kind {kind}")
    with tempfile.TemporaryDirectory(prefix="calloff-city-") as name:
        folder = Path(name)
        made.write_planned(folder / "planned.csv", city)
        for number, (mode, rows) in enumerate(made.files(city, SEED)):
            made.write_rows(folder / f"file{number:02d}.csv", rows, mode)
        for terms in worth.EVERY if size >= SIZES[1] else worth.EVERY[1:2]:
            _settle(tally, city, folder, terms)
    rarest = min(city.kinds.items(), key=lambda one: one[1])
    tally.notes.append(f"{len(city.visits):,} visits of {len(city.kinds)} kinds, the rarest {rarest[0]} {rarest[1]:,}")
    return tally.result


def _settle(tally: Tally, city: made.City, folder: Path, terms: worth.Terms) -> None:
    out = folder / terms.name
    (folder / f"{terms.name}.yaml").write_text(terms.text)
    command = [sys.executable, "-m", "calloff", "pay", "--rules", str(folder / f"{terms.name}.yaml")]
    command += ["--planned", str(folder / "planned.csv"), "--out", str(out), "--as-of", f"{made.KNOWN_AT:%Y-%m-%d}"]
    command += [part for one in sorted(folder.glob("file*.csv")) for part in ("--actual", str(one))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        tally.fault(f"{terms.name}: {done.stdout} {done.stderr}"[:400])
        return
    _compare(tally, city, out, terms)


def _compare(tally: Tally, city: made.City, out: Path, terms: worth.Terms) -> None:
    with (out / "settled.csv").open(encoding="utf-8") as stream:
        found = {one["visit"]: one for one in csv.DictReader(stream)}
    pence = 0
    for told in made.truth(city, lambda _: terms):
        tally.n += 1
        one = found.pop(str(told["visit"]), None)
        tally.expect(one is not None and says(one) == {**told, "visit": one["visit"]}, f"{terms.name}: {told} is {one}")
        tally.expect(one is not None and one["why"].endswith("."), f"{terms.name}: {told['visit']} has no sentence")
        pence += int(str(told["pence"]))
    tally.expect(not found, f"{terms.name}: {len(found)} visits that nobody planned")
    with (out / "logs.csv").open(encoding="utf-8") as stream:
        became = Counter((one["row"], one["is_a"]) for one in csv.DictReader(stream))
    expected = Counter({(one.row, one.is_a) for one in made.rows_of(city) if one.is_a not in ("", "withdrawn")})
    tally.expect(
        became == expected, f"{terms.name}: rows differ: {list((became - expected) + (expected - became))[:3]}"
    )
    tally.notes.append(f"{terms.name}: £{pence / 100:,.2f}")


def says(one: dict[str, str]) -> dict[str, object]:
    """A row of settled.csv as the truth tells it."""
    return {
        "visit": one["visit"],
        "reason": one["reason"],
        "marks": frozenset(one["marks"].split("; ")) - {""},
        "worked_minutes": int(one["worked_minutes"] or 0),
        "paid_minutes": int(one["paid_minutes"] or 0),
        "pence": read_amount(one["amount"]),
    }
