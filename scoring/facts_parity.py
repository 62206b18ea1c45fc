"""Whether calls, puts and the stock agree: put-call parity within the spreads.

Owns the bounds for American options (Merton 1973, with dividends): S - D - K <= C - P <= S - K d. The
interest and dividends allowed for are wide, so that a violation is one under any plausible carry.
Refuses pairs of which a quote is missing or was not renewed for some seconds: it speaks of another time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import numpy as np
import pyarrow as pa

from scoring.facts_sample import Sample, Side
from scoring.join_lag import Floats, Mask

RATE_MAX: Final = 0.06
DIVIDEND_YIELD_MAX: Final = 0.05
DIVIDEND_MAX: Final = 0.015  # one payment, however near
FRESH_NS: Final = 10_000_000_000
SECONDS_PER_YEAR: Final = 365.25 * 86_400


def parity_violations(sample: Sample) -> float:
    """Return the share of call and put pairs whose quotes at the ends of the windows break the bounds."""
    broken = seen = 0
    names = [_names(c, side) for c, side in (("contract", sample.options), ("underlying", sample.equities))]
    for window, (_, end) in enumerate(sample.windows):
        pairs = _pairs(sample, names, (window, end))
        if pairs is not None:
            bad = _breaks(*pairs)
            broken, seen = broken + int(bad.sum()), seen + len(bad)
    return broken / seen if seen else float("nan")


def _pairs(
    sample: Sample, names: list[list[str]], at: tuple[int, int]
) -> tuple[Floats, Floats, Floats, Floats, Floats] | None:
    """Return low and high of call - put, low and high of the stock, strike and years, at (window, time)."""
    (series, stocks), (window, ts) = names, at
    options, equities = sample.options, sample.equities
    group = np.arange(len(series)) + window * options.instruments
    rows = options.standing.before(group, np.full(len(series), ts))
    q = options.standing.quotes
    live = (rows >= 0) & (q.bid[rows] > 0) & (q.ask[rows] > 0) & (ts - q.ts[rows] <= FRESH_NS)
    by_name = {series[k]: int(rows[k]) for k in np.flatnonzero(live).tolist()}
    calls = [n for n in by_name if n[12] == "C" and n[:12] + "P" + n[13:] in by_name]
    if not calls:
        return None
    call = np.array([by_name[n] for n in calls])
    put = np.array([by_name[n[:12] + "P" + n[13:]] for n in calls])
    number = {name: k for k, name in enumerate(stocks)}
    stock_of = np.array([number.get(n[:6].strip(), -1) for n in calls])
    group = np.where(stock_of < 0, -1, stock_of + window * equities.instruments)
    stock = equities.standing.before(group, np.full(len(calls), ts))
    s = equities.standing.quotes
    years = np.array([_years(n, ts) for n in calls])
    strike = np.array([int(n[13:]) / 1000 for n in calls])
    good = (stock >= 0) & (s.bid[stock] > 0) & (s.ask[stock] > 0)
    low, high = (q.bid[call] - q.ask[put]) / 1e9, (q.ask[call] - q.bid[put]) / 1e9
    columns = (low, high, s.bid[stock] / 1e9, s.ask[stock] / 1e9, np.stack([strike, years]))
    picked = tuple(c[..., good] for c in columns)
    return picked[0], picked[1], picked[2], picked[3], picked[4]


def _breaks(low: Floats, high: Floats, bid: Floats, ask: Floats, terms: Floats) -> Mask:
    strike, years = terms
    dividends = ask * (DIVIDEND_MAX + DIVIDEND_YIELD_MAX * years)
    found: Mask = (low > ask - strike / (1 + RATE_MAX * years)) | (high < bid - dividends - strike)
    return found


def _names(column: str, side: Side) -> list[str]:
    """Return the name of each instrument by its number; blanks where no quote has it."""
    number, texts = side.quote_group % side.instruments, side.quotes[column]
    found = [" " * 21] * side.instruments
    known, first = np.unique(number, return_index=True)
    for k, text in zip(known.tolist(), texts.take(pa.array(first)).to_pylist(), strict=True):
        found[k] = text
    return found


def _years(contract: str, ts: int) -> float:
    expiry = datetime.strptime(contract[6:12] + "21", "%y%m%d%H").replace(tzinfo=UTC).timestamp()
    return max(0.0, expiry - ts / 1e9) / SECONDS_PER_YEAR
