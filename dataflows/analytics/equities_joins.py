"""Each equity print beside the quote it traded against: one walk over prints and quotes in merged order.

Owns standing quotes, the choice of quote and the stability of a placement. Refuses any quote that was not
published strictly before the time the print claims, and carries nothing over a session change.
"""

from typing import Final, NamedTuple

import numpy as np
from numba import njit

from dataflows.analytics import equities_dark as dark
from dataflows.analytics.equities_dark import (
    NEVER,
    STANDING_ASK,
    STANDING_ASK_SIZE,
    STANDING_BID,
    STANDING_BID_SIZE,
    STANDING_FIELDS,
    STANDING_SEQ,
    STANDING_TS,
    Queue,
    Rules,
)
from dataflows.analytics.equities_money import notional
from dataflows.analytics.history import (
    ASK,
    BID,
    SEQ,
    TS,
    History,
    find_before,
    is_same_before,
    is_same_over,
    new_history,
    record,
)
from dataflows.analytics.quotes import PLACE_NONE, placement, quote_state
from dataflows.analytics.release import ROW_PRINT, ROW_QUOTE, Codes, Flags, Longs
from schemas.kinds import QUOTE_SOURCE
from schemas.topics import ABSENT, NO_PRICE

SOURCE_JOINED: Final = QUOTE_SOURCE.index("joined")
SOURCE_HISTORY: Final = QUOTE_SOURCE.index("history")

# Columns of the output matrix (prints, JOIN_FIELDS).
(
    STATE,
    PLACE,
    STABLE,
    SOURCE,
    QUOTE_TS,
    QUOTE_SEQ,
    J_BID,
    J_ASK,
    J_BID_SIZE,
    J_ASK_SIZE,
    AGE,
    MONEY,
) = range(12)
JOIN_FIELDS: Final = 12
SESSION_TS, TRF_WINDOW, IS_ROUNDED, STALE_QUOTES = range(4)
SCALARS: Final = 4


class Steps(NamedTuple):
    """The merged order (see `Release`) and what each session row says."""

    kind: Codes
    row: Longs
    ts: Longs
    trf_window_ns: Longs
    is_rounded: Flags


class Prints(NamedTuple):
    """Columns of the prints; `is_counted` marks shares for the dark evidence, `is_candidate` its blocks."""

    seq: Longs
    uid: Longs
    source_ts: Longs
    event_ts: Longs
    has_event_ts: Flags
    price: Longs
    size: Longs
    off_exchange: Flags
    is_counted: Flags
    is_candidate: Flags


class Quotes(NamedTuple):
    """Columns of the quotes."""

    seq: Longs
    uid: Longs
    source_ts: Longs
    bid: Longs
    ask: Longs
    bid_size: Longs
    ask_size: Longs


class Market(NamedTuple):
    """State: by underlying the standing quote, its history and shares printed (lit, off); scalars."""

    standing: Longs
    history: History
    shares: Longs
    scalars: Longs


class Inputs(NamedTuple):
    """Everything one release brings."""

    steps: Steps
    prints: Prints
    quotes: Quotes
    watermark: int


class Outputs(NamedTuple):
    """Joins, a row a print in merged order, and dark events."""

    joins: Longs
    events: Longs


def new_market() -> Market:
    """Return the state of a shard that has seen nothing."""
    standing = np.full((1, STANDING_FIELDS), NEVER, np.int64)
    scalars = np.zeros(SCALARS, np.int64)
    scalars[SESSION_TS] = NEVER
    return Market(standing, new_history(1), np.zeros((1, 2), np.int64), scalars)


@njit(cache=True)
def walk(inputs: Inputs, state: tuple[Market, Queue], rules: Rules, out: Outputs) -> int:
    """Apply one release; return the number of dark events written.

    Blocks due at a time are judged before any row of that time, so their last quote is strictly before.
    """
    market, queue = state
    steps = inputs.steps
    standing = (market.standing, market.shares)
    total = steps.kind.shape[0]
    done, events, i = 0, 0, 0
    while i < total:
        due = dark.next_due(queue)
        if steps.kind[i] == ROW_QUOTE and steps.ts[i] < due:
            i = apply_quotes(market, inputs, i, due)
            continue
        if due <= steps.ts[i]:
            events = dark.settle(queue, steps.ts[i], standing, (out.events, events))
            continue
        if steps.kind[i] == ROW_PRINT:
            join_print(market, inputs.prints, steps.row[i], out.joins[done])
            note_print(state, inputs.prints, steps.row[i], (out.joins[done], rules))
            done += 1
        else:
            begin_session(market, steps, i)
            dark.abandon(queue)
        i += 1
    return dark.settle(queue, inputs.watermark, standing, (out.events, events))


@njit(cache=True)
def begin_session(market: Market, steps: Steps, i: int) -> None:
    """Forget quotes and histories, and take over what the session record says."""
    market.standing[:, STANDING_TS] = NEVER
    market.history.seen[:] = 0
    market.scalars[SESSION_TS] = steps.ts[i]
    market.scalars[TRF_WINDOW] = steps.trf_window_ns[steps.row[i]]
    market.scalars[IS_ROUNDED] = steps.is_rounded[steps.row[i]]


@njit(cache=True)
def apply_quotes(market: Market, inputs: Inputs, i: int, due: int) -> int:
    """Apply the run of quotes at step `i` up to a print, a session or the time `due`; return what is next.

    A quote older than the one that stands, or than the session, is counted and does not stand.
    """
    steps, quotes, scalars, standing = inputs.steps, inputs.quotes, market.scalars, market.standing
    while i < steps.kind.shape[0] and steps.kind[i] == ROW_QUOTE and steps.ts[i] < due:
        row = steps.row[i]
        i += 1
        uid, ts, bid, ask = quotes.uid[row], quotes.source_ts[row], quotes.bid[row], quotes.ask[row]
        if ts < standing[uid, STANDING_TS] or ts < scalars[SESSION_TS]:
            scalars[STALE_QUOTES] += 1
            continue
        is_new = standing[uid, STANDING_TS] == NEVER
        if is_new or bid != standing[uid, STANDING_BID] or ask != standing[uid, STANDING_ASK]:
            record(market.history, uid, (ts, bid, ask, quotes.seq[row]))
        standing[uid, STANDING_TS], standing[uid, STANDING_SEQ] = ts, quotes.seq[row]
        standing[uid, STANDING_BID], standing[uid, STANDING_ASK] = bid, ask
        standing[uid, STANDING_BID_SIZE] = quotes.bid_size[row]
        standing[uid, STANDING_ASK_SIZE] = quotes.ask_size[row]
    return i


@njit(cache=True)
def join_print(market: Market, prints: Prints, row: int, join: Longs) -> None:
    """Write the quote of a print and what the price is against it."""
    uid, price, published = prints.uid[row], prints.price[row], prints.source_ts[row]
    has_event_ts = prints.has_event_ts[row]
    claimed = prints.event_ts[row] if has_event_ts else published
    before = min(claimed, published)
    join[MONEY] = notional(price, prints.size[row])
    choose_quote(market, uid, before, join)
    join[AGE] = claimed - join[QUOTE_TS] if join[SOURCE] else ABSENT
    bid, ask = join[J_BID], join[J_ASK]
    state = quote_state(bid, ask, False)
    place = placement(price, bid, ask, state)
    join[STATE], join[PLACE], join[STABLE] = state, place, 0
    if place == PLACE_NONE:
        return
    if prints.off_exchange[row] and not has_event_ts:
        window = (before - market.scalars[TRF_WINDOW], before)
        join[STABLE] = is_same_over(market.history, uid, window, (price, place))
    else:
        join[STABLE] = is_same_before(market.history, uid, before, (price, place))


@njit(cache=True)
def choose_quote(market: Market, uid: int, before: int, join: Longs) -> None:
    """Write the quote that stood strictly before a time: the standing one, or prices from the history."""
    standing = market.standing[uid]
    if NEVER < standing[STANDING_TS] < before:
        join[SOURCE] = SOURCE_JOINED
        join[QUOTE_TS : J_ASK_SIZE + 1] = standing
        return
    join[J_BID_SIZE] = join[J_ASK_SIZE] = ABSENT
    slot = find_before(market.history, uid, before)
    if slot < 0:
        join[SOURCE] = 0
        join[QUOTE_TS] = join[QUOTE_SEQ] = ABSENT
        join[J_BID] = join[J_ASK] = NO_PRICE
        return
    entry = market.history.entries[uid, slot]
    join[SOURCE] = SOURCE_HISTORY
    join[QUOTE_TS], join[QUOTE_SEQ] = entry[TS], entry[SEQ]
    join[J_BID], join[J_ASK] = entry[BID], entry[ASK]


@njit(cache=True)
def note_print(
    state: tuple[Market, Queue], prints: Prints, row: int, judged: tuple[Longs, Rules]
) -> None:
    """Count the shares of a print and queue it where it may be an absorbed block."""
    market, queue = state
    join, rules = judged
    uid, size = prints.uid[row], prints.size[row]
    if prints.is_counted[row]:
        market.shares[uid, 1 if prints.off_exchange[row] else 0] += size
    if not (prints.is_candidate[row] and dark.is_block(rules, size, join[MONEY])):
        return
    if dark.may_wait(join[STATE], join[PLACE], join[STABLE] != 0):
        slot = dark.next_slot(queue)
        if slot >= 0:
            fill_block(market, (prints, row), join, queue.blocks[slot])
            queue.blocks[slot, dark.DUE] = prints.source_ts[row] + rules.wait_ns


@njit(cache=True)
def fill_block(market: Market, at: tuple[Prints, int], join: Longs, block: Longs) -> None:
    """Write what is known of a block when it prints."""
    prints, row = at
    uid = prints.uid[row]
    block[dark.UID], block[dark.PRINT_SEQ] = uid, prints.seq[row]
    block[dark.SOURCE_TS], block[dark.PRICE] = prints.source_ts[row], prints.price[row]
    block[dark.SIZE], block[dark.NOTIONAL] = prints.size[row], join[MONEY]
    block[dark.PLACE] = join[PLACE]
    block[dark.BLOCK_BID], block[dark.BLOCK_ASK] = join[J_BID], join[J_ASK]
    block[dark.LIT], block[dark.OFF] = market.shares[uid, 0], market.shares[uid, 1]
    block[dark.ROUNDED] = market.scalars[IS_ROUNDED]
