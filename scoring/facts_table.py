"""The table of facts: what the synthetic market must look like, by which source, and how it is measured.

Owns the bands. Where sources disagree a band spans them; where only recordings speak, it spans those.
Refuses bands that the synthetic market set: each comes from a paper, an agency or a recording of a real
market; the few that have no such source say so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from scoring import facts_easy as easy
from scoring import facts_parity as parity
from scoring import facts_side as side
from scoring import facts_tape as tape
from scoring.facts_sample import Sample
from scoring.join_lag import (
    AT_ASK,
    AT_BID,
    INSIDE,
    LAGS_MS,
    MID,
    OUTSIDE,
    best_at_quote_ms,
    least_outside_ms,
)  # fmt: skip

B5: Final = "ISE 2005-2017 and CBOE 2011-2017, customers against market makers (KarelZe/thesis)"
FINRA: Final = "FINRA 2019-2023, H1 2025"
ROSENBLATT: Final = "Rosenblatt, Feb-Jun 2025"
NYSE_MIX: Final = "NYSE, Jan-Mar 2020, by trade type"
RECORDED: Final = "recorded: IBM and AIG, 7-8 Oct 2013"
TAQ: Final = "recorded: NYSE TAQ, 2-3 Jan 2018"
RECORDED_ALL: Final = RECORDED + "; NYSE TAQ, 2-3 Jan 2018"
PLAUSIBLE: Final = "plausible, no figure found"
EASY: Final = "below 0.95 of the target"
PACKAGE_TARGET = PARENT_TARGET = 0.90
OPENING_TARGET: Final = 0.85


@dataclass(frozen=True, slots=True)
class Fact:
    """One measure with its band (ends included), unit and source; `needs` what a sample must hold."""

    name: str
    low: float
    high: float
    unit: str
    source: str
    measure: Callable[[Sample], float]
    needs: str = "equities"


def _rule(name: str, rule: str, low: float, high: float) -> Fact:
    measure = partial(side.customer_accuracy, rule=rule)
    return Fact(f"customer side, {name}", low, high, "share", B5, measure, "truth")


def _emo_gap(sample: Sample) -> float:
    return side.customer_accuracy(sample, "quote") - side.customer_accuracy(sample, "emo")


def _easy(name: str, target: float, measure: Callable[[Sample], float]) -> Fact:
    return Fact(f"dumb baseline, {name}", 0.0, round(0.95 * target, 4), "share", EASY, measure, "truth")


SIDES: Final = (
    _rule("quote rule", "quote", 0.58, 0.66),
    _rule("Lee-Ready", "lee_ready", 0.58, 0.66),
    _rule("EMO", "emo", 0.50, 0.60),
    _rule("CLNV", "clnv", 0.53, 0.62),
    _rule("tick rule", "tick", 0.46, 0.54),
    _rule("reverse tick rule", "reverse_tick", 0.50, 0.58),
    _rule("trade size, quote, depth (GSU large, NBBO)", "size_best", 0.64, 0.77),
    Fact("customer side, quote less EMO", 0.01, 0.12, "share", B5, _emo_gap, "truth"),
    Fact(
        "quote rule, coverage", 0.88, 0.97, "share", B5,
        lambda s: side.coverage(s.options, "quote"), "truth",
    ),
    Fact(
        "stock aggressor, Lee-Ready", 0.75, 0.95, "share", PLAUSIBLE + ": 0.81-0.93 is often quoted",
        lambda s: side.aggressor_accuracy(s.equities, "lee_ready"), "truth",
    ),
)  # fmt: skip

EASE: Final = (
    _easy("customer side", side.TARGET_CUSTOMER, side.dumb_customer),
    _easy("parents", PARENT_TARGET, easy.dumb_parents),
    _easy("packages", PACKAGE_TARGET, easy.dumb_packages),
    _easy("opening", OPENING_TARGET, easy.dumb_opening),
)

OFF_EXCHANGE: Final = (
    Fact(
        "off exchange, of shares", 0.42, 0.52, "share", FINRA, lambda s: tape.off_share(s, "shares")
    ),
    Fact(
        "off exchange, of trades", 0.24, 0.33, "share", FINRA, lambda s: tape.off_share(s, "trades")
    ),
    Fact(
        "off-exchange shares at the quote", 0.36, 0.43, "share", ROSENBLATT,
        lambda s: tape.off_at(s, "quote"), "nbbo",
    ),
    Fact(
        "off-exchange shares at the middle", 0.165, 0.205, "share", ROSENBLATT,
        lambda s: tape.off_at(s, "mid"), "nbbo",
    ),
    Fact("shares in blocks of 10,000 and more", 0.04, 0.07, "share", ROSENBLATT, tape.block_share),
    Fact(
        "off-exchange trades below the cent", 0.40, 0.65, "share", TAQ,
        lambda s: tape.subpenny_share(s, True), "fractions",
    ),
)  # fmt: skip


def _lit(name: str, place: int, low: float, high: float) -> Fact:
    measure = partial(tape.lit_at, place=place)
    return Fact(f"lit trades, {name}", low, high, "share", RECORDED, measure, "nbbo")


LIT: Final = (
    Fact("lit trades with the sweep condition", 0.55, 0.68, "share", RECORDED_ALL, tape.iso_share),
    Fact(
        "of those, in a millisecond over several venues", 0.22, 0.80, "share", RECORDED_ALL,
        tape.iso_grouped_share,
    ),
    Fact(
        "lit trades at bid or ask", 0.70, 0.98, "share", RECORDED,
        lambda s: tape.lit_at(s, AT_BID) + tape.lit_at(s, AT_ASK), "nbbo",
    ),
    _lit("middle", MID, 0.005, 0.08),
    _lit("inside", INSIDE, 0.0, 0.18),
    _lit("outside", OUTSIDE, 0.005, 0.04),
    Fact(
        "stock spread met, median", 0.8, 6.0, "bp", RECORDED + ", widened for 500 companies",
        lambda s: 1e4 * tape.spread(s.equities, True), "nbbo",
    ),
    Fact(
        "stock quote lifetime, median", 1.0, 400.0, "ms", RECORDED,
        lambda s: tape.lifetime_ms(s.equities), "nbbo",
    ),
    Fact(
        "stock quotes locked, of time", 0.0, 0.02, "share", RECORDED,
        lambda s: tape.crossed_share(s.equities, "locked"), "nbbo",
    ),
    Fact(
        "stock quotes crossed, of time", 0.0, 0.005, "share", RECORDED,
        lambda s: tape.crossed_share(s.equities, "crossed"), "nbbo",
    ),
    Fact("first half hour over midday", 1.8, 4.5, "times", RECORDED, lambda s: tape.u_shape(s, "open")),
    Fact("last half hour over midday", 1.5, 4.5, "times", RECORDED, lambda s: tape.u_shape(s, "close")),
)  # fmt: skip


def _lit_gain(sample: Sample) -> float:
    found = tape.lag_curve(sample.equities, False)
    return float(found[LAGS_MS.index(50), OUTSIDE] - found[0, OUTSIDE])


def _off_gain(sample: Sample) -> float:
    found = tape.lag_curve(sample.equities, True)
    return float(found[0, OUTSIDE] - found[:, OUTSIDE].min())


JOINS: Final = (
    Fact(
        "join lag with fewest lit trades outside", 0.0, 1.0, "ms", RECORDED,
        lambda s: float(least_outside_ms(tape.lag_curve(s.equities, False))), "nbbo",
    ),
    Fact(
        "join lag with most lit trades at the quote", 0.0, 2.0, "ms", RECORDED,
        lambda s: float(best_at_quote_ms(tape.lag_curve(s.equities, False))), "nbbo",
    ),
    Fact("lit trades outside, 50 ms less 0 ms", 0.04, 0.20, "share", RECORDED, _lit_gain, "nbbo"),
    Fact(
        "join lag with fewest off-exchange trades outside", 5.0, 500.0, "ms", RECORDED,
        lambda s: float(least_outside_ms(tape.lag_curve(s.equities, True))), "nbbo",
    ),
    Fact(
        "join lag with most off-exchange trades at the quote", 10.0, 500.0, "ms", RECORDED,
        lambda s: float(best_at_quote_ms(tape.lag_curve(s.equities, True))), "nbbo",
    ),
    Fact(
        "off-exchange trades outside, 0 ms less the best lag", 0.002, 0.08, "share", RECORDED,
        _off_gain, "nbbo",
    ),
)  # fmt: skip


def _coded(name: str, kind: str, low: float, high: float, source: str = NYSE_MIX) -> Fact:
    return Fact(name, low, high, "share", source, partial(tape.coded_share, kind=kind), "options")


OPTIONS: Final = (
    _coded("multi-leg, of option volume", "multi_leg", 0.30, 0.45, "Li, Musto & Pearson 2023: over 0.30"),
    _coded("auction, of option volume", "auction", 0.12, 0.24),
    _coded("floor, of option volume", "floor", 0.06, 0.13),
    _coded("cross and QCC, of option volume", "cross", 0.03, 0.08),
    _coded("stock-tied, of option volume", "stock_tied", 0.005, 0.02),
    Fact(
        "option trade size, mean", 7.0, 13.0, "contracts", "67 M contracts in 6 M trades a day, 2025",
        lambda s: tape.option_size(s, "mean"), "options",
    ),
    Fact(
        "option trade size, median", 1.0, 4.0, "contracts", PLAUSIBLE,
        lambda s: tape.option_size(s, "median"), "options",
    ),
    Fact(
        "option spread met, mean", 0.03, 0.16, "share",
        "Bryzgalova, Pavlova & Sikorskaya 2023: 0.126 for retail",
        lambda s: tape.mean_relative_spread(s.options), "options",
    ),
    Fact(
        "option quotes crossed, of time", 0.0, 0.005, "share", PLAUSIBLE + ": the linkage plan bars it",
        lambda s: tape.crossed_share(s.options, "crossed"), "options",
    ),
    Fact(
        "parity bounds broken, quotes of 10 s", 0.0, 0.01, "share", "Merton 1973: no arbitrage",
        parity.parity_violations, "options",
    ),
)  # fmt: skip

RATES: Final = {"option prints": 250, "option quotes": 2_500, "equity prints": 1_000, "equity quotes": 4_000}
RATE_SCALE: Final = {"normal": 1.0, "quiet": 0.1}
RATE_TOLERANCE: Final = 0.2


def _rate(name: str, per_s: float) -> Fact:
    band = ((1 - RATE_TOLERANCE) * per_s, (1 + RATE_TOLERANCE) * per_s)
    return Fact(name, *band, "per s", "the profile", lambda s: tape.rates(s)[name], "rates")


def facts_of(profile: str) -> tuple[Fact, ...]:
    """Return the facts that a profile must meet; rates only where it states an average over the day."""
    scale = RATE_SCALE.get(profile)
    stated = () if scale is None else tuple(_rate(n, scale * r) for n, r in RATES.items())
    return (*SIDES, *EASE, *OFF_EXCHANGE, *LIT, *JOINS, *OPTIONS, *stated)
