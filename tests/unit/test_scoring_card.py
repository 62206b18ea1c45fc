"""The scorecard's text: where its figures come from, headed, and nothing left out that a reader needs."""

import numpy as np

from scoring.metrics import hard, measure
from scoring.scorecard import card
from scoring.scorer import CLAIMS, Report

SOURCE = {
    "kind": "synthetic", "profile": "quiet", "region": "scoring", "seeds": [3, 4], "minutes": 7,
    "tuned_on": {"region": "tuning", "seeds": [1], "minutes": 7},
}  # fmt: skip


def reports() -> list[Report]:
    side = np.array([1, -1, 0, 1], np.int8)
    claims = hard(side, np.array([1, 1, 1, 1], np.int8), np.zeros(4, np.int64))
    score = {
        "topic": "options.prints", "target": "aggressor", "method": "quote", "uses_future": False,
        "undefined": 12, **measure(claims), "brier_skill": 0.0, "classes": {}, "null": {"base_rate": None},
        "baseline": {"name": "x", "accuracy": 1.0}, "ceiling": {"upper": 1.0, "held_out": None},
        "splits": {"place": {"mid": {"n": 4, "coverage": 0.75, "accuracy": 2 / 3}}},
        "seeds": {"worst_decile": None},
    }  # fmt: skip
    return [Report(c, SOURCE, [score] if c == "side" else [], ["a note"]) for c in CLAIMS]


def test_the_card_says_where_it_comes_from() -> None:
    text = card(reports())
    assert "profile `quiet`, 7 minutes from the open of each of the seeds 3, 4" in text
    assert "region `scoring`" in text and "`tuning`" in text
    assert all(line.endswith("(synthetic only)") for line in text.splitlines() if line.startswith("## "))
    assert text.count("A note.") == 1, "a note is said once"


def test_a_section_on_another_tape_says_which() -> None:
    found = reports()
    other = {**SOURCE, "profile": "adversarial", "seeds": [5], "at": [180, 200]}
    text = card([*found[:-1], Report(found[-1].claim, other, [], [])])
    said = "Tape: profile `adversarial`, 7 minutes from minute 180, 200 of the session, seeds 5."
    assert text.count("Tape: profile") - 1 == text.count(said) == 1


def test_the_card_shows_the_figures() -> None:
    text = card(reports())
    assert "| quote | 4 | 75.0 % | 66.7 % | 20.8–93.9 | – | 62.5 % | +0.000 |" in text
    assert "| mid | 4 | 66.7 % of 75 % |" in text
    assert "12 prints without one left out" in text
