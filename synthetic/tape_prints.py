"""From fills to reports: when each reaches the tape, which is late, cancelled, corrected or held.

Owns the two kernels a print goes through: `report` when it happens, `bring_out` when it is published, in
the order of publication, where it is known what a late report or a cancel means. Refuses to look at parent,
package or purpose: a report depends on what a tape could depend on.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from synthetic.layout import (
    EQUITY_CODE,
    FLAG_CROSS,
    FLAG_OFF_EXCHANGE,
    FLAG_PROMPT,
    P_CODE,
    P_CONTRACT,
    P_DELAY,
    P_FLAGS,
    P_PRICE,
    P_SIZE,
    P_SYMBOL,
    P_TS,
    P_VENUE,
    PRINT_COLUMNS,
    SECOND_NS,
    TICK,
    Matrix,
)
from synthetic.tape_layout import (
    CANCEL,
    CANCEL_FIRST,
    CANCEL_LAST,
    CANCEL_ONLY,
    CANCEL_OTHER,
    CANCELLED,
    CANCELS,
    CORRECTED,
    CORRECTION,
    CORRECTION_NUMBERS,
    CORRECTS,
    DUPLICATE,
    LATE_IN,
    LATE_OUT,
    NUMBERS,
    OPEN_IN,
    OPEN_OUT,
    OPRA_CODES,
    ORIGINAL,
    PLAIN,
    ROW_SHIFT,
    S_AT,
    S_EVENT,
    S_LATE,
    S_NUMBER,
    S_REFERS,
    S_REPORT,
    S_ROW,
    S_SOURCE,
    S_STATE,
    S_TARGET,
    S_TIE,
    S_TIMED,
    S_VENDOR,
    TRADE,
)
from synthetic.tape_noise import LINES, Keys, Vector, carried, clock_error, quantile, uniform_at, word_at
from synthetic.tape_params import REACH_NS

Rates = npt.NDArray[np.float64]

# Rows of Rule.points; the first two are the way of the tape and its trade channel.
WAY, CHANNEL, FACILITY, LATENESS, CANCELLING, STUCK = range(6)
R_LATE, R_CANCEL, R_CORRECT, R_DUPLICATE, R_HELD, R_UNTIMED = range(6)  # entries of Rule.rates
REOPENING_NS: Final = 60 * SECOND_NS
REOPENED: Final = EQUITY_CODE["reopening"]
OUT_OF_SEQUENCE: Final = EQUITY_CODE["out_of_sequence"]
SOLD_LAST: Final = EQUITY_CODE["sold_last"]
EXTENDED: Final = EQUITY_CODE["extended_hours"]
EXTENDED_LATE: Final = EQUITY_CODE["extended_out_of_sequence"]
OPTION_REOPENED: Final = ord("J")
OPRA_LETTERS: Final = np.array([ord(letter) for letter in OPRA_CODES], np.int64)
ELECTRONIC: Final = (ord("I"), ord(" "))
D_LATE, D_CANCEL, D_CORRECT, D_DUPLICATE, D_HELD, D_UNTIMED = range(1, 7)
D_FACILITY, D_TIE, D_AMOUNT, D_WRONG, D_STUCK, D_ORDER = range(7, 13)


class Rule(NamedTuple):
    """What the tape does to the prints of one market; `key` and `ways` are keys of draws."""

    is_option: bool
    points: Matrix
    rates: Rates
    skew_ns: int
    key: np.uint64
    ways: Keys


class Place(NamedTuple):
    """Where the rows of a call stand: block, number of the first row in it, whether it is the opening one."""

    block: int
    first_row: int
    is_opening: bool


class Floor(NamedTuple):
    """What is known when fills happen: numbers given (by letter) and fills seen in this block (by series),
    the last lit fill (by series), halts (by symbol)."""

    numbers: Vector
    seen: Vector
    lit_ts: Vector
    halt_start: Vector
    halt_stop: Vector


class Told(NamedTuple):
    """What the tape has shown of each series: its last, last but one and first trade, the time of that,
    their count, and the latest time of any; `vendor` holds the last sequence number given."""

    last: Vector
    previous: Vector
    first: Vector
    first_ts: Vector
    shown: Vector
    latest_ts: Vector
    vendor: Vector


@njit(cache=True)
def _reopening_code(rule: Rule, floor: Floor, row: Vector, key: int) -> int:
    """Return the code of a fill: the first lit one after a halt of its symbol is a reopening."""
    is_lit = row[P_FLAGS] & FLAG_OFF_EXCHANGE == 0
    code = int(row[P_CODE])
    if not is_lit:
        return code
    stop, before = floor.halt_stop[row[P_SYMBOL]], floor.lit_ts[key]
    floor.lit_ts[key] = row[P_TS]
    if not (stop > 0 and before < stop <= row[P_TS] < stop + REOPENING_NS):
        return code
    if rule.is_option:
        return OPTION_REOPENED if code == ELECTRONIC[0] or code == ELECTRONIC[1] else code
    return REOPENED


@njit(cache=True)
def _extra_delay(rule: Rule, row: Vector, number: int) -> int:
    """Return how long the report of a fill took to reach the tape: the mechanism's word, or a draw."""
    if row[P_DELAY] > 0 or row[P_FLAGS] & FLAG_OFF_EXCHANGE == 0:
        return int(row[P_DELAY])
    return quantile(rule.points[FACILITY], uniform_at(rule.key, number, D_FACILITY))


@njit(cache=True)
def _stamp(rule: Rule, row: Vector, arrival_ts: int, is_timed: bool) -> None:
    """Fill the times of a published row that reached the tape's channel at `arrival_ts`."""
    line = row[P_SYMBOL] % LINES
    row[S_SOURCE] = carried(rule.points, rule.ways, line, arrival_ts)
    row[S_AT] = row[S_SOURCE]
    row[S_TIMED] = 1 if is_timed else 0
    event = row[P_TS] + clock_error(rule.skew_ns, rule.ways[0], row[P_VENUE], row[P_TS])
    row[S_EVENT] = min(event, row[S_SOURCE]) if is_timed else row[S_SOURCE]
    row[S_TIE] = np.int64(word_at(rule.key, row[S_ROW], D_TIE) >> np.uint64(1))


@njit(cache=True)
def _again(rule: Rule, out: Matrix, at: int, report: int) -> None:
    """Write behind row `at` the cancel or correction of it, and mark the row as what it was."""
    first, second = out[at], out[at + 1]
    second[:] = first
    number = first[S_ROW]
    share = uniform_at(rule.key, number, D_AMOUNT)
    delay = first[S_SOURCE] - first[P_TS] + quantile(rule.points[CANCELLING], share)
    second[S_REPORT], second[S_REFERS], second[S_TARGET] = report, first[S_NUMBER], number
    second[S_ROW] = number + (np.int64(1) << (ROW_SHIFT - 1))
    if report == CANCEL:
        second[S_NUMBER], second[S_STATE], first[S_STATE] = 0, CANCELS, CANCELLED
    else:
        second[S_NUMBER] += CORRECTION_NUMBERS
        second[S_STATE], first[S_STATE] = CORRECTS, CORRECTED
        wrong = uniform_at(rule.key, number, D_WRONG)
        if wrong < 0.6:  # the first report had a wrong price, else ten times the size
            step = np.int64(1 + wrong * 80.0) * TICK
            first[P_PRICE] += step if share < 0.5 or first[P_PRICE] <= 2 * step else -step
        else:
            first[P_SIZE] *= 10
    _stamp(rule, second, second[P_TS] + min(delay, REACH_NS), False)


@njit(cache=True)
def shuffled(key: np.uint64, place: Place, prints: Matrix) -> Vector:
    """Return numbers that order fills of equal times by chance: the market's own order would tell of them."""
    out = np.empty(len(prints), np.int64)
    for i in range(len(prints)):
        number = (place.block << ROW_SHIFT) | (place.first_row + i)
        out[i] = np.int64(word_at(key, number, D_ORDER) >> np.uint64(1))
    return out


@njit(cache=True)
def report(rule: Rule, place: Place, prints: Matrix, floor: Floor, out: Matrix) -> int:
    """Write what will be published of some fills, in any order, and return how many rows that is.

    `out` holds two rows for each fill. Fills of halted symbols did not happen.
    """
    assert len(out) >= 2 * len(prints)
    count = 0
    for i in range(len(prints)):
        row = out[count]
        row[:PRINT_COLUMNS] = prints[i]
        symbol, ts = row[P_SYMBOL], row[P_TS]
        if floor.halt_start[symbol] <= ts < floor.halt_stop[symbol]:
            continue
        key = row[P_CONTRACT] if rule.is_option else symbol
        number = (place.block << ROW_SHIFT) | (place.first_row + i)
        row[P_CODE] = _reopening_code(rule, floor, row, key)
        is_first = floor.seen[key] == 0
        floor.seen[key] += 1
        floor.numbers[row[P_VENUE]] += 1
        row[S_NUMBER] = place.block * NUMBERS + floor.numbers[row[P_VENUE]]
        row[S_REFERS], row[S_REPORT], row[S_STATE] = 0, TRADE, ORIGINAL
        row[S_ROW], row[S_TARGET], row[S_VENDOR] = number, -1, -1
        is_prompt = row[P_FLAGS] & FLAG_PROMPT != 0
        is_plain = row[P_FLAGS] & FLAG_CROSS == 0 and not is_prompt
        is_late = is_plain and uniform_at(rule.key, number, D_LATE) < rule.rates[R_LATE]
        row[S_LATE] = 1 if is_late else 0
        delay = _extra_delay(rule, row, number)
        if is_late:
            delay += quantile(rule.points[LATENESS], uniform_at(rule.key, number, D_AMOUNT))
        is_off = row[P_FLAGS] & FLAG_OFF_EXCHANGE != 0
        is_untimed = is_off and uniform_at(rule.key, number, D_UNTIMED) < rule.rates[R_UNTIMED]
        is_untimed = is_untimed or (rule.is_option and is_late)
        _stamp(rule, row, ts + min(delay, REACH_NS), not is_untimed)
        count += 1
        # Only where the day's first trade of the series is known can a cancel be told to be of it.
        is_known = place.is_opening or not is_first or not rule.is_option
        if not is_late and is_known and not is_prompt:
            if uniform_at(rule.key, number, D_CANCEL) < rule.rates[R_CANCEL]:
                _again(rule, out, count - 1, CANCEL)
                count += 1
            elif uniform_at(rule.key, number, D_CORRECT) < rule.rates[R_CORRECT]:
                _again(rule, out, count - 1, CORRECTION)
                count += 1
    return count


@njit(cache=True)
def _meaning(rule: Rule, row: Vector, told: Told, key: int, is_opening: bool) -> int:
    """Say how a report stands to what the tape has shown of its series."""
    if row[S_REPORT] == CANCEL:
        if is_opening and told.first[key] == row[S_TARGET]:
            return CANCEL_ONLY if told.shown[key] == 1 else CANCEL_FIRST
        return CANCEL_LAST if told.last[key] == row[S_TARGET] else CANCEL_OTHER
    if row[S_LATE] == 0:
        return PLAIN
    if rule.is_option and is_opening and told.shown[key] == 0:
        return OPEN_IN
    if rule.is_option and is_opening and row[P_TS] < told.first_ts[key]:
        return OPEN_OUT
    return LATE_OUT if row[P_TS] < told.latest_ts[key] else LATE_IN


@njit(cache=True)
def _tell(row: Vector, told: Told, key: int) -> None:
    """Remember what the tape shows of a series with this report."""
    if row[S_REPORT] == CANCEL:
        if told.last[key] == row[S_TARGET]:
            told.last[key] = told.previous[key]
        return
    if row[S_REPORT] != TRADE:
        return
    told.previous[key], told.last[key] = told.last[key], row[S_ROW]
    if told.shown[key] == 0 or row[P_TS] < told.first_ts[key]:
        told.first[key], told.first_ts[key] = row[S_ROW], row[P_TS]
    told.shown[key] += 1
    told.latest_ts[key] = max(told.latest_ts[key], row[P_TS])


@njit(cache=True)
def _said(rule: Rule, code: int, meaning: int) -> int:
    """Return the code a report carries: OPRA has one letter for it, the other tapes one more condition."""
    if rule.is_option:
        return code if meaning == PLAIN else OPRA_LETTERS[meaning]
    if meaning in (LATE_OUT, LATE_IN):
        if code & EXTENDED:
            return (code & ~EXTENDED) | EXTENDED_LATE
        return code | (OUT_OF_SEQUENCE if meaning == LATE_OUT else SOLD_LAST)
    return code


@njit(cache=True)
def bring_out(rule: Rule, opening_block: int, rows: Matrix, told: Told, out: Matrix) -> int:
    """Write rows in the order of publication with their final codes, those sent twice twice; return how many.

    `out` holds two rows for each. A row or copy whose S_AT lies behind its S_SOURCE is held until then.
    """
    assert len(out) >= 2 * len(rows)
    count = 0
    for i in range(len(rows)):
        row = out[count]
        row[:] = rows[i]
        key = row[P_CONTRACT] if rule.is_option else row[P_SYMBOL]
        meaning = _meaning(rule, row, told, key, row[S_ROW] >> ROW_SHIFT == opening_block)
        _tell(row, told, key)
        row[P_CODE] = _said(rule, row[P_CODE], meaning)
        told.vendor[0] += 1
        row[S_VENDOR] = told.vendor[0]
        count += 1
        stuck = quantile(rule.points[STUCK], uniform_at(rule.key, row[S_ROW], D_STUCK))
        is_prompt = row[P_FLAGS] & FLAG_PROMPT != 0
        if not is_prompt and uniform_at(rule.key, row[S_ROW], D_HELD) < rule.rates[R_HELD]:
            row[S_AT] += stuck
        elif uniform_at(rule.key, row[S_ROW], D_DUPLICATE) < rule.rates[R_DUPLICATE]:
            copy = out[count]
            copy[:] = row
            copy[S_STATE] = DUPLICATE
            copy[S_AT] += stuck if row[S_TIE] & 1 else 0
            count += 1
    return count
