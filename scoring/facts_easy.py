"""Whether the synthetic market is too easy: what rules without any thought reach on parents and packages.

Owns those rules and how their groups are held against the true ones. Refuses groups of one print: to name
a single print is no achievement.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from scoring.facts_sample import Sample
from scoring.join_lag import Longs, Mask

NAN: Final = float("nan")
NS_PER_MS: Final = 1_000_000
SWEEP_GAP_NS: Final = 50 * NS_PER_MS


def exact_share(claimed: Longs, true: Longs) -> float:
    """Return the share of true groups of at least two rows that are a claimed group, row for row.

    Both give each row the number of its group; -1 in `true` is no group. NaN where there are no groups.
    """
    named = true >= 0
    _, groups, sizes = np.unique(true[named], return_inverse=True, return_counts=True)
    _, mine, all_sizes = np.unique(claimed, return_inverse=True, return_counts=True)
    mine = mine[named]
    wanted = sizes > 1
    if not wanted.any():
        return NAN
    low, high = np.full(len(sizes), len(all_sizes)), np.full(len(sizes), -1)
    np.minimum.at(low, groups, mine)
    np.maximum.at(high, groups, mine)
    is_one = (low == high) & (all_sizes[np.minimum(low, len(all_sizes) - 1)] == sizes)
    return float(is_one[wanted].mean())


def gap_groups(instrument: Longs, ts: Longs, gap_ns: int) -> Longs:
    """Return a group number per row: prints of an instrument that follow each other within a gap."""
    order = np.lexsort((ts, instrument))
    breaks = (np.diff(instrument[order]) != 0) | (np.diff(ts[order]) > gap_ns)
    found = np.empty(len(ts), np.int64)
    found[order] = np.r_[0, np.cumsum(breaks)] if len(ts) else np.empty(0, np.int64)
    return found


def dumb_parents(sample: Sample) -> float:
    """Return how many parents of several prints are found by joining prints of a series within 50 ms."""
    options = sample.options
    assert options.truth is not None
    claimed = gap_groups(options.group, options.prints["source_ts"], SWEEP_GAP_NS)
    return exact_share(claimed, options.truth.parent)


def dumb_packages(sample: Sample) -> float:
    """Return how many packages are found by joining all prints of an underlying and millisecond."""
    options = sample.options
    assert options.truth is not None
    names = options.prints["underlying"].dictionary_encode().indices.to_numpy(zero_copy_only=False)
    ms = options.prints["source_ts"] // NS_PER_MS
    _, claimed = np.unique(np.stack([names.astype(np.int64), ms], axis=1), axis=0, return_inverse=True)
    return exact_share(np.asarray(claimed, np.int64).reshape(-1), options.truth.package)


def dumb_opening(sample: Sample) -> float:
    """Return the accuracy of always saying the commoner of "opened" and "closed" of customers."""
    options = sample.options
    assert options.truth is not None
    truth = options.truth
    has_customer: Mask = truth.customer != 0
    if not has_customer.any():
        return NAN
    opened = np.where(truth.customer > 0, truth.open_buy, truth.open_sell)[has_customer] > 0
    share = float(opened.mean())
    return max(share, 1 - share)
