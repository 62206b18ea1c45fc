"""The equities core of a shard: prints and quotes in, joins, candles and dark events out.

Owns the state of one shard's equities and the order of its output rows. Refuses any clock but the event
time of its releases: however a log is cut into releases, the concatenated output is the same.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

import numpy as np

from dataflows.analytics import candles, equities_dark, equities_joins
from dataflows.analytics.candles import Limits, Trades
from dataflows.analytics.equities_candles import Candles
from dataflows.analytics.equities_dark import NEVER, Queue, Rules
from dataflows.analytics.equities_events import events_batch
from dataflows.analytics.equities_joins import Inputs, Market, Outputs, Prints, Quotes, Steps
from dataflows.analytics.equities_state import Names, grown, pack, plain, unpack
from dataflows.analytics.equities_view import View, join_batch, view_prints
from dataflows.analytics.history import RING, History
from dataflows.analytics.release import Longs, Release, Session
from schemas.columns import Batch

SNAPSHOT_VERSION: Final = 1
SECOND: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Settings:
    """Thresholds and limits of the equities core. Sizes in whole shares and dollars, times in seconds."""

    block_shares: int = 10_000
    block_usd: int = 200_000
    dark_wait_s: int = 30
    dark_waiting_max: int = 4096
    restatement_horizon_s: int = 1800
    held_bars_max: int = 200_000

    def __post_init__(self) -> None:
        for name, value in asdict(self).items():
            assert isinstance(value, int) and value > 0, f"{name} is {value}; it must be a number above 0"

    @property
    def rules(self) -> Rules:
        return Rules(self.block_shares * 10**6, self.block_usd * 10**4, self.dark_wait_s * SECOND)

    @property
    def limits(self) -> Limits:
        return Limits(self.restatement_horizon_s * SECOND, self.held_bars_max)


class EquitiesCore:
    """State of one shard's equities. `config` overrides fields of `Settings`; others are a KeyError."""

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        unknown = set(config or {}) - {f.name for f in fields(Settings)}
        if unknown:
            raise KeyError(f"unknown equities settings: {', '.join(sorted(unknown))}")
        self.settings = Settings(**(config or {}))
        self.names = Names()
        self.market = equities_joins.new_market()
        blocks = np.zeros((self.settings.dark_waiting_max, equities_dark.BLOCK_FIELDS), np.int64)
        self.queue = Queue(blocks, np.zeros(equities_dark.COUNTERS, np.int64))
        self.candles = Candles(self.settings.limits)

    def apply(self, release: Release) -> dict[str, Batch]:
        """Apply one release; return the rows it lets out, `seq` left 0, emit_ts never decreasing."""
        view = view_prints(release, self.names)
        quotes = _quotes(release, self.names)
        self._grow(len(self.names))
        inputs = Inputs(_steps(release), _prints(view), quotes, release.watermark)
        waiting = self.queue.counters[equities_dark.TAIL] - self.queue.counters[equities_dark.HEAD]
        room = int(waiting + np.count_nonzero(view.is_candidate))
        out = Outputs(
            np.empty((len(view.uid), equities_joins.JOIN_FIELDS), np.int64),
            np.empty((room, equities_dark.EVENT_FIELDS), np.int64),
        )
        rules = self.settings.rules
        events = equities_joins.walk(inputs, (self.market, self.queue), rules, out)
        return {
            "equities.joins": join_batch(view, out.joins),
            "dark.events": events_batch(out.events[:events], self.names, rules),
            "equities.candles": self.candles.apply(_trades(view, out.joins), self.names, release.watermark),
        }

    @property
    def counters(self) -> dict[str, int]:
        """What limits and rules left out since the log began."""
        c = self.queue.counters
        return {
            "quotes_stale": int(self.market.scalars[equities_joins.STALE_QUOTES]),
            "dark_refused": int(c[equities_dark.REFUSED]),
            "dark_moved": int(c[equities_dark.MOVED]),
            "dark_abandoned": int(c[equities_dark.ABANDONED]),
            **self.candles.counters,
        }

    def _grow(self, size: int) -> None:
        market, history = self.market, self.market.history
        self.market = Market(
            grown(market.standing, size, NEVER),
            History(grown(history.entries, size, 0), grown(history.seen, size, 0)),
            grown(market.shares, size, 0),
            market.scalars,
        )

    def snapshot(self) -> dict[str, Any]:
        """Return plain data from which `restore` continues with the same output."""
        size, market = len(self.names), self.market
        return {
            "version": SNAPSHOT_VERSION,
            "settings": tuple(asdict(self.settings).items()),
            "names": tuple(self.names.names),
            "standing": pack(market.standing[:size]),
            "shares": pack(market.shares[:size]),
            "scalars": pack(market.scalars),
            "history_count": pack(market.history.seen[:size]),
            "history": pack(_live_history(market.history, size)),
            "dark_blocks": pack(_live_blocks(self.queue)),
            "dark_counters": pack(self.queue.counters),
            "candles": self.candles.snapshot(size),
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> "EquitiesCore":
        """Return a core that continues from a snapshot; another version is a ValueError."""
        if snapshot["version"] != SNAPSHOT_VERSION:
            raise ValueError(f"equities snapshot of version {snapshot['version']}, not {SNAPSHOT_VERSION}")
        self = cls(dict(snapshot["settings"]))
        self.names = Names(snapshot["names"])
        self._grow(len(self.names))
        size, market = len(self.names), self.market
        market.standing[:size] = unpack(snapshot["standing"])
        market.shares[:size] = unpack(snapshot["shares"])
        market.scalars[:] = unpack(snapshot["scalars"])
        market.history.seen[:size] = unpack(snapshot["history_count"])
        market.history.entries[_live_slots(market.history, size)] = unpack(snapshot["history"])
        self.queue.counters[:] = unpack(snapshot["dark_counters"])
        blocks = unpack(snapshot["dark_blocks"])
        first = int(self.queue.counters[equities_dark.HEAD])
        self.queue.blocks[(first + np.arange(len(blocks))) % len(self.queue.blocks)] = blocks
        self.candles = Candles.restore(self.settings.limits, snapshot["candles"])
        return self


def _live_slots(history: History, size: int) -> Any:
    """Return the (underlyings, RING) mask of the entries in use: a snapshot stores no empty ones."""
    mask = np.zeros((len(history.seen), RING), np.bool_)
    mask[:size] = np.arange(RING) < history.seen[:size, None]
    return mask


def _live_history(history: History, size: int) -> Longs:
    live: Longs = history.entries[_live_slots(history, size)]
    return live


def _live_blocks(queue: Queue) -> Longs:
    numbers = np.arange(queue.counters[equities_dark.HEAD], queue.counters[equities_dark.TAIL])
    live: Longs = queue.blocks[numbers % len(queue.blocks)]
    return live


def _is_rounded(session: Session) -> bool:
    return bool(session.detail.get("capabilities", {}).get("price_rounded", False))


def _steps(release: Release) -> Steps:
    return Steps(
        plain(release.row_kind),
        plain(release.row),
        plain(release.effective_ts),
        np.array([s.trf_window_ns for s in release.sessions], np.int64),
        np.array([_is_rounded(s) for s in release.sessions], np.bool_),
    )


def _quotes(release: Release, names: Names) -> Quotes:
    q = release.quotes
    numbers = ("source_ts", "bid", "ask", "bid_size", "ask_size")
    return Quotes(plain(q["seq"]), names.ids(q["underlying"]), *(plain(q[n]) for n in numbers))


def _prints(view: View) -> Prints:
    p = view.rows
    return Prints(
        seq=plain(p["seq"]),
        uid=view.uid,
        source_ts=plain(p["source_ts"]),
        event_ts=plain(p["event_ts"]),
        has_event_ts=plain(p["has_event_ts"]),
        price=plain(p["price"]),
        size=plain(p["size"]),
        off_exchange=plain(p["off_exchange"]),
        is_counted=view.eligible.volume & ~view.is_late,
        is_candidate=view.is_candidate,
        is_doubtful=plain(p["is_time_doubtful"]),
        carried_bid=plain(p["carried_bid"]),
        carried_ask=plain(p["carried_ask"]),
        carried_bid_size=plain(p["carried_bid_size"]),
        carried_ask_size=plain(p["carried_ask_size"]),
    )


def _trades(view: View, joins: Longs) -> Trades:
    p, eligible = view.rows, view.eligible
    flags = (
        eligible.volume * candles.HAS_VOLUME
        | eligible.high_low * candles.HAS_HIGH_LOW
        | eligible.last * candles.HAS_LAST
        | p["off_exchange"] * candles.IS_OFF
    ).astype(np.int8)
    return Trades(
        view.uid,
        plain(p["source_ts"]),
        plain(view.effective_ts),
        plain(p["price"]),
        plain(p["size"]),
        plain(joins[:, equities_joins.MONEY]),
        flags,
        plain(view.is_late),
    )
