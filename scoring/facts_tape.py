"""What a tape looks like without asking whose order it was: sizes, codes, places, spreads, lifetimes, rates.

Owns these measures, on synthetic and recorded tapes alike. Refuses averages over what was not seen: a
measure without rows is NaN, and the table says that it could not be taken.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from schemas.conditions import BIT, is_price_not_current, is_report_late
from schemas.opra import code_bytes
from scoring.facts_sample import NS_PER_S, Sample, Side
from scoring.join_lag import AT_ASK, AT_BID, MID, Floats, Longs, Mask, curve

NAN: Final = float("nan")
SHARE: Final = 1_000_000
CENT: Final = 10_000_000
BLOCK_SHARES: Final = 10_000
# Each code counts in every list it stands in: the sources cut the volume differently.
CODES: Final = {
    "multi_leg": "fghijlmknopqrst",
    "auction": "abgklr",
    "floor": "eimpst",
    "cross": "cdho",
    "stock_tied": "knopqrs",
    "electronic": " IS",
}
_AUCTIONS: Final = BIT["opening"] | BIT["closing"] | BIT["reopening"] | BIT["cross"]
_ISO: Final = BIT["intermarket_sweep"]


def share_of(part: Mask, weights: Longs | None = None) -> float:
    """Return the share of rows, or of their weights; NaN of nothing."""
    total = len(part) if weights is None else int(weights.sum())
    found = int(part.sum()) if weights is None else int(weights[part].sum())
    return found / total if total else NAN


def coded_share(sample: Sample, kind: str) -> float:
    """Return the share of option volume whose sale code is in a list of CODES."""
    prints = sample.options.prints
    wanted = np.frombuffer(CODES[kind].encode(), np.uint8)
    return share_of(np.isin(code_bytes(prints["condition"]), wanted), prints["size"])


def option_size(sample: Sample, how: str) -> float:
    """Return the mean, or the median, size of option trades in contracts."""
    size = sample.options.prints["size"]
    if not len(size):
        return NAN
    return float(size.mean() if how == "mean" else np.median(size))


def off_share(sample: Sample, by: str) -> float:
    """Return the part of the trades, or of the shares, that was reported off the exchanges."""
    prints = sample.equities.prints
    return share_of(prints["off_exchange"], prints["size"] if by == "shares" else None)


def is_continuous(side: Side) -> Mask:
    """Tell which prints are continuous trading at a price of their moment."""
    bits = side.prints["condition_bits"]
    found: Mask = ~(is_report_late(bits) | is_price_not_current(bits) | ((bits & _AUCTIONS) != 0))
    return found


def off_at(sample: Sample, place: str) -> float:
    """Return the part of off-exchange shares at the national quote ("quote") or at its middle ("mid").

    All off-exchange shares are the denominator, also those that no quote places.
    """
    side = sample.equities
    off = side.prints["off_exchange"]
    wanted = (MID,) if place == "mid" else (AT_BID, AT_ASK)
    return share_of(np.isin(side.place, wanted)[off], side.prints["size"][off])


def lit_at(sample: Sample, place: int) -> float:
    """Return the part of placed lit trades of continuous trading in one of `join_lag.PLACES`.

    Both sides at their published times, as recordings without participant times have them.
    """
    return float(lag_curve(sample.equities, False)[0, place])


def _lit(side: Side) -> Mask:
    found: Mask = is_continuous(side) & ~side.prints["off_exchange"]
    return found


def block_share(sample: Sample) -> float:
    """Return the part of shares that printed in trades of at least 10,000 shares, auctions left out."""
    side = sample.equities
    auctions = (side.prints["condition_bits"] & _AUCTIONS) != 0
    size = side.prints["size"]
    return share_of((size >= BLOCK_SHARES * SHARE) & ~auctions, size)


def subpenny_share(sample: Sample, is_off: bool) -> float:
    """Return the part of trades that printed at a fraction of a cent."""
    prints = sample.equities.prints
    chosen = prints["off_exchange"] == is_off
    return share_of(prints["price"][chosen] % CENT != 0)


def iso_share(sample: Sample) -> float:
    """Return the part of lit trades that carry the intermarket sweep condition."""
    side = sample.equities
    return share_of((side.prints["condition_bits"][_lit(side)] & _ISO) != 0)


def iso_grouped_share(sample: Sample) -> float:
    """Return the part of lit sweep prints in a group of one stock, millisecond and several venues."""
    side = sample.equities
    iso = _lit(side) & ((side.prints["condition_bits"] & _ISO) != 0)
    if not iso.any():
        return NAN
    ms = side.ts[iso] // 1_000_000
    venue = np.array([ord(v[0]) if v else 0 for v in side.prints["venue"].to_pylist()])[iso]
    keys = np.stack([side.group[iso], ms], axis=1)
    _, where, counts = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    pairs = np.unique(np.stack([where, venue], axis=1), axis=0)
    venues = np.bincount(pairs[:, 0], minlength=len(counts))
    return float((venues[where] > 1).mean())


def spread(side: Side, relative: bool) -> float:
    """Return the median spread that prints met, as a part of the middle, or in USD."""
    bid, ask = side.quote.bid, side.quote.ask
    good = (bid > 0) & (ask > bid)
    if not good.any():
        return NAN
    width = (ask - bid)[good]
    found = 2 * width / (ask + bid)[good] if relative else width / 1e9
    return float(np.median(found))


def mean_relative_spread(side: Side) -> float:
    """Return the mean spread that prints met, as a part of the middle."""
    bid, ask = side.quote.bid, side.quote.ask
    good = (bid > 0) & (ask > bid)
    return float((2 * (ask - bid)[good] / (ask + bid)[good]).mean()) if good.any() else NAN


def lifetimes_ms(side: Side) -> Floats:
    """Return how long the prices of each national quote stood, in ms, without the last of an instrument."""
    q = side.standing.quotes
    same = q.group[1:] == q.group[:-1]
    is_new = np.r_[True, ~same | (q.bid[1:] != q.bid[:-1]) | (q.ask[1:] != q.ask[:-1])]
    ts, group = q.ts[is_new], q.group[is_new]
    return np.asarray(np.diff(ts)[group[1:] == group[:-1]] / 1e6)


def lifetime_ms(side: Side) -> float:
    """Return the median of `lifetimes_ms`."""
    found = lifetimes_ms(side)
    return float(np.median(found)) if len(found) else NAN


def crossed_share(side: Side, kind: str) -> float:
    """Return the part of time, over instruments, in which the national quote was locked, or crossed."""
    q = side.standing.quotes
    if len(q.ts) < 2:
        return NAN
    same = q.group[1:] == q.group[:-1]
    held = np.where(same, np.diff(q.ts), 0)
    two_sided = (q.bid[:-1] > 0) & (q.ask[:-1] > 0)
    wrong = q.bid[:-1] == q.ask[:-1] if kind == "locked" else q.bid[:-1] > q.ask[:-1]
    return share_of(two_sided & wrong, held)


def rates(sample: Sample) -> dict[str, float]:
    """Return records per second of each kind over the windows of the sample, before any choice of prints."""
    counted = sample.detail.get("records", {})
    return {name: count / sample.seconds for name, count in counted.items()}


def by_half_hour(sample: Sample) -> Floats:
    """Return shares traded per second in each half hour of the session, NaN where no window lies."""
    start, end = sample.session
    bins = max(1, round((end - start) / (1800 * NS_PER_S)))
    seconds = np.zeros(bins)
    for low, high in sample.windows:
        for k in range(bins):
            edges = (start + k * 1800 * NS_PER_S, start + (k + 1) * 1800 * NS_PER_S)
            seconds[k] += max(0, min(high, edges[1]) - max(low, edges[0])) / NS_PER_S
    side = sample.equities
    chosen = is_continuous(side)
    place = (side.prints["source_ts"][chosen] - start) // (1800 * NS_PER_S)
    size = side.prints["size"][chosen] / SHARE
    volume = np.bincount(np.clip(place, 0, bins - 1), size, bins)
    return np.where(seconds > 0, volume / np.maximum(seconds, 1e-9), NAN)


def u_shape(sample: Sample, which: str) -> float:
    """Return volume per second of the first ("open") or last ("close") half hour over that of midday."""
    found = by_half_hour(sample)
    if len(found) < 5:
        return NAN
    midday = float(np.nanmean(found[len(found) // 2 - 1 : len(found) // 2 + 2]))
    edge = float(found[0] if which == "open" else found[-1])
    return edge / midday if midday > 0 else NAN


def lag_curve(side: Side, is_off: bool) -> Floats:
    """Return the join-lag curve of lit or off-exchange continuous trading, at published times; kept."""
    if is_off not in side.curves:
        chosen = is_continuous(side) & (side.prints["off_exchange"] == is_off)
        ts, price = side.prints["source_ts"][chosen], side.prints["price"][chosen]
        side.curves[is_off] = curve(side.standing, side.group[chosen], ts, price)
    return side.curves[is_off]
