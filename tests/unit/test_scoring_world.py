"""The scorer on the synthetic market itself: every claim is scored, and falls to its base rate when dealt."""

import math

import pytest

from scoring import scorer
from scoring.nulls import HOW

pytestmark = pytest.mark.slow
TRIALS_MIN = 1_000  # fewer claims wander too far from a base rate by chance


@pytest.fixture(scope="module")
def reports() -> dict[str, scorer.Report]:
    return {r.claim: r for r in scorer.synthetic(scorer.CLAIMS, "quiet", [1, 2], 1)}


def test_every_claim_is_scored_and_headed(reports: dict[str, scorer.Report]) -> None:
    assert tuple(reports) == scorer.CLAIMS
    for report in reports.values():
        assert report.scores, report.claim
        headed = report.to_json()["scores"]
        assert all(s["heading"] == "synthetic only" and s["n"] >= 0 for s in headed)
    side = {(s["topic"], s["target"], s["method"]) for s in reports["side"].scores}
    assert {("options.prints", t, m) for t in ("aggressor", "customer") for m in ("product", "quote")} <= side
    assert ("equities.prints", "aggressor", "quote") in side


def test_sides_fall_to_their_base_rate(reports: dict[str, scorer.Report]) -> None:
    for s in reports["side"].scores:
        decided = s["n"] * (s["coverage"] or 0)
        if decided >= TRIALS_MIN:
            room = 5 * math.sqrt(0.25 / decided) + 0.01
            for how in HOW:
                found = abs(s["null"][how] - s["null"]["base_rate"])
                assert found < room, (s["topic"], s["target"], s["method"], how)


def test_groupings_fall_to_their_base_rate(reports: dict[str, scorer.Report]) -> None:
    for claim in ("parents", "packages"):
        for s in reports[claim].scores:
            if s["precision"] is not None:
                assert s["precision"] > 10 * s["null"]["base_rate"], (claim, s["method"])
                assert all(s["null"][how] < 0.02 for how in HOW), (claim, s["method"])


def test_the_accounting_identity_is_never_violated(reports: dict[str, scorer.Report]) -> None:
    identity = next(s for s in reports["opening"].scores if s["method"] == "identity")
    assert identity["violated"] == 0


def test_no_method_beats_what_the_facts_allow(reports: dict[str, scorer.Report]) -> None:
    """The tuned table sees no more than the ceiling's facts, and does not beat its upper end."""
    for s in reports["side"].scores:
        if s["method"] == "cells_tuned":
            assert s["accuracy_with_coin"] <= s["ceiling"]["upper"] + 1e-9
