"""Nothing in the tape gives the truth away: no classifier learns it from columns that mean nothing.

The classifier is tried first on made tapes of which it is known whether they leak; the market itself is slow.
"""

from typing import Any, Final

import numpy as np
import pyarrow as pa
import pytest

from schemas.columns import Batch, constant, empty
from schemas.topics import TOPIC
from scoring.facts_sample import Sample, Side, Truth
from scoring.facts_world import world_sample
from scoring.leak import AUC_MAX, REASONS, as_rows, clustered_auc, features, find_leaks

ROWS: Final = 24_000
NAMES: Final = 120
START: Final = 1_790_000_000_000_000_000


def tape(shift: Any = None) -> Side:
    """Return option prints whose times, numbers and names are random; `shift` changes times by the truth."""
    dice = np.random.default_rng(11)
    name = dice.integers(0, NAMES, ROWS)
    side = np.where(dice.random(ROWS) < 0.5, 1, -1)
    ts = START + np.sort(dice.integers(0, 3_600 * 10**9, ROWS))
    if shift is not None:
        ts = shift(ts, side)
    given = {
        "source_ts": ts,
        "event_ts": ts - dice.integers(0, 10**6, ROWS),
        "underlying": pa.array([f"U{n}" for n in name], pa.string()),
        "contract": pa.array([f"U{n}    261218C00100000" for n in name], pa.string()),
        "venue": pa.array(dice.choice(list("ABCNPQ"), ROWS).tolist(), pa.string()),
        "trade_id": pa.array([f"C{n}" for n in dice.integers(1, 10**6, ROWS)], pa.string()),
        "vendor_seq": np.arange(ROWS) * 3,
    }
    topic = TOPIC["options.prints"]
    columns = {f.name: given[f.name] if f.name in given else _blank(topic.name, f.name) for f in topic.fields}
    nothing, number = np.full(ROWS, -1), np.arange(ROWS)
    truth = Truth(
        aggressor=side,
        customer=side,
        open_buy=np.where(dice.random(ROWS) < 0.6, 5, 0),
        open_sell=np.where(dice.random(ROWS) < 0.6, 5, 0),
        order=number,
        parent=np.where(dice.random(ROWS) < 0.3, number // 4, nothing),
        package=nothing,
        purpose=np.array(["noise"] * ROWS),
        original=np.ones(ROWS, np.bool_),
    )
    return Side(
        Batch(topic, columns), empty(TOPIC["options.nbbo"]), truth, name, np.empty(0, np.int64), NAMES
    )


def _blank(topic: str, name: str) -> Any:
    field = TOPIC[topic].field(name)
    if field.default is not None or field.absent is not None:
        return constant(field, ROWS)
    return np.zeros(ROWS, empty(TOPIC[topic])[name].dtype) if field.logical != "label" else _texts()


def _texts() -> pa.StringArray:
    return pa.array([""] * ROWS, pa.string())


def sample_of(options: Side) -> Sample:
    none = np.empty(0, np.int64)
    truth = Truth(none, none, none, none, none, none, none, none, none.astype(np.bool_))
    stocks = Side(empty(TOPIC["equities.prints"]), empty(TOPIC["equities.quotes"]), truth, none, none, 1)
    return Sample(options, stocks, ((START, START + 3_600 * 10**9),), (START, START + 3_600 * 10**9))


def test_a_tape_without_a_leak_is_clean_and_the_power_is_stated() -> None:
    found = find_leaks(sample_of(tape()))
    assert {leak.target for leak in found} >= {"option customer side", "option opening", "option parent"}
    for leak in found:
        assert leak.is_clean and leak.upper <= AUC_MAX, leak
        assert 0.5 < leak.detectable < 0.52, "a leak of this size would have been found"
    assert all(row["is_clean"] and row["rows"] > 0 for row in as_rows(found))


def test_a_side_hidden_in_the_last_digit_of_the_time_is_found() -> None:
    found = find_leaks(sample_of(tape(lambda ts, side: ts - ts % 10 + np.where(side > 0, 3, 6))))
    by_name = {leak.target: leak for leak in found}
    assert by_name["option customer side"].auc > 0.9 and not by_name["option customer side"].is_clean
    assert by_name["option opening"].is_clean


def test_a_weak_leak_is_found_too() -> None:
    def lean(ts: Any, side: Any) -> Any:
        chosen = np.random.default_rng(3).random(len(ts)) < 0.1
        return np.where(chosen, ts - ts % 1_000 + np.where(side > 0, 100, 900), ts)

    side = {leak.target: leak for leak in find_leaks(sample_of(tape(lean)))}["option customer side"]
    assert not side.is_clean and side.auc > side.detectable


def test_the_bound_counts_clusters_and_not_rows() -> None:
    dice = np.random.default_rng(2)
    scores, positive = dice.random(4_000), dice.random(4_000) < 0.5
    alone = clustered_auc(scores, positive, np.arange(4_000))
    repeated = clustered_auc(np.repeat(scores, 9), np.repeat(positive, 9), np.repeat(np.arange(4_000), 9))
    assert repeated[0] == pytest.approx(alone[0]) and repeated[1] == pytest.approx(alone[1], rel=1e-3)
    assert alone[1] == pytest.approx(np.sqrt(1 / 12 / 2_000 + 1 / 12 / 2_000), rel=0.05)


def test_the_area_is_that_of_all_pairs() -> None:
    dice = np.random.default_rng(4)
    scores, positive = dice.integers(0, 5, 60).astype(np.float64), dice.random(60) < 0.4
    pairs = scores[positive][:, None] - scores[~positive][None, :]
    expected = float(((pairs > 0) + 0.5 * (pairs == 0)).mean())
    assert clustered_auc(scores, positive, np.arange(60))[0] == pytest.approx(expected)


def test_every_column_has_its_reason() -> None:
    assert set(features(tape().prints)) == set(REASONS)
    assert not {"price", "size", "condition", "venue"} & set(REASONS)


@pytest.mark.slow
def test_the_synthetic_market_leaks_nothing() -> None:
    found = find_leaks(world_sample("normal", 1, "tuning", 15))
    assert len(found) == 7, "every target has rows of both kinds"
    for leak in found:
        assert leak.is_clean, leak
        assert leak.detectable <= 0.53, "the sample is too small to say"
