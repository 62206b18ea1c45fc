"""`python -m benchmarks.kernels`: what the option kernel costs per event, and state per contract.

Owns runs of the kernel over prebuilt columns, quotes and prints mixed as on the profile `normal`: events a
second on one core, the growth of the cost from a thousand contracts to 200,000, and the bytes of state of
every stage, from a run of the whole core over a synthetic minute. Times are of the processor, the best of
several passes. Refuses to speak of a pipeline: decoding, joining names and writing come on top; that is
`benchmarks.flow`.
"""

import argparse
import itertools
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from rich.table import Table

from cli.console import out
from connectors.feeds.synthetic import SyntheticFeed
from connectors.memory_log import raw_log
from dataflows.analytics import options_layout as at
from dataflows.analytics.options_config import OptionsConfig
from dataflows.analytics.options_packets import take_closed
from dataflows.analytics.options_parents import settle_all
from dataflows.analytics.options_state import Store
from dataflows.analytics.options_walk import Columns, walk_rows
from dataflows.analytics.release import ROW_PRINT, ROW_QUOTE, Flags, Longs
from dataflows.analytics.shard import Shard
from schemas.kinds import CODE_FAMILY

EVENTS: Final = 400_000
RELEASES: Final = 20
QUOTES_PER_PRINT: Final = 10
CONTRACTS: Final = (1_000, 10_000, 50_000, 200_000)
PASSES: Final = 3
SEED: Final = 7
START: Final = 1_700_000_000 * at.SECOND
STEP_NS: Final = 25_000  # between events: forty thousand a second, a busy minute of one shard
CENT: Final = 10_000_000
BID_CHANCES: Final = (0.6, 0.2, 0.2)  # of three prices: two of five quotes leave the price as it is
TAIL, HEAD = 1.25, 10.0  # quotes fall with (HEAD + rank) to this power; measured on `normal`, tuning region
SYMBOLS: Final = 40
CHUNKS_MAX: Final = 10_000


@dataclass(frozen=True, slots=True)
class Measured:
    """One size: contracts, how activity is spread, and nanoseconds of a core for each event."""

    contracts: int
    spread: str
    ns_each: float


def columns_of(contracts: int, is_even: bool) -> list[Columns]:
    """Return releases of quotes and prints; activity falls with rank as on a market, or is even."""
    rng = np.random.default_rng(SEED)
    chance = np.ones(contracts) if is_even else (HEAD + np.arange(contracts)) ** -TAIL
    which = rng.permutation(contracts)[rng.choice(contracts, EVENTS, p=chance / chance.sum())]
    is_print = rng.random(EVENTS) < 1.0 / (QUOTES_PER_PRINT + 1)
    ts = START + np.arange(EVENTS, dtype=np.int64) * STEP_NS
    cuts = np.linspace(0, EVENTS, RELEASES + 1).astype(int).tolist()
    return [_release(which[a:b], is_print[a:b], ts[a:b], rng) for a, b in itertools.pairwise(cuts)]


def _release(which: Longs, is_print: Flags, ts: Longs, rng: np.random.Generator) -> Columns:
    rows = np.where(is_print, np.cumsum(is_print) - 1, np.cumsum(~is_print) - 1).astype(np.int64)
    kind = np.where(is_print, ROW_PRINT, ROW_QUOTE).astype(np.int8)
    none = np.full(1, -1, np.int64)
    return Columns(
        at.Walk(kind, rows, ts, none, none, none),
        _prints(which[is_print], ts[is_print], rng),
        _quotes(which[~is_print], ts[~is_print], rng),
        at.new_placed(int(is_print.sum())),
    )


def _prints(which: Longs, ts: Longs, rng: np.random.Generator) -> at.Prints:
    n = len(which)
    price = rng.choice((100, 105, 110), n, p=(0.45, 0.1, 0.45)).astype(np.int64) * CENT
    size = rng.geometric(0.2, n).astype(np.int64)
    codes = [CODE_FAMILY.index(f) for f in ("electronic", "iso", "auction", "multi_leg")]
    family = rng.choice(codes, n, p=(0.4, 0.15, 0.2, 0.25)).astype(np.int8)
    venue, flags = rng.integers(0, 17, n).astype(np.int8), np.zeros(n, np.bool_)
    zeros, absent = np.zeros(n, np.int64), np.full(n, -1, np.int64)
    return at.Prints(
        which, np.arange(n), ts, ts, price, size, price // 1000 * size, family, venue, np.zeros(n, np.int8),
        flags, flags, absent, absent, absent, absent, absent, zeros, zeros, zeros, zeros,
    )  # fmt: skip


def _quotes(which: Longs, ts: Longs, rng: np.random.Generator) -> at.Quotes:
    n = len(which)
    bid = rng.choice((100, 99, 101), n, p=BID_CHANCES).astype(np.int64) * CENT
    sizes, late = np.full(n, 20, np.int64), np.zeros(n, np.bool_)
    return at.Quotes(which, np.arange(n), ts, bid, bid + 10 * CENT, sizes, sizes, late, np.zeros(n, np.int64))


def _moved(columns: Columns, ns: int) -> Columns:
    """Return the same events so much later."""
    walk, prints, quotes, placed = columns
    return Columns(
        walk._replace(effective=walk.effective + ns),
        prints._replace(source_ts=prints.source_ts + ns, event_ts=prints.event_ts + ns),
        quotes._replace(source_ts=quotes.source_ts + ns),
        at.new_placed(len(placed.age_ns)),
    )


def run(store: Store, releases: list[Columns]) -> None:
    """Apply releases as the core does, and drop the packets."""
    limits = OptionsConfig.read({}).limits
    for columns in releases:
        row = 0
        while (row := walk_rows(store.state, limits, columns, row)) < len(columns.walk.kind):
            if len(take_closed(store.state.parents).slots) < len(store.state.parents.slots) // 2:
                store.grow_slots()
        settle_all(store.state.parents, limits, int(columns.walk.effective[-1]))
        take_closed(store.state.parents)


def measure(contracts: int, is_even: bool) -> Measured:
    """Measure one size; the first pass fills the state and is not counted."""
    releases, store = columns_of(contracts, is_even), Store()
    store.grow_contracts(contracts)
    run(store, releases)
    best = float("inf")
    for number in range(PASSES):
        later = [_moved(columns, (number + 1) * EVENTS * STEP_NS) for columns in releases]
        begin = time.process_time()
        run(store, later)
        best = min(best, time.process_time() - begin)
    return Measured(contracts, "even" if is_even else "as ranked", best / EVENTS * 1e9)


def stages() -> tuple[int, dict[str, int]]:
    """Return how many contracts a synthetic minute of a few symbols has, and the bytes each stage keeps."""
    shards: dict[int, Shard] = {}
    logs = raw_log(SyntheticFeed("normal", SEED, 1, [str(SYMBOLS)]), CHUNKS_MAX)
    for (topic, k), values in logs.items():
        shard = shards.setdefault(k, Shard(k))
        shard.take(topic, values, np.arange(len(values), dtype=np.int64))
    sizes: dict[str, int] = {}
    contracts = 0
    for shard in shards.values():
        shard.advance()
        plain = dict(shard.options.snapshot())
        contracts += len(plain["names"]["contracts"])
        parts = {**plain.pop("stages"), **plain}
        for name, part in parts.items():
            sizes[name] = sizes.get(name, 0) + plain_bytes(part)
    return contracts, sizes


def plain_bytes(value: Any) -> int:
    """Return the bytes of plain data: arrays and text as long as they are, eight for a number."""
    if isinstance(value, bytes | str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(plain_bytes(k) + plain_bytes(v) for k, v in value.items())
    return sum(map(plain_bytes, value)) if isinstance(value, tuple | list) else 8


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kernels", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one line of JSON instead of tables")
    args = parser.parse_args()
    found = [measure(contracts, is_even) for is_even in (False, True) for contracts in CONTRACTS]
    contracts, sizes = stages()
    if args.json:
        print(json.dumps({"kernel": [asdict(m) for m in found], "contracts": contracts, "bytes": sizes}))
        return 0
    out.print(_speeds(found))
    out.print(_sizes(contracts, sizes))
    return 0


def _speeds(found: list[Measured]) -> Table:
    table = Table("activity", "contracts", "events/s of a core", "ns an event", "cost over 1,000 contracts")
    least = {m.spread: m.ns_each for m in reversed(found)}
    for m in found:
        growth = f"{m.ns_each / least[m.spread]:.2f}"
        table.add_row(m.spread, f"{m.contracts:,}", f"{1e9 / m.ns_each:,.0f}", f"{m.ns_each:.0f}", growth)
    return table


def _sizes(contracts: int, sizes: dict[str, int]) -> Table:
    table = Table("stage", "bytes", f"bytes a contract, of {contracts:,}")
    for name, size in sorted(sizes.items(), key=lambda pair: -pair[1]):
        table.add_row(name, f"{size:,}", f"{size / contracts:.0f}")
    table.add_row("all", f"{sum(sizes.values()):,}", f"{sum(sizes.values()) / contracts:.0f}")
    return table


if __name__ == "__main__":
    sys.exit(main())
