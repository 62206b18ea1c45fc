"""What stands beside a packet when it leaves: the stock's quote, moneyness, days, and its directions.

Owns the columns underlying_*, moneyness, days_to_expiry, trading_days, and the two directions of a parent,
made once so that no two rules on one packet can disagree. Refuses a direction without a side, and to touch
the directions of packages: those are claims of their own.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from dataflows.analytics.expiry import DAY_NS, Calendar
from dataflows.analytics.release import ROW_PRINT, ROW_SESSION, Longs, Release, Session
from dataflows.analytics.stock import Stock
from schemas.columns import Batch, Column, integers
from schemas.flow_fields import NO_RATIO
from schemas.kinds import DIRECTION, PACKET_KIND, RIGHT, SIDE, VOLATILITY_DIRECTION
from schemas.roots import AM_SETTLED

ROOT_LENGTH: Final = 6
STEP: Final = 10_000.0
PACKAGED: Final = (PACKET_KIND.index("package"), PACKET_KIND.index("leg"))
_CALL: Final = RIGHT.index("C")
_BUY: Final = SIDE.index("buy")


class Sessions:
    """The calendars of the sessions a release touches: that of its start, and each that begins in it."""

    def __init__(self, standing: Session | None, marks: Sequence[tuple[int, Session]]) -> None:
        known = [standing, *(session for _, session in marks)]
        self._calendars = [None if s is None else Calendar(s.open_ts, s.detail) for s in known]
        self._open_ts = np.array([0 if s is None else s.open_ts for s in known], np.int64)
        self._starts = np.array([at for at, _ in marks], np.int64)

        self._dates = np.array([_date(s) for s in known], np.int64)
        self._newest = {} if known[-1] is None else known[-1].detail

    @property
    def newest(self) -> Mapping[str, Any]:
        """What the record of the newest session says; every session of one log says it of the same tape."""
        return self._newest

    def dates_of_prints(self, release: Release) -> Longs:
        """Return the date (YYYYMMDD) of the session of each print, by row; 0 before the first session."""
        is_print = release.row_kind == ROW_PRINT
        dates = np.zeros(len(release.prints), np.int64)
        which = np.searchsorted(self._starts, release.effective_ts[is_print], side="right")
        dates[release.row[is_print]] = self._dates[which]
        return dates

    def open_ts(self, emit_ts: Longs) -> Longs:
        """Return when the session of each packet opens; 0 before the first one."""
        return np.asarray(self._open_ts[np.searchsorted(self._starts, emit_ts, side="left")])

    def days(self, emit_ts: Longs, expiry: Longs, is_morning: Any) -> dict[str, Column]:
        """Return days_to_expiry and trading_days; what leaves at the start of a session is of the old one."""
        which = np.searchsorted(self._starts, emit_ts, side="left")
        columns = {name: np.full(len(expiry), -1, np.int32) for name in ("days_to_expiry", "trading_days")}
        for number, calendar in enumerate(self._calendars):
            mine = which == number
            if calendar is not None and mine.any():
                found = calendar.days(expiry[mine], is_morning[mine])
                for name, values in zip(columns, found, strict=True):
                    columns[name][mine] = values
        return columns


def _date(session: Session | None) -> int:
    if session is None:
        return 0
    day = str(np.datetime64(session.open_ts // DAY_NS, "D"))
    return int(day.replace("-", ""))


def sessions_of(standing: Session | None, release: Release) -> Sessions:
    """Return the sessions that a release touches, in the order of event time."""
    marks = release.effective_ts[release.row_kind == ROW_SESSION].tolist()
    return Sessions(standing, list(zip(marks, release.sessions, strict=True)))


def context_columns(packets: Batch, stock: Stock, sessions: Sessions) -> dict[str, Column]:
    """Return the columns of the stock and of the days for packets of this release."""
    quote = stock.quote_before(packets["underlying"].to_pylist(), packets["emit_ts"])
    roots = pc.utf8_rtrim_whitespace(pc.utf8_slice_codeunits(packets["contract"], 0, ROOT_LENGTH))
    encoded = roots.dictionary_encode()
    morning = np.array([root in AM_SETTLED for root in encoded.dictionary.to_pylist()], np.bool_)
    is_morning = morning[integers(encoded.indices)]
    days = sessions.days(packets["emit_ts"], packets["expiry"].astype(np.int64), is_morning)
    return {
        "underlying_ts": quote.ts,
        "underlying_bid": quote.bid,
        "underlying_ask": quote.ask,
        "moneyness": _moneyness(packets["strike"], quote.bid, quote.ask),
        **days,
    }


def _moneyness(strike: Longs, bid: Longs, ask: Longs) -> npt.NDArray[np.float64]:
    """Return strike over the middle less one, in steps of 1e-4; absent without a two-sided stock quote."""
    has = (bid > 0) & (ask >= bid)
    middle = (bid + ask) / 2.0
    ratio = np.divide(strike, middle, out=np.full(len(strike), 1.0 + NO_RATIO), where=has) - 1.0
    return np.where(has, np.floor(ratio * STEP + 0.5) / STEP, float(NO_RATIO))


def direction_columns(packets: Batch) -> dict[str, Column]:
    """Return both directions: of a parent by right and side, of a package as it claims them.

    Calls bought and puts sold lean up, calls sold and puts bought down; options bought are long volatility.
    Where no chance of the aggressor is given, as in auctions, the side has no direction.
    """
    side = np.where(packets["p_aggressor_buy"] >= 0, packets["side"], 0)
    bullish, bearish = DIRECTION.index("bullish"), DIRECTION.index("bearish")
    long, short = VOLATILITY_DIRECTION.index("long"), VOLATILITY_DIRECTION.index("short")
    is_up = (packets["right"] == _CALL) == (side == _BUY)
    delta = np.where(side == 0, 0, np.where(is_up, bullish, bearish))
    volatility = np.where(side == 0, 0, np.where(side == _BUY, long, short))
    is_package = np.isin(packets["kind"], PACKAGED)
    return {
        "direction": np.where(is_package, packets["direction"], delta).astype(np.int32),
        "volatility_direction": np.where(is_package, packets["volatility_direction"], volatility).astype(
            np.int32
        ),
    }


def with_columns(packets: Batch, *more: Mapping[str, Column]) -> Batch:
    """Return packets with some columns replaced."""
    columns = dict(packets.columns)
    for found in more:
        assert set(found) <= set(columns), sorted(set(found) - set(columns))
        columns |= found
    return Batch(packets.topic, columns)
