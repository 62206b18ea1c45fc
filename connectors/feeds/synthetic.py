"""The seeded synthetic market: the same seed gives the same records, on any machine and from any start.

Owns the profiles, the sequence of trading days and the cut into chunks. The chunks of a profile are
always the same and each can be made without the ones before it, but for the quotes of a few seconds.
Refuses to pass for a market: `is_synthetic` is true, and no record carries the truth behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.errors import UserError
from connectors.feed import Chunk, SessionStart
from connectors.feeds.synthetic_calendar import PREOPEN_S, SECOND_NS, Day, days
from connectors.feeds.synthetic_day import Maker, Profile
from connectors.feeds.synthetic_world import NAMES, build
from schemas.columns import Batch, Column

VERSION: Final = 2
HEARTBEAT_NS: Final = 200_000_000
TRF_WINDOW_NS: Final = 10 * SECOND_NS
MAX_SEED: Final = (1 << 63) - 1
MAX_MINUTES: Final = 1_000_000
INPUTS: Final = ("options.prints", "options.nbbo", "equities.prints", "equities.quotes")


PROFILES: Final = {
    "quiet": Profile(100, 100, 1),
    "normal": Profile(1000, 1000, 1),
    "stress": Profile(3200, 9600, 5),
}


class SyntheticFeed:
    """The synthetic market as a feed: `minutes` of trading (none means on and on, day after day).

    `symbols` keeps the records of some underlyings only; they are the same with and without it.
    Raises UserError for a profile, seed, length or symbol that does not exist.
    """

    name = "synthetic"
    is_synthetic = True
    is_paced_live = False
    inputs = INPUTS
    heartbeat_ns = HEARTBEAT_NS

    def __init__(
        self,
        profile: str,
        seed: int,
        minutes: int | None = None,
        symbols: Sequence[str] | None = None,
    ) -> None:
        _check(profile, seed, minutes, symbols)
        self._profile = PROFILES[profile]
        self._profile_name = profile
        self._seed = seed
        self._minutes = minutes
        self.symbols = NAMES if not symbols else tuple(n for n in NAMES if n in symbols)

    @property
    def identity(self) -> Mapping[str, object]:
        """What the records depend on."""
        chosen = {} if self.symbols == NAMES else {"symbols": list(self.symbols)}
        return {
            "feed": self.name,
            "profile": self._profile_name,
            "seed": self._seed,
            "minutes": self._minutes,
            "version": VERSION,
            **chosen,
        }

    @property
    def capabilities(self) -> Mapping[str, object]:
        """What the records may be used for."""
        return {
            "participant_times": True,
            "price_rounded": False,
            "trade_ids": False,
            "clock_ns": 1,
            "option_bars": False,
            "option_volume_complete": True,
            "option_conditions": True,
        }

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        """Yield the chunks from number `start` on: seconds, or fifths of them under stress."""
        skipped = start
        for day, seconds in self._days():
            count = seconds * self._profile.slices
            if skipped < count:
                yield from self._day(day, seconds, skipped)
            skipped = max(skipped - count, 0)

    def _days(self) -> Iterator[tuple[Day, int]]:
        """Yield each day with its seconds, those before the open included."""
        left = self._minutes
        for day in days():
            minutes = day.minutes if left is None else min(day.minutes, left)
            yield day, PREOPEN_S + 60 * minutes
            left = None if left is None else left - minutes
            if left == 0:
                return

    def _day(self, day: Day, seconds: int, start: int) -> Iterator[Chunk]:
        maker = Maker(build(day, self._seed, self._profile.ordinary), self._profile)
        first, part = divmod(start, self._profile.slices)
        maker.warm(first)
        session = _session(day) if start == 0 else None
        for block in range(first, seconds):
            batches = self._chosen(maker.make(block))
            for number in range(part, self._profile.slices):
                yield self._chunk(batches, (day.start_ts + block * SECOND_NS, number), session)
                session = None
            part = 0

    def _chosen(self, batches: dict[str, Batch]) -> dict[str, Batch]:
        if self.symbols == NAMES:
            return batches
        wanted = pa.array(self.symbols, pa.string())
        kept = {t: _is_in(b["underlying"], wanted) for t, b in batches.items()}
        return {t: b.take(np.flatnonzero(kept[t]).astype(np.int64)) for t, b in batches.items()}

    def _chunk(
        self, batches: Mapping[str, Batch], place: tuple[int, int], session: SessionStart | None
    ) -> Chunk:
        second, number = place
        width = SECOND_NS // self._profile.slices
        begin, end = second + number * width, second + (number + 1) * width
        cut = {t: _between(b, begin, end) for t, b in batches.items()}
        return Chunk(session, cut, (), {t: len(b) for t, b in cut.items()}, end - 1)


def _between(batch: Batch, begin: int, end: int) -> Batch:
    first, last = np.searchsorted(batch["source_ts"], [begin, end])
    return batch.slice(int(first), int(last))


def _is_in(names: pa.StringArray, wanted: pa.StringArray) -> Column:
    return pc.is_in(names, value_set=wanted).to_numpy(zero_copy_only=False)


def _session(day: Day) -> SessionStart:
    return SessionStart(
        name=day.when.isoformat(),
        start_ts=day.start_ts,
        open_ts=day.open_ts,
        close_ts=day.close_ts,
        trf_window_ns=TRF_WINDOW_NS,
        detail={"expiries": [found.isoformat() for found, _ in day.expiries]},
    )


def _check(profile: str, seed: int, minutes: int | None, symbols: Sequence[str] | None) -> None:
    if profile not in PROFILES:
        raise UserError(f"synthetic profile {profile!r} is unknown; allowed are {', '.join(PROFILES)}")
    if not 0 <= seed <= MAX_SEED:
        raise UserError(f"seed {seed} of the synthetic market is not in 0..{MAX_SEED}")
    if minutes is not None and not 1 <= minutes <= MAX_MINUTES:
        raise UserError(f"{minutes} minutes of the synthetic market are not in 1..{MAX_MINUTES}")
    unknown = [s for s in symbols or () if s not in NAMES]
    if unknown:
        raise UserError(f"the synthetic market has no {', '.join(unknown)}; it has {', '.join(NAMES)}")
