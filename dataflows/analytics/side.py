"""The plain rules of the literature that say who took: named layers over columns, each of which may abstain.

Owns quote, tick, Lee-Ready, EMO, CLNV, depth and trade size, their reverse kin and how layers are stacked.
All comparisons are of integers, without tolerance. Refuses to guess: where a rule has no answer it says 0,
and a stack remembers which layer decided. A rule that reads a later print is marked, and is for replay only.

Sources: Lee & Ready 1991 (quote, tick, LR); Ellis, Michaely & O'Hara 2000 (EMO); Chakrabarty, Li, Nguyen &
Van Ness 2007 (CLNV); Grauer, Schuster & Uhrig-Homburg (depth, trade size, both GSU stacks).
"""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

Longs: TypeAlias = npt.NDArray[np.int64]
Sides: TypeAlias = npt.NDArray[np.int8]
Flags: TypeAlias = npt.NDArray[np.bool_]

BUY, SELL, ABSTAINS = 1, -1, 0
NOTHING: Final = -1  # an absent price or size
UNDECIDED: Final = -1  # the layer of a row that no layer decided


class Quote(NamedTuple):
    """One quote a row: prices in 1e-9 USD and sizes in the unit of the prints; -1 where there is none."""

    bid: Longs
    ask: Longs
    bid_size: Longs
    ask_size: Longs


class Columns(NamedTuple):
    """What the rules read of each print, every quote from strictly before it.

    `best` is the national quote, `venue` that of the executing venue. `last_price` and `next_price` are the
    closest different prices of the same instrument before and after (see `ticks`); -1 where there is none.
    """

    price: Longs
    size: Longs
    best: Quote
    venue: Quote
    last_price: Longs
    next_price: Longs


Rule: TypeAlias = Callable[[Columns], Sides]


class Layer(NamedTuple):
    """A named rule. `uses_future`: it reads the next print, so no live claim may rest on it."""

    name: str
    rule: Rule
    uses_future: bool = False


class Decision(NamedTuple):
    """The side of each row and the index of the layer that gave it, -1 where every layer abstained."""

    side: Sides
    layer: Sides


def no_quote(rows: int) -> Quote:
    """Return the quote of rows that have none, such as the venue's own on a consolidated tape."""
    nothing = np.full(rows, NOTHING, np.int64)
    return Quote(nothing, nothing, nothing, nothing)


def quote_rule(price: Longs, quote: Quote) -> Sides:
    """Above the middle a buy, below it a sell; nothing at the middle, on a crossed or one-sided quote."""
    side = np.sign((price - quote.bid) - (quote.ask - price))
    return np.where(_is_two_sided(quote), side, ABSTAINS).astype(np.int8)


def tick_rule(price: Longs, last_price: Longs) -> Sides:
    """Above the last different price a buy, below it a sell."""
    return np.where(last_price >= 0, np.sign(price - last_price), ABSTAINS).astype(np.int8)


def reverse_tick_rule(price: Longs, next_price: Longs) -> Sides:
    """Above the next different price a buy, below it a sell. It reads the future."""
    return np.where(next_price >= 0, np.sign(price - next_price), ABSTAINS).astype(np.int8)


def emo_rule(price: Longs, quote: Quote, otherwise: Sides) -> Sides:
    """Exactly at one of bid and ask the quote rule, anywhere else `otherwise` (a tick rule)."""
    at_ask = (quote.ask >= 0) & (price == quote.ask)
    at_bid = (quote.bid >= 0) & (price == quote.bid)
    return np.where(at_ask ^ at_bid, quote_rule(price, quote), otherwise).astype(np.int8)


def clnv_rule(price: Longs, quote: Quote, otherwise: Sides) -> Sides:
    """In the outer three tenths of the spread at either side the quote rule, elsewhere `otherwise`."""
    above_bid, below_ask = price - quote.bid, quote.ask - price
    reach = 3 * (above_bid + below_ask)  # three tenths of the spread, times ten
    is_inside = (quote.bid >= 0) & (quote.ask >= 0) & (above_bid >= 0) & (below_ask >= 0)
    is_outer = is_inside & ((10 * below_ask <= reach) ^ (10 * above_bid <= reach))
    return np.where(is_outer, quote_rule(price, quote), otherwise).astype(np.int8)


def trade_size_rule(size: Longs, quote: Quote) -> Sides:
    """A size equal to the bid's alone is a buy, to the ask's alone a sell: it filled a resting customer."""
    is_apart = quote.bid_size != quote.ask_size
    side = np.where(size == quote.bid_size, BUY, np.where(size == quote.ask_size, SELL, ABSTAINS))
    return np.where(is_apart & (size >= 0), side, ABSTAINS).astype(np.int8)


def depth_rule(price: Longs, quote: Quote) -> Sides:
    """At the middle alone: more at the ask is a buy, more at the bid a sell."""
    is_mid = _is_two_sided(quote) & (price - quote.bid == quote.ask - price)
    is_mid &= (quote.bid_size >= 0) & (quote.ask_size >= 0)
    return np.where(is_mid, np.sign(quote.ask_size - quote.bid_size), ABSTAINS).astype(np.int8)


def _is_two_sided(quote: Quote) -> Flags:
    """Tell where a middle exists: both sides are there and the quote is not crossed."""
    return np.asarray((quote.bid >= 0) & (quote.ask >= quote.bid))


def tick(c: Columns) -> Sides:
    """The tick rule over all venues."""
    return tick_rule(c.price, c.last_price)


def reverse_tick(c: Columns) -> Sides:
    """The reverse tick rule over all venues. It reads the future."""
    return reverse_tick_rule(c.price, c.next_price)


QUOTE: Final = Layer("quote", lambda c: quote_rule(c.price, c.best))
QUOTE_VENUE: Final = Layer("quote_venue", lambda c: quote_rule(c.price, c.venue))
TICK: Final = Layer("tick", tick)
REVERSE_TICK: Final = Layer("reverse_tick", reverse_tick, True)
EMO: Final = Layer("emo", lambda c: emo_rule(c.price, c.best, tick(c)))
REVERSE_EMO: Final = Layer("reverse_emo", lambda c: emo_rule(c.price, c.best, reverse_tick(c)), True)
CLNV: Final = Layer("clnv", lambda c: clnv_rule(c.price, c.best, tick(c)))
REVERSE_CLNV: Final = Layer("reverse_clnv", lambda c: clnv_rule(c.price, c.best, reverse_tick(c)), True)
TRADE_SIZE: Final = Layer("trade_size", lambda c: trade_size_rule(c.size, c.best))
TRADE_SIZE_VENUE: Final = Layer("trade_size_venue", lambda c: trade_size_rule(c.size, c.venue))
DEPTH: Final = Layer("depth", lambda c: depth_rule(c.price, c.best))
DEPTH_VENUE: Final = Layer("depth_venue", lambda c: depth_rule(c.price, c.venue))

Stack: TypeAlias = tuple[Layer, ...]
_SMALL: Final[Stack] = (QUOTE, QUOTE_VENUE)
_LARGE: Final[Stack] = (TRADE_SIZE_VENUE, QUOTE, QUOTE_VENUE, DEPTH, DEPTH_VENUE)
# `*_live` leave the future out; `size_best` is GSU large with only the national quote, as most tapes have it.
STACKS: Final[dict[str, Stack]] = {
    "quote": (QUOTE,),
    "tick": (TICK,),
    "reverse_tick": (REVERSE_TICK,),
    "lee_ready": (QUOTE, TICK),
    "reverse_lee_ready": (QUOTE, REVERSE_TICK),
    "emo": (EMO,),
    "reverse_emo": (REVERSE_EMO,),
    "clnv": (CLNV,),
    "reverse_clnv": (REVERSE_CLNV,),
    "trade_size": (TRADE_SIZE,),
    "trade_size_venue": (TRADE_SIZE_VENUE,),
    "depth": (DEPTH,),
    "gsu_small": (*_SMALL, REVERSE_TICK),
    "gsu_small_live": _SMALL,
    "gsu_large": (*_LARGE, REVERSE_TICK),
    "gsu_large_live": _LARGE,
    "size_best": (TRADE_SIZE, QUOTE, DEPTH),
}


def uses_future(layers: Sequence[Layer]) -> bool:
    """Tell whether any layer of a stack reads a later print."""
    return any(layer.uses_future for layer in layers)


def stack(layers: Sequence[Layer], columns: Columns) -> Decision:
    """Apply layers in order; the first that does not abstain decides a row."""
    rows = len(columns.price)
    side = np.zeros(rows, np.int8)
    decided_by = np.full(rows, UNDECIDED, np.int8)
    for number, layer in enumerate(layers):
        found = layer.rule(columns)
        is_new = (side == ABSTAINS) & (found != ABSTAINS)
        side[is_new] = found[is_new]
        decided_by[is_new] = number
    return Decision(side, decided_by)
