"""Recorded days as samples, so that what is asked of the synthetic market is asked of real ones beside it.

Owns which recordings are read. They hold stocks only and carry no truth. Refuses nothing: a folder
without them gives no sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from connectors.feeds.lean import LeanFeed
from schemas.columns import Batch, concat, empty
from schemas.topics import TOPIC
from scoring.facts_sample import Sample, equity_side, option_side

DAYS: Final = ("2013-10-07", "2013-10-08")
SYMBOLS: Final = ("IBM", "AIG")


def recorded_samples(folder: Path) -> Iterator[Sample]:
    """Yield a sample for each stock and day of the LEAN data folder that is there."""
    for symbol in SYMBOLS:
        for day in DAYS:
            name = f"equity/usa/tick/{symbol.lower()}/{day.replace('-', '')}"
            if (folder / f"{name}_trade.zip").is_file() and (folder / f"{name}_quote.zip").is_file():
                yield recorded_sample(folder, symbol, day)


def recorded_sample(folder: Path, symbol: str, day: str) -> Sample:
    """Return one recorded session of a stock."""
    chunks = list(LeanFeed(folder, [symbol], [day], "equity").chunks())
    session = chunks[0].session
    assert session is not None
    prints, quotes = (concat([c.batches[t] for c in chunks]) for t in ("equities.prints", "equities.quotes"))
    hours = (session.open_ts, session.close_ts)
    side = equity_side(prints, quotes, None, hours)
    nothing = option_side(_none("options.prints"), _none("options.nbbo"), None, hours)
    return Sample(nothing, side, (hours,), hours, {"name": f"{symbol} {day}", "recorded": True})


def _none(topic: str) -> Batch:
    return empty(TOPIC[topic])
