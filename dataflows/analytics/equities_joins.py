"""Each equity print beside the quote it traded against: one walk over prints and quotes in merged order.

Owns standing quotes, the choice of quote and the stability of a placement. Refuses any quote that was not
published strictly before the time the print claims, and carries nothing over a session change. A quote that
came with the print itself is that print's quote and is looked up nowhere: it has no time and no age.
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
from schemas.fields import ABSENT, NO_PRICE
from schemas.kinds import QUOTE_SOURCE

SOURCE_JOINED: Final = QUOTE_SOURCE.index("joined")
SOURCE_HISTORY: Final = QUOTE_SOURCE.index("history")
SOURCE_CARRIED: Final = QUOTE_SOURCE.index("carried")

# Columns of the output matrix (prints, JOIN_FIELDS).
# QUOTE_TS to J_ASK_SIZE are the fields of a standing quote, in its order.
STATE, PLACE, STABLE, SOURCE, MONEY, AGE = range(6)
QUOTE_TS, QUOTE_SEQ, J_BID, J_ASK, J_BID_SIZE, J_ASK_SIZE = range(6, 12)
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
    is_doubtful: Flags
    carried_bid: Longs
    carried_ask: Longs
    carried_bid_size: Longs
    carried_ask_size: Longs


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
            run = join_prints(market, inputs, (i, due), out.joins[done:])
            done += run
            i += run
            queue_block(state, inputs.prints, steps.row[i - 1], (out.joins[done - 1], rules))
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
def join_prints(market: Market, inputs: Inputs, at: tuple[int, int], joins: Longs) -> int:
    """Join the run of prints at step `i` of (i, due); return how many.

    The run ends at a quote, a session, the time `due`, or with a print that may have to wait as a block.
    One long loop over columns: handing the state to a function for every print costs more than the join.
    """
    steps, prints, history, standing = inputs.steps, inputs.prints, market.history, market.standing
    i, due = at
    done = 0
    while i < steps.kind.shape[0] and steps.kind[i] == ROW_PRINT and steps.ts[i] < due:
        row = steps.row[i]
        uid, price, size = prints.uid[row], prints.price[row], prints.size[row]
        published, has_event_ts = prints.source_ts[row], prints.has_event_ts[row]
        claimed = prints.event_ts[row] if has_event_ts else published
        before = min(claimed, published)
        if prints.carried_bid[row] != NO_PRICE or prints.carried_ask[row] != NO_PRICE:
            write_carried(prints, row, joins, done)
        elif NEVER < standing[uid, STANDING_TS] < before:
            joins[done, SOURCE] = SOURCE_JOINED
            for field in range(STANDING_FIELDS):
                joins[done, QUOTE_TS + field] = standing[uid, field]
        else:
            write_history(history, (uid, before), joins, done)
        bid, ask = joins[done, J_BID], joins[done, J_ASK]
        state = quote_state(bid, ask, False)
        place = placement(price, bid, ask, state)
        stable = False
        if place == PLACE_NONE or prints.is_doubtful[row]:
            pass
        elif joins[done, SOURCE] == SOURCE_CARRIED:
            # The source joined it at the trade; only a report that may be old leaves a doubt.
            stable = not prints.off_exchange[row] or has_event_ts
        elif prints.off_exchange[row] and not has_event_ts:
            window = (before - market.scalars[TRF_WINDOW], before)
            stable = is_same_over(history, uid, window, (price, place))
        else:
            stable = is_same_before(history, uid, before, (price, place))
        joins[done, STATE], joins[done, PLACE], joins[done, STABLE] = state, place, stable
        has_time = joins[done, QUOTE_TS] != ABSENT
        joins[done, AGE] = claimed - joins[done, QUOTE_TS] if has_time else ABSENT
        joins[done, MONEY] = notional(price, size)
        if prints.is_counted[row]:
            market.shares[uid, 1 if prints.off_exchange[row] else 0] += size
        done += 1
        i += 1
        if prints.is_candidate[row] and stable:
            break
    return done


@njit(cache=True)
def write_carried(prints: Prints, row: int, joins: Longs, at: int) -> None:
    """Write the quote that came with a print."""
    joins[at, SOURCE] = SOURCE_CARRIED
    joins[at, QUOTE_TS] = joins[at, QUOTE_SEQ] = ABSENT
    joins[at, J_BID], joins[at, J_ASK] = prints.carried_bid[row], prints.carried_ask[row]
    joins[at, J_BID_SIZE] = prints.carried_bid_size[row]
    joins[at, J_ASK_SIZE] = prints.carried_ask_size[row]


@njit(cache=True)
def write_history(history: History, at: tuple[int, int], joins: Longs, row: int) -> None:
    """Write the prices that stood strictly before a time, at (underlying, time), or that none are known."""
    slot = find_before(history, at[0], at[1])
    joins[row, SOURCE] = 0 if slot < 0 else SOURCE_HISTORY
    joins[row, J_BID_SIZE] = joins[row, J_ASK_SIZE] = ABSENT
    if slot < 0:
        joins[row, QUOTE_TS] = joins[row, QUOTE_SEQ] = ABSENT
        joins[row, J_BID] = joins[row, J_ASK] = NO_PRICE
        return
    entries = history.entries
    joins[row, QUOTE_TS], joins[row, QUOTE_SEQ] = (
        entries[at[0], slot, TS],
        entries[at[0], slot, SEQ],
    )
    joins[row, J_BID], joins[row, J_ASK] = entries[at[0], slot, BID], entries[at[0], slot, ASK]


@njit(cache=True)
def queue_block(state: tuple[Market, Queue], prints: Prints, row: int, judged: tuple[Longs, Rules]) -> None:
    """Let a print wait where it is a large block at or inside a normal quote."""
    market, queue = state
    join, rules = judged
    if not (prints.is_candidate[row] and dark.is_block(rules, prints.size[row], join[MONEY])):
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
