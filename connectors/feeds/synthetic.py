"""The seeded synthetic market as a feed: the same seed gives the same records, on any machine, from anywhere.

Owns the profiles' names, the sequence of sessions and the cut into chunks. The chunks of a profile are always
the same, and each can be made from its own block of five minutes and the one before it. Refuses to pass for
a market: `is_synthetic` is true, and no record carries the truth behind it; that comes beside the chunks
(`labelled_chunks`), for the scorer alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from connectors.errors import UserError
from connectors.feed import Chunk
from connectors.feeds.synthetic_session import INPUTS, PREOPEN_S, Labels, Session, session_seconds
from connectors.feeds.synthetic_world import Made, Settings, build_world, most_active, universe
from synthetic.params import PROFILES, Region
from synthetic.sessions import DAYS_MAX

VERSION: Final = 3
HEARTBEAT_NS: Final = 200_000_000
MAX_SEED: Final = (1 << 63) - 1
MAX_MINUTES: Final = 1_000_000
THROTTLE_MAX_MS: Final = 60_000
REGIONS: Final = ("middle", "tuning", "scoring")
SLICES: Final = {"stress": 5}  # chunks to a second, where one would be too large


@dataclass(frozen=True, slots=True)
class Labelled:
    """A chunk and the truth of its rows, in their order: `labels` by topic, and what blocks wanted."""

    chunk: Chunk
    labels: Labels


class SyntheticFeed:
    """The synthetic market as a feed: `minutes` of trading (none means on and on, session after session).

    `symbols` (names, or one number N for the N most active) keeps the records of some underlyings; they are
    the same with and without it. `throttle_ms` keeps one print of a series or stock in each interval, with
    its quote. `region` says where the nuisance parameters of the world are drawn from. With `start_minute`
    the records of the first session leave out so many minutes after its open: what is said before the open,
    then the tape from that minute on.

    Raises UserError for a profile, seed, length, symbol, interval, region or minute that does not exist.
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
        *,
        throttle_ms: int = 0,
        region: Region = "middle",
        start_minute: int = 0,
    ) -> None:
        _check(profile, seed, minutes)
        _check_more(throttle_ms, region, start_minute)
        self.symbols = _chosen(symbols)
        self._settings = Settings(profile, seed, region, self.symbols, throttle_ms)
        self._minutes, self._start_minute = minutes, start_minute

    @property
    def identity(self) -> Mapping[str, object]:
        """What the records depend on."""
        said = self._settings
        chosen = {} if self.symbols == universe().symbols else {"symbols": list(self.symbols)}
        thinned = {"throttle_ms": said.throttle_ms} if said.throttle_ms else {}
        drawn = {"region": said.region} if said.region != "middle" else {}
        begun = {"start_minute": self._start_minute} if self._start_minute else {}
        return {
            "feed": self.name,
            "profile": said.profile,
            "seed": said.seed,
            "minutes": self._minutes,
            "version": VERSION,
            **chosen,
            **thinned,
            **drawn,
            **begun,
        }

    @property
    def capabilities(self) -> Mapping[str, object]:
        """What the records may be used for; a tape that lacks its first minutes lacks their volume."""
        is_whole = not self._settings.throttle_ms and not self._start_minute
        return {
            "conditions": True,
            "cancels": True,
            "sequence": not self._settings.throttle_ms,
            "participant_times": True,
            "venue_quotes": False,
            "quote_scope": "nbbo",
            "true_side": "none",
            "is_sampled": self._settings.throttle_ms / 1000 if self._settings.throttle_ms else False,
            "bars": False,
            "price_rounded": False,
            "block_times": False,
            "complete_volume": is_whole,
            "trade_ids": True,
            "clock_ns": 1,
            "option_bars": False,
            "option_volume_complete": is_whole,
            "option_conditions": True,
        }

    def chunks(self, start: int = 0) -> Iterator[Chunk]:
        """Yield the chunks from number `start` on: seconds, or fifths of them under stress."""
        return (found.chunk for found in self.labelled_chunks(start))

    def labelled_chunks(self, start: int = 0) -> Iterator[Labelled]:
        """Yield the chunks with the truth of their rows; for the scorer, never for a flow."""
        skipped, slices = start, SLICES.get(self._settings.profile, 1)
        for day, seconds in self._days():
            count = seconds * slices
            if skipped < count:
                left_out_s = 60 * self._start_minute if day == 0 else 0
                session = Session(self._world, self._settings, day, self.capabilities, left_out_s)
                for chunk, labels in session.chunks(skipped, count, slices):
                    yield Labelled(chunk, labels)
            skipped = max(skipped - count, 0)

    @cached_property
    def _world(self) -> Made:
        return build_world(self._settings)

    def _days(self) -> Iterator[tuple[int, int]]:
        """Yield each day with its seconds, those before the open and after the close included."""
        left = self._minutes
        for day in range(DAYS_MAX):
            minutes, whole_s = session_seconds(day)
            if day == 0:
                minutes, whole_s = minutes - self._start_minute, whole_s - 60 * self._start_minute
            if left is not None and left < minutes:
                yield day, PREOPEN_S + 60 * left
                return
            yield day, whole_s
            left = None if left is None else left - minutes
            if left == 0:
                return


def _chosen(symbols: Sequence[str] | None) -> tuple[str, ...]:
    """Return the wanted underlyings in the order of the universe."""
    known = universe()
    if not symbols:
        return known.symbols
    if len(symbols) == 1 and symbols[0].isdigit():
        return most_active(_count(symbols[0], len(known.symbols)))
    unknown = [s for s in symbols if s not in known.symbols]
    if unknown:
        raise UserError(
            f"the synthetic market has no {', '.join(unknown[:5])}; it has {len(known.symbols)} names, "
            f"{', '.join(most_active(12))} and others"
        )
    return tuple(s for s in known.symbols if s in set(symbols))


def _count(text: str, most: int) -> int:
    if len(text) > len(str(most)) or not 1 <= int(text) <= most:
        raise UserError(f"{text[:20]} symbols of the synthetic market are not in 1..{most}")
    return int(text)


def _check(profile: str, seed: int, minutes: int | None) -> None:
    if profile not in PROFILES:
        raise UserError(f"synthetic profile {profile!r} is unknown; allowed are {', '.join(PROFILES)}")
    if not 0 <= seed <= MAX_SEED:
        raise UserError(f"seed {seed} of the synthetic market is not in 0..{MAX_SEED}")
    if minutes is not None and not 1 <= minutes <= MAX_MINUTES:
        raise UserError(f"{minutes} minutes of the synthetic market are not in 1..{MAX_MINUTES}")


def _check_more(throttle_ms: int, region: str, start_minute: int) -> None:
    if not 0 <= throttle_ms <= THROTTLE_MAX_MS:
        raise UserError(f"a throttle of {throttle_ms} ms is not in 0..{THROTTLE_MAX_MS}")
    if region not in REGIONS:
        raise UserError(
            f"region {region!r} of the synthetic market is unknown; allowed are {', '.join(REGIONS)}"
        )
    last = session_seconds(0)[0] - 1
    if not 0 <= start_minute <= last:
        raise UserError(f"minute {start_minute} of the synthetic market's first session is not in 0..{last}")
