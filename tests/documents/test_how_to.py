"""The page on adding a purchasing model: what it shows works, and it leaves no key out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from calloff.cases.trying import CASE_KEYS, try_cases
from calloff.documents import market_rules, prices, purchasing_models, steps
from calloff.documents.checks import check_report
from calloff.domain.contracts import ROLES
from calloff.domain.purchasing_model import CRITERIA, PATTERNS
from calloff.domain.tables import CONDITION_FACTS

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "add-a-purchasing-model.md").read_text("utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_what_the_page_shows_passes_both_commands(tmp_path: Path):
    document, cases = (tmp_path / name for name in ("our-council.yaml", "our-council-cases.yaml"))
    for path, text in zip((document, cases), BLOCKS, strict=True):
        path.write_text(text, encoding="utf-8")

    report, sound = check_report([str(document)])
    told, good = try_cases(cases)

    assert sound, report
    assert good, told


@pytest.mark.parametrize(
    "keys",
    [
        purchasing_models.KNOWN,
        purchasing_models.SCOPES,
        steps.STEP_KEYS,
        prices.AMOUNTS,
        tuple(CONDITION_FACTS),
        tuple(market_rules.METHODS),
        market_rules.METHODS["price"],
        market_rules.ROUTES,
        tuple(word for word in CRITERIA if word != "price_band"),
        PATTERNS,
        ROLES,
        tuple(key for key in CASE_KEYS if key not in ("shows", "source", "seed", "file", "base")),
    ],
)
def test_the_page_leaves_nothing_out(keys: tuple[str, ...]):
    words = set(re.findall(r"[a-z_0-9]+", PAGE))

    assert [key for key in keys if key not in words] == []
