"""What a quote is and where a price lies against it.

Owns `quote_state` and `placement`, the two facts every join keeps beside each other. Integer comparison
only, no tolerance. Refuses to judge a side that is absent, and any price against a crossed quote.

Both are numba kernels that other kernels call; prices are int64 in 1e-9 USD, an absent side is -1.
"""

from typing import Final

import numpy as np
from numba import njit

from schemas.kinds import PLACEMENT, QUOTE_STATE

STATE_NONE: Final = QUOTE_STATE.index("none")
STATE_NORMAL: Final = QUOTE_STATE.index("normal")
STATE_LOCKED: Final = QUOTE_STATE.index("locked")
STATE_CROSSED: Final = QUOTE_STATE.index("crossed")
STATE_ZERO_BID: Final = QUOTE_STATE.index("zero_bid")
STATE_ONE_SIDED: Final = QUOTE_STATE.index("one_sided")

PLACE_NONE: Final = PLACEMENT.index("none")
PLACE_ABOVE_ASK: Final = PLACEMENT.index("above_ask")
PLACE_AT_ASK: Final = PLACEMENT.index("at_ask")
PLACE_INSIDE_ASK: Final = PLACEMENT.index("inside_ask")
PLACE_MID: Final = PLACEMENT.index("mid")
PLACE_INSIDE_BID: Final = PLACEMENT.index("inside_bid")
PLACE_AT_BID: Final = PLACEMENT.index("at_bid")
PLACE_BELOW_BID: Final = PLACEMENT.index("below_bid")
PLACE_AT_LOCK: Final = PLACEMENT.index("at_lock")


@njit(cache=True)
def quote_state(bid: int, ask: int, is_option: bool) -> np.int8:
    """Return the code of a quote in `schemas.kinds.QUOTE_STATE`, as int8.

    A bid of 0 is a fact of an option (zero_bid) and an absent side of an equity; an ask of 0 is
    an absent side of both. A zero bid beside no ask is no quote.
    """
    if ask <= 0:
        return np.int8(STATE_ONE_SIDED if bid > 0 else STATE_NONE)
    if bid <= 0:
        return np.int8(STATE_ZERO_BID if is_option and bid == 0 else STATE_ONE_SIDED)
    if bid < ask:
        return np.int8(STATE_NORMAL)
    return np.int8(STATE_LOCKED if bid == ask else STATE_CROSSED)


@njit(cache=True)
def placement(price: int, bid: int, ask: int, state: np.int8) -> np.int8:
    """Return where `price` lay, as the int8 code in `schemas.kinds.PLACEMENT`.

    `state` is what `quote_state` said of the same bid and ask.
    """
    if state == STATE_NORMAL:
        return _against_both(price, bid, ask)
    if state == STATE_LOCKED:
        if price == ask:
            return np.int8(PLACE_AT_LOCK)
        return np.int8(PLACE_ABOVE_ASK if price > ask else PLACE_BELOW_BID)
    if state == STATE_ZERO_BID or (state == STATE_ONE_SIDED and ask > 0):
        return _against_ask(price, ask)
    if state == STATE_ONE_SIDED:
        return _against_bid(price, bid)
    return np.int8(PLACE_NONE)


@njit(cache=True)
def _against_both(price: int, bid: int, ask: int) -> np.int8:
    if price >= ask:
        return np.int8(PLACE_ABOVE_ASK if price > ask else PLACE_AT_ASK)
    if price <= bid:
        return np.int8(PLACE_BELOW_BID if price < bid else PLACE_AT_BID)
    # 2 * price == bid + ask in a form that cannot overflow: both distances are positive here.
    above_bid, below_ask = price - bid, ask - price
    if above_bid == below_ask:
        return np.int8(PLACE_MID)
    return np.int8(PLACE_INSIDE_ASK if above_bid > below_ask else PLACE_INSIDE_BID)


@njit(cache=True)
def _against_ask(price: int, ask: int) -> np.int8:
    if price < ask:
        return np.int8(PLACE_NONE)
    return np.int8(PLACE_ABOVE_ASK if price > ask else PLACE_AT_ASK)


@njit(cache=True)
def _against_bid(price: int, bid: int) -> np.int8:
    if price > bid:
        return np.int8(PLACE_NONE)
    return np.int8(PLACE_BELOW_BID if price < bid else PLACE_AT_BID)
