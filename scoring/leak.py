"""Whether a tape gives its truth away where a real tape says nothing.

Owns the columns on which a classifier is trained, each with the reason why a real tape would not make it
informative, and the bound on what the classifier reaches. Refuses columns that tell something on a real
tape too, such as price, size, code, venue or a delay: to learn from those is the product's work.

The classifier is cross-fitted over underlyings: what it says of one was learnt from others, so that an
identity it has seen (a series that one parent bought all day) cannot pass for a leak.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from schemas.columns import Batch, integers
from scoring.facts_sample import Sample, Side
from scoring.join_lag import Floats, Longs, Mask

AUC_MAX: Final = 0.52
Z_BOUND: Final = 1.645  # one-sided 95 %
Z_POWER: Final = 0.842  # a leak of the stated size is found in 80 of 100 samples
FOLDS: Final = 5
ROWS_MAX: Final = 60_000
TREES: Final = 40
CLUSTER_NS: Final = 300_000_000_000

REASONS: Final[dict[str, str]] = {
    "row_parity": "the number of a record in the log counts records and nothing else",
    "row_16": "the same count, over sixteen",
    "vendor_parity": "a vendor's sequence counts messages of all kinds",
    "vendor_16": "the same count, over sixteen",
    "trade_id_digit": "a venue numbers its trades one after another",
    "trade_id_hundred": "the last two digits of the same number",
    "trade_id_length": "how long the number is depends on how many trades there were",
    "source_ns": "the last three digits of a publication time are below every clock's accuracy",
    "source_us": "the microseconds within a millisecond, as accidental as the digits below",
    "event_ns": "the last three digits of a participant's time",
    "event_us": "its microseconds within a millisecond",
    "venue_parity": "how many prints a venue had before, even or odd",
    "underlying_parity": "how many prints an underlying had before, even or odd",
    "name_hash": "a hash of the instrument's name",
    "tie_parity": "the place among records of one time, even or odd, is an accident of the feed",
}
# A run of records of one time is often one parent's, so where it lies in a run says something of parents.
_TELLS_OF_PARENTS: Final = frozenset({"tie_parity"})


@dataclass(frozen=True, slots=True)
class Leak:
    """What the classifier reached on one target: AUC, its error, bound, and the AUC it would have found."""

    target: str
    rows: int
    clusters: int
    auc: float
    error: float

    @property
    def upper(self) -> float:
        """Return the upper 95 % bound."""
        return self.auc + Z_BOUND * self.error

    @property
    def detectable(self) -> float:
        """Return the AUC that a sample of this size finds to exceed one half with power 0.8."""
        return 0.5 + (Z_BOUND + Z_POWER) * self.error

    @property
    def is_clean(self) -> bool:
        """Tell whether the bound holds; a sample too small to say cannot be clean."""
        return self.upper <= AUC_MAX


def targets(sample: Sample) -> dict[str, tuple[Side, Mask, Mask]]:
    """Return by name the side of the tape, which rows count and which of them are positive."""
    options, equities = sample.options, sample.equities
    assert options.truth is not None and equities.truth is not None
    truth = options.truth
    customer = truth.customer != 0
    opened = np.where(truth.customer > 0, truth.open_buy, truth.open_sell) > 0
    every = np.ones(len(options.prints), np.bool_)
    stock = equities.truth.aggressor
    return {
        "option customer side": (options, customer, truth.customer > 0),
        "option aggressor": (options, truth.aggressor != 0, truth.aggressor > 0),
        "option opening": (options, customer, opened),
        "option parent": (options, every, _is_shared(truth.parent)),
        "option package": (options, every, truth.package >= 0),
        "stock aggressor": (equities, stock != 0, stock > 0),
        "stock parent": (equities, np.ones(len(stock), np.bool_), _is_shared(equities.truth.parent)),
    }


def _is_shared(parent: Longs) -> Mask:
    """Tell which prints belong to a parent of at least two."""
    _, inverse, counts = np.unique(parent, return_inverse=True, return_counts=True)
    found: Mask = (parent >= 0) & (counts[inverse] > 1)
    return found


def features(prints: Batch) -> dict[str, Floats]:
    """Return the columns of REASONS, a value a row; rows in the order of the log."""
    rows = np.arange(len(prints))
    source, event, vendor = prints["source_ts"], prints["event_ts"], prints["vendor_seq"]
    name = "contract" if "contract" in prints.columns else "underlying"
    digits, length = _numbers(prints["trade_id"])
    found: dict[str, Any] = {
        "row_parity": rows % 2,
        "row_16": rows % 16,
        "vendor_parity": vendor % 2,
        "vendor_16": vendor % 16,
        "trade_id_digit": digits % 10,
        "trade_id_hundred": digits % 100,
        "trade_id_length": length,
        "source_ns": source % 1_000,
        "source_us": source // 1_000 % 1_000,
        "event_ns": event % 1_000,
        "event_us": event // 1_000 % 1_000,
        "venue_parity": _count_before(_coded(prints["venue"])) % 2,
        "underlying_parity": _count_before(_coded(prints["underlying"])) % 2,
        "name_hash": _hashes(prints[name]),
        "tie_parity": _count_before(np.unique(source, return_inverse=True)[1]) % 2,
    }
    return {n: np.asarray(found[n], np.float64) for n in REASONS}


def _coded(column: pa.StringArray) -> Longs:
    codes: Longs = integers(column.dictionary_encode().indices).astype(np.int64)
    return codes


def _hashes(column: pa.StringArray) -> Longs:
    encoded = column.dictionary_encode()
    distinct = [zlib.crc32(text.encode()) % 4096 for text in encoded.dictionary.to_pylist()]
    found: Longs = np.array(distinct, np.int64)[integers(encoded.indices)]
    return found


def _numbers(column: pa.StringArray) -> tuple[Longs, Longs]:
    """Return the digits at the end of each identity as a number, -1 where there are none, and its length."""
    texts = column.to_pylist()
    tails = ("".join(c for c in t[-9:] if c.isdigit()) for t in texts)
    return np.array([int(t) if t else -1 for t in tails], np.int64), np.array(
        [len(t) for t in texts], np.int64
    )


def _count_before(key: Longs) -> Longs:
    """Return for each row how many rows before it have its key."""
    order = np.argsort(key, kind="stable")
    ranked = key[order]
    firsts = np.r_[0, np.flatnonzero(np.diff(ranked)) + 1] if len(key) else np.empty(0, np.int64)
    sizes = np.diff(np.r_[firsts, len(key)])
    found = np.empty(len(key), np.int64)
    found[order] = np.arange(len(key)) - np.repeat(firsts, sizes)
    return found


def find_leaks(sample: Sample, seed: int = 0) -> list[Leak]:
    """Return what a classifier reaches on every target that has both kinds of rows."""
    found = []
    for name, (side, counted, positive) in targets(sample).items():
        rows = np.flatnonzero(counted)
        if len(rows) >= 2 * FOLDS and 0 < positive[rows].sum() < len(rows):
            found.append(find_leak(name, side, rows, positive[rows], seed))
    return found


def find_leak(name: str, side: Side, rows: Longs, positive: Mask, seed: int = 0) -> Leak:
    """Return what a classifier reaches on one target of some rows; at most ROWS_MAX of them are drawn."""
    dice = np.random.Generator(np.random.PCG64(seed))
    columns = features(side.prints)
    if len(rows) > ROWS_MAX:
        drawn = np.sort(dice.permutation(len(rows))[:ROWS_MAX])
        rows, positive = rows[drawn], positive[drawn]
    dropped = _TELLS_OF_PARENTS if name.endswith(("parent", "package")) else frozenset()
    table = np.stack([c[rows] for n, c in columns.items() if n not in dropped], axis=1)
    underlying = _coded(side.prints["underlying"])[rows]
    scores = _cross_fitted(table, positive, underlying, dice)
    cluster = underlying * 2**20 + side.prints["source_ts"][rows] // CLUSTER_NS % 2**20
    area, error, clusters = clustered_auc(scores, positive, cluster)
    return Leak(name, len(rows), clusters, area, error)


def _cross_fitted(table: Floats, positive: Mask, group: Longs, dice: np.random.Generator) -> Floats:
    """Return for each row the probability that a classifier gives which saw only other groups."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    names, inverse = np.unique(group, return_inverse=True)
    fold = dice.permutation(len(names))[inverse] % FOLDS
    scores = np.full(len(positive), np.nan)
    # One thread: several would wait for each other on a machine that is busy with a flow.
    with threadpool_limits(limits=1, user_api="openmp"):
        for k in range(FOLDS):
            held, rest = fold == k, fold != k
            if not held.any():
                continue
            if len(np.unique(positive[rest])) < 2:
                scores[held] = 0.5
                continue
            model = HistGradientBoostingClassifier(max_iter=TREES, learning_rate=0.1, random_state=k)
            model.fit(table[rest], positive[rest])
            # Ranks within the fold: a fold's base rate is known to the others, turned round.
            said = model.predict_proba(table[held])[:, 1]
            scores[held] = _ranks(said) / held.sum()
    return scores


def _ranks(values: Floats) -> Floats:
    """Return ranks from 1, ties sharing their middle."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    middle = last - (counts - 1) / 2
    return np.asarray(middle[inverse], np.float64)


def clustered_auc(scores: Floats, positive: Mask, cluster: Longs) -> tuple[float, float, int]:
    """Return the area under the curve, its standard error over clusters, and how many clusters there are.

    DeLong's placement values, summed by cluster before they are squared, since sides of one parent agree.
    """
    up, down = int(positive.sum()), int((~positive).sum())
    assert up and down, "an area needs rows of both kinds"
    ranks = _ranks(scores)
    own = np.empty(len(scores))
    own[positive] = (ranks[positive] - _ranks(scores[positive])) / down
    own[~positive] = 1 - (ranks[~positive] - _ranks(scores[~positive])) / up
    area = float(own[positive].mean())
    influence = (own - area) / np.where(positive, up, down)
    _, where = np.unique(cluster, return_inverse=True)
    sums = np.bincount(where, influence)
    count = len(sums)
    error = math.sqrt(float((sums**2).sum()) * count / max(count - 1, 1))
    return area, error, count


def as_rows(found: list[Leak]) -> list[Mapping[str, Any]]:
    """Return the leaks as JSON-able rows."""
    return [
        {
            "target": leak.target,
            "rows": leak.rows,
            "clusters": leak.clusters,
            "auc": round(leak.auc, 4),
            "upper": round(leak.upper, 4),
            "detectable": round(leak.detectable, 4),
            "is_clean": leak.is_clean,
        }
        for leak in found
    ]
