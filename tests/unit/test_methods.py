"""docs/methods.md: complete, and made from the code alone. That it is fresh is tested with the others."""

from __future__ import annotations

import re

import pytest

from cli.generate import REFERENCES
from cli.methods import methods_reference
from cli.methods_text import SECTIONS
from dataflows.analytics import alerts_score
from dataflows.analytics.benign import READINGS
from dataflows.analytics.options_config import PARENTS
from dataflows.analytics.side import STACKS
from dataflows.analytics.sides_published import ACCURACIES

PAGE = methods_reference()


def test_it_is_written_with_the_other_generated_files() -> None:
    assert REFERENCES["docs/methods.md"] is methods_reference
    assert methods_reference() == PAGE


@pytest.mark.parametrize("section", SECTIONS, ids=lambda s: s.title)
def test_every_section_has_its_formula_and_its_modules(section: object) -> None:
    title, modules = section.title, section.modules  # type: ignore[attr-defined]
    body = PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    assert len(body.split("\n### ", 1)[0]) > 150
    for module in modules:
        assert f"### `{module}`" in body


@pytest.mark.parametrize(
    "words",
    [
        [f"`{name}`" for name in STACKS],
        list(ACCURACIES),
        [f"`{s.name}`" for s in PARENTS],
        [r.reading for r in READINGS],
        [str(alerts_score.PREMIUM), str(alerts_score.NOISE)],
    ],
    ids=["stacks", "accuracies", "parents", "readings", "weights"],
)
def test_the_tables_of_the_code_are_in_it(words: list[str]) -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("|")]
    for word in words:
        assert any(word in row for row in rows), word


def test_links_lead_somewhere() -> None:
    for anchor in re.findall(r"\]\(#([^)]+)\)", PAGE):
        titles = [
            "".join(c for c in s.title.lower().replace(" ", "-") if c.isalnum() or c == "-") for s in SECTIONS
        ]
        assert anchor in titles
