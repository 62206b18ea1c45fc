"""What trades in the synthetic market, as columns: one row per symbol, in the order that P_SYMBOL counts.

Owns everything that is fixed about a symbol: price and volatility at the start of the world, spread, lots,
activity, dividends, listing and which option series it has. Plausible, not current. Refuses time: splits
and paths are `sessions` and `paths`.
"""

from dataclasses import dataclass, fields
from functools import cache
from math import sqrt
from typing import Final

import numpy as np
import numpy.typing as npt

from synthetic.tables import exp, log
from synthetic.universe_table import FUNDS, STOCKS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

TRADING_DAYS: Final = 252
OPTION_HEAVY: Final = {
    "SPY": 0.220, "QQQ": 0.100, "IWM": 0.030, "NVDA": 0.075, "TSLA": 0.075, "AAPL": 0.040, "AMD": 0.020,
    "AMZN": 0.025, "META": 0.020, "MSFT": 0.017, "GOOGL": 0.014, "PLTR": 0.012, "NFLX": 0.008, "TLT": 0.008,
    "SMCI": 0.010, "INTC": 0.010, "BAC": 0.005, "COST": 0.004, "AVGO": 0.010, "IBIT": 0.006, "GLD": 0.006,
}  # fmt: skip
DAILY_EXPIRIES: Final = ("SPY", "QQQ", "IWM")
WEEKLY_WEIGHT_MIN: Final = 0.0006
NO_OPTIONS: Final = ("BRK.A",)


@dataclass(frozen=True)
class Universe:
    """Columns by symbol. Weights sum to 1; `half_spread` is USD; `beta` is against the common factor."""

    symbols: tuple[str, ...]
    price: Floats
    daily_vol: Floats  # of log returns, whole day and night
    beta: Floats
    half_spread: Floats
    spread_class: Ints  # 0 one tick wide, 1 tight, 2 middle, 3 wide
    round_lot: Ints  # shares, by price as the rule of November 2025 has it
    daily_shares: Floats
    equity_weight: Floats  # share of equity trades
    option_weight: Floats  # share of option trades, 0 where there are none
    dividend_yield: Floats
    listing: Ints  # ord of the listing venue's letter
    is_tape_c: Flags
    is_fund: Flags
    has_options: Flags
    has_weeklies: Flags
    has_daily_expiries: Flags

    def __len__(self) -> int:
        return len(self.symbols)

    def index_of(self, symbol: str) -> int:
        """Return the row of a symbol; ValueError where it does not trade here."""
        return self.symbols.index(symbol)

    def only(self, symbols: tuple[str, ...]) -> "Universe":
        """Return the part with these symbols, in this order; weights are shares of the part."""
        rows = np.array([self.index_of(s) for s in symbols], np.int64)
        columns = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name != "symbols"}
        for name in ("equity_weight", "option_weight"):
            columns[name] = _shares(columns[name].tolist())
        return Universe(symbols=symbols, **columns)


def _shares(values: list[float]) -> Floats:
    total = 0.0
    for value in values:
        total += value
    return np.array([value / total if total else 0.0 for value in values])


def _power(x: float, exponent: float) -> float:
    return float(exp(exponent * log(x))) if x > 0 else 0.0


def round_lot(price: float) -> int:
    """Return the round lot in shares of a price in USD (Regulation NMS, in force since 3 November 2025)."""
    return 100 if price <= 250 else 40 if price <= 1000 else 10 if price <= 10_000 else 1


def _half_spread(price: float, shares: float, is_fund: bool) -> float:
    """Return half the usual spread in USD: narrower with the dollars that trade, never below 0.3 cents."""
    basis_points = 0.25 + 30.0 / sqrt(price * shares / 1e6) + (3.0 if price > 2000 else 0.0)
    scale = 0.4 if is_fund else 1.0
    return max(0.003, 0.5 * scale * basis_points * 1e-4 * price)


def _spread_class(half_spread: float) -> int:
    cents = 200.0 * half_spread
    return 0 if cents < 1.5 else 1 if cents < 4 else 2 if cents < 15 else 3


@cache
def everything() -> Universe:
    """Return the whole universe."""
    entries = [(e.split(","), True) for e in FUNDS.split()] + [(e.split(","), False) for e in STOCKS.split()]
    symbols = tuple(parts[0] for parts, _ in entries)
    is_fund = [fund for _, fund in entries]
    price, volatility, shares, dividend = (
        [float(parts[column]) * scale for parts, _ in entries]
        for column, scale in ((1, 1.0), (2, 0.01), (3, 1e6), (5, 0.001))
    )
    spread = [_half_spread(p, s, f) for p, s, f in zip(price, shares, is_fund, strict=True)]
    option = _option_weights(symbols, price, shares, volatility)
    return Universe(
        symbols=symbols,
        price=np.array(price),
        daily_vol=np.array([v / sqrt(TRADING_DAYS) for v in volatility]),
        beta=np.array([_beta(s, v, f) for s, v, f in zip(symbols, volatility, is_fund, strict=True)]),
        half_spread=np.array(spread),
        spread_class=np.array([_spread_class(s) for s in spread], np.int64),
        round_lot=np.array([round_lot(p) for p in price], np.int64),
        daily_shares=np.array(shares),
        equity_weight=_shares([_power(s, 0.8) * _power(p, 0.4) for s, p in zip(shares, price, strict=True)]),
        option_weight=option,
        dividend_yield=np.array(dividend),
        listing=np.array([ord(parts[4]) for parts, _ in entries], np.int64),
        is_tape_c=np.array([parts[4] == "Q" for parts, _ in entries]),
        is_fund=np.array(is_fund),
        has_options=option > 0,
        has_weeklies=option >= WEEKLY_WEIGHT_MIN,
        has_daily_expiries=np.array([s in DAILY_EXPIRIES for s in symbols]),
    )


def _beta(symbol: str, volatility: float, is_fund: bool) -> float:
    if symbol in ("TLT", "LQD", "HYG", "GLD", "SLV", "SQQQ", "VXX", "USO"):
        return {"SQQQ": -3.2, "VXX": -3.5, "USO": 0.2, "HYG": 0.3}.get(symbol, 0.0)
    market = 0.14
    return (0.95 if is_fund else 0.55) * volatility / market


def _option_weights(
    symbols: tuple[str, ...], price: list[float], shares: list[float], volatility: list[float]
) -> Floats:
    """Return shares of option trades: the known heavy ones as stated, the rest by dollars and volatility."""
    rest = [
        0.0 if s in OPTION_HEAVY or s in NO_OPTIONS else _power(p * n, 0.75) * v
        for s, p, n, v in zip(symbols, price, shares, volatility, strict=True)
    ]
    left = 1.0
    for weight in OPTION_HEAVY.values():
        left -= weight
    spread = _shares(rest).tolist()
    return np.array([OPTION_HEAVY.get(s, left * w) for s, w in zip(symbols, spread, strict=True)])
