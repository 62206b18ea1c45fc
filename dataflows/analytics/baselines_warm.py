"""What earlier sessions knew, as rows of a note: the form of a warm start of the baselines.

Owns the detail {"rows": [row, ...]} of records of `reference` named `baseline`, each about one underlying:
    level          contract, moneyness_expiry or underlying_time
    key            the series; the number of the bucket; the number of the half hour
    packets        packets counted, and spread_packets those with a spread
    premium size spread   [location, scale] of log premium (1e-4 USD), log contracts, relative spread
    print_size_995 (contract) 99.5th percentile of the print sizes of series like it
A row is taken only where nothing is known yet, so a repeated note changes nothing. Refuses rows that cannot
be so, one by one: what another wrote into the log is data.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa

from dataflows.analytics.baselines_kernel import (
    BLOCK,
    BUCKET,
    CONTRACT,
    LEAST_SCALE,
    METRICS,
    SPREAD_N,
    TIME,
    WIDTH,
    Doubles,
    Levels,
)
from dataflows.analytics.options_names import Names
from schemas.symbology import parse_contracts

LEVELS: Final = ("contract", "moneyness_expiry", "underlying_time")
METRIC_NAMES: Final = ("premium", "size", "spread")
PACKETS_MAX: Final = 1 << 40
VALUE_MAX: Final = 100.0  # of a location or scale of logs; e^100 is no premium
_LEVEL_OF: Final = dict(zip(LEVELS, (CONTRACT, BUCKET, TIME), strict=True))


class Row(NamedTuple):
    """One level of one key: its state as the kernel keeps it."""

    level: int
    key: str
    state: Doubles


def to_row(level: int, key: str, state: Doubles) -> dict[str, Any]:
    """Return a row of the note that says this state."""
    values = state.tolist()
    row: dict[str, Any] = {"level": LEVELS[level], "key": key, "packets": int(values[0])}
    row["spread_packets"] = int(values[SPREAD_N])
    for metric, name in enumerate(METRIC_NAMES):
        row[name] = values[1 + 2 * metric : 3 + 2 * metric]
    if values[BLOCK] > 0:
        row["print_size_995"] = int(values[BLOCK])
    return row


def told(tables: Levels, names: Names) -> dict[str, list[dict[str, Any]]]:
    """Return by underlying the rows that say all that is known, a level and key after the other."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in names.underlyings}
    roots = names.underlying_of().tolist()
    for number, contract in enumerate(names.contracts):
        state = tables.contracts[number]
        if state[0] > 0:
            found[names.underlyings[roots[number]]].append(to_row(CONTRACT, contract, state))
    for underlying, name in enumerate(names.underlyings):
        keys = np.flatnonzero(tables.bucket_row[underlying] >= 0).tolist()
        states = [tables.buckets[tables.bucket_row[underlying, key]] for key in keys]
        found[name] += [to_row(BUCKET, str(k), s) for k, s in zip(keys, states, strict=True) if s[0] > 0]
        halves = enumerate(tables.by_time[underlying])
        found[name] += [to_row(TIME, str(k), state) for k, state in halves if state[0] > 0]
    return {name: rows for name, rows in sorted(found.items()) if rows}


def read_rows(detail: Mapping[str, Any]) -> list[Row]:
    """Return the rows of a note that can be so."""
    rows = detail.get("rows")
    found = [_read(row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [row for row in found if row is not None]


def _read(row: Mapping[str, Any]) -> Row | None:
    level, key = _LEVEL_OF.get(str(row.get("level"))), row.get("key")
    counts = [row.get("packets"), row.get("spread_packets", 0), row.get("print_size_995", 0)]
    pairs = [row.get(name) for name in METRIC_NAMES]
    if level is None or not isinstance(key, str) or not all(map(_is_count, counts)):
        return None
    if not all(map(_is_pair, pairs)) or (level != CONTRACT and not key.isdecimal()):
        return None
    state = np.zeros(WIDTH)
    state[0], state[SPREAD_N], state[BLOCK] = counts
    for metric, pair in enumerate(pairs):
        assert pair is not None
        state[1 + 2 * metric], state[2 + 2 * metric] = pair[0], max(pair[1], LEAST_SCALE[metric])
    return Row(level, key, state)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < PACKETS_MAX


def _is_pair(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != 2:
        return False
    return all(isinstance(v, int | float) and isfinite(v) and abs(v) <= VALUE_MAX for v in value)


def numbered(names: Names, underlying: str, series: Sequence[str]) -> dict[str, int]:
    """Return the numbers of the series that can be read, new ones named."""
    text = pa.array(list(dict.fromkeys(series)), pa.string())
    if len(text):
        text = text.filter(pa.array(parse_contracts(text).is_read))
    numbers = names.intern(pa.array([underlying] * len(text), pa.string()), text)
    return dict(zip(text.to_pylist(), numbers.tolist(), strict=True))


def take(tables: Levels, rows: Sequence[Row], contracts: Mapping[str, int], underlying: int) -> None:
    """Write rows of one underlying (-1: none of its series is known) where nothing is known yet."""
    for level, key, state in rows:
        if level == CONTRACT:
            if key in contracts:
                _write(tables.contracts[contracts[key]], state)
        elif underlying < 0:
            continue
        elif level == TIME:
            if int(key) < tables.by_time.shape[1]:
                _write(tables.by_time[underlying, int(key)], state)
        elif int(key) < tables.bucket_row.shape[1]:
            _write(tables.buckets[_new_bucket(tables, underlying, int(key))], state)


def _new_bucket(tables: Levels, underlying: int, bucket: int) -> int:
    row = int(tables.bucket_row[underlying, bucket])
    if row < 0:
        row = int(tables.used[0])
        tables.bucket_row[underlying, bucket] = row
        tables.used[0] += 1
    return row


def _write(known: Doubles, state: Doubles) -> None:
    """Fill a row that has counted no packet; the block size is taken in any case."""
    if known[0] == 0:
        known[:BLOCK] = state[:BLOCK]
    known[BLOCK] = max(known[BLOCK], state[BLOCK])


assert len(METRIC_NAMES) == METRICS
