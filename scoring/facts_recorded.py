"""Recorded days as samples, so that what is asked of the synthetic market is asked of real ones beside it.

Owns which recordings are read: two stocks from LEAN, and a masked one from TAQ against the quotes of its
listing exchange, the only dense ones there. They carry no truth. Refuses nothing: a folder without them
gives no sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from connectors.feed import Chunk, SessionStart
from connectors.feeds import taq
from connectors.feeds.lean import LeanFeed
from connectors.table_feed import InputFile, Wanted
from schemas.columns import Batch, concat, empty
from schemas.topics import TOPIC
from scoring.facts_sample import Sample, equity_side, option_side

DAYS: Final = ("2013-10-07", "2013-10-08")
SYMBOLS: Final = ("IBM", "AIG")
TAQ_FILES: Final = ("sampleTDataRaw.parquet", "sampleQDataRaw.parquet")
RECORDINGS: Final = ("lean", "taq")  # folders
TAQ, TAQ_LISTING = "TAQ (listing venue)", "N"
TOPICS: Final = ("equities.prints", "equities.quotes")


def recorded_samples(folder: Path) -> Iterator[Sample]:
    """Yield a sample for each session found in the folders `lean` and `taq` below one."""
    for symbol in SYMBOLS:
        for day in DAYS:
            name = f"lean/equity/usa/tick/{symbol.lower()}/{day.replace('-', '')}"
            if all((folder / f"{name}_{kind}.zip").is_file() for kind in ("trade", "quote")):
                chunks = list(LeanFeed(folder / "lean", [symbol], [day], "equity").chunks())
                yield from _sessions(chunks, symbol)
    if all((folder / "taq" / name).is_file() for name in TAQ_FILES):
        files = [InputFile(folder / "taq" / name, name) for name in TAQ_FILES]
        feed = taq.open_feed(files, Wanted(options={taq.NBBO_VENUES: TAQ_LISTING}))
        yield from _sessions(list(feed.chunks()), TAQ)


def _sessions(chunks: list[Chunk], name: str) -> Iterator[Sample]:
    """Yield a sample for each session of some chunks."""
    starts = [k for k, chunk in enumerate(chunks) if chunk.session is not None]
    for first, last in zip(starts, [*starts[1:], len(chunks)], strict=True):
        session = chunks[first].session
        assert session is not None
        yield _sample(chunks[first:last], session, f"{name} {session.name}")


def _sample(chunks: list[Chunk], session: SessionStart, name: str) -> Sample:
    hours = (session.open_ts, session.close_ts)
    prints, quotes = (concat([c.batches[t] for c in chunks if t in c.batches]) for t in TOPICS)
    side = equity_side((prints, quotes), None, hours)
    nothing = option_side((_none("options.prints"), _none("options.nbbo")), None, hours)
    is_taq = name.startswith(TAQ)
    detail = {"name": name, "recorded": True, "has_nbbo": not is_taq, "is_rounded": not is_taq}
    return Sample(nothing, side, (hours,), hours, detail)


def _none(topic: str) -> Batch:
    return empty(TOPIC[topic])
