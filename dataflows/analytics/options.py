"""The options core: a release in, placed prints, packets, hits and alerts out.

Owns the state of the options of one shard between releases. The concatenated outputs are a function of
the log alone, however it is cut into releases. Refuses I/O and clocks; `seq` is left at 0 for the caller.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import orjson

from dataflows.analytics import options_layout as at
from dataflows.analytics.alerts import AlertBook
from dataflows.analytics.baselines import Baselines
from dataflows.analytics.context import context_columns, direction_columns, sessions_of, with_columns
from dataflows.analytics.follow import LOOK_NS, Follow, Looked
from dataflows.analytics.held import Held
from dataflows.analytics.held_types import Restated
from dataflows.analytics.held_types import Turn as HeldTurn
from dataflows.analytics.opening import Opened, Opening
from dataflows.analytics.opening_chance import chances
from dataflows.analytics.options_codes import CodeColumns, read_codes
from dataflows.analytics.options_config import OptionsConfig
from dataflows.analytics.options_layout import VENUE_CODES, Prints, Quotes, Walk, new_placed
from dataflows.analytics.options_money import premiums
from dataflows.analytics.options_names import Names
from dataflows.analytics.options_packets import Closed, packets_batch, take_closed
from dataflows.analytics.options_parents import settle_all
from dataflows.analytics.options_placed import placed_batch
from dataflows.analytics.options_rows import Versions, alerted, in_order, joined
from dataflows.analytics.options_scores import scores_of
from dataflows.analytics.options_state import Store
from dataflows.analytics.options_turn import Turn, more_columns, side_input
from dataflows.analytics.options_walk import Columns, walk_rows
from dataflows.analytics.packages import Packages, leg_turn
from dataflows.analytics.packages_restated import reclassify
from dataflows.analytics.release import ROW_SESSION, Longs, Release, Session, halts_quotes
from dataflows.analytics.series import Series
from dataflows.analytics.sides import Sides
from dataflows.analytics.stock import Stock
from schemas.columns import Batch

SNAPSHOT_VERSION: Final = 4
STAGES: Final[dict[str, Any]] = {
    "opening": Opening,
    "packages": Packages,
    "stock": Stock,
    "sides": Sides,
    "series": Series,
    "follow": Follow,
    "versions": Versions,
}


class OptionsCore:
    """State of the options of one shard. `config` is documented by `OptionsConfig`."""

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        self._given = dict(config or {})
        self._config = OptionsConfig.read(self._given)
        self._names, self._store, self._baselines = Names(), Store(), Baselines.empty()
        self._session: Session | None = None
        self._watermark = 0
        self._opening, self._packages, self._stock = Opening(), Packages(), Stock()
        self._sides, self._series = Sides(), Series()
        self._follow, self._versions = Follow(), Versions()
        self._held = Held(self._config.limits, reclassify)
        self._alerts = AlertBook(self._config.rules, self._config.alerts)

    @property
    def counters(self) -> dict[str, int]:
        """Parents closed early at the bound, late quotes older than the one standing, and looks not taken."""
        counts = self._store.state.parents.counts
        return {
            "evicted_parents": int(counts[at.C_EVICTED]),
            "quotes_passed_over": int(counts[at.C_PASSED_OVER]),
            "looks_passed_over": self._follow.passed_over,
            "bounds_refused": self._opening.refused,
            **self._packages.counters,
            **self._held.counters,
            **self._alerts.counters,
        }

    def apply(self, release: Release, stock: Release | None = None) -> dict[str, Batch]:
        """Apply a release; rows come in emission order, emit_ts in (last watermark, this one].

        `stock` is the release of the equities up to the same watermark, where the log has any.
        """
        if stock is not None:
            self._stock.take(stock)
        turn = self._turn(release)
        standing = self._standing(release.watermark)
        closed = self._walk(turn.columns, release.watermark)
        sides = self._sides.judge(side_input(turn, self._names))
        begun = self._held.begin(self._held_turn(turn, closed))
        restated = self._held.finish(self._completed(turn, begun.fresh))
        packets = self._all_versions(turn, restated, standing)
        said = self._alerts.apply(packets, release)
        self._held.keep(alerted(said["flow.alerts"]))
        prints = turn.columns.prints, turn.columns.placed
        placed = placed_batch(release, self._names, *prints, more_columns(turn, sides, begun))
        self._end_release(release)
        return {"options.placed": placed, "flow.packets": packets, **said}

    def _end_release(self, release: Release) -> None:
        self._stock.end_release()
        self._watermark = release.watermark
        for session in release.sessions:
            # A feed that starts again repeats the session it was in: its packets go on.
            if self._session is None or session.open_ts != self._session.open_ts:
                self._versions.end_session()
            self._session = session

    def snapshot(self) -> dict[str, Any]:
        """Return plain data from which `restore` continues with the same bytes."""
        contracts, underlyings = len(self._names.contracts), len(self._names.underlyings)
        return {
            "version": SNAPSHOT_VERSION,
            "config": orjson.dumps(self._given, option=orjson.OPT_SORT_KEYS).decode(),
            "names": self._names.snapshot(),
            "store": self._store.snapshot(contracts),
            "baselines": self._baselines.snapshot(contracts, underlyings),
            "watermark": self._watermark,
            "session": None if self._session is None else self._session.to_plain(),
            "stages": {name: getattr(self, f"_{name}").snapshot() for name in (*STAGES, "held", "alerts")},
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
        core._watermark = snapshot["watermark"]
        core._session = None if snapshot["session"] is None else Session.from_plain(snapshot["session"])
        stages = snapshot["stages"]
        for name, stage in STAGES.items():
            setattr(core, f"_{name}", stage.restore(stages[name]))
        core._held = Held.restore(stages["held"], core._config.limits, reclassify)
        core._alerts = AlertBook.restore(stages["alerts"], core._config.rules, core._config.alerts)
        return core

    def _turn(self, release: Release) -> Turn:
        """Return what the release brings, its series interned and its codes and bounds read."""
        prints, quotes = release.prints, release.quotes
        traded = self._names.intern(prints["underlying"], prints["contract"])
        quoted = self._names.intern(quotes["underlying"], quotes["contract"])
        sessions = sessions_of(self._session, release)
        codes = read_codes(prints, release.prints_late, sessions.dates_of_prints(release))
        opened = self._opening.apply(release, traded, codes.status, self._names)
        self._store.grow_contracts(len(self._names.contracts))  # notes name series too
        self._baselines.grow(len(self._names.contracts), len(self._names.underlyings))
        opens = np.array([s.open_ts for s in release.sessions], np.int64)
        order = release.row_kind, release.row, release.effective_ts
        blocks = self._baselines.block_sizes(traded, release, self._names)
        walk = Walk(*order, opens, _halted(release, self._names), self._names.underlying_of())
        columns = Columns(
            walk,
            _prints(release, traded, codes, opened, blocks),
            _quotes(release, quoted),
            new_placed(len(prints)),
        )
        return Turn(release, sessions, columns, codes, opened)

    def _standing(self, watermark: int) -> Looked:
        """Return what stood before this release in the series that wait for a second look.

        In a release that is longer than the wait, packets come and are looked at again: then of every series.
        """
        is_long = watermark - self._watermark > LOOK_NS
        contracts = np.arange(len(self._names.contracts)) if is_long else self._follow.contracts
        return Looked(contracts, self._store.state.book.standing[contracts].copy())

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

    def _held_turn(self, turn: Turn, closed: Closed) -> HeldTurn:
        """Return the packets that close with this release, and what the held prints are told of it."""
        release, prints, placed = turn.release, turn.columns.prints, turn.columns.placed
        parents, _ = packets_batch(closed, self._names)
        legs = leg_turn(release, prints, placed, self._stock, self._names)
        fresh = joined(parents, self._packages.apply(legs))
        told = release.watermark, self._names, turn.opened.weakened
        return HeldTurn(release, prints, placed, turn.codes, turn.order, fresh, *told)

    def _completed(self, turn: Turn, fresh: Batch) -> Batch:
        """Return first versions with everything that is known of them when they leave."""
        if len(fresh):
            marks = turn.release.effective_ts[turn.release.row_kind == ROW_SESSION]
            fresh = with_columns(fresh, self._series.apply(fresh, self._names, marks))
            fresh = with_columns(fresh, self._sides.judge_packets(fresh.columns, turn.is_synthetic))
            context = context_columns(fresh, self._stock, turn.sessions)
            fresh = with_columns(fresh, context, direction_columns(fresh))
            fresh = with_columns(fresh, chances(fresh, turn.is_synthetic))
        elif turn.release.sessions:
            marks = turn.release.effective_ts[turn.release.row_kind == ROW_SESSION]
            self._series.apply(fresh, self._names, marks)
        scores = scores_of(fresh, self._names, self._baselines, turn.sessions, turn.release.notes)
        return with_columns(fresh, scores)

    def _all_versions(self, turn: Turn, restated: Restated, standing: Looked) -> Batch:
        """Return all packet rows of the release: those that close and the later versions of others."""
        fresh = restated.fresh
        self._follow.add(fresh, self._names.intern(fresh["underlying"], fresh["contract"]))
        looked = self._follow.due(turn.release, turn.columns.quotes.contract, standing, self._stock)
        changed = restated.packets
        if len(changed):
            changed = with_columns(changed, self._sides.judge_packets(changed.columns, turn.is_synthetic))
            changed = with_columns(changed, chances(changed, turn.is_synthetic))
        later = self._versions.number(changed, looked)
        for row in range(len(later)):
            self._follow.replace(later["packet_id"][row].as_py(), later.slice(row, row + 1))
        return in_order([fresh, later])


def _halted(release: Release, names: Names) -> Longs:
    """Return of each note the number of the underlying that it halts, -1 where it halts none."""
    found = [names.underlying_number(n.underlying) if halts_quotes(n) else -1 for n in release.notes]
    return np.array(found, np.int64)


def _prints(
    release: Release, contracts: Longs, codes: CodeColumns, opened: Opened, block_contracts: Longs
) -> Prints:
    source = release.prints
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
        opened.open_interest,
        opened.volume_before,
        opened.opened_min,
        opened.basis.astype(np.int64),
        block_contracts,
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
