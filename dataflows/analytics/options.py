"""The options core: a release in, placed prints, packets, hits and alerts out.

Owns the state of the options of one shard between releases. The concatenated outputs are a function of
the log alone, however it is cut into releases. Refuses I/O and clocks; `seq` is left at 0 for the caller.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import orjson

from dataflows.analytics import options_layout as at
from dataflows.analytics.baselines import Baselines, PacketColumns, buckets
from dataflows.analytics.options_codes import read_codes
from dataflows.analytics.options_config import OptionsConfig
from dataflows.analytics.options_layout import VENUE_CODES, Prints, Quotes, Walk, new_placed
from dataflows.analytics.options_money import premiums
from dataflows.analytics.options_names import Names
from dataflows.analytics.options_packets import Closed, Extras, packets_batch, take_closed
from dataflows.analytics.options_parents import settle_all
from dataflows.analytics.options_placed import placed_batch
from dataflows.analytics.options_state import Store
from dataflows.analytics.options_walk import Columns, walk_rows
from dataflows.analytics.release import Longs, Release
from dataflows.analytics.rules.claims import claims
from schemas.columns import Batch
from schemas.fields import ABSENT

SNAPSHOT_VERSION: Final = 2


class OptionsCore:
    """State of the options of one shard. `config` is documented by `OptionsConfig`."""

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        self._given = dict(config or {})
        self._config = OptionsConfig.read(self._given)
        self._names = Names()
        self._store = Store()
        self._baselines = Baselines.empty()

    @property
    def counters(self) -> dict[str, int]:
        """Parents closed early at the bound, and late quotes older than the one standing."""
        counts = self._store.state.parents.counts
        return {
            "evicted_parents": int(counts[at.C_EVICTED]),
            "quotes_passed_over": int(counts[at.C_PASSED_OVER]),
        }

    def apply(self, release: Release) -> dict[str, Batch]:
        """Apply a release; rows come in emission order, emit_ts in (last watermark, this one]."""
        columns = self._columns(release)
        self._baselines.grow(len(self._names.contracts), len(self._names.underlyings))
        closed = self._walk(columns, release.watermark)
        rows, extras = packets_batch(closed, self._names)
        packets = _scored(rows, extras, self._baselines)
        placed = placed_batch(release, self._names, columns.prints, columns.placed)
        said = claims(packets, self._config.rules, self._config.alert_score)
        return {"options.placed": placed, "flow.packets": packets, **said}

    def snapshot(self) -> dict[str, Any]:
        """Return plain data from which `restore` continues with the same bytes."""
        contracts, underlyings = len(self._names.contracts), len(self._names.underlyings)
        return {
            "version": SNAPSHOT_VERSION,
            "config": orjson.dumps(self._given, option=orjson.OPT_SORT_KEYS).decode(),
            "names": self._names.snapshot(),
            "store": self._store.snapshot(contracts),
            "baselines": self._baselines.snapshot(contracts, underlyings),
        }

    @classmethod
    def restore(cls, snapshot: Mapping[str, Any]) -> "OptionsCore":
        """Return the core that `snapshot` described; another version is refused with ValueError."""
        if snapshot["version"] != SNAPSHOT_VERSION:
            raise ValueError(f"options snapshot of version {snapshot['version']}, not {SNAPSHOT_VERSION}")
        core = cls(orjson.loads(snapshot["config"]))
        core._names = Names.restore(snapshot["names"])
        core._store = Store.restore(snapshot["store"])
        core._baselines = Baselines.restore(snapshot["baselines"])
        return core

    def _columns(self, release: Release) -> Columns:
        prints, quotes = release.prints, release.quotes
        traded = self._names.intern(prints["underlying"], prints["contract"])
        quoted = self._names.intern(quotes["underlying"], quotes["contract"])
        self._store.grow_contracts(len(self._names.contracts))
        opens = np.array([s.open_ts for s in release.sessions], np.int64)
        return Columns(
            Walk(
                release.row_kind,
                release.row,
                release.effective_ts,
                opens,
                _halted(release, self._names),
                self._names.underlying_of(),
            ),
            _prints(release, traded),
            _quotes(release, quoted),
            new_placed(len(prints)),
        )

    def _walk(self, columns: Columns, watermark: int) -> Closed:
        """Run the kernel to the end of the release, making room for parents where it stops."""
        taken, row, rows = [], 0, len(columns.walk.kind)
        while True:
            row = walk_rows(self._store.state, self._config.limits, columns, row)
            if row == rows:
                break
            closed = take_closed(self._store.state.parents)
            taken.append(closed)
            if len(closed.slots) < len(self._store.state.parents.slots) // 2:
                self._store.grow_slots()
        settle_all(self._store.state.parents, self._config.limits, watermark)
        taken.append(take_closed(self._store.state.parents))
        return Closed(np.concatenate([c.slots for c in taken]), np.concatenate([c.members for c in taken]))


def _scored(packets: Batch, extras: Extras, baselines: Baselines) -> Batch:
    """Return packets with their scores against the baselines; they are counted after."""
    if not len(packets):
        return packets
    scores = baselines.score(
        PacketColumns(
            extras.contract,
            extras.underlying,
            buckets(packets["emit_ts"], extras.open_ts),
            packets["premium"],
            packets["size"],
            extras.relative_spread,
        )
    )
    premium, size, spread = (z.copy() for z in scores.z)
    found = {
        "baseline": scores.baseline,
        "baseline_count": scores.packets,
        "premium_z": premium,
        "size_z": size,
        "spread_z": spread,
    }
    return Batch(packets.topic, {**packets.columns, **found})


def _halted(release: Release, names: Names) -> Longs:
    """Return of each note the number of the underlying that it halts, -1 where it halts none."""
    found = [
        names.underlying_number(n.underlying)
        if n.name == "status" and not n.detail.get("is_quoting", True)
        else -1
        for n in release.notes
    ]
    return np.array(found, np.int64)


def _prints(release: Release, contracts: Longs) -> Prints:
    source = release.prints
    codes = read_codes(source, release.prints_late)
    multiplier = source["multiplier"].astype(np.int64)
    return Prints(
        contracts,
        source["seq"],
        source["source_ts"],
        source["event_ts"],
        source["price"],
        source["size"],
        premiums(source["price"], source["size"], multiplier),
        codes.family,
        codes.venue,
        codes.status,
        codes.is_floor,
        source["is_time_doubtful"],
        source["carried_bid"],
        source["carried_ask"],
        source["carried_bid_size"],
        source["carried_ask_size"],
        np.full(len(source), ABSENT, np.int64),
        *(np.zeros(len(source), np.int64) for _ in range(4)),
    )


def _quotes(release: Release, contracts: Longs) -> Quotes:
    source = release.quotes
    return Quotes(
        contracts,
        source["seq"],
        source["source_ts"],
        source["bid"],
        source["ask"],
        source["bid_size"],
        source["ask_size"],
        release.quotes_late,
        source["bid_venue"].astype(np.int64) * VENUE_CODES + source["ask_venue"],
    )
